/* What a store takes, what it refuses, and what it finds again. */
#include "unit/rules/judging.h"

static struct maker_ca gm, intl;

static int make_world(void **state)
{
    (void)state;
    maker_ca_init(&gm, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&intl, &maker_07, "32473.2", "ecdsa_p256_sha256");
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    maker_ca_clear(&gm);
    maker_ca_clear(&intl);
    return 0;
}

static struct tai tai_of(const char *text)
{
    struct tai id;
    OK(tai_parse_text(bytes_of_text(text), &id, &err));
    return id;
}

/* An Ed25519 key that nobody has; number makes it another. */
static struct bytes synthetic_spki(unsigned number, uint8_t out[44])
{
    static const uint8_t head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    memset(out, 0, 44);
    memcpy(out, head, sizeof head);
    out[12] = (uint8_t)number;
    out[13] = (uint8_t)(number >> 8);
    return bytes_of(out, 44);
}

static enum status add_ca(struct trust_store *store, struct bytes der)
{
    struct bytes copy = heap_copy(der);
    enum status s = trust_store_add_ca(store, copy, &err);
    heap_free(copy); /* the store has a copy of its own */
    return s;
}

static void cas(void **state)
{
    (void)state;
    struct trust_store *store = store_of(NULL, NULL, "");
    OK(add_ca(store, gm.der));
    OK(add_ca(store, intl.der));
    static const struct {
        const char *name, *draft;
    } names[] = {
        {"3014" "3112301006082b060105050719030d0481fd5901", "gm-0"},
        {"3014" "3112301006082b060105050719030d0481fd5902", "draft-07"},
        {"3014" "3112301006082b060105050719030d0481fd5903", NULL},
        {"3000", NULL},
    };
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct bytes name = heap_hex(names[i].name);
        const struct trust_ca *ca = trust_store_find_ca(store, name);
        assert_int_equal(ca != NULL, names[i].draft != NULL);
        if (ca != NULL) {
            assert_string_equal(ca->draft->name, names[i].draft);
            assert_true(ca->min_serial == MAKER_SERIAL(1, 0));
            assert_true(ca->max_serial == MAKER_SERIAL(9, 0xffffffffffff));
            assert_true(ca->not_before_s == MAKER_NOW - MAKER_YEAR);
            assert_true(ca->not_after_s == MAKER_NOW + MAKER_YEAR);
        }
        heap_free(name);
    }
    assert_null(trust_store_find_ca(store, bytes_of(NULL, 0)));
    trust_store_free(store);
    trust_store_free(NULL);
}

/* What is no CA certificate, and that nothing of it stays. */
static void no_cas(void **state)
{
    (void)state;
    struct trust_store *store = store_of(NULL, NULL, "");
    assert_says(trust_store_add_ca(store, bytes_of(NULL, 0), &err), &err, STATUS_MALFORMED, "CA certificate: empty");
    assert_says(add_ca(store, bytes_of("0", 1)), &err, STATUS_MALFORMED, "certificate");
    assert_says(add_ca(store, bytes_of(gm.der.data, gm.der.len - 1)), &err, STATUS_MALFORMED, "certificate");
    static const uint8_t large[(size_t)257 * 1024] = {0x30};
    assert_says(add_ca(store, BYTES_OF(large)), &err, STATUS_LIMIT, "CA certificate: longer than");
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    struct bytes leaf = maker_write(&cert);
    assert_says(add_ca(store, leaf), &err, STATUS_REFUSED, "no Merkle Tree CA extension");
    heap_free(leaf);
    OK(add_ca(store, gm.der));
    trust_store_free(store);
}

static void conflicting_cas(void **state)
{
    (void)state;
    struct trust_store *store = store_of(&gm, &intl, "");
    assert_says(add_ca(store, gm.der), &err, STATUS_CONFLICT, "32473.1 is the ID of a CA already");
    /* The same ID under another version, whose name is another: an ID has one hash and one key. */
    struct maker_ca other;
    maker_ca_init(&other, &maker_06, "32473.1", "ecdsa_p256_sha256");
    assert_says(add_ca(store, other.der), &err, STATUS_CONFLICT, "32473.1 is the ID of a CA already");
    maker_ca_clear(&other);
    /* The same key under another ID. */
    other = intl;
    other.id = "32473.22";
    other.der = bytes_of(NULL, 0);
    maker_ca_write(&other);
    assert_says(add_ca(store, other.der), &err, STATUS_CONFLICT, "32473.22 has the key of a CA: one key has one ID");
    free((uint8_t *)(uintptr_t)other.der.data);
    trust_store_free(store);
}

/* Cosigner first, CA second: the same conflicts. */
static void cas_against_cosigners(void **state)
{
    (void)state;
    uint8_t memory[44];
    struct tai id = tai_of("32473.1"), free_id = tai_of("32473.50");
    struct trust_store *store = store_of(NULL, NULL, "");
    OK(trust_store_add_cosigner(store, &id, bytes_of_text("ed25519"), synthetic_spki(1, memory), &err));
    assert_says(add_ca(store, gm.der), &err, STATUS_CONFLICT, "32473.1 is the ID of a cosigner already");
    OK(trust_store_add_cosigner(store, &free_id, bytes_of_text("ecdsa_p256_sha256"),
                                public_key_spki(private_key_public(intl.key)), &err));
    assert_says(add_ca(store, intl.der), &err, STATUS_CONFLICT, "32473.2 has the key of another cosigner");
    trust_store_free(store);
}

/* One key, one spelling: no second ID by writing the same point in another way. */
static void spellings_of_a_key(void **state)
{
    (void)state;
    struct trust_store *store = store_of(&intl, NULL, "");
    struct tai id = tai_of("32473.50");
    struct bytes spki = public_key_spki(private_key_public(intl.key));
    uint8_t memory[64 + 59];
    assert_int_equal(spki.len, 91);
    memcpy(memory, spki.data, 26);
    memory[1] = 0x39;  /* 57 bytes of contents */
    memory[24] = 0x22; /* 34 bytes of BIT STRING */
    memory[26] = (uint8_t)(2 | (spki.data[90] & 1));
    memcpy(memory + 27, spki.data + 27, 32);
    assert_says(trust_store_add_cosigner(store, &id, bytes_of_text("ecdsa_p256_sha256"), bytes_of(memory, 59), &err),
                &err, STATUS_MALFORMED, "not in its canonical encoding");
    trust_store_free(store);
}

static void many_cosigners(void **state)
{
    (void)state;
    struct trust_store *store = store_of(NULL, NULL, "");
    struct tai ids[TRUST_COSIGNERS_MAX + 1];
    uint8_t memory[44];
    size_t number;
    for (unsigned i = 0; i <= TRUST_COSIGNERS_MAX; i++) {
        /* Not in their order. */
        ids[i] = tai_of("32473.6");
        OK(tai_append(&ids[i], i * 7919 % 1000003 * 100, &err));
        enum status s = trust_store_add_cosigner(store, &ids[i], bytes_of_text("ed25519"), synthetic_spki(i, memory), &err);
        if (i < TRUST_COSIGNERS_MAX)
            OK(s);
        else
            assert_says(s, &err, STATUS_LIMIT, "more than 256 cosigners");
    }
    bool is_taken[TRUST_COSIGNERS_MAX] = {false};
    for (unsigned i = 0; i < TRUST_COSIGNERS_MAX; i++) {
        const struct trust_cosigner *cosigner = trust_store_find_cosigner(store, tai_bytes(&ids[i]), &number);
        assert_non_null(cosigner);
        assert_bytes(public_key_spki(cosigner->key), synthetic_spki(i, memory));
        assert_true(number < TRUST_COSIGNERS_MAX && !is_taken[number]);
        assert_ptr_equal(trust_store_cosigner(store, number), cosigner);
        is_taken[number] = true;
    }
    assert_null(trust_store_find_cosigner(store, tai_bytes(&ids[TRUST_COSIGNERS_MAX]), &number));
    assert_null(trust_store_cosigner(store, TRUST_COSIGNERS_MAX));
    OK(trust_store_require(store, TRUST_COSIGNERS_MAX, ids, TRUST_COSIGNERS_MAX, &err));
    assert_says(trust_store_require(store, 1, ids, TRUST_COSIGNERS_MAX + 1, &err), &err, STATUS_USAGE, "cannot be required");
    for (size_t i = 1; i < TRUST_REQUIREMENTS_MAX; i++)
        OK(trust_store_require(store, 1, ids, 1, &err));
    assert_says(trust_store_require(store, 1, ids, 1, &err), &err, STATUS_LIMIT, "more than 2048 requirements");
    trust_store_free(store);
}

static void subtrees(void **state)
{
    (void)state;
    struct trust_store *store = store_of(NULL, NULL, "");
    struct tai ids[] = {tai_of("32473.1"), tai_of("32473.2"), tai_of("32473.1.0.1")};
    uint8_t hash[HASH_SIZE] = {0}, other[HASH_SIZE] = {1};
    /* Many, backwards, each with its own hash. */
    for (unsigned i = 400; i-- > 0;) {
        hash[0] = (uint8_t)i;
        hash[1] = (uint8_t)(i >> 8);
        OK(trust_store_add_subtree(store, &ids[i % 3], (uint16_t)(1 + i % 2), (struct subtree){4ULL * i, 4ULL * i + 4 - i % 4}, hash, &err));
    }
    for (unsigned i = 0; i < 400; i++) {
        struct subtree s = {4ULL * i, 4ULL * i + 4 - i % 4};
        const uint8_t *found = trust_store_find_subtree(store, &ids[i % 3], (uint16_t)(1 + i % 2), s);
        assert_non_null(found);
        assert_int_equal(found[0] | found[1] << 8, i);
        assert_null(trust_store_find_subtree(store, &ids[(i + 1) % 3], (uint16_t)(1 + i % 2), s));
        assert_null(trust_store_find_subtree(store, &ids[i % 3], (uint16_t)(2 - i % 2), s));
        assert_null(trust_store_find_subtree(store, &ids[i % 3], 3, s));
        assert_null(trust_store_find_subtree(store, &ids[i % 3], (uint16_t)(1 + i % 2), (struct subtree){s.start, s.end + 1}));
        assert_null(trust_store_find_subtree(store, &ids[i % 3], (uint16_t)(1 + i % 2), (struct subtree){s.start + 1, s.end}));
    }
    struct subtree first = {0, 4};
    const uint8_t zeros[HASH_SIZE] = {0};
    OK(trust_store_add_subtree(store, &ids[0], 1, first, zeros, &err)); /* the same again */
    assert_says(trust_store_add_subtree(store, &ids[0], 1, first, other, &err), &err, STATUS_CONFLICT, "two hashes");
    assert_says(trust_store_add_subtree(store, &ids[0], 0, first, zeros, &err), &err, STATUS_USAGE, "log 0");
    assert_says(trust_store_add_subtree(store, &ids[0], 1, (struct subtree){1, 3}, zeros, &err), &err, STATUS_USAGE, "not valid");
    assert_says(trust_store_add_subtree(store, &ids[0], 1, (struct subtree){3, 2}, zeros, &err), &err, STATUS_USAGE, "not valid");
    OK(trust_store_add_subtree(store, &ids[0], 1, (struct subtree){7, 7}, zeros, &err));
    trust_store_free(store);
}

/* Ranges in any order, against a plain table. */
static void revoked_at_random(void **state)
{
    (void)state;
    enum { UNIVERSE = 97 };
    const uint64_t base = UINT64_MAX - UNIVERSE + 1; /* the last number is 2^64 - 1 */
    struct tai ids[] = {tai_of("32473.1"), tai_of("32473.2")};
    uint32_t random = 1;
    for (int round = 0; round < 200; round++) {
        struct trust_store *store = store_of(NULL, NULL, "");
        bool is_revoked[2][UNIVERSE] = {{false}};
        for (int i = 0; i < 1 + round % 30; i++) {
            random = random * 1664525 + 1013904223;
            unsigned which = random >> 31, first = (random >> 8) % UNIVERSE, len = (random >> 20) % 8;
            unsigned last = first + len < UNIVERSE ? first + len : UNIVERSE - 1;
            OK(trust_store_add_revoked(store, &ids[which], base + first, base + last, &err));
            for (unsigned k = first; k <= last; k++)
                is_revoked[which][k] = true;
        }
        for (unsigned which = 0; which < 2; which++)
            for (unsigned k = 0; k < UNIVERSE; k++)
                assert_int_equal(trust_store_is_revoked(store, &ids[which], base + k), is_revoked[which][k]);
        assert_false(trust_store_is_revoked(store, &ids[0], base - 1));
        assert_false(trust_store_is_revoked(store, &ids[0], 0));
        trust_store_free(store);
    }
}

static void revoked_edges(void **state)
{
    (void)state;
    struct trust_store *store = store_of(NULL, NULL, "");
    struct tai id = tai_of("32473.1"), other = tai_of("32473.2");
    assert_says(trust_store_add_revoked(store, &id, 2, 1, &err), &err, STATUS_USAGE, "2 is after 1");
    assert_false(trust_store_is_revoked(store, &id, 1));
    OK(trust_store_add_revoked(store, &id, 0, 0, &err));
    assert_true(trust_store_is_revoked(store, &id, 0));
    assert_false(trust_store_is_revoked(store, &id, 1));
    OK(trust_store_add_revoked(store, &id, 0, UINT64_MAX, &err));
    assert_true(trust_store_is_revoked(store, &id, UINT64_MAX));
    assert_false(trust_store_is_revoked(store, &other, UINT64_MAX));
    trust_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cas),            cmocka_unit_test(no_cas),
        cmocka_unit_test(conflicting_cas), cmocka_unit_test(cas_against_cosigners),
        cmocka_unit_test(spellings_of_a_key), cmocka_unit_test(many_cosigners),
        cmocka_unit_test(subtrees),       cmocka_unit_test(revoked_at_random),
        cmocka_unit_test(revoked_edges),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
