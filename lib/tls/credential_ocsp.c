/* OCSP for the leaf of a credential: the request, and whether a response is worth stapling [RFC6960 4]. */
#include "tls/tls_credential_parts.h"

#include <openssl/err.h>

#include "tls/ocsp_staple.h"

static enum status refuse(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "OCSP response: %s", what);
}

enum status credential_ocsp_take(struct tls_credential *c, struct bytes der, int64_t now_s, struct error *err)
{
    int64_t until_s = 0;
    struct error reason = {.status = STATUS_OK};
    if (c->issuer == NULL)
        return refuse(err, "the chain lacks the issuer, so it cannot be checked");
    if (der.len > TLS_CREDENTIAL_OCSP_MAX)
        return refuse(err, "too long");
    enum ocsp_answer answer = ocsp_staple_judge(der, c->leaf, c->issuer, now_s, &until_s, &reason);
    if (answer != OCSP_ANSWER_GOOD)
        return error_set(err, answer == OCSP_ANSWER_REVOKED ? STATUS_REFUSED : STATUS_USAGE, "%s", reason.text);
    /* Clients whose clock is right have no patience with one that is over. */
    if (until_s <= now_s)
        return refuse(err, "it is out of date");
    builder_bytes(&c->ocsp, der);
    c->facts.has_ocsp = true;
    c->facts.ocsp_until_s = until_s;
    return builder_status(&c->ocsp, "OCSP response", err);
}

enum status tls_credential_ocsp_request(const struct tls_credential *c, struct builder *out, struct error *err)
{
    unsigned char *der = NULL;
    if (c->issuer == NULL)
        return error_set(err, STATUS_USAGE, "OCSP request: the chain lacks the issuer");
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), c->leaf, c->issuer);
    bool is_taken = request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL;
    int len = is_taken ? i2d_OCSP_REQUEST(request, &der) : -1;
    if (len > 0)
        builder_bytes(out, bytes_of(der, (size_t)len));
    if (!is_taken)
        OCSP_CERTID_free(id);
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
    ERR_clear_error();
    return len > 0 ? builder_status(out, "OCSP request", err) : error_set(err, STATUS_NO_MEMORY, "OCSP request: out of memory");
}
