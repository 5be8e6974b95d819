/* The port: names, checks, reading certificates. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ct/sct_list.h"
#include "codec/pem/pem.h"
#include "rules/dns_name.h"
#include "service/classic_issuer/classic_internal.h"

struct classic_job *classic_job_new(struct classic_issuer *issuer, acme_id order, void *cookie)
{
    struct classic_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->issuer = issuer;
    job->order = order;
    job->cookie = cookie;
    builder_init(&job->names, CLASSIC_NAMES_MAX);
    builder_init(&job->spki, KEY_SPKI_MAX);
    builder_init(&job->tbs, CLASSIC_LEAF_MAX);
    builder_init(&job->precert, CLASSIC_LEAF_MAX);
    builder_init(&job->scts, SCT_LIST_SIZE_MAX);
    builder_init(&job->der, CLASSIC_LEAF_MAX);
    builder_init(&job->pem, CLASSIC_PEM_MAX);
    return job;
}

void classic_job_free(struct classic_job *job)
{
    builder_clear(&job->pem);
    builder_clear(&job->der);
    builder_clear(&job->scts);
    builder_clear(&job->precert);
    builder_clear(&job->tbs);
    builder_clear(&job->spki);
    builder_clear(&job->names);
    free(job);
}

int64_t classic_now_s(const struct classic_issuer *issuer)
{
    return issuer->config.clock.now_ms(issuer->config.clock.context) / 1000;
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
enum status classic_validity(const struct classic_issuer_config *config, const struct certificate_profile *profile,
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
    lint.now_s = classic_now_s(issuer);
    builder_init(&names, CLASSIC_NAMES_MAX);
    enum status s = classic_validity(&issuer->config, lint.profile, &not_before_s, &not_after_s, err);
    if (s == STATUS_OK)
        s = write_names(request, &names, err);
    lint.has_part_of_names = request->is_part;
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

static enum status issue(void *context, const struct acme_issue_request *request,
                         acme_issue_done *done, void *cookie, struct error *err)
{
    struct classic_issuer *issuer = context;
    const struct certificate_profile *profile = certificate_profile_find(issuer->config.profiles, issuer->config.profile_count, request->profile);
    if (profile == NULL)
        return error_set(err, STATUS_REFUSED, "CA %s has no profile %s", issuer->config.ca, request->profile);
    if (issuer->pending_count == CLASSIC_PENDING_MAX)
        return error_set(err, STATUS_LIMIT, "%d orders wait for their signature", CLASSIC_PENDING_MAX);
    if (classic_order_is_under_way(issuer, request->order))
        return error_set(err, STATUS_AGAIN, "order %" PRIu64 " is under way already", request->order);
    if (profile->ct_policy[0] != '\0' && issuer->config.scts.start == NULL)
        return error_set(err, STATUS_AGAIN, "profile %s has a CT policy, and there are no CT logs in the configuration", profile->name);
    struct classic_job *job = classic_job_new(issuer, request->order, cookie);
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
        classic_job_free(job);
        return s;
    }
    classic_order_add(job);
    return STATUS_OK;
}

/* ---- reading ---- */

static void run_read(void *cookie)
{
    struct classic_job *job = cookie;
    job->status = classic_objects_get_signed(job->issuer, bytes_of(job->issued.serial, job->issued.serial_len), job->order, &job->der,
                                             &job->err);
    if (job->status == STATUS_OK)
        job->status = pem_write(PEM_CERTIFICATE, builder_view(&job->der), &job->pem, &job->err);
    builder_bytes(&job->pem, job->issuer->config.chain);
    if (job->status == STATUS_OK)
        job->status = builder_status(&job->pem, "chain", &job->err);
}

static void done_read(void *cookie)
{
    struct classic_job *job = cookie;
    job->done.read(job->cookie, job->status, builder_view(&job->pem), 0, &job->err);
    classic_job_free(job);
}

static void read_certificate(void *context, const struct acme_certificate *certificate,
                             enum acme_form form, bool with_properties, acme_read_done *done,
                             void *cookie)
{
    struct classic_issuer *issuer = context;
    struct classic_job *job = classic_job_new(issuer, certificate->order, cookie);
    (void)form; /* there is one form, and no trust anchor ID to tell */
    (void)with_properties;
    if (job == NULL) {
        struct error err = {STATUS_NO_MEMORY, "out of memory"};
        done(cookie, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, 0, &err);
        return;
    }
    job->done.read = done;
    job->issued.serial_len = certificate->serial_len;
    memcpy(job->issued.serial, certificate->serial, certificate->serial_len);
    issuer->config.worker.submit(issuer->config.worker.context, run_read, done_read, job);
}

/* ---- ---- */

enum status classic_issuer_new(const struct classic_issuer_config *config,
                               struct classic_issuer **out, struct error *err)
{
    struct classic_issuer *issuer = calloc(1, sizeof *issuer);
    if (issuer == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    issuer->config = *config;
    issuer->under_way = calloc(CLASSIC_PENDING_MAX, sizeof *issuer->under_way);
    enum status s = issuer->under_way == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
    if (s == STATUS_OK)
        s = classic_authority_of(config->certificate, &config->signer, &issuer->authority, err);
    if (s == STATUS_OK)
        s = classic_publish_new(issuer, err);
    if (s != STATUS_OK) {
        classic_issuer_free(issuer);
        return error_prefix(err, s, "CA %s", config->ca);
    }
    *out = issuer;
    return STATUS_OK;
}

static void run_start(void *cookie)
{
    struct classic_job *job = cookie;
    job->status = classic_objects_index(job->issuer, &job->err);
}

static void done_start(void *cookie)
{
    struct classic_job *job = cookie;
    const struct classic_issuer_config *config = &job->issuer->config;
    if (job->status != STATUS_OK && config->events.report != NULL)
        events_report(&config->events, EVENT_ERROR, "issued-index-failed", {"ca", config->ca}, {"reason", job->err.text});
    classic_publish_soon(job->issuer);
    classic_job_free(job);
}

void classic_issuer_start(struct classic_issuer *issuer)
{
    struct classic_job *job = classic_job_new(issuer, 0, NULL);
    if (job != NULL) /* otherwise the next start does it */
        issuer->config.worker.submit(issuer->config.worker.context, run_start, done_start, job);
}

void classic_issuer_stop(struct classic_issuer *issuer)
{
    if (issuer == NULL)
        return;
    issuer->is_stopping = true;
    classic_publish_stop(issuer);
}

void classic_issuer_free(struct classic_issuer *issuer)
{
    if (issuer == NULL)
        return;
    classic_publish_free(issuer);
    free(issuer->under_way);
    free(issuer);
}

struct acme_issuer classic_issuer_port(struct classic_issuer *issuer)
{
    return (struct acme_issuer){
        .context = issuer, .ca = issuer->config.ca, .ca_key_id = issuer->authority.key_id,
        .check = check, .is_internal = is_internal, .issue = issue, .read_certificate = read_certificate, .revoke = classic_revoke,
    };
}
