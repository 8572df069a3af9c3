# SPDX-License-Identifier: Apache-2.0
"""Rows of serial lines and of RTU over TCP. A pty has no parity and no baud rate that could be wrong:
what those bring is bytes that make no sense, and these are made here."""
import os
import shutil
import subprocess
import time
from pathlib import Path

import rig
from rows import row
from stand import need

BUSES = ("rtu", "rtu+tcp")
# What bytes that come too late look like to the questions that follow.
LATE = ("^(no answer|the answer was not whole in time|wrong unit|wrong function|wrong byte count|bad CRC|"
        "an exception that does not exist|bytes behind the answer)$")


def not_believed(stand, names, reason, lines=2, kind=BUSES, **options):
    """Nothing of such answers is believed, the unit is given up, and its counters tell."""
    stand.modbus(kind=kind, lines=lines, **options)
    with stand.fault(*names):
        stand.bad(24, reason, seconds=6)
        for device in stand.sick_devices():
            said = stand.state("silent", device).json
            assert said["garbled"] + said["timeouts"] > 0, said


def count_faults(stand, told=True):
    done = stand.sick.command(do="counts")
    faulty = sum(sum(done[line]["faults"].values()) for line in stand.sick_lines())
    if told:
        stand.figures.append(f"{faulty} faulty answers of {sum(done[line]['asked'] for line in stand.sick_lines())}")
    return faulty


def some_faults(stand, names, rate, seconds, **options):
    """A share of the answers of several units; the row's promise is the one that all rows have."""
    stand.modbus(kind=BUSES, units=(1, 2, 3), lines=2, **options)
    with stand.fault(*names, rate=rate):
        time.sleep(60 if rig.LONG else seconds)
    return count_faults(stand)


# ---- late ------------------------------------------------------------------------------------------

@row("M04", "an answer comes after its deadline (RTU)",
     "quality 24 `no answer`, or what it looks like to the next question; device `silent`; nothing is believed until an answer of a length that no poll has came back",
     "timeout x tries + 1 poll")
def late_answer(stand):
    not_believed(stand, ["late", "late"], LATE)


@row("M04", "30 % of the answers of three units on one bus come late", "good values and quality 24 in turn, none wrong; "
     "good when it ends", "timeout x tries + 1 poll")
def late_third(stand):
    stand.timeout_ms = 100
    assert some_faults(stand, ["late", "late"], 0.3, 3) >= 10


# ---- what an answer can look like ------------------------------------------------------------------

@row("M09", "an answer of another function (RTU)", "quality 24 `wrong function`; device `silent`", "3 tries of 2 polls")
def wrong_function_on_a_bus(stand):
    not_believed(stand, ["function:4", "function:6", "function:16", "function:0"], "^wrong function$")


@row("M12", "a byte count that is 0, odd, too small or too large (RTU)", "quality 24 `wrong byte count`; device `silent`",
     "3 tries of 2 polls")
def wrong_byte_count_on_a_bus(stand):
    not_believed(stand, ["byte_count:0", "byte_count:1", "byte_count:-1", "byte_count:+2", "byte_count:255"],
                 "^wrong byte count$")


@row("M14", "a whole answer, shorter or longer than asked for (RTU)", "quality 24 `wrong byte count`; device `silent`",
     "3 tries of 2 polls")
def other_size_on_a_bus(stand):
    not_believed(stand, ["count:17", "count:125", "count:2", "count:18"], "^wrong byte count$")


@row("M16", "an answer breaks off, and silence follows (RTU, after each of its bytes)",
     "quality 24 `the answer was not whole in time`; device `silent`", "timeout x tries + 1 poll")
def broken_off_on_a_bus(stand):
    stand.timeout_ms = stand.every_ms = 100
    not_believed(stand, [f"cut:{k}" for k in range(1, 37, 1 if rig.LONG else 2)], "^the answer was not whole in time$", lines=8)


@row("M17", "an answer breaks off, its rest comes late (RTU)", "quality 24 `the answer was not whole in time`, or what the "
     "rest looks like to the next question; device `silent`", "timeout x tries + 1 poll")
def late_rest_on_a_bus(stand):
    stand.timeout_ms = stand.every_ms = 100
    not_believed(stand, [f"cut_tail:{k}" for k in (1, 2, 3, 4, 5, 12, 34, 35)], LATE, lines=4)


@row("M20", "an answer comes twice, glued together (RTU)", "quality 24 `bytes behind the answer`; device `silent`",
     "3 tries of 2 polls")
def twice_on_a_bus(stand):
    not_believed(stand, ["duplicated", "duplicated"], "^bytes behind the answer$")


@row("M20", "a unit says every answer twice, 1 to 30 ms apart (RTU)",
     "event `line-disturbed` `it says its answers twice`; good values, a pause is kept after each answer", "at once")
def twice_later_on_a_bus(stand):
    stand.every_ms = 500
    stand.modbus(kind="rtu", lines=6 if rig.LONG else 2, units=(1, 2) if rig.LONG else (1,))
    with stand.fault(*["duplicated_later"] * len(stand.sick_lines())):
        stand.event("line-disturbed", test=lambda m: "says its answers twice" in m.json["text"])
        begun = stand.tape.count()
        time.sleep(2)
        if rig.LONG:
            rig.wait_for(lambda: count_faults(stand, False) >= 5000, 300, "5,000 repeated answers")
        good = [m for m in stand.tape.all("/history/", begun) if "sick" in m.json.get("device", "")]
        assert good, "a unit that says everything twice is usable"
    count_faults(stand)


@row("M20", "15 % of the answers of two units on a full bus come twice, 1 to 30 ms apart (RTU)",
     "event `line-disturbed` `it says its answers twice`; good values, none wrong", "at once")
def twice_on_a_full_bus(stand):
    stand.modbus(kind="rtu", lines=6 if rig.LONG else 2, units=(1, 2))
    with stand.fault(*["duplicated_later"] * len(stand.sick_lines()), rate=0.15):
        time.sleep(60 if rig.LONG else 2)
    count_faults(stand)


@row("M22", "an answer drips, byte by byte (RTU)", "good values when it is whole in time, else quality 24 "
     "`the answer was not whole in time`, or what its rest looks like to the next question", "timeout x tries + 1 poll")
def drips_on_a_bus(stand):
    stand.timeout_ms = stand.every_ms = 300
    stand.modbus(kind=BUSES, lines=2)
    with stand.fault("each:2", "each:60"):
        stand.bad(24, LATE, device="plant/sick2-1", tags=["input.0", "input.15"])
        first = [m for m in stand.tape.all("/value/plant/sick-1/", stand.since) if m.json["quality"] != 192]
        assert len(first) <= 16, f"2 ms a byte is in time: {first[:3]}"


@row("M30", "an exception that doesn't exist, or of another function (RTU)",
     "quality 24 `an exception that does not exist` or `wrong function`; device `silent`", "3 tries of 2 polls")
def odd_exception_on_a_bus(stand):
    not_believed(stand, ["refuse:0", "refuse:9", "refuse:255", "refuse_as:4"],
                 "^(an exception that does not exist|wrong function)$")


@row("M41", "a bit of the answer is flipped: each of them, one after the other",
     "quality 24 `bad CRC`, `wrong unit`, `wrong function` or `wrong byte count`; `garbled` of the device counts",
     "3 tries of 2 polls")
def flipped_bit(stand):
    stand.timeout_ms = stand.every_ms = 100
    stand.modbus(kind="rtu", lines=4)
    with stand.fault("flip", "flip", "flip", "flip", rate=0.5):
        stand.bad(24, "bad CRC", tags=["holding.0"], device="plant/sick-1", seconds=10)
        bits = 8 * (16 * 2 + 5)
        rig.wait_for(lambda: count_faults(stand, False) >= (6 * bits if rig.LONG else bits), 120, "all bits were flipped")
    count_faults(stand)


# ---- the bus ---------------------------------------------------------------------------------------

@row("M42", "the adapter repeats what we send, and nobody said so", "quality 24 `our own bytes came back: set echo: true "
     "on this line`; device `silent`", "3 tries of 2 polls")
def echo(stand):
    stand.modbus(kind="rtu")
    with stand.trouble(lambda: stand.sick.command(do="echo", line="sick", on=True),
                       lambda: stand.sick.command(do="echo", line="sick", on=False)):
        stand.bad(24, "^our own bytes came back: set echo: true on this line$")
        stand.state("silent")


@row("M42", "a line with `echo: true`: all is good; then the adapter doesn't repeat any more",
     "quality 24 `the echo of our own bytes was damaged`; device `silent`", "3 tries of 2 polls")
def expected_echo(stand):
    stand.modbus(kind="rtu", line={"echo": True}, server={"echo": True})
    with stand.trouble(lambda: stand.sick.command(do="echo", line="sick", on=False),
                       lambda: stand.sick.command(do="echo", line="sick", on=True)):
        stand.bad(24, "^the echo of our own bytes was damaged$")


@row("M43", "a dead unit on an adapter that repeats what we send and is read",
     "quality 24 `our own bytes came back: set echo: true on this line`, with `echo: true` `no answer`; never a value",
     "3 tries of 2 polls")
def echo_of_a_dead_unit(stand):
    stand.modbus(kind="rtu", lines=2)

    def make():
        stand.sick.command(do="silent", line="sick", units=[1])
        stand.sick.command(do="echo", line="sick", on=True)

    def cure():
        stand.sick.command(do="silent", line="sick", units=[])
        stand.sick.command(do="echo", line="sick", on=False)

    with stand.trouble(make, cure):
        stand.bad(24, "^our own bytes came back", device="plant/sick-1")
        stand.state("silent", "plant/sick-1")


@row("M43", "a dead unit on a line with `echo: true` and is read", "quality 24 `no answer`; device `silent`",
     "timeout x tries + 1 poll")
def expected_echo_of_a_dead_unit(stand):
    stand.modbus(kind="rtu", line={"echo": True}, server={"echo": True}, units=(1, 2))
    with stand.trouble(lambda: stand.sick.command(do="silent", line="sick", units=[1]),
                       lambda: stand.sick.command(do="silent", line="sick", units=[])):
        stand.bad(24, "^no answer$", device="plant/sick-1")
        stand.state("silent", "plant/sick-1")
        assert not stand.not_good(["plant/sick-2"])


@row("M44", "noise before every answer", "quality 24 `wrong unit`, `wrong function` or `bad CRC`; device `silent`",
     "3 tries of 2 polls")
def noise_before(stand):
    not_believed(stand, ["junk:00", "junk:ff", "junk:01", "junk:00ff00ff00"],
                 "^(wrong unit|wrong function|wrong byte count|bad CRC|bytes behind the answer)$")


@row("M44", "noise right behind every answer", "quality 24 `bytes behind the answer`; device `silent`", "3 tries of 2 polls")
def noise_behind(stand):
    not_believed(stand, ["noise_after", "tail:1"], "^bytes behind the answer$")


@row("M44", "noise between answer and question", "event `line-disturbed` `bytes that nobody asked for`; good values as soon "
     "as the bus has been silent", "1 poll")
def noise_between(stand):
    stand.every_ms = 500
    stand.modbus(kind="rtu", lines=2)
    with stand.fault("between:00", "between:ff00", rate=0.5):
        stand.event("line-disturbed", test=lambda m: "nobody asked for" in m.json["text"])
        time.sleep(2)


@row("M45", "another unit answers instead, or first", "quality 24 `wrong unit`; device `silent`; the other one isn't "
     "believed either before it answered for itself", "3 tries of 2 polls")
def another_unit(stand):
    not_believed(stand, ["unit:2", "unit:9", "first:2", "first:9"], "^wrong unit$", units=(1, 2))


@row("M46", "an answer in the name of unit 0", "quality 24 `wrong unit`; device `silent`", "3 tries of 2 polls")
def unit_zero(stand):
    not_believed(stand, ["unit:0", "unit:0"], "^wrong unit$")


@row("M47", "a pause inside an answer (2, 20, 60 ms; 300, 600 ms with a timeout of 200 ms)",
     "good values when it is whole in time, else quality 24 `the answer was not whole in time`, or what its rest looks like "
     "to the next question", "timeout x tries + 1 poll")
def pause_inside(stand):
    stand.modbus(kind=("rtu", "rtu", "rtu", "rtu+tcp", "rtu"), lines=5)
    with stand.fault("gap:2", "gap:20", "gap:300", "gap:600", "gap:60"):
        for n in (3, 4):
            stand.bad(24, LATE, device=f"plant/sick{n}-1", seconds=4)
        for device in ("sick-1", "sick2-1", "sick5-1"):
            heard = [m for m in stand.tape.all(f"/value/plant/{device}/", stand.since) if m.json["quality"] != 192]
            assert len(heard) <= 16, heard[:3]


# ---- the port --------------------------------------------------------------------------------------

def linked(stand, **server):
    """A tty under a name that stays, as /dev/serial/by-id has it."""
    link = str(stand.directory / "usb-adapter")
    return {"kind": "rtu", "server": {"link": link, **server}}


@row("M48", "the adapter is unplugged, and comes back under another name",
     "quality 8 `the port is gone` or `No such file or directory`; device `offline`; events `line-down`, `line-up`",
     "1 poll; good 5 s after it is back")
def unplugged(stand):
    stand.modbus(**linked(stand))
    before = os.readlink(stand.directory / "usb-adapter")
    taken = []

    def plug():
        taken.append(os.openpty())          # the former name is somebody else's now
        stand.sick.command(do="plug", line="sick", on=True)

    with stand.trouble(lambda: stand.sick.command(do="plug", line="sick", on=False), plug):
        stand.bad(8, "the port is gone|No such file")
        stand.state("offline")
        stand.event("line-down")
    stand.event("line-up")
    after = os.readlink(stand.directory / "usb-adapter")
    stand.figures.append(f"{before} became {after}")
    for pair in taken:
        for fd in pair:
            os.close(fd)


@row("M49", "another gateway is started on the same port", "the second one: quality 8 `the port is in use by another "
     "program`; the first one isn't disturbed", "at once")
def second_gateway(stand):
    stand.modbus(kind="rtu")
    port = stand.sick.where["sick"]
    net = rig.Broker(stand.directory / "broker2").start()
    stand.enders.append(net.child.kill)
    tape = stand.recorder(net.port)
    plant = rig.write_plant(stand.directory / "plant2", net.port, {"sick": {"connect": port, "baud": 115200, "parity": "none"}},
                            {"it": {"map": "words", "line": "sick", "unit": 1, "area": "plant", "every": "200ms"}},
                            {"words": rig.words_map(4)})
    second = rig.Gateway(plant, stand.directory / "gateway2")
    stand.enders.append(lambda: second.child and second.child.kill())
    since = stand.tape.count()
    second.start()
    tape.wait("/value/plant/it/r0", 5, 0, lambda m: m.json["quality"] == 8 and m.json["reason"] ==
              "the port is in use by another program")
    tape.wait("/event/gw", 5, 0, lambda m: m.json["type"] == "line-down")
    time.sleep(1)
    assert not stand.not_good()
    assert not [m for m in stand.tape.all("/value/plant/sick", since) if m.json["quality"] != 192]
    assert second.stop() == 0


@row("M49", "a program that knows no locks opens our port", "it is refused (EBUSY); good values", "at once")
def careless_program(stand):
    stand.modbus(kind="rtu")
    port = stand.sick.where["sick"].removeprefix("rtu://")
    words = ["/usr/bin/python3", "-c", f"import os; os.open({port!r}, os.O_RDWR | os.O_NOCTTY)"]
    if os.geteuid() == 0:                   # root may open it all the same
        need(shutil.which("setpriv"), "setpriv is missing")
        os.chmod(port, 0o666)
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]
    said = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert "EBUSY" in said.stderr or "Device or resource busy" in said.stderr, said.stderr
    assert not stand.not_good()


@row("M49", "another master asks units on the same bus", "event `line-disturbed` `bytes that nobody asked for: is there "
     "another master on this bus?`; good values or quality 24, none wrong", "at once")
def second_master(stand):
    stand.every_ms = 500
    stand.modbus(kind="rtu")
    said = []

    def make():
        for _ in range(30):                 # an answer of ours, as the other master would have asked for it
            stand.sick.command(do="say", line="sick", bytes="010302002a39" "9b")
            said.append(time.monotonic())
            time.sleep(0.05)

    with stand.trouble(make, lambda: None):
        stand.event("line-disturbed", test=lambda m: "another master" in m.json["text"])


@row("M50", "baud rate or parity are wrong: bytes that make no sense", "quality 24 `wrong unit`, `bad CRC` ..., or "
     "`the answer was not whole in time`; device `silent`", "3 tries of 2 polls")
def senseless_bytes(stand):
    stand.modbus(kind="rtu", lines=2)
    with stand.fault("noise_alone", "noise_alone"):
        stand.bad(24)
        stand.state("silent")


@row("M50", "a baud rate that the port can't run at", "`check` says so, at its line; the gateway doesn't start", "at once")
def impossible_baud(stand):
    plant = stand.plant(1883, {"bus": {"connect": "rtu:///dev/null", "baud": 31250}},
                        {"it": {"map": "words", "line": "bus", "unit": 1, "area": "plant"}}, {"words": rig.words_map(4)})
    said = subprocess.run([rig.binary(), "check", str(plant)], capture_output=True, text=True, timeout=20, check=False)
    assert said.returncode == 1 and "baud" in said.stderr + said.stdout, said


@row("M51", "the port isn't there when the gateway starts", "started all the same; quality 8 `No such file or directory`; "
     "device `offline`; good as soon as it is there", "1 s; good 5 s after it is there")
def no_port_at_boot(stand):
    stand.modbus(**linked(stand, plugged=False), start=False)

    def plug(on):
        stand.sick.command(do="plug", line="sick", on=on)

    with stand.trouble(stand.box.start, lambda: plug(True), bystander=False):
        stand.bad(8, "No such file")
        stand.all_good(5, ["plant/well-99"])
        stand.state("offline")
    stand.again = lambda: plug(False)


@row("M51", "the port may not be opened when the gateway starts", "started all the same; quality 8 `Permission denied`; "
     "device `offline`; good as soon as it may", "1 s; good 5 s after it may")
def no_permission_at_boot(stand):
    stand.modbus(kind="rtu", start=False)
    port = Path(stand.sick.where["sick"].removeprefix("rtu://"))
    if os.geteuid() == 0:                   # whom permissions don't stop
        need(shutil.which("setpriv"), "setpriv is missing: run as root, and root may open every port")
        stand.box.words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *stand.box.words]
        os.chmod(stand.directory, 0o755)
        os.chown(stand.box.directory, 65534, 65534)
        reach = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", rig.binary(), "check",
                 str(stand.directory / "plant" / "plant.yaml")]
        need(subprocess.run(reach, capture_output=True, timeout=20, check=False).returncode == 0,
             "an unprivileged user can't read the binary or the plant file here")
    os.chmod(port, 0)
    with stand.trouble(stand.box.start, lambda: os.chmod(port, 0o666), bystander=False):
        stand.bad(8, "Permission denied")
        stand.all_good(5, ["plant/well-99"])
        stand.state("offline")
    stand.again = None
