/* socket_address.h - numeric addresses of TCP sockets: "127.0.0.1:443", "[::1]:443", "[fe80::1%eth0]:443". */
#ifndef CATHAYA_ADAPTERS_SOCKETS_SOCKET_ADDRESS_H
#define CATHAYA_ADAPTERS_SOCKETS_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/status.h"

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* socket_address_parse: false when it is no such address with a port of 0 to 65535, or its zone is no interface of this
 * machine. */
bool socket_address_parse(const char *text, union socket_address *out, socklen_t *len);

uint16_t socket_address_port(const union socket_address *address);

/* socket_address_write_host writes the address alone, an IPv4 one that came by IPv6 as what it is; "" for another family. */
void socket_address_write_host(const struct sockaddr *address, char *out, size_t size);

/* socket_address_bind makes a socket at an address, which is not blocking, not inherited, and not listening yet. IPv6 is IPv6
 * alone: IPv4 has an address of its own. is_shared: other sockets of this user may have it too (SO_REUSEPORT). text is for
 * reasons: STATUS_CONFLICT when the address is in use, otherwise STATUS_IO. */
MUST_USE enum status socket_address_bind(const char *text, const union socket_address *address, socklen_t len, bool is_shared,
                                         int *out, struct error *err);

/* socket_address_failed is the failure that errno tells, to listen on an address. */
enum status socket_address_failed(const char *text, struct error *err);

#endif
