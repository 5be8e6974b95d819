#include <stdlib.h>

#include "gateway/gateway_deploy_parts.h"

/* ---- TLS ---- */

static const char *const with_http2[] = {"h2", "http/1.1"};

static struct tls_site tls_site_of(const struct gateway_deploy *d, size_t i)
{
    const struct gateway_site *site = &d->config->sites[i];
    struct tls_site out = {
        .names = site->names,
        .name_count = site->name_count,
        .credentials = d->sites[i].credentials,
        .credential_count = d->sites[i].count,
        .stage = site->stage,
        .is_default = site->is_default,
        .is_mtc_without_trust_anchors = site->is_mtc_without_trust_anchors,
        .index = i,
    };
    if (!site->is_tcp) {
        out.alpn = site->has_http2 ? with_http2 : with_http2 + 1;
        out.alpn_count = site->has_http2 ? 2 : 1;
    }
    return out;
}

enum status gateway_deploy_sites(const struct gateway_deploy *d, struct tls_sites **out, struct error *err)
{
    struct tls_site *sites = calloc(d->site_count + 1, sizeof *sites);
    struct tls_challenge *challenges = calloc(d->alpn_count + 1, sizeof *challenges);
    struct tls_sites_settings settings = {.sites = sites, .site_count = d->site_count, .challenges = challenges};
    *out = NULL;
    for (size_t i = 0; sites != NULL && i < d->site_count; i++)
        sites[i] = tls_site_of(d, i);
    for (size_t i = 0; challenges != NULL && i < d->alpn_count; i++)
        if (d->alpns[i].is_shown)
            challenges[settings.challenge_count++] = (struct tls_challenge){d->alpns[i].name, d->alpns[i].credential};
    enum status s = sites == NULL || challenges == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory")
                                                        : tls_sites_new(&settings, out, err);
    free(sites);
    free(challenges);
    return s;
}

/* ---- HTTP ---- */

static enum status set_limits(const struct gateway_deploy *d, struct proxy_state *state, struct error *err)
{
    const struct gateway_limits *from = &d->config->limits;
    struct proxy_limits limits = proxy_default_limits();
    limits.connections = from->connections;
    limits.connections_per_address = from->connections_per_address;
    limits.handshakes_per_s = from->handshakes_per_s;
    limits.head_bytes = from->head_size;
    limits.handshake_ms = from->handshake_ms;
    limits.head_ms = from->head_ms;
    limits.body_ms = from->body_ms;
    limits.idle_ms = from->idle_ms;
    limits.slowest_bytes_per_s = from->slowest_bytes_per_s;
    limits.backend_connect_ms = from->backend_connect_ms;
    limits.backend_answer_ms = from->backend_answer_ms;
    return proxy_state_set_limits(state, &limits, err);
}

/* The indexes of both lists of sites are the configuration's. */
static enum status add_site(const struct gateway_deploy *d, size_t i, struct proxy_state *state, struct error *err)
{
    const struct gateway_site *from = &d->config->sites[i];
    uint32_t index;
    struct proxy_site site = {
        .title = from->title,
        .names = from->names,
        .name_count = from->name_count,
        .is_default = from->is_default,
        .mode = from->is_tcp ? PROXY_MODE_TCP : PROXY_MODE_HTTP,
        .backends = gateway_backends_group(d->backends, i),
        .sends_proxy = from->sends_proxy,
        .has_http2 = from->has_http2,
        .hsts_max_age_s = from->hsts_max_age_s,
        .redirects_http = from->redirects_http,
    };
    return proxy_state_add_site(state, &site, &index, err);
}

static enum status fill(const struct gateway_deploy *d, struct proxy_state *state, struct error *err)
{
    struct tls_sites *sites;
    enum status s = set_limits(d, state, err);
    for (size_t i = 0; s == STATUS_OK && i < d->site_count; i++)
        s = add_site(d, i, state, err);
    for (size_t i = 0; s == STATUS_OK && i < d->token_count; i++)
        s = proxy_state_add_challenge(state, bytes_of_text(d->tokens[i].token),
                                      bytes_of_text(d->tokens[i].key_authorization), err);
    if (s == STATUS_OK)
        s = gateway_deploy_sites(d, &sites, err);
    if (s == STATUS_OK) {
        proxy_state_set_tls(state, sites);
        tls_sites_free(sites);
    }
    return s;
}

enum status gateway_deploy_state(const struct gateway_deploy *d, struct proxy_state **out, struct error *err)
{
    enum status s = proxy_state_new(out, err);
    if (s != STATUS_OK)
        return s;
    s = fill(d, *out, err);
    if (s != STATUS_OK) {
        proxy_state_free(*out);
        *out = NULL;
    }
    return s;
}
