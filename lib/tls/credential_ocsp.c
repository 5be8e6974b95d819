/* OCSP for the leaf of a credential: the request, and whether a response is worth stapling [RFC6960 4]. */
#include "tls/tls_credential_parts.h"

#include <openssl/err.h>

#include "base/civil_time.h"
#include "crypto/context.h"

/* Clocks of CAs and servers differ. */
#define OCSP_SKEW_S 300

static enum status refuse(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "OCSP response: %s", what);
}

static bool to_epoch(const ASN1_GENERALIZEDTIME *time, int64_t *out)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    struct civil_time t = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
    return civil_time_to_epoch(&t, out);
}

/* Signed by the issuer, or by a delegate of the issuer whose certificate stands in it. */
static bool is_signed(OCSP_BASICRESP *basic, X509 *issuer)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *known = sk_X509_new_null();
    bool ok = store != NULL && known != NULL && X509_STORE_add_cert(store, issuer) == 1 &&
              sk_X509_push(known, issuer) > 0 &&
              X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
              OCSP_basic_verify(basic, known, store, OCSP_TRUSTOTHER) == 1;
    sk_X509_free(known);
    X509_STORE_free(store);
    return ok;
}

/* The response about the leaf, whatever hash its certificate ID is made with. */
static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, const X509 *leaf, const X509 *issuer)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_OBJECT *digest = NULL;
        (void)OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single));
        const EVP_MD *md = digest != NULL ? EVP_get_digestbyobj(digest) : NULL;
        OCSP_CERTID *id = md != NULL ? OCSP_cert_to_id(md, leaf, issuer) : NULL;
        bool is_same = id != NULL && OCSP_id_cmp(id, (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single)) == 0;
        OCSP_CERTID_free(id);
        if (is_same)
            return single;
    }
    return NULL;
}

static enum status check_times(struct tls_credential *c, OCSP_SINGLERESP *single, int64_t now_s, struct error *err)
{
    ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
    int64_t from_s, until_s = INT64_MAX;
    int status = OCSP_single_get0_status(single, NULL, NULL, &this_update, &next_update);
    if (status == V_OCSP_CERTSTATUS_REVOKED)
        return error_set(err, STATUS_REFUSED, "OCSP response: the certificate is revoked");
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return refuse(err, "the status is unknown");
    if (!to_epoch(this_update, &from_s) || (next_update != NULL && !to_epoch(next_update, &until_s)))
        return refuse(err, "a time cannot be read");
    if (from_s > now_s + OCSP_SKEW_S)
        return refuse(err, "it is from the future");
    if (until_s <= now_s)
        return refuse(err, "it has expired");
    c->facts.ocsp_until_s = until_s;
    return STATUS_OK;
}

static enum status check(struct tls_credential *c, OCSP_RESPONSE *response, int64_t now_s, struct error *err)
{
    if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return refuse(err, "the responder has refused");
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_SINGLERESP *single = basic != NULL ? find_single(basic, c->leaf, c->issuer) : NULL;
    enum status s;
    if (single == NULL)
        s = refuse(err, "it is not about this certificate");
    else if (!is_signed(basic, c->issuer))
        s = refuse(err, "it is not signed by the issuer of the certificate");
    else
        s = check_times(c, single, now_s, err);
    OCSP_BASICRESP_free(basic);
    return s;
}

enum status credential_ocsp_take(struct tls_credential *c, struct bytes der, int64_t now_s, struct error *err)
{
    if (c->issuer == NULL)
        return refuse(err, "the chain lacks the issuer, so it cannot be checked");
    if (der.len > TLS_CREDENTIAL_OCSP_MAX)
        return refuse(err, "too long");
    const unsigned char *at = der.data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    enum status s = response != NULL && at == der.data + der.len ? check(c, response, now_s, err)
                                                                 : refuse(err, "it cannot be read");
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    if (s != STATUS_OK)
        return s;
    builder_bytes(&c->ocsp, der);
    c->facts.has_ocsp = true;
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
