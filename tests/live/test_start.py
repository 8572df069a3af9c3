# SPDX-License-Identifier: Apache-2.0
"""What a start leaves behind when it comes to nothing, and what it says when nothing has changed."""
import subprocess

import pytest
import rig
import yaml
from plc import Plc

MAP = {"format": 1, "title": "Turned by hand", "source": ["tests/live/plc.py"], "verified": "invented",
       "tags": {"level": {"at": "holding 0", "type": "f32", "unit": "m"}}}
ALARM = {"tag": "plant/dev/level", "above": 1.2, "priority": "low", "about": "Water rises"}


def a_plant(stage, broker, connect, **more):
    return stage.plant(broker.port, {"l": {"connect": connect, "timeout": "300ms"}},
                       {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": "200ms"}}, {"m": MAP}, **more)


def test_a_mistake_in_an_expression_reaches_neither_disk_nor_broker(stage):
    broker = stage.broker()
    plant = a_plant(stage, broker, "tcp://127.0.0.1:1",
                    derived={"plant/sum/twice": {"of": {"h": "plant/dev/level"}, "is": "os.time()"}})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    assert gateway.child.process.wait(10) == 1
    assert "os" in gateway.log() and "error:" in gateway.log()
    assert not gateway.state.exists(), list(gateway.state.iterdir())
    assert not recorder.all()
    words = {**yaml.safe_load(plant.read_text()), "bogus": 1}
    plant.write_text(yaml.safe_dump(words, sort_keys=False))
    gateway.start()
    assert gateway.child.process.wait(10) == 1
    assert gateway.log().count("error:") == 1 + 2, "the expression's mistake and the other one, in one run"


def test_a_restart_with_the_same_files_finds_nothing_that_is_not_its_own(stage):
    broker, plc = stage.broker(), Plc()
    plant = a_plant(stage, broker, plc.where, alarms={"plant/dev/high": ALARM})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    recorder.wait("/alarm/plant/dev/high")
    recorder.wait("/history/gw/plant/dev")
    assert gateway.stop() == 0
    since = recorder.count()
    gateway.start()
    recorder.wait("/alarm/plant/dev/high", 10, since)
    assert gateway.stop() == 0
    assert "another plant file" not in gateway.log()
    plc.stop()


@pytest.mark.parametrize("paths", [("plant.yaml", "maps/m.yaml"), ("maps/m.yaml", "plant.yaml"), (".",)])
def test_the_mistakes_of_a_map_that_a_plant_has_count_once(stage, paths):
    bad = {**MAP, "tags": {"level": {"at": "inptu 0", "type": "f32"}, "other": {"at": "input 4", "type": "u99"}}}
    plant = stage.plant(1, {"l": {"connect": "tcp://127.0.0.1:1"}},
                        {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant", "every": "200ms"}}, {"m": bad})
    done = subprocess.run([rig.binary(), "check", *paths], cwd=plant.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout.count("error:") == 2, done.stdout
    assert "1 plant, 1 map, 0 tags, 0 examples, 2 errors, 0 warnings" in done.stdout
