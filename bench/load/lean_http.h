/* lean_http.h - the fetch port for one server, at a fraction of a general client's cost: HTTP/1.1 over connections that are
 * kept, one request at a time on each, more connections when all are busy.
 *
 * It is for a server of ours in a load test: answers have a Content-Length. Connections come from several addresses of
 * the loopback network, as the server counts clients by their address. */
#ifndef CATHAYA_BENCH_LOAD_LEAN_HTTP_H
#define CATHAYA_BENCH_LOAD_LEAN_HTTP_H

#include "adapters/event_loop/event_loop.h"
#include "ports/fetch.h"

struct lean_http;

/* lean_http_new takes the URL of anything on the server; ca_pem is whom to trust, for https. At most connections_max
 * connections; requests beyond them wait. */
MUST_USE enum status lean_http_new(struct event_loop *loop, const char *url, struct bytes ca_pem, size_t connections_max,
                                   struct lean_http **out, struct error *err);
struct fetch_port lean_http_port(struct lean_http *http);
/* lean_http_free drops what is under way without calling done. NULL is fine. */
void lean_http_free(struct lean_http *http);
size_t lean_http_connection_count(const struct lean_http *http);

#endif
