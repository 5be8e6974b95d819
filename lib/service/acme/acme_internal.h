/* acme_internal.h - what the files of service/acme share.
 *
 * The life of a request: acme_route.c finds its resource, acme_post.c authenticates it, the resource's function
 * gets a struct acme_call and ends it by exactly one acme_reply_*, at once or later; acme_flush commits
 * and sends. Whatever must not start before a write is durable (a validation, an issuance) goes through
 * acme_after_commit.
 */
#ifndef CATHAYA_SERVICE_ACME_ACME_INTERNAL_H
#define CATHAYA_SERVICE_ACME_ACME_INTERNAL_H

#include <jansson.h>

#include "base/array.h"
#include "crypto/jws_key.h"
#include "service/acme/acme.h"

/* Base URL, path, numbers; with NUL. */
#define ACME_URL_SIZE 512
/* Before a client asks again when something of ours failed. */
#define ACME_RETRY_AFTER_FAILURE_S 30
/* A hundred years, for what is remembered as a limit that never refills: no number of ours overflows. */
#define ACME_NEVER_MS ((uint64_t)100 * 366 * 86400 * 1000)
#define ACME_PROBLEM_PREFIX "urn:ietf:params:acme:error:"

struct acme_resource;
struct acme_orders; /* what orders, authorizations and issuance keep; theirs alone */
struct acme_keys;
struct acme_nonces;
struct acme_limits;

struct acme_after {
    void (*run)(void *cookie, bool is_committed);
    void *cookie;
};

struct acme {
    const struct acme_config *config;
    struct acme_ports ports;
    struct acme_orders *orders;
    struct acme_limits *limits;
    struct acme_nonces *nonces;
    struct acme_keys *keys;
    struct acme_call *held, **held_end; /* have a response that waits for the commit */
    struct array after;                 /* of struct acme_after */
    size_t open_count, post_count;      /* without an answer; with the pool */
    bool has_failed;                    /* the store, in this turn */
    bool is_stopping;
    struct acme_counters *counters;
};

/* One request on its way. Lives until the response was sent. */
struct acme_call {
    struct acme *acme;
    struct http_exchange *x;
    const struct acme_resource *resource;
    struct acme_call *next;

    /* From the URL: */
    acme_id id;         /* of the order, authorization, certificate or account; 0: none in this URL */
    struct bytes tail;  /* what follows: challenge type, ARI certificate ID; borrows the request's path */
    const struct acme_profile *profile; /* of the directory; NULL: the default directory. Only valid
                                         * until the function returns: a reload may come. */
    char profile_name[ACME_NAME_SIZE];  /* its name, "" for the default directory; stays */

    /* Of a POST whose signature is good: */
    struct acme_account account;  /* id 0 when signed by a key that came along (jwk) */
    struct jws_key *key;          /* that signed; shared, immutable */
    uint8_t thumbprint[32];       /* of that key */
    bool is_post_as_get;          /* payload is the empty string */
    json_t *payload;              /* an object; NULL when is_post_as_get */

    struct builder memory;        /* holds the account, and is the call's to the end */
    struct acme_post *post;       /* acme_post.c's */
};

/* ---- answers ----
 *
 * Each ends the call (it may be gone when they return; the response is sent by the next acme_flush).
 * Before it, headers may be added to call->x->response by http_response_header. Replay-Nonce, Link
 * rel="index", CORS and Cache-Control are added at the end by the frame.
 */

/* acme_reply_json answers with a JSON body, whose reference it takes. */
void acme_reply_json(struct acme_call *call, int status, json_t *body);
/* acme_reply_bytes answers with a body of another type. */
void acme_reply_bytes(struct acme_call *call, int status, const char *content_type,
                      struct bytes body);
/* acme_reply_empty answers without a body. */
void acme_reply_empty(struct acme_call *call, int status);

/* acme_reply_problem answers with a problem document: type without prefix, "malformed"; detail says what
 * is wrong and what to do. */
void acme_reply_problem(struct acme_call *call, int status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* acme_reply_document answers with a problem document made by acme_problem_*, whose reference it
 * takes; the status is in it. */
void acme_reply_document(struct acme_call *call, json_t *problem);
/* acme_reply_limited answers rateLimited, 429 and Retry-After. */
void acme_reply_limited(struct acme_call *call, int64_t retry_after_ms, const struct error *err);
/* acme_reply_failure answers for a status that is no client's fault (STATUS_IO, STATUS_NO_MEMORY and so
 * on): serverInternal 503 with Retry-After; the reason goes to the events, not to the client. After
 * a failure of the store the whole turn is rolled back at the flush. */
void acme_reply_failure(struct acme_call *call, const struct error *err);

/* acme_problem_new makes a problem document; status 0 leaves it out (for subproblems and for what is
 * stored in an order or a challenge). NULL only when memory is out, which acme_reply_*
 * accept. */
json_t *acme_problem_new(int status, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* acme_identifier_json is {"type": ..., "value": ...}. */
json_t *acme_identifier_json(const struct acme_identifier *identifier);

/* ---- durable or not ---- */

/* acme_after_commit runs `run` once at the next flush, after the commit (is_committed) or after its
 * failure. Not before acme_after_commit returns. False when memory is out, then it is not run. */
MUST_USE bool acme_after_commit(struct acme *acme, void (*run)(void *cookie, bool is_committed),
                                void *cookie);
/* acme_store_failed makes the next flush roll back: for failures of the store outside of a call. */
void acme_store_failed(struct acme *acme, const struct error *err);

/* ---- small things ---- */

int64_t acme_now_s(const struct acme *acme);

/* acme_find_profile is the configured profile of that name, NULL when there is none. */
const struct acme_profile *acme_find_profile(const struct acme *acme, struct bytes name);
/* acme_find_issuer is the issuer of a CA's name, NULL when there is none. */
const struct acme_issuer *acme_find_issuer(const struct acme *acme, const char *ca);

enum acme_url {
    ACME_URL_DIRECTORY,          /* base/directory */
    ACME_URL_ACCOUNT,            /* base/account/ID */
    ACME_URL_ACCOUNT_ORDERS,     /* base/account/ID/orders */
    ACME_URL_ORDER,              /* base/order/ID */
    ACME_URL_FINALIZE,           /* base/order/ID/finalize */
    ACME_URL_AUTHZ,              /* base/authz/ID */
    ACME_URL_CHALLENGE,          /* base/challenge/ID/TYPE; ID of the authorization */
    ACME_URL_CERTIFICATE,        /* base/certificate/ID */
    ACME_URL_CERTIFICATE_LANDMARK /* base/certificate/ID/landmark */
};

/* acme_url writes a URL; type is the challenge's type, NULL for the others. */
void acme_url(const struct acme *acme, enum acme_url kind, acme_id id, const char *type,
              char out[ACME_URL_SIZE]);

/* acme_challenge_name is "http-01", ...; acme_challenge_parse is the reverse, 0 when there is none. */
const char *acme_challenge_name(enum acme_challenge challenge);
enum acme_challenge acme_challenge_parse(struct bytes name);

/* acme_event reports what happened to an object of an account: fields "account", "address" and those
 * given. call may be NULL. Never keys, tokens, bodies. */
void acme_event(struct acme *acme, enum event_level level, const char *what,
                const struct acme_call *call, const struct event_field *fields, size_t field_count);

/* ---- rate limits (acme_limits.c) ---- STATUS_LIMIT with the reason and *retry_after_ms; STATUS_IO. */

MUST_USE enum status acme_limits_take_account(struct acme *acme, const char *peer,
                                              int64_t *retry_after_ms, struct error *err);
/* acme_limits_take_order counts a new order, and looks whether its certificate would be allowed; an
 * order that ARI exempts needs no call, and with count 0 its names are not looked at. */
MUST_USE enum status acme_limits_take_order(struct acme *acme, acme_id account,
                                            const struct acme_identifier *identifiers, size_t count,
                                            int64_t *retry_after_ms, struct error *err);
/* acme_limits_take_certificate counts a certificate (at finalize); a renewal by ARI needs no call. */
MUST_USE enum status acme_limits_take_certificate(struct acme *acme, acme_id account,
                                                  const struct acme_identifier *identifiers,
                                                  size_t count, int64_t *retry_after_ms,
                                                  struct error *err);
/* acme_limits_look_validation: may the account try this identifier (newOrder, newAuthz, challenge)?
 * acme_limits_failed_validation counts a failure. */
MUST_USE enum status acme_limits_look_validation(struct acme *acme, acme_id account,
                                                 const struct acme_identifier *identifier,
                                                 int64_t *retry_after_ms, struct error *err);
MUST_USE enum status acme_limits_failed_validation(struct acme *acme, acme_id account,
                                                   const struct acme_identifier *identifier,
                                                   struct error *err);

/* ---- resources: each gets a call and ends it, now or later ----
 *
 * By the frame: directory, new-nonce, new-account, account, key-change. By the orders: */

void acme_order_create(struct acme_call *call);   /* base/new-order, base/profile/NAME/new-order */
void acme_order_post(struct acme_call *call);     /* base/order/ID, POST-as-GET */
void acme_order_finalize(struct acme_call *call); /* base/order/ID/finalize */
/* base/account/ID/orders; the frame has checked that the account is the signer's. Query "cursor=N". */
void acme_order_list(struct acme_call *call);
void acme_authz_create(struct acme_call *call);    /* base/new-authz, base/profile/NAME/new-authz */
void acme_authz_post(struct acme_call *call);      /* base/authz/ID, POST-as-GET or deactivation */
void acme_challenge_post(struct acme_call *call);  /* base/challenge/ID/TYPE: TYPE is call->tail */
void acme_certificate_post(struct acme_call *call);          /* base/certificate/ID, POST-as-GET */
void acme_certificate_post_landmark(struct acme_call *call); /* base/certificate/ID/landmark */
/* base/revoke-cert: call->account.id, or 0 and call->key (compare jws_key_spki with the certificate's). */
void acme_revoke_post(struct acme_call *call);
/* base/renewal-info/CERTID: GET, not signed; no account, no payload; CERTID is call->tail. */
void acme_renewal_get(struct acme_call *call);

/* acme_orders_new is called by acme_new when all else of *acme is there; it sets acme->orders. start:
 * acme_start; stop: acme_stop; free: acme_free. They keep nothing of the store in memory: after a rollback
 * there is nothing to drop. */
MUST_USE enum status acme_orders_new(struct acme *acme, struct error *err);
MUST_USE enum status acme_orders_start(struct acme *acme, struct error *err);
void acme_orders_stop(struct acme *acme);
void acme_orders_free(struct acme *acme);

#endif
