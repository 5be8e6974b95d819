#include "unit/csr_maker.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "rules/csr_rules.h"

#define DNS_LONGEST 253

static struct error err;
static EVP_PKEY *key;

static int make_key(void **state)
{
    (void)state;
    key = maker_key("SM2", NULL, 0);
    return 0;
}

static int free_key(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

static const struct maker_signing sm3 = {"SM3", NULL, NULL};

/* The request with these names, in OpenSSL's notation: accepted with these GeneralNames. */
static void accepted(const char *names, size_t count, const char *general_names)
{
    struct bytes der = maker_csr(key, names, sm3);
    struct csr csr;
    struct builder b;
    struct csr_names out = {.general_names = &b};
    builder_init(&b, CSR_RULES_NAMES_SIZE_MAX);
    OK(csr_parse(der, &csr, &err));
    assert_ok(csr_rules_check(&csr, &out, &err), &err, names);
    assert_int_equal(out.count, count);
    assert_hex(builder_view(&b), general_names);
    builder_clear(&b);
    heap_free(der);
}

static enum status check(const struct csr *csr)
{
    struct builder b;
    struct csr_names out = {.general_names = &b};
    builder_init(&b, CSR_RULES_NAMES_SIZE_MAX);
    enum status s = csr_rules_check(csr, &out, &err);
    builder_clear(&b);
    return s;
}

/* For who asks a profile whether a single label will do. */
static void internal_names(void **state)
{
    struct builder b;
    struct csr csr;
    struct csr_names out = {.general_names = &b, .may_be_internal = true};
    (void)state;
    static const struct {
        const char *names;
        bool is_good;
    } cases[] = {{"DNS:nas", true}, {"DNS:n_s", false}, {"DNS:*.corp", false}, {"DNS:12", false}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = maker_csr(key, cases[i].names, sm3);
        builder_init(&b, CSR_RULES_NAMES_SIZE_MAX);
        OK(csr_parse(der, &csr, &err));
        assert_int_equal(csr_rules_check(&csr, &out, &err), cases[i].is_good ? STATUS_OK : STATUS_REFUSED);
        builder_clear(&b);
        heap_free(der);
    }
}

static void refused(const char *names, const char *fragment)
{
    struct bytes der = maker_csr(key, names, sm3);
    struct csr csr;
    OK(csr_parse(der, &csr, &err));
    assert_says(check(&csr), &err, STATUS_REFUSED, fragment);
    heap_free(der);
}

static void good_names(void **state)
{
    (void)state;
    accepted("DNS:a.example", 1, "8209 612e6578616d706c65");
    accepted("DNS:A.Example", 1, "8209 612e6578616d706c65");
    accepted("DNS:*.a.example", 1, "820b 2a2e612e6578616d706c65");
    accepted("IP:192.0.2.1", 1, "8704 c0000201");
    accepted("IP:2001:db8::1", 1, "8710 20010db8000000000000000000000001");
    /* the order is kept */
    accepted("DNS:b.example,IP:192.0.2.1,DNS:a.example", 3, "8209 622e6578616d706c65 8704 c0000201 8209 612e6578616d706c65");
}

static void duplicates_are_dropped(void **state)
{
    (void)state;
    accepted("DNS:a.example,DNS:A.EXAMPLE,DNS:b.example,DNS:a.example,IP:192.0.2.1,IP:192.0.2.1", 3,
             "8209 612e6578616d706c65 8209 622e6578616d706c65 8704 c0000201");
    /* equal bytes of another kind are no duplicate, and a name that begins like another is none */
    accepted("DNS:a.example,DNS:a.examples", 2, "8209 612e6578616d706c65 820a 612e6578616d706c6573");
}

static void bad_names(void **state)
{
    (void)state;
    refused(NULL, "no subjectAltName asks for a name, and a common name alone is not enough");
    refused("DNS:localhost", "single label");
    refused("DNS:a.example,DNS:*.com", "\"*.com\": a wildcard");
    refused("DNS:a_b.example", "character other than");
    refused("DNS:192.0.2.1", "digits only");
    refused("IP:0.0.0.0", "0.0.0.0: stands for no host");
    refused("IP:::", "::: stands for no host");
    refused("email:a@example.com", "rfc822Name: only DNS names and IP addresses");
    refused("URI:https://a.example/", "uniformResourceIdentifier: only");
    refused("RID:1.2.3", "registeredID: only");
    refused("otherName:1.2.3;UTF8:x", "otherName: only");
    refused("DNS:a.example,email:a@example.com", "rfc822Name");
}

/* What csr_parse would not have let through, or OpenSSL would not write. */
static void bad_general_names(void **state)
{
    (void)state;
    static const struct {
        const char *names, *fragment;
    } cases[] = {
        {"8703 010203", "IP address of 3 bytes"},
        {"8708 c0000200 ffffff00", "IP address of 8 bytes"},
        {"8700", "IP address of 0 bytes"},
        {"8200", "empty"},
        {"a400", "directoryName: only"},
        {"a300", "x400Address: only"},
        {"a500", "ediPartyName: only"},
        {"a209 612e6578616d706c65", "unknown: only"},
        {"0209 612e6578616d706c65", "unknown: only"},
    };
    struct bytes der = maker_csr(key, "DNS:a.example", sm3);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct csr csr;
        OK(csr_parse(der, &csr, &err));
        struct bytes names = heap_hex(cases[i].names);
        csr.subject_alt_name = names;
        assert_says(check(&csr), &err, STATUS_REFUSED, cases[i].fragment);
        heap_free(names);
    }
    heap_free(der);
}

/* A request of `count` names of the longest kind, that differ when they have to. */
static enum status check_many(size_t count, bool are_same, size_t *issued)
{
    struct builder names;
    builder_init(&names, MAKER_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        char name[DNS_LONGEST + 1];
        memset(name, 'a', sizeof name);
        for (size_t at = 49; at < DNS_LONGEST - 1; at += 50)
            name[at] = '.';
        name[0] = (char)('a' + (are_same ? 0 : i / 16));
        name[1] = (char)('a' + (are_same ? 0 : i % 16));
        der_write(&names, SAN_DNS_NAME, bytes_of(name, DNS_LONGEST));
    }
    struct bytes der = maker_csr(key, "DNS:a.example", sm3);
    struct csr csr;
    OK(csr_parse(der, &csr, &err));
    csr.subject_alt_name = builder_view(&names);
    struct builder b;
    struct csr_names out = {.general_names = &b};
    builder_init(&b, CSR_RULES_NAMES_SIZE_MAX);
    enum status s = csr_rules_check(&csr, &out, &err);
    *issued = out.count;
    builder_clear(&b);
    builder_clear(&names);
    heap_free(der);
    return s;
}

static void number_of_names(void **state)
{
    (void)state;
    size_t issued;
    OK(check_many(CSR_RULES_NAMES_MAX, false, &issued));
    assert_int_equal(issued, CSR_RULES_NAMES_MAX);
    OK(check_many(CSR_RULES_NAMES_MAX, true, &issued));
    assert_int_equal(issued, 1);
    assert_says(check_many(CSR_RULES_NAMES_MAX + 1, false, &issued), &err, STATUS_REFUSED, "more than 100 names");
    assert_says(check_many(CSR_RULES_NAMES_MAX + 1, true, &issued), &err, STATUS_REFUSED, "more than 100 names");
}

static void key_and_possession(void **state)
{
    (void)state;
    struct csr csr;
    EVP_PKEY *weak = maker_key("RSA", NULL, 1024), *other = maker_key("SM2", NULL, 0);
    struct bytes der = maker_csr(weak, "DNS:a.example", (struct maker_signing){"SHA256", NULL, NULL});
    OK(csr_parse(der, &csr, &err));
    assert_says(check(&csr), &err, STATUS_REFUSED, "RSA-1024; allowed");
    heap_free(der);
    der = maker_sign(maker_request(key, "DNS:a.example"), other, sm3);
    OK(csr_parse(der, &csr, &err));
    assert_says(check(&csr), &err, STATUS_REFUSED, "no proof of possession");
    heap_free(der);
    der = maker_csr(key, "DNS:a.example", (struct maker_signing){"SM3", "", NULL});
    OK(csr_parse(der, &csr, &err));
    OK(check(&csr));
    heap_free(der);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(other);
}

static void room_for_names(void **state)
{
    (void)state;
    struct bytes der = maker_csr(key, "DNS:a.example", sm3);
    struct csr csr;
    struct builder b;
    struct csr_names out = {.general_names = &b};
    builder_init(&b, 10);
    OK(csr_parse(der, &csr, &err));
    assert_says(csr_rules_check(&csr, &out, &err), &err, STATUS_LIMIT, "names of the certificate");
    builder_clear(&b);
    heap_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(internal_names),
        cmocka_unit_test(good_names),        cmocka_unit_test(duplicates_are_dropped),
        cmocka_unit_test(bad_names),         cmocka_unit_test(bad_general_names),
        cmocka_unit_test(number_of_names),   cmocka_unit_test(key_and_possession),
        cmocka_unit_test(room_for_names),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
