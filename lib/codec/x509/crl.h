/* crl.h - certificate revocation lists, version 2, for one shard of a CA's certificates [RFC5280 5]:
 *
 *   TBSCertList ::= SEQUENCE { version INTEGER { v2(1) }, signature, issuer, thisUpdate, nextUpdate,
 *     revokedCertificates SEQUENCE OF SEQUENCE { userCertificate INTEGER, revocationDate, [extensions] } OPTIONAL,
 *     [0] { authorityKeyIdentifier, cRLNumber, issuingDistributionPoint (critical) } }
 */
#ifndef CATHAYA_CODEC_X509_CRL_H
#define CATHAYA_CODEC_X509_CRL_H

#include "base/builder.h"
#include "base/reader.h"

/* A hundred thousand entries of some 40 bytes. */
#define CRL_SIZE_MAX ((size_t)8 * 1024 * 1024)
#define CRL_SERIAL_MAX 20
/* CAs here spread their lists over so many shards: one of a million certificates has 4,000 to list when
 * 6 % are revoked. */
#define CRL_SHARDS 16

struct crl_entry {
    struct bytes serial; /* contents of the INTEGER */
    int64_t revoked_s;
    int reason; /* CRLReason; 0 (unspecified) is not written [RFC5280 5.3.1] */
};

struct crl {
    struct bytes algorithm; /* whole AlgorithmIdentifier */
    struct bytes issuer;    /* whole Name */
    struct bytes key_id;    /* of the issuer's key */
    int64_t this_update_s, next_update_s;
    uint64_t number;
    struct bytes url; /* of the distribution point, as in the certificates; empty: not sharded */
};

/* crl_shard_of is the shard of a serial number (contents of the INTEGER). */
unsigned crl_shard_of(struct bytes serial);

/* crl_write_tbs appends the TBSCertList: what is signed. signed_write (x509/signed.h) makes the list of it. */
void crl_write_tbs(const struct crl *crl, const struct crl_entry *entries, size_t count,
                   struct builder *out);

/* What crl_parse gives borrows from der. */
struct crl_parsed {
    struct crl crl;
    struct bytes tbs;       /* whole: what is signed */
    struct bytes entries;   /* contents of revokedCertificates, checked; for crl_next */
    size_t count;
    struct bytes signature;
};

/* crl_parse splits der, which must be one list of this form in DER and nothing else. The signature is
 * not verified. */
MUST_USE enum status crl_parse(struct bytes der, struct crl_parsed *out, struct error *err);

/* crl_next gives the next entry of crl_parsed.entries; false at the end. */
MUST_USE bool crl_next(struct reader *entries, struct crl_entry *out);

/* crl_is_tbs: is this a TBSCertList by its first elements, and so no TBSCertificate? For signers. */
bool crl_is_tbs(struct bytes document);

#endif
