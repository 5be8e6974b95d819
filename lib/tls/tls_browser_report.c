/* tls_browser_report.c - what a connection of a browser found, and what is of use for the next one. */
#include <stdlib.h>
#include <string.h>

#include "tls/tls_browser_parts.h"

struct bytes tls_browser_chain(const struct tls_stream *stream)
{
    const struct tls_browser_connection *c = tls_browser_connection_of_stream(stream);
    return c != NULL ? builder_view(&c->chain) : bytes_of(NULL, 0);
}

struct bytes tls_browser_sct_list(const struct tls_stream *stream)
{
    const struct tls_browser_connection *c = tls_browser_connection_of_stream(stream);
    return c != NULL ? builder_view(&c->sct_list) : bytes_of(NULL, 0);
}

bool tls_browser_request(const struct tls_stream *stream, struct bytes chain[PEER_CHAIN_MAX], struct peer_request *out)
{
    const struct tls_browser_connection *c = tls_browser_connection_of_stream(stream);
    if (c == NULL || !c->report.is_judged)
        return false;
    tls_browser_ask(c, false, chain, out);
    return true;
}

const struct tls_browser_report *tls_browser_report(const struct tls_stream *stream)
{
    struct tls_browser_connection *c = tls_browser_connection_of_stream(stream);
    if (c == NULL)
        return NULL;
    struct tls_browser_report *r = &c->report;
    r->is_anchor_confirmed = c->anchors.is_confirmed;
    r->available_count = c->heard.count < TLS_BROWSER_AVAILABLE_MAX ? c->heard.count : TLS_BROWSER_AVAILABLE_MAX;
    memcpy(r->available, c->heard.ids, r->available_count * sizeof *r->available);
    if (r->reason[0] == '\0')
        (void)memccpy(r->reason, tls_stream_reason(stream), '\0', sizeof r->reason - 1);
    return r;
}

/* Was a certificate for this ID refused just now? */
static bool was_refused(const struct tls_browser_report *r, const struct tai *id)
{
    const struct trust_ca *ca = r->peer.proof.ca;
    if (!r->is_judged || ca == NULL || !tai_is_within(id, &ca->id))
        return false;
    return tai_equal(id, &ca->id) ? r->peer.mode == PEER_MODE_STANDALONE : r->peer.mode == PEER_MODE_LANDMARK;
}

bool tls_browser_retry_anchor(const struct tls_stream *stream, struct tai *id)
{
    const struct tls_browser_connection *c = tls_browser_connection_of_stream(stream);
    if (c == NULL || c->report.is_done || c->report.is_retry || !c->anchors.has_heard)
        return false;
    for (size_t i = 0; i < c->heard.count; i++)
        if (peer_trust_has_anchor(c->browser->trust, &c->browser->scope, &c->heard.ids[i]) &&
            !was_refused(&c->report, &c->heard.ids[i])) {
            *id = c->heard.ids[i];
            return true;
        }
    return false;
}

/* In TLS 1.2 a ticket stays good when it was used, and a server need not give another [RFC5077 3.3]. */
static SSL_SESSION *newest_session(const struct tls_browser_connection *c)
{
    bool is_old = c->session == NULL && c->report.is_resumed && SSL_version(c->ssl) == TLS1_2_VERSION;
    return is_old ? SSL_get_session(c->ssl) : c->session;
}

struct tls_browser_session *tls_browser_take_session(const struct tls_stream *stream)
{
    const struct tls_browser_connection *c = tls_browser_connection_of_stream(stream);
    SSL_SESSION *newest = c != NULL ? newest_session(c) : NULL;
    if (newest == NULL || SSL_SESSION_is_resumable(newest) != 1)
        return NULL;
    struct tls_browser_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    /* The library spoils the session of a connection that ends without a goodbye; a copy stays good. */
    session->session = SSL_SESSION_dup(newest);
    memcpy(session->server_name, c->server_name, sizeof session->server_name);
    memcpy(session->signature, c->report.signature, sizeof session->signature);
    session->signature_id = c->report.signature_id;
    builder_init(&session->chain, TLS_BROWSER_CHAIN_SIZE_MAX);
    builder_bytes(&session->chain, builder_view(&c->chain));
    builder_init(&session->sct_list, TLS_BROWSER_SCT_LIST_SIZE_MAX);
    builder_bytes(&session->sct_list, builder_view(&c->sct_list));
    builder_init(&session->ocsp, TLS_BROWSER_OCSP_SIZE_MAX);
    builder_bytes(&session->ocsp, builder_view(&c->ocsp));
    bool is_whole = builder_is_good(&session->chain) && builder_is_good(&session->sct_list) && builder_is_good(&session->ocsp);
    if (session->session != NULL && is_whole)
        return session;
    tls_browser_session_free(session);
    return NULL;
}

void tls_browser_session_free(struct tls_browser_session *session)
{
    if (session == NULL)
        return;
    SSL_SESSION_free(session->session);
    builder_clear(&session->chain);
    builder_clear(&session->sct_list);
    builder_clear(&session->ocsp);
    free(session);
}
