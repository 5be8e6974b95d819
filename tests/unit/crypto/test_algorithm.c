#include "unit/checks.h"

#include <stdio.h>

#include <openssl/objects.h>

#include "crypto/algorithm.h"

#define SLH_DSA "SLH-DSA-SHA2-128f"
#define SLH_DSA_OID "2.16.840.1.101.3.4.3.21"

static struct algorithms *table;
static struct error err;

static int open_table(void **state)
{
    (void)state;
    return algorithms_new(&table, &err) == STATUS_OK ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    algorithms_free(table);
    algorithms_free(NULL);
    return 0;
}

static const struct signature_alg *by_name(const char *name)
{
    return algorithms_by_name(table, bytes_of_text(name));
}

/* [GM 1], and the AlgorithmIdentifiers of the documents that define them. */
static void built_in(void **state)
{
    (void)state;
    static const struct {
        const char *name, *identifier;
        uint8_t note_type;
    } rows[] = {
        {"sm2_sm3", "300a06082a811ccf55018375", 0xff},
        {"ecdsa_p256_sha256", "300a06082a8648ce3d040302", 0xff},
        {"ecdsa_p384_sha384", "300a06082a8648ce3d040303", 0xff},
        {"ed25519", "300506032b6570", 0xff},
        {"mldsa44", "300b0609608648016503040311", 0x06},
        {"mldsa65", "300b0609608648016503040312", 0xff},
        {"mldsa87", "300b0609608648016503040313", 0xff},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct signature_alg *alg = by_name(rows[i].name);
        assert_non_null(alg);
        assert_hex(algorithm_identifier(alg), rows[i].identifier);
        assert_ptr_equal(algorithms_by_identifier(table, algorithm_identifier(alg)), alg);
        assert_int_equal(alg->note_type, rows[i].note_type);
        assert_int_equal(alg->has_sm2_id, i == 0);
    }
    assert_null(by_name("rsa"));
    assert_null(by_name(""));
    assert_null(by_name("SM2_SM3"));
}

/* [GM 2] parameters absent, and nothing else. */
static void parameters_are_refused(void **state)
{
    (void)state;
    struct bytes with_null = heap_hex("300c06082a811ccf55018375 0500");
    assert_null(algorithms_by_identifier(table, with_null));
    assert_null(algorithms_by_identifier(table, bytes_of(NULL, 0)));
    heap_free(with_null);
}

static void by_configuration(void **state)
{
    (void)state;
    assert_null(by_name("slhdsa"));
    OK(algorithms_add(table, "slhdsa", SLH_DSA_OID, SLH_DSA, "", &err));
    const struct signature_alg *alg = by_name("slhdsa");
    assert_non_null(alg);
    assert_hex(algorithm_identifier(alg), "300b0609608648016503040315");
    assert_ptr_equal(algorithms_by_identifier(table, algorithm_identifier(alg)), alg);
    assert_int_equal(alg->note_type, 0xff);
    assert_false(alg->has_sm2_id);
    OK(algorithms_add(table, "slhdsa_s", "2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s", "default", &err));
    /* the row that was there stays where it was */
    assert_ptr_equal(by_name("slhdsa"), alg);
}

static void conflicts(void **state)
{
    (void)state;
    OK(algorithms_add(table, "slhdsa", SLH_DSA_OID, SLH_DSA, "", &err));
    assert_says(algorithms_add(table, "slhdsa", "1.2.3.4", SLH_DSA, "", &err), &err, STATUS_CONFLICT, "name is taken");
    assert_says(algorithms_add(table, "mldsa44", "1.2.3.4", SLH_DSA, "", &err), &err, STATUS_CONFLICT, "name is taken");
    assert_says(algorithms_add(table, "other", SLH_DSA_OID, SLH_DSA, "", &err), &err, STATUS_CONFLICT,
                "belongs to slhdsa");
    assert_says(algorithms_add(table, "other", "1.2.156.10197.1.501", SLH_DSA, "", &err), &err, STATUS_CONFLICT,
                "belongs to sm2_sm3");
}

/* The same row may come from two files; a row that differs in anything may not, nor a built-in one. */
static void same_row_again(void **state)
{
    (void)state;
    static const char taken[] = "name is taken";
    OK(algorithms_add(table, "slhdsa", SLH_DSA_OID, SLH_DSA, "", &err));
    const struct signature_alg *alg = by_name("slhdsa");
    OK(algorithms_add(table, "slhdsa", SLH_DSA_OID, SLH_DSA, "", &err));
    assert_ptr_equal(by_name("slhdsa"), alg);
    assert_says(algorithms_add(table, "slhdsa", "1.2.3.4", SLH_DSA, "", &err), &err, STATUS_CONFLICT, taken);
    assert_says(algorithms_add(table, "slhdsa", SLH_DSA_OID, "SLH-DSA-SHA2-128s", "", &err), &err, STATUS_CONFLICT, taken);
    assert_says(algorithms_add(table, "slhdsa", SLH_DSA_OID, SLH_DSA, "default", &err), &err, STATUS_CONFLICT, taken);
    assert_says(algorithms_add(table, "mldsa44", "2.16.840.1.101.3.4.3.17", "ML-DSA-44", "", &err), &err, STATUS_CONFLICT,
                taken);
}

static void bad_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Slh", "slh dsa", "slh.dsa", "slh/dsa", "slh\xc3\xa9", "a:b", "a`b", "a{b",
                                      "abcdefghijklmnopqrstuvwxyz012345"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(algorithms_add(table, bad[i], SLH_DSA_OID, SLH_DSA, "", &err), &err, STATUS_USAGE, "algorithm name");
    OK(algorithms_add(table, "abcdefghijklmnopqrstuvwxyz_-_09", SLH_DSA_OID, SLH_DSA, "", &err));
}

static void bad_oids(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "1", "1.", ".1", "1.2.", "1..2", "3.1.2", "0.40", "1.40.1", "1.02.3", "1.2.03", "a.b", "1.2.x",
        "1.2.18446744073709551616", "2.18446744073709551536", " 1.2.3", "1.2.3 ",
        "1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.55", /* 64 characters */
    };
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(algorithms_add(table, "slhdsa", bad[i], SLH_DSA, "", &err), &err, STATUS_USAGE, "not a dotted OID");
    OK(algorithms_add(table, "slhdsa", "1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.1.2.3.4.5", SLH_DSA,
                      "", &err));
}

static void oids_as_openssl_writes_them(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0.0", "0.39", "1.0", "1.39", "2.0", "2.47", "2.48", "2.40", "2.999.3", "1.2.127", "1.2.128", "1.2.16383", "1.2.16384",
        "1.2.156.10197.1.501", "1.3.6.1.4.1.32473.1000.1", "1.2.18446744073709551615", "2.25.9223372036854775808",
    };
    for (size_t i = 0; i < LENGTH(good); i++) {
        struct builder b;
        builder_init(&b, 100);
        if (!algorithm_oid_to_der(good[i], &b))
            fail_msg("%s", good[i]);
        ASN1_OBJECT *oid = OBJ_txt2obj(good[i], 1);
        assert_non_null(oid);
        unsigned char *der = NULL;
        int len = i2d_ASN1_OBJECT(oid, &der);
        assert_bytes(builder_view(&b), bytes_of(der, (size_t)len));
        OPENSSL_free(der);
        ASN1_OBJECT_free(oid);
        builder_clear(&b);
    }
}

static void evp_must_know_it(void **state)
{
    (void)state;
    static const char *const bad[] = {"NO-SUCH", "ML-KEM-768", "X25519", "SHA2-256", ""};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_says(algorithms_add(table, "other", "1.2.3.4", bad[i], "", &err), &err, STATUS_USAGE, "no provider has");
    char longer[ALGORITHM_EVP_NAME_MAX + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_says(algorithms_add(table, "other", "1.2.3.4", longer, "", &err), &err, STATUS_USAGE, "longer than");
    assert_says(algorithms_add(table, "other", "1.2.3.4", SLH_DSA, longer, &err), &err, STATUS_USAGE, "longer than");
    assert_says(algorithms_add(table, "other", "1.2.3.4", SLH_DSA, "nosuchprovider", &err), &err, STATUS_USAGE,
                "provider nosuchprovider cannot be loaded");
    assert_null(by_name("other"));
}

static void table_is_bounded(void **state)
{
    (void)state;
    for (unsigned i = 7; i <= ALGORITHMS_MAX; i++) {
        char name[16], oid[16];
        (void)snprintf(name, sizeof name, "slh%u", i);
        (void)snprintf(oid, sizeof oid, "1.2.3.%u", i);
        enum status s = algorithms_add(table, name, oid, SLH_DSA, "", &err);
        if (i < ALGORITHMS_MAX)
            assert_ok(s, &err, name);
        else
            assert_says(s, &err, STATUS_LIMIT, "at most 32");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_table, close_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(built_in), TEST(parameters_are_refused), TEST(by_configuration), TEST(conflicts), TEST(same_row_again), TEST(bad_names),
        TEST(bad_oids), TEST(oids_as_openssl_writes_them), TEST(evp_must_know_it), TEST(table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
