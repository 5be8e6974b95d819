/* tls_report.c - what a connection found, for the outside. */
#include <string.h>

#include "api/verify_parts.h"
#include "api_tls/tls_parts.h"

_Static_assert((int)CATHAYA_TLS_MODE_LANDMARK == (int)PEER_MODE_LANDMARK, "mode");
_Static_assert((int)CATHAYA_TLS_MODE_STANDALONE == (int)PEER_MODE_STANDALONE, "mode");
_Static_assert((int)CATHAYA_TLS_MODE_CLASSIC == (int)PEER_MODE_CLASSIC, "mode");
_Static_assert((int)CATHAYA_SCT_TLS == (int)PEER_SCT_TLS, "SCT source");
_Static_assert((int)CATHAYA_SCT_OCSP == (int)PEER_SCT_OCSP, "SCT source");
_Static_assert((int)CATHAYA_SCT_PROPERTY == (int)PEER_SCT_PROPERTY, "SCT source");
_Static_assert(CATHAYA_TLS_CHAIN_MAX == PEER_CHAIN_MAX, "chain");
_Static_assert(CATHAYA_TLS_SCTS_MAX == PEER_SCTS_MAX, "SCTs");
_Static_assert(CATHAYA_TLS_SUBJECT_SIZE == PEER_SUBJECT_SIZE, "subject");
_Static_assert(CATHAYA_TLS_NAME_SIZE == TLS_BROWSER_NAME_SIZE, "name");
_Static_assert(CATHAYA_REASON_SIZE == ERROR_TEXT_MAX, "reason");

/* Names in certificates are somebody else's, and end on a terminal. */
static void copy_printable(char *out, size_t size, const char *text)
{
    size_t len = 0;
    for (; len < size - 1 && text[len] != '\0'; len++)
        out[len] = text[len] >= ' ' && text[len] <= '~' ? text[len] : '?';
    out[len] = '\0';
}

/* IDs with a space between; those that do not fit are left out. */
static void list_ids(const struct tai *ids, size_t count, char out[CATHAYA_TLS_ANCHORS_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, CATHAYA_TLS_ANCHORS_SIZE - 1);
    for (size_t i = 0; i < count; i++) {
        char id[TAI_TEXT_SIZE];
        tai_text(&ids[i], id);
        if (b.len + 1 + strlen(id) > b.max)
            break;
        builder_printf(&b, "%s%s", i > 0 ? " " : "", id);
    }
    out[b.len] = '\0';
}

static void fill_certificate(const struct cathaya_tls *connection, const struct tls_browser_report *r,
                             struct cathaya_tls_report *out)
{
    const struct peer_verdict *peer = &r->peer;
    out->mode = (enum cathaya_tls_mode)peer->mode;
    out->world = (enum cathaya_world)peer->world;
    out->certificate_size = peer->chain_size;
    out->not_before = peer->not_before_s;
    out->not_after = peer->not_after_s;
    out->subject_count = peer->subject_count;
    for (size_t i = 0; i < peer->subject_count; i++)
        copy_printable(out->subjects[i], sizeof out->subjects[i], peer->subjects[i]);
    for (size_t i = 0; i < peer->sct_count; i++) {
        const struct peer_sct *from = &peer->scts[i];
        if (from->sct.version != SCT_V1)
            continue;
        struct cathaya_sct *to = &out->scts[out->sct_count++];
        to->source = (enum cathaya_sct_source)from->source;
        to->timestamp_ms = from->sct.timestamp_ms;
        memcpy(to->log_id, from->sct.log_id.data, sizeof to->log_id);
    }
    if (peer->proof.ca != NULL)
        verify_parts_fill_result(connection->trust->mtc->store, &peer->proof, r->verdict == STATUS_OK, &out->mtc);
}

void cathaya_tls_report(const struct cathaya_tls *connection, struct cathaya_tls_report *out)
{
    const struct tls_browser_report *r = tls_browser_report(connection->stream);
    *out = (struct cathaya_tls_report){.is_done = 0};
    if (r == NULL) /* of a server */
        return;
    out->is_done = r->is_done ? 1 : 0;
    out->is_trusted = r->is_judged && r->verdict == STATUS_OK ? 1 : 0;
    out->is_resumed = r->is_resumed ? 1 : 0;
    out->is_hello_retried = r->is_hello_retried ? 1 : 0;
    out->is_retry = r->is_retry ? 1 : 0;
    out->is_anchor_confirmed = r->is_anchor_confirmed ? 1 : 0;
    memcpy(out->version, r->version, sizeof out->version);
    memcpy(out->group, r->group, sizeof out->group);
    memcpy(out->suite, r->suite, sizeof out->suite);
    memcpy(out->signature, r->signature, sizeof out->signature);
    out->client_hello_size = r->client_hello_size;
    out->server_flight_size = r->server_flight_size;
    out->client_finish_size = r->client_finish_size;
    if (r->is_judged)
        fill_certificate(connection, r, out);
    list_ids(r->sent, r->sent_count, out->sent);
    list_ids(r->available, r->available_count, out->available);
    copy_printable(out->reason, sizeof out->reason, r->reason);
}
