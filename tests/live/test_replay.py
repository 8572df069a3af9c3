# SPDX-License-Identifier: Apache-2.0
"""A historian that came back empty asks for rows again; whoever asks badly is refused, and everything
stays alive."""
import time

import paho.mqtt.client as mqtt
import pytest
import rig
from paho.mqtt.packettypes import PacketTypes

CMD = "t/v1/site/cmd/gw/replay"


@pytest.fixture
def running(stage):
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1]}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                        {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "100ms", "history": "all"}},
                        {"few": rig.words_map(16)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    rig.wait_for(lambda: len(rig.frames(recorder.all("/history/"))) >= 30, 20, lambda: "thirty frames\n" + gateway.log()[-1500:])
    return broker, gateway, recorder


def properties(topic="t/v1/site/reply/gw/tests", correlation=b"c-1"):
    p = mqtt.Properties(PacketTypes.PUBLISH)
    p.ResponseTopic, p.CorrelationData = topic, correlation
    return p


def ask(recorder, payload, correlation=b"c-1", seconds=5, **options):
    """The last word on a command; what it did stands between `since` and then."""
    since = recorder.count()
    recorder.publish(CMD, payload, properties=properties(correlation=correlation), **options)
    reply = recorder.wait("/reply/gw/tests", seconds, since,
                          lambda m: m.json.get("status") not in ("accepted",) and
                          getattr(m.properties, "CorrelationData", None) == correlation)
    return since, reply


def repeated(recorder, since, known):
    """Frames since then that had been delivered before, by key."""
    return {(m.json["epoch"], m.json["seq"]): m.payload for m in recorder.all("/history/", since)
            if (m.json["epoch"], m.json["seq"]) in known}


def test_rows_come_again_by_number_with_the_same_key_and_content(running):
    _, _, recorder = running
    known = {(m.json["epoch"], m.json["seq"]): m.payload for m in recorder.all("/history/")}
    (epoch, first), (_, last) = sorted(known)[5], sorted(known)[14]
    since, reply = ask(recorder, {"id": "r-1", "from_seq": first, "to_seq": last})
    assert reply.json["id"] == "r-1" and reply.json["status"] == "done", reply
    assert 10 in reply.json.values(), f"the reply says how many rows: {reply}"
    again = rig.wait_for(lambda: len(r := repeated(recorder, since, known)) >= 10 and r, 5, "ten rows")
    wanted = {k: v for k, v in known.items() if first <= k[1] <= last}
    assert again == wanted
    audit = recorder.wait("/audit/gw", 5, since)
    assert audit.qos == 1 and not audit.retain and "replay" in str(audit.json) and "r-1" in str(audit.json)


def test_rows_come_again_by_time(running):
    _, _, recorder = running
    messages = recorder.all("/history/")
    known = {(m.json["epoch"], m.json["seq"]): m.payload for m in messages}
    low, high = messages[5].json["timestamp"], messages[15].json["timestamp"]
    since, reply = ask(recorder, {"id": "r-2", "from": low, "to": high})
    assert reply.json["status"] == "done", reply
    inside = {k for m in messages if low <= m.json["timestamp"] <= high for k in [(m.json["epoch"], m.json["seq"])]}
    rig.wait_for(lambda: inside <= set(repeated(recorder, since, known)), 5, "the rows of that time")
    extra = set(repeated(recorder, since, known)) - inside
    assert len(extra) <= 2, f"and hardly any other: {extra}"


def test_without_mqtt_5_the_reply_has_a_topic_of_its_own(running):
    broker, _, recorder = running
    since = recorder.count()
    first = rig.frames(recorder.all())[0]["seq"]
    old = rig.Recorder(broker.port, version=3, filters=["t/v1/site/reply/#"])
    try:
        old.publish(CMD, {"id": "r-3", "from_seq": first, "to_seq": first + 2, "client": "old-scada"})
        reply = recorder.wait("/reply/gw/old-scada", 5, since)
        assert reply.json["id"] == "r-3"
    finally:
        old.end()


BAD = {
    "no JSON": b"{",
    "not an object": b"[1,2]",
    "bad UTF-8": b'{"id":"\xff","from_seq":1,"to_seq":2}',
    "trailing junk": b'{"id":"x","from_seq":1,"to_seq":2} x',
    "duplicate keys": b'{"id":"x","id":"y","from_seq":1,"to_seq":2}',
    "huge number": b'{"id":"x","from_seq":1e999,"to_seq":2}',
    "negative": b'{"id":"x","from_seq":-5,"to_seq":-1}',
    "backwards": b'{"id":"x","from_seq":20,"to_seq":2}',
    "a word for a number": b'{"id":"x","from_seq":"one","to_seq":2}',
    "nothing asked": b'{"id":"x"}',
    "zeros": bytes(64),
    "deep": b'{"id":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "too large": b'{"id":"x","from_seq":1,"to_seq":2,"pad":"' + b"x" * 70000 + b'"}',
}


def test_bad_commands_are_refused_told_and_survived(running):
    _, gateway, recorder = running
    for name, payload in BAD.items():
        since = recorder.count()
        recorder.publish(CMD, payload, properties=properties(correlation=name.encode()))
        recorder.wait("/audit/gw", 5, since)
        replies = [m for m in recorder.all("/reply/", since) if getattr(m.properties, "CorrelationData", None) == name.encode()]
        assert all(m.json.get("status") not in ("done", "accepted") for m in replies), f"{name}: {replies}"
        assert gateway.child.running(), f"{name} ended the gateway"
    since = recorder.count()
    recorder.publish("t/v1/site/cmd/gw/selfdestruct", {"id": "x"}, properties=properties(correlation=b"verb"))
    recorder.wait("/audit/gw", 5, since)
    # A command that lies on the broker since yesterday.
    known = {(m.json["epoch"], m.json["seq"]) for m in recorder.all("/history/")}
    first = min(known)[1]
    since = recorder.count()
    recorder.publish(CMD, {"id": "kept", "from_seq": first, "to_seq": first + 3}, retain=True)
    recorder.publish(CMD, b"", retain=True)     # how people clear a topic; no command
    gateway_goes_on(recorder)


def test_a_retained_command_is_not_carried_out(running):
    broker, gateway, recorder = running
    first = rig.frames(recorder.all())[0]["seq"]
    gateway.stop(3)
    recorder.publish(CMD, {"id": "kept", "from_seq": first, "to_seq": first + 3}, retain=True)
    since = recorder.count()
    gateway.start()
    told = recorder.wait("/audit/gw", 10, since, lambda m: "retained" in str(m.json))
    assert "done" not in str(told.json)
    gateway_goes_on(recorder)


def gateway_goes_on(recorder):
    since = recorder.count()
    rig.wait_for(lambda: len(recorder.all("/history/", since)) > 5, 5, "history goes on")
    seqs = [f["seq"] for f in rig.frames(recorder.all())]
    assert not rig.missing(seqs)
