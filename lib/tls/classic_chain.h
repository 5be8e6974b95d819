/* classic_chain.h - a directly signed chain, root -> intermediate -> leaf, as today's Web PKI has it, with
 * two embedded SCTs: what a Merkle Tree Certificate is measured against.
 *
 * Everything is real: the signatures, the two CT logs' keys, and the TBSCertificate that the SCTs sign,
 * which is the leaf's without its SCT list [RFC6962 3.2]. Only the logs have no tree.
 */
#ifndef CATHAYA_TLS_CLASSIC_CHAIN_H
#define CATHAYA_TLS_CLASSIC_CHAIN_H

#include "base/bytes.h"
#include "base/status.h"

/* The algorithm of all three keys. SCTs are SM2/SM3 [GM 4] in an SM2 chain and ECDSA P-256 in the
 * others, since no CT log signs with ML-DSA. */
enum classic_alg {
    CLASSIC_SM2,
    CLASSIC_P256,
    CLASSIC_MLDSA44
};

#define CLASSIC_CHAIN_SCTS 2

/* Immutable after creation. It is both sides: what the server sends, and what the client trusts. */
struct classic_chain;

/* classic_chain_new makes keys and certificates for a DNS name. The leaf is valid from one hour before
 * at_s for 90 days. classic_chain_free takes it back (NULL is fine). */
MUST_USE enum status classic_chain_new(enum classic_alg alg, const char *dns_name, int64_t at_s,
                                       struct classic_chain **out, struct error *err);
void classic_chain_free(struct classic_chain *chain);

/* Borrowed DER, and the PKCS#8 PEM of the leaf's private key. */
struct bytes classic_chain_root(const struct classic_chain *chain);
struct bytes classic_chain_intermediate(const struct classic_chain *chain);
struct bytes classic_chain_leaf(const struct classic_chain *chain);
struct bytes classic_chain_key_pem(const struct classic_chain *chain);

/* classic_chain_verify judges certificates from the wire, the leaf first, as a client does that trusts
 * this chain's root and logs: two certificate signatures, name, validity and use through
 * X509_verify_cert, and CLASSIC_CHAIN_SCTS SCTs. STATUS_OK is the only yes. */
MUST_USE enum status classic_chain_verify(const struct classic_chain *chain,
                                          const struct bytes *certificates, size_t count,
                                          const char *dns_name, int64_t at_s, struct error *err);

/* classic_chain_verify_below is the same for somebody else's root, in DER, and without SCTs. */
MUST_USE enum status classic_chain_verify_below(struct bytes root, const struct bytes *certificates, size_t count,
                                                const char *dns_name, int64_t at_s, struct error *err);

#endif
