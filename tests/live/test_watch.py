# SPDX-License-Identifier: Apache-2.0
"""Alarms, leaks and what people do about them, over a real broker: the life of an alarm, a thousand of
them in a second, a lost PLC, a blind leak point, and what survives kill -9."""
import random
import signal
import time

import pytest
import rig
from plc import Plc

HEAD = {"format": 1, "title": "Turned by hand", "source": ["tests/live/plc.py"], "verified": "invented"}


def real(address, unit):
    return {"at": f"holding {address}", "type": "f32", "unit": unit}


class Watch:
    """One plant, its PLC, the gateway and a recorder."""

    def __init__(self, stage, tags, registers=(), **sections):
        self.stage, self.plc = stage, Plc()
        sections.setdefault("commands", {"allow": ["alarms", "incidents", "replay"]})
        self.plc.registers.update(registers)
        self.broker = stage.broker()
        self.plant = stage.plant(self.broker.port, {"l": {"connect": self.plc.where, "timeout": "300ms"}},
                                 {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": "50ms"}},
                                 {"m": {**HEAD, "tags": tags}}, **sections)
        self.recorder = stage.recorder(self.broker.port)
        self.gateway = stage.gateway(self.plant).start()
        self.number = 0
        self.recorder.wait("/value/plant/dev/", test=lambda m: m.json["quality"] == rig.GOOD)

    def events(self, kind="alarm"):
        """Each event once, in order of seq."""
        seen = {m.json["seq"]: m.json for m in self.recorder.all("/event/gw") if m.json.get("type") == kind}
        return [seen[n] for n in sorted(seen)]

    def changes(self, subject):
        return [(e["change"], e["alarm"]["seq"]) for e in self.events() if e["subject"] == subject]

    def state(self, path):
        m = self.recorder.latest(f"/alarm/{path}")
        return m.json["state"] if m else None

    def until(self, path, state, seconds=10):
        rig.wait_for(lambda: self.state(path) == state, seconds, lambda: f"{path} is {state}, not {self.state(path)}")

    def restart(self):
        """Killed, and started anew; until it hears commands again."""
        self.gateway.kill()
        since = self.recorder.count()
        self.gateway.start()
        self.recorder.wait("/gateway/gw", 20, since, lambda m: m.json["state"] == "online")
        self.recorder.wait("/event/gw", 20, since, lambda m: m.json.get("type") == "online")

    def ask(self, verb, **words):
        self.number += 1
        me = f"c{self.number}"
        self.recorder.publish(f"t/v1/site/cmd/gw/{verb}", {"id": me, "client": me, "sent": rig.now_ms(), **words})
        return self.recorder.wait(f"/reply/gw/{me}").json


@pytest.fixture
def watch(stage):
    made = []

    def make(tags, registers=(), **sections):
        made.append(Watch(stage, tags, registers, **sections))
        return made[-1]
    yield make
    for w in made:
        w.plc.stop()


ALARM = {"tag": "plant/dev/level", "above": 1.2, "clear": 1.0, "for": "100ms", "off_for": "100ms", "priority": "high",
         "about": "Water rises", "consequence": "Wet feet", "response": "Pump"}


def test_an_alarm_lives_as_isa_18_2_says(watch):
    w = watch({"level": real(0, "m")}, alarms={"plant/dev/high": ALARM, "plant/dev/latched": {**ALARM, "latch": True}})
    path = "plant/dev/high"
    w.until(path, "NORM")
    assert w.ask("ack", user="tester", alarm=path)["status"] == "refused", "what isn't active can't be acknowledged"
    w.plc.real(0, 1.3)
    w.until(path, "UNACK")
    state = w.recorder.latest("/alarm/" + path).json
    assert state["seq"] == 1 and state["priority"] == "high" and state["active"] and abs(state["value"] - 1.3) < 1e-6
    assert state["response"] == "Pump" and state["consequence"] == "Wet feet"
    assert w.ask("ack", alarm=path)["status"] == "refused", "an order needs a name"
    assert w.ask("ack", user="tester", alarm="plant/dev/none")["status"] == "refused"
    assert w.ask("ack", user="tester", alarm=path, seq=1)["status"] == "done"
    w.until(path, "ACKED")
    w.plc.real(0, 1.1)
    time.sleep(0.5)
    assert w.state(path) == "ACKED", "between the limits it is what it was"
    w.plc.real(0, 0.9)
    w.until(path, "NORM")
    w.until("plant/dev/latched", "LUNACK")
    w.plc.real(0, 1.3)
    w.until(path, "UNACK")
    old = w.ask("ack", user="tester", alarm=path, seq=1)
    assert old["status"] == "refused" and "seq" in old["error"], "somebody saw an older annunciation"
    w.plc.real(0, 0.9)
    w.until(path, "RTNUN")
    assert w.ask("ack", user="tester", alarm=path, seq=2)["status"] == "done"
    w.until(path, "NORM")
    assert [c for c, _ in w.changes(path)] == ["on", "ack", "off", "on", "off", "ack"]
    assert w.ask("reset", user="tester", alarm="plant/dev/latched")["status"] == "refused", "acknowledge first"
    assert w.ask("ack", user="tester", alarm="plant/dev/latched")["status"] == "done"
    w.until("plant/dev/latched", "LACK")
    assert w.ask("reset", user="tester", alarm="plant/dev/latched", cause="operation")["status"] == "done"
    w.until("plant/dev/latched", "NORM")
    assert [m.json["verb"] for m in w.recorder.all("/audit/gw")].count("ack") == 7


def test_a_shelved_alarm_is_quiet_and_comes_back(watch):
    w = watch({"level": real(0, "m")}, alarms={"plant/dev/high": ALARM})
    path = "plant/dev/high"
    assert w.ask("shelve", user="tester", alarm=path, minutes=5)["status"] == "refused", "a reason is needed"
    assert w.ask("shelve", user="tester", alarm=path, minutes=100000, reason="x")["status"] == "refused"
    assert w.ask("shelve", user="tester", alarm=path, minutes=5, reason="the float is being changed")["status"] == "done"
    w.until(path, "SHLVD")
    w.plc.real(0, 1.3)
    rig.wait_for(lambda: w.recorder.latest("/alarm/" + path).json["active"], 5, "it is evaluated while shelved")
    assert w.state(path) == "SHLVD"
    assert w.ask("unshelve", user="tester", alarm=path)["status"] == "done"
    w.until(path, "UNACK")


def test_a_bad_input_neither_clears_nor_raises(watch):
    tags = {"level": {**real(0, "m"), "valid": [0, 10]}}
    w = watch(tags, alarms={"plant/dev/high": ALARM}, alarm_settings={"signals": {"priority": "low"}, "comm": {"after": "1s"}})
    w.plc.real(0, 1.3)
    w.until("plant/dev/high", "UNACK")
    w.plc.real(0, float("nan"))
    w.until("plant/dev/level.signal", "UNACK", 30)
    state = w.recorder.latest("/alarm/plant/dev/high").json
    assert state["active"] and state["frozen"], state
    w.plc.real(0, 0.5)
    w.until("plant/dev/high", "RTNUN")


def test_one_lost_plc_is_one_alarm(watch):
    tags = {f"t{i}": {"at": f"holding {i}", "type": "u16", "unit": "bar"} for i in range(200)}
    alarms = {f"plant/dev/low-{i}": {"tag": f"plant/dev/t{i}", "below": 5, "clear": 6, "for": "0s", "priority": "medium"}
              for i in range(200)}
    w = watch(tags, {i: 7 for i in range(200)}, alarms=alarms,
              alarm_settings={"comm": {"priority": "high", "after": "1s"}})
    rig.wait_for(lambda: all(w.state(f"plant/dev/low-{i}") == "NORM" for i in range(200)), 20, "all normal")
    time.sleep(1)
    before = len(w.events())
    w.plc.stop()
    w.until("plant/dev/comm-lost", "UNACK", 20)
    time.sleep(2)
    loud = [e for e in w.events()[before:] if e["change"] == "on" and e["alarm"]["state"] == "UNACK"]
    assert [e["subject"] for e in loud] == ["plant/dev/comm-lost"], [e["subject"] for e in loud][:10]
    w.plc.start()
    rig.wait_for(lambda: w.state("plant/dev/comm-lost") in ("RTNUN", "NORM"), 60, "it is over")
    time.sleep(1)
    loud = [e for e in w.events()[before:] if e["change"] == "on" and e["alarm"]["state"] == "UNACK"]
    assert len(loud) == 1, [e["subject"] for e in loud]


def test_a_thousand_alarms_in_a_second_are_all_told_the_critical_first(watch):
    tags = {f"c{i}": {"at": f"coil {i}", "type": "bool"} for i in range(1000)}
    critical = set(range(0, 1000, 100))
    words = {"consequence": "Flood", "response": "Run"}
    alarms = {f"plant/dev/a{i}": {"tag": f"plant/dev/c{i}", "is": True, "for": "0s", "off_for": "0s",
                                  "priority": "critical" if i in critical else "low", **words} for i in range(1000)}
    w = watch(tags, alarms=alarms)
    w.until("plant/dev/a999", "NORM", 20)
    with w.plc.lock:
        w.plc.bits.update({i: True for i in range(1000)})
    begun = time.monotonic()
    rig.wait_for(lambda: sum(e["change"] == "on" and e["subject"].startswith("plant/dev/a") for e in w.events()) >= 1000,
                 30, lambda: f"{len(w.events())} of 1000 told")
    on = [e for e in w.events() if e["change"] == "on" and e["subject"].startswith("plant/dev/a")]
    assert len(on) == 1000 and len({e["subject"] for e in on}) == 1000
    first = [e["alarm"]["priority"] for e in on[:len(critical)]]
    assert first == ["critical"] * len(critical), first
    arrived = next(m.at for m in w.recorder.all("/event/gw") if m.json.get("subject") == on[0]["subject"])
    print(f"first critical after {1000 * (arrived - begun):.0f} ms, all after {time.monotonic() - begun:.2f} s")
    w.until("gateway/alarms/flood", "UNACK")


BALANCE = {"kind": "balance", "profile": "tank", "area": "plant", "level": "plant/dev/level", "surface": "10 m2",
           "in": [{"flow": "plant/dev/in"}], "out": [{"flow": "plant/dev/out"}], "nominal": "20 m3/h",
           "blind_after": "3s", "consequence": "Loss", "response": "Walk"}
SIGNALS = {"level": {**real(0, "m"), "valid": [0, 10]}, "in": real(2, "m3/h"), "out": real(4, "m3/h"),
           "wet": {"at": "coil 0", "type": "bool"}}


def test_a_blind_leak_point_says_so_within_its_deadline(watch):
    w = watch(SIGNALS, leaks={"tank": BALANCE})
    w.plc.real(0, 3.0)
    w.recorder.wait("/leak/tank", test=lambda m: m.json["state"] == "learning")
    w.plc.real(0, float("nan"))
    begun = time.monotonic()
    w.recorder.wait("/leak/tank", 20, test=lambda m: m.json["state"] == "blind" and "level" in m.json["why"])
    w.until("plant/tank/blind", "UNACK", 20)
    assert time.monotonic() - begun < 10 * rig.PATIENCE
    bad = w.recorder.wait("/value/plant/tank/rate", 10, test=lambda m: m.json["quality"] != rig.GOOD)
    assert bad.json["value"] is None and bad.json["reason"]
    w.plc.real(0, 3.0)
    rig.wait_for(lambda: w.state("plant/tank/blind") != "UNACK", 30, "it sees again")


def test_alarms_survive_kills_neither_forgotten_nor_told_twice(watch):
    w = watch(SIGNALS, alarms={"plant/dev/high": ALARM},
              leaks={"wet": {"kind": "switch", "area": "plant", "inputs": ["plant/dev/wet"], "debounce": "100ms",
                             "priority": "critical", "consequence": "Loss", "response": "Walk"}})
    chance = random.Random(7)
    rounds = 12 if rig.LONG else 3
    for n in range(rounds):
        w.plc.bit(0, True)
        w.plc.real(0, 1.3)
        time.sleep(chance.uniform(0, 1.2))
        w.restart()
        w.until("plant/wet/leak", "UNACK", 20)
        w.until("plant/dev/high", "UNACK", 20)
        assert w.ask("ack", user="tester", alarm="plant/dev/high")["status"] == "done"
        w.restart()
        w.until("plant/dev/high", "ACKED", 20)
        w.plc.bit(0, False)
        w.plc.real(0, 0.5)
        time.sleep(chance.uniform(0, 1.0))
        w.restart()
        w.until("plant/dev/high", "NORM", 20)
        w.until("plant/wet/leak", "LUNACK", 60)
        assert w.ask("ack", user="tester", alarm="plant/wet/leak")["status"] == "done"
        assert w.ask("reset", user="tester", alarm="plant/wet/leak", cause="unknown")["status"] == "done"
        w.until("plant/wet/leak", "NORM", 20)
    rig.wait_for(lambda: w.changes("plant/wet/leak")[-1:] == [("reset", rounds)], 20, "the last event")
    for path, each in (("plant/dev/high", ["on", "ack", "off"]), ("plant/wet/leak", ["on", "off", "ack", "reset"])):
        told = [(c, n) for c, n in w.changes(path) if c not in ("chatter", "calm")]
        assert [c for c, _ in told] == each * rounds, told
        assert [s for _, s in told] == [n + 1 for n in range(rounds) for _ in each], told
    numbers = [m.json["seq"] for m in w.recorder.all("/event/gw") if "seq" in m.json]
    assert rig.missing(numbers) == []
    assert w.gateway.child.end(signal.SIGTERM) == 0


def test_a_drill_says_so_in_everything(watch):
    w = watch({"level": real(0, "m")}, alarms={"plant/dev/high": {**ALARM, "priority": "critical"}})
    w.until("plant/dev/high", "NORM")
    assert w.ask("drill", user="tester", state="on", reason="monthly")["status"] == "done"
    rig.wait_for(lambda: w.recorder.latest("/alarm/plant/dev/high").json.get("drill"), 5, "what is retained says so")
    w.plc.real(0, 1.3)
    w.until("plant/dev/high", "UNACK")
    w.recorder.wait("/bulletin/", test=lambda m: "DRILL" in m.json["text"].splitlines()[0])
    assert w.recorder.wait("/incident/", test=lambda m: m.json["drill"]).json["drill"] is True
    on = next(e for e in w.events() if e["subject"] == "plant/dev/high" and e["change"] == "on")
    assert on["drill"] is True
