/* SPDX-License-Identifier: Apache-2.0 */
/* libmodbus asks over TCP and a terminal, and bare bytes go over the wire where it would not send
 * them. The simulator runs in a process of its own, as libmodbus blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <modbus.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "sim/server.h"
#include "sim/world.h"
#include "small.h"

struct rig {
    struct small small;
    struct loop *loop;
    struct server *server;
    pid_t child;
};

static void set(struct world *w, const char *path, double x)
{
    assert_true(world_set_number(w, plant_find_tag(w->plant, path), x));
}

static void rig_begin(struct rig *r)
{
    static const struct server_setup setup = {0};
    small_begin(&r->small, small_map, small_plant, NULL);
    const struct plant *plant = r->small.plant;
    struct image *image = image_new(r->small.arena, plant);
    struct world *w = world_new(r->small.arena, plant, image);
    set(w, "a/one/level", 3.25);
    set(w, "a/one/energy", 70000);
    set(w, "a/one/flow", 412.5);
    set(w, "a/one/door", 1);
    set(w, "a/one/flood", 0);
    set(w, "a/two/level", 1.5);
    set(w, "a/three/level", 2.75);
    set(w, "a/four/level", 0.5);
    r->loop = loop_new();
    r->server = server_new(r->loop, plant, image, &setup);
    assert_non_null(r->server);
    r->child = fork();
    assert_true(r->child >= 0);
    if (r->child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a test ends early */
    while (r->child == 0) {
        if (loop_run(r->loop, 20 * NS_PER_MS) == 0)
            server_tick(r->server);
    }
}

static void rig_end(struct rig *r)
{
    char link[256];
    snprintf(link, sizeof link, "%s", server_address(r->server, 1) + strlen("rtu://"));
    kill(r->child, SIGKILL);
    waitpid(r->child, NULL, 0);
    assert_int_equal(access(link, F_OK), 0);
    server_free(r->server);
    assert_int_not_equal(access(link, F_OK), 0);
    loop_free(r->loop);
    small_end(&r->small);
}

static int port_of(const struct rig *r, uint32_t line)
{
    return atoi(strrchr(server_address(r->server, line), ':') + 1);
}

static int dial(const struct rig *r, uint32_t line)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(r, line))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* Exactly these bytes, within two seconds. */
static void expect(int fd, const uint8_t *bytes, size_t length)
{
    uint8_t got[300];
    size_t n = 0;
    while (n < length) {
        struct pollfd p = {fd, POLLIN, 0};
        assert_int_equal(poll(&p, 1, 2000), 1);
        ssize_t more = read(fd, got + n, length - n);
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_memory_equal(got, bytes, length);
}

static void expect_silence(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, 60), 0);
}

static void libmodbus_reads_every_table_over_tcp(void **state)
{
    (void)state;
    struct rig r;
    uint16_t words[8];
    uint8_t bits[4];
    rig_begin(&r);
    modbus_t *m = modbus_new_tcp("127.0.0.1", port_of(&r, 0));
    modbus_set_slave(m, 1);
    assert_int_equal(modbus_connect(m), 0);
    assert_int_equal(modbus_read_registers(m, 0, 6, words), 6);
    assert_int_equal(words[0], 325);
    assert_int_equal(words[4] << 16 | words[5], 70000);
    assert_int_equal(modbus_read_input_registers(m, 7, 2, words), 2);
    assert_true(modbus_get_float_cdab(words) == 412.5F);
    assert_int_equal(modbus_read_bits(m, 3, 1, bits), 1);
    assert_int_equal(bits[0], 1);
    assert_int_equal(modbus_read_input_bits(m, 9, 1, bits), 1);
    assert_int_equal(bits[0], 1);
    assert_int_equal(modbus_read_registers(m, 12, 1, words), -1);
    assert_int_equal(errno, EMBXILADD);
    modbus_set_slave(m, 2);
    assert_int_equal(modbus_read_registers(m, 0, 1, words), 1);
    assert_int_equal(words[0], 150);
    modbus_set_slave(m, 99);
    assert_int_equal(modbus_read_registers(m, 0, 1, words), -1);
    assert_int_equal(errno, EMBXGTAR);
    modbus_close(m);
    modbus_free(m);
    rig_end(&r);
}

static void libmodbus_writes_and_finds_what_it_wrote(void **state)
{
    (void)state;
    struct rig r;
    const uint16_t two[2] = {0x0012, 0x3456};
    const uint8_t off = 0;
    uint16_t words[2];
    uint8_t bits[1];
    rig_begin(&r);
    modbus_t *m = modbus_new_tcp("127.0.0.1", port_of(&r, 0));
    modbus_set_slave(m, 1);
    assert_int_equal(modbus_connect(m), 0);
    assert_int_equal(modbus_write_register(m, 0, 0x00F2), 1);
    assert_int_equal(modbus_mask_write_register(m, 0, 0xFF0F, 0x0030), 1);
    assert_int_equal(modbus_read_registers(m, 0, 1, words), 1);
    assert_int_equal(words[0], 0x0032);
    assert_int_equal(modbus_write_registers(m, 4, 2, two), 2);
    assert_int_equal(modbus_read_registers(m, 4, 2, words), 2);
    assert_memory_equal(words, two, sizeof two);
    assert_int_equal(modbus_write_bit(m, 3, 0), 1);
    assert_int_equal(modbus_read_bits(m, 3, 1, bits), 1);
    assert_int_equal(bits[0], 0);
    assert_int_equal(modbus_write_bits(m, 3, 1, &off), 1);
    assert_int_equal(modbus_write_register(m, 12, 1), -1);
    assert_int_equal(errno, EMBXILADD);
    modbus_close(m);
    modbus_free(m);
    rig_end(&r);
}

static void libmodbus_reads_a_bus_again_after_closing_it(void **state)
{
    (void)state;
    struct rig r;
    uint16_t words[4];
    rig_begin(&r);
    for (int i = 0; i < 3; i++) {
        modbus_t *m =
            modbus_new_rtu(server_address(r.server, 1) + strlen("rtu://"), 19200, 'E', 8, 1);
        modbus_set_slave(m, 3);
        assert_int_equal(modbus_connect(m), 0);
        assert_int_equal(modbus_read_registers(m, 0, 1, words), 1);
        assert_int_equal(words[0], 275);
        modbus_close(m);
        modbus_free(m);
    }
    rig_end(&r);
}

static void frames_may_come_in_pieces_and_in_heaps(void **state)
{
    (void)state;
    static const uint8_t ask[] = {0, 7, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1};
    static const uint8_t answer[] = {0, 7, 0, 0, 0, 5, 1, 3, 2, 1, 0x45};
    struct rig r;
    uint8_t heap[sizeof ask * 20], answers[sizeof answer * 20];
    rig_begin(&r);
    int fd = dial(&r, 0), other = dial(&r, 0);
    for (size_t i = 0; i < sizeof ask; i++)
        assert_int_equal(write(fd, ask + i, 1), 1);
    expect(fd, answer, sizeof answer);
    for (size_t i = 0; i < 20; i++) {
        memcpy(heap + i * sizeof ask, ask, sizeof ask);
        memcpy(answers + i * sizeof answer, answer, sizeof answer);
        heap[i * sizeof ask + 1] = answers[i * sizeof answer + 1] = (uint8_t)i;
    }
    assert_int_equal(write(fd, heap, sizeof heap), sizeof heap);
    expect(fd, answers, sizeof answers);
    /* Another connection is served meanwhile, and one that talks nonsense is hung up. */
    assert_int_equal(write(other, ask, sizeof ask), sizeof ask);
    expect(other, answer, sizeof answer);
    assert_int_equal(write(other, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_true(read(other, heap, 1) <= 0);
    close(other);
    close(fd);
    rig_end(&r);
}

static void a_bus_is_silent_to_strangers_and_to_noise(void **state)
{
    (void)state;
    static const uint8_t ask[] = {3, 3, 0, 0, 0, 1, 0x85, 0xE8}, answer[] = {3, 3, 2, 1, 0x13};
    static const uint8_t stranger[] = {5, 3, 0, 0, 0, 1, 0x85, 0x8E};
    struct rig r;
    rig_begin(&r);
    int fd = open(server_address(r.server, 1) + strlen("rtu://"), O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, stranger, sizeof stranger), sizeof stranger);
    expect_silence(fd);
    assert_int_equal(write(fd, ask, 5), 5);
    expect_silence(fd);
    /* The half frame is forgotten after a silence: the next whole one is understood. */
    expect_silence(fd);
    assert_int_equal(write(fd, ask, sizeof ask), sizeof ask);
    expect(fd, answer, sizeof answer);
    close(fd);
    rig_end(&r);
}

static void rtu_frames_pass_through_a_socket(void **state)
{
    (void)state;
    /* Unit 4, one register; 0x0032 is 0.50 m. */
    static const uint8_t ask[] = {4, 3, 0, 0, 0, 1, 0x84, 0x5F}, answer[] = {4, 3, 2, 0, 0x32};
    struct rig r;
    rig_begin(&r);
    int fd = dial(&r, 2);
    assert_int_equal(write(fd, ask, sizeof ask), sizeof ask);
    expect(fd, answer, sizeof answer);
    close(fd);
    rig_end(&r);
}

static void the_lines_file_says_where_everything_is(void **state)
{
    (void)state;
    struct rig r;
    rig_begin(&r);
    char file[160];
    snprintf(file, sizeof file, "%s", small_file(&r.small, "lines.yaml"));
    assert_true(server_write_lines(r.server, file));
    struct plant_options options = {.lines_file = file};
    const struct plant *again =
        plant_load(r.small.arena, small_file(&r.small, "plant.yaml"), &options, r.small.ds);
    if (again == NULL)
        diags_print(r.small.ds, stderr);
    assert_non_null(again);
    assert_string_equal(again->lines[0].host, "127.0.0.1");
    assert_int_equal(again->lines[0].port, port_of(&r, 0));
    assert_string_equal(again->lines[1].device, server_address(r.server, 1) + strlen("rtu://"));
    assert_int_equal(again->lines[2].transport, TRANSPORT_RTU_OVER_TCP);
    assert_false(server_write_lines(r.server, "/nowhere/at/all/lines.yaml"));
    rig_end(&r);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    (void)state;
    struct rig r;
    rig_begin(&r);
    int port = port_of(&r, 0);
    const struct server_setup setup = {.port_base = (uint16_t)port};
    struct image *image = image_new(r.small.arena, r.small.plant);
    struct loop *loop = loop_new();
    assert_null(server_new(loop, r.small.plant, image, &setup));
    loop_free(loop);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libmodbus_reads_every_table_over_tcp),
        cmocka_unit_test(libmodbus_writes_and_finds_what_it_wrote),
        cmocka_unit_test(libmodbus_reads_a_bus_again_after_closing_it),
        cmocka_unit_test(frames_may_come_in_pieces_and_in_heaps),
        cmocka_unit_test(a_bus_is_silent_to_strangers_and_to_noise),
        cmocka_unit_test(rtu_frames_pass_through_a_socket),
        cmocka_unit_test(the_lines_file_says_where_everything_is),
        cmocka_unit_test(a_port_that_is_taken_is_an_error),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("sim/server", tests, NULL, NULL);
}
