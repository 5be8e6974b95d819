/* The engine as a CT log: tree heads, data tiles, refresh, freezing, pruning. */
#include "unit/checks.h"

#include <stdio.h>

#include "adapters/local_key/local_key.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/ct/tree_head.h"
#include "fakes/log_world.h"

static enum status count_one(void *context, const char *name, struct error *err)
{
    (void)name;
    (void)err;
    ++*(size_t *)context;
    return STATUS_OK;
}

static size_t count_objects(const struct object_store *store, const char *prefix)
{
    size_t count = 0;
    assert_int_equal(store->list(store->context, prefix, count_one, &count, NULL), STATUS_OK);
    return count;
}

static bool is_public(struct world *w, const char *name)
{
    struct builder value;
    builder_init(&value, (size_t)1 << 25);
    enum status status = w->config.public_store.get(w->config.public_store.context, name, &value, NULL);
    builder_clear(&value);
    return status == STATUS_OK;
}

static void put_public(struct world *w, const char *name, const char *value)
{
    struct error err = {.status = STATUS_OK};
    OK(w->config.public_store.put(w->config.public_store.context, name, bytes_of_text(value), &err));
}

/* A checkpoint that is damaged behind the log's back; the watcher of puts must not see it. */
static void damage_checkpoint(struct world *w)
{
    memory_disk_on_put(w->disk, NULL, NULL);
    put_public(w, "checkpoint", "torn");
}

static struct world *world_again(struct world *w)
{
    struct world *next = world_copy(w); /* watches puts again */
    world_free(w);
    return next;
}

static void live(const struct hash_alg *hash, const char *algorithm, bool cosigns_subtrees)
{
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(hash, algorithm, cosigns_subtrees);
    OK(world_open(w, &err));
    assert_int_equal(log_tree_head(w->log)->size, 0); /* the empty tree has a tree head too [RFC6962 4.3] */
    assert_true(log_tree_head(w->log)->signature_len > 0);
    world_audit(w);
    static const size_t batches[] = {1, 2, 253, 256, 1000, 3, 700};
    for (size_t i = 0; i < LENGTH(batches); i++) {
        OK(world_append(w, batches[i], &err));
        world_audit(w);
    }
    assert_true(is_public(w, "tile/data/000"));
    assert_true(is_public(w, "tile/data/008.p/167"));
    assert_true(is_public(w, "tile/0/008.p/167"));
    assert_false(is_public(w, "tile/entries/000"));
    assert_false(is_public(w, "landmarks"));
    OK(world_landmark(w, &err)); /* a refresh */
    world_audit(w);
    OK(world_close(w, &err));
    OK(world_open(w, &err));
    world_audit(w);
    assert_int_equal(log_state(w->log).size, 2215);
    OK(world_close_for_good(w, &err));
    OK(world_close(w, &err));
    memory_disk_cut_power(w->disk, MEMORY_LOSE_ALL, 0);
    OK(world_open(w, &err));
    assert_true(log_state(w->log).is_closed);
    assert_says(world_append(w, 1, &err), &err, STATUS_REFUSED, "closed for good");
    assert_says(log_refresh_checkpoint(w->log, &err), &err, STATUS_REFUSED, "its last tree head stays");
    OK(log_freeze(w->log, &err)); /* nothing to do */
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, w->final_ms);
    world_audit(w);
    world_free(w);
}

static void a_gm_log_lives(void **state)
{
    (void)state;
    live(&hash_sm3, "sm2_sm3", false);
    live(&hash_sm3, "sm2_sm3", true);
}

static void an_international_log_lives(void **state)
{
    (void)state;
    live(&hash_sha256, "ecdsa_p256_sha256", false);
}

/* A flush every 200 ms is 13 million batches a month: nothing may be left of them but tiles. */
static void batches_leave_only_tiles(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    OK(world_open(w, &err));
    for (size_t i = 0; i < 300; i++)
        OK(world_append(w, 1 + i % 3, &err));
    assert_true(count_objects(&w->config.private_store, "staged/") <= 64);
    OK(world_close(w, &err));
    OK(world_open(w, &err));
    assert_int_equal(log_state(w->log).size, 600);
    assert_int_equal(count_objects(&w->config.private_store, "staged/"), 0);
    assert_int_equal(count_objects(&w->config.private_store, "batch/"), 0);
    /* Two full tiles, and what is partial now; a partial one of a full tile may go when the settled tree has none. */
    assert_true(count_objects(&w->config.public_store, "tile/data/") < 2 + 60);
    assert_true(is_public(w, "tile/data/002.p/88"));
    world_audit(w);
    world_free(w);
}

/* ---- time ---- */

static void time_goes_on_when_the_clock_goes_back(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    OK(world_open(w, &err));
    OK(world_append(w, 5, &err));
    uint64_t before = log_tree_head(w->log)->timestamp_ms;
    w->now_ms -= 3600 * 1000;
    OK(log_refresh_checkpoint(w->log, &err)); /* the one that is there is younger */
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, before);
    OK(world_append(w, 5, &err)); /* has to be signed, and not with an older time */
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, before + 1);
    OK(world_close(w, &err));
    OK(world_open(w, &err)); /* signs a tree head: a younger one may have been lost */
    OK(world_append(w, 1, &err));
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, before + 3);
    w->now_ms += 7200 * 1000;
    OK(log_refresh_checkpoint(w->log, &err));
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, (uint64_t)w->now_ms);
    world_audit(w);
    world_free(w);
}

/* A tree head is at least as recent as every SCT of the tree [RFC6962 3.5]. */
static void a_tree_head_is_not_older_than_its_entries(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    OK(world_open(w, &err));
    w->next_id = 100000 + WORLD_ENTRIES_MAX; /* stamped 100 s ahead */
    OK(world_append(w, 2, &err));
    uint64_t newest = (uint64_t)w->now_ms - (uint64_t)(w->now_ms % 10) + 90000;
    assert_true(log_tree_head(w->log)->timestamp_ms > newest);
    world_audit(w);
    world_free(w);
}

static enum status sign_nothing(void *context, uint64_t timestamp_ms, uint64_t tree_size,
                                const uint8_t root[HASH_SIZE], struct builder *out, struct error *err)
{
    (void)context, (void)timestamp_ms, (void)tree_size, (void)root, (void)out;
    return error_set(err, STATUS_IO, "the holder of the key is away");
}

/* A refresh without the key changes nothing; an append without it has to be recovered. */
static void the_key_is_away_for_a_moment(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    OK(world_open(w, &err));
    OK(world_append(w, 5, &err));
    struct ct_signer signer = w->ct_signer;
    uint64_t before = log_tree_head(w->log)->timestamp_ms;
    w->ct_signer.sign_tree_head = sign_nothing;
    assert_says(log_refresh_checkpoint(w->log, &err), &err, STATUS_IO, "away");
    assert_false(log_has_failed(w->log));
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, before);
    world_audit(w);
    assert_says(world_append(w, 7, &err), &err, STATUS_IO, "away");
    assert_true(log_has_failed(w->log));
    (void)world_close(w, &err);
    assert_says(world_open(w, &err), &err, STATUS_IO, "away");
    w->ct_signer = signer;
    OK(world_open(w, &err));
    assert_int_equal(log_state(w->log).size, 12); /* committed, and never acknowledged */
    OK(log_refresh_checkpoint(w->log, &err));
    world_audit(w);
    world_free(w);
}

/* ---- lines ---- */

static size_t count_lines(struct world *w)
{
    struct builder text;
    struct note note;
    builder_init(&text, NOTE_SIZE_MAX);
    assert_int_equal(log_read_published(w->log, &text, NULL), STATUS_OK);
    assert_int_equal(note_parse(builder_view(&text), &note, NULL), STATUS_OK);
    size_t count = note.signature_count;
    builder_clear(&text);
    return count;
}

static void witnesses_lines_stay_when_the_tree_head_is_refreshed(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sm3, "sm2_sm3", false);
    OK(world_open(w, &err));
    OK(world_append(w, 3, &err));
    assert_int_equal(count_lines(w), 2); /* tree head, cosigner */
    OK(world_cosign(w, 0, &err));
    OK(world_cosign(w, 1, &err));
    assert_int_equal(count_lines(w), 4);
    uint64_t before = log_tree_head(w->log)->timestamp_ms;
    OK(log_refresh_checkpoint(w->log, &err));
    assert_true(log_tree_head(w->log)->timestamp_ms > before);
    assert_int_equal(count_lines(w), 4);
    world_audit(w);
    OK(world_append(w, 1, &err)); /* another tree: they have not signed that */
    assert_int_equal(count_lines(w), 2);
    OK(world_cosign(w, 1, &err));
    OK(world_close_for_good(w, &err));
    assert_int_equal(count_lines(w), 3);
    OK(world_cosign(w, 0, &err)); /* also of the final one */
    assert_int_equal(count_lines(w), 4);
    OK(world_close(w, &err));
    OK(world_open(w, &err));
    assert_int_equal(count_lines(w), 4);
    world_audit(w);
    world_free(w);
}

/* ---- frozen ---- */

static void the_final_tree_head_survives_the_published_one(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    OK(world_open(w, &err));
    OK(world_append(w, 300, &err));
    OK(world_close_for_good(w, &err));
    OK(world_close(w, &err));
    damage_checkpoint(w);
    w = world_again(w);
    OK(world_open(w, &err)); /* nothing is signed: the signer would say so */
    assert_int_equal(log_tree_head(w->log)->timestamp_ms, w->final_ms);
    world_audit(w);
    OK(world_close(w, &err));
    /* Without the final one nobody can make another. */
    OK(w->config.private_store.remove(w->config.private_store.context, "final/checkpoint", &err));
    assert_says(world_open(w, &err), &err, STATUS_REFUSED, "final/checkpoint is missing");
    world_free(w);
}

/* ---- pruning ---- */

static void a_log_is_pruned_below_an_index(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    uint64_t removed;
    struct builder entry;
    builder_init(&entry, 65536);
    OK(world_open(w, &err));
    for (size_t i = 0; i < 66; i++)
        OK(world_append(w, 1000, &err));
    OK(log_prune_below(w->log, 700, &removed, &err));
    assert_int_equal(log_state(w->log).min_index, 512);
    assert_int_equal(removed, 2 + 2);
    assert_false(is_public(w, "tile/data/001"));
    assert_false(is_public(w, "tile/0/001"));
    assert_true(is_public(w, "tile/data/002"));
    assert_true(is_public(w, "tile/1/000"));
    assert_says(log_read_entry(w->log, 511, &entry, &err), &err, STATUS_NOT_FOUND, "pruned");
    OK(log_read_entry(w->log, 512, &entry, &err));
    OK(log_prune_below(w->log, 100, &removed, &err)); /* never down again */
    assert_int_equal(log_state(w->log).min_index, 512);
    assert_int_equal(removed, 0);
    world_audit(w);
    /* The whole of it, when it is over: what is left proves the final tree head. */
    OK(world_close_for_good(w, &err));
    OK(log_prune_below(w->log, UINT64_MAX, &removed, &err));
    assert_int_equal(log_state(w->log).min_index, 66000 / 256 * 256);
    assert_int_equal(removed, 2 * 255 + 1);
    assert_true(count_objects(&w->config.public_store, "tile/data/") <= 2);
    world_audit(w);
    OK(world_close(w, &err));
    OK(world_open(w, &err));
    world_audit(w);
    builder_clear(&entry);
    world_free(w);
}

/* ---- large entries ---- */

static void make_large(uint64_t index, size_t len, struct builder *out)
{
    struct builder extensions;
    uint8_t *certificate = calloc(1, len), chain[HASH_SIZE] = {3};
    assert_non_null(certificate);
    certificate[0] = (uint8_t)index;
    builder_init(&extensions, 16);
    assert_int_equal(sct_write_leaf_index(index, &extensions, NULL), STATUS_OK);
    struct leaf_tile tile = {.chain = BYTES_OF(chain),
                             .leaf = {.timestamp_ms = 1793283605000,
                                      .type = LEAF_X509,
                                      .certificate = bytes_of(certificate, len),
                                      .extensions = builder_view(&extensions)}};
    assert_int_equal(leaf_tile_write(&tile, out, NULL), STATUS_OK);
    builder_clear(&extensions);
    free(certificate);
}

static void entries_are_larger_than_64_KiB(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    static const size_t lengths[] = {65536, 300000, 524288, 1000000};
    struct builder bytes[LENGTH(lengths)], read;
    struct log_entry_input entries[LENGTH(lengths)];
    uint64_t first;
    builder_init(&read, (size_t)1 << 20);
    OK(world_open(w, &err));
    OK(world_append(w, 254, &err));
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        builder_init(&bytes[i], (size_t)1 << 20);
        make_large(254 + i, lengths[i], &bytes[i]);
        entries[i] = (struct log_entry_input){.entry = builder_view(&bytes[i])};
    }
    OK(log_append(w->log, entries, LENGTH(lengths), &first, &err));
    assert_int_equal(first, 254);
    struct world *crashed = world_copy(w); /* recovered from what is staged */
    memory_disk_cut_power(crashed->disk, MEMORY_LOSE_ALL, 0);
    struct world *both[] = {w, crashed};
    for (size_t k = 0; k < 2; k++) {
        if (k == 1)
            OK(world_open(both[k], &err));
        for (size_t i = 0; i < LENGTH(lengths); i++) {
            builder_reset(&read);
            OK(log_read_entry(both[k]->log, 254 + i, &read, &err));
            assert_bytes(builder_view(&read), builder_view(&bytes[i]));
        }
        world_audit(both[k]);
        world_free(both[k]);
    }
    for (size_t i = 0; i < LENGTH(lengths); i++)
        builder_clear(&bytes[i]);
    builder_clear(&read);
}

/* ---- reading ---- */

static void a_reader_needs_the_public_key_alone(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sm3, "sm2_sm3", false);
    struct log_engine *reader;
    struct ct_signer key = {.key = w->ct_signer.key};
    struct log_config config = w->config;
    struct log_fsck_report report;
    struct builder entry;
    builder_init(&entry, 65536);
    OK(world_open(w, &err));
    OK(world_append(w, 300, &err));
    config.is_read_only = true;
    config.tree_head_signer = &key;
    OK(log_open(&config, &reader, &err));
    assert_int_equal(log_tree_head(reader)->timestamp_ms, log_tree_head(w->log)->timestamp_ms);
    OK(log_read_entry(reader, 299, &entry, &err));
    OK(log_fsck(reader, NULL, NULL, NULL, &report, &err));
    assert_int_equal(report.entries_checked, 300);
    assert_int_equal(log_append(reader, NULL, 0, NULL, &err), STATUS_REFUSED);
    assert_int_equal(log_freeze(reader, &err), STATUS_REFUSED);
    assert_int_equal(log_refresh_checkpoint(reader, &err), STATUS_REFUSED);
    OK(log_close(reader, &err));
    /* Another key's log. */
    OK(world_close(w, &err));
    key.key = w->cosigners[1].key;
    config.cosigner_count = 0;
    assert_says(log_open(&config, &reader, &err), &err, STATUS_REFUSED, "not signed by the log's key");
    builder_clear(&entry);
    world_free(w);
}

static enum status stop_at_260(void *context, uint64_t index, const struct stored_leaf *leaf,
                               const uint8_t hash[HASH_SIZE], struct error *err)
{
    (void)leaf;
    (void)hash;
    *(uint64_t *)context = index;
    return index == 260 ? error_set(err, STATUS_LIMIT, "enough") : STATUS_OK;
}

static void a_run_of_entries_is_read(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    uint64_t last = 0;
    OK(world_open(w, &err));
    OK(world_append(w, 700, &err));
    assert_says(log_read_entries(w->log, 250, 700, stop_at_260, &last, &err), &err, STATUS_LIMIT, "enough");
    assert_int_equal(last, 260);
    OK(log_read_entries(w->log, 511, 700, stop_at_260, &last, &err));
    assert_int_equal(last, 699);
    OK(log_read_entries(w->log, 5, 5, stop_at_260, &last, &err));
    assert_int_equal(last, 699);
    assert_says(log_read_entries(w->log, 690, 701, stop_at_260, &last, &err), &err, STATUS_NOT_FOUND, "no entry 700");
    /* A partial tile that was read is another one after the next batch. */
    OK(world_append(w, 2, &err));
    OK(log_read_entries(w->log, 690, 702, stop_at_260, &last, &err));
    assert_int_equal(last, 701);
    world_audit(w);
    world_free(w);
}

/* ---- refusals ---- */

static void entries_must_be_of_their_place(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    struct builder entry;
    uint64_t first;
    builder_init(&entry, 65536);
    OK(world_open(w, &err));
    OK(world_append(w, 3, &err));
    world_entry(w, 77, 4, &entry);
    struct log_entry_input input = {.entry = builder_view(&entry)};
    assert_says(log_append(w->log, &input, 1, &first, &err), &err, STATUS_REFUSED,
                "entry 0 of the batch: its leaf_index is 4, its place 3");
    input.entry.len--;
    assert_int_equal(log_append(w->log, &input, 1, &first, &err), STATUS_MALFORMED);
    builder_reset(&entry);
    assert_false(log_has_failed(w->log)); /* it lives on */
    world_entry(w, 77, 3, &entry);
    input.entry = builder_view(&entry);
    OK(log_append(w->log, &input, 1, &first, &err));
    assert_int_equal(first, 3);
    builder_clear(&entry);
    world_free(w);
}

static void what_belongs_to_the_other_kind_is_refused(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    struct world *mtc = world_new(&hash_sha256, "ecdsa_p256_sha256");
    struct log_batch batch;
    uint64_t removed;
    bool is_new;
    OK(world_open(w, &err));
    OK(world_open(mtc, &err));
    OK(world_append(w, 3, &err));
    OK(world_append(mtc, 3, &err));
    assert_int_equal(log_batch_of(w->log, 0, &batch, &err), STATUS_USAGE);
    assert_int_equal(log_add_cosignatures(w->log, 0, NULL, 0, &(size_t){0}, &err), STATUS_USAGE);
    assert_int_equal(log_allocate_landmark(w->log, 1, &is_new, &err), STATUS_USAGE);
    assert_int_equal(log_close_for_good(&w->config, &err), STATUS_USAGE);
    assert_int_equal(log_freeze(mtc->log, &err), STATUS_USAGE);
    assert_int_equal(log_prune_below(mtc->log, 1, &removed, &err), STATUS_USAGE);
    OK(log_refresh_checkpoint(mtc->log, &err));
    world_audit(w);
    world_audit(mtc);
    world_free(w);
    world_free(mtc);
}

static void a_configuration_is_checked(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    char origin[LOG_ORIGIN_SIZE + 1];
    struct log_config config = w->config;
    config.hash = &hash_sm3;
    assert_says(log_create(&config, &err), &err, STATUS_USAGE, "not of its suite");
    config = w->config;
    config.origin = NULL;
    assert_says(log_create(&config, &err), &err, STATUS_USAGE, "has an origin");
    config.origin = "ct.example/a b";
    assert_says(log_create(&config, &err), &err, STATUS_USAGE, "no spaces");
    memset(origin, 'a', sizeof origin);
    origin[LOG_ORIGIN_SIZE] = '\0';
    config.origin = origin;
    assert_says(log_create(&config, &err), &err, STATUS_USAGE, "1 to 255 bytes");
    config = w->config;
    config.cosigner_count = 0;
    config.cosigns_subtrees = true;
    assert_says(log_create(&config, &err), &err, STATUS_USAGE, "nobody is there");
    struct cosigner same = w->cosigners[1];
    same.key = w->ct_signer.key;
    config = w->config;
    config.cosigners = &same;
    assert_says(log_create(&config, &err), &err, STATUS_USAGE, "has the key of the CT log");
    world_free(w);
}

static void a_log_has_a_long_origin(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new(&hash_sha256, "ecdsa_p256_sha256");
    char origin[LOG_ORIGIN_SIZE];
    memset(origin, 'a', sizeof origin);
    origin[LOG_ORIGIN_SIZE - 1] = '\0';
    w->config.origin = origin;
    OK(log_create(&w->config, &err));
    OK(log_open(&w->config, &w->log, &err));
    OK(log_close(w->log, &err));
    w->log = NULL;
    origin[0] = 'b';
    assert_says(log_open(&w->config, &w->log, &err), &err, STATUS_REFUSED, "the record is that of aaa");
    world_free(w);
}

static void count_problem(void *context, const char *text)
{
    char *last = context;
    (void)snprintf(last, ERROR_TEXT_MAX, "%s", text);
}

static void fsck_looks_at_data_tiles(void **state)
{
    (void)state;
    struct error err = {.status = STATUS_OK};
    struct world *w = world_new_ct(&hash_sha256, "ecdsa_p256_sha256", false);
    struct log_fsck_report report;
    char last[ERROR_TEXT_MAX] = "";
    OK(world_open(w, &err));
    OK(world_append(w, 600, &err));
    OK(log_fsck(w->log, count_problem, NULL, last, &report, &err));
    assert_int_equal(report.entries_checked, 600);
    put_public(w, "tile/entries/000", "from elsewhere");
    assert_int_equal(log_fsck(w->log, count_problem, NULL, last, &report, &err), STATUS_REFUSED);
    assert_string_equal(last, "tile/entries/000 is not the name of a tile: remove it");
    OK(w->config.public_store.remove(w->config.public_store.context, "tile/entries/000", &err));
    assert_true(memory_disk_damage(w->disk, WORLD_PUBLIC, "tile/data/001", NULL));
    assert_int_equal(log_fsck(w->log, count_problem, NULL, last, &report, &err), STATUS_REFUSED);
    assert_non_null(strstr(last, "tile/data/001 is missing"));
    world_free(w);
}

static int end_keys(void **state)
{
    (void)state;
    world_end_keys();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gm_log_lives),
        cmocka_unit_test(an_international_log_lives),
        cmocka_unit_test(batches_leave_only_tiles),
        cmocka_unit_test(time_goes_on_when_the_clock_goes_back),
        cmocka_unit_test(a_tree_head_is_not_older_than_its_entries),
        cmocka_unit_test(the_key_is_away_for_a_moment),
        cmocka_unit_test(witnesses_lines_stay_when_the_tree_head_is_refreshed),
        cmocka_unit_test(the_final_tree_head_survives_the_published_one),
        cmocka_unit_test(a_log_is_pruned_below_an_index),
        cmocka_unit_test(entries_are_larger_than_64_KiB),
        cmocka_unit_test(a_reader_needs_the_public_key_alone),
        cmocka_unit_test(a_run_of_entries_is_read),
        cmocka_unit_test(entries_must_be_of_their_place),
        cmocka_unit_test(what_belongs_to_the_other_kind_is_refused),
        cmocka_unit_test(a_configuration_is_checked),
        cmocka_unit_test(a_log_has_a_long_origin),
        cmocka_unit_test(fsck_looks_at_data_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, end_keys);
}
