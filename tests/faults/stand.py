# SPDX-License-Identifier: Apache-2.0
"""What a row stands on: the gateway between a broker and devices that can be made sick, and what has
to hold in every row whatever the fault was: no wrong value published as good, no number missing, the
neighbours polled as before, all good again within five seconds of the fault's end, and an end within
two seconds of SIGTERM while the fault lasts."""
import contextlib
import copy
import os
import re
import signal
import sys
import time

import rig
import truth

RECOVERY_S = 5
STOP_S = 2


class Skip(Exception):
    """What this machine can't do; the text says what is missing."""


def need(condition, what):
    if not condition:
        raise Skip(what)


class Stand(rig.Stage):
    timeout_ms = 200
    every_ms = 200
    gaps_allowed = False        # a row whose fault costs rows of the journal says so

    def __init__(self, directory, seed=1):
        super().__init__(directory)
        self.seed, self.figures = seed, []
        self.unit_of, self.line_of = {}, {}     # of the devices that tell the truth's registers
        self.net = self.box = self.tape = None  # broker, gateway, recorder
        self.sick = self.well = None            # device processes: of the sick lines, and of the one beside
        self.again = None                       # makes the fault once more, for the stop
        self.since = 0

    # ---- setting up

    def modbus(self, kind="tcp", units=(1,), line=None, device=None, server=None, bystander=True, more=None,
               mqtt=None, broker=None, start=True, maps=None, lines=1, apart=False):
        """A line `sick` with devices plant/sick-UNIT, a line `well` beside it, all good when this
        returns. line, device, more: further keys of the plant file. server: keys of faultserver.py's
        line. lines: that many alike, sick, sick2, sick3 ..., of several kinds in turn. apart: each sort in
        a process of its own."""
        names = ["sick"] + [f"sick{n}" for n in range(2, lines + 1)]
        kinds = [kind] if isinstance(kind, str) else kind
        spec = {name: {"kind": kinds[i % len(kinds)], "units": list(units), "timeout_ms": self.timeout_ms,
                       **(server or {})} for i, name in enumerate(names)}
        beside = {"well": {"kind": "tcp", "units": [99], "timeout_ms": self.timeout_ms}} if bystander else {}
        self.net = broker or self.broker()
        self.sick = self.devices(spec if apart else {**spec, **beside}, self.seed)
        self.well = self.devices(beside, self.seed) if apart and beside else self.sick
        spec.update(beside)
        lines = {name: {"connect": where, "timeout": f"{self.timeout_ms}ms"}
                 for name, where in {**self.sick.where, **self.well.where}.items()}
        for name in names:
            if spec[name]["kind"] != "tcp":
                lines[name].update({"baud": 115200, "parity": "none"})
            lines[name].update(copy.deepcopy(line or {}))   # YAML would make an anchor of it
        plan = {}
        for name, s in spec.items():
            for unit in s["units"]:
                path = f"{name}-{unit}"
                plan[path] = {"map": "faulty", "line": name, "unit": unit, "area": "plant",
                              "every": f"{self.every_ms}ms", **((device or {}) if name != "well" else {})}
                self.unit_of[f"plant/{path}"], self.line_of[f"plant/{path}"] = unit, name
        plant = self.plant(self.net.port, lines, plan, {"faulty": truth.fault_map(), **(maps or {})}, mqtt=mqtt or {},
                           **(more or {}))
        self.begin(plant, start)

    def begin(self, plant, start=True, **options):
        """Recorder and gateway on a plant file of the row's own."""
        self.tape = self.recorder(self.net.port)
        self.box = self.gateway(plant, **options)
        if start:
            self.box.start()
            self.all_good(15)

    # ---- looking

    def newest(self, device=None):
        """The latest live value of each tag: {"device/tag": message}."""
        out = {}
        for m in self.tape.all("/value/"):
            path = "/".join(m.topic.split("/")[4:])
            if m.payload and (device is None or path.startswith(device + "/")):
                out[path] = m
        return out

    def not_good(self, devices=None):
        """Of these devices: tags that aren't good now, as heard live."""
        heard = self.newest()
        return sorted(f"{d}/{t}" for d in (devices or self.unit_of) for t in truth.tag_names()
                      if (m := heard.get(f"{d}/{t}")) is None or m.json["quality"] != rig.GOOD)

    def all_good(self, seconds=RECOVERY_S, devices=None):
        """Waits; how long it took."""
        begun = time.monotonic()
        rig.wait_for(lambda: not self.not_good(devices), seconds,
                     lambda: f"all is good; not {self.not_good(devices)[:8]}\n{self.box.log()[-1500:]}")
        return time.monotonic() - begun

    def sick_devices(self):
        return [d for d, line in self.line_of.items() if line != "well"]

    def sick_lines(self):
        return list(dict.fromkeys(line for line in self.line_of.values() if line != "well"))

    def bad(self, quality, reason=".", seconds=3, device=None, tags=None):
        """Since the fault began every tag of the sick devices (or of one, or only these) turned to
        this quality, with a reason that matches. How long it took."""
        devices = [device] if device else self.sick_devices()
        want = {f"{d}/{t}" for d in devices for t in (tags or truth.tag_names())}
        pattern = re.compile(reason, re.I)

        def done():
            heard = {"/".join(m.topic.split("/")[4:]) for m in self.tape.all("/value/", self.since)
                     if m.payload and m.json["quality"] == quality and pattern.search(m.json.get("reason") or "")}
            return want <= heard

        def what():
            now = self.newest()
            return (f"quality {quality}, reason {reason!r}; now: " +
                    str([(t, now[t].json) if t in now else t for t in sorted(want)[:3]]))

        begun = time.monotonic()
        rig.wait_for(done, seconds, what)
        took = time.monotonic() - begun
        self.figures.append(f"quality {quality} after {took:.2f} s")
        return took

    def state(self, state, device=None, seconds=3):
        """device/<area>/<device> says this state since the fault began."""
        for d in [device] if device else self.sick_devices():
            heard = self.tape.wait(f"/device/{d}", seconds, self.since, lambda m: m.json.get("state") == state)
        return heard

    def event(self, kind, seconds=5, test=lambda m: True):
        """event/<gateway> carries an event of this type since the fault began."""
        return self.tape.wait("/event/gw", seconds, self.since, lambda m: m.json.get("type") == kind and test(m))

    # ---- the fault

    @contextlib.contextmanager
    def trouble(self, make, cure, recovery=RECOVERY_S, bystander=True):
        """make() begins the fault, cure() ends it; the row's own looks go inside."""
        self.since = self.tape.count()
        begun = time.monotonic()
        make()
        yield
        if bystander and "well" in self.line_of.values():
            self.neighbours(begun)
        cure()
        took = self.all_good(recovery)
        self.figures.append(f"all good {took:.2f} s after the end")
        self.again = make

    @contextlib.contextmanager
    def fault(self, *names, rate=1.0, line=None, met=5, **options):
        """Faults of faultserver.py, one after the other, for this share of the answers; of several sick
        lines each gets some. Each has happened when the row's own looks are over and `met` seconds have
        passed."""
        lines = [line] if line else self.sick_lines()[:len(names)]
        deal = {each: names[i::len(lines)] for i, each in enumerate(lines)}

        def make():
            for each, some in deal.items():
                said = self.sick.command(do="fault", line=each, names=some, rate=rate, turn=True)
                assert "error" not in said, said

        def cure():
            for each in deal:
                self.sick.command(do="rate", line=each, rate=0.0)

        def not_met():
            done = self.sick.command(do="counts")
            return [n for each, some in deal.items() for n in some if n not in done[each]["faults"]]

        with self.trouble(make, cure, **options):
            yield
            rig.wait_for(lambda: not not_met(), met, lambda: f"each fault happened; not {not_met()}")

    def neighbours(self, since):
        """The line `well` was polled as if nothing had happened."""
        now = time.monotonic()
        if now - since < 4 * self.every_ms / 1000:
            return
        asked = self.well.command(do="stats")["well"]["asked"]["99"]
        questions = {}
        for at, function, address, count in asked:
            if since <= at <= now:
                questions.setdefault((function, address, count), []).append(at)
        due = (now - since) * 1000 / self.every_ms
        assert questions, "nobody asked the line beside the sick one"
        for what, times in questions.items():
            assert len(times) >= 0.75 * due - 2, f"the line beside was asked {len(times)} times of {due:.0f}: {what}"

    # ---- the end of every row

    def finish(self):
        if self.box and self.box.child:
            assert self.box.child.running() or self.box.child.process.returncode == 0, self.box.log()[-3000:]
            if self.again:
                self.again()
                time.sleep(0.3)
            if self.box.child.running():
                status = self.box.stop(10)
                took = self.box.child.took
                assert status == 0, f"exit status {status}\n{self.box.log()[-2000:]}"
                assert took <= STOP_S * rig.PATIENCE, f"it took {took:.1f} s to stop"
                self.figures.append(f"stopped in {took:.2f} s")
        if self.sick and self.unit_of:
            self.questions()
        if self.tape:
            self.proof()

    def questions(self):
        """Nothing but well-formed questions to read was ever sent."""
        if not self.sick.child.running():
            return
        os.kill(self.sick.child.pid, signal.SIGCONT)
        for name, line in self.sick.command(do="stats").items():
            functions = {function for asked in line["asked"].values() for _, function, _, _ in asked}
            assert functions <= {1, 2, 3, 4}, f"{name} was asked for functions {functions}"
            if self.sick.where[name].startswith("tcp"):
                assert not line["strange"], f"{name} was asked strange things"
                assert not line["overlapped"], f"{name} was asked while an answer was still on its way"

    def proof(self):
        messages = self.tape.all()
        if self.unit_of:
            wrong, good = truth.judge(messages, self.unit_of, self.timeout_ms)
            assert not wrong, f"{len(wrong)} wrong good values:\n" + "\n".join(map(str, wrong[:20]))
            assert good["history"] > 0, "no history was heard"
            self.figures.append(f"{good['value'] + good['history']} good values, 0 wrong")
        for lane in ("/history/", "/event/"):
            frames = {}
            for m in messages:
                if lane in m.topic and m.payload:
                    frames.setdefault(m.json["epoch"], []).append(m.json)
            for epoch, rows in frames.items():
                covered = {f["seq"] for f in rows}
                for f in rows:
                    if "gap" in f:
                        assert self.gaps_allowed, f"a gap was told: {f}"
                        covered.update(range(f["gap"]["from_seq"], f["gap"]["to_seq"] + 1))
                lost = rig.missing(covered)
                assert not lost, f"{lane} {epoch}: {len(lost)} numbers are missing: {lost[:20]}"


@contextlib.contextmanager
def stand(directory, seed=1):
    s = Stand(directory, seed)
    try:
        yield s
        s.finish()
    except BaseException:
        log = directory / "gateway" / "gateway.log"
        if log.exists():
            print("--- gateway ---\n" + log.read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        s.end()
