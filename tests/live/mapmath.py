# SPDX-License-Identifier: Apache-2.0
"""What a register map demands, worked out a second time from its YAML and nothing else: exact
fractions where the gateway uses its own arithmetic. Used to fill devices and to say what must come."""
import math
import struct
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

import yaml

WORDS = {"bool": 1, "u8": 1, "s8": 1, "u16": 1, "s16": 1, "u24": 2, "s24": 2, "u32": 2, "s32": 2, "u48": 3, "s48": 3,
         "u64": 4, "s64": 4, "f16": 1, "f32": 2, "f64": 4, "bcd16": 1, "bcd32": 2, "bcd64": 4, "m10k32": 2,
         "m10k48": 3, "m10k64": 4, "sm16": 1}
TIMES = {"unix": 2, "pm800": 3, "six": 6, "sel": 6, "ge469": 4}
FLOATS = {"f16": ">e", "f32": ">f", "f64": ">d"}
LETTERS = "ABCDEFGH"
BAD = object()                              # must not be published as good


class Unsupported(Exception):
    """A map says something this arithmetic doesn't know; the test must say so, not skip it."""


class Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.2's idea of a number and a truth: `off` is a word, 010 is no octal number."""


Strict.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def truth(x):
    return str(x).lower() == "true"


def load(path):
    return yaml.load(Path(path).read_text(encoding="utf-8"), Strict)


def number(text):
    """Exactly the decimal number that was written."""
    return Fraction(str(text)) if not isinstance(text, float) else Fraction(repr(text))


def whole(text):
    return int(str(text), 0)


class Tag:
    def __init__(self, name, spec, orders):
        self.name, self.spec = name, spec
        self.source = spec.get("from")
        if self.source:
            return
        # Parts that don't lie side by side are all of one table, the most significant first.
        parts = [part.split() for part in (spec["at"] if isinstance(spec["at"], list) else [spec["at"]])]
        self.table, self.address = parts[0][0], whole(parts[0][1])
        self.parts = [whole(at) for _, at in parts] if len(parts) > 1 else None
        self.bits = self.table in ("coil", "discrete")
        self.type = "bool" if self.bits else spec.get("type", "u16")
        self.words = (whole(spec["len"]) if self.type == "string" else TIMES.get(spec.get("format")) if self.type == "time"
                      else WORDS.get(self.type))
        if self.words is None:
            raise Unsupported(f"{name}: type {self.type}")
        if self.parts and (len(self.parts) != self.words or "weights" in spec):
            raise Unsupported(f"{name}: parts of more than a register, or weights")
        self.places = self.parts or [self.address + i for i in range(self.words)]
        own = orders if isinstance(orders, str) and len(orders) == 2 * self.words else None
        self.order = spec.get("order", own or (orders.get(self.type) if isinstance(orders, dict) else None))
        known = {"at", "doc", "type", "order", "bit", "bits", "mask", "shift", "enum", "scale", "offset", "span", "table",
                 "weir", "convert", "exp_from", "mul_from", "invalid", "valid", "valid_if", "kind", "wrap", "reset", "group",
                 "len", "chars", "every", "deadband", "max_silence", "unit", "about", "inverted", "invert", "write", "danger",
                 "format", "byte", "optional", "read", "side_effect", "verified"}
        if set(spec) - known:
            raise Unsupported(f"{name}: {sorted(set(spec) - known)}")

    def bytes_of(self, image):
        """Most significant byte first."""
        wire = b"".join(struct.pack(">H", image[self.table][a]) for a in self.places)
        if self.type in ("u8", "s8"):
            return wire[:1] if self.spec.get("byte") == "high" else wire[1:]
        if self.order:
            wire = bytes(wire[self.order.index(letter)] for letter in LETTERS[:len(wire)])
        return wire[1:] if self.type in ("u24", "s24") else wire

    def put(self, image, logical):
        """The opposite of bytes_of, for whole words."""
        if self.type in ("u24", "s24"):
            logical = b"\0" + logical
        if self.order:
            logical = bytes(logical[LETTERS.index(letter)] for letter in self.order)
        for i, address in enumerate(self.places):
            image[self.table][address] = struct.unpack_from(">H", logical, 2 * i)[0]

    def ranges(self):
        """(low, high) of raw values that are no values, as unsigned bits."""
        invalid = self.spec.get("invalid", [])
        for entry in invalid if isinstance(invalid, (list, dict)) else [invalid]:
            ends = str(entry).split("..")
            mask = (1 << 16 * self.words) - 1
            low, high = whole(ends[0]) & mask, whole(ends[-1]) & mask
            yield low, high

    def is_invalid(self, raw):
        return any(low <= raw <= high for low, high in self.ranges())


def raw_number(tag, b):
    """The number that the bytes are, before any scaling; BAD when they are none."""
    t = tag.type
    bits = int.from_bytes(b, "big")
    if t in FLOATS:
        f = struct.unpack(FLOATS[t], b)[0]
        return f if math.isfinite(f) else BAD
    if t.startswith("u"):
        return bits
    if t == "sm16":
        return -(bits & 0x7FFF) if bits & 0x8000 else bits
    if t.startswith("s"):
        return int.from_bytes(b, "big", signed=True)
    if t.startswith("bcd"):
        digits = b.hex()
        return int(digits) if digits.isdigit() else BAD
    if t.startswith("m10k"):
        groups = [g[0] for g in struct.iter_unpack(">H", b)]
        if any(g > 9999 for g in groups):
            return BAD
        return sum(g * 10000 ** i for i, g in enumerate(reversed(groups)))
    raise Unsupported(f"{tag.name}: {t}")


def curve(spec, x):
    """Scale, span, table or weir; exact for whole numbers."""
    exact = not isinstance(x, float)
    if "scale" in spec or "offset" in spec:
        scale, offset = number(spec.get("scale", 1)), number(spec.get("offset", 0))
        return x * scale + offset if exact else x * float(scale) + float(offset)
    if "span" in spec:
        (r0, r1), (e0, e1) = ([number(v) for v in spec["span"][k]] for k in ("raw", "eng"))
        return float(e0 + (Fraction(x) - r0) * (e1 - e0) / (r1 - r0))
    if isinstance(spec.get("table"), list):
        pairs = [(number(a), number(b)) for a, b in spec["table"]]
        x = Fraction(x)
        for (x0, y0), (x1, y1) in zip(pairs, pairs[1:]):
            if x0 <= x <= x1:
                return float(y0 + (x - x0) * (y1 - y0) / (x1 - x0))
        return BAD
    if "weir" in spec:
        return float(spec["weir"]["k"]) * max(float(x), 0.0) ** float(spec["weir"]["n"])
    if "convert" in spec:
        if spec["convert"] != "pf4q":
            raise Unsupported(spec["convert"])
        if abs(x) > 2:
            return BAD
        return 2 - x if x > 1 else -2 - x if x < -1 else x
    return x


class Map:
    def __init__(self, spec, order=None):
        self.spec = spec
        orders = spec.get("order") or {}
        if order:
            orders = {**(orders if isinstance(orders, dict) else {}), **order} if isinstance(order, dict) else order
        self.tags = {name: Tag(name, s, orders) for name, s in spec["tags"].items()}
        self.never = []
        for entry in (spec.get("limits") or {}).get("never", []):
            table, numbers = entry.split()
            ends = numbers.split("..")
            self.never.append((table, whole(ends[0]), whole(ends[-1])))

    def names(self):
        for name, tag in self.tags.items():
            yield name
            for bit in (tag.spec.get("bits") or {}).values():
                yield f"{name}.{str(bit).removeprefix('not ')}"

    def image(self, rng):
        """Registers with pseudo-random, plausible content."""
        image = {t: {} for t in ("coil", "discrete", "input", "holding")}
        last = {}
        for tag in sorted((t for t in self.tags.values() if not t.source), key=lambda t: "valid_if" in t.spec):
            for address in tag.places:
                image[tag.table].setdefault(address, rng.randrange(2 if tag.bits else 65536))
            last[tag.name] = tag
        # References first: exponents and status bits decide whether others can be good.
        wanted = {t.spec["valid_if"].split()[0]: t.spec["valid_if"].split()[1:] for t in last.values() if "valid_if" in t.spec}
        codes = {t.spec["mul_from"]["tag"]: list(t.spec["mul_from"]["factors"]) for t in last.values()
                 if isinstance(t.spec.get("mul_from"), dict)}
        for tag in sorted(last.values(), key=lambda t: "exp_from" in t.spec or "mul_from" in t.spec or "valid_if" in t.spec):
            for _ in range(5000):
                if wanted.get(tag.name, [""])[0] == "==" and not tag.bits:
                    tag.put(image, whole(wanted[tag.name][1]).to_bytes(2 * tag.words, "big"))
                    break
                if tag.name in codes:
                    tag.put(image, whole(rng.choice(codes[tag.name])).to_bytes(2 * tag.words, "big"))
                    break
                self.draw(tag, image, rng, wanted)
                if self.value(tag.name, image) is not BAD:
                    break
        self.sign(image)
        return image

    def sign(self, image):
        """It says that it is what the map is for."""
        identify = self.spec.get("identify") or {}
        if "is" not in identify:
            return
        tag = self.tags[identify["tag"]]
        first = identify["is"][0] if isinstance(identify["is"], list) else identify["is"]
        words = {str(v): whole(k) for k, v in (tag.spec.get("enum") or {}).items()}
        if tag.type == "string":
            tag.put(image, str(first).encode().ljust(2 * tag.words, b"\0"))
        else:
            raw = words[str(first)] if str(first) in words else whole(str(first).split("..")[0])
            tag.put(image, raw.to_bytes(2 * tag.words, "big"))

    def draw(self, tag, image, rng, wanted):
        spec, t = tag.spec, tag.type
        if tag.bits:
            image[tag.table][tag.address] = rng.randrange(2)
            return
        low, high = (float(v) for v in spec.get("valid", (-1000, 1000)))
        if t == "string":
            letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-. "
            n = rng.randrange(1, 2 * tag.words + 1)
            tag.put(image, ("".join(rng.choice(letters) for _ in range(n)).strip() or "x").encode().ljust(2 * tag.words, b"\0"))
        elif t == "time":
            self.draw_time(tag, image, rng)
        elif t in FLOATS:
            tag.put(image, struct.pack(FLOATS[t], rng.uniform(low, high)))
        elif t.startswith("bcd"):
            tag.put(image, bytes.fromhex("".join(rng.choice("0123456789") for _ in range(4 * tag.words))))
        elif t.startswith("m10k"):
            tag.put(image, b"".join(struct.pack(">H", rng.randrange(10000)) for _ in range(tag.words)))
        else:
            top = (1 << 16 * tag.words) - 1
            bits = rng.randrange(top + 1)
            if "enum" in spec:
                bits = whole(rng.choice(list(spec["enum"]))) & top
                if "mask" in spec:
                    bits = bits << whole(spec.get("shift", 0)) & whole(spec["mask"])
            elif "valid" in spec and rng.random() < 0.9:
                scale, offset = float(spec.get("scale", 1)), float(spec.get("offset", 0))
                bits = int((rng.uniform(low, high) - offset) / scale) & top
                if "span" in spec:
                    (r0, r1), (e0, e1) = ([float(v) for v in spec["span"][k]] for k in ("raw", "eng"))
                    bits = int(r0 + (rng.uniform(low, high) - e0) * (r1 - r0) / (e1 - e0)) & top
            for number_, bit in (spec.get("bits") or {}).items():
                want = wanted.get(f"{tag.name}.{str(bit).removeprefix('not ')}")
                if want:                    # so that most of what depends on it is good
                    bits = bits & ~(1 << whole(number_)) | (rng.random() < 0.2) << whole(number_)
            size = {"u8": 2, "s8": 2, "u24": 3, "s24": 3}.get(t, 2 * tag.words)
            tag.put(image, (bits & (1 << 8 * size) - 1).to_bytes(size, "big"))

    @staticmethod
    def draw_time(tag, image, rng):
        year, month, day = rng.randrange(2001, 2038), rng.randrange(1, 13), rng.randrange(1, 29)
        hour, minute, second, hundredth = rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.randrange(100)
        tag.put(image, {
            "unix": lambda: struct.pack(">I", rng.randrange(1 << 31)),
            "pm800": lambda: bytes((month, day, year - 1900, hour, minute, second)),
            "six": lambda: struct.pack(">6H", second, minute, hour, day, month, year),
            "sel": lambda: struct.pack(">6H", 100 * second + hundredth, minute, hour, day, month, year),
            "ge469": lambda: bytes((month, day, year >> 8, year & 255, hour, minute, second, hundredth)),
        }[tag.spec["format"]]())

    @staticmethod
    def time(tag, image):
        """As ISO 8601; BAD when there is no such day."""
        b, form = tag.bytes_of(image), tag.spec["format"]
        fraction = ""
        try:
            if form == "unix":
                return datetime.fromtimestamp(int.from_bytes(b, "big"), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            if form == "pm800":
                month, day, year, hour, minute, second = *b[:2], 1900 + b[2], *b[3:]
            elif form == "ge469":
                (month, day, year), (hour, minute, second, hundredth) = struct.unpack(">BBH", b[:4]), b[4:]
                fraction = f".{hundredth:02}0"
            else:
                second, minute, hour, day, month, year = struct.unpack(">6H", b)
                year += 2000 if year < 100 else 0
            if form == "sel":
                second, fraction = second // 100, f".{second % 100:02}0"
            return datetime(year, month, day, hour, minute, second).isoformat() + fraction
        except ValueError:
            return BAD

    def value(self, name, image):
        """What must be published for this tag: bool, str, Fraction (exact), float, or BAD."""
        if name not in self.tags:
            parent, _, part = name.rpartition(".")
            tag = self.tags[parent]
            raw = int.from_bytes(tag.bytes_of(image), "big")
            for bit, word in tag.spec["bits"].items():
                if str(word).removeprefix("not ") == part:
                    return bool(raw >> whole(bit) & 1) != str(word).startswith("not ")
        tag = self.tags[name]
        spec = tag.spec
        if tag.source:
            x = self.value(tag.source, image)
            return BAD if x is BAD else self.judge(spec, curve(spec, x))
        if "valid_if" in spec and not self.holds(spec["valid_if"], image):
            return BAD
        if tag.bits:
            return bool(image[tag.table][tag.address]) != truth(spec.get("inverted", spec.get("invert", False)))
        if tag.type == "string":
            return self.text(tag, image)
        if tag.type == "time":
            return self.time(tag, image)
        b = tag.bytes_of(image)
        bits = int.from_bytes(b, "big")
        if tag.is_invalid(bits):
            return BAD
        if "bit" in spec:
            return bool(bits >> whole(spec["bit"]) & 1) != truth(spec.get("inverted", spec.get("invert", False)))
        x = raw_number(tag, b)
        if x is BAD:
            return BAD
        if "mask" in spec or "shift" in spec:
            x = (bits & whole(spec.get("mask", (1 << 64) - 1))) >> whole(spec.get("shift", 0))
        if "enum" in spec:
            words = {whole(k): str(v) for k, v in spec["enum"].items()}
            return words.get(x, BAD)
        x = curve(spec, Fraction(x) if not isinstance(x, float) else x)
        for key in ("exp_from", "mul_from"):
            if key in spec and x is not BAD:
                coded = isinstance(spec[key], dict)     # a code that picks the factor
                factor = self.value(spec[key]["tag"] if coded else spec[key], image)
                if coded and factor is not BAD:
                    factor = {whole(k): number(v) for k, v in spec[key]["factors"].items()}.get(factor, BAD)
                if factor is BAD:
                    return BAD
                factor = factor if isinstance(x, Fraction) else float(factor)
                x = x * (Fraction(10) ** int(factor) if key == "exp_from" else factor)
        return x if x is BAD else self.judge(spec, x)

    @staticmethod
    def judge(spec, x):
        if x is not BAD and "wrap" in spec and Fraction(x) > number(spec["wrap"]):
            return BAD                      # a counter can't show more than where it begins anew
        if x is BAD or "valid" not in spec:
            return x
        low, high = (number(v) for v in spec["valid"])
        return x if low <= Fraction(x) <= high else BAD

    def holds(self, condition, image):
        name, relation, constant = condition.split()
        x = self.value(name, image)
        if x is BAD:
            return False
        if isinstance(x, str):                  # a word of an enumeration: its number counts
            x = next(whole(k) for k, v in self.tags[name].spec["enum"].items() if str(v) == x)
        return (Fraction(int(x) if isinstance(x, bool) else x) == whole(constant)) == (relation == "==")

    @staticmethod
    def text(tag, image):
        chars = str(tag.spec.get("chars", 2))
        b = tag.bytes_of(image) if chars == "2" else bytes(
            image[tag.table][tag.address + i] >> (8 if chars == "high" else 0) & 0xFF for i in range(tag.words))
        return b.split(b"\0")[0].decode("latin-1").rstrip(" ")


def same(published, expected, single=False):
    """Is what was published what the arithmetic demands? Whole and decimal numbers exactly, floats to
    the last digits of their own precision."""
    if isinstance(expected, bool) or isinstance(expected, str):
        return type(published) is type(expected) and published == expected
    if isinstance(published, bool) or published is None:
        return False
    if isinstance(published, str):          # whole numbers beyond 2^53
        return isinstance(expected, Fraction) and abs(expected) > 2 ** 53 and Fraction(published) == expected
    if isinstance(expected, Fraction):
        return Fraction(published) == expected
    return math.isclose(float(published), expected, rel_tol=1e-6 if single else 1e-9, abs_tol=1e-9)
