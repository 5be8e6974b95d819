#include "unit/service/mirror/mirror_checks.h"

#include "codec/mtc/cosigned_message.h"
#include "codec/note/timestamped_signature.h"

/* sign-subtree: who has signed the checkpoint signs the subtree, and nobody else. */

struct subtree_test {
    struct mirror_test t;
    struct builder mirror_note, witness_note; /* checkpoints of size 1000 with their signatures */
};

static void open_signed(struct subtree_test *s, enum world_algorithms which)
{
    test_open(&s->t, &hash_sm3, which, true);
    builder_init(&s->mirror_note, NOTE_SIZE_MAX);
    builder_init(&s->witness_note, NOTE_SIZE_MAX);
    assert_int_equal(mirror_world_update(s->t.w, 0, 0, 1000), 200);
    assert_true(test_object(&s->t, WORLD_TILES, "checkpoint"));
    builder_bytes(&s->mirror_note, builder_view(&s->t.memory));
    builder_u8(&s->mirror_note, '\0'); /* behind its end */
    s->mirror_note.len--;
    assert_true(test_object(&s->t, WORLD_WITNESS, "checkpoint"));
    builder_bytes(&s->witness_note, builder_view(&s->t.memory));
}

static void close_signed(struct subtree_test *s)
{
    builder_clear(&s->mirror_note);
    builder_clear(&s->witness_note);
    test_close(&s->t);
}

/* One line, with timestamp 0, over the subtree. */
static void assert_subtree_line(struct subtree_test *s, const struct world_exchange *e,
                                struct subtree subtree, const struct mirror_cosigner *c)
{
    struct note note;
    struct builder payload, message;
    struct timestamped_signature t;
    struct error err;
    OK(note_parse_signatures(builder_view(&e->body), &note, &err));
    assert_int_equal(note.signature_count, 1);
    assert_true(bytes_is_text(note.signatures[0].name, c->name));
    builder_init(&payload, NOTE_SIZE_MAX);
    builder_init(&message, NOTE_SIZE_MAX);
    OK(note_signature_payload(&note.signatures[0], &payload, &err));
    OK(timestamped_signature_parse(builder_view(&payload), &t, &err));
    assert_int_equal(t.timestamp_s, 0);
    struct cosigned_message m = {.cosigner_name = bytes_of_text(c->name),
                                 .log_origin = bytes_of_text(WORLD_ORIGIN),
                                 .subtree = subtree};
    mirror_world_hash(s->t.w, 0, subtree, m.hash);
    OK(cosigned_message_write(&m, &message, &err));
    OK(public_key_verify(c->key, builder_view(&message), t.signature, &err));
    builder_clear(&payload);
    builder_clear(&message);
}

static void run_signing(enum world_algorithms which)
{
    static const struct subtree subtrees[] = {{0, 1000}, {512, 1000}, {0, 512}, {768, 1000}, {999, 1000}};
    struct subtree_test s;
    open_signed(&s, which);
    for (size_t i = 0; i < LENGTH(subtrees); i++) {
        mirror_world_sign_subtree(s.t.w, 0, subtrees[i], 1000, builder_view(&s.mirror_note), &s.t.body);
        struct world_exchange *e = test_post(&s.t, "/sign-subtree");
        assert_int_equal(e->status, 200);
        assert_subtree_line(&s, e, subtrees[i], &s.t.w->cosigners[0]);
        world_exchange_free(e);
    }
    /* The witness's checkpoint is no reason for the mirror to sign. */
    mirror_world_sign_subtree(s.t.w, 0, subtrees[1], 1000, builder_view(&s.witness_note), &s.t.body);
    struct world_exchange *e = test_post(&s.t, "/sign-subtree");
    assert_int_equal(e->status, 200);
    assert_subtree_line(&s, e, subtrees[1], &s.t.w->cosigners[1]);
    world_exchange_free(e);
    close_signed(&s);
}

static void subtrees_are_signed(void **state)
{
    (void)state;
    run_signing(WORLD_FAST);
    run_signing(WORLD_MIXED);
}

static int post_range(struct subtree_test *s, const char *line, struct bytes note)
{
    builder_text(&s->t.body, line);
    builder_text(&s->t.body, "\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n");
    builder_bytes(&s->t.body, note);
    return test_status(&s->t, "/sign-subtree");
}

static void requests_are_refused(void **state)
{
    (void)state;
    struct subtree_test s;
    struct subtree subtree = {512, 1000};
    struct builder note;
    open_signed(&s, WORLD_FAST);
    struct bytes good = builder_view(&s.mirror_note);
    assert_int_equal(post_range(&s, "subtree 512 0900", good), 400);
    assert_int_equal(post_range(&s, "subtree 1 900", good), 400);  /* none */
    assert_int_equal(post_range(&s, "subtree 0 1001", good), 400); /* too large */
    assert_int_equal(post_range(&s, "subtree 900 512", good), 400);
    assert_int_equal(post_range(&s, "subtree 512 1000 ", good), 400);
    assert_int_equal(post_range(&s, "subtree 512 1000", bytes_of_text("nonsense\n")), 404);
    assert_int_equal(post_range(&s, "subtree 512 1000", bytes_of_text(WORLD_ORIGIN "\n1000\n")), 400);
    assert_int_equal(post_range(&s, "subtree 512 1000", good), 422);
    /* Another origin. */
    builder_init(&note, NOTE_SIZE_MAX);
    builder_text(&note, "o");
    builder_bytes(&note, good);
    assert_int_equal(post_range(&s, "subtree 512 1000", builder_view(&note)), 404);
    /* The log's signature alone. */
    builder_reset(&note);
    mirror_world_note(s.t.w, 0, 1000, &note);
    mirror_world_sign_subtree(s.t.w, 0, subtree, 1000, builder_view(&note), &s.t.body);
    assert_int_equal(test_status(&s.t, "/sign-subtree"), 403);
    /* Another tree under our signature. */
    builder_reset(&note);
    mirror_world_note(s.t.w, 1, 1000, &note);
    builder_u8(&note, '\0');
    const char *our_line = strstr((char *)s.mirror_note.data, "\xe2\x80\x94 " WORLD_MIRROR " ");
    assert_non_null(our_line);
    note.len = (size_t)(strstr((char *)note.data, "\n\n") - (char *)note.data) + 2;
    builder_bytes(&note, bytes_of(our_line, s.mirror_note.len -
                                                (size_t)(our_line - (char *)s.mirror_note.data)));
    mirror_world_sign_subtree(s.t.w, 1, subtree, 1000, builder_view(&note), &s.t.body);
    assert_int_equal(test_status(&s.t, "/sign-subtree"), 403);
    /* The other history's subtree with the right checkpoint. */
    mirror_world_sign_subtree(s.t.w, 1, subtree, 1000, good, &s.t.body);
    assert_int_equal(test_status(&s.t, "/sign-subtree"), 422);
    builder_clear(&note);
    close_signed(&s);
}

/* An older checkpoint that we signed is as good as the newest. */
static void older_checkpoints_are_good(void **state)
{
    (void)state;
    struct subtree_test s;
    struct subtree subtree = {512, 1000};
    open_signed(&s, WORLD_FAST);
    assert_int_equal(mirror_world_update(s.t.w, 0, 1000, 1500), 200);
    mirror_world_sign_subtree(s.t.w, 0, subtree, 1000, builder_view(&s.mirror_note), &s.t.body);
    assert_int_equal(test_status(&s.t, "/sign-subtree"), 200);
    close_signed(&s);
}

/* Ed25519 of type 04 has no subtrees [C2SP tlog-cosignature]. */
static void a_plain_witness_signs_no_subtrees(void **state)
{
    (void)state;
    struct subtree_test s;
    struct subtree subtree = {512, 1000};
    struct builder note;
    open_signed(&s, WORLD_FAST);
    builder_init(&note, NOTE_SIZE_MAX);
    mirror_world_note(s.t.w, 0, 1000, &note);
    builder_u8(&s.witness_note, '\0');
    const char *line = strstr((char *)s.witness_note.data, "\xe2\x80\x94 " WORLD_PLAIN_WITNESS " ");
    assert_non_null(line);
    builder_text(&note, line);
    mirror_world_sign_subtree(s.t.w, 0, subtree, 1000, builder_view(&note), &s.t.body);
    assert_int_equal(test_status(&s.t, "/sign-subtree"), 403);
    builder_clear(&note);
    close_signed(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subtrees_are_signed),
        cmocka_unit_test(requests_are_refused),
        cmocka_unit_test(older_checkpoints_are_good),
        cmocka_unit_test(a_plain_witness_signs_no_subtrees),
    };
    return cmocka_run_group_tests(tests, NULL, end_keys);
}
