/* ocsp_staple.h - an OCSP response, judged at a time [RFC6960]: by the client to whom it is stapled, and by the server before
 * it staples it. Private to tls/. */
#ifndef CATHAYA_TLS_OCSP_STAPLE_H
#define CATHAYA_TLS_OCSP_STAPLE_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/status.h"

/* Clocks differ by minutes. */
#define OCSP_STAPLE_SKEW_S 300
/* A response without nextUpdate is good for as long as one with it may be [CABF BR 4.9.10]. */
#define OCSP_STAPLE_LIFETIME_S ((int64_t)10 * 86400)

enum ocsp_answer {
    OCSP_ANSWER_NONE,    /* no usable answer: *reason says why */
    OCSP_ANSWER_GOOD,
    OCSP_ANSWER_REVOKED  /* *reason says when and why */
};

/* ocsp_staple_judge: what does the response say about leaf, which issuer has issued? Only an answer that issuer,
 * or one whom it has delegated this to, has signed, and that is current at at_s, says anything. *until_s, of a good answer: when there should be another, which is
 * nextUpdate, or OCSP_STAPLE_LIFETIME_S after thisUpdate. */
enum ocsp_answer ocsp_staple_judge(struct bytes response, const X509 *leaf, X509 *issuer, int64_t at_s,
                                   int64_t *until_s, struct error *reason);

#endif
