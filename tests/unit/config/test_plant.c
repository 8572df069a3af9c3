/* SPDX-License-Identifier: Apache-2.0 */
/* What a plant file becomes, and how fast a large one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/plant.h"

static const char map_text[] =
    "format: 1\norder: {f32: CDAB}\ntags:\n  flow: {at: input 0, type: f32}\n"
    "  head: {at: input 2, type: f32, order: ABCD}\n  alive: {at: input 4, type: u16}\n";

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
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("maps", 0700) != 0 ||
        mkdir("library", 0700) != 0) {
        return -1;
    }
    write_file("maps/m.yaml", map_text);
    write_file("library/m.yaml", "format: 1\ntags: {wrong: {at: input 0, type: u16}}\n");
    write_file("library/lib.yaml", "format: 1\ntags: {far: {at: input 0, type: u16}}\n");
    return 0;
}

static int out_of_it(void **state)
{
    static const char *const files[] = {"plant.yaml",      "lines.yaml",        "big.yaml",
                                        "maps/m.yaml",     "maps/hundred.yaml", "library/m.yaml",
                                        "library/lib.yaml"};
    char folder[64];
    (void)state;
    if (getcwd(folder, sizeof folder) == NULL) {
        return -1;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        unlink(files[i]);
    }
    rmdir("maps");
    rmdir("library");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

struct loaded {
    struct arena *arena;
    struct diags *ds;
    const struct plant *plant;
};

static struct loaded load(const char *text, const char *lines_file)
{
    struct plant_options options = {.library = "library", .lines_file = lines_file};
    struct loaded l = {.arena = arena_new(0), .ds = diags_new()};
    write_file("plant.yaml", text);
    l.plant = plant_load(l.arena, "plant.yaml", &options, l.ds);
    if (l.plant == NULL) {
        diags_print(l.ds, stderr);
    }
    assert_non_null(l.plant);
    return l;
}

static void unload(struct loaded *l)
{
    diags_free(l->ds);
    arena_free(l->arena);
}

static const char whole[] =
    "format: 1\nsite: lac-des-iles\ngateway: gw1\n"
    "mqtt: {broker: \"mqtts://[fe80::1]:8884\", root: mine/v1, user: u,\n"
    "       password_file: \"credential:mqtt\", ca: ca.pem, cert: /c.pem, key: k.pem,\n"
    "       version: 3.1.1, client_id: me, keepalive: 30s, window: 50, publish: [history]}\n"
    "journal: {keep: 24h, size: 512MiB}\ntick: 20ms\n"
    "lines:\n  plc: {connect: \"tcp://10.20.0.11\", timeout: 500ms, retries: 3, delay: 2ms,\n"
    "        reconnect: {min: 1s, max: 20s}, silent_share: 25%}\n"
    "  bus: {connect: \"rtu:///dev/ttyS1\", baud: 9600, parity: none, stop: 2, echo: true}\n"
    "  radio: {connect: \"rtu+tcp://[::1]:4001\"}\n"
    "areas: {mill: Milling area, pit: Open pit}\n"
    "devices:\n  pump-1: {map: m, line: plc, unit: 255, area: mill}\n"
    "  pit/pump-1: {map: m, line: bus, unit: 3, every: 250ms, delay: 3ms, stale: 9s,\n"
    "               history: changed, order: {f32: DCBA}, heartbeat: {tag: alive, within: 5s}}\n"
    "  far: {map: lib, line: radio, unit: 1, area: pit}\n"
    "derived:\n  mill/sum/b: {of: {x: mill/sum/a}, is: x * 2}\n"
    "  mill/sum/a: {of: {p: mill/pump-1/flow, q: pit/pump-1/flow}, is: p + q, unit: m3/h,\n"
    "               valid: [0, 900], deadband: 0.5, max_silence: 1m, about: Both}\n";

static void a_heading_is_read_whatever_is_wrong_below_it(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool read;
    } cases[] = {
        {"format: 1\nsite: s\ngateway: g\nmqtt: {broker: \"mqtt://h:1884\", root: mine/v1}\n"
         "tick: soon\nlines: [1]\nareas: 7\ndevices: {d: {map: none, line: none}}\nodd: 1\n"
         "timezone: Nowhere/Never\n",
         true},
        {"format: 1\nsite: s\ngateway: g\nmqtt: {broker: nonsense}\n", false},
        {"format: 1\nsite: s\nmqtt: {broker: \"mqtt://h\"}\n", false},
        {"format: 1\ngateway: g\nmqtt: {broker: \"mqtt://h\"}\n", false},
        {"format: 1\nsite: s\ngateway: g\n mqtt: [\n", false},
        {"[]\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *a = arena_new(0);
        write_file("plant.yaml", cases[i].text);
        const struct plant *p = plant_heading(a, "plant.yaml");
        assert_int_equal(p != NULL, cases[i].read);
        if (p != NULL) {
            assert_string_equal(p->site, "s");
            assert_string_equal(p->gateway, "g");
            assert_string_equal(p->mqtt.host, "h");
            assert_int_equal(p->mqtt.port, 1884);
            assert_string_equal(p->mqtt.root, "mine/v1");
            assert_string_equal(p->timezone, "UTC");
        }
        arena_free(a);
    }
}

static void everything_that_is_said_is_kept(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    struct loaded l = load(whole, NULL);
    const struct plant *p = l.plant;
    const struct mqtt *m = &p->mqtt;
    assert_string_equal(p->site, "lac-des-iles");
    assert_string_equal(m->host, "fe80::1");
    assert_int_equal(m->port, 8884);
    assert_true(m->tls && !m->values && m->history);
    assert_string_equal(m->password_file, "/run/credentials/headgate.service/mqtt");
    assert_string_equal(m->ca, "ca.pem");
    assert_string_equal(m->cert, "/c.pem");
    assert_int_equal(m->version, 3);
    assert_int_equal(m->window, 50);
    assert_int_equal(p->journal.max_bytes, 512 << 20);
    assert_int_equal(p->tick_ns, 20 * NS_PER_MS);
    const struct line *plc = &p->lines[0], *bus = &p->lines[1], *radio = &p->lines[2];
    assert_int_equal(plc->transport, TRANSPORT_TCP);
    assert_int_equal(plc->port, 502);
    assert_int_equal(plc->retries, 3);
    assert_true(plc->silent_share > 0.24 && plc->silent_share < 0.26);
    assert_int_equal(plc->reconnect_max_ns, 20 * NS_PER_S);
    assert_int_equal(bus->transport, TRANSPORT_RTU);
    assert_string_equal(bus->device, "/dev/ttyS1");
    assert_true(bus->baud == 9600 && bus->parity == PARITY_NONE && bus->stop_bits == 2);
    assert_true(bus->echo);
    assert_int_equal(radio->transport, TRANSPORT_RTU_OVER_TCP);
    assert_string_equal(radio->host, "::1");
    assert_int_equal(radio->port, 4001);
    assert_int_equal(diags_count(l.ds), 0);
    unload(&l);
}

static void devices_find_their_maps_and_may_change_them(void **state)
{
    (void)state;
    struct loaded l = load(whole, NULL);
    const struct device *d = l.plant->devices;
    assert_string_equal(d[0].path, "mill/pump-1");
    assert_string_equal(d[0].name, "pump-1");
    assert_string_equal(d[1].path, "pit/pump-1");
    assert_string_equal(d[0].map->points[0].name, "flow"); /* beside the plant, not the library's */
    assert_string_equal(d[2].map->points[0].name, "far");
    assert_true(d[0].history_all && !d[1].history_all);
    assert_int_equal(d[0].every_ns, NS_PER_S);
    assert_int_equal(d[1].every_ns, 250 * NS_PER_MS);
    assert_int_equal(d[0].map->points[0].order[0], 2);
    assert_int_equal(d[1].map->points[0].order[0], 3);
    assert_int_equal(d[1].map->points[1].order[0], 0); /* the tag's own order stays */
    assert_int_equal(d[0].map->heartbeat.point, -1);
    assert_int_equal(d[1].map->heartbeat.point, 2);
    assert_string_equal(d[1].map->hash, d[0].map->hash);
    unload(&l);
}

static void tags_are_numbered_through_the_plant(void **state)
{
    (void)state;
    struct loaded l = load(whole, NULL);
    const struct plant *p = l.plant;
    assert_int_equal(p->tag_count, 3 + 3 + 1 + 2);
    assert_int_equal(plant_find_tag(p, "mill/pump-1/head"), 1);
    assert_int_equal(plant_find_tag(p, "pit/pump-1/flow"), 3);
    assert_int_equal(plant_find_tag(p, "mill/sum/a"), 8);
    assert_int_equal(plant_find_tag(p, "mill/pump-1"), TAG_NONE);
    assert_int_equal(plant_find_tag(p, "mill/pump-1/flo"), TAG_NONE);
    assert_int_equal(p->derived[0].inputs[0].tag, 8);
    assert_int_equal(p->derived[1].inputs[1].tag, 3);
    assert_string_equal(p->derived[1].device_path, "mill/sum");
    assert_string_equal(p->derived[1].point.key, "\"a\":");
    assert_true(p->derived[1].point.has_valid);
    assert_ptr_equal(plant_find_device(p, "pit/far"), &p->devices[2]);
    assert_null(plant_find_device(p, "pit/fa"));
    assert_string_equal(plant_suggest_device(p, "mill/pump1"), "mill/pump-1");
    assert_string_equal(plant_suggest_tag(p, l.arena, "mill/pump1/hed"), "mill/pump-1/head");
    assert_string_equal(plant_suggest_tag(p, l.arena, "mill/sum/aa"), "mill/sum/a");
    unload(&l);
}

static void lines_lead_elsewhere_for_a_simulator(void **state)
{
    (void)state;
    write_file("lines.yaml", "plc: \"tcp://127.0.0.1:1502\"\nbus: \"rtu:///dev/pts/5\"\n");
    struct loaded l = load(whole, "lines.yaml");
    assert_string_equal(l.plant->lines[0].host, "127.0.0.1");
    assert_int_equal(l.plant->lines[0].port, 1502);
    assert_string_equal(l.plant->lines[1].device, "/dev/pts/5");
    assert_int_equal(l.plant->lines[1].baud, 9600);
    assert_int_equal(l.plant->lines[2].port, 4001);
    unload(&l);
}

static void a_large_plant_loads_in_a_moment(void **state)
{
    enum { DEVICES = 4000, TAGS = 100 };
    struct arena *a = arena_new(0);
    struct diags *ds = diags_new();
    (void)state;
    FILE *f = fopen("maps/hundred.yaml", "w");
    assert_non_null(f);
    fputs("format: 1\ntags:\n", f);
    for (int i = 0; i < TAGS; i++) {
        fprintf(f, "  tag_%d: {at: holding %d, type: f32, unit: m, valid: [0, 9]}\n", i, 2 * i);
    }
    fclose(f);
    f = fopen("big.yaml", "w");
    assert_non_null(f);
    fputs("format: 1\nsite: s\ngateway: g\nareas: {a: A}\nlines:\n", f);
    for (int i = 0; i < DEVICES; i++) {
        fprintf(f, "  l%d: {connect: \"tcp://127.0.0.1:%d\"}\n", i, 1024 + i);
    }
    fputs("devices:\n", f);
    for (int i = 0; i < DEVICES; i++) {
        fprintf(f, "  d%d: {map: hundred, line: l%d, unit: 1, area: a, order: {f32: CDAB}}\n", i,
                i);
    }
    fclose(f);
    clock_t start = clock();
    const struct plant *p = plant_load(a, "big.yaml", NULL, ds);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_non_null(p);
    assert_int_equal(p->tag_count, DEVICES * TAGS);
    /* Alike changes are one copy, not four thousand. */
    assert_ptr_equal(p->devices[0].map, p->devices[DEVICES - 1].map);
    assert_true(seconds < 3.0);
    diags_free(ds);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_said_is_kept),
        cmocka_unit_test(a_heading_is_read_whatever_is_wrong_below_it),
        cmocka_unit_test(devices_find_their_maps_and_may_change_them),
        cmocka_unit_test(tags_are_numbered_through_the_plant),
        cmocka_unit_test(lines_lead_elsewhere_for_a_simulator),
        cmocka_unit_test(a_large_plant_loads_in_a_moment),
    };
    return cmocka_run_group_tests(tests, in_a_folder, out_of_it);
}
