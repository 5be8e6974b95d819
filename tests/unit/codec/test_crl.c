#include "unit/csr_maker.h"

#include "codec/asn1/der.h"
#include "codec/x509/crl.h"
#include "codec/x509/signed.h"

#define NOW_S ((int64_t)1795000000)

static struct error err;

static const uint8_t algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
static const uint8_t issuer[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x13, 2, 'C', 'N'};

static struct crl crl_of(const char *url)
{
    return (struct crl){.algorithm = BYTES_OF(algorithm), .issuer = BYTES_OF(issuer), .key_id = bytes_of_text("key"),
                        .this_update_s = NOW_S, .next_update_s = NOW_S + 86400, .number = 300, .url = bytes_of_text(url)};
}

static struct bytes write(const char *url, const struct crl_entry *entries, size_t count)
{
    struct builder tbs, der;
    struct crl crl = crl_of(url);
    builder_init(&tbs, CRL_SIZE_MAX);
    builder_init(&der, CRL_SIZE_MAX);
    crl_write_tbs(&crl, entries, count, &tbs);
    signed_write(builder_view(&tbs), crl.algorithm, bytes_of_text("signature"), &der);
    OK(builder_status(&der, "crl", &err));
    assert_true(crl_is_tbs(builder_view(&tbs)));
    struct bytes copy = heap_copy(builder_view(&der));
    builder_clear(&der);
    builder_clear(&tbs);
    return copy;
}

/* What was written is read again, and OpenSSL reads the same. */
static void round_trip(void **state)
{
    (void)state;
    const struct crl_entry entries[] = {{bytes_of_text("\x40\x01"), NOW_S - 5, 1}, {bytes_of_text("\x41"), NOW_S, 0}};
    struct bytes der = write("http://ca.example/crl/3.crl", entries, 2);
    struct crl_parsed parsed;
    struct crl_entry entry;
    struct reader r;
    OK(crl_parse(der, &parsed, &err));
    assert_int_equal(parsed.count, 2);
    assert_int_equal(parsed.crl.number, 300);
    assert_int_equal(parsed.crl.next_update_s, NOW_S + 86400);
    assert_true(bytes_is_text(parsed.crl.url, "http://ca.example/crl/3.crl"));
    assert_true(bytes_is_text(parsed.signature, "signature"));
    reader_init(&r, parsed.entries);
    assert_true(crl_next(&r, &entry));
    assert_int_equal(entry.reason, 1);
    assert_int_equal(entry.revoked_s, NOW_S - 5);
    assert_true(crl_next(&r, &entry));
    assert_int_equal(entry.reason, 0);
    assert_false(crl_next(&r, &entry));

    const unsigned char *at = der.data;
    X509_CRL *x = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(x);
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(x)), 2);
    ISSUING_DIST_POINT *point = X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, NULL, NULL);
    assert_non_null(point);
    assert_true(point->onlyuser);
    ISSUING_DIST_POINT_free(point);
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get(number), 300);
    ASN1_INTEGER_free(number);
    X509_CRL_free(x);
    heap_free(der);
}

static void empty(void **state)
{
    (void)state;
    struct bytes der = write("", NULL, 0);
    struct crl_parsed parsed;
    OK(crl_parse(der, &parsed, &err));
    assert_int_equal(parsed.count, 0);
    assert_int_equal(parsed.crl.url.len, 0);
    heap_free(der);
}

/* Cut anywhere, or any byte changed: never read behind the end, and never the same list. */
static void damaged(void **state)
{
    (void)state;
    const struct crl_entry entries[] = {{bytes_of_text("\x40\x01"), NOW_S, 4}};
    struct bytes der = write("http://a.example/1.crl", entries, 1);
    struct crl_parsed parsed;
    for (size_t len = 0; len < der.len; len++) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_int_equal(crl_parse(cut, &parsed, &err), STATUS_MALFORMED);
        heap_free(cut);
    }
    heap_free(der);
}

static void certificates_are_no_lists(void **state)
{
    (void)state;
    static const uint8_t tbs_certificate[] = {0x30, 8, 0xa0, 3, 2, 1, 2, 2, 1, 1};
    assert_false(crl_is_tbs(BYTES_OF(tbs_certificate)));
    assert_false(crl_is_tbs(bytes_of_text("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(empty),
        cmocka_unit_test(damaged),
        cmocka_unit_test(certificates_are_no_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
