#include <stdio.h>
#include <string.h>

#include "demo/demo_world.h"

static enum status start(struct demo_world *w, const char *name, const char *noun, const char *config,
                         struct demo_process **out, struct error *err)
{
    char path[DEMO_PATH_SIZE];
    enum status s = demo_path(w, path, err, "%s", config);
    const char *const arguments[] = {"cathaya", noun, "run", "--config", path, NULL};
    return s == STATUS_OK ? demo_processes_start(&w->processes, name, arguments, NULL, out, err) : s;
}

static enum status start_perspectives(struct demo_world *w, struct error *err)
{
    struct demo_process *processes[DEMO_PERSPECTIVES];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PERSPECTIVES; i++) {
        char name[32], config[48];
        (void)snprintf(name, sizeof name, "perspective-%zu", i + 1);
        (void)snprintf(config, sizeof config, "%s.conf", name);
        s = demo_config_perspective(w, i, err);
        if (s == STATUS_OK)
            s = start(w, name, "perspective", config, &processes[i], err);
    }
    for (size_t i = 0; s == STATUS_OK && i < DEMO_PERSPECTIVES; i++)
        s = demo_process_wait_ready(processes[i], "perspective", w->perspectives[i], err);
    return s;
}

static enum status start_mirrors(struct demo_world *w, struct error *err)
{
    struct demo_process *processes[DEMO_MIRRORS];
    char address[DEMO_ADDRESS_SIZE];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < DEMO_MIRRORS; i++) {
        char config[64];
        (void)snprintf(config, sizeof config, "%s/mirror.conf", w->mirrors[i].label);
        s = start(w, w->mirrors[i].label, "mirror", config, &processes[i], err);
    }
    for (size_t i = 0; s == STATUS_OK && i < DEMO_MIRRORS; i++) {
        s = demo_process_wait_ready(processes[i], "mirror", address, err);
        (void)snprintf(w->mirrors[i].url, sizeof w->mirrors[i].url, "http://%s", address);
    }
    return s;
}

static enum status start_ca(struct demo_world *w, struct error *err)
{
    struct demo_process *process;
    char address[DEMO_ADDRESS_SIZE];
    enum status s = demo_config_policies(w, err);
    if (s == STATUS_OK)
        s = demo_ctlog_write_policy(w, err);
    if (s == STATUS_OK)
        s = demo_config_ca(w, err);
    if (s == STATUS_OK)
        s = start(w, "ca", "ca", "ca.conf", &process, err);
    return s == STATUS_OK ? demo_process_wait_ready(process, "acme", address, err) : s;
}

enum status demo_services_start(struct demo_world *w, struct error *err)
{
    enum status s = demo_dns_start(w, err);
    if (s == STATUS_OK)
        s = start_perspectives(w, err);
    if (s == STATUS_OK)
        s = start_mirrors(w, err);
    if (s == STATUS_OK)
        s = demo_ctlog_start(w, err);
    if (s == STATUS_OK)
        s = start_ca(w, err);
    if (s == STATUS_OK)
        s = demo_trust_start(w, err);
    if (s == STATUS_OK)
        s = demo_trust_client(w, err);
    if (s == STATUS_OK)
        s = demo_gateway_start(w, err);
    if (s == STATUS_OK)
        s = demo_monitor_start(w, err);
    if (s == STATUS_OK)
        demo_say(w, "running:  four CAs in one service at %s, 4 mirrors, 4 CT logs of 2 operators, 2 validation perspectives, a mock DNS, a root program's distributor, a gateway, a monitor", w->base_url);
    return s;
}
