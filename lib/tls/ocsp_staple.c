#include "tls/ocsp_staple.h"

#include <limits.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/civil_time.h"
#include "crypto/context.h"

static enum ocsp_answer nothing(struct error *reason, const char *why)
{
    (void)error_set(reason, STATUS_REFUSED, "OCSP response: %s", why);
    (void)context_openssl_reason();
    return OCSP_ANSWER_NONE;
}

/* NULL: *why says why. */
static OCSP_BASICRESP *parse(struct bytes der, const char **why)
{
    const unsigned char *at = der.data;
    OCSP_BASICRESP *basic = NULL;
    OCSP_RESPONSE *response = der.len <= INT_MAX ? d2i_OCSP_RESPONSE(NULL, &at, (long)der.len) : NULL;
    *why = "it cannot be read";
    if (response != NULL && at == der.data + der.len && OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        *why = "the responder has refused";
    else if (response != NULL && at == der.data + der.len)
        basic = OCSP_response_get1_basic(response);
    OCSP_RESPONSE_free(response);
    return basic;
}

/* May this certificate answer for issuer [RFC6960 4.2.2.2]? */
static bool is_delegate(X509 *signer, X509 *issuer, int64_t at_s)
{
    time_t at = (time_t)at_s;
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return (X509_get_extension_flags(signer) & (EXFLAG_XKUSAGE | EXFLAG_INVALID)) == EXFLAG_XKUSAGE &&
           (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) != 0 &&
           X509_check_issued(issuer, signer) == X509_V_OK && key != NULL && X509_verify(signer, key) == 1 &&
           ASN1_TIME_cmp_time_t(X509_get0_notBefore(signer), at) <= 0 &&
           ASN1_TIME_cmp_time_t(X509_get0_notAfter(signer), at) >= 0;
}

/* The signer is the issuer itself or stands in the response; no store, whose clock would be the system's. */
static bool is_signed(OCSP_BASICRESP *basic, X509 *issuer, int64_t at_s)
{
    X509 *signer = NULL;
    STACK_OF(X509) *more = sk_X509_new_null();
    bool ok = more != NULL && sk_X509_push(more, issuer) > 0 &&
              OCSP_basic_verify(basic, more, NULL, OCSP_NOVERIFY) == 1 &&
              OCSP_resp_get0_signer(basic, &signer, more) == 1 &&
              (X509_cmp(signer, issuer) == 0 || is_delegate(signer, issuer, at_s));
    sk_X509_free(more);
    return ok;
}

static bool is_about(OCSP_SINGLERESP *single, const X509 *leaf, X509 *issuer)
{
    ASN1_OBJECT *hash = NULL;
    OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single);
    if (OCSP_id_get0_info(NULL, &hash, NULL, NULL, id) != 1)
        return false;
    const EVP_MD *digest = EVP_get_digestbyobj(hash);
    OCSP_CERTID *wanted = digest != NULL ? OCSP_cert_to_id(digest, leaf, issuer) : NULL;
    bool is_same = wanted != NULL && OCSP_id_cmp(wanted, id) == 0;
    OCSP_CERTID_free(wanted);
    return is_same;
}

static OCSP_SINGLERESP *find(OCSP_BASICRESP *basic, const X509 *leaf, X509 *issuer)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        if (single != NULL && is_about(single, leaf, issuer))
            return single;
    }
    return NULL;
}

static bool to_epoch(const ASN1_GENERALIZEDTIME *time, int64_t *out)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    struct civil_time t = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
    return civil_time_to_epoch(&t, out);
}

static bool is_current(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *until, int64_t at_s, int64_t *until_s)
{
    int64_t from_s, skew_s = OCSP_STAPLE_SKEW_S; /* added to years that dates have, not to a clock that may say anything */
    if (!to_epoch(from, &from_s) || (until != NULL && !to_epoch(until, until_s)))
        return false;
    if (until == NULL) {
        *until_s = from_s + OCSP_STAPLE_LIFETIME_S;
        skew_s = 0;
    }
    return from_s - OCSP_STAPLE_SKEW_S <= at_s && *until_s + skew_s >= at_s;
}

static enum ocsp_answer judge(OCSP_BASICRESP *basic, const X509 *leaf, X509 *issuer, int64_t at_s,
                              int64_t *until_s, struct error *reason)
{
    ASN1_GENERALIZEDTIME *revoked = NULL, *from = NULL, *until = NULL;
    int why = OCSP_REVOKED_STATUS_NOSTATUS;
    OCSP_SINGLERESP *single = find(basic, leaf, issuer);
    if (single == NULL)
        return nothing(reason, "it is about another certificate");
    if (!is_signed(basic, issuer, at_s))
        return nothing(reason, "it is not signed by who may answer");
    int status = OCSP_single_get0_status(single, &why, &revoked, &from, &until);
    if (!is_current(from, until, at_s, until_s))
        return nothing(reason, "it is out of date");
    if (status == V_OCSP_CERTSTATUS_REVOKED) {
        (void)error_set(reason, STATUS_REFUSED, "the certificate is revoked: %s (OCSP)",
                        why == OCSP_REVOKED_STATUS_NOSTATUS ? "no reason given" : OCSP_crl_reason_str(why));
        return OCSP_ANSWER_REVOKED;
    }
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return nothing(reason, "the responder does not know the certificate");
    return OCSP_ANSWER_GOOD;
}

enum ocsp_answer ocsp_staple_judge(struct bytes response, const X509 *leaf, X509 *issuer, int64_t at_s,
                                   int64_t *until_s, struct error *reason)
{
    const char *why;
    OCSP_BASICRESP *basic = parse(response, &why);
    if (basic == NULL)
        return nothing(reason, why);
    enum ocsp_answer answer = judge(basic, leaf, issuer, at_s, until_s, reason);
    OCSP_BASICRESP_free(basic);
    (void)context_openssl_reason();
    return answer;
}
