/* cathaya/policy.h, as a browser uses it: bundles in bytes, certificates and connections, with names of its own. */
#include <cathaya/policy.h>

#include "unit/api_tls/program_world.h"

#include "policy/policy.h"

#define AT_S INT64_C(1769904000) /* 2026-02-01 */

static struct program_world world;
static struct builder bundle;
static struct cathaya_error outer;

#define GOOD(expression) \
    do { \
        if ((expression) != CATHAYA_OK) \
            fail_msg("%s: %s", #expression, outer.reason); \
    } while (0)

static int suffix_calls;

static int is_suffix(void *context, const char *name)
{
    assert_ptr_equal(context, &suffix_calls);
    suffix_calls++;
    return strcmp(name, "com") == 0;
}

static int is_internal(void *context, const char *name)
{
    size_t len = strlen(name);
    assert_ptr_equal(context, &suffix_calls);
    return len < 4 || strcmp(name + len - 4, ".com") != 0;
}

static const struct cathaya_policy_names names = {is_suffix, is_internal, &suffix_calls};

static int make(void **state)
{
    struct error err;
    (void)state;
    program_world_make(&world, AT_S, bytes_of(NULL, 0), bytes_of(NULL, 0));
    builder_init(&bundle, TRUST_BUNDLE_SIZE_MAX);
    assert_ok(trust_bundle_write(&world.bundle, &bundle, &err), &err, "bundle");
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_clear(&bundle);
    program_world_clear(&world);
    return 0;
}

/* ---- what a browser does ---- */

struct client {
    struct cathaya_tls_trust *trust;
    struct cathaya_policy *policy;
};

static void client_begin(struct client *c, const struct builder *bytes)
{
    struct cathaya_bundle one = {bytes->data, bytes->len};
    GOOD(cathaya_tls_trust_new(&c->trust, &outer));
    GOOD(cathaya_tls_trust_add_bundles(c->trust, &one, 1, AT_S, &outer));
    GOOD(cathaya_policy_new(c->trust, &c->policy, &outer));
}

static void client_end(struct client *c)
{
    cathaya_policy_free(c->policy);
    cathaya_tls_trust_free(c->trust);
}

static struct cathaya_answer *judge(const struct client *c, size_t row, const struct cathaya_policy_request *more)
{
    struct cathaya_policy_request request = *more;
    const struct chain_cert *between = &world.intermediates[program_rows[row].issuer];
    const struct cathaya_der chain[] = {{world.leaves[row].der.data, world.leaves[row].der.len}, {between->der.data, between->der.len}};
    struct cathaya_answer *answer;
    request.chain = chain;
    request.chain_count = 2;
    if (request.at == 0)
        request.at = AT_S;
    GOOD(cathaya_policy_judge(c->policy, &request, &answer, &outer));
    return answer;
}

static size_t row_named(const char *name)
{
    for (size_t i = 0; i < PROGRAM_ROWS; i++)
        if (strcmp(program_rows[i].name, name) == 0)
            return i;
    fail_msg("no row %s", name);
    return 0;
}

static bool find_rule(const struct cathaya_answer *answer, const char *id, struct cathaya_rule *out)
{
    for (size_t i = 0; cathaya_answer_rule(answer, i, out); i++)
        if (strcmp(out->id, id) == 0)
            return true;
    return false;
}

static void print_broken(const struct cathaya_answer *answer)
{
    struct cathaya_rule rule;
    for (size_t i = 0; cathaya_answer_rule(answer, i, &rule); i++)
        if (rule.result == CATHAYA_RULE_FAIL || rule.result == CATHAYA_RULE_WARN)
            print_message("    %s %s: %s\n", rule.id, cathaya_rule_result_name(rule.result), rule.evidence);
}

/* ---- tests ---- */

static void test_every_verdict(void **state)
{
    struct client c;
    (void)state;
    client_begin(&c, &bundle);
    for (size_t i = 0; i < PROGRAM_ROWS; i++) {
        const struct program_row *row = &program_rows[i];
        struct cathaya_answer *answer = judge(&c, i, &(struct cathaya_policy_request){.dns_name = PROGRAM_NAME, .names = &names});
        struct cathaya_answer_summary s;
        struct cathaya_rule rule;
        cathaya_answer_summary(answer, &s);
        bool is_untrusted = s.verdict == CATHAYA_VERDICT_UNTRUSTED;
        if (strcmp(cathaya_verdict_name(s.verdict), row->verdict) != 0 || (!is_untrusted && s.level != (unsigned)(row->level[1] - '0'))) {
            print_broken(answer);
            fail_msg("%s: %s T%u, not %s %s", row->name, cathaya_verdict_name(s.verdict), s.level, row->verdict, row->level);
        }
        if ((s.worst_rule[0] == '\0') != (row->worst[0] == '\0')) {
            print_broken(answer);
            fail_msg("%s: worst is \"%s\", not \"%s\" (%s)", row->name, s.worst_rule, row->worst, s.reason);
        }
        if (row->worst[0] != '\0') {
            assert_true(find_rule(answer, row->worst, &rule));
            if (rule.result != CATHAYA_RULE_FAIL) {
                print_broken(answer);
                fail_msg("%s: %s is %s, worst is %s (%s)", row->name, row->worst, cathaya_rule_result_name(rule.result), s.worst_rule,
                         s.reason);
            }
            assert_true(rule.title[CATHAYA_LANGUAGE_EN][0] != '\0' && (uint8_t)rule.title[CATHAYA_LANGUAGE_ZH][0] >= 0x80);
            assert_true(rule.fix[CATHAYA_LANGUAGE_EN][0] != '\0' && rule.fix[CATHAYA_LANGUAGE_ZH][0] != '\0');
        }
        assert_true(s.saying[CATHAYA_LANGUAGE_EN][0] != '\0' && s.saying[CATHAYA_LANGUAGE_ZH][0] != '\0');
        assert_int_equal(is_untrusted, s.reason[0] != '\0');
        assert_int_equal(s.is_gm, row->issuer != PROGRAM_INTL);
        assert_int_equal(s.is_intranet, row->issuer == PROGRAM_INTRANET);
        cathaya_answer_free(answer);
    }
    assert_true(suffix_calls > 0);
    client_end(&c);
}

static void test_icons(void **state)
{
    static const struct {
        const char *name;
        enum cathaya_icon icon;
    } rows[] = {{"gm-dv", CATHAYA_ICON_LOCK_T1},         {"gm-ov", CATHAYA_ICON_LOCK_T3},
                {"gm-ev", CATHAYA_ICON_GREEN_BAR_T4},    {"gm-no-sct", CATHAYA_ICON_NOT_SECURE},
                {"gm-unlisted", CATHAYA_ICON_UNTRUSTED}};
    struct client c;
    (void)state;
    client_begin(&c, &bundle);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct cathaya_answer_summary s;
        struct cathaya_answer *answer = judge(&c, row_named(rows[i].name), &(struct cathaya_policy_request){.names = &names});
        cathaya_answer_summary(answer, &s);
        assert_int_equal(s.icon, rows[i].icon);
        assert_string_equal(s.organisation, strcmp(rows[i].name, "gm-ev") == 0 || strcmp(rows[i].name, "gm-ov") == 0 ? "Example Ltd" : s.organisation);
        cathaya_answer_free(answer);
    }
    client_end(&c);
}

static void test_timestamps_one_by_one(void **state)
{
    struct client c;
    struct cathaya_answer_summary s;
    struct cathaya_answer_sct sct;
    (void)state;
    client_begin(&c, &bundle);
    struct cathaya_answer *answer = judge(&c, row_named("gm-ov"), &(struct cathaya_policy_request){.names = &names});
    cathaya_answer_summary(answer, &s);
    assert_int_equal(s.sct_count, 2);
    assert_int_equal(s.cosigner_count, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(cathaya_answer_sct(answer, i, &sct));
        assert_true(sct.is_good);
        assert_int_equal(sct.delivery, CATHAYA_DELIVERY_CERTIFICATE);
        assert_memory_equal(sct.log_id, world.gm_logs[i].row.log_id, sizeof sct.log_id);
        assert_string_equal(sct.reason, "");
        assert_memory_equal(sct.log_name, "Log ", 4);
        assert_memory_equal(sct.log_operator, "Operator ", 9);
        assert_int_equal(sct.timestamp_ms, (uint64_t)(AT_S - 2 * CHAIN_DAY) * 1000);
    }
    assert_false(cathaya_answer_sct(answer, 2, &sct));
    cathaya_answer_free(answer);
    /* Before they were made they are from the future. */
    answer = judge(&c, row_named("gm-ov"), &(struct cathaya_policy_request){.names = &names, .at = AT_S - 3 * CHAIN_DAY});
    assert_true(cathaya_answer_sct(answer, 0, &sct));
    assert_false(sct.is_good);
    assert_true(sct.reason[0] != '\0');
    cathaya_answer_free(answer);
    client_end(&c);
}

static void test_names(void **state)
{
    struct client c;
    struct cathaya_rule rule;
    (void)state;
    client_begin(&c, &bundle);
    struct cathaya_answer *answer = judge(&c, row_named("intl-ov"), &(struct cathaya_policy_request){.dns_name = PROGRAM_NAME});
    assert_true(find_rule(answer, "br-internal-name", &rule));
    assert_int_equal(rule.result, CATHAYA_RULE_NOT_LOOKED_AT);
    cathaya_answer_free(answer);
    struct cathaya_answer_summary s;
    answer = judge(&c, row_named("intl-ov"), &(struct cathaya_policy_request){.dns_name = "other.example.com", .names = &names});
    cathaya_answer_summary(answer, &s);
    assert_int_equal(s.verdict, CATHAYA_VERDICT_UNTRUSTED);
    assert_true(s.reason[0] != '\0');
    cathaya_answer_free(answer);
    client_end(&c);
}

/* A bundle's own policy, and what happens when it is none. */
static void test_policy_of_bundle(void **state)
{
    struct client c;
    struct builder text, other;
    struct error err;
    struct bytes policy = policy_set_default_text();
    const char *at = memmem(policy.data, policy.len, "\nversion 1\n", 11);
    (void)state;
    client_begin(&c, &bundle);
    assert_true(cathaya_policy_is_built_in(c.policy));
    uint64_t version = cathaya_policy_version(c.policy);
    client_end(&c);
    assert_non_null(at);
    builder_init(&text, 1 << 20);
    builder_init(&other, TRUST_BUNDLE_SIZE_MAX);
    size_t before = (size_t)((const uint8_t *)at - policy.data);
    builder_bytes(&text, bytes_of(policy.data, before));
    builder_text(&text, "\nversion 4711\n");
    builder_bytes(&text, bytes_of(policy.data + before + 11, policy.len - before - 11));
    world.bundle.policy = (struct trust_bundle_policy){builder_view(&text), policy_set_default_ct_text()};
    assert_ok(trust_bundle_write(&world.bundle, &other, &err), &err, "bundle");
    client_begin(&c, &other);
    assert_false(cathaya_policy_is_built_in(c.policy));
    assert_int_equal(cathaya_policy_version(c.policy), 4711);
    assert_true(version != 4711 && cathaya_policy_name(c.policy)[0] != '\0');
    client_end(&c);

    builder_text(&text, "rule of-nobody not-secure\n");
    world.bundle.policy.policy = builder_view(&text);
    builder_reset(&other);
    assert_ok(trust_bundle_write(&world.bundle, &other, &err), &err, "bundle");
    struct cathaya_bundle one = {other.data, other.len};
    GOOD(cathaya_tls_trust_new(&c.trust, &outer));
    GOOD(cathaya_tls_trust_add_bundles(c.trust, &one, 1, AT_S, &outer));
    assert_int_equal(cathaya_policy_new(c.trust, &c.policy, &outer), CATHAYA_USAGE);
    assert_null(c.policy);
    assert_non_null(strstr(outer.reason, "line"));
    client_end(&c);
    world.bundle.policy = (struct trust_bundle_policy){bytes_of(NULL, 0), bytes_of(NULL, 0)};
    builder_clear(&text);
    builder_clear(&other);
}

/* A library that is newer than its bundle's policy: all lines of RP-06 are not there. */
static void test_older_policy_of_bundle(void **state)
{
    struct client c;
    struct builder text, other;
    struct error err;
    struct cathaya_rule rule;
    struct cathaya_answer_summary s;
    struct bytes rest = policy_set_default_text(), line;
    (void)state;
    builder_init(&text, 1 << 20);
    builder_init(&other, TRUST_BUNDLE_SIZE_MAX);
    while (text_next_line(&rest, &line)) {
        if (line.len > 0 && memmem(line.data, line.len, " RP-06 ", 7) != NULL)
            continue;
        builder_bytes(&text, line);
        builder_u8(&text, '\n');
    }
    world.bundle.policy = (struct trust_bundle_policy){builder_view(&text), policy_set_default_ct_text()};
    assert_ok(trust_bundle_write(&world.bundle, &other, &err), &err, "bundle");
    client_begin(&c, &other);
    struct cathaya_answer *answer = judge(&c, row_named("gm-no-aia"), &(struct cathaya_policy_request){.names = &names});
    cathaya_answer_summary(answer, &s);
    assert_int_equal(s.verdict, CATHAYA_VERDICT_SECURE);
    assert_true(find_rule(answer, "RP-06", &rule));
    assert_int_equal(rule.result, CATHAYA_RULE_NOT_LOOKED_AT);
    assert_int_equal(rule.effect, CATHAYA_EFFECT_OFF);
    assert_string_equal(rule.evidence, "the policy does not name it");
    assert_string_equal(rule.title[CATHAYA_LANGUAGE_ZH], "");
    assert_string_equal(rule.fix[CATHAYA_LANGUAGE_EN], "");
    cathaya_answer_free(answer);
    client_end(&c);
    world.bundle.policy = (struct trust_bundle_policy){bytes_of(NULL, 0), bytes_of(NULL, 0)};
    builder_clear(&text);
    builder_clear(&other);
}

static void refused(const struct client *c, enum cathaya_status want, const struct cathaya_policy_request *request)
{
    struct cathaya_answer *answer;
    assert_int_equal(cathaya_policy_judge(c->policy, request, &answer, &outer), want);
    assert_null(answer);
    assert_true(outer.reason[0] != '\0');
}

static void test_requests_that_make_no_sense(void **state)
{
    static const uint8_t ip[4] = {192, 0, 2, 1};
    static const uint8_t garbage[] = {0x30, 0x03, 1, 2, 3};
    struct cathaya_policy_names half = {is_suffix, NULL, &suffix_calls};
    struct cathaya_der chain[CATHAYA_TLS_CHAIN_MAX + 1];
    struct client c;
    (void)state;
    client_begin(&c, &bundle);
    for (size_t i = 0; i < LENGTH(chain); i++)
        chain[i] = (struct cathaya_der){world.leaves[0].der.data, world.leaves[0].der.len};
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain_count = 0});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 0});
    refused(&c, CATHAYA_LIMIT, &(struct cathaya_policy_request){.chain = chain, .chain_count = LENGTH(chain)});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .dns_name = ""});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .ip = ip, .ip_len = 5});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .ip_len = 4});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .dns_name = "a.com", .ip = ip, .ip_len = 4});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .purpose = (enum cathaya_purpose)9});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .names = &half});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .at = -1});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .at = INT64_C(253402300800)});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .at = INT64_MAX});
    refused(&c, CATHAYA_USAGE, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .at = INT64_MIN});
    chain[0] = (struct cathaya_der){garbage, sizeof garbage};
    refused(&c, CATHAYA_MALFORMED, &(struct cathaya_policy_request){.chain = chain, .chain_count = 1, .at = AT_S});
    client_end(&c);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(cathaya_verdict_name(CATHAYA_VERDICT_NOT_TRANSPARENT), "not_transparent");
    assert_string_equal(cathaya_verdict_name((enum cathaya_verdict)4), "");
    assert_string_equal(cathaya_rule_result_name(CATHAYA_RULE_NOT_APPLICABLE), "not_applicable");
    assert_string_equal(cathaya_rule_result_name((enum cathaya_rule_result)6), "");
    cathaya_policy_free(NULL);
    cathaya_answer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_verdict), cmocka_unit_test(test_icons), cmocka_unit_test(test_timestamps_one_by_one),
        cmocka_unit_test(test_names), cmocka_unit_test(test_policy_of_bundle), cmocka_unit_test(test_older_policy_of_bundle), cmocka_unit_test(test_requests_that_make_no_sense),
        cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, make, end);
}
