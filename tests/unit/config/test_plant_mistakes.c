/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong plant files, and what is said about them, to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/plant.h"
#include "mistakes.h"

static const struct mistakes cases[] = {
    {"a plant says who it is",
     "format: 1\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:1:1: error: `site:` is missing; it is the name of the plant in every topic\n"
     "plant.yaml:1:1: error: `gateway:` is missing; it is the name of this gateway in every topic, "
     "unique at the site\n"},
    {"a misspelt section is named with the right one",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n"
     "derivd: {}\n",
     "plant.yaml:7:1: error: `derivd` is no key of a plant, did you mean `derived`?\n"},
    {"other people's words for our keys are answered with ours",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\", ip: h, baudrate: 9600}, bus: {connect: "
     "\"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill, slave: 17, Slave_ID: 17, interval: 1s, "
     "id: 3, address: 3, staale: 5s}}\n",
     "plant.yaml:4:35: error: `ip` is no key of a line, did you mean `connect`?\n"
     "plant.yaml:4:42: error: `baudrate` is no key of a line, did you mean `baud`?\n"
     "plant.yaml:6:55: error: `slave` is no key of a device, did you mean `unit`?\n"
     "plant.yaml:6:66: error: `Slave_ID` is no key of a device, did you mean `unit`?\n"
     "plant.yaml:6:80: error: `interval` is no key of a device, did you mean `every`?\n"
     "plant.yaml:6:94: error: `id` is no key of a device, did you mean `unit`?\n"
     "plant.yaml:6:101: error: `address` is no key of a device, did you mean `unit`?\n"
     "plant.yaml:6:113: error: `staale` is no key of a device, did you mean `stale`?\n"},
    {"what people may command is spelt right",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "commands: {allow: [alarms, akc, replay, everything], fresh: 2h}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:28: error: command `akc` is not known, did you mean `ack`?\n"
     "plant.yaml:4:41: error: command `everything` is not known; one of: ack reset shelve unshelve "
     "oos in-service proof incident drill write replay bulletin alarms incidents\n"
     "plant.yaml:4:61: error: fresh is 2h; it can be 1 s to 1 h\n"},
    {"what may be commanded is a list, and says what historians need",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "commands: {allow: [ack], frehs: 5s}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:19: warning: no historian can ask for rows that it missed; add `replay`, which "
     "changes nothing\n"
     "plant.yaml:4:26: error: `frehs` is no key of commands, did you mean `fresh`?\n"},
    {"a broker has an address",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {broker: 10.0.0.1}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:16: error: broker `10.0.0.1`: write mqtt://HOST:1883 or mqtts://HOST:8883\n"},
    {"no secrets in an address",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {broker: \"mqtt://u:p@h\"}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:16: error: no user or password in the broker's address; say `user:` and "
     "`password_file:`\n"},
    {"no secrets in the file",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {broker: \"mqtts://h\", user: u, password: geheim}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:48: error: a password does not belong into this file; write it to a file of its "
     "own and say `password_file: PATH` or `password_file: credential:NAME`\n"},
    {"certificates need TLS",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {ca: /etc/ca.pem, cert: a.pem, version: 4, root: /a, window: 5000}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:12: error: certificates need TLS: `broker: mqtts://...`\n"
     "plant.yaml:4:31: error: `cert` and `key` belong together\n"
     "plant.yaml:4:47: error: version `4` is not known; one of: 5 3.1.1\n"
     "plant.yaml:4:56: error: root `/a` is the beginning of every topic, like mine/v1: no + or #, "
     "no $ in front, no empty level\n"
     "plant.yaml:4:68: error: window is 5000; it can be 1 to 1000\n"},
    {"a password on an open wire is warned of",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "mqtt: {broker: \"mqtt://10.0.0.1\", user: u, password_file: /p}\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:59: warning: the password travels unencrypted over mqtt://; use mqtts://\n"},
    {"a line leads somewhere",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {a: {timeout: 1s}, b: {connect: \"udp://h\"}, c: {connect: \"tcp://h:0\"}, d: "
     "{connect: \"rtu://ttyS0\"}, e: {connect: \"rtu+tcp://h\"}, f: {connect: \"tcp://h:502/x\"}}\n"
     "areas: {mill: M}\n"
     "devices: {p: {map: m, line: a, unit: 1, area: mill}}\n",
     "plant.yaml:4:9: error: line `a` leads nowhere; say `connect: tcp://HOST:502`\n"
     "plant.yaml:4:40: error: connect `udp://h`: write tcp://HOST:502, rtu:///dev/serial/by-id/... "
     "or rtu+tcp://HOST:4001\n"
     "plant.yaml:4:65: error: connect `tcp://h:0`: write tcp://HOST:PORT, with [..] around an IPv6 "
     "address and nothing behind the port\n"
     "plant.yaml:4:92: error: connect `rtu://ttyS0`: the path of a serial port is absolute: "
     "rtu:///dev/serial/by-id/...\n"
     "plant.yaml:4:121: error: connect `rtu+tcp://h`: rtu+tcp has no usual port; say which one, "
     "like rtu+tcp://HOST:4001\n"
     "plant.yaml:4:150: error: connect `tcp://h:502/x`: write tcp://HOST:PORT, with [..] around an "
     "IPv6 address and nothing behind the port\n"},
    {"a rate that serial ports have",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {a: {connect: \"rtu:///dev/ttyS0\", baud: 19201, parity: evn, data: 7}, b: {connect: "
     "\"tcp://h\", baud: 9600}}\n"
     "areas: {mill: M}\n"
     "devices: {p: {map: m, line: a, unit: 1, area: mill}}\n",
     "plant.yaml:4:48: error: baud 19201 is no rate of serial ports; the next one below is 19200\n"
     "plant.yaml:4:63: error: parity `evn` is not known, did you mean `even`?\n"
     "plant.yaml:4:74: error: RTU needs 8 data bits; 7 are for Modbus ASCII\n"
     "plant.yaml:4:108: error: this is a setting of a serial bus, but the line is TCP; leave it "
     "out, or connect by rtu:// or rtu+tcp://\n"},
    {"a port that renumbers is warned of",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {a: {connect: \"rtu:///dev/ttyUSB0\"}}\n"
     "areas: {mill: M}\n"
     "devices: {p: {map: m, line: a, unit: 1, area: mill}}\n",
     "plant.yaml:4:22: warning: /dev/ttyUSB0 gets another number when adapters are plugged in "
     "another order; name it by /dev/serial/by-id/... or by-path\n"},
    {"one bus, one line",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {a: {connect: \"rtu:///dev/ttyS0\"}, b: {connect: \"rtu:///dev/ttyS0\"}, \"..\": "
     "{connect: \"tcp://h\"}}\n"
     "areas: {mill: M}\n"
     "devices: {p: {map: m, line: a, unit: 1, area: mill}}\n",
     "plant.yaml:4:43: error: line `b` uses the same port as line `a`; units of one bus belong to "
     "one line\n"
     "plant.yaml:4:77: error: line `..`: a name has 1 to 64 of A-Z a-z 0-9 . _ -\n"},
    {"units of a bus",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a: {map: m, line: bus, unit: 0, area: mill}\n"
     "  b: {map: m, line: bus, unit: 248, area: mill}\n"
     "  c: {map: m, line: plc, unit: 256, area: mill}\n"
     "  d: {map: m, line: plc, area: mill}\n",
     "plant.yaml:7:32: error: unit 0 is the broadcast of a bus, nobody answers; units are 1 to "
     "247\n"
     "plant.yaml:8:32: error: units of a bus are 1 to 247\n"
     "plant.yaml:9:32: error: unit is 256; it can be 0 to 255\n"
     "plant.yaml:10:3: error: `d` has no unit; say `unit: 1` (many TCP devices answer to any unit; "
     "255 and 1 are usual)\n"},
    {"misspelt lines, areas, maps, tags",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a: {map: mm, line: plx, unit: 1, area: mil}\n"
     "  b: {map: m, line: plc, unit: 1, area: mill}\n"
     "derived:\n"
     "  mill/x/y: {of: {a: mill/b/flwo, b: mill/c/flow, c: flow}, is: a}\n",
     "plant.yaml:7:12: error: no map `mm`: neither maps/mm.yaml nor nowhere/mm.yaml is there, did "
     "you mean `m`?\n"
     "plant.yaml:7:22: error: no line `plx`, did you mean `plc`?\n"
     "plant.yaml:7:42: error: no area `mil`, did you mean `mill`?\n"
     "plant.yaml:10:22: error: of: no tag `mill/b/flwo`, did you mean `mill/b/flow`?\n"
     "plant.yaml:10:38: error: of: no tag `mill/c/flow`, did you mean `mill/b/flow`?\n"
     "plant.yaml:10:54: error: of: `flow` is no full tag name; write area/device/tag\n"},
    {"a map has a plain name",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  a: {map: ../m, line: plc, unit: 1, area: mill}\n"
     "  b: {map: /m, line: plc, unit: 1, area: mill}\n"
     "  c: {map: m.yaml, line: plc, unit: 1, area: mill}\n",
     "plant.yaml:7:12: error: map `../m`: a name like eastron/sdm630, relative to the folder of "
     "maps, without a leading `/` and without `..`\n"
     "plant.yaml:8:12: error: map `/m`: a name like eastron/sdm630, relative to the folder of "
     "maps, without a leading `/` and without `..`\n"
     "plant.yaml:9:12: error: map `m.yaml`: leave out the .yaml\n"},
    {"names that differ by case only",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, PLC: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  p: {map: m, line: plc, unit: 1, area: mill}\n"
     "  P: {map: m, line: plc, unit: 2, area: mill}\n",
     "plant.yaml:4:36: error: there is already a line `PLC` but for upper and lower case; names "
     "must differ by more\n"
     "plant.yaml:8:3: error: there is already a device `mill/P` but for upper and lower case; "
     "names must differ by more\n"},
    {"an area of the gateway's name",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {gateway: G, mill: M}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:5:9: error: the area name `gateway` is kept for the gateway's own tags; choose "
     "another\n"},
    {"a copied line is warned of",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices:\n"
     "  p: {map: m, line: plc, unit: 1, area: mill}\n"
     "  q: {map: m, line: plc, unit: 1, area: mill}\n",
     "plant.yaml:8:3: warning: `mill/q` and `mill/p` are the same map at unit 1 of line `plc`: is "
     "one of them copied, and its unit not changed?\n"},
    {"a device's changes are checked",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill, order: {f32: ABB, flo: CDAB}, "
     "heartbeat: {tag: flw, within: 3s}}}\n",
     "plant.yaml:6:68: error: order `ABB`: f32 takes each letter of ABCD once, the most "
     "significant byte is A\n"
     "plant.yaml:6:73: error: order: `flo` is neither a type nor a tag of this map, did you mean "
     "`flow`?\n"
     "plant.yaml:6:102: error: heartbeat: no tag `flw` in this map, did you mean `flow`?\n"},
    {"derived tags",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n"
     "derived:\n"
     "  a/b: {of: {a: mill/p/flow}, is: a}\n"
     "  pit/b/c: {of: {a: mill/p/flow}, is: a}\n"
     "  mill/p/flow: {of: {a: mill/p/flow}, is: a}\n"
     "  mill/x/y: {of: {end: mill/p/flow}, is: a}\n"
     "  mill/x/z: {is: a}\n",
     "plant.yaml:8:3: error: derived `a/b`: the name is area/device/tag, each of A-Z a-z 0-9 . _ "
     "-\n"
     "plant.yaml:9:3: error: derived `pit/b/c`: no area `pit`; declare it under `areas:`\n"
     "plant.yaml:10:3: error: derived `mill/p/flow`: the device has a tag of this name already\n"
     "plant.yaml:11:19: error: `end` cannot be a name in an expression; use letters, digits and _, "
     "and none of Lua's own words\n"
     "plant.yaml:12:3: error: a derived tag says of what and how: {of: {a: mill/pump-1/flow}, is: "
     "a * 3.6}\n"},
    {"circles of derived tags",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n"
     "derived:\n"
     "  mill/x/a: {of: {b: mill/x/b}, is: b}\n"
     "  mill/x/b: {of: {a: mill/x/a}, is: a}\n",
     "plant.yaml:9:3: error: `mill/x/b` is computed from itself in a circle, by way of "
     "`mill/x/a`\n"},
    {"journal and tick",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "journal: {keep: 3, size: 5}\n"
     "tick: 2s\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: m, line: plc, unit: 1, area: mill}}\n",
     "plant.yaml:4:17: error: keep `3` is no duration; write 500ms, 5s, 10m, 72h (with the unit)\n"
     "plant.yaml:4:26: error: size is a size of 1MiB or more, like 512MiB or 2GiB\n"
     "plant.yaml:5:7: error: tick is 2s; it can be 1 ms to 1 s\n"},
    {"a mistake in a map",
     "format: 1\n"
     "site: s\n"
     "gateway: g\n"
     "lines: {plc: {connect: \"tcp://h\"}, bus: {connect: \"rtu:///dev/ttyS0\"}}\n"
     "areas: {mill: Mill}\n"
     "devices: {p: {map: bad, line: plc, unit: 1, area: mill}}\n",
     "maps/bad.yaml:3:29: error: type `f23` is not known, did you mean `f32`?\n"},
};

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int in_a_folder(void **state)
{
    static char folder[] = "/tmp/headgate-test-XXXXXX";
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0) {
        return -1;
    }
    write_file("maps/m.yaml", "format: 1\ntags:\n  flow: {at: input 0, type: f32}\n"
                              "  alive: {at: input 2, type: u16}\n");
    write_file("maps/bad.yaml", "format: 1\ntags:\n  flow: {at: input 0, type: f23}\n");
    return 0;
}

static int out_of_it(void **state)
{
    (void)state;
    char folder[64];
    if (getcwd(folder, sizeof folder) == NULL) {
        return -1;
    }
    unlink("plant.yaml");
    unlink("maps/m.yaml");
    unlink("maps/bad.yaml");
    rmdir("maps");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void mistakes_are_told_with_their_place_and_remedy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plant_options options = {.library = "nowhere"};
        struct arena *a = arena_new(0);
        struct diags *ds = diags_new();
        write_file("plant.yaml", cases[i].file);
        const struct plant *p = plant_load(a, "plant.yaml", &options, ds);
        expect_case(&cases[i], p != NULL, ds);
        diags_free(ds);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told_with_their_place_and_remedy),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
