/* signer_rules.h - what a key signs: decisions on a request and what the key remembers. Private to
 * service/signer. */
#ifndef CATHAYA_SERVICE_SIGNER_SIGNER_RULES_H
#define CATHAYA_SERVICE_SIGNER_SIGNER_RULES_H

#include "service/signer/signer_core.h"

/* signer_rules_check_origin: STATUS_REFUSED when the log is none of the key's. */
MUST_USE enum status signer_rules_check_origin(const struct signer_key *key, struct bytes origin,
                                               struct error *err);

/* signer_rules_check_tree: may the statement about a whole tree be signed after `last` (NULL: none)? *verdict
 * becomes SIGNER_NEEDS_PROOF where another proof could change the answer; here and below. */
MUST_USE enum status signer_rules_check_tree(const struct signer_key *key, struct hasher *hasher,
                                             const struct signer_tree *last,
                                             const struct signer_request *request,
                                             enum signer_verdict *verdict, struct error *err);

/* signer_rules_check_subtree: is the subtree part of the last tree? */
MUST_USE enum status signer_rules_check_subtree(const struct signer_key *key, struct hasher *hasher,
                                                const struct signer_tree *last,
                                                const struct signer_request *request,
                                                enum signer_verdict *verdict, struct error *err);

/* signer_rules_check_document: is it of a kind that the key signs? */
MUST_USE enum status signer_rules_check_document(const struct signer_key *key, struct bytes document,
                                                 struct error *err);

/* signer_rules_check_handshake: is it what a TLS 1.3 server signs in CertificateVerify? */
MUST_USE enum status signer_rules_check_handshake(const struct signer_key *key, struct bytes message,
                                                  struct error *err);

#endif
