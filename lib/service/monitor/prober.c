#include "service/monitor/prober.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/ct/leaf.h"

#define ANSWER_MAX ((size_t)1 << 20)
/* 32 bytes in hex, or in base64 with each character escaped. */
#define LEARNED_SIZE 160
#define EMPTY_CHAIN "{\"chain\":[]}"

/* Most paths need the size of the tree: they are left out while there is none. */
enum need { ALWAYS, PARTIAL_TILE, ONE_ENTRY, TWO_SIZES, PROOF, LEAF_HASH, ISSUER };

struct endpoint {
    const char *name, *path;
    enum need need;
    bool is_submission;
    bool is_post;
};

static const struct endpoint rfc6962[] = {
    {"get-sth", "/ct/v1/get-sth", ALWAYS, false, false},
    {"get-sth-consistency", "/ct/v1/get-sth-consistency", TWO_SIZES, false, false},
    {"get-entries", "/ct/v1/get-entries?start=0&end=0", ONE_ENTRY, false, false},
    {"get-proof-by-hash", "/ct/v1/get-proof-by-hash", LEAF_HASH, false, false},
    {"get-entry-and-proof", "/ct/v1/get-entry-and-proof", PROOF, false, false},
    {"get-roots", "/ct/v1/get-roots", ALWAYS, true, false},
    {"add-chain", "/ct/v1/add-chain", ALWAYS, true, true},
    {"add-pre-chain", "/ct/v1/add-pre-chain", ALWAYS, true, true},
    {NULL, NULL, ALWAYS, false, false},
};

static const struct endpoint static_ct[] = {
    {"checkpoint", "/checkpoint", ALWAYS, false, false},
    {"tile", "/tile/0/000", PARTIAL_TILE, false, false},
    {"data", "/tile/data/000", PARTIAL_TILE, false, false},
    {"issuer", "/issuer/", ISSUER, false, false},
    {"get-roots", "/ct/v1/get-roots", ALWAYS, true, false},
    {"add-chain", "/ct/v1/add-chain", ALWAYS, true, true},
    {"add-pre-chain", "/ct/v1/add-pre-chain", ALWAYS, true, true},
    {NULL, NULL, ALWAYS, false, false},
};

/* Its first tiles may have been pruned: those are the follower's to judge. */
static const struct endpoint mtc[] = {
    {"checkpoint", "/checkpoint", ALWAYS, false, false},
    {"landmarks", "/landmarks", ALWAYS, false, false},
    {NULL, NULL, ALWAYS, false, false},
};

struct probe {
    struct prober *p;
    struct prober_log log;
    size_t number;
    const struct endpoint *next; /* the one that is asked; NULL: nothing this round */
    bool is_under_way;
    int64_t began_ms;
    char learned[LEARNED_SIZE]; /* of the first entry: its leaf hash, in base64 for a URL, or its issuer's fingerprint in hex; "": not yet */
};

struct prober {
    struct prober_config config;
    struct probe logs[PROBER_LOGS_MAX];
    size_t log_count, under_way;
    uint64_t timer;
    bool is_stopping;
    void (*stopped)(void *cookie);
    void *cookie;
};

static const struct endpoint *first_endpoint(enum prober_kind kind)
{
    return kind == PROBER_RFC6962 ? rfc6962 : kind == PROBER_STATIC_CT ? static_ct : mtc;
}

static void go_on(struct prober *p);

/* False: there is nothing to ask yet. */
static bool write_url(const struct probe *probe, uint64_t size, char out[PROBER_URL_MAX])
{
    const struct endpoint *e = probe->next;
    const char *prefix = e->is_submission && probe->log.submission_url[0] != '\0' ? probe->log.submission_url : probe->log.url;
    char query[320] = "";
    if (e->need != ALWAYS && size == 0)
        return false;
    if ((e->need == LEAF_HASH || e->need == ISSUER) && probe->learned[0] == '\0')
        return false;
    if (e->need == LEAF_HASH)
        (void)snprintf(query, sizeof query, "?hash=%s&tree_size=%llu", probe->learned, (unsigned long long)size);
    if (e->need == ISSUER)
        (void)snprintf(query, sizeof query, "%s", probe->learned);
    if (e->need == TWO_SIZES)
        (void)snprintf(query, sizeof query, "?first=1&second=%llu", (unsigned long long)size);
    if (e->need == PROOF)
        (void)snprintf(query, sizeof query, "?leaf_index=0&tree_size=%llu", (unsigned long long)size);
    if (e->need == PARTIAL_TILE && size < 256)
        (void)snprintf(query, sizeof query, ".p/%llu", (unsigned long long)size);
    return (size_t)snprintf(out, PROBER_URL_MAX, "%s%s%s", prefix, e->path, query) < PROBER_URL_MAX;
}

static void end_if_stopped(struct prober *p)
{
    if (!p->is_stopping || p->under_way > 0 || p->stopped == NULL)
        return;
    void (*stopped)(void *) = p->stopped;
    p->stopped = NULL;
    stopped(p->cookie);
}

/* ---- what the first entry says ---- */

static void learn_leaf_hash(struct probe *probe, struct bytes leaf_input)
{
    uint8_t hash[HASH_SIZE];
    struct hasher h;
    struct builder text;
    builder_init(&text, 64);
    if (hasher_init(&h, probe->log.hash, NULL) == STATUS_OK) {
        hasher_many(&h, 0, &leaf_input, 1, &hash);
        text_write_base64(&text, BYTES_OF(hash));
    }
    for (size_t i = 0, at = 0; i < text.len && builder_is_good(&text) && hasher_is_good(&h); i++)
        at += (size_t)snprintf(probe->learned + at, sizeof probe->learned - at, "%%%02X", text.data[i]);
    hasher_clear(&h);
    builder_clear(&text);
}

static void learn_entry(struct probe *probe, struct bytes body)
{
    json_t *answer = json_loadb((const char *)body.data, body.len, 0, NULL);
    const json_t *leaf = json_object_get(json_array_get(json_object_get(answer, "entries"), 0), "leaf_input");
    struct builder input;
    builder_init(&input, ANSWER_MAX);
    if (json_is_string(leaf) && text_parse_base64(bytes_of_text(json_string_value(leaf)), &input))
        learn_leaf_hash(probe, builder_view(&input));
    builder_clear(&input);
    json_decref(answer);
}

static void learn_issuer(struct probe *probe, struct bytes tile)
{
    struct reader r;
    struct leaf_tile entry;
    reader_init(&r, tile);
    if (leaf_tile_next(&r, &entry, NULL) == STATUS_OK && entry.chain.len >= HASH_SIZE)
        text_hex(bytes_of(entry.chain.data, HASH_SIZE), probe->learned);
}

static void learn(struct probe *probe, const struct fetch_response *r)
{
    if (probe->learned[0] != '\0' || r->body.len == 0)
        return;
    if (strcmp(probe->next->name, "get-entries") == 0)
        learn_entry(probe, r->body);
    else if (strcmp(probe->next->name, "data") == 0)
        learn_issuer(probe, r->body);
}

/* ---- asking ---- */

static void step(struct probe *probe)
{
    probe->next++;
    if (probe->next->name == NULL)
        probe->next = NULL;
}

static void answered(void *cookie, const struct fetch_response *r)
{
    struct probe *probe = cookie;
    struct prober *p = probe->p;
    const struct endpoint *e = probe->next;
    probe->is_under_way = false;
    p->under_way--;
    if (p->is_stopping) {
        end_if_stopped(p);
        return;
    }
    /* An empty chain is refused; a log that takes no submissions any more says so; not every log has landmarks. */
    bool is_refusal = r->status == 400 || r->status == 403 || r->status == 422;
    bool is_good = r->failure == FETCH_NO_FAILURE && (r->status == 200 || (e->is_post && is_refusal) ||
                                                      (strcmp(e->name, "landmarks") == 0 && r->status == 404));
    const struct followed_contact contact = {
        .endpoint = e->name,
        .source = probe->log.url,
        .is_good = is_good,
        .status = r->status,
        .duration_ms = p->config.clock.now_ms(p->config.clock.context) - probe->began_ms,
        .failure = is_good ? "" : r->failure != FETCH_NO_FAILURE ? r->failure_text : "HTTP status"};
    if (is_good)
        learn(probe, r);
    step(probe);
    p->config.contact(p->config.context, probe->number, &contact);
    go_on(p);
}

/* False: it could not be asked, and is not the log's fault. */
static bool ask(struct probe *probe)
{
    struct prober *p = probe->p;
    char url[PROBER_URL_MAX];
    struct error err;
    if (!write_url(probe, p->config.tree_size(p->config.context, probe->number), url))
        return false;
    const struct fetch_request request = {.method = probe->next->is_post ? "POST" : "GET",
                                          .url = url,
                                          .body = probe->next->is_post ? bytes_of_text(EMPTY_CHAIN) : bytes_of(NULL, 0),
                                          .content_type = probe->next->is_post ? "application/json" : NULL,
                                          .accepts_gzip = true,
                                          .ca_file = p->config.ca_file,
                                          .timeout_ms = PROBER_TIMEOUT_MS,
                                          .response_max = ANSWER_MAX};
    probe->began_ms = p->config.clock.now_ms(p->config.clock.context);
    if (p->config.fetch.start(p->config.fetch.context, &request, answered, probe, &err) != STATUS_OK)
        return false;
    probe->is_under_way = true;
    p->under_way++;
    return true;
}

static void go_on(struct prober *p)
{
    for (size_t i = 0; i < p->log_count && p->under_way < PROBER_UNDER_WAY_MAX; i++) {
        struct probe *probe = &p->logs[i];
        while (probe->next != NULL && !probe->is_under_way && !ask(probe))
            step(probe);
    }
}

static void round_begins(void *cookie)
{
    struct prober *p = cookie;
    p->timer = p->config.timer.start(p->config.timer.context, p->config.interval_ms, round_begins, p);
    for (size_t i = 0; i < p->log_count; i++)
        if (p->logs[i].next == NULL)
            p->logs[i].next = first_endpoint(p->logs[i].log.kind);
    go_on(p);
}

enum status prober_new(const struct prober_config *config, struct prober **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for probes");
    (*out)->config = *config;
    return STATUS_OK;
}

void prober_free(struct prober *p)
{
    free(p);
}

enum status prober_add_log(struct prober *p, const struct prober_log *log, struct error *err)
{
    if (p->log_count == PROBER_LOGS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d logs", PROBER_LOGS_MAX);
    p->logs[p->log_count] = (struct probe){.p = p, .log = *log, .number = p->log_count};
    p->log_count++;
    return STATUS_OK;
}

void prober_start(struct prober *p)
{
    p->timer = p->config.timer.start(p->config.timer.context, p->config.interval_ms, round_begins, p);
}

void prober_stop(struct prober *p, void (*stopped)(void *cookie), void *cookie)
{
    p->is_stopping = true;
    p->stopped = stopped;
    p->cookie = cookie;
    p->config.timer.cancel(p->config.timer.context, p->timer);
    p->timer = 0;
    end_if_stopped(p);
}
