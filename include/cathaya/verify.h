/* cathaya/verify.h - verifying Merkle Tree Certificates, for browsers and other relying parties.
 *
 * draft-ietf-plants-merkle-tree-certs-07 section 7 with SHA-256, the GM profile of it with SM3 and
 * SM2, and for reading -04, -05 and -06. The library does no I/O, reads no clock and keeps no global
 * state of its own. libcrypto is inside it.
 *
 * Use: fill a cathaya_trust once; make one cathaya_verifier per thread on it; call cathaya_verify.
 *
 * Threads: while a trust is filled, one thread uses it. After that it is immutable and any number of
 * verifiers, in any threads, share it. A verifier belongs to one thread at a time.
 *
 * Ownership: every pointer given to a function is only borrowed for the call, except where it says
 * "keeps". A function with an `out` parameter sets *out to NULL on failure.
 */
#ifndef CATHAYA_VERIFY_H
#define CATHAYA_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include <cathaya/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CATHAYA_HASH_SIZE 32

/* ---- what is trusted ---- */

struct cathaya_trust;

/* cathaya_trust_new makes an empty trust store; cathaya_trust_free takes it back (NULL is fine).
 * CATHAYA_NO_MEMORY. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_trust_new(struct cathaya_trust **out,
                                                                   struct cathaya_error *err);
CATHAYA_API void cathaya_trust_free(struct cathaya_trust *trust);

/* cathaya_trust_add_algorithm teaches a signature algorithm that this library does not name: a name of
 * your choice, its dotted OID, the key type's name for EVP and the OpenSSL provider that has it ("" is
 * the default one). Before the CAs and cosigners that use it. CATHAYA_CONFLICT, CATHAYA_USAGE.
 * Not thread-safe against anything else in the library: loads providers. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_trust_add_algorithm(struct cathaya_trust *trust, const char *name, const char *oid,
                            const char *evp_name, const char *provider, struct cathaya_error *err);

/* cathaya_trust_add_ca adds a Merkle Tree CA: its certificate in DER [MTC 5.5]. Its own signature is not
 * looked at. CATHAYA_MALFORMED, CATHAYA_REFUSED (no Merkle Tree CA), CATHAYA_CONFLICT (its ID or its
 * key is there already). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_trust_add_ca(struct cathaya_trust *trust,
                                                                      const uint8_t *der,
                                                                      size_t der_len,
                                                                      struct cathaya_error *err);

/* cathaya_trust_add_policy adds cosigners, requirements, trusted subtrees and revoked ranges, as text
 * (docs/policy-file.md). CATHAYA_USAGE with the line number; then the trust is good for nothing but
 * cathaya_trust_free. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_trust_add_policy(struct cathaya_trust *trust, const char *text, size_t text_len,
                         struct cathaya_error *err);

/* cathaya_trust_add_subtree adds one trusted subtree, as a landmark distributor gives it [MTC 7.4]:
 * entries [start, end) of log log_number of the CA whose ID is ca_id ("32473.1"). CATHAYA_CONFLICT when
 * it is there with another hash; CATHAYA_USAGE when it is not a valid subtree. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_trust_add_subtree(struct cathaya_trust *trust, const char *ca_id, uint16_t log_number,
                          uint64_t start, uint64_t end, const uint8_t hash[CATHAYA_HASH_SIZE],
                          struct cathaya_error *err);

/* cathaya_trust_add_revoked revokes serial numbers first..last, both inclusive, of a CA [MTC 7.5]. A
 * serial number is log_number * 2^48 + index. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_trust_add_revoked(struct cathaya_trust *trust, const char *ca_id, uint64_t first,
                          uint64_t last, struct cathaya_error *err);

/* A TrustBundle (docs/trust-bundle.md), as bytes: the contents of an envelope whose signatures the caller has
 * verified, or a local one. */
struct cathaya_bundle {
    const uint8_t *data;
    size_t len;
};

/* cathaya_trust_add_bundles fills a trust that is empty but for algorithms: with the CAs of the first bundle and their
 * cosigner policies, and with the landmarks and the revoked ranges of all of them. at: seconds since the Epoch; what has
 * expired then is left out. A first bundle that has expired is used without landmarks for 70 days, then it is
 * CATHAYA_REFUSED. CATHAYA_MALFORMED, CATHAYA_CONFLICT
 * (bundles contradict each other), CATHAYA_LIMIT, CATHAYA_USAGE (not empty). Then the trust is as it was. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_trust_add_bundles(struct cathaya_trust *trust, const struct cathaya_bundle *bundles, size_t count, int64_t at,
                          struct cathaya_error *err);

/* ---- verifying ---- */

struct cathaya_verifier;

/* cathaya_verifier_new makes a verifier on a trust that is complete, and keeps the pointer: the trust
 * must outlive it. CATHAYA_NO_MEMORY. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_verifier_new(const struct cathaya_trust *trust, struct cathaya_verifier **out,
                     struct cathaya_error *err);
CATHAYA_API void cathaya_verifier_free(struct cathaya_verifier *verifier);

/* What is asked. Zero it, then fill it. */
struct cathaya_request {
    int64_t at;           /* seconds since the Epoch: the caller's clock */
    const char *dns_name; /* the name that was dialled, as A-labels; NULL: names are not checked */
    const uint8_t *ip;    /* or the address that was dialled, ip_len 4 or 16; NULL: none */
    size_t ip_len;
    int proof_only;       /* not 0: only the checks that replace the signature [MTC 7.2] */
};

enum cathaya_mode {
    CATHAYA_MODE_NONE = 0,
    CATHAYA_MODE_LANDMARK = 1,  /* by a trusted subtree, no signature needed [MTC 6.4] */
    CATHAYA_MODE_STANDALONE = 2 /* by cosignatures [MTC 6.3] */
};

#define CATHAYA_ID_SIZE 128
#define CATHAYA_COSIGNERS_SIZE 1024

/* What was found, as far as verification came; strings are NUL-terminated, empty when unknown. */
struct cathaya_result {
    enum cathaya_mode mode;
    char ca_id[CATHAYA_ID_SIZE];
    char draft[16];                         /* "draft-07", "gm-0", ... */
    char hash[16];                          /* "sha256", "sm3" */
    uint64_t serial;
    uint16_t log_number;
    uint64_t index;
    uint64_t start, end;                    /* the subtree */
    uint8_t entry_hash[CATHAYA_HASH_SIZE];
    uint8_t subtree_hash[CATHAYA_HASH_SIZE];
    int has_ca_signature;                   /* standalone: the CA cosigner's signature is good */
    char cosigners[CATHAYA_COSIGNERS_SIZE]; /* IDs of the others that have signed, space between */
};

/* cathaya_verify judges one certificate in DER. CATHAYA_OK is the only yes. Otherwise err has the
 * reason: CATHAYA_MALFORMED, CATHAYA_REFUSED, CATHAYA_LIMIT, CATHAYA_NOT_FOUND (no CA of the trust
 * issued it), CATHAYA_USAGE (dns_name is empty, or ip_len not 4 or 16), CATHAYA_NO_MEMORY (no verdict). result and err may be NULL. Allocates nothing of its own;
 * libcrypto may while it verifies a signature. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_verify(struct cathaya_verifier *verifier, const uint8_t *der, size_t der_len,
               const struct cathaya_request *request, struct cathaya_result *result,
               struct cathaya_error *err);

/* cathaya_version is the version of the library, "0.1.0". */
CATHAYA_API const char *cathaya_version(void);

#ifdef __cplusplus
}
#endif

#endif
