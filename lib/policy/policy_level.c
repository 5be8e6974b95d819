#include "policy/policy_level.h"

#include <string.h>

#include "codec/asn1/der.h"

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

/* ---- what issuers may say ---- */

static bool has_policy(struct bytes policies, struct bytes oid)
{
    static const uint8_t any[] = {0x55, 0x1d, 0x20, 0x00};
    struct reader r, list, one;
    struct der_element found;
    reader_init(&r, policies);
    if (!der_enter(&r, DER_SEQUENCE, &list))
        return false;
    while (der_enter(&list, DER_SEQUENCE, &one) && der_tagged(&one, DER_OID, &found))
        if (bytes_equal(found.contents, oid) || bytes_equal(found.contents, BYTES_OF(any)))
            return true;
    return false;
}

/* A CA whose certificate names policies issues for no others [RFC5280 4.2.1.4]; what roots have in theirs is no limit. Of those that
 * name none, as many GM ones are, the list says how high they may go: level_max. */
static bool may_issuers_say(const struct policy_view *view, struct bytes oid)
{
    struct extension e;
    for (size_t i = 1; i < view->certificate_count; i++) {
        const struct policy_view_certificate *c = &view->certificates[i];
        if (!c->row->is_root && c->is_read && policy_view_find_extension(c->cert.extensions, POLICY_OID_CERTIFICATE_POLICIES, &e) &&
            !has_policy(e.value, oid))
            return false;
    }
    return true;
}

/* ---- levels ---- */

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

/* A certificate may be for mail and documents, with an OID for each, but not for the public and an intranet. */
static bool is_of_other_servers(const struct policy_view *view, const struct policy_oid *row)
{
    return view->purpose == (row->purpose == TRUST_BUNDLE_TLS            ? TRUST_BUNDLE_TLS_INTRANET
                             : row->purpose == TRUST_BUNDLE_TLS_INTRANET ? TRUST_BUNDLE_TLS
                                                                         : 0);
}

void policy_level_find(struct policy_view *view)
{
    uint8_t max = policy_level_max(view), others = 4;
    for (size_t i = 0; i < view->policy_count; i++) {
        const struct policy_oid *row = recognise(view, view->policies[i]);
        if (row == NULL)
            continue;
        if (row->purpose != view->purpose) {
            bool is_other = is_of_other_servers(view, row);
            view->other_oid_count += is_other;
            others = is_other && row->level < others ? row->level : others;
            continue;
        }
        if (!does_arc_count(view, row)) {
            view->other_arc_count++;
            continue;
        }
        if (!may_issuers_say(view, view->policies[i])) {
            view->not_issuers_count++;
            continue;
        }
        view->oid_count++;
        if (view->level_oid != NULL && view->level_oid->level != row->level)
            view->has_level_conflict = true;
        if (view->level_oid == NULL || row->level < view->level_oid->level)
            view->level_oid = row;
    }
    view->own_level = view->level_oid != NULL ? view->level_oid->level : 1;
    if (others < view->own_level)
        view->own_level = others;
    view->level = view->own_level < max ? view->own_level : max;
}
