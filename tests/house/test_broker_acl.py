# SPDX-License-Identifier: Apache-2.0
"""The shipped mosquitto.conf and mosquitto.acl, in a real broker: who may write what."""
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
PASSWD = shutil.which("mosquitto_passwd")
USERS = ["gw1", "gw2", "historian", "operator", "stranger"]
SITE = "mine/v1/lac-des-iles/"
OK, NOBODY, NOT_AUTHORIZED = 0x00, 0x10, 0x87

if not MOSQUITTO or not PASSWD:
    pytest.skip("SKIPPED: mosquitto is not installed", allow_module_level=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    home = tmp_path_factory.mktemp("broker")
    port = free_port()
    passwords = home / "passwd"
    passwords.touch(mode=0o600)
    for user in USERS:
        subprocess.run([PASSWD, "-b", passwords, user, user + "-secret"], check=True)
    shutil.copy(SYSTEMD / "mosquitto.acl", home / "acl")
    (home / "acl").chmod(0o600)
    shipped = (SYSTEMD / "mosquitto.conf").read_text()
    adapted = shipped.replace("listener 1883 127.0.0.1", f"listener {port} 127.0.0.1") \
        .replace("/etc/mosquitto/headgate.passwd", str(passwords)) \
        .replace("/etc/mosquitto/headgate.acl", str(home / "acl"))
    assert not re.search(r"^[^#]*/etc/", adapted, re.M)
    (home / "conf.d").mkdir()
    (home / "conf.d" / "headgate.conf").write_text(adapted)
    # As Debian's own: the shipped file has to get along with it.
    (home / "mosquitto.conf").write_text(
        f"persistence true\npersistence_location {home}/\nlog_dest file {home}/log\n"
        f"include_dir {home}/conf.d\n" + ("user root\n" if Path("/root").stat().st_uid == 0 else ""))
    child = subprocess.Popen([MOSQUITTO, "-c", home / "mosquitto.conf"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert child.poll() is None, child.stderr.read().decode()
            assert time.monotonic() < until, "the broker does not answer"
            time.sleep(0.05)
    yield port
    child.terminate()
    child.wait(10)


class Person:
    """An MQTT 5 client that waits for the broker's reason codes."""

    def __init__(self, port, user, password=None, will=None, listen=()):
        self.client = mqtt.Client(f"test-{user}-{time.monotonic_ns()}", protocol=mqtt.MQTTv5)
        if user:
            self.client.username_pw_set(user, password or user + "-secret")
        if will:
            self.client.will_set(will, b"offline", 1, True)
        self.news, self.heard, self.answers = threading.Condition(), [], {}
        self.connects, self.granted = 0, None
        self.client.on_connect = self.on_connect
        self.client.on_message = lambda c, u, m: self.note("message", m)
        self.client.on_subscribe = \
            lambda c, u, mid, reasons, p: self.note(("sub", mid), [r.value for r in reasons])
        # paho 1.6 keeps the reason of a PUBACK to itself: read it from the packet.
        inner = self.client._handle_pubackcomp

        def puback(kind):
            packet = bytes(self.client._in_packet["packet"])
            self.note(("pub", packet[0] << 8 | packet[1]), packet[2] if len(packet) > 2 else 0)
            return inner(kind)

        self.client._handle_pubackcomp = puback
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.connected = self.answer("connect")
        for topic in listen:
            self.subscribe(topic)

    def on_connect(self, client, userdata, flags, reason, properties):
        self.connects, self.granted = self.connects + 1, properties
        self.note("connect", reason.value)

    def note(self, key, what):
        with self.news:
            if key == "message":
                self.heard.append(what)
            else:
                self.answers[key] = what
            self.news.notify_all()

    def answer(self, key):
        with self.news:
            assert self.news.wait_for(lambda: key in self.answers, 5), f"no answer: {key}"
            return self.answers[key]

    def publish(self, topic, payload=b"{}", retain=False):
        return self.answer(("pub", self.client.publish(topic, payload, 1, retain).mid))

    def subscribe(self, topic):
        return self.answer(("sub", self.client.subscribe(topic, 1)[1]))[0]

    def hears(self, topic, seconds=5.0):
        with self.news:
            return self.news.wait_for(lambda: any(m.topic == topic for m in self.heard), seconds)

    def end(self, orderly=True):
        if orderly:
            self.client.disconnect()
        else:
            self.client._sock.shutdown(socket.SHUT_RDWR)
        self.client.loop_stop()


@pytest.fixture
def person(broker):
    made = []

    def make(user, **more):
        made.append(Person(broker, user, **more))
        return made[-1]

    yield make
    for p in made:
        try:
            p.end()
        except Exception as e:
            print(f"while ending: {e}")


OWN = ["history/{}/{area}/pump-1", "history/{}/gateway/gap", "event/{}", "audit/{}", "stats/{}",
       "reply/{}/screen", "gateway/{}", "value/{area}/pump-1/flow", "device/{area}/pump-1",
       "meta/{area}/pump-1", "alarm/{area}/pump-1/flood"]
AREAS = {"gw1": "mill", "gw2": "camp"}


def topics_of(gateway):
    return [SITE + t.format(gateway, area=AREAS[gateway]) for t in OWN]


@pytest.mark.parametrize("gateway, other", [("gw1", "gw2"), ("gw2", "gw1")])
def test_a_gateway_writes_its_own_topics_and_no_other_gateways(person, gateway, other):
    g = person(gateway)
    for topic in topics_of(gateway):
        assert g.publish(topic) in (OK, NOBODY), topic
    for topic in topics_of(other):
        assert g.publish(topic) == NOT_AUTHORIZED, topic


def test_what_names_no_gateway_has_one_writer(person):
    one, two = person("gw1"), person("gw2")
    for topic in ("leak/pond", "incident/INC-2026-001", "bulletin/INC-2026-001", "alarm/gateway/plc/line-lost",
                  "alarm/gateway/alarms/flood"):
        assert one.publish(SITE + topic) in (OK, NOBODY), topic
        assert two.publish(SITE + topic) == NOT_AUTHORIZED, topic


def test_what_a_gateway_was_refused_reaches_nobody(person):
    h = person("historian", listen=["mine/v1/#"])
    g = person("gw2")
    g.publish(SITE + "value/mill/pump-1/flow", b"forged", True)
    g.publish(SITE + "event/gw2")
    assert h.hears(SITE + "event/gw2")
    assert not any(m.payload == b"forged" for m in h.heard)


def test_a_gateway_hears_its_own_commands_and_nothing_else(person):
    o = person("operator")
    g1, g2 = person("gw1"), person("gw2")
    assert g1.subscribe(SITE + "cmd/gw1/#") == 1
    g1.subscribe("mine/v1/#")
    g2.subscribe(SITE + "cmd/#")
    assert o.publish(SITE + "cmd/gw1/replay", b"first") == OK
    assert o.publish(SITE + "cmd/gw2/replay", b"second") in (OK, NOBODY)
    person("gw2").publish(SITE + "value/camp/pump/flow")
    assert g1.hears(SITE + "cmd/gw1/replay")
    assert g2.hears(SITE + "cmd/gw2/replay")
    time.sleep(0.2)
    assert {m.topic for m in g1.heard} <= {SITE + "cmd/gw1/replay", SITE + "gateway/gw1"}
    assert {m.topic for m in g2.heard} <= {SITE + "cmd/gw2/replay", SITE + "gateway/gw2"}


def test_a_gateway_cannot_command(person):
    g = person("gw1")
    for topic in ["cmd/gw1/replay", "cmd/gw2/replay"]:
        assert g.publish(SITE + topic) == NOT_AUTHORIZED


def test_a_will_is_held_to_the_same_rules(person):
    h = person("historian", listen=["mine/v1/#"])
    thief = person("gw2", will=SITE + "gateway/gw1")
    honest = person("gw2", will=SITE + "gateway/gw2")
    thief.end(orderly=False)
    honest.end(orderly=False)
    assert h.hears(SITE + "gateway/gw2")
    time.sleep(0.3)
    assert not any(m.topic == SITE + "gateway/gw1" and m.payload == b"offline" for m in h.heard)


def test_a_historian_hears_everything_and_cannot_write_at_all(person):
    h = person("historian", listen=["mine/v1/#"])
    for topic in topics_of("gw1") + [SITE + "cmd/gw1/replay", SITE + "history/historian/a/b",
                                     SITE + "event/historian", SITE + "leak/pond", "other/topic"]:
        assert h.publish(topic) == NOT_AUTHORIZED, topic
    g = person("gw1")
    for topic in topics_of("gw1"):
        assert g.publish(topic) == OK, topic
        assert h.hears(topic), topic


def test_an_operator_commands_and_does_not_forge(person):
    o = person("operator", listen=["mine/v1/#"])
    assert o.publish(SITE + "cmd/gw1/replay") == OK
    for topic in topics_of("gw1") + [SITE + "cmd/gw1/replay/deeper", "other/topic"]:
        assert o.publish(topic) == NOT_AUTHORIZED, topic


def test_who_is_not_in_the_list_may_do_nothing(person):
    s = person("stranger")
    s.subscribe("#")
    for topic in topics_of("gw1"):
        assert s.publish(topic) == NOT_AUTHORIZED
    person("gw1").publish(SITE + "event/gw1")
    time.sleep(0.2)
    assert not s.heard


def test_without_a_password_nobody_comes_in(person):
    assert person(None).connected == NOT_AUTHORIZED
    assert person("gw1", password="wrong").connected == NOT_AUTHORIZED


def test_a_refusal_does_not_cost_the_connection(person):
    g = person("gw1")
    for _ in range(300):                        # more than the window
        assert g.publish(SITE + "event/gw2") == NOT_AUTHORIZED
    assert g.connects == 1


def test_the_broker_announces_its_window_and_its_longest_packet(person):
    granted = person("gw1").granted
    assert granted.MaximumPacketSize == 1048576
    assert granted.ReceiveMaximum == 200
