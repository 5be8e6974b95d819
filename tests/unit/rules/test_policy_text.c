/* The policy file: every statement, every complaint with its line. */
#include <stdio.h>

#include "unit/rules/judging.h"

static struct maker_cosigner cosigner;
static struct maker_ca ca;
static char cosigner_line[4096], spki64[2048];

static int make_world(void **state)
{
    (void)state;
    maker_cosigner_init(&cosigner, "32473.3.1", "ed25519");
    maker_ca_init(&ca, &maker_gm, "32473.1", "sm2_sm3");
    struct builder b;
    builder_init_fixed(&b, cosigner_line, sizeof cosigner_line);
    maker_cosigner_line(&cosigner, &b);
    builder_u8(&b, 0);
    builder_init_fixed(&b, spki64, sizeof spki64);
    text_write_base64(&b, maker_cosigner_spki(&cosigner));
    builder_u8(&b, 0);
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    maker_cosigner_clear(&cosigner);
    maker_ca_clear(&ca);
    return 0;
}

#define ZEROS64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static enum status read_policy(struct bytes text, struct trust_store *store)
{
    struct bytes copy = heap_copy(text);
    err = (struct error){.status = STATUS_OK};
    enum status s = policy_text_read(copy, store, &err);
    heap_free(copy);
    return s;
}

static void refused_bytes(struct bytes text, const char *complaint)
{
    struct trust_store *store = store_of(&ca, NULL, "");
    assert_says(read_policy(text, store), &err, STATUS_USAGE, complaint);
    /* Without a place for the reason it is refused all the same. */
    trust_store_free(store);
    store = store_of(&ca, NULL, "");
    assert_int_equal(policy_text_read(text, store, NULL), STATUS_USAGE);
    trust_store_free(store);
}

/* The text, in which % stands for the key in base64, $ for its whole line, and ! for a hash. */
static void refused(const char *text, const char *complaint)
{
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%')
            builder_text(&b, spki64);
        else if (*c == '$')
            builder_text(&b, cosigner_line);
        else if (*c == '!')
            builder_text(&b, ZEROS64);
        else
            builder_u8(&b, (uint8_t)*c);
    }
    refused_bytes(builder_view(&b), complaint);
    builder_clear(&b);
}

static void all_statements(void **state)
{
    (void)state;
    struct builder b;
    struct tai id;
    size_t count, number;
    builder_init(&b, MAKER_SIZE_MAX);
    builder_text(&b, "# a comment\r\n\r\n \t \n");
    builder_text(&b, cosigner_line);
    builder_text(&b, "\ttrusted-subtree  32473.1\t1 2048 2122 " ZEROS64 "   # and another\r\n"
                     "require-cosigners all 32473.3.1#close\r\n"
                     "require-cosigners any 32473.3.1\n"
                     "require-cosigners 1 32473.3.1\n"
                     "revoked 32473.1 281474976710656 1:5\n"
                     "revoked 32473.1 18446744073709551615 18446744073709551615\n"
                     "revoked 32473.1 2:0 2:281474976710655"); /* no line end */
    struct trust_store *store = store_of(&ca, NULL, "");
    OK(read_policy(builder_view(&b), store));
    builder_clear(&b);
    OK(tai_parse_text(bytes_of_text("32473.3.1"), &id, &err));
    const struct trust_cosigner *found = trust_store_find_cosigner(store, tai_bytes(&id), &number);
    assert_non_null(found);
    assert_bytes(public_key_spki(found->key), maker_cosigner_spki(&cosigner));
    const struct trust_requirement *required = trust_store_requirements(store, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(required[i].needed, 1);
        assert_int_equal(required[i].count, 1);
    }
    OK(tai_parse_text(bytes_of_text("32473.1"), &id, &err));
    static const uint8_t zeros[HASH_SIZE];
    const uint8_t *hash = trust_store_find_subtree(store, &id, 1, (struct subtree){2048, 2122});
    assert_non_null(hash);
    assert_memory_equal(hash, zeros, HASH_SIZE);
    static const struct {
        uint64_t serial;
        bool is_revoked;
    } serials[] = {
        {MAKER_SERIAL(1, 0), true},  {MAKER_SERIAL(1, 5), true},  {MAKER_SERIAL(1, 6), false},
        {MAKER_SERIAL(0, 0xffffffffffff), false}, {UINT64_MAX, true}, {UINT64_MAX - 1, false},
        {MAKER_SERIAL(2, 0), true}, {MAKER_SERIAL(2, 0xffffffffffff), true}, {MAKER_SERIAL(3, 0), false},
    };
    for (size_t i = 0; i < LENGTH(serials); i++)
        assert_int_equal(trust_store_is_revoked(store, &id, serials[i].serial), serials[i].is_revoked);
    trust_store_free(store);
}

static void nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "#", "\r\n\r\n", "# cosigner\n  # revoked", " \t"};
    for (size_t i = 0; i < LENGTH(texts); i++)
        trust_store_free(store_of(&ca, NULL, texts[i]));
    struct trust_store *store = store_of(NULL, NULL, "");
    OK(policy_text_read(bytes_of(NULL, 0), store, &err));
    trust_store_free(store);
}

static void lines(void **state)
{
    (void)state;
    refused("trust 32473.1\n", "line 1: unknown statement \"trust\"");
    refused("Cosigner", "line 1: unknown statement \"Cosigner\"");
    refused("\n# x\r\n\r\n  nonsense x\n", "line 4: unknown statement \"nonsense\"");
    refused("$nonsense\nmore", "line 2: unknown");
    refused("revoked 32473.1 1 2\rrevoked 32473.1 3 4", "line 1: expected: revoked");
    refused_bytes(bytes_of("\n\0\n", 3), "line 2: unknown statement \"\"");
    char longest[2048];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    refused(longest, "line 1: unknown statement \"xxxx");
    assert_true(strlen(err.text) < 100);
}

static void cosigners(void **state)
{
    (void)state;
    const char *expected = "expected: cosigner ID ALG BASE64(SPKI)";
    refused("cosigner", expected);
    refused("cosigner 32473.3.1", expected);
    refused("cosigner 32473.3.1 ed25519", expected);
    refused("cosigner 32473..1 ed25519 %", expected);
    refused("cosigner 032473.1 ed25519 %", expected);
    refused("cosigner oid/1.3.6.1.4.1.32473.1 ed25519 %", expected);
    refused("cosigner 32473.3.1 ed25519 % x", expected);
    refused("cosigner 32473.3.1 ed25519 %=", expected);
    refused("cosigner 32473.3.1 ed25519 MCow", "not a key of algorithm ed25519");
    refused("\ncosigner 32473.3.1 sm2 %", "line 2: unknown algorithm \"sm2\"");
    refused("cosigner 32473.3.1 mldsa44 %", "line 1: not a key of algorithm mldsa44");
    refused("$$", "line 2: 32473.3.1 is the ID of a cosigner already");
    refused("$cosigner 32473.3.2 ed25519 %", "line 2: 32473.3.2 has the key of another cosigner: one key has one ID");
    refused("cosigner 32473.1 ed25519 %", "line 1: 32473.1 is the ID of a CA already");
    /* 4096 bytes of key and one more */
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    builder_text(&b, "cosigner 32473.3.1 ed25519 ");
    for (size_t i = 0; i < 4098 / 3; i++)
        builder_text(&b, "AAAA");
    refused_bytes(builder_view(&b), expected);
    builder_reset(&b);
    /* The key of the CA under another ID. */
    builder_text(&b, "cosigner 32473.3.1 sm2_sm3 ");
    text_write_base64(&b, public_key_spki(private_key_public(ca.key)));
    refused_bytes(builder_view(&b), "line 1: 32473.3.1 has the key of a CA: one key has one ID");
    builder_clear(&b);
}

static void subtrees(void **state)
{
    (void)state;
    const char *expected = "line 1: expected: trusted-subtree CA-ID LOG START END BASE64(32-byte hash)";
    refused("trusted-subtree", expected);
    refused("trusted-subtree 32473.1 1 0 8", expected);
    refused("trusted-subtree 32473.1 1 0 8 ! 9", expected);
    refused("trusted-subtree 32473.1 65536 0 8 !", expected);
    refused("trusted-subtree 32473.1 -1 0 8 !", expected);
    refused("trusted-subtree 32473.1 01 0 8 !", expected);
    refused("trusted-subtree 32473.1 1 0 18446744073709551616 !", expected);
    refused("trusted-subtree 32473.1 1 0 8 AAAA", expected);
    refused("trusted-subtree 32473.1 1 0 8 AAAA!", expected);
    refused("trusted-subtree x 1 0 8 !", expected);
    refused("trusted-subtree 32473.1 0 0 8 !", "line 1: trusted subtree: log 0 [0, 8) is not valid");
    refused("trusted-subtree 32473.1 1 8 4 !", "[8, 4) is not valid");
    refused("trusted-subtree 32473.1 1 2 6 !", "[2, 6) is not valid");
    refused("trusted-subtree 32473.1 1 4 8 !\ntrusted-subtree 32473.1 1 4 8 "
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=",
            "line 2: trusted subtree [4, 8) of log 1: given with two hashes");
}

static void requirements(void **state)
{
    (void)state;
    const char *expected = "expected: require-cosigners all|any|N ID...";
    refused("require-cosigners", expected);
    refused("require-cosigners most 32473.3.1", expected);
    refused("require-cosigners 257 32473.3.1", expected);
    refused("require-cosigners -1 32473.3.1", expected);
    refused("$require-cosigners all", "line 2: 0 of 0 cosigners cannot be required");
    refused("$require-cosigners any", "line 2: 1 of 0 cosigners cannot be required");
    refused("$require-cosigners 0 32473.3.1", "line 2: 0 of 1 cosigners cannot be required");
    refused("$require-cosigners 2 32473.3.1", "line 2: 2 of 1 cosigners cannot be required");
    refused("$require-cosigners 1 32473.3.1 32473.3.1", "line 2: required cosigner 32473.3.1 is listed twice");
    refused("$require-cosigners 1 32473.3.1 x", "line 2: require-cosigners: a bad cosigner ID, or too many");
    refused("require-cosigners any 32473.3.1\n$", "line 1: required cosigner 32473.3.1 has no");
    refused("require-cosigners any 32473.1", "line 1: required cosigner 32473.1 has no");
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    builder_text(&b, "require-cosigners any");
    for (int i = 0; i < 257; i++)
        builder_printf(&b, " 32473.9.%d", i);
    refused_bytes(builder_view(&b), "line 1: require-cosigners: a bad cosigner ID, or too many");
    builder_clear(&b);
}

static void revocations(void **state)
{
    (void)state;
    const char *expected = "line 1: expected: revoked CA-ID FIRST LAST (serial numbers, or LOG:INDEX)";
    static const char *const wrong[] = {
        "revoked", "revoked 32473.1", "revoked 32473.1 1", "revoked 32473.1 1 2 3", "revoked x 1 2",
        "revoked 32473.1 1 18446744073709551616", "revoked 32473.1 0x1 2", "revoked 32473.1 1: 1:2",
        "revoked 32473.1 :1 1:2", "revoked 32473.1 1:2:3 1:4", "revoked 32473.1 65536:0 65536:1",
        "revoked 32473.1 1:281474976710656 2:0", "revoked 32473.1 1-2",
    };
    for (size_t i = 0; i < LENGTH(wrong); i++)
        refused(wrong[i], expected);
    refused("revoked 32473.1 2 1", "line 1: revoked range: 2 is after 1");
    refused("revoked 32473.1 2:0 1:9", "line 1: revoked range:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_statements), cmocka_unit_test(nothing),  cmocka_unit_test(lines),
        cmocka_unit_test(cosigners),      cmocka_unit_test(subtrees), cmocka_unit_test(requirements),
        cmocka_unit_test(revocations),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
