/* policy_leaf_parts.h - what several tables of rules ask of keys, key purposes and algorithms; private to policy/. */
#ifndef CATHAYA_POLICY_POLICY_LEAF_PARTS_H
#define CATHAYA_POLICY_POLICY_LEAF_PARTS_H

#include "policy/policy_rule.h"

/* More bits of keyUsage than codec/x509/extensions.h names [RFC5280 4.2.1.3]. */
#define POLICY_USAGE_NON_REPUDIATION 0x40
#define POLICY_USAGE_KEY_ENCIPHERMENT 0x20
#define POLICY_USAGE_DATA_ENCIPHERMENT 0x10
#define POLICY_USAGE_KEY_AGREEMENT 0x08

/* policy_leaf_check_key: is it of a kind and size that certificates are issued for [BR 6.1.5, 6.1.6]? Merkle Tree Certificates may
 * have Ed25519 and ML-DSA too. what: "the key", in the evidence. */
enum policy_outcome policy_leaf_check_key(struct policy_view *view, const struct policy_key *key, bool is_mtc, const char *what);

/* The key purposes of the leaf, one after the other: contents of OIDs. */
struct policy_leaf_purposes {
    struct reader list;
    size_t count; /* of those that were given */
    bool is_there, is_critical;
};
void policy_leaf_purposes_init(struct policy_leaf_purposes *purposes, const struct policy_view *view);
bool policy_leaf_purposes_next(struct policy_leaf_purposes *purposes, struct bytes *oid);
/* policy_leaf_has_purpose: is it one of them? id-kp's are given by their last arc with policy_leaf_has_kp. */
bool policy_leaf_has_purpose(const struct policy_view *view, struct bytes oid);
bool policy_leaf_has_kp(const struct policy_view *view, uint8_t last);

/* By whom a certificate is signed: whole AlgorithmIdentifier. */
enum policy_signature {
    POLICY_SIGNATURE_OTHER,
    POLICY_SIGNATURE_SHA1, /* or MD5, with RSA or ECDSA */
    POLICY_SIGNATURE_RSA,  /* PKCS#1 v1.5 or PSS in an encoding of [BR 7.1.3.2.1], with SHA-2 */
    POLICY_SIGNATURE_ECDSA, /* with SHA-2 [BR 7.1.3.2.2] */
    POLICY_SIGNATURE_SM2   /* with SM3, without parameters or with NULL */
};
enum policy_signature policy_leaf_signature(struct bytes algorithm);

#endif
