#include "codec/trust_bundle/trust_bundle.h"
#include "merkle/subtree.h"

static void write_vector(struct builder *b, unsigned prefix, struct bytes value)
{
    size_t mark = builder_open_vector(b, prefix);
    builder_bytes(b, value);
    builder_close_vector(b, mark, prefix);
}

static void write_purposes(struct builder *b, const struct trust_bundle_purposes *purposes)
{
    size_t mark = builder_open_vector(b, 1);
    for (size_t i = 0; i < purposes->count && i < TRUST_BUNDLE_PURPOSES_MAX; i++)
        builder_u16(b, purposes->at[i]);
    builder_close_vector(b, mark, 1);
}

static void write_names(const struct trust_bundle *bundle, size_t first, size_t count, struct builder *b)
{
    size_t mark = builder_open_vector(b, 2);
    for (size_t i = 0; i < count; i++)
        write_vector(b, 1, *(const struct bytes *)array_at(&bundle->names, first + i));
    builder_close_vector(b, mark, 2);
}

static void write_limits(const struct trust_bundle *bundle, const struct trust_bundle_limits *l, struct builder *b)
{
    builder_u8(b, l->has_listed_intermediates_only ? 1 : 0);
    builder_u8(b, l->level_max);
    builder_u64(b, (uint64_t)l->distrust_after_s);
    builder_u64(b, (uint64_t)l->sct_distrust_after_s);
    write_names(bundle, l->permitted_first, l->permitted_count, b);
    write_names(bundle, l->excluded_first, l->excluded_count, b);
    size_t mark = builder_open_vector(b, 3);
    for (size_t i = 0; i < l->serial_count; i++) {
        builder_bytes(b, BYTES_OF(trust_bundle_serials_at(bundle, l, i)->first));
        builder_bytes(b, BYTES_OF(trust_bundle_serials_at(bundle, l, i)->last));
    }
    builder_close_vector(b, mark, 3);
}

static void write_anchors(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->anchors.count; i++) {
        const struct trust_bundle_anchor *a = trust_bundle_anchor_at(bundle, i);
        builder_u8(b, (uint8_t)a->kind);
        write_purposes(b, &a->purposes);
        write_limits(bundle, &a->limits, b);
        write_vector(b, 3, a->certificate);
    }
}

static void write_ct_state(const struct trust_bundle_ct_log *l, struct builder *b)
{
    builder_u32(b, l->mmd_s);
    builder_u8(b, (uint8_t)l->state);
    builder_u64(b, (uint64_t)l->since_s);
    size_t mark = builder_open_vector(b, 1);
    if (l->has_final_head) {
        builder_u64(b, l->final_size);
        builder_bytes(b, BYTES_OF(l->final_root));
    }
    builder_close_vector(b, mark, 1);
    builder_u64(b, (uint64_t)l->covers_from_s);
    builder_u64(b, (uint64_t)l->covers_until_s);
}

static void write_ct_logs(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->ct_logs.count; i++) {
        const struct trust_bundle_ct_log *l = trust_bundle_ct_log_at(bundle, i);
        builder_u8(b, (uint8_t)l->suite);
        builder_u8(b, (uint8_t)l->kind);
        builder_u8(b, l->is_test ? 1 : 0);
        write_vector(b, 2, l->spki);
        write_vector(b, 1, l->operator_name);
        write_vector(b, 1, l->description);
        write_vector(b, 1, l->submission_url);
        write_vector(b, 1, l->monitoring_url);
        write_ct_state(l, b);
        size_t mark = builder_open_vector(b, 2);
        for (size_t k = 0; k < l->previous_count; k++) {
            write_vector(b, 1, trust_bundle_previous_at(bundle, l, k)->operator_name);
            builder_u64(b, (uint64_t)trust_bundle_previous_at(bundle, l, k)->end_s);
        }
        builder_close_vector(b, mark, 2);
    }
}

static void write_cosigners(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->cosigners.count; i++) {
        const struct trust_bundle_cosigner *c = trust_bundle_cosigner_at(bundle, i);
        write_vector(b, 1, tai_bytes(&c->id));
        builder_u8(b, (uint8_t)c->role);
        write_vector(b, 1, c->algorithm);
        write_vector(b, 2, c->spki);
        write_vector(b, 1, c->operator_name);
    }
}

static void write_rule(const struct trust_bundle *bundle, const struct trust_bundle_rule *rule, struct builder *b)
{
    const struct tai *members = trust_bundle_members(bundle, rule);
    builder_u8(b, (uint8_t)rule->kind);
    builder_u16(b, rule->needed);
    size_t mark = builder_open_vector(b, 2);
    for (size_t i = 0; i < rule->member_count; i++)
        write_vector(b, 1, tai_bytes(&members[i]));
    builder_close_vector(b, mark, 2);
}

static void write_cas(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->cas.count; i++) {
        const struct trust_bundle_ca *ca = trust_bundle_ca_at(bundle, i);
        write_vector(b, 3, ca->certificate);
        write_vector(b, 1, ca->operator_name);
        write_purposes(b, &ca->purposes);
        builder_u8(b, ca->level_max);
        size_t mark = builder_open_vector(b, 2);
        for (size_t k = 0; k < ca->url_count; k++)
            write_vector(b, 1, trust_bundle_url(bundle, ca, k));
        builder_close_vector(b, mark, 2);
        mark = builder_open_vector(b, 2);
        for (size_t k = 0; k < ca->rule_count; k++)
            write_rule(bundle, trust_bundle_rule_at(bundle, ca, k), b);
        builder_close_vector(b, mark, 2);
    }
}

static void write_revoked(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->revoked.count;) {
        const struct trust_bundle_revoked *first = trust_bundle_revoked_at(bundle, i);
        write_vector(b, 1, tai_bytes(&first->ca_id));
        size_t mark = builder_open_vector(b, 3);
        for (; i < bundle->revoked.count && tai_equal(&trust_bundle_revoked_at(bundle, i)->ca_id, &first->ca_id); i++) {
            builder_u64(b, trust_bundle_revoked_at(bundle, i)->first);
            builder_u64(b, trust_bundle_revoked_at(bundle, i)->last);
        }
        builder_close_vector(b, mark, 3);
    }
}

static void write_landmarks(const struct trust_bundle *bundle, const struct trust_bundle_log *log, struct builder *b)
{
    uint64_t before = log->size_before;
    for (size_t i = 0; i < log->landmark_count; i++) {
        const struct trust_bundle_landmark *l = trust_bundle_landmark_at(bundle, log, i);
        struct subtree cover[2];
        builder_u48(b, l->tree_size);
        builder_u64(b, (uint64_t)l->expiry_s);
        if (l->tree_size <= before)
            continue; /* reading it again says so */
        subtree_cover(before, l->tree_size, cover);
        for (size_t k = 0; k < 2; k++)
            if (subtree_size(cover[k]) > 0)
                builder_bytes(b, BYTES_OF(l->hashes[k]));
        before = l->tree_size;
    }
}

static void write_logs(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->logs.count; i++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(bundle, i);
        write_vector(b, 1, tai_bytes(&log->ca_id));
        builder_u16(b, log->log_number);
        builder_u48(b, log->minimum_index);
        builder_u48(b, log->first_landmark);
        builder_u48(b, log->size_before);
        size_t mark = builder_open_vector(b, 3);
        write_landmarks(bundle, log, b);
        builder_close_vector(b, mark, 3);
    }
}

static void write_policy(const struct trust_bundle *bundle, struct builder *b)
{
    if (bundle->policy.policy.len == 0)
        return;
    builder_u16(b, TRUST_BUNDLE_POLICY_VERSION);
    write_vector(b, 3, bundle->policy.policy);
    write_vector(b, 3, bundle->policy.ct_policies);
}

static void write_identities(const struct trust_bundle *bundle, struct builder *b)
{
    if (bundle->identities.len == 0)
        return;
    builder_u16(b, TRUST_BUNDLE_IDENTITIES_VERSION);
    builder_bytes(b, bundle->identities);
}

static void write_keys(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->keys.count; i++) {
        const struct trust_bundle_key *key = trust_bundle_key_at(bundle, i);
        builder_u8(b, (uint8_t)key->role);
        write_vector(b, 1, key->algorithm);
        write_vector(b, 2, key->spki);
        if (key->role != TRUST_BUNDLE_KEY_VERSIONS)
            continue;
        builder_u8(b, key->note_type);
        write_vector(b, 1, key->note_name);
        write_vector(b, 1, key->origin);
    }
}

static void write_signers(const struct trust_bundle *bundle, struct builder *b)
{
    for (size_t i = 0; i < bundle->signers.count; i++) {
        const struct trust_bundle_signer *signer = trust_bundle_signer_at(bundle, i);
        write_vector(b, 1, signer->algorithm);
        write_vector(b, 2, signer->spki);
        write_vector(b, 1, signer->operator_name);
        builder_u8(b, signer->level_max);
    }
}

typedef void write_section(const struct trust_bundle *bundle, struct builder *b);

static write_section *const sections[] = {
    [TRUST_BUNDLE_SECTION_ANCHORS] = write_anchors,     [TRUST_BUNDLE_SECTION_CT_LOGS] = write_ct_logs,
    [TRUST_BUNDLE_SECTION_COSIGNERS] = write_cosigners, [TRUST_BUNDLE_SECTION_CAS] = write_cas,
    [TRUST_BUNDLE_SECTION_REVOKED] = write_revoked,     [TRUST_BUNDLE_SECTION_LOGS] = write_logs,
    [TRUST_BUNDLE_SECTION_POLICY] = write_policy,       [TRUST_BUNDLE_SECTION_IDENTITIES] = write_identities,
    [TRUST_BUNDLE_SECTION_KEYS] = write_keys,           [TRUST_BUNDLE_SECTION_SIGNERS] = write_signers,
};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])
/* type and length */
#define SECTION_HEAD_LEN 5

/* A section without contents is not written: its head, all that was added, goes again. */
static void write_all(const struct trust_bundle *bundle, struct builder *b)
{
    builder_text(b, TRUST_BUNDLE_LABEL);
    builder_u64(b, bundle->version);
    builder_u64(b, (uint64_t)bundle->issued_s);
    builder_u64(b, (uint64_t)bundle->expires_s);
    for (size_t type = 1; type < SECTION_COUNT; type++) {
        size_t before = b->len;
        builder_u16(b, (uint16_t)type);
        size_t mark = builder_open_vector(b, 3);
        sections[type](bundle, b);
        builder_close_vector(b, mark, 3);
        if (builder_is_good(b) && b->len == before + SECTION_HEAD_LEN)
            b->len = before;
    }
}

enum status trust_bundle_write(const struct trust_bundle *bundle, struct builder *out, struct error *err)
{
    struct trust_bundle again;
    size_t before = out->len;
    write_all(bundle, out);
    enum status s = builder_status(out, "trust bundle", err);
    if (s != STATUS_OK)
        return s;
    trust_bundle_init(&again);
    s = trust_bundle_parse(bytes_of(out->data + before, out->len - before), &again, err);
    trust_bundle_clear(&again);
    if (s == STATUS_MALFORMED || s == STATUS_REFUSED)
        return error_prefix(err, STATUS_USAGE, "cannot be written");
    return s;
}
