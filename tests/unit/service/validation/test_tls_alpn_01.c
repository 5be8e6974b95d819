#include "unit/service/validation/validating.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "crypto/hash.h"

static const uint8_t oid_acme[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x1f};
static const uint8_t oid_algorithm[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t oid_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

struct maker {
    const char *names[3];
    uint8_t ip[16];
    size_t ip_len;
    bool is_without_acme, is_uncritical, is_short, is_raw, is_wrong, is_year_one;
};

static void algorithm(struct builder *b, struct bytes oid)
{
    size_t mark = der_open(b, DER_SEQUENCE);
    der_write(b, DER_OID, oid);
    der_close(b, mark);
}

static void extensions(struct builder *b, const struct maker *m)
{
    uint8_t digest[34] = {DER_OCTET_STRING, 32};
    struct bytes key = bytes_of_text(m->is_wrong ? "x" : KEY_AUTHORIZATION);
    assert_true(hash_label_sha256(&key, 1, digest + 2));
    size_t outer = der_open(b, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(b, DER_SEQUENCE);
    struct builder names;
    builder_init(&names, 2048);
    for (size_t i = 0; i < LENGTH(m->names) && m->names[i] != NULL; i++)
        der_write(&names, SAN_DNS_NAME, bytes_of_text(m->names[i]));
    if (m->ip_len > 0)
        der_write(&names, SAN_IP_ADDRESS, bytes_of(m->ip, m->ip_len));
    if (names.len > 0)
        extensions_write_subject_alt_name(b, builder_view(&names), false);
    else
        extensions_write_key_usage(b, KEY_USAGE_DIGITAL_SIGNATURE);
    if (m->is_short)
        digest[1] = 31;
    struct bytes value = bytes_of(digest + (m->is_raw ? 2 : 0), m->is_raw ? 32 : m->is_short ? 33 : 34);
    if (!m->is_without_acme)
        extensions_write(b, BYTES_OF(oid_acme), !m->is_uncritical, value);
    builder_clear(&names);
    der_close(b, list);
    der_close(b, outer);
}

static struct bytes make(const struct maker *m)
{
    static struct builder b;
    builder_clear(&b);
    builder_init(&b, 8192);
    size_t whole = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE);
    size_t version = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
    der_write_u64(&b, 2);
    der_close(&b, version);
    der_write_u64(&b, 1);
    algorithm(&b, BYTES_OF(oid_algorithm));
    der_write(&b, DER_SEQUENCE, bytes_of(NULL, 0));
    size_t validity = der_open(&b, DER_SEQUENCE);
    if (m->is_year_one) /* what Go writes when nobody gave a time */
        der_write(&b, DER_GENERALIZED_TIME, bytes_of_text("00010101000000Z"));
    else
        der_write_time(&b, 1000000000);
    der_write_time(&b, 1000086400); /* long over: of no interest */
    der_close(&b, validity);
    der_write(&b, DER_SEQUENCE, bytes_of(NULL, 0));
    size_t spki = der_open(&b, DER_SEQUENCE);
    algorithm(&b, BYTES_OF(oid_key));
    der_write(&b, DER_BIT_STRING, bytes_of("\0\x04", 2));
    der_close(&b, spki);
    extensions(&b, m);
    der_close(&b, tbs);
    algorithm(&b, BYTES_OF(oid_algorithm));
    der_write(&b, DER_BIT_STRING, bytes_of("\0\x01", 2));
    der_close(&b, whole);
    assert_true(builder_is_good(&b));
    return builder_view(&b);
}

static void serve(const struct maker *m)
{
    probe = (struct fake_tls_probe){.timer = timer, .has_alpn = true, .certificate = make(m)};
}

static void good(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_TLS_ALPN_01, "www.example.com");
    fake_resolver_add_address(resolver, "www.example.com", HOST4);
    serve(&(struct maker){.names = {"www.example.com"}});
    check(&r, "valid", "");
    assert_string_equal(probe.asked_address, HOST4);
    assert_string_equal(probe.asked_name, "www.example.com");
    assert_string_equal(probe.asked_alpn, "acme-tls/1");
    assert_int_equal(probe.asked_port, 443);
    serve(&(struct maker){.names = {"WWW.Example.COM"}});
    check(&r, "valid", "");
    serve(&(struct maker){.names = {"www.example.com"}, .is_year_one = true});
    check(&r, "valid", "");
    config.tls_port = 5001;
    restart();
    check(&r, "valid", "");
    assert_int_equal(probe.asked_port, 5001);
}

static void bad_certificates(void **state)
{
    (void)state;
    static const struct { struct maker maker; const char *fragment; } rows[] = {
        {{.names = {"example.com"}}, "another name"},
        {{.names = {"*.example.com"}}, "another name"},
        {{.names = {"www.example.com", "example.com"}}, "more than one name"},
        {{.names = {"www.example.com"}, .ip = {1, 2, 3, 4}, .ip_len = 4}, "more than one name"},
        {{.names = {NULL}}, "no subjectAltName"},
        {{.ip = {1, 2, 3, 4}, .ip_len = 4}, "another name"},
        {{.names = {"www.example.com"}, .is_without_acme = true}, "no acmeIdentifier"},
        {{.names = {"www.example.com"}, .is_uncritical = true}, "not critical"},
        {{.names = {"www.example.com"}, .is_short = true}, "no SHA-256"},
        {{.names = {"www.example.com"}, .is_raw = true}, "no SHA-256"},
        {{.names = {"www.example.com"}, .is_wrong = true}, "not the hash of the key authorization"},
    };
    struct validation_request r = request_for(ACME_TLS_ALPN_01, "www.example.com");
    fake_resolver_add_address(resolver, "www.example.com", HOST4);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        serve(&rows[i].maker);
        check(&r, "unauthorized", rows[i].fragment);
    }
    probe.certificate = bytes_of("\x30\x03\x02\x01", 4);
    check(&r, "unauthorized", "the certificate");
    probe.certificate = bytes_of(NULL, 0);
    check(&r, "unauthorized", "the certificate");
}

static void connections(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_TLS_ALPN_01, "a.example");
    serve(&(struct maker){.names = {"a.example"}});
    check(&r, "dns", "no A or AAAA");
    fake_resolver_add_address(resolver, "a.example", HOST6);
    fake_resolver_add_address(resolver, "a.example", HOST4);
    probe.address = HOST4;
    check(&r, "valid", "");
    assert_int_equal(probe.asked_count, 2);
    probe.address = "192.0.2.99";
    check(&r, "connection", "nobody answers at " HOST4 ", port 443");
    probe.address = NULL;
    probe.has_alpn = false;
    check(&r, "unauthorized", "does not speak acme-tls/1");
    probe.failure = "alert";
    check(&r, "tls", "no TLS connection");
    probe.is_refusing = true;
    check(&r, "serverInternal", "try again");
    fake_resolver_clear(resolver);
    fake_resolver_add_address(resolver, "a.example", "10.0.0.1");
    check(&r, "connection", "public Internet");
}

static void ip_identifiers(void **state)
{
    (void)state;
    struct validation_request r = request_for(ACME_TLS_ALPN_01, HOST4);
    serve(&(struct maker){.ip = {93, 184, 215, 14}, .ip_len = 4});
    check(&r, "valid", "");
    assert_string_equal(probe.asked_name, "14.215.184.93.in-addr.arpa");
    serve(&(struct maker){.ip = {93, 184, 215, 15}, .ip_len = 4});
    check(&r, "unauthorized", "another name");
    serve(&(struct maker){.names = {HOST4}});
    check(&r, "unauthorized", "another name");
    r = request_for(ACME_TLS_ALPN_01, HOST6);
    serve(&(struct maker){.ip = {0x26, 0x06, 0x28, 0, 0x02, 0x1f, 0xcb, 0x07, 0, 0, 0, 0, 0, 0, 0, 1}, .ip_len = 16});
    check(&r, "valid", "");
    assert_string_equal(probe.asked_name,
                        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.0.b.c.f.1.2.0.0.0.8.2.6.0.6.2.ip6.arpa");
    r = request_for(ACME_TLS_ALPN_01, "a.example");
    r.is_wildcard = true;
    check(&r, "malformed", "wildcard");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(good), TEST(bad_certificates), TEST(connections), TEST(ip_identifiers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
