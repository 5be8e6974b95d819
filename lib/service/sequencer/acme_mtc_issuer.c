#include "service/sequencer/acme_mtc_issuer.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "rules/csr_rules.h"
#include "rules/dns_name.h"

struct acme_mtc_issuer {
    struct acme_mtc_issuer_config config;
};

/* One call on its way. */
struct call {
    struct acme_mtc_issuer *issuer;
    union {
        acme_issue_done *issue;
        acme_read_done *read;
        acme_revoke_done *revoke;
    } done;
    void *cookie;
    struct revoked_range range;
    enum status status;
    struct error err;
};

static struct call *call_new(struct acme_mtc_issuer *issuer, void *cookie)
{
    struct call *call = calloc(1, sizeof *call);
    if (call != NULL)
        *call = (struct call){.issuer = issuer, .cookie = cookie};
    return call;
}

static enum status write_names(const struct acme_issue_request *request, struct builder *out, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < request->identifier_count; i++)
        s = dns_name_write_san(request->identifiers[i].type != ACME_DNS, request->identifiers[i].value, out, err);
    return s == STATUS_OK ? builder_status(out, "names", err) : s;
}

static enum status check(void *context, const struct acme_issue_request *request, struct error *err)
{
    struct acme_mtc_issuer *issuer = context;
    struct lint_subject lint = issuer->config.lint;
    struct builder names;
    lint.profile = certificate_profile_find(issuer->config.profiles, issuer->config.profile_count, request->profile);
    lint.now_s = issuer->config.clock.now_ms(issuer->config.clock.context) / 1000;
    if (lint.profile == NULL)
        return error_set(err, STATUS_REFUSED, "CA %s has no profile %s", issuer->config.ca, request->profile);
    builder_init(&names, CSR_RULES_NAMES_SIZE_MAX);
    enum status s = write_names(request, &names, err);
    lint.has_part_of_names = request->is_part;
    if (s == STATUS_OK)
        s = lint_check_names(&lint, builder_view(&names), NULL, err);
    builder_clear(&names);
    return s;
}

static bool is_internal(void *context, const struct acme_identifier *identifier)
{
    const struct acme_mtc_issuer *issuer = context;
    return lint_is_internal(&issuer->config.lint, identifier->type == ACME_IP, identifier->value);
}

/* ---- serial numbers: log number and index [MTC 6.1] ---- */

static size_t write_serial(uint16_t log_number, uint64_t index, uint8_t out[ACME_SERIAL_MAX])
{
    uint64_t serial = (uint64_t)log_number << 48 | index;
    size_t len = 0;
    int shift = 56; /* of the first byte: not zero, or the last */
    while (shift > 0 && serial >> shift == 0)
        shift -= 8;
    if ((serial >> shift & 0x80) != 0)
        out[len++] = 0; /* an INTEGER is not negative */
    for (; shift >= 0; shift -= 8)
        out[len++] = (uint8_t)(serial >> shift);
    return len;
}

static bool read_serial(const struct acme_certificate *certificate, uint16_t *log_number, uint64_t *index)
{
    uint64_t serial = 0;
    size_t start = certificate->serial_len == 9 && certificate->serial[0] == 0 ? 1 : 0;
    if (certificate->serial_len == 0 || certificate->serial_len - start > 8)
        return false;
    for (size_t i = start; i < certificate->serial_len; i++)
        serial = serial << 8 | certificate->serial[i];
    *log_number = (uint16_t)(serial >> 48);
    *index = serial & (((uint64_t)1 << 48) - 1);
    return *log_number != 0;
}

/* ---- issuing ---- */

static void issued(void *cookie, enum status status, const struct sequencer_issued *got, const struct error *err)
{
    struct call *call = cookie;
    struct acme_issued out = {.not_before_s = got->not_before_s, .not_after_s = got->not_after_s};
    if (status == STATUS_OK)
        out.serial_len = write_serial(got->log_number, got->index, out.serial);
    /* The linter has let the names through, and what is in the log stays there: never, then. */
    if (status == STATUS_MALFORMED)
        status = STATUS_REFUSED;
    call->done.issue(call->cookie, status, &out, err);
    free(call);
}

static enum status issue(void *context, const struct acme_issue_request *request, acme_issue_done *done,
                         void *cookie, struct error *err)
{
    struct acme_mtc_issuer *issuer = context;
    struct sequencer_request out = {.entry = {.profile = certificate_profile_find(issuer->config.profiles, issuer->config.profile_count, request->profile),
                                              .spki = request->spki,
                                              .not_before_s = request->not_before_s,
                                              .not_after_s = request->not_after_s},
                                    .new_until_s = request->new_until_s};
    struct builder names;
    if (out.entry.profile == NULL)
        return error_set(err, STATUS_REFUSED, "CA %s has no profile %s", issuer->config.ca, request->profile);
    struct call *call = call_new(issuer, cookie);
    if (call == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    call->done.issue = done;
    memcpy(out.id, issuer->config.instance, sizeof issuer->config.instance);
    for (size_t i = 0; i < 8; i++)
        out.id[8 + i] = (uint8_t)(request->order >> (56 - 8 * i));
    builder_init(&names, CSR_RULES_NAMES_SIZE_MAX);
    enum status s = write_names(request, &names, err);
    out.entry.general_names = builder_view(&names);
    if (s == STATUS_OK)
        s = sequencer_submit(issuer->config.sequencer, &out, issued, call, err);
    builder_clear(&names);
    if (s != STATUS_OK)
        free(call);
    return s;
}

/* ---- reading ---- */

static void has_read(void *cookie, enum status status, struct bytes pem, int64_t retry_after_s, const struct error *err)
{
    struct call *call = cookie;
    call->done.read(call->cookie, status, pem, retry_after_s, err);
    free(call);
}

/* An answer that needs nobody, but must not come from within the call. */
static void run_nothing(void *cookie)
{
    (void)cookie;
}

static void done_failed_read(void *cookie)
{
    struct call *call = cookie;
    has_read(call, call->status, (struct bytes){NULL, 0}, 1, &call->err);
}

static void read_certificate(void *context, const struct acme_certificate *certificate, enum acme_form form,
                             bool with_properties, acme_read_done *done, void *cookie)
{
    struct acme_mtc_issuer *issuer = context;
    const struct work_port *worker = &issuer->config.worker;
    struct call *call = call_new(issuer, cookie);
    struct error err;
    uint16_t log_number;
    uint64_t index;
    if (call == NULL) {
        (void)error_set(&err, STATUS_NO_MEMORY, "out of memory");
        done(cookie, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, 0, &err);
        return;
    }
    call->done.read = done;
    if (!read_serial(certificate, &log_number, &index))
        call->status = error_set(&call->err, STATUS_NOT_FOUND, "the serial number is not one of a Merkle Tree CA");
    else
        call->status = sequencer_read(issuer->config.sequencer, log_number, index,
                                      form == ACME_FORM_LANDMARK ? SEQUENCER_LANDMARK : SEQUENCER_STANDALONE,
                                      with_properties, has_read, call, &call->err);
    if (call->status == STATUS_OK)
        return;
    if (call->status == STATUS_LIMIT)
        call->status = call->err.status = STATUS_AGAIN;
    worker->submit(worker->context, run_nothing, done_failed_read, call);
}

/* ---- revoking ---- */

/* A range that is there already does no harm: what is published is merged. */
static void run_revoke(void *cookie)
{
    struct call *call = cookie;
    const struct issuance_store *store = &call->issuer->config.store;
    call->status = store->add_revoked(store->context, &call->range, &call->err);
    if (call->status == STATUS_OK)
        call->status = store->commit(store->context, &call->err);
    if (call->status != STATUS_OK && store->has_uncommitted(store->context))
        store->rollback(store->context);
}

static void done_revoke(void *cookie)
{
    struct call *call = cookie;
    const struct acme_mtc_issuer_config *config = &call->issuer->config;
    if (call->status == STATUS_OK && config->revoked != NULL)
        config->revoked(config->revoked_context);
    call->done.revoke(call->cookie, call->status, &call->err);
    free(call);
}

static void done_failed_revoke(void *cookie)
{
    struct call *call = cookie;
    call->done.revoke(call->cookie, call->status, &call->err);
    free(call);
}

static void revoke(void *context, const struct acme_certificate *certificate, int reason, acme_revoke_done *done,
                   void *cookie)
{
    struct acme_mtc_issuer *issuer = context;
    const struct work_port *worker = &issuer->config.worker;
    struct call *call = call_new(issuer, cookie);
    struct error err;
    if (call == NULL) {
        (void)error_set(&err, STATUS_NO_MEMORY, "out of memory");
        done(cookie, STATUS_NO_MEMORY, &err);
        return;
    }
    call->done.revoke = done;
    call->range.reason = reason;
    call->range.revoked_s = issuer->config.clock.now_ms(issuer->config.clock.context) / 1000;
    bool is_ours = read_serial(certificate, &call->range.log_number, &call->range.first);
    call->range.last = call->range.first;
    if (!is_ours)
        call->status = error_set(&call->err, STATUS_NOT_FOUND, "the serial number is not one of a Merkle Tree CA");
    worker->submit(worker->context, is_ours ? run_revoke : run_nothing, is_ours ? done_revoke : done_failed_revoke, call);
}

/* ---- life ---- */

enum status acme_mtc_issuer_new(const struct acme_mtc_issuer_config *config, struct acme_mtc_issuer **out,
                                struct error *err)
{
    struct acme_mtc_issuer *issuer = calloc(1, sizeof *issuer);
    if (issuer == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    issuer->config = *config;
    *out = issuer;
    return STATUS_OK;
}

void acme_mtc_issuer_free(struct acme_mtc_issuer *issuer)
{
    free(issuer);
}

struct acme_issuer acme_mtc_issuer_port(struct acme_mtc_issuer *issuer)
{
    return (struct acme_issuer){
        .context = issuer,
        .ca = issuer->config.ca,
        .is_mtc = true,
        .ca_key_id = tai_bytes(&issuer->config.ca_id),
        .prefix_url = issuer->config.prefix_url,
        .check = check,
        .is_internal = is_internal,
        .issue = issue,
        .read_certificate = read_certificate,
        .revoke = revoke,
    };
}
