#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The library against the facts, over the wire: pymodbus plays each kind of equipment straight from the
device facts, with raw words chosen here; what must come out is worked out here too, in fractions, from the
facts' type, order, scale, offset and sentinels. The maps give nothing but the names of tags.
Each kind is there twice: healthy (unit 1), and with every sentinel that the facts know (unit 2)."""
import json
import math
import random
import struct
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import facts
import lint
import mapmath
import rig

HEALTHY, SICK = 1, 2
SENTINEL = object()                         # null with a bad quality

# Believable engineering values by unit as maps spell it.
RANGES = {
    "V": (100, 400), "A": (1, 300), "Hz": (49, 51), "%": (5, 95), "Cel": (10, 90), "bar": (0.5, 5), "kPa": (100, 500),
    "rpm": (500, 3000), "m": (0.5, 3), "mm": (50, 200), "m3/h": (10, 500), "L/min": (10, 500), "ppm": (1, 500),
    "ppm/d": (-5, 5), "hPa": (900, 1100), "deg": (-170, 170), "mA": (4, 20), "ms": (10, 500), "s": (1, 600), "min": (1, 600),
    "h": (1, 60000), "t": (1, 2000000), "Wh/m3": (10, 5000),
}
# And by name, where more is known: raw numbers.
RAW = {
    "n_phases": (1, 3), "n_wires": (1, 4), "application": (7, 7), "output_relays": (0, 63), "cause_of_last_trip": (0, 49),
    "scale_a": (-3, 3), "scale_b": (-3, 3), "scale_d": (-3, 3), "scale_e": (-3, 3), "scale_f": (-3, 3), "model_id": (1648, 1653),
    "actual_modbus_address": (1, 247), "cfg_address": (1, 247), "slave_id_vendor": (42, 42), "battery_voltage": (110, 280),
    "status": (0, 0), "pv_unit": (45, 45), "sv_unit": (45, 45), "tv_unit": (32, 32), "qv_unit": (156, 156), "word_order": (0, 0),
    "bearing_service": (1, 200),
    "di0": (0, 1), "di1": (0, 1), "di2": (0, 1), "di3": (0, 1), "di4": (0, 1), "di5": (0, 1), "do0": (0, 1), "do1": (0, 1),
    "do2": (0, 1), "do3": (0, 1), "unit_family": (2, 2), "motor_thermal": (5, 95), "heatsink_temp": (20, 90),
    "control_card_temp": (20, 90), "totalizer_1": (0, 1 << 31), "totalizer_2": (0, 1 << 31),
}
RAW |= {f"pump{i}_starts": (0, 9999) for i in range(1, 7)}
SHOWN = {                                   # where maps show another number than the facts' plain arithmetic, see lint.MEANT
    ("moxa_iologik_e1240", "u16"): lambda raw: float(Fraction(raw * 20, 65535)),
    ("siemens_sinamics_g120x", "firmware"): lambda raw: Fraction(raw, 100),
    ("danfoss_vlt_fc202", "mav"): lambda raw: float(Fraction(raw * 100, 16384)),    # printed as 0.0061035
}
FLOAT_RANGES = {"pv": (0.5, 3), "sv": (0.5, 3), "tv": (10, 90), "qv": (5, 50), "motor_power": (10, 900)}
STRINGS = {"type_code": "B23 "}
FLOATS = {"f32": ">f", "pf4q_f32": ">f", "f64": ">d"}
SIGNED = ("s16", "s32", "s64")


class Equipment:
    """One table of facts, made into registers."""

    def __init__(self, stem, seed):
        self.stem, self.rows = stem, facts.rows(stem)
        self.rng = random.Random(f"{seed}/{stem}")
        self.by_name = {r["name"]: r for r in self.rows}
        self.images = {unit: {t: {} for t in ("coil", "discrete", "input", "holding")} for unit in (HEALTHY, SICK)}
        self.expected = {HEALTHY: {}, SICK: {}}
        self.codes = 0
        # Who can't be known is believed by halves; that is not what is looked at here.
        known = facts.load_map(facts.MAP_OF[stem]).get("identify", {}).get("tag")
        for row in sorted(self.rows, key=lambda r: "@" in r["scale"]):
            healthy = self.draw(row)
            self.put(HEALTHY, row, healthy)
            self.expected[HEALTHY][row["name"]] = self.value(HEALTHY, row, healthy)
            sick = None if row["name"] == known else self.sicken(row)
            self.put(SICK, row, healthy if sick is None else sick)
            self.expected[SICK][row["name"]] = SENTINEL if sick is not None else self.value(SICK, row, healthy)
        for row in self.rows:               # a date and the time beside it are one tag
            if row["type"] == "dt_ge_date":
                clock = self.partner(row)
                (month, day, year), (hour, minute, second, hundredth) = \
                    struct.unpack(">BBH", self.get(HEALTHY, row)), self.get(HEALTHY, clock)
                for unit in (HEALTHY, SICK):
                    self.expected[unit][row["name"]] = \
                        f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{hundredth:02}0"
        for row in self.rows:               # a bit of another register says that the value is none
            if row["invalid"].startswith("@"):
                name, bit = row["invalid"][1:].split(".")
                status = self.by_name[name]
                word = int.from_bytes(self.get(SICK, status), "big") | 1 << int(bit)
                self.put(SICK, status, word.to_bytes(2 * status["regs"], "big"))
                self.expected[SICK][name], self.expected[SICK][row["name"]] = Fraction(word), SENTINEL

    def partner(self, date):
        return next(r for r in self.rows if r["type"] == "dt_ge_time" and abs(r["address"] - date["address"]) == 2)

    def get(self, unit, row):
        """Most significant byte first."""
        b = b"".join(struct.pack(">H", self.images[unit][row["table"]][row["address"] + i]) for i in range(row["regs"]))
        return self.turned(row, b)

    def put(self, unit, row, logical):
        image = self.images[unit][row["table"]]
        if row["type"] == "bit":
            image[row["address"]] = logical[0]
            return
        wire = self.turned(row, logical)
        for i in range(row["regs"]):
            image[row["address"] + i] = struct.unpack_from(">H", wire, 2 * i)[0]

    def turned(self, row, b):
        """Between significance and wire; the same both ways."""
        if row["order"] not in ("CDAB", "LSW-first"):
            return b
        return b"".join(b[i:i + 2] for i in range(len(b) - 2, -2, -2))

    def span(self, row):
        """Whole raw numbers that are believable."""
        kind, bits = row["type"], 16 * row["regs"]
        if row["name"] in RAW:
            return RAW[row["name"]]
        if row["name"] == "product_code" and kind == "bytes":
            return 24, 24
        if kind == "enum16":
            codes = [int(c) for c in lint.numbers_told(row["description"])] or [3]
            code = self.rng.choice([c for c in codes if c != 15])
            return code, code
        unit, factor = facts.unit_of(row)
        if self.stem.startswith("moxa"):
            return 12000, 65535
        top = (1 << bits - (kind in SIGNED)) - 17
        low = -top if kind in (*SIGNED, "signmag16") else 0
        if row["scale"].startswith("10^"):
            return 100, 200
        scale, offset = Fraction(row["scale"]) * factor, Fraction(row["offset"]) * factor
        believable = RANGES.get(unit)
        if row["name"].startswith(("pf", "cosphi", "power_factor")):
            believable = {"signmag16": (-1, -0.1)}.get(kind, (-1 if kind in SIGNED else 0, 1))
        if unit in ("kWh", "Wh", "varh", "VAh", "kvarh", "MWh"):
            low = 0
            top = min(top, (1 << 31) - 1) if bits == 32 else top if row["scale"] == "1" else 1 << 53
        if unit in ("W", "kW", "kvar", "kVA"):
            believable = (max(low, -900), min(top, 900))
        if believable:
            ends = sorted(math.ceil((Fraction(v) - offset) / scale) for v in map(Fraction, map(str, believable)))
            return max(ends[0], low), min(ends[1], top)
        return low, top

    def draw(self, row):
        kind, rng = row["type"], self.rng
        if kind == "bit":
            return bytes([rng.randrange(2)])
        if kind == "string":
            return STRINGS.get(row["name"], "".join(rng.choice("ABCDEFGHJKL0123456789") for _ in range(2 * row["regs"] - 1))) \
                .encode().ljust(2 * row["regs"], b"\0")
        if kind == "dt_mmdd_yyhh_miss":
            return bytes((rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(101, 138), rng.randrange(24),
                          rng.randrange(60), rng.randrange(60)))
        if kind == "dt_ge_date":
            return struct.pack(">BBH", rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(2001, 2038))
        if kind == "dt_ge_time":
            return bytes((rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.randrange(100)))
        if kind in FLOATS:
            unit, factor = facts.unit_of(row)
            low, high = RANGES.get(unit, (0, 100000) if unit.endswith("h") else (-1000, 1000))
            if row["name"].startswith(("pf", "cosphi")):
                low, high = -1, 1
            low, high = FLOAT_RANGES.get(row["name"], (low, high))
            if kind == "pf4q_f32":          # where the encoding differs from the number
                low, high = rng.choice([(-1.99, -1.01), (1.01, 1.99)])
            return struct.pack(FLOATS[kind], rng.uniform(low, high) / float(factor))
        if kind == "mod10k_s64":
            return b"".join(struct.pack(">H", rng.randrange(10000)) for _ in range(row["regs"]))
        if kind == "bcd16":
            return bytes.fromhex("".join(rng.choice("0123456789") for _ in range(4)))
        low, high = self.span(row)
        raw = rng.randrange(low, high + 1)
        if kind == "signmag16" and raw < 0:
            raw = 0x8000 | -raw
        return (raw & (1 << 16 * row["regs"]) - 1).to_bytes(2 * row["regs"], "big")

    def sicken(self, row):
        """The next of the codes that the facts give for "no value"; NaN for floats. None: there is none."""
        kind, size = row["type"], 2 * row["regs"]
        if kind in FLOATS:
            nan = [b"\x7f\xc0\0\0", b"\xff\xc0\0\0", b"\x7f\x80\0\0"] if size == 4 else [b"\x7f\xf8" + bytes(6)]
            return self.rng.choice(nan)
        if kind == "mod10k_s64":
            return b"\0\0\x27\x10\0\0\0\0"  # a group of 10 000
        codes = []
        for part in row["invalid"].split(",") if row["invalid"] and "@" not in row["invalid"] else []:
            ends = sorted(facts.whole(e) & (1 << 8 * size) - 1 for e in part.split(".."))
            codes += range(ends[0], ends[-1] + 1)
        if not codes:
            return None
        self.codes += 1
        return codes[self.codes % len(codes)].to_bytes(size, "big")

    def value(self, unit, row, b):
        """What the facts make of these bytes; None: the facts don't say, so nothing is compared."""
        kind = row["type"]
        if kind == "bit":
            return bool(b[0])
        if kind == "string":
            return b.rstrip(b"\0").decode().rstrip()
        if kind == "dt_mmdd_yyhh_miss":
            return f"{1900 + b[2]}-{b[0]:02}-{b[1]:02}T{b[3]:02}:{b[4]:02}:{b[5]:02}"
        if kind in ("dt_ge_date", "dt_ge_time", "ver16"):
            return None
        bits = int.from_bytes(b, "big")
        if kind == "pf4q_f32":
            x = struct.unpack(">f", b)[0]
            return 2 - x if x > 1 else -2 - x if x < -1 else x
        factor = facts.unit_of(row)[1]
        if kind in FLOATS:
            return struct.unpack(FLOATS[kind], b)[0] * float(Fraction(row["scale"]) * factor)
        if kind == "mod10k_s64":
            raw = sum(g * 10000 ** i for i, (g,) in enumerate(reversed(list(struct.iter_unpack(">H", b)))))
        elif kind == "bcd16":
            raw = int(b.hex())
        elif kind == "signmag16":
            raw = -(bits & 0x7FFF) if bits & 0x8000 else bits
        elif kind in SIGNED:
            raw = int.from_bytes(b, "big", signed=True)
        else:
            raw = bits
        if row["scale"].startswith("10^@"):
            exponent = int.from_bytes(self.get(unit, self.by_name[row["scale"][4:]]), "big", signed=True)
            return raw * Fraction(10) ** exponent
        shown = SHOWN.get((self.stem, row["name"])) or SHOWN.get((self.stem, kind))
        if shown:
            return shown(raw)
        return (raw * Fraction(row["scale"]) + Fraction(row["offset"])) * factor


def names(stem):
    """{(table, address): (tag, keys)} of the map: what its tags are called. Parts of words are left out."""
    out = {}
    for name, tag in facts.instances(facts.load_map(facts.MAP_OF[stem])):
        whole = not ({"mask", "bit", "shift"} & set(tag)) or ("shift" not in tag and str(tag.get("mask", "")) in ("0xFF", "255"))
        if whole and (tag["_table"], tag["_at"]) not in out:
            out[tag["_table"], tag["_at"]] = name, tag
    return out


class Plant:
    def __init__(self, seed):
        self.kinds = {stem: Equipment(stem, seed) for stem in sorted(facts.MAP_OF)}
        self.names = {stem: names(stem) for stem in self.kinds}

    def short(self, stem):
        return stem.replace("_", "-")

    def lines(self):
        return {self.short(s): {"kind": "tcp", "units": {
            str(u): {"image": e.images[u], "never": self.forbidden(s), "counting": [["holding", 0]] if "crusher" in s else []}
            for u in (HEALTHY, SICK)}} for s, e in self.kinds.items()}

    def forbidden(self, stem):
        shut = facts.refused(facts.load_map(facts.MAP_OF[stem]))
        return [[t, a, a] for t, a in lint.DANGER.get(stem, []) if any(t == n[0] and n[1] <= a <= n[2] for n in shut)]

    def tags(self):
        """(topic, row, expected) of all that must be published."""
        for stem, e in self.kinds.items():
            for row in e.rows:
                address = row["address"]
                if row["type"] == "dt_ge_date":
                    address = min(address, e.partner(row)["address"])
                found = self.names[stem].get((row["table"], address))
                if not found:
                    continue
                for unit, suffix in ((HEALTHY, "ok"), (SICK, "sick")):
                    expected = e.expected[unit][row["name"]]
                    if "crusher" in stem and row["address"] == 0 and row["table"] == "holding":
                        continue            # counts
                    if expected is not None:
                        yield f"{self.short(stem)}-{suffix}/{found[0]}", row, found[1], expected


def wrong(row, tag, expected, m):
    """What is wrong with this message, or None."""
    told = json.loads(m.payload, parse_float=Fraction)
    if expected is SENTINEL:
        return None if told["value"] is None and told["quality"] != rig.GOOD and told["quality"] < 64 else "must be null and bad"
    if "enum" in tag:
        words = {facts.whole(k): str(v) for k, v in tag["enum"].items()}
        if told["value"] != words.get(int(expected)):
            return f"must be {words.get(int(expected))}"
    elif isinstance(expected, bool) and facts.mapmath.truth(tag.get("invert", False)):
        expected = not expected
        return None if told["value"] is expected else f"must be {expected}"
    elif not mapmath.same(told["value"], expected, row["type"] in ("f32", "pf4q_f32")):
        return f"must be {expected if not isinstance(expected, Fraction) else float(expected)}"
    if told["quality"] != rig.GOOD:
        return f"quality {told['quality']}: {told.get('reason')}"
    unit = facts.unit_of(row)[0]
    if unit and not unit.startswith("@") and told.get("unit") != unit:
        return f"unit {told.get('unit')}, must be {unit}"
    return None


def run(directory, seed):
    plant = Plant(seed)
    begun = time.monotonic()
    servers = rig.Child([sys.executable, rig.HERE / "pymodbus_plant.py"], directory / "pymodbus.log",
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    broker = rig.Broker(directory / "broker").start()
    recorder = gateway = None
    try:
        servers.process.stdin.write(json.dumps({"lines": plant.lines()}) + "\n")
        servers.process.stdin.flush()
        where = json.loads(servers.process.stdout.readline() or "null")
        assert where, servers.log()
        devices = {}
        for stem in plant.kinds:
            for unit, suffix in ((HEALTHY, "ok"), (SICK, "sick")):
                devices[f"{plant.short(stem)}-{suffix}"] = {"map": facts.MAP_OF[stem], "line": plant.short(stem), "unit": unit,
                                                            "area": "plant", "every": "1s"}
        path = rig.write_plant(directory / "plant", broker.port, {n: {"connect": c} for n, c in where.items()}, devices, {})
        recorder = rig.Recorder(broker.port, ["t/v1/site/value/#", "t/v1/site/event/#"])
        gateway = rig.Gateway(path, directory / "gateway").start()
        tags = list(plant.tags())
        state = {}

        def settled():
            for m in recorder.all("/value/plant/"):
                if m.json.get("reason") not in ("not yet read", "scale not yet read"):
                    state[m.topic.split("/value/plant/")[1]] = m
            return gateway.child.running() and all(
                topic in state and wrong(row, tag, expected, state[topic]) is None for topic, row, tag, expected in tags)

        end = time.monotonic() + 20 * rig.PATIENCE
        while not settled() and gateway.child.running() and time.monotonic() < end:
            time.sleep(0.1)
        problems = [f"{topic}: nothing was published" for topic, *_ in tags if topic not in state]
        for topic, row, tag, expected in tags:
            if topic in state and wrong(row, tag, expected, state[topic]):
                problems.append(f"{topic}: {wrong(row, tag, expected, state[topic])}: {state[topic].payload.decode()}")
        servers.process.stdin.write("?\n")
        servers.process.stdin.flush()
        logs = json.loads(servers.process.stdout.readline())
        for line, log in logs.items():
            problems += [f"{line}: {what}: {log[key][:3]}" for key, what in
                         (("forbidden", "a forbidden register was read"), ("writes", "something was written")) if log[key]]
        bad = sum(1 for *_, e in tags if e is SENTINEL)
        print(f"{len(plant.kinds)} kinds of equipment, {len(tags)} values ({bad} of them sentinels), "
              f"{sum(log['requests'] for log in logs.values())} requests, {time.monotonic() - begun:.1f} s, "
              f"{len(problems)} problems")
        if problems and not gateway.child.running():
            print(gateway.log()[-3000:])
        return problems
    finally:
        for ender in (lambda: gateway and gateway.kill(), lambda: recorder and recorder.end(), broker.kill, servers.kill):
            ender()


def main():
    if not facts.have_facts():
        return facts.SKIP
    seed = sys.argv[1] if len(sys.argv) > 1 else "1"
    with tempfile.TemporaryDirectory(prefix="library-oracle-") as directory:
        problems = run(Path(directory), seed)
    for p in problems[:60]:
        print(f"  ! {p}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
