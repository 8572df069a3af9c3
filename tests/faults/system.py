# SPDX-License-Identifier: Apache-2.0
"""Rows of the machine that the gateway runs on."""
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import rig
from machine import (FAKETIME, epochs, fill, fresh, hanging_disk, image, mounted, one_meaning, polls, rows_on_disk, run,
                     sanitized, tampering)
from rows import row
from stand import RECOVERY_S, STOP_S, need


# ---- the process ends without warning

@row("S01", "the gateway is killed (SIGKILL) at any moment",
     "`gateway/...` `offline` by its will; then the numbers go on in the same epoch: what was on disk comes, no number is "
     "missing, none means two things", "5 s after the restart")
def killed(stand):
    stand.modbus(bystander=False)
    chance, kept = random.Random(stand.seed), set()
    for _ in range(100 if rig.LONG else 4):
        time.sleep(chance.uniform(0.02, 0.6))
        since = stand.tape.count()
        stand.box.kill()
        kept |= set(rows_on_disk(stand))
        stand.tape.wait("/gateway/gw", 5, since, lambda m: m.json["state"] == "offline" and m.json["reason"] == "will")
        stand.box.start()
        took = fresh(stand)

    def unheard():
        return sorted(kept - {f["seq"] for f in rig.frames(stand.tape.all("/history/"))})

    rig.wait_for(lambda: not unheard(), RECOVERY_S, lambda: f"all rows that were on disk are heard; not {unheard()[:20]}")
    assert len(epochs(stand)) == 1
    one_meaning(stand)
    stand.figures.append(f"{len(kept)} rows were on disk at a kill, all came; history {took:.2f} s after the last restart")


@row("S02", "the power fails (an ext4 as it lies on the disk at that instant)",
     "the same as after a kill: every number that a subscriber has seen is on the disk (tests/kills has more of it)",
     "5 s after the restart")
def power_cut(stand):
    disk = image(stand)
    state = mounted(stand, "-o", "loop", disk)
    stand.modbus(bystander=False)
    for cut in range(20 if rig.LONG else 2):
        time.sleep(0.7)
        os.kill(stand.box.pid, signal.SIGSTOP)
        time.sleep(0.1)                         # what it sent arrives
        seen = max(f["seq"] for f in rig.frames(stand.tape.all("/history/")))
        after = stand.directory / f"disk{cut}.img"
        shutil.copy(disk, after)                # without what only the page cache knows
        stand.box.kill()
        assert run("umount", state).returncode == 0
        disk.unlink()
        disk = after
        assert run("mount", "-o", "loop", disk, state).returncode == 0
        kept = rows_on_disk(stand)
        assert max(kept) >= seen, f"{seen} was published, the disk knows {max(kept)}"
        stand.box.start()
        took = fresh(stand)
    assert len(epochs(stand)) == 1
    one_meaning(stand)
    stand.figures.append(f"history {took:.2f} s after the restart")


def cgroup(stand, limit):
    """A folder of control files with a limit of memory."""
    name = f"headgate-test-{os.getpid()}"
    for base, file in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        folder = Path(base) / name
        try:
            folder.mkdir()
        except OSError:
            continue
        stand.enders.append(folder.rmdir)
        if (folder / file).exists():
            (folder / file).write_text(str(limit))
            return folder
    need(False, "no right to limit memory by a control group here")


HOG = """import os, sys, time
open(sys.argv[1], "w").write(str(os.getpid()))
x = []
while True:
    x.append(bytearray(b"x" * 1048576))
    time.sleep(0.005)"""


@row("S08", "the machine runs out of memory and the kernel kills the gateway",
     "the same as after a kill; the unit file asks to be the last to go (OOMScoreAdjust) and is restarted",
     "5 s after the restart")
def out_of_memory(stand):
    folder = cgroup(stand, 96 << 20)
    stand.modbus(bystander=False)
    (folder / "cgroup.procs").write_text(str(stand.box.pid))
    Path(f"/proc/{stand.box.pid}/oom_score_adj").write_text("1000")
    # Several, none of which is dearer than the one that was made the kernel's favourite.
    hogs = [rig.Child(["/usr/bin/python3", "-ISc", HOG, folder / "cgroup.procs"], stand.directory / "hog.log") for _ in range(4)]
    stand.enders += [hog.kill for hog in hogs]
    rig.wait_for(lambda: not stand.box.child.running(), 15, "the kernel kills the gateway")
    for hog in hogs:
        hog.kill()
    assert stand.box.child.process.returncode == -signal.SIGKILL
    kept = set(rows_on_disk(stand))
    stand.box.start()
    fresh(stand)
    assert kept <= {f["seq"] for f in rig.frames(stand.tape.all("/history/"))}
    assert len(epochs(stand)) == 1
    one_meaning(stand)


# ---- the disk

def quiet_gaps(stand, before):
    """Since message `before` no frame was told as lost."""
    assert not [m for m in stand.tape.all("/history/", before) if "gap" in m.json]


def still_told(stand, seconds=1.0):
    """Live values go on: of the registers that hold the time."""
    since = stand.tape.count()
    rig.wait_for(lambda: len({m.topic for m in stand.tape.all("/value/", since)}) >= 3, seconds + 2, "live values go on")


def trouble_told(stand, words, seconds=5):
    """stats say it while it lasts, without waiting for their ten seconds."""
    begun = time.monotonic()
    stand.tape.wait("/stats/gw", seconds, stand.since, lambda m: words in (m.json.get("journal_trouble") or ""))
    stand.figures.append(f"told after {time.monotonic() - begun:.2f} s")


def well_told(stand, words):
    """And afterwards an event says that it was, and another one that it is over."""
    stand.event("journal-trouble", 10, lambda m: words in m.json["text"])
    stand.event("journal-well", 10)


@row("S03", "the disk is full",
     "nothing is missing: acknowledged rows give way before `keep` is over; stats `journal_trouble`, events "
     "`journal-trouble`, `journal-well`; values and history go on", "5 s; the file grows again 5 s after there is room")
def disk_full(stand):
    state = mounted(stand, "-t", "tmpfs", "-o", "size=4m", "none")
    stand.every_ms = 50
    stand.modbus(units=(1, 2, 3))
    taken = state / "somebody-elses"
    with stand.trouble(lambda: fill(state), taken.unlink):
        trouble_told(stand, "the disk is full", 10)
        still_told(stand)
        fresh(stand)
    well_told(stand, "the disk is full")
    quiet_gaps(stand, 0)


@row("S03", "the disk is full and the broker silent",
     "the newest rows are kept, the oldest given up: frames with `gap` say which; stats `dropped`, `journal_trouble`",
     "with the broker")
def disk_full_and_broker_silent(stand):
    state = mounted(stand, "-t", "tmpfs", "-o", "size=16m", "none")
    stand.gaps_allowed = True
    busy(stand, every_ms=50)
    stand.box.start()
    fresh(stand, devices=["plant/d0"])
    os.kill(stand.net.child.pid, signal.SIGSTOP)
    taken = fill(state)
    rig.wait_for(lambda: "are given up" in stand.box.log(), 19, lambda: "rows are given up\n" + stand.box.log()[-1500:])
    since = stand.tape.count()
    os.kill(stand.net.child.pid, signal.SIGCONT)
    gap = stand.tape.wait("/history/", 10, since, lambda m: "gap" in m.json).json["gap"]
    fresh(stand, devices=["plant/d0"])
    lane = stand.tape.wait("/stats/gw", 12, since, lambda m: m.json["lanes"]["history"]["dropped"] > 0).json["lanes"]["history"]
    assert lane["acquired"] == lane["acknowledged"] + lane["waiting"] + lane["dropped"], lane
    stand.since = since
    taken.unlink()
    stand.event("journal-trouble", 30)
    stand.event("journal-well", 30)
    stand.figures.append(f"given up and told: {gap}")
    stand.again = lambda: fill(state)


@row("S04", "the file system turns read-only (ext4 after an error)",
     "values and the plant go on; stats `journal_trouble`; rows wait in memory and come when it can be written again: "
     "none missing", "5 s")
def read_only(stand):
    disk = image(stand)
    state = mounted(stand, "-o", "loop,errors=remount-ro", disk)
    device = run("findmnt", "-n", "-o", "SOURCE", state).stdout.strip()
    trigger = Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error")
    need(trigger.exists(), "this kernel can't make an ext4 fail on request")
    stand.modbus()
    fixed = stand.directory / "fixed.img"

    def cure():
        shutil.copy(disk, fixed)
        run("e2fsck", "-fy", fixed)
        assert run("umount", "-l", state).returncode == 0
        assert run("mount", "-o", "loop", fixed, state).returncode == 0

    with stand.trouble(lambda: trigger.write_text("1"), cure):
        trouble_told(stand, "the journal can't be written")
        still_told(stand)
    fresh(stand)
    well_told(stand, "can't be written")
    stand.again = None


@row("S05", "fsync fails (EIO)",
     "nothing that may not be on disk is published: history waits, values go on; stats `journal_trouble`; then all of it "
     "comes, none missing", "5 s")
def fsync_fails(stand):
    stand.modbus()
    make, cure = tampering(stand, "fdatasync,fsync:error=EIO")
    with stand.trouble(make, cure):
        trouble_told(stand, "the disk fails")
        still_told(stand)
        begun = time.time() * 1000
        since = stand.tape.count()
        time.sleep(1)
        late = [f for f in rig.frames(stand.tape.all("/history/", since)) if f["timestamp"] > begun]
        assert not late, "rows that fsync had not confirmed were published"
    fresh(stand)
    well_told(stand, "the disk fails")
    assert len(epochs(stand)) == 1


@row("S05", "writing fails (EIO)", "as above", "5 s")
def write_fails(stand):
    stand.modbus()
    make, cure = tampering(stand, "pwrite64,fdatasync:error=EIO")
    with stand.trouble(make, cure):
        trouble_told(stand, "the disk fails")
        still_told(stand)
    fresh(stand)
    well_told(stand, "the disk fails")
    assert len(epochs(stand)) == 1


@row("S06", "the disk is slow (each fsync takes half a second)",
     "polls keep their times, values go on; history comes up to a second late, none missing", "at once")
def slow_disk(stand):
    stand.every_ms = 100
    stand.modbus(bystander=False)
    before = polls(stand, 2)
    make, cure = tampering(stand, "fdatasync,fsync:delay_exit=500000")
    with stand.trouble(make, cure, bystander=False):   # looks itself, beside how it was before
        still_told(stand)
        since = stand.tape.count()
        after = polls(stand, 3)
        waited = [m.wall * 1000 - m.json["timestamp"] for m in stand.tape.all("/history/", since)]
        assert waited and max(waited) > 400, f"the disk was to be slow: {waited[-5:]}"
    few, many = min(len(t) for t in before.values()), min(len(t) for t in after.values())
    assert set(after) == set(before) and many >= 0.9 * 1.5 * few, f"{few} polls in 2 s before, {many} in 3 s beside a slow disk"
    gaps = sorted(b - a for times in after.values() for a, b in zip(times, times[1:], strict=False))
    assert gaps[int(0.99 * len(gaps))] < 0.3 * rig.PATIENCE, f"a poll waited for the disk: {gaps[-5:]}"
    stand.figures.append(f"polls in 2 s: {few}; beside a slow disk in 3 s: {many}, 99 % within {gaps[int(0.99 * len(gaps))]:.3f} s")
    # A tracer lets go of its process only when the pause is over, and that is not the gateway's time.
    stand.again, _ = tampering(stand, "fdatasync,fsync:delay_exit=150000")


# ---- memory, descriptors, threads

@row("S07", "memory is refused while it runs (tests/inject: each allocation in turn)",
     "polls and values go on; what needs memory is refused: event `reload-refused`; with memory again it is done", "at once")
def no_memory(stand):
    need(not sanitized(), "a sanitizer ends the process when memory is refused")
    stand.modbus()
    path = Path(stand.box.words[2])
    good = path.read_text()

    def make():
        size = stand.box.status("VmSize") * 1024
        resource.prlimit(stand.box.pid, resource.RLIMIT_AS, (size + (64 << 10), resource.RLIM_INFINITY))

    def cure():
        resource.prlimit(stand.box.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    with stand.trouble(make, cure):
        more = "".join(f"  more-{n}: {{map: faulty, line: sick, unit: 1, area: plant, every: 1s}}\n" for n in range(400))
        path.write_text(good.replace("devices:\n", "devices:\n" + more))
        os.kill(stand.box.pid, signal.SIGHUP)
        assert "memory" in stand.event("reload-refused").json["text"]
        still_told(stand)
        fresh(stand)
        path.write_text(good)
    os.kill(stand.box.pid, signal.SIGHUP)
    stand.event("reloaded")
    fresh(stand)


@row("S09", "no descriptor is left while it runs",
     "lines that are open go on; one that must connect again: quality 8 or 24, with the reason; no other is harmed", "1 poll")
def no_descriptors(stand):
    stand.modbus(apart=True)

    def make():
        resource.prlimit(stand.box.pid, resource.RLIMIT_NOFILE, (3, 4096))
        stand.sick.command(do="fault", line="sick", names=["reset"], rate=1.0)

    def cure():
        stand.sick.command(do="rate", line="sick", rate=0.0)
        resource.prlimit(stand.box.pid, resource.RLIMIT_NOFILE, (1024, 4096))

    with stand.trouble(make, cure):
        rig.wait_for(lambda: "open files" in stand.box.log() or "descriptor" in stand.box.log(), 5,
                     lambda: "the log names it\n" + stand.box.log()[-1500:])
        stand.since = 0
        rig.wait_for(lambda: len(stand.not_good(stand.sick_devices())) == 72, 5, "the tags of that line are bad")
    if sanitized():
        stand.again = None                      # its report at the end wants a descriptor, too


@row("S09", "fewer descriptors are allowed at start than there are lines",
     "those lines that got one are polled; the others: device `offline` with the reason, tried again", "at once")
def few_descriptors(stand):
    stand.modbus(lines=8, start=False, bystander=False)
    stand.box.words = ["prlimit", "--nofile=30:30", *stand.box.words]
    stand.box.start()
    rig.wait_for(lambda: "raise LimitNOFILE=" in stand.box.log(), 10, lambda: "it warns\n" + stand.box.log()[-1500:])
    rig.wait_for(lambda: len(stand.not_good()) < 8 * 72, 5, "some lines are polled")
    time.sleep(1)
    polled = {"/".join(t.split("/")[:2]) for t, m in stand.newest().items() if m.json["quality"] == rig.GOOD}
    starved = sorted(set(stand.unit_of) - polled)
    assert starved, "30 descriptors were to be too few"
    for device in starved:
        stand.state("offline", device)
        stand.bad(8, "open files", device=device)
    stand.figures.append(f"{len(polled)} lines polled, {len(starved)} without a descriptor")


@row("S10", "no thread can be started (at start)", "nothing: it ends with status 1 and says why; systemd tries again", "at once")
def no_thread(stand):
    need(shutil.which("strace"), "strace is not installed")
    stand.modbus(start=False, bystander=False)
    words = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,clone", "-e",
             "inject=clone3,clone:error=EAGAIN", *stand.box.words]
    stand.box.words, right = words, stand.box.words
    stand.box.start()
    rig.wait_for(lambda: not stand.box.child.running(), 10, "it ends")
    said = stand.box.log()
    need("PTRACE" not in said, f"strace may not trace here: {said.strip()}")
    assert stand.box.child.process.returncode == 1 and "thread" in said, said
    stand.box.words = right
    stand.box.start()
    stand.all_good(15)


@row("S10", "no thread can be started (when a host name is to be looked up)",
     "that line: quality 8, device `offline` with the reason, tried again; no other is harmed", "1 poll")
def no_thread_to_resolve(stand):
    need(shutil.which("strace"), "strace is not installed")
    stand.modbus(start=False)
    path = Path(stand.box.words[2])
    port = stand.sick.where["sick"].rpartition(":")[2]
    path.write_text(path.read_text().replace(f"tcp://127.0.0.1:{port}", f"tcp://localhost:{port}"))
    right = stand.box.words
    # The first thread is the broker's.
    stand.box.words = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,clone", "-e",
                       "inject=clone3,clone:error=EAGAIN:when=2+", *right]
    stand.box.start()
    stand.all_good(10, ["plant/well-99"])
    stand.bad(8, "thread")
    stand.state("offline")
    os.kill(stand.box.status("TracerPid"), signal.SIGKILL)
    took = stand.all_good(RECOVERY_S + 1)
    stand.figures.append(f"all good {took:.2f} s after there were threads again")


# ---- time

@row("S11", "the wall clock is set (by an hour, by ten years, either way)",
     "event `clock-stepped` with `from` and `to`; no poll is missed, nothing turns stale, `seq` rises; stats `clock` says "
     "whether anybody keeps it", "at once")
def clock_set(stand):
    need(FAKETIME, "libfaketime is not installed")
    need(not sanitized(), "nothing can be preloaded before a sanitizer")
    clock = stand.directory / "clock"
    clock.write_text("+0s\n")
    stand.every_ms = 100
    stand.modbus(start=False, bystander=False)
    stand.unit_of = {}                          # its registers tell the time of another clock
    stand.box.environment.update(LD_PRELOAD=str(FAKETIME), FAKETIME_TIMESTAMP_FILE=str(clock), DONT_FAKE_MONOTONIC="1",
                                 FAKETIME_NO_CACHE="1")
    stand.box.start()
    rig.wait_for(lambda: len(stand.newest("plant/sick-1")) == 72 and
                 all(m.json["quality"] == rig.GOOD for m in stand.newest("plant/sick-1").values()), 10, "all is good")
    quiet = stand.tape.count()
    offset = 0
    for step in (3600, -3600, 315360000, -315360000, 0):
        stand.since = stand.tape.count()
        clock.write_text(f"{step:+d}s\n")
        heard = stand.event("clock-stepped", 3).json
        assert abs(heard["to"] - heard["from"] - (step - offset) * 1000) < 1500, heard
        asked = polls(stand, 0.7)
        assert len(asked) == 4 and min(len(t) for t in asked.values()) >= 4, f"polls are missing: {asked}"
        offset = step
    assert len([m for m in stand.tape.all("/event/", quiet) if m.json["type"] == "clock-stepped"]) == 5
    # A loaded machine may miss an answer; nothing else may go wrong.
    assert not [m for m in stand.tape.all("/value/", quiet) if m.json["quality"] != rig.GOOD and m.json["reason"] != "no answer"]
    seqs = [f["seq"] for f in rig.frames(stand.tape.all("/history/"))]
    assert seqs == sorted(seqs)
    told = stand.tape.wait("/stats/gw", 12).json["clock"]
    assert told in ("synchronised", "unsynchronised", "unknown")
    stand.again = lambda: clock.write_text("+86400s\n")
    stand.figures.append(f"five steps told; the machine's clock is {told}")


@row("S12", "the process stands still for a minute (SIGSTOP, a virtual machine that is moved)",
     "time stamps tell the age meanwhile; no old answer is taken for a new one; each tag is asked once, no burst",
     "1 poll after it goes on")
def stopped(stand):
    stand.every_ms = 100
    stand.modbus(bystander=False)
    chance = random.Random(stand.seed)
    for seconds in (60,) if rig.LONG else (0.7, 4):
        time.sleep(chance.uniform(0, 0.2))
        os.kill(stand.box.pid, signal.SIGSTOP)
        time.sleep(seconds)
        stand.sick.command(do="reset")
        since = stand.tape.count()
        begun = time.monotonic()
        os.kill(stand.box.pid, signal.SIGCONT)
        time.sleep(1)
        asked = {}
        for unit, times in stand.sick.command(do="stats")["sick"]["asked"].items():
            for at, *question in times:
                asked.setdefault((unit, *question), []).append(at)
        most = (time.monotonic() - begun) * 1000 / stand.every_ms + 2
        assert asked and all(2 <= len(t) <= most for t in asked.values()), \
            f"after {seconds} s each was asked {[len(t) for t in asked.values()]} times in a second, {most:.0f} at most"
        near = [b - a for times in asked.values() for a, b in zip(times, times[1:], strict=False)]
        assert sum(n < 0.25 * stand.every_ms / 1000 for n in near) <= len(asked), f"a burst: {sorted(near)[:8]}"
        rig.wait_for(lambda s=since: any(m.json["quality"] == rig.GOOD for m in stand.tape.all("/value/", s)), 5, "values go on")
        stand.all_good()
        fresh(stand)
    stand.again = lambda: os.kill(stand.box.pid, signal.SIGSTOP) or time.sleep(1) or os.kill(stand.box.pid, signal.SIGCONT)


# ---- size

def many_tags(stand, devices, most_s, most_mb):
    stand.net = stand.broker()
    lines = 20
    stand.sick = stand.devices({f"l{n}": {"kind": "tcp", "units": list(range(1, 101))} for n in range(lines)}, stand.seed)
    plan = {f"d{n}": {"map": "hundred", "line": f"l{n % lines}", "unit": n // lines + 1, "area": "plant", "every": "5s"}
            for n in range(devices)}
    plant = stand.plant(stand.net.port, {n: {"connect": w} for n, w in stand.sick.where.items()}, plan,
                        {"hundred": rig.words_map(100)})
    heard = stand.recorder(stand.net.port, "t/v1/site/stats/#")
    stand.box = stand.gateway(plant)
    begun = time.monotonic()
    stand.box.start()
    rig.wait_for(lambda: " started: " in stand.box.log(), 30, lambda: "it starts\n" + stand.box.log()[-1500:])
    took = time.monotonic() - begun
    rig.wait_for(lambda: stand.sick.command(do="counts")["l0"]["asked"] >= devices // lines, 30, "all are polled")
    heard.wait("/stats/gw", 30, 0, lambda m: m.json["tags_good"] == 100 * devices)
    mb = stand.box.rss_kb() / 1024
    stand.figures.append(f"{100 * devices} tags: started in {took:.2f} s, {mb:.0f} MB")
    assert mb <= most_mb and took <= most_s * rig.PATIENCE, stand.figures


@row("S13", "a plant of 10,000 tags", "all of them good; started within 1 s, at most 64 MB", "1 s")
def ten_thousand_tags(stand):
    many_tags(stand, 100, 1 if not sanitized() else 5, 64 if not sanitized() else 400)


@row("S13", "a plant of 100,000 tags", "all of them good; started within 10 s, at most 400 MB", "10 s")
def hundred_thousand_tags(stand):
    need(not sanitized(), "a sanitizer would be judged, not the gateway")
    many_tags(stand, 1000, 10, 400)


# ---- signals

@row("S14", "signals that mean nothing here, 200 a second", "nothing; polls keep their times; the log names them", "at once")
def signals(stand):
    stand.every_ms = 100
    stand.modbus()
    stray = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGIO, signal.SIGPWR, signal.SIGPIPE, signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH,
             signal.SIGCONT]

    def storm(seconds):
        end, n = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            os.kill(stand.box.pid, stray[n % len(stray)])
            if n % 20 == 0:
                os.kill(stand.box.pid, signal.SIGSTOP)
                os.kill(stand.box.pid, signal.SIGCONT)
            n += 1
            time.sleep(0.005)
            assert stand.box.child.running(), f"signal {stray[(n - 1) % len(stray)]} ended it\n{stand.box.log()[-800:]}"

    with stand.trouble(lambda: storm(0.5), lambda: None):
        before = stand.tape.count()
        storm(1.5)
        assert not [m for m in stand.tape.all("/value/", before) if m.json["quality"] != rig.GOOD][2:]
    stand.again = lambda: storm(0.3)
    assert len(stand.box.log()) < 20000, "the log is flooded"


@row("S15", "a reload finds a bad file (tests/live/test_reload.py has more of it)",
     "event `reload-refused`; the log names file, line and column; everything goes on as it was", "1 s")
def bad_reload(stand):
    stand.modbus()
    path = Path(stand.box.words[2])
    good = path.read_text()
    bad = [good.replace("unit: 1\n", "unit: one\n"), good[:len(good) // 2], "\0", "", good.replace("format: 1", "format: 9"),
           good + "\nsurprise: 1\n"]

    def make(texts=tuple(bad)):
        for text in texts:
            path.write_text(text)
            told = len(stand.tape.all("/event/gw", stand.since))
            os.kill(stand.box.pid, signal.SIGHUP)
            rig.wait_for(lambda n=told: len(stand.tape.all("/event/gw", stand.since)) > n, 5,
                         lambda: "an event tells\n" + stand.box.log()[-800:])

    with stand.trouble(make, lambda: path.write_text(good)):
        told = [m.json["type"] for m in stand.tape.all("/event/gw", stand.since)]
        assert told == ["reload-refused"] * len(bad), told
        assert "plant.yaml:" in stand.box.log()
    os.kill(stand.box.pid, signal.SIGHUP)
    stand.event("reloaded")
    assert not [m for m in stand.tape.all("/value/", stand.since) if m.json["quality"] != rig.GOOD][2:]
    stand.again = lambda: path.write_text(bad[0]) or os.kill(stand.box.pid, signal.SIGHUP)


# ---- starting and stopping

@row("S18", "at start nothing is there: no broker, no PLC, no serial port, no name",
     "as soon as there is a broker: device `offline`, quality 8 or 24 with the reason; all good when they come, history "
     "from before included", "5 s after each comes")
def nothing_there(stand):
    stand.net = stand.broker()
    stand.net.kill()
    port = rig.free_port()
    device = {"kind": "tcp", "units": [1], "port": port}
    lines = {"sick": {"connect": f"tcp://127.0.0.1:{port}", "timeout": "200ms"},
             "bus": {"connect": "rtu:///dev/headgate-no-such-port", "baud": 9600, "parity": "none"},
             "name": {"connect": "tcp://no-such-host.invalid:502"}}
    plan = {f"{n}-1": {"map": "few", "line": n, "unit": 1, "area": "plant", "every": "200ms"} for n in lines}
    plant = stand.plant(stand.net.port, lines, plan, {"few": rig.words_map(8)})
    stand.box = stand.gateway(plant).start()
    rig.wait_for(lambda: " started: " in stand.box.log(), 10, lambda: "it starts\n" + stand.box.log()[-1500:])
    time.sleep(1)
    stand.net.start()
    stand.tape = stand.recorder(stand.net.port)
    for n in lines:
        heard = stand.tape.wait(f"/value/plant/{n}-1/r0", 5).json
        assert heard["quality"] in (8, 24) and heard["reason"], heard
    stand.tape.wait("/event/gw", 5, 0, lambda m: m.json["type"] == "started")
    stand.sick = stand.devices({"sick": device}, stand.seed)
    begun = time.monotonic()
    stand.tape.wait("/value/plant/sick-1/r0", RECOVERY_S, 0, lambda m: m.json["quality"] == rig.GOOD)
    stand.figures.append(f"good {time.monotonic() - begun:.2f} s after the PLC came")
    stand.box.kill()                            # and once more, to be stopped in that state
    stand.net.kill()
    stand.sick.child.kill()
    stand.box.start()
    time.sleep(0.5)


@row("S19", "SIGTERM or SIGINT comes while it starts", "nothing, or `online` and then `offline` (`stop`)", "2 s")
def ended_at_start(stand):
    stand.modbus(bystander=False)
    stand.box.stop(10)
    chance, slowest = random.Random(stand.seed), 0
    for turn in range(40 if rig.LONG else 10):
        stand.box.start()
        time.sleep(chance.uniform(0, 0.08))
        sig = signal.SIGTERM if turn % 2 else signal.SIGINT
        status = stand.box.child.end(sig, 10)
        slowest = max(slowest, stand.box.child.took)
        # Before it listens to signals they end it as they end anybody; nothing has been begun then.
        assert status in (0, -sig), f"status {status}\n{stand.box.log()[-1500:]}"
        assert slowest <= STOP_S * rig.PATIENCE
    stand.box.start()
    fresh(stand)
    assert len(epochs(stand)) == 1
    one_meaning(stand)
    stand.figures.append(f"slowest end {slowest:.2f} s")


@row("S19", "SIGTERM comes while the disk hangs and megabytes of rows wait in memory",
     "the broker's will says `offline`; what was not on disk was never seen, its numbers are given again", "2 s")
def ended_with_rows_waiting(stand):
    busy(stand, every_ms=10 if rig.LONG else 20)
    hang = hanging_disk(stand)
    stand.box.start()
    heard = stand.tape.wait("/history/", 10).json["epoch"]
    ends = []
    for lets_go in (False, True):
        fresh(stand, devices=["plant/d0"])
        since = stand.tape.count()
        hang.touch()
        time.sleep(8 if rig.LONG else 2)
        if lets_go:                             # just now: all of it is to be written
            hang.unlink()
        ends.append((stand.box.stop(10), stand.box.child.took))
        if not lets_go:
            stand.tape.wait("/gateway/gw", 5, since, lambda m: m.json["state"] == "offline")
            hang.unlink()
        stand.box.start()
    assert all(status == 0 and took <= STOP_S * rig.PATIENCE for status, took in ends), f"{ends}\n{stand.box.log()[-1500:]}"
    fresh(stand, devices=["plant/d0"])
    assert epochs(stand) == {heard}
    one_meaning(stand)
    stand.figures.append(f"ended in {ends[0][1]:.2f} s, and in {ends[1][1]:.2f} s when the disk let go at that moment")


def busy(stand, every_ms=10):
    """Eight lines with a frame of a hundred tags each time; not yet started."""
    stand.net = stand.broker()
    names = [f"l{n}" for n in range(8)]
    stand.sick = stand.devices({n: {"kind": "tcp", "units": [1]} for n in names}, stand.seed)
    plan = {f"d{n[1:]}": {"map": "hundred", "line": n, "unit": 1, "area": "plant", "every": f"{every_ms}ms"} for n in names}
    plant = stand.plant(stand.net.port, {n: {"connect": w} for n, w in stand.sick.where.items()}, plan,
                        {"hundred": rig.words_map(100)})
    stand.begin(plant, start=False)


@row("S19", "SIGTERM comes during a reload", "`offline` (`stop`)", "2 s")
def ended_in_reload(stand):
    stand.modbus(bystander=False)
    slowest = 0
    for n in range(6):
        os.kill(stand.box.pid, signal.SIGHUP)
        time.sleep(0.003 * n)
        status = stand.box.stop(10)
        slowest = max(slowest, stand.box.child.took)
        assert status == 0 and slowest <= STOP_S * rig.PATIENCE, f"{status}, {slowest:.1f} s\n{stand.box.log()[-1500:]}"
        stand.box.start()
        rig.wait_for(lambda: stand.box.log().count(" started: ") == n + 2, 5, "it starts")
    fresh(stand)
    assert len(epochs(stand)) == 1
    one_meaning(stand)
    stand.figures.append(f"slowest end {slowest:.2f} s")
