# SPDX-License-Identifier: Apache-2.0
"""`headgate replay` and `headgate explain`: a recorded history through the watch room, as users type it;
and the public recordings, where they lie beside the checkout."""
import csv
import json
import os
import random
import subprocess
import time

import pytest
import rig
import yaml

VECTORS = rig.CHECKOUT.parent / "shared" / "data" / "vectors"
ENVIRONMENT = {**os.environ, "HEADGATE_MAPS": str(rig.CHECKOUT / "maps"), "XDG_STATE_HOME": "/nowhere"}
START = 1_699_920_000_000               # a midnight
MINUTE, HOUR = 60_000, 3_600_000
TAGS = {"level": "m", "qin": "m3/h", "qout": "m3/h", "rain": "mm/h"}
MAP = {"format": 1, "title": "Recorded", "source": ["tests/live"], "verified": "invented",
       "tags": {name: {"at": f"holding {2 * i}", "type": "f32", "unit": unit} for i, (name, unit) in enumerate(TAGS.items())}
       | {name: {"at": f"coil {i}", "type": "bool"} for i, name in enumerate(["pump", "fill", "draw"])}}
SAID = {"area": "plant", "priority": "high", "response": "Look", "consequence": "Wet feet"}
TANK = {"kind": "balance", "profile": "tank", "level": "plant/dev/level", "surface": "200 m2",
        "in": [{"flow": "plant/dev/qin"}], "out": [{"flow": "plant/dev/qout"}], "nominal": "20 m3/h", "learn": "24h", **SAID}


def run(*words, seconds=60):
    return subprocess.run([rig.binary(), *map(str, words)], capture_output=True, text=True, timeout=seconds * rig.PATIENCE,
                          env=ENVIRONMENT, check=False, stdin=subprocess.DEVNULL)


def plant(directory, leaks, port=1, **more):
    return rig.write_plant(directory, port, {"l": {"connect": "tcp://127.0.0.1:1", "timeout": "200ms"}},
                           {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": "1s"}}, {"m": MAP},
                           leaks=leaks, **more)


def tank_rows(hours=80, leak_at=60, leak=4.0, seed=1):
    """A tank, filled while it is low and drawn from all day; from leak_at on it loses water."""
    dice, level, filling = random.Random(seed), 3.0, False
    for i in range(hours * 60):
        out = 10 + dice.gauss(0, 0.1)
        filling = level < 2.8 or (filling and level < 3.4)
        flow = 30.0 if filling else 0.0
        lost = leak if i >= leak_at * 60 else 0.0
        level += (flow - out - lost) / 60 / 200
        yield {"timestamp": START + i * MINUTE, "plant/dev/level": round(level + dice.gauss(0, 0.001), 4),
               "plant/dev/qin": round(flow, 2), "plant/dev/qout": round(out, 2), "leak": lost}


def write(path, rows, separator=","):
    rows = list(rows)
    with open(path, "w", newline="") as f:
        out = csv.DictWriter(f, rows[0], delimiter=separator)
        out.writeheader()
        out.writerows(rows)
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    where = tmp_path_factory.mktemp("recorded")
    return plant(where, {"tank": TANK}), write(where / "tank.csv", tank_rows())


def events(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def ons(lines, subject):
    return [e for e in lines if e.get("subject") == subject and e.get("change") == "on"]


@pytest.mark.parametrize("verb", ["replay", "explain"])
def test_the_verb_has_help_and_wants_its_words(verb, recorded):
    done = run(verb, "--help")
    assert done.returncode == 0 and "Usage" in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    for words in ([verb], [verb, recorded[0]], [verb, "--frobnicate"], [verb, recorded[0], "a", "b"]):
        done = run(*words)
        assert done.returncode == 2 and done.stderr, words


def test_a_leak_is_found_scored_and_told_as_events(recorded):
    done = run("replay", *recorded, "--truth", "leak")
    assert done.returncode == 0, done.stderr
    *lines, summary = events(done)
    assert [e["seq"] for e in lines] == list(range(1, len(lines) + 1))
    alarm = ons(lines, "plant/tank/leak")
    assert len(alarm) == 1
    assert START + 60 * HOUR < alarm[0]["timestamp"] < START + 66 * HOUR
    assert alarm[0]["alarm"]["priority"] == "high" and "m3" in alarm[0]["text"]
    (leak,) = summary["leaks"]
    assert summary["type"] == "summary" and summary["rows"] == 4800 and summary["samples"] == 3 * 4800
    assert (leak["alarms"], leak["false_alarms"], leak["true_leaks"], leak["found"]) == (1, 0, 1, 1)
    assert leak["median_delay_h"] == pytest.approx((alarm[0]["timestamp"] - START) / HOUR - 60, abs=0.02)
    assert summary["alarms"] == {"plant/tank/leak": 1}
    again = run("replay", *recorded, "--truth", "leak").stdout.splitlines()[:-1]
    assert again == done.stdout.splitlines()[:-1], "twice the same"


def test_quiet_says_only_the_summary(recorded):
    done = run("replay", *recorded, "--quiet")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 1
    assert "found" not in json.loads(done.stdout)["leaks"][0], "nobody said what is true"
    assert "samples a second" in done.stderr


def test_a_trace_has_a_row_of_each_point_for_each_row(recorded, tmp_path):
    done = run("replay", *recorded, "--truth", "leak", "--trace", tmp_path / "trace.csv")
    assert done.returncode == 0
    with open(tmp_path / "trace.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 4800 and {r["leak"] for r in rows} == {"tank"}
    assert rows[0]["state"] == "learning" and rows[0]["firing"] == "0"
    assert rows[-1]["firing"] == "1" and float(rows[-1]["rate"]) == pytest.approx(4, rel=0.2)
    assert float(rows[-1]["lost"]) == pytest.approx(80, rel=0.2) and float(rows[-1]["truth"]) == 4
    first = next(r for r in rows if r["firing"] == "1")
    (alarm,) = ons(events(done)[:-1], "plant/tank/leak")
    assert int(first["timestamp"]) <= alarm["timestamp"]
    assert run("replay", *recorded, "--trace", tmp_path / "no" / "trace.csv").returncode == 1


def story(done, since):
    """Incidents carry their year; alarms and leaks are the same in any."""
    assert done.returncode == 0, done.stderr
    return [(e["subject"], e["change"], e["timestamp"] - since) for e in events(done)[:-1] if e["type"] in ("alarm", "leak")]


def test_columns_may_have_other_names_and_shapes(recorded, tmp_path):
    path, original = recorded
    plain = story(run("replay", path, original, "--truth", "leak"), START)
    assert len(plain) > 4
    names = {"plant/dev/level": "LT 1", "plant/dev/qin": "FT 1", "plant/dev/qout": "FT 2", "leak": "leak"}
    rows = [{"t_s": (r["timestamp"] - START) // 1000, **{names[k]: r[k] for k in names}} for r in tank_rows()]
    named = [w for k, v in names.items() if k != "leak" for w in ("--column", f"{v}={k}")]
    assert story(run("replay", path, write(tmp_path / "named.csv", rows, ";"), "--truth", "leak", *named), 0) == plain
    stamps = [{"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(r["timestamp"] / 1000)),
               **{k: v for k, v in r.items() if k != "timestamp"}} for r in tank_rows()]
    assert story(run("replay", path, write(tmp_path / "stamps.csv", stamps), "--truth", "leak"), START) == plain
    assert run("replay", path, original, "--column", "nonsense").returncode == 2


@pytest.mark.parametrize("text,words", [
    ("", "empty"),
    ("when,plant/dev/level\n1,2\n", "first column"),
    ("timestamp,plant/dev/lefel\n1,2\n", "no column is named by a tag"),
    ("timestamp,plant/dev/level,plant/dev/level\n1,2,3\n", "two columns of one tag"),
])
def test_a_recording_that_makes_no_sense_is_refused_with_its_place(recorded, tmp_path, text, words):
    bad = tmp_path / "bad.csv"
    bad.write_text(text)
    done = run("replay", recorded[0], bad)
    assert done.returncode == 1 and not done.stdout
    assert words in done.stderr and "bad.csv:" in done.stderr, done.stderr


def test_odd_rows_are_left_out_and_odd_fields_are_bad(recorded, tmp_path):
    lines = recorded[1].read_text().splitlines()
    lines[100] = "yesterday" + lines[100][lines[100].index(","):]
    lines[200] = lines[100 + 50]                 # back in time
    fields = lines[300].split(",")
    lines[300] = ",".join([fields[0], "Bad Input", *fields[2:]])
    lines[400] = lines[400].split(",")[0]        # a row cut short is a row without samples
    (tmp_path / "odd.csv").write_text("# from the historian\r\n" + "\r\n".join(lines) + "\r\n")
    done = run("replay", recorded[0], tmp_path / "odd.csv")
    assert done.returncode == 0, done.stderr
    assert "no time: `yesterday`" in done.stderr and "not after" in done.stderr
    summary = events(done)[-1]
    assert summary["rows"] == 4798 and summary["samples"] == 3 * 4797
    assert len(ons(events(done)[:-1], "plant/tank/leak")) == 1


def test_files_that_are_missing_or_wrong_are_no(recorded, tmp_path):
    path, original = recorded
    for words in ((path, tmp_path / "none.csv"), (tmp_path / "none.yaml", original), (path, original, "--truth", "lake")):
        done = run("replay", *words)
        assert done.returncode == 1 and done.stderr, words
    text = yaml.safe_load(path.read_text())
    text["leaks"]["tank"]["nominal"] = "20 kg"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(text))
    (tmp_path / "maps").symlink_to(path.parent / "maps")
    done = run("replay", wrong, original)
    assert done.returncode == 1 and "wrong.yaml:" in done.stderr and "`kg`" in done.stderr


def test_what_was_learned_is_explained_and_used(stage):
    broker = stage.broker()
    path = plant(stage.directory / "plant", {"tank": TANK}, broker.port)
    history = write(stage.directory / "sound.csv", tank_rows(leak=0.0))
    fresh = json.loads(run("explain", path, "tank", "--json", "--state", stage.directory / "none").stdout)
    assert fresh["learned"] is False and fresh["point"]["learning_left_h"] > 23
    assert all(c["hours"] is None for c in fresh["curve"]), "who learns finds nothing"
    gateway = stage.gateway(path)
    done = run("replay", path, history, "--quiet", "--state", gateway.state)
    assert done.returncode == 0, done.stderr
    known = json.loads(run("explain", path, "tank", "--json", "--state", gateway.state).stdout)
    assert known["learned"] is True and known["point"]["learning_left_h"] == 0
    assert known["point"]["sigma"] > 0
    hours = [c["hours"] or 1e9 for c in known["curve"]]
    assert hours == sorted(hours, reverse=True) and hours[-1] < 24
    words = run("explain", path, "tank", "--state", gateway.state)
    assert words.returncode == 0 and "is found in about" in words.stdout and "Nothing learned" not in words.stdout
    done = run("explain", path, "tnak", "--state", gateway.state)
    assert done.returncode == 1 and "did you mean `tank`" in done.stderr
    recorder = stage.recorder(broker.port)
    gateway.start()
    m = recorder.wait("/leak/tank", 10)
    assert m.json["learning_left_h"] == 0 and m.json["sigma"] == pytest.approx(known["point"]["sigma"])
    other = yaml.safe_load(path.read_text())
    other["leaks"]["tank"]["surface"] = "100 m2"
    path.write_text(yaml.safe_dump(other))
    assert "another version" in run("explain", path, "tank", "--state", gateway.state).stdout


COLUMNS = {"level_m": "level", "qin_m3h": "qin", "qout_m3h": "qout", "rain_mmh": "rain", "pump": "pump", "fill_pump": "fill",
           "draw": "draw"}
FLOWS = {"in": [{"flow": "plant/dev/qin"}], "out": [{"flow": "plant/dev/qout"}]}
POND = {"kind": "balance", "profile": "pond", "level": "plant/dev/level", **FLOWS, "nominal": "420 m3/h",
        "stage": [[0, 0], [1, 24000], [2, 54000], [3, 90000], [4, 132000], [5, 180000], [6, 234000]],
        "rain": {"tag": "plant/dev/rain", "catchment": "120000 m2", "runoff": 0.5, "lag": "3h"}, **SAID}
PIPE = {"kind": "balance", "profile": "pipe", "in": [{"flow": "plant/dev/qin", "run": "plant/dev/pump"}],
        "out": FLOWS["out"], "nominal": "300 m3/h", **SAID}
SUMP = {"kind": "sump", "level": "plant/dev/level", "surface": "6 m2",
        "pumps": [{"run": "plant/dev/pump", "capacity": "40 m3/h"}], **SAID}
PUBLIC = {"pond_normal": POND, "pond_leak100": POND, "pipe_leak2pct": PIPE, "sump_inflow15": SUMP,
          "tank_normal": {**TANK, "surface": "201 m2", "nominal": "19.5 m3/h", "learn": "72h"}}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_recordings_are_judged_as_expected(tmp_path, name):
    if not (VECTORS / "expected.json").exists():
        pytest.skip(f"no recordings at {VECTORS}")
    expected = json.loads((VECTORS / "expected.json").read_text())[name]
    named = [w for k, v in COLUMNS.items() for w in ("--column", f"{k}=plant/dev/{v}")]
    path = plant(tmp_path, {"p": PUBLIC[name]})
    done = run("replay", path, VECTORS / f"{name}.csv", *named)
    assert done.returncode == 0, done.stderr
    *lines, summary = events(done)
    found = ons(lines, "plant/p/leak")
    began = expected["leak_start_s"]
    if began is None:
        assert not found, found[0]["text"]
        return
    blocks = [b for series in expected.get("alarms_block_index", {}).values() for b in series]
    assert found and found[0]["timestamp"] >= began * 1000
    assert len(found) == 1, "a leak that never stops is one alarm, also where the pipe stands now and then"
    if blocks:
        assert found[0]["timestamp"] <= (min(blocks) + 1) * expected["step_s"] * 1000
    else:
        assert found[0]["timestamp"] <= (began + 12 * 3600) * 1000
    print(f"{name}: found after {found[0]['timestamp'] / HOUR - began / 3600:.2f} h; "
          f"{summary['samples_per_s']:.0f} samples a second")
