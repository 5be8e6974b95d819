#include "codec/trust_bundle/trust_bundle.h"

#include <string.h>

#include "base/text.h"
#include "codec/mtc/ca_certificate.h"
#include "merkle/subtree.h"

/* Seconds since the Epoch that fit a signed number. */
#define TIME_MAX ((uint64_t)INT64_MAX)

void trust_bundle_init(struct trust_bundle *bundle)
{
    *bundle = (struct trust_bundle){
        .anchors = array_of(sizeof(struct trust_bundle_anchor), TRUST_BUNDLE_ANCHORS_MAX),
        .ct_logs = array_of(sizeof(struct trust_bundle_ct_log), TRUST_BUNDLE_CT_LOGS_MAX),
        .cosigners = array_of(sizeof(struct trust_bundle_cosigner), TRUST_BUNDLE_COSIGNERS_MAX),
        .cas = array_of(sizeof(struct trust_bundle_ca), TRUST_BUNDLE_CAS_MAX),
        .revoked = array_of(sizeof(struct trust_bundle_revoked), TRUST_BUNDLE_REVOKED_MAX),
        .logs = array_of(sizeof(struct trust_bundle_log), TRUST_BUNDLE_LOGS_MAX),
        .keys = array_of(sizeof(struct trust_bundle_key), TRUST_BUNDLE_KEYS_MAX),
        .urls = array_of(sizeof(struct bytes), (size_t)TRUST_BUNDLE_CAS_MAX * TRUST_BUNDLE_URLS_PER_CA_MAX),
        .rules = array_of(sizeof(struct trust_bundle_rule), TRUST_BUNDLE_RULES_MAX),
        .members = array_of(sizeof(struct tai), TRUST_BUNDLE_MEMBERS_MAX),
        .landmarks = array_of(sizeof(struct trust_bundle_landmark), TRUST_BUNDLE_LANDMARKS_MAX),
    };
}

void trust_bundle_clear(struct trust_bundle *bundle)
{
    struct array *const all[] = {&bundle->anchors, &bundle->ct_logs, &bundle->cosigners, &bundle->cas,
                                 &bundle->revoked, &bundle->logs,    &bundle->keys,      &bundle->urls,
                                 &bundle->rules,   &bundle->members, &bundle->landmarks};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        array_clear(all[i]);
}

bool trust_bundle_is(struct bytes input)
{
    return input.len >= TRUST_BUNDLE_LABEL_SIZE &&
           memcmp(input.data, TRUST_BUNDLE_LABEL, TRUST_BUNDLE_LABEL_SIZE) == 0;
}

bool trust_bundle_purposes_have(const struct trust_bundle_purposes *purposes, uint16_t purpose)
{
    for (size_t i = 0; i < purposes->count; i++)
        if (purposes->at[i] == purpose)
            return true;
    return false;
}

/* ---- fields ---- */

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "trust bundle: %s", what);
}

static enum status append(struct array *a, const void *item, const char *what, struct error *err)
{
    return array_insert(a, a->count, item, what, err);
}

static bool read_time(struct reader *r, int64_t *value)
{
    uint64_t v;
    if (!reader_u64(r, &v) || v > TIME_MAX)
        return false;
    *value = (int64_t)v;
    return true;
}

static bool read_text(struct reader *r, bool may_be_empty, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u8(r, &child))
        return false;
    *value = reader_rest(&child);
    return (may_be_empty || value->len > 0) && text_is_printable_utf8(*value);
}

/* URLs: ASCII without blanks. */
static bool read_url(struct reader *r, bool may_be_empty, struct bytes *value)
{
    if (!read_text(r, may_be_empty, value))
        return false;
    for (size_t i = 0; i < value->len; i++)
        if (value->data[i] <= ' ' || value->data[i] > '~')
            return false;
    return true;
}

static bool read_id(struct reader *r, struct tai *id)
{
    struct reader child;
    return reader_vector_u8(r, &child) && tai_parse_binary(reader_rest(&child), id, NULL) == STATUS_OK;
}

/* An AlgorithmIdentifier: whether it is one is seen when its key is used. */
static bool read_algorithm(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u8(r, &child))
        return false;
    *value = reader_rest(&child);
    return value->len > 0;
}

static bool read_spki(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u16(r, &child))
        return false;
    *value = reader_rest(&child);
    return value->len > 0 && value->len <= TRUST_BUNDLE_SPKI_MAX;
}

static bool read_certificate(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u24(r, &child))
        return false;
    *value = reader_rest(&child);
    return value->len > 0 && value->len <= CERTIFICATE_SIZE_MAX;
}

static bool read_purposes(struct reader *r, struct trust_bundle_purposes *out)
{
    struct reader child;
    out->count = 0;
    if (!reader_vector_u8(r, &child) || reader_is_at_end(&child))
        return false;
    while (!reader_is_at_end(&child)) {
        uint16_t purpose;
        if (out->count == TRUST_BUNDLE_PURPOSES_MAX || !reader_u16(&child, &purpose) || purpose == 0 ||
            (out->count > 0 && purpose <= out->at[out->count - 1]))
            return false;
        out->at[out->count++] = purpose;
    }
    return true;
}

/* Strings of bytes in their order: as memcmp has it, a prefix first. */
static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* ---- one element of each section ---- */

static enum status read_anchor(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_anchor a;
    uint8_t kind;
    if (!reader_u8(r, &kind) || kind > TRUST_BUNDLE_INTERMEDIATE || !read_purposes(r, &a.purposes) ||
        !read_time(r, &a.distrust_after_s) || !read_certificate(r, &a.certificate))
        return malformed(r, "root or intermediate", err);
    a.kind = (enum trust_bundle_anchor_kind)kind;
    size_t n = b->anchors.count;
    if (n > 0 && compare_bytes(trust_bundle_anchor_at(b, n - 1)->certificate, a.certificate) >= 0)
        return malformed(r, "roots and intermediates are not in order", err);
    return append(&b->anchors, &a, "roots and intermediates", err);
}

static bool is_ct_log_before(const struct trust_bundle_ct_log *a, const struct trust_bundle_ct_log *b)
{
    return a->suite != b->suite ? a->suite < b->suite : compare_bytes(a->spki, b->spki) < 0;
}

static enum status read_ct_log(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_ct_log l;
    uint8_t suite, state;
    if (!reader_u8(r, &suite) || suite < TRUST_BUNDLE_GM || suite > TRUST_BUNDLE_INTL || !read_spki(r, &l.spki) ||
        !read_text(r, false, &l.operator_name) || !read_url(r, true, &l.url) || !reader_u8(r, &state) ||
        state < TRUST_BUNDLE_CT_PENDING || state > TRUST_BUNDLE_CT_REJECTED || !read_time(r, &l.since_s) ||
        !read_time(r, &l.covers_from_s) || !read_time(r, &l.covers_until_s) ||
        (l.covers_until_s == 0 ? l.covers_from_s != 0 : l.covers_until_s <= l.covers_from_s))
        return malformed(r, "CT log", err);
    l.suite = (enum trust_bundle_suite)suite;
    l.state = (enum trust_bundle_ct_state)state;
    size_t n = b->ct_logs.count;
    if (n > 0 && !is_ct_log_before(trust_bundle_ct_log_at(b, n - 1), &l))
        return malformed(r, "CT logs are not in order", err);
    return append(&b->ct_logs, &l, "CT logs", err);
}

static enum status read_cosigner(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_cosigner c = {.role = TRUST_BUNDLE_MIRROR};
    uint8_t role;
    if (!read_id(r, &c.id) || !reader_u8(r, &role) || role < TRUST_BUNDLE_CERTIFYING || role > TRUST_BUNDLE_MIRROR ||
        !read_algorithm(r, &c.algorithm) || !read_spki(r, &c.spki) || !read_text(r, false, &c.operator_name))
        return malformed(r, "cosigner", err);
    c.role = (enum trust_bundle_cosigner_role)role;
    size_t n = b->cosigners.count;
    if (n > 0 && tai_compare(&trust_bundle_cosigner_at(b, n - 1)->id, &c.id) >= 0)
        return malformed(r, "cosigners are not in order", err);
    return append(&b->cosigners, &c, "cosigners", err);
}

/* ---- CAs ---- */

static enum status read_urls(struct reader *r, struct trust_bundle *b, struct trust_bundle_ca *ca, struct error *err)
{
    struct reader child;
    ca->url_first = b->urls.count;
    if (!reader_vector_u16(r, &child))
        return malformed(r, "URLs of a CA", err);
    while (!reader_is_at_end(&child)) {
        struct bytes url;
        if (!read_url(&child, false, &url))
            return malformed(&child, "URL of a CA", err);
        if (ca->url_count++ == TRUST_BUNDLE_URLS_PER_CA_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a CA has more than %d URLs", TRUST_BUNDLE_URLS_PER_CA_MAX);
        enum status s = append(&b->urls, &url, "URLs", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static bool has_cosigner(const struct trust_bundle *b, const struct tai *id)
{
    for (size_t i = 0; i < b->cosigners.count; i++)
        if (tai_equal(&trust_bundle_cosigner_at(b, i)->id, id))
            return true;
    return false;
}

static enum status read_members(struct reader *r, struct trust_bundle *b, struct trust_bundle_rule *rule, struct error *err)
{
    struct tai id, last = {.len = 0};
    rule->member_first = b->members.count;
    while (!reader_is_at_end(r)) {
        if (!read_id(r, &id) || (last.len > 0 && tai_compare(&last, &id) >= 0) || !has_cosigner(b, &id))
            return malformed(r, "member of a rule: out of order, or no cosigner of the bundle", err);
        if (rule->member_count++ == TRUST_BUNDLE_MEMBERS_PER_RULE_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a rule has more than %d members",
                             TRUST_BUNDLE_MEMBERS_PER_RULE_MAX);
        last = id;
        enum status s = append(&b->members, &id, "members of rules", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status read_rule(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_rule rule = {.member_count = 0};
    struct reader members;
    uint8_t kind;
    if (!reader_u8(r, &kind) || kind < TRUST_BUNDLE_SIGNATURES || kind > TRUST_BUNDLE_OPERATORS ||
        !reader_u16(r, &rule.needed) || !reader_vector_u16(r, &members))
        return malformed(r, "rule of a CA", err);
    rule.kind = (enum trust_bundle_rule_kind)kind;
    enum status s = read_members(&members, b, &rule, err);
    if (s == STATUS_OK && (rule.needed == 0 || rule.needed > rule.member_count))
        s = malformed(r, "a rule needs none, or more than its members", err);
    return s == STATUS_OK ? append(&b->rules, &rule, "rules", err) : s;
}

static enum status read_rules(struct reader *r, struct trust_bundle *b, struct trust_bundle_ca *ca, struct error *err)
{
    struct reader child;
    ca->rule_first = b->rules.count;
    if (!reader_vector_u16(r, &child))
        return malformed(r, "rules of a CA", err);
    while (!reader_is_at_end(&child)) {
        if (ca->rule_count++ == TRUST_BUNDLE_RULES_PER_CA_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a CA has more than %d rules", TRUST_BUNDLE_RULES_PER_CA_MAX);
        enum status s = read_rule(&child, b, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static enum status read_ca(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_ca ca = {.url_count = 0};
    struct ca_certificate parsed;
    if (!read_certificate(r, &ca.certificate) || !read_text(r, false, &ca.operator_name) || !read_purposes(r, &ca.purposes))
        return malformed(r, "MTC CA", err);
    enum status s = ca_certificate_parse(ca.certificate, &parsed, err);
    if (s != STATUS_OK)
        return error_prefix(err, STATUS_MALFORMED, "trust bundle: certificate of an MTC CA");
    ca.id = parsed.id;
    size_t n = b->cas.count;
    if (n > 0 && tai_compare(&trust_bundle_ca_at(b, n - 1)->id, &ca.id) >= 0)
        return malformed(r, "MTC CAs are not in order", err);
    s = read_urls(r, b, &ca, err);
    if (s == STATUS_OK)
        s = read_rules(r, b, &ca, err);
    return s == STATUS_OK ? append(&b->cas, &ca, "MTC CAs", err) : s;
}

/* ---- revoked serial numbers ---- */

static enum status read_revoked(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_revoked range;
    struct reader child;
    size_t before = b->revoked.count;
    if (!read_id(r, &range.ca_id) || !reader_vector_u24(r, &child) || reader_is_at_end(&child))
        return malformed(r, "revoked serial numbers", err);
    if (before > 0 && tai_compare(&trust_bundle_revoked_at(b, before - 1)->ca_id, &range.ca_id) >= 0)
        return malformed(r, "CAs with revoked serial numbers are not in order", err);
    while (!reader_is_at_end(&child)) {
        if (!reader_u64(&child, &range.first) || !reader_u64(&child, &range.last) || range.first > range.last)
            return malformed(&child, "range of revoked serial numbers", err);
        /* Two ranges that touch would be one. */
        const struct trust_bundle_revoked *last =
            b->revoked.count > before ? trust_bundle_revoked_at(b, b->revoked.count - 1) : NULL;
        if (last != NULL && (last->last == UINT64_MAX || range.first <= last->last + 1))
            return malformed(&child, "ranges of revoked serial numbers are not in order", err);
        enum status s = append(&b->revoked, &range, "revoked ranges", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* ---- issuance logs ---- */

static enum status read_landmark(struct reader *r, struct trust_bundle *b, const struct trust_bundle_log *log, struct error *err)
{
    struct trust_bundle_landmark l = {.tree_size = 0};
    const struct trust_bundle_landmark *last =
        log->landmark_count > 0 ? trust_bundle_landmark_at(b, log, log->landmark_count - 1) : NULL;
    uint64_t before = last != NULL ? last->tree_size : log->size_before;
    struct subtree cover[2];
    if (!reader_u48(r, &l.tree_size) || !read_time(r, &l.expiry_s) || l.tree_size <= before ||
        (last != NULL && l.expiry_s < last->expiry_s))
        return malformed(r, "landmark", err);
    subtree_cover(before, l.tree_size, cover);
    for (size_t i = 0; i < 2; i++)
        if (subtree_size(cover[i]) > 0 && !reader_copy(r, l.hashes[i], HASH_SIZE))
            return malformed(r, "hash of a landmark", err);
    return append(&b->landmarks, &l, "landmarks", err);
}

static bool is_log_before(const struct trust_bundle_log *a, const struct trust_bundle_log *b)
{
    int order = tai_compare(&a->ca_id, &b->ca_id);
    return order != 0 ? order < 0 : a->log_number < b->log_number;
}

static bool is_landmark_run_good(const struct trust_bundle_log *log)
{
    if (log->landmark_count == 0)
        return log->first_landmark == 0 && log->size_before == 0;
    /* No landmark is smaller than its number: sizes grow. */
    return log->first_landmark > 0 && log->size_before >= log->first_landmark - 1 &&
           log->landmark_count - 1 <= TRUST_BUNDLE_U48_MAX - log->first_landmark;
}

static enum status read_log(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_log log = {.landmark_first = b->landmarks.count};
    struct reader child;
    enum status s = STATUS_OK;
    if (!read_id(r, &log.ca_id) || !reader_u16(r, &log.log_number) || log.log_number == 0 ||
        !reader_u48(r, &log.minimum_index) || !reader_u48(r, &log.first_landmark) || !reader_u48(r, &log.size_before) ||
        !reader_vector_u24(r, &child))
        return malformed(r, "issuance log", err);
    while (s == STATUS_OK && !reader_is_at_end(&child)) {
        if (log.landmark_count == TRUST_BUNDLE_LANDMARKS_PER_LOG_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a log has more than %d landmarks",
                             TRUST_BUNDLE_LANDMARKS_PER_LOG_MAX);
        s = read_landmark(&child, b, &log, err);
        log.landmark_count++;
    }
    if (s != STATUS_OK)
        return s;
    if (!is_landmark_run_good(&log))
        return malformed(r, "numbers of landmarks", err);
    size_t n = b->logs.count;
    if (n > 0 && !is_log_before(trust_bundle_log_at(b, n - 1), &log))
        return malformed(r, "issuance logs are not in order", err);
    return append(&b->logs, &log, "issuance logs", err);
}

static enum status read_key(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_key key;
    if (!read_algorithm(r, &key.algorithm) || !read_spki(r, &key.spki))
        return malformed(r, "signing key", err);
    size_t n = b->keys.count;
    if (n > 0 && compare_bytes(trust_bundle_key_at(b, n - 1)->spki, key.spki) >= 0)
        return malformed(r, "signing keys are not in order", err);
    return append(&b->keys, &key, "signing keys", err);
}

/* ---- sections ---- */

static enum status read_blob(struct reader *r, struct trust_bundle_blob *out, struct error *err)
{
    if (!reader_u16(r, &out->version) || out->version == 0)
        return malformed(r, "version of policy or identities", err);
    out->data = reader_rest(r);
    return STATUS_OK;
}

typedef enum status read_element(struct reader *r, struct trust_bundle *b, struct error *err);

static read_element *const elements[] = {
    [TRUST_BUNDLE_SECTION_ANCHORS] = read_anchor, [TRUST_BUNDLE_SECTION_CT_LOGS] = read_ct_log,
    [TRUST_BUNDLE_SECTION_COSIGNERS] = read_cosigner, [TRUST_BUNDLE_SECTION_CAS] = read_ca,
    [TRUST_BUNDLE_SECTION_REVOKED] = read_revoked, [TRUST_BUNDLE_SECTION_LOGS] = read_log,
    [TRUST_BUNDLE_SECTION_KEYS] = read_key,
};

static enum status read_section(uint16_t type, struct reader *r, struct trust_bundle *b, struct error *err)
{
    enum status s = STATUS_OK;
    if (reader_is_at_end(r))
        return malformed(r, "empty section", err);
    if (type == TRUST_BUNDLE_SECTION_POLICY)
        return read_blob(r, &b->policy, err);
    if (type == TRUST_BUNDLE_SECTION_IDENTITIES)
        return read_blob(r, &b->identities, err);
    if (type >= TRUST_BUNDLE_SECTION_OPTIONAL)
        return STATUS_OK;
    if (type >= sizeof elements / sizeof elements[0] || elements[type] == NULL)
        return error_set(err, STATUS_REFUSED, "trust bundle: section %u is not known, and may not be skipped: a newer version "
                         "of this program is needed", type);
    while (s == STATUS_OK && !reader_is_at_end(r))
        s = elements[type](r, b, err);
    return s;
}

static enum status read_header(struct reader *r, struct trust_bundle *b, struct error *err)
{
    if (!trust_bundle_is(reader_rest(r)) || !reader_skip(r, TRUST_BUNDLE_LABEL_SIZE))
        return malformed(r, "this is none", err);
    if (!reader_u64(r, &b->version) || b->version == 0 || !read_time(r, &b->issued_s) || !read_time(r, &b->expires_s))
        return malformed(r, "version or times", err);
    return b->expires_s == 0 || b->expires_s >= b->issued_s ? STATUS_OK : malformed(r, "it expires before it is issued", err);
}

enum status trust_bundle_parse(struct bytes input, struct trust_bundle *out, struct error *err)
{
    struct reader r, section;
    uint16_t type = 0, last = 0;
    if (input.len > TRUST_BUNDLE_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "trust bundle: longer than %zu bytes", TRUST_BUNDLE_SIZE_MAX);
    reader_init(&r, input);
    enum status s = read_header(&r, out, err);
    while (s == STATUS_OK && !reader_is_at_end(&r)) {
        if (!reader_u16(&r, &type) || type <= last || !reader_vector_u24(&r, &section))
            return malformed(&r, "section: cut short, or out of order", err);
        s = read_section(type, &section, out, err);
        last = type;
    }
    return s;
}
