/* tls_server.c - the public TLS server, a thin face of tls/tls_server. */
#include <stdlib.h>
#include <string.h>

#include "api/verify_parts.h"
#include "api_tls/tls_parts.h"

/* ---- ticket keys ---- */

_Static_assert(CATHAYA_TLS_TICKET_KEY_SIZE == sizeof(struct tls_ticket_key), "ticket key");

enum cathaya_status cathaya_tls_ticket_keys_new(struct cathaya_tls_ticket_keys **out, struct cathaya_error *err)
{
    struct cathaya_tls_ticket_keys *keys = calloc(1, sizeof *keys);
    *out = NULL;
    if (keys == NULL)
        return tls_parts_no_memory(err);
    enum cathaya_status s = cathaya_tls_ticket_keys_rotate(keys, err);
    if (s == CATHAYA_OK)
        *out = keys;
    else
        free(keys);
    return s;
}

enum cathaya_status cathaya_tls_ticket_keys_rotate(struct cathaya_tls_ticket_keys *keys, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    return verify_parts_give(tls_ticket_keys_rotate(&keys->keys, &inner), &inner, err);
}

void cathaya_tls_ticket_keys_add(struct cathaya_tls_ticket_keys *keys, const uint8_t key[CATHAYA_TLS_TICKET_KEY_SIZE])
{
    struct tls_ticket_key one;
    memcpy(&one, key, sizeof one);
    tls_ticket_keys_add(&keys->keys, &one);
    bytes_wipe(&one, sizeof one);
}

void cathaya_tls_ticket_keys_free(struct cathaya_tls_ticket_keys *keys)
{
    if (keys == NULL)
        return;
    tls_ticket_keys_wipe(&keys->keys);
    free(keys);
}

/* ---- the server ---- */

enum cathaya_status cathaya_tls_server_new(const struct cathaya_tls_server_settings *settings, struct cathaya_tls_sites *sites,
                                           struct cathaya_tls_server **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    if (settings->now == NULL)
        return verify_parts_give(error_set(&inner, STATUS_USAGE, "now is NULL: the library reads no clock"), &inner, err);
    struct cathaya_tls_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return tls_parts_no_memory(err);
    const struct tls_server_settings asked = {
        .trust_anchors_code_point = settings->trust_anchors_type,
        .ticket_keys = settings->ticket_keys != NULL ? &settings->ticket_keys->keys : NULL,
        .now_s = settings->now,
        .context = settings->context,
    };
    enum status s = tls_server_new(&asked, sites != NULL ? sites->sites : NULL, &server->server, &inner);
    if (s == STATUS_OK)
        *out = server;
    else
        free(server);
    return verify_parts_give(s, &inner, err);
}

void cathaya_tls_server_free(struct cathaya_tls_server *server)
{
    if (server == NULL)
        return;
    tls_server_free(server->server);
    free(server);
}

void cathaya_tls_server_set_sites(struct cathaya_tls_server *server, struct cathaya_tls_sites *sites)
{
    tls_server_set_sites(server->server, sites != NULL ? sites->sites : NULL);
}

void cathaya_tls_server_set_ticket_keys(struct cathaya_tls_server *server, const struct cathaya_tls_ticket_keys *keys)
{
    tls_server_set_ticket_keys(server->server, keys != NULL ? &keys->keys : NULL);
}

enum cathaya_status cathaya_tls_accept(struct cathaya_tls_server *server, int fd, struct cathaya_tls **out,
                                       struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_tls *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return tls_parts_no_memory(err);
    enum status s = tls_stream_new_server(server->server, fd, &connection->stream, &inner);
    if (s == STATUS_OK)
        *out = connection;
    else
        free(connection);
    return verify_parts_give(s, &inner, err);
}

/* ---- the report ---- */

/* text may be NULL, and is the client's in part: it ends in logs. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t len = 0;
    for (; text != NULL && len < size - 1 && text[len] != '\0'; len++)
        out[len] = text[len] >= ' ' && text[len] <= '~' ? text[len] : '?';
    out[len] = '\0';
}

void cathaya_tls_server_report(const struct cathaya_tls *connection, struct cathaya_tls_server_report *out)
{
    struct tls_server_report r;
    tls_server_report(connection->stream, &r);
    *out = (struct cathaya_tls_server_report){
        .is_done = r.version != NULL ? 1 : 0,
        .has_site = r.has_site ? 1 : 0,
        .site = r.site,
        .is_acme_challenge = r.is_acme_challenge ? 1 : 0,
        .kind = r.has_kind ? tls_parts_kind(r.kind) : CATHAYA_TLS_KIND_NONE,
        .is_resumed = r.is_resumed ? 1 : 0,
        .is_hello_retried = r.is_retried ? 1 : 0,
        .has_trust_anchors = r.has_trust_anchors ? 1 : 0,
        .is_anchor_confirmed = r.is_anchor_confirmed ? 1 : 0,
        .is_stapled = r.is_stapled ? 1 : 0,
        .client_hello_size = r.client_hello_len,
        .server_flight_size = r.server_flight_len,
        .certificate_until = r.certificate_until_s,
    };
    copy_text(out->failure, sizeof out->failure, r.failure != TLS_FAILURE_NONE ? tls_failure_name(r.failure) : NULL);
    copy_text(out->why, sizeof out->why, r.choice);
    copy_text(out->version, sizeof out->version, r.version);
    copy_text(out->group, sizeof out->group, r.group);
    copy_text(out->suite, sizeof out->suite, r.suite);
    copy_text(out->signature, sizeof out->signature, r.signature);
    copy_text(out->server_name, sizeof out->server_name, r.sni);
    copy_text(out->alpn, sizeof out->alpn, r.alpn);
}
