# SPDX-License-Identifier: Apache-2.0
"""Rows of writing, with writing on: equipment that lies about it, adapters that repeat it, links that
lose it."""
import os
import random
import re
import socket
import struct
import threading
import time
import tty

import rig
import truth
import wire
from rows import row

MAP = {"format": 1, "title": "Can be written", "source": ["tests/faults"], "verified": "invented", "limits": {"max_gap": 0},
       "tags": {"one": {"at": "holding 10", "type": "u16", "write": {"limits": [0, 1000]}},
                "two": {"at": "holding 20", "type": "u32", "write": {"limits": [0, 100000]}}}}


def crc(data):
    x = 0xFFFF
    for b in data:
        x ^= b
        for _ in range(8):
            x = x >> 1 ^ 0xA001 if x & 1 else x >> 1
    return struct.pack("<H", x)


class Liar:
    """Holding registers; lie(function, request PDU) gives the answer to a write, or None for none at all.
    Whether it does what it was told is its own affair."""

    def __init__(self, kind, lie, repeats=False):
        self.lie, self.words, self.told, self.repeats = lie, {a: a for a in range(64)}, [], repeats
        if kind == "tcp":
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.where = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
            threading.Thread(target=self.accept, daemon=True).start()
        else:
            self.master, slave = os.openpty()
            tty.setraw(slave)
            self.where = "rtu://" + os.ttyname(slave)
            threading.Thread(target=self.bus, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def answer(self, pdu):
        function = pdu[0]
        if function == 3:
            first, count = struct.unpack(">HH", pdu[1:5])
            return bytes([3, 2 * count]) + b"".join(struct.pack(">H", self.words.get(a, 0)) for a in range(first, first + count))
        self.told.append((time.monotonic(), pdu))
        return self.lie(self, pdu)

    def serve(self, peer):
        try:
            while head := peer.recv(7, socket.MSG_WAITALL):
                pdu = peer.recv(struct.unpack(">H", head[4:6])[0] - 1, socket.MSG_WAITALL)
                said = self.answer(pdu)
                if said:
                    peer.sendall(head[:4] + struct.pack(">H", len(said) + 1) + head[6:7] + said)
        except OSError:
            pass

    def bus(self):
        data = b""
        while True:
            data += os.read(self.master, 256)
            while len(data) >= 8:
                length = 9 + data[6] if data[1] == 16 else 8
                if len(data) < length:
                    break
                if self.repeats:
                    os.write(self.master, data[:length])
                said, unit, data = self.answer(data[1:length - 2]), data[:1], data[length:]
                if said:
                    os.write(self.master, unit + said + crc(unit + said))


def do(liar, pdu):
    first = struct.unpack(">H", pdu[1:3])[0]
    values = struct.unpack(">H", pdu[3:5]) if pdu[0] == 6 else struct.unpack(f">{(len(pdu) - 6) // 2}H", pdu[6:])
    liar.words.update(enumerate(values, first))


def changed(pdu, at):
    return pdu[:at] + bytes([pdu[at] ^ 1]) + pdu[at + 1:5]


def begin(stand, kind, lie, count=1, **line):
    """`count` devices that lie, beside a line that is well."""
    liars = [Liar(kind, lie, line.get("echo", False)) for _ in range(count)]
    begin_with(stand, {f"w{n}": liar.where for n, liar in enumerate(liars)}, kind, **line)
    return liars


def begin_with(stand, where, kind="tcp", **line):
    stand.net = stand.broker()
    spec = {"well": {"kind": "tcp", "units": [99], "timeout_ms": stand.timeout_ms}}
    stand.sick = stand.well = stand.devices(spec, stand.seed)
    lines = {"well": {"connect": stand.sick.where["well"], "timeout": f"{stand.timeout_ms}ms"}}
    devices = {"well-99": {"map": "faulty", "line": "well", "unit": 99, "area": "plant", "every": f"{stand.every_ms}ms"}}
    for name, at in where.items():
        lines[name] = {"connect": at, "timeout": f"{stand.timeout_ms}ms", **line,
                       **({"baud": 115200, "parity": "none"} if kind == "rtu" else {})}
        devices[name] = {"map": "can", "line": name, "unit": 1, "area": "plant", "every": "500ms"}
    stand.unit_of["plant/well-99"], stand.line_of["plant/well-99"] = 99, "well"
    writes = {f"plant/{n}/{t}": {} for n in where for t in MAP["tags"]}
    stand.begin(stand.plant(stand.net.port, lines, devices, {"faulty": truth.fault_map(), "can": MAP},
                            commands={"allow": ["write"], "writes": writes}))
    for n in where:
        stand.tape.wait(f"/value/plant/{n}/two", 10, 0, lambda m: m.json["quality"] == rig.GOOD)


def send(stand, tag, value, number, **words):
    stand.tape.publish("t/v1/site/cmd/gw/write", {"id": str(number), "client": "c", "user": "u", "sent": rig.now_ms(),
                                                  "tag": f"plant/{tag}", "value": value, **words})


def end_of(stand, number, seconds=8):
    return stand.tape.wait("/reply/gw/c", seconds, 0, lambda m: m.json["id"] == str(number) and m.json["status"] != "accepted")


def never_done(stand, kind, lies, **line):
    """However it is lied to, the answer is `failed`, and says what stands there."""
    said = []
    for lie, why in lies:
        liars = said[0][0] if said else begin(stand, kind, lie, **line)
        liar = liars[0]
        liar.lie = lie
        for tag, value in (("one", 700), ("two", 70000)):
            number = len(said)
            send(stand, f"w0/{tag}", value + number, number)
            end = end_of(stand, number).json
            assert end["status"] == "failed" and re.search(why, end["error"]), (why, end)
            said.append((liars, end))
            rig.wait_for(lambda: stand.tape.latest(f"/value/plant/w0/{tag}").json["quality"] == rig.GOOD, 15, "good again")  # noqa: B023
    stand.figures.append(f"{len(said)} writes, 0 called done")
    stand.neighbours(time.monotonic() - 1)


@row("M35", "a write is on its way when the link is cut, and the link comes back",
     "`failed`, with what was read back or `unknown`; never is anything written after its deadline", "`within_ms`, 3 s to read back")
def stale_write(stand):
    wire.own_network()
    liars = begin(stand, "tcp", lambda liar, pdu: (do(liar, pdu), pdu[:5])[1], count=8)
    chance, late, ends = random.Random(stand.seed), [], {}
    for turn in range(2):
        first = len(ends)
        wire.drops("")
        for n in range(len(liars)):
            send(stand, f"w{n}/one", 100 * turn + n + 1, first + n, within_ms=300)
            if n == turn + 2:
                time.sleep(chance.uniform(0, 0.02))
                ports = ", ".join(liar.where.rsplit(":", 1)[1] for liar in liars)
                wire.drops(f"tcp dport {{ {ports} }} drop")
        time.sleep(chance.uniform(0.35, 0.9))
        wire.drops("")
        for n, liar in enumerate(liars):
            ends[first + n] = end_of(stand, first + n).json["status"]
            accepted = stand.tape.wait("/reply/gw/c", 1, 0, lambda m: m.json["id"] == str(first + n))  # noqa: B023
            late += [at for at, pdu in liar.told if pdu[3:5] == struct.pack(">H", 100 * turn + n + 1)
                     and at > accepted.at + 0.3 and accepted.json["status"] == "accepted"]
        time.sleep(1.2)                     # what a kernel had left to send has come
        for n in range(len(liars)):
            rig.wait_for(lambda: stand.tape.latest(f"/value/plant/w{n}/one").json["quality"] == rig.GOOD, 10, "good again")  # noqa: B023
    told = sum(len(liar.told) for liar in liars)
    assert not late, late
    assert told <= len(ends) and "done" in ends.values() and "failed" in ends.values(), (told, ends)
    stand.figures.append(f"{len(ends)} writes around 2 cuts: {told} arrived, 0 late")


@row("M40", "equipment confirms another address, value or count, another function or unit, or refuses",
     "`failed`, with why and what was read back; never `done`", "timeout, and 2 reads")
def wrong_confirmation(stand):
    never_done(stand, "tcp", [
        (lambda liar, pdu: changed(pdu, 2), "another address was written; it is "),
        (lambda liar, pdu: changed(pdu, 4), "another (value|count) was written; it is "),
        (lambda liar, pdu: bytes([pdu[0] ^ 3]) + pdu[1:5], "wrong function; it is "),
        (lambda liar, pdu: pdu[:5] + b"\0", "wrong length; it is "),
        (lambda liar, pdu: bytes([pdu[0] | 0x80, 4]), "the equipment refuses it: server device failure"),
        (lambda liar, pdu: None, "not confirmed: no answer; it is "),
        (lambda liar, pdu: pdu[:5], "confirmed, and then read back as something else; it is ")])


@row("M40", "somebody wants a value written that the plant file or the map does not allow",
     "`refused`, with what would be right; no device is ever asked anything but to read (functions 1 to 4)", "at once")
def nothing_is_written(stand):
    stand.modbus()
    make = lambda: stand.tape.publish(      # noqa: E731
        "t/v1/site/cmd/gw/write", {"id": "1", "client": "c", "user": "u", "sent": rig.now_ms(),
                                   "tag": "plant/sick-1/holding.0", "value": 1})
    with stand.trouble(make, lambda: None):
        stand.tape.wait("/reply/gw/c", 5, stand.since, lambda m: m.json["status"] == "refused")
        stand.tape.wait("/audit/gw", 5, stand.since, lambda m: m.json["status"] == "refused")
    stand.questions()


@row("M43", "a unit is dead for writes alone, and its adapter repeats them: function 6 looks confirmed",
     "`failed`: read back as something else, or `our own bytes came back`; never `done`", "timeout, and 5 reads")
def echo_of_a_write(stand):
    never_done(stand, "rtu", [(lambda liar, pdu: pdu, "read back as something else; it is |our own bytes came back")])


@row("M43", "a unit is dead for writes alone on a line with `echo: true`", "`failed`: not confirmed, with what was read back",
     "timeout, and 2 reads")
def expected_echo_of_a_write(stand):
    never_done(stand, "rtu", [(lambda liar, pdu: None, "not confirmed: no answer; it is ")], echo=True)
