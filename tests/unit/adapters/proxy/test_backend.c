/* Backends: addresses, fewest requests first, resting ones and those that are down last. */
#include "unit/checks.h"

#include "adapters/proxy/backend.h"

static const char *const three[] = {"127.0.0.1:8080", "[::1]:8081", "unix:/run/app.sock"};

static struct backend_group *group_of(const char *const *addresses, size_t count)
{
    struct error err;
    struct backend_group *group = NULL;
    OK(backend_group_new(addresses, count, NULL, &group, &err));
    return group;
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "localhost:80", "127.0.0.1",       "127.0.0.1:0", "127.0.0.1:65536",
                                      "unix:", "[::1]",        "::1:80",          "[::1:80",     "127.0.0.1:08",
                                      ":80",   "1.2.3:80",     "127.0.0.1:80/x"};
    struct error err;
    struct backend_group *group = group_of(three, 3);
    socklen_t len = 0;
    assert_int_equal(backend_group_count(group), 3);
    assert_int_equal(backend_socket_address(backend_group_at(group, 0), &len)->sa_family, AF_INET);
    assert_int_equal(backend_socket_address(backend_group_at(group, 1), &len)->sa_family, AF_INET6);
    assert_int_equal(backend_socket_address(backend_group_at(group, 2), &len)->sa_family, AF_UNIX);
    assert_string_equal(backend_address(backend_group_at(group, 1)), "[::1]:8081");
    backend_group_free(group);
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(backend_group_new(&bad[i], 1, NULL, &group, &err), STATUS_USAGE);
    const char *const twice[] = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1"};
    assert_int_equal(backend_group_new(twice, 3, NULL, &group, &err), STATUS_CONFLICT);
    assert_int_equal(backend_group_new(twice, 0, NULL, &group, &err), STATUS_USAGE);
    const char *many[BACKENDS_MAX + 1] = {NULL};
    assert_int_equal(backend_group_new(many, LENGTH(many), NULL, &group, &err), STATUS_LIMIT);
}

static struct backend *pick(struct backend_group *group, uint64_t now_ms)
{
    uint64_t tried = 0;
    return backend_pick(group, &tried, now_ms);
}

static void test_fewest(void **state)
{
    (void)state;
    struct backend_group *group = group_of(three, 3);
    struct backend *a = backend_group_at(group, 0), *b = backend_group_at(group, 1),
                   *c = backend_group_at(group, 2);
    backend_begin(a);
    backend_begin(a);
    backend_begin(b);
    for (int i = 0; i < 5; i++)
        assert_ptr_equal(pick(group, 0), c);
    backend_begin(c);
    backend_begin(c);
    for (int i = 0; i < 5; i++)
        assert_ptr_equal(pick(group, 0), b);
    backend_end(a);
    backend_end(a);
    assert_ptr_equal(pick(group, 0), a);
    backend_group_free(group);
}

/* Equals take turns. */
static void test_turns(void **state)
{
    (void)state;
    struct backend_group *group = group_of(three, 3);
    int seen[3] = {0};
    for (int i = 0; i < 30; i++) {
        const struct backend *b = pick(group, 0);
        for (size_t k = 0; k < 3; k++)
            seen[k] += b == backend_group_at(group, k);
    }
    for (size_t k = 0; k < 3; k++)
        assert_int_equal(seen[k], 10);
    backend_group_free(group);
}

static void test_down_and_last_resort(void **state)
{
    (void)state;
    struct backend_group *group = group_of(three, 3);
    struct backend *a = backend_group_at(group, 0), *b = backend_group_at(group, 1),
                   *c = backend_group_at(group, 2);
    uint64_t tried = 0;
    assert_true(backend_set_up(a, false));
    assert_false(backend_set_up(a, false));
    for (int i = 0; i < BACKEND_FAILURES_MAX - 1; i++)
        assert_false(backend_fail(b, 1000));
    assert_ptr_not_equal(pick(group, 1000), a);
    assert_true(backend_fail(b, 1000));
    assert_false(backend_fail(b, 1000));
    assert_true(backend_is_resting(b, 1000 + BACKEND_REST_MS - 1));
    assert_false(backend_is_resting(b, 1000 + BACKEND_REST_MS));
    /* c is the only good one, however much it has to do; then the one that rests, then the one that is down. */
    for (int i = 0; i < 10; i++)
        backend_begin(c);
    assert_ptr_equal(backend_pick(group, &tried, 1001), c);
    assert_ptr_equal(backend_pick(group, &tried, 1001), b);
    assert_ptr_equal(backend_pick(group, &tried, 1001), a);
    assert_null(backend_pick(group, &tried, 1001));
    /* One request that works, and it is as before. */
    backend_work(b);
    assert_ptr_equal(pick(group, 1001), b);
    assert_true(backend_group_is_up(group));
    (void)backend_set_up(b, false);
    (void)backend_set_up(c, false);
    assert_false(backend_group_is_up(group));
    assert_non_null(pick(group, 1001));
    backend_group_free(group);
}

/* A new configuration: what is known of a backend stays known. */
static void test_takes_over(void **state)
{
    (void)state;
    struct error err;
    const char *const next[] = {"127.0.0.1:9999", "[::1]:8081"};
    struct backend_group *old = group_of(three, 3), *group = NULL;
    struct backend *kept = backend_group_at(old, 1);
    (void)backend_set_up(kept, false);
    OK(backend_group_new(next, 2, old, &group, &err));
    assert_ptr_equal(backend_group_keep(group), group);
    backend_group_free(old);
    assert_ptr_equal(backend_group_at(group, 1), kept);
    assert_false(backend_is_up(kept));
    assert_true(backend_is_up(backend_group_at(group, 0)));
    backend_group_free(group);
    backend_group_free(group);
    backend_group_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_fewest),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_down_and_last_resort),
        cmocka_unit_test(test_takes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
