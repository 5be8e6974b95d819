#include "unit/checks.h"

#include <stdio.h>
#include <unistd.h>

#include "codec/ct/ct_suite.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "codec/ct/tree_head.h"
#include "merkle/node.h"
#include "rules/evidence_check.h"

/* What tree heads, leaves and SCTs of a CT log prove; each kind, and each way in which it proves nothing. */

#define ORIGIN "ct.example/2027"
#define MMD_MS 60000
#define NOW_MS UINT64_C(1800000000000)

/* A tree of four entries, and what is signed. */
struct world {
    const struct ct_suite *suite;
    struct algorithms *algorithms;
    struct private_key *key;
    struct builder leaves[4], sct, signatures[2], extensions;
    uint8_t hashes[4][HASH_SIZE], nodes[2][HASH_SIZE], root[HASH_SIZE];
    struct evidence e;
};

static void make_leaf(struct world *w, size_t i, uint64_t timestamp_ms)
{
    struct error err;
    struct hasher h;
    builder_reset(&w->leaves[i]);
    builder_reset(&w->extensions);
    OK(sct_write_leaf_index(i, &w->extensions, &err));
    struct leaf leaf = {.timestamp_ms = timestamp_ms, .type = LEAF_X509, .certificate = bytes_of_text("certificate"),
                        .extensions = builder_view(&w->extensions)};
    OK(leaf_write_merkle(&leaf, &w->leaves[i], &err));
    OK(hasher_init(&h, w->suite->hash, &err));
    node_leaf_hash(&h, builder_view(&w->leaves[i]), w->hashes[i]);
    for (size_t k = 0; k < 2; k++)
        node_hash(&h, w->hashes[2 * k], w->hashes[2 * k + 1], w->nodes[k]);
    node_hash(&h, w->nodes[0], w->nodes[1], w->root);
    hasher_clear(&h);
}

static void open_world(struct world *w, const struct ct_suite *suite)
{
    struct error err;
    *w = (struct world){.suite = suite};
    OK(algorithms_new(&w->algorithms, &err));
    const struct signature_alg *alg = algorithms_by_name(w->algorithms, bytes_of_text(suite->algorithm));
    OK(private_key_generate(alg, &w->key, &err));
    builder_init(&w->sct, 4096);
    builder_init(&w->extensions, 64);
    for (size_t i = 0; i < 2; i++)
        builder_init(&w->signatures[i], 4096);
    for (size_t i = 0; i < 4; i++)
        builder_init(&w->leaves[i], 4096);
    for (size_t i = 0; i < 4; i++)
        make_leaf(w, i, NOW_MS - 1000);
    w->e = (struct evidence){.hash = suite->hash, .origin = bytes_of_text(ORIGIN), .key_name = bytes_of_text(ORIGIN),
                             .key_oid = bytes_of_text(alg->oid), .key_spki = public_key_spki(private_key_public(w->key)),
                             .seen_s = 1800000000, .where = bytes_of_text("a test"), .mmd_ms = MMD_MS};
}

static void close_world(struct world *w)
{
    for (size_t i = 0; i < 4; i++)
        builder_clear(&w->leaves[i]);
    builder_clear(&w->signatures[0]);
    builder_clear(&w->signatures[1]);
    builder_clear(&w->sct);
    builder_clear(&w->extensions);
    private_key_free(w->key);
    algorithms_free(w->algorithms);
}

static void sign_head(struct world *w, size_t i, uint64_t size, uint64_t timestamp_ms, const uint8_t root[HASH_SIZE])
{
    struct error err;
    struct builder signature;
    uint8_t input[TREE_HEAD_INPUT_SIZE];
    struct tree_head head = {.timestamp_ms = timestamp_ms, .size = size};
    memcpy(head.root, root, HASH_SIZE);
    tree_head_write_input(&head, input);
    builder_init(&signature, 4096);
    OK(private_key_sign(w->key, BYTES_OF(input), &signature, &err));
    struct digitally_signed value = {w->suite->signature, builder_view(&signature)};
    builder_reset(&w->signatures[i]);
    digitally_signed_write(&value, &w->signatures[i]);
    builder_clear(&signature);
    w->e.statements[i] = (struct evidence_statement){.is_sth = true, .subtree = {0, size}, .timestamp_ms = timestamp_ms,
                                                     .signature = builder_view(&w->signatures[i])};
    memcpy(w->e.statements[i].hash, root, HASH_SIZE);
}

static void sign_sct(struct world *w, size_t i, uint64_t timestamp_ms)
{
    struct error err;
    struct builder signature;
    uint8_t log_id[HASH_SIZE];
    builder_init(&signature, 4096);
    make_leaf(w, i, timestamp_ms);
    OK(private_key_sign(w->key, builder_view(&w->leaves[i]), &signature, &err));
    OK(ct_suite_hash(w->suite, w->e.key_spki, log_id, &err));
    struct sct sct = {.version = SCT_V1, .log_id = BYTES_OF(log_id), .timestamp_ms = timestamp_ms,
                      .extensions = builder_view(&w->extensions), .algorithm = w->suite->signature, .signature = builder_view(&signature)};
    builder_reset(&w->sct);
    OK(sct_write(&sct, &w->sct, &err));
    builder_clear(&signature);
}

/* Through the file, as everybody else sees it. CATHAYA_KEEP_CORPUS: a folder where files are left for the fuzz target. */
static enum status judge(const struct world *w, struct error *err)
{
    static unsigned number;
    struct evidence read;
    struct builder file, again, memory, text;
    builder_init(&file, EVIDENCE_SIZE_MAX);
    builder_init(&again, EVIDENCE_SIZE_MAX);
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    builder_init(&text, EVIDENCE_CHECK_TEXT_MAX);
    assert_ok(evidence_write(&w->e, &file, err), err, "write");
    assert_ok(evidence_parse(builder_view(&file), &memory, &read, err), err, "parse");
    assert_ok(evidence_write(&read, &again, err), err, "write again");
    assert_bytes(builder_view(&again), builder_view(&file));
    enum status status = evidence_check(&read, w->algorithms, &text, err);
    assert_true(status != STATUS_OK || text.len > 0);
    if (getenv("CATHAYA_KEEP_CORPUS") != NULL) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s_%s_%u", getenv("CATHAYA_KEEP_CORPUS"), evidence_kind_name(w->e.kind),
                       status == STATUS_OK ? "proven" : "not", number++);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        (void)fwrite(file.data, 1, file.len, f);
        (void)fclose(f);
    }
    builder_clear(&file);
    builder_clear(&again);
    builder_clear(&memory);
    builder_clear(&text);
    return status;
}

#define PROVES(w)                                                  \
    do {                                                           \
        struct error err_;                                         \
        assert_ok(judge((w), &err_), &err_, "it does not prove");  \
    } while (0)
#define REFUSES(w, reason)                                         \
    do {                                                           \
        struct error err_;                                         \
        assert_says(judge((w), &err_), &err_, STATUS_REFUSED, (reason)); \
    } while (0)

static void two_heads(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct world w;
        uint8_t other[HASH_SIZE] = {7};
        open_world(&w, i == 0 ? &ct_suite_gm : &ct_suite_intl);
        w.e.kind = EVIDENCE_TWO_ROOTS;
        sign_head(&w, 0, 4, NOW_MS, w.root);
        sign_head(&w, 1, 4, NOW_MS + 5, other);
        PROVES(&w);
        w.e.statements[1].timestamp_ms++; /* which was not signed */
        REFUSES(&w, "does not verify");
        sign_head(&w, 1, 5, NOW_MS, other);
        REFUSES(&w, "different parts");
        sign_head(&w, 1, 4, NOW_MS, w.root);
        REFUSES(&w, "agree");
        close_world(&w);
    }
}

static void a_part_of_another_tree(void **state)
{
    (void)state;
    struct world w;
    uint8_t other[HASH_SIZE] = {7};
    open_world(&w, &ct_suite_gm);
    w.e.kind = EVIDENCE_NOT_A_PREFIX;
    sign_head(&w, 0, 2, NOW_MS, other);
    sign_head(&w, 1, 4, NOW_MS, w.root);
    memcpy(w.e.part_hash, w.nodes[0], HASH_SIZE);
    assert_true(proof_lines_set(&w.e.proof, BYTES_OF(w.nodes[1])));
    PROVES(&w);
    memcpy(w.e.part_hash, other, HASH_SIZE);
    REFUSES(&w, "just as it was signed");
    other[1] = 9;
    memcpy(w.e.part_hash, other, HASH_SIZE);
    REFUSES(&w, "does not lead");
    close_world(&w);
}

static void a_log_that_shrinks(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &ct_suite_intl);
    w.e.kind = EVIDENCE_SHRANK;
    sign_head(&w, 0, 4, NOW_MS, w.root);
    sign_head(&w, 1, 2, NOW_MS + 1, w.nodes[0]);
    PROVES(&w);
    sign_head(&w, 1, 2, NOW_MS, w.nodes[0]);
    REFUSES(&w, "not both newer and smaller");
    sign_head(&w, 1, 4, NOW_MS + 1, w.root);
    REFUSES(&w, "not both newer and smaller");
    close_world(&w);
}

/* Entry 2 in the tree of four. */
static void prove_entry(struct world *w, const struct builder *leaf)
{
    uint8_t proof[2][HASH_SIZE];
    memcpy(proof[0], w->hashes[3], HASH_SIZE);
    memcpy(proof[1], w->nodes[0], HASH_SIZE);
    w->e.index = 2;
    w->e.leaf = builder_view(leaf);
    assert_true(proof_lines_set(&w->e.proof, BYTES_OF(proof)));
}

static void entries_of_wrong_times(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &ct_suite_gm);
    make_leaf(&w, 2, NOW_MS + 1);
    w.e.kind = EVIDENCE_ENTRY_AFTER_HEAD;
    sign_head(&w, 0, 4, NOW_MS, w.root);
    prove_entry(&w, &w.leaves[2]);
    PROVES(&w);
    w.e.index = 3;
    REFUSES(&w, "does not lead");
    w.e.index = 4;
    REFUSES(&w, "does not lead");
    prove_entry(&w, &w.leaves[3]);
    REFUSES(&w, "not after");
    sign_head(&w, 0, 4, NOW_MS + 1, w.root);
    prove_entry(&w, &w.leaves[2]);
    REFUSES(&w, "not after");

    make_leaf(&w, 2, NOW_MS - MMD_MS - 1);
    w.e.kind = EVIDENCE_LATE_MERGE;
    sign_head(&w, 0, 2, NOW_MS, w.nodes[0]);
    sign_head(&w, 1, 4, NOW_MS + 1000, w.root);
    prove_entry(&w, &w.leaves[2]);
    PROVES(&w);
    w.e.mmd_ms++;
    REFUSES(&w, "in time");
    w.e.mmd_ms = MMD_MS;
    sign_head(&w, 0, 3, NOW_MS, w.nodes[0]);
    REFUSES(&w, "may be in the first");
    close_world(&w);
}

static void promises(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct world w;
        open_world(&w, i == 0 ? &ct_suite_gm : &ct_suite_intl);
        /* Entry 2 is another one: what is there is hashes[2] of before. */
        uint8_t there[HASH_SIZE], root[HASH_SIZE];
        memcpy(there, w.hashes[2], HASH_SIZE);
        memcpy(root, w.root, HASH_SIZE);
        sign_sct(&w, 2, NOW_MS - MMD_MS - 1);
        w.e.kind = EVIDENCE_SCT_NOT_HONOURED;
        sign_head(&w, 0, 4, NOW_MS, root);
        prove_entry(&w, &w.leaves[2]);
        w.e.sct = builder_view(&w.sct);
        w.e.has_part = true;
        memcpy(w.e.part_hash, there, HASH_SIZE);
        PROVES(&w);
        w.e.mmd_ms++;
        REFUSES(&w, "not more than the maximum merge delay");
        w.e.mmd_ms--;
        memcpy(w.e.part_hash, w.hashes[2], HASH_SIZE);
        REFUSES(&w, "has the leaf that was promised");
        memcpy(w.e.part_hash, w.hashes[1], HASH_SIZE);
        REFUSES(&w, "does not lead");
        w.e.has_part = false;
        REFUSES(&w, "exactly when");
        w.e.index = 1;
        REFUSES(&w, "does not promise this index");
        w.e.index = 2;
        /* A tree without that index needs no proof. */
        sign_head(&w, 0, 2, NOW_MS, w.nodes[0]);
        PROVES(&w);
        w.e.leaf = builder_view(&w.leaves[1]);
        REFUSES(&w, "not that of the SCT");
        w.e.leaf = builder_view(&w.leaves[2]);
        w.sct.data[w.sct.len - 1] ^= 1;
        REFUSES(&w, "signature of the SCT");
        w.e.sct.len--;
        REFUSES(&w, "cannot be read");
        close_world(&w);
    }
}

static void kinds_have_their_statements(void **state)
{
    (void)state;
    struct world w;
    struct builder out;
    struct error err;
    open_world(&w, &ct_suite_gm);
    builder_init(&out, EVIDENCE_SIZE_MAX);
    sign_head(&w, 0, 4, NOW_MS, w.root);
    w.e.statements[1] = (struct evidence_statement){.is_note = true, .note = bytes_of_text("x")};
    static const enum evidence_kind kinds[] = {EVIDENCE_TWO_ROOTS, EVIDENCE_NOT_A_PREFIX, EVIDENCE_TWO_SUBTREES, EVIDENCE_SHRANK,
                                               EVIDENCE_LATE_MERGE};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        w.e.kind = kinds[i];
        w.e.leaf = w.e.sct = bytes_of_text("x");
        assert_int_equal(evidence_write(&w.e, &out, &err), STATUS_MALFORMED);
    }
    w.e.kind = EVIDENCE_ENTRY_AFTER_HEAD;
    w.e.leaf = bytes_of(NULL, 0);
    assert_int_equal(evidence_write(&w.e, &out, &err), STATUS_MALFORMED);
    w.e.leaf = bytes_of_text("x");
    w.e.mmd_ms = EVIDENCE_MMD_MAX_MS + 1;
    assert_int_equal(evidence_write(&w.e, &out, &err), STATUS_MALFORMED);
    builder_clear(&out);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_heads),
        cmocka_unit_test(a_part_of_another_tree),
        cmocka_unit_test(a_log_that_shrinks),
        cmocka_unit_test(entries_of_wrong_times),
        cmocka_unit_test(promises),
        cmocka_unit_test(kinds_have_their_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
