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
