# SPDX-License-Identifier: Apache-2.0
"""A fifth of all answers is late, cut, doubled, somebody else's or nonsense; the gateway may know
less for it, but nothing wrong, and it loses no frame."""
import collections
import sys
import time

import pytest
import rig
from faultserver import FAULTS

sys.path.insert(0, str(rig.CHECKOUT / "tests" / "faults"))
from truth import BLOCKS, fault_map, judge, tag_name  # noqa: E402

SECONDS = 600 if rig.LONG else 30
TIMEOUT_MS = 200
KINDS = {"tcp-a": "tcp", "tcp-b": "tcp", "tcp-many": "tcp", "bus-a": "rtu", "bus-b": "rtu", "radio": "rtu+tcp"}
UNITS = {"tcp-many": [1, 2, 3], "bus-a": [1, 2, 3], "bus-b": [4, 5], "radio": [6, 7]}


@pytest.mark.parametrize("seed", [1, 2, 3] if rig.LONG else [1])
def test_no_wrong_value_no_gap_and_recovery(stage, seed):
    spec = {name: {"kind": kind, "units": UNITS.get(name, [1]), "rate": 0.2, "timeout_ms": TIMEOUT_MS, "delay_ms": 2}
            for name, kind in KINDS.items()}
    broker = stage.broker()
    devices = stage.devices(spec, seed)
    lines = {name: {"connect": where, "timeout": f"{TIMEOUT_MS}ms"} for name, where in devices.where.items()}
    for name in lines:
        if KINDS[name] != "tcp":
            lines[name].update({"baud": 115200, "parity": "none"})
    plan, unit_of = {}, {}
    for name in KINDS:
        for unit in UNITS.get(name, [1]):
            plan[f"{name}-{unit}"] = {"map": "faulty", "line": name, "unit": unit, "area": "plant", "every": "250ms"}
            unit_of[f"plant/{name}-{unit}"] = unit
    plant = stage.plant(broker.port, lines, plan, {"faulty": fault_map()})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    rig.wait_for(lambda: len(recorder.all("/history/")) > 20, 15, lambda: "frames come\n" + gateway.log()[-1500:])

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        before = devices.command(do="stats")
        time.sleep(5)
        assert gateway.child.running(), gateway.log()[-3000:]
        after = devices.command(do="stats")
        for name in KINDS:
            polls = [sum(map(len, s[name]["asked"].values())) for s in (before, after)]
            assert polls[1] > polls[0], f"{name}: nobody was asked for five seconds"

    stats = devices.command(do="stats")
    devices.command(do="rate", rate=0.0)
    since, healed = recorder.count(), time.monotonic()
    tags = {f"{device.split('/')[1]}/{tag_name(t, a)}" for device in unit_of for t, _, f, n in BLOCKS for a in range(f, f + n)}

    def not_good():
        """Tags that are bad now, as heard live."""
        newest = {}
        for m in recorder.all("/value/"):
            newest["/".join(m.topic.split("/")[5:])] = m.json["quality"]
        return sorted(t for t in tags if newest.get(t) != rig.GOOD)

    rig.wait_for(lambda: not not_good(), 10, lambda: f"everything is good again; not {not_good()[:20]}")
    recovery = time.monotonic() - healed
    rig.wait_for(lambda: all(any(f["device"] == d for f in rig.frames(recorder.all("/history/", since))) for d in unit_of),
                 10, "history of every device goes on")

    messages = recorder.all()
    wrong, good = judge(messages, unit_of)
    asked = sum(sum(map(len, s["asked"].values())) for s in stats.values())
    faults = sum((collections.Counter(s["faults"]) for s in stats.values()), collections.Counter())
    print(f"{asked} questions, {sum(faults.values())} faulty answers of {len(faults)} kinds, {good} good values, "
          f"{len(wrong)} wrong; all good again after {recovery:.1f} s; {dict(faults)}")
    assert not wrong, f"{len(wrong)} wrong good values:\n" + "\n".join(map(str, wrong[:20]))
    assert good["history"] > 1000 and good["value"] > 100
    seqs = [f["seq"] for f in rig.frames(messages)]
    assert not rig.missing(seqs), f"frames are missing: {rig.missing(seqs)[:20]}"
    assert seqs == sorted(seqs), "frames came in order"
    assert not [f for f in rig.frames(messages) if "gap" in f]
    assert recovery < 5 * rig.PATIENCE + 3, "5 s, and the time until the slowest probe"


@pytest.mark.parametrize("kind", ["tcp", "rtu"])
def test_each_fault_alone_gives_no_wrong_value(stage, kind):
    """Every kind of fault at half of all answers, each on a line of its own, all at once."""
    names = sorted({f.__name__ for f in FAULTS[kind]})
    spec = {n: {"kind": kind, "units": [1, 2], "rate": 0.5, "timeout_ms": TIMEOUT_MS, "faults": [n]} for n in names}
    broker = stage.broker()
    devices = stage.devices(spec)
    lines = {n: {"connect": where, "timeout": f"{TIMEOUT_MS}ms"} for n, where in devices.where.items()}
    plan = {f"{n}-{u}": {"map": "faulty", "line": n, "unit": u, "area": "plant", "every": "500ms"}
            for n in names for u in (1, 2)}
    unit_of = {f"plant/{n}-{u}": u for n in names for u in (1, 2)}
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(stage.plant(broker.port, lines, plan, {"faulty": fault_map()})).start()
    time.sleep(60 if rig.LONG else 10)
    assert gateway.child.running(), gateway.log()[-3000:]
    devices.command(do="rate", rate=0.0)
    rig.wait_for(lambda: {d for d in unit_of if (m := recorder.latest(f"/value/{d}/holding.0")) and
                          m.json["quality"] == rig.GOOD} == set(unit_of),
                 60 if rig.LONG else 15,         # after a minute of flapping the recorder reads seconds behind
                 lambda: "every line heals; not " + str(sorted(d for d in unit_of if not (m := recorder.latest(
                     f"/value/{d}/holding.0")) or m.json["quality"] != rig.GOOD)))
    wrong, good = judge(recorder.all(), unit_of)
    blame = collections.Counter((w[0].split("/")[5] if "/value/" in w[0] else w[0]) for w in wrong)
    assert not wrong, f"{len(wrong)} wrong of {good}, by line: {blame}\n" + "\n".join(map(str, wrong[:20]))
    seqs = [f["seq"] for f in rig.frames(recorder.all())]
    assert not rig.missing(seqs)
