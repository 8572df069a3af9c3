# SPDX-License-Identifier: Apache-2.0
"""Somebody accepts and never answers; the others don't notice. Measured at the devices."""
import statistics
import time

import pytest
import rig

LINE_WINDOW = 30 if rig.LONG else 6
UNIT_WINDOW = 60 if rig.LONG else 14


def schedule_errors(times, period):
    """How far each arrival lies from the row of equal steps that fits them best, in seconds."""
    if len(times) < 5:
        return [period]
    offsets = [t - times[0] for t in times]
    phases = [o - round(o / period) * period for o in offsets]
    middle = statistics.median(phases)
    return [abs(p - middle) for p in phases]


def p99(values):
    return sorted(values)[min(len(values) - 1, int(0.99 * len(values)))]


def arrivals(stats, lines):
    return {(name, unit): [t for t, *_ in times] for name in lines for unit, times in stats[name]["asked"].items()}


def test_one_silent_line_among_ten_moves_nobody(stage):
    period = 0.1
    names = [f"l{i}" for i in range(10)]
    broker = stage.broker()
    devices = stage.devices({n: {"kind": "tcp", "units": [1]} for n in names})
    plant = stage.plant(broker.port, {n: {"connect": w, "timeout": "500ms"} for n, w in devices.where.items()},
                        {f"d{n}": {"map": "few", "line": n, "unit": 1, "area": "plant", "every": "100ms"} for n in names},
                        {"few": rig.words_map(10)})
    gateway = stage.gateway(plant).start()
    recorder = stage.recorder(broker.port, "t/v1/site/device/#")
    for n in names:
        recorder.wait(f"/device/plant/d{n}", test=lambda m: m.json["state"] == "online")
    others = names[1:]

    def window():
        time.sleep(1)
        devices.command(do="reset")
        time.sleep(LINE_WINDOW)
        rows = arrivals(devices.command(do="stats"), others)
        assert len(rows) == 9
        polls = min(len(times) for times in rows.values())
        return p99([e for times in rows.values() for e in schedule_errors(times, period)]) * 1000, polls

    moved = []
    for _ in range(3):                          # the machine has other work too: the best of three
        devices.command(do="silent", line="l0", units=[])
        recorder.wait("/device/plant/dl0", 15, test=lambda m: m.json["state"] == "online")
        quiet, _ = window()
        devices.command(do="silent", line="l0", units=[1])
        disturbed, polls = window()
        moved.append(disturbed - quiet)
        print(f"p99 of the others' schedule error: {quiet:.2f} ms, {disturbed:.2f} ms beside a silent line")
        assert polls >= 0.95 * LINE_WINDOW / period
        if moved[-1] < 10:
            break
    assert min(moved) < 10 * rig.PATIENCE
    assert gateway.child.running()


def kept(times, period, begun, seconds):
    """The share of its polls that a unit got: those of the window, against one in each period."""
    return min(1.0, sum(begun <= t < begun + seconds for t in times) * period / seconds)


@pytest.mark.parametrize("kind,line", [
    ("tcp", {"timeout": "400ms"}),
    ("rtu", {"baud": 19200, "parity": "even", "timeout": "200ms"}),
])
def test_nine_units_keep_their_polls_beside_a_silent_one(stage, kind, line):
    period, units = 0.5, list(range(1, 11))
    broker = stage.broker()
    devices = stage.devices({"shared": {"kind": kind, "units": units, "delay_ms": 4, "baud": 19200 if kind == "rtu" else 0}})
    plant = stage.plant(broker.port, {"shared": {"connect": devices.where["shared"], **line}},
                        {f"u{u}": {"map": "few", "line": "shared", "unit": u, "area": "plant", "every": "500ms"}
                         for u in units}, {"few": rig.words_map(10)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    for u in units:
        recorder.wait(f"/device/plant/u{u}", test=lambda m: m.json["state"] == "online")

    def window():
        devices.command(do="reset")
        begun = time.monotonic()
        time.sleep(UNIT_WINDOW)
        stats = devices.command(do="stats")["shared"]
        return {int(u): kept([t for t, *_ in times], period, begun, UNIT_WINDOW) for u, times in stats["asked"].items()}

    for attempt in range(2):
        devices.command(do="silent", units=[])
        before = window()
        devices.command(do="silent", units=[4])
        since = recorder.count()
        recorder.wait("/device/plant/u4", 5, since, lambda m: m.json["state"] != "online")
        after = window()
        share = {u: after.get(u, 0) / before.get(u, 1) for u in units if u != 4}
        print(f"{kind}: polls kept beside a silent unit: {min(share.values()):.3f} at least; the silent one was asked "
              f"{after.get(4, 0):.2f} of its times; {share}")
        if min(share.values()) >= 0.95:
            break
    assert min(before.values()) > 0.95, f"all ten keep their rate while all answer: {before}"
    assert min(share.values()) >= 0.95
    assert after.get(4, 0) > 0, "the silent one is still being tried"
    since = recorder.count()
    devices.command(do="silent", units=[])
    recorder.wait("/device/plant/u4", 30, since, lambda m: m.json["state"] == "online")
    assert gateway.child.running()
