#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Modbus devices that lie, stall and stammer on purpose, in plain Python.

What a register holds is a function of unit, table and address, so an answer that belongs to another
question shows as a wrong value. Every sixteenth register holds the time instead, so an answer that
belongs to the right question asked too long ago shows as well.

A program of its own: the specification is JSON in argv[1]; the first line on stdout says where the
lines are; then each JSON line on stdin is a command, answered with one JSON line. The end of stdin
ends it.

    {"seed": 1, "lines": {"a": {"kind": "tcp", "units": [1, 2], "rate": 0.2, "timeout_ms": 200}}}
"""
import asyncio
import collections
import json
import os
import random
import signal
import socket
import struct
import sys
import time
import tty

TABLES = {1: 0, 2: 1, 4: 2, 3: 3}          # function code -> coil, discrete, input, holding
CLOCK_EVERY = 16                            # addresses 15, 31, 47, ... hold the time
CLOCK_MS = 10


def constant(unit, table, address):
    """What a register holds when it isn't a clock. Neighbours, units and tables all differ."""
    return (unit * 0x1F35 + table * 0x2C6F + address * 0x0187 + (address >> 5) + 0x1234) & 0xFFFF


def bit(unit, table, address):
    return constant(unit, table, address) >> 7 & 1


def is_clock(address):
    return address % CLOCK_EVERY == CLOCK_EVERY - 1


def clock(wall_ms=None):
    return int(time.time() * 1000 if wall_ms is None else wall_ms) // CLOCK_MS & 0xFFFF


def clock_age_ms(value, wall_ms):
    """How long before wall_ms a clock register was read; a little negative is rounding."""
    ticks = (clock(wall_ms) - value) & 0xFFFF
    return (ticks - 0x10000 if ticks > 0xF000 else ticks) * CLOCK_MS


def body(unit, function, address, count):
    """Byte count and data of the right answer."""
    table = TABLES[function]
    if table < 2:
        data = bytearray((count + 7) // 8)
        for i in range(count):
            data[i // 8] |= bit(unit, table, address + i) << i % 8
        return bytes([len(data)]) + bytes(data)
    now = clock()
    words = [now if is_clock(a) else constant(unit, table, a) for a in range(address, address + count)]
    return bytes([2 * count]) + struct.pack(f">{count}H", *words)


def crc(frame):
    c = 0xFFFF
    for byte in frame:
        c ^= byte
        for _ in range(8):
            c = c >> 1 ^ 0xA001 if c & 1 else c >> 1
    return struct.pack("<H", c)


class Question:
    def __init__(self, unit, function, address, count, transaction=None):
        self.unit, self.function, self.address, self.count = unit, function, address, count
        self.transaction = transaction      # None on serial lines
        self.before, self.held = None, False    # the unit's question before; not answered on purpose


def frame(q, pdu, unit=None, transaction=None, protocol=0, length=None):
    unit = q.unit if unit is None else unit
    if q.transaction is None:
        adu = bytes([unit]) + pdu
        return adu + crc(adu)
    transaction = q.transaction if transaction is None else transaction & 0xFFFF
    length = len(pdu) + 1 if length is None else length & 0xFFFF
    return struct.pack(">HHHB", transaction, protocol, length, unit) + pdu


def right(q, unit=None, transaction=None, count=None):
    """A well-formed answer; of another unit, transaction or size where that is told."""
    pdu = bytes([q.function]) + body(q.unit if unit is None else unit, q.function, q.address,
                                     q.count if count is None else count)
    return frame(q, pdu, unit, transaction)


def refusal(q, code, function=None):
    return frame(q, bytes([(q.function if function is None else function) | 0x80, code]))


def other(q):
    return q.unit % 200 + 7


# Each fault gives a list of steps: (milliseconds to wait before it, bytes to send) or "close" or "rst".
# t is the asker's timeout in milliseconds.
def late(q, r, t):
    return [(t * r.uniform(1.15, 2.5), right(q))]


def truncated(q, r, t):
    good = right(q)
    return [(0, good[:r.randrange(1, len(good))])]


def truncated_tail(q, r, t):
    good = right(q)
    cut = r.randrange(1, len(good))
    return [(0, good[:cut]), (t * r.uniform(1.1, 2), good[cut:])]


def duplicated(q, r, t):
    return [(0, right(q) + right(q))]


def duplicated_later(q, r, t):
    return [(0, right(q)), (r.uniform(1, 30), right(q))]


def wrong_unit(q, r, t):
    return [(0, right(q, unit=other(q)))]


def other_then_right(q, r, t):
    return [(0, right(q, unit=other(q))), (r.uniform(0, 10), right(q))]


def wrong_function(q, r, t):
    pdu = bytes([r.choice([f for f in (1, 2, 3, 4, 6, 0x2B, 0) if f != q.function])])
    return [(0, frame(q, pdu + body(q.unit, q.function, q.address, q.count)))]


def wrong_byte_count(q, r, t):
    pdu = bytearray(bytes([q.function]) + body(q.unit, q.function, q.address, q.count))
    pdu[1] = r.choice([n for n in (0, pdu[1] - 1, (pdu[1] + 2) & 0xFF, pdu[1] ^ 1, 255) if n != pdu[1]]) & 0xFF
    return [(0, frame(q, bytes(pdu)))]


def shorter(q, r, t):
    less = q.count - (1 if q.function > 2 else 8)       # bits go by bytes
    return [(0, right(q, count=less))] if less > 0 else never(q, r, t)


def longer(q, r, t):
    more = q.count + (1 if q.function > 2 else 8)
    return [(0, right(q, count=more))] if more <= 125 else never(q, r, t)


def extra(q, r, t):
    return [(0, right(q) + bytes(r.choice([1, 2, 4, 12])))]


def extra_later(q, r, t):
    return [(0, right(q)), (r.uniform(1, 30), bytes(r.choice([1, 4])))]


def junk_before(q, r, t):
    return [(0, b"\xde\xad\xbe\xef"[:r.randrange(1, 5)] + right(q))]


def drip(q, r, t):
    good = right(q)
    each = t * r.choice([0.3, 0.6, 1.5]) / len(good)
    return [(each, good[i:i + 1]) for i in range(len(good))]


def slow(q, r, t):
    return [(t * r.uniform(0.3, 0.8), right(q))]


def exception(q, r, t):
    return [(0, refusal(q, r.choice([4, 5, 6, 8, 10, 11])))]


def odd_exception(q, r, t):
    return [(0, r.choice([refusal(q, 4, q.function ^ 1), refusal(q, 0), refusal(q, 9), refusal(q, 255)]))]


def never(q, r, t):
    return []


def wrong_transaction(q, r, t):
    return [(0, right(q, unit=q.unit, transaction=q.transaction + r.choice([1, -1, 256, 0x8000])))]


def forged_next(q, r, t):
    return [(0, right(q) + frame(q, right(q, unit=other(q))[7:], transaction=q.transaction + 1))]


def forged_next_later(q, r, t):
    return [(0, right(q)), (r.uniform(1, 30), frame(q, right(q, unit=other(q))[7:], transaction=q.transaction + 1))]


def wrong_protocol(q, r, t):
    return [(0, frame(q, right(q)[7:], protocol=r.choice([1, 0x0100, 0x0101])))]


def wrong_length(q, r, t):
    pdu = right(q)[7:]
    n = len(pdu) + 1
    return [(0, frame(q, pdu, length=r.choice([0, n - 1, n + 1, 65535, n + 256])))]


def close(q, r, t):
    return ["close"]


def reset(q, r, t):
    return ["rst"]


def truncated_close(q, r, t):
    return truncated(q, r, t) + [r.choice(["close", "rst"])]


def right_close(q, r, t):
    return [(0, right(q)), "close"]


def bad_crc(q, r, t):
    good = bytearray(right(q))
    good[r.randrange(len(good))] ^= 1 << r.randrange(8)
    return [(0, bytes(good))]


def noise_before(q, r, t):
    return [(0, bytes(r.choice([0, 255, q.unit]) for _ in range(r.randrange(1, 6))) + right(q))]


def noise_after(q, r, t):
    return [(0, right(q) + bytes(r.choice([0, 255]) for _ in range(r.randrange(1, 6))))]


def noise_alone(q, r, t):
    return [(0, bytes(r.randrange(256) for _ in range(r.randrange(1, 40))))]


def both(q, r, t):
    """Keeps silent, and answers that question together with the next."""
    if q.before and q.before.held:
        return [(0, right(q.before)), (0, right(q))]
    q.held = True
    return []


def previous(q, r, t):
    return [(0, right(q.before or q))]


FLIPPED = {}                                # per unit and length: bits flipped so far


def flip(q, r, t):
    """One bit after the other, through the whole answer."""
    good = bytearray(right(q))
    n = FLIPPED.get((q.unit, len(good)), -1) + 1
    FLIPPED[q.unit, len(good)] = n
    n = n * 101 % (8 * len(good))           # 101 is prime to all lengths: each once before any comes again
    good[n // 8] ^= 1 << n % 8
    return [(0, bytes(good))]


def zeros(q, r, t):
    good = body(q.unit, q.function, q.address, q.count)
    return [(0, frame(q, bytes([q.function, good[0]]) + bytes(len(good) - 1)))]


def jitter(q, r, t):
    return [(r.uniform(0, 5 * t), right(q))]


# Those that take a number, or bytes in hex, behind a colon: cut:7, length:+1, junk:deadbeef.
def cut(q, r, t, k):
    """The first k bytes, then silence; fewer of a shorter answer."""
    return [(0, right(q)[:min(int(k), len(right(q)) - 1)])]


def cut_tail(q, r, t, k):
    first = cut(q, r, t, k)
    return first + [(t * r.uniform(1.1, 2), right(q)[len(first[0][1]):])]


def cut_fin(q, r, t, k):
    return cut(q, r, t, k) + ["close"]


def cut_rst(q, r, t, k):
    return cut(q, r, t, k) + ["rst"]


def told(text, n):
    """+2 and -1 are from n, other numbers are themselves."""
    return n + int(text) if text[0] in "+-" else int(text)


def transaction(q, r, t, d):
    return [(0, right(q, transaction=told(d, q.transaction)))]


def protocol(q, r, t, p):
    return [(0, frame(q, right(q)[7:], protocol=int(p)))]


def length(q, r, t, n):
    pdu = right(q)[7:]
    return [(0, frame(q, pdu, length=told(n, len(pdu) + 1)))]


def unit(q, r, t, u):
    return [(0, right(q, unit=int(u) if int(u) != q.unit else other(q)))]


def function(q, r, t, f):
    """The right data under another function; 6 with the shape that it has."""
    f = int(f) if int(f) != q.function else q.function ^ 1
    return [(0, frame(q, bytes([f]) + (bytes(4) if f == 6 else body(q.unit, q.function, q.address, q.count))))]


def byte_count(q, r, t, n):
    pdu = bytearray(bytes([q.function]) + body(q.unit, q.function, q.address, q.count))
    pdu[1] = told(n, pdu[1]) & 0xFF
    return [(0, frame(q, bytes(pdu)))]


def missing_body(q, r, t, n):
    """Promises n bytes of data and brings as many as were asked for."""
    pdu = bytes([q.function, int(n)]) + body(q.unit, q.function, q.address, q.count)[1:]
    return [(0, frame(q, pdu, length=int(n) + 3))]


def count(q, r, t, n):
    """A well-formed answer to a question for n registers, or for n bytes of bits."""
    return [(0, right(q, count=int(n) if q.function > 2 else 8 * int(n)))]


def tail(q, r, t, n):
    return [(0, right(q) + bytes(int(n)))]


def junk(q, r, t, text):
    return [(0, bytes.fromhex(text) + right(q))]


def first(q, r, t, u):
    """That unit answers first, then the one that was asked."""
    return unit(q, r, t, u) + [(r.uniform(0, 10), right(q))]


def gap(q, r, t, ms):
    """A pause somewhere inside."""
    good = right(q)
    k = r.randrange(1, len(good))
    return [(0, good[:k]), (int(ms), good[k:])]


def between(q, r, t, text):
    """Noise between the answer and the next question."""
    return [(0, right(q)), (r.uniform(3, 60), bytes.fromhex(text))]


def each(q, r, t, ms):
    return [(int(ms), right(q)[i:i + 1]) for i in range(len(right(q)))]


def refuse(q, r, t, code):
    return [(0, refusal(q, int(code)))]


def refuse_as(q, r, t, f):
    return [(0, refusal(q, 4, int(f) if int(f) != q.function else q.function ^ 1))]


COMMON = [late, late, late, truncated, truncated_tail, duplicated, wrong_unit, other_then_right, wrong_function,
          wrong_byte_count, shorter, longer, extra, extra_later, junk_before, drip, slow, exception, odd_exception,
          never, duplicated_later]
FAULTS = {
    "tcp": COMMON + [wrong_transaction, wrong_transaction, forged_next, forged_next_later, wrong_protocol,
                     wrong_length, wrong_length, close, reset, truncated_close, right_close],
    "rtu": COMMON + [bad_crc, bad_crc, noise_before, noise_after, noise_alone],
}
CHOSEN = [both, previous, zeros, jitter, flip]    # these only when they are named
NUMBERED = {f.__name__: f for f in (cut, cut_tail, cut_fin, cut_rst, transaction, protocol, length, unit, function,
                                    byte_count, missing_body, count, tail, junk, each, refuse, refuse_as, first, gap, between)}


def called(name, kind):
    """(name, function) of a fault: late, cut:7. None when there is none of that name."""
    first, _, x = name.partition(":")
    if x and first in NUMBERED:
        return name, lambda q, r, t: NUMBERED[first](q, r, t, x)
    return next(((name, f) for f in FAULTS["tcp" if kind == "tcp" else "rtu"] + CHOSEN if f.__name__ == name), None)


class Line:
    """A bus or a socket: who lives there, how they answer, and what they were asked."""

    def __init__(self, name, spec, seed):
        self.name, self.kind = name, spec["kind"]
        self.units = set(spec["units"])
        self.silent = set(spec.get("silent", []))
        self.holes = spec.get("holes", [])          # [[table number, first, last], ...]: exception 2
        self.most = spec.get("most", 2000)          # registers or bits at once; more: exception 3
        self.hang_up = spec.get("hang_up", False)   # accept, then close; "rst": reset
        self.limit = spec.get("limit")              # so many connections, others are closed
        self.server, self.port, self.talking = None, 0, set()
        self.echo = spec.get("echo", False)         # an adapter repeats what it was given to send
        self.link = spec.get("link")                # the name of a tty that stays
        self.plugged = spec.get("plugged", True)
        self.bus = None
        self.refuse = {}                            # unit -> exception code
        self.rate = spec.get("rate", 0.0)
        self.timeout_ms = spec.get("timeout_ms", 500)
        self.delay_ms = spec.get("delay_ms", 0)
        self.baud = spec.get("baud", 0)
        self.random = random.Random(f"{seed}/{name}")
        names = spec.get("faults")
        pool = FAULTS["rtu" if self.kind != "tcp" else "tcp"]
        self.faults = [(f.__name__, f) for f in pool if not names or f.__name__ in names]
        self.turn = None                            # a number: one fault after the other
        self.trace = collections.deque(maxlen=60)   # what went over the line lately
        self.reset()

    def reset(self):
        self.asked, self.done, self.strange, self.latest = {}, {}, 0, {}
        self.connections, self.overlapped = 0, 0    # overlapped: asked while an answer was on its way
        self.mark, self.stale = 0.0, 0              # stale: asked since on a connection older than the mark

    def choose(self):
        if self.turn is None:
            return self.random.choice(self.faults)
        self.turn += 1
        return self.faults[self.turn % len(self.faults)]

    def wire_ms(self, frames):
        return sum(len(f) for f in frames) * 11000 / self.baud if self.baud else 0

    def answer(self, q):
        """Steps for one question; None when nobody of that number lives here."""
        self.asked.setdefault(q.unit, []).append((time.monotonic(), q.function, q.address, q.count))
        q.before, self.latest[q.unit] = self.latest.get(q.unit), q
        if q.before:
            q.before.before = None
        self.trace.append((time.time(), f"{q.unit} is asked: {q.function} {q.address} {q.count}"))
        if q.unit not in self.units or q.unit in self.silent:
            return []
        if q.function not in TABLES or not 1 <= q.count <= (125 if q.function > 2 else 2000):
            return [(0, refusal(q, 1 if q.function not in TABLES else 3))]
        if q.unit in self.refuse:
            return [(self.delay_ms, refusal(q, self.refuse[q.unit]))]
        if any(TABLES[q.function] == t and q.address <= last and q.address + q.count > first
               for t, first, last in self.holes):
            return [(self.delay_ms, refusal(q, 2))]
        if q.count > self.most:
            return [(self.delay_ms, refusal(q, 3))]
        if self.random.random() >= self.rate:
            steps = [(0, right(q))]
        else:
            name, fault = self.choose()
            self.done[name] = self.done.get(name, 0) + 1
            steps = fault(q, self.random, self.timeout_ms)
            self.trace.append((time.time(), f"{q.unit} will be ill: {name} {[s if isinstance(s, str) else s[0] for s in steps]}"))
        wait = self.delay_ms + self.wire_ms([bytes(8)] + [s[1] for s in steps if s not in ("close", "rst")][:1])
        if wait and steps and isinstance(steps[0], tuple):
            steps[0] = (steps[0][0] + wait, steps[0][1])
        return steps

    def stats(self):
        return {"asked": self.asked, "faults": self.done, "connections": self.connections, "strange": self.strange,
                "open": len(self.talking), "overlapped": self.overlapped, "stale": self.stale}

    def count(self):
        return {"asked": sum(map(len, self.asked.values())), "faults": self.done, "strange": self.strange}

    def hear(self, transport):
        """false: one too many."""
        self.connections += 1
        if self.hang_up == "rst":
            reset_connection(transport)
        elif self.hang_up or self.limit is not None and len(self.talking) >= self.limit:
            transport.close()
        else:
            self.talking.add(transport)
            return True
        return False

    async def listen(self, loop):
        protocol = Tcp if self.kind == "tcp" else RtuOverTcp
        self.server = await loop.create_server(lambda: protocol(self), "127.0.0.1", self.port, backlog=64)
        self.port = self.server.sockets[0].getsockname()[1]

    async def leave(self):
        """Nobody listens, and whoever was connected is thrown out."""
        if self.server:
            self.server.close()
            self.server = None
        self.throw_out()

    def throw_out(self):
        for transport in list(self.talking):
            reset_connection(transport)


def reset_connection(transport):
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Conversation:
    """Answers of one unit leave in the order of its questions, as a device's do; those of
    different units don't wait for each other."""

    def __init__(self, line, send, stop):
        self.line, self.send, self.stop, self.queues, self.owed = line, send, stop, {}, 0

    def ask(self, q):
        self.line.overlapped += self.owed > 0
        steps = self.line.answer(q)
        if steps:
            before = self.queues.get(q.unit)
            self.owed += 1                      # until its first byte is sent
            self.queues[q.unit] = asyncio.ensure_future(self.play(steps, before))

    async def play(self, steps, before):
        if before is not None and not before.done():
            await asyncio.wait([before])
        for step in steps:
            if step in ("close", "rst"):
                self.stop(step)
                return
            if step[0]:
                await asyncio.sleep(step[0] / 1000)
            self.line.trace.append((time.time(), f"answer: {step[1].hex()}"))
            self.send(step[1])
            self.owed -= step is steps[0]


class Tcp(asyncio.Protocol):
    def __init__(self, line):
        self.line, self.buffer = line, b""

    def connection_made(self, transport):
        self.transport, self.made = transport, time.monotonic()
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.talk = Conversation(self.line, self.write, self.stop)
        self.line.hear(transport)

    def connection_lost(self, why):
        self.line.talking.discard(self.transport)
        for task in self.talk.queues.values():
            task.cancel()

    def write(self, data):
        if not self.transport.is_closing():
            self.transport.write(data)

    def stop(self, how):
        if how == "rst":
            reset_connection(self.transport)
        else:
            self.transport.close()

    def data_received(self, data):
        self.buffer += data
        while len(self.buffer) >= 12:
            transaction, protocol, length, unit, function, address, count = struct.unpack(">HHHBBHH", self.buffer[:12])
            if protocol or length != 6:
                self.line.strange += 1
                self.transport.abort()
                return
            self.buffer = self.buffer[12:]
            self.line.stale += self.made < self.line.mark
            self.talk.ask(Question(unit, function, address, count, transaction))


class Rtu:
    """Any byte pipe with RTU frames. Questions are eight bytes; a pause begins anew."""

    def __init__(self, line, send, stop):
        self.line, self.buffer, self.last = line, b"", 0.0
        self.talk = Conversation(line, send, stop)

    def data_received(self, data):
        now = time.monotonic()
        if now - self.last > 0.05:
            self.buffer = b""
        self.last = now
        self.buffer += data
        while len(self.buffer) >= 8:
            if crc(self.buffer[:6]) != self.buffer[6:8]:
                self.line.strange += 1
                self.buffer = self.buffer[1:]
                continue
            unit, function, address, count = struct.unpack(">BBHH", self.buffer[:6])
            self.buffer = self.buffer[8:]
            self.talk.ask(Question(unit, function, address, count))


class RtuOverTcp(asyncio.Protocol):
    def __init__(self, line):
        self.line = line

    def connection_made(self, transport):
        self.transport = transport
        self.rtu = Rtu(self.line, self.write, self.stop)
        self.line.hear(transport)

    write, stop = Tcp.write, Tcp.stop

    def connection_lost(self, why):
        self.line.talking.discard(self.transport)
        for task in self.rtu.talk.queues.values():
            task.cancel()

    def data_received(self, data):
        self.rtu.data_received(data)


class Bus:
    """A pty. Its slave end stays open here, since a bus has no end of file; unplugged, all of it is
    gone, and plugged in again it has another name. line.link: a name that stays."""

    def __init__(self, loop, line, plugged):
        self.loop, self.line, self.master, self.slave = loop, line, None, None
        line.bus = self
        if plugged:
            self.plug()

    def plug(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.rtu = Rtu(self.line, self.send, lambda how: None)
        self.loop.add_reader(self.master, self.receive)
        if self.line.link:
            os.symlink(os.ttyname(self.slave), self.line.link + ".new")
            os.replace(self.line.link + ".new", self.line.link)

    def unplug(self):
        self.loop.remove_reader(self.master)
        for task in self.rtu.talk.queues.values():
            task.cancel()
        os.close(self.master)
        os.close(self.slave)
        self.master = None
        if self.line.link:
            os.unlink(self.line.link)

    @property
    def where(self):
        return "rtu://" + (self.line.link or os.ttyname(self.slave))

    def receive(self):
        data = os.read(self.master, 4096)
        if self.line.echo:
            self.send(data)
        self.rtu.data_received(data)

    def send(self, data):
        try:
            if self.master is not None:
                os.write(self.master, data)
        except BlockingIOError:
            pass                            # nobody listens; the wire forgets


async def open_line(loop, line, port):
    if line.kind == "rtu":
        return Bus(loop, line, line.plugged).where
    line.port = port
    await line.listen(loop)
    return ("tcp://" if line.kind == "tcp" else "rtu+tcp://") + f"127.0.0.1:{line.port}"


async def command(lines, words):
    which = [lines[words["line"]]] if "line" in words else lines.values()
    if words["do"] == "stats":
        return {name: line.stats() for name, line in lines.items()}
    if words["do"] == "counts":
        return {name: line.count() for name, line in lines.items()}
    if words["do"] == "trace":
        return [f"{at:.4f} {text}" for at, text in lines[words["line"]].trace]
    for line in which:
        if words["do"] == "reset":
            line.reset()
        elif words["do"] == "rate":
            line.rate = words["rate"]
        elif words["do"] == "fault":        # only these, for so many of the answers; by chance, or in turn
            line.faults = [called(name, line.kind) for name in words["names"]]
            if not line.faults or None in line.faults:
                line.rate, line.faults = 0.0, []
                return {"error": f"no fault is called so: {words['names']}"}
            line.turn = -1 if words.get("turn") else None
            line.rate = words["rate"]
        elif words["do"] == "refuse":
            line.refuse = {int(unit): code for unit, code in words["units"].items()}
        elif words["do"] == "hang_up":
            line.hang_up = words["on"]
            if line.hang_up:
                line.throw_out()
        elif words["do"] == "limit":        # of connections; those that are open are closed
            line.limit = words["to"]
            line.throw_out()
        elif words["do"] == "listen":
            await (line.listen(asyncio.get_running_loop()) if words["on"] else line.leave())
        elif words["do"] == "mark":
            line.mark, line.stale = time.monotonic(), 0
        elif words["do"] == "holes":
            line.holes = words["at"]
        elif words["do"] == "most":
            line.most = words["at"]
        elif words["do"] == "echo":
            line.echo = words["on"]
        elif words["do"] == "plug":
            (line.bus.plug if words["on"] else line.bus.unplug)()
        elif words["do"] == "say":          # though nobody asked
            line.bus.send(bytes.fromhex(words["bytes"]))
        elif words["do"] == "silent":
            line.silent = set(words["units"])
        else:
            return {"error": words["do"]}
    return {}


async def main():
    spec = json.loads(sys.argv[1])
    loop = asyncio.get_running_loop()
    lines = {name: Line(name, s, spec.get("seed", 1)) for name, s in spec["lines"].items()}
    where = {name: await open_line(loop, line, spec["lines"][name].get("port", 0)) for name, line in lines.items()}
    print(json.dumps(where), flush=True)
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while text := await reader.readline():
        print(json.dumps(await command(lines, json.loads(text))), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(main())
