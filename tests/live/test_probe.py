# SPDX-License-Identifier: Apache-2.0
"""`headgate probe` against pymodbus: twenty quantities are hidden among other plausible registers, all of
them slowly moving. Whoever asks knows only between what the quantity is, and an address that is off by
one or so. The true type, order, scale and address has to stand among the first three."""
import asyncio
import json
import logging
import math
import struct
import subprocess
import sys
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

sys.modules.setdefault("serial_asyncio", types.SimpleNamespace(create_serial_connection=None))

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext  # noqa: E402
from pymodbus.datastore.store import BaseModbusDataBlock  # noqa: E402
from pymodbus.server.async_io import ModbusTcpServer  # noqa: E402

import rig  # noqa: E402

logging.disable(logging.CRITICAL)             # pymodbus complains of each refusal

START = time.monotonic()


# ---- what lies in the registers: struct's idea of it, not ours ---------------------------------------

def words_of(data):
    return list(struct.unpack(f">{len(data) // 2}H", data))


def swapped_words(words):
    return words[::-1]


def swapped_bytes(words):
    return [(w & 0xFF) << 8 | w >> 8 for w in words]


def bcd(n, digits):
    text = f"{n:0{digits}d}"
    return [int(text[i:i + 4], 16) for i in range(0, digits, 4)]


def m10k(n, groups):
    return [n // 10000 ** (groups - 1 - i) % 10000 for i in range(groups)]


RAW = {
    "u16": lambda n: words_of(struct.pack(">H", round(n))),
    "s16": lambda n: words_of(struct.pack(">h", round(n))),
    "u32": lambda n: words_of(struct.pack(">I", round(n))),
    "s32": lambda n: words_of(struct.pack(">i", round(n))),
    "u48": lambda n: words_of(struct.pack(">Q", round(n)))[1:],
    "u64": lambda n: words_of(struct.pack(">Q", round(n))),
    "f32": lambda x: words_of(struct.pack(">f", x)),
    "f64": lambda x: words_of(struct.pack(">d", x)),
    "bcd32": lambda n: bcd(round(n), 8),
    "m10k32": lambda n: m10k(round(n), 2),
    "sm16": lambda n: [round(-n) | 0x8000 if n < 0 else round(n)],
}
ORDERS = {
    None: lambda w: w, "ABCD": lambda w: w, "ABCDEF": lambda w: w, "ABCDEFGH": lambda w: w,
    "CDAB": swapped_words, "EFCDAB": swapped_words, "GHEFCDAB": swapped_words,
    "BADC": swapped_bytes, "BA": swapped_bytes,
    "DCBA": lambda w: swapped_bytes(swapped_words(w)), "HGFEDCBA": lambda w: swapped_bytes(swapped_words(w)),
}

# what, type, order, scale, value now, how it moves (a wave's height, or a rise per second when
# counter), the range that is known, error of the address, its surroundings, table
HIDDEN = [
    ("mill feed flow, m3/h", "f32", "ABCD", 1, 412.3, 1.5, (0, 800), +1, "f32 ABCD", "holding"),
    ("thickener level, m", "f32", "CDAB", 1, 3.372, 0.01, (0, 10), -1, "f32 CDAB", "input"),
    ("slurry density, kg/m3", "f32", "BADC", 1, 1384.2, 1.1, (900, 2000), +1, "ints", "holding"),
    ("bearing temperature, Cel", "f32", "DCBA", 1, 61.84, 0.2, (0, 120), 0, "ints", "holding"),
    ("outdoor temperature, Cel", "s16", None, 0.1, -12.4, 0.2, (-40, 60), +1, "ints", "holding"),
    ("winding temperature, Cel", "s16", None, 0.1, 73.5, 0.3, (-20, 180), -1, "ints", "input"),
    ("phase voltage, V", "u16", None, 0.01, 231.07, 0.6, (200, 260), -1, "ints", "holding"),
    ("frequency, Hz", "u16", None, 0.01, 50.02, 0.03, (49, 51), +1, "ints", "input"),
    ("speed, 1/min", "u16", None, 1, 1483, 4, (1400, 1550), +1, "ints", "holding"),
    ("level, swapped bytes, mm", "u16", "BA", 1, 3744, 5, (3000, 4500), 0, "ints", "holding"),
    ("water volume, m3", "u32", "ABCD", 1, 1834211, "3/s", (1e6, 3e6), +1, "u32 ABCD", "input"),
    ("slurry volume, m3", "u32", "CDAB", 1, 7221034, "5/s", (5e6, 1e7), -1, "u32 CDAB", "holding"),
    ("tie line power, kW", "s32", "ABCD", 0.1, -4821.1, 6, (-9000, 9000), 0, "u32 ABCD", "holding"),
    ("heat, kW", "s32", "CDAB", 1, -48211, 40, (-90000, 90000), +1, "u32 CDAB", "holding"),
    ("mass flow, t/h", "f64", "ABCDEFGH", 1, 318.223, 0.8, (0, 600), -1, "ints", "input"),
    ("energy, Wh", "u64", "ABCDEFGH", 1, 81234567890, "4000/s", (5e10, 2e11), +1, "u32 ABCD", "holding"),
    ("energy exported, Wh", "u64", "GHEFCDAB", 1, 3123456789, "900/s", (1e9, 1e10), -1, "ints", "holding"),
    ("batches", "bcd32", "ABCD", 1, 134581, "2/s", (100000, 200000), +1, "ints", "holding"),
    ("active energy, kWh", "m10k32", "ABCD", 1, 4561234, "3/s", (4e6, 6e6), -1, "ints", "holding"),
    ("cooler temperature, Cel", "sm16", None, 0.1, -8.3, 0.2, (-30, 30), +1, "ints", "input"),
]
INTS = [2304, 17, 0, 512, 1, 9987, 431, 65535, 75, 3, 1204, 4002, 250, 18, 0, 0, 960, 2311, 12, 77]


def hidden_words(row, t):
    _, kind, order, scale, value, move, *_ = row
    if isinstance(move, str):
        value += float(move[:-2]) * t
    else:
        value += move * math.sin(0.9 * t)
    number = value if kind in ("f32", "f64") else value / scale
    return ORDERS[order](RAW[kind](number))


def neighbour_words(style, i, t):
    """Forty registers like those that surround it in real equipment."""
    kind, _, order = style.partition(" ")
    if kind == "ints":
        return [(w + (round(3 * math.sin(t + k)) if 100 < w < 60000 else 0)) & 0xFFFF
                for k, w in enumerate(INTS[i % 7:] + INTS + INTS[:i % 7])]
    out = []
    for k in range(20):
        if kind == "f32":
            out += ORDERS[order](RAW["f32"]((0.4 + 37.7 * k) * (1 + 0.004 * math.sin(t + k))))
        else:
            out += ORDERS[order](RAW["u32"](90000 * (k + 1) + 2 * t))
    return out


def base_of(i):
    return 1000 + 100 * i


class Registers(BaseModbusDataBlock):
    """Everything of one table; what isn't there is refused."""

    def __init__(self, table):
        self.table, self.address, self.values, self.default_value = table, 0, [], 0

    def blocks(self, t):
        for i, row in enumerate(HIDDEN):
            if row[9] == self.table or i % 3 == 0:
                style = row[8] if row[9] == self.table else "ints"
                words = neighbour_words(style, i, t)
                if row[9] == self.table:
                    found = hidden_words(row, t)
                    words[20:20 + len(found)] = found
                yield base_of(i), words
        if self.table == "holding":
            yield 60000, words_of(b"B23 112-100 \0\0")

    def validate(self, address, count=1):
        return any(first <= address and address + count <= first + len(words)
                   for first, words in self.blocks(0))

    def getValues(self, address, count=1):
        for first, words in self.blocks(time.monotonic() - START):
            if first <= address < first + len(words):
                return words[address - first:address - first + count]
        raise AssertionError("validated before")


@pytest.fixture(scope="module")
def plc():
    """Its address."""
    port, ready, loop = rig.free_port(), threading.Event(), asyncio.new_event_loop()
    nothing = type("Nothing", (Registers,), {"validate": lambda self, a, count=1: False})
    slave = ModbusSlaveContext(zero_mode=True, hr=Registers("holding"), ir=Registers("input"),
                               co=nothing("coil"), di=nothing("discrete"))
    context = ModbusServerContext(slaves={1: slave}, single=False)

    async def serve():
        server = ModbusTcpServer(context, address=("127.0.0.1", port))
        asyncio.ensure_future(server.serve_forever())
        while not rig.listens(port):
            await asyncio.sleep(0.01)
        ready.set()

    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(serve())
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    assert ready.wait(10)
    yield f"tcp://127.0.0.1:{port}"
    loop.call_soon_threadsafe(loop.stop)


def probe(*words):
    done = subprocess.run([rig.binary(), "probe", *map(str, words)], capture_output=True, text=True,
                          timeout=60 * rig.PATIENCE)
    return done


def candidates(done):
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)["candidates"]


def is_it(candidate, row, i):
    _, kind, order, scale, *_ = row
    return (candidate["type"] == kind and candidate["order"] == order and
            candidate["table"] == row[9] and candidate["address"] == base_of(i) + 20 and
            math.isclose(candidate["scale"], scale))


def reads_the_same(candidate, row, i):
    """A positive s16 reads the same as u16, where the range has no sign."""
    _, kind, order, scale, _, _, (low, _), *_ = row
    alike = {"s16": "u16", "s32": "u32", "s64": "u64"}
    unsigned = (alike.get(kind, kind),) + tuple(row[1:])
    return low >= 0 and is_it(candidate, (row[0],) + unsigned, i)


def test_twenty_hidden_quantities_stand_among_the_first_three(plc):
    def find(i):
        row = HIDDEN[i]
        low, high = row[6]
        return candidates(probe(plc, 1, base_of(i) + 20 + row[7], f"--range={low:.0f}..{high:.0f}",
                                "--watch=1500ms", "--json"))

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(find, range(len(HIDDEN))))
    missed = []
    for i, row in enumerate(HIDDEN):
        rank = next((c["rank"] for c in found[i] if is_it(c, row, i) or reads_the_same(c, row, i)), None)
        print(f"{rank}  {row[0]}: {row[1]} {row[2] or ''} x {row[3]}")
        if rank is None or rank > 3:
            missed.append((row[0], rank, [c["line"] + " # " + c["why"] for c in found[i][:5]]))
    assert not missed, json.dumps(missed, indent=1)


def test_lines_to_paste_are_valid_maps(plc, tmp_path):
    lines = {}
    for i, unit in ((0, "m3/h"), (4, "Cel"), (9, "%"), (17, "1"), (15, "Wh")):
        low, high = HIDDEN[i][6]
        for c in candidates(probe(plc, 1, base_of(i) + 20, f"--range={low:.0f}..{high:.0f}", "--watch=0",
                                  "--unit-of", unit, "--json")):
            lines[f"{i}_{c['rank']}"] = c["line"]
    for c in candidates(probe(plc, 1, 60000, "--expect", "B23", "--watch=0", "--json")):
        lines[f"text_{c['rank']}"] = c["line"]
    for c in candidates(probe(plc, 1, base_of(8) + 20, "--expect", "on", "--watch=0", "--json")):
        lines[f"bit_{c['rank']}"] = c["line"]
    assert len(lines) > 30 and any("bit: " in line for line in lines.values())
    for name, line in lines.items():
        text = ("format: 1\ntitle: Found by probing\nsource: somebody's hands\nverified: device\ntags:\n"
                f"  {line}\n")
        (tmp_path / f"m{name}.yaml").write_text(text)
    done = subprocess.run([rig.binary(), "check", *sorted(map(str, tmp_path.glob("*.yaml")))],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 errors" in done.stdout + done.stderr


def test_what_is_expected_is_found_by_its_value(plc):
    best = candidates(probe(plc, 1, base_of(8) + 20, "--expect", "1483", "--watch=0", "--json"))[0]
    assert (best["type"], best["address"], best["fits"]) == ("u16", base_of(8) + 20, True)
    best = candidates(probe(plc, 1, 60000, "--expect", "112-100", "--watch=0", "--json"))[0]
    assert best["type"] == "string" and best["value"] == "B23 112-100"


def test_a_table_that_refuses_is_named_and_the_other_one_tried(plc):
    done = probe(plc, 1, base_of(1) + 20, "--range", "0..10", "--table", "holding", "--watch=0")
    assert done.returncode == 0, done.stderr
    assert "holding" in done.stdout and "illegal data address" in done.stdout
    assert "the other one was tried" in done.stdout
    assert f"{{at: input {base_of(1) + 20}, type: f32, order: CDAB}}" in done.stdout


@pytest.mark.parametrize("word, wire, table", [
    ("1820", 1820, "holding"), ("0x71C", 1820, "holding"), ("41821", 1820, "holding"),
    ("401821", 1820, "holding"), ("%MW1820", 1820, "holding"), ("31521", 1520, "input"),
])
def test_addresses_are_taken_in_every_notation(plc, word, wire, table):
    done = probe(plc, 1, word, "--watch=0", "--json")
    answer = json.loads(done.stdout)
    assert answer["address"] == wire
    assert answer["tables"][0]["table"] == table


def test_what_the_plant_knows_to_be_forbidden_is_left_alone(plc, tmp_path):
    first = base_of(8)
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "m.yaml").write_text(
        "format: 1\ntitle: A device with a trap\nsource: nobody\nverified: invented\n"
        f"limits: {{never: [holding {first + 22}..{first + 23}]}}\n"
        f"tags:\n  a: {{at: holding {first}, type: u16}}\n"
        f"  b: {{at: holding {first + 25}, type: u16, side_effect: true}}\n")
    plant = tmp_path / "plant.yaml"
    plant.write_text("format: 1\nsite: s\ngateway: g\nmqtt: {broker: 'mqtt://127.0.0.1', root: r}\n"
                     f"lines: {{l: {{connect: '{plc}'}}}}\nareas: {{a: A}}\n"
                     "devices: {d: {map: m, line: l, unit: 1, area: a}}\n")
    where = ("1", first + 20, "--expect", "1483", "--watch=0", "--table", "holding")
    done = probe(plant, "l", *where)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "what the map of a/d forbids to read is left alone" in done.stdout
    assert f"{{at: holding {first + 20}, type: u16}}" in done.stdout
    taken = {a for c in candidates(probe(plant, "l", *where, "--json"))
             for a in range(c["address"], c["address"] + len(c["raw"]))}
    assert first + 20 in taken and not taken & {first + 22, first + 23, first + 25}
    assert "left alone" not in probe(plc, *where).stdout


def test_a_comma_is_a_point_where_it_can_be_nothing_else(plc):
    for word in ("1483.0", "1483,0"):
        done = probe(plc, 1, base_of(8) + 20, "--expect", word, "--watch=0")
        assert done.returncode == 0 and "what is expected" in done.stdout, done
    assert probe(plc, 1, base_of(8) + 20, "--range", "1400,0..1550", "--watch=0").returncode == 0
    two = probe(plc, 1, base_of(8) + 20, "--expect", "1,483", "--watch=0")
    assert two.returncode == 2 and "'1,483' may group thousands" in two.stderr, two
    assert probe(plc, 1, base_of(8) + 20, "--expect", "", "--watch=0").returncode == 2
    text = probe(plc, 1, base_of(8) + 20, "--expect", "1483rpm", "--watch=0")
    assert text.returncode == 1 and "no text in these registers has '1483rpm' in it" in text.stdout, text


def test_what_is_wrong_is_said(plc):
    assert probe(plc, 1, "70000").returncode == 2
    assert probe(plc, 256, "100").returncode == 2
    assert probe("tcp:/127.0.0.1", 1, 100).returncode in (1, 2)
    assert probe("rtu:///dev/null", 0, 100).returncode == 2
    nobody = probe(f"tcp://127.0.0.1:{rig.free_port()}", 1, 100)
    assert nobody.returncode == 1 and "refused" in nobody.stderr
    absent = probe(plc, 1, 9000, "--watch=0")
    assert absent.returncode == 1 and "illegal data address" in absent.stderr


def test_what_is_refused_is_said_the_register_asked_for_first(plc):
    asked = base_of(8) - 1                     # nothing is there; what lies behind it can be read
    done = probe(plc, 1, asked, "--watch=0", "--table", "holding")
    lines = done.stdout.splitlines()
    assert lines[1] == f"holding {asked}, which was asked for, is refused: exception 2 (illegal data address)", done.stdout
    assert lines[2].startswith(f"holding {asked - 9} to {asked + 9}: read 1 time in ") and lines[2].endswith(
        f"; refused: {asked - 9} to {asked} with exception 2 (illegal data address)"), done.stdout
    said = json.loads(probe(plc, 1, asked, "--watch=0", "--table", "holding", "--json").stdout)
    table = said["tables"][0]
    assert table["exception"] == 2 and table["why"] == "illegal data address"
    assert table["refused"] == [{"first": asked - 9, "count": 10, "exception": 2}]
    whole = json.loads(probe(plc, 1, base_of(8) + 15, "--watch=0", "--table", "holding", "--json").stdout)["tables"][0]
    assert whole["exception"] == 0 and whole["refused"] == [] and whole["why"] is None
