/* algorithm.h - the signature algorithms of cosigners and CAs, behind one table.
 *
 * Built-in rows are in algorithm.c. A row that no code names is added by configuration: a name, the
 * OID, the name of the key type for EVP, the provider to load [GM 1].
 */
#ifndef CATHAYA_CRYPTO_ALGORITHM_H
#define CATHAYA_CRYPTO_ALGORITHM_H

#include "base/bytes.h"
#include "base/status.h"

#define ALGORITHM_NAME_MAX 31
#define ALGORITHM_OID_TEXT_MAX 63
#define ALGORITHM_IDENTIFIER_MAX 40
#define ALGORITHM_EVP_NAME_MAX 47
/* Built-in and configured rows together: enough for every family of signatures known. */
#define ALGORITHMS_MAX 32

/* No signature of a built-in algorithm is longer than ML-DSA-87's 4627 bytes; SLH-DSA's longest is
 * 49856. A cosignature has a 16-bit length. */
#define SIGNATURE_SIZE_MAX 65535

struct signature_alg {
    char name[ALGORITHM_NAME_MAX + 1];          /* "sm2_sm3" */
    char oid[ALGORITHM_OID_TEXT_MAX + 1];       /* dotted */
    char key_type[ALGORITHM_EVP_NAME_MAX + 1];  /* EVP_PKEY type: "SM2", "EC", "ML-DSA-44" */
    char group[ALGORITHM_NAME_MAX + 1];         /* curve for EC keys, or "" */
    char digest[ALGORITHM_NAME_MAX + 1];        /* digest of the message, or "" */
    char provider[ALGORITHM_EVP_NAME_MAX + 1];  /* "" is the default one */
    bool has_sm2_id;                            /* signed with ID 1234567812345678, always explicit */
    bool is_added;                              /* by configuration */
    uint8_t note_type;                          /* C2SP signed-note type byte; 0xff has none */
    uint8_t identifier[ALGORITHM_IDENTIFIER_MAX]; /* DER AlgorithmIdentifier, parameters absent */
    size_t identifier_len;
};

/* A table of algorithms: filled while configuring, then shared by threads and never changed. Rows
 * keep their address for the life of the table. */
struct algorithms;

/* algorithms_new gives a table with the built-in rows; algorithms_free takes it back (NULL is fine). */
MUST_USE enum status algorithms_new(struct algorithms **out, struct error *err);
void algorithms_free(struct algorithms *a);

/* algorithms_add adds a row by configuration: its name, dotted OID, EVP key type and provider ("" is
 * the default). The same row again is fine: a CA's configuration and --algorithms may both have it.
 * STATUS_CONFLICT for a name or OID that is there already, STATUS_USAGE when EVP does not know the key
 * type. */
MUST_USE enum status algorithms_add(struct algorithms *a, const char *name, const char *oid,
                                    const char *evp_name, const char *provider, struct error *err);

/* algorithms_by_name and algorithms_by_identifier find a row, NULL when there is none. identifier
 * is a whole DER AlgorithmIdentifier and must have no parameters. */
const struct signature_alg *algorithms_by_name(const struct algorithms *a, struct bytes name);
const struct signature_alg *algorithms_by_identifier(const struct algorithms *a,
                                                     struct bytes identifier);

static inline struct bytes algorithm_identifier(const struct signature_alg *alg)
{
    return bytes_of(alg->identifier, alg->identifier_len);
}

/* algorithm_is_for_sm3_ca: may the CA cosigner of an SM3 CA sign with it? With SM2, and with what was
 * added by configuration [GM 3.1]: GM-2. */
static inline bool algorithm_is_for_sm3_ca(const struct signature_alg *alg)
{
    return alg->has_sm2_id || alg->is_added;
}

/* algorithm_oid_to_der appends the DER OBJECT IDENTIFIER (tag and length too) of a dotted OID. False
 * for anything but a well-formed one whose components fit 64 bits. */
struct builder;
MUST_USE bool algorithm_oid_to_der(const char *dotted, struct builder *out);

#endif
