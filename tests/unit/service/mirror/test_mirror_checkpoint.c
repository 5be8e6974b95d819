#include "unit/service/mirror/mirror_checks.h"

/* add-checkpoint: every answer of C2SP tlog-witness. */

static void checkpoints_move_on(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 0), 200);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 90), 200);
    assert_int_equal(test_add_checkpoint(&t, 0, 90, 90), 200);
    mirror_world_add_checkpoint(t.w, 0, 90, 700, &t.body);
    struct world_exchange *e = test_post(&t, "/add-checkpoint");
    assert_int_equal(e->status, 200);
    /* Both witnesses have signed; the mirror has not. */
    assert_lines(&t, e, 0, 700, &t.w->cosigners[1]);
    assert_lines(&t, e, 0, 700, &t.w->cosigners[2]);
    assert_null(strstr((char *)e->body.data, WORLD_MIRROR " "));
    world_exchange_free(e);
    /* What the witness serves, and the mirror does not yet. */
    assert_true(test_object(&t, WORLD_WITNESS, "checkpoint"));
    assert_signed(&t, builder_view(&t.memory), 0, 700, &t.w->cosigners[1]);
    assert_false(test_object(&t, WORLD_TILES, "checkpoint"));
    test_close(&t);
}

static void a_mirror_alone_answers_with_nothing(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sha256, WORLD_FAST, false);
    mirror_world_add_checkpoint(t.w, 0, 0, 5, &t.body);
    struct world_exchange *e = test_post(&t, "/add-checkpoint");
    assert_int_equal(e->status, 200);
    assert_int_equal(e->body.len, 0);
    world_exchange_free(e);
    assert_false(test_object(&t, WORLD_WITNESS, "checkpoint"));
    test_close(&t);
}

static void another_old_size_is_a_conflict(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    mirror_world_add_checkpoint(t.w, 0, 3, 5, &t.body);
    struct world_exchange *e = test_post(&t, "/add-checkpoint");
    assert_int_equal(e->status, 409);
    assert_string_equal(e->content_type, "text/x.tlog.size");
    assert_bytes(builder_view(&e->body), bytes_of_text("0\n"));
    world_exchange_free(e);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 40), 200);
    mirror_world_add_checkpoint(t.w, 0, 0, 50, &t.body);
    e = test_post(&t, "/add-checkpoint");
    assert_int_equal(e->status, 409);
    assert_bytes(builder_view(&e->body), bytes_of_text("40\n"));
    world_exchange_free(e);
    /* It stays so in the next process. */
    test_reopen(&t);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 50), 409);
    assert_int_equal(test_add_checkpoint(&t, 0, 40, 50), 200);
    test_close(&t);
}

/* Posts the good request from `old` to `size` with one text in it replaced by another. */
static int post_changed(struct mirror_test *t, uint64_t old, uint64_t size, const char *from,
                        const char *to)
{
    struct builder good;
    builder_init(&good, (size_t)1 << 20);
    mirror_world_add_checkpoint(t->w, 0, old, size, &good);
    builder_u8(&good, '\0');
    char *at = strstr((char *)good.data, from);
    assert_non_null(at);
    builder_bytes(&t->body, bytes_of(good.data, (size_t)(at - (char *)good.data)));
    builder_text(&t->body, to);
    builder_text(&t->body, at + strlen(from));
    builder_clear(&good);
    return test_status(t, "/add-checkpoint");
}

static void malformed_requests_are_400(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 40), 200);
    assert_int_equal(post_changed(&t, 40, 50, "old 40\n", "old 040\n"), 400);
    assert_int_equal(post_changed(&t, 40, 50, "old 40\n", "old -1\n"), 400);
    assert_int_equal(post_changed(&t, 40, 50, "old 40\n", "Old 40\n"), 400);
    assert_int_equal(post_changed(&t, 40, 50, "old 40\n", "old 40\r\n"), 400);
    assert_int_equal(post_changed(&t, 40, 50, "old 40\n", "old 51\n"), 400);
    assert_int_equal(post_changed(&t, 40, 50, "\n50\n", "\n050\n"), 400);
    assert_int_equal(post_changed(&t, 40, 50, "old 40\n", "old 40\nAAAA\n"), 400);
    assert_int_equal(test_status(&t, "/add-checkpoint"), 400);
    for (int i = 0; i < 64; i++)
        builder_text(&t.body, i == 0 ? "old 40\n" : "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    builder_text(&t.body, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n" WORLD_ORIGIN "\n");
    assert_int_equal(test_status(&t, "/add-checkpoint"), 400);
    test_close(&t);
}

static void signatures_decide(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(post_changed(&t, 0, 50, WORLD_ORIGIN, WORLD_ORIGIN "2"), 404);
    assert_int_equal(post_changed(&t, 0, 50, "\xe2\x80\x94 " WORLD_LOG, "\xe2\x80\x94 somebody"), 403);
    assert_int_equal(post_changed(&t, 0, 50, "\n50\n", "\n51\n"), 403);
    /* An unknown signature more does not matter; a second one of the log that is wrong does. */
    assert_int_equal(post_changed(&t, 0, 50, "\n\n\xe2\x80\x94 ",
                                  "\n\n\xe2\x80\x94 somebody AAAAAAAA\n\xe2\x80\x94 "), 200);
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    mirror_world_add_checkpoint(t.w, 0, 50, 60, &t.body);
    mirror_world_note(t.w, 0, 61, &note);
    builder_u8(&note, '\0');
    builder_text(&t.body, strstr((char *)note.data, "\n\n") + 2);
    builder_clear(&note);
    assert_int_equal(test_status(&t, "/add-checkpoint"), 403);
    assert_int_equal(test_add_checkpoint(&t, 0, 50, 60), 200);
    /* The log's signature is over size and root: anybody could have written an extension line. */
    assert_int_equal(post_changed(&t, 60, 70, "\n\n\xe2\x80\x94 ", "\nof nobody\n\n\xe2\x80\x94 "), 403);
    assert_int_equal(test_add_checkpoint(&t, 0, 60, 70), 200);
    test_close(&t);
}

static void proofs_decide(void **state)
{
    (void)state;
    struct mirror_test t;
    uint8_t root[HASH_SIZE];
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(post_changed(&t, 0, 50, "old 0\n\n",
                                  "old 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"), 422);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 120), 200);
    /* The other history has other entries from 100 on. */
    assert_int_equal(test_add_checkpoint(&t, 1, 120, 120), 422);
    assert_int_equal(test_add_checkpoint(&t, 1, 120, 200), 422);
    mirror_world_add_checkpoint(t.w, 0, 120, 200, &t.body);
    t.body.data[10] = t.body.data[10] == 'A' ? 'B' : 'A';
    assert_int_equal(test_status(&t, "/add-checkpoint"), 422);
    mirror_world_root(t.w, 0, 120, root);
    assert_int_equal(post_changed(&t, 120, 120, "old 120\n",
                                  "old 120\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), 422);
    assert_int_equal(test_add_checkpoint(&t, 0, 120, 200), 200);
    test_close(&t);
}

/* A checkpoint of the empty tree with another root cannot come from the test's log: it is signed by hand
 * nowhere, so only the right one is seen here; the wrong root is in the tests of the log of another hash. */
static void the_empty_tree_has_one_root(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    /* The mirror thinks SM3, the log signs SHA-256 roots: the empty root is the wrong one. */
    struct mirror_world *other = mirror_world_new(&hash_sha256, WORLD_FAST, true, 100);
    mirror_world_add_checkpoint(other, 0, 0, 0, &t.body);
    mirror_world_free(other);
    assert_int_equal(test_status(&t, "/add-checkpoint"), 422);
    test_close(&t);
}

static void paths_and_methods(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_status(&t, "/add-checkpoints"), 404);
    assert_int_equal(test_status(&t, "/"), 404);
    struct world_exchange *e = world_start(t.w, "/none", bytes_of(NULL, 0));
    e->x.request.method = bytes_of_text("GET");
    e->x.request.path = bytes_of_text("/sign-subtree");
    world_end_body(e);
    assert_int_equal(e->status, 405);
    world_exchange_free(e);
    test_close(&t);
}

/* Requests wait for the worker, up to a limit. */
static void too_many_requests_are_503(void **state)
{
    (void)state;
    struct mirror_test t;
    struct world_exchange *waiting[MIRROR_JOBS_MAX + 1];
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    mirror_world_add_checkpoint(t.w, 0, 0, 9, &t.body);
    for (size_t i = 0; i <= MIRROR_JOBS_MAX; i++) {
        waiting[i] = world_start(t.w, "/add-checkpoint", builder_view(&t.body));
        world_end_body(waiting[i]);
    }
    assert_true(waiting[MIRROR_JOBS_MAX]->is_sent);
    assert_int_equal(waiting[MIRROR_JOBS_MAX]->status, 503);
    assert_true(mirror_has_work(t.w->mirror));
    world_run(t.w);
    assert_false(mirror_has_work(t.w->mirror));
    for (size_t i = 0; i <= MIRROR_JOBS_MAX; i++) {
        if (i < MIRROR_JOBS_MAX)
            assert_int_equal(waiting[i]->status, i == 0 ? 200 : 409);
        world_exchange_free(waiting[i]);
    }
    test_close(&t);
}

/* A disk that fails stops the log, for good and visibly. */
static void a_failing_disk_stops_the_log(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(test_add_checkpoint(&t, 0, 0, 9), 200);
    assert_true(mirror_is_ready(t.w->mirror));
    memory_disk_set_fault(t.w->disk, memory_disk_operations(t.w->disk), MEMORY_FAULT_DONE);
    assert_int_equal(test_add_checkpoint(&t, 0, 9, 19), 500);
    assert_false(mirror_is_ready(t.w->mirror));
    assert_int_equal(test_add_checkpoint(&t, 0, 9, 29), 500);
    test_reopen(&t);
    assert_int_equal(test_add_checkpoint(&t, 0, 19, 29), 200);
    test_close(&t);
}

static void keys_have_one_role(void **state)
{
    (void)state;
    struct mirror_test t;
    struct mirror *mirror;
    struct error err;
    test_open(&t, &hash_sm3, WORLD_FAST, true);
    struct mirror_cosigner two[2] = {t.w->cosigners[0], t.w->cosigners[0]};
    struct mirror_config config = {.cosigners = two, .cosigner_count = 2};
    two[1].role = MIRROR_ROLE_WITNESS;
    assert_says(mirror_new(&config, &mirror, &err), &err, STATUS_USAGE, "different names");
    (void)snprintf(two[1].name, sizeof two[1].name, "other");
    assert_says(mirror_new(&config, &mirror, &err), &err, STATUS_USAGE, "one key");
    test_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoints_move_on),
        cmocka_unit_test(a_mirror_alone_answers_with_nothing),
        cmocka_unit_test(another_old_size_is_a_conflict),
        cmocka_unit_test(malformed_requests_are_400),
        cmocka_unit_test(signatures_decide),
        cmocka_unit_test(proofs_decide),
        cmocka_unit_test(the_empty_tree_has_one_root),
        cmocka_unit_test(paths_and_methods),
        cmocka_unit_test(too_many_requests_are_503),
        cmocka_unit_test(a_failing_disk_stops_the_log),
        cmocka_unit_test(keys_have_one_role),
    };
    return cmocka_run_group_tests(tests, NULL, end_keys);
}
