/* policy_level.h - the trust level that a certificate says of itself, by its policy OIDs [digest 5.1]. Private to policy/. */
#ifndef CATHAYA_POLICY_POLICY_LEVEL_H
#define CATHAYA_POLICY_POLICY_LEVEL_H

#include "policy/policy_rule.h"

/* policy_level_find sets view->level, level_oid and the counts. The lowest of all recognised OIDs decides, and no listed certificate
 * above the leaf may have a lower level_max. */
void policy_level_find(struct policy_view *view);

/* policy_level_has_oid_for: is one of the leaf's OIDs, of any arc, for that purpose? */
bool policy_level_has_oid_for(const struct policy_view *view, uint16_t purpose);

/* policy_level_max is the lowest level_max of the path, 4 without one. */
uint8_t policy_level_max(const struct policy_view *view);

#endif
