/* mtc_maker.h - Merkle Tree CAs, entries, trees, proofs and cosignatures in memory, of every version,
 * right or spoiled in one field. Written from the drafts, with their OIDs spelled out: codec/mtc and
 * merkle/, which are tested with it, are not used. Whatever fails here ends the program. */
#ifndef CATHAYA_TESTS_UNIT_RULES_MTC_MAKER_H
#define CATHAYA_TESTS_UNIT_RULES_MTC_MAKER_H

#include "crypto/hash.h"
#include "crypto/key.h"

#define MAKER_SIGNATURES_MAX 16
#define MAKER_SIZE_MAX ((size_t)128 * 1024)

/* 2026-11-21T00:00:00Z: certificates are valid for a week from then, CAs for a year around it. */
#define MAKER_NOW INT64_C(1795219200)
#define MAKER_WEEK (INT64_C(7) * 86400)
#define MAKER_YEAR (INT64_C(365) * 86400)

#define MAKER_SERIAL(log, index) ((uint64_t)(log) << 48 | (uint64_t)(index))

/* What differs between the versions; OIDs as hex of their contents. */
struct maker_draft {
    const char *name;
    const struct hash_alg *hash;
    const char *ca_extension, *name_attribute;
    const char *proof_identifier; /* whole AlgorithmIdentifier */
    bool has_text_name, has_log_hash, has_max_serial;
    unsigned signatures_prefix;
};

extern const struct maker_draft maker_gm, maker_07, maker_06, maker_05, maker_04;

/* The built-in algorithms, for the life of the program. */
struct algorithms *maker_algorithms(void);

/* A new key; the caller frees it. */
struct private_key *maker_private_key(const char *alg);

/* ---- CAs and cosigners ---- */

struct maker_ca {
    const struct maker_draft *draft;
    const char *id; /* "32473.1" */
    struct private_key *key;
    uint64_t min_serial, max_serial;
    int64_t not_before_s, not_after_s;
    struct bytes der; /* the CA certificate, on the heap */
};

/* maker_ca_init makes a CA with a new key, logs 1 to 9 in its window. After a change of its fields
 * maker_ca_write makes the certificate again. */
void maker_ca_init(struct maker_ca *ca, const struct maker_draft *draft, const char *id, const char *alg);
void maker_ca_write(struct maker_ca *ca);
void maker_ca_clear(struct maker_ca *ca);

struct maker_cosigner {
    const char *id, *alg;
    struct private_key *key;
};

void maker_cosigner_init(struct maker_cosigner *cosigner, const char *id, const char *alg);
void maker_cosigner_clear(struct maker_cosigner *cosigner);
struct bytes maker_cosigner_spki(const struct maker_cosigner *cosigner);

/* The policy file's line for it. */
void maker_cosigner_line(const struct maker_cosigner *cosigner, struct builder *policy);

/* ---- certificates ---- */

struct maker_signature {
    uint8_t id[255];
    size_t id_len;
    uint8_t signature[8192];
    size_t signature_len;
};

/* A recipe. Empty runs mean: as it should be. */
struct maker_cert {
    const struct maker_ca *ca;
    uint16_t log_number;
    uint64_t index, start, end;
    int64_t not_before_s, not_after_s;
    const struct hash_alg *hash;  /* of the tree, leaf and key */
    struct bytes serial;          /* contents of the INTEGER */
    struct bytes issuer;          /* whole */
    struct bytes inner_algorithm; /* whole AlgorithmIdentifier; in the TBSCertificate */
    struct bytes outer_algorithm;
    struct bytes spki;            /* whole; else an Ed25519 key that nobody has */
    struct bytes extensions;       /* contents of the SEQUENCE */
    bool has_no_extensions;
    struct bytes entry_extensions; /* contents of the vector */
    struct bytes logged_entry_extensions; /* those in the log, when they are others */
    struct bytes inclusion_proof;
    struct bytes after_proof;     /* behind the MTCProof */
    unsigned signatures_prefix;   /* 0: the version's */
    bool keep_order;              /* cosignatures stay as they were added */
    struct maker_signature signatures[MAKER_SIGNATURES_MAX];
    size_t signature_count;
};

/* maker_cert_init starts a certificate of entry index of the log, proven in subtree [start, end), for
 * www.example.com, *.wild.example and 192.0.2.1. The other entries of the tree are invented. */
void maker_cert_init(struct maker_cert *cert, const struct maker_ca *ca, uint16_t log_number,
                     uint64_t index, uint64_t start, uint64_t end);

/* maker_subtree_hash is the hash of its subtree, with the entry as it is now. */
void maker_subtree_hash(const struct maker_cert *cert, uint8_t out[HASH_SIZE]);

/* What a cosigner signs; maker_message fills it for this cosigner and certificate. */
struct maker_message {
    char cosigner_name[160], log_origin[160];
    uint64_t timestamp, start, end;
    uint8_t hash[HASH_SIZE];
};

void maker_message(const struct maker_cert *cert, const char *cosigner_id, struct maker_message *out);

/* maker_add adds a cosignature as it is; maker_sign one of key over the message; maker_cosign the right
 * one of a cosigner; maker_ca_sign that of the CA cosigner. */
void maker_add(struct maker_cert *cert, struct bytes id, struct bytes signature);
void maker_sign(struct maker_cert *cert, const char *id, const struct private_key *key,
                const struct maker_message *message);
void maker_cosign(struct maker_cert *cert, const struct maker_cosigner *cosigner);
void maker_ca_sign(struct maker_cert *cert);

/* A cosignature of an unknown cosigner, whose ID sorts last. */
void maker_grease(struct maker_cert *cert, size_t signature_len);

/* maker_write writes the certificate, in a block of its own size: free(data). */
struct bytes maker_write(const struct maker_cert *cert);

/* The policy file's line that makes the subtree a trusted one. */
void maker_subtree_line(const struct maker_cert *cert, struct builder *policy);

/* The contents octets of an ID. */
size_t maker_id(const char *text, uint8_t out[64]);

#endif
