/* base/revoke-cert [RFC8555 7.6]: first the CA makes it known, then the store notes it; the answer waits
 * for both. The CA takes the same revocation again, so whatever is lost between the two is done again by
 * the next request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "crypto/hash.h"
#include "service/acme/acme_names.h"
#include "service/acme/acme_orders.h"

/* CRLReason [RFC5280 5.3.1] */
enum reason {
    REASON_UNSPECIFIED = 0,
    REASON_KEY_COMPROMISE = 1,
    REASON_AFFILIATION_CHANGED = 3,
    REASON_SUPERSEDED = 4,
    REASON_CESSATION_OF_OPERATION = 5
};

/* Who asks, from most to least that they may say. */
enum authority { BY_NOBODY, BY_KEY, BY_OWNER, BY_NAMES };

struct revoking {
    struct acme_call *call;
    acme_id certificate;
    int reason;
};

/* ---- which certificate? ---- */

static bool is_same(const struct acme_certificate *c, const struct certificate *given, const uint8_t spki_hash[32])
{
    if (!bytes_equal(BYTES_OF(c->spki_hash), bytes_of(spki_hash, 32)) || c->not_after_s != given->not_after_s)
        return false;
    /* An MTC has two forms, and its log has the rest. */
    return c->der.len == 0 || bytes_equal(c->der, given->der);
}

static enum status find_among(struct acme *acme, const struct certificate *given, struct bytes key_id,
                              struct acme_certificate_record *out, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    uint8_t spki_hash[HASH_SIZE];
    if (!hash_label_sha256(&given->spki, 1, spki_hash))
        return error_set(err, STATUS_NO_MEMORY, "hash of a certificate's key");
    for (size_t i = 0; i < acme->config->profile_count; i++) {
        const struct acme_issuer *issuer = acme->config->profiles[i].issuer;
        if (key_id.len > 0 && !bytes_equal(key_id, issuer->ca_key_id))
            continue;
        enum status s = store->find_certificate(store->context, issuer->ca, given->serial, &out->memory,
                                                &out->certificate, err);
        if (s == STATUS_OK && is_same(&out->certificate, given, spki_hash))
            return STATUS_OK;
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            return s;
    }
    return error_set(err, STATUS_NOT_FOUND, "no CA here has issued this certificate");
}

/* A certificate of ours has its CA's key identifier; one without is looked for under every CA. */
static enum status find(struct acme *acme, struct bytes der, struct certificate *given,
                        struct acme_certificate_record *out, struct error *err)
{
    struct extensions extensions;
    enum status s = certificate_parse(der, given, err);
    if (s == STATUS_OK)
        s = extensions_parse(given->extensions, &extensions, err);
    return s != STATUS_OK ? s : find_among(acme, given, extensions.authority_key_id, out, err);
}

/* ---- who asks? ---- */

static enum status holds_all_names(struct acme *acme, acme_id account, const struct acme_certificate *c, bool *all,
                                   struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    const struct acme_profile *profile = acme_find_profile(acme, bytes_of_text(c->profile));
    struct acme_identifier name, base;
    struct bytes rest = c->names;
    enum status s = STATUS_OK;
    *all = c->names.len > 0;
    while (*all && s == STATUS_OK && acme_names_next_line(&rest, &name)) {
        struct acme_authz_record record = {0};
        bool is_wildcard = acme_names_base(&name, &base);
        bool is_internal = profile != NULL && acme_choice_is_internal(profile, &name);
        builder_init(&record.memory, ACME_RECORD_MAX);
        s = store->find_authz(store->context, account, &base, is_wildcard, is_internal, false, acme_now_s(acme),
                              &record.memory, &record.authz, err);
        acme_authz_clear(&record);
        if (s == STATUS_NOT_FOUND) {
            *all = false;
            s = STATUS_OK;
        }
    }
    return s;
}

static enum status who_asks(struct acme_call *call, const struct certificate *given, const struct acme_certificate *c,
                            enum authority *out, struct error *err)
{
    bool all = false;
    *out = BY_NOBODY;
    if (call->account.id == 0) {
        if (bytes_equal(jws_key_spki(call->key), given->spki))
            *out = BY_KEY;
        return STATUS_OK;
    }
    if (call->account.id == c->account) {
        *out = BY_OWNER;
        return STATUS_OK;
    }
    enum status s = holds_all_names(call->acme, call->account.id, c, &all, err);
    if (s == STATUS_OK && all)
        *out = BY_NAMES;
    return s;
}

/* False: the call was answered. */
static bool read_reason(struct acme_call *call, enum authority authority, int *reason)
{
    const json_t *value = json_object_get(call->payload, "reason");
    json_int_t asked = value == NULL || json_is_null(value) ? REASON_UNSPECIFIED : json_integer_value(value);
    if (value != NULL && !json_is_null(value) && !json_is_integer(value)) {
        acme_reply_problem(call, 400, "malformed", "reason is a number [RFC5280 5.3.1]");
        return false;
    }
    bool is_allowed = asked == REASON_UNSPECIFIED || asked == REASON_KEY_COMPROMISE ||
                      asked == REASON_AFFILIATION_CHANGED || asked == REASON_SUPERSEDED ||
                      asked == REASON_CESSATION_OF_OPERATION;
    /* Who only has the names now does not know of the key. */
    if (authority == BY_NAMES && asked == REASON_KEY_COMPROMISE)
        is_allowed = false;
    if (!is_allowed) {
        acme_reply_problem(call, 400, "badRevocationReason",
                           "reasons taken here are 0 unspecified, 1 keyCompromise (by the owner or with the key), "
                           "3 affiliationChanged, 4 superseded, 5 cessationOfOperation");
        return false;
    }
    /* A key that signs anything but TLS is not kept as it should be. */
    *reason = authority == BY_KEY ? REASON_KEY_COMPROMISE : (int)asked;
    return true;
}

/* ---- doing it ---- */

static void report(struct acme_call *call, acme_id certificate, int reason)
{
    char id[24], number[12];
    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)certificate);
    (void)snprintf(number, sizeof number, "%d", reason);
    const struct event_field fields[] = {{"certificate", id}, {"reason", number}};
    acme_event(call->acme, EVENT_INFO, "certificate-revoked", call, fields, 2);
}

/* ---- keys that somebody else has [BR 6.1.1.3] ---- */

/* Remembered as a limit of one that does not refill: it outlives the certificate. */
static enum status take_compromised(struct acme *acme, const uint8_t spki_hash[32], bool is_look, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    char name[sizeof "compromised/" + 64] = "compromised/";
    int64_t retry_after_ms;
    text_hex(bytes_of(spki_hash, 32), name + strlen(name));
    return store->take_token(store->context, name, 1, ACME_NEVER_MS, acme_now_s(acme) * 1000, is_look, &retry_after_ms, err);
}

enum status acme_revoke_is_compromised(struct acme *acme, struct bytes spki, bool *is_compromised, struct error *err)
{
    uint8_t hash[HASH_SIZE];
    if (!hash_label_sha256(&spki, 1, hash))
        return error_set(err, STATUS_NO_MEMORY, "hash of a key");
    enum status s = take_compromised(acme, hash, true, err);
    *is_compromised = s == STATUS_LIMIT;
    return s == STATUS_LIMIT ? STATUS_OK : s;
}

static enum status note_compromised(struct acme *acme, const uint8_t spki_hash[32], struct error *err)
{
    enum status s = take_compromised(acme, spki_hash, false, err);
    return s == STATUS_LIMIT ? STATUS_OK : s; /* known already */
}

enum status acme_revoke_note(struct acme *acme, acme_id certificate, int reason, bool is_by_ca, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    struct acme_certificate_record record = {0};
    enum status s = acme_certificate_read(acme, certificate, &record, err);
    if (s == STATUS_OK && record.certificate.revoked_s != 0)
        s = error_set(err, STATUS_CONFLICT, "this certificate is revoked already");
    if (s == STATUS_OK) {
        record.certificate.revoked_s = acme_now_s(acme);
        record.certificate.reason = reason;
        record.certificate.is_revoked_by_ca = is_by_ca;
        s = store->put_certificate(store->context, &record.certificate, err);
    }
    if (s == STATUS_OK && reason == REASON_KEY_COMPROMISE)
        s = note_compromised(acme, record.certificate.spki_hash, err);
    acme_certificate_clear(&record);
    return s;
}

static void reply_revoked_already(struct acme_call *call)
{
    acme_reply_problem(call, 400, "alreadyRevoked", "this certificate is revoked already");
}

static void was_revoked(void *cookie, enum status status, const struct error *why)
{
    struct revoking *r = cookie;
    struct error err = {0};
    enum status s = status == STATUS_OK ? acme_revoke_note(r->call->acme, r->certificate, r->reason, false, &err) : status;
    if (status != STATUS_OK) {
        acme_order_reply_outside(r->call, why);
    } else if (s == STATUS_OK) {
        report(r->call, r->certificate, r->reason);
        acme_reply_empty(r->call, 200);
    } else if (s == STATUS_CONFLICT) {
        reply_revoked_already(r->call);
    } else {
        acme_reply_failure(r->call, &err);
    }
    free(r);
}

static void revoke(struct acme_call *call, const struct acme_certificate *c, int reason)
{
    const struct acme_issuer *issuer = acme_find_issuer(call->acme, c->ca);
    struct revoking *r = calloc(1, sizeof *r);
    if (r == NULL || issuer == NULL) {
        free(r);
        acme_order_reply_busy(call, "this cannot be revoked now");
        return;
    }
    *r = (struct revoking){.call = call, .certificate = c->id, .reason = reason};
    issuer->revoke(issuer->context, c, reason, was_revoked, r);
}

static void check_and_revoke(struct acme_call *call, struct bytes der)
{
    struct acme_certificate_record record = {0};
    struct certificate given;
    enum authority authority = BY_NOBODY;
    int reason = 0;
    struct error err = {0};
    builder_init(&record.memory, ACME_RECORD_MAX);
    enum status s = find(call->acme, der, &given, &record, &err);
    if (s == STATUS_OK)
        s = who_asks(call, &given, &record.certificate, &authority, &err);
    if (s == STATUS_NOT_FOUND)
        acme_reply_problem(call, 404, "malformed", "%s", err.text);
    else if (s == STATUS_MALFORMED)
        acme_reply_problem(call, 400, "malformed", "%s", err.text);
    else if (s != STATUS_OK)
        acme_reply_failure(call, &err);
    else if (authority == BY_NOBODY)
        acme_reply_problem(call, 403, "unauthorized",
                           "a certificate is revoked by its account, with its own key, or by an account that has "
                           "valid authorizations for all of its names [RFC8555 7.6]");
    else if (record.certificate.revoked_s != 0)
        reply_revoked_already(call);
    else if (record.certificate.not_after_s < acme_now_s(call->acme))
        acme_reply_problem(call, 403, "unauthorized", "this certificate has ended: there is nothing to revoke");
    else if (read_reason(call, authority, &reason))
        revoke(call, &record.certificate, reason);
    acme_certificate_clear(&record);
}

void acme_revoke_post(struct acme_call *call)
{
    const json_t *value = json_object_get(call->payload, "certificate");
    struct builder der;
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    if (!json_is_string(value) ||
        !text_parse_base64url(bytes_of(json_string_value(value), json_string_length(value)), &der))
        acme_reply_problem(call, 400, "malformed",
                           "revoke-cert wants {\"certificate\": ...}, in DER as base64url without padding; PEM is not taken");
    else
        check_and_revoke(call, builder_view(&der));
    builder_clear(&der);
}
