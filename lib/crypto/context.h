/* context.h - the one place where library context and property query come from, so that a provider
 * can take over an algorithm everywhere at once. */
#ifndef CATHAYA_CRYPTO_CONTEXT_H
#define CATHAYA_CRYPTO_CONTEXT_H

#include <openssl/crypto.h>

#include "base/status.h"

/* context_library is the library context that every fetch, key load and SSL_CTX of ours uses. It reads
 * no configuration: neither OPENSSL_CONF nor the system's openssl.cnf, which are written for another
 * OpenSSL and for other programs, changes what an algorithm is here. Thread-safe. */
OSSL_LIB_CTX *context_library(void);

/* context_properties is the property query to go with it; NULL is no preference. */
const char *context_properties(void);

/* context_load_provider loads a provider by name (or path) once; "" and "default" are there
 * already. Not thread-safe: call it while configuring. */
MUST_USE enum status context_load_provider(const char *name, struct error *err);

/* context_openssl_reason is the newest reason in the library's own error queue, which it empties. */
const char *context_openssl_reason(void);

#endif
