#include "ca_run/run_revocations.h"

#include <stdlib.h>

#define NAME_SIZE_MAX 256

static enum status file_of(const struct run_revocations *r, uint16_t log_number, struct revocations_file *out, struct error *err)
{
    *out = (struct revocations_file){.signer = r->signer, .ca_id = r->ca_id, .log_number = log_number, .issuance = r->issuance,
                                     .store = r->store, .clock = r->clock};
    return tai_log_id(&r->ca_id, log_number, &out->log_id, err);
}

/* ---- CRLs ---- */

/* Revoked entries by serial number: the numbers stand one behind the other in memory. */
struct collected {
    struct array entries; /* of struct crl_entry, whose serial is filled in at the end */
    struct builder serials;
};

static enum status collect_range(uint16_t log_number, const struct revocation *range, struct collected *all, struct error *err)
{
    if (range->last - range->first >= RUN_CRL_ENTRIES_MAX - all->entries.count)
        return error_set(err, STATUS_LIMIT, "more than %llu revoked entries: they are in the revocations files, and in no CRL",
                         (unsigned long long)RUN_CRL_ENTRIES_MAX);
    enum status s = STATUS_OK;
    for (uint64_t index = range->first; s == STATUS_OK && index <= range->last; index++) {
        struct crl_entry entry = {.revoked_s = range->revoked_s, .reason = range->reason};
        builder_u64(&all->serials, (uint64_t)log_number << 48 | index);
        s = array_insert(&all->entries, all->entries.count, &entry, "revoked entries", err);
    }
    return s;
}

static enum status collect_log(const struct run_revocations *r, uint16_t log_number, struct collected *all, struct error *err)
{
    struct revocations_file file;
    struct array ranges = array_of(sizeof(struct revocation), REVOCATIONS_MAX);
    enum status s = file_of(r, log_number, &file, err);
    if (s == STATUS_OK)
        s = revocations_file_collect(&file, &ranges, err);
    for (size_t i = 0; s == STATUS_OK && i < ranges.count; i++)
        s = collect_range(log_number, array_at(&ranges, i), all, err);
    array_clear(&ranges);
    return s;
}

/* The contents of an INTEGER: no zero in front that is not needed. */
static struct bytes serial_at(const struct collected *all, size_t i)
{
    struct bytes serial = bytes_of(all->serials.data + i * sizeof(uint64_t), sizeof(uint64_t));
    while (serial.len > 1 && serial.data[0] == 0 && (serial.data[1] & 0x80) == 0)
        serial = bytes_of(serial.data + 1, serial.len - 1);
    return serial;
}

static enum status publish_crls(const struct run_revocations *r, struct error *err)
{
    struct collected all = {.entries = array_of(sizeof(struct crl_entry), RUN_CRL_ENTRIES_MAX)};
    struct builder name;
    enum status s = STATUS_OK;
    builder_init(&all.serials, RUN_CRL_ENTRIES_MAX * sizeof(uint64_t));
    builder_init(&name, NAME_SIZE_MAX);
    for (unsigned number = 1; s == STATUS_OK && number <= r->log_number; number++)
        s = collect_log(r, (uint16_t)number, &all, err);
    if (s == STATUS_OK)
        s = builder_status(&all.serials, "serial numbers", err);
    for (size_t i = 0; s == STATUS_OK && i < all.entries.count; i++)
        ((struct crl_entry *)array_at(&all.entries, i))->serial = serial_at(&all, i);
    draft_write_ca_name(r->draft, &r->ca_id, &name);
    struct crl_shards shards = {
        .signer = r->signer, .issuer = builder_view(&name), .key_id = tai_bytes(&r->ca_id), .url = r->crl_url, .store = r->store,
        .clock = r->clock,
    };
    if (s == STATUS_OK)
        s = crl_shards_publish(&shards, all.entries.items, all.entries.count, err);
    builder_clear(&name);
    builder_clear(&all.serials);
    array_clear(&all.entries);
    return s;
}

enum status run_revocations_publish(const struct run_revocations *r, uint64_t minimum_index, struct error *err)
{
    enum status s = STATUS_OK;
    for (unsigned number = 1; s == STATUS_OK && number <= r->log_number; number++) {
        struct revocations_file file;
        s = file_of(r, (uint16_t)number, &file, err);
        if (s == STATUS_OK)
            s = revocations_file_publish(&file, number == r->log_number ? minimum_index : 0, err);
    }
    return s == STATUS_OK ? publish_crls(r, err) : s;
}
