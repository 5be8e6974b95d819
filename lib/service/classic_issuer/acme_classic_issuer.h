/* acme_classic_issuer.h - an issuing CA of directly signed certificates behind ACME profiles.
 *
 * Everything that touches the CA's store runs on its serial worker. What was signed for an order is
 * durable before anybody hears of it, and is found again by the order:
 *   signed/<instance>/<order>  the certificate
 *   revoked/<serial>           revocation time, reason, notAfter, for the CRL
 */
#ifndef CATHAYA_SERVICE_CLASSIC_ISSUER_ACME_CLASSIC_ISSUER_H
#define CATHAYA_SERVICE_CLASSIC_ISSUER_ACME_CLASSIC_ISSUER_H

#include "ports/clock.h"
#include "ports/work.h"
#include "service/classic_issuer/classic_issuer.h"

/* Orders that wait for their signature. */
#define CLASSIC_PENDING_MAX 4096
/* Of one CA. */
#define CLASSIC_PROFILES_MAX 8
/* Order numbers mean something within one ACME server's database only. */
#define CLASSIC_INSTANCE_SIZE 16

/* Borrowed for the life of the issuer. */
struct classic_issuer_config {
    const char *ca; /* its name in the configuration */
    struct bytes certificate;     /* DER of the issuing CA */
    struct document_signer signer;
    struct bytes chain;           /* PEM that follows the leaf: the issuing CA, not the root */
    const struct certificate_profile *const *profiles; /* those of this CA */
    size_t profile_count;
    const char *issuer_url, *ocsp_url, *crl_url; /* as in struct classic_leaf_request */
    uint8_t instance[CLASSIC_INSTANCE_SIZE]; /* of the ACME server whose orders these are */
    int64_t not_after_s;          /* of the issuing CA: no leaf outlives it */
    struct object_store store;    /* used by the worker alone */
    struct work_port worker;      /* serial */
    struct clock_port clock;
    struct lint_subject lint;     /* the callbacks are used */
    /* revoked: there is something new to publish; on the loop. May be NULL. */
    void (*revoked)(void *context);
    void *revoked_context;
};

struct classic_issuer;

MUST_USE enum status classic_issuer_new(const struct classic_issuer_config *config,
                                        struct classic_issuer **out, struct error *err);

/* classic_issuer_free frees; the worker must have finished its jobs. */
void classic_issuer_free(struct classic_issuer *issuer);

/* classic_issuer_port borrows the issuer as a port. */
struct acme_issuer classic_issuer_port(struct classic_issuer *issuer);

/* A revoked certificate, as the CRL lists it. */
struct classic_revocation {
    uint8_t serial[ACME_SERIAL_MAX];
    size_t serial_len;
    int64_t revoked_s, not_after_s;
    int reason;
};

/* classic_revocation_parse reads the object "revoked/<serial>" of that name. */
MUST_USE enum status classic_revocation_parse(const char *name, struct bytes value,
                                              struct classic_revocation *out, struct error *err);

#endif
