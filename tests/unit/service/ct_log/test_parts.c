/* Rate limits and known issuers, alone. */
#include "unit/checks.h"

#include <pthread.h>
#include <stdio.h>

#include "service/ct_log/ct_log_issuers.h"
#include "service/ct_log/ct_log_limits.h"

static struct error err;
static struct ct_log_limits_table table;
static int64_t now_ms;

static void init_limits(uint32_t per_address, uint32_t all)
{
    now_ms = INT64_C(1795305600000);
    OK(ct_log_limits_init(&table, per_address, all, &err));
}

/* 0: taken; otherwise after how many seconds again. */
static uint32_t take(const char *peer, uint32_t count)
{
    uint32_t retry_after_s = 0;
    bool is_address;
    enum status status = ct_log_limits_take(&table, peer, now_ms, count, &retry_after_s, &is_address);
    assert_true((status == STATUS_OK) == (retry_after_s == 0));
    return retry_after_s;
}

static void a_bucket_fills_at_its_rate(void **state)
{
    (void)state;
    init_limits(10, 0);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(take("192.0.2.1", 1), 0);
    assert_int_equal(take("192.0.2.1", 1), 1);
    assert_int_equal(take("192.0.2.2", 1), 0);
    now_ms += 99;
    assert_int_equal(take("192.0.2.1", 1), 1);
    now_ms += 1;
    assert_int_equal(take("192.0.2.1", 1), 0);
    assert_int_equal(take("192.0.2.1", 1), 1);
    now_ms += 100000; /* no more than a burst is saved */
    assert_int_equal(take("192.0.2.1", 20), 0);
    assert_int_equal(take("192.0.2.1", 1), 1);
    ct_log_limits_clear(&table);
}

static void more_than_a_burst_is_paid_for_afterwards(void **state)
{
    (void)state;
    init_limits(10, 0);
    assert_int_equal(take("192.0.2.1", 100), 0);
    assert_int_equal(take("192.0.2.1", 1), 9);
    now_ms += 8000;
    assert_int_equal(take("192.0.2.1", 1), 1);
    now_ms += 1000;
    assert_int_equal(take("192.0.2.1", 1), 0);
    assert_true(take("192.0.2.1", 100) > 0); /* only a full bucket pays for it */
    ct_log_limits_clear(&table);
}

static void addresses_are_what_somebody_has(void **state)
{
    (void)state;
    init_limits(1, 0);
    assert_int_equal(take("2001:db8:0:1::1", 2), 0);
    assert_true(take("2001:db8:0:1:ffff::2", 1) > 0); /* the same /64 */
    assert_int_equal(take("2001:db8:0:2::1", 2), 0);
    assert_int_equal(take("192.0.2.1", 2), 0);
    assert_true(take("::ffff:192.0.2.1", 1) > 0);
    assert_int_equal(take("fe80::1%eth0", 2), 0);
    assert_true(take("fe80::1%eth1", 1) > 0);
    assert_int_equal(take("no address", 2), 0);
    assert_true(take("neither", 1) > 0);
    ct_log_limits_clear(&table);
}

static void the_whole_has_a_rate_too(void **state)
{
    (void)state;
    bool is_address = true;
    uint32_t retry_after_s;
    init_limits(10, 15);
    assert_int_equal(take("192.0.2.1", 20), 0);
    assert_int_equal(ct_log_limits_take(&table, "192.0.2.2", now_ms, 20, &retry_after_s, &is_address), STATUS_LIMIT);
    assert_false(is_address);
    assert_int_equal(take("192.0.2.2", 10), 0); /* what was refused has cost nothing */
    ct_log_limits_clear(&table);
}

static void a_flood_of_addresses_takes_no_memory(void **state)
{
    (void)state;
    char peer[40];
    init_limits(1, 0);
    assert_int_equal(take("192.0.2.1", 2), 0);
    for (unsigned i = 0; i < 4 * CT_LOG_LIMITS_SETS * CT_LOG_LIMITS_WAYS; i++) {
        (void)snprintf(peer, sizeof peer, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
        assert_int_equal(take(peer, 1), 0);
    }
    ct_log_limits_clear(&table);
}

static void a_clock_that_is_set_back_stops_nobody_for_long(void **state)
{
    (void)state;
    init_limits(10, 0);
    assert_int_equal(take("192.0.2.1", 20), 0);
    now_ms -= 3600000;
    assert_true(take("192.0.2.1", 1) <= 60);
    now_ms += 60000;
    assert_int_equal(take("192.0.2.1", 1), 0);
    ct_log_limits_clear(&table);
}

/* ---- issuers ---- */

static struct ct_log_issuers issuers;
static bool is_over;

static void name_issuer(unsigned i, uint8_t out[HASH_SIZE])
{
    memset(out, 0, HASH_SIZE);
    out[0] = (uint8_t)(i % 3); /* many in one place */
    out[16] = (uint8_t)i;
    out[17] = (uint8_t)(i >> 8);
    out[18] = (uint8_t)(i >> 16);
}

static void add_issuer(unsigned i)
{
    struct ct_log_found found = {.issuer = {.key = NULL}};
    name_issuer(i, found.fingerprint);
    name_issuer(i, found.issuer.signer);
    ct_log_issuers_add(&issuers, &found);
}

static void *look(void *unused)
{
    (void)unused;
    size_t seen = 0;
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
        for (unsigned i = 0; i < 3000; i++) {
            uint8_t name[HASH_SIZE];
            name_issuer(i, name);
            const struct ct_chain_issuer *found = ct_log_issuers_find(&issuers, name);
            if (found != NULL && memcmp(found->signer, name, HASH_SIZE) != 0)
                abort();
            seen += found != NULL;
        }
    }
    return seen > 0 ? NULL : &issuers;
}

static void issuers_are_found_while_others_are_added(void **state)
{
    (void)state;
    pthread_t threads[2];
    void *result;
    is_over = false;
    OK(ct_log_issuers_init(&issuers, &err));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look, NULL), 0);
    for (unsigned i = 0; i < 3000; i++)
        add_issuer(i);
    for (unsigned i = 0; i < 3000; i++)
        add_issuer(i); /* again: nothing changes */
    assert_int_equal(issuers.count, 3000);
    uint8_t name[HASH_SIZE];
    name_issuer(2999, name);
    assert_non_null(ct_log_issuers_find(&issuers, name));
    name_issuer(3000, name);
    assert_null(ct_log_issuers_find(&issuers, name));
    __atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], &result), 0);
    ct_log_issuers_clear(&issuers);
}

static void known_issuers_are_bounded(void **state)
{
    (void)state;
    OK(ct_log_issuers_init(&issuers, &err));
    for (unsigned i = 0; i < CT_LOG_ISSUERS_MAX + 100; i++) {
        struct ct_log_found found = {.issuer = {.key = NULL}};
        memcpy(found.fingerprint, &i, sizeof i);
        ct_log_issuers_add(&issuers, &found);
    }
    assert_int_equal(issuers.count, CT_LOG_ISSUERS_MAX);
    uint8_t name[HASH_SIZE] = {0xff, 0xff, 0xff, 0xff};
    assert_null(ct_log_issuers_find(&issuers, name));
    ct_log_issuers_clear(&issuers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_fills_at_its_rate),
        cmocka_unit_test(more_than_a_burst_is_paid_for_afterwards),
        cmocka_unit_test(addresses_are_what_somebody_has),
        cmocka_unit_test(the_whole_has_a_rate_too),
        cmocka_unit_test(a_flood_of_addresses_takes_no_memory),
        cmocka_unit_test(a_clock_that_is_set_back_stops_nobody_for_long),
        cmocka_unit_test(issuers_are_found_while_others_are_added),
        cmocka_unit_test(known_issuers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
