/* acme_issuer.h - the CA behind an ACME profile: it issues what an order has been authorized for.
 * On the thread of the event loop. */
#ifndef CATHAYA_PORTS_ACME_ISSUER_H
#define CATHAYA_PORTS_ACME_ISSUER_H

#include "ports/acme_store.h"

struct acme_issue_request {
    /* Names the request for good: the same one again, after a crash too, gives the same certificate and
     * never a second one. */
    acme_id order;
    const char *profile;
    const struct acme_identifier *identifiers;
    size_t identifier_count;
    bool is_part;                /* check: of the identifiers of an order; what all of them together have to be is not asked */
    struct bytes spki;           /* whole; allowed by subject_key_check, possession proven */
    int64_t not_before_s, not_after_s; /* as asked for; 0: the profile's */
    /* Until then a new certificate may be made of what was validated, and no longer [BR 3.2.2.8, 4.2.1];
     * one that is made already is given whenever it is asked for. 0: whenever. */
    int64_t new_until_s;
};

/* Borrowed for the duration of done. */
struct acme_issued {
    uint8_t serial[ACME_SERIAL_MAX];
    size_t serial_len;
    int64_t not_before_s, not_after_s;
    struct bytes der; /* empty for an MTC */
};

/* STATUS_OK: durable, and complete by the profile's rule. STATUS_REFUSED: never (the linter says which
 * rule). STATUS_AGAIN, STATUS_IO: not now, ask again. */
typedef void acme_issue_done(void *cookie, enum status status, const struct acme_issued *issued,
                             const struct error *err);

enum acme_form { ACME_FORM_STANDALONE, ACME_FORM_LANDMARK };

/* STATUS_OK: certificate is the PEM chain as the media type asks for; when retry_after_s is not 0 it will have more properties then.
 * STATUS_AGAIN: not yet, ask again in retry_after_s. STATUS_NOT_FOUND: not any more. */
typedef void acme_read_done(void *cookie, enum status status, struct bytes pem,
                            int64_t retry_after_s, const struct error *err);
typedef void acme_revoke_done(void *cookie, enum status status, const struct error *err);

struct acme_issuer {
    void *context;
    const char *ca;         /* its name in the configuration */
    bool is_mtc;            /* has landmark-relative forms */
    struct bytes ca_key_id; /* keyIdentifier of its certificates' AKI, for ARI */
    const char *prefix_url; /* CA prefix URL of an MTC CA's log, NULL otherwise */

    /* check is the pre-issuance linter on what an order asks for: STATUS_REFUSED with the rule. */
    enum status (*check)(void *context, const struct acme_issue_request *request,
                         struct error *err);
    /* is_internal: is this (without "*.") an internal name or a reserved address, which nobody has in the
     * public Internet? NULL: none is. */
    bool (*is_internal)(void *context, const struct acme_identifier *identifier);
    /* issue copies the request and calls done exactly once, later. STATUS_LIMIT: the pool is full, try
     * again in a moment; then done is not called. */
    enum status (*issue)(void *context, const struct acme_issue_request *request,
                         acme_issue_done *done, void *cookie, struct error *err);
    /* read_certificate gives the chain of a certificate; with_properties: the media type
     * application/pem-certificate-chain-with-properties. done is called once, later. */
    void (*read_certificate)(void *context, const struct acme_certificate *certificate,
                             enum acme_form form, bool with_properties, acme_read_done *done,
                             void *cookie);
    /* revoke makes it known to relying parties; idempotent. done is called once, later. */
    void (*revoke)(void *context, const struct acme_certificate *certificate, int reason,
                   acme_revoke_done *done, void *cookie);
};

#endif
