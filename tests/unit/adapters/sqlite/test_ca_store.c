#include "adapters/sqlite/sqlite_backup.h"
#include "adapters/sqlite/sqlite_ca.h"
#include "adapters/sqlite/sqlite_database.h"
#include "unit/adapters/sqlite/sqlite_world.h"

static struct error err;
static struct sqlite_ca_store *store;
static struct object_store keys;
static struct issuance_store plans;

#define NAME_A "ab/000000000000000000000000000000000000000000000000000000000000ff"
#define NAME_B "ab/000000000000000000000000000000000000000000000000000000000000fe"
#define NAME_C "cd/000000000000000000000000000000000000000000000000000000000000ff"

static void open_as(enum sqlite_access access)
{
    OK(sqlite_ca_store_open(world_path, access, &store, &err));
    keys = sqlite_ca_store_subject_keys(store);
    plans = sqlite_ca_store_issuance(store);
}

static int set_up(void **state)
{
    (void)world_set_up(state);
    open_as(SQLITE_MAY_CREATE);
    return 0;
}

static int tear_down(void **state)
{
    sqlite_ca_store_close(store);
    return world_tear_down(state);
}

static void reopen(void)
{
    sqlite_ca_store_close(store);
    open_as(SQLITE_FOR_WRITING);
}

static void put(const char *name, const char *value)
{
    OK(keys.put(keys.context, name, bytes_of_text(value), &err));
}

static void assert_key(const char *name, const char *want)
{
    struct builder out;
    builder_init(&out, 1000);
    enum status s = keys.get(keys.context, name, &out, &err);
    if (want == NULL)
        assert_int_equal(s, STATUS_NOT_FOUND);
    else
        assert_bytes(builder_view(&out), bytes_of_text(want));
    builder_clear(&out);
}

/* ---- subject keys ---- */

static void keys_are_kept_by_their_hash(void **state)
{
    (void)state;
    put(NAME_A, "one");
    put(NAME_B, "two"); /* the same first bytes */
    assert_key(NAME_A, "one");
    OK(keys.sync(keys.context, &err));
    put(NAME_A, "new");
    put(NAME_C, "");
    OK(keys.sync(keys.context, &err));
    put(NAME_B, "never committed");
    reopen();
    assert_key(NAME_A, "new");
    assert_key(NAME_B, "two");
    assert_key(NAME_C, "");
    OK(keys.remove(keys.context, NAME_A, &err));
    assert_key(NAME_A, NULL);
    assert_int_equal(keys.remove(keys.context, NAME_A, &err), STATUS_NOT_FOUND);
    struct builder small;
    uint8_t memory[2];
    builder_init_fixed(&small, memory, sizeof memory);
    assert_int_equal(keys.get(keys.context, NAME_B, &small, &err), STATUS_LIMIT);
}

static void only_hashes_name_keys(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a", "ab/00", "AB/000000000000000000000000000000000000000000000000000000000000ff",
                                      "ab0000000000000000000000000000000000000000000000000000000000000ff",
                                      "ab/0000000000000000000000000000000000000000000000000000000000000g", NAME_A "0"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(keys.put(keys.context, bad[i], bytes_of_text("x"), &err), STATUS_USAGE);
}

static enum status count_and_remove(void *context, const char *name, struct error *e)
{
    ++*(int *)context;
    return keys.remove(keys.context, name, e);
}

static void keys_are_listed_by_prefix(void **state)
{
    (void)state;
    int count = 0;
    put(NAME_A, "one");
    put(NAME_B, "two");
    put(NAME_C, "three");
    OK(keys.list(keys.context, "ab/", count_and_remove, &count, &err));
    assert_int_equal(count, 2);
    assert_key(NAME_A, NULL);
    assert_key(NAME_C, "three");
}

/* ---- plans ---- */

static struct issuance_plan make_plan(uint8_t request, uint16_t log, uint64_t index)
{
    struct issuance_plan p = {.log_number = log, .index = index, .planned_s = 1000 + request};
    memset(p.request, request, sizeof p.request);
    memset(p.leaf_hash, request ^ 0xff, sizeof p.leaf_hash);
    return p;
}

static void assert_plan(const struct issuance_plan *got, const struct issuance_plan *want, bool is_confirmed)
{
    assert_memory_equal(got->request, want->request, sizeof got->request);
    assert_memory_equal(got->leaf_hash, want->leaf_hash, sizeof got->leaf_hash);
    assert_int_equal(got->log_number, want->log_number);
    assert_int_equal(got->index, want->index);
    assert_int_equal(got->planned_s, want->planned_s);
    assert_int_equal(got->is_confirmed, is_confirmed);
}

static void plans_are_confirmed_and_forgotten(void **state)
{
    (void)state;
    const struct issuance_plan all[] = {make_plan(1, 1, 100), make_plan(2, 1, 101), make_plan(3, 2, 0), make_plan(4, 2, (1ull << 48) - 1)};
    struct issuance_plan got[4];
    size_t count, removed;
    OK(plans.plan(plans.context, all, 4, &err));
    assert_true(plans.has_uncommitted(plans.context));
    OK(plans.commit(plans.context, &err));
    reopen();
    OK(plans.list_unconfirmed(plans.context, 0, 0, got, 4, &count, &err));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_plan(&got[i], &all[i], false);
    OK(plans.list_unconfirmed(plans.context, 1, 100, got, 2, &count, &err));
    assert_int_equal(count, 2);
    assert_plan(&got[1], &all[2], false);
    OK(plans.confirm(plans.context, 1, 100, 101, &err)); /* half-open */
    OK(plans.confirm(plans.context, 2, 1, 1ull << 48, &err));
    OK(plans.list_unconfirmed(plans.context, 0, 0, got, 4, &count, &err));
    assert_int_equal(count, 2);
    assert_plan(&got[0], &all[1], false);
    assert_plan(&got[1], &all[2], false);
    OK(plans.find(plans.context, all[0].request, &got[0], &err));
    assert_plan(&got[0], &all[0], true);
    OK(plans.forget(plans.context, all[1].request, &err));
    OK(plans.forget(plans.context, all[1].request, &err));
    assert_int_equal(plans.find(plans.context, all[1].request, &got[0], &err), STATUS_NOT_FOUND);
    /* Confirmed and old ones alone. */
    OK(plans.expire(plans.context, 1004, 100, &removed, &err));
    assert_int_equal(removed, 1);
    OK(plans.find(plans.context, all[2].request, &got[0], &err));
    OK(plans.expire(plans.context, 5000, 0, &removed, &err));
    assert_int_equal(removed, 0);
    OK(plans.expire(plans.context, 5000, 100, &removed, &err));
    assert_int_equal(removed, 1);
}

static void a_request_is_planned_once(void **state)
{
    (void)state;
    const struct issuance_plan first = make_plan(1, 1, 5), batch[] = {make_plan(2, 1, 6), make_plan(1, 1, 7)};
    struct issuance_plan got;
    OK(plans.plan(plans.context, &first, 1, &err));
    OK(plans.commit(plans.context, &err));
    put(NAME_A, "one");
    assert_int_equal(plans.plan(plans.context, batch, 2, &err), STATUS_CONFLICT);
    plans.rollback(plans.context);
    assert_int_equal(plans.find(plans.context, batch[0].request, &got, &err), STATUS_NOT_FOUND);
    OK(plans.find(plans.context, first.request, &got, &err));
    assert_plan(&got, &first, false);
    assert_key(NAME_A, NULL); /* one transaction for both */
}

static void keys_and_plans_of_a_batch_are_durable_together(void **state)
{
    (void)state;
    const struct issuance_plan p = make_plan(1, 1, 5);
    struct issuance_plan got;
    put(NAME_A, "one");
    OK(plans.plan(plans.context, &p, 1, &err));
    OK(keys.sync(keys.context, &err));
    assert_false(plans.has_uncommitted(plans.context));
    reopen();
    assert_key(NAME_A, "one");
    OK(plans.find(plans.context, p.request, &got, &err));
}

/* ---- revoked ranges ---- */

static void revoked_ranges_are_appended(void **state)
{
    (void)state;
    struct revoked_range a = {.log_number = 1, .first = 5, .last = 9, .reason = 1, .revoked_s = 77}, b = a, got[4];
    size_t count;
    b.log_number = 2;
    b.first = b.last = (1ull << 48) - 1;
    OK(plans.add_revoked(plans.context, &a, &err));
    OK(plans.add_revoked(plans.context, &b, &err));
    assert_int_equal(a.sequence, 1);
    assert_int_equal(b.sequence, 2);
    OK(plans.commit(plans.context, &err));
    reopen();
    OK(plans.list_revoked(plans.context, 0, got, 4, &count, &err));
    assert_int_equal(count, 2);
    assert_true(got[0].sequence == 1 && got[0].log_number == 1 && got[0].first == 5 && got[0].last == 9 &&
                got[0].reason == 1 && got[0].revoked_s == 77);
    OK(plans.list_revoked(plans.context, 1, got, 4, &count, &err));
    assert_int_equal(count, 1);
    assert_true(got[0].first == b.first && got[0].last == b.last);
    a.first = 10;
    assert_int_equal(plans.add_revoked(plans.context, &a, &err), STATUS_USAGE);
}

/* ---- beside a writer ---- */

static void readers_see_what_is_committed(void **state)
{
    (void)state;
    struct sqlite_ca_store *reader;
    struct builder out;
    builder_init(&out, 100);
    put(NAME_A, "one");
    OK(keys.sync(keys.context, &err));
    OK(sqlite_ca_store_open(world_path, SQLITE_FOR_READING, &reader, &err));
    struct object_store port = sqlite_ca_store_subject_keys(reader);
    put(NAME_B, "two");
    OK(port.get(port.context, NAME_A, &out, &err));
    assert_int_equal(port.get(port.context, NAME_B, &out, &err), STATUS_NOT_FOUND);
    OK(keys.sync(keys.context, &err));
    OK(port.get(port.context, NAME_B, &out, &err));
    assert_int_equal(port.put(port.context, NAME_A, bytes_of_text("x"), &err), STATUS_REFUSED);
    OK(sqlite_ca_store_check(reader, &err));
    sqlite_ca_store_close(reader);
    builder_clear(&out);
}

static void a_backup_is_one_moment(void **state)
{
    (void)state;
    char copy[128];
    struct stat info;
    (void)snprintf(copy, sizeof copy, "%s/copy.db", world_root);
    put(NAME_A, "one");
    OK(keys.sync(keys.context, &err));
    put(NAME_B, "two"); /* not committed */
    OK(sqlite_backup_copy(world_path, copy, &err));
    OK(sqlite_backup_copy(world_path, copy, &err)); /* over the old one */
    OK(keys.sync(keys.context, &err));
    assert_int_equal(stat(copy, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    sqlite_ca_store_close(store);
    (void)snprintf(world_path, sizeof world_path, "%s/copy.db", world_root);
    open_as(SQLITE_FOR_READING);
    assert_key(NAME_A, "one");
    assert_key(NAME_B, NULL);
    reopen(); /* and it can be gone on with */
    put(NAME_B, "two");
    OK(keys.sync(keys.context, &err));
    assert_int_equal(sqlite_backup_copy("/nowhere/x.db", copy, &err), STATUS_NOT_FOUND);
    assert_int_equal(sqlite_backup_copy(world_path, "/nowhere/x.db", &err), STATUS_IO);
}

static size_t seen_count;

static enum status see_and_remove(void *context, const char *name, struct error *e)
{
    struct object_store *objects = context;
    seen_count++;
    return objects->remove(objects->context, name, e);
}

/* Objects of any name, beside the keys. */
static void objects(void **state)
{
    (void)state;
    struct object_store objects = sqlite_ca_store_objects(store);
    struct builder value;
    builder_init(&value, 16);
    assert_int_equal(objects.get(objects.context, "signed/1", &value, &err), STATUS_NOT_FOUND);
    OK(objects.put(objects.context, "signed/1", bytes_of_text("a"), &err));
    OK(objects.put(objects.context, "signed/1", bytes_of_text("b"), &err));
    OK(objects.put(objects.context, "revoked/01", bytes_of_text("r"), &err));
    OK(objects.put(objects.context, "signed/22", bytes_of_text(""), &err));
    assert_int_equal(objects.put(objects.context, "../x", bytes_of_text("r"), &err), STATUS_USAGE);
    OK(objects.sync(objects.context, &err));
    reopen();
    objects = sqlite_ca_store_objects(store);
    OK(objects.get(objects.context, "signed/1", &value, &err));
    assert_true(bytes_is_text(builder_view(&value), "b"));
    seen_count = 0;
    OK(objects.list(objects.context, "signed/", see_and_remove, &objects, &err));
    assert_int_equal(seen_count, 2);
    assert_int_equal(objects.remove(objects.context, "signed/1", &err), STATUS_NOT_FOUND);
    builder_reset(&value);
    OK(objects.get(objects.context, "revoked/01", &value, &err));
    builder_clear(&value);
}

/* A disk that was full for a while: what could not be kept is not there, in whole and not in half, and the next that is put is. */
static void objects_after_a_full_disk(void **state)
{
    (void)state;
    static const uint8_t large[300000];
    struct object_store objects = sqlite_ca_store_objects(store);
    struct builder value;
    int64_t pages;
    builder_init(&value, 100);
    OK(objects.put(objects.context, "signed/1", bytes_of_text("a"), &err));
    OK(objects.sync(objects.context, &err));
    OK(sqlite_database_number(store->db, "PRAGMA max_page_count=50", &pages, &err));
    OK(objects.put(objects.context, "signed/2", bytes_of_text("b"), &err));
    assert_int_equal(objects.put(objects.context, "signed/3", BYTES_OF(large), &err), STATUS_IO);
    /* Until the sync nobody may believe that his part was kept. */
    assert_int_equal(objects.put(objects.context, "signed/4", bytes_of_text("d"), &err), STATUS_IO);
    assert_int_equal(objects.sync(objects.context, &err), STATUS_IO);
    OK(sqlite_database_number(store->db, "PRAGMA max_page_count=100000", &pages, &err));
    OK(objects.get(objects.context, "signed/1", &value, &err));
    assert_int_equal(objects.get(objects.context, "signed/2", &value, &err), STATUS_NOT_FOUND);
    OK(objects.put(objects.context, "signed/3", BYTES_OF(large), &err));
    OK(objects.sync(objects.context, &err));
    builder_clear(&value);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(objects),
        TEST(objects_after_a_full_disk),
        TEST(keys_are_kept_by_their_hash),
        TEST(only_hashes_name_keys),
        TEST(keys_are_listed_by_prefix),
        TEST(plans_are_confirmed_and_forgotten),
        TEST(a_request_is_planned_once),
        TEST(keys_and_plans_of_a_batch_are_durable_together),
        TEST(revoked_ranges_are_appended),
        TEST(readers_see_what_is_committed),
        TEST(a_backup_is_one_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
