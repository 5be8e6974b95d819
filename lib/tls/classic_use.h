/* classic_use.h - what a certificate may be used for, by its key usage and extended key usage [RFC5280 4.2.1.3, 4.2.1.12]: OpenSSL's
 * purposes where it has them, ours where it has none. Private to tls/. */
#ifndef CATHAYA_TLS_CLASSIC_USE_H
#define CATHAYA_TLS_CLASSIC_USE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

/* classic_use_purpose is OpenSSL's number for a purpose (enum trust_bundle_purpose); X509_PURPOSE_ANY where it has none. An e-mail
 * certificate whose key is for encryption alone is judged as such: GM certificates come in pairs. */
int classic_use_purpose(uint16_t purpose, X509 *leaf);

/* classic_use_allows: does the certificate allow the purpose, as far as OpenSSL does not know it? Documents and e-invoices: a leaf's
 * key usage, when there is one, is for signatures; an extended key usage, when there is one, is of those that readers of documents take:
 * document signing [RFC9336], Adobe's and Microsoft's, e-mail protection, or any. */
bool classic_use_allows(X509 *cert, uint16_t purpose, bool is_issuer);

#endif
