#include "service/classic_issuer/acme_classic_issuer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/pem/pem.h"
#include "codec/x509/certificate.h"
#include "rules/dns_name.h"

#define REVOCATION_SIZE 17
#define PEM_SIZE_MAX (64 * 1024)

struct classic_issuer {
    struct classic_issuer_config config;
    struct classic_authority authority;
    size_t pending_count;
};

/* One request on its way through the worker: what it asks for, and the answer. */
struct job {
    struct classic_issuer *issuer;
    const struct certificate_profile *profile;
    acme_id order;
    struct builder names, spki; /* GeneralNames and the key; what was read for the other kinds */
    int64_t not_before_s, not_after_s, new_until_s, revoked_s;
    int reason;
    struct acme_issued issued;
    struct builder der, pem;
    enum status status;
    struct error err;
    union {
        acme_issue_done *issue;
        acme_read_done *read;
        acme_revoke_done *revoke;
    } done;
    void *cookie;
};

static struct job *job_new(struct classic_issuer *issuer, acme_id order, void *cookie)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->issuer = issuer;
    job->order = order;
    job->cookie = cookie;
    builder_init(&job->names, CLASSIC_CERTIFICATE_MAX * 4);
    builder_init(&job->spki, KEY_SPKI_MAX);
    builder_init(&job->der, CLASSIC_CERTIFICATE_MAX * 8);
    builder_init(&job->pem, PEM_SIZE_MAX * 4);
    return job;
}

static void job_free(struct job *job)
{
    builder_clear(&job->pem);
    builder_clear(&job->der);
    builder_clear(&job->spki);
    builder_clear(&job->names);
    free(job);
}

/* ---- names ---- */

static enum status write_names(const struct acme_issue_request *request, struct builder *out, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < request->identifier_count; i++)
        s = dns_name_write_san(request->identifiers[i].type != ACME_DNS, request->identifiers[i].value, out, err);
    return s == STATUS_OK ? builder_status(out, "names", err) : s;
}

/* The validity that was asked for, within the profile's and the CA's own. */
static enum status set_validity(const struct classic_issuer_config *config, const struct certificate_profile *profile,
                                int64_t *not_before_s, int64_t *not_after_s, struct error *err)
{
    if (*not_before_s == 0)
        *not_before_s = config->clock.now_ms(config->clock.context) / 1000 - profile->backdate_s;
    if (*not_after_s == 0)
        *not_after_s = *not_before_s + profile->lifetime_s - 1;
    if (*not_after_s <= config->not_after_s)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "the certificate would outlive its CA: CA %s needs a new one", config->ca);
}

static enum status check(void *context, const struct acme_issue_request *request, struct error *err)
{
    struct classic_issuer *issuer = context;
    struct lint_subject lint = issuer->config.lint;
    struct builder names;
    lint.profile = certificate_profile_find(issuer->config.profiles, issuer->config.profile_count, request->profile);
    if (lint.profile == NULL)
        return error_set(err, STATUS_REFUSED, "CA %s has no profile %s", issuer->config.ca, request->profile);
    int64_t not_before_s = request->not_before_s, not_after_s = request->not_after_s;
    builder_init(&names, CLASSIC_CERTIFICATE_MAX * 4);
    enum status s = set_validity(&issuer->config, lint.profile, &not_before_s, &not_after_s, err);
    if (s == STATUS_OK)
        s = write_names(request, &names, err);
    if (s == STATUS_OK)
        s = lint_check_names(&lint, builder_view(&names), NULL, err);
    builder_clear(&names);
    return s;
}

static bool is_internal(void *context, const struct acme_identifier *identifier)
{
    const struct classic_issuer *issuer = context;
    return lint_is_internal(&issuer->config.lint, identifier->type == ACME_IP, identifier->value);
}

/* ---- issuing ---- */

static void signed_name(const struct job *job, char out[OBJECT_NAME_MAX + 1])
{
    char instance[2 * CLASSIC_INSTANCE_SIZE + 1];
    text_hex(BYTES_OF(job->issuer->config.instance), instance);
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "signed/%s/%" PRIu64, instance, job->order);
}

static enum status read_signed(struct job *job, struct error *err)
{
    const struct object_store *store = &job->issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    signed_name(job, name);
    return store->get(store->context, name, &job->der, err);
}

/* Was it validated too long ago? */
static enum status check_age(struct job *job)
{
    const struct classic_issuer_config *config = &job->issuer->config;
    if (job->new_until_s == 0 || config->clock.now_ms(config->clock.context) / 1000 <= job->new_until_s)
        return STATUS_OK;
    return error_set(&job->err, STATUS_REFUSED, "the order has waited for so long that its validations and CAA "
                     "records may not be relied on any more [BR 3.2.2.8, 4.2.1]: make a new one");
}

static enum status sign_new(struct job *job)
{
    const struct classic_issuer_config *config = &job->issuer->config;
    const struct object_store *store = &config->store;
    char name[OBJECT_NAME_MAX + 1];
    struct lint_subject lint = config->lint;
    signed_name(job, name);
    enum status s = check_age(job);
    if (s == STATUS_OK)
        s = set_validity(config, job->profile, &job->not_before_s, &job->not_after_s, &job->err);
    lint.now_s = config->clock.now_ms(config->clock.context) / 1000;
    struct classic_leaf_request leaf = {
        .profile = job->profile, .general_names = builder_view(&job->names), .spki = builder_view(&job->spki),
        .not_before_s = job->not_before_s, .not_after_s = job->not_after_s,
        .issuer_url = config->issuer_url, .ocsp_url = config->ocsp_url, .crl_url = config->crl_url,
    };
    if (s == STATUS_OK)
        s = classic_write_leaf(&leaf, &job->issuer->authority, lint, &job->der, job->issued.serial,
                               &job->issued.serial_len, &job->err);
    if (s == STATUS_OK)
        s = store->put(store->context, name, builder_view(&job->der), &job->err);
    if (s == STATUS_OK)
        s = store->sync(store->context, &job->err);
    return s;
}

/* The certificate in job->der as the answer. */
static enum status describe(struct job *job)
{
    struct certificate certificate;
    enum status s = certificate_parse(builder_view(&job->der), &certificate, &job->err);
    if (s != STATUS_OK)
        return error_set(&job->err, STATUS_IO, "the certificate of order %" PRIu64 " is damaged", job->order);
    job->issued.serial_len = certificate.serial.len;
    memcpy(job->issued.serial, certificate.serial.data, certificate.serial.len);
    job->issued.not_before_s = certificate.not_before_s;
    job->issued.not_after_s = certificate.not_after_s;
    return STATUS_OK;
}

static void run_issue(void *cookie)
{
    struct job *job = cookie;
    job->status = read_signed(job, &job->err);
    if (job->status == STATUS_NOT_FOUND) {
        builder_reset(&job->der);
        job->err = (struct error){.status = STATUS_OK};
        job->status = sign_new(job);
    }
    if (job->status == STATUS_OK)
        job->status = describe(job);
}

static void done_issue(void *cookie)
{
    struct job *job = cookie;
    job->issuer->pending_count--;
    job->done.issue(job->cookie, job->status, &job->issued, &job->err);
    job_free(job);
}

static enum status issue(void *context, const struct acme_issue_request *request,
                         acme_issue_done *done, void *cookie, struct error *err)
{
    struct classic_issuer *issuer = context;
    const struct certificate_profile *profile = certificate_profile_find(issuer->config.profiles, issuer->config.profile_count, request->profile);
    if (profile == NULL)
        return error_set(err, STATUS_REFUSED, "CA %s has no profile %s", issuer->config.ca, request->profile);
    if (issuer->pending_count == CLASSIC_PENDING_MAX)
        return error_set(err, STATUS_LIMIT, "%d orders wait for their signature", CLASSIC_PENDING_MAX);
    struct job *job = job_new(issuer, request->order, cookie);
    if (job == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    job->profile = profile;
    job->not_before_s = request->not_before_s;
    job->not_after_s = request->not_after_s;
    job->new_until_s = request->new_until_s;
    job->done.issue = done;
    builder_bytes(&job->spki, request->spki);
    enum status s = write_names(request, &job->names, err);
    if (s == STATUS_OK)
        s = builder_status(&job->spki, "key", err);
    if (s != STATUS_OK) {
        job_free(job);
        return s;
    }
    issuer->pending_count++;
    issuer->config.worker.submit(issuer->config.worker.context, run_issue, done_issue, job);
    return STATUS_OK;
}

/* ---- reading ---- */

static void run_read(void *cookie)
{
    struct job *job = cookie;
    job->status = read_signed(job, &job->err);
    if (job->status == STATUS_OK)
        job->status = pem_write(PEM_CERTIFICATE, builder_view(&job->der), &job->pem, &job->err);
    builder_bytes(&job->pem, job->issuer->config.chain);
    if (job->status == STATUS_OK)
        job->status = builder_status(&job->pem, "chain", &job->err);
}

static void done_read(void *cookie)
{
    struct job *job = cookie;
    job->done.read(job->cookie, job->status, builder_view(&job->pem), 0, &job->err);
    job_free(job);
}

static void read_certificate(void *context, const struct acme_certificate *certificate,
                             enum acme_form form, bool with_properties, acme_read_done *done,
                             void *cookie)
{
    struct classic_issuer *issuer = context;
    struct job *job = job_new(issuer, certificate->order, cookie);
    (void)form; /* there is one form, and no trust anchor ID to tell */
    (void)with_properties;
    if (job == NULL) {
        struct error err = {STATUS_NO_MEMORY, "out of memory"};
        done(cookie, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, 0, &err);
        return;
    }
    job->done.read = done;
    issuer->config.worker.submit(issuer->config.worker.context, run_read, done_read, job);
}

/* ---- revoking ---- */

static void revoked_name(struct bytes serial, char out[OBJECT_NAME_MAX + 1])
{
    char hex[2 * ACME_SERIAL_MAX + 1];
    text_hex(serial, hex);
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "revoked/%s", hex);
}

static void run_revoke(void *cookie)
{
    struct job *job = cookie;
    const struct object_store *store = &job->issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    revoked_name(bytes_of(job->issued.serial, job->issued.serial_len), name);
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
    struct job *job = cookie;
    const struct classic_issuer_config *config = &job->issuer->config;
    if (job->status == STATUS_OK && config->revoked != NULL)
        config->revoked(config->revoked_context);
    job->done.revoke(job->cookie, job->status, &job->err);
    job_free(job);
}

static void revoke(void *context, const struct acme_certificate *certificate, int reason,
                   acme_revoke_done *done, void *cookie)
{
    struct classic_issuer *issuer = context;
    struct job *job = job_new(issuer, certificate->order, cookie);
    if (job == NULL) {
        struct error err = {STATUS_NO_MEMORY, "out of memory"};
        done(cookie, STATUS_NO_MEMORY, &err);
        return;
    }
    job->done.revoke = done;
    job->reason = reason;
    job->revoked_s = issuer->config.clock.now_ms(issuer->config.clock.context) / 1000;
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

/* ---- ---- */

enum status classic_issuer_new(const struct classic_issuer_config *config,
                               struct classic_issuer **out, struct error *err)
{
    struct classic_issuer *issuer = calloc(1, sizeof *issuer);
    if (issuer == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    issuer->config = *config;
    enum status s = classic_authority_of(config->certificate, &config->signer, &issuer->authority, err);
    if (s != STATUS_OK) {
        free(issuer);
        return error_prefix(err, s, "CA %s", config->ca);
    }
    *out = issuer;
    return STATUS_OK;
}

void classic_issuer_free(struct classic_issuer *issuer)
{
    free(issuer);
}

struct acme_issuer classic_issuer_port(struct classic_issuer *issuer)
{
    return (struct acme_issuer){
        .context = issuer, .ca = issuer->config.ca, .ca_key_id = issuer->authority.key_id,
        .check = check, .is_internal = is_internal, .issue = issue, .read_certificate = read_certificate, .revoke = revoke,
    };
}
