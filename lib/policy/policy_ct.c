#include "policy/policy_ct.h"

int64_t policy_ct_at_s(const struct policy_view *view)
{
    return policy_view_is_set(view, POLICY_SETTING_CT_DATE, POLICY_VALUE_ISSUED) ? view->issued_s : view->subject->at_s;
}

static enum policy_ct_for whose(const struct policy_view *view)
{
    if (view->is_intranet)
        return POLICY_CT_INTRANET;
    return view->is_gm ? POLICY_CT_GM_PUBLIC : POLICY_CT_INTL_PUBLIC;
}

void policy_ct_judge(struct policy_view *view)
{
    const struct policy_subject *subject = view->subject;
    const struct policy_transparency *t = subject->transparency;
    struct policy_ct *ct = &view->ct;
    struct ct_policy_sct scts[CT_POLICY_SCTS_MAX];
    size_t count = 0;
    int64_t at_s = policy_ct_at_s(view);
    if (ct->is_judged)
        return;
    ct->is_judged = true;
    ct->policy = policy_set_ct(view->set, whose(view));
    if (ct->policy == NULL)
        return;
    ct->stage = ct_policy_stage_name(ct->policy, at_s);
    ct_policy_needed(ct->policy, subject->not_before_s, subject->not_after_s, at_s, &ct->needs);
    if (t->logs == NULL) {
        ct->status = error_set(&ct->err, STATUS_AGAIN, "there is no list of logs");
        return;
    }
    /* A list is old by the clock. */
    ct->status = ct_policy_check_list(ct->policy, t->logs, subject->at_s, &ct->err);
    if (ct->status != STATUS_OK)
        return;
    for (size_t i = 0; i < t->sct_count; i++)
        if (t->scts[i].is_good && t->scts[i].log != NULL)
            scts[count++] = (struct ct_policy_sct){t->scts[i].log, t->scts[i].timestamp_ms, t->scts[i].delivery};
    ct->counted = ct_policy_counted(ct->policy, t->logs, scts, count, at_s);
    ct->status = ct_policy_judge(ct->policy, t->logs, subject->not_before_s, subject->not_after_s, scts, count, at_s, &ct->err);
}
