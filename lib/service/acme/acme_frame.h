/* acme_frame.h - what the frame's own files share: routing, authentication, nonces, keys. */
#ifndef CATHAYA_SERVICE_ACME_ACME_FRAME_H
#define CATHAYA_SERVICE_ACME_ACME_FRAME_H

#include <stdarg.h>

#include "jose/jws.h"
#include "service/acme/acme_internal.h"

/* Signatures that wait for the pool. At 5,000 a second and core more would wait for longer than a
 * second, and each holds a body. */
#define ACME_POSTS_MAX 4096
/* A stored account: key, contacts. */
#define ACME_ACCOUNT_MAX 16384
/* Of an Accept or Content-Type header: more is no media type. */
#define ACME_MEDIA_TYPE_MAX 256

/* Who may sign a request to a resource. */
enum acme_signer { ACME_BY_ACCOUNT, ACME_BY_JWK, ACME_BY_ANY };
/* What its payload may be. */
enum acme_payload { ACME_PAYLOAD_OBJECT, ACME_PAYLOAD_EMPTY, ACME_PAYLOAD_ANY };

struct acme_resource {
    const char *name;   /* for the metrics */
    const char *labels; /* the same as a label */
    bool is_get;        /* GET and HEAD, not signed; otherwise POST */
    bool is_static;     /* has nothing to do with the store: its answer is not lost with a commit */
    enum acme_signer signer;
    enum acme_payload payload;
    void (*handle)(struct acme_call *call);
};

/* ---- acme_config.c ---- */

/* acme_config_check is all but the rate limits, which acme_limits_new checks. */
MUST_USE enum status acme_config_check(const struct acme_config *config, struct error *err);

/* ---- acme_route.c ---- */

/* acme_route_find is the resource of the request's path, NULL when there is none; fills in id, tail and
 * profile of the call. */
const struct acme_resource *acme_route_find(struct acme_call *call);
/* acme_route_all is the table of resources, *count of them. */
const struct acme_resource *acme_route_all(size_t *count);
/* acme_route_number reads an ID: decimal, 1 to 2^63 - 1. */
MUST_USE bool acme_route_number(struct bytes text, acme_id *id);
/* acme_route_is_request_url: is url exactly the URL that the request came to? */
bool acme_route_is_request_url(const struct acme_call *call, const char *url);
/* acme_route_account_of reads an account's URL (a kid). */
MUST_USE bool acme_route_account_of(const struct acme *acme, const char *url, acme_id *id);

/* ---- acme_directory.c ---- */

void acme_directory_get(struct acme_call *call);
void acme_directory_nonce(struct acme_call *call);
/* acme_directory_url is that of the directory a request belongs to. */
void acme_directory_url(const struct acme *acme, const struct acme_profile *profile,
                        char out[ACME_URL_SIZE]);

/* ---- acme_post.c: who is it? ---- */

/* acme_post_begin authenticates a POST and calls the resource's function, or answers. */
void acme_post_begin(struct acme_call *call);
void acme_post_free(struct acme_post *post);
/* acme_post_kid and acme_post_url are those of the protected header; kid is NULL when there was a jwk. */
const char *acme_post_kid(const struct acme_post *post);
const char *acme_post_url(const struct acme_post *post);
/* acme_post_jwk is the key that came along, NULL when there was a kid. */
const struct jwk *acme_post_jwk(const struct acme_post *post);
/* acme_post_refuse answers for a JWS that jws_parse has refused. */
void acme_post_refuse(struct acme_call *call, enum jws_fault fault, const struct error *err);

/* ---- acme_account.c, acme_binding.c, acme_key_change.c ---- */

void acme_account_create(struct acme_call *call);
void acme_account_post(struct acme_call *call);
void acme_account_orders(struct acme_call *call);
/* acme_account_reply answers with call->account. */
void acme_account_reply(struct acme_call *call, int status);
/* acme_account_contacts checks "contact" of a payload and writes it as stored. False: the call was
 * answered. */
MUST_USE bool acme_account_contacts(struct acme_call *call, struct builder *out);
/* acme_binding_check verifies an external account binding for the call's key; NULL when the call was
 * answered. acme_binding_take marks its key as used; false when it was before: the call was answered. */
const struct acme_eab_key *acme_binding_check(struct acme_call *call, const json_t *binding);
MUST_USE bool acme_binding_take(struct acme_call *call, const struct acme_eab_key *key);
void acme_key_change_post(struct acme_call *call);

/* ---- acme_nonces.c: single use, nothing stored for those that never come back ---- */

/* 8 bytes of number, 16 of proof, as base64url; with NUL. */
#define ACME_NONCE_SIZE 33

MUST_USE enum status acme_nonces_new(struct acme_nonces **out, struct error *err);
void acme_nonces_free(struct acme_nonces *nonces);
void acme_nonces_issue(struct acme_nonces *nonces, char out[ACME_NONCE_SIZE]);
/* acme_nonces_use is true once for each that was issued, and was not too many others ago. */
MUST_USE bool acme_nonces_use(struct acme_nonces *nonces, const char *nonce);

/* ---- acme_keys.c: the keys of accounts that were here lately ---- */

struct acme_known_key {
    acme_id account; /* 0: an empty place */
    struct jws_key *key;
    uint8_t thumbprint[HASH_SIZE];
};

MUST_USE enum status acme_keys_new(struct acme_keys **out, struct error *err);
void acme_keys_free(struct acme_keys *keys);
/* acme_keys_find borrows what is known of an account, NULL when it is not there. */
const struct acme_known_key *acme_keys_find(const struct acme_keys *keys, acme_id account);
/* acme_keys_put keeps a reference of its own. */
void acme_keys_put(struct acme_keys *keys, acme_id account, struct jws_key *key,
                   const uint8_t thumbprint[HASH_SIZE]);
void acme_keys_forget(struct acme_keys *keys, acme_id account);
void acme_keys_clear(struct acme_keys *keys);

/* ---- acme_counters.c ---- */

MUST_USE enum status acme_counters_new(struct acme *acme, struct acme_counters **out,
                                       struct error *err);
void acme_counters_free(struct acme_counters *counters);
/* acme_counters_answer counts an answer; resource may be NULL. */
void acme_counters_answer(struct acme_counters *counters, const struct acme_resource *resource,
                          int status);
void acme_counters_problem(struct acme_counters *counters, const char *type);
void acme_counters_commit(struct acme_counters *counters, bool is_committed, int64_t duration_ms);
void acme_counters_open(struct acme_counters *counters, size_t open_count);

/* ---- acme_limits.c ---- */

MUST_USE enum status acme_limits_new(const struct acme_limits_config *config,
                                     struct acme_limits **out, struct error *err);
void acme_limits_free(struct acme_limits *limits);
/* acme_limits_default fills in the rates. */
void acme_limits_default(struct acme_limits_config *config);
/* acme_limits_domain writes what certificates are counted by: the registered domain, the IPv4 address,
 * the IPv6 /64. */
void acme_limits_domain(const struct acme_limits *limits, const struct acme_identifier *identifier,
                        char out[ACME_IDENTIFIER_SIZE]);

/* ---- acme_problem.c, acme_reply.c ---- */

json_t *acme_problem_make(int status, const char *type, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* acme_reply_send adds the frame's headers and gives the response to the server; the call is gone. */
void acme_reply_send(struct acme_call *call);
/* acme_reply_replace changes a response that cannot be acknowledged into serverInternal. */
void acme_reply_replace(struct acme_call *call);
/* acme_reply_refuse_method answers 405 with Allow. */
void acme_reply_refuse_method(struct acme_call *call);

#endif
