/* ocsp_responder.h - says whether the certificates of one CA are good [RFC6960, RFC5019, BR 4.9.9, 4.9.10].
 *
 * An HTTP handler: POST with the request as its body, GET with its base64 in the path. What is said about a certificate is
 * signed once for all who ask, kept, and signed anew when half of its time is over; who asks for the same again costs no
 * signature. A serial number that was never issued is answered "unauthorized", without a signature, whoever asks how often:
 * never "good" [BR 4.9.10].
 *
 * On the thread of the event loop; the CA's store and the responder's key are used on the worker alone.
 */
#ifndef CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_RESPONDER_H
#define CATHAYA_SERVICE_OCSP_RESPONDER_OCSP_RESPONDER_H

#include "codec/ocsp/ocsp_response.h"
#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/document_signer.h"
#include "ports/events.h"
#include "ports/http.h"
#include "ports/work.h"

/* [BR 4.9.10]: from thisUpdate to nextUpdate. */
#define OCSP_RESPONDER_VALIDITY_MIN_S ((int64_t)8 * 3600)
#define OCSP_RESPONDER_VALIDITY_MAX_S ((int64_t)10 * 86400)
#define OCSP_RESPONDER_VALIDITY_S ((int64_t)4 * 86400)
/* Signed responses that are kept: some 20 MB. */
#define OCSP_RESPONDER_CACHE_MAX 16384
/* Requests that wait for the worker; above: "try later". */
#define OCSP_RESPONDER_PENDING_MAX 512
/* Of these, so many whose signature is for one asker alone: about several certificates, or with a nonce that is echoed. Nobody
 * may keep the worker, which issues too, busy with them. */
#define OCSP_RESPONDER_UNSHARED_MAX 32
/* The SCTs of a certificate: as many as a policy can ask for, as long as a CA takes them. */
#define OCSP_RESPONDER_SCTS_MAX 16384

/* What the CA knows of a serial number. */
struct ocsp_record {
    bool is_revoked;
    int64_t revoked_s; /* when, and why [RFC5280 5.3.1] */
    int reason;
};

/* The CA's store; on the worker. */
struct ocsp_source {
    void *context;
    /* find says what is known of the certificate or precertificate with that serial number (contents of the INTEGER) and
     * appends its SCT list to scts, which may be NULL. STATUS_NOT_FOUND: it was never issued. */
    enum status (*find)(void *context, struct bytes serial, struct ocsp_record *out, struct builder *scts, struct error *err);
};

/* Borrowed for the life of the responder. */
struct ocsp_responder_config {
    const char *ca;            /* its name in the configuration, for events */
    const char *prefix;        /* path of the handler's route: what follows in a GET is base64 */
    struct bytes issuer_name;  /* whole Name of the CA */
    struct bytes issuer_spki;  /* whole SubjectPublicKeyInfo of the CA */
    struct ocsp_source source;
    int64_t validity_s;
    bool has_scts;             /* SCTs go into the answers [RFC6962 3.3] */
    bool has_nonce;            /* a nonce is echoed, for which each request is signed; otherwise left out [RFC5019 2.2.1] */
    struct work_port worker;   /* serial */
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    const char *metrics_labels;
};

struct ocsp_responder;

/* ocsp_responder_new: STATUS_USAGE for a validity that the BR do not allow. */
MUST_USE enum status ocsp_responder_new(const struct ocsp_responder_config *config, struct ocsp_responder **out,
                                        struct error *err);

/* ocsp_responder_free frees; the worker must have finished its jobs, and the server must be gone. NULL is fine. */
void ocsp_responder_free(struct ocsp_responder *responder);

/* ocsp_responder_set_signer gives key and certificate (DER, copied) of who answers. Without one every answer is "try later".
 * On the worker, or before anybody asks. */
MUST_USE enum status ocsp_responder_set_signer(struct ocsp_responder *responder, const struct document_signer *signer,
                                               struct bytes certificate, struct error *err);

struct http_handler ocsp_responder_handler(struct ocsp_responder *responder);

/* ocsp_responder_forget: the status of this serial number has changed: what was signed about it is not given any more. On
 * the loop, after the store has it. */
void ocsp_responder_forget(struct ocsp_responder *responder, struct bytes serial);

#endif
