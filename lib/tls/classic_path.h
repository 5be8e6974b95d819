/* classic_path.h - path validation of directly signed chains [RFC5280 6], by OpenSSL. Private to tls/.
 *
 * Nothing is fetched (no AIA, no CRL), no clock is read, and what SHA-1 or a short key has signed is refused. */
#ifndef CATHAYA_TLS_CLASSIC_PATH_H
#define CATHAYA_TLS_CLASSIC_PATH_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/status.h"

/* Certificates between leaf and root: the longest public paths have three. */
#define CLASSIC_PATH_DEPTH_MAX 6
/* 112 bits of security: RSA-2048, P-256, SM2, SHA-256 and SM3; no SHA-1 [NIST SP 800-57]. */
#define CLASSIC_PATH_LEVEL 2

/* All borrowed. */
struct classic_path {
    STACK_OF(X509) *roots;
    STACK_OF(X509) *sent;  /* the leaf first; the others may stand between */
    uint16_t purpose;      /* enum trust_bundle_purpose: what the leaf is used for, and its issuers may issue for */
    struct bytes dns_name; /* what the leaf has to be for: a name, or */
    struct bytes ip;       /* an address; both empty: not checked */
    int64_t at_s;
};

/* Why not. */
struct classic_path_failure {
    int code; /* X509_V_ERR_* */
    int at;   /* the certificate of the path, from the leaf */
};

/* classic_path_verify is STATUS_OK when the leaf may be used for the purpose, leads to a root and is for the name. *chain, leaf to
 * root, is the caller's (sk_X509_pop_free with X509_free); NULL on failure. failure may be NULL. */
MUST_USE enum status classic_path_verify(const struct classic_path *path, STACK_OF(X509) **chain,
                                         struct classic_path_failure *failure, struct error *err);

/* classic_path_parse reads certificates in DER; NULL when one is not. The result is the caller's. */
STACK_OF(X509) *classic_path_parse(const struct bytes *certificates, size_t count);

/* classic_path_subject writes a subject's Name, RFC 2253 in ASCII, cut to size with its NUL. */
void classic_path_subject(const X509 *cert, char *out, size_t size);

#endif
