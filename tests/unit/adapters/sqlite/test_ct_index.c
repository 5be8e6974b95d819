#include "adapters/sqlite/sqlite_ct_index.h"
#include "unit/adapters/sqlite/sqlite_world.h"

#define FAILS(expression, status) assert_int_equal((expression), (status))

static struct error err;
static struct sqlite_ct_index *store;
static struct ct_index port;
static const uint8_t log_id[HASH_SIZE] = "a log", other_id[HASH_SIZE] = "another log";

static void open_index(void)
{
    OK(sqlite_ct_index_open(world_path, SQLITE_MAY_CREATE, log_id, &store, &err));
    port = sqlite_ct_index_port(store);
}

static int set_up(void **state)
{
    (void)world_set_up(state);
    open_index();
    return 0;
}

static int tear_down(void **state)
{
    sqlite_ct_index_close(store);
    return world_tear_down(state);
}

static void reopen(void)
{
    sqlite_ct_index_close(store);
    open_index();
}

static struct ct_index_row row_of(uint64_t index, uint8_t submission)
{
    struct ct_index_row row = {.index = index, .timestamp_ms = 1000 + index};
    row.leaf_hash[0] = 0xff; /* numbers have signs, hashes have not */
    row.leaf_hash[7] = (uint8_t)index;
    row.submission[0] = 2;
    row.submission[7] = submission;
    return row;
}

static void add(uint64_t index, uint8_t submission)
{
    struct ct_index_row row = row_of(index, submission);
    OK(port.add(port.context, &row, &err));
}

static uint64_t size_of_index(void)
{
    uint64_t size = 99;
    OK(port.get_size(port.context, &size, &err));
    return size;
}

static void assert_leaf(uint64_t index)
{
    struct ct_index_row row = row_of(index, 0);
    uint64_t found = 99;
    OK(port.find_leaf(port.context, row.leaf_hash, &found, &err));
    assert_int_equal(found, index);
}

static void assert_no_leaf(uint64_t index)
{
    struct ct_index_row row = row_of(index, 0);
    uint64_t found;
    FAILS(port.find_leaf(port.context, row.leaf_hash, &found, &err), STATUS_NOT_FOUND);
}

static void assert_submission(uint8_t submission, uint64_t index)
{
    struct ct_index_row row = row_of(0, submission);
    uint64_t found = 99, timestamp_ms = 99;
    OK(port.find_submission(port.context, row.submission, &found, &timestamp_ms, &err));
    assert_int_equal(found, index);
    assert_int_equal(timestamp_ms, 1000 + index);
}

static void entries_are_found_again(void **state)
{
    (void)state;
    add(0, 10);
    add(1, 11);
    assert_leaf(1); /* before the commit too: a batch may hold a duplicate */
    OK(port.commit(port.context, &err));
    reopen();
    assert_int_equal(size_of_index(), 2);
    assert_leaf(0);
    assert_leaf(1);
    assert_no_leaf(2);
    assert_submission(10, 0);
    assert_submission(11, 1);
}

static void the_first_entry_of_a_submission_counts(void **state)
{
    (void)state;
    add(0, 10);
    add(1, 10);
    assert_submission(10, 0);
    assert_int_equal(size_of_index(), 2);
    assert_leaf(1);
}

static void indices_have_no_gaps(void **state)
{
    (void)state;
    struct ct_index_row row = row_of(1, 10);
    FAILS(port.add(port.context, &row, &err), STATUS_CONFLICT);
    add(0, 10);
    row = row_of(0, 11);
    FAILS(port.add(port.context, &row, &err), STATUS_CONFLICT);
    assert_int_equal(size_of_index(), 1);
}

static void what_is_not_committed_goes(void **state)
{
    (void)state;
    add(0, 10);
    OK(port.commit(port.context, &err));
    add(1, 11);
    port.rollback(port.context);
    assert_int_equal(size_of_index(), 1);
    assert_no_leaf(1);
    add(1, 12);
    reopen();
    assert_int_equal(size_of_index(), 1);
    assert_no_leaf(1);
}

/* Nobody who does not know the file can make two hashes that are one to it: not even such as begin with the same 16 bytes. */
static void what_is_kept_of_a_hash_cannot_be_foreseen(void **state)
{
    (void)state;
    struct ct_index_row row = row_of(0, 10), alike = row;
    uint64_t index, timestamp_ms;
    add(0, 10);
    alike.leaf_hash[16] ^= 1;
    alike.submission[31] ^= 1;
    FAILS(port.find_leaf(port.context, alike.leaf_hash, &index, &err), STATUS_NOT_FOUND);
    FAILS(port.find_submission(port.context, alike.submission, &index, &timestamp_ms, &err), STATUS_NOT_FOUND);
    alike.index = 1;
    OK(port.add(port.context, &alike, &err));
    OK(port.find_submission(port.context, alike.submission, &index, &timestamp_ms, &err));
    assert_int_equal(index, 1);
    OK(port.commit(port.context, &err));
    reopen(); /* it is the same secret in the next life */
    assert_submission(10, 0);
    OK(port.find_leaf(port.context, alike.leaf_hash, &index, &err));
    assert_int_equal(index, 1);
}

static void a_reader_sees_what_is_committed(void **state)
{
    (void)state;
    struct sqlite_ct_index *reader;
    struct ct_index reading;
    struct ct_index_row row = row_of(0, 10);
    uint64_t found = 99;
    OK(sqlite_ct_index_open(world_path, SQLITE_FOR_READING, log_id, &reader, &err));
    reading = sqlite_ct_index_port(reader);
    add(0, 10);
    FAILS(reading.find_leaf(reading.context, row.leaf_hash, &found, &err), STATUS_NOT_FOUND);
    OK(port.commit(port.context, &err));
    OK(reading.find_leaf(reading.context, row.leaf_hash, &found, &err));
    assert_int_equal(found, 0);
    FAILS(reading.add(reading.context, &row, &err), STATUS_REFUSED);
    sqlite_ct_index_close(reader);
}

static void another_log_s_index_is_refused(void **state)
{
    (void)state;
    struct sqlite_ct_index *other;
    sqlite_ct_index_close(store);
    store = NULL;
    FAILS(sqlite_ct_index_open(world_path, SQLITE_FOR_WRITING, other_id, &other, &err), STATUS_REFUSED);
    assert_null(other);
}

static void a_damaged_one_may_be_removed(void **state)
{
    (void)state;
    struct sqlite_ct_index *other;
    sqlite_ct_index_close(store);
    store = NULL;
    FILE *file = fopen(world_path, "w");
    assert_non_null(file);
    assert_int_equal(fputs("this is no database, and long enough to be seen to be none", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    FAILS(sqlite_ct_index_open(world_path, SQLITE_MAY_CREATE, log_id, &other, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "may be removed"));
    assert_int_equal(remove(world_path), 0);
    open_index();
    assert_int_equal(size_of_index(), 0);
}

#define INDEX_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INDEX_TEST(entries_are_found_again),
        INDEX_TEST(the_first_entry_of_a_submission_counts),
        INDEX_TEST(indices_have_no_gaps),
        INDEX_TEST(what_is_not_committed_goes),
        INDEX_TEST(what_is_kept_of_a_hash_cannot_be_foreseen),
        INDEX_TEST(a_reader_sees_what_is_committed),
        INDEX_TEST(another_log_s_index_is_refused),
        INDEX_TEST(a_damaged_one_may_be_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
