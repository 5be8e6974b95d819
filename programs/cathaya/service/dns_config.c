#include "service/dns_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_MS 60000

static cfg_opt_t stub_options[] = {CFG_STR_LIST("address", NULL, CFGF_NODEFAULT), CFG_END()};

cfg_opt_t dns_config_options[] = {
    CFG_STR_LIST("resolvers", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("trust-anchor", NULL, CFGF_NODEFAULT),
    CFG_STR_LIST("insecure", NULL, CFGF_NODEFAULT),
    CFG_INT("timeout-ms", 0, CFGF_NONE),
    CFG_BOOL("loopback-only", cfg_false, CFGF_NONE),
    CFG_SEC("stub", stub_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
    CFG_END(),
};

static enum status read_list(cfg_t *section, const char *name, const char **out, size_t *count,
                             struct error *err)
{
    *count = cfg_size(section, name);
    if (*count > UNBOUND_RESOLVER_LIST_MAX)
        return error_set(err, STATUS_USAGE, "dns: %s: more than %d", name, UNBOUND_RESOLVER_LIST_MAX);
    for (unsigned i = 0; i < *count; i++)
        out[i] = cfg_getnstr(section, name, i);
    return STATUS_OK;
}

static enum status read_stub(cfg_t *section, struct dns_config *out, struct error *err)
{
    unsigned count = cfg_size(section, "address");
    if (count == 0)
        return error_set(err, STATUS_USAGE, "dns: stub \"%s\": address is missing, such as \"127.0.0.1@8053\"",
                         cfg_title(section));
    for (unsigned i = 0; i < count; i++) {
        if (out->unbound.stub_count == UNBOUND_RESOLVER_LIST_MAX)
            return error_set(err, STATUS_USAGE, "dns: more than %d stub addresses", UNBOUND_RESOLVER_LIST_MAX);
        out->stubs[out->unbound.stub_count++] =
            (struct unbound_resolver_stub){cfg_title(section), cfg_getnstr(section, "address", i)};
    }
    return STATUS_OK;
}

static enum status read_anchors(cfg_t *section, const char *directory, struct dns_config *out,
                                struct error *err)
{
    size_t count;
    enum status s = read_list(section, "trust-anchor", out->anchor_files, &count, err);
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        const char *name = out->anchor_files[i];
        if (asprintf(&out->paths[i], "%s%s%s", name[0] == '/' ? "" : directory, name[0] == '/' ? "" : "/", name) < 0) {
            out->paths[i] = NULL;
            s = error_set(err, STATUS_NO_MEMORY, "out of memory");
        }
        out->anchor_files[i] = out->paths[i];
    }
    out->unbound.anchor_file_count = s == STATUS_OK ? count : 0;
    return s;
}

enum status dns_config_read(cfg_t *cfg, const char *directory, struct dns_config *out, struct error *err)
{
    cfg_t *section = cfg_getsec(cfg, "dns");
    memset(out, 0, sizeof *out);
    struct unbound_resolver_config *u = &out->unbound;
    u->stubs = out->stubs;
    u->forwarders = out->forwarders;
    u->anchor_files = out->anchor_files;
    u->insecure_zones = out->insecure_zones;
    if (section == NULL)
        return STATUS_OK;
    long timeout_ms = cfg_getint(section, "timeout-ms");
    if (timeout_ms < 0 || timeout_ms > TIMEOUT_MAX_MS)
        return error_set(err, STATUS_USAGE, "dns: timeout-ms: 1 to %d, or 0 for the default", TIMEOUT_MAX_MS);
    u->timeout_ms = (uint32_t)timeout_ms;
    u->is_loopback_only = cfg_getbool(section, "loopback-only") == cfg_true;
    enum status s = read_list(section, "resolvers", out->forwarders, &u->forwarder_count, err);
    if (s == STATUS_OK)
        s = read_list(section, "insecure", out->insecure_zones, &u->insecure_zone_count, err);
    if (s == STATUS_OK)
        s = read_anchors(section, directory, out, err);
    for (unsigned i = 0; s == STATUS_OK && i < cfg_size(section, "stub"); i++)
        s = read_stub(cfg_getnsec(section, "stub", i), out, err);
    return s;
}

void dns_config_clear(struct dns_config *config)
{
    for (size_t i = 0; i < UNBOUND_RESOLVER_LIST_MAX; i++)
        free(config->paths[i]);
    memset(config, 0, sizeof *config);
}
