# SPDX-License-Identifier: Apache-2.0
"""What people hear who ask why: from the running gateway by its socket, or from the device; and that
nobody who knocks there does any harm."""
import json
import os
import socket
import socketserver
import stat
import struct
import subprocess
import threading
import time

import pytest
import rig

FLOW = [0x0000, 0x43CE]         # 412.0, low word first
WORDS = FLOW + [0x0000, 0x0005, 215, 0x7FFF, 1, 77, 9]      # holding 0..8 of unit 1


class Talk(socketserver.BaseRequestHandler):
    """Unit 1 answers, 2 says nothing, 3 serves input registers alone, 4 is busy with being broken, 5
    knows no function."""

    def handle(self):
        while True:
            q = self.request.recv(12, socket.MSG_WAITALL)
            if len(q) < 12:
                return
            transaction, _, _, unit, function, first, count = struct.unpack(">HHHBBHH", q)
            self.server.asked.append(time.monotonic())
            pdu = self.answer(unit, function, first, count)
            if pdu:
                self.request.sendall(struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu)

    @staticmethod
    def answer(unit, function, first, count):
        if unit == 2:
            return None
        if unit in (4, 5):
            return bytes([function | 0x80, {4: 4, 5: 1}[unit]])
        if first + count > len(WORDS) or function != {1: 3, 3: 4}.get(unit):
            return bytes([function | 0x80, 2])
        return bytes([function, 2 * count]) + struct.pack(f">{count}H", *WORDS[first:first + count])


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True


TAGS = {"flow": {"at": "holding 0", "type": "f32", "order": "CDAB", "unit": "m3/h"},
        "swapped": {"at": "holding 0", "type": "f32", "order": "ABCD"},
        "shifted": {"at": "holding 2", "type": "u32", "order": "CDAB"},
        "temperature": {"at": "holding 4", "type": "s16", "scale": 0.1, "valid": [-40, 120], "deadband": 1},
        "probe": {"at": "holding 5", "type": "s16", "invalid": {"0x7FFF": "open circuit"}},
        "mode": {"at": "holding 6", "type": "u16", "enum": {0: "off", 1: "on"}},
        "serial": {"at": "holding 7", "type": "u16", "read": "on_demand"},
        "latch": {"at": "holding 8", "type": "u16", "read": "on_demand", "side_effect": True}}
MAP = {"format": 1, "title": "A few", "source": ["tests/live/test_why.py"], "verified": "invented", "tags": TAGS}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    s = rig.Stage(tmp_path_factory.mktemp("why"))
    server = Server(("127.0.0.1", 0), Talk)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line = {"connect": f"tcp://127.0.0.1:{server.server_address[1]}", "timeout": "150ms", "retries": 0}
    units = {"good": 1, "dead": 2, "inputs": 3, "broken": 4}
    s.plant_file = s.plant(
        s.broker().port, {f"l{u}": dict(line) for u in units.values()},
        {d: {"map": "few", "line": f"l{u}", "unit": u, "area": "plant", "every": "200ms"} for d, u in units.items()},
        {"few": MAP}, derived={"plant/sums/all": {"of": {"a": "plant/good/flow", "b": "plant/dead/flow"}, "is": "a + b"}},
        alarms={"plant/good/hot": {"tag": "plant/good/temperature", "above": 80, "about": "hot", "priority": "low"}})
    s.server = server
    # A path that no socket's address holds.
    deep = s.directory / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    s.gw = rig.Gateway(s.plant_file, deep)
    s.gw.start()
    s.door = s.gw.state / "headgate.sock"
    rig.wait_for(s.door.exists, 10, s.gw.log)
    rig.wait_for(lambda: why(s, "plant/sums/all")["quality"] == 24, 10, s.gw.log)
    yield s
    server.shutdown()
    s.gw.child.kill()
    s.end()


def run(*words, seconds=20):
    return subprocess.run([rig.binary(), *map(str, words)], capture_output=True, text=True, check=False,
                          timeout=seconds * rig.PATIENCE, stdin=subprocess.DEVNULL)


def told(bench, tag, *words):
    return run("why", *words, "--state", bench.gw.state, bench.plant_file, tag)


def why(bench, tag, *words):
    return json.loads(told(bench, tag, "--json", *words).stdout)


def test_a_good_tag_is_shown_from_the_wire_to_the_journal(bench):
    rig.wait_for(lambda: any(r["fate"] == "acknowledged" for r in why(bench, "plant/good/flow")["journal"]["rows"]), 10,
                 bench.gw.log)
    w = why(bench, "plant/good/flow")
    assert (w["source"], w["value"], w["quality"], w["unit"]) == ("gateway", 412.0, rig.GOOD, "m3/h")
    assert w["address"]["modicon"] == "40001" and w["address"]["iec"] == "%MW0"
    good = w["exchanges"]["good"]
    sent, received = bytes.fromhex(good["sent"]), bytes.fromhex(good["received"])
    first, count = struct.unpack(">HH", sent[8:12])
    assert sent[:2] == received[:2] and sent[6:8] == b"\1\3" and first == 0
    assert received[9:] == struct.pack(f">{count}H", *WORDS[:count])
    assert [s["kind"] for s in w["steps"]] == ["words", "order", "raw"] and w["steps"][-1]["after"] == "412.0"
    assert w["journal"]["acked"] >= w["journal"]["rows"][-1]["seq"] and w["journal"]["rows"][-1]["value"] == 412.0
    done = told(bench, "plant/good/flow")
    assert done.returncode == 0
    for part in ("transaction", "function 3", "byte count", "CDAB: 43 CE 00 00", "412.0", "acknowledged"):
        assert part in done.stdout, done.stdout


def test_what_is_not_good_names_its_rule(bench):
    for tag, quality, words in (("plant/good/probe", 16, "open circuit"), ("plant/dead/flow", 24, "no answer"),
                                ("plant/inputs/flow", 4, "illegal data address"), ("plant/broken/flow", 12, "exception 04")):
        w = why(bench, tag)
        assert w["quality"] == quality and words in w["rule"], w
        assert told(bench, tag).returncode == 1
    w = why(bench, "plant/good/probe")
    assert w["steps"][-1]["kind"] == "sentinel" and w["steps"][-1]["after"] is None
    bad = why(bench, "plant/broken/flow")["exchanges"]["bad"]
    assert (bad["verdict"], bad["exception"], bad["received"][-4:]) == ("exception", 4, "8304")
    assert why(bench, "plant/dead/flow")["exchanges"]["bad"]["received"] == ""


def test_a_derived_tag_names_the_input_that_decides(bench):
    w = why(bench, "plant/sums/all")
    assert "plant/dead/flow" in w["rule"] and "no answer" in w["rule"] and w["expression"] == "a + b"
    assert [(i["name"], i["quality"]) for i in w["inputs"]] == [("a", rig.GOOD), ("b", 24)]


def test_alarms_and_misspelt_tags_lead_to_a_tag(bench):
    done = told(bench, "plant/good/hot")
    assert done.returncode == 0 and "plant/good/temperature" in done.stderr and "21.5" in done.stdout
    done = told(bench, "plant/good/temprature")
    assert done.returncode == 1 and "did you mean plant/good/temperature" in done.stderr


def test_without_a_gateway_the_device_is_asked(bench, tmp_path):
    done = run("why", "--state", tmp_path / "none", bench.plant_file, "plant/good/temperature")
    assert done.returncode == 0 and "no gateway runs" in done.stderr and "21.5" in done.stdout, done.stderr
    w = why(bench, "plant/good/mode", "--afresh")
    assert (w["source"], w["value"], w["steps"][-1]["kind"]) == ("device", "on", "enum")


def test_read_shows_what_else_the_bytes_could_be(bench):
    done = run("read", "--explain", "--addresses", "--raw", bench.plant_file, "plant/good/swapped")
    assert done.returncode == 0, done.stderr
    for part in ("ABCD *", "CDAB   412.0", "hint", "order CDAB would give 412.0", "40001", "%MW0", "transaction",
                 "beside     holding 1:"):
        assert part in done.stdout, (part, done.stdout)
    assert "holding -1" not in done.stdout
    done = run("read", "--explain", bench.plant_file, "plant/good/latch")
    assert "holding 9: not to be had" in done.stdout, done.stdout
    done = run("read", "--explain", bench.plant_file, "plant/good/shifted")
    assert "order ABCD would give 5; as configured it is 327680" in done.stdout, done.stdout
    done = run("read", "--explain", bench.plant_file, "plant/good/flow")
    assert "hint" not in done.stdout, done.stdout


def test_words_in_a_wrong_order_are_said_wherever_people_look(bench, tmp_path):
    hint = "order CDAB would give 412.0"
    done = told(bench, "plant/good/swapped")
    assert done.returncode == 0 and hint in done.stdout, done.stdout
    w = why(bench, "plant/good/swapped")
    assert hint in w["hint"] and w["quality"] == rig.GOOD, w
    assert why(bench, "plant/good/flow")["hint"] is None and "hint" not in told(bench, "plant/good/flow").stdout
    answers = tmp_path / "answers"
    answers.write_text("s\n")
    for tag, there in (("swapped", True), ("flow", False), ("temperature", False)):
        done = run("commission", "--by", "anna", "--answers", answers, bench.plant_file, f"plant/good/{tag}")
        shown = done.stdout.split(" > ")[0]
        assert done.returncode == 0 and (hint in shown) == there, done


def test_a_gateway_that_runs_by_an_older_map_is_named(bench, tmp_path):
    """People would sign points that it doesn't publish."""
    word = "the gateway that runs here uses another version of map few: reload it (systemctl reload, or SIGHUP)"
    answers = tmp_path / "answers"
    answers.write_text("s\n")
    place = next(bench.plant_file.parent.glob("maps/few.yaml"))
    before, plant = place.read_text(), bench.plant_file.read_text()

    def ask_all():
        yield run("read", "--state", bench.gw.state, bench.plant_file, "plant/good/flow")
        yield run("commission", "--state", bench.gw.state, "--by", "anna", "--answers", answers, bench.plant_file,
                  "plant/good/flow")
        yield told(bench, "plant/good/flow")

    for done in ask_all():
        assert done.returncode == 0 and "another version" not in done.stderr, done
    try:
        place.write_text(before + "\n# better\n")
        for done in ask_all():
            assert done.returncode == 0 and done.stderr.count(word) == 1 and word not in done.stdout, done
        assert word not in run("read", "--state", tmp_path, bench.plant_file, "plant/good/flow").stderr, "none runs there"
        place.write_text(before)
        assert "every: 200ms" in plant
        bench.plant_file.write_text(plant.replace("unit: 2", "unit: 5"))
        for done in ask_all():
            assert "another version of the plant file" in done.stderr, done
    finally:
        place.write_text(before)
        bench.plant_file.write_text(plant)


def test_what_is_read_on_demand_is_demanded_by_people(bench):
    w = why(bench, "plant/good/serial")
    assert w["quality"] == 28 and "on demand" in w["rule"] and w["request"] is None
    done = run("read", "--json", bench.plant_file, "plant/good")
    values = {r["tag"]: r["value"] for r in json.loads(done.stdout)}
    assert values["serial"] == 77 and values["flow"] == 412.0 and "latch" not in values
    assert why(bench, "plant/good/latch", "--afresh")["value"] == 9


def test_read_tries_the_other_function_where_one_is_refused(bench):
    done = run("read", bench.plant_file, "plant/inputs/flow")
    assert done.returncode == 1 and "input 0 answers what holding 0 refuses" in done.stderr, done.stderr
    assert done.stdout.count("illegal data address") == 1, done.stdout
    done = run("read", bench.plant_file, "plant/good/flow")
    assert done.returncode == 0 and not done.stderr


def test_a_refusal_is_told_once(bench):
    text = bench.plant_file.read_text()
    assert "unit: 4" in text
    other = bench.plant_file.with_name("refuses.yaml")
    other.write_text(text.replace("unit: 4", "unit: 5"))
    done = run("read", other, "plant/broken/flow")
    assert done.returncode == 1 and "illegal function, exception 01  (" in done.stdout, done
    other.unlink()


class Visitor:
    def __init__(self, bench):
        self.s = socket.socket(socket.AF_UNIX)
        folder = os.open(bench.gw.state, os.O_PATH)
        self.s.settimeout(5 * rig.PATIENCE)
        self.s.connect(f"/proc/self/fd/{folder}/headgate.sock")
        os.close(folder)

    def all(self):
        out = b""
        try:
            while part := self.s.recv(65536):
                out += part
        except ConnectionResetError:
            pass
        return out


def ask(bench, line):
    v = Visitor(bench)
    v.s.sendall(line)
    return v.all()


def test_another_gateway_is_not_taken_for_this_one(bench, tmp_path):
    """Two plants have tags of the same name, or the state directory is another one's."""
    for name, of in (("gateway: gw", "gw of site, and not other of site"), ("site: site", "gw of site, and not gw of other")):
        text = bench.plant_file.read_text()
        assert name in text
        other = tmp_path / "other.yaml"
        other.write_text(text.replace(name, name.split(":")[0] + ": other"))
        answer = run("why", "--state", bench.gw.state, other, "plant/good/flow")
        assert answer.returncode == 1 and not answer.stdout and of in answer.stderr, answer
    for said in (b"{}\n", b'{"tag":"plant/good/mode","quality":192}\n', b"[]\n", b'{"tag":5}\n'):
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(tmp_path / "headgate.sock"))
            door.listen()

            def speak(door=door, said=said):
                visitor, _ = door.accept()
                with visitor:
                    visitor.recv(300)
                    visitor.sendall(said)

            threading.Thread(target=speak, daemon=True).start()
            answer = run("why", "--state", tmp_path, bench.plant_file, "plant/good/flow")
        (tmp_path / "headgate.sock").unlink()
        assert answer.returncode == 1 and not answer.stdout and "nothing that makes sense" in answer.stderr, (said, answer)


def test_the_socket_is_the_owner_s_and_says_little(bench):
    mode = bench.door.stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    status = json.loads(ask(bench, b"status\n"))
    assert status["devices"] == 4 and status["lines_up"] == 4 and status["gateway"] == "gw"
    for line in (b"\n", b"why\n", b"why \n", b"why a/b/c\n", b"write plant/good/flow 1\n", b"\xff\xfe\n", b"status \n"):
        assert "error" in json.loads(ask(bench, line)), line


def test_nobody_who_knocks_disturbs_the_polling(bench):
    """The gateway goes on at its pace, and answers again when they are gone."""
    before = len(bench.server.asked)
    begun = time.monotonic()
    silent = [Visitor(bench) for _ in range(4)]
    assert ask(bench, b"why " + b"x" * 400 + b"\n") == b""
    assert ask(bench, b"status\nstatus\n") == b""
    for n in (0, 1, 255):
        v = Visitor(bench)
        v.s.sendall(b"w" * n)
        v.s.close()
    hangs = Visitor(bench)
    hangs.s.sendall(b"why plant/good/flow\n")       # and takes nothing
    storm = 0
    while time.monotonic() - begun < 3:
        try:
            v = Visitor(bench)
            v.s.sendall(os.urandom(40))
            v.s.close()
            storm += 1
        except OSError:
            time.sleep(0.01)
    assert storm > 10
    rate = (len(bench.server.asked) - before) / (time.monotonic() - begun)
    assert rate > 0.8 * 5, "the good unit alone is asked five times a second"
    for v in silent:
        assert v.all() == b""
    rig.wait_for(lambda: why(bench, "plant/good/flow")["quality"] == rig.GOOD, 5, bench.gw.log)
    assert not [line for line in bench.gw.log().splitlines() if "rror" in line]


def test_the_socket_comes_and_goes_with_the_gateway(bench):
    bench.gw.kill()
    assert bench.door.exists(), "nobody took it away"
    assert "no gateway runs" in told(bench, "plant/good/flow").stderr
    bench.gw.start()
    rig.wait_for(lambda: "gateway" in told(bench, "plant/good/flow", "--json").stdout[:20], 10, bench.gw.log)
    bench.gw.stop()
    assert not bench.door.exists()
