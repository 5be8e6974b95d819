/* draft.h - which version of Merkle Tree Certificates: everything that differs between them, in one
 * table. The version is a property of the CA certificate, and one set of OIDs goes with it [GM 2]. */
#ifndef CATHAYA_CODEC_MTC_DRAFT_H
#define CATHAYA_CODEC_MTC_DRAFT_H

#include "codec/tai/tai.h"
#include "crypto/hash.h"

/* The project's own arc P [GM 2]: 1.3.6.1.4.1.32473.1000 as the contents of an OID. 32473 is the
 * documentation number, to be replaced here when a number is registered. */
#define DRAFT_PROJECT_ARC 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x87, 0x68

struct draft {
    const char *name;            /* "draft-07", "gm-0" */
    const struct hash_alg *hash; /* the tree hash that the CA extension asserts */
    bool is_written;             /* we issue it; the others are only read */
    struct bytes ca_extension;   /* OID contents of the Merkle Tree CA extension */
    unsigned ca_fields;          /* fields of its value: tells -04 from -05 */
    bool has_log_hash;           /* the value begins with logHash */
    bool has_max_serial;         /* the value ends with maxSerial */
    uint64_t serial_min;         /* smallest minSerial allowed */
    struct bytes name_attribute; /* OID contents of the CA ID's attribute type */
    uint8_t name_tag;            /* DER_RELATIVE_OID or DER_UTF8_STRING */
    struct bytes proof_identifier; /* whole AlgorithmIdentifier id-alg-mtcProof */
    unsigned signatures_prefix;  /* bytes of the length of MTCProof.signatures: 2 or 3 */
};

extern const struct draft draft_07; /* [MTC]: SHA-256, written */
extern const struct draft draft_gm; /* [GM]: SM3, written */

/* draft_find is the version whose CA extension has this OID and number of fields; NULL: none. */
const struct draft *draft_find(struct bytes extension_oid, unsigned ca_fields);

/* draft_is_proof says whether any version's certificates have this whole AlgorithmIdentifier in place of a signature's. */
bool draft_is_proof(struct bytes algorithm);

/* draft_has_ca_extension says whether any version's CA extension has this OID. */
bool draft_has_ca_extension(struct bytes extension_oid);

/* draft_write_ca_name appends the Name of a CA ID: one RDN with one attribute [MTC 5.1]. */
void draft_write_ca_name(const struct draft *draft, const struct tai *ca_id, struct builder *out);

/* draft_parse_ca_name is its strict inverse on a whole Name. */
MUST_USE enum status draft_parse_ca_name(const struct draft *draft, struct bytes name,
                                         struct tai *ca_id, struct error *err);

#endif
