#include "unit/codec/der_parts.h"

#include "codec/x509/certificate.h"

static struct error err;

enum part {
    VERSION, SERIAL, SIGNATURE, ISSUER, VALIDITY, SUBJECT, SPKI, AFTER, TBS_END,
    OUTER_ALGORITHM = TBS_END, SIGNATURE_VALUE, BEHIND, PART_COUNT
};

/* A certificate of the smallest kind that has every field. */
static const char *const good_parts[PART_COUNT] = {
    [VERSION] = "a003020102",
    [SERIAL] = "020701000000000849",
    [SIGNATURE] = "300a06082b06010505070643",
    [ISSUER] = "30143112301006082b060105050719030d0481fd5901",
    [VALIDITY] = "301e 170d3230303130313030303030305a 170d3230313233313233353935395a",
    [SUBJECT] = "3000",
    [SPKI] = "300c 3005 06032b6570 0303 00aabb",
    [AFTER] = "a30e 300c 300a 0603551d11 0403 300102",
    [OUTER_ALGORITHM] = "300a06082b06010505070643",
    [SIGNATURE_VALUE] = "0304 00 010203",
    [BEHIND] = "",
};

/* The certificate of these parts, on the heap. */
static struct bytes build(const char *const *parts)
{
    return parts_signed(parts, TBS_END, BEHIND);
}

static struct bytes build_with(size_t part, const char *hex)
{
    return parts_with(good_parts, PART_COUNT, part, hex, build);
}

static void fields(void **state)
{
    (void)state;
    struct bytes der = build(good_parts);
    struct certificate c;
    OK(certificate_parse(der, &c, &err));
    assert_bytes(c.der, der);
    assert_hex(c.version, good_parts[VERSION]);
    assert_hex(c.serial, "01000000000849");
    assert_hex(c.signature, good_parts[SIGNATURE]);
    assert_hex(c.issuer, good_parts[ISSUER]);
    assert_hex(c.validity, good_parts[VALIDITY]);
    assert_hex(c.subject, good_parts[SUBJECT]);
    assert_hex(c.spki, good_parts[SPKI]);
    assert_hex(c.spki_algorithm, "300506032b6570");
    assert_hex(c.after_spki, good_parts[AFTER]);
    assert_hex(c.extensions, "300a0603551d110403300102");
    assert_hex(c.signature_algorithm, good_parts[OUTER_ALGORITHM]);
    assert_hex(c.signature_value, "010203");
    assert_int_equal(c.not_before_s, 1577836800);
    assert_int_equal(c.not_after_s, 1609459199);
    assert_int_equal(c.tbs.len, der.len - 3 - 12 - 6);
    assert_ptr_equal(c.tbs.data, der.data + 3);
    heap_free(der);
}

static void variants(void **state)
{
    (void)state;
    static const struct parts_case cases[] = {
        {VERSION, "a003020101", STATUS_OK, ""},
        {SERIAL, "0201ff", STATUS_OK, ""},
        {VALIDITY, "3020 170d3230303130313030303030305a 180f32303530303130313030303030305a", STATUS_OK, ""},
        {AFTER, "", STATUS_OK, ""},
        {AFTER, "8102 00aa 8202 00bb a30e300c300a0603551d110403300102", STATUS_OK, ""},
        {AFTER, "8202 00bb", STATUS_OK, ""},
        {SIGNATURE_VALUE, "030100", STATUS_OK, ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = build_with(cases[i].part, cases[i].hex);
        struct certificate c;
        enum status s = certificate_parse(der, &c, &err);
        /* version 2 has no extensions */
        if (i == 0)
            assert_says(s, &err, STATUS_MALFORMED, "extensions need version 3");
        else
            assert_ok(s, &err, cases[i].hex);
        heap_free(der);
    }
    const char *parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    parts[VERSION] = parts[AFTER] = "";
    struct bytes der = build(parts);
    struct certificate c;
    OK(certificate_parse(der, &c, &err));
    assert_int_equal(c.version.len, 0);
    assert_int_equal(c.extensions.len, 0);
    heap_free(der);
}

static void refusals(void **state)
{
    (void)state;
    static const struct parts_case cases[] = {
        {VERSION, "a003020100", STATUS_MALFORMED, "bad version"},
        {VERSION, "a003020103", STATUS_MALFORMED, "bad version"},
        {VERSION, "a00402020002", STATUS_MALFORMED, "bad version"},
        {VERSION, "a006020102020102", STATUS_MALFORMED, "bad version"},
        {VERSION, "a000", STATUS_MALFORMED, "bad version"},
        {VERSION, "", STATUS_MALFORMED, "extensions need version 3"},
        {SERIAL, "", STATUS_MALFORMED, "bad serialNumber"},
        {SERIAL, "0200", STATUS_MALFORMED, "bad serialNumber"},
        {SERIAL, "02020001", STATUS_MALFORMED, "bad serialNumber"},
        {SERIAL, "0202ff80", STATUS_MALFORMED, "bad serialNumber"},
        {SERIAL, "040101", STATUS_MALFORMED, "bad serialNumber"},
        {SIGNATURE, "0500", STATUS_MALFORMED, "bad signature"},
        {ISSUER, "0500", STATUS_MALFORMED, "bad issuer"},
        {VALIDITY, "3000", STATUS_MALFORMED, "bad validity"},
        {VALIDITY, "300f 170d3230303130313030303030305a", STATUS_MALFORMED, "bad validity"},
        {VALIDITY, "3020 170d3230303130313030303030305a 180f32303439303130313030303030305a", STATUS_MALFORMED, "bad validity"},
        {VALIDITY, "3020 170d3230303130313030303030305a 170d3230313233313233353935395a 0500", STATUS_MALFORMED, "bad validity"},
        {SUBJECT, "3002 3100", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "3003 020105", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "3004 3102 3000", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "3009 3107 3005 0603550403", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300e 310c 300a 0603550403 0c0161 0500", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300d 310b 3009 060480550403 0c0161", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300c 310a 3008 0603550403 0101 01", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300d 310b 3009 0603550403 0202 0001", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300c 310a 3008 0603550403 0501 00", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300d 310b 3009 0603550403 0302 0101", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300c 310a 3008 0603550403 0301 08", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300e 310c 300a 0603550403 2c03 0c0161", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "300b 3109 3007 0603550403 1000", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "3016 3114 3008 060355040a 0c0161 3008 0603550403 0c0161", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "3016 3114 3008 0603550403 0c0161 3008 0603550403 0c0161", STATUS_MALFORMED, "bad subject"},
        {ISSUER, "3002 3100", STATUS_MALFORMED, "bad issuer"},
        {SUBJECT, "3100", STATUS_MALFORMED, "bad subject"},
        {SPKI, "300c 3105 06032b6570 0303 00aabb", STATUS_MALFORMED, "bad subjectPublicKeyInfo"},
        {SPKI, "300c 3005 06032b6570 0403 00aabb", STATUS_MALFORMED, "bad subjectPublicKeyInfo"},
        {SPKI, "300e 3005 06032b6570 0303 00aabb 0500", STATUS_MALFORMED, "bad subjectPublicKeyInfo"},
        {SPKI, "3007 3005 06032b6570", STATUS_MALFORMED, "bad subjectPublicKeyInfo"},
        {SPKI, "0500", STATUS_MALFORMED, "bad subjectPublicKeyInfo"},
        {AFTER, "0500", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a302 3000", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a300", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a30e 310c 300a 0603551d11 0403 300102", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a310 300c 300a 0603551d11 0403 300102 0500", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a30e300c300a0603551d110403300102 a30e300c300a0603551d110403300102", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a30e300c300a0603551d110403300102 8102 00aa", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "8202 00bb 8102 00aa", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "8102 00aa 8102 00aa", STATUS_MALFORMED, "bad extensions"},
        {OUTER_ALGORITHM, "", STATUS_MALFORMED, "bad signatureAlgorithm"},
        {SIGNATURE_VALUE, "", STATUS_MALFORMED, "bad signatureValue"},
        {SIGNATURE_VALUE, "0300", STATUS_MALFORMED, "bad signatureValue"},
        {SIGNATURE_VALUE, "0304 01 010203", STATUS_MALFORMED, "bad signatureValue"},
        {SIGNATURE_VALUE, "0404 00 010203", STATUS_MALFORMED, "bad signatureValue"},
        {SIGNATURE_VALUE, "0304 00 010203 0500", STATUS_MALFORMED, "bad signatureValue"},
        {BEHIND, "00", STATUS_MALFORMED, "not DER"},
        {BEHIND, "0500", STATUS_MALFORMED, "bytes behind it"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = build_with(cases[i].part, cases[i].hex);
        struct certificate c;
        assert_says(certificate_parse(der, &c, &err), &err, cases[i].status, cases[i].fragment);
        heap_free(der);
    }
}

/* [RFC5280 4.1.2.8]: unique identifiers came with version 2. */
static void unique_ids_need_version_2(void **state)
{
    (void)state;
    const char *parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    parts[AFTER] = "8102 00aa";
    parts[VERSION] = "a003020101";
    struct certificate c;
    struct bytes der = build(parts);
    OK(certificate_parse(der, &c, &err));
    heap_free(der);
    parts[VERSION] = "";
    der = build(parts);
    assert_says(certificate_parse(der, &c, &err), &err, STATUS_MALFORMED, "unique identifiers need version 2");
    heap_free(der);
}

static void no_certificate(void **state)
{
    (void)state;
    struct certificate c;
    struct bytes der = build(good_parts);
    for (size_t len = 0; len < der.len; len++) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_says(certificate_parse(cut, &c, &err), &err, STATUS_MALFORMED, "certificate");
        heap_free(cut);
    }
    heap_free(der);
    der = heap_hex("3102 3000");
    assert_says(certificate_parse(der, &c, &err), &err, STATUS_MALFORMED, "outer SEQUENCE");
    heap_free(der);
    der = heap_hex("3002 3100");
    assert_says(certificate_parse(der, &c, &err), &err, STATUS_MALFORMED, "tbsCertificate");
    heap_free(der);
    uint8_t *longer = calloc(1, CERTIFICATE_SIZE_MAX + 1);
    assert_says(certificate_parse(bytes_of(longer, CERTIFICATE_SIZE_MAX + 1), &c, &err), &err, STATUS_LIMIT, "longer than");
    free(longer);
}

/* The place is counted from the first byte of the certificate. */
static void place(void **state)
{
    (void)state;
    struct bytes der = build_with(SUBJECT, "3100");
    struct certificate c;
    assert_says(certificate_parse(der, &c, &err), &err, STATUS_MALFORMED, "(at byte 85)");
    assert_int_equal(der.data[85], 0x31);
    heap_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),         cmocka_unit_test(variants), cmocka_unit_test(refusals),
        cmocka_unit_test(no_certificate), cmocka_unit_test(place),    cmocka_unit_test(unique_ids_need_version_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
