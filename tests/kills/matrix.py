#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The kill matrix: each disturbance in each moment, on a stand of its own, some side by side. Whatever
happened, the historian's rows are the journal's in the end: none missing that was ever committed, no
number used for two contents, what the disk could not keep told of with its reason.

    matrix.py [--only RE] [--seed N] [--beside N] [--kills N] [--cuts N] [--keep]

HEADGATE_LONG=1: stops of 60 s, 100 kills of gateway and of broker, 20 power cuts."""
import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ground import HERE, POSTGRES, Cluster, Skip, Stand, rig, scrap, sh

MOMENTS = ("burst", "idle", "catching_up")
STOP_S = 60 if rig.LONG else 6
CUT_S = 30 if rig.LONG else 6
FAULT_S = 10 if rig.LONG else 4
SYNC_FAILS, READ_ONLY, SYNC_LIES = 1, 2, 3
IMAGE_MB = 24


# ---- disturbances: each ends as soon as the world is well again, the verdict waits for the rest

def gateway_killed(stand):
    stand.box.kill()
    time.sleep(stand.dice.uniform(0, 0.5))
    stand.box.start()


def gateway_stopped(stand):
    stand.box.child.process.send_signal(signal.SIGSTOP)
    time.sleep(STOP_S)
    stand.box.child.process.send_signal(signal.SIGCONT)


def broker_killed(stand):
    stand.broker.kill()
    time.sleep(stand.dice.uniform(0, 1.5))
    stand.broker.start()


def historian_killed(stand):
    stand.historian.kill()
    time.sleep(stand.dice.uniform(0, 2))
    stand.historian.start()


def historian_away(stand):
    """For longer than mosquitto's default queue: 1000 messages, and what comes then is dropped."""
    stand.historian.kill()
    stand.source.lively = True
    before = sum(stand.newest())
    rig.wait_for(lambda: sum(stand.newest()) > before + 1300, 60, "a queue overflows")
    stand.historian.start()


def network_cut(stand):
    """Packets between gateway and broker vanish, and nobody is told."""
    table, port = f"cut_{stand.name.replace('-', '_')}", stand.broker.gateway_port
    rules = stand.directory / "cut.nft"
    rules.write_text(f"table inet {table} {{\n chain out {{\n  type filter hook output priority 0;\n"
                     f"  tcp dport {port} drop\n  tcp sport {port} drop\n }}\n}}\n")
    sh("nft", "-f", rules)
    try:
        stand.source.lively = True
        time.sleep(CUT_S)
    finally:
        sh("nft", "delete", "table", "inet", table)


def small_disk(stand):
    sh("mount", "-t", "tmpfs", "-o", "size=3m", "none", stand.box.state)


def disk_full(stand):
    filler = stand.box.state / "filler"
    stand.source.lively = True
    with stand.goes_on():
        fill(filler, FAULT_S)
    noticed = "disk is full" in stand.box.log() or "no room" in stand.box.log()
    assert noticed, "the disk was full, and nobody noticed:\n" + stand.box.log()[-1000:]
    filler.unlink()


def fill(filler, seconds):
    """And takes what anybody gives back."""
    with open(filler, "ab", buffering=0) as f:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                while f.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                time.sleep(0.05)


def disk_full_alone(stand):
    """Nobody takes the rows meanwhile: the oldest give way, and it is told which."""
    filler = stand.box.state / "filler"
    stand.source.lively = True
    stand.broker.stop()
    gateway = stand.box.child.process
    gateway.send_signal(signal.SIGSTOP)     # what the journal gives back later is its own
    fill(filler, 0.3)
    gateway.send_signal(signal.SIGCONT)
    rig.wait_for(lambda: "are given up" in stand.box.log(), 60, lambda: "rows give way:\n" + stand.box.log()[-800:])
    time.sleep(1)
    filler.unlink()
    stand.broker.start()
    rig.wait_for(lambda: stand.ask("select 1 from frames where body like %s", '%"gap":%'), 20, "what was lost is told")


def disk_full_killed(stand):
    """It starts on a full disk, and shows what there is to see."""
    filler = stand.box.state / "filler"
    stand.source.lively = True
    fill(filler, FAULT_S)
    stand.box.kill()
    stand.box.start()
    time.sleep(1)
    with stand.goes_on():
        fill(filler, FAULT_S)
    filler.unlink()


def switched(stand, mode):
    stand.source.lively = True
    with stand.goes_on():
        stand.switch.turn(mode)
        time.sleep(FAULT_S)
    assert stand.switch.failed > 0, "nothing was written while the disk failed"
    assert "rows wait in memory" in stand.box.log(), stand.box.log()[-1000:]
    stand.switch.turn(0)


def disk_read_only(stand):
    switched(stand, READ_ONLY)


def sync_failed(stand):
    switched(stand, SYNC_FAILS)


def disk_errors(stand):
    """The file system finds an error in itself and turns read-only, for good: a person mends it."""
    device = Path(stand.device)
    stand.source.lively = True
    with stand.goes_on():
        Path(f"/sys/fs/ext4/{device.name}/trigger_fs_error").write_text("1")
        time.sleep(FAULT_S)
    assert "rows wait in memory" in stand.box.log(), stand.box.log()[-1000:]
    stand.box.stop(5)
    sh("umount", stand.box.state)
    sh("e2fsck", "-p", stand.directory / "image", ok=False)
    attach(stand)
    stand.box.start()


def attach(stand):
    sh("mount", "-o", "loop,errors=remount-ro", stand.directory / "image", stand.box.state)
    stand.device = sh("findmnt", "-no", "SOURCE", stand.box.state).strip()


def ext4(stand):
    image = stand.directory / "image"
    with open(image, "wb") as f:
        f.truncate(IMAGE_MB << 20)
    sh("mkfs.ext4", "-q", "-F", image)
    attach(stand)


def power_cut(stand, lied=False):
    """What was on the disk at this moment, and nothing else, is what the next start finds."""
    stand.box.child.process.send_signal(signal.SIGSTOP)
    copy = stand.directory / "copy"
    sh("cp", "--sparse=always", stand.directory / "image", copy)
    if not lied:
        stand.witness()
    stand.box.kill()
    sh("umount", stand.box.state)
    copy.rename(stand.directory / "image")
    attach(stand)
    if stand.trouble:
        stand.figures.append(f"{stand.switch.take_lost(stand.box.state)} pages lost")
        stand.switch.turn(0)
    time.sleep(stand.dice.uniform(0, 0.5))
    stand.box.start()


def sync_failed_power_cut(stand, killed=False):
    """A log whose syncs failed looks whole, and isn't on the disk. Nothing may be built on it."""
    stand.switch.turn(SYNC_FAILS)
    time.sleep(1.5)
    if killed:
        stand.box.kill()
    stand.switch.turn(0)
    if killed:
        stand.box.start()
    before = stand.stored()
    rig.wait_for(lambda: stand.stored() > before + 10 * len(stand.units), 15, "it goes on")
    power_cut(stand)


def sync_failed_killed_power_cut(stand):
    sync_failed_power_cut(stand, killed=True)


def sync_lies_power_cut(stand):
    """A sync that is said to have gone well never took place: what it was for may not have been told."""
    stand.witness()
    stand.switch.turn(SYNC_LIES)
    time.sleep(1.5)
    assert stand.switch.failed > 0, "nothing was written while the disk lied"
    power_cut(stand, lied=True)


# name: (what happens, how the state directory is made, does the disk fail at a switch, may rows be lost)
DISTURBANCES = {
    "gateway-killed": (gateway_killed, None, False, False),
    "gateway-stopped": (gateway_stopped, None, False, False),
    "broker-killed": (broker_killed, None, False, False),
    "historian-killed": (historian_killed, None, False, False),
    "network-cut": (network_cut, None, False, False),
    "disk-full": (disk_full, small_disk, False, True),
    "disk-read-only": (disk_read_only, None, True, True),
    "sync-failed": (sync_failed, None, True, True),
    "power-cut": (power_cut, ext4, False, False),
}


def cell(stand, strike, moment):
    getattr(stand, moment)()
    strike(stand)
    time.sleep(0.5)


def campaign(stand, strike, times, moment=None):
    """The same again and again, at random moments, never waiting until all is well."""
    stand.source.lively = True
    for i in range(times):
        time.sleep(stand.dice.choice((0.02, 0.2, 0.5, 1, 2)) * stand.dice.uniform(0.5, 1.5))
        stand.source.lively = stand.dice.random() < 0.8
        strike(stand)
        if i % 10 == 9:
            stand.settle()
    stand.figures.append(f"{times} times")


# ---- running them

def cells(options):
    out = {}
    for name, (strike, mount, trouble, losses) in DISTURBANCES.items():
        for moment in MOMENTS:
            out[f"{name}-{moment.replace('_', '-')}"] = (cell, (strike, moment), mount, trouble, losses)
    out["disk-errors-burst"] = (cell, (disk_errors, "burst"), ext4, False, True)
    out["disk-full-killed-burst"] = (cell, (disk_full_killed, "burst"), small_disk, False, True)
    out["disk-full-alone-burst"] = (cell, (disk_full_alone, "burst"), small_disk, False, True)
    out["sync-failed-power-cut"] = (cell, (sync_failed_power_cut, "burst"), ext4, True, False)
    out["sync-failed-killed-power-cut"] = (cell, (sync_failed_killed_power_cut, "burst"), ext4, True, False)
    out["sync-lies-power-cut"] = (cell, (sync_lies_power_cut, "burst"), ext4, True, False)
    out["historian-away-burst"] = (cell, (historian_away, "burst"), None, False, False)
    for what, strike, mount, times in (("gateway-kills", gateway_killed, None, options.kills),
                                       ("broker-kills", broker_killed, None, options.kills),
                                       ("power-cuts", power_cut, ext4, options.cuts)):
        share = -(-times // 4) if times >= 20 else -(-times // 2)
        for part in range(-(-times // share)):
            out[f"{what}-{part + 1}"] = (campaign, (strike, min(share, times - part * share)), mount, False, False)
    slow = re.compile("catching-up|kills|away|alone|stopped|network|disk-full-killed")
    return {name: out[name] for name in sorted(out, key=lambda n: not slow.search(n)) if re.search(options.only, name)}


def missing_for(name):
    """Why this one can't be run here; None when it can."""
    if re.search("disk-(full|errors)|power", name) and not os.environ.get("KILLS_ALONE"):
        return "no right to mount (unshare --mount)"
    if "network" in name and (not os.environ.get("KILLS_ALONE") or not shutil.which("nft")):
        return "no network namespace of its own (unshare --net), or no nft"
    if ("read-only" in name or "sync" in name) and not os.environ.get("KILLS_TROUBLE"):
        return "KILLS_TROUBLE doesn't say where trouble.so is"
    return None


def run(name, words, directory, cluster, seed):
    """(verdict, figures): passed, skipped or failed."""
    what, arguments, mount, trouble, losses = words
    why = missing_for(name)
    if why:
        return "skipped", why, 0
    # Every other one of the kills finds a gateway that sends hardly anything again of its own accord.
    overlap = "1s" if re.search(r"broker-kill.*(idle|[24])$", name) else "60s"
    stand = Stand(name, directory, cluster, f"{seed} {name}", os.environ.get("KILLS_TROUBLE") if trouble else None, mount,
                  overlap)
    begun = time.monotonic()
    try:
        stand.begin()
        what(stand, *arguments)
        rows = stand.verdict(losses)
        return "passed", "; ".join(stand.figures + [f"{time.monotonic() - begun:.0f} s"]), rows
    except Skip as e:
        return "skipped", str(e), 0
    except Exception:                   # the others go on
        return "failed", "; ".join(stand.figures) + "\n" + traceback.format_exc(), 0
    finally:
        stand.end()


def alone():
    """This again, in namespaces of its own: what it mounts and filters is gone when it is, however it
    ends. Where that isn't allowed, as it is."""
    if os.environ.get("KILLS_ALONE") is not None:
        return
    words = ["unshare", "--mount", "--net", "--propagation", "private"]
    try:
        sh(*words, "true")
        os.environ["KILLS_ALONE"] = "1"
        os.execvp(words[0], words + [sys.executable, *sys.argv])
    except (Skip, OSError) as e:
        os.environ["KILLS_ALONE"] = ""
        print(f"without namespaces: {e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="RE")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--beside", type=int, default=16, help="how many at the same time")
    parser.add_argument("--kills", type=int, default=100 if rig.LONG else 5)
    parser.add_argument("--cuts", type=int, default=20 if rig.LONG else 2)
    parser.add_argument("--keep", action="store_true", help="leave the directory")
    options = parser.parse_args()
    if not rig.binary() or not rig.MOSQUITTO or not (POSTGRES / "initdb").exists():
        print("skipped: needs HEADGATE, mosquitto and postgresql-15")
        return 77
    alone()
    if os.environ["KILLS_ALONE"]:
        sh("ip", "link", "set", "lo", "up")
    directory = Path(tempfile.mkdtemp(prefix="headgate-kills-"))
    cluster = Cluster(directory / "postgres")
    results, begun, rows = {}, time.monotonic(), 0
    try:
        cluster.start()
        with concurrent.futures.ThreadPoolExecutor(options.beside) as pool:
            todo = {pool.submit(run, name, words, directory, cluster, options.seed): name
                    for name, words in cells(options).items()}
            for done in concurrent.futures.as_completed(todo):
                verdict, text, n = results[todo[done]] = done.result()
                rows += n
                print(f"{verdict:8} {todo[done]:32} {text}", flush=True)
    finally:
        cluster.end()
        if options.keep:
            print(directory)
        else:
            scrap(directory)
    verdicts = [v for v, _, _ in results.values()]
    print(f"{verdicts.count('passed')} passed, {verdicts.count('failed')} failed, {verdicts.count('skipped')} skipped; "
          f"{rows} rows, seed {options.seed}, {time.monotonic() - begun:.0f} s")
    if "failed" in verdicts or not verdicts:
        return 1
    return 0 if "passed" in verdicts else 77


if __name__ == "__main__":
    sys.exit(main())
