/* What a log is not opened with, and what fsck finds. */
#include "unit/checks.h"

#include <stdio.h>

#include "codec/note/checkpoint.h"
#include "fakes/log_world.h"

static struct world *new_world(void)
{
    return world_new(&hash_sm3, "ecdsa_p256_sha256");
}

static struct world *filled_world(void)
{
    struct error err = {.status = STATUS_OK};
    struct world *w = new_world();
    OK(world_open(w, &err));
    OK(world_append(w, 300, &err));
    OK(world_landmark(w, &err));
    OK(world_append(w, 292, &err));
    OK(world_append(w, 8, &err)); /* leaves the partial objects of 592 entries */
    OK(world_close(w, &err));
    return w;
}

static void assert_refused(struct world *w, const char *why)
{
    struct error err = {.status = STATUS_OK};
    assert_says(log_open(&w->config, &w->log, &err), &err, STATUS_REFUSED, why);
    w->log = NULL;
}

/* The record of `from` on the disk of `to`: a restored backup. */
static void give_record(struct world *from, struct world *to)
{
    struct error err = {.status = STATUS_OK};
    struct record_store store = memory_disk_record(to->disk);
    OK(store.swap(store.context, memory_disk_durable_record(to->disk),
                  memory_disk_durable_record(from->disk), &err));
}

static void an_old_record_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world(), *old = world_copy(w);
    OK(world_open(w, &err));
    OK(world_append(w, 5, &err));
    OK(world_close(w, &err));
    give_record(old, w);
    assert_refused(w, "an old copy");
    world_free(old);
    world_free(w);
}

/* Two histories of one size, as after a restored backup that went on. */
static void another_history_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world(), *other = world_copy(w);
    OK(world_open(w, &err));
    OK(world_append(w, 5, &err));
    OK(world_close(w, &err));
    OK(world_open(other, &err));
    other->next_id += 1000;
    OK(world_append(other, 5, &err));
    OK(world_close(other, &err));
    give_record(other, w);
    assert_refused(w, "different roots");
    world_free(other);
    world_free(w);
}

static void a_lost_record_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world(), *empty = new_world();
    struct log_config config = w->config;
    config.record = memory_disk_record(empty->disk);
    assert_says(log_open(&config, &w->log, &err), &err, STATUS_REFUSED, "there is no record");
    w->log = NULL;
    assert_says(log_create(&config, &err), &err, STATUS_REFUSED, "there is no record");
    assert_says(log_create(&w->config, &err), &err, STATUS_CONFLICT, "a record already");
    world_free(empty);
    world_free(w);
}

static void another_log_or_hash_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world();
    struct log_config config = w->config;
    config.hash = &hash_sha256;
    assert_says(log_open(&config, &w->log, &err), &err, STATUS_REFUSED, "sm3");
    config = w->config;
    OK(tai_log_id(&w->cosigners[0].id, 2, &config.log_id, &err));
    assert_says(log_open(&config, &w->log, &err), &err, STATUS_REFUSED, "0.1");
    config.log_id = w->cosigners[0].id;
    assert_says(log_open(&config, &w->log, &err), &err, STATUS_USAGE, "CA.0.N");
    struct cosigner twice[2] = {w->cosigners[0], w->cosigners[0]};
    config = w->config;
    config.cosigners = twice;
    assert_says(log_open(&config, &w->log, &err), &err, STATUS_USAGE, "one ID");
    twice[0] = w->cosigners[1];
    assert_says(log_open(&config, &w->log, &err), &err, STATUS_USAGE, "not the CA");
    w->log = NULL;
    world_free(w);
}

/* The bytes of an object with one bit turned; of nothing when it is not there. */
static void turn_bit(struct world *w, unsigned volume, const char *name, size_t at)
{
    struct object_store store = memory_disk_store(w->disk, volume);
    struct builder value;
    builder_init(&value, (size_t)1 << 25);
    assert_int_equal(store.get(store.context, name, &value, NULL), STATUS_OK);
    assert_true(value.len > 5);
    if (at >= value.len)
        at = value.len - 5;
    value.data[at] ^= 1;
    struct bytes next = builder_view(&value);
    assert_true(memory_disk_damage(w->disk, volume, name, &next));
    builder_clear(&value);
}

struct found {
    size_t count;
    char text[ERROR_TEXT_MAX * 4];
};

static void collect(void *context, const char *text)
{
    struct found *f = context;
    size_t len = strlen(f->text);
    f->count++;
    (void)snprintf(f->text + len, sizeof f->text - len, "%s\n", text);
}

/* Damage behind the right edge is found by fsck; the log opens all the same. */
static void assert_fsck_finds(unsigned volume, const char *name, bool is_removed, const char *what)
{
    struct error err = {.status = STATUS_OK};
    struct log_fsck_report report;
    struct found found = {.count = 0};
    struct world *w = filled_world();
    OK(world_open(w, &err));
    if (is_removed)
        assert_true(memory_disk_damage(w->disk, volume, name, NULL));
    else
        turn_bit(w, volume, name, 40);
    assert_says(log_fsck(w->log, collect, NULL, &found, &report, &err), &err, STATUS_REFUSED,
                "problems");
    assert_int_equal(report.problem_count, found.count);
    if (strstr(found.text, what) == NULL)
        fail_msg("%s: fsck says %s", name, found.text);
    world_free(w);
}

static void fsck_finds_what_is_damaged(void **state)
{
    (void)state;
    for (int is_removed = 0; is_removed < 2; is_removed++) {
        assert_fsck_finds(WORLD_PUBLIC, "tile/0/000", is_removed, "tile/0/000");
        assert_fsck_finds(WORLD_PUBLIC, "tile/0/001", is_removed, "tile/0/001");
        assert_fsck_finds(WORLD_PUBLIC, "tile/0/002.p/88", is_removed, "tile/0/002.p/88");
        assert_fsck_finds(WORLD_PUBLIC, "tile/1/000.p/2", is_removed, "tile/1/000.p/2");
        assert_fsck_finds(WORLD_PUBLIC, "tile/entries/000", is_removed,
                          is_removed ? "tile/entries/000" : "tile/0/000");
        assert_fsck_finds(WORLD_PUBLIC, "tile/entries/002.p/88", is_removed,
                          is_removed ? "tile/entries/002.p/88" : "tile/0/002.p/88");
        assert_fsck_finds(WORLD_PUBLIC, "checkpoint", is_removed, "checkpoint");
        assert_fsck_finds(WORLD_PRIVATE, "batch/001", is_removed, "batch 1");
        assert_fsck_finds(WORLD_PRIVATE, "batch/002", is_removed, "batch 2");
        assert_fsck_finds(WORLD_PRIVATE, "landmarks/001", is_removed, "landmark 1");
    }
    assert_fsck_finds(WORLD_PUBLIC, "landmarks", true, "published landmarks");
    assert_fsck_finds(WORLD_PUBLIC, "tile/1/000.p/1", false, "tile/1/000.p/1");
    assert_fsck_finds(WORLD_PUBLIC, "tile/entries/002.p/80", false, "tile/entries/002.p/80");
}

static void fsck_finds_what_should_not_be_there(void **state)
{
    (void)state;
    static const struct {
        unsigned volume;
        const char *name;
    } strays[] = {{WORLD_PUBLIC, "tile/0/003"},       {WORLD_PUBLIC, "tile/0/002.p/89"},
                  {WORLD_PUBLIC, "tile/0/1"},         {WORLD_PUBLIC, "tile/entries/002"},
                  {WORLD_PRIVATE, "staged/001"},      {WORLD_PRIVATE, "batch/004"},
                  {WORLD_PRIVATE, "landmarks/003"}};
    for (size_t i = 0; i < LENGTH(strays); i++) {
        struct error err = {.status = STATUS_OK};
        struct log_fsck_report report;
        struct found found = {.count = 0};
        struct world *w = filled_world();
        struct object_store store = memory_disk_store(w->disk, strays[i].volume);
        OK(world_open(w, &err));
        OK(store.put(store.context, strays[i].name, bytes_of("x", 1), &err));
        assert_int_equal(log_fsck(w->log, collect, NULL, &found, &report, &err), STATUS_REFUSED);
        assert_int_equal(found.count, 1);
        assert_non_null(strstr(found.text, strays[i].name));
        world_free(w);
    }
}

/* What the log stands on is checked before it is opened. */
static void a_damaged_edge_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *why;
    } cases[] = {{"tile/0/002.p/88", "does not hash to its tile"},
                 {"tile/1/000.p/2", "do not lead to the root"},
                 {"tile/entries/002.p/88", "entry bundle"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct world *w = filled_world();
        turn_bit(w, WORLD_PUBLIC, cases[i].name, 33);
        assert_refused(w, cases[i].why);
        assert_true(memory_disk_damage(w->disk, WORLD_PUBLIC, cases[i].name, NULL));
        assert_refused(w, "is missing");
        world_free(w);
    }
}

/* Damaged in the middle: the entry is not given out. */
static void nothing_is_read_that_the_root_does_not_vouch_for(void **state)
{
    (void)state;
    /* The last is a hash beside the one that is asked for: a proof would have it. */
    static const struct {
        const char *name;
        size_t at;
    } cases[] = {{"tile/0/000", 4}, {"tile/entries/000", 4}, {"tile/0/000", 100 * HASH_SIZE}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct error err = {.status = STATUS_OK};
        struct world *w = filled_world();
        struct builder entry;
        builder_init(&entry, 65536);
        turn_bit(w, WORLD_PUBLIC, cases[i].name, cases[i].at);
        OK(world_open(w, &err));
        assert_says(log_read_entry(w->log, 0, &entry, &err), &err, STATUS_REFUSED, "run fsck");
        builder_clear(&entry);
        world_free(w);
    }
}

/* Committed, but not in its final place yet: then the staged object is all there is. */
static void a_damaged_staged_batch_is_refused(void **state)
{
    (void)state;
    for (int is_removed = 0; is_removed < 2; is_removed++) {
        struct error err = {.status = STATUS_OK};
        struct world *w = filled_world();
        OK(world_open(w, &err));
        OK(world_append(w, 5, &err));
        struct world *crashed = world_copy(w);
        memory_disk_cut_power(crashed->disk, MEMORY_LOSE_ALL, 0);
        size_t statements = crashed->statement_count;
        if (is_removed)
            assert_true(memory_disk_damage(crashed->disk, WORLD_PRIVATE, "staged/004", NULL));
        else
            turn_bit(crashed, WORLD_PRIVATE, "staged/004", 100);
        assert_refused(crashed, "staged/004");
        assert_int_equal(crashed->statement_count, statements); /* and nothing was signed */
        world_free(crashed);
        world_free(w);
    }
}

static void an_immutable_object_in_the_way_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world();
    struct object_store store = memory_disk_store(w->disk, WORLD_PUBLIC);
    OK(world_open(w, &err));
    OK(store.put(store.context, "tile/0/002", bytes_of("x", 1), &err));
    assert_says(world_append(w, 300, &err), &err, STATUS_REFUSED, "tile/0/002 is there already");
    assert_says(world_append(w, 1, &err), &err, STATUS_REFUSED, "the log stopped");
    world_free(w);
}

/* A checkpoint that was damaged or removed is published again, and it is the same tree. */
static void the_checkpoint_is_published_again(void **state)
{
    (void)state;
    for (int is_removed = 0; is_removed < 2; is_removed++) {
        struct error err = {.status = STATUS_OK};
        struct world *w = filled_world();
        if (is_removed)
            assert_true(memory_disk_damage(w->disk, WORLD_PUBLIC, "checkpoint", NULL));
        else
            turn_bit(w, WORLD_PUBLIC, "checkpoint", 3);
        OK(world_open(w, &err));
        world_audit(w);
        world_free(w);
    }
}

static void copy_object(struct world *from, struct world *to, const char *name)
{
    struct object_store store = memory_disk_store(from->disk, WORLD_PRIVATE);
    struct builder value;
    builder_init(&value, (size_t)1 << 25);
    assert_int_equal(store.get(store.context, name, &value, NULL), STATUS_OK);
    struct bytes next = builder_view(&value);
    assert_true(memory_disk_damage(to->disk, WORLD_PRIVATE, name, &next));
    builder_clear(&value);
}

/* Well-formed, of the right sizes, but of another history: only the record's root says so, and it must
 * say so before anything is signed. */
static void a_staged_batch_of_another_history_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world(), *other = world_copy(w);
    OK(world_open(w, &err));
    OK(world_open(other, &err));
    other->next_id += 1000;
    for (size_t i = 0; i < 2; i++) {
        OK(world_append(w, 5, &err));
        OK(world_append(other, 5, &err));
    }
    struct world *crashed = world_copy(w);
    memory_disk_cut_power(crashed->disk, MEMORY_LOSE_ALL, 0);
    crashed->statement_count = 0;
    copy_object(other, crashed, "staged/004");
    assert_refused(crashed, "staged/005");
    assert_int_equal(crashed->statement_count, 0);
    copy_object(other, crashed, "staged/005");
    assert_refused(crashed, "do not lead to the tree of the record");
    assert_int_equal(crashed->statement_count, 0);
    world_free(crashed);
    world_free(other);
    world_free(w);
}

/* A log that cannot be opened any more is closed by its record alone. */
static void a_broken_log_is_closed(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = filled_world();
    turn_bit(w, WORLD_PUBLIC, "tile/1/000.p/2", 3);
    assert_refused(w, "do not lead");
    OK(log_close_for_good(&w->config, &err));
    OK(log_close_for_good(&w->config, &err));
    turn_bit(w, WORLD_PUBLIC, "tile/1/000.p/2", 3); /* whole again */
    OK(world_open(w, &err));
    assert_true(log_state(w->log).is_closed);
    assert_says(world_append(w, 1, &err), &err, STATUS_REFUSED, "closed for good");
    world_free(w);
}

/* A cosigner that is configured later cosigns what comes then; what was before stays good. */
static void a_cosigner_is_added(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct log_cosignature cosignatures[LOG_COSIGNERS_MAX];
    struct log_fsck_report report;
    struct builder memory;
    struct subtree subtree;
    size_t count;
    struct world *w = new_world();
    builder_init(&memory, (size_t)1 << 20);
    w->config.cosigner_count = 1;
    OK(world_open(w, &err));
    OK(world_append(w, 10, &err));
    OK(world_close(w, &err));
    w->config.cosigner_count = 2;
    OK(world_open(w, &err));
    OK(world_append(w, 10, &err));
    OK(log_fsck(w->log, NULL, NULL, NULL, &report, &err));
    OK(log_read_cosignatures(w->log, 9, &subtree, &memory, cosignatures, &count, &err));
    assert_int_equal(count, 1);
    OK(log_read_cosignatures(w->log, 10, &subtree, &memory, cosignatures, &count, &err));
    assert_int_equal(count, 2);
    assert_true(subtree_contains(subtree, 10));
    builder_clear(&memory);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_record_is_refused),
        cmocka_unit_test(another_history_is_refused),
        cmocka_unit_test(a_lost_record_is_refused),
        cmocka_unit_test(another_log_or_hash_is_refused),
        cmocka_unit_test(fsck_finds_what_is_damaged),
        cmocka_unit_test(fsck_finds_what_should_not_be_there),
        cmocka_unit_test(a_damaged_edge_is_refused),
        cmocka_unit_test(nothing_is_read_that_the_root_does_not_vouch_for),
        cmocka_unit_test(a_damaged_staged_batch_is_refused),
        cmocka_unit_test(an_immutable_object_in_the_way_is_refused),
        cmocka_unit_test(the_checkpoint_is_published_again),
        cmocka_unit_test(a_staged_batch_of_another_history_is_refused),
        cmocka_unit_test(a_broken_log_is_closed),
        cmocka_unit_test(a_cosigner_is_added),
    };
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    world_end_keys();
    return result;
}
