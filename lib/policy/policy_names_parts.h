/* policy_names_parts.h - what the rules about names and those of intranets share; private to policy/. policy_rules_names.c. */
#ifndef CATHAYA_POLICY_POLICY_NAMES_PARTS_H
#define CATHAYA_POLICY_POLICY_NAMES_PARTS_H

#include "policy/policy_rule.h"
#include "rules/dns_name.h"

/* Eight groups of four digits. */
#define POLICY_NAMES_ADDRESS_SIZE 40

/* policy_names_root is the listed root that the path ends at, NULL when there is none. */
const struct policy_path_certificate *policy_names_root(const struct policy_view *view);

/* policy_names_is_meant_for_intranet: does it say so, or its root, or who asks? A certificate of the public with an internal name
 * does not; view->is_intranet is true for that one, too. */
bool policy_names_is_meant_for_intranet(const struct policy_view *view);

/* The first internal name, and reserved address, among GeneralNames; name has DNS_NAME_MAX + 1 bytes, address
 * POLICY_NAMES_ADDRESS_SIZE. */
bool policy_names_find_internal(const struct policy_view *view, struct bytes general_names, char *name);
bool policy_names_find_reserved(const struct policy_view *view, struct bytes general_names, char *address);

/* policy_names_subject_is_inside: has the subject a common name that is an internal name or a reserved address? */
bool policy_names_subject_is_inside(const struct policy_view *view, char *text, size_t size);

/* policy_names_lower writes a host name in lower case, without "*."; false when it is none. */
bool policy_names_lower(struct bytes name, char out[DNS_NAME_MAX + 1]);

/* policy_names_has: is this text a name of the SAN, character by character, or one of its addresses? */
bool policy_names_has(const struct policy_view *view, struct bytes text);

#endif
