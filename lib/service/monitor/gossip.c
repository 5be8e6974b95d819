#include "service/monitor/gossip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gossip_log {
    char id[GOSSIP_LOG_MAX + 1];
    bool is_checkpoint;
};

struct peer {
    struct gossip *g;
    struct gossip_peer config;
    char url[600];
    bool is_under_way;
    int64_t good_ms;
    char failure[ERROR_TEXT_MAX];
};

/* Messages: filled with time, 1,000 ms shared by those of a second. */
struct allowance {
    int64_t left_ms, filled_ms;
};

struct gossip {
    struct gossip_config config;
    struct gossip_log logs[GOSSIP_LOGS_MAX];
    size_t log_count;
    struct peer peers[GOSSIP_PEERS_MAX];
    uint8_t recent[GOSSIP_RECENT][HASH_SIZE]; /* a head's label, at a place of its own */
    struct allowance all, places[GOSSIP_PLACES];
    uint64_t timer;
    size_t under_way;
    bool is_stopping;
    void (*stopped)(void *cookie);
    void *cookie;
    struct metric *sent, *failed, *received, *views, *dropped;
};

static int64_t now_ms(const struct gossip *g)
{
    return g->config.clock.now_ms(g->config.clock.context);
}

/* ---- what we know, as a message ---- */

static enum status write_ours(struct gossip *g, struct builder *out, struct error *err)
{
    struct gossip_head *heads = calloc(g->log_count + 1, sizeof *heads);
    struct builder memory;
    size_t count = 0;
    if (heads == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for gossip");
    builder_init(&memory, GOSSIP_MESSAGE_MAX);
    /* A head is borrowed until the next one is asked for: places first. */
    for (size_t i = 0; i < g->log_count; i++) {
        struct gossip_head *h = &heads[count];
        if (!g->config.head(g->config.context, i, &h->head) || h->head.signature.len == 0)
            continue;
        memcpy(h->log, g->logs[i].id, sizeof h->log);
        h->is_checkpoint = g->logs[i].is_checkpoint;
        builder_bytes(&memory, h->head.signature);
        count++;
    }
    for (size_t i = 0, at = 0; i < count && builder_is_good(&memory); at += heads[i++].head.signature.len)
        heads[i].head.signature.data = memory.data + at;
    enum status s = builder_status(&memory, "gossip", err);
    if (s == STATUS_OK)
        s = gossip_message_write(heads, count, out, err);
    builder_clear(&memory);
    free(heads);
    return s;
}

/* ---- what others know ---- */

/* Where it was noted, or NULL when it had been. */
static uint8_t *note_head(struct gossip *g, const struct gossip_head *head)
{
    uint8_t label[HASH_SIZE];
    uint64_t numbers[2] = {head->head.size, head->head.timestamp_ms};
    const struct bytes parts[] = {bytes_of_text(head->log), BYTES_OF(numbers), BYTES_OF(head->head.root), head->head.signature};
    if (!hash_label_sha256(parts, sizeof parts / sizeof parts[0], label))
        return NULL;
    uint8_t *place = g->recent[(label[0] << 8 | label[1]) % GOSSIP_RECENT];
    if (memcmp(place, label, HASH_SIZE) == 0)
        return NULL;
    memcpy(place, label, HASH_SIZE);
    return place;
}

static bool is_ours(const struct gossip *g, size_t log, const struct gossip_head *head)
{
    struct followed_head ours;
    if (!g->config.head(g->config.context, log, &ours))
        return false;
    if (head->is_checkpoint)
        return bytes_equal(ours.signature, head->head.signature);
    return ours.size == head->head.size && ours.timestamp_ms == head->head.timestamp_ms &&
           memcmp(ours.root, head->head.root, HASH_SIZE) == 0;
}

static bool find_log(const struct gossip *g, const struct gossip_head *head, size_t *log)
{
    for (*log = 0; *log < g->log_count; (*log)++)
        if (g->logs[*log].is_checkpoint == head->is_checkpoint && strcmp(g->logs[*log].id, head->log) == 0)
            return true;
    return false;
}

static void give_on(struct gossip *g, const struct array *heads, const char *from)
{
    size_t given = 0;
    for (size_t i = 0; i < heads->count && given < GOSSIP_VIEWS_MAX; i++) {
        const struct gossip_head *head = array_at(heads, i);
        struct error err = {.text = ""};
        size_t log;
        if (!find_log(g, head, &log) || is_ours(g, log, head))
            continue;
        uint8_t *place = note_head(g, head);
        if (place == NULL)
            continue;
        given++;
        enum status status = g->config.view(g->config.context, log, &head->head, from, &err);
        if (status == STATUS_OK) {
            metric_add(g->views, 1);
            continue;
        }
        if (status != STATUS_REFUSED && status != STATUS_MALFORMED)
            memset(place, 0, HASH_SIZE); /* not looked at: the next time */
        metric_add(g->dropped, 1);
        events_report(&g->config.events, EVENT_DEBUG, "gossip-not-taken", {"from", from}, {"log", head->log},
                      {"reason", err.text});
    }
}

static enum status take(struct gossip *g, struct bytes text, const char *from, struct error *err)
{
    struct array heads = array_of(sizeof(struct gossip_head), GOSSIP_HEADS_MAX);
    struct builder memory;
    builder_init(&memory, GOSSIP_MESSAGE_MAX);
    enum status s = gossip_message_parse(text, &heads, &memory, err);
    if (s == STATUS_OK)
        give_on(g, &heads, from);
    array_clear(&heads);
    builder_clear(&memory);
    return s;
}

/* ---- asking ---- */

static void end_if_stopped(struct gossip *g)
{
    if (!g->is_stopping || g->under_way > 0 || g->stopped == NULL)
        return;
    void (*stopped)(void *) = g->stopped;
    g->stopped = NULL;
    stopped(g->cookie);
}

static void note_failure(struct peer *p, const char *reason)
{
    bool is_first = p->failure[0] == '\0';
    (void)snprintf(p->failure, sizeof p->failure, "%s", reason);
    metric_add(p->g->failed, 1);
    if (is_first)
        events_report(&p->g->config.events, EVENT_WARNING, "peer-failed", {"peer", p->config.url}, {"reason", p->failure});
}

static void answered(void *cookie, const struct fetch_response *response)
{
    struct peer *p = cookie;
    struct gossip *g = p->g;
    struct error err = {.text = ""};
    char reason[64];
    p->is_under_way = false;
    g->under_way--;
    if (g->is_stopping) {
        end_if_stopped(g);
        return;
    }
    (void)snprintf(reason, sizeof reason, "HTTP status %d", response->status);
    if (response->failure != FETCH_NO_FAILURE)
        note_failure(p, response->failure_text);
    else if (response->status != 200 || response->is_cut)
        note_failure(p, response->is_cut ? "the answer is too long" : reason);
    else if (take(g, response->body, p->config.url, &err) != STATUS_OK)
        note_failure(p, err.text);
    else {
        p->failure[0] = '\0';
        p->good_ms = now_ms(g);
        metric_add(g->sent, 1);
    }
}

static void ask(struct peer *p, struct bytes message)
{
    struct error err = {.text = ""};
    const struct fetch_request request = {.method = "POST",
                                          .url = p->url,
                                          .body = message,
                                          .content_type = "application/json",
                                          .ca_file = p->config.ca_file,
                                          .timeout_ms = GOSSIP_TIMEOUT_MS,
                                          .response_max = GOSSIP_MESSAGE_MAX};
    if (p->is_under_way)
        return;
    if (p->g->config.fetch.start(p->g->config.fetch.context, &request, answered, p, &err) != STATUS_OK) {
        note_failure(p, err.text);
        return;
    }
    p->is_under_way = true;
    p->g->under_way++;
}

static void exchange(void *cookie)
{
    struct gossip *g = cookie;
    struct builder message;
    struct error err;
    g->timer = g->config.timer.start(g->config.timer.context, g->config.interval_ms, exchange, g);
    builder_init(&message, GOSSIP_MESSAGE_MAX);
    if (write_ours(g, &message, &err) == STATUS_OK)
        for (size_t i = 0; i < g->config.peer_count; i++)
            ask(&g->peers[i], builder_view(&message));
    builder_clear(&message);
}

/* ---- answering ---- */

/* Who was not there has it full. */
static void fill(struct allowance *a, int64_t now, int64_t most_ms)
{
    int64_t passed = a->filled_ms == 0 ? most_ms : now - a->filled_ms;
    a->filled_ms = now;
    a->left_ms += passed > 0 ? passed : 0;
    if (a->left_ms > most_ms)
        a->left_ms = most_ms;
}

/* An IPv6 address counts by its first four groups, or those before the zeros that are left out; one that is IPv4's as that. */
static struct allowance *place_of(struct gossip *g, const char *address)
{
    static const char mapped[] = "::ffff:";
    uint32_t hash = 2166136261U; /* FNV-1a */
    unsigned colons = 0;
    if (strncmp(address, mapped, sizeof mapped - 1) == 0)
        address += sizeof mapped - 1;
    for (; *address != '\0' && strncmp(address, "::", 2) != 0; address++) {
        if (*address == ':' && ++colons == 4)
            break;
        hash = (hash ^ (uint8_t)*address) * 16777619U;
    }
    return &g->places[(hash ^ hash >> 16) % GOSSIP_PLACES];
}

static bool may_answer(struct gossip *g, const char *address)
{
    const int64_t one_ms = 1000 / GOSSIP_MESSAGES_PER_S, any_ms = 1000 / GOSSIP_ALL_PER_S;
    int64_t now = now_ms(g);
    struct allowance *one = place_of(g, address);
    fill(one, now, one_ms * GOSSIP_MESSAGES_BURST);
    fill(&g->all, now, any_ms * GOSSIP_ALL_BURST);
    if (one->left_ms < one_ms || g->all.left_ms < any_ms)
        return false;
    one->left_ms -= one_ms;
    g->all.left_ms -= any_ms;
    return true;
}

static void answer_post(struct gossip *g, struct http_exchange *x)
{
    struct error err = {.text = ""};
    if (!may_answer(g, x->request.peer)) {
        http_response_header(&x->response, "Retry-After", "10");
        http_respond_text(&x->response, 429, "text/plain", "too many messages\n");
        return;
    }
    metric_add(g->received, 1);
    if (take(g, x->request.body, x->request.peer, &err) != STATUS_OK) {
        http_respond_text(&x->response, 400, "text/plain", err.text);
        return;
    }
    x->response.status = 200;
    http_response_header(&x->response, "Content-Type", "application/json");
    http_response_header(&x->response, "Cache-Control", "no-store");
    if (write_ours(g, &x->response.body, &err) != STATUS_OK)
        http_respond_text(&x->response, 503, "text/plain", "not now\n");
}

static void handle(void *context, struct http_exchange *x)
{
    struct gossip *g = context;
    if (!bytes_is_text(x->request.path, GOSSIP_PATH)) {
        http_respond_text(&x->response, 404, "text/plain", "not here\n");
    } else if (!bytes_is_text(x->request.method, "POST")) {
        http_response_header(&x->response, "Allow", "POST");
        http_respond_text(&x->response, 405, "text/plain", "tree heads are exchanged by POST\n");
    } else {
        answer_post(g, x);
    }
    x->send(x);
}

struct http_handler gossip_handler(struct gossip *g)
{
    return (struct http_handler){.context = g, .body_max = GOSSIP_MESSAGE_MAX, .handle = handle};
}

/* ---- life ---- */

static enum status add_peers(struct gossip *g, struct error *err)
{
    if (g->config.peer_count > GOSSIP_PEERS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d peers", GOSSIP_PEERS_MAX);
    for (size_t i = 0; i < g->config.peer_count; i++) {
        struct peer *p = &g->peers[i];
        p->g = g;
        p->config = g->config.peers[i];
        if ((size_t)snprintf(p->url, sizeof p->url, "%s%s", p->config.url, GOSSIP_PATH) >= sizeof p->url)
            return error_set(err, STATUS_USAGE, "%.100s...: too long a URL", p->config.url);
    }
    return STATUS_OK;
}

enum status gossip_new(const struct gossip_config *config, struct gossip **out, struct error *err)
{
    struct gossip *g = calloc(1, sizeof *g);
    *out = NULL;
    if (g == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for gossip");
    g->config = *config;
    g->sent = metrics_counter(config->metrics, "cathaya_monitor_gossip_exchanges_total", "", "Exchanges with peers that were good.");
    g->failed = metrics_counter(config->metrics, "cathaya_monitor_gossip_failures_total", "", "Exchanges with peers that failed.");
    g->received = metrics_counter(config->metrics, "cathaya_monitor_gossip_received_total", "", "Messages that others sent.");
    g->views = metrics_counter(config->metrics, "cathaya_monitor_gossip_heads_total", "", "Tree heads of others that were compared with ours.");
    g->dropped = metrics_counter(config->metrics, "cathaya_monitor_gossip_dropped_total", "", "Tree heads of others that no log has signed.");
    enum status s = add_peers(g, err);
    if (s != STATUS_OK) {
        gossip_free(g);
        return s;
    }
    *out = g;
    return STATUS_OK;
}

void gossip_free(struct gossip *g)
{
    free(g);
}

enum status gossip_add_log(struct gossip *g, const char *id, bool is_checkpoint, size_t *number, struct error *err)
{
    if (g->log_count == GOSSIP_LOGS_MAX || strlen(id) > GOSSIP_LOG_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d logs, or a name too long", GOSSIP_LOGS_MAX);
    for (size_t i = 0; i < g->log_count; i++)
        if (strcmp(g->logs[i].id, id) == 0)
            return error_set(err, STATUS_CONFLICT, "%s: a log that is there twice", id);
    *number = g->log_count++;
    (void)snprintf(g->logs[*number].id, sizeof g->logs[*number].id, "%s", id);
    g->logs[*number].is_checkpoint = is_checkpoint;
    return STATUS_OK;
}

void gossip_start(struct gossip *g)
{
    if (g->config.peer_count > 0)
        g->timer = g->config.timer.start(g->config.timer.context, g->config.interval_ms, exchange, g);
}

void gossip_stop(struct gossip *g, void (*stopped)(void *cookie), void *cookie)
{
    g->is_stopping = true;
    g->stopped = stopped;
    g->cookie = cookie;
    g->config.timer.cancel(g->config.timer.context, g->timer);
    g->timer = 0;
    end_if_stopped(g);
}

size_t gossip_peer_count(const struct gossip *g)
{
    return g->config.peer_count;
}

void gossip_peer_status(const struct gossip *g, size_t peer, struct gossip_peer_status *out)
{
    const struct peer *p = &g->peers[peer];
    *out = (struct gossip_peer_status){p->config.url, p->good_ms, p->failure};
}
