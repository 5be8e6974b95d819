/* trust_anchors.h - the TLS extension trust_anchors on OpenSSL, for both sides [TAI 4.1]: in ClientHello, in
 * EncryptedExtensions, and empty in Certificate when the chain is for an ID that was asked for. TLS 1.3 only.
 *
 * A context gets the extension once; each connection then says what it has to say by a struct trust_anchors.
 * A connection without one sends nothing and reads past what comes. After a HelloRetryRequest the same is said
 * again and heard again. Private to tls/.
 */
#ifndef CATHAYA_TLS_TRUST_ANCHORS_H
#define CATHAYA_TLS_TRUST_ANCHORS_H

#include <openssl/ssl.h>

#include "codec/tai/trust_anchor_list.h"

/* One connection's. The contents of the extension are borrowed (trust_anchor_list_write made them). */
struct trust_anchors {
    bool is_requesting;      /* client: the extension goes into ClientHello, perhaps with an empty list */
    struct bytes requested;
    struct bytes available;  /* server: for EncryptedExtensions of a client that asked; empty: not sent */
    bool is_confirmed;       /* server: say so in Certificate; client: the server has said so */
    struct trust_anchor_list *heard; /* what the other side has sent; NULL: checked and not kept */
    bool has_heard;          /* it has sent a list */
};

/* trust_anchors_install makes the extension known to a context, of a server or a client, under a code point
 * (0: TRUST_ANCHOR_LIST_CODE_POINT). STATUS_USAGE when the library itself has that one. */
MUST_USE enum status trust_anchors_install(SSL_CTX *ctx, uint16_t code_point, struct error *err);

/* trust_anchors_attach: mine has to live as long as ssl. False when memory is out. */
MUST_USE bool trust_anchors_attach(SSL *ssl, struct trust_anchors *mine);

#endif
