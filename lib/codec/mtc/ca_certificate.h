/* ca_certificate.h - the X.509 form of a Merkle Tree CA [MTC 5.5]. Its critical extension says which
 * version of everything else is in use:
 *
 *   MTCCertificationAuthority ::= SEQUENCE {
 *     logHash AlgorithmIdentifier,     -- only up to -05
 *     sigAlg AlgorithmIdentifier,
 *     minSerial INTEGER,
 *     maxSerial INTEGER }              -- not in -04
 */
#ifndef CATHAYA_CODEC_MTC_CA_CERTIFICATE_H
#define CATHAYA_CODEC_MTC_CA_CERTIFICATE_H

#include "codec/mtc/draft.h"
#include "codec/x509/certificate.h"

#define CA_CERTIFICATE_SERIAL_MIN ((uint64_t)1 << 48)
#define CA_CERTIFICATE_SERIAL_MAX UINT64_MAX

struct ca_certificate {
    const struct draft *draft;
    struct tai id;              /* CA ID and ID of the CA cosigner */
    struct bytes name;          /* whole Name of the CA: what its certificates have as issuer */
    struct bytes spki;          /* whole: key of the CA cosigner */
    struct bytes sig_alg;       /* whole AlgorithmIdentifier of the CA cosigner */
    uint64_t min_serial, max_serial;   /* inclusive both */
    int64_t not_before_s, not_after_s; /* inclusive both */
};

/* ca_certificate_parse reads and checks a CA certificate in DER; fields borrow. The certificate's own
 * signature is not looked at: it is a trust anchor. STATUS_REFUSED when it is a good certificate but
 * not one of a Merkle Tree CA. */
MUST_USE enum status ca_certificate_parse(struct bytes der, struct ca_certificate *out,
                                          struct error *err);

/* ca_certificate_write appends an unsigned certificate [RFC9925] of the CA: draft, id, spki, sig_alg,
 * the serial window and validity are taken from ca; name is not. The subject key identifier is the CA
 * ID. */
MUST_USE enum status ca_certificate_write(const struct ca_certificate *ca, struct builder *out,
                                          struct error *err);

#endif
