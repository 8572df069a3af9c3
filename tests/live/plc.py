# SPDX-License-Identifier: Apache-2.0
"""A PLC whose registers a test turns by hand: Modbus TCP on loopback, plain sockets, in a thread."""
import socketserver
import struct
import threading


class _Talk(socketserver.BaseRequestHandler):
    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.request.recv(count - len(data))
            if not piece:
                raise ConnectionError
            data += piece
        return data

    def handle(self):
        plc = self.server.plc
        with plc.lock:
            plc.talks.add(self.request)
            plc.accepted += 1
        try:
            while True:
                transaction, _, length = struct.unpack(">HHH", self.exactly(6))
                body = self.exactly(length)
                answer = plc.answer(body[1], body[2:])
                if answer is not None:
                    self.request.sendall(struct.pack(">HHHB", transaction, 0, len(answer) + 1, body[0]) + answer)
        except (ConnectionError, OSError):
            pass
        finally:
            with plc.lock:
                plc.talks.discard(self.request)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Plc:
    """registers: holding and input alike; bits: coils and discrete inputs alike. What was never set is 0."""

    def __init__(self):
        self.registers, self.bits, self.lock, self.talks, self.mute = {}, {}, threading.Lock(), set(), False
        self.port, self.server, self.accepted = 0, None, 0
        self.start()

    def start(self):
        self.server = _Server(("127.0.0.1", self.port), _Talk)
        self.server.plc = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """As if somebody pulled its plug: nothing listens, every connection is gone."""
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            for talk in self.talks:
                try:
                    talk.shutdown(2)
                except OSError:
                    pass

    @property
    def where(self):
        return f"tcp://127.0.0.1:{self.port}"

    def real(self, address, x):
        high, low = struct.unpack(">HH", struct.pack(">f", x))
        with self.lock:
            self.registers[address], self.registers[address + 1] = high, low

    def set(self, address, x):
        with self.lock:
            self.registers[address] = x

    def bit(self, address, x):
        with self.lock:
            self.bits[address] = bool(x)

    def answer(self, function, rest):
        if self.mute:
            return None
        first, count = struct.unpack(">HH", rest[:4])
        with self.lock:
            if function in (1, 2):
                packed = bytearray((count + 7) // 8)
                for i in range(count):
                    packed[i // 8] |= self.bits.get(first + i, False) << (i % 8)
                return bytes([function, len(packed)]) + bytes(packed)
            if function in (3, 4):
                words = [self.registers.get(a, 0) for a in range(first, first + count)]
                return bytes([function, 2 * count]) + struct.pack(f">{count}H", *words)
        return bytes([function | 0x80, 1])
