/* Why a handshake failed: in words for people, and as one of a few kinds for counters. */
#include "tls/tls_server_parts.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

const char *tls_failure_name(enum tls_failure failure)
{
    static const char *const names[TLS_FAILURES] = {
        [TLS_FAILURE_NONE] = "none",
        [TLS_FAILURE_CLOSED] = "closed",
        [TLS_FAILURE_UNKNOWN_NAME] = "unknown_name",
        [TLS_FAILURE_NO_CREDENTIAL] = "no_credential",
        [TLS_FAILURE_NO_PROTOCOL] = "no_protocol",
        [TLS_FAILURE_NO_CHALLENGE] = "no_challenge",
        [TLS_FAILURE_NOT_NEGOTIATED] = "not_negotiated",
        [TLS_FAILURE_CLIENT_ALERT] = "client_alert",
        [TLS_FAILURE_MALFORMED] = "malformed",
        [TLS_FAILURE_INTERNAL] = "internal",
    };
    return (size_t)failure < TLS_FAILURES ? names[failure] : "unknown";
}

static bool is_about_offers(int reason)
{
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_INAPPROPRIATE_FALLBACK:
        return true;
    default:
        return false;
    }
}

static enum tls_failure classify(unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    if (code == 0 || ERR_SYSTEM_ERROR(code))
        return TLS_FAILURE_CLOSED;
    if (ERR_GET_LIB(code) != ERR_LIB_SSL || (reason & ERR_RFLAG_COMMON) != 0 || reason == SSL_R_CALLBACK_FAILED ||
        reason == SSL_R_CERT_CB_ERROR)
        return TLS_FAILURE_INTERNAL;
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return TLS_FAILURE_CLOSED;
    if (reason > SSL_AD_REASON_OFFSET)
        return TLS_FAILURE_CLIENT_ALERT;
    return is_about_offers(reason) ? TLS_FAILURE_NOT_NEGOTIATED : TLS_FAILURE_MALFORMED;
}

bool server_failure_explain(struct server_connection *c, const SSL *ssl, struct builder *reason)
{
    unsigned long code = ERR_peek_last_error();
    const char *signer = remote_key_take_reason();
    (void)ssl;
    enum tls_failure failure = c->failure != TLS_FAILURE_NONE ? c->failure : classify(code);
    if (!c->is_done)
        c->failure = failure;
    if (c->detail != NULL)
        builder_text(reason, c->detail);
    else if (failure == TLS_FAILURE_INTERNAL && signer[0] != '\0')
        builder_printf(reason, "%.*s", TLS_STREAM_REASON_SIZE - 2, signer);
    else if (failure == TLS_FAILURE_CLIENT_ALERT)
        builder_printf(reason, "the client refused: %s",
                       SSL_alert_desc_string_long(ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET));
    else
        return false;
    return true;
}
