#include "fakes/fake_tls_probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pending {
    struct fake_tls_probe *probe;
    bool is_there;
    tls_probe_done *done;
    void *cookie;
};

static void deliver(void *cookie)
{
    struct pending *p = cookie;
    struct fake_tls_probe *probe = p->probe;
    struct tls_probe_result result = {.failure = "connection refused"};
    if (p->is_there) {
        result.is_connected = true;
        result.failure = probe->failure != NULL ? probe->failure : "";
        result.has_alpn = probe->failure == NULL && probe->has_alpn;
        if (probe->failure == NULL)
            result.certificate = probe->certificate;
    }
    p->done(p->cookie, &result);
    free(p);
}

static enum status start(void *context, const struct tls_probe_request *request, tls_probe_done *done,
                         void *cookie, struct error *err)
{
    struct fake_tls_probe *probe = context;
    struct timer_port timer = fake_timer_port(probe->timer);
    if (probe->is_refusing)
        return error_set(err, STATUS_LIMIT, "too many handshakes");
    struct pending *p = calloc(1, sizeof *p);
    if (p == NULL || request->timeout_ms == 0)
        abort();
    probe->asked_count++;
    probe->asked_port = request->port;
    (void)snprintf(probe->asked_address, sizeof probe->asked_address, "%s", request->address);
    (void)snprintf(probe->asked_name, sizeof probe->asked_name, "%s", request->server_name);
    (void)snprintf(probe->asked_alpn, sizeof probe->asked_alpn, "%s", request->alpn);
    bool is_there = probe->address == NULL || strcmp(probe->address, request->address) == 0;
    *p = (struct pending){probe, is_there, done, cookie};
    (void)timer.start(timer.context, 0, deliver, p);
    return STATUS_OK;
}

struct tls_probe_port fake_tls_probe_port(struct fake_tls_probe *p)
{
    return (struct tls_probe_port){p, start};
}
