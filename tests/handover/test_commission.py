# SPDX-License-Identifier: Apache-2.0
"""Commissioning from the first point to the report, against a device of four lines of Python."""
import copy
import csv
import io
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import socketserver
import struct
import subprocess
import sys
import threading
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADGATE = os.environ["HEADGATE"]


class Device(socketserver.ThreadingTCPServer):
    """Holding registers over Modbus TCP; an address that isn't there is refused."""
    allow_reuse_address = daemon_threads = True

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self):
            while head := self.rfile.read(12):
                transaction, _, _, unit, function, first, count = struct.unpack(">HHHBBHH", head)
                words = [self.server.words.get(first + i) for i in range(count)]
                if function != 3 or None in words:
                    body = struct.pack(">BB", function | 0x80, 2)
                else:
                    body = struct.pack(f">BB{count}H", 3, 2 * count, *words)
                self.server.asked += 1
                self.wfile.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Conversation)
        self.asked = 0
        flow = struct.unpack(">HH", struct.pack(">f", 41.9))
        self.words = {0: 419, 1: 3, 2: 0b101, 10: flow[0], 11: flow[1], 12: flow[1], 13: flow[0], 20: 0x7FFF}
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


MAP = {"format": 1, "title": "Pump", "doc_base": {"holding": 40001}, "order": {"f32": "ABCD"},
       "tags": {"level": {"at": "holding 0", "type": "u16", "scale": 0.1, "unit": "m", "about": "In the <sump>"},
                "state": {"at": "holding 1", "type": "u16", "enum": {0: "stopped", 3: "running"}},
                "status": {"at": "holding 2", "type": "u16", "bits": {0: "ready", 1: "fault"}},
                "flow": {"at": "holding 10", "type": "f32", "unit": "m3/h"},
                "swapped": {"at": "holding 12", "type": "f32", "unit": "m3/h"},
                "temp": {"at": "holding 20", "type": "s16", "invalid": {"0x7FFF": "no sensor"}},
                "gone": {"at": "holding 500", "type": "u16"},
                "clears": {"at": "holding 600", "type": "u16", "side_effect": True, "read": "on_demand"}}}
POINTS = ["level", "state", "status", "status.ready", "status.fault", "flow", "swapped", "temp", "gone"]


class Plant:
    def __init__(self, folder):
        self.device = Device()
        self.folder, self.file, self.record = folder, folder / "plant.yaml", folder / "plant.commission.jsonl"
        (folder / "maps").mkdir()
        self.map(MAP)
        self.file.write_text(yaml.safe_dump(
            {"format": 1, "site": "s", "gateway": "g", "areas": {"mill": "Mill"},
             "lines": {"l": {"connect": f"tcp://127.0.0.1:{self.device.server_address[1]}", "timeout": "500ms"}},
             "devices": {"pump": {"map": "pump", "line": "l", "unit": 1, "area": "mill"}}}))

    def map(self, words):
        (self.folder / "maps" / "pump.yaml").write_text(yaml.safe_dump(words, sort_keys=False))

    def run(self, *words, answers="", status=0, by="anna"):
        more = ["--by", by] if by else []
        done = subprocess.run([HEADGATE, "commission", *more, *map(str, words)], input=answers.encode(),
                              capture_output=True, timeout=60, check=False, env={**os.environ, "USER": ""})
        self.said = done.stderr.decode()
        assert done.returncode == status, done.stdout.decode() + self.said
        return done.stdout.decode()

    def walk(self, answers, *words, **options):
        return self.run(*words, self.file, answers=answers, **options)

    def records(self):
        return [json.loads(line) for line in self.record.read_text().split("\n") if line]

    def states(self, *scope):
        rows = csv.DictReader(io.StringIO(self.run("--report", "csv", self.file, *scope, status=self.exit(*scope)), newline=""))
        return {row["tag"]: row for row in rows}

    def exit(self, *scope):
        done = subprocess.run([HEADGATE, "commission", "--status", "--json", str(self.file), *scope], capture_output=True, check=False)
        status = json.loads(done.stdout)
        assert done.returncode == (0 if status["done"] == status["points"] else 1)
        return done.returncode


@pytest.fixture(name="plant")
def plant_with_a_device(tmp_path):
    p = Plant(tmp_path)
    yield p
    p.device.shutdown()
    p.device.server_close()


# What is answered at which point, and what becomes of it.
ANSWERS = [
    ("level", "41.9", "yes"), ("level", "41,9 m", "yes"), ("level", "42.2", "yes"), ("level", "41.94", "yes"),
    ("level", "42.9", "no"), ("level", "-41.9", "no"), ("level", "y", "yes"), ("level", "n much too low", "no"),
    ("level", "s no ladder", "skip"), ("level", "=41.9", "yes"), ("level", "fourty", None), ("level", "", None),
    ("level", "41.9 bar", None), ("level", "nan", None), ("level", "yes", None), ("level", "b", None),
    ("state", "running", "yes"), ("state", "Running", "yes"), ("state", "stopped", "no"), ("state", "=running", "yes"),
    ("status.ready", "on", "yes"), ("status.ready", "1", "yes"), ("status.ready", "false", "no"),
    ("status.ready", "2", None), ("status.fault", "off", "yes"), ("flow", "41.9", "yes"), ("flow", "42.5", "no"),
    ("swapped", "41.9", "no"), ("temp", "y", None), ("temp", "n", "no"), ("temp", "20", "no"), ("gone", "y", None),
    ("gone", "s", "skip"),
]


@pytest.mark.parametrize("tag,answer,verdict", ANSWERS, ids=[f"{t}: {a}" for t, a, _ in ANSWERS])
def test_answers(plant, tag, answer, verdict):
    plant.run(plant.file, f"mill/pump/{tag}", answers=f"{answer}\n")
    records = plant.records() if plant.record.exists() else []
    assert [r["verdict"] for r in records] == ([verdict] if verdict else [])
    assert all(r["tag"] == f"mill/pump/{tag}" and r["by"] == "anna" and r["map_version"] and r["when"] for r in records)


def test_what_is_shown_is_what_the_device_says(plant):
    said = plant.walk("q\n")
    for part in ("mill/pump/level", "value/mill/pump/level", "holding 0 (0x0000), 40001, 400001, %MW0", "maker's 40001",
                 "raw      01A3", "value    41.9 m   good", "In the <sump>", "pump.yaml:"):
        assert part in said, part
    assert "no sensor" in plant.walk("q\n", "--all", by="x") or "no sensor" in plant.run(plant.file, "mill/pump/temp", answers="q\n")
    assert not plant.record.exists()


def test_zeroes_are_no_proof(plant):
    plant.device.words.update({10: 0, 11: 0, 1: 0})
    words = "zeroes prove neither order nor scale"
    assert words in plant.run(plant.file, "mill/pump/flow", answers="q\n")
    for tag in ("level", "state", "status.fault", "gone"):
        assert words not in plant.run(plant.file, f"mill/pump/{tag}", answers="q\n")


def test_swapped_words_and_wrong_addresses_are_hinted_at(plant):
    said = plant.run(plant.file, "mill/pump/swapped", answers="41.9\n")
    assert "hint: holding 12 as f32 CDAB would be that" in said, said
    assert "CDAB" in plant.records()[0]["note"]
    plant.map({**MAP, "tags": {"a": {"at": "holding 9", "type": "f32"}, "b": {"at": "holding 11", "type": "u16"}}})
    plant.device.words[9] = 0
    plant.run(plant.file, "mill/pump/a", answers="41.9\n")
    assert "holding 10 as f32" in plant.records()[-1]["note"], plant.records()[-1]


def test_the_work_goes_on_the_next_day_by_somebody_else(plant):
    plant.walk("y\nrunning\nq\n")
    said = plant.walk("y\ns\nn stuck\ny\nq\n", by="boris")
    assert said.count("\nmill/pump/") == 5 and "mill/pump/status " in said and "mill/pump/level " not in said
    states = {tag: (row["state"], row["by"]) for tag, row in plant.states().items()}
    assert list(states) == POINTS
    assert states == {"level": ("done", "anna"), "state": ("done", "anna"), "status": ("done", "boris"),
                      "status.ready": ("open", "boris"), "status.fault": ("failed", "boris"), "flow": ("done", "boris"),
                      "swapped": ("open", ""), "temp": ("open", ""), "gone": ("open", "")}
    # What failed comes again, and what is right then is done.
    assert "before   " in plant.run(plant.file, "mill/pump/status.fault", answers="off\n")
    assert plant.states()["status.fault"]["state"] == "done"


def test_back_and_watch_and_help(plant):
    said = plant.walk("b\ny\nb\n?\nw 2\nn second thoughts\nq\n")
    assert [(r["tag"].split("/")[2], r["verdict"]) for r in plant.records()] == [("level", "yes"), ("level", "no")]
    assert said.count("raw      01A3") == 5 and "enough for today" in said
    assert plant.states()["level"]["state"] == "failed"


def test_all_done_is_exit_0(plant):
    plant.map({**MAP, "tags": {k: MAP["tags"][k] for k in ("level", "state")}})
    assert "2 open" in plant.run("--status", plant.file, status=1)
    plant.walk("y\nn\n")
    assert "1 of 2 points are done, 1 failed, 0 open" in plant.run("--status", plant.file, status=1)
    plant.walk("y\n")
    assert "s: 2 of 2 points are done, 0 failed, 0 open" in plant.run("--status", plant.file)
    plant.run("--report", "md", plant.file)
    asked = plant.device.asked
    plant.walk("")
    assert plant.device.asked == asked


CHANGES = [
    ("another address", lambda m: m["tags"]["level"].update(at="holding 1"), {"level"}),
    ("another scale", lambda m: m["tags"]["level"].update(scale=0.01), {"level"}),
    ("another type", lambda m: m["tags"]["level"].update(type="s16"), {"level"}),
    ("another unit", lambda m: m["tags"]["level"].update(unit="ft"), {"level"}),
    ("another word", lambda m: m["tags"]["state"]["enum"].update({3: "runs"}), {"state"}),
    ("other words", lambda m: m["tags"]["state"]["enum"].update({5: "tripped"}), {"state"}),
    ("a new order", lambda m: m["order"].update(f32="CDAB"), {"flow", "swapped"}),
    ("another sentinel", lambda m: m["tags"]["level"].update(invalid=[0xFFFF]), {"level"}),
    ("words about it", lambda m: m["tags"]["level"].update(about="else"), set()),
    ("a new tag", lambda m: m["tags"].update(new={"at": "holding 1", "type": "u16"}), set()),
]


@pytest.mark.parametrize("words,change,again", CHANGES, ids=[c[0] for c in CHANGES])
def test_what_changed_is_open_again(plant, words, change, again):
    plant.walk("y\ny\ny\ny\ny\ny\ny\nq\n")
    changed = copy.deepcopy(MAP)
    change(changed)
    plant.map(changed)
    assert {tag for tag, row in plant.states().items() if row["state"] == "open again"} == again
    if again:
        status = json.loads(plant.run("--status", "--json", plant.file, status=1))
        assert status["open_again"] == len(again)
        assert "what makes it has changed since" in plant.walk("q\n")


def test_another_unit_or_line_opens_all(plant):
    plant.walk("y\ny\nq\n")
    plant.file.write_text(plant.file.read_text().replace("unit: 1", "unit: 2"))
    assert {row["state"] for row in plant.states().values()} == {"open again", "open"}


def test_what_holds_no_answers_is_not_spoiled_with_one(plant):
    before = plant.file.read_bytes()
    plant.run("--record", plant.file, plant.file, "mill/pump/level", answers="y\n", status=1)
    assert "holds something else than answers" in plant.said
    plant.run("--report", "md", "--output", plant.file, plant.file, status=1)
    assert "is not replaced" in plant.said and plant.file.read_bytes() == before
    for rest in (b"", b"\0" * 40, b'{"wh', b'{"when":"2026'):      # what the end of the power left
        plant.record.write_bytes(rest)
        plant.run(plant.file, "mill/pump/level", answers="q\n")


def test_a_torn_line_harms_nobody(plant):
    plant.walk("y\nq\n")
    whole = plant.record.read_text()
    plant.record.write_text(whole + '{"when":"2026-11-23T08:00:00Z","by":"an')
    said = plant.walk("y\nq\n")
    assert "mill/pump/state" in said and ":2: this is no answer" in plant.said
    lines = plant.record.read_text().split("\n")
    assert lines[0] + "\n" == whole and lines[1].endswith('"an') and json.loads(lines[2])["tag"] == "mill/pump/state"
    assert [row["state"] for row in plant.states().values()][:2] == ["done", "done"]


def test_lines_of_others_are_left_alone(plant):
    junk = ['{"when":"x"}', "[]", "null", '{"tag":"mill/pump/level","when":"w","verdict":"maybe"}', "\x00\x00", "",
            '{"tag":"mill/pump/nobody","when":"w","verdict":"yes","by":"b","fingerprint":"f"}', "{" * 1000]
    plant.record.write_text("\n".join(junk) + "\n")
    plant.walk("y\nq\n")
    assert plant.record.read_text().startswith("\n".join(junk) + "\n")
    assert plant.states()["level"]["state"] == "done"


def test_a_killed_session_has_kept_its_answers(plant):
    child = subprocess.Popen([HEADGATE, "commission", "--by", "anna", str(plant.file)], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)
    child.stdin.write(b"y\nrunning\n")
    child.stdin.flush()
    end = time.monotonic() + 20
    while (not plant.record.exists() or len(plant.records()) < 2) and time.monotonic() < end:
        time.sleep(0.01)
    child.kill()
    child.wait()
    child.stdin.close()
    assert [r["verdict"] for r in plant.records()] == ["yes", "yes"]


def test_several_people_at_once_lose_nothing(plant):
    def work(by):
        subprocess.run([HEADGATE, "commission", "--all", "--by", by, str(plant.file)], input=b"n one\nn two\nn three\nq\n",
                       stdout=subprocess.DEVNULL, check=True, timeout=60)
    people = [threading.Thread(target=work, args=(f"p{i}",)) for i in range(6)]
    for p in people:
        p.start()
    for p in people:
        p.join()
    records = plant.records()
    assert len(records) == 18 and all(sum(r["by"] == f"p{i}" for r in records) == 3 for i in range(6))


def test_a_full_disk_ends_the_walk_and_leaves_no_half_of_a_line(plant):
    plant.walk("y\nq\n")
    whole = plant.record.read_bytes()

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, len(whole) + 10))
    done = subprocess.run([HEADGATE, "commission", "--by", "a", str(plant.file)], input=b"y\ny\n", capture_output=True,
                          check=False, preexec_fn=little_room)
    assert done.returncode == 1 and b"cannot keep answers" in done.stderr
    assert plant.record.read_bytes() == whole


def test_what_is_no_file_of_answers_is_told(plant):
    plant.record.symlink_to("/dev/full")
    plant.walk("y\n", status=1)
    assert "cannot keep answers" in plant.said


def test_a_dead_device_is_told(plant):
    plant.device.shutdown()
    plant.device.server_close()
    plant.file.write_text(re.sub(r"127.0.0.1:\d+", "127.0.0.1:1", plant.file.read_text()))
    said = plant.run("--timeout", "2s", plant.file, "mill/pump/level", answers="y\nn dead\n")
    assert "there is no value to agree to" in said
    assert plant.records()[0]["quality"] != 192 and plant.records()[0]["value"] == ""


def test_json_is_what_is_kept(plant):
    out = plant.run("--json", plant.file, answers="y\n41.9\nrunning\nq\n")
    assert [json.loads(line) for line in out.strip().split("\n")] == plant.records()


def test_answers_come_from_a_file_too(plant):
    answers = plant.folder / "answers"
    answers.write_text("y\r\nn 'quoted' <b> | pipe\n")
    plant.run("--answers", answers, plant.file)
    assert [r["verdict"] for r in plant.records()] == ["yes", "no"]
    report = plant.run("--report", "md", "--date", "2026-11-23", plant.file, status=1)
    assert "'quoted' &lt;b&gt; \\| pipe" in report and "Signatures" in report and "2026-11-23" in report
    page = plant.run("--report", "html", plant.file, status=1)
    assert "&#39;quoted&#39; &lt;b&gt; | pipe" in page and "<b>" not in page
    plant.run("--report", "html", "--output", plant.folder / "r.html", plant.file, status=1)
    assert (plant.folder / "r.html").read_text().startswith("<!DOCTYPE html>")


def test_hostile_answers_do_not_steer_the_screen(plant):
    plant.walk("n \x1b]0;owned\x07 \u202e\nq\n", by="m\x1b[2Jallory")
    said = plant.walk("q\n")
    assert "before" in said and "\x1b" not in said and "\x07" not in said
    plant.walk("n " + "x" * 5000 + "\ny\nq\n")


def test_who_and_what_is_asked_for(plant):
    assert plant.walk("y\n", by=None, status=1) == "" and "--by" in plant.said
    for words in (["mill/pumpe"], ["mill/pump/lvel"], ["mill/pump/level", "more"]):
        plant.run(plant.file, *words, status=2 if len(words) > 1 else 1)
    for words in (["--tolerance", "x"], ["--report", "pdf"], ["--report", "md", "--date", "2026-13-45"], ["--timeout", "5"]):
        plant.run(*words, plant.file, status=2)


@pytest.mark.parametrize("tolerance,verdict", [("0", "no"), ("1", "yes"), ("10", "yes")])
def test_tolerance(plant, tolerance, verdict):
    plant.run("--tolerance", tolerance, plant.file, "mill/pump/flow", answers="42.2\n")
    assert plant.records()[0]["verdict"] == verdict


def test_at_a_terminal_a_key_ends_watching(plant):
    master, slave = pty.openpty()
    child = subprocess.Popen([HEADGATE, "commission", "--by", "anna", str(plant.file)], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""

    def until(what):
        nonlocal seen
        end = time.monotonic() + 20
        while what not in seen:
            assert select.select([master], [], [], max(0, end - time.monotonic()))[0], seen
            seen += os.read(master, 4096)
        seen = seen[seen.index(what) + len(what):]
    until(b"? > ")
    os.write(master, b"w 1000\n")
    until(b"raw      01A3")
    os.write(master, b"\n")
    until(b"? > ")
    os.write(master, b"y\n")
    until(b"mill/pump/state")
    os.write(master, b"q\n")
    until(b"points are done")
    assert child.wait(20) == 0
    os.close(master)
    assert [r["verdict"] for r in plant.records()] == ["yes"]


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))
