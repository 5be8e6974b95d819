#include "unit/checks.h"

#include "codec/ct/digitally_signed.h"
#include "crypto/key.h"
#include "merkle/node.h"
#include "rules/sct_check.h"

#define TIME_MS UINT64_C(1767225600123)
#define TIME_S INT64_C(1767225601)

struct world {
    struct algorithms *algorithms;
    struct private_key *key;
    struct log_list_log log;
};

static void make_world(struct world *w, const struct ct_suite *suite)
{
    struct error err;
    *w = (struct world){.log = {.suite = suite}};
    OK(algorithms_new(&w->algorithms, &err));
    OK(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text(suite->algorithm)), &w->key, &err));
    OK(log_list_set_key(&w->log, public_key_spki(private_key_public(w->key)), &err));
}

static void clear_world(struct world *w)
{
    private_key_free(w->key);
    algorithms_free(w->algorithms);
}

/* The signature is put together here, byte by byte, as the RFC says it. */
static void sign(const struct world *w, const char *entry_hex, const char *extensions_hex, struct builder *signature)
{
    struct error err;
    struct builder message;
    struct bytes entry = heap_hex(entry_hex), extensions = heap_hex(extensions_hex);
    builder_init(&message, 4096);
    builder_u16(&message, 0);
    builder_u64(&message, TIME_MS);
    builder_bytes(&message, entry);
    builder_u16(&message, (uint16_t)extensions.len);
    builder_bytes(&message, extensions);
    OK(private_key_sign(w->key, builder_view(&message), signature, &err));
    builder_clear(&message);
    heap_free(entry);
    heap_free(extensions);
}

struct made_sct {
    struct sct sct;
    struct bytes extensions;
    struct builder signature;
};

static void make_sct(struct made_sct *m, const struct world *w, const char *entry_hex)
{
    static const char extensions[] = "0000050000000007";
    builder_init(&m->signature, 256);
    sign(w, entry_hex, extensions, &m->signature);
    m->extensions = heap_hex(extensions);
    m->sct = (struct sct){.version = SCT_V1,
                          .log_id = BYTES_OF(w->log.log_id),
                          .timestamp_ms = TIME_MS,
                          .extensions = m->extensions,
                          .algorithm = w->log.suite->signature,
                          .signature = builder_view(&m->signature)};
}

static void clear_sct(struct made_sct *m)
{
    heap_free(m->extensions);
    builder_clear(&m->signature);
}

static enum status check_at(const struct world *w, const struct sct_check_subject *subject, const struct sct *sct,
                            int64_t at_s, struct error *err)
{
    return sct_check(&(struct sct_check){.subject = subject, .log = &w->log, .algorithms = w->algorithms, .at_s = at_s}, sct,
                     err);
}

/* SM3 and SHA-256 of the three bytes "key". */
static void key_hash_hex(const struct ct_suite *suite, char out[2 * HASH_SIZE + 1])
{
    uint8_t hash[HASH_SIZE];
    struct error err;
    OK(ct_suite_hash(suite, bytes_of_text("key"), hash, &err));
    text_hex(BYTES_OF(hash), out);
}

static void three_kinds(const struct ct_suite *suite)
{
    struct world w;
    struct error err;
    char hash[2 * HASH_SIZE + 1], entry[512];
    make_world(&w, suite);
    key_hash_hex(suite, hash);
    struct bytes log_id = heap_hex("8201b401"), mtc_entry = heap_hex("0000 0001 aabb");
    const struct sct_check_subject subjects[] = {
        sct_check_certificate(bytes_of_text("cert")),
        sct_check_precert(bytes_of_text("tbs"), bytes_of_text("key")),
        sct_check_mtc(log_id, 0x112233, mtc_entry, bytes_of_text("key")),
    };
    for (size_t kind = 0; kind < LENGTH(subjects); kind++) {
        struct builder text;
        struct made_sct made;
        builder_init_fixed(&text, entry, sizeof entry - 1);
        if (kind == 0)
            builder_text(&text, "0000 000004 63657274");
        else if (kind == 1)
            builder_printf(&text, "0001 %s 000003 746273", hash);
        else
            builder_printf(&text, "ff01 %s 04 8201b401 000000112233 0006 00000001aabb", hash);
        entry[text.len] = '\0';
        make_sct(&made, &w, entry);
        OK(check_at(&w, &subjects[kind], &made.sct, TIME_S, &err));
        for (size_t other = 0; other < LENGTH(subjects); other++)
            if (other != kind)
                assert_int_equal(check_at(&w, &subjects[other], &made.sct, TIME_S, &err), STATUS_REFUSED);
        /* The leaf hash is over what was signed: MerkleTreeLeaf has the same bytes. */
        struct builder leaf;
        struct hasher h;
        uint8_t want[HASH_SIZE], got[HASH_SIZE];
        builder_init(&leaf, 4096);
        builder_printf(&leaf, "0000 %016llx %s 0008 0000050000000007", (unsigned long long)TIME_MS, entry);
        builder_u8(&leaf, 0);
        struct bytes bytes = heap_hex((const char *)leaf.data);
        OK(hasher_init(&h, suite->hash, &err));
        node_leaf_hash(&h, bytes, want);
        OK(sct_check_leaf_hash(&subjects[kind], suite, &made.sct, got, &err));
        assert_memory_equal(got, want, HASH_SIZE);
        hasher_clear(&h);
        heap_free(bytes);
        builder_clear(&leaf);
        clear_sct(&made);
    }
    heap_free(log_id);
    heap_free(mtc_entry);
    clear_world(&w);
}

static void gm(void **state)
{
    (void)state;
    three_kinds(&ct_suite_gm);
}

static void international(void **state)
{
    (void)state;
    three_kinds(&ct_suite_intl);
}

static void refusals(void **state)
{
    (void)state;
    struct world w, other;
    struct made_sct made;
    struct error err;
    const struct sct_check_subject subject = sct_check_certificate(bytes_of_text("cert"));
    make_world(&w, &ct_suite_gm);
    make_world(&other, &ct_suite_gm);
    make_sct(&made, &w, "0000 000004 63657274");
    struct sct sct = made.sct;
    OK(check_at(&w, &subject, &sct, TIME_S, &err));
    OK(check_at(&w, &subject, &sct, (int64_t)(TIME_MS / 1000), &err));
    assert_says(check_at(&w, &subject, &sct, (int64_t)(TIME_MS / 1000) - 1, &err), &err, STATUS_REFUSED,
                "from the future: 2026-");
    assert_says(check_at(&w, &subject, &sct, -5, &err), &err, STATUS_REFUSED, "future");
    const struct sct_check skewed = {.subject = &subject, .log = &w.log, .algorithms = w.algorithms,
                                     .at_s = (int64_t)(TIME_MS / 1000) - 60, .skew_s = 60};
    OK(sct_check(&skewed, &sct, &err));
    struct sct_check last = skewed; /* of a clock that is quite wrong */
    last.at_s = INT64_MAX;
    OK(sct_check(&last, &sct, &err));
    last.at_s = INT64_MIN;
    assert_says(sct_check(&last, &sct, &err), &err, STATUS_REFUSED, "future");
    sct.timestamp_ms = UINT64_MAX;
    assert_says(check_at(&w, &subject, &sct, TIME_S, &err), &err, STATUS_REFUSED, "future");
    sct = made.sct;
    sct.timestamp_ms--;
    assert_says(check_at(&w, &subject, &sct, TIME_S, &err), &err, STATUS_REFUSED, "SCT");
    sct = made.sct;
    sct.version = 1;
    assert_says(check_at(&w, &subject, &sct, TIME_S, &err), &err, STATUS_REFUSED, "version 1");
    sct = made.sct;
    sct.algorithm = 0x0403;
    assert_says(check_at(&w, &subject, &sct, TIME_S, &err), &err, STATUS_REFUSED, "04 03, the log's is 07 08");
    /* The encoding of another implementation: only behind a switch, never here. */
    sct.algorithm = 0x0404;
    assert_says(check_at(&w, &subject, &sct, TIME_S, &err), &err, STATUS_REFUSED, "04 04");
    sct = made.sct;
    sct.extensions = bytes_of(NULL, 0);
    assert_int_equal(check_at(&w, &subject, &sct, TIME_S, &err), STATUS_REFUSED);
    sct = made.sct;
    assert_says(check_at(&other, &subject, &sct, TIME_S, &err), &err, STATUS_REFUSED, "another log");
    sct.log_id = BYTES_OF(other.log.log_id);
    assert_int_equal(check_at(&other, &subject, &sct, TIME_S, &err), STATUS_REFUSED);
    /* A key that somebody keeps is as good as the listed one. */
    sct = made.sct;
    struct sct_check check = {.subject = &subject, .log = &w.log, .algorithms = w.algorithms,
                              .key = private_key_public(w.key), .at_s = TIME_S};
    OK(sct_check(&check, &sct, &err));
    check.key = private_key_public(other.key);
    assert_int_equal(sct_check(&check, &sct, &err), STATUS_REFUSED);
    const struct sct_check_subject nothing = {.type = LEAF_PRECERT};
    assert_int_equal(check_at(&w, &nothing, &sct, TIME_S, &err), STATUS_REFUSED);
    clear_sct(&made);
    clear_world(&w);
    clear_world(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gm), cmocka_unit_test(international), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
