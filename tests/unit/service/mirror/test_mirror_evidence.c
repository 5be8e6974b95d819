#include "unit/service/mirror/mirror_checks.h"

#include "codec/evidence/evidence.h"
#include "rules/evidence_check.h"

/* A log that forks is refused, and the file that is kept proves it. */

struct found {
    struct mirror_test *t;
    unsigned count;
    enum evidence_kind kind; /* of the last one */
};

static enum status look(void *context, const char *name, struct error *err)
{
    struct found *found = context;
    struct evidence e;
    struct builder memory, text;
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    builder_init(&text, EVIDENCE_CHECK_TEXT_MAX);
    assert_true(test_object(found->t, WORLD_EVIDENCE, name));
    assert_ok(evidence_parse(builder_view(&found->t->memory), &memory, &e, err), err, name);
    assert_ok(evidence_check(&e, mirror_world_algorithms(), &text, err), err, name);
    assert_true(text.len > 40);
    found->count++;
    found->kind = e.kind;
    builder_clear(&text);
    builder_clear(&memory);
    return STATUS_OK;
}

static struct found find(struct mirror_test *t)
{
    struct found found = {.t = t};
    struct object_store store = memory_disk_store(t->w->disk, WORLD_EVIDENCE);
    struct error err;
    OK(store.list(store.context, "evidence/", look, &found, &err));
    return found;
}

static void open_at(struct mirror_test *t, uint64_t size)
{
    test_open(t, &hash_sm3, WORLD_FAST, true);
    assert_int_equal(mirror_world_update(t->w, 0, 0, size), 200);
    assert_int_equal(find(t).count, 0);
}

static void two_roots_of_one_size(void **state)
{
    (void)state;
    struct mirror_test t;
    open_at(&t, 200);
    assert_int_equal(test_add_checkpoint(&t, 1, 200, 200), 422);
    struct found found = find(&t);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.kind, EVIDENCE_TWO_ROOTS);
    /* Also when it is answered for another reason, and never twice. */
    assert_int_equal(test_add_checkpoint(&t, 1, 150, 200), 409);
    test_close(&t);
}

static void a_proof_from_another_tree(void **state)
{
    (void)state;
    struct mirror_test t;
    open_at(&t, 200);
    assert_int_equal(test_add_checkpoint(&t, 1, 200, 300), 422);
    struct found found = find(&t);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.kind, EVIDENCE_NOT_A_PREFIX);
    assert_string_equal(t.w->last_event, "evidence-kept");
    test_close(&t);
}

/* From a size that is a power of two the proof does not say what the prefix was: nothing is proven. */
static void a_proof_that_leads_nowhere_proves_nothing(void **state)
{
    (void)state;
    struct mirror_test t;
    open_at(&t, 256);
    assert_int_equal(test_add_checkpoint(&t, 1, 256, 300), 422);
    assert_int_equal(find(&t).count, 0);
    mirror_world_add_checkpoint(t.w, 0, 256, 300, &t.body);
    t.body.data[10] = t.body.data[10] == 'A' ? 'B' : 'A';
    assert_int_equal(test_status(&t, "/add-checkpoint"), 422);
    assert_int_equal(find(&t).count, 0);
    test_close(&t);
}

/* An older checkpoint that was never part of our tree. */
static void the_past_is_remembered(void **state)
{
    (void)state;
    struct mirror_test t;
    open_at(&t, 1000);
    assert_int_equal(test_add_checkpoint(&t, 0, 300, 512), 409);
    assert_int_equal(find(&t).count, 0);
    assert_int_equal(test_add_checkpoint(&t, 1, 300, 512), 409);
    struct found found = find(&t);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.kind, EVIDENCE_NOT_A_PREFIX);
    assert_int_equal(test_add_checkpoint(&t, 1, 300, 700), 409);
    assert_int_equal(find(&t).count, 2);
    /* The mirror stays on its branch. */
    assert_int_equal(mirror_world_update(t.w, 0, 1000, 1200), 200);
    test_close(&t);
}

/* Nobody is accused by who cannot sign for the log. */
static void a_forged_fork_proves_nothing(void **state)
{
    (void)state;
    struct mirror_test t;
    open_at(&t, 200);
    mirror_world_add_checkpoint(t.w, 1, 200, 200, &t.body);
    t.body.data[t.body.len - 10] ^= 1;
    int status = test_status(&t, "/add-checkpoint");
    assert_true(status == 403 || status == 400);
    assert_int_equal(find(&t).count, 0);
    test_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_roots_of_one_size),
        cmocka_unit_test(a_proof_from_another_tree),
        cmocka_unit_test(a_proof_that_leads_nowhere_proves_nothing),
        cmocka_unit_test(the_past_is_remembered),
        cmocka_unit_test(a_forged_fork_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, end_keys);
}
