/* The choice of a certificate alone, as a server uses it that has a TLS of its own. */
#include "unit/api_tls/serving.h"

static struct cathaya_tls_candidate *candidates[KINDS];
static const struct cathaya_tls_candidate *const *all = (const struct cathaya_tls_candidate *const *)candidates;
static struct cathaya_tls_choice choice; /* 3 KiB */

static int set_up(void **state)
{
    (void)make_world(state);
    for (size_t i = 0; i < KINDS; i++)
        GOOD(cathaya_tls_candidate_new(text_of(&files[i].chain), files[i].chain.len, NULL, 0, &candidates[i], &outer));
    return 0;
}

static int tear_down(void **state)
{
    for (size_t i = 0; i < KINDS; i++)
        cathaya_tls_candidate_free(candidates[i]);
    return clear_world(state);
}

static const struct cathaya_tls_choice_settings landmark = {.stage = CATHAYA_TLS_STAGE_LANDMARK, .at = AT_S};

static void kinds(void **state)
{
    (void)state;
    static const char *const names[] = {"", "gm-landmark", "gm-standalone", "gm-classic", "intl-landmark", "intl-standalone", "intl-classic", ""};
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_string_equal(cathaya_tls_kind_name((enum cathaya_tls_kind)i), names[i]);
    for (size_t i = 0; i < KINDS; i++)
        assert_int_equal(cathaya_tls_candidate_kind(candidates[i]), i + 1);
    struct cathaya_tls_candidate *none;
    says(cathaya_tls_candidate_new("", 0, NULL, 0, &none, &outer), CATHAYA_USAGE, "no certificate");
    assert_null(none);
    /* An MTC whose properties stand elsewhere: only with them. */
    const char *leaf = strstr(text_of(&files[0].chain), "-----BEGIN CERTIFICATE-----");
    assert_non_null(leaf);
    says(cathaya_tls_candidate_new(leaf, strlen(leaf), NULL, 0, &none, &outer), CATHAYA_USAGE, "properties");
    cathaya_tls_candidate_free(NULL);
}

static void clients(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        enum cathaya_tls_kind kind;
        uint16_t suite, group, scheme;
        const char *group_name, *signature_name;
        int is_tls13, is_matched;
    } rows[] = {
        {"gm", CATHAYA_TLS_KIND_GM_LANDMARK, 0x00c6, 0x11ee, 0x0708, "curveSM2MLKEM768", "sm2sig_sm3", 1, 1},
        {"gm-no-landmarks", CATHAYA_TLS_KIND_GM_STANDALONE, 0x00c6, 0x11ee, 0x0708, "curveSM2MLKEM768", "sm2sig_sm3", 1, 1},
        {"intl", CATHAYA_TLS_KIND_INTL_LANDMARK, 0x1301, 0x11ec, 0x0403, "X25519MLKEM768", "ecdsa_secp256r1_sha256", 1, 1},
        {"legacy", CATHAYA_TLS_KIND_INTL_CLASSIC, 0xc02b, 0x001d, 0x0403, "x25519", "ecdsa_secp256r1_sha256", 0, 0},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct bytes hello = hello_of(rows[i].profile);
        GOOD(cathaya_tls_choose(all, KINDS, hello.data, hello.len, &landmark, &choice, &outer));
        assert_int_equal(choice.kind, rows[i].kind);
        assert_int_equal(choice.index, rows[i].kind - 1);
        assert_int_equal(choice.suites[0], rows[i].suite);
        assert_int_equal(choice.group, rows[i].group);
        assert_int_equal(choice.signature_scheme, rows[i].scheme);
        assert_string_equal(choice.group_name, rows[i].group_name);
        assert_string_equal(choice.signature_name, rows[i].signature_name);
        assert_int_equal(choice.is_tls13, rows[i].is_tls13);
        assert_int_equal(choice.is_anchor_matched, rows[i].is_matched);
        assert_int_equal(choice.available_len > 0, rows[i].is_matched);
        assert_int_equal(choice.candidate_count, KINDS);
        for (size_t j = 0; j < KINDS; j++)
            assert_true(strlen(choice.why[j]) > 3);
        /* The same without records. */
        struct cathaya_tls_choice before = choice;
        GOOD(cathaya_tls_choose(all, KINDS, hello.data + 5, hello.len - 5, &landmark, &choice, &outer));
        assert_int_equal(choice.index, before.index);
        /* GM never under a suite that is not GM, nor the other way. */
        for (size_t j = 0; j < before.suite_count; j++)
            assert_int_equal(before.suites[j] == 0x00c6 || before.suites[j] == 0x00c7, before.kind <= CATHAYA_TLS_KIND_GM_CLASSIC);
        heap_free(hello);
    }
}

static void settings(void **state)
{
    (void)state;
    struct bytes hello = hello_of("gm");
    struct cathaya_tls_choice_settings s = landmark;
    static const enum cathaya_tls_kind by_stage[] = {CATHAYA_TLS_KIND_GM_CLASSIC, CATHAYA_TLS_KIND_GM_STANDALONE, CATHAYA_TLS_KIND_GM_LANDMARK};
    for (size_t i = 0; i < LENGTH(by_stage); i++) {
        s.stage = (enum cathaya_tls_stage)i;
        GOOD(cathaya_tls_choose(all, KINDS, hello.data, hello.len, &s, &choice, &outer));
        assert_int_equal(choice.kind, by_stage[i]);
    }
    s.stage = (enum cathaya_tls_stage)3;
    says(cathaya_tls_choose(all, KINDS, hello.data, hello.len, &s, &choice, &outer), CATHAYA_USAGE, "stage");
    /* Another code point: then this client asks for nothing. */
    s = landmark;
    s.trust_anchors_type = 0xfe00;
    GOOD(cathaya_tls_choose(all, KINDS, hello.data, hello.len, &s, &choice, &outer));
    assert_int_equal(choice.kind, CATHAYA_TLS_KIND_GM_CLASSIC);
    s.is_mtc_without_trust_anchors = 1;
    GOOD(cathaya_tls_choose(all, KINDS, hello.data, hello.len, &s, &choice, &outer));
    assert_int_equal(choice.kind, CATHAYA_TLS_KIND_GM_STANDALONE);
    /* All have expired. */
    s = landmark;
    s.at = AT_S + INT64_C(100000) * 86400;
    says(cathaya_tls_choose(all, KINDS, hello.data, hello.len, &s, &choice, &outer), CATHAYA_REFUSED, "no certificate");
    assert_int_equal(choice.index, SIZE_MAX);
    assert_int_equal(choice.kind, CATHAYA_TLS_KIND_NONE);
    assert_int_equal(choice.candidate_count, KINDS);
    assert_string_equal(choice.why[0], "expired");
    says(cathaya_tls_choose(all, 0, hello.data, hello.len, &landmark, &choice, &outer), CATHAYA_REFUSED, "no certificate");
    says(cathaya_tls_choose(all, CATHAYA_TLS_CANDIDATES_MAX + 1, hello.data, hello.len, &landmark, &choice, &outer), CATHAYA_LIMIT, "65");
    heap_free(hello);
}

/* Bytes come as the network likes. */
static void pieces(void **state)
{
    (void)state;
    char name[CATHAYA_TLS_SERVER_NAME_SIZE];
    struct bytes hello = hello_of("gm");
    for (size_t skip = 0; skip <= 5; skip += 5) /* with record header, and without */
        for (size_t len = 0; len < hello.len - skip; len += len < 64 ? 1 : 97) {
            struct bytes part = heap_copy(bytes_of(hello.data + skip, len));
            assert_int_equal(cathaya_tls_hello_is_incomplete(part.data, part.len), 1);
            says(cathaya_tls_choose(all, KINDS, part.data, part.len, &landmark, &choice, &outer), CATHAYA_MALFORMED, "");
            says(cathaya_tls_hello_name(part.data, part.len, name, &outer), CATHAYA_MALFORMED, "");
            assert_string_equal(name, "");
            heap_free(part);
        }
    assert_int_equal(cathaya_tls_hello_is_incomplete(hello.data, hello.len), 0);
    GOOD(cathaya_tls_hello_name(hello.data, hello.len, name, &outer));
    assert_string_equal(name, NAME);
    static const char *const rubbish[] = {"GET / HTTP/1.1\r\n", "\x16\x03\x01\x00\x00", "\x01\xff\xff\xff"};
    static const size_t lens[] = {16, 5, 4};
    for (size_t i = 0; i < LENGTH(rubbish); i++) {
        const uint8_t *bytes = (const uint8_t *)rubbish[i];
        assert_int_equal(cathaya_tls_hello_is_incomplete(bytes, lens[i]), 0);
        assert_true(cathaya_tls_choose(all, KINDS, bytes, lens[i], &landmark, &choice, &outer) != CATHAYA_OK);
    }
    heap_free(hello);
}

static void words(void **state)
{
    (void)state;
    char text[16384], little[10];
    struct bytes hello = hello_of("gm");
    GOOD(cathaya_tls_explain(all, KINDS, hello.data, hello.len, &landmark, text, sizeof text, &outer));
    assert_non_null(strstr(text, "server name     " NAME));
    assert_non_null(strstr(text, "gm-landmark in TLS 1.3 with TLS_SM4_GCM_SM3, curveSM2MLKEM768, sm2sig_sm3"));
    GOOD(cathaya_tls_explain(all, KINDS, hello.data, hello.len, &landmark, little, sizeof little, &outer));
    assert_memory_equal(little, text, sizeof little - 1);
    assert_int_equal(little[sizeof little - 1], '\0');
    GOOD(cathaya_tls_explain(all, KINDS, hello.data, hello.len, &landmark, NULL, 0, &outer));
    says(cathaya_tls_explain(all, KINDS, hello.data, 7, &landmark, text, sizeof text, &outer), CATHAYA_MALFORMED, "");
    assert_string_equal(text, "");
    heap_free(hello);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(clients),
        cmocka_unit_test(settings),
        cmocka_unit_test(pieces),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
