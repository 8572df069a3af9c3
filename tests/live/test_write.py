# SPDX-License-Identifier: Apache-2.0
"""People write: what is allowed arrives once, in time, and is read back; everything else is refused with
what would be right. The other end is pymodbus."""
import json
import os
import pty
import random
import re
import subprocess
import sys
import time

import pytest
import rig

CMD = "t/v1/site/cmd/gw/write"
TAGS = {
    "coil": {"at": "coil 1", "type": "bool", "write": True},
    "coil15": {"at": "coil 2", "type": "bool", "write": {"function": 15}},
    "speed": {"at": "holding 10", "type": "u16", "scale": 0.5, "unit": "Hz", "write": {"limits": [0, 50]}},
    "flow": {"at": "holding 20", "type": "f32", "order": "CDAB", "unit": "m3/h", "write": {"limits": [0, 500]}},
    "total": {"at": "holding 24", "type": "u64", "write": {"limits": [0, 1.8e19]}},
    "bit": {"at": "holding 30", "type": "u16", "bit": 3, "write": True},
    "bit_rmw": {"at": "holding 31", "type": "u16", "bit": 3, "write": {"function": 6}},
    "field": {"at": "holding 32", "type": "u16", "mask": 0x0F00, "shift": 8, "write": {"limits": [0, 15]}},
    "mode": {"at": "holding 40", "type": "u16", "enum": {0: "off", 1: "hand", 2: "auto"}, "write": True},
    "far": {"at": "input 5", "type": "u16", "write": {"at": "holding 50", "limits": [0, 100]}},
    "stop": {"at": "holding 60", "type": "u16", "danger": True, "write": {"limits": [0, 1]}},
    "closed": {"at": "holding 61", "type": "u16", "write": {"limits": [0, 1]}},
    "level": {"at": "holding 62", "type": "u16"},
}
MAP = {"format": 1, "title": "Can be written", "source": ["tests/live/writable.py"], "verified": "invented", "tags": TAGS,
       "limits": {"max_gap": 0}}
IMAGE = {"coil": dict.fromkeys(range(64), 0), "input": {**dict.fromkeys(range(64), 0), 5: 7},
         "holding": dict.fromkeys(range(100), 0)}
IMAGE["holding"].update({10: 40, 30: 0x8001, 31: 0x8001, 32: 0xA0A5})
ALLOWED = {"coil", "coil15", "flow", "total", "bit", "bit_rmw", "field", "mode", "far"}


def may(line="l", dangerous=True, tags=frozenset(ALLOWED)):
    writes = {f"plant/{line}/{t}": {} for t in sorted(tags)}
    writes[f"plant/{line}/speed"] = {"limits": [10, 40]}
    if dangerous:
        writes[f"plant/{line}/stop"] = {"danger": True}
    return {"allow": ["write", "replay"], "writes": writes}


class Bench:
    def __init__(self, stage, lines=None, commands=None, every="200ms", timeout="300ms", arguments=(), **more):
        lines = lines or {"l": {"kind": "tcp", "units": [1], "image": IMAGE}}
        self.plc = rig.Child([sys.executable, rig.HERE / "writable.py"], stage.directory / "writable.log",
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stage.enders.append(self.plc.kill)
        self.plc.process.stdin.write(json.dumps({"lines": lines}) + "\n")
        self.plc.process.stdin.flush()
        self.where = json.loads(self.plc.process.stdout.readline())
        self.broker = stage.broker()
        settings = {name: {"connect": where, "timeout": timeout,
                           **({"baud": 115200, "parity": "none"} if where.startswith("rtu:") else {}),
                           **more.get("line", {})} for name, where in self.where.items()}
        devices = {f"{name}": {"map": "m", "line": name, "unit": 1, "area": "plant", "every": every,
                              **more.get("device", {})} for name in lines}
        self.plant = stage.plant(self.broker.port, settings, devices, {"m": more.get("map", MAP)},
                                 commands=may() if commands is None else commands)
        self.recorder = stage.recorder(self.broker.port)
        self.gateway = stage.gateway(self.plant, arguments=arguments)
        self.number = 0
        if more.get("start", True):
            self.gateway.start()
            for name in lines:
                self.recorder.wait(f"/value/plant/{name}/", 15, test=lambda m: m.json["quality"] == rig.GOOD)

    def plc_do(self, **words):
        self.plc.process.stdin.write(json.dumps(words) + "\n")
        self.plc.process.stdin.flush()
        return json.loads(self.plc.process.stdout.readline())

    def writes(self):
        return self.plc_do(do="writes")

    def send(self, tag, value, **words):
        self.number += 1
        payload = {"id": f"w{self.number}", "client": "desk", "user": "tester", "tag": tag, "value": value,
                   "sent": rig.now_ms(), **words}
        self.recorder.publish(CMD, payload)
        return payload["id"]

    def end_of(self, number, since=0, seconds=10):
        return self.recorder.wait("/reply/gw/desk", seconds, since,
                                  lambda m: m.json["id"] == number and m.json["status"] != "accepted")

    def write(self, tag, value, **words):
        """The last answer, and that it was answered and written down as promised."""
        since = self.recorder.count()
        number = self.send(tag if "/" in tag else f"plant/l/{tag}", value, **words)
        end = self.end_of(number, since).json
        row = self.recorder.wait("/audit/gw", 5, since, lambda m: m.json["id"] == number).json
        assert (row["status"], row["error"]) == (end["status"], end["error"]), (row, end)
        assert row.get("user", "tester") == "tester", row
        before = [m.json["status"] for m in self.recorder.all("/reply/gw/desk", since) if m.json["id"] == number]
        assert before == (["refused"] if end["status"] == "refused" else ["accepted", end["status"]]), before
        return end

    def refused(self, why, tag, value, **words):
        before = len(self.writes())
        end = self.write(tag, value, **words)
        assert end["status"] == "refused" and re.search(why, end["error"]), end
        assert len(self.writes()) == before

    def value(self, tag):
        return self.recorder.latest(f"/value/plant/{tag}").json["value"]


@pytest.fixture
def bench(stage):
    return lambda **words: Bench(stage, **words)


def test_every_function_writes_what_was_meant_and_nothing_else(bench):
    b = bench(every="20s")
    for tag, value, function, address, words in [
            ("coil", True, 5, 1, [1]), ("coil15", True, 15, 2, [1]), ("speed", 20.5, 6, 10, [41]),
            ("flow", 230.2, 16, 20, [0x3333, 0x4366]), ("total", "12345678901234567890", 16, 24, [0xAB54, 0xA98C, 0xEB1F, 0x0AD2]),
            ("bit", True, 22, 30, [0x8009]), ("bit_rmw", True, 6, 31, [0x8009]), ("field", 3, 22, 32, [0xA3A5]),
            ("mode", "auto", 6, 40, [2]), ("stop", 1, 6, 60, [1]), ("coil", False, 5, 1, [0]), ("bit", False, 22, 30, [0x8001])]:
        before = len(b.writes())
        end = b.write(tag, value)
        assert (end["status"], end["written"], end["value"]) == ("done", True, value), end
        (written,) = b.writes()[before:]
        assert written[:5] == ["l", 1, function, address, words], (tag, written)
        begun = time.monotonic()
        rig.wait_for(lambda: b.value(f"l/{tag}") == value, 1, lambda: f"{tag} follows: {b.value(f'l/{tag}')}")  # noqa: B023
        assert time.monotonic() - begun < rig.PATIENCE
    again = b.write("speed", 20.5)
    assert (again["status"], again["written"], again["raw"]) == ("done", False, "0029"), again
    meta = {t["tag"]: t for t in b.recorder.latest("/meta/plant/l").json["tags"]}
    assert meta["speed"]["writable"] is True and meta["speed"]["write_limits"] == [10.0, 40.0]
    assert meta["mode"]["writable"] is True and "write_limits" not in meta["mode"] and meta["stop"]["danger"] is True
    assert meta["closed"]["writable"] is False and meta["level"]["writable"] is False
    elsewhere = b.write("far", 9)
    assert elsewhere["status"] == "failed" and elsewhere["value"] == 7 and b.writes()[-1][2:5] == [6, 50, [9]], elsewhere
    assert "read back as something else; it is 7 now" in elsewhere["error"]


def test_what_is_not_right_is_refused_with_what_would_be(bench):
    b = bench()
    for tag, value, why in [
            ("speed", 41, r"^41 Hz is not within the limits, 10 to 40$"), ("speed", 9.5, "within the limits"),
            ("speed", 20.3, r"can't say 20.3 Hz: the nearest are 20.0 and 20.5"), ("speed", "20", "a number in Hz, without quotes"),
            ("speed", True, "not true or false"), ("flow", 500.1, "not within the limits, 0 to 500"),
            ("mode", "Auto", r'Auto is none of its words: "off", "hand", "auto"'), ("mode", 2, "none of its words"),
            ("coil", 1, "it is true or false"), ("bit", "true", "it is true or false"), ("field", 3.5, "nearest are 3 and 4"),
            ("closed", 1, r"lets nobody write `plant/l/closed`: add it to `commands: {writes"),
            ("level", 1, r"`plant/l/level` can't be written: its map does not say"),
            ("plant/l/sped", 20, r"no tag `plant/l/sped`; did you mean `plant/l/speed`"), ("plant/x/speed", 20, "no tag"),
            ("speed", None, "value is a number, true or false, or a text"), ("speed", [20], "value is a number")]:
        b.refused(why, tag, value)
    b.refused("write needs user", "speed", 20, user="")
    b.refused("within_ms is a whole number of milliseconds, 1 to 60000", "speed", 20, within_ms=0)
    b.refused('knows no member "force"', "speed", 20, force=True)
    b.refused("was: its registers can't say 19.9 Hz", "speed", 30, was=19.9)
    b.refused(r"^sent 4\d s ago", "speed", 30, sent=rig.now_ms() - 42_000)
    since = b.recorder.count()
    b.recorder.publish(CMD, b'{"id":"n","client":"desk","user":"u","tag":"plant/l/speed","value":NaN,"sent":%d}' % rig.now_ms())
    b.recorder.wait("/audit/gw", 5, since, lambda m: m.json["status"] == "refused")
    b.recorder.publish(CMD, {"id": "r", "client": "desk", "user": "u", "tag": "plant/l/speed", "value": 30,
                             "sent": rig.now_ms()}, retain=True)
    b.recorder.wait("/reply/gw/desk", 5, since, lambda m: "retained" in (m.json["error"] or ""))
    sent = rig.now_ms()
    assert b.write("speed", 30, id="same", sent=sent)["status"] == "done"
    b.number -= 1
    b.refused("duplicate", "speed", 31, id="same", sent=sent)
    assert len(b.writes()) == 1


def test_without_a_word_of_the_plant_file_nobody_writes(bench):
    b = bench(commands={"allow": ["alarms", "replay"]})
    b.refused(r"`write` is not allowed by the plant file: add `write`", "speed", 20)
    assert b.writes() == []


def test_other_equipment_than_was_meant_is_not_told(bench):
    named = {**MAP, "identify": {"tag": "level"}}
    b = bench(map=named, device={"identity": "4711"}, start=False)
    b.gateway.start()
    b.recorder.wait("/value/plant/l/speed", 15, test=lambda m: m.json["quality"] == 4)
    b.refused("not known to be the right equipment: ", "speed", 20.5)
    told = by_hand(b, "plant/l/speed", "20.5", "--yes")
    assert told.returncode == 1 and b.writes() == [], told
    b.plc_do(do="set", line="l", address=62, value=4711)
    b.gateway.stop()
    since = b.recorder.count()
    b.gateway.start()
    b.recorder.wait("/value/plant/l/speed", 30, since, lambda m: m.json["quality"] == rig.GOOD and not m.retain)
    assert b.write("speed", 20.5)["status"] == "done"


def test_equipment_that_never_says_who_it_is_is_not_told(bench):
    named = {**MAP, "tags": {**TAGS, "who": {"at": "holding 500", "type": "u16"}}, "identify": {"tag": "who"}}
    b = bench(map=named, start=False)
    told = by_hand(b, "plant/l/speed", "20.5", "--yes")
    assert told.returncode == 1 and "not known to be the right equipment: " in told.stderr and b.writes() == [], told


def test_what_changed_meanwhile_is_not_overwritten(bench):
    b = bench()
    b.plc_do(do="set", line="l", address=10, value=44)
    end = b.write("speed", 30, was=20)
    assert (end["status"], end["written"], end["value"]) == ("failed", False, 22.0), end
    assert end["error"] == "it is 22.0 Hz now, not 20.0 Hz; nothing was written" and b.writes() == []
    assert b.write("speed", 30, was=22.0)["status"] == "done"


def test_what_the_device_does_with_it_is_told(bench):
    b = bench(lines={"l": {"kind": "tcp", "units": [1], "no": [22], "image": IMAGE}})
    end = b.write("bit", True)
    assert end["status"] == "failed" and re.search(r"can't change single bits \(function 22: illegal function\).*"
                                                   r"write: {function: 6}", end["error"]), end
    assert end["value"] is False and b.writes() == []
    for tag, address, why in (("speed", 10, "it says that another value was written; it is 20.0 Hz now"),
                              ("flow", 20, "read back as something else; it is 0.0 m3/h now")):
        b.plc_do(do="keep", line="l", address=address)
        b.plc_do(do="keep", line="l", address=address + 1)
        end = b.write(tag, 30)
        assert end["status"] == "failed" and end["written"] and end["error"].endswith(why), end
        b.plc_do(do="keep", line="l", address=address, on=False)
        b.plc_do(do="keep", line="l", address=address + 1, on=False)
    b.plc_do(do="lag", line="l", address=20, by=0.3)
    b.plc_do(do="lag", line="l", address=21, by=0.3)
    assert b.write("flow", 31)["status"] == "done", "equipment that takes a moment"
    b.plc.process.send_signal(19)
    begun = time.monotonic()
    end = b.write("speed", 32, within_ms=700)
    assert end["status"] == "failed" and "nothing was written" in end["error"] and time.monotonic() - begun < 2 * rig.PATIENCE
    b.plc.process.send_signal(18)
    rig.wait_for(lambda: b.write("speed", 33)["status"] == "done", 10, "it is written again")
    assert [w[4] for w in b.writes()] == [[60], [0, 0x41F0], [0, 0x41F8], [66]]


def test_many_wait_their_turn_and_no_more_than_eight(bench):
    b = bench(timeout="2s")
    b.plc.process.send_signal(19)
    since = b.recorder.count()
    numbers = [b.send("plant/l/speed", 11 + i, within_ms=4000) for i in range(12)]
    ends = []
    time.sleep(0.3)
    refused = [m.json for m in b.recorder.all("/reply/gw/desk", since) if m.json["status"] == "refused"]
    assert len(refused) == 4 and "too many wait to be written on this line" in refused[0]["error"]
    b.plc.process.send_signal(18)
    ends = {n: b.end_of(n, since, 15).json for n in numbers}
    done = [n for n in numbers if ends[n]["status"] == "done"]
    assert done == numbers[:8], ends
    assert [w[4][0] for w in b.writes()] == [2 * (11 + i) for i in range(8)]


def test_a_stop_or_a_reload_leaves_nobody_waiting(bench):
    b = bench(timeout="5s")
    for word, make in (("reloaded", lambda: os.kill(b.gateway.pid, 1)), ("stopped", lambda: os.kill(b.gateway.pid, 15))):
        b.plc.process.send_signal(19)
        time.sleep(0.3)
        since = b.recorder.count()
        numbers = [b.send("plant/l/speed", 20 + i, within_ms=20000) for i in range(3)]
        b.recorder.wait("/reply/gw/desk", 5, since, lambda m: m.json["id"] == numbers[2])  # noqa: B023
        if word == "reloaded":
            text = b.plant.read_text()
            b.plant.write_text(text.replace("every: 200ms", "every: 300ms"))
        make()
        for n in numbers:
            end = b.end_of(n, since).json
            assert end["status"] == "failed" and end["error"] == f"the gateway was {word}; nothing was written", end
        b.plc.process.send_signal(18)
        time.sleep(0.5)
        assert b.writes() == []


# ---- buses ------------------------------------------------------------------------------------------

BUS = {"l": {"kind": "rtu", "units": [1], "image": IMAGE}}


def test_on_a_bus_too(bench):
    b = bench(lines=BUS)
    for tag, value, function in [("coil", True, 5), ("coil15", True, 15), ("speed", 20.5, 6), ("flow", 12.5, 16), ("bit", True, 22)]:
        end = b.write(tag, value)
        assert end["status"] == "done", end
        assert b.writes()[-1][2] == function


@pytest.mark.parametrize("told", [False, True])
def test_an_echo_confirms_nothing(bench, told):
    """The bus begins to repeat all that is sent, with the device behind it or without, at any moment of a
    write. Never is something called done that isn't there, nor something "not written" that is."""
    trials = 100 if rig.LONG else 4
    b = bench(lines=BUS, line={"echo": told}, timeout="60ms", start=False)
    usual = "with" if told else "off"
    chance, said = random.Random(7), {}
    for n in range(trials):
        mode = chance.choice(["with", "alone", "off"])
        b.plc_do(do="echo", line="l", mode=usual)
        there = b.plc_do(do="get", line="l", address=10)
        wanted = chance.choice([w for w in range(20, 81) if w != there])
        child = subprocess.Popen([rig.binary(), "write", b.plant, "plant/l/speed", str(wanted / 2), "-y", "--json", "-t", "1s"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(chance.uniform(0.05, 0.45) * rig.PATIENCE)
        b.plc_do(do="echo", line="l", mode=mode)
        out, err = child.communicate(timeout=30)
        is_there = b.plc_do(do="get", line="l", address=10) == wanted
        end = json.loads(out) if out else {"status": "not begun", "written": False}
        assert child.returncode == (0 if end["status"] == "done" else 1), (end, err)
        assert is_there or end["status"] != "done", f"trial {n}, {mode}: {end}"
        assert not is_there or end["written"], f"trial {n}, {mode}: it was written, and says not: {end}"
        key = f"{end['status']}, {'there' if is_there else 'not there'}"
        said[key] = said.get(key, 0) + 1
    print(f"{trials} trials, echo {told}: {said}")


# ---- cut and restored -------------------------------------------------------------------------------

def nft(rules):
    text = "add table inet cut\ndelete table inet cut\n"
    if rules:
        text += "table inet cut { chain way { type filter hook input priority 0; \n" + rules + "\n}\n}\n"
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def test_nothing_is_written_after_its_deadline(stage):
    """In a network of its own: packets are dropped at moments around each write, and let through again
    while a kernel would still send them once more."""
    if os.environ.get("HEADGATE_OWN_NETWORK") != "1":
        if subprocess.run(["unshare", "-n", "nft", "list", "tables"], capture_output=True, check=False).returncode != 0:
            pytest.skip("no network namespace, or no nft, to cut a link with")
        words = ["unshare", "-n", sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", f"{__file__}", "-k",
                 "nothing_is_written_after"]
        told = subprocess.run(words, env={**os.environ, "HEADGATE_OWN_NETWORK": "1"}, capture_output=True, text=True, check=False)
        print("\n".join(line for line in told.stdout.splitlines() if " trials: " in line))
        assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-2000:]
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    cut_and_restore(stage, lines=25 if rig.LONG else 60, rounds=40 if rig.LONG else 1)


def cut_and_restore(stage, lines, rounds):
    names = [f"l{n}" for n in range(lines)]
    writes = {f"plant/{n}/speed": {"limits": [0, 50]} for n in names}
    few = {**MAP, "tags": {"speed": TAGS["speed"], "level": TAGS["level"]}}
    # Answers take their time, so that cuts fall between the steps.
    b = Bench(stage, {n: {"kind": "tcp", "units": [1], "image": IMAGE, "delay": 0.015} for n in names},
              {"allow": ["write"], "writes": writes}, every="500ms", timeout="200ms", map=few, line={"connect_timeout": "300ms"})
    ports = {n: int(b.where[n].rsplit(":", 1)[1]) for n in names}
    chance, trials, ends, late, false, seen = random.Random(11), 0, {}, [], [], 0
    told = []
    for r in range(rounds):
        since, plan, events = b.recorder.count(), {}, []
        for n in names:
            within = chance.randint(60, 500)
            cut, back = chance.uniform(-0.01, 0.08), chance.uniform(0.05, 1.2)
            plan[n] = {"within": within, "value": chance.randrange(1, 100) / 2,
                       "sides": chance.choice([("dport",), ("sport",), ("dport", "sport")])}
            start = chance.uniform(0.05, 0.5)
            events += [(start, "send", n), (start + cut, "cut", n), (start + cut + back, "back", n)]
        cutting, begun = set(), time.monotonic()
        for at, what, n in sorted(events):
            time.sleep(max(0, begun + at - time.monotonic()))
            if what == "send":
                plan[n]["id"] = b.send(f"plant/{n}/speed", plan[n]["value"], within_ms=plan[n]["within"])
                continue
            (cutting.add if what == "cut" else cutting.discard)(n)
            nft("\n".join(f"tcp {side} {ports[c]} drop" for c in sorted(cutting) for side in plan[c]["sides"]))
        nft("")
        for n in names:
            p = plan[n]
            # Heard before the first answer arrived, so this is the latest that the deadline can be.
            p["end"] = b.end_of(p["id"], since, 15)
            first = next(m for m in b.recorder.all("/reply/gw/desk", since) if m.json["id"] == p["id"])
            p["deadline"] = first.at + p["within"] / 1000
        time.sleep(1)                       # what a kernel had left to send has come
        new = b.writes()[seen:]
        seen += len(new)
        for n in names:
            p, mine = plan[n], [w for w in new if w[0] == n]
            trials += 1
            status = p["end"].json["status"]
            ends[status] = ends.get(status, 0) + 1
            late += [(n, w[5] - p["deadline"]) for w in mine if w[5] > p["deadline"]]
            told += [p["end"].json["error"]]
            if len(mine) > 1 or (status == "done" and p["end"].json["written"] and not mine) or \
                    (mine and not p["end"].json.get("written")):
                false.append((n, p, mine))
        rig.wait_for(lambda: all(b.recorder.latest(f"/value/plant/{n}/level").json["quality"] == rig.GOOD for n in names),
                     10, "all is good again")
    lost = sum("not confirmed" in (t or "") for t in told)
    unknown = sum("unknown" in (t or "") for t in told)
    print(f"\n{trials} trials: {ends}; {lost} were sent and not confirmed, {unknown} of them not read back either; "
          f"{seen} writes arrived, {len(late)} late, {len(false)} told wrong")
    assert not late and not false, (late[:5], false[:5])


# ---- by hand ----------------------------------------------------------------------------------------

def by_hand(b, *words, stdin=subprocess.DEVNULL):
    return subprocess.run([rig.binary(), "write", b.plant, *words], capture_output=True, text=True, check=False, stdin=stdin)


def test_by_hand(bench):
    b = bench(start=False)
    told = by_hand(b, "plant/l/speed", "20.3", "--yes")
    assert told.returncode == 1 and "refused: its registers can't say 20.3 Hz: the nearest are 20.0 and 20.5" in told.stderr
    for word, why in (("30Hz", "'30Hz' is none of its values: it is a number in Hz"), ("1,500", "'1,500' may group thousands"),
                      ("'30'", "''30'' is none of its values"), ("", "'' is none of its values"), ("30,3", "its registers can't say 30.3 Hz: the nearest")):
        told = by_hand(b, "plant/l/speed", word, "--yes")
        assert told.returncode == 1 and f"refused: {why}" in told.stderr, told
        assert json.loads(by_hand(b, "plant/l/speed", word, "--yes", "--json").stdout)["error"] in told.stderr
    told = by_hand(b, "plant/l/speed", "30,5")
    assert "to be written: 30.5 Hz = 003D" in told.stdout, told
    told = by_hand(b, "plant/l/speed", "30", "--yes", "--was", "29Hz")
    assert told.returncode == 1 and "refused: '29Hz' is none of its values" in told.stderr, told
    told = by_hand(b, "plant/l/speed", "30")
    assert told.returncode == 1 and "say --yes" in told.stderr and "plant/l/speed is 20.0 Hz" in told.stdout, told
    assert "to be written: 30 Hz = 003C, function 6, holding 10 (0x000A), unit 1, line l" in told.stdout
    assert b.writes() == []
    told = by_hand(b, "plant/l/speed", "30", "--yes")
    assert told.returncode == 0 and "done: written, confirmed, and read back as 30.0 Hz = 003C" in told.stdout, told
    assert b.writes()[-1][:5] == ["l", 1, 6, 10, [60]]
    told = by_hand(b, "plant/l/speed", "31", "--yes", "--was", "29")
    assert told.returncode == 1 and "it is 30.0 Hz now, not 29.0 Hz; nothing was written" in told.stdout
    told = by_hand(b, "plant/l/speed", "30", "--yes", "--json")
    assert json.loads(told.stdout) == {"tag": "plant/l/speed", "status": "done", "written": False, "value": 30.0, "raw": "003C",
                                       "error": None}
    assert by_hand(b, "plant/l/bit", "true", "-y").returncode == 0 and b.writes()[-1][2:5] == [22, 30, [0x8009]]
    assert by_hand(b, "plant/l/bit", "off", "-y").returncode == 0 and b.writes()[-1][2:5] == [22, 30, [0x8001]]
    assert by_hand(b, "plant/l/bit", "on", "-y", "--was", "off").returncode == 0
    assert by_hand(b, "plant/l/mode", "hand", "-y").returncode == 0 and b.writes()[-1][2:5] == [6, 40, [1]]
    for words, why in ((("plant/l/closed", "1"), "lets nobody write"), (("plant/l/level", "1"), "its map does not say"),
                       (("plant/l/nix", "1"), "no tag"), (("plant/l/speed", "fast"), "it is a number in Hz")):
        told = by_hand(b, *words, "--yes")
        assert told.returncode == 1 and why in told.stderr, told
        assert told.stdout == ""
        told = by_hand(b, *words, "--yes", "--json")
        end = json.loads(told.stdout)
        assert told.returncode == 1 and why in told.stderr and why in end.pop("error"), told
        assert end == {"tag": words[0], "status": "failed", "written": False, "value": None, "raw": None}
    told = by_hand(b, "plant/l/speed", "31", "--json")
    assert told.returncode == 1 and "nobody" in json.loads(told.stdout)["error"], told
    assert by_hand(b, "plant/l/speed").returncode == 2
    master, slave = pty.openpty()
    os.write(master, b"n\n")
    told = by_hand(b, "plant/l/speed", "33", stdin=slave)
    assert told.returncode == 1 and "write it? [y/N]" in told.stdout and "nothing was written" in told.stdout, told
    os.write(master, b"y\n")
    assert by_hand(b, "plant/l/speed", "33", stdin=slave).returncode == 0
    assert b.writes()[-1][4] == [66]


def test_by_hand_on_a_bus_that_the_gateway_holds(bench):
    b = bench(lines=BUS)
    told = by_hand(b, "plant/l/speed", "30", "--yes")
    assert told.returncode == 1 and "a running gateway holds the port: let it write" in told.stderr, told
    b.gateway.stop()
    assert by_hand(b, "plant/l/speed", "30", "--yes").returncode == 0
