/* Cosignatures of mirrors and witnesses, added to batches and to the published checkpoint. */
#include "unit/checks.h"

#include <stdio.h>

#include "codec/note/checkpoint.h"
#include "codec/note/timestamped_signature.h"
#include "fakes/log_world.h"

static struct error err;

/* Note names that must have signed the checkpoint. */
struct wanted {
    const char *names[3];
    size_t count;
};

static bool are_all_there(void *context, const char *const *names, size_t count)
{
    const struct wanted *wanted = context;
    for (size_t i = 0; i < wanted->count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < count; j++)
            is_there = is_there || strcmp(wanted->names[i], names[j]) == 0;
        if (!is_there)
            return false;
    }
    return true;
}

static enum status add(struct world *w, uint64_t index, size_t mirror, struct subtree subtree,
                       const uint8_t hash[HASH_SIZE], const struct tai *id, uint64_t timestamp_s,
                       size_t *added)
{
    struct builder signature;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    world_mirror_sign(w, mirror, subtree, hash, timestamp_s, &signature);
    struct log_addition addition = {subtree, *id, builder_view(&signature)};
    enum status s = log_add_cosignatures(w->log, index, &addition, 1, added, &err);
    builder_clear(&signature);
    return s;
}

static void they_come_in_any_order_and_stay(void **state)
{
    (void)state;
    struct world *w = world_new(&hash_sm3, "sm2_sm3");
    struct log_batch batch;
    OK(world_open(w, &err));
    OK(world_append(w, 3, &err));
    OK(world_append(w, 9, &err)); /* [0, 8) and [8, 12) */
    OK(log_batch_of(w->log, 5, &batch, &err));
    assert_int_equal(batch.number, 2);
    assert_int_equal(batch.start, 3);
    assert_int_equal(batch.end, 12);
    assert_int_equal(batch.subtree_count, 2);
    assert_int_equal(batch.subtrees[0].cosigner_count, 2);
    OK(world_cosign(w, 1, &err));
    OK(world_cosign(w, 0, &err));
    OK(log_batch_of(w->log, 11, &batch, &err));
    /* Canonical: 32473.1, .3, .5, then 44363.9 [MTC 6.2]. */
    for (size_t i = 0; i < 2; i++) {
        const struct log_batch_subtree *s = &batch.subtrees[i];
        assert_int_equal(s->cosigner_count, 4);
        for (size_t j = 1; j < 4; j++)
            assert_true(tai_compare(&s->cosigners[j - 1], &s->cosigners[j]) < 0);
        assert_true(tai_equal(&s->cosigners[1], &w->externals[0].id));
    }
    uint64_t before = memory_disk_operations(w->disk);
    size_t added;
    OK(add(w, 3, 0, batch.subtrees[0].subtree, batch.subtrees[0].hash, &w->externals[0].id, 0, &added));
    assert_int_equal(added, 0); /* a second time: nothing is done */
    assert_int_equal(memory_disk_operations(w->disk), before);
    world_audit(w);
    OK(world_close(w, &err));
    memory_disk_cut_power(w->disk, MEMORY_LOSE_ALL, 0);
    OK(world_open(w, &err));
    world_audit(w);
    assert_says(log_batch_of(w->log, 12, &batch, &err), &err, STATUS_NOT_FOUND, "no entry 12");
    world_free(w);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct world *w = world_new(&hash_sha256, "ecdsa_p256_sha256");
    struct log_batch batch;
    struct tai other;
    size_t added;
    uint8_t wrong[HASH_SIZE] = {1};
    OK(world_open(w, &err));
    OK(world_append(w, 12, &err));
    OK(log_batch_of(w->log, 0, &batch, &err));
    struct subtree s = batch.subtrees[0].subtree;
    const uint8_t *hash = batch.subtrees[0].hash;
    const struct tai *id = &w->externals[0].id;
    uint64_t before = memory_disk_operations(w->disk);
    assert_says(add(w, 0, 0, s, wrong, id, 0, &added), &err, STATUS_REFUSED, "32473.3");
    assert_says(add(w, 0, 1, s, hash, id, 0, &added), &err, STATUS_REFUSED, "32473.3");
    s.start = s.end = 0;
    assert_says(add(w, 0, 0, s, hash, id, 0, &added), &err, STATUS_REFUSED, "does not cover");
    s = batch.subtrees[0].subtree;
    assert_says(add(w, 0, 0, s, hash, id, 5, &added), &err, STATUS_REFUSED, "32473.3"); /* s.start is 0 */
    OK(tai_parse_text(bytes_of_text("32473.77"), &other, &err));
    assert_says(add(w, 0, 0, s, hash, &other, 0, &added), &err, STATUS_REFUSED, "not configured");
    assert_says(add(w, 0, 0, s, hash, &w->cosigners[1].id, 0, &added), &err, STATUS_REFUSED, "not configured");
    assert_int_equal(added, 0);
    assert_int_equal(memory_disk_operations(w->disk), before);
    world_audit(w); /* and the log lives on */
    world_free(w);
}

static void count_lines(struct world *w, size_t want, bool is_own_first)
{
    struct note note;
    struct builder text;
    builder_init(&text, NOTE_SIZE_MAX);
    OK(log_read_published(w->log, &text, &err));
    OK(note_parse(builder_view(&text), &note, &err));
    assert_int_equal(note.signature_count, want);
    char name[TAI_NAME_SIZE];
    tai_name(&w->cosigners[0].id, name);
    assert_int_equal(bytes_is_text(note.signatures[0].name, name), is_own_first);
    builder_clear(&text);
}

static void checkpoint_lines_are_added_and_kept(void **state)
{
    (void)state;
    struct world *w = world_new(&hash_sm3, "ecdsa_p256_sha256");
    size_t added;
    OK(world_open(w, &err));
    OK(world_append(w, 3, &err));
    count_lines(w, 2, true);
    OK(world_cosign(w, 0, &err));
    OK(world_cosign(w, 1, &err));
    OK(world_cosign(w, 1, &err)); /* again: no second line */
    count_lines(w, 4, true);
    struct log_state at_3 = log_state(w->log);
    OK(world_close(w, &err));
    OK(world_open(w, &err)); /* complete: not published again */
    count_lines(w, 4, true);
    /* A cosigner of the log that is new: published again, with the lines of the mirrors. */
    OK(world_close(w, &err));
    struct cosigner kept = w->cosigners[1];
    OK(tai_parse_text(bytes_of_text("32473.6"), &w->cosigners[1].id, &err));
    OK(world_open(w, &err));
    count_lines(w, 4, true);
    OK(world_close(w, &err));
    w->cosigners[1] = kept;
    OK(world_open(w, &err));
    count_lines(w, 4, true);
    world_audit(w);

    OK(world_append(w, 1, &err));
    count_lines(w, 2, true);
    struct builder signature;
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    world_mirror_sign(w, 0, (struct subtree){0, 3}, at_3.root, 77, &signature);
    struct log_checkpoint_addition late = {w->externals[0].name, 77, builder_view(&signature)};
    assert_says(log_add_checkpoint_cosignatures(w->log, 3, &late, 1, &added, &err), &err, STATUS_CONFLICT,
                "has 4 entries");
    assert_says(log_add_checkpoint_cosignatures(w->log, 4, &late, 1, &added, &err), &err, STATUS_REFUSED,
                "32473.3");
    late.timestamp_s = 0;
    assert_says(log_add_checkpoint_cosignatures(w->log, 4, &late, 1, &added, &err), &err, STATUS_REFUSED,
                "with a time");
    late.name = "nobody";
    assert_says(log_add_checkpoint_cosignatures(w->log, 4, &late, 1, &added, &err), &err, STATUS_REFUSED,
                "not configured");
    count_lines(w, 2, true);
    builder_clear(&signature);
    world_free(w);
}

static void landmarks_wait_for_the_quorum(void **state)
{
    (void)state;
    struct world *w = world_new(&hash_sha256, "ecdsa_p256_sha256");
    struct wanted wanted = {{w->externals[0].name, w->externals[1].name}, 2};
    bool is_new;
    w->config.quorum = (struct log_quorum){&wanted, are_all_there};
    OK(world_open(w, &err));
    OK(world_append(w, 5, &err));
    OK(log_allocate_landmark(w->log, 100, &is_new, &err));
    assert_false(is_new);
    OK(world_cosign(w, 0, &err));
    assert_int_equal(log_quorum_size(w->log), 0);
    OK(world_cosign(w, 1, &err));
    assert_int_equal(log_quorum_size(w->log), 5);
    OK(world_append(w, 5, &err)); /* not cosigned yet: the landmark is at 5 */
    OK(log_allocate_landmark(w->log, 100, &is_new, &err));
    assert_true(is_new);
    assert_int_equal(log_landmarks(w->log)->at[0].tree_size, 5);
    OK(log_allocate_landmark(w->log, 100, &is_new, &err));
    assert_false(is_new);
    OK(world_cosign(w, 0, &err));
    OK(world_cosign(w, 1, &err));
    OK(world_close(w, &err));
    OK(world_open(w, &err)); /* known from the published checkpoint */
    assert_int_equal(log_quorum_size(w->log), 10);
    OK(log_allocate_landmark(w->log, 100, &is_new, &err));
    assert_true(is_new);
    assert_int_equal(log_landmarks(w->log)->at[0].tree_size, 10);
    world_audit(w);
    world_free(w);
}

/* A witness of the public network: Ed25519, a name that is no ID, checkpoints alone. */
static void a_witness_signs_checkpoints(void **state)
{
    (void)state;
    struct algorithms *algorithms;
    struct private_key *key;
    struct world *w = world_new(&hash_sha256, "ecdsa_p256_sha256");
    OK(algorithms_new(&algorithms, &err));
    OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text("ed25519")), &key, &err));
    w->externals[1] = (struct log_external){"witness.example/w1", {.len = 0}, NOTE_KEY_ED25519_COSIGNATURE,
                                            private_key_public(key)};
    snprintf(w->external_names[1], sizeof w->external_names[1], "witness.example/w1");
    struct wanted wanted = {{"witness.example/w1"}, 1};
    w->config.quorum = (struct log_quorum){&wanted, are_all_there};
    w->config.externals = w->externals;
    OK(world_open(w, &err));
    OK(world_append(w, 5, &err));
    struct builder text, message, signature;
    struct note note;
    size_t added;
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&message, NOTE_SIZE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    OK(log_read_published(w->log, &text, &err));
    OK(note_parse(builder_view(&text), &note, &err));
    OK(timestamped_signature_write_ed25519_message(1234, note.text, &message, &err));
    OK(private_key_sign(key, builder_view(&message), &signature, &err));
    struct log_checkpoint_addition line = {"witness.example/w1", 1235, builder_view(&signature)};
    assert_says(log_add_checkpoint_cosignatures(w->log, 5, &line, 1, &added, &err), &err, STATUS_REFUSED, "w1");
    line.timestamp_s = 1234;
    OK(log_add_checkpoint_cosignatures(w->log, 5, &line, 1, &added, &err));
    assert_int_equal(added, 1);
    assert_int_equal(log_quorum_size(w->log), 5);
    count_lines(w, 3, true);
    builder_clear(&signature);
    builder_clear(&message);
    builder_clear(&text);
    world_free(w);
    private_key_free(key);
    algorithms_free(algorithms);
}

static void bad_externals_are_refused(void **state)
{
    (void)state;
    struct world *w = world_new(&hash_sha256, "ecdsa_p256_sha256");
    struct log_external good = w->externals[1];
    w->externals[1].id = w->cosigners[1].id;
    assert_says(world_open(w, &err), &err, STATUS_USAGE, "must have the note name");
    char own[TAI_NAME_SIZE];
    tai_name(&w->cosigners[1].id, own);
    w->externals[1].name = own;
    assert_says(world_open(w, &err), &err, STATUS_USAGE, "cosigner of the log itself");
    w->externals[1] = w->externals[0];
    assert_says(world_open(w, &err), &err, STATUS_USAGE, "configured twice");
    w->externals[1] = good;
    /* One key is one party. */
    w->externals[1].key = w->externals[0].key;
    assert_says(world_open(w, &err), &err, STATUS_USAGE, "have one key");
    w->externals[1].key = w->cosigners[0].key;
    assert_says(world_open(w, &err), &err, STATUS_USAGE, "has the key of a cosigner of the log itself");
    w->externals[1] = good;
    w->externals[1].key_type = NOTE_KEY_ED25519_COSIGNATURE;
    assert_says(world_open(w, &err), &err, STATUS_USAGE, "cannot cosign subtrees");
    w->externals[1] = good;
    OK(world_open(w, &err));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_come_in_any_order_and_stay),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(checkpoint_lines_are_added_and_kept),
        cmocka_unit_test(landmarks_wait_for_the_quorum),
        cmocka_unit_test(a_witness_signs_checkpoints),
        cmocka_unit_test(bad_externals_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_end_keys();
    return failed;
}
