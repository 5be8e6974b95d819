#include "unit/codec/der_parts.h"

#include "codec/x509/csr.h"

static struct error err;

enum part {
    VERSION, SUBJECT, SPKI, ATTRIBUTES, INFO_END, ALGORITHM = INFO_END, SIGNATURE, BEHIND, PART_COUNT
};

#define EXTENSION_REQUEST "06092a864886f70d01090e"
#define CHALLENGE "3015 06092a864886f70d010907 3108 130673656372 6574"
#define SAN_EXTENSION "3012 0603551d11 040b 3009 8207 612e622e636f6d"

static const char *const good_parts[PART_COUNT] = {
    [VERSION] = "020100",
    [SUBJECT] = "300e 310c 300a 0603550403 0c0361 2e62",
    [SPKI] = "300c 3005 06032b6570 0303 00aabb",
    [ATTRIBUTES] = "a025 3023 " EXTENSION_REQUEST " 3116 3014 " SAN_EXTENSION,
    [ALGORITHM] = "300506032b6570",
    [SIGNATURE] = "0304 00 010203",
    [BEHIND] = "",
};

static struct bytes build(const char *const *parts)
{
    return parts_signed(parts, INFO_END, BEHIND);
}

static struct bytes build_with(size_t part, const char *hex)
{
    return parts_with(good_parts, PART_COUNT, part, hex, build);
}

static void fields(void **state)
{
    (void)state;
    struct bytes der = build(good_parts);
    struct csr csr;
    OK(csr_parse(der, &csr, &err));
    assert_bytes(csr.der, der);
    assert_ptr_equal(csr.info.data, der.data + 2);
    assert_int_equal(csr.info.len, der.len - 2 - 7 - 6);
    assert_hex(csr.subject, good_parts[SUBJECT]);
    assert_hex(csr.spki, good_parts[SPKI]);
    assert_hex(csr.spki_algorithm, "300506032b6570");
    assert_hex(csr.subject_alt_name, "8207612e622e636f6d");
    assert_hex(csr.signature_algorithm, good_parts[ALGORITHM]);
    assert_hex(csr.signature_value, "010203");
    heap_free(der);
}

static void variants(void **state)
{
    (void)state;
    static const struct {
        const char *attributes, *names;
    } cases[] = {
        {"a000", ""},
        {"a017" CHALLENGE, ""},
        {"a03c" CHALLENGE "3023 " EXTENSION_REQUEST " 3116 3014 " SAN_EXTENSION, "8207612e622e636f6d"},
        {"a03c 3023 " EXTENSION_REQUEST " 3116 3014 " SAN_EXTENSION CHALLENGE, "8207612e622e636f6d"},
        {"a02e" CHALLENGE CHALLENGE, ""},
        {"a011 300f " EXTENSION_REQUEST " 3102 3000", ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = build_with(ATTRIBUTES, cases[i].attributes);
        struct csr csr;
        assert_ok(csr_parse(der, &csr, &err), &err, cases[i].attributes);
        assert_hex(csr.subject_alt_name, cases[i].names);
        heap_free(der);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct parts_case cases[] = {
        {VERSION, "", STATUS_MALFORMED, "bad version"},
        {VERSION, "020101", STATUS_MALFORMED, "bad version"},
        {VERSION, "02020000", STATUS_MALFORMED, "bad version"},
        {SUBJECT, "3100", STATUS_MALFORMED, "bad subject (at"},
        {SPKI, "0500", STATUS_MALFORMED, "bad subjectPKInfo"},
        {SPKI, "300c 3105 06032b6570 0303 00aabb", STATUS_MALFORMED, "bad subjectPKInfo"},
        {SPKI, "300c 3005 06032b6570 0403 00aabb", STATUS_MALFORMED, "bad subjectPKInfo"},
        {SPKI, "300e 3005 06032b6570 0303 00aabb 0500", STATUS_MALFORMED, "bad subjectPKInfo"},
        {ATTRIBUTES, "", STATUS_MALFORMED, "bad attributes"},
        {ATTRIBUTES, "3100", STATUS_MALFORMED, "bad attributes"},
        {ATTRIBUTES, "a000 0500", STATUS_MALFORMED, "bytes behind the attributes"},
        {ATTRIBUTES, "a000 a000", STATUS_MALFORMED, "bytes behind the attributes"},
        {ATTRIBUTES, "a002 0500", STATUS_MALFORMED, "bad attribute (at"},
        {ATTRIBUTES, "a002 3000", STATUS_MALFORMED, "bad attribute (at"},
        {ATTRIBUTES, "a007 3005 06032a0304", STATUS_MALFORMED, "bad attribute (at"},
        {ATTRIBUTES, "a009 3007 06032a0304 3100", STATUS_MALFORMED, "bad attribute (at"},
        {ATTRIBUTES, "a009 3007 06032a0304 3000", STATUS_MALFORMED, "bad attribute (at"},
        {ATTRIBUTES, "a00d 300b 06032a0304 3102 0500 0500", STATUS_MALFORMED, "bad attribute (at"},
        /* extensionRequest: twice, two values, not a SEQUENCE, bad extensions in it */
        {ATTRIBUTES, "a022 300f " EXTENSION_REQUEST " 3102 3000 300f " EXTENSION_REQUEST " 3102 3000", STATUS_MALFORMED,
         "extensionRequest twice"},
        {ATTRIBUTES, "a013 3011 " EXTENSION_REQUEST " 3104 3000 3000", STATUS_MALFORMED, "extensionRequest (one value)"},
        {ATTRIBUTES, "a011 300f " EXTENSION_REQUEST " 3102 0500", STATUS_MALFORMED, "extensionRequest (one value)"},
        {ATTRIBUTES, "a013 3011 " EXTENSION_REQUEST " 3104 3002 3000", STATUS_MALFORMED, "bad Extension"},
        {ATTRIBUTES, "a039 3037 " EXTENSION_REQUEST " 312a 3028 " SAN_EXTENSION SAN_EXTENSION, STATUS_MALFORMED, "the same one twice"},
        {ATTRIBUTES, "a01c 301a " EXTENSION_REQUEST " 310d 300b 3009 0603551d11 0402 3000", STATUS_MALFORMED, "bad subjectAltName"},
        {ALGORITHM, "", STATUS_MALFORMED, "bad signatureAlgorithm"},
        {SIGNATURE, "", STATUS_MALFORMED, "bad signatureValue ("},
        {SIGNATURE, "0300", STATUS_MALFORMED, "bad signatureValue ("},
        {SIGNATURE, "0304 07 010200", STATUS_MALFORMED, "bad signatureValue ("},
        {SIGNATURE, "0304 00 010203 0500", STATUS_MALFORMED, "bad signatureValue ("},
        {BEHIND, "00", STATUS_MALFORMED, "not DER"},
        {BEHIND, "0500", STATUS_MALFORMED, "bytes behind it"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = build_with(cases[i].part, cases[i].hex);
        struct csr csr;
        assert_says(csr_parse(der, &csr, &err), &err, cases[i].status, cases[i].fragment);
        heap_free(der);
    }
}

static void no_request(void **state)
{
    (void)state;
    struct csr csr;
    struct bytes der = build(good_parts);
    for (size_t len = 0; len < der.len; len++) {
        struct bytes cut = heap_copy(bytes_of(der.data, len));
        assert_says(csr_parse(cut, &csr, &err), &err, STATUS_MALFORMED, "certification request");
        heap_free(cut);
    }
    heap_free(der);
    der = heap_hex("3102 3000");
    assert_says(csr_parse(der, &csr, &err), &err, STATUS_MALFORMED, "outer SEQUENCE");
    heap_free(der);
    der = heap_hex("3002 3100");
    assert_says(csr_parse(der, &csr, &err), &err, STATUS_MALFORMED, "certificationRequestInfo");
    heap_free(der);
    der = heap_hex("3080 0000");
    assert_says(csr_parse(der, &csr, &err), &err, STATUS_MALFORMED, "not DER");
    heap_free(der);
    uint8_t *longer = calloc(1, CSR_SIZE_MAX + 1);
    assert_says(csr_parse(bytes_of(longer, CSR_SIZE_MAX + 1), &csr, &err), &err, STATUS_LIMIT, "longer than");
    free(longer);
}

static void many_attributes(void **state)
{
    (void)state;
    for (size_t count = CSR_ATTRIBUTES_MAX; count <= CSR_ATTRIBUTES_MAX + 1; count++) {
        char text[1000] = "a0";
        size_t at = 2;
        text[at++] = "0123456789abcdef"[count * 11 / 16];
        text[at++] = "0123456789abcdef"[count * 11 % 16];
        if (count * 11 >= 0x80) {
            memmove(text + 4, text + 2, 2);
            memcpy(text + 2, "81", 2);
            at += 2;
        }
        for (size_t i = 0; i < count; i++, at += 22)
            memcpy(text + at, "300906032a030431020500", 23);
        struct bytes der = build_with(ATTRIBUTES, text);
        struct csr csr;
        enum status s = csr_parse(der, &csr, &err);
        if (count == CSR_ATTRIBUTES_MAX)
            assert_ok(s, &err, "16 attributes");
        else
            assert_says(s, &err, STATUS_LIMIT, "more than 16 attributes");
        heap_free(der);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),     cmocka_unit_test(variants),        cmocka_unit_test(refusals),
        cmocka_unit_test(no_request), cmocka_unit_test(many_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
