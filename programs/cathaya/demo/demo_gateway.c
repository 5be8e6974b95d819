/* A page, and the gateway in front of it. */
#include <stdio.h>

#include "demo/demo_world.h"

static void show_page(void *context, struct http_exchange *x)
{
    (void)context;
    http_respond_text(&x->response, 200, "text/plain; charset=utf-8", "hello from behind the gateway\n");
    x->send(x);
}

/* The page stays as long as the demo: other programs come to it when it stays. */
static enum status start_page(struct demo_world *w, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler handler = {.handle = show_page};
    enum status s = http_server_new(w->loop, &limits, &w->page, err);
    if (s == STATUS_OK)
        s = http_server_add_route(w->page, "/", &handler, err);
    return s == STATUS_OK ? http_server_listen(w->page, "127.0.0.1:0", NULL, err) : s;
}

enum status demo_gateway_start(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char path[DEMO_PATH_SIZE], address[DEMO_ADDRESS_SIZE];
    enum status s = start_page(w, err);
    if (s == STATUS_OK)
        s = demo_config_gateway(w, http_server_address(w->page, 0), err);
    if (s == STATUS_OK)
        s = demo_path(w, path, err, "gateway.conf");
    const char *const arguments[] = {"cathaya", "gateway", "run", "--config", path, NULL};
    if (s == STATUS_OK)
        s = demo_processes_start(&w->processes, "gateway", arguments, NULL, &process, err);
    return s == STATUS_OK ? demo_process_wait_ready(process, "https", address, err) : s;
}

void demo_gateway_stop(struct demo_world *w)
{
    http_server_free(w->page);
    w->page = NULL;
}
