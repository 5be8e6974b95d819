/* curl_fetch.h - the fetch port over libcurl's multi interface, on the event loop.
 *
 * HTTP/1.1 only. Connections to a host are kept and used again, except for a fetch with an address of
 * its own: that one gets a connection of its own, which is closed after it. Host names are looked up
 * with getaddrinfo on threads of libcurl's; a fetch with an address looks nothing up. The answer's body
 * is as it came: no Content-Encoding is asked for or undone.
 */
#ifndef CATHAYA_ADAPTERS_HTTP_CLIENT_CURL_FETCH_H
#define CATHAYA_ADAPTERS_HTTP_CLIENT_CURL_FETCH_H

#include "adapters/event_loop/event_loop.h"
#include "ports/fetch.h"

/* Fetches under way at once; each may hold a descriptor, and 1,024 of these are what a process gets by
 * default, so a service that runs this many raises its limit. */
#define CURL_FETCH_UNDER_WAY_MAX 1024
/* Connections that are kept for the next fetch, for all hosts together: mirrors are few. */
#define CURL_FETCH_IDLE_MAX 64
/* Some servers drop an idle connection after a minute or two; asking on such a one costs a retry. */
#define CURL_FETCH_IDLE_MAX_S 50
#define CURL_FETCH_USER_AGENT "cathaya"
/* What a request may send; entries for a mirror are the largest. */
#define CURL_FETCH_BODY_MAX ((size_t)64 << 20)

struct curl_fetch;

/* curl_fetch_new borrows loop. */
MUST_USE enum status curl_fetch_new(struct event_loop *loop, struct curl_fetch **out,
                                    struct error *err);

/* curl_fetch_port is the port; it borrows the client. start gives STATUS_USAGE also for a URL with a
 * user name, a method other than GET, HEAD and POST, a header with control characters, an address that
 * is not numeric and a timeout of 0; STATUS_AGAIN while stopping. */
struct fetch_port curl_fetch_port(struct curl_fetch *client);

/* curl_fetch_stop ends what is under way: each done is called with FETCH_STOPPED before it returns.
 * Later starts are refused. Not from within done. */
void curl_fetch_stop(struct curl_fetch *client);

/* curl_fetch_free stops and frees. Not from within done. NULL is fine. */
void curl_fetch_free(struct curl_fetch *client);

#endif
