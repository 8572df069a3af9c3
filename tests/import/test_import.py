# SPDX-License-Identifier: Apache-2.0
"""One list for each format, with the traps of it: what becomes of them, and that the tags mean what
the list meant. The raw words and values below were worked out by hand from the lists."""
import json
import os
import pathlib
import subprocess

import pytest

LISTS = pathlib.Path(__file__).parent / "lists"

# format, file, options, {map: examples}, what must be told
CASES = [
    ("kepware", "kepware.csv", "--base 1 --order CDAB --bit-base 0 --zeros kept", {"kepware": """
  - {given: {holding 341: [15000]}, expect: {P101.Speed: 1500.0}}
  - {given: {holding 119: [0x0008]}, expect: {P101.Leak: true}}
  - {given: {holding 199: [0x0000, 0x45D8]}, expect: {P101.Flow.linear: 0.25, P101.Flow: 125.0}}
  - {given: {holding 209: [0x4240, 0x000F]}, expect: {P101.Total: 1000000}}
  - {given: {input 30: [500]}, expect: {P101.Power: -50.0}}
  - {given: {coil 11: [1], discrete 2: [0]}, expect: {P101.Run: true, P101.Tripped: false}}
  - {given: {holding 99: [0x5035, 0x3030, 0, 0]}, expect: {P101.Model: P500}}
  - {given: {input 100: [1, 0xFFFB, 3]}, expect: {P101.Temps_0: 1, P101.Temps_1: -5, P101.Temps_2: 3}}
  - {given: {holding 499: [0x1234, 0x5678, 0x1234]}, expect: {P101.Mode: 1234, p101.mode_2: 12345678}}
"""}, ["kepware.csv:14: skipped: P101.Start: write only", "kepware.csv:5: P101.Flow: its clamp",
       "kepware.csv:17: skipped: P101.Enron1", "kepware.csv:18: skipped: P101.Enron2", "14 tags, 5 skipped, 1 renamed"]),
    ("csv", "maker.csv", "--base 40001 --scaling multiply --order ABCD", {"maker": """
  - {given: {holding 100: [0x0001, 0x86A0]}, expect: {Flow_gross: 1000.00}}
  - {given: {holding 102: [0x447A, 0x0000]}, expect: {Density: 1000.0}}
  - {given: {holding 104: [0xFFFF, 2]}, expect: {Voltage_L1: -0.1, Status: tripped}}
  - {given: {holding 107: [7], input 10: [215]}, expect: {Electrical.Voltage_L1: 0.7, Temperature: 21.5}}
  - {given: {holding 119: [1, 0]}, expect: {Energy: 65536}}
"""}, ["maker.csv:6: skipped: a title: Electrical", "maker.csv:9: skipped: Reserved: reserved",
       "maker.csv:12: skipped: Shifted: the two columns", "maker.csv:13: skipped: Damaged", "7 tags, 9 skipped, 4 renamed"]),
    ("csv", "orders.csv", "--base 40001 --order ABCD", {"orders": """
  - {given: {holding 1: [0x0001, 0x0000]}, expect: {Serial_number: 65536}}
  - {given: {holding 9: [0x0000, 0x40E8], holding 11: [0x40E8, 0x0000]}, expect: {Turbidity: 7.25, pH: 7.25}}
  - {given: {holding 13: [215], holding 15: [0x0001, 0x0000]}, expect: {Temperature: 21.5, Totaliser: 6553.6}}
  - {given: {holding 39: [0x0000, 0x0000, 0x0000, 0x4024]}, expect: {Volume: 10.0}}
"""}, ["orders.csv:10: skipped: Odd: `upside down` is no order of bytes", "orders.csv:8: skipped: reserved: reserved",
       "orders.csv:9: skipped: Wide: `UINT16` takes 1 register, but the list says 5", "6 tags, 3 skipped"]),
    ("csv", "open.csv", "--base 40001 --unit 1 --scaling divide --order ABCD,AB"
     " --columns other=Offset,decimals=Decimals,characters=Size", {"open": """
  - {given: {holding 100: [1234]}, expect: {Flow: 123.4}}
  - {given: {holding 101: [13824]}, expect: {Level: 5.0}}
  - {given: {holding 102: [0xFFFF, 0xFF9C, 2, 0x8008]}, expect: {Power: -10.0, Mode: Auto, Alarms: 32776}}
  - {given: {holding 106: [0x5035, 0x3000, 0, 0, 0, 0, 0, 0], holding 114: [250]}, expect: {Serial: P50, Dose: 2.50}}
  - {given: {input 10: [7], discrete 11: [1], coil 12: [1]}, expect: {Door: 7, Hatch: true, Pump: true}}
"""}, ["open.csv:6: Alarms: `0=Ready; 3=Fault` names bits", "open.csv:9: skipped: Pressure: `27,648`",
       "open.csv:10: skipped: Half", "open.csv:11: skipped: Shifted",
       "open.csv:15: skipped: Flow: of unit 2", "10 tags, 4 skipped, 0 renamed"]),
    ("neuron", "neuron.csv", "--base 1 --order ABCD,LB=CDAB", {"unit_1": """
  - {given: {holding 0: [2500]}, expect: {level: 15.00}}
  - {given: {holding 2: [0x0010]}, expect: {running: true}}
  - {given: {holding 3: [0x0000, 0x42C8, 0x0001, 0x0000]}, expect: {flow: 100.0, total: 65536}}
  - {given: {holding 9: [0x3150, 0, 0, 0]}, expect: {model: P1}}
  - {given: {input 0: [9], coil 0: [1]}, expect: {mill.level: 9, gate: true}}
"""}, ["neuron.csv:11: skipped: far: beyond address 65535", "neuron.csv:7: level: renamed to mill.level",
       "7 tags, 3 skipped, 1 renamed"]),
    ("modpoll", "modpoll.csv", "", {"pump101": """
  - {given: {holding 100: [0x0101]}, expect: {status_word.b0: true, status_word.b1: false, status_word.b8: true}}
  - {given: {holding 101: [1234, 0x0001, 0x0002]}, expect: {speed: 123.4, hours: 65538}}
  - {given: {input 40000: [0x0000, 0x803F, 0x1234]}, expect: {pressure: 1.0, raw: 13330}}
  - {given: {coil 24: [0, 1, 0, 0, 0, 0, 0, 1]}, expect: {valves_0: false, valves_1: true, valves_7: true}}
"""}, ["modpoll.csv:10: skipped: wrong: scale `ten`", "modpoll.csv:15: skipped: unordered", "14 tags, 6 skipped, 1 renamed"]),
    ("telegraf", "telegraf.conf", "", {"Device": """
  - {given: {holding 8: [0xFF9C]}, expect: {power_factor: -1.00}}
  - {given: {holding 5: [0x86A0, 0x0001]}, expect: {energy: 100.000}}
  - {given: {holding 20: [0x0000, 0x000A]}, expect: {old: 1.0}}
  - {given: {holding 22: [0x803F, 0x0000]}, expect: {"true": 1.0}}
  - {given: {holding 24: [0xFE01, 0x0800]}, expect: {half: -2, bit: true}}
  - {given: {holding 30: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]}, expect: {apart: 65538}}
  - {given: {holding 50: [0x4142, 0x4344]}, expect: {label: ABCD}}
""", "gw_3": """
  - {given: {input 0: [0x0201]}, expect: {voltage: 25.8}}
  - {given: {input 5: [0x0000, 0x0040]}, expect: {energy: 1.0}}
""", "meters_4": """
  - {given: {holding 16: [0, 0, 1, 0], discrete 7: [1]}, expect: {total: 655.36, door: true}}
"""}, ["telegraf.conf:39: skipped: power: omit = true", "telegraf.conf:18: old: FLOAT32", "13 tags, 2 skipped, 0 renamed"]),
    ("ignition", "ignition.json", "--base 1 --order CDAB,GHEFCDAB,AB", {"PLC1_3": """
  - {given: {holding 99: [15000, 0x0400]}, expect: {Pumps.P1.Speed: 1500.0, Pumps.P1.Running: true}}
  - {given: {holding 101: [1, 0, 0, 0]}, expect: {Pumps.P1.Energy: 1}}
  - {given: {input 4: [600]}, expect: {Pumps.Level: bad}}
  - {given: {input 6: [0x0000, 0x41C8]}, expect: {Pumps.Flow: 25.0}}
  - {given: {holding 499: [0x4142, 0x4300], discrete 8: [1]}, expect: {Pumps.Model: ABC, Pumps.Float_switch: true}}
"""}, ["ignition.json:20: skipped: Pumps.Calc", "ignition.json:28: skipped: Pumps.Off: disabled", "8 tags, 4 skipped, 1 renamed"]),
    ("wirenboard", "wirenboard.json", "", {"wirenboard": """
  - {given: {input 16: [2981]}, expect: {Temperature: 24.95}}
  - {given: {input 16: [0x7FFF]}, expect: {Temperature: {bad: error value}}}
  - {given: {input 20: [0x03E8, 0x0000]}, expect: {energy: 1.000}}
  - {given: {holding 30: [0x0A08, 3]}, expect: {field: 10, bit: true, mode: Auto}}
  - {given: {holding 40: [0x803F, 0x0000]}, expect: {swapped: 1.0}}
  - {given: {holding 250: [0x31, 0x32, 0, 0], coil 0: [1]}, expect: {fw: "12", relay: true}}
"""}, ["wirenboard.json:16: skipped: small", "wirenboard.json:5: skipped: unlock", "8 tags, 5 skipped, 0 renamed"]),
]
IDS = [case[1] for case in CASES]


def headgate(*words, **options):
    return subprocess.run([os.environ["HEADGATE"], *map(str, words)], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False, **options)


@pytest.mark.parametrize("form, file, options, maps, told", CASES, ids=IDS)
def test_tags_mean_what_the_list_meant(form, file, options, maps, told, tmp_path):
    done = headgate("import", form, file, "-o", tmp_path, *options.split(), cwd=LISTS)
    assert done.returncode == 0, done.stderr
    for words in told:
        assert words in done.stderr
    assert {p.stem for p in tmp_path.iterdir()} - {"plant-piece"} == set(maps)
    for name, examples in maps.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(path.read_text() + "examples:" + examples)
        checked = headgate("check", "--json", path)
        sums = json.loads(checked.stdout)
        # That there should be more examples is for those who know the equipment.
        assert checked.returncode == 0, checked.stdout
        assert not [d for d in sums["diagnostics"] if not d["text"].startswith("the map has")], checked.stdout
        assert sums["examples"] == examples.count("given:")


@pytest.mark.parametrize("form, file, options, maps, told", [c for c in CASES if c[2]], ids=[c[1] for c in CASES if c[2]])
def test_nothing_is_guessed(form, file, options, maps, told):
    words = options.split()
    for i in range(0, len(words), 2):
        done = headgate("import", form, file, *words[:i], *words[i + 2:], cwd=LISTS)
        assert done.returncode == 2 and not done.stdout, (words[i], done.stderr)
        assert "does not say" in done.stderr and words[i] in done.stderr and "row " in done.stderr


def spoilt(text):
    yield "utf-8-sig", text.encode("utf-8-sig")
    yield "utf-16-le", b"\xff\xfe" + text.encode("utf-16-le")
    yield "utf-16-be", b"\xfe\xff" + text.encode("utf-16-be")
    yield "windows", text.encode("cp1252")
    yield "dos", text.replace("\n", "\r\n").encode()
    yield "mac", text.replace("\n", "\r").encode()
    yield "tabs", text.replace(";", "\t").encode()


def test_a_list_is_the_same_in_all_encodings(tmp_path):
    options = CASES[1][2].split()
    want = headgate("import", "csv", LISTS / "maker.csv", *options).stdout
    assert "Temperature" in want
    for name, text in spoilt((LISTS / "maker.csv").read_text()):
        path = tmp_path / name / "maker.csv"
        path.parent.mkdir()
        path.write_bytes(text)
        assert headgate("import", "csv", path, *options).stdout == want, name


def test_a_piece_of_a_plant_fits_into_one(tmp_path):
    maps = tmp_path / "maps"
    assert headgate("import", "telegraf", LISTS / "telegraf.conf", "-o", f"{maps}/").returncode == 0
    piece = (maps / "plant-piece.yaml")
    plant = tmp_path / "plant.yaml"
    plant.write_text("format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1\", root: r}\n" + piece.read_text())
    piece.unlink()
    checked = headgate("check", plant)
    assert checked.returncode == 0, checked.stdout


def test_files_are_not_written_over(tmp_path):
    out = tmp_path / "map.yaml"
    words = ["import", "wirenboard", LISTS / "wirenboard.json", "-o", out]
    assert headgate(*words).returncode == 0
    out.write_text("mine")
    done = headgate(*words)
    assert done.returncode == 1 and "--force" in done.stderr and out.read_text() == "mine"
    assert headgate(*words, "--force").returncode == 0 and "Temperature" in out.read_text()


def test_what_is_no_file_is_not_replaced(tmp_path):
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_text("mine")
    link.symlink_to(file)
    for place in (pipe, link):
        answer = headgate("import", "wirenboard", LISTS / "wirenboard.json", "--force", "-o", place)
        assert answer.returncode == 1 and "is no ordinary file" in answer.stderr, answer
    assert pipe.is_fifo() and link.is_symlink() and file.read_text() == "mine" and len(list(tmp_path.iterdir())) == 3


def test_all_files_are_written_or_none(tmp_path):
    (tmp_path / "meters_4.yaml").write_text("mine")
    done = headgate("import", "telegraf", LISTS / "telegraf.conf", "-o", tmp_path)
    assert done.returncode == 1 and "--force" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["meters_4.yaml"]


def test_several_maps_need_a_folder():
    done = headgate("import", "telegraf", LISTS / "telegraf.conf")
    assert done.returncode == 2 and "3 maps" in done.stderr and not done.stdout


def test_nothing_that_comes_out_is_no(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Name,Address,Type\nReserved,1,INT\n")
    done = headgate("import", "csv", path, "--base", "0", "--table", "input")
    assert done.returncode == 1 and "0 tags, 1 skipped" in done.stderr and not done.stdout


@pytest.mark.parametrize("words", [["import"], ["import", "nonsense", "x"], ["import", "csv", "x", "--base", "7"],
                                   ["import", "csv", "x", "--base", "enron"], ["import", "csv", "x", "--order", "ABCE"],
                                   ["import", "csv", "x", "--table", "outputs"], ["import", "csv"]])
def test_wrong_usage_is_2(words):
    done = headgate(*words)
    assert done.returncode == 2 and done.stderr


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as f:
        f.truncate((16 << 20) + 1)
    done = headgate("import", "csv", path)
    assert done.returncode == 1 and "16 MB" in done.stderr


def test_a_long_list_takes_no_long_time(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("Name,Address,Type\n" + "".join(f"tag,{i % 60000},INT\n" for i in range(100000)))
    done = headgate("import", "csv", path, "--base", "0", "--table", "input")
    assert done.returncode == 1 and "split it" in done.stderr
    path.write_text("Name,Address,Type\n" + "".join(f"tag,{i % 60000},INT\n" for i in range(100001)))
    assert "more than 100000 rows" in headgate("import", "csv", path, "--base", "0", "--table", "input").stderr
