/* peer_path_why.c - why there is no path, in words. */
#include <openssl/x509_vfy.h>

#include "tls/classic_path.h"
#include "tls/peer_path_parts.h"

#define SUBJECT_SIZE 120

const char *peer_path_reason_name(enum peer_path_reason reason)
{
    static const char *const names[PEER_PATH_REASONS] = {
        [PEER_PATH_GOOD] = "good",
        [PEER_PATH_NO_ISSUER] = "no-issuer",
        [PEER_PATH_UNLISTED_ROOT] = "unlisted-root",
        [PEER_PATH_OTHER_WORLD] = "other-world",
        [PEER_PATH_BAD_SIGNATURE] = "bad-signature",
        [PEER_PATH_OTHER_PURPOSE] = "other-purpose",
        [PEER_PATH_MIXED] = "mixed",
        [PEER_PATH_REMOVED] = "removed",
        [PEER_PATH_UNLISTED_INTERMEDIATE] = "unlisted-intermediate",
        [PEER_PATH_DISTRUSTED] = "distrusted",
        [PEER_PATH_SCT_DISTRUSTED] = "sct-distrusted",
        [PEER_PATH_NAME_LIMIT] = "name-limit",
        [PEER_PATH_SERIAL] = "serial",
        [PEER_PATH_LIMIT] = "limit",
        [PEER_PATH_NOT_YET] = "not-yet",
        [PEER_PATH_EXPIRED] = "expired",
        [PEER_PATH_WEAK] = "weak",
        [PEER_PATH_USE] = "use",
        [PEER_PATH_CONSTRAINTS] = "constraints",
        [PEER_PATH_NAME] = "name",
        [PEER_PATH_INVALID] = "invalid",
    };
    return names[reason];
}

enum peer_path_reason peer_path_why_code(int code)
{
    static const struct {
        int code;
        enum peer_path_reason reason;
    } rows[] = {
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, PEER_PATH_NO_ISSUER},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, PEER_PATH_NO_ISSUER},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, PEER_PATH_NO_ISSUER},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, PEER_PATH_UNLISTED_ROOT},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, PEER_PATH_UNLISTED_ROOT},
        {X509_V_ERR_CERT_SIGNATURE_FAILURE, PEER_PATH_BAD_SIGNATURE},
        {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, PEER_PATH_BAD_SIGNATURE},
        {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, PEER_PATH_BAD_SIGNATURE},
        {X509_V_ERR_CERT_NOT_YET_VALID, PEER_PATH_NOT_YET},
        {X509_V_ERR_CERT_HAS_EXPIRED, PEER_PATH_EXPIRED},
        {X509_V_ERR_EE_KEY_TOO_SMALL, PEER_PATH_WEAK},
        {X509_V_ERR_CA_KEY_TOO_SMALL, PEER_PATH_WEAK},
        {X509_V_ERR_CA_MD_TOO_WEAK, PEER_PATH_WEAK},
        {X509_V_ERR_INVALID_PURPOSE, PEER_PATH_USE},
        {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, PEER_PATH_USE},
        {X509_V_ERR_INVALID_CA, PEER_PATH_USE},
        {X509_V_ERR_PATH_LENGTH_EXCEEDED, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_CERT_CHAIN_TOO_LONG, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_PERMITTED_VIOLATION, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_EXCLUDED_VIOLATION, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_SUBTREE_MINMAX, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_INVALID_POLICY_EXTENSION, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_NO_EXPLICIT_POLICY, PEER_PATH_CONSTRAINTS},
        {X509_V_ERR_HOSTNAME_MISMATCH, PEER_PATH_NAME},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, PEER_PATH_NAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == code)
            return rows[i].reason;
    return PEER_PATH_INVALID;
}

/* What a listed root is for, when it is not for what was asked. */
static enum status other_purpose(const struct peer_path_request *request, const struct peer_candidate *c, const char *subject,
                                 struct error *err)
{
    const struct trust_bundle_purposes *purposes = &c->nodes[c->at].entry->anchor.purposes;
    const char *asked = trust_bundle_purpose_name(request->purpose);
    const char *listed = trust_bundle_purpose_name(purposes->at[0]);
    return error_set(err, STATUS_REFUSED, "\"%s\" is listed for %s%s, not for %s", subject, listed != NULL ? listed : "another purpose",
                     purposes->count > 1 ? " and others" : "", asked != NULL ? asked : "this one");
}

enum status peer_path_why(const struct peer_path_request *request, const struct peer_candidate *c, struct error *err)
{
    char subject[SUBJECT_SIZE];
    classic_path_subject(c->nodes[c->at].cert, subject, sizeof subject);
    switch (c->reason) {
    case PEER_PATH_NO_ISSUER:
        return error_set(err, STATUS_REFUSED, "the issuer of certificate %zu of the path, \"%s\", is not listed and was not sent", c->at, subject);
    case PEER_PATH_UNLISTED_ROOT:
        return error_set(err, STATUS_REFUSED, "the path ends in \"%s\", a self-signed certificate that is not listed", subject);
    case PEER_PATH_OTHER_WORLD:
        return error_set(err, STATUS_REFUSED, "certificate %zu of the path, \"%s\", has a key of the other world", c->at, subject);
    case PEER_PATH_OTHER_PURPOSE:
        return other_purpose(request, c, subject, err);
    case PEER_PATH_MIXED:
        return error_set(err, STATUS_REFUSED, "\"%s\" and its root are listed for different networks: public and intranet do not mix", subject);
    case PEER_PATH_REMOVED:
        return error_set(err, STATUS_REFUSED, "\"%s\" is not trusted any more, for no certificate", subject);
    case PEER_PATH_UNLISTED_INTERMEDIATE:
        return error_set(err, STATUS_REFUSED, "the intermediate \"%s\" is not listed, and its root has only listed ones", subject);
    case PEER_PATH_DISTRUSTED:
        return error_set(err, STATUS_REFUSED, "\"%s\" is not trusted for certificates as new as this one", subject);
    case PEER_PATH_SCT_DISTRUSTED:
        return error_set(err, STATUS_REFUSED, "\"%s\" is not trusted for certificates that were logged as late as this one", subject);
    case PEER_PATH_NAME_LIMIT:
        return error_set(err, STATUS_REFUSED, "\"%s\" is not trusted for all of the names in this certificate", subject);
    case PEER_PATH_SERIAL:
        return error_set(err, STATUS_REFUSED, "the serial number of certificate %zu of the path, \"%s\", is revoked by the list", c->at, subject);
    case PEER_PATH_LIMIT:
        return error_set(err, STATUS_REFUSED, "too many paths are possible: the search has ended without a good one");
    case PEER_PATH_NOT_YET:
        return error_set(err, STATUS_REFUSED, "certificate %zu of the path, \"%s\", is not yet valid", c->at, subject);
    case PEER_PATH_EXPIRED:
        return error_set(err, STATUS_REFUSED, "certificate %zu of the path, \"%s\", has expired", c->at, subject);
    case PEER_PATH_USE:
        return error_set(err, STATUS_REFUSED, "certificate %zu of the path, \"%s\", may not sign certificates", c->at, subject);
    default:
        return error_set(err, STATUS_REFUSED, "certificate %zu of the path, \"%s\": %s", c->at, subject, peer_path_reason_name(c->reason));
    }
}
