/* tls_alpn_certificate.h - the certificate of a tls-alpn-01 challenge [RFC8737 3], [RFC8738 6]: one name in
 * the subjectAltName, which is the one that is being validated, and a critical acmeIdentifier extension,
 * an OCTET STRING with the SHA-256 of the key authorization. */
#ifndef CATHAYA_RULES_TLS_ALPN_CERTIFICATE_H
#define CATHAYA_RULES_TLS_ALPN_CERTIFICATE_H

#include "base/bytes.h"
#include "base/status.h"

/* tls_alpn_certificate_check: name is a DNS name; or, with is_ip, the 4 or 16 bytes of an address. Who
 * signed the certificate, and when it is valid, is of no interest. STATUS_MALFORMED or STATUS_REFUSED
 * with the reason. */
MUST_USE enum status tls_alpn_certificate_check(struct bytes der, bool is_ip, struct bytes name,
                                                const uint8_t digest[32], struct error *err);

#endif
