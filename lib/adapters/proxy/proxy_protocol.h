/* proxy_protocol.h - what a backend is told first of a connection's client: the PROXY protocol, version 2, in its
 * binary form [haproxy, proxy-protocol.txt, 2.2]. It is only written here, never read. */
#ifndef CATHAYA_ADAPTERS_PROXY_PROXY_PROTOCOL_H
#define CATHAYA_ADAPTERS_PROXY_PROXY_PROTOCOL_H

#include <sys/socket.h>

#include "base/builder.h"

/* 16 bytes of head, 216 of Unix addresses, and what TLVs hold: a name has up to 255 bytes, the rest is short. */
#define PROXY_PROTOCOL_MAX 1024

struct proxy_protocol {
    /* The client's address and the one it connected to. Either NULL, or of a family that has no form: LOCAL is
     * written, as for the gateway's own connections. */
    const struct sockaddr_storage *source, *destination;
    struct bytes alpn, authority; /* TLVs 0x01 and 0x02; empty: not written */
    bool is_tls;                  /* TLV 0x20, with version and cipher where they are not empty */
    struct bytes tls_version, tls_cipher;
};

/* proxy_protocol_write appends the header. IPv4 addresses within IPv6 are written as IPv4 when both are. STATUS_LIMIT
 * when texts are longer than PROXY_PROTOCOL_MAX allows. */
MUST_USE enum status proxy_protocol_write(struct builder *out, const struct proxy_protocol *about,
                                          struct error *err);

#endif
