#include "ca_run/run_validation.h"

#include "adapters/posix/posix_clock.h"

static enum status open_primary(struct run_validation *v, const struct run_config *config, struct event_loop *loop,
                                struct curl_fetch *fetch, const struct events_port *events, struct metrics *metrics,
                                struct error *err)
{
    enum status s = unbound_resolver_open(loop, &config->dns.unbound, &v->resolver, err);
    if (s == STATUS_OK)
        s = tls_prober_new(loop, &v->prober, err);
    if (s != STATUS_OK)
        return s;
    struct validation_config settings = {
        .issuers = config->caa_identities, .issuer_count = config->caa_count, .allowed = config->reach,
        .allowed_count = config->reach_count, .http_port = config->http_port, .tls_port = config->tls_port,
    };
    struct validation_ports ports = {
        .resolver = unbound_resolver_port(v->resolver), .fetch = curl_fetch_port(fetch),
        .tls_probe = tls_prober_port(v->prober), .timer = event_loop_timers(loop), .clock = posix_clock(),
        .events = events, .metrics = metrics,
    };
    return validation_new(&settings, &ports, &v->primary, err);
}

static enum status open_remotes(struct run_validation *v, const struct run_config *config, struct curl_fetch *fetch,
                                struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < config->perspective_count; i++) {
        const struct run_perspective *p = &config->perspectives[i];
        struct perspective_client_config settings = {
            .url = p->url, .secret = (const char *)p->secret.data, .ca_file = p->ca_file[0] != '\0' ? p->ca_file : NULL,
            .fetch = curl_fetch_port(fetch),
        };
        s = perspective_client_new(&settings, &v->clients[i], err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "perspective \"%s\"", p->name);
        v->client_count++;
        v->remotes[i] = (struct validation_perspective){p->name, p->region, perspective_client_port(v->clients[i])};
    }
    return s;
}

/* The quorum of the BR, or the one that the configuration relaxes it to. */
static const struct mpic_quorum *choose_quorum(struct run_validation *v, const struct run_config *config)
{
    if (!config->is_quorum_relaxed)
        return &mpic_quorum_br;
    v->phase = (struct mpic_phase){.from_s = 0, .remote_min = config->quorum_remote, .rir_min = 0};
    v->allowance = (struct mpic_allowance){.remote_from = 0, .refusals_max = config->quorum_failures};
    v->quorum = (struct mpic_quorum){&v->phase, 1, &v->allowance, 1};
    return &v->quorum;
}

static enum status check_set(const struct mpic_quorum *quorum, const struct run_config *config, struct error *err)
{
    const char *regions[RUN_PERSPECTIVES_MAX];
    struct clock_port clock = posix_clock();
    for (size_t i = 0; i < config->perspective_count; i++)
        regions[i] = config->perspectives[i].region;
    struct error why = {.status = STATUS_OK};
    enum status s = mpic_check_set(quorum, regions, config->perspective_count, clock.now_ms(clock.context) / 1000, &why);
    return s == STATUS_OK ? s : error_set(err, s, "validation: quorum: %.200s: add perspective blocks (`cathaya perspective run`); "
                                          "quorum = \"relaxed\" is for demos and intranets", why.text);
}

enum status run_validation_check(const struct run_config *config, struct error *err)
{
    struct run_validation v = {.mpic = NULL};
    return check_set(choose_quorum(&v, config), config, err);
}

enum status run_validation_open(struct run_validation *v, const struct run_config *config, struct event_loop *loop,
                                struct curl_fetch *fetch, const struct events_port *events, struct metrics *metrics,
                                struct error *err)
{
    enum status s = open_primary(v, config, loop, fetch, events, metrics, err);
    if (s == STATUS_OK)
        s = open_remotes(v, config, fetch, err);
    const struct mpic_quorum *quorum = choose_quorum(v, config);
    if (s == STATUS_OK)
        s = check_set(quorum, config, err);
    struct mpic_validator_config settings = {
        .primary = validation_port(v->primary), .remotes = v->remotes, .remote_count = v->client_count, .quorum = quorum,
        .clock = posix_clock(), .events = events, .metrics = metrics,
    };
    if (s == STATUS_OK)
        s = mpic_validator_new(&settings, &v->mpic, err);
    if (s == STATUS_OK)
        v->port = mpic_validator_port(v->mpic);
    return s;
}

void run_validation_close(struct run_validation *v)
{
    mpic_validator_free(v->mpic);
    for (size_t i = 0; i < v->client_count; i++)
        perspective_client_free(v->clients[i]);
    tls_prober_free(v->prober);
    unbound_resolver_close(v->resolver);
    validation_free(v->primary);
    *v = (struct run_validation){.mpic = NULL};
}
