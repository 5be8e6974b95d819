/* cert_id.h - how OCSP names a certificate: its issuer by two hashes, and its serial number [RFC6960 4.1.1]:
 *
 *   CertID ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, issuerNameHash OCTET STRING,
 *                         issuerKeyHash OCTET STRING, serialNumber CertificateSerialNumber }
 *
 * The hashes are labels: whoever answers knows his issuers, and what he signs names the certificate by its number.
 * So SHA-1, which clients still use by default [RFC5019 2.1.1], stands beside SHA-256 and SM3 here, and nowhere else.
 */
#ifndef CATHAYA_CODEC_OCSP_CERT_ID_H
#define CATHAYA_CODEC_OCSP_CERT_ID_H

#include "base/builder.h"
#include "base/reader.h"

/* The longest hash of the three, and of SHA-384 and SHA-512, which are read and never match. */
#define CERT_ID_HASH_MAX 64
/* [RFC5280 4.1.2.2] */
#define CERT_ID_SERIAL_MAX 20

enum cert_id_hash { CERT_ID_SHA1, CERT_ID_SHA256, CERT_ID_SM3, CERT_ID_HASH_COUNT, CERT_ID_OTHER_HASH = CERT_ID_HASH_COUNT };

/* Borrows. */
struct cert_id {
    struct bytes whole; /* as read; not looked at by cert_id_write */
    enum cert_id_hash hash;
    bool has_null; /* the AlgorithmIdentifier has NULL parameters; none is right as well [RFC5754 2] */
    struct bytes issuer_name_hash, issuer_key_hash;
    struct bytes serial; /* contents of the INTEGER */
};

/* cert_id_hash_size is the length of such a hash, 0 for CERT_ID_OTHER_HASH. */
size_t cert_id_hash_size(enum cert_id_hash hash);

/* cert_id_read reads one. False for what is none in DER, for hashes that have not the length of theirs, and for serial
 * numbers above CERT_ID_SERIAL_MAX; the reader stays. */
MUST_USE bool cert_id_read(struct reader *r, struct cert_id *out);

/* cert_id_write appends one, of a hash of ours. */
void cert_id_write(const struct cert_id *id, struct builder *out);

/* cert_id_is_same: do both name one certificate in one way? With or without NULL. */
bool cert_id_is_same(const struct cert_id *a, const struct cert_id *b);

#endif
