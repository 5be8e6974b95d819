/* DIR/demo.json: where everything is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "demo/demo_world.h"
#include "input.h"
#include "output.h"

static json_t *acme(const struct demo_world *w)
{
    char url[2 * DEMO_URL_SIZE];
    json_t *directories = json_object();
    for (size_t i = 0; i < DEMO_PROFILES; i++) {
        (void)snprintf(url, sizeof url, "%s/profile/%s/directory", w->base_url, demo_profiles[i].name);
        (void)json_object_set_new(directories, demo_profiles[i].name, json_string(url));
    }
    (void)snprintf(url, sizeof url, "%s/directory", w->base_url);
    json_t *o = json_pack("{s:s, s:o}", "directory", url, "directories", directories);
    output_json_text(o, "ca_file", w->ca_file);
    return o;
}

static json_t *cas(const struct demo_world *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DEMO_SUITES; i++) {
        json_t *ca = json_pack("{s:s, s:s, s:s}", "id", w->issuers[i].id, "suite", w->issuers[i].suite, "log_url", w->issuers[i].log_url);
        output_json_text(ca, "ca_file", w->issuers[i].ca_file);
        (void)json_array_append_new(list, ca);
    }
    return list;
}

static json_t *mirrors(const struct demo_world *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DEMO_MIRRORS; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "id", w->mirrors[i].id, "suite", w->mirrors[i].suite, "url",
                                                    w->mirrors[i].url));
    return list;
}

static json_t *ctlogs(const struct demo_world *w)
{
    json_t *list = json_array();
    for (size_t i = 0; i < log_list_count(&w->ctlogs); i++) {
        const struct log_list_log *log = log_list_at(&w->ctlogs, i);
        char key[2 * LOG_LIST_KEY_MAX];
        struct builder b;
        builder_init_fixed(&b, key, sizeof key - 1);
        text_write_base64(&b, log_list_key(log));
        key[b.len] = '\0';
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "suite", log->suite->name, "url", log->submission_url, "key", key));
    }
    return list;
}

static json_t *gateway(const struct demo_world *w)
{
    char address[DEMO_ADDRESS_SIZE];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", w->gateway_port);
    return json_pack("{s:s, s:[s]}", "address", address, "sites", DEMO_SITE);
}

static json_t *trust(const struct demo_world *w)
{
    json_t *o = json_object();
    output_json_text(o, "dir", w->trust);
    (void)json_object_set_new(o, "url", json_string(w->trust_url));
    return o;
}

enum status demo_json_write(const struct demo_world *w, struct error *err)
{
    char path[DEMO_PATH_SIZE + 16];
    json_t *all = json_pack("{s:o, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:s}}", "acme", acme(w), "http01_port", (int)w->http01_port, "dns", w->dns, "cas", cas(w),
                            "mirrors", mirrors(w), "ctlogs", ctlogs(w), "gateway", gateway(w), "trust", trust(w), "monitor", "url", w->monitor_url,
                            "status_url", w->monitor_status_url);
    char *text = json_dumps(all, JSON_INDENT(2) | JSON_SORT_KEYS);
    (void)snprintf(path, sizeof path, "%s/demo.json", w->state);
    enum status s = text == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory")
                                 : input_write_file(path, bytes_of_text(text), 0644, err);
    free(text);
    json_decref(all);
    return s;
}
