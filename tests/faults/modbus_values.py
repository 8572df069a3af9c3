# SPDX-License-Identifier: Apache-2.0
"""Rows of what registers hold: answers that are whole and in time, and must not be believed as they
stand. A PLC of the row's own says them; what a subscriber reads is looked at as it reads it."""
import json
import math
import struct
import subprocess
import threading
import time

import rig
from plc import Plc
from rows import row

HEAD = {"format": 1, "title": "Turned by hand", "source": ["tests/live/plc.py"], "verified": "invented"}
EVERY_MS = 100


def strict(payload):
    """JSON as the standard has it: no NaN, no Infinity."""
    def refuse(word):
        raise AssertionError(f"{word} is no JSON: {payload!r}")
    return json.loads(payload, parse_constant=refuse)


class Turned(Plc):
    """Runs `before` in front of each answer, alone with the registers."""
    before = None

    def words(self, address, *words):
        with self.lock:
            for i, word in enumerate(words):
                self.registers[address + i] = word

    def bits64(self, address, bits):
        self.words(address, *struct.unpack(">4H", struct.pack(">Q", bits)))

    def bits32(self, address, bits):
        self.words(address, *struct.unpack(">2H", struct.pack(">L", bits)))

    def answer(self, function, rest):
        if self.before:
            self.before()
        return super().answer(function, rest)


def begin(stand, tags, plc=None, registers=None, more=None, sections=None):
    plc = plc or Turned()
    stand.enders.append(plc.stop)
    plc.registers.update(registers or {})
    stand.net = stand.broker()
    plant = stand.plant(stand.net.port, {"l": {"connect": plc.where, "timeout": "300ms"}},
                        {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": f"{EVERY_MS}ms"}},
                        {"m": {**HEAD, "tags": tags, **(more or {})}}, **(sections or {}))
    stand.begin(plant, start=False)
    stand.box.start()
    for tag in tags:
        stand.tape.wait(f"/value/plant/dev/{tag}", 10)
    return plc


def reads(stand, tag, seconds=3, since=0, **expected):
    """The tag's live message comes to say this. Numbers and texts must agree, reasons contain the words."""
    def fits(m):
        said = strict(m.payload)
        for key, want in expected.items():
            have = said.get(key)
            if key == "reason":
                if not have or want not in have:
                    return False
            elif isinstance(want, float) and isinstance(have, float):
                if not math.isclose(have, want, rel_tol=1e-6, abs_tol=0):
                    return False
            elif have != want or isinstance(have, bool) != isinstance(want, bool):
                return False
        return True

    begun = time.monotonic()
    rig.wait_for(lambda: (m := stand.tape.latest(f"/value/plant/dev/{tag}")) and m.payload and fits(m), seconds,
                 lambda: f"{tag} says {expected}, not {stand.tape.latest(f'/value/plant/dev/{tag}')}\n{stand.box.log()[-800:]}")
    return time.monotonic() - begun


def is_bad(stand, tag, quality, reason, last, seconds=3):
    """Value null, the reason said, the last good value kept with its time."""
    reads(stand, tag, seconds, value=None, quality=quality, reason=reason, last=last)
    said = strict(stand.tape.latest(f"/value/plant/dev/{tag}").payload)
    assert said["last_timestamp"] <= said["timestamp"], said


def all_strict(stand):
    """Everything that was ever said is JSON, and no history frame holds null or nonsense as a value."""
    for m in stand.tape.all():
        if m.payload:
            strict(m.payload)
    for frame in rig.frames(stand.tape.all()):
        for tag, value in frame.get("values", {}).items():
            assert value is not None, (tag, frame)
            assert tag not in frame.get("bad", {}), (tag, frame)


# ---- torn values -----------------------------------------------------------------------------------

def same_words(value, words):
    """Is each 16-bit word of it the same?"""
    split = {int(value) >> 16 * i & 0xFFFF for i in range(words)}
    return len(split) == 1


@row("M52", "a counter of 32 or 64 bits moves between two requests", "good values, whole: a tag is never cut, a `group` is read in "
     "one request; a tag longer than `max_registers` is a mistake in the map", "at once")
def torn_between_requests(stand):
    # Three words, so that every limit of a request would fall into a value if it could.
    wide = {f"w{i}": {"at": f"holding {i * 6}", "type": "u32"} for i in range(8)}
    wide |= {f"l{i}": {"at": f"holding {i * 6 + 2}", "type": "u64"} for i in range(8)}
    pair = {f"{half}{i}": {"at": f"input {i * 3 + k}", "type": "u16", "group": f"g{i}"}
            for i in range(5) for k, half in enumerate(("high", "low"))}
    plc = Turned()
    n = [0]

    def step():
        n[0] += 1
        for a in range(60):
            plc.registers[a] = n[0] & 0xFFFF        # all words the same, and others with each request

    plc.before = step
    begin(stand, {**wide, **pair}, plc, more={"limits": {"max_registers": 7, "max_gap": 2}})
    time.sleep(2)
    values = 0
    for frame in rig.frames(stand.tape.all()):
        good = frame.get("values", {})
        for tag, value in good.items():
            values += 1
            if tag[0] in "wl" and tag[1:].isdigit():
                assert same_words(value, 2 if tag[0] == "w" else 4), f"{tag}: {int(value):x}"
        for i in range(5):
            assert good.get(f"high{i}") == good.get(f"low{i}"), (i, frame)
    assert values > 100
    stand.figures.append(f"{values} values, none torn")
    plant = rig.write_plant(stand.directory / "short", 1883, {"l": {"connect": plc.where}},
                            {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant"}},
                            {"m": {**HEAD, "limits": {"max_registers": 1}, "tags": {"wide": {"at": "holding 0", "type": "u32"}}}})
    said = subprocess.run([rig.binary(), "check", str(plant)], capture_output=True, text=True, timeout=20, check=False)
    assert said.returncode == 1 and "this takes 2 registers" in said.stderr + said.stdout, said


@row("M53", "a PLC writes the halves of a value one after the other", "with `valid_if` on the PLC's own flag, in one `group` with "
     "the value: quality 16 `declared invalid by the device` while it writes; without a flag nobody can know", "1 poll")
def torn_inside(stand):
    plc = Turned()
    n = [0]

    def step():
        n[0] += 1
        half = n[0] % 3 == 0                        # amid writing: one half is new
        plc.registers[0] = n[0] & 0xFFFF
        plc.registers[1] = (n[0] - half) & 0xFFFF
        plc.registers[2] = 0 if half else 1

    plc.before = step
    begin(stand, {"total": {"at": "holding 0", "type": "u32", "valid_if": "whole", "group": "all"},
                  "whole": {"at": "holding 2", "type": "bool", "group": "all"}}, plc)
    since = stand.tape.count()
    stand.tape.wait("/value/plant/dev/total", 5, since, lambda m: m.json["quality"] == 16 and m.json["value"] is None and
                    "declared invalid by the device" in m.json["reason"])
    time.sleep(1.5)
    values = [f["values"]["total"] for f in rig.frames(stand.tape.all()) if "total" in f.get("values", {})]
    assert len(values) >= 5 and all(same_words(v, 2) for v in values), values
    all_strict(stand)
    stand.figures.append(f"{len(values)} good values, none torn")


# ---- numbers that are none -------------------------------------------------------------------------

@row("M54", "NaN, infinity, minus zero, the smallest numbers", "NaN and infinity: value null, quality 16, `last` kept; the "
     "others are good; everything is JSON", "1 poll")
def not_a_number(stand):
    plc = begin(stand, {"f": {"at": "holding 0", "type": "f32"}, "d": {"at": "holding 10", "type": "f64"},
                        "h": {"at": "holding 20", "type": "f16"}})
    nones = [("NaN", 0x7FC00000, 0x7FF8000000000000, 0x7E00), ("signalling NaN", 0x7F800001, 0x7FF0000000000001, 0x7C01),
             ("NaN with a sign", 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0xFFFF), ("infinity", 0x7F800000, 0x7FF0000000000000, 0x7C00),
             ("minus infinity", 0xFF800000, 0xFFF0000000000000, 0xFC00)]
    some = [("minus zero", 0x80000000, 0x8000000000000000, 0x8000), ("the smallest", 1, 1, 1),
            ("the largest", 0x7F7FFFFF, 0x7FEFFFFFFFFFFFFF, 0x7BFF)]
    for i, (what, f, d, h) in enumerate(nones):
        base = 10.0 + i
        plc.real(0, base)
        plc.bits64(10, struct.unpack(">Q", struct.pack(">d", base))[0])
        plc.set(20, struct.unpack(">H", struct.pack(">e", base))[0])
        for tag in "fdh":
            reads(stand, tag, value=base, quality=192)
        plc.bits32(0, f)
        plc.bits64(10, d)
        plc.set(20, h)
        for tag in "fdh":
            is_bad(stand, tag, 16, "", base)
        stand.figures.append(what)
    for what, f, d, h in some:
        plc.bits32(0, f)
        plc.bits64(10, d)
        plc.set(20, h)
        for tag, code, bits in (("f", "fL", f), ("d", "dQ", d), ("h", "eH", h)):
            want = struct.unpack(">" + code[0], struct.pack(">" + code[1], bits))[0]
            rig.wait_for(lambda: (said := strict(stand.tape.latest(f"/value/plant/dev/{tag}").payload))["quality"] == 192 and
                         struct.pack(">" + code[0], said["value"]) == struct.pack(">" + code[0], want + 0.0), 3,
                         lambda: f"{what}: {want} is {stand.tape.latest(f'/value/plant/dev/{tag}')}")
        stand.figures.append(what)
    all_strict(stand)


LEAK = {"tank": {"kind": "balance", "profile": "tank", "area": "plant", "level": "plant/dev/level", "surface": "10 m2",
                 "in": [{"flow": "plant/dev/in"}], "out": [{"flow": "plant/dev/out"}], "nominal": "20 m3/h",
                 "blind_after": "1s", "consequence": "Loss", "response": "Walk"}}
SIGNALS = {"level": {"at": "holding 0", "type": "f32", "unit": "m", "valid": [0, 10]},
           "in": {"at": "holding 2", "type": "f32", "unit": "m3/h"}, "out": {"at": "holding 4", "type": "f32", "unit": "m3/h"},
           "beat": {"at": "holding 6", "type": "u16"}}


def beating(plc):
    """Its program runs: a register counts. Call the result to stop it, once more to go on."""
    running = threading.Event()
    running.set()

    def step():
        if running.is_set():
            plc.registers[6] = (plc.registers.get(6, 0) + 1) & 0xFFFF

    plc.before = step
    return running


def blind(stand, make, cure, why):
    """leak/tank and its alarm say that nobody looks, its rate has no value. The inputs are good soon after
    the cure; the leak point sees again when a minute of them is whole."""
    begun, since = time.monotonic(), stand.tape.count()
    make()
    stand.tape.wait("/leak/tank", 8, since, lambda m: m.json["state"] == "blind" and why in m.json["why"])
    stand.tape.wait("/alarm/plant/tank/blind", 8, since, lambda m: m.json["state"] == "UNACK")
    stand.figures.append(f"blind, and an alarm, after {time.monotonic() - begun:.1f} s")
    rate = stand.tape.latest("/value/plant/tank/rate").json
    assert rate["value"] is None and rate["quality"] != 192 and rate["reason"], rate
    since = stand.tape.count()
    cure()
    for tag in SIGNALS:
        reads(stand, tag, 5, quality=192)
    if rig.LONG:
        stand.tape.wait("/leak/tank", 130, since, lambda m: m.json["state"] != "blind")
        stand.tape.wait("/alarm/plant/tank/blind", 130, since, lambda m: m.json["state"] in ("RTNUN", "NORM"))
    all_strict(stand)
    stand.again = make


def watched(stand):
    plc = Turned()
    running = beating(plc)
    for address, x in ((0, 3.0), (2, 5.0), (4, 5.0)):
        plc.real(address, x)
    begin(stand, SIGNALS, plc, more={"heartbeat": {"tag": "beat", "within": "500ms"}}, sections={"leaks": LEAK})
    stand.tape.wait("/leak/tank", 10, test=lambda m: m.json["state"] == "learning")
    return plc, running


@row("M54", "the level behind a leak alarm is NaN", "`leak/...` says blind, with the reason; its rate is null; alarm `blind`",
     "`blind_after` + 2 s")
def a_leak_of_no_number(stand):
    plc, _ = watched(stand)
    blind(stand, lambda: plc.real(0, float("nan")), lambda: plc.real(0, 3.0), "level")


@row("M56", "the program behind a leak alarm stands still", "`leak/...` says blind, with the reason; its rate is null; alarm "
     "`blind`", "`within` of the heartbeat + `blind_after` + 2 s")
def a_leak_of_frozen_inputs(stand):
    _, running = watched(stand)
    blind(stand, running.clear, running.set, "")


@row("M01", "the PLC behind a leak alarm gives no answer", "`leak/...` says blind, with the reason; its rate is null; alarm "
     "`blind`", "timeout x tries + `blind_after` + 2 s")
def a_leak_of_dead_inputs(stand):
    plc, _ = watched(stand)

    def mute(on):
        plc.mute = on

    blind(stand, lambda: mute(True), lambda: mute(False), "")


# ---- numbers that mean something else --------------------------------------------------------------

@row("M55", "a sentinel of the transmitter, a value out of range, a scale that overflows",
     "value null, quality 16, the map's own words as reason, `last` kept", "1 poll")
def out_of_range(stand):
    plc = begin(stand, {
        "level": {"at": "holding 0", "type": "s16", "scale": 0.01,
                  "invalid": {"0x7FFF": "open sensor", "-32768": "short circuit", "0x7F00..0x7FF0": "transmitter fault"}},
        "press": {"at": "holding 1", "type": "u16", "invalid": ["0xFFFF"]},
        "temp": {"at": "holding 2", "type": "s16", "valid": [-40, 120]},
        "big": {"at": "holding 4", "type": "f64", "scale": 10},
        "power": {"at": "holding 8", "type": "s16", "exp_from": "exponent"},
        "exponent": {"at": "holding 9", "type": "s16"},
        "code": {"at": "holding 10", "type": "bcd16"},
    }, registers={0: 412, 1: 7, 2: 20, 4: 0x3FF0, 8: 3, 9: 2, 10: 0x1234})
    for tag, value in (("level", 4.12), ("press", 7), ("temp", 20), ("big", 10.0), ("power", 300), ("code", 1234)):
        reads(stand, tag, value=value, quality=192)
    for words, reason in ((0x7FFF, "open sensor"), (0x8000, "short circuit"), (0x7F42, "transmitter fault")):
        plc.set(0, words)
        is_bad(stand, "level", 16, reason, 4.12)
    plc.set(1, 0xFFFF)
    is_bad(stand, "press", 16, "invalid value 0xFFFF", 7)
    for x in (121, -41 & 0xFFFF, 0x7FFF, 0x8000):
        plc.set(2, x)
        is_bad(stand, "temp", 16, "range", 20)
    plc.bits64(4, 0x7FEFFFFFFFFFFFFF)
    is_bad(stand, "big", 16, "", 10.0)
    plc.set(9, 3000)
    is_bad(stand, "power", 16, "", 300)
    plc.set(10, 0x12FA)
    is_bad(stand, "code", 16, "", 1234)
    plc.words(0, 412, 7, 20, 0, 0x3FF0, 0, 0, 0, 3, 2, 0x1234)
    for tag, value in (("level", 4.12), ("press", 7), ("temp", 20), ("big", 10.0), ("power", 300), ("code", 1234)):
        reads(stand, tag, value=value, quality=192)
    all_strict(stand)


@row("M56", "the PLC answers, its program stands still: registers are frozen, or all 0",
     "quality 64 `frozen: the heartbeat has not changed`, of every tag of the device; with `valid_if` on the state of the "
     "program quality 16 `declared invalid by the device`", "`within` of the heartbeat + 1 poll")
def frozen(stand):
    plc = Turned()
    running = beating(plc)
    plc.registers.update({0: 41, 1: 42, 2: 1})
    begin(stand, {"flow": {"at": "holding 0", "type": "u16"}, "valve": {"at": "holding 1", "type": "u16", "valid_if": "state == 1"},
                  "state": {"at": "holding 2", "type": "u16"}, "beat": {"at": "holding 6", "type": "u16"}}, plc,
          more={"heartbeat": {"tag": "beat", "within": "500ms"}})
    reads(stand, "flow", value=41, quality=192)
    time.sleep(0.8)
    assert not [m for m in stand.tape.all("/value/plant/dev/flow") if m.json["quality"] != 192], "it beats"
    running.clear()
    took = reads(stand, "flow", value=41, quality=64, reason="frozen")
    assert took <= (0.5 + EVERY_MS / 1000 + 0.5) * rig.PATIENCE, f"frozen after {took:.2f} s"
    reads(stand, "valve", quality=64, reason="frozen")
    stand.figures.append(f"frozen after {took:.2f} s")
    plc.words(0, 0, 0, 0)                           # what CODESYS may do at a stop
    is_bad(stand, "valve", 16, "declared invalid by the device", 42)
    reads(stand, "flow", value=0, quality=64, reason="frozen")
    since = stand.tape.count()
    time.sleep(0.5)
    assert not [m for m in stand.tape.all("/value/plant/dev/", since) if m.json["quality"] == 192], "nothing is good"
    plc.words(0, 41, 42, 1)
    running.set()
    reads(stand, "flow", value=41, quality=192)
    reads(stand, "valve", value=42, quality=192)
    for frame in rig.frames(stand.tape.all()):
        assert frame.get("values", {}).get("flow", 41) == 41, frame
    stand.again = running.clear


@row("M57", "the PLC's clock is years off, or no date at all", "`timestamp` is the gateway's; the PLC's time is a value like "
     "others, and with an impossible date null, quality 16", "1 poll")
def wrong_clock(stand):
    plc = begin(stand, {"clock": {"at": "holding 0", "type": "time", "format": "unix"},
                        "date": {"at": "holding 10", "type": "time", "format": "six"}, "flow": {"at": "holding 20", "type": "u16"}})
    years = [(0, "1970-01-01"), (4102444800, "2100-01-01"), (1764000000, "2025-11-24")]
    for i, (seconds, day) in enumerate(years):
        plc.bits32(0, seconds)
        plc.words(10, 30, 20, 10, 24, 11, 1999 + i)
        plc.set(20, i + 1)
        reads(stand, "flow", value=i + 1, quality=192)
        rig.wait_for(lambda: str((m := stand.tape.latest("/value/plant/dev/clock")).json["value"]).startswith(day) and
                     abs(m.json["timestamp"] / 1000 - m.wall) < 2 * rig.PATIENCE, 3,
                     lambda: f"{day}: {stand.tape.latest('/value/plant/dev/clock')}")
        rig.wait_for(lambda: str(stand.tape.latest("/value/plant/dev/date").json["value"]).startswith(str(1999 + i)), 3,
                     lambda: stand.tape.latest("/value/plant/dev/date"))
    plc.words(10, 30, 20, 10, 31, 13, 2026)         # the 31st of a thirteenth month
    reads(stand, "date", value=None, quality=16, reason="")
    for frame in rig.frames(stand.tape.all()):
        assert abs(frame["timestamp"] / 1000 - time.time()) < 60, frame
    all_strict(stand)


@row("M58", "a counter rolls over, is set to 0, or runs backwards", "good where the map says `wrap` or `reset`; else quality 64 "
     "`counter ran backwards`, once; no rate is made of it, so none is negative", "1 poll")
def counter(stand):
    plc = begin(stand, {"wraps": {"at": "holding 0", "type": "u16", "kind": "counter", "wrap": 65535},
                        "resets": {"at": "holding 1", "type": "u16", "kind": "counter", "reset": True},
                        "plain": {"at": "holding 2", "type": "u16", "kind": "counter"},
                        "short": {"at": "holding 3", "type": "u16", "kind": "counter", "wrap": 9999}},
                registers={0: 65530, 1: 5000, 2: 5000, 3: 9990})
    for tag, value in (("wraps", 65530), ("resets", 5000), ("plain", 5000), ("short", 9990)):
        reads(stand, tag, value=value, quality=192)
    plc.words(0, 4, 0, 17, 3)
    reads(stand, "wraps", value=4, quality=192)
    reads(stand, "resets", value=0, quality=192)
    reads(stand, "short", value=3, quality=192)
    stand.tape.wait("/value/plant/dev/plain", 3, 0, lambda m: m.json["quality"] == 64 and m.json["value"] == 17 and
                    "counter ran backwards" in m.json["reason"])
    plc.words(0, 5, 1, 18, 12000)
    reads(stand, "wraps", value=5, quality=192)
    reads(stand, "plain", value=18, quality=192)
    is_bad(stand, "short", 16, "above the value where the counter wraps", 3)
    plc.words(0, 2, 0, 19, 5)                       # not the shorter way round
    stand.tape.wait("/value/plant/dev/wraps", 3, 0, lambda m: m.json["quality"] == 64 and "backwards" in m.json["reason"])
    all_strict(stand)
