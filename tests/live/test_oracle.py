# SPDX-License-Identifier: Apache-2.0
"""The example plant, played by pymodbus: every tag has the value that its map's arithmetic demands."""
import json
import math
import random
import re
import shutil
import subprocess
import sys
import time
from fractions import Fraction

import pytest
import mapmath
import rig
from mapmath import BAD

EXAMPLE = rig.CHECKOUT / "examples" / "lac-des-iles"


def find_map(name):
    for folder in (EXAMPLE / "maps", rig.CHECKOUT / "maps"):
        if (folder / f"{name}.yaml").exists():
            return mapmath.load(folder / f"{name}.yaml")
    raise AssertionError(f"no map {name}")


class Oracle:
    """The plant file, read by nobody else's code."""

    def __init__(self, seed):
        self.plant = mapmath.load(EXAMPLE / "plant.yaml")
        self.maps, self.images, self.counting = {}, {}, set()
        for name, device in self.plant["devices"].items():
            path = f"{device['area']}/{name}"
            m = mapmath.Map(find_map(device["map"]), device.get("order"))
            self.maps[path], self.images[path] = m, m.image(random.Random(f"{seed}/{path}"))
            beat = m.spec.get("heartbeat")
            if beat:
                self.counting.add(f"{path}/{beat['tag']}")
        self.derived = self.plant.get("derived", {})
        # Leaks, equipment and basins make tags of their own, under their own names.
        self.made = {*self.plant.get("leaks", {}), *self.plant.get("equipment", {}),
                     *self.plant.get("incidents", {}).get("basins", {})}
        self.known = {}

    def tags(self):
        for path, m in self.maps.items():
            for name in m.names():
                yield f"{path}/{name}"
        yield from self.derived

    def single(self, tag):
        """Published with a float's digits?"""
        path, _, name = tag.rpartition("/")
        m = self.maps.get(path)
        return bool(m and name in m.tags and not m.tags[name].source and m.tags[name].type == "f32")

    def expected(self, tag):
        if tag not in self.known:
            self.known[tag] = self.work_out(tag)
        return self.known[tag]

    def work_out(self, tag):
        if tag not in self.derived:
            path, _, name = tag.rpartition("/")
            return self.maps[path].value(name, self.images[path])
        spec = self.derived[tag]
        inputs = {k: self.expected(t) for k, t in spec["of"].items()}
        if any(v is BAD for v in inputs.values()):
            return BAD
        inputs = {k: float(v) if isinstance(v, Fraction) else v for k, v in inputs.items()}
        text = str(spec["is"]).replace("~=", "!=").replace("^", "**").replace("math.max", "max").replace("math.min", "min")
        value = eval(text, {"__builtins__": {}, "math": math, "max": max, "min": min}, inputs)  # our own example file
        return value if isinstance(value, (bool, str)) else float(value) if math.isfinite(value) else BAD

    def server_spec(self):
        lines = {}
        for name, line in self.plant["lines"].items():
            kind = line["connect"].split(":")[0]
            lines[name] = {"kind": kind, "units": {}}
        for name, device in self.plant["devices"].items():
            path = f"{device['area']}/{name}"
            counting = [t for t in self.counting if t.startswith(path + "/")]
            beats = []
            for t in counting:
                tag = self.maps[path].tags[t.rpartition("/")[2]]
                beats.append([tag.table, tag.address])
            lines[device["line"]]["units"][str(device["unit"])] = {
                "image": self.images[path], "never": self.maps[path].never, "counting": beats}
        return {"lines": lines}


@pytest.fixture(scope="module")
def oracle_run(tmp_path_factory):
    directory = tmp_path_factory.mktemp("oracle")
    oracle = Oracle(seed=7)
    servers = rig.Child([sys.executable, rig.HERE / "pymodbus_plant.py"], directory / "pymodbus.log",
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    broker = rig.Broker(directory / "broker").start()
    recorder = gateway = None
    try:
        servers.process.stdin.write(json.dumps(oracle.server_spec()) + "\n")
        servers.process.stdin.flush()
        where = json.loads(servers.process.stdout.readline() or "null")
        assert where, servers.log()
        shutil.copytree(EXAMPLE, directory / "plant")
        text = (EXAMPLE / "plant.yaml").read_text()
        text, n = re.subn(r"mqtt://127\.0\.0\.1:1883", f"mqtt://127.0.0.1:{broker.port}", text)
        assert n >= 1
        (directory / "plant" / "plant.yaml").write_text(text)
        recorder = rig.Recorder(broker.port)
        gateway = rig.Gateway(directory / "plant" / "plant.yaml", directory / "gateway", where).start()
        prefix = f"{oracle.plant['mqtt']['root']}/{oracle.plant['site']}/value/"
        tags = set(oracle.tags())

        def heard():
            """The newest value of each tag that has been read."""
            newest = {}
            for m in recorder.all("/value/"):
                if m.json.get("reason") not in ("not yet read", "scale not yet read"):
                    newest[m.topic.removeprefix(prefix)] = m
            return newest

        silent = lambda: sorted(tags - set(heard()))  # noqa: E731
        rig.wait_for(lambda: not silent() or not gateway.child.running(), 25,
                     lambda: f"every tag was read once; not {len(silent())} of {len(tags)}: {silent()[:30]}\n{gateway.log()[-1500:]}")
        # One more round, so that what depends on slower tags has settled.
        end = time.monotonic() + 8 * rig.PATIENCE
        while wrong_ones(oracle, heard()) and time.monotonic() < end:
            time.sleep(0.2)
        servers.process.stdin.write("?\n")
        servers.process.stdin.flush()
        yield oracle, heard(), recorder, json.loads(servers.process.stdout.readline())
    finally:
        for ender in (lambda: gateway and gateway.kill(), lambda: recorder and recorder.end(), broker.kill, servers.kill):
            ender()


def wrong_ones(oracle, heard):
    wrong = []
    for tag in oracle.tags():
        m = heard.get(tag)
        if m is None or tag in oracle.counting:
            continue
        published = json.loads(m.payload, parse_float=Fraction)
        expected = oracle.expected(tag)
        if expected is BAD:
            if published["quality"] == rig.GOOD or published["value"] is not None:
                wrong.append((tag, "must be bad", published))
        elif published["quality"] != rig.GOOD or not mapmath.same(published["value"], expected, oracle.single(tag)):
            wrong.append((tag, expected if not isinstance(expected, Fraction) else float(expected), m.payload))
    return wrong


def test_the_example_is_as_large_as_promised(oracle_run):
    oracle, *_ = oracle_run
    kinds = {line["connect"].split(":")[0] for line in oracle.plant["lines"].values()}
    assert len(oracle.plant["devices"]) >= 12 and len(list(oracle.tags())) >= 300 and {"tcp", "rtu"} <= kinds


def test_every_tag_has_the_value_that_its_map_demands(oracle_run):
    oracle, heard, *_ = oracle_run
    wrong = wrong_ones(oracle, heard)
    assert not wrong, f"{len(wrong)} of {len(heard)}:\n" + "\n".join(map(str, wrong[:25]))


def test_most_of_what_was_compared_was_good(oracle_run):
    oracle, *_ = oracle_run
    tags = list(oracle.tags())
    good = [t for t in tags if oracle.expected(t) is not BAD]
    assert len(good) > 0.95 * len(tags), [t for t in tags if oracle.expected(t) is BAD]


def test_history_says_the_same(oracle_run):
    oracle, _, recorder, *_ = oracle_run
    wanted = {t for t in oracle.tags() if oracle.expected(t) is not BAD}

    def absent():
        return wanted - {f"{f['device']}/{name}" for f in rig.frames(recorder.all()) for name in f.get("values", {})}

    rig.wait_for(lambda: not absent(), 8, lambda: f"history of every good tag; not {sorted(absent())[:25]}")
    wrong = []
    for frame in rig.frames(recorder.all()):
        for name, value in frame.get("values", {}).items():
            tag = f"{frame['device']}/{name}"
            if tag in oracle.counting or tag in oracle.derived:
                continue
            if frame["device"] not in oracle.maps and frame["device"].rpartition("/")[2] in oracle.made:
                continue
            expected = oracle.expected(tag)
            if isinstance(value, float) and isinstance(expected, Fraction) and value == float(expected):
                continue                        # more digits than this reader's floats: the nearest
            if isinstance(value, float):        # spelt as a decimal; exact enough for a float's digits
                value = Fraction(repr(value))
            if expected is BAD or not mapmath.same(value, expected, oracle.single(tag)):
                wrong.append((tag, value if not isinstance(value, Fraction) else float(value), frame["seq"]))
    assert not wrong, wrong[:25]


def test_nothing_forbidden_was_read_and_nothing_written(oracle_run):
    *_, logs = oracle_run
    assert not {name: log for name, log in logs.items() if log["forbidden"] or log["writes"]}
    assert all(log["requests"] for log in logs.values())
