/* Whole certificates: time, use, names, and every single bit of them. */
#include <stdio.h>

#include "unit/rules/judging.h"

static struct maker_ca gm, intl;

static int make_world(void **state)
{
    (void)state;
    maker_ca_init(&gm, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&intl, &maker_07, "32473.2", "mldsa44");
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    maker_ca_clear(&gm);
    maker_ca_clear(&intl);
    return 0;
}

static struct trust_store *store_trusting(const struct maker_cert *cert)
{
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    maker_subtree_line(cert, &b);
    builder_u8(&b, 0);
    struct trust_store *store = store_of(&gm, &intl, (const char *)b.data);
    builder_clear(&b);
    return store;
}

static enum status whole(const struct trust_store *store, struct bytes der, const struct verify_request *request)
{
    err = (struct error){.status = STATUS_OK};
    return verify_certificate(store, judging_hashers(), der, request, &verdict, &err);
}

/* The landmark-relative certificate, judged as the request says. */
static enum status judge_whole(const struct maker_cert *cert, const struct verify_request *request)
{
    struct trust_store *store = store_trusting(cert);
    struct bytes der = maker_write(cert);
    enum status s = whole(store, der, request);
    free((uint8_t *)(uintptr_t)der.data);
    trust_store_free(store);
    return s;
}

/* ---- time ---- */

static enum status judge_at(const struct maker_cert *cert, int64_t at_s)
{
    const struct verify_request request = {.at_s = at_s};
    return judge_whole(cert, &request);
}

static void certificate_validity(void **state)
{
    (void)state;
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    OK(judge_at(&cert, MAKER_NOW));
    OK(judge_at(&cert, MAKER_NOW + MAKER_WEEK));
    assert_says(judge_at(&cert, MAKER_NOW - 1), &err, STATUS_REFUSED,
                "the certificate is not valid before 2026-11-21T00:00:00Z; judged at 2026-11-20T23:59:59Z");
    assert_says(judge_at(&cert, MAKER_NOW + MAKER_WEEK + 1), &err, STATUS_REFUSED,
                "the certificate expired at 2026-11-28T00:00:00Z; judged at 2026-11-28T00:00:01Z");
    /* A moment, and none. */
    cert.not_after_s = cert.not_before_s;
    OK(judge_at(&cert, MAKER_NOW));
    cert.not_after_s = cert.not_before_s - 1;
    assert_says(judge_at(&cert, MAKER_NOW), &err, STATUS_REFUSED, "expired");
    assert_says(judge_at(&cert, MAKER_NOW - 1), &err, STATUS_REFUSED, "not valid before");
    /* Times that no clock has. */
    assert_says(judge_at(&cert, INT64_MIN), &err, STATUS_REFUSED, "not valid before");
    assert_says(judge_at(&cert, INT64_MAX), &err, STATUS_REFUSED, "expired");
}

static void ca_validity(void **state)
{
    (void)state;
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    cert.not_before_s = MAKER_NOW - 2 * MAKER_YEAR;
    cert.not_after_s = MAKER_NOW + 2 * MAKER_YEAR;
    OK(judge_at(&cert, MAKER_NOW - MAKER_YEAR));
    OK(judge_at(&cert, MAKER_NOW + MAKER_YEAR));
    assert_says(judge_at(&cert, MAKER_NOW - MAKER_YEAR - 1), &err, STATUS_REFUSED, "the CA certificate is not valid before");
    assert_says(judge_at(&cert, MAKER_NOW + MAKER_YEAR + 1), &err, STATUS_REFUSED, "the CA certificate expired");
    const struct verify_request proof_only = {.at_s = INT64_MAX, .is_proof_only = true};
    OK(judge_whole(&cert, &proof_only));
}

/* ---- use ---- */

#define DIGITAL_SIGNATURE "300e" "0603551d0f" "0101ff" "0404" "03020780"
#define SERVER_AUTH "3013" "0603551d25" "040c" "300a06082b06010505070301"
#define SAN_WWW "301a" "0603551d11" "0413" "3011820f7777772e6578616d706c652e636f6d"

static void with_extensions(const char *hex, enum status want, const char *complaint)
{
    struct maker_cert cert;
    struct bytes extensions = heap_hex(hex);
    const struct verify_request request = {.at_s = MAKER_NOW};
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    cert.extensions = extensions;
    cert.has_no_extensions = extensions.len == 0;
    if (want == STATUS_OK)
        assert_ok(judge_whole(&cert, &request), &err, hex);
    else
        assert_says(judge_whole(&cert, &request), &err, want, complaint);
    /* None of this is the proof's business. */
    const struct verify_request proof_only = {.is_proof_only = true};
    OK(judge_whole(&cert, &proof_only));
    heap_free(extensions);
}

static void key_use(void **state)
{
    (void)state;
    with_extensions("", STATUS_OK, NULL);
    with_extensions(DIGITAL_SIGNATURE, STATUS_OK, NULL);
    with_extensions("300e" "0603551d0f" "0101ff" "0404" "030205a0", STATUS_OK, NULL);
    with_extensions("300e" "0603551d0f" "0101ff" "0404" "03020520", STATUS_REFUSED, "digitalSignature");
    with_extensions("300f" "0603551d0f" "0101ff" "0405" "0303070080", STATUS_REFUSED, "digitalSignature");
    with_extensions("300b" "0603551d0f" "0404" "03020520", STATUS_REFUSED, "digitalSignature");
    with_extensions("300e" "0603551d0f" "0101ff" "0404" "03020284", STATUS_REFUSED, "keyCertSign");
    with_extensions("300e" "0603551d0f" "0101ff" "0404" "03020204", STATUS_REFUSED, "digitalSignature");
    with_extensions("300e" "0603551d0f" "0101ff" "0404" "03020700", STATUS_MALFORMED, "keyUsage");
}

static void purposes(void **state)
{
    (void)state;
    with_extensions(SERVER_AUTH, STATUS_OK, NULL);
    with_extensions("3013" "0603551d25" "040c" "300a06082b06010505070302", STATUS_REFUSED, "serverAuth");
    with_extensions("301d" "0603551d25" "0416" "3014" "06082b06010505070302" "06082b06010505070301", STATUS_OK, NULL);
    with_extensions("300f" "0603551d25" "0408" "3006" "0604551d2500", STATUS_OK, NULL);
    with_extensions("300e" "0603551d25" "0407" "3005" "06032a0304", STATUS_REFUSED, "serverAuth");
    with_extensions("3009" "0603551d25" "0402" "3000", STATUS_MALFORMED, "extKeyUsage");
}

static void certificates_of_cas(void **state)
{
    (void)state;
    with_extensions("300c" "0603551d13" "0101ff" "0402" "3000", STATUS_OK, NULL);
    with_extensions("300f" "0603551d13" "0101ff" "0405" "30030101ff", STATUS_REFUSED, "CA certificate");
    with_extensions("300c" "0603551d13" "0405" "30030101ff", STATUS_REFUSED, "CA certificate");
    /* The Merkle Tree CA extensions: -07, SM3, -06, -05. */
    with_extensions("300e" "06082b06010505070126" "0402" "3000", STATUS_REFUSED, "CA certificate");
    with_extensions("3011" "060b2b0601040181fd59876801" "0402" "3000", STATUS_REFUSED, "CA certificate");
    with_extensions("3010" "060a2b0601040182da4b2f04" "0402" "3000", STATUS_REFUSED, "CA certificate");
    with_extensions("3013" "060a2b0601040182da4b2f02" "0101ff" "0402" "3000", STATUS_REFUSED, "CA certificate");
}

static void unknown_extensions(void **state)
{
    (void)state;
    with_extensions("3009" "06032a0304" "0402" "0500", STATUS_OK, NULL);
    with_extensions("300c" "06032a0304" "0101ff" "0402" "0500", STATUS_REFUSED, "unknown critical extension");
    with_extensions(SAN_WWW "300c" "06032a0304" "0101ff" "0402" "0500" DIGITAL_SIGNATURE, STATUS_REFUSED, "unknown critical extension");
    /* nameConstraints is nothing that a server certificate can have, and is not understood here. */
    with_extensions("300c" "0603551d1e" "0101ff" "0402" "3000", STATUS_REFUSED, "unknown critical extension");
    with_extensions(SERVER_AUTH SERVER_AUTH, STATUS_MALFORMED, "twice");
    with_extensions("300c" "06032a0304" "010100" "0402" "0500", STATUS_MALFORMED, "bad Extension");
    with_extensions(DIGITAL_SIGNATURE "0500", STATUS_MALFORMED, "bad Extension");
}

/* ---- names: www.example.com, *.wild.example, 192.0.2.1 ---- */

static void named(const char *dns_name, const char *ip_hex, const char *complaint)
{
    struct maker_cert cert;
    struct bytes name = heap_copy(bytes_of_text(dns_name)), ip = heap_hex(ip_hex);
    const struct verify_request request = {.at_s = MAKER_NOW, .dns_name = name, .ip = ip};
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    if (complaint == NULL)
        assert_ok(judge_whole(&cert, &request), &err, dns_name);
    else
        assert_says(judge_whole(&cert, &request), &err, STATUS_REFUSED, complaint);
    heap_free(name);
    heap_free(ip);
}

static void names(void **state)
{
    (void)state;
    named("www.example.com", "", NULL);
    named("WWW.Example.COM.", "", NULL);
    named("a.wild.example", "", NULL);
    named("", "c0000201", NULL);
    named("example.com", "", "not for the name example.com");
    named("wild.example", "", "not for the name wild.example");
    named("a.b.wild.example", "", "not for the name");
    named("*.wild.example", "", "not for the name");
    named("www.example.com.evil.example", "", "not for the name");
    named("xwww.example.com", "", "not for the name");
    named(".", "", "not for the name .");
    named("192.0.2.1", "", "not for the name 192.0.2.1");
    named("", "c0000202", "not for this IP address");
    named("", "00000000000000000000ffffc0000201", "not for this IP address");
    named("", "c00002", "not for this IP address");
    named("www.example.com", "c0000201", NULL);
    /* The reason stays a string, whatever is asked for. */
    char longest[1024];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    named(longest, "", "not for the name aaaa");
    assert_true(strlen(err.text) < sizeof err.text);
}

/* Without a subjectAltName there is no name: not in the subject, where a name once stood. */
static void no_names(void **state)
{
    (void)state;
    struct maker_cert cert;
    const struct verify_request named_request = {.at_s = MAKER_NOW, .dns_name = bytes_of_text("www.example.com")};
    maker_cert_init(&cert, &gm, 1, 5, 4, 8);
    cert.has_no_extensions = true;
    assert_says(judge_whole(&cert, &named_request), &err, STATUS_REFUSED, "not for the name");
    /* A name in a uniformResourceIdentifier or rfc822Name is none. */
    struct bytes other = heap_hex("301a" "0603551d11" "0413" "3011860f7777772e6578616d706c652e636f6d");
    cert.has_no_extensions = false;
    cert.extensions = other;
    assert_says(judge_whole(&cert, &named_request), &err, STATUS_REFUSED, "not for the name");
    heap_free(other);
    struct bytes right = heap_hex(SAN_WWW);
    cert.extensions = right;
    OK(judge_whole(&cert, &named_request));
    heap_free(right);
}

/* ---- every bit ---- */

/* Flips each bit in turn. Only in [ignored, ignored_end) may that leave the certificate good; gives the
 * number of such bits. */
static size_t flip_all(const struct trust_store *store, struct bytes der, size_t ignored, size_t ignored_end)
{
    static const struct verify_request requests[] = {
        {.at_s = MAKER_NOW}, {.is_proof_only = true},
    };
    size_t good = 0;
    uint8_t *bytes = (uint8_t *)(uintptr_t)der.data;
    for (size_t bit = 0; bit < 8 * der.len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        enum status s = whole(store, der, &requests[bit % 2]);
        bool is_ignored = bit / 8 >= ignored && bit / 8 < ignored_end;
        if (s == STATUS_OK && !is_ignored)
            fail_msg("bit %zu of byte %zu can be flipped", bit % 8, bit / 8);
        if (s != STATUS_OK && (err.status != s || err.text[0] == '\0'))
            fail_msg("bit %zu of byte %zu: no reason", bit % 8, bit / 8);
        good += s == STATUS_OK;
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_ok(whole(store, der, &requests[0]), &err, "all bits back");
    return good;
}

/* Cut off anywhere, or with a byte behind it. */
static void cut_all(const struct trust_store *store, struct bytes der)
{
    const struct verify_request request = {.is_proof_only = true};
    for (size_t len = 0; len < der.len; len++) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_int_equal(whole(store, cut, &request), STATUS_MALFORMED);
        heap_free(cut);
    }
    uint8_t *longer = malloc(der.len + 1);
    assert_non_null(longer);
    memcpy(longer, der.data, der.len);
    longer[der.len] = 0;
    assert_int_equal(whole(store, bytes_of(longer, der.len + 1), &request), STATUS_MALFORMED);
    free(longer);
}

static void landmark_bits(void **state)
{
    (void)state;
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(cas); i++) {
        struct maker_cert cert;
        maker_cert_init(&cert, cas[i], 1, 2121, 2048, 2122);
        struct trust_store *store = store_trusting(&cert);
        struct bytes der = maker_write(&cert);
        assert_int_equal(flip_all(store, der, 0, 0), 0);
        cut_all(store, der);
        heap_free(der);
        trust_store_free(store);
    }
}

static void standalone_bits(void **state)
{
    (void)state;
    struct maker_ca *const cas[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(cas); i++) {
        struct maker_cert cert;
        maker_cert_init(&cert, cas[i], 1, 2121, 2048, 2122);
        maker_ca_sign(&cert);
        struct trust_store *store = store_of(&gm, &intl, "");
        struct bytes der = maker_write(&cert);
        assert_int_equal(flip_all(store, der, 0, 0), 0);
        cut_all(store, der);
        heap_free(der);
        trust_store_free(store);
    }
}

/* The bytes of an unknown cosigner's ID and signature say nothing, and only they. */
static void ignored_bits(void **state)
{
    (void)state;
    struct maker_cert cert;
    maker_cert_init(&cert, &gm, 1, 2121, 2048, 2122);
    struct trust_store *store = store_trusting(&cert);
    maker_grease(&cert, 64);
    struct bytes der = maker_write(&cert);
    size_t signature = der.len - 64, id = signature - 2 - 40;
    assert_int_equal(der.data[id - 1], 40);
    size_t good = flip_all(store, der, id, der.len);
    /* All of the ID and signature but the two bytes of length between them. */
    assert_int_equal(good, 8 * (40 + 64));
    heap_free(der);
    trust_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_validity), cmocka_unit_test(ca_validity),
        cmocka_unit_test(key_use),              cmocka_unit_test(purposes),
        cmocka_unit_test(certificates_of_cas),  cmocka_unit_test(unknown_extensions),
        cmocka_unit_test(names),                cmocka_unit_test(no_names),
        cmocka_unit_test(landmark_bits),        cmocka_unit_test(standalone_bits),
        cmocka_unit_test(ignored_bits),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
