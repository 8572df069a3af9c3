# SPDX-License-Identifier: Apache-2.0
"""`headgate scan` against pymodbus, whose idea of device identification is its own, against equipment that
is late, foreign or an echo, and against what our own simulator says it is."""
import asyncio
import json
import logging
import socket
import struct
import subprocess
import sys
import threading
import time
import types

import pytest

sys.modules.setdefault("serial_asyncio", types.SimpleNamespace(create_serial_connection=None))

from pymodbus.client import ModbusTcpClient  # noqa: E402
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext  # noqa: E402
from pymodbus.device import ModbusDeviceIdentification  # noqa: E402
from pymodbus.mei_message import ReadDeviceInformationRequest  # noqa: E402
from pymodbus.other_message import ReportSlaveIdRequest  # noqa: E402
from pymodbus.server.async_io import ModbusTcpServer  # noqa: E402
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer  # noqa: E402

import rig  # noqa: E402

logging.disable(logging.CRITICAL)

WHO = {0: "Acme", 1: "P3", 2: "V2.71", 3: "https://acme.example", 4: "Sump pump " + "x" * 180,
       5: "P3/400", 6: "east sump"}
MAP = """format: 1
title: Acme pump controller
source: Acme manual 4711
verified: document
identify: {tag: model, is: "P3 400"}
tags:
  model: {at: holding 40, type: string, len: 4}
  flow:  {at: holding 0, type: u16, unit: m3/h, valid: [100, 800]}
  level: {at: holding 1, type: u16, unit: m, valid: [1, 20]}
  power: {at: holding 2, type: u16, unit: kW, valid: [1, 90]}
"""
OTHER = """format: 1
title: Another device that holds the same registers
source: nobody
verified: document
identify: {tag: model, is: 17}
tags:
  model: {at: holding 41, type: u16}
  reset: {at: holding 60, type: u16, side_effect: true}
  speed: {at: holding 0, type: u16, unit: 1/min, valid: [5000, 9000]}
  volts: {at: holding 1, type: u16, unit: V, valid: [200, 260]}
  amps:  {at: holding 2, type: u16, unit: A, valid: [200, 300]}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    (folder / "acme").mkdir()
    (folder / "acme" / "p3.yaml").write_text(MAP)
    (folder / "acme" / "other.yaml").write_text(OTHER)
    return folder


class Pymodbus:
    """Servers of pymodbus in a thread."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def serve(self, units, framer, single=False):
        port, ready = rig.free_port(), threading.Event()
        slaves = {}
        for unit, words in units.items():
            block = ModbusSequentialDataBlock(0, words)
            slaves[unit] = ModbusSlaveContext(zero_mode=True, hr=block, ir=block)
        context = ModbusServerContext(slaves=slaves[1] if single else slaves, single=single)
        identity = ModbusDeviceIdentification(info=WHO)

        async def start():
            server = ModbusTcpServer(context, framer=framer, identity=identity, address=("127.0.0.1", port))
            asyncio.ensure_future(server.serve_forever())
            while not rig.listens(port):
                await asyncio.sleep(0.01)
            ready.set()

        asyncio.run_coroutine_threadsafe(start(), self.loop)
        assert ready.wait(10)
        return port


@pytest.fixture(scope="module")
def pymodbus():
    servers = Pymodbus()
    yield servers
    servers.loop.call_soon_threadsafe(servers.loop.stop)


def pump(flow=412):
    words = [flow, 7, 30] + [0] * 97
    words[40:44] = struct.unpack(">4H", b"P3 400\0\0")
    return words


def scan(library, *words):
    done = subprocess.run([rig.binary(), "scan", *map(str, words), "--maps", str(library)],
                          capture_output=True, text=True, timeout=60 * rig.PATIENCE)
    return done


def answer(done):
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_units_behind_a_gateway_are_found_and_say_what_they_are(pymodbus, library):
    port = pymodbus.serve({1: pump(), 17: pump(300), 60: [0] * 10}, ModbusSocketFramer)
    done = scan(library, f"tcp://127.0.0.1:{port}", "--units", "1-8,17,60", "--rate", "500", "--identify",
                "--timeout", "150ms", "--json")
    said = answer(done)
    units = {u["unit"]: u for u in said["units"]}
    assert sorted(units) == [1, 17, 60]
    assert said["silent"] == 7 and said["complete"]
    one = units[1]
    assert one["identity"] == {str(k): v[:99] for k, v in WHO.items()}
    assert bytes.fromhex(one["report"]).startswith(b"Acme-P3-V2.71") and one["report"].endswith("FF")
    assert [f["map"] for f in one["fits"]] == ["acme/p3"]
    assert one["fits"][0]["reads"] == 'model is "P3 400"'
    assert one["may_fit"] == [{"map": "acme/p3", "plausible": 3, "of": 3}]
    assert units[60]["fits"] == [] and units[60]["may_fit"] == []
    assert "all answer" in done.stderr                        # how long it will take


def test_the_same_on_rtu_frames(pymodbus, library):
    port = pymodbus.serve({1: pump()}, ModbusRtuFramer)
    said = answer(scan(library, f"rtu+tcp://127.0.0.1:{port}", "--units", "1-2", "--timeout", "400ms", "--json"))
    one = said["units"][0]
    assert one["unit"] == 1 and one["identity"]["2"] == "V2.71" and one["identity"]["6"] == "east sump"
    assert [f["map"] for f in one["fits"]] == ["acme/p3"]


def test_one_device_that_answers_to_every_number_is_told_once(pymodbus, library):
    port = pymodbus.serve({1: pump()}, ModbusSocketFramer, single=True)
    done = scan(library, f"tcp://127.0.0.1:{port}", "--rate", "500")
    assert done.returncode == 0
    assert done.stdout.count("vendor: Acme") == 1
    assert "the same under every number" in done.stdout
    assert len(answer(scan(library, f"tcp://127.0.0.1:{port}", "--rate", "900", "--units", "1-9",
                           "--json"))["units"]) == 9


# ---- equipment that misbehaves -----------------------------------------------------------------------

def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


def sealed(*data):
    return bytes(data) + crc(bytes(data))


class Bus:
    """RTU over TCP; `say(request)` gives [(seconds, bytes)]."""

    def __init__(self, say):
        self.say, self.asked = say, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        try:
            while True:
                connection, _ = self.server.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def serve(self, connection):
        while True:
            try:
                request = connection.recv(300)
            except OSError:
                return
            if not request:
                return
            self.asked.append(request)
            said = self.say(request)
            if said is None:                                  # it hangs up
                connection.close()
                return
            for wait, data in said:
                threading.Timer(wait, self.send, (connection, data)).start()

    @staticmethod
    def send(connection, data):
        try:
            connection.sendall(data)
        except OSError:
            pass


def test_a_late_answer_is_never_shown_as_the_next_units(library):
    def say(request):
        unit, function = request[0], request[1]
        if unit == 3 and function == 3:
            return [(0.22, sealed(3, 3, 2, 0xDE, 0xAD))]      # the time is over after 150 ms
        if unit == 4 and function == 3:
            return [(0.06, sealed(4, 3, 2, 0x00, 0x04))]
        if unit in (3, 4):
            return [(0.01, sealed(unit, function | 0x80, 1))]
        return []

    bus = Bus(say)
    said = answer(scan(library, f"rtu+tcp://127.0.0.1:{bus.port}", "--units", "2-6", "--timeout", "150ms",
                       "--json"))
    units = {u["unit"]: u for u in said["units"]}
    assert sorted(units) == [3, 4]
    assert units[3]["answer"] == "late" and units[4]["answer"] == "data"
    text = scan(library, f"rtu+tcp://127.0.0.1:{bus.port}", "--units", "2-6", "--timeout", "150ms").stdout
    assert "holding 0 is 0x0004" in text and "DEAD" not in text and "answers late" in text


def test_a_late_answer_is_never_shown_as_the_same_units_next(library):
    """The registers hold their own addresses, so that whatever is taken for something else shows."""
    late = []

    def say(request):
        unit, function, first, count = struct.unpack(">BBHH", request[:6])
        late.append(count)
        return [(0.25 if len(late) == 1 else 0.01,
                 sealed(unit, function, 2 * count, *struct.pack(f">{count}H", *range(first, first + count))))]

    bus = Bus(say)
    done = subprocess.run([rig.binary(), "probe", f"rtu+tcp://127.0.0.1:{bus.port}", "5", "700", "--watch=0",
                           "--table", "holding", "--timeout", "150ms", "--expect", "700", "--json"],
                          capture_output=True, text=True, timeout=30)
    best = json.loads(done.stdout)["candidates"][0]
    assert (best["address"], best["type"], best["raw"]) == (700, "u16", [700])
    assert len(late) >= 3 and late[1] == 1


def test_a_gateway_that_says_late_who_is_absent_is_understood(library):
    """On TCP answers are numbered: those that come late are set aside by their numbers, and the
    connection stays."""
    connections = set()

    def say(request):
        connections.add(threading.get_ident())
        unit, function = request[6], request[7]
        if unit in (2, 3, 5, 6):
            pdu, wait = bytes([function | 0x80, 11]), 0.23
        elif function == 3 and request[-1] == 1:
            pdu, wait = bytes([3, 2, 0, unit]), 0.01
        else:
            pdu, wait = bytes([function | 0x80, 2]), 0.01
        return [(wait, request[:4] + struct.pack(">H", 1 + len(pdu)) + bytes([unit]) + pdu)]

    gateway = Bus(say)
    said = answer(scan(library, f"tcp://127.0.0.1:{gateway.port}", "--units", "1-7", "--rate", "500",
                       "--timeout", "100ms", "--json"))
    assert [u["unit"] for u in said["units"]] == [1, 4, 7]
    assert [u["answer"] for u in said["units"]] == ["data"] * 3
    assert said["absent"] + said["silent"] == 4 and said["absent"] >= 2
    assert said["garbled"] == [] and len(connections) == 1


def test_a_line_that_goes_away_ends_the_scan(library):
    asked = []

    def say(request):
        asked.append(request)
        if len(asked) > 1:
            bus.server.shutdown(socket.SHUT_RDWR)
            bus.server.close()
            return None
        return [(0, sealed(request[0], request[1] | 0x80, 2))]

    bus = Bus(say)
    done = scan(library, f"rtu+tcp://127.0.0.1:{bus.port}", "--units", "1-100", "--timeout", "100ms")
    assert done.returncode == 0 and "the line went away" in done.stdout
    assert len(asked) < 6


def test_foreign_answers_and_echoes_are_named(library):
    foreign = Bus(lambda r: [(0.01, sealed(9, 3, 2, 0, 1))] if r[0] == 8 else [])
    said = answer(scan(library, f"rtu+tcp://127.0.0.1:{foreign.port}", "--units", "7-8", "--timeout", "100ms",
                       "--json"))
    assert said["units"] == []
    assert [(g["unit"], g["foreign"]) for g in said["garbled"]] == [(8, 9)]

    echo = Bus(lambda r: [(0, r)])
    done = scan(library, f"rtu+tcp://127.0.0.1:{echo.port}", "--units", "5", "--timeout", "100ms")
    assert done.returncode == 1 and "our own bytes came back" in done.stdout

    def repeats_and_answers(request):
        return [(0, request + (sealed(5, 3, 2, 0, 1) if request[1] == 3 else sealed(5, request[1] | 0x80, 1)))]

    done = scan(library, f"rtu+tcp://127.0.0.1:{Bus(repeats_and_answers).port}", "--units", "5", "--echo",
                "--timeout", "100ms")
    assert done.returncode == 0 and "holding 0 is 0x0001" in done.stdout


def test_what_has_side_effects_is_not_touched(library):
    def say(request):
        unit, function = request[:2]
        if function not in (3, 4):
            return [(0, sealed(unit, function | 0x80, 1))]
        count = struct.unpack(">H", request[4:6])[0]
        return [(0, sealed(unit, function, 2 * count, *bytes(range(1, 2 * count + 1))))]

    bus = Bus(say)
    scan(library, f"rtu+tcp://127.0.0.1:{bus.port}", "--units", "5", "--identify", "--timeout", "200ms")
    reads = [struct.unpack(">HH", r[2:6]) for r in bus.asked if r[1] in (3, 4)]
    assert len(reads) >= 4
    assert not [1 for first, count in reads if first <= 60 < first + count]


def test_unit_0_of_a_bus_is_refused_and_ctrl_c_shows_what_was_found(library):
    done = scan(library, "rtu+tcp://127.0.0.1:1", "--units", "0-3")
    assert done.returncode == 2 and "everybody" in done.stderr
    bus = Bus(lambda r: [(0, sealed(r[0], r[1] | 0x80, 2))] if r[0] == 1 else [])
    child = subprocess.Popen([rig.binary(), "scan", f"rtu+tcp://127.0.0.1:{bus.port}", "--maps", str(library)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    rig.wait_for(lambda: len(bus.asked) >= 3, 10, "three questions")
    child.send_signal(2)
    out, _ = child.communicate(timeout=10)
    assert child.returncode == 0
    assert "unit 1    answers" in out and "illegal data address" in out and "units asked" in out


@pytest.mark.parametrize("words", [["tcp://127.0.0.1:1", "17"], ["plant.yaml", "plc", "17"]])
def test_a_unit_behind_the_line_is_refused_not_passed_over(library, words):
    done = scan(library, *words)
    assert done.returncode == 2 and "say -u 17" in done.stderr and done.stdout == "", done


def test_maps_beside_the_plant_file_fit_too_and_go_before_those_of_the_library(pymodbus, library, tmp_path):
    port = pymodbus.serve({1: pump(), 17: pump(300)}, ModbusSocketFramer)
    for name, text in (("mine/p4", MAP), ("acme/other", MAP)):
        (tmp_path / "maps" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "maps" / f"{name}.yaml").write_text(text)
    plant = tmp_path / "plant.yaml"
    plant.write_text("format: 1\nsite: s\ngateway: g\nmqtt: {broker: 'mqtt://127.0.0.1:1', root: m/v1}\n"
                     f"lines: {{plc: {{connect: 'tcp://127.0.0.1:{port}'}}}}\nareas: {{a: A}}\n"
                     "devices: {one: {map: mine/p4, line: plc, unit: 1, area: a, every: 1s}}\n")
    said = answer(scan(library, plant, "plc", "--units", "17", "--rate", "500", "--identify", "--json"))
    assert [f["map"] for f in said["units"][0]["fits"]] == ["acme/other", "acme/p3", "mine/p4"]
    assert [f["map"] for f in said["units"][0]["may_fit"]] == ["acme/other", "acme/p3", "mine/p4"]


# ---- our own simulator, seen by pymodbus and by the scan ----------------------------------------------

def test_the_simulator_says_what_it_plays(library, tmp_path):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "p3.yaml").write_text(MAP)
    plant = tmp_path / "plant.yaml"
    plant.write_text("format: 1\nsite: s\ngateway: g\nmqtt: {broker: 'mqtt://127.0.0.1:1', root: m/v1}\n"
                     "lines: {plc: {connect: 'tcp://10.9.9.9:502'}}\nareas: {a: A}\n"
                     "devices: {one: {map: p3, line: plc, unit: 5, area: a, every: 1s}}\n")
    lines = tmp_path / "lines.yaml"
    sim = rig.Child([rig.binary(), "sim", plant, "--lines", lines], tmp_path / "sim.log")
    try:
        rig.wait_for(lines.exists, 10, sim.log)
        host, port = lines.read_text().split("//")[1].rstrip('"\n').split(":")
        client = ModbusTcpClient(host, port=int(port))
        assert client.connect()
        basic = client.execute(ReadDeviceInformationRequest(read_code=1, slave=5, unit=5))
        assert basic.information[0] == b"Acme" and basic.information[2] == b"V1.0"
        regular = client.execute(ReadDeviceInformationRequest(read_code=2, slave=5, unit=5))
        assert regular.information[4] == b"Acme pump controller"
        report = client.execute(ReportSlaveIdRequest(slave=5, unit=5))
        assert b"Acme pump controller" in report.identifier
        client.close()
        said = answer(scan(library, plant, "plc", "--lines", lines, "--units", "4-6", "--rate", "500", "--json"))
        assert [u["unit"] for u in said["units"]] == [5] and said["absent"] == 2
        assert said["units"][0]["identity"]["4"] == "Acme pump controller"
    finally:
        sim.process.terminate()
        sim.process.wait(10)
