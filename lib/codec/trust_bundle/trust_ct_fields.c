/* The element of a CT log. */
#include "codec/trust_bundle/trust_fields.h"

static bool is_ct_log_before(const struct trust_bundle_ct_log *a, const struct trust_bundle_ct_log *b)
{
    return a->suite != b->suite ? a->suite < b->suite : bytes_compare(a->spki, b->spki) < 0;
}

static bool read_names(struct reader *r, struct trust_bundle_ct_log *l)
{
    uint8_t suite, kind, is_test;
    if (!reader_u8(r, &suite) || suite < TRUST_BUNDLE_GM || suite > TRUST_BUNDLE_INTL || !reader_u8(r, &kind) ||
        kind < TRUST_BUNDLE_CT_RFC6962 || kind > TRUST_BUNDLE_CT_STATIC || !reader_u8(r, &is_test) || is_test > 1 ||
        !trust_fields_spki(r, &l->spki) || !trust_fields_text(r, false, &l->operator_name) ||
        !trust_fields_text(r, true, &l->description) || !trust_fields_url(r, true, &l->submission_url) ||
        !trust_fields_url(r, true, &l->monitoring_url))
        return false;
    l->suite = (enum trust_bundle_suite)suite;
    l->kind = (enum trust_bundle_ct_kind)kind;
    l->is_test = is_test != 0;
    /* An RFC 6962 log has one URL. */
    return l->kind == TRUST_BUNDLE_CT_STATIC || bytes_equal(l->submission_url, l->monitoring_url);
}

static bool read_final(struct reader *r, struct trust_bundle_ct_log *l)
{
    struct reader child;
    if (!reader_vector_u8(r, &child))
        return false;
    l->has_final_head = !reader_is_at_end(&child);
    return !l->has_final_head || (reader_u64(&child, &l->final_size) && reader_copy(&child, l->final_root, HASH_SIZE) &&
                                  reader_is_at_end(&child));
}

static bool read_state(struct reader *r, struct trust_bundle_ct_log *l)
{
    uint8_t state;
    if (!reader_u32(r, &l->mmd_s) || !reader_u8(r, &state) || state < TRUST_BUNDLE_CT_PENDING ||
        state > TRUST_BUNDLE_CT_REJECTED || !trust_fields_time(r, &l->since_s) || !read_final(r, l) ||
        !trust_fields_time(r, &l->covers_from_s) || !trust_fields_time(r, &l->covers_until_s))
        return false;
    l->state = (enum trust_bundle_ct_state)state;
    return l->covers_until_s == 0 ? l->covers_from_s == 0 : l->covers_until_s > l->covers_from_s;
}

static enum status read_previous(struct reader *r, struct trust_bundle *b, struct trust_bundle_ct_log *l, struct error *err)
{
    struct trust_bundle_previous p;
    struct reader child;
    int64_t last_s = -1;
    l->previous_first = b->previous.count;
    if (!reader_vector_u16(r, &child))
        return trust_fields_malformed(r, "previous operators of a CT log", err);
    for (; !reader_is_at_end(&child); last_s = p.end_s) {
        if (!trust_fields_text(&child, false, &p.operator_name) || !trust_fields_time(&child, &p.end_s) || p.end_s <= last_s)
            return trust_fields_malformed(&child, "previous operator of a CT log: none, or out of order", err);
        if (l->previous_count++ == TRUST_BUNDLE_PREVIOUS_PER_CT_LOG_MAX)
            return error_set(err, STATUS_LIMIT, "trust bundle: a CT log has more than %d previous operators",
                             TRUST_BUNDLE_PREVIOUS_PER_CT_LOG_MAX);
        enum status s = trust_fields_append(&b->previous, &p, "previous operators", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

enum status trust_ct_fields_read(struct reader *r, struct trust_bundle *b, struct error *err)
{
    struct trust_bundle_ct_log l = {.previous_count = 0};
    if (!read_names(r, &l) || !read_state(r, &l))
        return trust_fields_malformed(r, "CT log", err);
    enum status s = read_previous(r, b, &l, err);
    if (s != STATUS_OK)
        return s;
    size_t n = b->ct_logs.count;
    if (n > 0 && !is_ct_log_before(trust_bundle_ct_log_at(b, n - 1), &l))
        return trust_fields_malformed(r, "CT logs are not in order", err);
    return trust_fields_append(&b->ct_logs, &l, "CT logs", err);
}
