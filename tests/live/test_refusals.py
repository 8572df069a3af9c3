# SPDX-License-Identifier: Apache-2.0
"""Devices that say no, hang up, freeze and come back: told by their meaning, and nobody is flooded."""
import os
import signal
import time

import pytest
import rig
from faultserver import constant


@pytest.fixture
def shared(stage):
    """Three units behind one connection, asked twice a second."""
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1, 2, 3], "delay_ms": 2}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"], "timeout": "300ms"}},
                        {f"u{u}": {"map": "few", "line": "l", "unit": u, "area": "plant", "every": "500ms"} for u in (1, 2, 3)},
                        {"few": rig.words_map(8)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    for u in (1, 2, 3):
        recorder.wait(f"/value/plant/u{u}/r0", test=lambda m: m.json["quality"] == rig.GOOD)
    return devices, gateway, recorder


def state(recorder, unit, tag="r0"):
    return recorder.latest(f"/value/plant/u{unit}/{tag}").json


@pytest.mark.parametrize("code", [10, 11])
def test_an_absent_device_behind_a_gateway_costs_nobody_the_connection(shared, code):
    devices, _, recorder = shared
    before = devices.command(do="stats")["l"]
    devices.command(do="refuse", units={"2": code})
    rig.wait_for(lambda: state(recorder, 2)["quality"] != rig.GOOD, 3, "unit 2 turns bad")
    time.sleep(3)
    after = devices.command(do="stats")["l"]
    assert after["connections"] == before["connections"], "the link is fine and is left alone"
    for unit in ("1", "3"):
        assert len(after["asked"][unit]) - len(before["asked"][unit]) >= 6, "the others keep their polls"
        assert state(recorder, unit)["quality"] == rig.GOOD
    assert state(recorder, 2)["value"] is None and state(recorder, 2)["last"] == constant(2, 3, 0)
    devices.command(do="refuse", units={})
    rig.wait_for(lambda: state(recorder, 2)["quality"] == rig.GOOD, 20, "unit 2 comes back")


@pytest.mark.parametrize("code", [5, 6])
def test_a_busy_device_is_waited_for(shared, code):
    devices, _, recorder = shared
    devices.command(do="reset")
    devices.command(do="refuse", units={"2": code})
    time.sleep(3)
    stats = devices.command(do="stats")["l"]
    assert len(stats["asked"]["2"]) <= 3 / 0.5 * 3, f"not hammered: {len(stats['asked']['2'])} in 3 s"
    assert stats["connections"] == 0, "no new connection"
    for m in recorder.all("/value/plant/u2/r0"):
        assert m.json["quality"] != rig.GOOD or m.json["value"] == constant(2, 3, 0)
    devices.command(do="refuse", units={})
    rig.wait_for(lambda: state(recorder, 2)["quality"] == rig.GOOD, 10, "good again")


@pytest.mark.parametrize("code", [1, 4, 8])
def test_a_refusing_device_is_bad_and_told(shared, code):
    devices, _, recorder = shared
    devices.command(do="refuse", units={"2": code})
    bad = rig.wait_for(lambda: (v := state(recorder, 2))["quality"] != rig.GOOD and v, 5, "unit 2 turns bad")
    assert bad["value"] is None and bad["reason"]
    assert bad["quality"] == {1: 4, 4: 12, 8: 12}[code], bad
    assert state(recorder, 1)["quality"] == rig.GOOD
    if code == 1 and not rig.LONG:
        return                                  # a device that doesn't know the question is asked again in a minute
    devices.command(do="refuse", units={})
    rig.wait_for(lambda: state(recorder, 2)["quality"] == rig.GOOD, 70 if code == 1 else 15, "good again")


def test_a_hole_in_a_block_is_learned_and_costs_only_itself(stage):
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1], "holes": [[3, 20, 21]]}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                        {"dev": {"map": "block", "line": "l", "unit": 1, "area": "plant", "every": "200ms"}},
                        {"block": rig.words_map(48)})
    recorder = stage.recorder(broker.port)
    stage.gateway(plant).start()
    tags = [f"clock{a}" if a % 16 == 15 else f"r{a}" for a in range(48)]
    bad = {"r20", "r21"}

    def state_of(tag):
        m = recorder.latest(f"/value/plant/dev/{tag}")
        return m and m.json

    rig.wait_for(lambda: all((s := state_of(t)) and (s["quality"] == rig.GOOD) == (t not in bad) for t in tags), 15,
                 lambda: f"all but the hole are good; {[t for t in tags if (state_of(t) or {}).get('quality') != rig.GOOD]}")
    rig.wait_for(lambda: all(state_of(t)["quality"] == 4 and state_of(t)["reason"] for t in bad), 5,
                 lambda: f"the hole is a configuration error: {state_of('r20')}")
    recorder.wait("/event/gw", 5, test=lambda m: "never" in str(m.json))
    hints = "".join(m.json.get("text", "") for m in recorder.all("/event/gw") if "never" in str(m.json))
    assert "holding" in hints and ("0x0014" in hints or "20" in hints) and ("0x0015" in hints or "21" in hints), hints
    devices.command(do="reset")
    time.sleep(4)
    asked = devices.command(do="stats")["l"]["asked"]["1"]
    refused = [q for q in asked if q[2] <= 21 and q[2] + q[3] > 20]
    # Each of the two is asked for after 2, 4, 8 ... s, and never with each of the twenty polls.
    assert len(refused) <= 6 and len(asked) <= 4 / 0.2 * 3 + 4, f"{len(refused)} of {len(asked)} ran into it again"


def test_a_device_that_hangs_up_at_once_is_not_flooded(stage):
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1], "hang_up": True}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                        {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "50ms"}}, {"few": rig.words_map(4)})
    recorder = stage.recorder(broker.port)
    stage.gateway(plant).start()
    recorder.wait("/value/plant/dev/r0", 5, test=lambda m: m.json["quality"] != rig.GOOD and "not yet" not in m.json["reason"])
    devices.command(do="reset")
    time.sleep(5)
    assert devices.command(do="stats")["l"]["connections"] <= 25, "attempts are limited"
    devices.command(do="hang_up", on=False)
    recorder.wait("/value/plant/dev/r0", 12, test=lambda m: m.json["quality"] == rig.GOOD)


def test_a_frozen_device_turns_bad_in_time_and_recovers(shared):
    devices, gateway, recorder = shared
    os.kill(devices.child.pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        rig.wait_for(lambda: all(state(recorder, u)["quality"] != rig.GOOD for u in (1, 2, 3)), 8, "all are bad")
        assert time.monotonic() - begun < 6 * rig.PATIENCE
        time.sleep(3)
    finally:
        os.kill(devices.child.pid, signal.SIGCONT)
    rig.wait_for(lambda: all(state(recorder, u)["quality"] == rig.GOOD for u in (1, 2, 3)), 15, "all are good")
    for u in (1, 2, 3):
        for m in recorder.all(f"/value/plant/u{u}/r0"):
            assert m.json["quality"] != rig.GOOD or m.json["value"] == constant(u, 3, 0)
    assert gateway.child.running()
    time.sleep(1)
    asked = devices.command(do="stats")["l"]["asked"]
    times = sorted(t for u in asked.values() for t, *_ in u)
    burst = max(sum(1 for t in times if x <= t < x + 0.2) for x in times)
    # Those that were asked while it stood, one on each connection, are read at once.
    assert burst <= 20, f"no burst to catch up: {burst} questions within 200 ms"


def test_a_stopped_gateway_process_does_not_catch_up_in_a_burst(shared):
    devices, gateway, recorder = shared
    os.kill(gateway.pid, signal.SIGSTOP)
    time.sleep(4)
    devices.command(do="reset")
    os.kill(gateway.pid, signal.SIGCONT)
    time.sleep(2)
    for unit, times in devices.command(do="stats")["l"]["asked"].items():
        assert len(times) <= 2 / 0.5 + 3, f"unit {unit}: {len(times)} polls in 2 s after a stall"
    assert not rig.missing([f["seq"] for f in rig.frames(recorder.all())])
