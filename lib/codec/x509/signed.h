/* signed.h - what certificates and certification requests have in common: a signed body, and a key.
 *
 *   SIGNED ::= SEQUENCE { body SEQUENCE, signatureAlgorithm AlgorithmIdentifier, signature BIT STRING }
 *   SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
 */
#ifndef CATHAYA_CODEC_X509_SIGNED_H
#define CATHAYA_CODEC_X509_SIGNED_H

#include "base/builder.h"
#include "base/reader.h"

struct signed_object {
    struct bytes body;            /* whole: what is signed */
    struct reader contents;       /* of the body */
    struct bytes algorithm;       /* whole AlgorithmIdentifier */
    struct bytes signature_value; /* contents of the BIT STRING without its unused-bits byte */
};

/* signed_parse splits der, which must be one such object of at most max bytes in DER and nothing else.
 * what and body are their names in reasons. Fields borrow. */
MUST_USE enum status signed_parse(struct bytes der, size_t max, const char *what, const char *body,
                                  struct signed_object *out, struct error *err);

/* signed_write appends such an object of its parts: body and algorithm whole, signature_value without unused bits. */
void signed_write(struct bytes body, struct bytes algorithm, struct bytes signature_value, struct builder *out);

/* signed_read_spki reads a SubjectPublicKeyInfo: *whole, and the whole AlgorithmIdentifier in it. */
MUST_USE bool signed_read_spki(struct reader *r, struct bytes *whole, struct bytes *algorithm);

#endif
