/* classic_certificate.h - the contents of the certificates of a classic chain: everything but the
 * signatures. Private to tls/. */
#ifndef CATHAYA_TLS_CLASSIC_CERTIFICATE_H
#define CATHAYA_TLS_CLASSIC_CERTIFICATE_H

#include <openssl/x509.h>

#include "base/bytes.h"

/* The certificates of a chain; each but the first is issued by the one before it. */
enum classic_role {
    CLASSIC_ROOT,
    CLASSIC_INTERMEDIATE,
    CLASSIC_LEAF,
    CLASSIC_ROLES
};

static inline enum classic_role classic_certificate_issuer(enum classic_role role)
{
    return role == CLASSIC_ROOT ? CLASSIC_ROOT : (enum classic_role)(role - 1);
}

/* classic_certificate_make gives an unsigned certificate with the extensions of a public CA; the leaf is
 * for dns_name and has no SCTs yet. issuer is NULL for the root. NULL when the library fails. */
X509 *classic_certificate_make(enum classic_role role, const char *dns_name, int64_t not_before_s,
                               EVP_PKEY *key, X509 *issuer);

/* classic_certificate_parse reads one certificate in DER and nothing else; NULL when it is not one. */
X509 *classic_certificate_parse(struct bytes der);

/* classic_certificate_add_scts adds the extension with a SignedCertificateTimestampList. */
bool classic_certificate_add_scts(X509 *leaf, struct bytes list);

/* classic_certificate_scts is the list in the extension, to be freed; NULL when there is none. */
ASN1_OCTET_STRING *classic_certificate_scts(const X509 *leaf);

#endif
