/* csr.h - the fields of a certification request, PKCS#10 [RFC2986 4], borrowed:
 *
 *   CertificationRequest ::= SEQUENCE {
 *     certificationRequestInfo, signatureAlgorithm AlgorithmIdentifier, signature BIT STRING }
 *   CertificationRequestInfo ::= SEQUENCE {
 *     version INTEGER { v1(0) }, subject Name, subjectPKInfo SubjectPublicKeyInfo,
 *     attributes [0] IMPLICIT SET OF SEQUENCE { type OID, values SET OF ANY } }
 *
 * Of the attributes only extensionRequest [RFC2985 5.4.2] is read, and of that only subjectAltName.
 */
#ifndef CATHAYA_CODEC_X509_CSR_H
#define CATHAYA_CODEC_X509_CSR_H

#include "base/bytes.h"
#include "base/status.h"

/* An ML-DSA-87 key with its signature and a hundred names of 253 bytes need 33 KiB. */
#define CSR_SIZE_MAX (64 * 1024)
/* Clients send one or two. */
#define CSR_ATTRIBUTES_MAX 16

/* "whole" is identifier, length and contents. */
struct csr {
    struct bytes der;                 /* the whole request */
    struct bytes info;                /* whole CertificationRequestInfo: what is signed */
    struct bytes subject;             /* whole Name */
    struct bytes spki;                /* whole SubjectPublicKeyInfo */
    struct bytes spki_algorithm;      /* whole AlgorithmIdentifier in it */
    struct bytes subject_alt_name;    /* contents of GeneralNames, empty when none was asked for */
    struct bytes signature_algorithm; /* whole AlgorithmIdentifier */
    struct bytes signature_value;     /* contents of the BIT STRING without its unused-bits byte */
};

/* csr_parse splits der, which must be one request in DER and nothing else. Fields borrow from der.
 * Nothing is verified: csr_possession_verify does that. The order of attributes is not looked at,
 * because several clients do not sort them. */
MUST_USE enum status csr_parse(struct bytes der, struct csr *out, struct error *err);

#endif
