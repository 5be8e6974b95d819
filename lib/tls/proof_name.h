/* proof_name.h - OpenSSL's name for the signature algorithm of a Merkle Tree Certificate. Private to tls/. */
#ifndef CATHAYA_TLS_PROOF_NAME_H
#define CATHAYA_TLS_PROOF_NAME_H

#include <stdbool.h>

/* proof_name_register: a peer that sends signature_algorithms_cert makes libssl look for the leaf's signature
 * algorithm among the names that it knows; so id-alg-mtcProof gets one, once in the process. Thread-safe; each
 * context of ours calls it. False when memory is out. */
bool proof_name_register(void);

#endif
