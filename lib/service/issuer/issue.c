#include <stdlib.h>

#include "base/civil_time.h"
#include "codec/x509/csr.h"
#include "merkle/node.h"
#include "rules/csr_rules.h"
#include "service/issuer/issuer.h"
#include "service/issuer/subject_keys.h"

/* A key that certifies is not certified: GM-10. */
static enum status check_not_own(const struct issuer *issuer, struct bytes spki, struct error *err)
{
    for (size_t i = 0; i < issuer->cosigner_count; i++) {
        char id[TAI_TEXT_SIZE];
        if (!bytes_equal(spki, public_key_spki(issuer->cosigners[i].key)))
            continue;
        if (tai_equal(&issuer->cosigners[i].id, &issuer->ca_id))
            return error_set(err, STATUS_REFUSED, "the key is the CA's own");
        tai_text(&issuer->cosigners[i].id, id);
        return error_set(err, STATUS_REFUSED, "the key is that of cosigner %s", id);
    }
    return STATUS_OK;
}

/* A clock that has lost its battery says 1970, or anything; and nobody accepts what outlives its CA. */
static enum status check_clock(const struct issuer *issuer, int64_t now_s, int64_t end_s, struct error *err)
{
    char now[CIVIL_TIME_TEXT_SIZE], from[CIVIL_TIME_TEXT_SIZE], to[CIVIL_TIME_TEXT_SIZE];
    if (now_s >= issuer->not_before_s && end_s <= issuer->not_after_s)
        return STATUS_OK;
    civil_time_format(now_s, now);
    civil_time_format(issuer->not_before_s, from);
    civil_time_format(issuer->not_after_s, to);
    return error_set(err, STATUS_USAGE,
                     "a certificate of %s would not be within the CA's own, %s to %s: set the clock right, or "
                     "make a new CA", now, from, to);
}

/* Looks at what was written, not at what was meant. */
static enum status lint_entry(const struct issuer *issuer, const struct issuer_request *request,
                              struct bytes bytes, size_t at, int64_t now_s, struct error *err)
{
    struct log_entry entry;
    struct tbs_entry tbs;
    if (issuer->lint == NULL)
        return STATUS_OK;
    enum status s = log_entry_parse(bytes, &entry, err);
    if (s == STATUS_OK)
        s = tbs_entry_parse(entry.data, &tbs, err);
    if (s != STATUS_OK)
        return s;
    struct lint_subject lint = *issuer->lint;
    lint.profile = request->profile;
    lint.serial = (struct bytes){NULL, 0};
    lint.subject = tbs.subject;
    lint.spki = request->spki;
    lint.extensions = tbs.extensions;
    lint.not_before_s = tbs.not_before_s;
    lint.not_after_s = tbs.not_after_s;
    lint.now_s = now_s;
    lint.are_names_validated = true; /* by whoever has asked: what is for an intranet is no Merkle Tree Certificate */
    struct lint_report report;
    s = lint_check(&lint, &report, err);
    if (s != STATUS_REFUSED || issuer->on_findings == NULL)
        return s;
    issuer->on_findings(issuer->findings_context, at, &report);
    return STATUS_OK;
}

/* ---- batches ---- */

void issuer_batch_init(struct issuer_batch *batch, size_t max, size_t size_max)
{
    builder_init(&batch->memory, size_max);
    batch->entries = array_of(sizeof(struct issuer_entry), max);
}

void issuer_batch_clear(struct issuer_batch *batch)
{
    builder_clear(&batch->memory);
    array_clear(&batch->entries);
}

static enum status write_to_batch(const struct issuer *issuer, const struct issuer_request *request,
                                  struct issuer_batch *batch, struct issuer_entry *out, struct error *err)
{
    int64_t now_s = issuer->clock.now_ms(issuer->clock.context) / 1000;
    out->offset = batch->memory.len;
    enum status s = issuer_write_entry(issuer, request, now_s, &batch->memory, &out->not_before_s,
                                       &out->not_after_s, err);
    if (s != STATUS_OK)
        return s;
    out->len = batch->memory.len - out->offset;
    struct bytes entry = bytes_of(batch->memory.data + out->offset, out->len);
    s = check_clock(issuer, now_s, out->not_after_s, err);
    if (s == STATUS_OK)
        s = lint_entry(issuer, request, entry, batch->entries.count, now_s, err);
    if (s != STATUS_OK)
        return s;
    node_leaf_hash(issuer->hasher, entry, out->leaf_hash);
    return hasher_status(issuer->hasher, err);
}

enum status issuer_prepare(const struct issuer *issuer, const struct issuer_request *request,
                           struct issuer_batch *batch, struct error *err)
{
    struct issuer_entry entry = {.len = 0};
    size_t before = batch->memory.len;
    enum status s = check_not_own(issuer, request->spki, err);
    if (s == STATUS_OK)
        s = write_to_batch(issuer, request, batch, &entry, err);
    if (s == STATUS_OK)
        s = subject_keys_put(issuer, request->spki, err);
    if (s == STATUS_OK)
        s = array_insert(&batch->entries, batch->entries.count, &entry, "entries of a batch", err);
    if (s != STATUS_OK) {
        batch->memory.len = before;
        batch->memory.failure = STATUS_OK;
    }
    return s;
}

enum status issuer_append(const struct issuer *issuer, const struct issuer_batch *batch,
                          uint64_t *first_index, struct error *err)
{
    size_t count = batch->entries.count;
    struct bytes *entries = calloc(count > 0 ? count : 1, sizeof *entries);
    int64_t *not_after_s = calloc(count > 0 ? count : 1, sizeof *not_after_s);
    enum status s = STATUS_OK;
    if (entries == NULL || not_after_s == NULL)
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        const struct issuer_entry *entry = issuer_batch_at(batch, i);
        entries[i] = bytes_of(batch->memory.data + entry->offset, entry->len);
        not_after_s[i] = entry->not_after_s;
    }
    /* The keys are durable before the log says that their certificates exist. */
    if (s == STATUS_OK)
        s = issuer->subject_keys.sync(issuer->subject_keys.context, err);
    if (s == STATUS_OK)
        s = issuer->log.append(issuer->log.context, entries, not_after_s, count, first_index, err);
    free(entries);
    free(not_after_s);
    return s;
}

/* ---- requests that are CSRs ---- */

static enum status prepare_csr(const struct issuer *issuer, struct bytes der, struct issuer_batch *batch,
                               struct error *err)
{
    struct csr csr;
    struct builder general_names;
    builder_init(&general_names, CSR_RULES_NAMES_SIZE_MAX);
    struct csr_names names = {.general_names = &general_names};
    enum status s = csr_parse(der, &csr, err);
    if (s == STATUS_OK)
        s = check_not_own(issuer, csr.spki, err);
    if (s == STATUS_OK)
        s = csr_rules_check(&csr, &names, err);
    if (s == STATUS_OK) {
        struct issuer_request request = {
            .profile = &issuer->profile, .general_names = builder_view(&general_names), .spki = csr.spki};
        s = issuer_prepare(issuer, &request, batch, err);
    }
    builder_clear(&general_names);
    return s;
}

enum status issuer_issue(const struct issuer *issuer, const struct bytes *csrs, size_t count,
                         uint64_t *first_index, size_t *bad_csr, struct error *err)
{
    *bad_csr = count;
    if (count == 0 || count > ISSUER_BATCH_MAX)
        return error_set(err, STATUS_LIMIT, "1 to %d CSRs at a time", ISSUER_BATCH_MAX);
    /* Before any of the CSRs is looked at: it is the clock that is wrong, not they. */
    int64_t now_s = issuer->clock.now_ms(issuer->clock.context) / 1000;
    int64_t end_s = now_s - issuer->profile.backdate_s + issuer->profile.lifetime_s - 1;
    enum status s = check_clock(issuer, now_s, end_s, err);
    if (s != STATUS_OK)
        return s;
    struct issuer_batch batch;
    issuer_batch_init(&batch, count, count * (size_t)LOG_ENTRY_SIZE_MAX);
    for (*bad_csr = 0; *bad_csr < count; ++*bad_csr) {
        s = prepare_csr(issuer, csrs[*bad_csr], &batch, err);
        if (s != STATUS_OK)
            break;
    }
    if (s == STATUS_OK)
        s = issuer_append(issuer, &batch, first_index, err);
    issuer_batch_clear(&batch);
    return s;
}
