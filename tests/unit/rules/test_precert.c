#include "unit/rules/ct_maker.h"

#include "codec/asn1/der.h"
#include "rules/precert.h"

#define TBS_MAX ((size_t)1 << 16)
/* An OCTET STRING with a list of one SCT of one byte. */
#define LIST "04050003000101"

static EVP_PKEY *key, *issuer_key;

static int set_up(void **state)
{
    (void)state;
    key = maker_key("EC", "P-256", 0);
    issuer_key = maker_key("EC", "P-256", 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    EVP_PKEY_free(issuer_key);
    return 0;
}

static struct ct_maker leaf(void)
{
    return (struct ct_maker){.subject = "www.example", .issuer = "CA", .key = key, .signer = issuer_key, .digest = "SHA256",
                             .dns = "DNS:www.example"};
}

static struct bytes parsed(const struct ct_maker *m, struct certificate *out)
{
    struct error err;
    struct bytes der = ct_maker_make(m);
    OK(certificate_parse(der, out, &err));
    return der;
}

typedef enum status writer(const struct certificate *, struct builder *, struct error *);

static struct bytes written(writer *write, const struct certificate *certificate)
{
    struct error err;
    struct builder b;
    builder_init(&b, TBS_MAX);
    OK(write(certificate, &b, &err));
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static enum status refused(writer *write, const struct certificate *certificate, struct error *err)
{
    struct builder b;
    builder_init(&b, TBS_MAX);
    enum status s = write(certificate, &b, err);
    builder_clear(&b);
    return s;
}

/* The TBSCertificate of a certificate that never had any of both is what both give. */
static void same_tbs(bool is_first)
{
    struct certificate plain, pre, final;
    struct error err;
    struct ct_maker m = leaf();
    m.is_first = is_first;
    struct bytes plain_der = parsed(&m, &plain);
    m.has_poison = true;
    struct bytes pre_der = parsed(&m, &pre);
    m.has_poison = false;
    m.sct_list_hex = LIST;
    struct bytes final_der = parsed(&m, &final);
    struct bytes a = written(precert_write_tbs, &pre), b = written(precert_write_final_tbs, &final);
    struct bytes c = written(precert_identity, &pre), d = written(precert_identity, &plain);
    assert_bytes(a, plain.tbs);
    assert_bytes(b, plain.tbs);
    assert_bytes(c, plain.tbs);
    assert_bytes(d, plain.tbs);
    OK(precert_check_pair(&pre, &final, &err));
    struct bytes list;
    OK(precert_sct_list(&final, &list, &err));
    assert_hex(list, "0003000101");
    bool is_poisoned;
    OK(precert_is_poisoned(&pre, &is_poisoned, &err));
    assert_true(is_poisoned);
    OK(precert_is_poisoned(&final, &is_poisoned, &err));
    assert_false(is_poisoned);
    heap_free(a);
    heap_free(b);
    heap_free(c);
    heap_free(d);
    heap_free(plain_der);
    heap_free(pre_der);
    heap_free(final_der);
}

static void anywhere(void **state)
{
    (void)state;
    same_tbs(false);
    same_tbs(true);
}

/* Around 128 and 256 bytes the lengths of the extensions have another size with the poison. */
static void lengths(void **state)
{
    (void)state;
    char dns[400] = "DNS:";
    struct ct_maker m = leaf();
    m.dns = dns;
    for (size_t len = 60; len < 300; len += 3) {
        struct certificate plain, pre;
        for (size_t i = 0; i < len; i++)
            dns[4 + i] = i % 40 == 39 ? '.' : 'a';
        dns[4 + len] = '\0';
        m.has_poison = false;
        struct bytes plain_der = parsed(&m, &plain);
        m.has_poison = true;
        struct bytes pre_der = parsed(&m, &pre);
        struct bytes tbs = written(precert_write_tbs, &pre);
        assert_bytes(tbs, plain.tbs);
        heap_free(tbs);
        heap_free(plain_der);
        heap_free(pre_der);
    }
}

/* Without other extensions there is no [3] at all. */
static void nothing_left(void **state)
{
    (void)state;
    struct ct_maker m = leaf();
    struct certificate pre;
    m.dns = NULL;
    m.has_poison = true;
    struct bytes der = parsed(&m, &pre);
    struct bytes tbs = written(precert_write_tbs, &pre);
    assert_true(tbs.len < pre.tbs.len);
    assert_int_equal(memcmp(tbs.data + tbs.len - pre.spki.len, pre.spki.data, pre.spki.len), 0);
    heap_free(tbs);
    heap_free(der);
}

static void wrong_kinds(void **state)
{
    (void)state;
    struct certificate plain, pre, final, both;
    struct error err;
    struct bytes list;
    struct ct_maker m = leaf();
    struct bytes plain_der = parsed(&m, &plain);
    m.has_poison = true;
    struct bytes pre_der = parsed(&m, &pre);
    m.sct_list_hex = LIST;
    struct bytes both_der = parsed(&m, &both);
    m.has_poison = false;
    struct bytes final_der = parsed(&m, &final);
    assert_says(refused(precert_write_tbs, &plain, &err), &err, STATUS_REFUSED, "no poison");
    assert_says(refused(precert_write_tbs, &final, &err), &err, STATUS_REFUSED, "no poison");
    assert_says(refused(precert_write_tbs, &both, &err), &err, STATUS_REFUSED, "SCT list");
    assert_says(refused(precert_write_final_tbs, &pre, &err), &err, STATUS_REFUSED, "it is a precertificate");
    assert_says(refused(precert_write_final_tbs, &plain, &err), &err, STATUS_NOT_FOUND, "no SCT list");
    assert_says(precert_sct_list(&plain, &list, &err), &err, STATUS_NOT_FOUND, "no SCT list");
    assert_says(precert_check_pair(&plain, &final, &err), &err, STATUS_REFUSED, "no precertificate");
    assert_says(precert_check_pair(&pre, &pre, &err), &err, STATUS_REFUSED, "poison");
    heap_free(plain_der);
    heap_free(pre_der);
    heap_free(both_der);
    heap_free(final_der);
}

/* A certificate with one further extension of those contents. */
static struct bytes with_raw(const char *oid, bool is_critical, const char *hex, struct certificate *out)
{
    struct error err;
    struct ct_maker m = leaf();
    const unsigned char *at;
    unsigned char *der = NULL;
    struct bytes made = ct_maker_make(&m);
    at = made.data;
    X509 *cert = d2i_X509(NULL, &at, (long)made.len);
    ct_maker_add_raw(cert, oid, is_critical, hex);
    ct_maker_sign(cert, &m);
    int len = i2d_X509(cert, &der);
    struct bytes again = maker_take(der, len);
    X509_free(cert);
    heap_free(made);
    OK(certificate_parse(again, out, &err));
    return again;
}

static void bad_extensions(void **state)
{
    (void)state;
    static const struct {
        const char *oid;
        bool is_critical;
        const char *hex, *fragment;
    } rows[] = {
        {CT_MAKER_POISON, false, "0500", "not critical"},
        {CT_MAKER_POISON, true, "0501", "not NULL"},
        {CT_MAKER_POISON, true, "050000", "not NULL"},
        {CT_MAKER_POISON, true, "", "not NULL"},
        {CT_MAKER_SCT_LIST, false, "0003000101", "OCTET STRING"},
        {CT_MAKER_SCT_LIST, false, LIST "00", "OCTET STRING"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct certificate c;
        struct error err;
        bool is_poisoned = true;
        struct bytes der = with_raw(rows[i].oid, rows[i].is_critical, rows[i].hex, &c);
        assert_says(precert_is_poisoned(&c, &is_poisoned, &err), &err, STATUS_MALFORMED, rows[i].fragment);
        assert_false(is_poisoned);
        heap_free(der);
    }
}

static void differences(void **state)
{
    (void)state;
    struct ct_maker m = leaf();
    struct certificate pre, final;
    struct error err;
    m.has_poison = true;
    struct bytes pre_der = parsed(&m, &pre);
    const struct {
        const char *subject, *issuer, *dns, *fragment;
        long serial;
        EVP_PKEY *key;
        bool is_ca;
    } rows[] = {
        {"www.example", "CA", "DNS:www.example", "serial number", 78, key, false},
        {"www2.example", "CA", "DNS:www.example", "subject", 77, key, false},
        {"www.example", "CB", "DNS:www.example", "issuer", 77, key, false},
        {"www.example", "CA", "DNS:www2.example", "extension 2.5.29.17 differs", 77, key, false},
        {"www.example", "CA", NULL, "extension 2.5.29.17 is missing", 77, key, false},
        {"www.example", "CA", "DNS:www.example", "public key", 77, issuer_key, false},
        {"www.example", "CA", "DNS:www.example", "extension 2.5.29.17 differs", 77, key, true},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct ct_maker f = leaf();
        f.subject = rows[i].subject;
        f.issuer = rows[i].issuer;
        f.dns = rows[i].dns;
        f.serial = rows[i].serial;
        f.key = rows[i].key;
        f.is_ca = rows[i].is_ca;
        f.sct_list_hex = LIST;
        struct bytes der = parsed(&f, &final);
        assert_says(precert_check_pair(&pre, &final, &err), &err, STATUS_REFUSED, rows[i].fragment);
        heap_free(der);
    }
    heap_free(pre_der);
}

/* What a CA does: one TBSCertificate, two extensions; both fit together, and OpenSSL reads them. */
static void made_by_hand(void **state)
{
    (void)state;
    struct ct_maker m = leaf();
    struct certificate plain;
    struct error err;
    struct builder extension, pre, final;
    struct bytes der = parsed(&m, &plain);
    builder_init(&extension, TBS_MAX);
    builder_init(&pre, TBS_MAX);
    builder_init(&final, TBS_MAX);
    precert_write_poison(&extension);
    assert_hex(builder_view(&extension), "3013 060a2b06010401d679020403 0101ff 0402 0500");
    OK(precert_append_extension(plain.tbs, builder_view(&extension), &pre, &err));
    builder_reset(&extension);
    struct bytes list = heap_hex("0003000101");
    precert_write_sct_list(&extension, list);
    assert_hex(builder_view(&extension), "3015 060a2b06010401d679020402 0407 " LIST);
    OK(precert_append_extension(plain.tbs, builder_view(&extension), &final, &err));
    /* The same as OpenSSL's. */
    struct certificate made;
    m.has_poison = true;
    struct bytes made_der = parsed(&m, &made);
    assert_bytes(builder_view(&pre), made.tbs);
    heap_free(made_der);
    m.has_poison = false;
    m.sct_list_hex = LIST;
    made_der = parsed(&m, &made);
    assert_bytes(builder_view(&final), made.tbs);
    heap_free(made_der);
    builder_reset(&pre);
    assert_says(precert_append_extension(plain.spki, builder_view(&extension), &pre, &err), &err, STATUS_MALFORMED,
                "without extensions");
    builder_clear(&extension);
    builder_clear(&pre);
    builder_clear(&final);
    heap_free(list);
    heap_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anywhere),    cmocka_unit_test(lengths),        cmocka_unit_test(nothing_left),
        cmocka_unit_test(wrong_kinds), cmocka_unit_test(bad_extensions), cmocka_unit_test(differences),
        cmocka_unit_test(made_by_hand),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
