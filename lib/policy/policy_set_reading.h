/* policy_set_reading.h - the policy file while it is read: policy_set_read.c, policy_set_rules.c for lines about rules and what is
 * shown, and policy_set_complete.c. Private to those. */
#ifndef CATHAYA_POLICY_POLICY_SET_READING_H
#define CATHAYA_POLICY_POLICY_SET_READING_H

#include "policy/policy_set_parts.h"

struct policy_reading {
    struct policy_set *set;
    struct bytes rest; /* of the line */
    bool has_format, has_version, has_name;
    char ct_names[POLICY_CT_FORS][CT_POLICY_NAME_MAX + 1];
};

/* policy_set_read_is_over: is this the end of the line, or `optional` and the end? */
bool policy_set_read_is_over(struct policy_reading *r);

/* policy_set_read_unknown is what becomes of a rule, setting or limit that this code does not know: an error, unless the line ends with
 * `optional`. */
MUST_USE enum status policy_set_read_unknown(struct policy_reading *r, const char *what, struct bytes word, struct error *err);

/* One statement each, behind its first word. */
MUST_USE enum status policy_set_rules_rule(struct policy_reading *r, struct error *err);
MUST_USE enum status policy_set_rules_title(struct policy_reading *r, struct error *err);
MUST_USE enum status policy_set_rules_fix(struct policy_reading *r, struct error *err);
MUST_USE enum status policy_set_rules_say(struct policy_reading *r, struct error *err);
MUST_USE enum status policy_set_rules_icon(struct policy_reading *r, struct error *err);

/* policy_set_complete looks, behind the last line, whether all is there that has to be, and adds what a bundle's policy may leave out. */
MUST_USE enum status policy_set_complete(struct policy_reading *r, enum policy_source source, struct error *err);

/* The words for what is shown, in the order of policy_set_show. */
extern const char *const policy_set_rules_shows[POLICY_SHOWS];

#endif
