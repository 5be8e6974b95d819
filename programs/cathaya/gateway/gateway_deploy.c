#include "gateway/gateway_deploy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway_deploy_parts.h"
#include "gateway/gateway_key.h"

/* ---- life ---- */

static void flush(void *cookie);
static void free_alpn(struct deploy_alpn *a);

enum status gateway_deploy_new(struct event_loop *loop, struct events_port *events, struct gateway_deploy **out,
                               struct error *err)
{
    struct gateway_deploy *d = calloc(1, sizeof *d);
    *out = d;
    if (d == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    d->events = events;
    d->hook = event_loop_at_end_of_round(loop, flush, d);
    return STATUS_OK;
}

static void clear_credentials(struct deployed_site *site)
{
    for (size_t i = 0; i < site->count; i++)
        tls_credential_free(site->credentials[i]);
    site->count = 0;
}

static void free_sites(struct deployed_site *sites, size_t count)
{
    for (size_t i = 0; i < count; i++)
        clear_credentials(&sites[i]);
    free(sites);
}

void gateway_deploy_free(struct gateway_deploy *d)
{
    if (d == NULL)
        return;
    event_hook_free(d->hook);
    free_sites(d->sites, d->site_count);
    gateway_deploy_settle(d);
    while (d->token_count > 0)
        gateway_deploy_remove_token(d, d->tokens[0].token);
    while (d->alpn_count > 0)
        free_alpn(&d->alpns[--d->alpn_count]);
    free(d->waiters);
    free(d);
}

void gateway_deploy_stop(struct gateway_deploy *d)
{
    d->proxy = NULL;
}

/* ---- configuration ---- */

static void take_over(struct deployed_site *from, size_t count, struct deployed_site *site)
{
    for (size_t i = 0; i < count; i++) {
        if (from[i].count > 0 && strcmp(from[i].title, site->title) == 0) {
            clear_credentials(site);
            *site = from[i];
            from[i].count = 0;
        }
    }
}

void gateway_deploy_settle(struct gateway_deploy *d)
{
    free_sites(d->left, d->left_count);
    d->left = NULL;
    d->left_count = 0;
}

enum status gateway_deploy_configure(struct gateway_deploy *d, const struct gateway_config *config,
                                     struct gateway_backends *backends, struct error *err)
{
    struct deployed_site *sites = calloc(config->site_count, sizeof *sites);
    if (sites == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < config->site_count; i++) {
        (void)snprintf(sites[i].title, sizeof sites[i].title, "%s", config->sites[i].title);
        take_over(d->left, d->left_count, &sites[i]);
        take_over(d->sites, d->site_count, &sites[i]);
    }
    gateway_deploy_settle(d);
    d->left = d->sites;
    d->left_count = d->site_count;
    d->sites = sites;
    d->site_count = config->site_count;
    d->config = config;
    d->backends = backends;
    d->is_changed = true;
    return STATUS_OK;
}

/* ---- credentials ---- */

static enum status make_credential(const struct site_credential *from, struct tls_credential **out, struct error *err)
{
    struct gateway_key key;
    enum status s = gateway_key_open(from, &key, err);
    if (s == STATUS_OK) {
        struct tls_credential_settings settings = {
            .chain_pem = from->chain,
            .properties = from->properties,
            .key_pem = from->key_pem,
            .key_uri = key.uri,
            .key_provider = key.provider,
            .key_remote = key.is_remote ? &key.remote : NULL,
        };
        s = tls_credential_new(&settings, out, err);
    }
    return s;
}

enum status gateway_deploy_check(const struct site_credential *credential, struct error *err)
{
    struct tls_credential *made = NULL;
    enum status s = make_credential(credential, &made, err);
    if (s == STATUS_OK)
        tls_credential_free(made);
    return s;
}

static struct deployed_site *find_site(const struct gateway_deploy *d, const char *title)
{
    for (size_t i = 0; i < d->site_count; i++)
        if (strcmp(d->sites[i].title, title) == 0)
            return &d->sites[i];
    return NULL;
}

void gateway_deploy_set(struct gateway_deploy *d, const char *title, const struct site_credential *credentials,
                        size_t count)
{
    struct error err;
    struct deployed_site *site = find_site(d, title);
    if (site == NULL)
        return;
    clear_credentials(site);
    for (size_t i = 0; i < count && site->count < TLS_SITE_CREDENTIALS_MAX; i++) {
        if (make_credential(&credentials[i], &site->credentials[site->count], &err) == STATUS_OK)
            site->count++;
        else
            events_report(d->events, EVENT_ERROR, "certificate-not-deployed", {"site", title},
                          {"kind", site_kind_name(credentials[i].kind)}, {"reason", err.text});
    }
    d->is_changed = true;
}

size_t gateway_deploy_site_count(const struct gateway_deploy *d)
{
    return d->site_count;
}

const char *gateway_deploy_site_title(const struct gateway_deploy *d, size_t site)
{
    return d->sites[site].title;
}

struct tls_credential *const *gateway_deploy_credentials(const struct gateway_deploy *d, size_t site, size_t *count)
{
    *count = site < d->site_count ? d->sites[site].count : 0;
    return site < d->site_count ? d->sites[site].credentials : NULL;
}

enum status gateway_deploy_staple(struct gateway_deploy *d, size_t site, size_t i, struct bytes ocsp, int64_t now_s,
                                  struct error *err)
{
    struct tls_credential *stapled;
    enum status s = tls_credential_with_ocsp(d->sites[site].credentials[i], ocsp, now_s, &stapled, err);
    if (s != STATUS_OK)
        return s;
    tls_credential_free(d->sites[site].credentials[i]);
    d->sites[site].credentials[i] = stapled;
    d->is_changed = true;
    return STATUS_OK;
}

/* ---- challenges ---- */

static enum status wait_for(struct gateway_deploy *d, gateway_deploy_done *done, void *cookie, struct error *err)
{
    struct deploy_waiter *more = realloc(d->waiters, (d->waiter_count + 1) * sizeof *more);
    if (more == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    d->waiters = more;
    d->waiters[d->waiter_count++] = (struct deploy_waiter){done, cookie};
    d->is_changed = true;
    return STATUS_OK;
}

enum status gateway_deploy_add_token(struct gateway_deploy *d, const char *token, const char *key_authorization,
                                     gateway_deploy_done *done, void *cookie, struct error *err)
{
    gateway_deploy_remove_token(d, token);
    if (d->token_count == GATEWAY_CHALLENGES_MAX)
        return error_set(err, STATUS_LIMIT, "%d challenges are under way", GATEWAY_CHALLENGES_MAX);
    struct deploy_token *t = &d->tokens[d->token_count];
    t->token = strdup(token);
    t->key_authorization = strdup(key_authorization);
    if (t->token != NULL && t->key_authorization != NULL && wait_for(d, done, cookie, err) == STATUS_OK) {
        d->token_count++;
        return STATUS_OK;
    }
    free(t->token);
    free(t->key_authorization);
    return error_set(err, STATUS_NO_MEMORY, "out of memory");
}

void gateway_deploy_remove_token(struct gateway_deploy *d, const char *token)
{
    for (size_t i = 0; i < d->token_count; i++) {
        if (strcmp(d->tokens[i].token, token) == 0) {
            free(d->tokens[i].token);
            free(d->tokens[i].key_authorization);
            d->tokens[i] = d->tokens[--d->token_count];
            d->is_changed = true;
            return;
        }
    }
}

static bool is_name_shown(const struct gateway_deploy *d, const char *name)
{
    for (size_t i = 0; i < d->alpn_count; i++)
        if (d->alpns[i].is_shown && strcmp(d->alpns[i].name, name) == 0)
            return true;
    return false;
}

/* Each name's turn goes to the one who came first. */
static void show_next(struct gateway_deploy *d)
{
    struct error err;
    for (size_t i = 0; i < d->alpn_count; i++) {
        struct deploy_alpn *a = &d->alpns[i];
        if (!a->is_shown && !is_name_shown(d, a->name) && wait_for(d, a->done, a->cookie, &err) == STATUS_OK)
            a->is_shown = true;
    }
}

static void free_alpn(struct deploy_alpn *a)
{
    free(a->token);
    free(a->name);
    tls_credential_free(a->credential);
}

enum status gateway_deploy_add_alpn(struct gateway_deploy *d, const char *token, const char *name,
                                    struct bytes chain_pem, struct bytes key_pem, gateway_deploy_done *done,
                                    void *cookie, struct error *err)
{
    struct tls_credential_settings settings = {.chain_pem = chain_pem, .key_pem = key_pem};
    if (d->alpn_count == GATEWAY_CHALLENGES_MAX)
        return error_set(err, STATUS_LIMIT, "%d challenges are under way", GATEWAY_CHALLENGES_MAX);
    struct deploy_alpn *a = &d->alpns[d->alpn_count];
    *a = (struct deploy_alpn){.token = strdup(token), .name = strdup(name), .done = done, .cookie = cookie};
    enum status s = a->token != NULL && a->name != NULL ? tls_credential_new(&settings, &a->credential, err)
                                                        : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s != STATUS_OK) {
        free_alpn(a);
        return s;
    }
    d->alpn_count++;
    show_next(d);
    return STATUS_OK;
}

void gateway_deploy_remove_alpn(struct gateway_deploy *d, const char *token)
{
    for (size_t i = 0; i < d->alpn_count; i++) {
        if (strcmp(d->alpns[i].token, token) != 0)
            continue;
        free_alpn(&d->alpns[i]);
        memmove(&d->alpns[i], &d->alpns[i + 1], (--d->alpn_count - i) * sizeof d->alpns[0]);
        d->is_changed = true;
        break;
    }
    show_next(d);
}

/* ---- giving it to the workers ---- */

/* Those who wait for one state. */
struct batch {
    struct deploy_waiter *waiters;
    size_t count;
};

static void applied(void *cookie)
{
    struct batch *batch = cookie;
    for (size_t i = 0; i < batch->count; i++)
        batch->waiters[i].done(batch->waiters[i].cookie);
    free(batch->waiters);
    free(batch);
}

enum status gateway_deploy_start(struct gateway_deploy *d, struct proxy *proxy, struct error *err)
{
    struct proxy_state *state = NULL;
    enum status s = gateway_deploy_state(d, &state, err);
    if (s == STATUS_OK)
        s = proxy_start(proxy, state, err);
    proxy_state_free(state);
    if (s == STATUS_OK)
        d->proxy = proxy;
    d->is_changed = d->waiter_count > 0;
    return s;
}

/* A state that cannot be made leaves the workers with the one before. Those who wait are told all the same: what they
 * have prepared is not there, and the other side will say so. */
static void flush(void *cookie)
{
    struct gateway_deploy *d = cookie;
    struct error err;
    struct proxy_state *state = NULL;
    if (!d->is_changed || d->proxy == NULL)
        return;
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        abort();
    *batch = (struct batch){d->waiters, d->waiter_count};
    d->waiters = NULL;
    d->waiter_count = 0;
    d->is_changed = false;
    if (gateway_deploy_state(d, &state, &err) == STATUS_OK) {
        proxy_apply(d->proxy, state, applied, batch);
    } else {
        events_report(d->events, EVENT_ERROR, "state-not-applied", {"reason", err.text});
        applied(batch);
    }
    proxy_state_free(state);
}
