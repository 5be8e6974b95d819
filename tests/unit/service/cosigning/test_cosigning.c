/* The client of a mirror against one that keeps the rules, and against others. */
#include "unit/checks.h"

#include <stdio.h>

#include "codec/evidence/evidence.h"
#include "fakes/fake_mirror.h"
#include "fakes/log_world.h"
#include "service/cosigning/cosigning.h"

#define PREFIX "http://mirror.test"

static struct error err;
static struct algorithms *algorithms;

struct scene {
    struct world *w;
    struct fake_loop *loop;
    struct fake_mirror mirror;
    struct cosigning *client;
    struct private_key *keys[2];
    struct hasher hasher;
    char origin[TAI_NAME_SIZE];
    uint64_t checkpoint_size; /* the last that came */
    unsigned checkpoints, subtrees, evidences;
    uint32_t watch_ms;
    struct builder evidence;
};

/* ---- the log's side ---- */

static enum status make_consistency(void *context, struct subtree s, uint64_t tree_size, struct builder *out,
                                    struct error *e)
{
    struct scene *scene = context;
    struct node_source source = log_node_source(scene->w->log);
    return proof_make_consistency(&scene->hasher, &source, s, tree_size, out, e);
}

static enum status subtree_hash(void *context, struct subtree s, uint8_t out[HASH_SIZE], struct error *e)
{
    struct scene *scene = context;
    struct node_source source = log_node_source(scene->w->log);
    return proof_subtree_hash(&scene->hasher, &source, s, out, e);
}

static enum status read_entries(void *context, uint64_t start, uint64_t end, struct builder *out, struct error *e)
{
    struct scene *scene = context;
    enum status s = STATUS_OK;
    for (uint64_t i = start; i < end && s == STATUS_OK; i++) {
        size_t mark = builder_open_vector(out, 2);
        s = log_read_entry(scene->w->log, i, out, e);
        builder_close_vector(out, mark, 2);
    }
    return s;
}

/* ---- what comes ---- */

static void on_checkpoint(void *context, const struct cosigning_peer *peer, uint64_t size, uint64_t timestamp_s,
                          struct bytes signature)
{
    struct scene *scene = context;
    struct log_checkpoint_addition addition = {peer->name, timestamp_s, signature};
    size_t added;
    enum status s = log_add_checkpoint_cosignatures(scene->w->log, size, &addition, 1, &added, &err);
    if (s != STATUS_CONFLICT)
        assert_ok(s, &err, "the log takes the cosignature of the checkpoint");
    scene->checkpoint_size = size;
    scene->checkpoints++;
}

static void on_subtree(void *context, const struct cosigning_peer *peer, struct subtree subtree, struct bytes signature)
{
    struct scene *scene = context;
    struct log_addition addition = {subtree, peer->id, signature};
    size_t added;
    OK(log_add_cosignatures(scene->w->log, subtree.end - 1, &addition, 1, &added, &err));
    scene->subtrees++;
}

static void keep_evidence(void *context, struct bytes evidence)
{
    struct scene *scene = context;
    scene->evidences++;
    builder_reset(&scene->evidence);
    builder_bytes(&scene->evidence, evidence);
}

/* ---- the scene ---- */

static void start_client(struct scene *s)
{
    struct cosigning_config config = {
        .peer = {.role = s->mirror.is_witness ? COSIGNING_WITNESS : COSIGNING_MIRROR,
                 .name = s->mirror.name,
                 .key_type = s->mirror.key_type,
                 .key = private_key_public(s->mirror.key),
                 .id = s->mirror.id,
                 .submission_url = PREFIX,
                 .monitoring_url = PREFIX},
        .origin = s->origin,
        .hash = s->w->config.hash,
        .log = {s, make_consistency, subtree_hash, read_entries},
        .results = {s, on_checkpoint, on_subtree, keep_evidence},
        .worker = fake_loop_work(s->loop),
        .fetch = fake_loop_fetch(s->loop),
        .timer = fake_loop_timer(s->loop),
        .clock = fake_loop_clock(s->loop),
        .events = fake_loop_events(s->loop),
        .timeout_ms = 5000,
        .retry_min_ms = 100,
        .retry_max_ms = 60000,
        .watch_ms = s->watch_ms,
    };
    OK(cosigning_new(&config, &s->client, &err));
}

static struct scene *scene_new(const struct hash_alg *hash, const char *algorithm, bool is_witness)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->w = world_new(hash, "ecdsa_p256_sha256");
    s->loop = fake_loop_new(s->w->now_ms);
    tai_name(&s->w->config.log_id, s->origin);
    OK(hasher_init(&s->hasher, hash, &err));
    for (size_t i = 0; i < 2; i++)
        OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text(algorithm)), &s->keys[i], &err));
    s->mirror = (struct fake_mirror){.prefix = PREFIX, .is_witness = is_witness, .key = s->keys[0],
                                     .other_key = s->keys[1], .hash = hash, .origin = s->origin};
    s->mirror.key_type = is_witness ? NOTE_KEY_ED25519_COSIGNATURE
                                    : (enum note_key_type)public_key_alg(private_key_public(s->keys[0]))->note_type;
    fake_mirror_init(&s->mirror, "44363.9");
    if (is_witness) {
        (void)snprintf(s->mirror.name, sizeof s->mirror.name, "witness.test/w1");
        s->w->externals[1].id.len = 0;
    }
    /* The log trusts the mirror as its second external. */
    (void)snprintf(s->w->external_names[1], sizeof s->w->external_names[1], "%s", s->mirror.name);
    s->w->externals[1].key = private_key_public(s->keys[0]);
    s->w->externals[1].key_type = s->mirror.key_type;
    OK(world_open(s->w, &err));
    struct fake_host host = fake_mirror_host(&s->mirror);
    fake_loop_add_host(s->loop, &host);
    builder_init(&s->evidence, EVIDENCE_SIZE_MAX);
    start_client(s);
    return s;
}

static void scene_free(struct scene *s)
{
    cosigning_free(s->client);
    fake_loop_run(s->loop, 600000);
    assert_false(fake_loop_step(s->loop, UINT32_MAX)); /* nothing goes on by itself */
    builder_clear(&s->evidence);
    hasher_clear(&s->hasher);
    fake_mirror_clear(&s->mirror);
    world_free(s->w);
    for (size_t i = 0; i < 2; i++)
        private_key_free(s->keys[i]);
    fake_loop_free(s->loop);
    free(s);
}

static void show(struct scene *s)
{
    struct log_state state = log_state(s->w->log);
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    OK(log_read_published(s->w->log, &note, &err));
    cosigning_see(s->client, state.size, state.root, builder_view(&note));
    builder_clear(&note);
}

static void append(struct scene *s, size_t count)
{
    struct log_batch batch;
    OK(world_append(s->w, count, &err));
    OK(log_batch_of(s->w->log, log_state(s->w->log).size - 1, &batch, &err));
    for (size_t i = 0; i < batch.subtree_count; i++)
        cosigning_want(s->client, batch.subtrees[i].subtree, batch.subtrees[i].hash);
    show(s);
}

/* ---- tests ---- */

static void follow(const struct hash_alg *hash, const char *algorithm)
{
    struct scene *s = scene_new(hash, algorithm, false);
    append(s, 3);
    fake_loop_run(s->loop, 50);
    assert_int_equal(s->checkpoints, 1);
    assert_int_equal(s->subtrees, 2);
    assert_int_equal(s->checkpoint_size, 3);
    for (unsigned i = 0; i < 5; i++) {
        s->mirror.add_checkpoint_count = s->mirror.add_entries_count = s->mirror.sign_subtree_count = 0;
        append(s, 100);
        fake_loop_run(s->loop, 50);
        /* What is known is not asked again. */
        assert_int_equal(s->mirror.add_checkpoint_count, 1);
        assert_int_equal(s->mirror.add_entries_count, 1);
        assert_int_equal(s->mirror.sign_subtree_count, 2);
        assert_int_equal(s->checkpoint_size, log_state(s->w->log).size);
    }
    assert_int_equal(s->subtrees, 12);
    assert_int_equal(s->mirror.uploaded_entries, 503);
    assert_int_equal(cosigning_state(s->client).wanted_count, 0);
    assert_int_equal(cosigning_state(s->client).failure_count, 0);
    world_audit(s->w);
    scene_free(s);
}

static void a_mirror_follows(void **state)
{
    (void)state;
    follow(&hash_sm3, "sm2_sm3");
    follow(&hash_sha256, "mldsa44");
}

/* More than a request holds, and a mirror that takes five packages at a time. */
static void one_that_was_away_for_long_is_brought_up(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sm3, "sm2_sm3", false);
    s->mirror.fault = MIRROR_DOWN;
    append(s, 1);
    for (unsigned i = 0; i < 10; i++)
        append(s, 1000);
    fake_loop_run(s->loop, 3600 * 1000);
    assert_int_equal(s->checkpoints, 0);
    unsigned failures = cosigning_state(s->client).failure_count;
    assert_in_range(failures, 60, 140); /* an hour of at most one a minute, and jitter */
    assert_in_range(fake_loop_event_count(s->loop, "cosigner-failed"), 60, 140);
    s->mirror.fault = MIRROR_HONEST;
    s->mirror.packages_max = 5;
    fake_loop_run(s->loop, 61 * 1000);
    assert_int_equal(s->checkpoint_size, 10001);
    assert_int_equal(s->mirror.uploaded_entries > 10000, true);
    assert_int_equal(cosigning_state(s->client).wanted_count, 0);
    assert_int_equal(s->subtrees, 1 + 10 * 2);
    assert_int_equal(fake_loop_event_count(s->loop, "cosigner-back"), 1);
    world_audit(s->w);
    s->mirror.packages_max = 0;
    fake_mirror_forget(&s->mirror); /* and again, in requests of 32 packages */
    s->mirror.uploaded_entries = 0;
    append(s, 2);
    fake_loop_run(s->loop, 1000);
    assert_int_equal(s->checkpoint_size, 10003);
    assert_int_equal(s->mirror.uploaded_entries, 10003);
    scene_free(s);
}

/* A client that knows nothing finds out without sending entries twice. */
static void a_new_client_goes_on(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sha256, "ecdsa_p256_sha256", false);
    append(s, 700);
    fake_loop_run(s->loop, 50);
    assert_int_equal(s->checkpoint_size, 700);
    cosigning_free(s->client);
    start_client(s);
    show(s); /* nothing new: asked for the signature all the same, for subtrees need it */
    fake_loop_run(s->loop, 50);
    assert_int_equal(cosigning_state(s->client).signed_size, 700);
    cosigning_free(s->client);
    start_client(s);
    append(s, 30);
    fake_loop_run(s->loop, 50);
    assert_int_equal(s->checkpoint_size, 730);
    assert_int_equal(s->mirror.uploaded_entries, 730);
    assert_int_equal(s->subtrees, 4);
    scene_free(s);
}

/* New checkpoints while requests are slow: one round at a time, and the newest is what counts. */
static void a_slow_mirror_is_not_overrun(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sha256, "ecdsa_p256_sha256", false);
    s->mirror.delay_ms = 3000;
    for (unsigned i = 0; i < 20; i++) {
        append(s, 10);
        fake_loop_run(s->loop, 1000);
    }
    assert_true(s->mirror.add_checkpoint_count <= 4);
    fake_loop_run(s->loop, 120 * 1000);
    assert_int_equal(s->checkpoint_size, 200);
    assert_int_equal(cosigning_state(s->client).wanted_count, 0);
    assert_int_equal(s->mirror.uploaded_entries, 200);
    s->mirror.delay_ms = 6000; /* beyond the deadline of a request */
    append(s, 10);
    fake_loop_run(s->loop, 120 * 1000);
    assert_int_equal(s->checkpoint_size, 200);
    assert_true(cosigning_state(s->client).failure_count > 0);
    s->mirror.delay_ms = 0;
    fake_loop_run(s->loop, 61 * 1000);
    assert_int_equal(s->checkpoint_size, 210);
    world_audit(s->w);
    scene_free(s);
}

/* Nothing of it reaches the log, and it is said. */
static void liars_are_refused(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sm3, "sm2_sm3", false);
    append(s, 5);
    s->mirror.fault = MIRROR_BAD_SIGNATURE;
    fake_loop_run(s->loop, 2000);
    assert_int_equal(s->checkpoints + s->subtrees, 0);
    assert_true(fake_loop_event_count(s->loop, "cosignature-refused") > 0);
    s->mirror.fault = MIRROR_OTHER_KEY;
    fake_loop_run(s->loop, 2000);
    assert_int_equal(s->checkpoints + s->subtrees, 0);
    s->mirror.fault = MIRROR_HONEST;
    fake_loop_run(s->loop, 61 * 1000);
    assert_int_equal(s->checkpoints, 1);
    assert_int_equal(s->subtrees, 2);
    /* Of subtrees alone. */
    s->mirror.fault = MIRROR_NO_SUBTREES;
    append(s, 5);
    fake_loop_run(s->loop, 2000);
    assert_int_equal(s->checkpoints, 2);
    assert_int_equal(s->subtrees, 2);
    assert_int_equal(cosigning_state(s->client).wanted_count, 2);
    s->mirror.fault = MIRROR_ERROR;
    fake_loop_run(s->loop, 2000);
    s->mirror.fault = MIRROR_HONEST;
    fake_loop_run(s->loop, 61 * 1000);
    assert_int_equal(s->subtrees, 4);
    assert_false(cosigning_state(s->client).has_contradicted);
    scene_free(s);
}

static void contradictions_are_kept(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sm3, "sm2_sm3", false);
    append(s, 5);
    fake_loop_run(s->loop, 100);
    assert_int_equal(s->checkpoints, 1);
    s->mirror.fault = MIRROR_FORKED;
    append(s, 5);
    fake_loop_run(s->loop, 50);
    assert_int_equal(s->checkpoints, 1);
    assert_int_equal(s->mirror.fetch_count, 1);
    assert_true(cosigning_state(s->client).has_contradicted);
    assert_int_equal(fake_loop_event_count(s->loop, "cosigner-contradicts"), 2); /* once as an error, once as a failure */
    assert_int_equal(s->evidences, 1);
    struct evidence e;
    struct builder memory;
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    OK(evidence_parse(builder_view(&s->evidence), &memory, &e, &err));
    assert_int_equal(e.kind, EVIDENCE_TWO_ROOTS);
    assert_true(bytes_is_text(e.key_name, s->mirror.name));
    assert_true(bytes_is_text(e.origin, s->origin));
    builder_clear(&memory);
    scene_free(s);
}

/* It tells us what we want to hear, and others something else. */
static void what_it_publishes_is_watched(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sm3, "sm2_sm3", false);
    cosigning_free(s->client);
    s->watch_ms = 1000;
    start_client(s);
    append(s, 5);
    fake_loop_run(s->loop, 10500);
    assert_int_equal(s->mirror.fetch_count, 10);
    assert_int_equal(cosigning_state(s->client).failure_count, 0);
    s->mirror.fault = MIRROR_DOWN; /* nobody waits for what it publishes */
    fake_loop_run(s->loop, 2000);
    assert_int_equal(cosigning_state(s->client).failure_count, 0);
    assert_false(cosigning_state(s->client).has_contradicted);
    s->mirror.fault = MIRROR_FORKED;
    fake_loop_run(s->loop, 1100);
    assert_int_equal(s->evidences, 1);
    assert_true(cosigning_state(s->client).is_proven);
    /* A proven liar is not asked any more, and not watched. */
    s->mirror.fault = MIRROR_HONEST;
    unsigned asked = s->mirror.add_checkpoint_count, fetched = s->mirror.fetch_count;
    append(s, 5);
    fake_loop_run(s->loop, 120 * 1000);
    assert_int_equal(s->mirror.add_checkpoint_count, asked);
    assert_int_equal(s->mirror.fetch_count, fetched);
    assert_int_equal(s->checkpoints, 1);
    scene_free(s);
}

/* A signature that does not verify is a reason to look at what it publishes. */
static void a_bad_signature_is_looked_into(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sm3, "sm2_sm3", false);
    s->mirror.fault = MIRROR_BAD_SIGNATURE;
    append(s, 5);
    fake_loop_run(s->loop, 40); /* before it is asked again */
    assert_int_equal(s->mirror.fetch_count, 1);
    assert_int_equal(s->evidences, 0);
    assert_true(cosigning_state(s->client).failure_count > 0);
    assert_false(cosigning_state(s->client).is_proven);
    scene_free(s);
}

static void one_that_is_ahead_contradicts(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sha256, "ecdsa_p256_sha256", false);
    s->mirror.fault = MIRROR_AHEAD;
    append(s, 5);
    fake_loop_run(s->loop, 50);
    assert_true(cosigning_state(s->client).has_contradicted);
    assert_int_equal(s->evidences, 0); /* nothing of ours is signed by it */
    scene_free(s);
}

/* Our log's worker makes every upload: a mirror that never gets anywhere must not keep it busy. */
static void one_that_forgets_is_asked_less_and_less(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sha256, "ecdsa_p256_sha256", false);
    s->mirror.fault = MIRROR_FORGETFUL;
    s->mirror.packages_max = 1;
    s->mirror.delay_ms = 10;
    append(s, 600);
    fake_loop_run(s->loop, 60 * 1000);
    assert_in_range(s->mirror.add_entries_count, 10, 200);
    assert_int_equal(s->checkpoint_size, 0);
    s->mirror.fault = MIRROR_HONEST;
    fake_loop_run(s->loop, 61 * 1000);
    assert_int_equal(s->checkpoint_size, 600);
    scene_free(s);
}

static void a_witness_signs_checkpoints_alone(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sha256, "ed25519", true);
    append(s, 5);
    fake_loop_run(s->loop, 50);
    assert_int_equal(s->checkpoint_size, 5);
    cosigning_free(s->client);
    start_client(s);
    append(s, 50); /* it is thought to have nothing: a conflict says what it has */
    fake_loop_run(s->loop, 50);
    assert_int_equal(s->checkpoint_size, 55);
    assert_int_equal(s->mirror.add_checkpoint_count, 3);
    assert_int_equal(s->subtrees, 0);
    s->mirror.fault = MIRROR_BAD_SIGNATURE;
    scene_free(s);
}

/* The owner goes while a job and a request are under way. */
static void it_can_be_freed_at_any_time(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 20; steps++) {
        struct scene *s = scene_new(&hash_sha256, "ecdsa_p256_sha256", false);
        s->mirror.delay_ms = 10;
        append(s, 5);
        for (unsigned i = 0; i < steps; i++)
            (void)fake_loop_step(s->loop, 1000);
        unsigned before = s->checkpoints + s->subtrees;
        cosigning_free(s->client);
        s->client = NULL;
        fake_loop_run(s->loop, 1000);
        assert_int_equal(s->checkpoints + s->subtrees, before);
        scene_free(s);
    }
}

static void the_oldest_wants_are_given_up(void **state)
{
    (void)state;
    struct scene *s = scene_new(&hash_sha256, "ecdsa_p256_sha256", false);
    s->mirror.fault = MIRROR_DOWN;
    for (unsigned i = 0; i < COSIGNING_WANTED_MAX; i++)
        append(s, 2);
    assert_int_equal(cosigning_state(s->client).wanted_count, COSIGNING_WANTED_MAX);
    assert_true(fake_loop_event_count(s->loop, "cosignature-given-up") > 0);
    s->mirror.fault = MIRROR_HONEST;
    fake_loop_run(s->loop, 61 * 1000);
    assert_int_equal(cosigning_state(s->client).wanted_count, 0);
    assert_int_equal(s->subtrees, COSIGNING_WANTED_MAX);
    scene_free(s);
}

static int set_up(void **state)
{
    (void)state;
    return algorithms_new(&algorithms, &err) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    algorithms_free(algorithms);
    world_end_keys();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mirror_follows),
        cmocka_unit_test(one_that_was_away_for_long_is_brought_up),
        cmocka_unit_test(a_new_client_goes_on),
        cmocka_unit_test(a_slow_mirror_is_not_overrun),
        cmocka_unit_test(liars_are_refused),
        cmocka_unit_test(contradictions_are_kept),
        cmocka_unit_test(what_it_publishes_is_watched),
        cmocka_unit_test(a_bad_signature_is_looked_into),
        cmocka_unit_test(one_that_is_ahead_contradicts),
        cmocka_unit_test(one_that_forgets_is_asked_less_and_less),
        cmocka_unit_test(a_witness_signs_checkpoints_alone),
        cmocka_unit_test(it_can_be_freed_at_any_time),
        cmocka_unit_test(the_oldest_wants_are_given_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
