#include "fakes/sequencer_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "merkle/node.h"

#define VOLUME_KEYS 2

static struct error err;

static void must(enum status status, const char *what)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "sequencer world: %s: %s\n", what, err.text);
    abort();
}

/* ---- the issuer's log ---- */

static enum status log_port_append(void *context, const struct bytes *entries, const int64_t *not_after_s,
                                   size_t count, uint64_t *first, struct error *e)
{
    struct sequencer_world *sw = context;
    struct log_entry_input *inputs = calloc(count, sizeof *inputs);
    if (inputs == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct log_entry_input){entries[i], not_after_s[i]};
    enum status s = log_append(sw->w->log, inputs, count, first, e);
    free(inputs);
    return s;
}

static enum status log_port_read_entry(void *context, uint64_t index, struct builder *out, struct error *e)
{
    struct sequencer_world *sw = context;
    return log_read_entry(sw->w->log, index, out, e);
}

static enum status log_port_read_cosignatures(void *context, uint64_t index, struct subtree *subtree,
                                              struct builder *memory,
                                              struct cosignature out[ISSUER_COSIGNATURES_MAX], size_t *count,
                                              struct error *e)
{
    struct sequencer_world *sw = context;
    static struct log_cosignature found[LOG_COSIGNERS_MAX];
    enum status s = log_read_cosignatures(sw->w->log, index, subtree, memory, found, count, e);
    for (size_t i = 0; s == STATUS_OK && i < *count; i++)
        out[i] = (struct cosignature){tai_bytes(&found[i].cosigner_id), found[i].signature};
    return s;
}

static const struct landmarks *log_port_landmarks(void *context)
{
    struct sequencer_world *sw = context;
    return log_landmarks(sw->w->log);
}

static struct node_source log_port_node_source(void *context)
{
    struct sequencer_world *sw = context;
    return log_node_source(sw->w->log);
}

/* ---- results of mirrors ---- */

static void on_checkpoint(void *context, const struct cosigning_peer *peer, uint64_t size, uint64_t timestamp_s,
                          struct bytes signature)
{
    struct sequencer_world *sw = context;
    sequencer_on_checkpoint(sw->sequencer, peer->name, size, timestamp_s, signature);
}

static void on_subtree(void *context, const struct cosigning_peer *peer, struct subtree subtree, struct bytes signature)
{
    struct sequencer_world *sw = context;
    sequencer_on_subtree(sw->sequencer, &peer->id, subtree, signature);
}

static void peer_see(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    cosigning_see(context, size, root, note);
}

static void peer_want(void *context, struct subtree subtree, const uint8_t hash[HASH_SIZE])
{
    cosigning_want(context, subtree, hash);
}

static void announce(void *context, uint16_t log_number, uint64_t min_index)
{
    struct sequencer_world *sw = context;
    (void)log_number;
    sw->announced_min_index = min_index;
    sw->announced_ms = fake_loop_now_ms(sw->loop);
}

/* ---- life ---- */

static const char *const mirror_ids[SW_MIRRORS] = {"32473.3", "44363.9"};
static const char *const mirror_urls[SW_MIRRORS] = {"http://m0.test", "http://m1.test"};

static struct algorithms *algorithms;
static struct private_key *keys[SW_MIRRORS + 1];

static void make_keys(void)
{
    if (algorithms != NULL)
        return;
    must(algorithms_new(&algorithms, &err), "algorithms");
    for (size_t i = 0; i < SW_MIRRORS + 1; i++)
        must(private_key_generate(algorithms_by_name(algorithms, bytes_of_text("sm2_sm3")), &keys[i], &err), "key");
}

struct sequencer_world *sw_new(void)
{
    struct sequencer_world *sw = calloc(1, sizeof *sw);
    if (sw == NULL)
        abort();
    make_keys();
    sw->w = world_new(&hash_sm3, "ecdsa_p256_sha256");
    sw->loop = fake_loop_new(sw->w->now_ms);
    sw->w->now_ms += INT64_C(100) * 366 * 86400 * 1000; /* to it every landmark is an old one; the log has the loop's time */
    sw->w->config.clock = fake_loop_clock(sw->loop);
    sw->store = calloc(1, sizeof *sw->store);
    sw->subject_key = keys[SW_MIRRORS];
    tai_name(&sw->w->config.log_id, sw->origin);
    must(hasher_init(&sw->hasher, &hash_sm3, &err), "hasher");
    for (size_t i = 0; i < SW_MIRRORS; i++) {
        sw->mirrors[i] = (struct fake_mirror){.prefix = mirror_urls[i], .key = keys[i], .other_key = keys[SW_MIRRORS],
                                              .hash = &hash_sm3, .origin = sw->origin, .key_type = NOTE_KEY_OTHER};
        fake_mirror_init(&sw->mirrors[i], mirror_ids[i]);
        struct fake_host host = fake_mirror_host(&sw->mirrors[i]);
        fake_loop_add_host(sw->loop, &host);
        sw->w->externals[i].key = private_key_public(keys[i]);
        sw->w->externals[i].key_type = NOTE_KEY_OTHER;
    }
    sw->profile = (struct certificate_profile){.name = "gm-mtc", .kind = PROFILE_MTC, .lifetime_s = 7 * 86400,
                                               .backdate_s = 60, .mirrors_min = 1, .names_max = 100,
                                               .keys = PROFILE_KEY_SM2};
    sw->config = (struct sequencer_config){
        .timer = fake_loop_timer(sw->loop),
        .clock = fake_loop_clock(sw->loop),
        .worker = fake_loop_work(sw->loop),
        .events = fake_loop_events(sw->loop),
        .pool_entries_max = 1000,
        .pool_bytes_max = (size_t)1 << 24,
        .batch_entries_max = 500,
        .interval_ms = 1000,
        .reopen_ms = 5000,
        .announce_min_index = announce,
        .announce_context = sw,
    };
    return sw;
}

static void start_clients(struct sequencer_world *sw)
{
    for (size_t i = 0; i < SW_MIRRORS; i++) {
        struct cosigning_config config = {
            .peer = {.role = COSIGNING_MIRROR,
                     .name = sw->mirrors[i].name,
                     .key_type = NOTE_KEY_OTHER,
                     .key = private_key_public(keys[i]),
                     .id = sw->mirrors[i].id,
                     .submission_url = mirror_urls[i],
                     .monitoring_url = mirror_urls[i]},
            .origin = sw->origin,
            .hash = &hash_sm3,
            .log = mtc_ca_port_cosigning(&sw->port),
            .results = {sw, on_checkpoint, on_subtree, NULL},
            .worker = fake_loop_work(sw->loop),
            .fetch = fake_loop_fetch(sw->loop),
            .timer = fake_loop_timer(sw->loop),
            .clock = fake_loop_clock(sw->loop),
            .events = fake_loop_events(sw->loop),
            .timeout_ms = 5000,
            .retry_min_ms = 100,
            .retry_max_ms = 10000,
        };
        must(cosigning_new(&config, &sw->clients[i], &err), "client");
        sw->peers[i] = (struct sequencer_peer){sw->mirrors[i].name, sw->mirrors[i].id, sw->clients[i], peer_see, peer_want};
    }
}

/* After a failed sync nothing may be used that was open before. */
static void open_stores(void *context)
{
    struct sequencer_world *sw = context;
    if (!memory_disk_has_crashed(sw->w->disk))
        memory_disk_next_process(sw->w->disk);
}

void sw_start(struct sequencer_world *sw)
{
    must(world_open(sw->w, &err), "opening the log");
    must(recent_keys_new(&sw->recent_keys, &err), "recent keys");
    sw->issuer = (struct issuer){
        .draft = &draft_gm,
        .ca_id = sw->w->cosigners[0].id,
        .not_before_s = 0,
        .not_after_s = INT64_C(4000000000),
        .cosigners = sw->w->cosigners,
        .cosigner_count = 2,
        .log_number = 1,
        .hasher = &sw->hasher,
        .log = {sw, log_port_append, log_port_read_entry, log_port_read_cosignatures, log_port_landmarks,
                log_port_node_source},
        .subject_keys = memory_disk_store(sw->w->disk, VOLUME_KEYS),
        .recent_keys = sw->recent_keys,
        .clock = fake_loop_clock(sw->loop),
    };
    mtc_ca_port_init(&sw->port, &sw->w->log, &sw->w->config, &sw->issuer, bytes_of_text("CA\n"), 7 * 86400, 600);
    sw->port.open_stores = open_stores;
    sw->port.open_stores_context = sw;
    start_clients(sw);
    sw->config.ca = mtc_ca_port_sequencer(&sw->port);
    sw->config.store = memory_issuance_store_port(sw->store);
    sw->config.peers = sw->peers;
    sw->config.peer_count = SW_MIRRORS;
    must(sequencer_new(&sw->config, &sw->sequencer, &err), "sequencer");
    for (unsigned i = 0; i < SW_REQUESTS_MAX; i++) {
        sw->requests[i].world = sw;
        sw->requests[i].answers = 0;
        sw->requests[i].status = STATUS_OK;
    }
}

static void end_process(struct sequencer_world *sw)
{
    sequencer_free(sw->sequencer);
    sw->sequencer = NULL;
    for (size_t i = 0; i < SW_MIRRORS; i++)
        cosigning_free(sw->clients[i]);
    while (fake_loop_step(sw->loop, 20000)) /* requests and jobs that are under way end */
        ;
    (void)world_close(sw->w, NULL);
    mtc_ca_port_clear(&sw->port);
    recent_keys_free(sw->recent_keys);
    sw->recent_keys = NULL;
}

void sw_stop(struct sequencer_world *sw)
{
    end_process(sw);
    memory_issuance_store_crash(sw->store); /* what was not committed may always be lost */
    memory_disk_next_process(sw->w->disk);
}

void sw_kill(struct sequencer_world *sw, bool is_power_cut)
{
    /* From here on the process's calls do nothing; then it is taken down, and its memory freed. */
    memory_disk_set_fault(sw->w->disk, memory_disk_operations(sw->w->disk), MEMORY_FAULT_CRASH);
    struct memory_issuance durable = sw->store->durable;
    sw->store->fails = true;
    end_process(sw);
    sw->store->fails = false;
    sw->store->durable = durable;
    memory_issuance_store_crash(sw->store);
    struct world *next = world_copy(sw->w);
    world_free(sw->w);
    sw->w = next;
    sw->w->config.clock = fake_loop_clock(sw->loop);
    if (is_power_cut)
        memory_disk_cut_power(sw->w->disk, MEMORY_LOSE_ALL, 0);
    else
        memory_disk_next_process(sw->w->disk);
}

void sw_free(struct sequencer_world *sw)
{
    if (sw->sequencer != NULL)
        end_process(sw);
    for (size_t i = 0; i < SW_MIRRORS; i++)
        fake_mirror_clear(&sw->mirrors[i]);
    world_free(sw->w);
    hasher_clear(&sw->hasher);
    fake_loop_free(sw->loop);
    free(sw->store);
    free(sw);
}

/* ---- requests ---- */

static void done(void *cookie, enum status status, const struct sequencer_issued *issued, const struct error *reason)
{
    struct sw_request *r = cookie;
    r->answers++;
    r->status = status;
    r->issued = *issued;
    if (status != STATUS_OK) {
        (void)snprintf(r->reason, sizeof r->reason, "%s", reason->text);
        return;
    }
    if (r->has_ever_issued && (r->first.index != issued->index || r->first.log_number != issued->log_number)) {
        (void)fprintf(stderr, "request %td: index %llu, and %llu before\n", r - r->world->requests,
                      (unsigned long long)issued->index, (unsigned long long)r->first.index);
        abort();
    }
    r->has_ever_issued = true;
    r->first = *issued;
}

void sw_request_names(unsigned number, struct builder *out)
{
    char name[32];
    (void)snprintf(name, sizeof name, "w%u.example.com", number);
    der_write(out, SAN_DNS_NAME, bytes_of_text(name));
}

enum status sw_submit(struct sequencer_world *sw, unsigned number, struct error *e)
{
    struct builder names;
    struct sequencer_request request = {.id = {(uint8_t)(number >> 8), (uint8_t)number}, .new_until_s = sw->new_until_s};
    builder_init(&names, 1024);
    sw_request_names(number, &names);
    request.entry = (struct sequencer_entry){.profile = &sw->profile,
                                             .general_names = builder_view(&names),
                                             .spki = public_key_spki(private_key_public(sw->subject_key))};
    enum status s = sequencer_submit(sw->sequencer, &request, done, &sw->requests[number], e);
    builder_clear(&names);
    return s;
}

size_t sw_issued_count(const struct sequencer_world *sw, unsigned first, unsigned end)
{
    size_t count = 0;
    for (unsigned i = first; i < end; i++)
        count += sw->requests[i].answers > 0 && sw->requests[i].status == STATUS_OK;
    return count;
}

static bool has_names(struct bytes entry, unsigned number)
{
    struct builder names;
    builder_init(&names, 1024);
    sw_request_names(number, &names);
    bool is_there = memmem(entry.data, entry.len, names.data, names.len) != NULL;
    builder_clear(&names);
    return is_there;
}

void sw_check(struct sequencer_world *sw, unsigned end)
{
    struct builder entry, memory;
    builder_init(&entry, 65536);
    builder_init(&memory, (size_t)1 << 20);
    uint64_t size = log_state(sw->w->log).size;
    static unsigned owners[SW_REQUESTS_MAX];
    memset(owners, 0, sizeof owners);
    for (uint64_t i = 0; i < size; i++) {
        builder_reset(&entry);
        must(log_read_entry(sw->w->log, i, &entry, &err), "entry");
        for (unsigned n = 0; n < end; n++)
            owners[n] += has_names(builder_view(&entry), n);
    }
    for (unsigned n = 0; n < end; n++) {
        if (owners[n] > 1) {
            (void)fprintf(stderr, "request %u has %u entries\n", n, owners[n]);
            abort();
        }
        const struct sw_request *r = &sw->requests[n];
        if (!r->has_ever_issued)
            continue;
        builder_reset(&entry);
        must(log_read_entry(sw->w->log, r->first.index, &entry, &err), "issued entry");
        struct subtree subtree;
        struct log_cosignature cosignatures[LOG_COSIGNERS_MAX];
        size_t count;
        must(log_read_cosignatures(sw->w->log, r->first.index, &subtree, &memory, cosignatures, &count, &err), "cosignatures");
        if (!has_names(builder_view(&entry), n) || count < 2 + sw->profile.mirrors_min) {
            (void)fprintf(stderr, "request %u: not its entry, or %zu cosignatures\n", n, count);
            abort();
        }
    }
    builder_clear(&memory);
    builder_clear(&entry);
}
