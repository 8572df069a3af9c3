# SPDX-License-Identifier: Apache-2.0
"""What the live tests stand on: a broker of their own, the gateway, devices, a recorder, and waiting
for things instead of sleeping. Everything is on loopback, in a temporary directory, and ends by pid."""
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import yaml
from paho.mqtt.packettypes import PacketTypes

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
MOSQUITTO = next((p for p in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto") if os.path.exists(p)), None)
LONG = os.environ.get("HEADGATE_LONG") == "1"
GOOD = 192

# ASan, TSan and slow machines: every time limit is stretched by this.
PATIENCE = float(os.environ.get("HEADGATE_PATIENCE", "1"))


def binary():
    path = os.environ.get("HEADGATE")
    if path:
        return path
    for preset in ("release", "dev"):
        built = CHECKOUT / "build" / preset / "headgate"
        if built.exists():
            return str(built)
    return None


GIVEN = set()


def free_port():
    """One that is still free when its broker was away for a while: below those that the system gives
    away by itself, and never given twice."""
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            if port not in GIVEN:
                GIVEN.add(port)
                return port


def wait_for(condition, seconds, what):
    """The condition's value as soon as it is true; AssertionError with `what` when it never is."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def now_ms():
    """As `sent` of a command wants it."""
    return int(time.time() * 1000)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Child:
    """A process of ours, its output in a file, ended by its pid."""

    def __init__(self, words, log, **options):
        self.log_path = Path(log)
        with open(log, "ab") as out:
            options.setdefault("stdout", out)
            options.setdefault("stdin", subprocess.DEVNULL)
            self.process = subprocess.Popen([str(w) for w in words], stderr=out, **options)
        self.pid = self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def end(self, sig=signal.SIGTERM, seconds=5):
        """Exit status; the seconds it took are in self.took."""
        begun = time.monotonic()
        if self.running():
            self.process.send_signal(sig)
        try:
            self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"pid {self.pid} outlived signal {sig} by {seconds} s:\n{self.log()[-2000:]}") from None
        finally:
            self.took = time.monotonic() - begun
        return self.process.returncode

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()


class Broker:
    """mosquitto on a port of its own; the port stays the same over restarts."""

    def __init__(self, directory, config=""):
        self.directory, self.port, self.child = Path(directory), free_port(), None
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config = self.directory / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                               f"user root\nlog_type all\nconnection_messages true\nmax_queued_messages 0\n{config}")

    def persistent(self):
        with open(self.config, "a", encoding="utf-8") as f:
            f.write(f"persistence true\npersistence_location {self.directory}/\nautosave_interval 1\n"
                    f"autosave_on_changes false\n")
        return self

    def start(self):
        self.child = Child([MOSQUITTO, "-c", self.config], self.directory / "mosquitto.log")
        wait_for(lambda: listens(self.port), 5, lambda: "the broker listens:\n" + self.child.log()[-2000:])
        return self

    def stop(self):
        self.child.end(signal.SIGTERM, 10)

    def kill(self):
        self.child.kill()


class Papers:
    """Authorities, and certificates that they sign. `openssl ca` is the one that takes any dates."""

    def __init__(self, folder, authorities=("ca",)):
        self.folder = folder
        (folder / "ca.conf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\n"
            "default_md=sha256\npolicy=p\nunique_subject=no\ncopy_extensions=copy\n[p]\ncommonName=supplied\n")
        (folder / "index").write_text("")
        (folder / "serial").write_text("1000\n")
        for name in authorities:
            self.run("req", "-x509", *self.new(name), "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign", "-out", folder / f"{name}.pem")

    def run(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=self.folder)

    def new(self, name):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.folder / f"{name}.key",
                "-subj", f"/CN={name}")

    def sign(self, name, san, begin="20200101000000Z", end="20991231000000Z", ca="ca"):
        self.run("req", *self.new(name), "-addext", f"subjectAltName={san}", "-out", self.folder / f"{name}.csr")
        self.run("ca", "-batch", "-config", "ca.conf", "-cert", f"{ca}.pem", "-keyfile", f"{ca}.key", "-in", f"{name}.csr",
                 "-startdate", begin, "-enddate", end, "-out", self.folder / f"{name}.pem", "-notext")


class Gateway:
    def __init__(self, plant, directory, lines=None, arguments=(), environment=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.state = self.directory / "state"
        self.words = [binary(), "run", plant, "--state", self.state]
        if lines:
            where = self.directory / "lines.yaml"
            where.write_text(yaml.safe_dump(lines))
            self.words += ["--lines", where]
        self.words += list(arguments)
        self.environment = {**os.environ, "HEADGATE_MAPS": str(CHECKOUT / "maps"), **(environment or {})}
        self.child = None

    def start(self):
        self.started, self.started_ms = time.monotonic(), now_ms()
        self.child = Child(self.words, self.directory / "gateway.log", env=self.environment)
        return self

    def stop(self, seconds=5):
        return self.child.end(signal.SIGTERM, seconds)

    def kill(self):
        self.child.kill()

    def log(self):
        return self.child.log()

    @property
    def pid(self):
        return self.child.pid

    @property
    def journal(self):
        return self.state / "journal.db"

    def status(self, key):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def rss_kb(self):
        return self.status("VmRSS")


class Devices:
    """faultserver.py as a process. `where` is what --lines wants."""

    def __init__(self, directory, lines, seed=1):
        Path(directory).mkdir(parents=True, exist_ok=True)
        self.child = Child([sys.executable, HERE / "faultserver.py", json.dumps({"seed": seed, "lines": lines})],
                           Path(directory) / "devices.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.where = json.loads(self.child.process.stdout.readline())

    def command(self, **words):
        self.child.process.stdin.write(json.dumps(words) + "\n")
        self.child.process.stdin.flush()
        return json.loads(self.child.process.stdout.readline())

    def asked(self, line, unit=None):
        """Requests so far, of one unit or of all."""
        asked = self.command(do="stats")[line]["asked"]
        return sum(len(v) for k, v in asked.items() if unit is None or k == str(unit))

    def end(self):
        self.child.process.stdin.close()
        self.child.end(signal.SIGTERM)


class Message:
    __slots__ = ("at", "wall", "topic", "payload", "qos", "retain", "properties", "_json")

    def __init__(self, m):
        self.at, self.wall = time.monotonic(), time.time()
        self.topic, self.payload, self.qos, self.retain = m.topic, m.payload, m.qos, bool(m.retain)
        self.properties = getattr(m, "properties", None)
        self._json = None

    @property
    def json(self):
        if self._json is None:
            self._json = json.loads(self.payload)
        return self._json

    def __repr__(self):
        return f"{self.topic} {self.payload[:200]!r}"


class Recorder:
    """A subscriber that keeps everything, with its arrival. Reconnects by itself."""

    def __init__(self, port, filters=("#",), version=5, client_id="", durable=False, qos=1):
        protocol = mqtt.MQTTv5 if version == 5 else mqtt.MQTTv311
        options = {} if version == 5 else {"clean_session": not durable}
        self.client = mqtt.Client(client_id=client_id, protocol=protocol, **options)
        self.client.reconnect_delay_set(1, 1)
        self.messages, self.lock, self.ready = [], threading.Lock(), threading.Event()
        self.filters, self.qos = list(filters), qos
        self.client.on_connect = self.on_connect
        self.client.on_message = self.on_message
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_disconnect = lambda *_: self.ready.clear()
        if version == 5:
            properties = mqtt.Properties(PacketTypes.CONNECT)
            properties.ReceiveMaximum = 5000
            if durable:
                properties.SessionExpiryInterval = 3600
            self.client.connect("127.0.0.1", port, 30, clean_start=not durable, properties=properties)
        else:
            self.client.connect("127.0.0.1", port, 30)
        self.client.loop_start()
        wait_for(self.ready.is_set, 5, "the recorder is subscribed")

    def on_connect(self, client, *_):
        client.subscribe([(f, self.qos) for f in self.filters])

    def on_message(self, client, me, m):
        m = Message(m)
        with self.lock:
            self.messages.append(m)

    def all(self, part="", since=0):
        """Messages from index `since` whose topic contains `part`."""
        with self.lock:
            messages = self.messages[since:]
        return [m for m in messages if part in m.topic]

    def count(self):
        with self.lock:
            return len(self.messages)

    def latest(self, topic):
        with self.lock:
            return next((m for m in reversed(self.messages) if m.topic.endswith(topic)), None)

    def wait(self, part, seconds=10, since=0, test=lambda m: True):
        """The first message whose topic contains `part` and that passes the test."""
        return wait_for(lambda: next((m for m in self.all(part, since) if test(m)), None), seconds,
                        lambda: f"a message on {part}; there were {sorted({m.topic for m in self.all()})[:40]}")

    def publish(self, topic, payload, retain=False, qos=1, properties=None):
        if not isinstance(payload, (bytes, str)):
            payload = json.dumps(payload)
        self.client.publish(topic, payload, qos, retain, properties).wait_for_publish(5 * PATIENCE)

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


def frames(messages):
    """History frames, first delivery of each (epoch, seq), in order of arrival; gap frames included."""
    seen, out = set(), []
    for m in messages:
        if "/history/" not in m.topic:
            continue
        key = (m.json["epoch"], m.json["seq"])
        if key not in seen:
            seen.add(key)
            out.append(m.json)
    return out


def missing(numbers):
    """Those that a rising row of numbers leaves out between its first and its last."""
    have = set(numbers)
    return [n for n in range(min(have), max(have)) if n not in have] if have else []


def words_map(count, table="holding", every=None, extra=None):
    """A map of u16 registers from 0; those that hold the time are called clockN."""
    tags = {}
    for a in range(count):
        name = f"clock{a}" if a % 16 == 15 else f"r{a}"
        tags[name] = {"at": f"{table} {a}", "type": "u16"}
    out = {"format": 1, "title": "Registers that tell where they are", "source": ["tests/live/faultserver.py"],
           "verified": "invented", "tags": tags}
    if every:
        out["every"] = every
    return {**out, **(extra or {})}


def write_plant(directory, port, lines, devices, maps, **more):
    """plant.yaml with its maps beside it; lines without an address get an impossible one."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    settings = {"broker": f"mqtt://127.0.0.1:{port}", "root": "t/v1", **more.pop("mqtt", {})}
    plant = {"format": 1, "site": "site", "gateway": "gw", "mqtt": settings, "lines": lines,
             "areas": more.pop("areas", {"plant": "Plant"}), "devices": devices, **more}
    for name, text in maps.items():
        where = directory / "maps" / f"{name}.yaml"
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False))
    path = directory / "plant.yaml"
    path.write_text(yaml.safe_dump(plant, sort_keys=False))
    return path


class Stage:
    """Makes things and ends them, in the opposite order."""

    def __init__(self, directory):
        self.directory, self.enders = directory, []

    def broker(self, persistent=False, config=""):
        b = Broker(self.directory / "broker", config)
        if persistent:
            b.persistent()
        b.start()
        self.enders.append(lambda: b.child.kill())
        return b

    def devices(self, lines, seed=1):
        d = Devices(self.directory, lines, seed)
        self.enders.append(lambda: d.child.kill())
        return d

    def gateway(self, plant, **options):
        g = Gateway(plant, self.directory / "gateway", **options)
        self.enders.append(lambda: g.child and g.child.kill())
        return g

    def recorder(self, port, *filters, **options):
        r = Recorder(port, filters or ("#",), **options)
        self.enders.append(r.end)
        return r

    def plant(self, *words, **options):
        return write_plant(self.directory / "plant", *words, **options)

    def end(self):
        for ender in reversed(self.enders):
            try:
                ender()
            except Exception as e:              # the others must end as well
                print(f"while ending: {e}")
