/* fetch_connection.h - a TCP connection that is made and waited on, with one deadline for everything. */
#ifndef CATHAYA_PROGRAM_FETCH_CONNECTION_H
#define CATHAYA_PROGRAM_FETCH_CONNECTION_H

#include <sys/socket.h>

#include "base/status.h"

/* Hosts have two or four; those beyond are not tried. */
#define FETCH_ADDRESSES_MAX 8
/* "[2001:db8::1%eth0]:65535" and its NUL. */
#define FETCH_ADDRESS_TEXT_SIZE 80

struct fetch_addresses {
    size_t count;
    struct sockaddr_storage at[FETCH_ADDRESSES_MAX];
    socklen_t len[FETCH_ADDRESSES_MAX];
};

/* fetch_addresses_parse reads ADDR:PORT or [ADDR]:PORT, numeric. STATUS_USAGE. */
MUST_USE enum status fetch_addresses_parse(const char *text, struct fetch_addresses *out, struct error *err);

/* fetch_addresses_resolve asks the system for a host. STATUS_IO. */
MUST_USE enum status fetch_addresses_resolve(const char *host, uint16_t port, struct fetch_addresses *out,
                                             struct error *err);

/* fetch_connect tries the addresses one after the other and gives a non-blocking descriptor; text is the address that
 * it is connected with. STATUS_IO with the reason of the last one. */
MUST_USE enum status fetch_connect(const struct fetch_addresses *addresses, int64_t deadline_ms, int *fd,
                                   char text[FETCH_ADDRESS_TEXT_SIZE], struct error *err);

/* fetch_wait waits until the descriptor is readable, or writable. STATUS_IO at the deadline. */
MUST_USE enum status fetch_wait(int fd, bool is_write, int64_t deadline_ms, struct error *err);

#endif
