/* The log's whole life without faults, on a disk that checks its callers. */
#include "unit/checks.h"

#include <stdio.h>

#include "fakes/log_world.h"
#include "merkle/tile.h"

#define DAY_MS (INT64_C(86400) * 1000)

static const uint8_t null_entry[] = {0, 0, 0, 0};

static bool is_there(struct world *w, const char *name)
{
    struct builder value;
    builder_init(&value, (size_t)1 << 25);
    enum status status =
        w->config.public_store.get(w->config.public_store.context, name, &value, NULL);
    builder_clear(&value);
    return status == STATUS_OK;
}

/* Every tile that a reader of the checkpoint of this size may ask for. [C2SP tlog-tiles] */
static void assert_serves(struct world *w, uint64_t size)
{
    uint64_t min_index = log_state(w->log).min_index;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct tile tile = {.is_entries = kind == 0, .level = kind == 0 ? 0 : kind - 1};
        for (; tile.index < tile_count(size, tile.level); tile.index++) {
            char path[TILE_PATH_SIZE], full[TILE_PATH_SIZE];
            tile.width = tile_width(size, tile.level, tile.index);
            if (tile_end_index(&tile) <= min_index)
                continue;
            tile_path(&tile, path);
            tile.width = TILE_WIDTH;
            tile_path(&tile, full);
            if (!is_there(w, path) && !is_there(w, full))
                fail_msg("size %llu: neither %s nor %s", (unsigned long long)size, path, full);
        }
    }
}

static void assert_serves_all(struct world *w)
{
    for (size_t i = 0; i < w->published_count; i++)
        assert_serves(w, w->published[i].end);
}

static void live(const struct hash_alg *hash, const char *algorithm)
{
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new(hash, algorithm);
    OK(world_open(w, &err));
    assert_int_equal(log_state(w->log).size, 0);
    world_audit(w);
    static const size_t batches[] = {1, 2, 253, 256, 1000, 3, 700};
    for (size_t i = 0; i < LENGTH(batches); i++) {
        OK(world_append(w, batches[i], &err));
        assert_serves_all(w);
        world_audit(w);
    }
    OK(world_landmark(w, &err));
    assert_int_equal(log_landmarks(w->log)->latest, 1);
    OK(world_landmark(w, &err)); /* nothing new: no landmark */
    assert_int_equal(log_landmarks(w->log)->latest, 1);
    OK(world_close(w, &err));
    OK(world_open(w, &err));
    world_audit(w);
    assert_int_equal(log_state(w->log).size, 2215);
    assert_int_equal(log_state(w->log).batch_count, LENGTH(batches));

    OK(world_close_for_good(w, &err));
    assert_says(world_append(w, 1, &err), &err, STATUS_REFUSED, "closed for good");
    OK(world_landmark(w, &err));
    OK(world_close(w, &err));
    memory_disk_cut_power(w->disk, MEMORY_LOSE_ALL, 0); /* what was closed is durable */
    OK(world_open(w, &err));
    assert_true(log_state(w->log).is_closed);
    world_audit(w);
    world_free(w);
}

static void a_gm_log_lives(void **state)
{
    (void)state;
    live(&hash_sm3, "sm2_sm3");
}

static void an_international_log_lives(void **state)
{
    (void)state;
    live(&hash_sha256, "mldsa44");
}

/* Past the first full tile of level 1, and pruned past it. */
static void a_large_log_is_pruned(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new(&hash_sm3, "ecdsa_p256_sha256");
    uint64_t removed;
    OK(world_open(w, &err));
    for (size_t i = 0; i < 66; i++)
        OK(world_append(w, 1000, &err));
    OK(world_landmark(w, &err));
    OK(world_append(w, 500, &err));
    assert_true(is_there(w, "tile/1/000"));
    assert_serves_all(w);
    world_audit(w);

    OK(log_prune(w->log, 0, &removed, &err)); /* nothing has expired */
    assert_int_equal(removed, 0);
    w->now_ms += 8 * DAY_MS;
    OK(log_prune(w->log, 2 * 86400, &removed, &err)); /* expired, but not for two days */
    assert_int_equal(removed, 0);
    w->now_ms += 2 * DAY_MS;
    OK(log_prune(w->log, 2 * 86400, &removed, &err));
    assert_int_equal(log_state(w->log).min_index, 66000 / 256 * 256);
    /* 257 tiles, as many bundles, the full tile of level 1, 65 batches: the 66th goes on. */
    assert_int_equal(removed, 257 + 257 + 1 + 65);
    assert_false(is_there(w, "tile/0/000"));
    assert_false(is_there(w, "tile/1/000"));
    assert_true(is_there(w, "tile/0/257"));
    OK(log_prune(w->log, 2 * 86400, &removed, &err)); /* a second one has nothing to do */
    assert_int_equal(removed, 0);
    assert_serves_all(w);
    world_audit(w);

    struct builder entry;
    builder_init(&entry, 65536);
    assert_says(log_read_entry(w->log, 65791, &entry, &err), &err, STATUS_NOT_FOUND, "pruned");
    OK(log_read_entry(w->log, 65792, &entry, &err));
    assert_says(log_read_entry(w->log, 66500, &entry, &err), &err, STATUS_NOT_FOUND, "66500");
    builder_clear(&entry);

    OK(world_append(w, 600, &err));
    OK(world_close(w, &err));
    OK(world_open(w, &err));
    world_audit(w);
    world_free(w);
}

/* Nothing that an unexpired entry needs is pruned: a landmark lives as long as its entries. */
static void landmarks_live_as_long_as_their_entries(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new(&hash_sha256, "ecdsa_p256_sha256");
    struct log_entry_input entry = {.entry = BYTES_OF(null_entry),
                                    .not_after_s = w->now_ms / 1000 + 90 * 86400};
    uint64_t first;
    bool is_new;
    OK(world_open(w, &err));
    OK(log_append(w->log, &entry, 1, &first, &err));
    OK(log_allocate_landmark(w->log, 86400, &is_new, &err));
    assert_true(is_new);
    assert_int_equal(log_landmarks(w->log)->at[0].expiry_s, entry.not_after_s);
    assert_int_equal(log_state(w->log).max_not_after_s, entry.not_after_s);
    entry.not_after_s = 0; /* a null entry changes nothing */
    OK(log_append(w->log, &entry, 1, &first, &err));
    assert_int_equal(first, 1);
    OK(log_allocate_landmark(w->log, 86400, &is_new, &err));
    assert_int_equal(log_landmarks(w->log)->at[0].expiry_s, w->now_ms / 1000 + 90 * 86400);
    world_free(w);
}

/* A reader beside a writer. */
static void a_reader_sees_what_is_published(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new(&hash_sm3, "ecdsa_p256_sha256");
    struct log_engine *reader;
    struct builder entry;
    uint64_t first;
    bool is_new;
    struct log_config config = w->config;
    config.is_read_only = true;
    assert_says(log_open(&config, &reader, &err), &err, STATUS_NOT_FOUND, "does not exist");
    OK(world_open(w, &err));
    OK(world_append(w, 300, &err));
    OK(world_append(w, 10, &err));
    OK(world_landmark(w, &err));

    uint64_t before = memory_disk_operations(w->disk);
    OK(log_open(&config, &reader, &err));
    assert_int_equal(log_state(reader).size, 310);
    assert_int_equal(log_landmarks(reader)->latest, 1);
    OK(world_append(w, 600, &err)); /* the tiles that the reader knows as partial become full */
    uint64_t after = memory_disk_operations(w->disk);
    builder_init(&entry, 65536);
    OK(log_read_entry(reader, 309, &entry, &err));
    OK(log_read_entry(reader, 3, &entry, &err));
    struct log_fsck_report report;
    OK(log_fsck(reader, NULL, NULL, NULL, &report, &err));
    assert_int_equal(report.entries_checked, 310);
    struct log_entry_input input = {.entry = BYTES_OF(null_entry)};
    assert_says(log_append(reader, &input, 1, &first, &err), &err, STATUS_REFUSED, "reading only");
    assert_says(log_allocate_landmark(reader, 1, &is_new, &err), &err, STATUS_REFUSED, "reading only");
    assert_says(log_prune(reader, 1, &first, &err), &err, STATUS_REFUSED, "reading only");
    assert_says(log_close_for_good(&config, &err), &err, STATUS_REFUSED, "reading only");
    OK(log_close(reader, &err));
    assert_true(before < after);
    assert_int_equal(memory_disk_operations(w->disk), after); /* the reader has written nothing */
    OK(log_open(&config, &reader, &err));
    assert_int_equal(log_state(reader).size, 910);
    OK(log_close(reader, &err));
    builder_clear(&entry);
    world_free(w);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new(&hash_sm3, "ecdsa_p256_sha256");
    uint64_t first;
    OK(world_open(w, &err));
    uint8_t *bytes = calloc(1, 65536);
    struct log_entry_input *many = calloc(LOG_BATCH_ENTRIES_MAX + 1, sizeof *many);
    assert_true(bytes != NULL && many != NULL);
    assert_says(log_append(w->log, many, 0, &first, &err), &err, STATUS_LIMIT, "1 to");
    assert_says(log_append(w->log, many, LOG_BATCH_ENTRIES_MAX + 1, &first, &err), &err, STATUS_LIMIT,
                "1 to");
    bytes[3] = 1; /* a tbs_cert_entry; bytes is zero otherwise */
    for (size_t i = 0; i < 3; i++)
        many[i].entry = BYTES_OF(null_entry);
    many[2].entry = bytes_of(bytes, 65536);
    assert_says(log_append(w->log, many, 3, &first, &err), &err, STATUS_LIMIT, "entry 2");
    for (size_t i = 0; i < 1100; i++)
        many[i].entry = bytes_of(bytes, 65535);
    assert_says(log_append(w->log, many, 1100, &first, &err), &err, STATUS_LIMIT, "batch");
    many[0].not_after_s = -1;
    assert_says(log_append(w->log, many, 1, &first, &err), &err, STATUS_USAGE, "1970");
    many[0].not_after_s = 0;
    static const uint8_t strange_type[] = {0, 0, 0, 2}, strange_extension[] = {0, 4, 0xf0, 0, 0, 0, 0, 0};
    many[1].entry = BYTES_OF(strange_type);
    assert_says(log_append(w->log, many, 2, &first, &err), &err, STATUS_REFUSED, "entry 1 of the batch: it has the unknown type 2");
    many[1].entry = BYTES_OF(strange_extension);
    assert_says(log_append(w->log, many, 2, &first, &err), &err, STATUS_REFUSED, "extensions");
    many[1].entry = bytes_of(strange_type, 3);
    assert_says(log_append(w->log, many, 2, &first, &err), &err, STATUS_MALFORMED, "entry 1");
    many[1].entry = BYTES_OF(null_entry);
    /* None of that has stopped the log. */
    OK(log_append(w->log, many, 2, &first, &err));
    assert_int_equal(first, 0);
    free(bytes);
    free(many);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gm_log_lives),
        cmocka_unit_test(an_international_log_lives),
        cmocka_unit_test(a_large_log_is_pruned),
        cmocka_unit_test(landmarks_live_as_long_as_their_entries),
        cmocka_unit_test(a_reader_sees_what_is_published),
        cmocka_unit_test(limits_are_kept),
    };
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    world_end_keys();
    return result;
}
