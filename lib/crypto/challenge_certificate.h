/* challenge_certificate.h - the certificate that a server shows to prove control by tls-alpn-01 [RFC8737 3], with a new
 * key of P-256 that signs it itself. What is checked: rules/tls_alpn_certificate.h. */
#ifndef CATHAYA_CRYPTO_CHALLENGE_CERTIFICATE_H
#define CATHAYA_CRYPTO_CHALLENGE_CERTIFICATE_H

#include "base/builder.h"

/* challenge_certificate_make appends certificate and key in PEM, for a DNS name or a numeric address [RFC8738 6]; digest
 * is the SHA-256 of the key authorization. Valid for a week around now_s; nobody looks at that. STATUS_USAGE for what is no
 * address. */
MUST_USE enum status challenge_certificate_make(const char *identifier, bool is_ip, const uint8_t digest[32], int64_t now_s,
                                                struct builder *certificate_pem, struct builder *key_pem, struct error *err);

#endif
