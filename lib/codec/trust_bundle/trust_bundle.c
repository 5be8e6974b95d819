#include "codec/trust_bundle/trust_bundle.h"

#include <string.h>

#include "codec/trust_bundle/trust_fields.h"
#include "merkle/subtree.h"

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
        .signers = array_of(sizeof(struct trust_bundle_signer), TRUST_BUNDLE_SIGNERS_MAX),
        .names = array_of(sizeof(struct bytes), TRUST_BUNDLE_NAMES_MAX),
        .serials = array_of(sizeof(struct trust_bundle_serials), TRUST_BUNDLE_SERIALS_MAX),
        .previous = array_of(sizeof(struct trust_bundle_previous), TRUST_BUNDLE_PREVIOUS_MAX),
    };
}

void trust_bundle_clear(struct trust_bundle *bundle)
{
    struct array *const all[] = {&bundle->anchors, &bundle->ct_logs, &bundle->cosigners, &bundle->cas,       &bundle->revoked,
                                 &bundle->logs,    &bundle->keys,    &bundle->signers,   &bundle->urls,      &bundle->rules,
                                 &bundle->members, &bundle->names,   &bundle->serials,   &bundle->landmarks, &bundle->previous};
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

static const char *const purpose_names[] = {
    [TRUST_BUNDLE_TLS] = "tls",
    [TRUST_BUNDLE_TLS_INTRANET] = "tls-intranet",
    [TRUST_BUNDLE_TLS_CLIENT] = "tls-client",
    [TRUST_BUNDLE_EMAIL] = "email",
    [TRUST_BUNDLE_CODE] = "code",
    [TRUST_BUNDLE_TIMESTAMP] = "timestamp",
    [TRUST_BUNDLE_DOCUMENT] = "document",
    [TRUST_BUNDLE_E_INVOICE] = "e-invoice",
};
#define PURPOSE_COUNT (sizeof purpose_names / sizeof purpose_names[0])

const char *trust_bundle_purpose_name(uint16_t purpose)
{
    return purpose < PURPOSE_COUNT ? purpose_names[purpose] : NULL;
}

uint16_t trust_bundle_purpose_by_name(struct bytes name)
{
    for (uint16_t i = 1; i < PURPOSE_COUNT; i++)
        if (bytes_equal(bytes_of_text(purpose_names[i]), name))
            return i;
    return 0;
}

/* ---- one element of each section ---- */

static enum status read_cosigner(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_cosigner c = {.role = TRUST_BUNDLE_MIRROR};
    uint8_t role;
    if (!trust_fields_id(r, &c.id) || !reader_u8(r, &role) || role < TRUST_BUNDLE_CERTIFYING || role > TRUST_BUNDLE_MIRROR ||
        !trust_fields_algorithm(r, &c.algorithm) || !trust_fields_spki(r, &c.spki) ||
        !trust_fields_text(r, false, &c.operator_name))
        return trust_fields_malformed(r, "cosigner", err);
    c.role = (enum trust_bundle_cosigner_role)role;
    size_t n = b->cosigners.count;
    if (n > 0 && tai_compare(&trust_bundle_cosigner_at(b, n - 1)->id, &c.id) >= 0)
        return trust_fields_malformed(r, "cosigners are not in order", err);
    return trust_fields_append(&b->cosigners, &c, "cosigners", err);
}

/* ---- revoked serial numbers ---- */

static enum status read_revoked(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_revoked range;
    struct reader child;
    size_t before = b->revoked.count;
    if (!trust_fields_id(r, &range.ca_id) || !reader_vector_u24(r, &child) || reader_is_at_end(&child))
        return trust_fields_malformed(r, "revoked serial numbers", err);
    if (before > 0 && tai_compare(&trust_bundle_revoked_at(b, before - 1)->ca_id, &range.ca_id) >= 0)
        return trust_fields_malformed(r, "CAs with revoked serial numbers are not in order", err);
    while (!reader_is_at_end(&child)) {
        if (!reader_u64(&child, &range.first) || !reader_u64(&child, &range.last) || range.first > range.last)
            return trust_fields_malformed(&child, "range of revoked serial numbers", err);
        /* Two ranges that touch would be one. */
        const struct trust_bundle_revoked *last =
            b->revoked.count > before ? trust_bundle_revoked_at(b, b->revoked.count - 1) : NULL;
        if (last != NULL && (last->last == UINT64_MAX || range.first <= last->last + 1))
            return trust_fields_malformed(&child, "ranges of revoked serial numbers are not in order", err);
        enum status s = trust_fields_append(&b->revoked, &range, "revoked ranges", err);
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
    if (!reader_u48(r, &l.tree_size) || !trust_fields_time(r, &l.expiry_s) || l.tree_size <= before ||
        (last != NULL && l.expiry_s < last->expiry_s))
        return trust_fields_malformed(r, "landmark", err);
    subtree_cover(before, l.tree_size, cover);
    for (size_t i = 0; i < 2; i++)
        if (subtree_size(cover[i]) > 0 && !reader_copy(r, l.hashes[i], HASH_SIZE))
            return trust_fields_malformed(r, "hash of a landmark", err);
    return trust_fields_append(&b->landmarks, &l, "landmarks", err);
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
    if (!trust_fields_id(r, &log.ca_id) || !reader_u16(r, &log.log_number) || log.log_number == 0 ||
        !reader_u48(r, &log.minimum_index) || !reader_u48(r, &log.first_landmark) || !reader_u48(r, &log.size_before) ||
        !reader_vector_u24(r, &child))
        return trust_fields_malformed(r, "issuance log", err);
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
        return trust_fields_malformed(r, "numbers of landmarks", err);
    size_t n = b->logs.count;
    if (n > 0 && !is_log_before(trust_bundle_log_at(b, n - 1), &log))
        return trust_fields_malformed(r, "issuance logs are not in order", err);
    return trust_fields_append(&b->logs, &log, "issuance logs", err);
}

/* ---- sections ---- */

/* Another version means something that this program does not know. */
static enum status read_version(struct reader *r, unsigned known, const char *what, struct error *err)
{
    uint16_t version;
    if (!reader_u16(r, &version) || version == 0)
        return trust_fields_malformed(r, what, err);
    if (version != known)
        return error_set(err, STATUS_REFUSED, "trust bundle: %s has version %u: a newer version of this program is needed", what, version);
    return STATUS_OK;
}

static enum status read_policy(struct reader *r, struct trust_bundle_policy *out, struct error *err)
{
    struct reader policy, ct;
    enum status s = read_version(r, TRUST_BUNDLE_POLICY_VERSION, "policy", err);
    if (s == STATUS_OK && (!reader_vector_u24(r, &policy) || reader_is_at_end(&policy) || !reader_vector_u24(r, &ct) || !reader_is_at_end(r)))
        s = trust_fields_malformed(r, "policy", err);
    if (s == STATUS_OK)
        *out = (struct trust_bundle_policy){reader_rest(&policy), reader_rest(&ct)};
    return s;
}

static enum status read_identities(struct reader *r, struct bytes *out, struct error *err)
{
    enum status s = read_version(r, TRUST_BUNDLE_IDENTITIES_VERSION, "website identities", err);
    if (s == STATUS_OK && reader_is_at_end(r))
        s = trust_fields_malformed(r, "no website identities", err);
    *out = s == STATUS_OK ? reader_rest(r) : bytes_of(NULL, 0);
    return s;
}

typedef enum status read_element(struct reader *r, struct trust_bundle *b, struct error *err);

static read_element *const elements[] = {
    [TRUST_BUNDLE_SECTION_ANCHORS] = trust_anchor_fields_read, [TRUST_BUNDLE_SECTION_CT_LOGS] = trust_ct_fields_read,
    [TRUST_BUNDLE_SECTION_COSIGNERS] = read_cosigner, [TRUST_BUNDLE_SECTION_CAS] = trust_ca_fields_read,
    [TRUST_BUNDLE_SECTION_REVOKED] = read_revoked, [TRUST_BUNDLE_SECTION_LOGS] = read_log,
    [TRUST_BUNDLE_SECTION_KEYS] = trust_key_fields_read, [TRUST_BUNDLE_SECTION_SIGNERS] = trust_key_fields_read_signer,
};

static enum status read_section(uint16_t type, struct reader *r, struct trust_bundle *b, struct error *err)
{
    enum status s = STATUS_OK;
    if (reader_is_at_end(r))
        return trust_fields_malformed(r, "empty section", err);
    if (type == TRUST_BUNDLE_SECTION_POLICY)
        return read_policy(r, &b->policy, err);
    if (type == TRUST_BUNDLE_SECTION_IDENTITIES)
        return read_identities(r, &b->identities, err);
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
        return trust_fields_malformed(r, "this is none", err);
    if (!reader_u64(r, &b->version) || b->version == 0 || !trust_fields_time(r, &b->issued_s) ||
        !trust_fields_time(r, &b->expires_s))
        return trust_fields_malformed(r, "version or times", err);
    return b->expires_s == 0 || b->expires_s >= b->issued_s
               ? STATUS_OK
               : trust_fields_malformed(r, "it expires before it is issued", err);
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
            return trust_fields_malformed(&r, "section: cut short, or out of order", err);
        s = read_section(type, &section, out, err);
        last = type;
    }
    return s;
}
