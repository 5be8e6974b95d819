/* signer_core.h - who holds keys and decides what is signed with them. Requests in, answers out
 * (codec/signer/signer_message.h); no I/O but one record per key.
 *
 * About every log a key remembers the last tree that it signed, durably before the signature exists:
 * - a tree of the same size has the same root; a larger one comes with a proof that it goes on from the last;
 *   a smaller one is refused.
 * - a subtree ends inside the last tree and comes with a proof that it is part of it.
 * - a log that the key has never signed begins with the empty tree, unless the operator has named it in `adopted`.
 * So whoever asks - a restored copy of a CA, or somebody who has broken into it - never gets two histories signed.
 *
 * A key for handshakes signs the contents of a TLS 1.3 server's CertificateVerify, and has no other kind.
 *
 * Documents are a TBSCertList, the text of a revocations file about one of the key's logs, or, by a key that
 * signs nothing about logs, a TBSCertificate [MTC 5.5].
 */
#ifndef CATHAYA_SERVICE_SIGNER_SIGNER_CORE_H
#define CATHAYA_SERVICE_SIGNER_SIGNER_CORE_H

#include "codec/signer/signer_message.h"
#include "codec/tai/tai.h"
#include "crypto/key.h"
#include "ports/record_store.h"
#include "service/signer/signer_memory.h"

#define SIGNER_KIND_LOG         1U
#define SIGNER_KIND_CRL         2U
#define SIGNER_KIND_REVOCATIONS 4U
#define SIGNER_KIND_CERTIFICATE 8U
#define SIGNER_KIND_TLS         16U /* handshakes of a TLS server, and nothing else */
#define SIGNER_KIND_OCSP        32U /* OCSP responses, and nothing else */

/* Everything in it is borrowed and outlives the core. */
struct signer_key {
    const char *id;
    const struct private_key *key;
    unsigned kinds;
    /* Only for SIGNER_KIND_LOG and SIGNER_KIND_REVOCATIONS: */
    const struct hash_alg *hash; /* of its logs' trees */
    struct tai cosigner;         /* its ID in statements */
    bool has_own_logs;           /* those of the CA with the cosigner's ID: ID.0.N [MTC 5.2] */
    const char *const *origins;  /* further logs by name */
    size_t origin_count;
    const char *const *adopted;  /* logs whose first tree may have any size */
    size_t adopted_count;
    struct record_store memory;
};

struct signer_core;

/* signer_core_new reads every key's memory. STATUS_USAGE for keys that contradict the rules above: certificates
 * beside logs, one key under two IDs, no hash or ID where one is needed; STATUS_MALFORMED or STATUS_REFUSED
 * when a memory is damaged or of another key. */
MUST_USE enum status signer_core_new(const struct signer_key *keys, size_t count,
                                     struct signer_core **out, struct error *err);
void signer_core_free(struct signer_core *core);

/* signer_core_answer appends the answer to a request. refusal (may be NULL) gets the reason when it is not
 * SIGNER_DONE, for the operator; its status is STATUS_OK otherwise. STATUS_LIMIT or STATUS_NO_MEMORY when
 * there is no room for an answer: the connection is of no use any more. */
MUST_USE enum status signer_core_answer(struct signer_core *core, struct bytes request,
                                        struct builder *answer, struct error *refusal);

#endif
