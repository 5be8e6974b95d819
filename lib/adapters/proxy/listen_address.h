/* listen_address.h - sockets that listen: "ADDRESS:PORT" to sockets and back. Private to this layer. */
#ifndef CATHAYA_ADAPTERS_PROXY_LISTEN_ADDRESS_H
#define CATHAYA_ADAPTERS_PROXY_LISTEN_ADDRESS_H

#include "base/status.h"

/* listen_address_open makes count sockets on one address, with SO_REUSEPORT; with port 0 all get the same free one.
 * As proxy_listen says. */
MUST_USE enum status listen_address_open(const char *address, int *fds, size_t count, struct error *err);

/* listen_address_check: it is a listening TCP socket; makes it as our own are (not inherited, not blocking). */
MUST_USE enum status listen_address_check(int fd, struct error *err);

/* listen_address_write writes "127.0.0.1:443" into out of size bytes; "" when it has none. */
void listen_address_write(int fd, char *out, size_t size);

#endif
