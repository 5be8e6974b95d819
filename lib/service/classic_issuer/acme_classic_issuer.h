/* acme_classic_issuer.h - an issuing CA of directly signed certificates behind ACME profiles.
 *
 * Everything that touches the CA's store runs on its serial worker. An order goes through these steps, each durable before the
 * next begins, so that after a crash the same order goes on where it was, with the same serial number, and never gets two:
 *   tbs/<instance>/<order>      what will be signed first: the TBSCertificate, linted, with its serial number
 *   precert/<instance>/<order>  the precertificate: durable before a log hears of it [RFC6962 3.1]. None without a CT policy
 *   scts/<instance>/<order>     the SignedCertificateTimestampList, verified and enough for the policy
 *   signed/<instance>/<order>   the certificate, linted against its precertificate: durable before anybody hears of it
 *   submit/<instance>/<order>   a final certificate that logs have not been told yet: since when (u64, s); removed when they have
 * And by serial number (lower-case hex of the INTEGER's contents), for those who answer about a certificate's state:
 *   issued/<serial>             written with the precertificate, or with the certificate when there is none: this serial number
 *                               counts as issued [BR 7.1.2.9] whether or not a certificate follows. classic_issued_parse reads it
 *   revoked/<serial>            revocation time, reason, notAfter, for CRL and OCSP. classic_revocation_parse reads it
 * <instance> is hex of the ACME server's, <order> decimal. An order whose precertificate is revoked gets no certificate,
 * nor does one with another key or other names than what is there under its number.
 * CAs from before there was issued/ get it for what they have signed at their first start (object index/issued says that it is done).
 */
#ifndef CATHAYA_SERVICE_CLASSIC_ISSUER_ACME_CLASSIC_ISSUER_H
#define CATHAYA_SERVICE_CLASSIC_ISSUER_ACME_CLASSIC_ISSUER_H

#include "ports/clock.h"
#include "ports/events.h"
#include "ports/sct_source.h"
#include "ports/timer.h"
#include "ports/work.h"
#include "service/classic_issuer/classic_issuer.h"

/* Orders that wait for their signature. */
#define CLASSIC_PENDING_MAX 4096
/* Order numbers mean something within one ACME server's database only. */
#define CLASSIC_INSTANCE_SIZE 16

/* Borrowed for the life of the issuer. */
struct classic_issuer_config {
    const char *ca; /* its name in the configuration */
    struct bytes certificate;     /* DER of the issuing CA */
    struct bytes root;            /* DER of its root: the linter judges the whole path; empty: the leaf alone */
    struct document_signer signer;
    struct bytes chain;           /* PEM that follows the leaf: the issuing CA, not the root */
    const struct certificate_profile *const *profiles; /* those of this CA */
    size_t profile_count;
    const char *issuer_url, *ocsp_url, *crl_url; /* as in struct classic_leaf_request */
    uint8_t instance[CLASSIC_INSTANCE_SIZE]; /* of the ACME server whose orders these are */
    int64_t not_after_s;          /* of the issuing CA: no leaf outlives it */
    /* Used by the worker alone. Transactional, as sqlite_ca_store_objects is: what was put before a sync is durable together, and
     * a process that dies before its sync leaves nothing to the next one, and a sync that fails, as after a put that has failed,
     * undoes what was put. */
    struct object_store store;
    struct work_port worker;      /* serial */
    struct clock_port clock;
    struct lint_subject lint;     /* policy and names are used */
    struct sct_source scts;       /* for profiles with a CT policy; start NULL: there is none, and they are refused */
    struct timer_port timer;      /* for what logs are to be told again; may be empty without scts */
    struct events_port events;
    /* revoked: there is something new to publish, about this serial number (contents of the INTEGER); on the loop. May be NULL. */
    void (*revoked)(void *context, struct bytes serial);
    void *revoked_context;
};

struct classic_issuer;

MUST_USE enum status classic_issuer_new(const struct classic_issuer_config *config,
                                        struct classic_issuer **out, struct error *err);

/* classic_issuer_free frees; the worker must have finished its jobs. */
void classic_issuer_free(struct classic_issuer *issuer);

/* classic_issuer_port borrows the issuer as a port. */
struct acme_issuer classic_issuer_port(struct classic_issuer *issuer);

/* classic_issuer_start goes on with what was under way when the process ended: final certificates that logs have not been told;
 * on the loop. */
void classic_issuer_start(struct classic_issuer *issuer);

/* classic_issuer_stop starts nothing new for the logs; before the worker is freed. */
void classic_issuer_stop(struct classic_issuer *issuer);

/* A serial number that counts as issued although no certificate of it is known to the ACME server: of a precertificate that
 * waits for its SCTs, or whose order has failed. */
struct classic_unfinished {
    struct bytes serial; /* borrowed */
    /* STATUS_OK: (would be) revoked. STATUS_NOT_FOUND: not of this CA, revoked before, or there is a certificate, which is
     * revoked as such. */
    enum status status;
    int64_t not_after_s;
};
typedef void classic_unfinished_done(void *cookie, enum status status, const struct error *err);

/* classic_issuer_revoke_unfinished revokes the precertificates among items (of the caller, until done) for a CRLReason; their
 * orders are refused from then on. done is called once, later: STATUS_OK, or STATUS_IO and what was not stored. STATUS_NO_MEMORY:
 * done is not called. */
MUST_USE enum status classic_issuer_revoke_unfinished(struct classic_issuer *issuer, struct classic_unfinished *items, size_t count,
                                                      int reason, bool is_dry_run, classic_unfinished_done *done, void *cookie,
                                                      struct error *err);

/* A certificate or precertificate that this CA has issued. */
struct classic_issued {
    int64_t not_after_s, issued_s;
    acme_id order;
    uint8_t instance[CLASSIC_INSTANCE_SIZE];
    bool has_precert;
};

/* classic_issued_parse reads the object "issued/<serial>"; classic_issued_name makes the names of the object of that kind
 * ("issued", "revoked") and serial number. */
MUST_USE enum status classic_issued_parse(struct bytes value, struct classic_issued *out, struct error *err);
void classic_issued_name(const char *kind, struct bytes serial, char out[OBJECT_NAME_MAX + 1]);

/* classic_order_name makes the name of an order's object of that kind ("signed", "scts"...). */
void classic_order_name(const char *kind, const uint8_t instance[CLASSIC_INSTANCE_SIZE], acme_id order,
                        char out[OBJECT_NAME_MAX + 1]);

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
