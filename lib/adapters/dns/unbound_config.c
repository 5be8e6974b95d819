#include "adapters/dns/unbound_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A line of a file with trust anchors; an RSA key of 4096 bits takes 700 bytes. */
#define ANCHOR_LINE_MAX 4096

struct option {
    const char *name;
    const char *value;
};

static enum status set(struct ub_ctx *ctx, const char *name, const char *value, struct error *err)
{
    int code = ub_ctx_set_option(ctx, name, value);
    if (code != 0)
        return error_set(err, STATUS_USAGE, "libunbound does not take %s %s: %s", name, value,
                         ub_strerror(code));
    return STATUS_OK;
}

static enum status set_all(struct ub_ctx *ctx, const struct option *options, size_t count,
                           struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        enum status status = set(ctx, options[i].name, options[i].value, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status set_always(struct ub_ctx *ctx, struct error *err)
{
    static const struct option options[] = {
        {"edns-buffer-size:", "1232"}, /* fits every path unfragmented; longer answers come over TCP */
        {"use-caps-for-id:", "no"},    /* some authoritative servers answer in lower case only */
        {"do-udp:", "yes"},
        {"do-tcp:", "yes"},
        {"prefetch:", "no"},
        {"serve-expired:", "no"},
        /* A name that has just come to exist is not denied from an older proof. */
        {"aggressive-nsec:", "no"},
        {"infra-keep-probing:", "yes"},
        /* Not the day that libunbound allows: our clock is right, theirs may be minutes off. */
        {"val-sig-skew-min:", "300"},
        {"val-sig-skew-max:", "300"},
        /* The library's own defaults are for a stub in a small program: 16 ports, 2 TCP connections. */
        {"outgoing-range:", "2048"},
        {"num-queries-per-thread:", "4096"},
        {"outgoing-num-tcp:", "64"},
        {"msg-cache-size:", "8m"},
        {"rrset-cache-size:", "16m"},
    };
    return set_all(ctx, options, sizeof options / sizeof options[0], err);
}

static enum status set_cache(struct ub_ctx *ctx, const struct unbound_resolver_config *config,
                             struct error *err)
{
    uint32_t ttl_s = config->cache_ttl_s != 0 ? config->cache_ttl_s
                                              : UNBOUND_RESOLVER_CACHE_TTL_DEFAULT_S;
    if (config->is_uncached)
        ttl_s = 0;
    if (ttl_s > UNBOUND_RESOLVER_CACHE_TTL_MAX_S)
        return error_set(err, STATUS_USAGE, "DNS answers may be remembered for %d s at most, not %u",
                         UNBOUND_RESOLVER_CACHE_TTL_MAX_S, (unsigned)ttl_s);
    char text[16];
    (void)snprintf(text, sizeof text, "%u", (unsigned)ttl_s);
    const struct option options[] = {
        {"cache-min-ttl:", "0"},
        {"cache-max-ttl:", text},
        {"cache-max-negative-ttl:", text},
        {"val-bogus-ttl:", text},
    };
    return set_all(ctx, options, sizeof options / sizeof options[0], err);
}

/* All of IPv4 but 127.0.0.0/8. libunbound has no list of what it may ask, only of what it may not. */
static enum status set_loopback_only(struct ub_ctx *ctx, struct error *err)
{
    static const struct option options[] = {
        {"do-ip6:", "no"},
        {"do-not-query-localhost:", "no"},
        {"do-not-query-address:", "0.0.0.0/2"},
        {"do-not-query-address:", "64.0.0.0/3"},
        {"do-not-query-address:", "96.0.0.0/4"},
        {"do-not-query-address:", "112.0.0.0/5"},
        {"do-not-query-address:", "120.0.0.0/6"},
        {"do-not-query-address:", "124.0.0.0/7"},
        {"do-not-query-address:", "126.0.0.0/8"},
        {"do-not-query-address:", "128.0.0.0/1"},
        {"outgoing-interface:", "127.0.0.1"},
    };
    return set_all(ctx, options, sizeof options / sizeof options[0], err);
}

static enum status set_servers(struct ub_ctx *ctx, const struct unbound_resolver_config *config,
                               struct error *err)
{
    if (config->stub_count > UNBOUND_RESOLVER_LIST_MAX
        || config->forwarder_count > UNBOUND_RESOLVER_LIST_MAX)
        return error_set(err, STATUS_USAGE, "more than %d name servers are configured",
                         UNBOUND_RESOLVER_LIST_MAX);
    for (size_t i = 0; i < config->stub_count; i++) {
        const struct unbound_resolver_stub *stub = &config->stubs[i];
        if (ub_ctx_set_stub(ctx, stub->zone, stub->address, 0) != 0)
            return error_set(err, STATUS_USAGE, "no zone and address of a name server: %s %s",
                             stub->zone, stub->address);
    }
    for (size_t i = 0; i < config->forwarder_count; i++)
        if (ub_ctx_set_fwd(ctx, config->forwarders[i]) != 0)
            return error_set(err, STATUS_USAGE, "no address of a resolver: %s",
                             config->forwarders[i]);
    return STATUS_OK;
}

/* libunbound takes a file without a single key and then validates nothing. */
static enum status check_anchor_file(const char *path, struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, STATUS_USAGE, "%s: cannot read the trust anchors for DNSSEC: %s", path,
                         strerror(errno));
    char line[ANCHOR_LINE_MAX];
    bool has_anchor = false;
    while (!has_anchor && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, ";")] = '\0';
        has_anchor = strstr(line, "DNSKEY") != NULL || strstr(line, "DS") != NULL;
    }
    (void)fclose(file);
    if (!has_anchor)
        return error_set(err, STATUS_USAGE, "%s has no DS or DNSKEY record to anchor DNSSEC in", path);
    return STATUS_OK;
}

static enum status set_anchors(struct ub_ctx *ctx, const struct unbound_resolver_config *config,
                               struct error *err)
{
    static const char *const root_key[] = {UNBOUND_RESOLVER_ROOT_KEY};
    const char *const *files = config->anchor_files;
    size_t count = config->anchor_file_count;
    if (config->is_unvalidated) {
        if (count != 0)
            return error_set(err, STATUS_USAGE, "trust anchors for DNSSEC, and none is to be used");
        return STATUS_OK;
    }
    if (count == 0) {
        files = root_key;
        count = 1;
    }
    if (count > UNBOUND_RESOLVER_LIST_MAX || config->insecure_zone_count > UNBOUND_RESOLVER_LIST_MAX)
        return error_set(err, STATUS_USAGE, "more than %d trust anchor files or insecure zones",
                         UNBOUND_RESOLVER_LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        enum status status = check_anchor_file(files[i], err);
        if (status != STATUS_OK)
            return status;
        if (ub_ctx_add_ta_file(ctx, files[i]) != 0)
            return error_set(err, STATUS_NO_MEMORY, "trust anchors");
    }
    for (size_t i = 0; i < config->insecure_zone_count; i++) {
        enum status status = set(ctx, "domain-insecure:", config->insecure_zones[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Whether one of the names is at or above the other. */
static bool is_related(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    a_len -= a_len > 0 && a[a_len - 1] == '.';
    b_len -= b_len > 0 && b[b_len - 1] == '.';
    const char *longer = a_len >= b_len ? a : b;
    size_t long_len = a_len >= b_len ? a_len : b_len, short_len = a_len >= b_len ? b_len : a_len;
    if (strncasecmp(longer + long_len - short_len, a_len >= b_len ? b : a, short_len) != 0)
        return false;
    return short_len == 0 || short_len == long_len || longer[long_len - short_len - 1] == '.';
}

static bool is_served(const struct unbound_resolver_config *config, const char *zone)
{
    if (config->forwarder_count > 0)
        return true;
    for (size_t i = 0; i < config->stub_count; i++)
        if (is_related(config->stubs[i].zone, zone))
            return true;
    return false;
}

/* libunbound answers itself for the names of RFC 6761 and RFC 8375; whoever configures a server for
 * them means it. This is also what makes the configuration final, and tells whether it is good. */
static enum status finish(struct ub_ctx *ctx, const struct unbound_resolver_config *config,
                          struct error *err)
{
    static const char *const local[] = {"test.", "invalid.", "localhost.", "home.arpa."};
    int code = ub_ctx_zone_remove(ctx, "unused.invalid.");
    for (size_t i = 0; code == 0 && i < sizeof local / sizeof local[0]; i++)
        if (is_served(config, local[i]))
            code = ub_ctx_zone_remove(ctx, local[i]);
    if (code != 0)
        return error_set(err, STATUS_USAGE,
                         "libunbound refuses the configuration of DNS (%s): look at the trust anchors",
                         ub_strerror(code));
    return STATUS_OK;
}

static enum status configure(struct ub_ctx *ctx, const struct unbound_resolver_config *config,
                             struct error *err)
{
    /* Nothing to stderr: the outcome of a lookup has the reason in it. */
    ub_ctx_debugout(ctx, NULL);
    if (ub_ctx_async(ctx, 1) != 0)
        return error_set(err, STATUS_IO, "libunbound cannot work on a thread of its own");
    enum status status = set_always(ctx, err);
    if (status == STATUS_OK)
        status = set_cache(ctx, config, err);
    if (status == STATUS_OK && config->is_loopback_only)
        status = set_loopback_only(ctx, err);
    /* Before the configuration becomes final: a stub that comes later is not looked at, and the real
     * root servers are asked. */
    if (status == STATUS_OK)
        status = set_servers(ctx, config, err);
    if (status == STATUS_OK)
        status = set_anchors(ctx, config, err);
    if (status == STATUS_OK)
        status = finish(ctx, config, err);
    return status;
}

enum status unbound_config_make(const struct unbound_resolver_config *config, struct ub_ctx **out,
                                struct error *err)
{
    struct ub_ctx *ctx = ub_ctx_create();
    if (ctx == NULL)
        return error_set(err, STATUS_NO_MEMORY, "libunbound cannot start");
    enum status status = configure(ctx, config, err);
    if (status != STATUS_OK) {
        ub_ctx_delete(ctx);
        return status;
    }
    *out = ctx;
    return STATUS_OK;
}
