/* Certificates of others before the shipped policy, as leaf and as all of their path: a judgement is made of whatever parses, its rows
 * are complete, and it is the same each time. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "policy/policy.h"

static struct policy_answer first, second;

static bool is_internal_name(void *context, const char *name)
{
    (void)context;
    return strchr(name, '.') == NULL;
}

static bool is_public_suffix(void *context, const char *name)
{
    return is_internal_name(context, name);
}

static void check(const struct policy_set *set, const struct policy_answer *a)
{
    require(a->count > 0 && a->level >= 1 && a->level <= 4);
    require((a->verdict == POLICY_VERDICT_SECURE) == (a->worst == NULL));
    require(memchr(a->organisation, 0, sizeof a->organisation) != NULL);
    for (size_t i = 0; i < a->count; i++) {
        const struct policy_rule_result *row = &a->rules[i];
        require(memchr(row->evidence, 0, sizeof row->evidence) != NULL);
        require(row->result != POLICY_FAIL || (row->effect >= POLICY_LEVEL_T1 && row->evidence[0] != '\0'));
        require(policy_set_title(set, row->id, POLICY_EN)[0] != '\0');
    }
    require(policy_saying(set, a, POLICY_ZH)[0] != '\0' && policy_icon(set, a)[0] != '\0');
}

static void judge(const struct policy_set *set, const struct policy_subject *subject)
{
    struct error err = {.status = STATUS_OK};
    enum status s = policy_judge(set, subject, &first, &err);
    if (s != STATUS_OK) {
        require(s == STATUS_MALFORMED && err.text[0] != '\0');
        return;
    }
    check(set, &first);
    require(policy_judge(set, subject, &second, &err) == STATUS_OK);
    require(first.verdict == second.verdict && first.level == second.level && first.count == second.count);
    for (size_t i = 0; i < first.count; i++)
        require(first.rules[i].result == second.rules[i].result && strcmp(first.rules[i].evidence, second.rules[i].evidence) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy_set *set;
    static const struct policy_names names = {is_public_suffix, is_internal_name, NULL};
    struct error err;
    struct certificate cert;
    if (set == NULL)
        require(policy_set_default(&set, &err) == STATUS_OK);
    if (certificate_parse(bytes_of(data, size), &cert, &err) != STATUS_OK)
        return 0;
    for (uint16_t purpose = TRUST_BUNDLE_TLS; purpose <= TRUST_BUNDLE_E_INVOICE; purpose++) {
        struct policy_subject subject = policy_subject_of_certificate(&cert, purpose, INT64_C(1793491200));
        struct policy_path path = {.count = 3, .is_valid = true};
        for (size_t i = 0; i < path.count; i++)
            path.certificates[i] = (struct policy_path_certificate){.der = bytes_of(data, size), .is_listed = i > 0, .is_root = i == 2,
                                                                    .purposes = {.count = i > 0, .at = {purpose}}};
        subject.dns_name = bytes_of_text("www.example.com");
        judge(set, &subject);
        subject.path = &path;
        subject.names = &names;
        subject.transparency = &(struct policy_transparency){.is_landmark = true};
        judge(set, &subject);
        subject.is_issuing = true;
        judge(set, &subject);
    }
    return 0;
}
