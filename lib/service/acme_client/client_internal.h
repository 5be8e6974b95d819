/* client_internal.h - what the files of the ACME client share; private to service/acme_client. */
#ifndef CATHAYA_SERVICE_ACME_CLIENT_CLIENT_INTERNAL_H
#define CATHAYA_SERVICE_ACME_CLIENT_CLIENT_INTERNAL_H

#include <jansson.h>

#include "base/builder.h"
#include "crypto/hash.h"
#include "service/acme_client/acme_client.h"

/* Nonces that are kept for the next requests: as many as there are orders at a time, more or less. The
 * newest is used first, for a server forgets them after a while. */
#define CLIENT_NONCES_MAX 256
#define CLIENT_NONCE_SIZE 129
/* A nonce may have been forgotten, a server restarted. */
#define CLIENT_NONCE_TRIES_MAX 4
/* How often a request is made again because the server is busy, restarts, or the answer was lost. */
#define CLIENT_WAITS_MAX 6
#define CLIENT_WAIT_MS 500
/* Who is told to come back later than this gives up, with STATUS_AGAIN. */
#define CLIENT_WAIT_MAX_MS 60000
/* A request with 100 names and the largest CSR is below 100 kB in base64, twice. */
#define CLIENT_BODY_MAX ((size_t)512 * 1024)
#define CLIENT_SIGNATURE_SIZE 64
#define CLIENT_THUMBPRINT_SIZE 44 /* base64url of 32 bytes, and a NUL */
/* Who waits for the account: one caller per order that begins at once. */
#define CLIENT_WAITERS_MAX 256

/* As long as the kids that we take ourselves; no CA's is longer. */
#define CLIENT_EAB_KID_SIZE 256

struct client_waiter {
    acme_client_done *done;
    void *cookie;
};

struct acme_client {
    struct acme_client_config config;
    char directory_url[ACME_CLIENT_URL_MAX], ca_file[ACME_CLIENT_URL_MAX];
    char new_nonce[ACME_CLIENT_URL_MAX], new_account[ACME_CLIENT_URL_MAX], new_order[ACME_CLIENT_URL_MAX];
    char renewal_info[ACME_CLIENT_URL_MAX]; /* "": none */
    char eab_kid[CLIENT_EAB_KID_SIZE];      /* "": none */
    bool is_account_gone;                   /* the server has said so */
    char account[ACME_CLIENT_URL_MAX], contact[ACME_CLIENT_URL_MAX];
    struct builder jwk; /* canonical JSON of the public key */
    char thumbprint[CLIENT_THUMBPRINT_SIZE];
    char nonces[CLIENT_NONCES_MAX][CLIENT_NONCE_SIZE];
    size_t nonce_count;
    struct client_waiter waiters[CLIENT_WAITERS_MAX];
    size_t waiter_count; /* 0: no start is under way */
};

/* The answer of a POST; borrowed for the call. json is NULL when the body is no JSON object. */
struct client_answer {
    const struct fetch_response *response;
    json_t *json;
    struct error *err; /* why, when the answer is not good */
};
typedef void client_post_done(void *cookie, const struct client_answer *answer);

/* client_post signs and sends a request; payload is JSON text, "" for POST-as-GET. It is made again with a new
 * nonce when the server wants that, and some time later when the server is busy (429, 503), cannot be
 * reached, or, a POST-as-GET, when its answer was lost. done is called once, later. */
void client_post(struct acme_client *client, const char *url, const char *payload, const char *accept,
                 client_post_done *done, void *cookie);

/* client_get is an unsigned GET. */
void client_get(struct acme_client *client, const char *url, client_post_done *done, void *cookie);

/* ---- client_key.c ---- */

/* client_keys fills jwk and thumbprint. */
MUST_USE enum status client_keys(struct acme_client *client, struct error *err);
MUST_USE enum status client_sign(const struct acme_client *client, struct bytes input,
                                 uint8_t out[CLIENT_SIGNATURE_SIZE], struct error *err);

/* client_write_jws appends a flattened JWS [RFC7515 7.2.2] of what was signed: header and payload, in base64url, with a dot
 * between them that is at `dot`. */
void client_write_jws(struct bytes input, size_t dot, struct bytes signature, struct builder *out);

/* ---- client_order.c, client_authorization.c ---- */

#define CLIENT_KEY_AUTHORIZATION_SIZE 256

/* One order, from its names to its chain. */
struct client_order {
    struct acme_client *client;
    struct builder csr;  /* base64url */
    char url[ACME_CLIENT_URL_MAX], finalize[ACME_CLIENT_URL_MAX], certificate[ACME_CLIENT_URL_MAX];
    json_t *identifiers;    /* what was asked for */
    json_t *authorizations; /* array of URLs */
    size_t at;              /* the one that is being worked on */
    char challenge_url[ACME_CLIENT_URL_MAX];
    char identifier[256], token[128], key_authorization[CLIENT_KEY_AUTHORIZATION_SIZE];
    uint8_t digest[HASH_SIZE]; /* SHA-256 of the key authorization */
    bool is_ip, is_provisioned, is_resumed;
    unsigned polls;
    int64_t begun_ms;
    enum status (*ordered)(void *cookie, const char *order_url, struct error *err);
    acme_client_issue_done *done;
    void *cookie;
};

/* client_order_refuse ends it, because of an answer; what: the reason, when the answer is good in itself. */
void client_order_refuse(struct client_order *order, const struct client_answer *answer, const char *what);
/* client_order_fail ends it, because of something on this side. */
void client_order_fail(struct client_order *order, enum status status, const struct error *err);
/* client_order_wait calls then later; not for ever. */
void client_order_wait(struct client_order *order, const struct client_answer *answer, void (*then)(void *cookie));
/* client_order_is_late: has it taken all the time that it may? */
bool client_order_is_late(const struct client_order *order);
/* client_order_finalize goes on when all authorizations are valid. */
void client_order_finalize(struct client_order *order);

/* client_authorization_next goes on with authorization order->at, or finalizes behind the last. */
void client_authorization_next(struct client_order *order);
/* client_authorization_clean takes away what is shown. */
void client_authorization_clean(struct client_order *order);

/* ---- client_answer.c ---- */

/* client_is_good: 200 to 299, and all of it came? */
bool client_is_good(const struct client_answer *answer);

/* client_is_problem: is it this problem ("badNonce") [RFC8555 6.7]? */
bool client_is_problem(const struct client_answer *answer, const char *type);

/* client_has_status: is it a good answer of an object with this status? */
bool client_has_status(const struct client_answer *answer, const char *status);

/* client_find_reason is what the server says about an object that has become invalid: in the object, or in a challenge of
 * it. */
const char *client_find_reason(const json_t *object, const char *otherwise);

/* client_copy_url takes a URL out of JSON or a header: false when there is none that fits. What is taken has no
 * character that would have to be escaped in JSON. */
MUST_USE bool client_copy_url(const char *url, char out[ACME_CLIENT_URL_MAX]);
/* client_is_same_origin: the same scheme, host and port, as they are written? */
bool client_is_same_origin(const char *a, const char *b);
MUST_USE bool client_copy_header(const struct fetch_response *r, const char *name,
                                 char out[ACME_CLIENT_URL_MAX]);

/* client_find_link is the target of the first Link with this relation (lower case) [RFC8288 3]; "" and false
 * without one. */
bool client_find_link(const struct fetch_response *r, const char *relation, char out[ACME_CLIENT_URL_MAX]);

/* client_retry_after_s: is there a Retry-After, in seconds or as a date beside the server's Date? */
MUST_USE bool client_retry_after_s(const struct fetch_response *r, uint64_t *seconds);

/* client_retry_ms is Retry-After as milliseconds, at most CLIENT_WAIT_MAX_MS; `otherwise` when there is none, or 0:
 * nobody is asked without a pause. */
uint64_t client_retry_ms(const struct fetch_response *r, uint64_t otherwise);

#endif
