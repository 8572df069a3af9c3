# SPDX-License-Identifier: Apache-2.0
"""What a hostile world does to the journal and the clock: logs torn under a dead gateway, files taken
away from a living one, a clock that jumps by years, a broker that says no."""
import asyncio
import json
import random
import shutil
import struct
import threading
import time
from pathlib import Path

import pytest
import rig

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
# A sanitizer's runtime has to be loaded first, and won't share that place.
SANITIZED = any(word in Path(rig.binary() or "/dev/null").read_bytes() for word in (b"__asan_init", b"__tsan_init"))


def keys(messages):
    """What each (epoch, seq) brought first; those that brought something else later; numbers told as lost."""
    first, unlike, lost = {}, [], set()
    for m in messages:
        key = (m.json["epoch"], m.json["seq"])
        if first.setdefault(key, m.payload) != m.payload:
            unlike.append(key)
        gap = m.json.get("gap")
        if gap:
            lost.update((key[0], s) for s in range(gap["from_seq"], gap["to_seq"] + 1))
    return first, unlike, lost


def untold(messages):
    """Numbers that neither a row nor a gap accounts for, within each epoch."""
    first, _, lost = keys(messages)
    out = []
    for epoch in {e for e, _ in first}:
        numbers = {s for e, s in first if e == epoch} | {s for e, s in lost if e == epoch}
        out += [(epoch, s) for s in rig.missing(numbers)]
    return out


def small(stage, port, environment=None):
    devices = stage.devices({f"l{i}": {"kind": "tcp", "units": [1]} for i in range(4)})
    lines = {name: {"connect": where} for name, where in devices.where.items()}
    plan = {f"{name}-1": {"map": "w", "line": name, "unit": 1, "area": "plant", "every": "50ms"} for name in lines}
    plant = stage.plant(port, lines, plan, {"w": rig.words_map(32)}, mqtt={"overlap": "5s"})
    return devices, stage.gateway(plant, environment=environment)


def heard(recorder, more):
    since = recorder.count()
    rig.wait_for(lambda: len(recorder.all("/history/", since)) > more, 15, "history goes on")


def test_a_torn_log_never_gives_a_number_twice(stage):
    chance = random.Random(5)
    broker = stage.broker()
    recorder = stage.recorder(broker.port, "t/v1/site/history/#")
    _, gateway = small(stage, broker.port)
    for turn in range(4):
        gateway.start()
        heard(recorder, 60)
        gateway.kill()
        log = Path(f"{gateway.journal}-wal")
        size = log.stat().st_size
        with open(log, "r+b") as f:
            if turn % 2:
                f.truncate(size // 2)
            else:
                f.seek(chance.randrange(size // 2, size))
                f.write(bytes(8))
    gateway.start()
    heard(recorder, 60)
    first, unlike, lost = keys(recorder.all("/history/"))
    assert not unlike, f"{len(unlike)} of {len(first)} numbers came with two contents: {unlike[:5]}"
    assert not untold(recorder.all("/history/"))


def test_a_journal_taken_away_is_a_gap_in_a_new_epoch(stage):
    broker = stage.broker()
    recorder = stage.recorder(broker.port, "t/v1/site/history/#")
    _, gateway = small(stage, broker.port)
    gateway.start()
    heard(recorder, 20)
    broker.kill()
    time.sleep(1)
    shutil.rmtree(gateway.state)
    rig.wait_for(gateway.journal.exists, 6, "a new journal is made")
    broker.start()
    rig.wait_for(lambda: len({e for e, _ in keys(recorder.all("/history/"))[0]}) == 2, 15, "a second epoch")
    heard(recorder, 20)
    gateway.kill()
    gateway.start()
    heard(recorder, 20)
    first, unlike, lost = keys(recorder.all("/history/"))
    assert not unlike and lost and not untold(recorder.all("/history/"))
    assert len({e for e, _ in first}) == 2, "the new journal survived"
    newest = max(e for e, _ in first)
    before = max(s for e, s in first if e != newest)
    assert min(s for e, s in lost if e == newest) <= before + 1, "between the epochs nothing is left out"


@pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed")
@pytest.mark.skipif(SANITIZED, reason="libfaketime can't be preloaded before a sanitizer")
def test_a_clock_that_jumps_makes_nothing_stale_and_deletes_nothing(stage):
    clock = stage.directory / "clock"
    clock.write_text("+0s\n")
    broker = stage.broker()
    recorder = stage.recorder(broker.port)
    devices, gateway = small(stage, broker.port, {
        "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1"})
    gateway.start()
    heard(recorder, 20)
    since = recorder.count()
    for step in ("+3600s", "-3600s", "+315360000s", "-315360000s", "+0s"):
        clock.write_text(step + "\n")
        asked = devices.asked("l0")
        time.sleep(2.5)                         # a trim comes every two seconds
        assert devices.asked("l0") - asked > 20, f"polling stopped at {step}"
    told = recorder.all("/history/", since)
    assert not [m for m in told if m.json.get("bad")]
    first, unlike, lost = keys(recorder.all("/history/"))
    assert not unlike and not lost and not untold(recorder.all("/history/"))
    command = "t/v1/site/cmd/gw/replay"
    recorder.publish(command, {"id": "r", "client": "c", "from_seq": 1, "to_seq": 10})
    answer = recorder.wait("/reply/gw/c", test=lambda m: m.json["status"] in ("done", "refused"))
    assert answer.json.get("count") == 10, answer


class Moody(threading.Thread):
    """An MQTT 5 broker of sixty lines that acknowledges as it pleases."""

    def __init__(self, port, reason):
        super().__init__(daemon=True)
        self.port, self.reason, self.answers = port, reason, {}
        self.random = random.Random(3)
        self.loop = asyncio.new_event_loop()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", self.port))
        self.loop.run_forever()

    @staticmethod
    async def packet(reader):
        kind, length, shift = (await reader.readexactly(1))[0], 0, 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind, await reader.readexactly(length)

    async def serve(self, reader, writer):
        try:
            await self.packet(reader)
            writer.write(b"\x20\x03\x00\x00\x00")
            while True:
                kind, body = await self.packet(reader)
                if kind >> 4 == 3 and kind >> 1 & 3:
                    end = 2 + struct.unpack(">H", body[:2])[0]
                    mid, topic = body[end:end + 2], body[2:end].decode()
                    reason = 0
                    if "/history/" in topic:
                        seq = json.loads(body[body.index(b'{"gateway"', end):])["seq"]
                        reason = self.reason if self.random.random() < 0.2 else 0
                        self.answers.setdefault(seq, []).append(reason)
                    writer.write(b"\x40\x04" + mid + bytes([reason, 0]))
                elif kind >> 4 == 8:
                    count = body.count(b"t/v1/")
                    writer.write(bytes([0x90, 3 + count]) + body[:2] + b"\x00" + bytes(count))
                elif kind >> 4 == 12:
                    writer.write(b"\xd0\x00")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.mark.parametrize("reason", [0x97, 0x87, 0x10])
def test_what_the_broker_did_not_take_is_not_called_acknowledged(stage, reason):
    import sqlite3
    port = rig.free_port()
    broker = Moody(port, reason)
    broker.start()
    rig.wait_for(lambda: rig.listens(port), 5, "the broker listens")
    _, gateway = small(stage, port)
    gateway.start()
    rig.wait_for(lambda: len(broker.answers) > 60, 20, "rows are published")
    time.sleep(2.5)
    gateway.stop()
    with sqlite3.connect(gateway.journal) as db:
        acked, = db.execute("select acked from lane where lane = 0").fetchone()
        refused = {s for s, in db.execute("select seq from refused where lane = 0")}
    taken = {s for s, told in broker.answers.items() if any(r < 0x80 for r in told)}
    assert acked > 0
    assert {s for s in range(1, acked + 1)} <= taken | refused, "acknowledged, but neither taken nor refused"
    assert not refused & taken
    assert bool(refused) == (reason == 0x87), "quota exceeded passes, not authorized doesn't"
