# SPDX-License-Identifier: Apache-2.0
"""What people type: exit status, JSON, and an end within two seconds whatever the world does."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
import rig
import yaml
from faultserver import constant

EXAMPLE = rig.CHECKOUT / "examples" / "lac-des-iles" / "plant.yaml"
ENVIRONMENT = {**os.environ, "HEADGATE_MAPS": str(rig.CHECKOUT / "maps")}


def run(*words, seconds=20, **options):
    return subprocess.run([rig.binary(), *map(str, words)], capture_output=True, text=True, timeout=seconds * rig.PATIENCE,
                          env=ENVIRONMENT, check=False, stdin=subprocess.DEVNULL, **options)


@pytest.fixture
def plant(stage):
    devices = stage.devices({"l": {"kind": "tcp", "units": [1, 2], "silent": [2]}})
    return stage.plant(rig.free_port(), {"l": {"connect": devices.where["l"], "timeout": "200ms"}},
                       {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "200ms"},
                        "dead": {"map": "few", "line": "l", "unit": 2, "area": "plant", "every": "200ms"}},
                       {"few": rig.words_map(8)})


@pytest.mark.parametrize("verb", ["run", "check", "plan", "sim", "read", "watch", "why"])
def test_each_verb_has_help(verb):
    done = run(verb, "--help")
    assert done.returncode == 0 and "Usage" in done.stdout


def test_wrong_usage_is_2():
    for words in ([], ["frobnicate"], ["check", "--frobnicate", EXAMPLE], ["plan"], ["read", EXAMPLE], ["run"], ["sim"]):
        done = run(*words)
        assert done.returncode == 2, f"{words}: {done.returncode} {done.stderr}"
        assert done.stderr


def test_what_can_not_be_printed_is_told_by_every_verb(plant, tmp_path):
    """The shell opens /dev/full: nobody else should create or replace it."""
    rows = tmp_path / "list.csv"
    rows.write_text("name,address,type\nflow,40001,u16\n")
    for words in (["plan", plant], ["plan", "-j", plant], ["check", plant], ["read", "-j", plant, "plant/dev"],
                  ["why", "-j", plant, "plant/dev/r0"], ["scan", "-j", "-u", "1", plant, "l"], ["docs", plant],
                  ["import", "csv", "--base", "40001", rows], ["--version"], ["--help"]):
        done = subprocess.run(["sh", "-c", '"$0" "$@" > /dev/full', rig.binary(), *map(str, words)], capture_output=True,
                              text=True, env=ENVIRONMENT, check=False, stdin=subprocess.DEVNULL, timeout=30 * rig.PATIENCE)
        told = [line for line in done.stderr.splitlines() if "standard output" in line]
        assert done.returncode == 1 and len(told) == 1, (words, done)


def test_programs_that_want_json_are_told_no_in_json(plant, tmp_path):
    closed = f"tcp://127.0.0.1:{rig.free_port()}"
    for words in (["read", plant, "plant/nix"], ["why", plant, "plant/dev/nix"], ["read", tmp_path / "none.yaml", "a/b"],
                  ["probe", "-w", "0", closed, "1", "0"], ["scan", "-u", "1", "rtu:///dev/null/nothing"],
                  *([*words, tmp_path / "none.yaml", *more] for words, more in (
                      (["plan"], []), (["explain"], ["x"]), (["watch"], []), (["scan"], ["l"]), (["probe"], ["l", "1", "0"]),
                      (["commission", "--status"], []))),
                  ["explain", plant, "nix"], ["scan", plant, "nix"], ["commission", plant, "plant/nix"], ["watch", "--for=1s", plant],
                  ["commission", "--by", "x", "--answers", tmp_path / "none", plant],
                  ["commission", "--status", "--record", tmp_path, plant], ["why", plant, "x" * 5000]):
        done = run(*words, "-j")
        assert done.returncode == 1 and done.stderr and json.loads(done.stdout)["error"], (words, done)
    for words, why in ((["probe", closed, "1", "2", "3"], "one UNIT and one ADDRESS"), (["probe", closed, "256", "1"], "'256' is no unit"),
                       (["probe", closed, "1", "x"], "'x' is no address"), (["scan", "tcp:/x"], "no address like"),
                       (["scan", "-u", "5-1", closed], "write units like")):
        done = run(*words, "-j")
        assert done.returncode == 2 and why in done.stderr and why in json.loads(done.stdout)["error"], (words, done)
    for flag in ("-e", "-r"):
        done = run("read", "-j", flag, plant, "plant/dev")
        assert done.returncode == 2 and "--json" in done.stderr and done.stdout == "", done


def test_a_device_without_its_area_is_known(plant):
    for words in (["why", plant, "dev/r0"], ["read", plant, "dev/r0"]):
        done = run(*words)
        assert done.returncode == 1 and "the area stands in front: plant/dev/r0" in done.stderr, done
    assert "the area stands in front: plant/dev\n" in run("read", plant, "dev").stderr


def test_a_map_is_no_plant_and_one_is_no_plural(plant):
    done = run("plan", next(plant.parent.glob("maps/*.yaml")))
    assert done.returncode == 1 and "this is a register map, and no plant file" in done.stderr, done
    assert done.stderr.count("error:") == 1, done
    words = yaml.safe_load(plant.read_text())
    del words["devices"]["dead"]
    plant.write_text(yaml.safe_dump(words))
    assert "\n1 line, 1 device, " in run("plan", plant).stdout
    assert ": 1 unit, one question at a time" in run("scan", "-u", "1", plant, "l").stderr


def test_what_can_not_be_kept_is_told_before_anybody_walks(plant, tmp_path):
    answers = tmp_path / "answers"
    answers.write_text("y\nq\n")
    words = ["commission", "--by", "anna", "--answers", answers, plant, "plant/dev"]
    kept = plant.with_name("plant.commission.jsonl")
    done = run(*words, "--record", tmp_path / "none" / "kept.jsonl")
    assert done.returncode == 1 and "none/kept.jsonl" in done.stderr and "--record FILE" in done.stderr, done
    assert "point 1" not in done.stdout
    done = run(*words, "--record", tmp_path / "kept.jsonl")
    assert done.returncode == 0 and "point 1" in done.stdout and not kept.exists(), done
    assert len((tmp_path / "kept.jsonl").read_text().splitlines()) == 1
    status = json.loads(run("commission", "--status", "--json", "--record", tmp_path / "kept.jsonl", plant).stdout)
    assert status["done"] == 1, status
    for state in (tmp_path / "none" / "state", answers):
        done = run("run", "--state", state, plant)
        assert done.returncode == 1 and str(state) in done.stderr and "--state DIR" in done.stderr, done


def test_a_folder_without_files_is_no_yes(tmp_path):
    done = run("check", tmp_path)
    assert done.returncode == 1 and done.stdout.startswith(f"{tmp_path}:1:1: error: there is no *.yaml file in there\n"), done
    done = run("check", "--json", tmp_path)
    told = json.loads(done.stdout)
    assert done.returncode == 1 and (told["files"], told["errors"]) == (0, 1), told
    assert told["diagnostics"][0]["text"] == "there is no *.yaml file in there"


def test_a_wrong_expression_is_told_along_with_other_mistakes(tmp_path):
    words = yaml.safe_load(EXAMPLE.read_text())
    words["gatewy"] = words.pop("gateway")
    name = next(iter(words["derived"]))
    words["derived"][name]["is"] = "r +"
    words["derived"]["tailings/pond/unknown"] = {"of": {"r": "tailings/pond/rain_rate"}, "is": "r * q"}
    bad = tmp_path / "plant.yaml"
    bad.write_text(yaml.safe_dump(words, sort_keys=False))
    (tmp_path / "maps").symlink_to(EXAMPLE.parent / "maps")
    done = run("check", bad)
    assert done.returncode == 1
    for part in ("did you mean `gateway`", "ends too early", "'q'"):
        assert part in done.stdout, done.stdout


def test_check_says_yes_to_what_is_shipped():
    done = run("check", EXAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr
    maps = sorted((rig.CHECKOUT / "maps").glob("*/*.yaml"))
    done = run("check", *maps)
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_reads_every_map_below_a_folder(tmp_path):
    done = run("check", "--strict", rig.CHECKOUT / "maps")
    assert done.returncode == 0, done.stdout + done.stderr
    count = len(list((rig.CHECKOUT / "maps").rglob("*.yaml")))
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(rf"{count} maps, \d+ tags, \d+ examples, 0 errors, 0 warnings", last), last
    (tmp_path / "v/deep").mkdir(parents=True)
    (tmp_path / "v/deep/base.yaml").write_text(yaml.safe_dump(
        {**rig.words_map(2), "source": "us",
         "examples": [{"given": {"holding 0": [i]}, "expect": {"r0": i}} for i in range(3)]}))
    over = tmp_path / "v/over.yaml"
    over.write_text("format: 1\nextends: deep/base\ntags: {r1: {unit: degC}}\n")
    done = run("check", tmp_path / "v")
    assert done.returncode == 0 and done.stdout.endswith("2 maps, 4 tags, 6 examples, 0 errors, 1 warning\n"), \
        done.stdout
    assert run("check", "--strict", tmp_path / "v").returncode == 1
    told = json.loads(run("check", "--json", tmp_path / "v").stdout)
    assert (told["maps"], told["plants"], told["errors"], told["warnings"]) == (2, 0, 0, 1)
    assert told["diagnostics"][0]["file"] == str(over) and "Cel" in told["diagnostics"][0]["text"]


def test_check_names_every_mistake_with_its_place(tmp_path):
    bad = tmp_path / "plant.yaml"
    bad.write_text("format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://127.0.0.1:1\", root: r}\n"
                   "lines:\n  a: {connect: \"tcp://127.0.0.1:502\", timeuot: 1s}\nareas: {x: X}\n"
                   "devices:\n  d: {map: no/such, line: b, unit: 999, area: y}\n")
    done = run("check", bad)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    places = set(re.findall(r"plant\.yaml:(\d+):\d+: error: ", said))
    assert {"6", "9"} <= places, said
    assert "timeout" in said, "did you mean"
    assert len(re.findall(r": error: ", said)) >= 4, f"timeuot, map, line, unit or area: {said}"
    assert run("check", tmp_path / "absent.yaml").returncode == 1
    broken = tmp_path / "broken.yaml"
    broken.write_text("format: 1\ntags: {a: {at: holding 1, type: u16}\n")
    done = run("check", broken)
    assert done.returncode == 1 and "broken.yaml:" in done.stdout + done.stderr


def test_two_gateways_of_a_site_that_tell_the_same_are_warned_of(tmp_path):
    plant = yaml.safe_load(EXAMPLE.read_text())
    for folder, gateway, site in (("one", "gw1", "s"), ("two", "gw2", "s"), ("three", "gw3", "t")):
        where = tmp_path / folder / "plant.yaml"
        shutil.copytree(EXAMPLE.parent, where.parent)
        where.write_text(yaml.safe_dump({**plant, "gateway": gateway, "site": site}, sort_keys=False))
    said = run("check", tmp_path / "one" / "plant.yaml", tmp_path / "three" / "plant.yaml").stdout
    assert "of this site" not in said and "so does" not in said
    said = run("check", *(tmp_path / f / "plant.yaml" for f in ("one", "two", "three"))).stdout
    assert said.count("is also a device of gateway `gw1`") == len(plant["devices"])
    assert said.count("so does `gw1` of the same site") == 1 and "0 errors" in said


def test_a_wrong_example_in_a_map_is_found(tmp_path):
    m = tmp_path / "map.yaml"
    m.write_text(yaml.safe_dump({**rig.words_map(2), "examples": [{"given": {"holding 0": [7]}, "expect": {"r0": 8}}]}))
    done = run("check", m)
    assert done.returncode == 1 and "r0" in done.stdout + done.stderr


def test_a_hostile_file_is_refused_at_once(tmp_path):
    bomb = tmp_path / "bomb.yaml"
    for text in ("[" * 200000, "a: &a [x]\n" + "".join(f"b{i}: &b{i} [{'*a, ' * 9}*a]\n" for i in range(2000)),
                 "tags:\n" + "".join(f"  t{i}: {{at: holding 1, type: u16}}\n" for i in range(200000))):
        bomb.write_text("format: 1\n" + text)
        begun = time.monotonic()
        done = run("check", bomb)
        assert done.returncode == 1 and time.monotonic() - begun < 1.0 * rig.PATIENCE, done.stderr[:300]


def test_json_of_check_and_plan():
    done = run("check", "--json", EXAMPLE)
    assert done.returncode == 0
    json.loads(done.stdout)
    done = run("plan", EXAMPLE)
    assert done.returncode == 0 and "holding" in done.stdout
    done = run("plan", "--json", EXAMPLE)
    assert done.returncode == 0
    text = json.dumps(json.loads(done.stdout))
    for line in yaml.safe_load(EXAMPLE.read_text())["lines"]:
        assert line in text


def test_read_asks_now(plant):
    done = run("read", plant, "plant/dev/r3")
    assert done.returncode == 0 and str(constant(1, 3, 3)) in done.stdout, done.stdout + done.stderr
    done = run("read", "--json", plant, "plant/dev")
    assert done.returncode == 0
    rows = json.loads(done.stdout)
    assert {r["tag"]: r["value"] for r in rows} == {f"r{a}": constant(1, 3, a) for a in range(8)}
    done = run("read", "--json", plant, "plant/dead/r3")
    assert done.returncode == 1, "nobody answers"
    assert all(r["quality"] != rig.GOOD for r in json.loads(done.stdout))
    done = run("read", plant, "plant/dve")
    assert done.returncode == 1 and "plant/dev" in done.stderr


def test_sim_plays_the_example_and_read_reads_it(stage, tmp_path):
    lines = tmp_path / "lines.yaml"
    sim = rig.Child([rig.binary(), "sim", EXAMPLE, "--lines", lines], tmp_path / "sim.log", env=ENVIRONMENT)
    try:
        rig.wait_for(lambda: (lines.exists() and lines.stat().st_size) or not sim.running(), 10, sim.log)
        assert sim.running(), sim.log()
        where = yaml.safe_load(lines.read_text())
        assert set(where) == set(yaml.safe_load(EXAMPLE.read_text())["lines"])
        for device in ("tailings/pond", "mill/sump", "substation-2/feeder-pit", "tailings/pond-radar"):
            done = run("read", "--json", EXAMPLE, device, "--lines", lines)
            rows = json.loads(done.stdout)
            assert rows and any(r["quality"] == rig.GOOD for r in rows), f"{device}: {done.stdout[:500]} {done.stderr}"
    finally:
        status = sim.end(signal.SIGTERM, 3)
    assert status == 0


# --- ends ---------------------------------------------------------------------------------------

def black_hole():
    """A port whose connections are never accepted: its queue is full."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(0)
    pending = []
    for _ in range(4):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(s.getsockname())
        pending.append(c)
    return s.getsockname()[1], [s, *pending]


@pytest.mark.parametrize("state", ["all well", "no broker", "device silent", "device refused", "device black-holed",
                                   "broker black-holed", "broker frozen", "device name unknown", "just started"])
def test_sigterm_ends_within_two_seconds(stage, state):
    held = []
    broker = stage.broker()
    port = broker.port
    devices = stage.devices({"l": {"kind": "tcp", "units": [1]}})
    connect = devices.where["l"]
    if state == "no broker":
        port = rig.free_port()
    elif state == "broker black-holed":
        port, held = black_hole()
    elif state == "device silent":
        devices.command(do="silent", units=[1])
    elif state == "device refused":
        connect = f"tcp://127.0.0.1:{rig.free_port()}"
    elif state == "device black-holed":
        hole, held = black_hole()
        connect = f"tcp://127.0.0.1:{hole}"
    elif state == "device name unknown":
        connect = "tcp://no-such-host.invalid:502"
    plant = stage.plant(port, {"l": {"connect": connect}},
                        {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "100ms"}},
                        {"few": rig.words_map(8)})
    gateway = stage.gateway(plant).start()
    if state != "just started":
        rig.wait_for(lambda: gateway.journal.exists(), 5, lambda: "started\n" + gateway.log())
        time.sleep(1)
    if state == "broker frozen":
        os.kill(broker.child.pid, signal.SIGSTOP)
        time.sleep(0.5)
    try:
        assert gateway.child.running(), gateway.log()
        assert gateway.stop(5) in ((0, -signal.SIGTERM) if state == "just started" else (0,)), gateway.log()
        assert gateway.child.took < 2 * rig.PATIENCE, f"{gateway.child.took:.2f} s"
    finally:
        if state == "broker frozen":
            os.kill(broker.child.pid, signal.SIGCONT)
        for s in held:
            s.close()


def test_a_bad_plant_does_not_start(stage, tmp_path):
    bad = tmp_path / "plant.yaml"
    bad.write_text("format: 1\n")
    done = run("run", bad, "--state", tmp_path / "state")
    assert done.returncode == 1 and "plant.yaml:" in done.stderr


def test_sighup_with_a_bad_file_changes_nothing_and_with_a_good_one_does(stage):
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1, 2]}})
    lines = {"l": {"connect": devices.where["l"]}}
    one = {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "100ms"}}
    path = stage.plant(broker.port, lines, one, {"few": rig.words_map(8)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(path).start()
    recorder.wait("/history/gw/plant/dev", 10)
    good = path.read_text()
    path.write_text(good.replace("unit: 1", "unit: one"))
    os.kill(gateway.pid, signal.SIGHUP)
    rig.wait_for(lambda: "plant.yaml:" in gateway.log(), 5, lambda: "the mistake is told\n" + gateway.log())
    since = recorder.count()
    recorder.wait("/history/gw/plant/dev", 5, since)
    stage.plant(broker.port, lines, {**one, "two": {**one["dev"], "unit": 2}}, {"few": rig.words_map(8)})
    os.kill(gateway.pid, signal.SIGHUP)
    recorder.wait("/history/gw/plant/two", 10)
    recorder.wait("/value/plant/two/r0", 5, test=lambda m: m.json["quality"] == rig.GOOD)
    assert not rig.missing([f["seq"] for f in rig.frames(recorder.all())])


def test_sighup_with_another_login_says_that_it_needs_a_restart(stage):
    devices = stage.devices({"l": {"kind": "tcp", "units": [1]}})
    broker = stage.broker()
    path = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                       {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "200ms"}},
                       {"few": rig.words_map(8)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(path).start()
    recorder.wait("/history/gw/plant/dev", 10)
    path.write_text(path.read_text().replace("root:", "user: other\n  root:"))
    os.kill(gateway.pid, signal.SIGHUP)
    recorder.wait("/event/gw", 5, test=lambda m: m.json["type"] == "reload-refused" and "restart" in m.json["text"])
    recorder.wait("/history/gw/plant/dev", 5, recorder.count())


def test_check_warns_of_files_that_the_broker_needs(tmp_path):
    words = yaml.safe_load(EXAMPLE.read_text())
    words["mqtt"] = {"broker": "mqtts://localhost", "root": "r", "ca": "nowhere.pem"}
    (tmp_path / "plant.yaml").write_text(yaml.safe_dump(words, sort_keys=False))
    (tmp_path / "maps").symlink_to(EXAMPLE.parent / "maps")
    done = run("check", tmp_path / "plant.yaml")
    assert done.returncode == 0 and "nowhere.pem` cannot be read here" in done.stdout, done.stdout
