# SPDX-License-Identifier: Apache-2.0
"""What people see and do about alarms in `headgate watch`: on a terminal, and on the command line."""
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest
import rig
from plc import Plc

HEAD = {"format": 1, "title": "Turned by hand", "source": ["tests/live/plc.py"], "verified": "invented"}
PATH = "plant/dev/high"
ALARM = {"tag": "plant/dev/level", "above": 1.2, "clear": 1.0, "for": "100ms", "off_for": "100ms",
         "priority": "critical", "about": "Water rises", "consequence": "Wet feet", "response": "Pump"}
ENVIRONMENT = {**os.environ, "HEADGATE_MAPS": str(rig.CHECKOUT / "maps"), "TERM": "xterm", "USER": "tester"}


class Site:
    def __init__(self, stage):
        self.plc = Plc()
        self.broker = stage.broker()
        self.plant = stage.plant(self.broker.port, {"l": {"connect": self.plc.where, "timeout": "300ms"}},
                                 {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": "50ms"}},
                                 {"m": {**HEAD, "tags": {"level": {"at": "holding 0", "type": "f32", "unit": "m"}}}},
                                 alarms={PATH: ALARM}, commands={"allow": ["alarms", "incidents"]})
        self.recorder = stage.recorder(self.broker.port)
        self.gateway = stage.gateway(self.plant).start()
        self.recorder.wait("/value/plant/dev/", test=lambda m: m.json["quality"] == rig.GOOD)
        self.recorder.wait("/alarm/" + PATH)

    def is_(self, state):
        rig.wait_for(lambda: self.recorder.latest("/alarm/" + PATH).json["state"] == state, 10,
                     lambda: f"{PATH} is {state}, not {self.recorder.latest('/alarm/' + PATH).json['state']}")

    def watch(self, *words):
        return subprocess.run([rig.binary(), "watch", self.plant, *map(str, words)], capture_output=True, text=True,
                              timeout=30 * rig.PATIENCE, env=ENVIRONMENT, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def site(stage):
    made = Site(stage)
    yield made
    made.plc.stop()


class Terminal:
    """`headgate watch` on a terminal of its own; what it wrote since the last key."""

    def __init__(self, plant, *words, rows=24, columns=120):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.execve(rig.binary(), ["headgate", "watch", str(plant), *words], ENVIRONMENT)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = ""

    def hear(self):
        ready, _, _ = select.select([self.fd], [], [], 0.05)
        if ready:
            self.text += re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", os.read(self.fd, 65536).decode(errors="replace"))

    def until(self, words, seconds=10):
        def seen():
            self.hear()
            return words in self.text
        rig.wait_for(seen, seconds, lambda: f"{words!r} on the screen, which says\n{self.text[-4000:]}")

    def press(self, keys):
        self.text = ""
        os.write(self.fd, keys.encode())

    def end(self):
        os.write(self.fd, b"q")
        end = time.monotonic() + 5 * rig.PATIENCE
        while time.monotonic() < end:
            try:
                self.hear()
            except OSError:
                break
        _, status = os.waitpid(self.child, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_an_alarm_is_acknowledged_from_the_screen(site):
    screen = Terminal(site.plant)
    screen.until("[devices]")
    screen.press("3")
    screen.until("no alarm stands")
    site.plc.real(0, 1.3)
    screen.until("alarms: 1 critical (1 unack)")
    screen.until("critical UNACK")
    screen.until("response: Pump")
    screen.press("s30 cleaning\r")
    screen.until(f"shelve {PATH}: refused: not_shelvable")
    screen.press("a")
    screen.until(f"ack {PATH}: done")
    screen.until("critical ACKED")
    site.is_("ACKED")
    assert site.recorder.latest("/alarm/" + PATH).json["user"] == "tester"
    screen.press("obroken, order 17\r")
    screen.until(f"out of service: {PATH}: done")
    screen.until("out of service by tester: broken, order 17")
    screen.press("5")
    screen.until("opened by rule: a critical alarm")
    screen.press("b")
    screen.until("(asked)")
    assert screen.end() == 0


def test_an_alarm_is_acknowledged_from_a_script(site):
    refused = site.watch("--ack", PATH)
    assert refused.returncode == 1 and "refused: not_active" in refused.stderr, refused
    site.plc.real(0, 1.3)
    site.is_("UNACK")
    shown = site.watch("--once", "--page", "alarms")
    assert shown.returncode == 0 and re.search(rf"^critical UNACK .* {PATH} .*Water rises", shown.stdout, re.M), shown
    told = json.loads(site.watch("--json", "--page", "alarms", "--filter", PATH).stdout)
    assert [(a["name"], a["state"], a["seq"]) for a in told["alarms"]] == [(PATH, "UNACK", 1)] and "values" not in told
    stale = site.watch("--ack", PATH, "--seq", 0)
    assert stale.returncode == 1 and "refused: stale" in stale.stderr, stale
    done = site.watch("--ack", PATH, "--seq", 1, "--user", "m.roy")
    assert done.returncode == 0 and done.stdout == f"ack {PATH}: done\n", done
    site.is_("ACKED")
    assert site.recorder.latest("/alarm/" + PATH).json["user"] == "m.roy"
    wrong = site.watch("--ack", "plant/dev/hihg")
    assert wrong.returncode == 1 and f"did you mean '{PATH}'" in wrong.stderr, wrong
    usage = site.watch("--shelve", PATH)
    assert usage.returncode == 2 and "--minutes" in usage.stderr, usage
    for words, why in ((["--ack", ""], "--ack: say which alarm"), (["--confirm", ""], "--confirm: say which milestone"),
                       (["--ack", PATH, "--json"], "answered in words"), (["--once", "--seq", 1], "go with an order"),
                       (["--once", "--minutes", 5], "go with an order"), (["--once", "--cause", "leak"], "go with an order")):
        usage = site.watch(*words)
        assert usage.returncode == 2 and why in usage.stderr, usage


@pytest.mark.parametrize("columns", [60, 80])
def test_a_dead_broker_makes_all_of_it_old(site, columns):
    screen = Terminal(site.plant, "--page", "values", rows=12, columns=columns)
    screen.until("gw online")
    screen.until(" good ")
    site.broker.kill()
    screen.until("NOT CONNECTED: ")
    screen.press("2")
    for words in ("NOT CONNECTED: ", "gw unknown: not connected; was online", "no alarm stood", "was good"):
        screen.until(words)
    assert "gw online" not in screen.text and "no alarm stands" not in screen.text, screen.text
    site.broker.start()
    screen.until("headgate watch  connected", 30)
    screen.press("2")
    screen.until("gw online", 30)
    assert screen.end() == 0


def test_a_mistake_in_a_map_keeps_nobody_from_acknowledging(site):
    site.plc.real(0, 1.3)
    site.is_("UNACK")
    next(site.plant.parent.glob("maps/*.yaml")).write_text("format: 1\ntags: {level: {at: nowhere}}\n")
    done = site.watch("--ack", PATH)
    assert done.returncode == 0 and "warning: " in done.stderr and "mistake" in done.stderr, done
    site.is_("ACKED")
    site.plant.write_text(site.plant.read_text().replace("mqtt://", "carrier-pigeon://"))
    refused = site.watch("--ack", PATH)
    assert refused.returncode == 1 and "carrier-pigeon" in refused.stderr, refused


def test_silence_of_a_gateway_is_told(site):
    site.plc.real(0, 1.3)
    site.is_("UNACK")
    site.gateway.kill()
    start = time.monotonic()
    silent = site.watch("--ack", PATH)
    assert silent.returncode == 1 and "no answer from gw within 5 s" in silent.stderr, silent
    assert time.monotonic() - start < 9 * rig.PATIENCE


def test_no_alarm_is_left_out_however_many_are_retained(site):
    """A broker queues 1000 messages of QoS 1 for a client, and drops the rest."""
    count = 3000
    state = {"gateway": "gw", "state": "UNACK", "priority": "low", "seq": 1, "timestamp": 1, "on": 1}
    for i in range(count):
        site.recorder.publish(f"t/v1/site/alarm/many/of/alarm-{i}", state, retain=True, qos=0)
    told = []

    def all_told():
        told[:] = json.loads(site.watch("--json", "--page", "alarms", "--filter", "many/*").stdout)["alarms"]
        return len(told) == count
    rig.wait_for(all_told, 20, lambda: f"{count} alarms, not {len(told)}")
