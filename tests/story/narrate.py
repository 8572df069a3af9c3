# SPDX-License-Identifier: Apache-2.0
"""Tells the story as it happens, for scripts/demo.
  narrate.py plant FOLDER PORT          writes the story's copy of the example into FOLDER
  narrate.py tell PORT PLAY END         plays the people, prints what is heard, until the story's time END
"""
import re
import shutil
import sys
import textwrap
import time

import player
import rig

COLOURS = {"happens": "2", "people": "36", "critical": "1;31", "high": "31", "medium": "33", "good": "32", "incident": "1", "bulletin": "34"}
WHOLE = {"opened", "equipment_protected", "plugged", "dewatering_started", "testing_started"}


class Teller:
    def __init__(self):
        self.colours = sys.stdout.isatty()
        self.width = shutil.get_terminal_size((120, 24)).columns if self.colours else 120
        self.stage = None

    def say(self, t, colour, text):
        day = time.strftime("%d Feb %H:%M", time.gmtime(t // 1000 - 5 * 3600)).lstrip("0") if t else ""
        lines = textwrap.wrap(text, max(self.width - 16, 40), subsequent_indent="  ") or [""]
        begin, end = (f"\x1b[{COLOURS[colour]}m", "\x1b[0m") if self.colours else ("", "")
        for i, line in enumerate(lines):
            print(f"{day if i == 0 else '':>12}  {begin}{line}{end}", flush=True)

    def event(self, e):
        t, kind, change, subject = e["timestamp"], e["type"], e.get("change"), e.get("subject", "")
        if kind == "alarm" and not subject.endswith((".signal", "/blind", "-lost")) and "mill-sump" not in subject:
            alarm = e["alarm"]
            if change in ("on", "rise", "realarm"):
                more = f" -> {alarm['response']}" if alarm.get("response") and change == "on" else ""
                self.say(t, alarm["priority"], f"ALARM {alarm['priority']} {subject}: {e['text']}{more}")
            elif change in ("ack", "off"):
                self.say(t, "good", f"{subject}: {e['text']}")
        elif kind == "incident" and change != "eta":
            word = {"opened": "INCIDENT ", "milestone": "MILESTONE "}.get(change, "")
            self.say(t, "incident" if word else "happens", word + e["text"])
        elif kind == "incident":
            self.say(t, "bulletin", "PUMPING " + e["text"])
        elif kind == "bulletin":
            self.bulletin({**e["bulletin"], "text": e["text"]})

    def bulletin(self, b):
        lines = b["text"].splitlines()
        if b["why"] == "opened" or (b["stage"] != self.stage and b["stage"] in WHOLE):
            self.say(b["timestamp"], "bulletin", lines[0])
            for line in lines[1:]:
                self.say(None, "bulletin", "| " + line)
        else:
            water = [line for line in lines if re.match("Water in crusher|At this rate", line)]
            self.say(b["timestamp"], "bulletin", lines[0].replace("  ", " ") + ". " + " ".join(water))
        self.stage = b["stage"]


class Ends:
    """As much of a stage as people and listener need, where others start and end the programs."""

    def __init__(self, port, play):
        begin, since, speed = play.split(",")
        self.story = player.Story(player.EXAMPLE / "story.yaml")
        self.clock = player.Clock(player.parse(begin), float(speed))
        self.clock.since = int(since)
        self.recorder = rig.Recorder(port, [f"{player.ROOT}/{c}/#" for c in ("event", "bulletin", "reply")])

    def say(self, verb, payload):
        player.Stage.say(self, verb, payload)


def tell(port, play, end):
    stage, teller = Ends(port, play), Teller()
    people, listener = player.People(stage), player.Listener(stage)
    steps = stage.story.steps
    events = told = 0
    while stage.clock.now() < end:
        while told < len(steps) and steps[told]["at"] <= stage.clock.now():
            step = steps[told]
            told += 1
            teller.say(step["at"], "happens", step["happens"])
            for words in step.get("people", []):
                (verb, said), = words.items()
                doing = " ".join(str(said[k]) for k in ("op", "subject", "item", "state", "alarm", "value") if k in said)
                teller.say(step["at"], "people", f"{said['user']}: {verb} {doing}")
        people.turn()
        listener.turn(people)
        for e in listener.events[events:]:
            teller.event(e)
        events = len(listener.events)
        time.sleep(0.02)
    stage.recorder.end()


if __name__ == "__main__":
    if sys.argv[1] == "plant":
        player.write_plant(sys.argv[2], sys.argv[3])
    else:
        tell(int(sys.argv[2]), sys.argv[3], player.parse(sys.argv[4]))
