/* local_key.h - a cosigner, a signer of documents, and the key of a CT log, whose private key is in this process. */
#ifndef CATHAYA_ADAPTERS_LOCAL_KEY_LOCAL_KEY_H
#define CATHAYA_ADAPTERS_LOCAL_KEY_LOCAL_KEY_H

#include "ports/cosigner.h"
#include "ports/ct_signer.h"
#include "ports/document_signer.h"

/* local_key_cosigner makes a cosigner of an ID and a key. Borrows the key, which must outlive it;
 * nothing is allocated. */
struct cosigner local_key_cosigner(const struct tai *id, const struct private_key *key);

/* local_key_document_signer likewise. It signs what it is given: whoever calls has the key. */
struct document_signer local_key_document_signer(const struct private_key *key);

/* local_key_ct_signer likewise. */
struct ct_signer local_key_ct_signer(const struct private_key *key);

#endif
