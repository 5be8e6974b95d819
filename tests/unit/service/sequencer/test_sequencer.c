/* The pool, the interval, the quorum, mirrors that are slow, dead or lie, landmarks and pruning. */
#include "unit/checks.h"

#include <stdio.h>

#include "fakes/sequencer_world.h"

static struct error err;

static void submit(struct sequencer_world *sw, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        OK(sw_submit(sw, i, &err));
}

static void a_batch_is_completed(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    submit(sw, 0, 10);
    fake_loop_run(sw->loop, 50);
    assert_int_equal(sw_issued_count(sw, 0, 10), 10);
    assert_int_equal(log_state(sw->w->log).batch_count, 1);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(sw->requests[i].answers, 1);
        assert_int_equal(sw->requests[i].issued.log_number, 1);
        assert_int_equal(sw->requests[i].issued.index, i);
        assert_int_equal(sw->requests[i].issued.not_after_s - sw->requests[i].issued.not_before_s, 7 * 86400 - 1);
    }
    sw_check(sw, 10);
    /* Both mirrors, although one would do. */
    struct log_batch batch;
    OK(log_batch_of(sw->w->log, 5, &batch, &err));
    assert_int_equal(batch.subtrees[0].cosigner_count, 4);
    sw_free(sw);
}

static void jobs_keep_their_interval(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    fake_loop_run(sw->loop, 10);
    submit(sw, 0, 1);
    fake_loop_run(sw->loop, 100);
    assert_int_equal(sw_issued_count(sw, 0, 1), 1);
    submit(sw, 1, 100);
    fake_loop_run(sw->loop, 800);
    assert_int_equal(sw_issued_count(sw, 1, 100), 0); /* the second is not over */
    fake_loop_run(sw->loop, 200);
    assert_int_equal(sw_issued_count(sw, 1, 100), 99);
    assert_int_equal(log_state(sw->w->log).batch_count, 2);
    sw_free(sw);
}

static void a_batch_has_its_limit(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->config.batch_entries_max = 40;
    sw_start(sw);
    submit(sw, 0, 100);
    fake_loop_run(sw->loop, 100);
    assert_int_equal(sw_issued_count(sw, 0, 100), 40);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw_issued_count(sw, 0, 100), 100);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(sw->requests[i].issued.index, i); /* in the order of their coming */
    sw_free(sw);
    /* And the log's own: the issuer's batch takes 600. */
    sw = sw_new();
    sw->config.batch_entries_max = 1000;
    sw_start(sw);
    submit(sw, 0, 700);
    fake_loop_run(sw->loop, 100);
    assert_int_equal(sw_issued_count(sw, 0, 700), 600);
    fake_loop_run(sw->loop, 1000);
    assert_int_equal(sw_issued_count(sw, 0, 700), 700);
    for (unsigned i = 0; i < 700; i++)
        assert_int_equal(sw->requests[i].issued.index, i);
    sw_free(sw);
}

static void sign_subtree(struct sequencer_world *sw, size_t mirror, const struct log_batch_subtree *s, struct builder *out)
{
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    struct cosigned_message m = {.cosigner_name = bytes_of_text(sw->mirrors[mirror].name),
                                 .log_origin = bytes_of_text(sw->origin), .subtree = s->subtree};
    memcpy(m.hash, s->hash, HASH_SIZE);
    builder_init_fixed(&message, memory, sizeof memory);
    OK(cosigned_message_write(&m, &message, &err));
    OK(private_key_sign(sw->mirrors[mirror].key, builder_view(&message), out, &err));
}

/* What cannot be kept does not keep good ones that came with it from being counted. */
static void a_bad_cosignature_hides_no_good_one(void **state)
{
    (void)state;
    static const uint8_t nonsense[] = {1, 2, 3};
    struct log_batch batch;
    struct builder good, other;
    builder_init(&good, SIGNATURE_SIZE_MAX);
    builder_init(&other, SIGNATURE_SIZE_MAX);
    for (unsigned kind = 0; kind < 2; kind++) {
        struct sequencer_world *sw = sw_new();
        sw->mirrors[0].fault = sw->mirrors[1].fault = MIRROR_DOWN;
        sw->profile.mirrors_min = 2;
        sw_start(sw);
        submit(sw, 0, 1);
        fake_loop_run(sw->loop, 100);
        assert_int_equal(sw_issued_count(sw, 0, 1), 0);
        OK(log_batch_of(sw->w->log, 0, &batch, &err));
        sign_subtree(sw, 0, &batch.subtrees[0], &good);
        sign_subtree(sw, 1, &batch.subtrees[0], &other);
        /* The first is alone in its job; the others come while it runs, and share the next one. */
        sequencer_on_checkpoint(sw->sequencer, "nobody", 1, 1, BYTES_OF(nonsense));
        sequencer_on_subtree(sw->sequencer, &sw->mirrors[0].id, batch.subtrees[0].subtree, builder_view(&good));
        if (kind == 0)
            sequencer_on_checkpoint(sw->sequencer, "nobody", 1, 1, BYTES_OF(nonsense));
        else
            sequencer_on_subtree(sw->sequencer, &sw->mirrors[1].id, batch.subtrees[0].subtree, BYTES_OF(nonsense));
        sequencer_on_subtree(sw->sequencer, &sw->mirrors[1].id, batch.subtrees[0].subtree, builder_view(&other));
        fake_loop_run(sw->loop, 100);
        assert_int_equal(sw_issued_count(sw, 0, 1), 1);
        sw_check(sw, 1);
        sw_free(sw);
        builder_reset(&good);
        builder_reset(&other);
    }
    builder_clear(&good);
    builder_clear(&other);
}

/* No quorum: the job waits, the pool fills, and then nobody is let in; afterwards everybody is served. */
static void without_a_quorum_the_pool_fills(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->config.pool_entries_max = 50;
    sw->mirrors[0].fault = sw->mirrors[1].fault = MIRROR_DOWN;
    sw_start(sw);
    fake_loop_run(sw->loop, 10);
    submit(sw, 0, 1);
    fake_loop_run(sw->loop, 3600 * 1000);
    submit(sw, 1, 51);
    assert_says(sw_submit(sw, 51, &err), &err, STATUS_LIMIT, "50 requests wait");
    fake_loop_run(sw->loop, 3600 * 1000);
    assert_int_equal(sw_issued_count(sw, 0, 51), 0);
    struct sequencer_status status = sequencer_status(sw->sequencer);
    assert_true(status.has_job);
    assert_int_equal(status.waiting_count, 1);
    assert_int_equal(status.pool_count, 50);
    assert_int_equal(log_state(sw->w->log).size, 1);
    sw->mirrors[1].fault = MIRROR_HONEST;
    fake_loop_run(sw->loop, 12 * 1000);
    assert_int_equal(sw_issued_count(sw, 0, 51), 51);
    OK(sw_submit(sw, 51, &err));
    sw_check(sw, 51);
    sw_free(sw);
}

static void the_pool_is_limited_in_bytes(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->mirrors[0].fault = sw->mirrors[1].fault = MIRROR_DOWN;
    sw->config.pool_bytes_max = 16384;
    sw_start(sw);
    unsigned i = 0;
    while (i < 1000 && sw_submit(sw, i, &err) == STATUS_OK)
        i++;
    assert_in_range(i, 5, 200);
    assert_int_equal(err.status, STATUS_LIMIT);
    assert_true(sequencer_status(sw->sequencer).pool_bytes <= 16384);
    sw_free(sw);
}

/* The fast mirror is enough; the slow one's cosignatures are added when they come. */
static void late_cosignatures_are_added(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    struct log_batch batch;
    sw->mirrors[1].delay_ms = 2000;
    sw_start(sw);
    fake_loop_run(sw->loop, 10);
    for (unsigned i = 0; i < 5; i++) {
        submit(sw, 10 * i, 10 * i + 10);
        fake_loop_run(sw->loop, 1100);
        assert_int_equal(sw_issued_count(sw, 0, 10 * i + 10), 10 * i + 10);
    }
    OK(log_batch_of(sw->w->log, 45, &batch, &err));
    assert_int_equal(batch.subtrees[0].cosigner_count, 3);
    fake_loop_run(sw->loop, 60000);
    for (uint64_t i = 0; i < 50; i++) {
        OK(log_batch_of(sw->w->log, i, &batch, &err));
        for (size_t j = 0; j < batch.subtree_count; j++)
            assert_int_equal(batch.subtrees[j].cosigner_count, 4);
    }
    world_audit(sw->w);
    sw_free(sw);
}

/* What the newest batches lack is asked for when the CA starts, although nobody waits for it. */
static void missing_cosignatures_are_asked_for_at_the_start(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    struct log_batch batch;
    sw->mirrors[1].fault = MIRROR_DOWN;
    sw_start(sw);
    for (unsigned i = 0; i < 3; i++) {
        submit(sw, 5 * i, 5 * i + 5);
        fake_loop_run(sw->loop, 1100);
    }
    assert_int_equal(sw_issued_count(sw, 0, 15), 15);
    sw_stop(sw);
    sw->mirrors[1].fault = MIRROR_HONEST;
    sw_start(sw);
    fake_loop_run(sw->loop, 2000);
    for (uint64_t i = 0; i < 15; i++) {
        OK(log_batch_of(sw->w->log, i, &batch, &err));
        for (size_t j = 0; j < batch.subtree_count; j++)
            assert_int_equal(batch.subtrees[j].cosigner_count, 4);
    }
    sw_free(sw);
}

static void both_mirrors_may_be_needed(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->profile.mirrors_min = 2;
    sw->mirrors[1].fault = MIRROR_BAD_SIGNATURE;
    sw_start(sw);
    submit(sw, 0, 10);
    fake_loop_run(sw->loop, 30000);
    assert_int_equal(sw_issued_count(sw, 0, 10), 0);
    assert_true(fake_loop_event_count(sw->loop, "cosignature-refused") > 0);
    sw->mirrors[1].fault = MIRROR_HONEST;
    fake_loop_run(sw->loop, 15000);
    assert_int_equal(sw_issued_count(sw, 0, 10), 10);
    sw_check(sw, 10);
    sw_free(sw);
}

static void no_mirror_may_be_needed(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->profile.mirrors_min = 0;
    sw->mirrors[0].fault = sw->mirrors[1].fault = MIRROR_DOWN;
    sw_start(sw);
    submit(sw, 0, 10);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw_issued_count(sw, 0, 10), 10);
    sw_free(sw);
}

/* A policy beside the profile. */
static bool needs_mirror_1(void *context, const char *const *names, size_t count)
{
    const struct sequencer_world *sw = context;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], sw->mirrors[1].name) == 0)
            return true;
    return false;
}

static void a_policy_is_kept(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->config.is_quorum = needs_mirror_1;
    sw->config.quorum_context = sw;
    sw->mirrors[1].fault = MIRROR_DOWN;
    sw_start(sw);
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 20000);
    assert_int_equal(sw_issued_count(sw, 0, 3), 0);
    sw->mirrors[1].fault = MIRROR_HONEST;
    fake_loop_run(sw->loop, 12000);
    assert_int_equal(sw_issued_count(sw, 0, 3), 3);
    sw_free(sw);
}

static void a_request_is_issued_once(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    submit(sw, 0, 1);
    submit(sw, 0, 1); /* twice in the pool */
    fake_loop_run(sw->loop, 3000);
    assert_int_equal(sw->requests[0].answers, 2);
    submit(sw, 0, 1); /* and when it has long been issued */
    submit(sw, 1, 2);
    fake_loop_run(sw->loop, 3000);
    assert_int_equal(sw->requests[0].answers, 3);
    assert_int_equal(log_state(sw->w->log).size, 2);
    sw_stop(sw);
    sw_start(sw);
    submit(sw, 0, 2); /* and in another life */
    fake_loop_run(sw->loop, 3000);
    assert_int_equal(sw_issued_count(sw, 0, 2), 2);
    assert_int_equal(log_state(sw->w->log).size, 2);
    sw_check(sw, 2);
    sw_free(sw);
}

struct bad_answer {
    unsigned count;
    enum status status;
    char reason[ERROR_TEXT_MAX];
};

static void on_bad(void *cookie, enum status status, const struct sequencer_issued *issued, const struct error *reason)
{
    struct bad_answer *a = cookie;
    (void)issued;
    a->count++;
    a->status = status;
    memcpy(a->reason, reason->text, sizeof a->reason);
}

static void a_bad_request_hurts_nobody(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    struct bad_answer answers[2] = {{.count = 0}};
    struct sequencer_request request = {
        .id = {0xee}, .entry = {.profile = &sw->profile, .spki = public_key_spki(sw->w->cosigners[0].key)}};
    sw_start(sw);
    submit(sw, 0, 2);
    OK(sequencer_submit(sw->sequencer, &request, on_bad, &answers[0], &err));
    request.id[0] = 0xef;
    request.entry.spki = bytes_of_text("no key");
    OK(sequencer_submit(sw->sequencer, &request, on_bad, &answers[1], &err));
    submit(sw, 2, 3);
    fake_loop_run(sw->loop, 50);
    assert_int_equal(answers[0].count, 1);
    assert_int_equal(answers[0].status, STATUS_REFUSED);
    assert_non_null(strstr(answers[0].reason, "the CA's own"));
    assert_int_equal(answers[1].status, STATUS_MALFORMED);
    assert_int_equal(sw_issued_count(sw, 0, 3), 3);
    assert_int_equal(log_state(sw->w->log).size, 3);
    sw_free(sw);
}

/* What was validated too long ago makes no new entry; what is in the log is given all the same. */
static void a_late_request_gives_nothing_new(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    fake_loop_run(sw->loop, 10);
    submit(sw, 0, 1);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw_issued_count(sw, 0, 1), 1);
    sw->new_until_s = fake_loop_now_ms(sw->loop) / 1000 - 1;
    submit(sw, 0, 2);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw->requests[0].answers, 2);
    assert_int_equal(sw->requests[0].status, STATUS_OK);
    assert_int_equal(sw->requests[1].status, STATUS_REFUSED);
    assert_non_null(strstr(sw->requests[1].reason, "BR 3.2.2.8"));
    assert_int_equal(log_state(sw->w->log).size, 1);
    sw_free(sw);
}

/* Not the fault of a request: it may come again. */
static void a_wrong_clock_stops_issuance(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    fake_loop_run(sw->loop, 10);
    sw->issuer.not_after_s = fake_loop_now_ms(sw->loop) / 1000;
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 100);
    assert_int_equal(sw->requests[0].answers, 1);
    assert_int_equal(sw->requests[0].status, STATUS_AGAIN);
    assert_non_null(strstr(sw->requests[0].reason, "set the clock right"));
    assert_int_equal(log_state(sw->w->log).size, 0);
    assert_int_equal(fake_loop_event_count(sw->loop, "batch-failed"), 1);
    sw->issuer.not_after_s = INT64_C(4000000000);
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw_issued_count(sw, 0, 3), 3);
    sw_free(sw);
}

static void a_closed_log_takes_nothing(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    OK(world_open(sw->w, &err));
    OK(world_close_for_good(sw->w, &err));
    OK(world_close(sw->w, &err));
    sw_start(sw);
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 100);
    assert_int_equal(sw->requests[2].status, STATUS_AGAIN);
    assert_non_null(strstr(sw->requests[2].reason, "closed for good"));
    sw_free(sw);
}

/* The disk fails in the middle: the log is opened again, and what was asked for comes with the next try. */
static void a_log_that_stops_is_opened_again(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 2000);
    for (unsigned call = 0; call < 14; call++) {
        unsigned first = 3 + call;
        memory_disk_set_fault(sw->w->disk, memory_disk_operations(sw->w->disk) + call,
                              call % 2 == 0 ? MEMORY_FAULT_NOT_DONE : MEMORY_FAULT_DONE);
        OK(sw_submit(sw, first, &err));
        fake_loop_run(sw->loop, 15000);
        assert_true(sequencer_status(sw->sequencer).is_ready);
        if (sw->requests[first].answers == 0 || sw->requests[first].status != STATUS_OK)
            OK(sw_submit(sw, first, &err));
        fake_loop_run(sw->loop, 15000);
        assert_int_equal(sw_issued_count(sw, 0, first + 1), first + 1);
    }
    assert_int_equal(log_state(sw->w->log).size, 17);
    assert_true(fake_loop_event_count(sw->loop, "log-stopped") > 3);
    sw_check(sw, 17);
    sw_free(sw);
}

static void a_store_that_fails_is_said(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw_start(sw);
    fake_loop_run(sw->loop, 10);
    sw->store->fails = true;
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw->requests[0].status, STATUS_IO);
    assert_int_equal(log_state(sw->w->log).size, 0);
    sw->store->fails = false;
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(sw_issued_count(sw, 0, 3), 3);
    sw_free(sw);
}

/* At the end of an interval if there is a quorum, otherwise as soon as there is. */
static bool needs_both(void *context, const char *const *names, size_t count)
{
    (void)context;
    (void)names;
    return count == 2;
}

static void landmarks_come_by_the_clock(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->config.landmark_interval_s = 60;
    sw->w->config.quorum = (struct log_quorum){NULL, needs_both};
    sw_start(sw);
    submit(sw, 0, 3);
    fake_loop_run(sw->loop, 59000);
    assert_int_equal(log_landmarks(sw->w->log)->latest, 0);
    fake_loop_run(sw->loop, 2000);
    assert_int_equal(log_landmarks(sw->w->log)->latest, 1);
    fake_loop_run(sw->loop, 60000);
    assert_int_equal(log_landmarks(sw->w->log)->latest, 1); /* nothing new */
    sw->mirrors[1].fault = MIRROR_DOWN;
    submit(sw, 3, 6);
    fake_loop_run(sw->loop, 120000);
    assert_int_equal(sw_issued_count(sw, 0, 6), 6);
    assert_int_equal(log_landmarks(sw->w->log)->latest, 1); /* the checkpoint has one mirror only */
    sw->mirrors[1].fault = MIRROR_HONEST;
    fake_loop_run(sw->loop, 75000);
    assert_int_equal(log_landmarks(sw->w->log)->latest, 2);
    assert_int_equal(log_landmarks(sw->w->log)->at[0].tree_size, 6);
    sw_free(sw);
}

/* Clients are told first; only after the grace time entries go, and only those. */
static void pruning_is_announced(void **state)
{
    (void)state;
    struct sequencer_world *sw = sw_new();
    sw->config.landmark_interval_s = 3600;
    sw->config.prune_interval_s = 6 * 3600;
    sw->config.retain_s = 35 * 86400;
    sw->config.prune_grace_s = 3600;
    sw_start(sw);
    submit(sw, 0, 256);
    fake_loop_run(sw->loop, 1800 * 1000);
    submit(sw, 256, 300);
    fake_loop_run(sw->loop, (uint64_t)10 * 86400 * 1000);
    submit(sw, 300, 600); /* these are to stay ten days longer */
    fake_loop_run(sw->loop, (uint64_t)31 * 86400 * 1000);
    assert_int_equal(sw_issued_count(sw, 0, 600), 600);
    assert_int_equal(sw->announced_min_index, 0);
    int64_t end_ms = fake_loop_now_ms(sw->loop) + (int64_t)10 * 86400 * 1000;
    while (sw->announced_min_index == 0 && fake_loop_now_ms(sw->loop) < end_ms)
        fake_loop_run(sw->loop, 60000);
    assert_int_equal(sw->announced_min_index, 256);
    assert_int_equal(log_state(sw->w->log).min_index, 0);
    fake_loop_run(sw->loop, 3500 * 1000);
    assert_int_equal(log_state(sw->w->log).min_index, 0);
    fake_loop_run(sw->loop, 200 * 1000);
    assert_int_equal(log_state(sw->w->log).min_index, 256);
    assert_int_equal(fake_loop_event_count(sw->loop, "log-pruned"), 1);
    /* Their plans go with them, and no others. */
    assert_int_equal(sw->store->durable.plan_count, 600 - 256);
    for (size_t i = 0; i < sw->store->durable.plan_count; i++)
        assert_true(sw->store->durable.plans[i].index >= 256);
    sw_free(sw);
}

static void everybody_is_answered_at_the_end(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 60; steps++) {
        struct sequencer_world *sw = sw_new();
        sw_start(sw);
        submit(sw, 0, 3);
        submit(sw, 0, 1);
        for (unsigned i = 0; i < steps; i++)
            (void)fake_loop_step(sw->loop, 2000);
        submit(sw, 3, 6);
        sw_stop(sw);
        for (unsigned i = 0; i < 6; i++) {
            assert_int_equal(sw->requests[i].answers, i == 0 ? 2 : 1);
            assert_true(sw->requests[i].status == STATUS_OK || sw->requests[i].status == STATUS_AGAIN);
        }
        sw_free(sw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_completed),
        cmocka_unit_test(a_late_request_gives_nothing_new),
        cmocka_unit_test(jobs_keep_their_interval),
        cmocka_unit_test(a_batch_has_its_limit),
        cmocka_unit_test(a_bad_cosignature_hides_no_good_one),
        cmocka_unit_test(without_a_quorum_the_pool_fills),
        cmocka_unit_test(the_pool_is_limited_in_bytes),
        cmocka_unit_test(late_cosignatures_are_added),
        cmocka_unit_test(missing_cosignatures_are_asked_for_at_the_start),
        cmocka_unit_test(both_mirrors_may_be_needed),
        cmocka_unit_test(no_mirror_may_be_needed),
        cmocka_unit_test(a_policy_is_kept),
        cmocka_unit_test(a_request_is_issued_once),
        cmocka_unit_test(a_bad_request_hurts_nobody),
        cmocka_unit_test(a_wrong_clock_stops_issuance),
        cmocka_unit_test(a_closed_log_takes_nothing),
        cmocka_unit_test(a_log_that_stops_is_opened_again),
        cmocka_unit_test(a_store_that_fails_is_said),
        cmocka_unit_test(landmarks_come_by_the_clock),
        cmocka_unit_test(pruning_is_announced),
        cmocka_unit_test(everybody_is_answered_at_the_end),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    world_end_keys();
    return failed;
}
