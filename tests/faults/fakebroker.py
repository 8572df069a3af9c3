# SPDX-License-Identifier: Apache-2.0
"""A broker in plain Python that a row can make lie, hesitate and babble: MQTT 3.1.1 and 5, QoS 0 and
1, retained messages. Clients whose id begins with `victim` get what the row's hooks say, all others
(the recorder) an honest broker. It runs in a thread of its own; hooks are called there."""
import asyncio
import socket
import struct
import threading
import time

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14

# Bytes of each property's value; None: a text or bytes with a length before it.
PROPERTIES = {1: 1, 2: 4, 3: None, 8: None, 9: None, 11: "varint", 17: 4, 18: None, 19: 2, 21: None, 22: None,
              23: 1, 24: 4, 25: 1, 26: None, 28: None, 31: None, 33: 2, 34: 2, 35: 2, 36: 1, 37: 1, 38: "pair",
              39: 4, 40: 1, 41: 1, 42: 1}
RECEIVE_MAXIMUM, MAXIMUM_PACKET_SIZE = 33, 39


def varint(n):
    out = bytearray()
    while True:
        n, low = divmod(n, 128)
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)


def text(s):
    data = s if isinstance(s, bytes) else s.encode()
    return struct.pack(">H", len(data)) + data


def packet(kind, body=b"", flags=0):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def properties(of):
    """{identifier: number or text}"""
    body = b""
    for key, value in of.items():
        size = PROPERTIES.get(key)
        body += bytes([key]) + (value.to_bytes(size, "big") if isinstance(size, int) else text(value))
    return varint(len(body)) + body


def connack(client, reason=0, session=False, **of):
    body = bytes([session, reason])
    if client.version == 5:
        body += properties({RECEIVE_MAXIMUM: of["receive"]} if "receive" in of else {} |
                           ({MAXIMUM_PACKET_SIZE: of["largest"]} if "largest" in of else {}))
    return packet(CONNACK, body)


def puback(client, mid, reason=0):
    return packet(PUBACK, struct.pack(">H", mid) + (bytes([reason, 0]) if client.version == 5 and reason else b""))


def publish(client, topic, payload, mid=0, retain=False):
    body = text(topic) + (struct.pack(">H", mid) if mid else b"") + (b"\0" if client.version == 5 else b"")
    return packet(PUBLISH, body + payload, (2 if mid else 0) | retain)


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return n, at


class Published:
    __slots__ = ("at", "topic", "payload", "qos", "retain", "dup", "mid", "size", "connection")


class Client:
    def __init__(self, broker, writer):
        self.broker, self.writer = broker, writer
        self.id, self.version, self.will, self.number = "", 5, None, 0
        self.filters = []
        self.flying = {}            # mid -> Published, sent to us and not acknowledged

    def send(self, data):
        if not self.writer.is_closing():
            self.writer.write(data)

    def later(self, seconds, data):
        asyncio.get_running_loop().call_later(seconds, self.send, data)

    def hang_up(self):
        self.writer.transport.abort()


class FakeBroker:
    def __init__(self, victim="headgate", port=None):
        self.victim, self.port = victim, port
        self.on_open = lambda client: True                  # false: nothing is read from it
        self.on_connect = lambda client: connack(client)    # bytes for it; None: silence
        self.on_publish = lambda client, m: puback(client, m.mid) if m.mid else b""     # likewise
        self.on_ping = lambda client: packet(PINGRESP)
        self.on_subscribe = lambda client: b""              # sent after the SUBACK
        self.lock = threading.Lock()
        self.published = []         # by victims, in order
        self.connects = []          # (time, Client) of victims
        self.most_flying = 0        # publishes of a victim without an answer
        self.reused = 0             # message ids that were in flight already
        self.retained, self.clients = {}, set()
        self.server = None

    # ---- life

    def start(self):
        ready = threading.Event()
        self.loop = asyncio.new_event_loop()

        def run():
            asyncio.set_event_loop(self.loop)
            self.loop.run_until_complete(self._listen())
            ready.set()
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert ready.wait(5)
        return self

    async def _listen(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port or 0, reuse_address=True)
        self.port = self.server.sockets[0].getsockname()[1]

    def do(self, function, *words):
        """In the broker's thread; its result."""
        async def call():
            return function(*words)
        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(5)

    def hang_up(self, victims_only=True):
        self.do(lambda: [c.hang_up() for c in list(self.clients) if c.number or not victims_only])

    def end(self):
        self.do(self.server.close)
        self.hang_up(False)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    # ---- looks

    def heard(self, part="", since=0):
        with self.lock:
            return [m for m in self.published[since:] if part in m.topic]

    def count(self):
        with self.lock:
            return len(self.published)

    def connected(self):
        """Victims that are connected now."""
        return self.do(lambda: [c for c in self.clients if c.number and c.id])

    # ---- one client

    async def _serve(self, reader, writer):
        client = Client(self, writer)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.clients.add(client)
        try:
            await self._talk(client, reader)
        except (ConnectionError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.clients.discard(client)
            if client.will:
                self._route(*client.will)
            writer.close()

    async def _talk(self, client, reader):
        rest = b""
        if not self.on_open(client):
            await asyncio.sleep(3600)
        while True:
            data = await reader.read(1 << 18)
            if not data:
                return
            data, at = rest + data, 0
            while True:
                try:
                    length, body = read_varint(data, at + 1)
                except IndexError:
                    break
                if body + length > len(data):
                    break
                if not self._handle(client, data[at], data[body:body + length], body + length - at):
                    return
                at = body + length
            rest = data[at:]

    def _handle(self, client, head, body, size):
        kind = head >> 4
        if kind == CONNECT:
            return self._connect(client, body)
        if kind == PUBLISH:
            self._publish(client, head, body, size)
        elif kind == PUBACK:
            pass
        elif kind == SUBSCRIBE:
            self._subscribe(client, body)
        elif kind == PINGREQ:
            client.send((self.on_ping(client) or b"") if client.number else packet(PINGRESP))
        elif kind == DISCONNECT:
            client.will = None
            return False
        return True

    def _connect(self, client, body):
        length, = struct.unpack_from(">H", body)
        at = 2 + length
        client.version, flags = body[at], body[at + 1]
        at += 4

        def skip():
            nonlocal at
            if client.version == 5:
                n, at = read_varint(body, at)
                at += n

        def take():
            nonlocal at
            n, = struct.unpack_from(">H", body, at)
            at += 2 + n
            return body[at - n:at]

        skip()
        client.id = take().decode()
        if flags & 4:
            skip()
            topic, payload = take().decode(), take()
            client.will = (topic, payload, bool(flags & 0x20))
        if not client.id.startswith(self.victim):
            client.send(connack(client))
            return True
        for other in list(self.clients):
            if other is not client and other.id == client.id:
                other.hang_up()
        with self.lock:
            self.connects.append((time.monotonic(), client))
            client.number = len(self.connects)
        answer = self.on_connect(client)
        if answer:
            client.send(answer)
        return True

    def _publish(self, client, head, body, size):
        m = Published()
        n, = struct.unpack_from(">H", body)
        m.topic, at = body[2:2 + n].decode(), 2 + n
        m.qos, m.retain, m.dup, m.mid = head >> 1 & 3, bool(head & 1), bool(head & 8), 0
        if m.qos:
            m.mid, = struct.unpack_from(">H", body, at)
            at += 2
        if client.version == 5:
            n, at = read_varint(body, at)
            at += n
        m.payload, m.size, m.at, m.connection = body[at:], size, time.monotonic(), client.number
        if not client.number:
            if m.mid:
                client.send(puback(client, m.mid))
        else:
            if m.mid:
                self.reused += m.mid in client.flying
                client.flying[m.mid] = m
                self.most_flying = max(self.most_flying, len(client.flying))
            with self.lock:
                self.published.append(m)
            answer = self.on_publish(client, m)
            if answer:
                client.flying.pop(m.mid, None)
                client.send(answer)
            if answer and answer[0] >> 4 == PUBACK and len(answer) > 4 and answer[4] >= 0x80:
                return              # refused: nobody hears it
        self._route(m.topic, m.payload, m.retain)

    def _route(self, topic, payload, retain):
        if retain:
            self.retained.pop(topic, None)
            if payload:
                self.retained[topic] = payload
        for c in self.clients:
            if any(matches(f, topic) for f in c.filters):
                c.send(publish(c, topic, payload))

    def _subscribe(self, client, body):
        mid, at, granted = body[:2], 2, b""
        if client.version == 5:
            n, at = read_varint(body, at)
            at += n
        fresh = []
        while at < len(body):
            n, = struct.unpack_from(">H", body, at)
            fresh.append(body[at + 2:at + 2 + n].decode())
            granted += b"\1"
            at += 3 + n
        client.filters += fresh
        client.send(packet(SUBACK, mid + (b"\0" if client.version == 5 else b"") + granted))
        for topic, payload in list(self.retained.items()):
            if any(matches(f, topic) for f in fresh):
                client.send(publish(client, topic, payload, retain=True))
        if client.number:
            client.send(self.on_subscribe(client))


def matches(pattern, topic):
    if pattern == "#":
        return not topic.startswith("$")
    p, t = pattern.split("/"), topic.split("/")
    for i, word in enumerate(p):
        if word == "#":
            return True
        if i >= len(t) or word not in ("+", t[i]):
            return False
    return len(p) == len(t)
