#include "ca_run/run_classic_ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "base/array.h"
#include "service/revocation/crl_shards.h"

/* [BR 4.9.7]: a new list within 24 hours of a revocation; here it is made at once, and again every hour. */
#define CRL_INTERVAL_MS ((uint64_t)3600 * 1000)
#define REVOKED_MAX ((size_t)1 << 20)

/* ---- CRLs, on the worker ---- */

struct collected {
    struct run_classic_ca *ca;
    struct array revoked; /* of struct classic_revocation */
    int64_t now_s;
};

static enum status collect(void *context, const char *name, struct error *err)
{
    struct collected *all = context;
    struct object_store store = sqlite_ca_store_objects(all->ca->directory.store);
    struct classic_revocation revocation;
    uint8_t memory[64];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    enum status s = store.get(store.context, name, &value, err);
    if (s == STATUS_OK)
        s = classic_revocation_parse(name, builder_view(&value), &revocation, err);
    /* [RFC5280 3.3]: an entry stays until one regular list after the certificate's end has had it. */
    if (s == STATUS_OK && revocation.not_after_s + CRL_SHARDS_LIFETIME_S >= all->now_s)
        s = array_insert(&all->revoked, all->revoked.count, &revocation, "revoked certificates", err);
    return s;
}

static void run_publish(void *cookie)
{
    struct run_classic_ca *ca = cookie;
    struct clock_port clock = posix_clock();
    struct object_store store = sqlite_ca_store_objects(ca->directory.store);
    struct collected all = {ca, array_of(sizeof(struct classic_revocation), REVOKED_MAX), clock.now_ms(clock.context) / 1000};
    struct document_signer signer = key_file_document_signer(&ca->directory.key);
    struct classic_authority authority;
    struct crl_entry *entries = NULL;
    ca->crl_status = store.list(store.context, "revoked/", collect, &all, &ca->crl_err);
    if (ca->crl_status == STATUS_OK && (entries = calloc(all.revoked.count + 1, sizeof *entries)) == NULL)
        ca->crl_status = error_set(&ca->crl_err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; ca->crl_status == STATUS_OK && i < all.revoked.count; i++) {
        const struct classic_revocation *r = array_at(&all.revoked, i);
        entries[i] = (struct crl_entry){bytes_of(r->serial, r->serial_len), r->revoked_s, r->reason};
    }
    if (ca->crl_status == STATUS_OK)
        ca->crl_status = classic_authority_of(builder_view(&ca->directory.issuing), &signer, &authority, &ca->crl_err);
    if (ca->crl_status == STATUS_OK) {
        struct crl_shards shards = {
            .signer = signer, .issuer = authority.subject,
            .key_id = authority.key_id, .url = ca->crl_url, .store = posix_object_store_port(ca->public_store), .clock = clock,
        };
        ca->crl_status = crl_shards_publish(&shards, entries, all.revoked.count, &ca->crl_err);
    }
    ca->ocsp_status = run_ocsp_renew(&ca->ocsp, &ca->ocsp_err);
    free(entries);
    array_clear(&all.revoked);
}

static void start_publish(struct run_classic_ca *ca);

static void on_timer(void *cookie)
{
    struct run_classic_ca *ca = cookie;
    ca->timer = 0;
    start_publish(ca);
}

static void done_publish(void *cookie)
{
    struct run_classic_ca *ca = cookie;
    ca->is_publishing = false;
    if (ca->crl_status != STATUS_OK)
        events_report(&ca->events, EVENT_ERROR, "crl-failed", {"ca", ca->name}, {"reason", ca->crl_err.text});
    if (ca->ocsp_status != STATUS_OK)
        events_report(&ca->events, EVENT_ERROR, "ocsp-certificate-failed", {"ca", ca->name}, {"reason", ca->ocsp_err.text});
    ca->timers.cancel(ca->timers.context, ca->timer);
    ca->timer = ca->timers.start(ca->timers.context, CRL_INTERVAL_MS, on_timer, ca);
    if (ca->is_stale)
        start_publish(ca);
}

static void start_publish(struct run_classic_ca *ca)
{
    ca->is_stale = ca->is_publishing;
    if (ca->is_publishing)
        return;
    ca->is_publishing = true;
    struct work_port worker = serial_worker_port(ca->worker);
    worker.submit(worker.context, run_publish, done_publish, ca);
}

static void revoked(void *context, struct bytes serial)
{
    struct run_classic_ca *ca = context;
    run_ocsp_forget(&ca->ocsp, serial);
    start_publish(ca);
}

/* ---- opening ---- */

/* A public root must never issue for an intranet, nor the other way round [root program IN-01]. */
static enum status check_profile(const struct classic_settings *settings, const struct certificate_profile *profile,
                                 struct error *err)
{
    if (profile->is_gm != settings->is_gm)
        return error_set(err, STATUS_USAGE, "profile \"%s\": ca: \"%s\" is a CA of the other suite; `cathaya ca classic init "
                         "--suite %s` makes one", profile->name, profile->ca, profile->is_gm ? "gm" : "intl");
    if (profile->is_intranet != settings->is_intranet)
        return error_set(err, STATUS_USAGE, "profile \"%s\": ca: the root of \"%s\" is %s; `cathaya ca classic init%s` makes "
                         "another one [root program IN-01]", profile->name, profile->ca,
                         settings->is_intranet ? "for intranets alone" : "public, and never for intranets",
                         profile->is_intranet ? " --intranet" : "");
    return STATUS_OK;
}

static enum status open_ocsp(struct run_classic_ca *ca, const struct run_classic *settings,
                             const struct run_classic_ca_ports *ports, struct error *err)
{
    struct run_ocsp_ports ocsp = {
        .algorithms = ports->algorithms, .worker = serial_worker_port(ca->worker), .clock = ports->clock, .events = ports->events,
        .metrics = ports->metrics, .base_path = ports->base_path, .directory = ports->directory,
    };
    return run_ocsp_open(&ca->ocsp, settings, &ca->directory, &ocsp, err);
}

enum status run_classic_ca_open(struct run_classic_ca *ca, const struct run_classic *settings,
                                const struct certificate_profile *const *profiles, size_t profile_count,
                                const struct run_classic_ca_ports *ports, struct error *err)
{
    char public[CLASSIC_DIRECTORY_PATH_MAX + 8];
    const char *path = settings->directory;
    ca->name = settings->name;
    ca->timers = event_loop_timers(ports->loop);
    ca->events = ports->events;
    enum status s = classic_directory_open(&ca->directory, path, ports->algorithms, err);
    for (size_t i = 0; s == STATUS_OK && i < profile_count; i++)
        s = check_profile(&ca->directory.settings, profiles[i], err);
    (void)snprintf(ca->issuer_url, sizeof ca->issuer_url, "%s/issuing.cer", ca->directory.settings.url);
    (void)snprintf(ca->crl_url, sizeof ca->crl_url, "%s/crl", ca->directory.settings.url);
    (void)snprintf(ca->ocsp_url, sizeof ca->ocsp_url, "%s/ocsp", ca->directory.settings.url);
    (void)snprintf(public, sizeof public, "%s/public", path);
    if (s == STATUS_OK)
        s = posix_object_store_open(public, POSIX_PUBLIC, true, &ca->public_store, err);
    if (s == STATUS_OK)
        s = serial_worker_new(ports->loop, &ca->worker, err);
    if (s == STATUS_OK)
        s = open_ocsp(ca, settings, ports, err);
    if (s != STATUS_OK)
        return s;
    struct classic_issuer_config config = {
        .ca = ca->name, .certificate = builder_view(&ca->directory.issuing), .root = builder_view(&ca->directory.root),
        .signer = key_file_document_signer(&ca->directory.key),
        .chain = builder_view(&ca->directory.chain), .profiles = profiles, .profile_count = profile_count,
        .issuer_url = ca->issuer_url, .ocsp_url = settings->has_ocsp ? ca->ocsp_url : NULL, .crl_url = ca->crl_url, .not_after_s = ca->directory.not_after_s,
        .store = sqlite_ca_store_objects(ca->directory.store), .worker = serial_worker_port(ca->worker),
        .clock = ports->clock, .revoked = revoked, .revoked_context = ca, .scts = ports->scts, .timer = ca->timers, .events = ca->events,
    };
    memcpy(config.instance, ports->instance, sizeof config.instance);
    run_lint_fill(ports->lint, &config.lint);
    s = classic_issuer_new(&config, &ca->issuer, err);
    if (s == STATUS_OK)
        ca->port = classic_issuer_port(ca->issuer);
    return s;
}

void run_classic_ca_start(struct run_classic_ca *ca)
{
    classic_issuer_start(ca->issuer);
    start_publish(ca);
}

void run_classic_ca_stop(struct run_classic_ca *ca)
{
    classic_issuer_stop(ca->issuer);
}

void run_classic_ca_close(struct run_classic_ca *ca)
{
    /* The last publication starts the timer once more. */
    serial_worker_free(ca->worker);
    if (ca->timer != 0)
        ca->timers.cancel(ca->timers.context, ca->timer);
    classic_issuer_free(ca->issuer);
    run_ocsp_close(&ca->ocsp);
    posix_object_store_close(ca->public_store);
    classic_directory_close(&ca->directory);
    *ca = (struct run_classic_ca){.name = NULL};
}
