#include "adapters/proxy/worker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/proxy/access_log.h"
#include "adapters/proxy/client.h"
#include "adapters/proxy/http1.h"

static int64_t now_s(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

static void on_end_of_round(void *cookie)
{
    struct proxy_worker *w = cookie;
    while (w->woken != NULL)
        client_run_woken(w);
    if (w->dead != NULL)
        client_close_dead(w);
    if (w->log != NULL)
        access_log_flush(w->log);
}

enum status worker_open(struct proxy_worker *w, struct error *err)
{
    const struct tls_server_settings settings = {.trust_anchors_code_point = w->shared->trust_anchors_type,
                                                 .now_s = now_s};
    enum status s = event_loop_new(&w->loop, err);
    if (s != STATUS_OK)
        return s;
    deadlines_init(&w->deadlines, w->loop);
    w->end_of_round = event_loop_at_end_of_round(w->loop, on_end_of_round, w);
    s = upstream_new(w->loop, &w->deadlines, &w->upstreams, err);
    w->start = upstream_start;
    if (s == STATUS_OK)
        s = tls_server_new(&settings, NULL, &w->tls, err);
    return s;
}

void worker_close(struct proxy_worker *w)
{
    if (w->loop == NULL)
        return;
    w->drained = NULL;
    w->is_closed = true;
    worker_unlisten(w);
    worker_cut(w);
    client_close_dead(w);
    upstream_free(w->upstreams);
    tls_server_free(w->tls);
    access_log_free(w->log);
    deadlines_clear(&w->deadlines);
    event_hook_free(w->end_of_round);
    /* Calls what was posted too, so the state goes after it. */
    event_loop_free(w->loop);
    proxy_state_free(w->state);
    while (w->spare_buffer_count > 0)
        free(w->spare_buffers[--w->spare_buffer_count]);
    while (w->spare_request_count > 0) {
        struct http1 *h = w->spare_requests[--w->spare_request_count];
        request_parser_clear(&h->parser);
        free(h);
    }
    w->loop = NULL;
}

void worker_set_state(struct proxy_worker *w, struct proxy_state *state)
{
    struct proxy_state *before = w->state;
    w->state = state;
    tls_server_set_sites(w->tls, proxy_state_tls(state));
    proxy_state_free(before);
}

void worker_drain(struct proxy_worker *w)
{
    w->is_draining = true;
    worker_unlisten(w);
    struct client *next = NULL;
    for (struct client *c = w->clients; c != NULL; c = next) {
        next = c->next;
        client_drain(c);
    }
    if (w->client_count == 0 && w->drained != NULL)
        w->drained(w);
}

void worker_cut(struct proxy_worker *w)
{
    while (w->clients != NULL)
        client_cut(w->clients);
}

/* ---- what is used again ---- */

uint8_t *worker_take_buffer(struct proxy_worker *w)
{
    if (w->spare_buffer_count > 0)
        return w->spare_buffers[--w->spare_buffer_count];
    return malloc(WORKER_BUFFER_SIZE);
}

void worker_give_buffer(struct proxy_worker *w, uint8_t *buffer)
{
    if (w->spare_buffer_count < WORKER_SPARES_MAX)
        w->spare_buffers[w->spare_buffer_count++] = buffer;
    else
        free(buffer);
}

const char *worker_date(struct proxy_worker *w)
{
    int64_t now = now_s(NULL);
    if (now != w->date_s) {
        time_t at = (time_t)now;
        struct tm parts;
        w->date_s = now;
        /* The locale is C: this program sets none. */
        if (gmtime_r(&at, &parts) == NULL || strftime(w->date, sizeof w->date, "%a, %d %b %Y %H:%M:%S GMT", &parts) == 0)
            w->date[0] = '\0';
    }
    return w->date;
}
