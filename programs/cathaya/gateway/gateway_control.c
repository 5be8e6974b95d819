#include "gateway/gateway_control.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapters/http_client/curl_fetch.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "gateway/gateway_ocsp.h"
#include "gateway/site_files.h"
#include "gateway/timer_gate.h"
#include "key_file.h"

struct gateway_control {
    struct gateway_control_settings settings;
    const struct gateway_config *config;
    struct algorithms *algorithms;
    struct posix_record_store *lock; /* only its lock is used */
    struct posix_object_store *store;
    char directory[GATEWAY_PATH_MAX];
    struct curl_fetch *fetch;
    struct timer_gate *gate;
    struct gateway_acme *acme;
    struct gateway_acme **retired; /* of earlier configurations */
    size_t retired_count;
    struct site_certificates *sites;
    struct gateway_ocsp *ocsp;
    struct gateway_policy *policy;
};

/* ---- what is wanted ---- */

static void fill_wanted(const struct gateway_config *config, const struct gateway_certificate *from,
                        enum site_kind kind, const char *issuers[SITE_ISSUERS_MAX], struct site_wanted *out)
{
    bool is_file = key_file_is_path(from->key);
    *out = (struct site_wanted){.kind = kind, .key_type = from->key_type, .issuers = issuers,
                                .issuer_count = from->issuer_count};
    for (size_t i = 0; i < from->issuer_count; i++)
        issuers[i] = config->issuers[from->issuers[i]].name;
    if (from->chain_file[0] == '\0')
        return;
    out->chain_file = from->chain_file;
    out->key_file = is_file ? from->key : NULL;
    out->key_uri = is_file ? NULL : from->key;
    out->key_provider = from->key_provider;
}

/* All sites in the words of service/site_certificates; they borrow from the configuration. */
struct wanted_sites {
    struct site_config *sites;
    struct site_wanted (*wanted)[SITE_KINDS];
    const char *(*issuers)[SITE_KINDS][SITE_ISSUERS_MAX];
};

static void free_wanted(struct wanted_sites *w)
{
    free(w->sites);
    free(w->wanted);
    free(w->issuers);
}

static enum status make_wanted(const struct gateway_config *config, struct wanted_sites *w, struct error *err)
{
    *w = (struct wanted_sites){
        .sites = calloc(config->site_count, sizeof *w->sites),
        .wanted = calloc(config->site_count, sizeof *w->wanted),
        .issuers = calloc(config->site_count, sizeof *w->issuers),
    };
    if (w->sites == NULL || w->wanted == NULL || w->issuers == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < config->site_count; i++) {
        const struct gateway_site *site = &config->sites[i];
        struct site_config *out = &w->sites[i];
        *out = (struct site_config){.name = site->title, .names = site->names, .name_count = site->name_count,
                                    .wanted = w->wanted[i]};
        for (size_t kind = 0; kind < SITE_KINDS; kind++) {
            if (!site->certificates[kind].is_wanted)
                continue;
            fill_wanted(config, &site->certificates[kind], (enum site_kind)kind, w->issuers[i][kind],
                        &w->wanted[i][out->wanted_count]);
            out->wanted_count++;
        }
    }
    return STATUS_OK;
}

static enum status configure(struct gateway_control *c, const struct gateway_config *config, struct gateway_acme *acme,
                             struct error *err)
{
    struct wanted_sites wanted;
    size_t issuer_count;
    const struct site_issuer *issuers = gateway_acme_issuers(acme, &issuer_count);
    enum status s = make_wanted(config, &wanted, err);
    if (s == STATUS_OK)
        s = site_certificates_configure(c->sites, wanted.sites, config->site_count, issuers, issuer_count, err);
    free_wanted(&wanted);
    return s;
}

/* ---- life ---- */

static void deploy(void *context, const char *site, const struct site_credential *credentials, size_t count)
{
    struct gateway_control *c = context;
    gateway_deploy_set(c->settings.deploy, site, credentials, count);
    gateway_policy_deployed(c->policy, site, credentials, count);
    if (c->ocsp != NULL)
        gateway_ocsp_look_site(c->ocsp, site);
}

static enum status check(void *context, const struct site_credential *credential, struct error *err)
{
    (void)context;
    return gateway_deploy_check(credential, err);
}

static enum status judge(void *context, const char *site, const struct site_credential *credential, struct error *err)
{
    struct gateway_control *c = context;
    return gateway_policy_judge(c->policy, site, credential, err);
}

/* The lock is elsewhere, and stays. */
static enum status reopen_store(void *context, struct object_store *store, struct error *err)
{
    struct gateway_control *c = context;
    struct posix_object_store *next;
    enum status s = posix_object_store_open(c->directory, POSIX_PRIVATE, false, &next, err);
    if (s != STATUS_OK)
        return s;
    posix_object_store_close(c->store);
    c->store = next;
    *store = posix_object_store_port(next);
    return STATUS_OK;
}

static enum status make_acme(struct gateway_control *c, const struct gateway_config *config,
                             struct gateway_acme **out, struct error *err)
{
    struct gateway_acme_ports ports = {
        .deploy = c->settings.deploy,
        .fetch = curl_fetch_port(c->fetch),
        .timer = timer_gate_port(c->gate),
        .clock = posix_clock(),
        .pool = event_loop_pool(c->settings.loop),
        .events = c->settings.events,
        .algorithms = c->algorithms,
        .directory = config->directory,
    };
    return gateway_acme_new(config, &ports, out, err);
}

static enum status make_sites(struct gateway_control *c, struct error *err)
{
    struct site_certificates_config config = {
        .store = posix_object_store_port(c->store),
        .clock = posix_clock(),
        .timer = timer_gate_port(c->gate),
        .events = *c->settings.events,
        .files = site_files_port(),
        .context = c,
        .on_change = deploy,
        .check = check,
        .judge = judge,
        .reopen_store = reopen_store,
    };
    return site_certificates_new(&config, &c->sites, err);
}

static enum status make_ocsp(struct gateway_control *c, struct error *err)
{
    struct gateway_ocsp_ports ports = {
        .deploy = c->settings.deploy,
        .fetch = curl_fetch_port(c->fetch),
        .timer = timer_gate_port(c->gate),
        .clock = posix_clock(),
        .events = c->settings.events,
    };
    return gateway_ocsp_new(&ports, &c->ocsp, err);
}

static void judge_again(void *context)
{
    struct gateway_control *c = context;
    if (c->sites != NULL)
        site_certificates_judge_again(c->sites);
}

static enum status make_policy(struct gateway_control *c, const struct gateway_config *config, struct error *err)
{
    const struct gateway_policy_ports ports = {
        .timer = timer_gate_port(c->gate), .clock = posix_clock(), .events = c->settings.events, .context = c,
        .on_change = judge_again};
    return gateway_policy_new(config, &ports, &c->policy, err);
}

static enum status open_all(struct gateway_control *c, const struct gateway_config *config, struct error *err)
{
    enum status s = algorithms_new(&c->algorithms, err);
    if (s == STATUS_OK)
        s = posix_record_store_open(config->directory, true, &c->lock, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(config->directory, POSIX_PRIVATE, true, &c->store, err);
    if (s == STATUS_OK)
        s = curl_fetch_new(c->settings.loop, &c->fetch, err);
    if (s == STATUS_OK)
        s = timer_gate_new(event_loop_timers(c->settings.loop), &c->gate, err);
    if (s == STATUS_OK)
        s = make_acme(c, config, &c->acme, err);
    if (s == STATUS_OK)
        s = make_policy(c, config, err);
    if (s == STATUS_OK)
        s = make_sites(c, err);
    if (s == STATUS_OK)
        s = make_ocsp(c, err);
    return s == STATUS_OK ? configure(c, config, c->acme, err) : s;
}

enum status gateway_control_open(const struct gateway_config *config, const struct gateway_control_settings *settings,
                                 struct gateway_control **out, struct error *err)
{
    struct gateway_control *c = calloc(1, sizeof *c);
    *out = NULL;
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    c->settings = *settings;
    c->config = config;
    (void)snprintf(c->directory, sizeof c->directory, "%s", config->directory);
    enum status s = open_all(c, config, err);
    if (s != STATUS_OK) {
        gateway_control_close(c);
        return s;
    }
    *out = c;
    return STATUS_OK;
}

/* What an old configuration began has ended when its clients are idle. */
static void free_retired(struct gateway_control *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->retired_count; i++) {
        if (gateway_acme_is_busy(c->retired[i]))
            c->retired[kept++] = c->retired[i];
        else
            gateway_acme_free(c->retired[i]);
    }
    c->retired_count = kept;
}

enum status gateway_control_reload(struct gateway_control *c, const struct gateway_config *config, struct error *err)
{
    struct gateway_acme *acme;
    struct gateway_acme **retired = realloc(c->retired, (c->retired_count + 1) * sizeof(struct gateway_acme *));
    if (retired == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    c->retired = retired;
    free_retired(c);
    enum status s = make_acme(c, config, &acme, err);
    if (s != STATUS_OK)
        return s;
    s = gateway_policy_configure(c->policy, config, err); /* before the sites: what is new is judged by it */
    if (s == STATUS_OK)
        s = configure(c, config, acme, err);
    if (s != STATUS_OK) {
        struct error ignored;
        (void)!gateway_policy_configure(c->policy, c->config, &ignored);
        gateway_acme_free(acme);
        return s;
    }
    c->config = config;
    c->retired[c->retired_count++] = c->acme;
    c->acme = acme;
    gateway_ocsp_look(c->ocsp);
    return STATUS_OK;
}

/* The answers that are still to come are told at once that they will not; then no timer fires any more. What an
 * operation of a client had in its hands stays where it is: a program for DNS may still be running. */
void gateway_control_close(struct gateway_control *c)
{
    if (c == NULL)
        return;
    if (c->sites != NULL)
        site_certificates_stop(c->sites); /* before the lock goes: the directory is another process's then */
    if (c->fetch != NULL)
        curl_fetch_stop(c->fetch);
    if (c->gate != NULL)
        timer_gate_close(c->gate);
    posix_record_store_close(c->lock);
    c->lock = NULL;
    bool is_busy = c->acme != NULL && gateway_acme_is_busy(c->acme);
    for (size_t i = 0; i < c->retired_count; i++)
        is_busy = is_busy || gateway_acme_is_busy(c->retired[i]);
    if (is_busy)
        return;
    site_certificates_free(c->sites);
    gateway_ocsp_free(c->ocsp);
    gateway_policy_free(c->policy);
    for (size_t i = 0; i < c->retired_count; i++)
        gateway_acme_free(c->retired[i]);
    gateway_acme_free(c->acme);
    free(c->retired);
    timer_gate_free(c->gate);
    curl_fetch_free(c->fetch);
    posix_object_store_close(c->store);
    algorithms_free(c->algorithms);
    free(c);
}

struct site_certificates *gateway_control_sites(const struct gateway_control *c)
{
    return c->sites;
}

const struct gateway_policy *gateway_control_policy(const struct gateway_control *c)
{
    return c->policy;
}
