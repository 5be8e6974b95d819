#include "inspect/inspect_trust_parts.h"

#include "codec/ct/log_list.h"
#include "codec/x509/certificate.h"
#include "inspect/inspect_trust_sections.h"

void inspect_trust_text(json_t *out, const char *name, struct bytes text)
{
    view_text(out, name, "%.*s", (int)text.len, (const char *)text.data);
}

void inspect_trust_purposes(json_t *out, const struct trust_bundle_purposes *purposes)
{
    json_t *list = view_list(out, "purposes");
    for (size_t i = 0; i < purposes->count; i++) {
        const char *name = trust_bundle_purpose_name(purposes->at[i]);
        if (name != NULL)
            view_add(list, "%s", name);
        else
            view_add(list, "%u", purposes->at[i]);
    }
}

static void show_names(json_t *out, const char *name, const struct trust_bundle *b, size_t first, size_t count)
{
    if (count == 0)
        return;
    json_t *list = view_list(out, name);
    for (size_t i = 0; i < count; i++) {
        const struct bytes *at = array_at(&b->names, first + i);
        view_add(list, "%.*s", (int)at->len, (const char *)at->data);
    }
}

/* What is not limited is not said. */
static void show_limits(json_t *item, const struct trust_bundle *b, const struct trust_bundle_limits *l)
{
    if (l->has_listed_intermediates_only)
        view_flag(item, "listed_intermediates_only", true);
    if (l->level_max < TRUST_BUNDLE_LEVEL_MAX)
        view_number(item, "level_max", l->level_max);
    if (l->distrust_after_s != 0)
        view_time(item, "distrust_after", l->distrust_after_s);
    if (l->sct_distrust_after_s != 0)
        view_time(item, "sct_distrust_after", l->sct_distrust_after_s);
    show_names(item, "permitted_names", b, l->permitted_first, l->permitted_count);
    show_names(item, "excluded_names", b, l->excluded_first, l->excluded_count);
    if (l->serial_count > 0)
        view_number(item, "revoked_serial_ranges", l->serial_count);
}

void inspect_trust_anchors(json_t *out, const struct trust_bundle *b)
{
    json_t *list = view_list(out, "anchors");
    for (size_t i = 0; i < b->anchors.count; i++) {
        const struct trust_bundle_anchor *a = trust_bundle_anchor_at(b, i);
        struct certificate parsed;
        json_t *item = view_item(list);
        view_text(item, "kind", "%s", a->kind == TRUST_BUNDLE_ROOT ? "root" : "intermediate");
        if (certificate_parse(a->certificate, &parsed, NULL) == STATUS_OK)
            inspect_name(item, "subject", parsed.subject);
        inspect_trust_purposes(item, &a->purposes);
        show_limits(item, b, &a->limits);
        view_number(item, "bytes", a->certificate.len);
    }
}

void inspect_trust_ct_logs(json_t *out, const struct trust_bundle *b)
{
    json_t *list = view_list(out, "ct_logs");
    for (size_t i = 0; i < b->ct_logs.count; i++) {
        const struct trust_bundle_ct_log *l = trust_bundle_ct_log_at(b, i);
        json_t *item = view_item(list);
        inspect_trust_text(item, "operator", l->operator_name);
        inspect_trust_text(item, "url", l->submission_url);
        view_text(item, "suite", "%s", l->suite == TRUST_BUNDLE_GM ? "gm" : "intl");
        view_text(item, "kind", "%s", l->kind == TRUST_BUNDLE_CT_STATIC ? "static" : "rfc6962");
        view_text(item, "state", "%s", log_list_state_name((enum log_list_state)l->state));
        view_time(item, "since", l->since_s);
        if (l->covers_until_s != 0) {
            view_time(item, "covers_from", l->covers_from_s);
            view_time(item, "covers_until", l->covers_until_s);
        }
        if (l->is_test)
            view_flag(item, "test", true);
        if (l->has_final_head)
            view_number(item, "final_size", l->final_size);
        if (l->previous_count > 0)
            view_number(item, "previous_operators", l->previous_count);
    }
}

static void show_policies(json_t *out, const struct trust_bundle *b)
{
    inspect_trust_policy(out, &b->policy);
    inspect_trust_identities(out, b->identities);
}

void inspect_trust_keys(json_t *out, const struct trust_bundle *b)
{
    show_policies(out, b);
    json_t *list = view_list(out, "signing_keys");
    for (size_t i = 0; i < b->keys.count; i++) {
        const struct trust_bundle_key *key = trust_bundle_key_at(b, i);
        json_t *item = view_item(list);
        inspect_key(item, "key", key->spki);
        view_text(item, "role", "%s", key->role == TRUST_BUNDLE_KEY_BUNDLE ? "bundle" : "versions");
        if (key->role == TRUST_BUNDLE_KEY_VERSIONS) {
            inspect_trust_text(item, "name", key->note_name);
            inspect_trust_text(item, "origin", key->origin);
        }
    }
    list = view_list(out, "identity_signers");
    for (size_t i = 0; i < b->signers.count; i++) {
        const struct trust_bundle_signer *signer = trust_bundle_signer_at(b, i);
        json_t *item = view_item(list);
        inspect_trust_text(item, "operator", signer->operator_name);
        view_number(item, "level_max", signer->level_max);
    }
}
