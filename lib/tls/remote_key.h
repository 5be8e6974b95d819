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

    /* sign appends the signature of message. scheme is TLS's SignatureScheme: 0x0708 sm2sig_sm3, 0x0403, 0x0503.
     * id is the SM2 ID, "TLSv1.3+GM+Cipher+Suite" in a handshake, and empty for the others. */
    enum status (*sign)(void *context, uint16_t scheme, struct bytes id, struct bytes message,
                        struct builder *signature, struct error *err);
};

#endif
