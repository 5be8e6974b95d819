/* acme_orders.h - what the files share that lead from an order to its certificate.
 *
 * Everything that is asked of somebody outside (a validation, an issuance) is a flight: one for each
 * authorization or order, in memory only. The store says what is to be done; a flight that is lost
 * with the process is made again from it.
 */
#ifndef CATHAYA_SERVICE_ACME_ACME_ORDERS_H
#define CATHAYA_SERVICE_ACME_ACME_ORDERS_H

#include "service/acme/acme_flight.h"
#include "service/acme/acme_internal.h"

/* The largest record: an order of 100 identifiers, its problem document with 100 subproblems, a key of
 * ML-DSA-87; a certificate with as many names and its DER. */
#define ACME_RECORD_MAX ((size_t)1 << 20)
/* Requests to finalize that are looked at at once: each holds a CSR of at most 64 kB and a call. */
#define ACME_FINALIZES_MAX 1024
/* Validations and issuances under way. Behind them are sockets and lookups, and the pool of the CA; a
 * restart may find more issuances than this, and resumes them all. */
#define ACME_VALIDATIONS_MAX 4096
#define ACME_ISSUANCES_MAX 65536
/* Polling sooner gains nothing: a checkpoint takes about a second. */
#define ACME_RETRY_AFTER_PROCESSING_S 1
#define ACME_RETRY_AFTER_PENDING_S 3
/* An authorization that is good for no longer than this serves the orders that wait for it, and no new
 * one; and one that ends sooner is not given to a new order. */
#define ACME_AUTHZ_GRACE_S 3600
/* A certificate is issued within the 8 hours in which its CAA records may be relied on [BR 3.2.2.8]. */
#define ACME_CAA_MAX_S (8 * 3600)

struct acme_orders {
    struct acme *acme;
    struct acme_flights validations; /* by authorization */
    struct acme_flights issuances;   /* by order */
    size_t finalize_count;
    uint64_t expire_timer;
    struct {
        struct metric *valid, *refused;             /* orders */
        struct metric *authorized, *unauthorized;   /* authorizations */
        struct metric *issue_seconds;               /* from "processing" to "valid" */
        struct metric *processing, *validating;     /* now */
    } metrics;
    struct acme_sweep *sweep; /* the mass revocation that is under way, NULL: none */
    /* CAs whose pool was full a moment ago: until then finalize answers 503. */
    struct {
        char ca[ACME_NAME_SIZE];
        int64_t until_ms;
    } full[ACME_PROFILES_MAX];
};

/* ---- records with their memory ---- clear is fine for a zero record. */

struct acme_order_record {
    struct acme_order order;
    struct builder memory;
};
struct acme_authz_record {
    struct acme_authz authz;
    struct builder memory;
};
struct acme_certificate_record {
    struct acme_certificate certificate;
    struct builder memory;
};

MUST_USE enum status acme_order_read(struct acme *acme, acme_id id, struct acme_order_record *out,
                                     struct error *err);
void acme_order_clear(struct acme_order_record *record);
MUST_USE enum status acme_authz_read(struct acme *acme, acme_id id, struct acme_authz_record *out,
                                     struct error *err);
void acme_authz_clear(struct acme_authz_record *record);
MUST_USE enum status acme_certificate_read(struct acme *acme, acme_id id,
                                           struct acme_certificate_record *out, struct error *err);
void acme_certificate_clear(struct acme_certificate_record *record);

/* The same for call->id, which must be the caller's own; false: the call was answered. The record is
 * cleared by the caller in both cases. */
MUST_USE bool acme_order_open(struct acme_call *call, struct acme_order_record *out);
MUST_USE bool acme_authz_open(struct acme_call *call, struct acme_authz_record *out);
MUST_USE bool acme_certificate_open(struct acme_call *call, struct acme_certificate_record *out);

/* acme_order_reply_outside answers for a failure of the CA: what this turn has written is good. */
void acme_order_reply_outside(struct acme_call *call, const struct error *err);
/* acme_order_reply_busy answers 503 with Retry-After: a limit of ours is reached. */
void acme_order_reply_busy(struct acme_call *call, const char *what);

/* ---- what profiles an order may become (acme_choice.c) ---- */

struct acme_choice {
    const struct acme_profile *profiles[2]; /* borrowed until the next reload */
    size_t count;                           /* 2: the key decides */
};

/* acme_choice_of is the profile of that name, or with "" the directory's, or the default ones.
 * STATUS_REFUSED when there is none of that name, or the directory is of another one. */
MUST_USE enum status acme_choice_of(const struct acme *acme, const struct acme_profile *directory,
                                    const char *name, struct acme_choice *out, struct error *err);
/* acme_choice_check asks whether the candidates can be issued for these identifiers; those that cannot
 * are taken out. When none is left: STATUS_CONFLICT when the profile has no such kind of identifier,
 * STATUS_REFUSED when the linter says no. is_part: they are some of an order's. */
MUST_USE enum status acme_choice_check(struct acme_choice *choice,
                                       const struct acme_identifier *identifiers, size_t count, bool is_part,
                                       int64_t not_before_s, int64_t not_after_s,
                                       struct error *err);
/* acme_choice_check_dates does so for the dates asked for (0: not): STATUS_CONFLICT. */
MUST_USE enum status acme_choice_check_dates(struct acme_choice *choice, int64_t now_s,
                                             int64_t not_before_s, int64_t not_after_s,
                                             struct error *err);
/* acme_choice_challenges is what all candidates offer. */
unsigned acme_choice_challenges(const struct acme_choice *choice);
/* acme_choice_is_internal: is this name (maybe with "*.") validated by the rules of intranets? Only an
 * internal one in an intranet profile is; public ones beside it are validated as ever [root program IN-04]. */
bool acme_choice_is_internal(const struct acme_profile *profile, const struct acme_identifier *name);
/* acme_choice_by_key is the candidate for a key that subject_key_describe names so. */
const struct acme_profile *acme_choice_by_key(const struct acme_choice *choice, const char *key);
/* acme_choice_allows_key: may the profile have such a key? */
bool acme_choice_allows_key(const struct certificate_profile *profile, const char *key);

/* ---- JSON (acme_view.c) ---- NULL when memory is out. */

json_t *acme_view_order(const struct acme *acme, const struct acme_order *order);
json_t *acme_view_authz(const struct acme *acme, const struct acme_authz *authz);
json_t *acme_view_challenge(const struct acme *acme, const struct acme_authz *authz,
                            enum acme_challenge challenge);
/* acme_view_order_status is what a client is shown: pending and ready orders end when they expire. */
enum acme_order_status acme_view_order_status(const struct acme_order *order, int64_t now_s);
bool acme_view_authz_is_valid(const struct acme_authz *authz, int64_t now_s);
bool acme_view_authz_is_pending(const struct acme_authz *authz, int64_t now_s);
/* acme_view_token is a challenge's token, base64url with NUL: SHA-256 of the authorization's token and
 * the type. False when the library underneath fails. */
#define ACME_TOKEN_TEXT_SIZE 44
MUST_USE bool acme_view_token(const struct acme_authz *authz, enum acme_challenge challenge,
                              char out[ACME_TOKEN_TEXT_SIZE]);
/* acme_view_problem_text appends a problem document as JSON text, and takes its reference. */
MUST_USE enum status acme_view_problem_text(json_t *problem, struct builder *out, struct error *err);
/* acme_view_add_subproblem appends a subproblem about an identifier (any JSON); takes both. */
void acme_view_add_subproblem(json_t *problem, json_t *subproblem, json_t *identifier);

/* acme_order_reply answers with the order's JSON, Retry-After when processing. */
void acme_order_reply(struct acme_call *call, int status, const struct acme_order *order);
void acme_authz_reply(struct acme_call *call, int status, const struct acme_authz *authz);

/* ---- renewal information (acme_renewal.c) ---- */

/* acme_renewal_find is the certificate of an ARI certificate ID [RFC9773 4.1]: STATUS_MALFORMED or
 * STATUS_NOT_FOUND. The record is cleared by the caller in any case. */
MUST_USE enum status acme_renewal_find(struct acme *acme, struct bytes certificate_id,
                                       struct acme_certificate_record *out, struct error *err);
/* acme_renewal_is_due: is it time to renew, by the window or because the CA has revoked it? Then rate
 * limits do not count. Somebody who revokes a certificate of his own is not exempt: he could go on so for ever. */
bool acme_renewal_is_due(const struct acme_certificate *c, int64_t now_s);

/* ---- revocation (acme_revoke.c, acme_sweep.c) ---- */

/* acme_revoke_note writes into the store what the CA has made known; STATUS_CONFLICT when it stood there
 * already. */
MUST_USE enum status acme_revoke_note(struct acme *acme, acme_id certificate, int reason, bool is_by_ca,
                                      struct error *err);
/* acme_revoke_is_compromised: was a certificate with this key revoked for keyCompromise, ever [BR 6.1.1.3]? */
MUST_USE enum status acme_revoke_is_compromised(struct acme *acme, struct bytes spki, bool *is_compromised,
                                                struct error *err);
/* acme_sweep_stop ends the mass revocation when it is between two pages; else it ends by itself. */
void acme_sweep_stop(struct acme *acme);

/* ---- authorizations (acme_authz.c, acme_challenge.c) ---- */

struct acme_authz_wish {
    acme_id account;
    const struct acme_identifier *name; /* as in the order: maybe with "*." */
    unsigned challenges;                /* what the profiles offer */
    bool is_intranet;
    int64_t now_s;
};

/* acme_authz_find is an authorization that may be used again: STATUS_NOT_FOUND when there is none. */
MUST_USE enum status acme_authz_find(struct acme *acme, const struct acme_authz_wish *wish,
                                     struct acme_authz_record *out, struct error *err);
/* acme_authz_reuse_s is how old a validation may be now that is relied on: the configuration's time, and for
 * public names never longer than the BR have it on this day. */
int64_t acme_authz_reuse_s(const struct acme *acme, bool is_intranet, int64_t now_s);
/* acme_authz_make puts a new one into the store; *out borrows nothing. */
MUST_USE enum status acme_authz_make(struct acme *acme, const struct acme_authz_wish *wish,
                                     struct acme_authz *out, struct error *err);
/* acme_authz_settle_orders brings the pending orders that wait for an authorization up to date: ready
 * when all of theirs are valid, invalid with the problem (JSON text, about the identifier) when this one
 * can never be. */
MUST_USE enum status acme_authz_settle_orders(struct acme *acme, const struct acme_authz *authz,
                                              struct error *err);
/* acme_challenge_resume starts the validation of a processing authorization that a former process left;
 * nothing when it is under way. */
void acme_challenge_resume(struct acme *acme, const struct acme_authz *authz);

/* ---- issuance (acme_issuance.c) ---- */

/* acme_issuance_is_full: was an order turned away by the pool of this CA a moment ago? */
bool acme_issuance_is_full(const struct acme *acme, const char *ca);
/* acme_issuance_start has the certificate of an order issued that is processing, as soon as that is
 * committed; waiter, which may be NULL, is answered when it is there or after finalize_wait_ms. False,
 * and nothing done, when memory is out. */
MUST_USE bool acme_issuance_start(struct acme *acme, const struct acme_order *order, const char *ca,
                                  struct acme_call *waiter);
/* acme_issuance_resume starts all that are processing. */
MUST_USE enum status acme_issuance_resume(struct acme *acme, struct error *err);
/* acme_issuance_free forgets a flight that is not under way. */
void acme_issuance_free(struct acme *acme, struct acme_flight *flight);
void acme_challenge_free(struct acme *acme, struct acme_flight *flight);

#endif
