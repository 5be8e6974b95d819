/* remote_key.h - a private key that is somewhere else: in the signer process, in an HSM of somebody's own.
 *
 * OpenSSL is given a key whose public half is real and whose private half is a function. The function gets
 * the message itself, never a digest of it, so that the one who holds the key sees what it signs: in TLS 1.3
 * 64 spaces, a context string, a zero byte and a hash [RFC8446 4.4.3]; in TLS 1.2 two randoms and a key share.
 */
#ifndef CATHAYA_TLS_REMOTE_KEY_H
#define CATHAYA_TLS_REMOTE_KEY_H

#include "base/builder.h"

/* remote_key's functions are called by whatever thread does the handshake, by several at once, and may wait:
 * the thread's other connections wait with it. The context has to outlive every credential made with it. */
struct remote_signer {
    void *context;

    /* sign appends the signature of message as TLS has it (DER for SM2 and ECDSA). scheme is TLS's
     * SignatureScheme: 0x0708 sm2sig_sm3, 0x0403, 0x0503, 0x0603, 0x0807, 0x0904 to 0x0906. id is the SM2 ID,
     * "TLSv1.3+GM+Cipher+Suite" in a handshake, and empty for the others. */
    enum status (*sign)(void *context, uint16_t scheme, struct bytes id, struct bytes message,
                        struct builder *signature, struct error *err);

    /* It signs nothing but what a TLS 1.3 server signs: a credential of it is never chosen in TLS 1.2. */
    bool is_tls13_only;
    /* Nobody is there now who could prove that it has the key: the credential is made without that. */
    bool is_away;
};

/* remote_key_new gives OpenSSL's key (EVP_PKEY, for the caller to free) of a public half, SM2, EC, Ed25519 or
 * ML-DSA, that signs by the signer; both are kept by it. STATUS_USAGE for another type: RSA, whose padding comes
 * after the fact. For tls/ alone. */
struct evp_pkey_st;
MUST_USE enum status remote_key_new(struct evp_pkey_st *public_half, const struct remote_signer *signer,
                                    struct evp_pkey_st **out, struct error *err);

/* remote_key_take_reason is why this thread's last signature failed, in the signer's words, until the next one;
 * "" when it did not, or has been asked already. */
const char *remote_key_take_reason(void);

#endif
