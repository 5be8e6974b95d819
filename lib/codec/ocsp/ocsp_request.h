/* ocsp_request.h - what an OCSP client asks [RFC6960 4.1, RFC5019 2.1]:
 *
 *   OCSPRequest ::= SEQUENCE { tbsRequest TBSRequest, optionalSignature [0] EXPLICIT Signature OPTIONAL }
 *   TBSRequest  ::= SEQUENCE { version [0] EXPLICIT INTEGER DEFAULT v1, requestorName [1] EXPLICIT GeneralName OPTIONAL,
 *                              requestList SEQUENCE OF Request, requestExtensions [2] EXPLICIT Extensions OPTIONAL }
 *   Request     ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
 *
 * Who asks and whether he has signed it makes no difference: requestorName and optionalSignature are read over.
 */
#ifndef CATHAYA_CODEC_OCSP_OCSP_REQUEST_H
#define CATHAYA_CODEC_OCSP_OCSP_REQUEST_H

#include "codec/ocsp/cert_id.h"

/* A request of OCSP_REQUEST_IDS_MAX certificates with a nonce is not 2 KiB; who signs his request sends a chain. */
#define OCSP_REQUEST_SIZE_MAX 16384
/* [RFC5019 2.1.1] has one; a client with a chain asks for a few. */
#define OCSP_REQUEST_IDS_MAX 8
/* [RFC9654 2.1]; below that anything goes. */
#define OCSP_NONCE_MAX 128

/* Borrows from the DER. */
struct ocsp_request {
    size_t id_count;
    struct cert_id ids[OCSP_REQUEST_IDS_MAX];
    struct bytes nonce; /* contents of the extension's value, whole OCTET STRING; empty: none */
};

/* ocsp_request_parse reads a request. STATUS_MALFORMED with the place: also for a critical extension that we do not
 * know and a nonce that is too long or no OCTET STRING; STATUS_LIMIT for more than OCSP_REQUEST_IDS_MAX. */
MUST_USE enum status ocsp_request_parse(struct bytes der, struct ocsp_request *out, struct error *err);

/* ocsp_request_write appends a request without a signature. */
void ocsp_request_write(const struct ocsp_request *request, struct builder *out);

#endif
