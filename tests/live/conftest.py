# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import rig  # noqa: E402


def pytest_configure(config):
    if not rig.binary():
        pytest.exit("set HEADGATE to the gateway's binary", 2)
    if not rig.MOSQUITTO:
        pytest.exit("mosquitto is not installed", 2)


class Stage:
    """Makes things and ends them, in the opposite order."""

    def __init__(self, directory):
        self.directory, self.enders = directory, []

    def broker(self, persistent=False, config=""):
        b = rig.Broker(self.directory / "broker", config)
        if persistent:
            b.persistent()
        b.start()
        self.enders.append(lambda: b.child.kill())
        return b

    def devices(self, lines, seed=1):
        d = rig.Devices(self.directory, lines, seed)
        self.enders.append(lambda: d.child.kill())
        return d

    def gateway(self, plant, **options):
        g = rig.Gateway(plant, self.directory / "gateway", **options)
        self.enders.append(lambda: g.child and g.child.kill())
        return g

    def recorder(self, port, *filters, **options):
        r = rig.Recorder(port, filters or ("#",), **options)
        self.enders.append(r.end)
        return r

    def plant(self, *words, **options):
        return rig.write_plant(self.directory / "plant", *words, **options)

    def end(self):
        for ender in reversed(self.enders):
            try:
                ender()
            except Exception as e:              # the others must end as well
                print(f"while ending: {e}")


@pytest.fixture
def stage(tmp_path):
    s = Stage(tmp_path)
    yield s
    s.end()
    log = tmp_path / "gateway" / "gateway.log"
    if log.exists():                            # pytest shows it when the test failed
        print("--- gateway ---\n" + log.read_text(errors="replace")[-4000:])
