#include "service/validation/validation.h"

#include <stdlib.h>

#include "service/validation/attempt.h"

static const struct {
    enum acme_challenge challenge;
    const char *name;
    const char *labels[2]; /* failed, passed */
} methods[] = {
#define METHOD(challenge, name) \
    {challenge, name, {"method=\"" name "\",result=\"invalid\"", "method=\"" name "\",result=\"valid\""}}
    METHOD(ACME_HTTP_01, "http-01"),
    METHOD(ACME_DNS_01, "dns-01"),
    METHOD(ACME_TLS_ALPN_01, "tls-alpn-01"),
    METHOD(ACME_DNS_ACCOUNT_01, "dns-account-01"),
    METHOD(ACME_DNS_PERSIST_01, "dns-persist-01"),
#undef METHOD
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])
_Static_assert(METHOD_COUNT == VALIDATION_METHODS, "one counter for each");

const char *validation_method_name(enum acme_challenge challenge)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (methods[i].challenge == challenge)
            return methods[i].name;
    return NULL;
}

enum acme_challenge validation_method_by_name(struct bytes name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (bytes_is_text(name, methods[i].name))
            return methods[i].challenge;
    return (enum acme_challenge)0;
}

void validation_count(const struct validation *v, enum acme_challenge challenge, bool is_valid)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (methods[i].challenge == challenge)
            metric_add(v->counters[i][is_valid], 1);
}

static void set_default_u32(uint32_t *value, uint32_t standard)
{
    if (*value == 0)
        *value = standard;
}

enum status validation_new(const struct validation_config *config, const struct validation_ports *ports,
                           struct validation **out, struct error *err)
{
    struct validation *v = calloc(1, sizeof *v);
    *out = v;
    if (v == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    v->config = *config;
    v->ports = *ports;
    v->config.http_port = config->http_port != 0 ? config->http_port : 80;
    v->config.tls_port = config->tls_port != 0 ? config->tls_port : 443;
    set_default_u32(&v->config.dns_timeout_ms, 10000);
    set_default_u32(&v->config.fetch_timeout_ms, 10000);
    set_default_u32(&v->config.total_timeout_ms, 45000);
    if (v->config.attempts_max == 0)
        v->config.attempts_max = 1000;
    for (size_t i = 0; i < METHOD_COUNT; i++)
        for (size_t j = 0; j < 2; j++)
            v->counters[i][j] = metrics_counter(ports->metrics, "cathaya_validations_total",
                                                methods[i].labels[j], "Validations carried out from here.");
    v->under_way = metrics_gauge(ports->metrics, "cathaya_validations_under_way", "",
                                 "Validations that are being carried out from here.");
    v->seconds = metrics_histogram(ports->metrics, "cathaya_validation_seconds", "",
                                   "Time from the request for a validation to its outcome.");
    return STATUS_OK;
}
