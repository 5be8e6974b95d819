#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo/demo_world.h"
#include "input.h"

#define PREFIX "/.well-known/acme-challenge/"
#define TOKEN_MAX 128
#define ANSWER_MAX 4096

/* A token is base64url [RFC8555 8.3], and therefore a name in the folder. */
static bool is_token(struct bytes t)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bool is_good = t.len > 0 && t.len <= TOKEN_MAX;
    for (size_t i = 0; is_good && i < t.len; i++)
        is_good = t.data[i] != 0 && strchr(good, t.data[i]) != NULL;
    return is_good;
}

static void handle(void *context, struct http_exchange *x)
{
    const struct demo_world *w = context;
    struct bytes path = x->request.path;
    size_t prefix = strlen(PREFIX);
    struct bytes token = path.len > prefix ? bytes_of(path.data + prefix, path.len - prefix) : bytes_of(NULL, 0);
    struct error err = {.status = STATUS_OK};
    struct builder body;
    char file[DEMO_PATH_SIZE];
    builder_init(&body, ANSWER_MAX);
    if (is_token(token) &&
        demo_path(w, file, &err, "http-01/%.*s", (int)token.len, (const char *)token.data) == STATUS_OK &&
        input_read(file, ANSWER_MAX - 1, &body, &err) == STATUS_OK) {
        builder_u8(&body, 0);
        http_respond_text(&x->response, 200, "application/octet-stream", (const char *)body.data);
    } else {
        http_respond_text(&x->response, 404, "text/plain", "no such token\n");
    }
    builder_clear(&body);
    x->send(x);
}

static enum status listen_at(struct demo_world *w, const char *address, struct error *err)
{
    char all[DEMO_ADDRESS_SIZE];
    (void)snprintf(all, sizeof all, address[0] == ':' ? "[%s]:%u" : "%s:%u", address, w->http01_port);
    (void)snprintf(w->http01_address, sizeof w->http01_address, "%s", address);
    return http_server_listen(w->http01, all, NULL, err);
}

/* 127.0.0.1 is left to others, who may listen there already, or on every address of one family. */
enum status demo_http01_start(struct demo_world *w, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct http_handler handler = {.context = w, .handle = handle};
    enum status s = http_server_new(w->loop, &limits, &w->http01, err);
    if (s == STATUS_OK)
        s = http_server_add_route(w->http01, PREFIX, &handler, err);
    if (s != STATUS_OK)
        return s;
    s = listen_at(w, "127.0.0.2", err);
    return s == STATUS_OK ? s : listen_at(w, "::1", err);
}

void demo_http01_stop(struct demo_world *w)
{
    http_server_free(w->http01);
    w->http01 = NULL;
}
