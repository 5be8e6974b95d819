/* Key rollover [RFC8555 7.3.5]: the old key signs that the new one has signed. */
#include <stdlib.h>
#include <string.h>

#include "service/acme/acme_frame.h"

struct change {
    struct acme_call *call;
    struct jws inner;
    struct jws_key *key;
    uint8_t thumbprint[HASH_SIZE];
    bool is_key_bad;
    enum status status; /* the pool's */
    struct error err;
};

static void end(struct change *change)
{
    jws_clear(&change->inner);
    jws_key_free(change->key);
    free(change);
}

static void verify(void *cookie)
{
    struct change *c = cookie;
    c->status = jwk_key(&c->inner.jwk, &c->key, &c->err);
    c->is_key_bad = c->status == STATUS_REFUSED || c->status == STATUS_MALFORMED;
    if (c->status == STATUS_OK)
        c->status = jwk_thumbprint(&c->inner.jwk, c->thumbprint, &c->err);
    if (c->status == STATUS_OK)
        c->status = jws_key_verify(c->key, c->inner.signing_input,
                                   bytes_of(c->inner.signature, c->inner.signature_len), &c->err);
}

static bool reply_malformed(struct acme_call *call, const char *what)
{
    acme_reply_problem(call, 400, "malformed", "%s", what);
    return false;
}

/* {"account": URL, "oldKey": JWK} */
static bool check_payload(struct acme_call *call, const struct jws *inner)
{
    json_t *payload =
        json_loadb((const char *)inner->payload.data, inner->payload.len, JSON_REJECT_DUPLICATES, NULL);
    const char *account = json_string_value(json_object_get(payload, "account"));
    struct jwk old;
    uint8_t thumbprint[HASH_SIZE];
    bool has_account = account != NULL && strcmp(account, acme_post_kid(call->post)) == 0;
    bool has_key = jwk_parse(json_object_get(payload, "oldKey"), &old, NULL) == STATUS_OK &&
                   jwk_thumbprint(&old, thumbprint, NULL) == STATUS_OK &&
                   memcmp(thumbprint, call->thumbprint, sizeof thumbprint) == 0;
    json_decref(payload);
    if (!has_account)
        return reply_malformed(call, "\"account\" of the inner JWS is not the \"kid\" of the outer one");
    return has_key || reply_malformed(call, "\"oldKey\" of the inner JWS is not the account's key");
}

static void reply_conflict(struct acme_call *call, acme_id account)
{
    char url[ACME_URL_SIZE];
    acme_url(call->acme, ACME_URL_ACCOUNT, account, NULL, url);
    http_response_header(&call->x->response, "Location", url);
    acme_reply_problem(call, 409, "malformed", "the new key belongs to an account already");
}

/* The account may have changed while the pool was busy. */
static bool is_still_the_same(struct acme_call *call, struct error *err, enum status *status)
{
    const struct acme_store *store = call->acme->ports.store;
    *status = store->get_account(store->context, call->account.id, &call->memory, &call->account, err);
    return *status == STATUS_OK && call->account.status == ACME_ACCOUNT_VALID &&
           memcmp(call->account.thumbprint, call->thumbprint, sizeof call->thumbprint) == 0;
}

static void change_key(struct change *c)
{
    struct acme_call *call = c->call;
    struct acme *acme = call->acme;
    const struct acme_store *store = acme->ports.store;
    struct error err;
    struct acme_account other;
    struct builder memory, jwk;
    builder_init(&memory, ACME_ACCOUNT_MAX);
    enum status s = store->find_account(store->context, c->thumbprint, &memory, &other, &err);
    builder_clear(&memory);
    if (s == STATUS_OK) {
        reply_conflict(call, other.id);
        return;
    }
    if (s != STATUS_NOT_FOUND) {
        acme_reply_failure(call, &err);
        return;
    }
    if (!is_still_the_same(call, &err, &s)) {
        if (s != STATUS_OK)
            acme_reply_failure(call, &err);
        else
            acme_reply_problem(call, 403, "unauthorized", "the account has changed meanwhile");
        return;
    }
    builder_init(&jwk, JWK_TEXT_MAX);
    jwk_write(&c->inner.jwk, &jwk);
    memcpy(call->account.thumbprint, c->thumbprint, sizeof c->thumbprint);
    call->account.jwk = builder_view(&jwk);
    s = builder_status(&jwk, "JWK", &err);
    if (s == STATUS_OK)
        s = store->put_account(store->context, &call->account, &err);
    if (s != STATUS_OK) {
        acme_reply_failure(call, &err);
    } else {
        acme_keys_put(acme->keys, call->account.id, c->key, c->thumbprint);
        acme_event(acme, EVENT_INFO, "acme-account-key-changed", call, NULL, 0);
        acme_account_reply(call, 200);
    }
    builder_clear(&jwk);
}

static void verified(void *cookie)
{
    struct change *c = cookie;
    c->call->acme->post_count--;
    if (c->status == STATUS_OK)
        change_key(c);
    else if (c->is_key_bad)
        acme_reply_problem(c->call, 400, "badPublicKey", "inner JWS: %s", c->err.text);
    else if (c->status == STATUS_REFUSED)
        acme_reply_problem(c->call, 400, "malformed", "inner JWS: %s", c->err.text);
    else
        acme_reply_failure(c->call, &c->err);
    end(c);
}

void acme_key_change_post(struct acme_call *call)
{
    struct error err;
    enum jws_fault fault;
    struct change *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)error_set(&err, STATUS_NO_MEMORY, "out of memory");
        acme_reply_failure(call, &err);
        return;
    }
    c->call = call;
    bool is_good = jws_parse_value(JWS_KEY_CHANGE, call->payload, &c->inner, &fault, &err) == STATUS_OK;
    if (!is_good)
        acme_post_refuse(call, fault, &err);
    else if (strcmp(c->inner.url, acme_post_url(call->post)) != 0)
        is_good = reply_malformed(call, "\"url\" of the inner JWS is not that of the outer one");
    else
        is_good = check_payload(call, &c->inner);
    if (!is_good) {
        end(c);
        return;
    }
    call->acme->post_count++;
    call->acme->ports.pool->submit(call->acme->ports.pool->context, verify, verified, c);
}
