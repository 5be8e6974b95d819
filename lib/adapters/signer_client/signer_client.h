/* signer_client.h - a key that a signer process holds (`cathaya signer run`), as cosigner and signer of documents.
 *
 * Calls block, at most SIGNER_CLIENT_TIMEOUT_MS with everything: a connection that broke is made again within that
 * time and the request repeated once, which is safe, for a signer may be asked for the same statement any number of
 * times. After a call that found nobody the next ones do not wait for somebody to come, until one is answered. Every
 * signature is verified before it is given on. Any thread may sign; calls wait for each other, and the prover is asked
 * on the caller's thread.
 */
#ifndef CATHAYA_ADAPTERS_SIGNER_CLIENT_SIGNER_CLIENT_H
#define CATHAYA_ADAPTERS_SIGNER_CLIENT_SIGNER_CLIENT_H

#include "ports/cosigner.h"
#include "ports/document_signer.h"

/* A signature is milliseconds, an fsync on a busy disk seconds, and within seconds a service manager starts a signer
 * that died. */
#define SIGNER_CLIENT_TIMEOUT_MS 10000

struct signer_client;

/* signer_client_open connects and asks for the key, which must be one of alg (borrowed). STATUS_IO when nobody
 * answers, STATUS_USAGE when the signer has no such key. */
MUST_USE enum status signer_client_open(const char *socket_path, const char *key_id,
                                        const struct signature_alg *alg, struct signer_client **out,
                                        struct error *err);
void signer_client_close(struct signer_client *client);

/* signer_client_open_within is signer_client_open that takes no longer than timeout_ms, which is the client's from then
 * on. */
MUST_USE enum status signer_client_open_within(const char *socket_path, const char *key_id,
                                               const struct signature_alg *alg, int64_t timeout_ms,
                                               struct signer_client **out, struct error *err);

/* signer_client_set_timeout: what SIGNER_CLIENT_TIMEOUT_MS is for this client. */
void signer_client_set_timeout(struct signer_client *client, int64_t timeout_ms);

/* signer_client_key borrows the public key. */
const struct public_key *signer_client_key(const struct signer_client *client);

/* The ports borrow the client. The cosigner asks its prover for what the signer wants to see, also when the signer
 * knows another tree than the caller signed last. */
struct cosigner signer_client_cosigner(struct signer_client *client, const struct tai *id);
struct document_signer signer_client_document_signer(struct signer_client *client);

/* signer_client_sign_handshake appends the signature of a TLS 1.3 server's CertificateVerify. It is not verified here:
 * the peer does that, and a wrong one costs a handshake. */
MUST_USE enum status signer_client_sign_handshake(struct signer_client *client, struct bytes message,
                                                  struct builder *out, struct error *err);

#endif
