/* The index of names: what is found by name and below, what pruning leaves, what a crash leaves. */
#include "unit/adapters/sqlite/sqlite_world.h"

#include <string.h>

#include "adapters/sqlite/sqlite_domain_index.h"
#include "adapters/sqlite/sqlite_domain_names.h"

static struct sqlite_domain_index *index_now;
static struct domain_index port;
static struct error err;

static void open_index(enum sqlite_access access)
{
    if (sqlite_domain_index_open(world_path, access, &index_now, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    port = sqlite_domain_index_port(index_now);
}

static void add(const char *log, uint64_t index, int64_t not_after_s, const char *names)
{
    struct bytes list[16];
    size_t count = 0;
    for (const char *at = names; *at != '\0'; at += strlen(at) + 1)
        list[count++] = bytes_of_text(at);
    struct domain_index_entry e = {.log = log, .index = index, .kind = DOMAIN_INDEX_PRECERTIFICATE, .not_before_s = 5,
                                   .not_after_s = not_after_s, .issuer = bytes_of_text("CN=Example CA"), .names = list,
                                   .name_count = count};
    e.fingerprint[0] = (uint8_t)index;
    assert_int_equal(port.add(port.context, &e, 1, &err), STATUS_OK);
}

static char found[4096];

static bool note(void *context, const struct domain_index_result *r)
{
    size_t len = strlen(found);
    (void)context;
    assert_int_equal(r->kind, DOMAIN_INDEX_PRECERTIFICATE);
    assert_int_equal(r->not_before_s, 5);
    assert_int_equal(r->fingerprint[0], (uint8_t)r->index);
    assert_true(bytes_is_text(r->issuer, "CN=Example CA"));
    (void)snprintf(found + len, sizeof found - len, "%s%.*s@%s:%u", len > 0 ? " " : "", (int)r->name.len,
                   (const char *)r->name.data, r->log, (unsigned)r->index);
    return true;
}

static const char *find(const char *name, bool is_subtree, uint64_t limit)
{
    struct domain_index_query query = {bytes_of_text(name), is_subtree, limit};
    found[0] = '\0';
    if (port.find(port.context, &query, note, NULL, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return found;
}

static void test_find(void **state)
{
    (void)state;
    open_index(SQLITE_MAY_CREATE);
    add("a", 1, 100, "www.Example.com.\0example.com\0www.example.com\0");
    add("a", 2, 100, "*.example.com\0www.example-2.com\0notexample.com\0");
    add("b", 1, 100, "deep.www.example.com\0" "192.0.2.7\0" "2001:db8::1\0");
    add("b", 2, 100, "\0");
    assert_int_equal(port.commit(port.context, &err), STATUS_OK);
    assert_string_equal(find("www.example.com", false, 100), "www.example.com@a:1 *.example.com@a:2");
    assert_string_equal(find("WWW.EXAMPLE.COM.", false, 1), "www.example.com@a:1");
    assert_string_equal(find("example.com", true, 100),
                        "example.com@a:1 *.example.com@a:2 www.example.com@a:1 deep.www.example.com@b:1");
    assert_string_equal(find("example.com", true, 2), "example.com@a:1 *.example.com@a:2");
    assert_string_equal(find("example.com", false, 100), "example.com@a:1");
    assert_string_equal(find("*.example.com", false, 100), "*.example.com@a:2");
    assert_string_equal(find("com", false, 100), "");
    assert_string_equal(find("192.0.2.7", false, 100), "192.0.2.7@b:1");
    assert_string_equal(find("2001:DB8::1", false, 100), "2001:db8::1@b:1");
    assert_string_equal(find("7", true, 100), "");
    struct domain_index_query none = {bytes_of_text("."), false, 1};
    assert_int_equal(port.find(port.context, &none, note, NULL, &err), STATUS_USAGE);
    sqlite_domain_index_close(index_now);
    open_index(SQLITE_FOR_READING);
    assert_string_equal(find("deep.www.example.com", false, 100), "deep.www.example.com@b:1");
    struct domain_index_stats stats;
    assert_int_equal(port.stats(port.context, &stats, &err), STATUS_OK);
    assert_int_equal(stats.entry_count, 4);
    assert_int_equal(stats.name_count, 8);
    assert_true(stats.byte_count > 0);
    sqlite_domain_index_close(index_now);
}

/* What comes again (a follower that goes on a little earlier) changes nothing; what was not committed was never there. */
static void test_again(void **state)
{
    (void)state;
    open_index(SQLITE_MAY_CREATE);
    add("a", 1, 100, "www.example.com\0");
    assert_int_equal(port.commit(port.context, &err), STATUS_OK);
    add("a", 1, 200, "www.example.com\0");
    add("z", 7, 200, "www.example.com\0");
    port.rollback(port.context);
    assert_string_equal(find("www.example.com", false, 100), "www.example.com@a:1");
    add("z", 7, 200, "www.example.com\0");
    add("a", 1, 200, "www.example.com\0");
    sqlite_domain_index_close(index_now);
    open_index(SQLITE_FOR_WRITING);
    assert_string_equal(find("www.example.com", false, 100), "www.example.com@a:1");
    add("z", 7, 200, "www.example.com\0");
    assert_int_equal(port.commit(port.context, &err), STATUS_OK);
    assert_string_equal(find("www.example.com", false, 100), "www.example.com@a:1 www.example.com@z:7");
    sqlite_domain_index_close(index_now);
}

static void test_limits(void **state)
{
    (void)state;
    open_index(SQLITE_MAY_CREATE);
    char name[600], log[400];
    memset(name, 'a', sizeof name);
    memcpy(name + sizeof name - 13, ".example.com", 13);
    struct bytes long_name = bytes_of_text(name);
    struct domain_index_entry e = {.log = "a", .index = 1, .names = &long_name, .name_count = 1};
    assert_int_equal(port.add(port.context, &e, 1, &err), STATUS_OK);
    e.index = (uint64_t)1 << 40;
    assert_int_equal(port.add(port.context, &e, 1, &err), STATUS_LIMIT);
    memset(log, 'l', sizeof log);
    log[sizeof log - 1] = '\0';
    e.index = 1;
    e.log = log;
    assert_int_equal(port.add(port.context, &e, 1, &err), STATUS_USAGE);
    port.rollback(port.context);
    sqlite_domain_index_close(index_now);
}

static void test_prune(void **state)
{
    (void)state;
    open_index(SQLITE_MAY_CREATE);
    for (uint64_t i = 0; i < 100; i++) {
        char name[64] = {0};
        (void)snprintf(name, sizeof name - 1, "host-%u.example", (unsigned)i);
        add("a", i, i == 50 ? 0 : (int64_t)i + 1, name);
    }
    assert_int_equal(port.commit(port.context, &err), STATUS_OK);
    uint64_t all = 0, removed;
    for (int round = 0; round < 30; round++) {
        assert_int_equal(port.prune(port.context, 81, 10, &removed, &err), STATUS_OK);
        assert_true(removed <= 10);
        all += removed;
    }
    assert_int_equal(port.commit(port.context, &err), STATUS_OK);
    assert_int_equal(all, 79); /* of the times 1..80, and not the one that has none */
    assert_string_equal(find("host-7.example", false, 10), "");
    assert_string_equal(find("host-80.example", false, 10), "host-80.example@a:80");
    struct domain_index_stats stats;
    assert_int_equal(port.stats(port.context, &stats, &err), STATUS_OK);
    assert_int_equal(stats.entry_count, 21);
    assert_int_equal(stats.name_count, 21);
    sqlite_domain_index_close(index_now);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *name, *key;
    } cases[] = {{"www.example.com", "com.example.www"}, {"a..b.", "b..a"}, {"...", ""}, {"", ""},
                 {"192.0.2.7", "192.0.2.7"},             {"::1", "::1"},     {"A", "a"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct builder key;
        builder_init(&key, 300);
        sqlite_domain_names_key(bytes_of_text(cases[i].name), &key);
        if (!bytes_is_text(builder_view(&key), cases[i].key))
            fail_msg("%s: %.*s", cases[i].name, (int)key.len, (const char *)key.data);
        builder_clear(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_find), WORLD_TEST(test_again), WORLD_TEST(test_limits), WORLD_TEST(test_prune),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
