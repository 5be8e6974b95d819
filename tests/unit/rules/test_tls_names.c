#include "unit/checks.h"

#include "rules/client_profiles.h"
#include "rules/tls_names.h"

static void tables(void **state)
{
    (void)state;
    const struct tls_suite_name *suite;
    for (size_t i = 0; (suite = tls_names_suite_at(i)) != NULL; i++) {
        assert_ptr_equal(tls_names_suite(suite->code), suite);
        assert_false(tls_names_is_grease(suite->code));
        /* GM is TLS 1.3 alone [RFC8998]; whom TLS 1.2 authenticates with is in the suite. */
        assert_true(suite->world == TLS_WORLD_INTL || suite->is_tls13);
        assert_true(!suite->is_tls13 || suite->family == TLS_KEY_ANY);
        assert_true(suite->is_tls13 || suite->openssl_name == NULL || suite->family != TLS_KEY_ANY);
    }
    const struct tls_group_name *group;
    for (size_t i = 0; (group = tls_names_group_at(i)) != NULL; i++) {
        assert_ptr_equal(tls_names_group(group->code), group);
        assert_ptr_equal(tls_names_group_by_name(bytes_of_text(group->name)), group);
        assert_false(tls_names_is_grease(group->code));
    }
    const struct tls_scheme_name *scheme;
    for (size_t i = 0; (scheme = tls_names_scheme_at(i)) != NULL; i++) {
        assert_ptr_equal(tls_names_scheme(scheme->code), scheme);
        assert_ptr_equal(tls_names_scheme_by_name(bytes_of_text(scheme->name)), scheme);
        assert_false(tls_names_is_grease(scheme->code));
    }
    assert_null(tls_names_suite(0x1234));
    assert_null(tls_names_group(0));
    assert_null(tls_names_scheme(0));
    assert_null(tls_names_group_by_name(bytes_of_text("")));
    assert_null(tls_names_group_by_name(bytes_of_text("curveSM")));
    assert_non_null(tls_names_group_by_name(bytes_of_text("CURVEsm2")));
    assert_int_equal(tls_names_group_by_name(bytes_of_text("X25519"))->code, TLS_GROUP_X25519);
}

/* The constants are the rows of their names. */
static void constants(void **state)
{
    (void)state;
    assert_string_equal(tls_names_suite(TLS_SUITE_SM4_GCM_SM3)->name, "TLS_SM4_GCM_SM3");
    assert_string_equal(tls_names_suite(TLS_SUITE_SM4_CCM_SM3)->name, "TLS_SM4_CCM_SM3");
    assert_string_equal(tls_names_suite(TLS_SUITE_AES_128_GCM_SHA256)->name, "TLS_AES_128_GCM_SHA256");
    assert_string_equal(tls_names_suite(TLS_SUITE_AES_256_GCM_SHA384)->name, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(tls_names_suite(TLS_SUITE_CHACHA20_POLY1305_SHA256)->name, "TLS_CHACHA20_POLY1305_SHA256");
    assert_string_equal(tls_names_group(TLS_GROUP_SECP256R1)->name, "secp256r1");
    assert_string_equal(tls_names_group(TLS_GROUP_SECP384R1)->name, "secp384r1");
    assert_string_equal(tls_names_group(TLS_GROUP_X25519)->name, "x25519");
    assert_string_equal(tls_names_group(TLS_GROUP_CURVESM2)->name, "curveSM2");
    assert_string_equal(tls_names_group(TLS_GROUP_X25519MLKEM768)->name, "X25519MLKEM768");
    assert_string_equal(tls_names_group(TLS_GROUP_CURVESM2MLKEM768)->name, "curveSM2MLKEM768");
    assert_int_equal(TLS_GROUP_CURVESM2MLKEM768, 4590);
    assert_string_equal(tls_names_scheme(TLS_SCHEME_SM2SIG_SM3)->name, "sm2sig_sm3");
    assert_string_equal(tls_names_scheme(TLS_SCHEME_RSA_PKCS1_SHA256)->name, "rsa_pkcs1_sha256");
    assert_string_equal(tls_names_scheme(TLS_SCHEME_ECDSA_P256_SHA256)->name, "ecdsa_secp256r1_sha256");
    assert_string_equal(tls_names_scheme(TLS_SCHEME_RSA_PSS_SHA256)->name, "rsa_pss_rsae_sha256");
    assert_string_equal(tls_names_scheme(TLS_SCHEME_ED25519)->name, "ed25519");
    assert_string_equal(tls_names_scheme(TLS_SCHEME_ML_DSA_44)->name, "mldsa44");
}

static void grease(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned code = 0; code <= 0xffff; code++)
        count += tls_names_is_grease((uint16_t)code);
    assert_int_equal(count, 16);
    assert_true(tls_names_is_grease(0x0a0a));
    assert_true(tls_names_is_grease(0xfafa));
    assert_false(tls_names_is_grease(0x1a2a));
}

static void assert_written(void (*write)(uint16_t, struct builder *), uint16_t code, const char *want)
{
    struct builder b;
    builder_init(&b, 256);
    write(code, &b);
    assert_true(bytes_is_text(builder_view(&b), want));
    builder_clear(&b);
}

static void written(void **state)
{
    (void)state;
    assert_written(tls_names_write_suite, 0x00c6, "TLS_SM4_GCM_SM3");
    assert_written(tls_names_write_suite, 0x1a1a, "GREASE (0x1a1a)");
    assert_written(tls_names_write_group, 0x1235, "0x1235");
    assert_written(tls_names_write_scheme, 0x0708, "sm2sig_sm3");
}

static void assert_list(const struct builder *b, const char *want)
{
    if (!bytes_is_text(builder_view(b), want))
        fail_msg("%.*s, want %s", (int)b->len, (const char *)b->data, want);
}

static void for_openssl(void **state)
{
    (void)state;
    static const uint16_t suites[] = {0x2a2a, 0xc02b, 0x00c6, 0x1301, 0xc013, 0xcca8};
    static const uint16_t schemes[] = {0x0203, 0x0708, 0x0804};
    struct builder b;
    builder_init(&b, 1024);
    tls_names_openssl_suites(TLS_CODES_OF(suites), true, &b);
    assert_list(&b, "TLS_SM4_GCM_SM3:TLS_AES_128_GCM_SHA256");
    builder_reset(&b);
    tls_names_openssl_suites(TLS_CODES_OF(suites), false, &b);
    assert_list(&b, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305");
    builder_reset(&b);
    tls_names_openssl_schemes(TLS_CODES_OF(schemes), &b);
    assert_list(&b, "sm2sig_sm3:rsa_pss_rsae_sha256");
    builder_clear(&b);
}

static void keys(void **state)
{
    (void)state;
    struct tls_codes codes = tls_names_key_schemes("SM2", NULL, true);
    assert_int_equal(codes.count, 1);
    assert_int_equal(codes.codes[0], 0x0708);
    assert_int_equal(tls_names_key_schemes("SM2", NULL, false).count, 0);
    assert_int_equal(tls_names_key_schemes("EC", "P-256", true).codes[0], 0x0403);
    assert_int_equal(tls_names_key_schemes("EC", "prime256v1", false).count, 3);
    assert_int_equal(tls_names_key_schemes("EC", "secp384r1", true).codes[0], 0x0503);
    assert_int_equal(tls_names_key_schemes("EC", NULL, true).count, 0);
    assert_int_equal(tls_names_key_schemes("EC", "secp256k1", true).count, 0);
    assert_int_equal(tls_names_key_schemes("X25519", NULL, true).count, 0);
    /* PKCS #1 v1.5 signs nothing in TLS 1.3, ML-DSA nothing in TLS 1.2. */
    struct tls_codes rsa = tls_names_key_schemes("RSA", NULL, true);
    for (size_t i = 0; i < rsa.count; i++)
        assert_true(tls_names_scheme(rsa.codes[i])->is_tls13);
    assert_true(tls_codes_contain(tls_names_key_schemes("RSA", NULL, false), 0x0401));
    assert_int_equal(tls_names_key_schemes("ML-DSA-44", NULL, true).codes[0], 0x0904);
    assert_int_equal(tls_names_key_schemes("ML-DSA-44", NULL, false).count, 0);
}

static uint16_t of_oid(const char *hex)
{
    struct bytes oid = heap_hex(hex);
    uint16_t code = tls_names_certificate_scheme(oid);
    heap_free(oid);
    return code;
}

static void certificates(void **state)
{
    (void)state;
    assert_int_equal(of_oid("2a811ccf55018375"), 0x0708);
    assert_int_equal(of_oid("2a8648ce3d040302"), 0x0403);
    assert_int_equal(of_oid("2a864886f70d01010b"), 0x0401);
    assert_int_equal(of_oid("2b6570"), 0x0807);
    assert_int_equal(of_oid("608648016503040311"), 0x0904);
    assert_int_equal(of_oid("2b06010505070643"), 0); /* id-alg-mtcProof */
    assert_int_equal(of_oid(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),  cmocka_unit_test(constants),   cmocka_unit_test(grease),
        cmocka_unit_test(written), cmocka_unit_test(for_openssl), cmocka_unit_test(keys),
        cmocka_unit_test(certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
