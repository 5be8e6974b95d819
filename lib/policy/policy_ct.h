/* policy_ct.h - the SCTs of a subject against the CT policy that its kind is under. Private to policy/. */
#ifndef CATHAYA_POLICY_POLICY_CT_H
#define CATHAYA_POLICY_POLICY_CT_H

#include "policy/policy_rule.h"

/* policy_ct_judge fills view->ct, once. view->subject->transparency is there. */
void policy_ct_judge(struct policy_view *view);

/* policy_ct_at_s is the time that CT rules are read at: by `setting ct-date`. */
int64_t policy_ct_at_s(const struct policy_view *view);

#endif
