#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/challenge_certificate.h"
#include "gateway/dns_hook.h"
#include "gateway/gateway_acme_parts.h"

const char *gateway_challenge_name(enum gateway_challenge challenge)
{
    static const char *const names[] = {
        [GATEWAY_HTTP_01] = "http-01", [GATEWAY_TLS_ALPN_01] = "tls-alpn-01", [GATEWAY_DNS_01] = "dns-01"};
    return names[challenge];
}

/* One challenge that is being made visible. */
struct provision {
    acme_client_provisioned *done;
    void *cookie;
};

static void shown(void *cookie)
{
    struct provision *p = cookie;
    struct error none = {.status = STATUS_OK};
    p->done(p->cookie, STATUS_OK, &none);
    free(p);
}

/* Whatever stops us from showing it is here, and not at the CA, and concerns this order alone. */
static void hooked(void *cookie, enum status status, const struct error *err)
{
    struct provision *p = cookie;
    p->done(p->cookie, status == STATUS_OK ? STATUS_OK : STATUS_AGAIN, err);
    free(p);
}

static void call_hook(struct acme_issuer *issuer, const struct acme_client_challenge *c, bool is_present,
                      dns_hook_done *done, void *cookie)
{
    char name[DNS_HOOK_NAME_MAX + 1];
    (void)snprintf(name, sizeof name, "_acme-challenge.%s", c->identifier);
    struct dns_hook_call call = {.program = issuer->config->dns_hook, .is_present = is_present, .name = name,
                                 .value = c->dns_value};
    dns_hook_start(issuer->acme->ports.pool, &call, done, cookie);
}

static enum status show_certificate(struct acme_issuer *issuer, const struct acme_client_challenge *c,
                                    struct provision *p, struct error *err)
{
    struct builder chain, key;
    builder_init(&chain, KEY_PEM_MAX);
    builder_init(&key, KEY_PEM_MAX);
    int64_t now_s = issuer->acme->ports.clock.now_ms(issuer->acme->ports.clock.context) / 1000;
    enum status s = challenge_certificate_make(c->identifier, c->is_ip, c->digest, now_s, &chain, &key, err);
    if (s == STATUS_OK)
        s = gateway_deploy_add_alpn(issuer->acme->ports.deploy, c->token, c->identifier, builder_view(&chain),
                                    builder_view(&key), shown, p, err);
    builder_clear(&chain);
    builder_clear(&key);
    return s;
}

void gateway_acme_provision(void *solver, const struct acme_client_challenge *c, acme_client_provisioned *done,
                            void *cookie)
{
    struct acme_issuer *issuer = solver;
    struct provision *p = malloc(sizeof *p);
    struct error err;
    enum status s = STATUS_OK;
    if (p == NULL)
        abort();
    *p = (struct provision){done, cookie};
    switch (issuer->config->challenge) {
    case GATEWAY_HTTP_01:
        s = gateway_deploy_add_token(issuer->acme->ports.deploy, c->token, c->key_authorization, shown, p, &err);
        break;
    case GATEWAY_TLS_ALPN_01:
        s = show_certificate(issuer, c, p, &err);
        break;
    case GATEWAY_DNS_01:
        call_hook(issuer, c, true, hooked, p);
        break;
    }
    if (s != STATUS_OK)
        hooked(p, s, &err);
}

/* What is left behind in DNS harms nobody, but somebody may want to know. */
static void cleaned(void *cookie, enum status status, const struct error *err)
{
    struct acme_issuer *issuer = cookie;
    issuer->acme->operation_count--;
    if (status != STATUS_OK)
        events_report(issuer->acme->ports.events, EVENT_WARNING, "dns-hook-failed", {"reason", err->text});
}

void gateway_acme_clean(void *solver, const struct acme_client_challenge *c)
{
    struct acme_issuer *issuer = solver;
    switch (issuer->config->challenge) {
    case GATEWAY_HTTP_01:
        gateway_deploy_remove_token(issuer->acme->ports.deploy, c->token);
        break;
    case GATEWAY_TLS_ALPN_01:
        gateway_deploy_remove_alpn(issuer->acme->ports.deploy, c->token);
        break;
    case GATEWAY_DNS_01:
        issuer->acme->operation_count++; /* the issuer stays until the program has ended */
        call_hook(issuer, c, false, cleaned, issuer);
        break;
    }
}
