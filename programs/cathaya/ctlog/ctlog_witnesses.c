#include "ctlog/ctlog_witnesses.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/posix/posix_clock.h"
#include "base/text.h"
#include "input.h"

#define TIMEOUT_MS 15000
#define RETRY_MIN_MS 250
#define RETRY_MAX_MS 60000

void ctlog_witnesses_set(struct ctlog_witnesses *w, const struct ctlog_config_log *settings, const char *evidence_directory)
{
    w->settings = settings;
    (void)snprintf(w->evidence_directory, sizeof w->evidence_directory, "%s", evidence_directory);
    for (size_t i = 0; i < settings->witness_count; i++) {
        const struct vkey *vkey = &settings->witnesses[i].vkey;
        w->externals[i] = (struct log_external){.name = vkey->name, .key_type = vkey->type, .key = vkey->key};
    }
}

/* ---- what the log says, on its worker ---- */

static enum status engine_of(const struct ctlog_witnesses *w, struct log_engine **out, struct error *err)
{
    *out = w->log != NULL ? ct_log_engine(w->log) : NULL;
    return *out != NULL ? STATUS_OK : error_set(err, STATUS_IO, "the log is not open");
}

static enum status make_consistency(void *context, struct subtree s, uint64_t tree_size, struct builder *out, struct error *err)
{
    struct ctlog_witnesses *w = context;
    struct log_engine *engine;
    enum status status = engine_of(w, &engine, err);
    if (status != STATUS_OK)
        return status;
    struct node_source source = log_node_source(engine);
    return proof_make_consistency(&w->hasher, &source, s, tree_size, out, err);
}

static enum status subtree_hash(void *context, struct subtree s, uint8_t out[HASH_SIZE], struct error *err)
{
    struct ctlog_witnesses *w = context;
    struct log_engine *engine;
    enum status status = engine_of(w, &engine, err);
    if (status != STATUS_OK)
        return status;
    struct node_source source = log_node_source(engine);
    return proof_subtree_hash(&w->hasher, &source, s, out, err);
}

/* A witness takes no entries. */
static enum status read_entries(void *context, uint64_t start, uint64_t end, struct builder *out, struct error *err)
{
    (void)context, (void)start, (void)end, (void)out;
    return error_set(err, STATUS_USAGE, "a witness takes no entries");
}

/* ---- what comes of it, on the loop ---- */

static void on_checkpoint(void *context, const struct cosigning_peer *peer, uint64_t size, uint64_t timestamp_s,
                          struct bytes signature)
{
    struct ctlog_witnesses *w = context;
    if (w->log != NULL)
        ct_log_add_line(w->log, size, peer->name, timestamp_s, signature);
}

static void on_subtree(void *context, const struct cosigning_peer *peer, struct subtree subtree, struct bytes signature)
{
    (void)context, (void)peer, (void)subtree, (void)signature; /* never asked for */
}

static void keep_evidence(void *context, struct bytes evidence)
{
    struct ctlog_witnesses *w = context;
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1], path[CTLOG_PATH_MAX + sizeof hex + 16];
    struct error err = {.text = ""};
    (void)mkdir(w->evidence_directory, 0755);
    if (!hash_label_sha256(&evidence, 1, hash))
        return;
    text_hex(bytes_of(hash, 8), hex);
    (void)snprintf(path, sizeof path, "%s/%s.evidence", w->evidence_directory, hex);
    if (input_write_file(path, evidence, 0644, &err) == STATUS_OK)
        events_report(&w->events, EVENT_ERROR, "evidence-kept", {"log", w->settings->title}, {"file", path});
    else
        events_report(&w->events, EVENT_ERROR, "evidence-lost", {"log", w->settings->title}, {"reason", err.text});
}

/* ---- the clients ---- */

static enum status start_one(struct ctlog_witnesses *w, size_t i, const struct ctlog_log_ports *ports, struct work_port work,
                             struct error *err)
{
    const struct ctlog_witness *witness = &w->settings->witnesses[i];
    (void)snprintf(w->labels[i], sizeof w->labels[i], "log=\"%s\",peer=\"%s\"", w->settings->title, witness->vkey.name);
    struct cosigning_config config = {
        .peer = {.role = COSIGNING_WITNESS, .name = witness->vkey.name, .key_type = witness->vkey.type,
                 .key = witness->vkey.key, .submission_url = witness->url,
                 .ca_file = witness->ca_file[0] != '\0' ? witness->ca_file : NULL},
        .origin = w->origin, .hash = w->settings->suite->hash,
        .ca = {bytes_of_text(w->origin), NOTE_KEY_RFC6962, key_file_public(&w->settings->key)},
        .log = {w, make_consistency, subtree_hash, read_entries},
        .results = {w, on_checkpoint, on_subtree, keep_evidence},
        .worker = work, .fetch = ports->fetch, .timer = event_loop_timers(ports->loop), .clock = posix_clock(),
        .events = ports->events, .metrics = ports->metrics, .metrics_labels = w->labels[i], .timeout_ms = TIMEOUT_MS,
        .retry_min_ms = RETRY_MIN_MS, .retry_max_ms = RETRY_MAX_MS,
    };
    return cosigning_new(&config, &w->clients[i], err);
}

enum status ctlog_witnesses_start(struct ctlog_witnesses *w, struct ct_log *log, const struct ctlog_log_ports *ports,
                                  struct work_port work, struct error *err)
{
    const struct hash_alg *hash = w->settings->suite->hash;
    w->log = log;
    w->events = ports->events;
    (void)snprintf(w->origin, sizeof w->origin, "%s", ct_log_status(log).origin);
    if (w->settings->witness_count == 0)
        return STATUS_OK;
    enum status s = hasher_init(&w->hasher, hash, err);
    w->has_hasher = s == STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < w->settings->witness_count; i++)
        s = start_one(w, i, ports, work, err);
    return s;
}

void ctlog_witnesses_see(struct ctlog_witnesses *w, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    for (size_t i = 0; i < CTLOG_WITNESSES_MAX; i++)
        if (w->clients[i] != NULL)
            cosigning_see(w->clients[i], size, root, note);
}

void ctlog_witnesses_stop(struct ctlog_witnesses *w)
{
    for (size_t i = 0; i < CTLOG_WITNESSES_MAX; i++) {
        cosigning_free(w->clients[i]);
        w->clients[i] = NULL;
    }
}

void ctlog_witnesses_clear(struct ctlog_witnesses *w)
{
    if (w->has_hasher)
        hasher_clear(&w->hasher);
    w->has_hasher = false;
}
