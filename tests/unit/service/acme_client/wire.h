/* wire.h - a fetch port whose other end is the ACME server of an acme_world, and what may go wrong between them.
 * For one test program. */
#ifndef CATHAYA_TESTS_UNIT_SERVICE_ACME_CLIENT_WIRE_H
#define CATHAYA_TESTS_UNIT_SERVICE_ACME_CLIENT_WIRE_H

#include "fakes/acme_world.h"
#include "ports/fetch.h"
#include "unit/csr_maker.h"

#define WIRE_HEADERS_MAX 16
#define WIRE_FAULTS_MAX 8

/* What happens to the next `times` requests with this method and a URL that has `part` in it. */
struct wire_fault {
    const char *method, *part;
    unsigned times;
    enum fetch_failure failure;
    bool is_after;           /* the server gets the request, the client no answer */
    int status;              /* without failure: this answer instead of the server's */
    const char *headers;     /* "Name: value\r\n"... */
    const char *body;
    bool is_cut;
};

struct wire {
    struct acme_world *world;
    struct wire_fault faults[WIRE_FAULTS_MAX];
    size_t fault_count;
    struct builder log; /* "METHOD /path\n"... */
    struct builder last_accept;
    size_t under_way;
    bool is_refusing; /* start says STATUS_LIMIT */
};

struct wire_exchange {
    struct http_exchange x;
    struct wire *wire;
    struct http_header headers[2];
    char *method, *url, *body, *content_type, *accept;
    const struct wire_fault *fault;
    struct wire_fault canned;
    struct builder got_headers, got_body;
    int status;
    fetch_done *done;
    void *cookie;
};

static struct bytes wire_header(void *headers, const char *name, unsigned n)
{
    const struct wire_exchange *e = headers;
    struct bytes rest = builder_view(&e->got_headers);
    size_t len = strlen(name);
    while (rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\r', rest.len);
        size_t line = end != NULL ? (size_t)(end - rest.data) : rest.len;
        if (line > len + 1 && http_name_equal(bytes_of(rest.data, len), name) && rest.data[len] == ':' && n-- == 0)
            return bytes_of(rest.data + len + 2, line - len - 2);
        rest = end != NULL ? bytes_of(end + 2, rest.len - line - 2) : bytes_of(NULL, 0);
    }
    return bytes_of(NULL, 0);
}

static void wire_deliver(void *cookie)
{
    struct wire_exchange *e = cookie;
    struct fetch_response response = {.failure = e->canned.failure, .failure_text = ""};
    if (response.failure != FETCH_NO_FAILURE) {
        response.failure_text = "the test says so";
    } else {
        response.status = e->status;
        response.body = builder_view(&e->got_body);
        response.is_cut = e->canned.is_cut;
        response.header = wire_header;
        response.headers = e;
        response.retry_after = wire_header(e, "Retry-After", 0);
    }
    e->wire->under_way--;
    e->done(e->cookie, &response);
    builder_clear(&e->got_headers);
    builder_clear(&e->got_body);
    free(e->method);
    free(e->url);
    free(e->body);
    free(e->content_type);
    free(e->accept);
    free(e);
}

static void wire_later(struct wire_exchange *e)
{
    struct acme_world *w = e->wire->world;
    (void)w->timer.start(w->timer.context, 0, wire_deliver, e);
}

static void wire_sent(struct http_exchange *x)
{
    struct wire_exchange *e = (struct wire_exchange *)x;
    e->status = x->response.status;
    e->got_headers = x->response.headers;
    e->got_body = x->response.body;
    wire_later(e);
}

static void wire_ask_server(struct wire_exchange *e)
{
    struct http_request *r = &e->x.request;
    const char *path = strchr(e->url + strlen("https://"), '/');
    assert_non_null(path);
    r->method = bytes_of_text(e->method);
    r->path = bytes_of_text(path);
    r->host = bytes_of_text("ca.example");
    r->headers = e->headers;
    if (e->content_type != NULL)
        e->headers[r->header_count++] = (struct http_header){bytes_of_text("content-type"), bytes_of_text(e->content_type)};
    if (e->accept != NULL)
        e->headers[r->header_count++] = (struct http_header){bytes_of_text("accept"), bytes_of_text(e->accept)};
    r->body = bytes_of_text(e->body);
    (void)snprintf(r->peer, sizeof r->peer, "192.0.2.1");
    builder_init(&e->x.response.headers, 16384);
    builder_init(&e->x.response.body, (size_t)1 << 20);
    e->x.response.file = -1;
    e->x.send = wire_sent;
    acme_handle(e->wire->world->acme, &e->x);
}

static void wire_answer_itself(struct wire_exchange *e)
{
    builder_init(&e->got_headers, 16384);
    builder_init(&e->got_body, (size_t)1 << 20);
    builder_text(&e->got_headers, e->canned.headers != NULL ? e->canned.headers : "");
    builder_text(&e->got_body, e->canned.body != NULL ? e->canned.body : "");
    e->status = e->canned.status;
    wire_later(e);
}

static bool wire_find_fault(struct wire *wire, const struct fetch_request *request, struct wire_fault *out)
{
    for (size_t i = 0; i < wire->fault_count; i++) {
        struct wire_fault *f = &wire->faults[i];
        if (f->times == 0 || strcmp(f->method, request->method) != 0 || strstr(request->url, f->part) == NULL)
            continue;
        f->times--;
        *out = *f;
        return true;
    }
    return false;
}

static char *wire_copy(const char *text)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    assert_true(text == NULL || copy != NULL);
    return copy;
}

static enum status wire_start(void *context, const struct fetch_request *request, fetch_done *done, void *cookie,
                              struct error *err)
{
    struct wire *wire = context;
    assert_true(request->timeout_ms > 0 && request->response_max > 0);
    assert_true(strncmp(request->url, "https://", 8) == 0);
    if (wire->is_refusing)
        return error_set(err, STATUS_LIMIT, "too many under way");
    struct wire_exchange *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->wire = wire;
    e->done = done;
    e->cookie = cookie;
    e->method = wire_copy(request->method);
    e->url = wire_copy(request->url);
    e->content_type = wire_copy(request->content_type);
    e->accept = wire_copy(request->accept);
    e->body = calloc(1, request->body.len + 1);
    assert_non_null(e->body);
    if (request->body.len > 0)
        memcpy(e->body, request->body.data, request->body.len);
    wire->under_way++;
    builder_printf(&wire->log, "%s %s\n", request->method, request->url + strlen(ACME_WORLD_URL));
    if (!wire_find_fault(wire, request, &e->canned) || e->canned.is_after)
        wire_ask_server(e);
    else
        wire_answer_itself(e);
    return STATUS_OK;
}

static inline struct fetch_port wire_port(struct wire *wire)
{
    return (struct fetch_port){wire, wire_start};
}

/* How often this text occurs in the log. */
static inline size_t wire_count(struct wire *wire, const char *what)
{
    size_t count = 0;
    builder_u8(&wire->log, 0);
    wire->log.len--;
    for (const char *at = (const char *)wire->log.data; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

#endif
