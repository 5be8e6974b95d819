/* challenge/ID/TYPE [RFC8555 7.5.1]: a validation is started once, when that it was asked for is durable.
 *
 * The store keeps that an authorization is processing. A validation whose process or commit was lost is
 * started again when its client asks how it stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/acme/acme_orders.h"

/* Before a validator that has too much to do is asked again. */
#define TURNED_AWAY_MS 500
/* "token.thumbprint", both 43 characters. */
#define KEY_AUTHORIZATION_SIZE (2 * ACME_TOKEN_TEXT_SIZE)

struct validation {
    struct acme_flight flight; /* id: of the authorization */
    struct acme *acme;
};

static void start(void *cookie);

/* ---- answers ---- */

static void reply_challenge(struct acme_call *call, const struct acme_authz *authz, enum acme_challenge challenge)
{
    struct http_response *response = &call->x->response;
    char url[ACME_URL_SIZE];
    acme_url(call->acme, ACME_URL_AUTHZ, authz->id, NULL, url);
    builder_printf(&response->headers, "Link: <%s>;rel=\"up\"\r\n", url);
    acme_url(call->acme, ACME_URL_CHALLENGE, authz->id, acme_challenge_name(challenge), url);
    http_response_header(response, "Location", url);
    if (authz->is_processing && authz->tried == challenge)
        builder_printf(&response->headers, "Retry-After: %d\r\n", ACME_RETRY_AFTER_PROCESSING_S);
    acme_reply_json(call, 200, acme_view_challenge(call->acme, authz, challenge));
}

/* How it stands now. */
static void answer_challenge(struct acme_call *call)
{
    struct acme_authz_record record = {0};
    if (acme_authz_open(call, &record))
        reply_challenge(call, &record.authz, acme_challenge_parse(call->tail));
    acme_authz_clear(&record);
}

static void answer_failure(struct acme_call *call)
{
    struct error err;
    (void)error_set(&err, STATUS_IO, "challenge: what was asked for could not be made durable");
    acme_reply_failure(call, &err);
}

/* ---- the end of a validation ---- */

void acme_challenge_free(struct acme *acme, struct acme_flight *flight)
{
    struct validation *v = (struct validation *)flight;
    acme->ports.timer->cancel(acme->ports.timer->context, v->flight.timer);
    acme_flight_remove(&acme->orders->validations, flight);
    metric_set(acme->orders->metrics.validating, (double)acme->orders->validations.count);
    free(v);
}

static void finish(struct validation *v, void (*answer)(struct acme_call *call))
{
    acme_flight_answer(&v->flight, answer);
    acme_challenge_free(v->acme, &v->flight);
}

static int64_t reuse_s(const struct acme *acme, const struct acme_authz *authz,
                       const struct validation_result *result)
{
    int64_t reuse = acme_authz_reuse_s(acme, authz->is_intranet, acme_now_s(acme));
    if (result->reuse_max_s != UINT32_MAX && result->reuse_max_s < reuse)
        reuse = result->reuse_max_s;
    /* The orders that wait for it need some time to be finalized. */
    return reuse < ACME_AUTHZ_GRACE_S ? ACME_AUTHZ_GRACE_S : reuse;
}

static void report(struct acme *acme, const struct acme_authz *authz, const struct validation_result *result)
{
    char account[24], id[24];
    (void)snprintf(account, sizeof account, "%llu", (unsigned long long)authz->account);
    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)authz->id);
    const struct event_field fields[] = {
        {"account", account},
        {"authorization", id},
        {"identifier", authz->identifier.value},
        {"challenge", acme_challenge_name(authz->tried)},
        {"problem", result->problem == NULL ? "" : result->problem},
        {"detail", result->problem == NULL || result->detail == NULL ? "" : result->detail},
    };
    acme_event(acme, EVENT_INFO, result->problem == NULL ? "authorization-valid" : "authorization-invalid", NULL,
               fields, result->problem == NULL ? 4 : 6);
}

static enum status note_failure(struct acme *acme, struct acme_authz *authz,
                                const struct validation_result *result, struct builder *problem,
                                struct error *err)
{
    /* 403 as the status of the document that is shown in challenge and order, as other CAs do. */
    json_t *document = acme_problem_new(strcmp(result->problem, "serverInternal") == 0 ? 500 : 403, result->problem,
                                        "%s: %s", authz->identifier.value, result->detail == NULL ? "" : result->detail);
    enum status s = acme_view_problem_text(document, problem, err);
    authz->status = ACME_AUTHZ_INVALID;
    authz->problem = builder_view(problem);
    /* What was our fault counts against nobody. */
    if (s == STATUS_OK && strcmp(result->problem, "serverInternal") != 0)
        s = acme_limits_failed_validation(acme, authz->account, &authz->identifier, err);
    return s;
}

static enum status note_result(struct acme *acme, struct acme_authz *authz,
                               const struct validation_result *result, struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    struct builder problem;
    enum status s = STATUS_OK;
    builder_init(&problem, ACME_RECORD_MAX);
    authz->is_processing = false;
    if (result->problem == NULL) {
        int64_t now_s = acme_now_s(acme);
        authz->status = ACME_AUTHZ_VALID;
        authz->validated_s = authz->caa_checked_s = now_s;
        authz->expires_s = now_s + reuse_s(acme, authz, result);
    } else {
        s = note_failure(acme, authz, result, &problem, err);
    }
    if (s == STATUS_OK)
        s = store->put_authz(store->context, authz, err);
    if (s == STATUS_OK)
        s = acme_authz_settle_orders(acme, authz, err);
    if (s == STATUS_OK) {
        metric_add(result->problem == NULL ? acme->orders->metrics.authorized : acme->orders->metrics.unauthorized, 1);
        report(acme, authz, result);
    }
    builder_clear(&problem);
    return s;
}

static void validated(void *cookie, const struct validation_result *result)
{
    struct validation *v = cookie;
    struct acme *acme = v->acme;
    struct acme_authz_record record = {0};
    struct error err = {0};
    enum status s = acme_authz_read(acme, v->flight.id, &record, &err);
    /* It may have been deactivated meanwhile. */
    if (s == STATUS_OK && record.authz.status == ACME_AUTHZ_PENDING && record.authz.is_processing)
        s = note_result(acme, &record.authz, result, &err);
    acme_authz_clear(&record);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        acme_store_failed(acme, &err);
    finish(v, NULL);
}

/* ---- the beginning ---- */

static enum status write_key_authorization(struct acme *acme, const struct acme_authz *authz, char token[ACME_TOKEN_TEXT_SIZE],
                                           char out[KEY_AUTHORIZATION_SIZE], struct error *err)
{
    const struct acme_store *store = acme->ports.store;
    struct acme_account account;
    struct builder memory, text;
    builder_init(&memory, ACME_RECORD_MAX);
    enum status s = store->get_account(store->context, authz->account, &memory, &account, err);
    if (s == STATUS_OK && !acme_view_token(authz, authz->tried, token))
        s = error_set(err, STATUS_NO_MEMORY, "token of a challenge");
    if (s == STATUS_OK) {
        builder_init_fixed(&text, out, KEY_AUTHORIZATION_SIZE);
        builder_printf(&text, "%s.", token);
        text_write_base64url(&text, BYTES_OF(account.thumbprint));
        builder_u8(&text, 0);
        s = builder_status(&text, "key authorization", err);
    }
    builder_clear(&memory);
    return s;
}

static enum status ask(struct validation *v, const struct acme_authz *authz, struct error *err)
{
    const struct validator_port *validator = v->acme->ports.validator;
    char token[ACME_TOKEN_TEXT_SIZE], key_authorization[KEY_AUTHORIZATION_SIZE], account_url[ACME_URL_SIZE];
    bool has_token = authz->tried != ACME_DNS_PERSIST_01;
    enum status s = write_key_authorization(v->acme, authz, token, key_authorization, err);
    if (s != STATUS_OK)
        return s;
    acme_url(v->acme, ACME_URL_ACCOUNT, authz->account, NULL, account_url);
    const struct validation_request request = {.challenge = authz->tried,
                                               .identifier = authz->identifier,
                                               .is_wildcard = authz->is_wildcard,
                                               .is_intranet = authz->is_intranet,
                                               .token = has_token ? token : NULL,
                                               .key_authorization = has_token ? key_authorization : NULL,
                                               .account_url = account_url};
    return validator->validate(validator->context, &request, validated, v, err);
}

static void start(void *cookie)
{
    struct validation *v = cookie;
    struct acme *acme = v->acme;
    struct acme_authz_record record = {0};
    struct error err = {0};
    v->flight.timer = 0;
    enum status s = acme_authz_read(acme, v->flight.id, &record, &err);
    if (s == STATUS_OK && (!acme_view_authz_is_pending(&record.authz, acme_now_s(acme)) || !record.authz.is_processing))
        finish(v, NULL);
    else if (s == STATUS_OK && (s = ask(v, &record.authz, &err)) == STATUS_LIMIT)
        v->flight.timer = acme->ports.timer->start(acme->ports.timer->context, TURNED_AWAY_MS, start, v);
    else if (s != STATUS_OK) {
        if (s == STATUS_IO)
            acme_store_failed(acme, &err);
        finish(v, answer_failure); /* the next request that asks for it starts it again */
    }
    acme_authz_clear(&record);
}

static void start_after_commit(void *cookie, bool is_committed)
{
    struct validation *v = cookie;
    if (!is_committed || v->acme->is_stopping)
        finish(v, is_committed ? NULL : answer_failure);
    else
        start(v);
}

/* NULL when memory is out. */
static struct validation *begin(struct acme *acme, acme_id authz)
{
    struct validation *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->flight.id = authz;
    v->acme = acme;
    if (!acme_after_commit(acme, start_after_commit, v)) {
        free(v);
        return NULL;
    }
    acme_flight_add(&acme->orders->validations, &v->flight);
    metric_set(acme->orders->metrics.validating, (double)acme->orders->validations.count);
    return v;
}

void acme_challenge_resume(struct acme *acme, const struct acme_authz *authz)
{
    struct acme_flights *flights = &acme->orders->validations;
    if (acme_view_authz_is_pending(authz, acme_now_s(acme)) && authz->is_processing &&
        flights->count < ACME_VALIDATIONS_MAX && acme_flight_find(flights, authz->id) == NULL)
        (void)begin(acme, authz->id);
}

/* Notes what is to be tried, and lets the call wait for it. */
static void try_it(struct acme_call *call, struct acme_authz *authz, enum acme_challenge challenge)
{
    struct acme *acme = call->acme;
    const struct acme_store *store = acme->ports.store;
    int64_t retry_after_ms = 0;
    struct error err = {0};
    enum status s = acme_limits_look_validation(acme, authz->account, &authz->identifier, &retry_after_ms, &err);
    if (s == STATUS_LIMIT) {
        acme_reply_limited(call, retry_after_ms, &err);
        return;
    }
    authz->tried = challenge;
    authz->is_processing = true;
    if (s == STATUS_OK)
        s = store->put_authz(store->context, authz, &err);
    if (s != STATUS_OK) {
        acme_reply_failure(call, &err);
        return;
    }
    struct validation *v = begin(acme, authz->id);
    if (v == NULL) /* a later request resumes it */
        reply_challenge(call, authz, challenge);
    else
        acme_flight_wait(&v->flight, acme->ports.timer, (uint64_t)acme->config->challenge_wait_ms, call, answer_challenge);
}

static void post(struct acme_call *call, struct acme_authz *authz, enum acme_challenge challenge)
{
    struct acme *acme = call->acme;
    if (challenge == 0 || (authz->offered & challenge) == 0) {
        acme_reply_problem(call, 404, "malformed", "this authorization has no such challenge");
    } else if (call->is_post_as_get || (authz->status != ACME_AUTHZ_PENDING) ||
               (authz->is_processing && authz->tried == challenge)) {
        /* It is read, or its answer was lost on the way and the client asks again. */
        acme_challenge_resume(acme, authz);
        reply_challenge(call, authz, challenge);
    } else if (!acme_view_authz_is_pending(authz, acme_now_s(acme))) {
        acme_reply_problem(call, 403, "malformed", "this authorization has expired: make a new order");
    } else if (authz->is_processing) {
        acme_reply_problem(call, 400, "malformed", "%s of this authorization is being validated: wait for it",
                           acme_challenge_name(authz->tried));
    } else if (acme->orders->validations.count >= ACME_VALIDATIONS_MAX) {
        acme_order_reply_busy(call, "too many validations are under way");
    } else {
        try_it(call, authz, challenge);
    }
}

void acme_challenge_post(struct acme_call *call)
{
    struct acme_authz_record record = {0};
    if (acme_authz_open(call, &record))
        post(call, &record.authz, acme_challenge_parse(call->tail));
    acme_authz_clear(&record);
}
