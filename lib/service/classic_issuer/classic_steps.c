/* The steps of an order on the worker.
 *
 * A batch has two phases, each with one sync for all of its orders: what is kept before a signature (the TBSCertificate, the SCTs),
 * then what is signed. What cannot be read is what a power cut has left of something that nobody has heard of: it is made again.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/ct/sct_list.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "rules/precert.h"
#include "service/classic_issuer/classic_internal.h"
#include "service/classic_issuer/sign_tbs.h"

static bool has_policy(const struct classic_job *job)
{
    return job->profile->ct_policy[0] != '\0';
}

/* ---- where an order is ---- */

static bool is_certificate(struct bytes der)
{
    struct certificate c;
    return certificate_parse(der, &c, NULL) == STATUS_OK;
}

static bool is_tbs(struct bytes tbs)
{
    struct reader r;
    struct bytes whole;
    reader_init(&r, tbs);
    return der_whole(&r, DER_SEQUENCE, &whole) && reader_is_at_end(&r) && der_check_nested(tbs, "certificate", NULL) == STATUS_OK;
}

static bool is_list(struct bytes list)
{
    struct sct_list parsed;
    return sct_list_parse(list, &parsed, NULL) == STATUS_OK;
}

/* Reads one object of the order; *is_there when it is there and whole. */
static enum status find(struct classic_job *job, const char *kind, bool (*is_good)(struct bytes value), struct builder *out,
                        bool *is_there)
{
    builder_reset(out);
    enum status s = classic_objects_get(job->issuer, kind, job->order, out, &job->err);
    *is_there = s == STATUS_OK && is_good(builder_view(out));
    if (!*is_there)
        builder_reset(out);
    if (s != STATUS_NOT_FOUND)
        return s;
    job->err = (struct error){.status = STATUS_OK};
    return STATUS_OK;
}

/* The record by serial number of what was found, should a power cut have left one without the other. */
static enum status ensure_issued(struct classic_job *job, struct bytes der)
{
    const struct object_store *store = &job->issuer->config.store;
    struct certificate c;
    struct classic_issued issued;
    char name[OBJECT_NAME_MAX + 1];
    struct builder value;
    enum status s = certificate_parse(der, &c, &job->err);
    if (s != STATUS_OK || c.serial.len > ACME_SERIAL_MAX)
        return error_set(&job->err, STATUS_IO, "what was signed for order %" PRIu64 " is damaged", job->order);
    builder_init(&value, 256);
    classic_issued_name("issued", c.serial, name);
    s = store->get(store->context, name, &value, &job->err);
    bool is_there = s == STATUS_OK && classic_issued_parse(builder_view(&value), &issued, NULL) == STATUS_OK;
    builder_clear(&value);
    if (is_there || (s != STATUS_OK && s != STATUS_NOT_FOUND))
        return s;
    job->err = (struct error){.status = STATUS_OK};
    s = classic_objects_put_issued(job->issuer, job->order, der, has_policy(job), &job->err);
    job->has_put = job->has_put || s == STATUS_OK;
    return s;
}

/* An ACME database that was put back as a mere copy gives numbers a second time: what was issued for another order is nobody
 * else's. Every order's CSR has a key of its own, and names. */
static enum status check_is_of_order(struct classic_job *job, struct bytes der)
{
    struct certificate c;
    struct extensions extensions;
    enum status s = certificate_parse(der, &c, &job->err);
    if (s == STATUS_OK)
        s = extensions_parse(c.extensions, &extensions, &job->err);
    if (s != STATUS_OK || (bytes_equal(c.spki, builder_view(&job->spki)) &&
                           bytes_equal(extensions.subject_alt_name, builder_view(&job->names))))
        return s;
    return error_set(&job->err, STATUS_REFUSED, "the CA has issued something else for another order %" PRIu64 ": the ACME database is "
                     "an old copy that `ca backup` has not made", job->order);
}

static enum status check_tbs_is_of_order(struct classic_job *job)
{
    struct builder whole;
    builder_init(&whole, 2 * CLASSIC_LEAF_MAX);
    enum status s = sign_tbs_wrap(builder_view(&job->tbs), algorithm_identifier(public_key_alg(job->issuer->authority.signer.key)),
                                  bytes_of_text("-"), &whole, &job->err);
    if (s == STATUS_OK)
        s = check_is_of_order(job, builder_view(&whole));
    builder_clear(&whole);
    return s;
}

/* Newest first: each step has needed the one before. */
static enum status locate(struct classic_job *job)
{
    bool has_tbs = false, has_precert = false, has_scts = false, has_signed = false;
    enum status s = find(job, "signed", is_certificate, &job->der, &has_signed);
    if (s == STATUS_OK && has_signed) {
        job->step = STEP_DONE;
        s = check_is_of_order(job, builder_view(&job->der));
        return s == STATUS_OK ? ensure_issued(job, builder_view(&job->der)) : s;
    }
    if (s == STATUS_OK)
        s = find(job, "tbs", is_tbs, &job->tbs, &has_tbs);
    if (s == STATUS_OK && has_tbs)
        s = check_tbs_is_of_order(job);
    if (s == STATUS_OK && has_tbs)
        s = find(job, "precert", is_certificate, &job->precert, &has_precert);
    if (s == STATUS_OK && has_precert)
        s = ensure_issued(job, builder_view(&job->precert));
    if (s == STATUS_OK && has_precert)
        s = find(job, "scts", is_list, &job->scts, &has_scts);
    if (!has_tbs)
        job->step = STEP_MAKE;
    else if (!has_precert)
        job->step = STEP_SIGN;
    else
        job->step = has_policy(job) && !has_scts ? STEP_GET_SCTS : STEP_FINISH;
    return s;
}

/* ---- making ---- */

/* Was it validated too long ago? */
static enum status check_age(struct classic_job *job)
{
    if (job->new_until_s == 0 || classic_now_s(job->issuer) <= job->new_until_s)
        return STATUS_OK;
    return error_set(&job->err, STATUS_REFUSED, "the order has waited for so long that its validations and CAA "
                     "records may not be relied on any more [BR 3.2.2.8, 4.2.1]: make a new one");
}

/* What is signed first: with the poison when there is a CT policy. */
static enum status write_first(struct classic_job *job, struct builder *out)
{
    uint8_t memory[64];
    struct builder poison;
    if (!has_policy(job)) {
        builder_bytes(out, builder_view(&job->tbs));
        return builder_status(out, "certificate", &job->err);
    }
    builder_init_fixed(&poison, memory, sizeof memory);
    precert_write_poison(&poison);
    return precert_append_extension(builder_view(&job->tbs), builder_view(&poison), out, &job->err);
}

static enum status lint(struct classic_job *job, bool is_precert, struct bytes tbs)
{
    struct lint_subject subject = job->issuer->config.lint;
    subject.now_s = classic_now_s(job->issuer);
    subject.is_precert = is_precert;
    subject.are_names_validated = true; /* the order has been, by ACME */
    struct classic_issuers issuers = {job->issuer->config.certificate, job->issuer->config.root};
    return classic_lint_tbs(tbs, job->profile, &issuers, subject, &job->err);
}

static enum status lint_first(struct classic_job *job)
{
    struct builder first;
    builder_init(&first, CLASSIC_LEAF_MAX);
    enum status s = write_first(job, &first);
    if (s == STATUS_OK)
        s = lint(job, has_policy(job), builder_view(&first));
    builder_clear(&first);
    return s;
}

/* Of an intranet's certificate the subject is a public domain name of the order [root program IN-02]. */
static enum status find_subject(struct classic_job *job, char out[LINT_COMMON_NAME_MAX + 1], const char **common_name)
{
    *common_name = NULL;
    if (!job->profile->is_intranet)
        return STATUS_OK;
    if (!lint_common_name(&job->issuer->config.lint, builder_view(&job->names), out))
        return error_set(&job->err, STATUS_REFUSED, "IN-02: the order has no public domain name of at most %d characters", LINT_COMMON_NAME_MAX);
    *common_name = out;
    return STATUS_OK;
}

static enum status make(struct classic_job *job)
{
    char subject[LINT_COMMON_NAME_MAX + 1];
    const char *common_name = NULL;
    const struct classic_issuer_config *config = &job->issuer->config;
    enum status s = check_age(job);
    if (s == STATUS_OK)
        s = classic_validity(config, job->profile, &job->not_before_s, &job->not_after_s, &job->err);
    if (s == STATUS_OK)
        s = find_subject(job, subject, &common_name);
    struct classic_leaf_request leaf = {
        .profile = job->profile, .general_names = builder_view(&job->names), .common_name = common_name, .spki = builder_view(&job->spki),
        .not_before_s = job->not_before_s, .not_after_s = job->not_after_s,
        .issuer_url = config->issuer_url, .ocsp_url = config->ocsp_url, .crl_url = config->crl_url,
    };
    if (s == STATUS_OK)
        s = classic_write_leaf_tbs(&leaf, &job->issuer->authority, &job->tbs, &job->err);
    if (s == STATUS_OK)
        s = lint_first(job);
    if (s == STATUS_OK)
        s = classic_objects_put(job->issuer, "tbs", job->order, builder_view(&job->tbs), &job->err);
    job->has_put = job->has_put || s == STATUS_OK;
    job->is_linted = s == STATUS_OK;
    job->step = STEP_SIGN;
    return s;
}

static enum status keep_scts(struct classic_job *job)
{
    enum status s = classic_objects_put(job->issuer, "scts", job->order, builder_view(&job->scts), &job->err);
    job->has_put = job->has_put || s == STATUS_OK;
    job->step = STEP_FINISH;
    return s;
}

/* ---- signing ---- */

/* The serial number counts as issued before anything with it is. */
static enum status put_signed(struct classic_job *job, bool is_precert, const struct builder *der)
{
    enum status s = classic_objects_put_issued(job->issuer, job->order, builder_view(der), has_policy(job), &job->err);
    if (s == STATUS_OK)
        s = classic_objects_put(job->issuer, is_precert ? "precert" : "signed", job->order, builder_view(der), &job->err);
    job->has_put = job->has_put || s == STATUS_OK;
    return s;
}

static enum status sign_first(struct classic_job *job)
{
    bool is_precert = has_policy(job);
    struct builder first, *der = is_precert ? &job->precert : &job->der;
    builder_init(&first, CLASSIC_LEAF_MAX);
    enum status s = check_age(job);
    if (s == STATUS_OK && !job->is_linted)
        s = lint_first(job);
    if (s == STATUS_OK)
        s = write_first(job, &first);
    if (s == STATUS_OK)
        s = classic_sign_tbs(builder_view(&first), &job->issuer->authority, der, &job->err);
    if (s == STATUS_OK)
        s = put_signed(job, is_precert, der);
    builder_clear(&first);
    job->step = is_precert ? STEP_GET_SCTS : STEP_DONE;
    return s;
}

static enum status check_not_revoked(struct classic_job *job, struct bytes serial)
{
    const struct object_store *store = &job->issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    struct builder value;
    builder_init(&value, 64);
    classic_issued_name("revoked", serial, name);
    enum status s = store->get(store->context, name, &value, &job->err);
    builder_clear(&value);
    if (s == STATUS_NOT_FOUND) {
        job->err = (struct error){.status = STATUS_OK};
        return STATUS_OK;
    }
    return s != STATUS_OK ? s : error_set(&job->err, STATUS_REFUSED, "its precertificate has been revoked");
}

/* The same but for poison and SCT list, or nothing is signed. */
static enum status check_pair(struct classic_job *job, const struct certificate *precert, struct bytes tbs)
{
    struct certificate certificate;
    struct builder unsigned_one;
    builder_init(&unsigned_one, 2 * CLASSIC_LEAF_MAX);
    enum status s = sign_tbs_wrap(tbs, precert->signature_algorithm, bytes_of_text("-"), &unsigned_one, &job->err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&unsigned_one), &certificate, &job->err);
    if (s == STATUS_OK)
        s = precert_check_pair(precert, &certificate, &job->err);
    builder_clear(&unsigned_one);
    return s == STATUS_OK ? s : error_prefix(&job->err, s, "not the certificate of its precertificate");
}

static enum status write_final(struct classic_job *job, struct builder *out)
{
    struct builder list;
    builder_init(&list, SCT_LIST_SIZE_MAX + 64);
    enum status s = STATUS_OK;
    if (job->scts.len == 0) {
        builder_bytes(out, builder_view(&job->tbs)); /* the profile has no CT policy any more */
    } else {
        precert_write_sct_list(&list, builder_view(&job->scts));
        s = precert_append_extension(builder_view(&job->tbs), builder_view(&list), out, &job->err);
    }
    builder_clear(&list);
    return s == STATUS_OK ? builder_status(out, "certificate", &job->err) : s;
}

static enum status sign_final(struct classic_job *job)
{
    struct certificate precert;
    struct builder final;
    builder_init(&final, CLASSIC_LEAF_MAX);
    enum status s = certificate_parse(builder_view(&job->precert), &precert, &job->err);
    if (s == STATUS_OK)
        s = check_not_revoked(job, precert.serial);
    if (s == STATUS_OK)
        s = write_final(job, &final);
    if (s == STATUS_OK)
        s = lint(job, false, builder_view(&final));
    if (s == STATUS_OK)
        s = check_pair(job, &precert, builder_view(&final));
    if (s == STATUS_OK)
        s = classic_sign_tbs(builder_view(&final), &job->issuer->authority, &job->der, &job->err);
    if (s == STATUS_OK && has_policy(job))
        s = classic_publish_note(job, &job->err);
    if (s == STATUS_OK)
        s = put_signed(job, false, &job->der);
    builder_clear(&final);
    job->step = STEP_DONE;
    return s;
}

/* The certificate in job->der as the answer. */
static enum status describe(struct classic_job *job)
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

/* Before logs are asked again for what an earlier try has signed: a certificate that will be refused needs no SCTs. */
static enum status check_wanted(struct classic_job *job)
{
    struct certificate precert;
    enum status s = certificate_parse(builder_view(&job->precert), &precert, &job->err);
    if (s == STATUS_OK)
        s = check_not_revoked(job, precert.serial);
    return s == STATUS_OK ? lint_first(job) : s;
}

/* ---- a batch ---- */

static enum status before_signatures(struct classic_job *job)
{
    enum status s = job->step == STEP_MAKE ? locate(job) : STATUS_OK;
    if (s == STATUS_OK && job->step == STEP_MAKE)
        s = make(job);
    else if (s == STATUS_OK && job->step == STEP_GET_SCTS)
        s = check_wanted(job);
    else if (s == STATUS_OK && job->step == STEP_KEEP_SCTS)
        s = keep_scts(job);
    return s;
}

static enum status signatures(struct classic_job *job)
{
    if (job->step == STEP_SIGN)
        return sign_first(job);
    return job->step == STEP_FINISH ? sign_final(job) : STATUS_OK;
}

/* One sync for all: those who had something to keep go on with it or not at all. */
static void run_phase(struct classic_issuer *issuer, struct classic_job *first, enum status (*phase)(struct classic_job *job))
{
    const struct object_store *store = &issuer->config.store;
    struct error err = {.status = STATUS_OK};
    bool has_put = false;
    for (struct classic_job *job = first; job != NULL; job = job->next) {
        job->has_put = false;
        if (job->status != STATUS_OK)
            continue;
        job->status = phase(job);
        /* A put that has failed wants its end, too. */
        has_put = has_put || job->has_put || job->status == STATUS_IO || job->status == STATUS_NO_MEMORY;
    }
    enum status s = has_put ? store->sync(store->context, &err) : STATUS_OK;
    for (struct classic_job *job = first; s != STATUS_OK && job != NULL; job = job->next)
        if (job->has_put && job->status == STATUS_OK) {
            job->status = s;
            job->err = err;
        }
}

void classic_steps_run(struct classic_issuer *issuer, struct classic_job *first)
{
    run_phase(issuer, first, before_signatures);
    run_phase(issuer, first, signatures);
    for (struct classic_job *job = first; job != NULL; job = job->next)
        if (job->status == STATUS_OK && job->step == STEP_DONE)
            job->status = describe(job);
}
