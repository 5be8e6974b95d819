/* What becomes of a request whose head is there: a challenge, a redirect, a refusal, or an exchange. */
#include <string.h>

#include "adapters/proxy/http1.h"

static void redirect(struct http1 *h, struct bytes authority)
{
    const struct request_parser *p = &h->parser;
    struct builder fields;
    struct bytes host = authority;
    /* "host:80" is not "host:443". */
    if (host.len > 0 && host.data[0] == '[') {
        size_t end = head_find_byte(host, ']');
        host.len = end < host.len ? end + 1 : host.len;
    } else {
        host.len = head_find_byte(host, ':');
    }
    if (host.len == 0 || bytes_is_text(p->target, "*")) {
        http1_answer_error(h, 400, "this site is served by https only");
        return;
    }
    builder_init(&fields, host.len + p->target.len + 64);
    builder_text(&fields, "Location: https://");
    builder_bytes(&fields, host);
    if (p->target.len == 0 || p->target.data[0] != '/')
        builder_u8(&fields, '/');
    builder_bytes(&fields, p->target);
    builder_text(&fields, "\r\n");
    builder_u8(&fields, 0);
    if (builder_is_good(&fields))
        http1_answer_itself(h, 308, (const char *)fields.data, bytes_of(NULL, 0));
    else
        http1_answer_error(h, 500, "out of memory");
    builder_clear(&fields);
}

/* ACME's http-01 [RFC8555 8.3]. A token that is not ours goes to the site: there may be another ACME client. */
static bool answer_challenge(struct http1 *h)
{
    static const char prefix[] = "/.well-known/acme-challenge/";
    const struct request_parser *p = &h->parser;
    size_t len = sizeof prefix - 1;
    if (h->client->kind != PROXY_HTTP || p->path.len <= len || memcmp(p->path.data, prefix, len) != 0 ||
        !(bytes_is_text(p->method, "GET") || bytes_is_text(p->method, "HEAD")))
        return false;
    struct bytes answer = proxy_state_challenge(h->client->state, head_part(p->path, len, p->path.len));
    if (answer.len == 0)
        return false;
    http1_answer_itself(h, 200, "Content-Type: application/octet-stream\r\n", answer);
    return true;
}

/* Upgrade is passed on when it is asked for as it should be, and the message has no body to mix it up with. */
static struct bytes wanted_upgrade(const struct request_parser *p)
{
    struct bytes value = {NULL, 0};
    if (p->is_http_1_0 || p->state != REQUEST_COMPLETE || !bytes_is_text(p->method, "GET") ||
        head_find(p->headers, p->header_count, "Upgrade", &value) != 1 || !head_is_all(value, HEAD_TOKEN) ||
        http_name_equal(value, "h2c") || !head_connection_has(p->headers, p->header_count, "upgrade"))
        return bytes_of(NULL, 0);
    return value;
}

static void fill_exchange(struct http1 *h, const struct proxy_site *site)
{
    const struct request_parser *p = &h->parser;
    h->x.request = (struct exchange_request){
        .method = p->method,
        .target = p->target,
        .authority = p->host,
        .fields = p->headers,
        .field_count = p->header_count,
        .has_body = p->state != REQUEST_COMPLETE,
        .has_length = p->has_length,
        .length = p->content_length,
        .is_head = bytes_is_text(p->method, "HEAD"),
        .expects_continue = p->expects_continue,
        .upgrade = wanted_upgrade(p),
        .is_http_1_0 = p->is_http_1_0,
    };
    h->x.down = &http1_down;
    h->x.site = site;
    h->x.limits = proxy_state_limits(h->client->state);
    client_fill_request(h->client, &h->x.request);
}

void http1_begin(struct http1 *h)
{
    struct client *c = h->client;
    struct proxy_worker *w = c->worker;
    int status = 0;
    h->has_begun = true;
    counter_add(&w->counters.requests, 1);
    const struct proxy_site *site = client_find_site(c, h->parser.host, &status);
    fill_exchange(h, site);
    if (answer_challenge(h))
        return;
    if (site == NULL) {
        http1_answer_error(h, status, status == 421 ? "this name is not served on this connection"
                                                    : "no site has this name");
        return;
    }
    if (c->kind == PROXY_HTTP && site->redirects_http) {
        redirect(h, h->parser.host);
        return;
    }
    if (site->mode == PROXY_MODE_TCP) {
        http1_answer_error(h, 421, "this site is not served by HTTP");
        return;
    }
    enum exchange_failure why = site->backends != NULL ? w->start(w->upstreams, &h->x) : EXCHANGE_NO_BACKEND;
    h->has_given = true;
    if (why != EXCHANGE_OK)
        http1_failed(h, why);
}
