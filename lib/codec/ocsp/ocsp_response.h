/* ocsp_response.h - what an OCSP responder answers [RFC6960 4.2, RFC5019 2.2]:
 *
 *   OCSPResponse      ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT SEQUENCE {
 *                                    responseType OBJECT IDENTIFIER { id-pkix-ocsp-basic }, response OCTET STRING } OPTIONAL }
 *   BasicOCSPResponse ::= SEQUENCE { tbsResponseData ResponseData, signatureAlgorithm AlgorithmIdentifier,
 *                                    signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
 *   ResponseData      ::= SEQUENCE { version [0] EXPLICIT DEFAULT v1, responderID CHOICE { byName [1] EXPLICIT Name,
 *                                    byKey [2] EXPLICIT OCTET STRING }, producedAt GeneralizedTime,
 *                                    responses SEQUENCE OF SingleResponse, responseExtensions [1] EXPLICIT Extensions OPTIONAL }
 *   SingleResponse    ::= SEQUENCE { certID, certStatus CHOICE { good [0] NULL, revoked [1] SEQUENCE { revocationTime
 *                                    GeneralizedTime, revocationReason [0] EXPLICIT ENUMERATED OPTIONAL }, unknown [2] NULL },
 *                                    thisUpdate GeneralizedTime, nextUpdate [0] EXPLICIT GeneralizedTime OPTIONAL,
 *                                    singleExtensions [1] EXPLICIT Extensions OPTIONAL }
 *
 * Written is the form that every client takes: the responder by name, with one certificate beside it.
 */
#ifndef CATHAYA_CODEC_OCSP_OCSP_RESPONSE_H
#define CATHAYA_CODEC_OCSP_OCSP_RESPONSE_H

#include "codec/ocsp/ocsp_request.h"

/* OCSP_REQUEST_IDS_MAX answers with SCT lists, a signature and the responder's certificate. */
#define OCSP_RESPONSE_SIZE_MAX ((size_t)256 * 1024)

/* [RFC6960 4.2.1]: why there is no answer. */
enum ocsp_response_status {
    OCSP_SUCCESSFUL = 0,
    OCSP_MALFORMED_REQUEST = 1,
    OCSP_INTERNAL_ERROR = 2,
    OCSP_TRY_LATER = 3,
    OCSP_SIG_REQUIRED = 5,
    OCSP_UNAUTHORIZED = 6 /* not one of mine [RFC5019 2.2.3] */
};

enum ocsp_cert_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

/* CRLReason 0 is not written, as in CRLs. */
#define OCSP_REASON_MAX 10

struct ocsp_single {
    struct cert_id id;
    enum ocsp_cert_status status;
    int64_t revoked_s; /* of OCSP_REVOKED, with the reason */
    int reason;
    int64_t this_update_s, next_update_s; /* next: 0 when a reader found none */
    struct bytes scts; /* SignedCertificateTimestampList [RFC6962 3.3]; empty: none */
};

struct ocsp_response_data {
    struct bytes responder_name; /* whole Name; empty when a reader found a key hash */
    struct bytes responder_key;  /* hash of the responder's key; never written */
    int64_t produced_s;
    size_t single_count;
    struct ocsp_single singles[OCSP_REQUEST_IDS_MAX];
    struct bytes nonce; /* as in struct ocsp_request */
};

/* ocsp_response_write_data appends the ResponseData: what is signed. */
void ocsp_response_write_data(const struct ocsp_response_data *data, struct builder *out);

/* ocsp_response_write appends the whole response; certificate is the responder's, empty for none. */
void ocsp_response_write(struct bytes tbs, struct bytes algorithm, struct bytes signature, struct bytes certificate,
                         struct builder *out);

/* ocsp_response_write_failure appends a response without an answer. */
void ocsp_response_write_failure(enum ocsp_response_status status, struct builder *out);

/* What ocsp_response_parse gives borrows from the DER. */
struct ocsp_response {
    enum ocsp_response_status status; /* without OCSP_SUCCESSFUL nothing else is there */
    struct ocsp_response_data data;
    struct bytes tbs;          /* whole: what is signed */
    struct bytes algorithm;    /* whole AlgorithmIdentifier */
    struct bytes signature;
    struct bytes certificates; /* contents of certs, may be empty; of one whole element after another */
};

/* ocsp_response_parse reads a response; the signature is not verified. STATUS_MALFORMED with the place,
 * STATUS_LIMIT for more than OCSP_REQUEST_IDS_MAX answers. */
MUST_USE enum status ocsp_response_parse(struct bytes der, struct ocsp_response *out, struct error *err);

/* ocsp_response_is_data: is this a ResponseData by its first elements, and so neither TBSCertificate nor TBSCertList? For
 * signers. */
bool ocsp_response_is_data(struct bytes document);

#endif
