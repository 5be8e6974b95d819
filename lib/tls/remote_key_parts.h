/* remote_key_parts.h - what the two halves of the provider for remote keys share. */
#ifndef CATHAYA_TLS_REMOTE_KEY_PARTS_H
#define CATHAYA_TLS_REMOTE_KEY_PARTS_H

#include <stdatomic.h>

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

#include "tls/remote_key.h"

/* The core's function table is one of generic pointers. */
#define ROW(id, function) {id, (void (*)(void))(function)}

/* A key that OpenSSL's objects point to. */
struct remote_key {
    atomic_size_t count;
    EVP_PKEY *public_half; /* of the default provider */
    struct remote_signer signer;
    bool is_gm;
};

struct remote_key *remote_key_keep(struct remote_key *key);
void remote_key_release(struct remote_key *key); /* NULL is fine */

/* What the core has of a key. */
struct remote_holder {
    struct remote_key *key; /* NULL until it is imported */
};

/* The functions that sign, and remote_key_take_reason's answer (remote_signature.c). */
extern const OSSL_DISPATCH remote_signature[];
const char *remote_signature_take_reason(void);

#endif
