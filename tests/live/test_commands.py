# SPDX-License-Identifier: Apache-2.0
"""Who is obeyed: what the plant file allows, sent just now, for the first time and on purpose. Every
command is answered and written down, also those that aren't obeyed."""
import re
import subprocess

import pytest
import rig
import yaml
from plc import Plc

CMD = "t/v1/site/cmd/gw/"
HIGH = "plant/dev/high"
ALARM = {"tag": "plant/dev/level", "above": 1.2, "clear": 1.0, "for": "0s", "off_for": "0s", "priority": "high",
         "about": "Water rises", "consequence": "Wet feet", "response": "Pump"}
MAP = {"format": 1, "title": "Turned by hand", "source": ["tests/live/plc.py"], "verified": "invented",
       "tags": {"level": {"at": "holding 0", "type": "f32", "unit": "m"}}}


class Site:
    def __init__(self, stage, commands=None, arguments=(), mqtt=None):
        self.plc = Plc()
        self.broker = stage.broker()
        more = {"commands": commands} if commands is not None else {}
        self.plant = stage.plant(self.broker.port, {"l": {"connect": self.plc.where, "timeout": "300ms"}},
                                 {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": "50ms"}},
                                 {"m": MAP}, alarms={HIGH: ALARM}, mqtt=mqtt or {}, **more)
        self.recorder = stage.recorder(self.broker.port)
        self.gateway = stage.gateway(self.plant, arguments=arguments).start()
        self.recorder.wait("/alarm/" + HIGH)
        self.number = 0

    def ask(self, verb, sent="now", retain=False, **words):
        """The answer to a command, and its row in the book."""
        self.number += 1
        payload = {"id": f"c{self.number}", "client": "desk", **words}
        if sent is not None:
            payload["sent"] = rig.now_ms() if sent == "now" else sent
        since = self.recorder.count()
        self.recorder.publish(CMD + verb, payload, retain=retain)
        final = self.recorder.wait("/reply/gw/desk", 5, since, lambda m: m.json["status"] != "accepted").json
        row = self.recorder.wait("/audit/gw", 5, since, lambda m: m.json["status"] == final["status"]).json
        assert (row["verb"], row["id"], row["error"]) == (verb, final["id"], final["error"]), (row, final)
        return final

    def refused(self, why, verb, **words):
        answer = self.ask(verb, **words)
        assert answer["status"] == "refused" and re.search(why, answer["error"]), answer

    def raise_alarm(self):
        self.plc.real(0, 1.3)
        self.state("UNACK")

    def state(self, state):
        rig.wait_for(lambda: self.recorder.latest("/alarm/" + HIGH).json["state"] == state, 10, f"{HIGH} is {state}")


@pytest.fixture
def site(stage):
    made = []

    def make(*args, **words):
        made.append(Site(stage, *args, **words))
        return made[-1]
    yield make
    for s in made:
        s.plc.stop()


ACK = {"user": "tester", "alarm": HIGH}
ALL = {"allow": ["alarms", "incidents", "replay"]}


def test_without_a_word_of_the_plant_file_nothing_is_changed(site):
    s = site()
    s.raise_alarm()
    for verb, words in {"ack": ACK, "shelve": {**ACK, "reason": "noise", "minutes": 5}, "oos": {**ACK, "reason": "x"},
                        "reset": ACK, "unshelve": ACK, "in-service": ACK, "proof": {"user": "t", "leak": "x"}}.items():
        s.refused(rf"^`{verb}` is not allowed by the plant file: add `{verb}` or `alarms` to `commands: {{allow: ", verb, **words)
    s.refused("add `drill` or `incidents`", "drill", user="t", state="on")
    for op in ("open", "close", "confirm"):
        s.refused("add `incident` or `incidents`", "incident", op=op, user="t", subject="x", reason="r")
    s.state("UNACK")
    assert s.ask("replay", sent=None, lane="event", from_seq=1, to_seq=1)["status"] == "done"
    s.refused("no_incident|no incident", "incident", sent=None, op="bulletin")
    told = subprocess.run([rig.binary(), "check", s.plant], capture_output=True, text=True, check=False)
    assert "people may command: replay, bulletin" in told.stdout and "nobody may acknowledge" in told.stdout, told


def test_what_is_allowed_is_obeyed_when_it_is_fresh_and_new(site):
    s = site({"allow": ["ack", "unshelve", "replay"], "fresh": "20s"})
    s.raise_alarm()
    s.refused("`shelve` is not allowed", "shelve", **ACK, reason="x", minutes=5)
    s.refused("needs `sent`", "ack", sent=None, **ACK)
    s.refused("`sent` is a time", "ack", sent="yesterday", **ACK)
    s.refused(r"^sent 4\d s ago \(our clock shows 20\d\d-.* it says 20\d\d-.*\); at most 20 s", "ack", sent=rig.now_ms() - 42_000, **ACK)
    s.refused(r"^sent \S+ min in the future", "ack", sent=rig.now_ms() + 90_000, **ACK)
    s.refused("^sent 2 h ago", "replay", sent=rig.now_ms() - 7_200_000, from_seq=1, to_seq=1)
    s.refused("a retained command", "ack", retain=True, **ACK)
    s.recorder.publish(CMD + "ack", b"", retain=True)
    s.state("UNACK")
    early = s.gateway.started_ms - 1000
    s.refused("before this gateway began to listen", "ack", sent=early, **ACK)
    sent = rig.now_ms()
    assert s.ask("ack", sent=sent, **ACK)["status"] == "done"
    s.state("ACKED")
    s.number -= 1
    s.refused("duplicate", "ack", sent=sent, **ACK)
    s.number -= 1
    s.refused("duplicate", "ack", **ACK)


def test_what_lay_on_the_broker_is_told_and_not_obeyed(site):
    s = site(ALL)
    s.raise_alarm()
    s.gateway.stop()
    s.recorder.publish(CMD + "ack", {"id": "kept", "client": "desk", "sent": rig.now_ms(), **ACK}, retain=True)
    since = s.recorder.count()
    s.gateway.start()
    row = s.recorder.wait("/audit/gw", 10, since).json
    assert row["status"] == "refused" and "retained" in row["error"]
    s.state("UNACK")


def test_an_older_protocol_cannot_tell_and_its_time_still_counts(site):
    s = site(ALL, mqtt={"version": "3.1.1"})
    s.raise_alarm()
    s.refused("s ago", "ack", retain=True, sent=rig.now_ms() - 40_000, **ACK)
    assert s.ask("ack", **ACK)["status"] == "done"


def test_the_book_has_what_was_asked_also_of_what_was_refused(site):
    s = site({"allow": ["ack", "replay"]})

    def row(verb, payload, why):
        since = s.recorder.count()
        s.recorder.publish(CMD + verb, payload)
        m = s.recorder.wait("/audit/gw", 5, since).json
        assert m["status"] == "refused" and re.search(why, m["error"]), m
        return {k: v for k, v in m.items() if k not in ("gateway", "epoch", "seq", "verb", "id", "client", "status", "error", "timestamp")}

    wish = {"user": "Ann B", "tag": "plant/dev/level", "value": 30.5, "was": 20}
    assert row("write", wish, "is not allowed") == wish
    assert row("wirte", {**wish, "colour": "red"}, "no such command") == wish
    assert row("ack", {**ACK, "seq": 3}, "needs `sent`") == {**ACK, "alarm_seq": 3}
    assert row("ack", {**ACK, "sent": rig.now_ms(), "seq": "x"}, "seq is a whole number") == ACK
    assert row("ack", {**ACK, "alarm": "plant/dev/none", "sent": rig.now_ms()}, "no.such.alarm|unknown|no alarm") == {
        **ACK, "alarm": "plant/dev/none"}
    assert row("incident", {"user": "a", "op": "open", "reason": "r\n\u0001\"", "sent": 1}, "not allowed")["reason"] == "r\n\u0001\""
    assert row("replay", {"from_seq": 9, "to_seq": 5, "lane": "event"}, "whole numbers") == {"from_seq": 9, "to_seq": 5, "lane": "event"}
    assert row("replay", {"from": 1, "to": "now"}, "whole numbers") == {"from": 1, "to": "now"}
    assert row("ack", "{", "not a JSON object") == {}
    long = row("write", {**wish, "user": "\u20ac" * 300, "value": "x" * 700}, "is not allowed")
    assert len(long["user"].encode()) <= 512 and set(long["user"]) == {"\u20ac"} and long["value"] == "x" * 512
    assert s.ask("replay", lane="event", from_seq=1, to_seq=1)["status"] == "done"
    last = s.recorder.all("/audit/gw")[-1].json
    assert (last["lane"], last["from_seq"], last["to_seq"]) == ("event", 1, 1)


def test_who_cannot_be_answered_is_refused_and_told_so_where_that_can_be(site):
    s = site({"allow": ["ack", "replay"]})
    for client in ("a/b", "#", "+", "a b", "\u00e9"):
        properties = rig.mqtt.Properties(rig.PacketTypes.PUBLISH)
        properties.ResponseTopic = "answers/here"
        since = s.recorder.count()
        s.recorder.publish(CMD + "replay", {"id": "7", "client": client, "lane": "event", "from_seq": 1, "to_seq": 1}, properties=properties)
        row = s.recorder.wait("/audit/gw", 5, since).json
        assert row["status"] == "refused" and "client is a name" in row["error"] and row["client"] == client
        reply = s.recorder.wait("answers/here", 5, since).json
        assert (reply["id"], reply["status"], reply["error"]) == ("7", "refused", row["error"])
        assert not s.recorder.all("/reply/", since)


def test_a_flood_is_counted_to_the_last_command_and_fills_no_log(site):
    s = site(ALL)
    before, since = len(s.gateway.log().splitlines()), s.recorder.count()
    many = 3000
    mad = rig.Recorder(s.broker.port, ["none"])
    mad.client.max_inflight_messages_set(500)
    for i in range(many):
        mad.client.publish(CMD + "ack", f'{{"id":"{i}","client":"mad","user":"m","alarm":"none","sent":{rig.now_ms()}}}', 1)

    def booked():
        rows = [m.json for m in s.recorder.all("/audit/gw", since)]
        return sum(r.get("count", 0) if r["verb"] == "*" else 1 for r in rows)
    rig.wait_for(lambda: booked() >= many, 60, lambda: f"{booked()} of {many} in the book")
    assert booked() == many
    lines = s.gateway.log().splitlines()[before:]
    assert len(lines) < 60, f"{len(lines)} lines of log for a flood:\n" + "\n".join(lines[-20:])
    mad.end()
    s.raise_alarm()
    assert s.ask("ack", **ACK)["status"] == "done", "and people are heard again"


def test_a_reload_changes_what_is_allowed(site):
    s = site({"allow": ["replay"]})
    s.raise_alarm()
    s.refused("not allowed", "ack", **ACK)
    plant = yaml.safe_load(s.plant.read_text())
    plant["commands"] = ALL
    s.plant.write_text(yaml.safe_dump(plant, sort_keys=False))
    since = s.recorder.count()
    s.gateway.child.process.send_signal(1)
    s.recorder.wait("/event/gw", 10, since, lambda m: m.json["type"] == "reloaded")
    assert s.ask("ack", **ACK)["status"] == "done"


def test_in_a_story_its_clock_counts(site):
    play = f"2006-02-04T12:00:00Z,{rig.now_ms()},600"
    s = site(ALL, arguments=["--play", play])
    s.raise_alarm()

    def watch(*more):
        return subprocess.run([rig.binary(), "watch", s.plant, "--ack", HIGH, "--user", "tester", *more],
                              capture_output=True, text=True, timeout=30, check=False)
    late = watch()
    assert late.returncode == 1 and re.search(r"sent \S+ d in the future .*our clock shows 2006-", late.stderr), late
    done = watch("--play", play)
    assert done.returncode == 0, done
