/* tbs_entry.h - TBSCertificateLogEntry: a TBSCertificate without serial number and signature
 * algorithm, with the hash of the key in place of the key [MTC 5.2.1]:
 *
 *   TBSCertificateLogEntry ::= SEQUENCE {
 *     version [0] DEFAULT v1, issuer Name, validity, subject Name,
 *     subjectPublicKeyAlgorithm AlgorithmIdentifier, subjectPublicKeyInfoHash OCTET STRING,
 *     issuerUniqueID [1]?, subjectUniqueID [2]?, extensions [3]? }
 *
 * A log entry holds the contents of the SEQUENCE, without its identifier and length.
 */
#ifndef CATHAYA_CODEC_MTC_TBS_ENTRY_H
#define CATHAYA_CODEC_MTC_TBS_ENTRY_H

#include "codec/mtc/draft.h"
#include "codec/mtc/log_entry.h"
#include "codec/x509/certificate.h"

struct tbs_entry {
    struct bytes version;        /* whole [0], or empty */
    struct bytes issuer;         /* whole, and so on */
    struct bytes validity;
    struct bytes subject;
    struct bytes spki_algorithm;
    struct bytes spki_hash;      /* contents: HASH_SIZE bytes */
    struct bytes after_spki;     /* [1], [2], [3] */
    struct bytes extensions;     /* contents of the Extensions SEQUENCE, or empty */
    int64_t not_before_s, not_after_s;
};

/* tbs_entry_parse splits the contents octets, strictly. Fields borrow. */
MUST_USE enum status tbs_entry_parse(struct bytes contents, struct tbs_entry *out,
                                     struct error *err);

/* tbs_entry_write appends the contents octets from the fields up to after_spki. */
void tbs_entry_write(const struct tbs_entry *entry, struct builder *out);

/* tbs_entry_leaf_hash is the hash of the log entry of a certificate with these entry extensions, in
 * one pass over the certificate, copying nothing [MTC 7.2]. */
void tbs_entry_leaf_hash(struct hasher *h, const struct certificate *cert,
                         struct bytes entry_extensions, uint8_t out[HASH_SIZE]);

/* tbs_entry_write_certificate appends the certificate of an entry: its fields, the serial number,
 * the whole subjectPublicKeyInfo and the MTCProof. */
MUST_USE enum status tbs_entry_write_certificate(const struct tbs_entry *entry,
                                                 const struct draft *draft, uint64_t serial,
                                                 struct bytes spki, struct bytes mtc_proof,
                                                 struct builder *out, struct error *err);

#endif
