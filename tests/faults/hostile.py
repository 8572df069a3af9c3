# SPDX-License-Identifier: Apache-2.0
"""Rows of files and commands that somebody made on purpose."""
import json
import os
import subprocess
import time

import rig
from machine import sanitized
from rows import row
from stand import need

MAP = "format: 1\ntitle: T\nsource: [s]\nverified: invented\n"
TAGS = MAP + "tags:\n"
PLANT = """format: 1
site: site
gateway: gw
mqtt: {{broker: "mqtt://127.0.0.1:1", root: t/v1}}
lines: {{l: {{connect: "tcp://127.0.0.1:1"}}}}
areas: {{plant: Plant}}
devices: {{d: {{map: {map}, line: l, unit: 1, area: plant}}}}
"""
TAG = "  a: {at: holding 1, type: u16}\n"


def evil_maps():
    """{name: text or bytes}, none of which is a map."""
    deep = 40000
    return {
        "nothing": "", "a NUL": b"\0", "NUL within": (TAGS + TAG).encode() + b"\0more", "bad UTF-8": (TAGS + "  a\xff: ").encode("latin1"),
        "overlong UTF-8": TAGS.encode() + b"  a\xc0\xaf: {at: holding 1, type: u16}\n", "a lone surrogate": TAGS.encode() + b"  \xed\xa0\x80: {at: 1}\n",
        "UTF-16": (TAGS + TAG).encode("utf-16"), "escapes": TAGS + '  "\\u0000": {at: holding 1, type: u16}\n',
        "lists in lists": "[" * deep, "maps in maps": "{a: " * deep, "brackets to and fro": "[]" * deep,
        "dashes": "- " * deep, "indented": "".join(" " * n + "a:\n" for n in range(1200)),
        "a billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(24)),
        "laughs as tags": TAGS + "  a: &a {at: holding 1, type: u16}\n" + "".join(f"  b{n}: *a\n" for n in range(40000)),
        "an alias of itself": "a: &a [*a]\n", "a merge key": TAGS + "  a: &a {at: holding 1, type: u16}\n  b: {<<: *a}\n",
        "an unknown alias": "a: *b\n", "a tag of YAML": "!!python/object/apply:os.system ['true']\n", "directives": "%YAML 9.9\n---\na: 1\n",
        "two documents": TAGS + TAG + "---\n" + TAGS + TAG, "more than a megabyte": TAGS + "# x\n" * 300000,
        "a name of a megabyte": TAGS + "  " + "a" * 900000 + ": {at: holding 1, type: u16}\n",
        "a text of a megabyte": MAP + "about: '" + "x" * 1000000 + "'\ntags:\n" + TAG, "a line of quotes": "\"" * 200001,
        "too many tags": TAGS + "".join(f"  t{n}: {{at: holding 1, type: u16}}\n" for n in range(30000)),
        "unknown keys": TAGS + TAG + "".join(f"key{n}: 1\n" for n in range(20000)),
        "a key twice": TAGS + TAG + TAG, "format of another age": "format: 99\ntags: {}\n", "no tags": MAP + "tags: {}\n",
        "a list of tags": MAP + "tags: [1, 2]\n", "a number for all": "42\n", "null": "~\n", "a huge address": TAGS + "  a: {at: holding 99999999999999999999, type: u16}\n",
        "an address past the end": TAGS + "  a: {at: holding 65535, type: u32}\n", "a negative address": TAGS + "  a: {at: holding -1, type: u16}\n",
        "hexadecimal of any length": TAGS + f"  a: {{at: 'holding 0x{'f' * 5000}', type: u16}}\n",
        "a scale of infinity": TAGS + "  a: {at: holding 1, type: u16, scale: .inf}\n", "a scale that is no number": TAGS + "  a: {at: holding 1, type: u16, scale: .nan}\n",
        "an exponent of any size": TAGS + "  a: {at: holding 1, type: u16, scale: 1e999999999}\n",
        "a bit out of reach": TAGS + "  a: {at: holding 1, type: u16, bit: 4000000000}\n", "a mask of nothing": TAGS + "  a: {at: holding 1, type: u16, mask: 0}\n",
        "a string without end": TAGS + "  a: {at: holding 0, type: string, words: 4294967296}\n",
        "wildcards in a name": TAGS + "  'a/#': {at: holding 1, type: u16}\n", "a plus in a name": TAGS + "  '+': {at: holding 1, type: u16}\n",
        "a dollar in a name": TAGS + "  '$SYS': {at: holding 1, type: u16}\n", "control characters in a name": TAGS + '  "a\\u0007b": {at: holding 1, type: u16}\n',
        "a name like a path": TAGS + "  '../../x': {at: holding 1, type: u16}\n", "tags in a ring": TAGS + "  a: {from: b}\n  b: {from: a}\n",
        "a period of nothing": TAGS + "  a: {at: holding 1, type: u16, every: 0s}\n", "a period of ages": TAGS + "  a: {at: holding 1, type: u16, every: 99999999999999999h}\n",
        "an enum without end": TAGS + "  a: {at: holding 1, type: u16, enum: {" + ", ".join(f"{n}: x" for n in range(70000)) + "}}\n",
        "tabs": "format:\t1\n\ttags: x\n", "a byte order and nothing": b"\xef\xbb\xbf", "noise": bytes(range(256)) * 500,
    }


# Not files at all, or files elsewhere: {name: (text of the map key, what to make)}
def evil_places(folder):
    (folder / "maps").mkdir()
    outside = folder.parent / "outside.yaml"
    outside.write_text(TAGS + TAG)
    (folder / "maps" / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "maps" / "fifo.yaml")
    (folder / "maps" / "folder.yaml").mkdir()
    (folder / "maps" / "zero.yaml").symlink_to("/dev/zero")
    (folder / "maps" / "random.yaml").symlink_to("/dev/urandom")
    (folder / "maps" / "terminal.yaml").symlink_to("/dev/tty")
    (folder / "maps" / "nothing.yaml").symlink_to("/dev/null")
    (folder / "maps" / "far.yaml").symlink_to("/proc/kmsg")
    return {"up": "../../outside", "root": str(outside)[:-5], "percent": "'..%2f..%2foutside'", "loop": "loop", "a FIFO": "fifo", "a folder": "folder",
            "zeros": "zero", "noise": "random", "a terminal": "terminal", "nothing": "nothing", "the kernel's log": "far", "a long name": "a" * 5000,
            "a NUL": '"a\\0b"', "a list": "[a, b]", "dots": "..", "empty": "''"}


# Its own process, small, so that what a child's peak says of memory is the child's.
MEASURE = """
import json, os, sys, time
binary, folder, rows = sys.argv[1], sys.argv[2], []
for path in sys.stdin.read().split("\\n"):
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        out = os.open(folder + "/said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.execv(binary, [binary, "check", path])
    status, use = os.wait4(pid, 0)[1:]
    with open(folder + "/said", errors="replace") as f:
        said = f.read(4000)
    rows.append((path, status, use.ru_utime + use.ru_stime, use.ru_maxrss, time.monotonic() - begun, said))
print(json.dumps(rows))
"""


def checked(stand, paths):
    done = subprocess.run(["/usr/bin/python3", "-ISc", MEASURE, rig.binary(), str(stand.directory)], input="\n".join(map(str, paths)),
                          capture_output=True, text=True, timeout=60 * rig.PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(stand, files):
    """Every one of them: with its place, soon, and in little memory."""
    files = {str(path): name for name, path in files.items()}
    slowest, largest, wrong = (0, ""), (0, ""), []
    for path, status, cpu, kb, wall, said in checked(stand, files):
        name = files[path]
        slowest, largest = max(slowest, (cpu, name)), max(largest, (kb, name))
        placed = any(line.partition(": error: ")[0].rstrip("0123456789").endswith(":") for line in said.split("\n") if ": error: " in line)
        if status != 256 or not placed or wall > 5 * rig.PATIENCE:
            wrong.append((name, status, round(wall, 2), said[:300]))
    assert not wrong, "\n".join(map(str, wrong))
    for _ in range(4):                          # two that share a core are slower than one
        if slowest[0] > 0.25:
            path = next(p for p, name in files.items() if name == slowest[1])
            slowest = min(slowest, (checked(stand, [path])[0][2], slowest[1]))
    assert slowest[0] <= (0.25 if not sanitized() else 1) * rig.PATIENCE, f"{slowest[1]} took {slowest[0]:.2f} s"
    assert largest[0] <= 16384 or sanitized(), f"{largest[1]} took {largest[0]} kB"
    stand.figures.append(f"{len(files)} refused, in {slowest[0] * 1000:.0f} ms ({slowest[1]}) and {largest[0] / 1024:.1f} MB ({largest[1]}) at most")


@row("S16", "a map file is hostile (nesting, bombs, megabytes, broken text, numbers without end)",
     "nothing: it is refused with file, line and reason; a running gateway goes on with the old one", "0.25 s, 16 MB")
def hostile_map(stand):
    files = {}
    for n, (name, text) in enumerate(evil_maps().items()):
        files[name] = stand.directory / f"evil-{n}.yaml"
        files[name].write_bytes(text.encode() if isinstance(text, str) else text)
    assert len(files) >= 50
    refused(stand, files)


@row("S16", "a map is no file, or lies elsewhere (FIFO, device, folder, ring of links, path out of the folder)",
     "nothing: refused with file, line and reason", "0.25 s, 16 MB")
def hostile_place(stand):
    folder = stand.directory / "plant"
    folder.mkdir()
    files = {}
    for n, (name, text) in enumerate(evil_places(folder).items()):
        files[name] = folder / f"plant-{n}.yaml"
        files[name].write_text(PLANT.format(map=text))
    refused(stand, files)


# ---- commands

VERBS = ["ack", "reset", "shelve", "unshelve", "oos", "in-service", "proof", "incident", "drill", "replay", "write", "set", "reload", "stop",
         "../gw", "x" * 100, "#", "%s%n", "ack/ack"]


def evil_payloads():
    now = int(time.time() * 1000)
    words = [b"", b"\0", b"null", b"42", b"[]", b"{", b"}", b'"', b"{}", b"\xff\xfe", b'{"id":', b"[" * 4000, b'{"a":' * 600 + b"1" + b"}" * 600,
             b'{"alarm":"x","alarm":"y","user":"u"}', b'{"alarm":"\\u0000","user":"u"}', b'{"alarm":"\xed\xa0\x80","user":"u"}', b'{"alarm":1e999}',
             b'{"seq":99999999999999999999,"user":"u"}', b'{"seq":-1,"alarm":"a","user":"u"}', b'{"minutes":1e308,"alarm":"a","user":"u","reason":"r"}',
             b" " * 4096, b" " * 4097, b"x" * 60000, b'{"user":"' + b"u" * 3000 + b'"}', b'{"client":"' + b"c" * 3000 + b'"}', b'{"client":"../../x"}',
             b'{"client":"#"}', b'{"client":"+/+"}', b'{"client":"$SYS"}', b'{"client":""}', b'{"client":"a\\u0007b"}', b'{"id":{"a":[1]}}',
             b'{"from_seq":5,"to_seq":1}', b'{"from_seq":0,"to_seq":18446744073709551615}', b'{"from_seq":1.5}', b'{"op":"open","user":"u"}',
             b'{"op":7}', b'{"tag":"plant/sick-1/holding.0","value":1}', b'{"value":1}', b'{"%s":"%n%n%n"}', b"\xef\xbb\xbf{}", b"{} {}", b"{},", b"// x\n{}",
             b'{"a":"' + "\U0001F4A3".encode() * 200 + b'"}', b'{"user":"u","alarm":"a","reason":"' + b"\\n" * 500 + b'"}', b"true", b"'{}'"]
    stale = [json.dumps({"sent": t, "id": "x", "client": "evil"}).encode() for t in (0, -1, now - 3600000, now + 3600000, 2 ** 63)]
    return words + stale


@row("S17", "commands are nonsense, stale, too large or for verbs that nobody allowed; and a flood of thousands",
     "reply and `audit` `refused`; nothing is written to any device; polls keep their times; the log stays short", "at once")
def hostile_commands(stand):
    stand.modbus()
    payloads = evil_payloads()
    assert len(payloads) >= 50

    def flood():
        for n in range(10000 if rig.LONG else 3000):
            stand.tape.client.publish("t/v1/site/cmd/gw/ack", b'{"id":"f","client":"flood","alarm":"a/b/c","user":"u"}', 1 if n % 100 == 0 else 0)

    def make():
        for n, payload in enumerate(payloads):
            for verb in VERBS if rig.LONG else VERBS[n % 5::5]:
                stand.tape.client.publish(f"t/v1/site/cmd/gw/{verb}".replace("#", "hash"), payload, 1)
        flood()

    with stand.trouble(make, lambda: None):
        since = stand.tape.count()

        def answered():     # in the flood a command may be passed by; who gets no answer asks again
            stand.tape.publish("t/v1/site/cmd/gw/ack", {"id": f"last{time.time()}", "client": "me", "alarm": "a/b/c", "user": "u"})
            time.sleep(0.3)
            return any(m.topic.endswith("/reply/gw/me") and m.json["status"] == "refused" for m in stand.tape.all("/reply/", since))

        rig.wait_for(answered, 15, lambda: "the last one is answered\n" + stand.box.log()[-1500:])
        done = [m for m in stand.tape.all("/reply/") if m.payload and m.json.get("status") not in ("refused", "accepted", "done")]
        assert not done, done[:5]
        assert not [m for m in stand.tape.all("/reply/") if m.json.get("status") == "done" and m.json.get("verb") != "replay"]
    audit = stand.tape.all("/audit/")
    assert audit and all(m.json["status"] in ("refused", "accepted", "done") for m in audit if "status" in m.json)
    assert len(stand.box.log()) < 200000, f"{len(stand.box.log())} bytes of log"
    stand.figures.append(f"{len(audit)} audit rows, {len(stand.box.log())} bytes of log")
    stand.again = None
