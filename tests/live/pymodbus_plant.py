#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pymodbus servers as the devices of a plant. The specification comes on stdin as one JSON line:
{"lines": {name: {"kind": "tcp"|"rtu"|"rtu+tcp", "units": {unit: {"image": {table: {address: word}},
"never": [[table, first, last], ...], "counting": [[table, address], ...]}}}}}. The first line on stdout says where the lines are; each
further line on stdin is answered with what was asked: requests per line, and reads of `never`."""
import asyncio
import json
import logging
import os
import sys
import tty
import types

# pymodbus imports this for its serial server, which isn't used here: serial lines are ptys joined to
# its RTU-over-TCP server, as a terminal server joins them.
sys.modules.setdefault("serial_asyncio", types.SimpleNamespace(create_serial_connection=None))

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext
from pymodbus.datastore.store import BaseModbusDataBlock
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

BACKGROUND = []                             # tasks, kept from the garbage collector
TABLES = {"coil": "co", "discrete": "di", "input": "ir", "holding": "hr"}


class Words(BaseModbusDataBlock):
    """A table that answers everywhere, as most devices do, and remembers forbidden looks."""

    def __init__(self, words, never, counting, log, bits):
        self.words = {int(a): w for a, w in words.items()}
        self.counting = counting
        self.never, self.log, self.bits = never, log, bits
        self.address, self.values, self.default_value = 0, [], 0

    def validate(self, address, count=1):
        self.log["requests"] += 1
        for first, last in self.never:
            if address <= last and address + count > first:
                self.log["forbidden"].append([address, count])
                return False
        return 0 <= address and address + count <= 65536

    def getValues(self, address, count=1):
        if self.bits:
            return [bool(self.words.get(a, a & 1)) for a in range(address, address + count)]
        for a in self.counting:
            self.words[a] = (self.words[a] + 1) & 0xFFFF
        return [self.words.get(a, a * 40503 & 0xFFFF) for a in range(address, address + count)]

    def setValues(self, address, values):
        self.log["writes"].append([address, list(values)])


def context(units, log):
    slaves = {}
    for unit, spec in units.items():
        blocks = {}
        for table, short in TABLES.items():
            never = [(first, last) for t, first, last in spec["never"] if t == table]
            counting = [address for t, address in spec.get("counting", []) if t == table]
            blocks[short] = Words(spec["image"].get(table, {}), never, counting, log,
                                  table in ("coil", "discrete"))
        slaves[int(unit)] = ModbusSlaveContext(zero_mode=True, **blocks)
    return ModbusServerContext(slaves=slaves, single=False)


async def terminal_server(loop, port):
    """A tty whose other end is a TCP connection."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    loop.add_reader(master, lambda: writer.write(os.read(master, 4096)))

    async def back():
        while data := await reader.read(4096):
            os.write(master, data)

    BACKGROUND.append(asyncio.ensure_future(back()))
    return os.ttyname(slave)


async def open_line(loop, line, log):
    framer = ModbusSocketFramer if line["kind"] == "tcp" else ModbusRtuFramer
    server = ModbusTcpServer(context(line["units"], log), framer=framer, address=("127.0.0.1", 0),
                             ignore_missing_slaves=True)
    BACKGROUND.append(asyncio.ensure_future(server.serve_forever()))
    await asyncio.wait_for(server.serving, 5)
    port = server.server.sockets[0].getsockname()[1]
    if line["kind"] == "rtu":
        return "rtu://" + await terminal_server(loop, port)
    return f"{line['kind']}://127.0.0.1:{port}"


async def main():
    logging.disable(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    spec = json.loads(sys.stdin.readline())
    logs = {name: {"requests": 0, "forbidden": [], "writes": []} for name in spec["lines"]}
    where = {name: await open_line(loop, line, logs[name]) for name, line in spec["lines"].items()}
    print(json.dumps(where), flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(json.dumps(logs), flush=True)
    os._exit(0)                             # pymodbus' servers would be torn down with complaints


if __name__ == "__main__":
    asyncio.run(main())
