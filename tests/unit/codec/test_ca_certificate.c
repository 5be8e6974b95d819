#include "unit/codec/der_parts.h"

#include "codec/asn1/der.h"
#include "codec/mtc/ca_certificate.h"
#include "codec/x509/extensions.h"

static struct error err;

#define NAME_07 "30143112301006082b060105050719030d0481fd5901"
#define NAME_06 "301631143012060a2b0601040182da4b2f030d0481fd5901"
#define NAME_05 "301931173015060a2b0601040182da4b2f010c0733323437332e31"
#define MLDSA44 "300b0609608648016503040311"
#define SM2 "300a06082a811ccf55018375"
#define SPKI "300c 3005 06032b6570 0303 00aabb"
#define SHA256 "300b0609608648016503040201"
#define OID_GM "060b 2b0601040181fd59876801"
#define OID_07 "0608 2b06010505070126"
#define OID_06 "060a 2b0601040182da4b2f04"
#define OID_05 "060a 2b0601040182da4b2f02"
#define SERIALS "0207 01000000000000 0209 00ffffffffffffffff"
#define KEY_USAGE "300e 0603551d0f 0101ff 0404 03020106"
#define BASIC_CONSTRAINTS "300f 0603551d13 0101ff 0405 30030101ff"
#define SUBJECT_KEY_ID "300d 0603551d0e 0406 0404 81fd5901"

enum part { SUBJECT, CA_OID, CRITICAL, CA_VALUE, MORE, PART_COUNT };

static const char *const gm_parts[PART_COUNT] = {
    [SUBJECT] = NAME_07,
    [CA_OID] = OID_GM,
    [CRITICAL] = "0101ff",
    [CA_VALUE] = SM2 SERIALS,
    [MORE] = KEY_USAGE BASIC_CONSTRAINTS SUBJECT_KEY_ID,
};

/* A CA certificate in which these parts may be bad; CA_VALUE is the contents of the SEQUENCE. */
static struct bytes build(const char *const parts[PART_COUNT])
{
    struct builder b;
    builder_init(&b, PARTS_SIZE_MAX);
    parts_hex(&b, "a003020102 020101 300a06082b06010505070624 3000");
    parts_hex(&b, "301e 170d3230303130313030303030305a 170d3230313233313233353935395a");
    parts_hex(&b, parts[SUBJECT]);
    parts_hex(&b, SPKI);
    size_t extensions = b.len, extension = b.len;
    if (parts[CA_OID][0] != '\0') {
        parts_hex(&b, parts[CA_OID]);
        parts_hex(&b, parts[CRITICAL]);
        size_t value = b.len;
        parts_hex(&b, parts[CA_VALUE]);
        parts_wrap(&b, value, DER_SEQUENCE);
        parts_wrap(&b, value, DER_OCTET_STRING);
        parts_wrap(&b, extension, DER_SEQUENCE);
    }
    parts_hex(&b, parts[MORE]);
    parts_wrap(&b, extensions, DER_SEQUENCE);
    parts_wrap(&b, extensions, 0xa3);
    parts_wrap(&b, 0, DER_SEQUENCE);
    parts_hex(&b, "300a06082b06010505070624 030100");
    parts_wrap(&b, 0, DER_SEQUENCE);
    struct bytes out = heap_copy(builder_view(&b));
    builder_clear(&b);
    return out;
}

static void every_version(void **state)
{
    (void)state;
    static const struct {
        const char *parts[PART_COUNT], *draft, *sig_alg;
        uint64_t min_serial, max_serial;
    } cases[] = {
        {{NAME_07, OID_GM, "0101ff", SM2 SERIALS, KEY_USAGE BASIC_CONSTRAINTS SUBJECT_KEY_ID}, "gm-0", SM2,
         CA_CERTIFICATE_SERIAL_MIN, UINT64_MAX},
        {{NAME_07, OID_07, "0101ff", MLDSA44 SERIALS, BASIC_CONSTRAINTS KEY_USAGE}, "draft-07", MLDSA44,
         CA_CERTIFICATE_SERIAL_MIN, UINT64_MAX},
        {{NAME_06, OID_06, "0101ff", MLDSA44 SERIALS, KEY_USAGE BASIC_CONSTRAINTS}, "draft-06", MLDSA44,
         CA_CERTIFICATE_SERIAL_MIN, UINT64_MAX},
        {{NAME_05, OID_05, "0101ff", SHA256 MLDSA44 "020100 020164", KEY_USAGE BASIC_CONSTRAINTS}, "draft-05", MLDSA44, 0, 100},
        {{NAME_05, OID_05, "0101ff", SHA256 MLDSA44 "020107", KEY_USAGE BASIC_CONSTRAINTS}, "draft-04", MLDSA44, 7, UINT64_MAX},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = build(cases[i].parts);
        struct ca_certificate ca;
        assert_ok(ca_certificate_parse(der, &ca, &err), &err, cases[i].draft);
        assert_string_equal(ca.draft->name, cases[i].draft);
        assert_ptr_equal(ca.draft->hash, i == 0 ? &hash_sm3 : &hash_sha256);
        assert_hex(tai_bytes(&ca.id), "81fd5901");
        assert_hex(ca.name, cases[i].parts[SUBJECT]);
        assert_hex(ca.spki, SPKI);
        assert_hex(ca.sig_alg, cases[i].sig_alg);
        assert_int_equal(ca.min_serial, cases[i].min_serial);
        assert_int_equal(ca.max_serial, cases[i].max_serial);
        assert_int_equal(ca.not_before_s, 1577836800);
        assert_int_equal(ca.not_after_s, 1609459199);
        heap_free(der);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct parts_case cases[] = {
        {CA_OID, "", STATUS_REFUSED, "no Merkle Tree CA extension of a known version"},
        {CA_OID, "0608 2b06010505070127", STATUS_REFUSED, "no Merkle Tree CA extension of a known version"},
        {CRITICAL, "", STATUS_MALFORMED, "not critical"},
        {CA_VALUE, "", STATUS_MALFORMED, "no version has this number of fields"},
        {CA_VALUE, SHA256 SM2 SERIALS, STATUS_MALFORMED, "no version has this number of fields"},
        {CA_VALUE, SM2 "0207 01000000000000", STATUS_MALFORMED, "no version has this number of fields"},
        {CA_VALUE, "300c06082a811ccf55018375 0500" SERIALS, STATUS_MALFORMED, "bad sigAlg"},
        {CA_VALUE, "3000" SERIALS, STATUS_MALFORMED, "bad sigAlg"},
        {CA_VALUE, "06082a811ccf55018375" SERIALS, STATUS_MALFORMED, "bad sigAlg"},
        {CA_VALUE, SM2 "0207 01000000000000 0500", STATUS_MALFORMED, "bad minSerial or maxSerial"},
        {CA_VALUE, SM2 "0500 0207 01000000000000", STATUS_MALFORMED, "bad minSerial or maxSerial"},
        {CA_VALUE, SM2 "0207 01000000000000 020a 01000000000000000000", STATUS_MALFORMED, "bad minSerial or maxSerial"},
        {CA_VALUE, SM2 "0201ff 0207 01000000000000", STATUS_MALFORMED, "bad minSerial or maxSerial"},
        {CA_VALUE, SM2 "0207 00ffffffffffff 0207 01000000000000", STATUS_MALFORMED, "2^48"},
        {CA_VALUE, SM2 "0207 01000000000000 0207 00ffffffffffff", STATUS_MALFORMED, "2^48"},
        {MORE, BASIC_CONSTRAINTS, STATUS_REFUSED, "keyUsage does not say keyCertSign"},
        {MORE, BASIC_CONSTRAINTS "300e 0603551d0f 0101ff 0404 03020102", STATUS_REFUSED, "keyUsage does not say keyCertSign"},
        {MORE, KEY_USAGE, STATUS_REFUSED, "basicConstraints does not say cA TRUE"},
        {MORE, KEY_USAGE "300c 0603551d13 0101ff 0402 3000", STATUS_REFUSED, "basicConstraints does not say cA TRUE"},
        {MORE, KEY_USAGE BASIC_CONSTRAINTS "300a 06032a0304 0101ff 0400", STATUS_REFUSED, "unknown critical extension"},
        {MORE, KEY_USAGE BASIC_CONSTRAINTS KEY_USAGE, STATUS_MALFORMED, "the same one twice"},
        {MORE, KEY_USAGE BASIC_CONSTRAINTS, STATUS_REFUSED, "GM-28"},
        {MORE, KEY_USAGE BASIC_CONSTRAINTS "300d 0603551d0e 0406 0404 81fd5902", STATUS_REFUSED, "GM-28"},
        {MORE, KEY_USAGE BASIC_CONSTRAINTS SUBJECT_KEY_ID "300e 060a 2b0601040183fa3d0201 0400", STATUS_REFUSED, "GM-30"},
        {MORE, "300b 0603551d0f 0404 03020106" BASIC_CONSTRAINTS SUBJECT_KEY_ID, STATUS_REFUSED, "GM-28"},
        {MORE, KEY_USAGE "300c 0603551d13 0405 30030101ff" SUBJECT_KEY_ID, STATUS_REFUSED, "GM-28"},
        {CA_VALUE, SM2 "0207 01000000000001 0207 01000000000000", STATUS_REFUSED, "GM-29"},
        {SUBJECT, "3000", STATUS_MALFORMED, "name: not one trust anchor ID attribute of gm-0"},
        {SUBJECT, NAME_06, STATUS_MALFORMED, "name: not one trust anchor ID attribute of gm-0"},
        {SUBJECT, "3014311230100608 2b06010505071903 0c0481fd5901", STATUS_MALFORMED, "name: not one trust anchor ID"},
        {SUBJECT, "3016 3114 3012 0608 2b06010505071903 0d0481fd5901 0500", STATUS_MALFORMED, "bad subject"},
        {SUBJECT, "3026 3124 3010 0608 2b06010505071903 0d0481fd5901 3010 0608 2b06010505071903 0d0481fd5902",
         STATUS_MALFORMED, "name: not one trust anchor ID"},
        {SUBJECT, "3028 3112 3010 0608 2b06010505071903 0d0481fd5901 3112 3010 0608 2b06010505071903 0d0481fd5901",
         STATUS_MALFORMED, "name: not one trust anchor ID"},
        {SUBJECT, "3010 310e 300c 0608 2b06010505071903 0d00", STATUS_MALFORMED, "name: "},
        {SUBJECT, "3014 3112 3010 0608 2b06010505071903 0d04 80fd5901", STATUS_MALFORMED, "name: "},
        {SUBJECT, "3014 3112 3010 0608 2b06010505071903 0d04 81fd5981", STATUS_MALFORMED, "name: "},
        {SUBJECT, "3031 312f 302d 0608 2b06010505071903 0d21 010101010101010101010101010101010101010101010101010101010101010101",
         STATUS_LIMIT, "name: "},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *parts[PART_COUNT];
        memcpy(parts, gm_parts, sizeof parts);
        parts[cases[i].part] = cases[i].hex;
        struct bytes der = build(parts);
        struct ca_certificate ca;
        assert_says(ca_certificate_parse(der, &ca, &err), &err, cases[i].status, cases[i].fragment);
        /* the verdict does not depend on who listens to the reason */
        assert_int_equal(ca_certificate_parse(der, &ca, NULL), cases[i].status);
        heap_free(der);
    }
}

/* What the GM profile asks for is not asked of an international CA. */
static void gm_rules_are_for_gm(void **state)
{
    (void)state;
    const char *const parts[PART_COUNT] = {NAME_07, OID_07, "0101ff", MLDSA44 "0207 01000000000001 0207 01000000000000",
                                           "300b 0603551d0f 0404 03020106" "300c 0603551d13 0405 30030101ff"
                                           "300e 060a 2b0601040183fa3d0201 0400"};
    struct bytes der = build(parts);
    struct ca_certificate ca;
    OK(ca_certificate_parse(der, &ca, &err));
    heap_free(der);
}

/* logHash was in the value up to -05, and has only ever been SHA-256. */
static void log_hash(void **state)
{
    (void)state;
    static const char *const bad[] = {SM2 MLDSA44 "020100 020164", "300d06096086480165030402010500" MLDSA44 "020100 020164",
                                      "0500" MLDSA44 "020100 020164", SM2 MLDSA44 "020107"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        const char *const parts[PART_COUNT] = {NAME_05, OID_05, "0101ff", bad[i], KEY_USAGE BASIC_CONSTRAINTS};
        struct bytes der = build(parts);
        struct ca_certificate ca;
        assert_says(ca_certificate_parse(der, &ca, &err), &err, STATUS_MALFORMED, "logHash is not SHA-256");
        heap_free(der);
    }
}

/* The extension's value is one SEQUENCE. */
static void value_is_one_sequence(void **state)
{
    (void)state;
    static const char *const bad[] = {"0402 0500", "0400", "0404 3000 0500"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct builder b;
        builder_init(&b, PARTS_SIZE_MAX);
        parts_hex(&b, OID_07 "0101ff");
        parts_hex(&b, bad[i]);
        parts_wrap(&b, 0, DER_SEQUENCE);
        char more[400] = KEY_USAGE BASIC_CONSTRAINTS;
        text_hex(builder_view(&b), more + strlen(more));
        builder_clear(&b);
        const char *const parts[PART_COUNT] = {NAME_07, "", "", "", more};
        struct bytes der = build(parts);
        struct ca_certificate ca;
        assert_says(ca_certificate_parse(der, &ca, &err), &err, STATUS_MALFORMED, "not a SEQUENCE");
        heap_free(der);
    }
}

static void names(void **state)
{
    (void)state;
    static const uint8_t oid_06[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2f, 0x04};
    static const uint8_t oid_05[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2f, 0x02};
    const struct {
        const struct draft *draft;
        const char *name;
    } cases[] = {{&draft_gm, NAME_07}, {&draft_07, NAME_07}, {draft_find(BYTES_OF(oid_06), 3), NAME_06},
                 {draft_find(BYTES_OF(oid_05), 4), NAME_05}, {draft_find(BYTES_OF(oid_05), 3), NAME_05}};
    struct tai id, back;
    OK(tai_parse_text(bytes_of_text("32473.1"), &id, &err));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct builder b;
        builder_init(&b, 100);
        draft_write_ca_name(cases[i].draft, &id, &b);
        assert_hex(builder_view(&b), cases[i].name);
        OK(draft_parse_ca_name(cases[i].draft, builder_view(&b), &back, &err));
        assert_true(tai_equal(&id, &back));
        builder_u16(&b, 0x0500);
        assert_says(draft_parse_ca_name(cases[i].draft, builder_view(&b), &back, &err), &err, STATUS_MALFORMED, "name: ");
        builder_clear(&b);
    }
    assert_null(draft_find(BYTES_OF(oid_06), 4));
    assert_null(draft_find(BYTES_OF(oid_05), 2));
    assert_null(draft_find(bytes_of(oid_05, 9), 3));
    assert_false(draft_has_ca_extension(bytes_of(oid_05, 9)));
    assert_true(draft_has_ca_extension(BYTES_OF(oid_05)));
}

static void assert_value(const struct draft *draft, const char *sig_alg, uint64_t min, uint64_t max, const char *want)
{
    struct bytes alg = heap_hex(sig_alg), spki = heap_hex(SPKI), whole = heap_hex(want);
    struct ca_certificate ca = {.draft = draft, .spki = spki, .sig_alg = alg, .min_serial = min, .max_serial = max,
                                .not_before_s = 1577836800, .not_after_s = 2524608000}, back;
    struct certificate cert;
    struct extensions e;
    OK(tai_parse_text(bytes_of_text("32473.1"), &ca.id, &err));
    struct builder b;
    builder_init(&b, 1000);
    OK(ca_certificate_write(&ca, &b, &err));
    OK(ca_certificate_parse(builder_view(&b), &back, &err));
    assert_ptr_equal(back.draft, draft);
    assert_true(tai_equal(&back.id, &ca.id));
    assert_bytes(back.spki, spki);
    assert_bytes(back.sig_alg, alg);
    assert_int_equal(back.min_serial, min);
    assert_int_equal(back.max_serial, max);
    assert_hex(back.name, NAME_07);
    OK(certificate_parse(builder_view(&b), &cert, &err));
    OK(extensions_parse(cert.extensions, &e, &err));
    assert_bytes(e.mtc_ca.value, whole);
    assert_true(e.mtc_ca.is_critical);
    assert_hex(e.subject_key_id, "81fd5901");
    assert_int_equal(cert.not_before_s, 1577836800);
    assert_int_equal(cert.not_after_s, 2524608000);
    /* an unsigned certificate [RFC9925] */
    assert_hex(cert.signature, "300a06082b06010505070624");
    assert_bytes(cert.signature_algorithm, cert.signature);
    assert_int_equal(cert.signature_value.len, 0);
    assert_hex(cert.issuer, "3010310e300c06082b060105050719010c00");
    builder_clear(&b);
    heap_free(alg);
    heap_free(spki);
    heap_free(whole);
}

/* [MTC 5.5], values that two other implementations have as well. */
static void values(void **state)
{
    (void)state;
    assert_value(&draft_07, MLDSA44, CA_CERTIFICATE_SERIAL_MIN, CA_CERTIFICATE_SERIAL_MAX,
                 "3021300b0609608648016503040311 020701000000000000 020900ffffffffffffffff");
    assert_value(&draft_07, "300a06082a8648ce3d040302", CA_CERTIFICATE_SERIAL_MIN, CA_CERTIFICATE_SERIAL_MIN + 100,
                 "301e300a06082a8648ce3d040302 020701000000000000 020701000000000064");
    assert_value(&draft_gm, SM2, CA_CERTIFICATE_SERIAL_MIN, CA_CERTIFICATE_SERIAL_MAX,
                 "3020300a06082a811ccf55018375 020701000000000000 020900ffffffffffffffff");
}

static void not_written(void **state)
{
    (void)state;
    static const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2f, 0x04};
    struct bytes alg = heap_hex(SM2), spki = heap_hex(SPKI);
    struct ca_certificate ca = {.draft = draft_find(BYTES_OF(oid), 3), .spki = spki, .sig_alg = alg,
                                .min_serial = CA_CERTIFICATE_SERIAL_MIN, .max_serial = CA_CERTIFICATE_SERIAL_MAX,
                                .not_after_s = 1};
    struct builder b;
    builder_init(&b, 1000);
    assert_says(ca_certificate_write(&ca, &b, &err), &err, STATUS_USAGE, "draft-06 is read only");
    builder_clear(&b);
    ca.draft = &draft_gm;
    builder_init(&b, 100);
    assert_says(ca_certificate_write(&ca, &b, &err), &err, STATUS_LIMIT, "CA certificate");
    builder_clear(&b);
    builder_init(&b, 1000);
    ca.not_after_s = INT64_MAX;
    assert_says(ca_certificate_write(&ca, &b, &err), &err, STATUS_LIMIT, "CA certificate");
    ca.not_after_s = 1;
    builder_clear(&b);
    /* a signature algorithm longer than any */
    static uint8_t long_alg[80] = {0x30, 78};
    ca.sig_alg = BYTES_OF(long_alg);
    builder_init(&b, 1000);
    assert_says(ca_certificate_write(&ca, &b, &err), &err, STATUS_LIMIT, "CA certificate");
    builder_clear(&b);
    heap_free(alg);
    heap_free(spki);
}

static void no_certificate(void **state)
{
    (void)state;
    struct bytes der = build(gm_parts);
    struct ca_certificate ca;
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(ca_certificate_parse(bytes_of(der.data, len), &ca, &err), STATUS_MALFORMED);
    heap_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version), cmocka_unit_test(refusals), cmocka_unit_test(log_hash),
        cmocka_unit_test(names),         cmocka_unit_test(values),   cmocka_unit_test(value_is_one_sequence),
        cmocka_unit_test(not_written),   cmocka_unit_test(no_certificate), cmocka_unit_test(gm_rules_are_for_gm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
