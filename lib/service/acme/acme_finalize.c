/* finalize [RFC8555 7.4]: is the request for exactly this order, and may this CA issue it?
 *
 * The request is looked at on the pool, and CAA may be looked up again; meanwhile the order is only
 * "ready". Whether it still is, and all else that the store knows, is checked in the turn that makes it
 * "processing": so one of several requests wins, and the others find an order that is not ready. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/subject_key.h"
#include "policy/lint.h"
#include "rules/csr_rules.h"
#include "rules/dns_name.h"
#include "service/acme/acme_names.h"
#include "service/acme/acme_order_text.h"
#include "service/acme/acme_orders.h"

/* CAA is looked up again once for a request; it was long ago twice only when the clock jumps. */
#define CAA_ROUNDS_MAX 1

struct finalize;

struct caa_check {
    struct finalize *f;
    acme_id authz;
    bool is_good;
};

struct finalize {
    struct acme *acme;
    struct acme_call *call;

    /* Of the pool's job: */
    struct builder csr, general_names;
    struct bytes spki; /* borrows csr */
    char key[SUBJECT_KEY_TEXT_SIZE];
    struct acme_identifier names[ACME_IDENTIFIERS_MAX];
    size_t name_count;
    enum status status;

    /* CAA looked up again: */
    struct caa_check checks[ACME_IDENTIFIERS_MAX];
    size_t check_count, checks_left;
    unsigned caa_rounds;
    bool is_validator_full;
    json_t *problem;

    struct error err;
};

static void proceed(struct finalize *f);

static void done_with(struct finalize *f)
{
    f->acme->orders->finalize_count--;
    builder_clear(&f->csr);
    builder_clear(&f->general_names);
    json_decref(f->problem);
    free(f);
}

/* ---- is the order ready? ---- */

/* False: the call was answered. */
static bool open_ready(struct acme_call *call, struct acme_order_record *record)
{
    if (!acme_order_open(call, record))
        return false;
    switch (acme_view_order_status(&record->order, acme_now_s(call->acme))) {
    case ACME_ORDER_READY:
        return true;
    case ACME_ORDER_PENDING:
        acme_reply_problem(call, 403, "orderNotReady", "not all authorizations of this order are valid yet");
        break;
    case ACME_ORDER_PROCESSING:
        acme_reply_problem(call, 403, "orderNotReady",
                           "this order has been finalized and is processing: ask for the order until it is valid");
        break;
    case ACME_ORDER_VALID:
        acme_reply_problem(call, 403, "orderNotReady",
                           "this order is valid: its certificate is at the URL that the order gives");
        break;
    case ACME_ORDER_INVALID:
        acme_reply_problem(call, 403, "orderNotReady", "this order is invalid or has expired: make a new one");
        break;
    }
    return false;
}

/* An authorization was deactivated, ended before its order, or proves too little. */
static void lose_order(struct finalize *f, struct acme_order *order, const char *name)
{
    const struct acme_store *store = f->acme->ports.store;
    struct builder text;
    json_t *problem = acme_problem_new(403, "unauthorized", "the authorization for %s is not valid any more: make a new order",
                                       name);
    builder_init(&text, ACME_RECORD_MAX);
    enum status s = acme_view_problem_text(json_incref(problem), &text, &f->err);
    order->status = ACME_ORDER_INVALID;
    order->problem = builder_view(&text);
    if (s == STATUS_OK)
        s = store->put_order(store->context, order, &f->err);
    builder_clear(&text);
    if (s == STATUS_OK) {
        acme_reply_document(f->call, problem);
    } else {
        json_decref(problem);
        acme_reply_failure(f->call, &f->err);
    }
}

/* Is it still valid on this day, and for this profile? A reload may have made a public one of it. */
static bool is_good_for(const struct acme_authz *authz, const struct acme_profile *profile,
                        const struct acme_identifier *name, const struct lint_policy *policy, int64_t now_s)
{
    if (authz->is_intranet && !acme_choice_is_internal(profile, name))
        return false;
    return acme_view_authz_is_valid(authz, now_s) &&
           (authz->is_intranet || now_s - authz->validated_s < lint_reuse_max_s(policy, now_s));
}

/* All must be valid; those whose CAA is old are noted. False: the call was answered. */
static bool check_authorizations(struct finalize *f, struct acme_order *order, const struct acme_profile *profile)
{
    int64_t now_s = acme_now_s(f->acme);
    bool is_good = true;
    f->check_count = 0;
    for (size_t i = 0; is_good && i < order->identifier_count; i++) {
        struct acme_authz_record record = {0};
        enum status s = acme_authz_read(f->acme, order->authorizations[i], &record, &f->err);
        const struct acme_authz *authz = &record.authz;
        is_good = s == STATUS_OK && is_good_for(authz, profile, &order->identifiers[i], f->acme->config->policy, now_s);
        if (s != STATUS_OK && s != STATUS_NOT_FOUND)
            acme_reply_failure(f->call, &f->err);
        else if (!is_good)
            lose_order(f, order, order->identifiers[i].value);
        else if (!authz->is_intranet && authz->caa_checked_s + f->acme->config->caa_recheck_s <= now_s)
            f->checks[f->check_count++] = (struct caa_check){.f = f, .authz = authz->id};
        acme_authz_clear(&record);
    }
    return is_good;
}

/* ---- does the request fit? ---- */

static bool refuse_csr(struct finalize *f, const char *what)
{
    acme_reply_problem(f->call, 400, "badCSR", "%s%s", what, f->err.text);
    return false;
}

static bool is_account_key(const struct finalize *f)
{
    return f->call->key != NULL && bytes_equal(jws_key_spki(f->call->key), f->spki);
}

static bool check_csr(struct finalize *f, const struct acme_order *order)
{
    if (f->status == STATUS_NO_MEMORY || f->status == STATUS_IO) {
        acme_reply_failure(f->call, &f->err);
        return false;
    }
    if (f->status != STATUS_OK)
        return refuse_csr(f, "");
    if (is_account_key(f)) {
        acme_reply_problem(f->call, 400, "badCSR",
                           "the certificate's key is the account's: make another one [RFC8555 11.1]");
        return false;
    }
    bool is_compromised = false;
    if (acme_revoke_is_compromised(f->acme, f->spki, &is_compromised, &f->err) != STATUS_OK) {
        acme_reply_failure(f->call, &f->err);
        return false;
    }
    if (is_compromised) {
        acme_reply_problem(f->call, 400, "badCSR",
                           "this key was reported as compromised and is never certified again: make another one [BR 6.1.1.3]");
        return false;
    }
    if (acme_names_compare(order->identifiers, order->identifier_count, f->names, f->name_count, &f->err) != STATUS_OK)
        return refuse_csr(f, "the request is not for the identifiers of the order: ");
    return true;
}

/* The order's profile, or the one that the key decides. False: the call was answered. */
static bool choose_profile(struct finalize *f, const struct acme_order *order, const struct acme_profile **out)
{
    struct acme_choice choice;
    if (acme_choice_of(f->acme, NULL, order->profile, &choice, &f->err) != STATUS_OK) {
        acme_reply_problem(f->call, 400, "invalidProfile", "%s", f->err.text);
        return false;
    }
    const struct acme_profile *profile = acme_choice_by_key(&choice, f->key);
    if (!acme_choice_allows_key(profile->profile, f->key)) {
        acme_reply_problem(f->call, 400, "badCSR", "profile %s gives no certificate to a key of type %s",
                           profile->profile->name, f->key);
        return false;
    }
    choice = (struct acme_choice){.profiles = {profile}, .count = 1};
    if (acme_choice_check_dates(&choice, acme_now_s(f->acme), order->not_before_s, order->not_after_s, &f->err) !=
        STATUS_OK) {
        acme_reply_problem(f->call, 403, "malformed", "the order is too old for its dates: make a new one (%s)", f->err.text);
        return false;
    }
    enum status s = STATUS_OK;
    if (order->profile[0] == '\0')
        s = acme_choice_check(&choice, order->identifiers, order->identifier_count, false, order->not_before_s,
                              order->not_after_s, &f->err);
    const struct acme_issue_request request = {
        .order = order->id, .profile = profile->profile->name, .identifiers = order->identifiers,
        .identifier_count = order->identifier_count, .spki = f->spki, .not_before_s = order->not_before_s,
        .not_after_s = order->not_after_s};
    if (s == STATUS_OK)
        s = profile->issuer->check(profile->issuer->context, &request, &f->err);
    if (s == STATUS_REFUSED || s == STATUS_CONFLICT)
        return refuse_csr(f, "");
    if (s != STATUS_OK)
        acme_order_reply_outside(f->call, &f->err);
    *out = profile;
    return s == STATUS_OK;
}

/* ---- CAA once more [BR 3.2.2.8] ---- */

static void note_caa_problem(struct finalize *f, const struct acme_authz *authz, const struct validation_result *result)
{
    const char *detail = result->detail == NULL ? "" : result->detail;
    bool is_ours = strcmp(result->problem, "serverInternal") == 0;
    if (f->problem == NULL)
        f->problem = acme_problem_new(is_ours ? 500 : 403, result->problem, "CAA was looked up again: %s: %s",
                                      authz->identifier.value, detail);
    acme_view_add_subproblem(f->problem, acme_problem_new(0, result->problem, "%s", detail),
                             acme_identifier_json(&authz->identifier));
}

static void caa_looked_up(void *cookie, const struct validation_result *result)
{
    struct caa_check *check = cookie;
    struct finalize *f = check->f;
    const struct acme_store *store = f->acme->ports.store;
    struct acme_authz_record record = {0};
    struct error err = {0};
    enum status s = acme_authz_read(f->acme, check->authz, &record, &err);
    if (s == STATUS_OK && result->problem != NULL)
        note_caa_problem(f, &record.authz, result);
    if (s == STATUS_OK && result->problem == NULL) {
        record.authz.caa_checked_s = acme_now_s(f->acme);
        s = store->put_authz(store->context, &record.authz, &err);
    }
    acme_authz_clear(&record);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        acme_store_failed(f->acme, &err);
    if (--f->checks_left == 0)
        proceed(f);
}

static enum status look_up_caa(struct finalize *f, struct caa_check *check)
{
    const struct validator_port *validator = f->acme->ports.validator;
    struct acme_authz_record record = {0};
    char account_url[ACME_URL_SIZE];
    enum status s = acme_authz_read(f->acme, check->authz, &record, &f->err);
    if (s == STATUS_OK) {
        acme_url(f->acme, ACME_URL_ACCOUNT, record.authz.account, NULL, account_url);
        const struct validation_request request = {.challenge = record.authz.tried,
                                                   .identifier = record.authz.identifier,
                                                   .is_wildcard = record.authz.is_wildcard,
                                                   .account_url = account_url,
                                                   .is_caa_only = true};
        s = validator->validate(validator->context, &request, caa_looked_up, check, &f->err);
    }
    acme_authz_clear(&record);
    return s;
}

static void look_up_all_caa(struct finalize *f)
{
    f->caa_rounds++;
    f->checks_left = 1; /* that of this loop */
    for (size_t i = 0; i < f->check_count && !f->is_validator_full; i++) {
        f->checks_left++;
        if (look_up_caa(f, &f->checks[i]) != STATUS_OK) {
            f->checks_left--;
            f->is_validator_full = true;
        }
    }
    if (--f->checks_left == 0)
        proceed(f);
}

/* ---- ready to processing ---- */

static bool is_due_renewal(struct acme *acme, const struct acme_order *order)
{
    struct acme_certificate_record replaced = {0};
    struct error err;
    bool is_due = order->replaces.len > 0 &&
                  acme_renewal_find(acme, order->replaces, &replaced, &err) == STATUS_OK &&
                  acme_renewal_is_due(&replaced.certificate, acme_now_s(acme));
    acme_certificate_clear(&replaced);
    return is_due;
}

/* False: the call was answered. */
static bool take_limits(struct finalize *f, const struct acme_order *order, const struct acme_profile *profile)
{
    int64_t retry_after_ms = 0;
    if (f->acme->orders->issuances.count >= ACME_ISSUANCES_MAX ||
        acme_issuance_is_full(f->acme, profile->issuer->ca)) {
        acme_order_reply_busy(f->call, "the CA has as much to issue as it can take");
        return false;
    }
    if (is_due_renewal(f->acme, order))
        return true;
    enum status s = acme_limits_take_certificate(f->acme, order->account, order->identifiers, order->identifier_count,
                                                 &retry_after_ms, &f->err);
    if (s == STATUS_LIMIT)
        acme_reply_limited(f->call, retry_after_ms, &f->err);
    else if (s != STATUS_OK)
        acme_reply_failure(f->call, &f->err);
    return s == STATUS_OK;
}

static void make_processing(struct finalize *f, struct acme_order *order, const struct acme_profile *profile)
{
    const struct acme_store *store = f->acme->ports.store;
    order->status = ACME_ORDER_PROCESSING;
    order->spki = f->spki;
    memcpy(order->profile, profile->profile->name, sizeof order->profile);
    enum status s = store->put_order(store->context, order, &f->err);
    if (s == STATUS_OK && !acme_issuance_start(f->acme, order, profile->issuer->ca, f->call)) {
        s = error_set(&f->err, STATUS_NO_MEMORY, "no memory to issue a certificate");
        acme_store_failed(f->acme, &f->err);
    }
    if (s != STATUS_OK)
        acme_reply_failure(f->call, &f->err);
}

static void proceed(struct finalize *f)
{
    struct acme_order_record record = {0};
    const struct acme_profile *profile = NULL;
    bool has_order = false, is_waiting = false;
    if (f->acme->is_stopping) {
        acme_order_reply_busy(f->call, "the server is stopping");
    } else if (f->problem != NULL) {
        acme_reply_document(f->call, f->problem);
        f->problem = NULL;
    } else if (f->is_validator_full) {
        acme_order_reply_busy(f->call, "CAA cannot be looked up now");
    } else {
        has_order = open_ready(f->call, &record) && check_csr(f, &record.order) &&
                    choose_profile(f, &record.order, &profile) && check_authorizations(f, &record.order, profile);
    }
    if (has_order && f->check_count > 0 && f->caa_rounds >= CAA_ROUNDS_MAX)
        acme_order_reply_busy(f->call, "CAA cannot be looked up now");
    else if (has_order && f->check_count > 0)
        is_waiting = true;
    else if (has_order && take_limits(f, &record.order, profile))
        make_processing(f, &record.order, profile);
    acme_order_clear(&record);
    if (is_waiting)
        look_up_all_caa(f);
    else
        done_with(f);
}

/* ---- the request ---- */

/* A common name that is a host's counts among the names asked for [RFC8555 7.4]: it must be one of them,
 * though it will not stand in the certificate. */
static enum status check_common_name(const struct finalize *f, const struct csr *csr, struct error *err)
{
    struct bytes asked = acme_order_text_common_name(csr->subject);
    if (asked.len == 0)
        return STATUS_OK;
    for (size_t i = 0; i < f->name_count; i++)
        if (http_name_equal(asked, f->names[i].value))
            return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "its common name %.*s is not among the names of its subjectAltName",
                     (int)(asked.len < DNS_NAME_MAX ? asked.len : DNS_NAME_MAX), (const char *)asked.data);
}

/* On another thread: touches nothing but its own. */
static void look_at_csr(void *cookie)
{
    struct finalize *f = cookie;
    struct csr csr;
    /* They must be those of the order, which the linter has seen. */
    struct csr_names names = {.general_names = &f->general_names, .may_be_internal = true};
    f->status = csr_parse(builder_view(&f->csr), &csr, &f->err);
    if (f->status == STATUS_OK)
        f->status = csr_rules_check(&csr, &names, &f->err);
    if (f->status == STATUS_OK)
        f->status = acme_names_from_san(builder_view(&f->general_names), f->names, &f->name_count, &f->err);
    if (f->status == STATUS_OK)
        f->status = check_common_name(f, &csr, &f->err);
    if (f->status != STATUS_OK)
        return;
    f->spki = csr.spki;
    subject_key_describe(csr.spki, f->key, sizeof f->key);
}

static void looked_at_csr(void *cookie)
{
    proceed(cookie);
}

static struct finalize *begin(struct acme_call *call)
{
    struct acme_orders *orders = call->acme->orders;
    struct finalize *f = orders->finalize_count < ACME_FINALIZES_MAX ? calloc(1, sizeof *f) : NULL;
    if (f == NULL)
        return NULL;
    f->acme = call->acme;
    f->call = call;
    builder_init(&f->csr, CSR_SIZE_MAX);
    builder_init(&f->general_names, CSR_RULES_NAMES_SIZE_MAX);
    orders->finalize_count++;
    return f;
}

void acme_order_finalize(struct acme_call *call)
{
    struct acme_order_record record = {0};
    const json_t *csr = json_object_get(call->payload, "csr");
    bool is_ready = open_ready(call, &record);
    acme_order_clear(&record);
    if (!is_ready)
        return;
    if (!json_is_string(csr)) {
        acme_reply_problem(call, 400, "malformed", "finalize wants {\"csr\": ...} [RFC8555 7.4]");
        return;
    }
    struct finalize *f = begin(call);
    if (f == NULL) {
        acme_order_reply_busy(call, "too many orders are being finalized");
    } else if (!text_parse_base64url(bytes_of(json_string_value(csr), json_string_length(csr)), &f->csr)) {
        acme_reply_problem(call, 400, "badCSR",
                           "csr is the request in DER as base64url without padding, of at most %d bytes; PEM is not taken",
                           CSR_SIZE_MAX);
        done_with(f);
    } else {
        call->acme->ports.pool->submit(call->acme->ports.pool->context, look_at_csr, looked_at_csr, f);
    }
}
