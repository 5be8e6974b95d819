/* forward.h - what a gateway changes in the heads that it passes on [RFC9110 7.6, 7.8], [RFC7239]. Pure.
 *
 * Both ways: hop-by-hop fields (Connection, what it lists, Keep-Alive, Proxy-Connection, Proxy-Authenticate,
 * Proxy-Authorization, TE, Trailer, Transfer-Encoding, Upgrade, HTTP2-Settings) go away; the message's framing is
 * written anew. To the backend: X-Forwarded-For, -Proto, -Host, -Port, X-Real-IP and Forwarded of the client are
 * dropped unless the site trusts them (then For and Forwarded are added to, the others kept), and ours are added.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_FORWARD_H
#define CATHAYA_ADAPTERS_PROXY_FORWARD_H

#include "adapters/proxy/exchange.h"
#include "adapters/proxy/proxy_state.h"
#include "base/builder.h"

/* forward_write_request appends the whole head of the request for an HTTP/1.1 backend: request line, Host, fields,
 * framing, empty line. A connection to a backend is always to be kept (no Connection field), but for Upgrade. */
void forward_write_request(const struct exchange *x, struct builder *out);

/* forward_write_answer_fields appends the fields of an answer of the backend for an HTTP/1.1 client, without
 * framing (no Content-Length, no Transfer-Encoding, no Connection), Via and Strict-Transport-Security as the site
 * has it. */
void forward_write_answer_fields(const struct exchange *x, const struct exchange_response *response,
                                 struct builder *out);

/* forward_write_hsts appends Strict-Transport-Security as the site has it, if the answer is one over TLS: every one
 * is to have it, also those that we give by ourselves [RFC6797 7.1]. */
void forward_write_hsts(const struct exchange *x, struct builder *out);

#endif
