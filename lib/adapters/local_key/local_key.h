/* local_key.h - a cosigner whose private key is in this process. */
#ifndef CATHAYA_ADAPTERS_LOCAL_KEY_LOCAL_KEY_H
#define CATHAYA_ADAPTERS_LOCAL_KEY_LOCAL_KEY_H

#include "ports/cosigner.h"

/* local_key_cosigner makes a cosigner of an ID and a key. Borrows the key, which must outlive it;
 * nothing is allocated. */
struct cosigner local_key_cosigner(const struct tai *id, const struct private_key *key);

#endif
