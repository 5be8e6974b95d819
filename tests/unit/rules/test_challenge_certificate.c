/* What is made for a site - requests, and certificates of challenges - is what the other side's rules want. */
#include "codec/pem/pem.h"
#include "codec/x509/csr.h"
#include "codec/x509/extensions.h"
#include "crypto/challenge_certificate.h"
#include "crypto/csr_make.h"
#include "crypto/csr_possession.h"
#include "crypto/subject_key.h"
#include "rules/dns_name.h"
#include "rules/tls_alpn_certificate.h"
#include "unit/checks.h"

#include <stdio.h>

static void test_challenge(void **state)
{
    static const struct {
        const char *identifier;
        bool is_ip;
    } cases[] = {{"www.example.com", false}, {"192.0.2.7", true}, {"2001:db8::7", true}};
    uint8_t digest[32], address[16];
    (void)state;
    memset(digest, 7, sizeof digest);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct builder certificate, key, der;
        struct pem_reader r;
        struct pem_block block;
        struct error err;
        size_t len = 0;
        builder_init(&certificate, 8192);
        builder_init(&key, 8192);
        builder_init(&der, 8192);
        OK(challenge_certificate_make(cases[i].identifier, cases[i].is_ip, digest, 1800000000, &certificate, &key, &err));
        pem_reader_init(&r, builder_view(&certificate), PEM_STRICT);
        OK(pem_next(&r, &block, &der, &err));
        struct bytes name = bytes_of_text(cases[i].identifier);
        if (cases[i].is_ip) {
            assert_true(ip_address_parse(name, address, &len));
            name = bytes_of(address, len);
        }
        OK(tls_alpn_certificate_check(builder_view(&der), cases[i].is_ip, name, digest, &err));
        digest[0]++;
        assert_int_equal(tls_alpn_certificate_check(builder_view(&der), cases[i].is_ip, name, digest, &err), STATUS_REFUSED);
        digest[0]--;
        builder_clear(&certificate);
        builder_clear(&key);
        builder_clear(&der);
    }
    struct builder out;
    struct error err;
    builder_init(&out, 8192);
    assert_int_equal(challenge_certificate_make("www.example.com", true, digest, 1800000000, &out, &out, &err), STATUS_USAGE);
    builder_clear(&out);
}

/* The same key may be asked for again, with the same names. */
static void test_request(void **state)
{
    static const char *const kinds[] = {"sm2", "p256", "p384", "rsa2048", "ed25519", "mldsa44"};
    static const char *const names[] = {"www.example.com", "*.example.com", "192.0.2.7", "2001:db8::7"};
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct builder key, spki;
        struct error err;
        builder_init(&key, 16384);
        builder_init(&spki, 16384);
        OK(csr_make_key(kinds[i], &key, &err));
        OK(subject_key_of_private(builder_view(&key), &spki, &err));
        OK(subject_key_check(builder_view(&spki), &err));
        for (unsigned again = 0; again < 2; again++) {
            struct builder der;
            struct csr csr;
            struct reader r;
            struct san_name name;
            builder_init(&der, 16384);
            OK(csr_make_request(builder_view(&key), names, LENGTH(names), &der, &err));
            OK(csr_parse(builder_view(&der), &csr, &err));
            OK(csr_possession_verify(builder_view(&der), &err));
            assert_true(bytes_equal(csr.spki, builder_view(&spki)));
            reader_init(&r, csr.subject_alt_name);
            for (size_t n = 0; n < LENGTH(names); n++) {
                assert_true(san_next(&r, &name));
                assert_int_equal(name.tag, n < 2 ? SAN_DNS_NAME : SAN_IP_ADDRESS);
                if (n < 2)
                    assert_true(bytes_is_text(name.value, names[n]));
            }
            assert_true(reader_is_at_end(&r));
            builder_clear(&der);
        }
        builder_clear(&key);
        builder_clear(&spki);
    }
}

static void test_refused(void **state)
{
    const char *bad = "192.0.2", *good = "www.example.com";
    struct builder out, key;
    struct error err;
    (void)state;
    builder_init(&out, 16384);
    builder_init(&key, 16384);
    assert_int_equal(csr_make_key("dsa", &key, &err), STATUS_USAGE);
    assert_false(csr_make_key_is_known("dsa"));
    assert_true(csr_make_key_is_known("sm2"));
    OK(csr_make_key("p256", &key, &err));
    assert_int_equal(csr_make_request(builder_view(&key), &bad, 1, &out, &err), STATUS_USAGE);
    assert_int_equal(csr_make_request(builder_view(&key), &good, 0, &out, &err), STATUS_USAGE);
    assert_int_equal(csr_make_request(bytes_of_text("no key"), &good, 1, &out, &err), STATUS_USAGE);
    assert_int_equal(subject_key_of_private(bytes_of_text("no key"), &out, &err), STATUS_MALFORMED);
    builder_clear(&out);
    builder_clear(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_challenge), cmocka_unit_test(test_request), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
