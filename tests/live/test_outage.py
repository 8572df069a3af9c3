# SPDX-License-Identifier: Apache-2.0
"""The broker goes away and comes back; the gateway is killed, the broker is killed: a thousand tags
a second go on being asked, and nothing that the journal held is missing at a historian."""
import sqlite3
import time

import pytest
import rig

OUTAGE = 60 if rig.LONG else 10
DEVICES = 10
TAGS = 100


@pytest.fixture
def busy(stage):
    broker = stage.broker(persistent=True, config="max_inflight_messages 200\n")
    devices = stage.devices({f"l{i}": {"kind": "tcp", "units": [1]} for i in range(DEVICES)})
    plant = stage.plant(broker.port, {n: {"connect": w} for n, w in devices.where.items()},
                        {f"plc{i}": {"map": "hundred", "line": f"l{i}", "unit": 1, "area": "plant", "every": "1s",
                                     "history": "all"} for i in range(DEVICES)},
                        {"hundred": rig.words_map(TAGS)})
    historian = stage.recorder(broker.port, "t/v1/site/history/#", client_id="historian", durable=True)
    return broker, devices, stage.gateway(plant), historian


def polls(devices):
    return sum(sum(map(len, line["asked"].values())) for line in devices.command(do="stats").values())


def journal_rows(path):
    """seq of every history row, from the file alone."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        return [seq for (seq,) in db.execute("select seq from history order by seq")]
    finally:
        db.close()


def newest_seq(gateway):
    rows = journal_rows(gateway.journal)
    return rows[-1] if rows else 0


def test_a_stopped_broker_stops_nothing_and_everything_arrives_in_order(busy):
    broker, devices, gateway, historian = busy
    gateway.start()
    rig.wait_for(lambda: len(historian.all("/history/")) > 3 * DEVICES, 15, lambda: "frames\n" + gateway.log()[-1500:])
    time.sleep(2)

    def rate(seconds):
        begun, before = time.monotonic(), polls(devices)
        time.sleep(seconds)
        return (polls(devices) - before) / (time.monotonic() - begun)

    with_broker = rate(4)
    broker.stop()
    time.sleep(2)
    rss = gateway.rss_kb()
    without = rate(OUTAGE - 2)
    growth = gateway.rss_kb() - rss
    last_offline = newest_seq(gateway)
    broker.start()
    since = historian.count()
    rig.wait_for(lambda: any(m.json["seq"] >= last_offline for m in historian.all("/history/", since)), 30,
                 lambda: f"seq {last_offline} arrives; {len(historian.all('/history/', since))} came\n{gateway.log()[-1500:]}")
    print(f"polls/s {with_broker:.1f} with the broker, {without:.1f} without; memory grew by {growth} kB in {OUTAGE} s")
    assert abs(with_broker - DEVICES) < 0.15 * DEVICES and without > 0.95 * with_broker - 0.2
    assert growth < 2048, "memory stays flat"
    frames = rig.frames(historian.all())
    seqs = [f["seq"] for f in frames]
    assert not rig.missing(seqs), rig.missing(seqs)[:20]
    assert seqs == sorted(seqs), "first deliveries come in order"
    assert not [f for f in frames if "gap" in f]
    per_device = [len([f for f in frames if f["device"] == f"plant/plc{i}"]) for i in range(DEVICES)]
    assert min(per_device) > 0.9 * max(per_device)


def test_nothing_the_journal_held_is_missing_after_kill_9_of_either(busy):
    broker, _, gateway, historian = busy
    gateway.start()
    rig.wait_for(lambda: len(historian.all("/history/")) > 2 * DEVICES, 15, "frames")
    for round_ in range(10 if rig.LONG else 3):
        since = historian.count()
        gateway.kill()
        gateway.start()
        rig.wait_for(lambda: len(historian.all("/history/", since)) > DEVICES, 20, lambda: "frames\n" + gateway.log()[-1500:])
        time.sleep(0.3 + 0.37 * round_ % 1)
        broker.kill()
        time.sleep(1.5)
        if round_ % 2:                          # the gateway dies while there is no broker
            gateway.kill()
            gateway.start()
            time.sleep(1)
        since = historian.count()
        broker.start()
        rig.wait_for(lambda: len(historian.all("/history/", since)) > DEVICES, 30, lambda: "frames\n" + gateway.log()[-1500:])
    time.sleep(1)
    assert gateway.stop(3) == 0
    rows = journal_rows(gateway.journal)

    def absent():
        have = {m.json["seq"] for m in historian.all("/history/")}
        return [s for s in rows if s not in have]

    # What the stop could not send any more comes with the next start.
    if absent():
        gateway.start()
        rig.wait_for(lambda: not absent(), 20, lambda: f"{len(absent())} of {len(rows)} rows reach the historian: {absent()[:20]}")
    assert len(rows) > 5 * DEVICES and not rig.missing(rows), "the journal itself has no hole"
    epochs = {m.json["epoch"] for m in historian.all("/history/")}
    assert len(epochs) == 1, "a killed gateway goes on with the same epoch"
    by_seq = {}
    for m in historian.all("/history/"):        # one key, one frame: a second delivery is harmless
        assert by_seq.setdefault(m.json["seq"], m.payload) == m.payload
