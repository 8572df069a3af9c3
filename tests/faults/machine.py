# SPDX-License-Identifier: Apache-2.0
"""What the rows of the machine do to it: disks made of a file, system calls that fail, limits. All of
it is taken back when the stand ends."""
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

import rig
from stand import need

FAKETIME = next((p for p in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


def sanitized():
    """Whether the binary is a sanitizer's, before whose library nothing can be preloaded."""
    text = Path(rig.binary()).read_bytes()
    return b"__asan_init" in text or b"__tsan_init" in text


def run(*words, **options):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          **options)


# ---- disks

def state_folder(stand):
    """Where the gateway will keep its state; something may be mounted there before it starts."""
    where = stand.directory / "gateway" / "state"
    where.mkdir(parents=True, exist_ok=True)
    return where


def mounted(stand, *words):
    """mount WORDS onto the state folder."""
    where = state_folder(stand)
    done = run("mount", *words, where)
    need(done.returncode == 0, f"no right to mount here: {done.stderr.strip()}")
    stand.enders.append(lambda: run("umount", "-l", where))
    return where


def image(stand, name="disk.img", size=64 << 20):
    """A file with an ext4 in it."""
    need(shutil.which("mkfs.ext4"), "mkfs.ext4 (e2fsprogs) is not installed")
    path = stand.directory / name
    with open(path, "wb") as f:
        f.truncate(size)
    done = run("mkfs.ext4", "-q", "-F", path)
    assert done.returncode == 0, done.stderr
    return path


def fill(folder):
    """Takes what room is left on a disk. Returns the file."""
    path = folder / "somebody-elses"
    with open(path, "wb", buffering=0) as f:
        for piece in (65536, 4096, 512):
            with contextlib.suppress(OSError):
                while f.write(bytes(piece)) == piece:
                    pass
    return path


def rows_on_disk(stand, lane="history"):
    """What the journal of a gateway that is not running holds: {seq: payload}. Read from a copy."""
    with tempfile.TemporaryDirectory(dir=stand.directory) as folder:
        for tail in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(f"{stand.box.journal}{tail}", f"{folder}/journal.db{tail}")
        with contextlib.closing(sqlite3.connect(f"{folder}/journal.db")) as db:
            return dict(db.execute(f"SELECT seq, payload FROM {lane}"))


# ---- system calls

class Tampered:
    """strace lies to a running gateway about some system calls, from now until end()."""

    def __init__(self, stand, *inject):
        need(shutil.which("strace"), "strace is not installed")
        calls = ",".join(sorted({c for i in inject for c in i.split(":")[0].split(",")}))
        log = stand.directory / "strace.log"
        log.write_text("")
        self.child = rig.Child(["strace", "-f", "-qq", "-e", f"trace={calls}", *(w for i in inject for w in ("-e", f"inject={i}")),
                                "-e", "signal=none", "-o", "/dev/null", "-p", stand.box.pid], log)
        stand.enders.append(self.child.kill)
        status = Path(f"/proc/{stand.box.pid}/status")
        rig.wait_for(lambda: f"TracerPid:\t{self.child.pid}" in status.read_text() or not self.child.running(), 5,
                     lambda: "strace is attached: " + log.read_text())
        need(self.child.running(), f"strace may not attach here: {log.read_text().strip()}")
        time.sleep(0.1)                         # to all threads

    def end(self):
        if self.child.running():
            self.child.process.send_signal(signal.SIGTERM)
            self.child.process.wait(10)


def tampering(stand, *inject):
    """make and cure for stand.trouble."""
    held, made = [], []

    def make():
        # A leak check at the end can't be had while somebody traces.
        if not made or not sanitized():
            held.append(Tampered(stand, *inject))
        made.append(True)

    def cure():
        while held:
            held.pop().end()

    return make, cure


# A disk that hangs, preloaded: strace could make it wait as well, but holds on to whoever it has
# stopped, so that nobody could end meanwhile.
HANGS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int held(int fd, const char *name)
{
    while (access(getenv("HANG_WHILE"), F_OK) == 0)
        usleep(5000);
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}

int fdatasync(int fd) { return held(fd, "fdatasync"); }
int fsync(int fd) { return held(fd, "fsync"); }
"""


def hanging_disk(stand):
    """Before the gateway starts. While the file that this returns exists no fsync comes back."""
    need(shutil.which("cc"), "there is no C compiler")
    need(not sanitized(), "nothing can be preloaded before a sanitizer")
    source, library = stand.directory / "hangs.c", stand.directory / "hangs.so"
    source.write_text(HANGS)
    done = run("cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl")
    assert done.returncode == 0, done.stderr
    stand.box.environment.update(LD_PRELOAD=str(library), HANG_WHILE=str(stand.directory / "hang"))
    return stand.directory / "hang"


# ---- looks

def fresh(stand, seconds=5, devices=None):
    """Each device has history newer than this moment. How long that took."""
    since, begun = stand.tape.count(), time.monotonic()

    def absent():
        heard = {f["device"] for f in rig.frames(stand.tape.all("/history/", since)) if f.get("values")}
        return sorted(set(devices or stand.unit_of) - heard)

    rig.wait_for(lambda: not absent(), seconds, lambda: f"history goes on; not of {absent()}\n{stand.box.log()[-2000:]}")
    return time.monotonic() - begun


def one_meaning(stand):
    """No number of an epoch was given to two rows."""
    first = {}
    for m in stand.tape.all():
        for lane in ("/history/", "/event/", "/audit/"):
            if lane in m.topic and m.payload:
                key = (lane, m.json["epoch"], m.json["seq"])
                assert first.setdefault(key, m.payload) == m.payload, f"{key} has two meanings"


def epochs(stand):
    return {m.json["epoch"] for m in stand.tape.all("/history/")}


def polls(stand, seconds, line="sick"):
    """How often each question came to the devices in the next seconds."""
    stand.sick.command(do="reset")
    time.sleep(seconds)
    asked = stand.sick.command(do="stats")[line]["asked"]
    out = {}
    for unit, times in asked.items():
        for at, *question in times:
            out.setdefault((unit, *question), []).append(at)
    return out
