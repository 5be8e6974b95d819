#include "rules/trust_contents.h"

#include <stdlib.h>

#include "codec/x509/certificate.h"

/* SEQUENCE { id-ecPublicKey, sm2p256v1 (1.2.156.10197.1.301) } */
static const uint8_t sm2_key_algorithm[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                            0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d};

/* What filling works with. */
struct filling {
    const struct trust_bundle *const *bundles;
    size_t bundle_count;
    const struct algorithms *algorithms;
    const struct trust_contents_settings *settings;
    struct trust_contents *out;
    struct error *err;
};

bool trust_contents_is_sm2(struct bytes certificate)
{
    struct certificate parsed;
    return certificate_parse(certificate, &parsed, NULL) == STATUS_OK &&
           bytes_equal(parsed.spki_algorithm, BYTES_OF(sm2_key_algorithm));
}

static bool is_for(const struct filling *f, const struct trust_bundle_purposes *purposes)
{
    uint16_t purpose = f->settings->purpose;
    return purpose == 0 || trust_bundle_purposes_have(purposes, purpose) ||
           (purpose == TRUST_BUNDLE_TLS && trust_bundle_purposes_have(purposes, TRUST_BUNDLE_TLS_INTRANET));
}

static enum status copy_pool(const struct array *from, struct array *to, const char *what, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < from->count; i++)
        s = array_insert(to, i, array_at(from, i), what, err);
    return s;
}

static enum status add_anchors(const struct filling *f)
{
    const struct trust_bundle *b = f->bundles[0];
    enum status copied = copy_pool(&b->names, &f->out->names, "names of anchors", f->err);
    if (copied == STATUS_OK)
        copied = copy_pool(&b->serials, &f->out->serials, "serial numbers of anchors", f->err);
    if (copied != STATUS_OK)
        return copied;
    for (size_t i = 0; i < b->anchors.count; i++) {
        const struct trust_bundle_anchor *from = trust_bundle_anchor_at(b, i);
        struct certificate parsed;
        enum status s = certificate_parse(from->certificate, &parsed, f->err);
        if (s != STATUS_OK)
            return error_prefix(f->err, STATUS_REFUSED, "root or intermediate %zu", i + 1);
        struct trust_contents_anchor anchor = {.certificate = from->certificate,
                                               .is_gm = bytes_equal(parsed.spki_algorithm, BYTES_OF(sm2_key_algorithm)),
                                               .is_root = from->kind == TRUST_BUNDLE_ROOT,
                                               .purposes = from->purposes,
                                               .limits = from->limits};
        s = array_insert(&f->out->anchors, f->out->anchors.count, &anchor, "roots and intermediates", f->err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* ---- CAs, and who has to have signed ---- */

static enum status add_cosigners(const struct filling *f)
{
    const struct trust_bundle *b = f->bundles[0];
    for (size_t i = 0; i < b->cosigners.count; i++) {
        const struct trust_bundle_cosigner *c = trust_bundle_cosigner_at(b, i);
        const struct signature_alg *alg = algorithms_by_identifier(f->algorithms, c->algorithm);
        char id[TAI_TEXT_SIZE];
        tai_text(&c->id, id);
        if (alg == NULL)
            return error_set(f->err, STATUS_REFUSED, "cosigner %s: unknown signature algorithm; name it with --algorithms", id);
        enum status s = trust_store_add_cosigner(f->out->store, &c->id, bytes_of_text(alg->name), c->spki, f->err);
        if (s != STATUS_OK)
            return error_prefix(f->err, s == STATUS_NO_MEMORY ? s : STATUS_REFUSED, "cosigner %s", id);
        struct trust_contents_cosigner row = {.id = c->id, .role = c->role, .operator_name = c->operator_name};
        s = array_insert(&f->out->cosigners, f->out->cosigners.count, &row, "cosigners", f->err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static const struct trust_bundle_cosigner *find_cosigner(const struct trust_bundle *b, const struct tai *id)
{
    for (size_t i = 0; i < b->cosigners.count; i++)
        if (tai_equal(&trust_bundle_cosigner_at(b, i)->id, id))
            return trust_bundle_cosigner_at(b, i);
    return NULL;
}

/* Cosigners of one operator get one number, from 1: the place of its first cosigner. */
static uint16_t operator_number(const struct trust_bundle *b, struct bytes name)
{
    for (size_t i = 0; i < b->cosigners.count; i++)
        if (bytes_equal(trust_bundle_cosigner_at(b, i)->operator_name, name))
            return (uint16_t)(i + 1);
    return 0;
}

static enum status add_rule(const struct filling *f, const struct trust_bundle_ca *ca, const struct trust_bundle_rule *rule)
{
    const struct trust_bundle *b = f->bundles[0];
    const struct tai *members = trust_bundle_members(b, rule);
    struct tai ids[TRUST_BUNDLE_MEMBERS_PER_RULE_MAX];
    uint16_t operators[TRUST_BUNDLE_MEMBERS_PER_RULE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < rule->member_count; i++) {
        const struct trust_bundle_cosigner *c = find_cosigner(b, &members[i]);
        bool is_by_operator = rule->kind == TRUST_BUNDLE_OPERATORS;
        /* A mirror that the CA runs itself makes nothing transparent. */
        if (c == NULL || (is_by_operator && bytes_equal(c->operator_name, ca->operator_name)))
            continue;
        operators[count] = is_by_operator ? operator_number(b, c->operator_name) : 0;
        ids[count++] = members[i];
    }
    if (count < rule->needed)
        return error_set(f->err, STATUS_REFUSED, "its rule needs %u cosigners of other operators, and %zu are listed",
                         rule->needed, count);
    return trust_store_require_for(f->out->store, &ca->id, rule->needed, ids, operators, count, f->err);
}

static enum status add_ca(const struct filling *f, const struct trust_bundle_ca *ca)
{
    struct ca_certificate parsed;
    char id[TAI_TEXT_SIZE];
    enum status s = ca_certificate_parse(ca->certificate, &parsed, f->err);
    if (s == STATUS_OK)
        s = trust_store_add_ca(f->out->store, ca->certificate, f->err);
    for (size_t i = 0; s == STATUS_OK && i < ca->rule_count; i++)
        s = add_rule(f, ca, trust_bundle_rule_at(f->bundles[0], ca, i));
    struct trust_contents_ca row = {.id = ca->id, .operator_name = ca->operator_name, .purposes = ca->purposes, .level_max = ca->level_max};
    if (s == STATUS_OK)
        s = array_insert(&f->out->cas, f->out->cas.count, &row, "Merkle Tree CAs", f->err);
    if (s == STATUS_OK) {
        struct array *ids = parsed.draft == &draft_gm ? &f->out->gm_ids : &f->out->intl_ids;
        s = array_insert(ids, ids->count, &ca->id, "trust anchor IDs", f->err);
    }
    tai_text(&ca->id, id);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : error_prefix(f->err, STATUS_REFUSED, "MTC CA %s", id);
}

static enum status add_cas(const struct filling *f)
{
    const struct trust_bundle *b = f->bundles[0];
    enum status s = add_cosigners(f);
    for (size_t i = 0; s == STATUS_OK && i < b->cas.count; i++)
        if (is_for(f, &trust_bundle_ca_at(b, i)->purposes))
            s = add_ca(f, trust_bundle_ca_at(b, i));
    return s;
}

/* ---- what is revoked ---- */

/* Ranges of CAs that are not trusted say nothing to anybody. */
static enum status add_revoked(const struct filling *f, const struct trust_bundle *b)
{
    for (size_t i = 0; i < b->revoked.count; i++) {
        const struct trust_bundle_revoked *r = trust_bundle_revoked_at(b, i);
        enum status s = trust_store_add_revoked(f->out->store, &r->ca_id, r->first, r->last, f->err);
        if (s != STATUS_OK)
            return s;
    }
    for (size_t i = 0; i < b->logs.count; i++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(b, i);
        uint64_t first = (uint64_t)log->log_number << 48;
        if (log->minimum_index == 0)
            continue;
        enum status s = trust_store_add_revoked(f->out->store, &log->ca_id, first, first + log->minimum_index - 1, f->err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* ---- landmarks ---- */

static enum status add_landmark(const struct filling *f, const struct trust_bundle_log *log, uint64_t before,
                                const struct trust_bundle_landmark *l)
{
    struct subtree cover[2];
    enum status s = STATUS_OK;
    if (l->expiry_s < f->settings->now_s)
        return STATUS_OK;
    subtree_cover(before, l->tree_size, cover);
    for (size_t i = 0; s == STATUS_OK && i < 2; i++)
        if (subtree_size(cover[i]) > 0)
            s = trust_store_add_subtree(f->out->store, &log->ca_id, log->log_number, cover[i], l->hashes[i], f->err);
    return s;
}

static enum status add_log(const struct filling *f, const struct trust_bundle *b, const struct trust_bundle_log *log)
{
    uint64_t before = log->size_before;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < log->landmark_count; i++) {
        const struct trust_bundle_landmark *l = trust_bundle_landmark_at(b, log, i);
        s = add_landmark(f, log, before, l);
        before = l->tree_size;
    }
    return s;
}

static enum status add_logs_of(const struct filling *f, const struct tai *ca_id)
{
    enum status s = STATUS_OK;
    for (size_t k = 0; s == STATUS_OK && k < f->bundle_count; k++)
        for (size_t i = 0; s == STATUS_OK && i < f->bundles[k]->logs.count; i++) {
            const struct trust_bundle_log *log = trust_bundle_log_at(f->bundles[k], i);
            if (tai_equal(&log->ca_id, ca_id))
                s = add_log(f, f->bundles[k], log);
        }
    return s;
}

/* The newest landmark of a log that is active; 0: none. */
static uint64_t newest_landmark(const struct filling *f, const struct tai *ca_id, uint16_t log_number)
{
    uint64_t newest = 0;
    for (size_t k = 0; k < f->bundle_count; k++)
        for (size_t i = 0; i < f->bundles[k]->logs.count; i++) {
            const struct trust_bundle_log *log = trust_bundle_log_at(f->bundles[k], i);
            if (log->log_number != log_number || !tai_equal(&log->ca_id, ca_id) || log->landmark_count == 0)
                continue;
            uint64_t last = log->first_landmark + log->landmark_count - 1;
            const struct trust_bundle_landmark *l = trust_bundle_landmark_at(f->bundles[k], log, log->landmark_count - 1);
            if (l->expiry_s >= f->settings->now_s && last > newest)
                newest = last;
        }
    return newest;
}

static bool has_id(const struct array *ids, const struct tai *id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (tai_equal(array_at(ids, i), id))
            return true;
    return false;
}

static enum status add_group(const struct filling *f, const struct tai *ca_id, uint16_t log_number, struct array *ids)
{
    struct tai group;
    uint64_t newest = newest_landmark(f, ca_id, log_number);
    if (newest == 0)
        return STATUS_OK;
    enum status s = tai_group(ca_id, log_number, newest, &group, f->err);
    if (s != STATUS_OK || has_id(ids, &group))
        return s;
    return array_insert(ids, ids->count, &group, "trust anchor IDs", f->err);
}

static enum status add_groups_of(const struct filling *f, const struct trust_bundle_ca *ca)
{
    struct array *ids = has_id(&f->out->gm_ids, &ca->id) ? &f->out->gm_ids : &f->out->intl_ids;
    enum status s = STATUS_OK;
    for (size_t k = 0; s == STATUS_OK && k < f->bundle_count; k++)
        for (size_t i = 0; s == STATUS_OK && i < f->bundles[k]->logs.count; i++) {
            const struct trust_bundle_log *log = trust_bundle_log_at(f->bundles[k], i);
            if (tai_equal(&log->ca_id, &ca->id))
                s = add_group(f, &ca->id, log->log_number, ids);
        }
    return s;
}

static enum status add_landmarks(const struct filling *f)
{
    const struct trust_bundle *b = f->bundles[0];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < b->cas.count; i++) {
        const struct trust_bundle_ca *ca = trust_bundle_ca_at(b, i);
        if (!is_for(f, &ca->purposes))
            continue;
        s = add_logs_of(f, &ca->id);
        if (s == STATUS_OK)
            s = add_groups_of(f, ca);
    }
    return s;
}

enum status trust_contents_new(const struct trust_bundle *const *bundles, size_t bundle_count,
                               const struct algorithms *algorithms, const struct trust_contents_settings *settings,
                               struct trust_contents **out, struct error *err)
{
    *out = NULL;
    struct trust_contents *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    c->anchors = array_of(sizeof(struct trust_contents_anchor), TRUST_BUNDLE_ANCHORS_MAX);
    c->names = array_of(sizeof(struct bytes), TRUST_BUNDLE_NAMES_MAX);
    c->serials = array_of(sizeof(struct trust_bundle_serials), TRUST_BUNDLE_SERIALS_MAX);
    c->cas = array_of(sizeof(struct trust_contents_ca), TRUST_BUNDLE_CAS_MAX);
    c->cosigners = array_of(sizeof(struct trust_contents_cosigner), TRUST_BUNDLE_COSIGNERS_MAX);
    log_list_init(&c->ct_logs);
    c->algorithms = algorithms;
    c->gm_ids = array_of(sizeof(struct tai), TRUST_CONTENTS_IDS_MAX);
    c->intl_ids = array_of(sizeof(struct tai), TRUST_CONTENTS_IDS_MAX);
    const struct filling f = {bundles, bundle_count, algorithms, settings, c, err};
    enum status s = trust_store_new(algorithms, &c->store, err);
    if (s == STATUS_OK)
        s = add_anchors(&f);
    if (s == STATUS_OK)
        s = add_cas(&f);
    if (s == STATUS_OK)
        s = trust_ct_logs_list(bundles[0], &c->ct_logs, err);
    for (size_t i = 0; s == STATUS_OK && i < bundle_count; i++)
        s = add_revoked(&f, bundles[i]);
    if (s == STATUS_OK && !settings->is_without_landmarks)
        s = add_landmarks(&f);
    if (s == STATUS_OK)
        *out = c;
    else
        trust_contents_free(c);
    return s;
}

void trust_contents_free(struct trust_contents *contents)
{
    if (contents == NULL)
        return;
    trust_store_free(contents->store);
    array_clear(&contents->anchors);
    array_clear(&contents->names);
    array_clear(&contents->serials);
    array_clear(&contents->cas);
    array_clear(&contents->cosigners);
    log_list_clear(&contents->ct_logs);
    array_clear(&contents->gm_ids);
    array_clear(&contents->intl_ids);
    free(contents);
}
