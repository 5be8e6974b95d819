/* policy_view.h - reading a subject, once, for all rules. Private to policy/: policy.c. */
#ifndef CATHAYA_POLICY_POLICY_VIEW_H
#define CATHAYA_POLICY_POLICY_VIEW_H

#include "policy/policy_rule.h"

/* policy_view_init reads all of a subject. STATUS_MALFORMED, STATUS_LIMIT as policy_judge. */
MUST_USE enum status policy_view_init(struct policy_view *view, const struct policy_set *set, const struct policy_subject *subject,
                                      struct error *err);

/* policy_view_init_names is for the rules with POLICY_ON_NAMES alone. */
void policy_view_init_names(struct policy_view *view, const struct policy_set *set, const struct policy_subject *subject, bool is_gm,
                            struct bytes general_names);

#endif
