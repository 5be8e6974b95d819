/* certificate.h - the fields of an X.509 certificate [RFC5280 4.1], borrowed, nothing interpreted:
 *
 *   Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
 *   TBSCertificate ::= SEQUENCE {
 *     version [0], serialNumber INTEGER, signature AlgorithmIdentifier, issuer Name, validity,
 *     subject Name, subjectPublicKeyInfo, issuerUniqueID [1]?, subjectUniqueID [2]?, extensions [3]? }
 */
#ifndef CATHAYA_CODEC_X509_CERTIFICATE_H
#define CATHAYA_CODEC_X509_CERTIFICATE_H

#include "base/reader.h"

/* A certificate with a proof of 64 hashes and several of the largest cosignatures fits; SLH-DSA's
 * longest signature is 49,856 bytes. */
#define CERTIFICATE_SIZE_MAX (256 * 1024)

/* "whole" is identifier, length and contents; "contents" is without identifier and length. */
struct certificate {
    struct bytes der;                  /* the whole certificate */
    struct bytes tbs;                  /* whole */
    struct bytes version;              /* whole [0], empty when absent (v1) */
    struct bytes serial;               /* contents of the INTEGER, shortest form */
    struct bytes signature;            /* whole AlgorithmIdentifier of the TBSCertificate */
    struct bytes issuer;               /* whole Name */
    struct bytes validity;             /* whole */
    struct bytes subject;              /* whole Name */
    struct bytes spki;                 /* whole SubjectPublicKeyInfo */
    struct bytes spki_algorithm;       /* whole AlgorithmIdentifier in it */
    struct bytes after_spki;           /* [1], [2], [3]: everything behind spki */
    struct bytes extensions;           /* contents of the Extensions SEQUENCE, empty when absent */
    struct bytes signature_algorithm;  /* whole, the outer one */
    struct bytes signature_value;      /* contents of the BIT STRING without its unused-bits byte */
    int64_t not_before_s, not_after_s; /* inclusive both */
};

/* certificate_parse splits der, which must be one certificate in DER and nothing else. Fields borrow
 * from der. */
MUST_USE enum status certificate_parse(struct bytes der, struct certificate *out, struct error *err);

/* certificate_parse_timeless is certificate_parse for a certificate that somebody made for himself and
 * nobody asks how long it is valid: its times are not read, and may be written in any way. */
MUST_USE enum status certificate_parse_timeless(struct bytes der, struct certificate *out, struct error *err);

/* certificate_read_version reads the optional [0]; *whole is empty when it is absent. */
MUST_USE enum status certificate_read_version(struct reader *r, struct bytes *whole,
                                              struct error *err);

/* certificate_read_validity reads a whole Validity element from r. */
MUST_USE enum status certificate_read_validity(struct reader *r, struct bytes *whole,
                                               int64_t *not_before_s, int64_t *not_after_s,
                                               struct error *err);

/* certificate_read_after_spki reads [1], [2], [3] until the end of r; *extensions as above. version
 * is what certificate_read_version gave: older ones have not all of them. */
MUST_USE enum status certificate_read_after_spki(struct reader *r, struct bytes version,
                                                 struct bytes *whole, struct bytes *extensions,
                                                 struct error *err);

#endif
