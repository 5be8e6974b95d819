/* inspect_policies.c - policies of root programs and CT policies, as they are in force at a time. */
#include "inspect/inspect.h"
#include "inspect/view.h"
#include "policy/policy.h"

#define DAY_S ((int64_t)86400)

/* What makes a file of settings wrong usage elsewhere makes it malformed here. */
static enum status judge(enum status s)
{
    return s == STATUS_USAGE || s == STATUS_NOT_FOUND ? STATUS_MALFORMED : s;
}

static void show_oids(const struct policy_set *set, json_t *out)
{
    json_t *list = view_list(out, "oids");
    for (size_t i = 0; i < policy_set_oid_count(set); i++) {
        const struct policy_oid *oid = policy_set_oid_at(set, i);
        const char *purpose = trust_bundle_purpose_name(oid->purpose);
        view_add(list, "%s: T%u %s, %s, %s", oid->dotted, oid->level, oid->kind, purpose != NULL ? purpose : "-", oid->arc);
    }
}

static void show_set(const struct policy_set *set, int64_t at_s, json_t *out)
{
    view_text(out, "name", "%s", policy_set_name(set));
    view_number(out, "version", policy_set_version(set));
    json_t *settings = view_object(out, "settings");
    for (int i = 0; i < POLICY_SETTINGS; i++)
        view_text(settings, policy_setting_name((enum policy_setting)i), "%s",
                  policy_value_name(policy_set_setting(set, (enum policy_setting)i)));
    view_time(out, "limits_at", at_s);
    json_t *limits = view_object(out, "limits");
    for (int i = 0; i < POLICY_LIMITS; i++)
        view_text(limits, policy_limit_name((enum policy_limit)i), "%lld",
                  (long long)policy_set_limit(set, (enum policy_limit)i, at_s));
    show_oids(set, out);
}

enum status inspect_program_policy(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct policy_set *set;
    struct error inner = {.text = ""};
    enum status s = policy_set_read(in->content, policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &set, &inner);
    if (s != STATUS_OK)
        return error_set(err, judge(s), "%s", inner.text);
    show_set(set, in->at_s, out);
    policy_set_free(set);
    return STATUS_OK;
}

static void show_needs(json_t *item, const char *name, const struct ct_policy *policy, int64_t days, int64_t at_s)
{
    struct ct_policy_needs needs;
    ct_policy_needed(policy, at_s, at_s + days * DAY_S - 1, at_s, &needs);
    if (needs.operators > 1)
        view_text(item, name, "%zu SCTs, of %zu operators%s", needs.scts, needs.operators, needs.is_enforced ? ", enforced" : "");
    else
        view_text(item, name, "%zu SCTs%s", needs.scts, needs.is_enforced ? ", enforced" : "");
}

enum status inspect_ct_policy(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct ct_policy_set *set;
    struct error inner = {.text = ""};
    enum status s = ct_policy_set_read(in->content, &set, &inner);
    if (s != STATUS_OK)
        return error_set(err, judge(s), "%s", inner.text);
    if (ct_policy_set_count(set) == 0) {
        ct_policy_set_free(set);
        return error_set(err, STATUS_MALFORMED, "no CT policy");
    }
    view_time(out, "at", in->at_s);
    json_t *list = view_list(out, "policies");
    for (size_t i = 0; i < ct_policy_set_count(set); i++) {
        const struct ct_policy *policy = ct_policy_set_at(set, i);
        const char *stage = ct_policy_stage_name(policy, in->at_s);
        json_t *item = view_item(list);
        view_text(item, "name", "%s", ct_policy_name(policy));
        if (stage[0] != '\0')
            view_text(item, "stage", "%s", stage);
        show_needs(item, "for_90_days", policy, 90, in->at_s);
        show_needs(item, "for_200_days", policy, 200, in->at_s);
    }
    ct_policy_set_free(set);
    return STATUS_OK;
}
