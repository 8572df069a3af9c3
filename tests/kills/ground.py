# SPDX-License-Identifier: Apache-2.0
"""What each cell of the matrix stands on: a PostgreSQL cluster for all of them, and for each its own
plant, gateway, broker with mosquitto's default settings, and historian. Everything is a child of this
process, in a temporary directory; mounts and packet filters live in namespaces that end with it."""
import contextlib
import mmap
import os
import pwd
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import plc  # noqa: E402
import rig  # noqa: E402

LANES = ("history", "event")
POSTGRES = Path("/usr/lib/postgresql/15/bin")
UNITS = range(1, 7)
EVERY_MS = 50
HEAL_S = 60


class Skip(Exception):
    """What this machine can't do; the text says what is missing."""


def sh(*words, ok=True):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, check=False, text=True)
    if ok and done.returncode:
        raise Skip(f"{' '.join(map(str, words))}: {done.stdout.strip()[-200:]}")
    return done.stdout


class Cluster:
    """PostgreSQL 15 on a socket in a directory of its own; each stand has a schema in it."""

    def __init__(self, directory):
        self.directory, self.child = Path(directory), None
        self.data = self.directory / "data"
        self.directory.mkdir(mode=0o711)
        self.data.mkdir()
        self.user = []
        if os.geteuid() == 0:       # which PostgreSQL refuses to be
            name = next(n for n in ("postgres", "nobody") if self.known(n))
            self.user = ["setpriv", f"--reuid={name}", "--clear-groups", "--regid", str(pwd.getpwnam(name).pw_gid)]
            for d in (self.directory, self.data):
                os.chown(d, pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
            for d in self.directory.parents:
                if d.stat().st_uid == 0 and not d.stat().st_mode & 1 and d != Path("/"):
                    d.chmod(d.stat().st_mode | 0o111)

    @staticmethod
    def known(name):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
        return None

    def start(self):
        sh(*self.user, POSTGRES / "initdb", "-D", self.data, "-U", "kills", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync",
           "--no-instructions")
        self.child = rig.Child([*self.user, POSTGRES / "postgres", "-D", self.data, "-k", self.directory, "-c", "listen_addresses=",
                                "-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "logging_collector=off"],
                               self.directory.parent / "postgres.log", cwd=self.data)
        rig.wait_for(self.there, 20, lambda: "PostgreSQL answers:\n" + self.child.log()[-1000:])
        return self

    def there(self):
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(self.dsn()).close()
            return True
        return False

    def dsn(self, schema="public"):
        return f"host={self.directory} dbname=postgres user=kills options='-c search_path={schema}'"

    def end(self):
        if self.child:
            self.child.end(signal.SIGINT, 60)       # a fast shutdown


class Source(plc.Plc):
    """Devices whose registers say who they are; some move while it is lively. asked: of all requests."""

    def __init__(self):
        self.lively, self.asked, self.moved = False, 0, 0.0
        super().__init__()

    def answer(self, function, rest):
        first, count = struct.unpack(">HH", rest[:4])
        self.asked += 1
        if self.lively:
            self.moved = time.monotonic()
        turn = int(self.moved * 1000 / EVERY_MS)
        words = [(a + 1000 if a < 8 else turn + a if a < 15 else turn // 8 % 2) & 0xFFFF for a in range(first, first + count)]
        return bytes([function, 2 * count]) + struct.pack(f">{count}H", *words)


class Broker(rig.Broker):
    """mosquitto as it comes: a queue of 1000, 20 in flight, saved every half hour and at its end. One
    door is the gateway's, the other everybody else's."""

    def __init__(self, directory):
        super().__init__(directory)
        self.gateway_port = rig.free_port()
        self.config.write_text(f"listener {self.port} 127.0.0.1\nlistener {self.gateway_port} 127.0.0.1\n"
                               f"allow_anonymous true\nuser root\npersistence true\npersistence_location {self.directory}/\n")


class Historian:
    def __init__(self, stand, dsn):
        self.words = [sys.executable, HERE / "historian.py", "--broker", f"127.0.0.1:{stand.broker.port}", "--root", "t/v1/site",
                      "--gateway", "gw", "--db", dsn]
        self.log, self.child = stand.directory / "historian.log", None

    def start(self):
        self.child = rig.Child(self.words, self.log)

    def kill(self):
        self.child.kill()


class Switch:
    """The knob of trouble.c, and what the disk never got."""
    PAGES, LOST = 8192, 2

    def __init__(self, path):
        Path(path).write_bytes(bytes(8 + 2 * self.PAGES))
        with open(path, "r+b") as f:
            self.at = mmap.mmap(f.fileno(), 0)

    def turn(self, mode):
        self.at[0:4] = struct.pack("i", mode)

    @property
    def failed(self):
        return struct.unpack("i", self.at[4:8])[0]

    def take_lost(self, state):
        """Pages that the kernel took for written, and the disk never saw; how many."""
        count = 0
        for i, name in enumerate(("journal.db", "journal.db-wal")):
            pages = self.at[8 + i * self.PAGES:8 + (i + 1) * self.PAGES]
            lost = [n for n, page in enumerate(pages) if page == self.LOST and (state / name).exists()]
            for n in lost:
                with open(state / name, "r+b") as f:
                    f.seek(n * 4096)
                    f.write(bytes(4096))
            count += len(lost)
        self.at[8:] = bytes(2 * self.PAGES)
        return count


class Stand(rig.Stage):
    """trouble: the gateway's disk can be made to fail. mount(state): makes its state directory.
    overlap: what the gateway sends again by itself."""

    units = UNITS

    def __init__(self, name, directory, cluster, seed, trouble=None, mount=None, overlap="60s"):
        super().__init__(Path(directory) / name)
        self.overlap = overlap
        self.name, self.cluster, self.dice, self.figures = name, cluster, random.Random(seed), []
        self.trouble, self.mount, self.device = trouble, mount, None
        self.tape, self.witnessed = None, {}
        self.directory.mkdir()

    def begin(self):
        self.source = Source()
        self.enders.append(self.source.stop)
        self.broker = Broker(self.directory / "broker")
        self.broker.start()
        self.enders.append(self.broker.kill)
        schema = self.name.replace("-", "_")
        self.pg = psycopg2.connect(self.cluster.dsn(schema))
        self.enders.append(self.pg.close)
        self.pg.autocommit = True
        self.ask(f"create schema {schema}")
        self.historian = Historian(self, self.cluster.dsn(schema))
        self.historian.start()
        self.enders.append(self.historian.kill)
        environment = {}
        if self.trouble:
            self.switch = Switch(self.directory / "switch")
            environment = {"LD_PRELOAD": str(self.trouble), "TROUBLE_SWITCH": str(self.directory / "switch"),
                           "TROUBLE_DIR": str(self.directory / "gateway" / "state"),
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.box = self.gateway(self.plant_file(), environment=environment)
        if self.mount:
            self.box.state.mkdir()
            self.mount(self)
            self.enders.append(lambda: sh("umount", "-l", self.box.state, ok=False))
            self.enders.append(lambda: self.box.child and self.box.child.kill())     # before that
        rig.wait_for(lambda: "frames" in self.tables(), 15, lambda: "the historian stands:\n" + self.historian.child.log())
        # Its session is there before the first frame: nothing is from before the historian began.
        rig.wait_for(lambda: self.count("subscribed"), 15, lambda: "the historian subscribes:\n" + self.historian.child.log())
        self.source.lively = True
        self.box.start()
        rig.wait_for(lambda: self.stored() > 2 * len(UNITS), 15, lambda: "frames are stored:\n" + self.box.log()[-800:])

    def plant_file(self):
        tags = {f"r{a}": {"at": f"holding {a}", "type": "u16"} for a in range(16)}
        alarms = {f"plant/d{u}/toggles": {"tag": f"plant/d{u}/r15", "above": 0.5, "clear": 0.5, "for": "0s", "off_for": "0s",
                                          "priority": "low"} for u in UNITS if u < 3}
        return self.plant(self.broker.gateway_port, {f"l{u}": {"connect": self.source.where, "timeout": "1s"} for u in UNITS},
                          {f"d{u}": {"map": "moving", "line": f"l{u}", "unit": u, "area": "plant", "every": f"{EVERY_MS}ms",
                                     "history": "changed"} for u in UNITS},
                          {"moving": {"format": 1, "title": "Registers that move", "source": ["tests/kills/ground.py"],
                                      "verified": "invented", "tags": tags}},
                          mqtt={"keepalive": "5s", "overlap": self.overlap}, commands={"allow": ["replay"]}, alarms=alarms)

    # ---- looking

    def ask(self, sql, *values):
        with self.pg.cursor() as c:
            c.execute(sql, values)
            return c.fetchall() if c.description else None

    def tables(self):
        return [t for (t,) in self.ask("select tablename from pg_tables where schemaname = current_schema()")]

    def stored(self):
        return self.ask("select count(*) from frames")[0][0]

    def count(self, name):
        rows = self.ask("select n from counts where name = %s", name)
        return rows[0][0] if rows else 0

    def journal(self, lane, since=0):
        """{seq: (topic, payload)} of a journal that may be in use."""
        db = sqlite3.connect(f"file:{self.box.journal}?mode=ro", uri=True, timeout=10)
        try:
            return {seq: (topic, payload) for seq, topic, payload in db.execute(
                f"select seq, topic.topic, payload from {lane} left join topic on topic.id = {lane}.topic where seq > ?", [since])}
        finally:
            db.close()

    def newest(self):
        db = sqlite3.connect(f"file:{self.box.journal}?mode=ro", uri=True, timeout=10)
        try:
            return [db.execute(f"select max(seq) from {lane}").fetchone()[0] or 0 for lane in LANES]
        finally:
            db.close()

    def epoch(self):
        db = sqlite3.connect(f"file:{self.box.journal}?mode=ro", uri=True, timeout=10)
        try:
            return db.execute("select epoch from journal").fetchone()[0]
        finally:
            db.close()

    def covered(self, lane, epoch):
        """Numbers that the historian has as a row or inside a gap that it was told of, with its reason."""
        out = set()
        for seq, first, body in self.ask("select seq, first, case when first < seq or body like %s then body end from frames "
                                         "where lane = %s and epoch = %s", '%"gap"%', lane, epoch):
            assert body is None or '"reason":"' in body, f"a gap without a reason: {body}"
            out.update(range(first, seq + 1))
        return out

    def absent(self):
        """Rows of the journal that the historian doesn't have, and numbers that nobody told of."""
        epoch = self.epoch()
        return [(lane, s) for lane, newest in zip(LANES, self.newest()) if (here := self.covered(lane, epoch)) is not None
                for s in range(1, newest + 1) if s not in here]

    # ---- moments

    def burst(self):
        self.source.lively = True
        before = self.stored()
        rig.wait_for(lambda: self.stored() > before + 3 * len(UNITS), 15, lambda: "a burst:\n" + self.box.log()[-800:])
        time.sleep(self.dice.uniform(0.1, 0.8))

    def idle(self):
        self.source.lively = False
        still = [self.stored(), time.monotonic()]

        def quiet():
            now = self.stored()
            if now != still[0]:
                still[:] = [now, time.monotonic()]
            return time.monotonic() - still[1] > 0.7 and not self.absent()

        rig.wait_for(quiet, 20, "nothing more comes")

    def catching_up(self, outage=4.0):
        """Strikes as soon as the first rows of the backlog have arrived."""
        self.source.lively = True
        self.broker.stop()
        time.sleep(outage)
        before = self.stored()
        self.broker.start()
        rig.wait_for(lambda: self.stored() > before + 10, 15, lambda: "rows come again:\n" + self.box.log()[-800:])
        behind = sum(self.newest()) - self.stored()
        self.figures.append(f"{behind} behind")

    # ---- the verdict

    def settle(self):
        """After the disturbance: all that the journal holds is at the historian. Seconds it took."""
        begun = time.monotonic()
        rig.wait_for(lambda: not self.absent(), HEAL_S, lambda: f"{self.absent()[:20]} of {self.newest()} reach the historian\n"
                     f"{self.box.log()[-800:]}\n{self.historian.child.log()[-400:]}")
        return time.monotonic() - begun

    def verdict(self, losses=False):
        self.source.lively = True
        before = self.newest()[0]
        rig.wait_for(lambda: self.newest()[0] > before + 2 * len(UNITS), 15, lambda: "it goes on:\n" + self.box.log()[-800:])
        self.source.lively = False
        healed = self.settle()
        assert self.box.stop(5) == 0, self.box.log()[-800:]
        with contextlib.suppress(AssertionError):
            rig.wait_for(lambda: not self.absent(), 3, "")
        if self.absent():           # what the end could not send any more comes with the next start
            self.box.start()
            self.settle()
            self.box.stop(5)
        self.compare(losses)
        rows, told = self.stored(), self.ask("select count(*) from frames where first < seq or body like %s", '%"gap"%')[0][0]
        self.figures.append(f"{rows} rows, {told} gaps told, {self.count('duplicates')} twice, {self.count('asked')} asked again, "
                            f"whole after {healed:.1f} s")
        return rows

    def compare(self, losses):
        """Content, key by key."""
        epoch = self.epoch()
        twice = self.ask("select lane, seq, frames.body, differing.body from differing join frames using (gateway, epoch, lane, seq)")
        assert not twice, f"one number came with two contents: {twice[:3]}"
        assert not self.ask("select * from lost"), self.ask("select * from lost")
        epochs = {e for (e,) in self.ask("select distinct epoch from frames")}
        assert epochs == {epoch}, f"epochs {epochs}, the journal says {epoch}"
        for lane in LANES:
            have = {s: (t, b) for s, t, b in self.ask("select seq, topic, body from frames where lane = %s", lane)}
            journal = self.journal(lane)
            assert len(journal) > 0
            for seq, (topic, payload) in journal.items():
                if seq not in have:         # inside a gap that was told before it was widened
                    assert seq in self.covered(lane, epoch), (lane, seq)
                    continue
                body = f'{{"gateway":"gw","epoch":{epoch},"seq":{seq},{payload}'
                assert have[seq][1] == body or '"gap"' in payload, f"{lane} {seq}: {have[seq][1]} is not {body}"
                assert topic is None or have[seq][0] == topic
            for seq, row in self.witnessed.get(lane, {}).items():
                assert seq in have, f"{lane} {seq} had been committed, and is at nobody's any more: {row}"
                assert have[seq][1].endswith(row[1]), f"{lane} {seq} is used again: {have[seq][1]} was {row[1]}"
            gaps = [b for _, b in have.values() if '"gap"' in b]
            assert losses or not gaps, gaps[:5]

    def witness(self):
        """What is committed at this moment: the power may go, it may not."""
        for lane in LANES:
            self.witnessed[lane] = self.journal(lane)

    # ---- polling and live values while something else is broken

    @contextlib.contextmanager
    def goes_on(self):
        tape = self.tape = rig.Recorder(self.broker.port, ["t/v1/site/value/plant/d1/r9"], qos=0)
        self.enders.append(tape.end)
        time.sleep(0.3)
        begun, asked, heard = time.monotonic(), self.source.asked, tape.count()
        yield
        seconds = time.monotonic() - begun
        polls, values = self.source.asked - asked, tape.count() - heard
        due = seconds * 1000 / EVERY_MS
        self.figures.append(f"{polls / len(UNITS) / due:.0%} polled, {values} values in {seconds:.1f} s of trouble")
        # Not how fast on a machine that others use as well: that it did not stop.
        assert polls > 0.2 * due * len(UNITS), f"{polls} polls in {seconds:.1f} s"
        assert values > seconds, f"{values} live values in {seconds:.1f} s"
        tape.end()


def scrap(directory):
    shutil.rmtree(directory, ignore_errors=True)
