# SPDX-License-Identifier: Apache-2.0
"""Rows of Modbus TCP, and of what all framings have in common."""
import itertools
import os
import signal
import time

import rig
import truth
import wire
from faultserver import bit, constant
from rows import row

PATIENT_MS = 600                    # where no answer is late: a busy machine's devices take their time
CUTS = [1, 2, 5, 6, 7, 8, 9, 10, 20, 40]        # around each edge of header, unit, function, byte count, data


def connections(stand):
    return sum(stand.sick.command(do="stats")[line]["connections"] for line in stand.sick_lines())


def met(stand):
    """How many faulty answers were given."""
    done = stand.sick.command(do="counts")
    return sum(sum(done[line]["faults"].values()) for line in stand.sick_lines())


def thrown_away(stand, names, reason, lines=3, units=(1,), counter="garbled"):
    """Each of these answers is worth its connection, and nothing of it is believed."""
    if counter == "garbled":
        stand.timeout_ms = PATIENT_MS
    stand.modbus(lines=lines, units=units)
    before = connections(stand)
    with stand.fault(*names):
        stand.bad(24, reason)
        for device in stand.sick_devices():
            told = stand.state("silent", device).json
            assert told[counter] > 0 and told["timeouts" if counter == "garbled" else "garbled"] == 0, told
    opened, faulty = connections(stand) - before, met(stand)
    assert opened >= faulty - len(stand.sick_lines()), f"{faulty} faulty answers, {opened} new connections"
    stand.figures.append(f"{faulty} faulty answers cost {opened} connections")


def kept(stand, names, look, lines=1, **options):
    """These refusals are well-formed: the connection is as good as before."""
    stand.timeout_ms = PATIENT_MS
    stand.modbus(lines=lines, **options)
    before = connections(stand)
    with stand.fault(*names):
        look()
    assert connections(stand) == before, f"{connections(stand) - before} new connections"


def asked_since(stand, begun, line="sick"):
    """{question: [when, ...]}"""
    out = {}
    for unit, asked in stand.sick.command(do="stats")[line]["asked"].items():
        for at, *question in asked:
            if at >= begun:
                out.setdefault((unit, *question), []).append(at)
    return out


def given_up(stand, fault):
    """What comes after a good answer costs the connection, and nothing else."""
    stand.modbus()
    before = connections(stand)
    with stand.fault(fault):
        time.sleep(1.5)
    opened, faulty = connections(stand) - before, met(stand)
    assert opened >= faulty * 0.4 - 2, f"{faulty} faulty answers, {opened} new connections"


@row("M01", "a device gives no answer", "quality 24 `no answer`; device `silent`; event `silent`; its `timeouts` count",
     "timeout x tries + 1 poll")
def no_answer(stand):
    stand.modbus()
    with stand.fault("never"):
        stand.bad(24, "^no answer$")
        assert stand.state("silent").json["timeouts"] > 0
        stand.event("silent", test=lambda m: m.json["subject"] == "plant/sick-1")


@row("M02", "an answer is slow, but in time", "good values; `rtt_ms` of the device tells", "at once")
def slow_answer(stand):
    stand.every_ms = 300
    stand.modbus()
    before = connections(stand)
    with stand.fault("slow"):
        time.sleep(1)
        assert not stand.not_good()
        heard = [m for m in stand.tape.all("/value/plant/sick-1", stand.since) if m.json["quality"] != 192]
        assert len(heard) < 20, heard[:3]       # a loaded machine may miss one
    stand.sick.command(do="rate", rate=0.0)
    assert connections(stand) - before <= 1
    stand.sick.command(do="fault", line="sick", names=["never"], rate=1.0)
    told = stand.state("silent").json           # which tells the figures as well
    stand.sick.command(do="rate", rate=0.0)
    assert told["rtt_ms"] is not None
    stand.all_good()


@row("M03", "an answer comes after its deadline (TCP)",
     "quality 24 `no answer`; device `silent`; the connection is given up, the next one is good", "timeout x tries + 1 poll")
def late_answer(stand):
    thrown_away(stand, ["late"], "^no answer$", lines=1, counter="timeouts")


@row("M05", "a device answers question and repetition together",
     "quality 24 `no answer` or `wrong transaction`; the connection is given up; nothing is asked twice on one",
     "timeout x tries + 1 poll")
def both_answered(stand):
    stand.modbus()
    with stand.fault("both"):
        stand.bad(24, "no answer|wrong transaction")
        time.sleep(0.5)


@row("M06", "an answer carries another transaction", "quality 24 `wrong transaction`; device `silent`; its `garbled` counts",
     "3 tries of 2 polls")
def wrong_transaction(stand):
    thrown_away(stand, ["transaction:+1", "transaction:-1", "transaction:+256", "transaction:+32768"],
                "^wrong transaction$")


@row("M07", "the answer to the next question comes glued to this one, forged",
     "quality 24 `bytes behind the answer`; device `silent`", "3 tries of 2 polls")
def forged_next(stand):
    thrown_away(stand, ["forged_next"], "^bytes behind the answer$", lines=1)


@row("M07", "the answer to the next question comes before it is asked", "good values, or quality 24 when "
     "the next question was out already; the connection is given up", "at once")
def forged_next_later(stand):
    given_up(stand, "forged_next_later")


@row("M08", "another unit's answer", "quality 24 `wrong unit`; device `silent`", "3 tries of 2 polls")
def wrong_unit(stand):
    thrown_away(stand, ["unit:9", "unit:0", "unit:255", "unit:2"], "^wrong unit$")


@row("M09", "an answer of another function", "quality 24 `wrong function` or `wrong length`; device `silent`",
     "3 tries of 2 polls")
def wrong_function(stand):
    thrown_away(stand, ["function:4", "function:6", "function:16", "function:43", "function:0", "function:131"],
                "^wrong (function|length)$", lines=4)


@row("M10", "an answer of another protocol", "quality 24 `wrong protocol`; device `silent`", "3 tries of 2 polls")
def wrong_protocol(stand):
    thrown_away(stand, ["protocol:1", "protocol:256", "protocol:257", "protocol:65535"], "^wrong protocol$")


@row("M11", "the header lies about the length", "quality 24 `wrong length`; device `silent`", "3 tries of 2 polls")
def lying_length(stand):
    thrown_away(stand, ["length:0", "length:1", "length:3", "length:-1", "length:+1", "length:+256", "length:65535"],
                "^wrong length$", lines=4)


@row("M12", "a byte count that is 0, odd, too small or too large", "quality 24 `wrong byte count`; device `silent`",
     "3 tries of 2 polls")
def wrong_byte_count(stand):
    thrown_away(stand, ["byte_count:0", "byte_count:1", "byte_count:-1", "byte_count:-2", "byte_count:+1", "byte_count:+2",
                        "byte_count:255"], "^wrong byte count$", lines=4)


@row("M13", "an answer promises more data than it brings",
     "quality 24 `wrong length`, at once: its `timeouts` don't count; device `silent`", "3 tries of 2 polls")
def missing_body(stand):
    thrown_away(stand, ["missing_body:200", "missing_body:250", "missing_body:34"], "^wrong length$")


@row("M14", "a whole answer, larger than asked for", "quality 24 `wrong length`; device `silent`", "3 tries of 2 polls")
def larger_answer(stand):
    thrown_away(stand, ["count:125", "count:17", "count:100"], "^wrong length$")


@row("M15", "a whole answer, shorter than asked for", "quality 24 `wrong length`; device `silent`", "3 tries of 2 polls")
def shorter_answer(stand):
    thrown_away(stand, ["count:1", "count:2"], "^wrong length$", lines=2)


@row("M16", "an answer breaks off, and silence follows (after each of its 40 bytes)",
     "quality 24 `the answer was not whole in time`; device `silent`; its `timeouts` count", "timeout x tries + 1 poll")
def broken_off(stand):
    stand.timeout_ms = stand.every_ms = 150
    thrown_away(stand, [f"cut:{k}" for k in range(1, 41)], "^the answer was not whole in time$", lines=8,
                counter="timeouts")


@row("M17", "an answer breaks off, its rest comes late", "quality 24 `the answer was not whole in time`; device `silent`; "
     "the rest is never seen", "timeout x tries + 1 poll")
def late_rest(stand):
    stand.timeout_ms = stand.every_ms = 150
    thrown_away(stand, [f"cut_tail:{k}" for k in CUTS], "^the answer was not whole in time$", lines=3, counter="timeouts")


@row("M18", "the device closes or resets the connection amid an answer",
     "quality 8 `the other end hung up` or `Connection reset by peer`; device `offline`; event `line-down`", "2 polls")
def hangs_up(stand):
    stand.modbus(lines=4)
    with stand.fault("close", "reset", *(f"cut_{how}:{k}" for how in ("fin", "rst") for k in (1, 6, 8, 9, 20)), met=8):
        stand.bad(8, "hung up|reset by peer")
        for device in stand.sick_devices():
            stand.state("offline", device)
        stand.event("line-down", test=lambda m: m.json["subject"] == "sick")


@row("M19", "bytes follow the answer at once", "quality 24 `bytes behind the answer`; device `silent`", "3 tries of 2 polls")
def extra_bytes(stand):
    thrown_away(stand, ["tail:1", "tail:2", "tail:4", "tail:12"], "^bytes behind the answer$")


@row("M19", "bytes follow the answer a little later", "good values, or quality 24 when the next question was out already; "
     "the connection is given up", "at once")
def extra_bytes_later(stand):
    given_up(stand, "extra_later")


@row("M20", "an answer comes twice", "quality 24 `bytes behind the answer`; device `silent`", "3 tries of 2 polls")
def twice(stand):
    thrown_away(stand, ["duplicated"], "^bytes behind the answer$", lines=1)


@row("M20", "an answer comes again a little later", "good values, or quality 24 when the next question was out already; "
     "the connection is given up", "at once")
def twice_later(stand):
    given_up(stand, "duplicated_later")


@row("M21", "junk comes before the answer", "quality 24 `wrong transaction`; device `silent`", "3 tries of 2 polls")
def junk_before(stand):
    thrown_away(stand, ["junk:deadbeef", "junk:ff", "junk:dead", "junk:000102030405060708090a0b"],
                "^wrong (transaction|protocol)$")


@row("M22", "an answer drips, byte by byte (5, 20, 100, 450 ms each)",
     "good values when it is whole in time, else quality 24 `the answer was not whole in time`", "timeout x tries + 1 poll")
def drips(stand):
    stand.timeout_ms = stand.every_ms = 500
    stand.modbus(lines=4)
    long = [f"{table}.{a}" for table, a in itertools.product(("holding", "input"), (0, 15))]     # 41 bytes
    with stand.fault("each:5", "each:20", "each:100", "each:450"):
        for n in (2, 3, 4):
            stand.bad(24, "^the answer was not whole in time$", device=f"plant/sick{n}-1", tags=long, seconds=4)
        stand.bad(24, "^the answer was not whole in time$", device="plant/sick3-1", tags=["coil.0"])
        first = [m for m in stand.tape.all("/value/plant/sick-1/", stand.since) if m.json["quality"] != 192]
        assert len(first) <= 16, f"5 ms a byte is in time: {first[:3]}"
        whole = [m for m in stand.tape.all("/value/plant/sick2-1/coil.0", stand.since) if m.json["quality"] != 192]
        assert len(whole) <= 1, f"12 bytes at 20 ms are in time: {whole[:3]}"


@row("M23", "exception 1, illegal function", "quality 4 `illegal function`; event `unit-refuses`; asked ever more seldom; "
     "the connection is kept", "1 poll")
def illegal_function(stand):
    def look():
        begun = time.monotonic()
        stand.bad(4, "^illegal function")
        stand.event("unit-refuses", test=lambda m: "illegal function" in m.json["text"])
        time.sleep(1)
        for question, times in asked_since(stand, begun).items():
            assert len(times) <= 2, f"{question} was asked {len(times)} times in {time.monotonic() - begun:.1f} s"

    kept(stand, ["refuse:1"], look)


@row("M24", "exception 2: one register of a block doesn't exist",
     "that tag has quality 4 `the device refuses this address`, the others stay good; event `hole` with the line to "
     "paste into the map; the connection is kept", "2 polls")
def one_hole(stand):
    stand.modbus()
    before = connections(stand)
    holes = [[3, 5, 5], [0, 23, 23]]

    def make():
        stand.sick.command(do="holes", line="sick", at=holes)

    with stand.trouble(make, lambda: stand.sick.command(do="holes", line="sick", at=[])):
        stand.bad(4, "refuses this address", tags=["holding.5", "coil.23"])
        stand.event("hole-learned", test=lambda m: "never" in m.json["text"] and "0x0005" in m.json["text"])
        time.sleep(0.5)
        assert stand.not_good(["plant/sick-1"]) == ["plant/sick-1/coil.23", "plant/sick-1/holding.5"], stand.not_good()
    assert connections(stand) == before


@row("M24", "exception 2 to everything, as while a PLC starts", "quality 4 `illegal data address`; event `unit-refuses`, "
     "no holes; asked whole again, all good as soon as it serves", "2 polls")
def all_holes(stand):
    stand.modbus()
    begun = time.monotonic()
    make = lambda: stand.sick.command(do="refuse", line="sick", units={1: 2})   # noqa: E731
    with stand.trouble(make, lambda: stand.sick.command(do="refuse", line="sick", units={})):
        stand.bad(4, "illegal data address")
        stand.event("unit-refuses")
        time.sleep(2)
        asked = sum(map(len, asked_since(stand, begun).values()))
        assert asked < 260, f"{asked} questions in {time.monotonic() - begun:.1f} s"
    assert not stand.tape.all("/event/gw", stand.since) or not [
        m for m in stand.tape.all("/event/gw", stand.since) if m.json["type"] == "hole-learned"]


@row("M25", "exception 3: the device gives fewer registers at once than were asked for",
     "asked in smaller parts, all good; event `hole` with the limit to paste into the map; the connection is kept", "2 polls")
def too_long(stand):
    stand.modbus()
    before = connections(stand)
    with stand.trouble(lambda: stand.sick.command(do="most", line="sick", at=8),
                       lambda: stand.sick.command(do="most", line="sick", at=2000)):
        stand.event("hole-learned", test=lambda m: "max_registers: 8" in m.json["text"])
        stand.all_good(3)
    assert connections(stand) == before


@row("M25", "exception 3 to every question", "quality 4 `illegal data value`; event `unit-refuses`; the connection is kept",
     "2 polls")
def illegal_value(stand):
    def look():
        stand.bad(4, "^illegal data value")
        stand.event("unit-refuses")

    kept(stand, ["refuse:3"], look)


def device_failure(stand, code, reason, event=True):
    def look():
        stand.bad(12, reason)
        if event:
            stand.event("unit-refuses", test=lambda m: "sick unit 1" in m.json["subject"])

    kept(stand, [f"refuse:{code}"], look)


@row("M26", "exception 4, device failure", "quality 12 `device failure`; event `unit-refuses`; the connection is kept",
     "1 poll; the event after 3")
def exception_4(stand):
    device_failure(stand, 4, "^device failure$")


@row("M27", "exceptions 5 and 6, acknowledge and busy",
     "quality 12 `device busy`; asked again after 100 ms or more; never 0; the connection is kept", "0.5 s or 1 poll")
def busy(stand):
    def look():
        begun = time.monotonic()
        stand.bad(12, "^device busy")
        time.sleep(0.5)
        for line in stand.sick_lines():
            for question, times in asked_since(stand, begun, line).items():
                gaps = [b - a for a, b in zip(times, times[1:])]
                assert min(gaps, default=1) > 0.08, f"{question} again after {min(gaps):.3f} s"

    kept(stand, ["refuse:5", "refuse:6"], look, lines=2)


@row("M28", "exception 8, memory parity error", "quality 12 `memory parity error`; event `unit-refuses`; the connection is "
     "kept", "1 poll; the event after 3")
def exception_8(stand):
    device_failure(stand, 8, "^memory parity error$")


@row("M29", "exceptions 10 and 11: a TCP gateway doesn't reach one unit behind it",
     "quality 24 `gateway: ...`, device `silent`, of that unit alone; its neighbours stay good; the connection is kept",
     "timeout x tries + 1 poll")
def target_away(stand):
    stand.timeout_ms = PATIENT_MS
    stand.modbus(lines=2, units=(1, 2))
    before = connections(stand)

    def make():
        stand.sick.command(do="refuse", line="sick", units={1: 10})
        stand.sick.command(do="refuse", line="sick2", units={1: 11})

    with stand.trouble(make, lambda: stand.sick.command(do="refuse", units={})):
        stand.bad(24, "^gateway", device="plant/sick-1")
        stand.bad(24, "^gateway", device="plant/sick2-1")
        stand.state("silent", "plant/sick-1")
        begun = time.monotonic()
        time.sleep(1)
        for line in ("sick", "sick2"):
            assert not stand.not_good([f"plant/{line}-2"])
            due = (time.monotonic() - begun) * 1000 / stand.every_ms
            for question, times in asked_since(stand, begun, line).items():
                assert question[0] != "2" or len(times) >= 0.7 * due - 1, f"{question}: {len(times)} of {due:.0f}"
    assert connections(stand) == before


@row("M30", "an exception that doesn't exist (0, 9, 12, 255), or of another function",
     "quality 24 `an exception that does not exist` or `wrong function`; the connection is given up", "3 tries of 2 polls")
def odd_exception(stand):
    thrown_away(stand, ["refuse:0", "refuse:9", "refuse:12", "refuse:255", "refuse_as:4", "refuse_as:6"],
                "^(an exception that does not exist|wrong function)$", lines=3)


def attempts(stand, times, first_s, most_s):
    """Each pause between attempts is twice the last, up to a quarter shorter by chance, and has an end."""
    pauses, want = [b - a for a, b in zip(times, times[1:])], first_s
    assert len(pauses) >= 4, f"attempts at {times}"
    for pause in pauses:
        assert 0.7 * want <= pause <= want + 0.1 * rig.PATIENCE, f"pauses {pauses}, this one should be {want}"
        want = min(want * 2, most_s)
    stand.figures.append("pauses " + " ".join(f"{p:.2f}" for p in pauses))
    return pauses


@row("M31", "nobody listens", "quality 8 `Connection refused`; device `offline`; event `line-down`; tried again after "
     "`reconnect.min`, each time twice as late up to `reconnect.max`, less up to a quarter by chance", "2 polls")
def refused(stand):
    wire.own_network()                      # where nobody else takes the port
    stand.modbus(lines=2, line={"reconnect": {"min": "100ms", "max": "800ms"}})
    knocks = [wire.Knocks(wire.port_of(stand, line)) for line in ("sick", "sick2")]
    with stand.trouble(lambda: stand.sick.command(do="listen", on=False, line="sick") or
                       stand.sick.command(do="listen", on=False, line="sick2"),
                       lambda: stand.sick.command(do="listen", on=True, line="sick") or
                       stand.sick.command(do="listen", on=True, line="sick2")):
        stand.bad(8, "refused")
        stand.state("offline", "plant/sick-1")
        stand.event("line-down", test=lambda m: m.json["subject"] == "sick")
        time.sleep(2.5)
        for ear in knocks:
            ear.end()
    one, two = (attempts(stand, ear.times, 0.1, 0.8) for ear in knocks)
    assert any(abs(a - b) > 0.004 for a, b in zip(one, two)), "two lines try in step"


def unanswered(stand, make, cure):
    """Attempts to connect come to nothing, each within its own limit."""
    with stand.trouble(make, cure):
        stand.bad(8, "no answer to the connection attempt")
        stand.state("offline")
        stand.event("line-down", test=lambda m: m.json["subject"] == "sick")
        time.sleep(0.6)


@row("M32", "attempts to connect are not answered: the device's backlog is full",
     "quality 8 `no answer to the connection attempt`; device `offline`; event `line-down`; others are not delayed",
     "connect_timeout + 2 polls")
def backlog_full(stand):
    stand.modbus(line={"connect_timeout": "400ms", "reconnect": {"min": "100ms", "max": "1s"}})
    house = []

    def make():
        stand.sick.command(do="listen", on=False, line="sick")
        house.append(wire.FullHouse(wire.port_of(stand)))

    def cure():
        house.pop().end()
        stand.sick.command(do="listen", on=True, line="sick")

    unanswered(stand, make, cure)


@row("M32", "attempts to connect are not answered: packets vanish",
     "quality 8 `no answer to the connection attempt`; device `offline`; event `line-down`; others are not delayed",
     "connect_timeout + 2 polls")
def black_hole(stand):
    wire.own_network()
    stand.modbus(line={"connect_timeout": "400ms", "reconnect": {"min": "100ms", "max": "1s"}})

    def make():
        wire.drops(f"tcp dport {wire.port_of(stand)} tcp flags syn / syn,ack drop")
        stand.sick.command(do="limit", to=None, line="sick")     # throws everybody out

    unanswered(stand, make, lambda: wire.drops(""))


@row("M33", "the device accepts connections and closes or resets them",
     "quality 8 `the other end hung up` or `Connection reset by peer`; device `offline`; event `line-down`; tried again "
     "after `reconnect.min`, each time twice as late up to `reconnect.max`", "2 polls")
def accepted_and_closed(stand):
    stand.modbus(lines=2, line={"reconnect": {"min": "100ms", "max": "800ms"}})
    before = connections(stand)

    def make():
        stand.sick.command(do="hang_up", line="sick", on=True)
        stand.sick.command(do="hang_up", line="sick2", on="rst")

    with stand.trouble(make, lambda: stand.sick.command(do="hang_up", on=False)):
        stand.bad(8, "hung up|reset by peer|Broken pipe")
        stand.event("line-down", test=lambda m: m.json["subject"] == "sick2")
        time.sleep(2)
        tries = connections(stand) - before
        assert 4 <= tries <= 20, f"{tries} attempts in 2 s on two lines"
        stand.figures.append(f"{tries} attempts in 2 s on two lines")


@row("M33", "others hold all connections that the device has", "quality 8 `the other end hung up`; device `offline`; event "
     "`line-down`; good when one is free", "2 polls")
def connection_limit(stand):
    stand.modbus()
    with stand.trouble(lambda: stand.sick.command(do="limit", line="sick", to=0),
                       lambda: stand.sick.command(do="limit", line="sick", to=None)):
        stand.bad(8, "hung up|reset by peer|Broken pipe")
        stand.state("offline")


@row("M34", "the device hangs: its kernel accepts, nobody answers", "quality 24 `no answer`; device `silent`; each try on a "
     "new connection; nothing is asked in a burst afterwards", "timeout x tries + 1 poll")
def hangs(stand):
    stand.modbus(apart=True)
    before, cured = connections(stand), []

    def cure():
        os.kill(stand.sick.child.pid, signal.SIGCONT)
        cured.append(time.monotonic())

    with stand.trouble(lambda: os.kill(stand.sick.child.pid, signal.SIGSTOP), cure):
        stand.bad(24, "^no answer$")
        time.sleep(1)
    assert connections(stand) - before >= 2
    burst = [at for times in asked_since(stand, cured[0]).values() for at in times if at < cured[0] + 0.1]
    assert len(burst) <= 8, f"{len(burst)} questions at once"
    stand.again = None                      # what hangs can't be asked; the row of lost packets shows the stop


@row("M34", "the device's power is cut: packets vanish both ways",
     "quality 8 `no answer to the connection attempt`; device `offline`; nothing is asked in a burst afterwards",
     "timeout + connect_timeout + 1 poll")
def power_cut(stand):
    wire.own_network()
    stand.modbus(line={"connect_timeout": "500ms"})
    port, cured = wire.port_of(stand), []

    def cure():
        wire.drops("")
        cured.append(time.monotonic())

    with stand.trouble(lambda: wire.drops(f"tcp dport {port} drop\ntcp sport {port} drop"), cure):
        stand.bad(8, "no answer to the connection attempt")
        stand.state("offline")
    burst = [at for times in asked_since(stand, cured[0]).values() for at in times]
    assert len([at for at in burst if at < min(burst) + 0.1]) <= 8, f"{len(burst)} questions at once"


@row("M35", "what was asked before an outage arrives after it",
     "nothing does: a connection that was given up is reset, and what it had to send is forgotten", "at once")
def stale_question(stand):
    wire.own_network()
    stand.modbus(line={"connect_timeout": "500ms"})
    port = wire.port_of(stand)

    def make():
        wire.drops(f"tcp dport {port} drop")        # questions vanish, their sender doesn't know
        time.sleep(stand.every_ms / 1000)
        stand.sick.command(do="mark", line="sick")

    with stand.trouble(make, lambda: wire.drops("")):
        stand.bad(8, "no answer to the connection attempt")
        time.sleep(1)
    time.sleep(2)                           # a kernel would have sent it again by now
    line = stand.sick.command(do="stats")["sick"]
    assert line["stale"] == 0, f"{line['stale']} questions came late on old connections"


def guarded_map():
    """Each block has a word that is 0 until the device is ready."""
    tags = {}
    for table, number, first, count in truth.BLOCKS:
        told = next(a for a in range(first, first + count) if (bit if number < 2 else constant)(1, number, a))
        kind, ready = "bool" if number < 2 else "u16", f"ready-{table}-{first}"
        tags[ready] = {"at": f"{table} {told}", "type": kind}
        for a in range(first, first + count):
            tags[truth.tag_name(table, a)] = {"at": f"{table} {a}", "type": kind,
                                              "valid_if": ready if number < 2 else f"{ready} != 0"}
    return truth.fault_map(tags=tags)


@row("M36", "a PLC says 0 everywhere after its reboot, until its program runs",
     "quality 16 `declared invalid by the device` for tags with `valid_if` a word of the same block; without it 0 is what "
     "the PLC says", "1 poll")
def reboot_with_zeros(stand):
    stand.modbus(maps={"guarded": guarded_map()}, device={"map": "guarded"})
    with stand.fault("zeros"):
        stand.bad(16, "declared invalid by the device")
        assert stand.newest("plant/sick-1")["plant/sick-1/ready-holding-0"].json["value"] == 0


@row("M38", "answers take 0 to 5 timeouts, by chance", "good values and quality 24 in turn, none wrong; good when it ends",
     "timeout x tries + 1 poll")
def jitter(stand):
    stand.timeout_ms = stand.every_ms = 100
    stand.modbus(lines=3)
    with stand.fault("jitter", "jitter", "jitter"):
        stand.bad(24, "no answer", tags=["holding.0"])
        time.sleep(2)


@row("M39", "three of ten packets are lost", "good values, late ones among them, and quality 24; none wrong",
     "timeout x tries + 1 poll")
def packet_loss(stand):
    wire.own_network()
    stand.timeout_ms, stand.every_ms = 1000, 500
    stand.modbus(lines=4)
    ports = ", ".join(str(wire.port_of(stand, line)) for line in stand.sick_lines())
    lost = "numgen random mod 100 < 30 drop"
    with stand.trouble(lambda: wire.drops(f"tcp dport {{ {ports} }} {lost}\ntcp sport {{ {ports} }} {lost}"),
                       lambda: wire.drops(""), recovery=5):
        time.sleep(4)
        frames = [f for f in rig.frames(stand.tape.all("/history/", stand.since)) if "sick" in f["device"]]
        assert sum("values" in f for f in frames) > 20, f"{len(frames)} frames in 4 s"
        stand.figures.append(f"{len(frames)} frames of 4 lines in 4 s")


@row("M59", "among 200 devices one is dead, one drips, one hangs up, one can't be connected to",
     "the others are asked as planned: each within two periods of the last time", "-")
def dead_among_many(stand):
    stand.timeout_ms = 500
    spec = {f"l{n}": {"kind": "tcp", "units": [1], "timeout_ms": 500} for n in range(199)}
    stand.net, stand.sick = stand.broker(), stand.devices(spec)
    house = wire.FullHouse(rig.free_port())
    stand.enders.append(house.end)
    lines = {name: {"connect": where, "timeout": "500ms"} for name, where in stand.sick.where.items()}
    lines["l199"] = {"connect": f"tcp://127.0.0.1:{house.listener.getsockname()[1]}"}
    plan = {n: {"map": "few", "line": n, "unit": 1, "area": "plant", "every": "1s"} for n in lines}
    tags = {truth.tag_name("holding", a): {"at": f"holding {a}", "type": "u16"} for a in (0, 1, 15)}
    few = {**truth.fault_map(), "tags": tags, "limits": {"max_gap": 16}}
    stand.begin(stand.plant(stand.net.port, lines, plan, {"few": few}), start=False)
    stand.box.start()
    stand.tape.wait("/value/plant/l198/holding.0", 15)
    ill = {"l0": ["never"], "l1": ["each:100"], "l2": ["close"]}
    for line, names in ill.items():
        stand.sick.command(do="fault", line=line, names=names, rate=1.0)
    time.sleep(1)
    begun = time.monotonic()
    time.sleep(5)
    worst = 0
    for line, stats in stand.sick.command(do="stats").items():
        times = [at for at, *_ in stats["asked"]["1"] if at >= begun]
        if line in ill:
            continue
        gaps = [b - a for a, b in zip([begun, *times], times)]
        assert times and max(gaps) < 2 * rig.PATIENCE, f"{line} was asked after {max(gaps, default=5):.2f} s"
        worst = max([worst, *gaps[1:]])
    stand.figures.append(f"longest pause of a healthy device {worst:.2f} s at a period of 1 s")
    stand.unit_of = {f"plant/{line}": 1 for line in lines}


@row("M60", "a device answers in an order of its own", "quality 24 `wrong transaction`; one question at a time on each "
     "connection", "3 tries of 2 polls")
def permuted(stand):
    thrown_away(stand, ["previous"], "^wrong transaction$", lines=1, units=(1, 2, 3))
