# SPDX-License-Identifier: Apache-2.0
"""Rows of who answers: equipment that is swapped for another of its kind. Both say right-looking numbers;
those of the second begin with a five, and must not be taken for the first one's."""
import os
import signal
import time

import rig
from modbus_values import Turned, all_strict, begin, reads
from rows import row

TAGS = {"flow": {"at": "holding 0", "type": "u16", "scale": 0.1}, "count": {"at": "holding 1", "type": "u32"},
        "half": {"from": "flow", "scale": 0.5},
        "serial": {"at": "holding 10", "type": "string", "len": 4}, "model": {"at": "holding 20", "type": "u16", "read": "once"}}
IDENTIFY = {"identify": {"tag": "serial"}}


class Meter(Turned):
    """Counts on with each answer."""
    base, serial, moves = 1000, b"AB-4711\0", 0

    def before(self):
        self.moves += 1
        self.words(0, self.base + self.moves % 100, 0, self.base + self.moves % 100)
        self.words(10, *(self.serial[i] << 8 | self.serial[i + 1] for i in range(0, 8, 2)))
        self.words(20, self.base // 1000)

    def swap(self, base=5000, serial=b"AB-4712\0"):
        self.base, self.serial = base, serial


def of_the_other(stand, since_ms=0):
    """What was said of it as if it were the first one: good values that only the second can have, read later than this."""
    wrong = []
    for m in stand.tape.all("/value/"):
        if m.payload and m.json["quality"] == rig.GOOD and is_other(m.topic.rsplit("/", 1)[1], m.json["value"]):
            wrong.append((m.topic, m.json["timestamp"], m.json))
    for frame in rig.frames(stand.tape.all("/history/")):
        wrong += [(tag, frame["timestamp"], v) for tag, v in frame.get("values", {}).items() if is_other(tag, v)]
    return [w for w in wrong if w[1] > since_ms]


def is_other(tag, value):
    limit = {"flow": 200, "count": 2000, "half": 100, "model": 1}
    return value == "AB-4712" if tag == "serial" else value > limit[tag]


def announced(stand, was="AB-4711", now="AB-4712"):
    event = stand.event("identity", test=lambda m: m.json["is"] == now).json
    assert event["was"] == was and event["subject"] == "plant/dev", event
    state = stand.tape.wait("/device/plant/dev", 3, stand.since, lambda m: m.json.get("identity") == now).json
    assert state["identity_expected"] == was, state


def is_another(stand, seconds):
    took = max(reads(stand, tag, seconds, value=None, quality=4, reason="another identity: serial was AB-4711, is AB-4712")
               for tag in TAGS)
    announced(stand)
    return took


def is_back(stand, plc):
    """On a connection of its own, so that nobody has to wait for the next look."""
    since = stand.tape.count()
    plc.stop()
    plc.swap(1000, b"AB-4711\0")
    plc.start()
    for tag in TAGS:
        reads(stand, tag, 6, quality=rig.GOOD)
    assert stand.tape.wait("/event/gw", 3, since, lambda m: m.json.get("type") == "identity").json["text"] == \
        "serial is AB-4711 again"


@row("M37", "after a new connection another device of the same kind answers at the address",
     "all its tags quality 4 `another identity`, the last values of the right one kept; until its identity was read "
     "(before anything else) 64; event `identity`, `device/...` names both; good again when the old one is back", "at once")
def swapped_between_connections(stand):
    plc = begin(stand, TAGS, Meter(), more=IDENTIFY)
    for tag in TAGS:
        reads(stand, tag, quality=rig.GOOD)
    swaps, took = 20 if rig.LONG else 3, 0
    for _ in range(swaps):
        stand.since = stand.tape.count()
        plc.stop()
        plc.swap()
        plc.start()
        took = max(took, is_another(stand, 6))
        is_back(stand, plc)
    assert not of_the_other(stand), of_the_other(stand)[:5]
    all_strict(stand)
    stand.figures.append(f"told within {took:.2f} s, 0 wrong good values in {swaps} swaps")


@row("M37", "behind the same connection (a gateway, a bus) another device answers, after a silence of the first",
     "as above: who begins to answer says first who it is", "at once")
def swapped_in_silence(stand):
    plc = begin(stand, TAGS, Meter(), more=IDENTIFY)
    for tag in TAGS:
        reads(stand, tag, quality=rig.GOOD)
    stand.since = stand.tape.count()
    plc.mute = True
    reads(stand, "flow", 5, quality=24)
    plc.swap()
    plc.mute = False
    took = is_another(stand, 6)
    assert not of_the_other(stand), of_the_other(stand)[:5]
    is_back(stand, plc)
    stand.figures.append(f"told {took:.2f} s after the swap, 0 wrong good values")


@row("M37", "behind the same connection another device answers, from one answer to the next",
     "as above; until its identity is asked again it cannot be told from the right one", "10 s")
def swapped_between_answers(stand):
    tags = TAGS if rig.LONG else {**TAGS, "serial": {**TAGS["serial"], "every": "1s"}}    # 8 s unless it says less
    plc = begin(stand, tags, Meter(), more=IDENTIFY)
    for tag in TAGS:
        reads(stand, tag, quality=rig.GOOD)
    stand.since = stand.tape.count()
    plc.swap()
    took = is_another(stand, 10 if rig.LONG else 2.5)
    told_ms = stand.event("identity", test=lambda m: m.json["is"] == "AB-4712").json["timestamp"]
    time.sleep(1)
    assert not of_the_other(stand, told_ms), of_the_other(stand, told_ms)[:5]
    is_back(stand, plc)
    stand.figures.append(f"told {took:.2f} s after the swap, {len(of_the_other(stand))} values until then")


@row("M37", "the device was swapped while the gateway was not running",
     "quality 64 `another identity since the last run`, with values; event `identity`; good when the old one is back, or when "
     "the plant file is read again", "at once")
def swapped_between_runs(stand):
    plc = begin(stand, TAGS, Meter(), more=IDENTIFY)
    for tag in TAGS:
        reads(stand, tag, quality=rig.GOOD)
    assert stand.box.stop() == 0
    plc.swap()
    stand.since = stand.tape.count()
    stand.box.start()
    for tag in TAGS:
        reads(stand, tag, 6, quality=64, reason="another identity since the last run: serial was AB-4711, is AB-4712")
    announced(stand)
    assert not of_the_other(stand)
    stand.since = stand.tape.count()
    os.kill(stand.box.pid, signal.SIGHUP)
    stand.event("identity", test=lambda m: "reload" in m.json["text"])
    for tag in TAGS:
        reads(stand, tag, 12, quality=rig.GOOD)
    stand.figures.append("announced, uncertain, and taken for right with the reload")
