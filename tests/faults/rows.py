# SPDX-License-Identifier: Apache-2.0
"""The catalogue: what can go wrong, what a subscriber then sees, within how long. Each row is a
function that makes it happen, and a test of the row's name. The table in docs/promises.md is printed
from here."""
import importlib

MODULES = {"M": ("modbus_tcp", "modbus_rtu", "modbus_values", "modbus_write", "modbus_identity"), "Q": ("broker",), "S": ("system", "hostile")}


class Row:
    def __init__(self, number, fault, shows, within, play):
        self.number, self.fault, self.shows, self.within, self.play = number, fault, shows, within, play

    @property
    def name(self):
        return f"{self.number}_{self.play.__name__}"


ROWS = {}

def row(number, fault, shows, within):
    """Registers a row. number: M04; fault: what happens; shows: quality, reason, event or counter that
    appears on MQTT; within: how soon, in words. A number may have several rows."""
    def add(play):
        made = Row(number, fault, shows, within, play)
        assert made.name not in ROWS, made.name
        ROWS[made.name] = made
        return play
    return add


def load(letter=None):
    for key, modules in MODULES.items():
        if letter in (None, key):
            for module in modules:
                importlib.import_module(module)
    return sorted(ROWS.values(), key=lambda r: r.name)
