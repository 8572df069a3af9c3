#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas accept what ships, and agree with the reader about what is wrong."""
import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADGATE = os.environ.get("HEADGATE")


class Plain(yaml.SafeLoader):
    """YAML 1.2 as editors read it: only true and false are booleans, 1e-3 is a number."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules
            if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp",
                           "tag:yaml.org,2002:float")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Plain.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"))


def as_json(x):
    if isinstance(x, dict):
        return {str(k): as_json(v) for k, v in x.items()}
    return [as_json(v) for v in x] if isinstance(x, list) else x


def load(text):
    return as_json(yaml.load(text, Plain))


def schema(kind):
    s = json.loads((ROOT / f"schema/headgate-{kind}.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(s)
    return jsonschema.Draft7Validator(s)


MAP, PLANT = schema("map"), schema("plant")
MAPS = sorted([*ROOT.glob("maps/**/*.yaml"), *ROOT.glob("examples/**/maps/**/*.yaml")])
PLANTS = sorted(ROOT.glob("examples/**/plant*.yaml"))


def label(path):
    return str(path.relative_to(ROOT))


def complaints(validator, document):
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in validator.iter_errors(document)]


def test_something_ships():
    assert MAPS and PLANTS


@pytest.mark.parametrize("path", MAPS, ids=label)
def test_shipped_maps_are_valid(path):
    assert complaints(MAP, load(path.read_text())) == []


@pytest.mark.parametrize("path", PLANTS, ids=label)
def test_shipped_plants_are_valid(path):
    assert complaints(PLANT, load(path.read_text())) == []


def tags(lines):
    return "format: 1\ntags:\n" + "".join(f"  {line}\n" for line in lines.split("\n"))


GOOD_MAPS = [
    tags("a: {at: input 0, type: u16}"),
    tags("a: {at: coil 0x1F}"),
    "format: 1\ndoc_base: {holding: 40001}\n" + tags("a: {at: 40001, type: u16}")[10:],
    tags("a: {at: input 0, type: f32, order: CDAB, valid: [0, 1.5], every: 500ms}"),
    tags("a: {at: input 0, type: u16, bits: {0: ready, 12: not warm}}"),
    tags("a: {at: input 0, type: s16, invalid: {-1: open, 0x7FF0..0x7FFF: reserved}}"),
    tags("a: {at: input 0, type: s16, invalid: [0x8000, -5..-1]}"),
    tags("a: {at: input 0, type: s16, enum: {-1: unknown, 0: off, 1: on}}"),
    tags("a: {at: input 0, type: u16, scale: 1e-3, offset: -273.15}"),
    tags("a: {at: input 0, type: u16}\nb: {from: a, weir: {k: 1.38, n: 2.5}}"),
    tags('"p{n}": {at: input 0, type: u16, repeat: {n: [1, 2, west], stride: 4}}'),
    tags("a: {at: input 0, type: string, len: 4, chars: 2}"),
    tags("a: {at: input 0, type: time, format: iec870}"),
    tags("a: {at: holding 0, type: u16, write: {limits: [0, 50]}, danger: true}"),
    tags("a: {at: [input 42, input 44], type: u16, weights: [10000, 1], optional: true}"),
    tags("a: {at: input 0, type: f32, mul_from: {tag: u, factors: {0: 1, 2: 0.0980665}}}\n"
         "u: {at: input 2, type: u16, read: once, verified: device, overlap: true}"),
    tags("a: {at: holding 0, bit: 3, write: {function: 6}}\nb: {at: input 1, type: u16, "
         "write: {at: holding 9, function: 16}, side_effect: true, read: on_demand}"),
    "format: 1\nidentify: {tag: a, is: [1, 1.0..1.9, 7]}\nlimits: {barriers: [holding 100, input 7]}\n" +
    tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\nextends: m\n",
    "format: 1\nextends: m\nlimits: {never: off, barriers: off}\nexamples: off\n"
    "tags: {flow: {unit: L/s, scale: 2}, rain: off, level: {valid: off}, new: {at: input 9, type: u16}}\n",
    tags("a: {at: input 0, type: u16}") +
    "examples: [{given: {input 0: [1]}, expect: {a: 1}}, {given: {input 0: [0xFFFF]}, "
    "expect: {a: 65535.0}}]\n",
]

BAD_MAPS = [
    "tags: {a: {at: input 0, type: u16}}\n",
    "format: 2\ntags: {a: {at: input 0, type: u16}}\n",
    "format: 1\n",
    "format: 1\ntags: {}\n",
    "format: 1\nverified: yes\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\ntitel: x\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\nlimits: {max_registers: 126}\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\nlimits: {never: [40001]}\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\norder: {f32: CDABX}\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\norder: {f33: CDAB}\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\nheartbeat: {tag: a}\n" + tags("a: {at: input 0, type: u16}")[10:],
    tags("a: {type: u16}"),
    tags("a: off"),
    tags("a: {at: [input 1], type: u16}"),
    tags("a: {at: input 0, type: u16, mul_from: {tag: b}}"),
    tags("a: {at: input 0, type: u16, read: sometimes}"),
    tags("a: {at: input 0, type: u16, verified: maybe}"),
    tags("a: {at: holding 0, type: u16, write: {limits: [0, 1], function: 3}}"),
    tags("a: {at: input 0, type: time, format: cp57}"),
    "format: 1\nextends: ../m\n",
    "format: 1\nlimits: {barriers: holding 1}\n" + tags("a: {at: input 0, type: u16}")[10:],
    "format: 1\nextends: m\ntags: {flow: {skale: 2}}\n",
    tags("a: {at: holdin 0, type: u16}"),
    tags("a: {at: holding 100.3, type: u16}"),
    tags("a: {at: holding 010, type: u16}"),
    tags("a: {at: input 0, type: REAL}"),
    tags("a: {at: input 0, type: u16, skale: 2}"),
    tags("a: {at: input 0, type: f32, order: ABC}"),
    tags('a: {at: input 0, type: u16, scale: "0.1"}'),
    tags("a: {at: input 0, type: u16, valid: [0]}"),
    tags("a: {at: input 0, type: u16, every: 5}"),
    tags("a: {at: input 0, type: u16, kind: total}"),
    tags("a: {at: coil 0, invert: yes}"),
    tags("a: {at: input 0, type: u16, bits: {x: y}}"),
    tags("a: {at: input 0, type: u16, enum: {x: y}}"),
    tags("a: {at: input 0, type: string, len: 126}"),
    tags("a: {at: input 0, type: f32, weir: {k: -1, n: 2.5}}"),
    tags("a: {at: input 0, type: f32, span: {raw: [0, 1]}}"),
    tags("a b: {at: input 0, type: u16}"),
    tags("a: {at: input 0, type: u16}") + "examples: [{given: {input 0: [65536]}, expect: {a: 1}}]\n",
    tags("a: {at: input 0, type: u16}") + "examples: [{given: {input 0: [1]}}]\n",
]

HEAD = "format: 1\nsite: s\ngateway: g\n"
REST = ("lines: {plc: {connect: 'tcp://h'}}\nareas: {mill: Mill}\n"
        "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n")


def plant(lines="plc: {connect: 'tcp://h'}", device="{map: m, line: plc, unit: 1, area: mill}", more=""):
    return (f"{HEAD}lines: {{{lines}}}\nareas: {{mill: Mill}}\n"
            f"devices: {{p: {device}}}\n{more}")


def alarm(rest):
    return plant(more=f"alarms: {{mill/p/a: {{tag: mill/p/level, {rest}}}}}\n")


def leak(kind, rest, words="about: A, "):
    return plant(more=f"leaks: {{x: {{kind: {kind}, area: mill, {words}{rest}}}}}\n")


POND = ("profile: pond, level: mill/p/level, stage: [[0, 0], [4, 90000]], in: [{flow: mill/p/flow}], "
        "out: [{flow: mill/p/flow2}], nominal: 420 m3/h")

GOOD_PLANTS = [
    plant(),
    plant("plc: {connect: 'tcp://[::1]:502', timeout: 500ms, silent_share: 10%, retries: 0}"),
    plant("plc: {connect: 'rtu:///dev/ttyS0', baud: 9600, parity: none, stop: 2}"),
    plant("plc: {connect: 'rtu+tcp://h:4001'}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, order: {f32: CDAB}, history: changed}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, timezone: America/Toronto, tags: {level: "
                 "{span: {raw: [0, 27648], eng: [0, 4]}, valid: off}, rain: off, s.run: off, "
                 "more: {at: holding 9, type: u16}}}"),
    plant(more="derived: {mill/x/y: {of: {a: mill/p/flow}, is: a * 2, unit: m3/h}}\n"),
    plant(more="mqtt: {broker: 'mqtts://h', user: u, password_file: 'credential:x', version: 3.1.1}\n"),
    plant(more="journal: {keep: 72h, size: 2GiB}\ntick: 20ms\nalarms: {}\n"),
    plant(more="timezone: America/Toronto\n"),
    plant(more="commands: {allow: [alarms, drill, replay], fresh: 1m}\n"),
    plant(more="commands: {allow: []}\n"),
    plant(more="alarm_settings: {comm: false, signals: {priority: low}, flood: {begin: 10, end: 5}, "
               "max_shelve: 8h}\n"),
    alarm("above: 1.2, clear: 1.0, for: 5s, priority: high, about: Water rising"),
    alarm("below: 20 cm, deadband: 0.1, samples: 2, shelve: 2h, realarm: 30m, tarp: 4"),
    alarm("rises: 0.5, within: 10m, latch: true, ack: false, group: floods"),
    "\n".join(line.replace("areas: {mill: Mill}", "areas: {mill: Mill, dam: {title: Dam, "
                           "neighbours: [mill]}}") for line in plant().split("\n")),
    leak("balance", POND),
    leak("balance", POND + ", rain: {tag: mill/p/rain, catchment: 12 ha, runoff: 50%, lag: 3h}, "
         "evaporation: 4 mm/d, mask: [mill/p/s.run], proof: {every: 180d, last: 2026-05-01}"),
    leak("balance", "profile: pipe, in: [mill/p/flow], out: [{flow: mill/p/flow2, run: mill/p/s.run, "
         "accuracy: 0.5%}], nominal: 300 m3/h, c: 7, hold: 3m, k: 1 m3/h"),
    leak("demand", "in: [{flow: mill/p/flow}], learn: 14d"),
    leak("demand", "flow: mill/p/flow, level: mill/p/level, surface: 201 m2"),
    leak("idle", "level: mill/p/level, area_m2: 201, inlet: mill/p/s.run, min: 0.2 m3/h"),
    leak("sump", "level: mill/p/level, area_m2: 6, float: mill/p/s.wet, "
         "pumps: [{run: mill/p/s.run, capacity: 40 m3/h}]"),
    leak("limit", "tag: mill/p/level, hh: 3, h: 2.5 m, l: 0.5, deadband: 0.1, for: 10s, off_for: 10s"),
    leak("roc", "tag: mill/p/level, by: 0.5, within: 10m, direction: rising"),
    leak("shift", "tag: mill/p/flow, k: 1, h: 20"),
    leak("switch", "inputs: [mill/p/s.wet, mill/p/s.run], vote: 2oo2, debounce: 2s, "
         "normally_closed: true, blind_after: 5m"),
    leak("weir", "head: mill/p/level, angle: 90, zero: 0.01 m, high: 30 m3/h"),
    leak("freeboard", "level: mill/p/level, crest: 6.0 m, min: 1.0 m"),
    plant(more="equipment: {c: {class: crusher, area: mill, floor: 0.4 m, water: mill/p/level, "
               "running: mill/p/s.run, checks: {a: {tag: mill/p/level, high: 1}, "
               "b: {sign: value, low: 1, unit: MOhm}}}}\n"),
    plant(more="incidents: {bulletins: {every: 4h, first: 1h for 6h}, capture: off, basins: {pit: "
               "{area: mill, level: mill/p/level, surface: 100 m2, target: 5 cm, "
               "pumps: [{run: mill/p/s.run, capacity: 90 m3/h}], wet: [mill/p/s.wet]}}}\n"),
]

BAD_PLANTS = [
    "format: 1\n" + REST,
    HEAD + "lines: {}\nareas: {mill: M}\ndevices: {}\n",
    plant("plc: {connect: 'udp://h'}"),
    plant("plc: {connect: 'rtu+tcp://h'}"),
    plant("plc: {connect: 'rtu://ttyS0'}"),
    plant("plc: {timeout: 1s}"),
    plant("plc: {connect: 'rtu:///dev/ttyS0', baud: 19201}"),
    plant("plc: {connect: 'rtu:///dev/ttyS0', parity: E}"),
    plant("plc: {connect: 'rtu:///dev/ttyS0', data: 7}"),
    plant("plc: {connect: 'tcp://h', timeout: 500}"),
    plant("plc: {connect: 'tcp://h', silent_share: lots}"),
    plant(device="{map: m, line: plc, unit: 256, area: mill}"),
    plant(device="{map: ../m, line: plc, unit: 1, area: mill}"),
    plant(device="{map: /m, line: plc, unit: 1, area: mill}"),
    plant(device="{map: m, line: plc, area: mill}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, evry: 1s}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, history: some}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, tags: {level: {skale: 2}}}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, tags: [level]}"),
    plant(device="{map: m, line: plc, unit: 1, area: mill, timezone: 5}"),
    plant(more="mqtt: {broker: 10.0.0.1}\n"),
    plant(more="mqtt: {broker: 'mqtt://u:p@h'}\n"),
    plant(more="mqtt: {broker: 'mqtts://h', user: u, password: x}\n"),
    plant(more="mqtt: {broker: 'mqtts://h', password_file: x}\n"),
    plant(more="mqtt: {version: 4}\n"),
    plant(more="mqtt: {window: 5000}\n"),
    plant(more="mqtt: {publish: [alarms]}\n"),
    plant(more="journal: {keep: 3}\n"),
    plant(more="derived: {a/b: {of: {a: mill/p/flow}, is: a}}\n"),
    plant(more="commands: {allow: [akc]}\n"),
    plant(more="commands: {allow: ack}\n"),
    plant(more="commands: {allow: [ack], fresh: 30}\n"),
    plant(more="derived: {mill/x/y: {is: a}}\n"),
    plant(more="derivd: {}\n"),
    HEAD + REST.replace("mill: Mill", "gateway: G, mill: Mill"),
    HEAD + REST.replace("mill: Mill", "mill: {titel: Mill}"),
    plant(more="alarm_settings: {comm: {priority: urgent}}\n"),
    plant(more="alarms: {mill/a: {tag: mill/p/level, above: 1}}\n"),
    alarm("priority: low"),
    alarm("above: 1, below: 0"),
    alarm("above: high"),
    alarm("rises: 1"),
    alarm("above: 1, within: 10m"),
    alarm("above: 1, clear: 0.5, deadband: 0.1"),
    alarm("above: 1, priority: critical, about: A"),
    alarm("above: 1, priority: high"),
    alarm("above: 1, tarp: 5"),
    plant(more="leaks: {x: {area: mill, about: A}}\n"),
    leak("balanse", POND),
    leak("balance", POND, ""),
    leak("balance", POND.replace("pond", "pipe")),
    leak("balance", POND.replace("stage: [[0, 0], [4, 90000]], ", "")),
    leak("balance", POND.replace(", nominal: 420 m3/h", "")),
    leak("balance", POND.replace("420 m3/h", "420")),
    leak("balance", POND.replace("[4, 90000]", "4")),
    leak("balance", POND + ", angle: 90"),
    leak("demand", "nominal: 1 m3/h"),
    leak("idle", "level: mill/p/level, area_m2: 201"),
    leak("sump", "level: mill/p/level, area_m2: 6, pumps: []"),
    leak("limit", "tag: mill/p/level"),
    leak("roc", "tag: mill/p/level, by: 1"),
    leak("switch", "vote: 1"),
    leak("switch", "inputs: [mill/p/s.wet], vote: most"),
    leak("weir", "head: mill/p/level, angle: 120"),
    leak("weir", "head: mill/p/level, angle: 90, width: 2 m"),
    leak("freeboard", "level: mill/p/level, crest: 6.0 m"),
    plant(more="equipment: {c: {class: crushr, area: mill}}\n"),
    plant(more="equipment: {c: {class: crusher, area: mill, floor: 0.4 m}}\n"),
    plant(more="equipment: {c: {class: mill, area: mill, checks: {a: {tag: mill/p/level}}}}\n"),
    plant(more="incidents: {bulletins: {first: 1h}}\n"),
    plant(more="incidents: {basins: {pit: {area: mill}}}\n"),
]


def properties(s, at=""):
    """Every key that an editor can offer, with where it stands."""
    if isinstance(s, dict):
        for key, value in s.items():
            if key == "properties" and at.rsplit("/", 1)[-1] != "properties" and not re.search("/(then|if|allOf)(/|$)", at):
                for name, inner in value.items():
                    yield f"{at}/{name}", inner
            yield from properties(value, f"{at}/{key}")
    elif isinstance(s, list):
        for i, value in enumerate(s):
            yield from properties(value, f"{at}/{i}")


@pytest.mark.parametrize("validator", [MAP, PLANT], ids=["map", "plant"])
def test_every_key_is_described_in_a_line(validator):
    bare = [at for at, s in properties(validator.schema)
            if not 0 < len(s.get("description", "")) < 500 or "\n" in s["description"]]
    assert bare == []


def test_editors_can_complete_the_keys_of_tags():
    """What stands in one of several alternatives is offered badly, or not at all."""
    for validator, name in ((MAP, "tag"), (PLANT, "device_tag")):
        tag = validator.schema["definitions"][name]
        assert not {"anyOf", "oneOf", "allOf"} & set(tag)
        assert len(tag["properties"]) > 40
        assert not any({"anyOf", "oneOf"} & set(s) for s in tag["properties"].values())


def test_a_device_says_of_its_tags_what_a_map_says():
    mine, maps = (dict(v.schema["definitions"][n]) for v, n in ((PLANT, "device_tag"), (MAP, "tag")))
    mine.pop("description"), maps.pop("description")
    assert mine == maps
    for name in ("duration", "pair", "order", "name"):
        assert PLANT.schema["definitions"][name] == MAP.schema["definitions"][name]


def keys_of(source, begin, end):
    text = (ROOT / source).read_text()
    text = text[text.index(begin):]
    return set(re.findall(r'(?:FIELD|LIMIT)\("?([a-z_]+)', text[:text.index(end)]))


def test_the_schema_knows_every_key_of_the_reader():
    known = MAP.schema["properties"]
    assert set(known) == keys_of("gateway/config/map.c", "map_fields[]", "};")
    assert set(known["limits"]["properties"]) == keys_of("gateway/config/map.c", "LIMIT(max_reg", "};")
    tag = MAP.schema["definitions"]["tag"]["properties"]
    assert set(tag) == keys_of("gateway/config/map_tag.c", "tag_fields[]", "};")
    device = PLANT.schema["definitions"]["device"]["properties"]
    assert set(device) == keys_of("gateway/config/plant_device.c", "fields[] = {", "};")


def words_of(source, name):
    text = (ROOT / source).read_text()
    text = text[re.search(rf"\b{name}\[[A-Z0-9_]*\] = {{", text).end():]
    return set(re.findall(r'"([^"]+)"', text[:text.index("};")]))


@pytest.mark.parametrize("key,source,name", [
    ("type", "map_type", "type_names"), ("format", "map_type", "time_names"),
    ("kind", "map_looks", "kind_names"), ("read", "map_parts_of", "read_modes"),
    ("verified", "map", "verified_words"),
])
def test_the_schema_knows_every_word_of_the_reader(key, source, name):
    words = MAP.schema["definitions"]["tag"]["properties"][key]["enum"]
    assert set(words) - {"off"} == words_of(f"gateway/config/{source}.c", name)


def reader_accepts(tmp_path, text, kind):
    (tmp_path / "maps").mkdir(exist_ok=True)
    (tmp_path / "maps/m.yaml").write_text(
        tags("flow: {at: input 0, type: f32, unit: m3/h}\n"
             "flow2: {at: input 2, type: f32, unit: L/min}\n"
             "level: {at: input 4, type: f32, unit: m, valid: [0, 4]}\n"
             "rain: {at: input 6, type: f32, unit: mm/h}\n"
             "s: {at: input 8, type: u16, bits: {0: run, 1: wet}}") +
        "examples: [{given: {input 0: [0, 0]}, expect: {flow: 0}}]\n")
    path = tmp_path / f"{kind}.yaml"
    path.write_text(text)
    done = subprocess.run([HEADGATE, "check", "--maps", tmp_path / "maps", path],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0, done.stdout


CASES = ([("map", text, True) for text in GOOD_MAPS] + [("map", text, False) for text in BAD_MAPS] +
         [("plant", text, True) for text in GOOD_PLANTS] +
         [("plant", text, False) for text in BAD_PLANTS])


@pytest.mark.parametrize("kind,text,good", CASES)
def test_schema_knows_good_from_bad(kind, text, good):
    found = complaints(MAP if kind == "map" else PLANT, load(text))
    assert (found == []) == good, found


@pytest.mark.skipif(HEADGATE is None, reason="HEADGATE does not name the program")
@pytest.mark.parametrize("kind,text,good", CASES)
def test_the_reader_agrees(tmp_path, kind, text, good):
    accepted, told = reader_accepts(tmp_path, text, kind)
    assert accepted == good, told


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))
