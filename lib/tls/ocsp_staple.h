/* ocsp_staple.h - an OCSP response that a server has stapled [RFC6960], judged at a time. Private to tls/. */
#ifndef CATHAYA_TLS_OCSP_STAPLE_H
#define CATHAYA_TLS_OCSP_STAPLE_H

#include <openssl/x509.h>

#include "base/builder.h"
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
 * or one whom it has delegated this to, has signed, and that is current at at_s, says anything. scts takes the
 * contents of the SCT extension of a good answer [RFC6962 3.3], a DER OCTET STRING, if there is one. */
enum ocsp_answer ocsp_staple_judge(struct bytes response, const X509 *leaf, X509 *issuer, int64_t at_s,
                                   struct builder *scts, struct error *reason);

#endif
