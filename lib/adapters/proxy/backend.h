/* backend.h - the servers behind a site: addresses, which of them work, which has the least to do.
 *
 * A group is made by the control plane and is immutable; what changes of a backend (up or down, how much it has to
 * do) are atomics, so all threads read and write them without a lock. Groups and backends are counted atomically. A
 * group that follows another one (a new configuration) takes over the backends that both have, with all that is
 * known of them, and the connections to them that are open.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_BACKEND_H
#define CATHAYA_ADAPTERS_PROXY_BACKEND_H

#include <sys/socket.h>

#include "base/status.h"

/* A set of those that were tried is one word. */
#define BACKENDS_MAX 64
/* "unix:" and the longest path of a socket. */
#define BACKEND_ADDRESS_SIZE 128
/* So many requests in a row that did not get through to it, and a backend is left alone for a while: what active
 * checks have not seen yet, or where there are none. */
#define BACKEND_FAILURES_MAX 3
#define BACKEND_REST_MS 5000

struct backend;
struct backend_group;

/* backend_group_new takes "127.0.0.1:8080", "[::1]:8080", "unix:/path". previous may be NULL. STATUS_USAGE for
 * what is no such address, STATUS_CONFLICT for one that stands there twice, STATUS_LIMIT. A new backend is up. */
MUST_USE enum status backend_group_new(const char *const *addresses, size_t address_count,
                                       struct backend_group *previous, struct backend_group **out,
                                       struct error *err);
struct backend_group *backend_group_keep(struct backend_group *group);
void backend_group_free(struct backend_group *group); /* NULL is fine */

size_t backend_group_count(const struct backend_group *group);
struct backend *backend_group_at(const struct backend_group *group, size_t index); /* borrowed */

struct backend *backend_keep(struct backend *backend);
void backend_free(struct backend *backend); /* NULL is fine */

const char *backend_address(const struct backend *backend);
const struct sockaddr *backend_socket_address(const struct backend *backend, socklen_t *len);

/* backend_pick chooses the one with the fewest requests among those that are up and do not rest; of equals, the next
 * after the last one. When none is left of them, one of those that rest, or are down, as a last resort. tried: bits
 * of the indexes that are out of question, the chosen one is added. NULL when all are. */
struct backend *backend_pick(struct backend_group *group, uint64_t *tried, uint64_t now_ms);

/* What is under way at a backend. */
void backend_begin(struct backend *backend);
void backend_end(struct backend *backend);
uint64_t backend_active_count(const struct backend *backend);

/* A request did not get through (backend_fail), or it did. fail is true when the backend begins to rest with this. */
bool backend_fail(struct backend *backend, uint64_t now_ms);
void backend_work(struct backend *backend);
bool backend_is_resting(const struct backend *backend, uint64_t now_ms);

/* What active checks say. set is true when that is news. */
bool backend_set_up(struct backend *backend, bool is_up);
bool backend_is_up(const struct backend *backend);

/* backend_group_is_up: one at least is up. */
bool backend_group_is_up(const struct backend_group *group);

#endif
