#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pymodbus servers that can be written, and that write down when they were. The specification comes on
stdin as one JSON line: {"lines": {name: {"kind": "tcp"|"rtu", "units": [1], "no": [22], "delay": s, "image": {table:
{address: word}}}}}. no: functions that it doesn't know; delay: of its answers. The first line on stdout says where the lines are. Each further line on stdin is a
command, answered by one line: {"do": "writes"} tells all writes so far as [line, unit, function, address,
values, monotonic time]; {"do": "keep", "line", "table", "address"} makes that register keep what it has
though it confirms; {"do": "set", ..., "value"}; {"do": "echo", "line", "mode": "off"|"with"|"alone"} lets
a bus repeat what is sent, with the device behind it or without; {"do": "lag", "line", "address", "by": s}."""
import asyncio
import json
import logging
import os
import sys
import time
import tty
import types

sys.modules.setdefault("serial_asyncio", types.SimpleNamespace(create_serial_connection=None))

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext
from pymodbus.datastore.store import BaseModbusDataBlock
from pymodbus.factory import ServerDecoder
from pymodbus.server.async_io import ModbusConnectedRequestHandler, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

BACKGROUND = []
WRITES = []
TABLES = {"coil": "co", "discrete": "di", "input": "ir", "holding": "hr"}


class Words(BaseModbusDataBlock):
    def __init__(self, image):
        self.words = {int(a): w for a, w in image.items()}
        self.kept, self.lags, self.late = set(), {}, {}
        self.address, self.values, self.default_value = 0, [], 0

    def validate(self, address, count=1):
        return all(a in self.words for a in range(address, address + count))

    def getValues(self, address, count=1):
        for a in [a for a, (_, when) in self.late.items() if when <= time.monotonic()]:
            self.words[a] = self.late.pop(a)[0]
        return [self.words[a] for a in range(address, address + count)]

    def setValues(self, address, values):
        for a, v in enumerate(values, address):
            if a in self.lags:
                self.late[a] = (int(v), time.monotonic() + self.lags[a])
            elif a not in self.kept:
                self.words[a] = int(v)


class Slave(ModbusSlaveContext):
    def told(self, line, unit):
        self.place = (line, unit)
        return self

    def setValues(self, fc_as_hex, address, values):
        WRITES.append([*self.place, fc_as_hex, address, [int(v) for v in values], time.monotonic()])
        super().setValues(fc_as_hex, address, values)


def decoder_without(functions):
    class Decoder(ServerDecoder):
        def __init__(self):
            super().__init__()
            for f in functions:
                self._ServerDecoder__lookup = {k: v for k, v in self._ServerDecoder__lookup.items() if k != f}
    return Decoder


class Bus:
    """A tty whose other end is a pymodbus RTU-over-TCP server; it may repeat what is sent."""

    def __init__(self):
        self.mode, self.master = "off", None

    async def open(self, loop, port):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        def heard():
            data = os.read(self.master, 4096)
            if self.mode != "off":
                os.write(self.master, data)
            if self.mode != "alone":
                writer.write(data)
        loop.add_reader(self.master, heard)

        async def back():
            while data := await reader.read(4096):
                os.write(self.master, data)
        BACKGROUND.append(asyncio.ensure_future(back()))
        return "rtu://" + os.ttyname(slave)


class Slow(ModbusConnectedRequestHandler):
    """Does at once what it is told, and says so later."""

    def _send_(self, data):
        asyncio.get_running_loop().call_later(self.server.delay, self.late, data)

    def late(self, data):
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)


async def open_line(loop, name, line, slaves, buses):
    for unit in line["units"]:
        blocks = {short: Words(line["image"].get(table, {})) for table, short in TABLES.items()}
        slaves[name, unit] = Slave(zero_mode=True, **blocks).told(name, unit)
    framer = ModbusSocketFramer if line["kind"] == "tcp" else ModbusRtuFramer
    server = ModbusTcpServer(ModbusServerContext(slaves={u: slaves[name, u] for u in line["units"]}, single=False),
                             framer=framer, address=("127.0.0.1", line.get("port", 0)), ignore_missing_slaves=True,
                             allow_reuse_address=True, handler=Slow if line.get("delay") else ModbusConnectedRequestHandler)
    server.delay = line.get("delay", 0)
    server.decoder = decoder_without(line.get("no", []))()
    BACKGROUND.append(asyncio.ensure_future(server.serve_forever()))
    await asyncio.wait_for(server.serving, 5)
    port = server.server.sockets[0].getsockname()[1]
    if line["kind"] == "rtu":
        buses[name] = Bus()
        return await buses[name].open(loop, port)
    return f"tcp://127.0.0.1:{port}"


def obey(c, slaves, buses):
    if c["do"] == "writes":
        return WRITES
    if c["do"] == "echo":
        buses[c["line"]].mode = c["mode"]
        return "done"
    block = slaves[c["line"], c.get("unit", 1)].store[TABLES[c.get("table", "holding")][0]]
    if c["do"] == "keep":
        (block.kept.add if c.get("on", True) else block.kept.discard)(c["address"])
    elif c["do"] == "lag":
        block.lags[c["address"]] = c["by"]
    elif c["do"] == "set":
        block.words[c["address"]] = c["value"]
    elif c["do"] == "get":
        return block.getValues(c["address"], 1)[0]
    return "done"


async def main():
    logging.disable(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    spec = json.loads(sys.stdin.readline())
    slaves, buses = {}, {}
    where = {name: await open_line(loop, name, line, slaves, buses) for name, line in spec["lines"].items()}
    print(json.dumps(where), flush=True)
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(obey(json.loads(line), slaves, buses)), flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
