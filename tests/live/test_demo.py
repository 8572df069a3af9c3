# SPDX-License-Identifier: Apache-2.0
"""scripts/demo runs without a terminal and leaves nothing behind."""
import os
import subprocess
from pathlib import Path

import pytest
import rig

DEMO = rig.CHECKOUT / "scripts" / "demo"


def descendants(marker):
    """Processes that carry our mark in their environment."""
    out = {}
    for proc in Path("/proc").iterdir():
        if proc.name.isdigit() and int(proc.name) != os.getpid():
            try:
                if marker in (proc / "environ").read_bytes():
                    out[int(proc.name)] = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                pass
    return out


@pytest.mark.skipif(not DEMO.exists(), reason="LOUDLY: scripts/demo is not there")
def test_the_demo_shows_a_mine_and_leaves_nothing_behind(tmp_path):
    mark = f"HEADGATE_DEMO_TEST={tmp_path}"
    name, value = mark.split("=", 1)
    folder = tmp_path / "tmp"
    folder.mkdir()
    done = subprocess.run([DEMO, "--seconds", "20"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=400, env={**os.environ, name: value, "TMPDIR": str(folder), "TERM": "dumb"},
                          cwd=tmp_path, check=False, start_new_session=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "\x1b" not in done.stdout, "no terminal, no colours"
    assert "headgate plan plant.yaml" in done.stdout, "it shows the mine: " + done.stdout[:1500]
    assert "Water finds a way through the tailings dam" in done.stdout, "it tells the story: " + done.stdout[-1500:]
    assert "ALARM" in done.stdout, "and what is said of it: " + done.stdout[-1500:]
    assert ": 0 missing" in done.stdout, "nothing is missing: " + done.stdout[-500:]
    assert not descendants(mark.encode()), "no process is left"
    assert not list(folder.iterdir()), "no file is left"
