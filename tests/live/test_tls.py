# SPDX-License-Identifier: Apache-2.0
"""TLS to the broker, with real certificates: what is wrong is named, nothing is ever said in plain text,
and within ten seconds of the cure the gateway is connected and tells what was wrong. All cases run side
by side, each with a broker, a gateway, and an ear on the wire between them."""
import concurrent.futures
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest
import rig

PASSWORD = "sesame-17-opens"
CURED_WITHIN = 10


def all_kinds_of_papers(folder):
    papers = rig.Papers(folder, ("ca", "other-ca"))
    here = "DNS:localhost,IP:127.0.0.1"
    papers.sign("server", here)
    papers.sign("server-2", here)
    papers.sign("expired", here, "20200101000000Z", "20210101000000Z")
    papers.sign("early", here, "20990101000000Z", "20991231000000Z")
    papers.sign("elsewhere", "DNS:broker.elsewhere")
    papers.sign("other-address", "IP:10.9.9.9")
    papers.sign("client", "DNS:gw")
    papers.sign("stranger", "DNS:gw", ca="other-ca")
    return papers


class Ear(threading.Thread):
    """Passes everything on from a port to another one, and remembers how the near side began."""

    def __init__(self, to):
        super().__init__(daemon=True)
        self.to, self.begun, self.lock = to, [], threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        try:
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            near.close()
            return
        said = bytearray()
        with self.lock:
            self.begun.append(said)
        threading.Thread(target=self.pass_on, args=(far, near, bytearray()), daemon=True).start()
        self.pass_on(near, far, said)

    @staticmethod
    def pass_on(a, b, heard):
        try:
            while data := a.recv(65536):
                if len(heard) < 4096:
                    heard += data
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            for s in (a, b):                    # a close alone would wait for the other thread's recv
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def plain(self):
        """Connections that did not begin with a TLS handshake, or gave something away."""
        with self.lock:
            return [bytes(b[:40]) for b in self.begun if b and (b[0] != 0x16 or b[1] != 3 or b"MQTT" in b or
                                                               PASSWORD.encode() in b)]


class Case:
    def __init__(self, papers, folder, version=5, login=False, own=None, host="localhost"):
        self.papers, self.folder = papers, folder
        folder.mkdir()
        for name in ("ca.pem", "own.pem", "own.key", "password"):
            self.put(name, {"ca.pem": "ca.pem", "own.pem": "client.pem", "own.key": "client.key"}.get(name), PASSWORD + "\n")
        if own:
            self.own(own)
        self.broker = rig.Broker(folder / "broker")
        self.tls_port = rig.free_port()
        self.ear = Ear(self.tls_port)
        mqtt = {"broker": f"mqtts://{host}:{self.ear.port}", "ca": str(folder / "ca.pem"),
                "version": {5: 5, 3: "3.1.1"}[version]}
        if login:
            mqtt.update(user="gw", password_file=str(folder / "password"))
        if own:
            mqtt.update(cert=str(folder / "own.pem"), key=str(folder / "own.key"))
        self.plant = rig.write_plant(folder / "plant", 1, {"l": {"connect": f"tcp://127.0.0.1:{rig.free_port()}"}},
                                     {"dev": {"map": "m", "line": "l", "unit": 1, "area": "plant"}},
                                     {"m": rig.words_map(1)}, mqtt=mqtt)
        self.gateway = rig.Gateway(self.plant, folder / "gateway")

    def put(self, name, paper=None, text=None):
        data = (self.papers.folder / paper).read_text() if paper else text
        path = self.folder / name
        path.write_text(data)
        path.chmod(0o600)

    def own(self, name):
        self.put("own.pem", f"{name}.pem")
        self.put("own.key", f"{name}.key")

    def configure(self, cert="server", tls=True, clients=False, password=None):
        p = self.papers.folder
        text = (f"per_listener_settings true\nuser root\nlog_type all\nlistener {self.broker.port} 127.0.0.1\nallow_anonymous true\n"
                f"listener {self.tls_port} 127.0.0.1\n")
        if tls:
            text += f"cafile {p}/ca.pem\ncertfile {p}/{cert}.pem\nkeyfile {p}/{cert}.key\n"
        if clients:
            text += "require_certificate true\n"
        if password:
            where = self.folder / "broker" / "users"
            where.write_text("")
            subprocess.run(["mosquitto_passwd", "-b", where, "gw", password], check=True, capture_output=True)
            text += f"allow_anonymous false\npassword_file {where}\n"
        else:
            text += "allow_anonymous true\n"
        self.broker.config.write_text(text)

    def serve(self, **options):
        self.configure(**options)
        if self.broker.child:
            self.broker.kill()
        self.broker.start()

    def connected(self):
        return self.gateway.log().count("mqtt: connected")

    def wait_connected(self, before=0):
        begun = time.monotonic()
        rig.wait_for(lambda: self.connected() > before, CURED_WITHIN, lambda: "connected:\n" + self.gateway.log()[-1500:])
        return time.monotonic() - begun

    def ails(self, why, seconds=10):
        self.gateway.start()
        rig.wait_for(lambda: re.search(why, self.gateway.log()), seconds, lambda: f"`{why}` in:\n{self.gateway.log()[-1500:]}")
        time.sleep(1)
        assert self.connected() == 0 and self.gateway.child.running()

    def end(self):
        if self.gateway.child:
            self.gateway.child.kill()
        if self.broker.child:
            self.broker.child.kill()
        self.ear.server.close()


def cured(case, why, kind, cure):
    """The sick gateway says why; after the cure it is connected, and the event arrives."""
    case.ails(why)
    recorder = []

    def listen():
        recorder.append(rig.Recorder(case.broker.port, ["t/v1/site/event/#", "t/v1/site/stats/#"]))
    cure(listen)
    took = case.wait_connected()
    r = recorder[0]
    try:
        r.wait("/event/gw", 10, 0, lambda m: m.json["type"] == kind and re.search(why, m.json["text"]))
        r.wait("/event/gw", 10, 0, lambda m: m.json["type"] == "broker-connected")
        r.wait("/stats/", 15, 0, lambda m: m.json["broker_failures"] >= 1)
    finally:
        r.end()
    return took


def served(case, **broker):
    """Cure: another broker, or the same with other papers."""
    def cure(listen):
        case.serve(**broker)
        listen()
    return cure


def by_file(case, change):
    def cure(listen):
        listen()
        change()
    return cure


CASES = {}


def case(fn):
    CASES[fn.__name__] = fn
    return fn


def bad_papers(cert, why):
    def run(make):
        c = make()
        c.serve(cert=cert)
        return cured(c, why, "broker-refused", served(c))
    return run


@case
def right(make):
    c = make(login=True, own="client")
    c.serve(clients=True, password=PASSWORD)
    c.gateway.start()
    return c.wait_connected()


@case
def right_by_address(make):
    c = make(host="127.0.0.1")
    c.serve()
    c.gateway.start()
    return c.wait_connected()


@case
def wrong_authority(make):
    c = make()
    c.put("ca.pem", "other-ca.pem")
    c.serve()
    return cured(c, "not signed by an authority", "broker-refused", by_file(c, lambda: c.put("ca.pem", "ca.pem")))


CASES["expired"] = bad_papers("expired", "certificate has expired")
CASES["not_yet_valid"] = bad_papers("early", "not valid yet")
CASES["wrong_host"] = bad_papers("elsewhere", "is for another host")


@case
def wrong_address(make):
    c = make(host="127.0.0.1")
    c.serve(cert="other-address")
    return cured(c, "is for another host", "broker-refused", served(c))


@case
def our_certificate_is_missing(make):
    c = make()
    c.serve(clients=True)
    return cured(c, "wants a certificate of ours|take our certificate", "broker-refused", served(c))


@case
def our_certificate_is_a_strangers(make):
    c = make(own="stranger")
    c.serve(clients=True)
    return cured(c, "authority that signed our `cert`|doesn't take our|take our certificate", "broker-refused", by_file(c, lambda: c.own("client")))


@case
def a_plain_port(make):
    c = make(login=True)
    c.serve(tls=False, password=PASSWORD)
    return cured(c, "is it a TLS port", "broker-refused", served(c, password=PASSWORD))


def instead(c, answer):
    """A server on the broker's port that is none; the cure is a broker."""
    server = socket.create_server(("127.0.0.1", c.tls_port))

    def run():
        while True:
            try:
                s, _ = server.accept()
                threading.Thread(target=answer, args=(s,), daemon=True).start()
            except OSError:
                return
    threading.Thread(target=run, daemon=True).start()

    def cure(listen):
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        c.serve()
        listen()
    return cure


@case
def only_tls_1_1(make):
    c = make()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(c.papers.folder / "server.pem", c.papers.folder / "server.key")

    def answer(s):
        try:
            context.wrap_socket(s, server_side=True).close()
        except (OSError, ssl.SSLError):
            s.close()
    return cured(c, "no TLS 1.2 or newer", "broker-refused", instead(c, answer))


@case
def hung_up_in_the_handshake(make):
    c = make()

    def answer(s):
        s.recv(4096)
        s.shutdown(socket.SHUT_WR)
        time.sleep(3)
        s.close()
    took = cured(c, "hung up before TLS", "broker-refused", instead(c, answer))
    with open(f"/proc/{c.gateway.pid}/stat", encoding="ascii") as f:
        ticks = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
    assert ticks < 200, f"{ticks / 100} s of CPU: it ran in circles"
    return took


@case
def no_authorities_at_the_start(make):
    c = make(login=True)
    (c.folder / "ca.pem").unlink()
    c.serve(password=PASSWORD)
    c.ails("`ca` can't be read: No such file")
    assert not c.ear.begun, "not a byte without TLS"
    c.put("ca.pem", "ca.pem")
    return c.wait_connected()


@case
def a_key_that_is_none(make):
    c = make(login=True, own="client")
    c.put("own.key", text="-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    c.serve(clients=True, password=PASSWORD)
    return cured(c, "TLS can't be set up", "broker-unreachable", by_file(c, lambda: c.own("client")))


@case
def a_key_with_a_passphrase(make):
    c = make(own="client")
    c.papers.run("ec", "-in", "client.key", "-aes256", "-passout", "pass:x", "-out", c.folder / "own.key")
    c.serve(clients=True)
    return cured(c, "TLS can't be set up", "broker-unreachable", by_file(c, lambda: c.own("client")))


@case
def files_that_go_while_it_runs(make):
    c = make(login=True, own="client")
    c.serve(clients=True, password=PASSWORD)
    c.gateway.start()
    c.wait_connected()
    (c.folder / "ca.pem").unlink()
    (c.folder / "own.key").write_text("")
    c.serve(clients=True, password=PASSWORD)
    rig.wait_for(lambda: "`ca` can't be read" in c.gateway.log(), 10, "the log says so")
    time.sleep(2)
    assert c.connected() == 1
    c.own("client")
    c.put("ca.pem", "ca.pem")
    return c.wait_connected(1)


@case
def a_broker_with_a_new_certificate(make):
    c = make()
    c.serve()
    c.gateway.start()
    c.wait_connected()
    c.serve(cert="server-2")
    return c.wait_connected(1)


def wrong_password(version):
    def run(make):
        c = make(version=version, login=True)
        c.put("password", text="not it\n")
        c.serve(password=PASSWORD)
        return cured(c, "[Nn]ot authori[sz]ed|Bad user", "broker-refused", by_file(c, lambda: c.put("password", text=PASSWORD)))
    return run


CASES["wrong_password_5"] = wrong_password(5)
CASES["wrong_password_3"] = wrong_password(3)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("tls")
    (root / "papers").mkdir()
    papers = all_kinds_of_papers(root / "papers")

    def run(name):
        made = []

        def make(**words):
            made.append(Case(papers, root / name, **words))
            return made[0]
        try:
            took = CASES[name](make)
            plain = made[0].ear.plain()
            assert not plain, f"said without TLS: {plain}"
            assert PASSWORD not in made[0].gateway.log()
            return took
        except Exception as e:                  # told by the test of that name
            log = made[0].gateway.log()[-2500:] if made and made[0].gateway.child else ""
            return f"{type(e).__name__}: {e}\n--- gateway ---\n{log}"
        finally:
            for c in made:
                c.end()
    with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
        return dict(zip(CASES, pool.map(run, CASES)))


@pytest.mark.parametrize("name", list(CASES))
def test_tls(results, name):
    assert not isinstance(results[name], str), results[name]
    print(f"{name}: connected after {results[name]:.1f} s")
