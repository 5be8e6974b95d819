#include "ca_run/run_mtc_ca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/posix/posix_clock.h"
#include "ca_run/run_revocations.h"
#include "ca_run/run_service.h"
#include "service/revocation/crl_shards.h"

#define PUBLISH_INTERVAL_MS ((uint64_t)3600 * 1000)
#define REOPEN_MS 2000
#define POOL_BYTES_MAX ((size_t)64 << 20)

/* ---- revocations, on the worker ---- */

static void run_publish(void *cookie)
{
    struct run_mtc_ca *ca = cookie;
    const struct ca_directory *dir = &ca->log.directory;
    if (dir->log == NULL) {
        ca->publish_status = error_set(&ca->publish_err, STATUS_IO, "the log is not open");
        return;
    }
    uint64_t minimum = log_state(dir->log).min_index;
    struct run_revocations revocations = {
        .signer = key_file_document_signer(&dir->keys[0]), .draft = dir->config.draft, .ca_id = dir->config.id,
        .log_number = dir->log_number, .issuance = &ca->issuance, .store = posix_object_store_port(ca->public_store),
        .clock = ca->clock, .crl_url = ca->crl_url,
    };
    ca->publish_status = run_revocations_publish(&revocations, ca->publish_minimum > minimum ? ca->publish_minimum : minimum,
                                                 &ca->publish_err);
}

static void start_publish(struct run_mtc_ca *ca);

static void on_timer(void *cookie)
{
    struct run_mtc_ca *ca = cookie;
    ca->timer = 0;
    start_publish(ca);
}

static void done_publish(void *cookie)
{
    struct run_mtc_ca *ca = cookie;
    ca->is_publishing = false;
    if (ca->publish_status != STATUS_OK)
        events_report(&ca->events, EVENT_ERROR, "revocations-failed", {"ca", ca->name}, {"reason", ca->publish_err.text});
    ca->timers.cancel(ca->timers.context, ca->timer);
    ca->timer = ca->timers.start(ca->timers.context, PUBLISH_INTERVAL_MS, on_timer, ca);
    if (ca->is_stale)
        start_publish(ca);
}

static void start_publish(struct run_mtc_ca *ca)
{
    ca->is_stale = ca->is_publishing;
    if (ca->is_publishing)
        return;
    ca->is_publishing = true;
    ca->publish_minimum = ca->minimum_index;
    ca->worker_port.submit(ca->worker_port.context, run_publish, done_publish, ca);
}

static void revoked(void *context)
{
    start_publish(context);
}

/* Clients learn of the new minimum before anything goes. */
static void announce(void *context, uint16_t log_number, uint64_t min_index)
{
    struct run_mtc_ca *ca = context;
    (void)log_number;
    if (min_index > ca->minimum_index)
        ca->minimum_index = min_index;
    start_publish(ca);
}

/* ---- opening ---- */

static enum status set_names(struct run_mtc_ca *ca, const struct run_mtc_ca_ports *ports, struct error *err)
{
    const struct ca_directory *dir = &ca->log.directory;
    struct tai log_id;
    enum status s = tai_log_id(&dir->config.id, dir->log_number, &log_id, err);
    if (s != STATUS_OK)
        return s;
    tai_name(&log_id, ca->origin);
    tai_name(&dir->config.id, ca->key_name);
    if (ca->settings->prefix_url != NULL)
        (void)snprintf(ca->prefix_url, sizeof ca->prefix_url, "%s", ca->settings->prefix_url);
    else
        (void)snprintf(ca->prefix_url, sizeof ca->prefix_url, "%s/log/%s", ports->base_url, ca->name);
    (void)snprintf(ca->crl_url, sizeof ca->crl_url, "%s/crl", ca->prefix_url);
    (void)snprintf(ca->evidence, sizeof ca->evidence, "%s/evidence", ca->settings->directory);
    (void)snprintf(ca->labels, sizeof ca->labels, "ca=\"%s\"", ca->name);
    return STATUS_OK;
}

static enum status open_public(struct run_mtc_ca *ca, struct error *err)
{
    char path[RUN_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/public", ca->settings->directory);
    enum status s = posix_object_store_open(path, POSIX_PUBLIC, true, &ca->public_store, err);
    /* Served before the first list is made. */
    (void)snprintf(path, sizeof path, "%s/public/" CRL_SHARDS_FOLDER, ca->settings->directory);
    if (s == STATUS_OK && mkdir(path, 0755) != 0 && errno != EEXIST)
        s = error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
    return s;
}

static enum status open_peers(struct run_mtc_ca *ca, const struct run_mtc_ca_ports *ports, struct error *err)
{
    struct run_peers_ports peers = {
        .directory = &ca->log.directory, .settings = ca->settings, .log = run_ca_log_cosigning(&ca->log), .worker = ca->worker_port,
        .fetch = ports->fetch, .timer = ca->timers, .clock = ports->clock, .events = ports->events, .metrics = ports->metrics,
    };
    return run_peers_start(&ca->peers, ca->name, ca->origin, ca->key_name, ca->evidence, &peers, err);
}

static enum status open_scts(struct run_mtc_ca *ca, const struct certificate_profile *const *profiles, size_t profile_count,
                             const struct run_mtc_ca_ports *ports, struct error *err)
{
    struct run_mtc_scts_ports scts = {
        .log = &ca->log, .ca = ca->name, .labels = ca->labels, .algorithms = ports->algorithms, .worker = ca->worker_port,
        .pool = event_loop_pool(ports->loop), .fetch = ports->fetch, .timer = ca->timers, .clock = ports->clock,
        .events = ports->events, .metrics = ports->metrics,
    };
    enum status s = run_mtc_scts_open(profiles, profile_count, ports->ct, &scts, &ca->scts, err);
    if (s == STATUS_OK && ca->scts != NULL)
        ca->peers.sequencer_peers[ca->peers.count] = run_mtc_scts_peer(ca->scts);
    for (size_t i = 0; i < profile_count; i++)
        if (profiles[i]->mtc_scts > ca->log.scts_wanted)
            ca->log.scts_wanted = profiles[i]->mtc_scts;
    return s;
}

static enum status open_sequencer(struct run_mtc_ca *ca, const struct run_mtc_ca_ports *ports, struct error *err)
{
    const struct run_ca *settings = ca->settings;
    struct sequencer_config config = {
        .ca = run_ca_log_sequencer(&ca->log), .store = ca->issuance, .peers = ca->peers.sequencer_peers,
        .peer_count = ca->peers.count + (ca->scts != NULL), .is_quorum = ca->peers.policy != NULL ? run_peers_is_quorum : NULL,
        .quorum_context = &ca->peers, .worker = ca->worker_port, .timer = ca->timers, .clock = ports->clock,
        .events = ports->events, .metrics = ports->metrics, .metrics_labels = ca->labels,
        .pool_entries_max = settings->pool_entries, .pool_bytes_max = POOL_BYTES_MAX,
        .batch_entries_max = settings->pool_entries, .interval_ms = (uint32_t)settings->interval_ms, .reopen_ms = REOPEN_MS,
        .landmark_interval_s = (uint32_t)settings->landmark_interval_s, .prune_interval_s = (uint32_t)settings->prune_interval_s,
        .retain_s = ca->log.directory.config.retain_s, .prune_grace_s = (uint32_t)settings->prune_grace_s,
        .announce_min_index = announce, .announce_context = ca,
    };
    enum status s = sequencer_new(&config, &ca->sequencer, err);
    if (s == STATUS_OK)
        ca->peers.sequencer = ca->sequencer;
    return s;
}

static enum status open_issuer(struct run_mtc_ca *ca, const struct certificate_profile *const *profiles, size_t profile_count,
                               const struct run_mtc_ca_ports *ports, struct error *err)
{
    bool is_gm = ca->log.directory.config.draft == &draft_gm;
    struct acme_mtc_issuer_config config = {
        .ca = ca->name, .ca_id = ca->log.directory.config.id, .prefix_url = is_gm ? NULL : ca->prefix_url,
        .profiles = profiles, .profile_count = profile_count, .sequencer = ca->sequencer, .store = ca->issuance,
        .worker = ca->worker_port, .clock = ports->clock, .revoked = revoked, .revoked_context = ca,
    };
    memcpy(config.instance, ports->instance, sizeof config.instance);
    run_lint_fill(ports->lint, &config.lint);
    enum status s = acme_mtc_issuer_new(&config, &ca->issuer, err);
    if (s == STATUS_OK)
        ca->port = acme_mtc_issuer_port(ca->issuer);
    return s;
}

static enum status open_all(struct run_mtc_ca *ca, const struct certificate_profile *const *profiles, size_t profile_count,
                            const struct run_mtc_ca_ports *ports, struct error *err)
{
    struct lint_subject lint = {.profile = NULL};
    run_lint_fill(ports->lint, &lint);
    enum status s = run_peers_read(&ca->peers, ca->settings->policy, ports->algorithms, err);
    if (s == STATUS_OK)
        s = run_ca_log_open(&ca->log, ca->settings->directory, ca->peers.policy != NULL ? &ca->peers.directory : NULL, &lint,
                            ports->algorithms, err);
    if (s == STATUS_OK)
        s = set_names(ca, ports, err);
    if (s == STATUS_OK)
        s = open_public(ca, err);
    if (s == STATUS_OK)
        s = serial_worker_new(ports->loop, &ca->worker, err);
    if (s != STATUS_OK)
        return s;
    ca->worker_port = serial_worker_port(ca->worker);
    ca->issuance = sqlite_ca_store_issuance(ca->log.directory.database);
    s = open_peers(ca, ports, err);
    if (s == STATUS_OK)
        s = open_scts(ca, profiles, profile_count, ports, err);
    if (s == STATUS_OK)
        s = open_sequencer(ca, ports, err);
    return s == STATUS_OK ? open_issuer(ca, profiles, profile_count, ports, err) : s;
}

enum status run_mtc_ca_open(struct run_mtc_ca *ca, const struct run_ca *settings,
                            const struct certificate_profile *const *profiles, size_t profile_count,
                            const struct run_mtc_ca_ports *ports, struct error *err)
{
    ca->name = settings->name;
    ca->settings = settings;
    ca->timers = event_loop_timers(ports->loop);
    ca->clock = ports->clock;
    ca->events = ports->events;
    enum status s = open_all(ca, profiles, profile_count, ports, err);
    for (size_t i = 0; s == STATUS_OK && i < profile_count; i++) {
        s = run_peers_check_profile(&ca->peers, profiles[i], err);
        if (s == STATUS_OK && profiles[i]->is_gm != (ca->log.directory.config.draft == &draft_gm))
            s = error_set(err, STATUS_USAGE, "profile \"%s\": ca: \"%s\" is a CA of the other suite", profiles[i]->name, ca->name);
    }
    return s == STATUS_OK ? s : error_prefix(err, s, "ca \"%s\"", ca->name);
}

static uint64_t landmarks_max_age_s(void *context)
{
    struct run_mtc_ca *ca = context;
    return sequencer_status(ca->sequencer).landmark_in_s;
}

enum status run_mtc_ca_add_files(struct run_mtc_ca *ca, struct run_service *service, struct error *err)
{
    char directory[RUN_PATH_MAX + 32], path[ACME_NAME_SIZE + 32];
    enum status s = STATUS_OK;
    for (unsigned number = 1; s == STATUS_OK && number <= ca->log.directory.log_number; number++) {
        bool is_current = number == ca->log.directory.log_number;
        (void)snprintf(directory, sizeof directory, "%s/public/%u", ca->settings->directory, number);
        (void)snprintf(path, sizeof path, "/log/%s/%u", ca->name, number);
        s = run_service_add_files(service, directory, path, is_current ? landmarks_max_age_s : NULL, ca, err);
    }
    (void)snprintf(directory, sizeof directory, "%s/public/" CRL_SHARDS_FOLDER, ca->settings->directory);
    (void)snprintf(path, sizeof path, "/log/%s/crl", ca->name);
    return s == STATUS_OK ? run_service_add_files(service, directory, path, NULL, NULL, err) : s;
}

void run_mtc_ca_start(struct run_mtc_ca *ca)
{
    start_publish(ca);
}

enum status run_mtc_ca_set_logs(struct run_mtc_ca *ca, const struct log_list *list, struct error *err)
{
    if (ca->scts == NULL)
        return STATUS_OK;
    enum status s = mtc_scts_set_logs(ca->scts, list, err);
    if (s == STATUS_OK && mtc_scts_state(ca->scts).log_count == 0)
        events_report(&ca->events, EVENT_WARNING, "mtc-scts-no-logs", {"ca", ca->name},
                      {"reason", "no usable log of this suite is in the ct block's lists"});
    return s;
}

const struct acme_issuer *run_mtc_ca_issuer(const struct run_mtc_ca *ca)
{
    return &ca->port;
}

const char *run_mtc_ca_why_not_ready(const struct run_mtc_ca *ca)
{
    return sequencer_status(ca->sequencer).is_ready ? NULL : "a log is not ready";
}

void run_mtc_ca_close(struct run_mtc_ca *ca)
{
    run_peers_stop(&ca->peers);
    mtc_scts_free(ca->scts);
    sequencer_free(ca->sequencer);
    serial_worker_free(ca->worker);
    if (ca->timer != 0) /* the last publication has started it again */
        ca->timers.cancel(ca->timers.context, ca->timer);
    acme_mtc_issuer_free(ca->issuer);
    posix_object_store_close(ca->public_store);
    run_ca_log_close(&ca->log);
    run_peers_clear(&ca->peers);
    *ca = (struct run_mtc_ca){.name = NULL};
}
