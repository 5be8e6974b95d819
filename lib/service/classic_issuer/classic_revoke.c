/* Revoking: an object by serial number, and whoever publishes is told. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "service/classic_issuer/classic_internal.h"

#define REVOCATION_SIZE 17

/* *is_new: it was not revoked before; otherwise the first time and reason stay. */
static enum status put_revoked(const struct object_store *store, struct bytes serial, int64_t revoked_s, int reason,
                               int64_t not_after_s, bool *is_new, struct error *err)
{
    char name[OBJECT_NAME_MAX + 1];
    struct builder value;
    builder_init(&value, 64);
    classic_issued_name("revoked", serial, name);
    enum status s = store->get(store->context, name, &value, err);
    *is_new = s == STATUS_NOT_FOUND;
    if (*is_new) {
        builder_reset(&value);
        builder_u64(&value, (uint64_t)revoked_s);
        builder_u8(&value, (uint8_t)reason);
        builder_u64(&value, (uint64_t)not_after_s);
        s = store->put(store->context, name, builder_view(&value), err);
    }
    builder_clear(&value);
    return s;
}

static void run_revoke(void *cookie)
{
    struct classic_job *job = cookie;
    const struct object_store *store = &job->issuer->config.store;
    bool is_new = false;
    job->status = put_revoked(store, bytes_of(job->issued.serial, job->issued.serial_len), job->revoked_s, job->reason,
                              job->not_after_s, &is_new, &job->err);
    if (is_new)
        job->status = classic_objects_sync(store, job->status, &job->err);
}

static void done_revoke(void *cookie)
{
    struct classic_job *job = cookie;
    const struct classic_issuer_config *config = &job->issuer->config;
    if (job->status == STATUS_OK && config->revoked != NULL)
        config->revoked(config->revoked_context, bytes_of(job->issued.serial, job->issued.serial_len));
    job->done.revoke(job->cookie, job->status, &job->err);
    classic_job_free(job);
}

void classic_revoke(void *context, const struct acme_certificate *certificate, int reason, acme_revoke_done *done, void *cookie)
{
    struct classic_issuer *issuer = context;
    struct classic_job *job = classic_job_new(issuer, certificate->order, cookie);
    if (job == NULL) {
        struct error err = {STATUS_NO_MEMORY, "out of memory"};
        done(cookie, STATUS_NO_MEMORY, &err);
        return;
    }
    job->done.revoke = done;
    job->reason = reason;
    job->revoked_s = classic_now_s(issuer);
    job->not_after_s = certificate->not_after_s;
    job->issued.serial_len = certificate->serial_len;
    memcpy(job->issued.serial, certificate->serial, certificate->serial_len);
    issuer->config.worker.submit(issuer->config.worker.context, run_revoke, done_revoke, job);
}

/* ---- precertificates without a certificate ---- */

struct unfinished_job {
    struct classic_issuer *issuer;
    struct classic_unfinished *items;
    size_t count;
    int reason;
    bool is_dry_run, has_revoked;
    int64_t now_s;
    enum status status;
    struct error err;
    classic_unfinished_done *done;
    void *cookie;
};

static bool has_object(const struct object_store *store, const char *name)
{
    struct builder value;
    builder_init(&value, CLASSIC_LEAF_MAX);
    enum status s = store->get(store->context, name, &value, NULL);
    builder_clear(&value);
    return s != STATUS_NOT_FOUND;
}

static enum status revoke_unfinished(struct unfinished_job *job, struct classic_unfinished *item)
{
    const struct object_store *store = &job->issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    struct builder value;
    struct classic_issued issued;
    bool is_new = false;
    item->status = STATUS_NOT_FOUND;
    if (item->serial.len == 0 || item->serial.len > ACME_SERIAL_MAX)
        return STATUS_OK;
    builder_init(&value, 256);
    classic_issued_name("issued", item->serial, name);
    enum status s = store->get(store->context, name, &value, &job->err);
    if (s == STATUS_OK)
        s = classic_issued_parse(builder_view(&value), &issued, &job->err);
    builder_clear(&value);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    classic_order_name("signed", issued.instance, issued.order, name);
    bool is_finished = has_object(store, name);
    classic_issued_name("revoked", item->serial, name);
    if (is_finished || has_object(store, name))
        return STATUS_OK;
    item->not_after_s = issued.not_after_s;
    if (!job->is_dry_run)
        s = put_revoked(store, item->serial, job->now_s, job->reason, issued.not_after_s, &is_new, &job->err);
    item->status = s;
    job->has_revoked = job->has_revoked || is_new;
    return s;
}

static void run_unfinished(void *cookie)
{
    struct unfinished_job *job = cookie;
    const struct object_store *store = &job->issuer->config.store;
    for (size_t i = 0; job->status == STATUS_OK && i < job->count; i++)
        job->status = revoke_unfinished(job, &job->items[i]);
    if (job->has_revoked)
        job->status = classic_objects_sync(store, job->status, &job->err);
}

static void done_unfinished(void *cookie)
{
    struct unfinished_job *job = cookie;
    const struct classic_issuer_config *config = &job->issuer->config;
    for (size_t i = 0; job->has_revoked && config->revoked != NULL && i < job->count; i++)
        if (job->items[i].status == STATUS_OK)
            config->revoked(config->revoked_context, job->items[i].serial);
    job->done(job->cookie, job->status, &job->err);
    free(job);
}

enum status classic_issuer_revoke_unfinished(struct classic_issuer *issuer, struct classic_unfinished *items, size_t count,
                                             int reason, bool is_dry_run, classic_unfinished_done *done, void *cookie,
                                             struct error *err)
{
    struct unfinished_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *job = (struct unfinished_job){
        .issuer = issuer, .items = items, .count = count, .reason = reason, .is_dry_run = is_dry_run,
        .now_s = classic_now_s(issuer), .done = done, .cookie = cookie,
    };
    issuer->config.worker.submit(issuer->config.worker.context, run_unfinished, done_unfinished, job);
    return STATUS_OK;
}

/* ---- reading ---- */

enum status classic_revocation_parse(const char *name, struct bytes value,
                                     struct classic_revocation *out, struct error *err)
{
    static const char prefix[] = "revoked/";
    size_t len = strlen(name), digits = len - (sizeof prefix - 1);
    uint64_t revoked_s, not_after_s;
    uint8_t reason;
    struct reader r;
    reader_init(&r, value);
    bool ok = len > sizeof prefix - 1 && memcmp(name, prefix, sizeof prefix - 1) == 0 && digits % 2 == 0 &&
              digits / 2 <= ACME_SERIAL_MAX &&
              text_parse_hex(bytes_of(name + sizeof prefix - 1, digits), out->serial, digits / 2) &&
              value.len == REVOCATION_SIZE && reader_u64(&r, &revoked_s) && reader_u8(&r, &reason) &&
              reader_u64(&r, &not_after_s);
    if (!ok)
        return error_set(err, STATUS_MALFORMED, "%s is no revocation", name);
    out->serial_len = digits / 2;
    out->revoked_s = (int64_t)revoked_s;
    out->not_after_s = (int64_t)not_after_s;
    out->reason = reason;
    return STATUS_OK;
}
