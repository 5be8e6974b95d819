#include "unit/rules/ct_maker.h"

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"
#include "rules/certificate_names.h"

static struct certificate_names names;

static int set_up(void **state)
{
    (void)state;
    certificate_names_init(&names);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    certificate_names_clear(&names);
    return 0;
}

static void assert_name(size_t i, enum certificate_name_kind kind, const char *value)
{
    assert_true(i < certificate_names_count(&names));
    const struct certificate_name *name = certificate_names_at(&names, i);
    if (name->kind != kind || !bytes_is_text(name->value, value))
        fail_msg("name %zu: kind %d \"%.*s\", want %d \"%s\"", i, (int)name->kind, (int)name->value.len,
                 (const char *)name->value.data, (int)kind, value);
}

static void assert_malformed(unsigned flags, const char *words)
{
    struct builder b;
    assert_int_equal(names.malformed, flags);
    builder_init(&b, 1024);
    certificate_names_malformed(&names, &b);
    builder_u8(&b, 0);
    assert_string_equal((const char *)b.data, words);
    builder_clear(&b);
}

static void good(void **state)
{
    (void)state;
    struct error err;
    EVP_PKEY *key = maker_key("SM2", NULL, 0);
    struct bytes der = ct_maker_make(&(struct ct_maker){
        .subject = "WWW.Example", .issuer = "CA", .key = key, .signer = key, .digest = "SM3", .has_poison = true,
        .dns = "DNS:WWW.Example,DNS:*.wild.example,DNS:xn--fiqs8s.example.,IP:192.0.2.1,IP:2001:db8::1,IP:::,"
               "IP:1:0:0:2:0:0:0:3,email:A@B.example,URI:https://Host.example/Path"});
    OK(certificate_names_read(&names, der, &err));
    assert_malformed(0, "");
    static const struct {
        enum certificate_name_kind kind;
        const char *value;
    } want[] = {
        {CERTIFICATE_NAME_COMMON_NAME, "www.example"}, {CERTIFICATE_NAME_DNS, "www.example"},
        {CERTIFICATE_NAME_DNS, "*.wild.example"},      {CERTIFICATE_NAME_DNS, "xn--fiqs8s.example"},
        {CERTIFICATE_NAME_IP, "192.0.2.1"},            {CERTIFICATE_NAME_IP, "2001:db8::1"},
        {CERTIFICATE_NAME_IP, "::"},                   {CERTIFICATE_NAME_IP, "1:0:0:2::3"},
        {CERTIFICATE_NAME_EMAIL, "a@b.example"},       {CERTIFICATE_NAME_URI, "https://Host.example/Path"},
    };
    assert_int_equal(certificate_names_count(&names), LENGTH(want));
    for (size_t i = 0; i < LENGTH(want); i++)
        assert_name(i, want[i].kind, want[i].value);
    assert_true(certificate_names_at(&names, 2)->is_wildcard);
    assert_false(certificate_names_at(&names, 1)->is_wildcard);
    assert_int_equal(certificate_names_at(&names, 4)->ip_len, 4);
    assert_true(names.is_precert && !names.is_ca && names.has_validity);
    assert_int_equal(names.not_after_s, CT_MAKER_NOW_S + 90L * 86400);
    /* The key, and the same names in the TBSCertificate alone. */
    struct certificate certificate;
    OK(certificate_parse(der, &certificate, &err));
    assert_bytes(names.spki, certificate.spki);
    assert_bytes(names.serial, certificate.serial);
    assert_bytes(names.issuer, certificate.issuer);
    struct hasher h;
    uint8_t got[HASH_SIZE], wanted[HASH_SIZE];
    OK(hasher_init(&h, &hash_sha256, &err));
    hasher_one(&h, certificate.spki, wanted);
    assert_true(certificate_names_spki_hash(&names, &h, got));
    assert_memory_equal(got, wanted, HASH_SIZE);
    OK(certificate_names_read_tbs(&names, certificate.tbs, &err));
    assert_malformed(0, "");
    assert_int_equal(certificate_names_count(&names), LENGTH(want));
    assert_bytes(names.spki, certificate.spki);
    hasher_clear(&h);
    heap_free(der);
    EVP_PKEY_free(key);
}

static void a_ca(void **state)
{
    (void)state;
    struct error err;
    EVP_PKEY *key = maker_key("EC", "P-256", 0);
    struct bytes der = ct_maker_make(&(struct ct_maker){.subject = "Some CA", .issuer = "Root", .key = key, .signer = key,
                                                        .digest = "SHA256", .is_ca = true});
    OK(certificate_names_read(&names, der, &err));
    assert_malformed(0, "");
    assert_true(names.is_ca);
    assert_name(0, CERTIFICATE_NAME_COMMON_NAME, "some ca");
    heap_free(der);
    EVP_PKEY_free(key);
}

/* ---- certificates put together by hand, with something wrong ---- */

static void element(struct builder *b, uint8_t tag, struct bytes contents)
{
    der_write(b, tag, contents);
}

/* parts in hex; NULL: a good one. The key is an empty SEQUENCE, the signature one byte. */
struct parts {
    const char *version, *serial, *issuer, *validity, *subject, *extensions, *behind;
};

#define GOOD_VALIDITY "301e 170d3236303130313030303030305a 170d3237303130313030303030305a"

static void make(const struct parts *p, struct builder *out)
{
    struct builder tbs;
    const char *const fields[] = {p->version != NULL ? p->version : "a003020102",
                                  p->serial != NULL ? p->serial : "020101",
                                  "3000",
                                  p->issuer != NULL ? p->issuer : "3000",
                                  p->validity != NULL ? p->validity : GOOD_VALIDITY,
                                  p->subject != NULL ? p->subject : "3000",
                                  "3000"};
    builder_init(&tbs, 1 << 20);
    builder_init(out, 1 << 20);
    for (size_t i = 0; i < LENGTH(fields); i++) {
        struct bytes field = heap_hex(fields[i]);
        builder_bytes(&tbs, field);
        heap_free(field);
    }
    if (p->extensions != NULL) {
        struct bytes list = heap_hex(p->extensions);
        size_t outer = der_open(&tbs, DER_CONTEXT_CONSTRUCTED(3));
        element(&tbs, DER_SEQUENCE, list);
        der_close(&tbs, outer);
        heap_free(list);
    }
    if (p->behind != NULL) {
        struct bytes behind = heap_hex(p->behind);
        builder_bytes(&tbs, behind);
        heap_free(behind);
    }
    size_t whole = der_open(out, DER_SEQUENCE);
    element(out, DER_SEQUENCE, builder_view(&tbs));
    struct bytes rest = heap_hex("3000 030200ff");
    builder_bytes(out, rest);
    der_close(out, whole);
    heap_free(rest);
    builder_clear(&tbs);
}

static void read_parts(const struct parts *p)
{
    struct error err;
    struct builder b;
    make(p, &b);
    struct bytes der = heap_copy(builder_view(&b));
    OK(certificate_names_read(&names, der, &err));
    heap_free(der);
    builder_clear(&b);
}

static void odd_values(void **state)
{
    (void)state;
    static const struct {
        struct parts parts;
        unsigned malformed;
        const char *first, *second; /* NULL: there is none */
    } rows[] = {
        /* "a.b" NUL "c" in dNSName: both are there. */
        {{.extensions = "3010 0603551d11 0409 3007 8205 612e620063"}, CERTIFICATE_NAMES_NUL, "a.b", "c"},
        {{.extensions = "300f 0603551d11 0408 3006 8204 00612e62"}, CERTIFICATE_NAMES_NUL, "a.b", NULL},
        /* A blank, and bytes that are no UTF-8. */
        {{.extensions = "300e 0603551d11 0407 3005 8203 612062"}, CERTIFICATE_NAMES_CHARACTERS, "a b", NULL},
        {{.extensions = "300e 0603551d11 0407 3005 8203 61ff62"}, CERTIFICATE_NAMES_CHARACTERS, "a\xef\xbf\xbd"
                                                                                                 "b", NULL},
        /* An address of three bytes, and names behind it. */
        {{.extensions = "3013 0603551d11 040c 300a 8703 010203 8203 612e62"}, CERTIFICATE_NAMES_IP, "a.b", NULL},
        /* Two subjectAltNames. */
        {{.extensions = "300e 0603551d11 0407 3005 8203 612e62 300e 0603551d11 0407 3005 8203 632e64"},
         CERTIFICATE_NAMES_ALT_NAME, "a.b", "c.d"},
        /* One that says that it is longer than it is. */
        {{.extensions = "300e 0603551d11 0407 3009 8207 612e62"}, CERTIFICATE_NAMES_ALT_NAME, "a.b", NULL},
        /* Bytes behind the list. */
        {{.extensions = "3010 0603551d11 0409 3005 8203 612e62 0500"}, CERTIFICATE_NAMES_ALT_NAME, "a.b", NULL},
        /* A BER length. */
        {{.extensions = "300f 0603551d11 0408 308105 8203 612e62"}, 0, NULL, NULL},
        /* Indefinite lengths. */
        {{.extensions = "3010 0603551d11 0409 3080 8203 612e62 0000"}, 0, NULL, NULL},
        /* dNSName in pieces, of BER; an address too. */
        {{.extensions = "3012 0603551d11 040b 3009 a207 1602 612e 1601 62"}, CERTIFICATE_NAMES_ALT_NAME, "a.b", NULL},
        {{.extensions = "3013 0603551d11 040c 300a a708 0402 c000 0402 0201"}, CERTIFICATE_NAMES_ALT_NAME, "192.0.2.1", NULL},
        {{.subject = "3011 310f 300d 0603550403 2c06 0c01 61 0c01 62"}, CERTIFICATE_NAMES_SUBJECT, "\x0c\x01"
                                                                                                "a\x0c\x01"
                                                                                                "b", NULL},
        /* An extension that is none, and a good one behind it. */
        {{.extensions = "3003 020101 300e 0603551d11 0407 3005 8203 612e62"}, CERTIFICATE_NAMES_EXTENSIONS, "a.b", NULL},
        {{.extensions = "300e 0603551d11 0407 3005 8203 612e62 30"}, CERTIFICATE_NAMES_EXTENSIONS, "a.b", NULL},
        /* Times that are none. */
        {{.validity = "3004 17023030", .extensions = "300e 0603551d11 0407 3005 8203 612e62"}, CERTIFICATE_NAMES_VALIDITY, "a.b",
         NULL},
        {{.serial = "02020001", .extensions = "300e 0603551d11 0407 3005 8203 612e62"}, CERTIFICATE_NAMES_SERIAL, "a.b", NULL},
        /* Something behind the extensions. */
        {{.extensions = "300e 0603551d11 0407 3005 8203 612e62", .behind = "0500"}, CERTIFICATE_NAMES_STRUCTURE, "a.b", NULL},
        /* CN as BMPString, UniversalString, T61String; half a character. */
        {{.subject = "300f 310d 300b 0603550403 1e04 00610062"}, 0, "ab", NULL},
        {{.subject = "300f 310d 300b 0603550403 1c04 00000041"}, 0, "a", NULL},
        {{.subject = "300d 310b 3009 0603550403 1402 41e9"}, 0, "a\xc3\xa9", NULL},
        {{.subject = "300e 310c 300a 0603550403 1e03 006100"}, CERTIFICATE_NAMES_CHARACTERS, "a", NULL},
        /* The subject is cut; the organisation is as it is written. */
        {{.subject = "300d 310b 3009 060355040a 0c02 4142"}, 0, "AB", NULL},
        {{.subject = "300e 310b 3009 0603550403 0c02 4142 31"}, CERTIFICATE_NAMES_SUBJECT, "ab", NULL},
        {{.subject = "3007 3105 3003 060100"}, CERTIFICATE_NAMES_SUBJECT, NULL, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        read_parts(&rows[i].parts);
        size_t want = (rows[i].first != NULL) + (rows[i].second != NULL);
        /* Rows without a wish about lengths of BER only ask for the name, and that it is said. */
        if (rows[i].malformed == 0 && want == 0) {
            assert_int_equal(names.malformed, CERTIFICATE_NAMES_ALT_NAME);
            assert_name(0, CERTIFICATE_NAME_DNS, "a.b");
            continue;
        }
        if (names.malformed != rows[i].malformed || certificate_names_count(&names) != want)
            fail_msg("row %zu: malformed %x, want %x; %zu names", i, names.malformed, rows[i].malformed,
                     certificate_names_count(&names));
        if (rows[i].first != NULL)
            assert_true(bytes_is_text(certificate_names_at(&names, 0)->value, rows[i].first));
        if (rows[i].second != NULL)
            assert_true(bytes_is_text(certificate_names_at(&names, 1)->value, rows[i].second));
    }
}

static void ca_flags(void **state)
{
    (void)state;
    static const struct {
        const char *extension;
        bool is_ca;
        unsigned malformed;
    } rows[] = {
        {"3009 0603551d13 0402 3000", false, 0},
        {"300c 0603551d13 0405 3003 0101ff", true, 0},
        {"300c 0603551d13 0405 3003 010101", true, 0}, /* BER's TRUE */
        {"300c 0603551d13 0405 3003 010100", false, 0},
        {"300f 0603551d13 0408 3006 0101ff 020100", true, 0}, /* pathLenConstraint, as most CAs have it */
        {"300f 0603551d13 0408 3006 0101ff 0c0141", true, CERTIFICATE_NAMES_CONSTRAINTS},
        {"300d 0603551d13 0406 3004 01020001", true, CERTIFICATE_NAMES_CONSTRAINTS},
        {"3009 0603551d13 0402 30ff", false, CERTIFICATE_NAMES_CONSTRAINTS},
        {"3007 0603551d13 0400", false, CERTIFICATE_NAMES_CONSTRAINTS},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        read_parts(&(struct parts){.extensions = rows[i].extension});
        if (names.is_ca != rows[i].is_ca || names.malformed != rows[i].malformed)
            fail_msg("row %zu: is_ca %d, malformed %x", i, names.is_ca, names.malformed);
    }
}

static void no_certificate(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "30", "ff", "3000", "0500", "3005 3003 020101", "3080", "30ffffffffff"};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct error err;
        struct bytes der = heap_hex(rows[i]);
        OK(certificate_names_read(&names, der, &err));
        assert_true((names.malformed & CERTIFICATE_NAMES_STRUCTURE) != 0);
        OK(certificate_names_read_tbs(&names, der, &err));
        assert_true((names.malformed & CERTIFICATE_NAMES_STRUCTURE) != 0);
        assert_int_equal(certificate_names_count(&names), 0);
        heap_free(der);
    }
    read_parts(&(struct parts){.extensions = "300e 0603551d11 0407 3005 8203 612062", .behind = "0500"});
    assert_malformed(CERTIFICATE_NAMES_STRUCTURE | CERTIFICATE_NAMES_CHARACTERS,
                     "malformed: its structure: names may be missing, a name with characters that it cannot have");
}

/* Cut anywhere, it is read without a stumble; most names are there as long as they are. */
static void cut_anywhere(void **state)
{
    (void)state;
    struct builder b;
    struct error err;
    make(&(struct parts){.subject = "300d 310b 3009 0603550403 0c02 4142",
                         .extensions = "300e 0603551d11 0407 3005 8203 612e62"},
         &b);
    for (size_t len = 0; len < b.len; len++) {
        struct bytes part = heap_copy(bytes_of(b.data, len));
        OK(certificate_names_read(&names, part, &err));
        assert_true(names.malformed != 0);
        heap_free(part);
    }
    assert_int_equal(certificate_names_count(&names), 2);
    for (size_t i = 0; i < b.len; i++) {
        struct bytes bent = heap_copy(builder_view(&b));
        for (unsigned bit = 0; bit < 8; bit++) {
            ((uint8_t *)(uintptr_t)bent.data)[i] ^= (uint8_t)(1u << bit);
            OK(certificate_names_read(&names, bent, &err));
            ((uint8_t *)(uintptr_t)bent.data)[i] ^= (uint8_t)(1u << bit);
        }
        heap_free(bent);
    }
    builder_clear(&b);
}

/* More names than are looked at: those that are, are there, and it is said. */
static void too_many(void **state)
{
    (void)state;
    struct builder list, b;
    struct error err;
    builder_init(&list, (size_t)1 << 20);
    builder_init(&b, (size_t)1 << 20);
    size_t whole = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE);
    struct bytes fields = heap_hex("020101 3000 3000 " GOOD_VALIDITY " 3000 3000");
    builder_bytes(&b, fields);
    size_t outer = der_open(&b, 0xa3), extensions = der_open(&b, DER_SEQUENCE), extension = der_open(&b, DER_SEQUENCE);
    struct bytes oid = heap_hex("0603551d11");
    builder_bytes(&b, oid);
    size_t value = der_open(&b, DER_OCTET_STRING), names_mark = der_open(&b, DER_SEQUENCE);
    for (size_t i = 0; i < CERTIFICATE_NAMES_MAX + 5; i++)
        der_write(&b, 0x82, bytes_of_text("a"));
    der_close(&b, names_mark);
    der_close(&b, value);
    der_close(&b, extension);
    der_close(&b, extensions);
    der_close(&b, outer);
    der_close(&b, tbs);
    struct bytes rest = heap_hex("3000 030200ff");
    builder_bytes(&b, rest);
    der_close(&b, whole);
    OK(certificate_names_read(&names, builder_view(&b), &err));
    assert_int_equal(certificate_names_count(&names), CERTIFICATE_NAMES_MAX);
    assert_int_equal(names.malformed, CERTIFICATE_NAMES_TOO_MANY);
    heap_free(fields);
    heap_free(oid);
    heap_free(rest);
    builder_clear(&list);
    builder_clear(&b);
}

static void mtc_entry(void **state)
{
    (void)state;
    struct error err;
    struct bytes data = heap_hex("a003020102 3000 " GOOD_VALIDITY " 3000 3000 0420"
                                 "0000000000000000000000000000000000000000000000000000000000000000"
                                 "a312 3010 300e 0603551d11 0407 3005 8203 612e62");
    OK(certificate_names_read_mtc_entry(&names, data, &err));
    assert_malformed(0, "");
    assert_name(0, CERTIFICATE_NAME_DNS, "a.b");
    assert_int_equal(names.spki.len, 0);
    struct hasher h;
    uint8_t hash[HASH_SIZE];
    OK(hasher_init(&h, &hash_sha256, &err));
    assert_false(certificate_names_spki_hash(&names, &h, hash));
    hasher_clear(&h);
    heap_free(data);
    struct bytes cut = heap_hex("a003020102 3000");
    OK(certificate_names_read_mtc_entry(&names, cut, &err));
    assert_true((names.malformed & CERTIFICATE_NAMES_KEY) != 0);
    heap_free(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),           cmocka_unit_test(a_ca),         cmocka_unit_test(odd_values),
        cmocka_unit_test(ca_flags),       cmocka_unit_test(no_certificate), cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(too_many),       cmocka_unit_test(mtc_entry),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
