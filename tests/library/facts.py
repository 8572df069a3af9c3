# SPDX-License-Identifier: Apache-2.0
"""The device facts (CSV, beside the checkout) and the library of maps, both read without headgate."""
import csv
import functools
import re
import sys
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "live"))
import mapmath  # noqa: E402

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FACTS = CHECKOUT.parent / "shared" / "facts" / "devices"
MAPS = CHECKOUT / "maps"
SKIP = 77

# Which map tells of which table of facts.
MAP_OF = {
    "abb_acs580_acs880": "abb/acs580",
    "abb_b23": "abb/b23",
    "accuenergy_acuvim2": "accuenergy/acuvim2",
    "carlogavazzi_em24_e1": "carlogavazzi/em24_e1",
    "carlogavazzi_em24_rs485": "carlogavazzi/em24_rs485",
    "comap_intelilite4": "comap/intelilite4",
    "danfoss_vlt_fc202": "danfoss/vlt_fc202",
    "dse_gencomm": "dse/gencomm",
    "eastron_sdm630": "eastron/sdm630",
    "endress_promag53": "endress/promag53",
    "example_primary_crusher_plc": "plc/primary_crusher",
    "ge_469": "ge/469",
    "grundfos_cim200_cim500_epump": "grundfos/cim200",
    "grundfos_ciu_wastewater_pit": "grundfos/ciu202_pit",
    "janitza_umg_19000": "janitza/umg_19000",
    "moxa_iologik_e1240": "moxa/iologik_e1240",
    "schneider_altivar": "schneider/altivar",
    "schneider_ion7550_7650": "schneider/ion7550",
    "schneider_pm5xxx": "schneider/pm5xxx",
    "schneider_pm800_cm4000": "schneider/pm800",
    "schneider_sepam20": "schneider/sepam20",
    "sel_751a": "sel/751a",
    "siemens_hydroranger200": "siemens/hydroranger200",
    "siemens_mag6000": "siemens/mag6000",
    "siemens_pac3200_pac4200": "siemens/pac3200",
    "siemens_sinamics_g120x": "siemens/sinamics_g120x",
    "sulzer_abs_pc242_cp116": "sulzer/pc242",
    "vaisala_opt100": "vaisala/opt100",
    "vega_vegapuls_vegabar": "vega/vegapuls",
}

# unit as the facts spell it -> (unit as maps spell it, factor)
UNITS = {
    "degC": ("Cel", 1), "ppmv": ("ppm", 1), "ppmw": ("ppm", 1), "ppmv/d": ("ppm/d", 1), "%RS": ("%", 1),
    "l/min": ("L/min", 1), "m3/s": ("m3/h", 3600), "xFLA": ("%", 100),
}


def have_facts():
    if FACTS.is_dir():
        return True
    print("SKIPPED: no ../shared/facts/devices beside this checkout, so nothing was compared with the facts")
    return False


def rows(stem):
    with open(FACTS / f"{stem}.csv", encoding="utf-8") as f:
        found = list(csv.DictReader(line for line in f if not line.startswith("#")))
    for row in found:
        row["address"] = int(row["address"])
        row["regs"] = int(row["regs"])
    return found


def unit_of(row):
    """(unit as maps spell it, factor from the facts' unit to it)"""
    unit, factor = UNITS.get(row["unit"], (row["unit"], 1))
    return unit, Fraction(factor)


@functools.lru_cache(maxsize=None)
def load_map(name):
    """The map with what it extends laid under it, tag by tag and key by key."""
    spec = mapmath.load(MAPS / f"{name}.yaml")
    if "extends" not in spec:
        return spec
    base = load_map(spec["extends"])
    tags = {k: dict(v) for k, v in base["tags"].items()}
    for tag, keys in (spec.get("tags") or {}).items():
        if keys == "off":
            tags.pop(tag)
        else:
            tags[tag] = {**tags.get(tag, {}), **keys}
    return {**base, **spec, "tags": tags}


def whole(text):
    return int(str(text), 0)


def instances(spec):
    """(name, tag) with `repeat` unrolled and the address as a number: tag["_table"], tag["_at"]."""
    for name, tag in spec["tags"].items():
        if "from" in tag:
            continue
        at = tag["at"]
        first = whole(at[0].split()[1]) if isinstance(at, list) else None
        if isinstance(at, list):                # in parts: the lowest of them
            at = min(at, key=lambda part: whole(part.split()[1]))
        if isinstance(at, int):
            table, address = next((t, at - b) for t, b in sorted(spec["doc_base"].items(), key=lambda i: -whole(i[1]))
                                  if at >= whole(b))
        else:
            table, address = at.split()
            address = whole(address)
        repeat = tag.get("repeat") or {}
        labels = repeat.get("n") or range(1, whole(repeat.get("count", 1)) + 1)
        for i, label in enumerate(labels):
            step = i * whole(repeat.get("stride", 0)) if repeat else 0
            yield name.replace("{n}", str(label)), {
                **tag, "_table": table, "_at": address + step, "_step": step, "_words": mapmath.TIMES.get(tag.get("format"), 1),
                "_first": address + step if first is None else first}


def refused(spec):
    """[(table, first, last)] of `never`."""
    out = []
    for entry in (spec.get("limits") or {}).get("never", []):
        table, numbers = entry.split()
        ends = numbers.split("..")
        out.append((table, whole(ends[0]), whole(ends[-1])))
    return out


def left_out(name):
    """{row name: reason} from the comments `# Left out: NAME, NAME: reason`; a reason may go on in
    the lines that follow, indented."""
    out, current = {}, None
    for line in (MAPS / f"{name}.yaml").read_text(encoding="utf-8").splitlines():
        m = re.match(r"# Left out: ([\w, ]+): (.+)", line)
        if m:
            current = [n.strip() for n in m[1].split(",")]
            out.update({n: m[2] for n in current})
        elif current and re.match(r"#   \S", line):
            out.update({n: f"{out[n]} {line[1:].strip()}" for n in current})
        else:
            current = None
    return out
