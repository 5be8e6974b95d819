#include "trust/trust_show_parts.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "codec/ct/log_list.h"
#include "codec/x509/certificate.h"
#include "output.h"
#include "trust/trust_held.h"

static json_t *text_json(struct bytes text)
{
    return json_stringn((const char *)text.data, text.len);
}

static json_t *time_json(int64_t at_s)
{
    char at[CIVIL_TIME_TEXT_SIZE];
    if (at_s == 0)
        return json_null();
    civil_time_format(at_s, at);
    return json_string(at);
}

static json_t *purposes_json(const struct trust_bundle_purposes *purposes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < purposes->count; i++) {
        const char *name = trust_bundle_purpose_name(purposes->at[i]);
        json_array_append_new(list, name != NULL ? json_string(name) : json_integer(purposes->at[i]));
    }
    return list;
}

static json_t *names_json(const struct trust_bundle *b, size_t first, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, text_json(*(const struct bytes *)array_at(&b->names, first + i)));
    return list;
}

static json_t *anchor_json(const struct trust_bundle *b, const struct trust_bundle_anchor *a)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1] = "";
    const struct trust_bundle_limits *l = &a->limits;
    json_t *o = json_object();
    if (hash_label_sha256(&a->certificate, 1, hash))
        text_hex(BYTES_OF(hash), hex);
    json_object_set_new(o, "kind", json_string(a->kind == TRUST_BUNDLE_ROOT ? "root" : "intermediate"));
    json_object_set_new(o, "sha256", json_string(hex));
    json_object_set_new(o, "purposes", purposes_json(&a->purposes));
    json_object_set_new(o, "listed_intermediates_only", json_boolean(l->has_listed_intermediates_only));
    json_object_set_new(o, "level_max", json_integer(l->level_max));
    json_object_set_new(o, "distrust_after", time_json(l->distrust_after_s));
    json_object_set_new(o, "sct_distrust_after", time_json(l->sct_distrust_after_s));
    json_object_set_new(o, "permitted_names", names_json(b, l->permitted_first, l->permitted_count));
    json_object_set_new(o, "excluded_names", names_json(b, l->excluded_first, l->excluded_count));
    json_object_set_new(o, "revoked_serial_ranges", json_integer((json_int_t)l->serial_count));
    return o;
}

static json_t *ct_log_json(const struct trust_bundle_ct_log *l)
{
    json_t *o = json_object();
    json_object_set_new(o, "operator", text_json(l->operator_name));
    json_object_set_new(o, "url", text_json(l->submission_url));
    json_object_set_new(o, "suite", json_string(l->suite == TRUST_BUNDLE_GM ? "gm" : "intl"));
    json_object_set_new(o, "kind", json_string(l->kind == TRUST_BUNDLE_CT_STATIC ? "static" : "rfc6962"));
    json_object_set_new(o, "state", json_string(log_list_state_name((enum log_list_state)l->state)));
    json_object_set_new(o, "since", time_json(l->since_s));
    json_object_set_new(o, "covers_from", time_json(l->covers_from_s));
    json_object_set_new(o, "covers_until", time_json(l->covers_until_s));
    json_object_set_new(o, "test", json_boolean(l->is_test));
    return o;
}

/* Those in force for the next version. */
static json_t *keys_json(const struct bundle_keys *keys)
{
    json_t *list = json_array();
    for (size_t i = 0; i < keys->count; i++) {
        uint8_t hash[HASH_SIZE];
        char hex[2 * HASH_SIZE + 1] = "";
        struct bytes spki = public_key_spki(keys->at[i].key);
        json_t *o = json_object();
        if (hash_label_sha256(&spki, 1, hash))
            text_hex(BYTES_OF(hash), hex);
        json_object_set_new(o, "role", json_string(keys->at[i].role == TRUST_BUNDLE_KEY_BUNDLE ? "bundle" : "versions"));
        json_object_set_new(o, "algorithm", json_string(public_key_alg(keys->at[i].key)->name));
        json_object_set_new(o, "sha256", json_string(hex));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *log_json(const struct trust_directory *d)
{
    json_t *o = json_object();
    if (d->keys.origin[0] == '\0') {
        json_decref(o);
        return json_null();
    }
    json_object_set_new(o, "origin", json_string(d->keys.origin));
    json_object_set_new(o, "size", json_integer((json_int_t)d->checkpoint.size));
    return o;
}

static json_t *url_json(const char *dir)
{
    struct builder url;
    builder_init(&url, TRUST_HELD_URL_MAX + 1);
    json_t *out = trust_held_read_url(dir, &url, NULL) == STATUS_OK && url.len > 1 ? json_string((const char *)url.data) : json_null();
    builder_clear(&url);
    return out;
}

void trust_show_parts_json(json_t *out, const char *dir, const struct trust_directory *d)
{
    const struct trust_bundle *b = &d->bundle;
    json_t *anchors = json_array(), *logs = json_array(), *signers = json_array();
    for (size_t i = 0; i < b->anchors.count; i++)
        json_array_append_new(anchors, anchor_json(b, trust_bundle_anchor_at(b, i)));
    for (size_t i = 0; i < b->ct_logs.count; i++)
        json_array_append_new(logs, ct_log_json(trust_bundle_ct_log_at(b, i)));
    for (size_t i = 0; i < b->signers.count; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "operator", text_json(trust_bundle_signer_at(b, i)->operator_name));
        json_object_set_new(o, "level_max", json_integer(trust_bundle_signer_at(b, i)->level_max));
        json_array_append_new(signers, o);
    }
    json_object_set_new(out, "anchors", anchors);
    json_object_set_new(out, "ct_log_list", logs);
    json_object_set_new(out, "identity_signers", signers);
    json_object_set_new(out, "policy_bytes", json_integer((json_int_t)b->policy.policy.len));
    json_object_set_new(out, "ct_policies_bytes", json_integer((json_int_t)b->policy.ct_policies.len));
    json_object_set_new(out, "identities_bytes", json_integer((json_int_t)b->identities.len));
    json_object_set_new(out, "expired", json_boolean(d->is_expired));
    json_object_set_new(out, "keys", keys_json(&d->keys));
    json_object_set_new(out, "log_of_versions", log_json(d));
    json_object_set_new(out, "url", url_json(dir));
}

/* ---- lines ---- */

static bool is_limited(const struct trust_bundle_limits *l)
{
    return l->has_listed_intermediates_only || l->level_max < TRUST_BUNDLE_LEVEL_MAX || l->distrust_after_s != 0 ||
           l->sct_distrust_after_s != 0 || l->permitted_count > 0 || l->excluded_count > 0 || l->serial_count > 0;
}

static void say_time(struct builder *line, const char *what, int64_t at_s)
{
    char at[CIVIL_TIME_TEXT_SIZE];
    if (at_s == 0)
        return;
    civil_time_format(at_s, at);
    builder_printf(line, ", %s %s", what, at);
}

static void show_limits(size_t number, const struct trust_bundle_anchor *a)
{
    const struct trust_bundle_limits *l = &a->limits;
    struct builder line;
    builder_init(&line, 1024);
    builder_printf(&line, "%s %zu is limited: level at most T%u", a->kind == TRUST_BUNDLE_ROOT ? "root" : "intermediate", number, l->level_max);
    if (l->has_listed_intermediates_only)
        builder_text(&line, ", listed intermediates only");
    say_time(&line, "no certificates from after", l->distrust_after_s);
    say_time(&line, "no timestamps from after", l->sct_distrust_after_s);
    if (l->permitted_count + l->excluded_count + l->serial_count > 0)
        builder_printf(&line, ", %zu names permitted, %zu excluded, %zu ranges of serial numbers revoked", l->permitted_count,
                       l->excluded_count, l->serial_count);
    builder_u8(&line, 0);
    if (builder_is_good(&line))
        output_line("%s", (const char *)line.data);
    builder_clear(&line);
}

void trust_show_parts_lines(const char *dir, const struct trust_directory *d)
{
    const struct trust_bundle *b = &d->bundle;
    struct builder url;
    for (size_t i = 0; i < b->anchors.count; i++)
        if (is_limited(&trust_bundle_anchor_at(b, i)->limits))
            show_limits(i + 1, trust_bundle_anchor_at(b, i));
    if (b->policy.policy.len > 0 || b->identities.len > 0 || b->signers.count > 0)
        output_line("policy of %zu bytes, CT policies of %zu, website identities of %zu, %zu identity signers", b->policy.policy.len,
                    b->policy.ct_policies.len, b->identities.len, b->signers.count);
    if (d->is_signed)
        output_line("%zu keys in force for the next version%s%s", d->keys.count,
                    d->keys.origin[0] != '\0' ? ", log of versions " : ", no log of versions is pinned", d->keys.origin);
    builder_init(&url, TRUST_HELD_URL_MAX + 1);
    if (trust_held_read_url(dir, &url, NULL) == STATUS_OK && url.len > 1)
        output_line("updates come from %s", (const char *)url.data);
    builder_clear(&url);
}
