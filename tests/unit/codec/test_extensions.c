#include "unit/codec/der_parts.h"

#include <stdio.h>

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

static struct error err;

/* One Extension with these contents of extnValue. */
static void add(struct builder *list, const char *oid, const char *critical, const char *value)
{
    size_t start = list->len;
    parts_hex(list, oid);
    parts_hex(list, critical);
    size_t value_start = list->len;
    parts_hex(list, value);
    parts_wrap(list, value_start, DER_OCTET_STRING);
    parts_wrap(list, start, DER_SEQUENCE);
}

static enum status parse_one(const char *oid, const char *critical, const char *value, struct extensions *out)
{
    static struct bytes kept; /* what out borrows from, until the next call */
    struct builder b;
    builder_init(&b, PARTS_SIZE_MAX);
    add(&b, oid, critical, value);
    if (kept.data != NULL)
        heap_free(kept);
    kept = heap_copy(builder_view(&b));
    builder_clear(&b);
    return extensions_parse(kept, out, &err);
}

#define TRUE_ "0101ff"
#define BASIC_CONSTRAINTS "0603551d13"
#define KEY_USAGE "0603551d0f"
#define EXT_KEY_USAGE "0603551d25"
#define SUBJECT_ALT_NAME "0603551d11"
#define AUTHORITY_KEY_ID "0603551d23"
#define SUBJECT_KEY_ID "0603551d0e"
#define ISSUER_ALT_NAME "0603551d12"
#define POLICIES "0603551d20"
#define UNKNOWN "06032a0304"

static void none(void **state)
{
    (void)state;
    struct extensions e;
    OK(extensions_parse(bytes_of(NULL, 0), &e, &err));
    assert_false(e.has_basic_constraints || e.has_key_usage || e.has_ext_key_usage);
    assert_int_equal(e.mtc_ca.oid.len, 0);
    assert_int_equal(e.unknown_critical.len, 0);
}

static void basic_constraints(void **state)
{
    (void)state;
    struct extensions e;
    OK(parse_one(BASIC_CONSTRAINTS, TRUE_, "3000", &e));
    assert_true(e.has_basic_constraints && !e.is_ca && !e.has_path_len);
    OK(parse_one(BASIC_CONSTRAINTS, TRUE_, "3003 0101ff", &e));
    assert_true(e.is_ca && !e.has_path_len);
    OK(parse_one(BASIC_CONSTRAINTS, "", "3006 0101ff 020103", &e));
    assert_true(e.is_ca && e.has_path_len);
    assert_int_equal(e.path_len, 3);
}

static void key_usage(void **state)
{
    (void)state;
    struct extensions e;
    OK(parse_one(KEY_USAGE, TRUE_, "0302 0780", &e));
    assert_true(e.has_key_usage);
    assert_int_equal(e.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    OK(parse_one(KEY_USAGE, TRUE_, "0302 0106", &e));
    assert_int_equal(e.key_usage, KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    OK(parse_one(KEY_USAGE, TRUE_, "0303 070080", &e));
    assert_int_equal(e.key_usage, 0);
}

static void ext_key_usage(void **state)
{
    (void)state;
    struct extensions e;
    OK(parse_one(EXT_KEY_USAGE, "", "300a 06082b06010505070301", &e));
    assert_true(e.has_ext_key_usage && e.has_server_auth && !e.has_client_auth && !e.has_any_purpose);
    OK(parse_one(EXT_KEY_USAGE, "", "3014 06082b06010505070303 06082b06010505070302", &e));
    assert_true(e.has_ext_key_usage && !e.has_server_auth && e.has_client_auth);
    OK(parse_one(EXT_KEY_USAGE, "", "3006 0604551d2500", &e));
    assert_true(e.has_any_purpose && !e.has_server_auth);
}

static void names(void **state)
{
    (void)state;
    struct extensions e;
    struct san_name name;
    struct reader r;
    OK(parse_one(SUBJECT_ALT_NAME, TRUE_, "300d 8203 612e62 8704 c0000201 8600", &e));
    reader_init(&r, e.subject_alt_name);
    assert_true(san_next(&r, &name));
    assert_int_equal(name.tag, SAN_DNS_NAME);
    assert_bytes(name.value, bytes_of_text("a.b"));
    assert_true(san_next(&r, &name));
    assert_int_equal(name.tag, SAN_IP_ADDRESS);
    assert_true(san_next(&r, &name));
    assert_int_equal(name.tag, 0x86);
    assert_false(san_next(&r, &name));
    OK(parse_one(SUBJECT_ALT_NAME, TRUE_, "3012 8710 20010db8000000000000000000000001", &e));
    assert_int_equal(e.subject_alt_name.len, 18);
}

static void key_ids(void **state)
{
    (void)state;
    struct extensions e;
    OK(parse_one(AUTHORITY_KEY_ID, "", "3006 8004 81fd5901", &e));
    assert_hex(e.authority_key_id, "81fd5901");
    OK(parse_one(AUTHORITY_KEY_ID, "", "3008 8001 aa a100 8201 05", &e));
    assert_hex(e.authority_key_id, "aa");
    OK(parse_one(AUTHORITY_KEY_ID, "", "3000", &e));
    assert_int_equal(e.authority_key_id.len, 0);
    OK(parse_one(SUBJECT_KEY_ID, "", "0404 81fd5901", &e));
    assert_hex(e.subject_key_id, "81fd5901");
}

static void others(void **state)
{
    (void)state;
    struct extensions e;
    OK(parse_one(ISSUER_ALT_NAME, "", "3002 8200", &e));
    OK(parse_one(POLICIES, TRUE_, "3005 3003 06012a", &e));
    OK(parse_one(POLICIES, "", "300d 3003 06012a 3006 06012b 3001ff", &e));
    assert_int_equal(e.unknown_critical.len, 0);
    /* what must never be critical asks for the impossible */
    OK(parse_one(ISSUER_ALT_NAME, TRUE_, "3002 8200", &e));
    assert_hex(e.unknown_critical, "551d12");
    OK(parse_one(AUTHORITY_KEY_ID, TRUE_, "3003 8001 aa", &e));
    assert_hex(e.unknown_critical, "551d23");
    OK(parse_one(SUBJECT_KEY_ID, TRUE_, "0401 aa", &e));
    assert_hex(e.unknown_critical, "551d0e");
    OK(parse_one(UNKNOWN, "", "ff", &e));
    assert_int_equal(e.unknown_critical.len, 0);
    OK(parse_one(UNKNOWN, TRUE_, "", &e));
    assert_hex(e.unknown_critical, "2a0304");
    /* name constraints are not looked into, so a critical one must not be passed over */
    OK(parse_one("0603551d1e", TRUE_, "3000", &e));
    assert_hex(e.unknown_critical, "551d1e");
    /* the extension that makes a Merkle Tree CA, of any version */
    static const char *const ca[] = {"0608 2b06010505070126", "060a 2b0601040182da4b2f04", "060a 2b0601040182da4b2f02",
                                     "060b 2b0601040181fd59876801"};
    for (size_t i = 0; i < LENGTH(ca); i++) {
        OK(parse_one(ca[i], TRUE_, "3000", &e));
        assert_true(e.mtc_ca.oid.len > 0 && e.mtc_ca.is_critical);
        assert_hex(e.mtc_ca.value, "3000");
        assert_int_equal(e.unknown_critical.len, 0);
    }
}

static void first_unknown_critical(void **state)
{
    (void)state;
    struct builder b;
    struct extensions e;
    builder_init(&b, PARTS_SIZE_MAX);
    add(&b, UNKNOWN, TRUE_, "01");
    add(&b, "06032a0305", TRUE_, "01");
    OK(extensions_parse(builder_view(&b), &e, &err));
    assert_hex(e.unknown_critical, "2a0304");
    builder_clear(&b);
}

static void bad_values(void **state)
{
    (void)state;
    static const struct {
        const char *oid, *value, *name;
    } cases[] = {
        {BASIC_CONSTRAINTS, "", "basicConstraints"},
        {BASIC_CONSTRAINTS, "3003 010100", "basicConstraints"},   /* the default, written out */
        {BASIC_CONSTRAINTS, "3003 010101", "basicConstraints"},
        {BASIC_CONSTRAINTS, "3003 020100", "basicConstraints"},   /* pathLen of a certificate that is no CA */
        {BASIC_CONSTRAINTS, "3006 0101ff 0201ff", "basicConstraints"},
        {BASIC_CONSTRAINTS, "3005 0101ff 0500", "basicConstraints"},
        {BASIC_CONSTRAINTS, "3000 00", "basicConstraints"},
        {KEY_USAGE, "", "keyUsage"},
        {KEY_USAGE, "0300", "keyUsage"},
        {KEY_USAGE, "0301 00", "keyUsage"},
        {KEY_USAGE, "0302 0800", "keyUsage"},
        {KEY_USAGE, "0302 0880", "keyUsage"},
        {KEY_USAGE, "0302 2081", "keyUsage"},   /* more unused bits than a number has */
        {KEY_USAGE, "0302 0700", "keyUsage"},   /* no bit */
        {KEY_USAGE, "0302 0680", "keyUsage"},   /* a zero bit at the end */
        {KEY_USAGE, "0302 0781", "keyUsage"},   /* unused bits that are set */
        {KEY_USAGE, "0303 078000", "keyUsage"}, /* a zero byte at the end */
        {KEY_USAGE, "0304 07808080", "keyUsage"},
        {KEY_USAGE, "0402 0780", "keyUsage"},
        {KEY_USAGE, "0302 0780 00", "keyUsage"},
        {EXT_KEY_USAGE, "3000", "extKeyUsage"},
        {EXT_KEY_USAGE, "3002 0500", "extKeyUsage"},
        {EXT_KEY_USAGE, "0500", "extKeyUsage"},
        {EXT_KEY_USAGE, "300a 06082b06010505070301 00", "extKeyUsage"},
        {SUBJECT_ALT_NAME, "3000", "subjectAltName"},
        {SUBJECT_ALT_NAME, "8203 612e62", "subjectAltName"},
        {SUBJECT_ALT_NAME, "3005 8704 c00002", "subjectAltName"},
        {SUBJECT_ALT_NAME, "3005 8703 c00002", "subjectAltName"},
        {SUBJECT_ALT_NAME, "3007 8705 c000020101", "subjectAltName"},
        {SUBJECT_ALT_NAME, "3002 8700", "subjectAltName"},
        {AUTHORITY_KEY_ID, "0404 81fd5901", "authorityKeyIdentifier"},
        {AUTHORITY_KEY_ID, "3002 8001", "authorityKeyIdentifier"},
        {AUTHORITY_KEY_ID, "3006 8001 aa 8001 bb", "authorityKeyIdentifier"}, /* which of them? */
        {AUTHORITY_KEY_ID, "3005 a100 8001 aa", "authorityKeyIdentifier"},
        {AUTHORITY_KEY_ID, "3003 8301 aa", "authorityKeyIdentifier"},
        {AUTHORITY_KEY_ID, "3003 0401 aa", "authorityKeyIdentifier"},
        {SUBJECT_KEY_ID, "3000", "subjectKeyIdentifier"},
        {SUBJECT_KEY_ID, "0401 aa 00", "subjectKeyIdentifier"},
        {ISSUER_ALT_NAME, "0400", "issuerAltName"},
        {POLICIES, "3000 3000", "certificatePolicies"},
        {POLICIES, "3000", "certificatePolicies"},
        {POLICIES, "3001 ff", "certificatePolicies"},
        {POLICIES, "3002 3000", "certificatePolicies"},
        {POLICIES, "3006 3004 0602 802a", "certificatePolicies"},
        {POLICIES, "3007 3005 06012a 0500", "certificatePolicies"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct extensions e;
        char fragment[64];
        (void)snprintf(fragment, sizeof fragment, "bad %s", cases[i].name);
        assert_says(parse_one(cases[i].oid, "", cases[i].value, &e), &err, STATUS_MALFORMED, fragment);
    }
}

static void bad_extensions(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "3000",                          /* no OID */
        "3008 0604 802a0304 0400",       /* an OID that is not in its shortest form */
        "3007 0603 2a0384 0400",         /* and one that does not end */
        "3006 0601ff 0400 00",           /* more than its value */
        "3002 0600",
        "3004 0600 0400",                /* an empty OID */
        "3009 06032a0304 0101 00",       /* no value */
        "300a 06032a0304 010100 0400",   /* FALSE is the default */
        "300a 06032a0304 010101 0400",
        "3007 06032a0304 0500",
        "3009 06032a0304 0400 0400",
        "3107 06032a0304 0400",
        "0500",
        "30",
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes list = heap_hex(bad[i]);
        struct extensions e;
        assert_says(extensions_parse(list, &e, &err), &err, STATUS_MALFORMED, "bad Extension (at byte 0)");
        heap_free(list);
    }
}

static void duplicates(void **state)
{
    (void)state;
    struct builder b;
    struct extensions e;
    builder_init(&b, PARTS_SIZE_MAX);
    add(&b, UNKNOWN, "", "01");
    add(&b, "06032a0305", "", "01");
    OK(extensions_parse(builder_view(&b), &e, &err));
    add(&b, UNKNOWN, TRUE_, "02");
    assert_says(extensions_parse(builder_view(&b), &e, &err), &err, STATUS_MALFORMED, "the same one twice");
    builder_reset(&b);
    add(&b, "0608 2b06010505070126", TRUE_, "3000");
    add(&b, "060a 2b0601040182da4b2f04", TRUE_, "3000");
    assert_says(extensions_parse(builder_view(&b), &e, &err), &err, STATUS_MALFORMED, "two versions");
    builder_clear(&b);
}

static void number(void **state)
{
    (void)state;
    struct builder b;
    struct extensions e;
    builder_init(&b, PARTS_SIZE_MAX);
    for (unsigned i = 0; i <= EXTENSIONS_MAX; i++) {
        char oid[16];
        (void)snprintf(oid, sizeof oid, "06032a03%02x", i);
        add(&b, oid, "", "01");
        if (i + 1 == EXTENSIONS_MAX)
            OK(extensions_parse(builder_view(&b), &e, &err));
    }
    assert_says(extensions_parse(builder_view(&b), &e, &err), &err, STATUS_LIMIT, "more than 64");
    builder_clear(&b);
}

/* What the writers write is what the reader reads, and byte for byte what others write. */
static void writers(void **state)
{
    (void)state;
    struct builder b;
    struct extensions e;
    builder_init(&b, 1000);
    extensions_write_key_usage(&b, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_hex(builder_view(&b), "300e 0603551d0f 0101ff 0404 03020780");
    builder_reset(&b);
    extensions_write_key_usage(&b, KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    assert_hex(builder_view(&b), "300e 0603551d0f 0101ff 0404 03020106");
    builder_reset(&b);
    extensions_write_basic_constraints_ca(&b);
    assert_hex(builder_view(&b), "300f 0603551d13 0101ff 0405 30030101ff");
    builder_reset(&b);
    extensions_write_ext_key_usage(&b, true);
    assert_hex(builder_view(&b), "301d 0603551d25 0416 3014 06082b06010505070301 06082b06010505070302");
    builder_reset(&b);
    extensions_write_ext_key_usage(&b, false);
    assert_hex(builder_view(&b), "3013 0603551d25 040c 300a 06082b06010505070301");
    builder_reset(&b);
    extensions_write_subject_alt_name(&b, bytes_of("\x82\x03" "a.b", 5), true);
    assert_hex(builder_view(&b), "3011 0603551d11 0101ff 0407 3005 8203612e62");
    builder_reset(&b);
    extensions_write_authority_key_id(&b, bytes_of("\x81\xfd\x59\x01", 4));
    assert_hex(builder_view(&b), "300f 0603551d23 0408 3006 800481fd5901");
    builder_reset(&b);
    extensions_write_subject_key_id(&b, bytes_of("\x81\xfd\x59\x01", 4));
    assert_hex(builder_view(&b), "300d 0603551d0e 0406 0404 81fd5901");
    builder_reset(&b);
    extensions_write_policy(&b, bytes_of("\x67\x81\x0c\x01\x02\x01", 6));
    assert_hex(builder_view(&b), "3013 0603551d20 040c 300a 3008 0606 67810c010201");
    extensions_write_key_usage(&b, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(&b, true);
    extensions_write_subject_alt_name(&b, bytes_of("\x82\x03" "a.b", 5), false);
    extensions_write_authority_key_id(&b, bytes_of("\x81\xfd\x59\x01", 4));
    OK(extensions_parse(builder_view(&b), &e, &err));
    assert_true(e.has_server_auth && e.has_client_auth);
    assert_hex(e.authority_key_id, "81fd5901");
    assert_hex(e.subject_alt_name, "8203612e62");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none),       cmocka_unit_test(basic_constraints), cmocka_unit_test(key_usage),
        cmocka_unit_test(names),      cmocka_unit_test(ext_key_usage),     cmocka_unit_test(key_ids),
        cmocka_unit_test(others),     cmocka_unit_test(bad_values),        cmocka_unit_test(bad_extensions),
        cmocka_unit_test(duplicates), cmocka_unit_test(number),            cmocka_unit_test(writers),
        cmocka_unit_test(first_unknown_critical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
