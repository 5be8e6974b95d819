/* The mock DNS is pebble-challtestsrv, which every name has the address 127.0.0.1 for unless it is told another one. */
#include <stdio.h>

#include "demo/demo.h"
#include "demo/demo_world.h"

#define TRIES 3
#define START_S 10
#define BODY_MAX 65536

static enum status manage(struct demo_world *w, const char *what, const char *json, struct error *err)
{
    char url[DEMO_URL_SIZE];
    struct builder answer;
    builder_init(&answer, BODY_MAX);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", w->management_port, what);
    enum status s = demo_fetch(w, url, bytes_of_text(json), &answer, err);
    builder_clear(&answer);
    return s;
}

/* It says nothing when it is ready: it is when its management answers. */
static enum status wait_for_management(struct demo_world *w, const struct demo_process *process, struct error *err)
{
    uint64_t until_ns = demo_clock_ns() + (uint64_t)START_S * 1000000000U;
    enum status s = STATUS_IO;
    while (s != STATUS_OK && process->pid != 0 && !w->processes.is_stopping && demo_clock_ns() < until_ns)
        s = manage(w, "set-default-ipv6", "{\"ip\": \"\"}", err);
    if (w->processes.is_stopping)
        return error_set(err, STATUS_AGAIN, "stopped by a signal");
    return process->pid == 0 ? demo_process_failed(process, err) : s;
}

static enum status try_start(struct demo_world *w, struct error *err)
{
    char dns[DEMO_ADDRESS_SIZE], management[DEMO_ADDRESS_SIZE];
    struct demo_process *process;
    enum status s = demo_port(&w->dns_port, err);
    if (s == STATUS_OK)
        s = demo_port(&w->management_port, err);
    if (s != STATUS_OK)
        return s;
    (void)snprintf(dns, sizeof dns, "127.0.0.1:%u", w->dns_port);
    (void)snprintf(management, sizeof management, "127.0.0.1:%u", w->management_port);
    (void)snprintf(w->dns, sizeof w->dns, "%s", dns);
    const char *const arguments[] = {"pebble-challtestsrv", "-dns01", dns, "-management", management, "-http01", "",
                                     "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "", NULL};
    s = demo_processes_start(&w->processes, "dns", arguments, NULL, &process, err);
    if (s == STATUS_OK)
        s = wait_for_management(w, process, err);
    process->is_service = s == STATUS_OK;
    return s;
}

enum status demo_dns_start(struct demo_world *w, struct error *err)
{
    enum status s = STATUS_REFUSED;
    /* Somebody else may take a port in between. */
    for (int i = 0; i < TRIES && s == STATUS_REFUSED; i++)
        s = try_start(w, err);
    return s;
}

enum status demo_dns_add(struct demo_world *w, const char *host, const char *address, struct error *err)
{
    char json[256];
    bool is_ipv6 = address[0] == ':';
    (void)snprintf(json, sizeof json, "{\"host\": \"%s\", \"addresses\": [\"%s\"]}", host, address);
    return manage(w, is_ipv6 ? "add-aaaa" : "add-a", json, err);
}
