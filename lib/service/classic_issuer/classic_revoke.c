/* Revoking: an object by serial number, and whoever publishes is told. */
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "service/classic_issuer/classic_internal.h"

#define REVOCATION_SIZE 17

static void run_revoke(void *cookie)
{
    struct classic_job *job = cookie;
    const struct object_store *store = &job->issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    classic_issued_name("revoked", bytes_of(job->issued.serial, job->issued.serial_len), name);
    job->status = store->get(store->context, name, &job->der, &job->err);
    if (job->status != STATUS_NOT_FOUND)
        return; /* revoked before: the first time and reason stay */
    builder_reset(&job->der);
    builder_u64(&job->der, (uint64_t)job->revoked_s);
    builder_u8(&job->der, (uint8_t)job->reason);
    builder_u64(&job->der, (uint64_t)job->not_after_s);
    job->status = store->put(store->context, name, builder_view(&job->der), &job->err);
    if (job->status == STATUS_OK)
        job->status = store->sync(store->context, &job->err);
}

static void done_revoke(void *cookie)
{
    struct classic_job *job = cookie;
    const struct classic_issuer_config *config = &job->issuer->config;
    if (job->status == STATUS_OK && config->revoked != NULL)
        config->revoked(config->revoked_context);
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
