#include "crypto/context.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/opensslv.h>
#include <openssl/provider.h>

#if OPENSSL_VERSION_MAJOR < 4
#error "OpenSSL >= 4.0 is needed: earlier versions lack the GM suites (scripts/get-openssl gets one)"
#endif

/* NULL is the default library context of this private copy of OpenSSL: nobody else is in it. Its first
 * user decides whether openssl.cnf is read; after this nobody can. OpenSSL does it once, and looks at
 * one word after that. */
OSSL_LIB_CTX *context_library(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    return NULL;
}

const char *context_properties(void)
{
    return NULL;
}

enum status context_load_provider(const char *name, struct error *err)
{
    if (name[0] == '\0' || strcmp(name, "default") == 0 || OSSL_PROVIDER_available(context_library(), name))
        return STATUS_OK;
    /* retain_fallbacks: loading one provider must not make the default one go away. */
    if (OSSL_PROVIDER_try_load(context_library(), name, 1) == NULL)
        return error_set(err, STATUS_USAGE, "provider %s cannot be loaded: %s", name,
                         context_openssl_reason());
    return STATUS_OK;
}

const char *context_openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return reason != NULL ? reason : "no reason given";
}
