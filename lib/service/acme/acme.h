/* acme.h - an ACME server [RFC8555]: accounts, orders, authorizations, certificates, revocation, renewal
 * information [RFC9773], profiles [draft-ietf-acme-profiles].
 *
 * Trust: every request is somebody else's; who signed it is known once its JWS verified. What is
 * acknowledged is durable: responses wait for acme_flush. One thread, that of the event loop;
 * signatures are verified by the work port.
 */
#ifndef CATHAYA_SERVICE_ACME_ACME_H
#define CATHAYA_SERVICE_ACME_ACME_H

#include "metrics/metrics.h"
#include "ports/acme_issuer.h"
#include "ports/acme_store.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/http.h"
#include "ports/timer.h"
#include "ports/validator.h"
#include "ports/work.h"
#include "rules/certificate_profile.h"

/* A request's body: a CSR of 100 names with an ML-DSA-87 key is 12 kB, in a JWS 16 kB; a certificate
 * to be revoked is no longer. */
#define ACME_BODY_MAX 65536
/* Profiles of one server: GM and international, MTC and directly signed, public and intranet make 8. */
#define ACME_PROFILES_MAX 32
/* Of a base URL: room for the path and the ID in 512 bytes. */
#define ACME_BASE_URL_MAX 256

struct acme;
struct lint_policy;

/* One profile and the CA that issues for it. Several profiles may share an issuer. */
struct acme_profile {
    const struct certificate_profile *profile;
    const struct acme_issuer *issuer;
    unsigned challenges; /* bits of enum acme_challenge that are offered */
};

/* A key that somebody got outside of ACME to open accounts with [RFC8555 7.3.4]. */
struct acme_eab_key {
    const char *kid;
    struct bytes key; /* secret, 32 bytes or more */
    bool is_reusable; /* else it opens one account; the same account may present it again */
};

/* `count` events per `period_s`, refilled evenly. count 0: no limit. */
struct acme_rate {
    uint64_t count;
    int64_t period_s;
};

enum acme_limit {
    ACME_LIMIT_ACCOUNTS,          /* new accounts per address */
    ACME_LIMIT_ACCOUNTS_RANGE,    /* new accounts per IPv6 /48 */
    ACME_LIMIT_ORDERS,            /* new orders per account */
    ACME_LIMIT_DOMAIN,            /* certificates per registered domain, IPv4 address or IPv6 /64 */
    ACME_LIMIT_SET,               /* certificates per exact set of names */
    ACME_LIMIT_FAILED_VALIDATION, /* failed validations per account and identifier */
    ACME_LIMITS
};

/* Instead of the general rate: for a registered domain, an address or range as text, as the limit
 * counts by them; for ACME_LIMIT_SET a registered domain of all of its names, for
 * ACME_LIMIT_FAILED_VALIDATION an identifier; or for whatever an account asks for, by its ID in decimal
 * (not for new accounts). The first that fits. What was counted stays when a rate changes. */
struct acme_limit_override {
    enum acme_limit limit;
    const char *subject;
    struct acme_rate rate;
};

struct acme_limits_config {
    struct acme_rate rates[ACME_LIMITS]; /* acme_limits_default fills them */
    const struct acme_limit_override *overrides;
    size_t override_count;
    const char *public_suffix_file; /* NULL: the one built into libpsl */
};

/* Borrowed, with all it points to, until acme_free or the next acme_reload. */
struct acme_config {
    const char *base_url; /* "https://acme.example.com/acme": no '/' at its end */
    const char *terms_url;   /* NULL: none; otherwise accounts must agree */
    const char *website_url; /* NULL: none */
    const char *const *caa_identities;
    size_t caa_identity_count;
    bool is_eab_required;
    const struct acme_eab_key *eab_keys;
    size_t eab_key_count;
    const struct acme_profile *profiles;
    size_t profile_count;
    /* What an order gets that names none: decided at finalize, by the key of its request. */
    const char *default_profile;     /* for any key but SM2 */
    const char *default_profile_sm2; /* NULL: the same */
    const struct lint_policy *policy; /* says how old validations may be */

    int64_t order_lifetime_s;         /* pending and ready orders */
    int64_t authz_pending_lifetime_s;
    int64_t authz_reuse_s;            /* how long a valid authorization is good for new orders */
    int64_t intranet_authz_reuse_s;
    int64_t caa_recheck_s;            /* [BR 3.2.2.8] 8 h; LE 7 h */
    int64_t keep_certificates_s;      /* in the store after their end */
    /* How long finalize may hold its answer for the batch; 0: answers "processing" at once. */
    int64_t finalize_wait_ms;
    /* How long a challenge may hold its answer for the result of the validation. */
    int64_t challenge_wait_ms;
    struct acme_limits_config limits;
};

/* All borrowed until acme_free. */
struct acme_ports {
    const struct acme_store *store;
    const struct validator_port *validator;
    const struct timer_port *timer;
    const struct work_port *pool;
    const struct clock_port *clock;
    const struct events_port *events;
    struct metrics *metrics; /* NULL: not counted */
};

/* acme_config_default fills in times and rates; URL, profiles and keys are the caller's. */
void acme_config_default(struct acme_config *config);

/* acme_new checks the configuration (STATUS_USAGE with the reason). acme_free follows when no exchange
 * and no call of a port is under way. */
MUST_USE enum status acme_new(const struct acme_config *config, const struct acme_ports *ports,
                              struct acme **out, struct error *err);
void acme_free(struct acme *acme);

/* acme_start resumes what a former process has left: orders that are processing, and the timer of what
 * expires. Call it once, in the event loop's thread, before requests come. */
MUST_USE enum status acme_start(struct acme *acme, struct error *err);

/* acme_stop cancels timers and starts nothing new; requests are answered 503 from now on. */
void acme_stop(struct acme *acme);

/* acme_reload_check: would acme_reload take it, if there is memory? For what has to be changed together with it. */
MUST_USE enum status acme_reload_check(const struct acme *acme, const struct acme_config *config, struct error *err);

/* acme_reload changes to another configuration; when it is no good the old one stays. base_url must be
 * the same. */
MUST_USE enum status acme_reload(struct acme *acme, const struct acme_config *config,
                                 struct error *err);

/* acme_handle takes a request (struct http_handler's handle; context is the struct acme). The response
 * is sent by a later acme_flush. */
void acme_handle(void *context, struct http_exchange *x);

/* acme_flush commits what was written and sends the responses that were held for it. Call it at the
 * end of every turn of the event loop. */
void acme_flush(struct acme *acme);

/* acme_open_count is the number of requests without an answer; 0 before acme_free. */
size_t acme_open_count(const struct acme *acme);

#endif
