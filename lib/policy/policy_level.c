#include "policy/policy_level.h"

#include <string.h>

static const struct policy_oid *recognise(const struct policy_view *view, struct bytes oid)
{
    for (size_t i = 0; i < policy_set_oid_count(view->set); i++) {
        const struct policy_oid *row = policy_set_oid_at(view->set, i);
        if (row->der_len == oid.len && memcmp(row->der, oid.data, oid.len) == 0)
            return row;
    }
    return NULL;
}

/* The arc of a world is for its own certificates. */
static bool does_arc_count(const struct policy_view *view, const struct policy_oid *row)
{
    if (policy_view_is_set(view, POLICY_SETTING_OID_ARCS, POLICY_VALUE_ANY))
        return true;
    return strcmp(row->arc, view->is_gm ? "intl" : "gm") != 0;
}

bool policy_level_has_oid_for(const struct policy_view *view, uint16_t purpose)
{
    for (size_t i = 0; i < view->policy_count; i++) {
        const struct policy_oid *row = recognise(view, view->policies[i]);
        if (row != NULL && row->purpose == purpose)
            return true;
    }
    return false;
}

uint8_t policy_level_max(const struct policy_view *view)
{
    uint8_t max = 4;
    for (size_t i = 1; i < view->certificate_count; i++) {
        const struct policy_path_certificate *row = view->certificates[i].row;
        if (row->is_listed && row->level_max != 0 && row->level_max < max)
            max = row->level_max;
    }
    return max;
}

void policy_level_find(struct policy_view *view)
{
    uint8_t max = policy_level_max(view);
    for (size_t i = 0; i < view->policy_count; i++) {
        const struct policy_oid *row = recognise(view, view->policies[i]);
        if (row == NULL)
            continue;
        if (row->purpose != view->purpose) {
            view->other_oid_count++;
            continue;
        }
        if (!does_arc_count(view, row)) {
            view->other_arc_count++;
            continue;
        }
        view->oid_count++;
        if (view->level_oid != NULL && view->level_oid->level != row->level)
            view->has_level_conflict = true;
        if (view->level_oid == NULL || row->level < view->level_oid->level)
            view->level_oid = row;
    }
    view->own_level = view->level_oid != NULL ? view->level_oid->level : 1;
    view->level = view->own_level < max ? view->own_level : max;
}
