#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the device facts is a tag of its map that says the same, or is refused, or is left out
with a reason. Nothing of headgate's own code is used."""
import re
import sys
from fractions import Fraction

import facts

TYPES = {
    "u16": ("u16",), "s16": ("s16",), "u32": ("u32",), "s32": ("s32",), "u64": ("u64",), "s64": ("s64",), "f32": ("f32",),
    "f64": ("f64",), "bit": ("bool",), "bits16": ("u16",), "bits32": ("u32",), "enum16": ("u16",), "bytes": ("u16", "u8"),
    "string": ("string",), "bcd16": ("bcd16",), "signmag16": ("sm16",), "mod10k_s64": ("m10k64",), "mod10k_u32": ("m10k32",),
    "pf4q_f32": ("f32",), "ver16": ("u16",), "dt_mmdd_yyhh_miss": ("time",), "dt_ge_date": ("time",),
    "dt_ge_time": ("time",),
}
SIZES = {"f32": 4, "u32": 4, "s32": 4, "u64": 8, "s64": 8, "f64": 8, "m10k64": 8, "m10k32": 4}

# What must neither be read in passing nor be written without being named: (table, address).
DANGER = {
    "sel_751a": [("holding", 0x2000), ("holding", 0x2001)],
    "schneider_altivar": [("holding", 8501), ("holding", 8502)],
    "abb_acs580_acs880": [("holding", 0), ("holding", 1)],
    "siemens_sinamics_g120x": [("holding", 99)],
    "danfoss_vlt_fc202": [("holding", 49999), ("holding", 50009)],
    "grundfos_cim200_cim500_epump": [("holding", a) for a in range(100, 104)],
    "dse_gencomm": [("holding", 4104), ("holding", 4105)],
    "siemens_pac3200_pac4200": [("holding", 60004), ("holding", 60007)],
    "sulzer_abs_pc242_cp116": [("coil", 16), ("coil", 32)],
    "comap_intelilite4": [("coil", 4700)],
}

# Where a map says more, or something else, than its row, and why that is right.
MEANT = {
    **{("moxa_iologik_e1240", f"{what} ai{i}_raw"): "counts are shown as milliamperes of the default range"
       for what in ("scale", "unit") for i in range(8)},
    ("vega_vegapuls_vegabar", "unit"): "the unit is a setting",
    ("endress_promag53", "unit"): "the unit is a setting; the map is for the one its title names",
    ("siemens_sinamics_g120x", "scale firmware"): "470 is V4.70",
    ("grundfos_cim200_cim500_epump", "unit feedback_sensor_min"): "the unit is a setting",
    ("grundfos_cim200_cim500_epump", "unit feedback_sensor_max"): "the unit is a setting",
    ("grundfos_cim200_cim500_epump", "invalid power"): "some pumps set only the low word",
    ("grundfos_cim200_cim500_epump", "invalid bearing_service"): "0xFF in the byte of months is no number",
    ("grundfos_cim200_cim500_epump", "unit bearing_service"): "months, in words in the facts",
    ("carlogavazzi_em24_e1", "enum model_id"): "only the first of six codes has a name in the facts",
    ("endress_promag53", "enum system_condition"): "all but one of its codes are in the maker's manual only",
}


def covered(one, many):
    """Is every number of this range in one of those?"""
    low, high = one
    for first, last in sorted(many):
        if first <= low <= last:
            low = last + 1
    return low > high


class Row:
    """One row of the facts against the tags that lie at its address."""

    def __init__(self, stem, row, tags, spec):
        self.stem, self.row, self.tags, self.spec, self.problems = stem, row, tags, spec, []

    def problem(self, what, text):
        if (self.stem, what) not in MEANT and (self.stem, f"{what} {self.row['name']}") not in MEANT:
            self.problems.append(f"{self.row['name']} ({self.row['table']} {self.row['address']}): {what}: {text}")

    def check(self):
        for name, tag in self.tags:
            self.check_type(name, tag)
            self.check_order(name, tag)
            self.check_scale(name, tag)
            self.check_unit(name, tag)
            self.check_invalid(name, tag)
            self.check_doc(name, tag)
        self.check_bits()
        self.check_enum()
        return self.problems

    def type_of(self, tag):
        return "bool" if tag["_table"] in ("coil", "discrete") else tag.get("type", "u16")

    def check_type(self, name, tag):
        row, kind = self.row, self.type_of(tag)
        wanted = TYPES[row["type"]]
        if kind not in wanted:
            self.problem("type", f"{row['type']} in the facts, {kind} in the map")
        if row["type"] == "string" and facts.whole(tag["len"]) != row["regs"]:
            self.problem("type", f"{row['regs']} registers in the facts, {tag['len']} in the map")
        if row["type"] == "pf4q_f32" and tag.get("convert") != "pf4q":
            self.problem("type", "four quadrants need `convert: pf4q`")
        if row["type"] == "ver16" and "mask" not in tag:
            self.problem("type", "a version of three fields needs masks")

    def check_order(self, name, tag):
        row, kind = self.row, self.type_of(tag)
        size = SIZES.get(kind)
        if size is None or row["order"] in ("-", "fields"):
            return
        orders = self.spec.get("order") or {}
        own = orders if isinstance(orders, str) else orders.get(kind)
        order = tag.get("order", own) or "ABCDEFGH"[:size]
        wanted = {"ABCD": "ABCDEFGH"[:size], "CDAB": {4: "CDAB", 8: "GHEFCDAB"}[size],
                  "@word_order": "ABCDEFGH"[:size],     # a setting; the map is for the maker's first choice
                  "LSW-first": {4: "CDAB", 8: "GHEFCDAB"}[size]}.get(row["order"])
        if order != wanted:
            self.problem("order", f"{row['order']} in the facts, {order} in the map")

    def scale_of(self, tag):
        if "span" in tag:
            (r0, r1), (e0, e1) = ([facts.mapmath.number(v) for v in tag["span"][k]] for k in ("raw", "eng"))
            scale = (e1 - e0) / (r1 - r0)
            return scale, e0 - r0 * scale
        return facts.mapmath.number(tag.get("scale", 1)), facts.mapmath.number(tag.get("offset", 0))

    def check_scale(self, name, tag):
        row = self.row
        if row["type"] in ("dt_ge_date", "dt_ge_time", "dt_mmdd_yyhh_miss", "string", "bit"):
            return
        if row["scale"].startswith("10^@"):
            if tag.get("exp_from") != row["scale"][4:]:
                self.problem("scale", f"{row['scale']} in the facts, {tag.get('exp_from')} in the map")
            return
        scale, offset = self.scale_of(tag)
        factor = facts.unit_of(row)[1]
        wanted = Fraction(row["scale"]) * factor, Fraction(row["offset"]) * factor
        near = abs(scale - wanted[0]) <= wanted[0] * Fraction(1, 100000)
        if offset != wanted[1] or not (scale == wanted[0] or ("span" in tag and near)):
            self.problem("scale", f"x{row['scale']} {row['offset']} {row['unit']} in the facts, "
                         f"x{float(scale)} {float(offset)} {tag.get('unit', '')} in the map")

    def check_unit(self, name, tag):
        wanted = facts.unit_of(self.row)[0]
        if wanted.startswith("@"):
            wanted = None
        if tag.get("unit") != (wanted or None):
            self.problem("unit", f"`{self.row['unit']}` in the facts, `{tag.get('unit', '')}` in the map")

    def check_invalid(self, name, tag):
        text, bits = self.row["invalid"], self.row["regs"] * 16
        wanted = []
        for part in text.split(","):
            if part in ("", "NaN"):
                continue
            if part.startswith("@"):
                source, bit = part[1:].split(".")
                rule = str(tag.get("valid_if", ""))
                if source not in rule or not re.search(r"== 0|^not ", rule):
                    self.problem("invalid", f"{part} in the facts, `{rule}` in the map")
                continue
            ends = [facts.whole(e) & (1 << bits) - 1 for e in part.split("..")]
            wanted.append((min(ends), max(ends)))
        have = []
        given = tag.get("invalid", [])
        for part in given if isinstance(given, (list, dict)) else [given]:
            ends = [facts.whole(e) & (1 << bits) - 1 for e in str(part).split("..")]
            have.append((ends[0], ends[-1]))
        if "mask" in tag or "bit" in tag:
            return
        if self.row["type"] == "enum16" and not wanted:
            return                              # a code that means "no state" is held against the enum
        for one in wanted:
            if not covered(one, have):
                self.problem("invalid", f"{one[0]:#x}..{one[1]:#x} in the facts, not in the map")
        for one in have:
            if not covered(one, wanted):
                self.problem("invalid", f"{one[0]:#x}..{one[1]:#x} in the map, not in the facts")

    def check_doc(self, name, tag):
        doc, number = self.row["doc_number"], tag.get("doc")
        if not doc:
            return
        if number is None:
            self.problem("doc", f"`{doc}` in the facts, none in the map")
            return
        if tag["_step"] and str(number) != doc:
            return                              # the number is that of the first of them
        if str(number).strip() == doc:
            return
        digits = re.match(r"(?:4:|R)?(0x[0-9A-Fa-f]+|\d+)(H)?", doc)
        value = None
        if digits:
            value = int(digits[1], 16 if digits[2] or digits[1].startswith("0x") else 10)
        at = self.row["address"]
        if value is None or facts.whole(number) + (at - tag["_first"]) != value:
            self.problem("doc", f"`{doc}` in the facts, `{number}` in the map")

    def check_bits(self):
        row = self.row
        if not row["type"].startswith("bits"):
            return
        wanted = bits_told(row["description"])
        have = set()
        for _, tag in self.tags:
            have |= {facts.whole(k) for k in tag.get("bits") or {}}
            if "bit" in tag:
                have.add(facts.whole(tag["bit"]))
        if wanted - have:
            self.problem("bits", f"{sorted(wanted - have)} in the facts, not in the map")

    def check_enum(self):
        row = self.row
        if row["type"] not in ("enum16", "bytes"):
            return
        wanted = numbers_told(row["description"])
        have = set()
        for _, tag in self.tags:
            have |= {facts.whole(k) for k in tag.get("enum") or {}}
            invalid = tag.get("invalid") or {}
            have |= {facts.whole(k) for k in invalid if ".." not in str(k)} if have else set()
        if wanted and not have:
            self.problem("enum", f"{sorted(wanted)} have words in the facts, none in the map")
        elif wanted - have:
            self.problem("enum", f"{sorted(wanted - have)} have words in the facts, not in the map")


def bits_told(text):
    """The bits that a description names: `0 ready,1 running`, `bit3 a,5 b`, `b0 lube ok`."""
    if not re.match(r"(SW: |ZSW1: |STW1; |[A-Za-z0-9]+: byte .*)?(bit ?|b)?\d+ ?[A-Za-z(]", text):
        return set()
    return {int(m) for m in re.findall(r"(?:^|[,;:] ?|, )(?:bit ?|b)?(\d+)(?= [A-Za-z(])", text)}


def numbers_told(text):
    """The codes that a description of an enumeration names: `0 stopped,1 running`."""
    return {int(m) for m in re.findall(r"(?:^|, ?|[(/])(\d+)(?= [\w=(\"])", text)}


def check(stem):
    """(covered, refused, left out, problems) of one table of facts."""
    name = facts.MAP_OF[stem]
    if not (facts.MAPS / f"{name}.yaml").exists():
        return 0, 0, 0, [f"there is no map {name}"]
    spec = facts.load_map(name)
    at = {}
    time_tags = [(n, t) for n, t in facts.instances(spec) if t.get("type") == "time"]
    for tag_name, tag in facts.instances(spec):
        at.setdefault((tag["_table"], tag["_at"]), []).append((tag_name, tag))
    never, out = facts.refused(spec), facts.left_out(name)
    covered, refused, reasons, problems, used = 0, 0, 0, [], set()
    for row in facts.rows(stem):
        key = row["table"], row["address"]
        shut = any(t == key[0] and first <= key[1] <= last for t, first, last in never)
        used.add(row["name"])
        inside = [(n, t) for n, t in time_tags if t["_table"] == key[0] and t["_at"] <= key[1] < t["_at"] + t["_words"]]
        if row["type"].startswith("dt_") and inside:
            covered += 1                        # date and time are one tag
            problems += check_verified(row, inside, spec)
            for one in (i for i in inside if i[1]["_first"] == key[1]):
                check = Row(stem, row, [one], spec)
                check.check_doc(*one)
                problems += check.problems
        elif key in at:
            covered += 1
            problems += Row(stem, row, at[key], spec).check()
            problems += check_verified(row, at[key], spec)
        elif shut:
            refused += 1
        elif row["name"] in out:
            reasons += 1
        else:
            problems.append(f"{row['name']} ({key[0]} {key[1]}) is neither a tag, nor refused, nor left out")
        if row["access"] == "W" and not shut:
            problems.append(f"{row['name']} ({key[0]} {key[1]}) can only be written, and is not under `never`")
    known = {(row["table"], row["address"]) for row in facts.rows(stem)}
    problems += [f"{n}: no row of the facts lies at {a[0]} {a[1]}" for a, tags in at.items() if a not in known for n, _ in tags]
    problems += [f"left out, but not among the facts: {n}" for n in out if n not in used]
    for key in DANGER.get(stem, []):
        shut = any(t == key[0] and first <= key[1] <= last for t, first, last in never)
        tags = at.get(key, [])
        tame = tags and all(facts.mapmath.truth(tag.get("danger")) and "write" not in tag for _, tag in tags)
        if not shut and not tame:
            problems.append(f"{key[0]} {key[1]} is dangerous, and neither under `never` nor `danger: true`")
    return covered, refused, reasons, problems


def check_verified(row, tags, spec):
    wanted = {"high": "implementation", "medium": "document", "synthetic": "invented"}.get(row["confidence"])
    problems = []
    for name, tag in tags:
        have = tag.get("verified", spec.get("verified"))
        if have != wanted:
            problems.append(f"{row['name']}: {row['confidence']} in the facts, `verified: {have}` in the map")
    return problems


def check_examples(name):
    """Three at least, and one that is not good."""
    spec = facts.load_map(name)
    examples = spec.get("examples") or []
    bad = any(v in ("bad", None) or isinstance(v, dict) for e in examples for v in e["expect"].values())
    problems = [] if len(examples) >= 3 else [f"{len(examples)} examples"]
    if not bad and not all(t.get("at", "").startswith(("coil", "discrete")) for t in spec["tags"].values() if "from" not in t):
        problems.append("no example of a value that is not good")
    return problems


def main():
    if not facts.have_facts():
        return facts.SKIP
    stems = sorted(p.stem for p in facts.FACTS.glob("*.csv"))
    total, wrong = [0, 0, 0], 0
    print(f"{'facts':32} {'map':26} tags refused left-out")
    for stem in stems:
        if stem not in facts.MAP_OF:
            print(f"{stem}: no map is named for it")
            wrong += 1
            continue
        covered, refused, reasons, problems = check(stem)
        total = [a + b for a, b in zip(total, (covered, refused, reasons))]
        print(f"{stem:32} {facts.MAP_OF[stem]:26} {covered:4} {refused:7} {reasons:8}")
        for name, reason in facts.left_out(facts.MAP_OF[stem]).items() if not problems else ():
            print(f"    left out {name}: {reason}")
        for p in problems:
            print(f"  ! {p}")
        wrong += len(problems)
    for path in sorted(facts.MAPS.glob("*/*.yaml")):
        name = f"{path.parent.name}/{path.stem}"
        for p in check_examples(name):
            print(f"  ! {name}: {p}")
            wrong += 1
    print(f"{sum(total)} rows: {total[0]} are tags, {total[1]} are refused, {total[2]} are left out; {wrong} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
