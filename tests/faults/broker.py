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
    """(lane, from, to) of the numbers that jump."""
    out = []
    for lane in ("history", "event"):
        for numbers in heard(stand, f"/{lane}/", tape).values():
            for n in rig.missing(numbers):
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
            lane, first, last = absent[0]
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
    stand.modbus(mqtt={"keepalive": "5s"})
    port = stand.net.port

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
