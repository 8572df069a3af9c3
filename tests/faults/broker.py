# SPDX-License-Identifier: Apache-2.0
"""Rows of the broker and of those who listen. What counts is what a historian ends up with, so each
row looks at the numbers of the frames, and asks for a replay where one is missing, as a historian
would."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

import fakebroker
import paho.mqtt.client as paho
import rig
from fakebroker import FakeBroker, connack, packet, puback
from plc import Plc
from rows import row
from stand import need

CMD = "t/v1/site/cmd/gw/"


# ---- a historian's looks

def heard(stand, lane="/history/", tape=None):
    """{epoch: numbers of a lane that arrived}, those that a gap frame stands for included."""
    out = {}
    for m in (tape or stand.tape).all(lane):
        if m.payload:
            gap = m.json.get("gap", {"from_seq": m.json["seq"], "to_seq": m.json["seq"]})
            out.setdefault(m.json["epoch"], set()).update(range(gap["from_seq"], gap["to_seq"] + 1))
    return out


def holes(stand, tape=None):
    """(lane, from, to) of the numbers that jump; the stand's tape should have them from 1 on."""
    out = []
    for lane in ("history", "event"):
        for numbers in heard(stand, f"/{lane}/", tape).values():
            for n in rig.missing(numbers if tape else {0, *numbers}):
                if out and out[-1][0] == lane and out[-1][2] == n - 1:
                    out[-1] = (lane, out[-1][1], n)
                else:
                    out.append((lane, n, n))
    return out


def fill(stand, seconds=10, tape=None):
    """Asks for what is missing until nothing is."""
    asked = 0

    def whole():
        nonlocal asked
        absent = holes(stand, tape)
        if absent and time.monotonic() >= whole.next:
            lane = absent[0][0]
            first, last = absent[0][1], max(last for of, _, last in absent if of == lane)
            asked += 1
            stand.tape.publish(CMD + "replay", {"id": f"fill-{asked}", "client": "historian", "lane": lane,
                                                "from_seq": first, "to_seq": last, "sent": int(time.time() * 1000)})
            whole.next = time.monotonic() + 0.5
        return not absent

    whole.next = 0
    rig.wait_for(whole, seconds, lambda: f"a replay fills {holes(stand, tape)}; " +
                 str([m.payload for m in stand.tape.all("/reply/")][-3:]))
    return asked


def flows(stand, seconds=5):
    """History that was read from now on arrives; how long that took."""
    begun, wall = time.monotonic(), time.time() * 1000
    rig.wait_for(lambda: any(m.json.get("timestamp", 0) >= wall and "gap" not in m.json
                             for m in stand.tape.all("/history/", max(0, stand.tape.count() - 500))),
                 seconds, lambda: "history flows again\n" + stand.box.log()[-2000:])
    took = time.monotonic() - begun
    stand.figures.append(f"history flows {took:.2f} s after the end")
    return took


def stats(stand, test, seconds=12):
    return stand.tape.wait("/stats/gw", seconds, stand.since, lambda m: test(m.json)).json


def rows_on_disk(stand, lane="history"):
    db = sqlite3.connect(f"file:{stand.box.journal}?mode=ro", uri=True, timeout=5)
    try:
        return [n for (n,) in db.execute(f"select seq from {lane} order by seq")]
    finally:
        db.close()


def log_has(stand, words, seconds=5, times=1):
    rig.wait_for(lambda: stand.box.log().count(words) >= times, seconds,
                 lambda: f"{words!r} in the log:\n{stand.box.log()[-2000:]}")


@contextlib.contextmanager
def outage(stand, make, cure, flow=5, filled=True, **options):
    """A fault of the broker's: after the cure history flows again, and what a historian missed by it
    can be had."""
    def cured():
        cure()
        flows(stand, flow)
        if filled:
            fill(stand)

    with stand.trouble(make, cured, **options):
        yield


def fake(stand, **options):
    b = FakeBroker(**options).start()
    stand.enders.append(b.end)
    return b


def nowhere(port):
    """A listener on that port whose queue is full: further connections hang as in a black hole."""
    hole = socket.socket()
    hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    hole.bind(("127.0.0.1", port))
    hole.listen(0)
    stuck = []
    for _ in range(4):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(("127.0.0.1", port))
        stuck.append(s)
    return [*stuck, hole]


def shut(sockets):
    for s in sockets:
        s.close()
    sockets.clear()


# ---- the broker goes away

@row("Q01", "the broker is killed, again and again, while rows are published",
     "nothing on MQTT but `offline` and `online`; rows are sent again from one `overlap` before; a historian that sees "
     "a jump of `seq` asks for a replay", "5 s after the broker is back")
def broker_killed(stand):
    stand.modbus(broker=stand.broker(config="max_inflight_messages 200\n"))

    def kill():
        kills = 5 if rig.LONG else 3
        for n in range(kills):
            stand.net.kill()
            if n < kills - 1:
                stand.net.start()
                flows(stand)

    with outage(stand, kill, lambda: stand.net.start()):
        pass
    assert stand.tape.all("/gateway/gw", stand.since)


@row("Q02", "the broker restarts and has forgotten everything",
     "all states, dictionaries and values are published again", "5 s after the broker is back")
def broker_forgets(stand):
    stand.modbus()

    def kept():
        """What a newcomer finds."""
        late = stand.recorder(stand.net.port)
        time.sleep(0.2)
        out = {m.topic for m in late.all() if m.retain and m.payload and "/bulletin/" not in m.topic}
        late.end()
        return out

    before = kept()
    assert any("/meta/" in t for t in before) and any("/value/" in t for t in before), before
    with outage(stand, lambda: stand.net.stop(), lambda: stand.net.start()):
        time.sleep(0.5)
    rig.wait_for(lambda: before <= kept(), 5, lambda: f"all is retained again but {before - kept()}")
    stand.figures.append(f"{len(before)} retained topics are back")


@row("Q03", "the broker's disk is full: it acknowledges what it can't keep",
     "nothing: MQTT has no word for it. After its crash a jump of `seq`, which a replay fills",
     "at once, when asked")
def broker_disk_full(stand):
    need(os.geteuid() == 0, "only root may mount a tmpfs")
    broker = rig.Broker(stand.directory / "broker")
    room = broker.directory / "room"
    room.mkdir()
    with open(broker.config, "a", encoding="utf-8") as f:
        f.write(f"persistence true\npersistence_location {room}/\nautosave_interval 10\nautosave_on_changes true\n")

    def start():
        broker.child = rig.Child(["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o size=64k none {room} && exec "
                                  f"{rig.MOSQUITTO} -c {broker.config}"], broker.directory / "mosquitto.log")
        rig.wait_for(lambda: rig.listens(broker.port) or not broker.child.running(), 5, "the broker listens")
        need(broker.child.running(), "no mount namespace can be had")
        return broker

    broker.start = start
    stand.enders.append(lambda: broker.kill())
    stand.modbus(broker=start())
    historian = stand.recorder(broker.port, "t/v1/site/history/#", client_id="historian", durable=True)
    historian.end()                             # what comes now lies in the broker's queue

    def kill():
        rig.wait_for(lambda: "No space left" in broker.child.log(), 8, "the broker's disk is full")
        before = len(heard_all(stand))
        rig.wait_for(lambda: len(heard_all(stand)) > before + 5, 5, "it goes on acknowledging")
        broker.kill()

    with outage(stand, kill, lambda: broker.start()):
        pass
    late = stand.recorder(broker.port, "t/v1/site/history/#", client_id="historian", durable=True)
    rig.wait_for(lambda: late.count() > 5, 5, "frames")
    first, newest = min(heard_all(stand)), max(heard_all(stand, late))
    absent = sorted(set(range(first, newest + 1)) - heard_all(stand, late))
    stand.tape.publish(CMD + "replay", {"id": "all", "client": "historian", "from_seq": first, "to_seq": newest,
                                        "sent": int(time.time() * 1000)})
    rig.wait_for(lambda: not set(range(first, newest + 1)) - heard_all(stand, late), 8, "the replay brings all")
    stand.figures.append(f"{len(absent)} acknowledged frames were gone, 0 after the replay")

    # The broker took the news of its own end with it, and was back before the recorder was.
    stand.tape.publish(CMD + "replay", {"id": "events", "client": "historian", "lane": "event", "from_seq": 1, "to_seq": 1 << 40,
                                        "sent": int(time.time() * 1000)})
    stand.tape.wait("/reply/gw/historian", 8, test=lambda m: m.json["id"] == "events" and m.json["status"] == "done")
    stand.again = None


def heard_all(stand, tape=None):
    return set().union(*heard(stand, tape=tape).values(), set())


@row("Q04", "a historian is away, and the broker's queue for it overflows",
     "nothing; the historian sees a jump of `seq`, and a replay fills it", "at once, when asked")
def queue_overflows(stand):
    stand.modbus(broker=stand.broker(config="max_queued_messages 5\nmax_inflight_messages 5\n"))
    away = stand.recorder(stand.net.port, "t/v1/site/history/#", client_id="historian", durable=True)
    rig.wait_for(lambda: away.count() > 2, 5, "frames")

    def leave():
        away.end()
        time.sleep(2.5)

    late = []
    with stand.trouble(leave, lambda: late.append(stand.recorder(stand.net.port, "t/v1/site/history/#",
                                                                 client_id="historian", durable=True))):
        pass
    late, = late
    late.messages[:0] = away.messages
    rig.wait_for(lambda: holes(stand, late), 5, "frames are missing")
    lost = sum(last - first + 1 for _, first, last in holes(stand, late))
    fill(stand, tape=late)
    stand.figures.append(f"{lost} frames that the broker dropped came with a replay")
    stand.again = None


@row("Q05", "the broker hangs, its machine still answers (SIGSTOP)",
     "`offline` by the will, then `online`; `reconnects` counts", "2 x keepalive (10 s at 5 s)")
def broker_hangs(stand):
    stand.modbus(mqtt={"keepalive": "5s"})
    with outage(stand, lambda: stand.net.child.process.send_signal(signal.SIGSTOP),
                lambda: stand.net.child.process.send_signal(signal.SIGCONT)):
        begun = time.monotonic()
        log_has(stand, "lost 127.0.0.1", 11.5)
        stand.figures.append(f"seen after {time.monotonic() - begun:.1f} s")


@row("Q05", "the broker answers pings and acknowledges nothing",
     "rows are sent again over a new connection; `reconnects` counts", "2 x keepalive, 20 s at most")
def broker_acknowledges_nothing(stand):
    broker = fake(stand)
    stand.modbus(broker=broker, mqtt={"keepalive": "5s"})
    honest = broker.on_publish
    with outage(stand, lambda: setattr(broker, "on_publish", lambda client, m: b""),
                lambda: setattr(broker, "on_publish", honest)):
        log_has(stand, "acknowledges nothing", 11.5)
    payloads = {}
    for m in broker.heard("/history/"):
        key = json.loads(m.payload)["seq"]
        assert payloads.setdefault(key, m.payload) == m.payload, f"{key} has two faces"


@row("Q06", "the broker's address swallows everything (no answer to a connection)",
     "nothing; devices are asked as before", "5 s after its end")
def broker_swallows(stand):
    stand.modbus()
    hole = []

    def make():
        stand.net.kill()
        hole.extend(nowhere(stand.net.port))

    with outage(stand, make, lambda: (shut(hole), stand.net.start())):
        time.sleep(4)
    stand.enders.append(lambda: shut(hole))


@row("Q06", "the network between gateway and broker is cut",
     "`offline` by the will; rows are kept", "5 s after its end")
def network_cut(stand):
    own_network()
    port = rig.free_port()                      # the gateway's own: the recorder stays connected
    stand.modbus(broker=stand.broker(config=f"listener {port} 127.0.0.1\n"),
                 mqtt={"keepalive": "5s", "broker": f"mqtt://127.0.0.1:{port}"})

    def cut():
        nft("add table inet cut", "add chain inet cut way { type filter hook input priority 0; }",
            f"add rule inet cut way tcp dport {port} drop", f"add rule inet cut way tcp sport {port} drop")

    def mend():
        nft("delete table inet cut")

    with outage(stand, cut, mend):
        time.sleep(14 if rig.LONG else 7)


def own_network():
    """This process moves into a network of its own, where nothing else is."""
    import ctypes
    need(os.path.exists("/usr/sbin/nft"), "nft is not installed")
    need(ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0, "no network namespace can be had")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    need(subprocess.run(["nft", "add table inet try; delete table inet try"], stderr=subprocess.PIPE,
                        check=False).returncode == 0, "nft has no rights")


def nft(*commands):
    subprocess.run(["nft", "; ".join(commands)], check=True)


@row("Q07", "there is no broker when the gateway starts",
     "devices are polled from the beginning; all rows come when it does", "5 s after it is there")
def broker_comes_later(stand):
    stand.modbus(start=False)
    stand.net.kill()
    stand.since = stand.tape.count()
    stand.box.start()
    rig.wait_for(lambda: stand.sick.asked("sick") > 20, 8, "devices are asked")
    rig.wait_for(lambda: stand.box.journal.exists() and len(rows_on_disk(stand)) > 3, 5, "rows are kept")
    early = rows_on_disk(stand)
    with outage(stand, lambda: None, lambda: stand.net.start(), bystander=False):
        pass
    rig.wait_for(lambda: set(early) <= heard_all(stand), 5, "what was read before the broker came arrives")
    assert min(heard_all(stand)) == 1
    stand.again = stand.net.kill


# ---- on the way to the broker

class NameServer(threading.Thread):
    """Answers A questions with 127.0.0.1, or `no such name`, or not at all."""

    def __init__(self):
        super().__init__(daemon=True)
        self.mode, self.asked = "silent", 0
        high, low = divmod(os.getpid() % 65000, 250)
        self.address = f"127.77.{high}.{low + 1}"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((self.address, 53))
        self.start()

    def run(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            if self.mode == "silent":
                continue
            end = question.index(b"\0", 12) + 5
            kind, = struct.unpack_from(">H", question, end - 4)
            found = self.mode == "answers" and kind == 1
            flags = 0x8180 if self.mode == "answers" else 0x8183
            answer = question[:2] + struct.pack(">HHHHH", flags, 1, found, 0, 0) + question[12:end]
            if found:
                answer += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton("127.0.0.1")
            self.socket.sendto(answer, sender)

    def end(self):
        self.socket.close()


def by_name(stand):
    """The gateway knows its broker by name, and has a name server of ours."""
    need(os.geteuid() == 0, "only root may bind port 53 and /etc/resolv.conf")
    try:
        server = NameServer()
    except OSError as e:
        need(False, f"no name server can be had: {e}")
    stand.enders.append(server.end)
    broker = stand.broker()
    stand.modbus(broker=broker, mqtt={"broker": f"mqtt://broker.mine.example:{broker.port}"}, start=False)
    for name, words in (("resolv.conf", f"nameserver {server.address}\n"), ("hosts", "127.0.0.1 localhost\n"),
                        ("nsswitch.conf", "hosts: files dns\n")):
        (stand.directory / name).write_text(words)
    binds = " && ".join(f"mount --bind {stand.directory}/{n} /etc/{n}" for n in ("resolv.conf", "hosts", "nsswitch.conf"))
    stand.box.words = ["unshare", "-m", "sh", "-c", f"{binds} && exec \"$@\"", "sh", *stand.box.words]
    return server


@row("Q08", "the broker's name is not known",
     "nothing; devices are asked, rows are kept", "5 s after it is known")
def name_unknown(stand):
    server = by_name(stand)
    server.mode = "unknown"
    stand.since = stand.tape.count()
    stand.box.start()
    log_has(stand, "can't reach broker.mine.example")
    rig.wait_for(lambda: stand.sick.asked("sick") > 20, 5, "devices are asked")
    with outage(stand, lambda: None, lambda: setattr(server, "mode", "answers"), bystander=False):
        time.sleep(1)
    assert min(heard_all(stand)) == 1, "what was read before is there, too"

    def again():
        server.mode = "unknown"
        stand.net.kill()

    stand.again = again


@row("Q08", "the name server doesn't answer",
     "nothing; devices are asked, rows go to disk as before", "6 s after it answers (the resolver asks every 5 s)")
def name_server_silent(stand):
    server = by_name(stand)
    server.mode = "answers"
    stand.box.start()
    stand.all_good(15)

    def make():
        server.mode = "silent"
        stand.net.kill()
        asked = server.asked
        rig.wait_for(lambda: server.asked > asked, 3, "the name is asked for")

    def cure():
        stand.net.start()
        server.mode = "answers"

    with outage(stand, make, cure, flow=6):
        before = len(rows_on_disk(stand))
        time.sleep(1.5)
        assert len(rows_on_disk(stand)) > before + 5, "rows don't wait for the name server"


class Relay(threading.Thread):
    """A way to the broker that can be led elsewhere. modes: a port to lead to; "eof": hangs up at the
    first bytes. `firsts` are the first bytes of each connection."""

    def __init__(self, to):
        super().__init__(daemon=True)
        self.mode, self.firsts, self.open = to, [], []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        self.open.append(client)
        try:
            first = client.recv(65536)
            self.firsts.append(first)
            if self.mode == "eof" or not first:
                client.close()
                return
            broker = socket.create_connection(("127.0.0.1", self.mode))
        except OSError:
            client.close()
            return
        self.open.append(broker)
        threading.Thread(target=self.pump, args=(broker, client), daemon=True).start()
        broker.sendall(first)
        self.pump(client, broker)

    @staticmethod
    def pump(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def cut(self):
        for s in self.open:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def end(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.cut()


def tls(stand, **options):
    """A gateway that speaks TLS through a relay."""
    here = stand.directory
    rig.Papers(here).sign("server", "IP:127.0.0.1")
    port = rig.free_port()
    broker = stand.broker(config=f"listener {port} 127.0.0.1\ncertfile {here}/server.pem\nkeyfile {here}/server.key\n")
    relay = Relay(port)
    stand.enders.append(relay.end)
    stand.modbus(broker=broker, mqtt={"broker": f"mqtts://127.0.0.1:{relay.port}", "ca": str(here / "ca.pem")}, **options)

    def lead(mode):
        relay.mode = mode
        relay.cut()

    return relay, port, lead


@row("Q11", "the connection ends within the TLS handshake",
     "`offline` by the will; rows are kept (certificates: tests/live/test_tls.py)", "5 s after its end")
def tls_ends_early(stand):
    relay, port, lead = tls(stand)
    with outage(stand, lambda: lead("eof"), lambda: lead(port)):
        rig.wait_for(lambda: len(relay.firsts) > 3, 5, "it tries again")
    assert all(first[:1] in (b"\x16", b"") for first in relay.firsts), relay.firsts


@row("Q11", "a TLS gateway meets a plain port", "`offline` by the will; rows are kept; no plain byte", "5 s after its end")
def tls_meets_plain(stand):
    relay, port, lead = tls(stand)
    with outage(stand, lambda: lead(stand.net.port), lambda: lead(port)):
        log_has(stand, "refused by", 15)
    assert all(first[:1] in (b"\x16", b"") for first in relay.firsts), relay.firsts


@row("Q12", "TLS can't be set up: `ca` is missing, then garbage",
     "`offline` by the will; rows are kept; no plain byte, and no connection", "5 s after it is mended")
def tls_not_set_up(stand):
    relay, port, lead = tls(stand)
    ca = stand.directory / "ca.pem"
    right = ca.read_bytes()

    def spoil():
        ca.unlink()
        lead(port)

    def mend():
        ca.write_bytes(right)

    with outage(stand, spoil, mend):
        log_has(stand, "can't reach")
        ca.write_bytes(b"garbage\n")
        time.sleep(2.5)
    assert all(first[:1] in (b"\x16", b"") for first in relay.firsts), relay.firsts


# ---- what the broker refuses

@row("Q09", "wrong password (MQTT 3.1.1)", "`offline` by the will; rows are kept; the file is read again at each attempt",
     "5 s after it is right")
def wrong_password(stand):
    tool = "/usr/bin/mosquitto_passwd"
    need(os.path.exists(tool), "mosquitto_passwd is not installed")
    known, mine = stand.directory / "passwords", stand.directory / "secret"
    subprocess.run([tool, "-b", "-c", known, "gw", "right"], check=True)
    known.chmod(0o644)
    mine.write_text("right\n")
    mine.chmod(0o600)
    broker = stand.broker(config=f"password_file {known}\n")
    stand.modbus(broker=broker, mqtt={"user": "gw", "password_file": str(mine), "version": "3.1.1"})

    def make():
        mine.write_text("wrong\n")
        broker.kill()
        broker.start()

    with outage(stand, make, lambda: mine.write_text("right\n")):
        log_has(stand, "not authorised")


@row("Q10", "the broker refuses (MQTT 5): bad user, busy, quota, connection rate",
     "`offline` by the will; rows are kept; the log says the reason", "5 s after its end")
def refusals_of_5(stand):
    broker = fake(stand)
    stand.modbus(broker=broker)
    reasons = [0x87, 0x89, 0x97, 0x9F]
    honest = broker.on_connect

    def make():
        given = iter(reasons * 100)
        broker.on_connect = lambda client: connack(client, next(given))
        broker.hang_up()

    with outage(stand, make, lambda: setattr(broker, "on_connect", honest)):
        for words in ("Not authorized", "Server busy", "Quota exceeded", "Connection rate exceeded"):
            log_has(stand, words, 8)


def ruled(stand, version, denied):
    """A broker with access rules, which deny some topics when wanted. make, cure."""
    rules = stand.directory / "rules"

    def write(*topics):
        rules.write_text("".join(f"topic deny {t}\n" for t in topics) + "topic readwrite #\n")
        rules.chmod(0o644)
        if stand.net:
            stand.net.child.process.send_signal(signal.SIGHUP)

    write()
    # Not 0: decision 12 says why.
    broker = stand.broker(config=f"acl_file {rules}\nmax_queued_messages 100000\n")
    stand.modbus(broker=broker, mqtt={"version": version})
    return lambda: write(*denied), write


SICK = "t/v1/site/history/gw/plant/sick-1"


@row("Q13", "access rules deny a device's history (MQTT 3.1.1)",
     "nothing: 3.1.1 has no word for it, rows count as acknowledged. A historian sees the jump of `seq`; a replay fills it. "
     "Use MQTT 5", "when asked")
def denied_311(stand):
    make, cure = ruled(stand, "3.1.1", [SICK])
    with outage(stand, make, cure, filled=False):
        time.sleep(1.5)
    lost = sum(last - first + 1 for _, first, last in holes(stand))
    assert lost, "the broker denied nothing"
    fill(stand)
    stand.figures.append(f"{lost} denied frames came with a replay")
    stand.again = None


@row("Q14", "access rules deny a device's history (MQTT 5)",
     "`refused` and `dropped` count, not `acked`; other devices' rows go on; what was denied is tried again and arrives, "
     "late", "5 s after it is allowed")
def denied_5(stand):
    make, cure = ruled(stand, 5, [SICK])
    with outage(stand, make, cure, filled=False):
        said = stats(stand, lambda s: s["refused"] > 0 and s["lanes"]["history"]["dropped"] > 0)
        lane = said["lanes"]["history"]
        assert lane["acquired"] == lane["acknowledged"] + lane["waiting"] + lane["dropped"], said
        log_has(stand, "access rules")
    begun = time.monotonic()
    rig.wait_for(lambda: not holes(stand), 6, lambda: f"denied frames arrive: {holes(stand)}")
    stand.figures.append(f"denied frames came {time.monotonic() - begun:.1f} s later")
    db = sqlite3.connect(f"file:{stand.box.journal}?mode=ro", uri=True, timeout=5)
    rig.wait_for(lambda: db.execute("select count(*) from refused").fetchone() == (0,), 5, "no row counts as refused")
    db.close()
    stand.again = None


@row("Q14", "the broker refuses an alarm's state or a dictionary (MQTT 5: quota exceeded, access rules, or a format that it dislikes)",
     "the topic shows what was before; the newest state of it is tried again every 3 s until it is taken, and no older one comes "
     "behind a newer", "5 s after it is taken")
def denied_states(stand):
    broker = stand.net = fake(stand)
    plc = Plc()
    stand.enders.append(plc.stop)
    refusing, refused = [], []
    topics = ("/alarm/plant/d/high", "/meta/plant/d")

    def on_publish(client, m):
        if m.mid and refusing and m.topic.endswith(topics):
            refused.append(m)
            return puback(client, m.mid, refusing[0])
        return puback(client, m.mid) if m.mid else b""

    broker.on_publish = on_publish
    stand.begin(stand.plant(
        broker.port, {"l": {"connect": plc.where}}, {"d": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "100ms"}},
        {"few": rig.words_map(2)}, mqtt={"client_id": "headgate-gw"},
        alarms={"plant/d/high": {"tag": "plant/d/r1", "above": 100, "clear": 90, "for": "100ms", "about": "High"}}))
    stand.tape.wait(topics[0], 5)
    stand.tape.wait(topics[1], 5)
    for reason in (0x97, 0x87, 0x90):
        flows(stand)
        since, told = stand.tape.count(), len(broker.heard(topics[0]))
        refusing.append(reason)
        broker.hang_up()                        # a new session is told everything
        rig.wait_for(lambda: {m.topic[len("t/v1/site"):] for m in refused} == set(topics), 8, "both are refused")
        for level in (500, 1, 500):             # there is always a newer one
            plc.set(1, level)
            before = len(broker.heard(topics[0]))
            rig.wait_for(lambda: len(broker.heard(topics[0])) > before, 8, "the alarm's next state")
            time.sleep(0.3)
        time.sleep(4)
        tries = [m.at for m in broker.heard(topics[0])[told:]]
        assert len(tries) <= 12 and not stand.tape.all(topics[0], since), tries
        newest = broker.heard(topics[0])[-1].payload
        retried = sum(m.payload == newest for m in broker.heard(topics[0])[told:])
        begun = time.monotonic()
        refusing.clear()
        for topic in topics:
            stand.tape.wait(topic, 6, since)
        stand.figures.append(f"{reason:02x}: {retried} tries of the newest state, taken {time.monotonic() - begun:.1f} s after the cure")
        refused.clear()
        time.sleep(3.5)
        taken = [m.payload for m in stand.tape.all(topics[0], since)]
        assert taken == [newest], taken         # once, and nothing older
        plc.set(1, 1)
        flows(stand)


@row("Q15", "access rules deny values (QoS 0)",
     "no value arrives: nobody is told of a denied QoS 0 publish. History (QoS 1) is not touched", "next change")
def denied_qos0(stand):
    make, cure = ruled(stand, 5, ["t/v1/site/value/#"])
    with outage(stand, make, cure):
        time.sleep(0.5)
        since, before = stand.tape.count(), len(heard_all(stand))
        time.sleep(1)
        assert not stand.tape.all("/value/", since)
        assert len(heard_all(stand)) > before


@row("Q16", "nobody subscribes", "`no_subscriber` counts (MQTT 5)", "10 s (`stats`)")
def nobody_listens(stand):
    stand.modbus()
    others = stand.tape
    others.client.unsubscribe("#")
    others.client.subscribe("t/v1/site/stats/#", 1)
    stand.since = others.count()
    n = stats(stand, lambda s: s["no_subscriber"] > 0)["no_subscriber"]
    log_has(stand, "nobody subscribes")
    stand.figures.append(f"no_subscriber {n}")
    others.client.subscribe("#", 1)
    flows(stand)
    fill(stand)


@row("Q17", "a packet is larger than the broker takes (MQTT 3.1.1): it hangs up each time",
     "a gap frame with the reason stands in the row's place; everything else arrives; `refused` counts",
     "five connections (15 s)")
def too_large_311(stand):
    broker = stand.broker(config="max_packet_size 480\n")
    stand.modbus(broker=broker, mqtt={"version": "3.1.1"}, start=False)
    stand.gaps_allowed = True
    stand.since = stand.tape.count()
    stand.box.start()
    gap = stand.tape.wait("/history/gw/gateway/gap", 60, 0, lambda m: "gap" in m.json)
    assert "large" in gap.json["gap"]["reason"] or "refuse" in gap.json["gap"]["reason"], gap
    stand.all_good(60)
    flows(stand)
    begun, since = time.monotonic(), stand.tape.count()
    time.sleep(4)
    offs = [m for m in stand.tape.all("/gateway/gw", since) if b"offline" in m.payload]
    assert not offs, f"it still loses its connection {time.monotonic() - begun}"
    fill(stand)


@row("Q18", "a packet is larger than the broker takes (MQTT 5: it says so beforehand)",
     "a gap frame with the reason stands in the row's place; `refused` counts; the connection stays", "at once")
def too_large_5(stand):
    broker = fake(stand)
    broker.on_connect = lambda client: connack(client, largest=500)
    stand.modbus(broker=broker, start=False)
    stand.gaps_allowed = True
    stand.since = stand.tape.count()
    stand.box.start()
    gap = stand.tape.wait("/history/gw/gateway/gap", 5, 0, lambda m: "gap" in m.json)
    assert "large" in gap.json["gap"]["reason"], gap
    stand.all_good(5)
    flows(stand)
    assert max(m.size for m in broker.heard()) <= 500
    assert len(broker.connects) == 1
    fill(stand)


@row("Q19", "another client takes over the session (same client id)",
     "`offline` and `online` in turn, `reconnects` counts; the log asks for the other client; back-off", "5 s after it left")
def session_taken(stand):
    stand.modbus()
    rivals = []

    def rival():
        c = paho.Client(client_id="headgate-site-gw", protocol=paho.MQTTv5)
        c.connect("127.0.0.1", stand.net.port)
        c.loop_start()
        rivals.append(c)

    def end():
        for c in rivals:
            c.disconnect()
            c.loop_stop()
        rivals.clear()

    stand.enders.append(end)
    with outage(stand, rival, end):             # paho comes back after a second, for ever
        log_has(stand, "does another client call itself", 12)
    connections = stand.net.child.log().count("as headgate-site-gw")
    stand.figures.append(f"{connections} connections of both")
    stand.again = None


# ---- how rows are handed over

@row("Q20", "rows are read while there is no broker", "each arrives once (with `overlap: 0s`), in order",
     "5 s after it is there")
def read_while_away(stand):
    broker = fake(stand)
    stand.modbus(broker=broker, mqtt={"overlap": "0s"})
    refuse = []
    honest = broker.on_connect

    def make():
        refuse.append(broker.count())
        broker.on_connect = lambda client: connack(client, 0x89)
        broker.hang_up()

    wall = []

    def cure():
        wall.append(time.time() * 1000)
        broker.on_connect = honest

    with outage(stand, make, cure, filled=False):
        began = time.time() * 1000 + 300
        time.sleep(1.5)
    kept = [json.loads(m.payload) for m in broker.heard("/history/", refuse[0])]
    away = [f["seq"] for f in kept if began < f["timestamp"] < wall[0]]
    assert len(away) > 10 and len(away) == len(set(away)), "a row arrived twice"
    assert away == sorted(away)
    fill(stand)
    stand.figures.append(f"{len(away)} rows of the outage, each once")


@row("Q21", "the broker acknowledges one publish very late, 65,536 message ids later",
     "rows keep their ids: values wait before an id could be used twice (unit_publish_broker); never more than `window` "
     "in flight", "-")
def window_is_kept(stand):
    broker = fake(stand)
    stand.modbus(broker=broker, mqtt={"window": 20})
    honest = broker.on_publish
    with outage(stand, lambda: setattr(broker, "on_publish", lambda client, m: b""), lambda: (
            setattr(broker, "on_publish", honest), broker.hang_up())):
        time.sleep(2)
    assert broker.most_flying <= 20 and broker.reused == 0, (broker.most_flying, broker.reused)
    stand.figures.append(f"{broker.most_flying} in flight at most")


@row("Q22", "acknowledgements come at once", "each row is acknowledged exactly once; counters sum", "-")
def acknowledged_at_once(stand):
    broker = fake(stand)
    stand.modbus(broker=broker)
    stand.since = stand.tape.count()
    said = stats(stand, lambda s: s["lanes"]["history"]["acknowledged"] > 20)
    for lane in ("history", "event"):
        s = said["lanes"][lane]
        assert s["acquired"] == s["acknowledged"] + s["waiting"] + s["dropped"] and s["dropped"] == 0, said
    seqs = [json.loads(m.payload)["seq"] for m in broker.heard("/history/")]
    assert len(seqs) == len(set(seqs)) and seqs == sorted(seqs)


@row("Q23", "the gateway is killed", "`gateway/<gateway>` says offline, reason `will`; numbers go on after the restart", "1 s")
def gateway_killed(stand):
    stand.modbus()

    def make():
        if stand.box.child.running():
            stand.box.kill()

    with outage(stand, make, lambda: stand.box.start()):
        begun = time.monotonic()
        stand.tape.wait("/gateway/gw", 2, stand.since, lambda m: m.json["state"] == "offline" and m.json["reason"] == "will")
        stand.figures.append(f"the will came after {time.monotonic() - begun:.2f} s")
    assert len(heard(stand)) == 1, "one epoch"
    stand.again = None


@row("Q24", "the gateway hangs (SIGSTOP)",
     "`offline` by the will; systemd's watchdog isn't fed any more, and ends it; a gateway that goes on says `online`",
     "1.5 x keepalive, and up to 6 s until the broker looks")
def gateway_hangs(stand):
    bell = stand.directory / "notify"
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(bell))
    notify.setblocking(False)
    stand.enders.append(notify.close)
    stand.modbus(mqtt={"keepalive": "5s"}, start=False)
    stand.box.environment.update(NOTIFY_SOCKET=str(bell), WATCHDOG_USEC="1000000")
    stand.box.start()
    stand.all_good(15)

    def fed():
        n = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                n += b"WATCHDOG=1" in notify.recv(4096)
        return n

    fed()
    time.sleep(1)
    assert fed() >= 2, "the watchdog is fed"
    with outage(stand, lambda: stand.box.child.process.send_signal(signal.SIGSTOP),
                lambda: stand.box.child.process.send_signal(signal.SIGCONT), bystander=False):
        begun = time.monotonic()
        time.sleep(0.1)
        fed()
        stand.tape.wait("/gateway/gw", 13, stand.since, lambda m: m.json["state"] == "offline")
        stand.figures.append(f"the will came after {time.monotonic() - begun:.1f} s")
        assert fed() == 0
    stand.tape.wait("/gateway/gw", 5, stand.since, lambda m: m.json["state"] == "online")
    stand.again = None


@row("Q25", "descriptors beyond 1023", "nothing", "-")
def many_descriptors(stand):
    stand.modbus(start=False)
    hoard = ("import os, resource, sys\n"
             "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
             "resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))\n"
             "for n in range(1100): os.set_inheritable(os.open('/dev/null', os.O_RDONLY), True)\n"
             "os.execv(sys.argv[1], sys.argv[1:])")
    stand.box.words = [sys.executable, "-c", hoard, *stand.box.words]
    stand.box.start()
    stand.all_good(15)
    highest = max(int(n) for n in os.listdir(f"/proc/{stand.box.pid}/fd"))
    assert highest > 1100, highest
    with outage(stand, lambda: stand.net.kill(), lambda: stand.net.start()):
        pass
    stand.figures.append(f"descriptors up to {highest}")


@row("Q26", "the clock steps by an hour, forward and back",
     "time stamps follow; the connection stays, rows keep their order", "at once")
def clock_steps(stand):
    faker = next(iter(sorted(rig.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
    need(faker, "libfaketime is not installed")
    stand.modbus(start=False)
    where = stand.directory / "offset"
    where.write_text("+0\n")
    stand.box.environment.update(LD_PRELOAD=str(faker), FAKETIME_TIMESTAMP_FILE=str(where), FAKETIME_NO_CACHE="1",
                                 DONT_FAKE_MONOTONIC="1", FAKETIME_DONT_FAKE_MONOTONIC="1")
    stand.timeout_ms = 7_400_000                # of the truth: time stamps are an hour off
    stand.box.start()
    stand.all_good(15)
    sessions = stand.net.child.log().count("as headgate-site-gw")
    for offset in ("+3600", "-3600", "+0"):
        where.write_text(offset + "\n")
        wall = time.time() * 1000 + 1000 * int(offset)
        stand.tape.wait("/history/", 3, stand.tape.count(), lambda m: abs(m.json["timestamp"] - wall) < 60000)
    assert stand.net.child.log().count("as headgate-site-gw") == sessions, "the connection was lost"
    numbers = [m.json["seq"] for m in stand.tape.all("/history/")]
    assert numbers == sorted(numbers)
    flows(stand)


@row("Q27", "the broker takes few publishes at a time (receive maximum 1, 3, 65,535)",
     "never more in flight", "-")
def receive_maximum(stand):
    broker = fake(stand)
    limit = [65535]
    broker.on_connect = lambda client: connack(client, receive=limit[0])
    slow = broker.on_publish

    def late(client, m):
        if m.mid:
            flying = client.flying[m.mid]
            client.broker.loop.call_later(0.01, lambda: (client.flying.pop(flying.mid, None),
                                                         client.send(puback(client, flying.mid))))
        return b""

    broker.on_publish = late
    stand.modbus(broker=broker)
    seen = {65535: broker.most_flying}
    for limit[0] in (3, 1):
        broker.most_flying = 0
        broker.hang_up()
        flows(stand)
        rig.wait_for(lambda: broker.most_flying >= limit[0], 5, lambda: f"the window is used; {broker.most_flying} of {limit}")
        seen[limit[0]] = broker.most_flying
    assert seen[1] == 1 and seen[3] == 3 and 5 < seen[65535] <= 200, seen
    broker.on_publish = slow
    stand.figures.append(f"in flight at most {seen}")
    flows(stand)
    fill(stand)


@row("Q28", "an acknowledgement is lost: the row is sent again",
     "the same key `(gateway, epoch, seq)` with the same payload", "with the next connection")
def sent_again(stand):
    broker = fake(stand)
    stand.modbus(broker=broker)
    honest = broker.on_publish
    with outage(stand, lambda: setattr(broker, "on_publish", lambda client, m: b""), lambda: (
            setattr(broker, "on_publish", honest), broker.hang_up())):
        time.sleep(1)
    payloads, twice = {}, 0
    for m in broker.heard("/history/"):
        f = json.loads(m.payload)
        twice += (f["epoch"], f["seq"]) in payloads
        assert payloads.setdefault((f["epoch"], f["seq"]), m.payload) == m.payload, f
    assert twice > 5
    stand.figures.append(f"{twice} second deliveries, byte for byte the same")


def nonsense(chance):
    """[(what, bytes)] that no broker should send; a space between two pieces is a pause."""
    t = fakebroker.text
    v = fakebroker.varint

    def unknown(body):
        return body + b"\x04\x7e\x01\x02\x03"   # four bytes of properties, the first of a kind that isn't there

    topic = t(CMD + "replay")
    out = [
        ("acknowledges what was never sent", b"".join(packet(4, struct.pack(">H", n)) for n in (0, 1, 65535, 40000))),
        ("confirms a subscription that was never asked for", packet(9, b"\x7f\xff\x00" + b"\x01" * 300)),
        ("says PINGRESP on its own", packet(13) * 5),
        ("says PUBREC, PUBREL, PUBCOMP", packet(5, b"\x00\x09") + packet(6, b"\x00\x09", 2) + packet(7, b"\x00\x09")),
        ("has a topic with a wildcard", packet(3, t("a/#") + b"\0x")),
        ("sends a property nobody knows with CONNACK", packet(2, unknown(b"\0\0"))),
        ("sends a property nobody knows with PUBACK", packet(4, unknown(b"\0\1\0"))),
        ("sends a property nobody knows with PUBLISH", packet(3, unknown(topic) + b"{}")),
        ("sends a property nobody knows with DISCONNECT", packet(14, unknown(b"\0"))),
        ("sends properties longer than the packet", packet(3, topic + v(2000000) + b"{}")),
        ("has a length that never ends", b"\x30\xff\xff\xff\xff\xff\xff"),
        ("announces 256 MB", b"\x30\xff\xff\xff\x7f" + b"x" * 1000),
        ("cuts a packet", packet(3, topic + b"\0" + b"{}" * 50)[:-9]),
        ("has a topic that is no UTF-8", packet(3, t(b"t/\xff\xfe\xc0\x80") + b"\0{}")),
        ("has a topic with a NUL", packet(3, t(b"t/a\0b") + b"\0{}")),
        ("has no topic", packet(3, t("") + b"\0{}")),
        ("has an alias for a topic that was never told", packet(3, t("") + b"\x03\x23\x00\x05" + b"{}")),
        ("has a topic longer than the packet", packet(3, b"\xff\xff" + b"t")),
        ("sends QoS 3", packet(3, topic + b"\0\5\0{}", 6)),
        ("sends an empty CONNACK", packet(2)),
        ("sends a CONNACK twice", packet(2, b"\0\0\0") * 2),
        ("sends an empty PUBACK", packet(4)),
        ("sends a PUBACK of one byte", packet(4, b"\x01")),
        ("sends packets of kind 0", packet(0, b"abc")),
        ("sends packets of kind 15", packet(15, b"abc")),
        ("speaks as if it were a client", packet(1, t("MQTT") + b"\5\2\0\x0a\0" + t("x")) + packet(8, b"\0\1\0" + t("#") + b"\1")),
    ]
    for n in range(100 if rig.LONG else 1):
        out.append((f"sends {n} bytes of noise", chance.randbytes(chance.choice((1, 5, 50, 4000)))))
    return out


@row("Q29", "a broker that sends what is not MQTT", "`offline` by the will; rows are kept; the process lives",
     "5 s after its end")
def nonsense_from_the_broker(stand):
    import random
    broker = fake(stand)
    stand.modbus(broker=broker)
    attacks = nonsense(random.Random(stand.seed))
    if not rig.LONG:                            # those that cost no connection, and some of the others
        mild, rest = attacks[:5], attacks[5:]
        attacks = [*mild, rest[0], *random.Random(os.getpid()).sample(rest[1:], 2)]
    honest = broker.on_connect
    done = []

    def greet(client):
        """Says hello, then the next thing, and when that is stomached some more."""
        def on():
            if client.writer.is_closing() or not attacks:
                return
            what, data = attacks.pop(0)
            done.append(what)
            client.send(data)
            broker.loop.call_later(0.15, on)

        broker.loop.call_later(0.1, on)
        return connack(client)

    pid = stand.box.pid

    def make():
        broker.on_connect = greet
        broker.hang_up()

    with outage(stand, make, lambda: (setattr(broker, "on_connect", honest), broker.hang_up())):
        rig.wait_for(lambda: not attacks or not stand.box.child.running(), 600, lambda: f"{len(attacks)} are left")
        time.sleep(0.3)
        assert stand.box.child.running() and stand.box.pid == pid, f"after: {done[-3:]}\n{stand.box.log()[-1500:]}"
    stand.figures.append(f"{len(done)} kinds of nonsense")


@row("Q29", "a broker that never ends its packet", "as a broker that hangs", "2 x keepalive, 20 s at most")
def endless_packet(stand):
    broker = fake(stand)
    stand.modbus(broker=broker, mqtt={"keepalive": "5s"})
    honest = broker.on_publish

    def trickle(client, m):
        client.send(b"\x30\xff\xff\xff\x7f" if not client.filters or client.filters[-1] != "trickles" else b"x")
        client.filters.append("trickles")
        return b""

    with outage(stand, lambda: setattr(broker, "on_publish", trickle), lambda: setattr(broker, "on_publish", honest)):
        log_has(stand, "acknowledges nothing", 12)
        assert stand.box.rss_kb() < 60000, stand.box.rss_kb()
