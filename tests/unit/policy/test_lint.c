#include "unit/csr_maker.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "codec/ct/sct_list.h"
#include "codec/x509/issuing_extensions.h"
#include "policy/lint.h"

#define DAY_S ((int64_t)86400)
#define NOW_S ((int64_t)1795000000) /* 2026-11-17 */

static struct error err;
static struct bytes sm2_spki, p256_spki;
static struct policy_set *set;
static struct lint_policy policy;

static int make_keys(void **state)
{
    (void)state;
    EVP_PKEY *sm2 = maker_key("SM2", NULL, 0), *p256 = maker_key("EC", "P-256", 0);
    sm2_spki = maker_spki(sm2);
    p256_spki = maker_spki(p256);
    EVP_PKEY_free(sm2);
    EVP_PKEY_free(p256);
    OK(policy_set_default(&set, &err));
    atomic_init(&policy.set, set);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    heap_free(sm2_spki);
    heap_free(p256_spki);
    policy_set_free(set);
    return 0;
}

static const struct certificate_profile mtc = {
    .name = "gm-mtc", .kind = PROFILE_MTC, .is_gm = true, .lifetime_s = 7 * DAY_S, .keys = PROFILE_KEY_SM2,
    .has_client_auth = true, .policy_oid = "2.23.140.1.2.1", .has_wildcards = true, .names_max = 100,
};
static const struct certificate_profile classic = {
    .name = "intl-classic", .kind = PROFILE_CLASSIC, .lifetime_s = 47 * DAY_S, .keys = PROFILE_KEY_P256,
    .policy_oid = "2.23.140.1.2.1", .has_ips = true, .names_max = 3,
};
static const struct certificate_profile logged = {
    .name = "intl-classic", .kind = PROFILE_CLASSIC, .lifetime_s = 47 * DAY_S, .keys = PROFILE_KEY_P256,
    .policy_oid = "2.23.140.1.2.1", .has_ips = true, .names_max = 3, .ct_policy = "browser",
};
static const struct certificate_profile intranet = {
    .name = "gm-intranet", .kind = PROFILE_CLASSIC, .is_gm = true, .is_intranet = true, .lifetime_s = 366 * DAY_S,
    .keys = PROFILE_KEY_SM2, .has_client_auth = true, .has_ips = true, .names_max = 9,
};

static bool is_public_suffix(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "com.cn") == 0;
}

static bool is_internal_name(void *context, const char *name)
{
    (void)context;
    const char *dot = strrchr(name, '.');
    return dot == NULL || strcmp(dot, ".local") == 0;
}

static const struct policy_names names_port = {is_public_suffix, is_internal_name, NULL};

/* What a certificate is made of; a case changes one thing and nothing else. */
struct made {
    const struct certificate_profile *profile;
    const char *names; /* DNS names and IPv4 addresses as "#0a000001", separated by blanks */
    bool is_san_uncritical, has_no_aki, has_no_policy, has_other_policy, has_no_usage, has_ca, has_poison,
        has_no_pointers, has_server_only, has_other_subject, is_precert, has_critical;
    int scts; /* 1: two of different logs, 2: critical, 3: of no SCT, 4: with something behind it, 5: two of one log */
    const char *common_name;
    int64_t lifetime_s, age_s;
    struct bytes spki;
    const char *serial; /* hex */
};

static void write_names(const char *names, struct builder *b)
{
    struct bytes rest = bytes_of_text(names), word;
    while (text_next_word(&rest, &word)) {
        uint8_t address[4];
        if (word.data[0] != '#') {
            der_write(b, SAN_DNS_NAME, word);
            continue;
        }
        assert_true(text_parse_hex(bytes_of(word.data + 1, word.len - 1), address, sizeof address));
        der_write(b, SAN_IP_ADDRESS, BYTES_OF(address));
    }
}

static void write_scts(int kind, struct builder *b)
{
    static const uint8_t oid[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2}, none[] = {0, 0};
    uint8_t memory[512], scts_memory[2][128], log_ids[2][SCT_LOG_ID_SIZE] = {{1}, {2}};
    struct sct scts[2];
    struct builder list, contents, one;
    for (size_t i = 0; i < 2; i++) {
        scts[i] = (struct sct){.version = SCT_V1, .log_id = BYTES_OF(log_ids[kind == 5 ? 0 : i]), .timestamp_ms = 1, .algorithm = 0x0403,
                               .signature = bytes_of_text("signature")};
        builder_init_fixed(&one, scts_memory[i], sizeof scts_memory[i]);
        OK(sct_write(&scts[i], &one, &err));
        scts[i].serialized = builder_view(&one);
    }
    builder_init(&contents, 512);
    OK(sct_list_write(scts, 2, &contents, &err));
    builder_init_fixed(&list, memory, sizeof memory);
    der_write(&list, DER_OCTET_STRING, kind == 3 ? BYTES_OF(none) : builder_view(&contents));
    if (kind == 4)
        builder_u8(&list, 0);
    extensions_write(b, BYTES_OF(oid), kind == 2, builder_view(&list));
    builder_clear(&contents);
}

static void write_subject(const struct made *made, struct builder *b)
{
    static const uint8_t country[] = {0x55, 4, 6}, name[] = {0x55, 4, 3};
    size_t whole = der_open(b, DER_SEQUENCE);
    const char *text = made->has_other_subject ? "CN" : made->common_name;
    if (text != NULL) {
        size_t rdn = der_open(b, DER_SET), one = der_open(b, DER_SEQUENCE);
        der_write(b, DER_OID, made->has_other_subject ? BYTES_OF(country) : BYTES_OF(name));
        der_write(b, DER_UTF8_STRING, bytes_of_text(text));
        der_close(b, one);
        der_close(b, rdn);
    }
    der_close(b, whole);
}

static void write_extensions(const struct made *made, struct builder *b)
{
    static const uint8_t unknown[] = {0x2b, 6, 1, 4, 1, 0x82, 0x37};
    static const uint8_t dv[] = {0x67, 0x81, 0x0c, 1, 2, 1}, ov[] = {0x67, 0x81, 0x0c, 1, 2, 2};
    static const uint8_t poison[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3}, null[] = {5, 0};
    uint8_t memory[1024];
    struct builder names;
    builder_init_fixed(&names, memory, sizeof memory);
    write_names(made->names, &names);
    if (!made->has_no_usage)
        extensions_write_key_usage(b, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(b, made->profile->has_client_auth && !made->has_server_only);
    if (names.len > 0)
        extensions_write_subject_alt_name(b, builder_view(&names), (made->common_name == NULL) != made->is_san_uncritical);
    if (!made->has_no_aki)
        extensions_write_authority_key_id(b, bytes_of_text("key"));
    if (!made->has_no_policy && made->profile->policy_oid[0] != '\0')
        extensions_write_policy(b, made->has_other_policy ? BYTES_OF(ov) : BYTES_OF(dv));
    if (made->has_ca)
        issuing_extensions_write_basic_constraints(b, 0);
    if (made->has_poison)
        extensions_write(b, BYTES_OF(poison), true, made->has_ca ? BYTES_OF(dv) : BYTES_OF(null));
    if (made->has_critical)
        extensions_write(b, BYTES_OF(unknown), true, BYTES_OF(null));
    if (made->scts != 0)
        write_scts(made->scts, b);
    if (made->profile->kind == PROFILE_CLASSIC && !made->has_no_pointers) {
        issuing_extensions_write_authority_information(b, "http://ocsp.example", "http://ca.example/i.cer");
        issuing_extensions_write_crl_point(b, "http://ca.example/i.crl");
    }
}

static enum status lint(const struct made *made, struct lint_report *report)
{
    const char *serial = made->serial != NULL ? made->serial
                         : made->profile->kind == PROFILE_CLASSIC ? "40112233445566778899aabbccddeeff" : "";
    struct bytes serial_bytes = heap_hex(serial);
    struct builder b, name;
    builder_init(&b, 4096);
    builder_init(&name, 256);
    write_extensions(made, &b);
    write_subject(made, &name);
    int64_t not_before_s = NOW_S - (made->age_s != 0 ? made->age_s : 3600);
    int64_t lifetime_s = made->lifetime_s != 0 ? made->lifetime_s : made->profile->lifetime_s;
    struct lint_subject subject = {
        .profile = made->profile, .serial = serial_bytes, .extensions = builder_view(&b),
        .subject = builder_view(&name), .policy = &policy, .names = &names_port, .are_names_validated = true,
        .spki = made->spki.len > 0 ? made->spki : made->profile->is_gm ? sm2_spki : p256_spki,
        .not_before_s = not_before_s, .not_after_s = not_before_s + lifetime_s - 1, .now_s = NOW_S,
        .is_precert = made->is_precert,
    };
    enum status s = lint_check(&subject, report, &err);
    builder_clear(&name);
    builder_clear(&b);
    heap_free(serial_bytes);
    return s;
}

static void good(void **state)
{
    (void)state;
    struct lint_report report;
    OK(lint(&(struct made){.profile = &mtc, .names = "www.example.com *.example.com"}, &report));
    assert_int_equal(report.count, 0);
    OK(lint(&(struct made){.profile = &classic, .names = "example.com #08080808"}, &report));
    OK(lint(&(struct made){.profile = &logged, .names = "example.com", .is_precert = true, .has_poison = true}, &report));
    OK(lint(&(struct made){.profile = &logged, .names = "example.com", .scts = 1}, &report));
    OK(lint(&(struct made){.profile = &classic, .names = "example.com", .scts = 1}, &report));
    OK(lint(&(struct made){.profile = &intranet, .names = "printer #0a000001 www.example.com", .common_name = "www.example.com"}, &report));
    OK(lint(&(struct made){.profile = &intranet, .names = "nas.local www.example.com", .common_name = "www.example.com"}, NULL));
    /* Less than a year is a warning, by a setting. */
    OK(lint(&(struct made){.profile = &intranet, .names = "nas www.example.com", .common_name = "www.example.com", .lifetime_s = DAY_S}, NULL));
    /* Short-lived: no CRL is needed, but the issuer's certificate is pointed to. */
    assert_says(lint(&(struct made){.profile = &classic, .names = "example.com", .lifetime_s = 7 * DAY_S,
                                    .has_no_pointers = true}, &report), &err, STATUS_REFUSED, "br-aia");
    assert_int_equal(report.count, 1);
}

static void bad(void **state)
{
    (void)state;
    const struct {
        const char *rule;
        struct made made;
    } rows[] = {
        {"profile-validity", {.profile = &mtc, .names = "a.example.com", .lifetime_s = 8 * DAY_S}},
        {"br-validity", {.profile = &classic, .names = "a.example.com", .lifetime_s = 201 * DAY_S}},
        {"br-backdate", {.profile = &mtc, .names = "a.example.com", .age_s = 49 * 3600}},
        {"br-short-lived", {.profile = &mtc, .names = "a.example.com", .lifetime_s = 7 * DAY_S + 1}},
        {"IN-05", {.profile = &intranet, .names = "nas.local www.example.com", .common_name = "www.example.com", .lifetime_s = 1828 * DAY_S}},
        {"br-san", {.profile = &mtc, .names = ""}},
        {"profile-names", {.profile = &mtc, .names = "A.example.com"}},
        {"br-names", {.profile = &mtc, .names = "a_b.example.com"}},
        {"br-names", {.profile = &mtc, .names = "localhost"}},
        {"br-names", {.profile = &intranet, .names = "n/s"}},
        {"profile-names", {.profile = &classic, .names = "a.example b.example c.example d.example"}},
        {"profile-names", {.profile = &mtc, .names = "#08080808"}},
        {"profile-names", {.profile = &classic, .names = "*.example.com"}},
        {"br-wildcard", {.profile = &mtc, .names = "*.com.cn"}},
        {"br-internal-name", {.profile = &mtc, .names = "nas.local"}},
        {"br-arpa", {.profile = &mtc, .names = "1.2.0.192.in-addr.arpa"}},
        {"br-reserved-address", {.profile = &classic, .names = "#0a000001"}},
        {"IN-03", {.profile = &intranet, .names = "www.example.com #08080808", .common_name = "www.example.com"}},
        {"IN-02", {.profile = &intranet, .names = "nas.local www.example.com"}},
        {"IN-02", {.profile = &intranet, .names = "nas.local www.example.com", .common_name = "nas.local"}},
        {"br-common-name", {.profile = &classic, .names = "a.example.com", .common_name = "b.example.com"}},
        {"br-public-suffix", {.profile = &classic, .names = "com.cn"}},
        {"profile-key", {.profile = &mtc, .names = "a.example.com", .spki = p256_spki}},
        {"br-key", {.profile = &mtc, .names = "a.example.com", .spki = bytes_of(sm2_spki.data, sm2_spki.len - 1)}},
        {"br-no-ca", {.profile = &mtc, .names = "a.example.com", .has_ca = true}},
        {"br-key-usage", {.profile = &mtc, .names = "a.example.com", .has_no_usage = true}},
        {"profile-client-auth", {.profile = &mtc, .names = "a.example.com", .has_server_only = true}},
        {"rfc5280-san-critical", {.profile = &mtc, .names = "a.example.com", .is_san_uncritical = true}},
        {"rfc5280-san-critical", {.profile = &classic, .names = "a.example.com", .has_other_subject = true}},
        {"cqrp-subject", {.profile = &mtc, .names = "a.example.com", .has_other_subject = true}},
        {"br-aki", {.profile = &mtc, .names = "a.example.com", .has_no_aki = true}},
        {"br-policy", {.profile = &classic, .names = "a.example.com", .has_no_policy = true}},
        {"profile-policy", {.profile = &mtc, .names = "a.example.com", .has_no_policy = true}},
        {"profile-policy", {.profile = &mtc, .names = "a.example.com", .has_other_policy = true}},
        {"br-aia", {.profile = &classic, .names = "a.example.com", .has_no_pointers = true}},
        {"br-crl", {.profile = &classic, .names = "a.example.com", .has_no_pointers = true}},
        {"rfc5280-critical", {.profile = &mtc, .names = "a.example.com", .has_poison = true}},
        {"rfc6962-poison", {.profile = &mtc, .names = "a.example.com", .has_poison = true}},
        {"rfc6962-poison", {.profile = &logged, .names = "a.example.com", .is_precert = true}},
        {"rfc6962-poison", {.profile = &logged, .names = "a.example.com", .is_precert = true, .has_poison = true, .has_ca = true}},
        {"rfc5280-critical", {.profile = &logged, .names = "a.example.com", .is_precert = true, .has_poison = true, .has_critical = true}},
        {"rfc5280-critical", {.profile = &logged, .names = "a.example.com", .scts = 1, .has_critical = true}},
        {"rfc6962-scts", {.profile = &logged, .names = "a.example.com", .is_precert = true, .has_poison = true, .scts = 1}},
        {"profile-scts", {.profile = &logged, .names = "a.example.com"}},
        {"profile-scts", {.profile = &logged, .names = "a.example.com", .scts = 5}},
        {"rfc6962-scts", {.profile = &logged, .names = "a.example.com", .scts = 2}},
        {"rfc6962-scts", {.profile = &logged, .names = "a.example.com", .scts = 3}},
        {"rfc6962-scts", {.profile = &classic, .names = "a.example.com", .scts = 4}},
        {"cqrp-scts", {.profile = &mtc, .names = "a.example.com", .scts = 1}},
        {"br-serial", {.profile = &classic, .names = "a.example.com", .serial = "4011223344556677"}},
        {"br-serial", {.profile = &classic, .names = "a.example.com", .serial = "80112233445566778899"}},
        {"draft-serial", {.profile = &mtc, .names = "a.example.com", .serial = "01"}},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct lint_report report;
        bool is_found = false;
        assert_int_equal(lint(&rows[i].made, &report), STATUS_REFUSED);
        for (size_t k = 0; k < report.count; k++)
            is_found = is_found || strcmp(report.findings[k].rule, rows[i].rule) == 0;
        if (!is_found)
            fail_msg("row %zu: %s is not found, but %s", i, rows[i].rule, err.text);
    }
}

static void dated_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t now_s, validity_s, reuse_s;
    } rows[] = {{1773532799, 398 * DAY_S, 398 * DAY_S}, {1773532800, 200 * DAY_S, 200 * DAY_S}, {1805068799, 200 * DAY_S, 200 * DAY_S},
                {1805068800, 100 * DAY_S, 100 * DAY_S}, {1868227199, 100 * DAY_S, 100 * DAY_S}, {1868227200, 47 * DAY_S, 10 * DAY_S}};
    int64_t least_s, most_s;
    const char *source;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        lint_validity_s(&policy, &classic, rows[i].now_s, &least_s, &most_s, &source);
        assert_int_equal(most_s, rows[i].validity_s);
        assert_int_equal(least_s, 1);
        assert_string_equal(source, "br-validity");
        assert_int_equal(lint_reuse_max_s(&policy, rows[i].now_s), rows[i].reuse_s);
    }
    assert_int_equal(lint_reuse_max_s(&policy, -1), 398 * DAY_S);
    lint_validity_s(&policy, &mtc, 1773532800, &least_s, &most_s, &source);
    assert_int_equal(most_s, 7 * DAY_S);
    assert_string_equal(source, "br-short-lived");
    lint_validity_s(&policy, &intranet, NOW_S, &least_s, &most_s, &source);
    assert_int_equal(most_s, 5 * 366 * DAY_S);
    assert_string_equal(source, "IN-05");
}

/* An hour of backdating does not make a certificate of the day before. */
static void day_of_issuance(void **state)
{
    (void)state;
    struct certificate_profile long_one = classic;
    struct made made = {.profile = &long_one, .names = "a.example.com", .lifetime_s = 200 * DAY_S};
    long_one.lifetime_s = 398 * DAY_S;
    OK(lint(&made, NULL));
    made.lifetime_s++;
    assert_says(lint(&made, NULL), &err, STATUS_REFUSED, "br-validity: valid for 200 days and 1 s");
    assert_non_null(strstr(err.text, "200 days from 2026-03-15")); /* what is to be done */
}

static void scts_of_profiles(void **state)
{
    (void)state;
    struct certificate_profile p = classic;
    assert_int_equal(lint_scts(&policy, &p, NOW_S), 2);
    p.lifetime_s = 181 * DAY_S;
    assert_int_equal(lint_scts(&policy, &p, NOW_S), 3);
    p.is_gm = true;
    assert_int_equal(lint_scts(&policy, &p, NOW_S), 2);
    p.lifetime_s = 180 * DAY_S;
    assert_int_equal(lint_scts(&policy, &p, NOW_S), 1);
    assert_int_equal(lint_scts(&policy, &p, 1735689599), 0); /* before 2025 */
    assert_int_equal(lint_scts(&policy, &mtc, NOW_S), 0);
}

/* What a CA asks logs for is not less than what clients want. */
static void own_ct_policies(void **state)
{
    (void)state;
    static const char text[] =
        "policy two\nsuite intl\ndelivery embedded\ncounted usable\nask usable\noperators 2\nscts upto 180 2\nscts longer 3\n"
        "policy one-operator\nsuite intl\ndelivery embedded\ncounted usable\nask usable\noperators 1\nscts longer 3\n"
        "policy one\ndelivery embedded\ncounted usable\nask usable\noperators 1\nscts longer 1\n";
    struct ct_policy_set *own;
    struct certificate_profile p = classic;
    OK(ct_policy_set_read(bytes_of_text(text), &own, &err));
    OK(lint_check_ct(&policy, &p, ct_policy_set_at(own, 0), NOW_S, &err));
    assert_says(lint_check_ct(&policy, &p, ct_policy_set_at(own, 1), NOW_S, &err), &err, STATUS_REFUSED, "one-operator gets 3 SCTs of 1");
    assert_says(lint_check_ct(&policy, &p, ct_policy_set_at(own, 2), NOW_S, &err), &err, STATUS_REFUSED, "chrome of the policy asks for 2 of 2");
    p.is_gm = true;
    p.lifetime_s = 180 * DAY_S;
    OK(lint_check_ct(&policy, &p, ct_policy_set_at(own, 2), NOW_S, &err));
    p.lifetime_s++;
    assert_says(lint_check_ct(&policy, &p, ct_policy_set_at(own, 2), NOW_S, &err), &err, STATUS_REFUSED, "gm-browser");
    OK(lint_check_ct(&policy, &p, ct_policy_set_at(own, 2), 1735689599, &err)); /* before 2025 */
    assert_int_equal(lint_mirrors(&policy, NOW_S), 1);
    ct_policy_set_free(own);
}

static void internal_or_not(void **state)
{
    (void)state;
    struct lint_subject subject = {.policy = &policy, .names = &names_port};
    assert_true(lint_is_internal(&subject, false, "nas.local"));
    assert_true(lint_is_internal(&subject, false, "nas.home.arpa"));
    assert_false(lint_is_internal(&subject, false, "www.example.com"));
    assert_false(lint_is_internal(&subject, false, "abc.onion"));
    assert_true(lint_is_internal(&subject, true, "10.0.0.1"));
    assert_true(lint_is_internal(&subject, true, "224.0.0.1"));
    assert_false(lint_is_internal(&subject, true, "11.0.0.1"));
    assert_true(lint_is_internal(&subject, true, "192.0.0.9")); /* global, and in a row of the registry all the same */
    assert_false(lint_is_internal(&subject, true, "ten"));
    /* Who cannot tell says no: it is then validated as public. */
    assert_false(lint_is_internal(&(struct lint_subject){.policy = &policy}, false, "nas.local"));
    assert_false(lint_is_internal(&(struct lint_subject){.names = &names_port}, true, "10.0.0.1"));
}

static void names_alone(void **state)
{
    (void)state;
    uint8_t memory[512];
    struct builder names;
    struct lint_report report;
    struct lint_subject subject = {.policy = &policy, .profile = &mtc, .names = &names_port, .now_s = NOW_S};
    builder_init_fixed(&names, memory, sizeof memory);
    write_names("www.example.com", &names);
    OK(lint_check_names(&subject, builder_view(&names), NULL, &err));
    write_names("nas.local", &names);
    assert_says(lint_check_names(&subject, builder_view(&names), &report, &err), &err, STATUS_REFUSED,
                "br-internal-name: an internal name: nas.local. Take internal names out");
    assert_int_equal(report.count, 1);
    assert_string_equal(report.findings[0].rule, "br-internal-name");
    subject.policy = NULL;
    assert_says(lint_check_names(&subject, builder_view(&names), NULL, &err), &err, STATUS_USAGE, "no policy");
}

static void common_names(void **state)
{
    (void)state;
#define L60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
    static const struct {
        const char *names, *found;
    } rows[] = {
        {"nas.local www.example.com mail.example.com", "www.example.com"}, {"*.example.com nas.local", "*.example.com"},
        {"*.example.com nas www.example.com", "www.example.com"}, {"*.example.com *.example.org", "*.example.com"},
        {"nas.local #08080808", NULL}, {"com.cn nas", NULL}, {"nas.home.arpa", NULL}, {"", NULL},
        {"nas " L60 ".com", L60 ".com"}, {"nas " L60 ".info", NULL}, /* 64 and 65 characters */
    };
    uint8_t memory[512];
    struct builder names;
    struct lint_subject subject = {.policy = &policy, .profile = &intranet, .names = &names_port, .now_s = NOW_S};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char found[LINT_COMMON_NAME_MAX + 1];
        builder_init_fixed(&names, memory, sizeof memory);
        write_names(rows[i].names, &names);
        assert_int_equal(lint_common_name(&subject, builder_view(&names), found), rows[i].found != NULL);
        if (rows[i].found != NULL)
            assert_string_equal(found, rows[i].found);
    }
    builder_init_fixed(&names, memory, sizeof memory);
    write_names("nas.local", &names);
    assert_says(lint_check_names(&subject, builder_view(&names), NULL, &err), &err, STATUS_REFUSED, "IN-02: no name that can be the subject");
    write_names("www.example.com", &names);
    OK(lint_check_names(&subject, builder_view(&names), NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(bad),
        cmocka_unit_test(dated_limits),
        cmocka_unit_test(day_of_issuance), cmocka_unit_test(scts_of_profiles), cmocka_unit_test(own_ct_policies),
        cmocka_unit_test(internal_or_not), cmocka_unit_test(names_alone), cmocka_unit_test(common_names),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
