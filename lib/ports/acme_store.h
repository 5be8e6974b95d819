/* acme_store.h - what an ACME server remembers [RFC8555 7.1]: accounts, orders, authorizations,
 * certificates, rate limits.
 *
 * Trust: whoever can write here can have certificates for anybody's names. Durable at commit.
 *
 * One caller, one thread. Writes open a transaction; commit makes all of it durable at once, and
 * nothing is acknowledged before that. Reads see what was written. IDs are numbers from 1, given by
 * put_* when the record's id is 0. Records that are read borrow from `memory`, which is the caller's,
 * is reset first, and must live as long as they are used. STATUS_NOT_FOUND when there is none;
 * STATUS_IO when the store fails, and then the caller rolls back and acknowledges nothing.
 */
#ifndef CATHAYA_PORTS_ACME_STORE_H
#define CATHAYA_PORTS_ACME_STORE_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

typedef uint64_t acme_id; /* 0: none. At most 2^63 - 1. */

#define ACME_NAME_SIZE 64      /* profile, CA, EAB key: with NUL */
#define ACME_IDENTIFIER_SIZE 256 /* A DNS name in A-labels or a numeric address, with NUL */
#define ACME_SERIAL_MAX 20
#define ACME_TOKEN_SIZE 32
/* Names of one order. */
#define ACME_IDENTIFIERS_MAX 100

enum acme_account_status { ACME_ACCOUNT_VALID = 1, ACME_ACCOUNT_DEACTIVATED, ACME_ACCOUNT_REVOKED };

struct acme_account {
    acme_id id;
    enum acme_account_status status;
    uint8_t thumbprint[32]; /* RFC 7638, SHA-256; unique */
    struct bytes jwk;       /* the public key as JSON: required members, in the thumbprint's order */
    struct bytes contacts;  /* JSON array of URLs */
    bool has_agreed;        /* to the terms of service */
    struct bytes eab_kid;   /* external account binding, empty when there is none */
    int64_t created_s;
    struct bytes created_from; /* numeric address */
};

enum acme_identifier_type { ACME_DNS = 1, ACME_IP };

struct acme_identifier {
    enum acme_identifier_type type;
    char value[ACME_IDENTIFIER_SIZE]; /* lower case; "*.example.com" in orders, without "*." in authorizations */
};

enum acme_order_status {
    ACME_ORDER_PENDING = 1, ACME_ORDER_READY, ACME_ORDER_PROCESSING, ACME_ORDER_VALID, ACME_ORDER_INVALID
};

struct acme_order {
    acme_id id, account;
    enum acme_order_status status;
    int64_t created_s, expires_s;
    int64_t not_before_s, not_after_s; /* as asked for; 0: not */
    char profile[ACME_NAME_SIZE];
    size_t identifier_count;
    const struct acme_identifier *identifiers; /* in the order of the request */
    const acme_id *authorizations;             /* one for each identifier */
    struct bytes spki;     /* whole SubjectPublicKeyInfo of the CSR; kept from finalize to valid */
    struct bytes problem;  /* JSON problem document when invalid */
    struct bytes replaces; /* ARI certificate ID [RFC9773 5], empty when there is none */
    acme_id certificate;   /* when valid */
};

enum acme_authz_status {
    ACME_AUTHZ_PENDING = 1, ACME_AUTHZ_VALID, ACME_AUTHZ_INVALID, ACME_AUTHZ_DEACTIVATED, ACME_AUTHZ_REVOKED
};

/* The bits of challenge types that an authorization offers, and the one that was tried. */
enum acme_challenge {
    ACME_HTTP_01 = 1, ACME_DNS_01 = 2, ACME_TLS_ALPN_01 = 4, ACME_DNS_ACCOUNT_01 = 8, ACME_DNS_PERSIST_01 = 16
};

/* "expired" is not stored: it is what a valid or pending one is after expires_s. */
struct acme_authz {
    acme_id id, account;
    struct acme_identifier identifier;
    bool is_wildcard;
    enum acme_authz_status status;
    int64_t created_s, expires_s;
    uint8_t token[ACME_TOKEN_SIZE];  /* the challenges' tokens are derived from it */
    unsigned offered;                /* bits of enum acme_challenge */
    enum acme_challenge tried;       /* 0: none yet */
    bool is_processing;              /* the tried one is being validated */
    int64_t validated_s, caa_checked_s;
    bool is_intranet;                /* validated under the rules of an intranet profile: good for such only */
    struct bytes problem;            /* JSON problem document of the tried challenge */
};

struct acme_certificate {
    acme_id id, order, account;
    char ca[ACME_NAME_SIZE]; /* the issuing CA's name in the configuration */
    char profile[ACME_NAME_SIZE];
    uint8_t serial[ACME_SERIAL_MAX]; /* contents of the INTEGER */
    size_t serial_len;
    uint8_t spki_hash[32]; /* SHA-256 of the SubjectPublicKeyInfo, to know a key again */
    int64_t not_before_s, not_after_s;
    struct bytes der;   /* of a directly signed certificate; empty for an MTC, which its log holds */
    struct bytes names; /* identifiers, one a line, for queries */
    int64_t revoked_s;  /* 0: not */
    int reason;         /* CRLReason */
    bool is_revoked_by_ca; /* by the operator, not at the wish of its holder */
    acme_id replaced_by; /* the order that names it in `replaces` */
};

/* Which certificates: those that meet every condition that is set. */
struct acme_certificate_query {
    acme_id account;
    const char *ca;          /* NULL: any; here and below */
    const char *profile;
    const char *name;        /* one of its identifiers, or "*.NAME"'s; a leading '.' means anything below */
    const uint8_t *spki_hash;
    const struct bytes *serials; /* any of these */
    size_t serial_count;
    int64_t not_after_from_s;   /* notAfter >= it; 0: any */
    int64_t issued_from_s, issued_to_s; /* notBefore in [from, to); 0: any */
    bool is_unrevoked_only, is_revoked_only;
    acme_id after;           /* id > it: to go on */
};

struct acme_store {
    void *context;

    enum status (*put_account)(void *context, struct acme_account *account, struct error *err);
    enum status (*get_account)(void *context, acme_id id, struct builder *memory,
                               struct acme_account *out, struct error *err);
    enum status (*find_account)(void *context, const uint8_t thumbprint[32], struct builder *memory,
                                struct acme_account *out, struct error *err);

    enum status (*put_order)(void *context, struct acme_order *order, struct error *err);
    enum status (*get_order)(void *context, acme_id id, struct builder *memory,
                             struct acme_order *out, struct error *err);
    /* list_orders gives IDs of an account's orders that are not invalid or expired, ascending, > after. */
    enum status (*list_orders)(void *context, acme_id account, int64_t now_s, acme_id after,
                               acme_id *out, size_t max, size_t *count, struct error *err);
    /* list_processing gives IDs of all orders that are processing, ascending, > after. */
    enum status (*list_processing)(void *context, acme_id after, acme_id *out, size_t max,
                                   size_t *count, struct error *err);
    /* list_authz_orders gives the pending orders that wait for an authorization. */
    enum status (*list_authz_orders)(void *context, acme_id authz, acme_id after, acme_id *out,
                                     size_t max, size_t *count, struct error *err);

    enum status (*put_authz)(void *context, struct acme_authz *authz, struct error *err);
    enum status (*get_authz)(void *context, acme_id id, struct builder *memory,
                             struct acme_authz *out, struct error *err);
    /* find_authz is the newest valid (or, if there is none and may_be_pending, pending) authorization of
     * the account for exactly this identifier, that expires after expires_after_s. */
    enum status (*find_authz)(void *context, acme_id account,
                              const struct acme_identifier *identifier, bool is_wildcard,
                              bool is_intranet, bool may_be_pending, int64_t expires_after_s,
                              struct builder *memory, struct acme_authz *out, struct error *err);

    enum status (*put_certificate)(void *context, struct acme_certificate *c, struct error *err);
    enum status (*get_certificate)(void *context, acme_id id, struct builder *memory,
                                   struct acme_certificate *out, struct error *err);
    enum status (*find_certificate)(void *context, const char *ca, struct bytes serial,
                                    struct builder *memory, struct acme_certificate *out,
                                    struct error *err);
    /* list_certificates gives IDs, ascending. */
    enum status (*list_certificates)(void *context, const struct acme_certificate_query *query,
                                     acme_id *out, size_t max, size_t *count, struct error *err);

    /* take_token counts one event against a limit of `burst` events that refills at one per interval_ms
     * (the generic cell rate algorithm): STATUS_LIMIT, and *retry_after_ms, when it is exhausted; then
     * nothing is counted. With is_look nothing is counted in any case. */
    enum status (*take_token)(void *context, const char *key, uint64_t burst, uint64_t interval_ms,
                              int64_t now_ms, bool is_look, int64_t *retry_after_ms,
                              struct error *err);

    /* expire removes at most max records that nobody can ask for any more: orders that expired more
     * than 7 days ago without a certificate, authorizations that no order needs, certificates that ended
     * more than keep_s ago, limits that are full again. */
    enum status (*expire)(void *context, int64_t now_s, int64_t keep_s, size_t max, size_t *removed,
                          struct error *err);

    bool (*has_uncommitted)(void *context);
    enum status (*commit)(void *context, struct error *err);
    void (*rollback)(void *context);
};

#endif
