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


@pytest.fixture
def stage(tmp_path):
    s = rig.Stage(tmp_path)
    yield s
    s.end()
    log = tmp_path / "gateway" / "gateway.log"
    if log.exists():                            # pytest shows it when the test failed
        print("--- gateway ---\n" + log.read_text(errors="replace")[-4000:])
