#include "unit/checks.h"

#include "codec/mtc/cosigned_message.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"
#include "codec/note/timestamped_signature.h"
#include "codec/trust_bundle/trust_envelope.h"
#include "merkle/node.h"
#include "rules/evidence_check.h"

/* What is proven, and what is not; the mirror's tests make evidence from whole logs. */

#define ORIGIN "oid/1.3.6.1.4.1.32473.1.0.1"
#define NAME "oid/1.3.6.1.4.1.32473.1"

struct world {
    struct algorithms *algorithms;
    struct private_key *key;
    struct builder notes[2], signatures[2];
    struct evidence e;
};

static void open_world(struct world *w, const char *algorithm)
{
    struct error err;
    *w = (struct world){.algorithms = NULL};
    OK(algorithms_new(&w->algorithms, &err));
    const struct signature_alg *alg = algorithms_by_name(w->algorithms, bytes_of_text(algorithm));
    OK(private_key_generate(alg, &w->key, &err));
    for (size_t i = 0; i < 2; i++) {
        builder_init(&w->notes[i], NOTE_SIZE_MAX);
        builder_init(&w->signatures[i], NOTE_SIZE_MAX);
    }
    w->e = (struct evidence){.hash = &hash_sm3,
                             .origin = bytes_of_text(ORIGIN),
                             .key_name = bytes_of_text(NAME),
                             .key_oid = bytes_of_text(alg->oid),
                             .key_spki = public_key_spki(private_key_public(w->key)),
                             .seen_s = 1800000000,
                             .where = bytes_of_text("a test")};
}

static void close_world(struct world *w)
{
    for (size_t i = 0; i < 2; i++) {
        builder_clear(&w->notes[i]);
        builder_clear(&w->signatures[i]);
    }
    private_key_free(w->key);
    algorithms_free(w->algorithms);
}

static void sign(struct world *w, struct subtree s, uint64_t timestamp_s, const uint8_t hash[HASH_SIZE],
                 struct builder *out)
{
    struct error err;
    struct builder message;
    struct cosigned_message m = {.cosigner_name = w->e.key_name,
                                 .log_origin = w->e.origin,
                                 .timestamp = timestamp_s,
                                 .subtree = s};
    memcpy(m.hash, hash, HASH_SIZE);
    builder_init(&message, COSIGNED_MESSAGE_MAX);
    OK(cosigned_message_write(&m, &message, &err));
    OK(private_key_sign(w->key, builder_view(&message), out, &err));
    builder_clear(&message);
}

static void add_subtree(struct world *w, size_t i, struct subtree s, uint64_t timestamp_s, uint8_t fill)
{
    struct evidence_statement *statement = &w->e.statements[i];
    *statement = (struct evidence_statement){.subtree = s, .timestamp_s = timestamp_s};
    memset(statement->hash, fill, HASH_SIZE);
    builder_reset(&w->signatures[i]);
    sign(w, s, timestamp_s, statement->hash, &w->signatures[i]);
    statement->signature = builder_view(&w->signatures[i]);
}

static void add_note(struct world *w, size_t i, uint64_t size, const uint8_t root[HASH_SIZE])
{
    struct error err;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct checkpoint checkpoint = {.origin = w->e.origin, .size = size};
    struct builder text, payload;
    memcpy(checkpoint.root, root, HASH_SIZE);
    builder_init(&text, NOTE_SIZE_MAX);
    builder_init(&payload, NOTE_SIZE_MAX);
    builder_reset(&w->signatures[i]);
    builder_reset(&w->notes[i]);
    OK(checkpoint_write(&checkpoint, &text, &err));
    OK(note_write_text(builder_view(&text), &w->notes[i], &err));
    sign(w, (struct subtree){0, size}, 1700000000, root, &w->signatures[i]);
    struct timestamped_signature t = {.timestamp_s = 1700000000,
                                      .signature = builder_view(&w->signatures[i])};
    OK(timestamped_signature_write(&t, &payload, &err));
    OK(note_key_id(w->e.key_name, private_key_public(w->key), key_id, &err));
    OK(note_write_signature(w->e.key_name, key_id, builder_view(&payload), &w->notes[i], &err));
    w->e.statements[i] =
        (struct evidence_statement){.is_note = true, .note = builder_view(&w->notes[i])};
    builder_clear(&text);
    builder_clear(&payload);
}

/* Through the file, as everybody else sees it. */
static enum status judge(const struct world *w, struct error *err)
{
    struct evidence read;
    struct builder file, memory, text;
    builder_init(&file, EVIDENCE_SIZE_MAX);
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    builder_init(&text, EVIDENCE_CHECK_TEXT_MAX);
    assert_ok(evidence_write(&w->e, &file, err), err, "write");
    assert_ok(evidence_parse(builder_view(&file), &memory, &read, err), err, "parse");
    enum status status = evidence_check(&read, w->algorithms, &text, err);
    if (status == STATUS_OK)
        assert_true(text.len > 0);
    builder_clear(&file);
    builder_clear(&memory);
    builder_clear(&text);
    return status;
}

static void two_subtrees(void **state)
{
    (void)state;
    static const char *const names[] = {"sm2_sm3", "mldsa44", "ed25519", "ecdsa_p256_sha256"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct world w;
        struct error err;
        open_world(&w, names[i]);
        w.e.kind = EVIDENCE_TWO_SUBTREES;
        add_subtree(&w, 0, (struct subtree){8, 13}, 0, 1);
        add_subtree(&w, 1, (struct subtree){8, 13}, 0, 2);
        OK(judge(&w, &err));
        w.e.statements[1].hash[0] ^= 1;
        assert_says(judge(&w, &err), &err, STATUS_REFUSED, "does not verify");
        w.e.statements[1].hash[0] ^= 1;
        w.e.origin = bytes_of_text("oid/1.3.6.1.4.1.32473.1.0.2");
        assert_says(judge(&w, &err), &err, STATUS_REFUSED, "does not verify");
        w.e.origin = bytes_of_text(ORIGIN);
        add_subtree(&w, 1, (struct subtree){8, 13}, 0, 1);
        assert_says(judge(&w, &err), &err, STATUS_REFUSED, "agree");
        add_subtree(&w, 1, (struct subtree){8, 14}, 0, 2);
        assert_says(judge(&w, &err), &err, STATUS_REFUSED, "different parts");
        add_subtree(&w, 0, (struct subtree){0, 13}, 7, 1);
        add_subtree(&w, 1, (struct subtree){0, 13}, 0, 2);
        OK(judge(&w, &err));
        close_world(&w);
    }
}

static void two_roots(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    uint8_t a[HASH_SIZE] = {1}, b[HASH_SIZE] = {2};
    open_world(&w, "sm2_sm3");
    w.e.kind = EVIDENCE_TWO_ROOTS;
    add_note(&w, 0, 9, a);
    add_note(&w, 1, 9, b);
    OK(judge(&w, &err));
    add_note(&w, 1, 10, b);
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "different parts");
    add_note(&w, 1, 9, a);
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "agree");
    w.e.statements[1].note = bytes_of_text("nonsense");
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "no signed checkpoint");
    close_world(&w);
}

/* A tree of two entries, and what was signed for the first one. */
static void not_a_prefix(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    struct hasher h;
    uint8_t leaf[HASH_SIZE] = {1}, next[HASH_SIZE] = {2}, other[HASH_SIZE] = {3}, root[HASH_SIZE];
    open_world(&w, "sm2_sm3");
    OK(hasher_init(&h, &hash_sm3, &err));
    node_hash(&h, leaf, next, root);
    hasher_clear(&h);
    w.e.kind = EVIDENCE_NOT_A_PREFIX;
    memcpy(w.e.part_hash, leaf, HASH_SIZE);
    assert_true(proof_lines_set(&w.e.proof, BYTES_OF(next)));
    add_note(&w, 0, 1, other);
    add_note(&w, 1, 2, root);
    OK(judge(&w, &err));
    add_subtree(&w, 0, (struct subtree){0, 1}, 0, 3);
    OK(judge(&w, &err));
    /* The wrong hash function is the wrong proof. */
    w.e.hash = &hash_sha256;
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "does not lead");
    w.e.hash = &hash_sm3;
    add_note(&w, 0, 1, leaf);
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "just as it was signed");
    add_note(&w, 0, 1, other);
    w.e.proof.hashes[0][0] ^= 1;
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "does not lead");
    w.e.proof.hashes[0][0] ^= 1;
    add_note(&w, 0, 3, other);
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "does not lead");
    add_note(&w, 0, 0, other);
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "empty");
    close_world(&w);
}

static void unknown_keys(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    open_world(&w, "sm2_sm3");
    w.e.kind = EVIDENCE_TWO_SUBTREES;
    add_subtree(&w, 0, (struct subtree){8, 13}, 0, 1);
    add_subtree(&w, 1, (struct subtree){8, 13}, 0, 2);
    w.e.key_oid = bytes_of_text("1.2.3.4");
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "not known");
    w.e.key_oid = bytes_of_text("1.3.101.112");
    assert_says(judge(&w, &err), &err, STATUS_REFUSED, "no ed25519 key");
    close_world(&w);
}

static void parts_that_no_file_has(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    struct builder out;
    open_world(&w, "sm2_sm3");
    builder_init(&out, 65536);
    w.e.kind = EVIDENCE_TWO_ROOTS;
    add_subtree(&w, 0, (struct subtree){8, 13}, 0, 1);
    add_subtree(&w, 1, (struct subtree){8, 13}, 0, 2);
    assert_int_equal(evidence_write(&w.e, &out, &err), STATUS_MALFORMED);
    w.e.kind = EVIDENCE_TWO_SUBTREES;
    w.e.where = bytes_of_text("two\nlines");
    assert_int_equal(evidence_write(&w.e, &out, &err), STATUS_MALFORMED);
    builder_clear(&out);
    close_world(&w);
}

/* ---- versions of a trust bundle ---- */

static void version_statement(struct world *w, size_t i, uint64_t version, uint8_t difference, uint8_t out[TRUST_ENVELOPE_VERSION_SIZE])
{
    struct error err;
    struct builder b;
    builder_init_fixed(&b, out, TRUST_ENVELOPE_VERSION_SIZE);
    builder_text(&b, TRUST_ENVELOPE_VERSION_LABEL);
    builder_u64(&b, version);
    builder_u64(&b, 1800000000);
    builder_u64(&b, 1800604800);
    memset(builder_space(&b, 2 * HASH_SIZE), difference, 2 * HASH_SIZE);
    assert_int_equal(b.len, TRUST_ENVELOPE_VERSION_SIZE);
    builder_reset(&w->signatures[i]);
    OK(private_key_sign(w->key, builder_view(&b), &w->signatures[i], &err));
    w->e.statements[i] = (struct evidence_statement){.is_version = true, .version = bytes_of(out, TRUST_ENVELOPE_VERSION_SIZE),
                                                     .signature = builder_view(&w->signatures[i])};
}

/* As it is, and as it comes out of a file. */
static enum status judge_versions(struct world *w, struct error *why)
{
    struct error err;
    struct builder file, memory, words;
    struct evidence again;
    builder_init(&file, EVIDENCE_SIZE_MAX);
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    builder_init(&words, EVIDENCE_CHECK_TEXT_MAX);
    OK(evidence_write(&w->e, &file, &err));
    OK(evidence_parse(builder_view(&file), &memory, &again, &err));
    enum status s = evidence_check(&again, w->algorithms, &words, why);
    assert_int_equal(evidence_check(&w->e, w->algorithms, &words, NULL), s);
    builder_clear(&file);
    builder_clear(&memory);
    builder_clear(&words);
    return s;
}

static void two_versions(void **state)
{
    (void)state;
    static const char *const names[] = {"sm2_sm3", "mldsa44"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct world w;
        struct error err;
        uint8_t first[TRUST_ENVELOPE_VERSION_SIZE], second[TRUST_ENVELOPE_VERSION_SIZE];
        open_world(&w, names[i]);
        w.e.kind = EVIDENCE_TWO_VERSIONS;
        version_statement(&w, 0, 7, 1, first);
        version_statement(&w, 1, 7, 2, second);
        OK(judge_versions(&w, &err));
        second[50] ^= 1;
        assert_says(judge_versions(&w, &err), &err, STATUS_REFUSED, "does not verify");
        version_statement(&w, 1, 8, 2, second);
        assert_says(judge_versions(&w, &err), &err, STATUS_REFUSED, "different versions");
        version_statement(&w, 1, 7, 1, second);
        assert_says(judge_versions(&w, &err), &err, STATUS_REFUSED, "agree");
        /* A statement of another kind has no place here, nor this one in another kind. */
        w.e.kind = EVIDENCE_TWO_SUBTREES;
        struct builder file;
        builder_init(&file, EVIDENCE_SIZE_MAX);
        assert_int_equal(evidence_write(&w.e, &file, &err), STATUS_MALFORMED);
        w.e.kind = EVIDENCE_TWO_VERSIONS;
        w.e.statements[1].version.len--;
        assert_int_equal(evidence_write(&w.e, &file, &err), STATUS_MALFORMED);
        builder_clear(&file);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_versions),
        cmocka_unit_test(two_subtrees),   cmocka_unit_test(two_roots),
        cmocka_unit_test(not_a_prefix),   cmocka_unit_test(unknown_keys),
        cmocka_unit_test(parts_that_no_file_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
