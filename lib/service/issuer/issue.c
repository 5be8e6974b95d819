#include <stdlib.h>

#include "base/civil_time.h"
#include "codec/x509/csr.h"
#include "rules/csr_rules.h"
#include "service/issuer/issuer.h"
#include "service/issuer/subject_keys.h"

/* One entry of the batch that is being put together: where it stands in the common memory. */
struct pending {
    size_t offset, len;
    int64_t not_after_s;
};

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

static enum status prepare(const struct issuer *issuer, struct bytes der, int64_t now_s,
                           struct builder *memory, struct pending *out, struct error *err)
{
    struct csr csr;
    struct builder general_names;
    builder_init(&general_names, CSR_RULES_NAMES_SIZE_MAX);
    struct csr_names names = {.general_names = &general_names};
    out->offset = memory->len;
    enum status s = csr_parse(der, &csr, err);
    if (s == STATUS_OK)
        s = check_not_own(issuer, csr.spki, err);
    if (s == STATUS_OK)
        s = csr_rules_check(&csr, &names, err);
    if (s == STATUS_OK)
        s = issuer_write_entry(issuer, builder_view(&general_names), csr.spki, csr.spki_algorithm,
                               now_s, memory, &out->not_after_s, err);
    if (s == STATUS_OK)
        s = subject_keys_put(&issuer->subject_keys, issuer->hasher, csr.spki, err);
    out->len = memory->len - out->offset;
    builder_clear(&general_names);
    return s;
}

static enum status append(const struct issuer *issuer, const struct builder *memory,
                          const struct pending *pending, size_t count, uint64_t *first_index,
                          struct error *err)
{
    struct bytes *entries = calloc(count, sizeof *entries);
    int64_t *not_after_s = calloc(count, sizeof *not_after_s);
    enum status s = STATUS_OK;
    if (entries == NULL || not_after_s == NULL)
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        entries[i] = bytes_of(memory->data + pending[i].offset, pending[i].len);
        not_after_s[i] = pending[i].not_after_s;
    }
    if (s == STATUS_OK)
        s = issuer->log.append(issuer->log.context, entries, not_after_s, count, first_index, err);
    free(entries);
    free(not_after_s);
    return s;
}

/* A clock that has lost its battery says 1970, or anything; and nobody accepts what outlives its CA. */
static enum status check_clock(const struct issuer *issuer, int64_t now_s, struct error *err)
{
    int64_t end_s = now_s - issuer->profile.backdate_s + issuer->profile.lifetime_s - 1;
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

enum status issuer_issue(const struct issuer *issuer, const struct bytes *csrs, size_t count,
                         uint64_t *first_index, size_t *bad_csr, struct error *err)
{
    *bad_csr = count;
    if (count == 0 || count > ISSUER_BATCH_MAX)
        return error_set(err, STATUS_LIMIT, "1 to %d CSRs at a time", ISSUER_BATCH_MAX);
    int64_t now_s = issuer->clock.now_ms(issuer->clock.context) / 1000;
    enum status s = check_clock(issuer, now_s, err);
    if (s != STATUS_OK)
        return s;
    struct pending *pending = calloc(count, sizeof *pending);
    if (pending == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    struct builder memory;
    builder_init(&memory, count * (size_t)LOG_ENTRY_SIZE_MAX);
    for (*bad_csr = 0; *bad_csr < count; ++*bad_csr) {
        s = prepare(issuer, csrs[*bad_csr], now_s, &memory, &pending[*bad_csr], err);
        if (s != STATUS_OK)
            break;
    }
    /* The keys are durable before the log says that their certificates exist. */
    if (s == STATUS_OK)
        s = issuer->subject_keys.sync(issuer->subject_keys.context, err);
    if (s == STATUS_OK)
        s = append(issuer, &memory, pending, count, first_index, err);
    builder_clear(&memory);
    free(pending);
    return s;
}
