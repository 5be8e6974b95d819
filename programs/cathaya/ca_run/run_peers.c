#include "ca_run/run_peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "input.h"

#define TIMEOUT_MS 15000
#define RETRY_MIN_MS 250
#define RETRY_MAX_MS 60000

bool run_peers_is_quorum(void *context, const char *const *names, size_t count)
{
    const struct run_peers *peers = context;
    return tlog_policy_is_met(peers->policy, names, count);
}

/* ---- the policy file ---- */

/* A mirror's cosignatures go into certificates: its name is that of an ID. */
static enum status add_external(struct run_peers *peers, const struct tlog_policy_party *party, struct error *err)
{
    struct log_external *external = &peers->externals[peers->count];
    if (peers->count == RUN_PEERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d witnesses", RUN_PEERS_MAX);
    *external = (struct log_external){.name = party->vkey.name, .key_type = party->vkey.type, .key = party->vkey.key};
    if (party->url[0] == '\0')
        return error_set(err, STATUS_USAGE, "witness %s has no URL", party->vkey.name);
    if (tai_parse_name(bytes_of_text(party->vkey.name), &external->id, NULL) != STATUS_OK)
        external->id.len = 0; /* a witness that is no MTC cosigner signs checkpoints alone */
    peers->count++;
    return STATUS_OK;
}

enum status run_peers_read(struct run_peers *peers, const char *path, const struct algorithms *algorithms, struct error *err)
{
    struct builder text;
    if (path[0] == '\0')
        return STATUS_OK;
    builder_init(&text, TLOG_POLICY_SIZE_MAX);
    enum status s = input_read(path, TLOG_POLICY_SIZE_MAX, &text, err);
    if (s == STATUS_OK && (s = tlog_policy_read(builder_view(&text), algorithms, &peers->policy, err)) != STATUS_OK)
        (void)error_prefix(err, s, "%s", path);
    builder_clear(&text);
    for (size_t i = 0; s == STATUS_OK && i < tlog_policy_witness_count(peers->policy); i++)
        if ((s = add_external(peers, tlog_policy_witness(peers->policy, i), err)) != STATUS_OK)
            (void)error_prefix(err, s, "%s", path);
    peers->directory = (struct ca_directory_peers){peers->externals, peers->count, {peers, run_peers_is_quorum}};
    return s;
}

enum status run_peers_check_profile(const struct run_peers *peers, const struct certificate_profile *profile, struct error *err)
{
    size_t mirrors = 0;
    for (size_t i = 0; i < peers->count; i++)
        mirrors += peers->externals[i].id.len > 0;
    if (profile->mirrors_min <= mirrors)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "profile \"%s\" wants cosignatures of %u mirrors, and the policy of ca \"%s\" has %zu: "
                     "name them in its policy file, or say `mirrors = %zu` for a private hierarchy", profile->name,
                     profile->mirrors_min, profile->ca, mirrors, mirrors);
}

/* ---- what comes ---- */

static void on_checkpoint(void *context, const struct cosigning_peer *peer, uint64_t size, uint64_t timestamp_s,
                          struct bytes signature)
{
    struct run_peers *peers = context;
    if (peers->sequencer != NULL)
        sequencer_on_checkpoint(peers->sequencer, peer->name, size, timestamp_s, signature);
}

static void on_subtree(void *context, const struct cosigning_peer *peer, struct subtree subtree, struct bytes signature)
{
    struct run_peers *peers = context;
    if (peers->sequencer != NULL)
        sequencer_on_subtree(peers->sequencer, &peer->id, subtree, signature);
}

/* A file of its own for each: nothing is ever overwritten. */
static void keep_evidence(void *context, struct bytes evidence)
{
    struct run_peers *peers = context;
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1], path[CA_DIRECTORY_PATH_MAX];
    struct error err = {.status = STATUS_OK};
    (void)mkdir(peers->evidence_directory, 0755);
    if (!hash_label_sha256(&evidence, 1, hash))
        return;
    text_hex(bytes_of(hash, 8), hex);
    if (snprintf(path, sizeof path, "%s/%s.evidence", peers->evidence_directory, hex) >= (int)sizeof path)
        return;
    if (input_write_file(path, evidence, 0644, &err) == STATUS_OK)
        events_report(&peers->events, EVENT_ERROR, "evidence-kept", {"ca", peers->ca_name}, {"file", path});
    else
        events_report(&peers->events, EVENT_ERROR, "evidence-lost", {"ca", peers->ca_name}, {"reason", err.text});
}

/* ---- the clients ---- */

static void see(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    cosigning_see(context, size, root, note);
}

static void want(void *context, struct subtree subtree, const uint8_t hash[HASH_SIZE])
{
    cosigning_want(context, subtree, hash);
}

/* As the configuration says, or where `cathaya mirror run` has it by default. */
static bool find_monitoring_url(const struct run_ca *settings, const char *name, const char *submission_url,
                                char out[RUN_PEER_URL_SIZE])
{
    for (size_t i = 0; i < settings->monitoring_count; i++)
        if (strcmp(settings->monitoring[i].name, name) == 0)
            return snprintf(out, RUN_PEER_URL_SIZE, "%s", settings->monitoring[i].url) < RUN_PEER_URL_SIZE;
    return snprintf(out, RUN_PEER_URL_SIZE, "%s/mirror", submission_url) < RUN_PEER_URL_SIZE;
}

static enum status start_one(struct run_peers *peers, size_t i, const char *origin, const char *ca_key_name,
                             const struct run_peers_ports *ports, struct error *err)
{
    const struct log_external *external = &peers->externals[i];
    const struct tlog_policy_party *party = tlog_policy_witness(peers->policy, i);
    const struct public_key *ca_key = ports->directory->cosigners[0].key;
    uint8_t note_type = public_key_alg(ca_key)->note_type;
    (void)snprintf(peers->labels[i], sizeof peers->labels[i], "peer=\"%s\"", external->name);
    struct cosigning_config config = {
        .peer = {.role = external->id.len > 0 ? COSIGNING_MIRROR : COSIGNING_WITNESS, .name = external->name,
                 .key_type = external->key_type, .key = external->key, .id = external->id, .submission_url = party->url},
        .origin = origin, .hash = ports->directory->config.draft->hash,
        .ca = {bytes_of_text(ca_key_name), (enum note_key_type)note_type, ca_key},
        .log = ports->log, .results = {peers, on_checkpoint, on_subtree, keep_evidence},
        .worker = ports->worker, .fetch = ports->fetch, .timer = ports->timer, .clock = ports->clock, .events = ports->events,
        .metrics = ports->metrics, .metrics_labels = peers->labels[i], .timeout_ms = TIMEOUT_MS,
        .retry_min_ms = RETRY_MIN_MS, .retry_max_ms = RETRY_MAX_MS, .watch_ms = (uint32_t)(ports->settings->watch_s * 1000),
    };
    if (!find_monitoring_url(ports->settings, external->name, party->url, peers->monitoring_urls[i]))
        return error_set(err, STATUS_USAGE, "witness %s: its URL is too long", external->name);
    config.peer.monitoring_url = peers->monitoring_urls[i];
    enum status s = cosigning_new(&config, &peers->clients[i], err);
    peers->sequencer_peers[i] = (struct sequencer_peer){external->name, external->id, peers->clients[i], see, want};
    return s;
}

enum status run_peers_start(struct run_peers *peers, const char *ca_name, const char *origin, const char *ca_key_name,
                            const char *evidence_directory, const struct run_peers_ports *ports, struct error *err)
{
    enum status s = STATUS_OK;
    peers->evidence_directory = evidence_directory;
    peers->events = ports->events;
    peers->ca_name = ca_name;
    for (size_t i = 0; s == STATUS_OK && i < peers->count; i++)
        s = start_one(peers, i, origin, ca_key_name, ports, err);
    return s;
}

void run_peers_stop(struct run_peers *peers)
{
    peers->sequencer = NULL;
    for (size_t i = 0; i < peers->count; i++) {
        cosigning_free(peers->clients[i]);
        peers->clients[i] = NULL;
    }
}

void run_peers_clear(struct run_peers *peers)
{
    tlog_policy_free(peers->policy);
    *peers = (struct run_peers){.count = 0};
}
