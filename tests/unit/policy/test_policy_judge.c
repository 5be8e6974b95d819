/* The judgement as a whole: what was not given is not looked at, the worst decides, and nothing that a certificate says is shown
 * as it is when that is dangerous. */
#include "unit/checks.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "policy/policy_rule.h"
#include "unit/policy/made.h"

static struct error err;
static struct policy_set *set;
static struct policy_answer answer;
static struct made m;

static void judge(void)
{
    made_judge(&m, set, &answer);
}

static void assert_row(const char *rule, enum policy_result want, const char *fragment)
{
    const struct policy_rule_result *row = policy_answer_find(&answer, rule);
    assert_non_null(row);
    if (row->result != want || strstr(row->evidence, fragment) == NULL)
        fail_msg("%s: %s (%s), wanted %s (%s)", rule, policy_result_name(row->result), row->evidence, policy_result_name(want), fragment);
}

static void assert_verdict(enum policy_verdict want, const char *worst)
{
    if (answer.verdict != want || (worst != NULL && strcmp(answer.worst, worst) != 0))
        fail_msg("%s by %s, wanted %s by %s", policy_verdict_name(answer.verdict), answer.worst, policy_verdict_name(want), worst);
}

static void test_not_given(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    m.has_no_path = m.has_no_transparency = m.has_no_names = true;
    judge();
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
    assert_row("RP-01", POLICY_NOT_LOOKED_AT, "path was not looked at");
    assert_row("CT-02", POLICY_NOT_LOOKED_AT, "SCTs and cosigners were not looked at");
    assert_row("PU-01", POLICY_NOT_LOOKED_AT, "no public suffix list");
    assert_row("br-backdate", POLICY_NOT_LOOKED_AT, "only who issues it can tell");
    /* Rules about all of a path: of the leaf, nothing is to be said. */
    assert_row("RP-05", POLICY_NOT_LOOKED_AT, "issuers");
    assert_row("RP-06", POLICY_NOT_LOOKED_AT, "issuers");
    assert_row("RP-08", POLICY_NOT_LOOKED_AT, "issuers");
    assert_row("br-signature", POLICY_NOT_LOOKED_AT, "issuers");
    assert_row("rfc5280-time", POLICY_PASS, "");
    assert_row("rfc9525-name", POLICY_PASS, "");
    assert_row("MT-01", POLICY_NOT_APPLICABLE, "");
    /* Before there is a certificate, nobody has asked for one. */
    m.is_issuing = true;
    m.asked = "www.example.org";
    m.at_s = m.leaf.not_before_s - 1;
    judge();
    assert_row("rfc5280-time", POLICY_NOT_APPLICABLE, "");
    assert_row("rfc9525-name", POLICY_NOT_APPLICABLE, "");
    assert_null(policy_answer_find(&answer, "RP-99"));
    made_init(&m, MADE_E_INVOICE);
    m.has_no_path = true;
    judge();
    assert_row("RP-09", POLICY_NOT_LOOKED_AT, "root");
    made_init(&m, MADE_GM);
    m.has_no_path = true;
    m.leaf.aki = NULL; /* what can be seen is said */
    judge();
    assert_row("RP-05", POLICY_FAIL, "the leaf has no");
    made_init(&m, MADE_GM);
    m.asked = NULL;
    judge();
    assert_row("rfc9525-name", POLICY_NOT_LOOKED_AT, "no name was asked for");
}

/* The shipped policy with other lines at its end. */
static struct policy_set *read_with(const char *old, const char *with)
{
    struct policy_set *out;
    struct bytes rest = policy_set_default_text(), line;
    struct builder text;
    builder_init(&text, POLICY_TEXT_MAX);
    while (text_next_line(&rest, &line)) {
        bool is_old = line.len >= strlen(old) && memcmp(line.data, old, strlen(old)) == 0;
        if (!is_old)
            builder_bytes(&text, line);
        builder_u8(&text, '\n');
    }
    builder_text(&text, with);
    OK(policy_set_read(builder_view(&text), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &out, &err));
    builder_clear(&text);
    return out;
}

/* A list is old by the clock, whatever the dates of rules are read by. */
static void test_old_list(void **state)
{
    (void)state;
    struct policy_set *issued = read_with("setting ct-date", "setting ct-date issued\n");
    made_init(&m, MADE_INTL);
    m.sct_count = 0;
    m.list_age_s = 70 * MADE_DAY_S + 1;
    made_judge(&m, issued, &answer);
    assert_row("RP-10", POLICY_NOT_LOOKED_AT, "older than 70 days");
    m.list_age_s--;
    made_judge(&m, issued, &answer);
    assert_row("RP-10", POLICY_FAIL, "needed are 2");
    policy_set_free(issued);
}

/* What an intranet's policy promises are the rules that are in force for such a certificate: a Merkle Tree Certificate has no
 * subject, and is good for days. */
static void test_promise(void **state)
{
    (void)state;
    struct policy_set *refuse = read_with("setting intranet-lifetime-min", "setting intranet-lifetime-min refuse\n");
    struct policy_set *off = read_with("rule IN-02", "rule IN-02 off\n");
    made_init(&m, MADE_MTC);
    m.leaf.dns[1] = "portal";
    m.leaf.policies[0] = "1.2.156.157933.81";
    for (size_t i = 0; i < m.issuer_count; i++)
        m.issuers[i].purposes[0] = TRUST_BUNDLE_TLS_INTRANET;
    judge();
    assert_row("IN-02", POLICY_NOT_APPLICABLE, "");
    assert_row("IN-07", POLICY_PASS, "");
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
    made_judge(&m, refuse, &answer);
    assert_row("IN-07", POLICY_PASS, "");
    m.issuers[0].purposes[0] = TRUST_BUNDLE_TLS;
    judge();
    assert_row("IN-07", POLICY_FAIL, "IN-01");
    made_init(&m, MADE_INTRANET);
    m.leaf.cn = NULL;
    judge();
    assert_row("IN-07", POLICY_FAIL, "IN-02");
    made_judge(&m, off, &answer);
    assert_row("IN-07", POLICY_PASS, "");
    policy_set_free(refuse);
    policy_set_free(off);
}

/* As many years as a file can say. */
static void test_many_years(void **state)
{
    (void)state;
    struct policy_set *years = read_with("limit intranet-years-max", "limit intranet-years-max from always 1000000\n");
    made_init(&m, MADE_INTRANET);
    made_judge(&m, years, &answer);
    assert_row("IN-05", POLICY_PASS, "");
    m.leaf.not_after_s = m.leaf.not_before_s + 36524 * MADE_DAY_S;
    made_judge(&m, years, &answer);
    assert_row("IN-05", POLICY_PASS, "");
    policy_set_free(years);
}

static void assert_open(const char *rule, bool want)
{
    if (policy_answer_find(&answer, rule)->is_open != want)
        fail_msg("%s: %s open", rule, want ? "not" : "is");
}

/* What may still make it worse. */
static void test_open(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    judge();
    for (size_t i = 0; i < answer.count; i++)
        assert_false(answer.rules[i].is_open);
    m.has_no_list = true;
    judge();
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
    assert_open("CT-02", true);
    assert_open("CT-03", false); /* it is not for it: interim */
    assert_open("br-key", false); /* only who issues can tell */
    m.leaf.policies[0] = "1.2.156.157933.13";
    m.leaf.o = "Example Ltd";
    judge();
    assert_string_equal(answer.organisation, "Example Ltd");
    policy_answer_refuse(&answer);
    assert_verdict(POLICY_VERDICT_UNTRUSTED, NULL);
    assert_string_equal(answer.organisation, "");
    assert_open("CT-02", false);
    m.has_no_names = m.has_no_path = true;
    judge();
    assert_open("RP-02", true);
    assert_open("PU-01", true);
    assert_open("br-public-suffix", false); /* a warning */
    m.leaf.dns[0] = "www.example.org";
    judge();
    assert_verdict(POLICY_VERDICT_UNTRUSTED, "rfc9525-name");
    assert_open("RP-02", false); /* it cannot become worse */
    assert_open("CT-02", false);
}

/* From a list of logs that is not there, or too old, nothing is said. */
static void test_log_lists(void **state)
{
    (void)state;
    made_init(&m, MADE_INTL);
    m.sct_count = 0;
    m.list_age_s = 70 * MADE_DAY_S;
    judge();
    assert_row("RP-10", POLICY_FAIL, "SCTs of distinct logs: 0, needed are 2");
    assert_verdict(POLICY_VERDICT_NOT_SECURE, "RP-10");
    m.list_age_s++;
    judge();
    assert_row("RP-10", POLICY_NOT_LOOKED_AT, "older than 70 days");
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
    made_init(&m, MADE_GM);
    m.sct_count = 0;
    m.has_no_list = true;
    judge();
    assert_row("CT-02", POLICY_NOT_LOOKED_AT, "no list of logs");
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
}

static void test_worst(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    m.leaf.aki = NULL;
    judge();
    assert_verdict(POLICY_VERDICT_NOT_SECURE, "RP-05");
    m.sct_count = 0;
    judge();
    assert_verdict(POLICY_VERDICT_NOT_SECURE, "RP-05"); /* the first of them */
    m.path_fault = "the signature of certificate 1 does not verify";
    judge();
    assert_verdict(POLICY_VERDICT_UNTRUSTED, "rfc5280-path");
    assert_row("rfc5280-path", POLICY_FAIL, "does not verify");
    /* Before 2025 a GM certificate without SCTs is shown as what it is. */
    made_init(&m, MADE_GM);
    made_move(&m, INT64_C(1735689599));
    m.sct_count = 0;
    judge();
    assert_verdict(POLICY_VERDICT_NOT_TRANSPARENT, "CT-01");
    assert_row("CT-02", POLICY_NOT_APPLICABLE, "");
    m.at_s++;
    judge();
    assert_verdict(POLICY_VERDICT_NOT_SECURE, "CT-02");
    assert_row("CT-01", POLICY_NOT_APPLICABLE, "");
}

static void test_levels(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    m.leaf.policies[0] = "1.2.156.157933.14";
    m.leaf.o = "Example Ltd";
    judge();
    assert_int_equal(answer.level, 4);
    assert_string_equal(answer.kind, "EV");
    assert_string_equal(answer.organisation, "Example Ltd");
    m.issuers[1].level_max = 3; /* the path allows less */
    judge();
    assert_int_equal(answer.level, 3);
    assert_row("LV-03", POLICY_NOTE, "it says T4");
    m.issuers[1].level_max = 0; /* no limit */
    m.leaf.policies[1] = "2.23.140.1.2.1"; /* the lowest counts */
    judge();
    assert_int_equal(answer.level, 1);
    assert_string_equal(answer.organisation, "");
    made_init(&m, MADE_INTRANET); /* of both kinds of servers, too */
    m.leaf.policies[0] = "1.2.156.157933.84";
    m.leaf.o = "Example Ltd";
    judge();
    assert_int_equal(answer.level, 4);
    m.leaf.policies[1] = "2.23.140.1.2.2";
    judge();
    assert_int_equal(answer.level, 3);
    assert_row("LV-01", POLICY_WARNING, "T3");
    m.leaf.policies[0] = NULL;
    made_init(&m, MADE_GM);
    m.leaf.policies[0] = "1.2.156.157933.14";
    m.leaf.o = NULL; /* nothing that T4 stands for */
    judge();
    assert_int_equal(answer.level, 1);
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
    made_init(&m, MADE_GM);
    m.leaf.policies[0] = NULL;
    judge();
    assert_int_equal(answer.level, 1);
    assert_string_equal(answer.kind, "");
}

static void test_organisation(void **state)
{
    (void)state;
    static const struct {
        const char *o, *shown;
    } rows[] = {
        {"某某有限公司", "某某有限公司"},
        {"Example\xe2\x80\x8b Ltd", ""},     /* zero width space */
        {"Example \xe2\x80\xae" "dtL", ""},    /* right to left */
        {"Example\xe2\x81\xa6 Ltd", ""},     /* isolate */
        {"\xef\xbb\xbf" "Example", ""},        /* byte order mark */
        {"Example\xe2\x80\xa6", "Example\xe2\x80\xa6"}, /* an ellipsis is none of them */
        {"Example\xd8\x9c Ltd", ""},          /* Arabic letter mark */
        {"Example\xe2\x80\xa8 Ltd", ""},     /* line separator */
        {"Example \x1b[31m", ""},
        {"Example \xff", ""},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        made_init(&m, MADE_GM);
        m.leaf.policies[0] = "1.2.156.157933.13";
        m.leaf.o = rows[i].o;
        judge();
        assert_int_equal(answer.level, 3);
        assert_string_equal(answer.organisation, rows[i].shown);
    }
    /* Nobody is shown as an organisation who is not secure. */
    m.leaf.o = "Example Ltd";
    m.sct_count = 0;
    judge();
    assert_verdict(POLICY_VERDICT_NOT_SECURE, "CT-02");
    assert_string_equal(answer.organisation, "");
}

/* A long one is cut between characters. */
static void test_long_organisation(void **state)
{
    (void)state;
    char name[3 * 80 + 1] = "";
    for (size_t i = 0; i < 80; i++)
        memcpy(name + 3 * i, "某", 4);
    made_init(&m, MADE_GM);
    m.leaf.policies[0] = "1.2.156.157933.13";
    m.leaf.o = name;
    judge();
    assert_int_equal(strlen(answer.organisation), 198);
    assert_true(text_is_printable_utf8(bytes_of_text(answer.organisation)));
}

/* What a hostile certificate has in its names is not written to terminals. */
static void test_evidence(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    m.leaf.dns[1] = "\x1b]0;evil\x07.corp";
    judge();
    assert_row("br-internal-name", POLICY_FAIL, "?]0;evil?.corp");
    for (size_t i = 0; i < answer.count; i++)
        assert_true(answer.rules[i].evidence[0] == '\0' || text_is_printable_utf8(bytes_of_text(answer.rules[i].evidence)));
}

/* A certificate of the public root with an internal name is no intranet certificate by that. */
static void test_networks(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    m.leaf.dns[1] = "portal";
    judge();
    assert_true(answer.is_intranet);
    assert_int_equal(answer.purpose, TRUST_BUNDLE_TLS_INTRANET);
    assert_verdict(POLICY_VERDICT_NOT_SECURE, NULL);
    assert_row("PU-01", POLICY_FAIL, "portal");
    assert_row("IN-01", POLICY_FAIL, "");
    /* Who issues says what for: there it is the public profile that is broken. */
    m.is_issuing = true;
    judge();
    assert_false(answer.is_intranet);
    assert_row("br-internal-name", POLICY_FAIL, "portal");
    assert_row("IN-03", POLICY_NOT_APPLICABLE, "");
    made_init(&m, MADE_INTRANET);
    judge();
    assert_true(answer.is_intranet && answer.is_gm);
    assert_verdict(POLICY_VERDICT_SECURE, NULL);
    made_init(&m, MADE_INTL);
    judge();
    assert_false(answer.is_intranet || answer.is_gm);
    assert_int_equal(answer.purpose, TRUST_BUNDLE_TLS);
}

static void test_names_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"www.example.com", "*.com.cn", "portal.corp"};
    static const char *const broken[] = {NULL, "br-wildcard", "br-internal-name"};
    for (size_t i = 0; i < 3; i++) {
        uint8_t memory[64];
        struct builder b;
        builder_init_fixed(&b, memory, sizeof memory);
        der_write(&b, SAN_DNS_NAME, bytes_of_text(names[i]));
        made_init(&m, MADE_GM);
        m.is_issuing = true;
        made_build(&m);
        OK(policy_judge_names(set, &m.subject, true, builder_view(&b), &answer, &err));
        made_clear(&m);
        assert_row("RP-05", POLICY_NOT_LOOKED_AT, "only names");
        assert_row("br-san", POLICY_PASS, "");
        assert_int_equal(answer.verdict == POLICY_VERDICT_SECURE, broken[i] == NULL);
        if (broken[i] != NULL)
            assert_row(broken[i], POLICY_FAIL, "");
    }
    assert_int_equal(policy_judge_names(set, &m.subject, true, bytes_of("\x82\x05" "a", 3), &answer, &err), STATUS_MALFORMED);
}

static void test_limits(void **state)
{
    (void)state;
    made_init(&m, MADE_GM);
    made_build(&m);
    m.path.count = POLICY_PATH_MAX + 1;
    assert_says(policy_judge(set, &m.subject, &answer, &err), &err, STATUS_LIMIT, "more than 11 certificates");
    m.path.count = 1;
    m.transparency.sct_count = CT_POLICY_SCTS_MAX + 1;
    assert_says(policy_judge(set, &m.subject, &answer, &err), &err, STATUS_LIMIT, "96 SCTs");
    m.transparency.sct_count = 0;
    m.transparency.cosigner_count = POLICY_COSIGNERS_MAX + 1;
    assert_says(policy_judge(set, &m.subject, &answer, &err), &err, STATUS_LIMIT, "64 cosigners");
    m.transparency.cosigner_count = 0;
    m.subject.subject = bytes_of("\x30\x02\x05\x00", 4);
    assert_says(policy_judge(set, &m.subject, &answer, &err), &err, STATUS_MALFORMED, "subject is no Name");
    m.subject.subject = bytes_of("\x30\x00", 2);
    m.subject.extensions = bytes_of("\x30\x00", 2);
    assert_int_equal(policy_judge(set, &m.subject, &answer, &err), STATUS_MALFORMED);
    made_clear(&m);
}

/* `count` attributes, or policies: as many as are looked at, and one more. */
static struct bytes many(bool are_attributes, size_t count, uint8_t *memory, size_t size)
{
    struct builder b;
    builder_init_fixed(&b, memory, size);
    size_t list = der_open(&b, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        size_t set_of = are_attributes ? der_open(&b, DER_SET) : 0, one = der_open(&b, DER_SEQUENCE);
        der_write(&b, DER_OID, bytes_of("\x55\x04\x11", 3));
        if (are_attributes)
            der_write(&b, DER_UTF8_STRING, bytes_of("x", 1));
        der_close(&b, one);
        if (are_attributes)
            der_close(&b, set_of);
    }
    der_close(&b, list);
    assert_true(builder_is_good(&b));
    return builder_view(&b);
}

static void test_many(void **state)
{
    (void)state;
    uint8_t memory[1024], value[1024];
    made_init(&m, MADE_EMAIL);
    made_build(&m);
    m.subject.subject = many(true, POLICY_ATTRIBUTES_MAX, memory, sizeof memory);
    OK(policy_judge(set, &m.subject, &answer, &err));
    m.subject.subject = many(true, POLICY_ATTRIBUTES_MAX + 1, memory, sizeof memory);
    assert_says(policy_judge(set, &m.subject, &answer, &err), &err, STATUS_LIMIT, "more than 32 attributes");
    m.subject.subject = bytes_of("\x30\x00", 2);
    for (size_t count = POLICY_POLICIES_MAX; count <= POLICY_POLICIES_MAX + 1; count++) {
        struct builder b;
        builder_init_fixed(&b, value, sizeof value);
        extensions_write(&b, bytes_of("\x55\x1d\x20", 3), false, many(false, count, memory, sizeof memory));
        m.subject.extensions = builder_view(&b);
        OK(policy_judge(set, &m.subject, &answer, &err));
        assert_row("RP-04", POLICY_FAIL, count == POLICY_POLICIES_MAX ? "no policy OID that" : "more than 16");
    }
    made_clear(&m);
}

static int read_set(void **state)
{
    (void)state;
    return policy_set_default(&set, &err) == STATUS_OK ? 0 : 1;
}

static int free_set(void **state)
{
    (void)state;
    policy_set_free(set);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_given), cmocka_unit_test(test_log_lists),    cmocka_unit_test(test_worst),
        cmocka_unit_test(test_levels),    cmocka_unit_test(test_organisation), cmocka_unit_test(test_long_organisation),
        cmocka_unit_test(test_evidence),  cmocka_unit_test(test_networks),     cmocka_unit_test(test_names_alone),
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_many),         cmocka_unit_test(test_old_list),
        cmocka_unit_test(test_promise),   cmocka_unit_test(test_many_years),   cmocka_unit_test(test_open),
    };
    return cmocka_run_group_tests(tests, read_set, free_set);
}
