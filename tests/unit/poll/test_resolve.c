/* SPDX-License-Identifier: Apache-2.0 */
/* Names are looked up by somebody else; who has asked may have gone in the meantime. Only names
 * that need no name server. */
#include "rig.c"

#include "poll/resolve.h"

struct asker {
    unsigned answers, addresses;
    bool refused;
};

static void hear(void *me, const struct addresses *found, const char *why)
{
    struct asker *a = me;
    a->answers++;
    a->addresses = found->count;
    a->refused = why != NULL;
}

static void run_until(struct loop *loop, const struct asker *a, unsigned answers)
{
    mono_t end = mono_add(clock_mono(), 10 * NS_PER_S);
    while (a->answers < answers && mono_before(clock_mono(), end))
        assert_true(loop_run(loop, 100 * NS_PER_MS) >= 0);
    assert_int_equal(a->answers, answers);
}

static void a_name_has_addresses_or_a_reason(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct resolver *r = resolver_new(loop);
    struct asker known = {0}, impossible = {0};
    assert_true(resolver_ask(r, "localhost", 502, hear, &known));
    assert_true(resolver_ask(r, "no..name", 502, hear, &impossible));
    run_until(loop, &known, 1);
    run_until(loop, &impossible, 1);
    assert_true(known.addresses >= 1 && !known.refused);
    assert_true(impossible.addresses == 0 && impossible.refused);
    assert_true(resolver_ask(r, "localhost", 503, hear, &known)); /* by the same thread */
    run_until(loop, &known, 2);
    resolver_free(r);
    resolver_free(NULL);
    loop_free(loop);
}

static void digits_need_nobody(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        int family; /* 0: no digits */
    } facts[] = {
        {"127.0.0.1", AF_INET}, {"::1", AF_INET6}, {"localhost", 0}, {"", 0}, {"1.2.3.4.5", 0}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct addresses found;
        assert_int_equal(resolve_numeric(facts[i].host, 502, &found), facts[i].family != 0);
        if (facts[i].family)
            assert_int_equal(found.at[0].any.sa_family, facts[i].family);
        else
            assert_int_equal(found.count, 0);
    }
}

static void who_is_forgotten_hears_nothing(void **state)
{
    (void)state;
    enum { ASKERS = 40 };
    struct loop *loop = loop_new();
    struct resolver *r = resolver_new(loop);
    struct asker askers[ASKERS] = {0};
    for (int i = 0; i < ASKERS; i++)
        assert_true(resolver_ask(r, i % 3 ? "localhost" : "no..name", 502, hear, &askers[i]));
    for (int i = 0; i < ASKERS - 1; i += 2)
        resolver_forget(r, &askers[i]);
    run_until(loop, &askers[ASKERS - 1], 1); /* in order: all others are done */
    for (int i = 0; i < ASKERS - 1; i++)
        assert_int_equal(askers[i].answers, i % 2);
    /* At the end nobody waits for those that are still on their way. */
    for (int i = 0; i < ASKERS; i++)
        assert_true(resolver_ask(r, "localhost", 502, hear, &askers[i]));
    resolver_free(r);
    loop_free(loop);
    for (int i = 0; i < ASKERS - 1; i++)
        assert_int_equal(askers[i].answers, i % 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_addresses_or_a_reason),
        cmocka_unit_test(digits_need_nobody),
        cmocka_unit_test(who_is_forgotten_hears_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
