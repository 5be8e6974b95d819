/* The verdicts of [MTC 7.2], step by step, for both suites and all versions. */
#include <stdio.h>

#include "unit/rules/judging.h"

static struct maker_ca gm, intl;
/* In one policy: SM2, ML-DSA-44, P-256, Ed25519. */
static struct maker_cosigner others[4];

static int make_world(void **state)
{
    (void)state;
    maker_ca_init(&gm, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&intl, &maker_07, "32473.2", "mldsa44");
    maker_cosigner_init(&others[0], "32473.3.1", "sm2_sm3");
    maker_cosigner_init(&others[1], "32473.3.2", "mldsa44");
    maker_cosigner_init(&others[2], "32473.3.3", "ecdsa_p256_sha256");
    maker_cosigner_init(&others[3], "32473.3.4", "ed25519");
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    maker_ca_clear(&gm);
    maker_ca_clear(&intl);
    for (size_t i = 0; i < LENGTH(others); i++)
        maker_cosigner_clear(&others[i]);
    return 0;
}

/* A store of both CAs that knows all cosigners, with further statements. */
static struct trust_store *store_with(const char *statements)
{
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    for (size_t i = 0; i < LENGTH(others); i++)
        maker_cosigner_line(&others[i], &b);
    builder_text(&b, statements);
    builder_u8(&b, 0);
    struct trust_store *store = store_of(&gm, &intl, (const char *)b.data);
    builder_clear(&b);
    return store;
}

/* The certificate whose subtree is the trusted one of the store that is given. */
static struct trust_store *store_trusting(const struct maker_cert *cert)
{
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    maker_subtree_line(cert, &b);
    builder_u8(&b, 0);
    struct trust_store *store = store_with((const char *)b.data);
    builder_clear(&b);
    return store;
}

/* ---- cosigners ---- */

static void ca_signature_alone(void **state)
{
    (void)state;
    struct trust_store *store = store_with("");
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(cas); i++) {
        struct maker_cert cert;
        maker_cert_init(&cert, cas[i], 1, 2121, 2048, 2122);
        REFUSED(store, &cert, "no good signature of the CA cosigner");
        assert_false(verdict.has_ca_signature);
        maker_ca_sign(&cert);
        ACCEPTED(store, &cert);
        assert_true(verdict.has_ca_signature);
        assert_int_equal(verdict.basis, PROOF_BY_COSIGNERS);
        assert_int_equal(verdict.serial, MAKER_SERIAL(1, 2121));
        assert_int_equal(verdict.log_number, 1);
        assert_int_equal(verdict.index, 2121);
        assert_int_equal(verdict.subtree.start, 2048);
        assert_int_equal(verdict.subtree.end, 2122);
        uint8_t hash[HASH_SIZE];
        maker_subtree_hash(&cert, hash);
        assert_memory_equal(verdict.subtree_hash, hash, HASH_SIZE);
    }
    trust_store_free(store);
}

/* Every size of a small subtree, every place in it, and sizes that need all of 48 bits. */
static void places(void **state)
{
    (void)state;
    struct maker_cert cert;
    for (uint64_t size = 1; size <= 9; size++)
        for (uint64_t index = 0; index < size; index++) {
            uint64_t start = index % 2 == 0 ? 16 : UINT64_C(0xfffffffffff0);
            maker_cert_init(&cert, &gm, 2, start + index, start, start + size);
            struct trust_store *store = store_trusting(&cert);
            ACCEPTED(store, &cert);
            assert_int_equal(verdict.basis, PROOF_BY_TRUSTED_SUBTREE);
            trust_store_free(store);
        }
}

static void required(const char *statements, const char *signers, const char *complaint)
{
    struct trust_store *store = store_with(statements);
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(cas); i++) {
        struct maker_cert cert;
        maker_cert_init(&cert, cas[i], 1, 5, 4, 8);
        maker_ca_sign(&cert);
        for (const char *s = signers; *s != '\0'; s++)
            maker_cosign(&cert, &others[*s - '1']);
        if (complaint == NULL)
            ACCEPTED(store, &cert);
        else
            REFUSED(store, &cert, complaint);
        for (size_t k = 0; k < LENGTH(others); k++) {
            size_t number;
            uint8_t id[64];
            struct bytes id_bytes = bytes_of(id, maker_id(others[k].id, id));
            assert_non_null(trust_store_find_cosigner(store, id_bytes, &number));
            assert_int_equal(proof_verdict_has(&verdict, number), strchr(signers, '1' + (int)k) != NULL);
        }
    }
    trust_store_free(store);
}

static void requirements(void **state)
{
    (void)state;
    const char *all = "require-cosigners all 32473.3.1 32473.3.2\n";
    required(all, "12", NULL);
    required(all, "1234", NULL);
    required(all, "1", "1 of 2 cosigners have signed, 2 are required");
    required(all, "134", "1 of 2");
    required(all, "", "0 of 2");
    const char *any = "require-cosigners any 32473.3.1 32473.3.4\n";
    required(any, "1", NULL);
    required(any, "4", NULL);
    required(any, "23", "0 of 2 cosigners have signed, 1 are required");
    const char *three = "require-cosigners 3 32473.3.1 32473.3.2 32473.3.3 32473.3.4\n";
    required(three, "124", NULL);
    required(three, "234", NULL);
    required(three, "1234", NULL);
    required(three, "34", "2 of 4 cosigners have signed, 3 are required");
    const char *several = "require-cosigners any 32473.3.1 32473.3.2\nrequire-cosigners any 32473.3.3 32473.3.4\n";
    required(several, "13", NULL);
    required(several, "24", NULL);
    required(several, "12", "0 of 2");
    required(several, "34", "0 of 2");
    /* One cosigner may serve two requirements. */
    required("require-cosigners any 32473.3.1 32473.3.2\nrequire-cosigners all 32473.3.1\n", "1", NULL);
}

/* Cosigners do not stand in for the CA. */
static void others_without_ca(void **state)
{
    (void)state;
    struct trust_store *store = store_with("require-cosigners all 32473.3.1 32473.3.2 32473.3.3 32473.3.4\n");
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    for (size_t i = 0; i < LENGTH(others); i++)
        maker_cosign(&cert, &others[i]);
    REFUSED(store, &cert, "no good signature of the CA cosigner 32473.1");
    maker_ca_sign(&cert);
    ACCEPTED(store, &cert);
    trust_store_free(store);
}

static void unknown_cosigners(void **state)
{
    (void)state;
    struct maker_cosigner stranger;
    maker_cosigner_init(&stranger, "32473.99", "sm2_sm3");
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    struct trust_store *store = store_with("");
    maker_cosign(&cert, &stranger);
    maker_grease(&cert, 0);
    REFUSED(store, &cert, "no good signature of the CA");
    maker_ca_sign(&cert);
    ACCEPTED(store, &cert);
    /* An ID that no trust anchor can have: one byte that is not the end of a component, 255 bytes. */
    uint8_t longest[255];
    memset(longest, 0xff, sizeof longest);
    maker_add(&cert, bytes_of(longest, 1), bytes_of("x", 1));
    maker_add(&cert, BYTES_OF(longest), bytes_of(NULL, 0));
    ACCEPTED(store, &cert);
    trust_store_free(store);

    /* The same in a landmark-relative certificate: signatures do not make it another kind. */
    struct maker_cert landmark;
    maker_cert_init(&landmark, &gm, 1, 5, 4, 8);
    store = store_trusting(&landmark);
    maker_grease(&landmark, 0);
    ACCEPTED(store, &landmark);
    maker_cosign(&landmark, &stranger);
    ACCEPTED(store, &landmark);
    assert_int_equal(verdict.basis, PROOF_BY_TRUSTED_SUBTREE);
    trust_store_free(store);
    maker_cosigner_clear(&stranger);
}

/* Signatures of those that are known, not good: they do not count, and do no harm. */
static void bad_signatures(void **state)
{
    (void)state;
    struct trust_store *demanding = store_with("require-cosigners all 32473.3.1\n");
    struct trust_store *easy = store_with("");
    for (size_t k = 0; k < LENGTH(others); k++) {
        struct maker_cert cert;
        maker_cert_init(&cert, &gm, 1, 5, 4, 8);
        maker_ca_sign(&cert);
        if (k != 0)
            maker_cosign(&cert, &others[0]);
        maker_cosign(&cert, &others[k]);
        struct maker_signature *last = &cert.signatures[cert.signature_count - 1];
        last->signature[last->signature_len - 1] ^= 1;
        ACCEPTED(easy, &cert);
        if (k == 0)
            REFUSED(demanding, &cert, "0 of 1 cosigners have signed");
        else
            ACCEPTED(demanding, &cert);
        size_t lens[] = {0, 1, last->signature_len - 1, last->signature_len + 1};
        for (size_t i = 0; i < LENGTH(lens); i++) {
            last->signature_len = lens[i];
            ACCEPTED(easy, &cert);
            if (k == 0)
                REFUSED(demanding, &cert, "0 of 1 cosigners have signed");
        }
    }
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(cas); i++) {
        struct maker_cert cert;
        maker_cert_init(&cert, cas[i], 1, 5, 4, 8);
        maker_ca_sign(&cert);
        cert.signatures[0].signature[cert.signatures[0].signature_len - 1] ^= 1;
        REFUSED(easy, &cert, "no good signature of the CA cosigner");
        cert.signatures[0].signature_len = 0;
        REFUSED(easy, &cert, "no good signature of the CA cosigner");
    }
    trust_store_free(demanding);
    trust_store_free(easy);
}

/* A good signature of the right key over anything but this subtree of this log is none. */
static void other_messages(void **state)
{
    (void)state;
    struct trust_store *store = store_with("");
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t c = 0; c < LENGTH(cas); c++)
        for (int what = 0; what < 9; what++) {
            struct maker_cert cert;
            struct maker_message m;
            maker_cert_init(&cert, cas[c], 1, 5, 4, 8);
            maker_message(&cert, cas[c]->id, &m);
            switch (what) {
            case 0:
                break;
            case 1:
                m.timestamp = 1;
                break;
            case 2:
                m.start = 0;
                break;
            case 3:
                m.end = 6;
                break;
            case 4:
                m.hash[31] ^= 1;
                break;
            case 5: /* another log of the CA */
                m.log_origin[strlen(m.log_origin) - 1] = '2';
                break;
            case 6: /* the CA ID in place of the log ID */
                memcpy(m.log_origin, m.cosigner_name, sizeof m.log_origin);
                break;
            case 7: /* log 1 of another CA */
                (void)snprintf(m.log_origin, sizeof m.log_origin, "oid/1.3.6.1.4.1.32473.9.0.1");
                break;
            case 8: /* in the name of the log */
                memcpy(m.cosigner_name, m.log_origin, sizeof m.cosigner_name);
                break;
            }
            maker_sign(&cert, cas[c]->id, cas[c]->key, &m);
            if (what == 0)
                ACCEPTED(store, &cert);
            else
                REFUSED(store, &cert, "no good signature of the CA cosigner");
        }
    trust_store_free(store);
}

static void swapped_ids(void **state)
{
    (void)state;
    struct trust_store *store = store_with("require-cosigners any 32473.3.1 32473.3.3\n");
    struct maker_cert cert;
    struct maker_message m;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    maker_ca_sign(&cert);
    /* Each signs in its own name, and stands under the other's. */
    maker_message(&cert, others[0].id, &m);
    maker_sign(&cert, others[2].id, others[0].key, &m);
    maker_message(&cert, others[2].id, &m);
    maker_sign(&cert, others[0].id, others[2].key, &m);
    REFUSED(store, &cert, "0 of 2");
    /* Each signs in the other's name. */
    cert.signature_count = 1;
    maker_message(&cert, others[0].id, &m);
    maker_sign(&cert, others[0].id, others[2].key, &m);
    maker_message(&cert, others[2].id, &m);
    maker_sign(&cert, others[2].id, others[0].key, &m);
    REFUSED(store, &cert, "0 of 2");
    /* A cosigner under the ID of the CA, and the CA under that of a cosigner. */
    cert.signature_count = 0;
    maker_message(&cert, gm.id, &m);
    maker_sign(&cert, gm.id, others[0].key, &m);
    REFUSED(store, &cert, "no good signature of the CA");
    cert.signature_count = 0;
    maker_ca_sign(&cert);
    maker_message(&cert, others[0].id, &m);
    maker_sign(&cert, others[0].id, gm.key, &m);
    REFUSED(store, &cert, "0 of 2");
    trust_store_free(store);
}

/* The CA cosigner of another trusted CA is an unknown cosigner here. */
static void other_ca_signs(void **state)
{
    (void)state;
    struct trust_store *store = store_with("");
    struct maker_cert cert;
    struct maker_message m;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    maker_message(&cert, intl.id, &m);
    maker_sign(&cert, intl.id, intl.key, &m);
    REFUSED(store, &cert, "no good signature of the CA cosigner 32473.1");
    maker_ca_sign(&cert);
    ACCEPTED(store, &cert);
    trust_store_free(store);
}

static void order_of_cosignatures(void **state)
{
    (void)state;
    struct trust_store *store = store_with("");
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    cert.keep_order = true;
    maker_ca_sign(&cert);
    maker_ca_sign(&cert);
    assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "not in order, or one twice");
    cert.signature_count = 0;
    maker_cosign(&cert, &others[0]);
    maker_ca_sign(&cert); /* shorter: belongs in front */
    assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "not in order, or one twice");
    cert.keep_order = false;
    ACCEPTED(store, &cert);
    cert.keep_order = true;
    cert.signature_count = 0;
    maker_ca_sign(&cert);
    maker_cosign(&cert, &others[1]);
    maker_cosign(&cert, &others[0]);
    assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "not in order, or one twice");
    trust_store_free(store);
}

/* ---- trusted subtrees ---- */

/* The hash of a trusted subtree decides, whatever has been signed. */
static void mismatch_is_final(void **state)
{
    (void)state;
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t c = 0; c < LENGTH(cas); c++) {
        struct maker_cert cert, other;
        maker_cert_init(&cert, cas[c], 1, 5, 4, 8);
        maker_ca_sign(&cert);
        for (size_t i = 0; i < LENGTH(others); i++)
            maker_cosign(&cert, &others[i]);
        other = cert;
        other.not_after_s++;
        struct trust_store *store = store_trusting(&other);
        REFUSED(store, &cert, "trusted subtree hash mismatch: [4, 8) of log 1");
        ACCEPTED(store, &other); /* whose cosignatures are all wrong */
        assert_false(verdict.has_ca_signature);
        trust_store_free(store);
    }
}

/* Every bit of the hash counts. */
static void nearly_the_hash(void **state)
{
    (void)state;
    struct maker_cert cert;
    uint8_t hash[HASH_SIZE];
    struct tai id;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    maker_subtree_hash(&cert, hash);
    OK(tai_parse_text(bytes_of_text(gm.id), &id, &err));
    for (size_t bit = 0; bit < 8 * HASH_SIZE; bit++) {
        struct trust_store *store = store_of(&gm, NULL, "");
        hash[bit / 8] ^= (uint8_t)(1U << bit % 8);
        OK(trust_store_add_subtree(store, &id, 1, (struct subtree){4, 8}, hash, &err));
        REFUSED(store, &cert, "trusted subtree hash mismatch");
        hash[bit / 8] ^= (uint8_t)(1U << bit % 8);
        trust_store_free(store);
    }
}

/* A trusted subtree matches with its CA, log, start and end. */
static void other_subtrees(void **state)
{
    (void)state;
    struct maker_cert cert;
    uint8_t hash[HASH_SIZE];
    maker_cert_init(&cert, &gm, 2, 5, 4, 6);
    maker_subtree_hash(&cert, hash);
    char base64[64];
    struct builder b;
    builder_init_fixed(&b, base64, sizeof base64);
    text_write_base64(&b, BYTES_OF(hash));
    builder_u8(&b, 0);
    static const struct {
        const char *where;
        bool is_it;
    } cases[] = {{"32473.1 2 4 6", true}, {"32473.2 2 4 6", false}, {"32473.1 1 4 6", false},
                 {"32473.1 3 4 6", false}, {"32473.1 2 4 5", false}, {"32473.1 2 4 8", false},
                 {"32473.1 2 0 6", false}, {"32473.1 2 6 8", false}, {"32473.1.0.2 2 4 6", false}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char statement[160];
        (void)snprintf(statement, sizeof statement, "trusted-subtree %s %s\n", cases[i].where, base64);
        struct trust_store *store = store_with(statement);
        if (cases[i].is_it)
            ACCEPTED(store, &cert);
        else
            REFUSED(store, &cert, "[4, 6) of log 2 is not a trusted subtree");
        trust_store_free(store);
    }
}

/* Nothing is in an empty subtree, even when that is trusted and signed. */
static void empty_subtrees(void **state)
{
    (void)state;
    for (uint64_t at = 4; at <= 6; at++) {
        struct maker_cert cert;
        maker_cert_init(&cert, &gm, 1, 5, at, at);
        struct trust_store *store = store_trusting(&cert);
        maker_ca_sign(&cert);
        REFUSED(store, &cert, "inclusion proof");
        trust_store_free(store);
    }
}

static void bad_inclusion(void **state)
{
    (void)state;
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    struct trust_store *store = store_trusting(&cert);
    ACCEPTED(store, &cert);
    uint8_t path[3 * HASH_SIZE] = {0};
    size_t lens[] = {HASH_SIZE, 3 * HASH_SIZE, 2 * HASH_SIZE - 1, 2 * HASH_SIZE + 1, 1};
    for (size_t i = 0; i < LENGTH(lens); i++) {
        cert.inclusion_proof = bytes_of(path, lens[i]);
        assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "inclusion proof");
    }
    cert.inclusion_proof = bytes_of(path, 2 * HASH_SIZE);
    REFUSED(store, &cert, "trusted subtree hash mismatch");
    trust_store_free(store);
    /* Subtrees that the index is not in, or that are none. */
    static const uint64_t bad[][3] = {{3, 4, 8}, {8, 4, 8}, {5, 3, 6}, {5, 2, 6}, {5, 8, 4}, {0, 1, 1}};
    store = store_with("");
    for (size_t i = 0; i < LENGTH(bad); i++) {
        maker_cert_init(&cert, &gm, 1, 5, 4, 8); /* signatures and path are of a good one */
        maker_ca_sign(&cert);
        cert.index = bad[i][0];
        cert.start = bad[i][1];
        cert.end = bad[i][2];
        cert.inclusion_proof = bytes_of(path, 2 * HASH_SIZE);
        REFUSED(store, &cert, "inclusion proof");
    }
    trust_store_free(store);
}

/* ---- serial numbers ---- */

static enum status judge_serial(struct trust_store *store, uint64_t serial)
{
    struct maker_cert cert;
    uint64_t index = serial & 0xffffffffffff;
    maker_cert_init(&cert, &gm, (uint16_t)(serial >> 48), index, index, index + 1);
    maker_ca_sign(&cert);
    return judge(store, &cert);
}

static void serial_window(void **state)
{
    (void)state;
    struct maker_ca kept = gm;
    gm.der = bytes_of(NULL, 0);
    gm.min_serial = MAKER_SERIAL(1, 1000);
    gm.max_serial = MAKER_SERIAL(4, 2000);
    maker_ca_write(&gm);
    struct trust_store *store = store_with("");
    OK(judge_serial(store, MAKER_SERIAL(1, 1000)));
    OK(judge_serial(store, MAKER_SERIAL(4, 2000)));
    OK(judge_serial(store, MAKER_SERIAL(1, 0xfffffffffffe)));
    assert_says(judge_serial(store, MAKER_SERIAL(1, 999)), &err, STATUS_REFUSED, "outside the CA's window");
    assert_says(judge_serial(store, MAKER_SERIAL(4, 2001)), &err, STATUS_REFUSED, "outside the CA's window");
    assert_says(judge_serial(store, MAKER_SERIAL(5, 0)), &err, STATUS_REFUSED, "outside the CA's window");
    assert_says(judge_serial(store, 1000), &err, STATUS_REFUSED, "serial 0:1000 is outside the CA's window");
    trust_store_free(store);
    free((uint8_t *)(uintptr_t)gm.der.data);
    gm = kept;
}

static void serial_forms(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        const char *complaint;
    } cases[] = {
        {"ff", "negative or above 2^64-1"},
        {"80", "negative or above 2^64-1"},
        {"ff7fffffffffffff", "negative or above 2^64-1"},
        {"010000000000000000", "negative or above 2^64-1"},
        {"01000001000000000005", "negative or above 2^64-1"},
        {"00ffffffffffffffff", "outside the CA's window"},
        {"00", "outside the CA's window"},
        {"05", "outside the CA's window"},
    };
    struct trust_store *store = store_with("");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct maker_cert cert;
        struct bytes serial = heap_hex(cases[i].hex);
        maker_cert_init(&cert, &gm, 1, 5, 4, 8);
        maker_ca_sign(&cert);
        cert.serial = serial;
        REFUSED(store, &cert, cases[i].complaint);
        heap_free(serial);
    }
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    maker_ca_sign(&cert);
    cert.serial = bytes_of("\0\1\0\0\0\0\0\5", 8); /* not the shortest form */
    assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "certificate: ");
    trust_store_free(store);
}

/* Log 0 cannot exist, although -05 lets a CA say that its serial numbers begin at 0. */
static void log_0(void **state)
{
    (void)state;
    struct maker_ca old;
    maker_ca_init(&old, &maker_05, "32473.7", "ecdsa_p256_sha256");
    old.min_serial = 0;
    maker_ca_write(&old);
    struct trust_store *store = store_of(&old, NULL, "");
    struct maker_cert cert;
    maker_cert_init(&cert, &old, 0, 5, 4, 8);
    maker_ca_sign(&cert);
    REFUSED(store, &cert, "log 0");
    maker_cert_init(&cert, &old, 1, 5, 4, 8);
    maker_ca_sign(&cert);
    ACCEPTED(store, &cert);
    trust_store_free(store);
    maker_ca_clear(&old);
}

static void revoked_ranges(void **state)
{
    (void)state;
    struct trust_store *store = store_with("revoked 32473.1 1:1000 1:1999\n"
                                           "revoked 32473.1 1:1500 1:2500   # overlaps\n"
                                           "revoked 32473.1 0 1:9\n"
                                           "revoked 32473.2 1:5000 1:6000   # another CA's\n"
                                           "revoked 32473.1 3:0 18446744073709551615\n");
    static const uint64_t good[] = {MAKER_SERIAL(1, 10), MAKER_SERIAL(1, 999), MAKER_SERIAL(1, 2501),
                                    MAKER_SERIAL(1, 5500), MAKER_SERIAL(2, 1500), MAKER_SERIAL(2, 0xfffffffffffe)};
    static const uint64_t bad[] = {MAKER_SERIAL(1, 0), MAKER_SERIAL(1, 9), MAKER_SERIAL(1, 1000), MAKER_SERIAL(1, 1499),
                                   MAKER_SERIAL(1, 1999), MAKER_SERIAL(1, 2000), MAKER_SERIAL(1, 2500),
                                   MAKER_SERIAL(3, 0), MAKER_SERIAL(9, 77)};
    for (size_t i = 0; i < LENGTH(good); i++)
        assert_ok(judge_serial(store, good[i]), &err, "not revoked");
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(judge_serial(store, bad[i]), &err, STATUS_REFUSED, "is in a revoked range");
    trust_store_free(store);
    /* Revoked ones are refused below a trusted subtree too. */
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    store = store_trusting(&cert);
    ACCEPTED(store, &cert);
    struct tai id;
    OK(tai_parse_text(bytes_of_text("32473.1"), &id, &err));
    OK(trust_store_add_revoked(store, &id, MAKER_SERIAL(1, 5), MAKER_SERIAL(1, 5), &err));
    REFUSED(store, &cert, "serial 1:5 is in a revoked range");
    trust_store_free(store);
}

/* ---- whose certificate, in which version ---- */

static void issuers(void **state)
{
    (void)state;
    struct trust_store *store = store_with("");
    struct maker_cert cert;
    struct maker_ca stranger;
    maker_ca_init(&stranger, &maker_gm, "32473.8", "sm2_sm3");
    maker_cert_init(&cert, &stranger, 1, 5, 4, 8);
    maker_ca_sign(&cert);
    assert_says(judge(store, &cert), &err, STATUS_NOT_FOUND, "no trusted CA");
    maker_ca_clear(&stranger);
    static const char *const names[] = {
        "3000", /* empty */
        /* 32473.1, with an RDN of CN=x behind it */
        "3020" "3112301006082b060105050719030d0481fd5901" "310a300806035504030c0178",
        /* as UTF8String */
        "3017" "3115301306082b060105050719030c0733323437332e31",
        /* under the experimental attribute */
        "3016" "31143012060a2b0601040182da4b2f030d0481fd5901",
        /* 32473 and 32473.1.1 */
        "3013" "3111300f06082b060105050719030d0381fd59",
        "3015" "3113301106082b060105050719030d0581fd590101",
    };
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct bytes name = heap_hex(names[i]);
        maker_cert_init(&cert, &gm, 1, 5, 4, 8);
        cert.issuer = name;
        maker_ca_sign(&cert);
        assert_says(judge(store, &cert), &err, STATUS_NOT_FOUND, "no trusted CA has the name of the issuer");
        heap_free(name);
    }
    trust_store_free(store);
}

static void algorithm_identifiers(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "300c06082b060105050706430500",             /* NULL parameters */
        "300c060a2b0601040182da4b2f00",             /* that of -06 and before */
        "300a06082a811ccf55018375",                 /* SM2 with SM3 */
        "300a06082b06010505070642",
    };
    struct trust_store *store = store_with("");
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        struct bytes algorithm = heap_hex(wrong[i]);
        struct maker_cert cert;
        maker_cert_init(&cert, &gm, 1, 5, 4, 8);
        maker_ca_sign(&cert);
        cert.inner_algorithm = algorithm;
        REFUSED(store, &cert, "signature in the TBSCertificate is not id-alg-mtcProof of gm-0");
        cert.outer_algorithm = algorithm;
        REFUSED(store, &cert, "signature in the TBSCertificate is not id-alg-mtcProof of gm-0");
        cert.inner_algorithm = bytes_of(NULL, 0);
        REFUSED(store, &cert, "signatureAlgorithm is not id-alg-mtcProof of gm-0");
        heap_free(algorithm);
    }
    trust_store_free(store);
}

/* A CA of one hash, a tree of the other: trusted or signed, it is no proof. */
static void other_hash(void **state)
{
    (void)state;
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(cas); i++) {
        struct maker_cert cert;
        maker_cert_init(&cert, cas[i], 1, 5, 4, 8);
        cert.hash = cas[i] == &gm ? &hash_sha256 : &hash_sm3;
        maker_ca_sign(&cert);
        struct trust_store *store = store_with("");
        REFUSED(store, &cert, "no good signature of the CA");
        trust_store_free(store);
        store = store_trusting(&cert);
        REFUSED(store, &cert, "trusted subtree hash mismatch");
        trust_store_free(store);
    }
}

static void entry_extensions(void **state)
{
    (void)state;
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    cert.entry_extensions = bytes_of("\xf0\x00\x00\x01x\xf0\x01\x00\x00", 9);
    struct trust_store *store = store_trusting(&cert);
    ACCEPTED(store, &cert);
    cert.logged_entry_extensions = cert.entry_extensions;
    cert.entry_extensions = bytes_of("\xf0\x00\x00\x01y\xf0\x01\x00\x00", 9);
    REFUSED(store, &cert, "mismatch");
    cert.entry_extensions = bytes_of(NULL, 0);
    REFUSED(store, &cert, "mismatch");
    cert.entry_extensions = bytes_of("\xf0\x01\x00\x00\xf0\x00\x00\x01x", 9);
    assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "types not in order");
    trust_store_free(store);
}

static void bytes_behind_the_proof(void **state)
{
    (void)state;
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    struct trust_store *store = store_trusting(&cert);
    cert.after_proof = bytes_of("\0", 1);
    assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "bytes behind the end");
    trust_store_free(store);
}

/* The five versions, each read as its CA's and as no other. */
static void versions(void **state)
{
    (void)state;
    static const struct maker_draft *const drafts[] = {&maker_gm, &maker_07, &maker_06, &maker_05, &maker_04};
    struct maker_ca cas[LENGTH(drafts)];
    for (size_t i = 0; i < LENGTH(drafts); i++)
        maker_ca_init(&cas[i], drafts[i], "32473.44", "sm2_sm3");
    for (size_t i = 0; i < LENGTH(drafts); i++) {
        struct trust_store *store = store_of(&cas[i], NULL, "");
        struct maker_cert cert;
        for (size_t k = 0; k < LENGTH(drafts); k++) {
            /* The same key, ID and log under every version. */
            struct maker_ca other = cas[i];
            other.draft = drafts[k];
            maker_cert_init(&cert, &other, 1, 5, 4, 8);
            maker_ca_sign(&cert);
            enum status s = judge(store, &cert);
            bool is_same = k == i || (k > 2 && i > 2); /* certificates of -04 and -05 look the same */
            assert_int_equal(s == STATUS_OK, is_same);
            if (k == i)
                assert_string_equal(verdict.ca->draft->name, drafts[k]->name);
        }
        /* Length of `signatures` as in the other versions. */
        maker_cert_init(&cert, &cas[i], 1, 5, 4, 8);
        maker_ca_sign(&cert);
        cert.signatures_prefix = drafts[i]->signatures_prefix == 3 ? 2 : 3;
        assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "MTCProof");
        cert.signature_count = 0;
        assert_says(judge(store, &cert), &err, STATUS_MALFORMED, "MTCProof");
        trust_store_free(store);
    }
    for (size_t i = 0; i < LENGTH(drafts); i++)
        maker_ca_clear(&cas[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ca_signature_alone),    cmocka_unit_test(places),
        cmocka_unit_test(requirements),          cmocka_unit_test(others_without_ca),
        cmocka_unit_test(unknown_cosigners),     cmocka_unit_test(bad_signatures),
        cmocka_unit_test(other_messages),        cmocka_unit_test(swapped_ids),
        cmocka_unit_test(other_ca_signs),        cmocka_unit_test(order_of_cosignatures),
        cmocka_unit_test(mismatch_is_final),     cmocka_unit_test(nearly_the_hash),
            cmocka_unit_test(other_subtrees),
        cmocka_unit_test(empty_subtrees),        cmocka_unit_test(bad_inclusion),
        cmocka_unit_test(serial_window),         cmocka_unit_test(serial_forms),
        cmocka_unit_test(log_0),                 cmocka_unit_test(revoked_ranges),
        cmocka_unit_test(issuers),               cmocka_unit_test(algorithm_identifiers),
        cmocka_unit_test(other_hash),            cmocka_unit_test(entry_extensions),
        cmocka_unit_test(bytes_behind_the_proof), cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
