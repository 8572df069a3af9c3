# SPDX-License-Identifier: Apache-2.0
"""What faultserver.py's registers must say, and what is wrong with what a subscriber heard."""
import collections

import rig
from faultserver import bit, clock_age_ms, constant, is_clock

# Three blocks of one shape and one of another: an answer to an earlier question fits the later one.
BLOCKS = [("holding", 3, 0, 16), ("holding", 3, 100, 16), ("input", 2, 0, 16), ("coil", 0, 0, 24)]
NUMBERS = {"coil": 0, "discrete": 1, "input": 2, "holding": 3}


def tag_name(table, address):
    return f"{table}.{address}"


def tag_names():
    return [tag_name(table, a) for table, _, first, count in BLOCKS for a in range(first, first + count)]


def fault_map(**more):
    tags = {}
    for table, _, first, count in BLOCKS:
        for a in range(first, first + count):
            tags[tag_name(table, a)] = {"at": f"{table} {a}", "type": "bool" if table == "coil" else "u16"}
    return {"format": 1, "title": "Registers that tell where they are", "source": ["tests"], "verified": "invented",
            "limits": {"max_gap": 0}, "tags": tags, **more}


def verdict(unit, name, value, stamp, timeout_ms=200):
    """None when the value is right, else what is wrong with it."""
    table, _, address = name.partition(".")
    if table not in NUMBERS:
        return None                         # a tag of the row's own
    address = int(address)
    if table == "coil":
        return None if value is bool(bit(unit, 0, address)) else "wrong bit"
    if is_clock(address):
        age = clock_age_ms(value, stamp)
        return None if -30 <= age <= 1.15 * timeout_ms * rig.PATIENCE else f"read {age} ms before its time stamp"
    right = constant(unit, NUMBERS[table], address)
    return None if value == right else f"not {right}"


def judge(messages, unit_of, timeout_ms=200):
    """What is wrong among all good values, live and in history, and how many there were.
    unit_of: {"area/device": unit}; other devices aren't looked at."""
    wrong, good = [], collections.Counter()
    for m in messages:
        parts = m.topic.split("/")
        if parts[3] == "value":
            device, name = "/".join(parts[4:6]), parts[6]
            if device not in unit_of or not m.payload:
                continue
            told = []
            if m.json["quality"] == rig.GOOD:
                told.append((m.json["value"], m.json["timestamp"]))
            elif m.json.get("last") is not None:
                told.append((m.json["last"], m.json["last_timestamp"]))
            for value, stamp in told:
                good["value"] += 1
                why = verdict(unit_of[device], name, value, stamp, timeout_ms)
                if why:
                    wrong.append((m.topic, why, m.payload))
    for frame in rig.frames(messages):
        for name, value in frame.get("values", {}).items():
            if frame["device"] not in unit_of:
                continue
            good["history"] += 1
            why = verdict(unit_of[frame["device"]], name, value, frame["timestamp"], timeout_ms)
            if why:
                wrong.append((frame["device"], frame["seq"], name, value, why))
    return wrong, good
