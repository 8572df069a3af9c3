# SPDX-License-Identifier: Apache-2.0
"""What a tag leaves behind on the broker when it leaves the plant file: nothing."""
import signal

import pytest
import rig
import yaml


def without(plant, device):
    words = yaml.safe_load(plant.read_text())
    del words["devices"][device]
    plant.write_text(yaml.safe_dump(words, sort_keys=False))


@pytest.mark.parametrize("reload", [False, True], ids=["restart", "reload"])
def test_a_device_that_left_the_plant_file_leaves_the_broker(stage, reload):
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1, 2]}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                        {name: {"map": "few", "line": "l", "unit": unit, "area": "plant", "every": "200ms"}
                         for name, unit in (("stays", 1), ("goes", 2))},
                        {"few": rig.words_map(4)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    for device in ("stays", "goes"):
        recorder.wait(f"/value/plant/{device}/r3", test=lambda m: m.json["quality"] == rig.GOOD)
        recorder.wait(f"/meta/plant/{device}")
        recorder.wait(f"/device/plant/{device}")
    since = recorder.count()
    without(plant, "goes")
    if reload:
        gateway.child.process.send_signal(signal.SIGHUP)
    else:
        gateway.kill()
        gateway.start()
    for topic in ("value/plant/goes/r0", "value/plant/goes/r3", "device/plant/goes", "meta/plant/goes"):
        recorder.wait(topic, 10, since, lambda m: m.payload == b"")
    recorder.wait("/history/gw/plant/stays", 10, since)
    late = stage.recorder(broker.port)
    late.wait("/value/plant/stays/r3", test=lambda m: m.retain)
    late.wait("/meta/plant/stays", test=lambda m: m.retain)
    assert not [m.topic for m in late.all("/goes") if m.retain]
    assert not [m for m in recorder.all("/stays", since) if m.payload == b""]


def test_a_plant_of_another_name_does_not_take_up_the_state(stage):
    """Two plant files in one folder have one state directory, unless they say otherwise."""
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1]}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                        {"d": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "200ms"}}, {"few": rig.words_map(4)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant).start()
    recorder.wait("/value/plant/d/r3", test=lambda m: m.json["quality"] == rig.GOOD)
    recorder.wait("/history/gw/plant/d")
    assert gateway.stop() == 0
    rows = gateway.journal.stat().st_size
    words = yaml.safe_load(plant.read_text())
    words["gateway"] = "lab"
    other = plant.with_name("lab.yaml")
    other.write_text(yaml.safe_dump(words, sort_keys=False))
    since = recorder.count()
    gateway.words[2] = other
    gateway.start()
    assert gateway.child.process.wait(10) == 1
    assert "belongs to site site, gateway gw, and this is site site, gateway lab" in gateway.log()
    assert "--state" in gateway.log()
    assert not recorder.all("", since) and gateway.journal.stat().st_size >= rows
    gateway.words[2] = plant
    gateway.start()
    recorder.wait("/value/plant/d/r3", 10, since, lambda m: m.json["quality"] == rig.GOOD)
