# SPDX-License-Identifier: Apache-2.0
"""Plays a story: the simulated mine and the gateway on one clock, people who say their words at their
times, and somebody who listens. Times are the story's, in ms since 1970, unless they are called real."""
import datetime
import json
import os
import sys
import time
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import rig  # noqa: E402

EXAMPLE = rig.CHECKOUT / "examples" / "lac-des-iles"
ROOT = "mine/v1/lac-des-iles"
HOUR = 3600_000

# The gateway polls by the machine's clock. So that a minute of the story has a reading in it, what the
# story is about is asked as often as the gateway can ask, over lines as fast as loopback is.
EVERY = {"pond": "50ms", "process": "50ms", "flood": "50ms", "crusher": "50ms", "incomer-1": "100ms",
         "reclaim-1-meter": "50ms", "reclaim-2-meter": "50ms", "sump": "100ms", "sump-controller": "100ms",
         "pond-radar": "200ms", "incomer-2": "200ms", "dewater-1": "200ms", "dewater-2": "200ms",
         "ug-pump-1": "200ms", "ug-pump-2": "200ms", "sumps": "200ms"}


def milliseconds(t):
    return int(t.timestamp() * 1000)


def parse(text):
    return milliseconds(datetime.datetime.fromisoformat(text))


def duration(text):
    return int(float(text[:-1]) * {"m": 60_000, "h": HOUR, "d": 24 * HOUR}[text[-1]])


class Story:
    def __init__(self, path):
        self.path = Path(path)
        story = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        self.begin, self.end = milliseconds(story["begin"]), milliseconds(story["end"])
        self.steps = [{**s, "at": milliseconds(s["at"])} for s in story["steps"]]


class Clock:
    """The story's, as --play tells it to both programs."""

    def __init__(self, begin, speed):
        self.begin, self.speed, self.since = begin, speed, int(time.time() * 1000)

    def now(self):
        return int(self.begin + (time.time() * 1000 - self.since) * self.speed)

    def word(self):
        return f"{iso(self.begin)},{self.since},{self.speed:g}"

    def real(self, ms):
        """Seconds until the story's time ms; not below 0."""
        return max(0.0, (ms - self.now()) / self.speed / 1000)


def iso(ms, zone=-5):
    """As the story's people write it: Eastern time, in winter."""
    t = time.gmtime(ms // 1000 + zone * 3600)
    return time.strftime("%Y-%m-%dT%H:%M:%S", t) + f"{zone:+03d}:00"


def write_plant(folder, port):
    """A copy of the example: asked more often, and at another broker."""
    plant = yaml.safe_load((EXAMPLE / "plant.yaml").read_text(encoding="utf-8"))
    plant["mqtt"]["broker"] = f"mqtt://127.0.0.1:{port}"
    for name, every in EVERY.items():
        plant["devices"][name]["every"] = every
    for i, (name, line) in enumerate(plant["lines"].items()):
        if line["connect"].startswith("rtu"):
            plant["lines"][name] = {"connect": f"tcp://10.20.9.{i}:502", "timeout": "500ms"}
    for name in ("maps", "physics.lua"):
        there = Path(folder) / name
        if not there.exists():
            there.symlink_to(EXAMPLE / name)
    path = Path(folder) / "plant.yaml"
    path.write_text(yaml.safe_dump(plant, sort_keys=False), encoding="utf-8")
    return path


class Stage:
    """Broker, mine and gateway. The gateway may be killed and started again."""

    def __init__(self, folder, story, speed, begin=None):
        self.folder, self.story = Path(folder), story
        self.environment = {**os.environ, "HEADGATE_MAPS": str(rig.CHECKOUT / "maps")}
        self.broker = rig.Broker(self.folder / "broker").start()
        self.plant = write_plant(self.folder, self.broker.port)
        self.recorder = rig.Recorder(self.broker.port, [f"{ROOT}/{c}" for c in (
            "event/#", "bulletin/#", "incident/#", "alarm/#", "leak/#", "reply/#", "value/crusher/flood/crusher_level")],
            client_id="listener", durable=True)
        self.clock = Clock(begin or story.begin, speed)
        self.mine = self.gateway = None
        self.lines = self.folder / "lines.yaml"

    def start(self):
        self.clock.since = int(time.time() * 1000)
        self.mine = rig.Child([rig.binary(), "sim", self.plant, "--lines", self.lines, "--dir", self.folder / "ptys",
                               "--story", self.story.path, "--play", self.clock.word()],
                              self.folder / "mine.log", env=self.environment)
        rig.wait_for(lambda: self.lines.exists() or not self.mine.running(), 20, "the lines of the mine")
        self.start_gateway()
        return self

    def start_gateway(self):
        self.gateway = rig.Child([rig.binary(), "run", self.plant, "--lines", self.lines, "--state",
                                  self.folder / "state", "--play", self.clock.word()],
                                 self.folder / "gateway.log", env=self.environment)

    def say(self, verb, payload):
        self.recorder.publish(f"{ROOT}/cmd/gw1/{verb}", json.dumps({**payload, "sent": self.clock.now()}))

    def check(self):
        for who in (self.mine, self.gateway):
            assert who.running(), f"ended too early:\n{who.log()[-3000:]}"

    def end(self):
        for who in (self.gateway, self.mine):
            if who:
                who.kill()
        self.recorder.end()
        self.broker.kill()


class People:
    """Say what the story wants said, at its times; again when nobody answered, because the gateway was
    dead just then."""

    AGAIN = 2.0      # real seconds

    def __init__(self, stage):
        self.stage, self.next = stage, 0
        self.waiting, self.answers = {}, {}      # by id

    def turn(self):
        steps, now = self.stage.story.steps, self.stage.clock.now()
        while self.next < len(steps) and steps[self.next]["at"] <= now:
            for n, words in enumerate(steps[self.next].get("people", [])):
                (verb, payload), = words.items()
                key = f"{self.next}-{n}"
                self.waiting[key] = [verb, {**payload, "id": key, "client": "people"}, 0.0, 0]
            self.next += 1
        for key, said in self.waiting.items():
            if time.monotonic() - said[2] > self.AGAIN:
                said[2] = time.monotonic()
                said[3] += 1
                self.stage.say(said[0], said[1])
                return                          # one at a time: people wait for each other

    def heard(self, reply):
        said = self.waiting.pop(reply.get("id"), None)
        if said:
            # Said twice because the first answer was lost: that it was done already is the answer.
            self.answers[reply["id"]] = (said, reply, said[3] > 1)


class Listener:
    """What was heard, in order: events, bulletins, states; each first delivery once."""

    def __init__(self, stage):
        self.stage, self.index = stage, 0
        self.events, self.bulletins, self.incidents, self.values = [], [], [], []
        self.frames, self.repeats = set(), 0
        self.alarms, self.leaks, self.newest = {}, {}, None

    def caught_up(self):
        return self.newest and self.bulletins and self.bulletins[-1]["number"] >= self.newest["number"]

    def turn(self, people):
        for m in self.stage.recorder.all("", self.index):
            self.index += 1
            kind = m.topic[len(ROOT) + 1:].split("/")[0]
            if not m.payload:
                continue
            if kind == "event":
                key = (m.json["epoch"], m.json["seq"])
                if key in self.frames:
                    self.repeats += 1
                    continue
                self.frames.add(key)
                self.events.append(m.json)
                if m.json["type"] == "bulletin":     # all of them are events; the newest has a topic as well
                    self.bulletins.append({**m.json["bulletin"], "text": m.json["text"]})
            elif kind == "bulletin":
                self.newest = m.json
            elif kind == "incident":
                self.incidents.append(m.json)
            elif kind == "alarm":
                self.alarms[m.json["id"]] = m.json
            elif kind == "leak":
                self.leaks[m.json["leak"]] = m.json
            elif kind == "reply":
                people.heard(m.json)
            elif kind == "value" and m.json["quality"] == rig.GOOD:
                self.values.append((m.json["timestamp"], m.json["value"]))
