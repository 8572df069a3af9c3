# SPDX-License-Identifier: Apache-2.0
"""What a tag leaves behind on the broker when it leaves the plant file: nothing."""
import signal
import time

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


def the_other_gateway(stage, plant, site_of):
    """A second gateway of the same site, with a plant file of its own."""
    words = yaml.safe_load(plant.read_text())
    words["gateway"], words["devices"] = "gw2", site_of
    other = plant.with_name("other.yaml")
    other.write_text(yaml.safe_dump(words, sort_keys=False))
    gateway = rig.Gateway(other, stage.directory / "other")
    stage.enders.append(lambda: gateway.child and gateway.child.kill())
    return gateway


def retained(stage, broker, part):
    """What a newcomer finds there."""
    late = stage.recorder(broker.port)
    late.wait("/gateway/gw", test=lambda m: m.retain)
    late.wait("/meta/plant/stays", test=lambda m: m.retain)
    late.client.publish("t/over", b"x", 1)
    late.wait("t/over")
    found = {m.topic for m in late.all(part) if m.retain}
    late.end()
    return found


def test_a_device_that_moved_is_taken_back_once_and_then_belongs_to_the_other_gateway(stage):
    broker = stage.broker()
    devices = stage.devices({"l": {"kind": "tcp", "units": [1, 2]}, "m": {"kind": "tcp", "units": [1, 2]}})
    units = {name: {"map": "few", "line": "l", "unit": unit, "area": "plant", "every": "200ms"}
             for name, unit in (("stays", 1), ("goes", 2))}
    alarms = {f"plant/{d}/high": {"tag": f"plant/{d}/r0", "above": 60000, "priority": "low", "about": "Full"} for d in units}
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}}, units, {"few": rig.words_map(4)}, alarms=alarms)
    recorder = stage.recorder(broker.port)
    one = stage.gateway(plant).start()
    recorder.wait("/value/plant/goes/r3", test=lambda m: m.json["quality"] == rig.GOOD)
    recorder.wait("/alarm/plant/goes/high")
    other = the_other_gateway(stage, plant, {"goes": units["goes"]})
    words = yaml.safe_load(other.words[2].read_text())
    words["lines"], words["alarms"] = {"m": {"connect": devices.where["m"]}}, {"plant/goes/high": alarms["plant/goes/high"]}
    words["devices"]["goes"]["line"] = "m"
    other.words[2].write_text(yaml.safe_dump(words, sort_keys=False))
    without(plant, "goes")
    words = yaml.safe_load(plant.read_text())
    del words["alarms"]["plant/goes/high"]
    plant.write_text(yaml.safe_dump(words, sort_keys=False))
    one.stop()
    one.start()
    rig.wait_for(lambda: "topics were taken back" in one.log(), 10, "the first gateway says that they are gone")
    time.sleep(0.5 * rig.PATIENCE)
    one.kill()
    one.start()
    assert not retained(stage, broker, "/goes")
    since = recorder.count()
    other.start()
    recorder.wait("/value/plant/goes/r3", 10, since, lambda m: m.json["quality"] == rig.GOOD)
    recorder.wait("/alarm/plant/goes/high", 10, since)
    recorder.wait("/meta/plant/goes", 10, since)
    theirs = retained(stage, broker, "/goes")
    assert len(theirs) >= 4 + 1 + 1 + 1, theirs

    def restart(kill):
        one.kill() if kill else one.stop()
        since = recorder.count()
        one.start()
        recorder.wait("/value/plant/stays/r3", 10, since)

    def comment():
        plant.write_text(plant.read_text() + "# a comment\n")
        since = recorder.count()
        one.child.process.send_signal(signal.SIGHUP)
        recorder.wait("/event/gw", 10, since, lambda m: m.json["type"] == "reloaded")

    for act in (comment, lambda: restart(True), comment, lambda: restart(False), lambda: restart(True)):
        act()
        recorder.wait("/stats/gw", 15, recorder.count())
        assert retained(stage, broker, "/goes") == theirs
    assert one.log().count("are taken back") == 1
