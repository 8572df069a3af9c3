#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation and every system call of the gateway fails in its turn, with equipment, a broker and
a subscriber around it. A call is known by its site: the function and the places that led there, so
each is made to fail at its first call, at a later one, and from there on. See fail.c.

    inject.py FAIL.so [--all] [--seed N] [--seconds S] [--site HASH] [--part check|run]

Passed is a run in which nobody gets a wrong value as a good one, no number is missing without a gap, the
journal is intact, and the gateway either goes on and is well again, or ends with status 1 before it
has begun and says why; and SIGTERM always ends it within 2 s."""
import argparse
import concurrent.futures
import errno
import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "live"))
# pylint: disable=wrong-import-position
import plc
import rig

SKIP = 77
E = errno
MEMORY = ("malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "mmap", "mmap64")
ERRNOS = {
    "open": (E.EMFILE, E.EACCES, E.EIO), "open64": (E.EMFILE, E.EACCES, E.EIO), "fopen": (E.EMFILE, E.EACCES),
    "fopen64": (E.EMFILE, E.EACCES), "opendir": (E.EMFILE, E.EACCES), "read": (E.EIO, E.EINTR),
    "write": (E.ENOSPC, E.EIO, E.EINTR), "pread": (E.EIO,), "pread64": (E.EIO,), "pwrite": (E.ENOSPC, E.EIO),
    "pwrite64": (E.ENOSPC, E.EIO), "fsync": (E.EIO, E.ENOSPC), "fdatasync": (E.EIO, E.ENOSPC),
    "rename": (E.EACCES, E.ENOSPC), "unlink": (E.EACCES,), "mkdir": (E.EACCES, E.ENOSPC),
    "ftruncate": (E.EIO, E.ENOSPC), "ftruncate64": (E.EIO, E.ENOSPC), "stat": (E.EACCES, E.EIO),
    "stat64": (E.EACCES, E.EIO), "lstat": (E.EACCES,), "lstat64": (E.EACCES,), "fstat": (E.EIO,), "fstat64": (E.EIO,),
    "statvfs": (E.EIO,), "access": (E.EACCES,), "readlink": (E.EACCES,), "flock": (E.ENOLCK, E.EINTR),
    "posix_fallocate": (E.ENOSPC, E.EIO), "getrandom": (E.EAGAIN,), "socket": (E.EMFILE, E.ENOBUFS),
    "connect": (E.ECONNREFUSED, E.EADDRNOTAVAIL, E.EINTR), "bind": (E.EADDRINUSE,),
    "listen": (E.EADDRINUSE,), "setsockopt": (E.ENOBUFS,),
    "getsockopt": (E.ENOBUFS,), "getsockname": (E.ENOBUFS,), "getpeername": (E.ENOTCONN,),
    "send": (E.ECONNRESET, E.EAGAIN, E.EINTR), "sendmsg": (E.ECONNREFUSED,), "recv": (E.ECONNRESET, E.EAGAIN, E.EINTR),
    "getaddrinfo": (E.ENOMEM, E.EMFILE), "poll": (E.EINTR, E.ENOMEM), "ppoll": (E.EINTR, E.ENOMEM),
    "epoll_create1": (E.EMFILE,), "epoll_ctl": (E.ENOSPC, E.ENOMEM), "epoll_wait": (E.EINTR,),
    "epoll_pwait2": (E.EINTR, E.ENOSYS), "eventfd": (E.EMFILE,), "eventfd_read": (E.EAGAIN,),
    "signalfd": (E.EMFILE,), "pthread_create": (E.EAGAIN,), "tcgetattr": (E.EIO,),
    "tcsetattr": (E.EIO,), "tcflush": (E.EIO,), "fcntl": (E.EIO,), "fcntl64": (E.ENOLCK, E.EIO), "ioctl": (E.EIO,),
    "getrlimit": (E.EINVAL,), "setrlimit": (E.EPERM,),
}
WIDE = 8                                    # registers of a device
MAP = {"format": 1, "title": "Words", "source": ["tests/inject"], "verified": "invented",
       "tags": {**{f"r{a}": {"at": f"holding {a}", "type": "u16", "unit": "m"} for a in range(WIDE)},
                "name": {"at": "holding 20", "type": "string", "len": 4}}}
UNITS = {"tcp": 1, "named": 2, "bus": 3}


def word(unit, address):
    return unit * 4099 + address * 13 + 7 & 0x7FFF


def crc(data):
    c = 0xFFFF
    for b in data:
        c ^= b
        for _ in range(8):
            c = c >> 1 ^ 0xA001 if c & 1 else c >> 1
    return struct.pack("<H", c)


class Words(plc.Plc):
    """Each unit's registers tell whose they are."""

    def __init__(self):
        super().__init__()
        self.server.RequestHandlerClass = _Talk


class _Talk(plc._Talk):                     # pylint: disable=protected-access
    def handle(self):
        try:
            while True:
                transaction, _, length = struct.unpack(">HHH", self.exactly(6))
                body = self.exactly(length)
                answer = answer_to(body)
                self.request.sendall(struct.pack(">HHH", transaction, 0, len(answer)) + answer)
        except (ConnectionError, OSError):
            pass


def answer_to(body):
    unit, function, address, count = struct.unpack(">BBHH", body[:6])
    words = [0x4142 if a >= 20 else word(unit, a) for a in range(address, address + count)]
    return struct.pack(f">BBB{count}H", unit, function, 2 * count, *words)


class Bus:
    """A slave on a pty."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        asked = b""
        try:
            while self.open:
                asked += os.read(self.master, 256)
                while len(asked) >= 8:
                    frame, asked = asked[:8], asked[8:]
                    if crc(frame[:6]) == frame[6:]:
                        answer = answer_to(frame)
                        os.write(self.master, answer + crc(answer))
                    else:
                        asked = b""
        except OSError:
            pass

    def end(self):
        self.open = False
        os.close(self.slave)
        os.close(self.master)


class Ear:
    """One subscriber for all runs; each has a root of its own."""

    def __init__(self, port):
        self.recorder = rig.Recorder(port, qos=1)
        self.recorder.on_message = None
        self.heard, self.lock = {}, threading.Lock()
        self.recorder.client.on_message = self.on_message

    def on_message(self, client, me, m):
        m = rig.Message(m)
        with self.lock:
            self.heard.setdefault(m.topic.split("/")[1], []).append(m)

    def of(self, name, since=0):
        with self.lock:
            return self.heard.get(name, [])[since:]

    def forget(self, name):
        with self.lock:
            self.heard.pop(name, None)


class Case:
    """One site and how it fails. site None: nothing does."""

    def __init__(self, site=None, function="", at=1, times=1, number=0, storm=0):
        self.site, self.function, self.at, self.times, self.number, self.storm = site, function, at, times, number, storm

    def environment(self, where, library):
        e = {"LD_PRELOAD": library, "FAIL_LIST": str(where), "MALLOC_PERTURB_": "165"}
        if self.site:
            e.update(FAIL_SITE=self.site, FAIL_AT=str(self.at), FAIL_TIMES=str(self.times), FAIL_ERRNO=str(self.number))
        if self.storm:
            e["FAIL_STORM"] = str(self.storm)
        return e

    def __str__(self):
        if not self.site:
            return f"storm {self.storm}" if self.storm else "nothing fails"
        often = {0: "and on", 1: "once"}.get(self.times, f"{self.times} times")
        return f"{self.function} {self.site} call {self.at} {often} {errno.errorcode.get(self.number, self.number)}"


def sites_in(path):
    """{hash: [function, calls]} and whether the injection came to pass."""
    sites, failed = {}, False
    for line in path.read_text().splitlines() if path.exists() else ():
        w = line.split()
        if w[0] == "site":
            sites.setdefault(w[1], [w[2], 1])
        elif w[0] == "calls" and w[1] in sites:
            sites[w[1]][1] = int(w[2])
        elif w[0] == "failed":
            failed = True
    return sites, failed


def places(path):
    """Where in the program that was, if there is something to tell it with."""
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("failed ") and shutil.which("addr2line"):
            # What is returned to stands behind the call.
            where = [hex(int(x, 16) - 1) for x in line.split(" at ")[1].split() if int(x, 16)]
            told = subprocess.run(["addr2line", "-fse", rig.binary(), *where], capture_output=True, text=True, check=False)
            words = told.stdout.split()
            return " < ".join(f"{a} {b}" for a, b in zip(words[::2], words[1::2]))
    return "?"


class World:
    def __init__(self, directory, library):
        self.directory, self.library = Path(directory), library
        self.broker = rig.Broker(self.directory / "broker").start()
        self.plc, self.ear = Words(), Ear(self.broker.port)
        self.counter, self.lock = 0, threading.Lock()

    def end(self):
        self.ear.recorder.end()
        self.broker.child.kill()
        self.plc.stop()

    def number(self):
        with self.lock:
            self.counter += 1
            return self.counter

    def plant(self, where, name, bus):
        lines = {"tcp": {"connect": f"tcp://127.0.0.1:{self.plc.port}"}, "named": {"connect": f"tcp://localhost:{self.plc.port}"},
                 "bus": {"connect": f"rtu://{bus}", "baud": 115200, "parity": "none"}}
        for line in lines.values():
            line.update(timeout="300ms", reconnect={"min": "50ms", "max": "500ms"})
        devices = {n: {"map": "words", "line": n, "unit": u, "area": "plant", "every": "100ms"} for n, u in UNITS.items()}
        return rig.write_plant(
            where, self.broker.port, lines, devices, {"words": MAP}, mqtt={"root": f"t/{name}", "client_id": name},
            tick="20ms", derived={"plant/tcp/sum": {"of": {"a": "plant/tcp/r0", "b": "plant/tcp/r1"}, "is": "a + b"}},
            alarms={"plant/tcp/high": {"tag": "plant/tcp/r0", "above": 10, "about": "High"}},
            leaks={"lim": {"kind": "limit", "area": "plant", "tag": "plant/bus/r0", "h": 10, "about": "Wet", "for": "0s"}},
            equipment={"box": {"class": "switchgear", "area": "plant", "floor": "9000 m", "water": "plant/named/r0"}},
            commands={"allow": ["alarms", "incidents", "replay"]})


def values_of(m):
    """Good values of a message: [(device, tag, value)]."""
    part = m.topic.split("/")
    if "/value/" in m.topic and m.payload:
        if m.json.get("quality") == rig.GOOD:
            yield part[-2], part[-1], m.json["value"]
    elif "/history/" in m.topic and "values" in m.json:
        for tag, x in m.json["values"].items():
            yield part[-1], tag, x


def wrong(m):
    for device, tag, x in values_of(m):
        if device in UNITS and tag[0] == "r" and tag[1:].isdigit() and x != word(UNITS[device], int(tag[1:])):
            return f"{device}/{tag} is {x}: {m}"
        if tag == "name" and x != "ABABABAB":
            return f"{device}/{tag} is {x!r}: {m}"
        if tag == "sum" and x != word(1, 0) + word(1, 1):
            return f"sum is {x}: {m}"
    return None


def holes(rows, gaps, first=1):
    """Numbers that are neither there nor in a gap."""
    have = set(rows)
    for a, b in gaps:
        have.update(range(a, b + 1))
    return [n for n in range(first, max(have, default=0) + 1) if n not in have]


def journal_trouble(where):
    if not where.exists():
        return None
    db = sqlite3.connect(where)
    try:
        verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            return f"journal: {verdict}"
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'lane'").fetchone():
            return None                     # it ended before there was one
        for lane, name in enumerate(("history", "event", "audit")):
            rows = [r[0] for r in db.execute(f"SELECT seq FROM {name}")]
            gaps = db.execute("SELECT from_seq, to_seq FROM gap WHERE lane = ?", (lane,)).fetchall()
            acked = db.execute("SELECT acked FROM lane WHERE lane = ?", (lane,)).fetchone()[0]
            # What was acknowledged may have made room on a full disk.
            out = holes(rows, gaps, min(acked + 1, min(rows, default=1)))
            if out:
                return f"journal: {name} misses {out[:10]} of {max(rows)}"
    finally:
        db.close()
    return None


def told_trouble(messages):
    by_epoch = {}
    for m in messages:
        if "/history/" in m.topic or "/event/" in m.topic:
            lane = by_epoch.setdefault((m.json["epoch"], m.topic.split("/")[3]), ([], []))
            lane[0].append(m.json["seq"])
            if "gap" in m.json:
                lane[1].append((m.json["gap"]["from_seq"], m.json["gap"]["to_seq"]))
    epochs = {e for e, _ in by_epoch}
    for (epoch, lane), (rows, gaps) in by_epoch.items():
        out = holes(rows, gaps)
        if out and len(epochs) == 1:
            return f"the subscriber misses {lane} {out[:10]} of {max(rows)}"
    return None


class Run:
    """The gateway lives through one case."""

    def __init__(self, world, case):
        self.world, self.case, self.name = world, case, f"n{world.number()}"
        self.where = world.directory / self.name
        self.list = self.where / "sites"
        self.where.mkdir()
        self.trouble = []

    def fresh(self, since):
        """Devices with good values from message `since` on."""
        return {d for m in self.world.ear.of(self.name, since) if "/history/" in m.topic for d, t, _ in values_of(m) if t == "r1"}

    def wait(self, condition, seconds):
        end = time.monotonic() + seconds * rig.PATIENCE
        while time.monotonic() < end:
            if self.child.poll() is not None:
                return False
            if condition():
                return True
            time.sleep(0.02)
        return condition()

    def log(self):
        return (self.where / "log").read_text(errors="replace")

    def command(self, verb, **words):
        self.world.ear.recorder.client.publish(f"t/{self.name}/site/cmd/gw/{verb}", json.dumps({**words, "sent": rig.now_ms()}), 1)

    def live(self):
        ear = self.world.ear
        self.wait(lambda: len(self.fresh(0)) == 3, 8 if self.case.times else 2)
        self.command("ack", id="1", client="c", user="Ann", alarm="plant/tcp/high")
        self.command("incident", id="2", client="c", user="Ann", op="open")
        self.command("replay", id="3", client="c", lane="history", from_seq=1, to_seq=5)
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGHUP)
        self.wait(lambda: "reload" in self.log(), 3)
        mark = len(ear.of(self.name))
        for_good = self.case.site and not self.case.times
        well = self.wait(lambda: len(self.fresh(mark)) == 3, 2 if for_good else 20)
        if self.child.poll() is None and not well and not for_good:
            self.trouble.append(f"it is not well again: only {sorted(self.fresh(mark))} give values")

    def end(self):
        if self.child.poll() is None:
            begun = time.monotonic()
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20 * rig.PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
            took = time.monotonic() - begun
            if took > 2.5 * rig.PATIENCE:
                self.trouble.append(f"SIGTERM took {took:.1f} s")
            log = self.log()
            if self.child.returncode not in ((0,) if "started:" in log and "can't be read" not in log else (0, 1)):
                self.trouble.append(f"it ended with {self.child.returncode} when told to end")

    def judge(self):
        status, log = self.child.returncode, self.log()
        if status < 0:
            self.trouble.append(f"died of signal {-status}")
        elif self.died and (status != 1 or not self.case.site or "started:" in log and "can't be read" not in log):
            self.trouble.append(f"ended by itself with status {status}" + (" while running" if "started:" in log else ""))
        elif self.died and not log.strip():
            self.trouble.append("ended without a word")
        if "Assertion" in log:
            self.trouble.append("an assertion failed")
        messages = self.world.ear.of(self.name)
        self.trouble += [w for w in map(wrong, messages) if w][:2]
        self.trouble += [t for t in (journal_trouble(self.where / "state" / "journal.db"), told_trouble(messages)) if t]

    def go(self):
        bus = Bus()
        plant = self.world.plant(self.where / "plant", self.name, bus.path)
        environment = {**os.environ, "HEADGATE_MAPS": str(rig.CHECKOUT / "maps"), **self.case.environment(self.list, self.world.library)}
        with open(self.where / "log", "wb") as log:
            self.child = subprocess.Popen([rig.binary(), "run", plant, "--state", self.where / "state"], env=environment,
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.live()
            self.died = self.child.poll() is not None
            self.end()
            time.sleep(0.1)
            self.judge()
        finally:
            if self.child.poll() is None:
                self.child.kill()
                self.child.wait()
            bus.end()
        sites, failed = sites_in(self.list)
        told = places(self.list) if self.trouble else ""
        if not self.trouble:
            shutil.rmtree(self.where)
        self.world.ear.forget(self.name)
        return sites, failed, self.trouble, self.where, told


class Check:
    """headgate check or plan: what it says must be what it always says, or it fails and says so."""

    expected = {}

    @staticmethod
    def lines(said):
        """Remarks that were only counted for want of memory, or told twice, are told."""
        text = said.decode()
        return None if "\nand " in "\n" + text else {line for line in text.splitlines() if " files, " not in line}

    def __init__(self, world, case, verb="check"):
        self.world, self.case, self.verb = world, case, verb

    def go(self):
        where = self.world.directory / f"c{self.world.number()}"
        environment = {**os.environ, "HEADGATE_MAPS": str(rig.CHECKOUT / "maps"), **self.case.environment(where, self.world.library)}
        trouble = []
        try:
            done = subprocess.run([rig.binary(), self.verb, self.world.checked], env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=20 * rig.PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return {}, True, ["it hangs"], where, places(where)
        said = done.stdout + done.stderr
        if not self.case.site:
            Check.expected[self.verb] = Check.lines(said)
        if done.returncode < 0:
            trouble.append(f"died of signal {-done.returncode}: {said[-300:]!r}")
        elif done.returncode == 0 and Check.lines(said) not in (None, Check.expected[self.verb]):
            trouble.append(f"says that all is well, and something else than usual: {said[-600:]!r}")
        elif done.returncode and not said.strip():
            trouble.append("fails without a word")
        sites, failed = sites_in(where)
        told = places(where) if trouble else ""
        if where.exists():
            where.unlink()
        return sites, failed, trouble, where, told


def cases_of(sites, whole):
    """Each site: its first call, a later one; whole: with all that can be wrong, and for good."""
    out = []
    for site, (function, calls) in sorted(sites.items()):
        numbers = (E.ENOMEM,) if function in MEMORY else ERRNOS[function]
        later = max(2, calls // 2)
        for n in numbers if whole else numbers[:1]:
            out.append(Case(site, function, 1, 1, n))
        if calls > 1:
            out.append(Case(site, function, later, 1, numbers[-1]))
            out.append(Case(site, function, later, 4, numbers[0]))
        # Some failures pass by their nature, and a lock that can never be had ends in minutes of SQLite's
        # own patience; disks don't do that.
        if whole and function not in ("fcntl", "fcntl64") and numbers[0] not in (E.EINTR, E.EAGAIN):
            out.append(Case(site, function, 1, 0, numbers[0]))
    return out


def play(kind, world, cases, workers, deadline, report):
    """Runs them side by side until the time is up."""
    done = reached = 0
    found = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting, left = {}, list(cases)
        while left or waiting:
            while left and len(waiting) < workers and time.monotonic() < deadline:
                case = left.pop()
                waiting[pool.submit(lambda c=case: kind(world, c).go())] = case
            if not waiting:
                break
            for f in concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)[0]:
                case = waiting.pop(f)
                _, failed, trouble, where, told = f.result()
                done += 1
                reached += failed
                if trouble:
                    found.append((case, trouble))
                    print(f"FOUND {case}: {'; '.join(trouble)}\n      at {told}; see {where}", flush=True)
    report.append(f"{done} of {len(cases)} cases, {reached} came to pass, {len(found)} found")
    return found


def main():
    p = argparse.ArgumentParser()
    p.add_argument("library")
    p.add_argument("--all", action="store_true", default=rig.LONG)
    p.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    p.add_argument("--seconds", type=float, default=30)
    p.add_argument("--site")
    p.add_argument("--part", choices=("check", "run", "both"), default="both")
    p.add_argument("--workers", type=int, default=6)
    p.add_argument("--keep", help="where to work, and to leave what was found")
    a = p.parse_args()
    if not rig.MOSQUITTO or not rig.binary():
        print("SKIPPED: mosquitto or the gateway is not there")
        return SKIP
    random.seed(a.seed)
    print(f"seed {a.seed}", flush=True)
    directory = Path(a.keep) if a.keep else Path(tempfile.mkdtemp(prefix="headgate-inject-"))
    directory.mkdir(parents=True, exist_ok=True)
    world = World(directory, str(Path(a.library).resolve()))
    deadline = time.monotonic() + (1e9 if a.all or a.site else a.seconds)
    found, report = [], []
    try:
        world.checked = world.plant(directory / "checked", "checked", "/dev/ttyS0")
        for verb in ("check", "plan") if a.part != "run" else ():
            sites = Check(world, Case(), verb).go()[0]
            cases = [c for c in cases_of(sites, True) if not a.site or c.site == a.site]
            random.shuffle(cases)
            share = deadline if a.all else min(deadline, time.monotonic() + a.seconds / 8)
            mine = []
            found += play(lambda w, c, v=verb: Check(w, c, v), world, cases, 2, share, mine)
            report.append(f"headgate {verb}: {len(sites)} sites, {mine[0]}")
        if a.part != "check":
            sites = {}
            for _ in range(3 if a.all else 1):
                more, _, trouble, where, _ = Run(world, Case()).go()
                sites.update(more)
                if trouble:
                    print(f"FOUND without any failure: {trouble} see {where}")
                    found.append((Case(), trouble))
            cases = [c for c in cases_of(sites, a.all) if not a.site or c.site == a.site]
            random.shuffle(cases)
            if not a.site:
                cases.append(Case(storm=200))
            mine = []
            found += play(Run, world, cases, a.workers, deadline, mine)
            kinds = Counter(f for f, _ in sites.values())
            report.append(f"headgate run: {len(sites)} sites ({', '.join(f'{k} {n}' for k, n in kinds.most_common())}), {mine[0]}")
    finally:
        world.end()
        if not found and not a.keep:
            shutil.rmtree(directory, ignore_errors=True)
    print("\n".join(report))
    if found:
        print(f"again: {sys.argv[0]} {a.library} --seed {a.seed}, or with --site HASH; what is left of it: {directory}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
