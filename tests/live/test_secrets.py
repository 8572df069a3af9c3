# SPDX-License-Identifier: Apache-2.0
"""The password and the key are in their files and in memory, and nowhere else; nobody can connect to the
gateway; nothing that it holds open passes to a child."""
import os
import re
import resource
import subprocess
import time
from pathlib import Path

import pytest
import rig

PASSWORD = "sesame-29-opens"


@pytest.fixture
def site(stage):
    """A gateway that logs in, with a password that is right; what was said on the wire is kept."""
    users = stage.directory / "users"
    users.write_text("")
    subprocess.run(["mosquitto_passwd", "-b", users, "gw", PASSWORD], check=True, capture_output=True)
    broker = stage.broker(config=f"password_file {users}\n")
    password = stage.directory / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o640)
    devices = stage.devices({"l": {"kind": "tcp", "units": [1]}})
    plant = stage.plant(broker.port, {"l": {"connect": devices.where["l"]}},
                        {"dev": {"map": "few", "line": "l", "unit": 1, "area": "plant", "every": "100ms"}},
                        {"few": rig.words_map(4)}, mqtt={"user": "gw", "password_file": str(password)})
    recorder = stage.recorder(broker.port)
    gateway = stage.gateway(plant, arguments=["--verbose"])
    return broker, recorder, gateway, plant, password


def test_the_password_is_found_nowhere(site):
    broker, recorder, gateway, plant, password = site
    gateway.start()
    recorder.wait("/value/plant/dev/r0", test=lambda m: m.json["quality"] == rig.GOOD)
    log = broker.child.log()
    assert re.search(r"u'gw'", log), "it logged in"
    for name in ("cmdline", "environ"):
        assert PASSWORD.encode() not in Path(f"/proc/{gateway.pid}/{name}").read_bytes()
    said = {"log": gateway.log(), "broker's log": log}
    for verb in (["plan", "--json"], ["plan"], ["check"], ["check", "--json"]):
        done = subprocess.run([rig.binary(), verb[0], *verb[1:], plant], capture_output=True, text=True, check=False)
        said[" ".join(verb)] = done.stdout + done.stderr
    watch = subprocess.Popen([rig.binary(), "watch", plant, "--once", "--for", "2s"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said["watch's arguments"] = Path(f"/proc/{watch.pid}/cmdline").read_text() + Path(f"/proc/{watch.pid}/environ").read_text()
    said["watch"] = watch.communicate(timeout=30)[0].decode()
    assert "r0" in said["watch"]
    gateway.stop()
    for where, text in said.items():
        assert PASSWORD not in text, where
    for m in recorder.all():
        assert PASSWORD.encode() not in m.payload, m.topic
    for path in gateway.state.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    assert f"others can read `{password}`" in said["check"] and f"others can read `{password}`" in said["log"]
    password.chmod(0o600)
    again = subprocess.run([rig.binary(), "check", plant], capture_output=True, text=True, check=False)
    assert "others can read" not in again.stdout


def test_nobody_can_connect_and_nothing_passes_to_children(site):
    _, recorder, gateway, _, _ = site
    gateway.start()
    recorder.wait("/value/plant/dev/r0", test=lambda m: m.json["quality"] == rig.GOOD)
    time.sleep(0.5)
    fds = Path(f"/proc/{gateway.pid}/fd")
    own, open_to_children = set(), []
    for fd in fds.iterdir():
        try:
            target = os.readlink(fd)
            flags = int(re.search(r"flags:\s+(\d+)", Path(f"/proc/{gateway.pid}/fdinfo/{fd.name}").read_text())[1], 8)
        except OSError:
            continue                            # closed meanwhile
        if target.startswith("socket:["):
            own.add(target[8:-1])
        if int(fd.name) > 2 and not flags & os.O_CLOEXEC:
            open_to_children.append((fd.name, target))
    assert own, "it has connections"
    for kind in ("tcp", "tcp6"):
        for line in Path(f"/proc/{gateway.pid}/net/{kind}").read_text().splitlines()[1:]:
            words = line.split()
            assert words[9] not in own or words[3] != "0A", f"it listens: {line}"
    for kind in ("udp", "udp6", "raw", "raw6"):
        for line in Path(f"/proc/{gateway.pid}/net/{kind}").read_text().splitlines()[1:]:
            assert line.split()[9] not in own, f"{kind}: {line}"
    for line in Path(f"/proc/{gateway.pid}/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if words[6] in own and int(words[3], 16) & 0x10000:     # its own user's, in its own folder
            assert words[-1].endswith("/state/headgate.sock"), f"it listens: {line}"
            assert (gateway.state / "headgate.sock").stat().st_mode & 0o777 == 0o600
    assert not open_to_children, open_to_children


def test_no_core_is_written_and_credentials_are_nobody_elses(site):
    _, recorder, gateway, plant, password = site
    folder = password.parent / "credentials"
    folder.mkdir()
    (folder / "mqtt").write_text(PASSWORD)
    plant.write_text(plant.read_text().replace(str(password), "credential:mqtt"))
    gateway.environment["CREDENTIALS_DIRECTORY"] = str(folder)
    gateway.start()
    recorder.wait("/value/plant/dev/r0", test=lambda m: m.json["quality"] == rig.GOOD)
    assert resource.prlimit(gateway.pid, resource.RLIMIT_CORE) == (0, 0)
    # What can't be dumped belongs to root in /proc, whoever runs it.
    assert os.stat(f"/proc/{gateway.pid}/environ").st_uid == 0
    assert "others can read" not in gateway.log()
