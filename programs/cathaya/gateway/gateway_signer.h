/* gateway_signer.h - sites' keys in signer processes (`cathaya signer run`), for as long as the process lives.
 *
 * A worker that asks for a signature stands still until it is there, and its other connections with it; that is bounded.
 * A signer that went away is waited for once, GATEWAY_SIGNER_TIMEOUT_MS, since a service manager has started it again by
 * then; a signer that takes its time without answering is asked ever less often. In between, handshakes fail at once.
 */
#ifndef CATHAYA_PROGRAM_GATEWAY_SIGNER_H
#define CATHAYA_PROGRAM_GATEWAY_SIGNER_H

#include "ports/events.h"
#include "tls/remote_key.h"

/* A signature is below a millisecond, one by an HSM of the signer's some tens. */
#define GATEWAY_SIGNER_TIMEOUT_MS 1000
/* The longest pause after a signer that does not answer: a tenth of one thread's time is lost then. */
#define GATEWAY_SIGNER_PAUSE_MAX_MS 10000

#define GATEWAY_SIGNER_SCHEME "signer:"

/* gateway_signer_open gives the signer of a key named as key_file.h has it (signer:SOCKET#KEYID), which is to be the one of
 * a SubjectPublicKeyInfo. When nobody answers is_away is set in it: it will be looked for at each handshake. It lives until
 * the process ends; the same name and key give the same one. For the main thread. STATUS_USAGE for a name that is none,
 * for an algorithm that signers do not have, and when the signer has no such key or another. */
MUST_USE enum status gateway_signer_open(const char *name, struct bytes spki, struct remote_signer *out,
                                         struct error *err);

/* gateway_signer_look reports "signer-away", with the reason, and "signer-back" for every key whose signer has changed
 * from one to the other since it was asked last. */
void gateway_signer_look(struct events_port *events);

/* How often that is worth while. */
#define GATEWAY_SIGNER_LOOK_MS 1000

#endif
