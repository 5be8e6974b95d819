/* service_tls.h - the certificate and key of a service's own endpoint, from the files that its configuration names. */
#ifndef CATHAYA_PROGRAM_SERVICE_TLS_H
#define CATHAYA_PROGRAM_SERVICE_TLS_H

#include "base/builder.h"
#include "tls/tls_context.h"

/* A chain of TLS_CONTEXT_CHAIN_MAX certificates, as large as ML-DSA-87 makes them, in PEM with comments. */
#define SERVICE_TLS_FILE_MAX ((size_t)256 * 1024)

/* service_tls_read reads both files into builders of SERVICE_TLS_FILE_MAX. STATUS_USAGE when others may read the key. */
MUST_USE enum status service_tls_read(const char *certificate_file, const char *key_file, struct builder *certificate,
                                      struct builder *key, struct error *err);

/* service_tls_load makes a server's TLS of them; "" for key_file: there is none, and *out stays. STATUS_USAGE also when they do
 * not belong together. */
MUST_USE enum status service_tls_load(const char *certificate_file, const char *key_file, struct tls_context **out,
                                      struct error *err);

#endif
