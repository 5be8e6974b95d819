#include "tls/classic_use.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "codec/trust_bundle/trust_bundle.h"

int classic_use_purpose(uint16_t purpose, X509 *leaf)
{
    switch (purpose) {
    case TRUST_BUNDLE_TLS:
    case TRUST_BUNDLE_TLS_INTRANET:
        return X509_PURPOSE_SSL_SERVER;
    case TRUST_BUNDLE_TLS_CLIENT:
        return X509_PURPOSE_SSL_CLIENT;
    case TRUST_BUNDLE_EMAIL:
        return (X509_get_key_usage(leaf) & (X509v3_KU_DIGITAL_SIGNATURE | X509v3_KU_NON_REPUDIATION)) != 0
                   ? X509_PURPOSE_SMIME_SIGN
                   : X509_PURPOSE_SMIME_ENCRYPT;
    case TRUST_BUNDLE_CODE:
        return X509_PURPOSE_CODE_SIGN;
    case TRUST_BUNDLE_TIMESTAMP:
        return X509_PURPOSE_TIMESTAMP_SIGN;
    default:
        return X509_PURPOSE_ANY;
    }
}

static bool is_of_documents(const ASN1_OBJECT *oid)
{
    /* id-kp-documentSigning, Adobe authentic documents trust, Microsoft document signing */
    static const char *const known[] = {"1.3.6.1.5.5.7.3.36", "1.2.840.113583.1.1.5", "1.3.6.1.4.1.311.10.3.12"};
    char text[64];
    int nid = OBJ_obj2nid(oid);
    if (nid == NID_email_protect || nid == NID_anyExtendedKeyUsage)
        return true;
    if (OBJ_obj2txt(text, sizeof text, oid, 1) >= (int)sizeof text)
        return false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i]) == 0)
            return true;
    return false;
}

static bool has_use_of_documents(const X509 *cert)
{
    int critical;
    EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
    bool is_found = uses == NULL && critical == -1; /* -1: there is none; otherwise it cannot be read */
    for (int i = 0; uses != NULL && !is_found && i < sk_ASN1_OBJECT_num(uses); i++)
        is_found = is_of_documents(sk_ASN1_OBJECT_value(uses, i));
    sk_ASN1_OBJECT_pop_free(uses, ASN1_OBJECT_free);
    return is_found;
}

bool classic_use_allows(X509 *cert, uint16_t purpose, bool is_issuer)
{
    if (purpose != TRUST_BUNDLE_DOCUMENT && purpose != TRUST_BUNDLE_E_INVOICE)
        return true;
    if (!is_issuer && (X509_get_key_usage(cert) & (X509v3_KU_DIGITAL_SIGNATURE | X509v3_KU_NON_REPUDIATION)) == 0)
        return false;
    return has_use_of_documents(cert);
}
