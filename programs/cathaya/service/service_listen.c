#include "service/service_listen.h"

#include <stdio.h>
#include <string.h>

#include "config_file.h"
#include "service/service_tls.h"

static enum status copy(char out[HTTP_SERVER_ADDRESS_SIZE], const char *name, const char *value, struct error *err)
{
    if (snprintf(out, HTTP_SERVER_ADDRESS_SIZE, "%s", value) < HTTP_SERVER_ADDRESS_SIZE)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%s: address too long", name);
}

static enum status read_addresses(cfg_t *cfg, struct service_listen *out, struct error *err)
{
    enum status s = STATUS_OK;
    out->address_count = cfg_size(cfg, "listen");
    if (out->address_count > SERVICE_LISTEN_MAX)
        return error_set(err, STATUS_USAGE, "listen: at most %d addresses", SERVICE_LISTEN_MAX);
    for (unsigned i = 0; s == STATUS_OK && i < out->address_count; i++)
        s = copy(out->addresses[i], "listen", cfg_getnstr(cfg, "listen", i), err);
    return s == STATUS_OK ? copy(out->admin, "admin-listen", cfg_getstr(cfg, "admin-listen"), err) : s;
}

static enum status read_tls(cfg_t *cfg, const char *base, struct service_listen *out, struct error *err)
{
    enum status s = config_file_path(base, cfg_getstr(cfg, "tls-certificate"), out->tls_certificate, SERVICE_LISTEN_PATH_MAX, err);
    if (s == STATUS_OK)
        s = config_file_path(base, cfg_getstr(cfg, "tls-key"), out->tls_key, SERVICE_LISTEN_PATH_MAX, err);
    if (s == STATUS_OK && (out->tls_certificate[0] == '\0') != (out->tls_key[0] == '\0'))
        s = error_set(err, STATUS_USAGE, "tls-certificate and tls-key: both, or none for plain HTTP behind a proxy");
    return s;
}

enum status service_listen_read(cfg_t *cfg, const char *base, struct service_listen *out, struct error *err)
{
    const char *format = cfg_getstr(cfg, "log-format");
    enum status s = read_tls(cfg, base, out, err);
    if (s == STATUS_OK)
        s = read_addresses(cfg, out, err);
    out->is_json = strcmp(format, "json") == 0;
    if (s == STATUS_OK && !out->is_json && strcmp(format, "text") != 0)
        s = error_set(err, STATUS_USAGE, "log-format: \"text\" or \"json\"");
    return s;
}

enum status service_listen_required(const struct service_listen *settings, struct error *err)
{
    if (settings->address_count > 0)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "listen: 1 to %d addresses such as \"127.0.0.1:8080\"", SERVICE_LISTEN_MAX);
}

enum status service_listen_open(const struct service_listen *settings, struct http_server *server, struct tls_context **tls,
                                struct error *err)
{
    enum status s = service_tls_load(settings->tls_certificate, settings->tls_key, tls, err);
    for (size_t i = 0; i < settings->address_count && s == STATUS_OK; i++)
        s = http_server_listen(server, settings->addresses[i], *tls, err);
    return s;
}

void service_listen_reload(const struct service_listen *settings, size_t address_count, struct http_server *server,
                           struct tls_context **tls, const struct events_port *events)
{
    struct tls_context *next = NULL;
    struct error err = {.text = "tls-certificate and tls-key are not there any more: the ones before stay"};
    if (*tls == NULL)
        return;
    if (service_tls_load(settings->tls_certificate, settings->tls_key, &next, &err) != STATUS_OK || next == NULL) {
        events_report(events, EVENT_ERROR, "tls-not-reloaded", {"reason", err.text});
        return;
    }
    for (size_t i = 0; i < address_count; i++)
        http_server_set_tls(server, i, next);
    tls_context_free(*tls);
    *tls = next;
    events_report(events, EVENT_INFO, "tls-reloaded", {"file", settings->tls_certificate});
}
