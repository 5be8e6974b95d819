/* tls_client.c - the public TLS client, a thin face of tls/tls_browser. */
#include <stdlib.h>
#include <string.h>

#include "api/verify_parts.h"
#include "api_tls/tls_parts.h"

_Static_assert((int)CATHAYA_TLS_DONE == (int)TLS_DONE, "result");
_Static_assert((int)CATHAYA_TLS_WANT_READ == (int)TLS_WANT_READ, "result");
_Static_assert((int)CATHAYA_TLS_WANT_WRITE == (int)TLS_WANT_WRITE, "result");
_Static_assert((int)CATHAYA_TLS_END == (int)TLS_END, "result");
_Static_assert((int)CATHAYA_TLS_FAILED == (int)TLS_FAILED, "result");

enum cathaya_status tls_parts_no_memory(struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    return verify_parts_give(error_set(&inner, STATUS_NO_MEMORY, "out of memory"), &inner, err);
}

enum cathaya_status cathaya_tls_client_new(const struct cathaya_tls_trust *trust, const struct cathaya_tls_settings *settings,
                                           struct cathaya_tls_client **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_tls_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return tls_parts_no_memory(err);
    const struct tls_browser_settings asked = {.profile = settings->profile != NULL ? settings->profile : "gm",
                                               .trust = trust->peer, .alpn = settings->alpn,
                                               .trust_anchors_type = settings->trust_anchors_type};
    client->trust = trust;
    enum status s = tls_browser_new(&asked, &client->browser, &inner);
    if (s == STATUS_OK)
        *out = client;
    else
        free(client);
    return verify_parts_give(s, &inner, err);
}

void cathaya_tls_client_free(struct cathaya_tls_client *client)
{
    if (client == NULL)
        return;
    tls_browser_free(client->browser);
    free(client);
}

/* ---- connections ---- */

static enum status dial(struct cathaya_tls_client *client, int fd, const struct cathaya_tls_target *target,
                        struct tls_stream **out, struct error *err)
{
    struct tai anchor;
    struct tls_browser_dial how = {.server_name = target->server_name, .at_s = target->at,
                                   .session = target->session != NULL ? target->session->session : NULL};
    if (target->server_name == NULL)
        return error_set(err, STATUS_USAGE, "server_name is NULL");
    if (target->only_anchor != NULL) {
        enum status s = tai_parse_text(bytes_of_text(target->only_anchor), &anchor, err);
        if (s != STATUS_OK)
            return error_prefix(err, STATUS_USAGE, "only_anchor");
        how.only_anchor = &anchor;
    }
    return tls_browser_dial(client->browser, fd, &how, out, err);
}

enum cathaya_status cathaya_tls_connect(struct cathaya_tls_client *client, int fd, const struct cathaya_tls_target *target,
                                        struct cathaya_tls **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    *out = NULL;
    struct cathaya_tls *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return tls_parts_no_memory(err);
    connection->trust = client->trust;
    enum status s = dial(client, fd, target, &connection->stream, &inner);
    if (s == STATUS_OK)
        *out = connection;
    else
        free(connection);
    return verify_parts_give(s, &inner, err);
}

void cathaya_tls_free(struct cathaya_tls *connection)
{
    if (connection == NULL)
        return;
    tls_stream_free(connection->stream);
    free(connection);
}

enum cathaya_tls_result cathaya_tls_handshake(struct cathaya_tls *connection)
{
    return (enum cathaya_tls_result)tls_stream_handshake(connection->stream);
}

enum cathaya_tls_result cathaya_tls_read(struct cathaya_tls *connection, void *out, size_t size, size_t *len)
{
    return (enum cathaya_tls_result)tls_stream_read(connection->stream, out, size, len);
}

enum cathaya_tls_result cathaya_tls_write(struct cathaya_tls *connection, const void *data, size_t data_len, size_t *len)
{
    return (enum cathaya_tls_result)tls_stream_write(connection->stream, bytes_of(data, data_len), len);
}

enum cathaya_tls_result cathaya_tls_close(struct cathaya_tls *connection)
{
    return (enum cathaya_tls_result)tls_stream_close(connection->stream);
}

int cathaya_tls_has_pending(const struct cathaya_tls *connection)
{
    return tls_stream_has_pending(connection->stream) ? 1 : 0;
}

const char *cathaya_tls_reason(const struct cathaya_tls *connection)
{
    return tls_stream_reason(connection->stream);
}

_Static_assert(CATHAYA_ID_SIZE >= TAI_TEXT_SIZE, "ID");

int cathaya_tls_retry_anchor(const struct cathaya_tls *connection, char id[CATHAYA_ID_SIZE])
{
    struct tai anchor;
    id[0] = '\0';
    if (!tls_browser_retry_anchor(connection->stream, &anchor))
        return 0;
    tai_text(&anchor, id);
    return 1;
}

/* ---- sessions ---- */

struct cathaya_tls_session *cathaya_tls_session(const struct cathaya_tls *connection)
{
    struct cathaya_tls_session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    session->session = tls_browser_take_session(connection->stream);
    if (session->session != NULL)
        return session;
    free(session);
    return NULL;
}

void cathaya_tls_session_free(struct cathaya_tls_session *session)
{
    if (session == NULL)
        return;
    tls_browser_session_free(session->session);
    free(session);
}
