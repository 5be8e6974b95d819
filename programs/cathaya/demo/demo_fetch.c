#include "demo/demo_world.h"

#define FETCH_MS 10000
#define FETCH_S 20
#define FETCH_MAX ((size_t)4 * 1024 * 1024)

struct asking {
    bool is_done;
    enum status status;
    struct builder *body;
    struct error *err;
    const char *url;
};

static bool is_done(void *context)
{
    const struct asking *a = context;
    return a->is_done;
}

static void on_answer(void *cookie, const struct fetch_response *r)
{
    struct asking *a = cookie;
    a->is_done = true;
    if (r->status == 200 && !r->is_cut)
        builder_bytes(a->body, r->body);
    a->status = r->status == 200 ? builder_status(a->body, "answer", a->err)
                                 : error_set(a->err, STATUS_IO, "%s: status %d %s", a->url, r->status, r->failure_text);
}

enum status demo_fetch(struct demo_world *w, const char *url, struct bytes post, struct builder *body, struct error *err)
{
    struct asking a = {.body = body, .err = err, .url = url};
    struct fetch_port port = curl_fetch_port(w->fetch);
    struct fetch_request request = {.method = post.len > 0 ? "POST" : "GET", .url = url, .body = post, .ca_file = w->ca_file,
                                    .content_type = post.len > 0 ? "application/json" : NULL, .timeout_ms = FETCH_MS,
                                    .response_max = FETCH_MAX};
    builder_reset(body);
    enum status s = port.start(port.context, &request, on_answer, &a, err);
    if (s == STATUS_OK)
        s = demo_processes_wait(&w->processes, is_done, &a, FETCH_S, url, err);
    return s == STATUS_OK ? a.status : s;
}
