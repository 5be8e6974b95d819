#include "crypto/certificate_key.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "crypto/key.h"
#include "crypto/signature_identifier.h"

/* Old roots have 1024 bits. Verifying with more than 16384 costs more than a submission is worth. */
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 16384

struct certificate_key {
    EVP_PKEY *pkey;
};

static EVP_PKEY *read_key(struct bytes spki)
{
    const unsigned char *at = spki.data;
    EVP_PKEY *pkey = spki.len <= KEY_SPKI_MAX
                         ? d2i_PUBKEY_ex(NULL, &at, (long)spki.len, context_library(), context_properties())
                         : NULL;
    if (pkey != NULL && at != spki.data + spki.len) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    (void)context_openssl_reason();
    return pkey;
}

enum status certificate_key_new(struct bytes spki, struct certificate_key **out, struct error *err)
{
    *out = NULL;
    EVP_PKEY *pkey = read_key(spki);
    if (pkey == NULL)
        return error_set(err, STATUS_MALFORMED, "the issuer's key cannot be read");
    int bits = EVP_PKEY_get_bits(pkey);
    if (EVP_PKEY_is_a(pkey, "RSA") && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)) {
        EVP_PKEY_free(pkey);
        return error_set(err, STATUS_MALFORMED, "the issuer's key is RSA-%d", bits);
    }
    struct certificate_key *key = malloc(sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    key->pkey = pkey;
    *out = key;
    return STATUS_OK;
}

void certificate_key_free(struct certificate_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

enum status certificate_key_verify(const struct certificate_key *key, struct bytes algorithm, struct bytes message,
                                   struct bytes signature, struct error *err)
{
    const unsigned char *at = algorithm.data;
    X509_ALGOR *parsed = algorithm.len <= KEY_SPKI_MAX ? d2i_X509_ALGOR(NULL, &at, (long)algorithm.len) : NULL;
    if (parsed == NULL) {
        (void)context_openssl_reason();
        return error_set(err, STATUS_REFUSED, "certificate: its signature algorithm cannot be read");
    }
    enum status s = signature_identifier_check(parsed, key->pkey, "certificate", err);
    if (s == STATUS_OK && !signature_identifier_is_signed(parsed, key->pkey, bytes_of_text(SM2_ID), message, signature))
        s = error_set(err, STATUS_REFUSED, "certificate: its signature is not by the issuer's key");
    X509_ALGOR_free(parsed);
    return s;
}
