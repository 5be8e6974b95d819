/* What of the notifier is durable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/monitor/notifier_parts.h"

#define SEEN_PREFIX "seen/"
#define QUEUE_PREFIX "queue/"
#define DONE_WORD "done"
/* Ten hex digits of seconds are 34,000 years. */
#define EXPIRY_DIGITS 10
/* Should its expiry have been lost: longer than any certificate. */
#define SEEN_AGAIN_S ((int64_t)400 * 86400)

void notifier_store_queue_name(const uint8_t id[NOTIFICATION_ID_SIZE], char out[NOTIFIER_NAME_SIZE])
{
    char hex[2 * NOTIFICATION_ID_SIZE + 1];
    text_hex(bytes_of(id, NOTIFICATION_ID_SIZE), hex);
    (void)snprintf(out, NOTIFIER_NAME_SIZE, QUEUE_PREFIX "%s", hex);
}

/* ---- new ones ---- */

static int64_t bounded_expiry(int64_t expires_s)
{
    const int64_t max = ((int64_t)1 << (4 * EXPIRY_DIGITS)) - 1;
    return expires_s < 1 ? 1 : expires_s > max ? max : expires_s;
}

static enum status put_queued(const struct notifier_config *config, const struct notification *n, struct error *err)
{
    char name[NOTIFICATION_FILE_SIZE], queue[NOTIFIER_NAME_SIZE];
    enum status s = STATUS_OK;
    if (n->attachment_len > 0) {
        notification_file_name(n->event, n->id, name);
        s = config->files.put(config->files.context, name, bytes_of(n->attachment, n->attachment_len), err);
    }
    notifier_store_queue_name(n->id, queue);
    return s == STATUS_OK ? config->state.put(config->state.context, queue, bytes_of_text(n->json), err) : s;
}

static enum status put_seen(const struct notifier_config *config, const struct notification *n, struct error *err)
{
    char name[NOTIFIER_NAME_SIZE], hex[2 * NOTIFICATION_ID_SIZE + 1];
    text_hex(BYTES_OF(n->id), hex);
    (void)snprintf(name, sizeof name, SEEN_PREFIX "%0*llx-%s", EXPIRY_DIGITS,
                   (unsigned long long)bounded_expiry(n->expires_s), hex);
    return config->state.put(config->state.context, name, bytes_of_text("1"), err);
}

/* What says that it was queued comes when it is: the other way round a crash could lose it. */
enum status notifier_store_put(const struct notifier_config *config, struct notification *const *notifications,
                               size_t count, struct error *err)
{
    enum status s = STATUS_OK;
    bool has_files = false;
    for (size_t i = 0; i < count && s == STATUS_OK; i++) {
        s = put_queued(config, notifications[i], err);
        has_files = has_files || notifications[i]->attachment_len > 0;
    }
    if (s == STATUS_OK && has_files)
        s = config->files.sync(config->files.context, err);
    if (s == STATUS_OK && count > 0)
        s = config->state.sync(config->state.context, err);
    for (size_t i = 0; i < count && s == STATUS_OK; i++)
        s = put_seen(config, notifications[i], err);
    return s == STATUS_OK && count > 0 ? config->state.sync(config->state.context, err) : s;
}

/* ---- loading ---- */

/* seen/EXPIRY-ID */
static bool parse_seen(const char *name, int64_t *expires_s, uint8_t id[NOTIFICATION_ID_SIZE])
{
    uint8_t expiry[EXPIRY_DIGITS / 2];
    struct bytes rest = bytes_of_text(name + strlen(SEEN_PREFIX));
    if (rest.len != EXPIRY_DIGITS + 1 + 2 * NOTIFICATION_ID_SIZE || rest.data[EXPIRY_DIGITS] != '-' ||
        !text_parse_hex(bytes_of(rest.data, EXPIRY_DIGITS), expiry, sizeof expiry) ||
        !text_parse_hex(bytes_of(rest.data + EXPIRY_DIGITS + 1, (size_t)2 * NOTIFICATION_ID_SIZE), id, NOTIFICATION_ID_SIZE))
        return false;
    *expires_s = 0;
    for (size_t i = 0; i < sizeof expiry; i++)
        *expires_s = *expires_s << 8 | expiry[i];
    return true;
}

static enum status load_seen(void *context, const char *name, struct error *err)
{
    struct notifier *n = context;
    uint8_t id[NOTIFICATION_ID_SIZE];
    int64_t expires_s;
    bool is_new;
    if (!parse_seen(name, &expires_s, id))
        return STATUS_OK;
    return seen_set_add(&n->seen, id, expires_s, &is_new, err);
}

/* done NAME NAME */
static uint32_t parse_done(const struct notifier *n, struct bytes line)
{
    struct bytes word;
    uint32_t done = 0;
    if (!text_next_word(&line, &word) || !bytes_is_text(word, DONE_WORD))
        return 0;
    while (text_next_word(&line, &word))
        for (size_t i = 0; i < n->config.action_count; i++)
            if (bytes_is_text(word, n->config.actions[i].name))
                done |= 1U << i;
    return done;
}

/* An object that a crash has torn is not one of ours. */
static bool is_whole(const char *json, const uint8_t id[NOTIFICATION_ID_SIZE])
{
    static const char begin[] = "{\"id\":\"";
    char hex[2 * NOTIFICATION_ID_SIZE + 1];
    size_t len = strlen(json);
    text_hex(bytes_of(id, NOTIFICATION_ID_SIZE), hex);
    return len > sizeof begin + sizeof hex && memcmp(json, begin, sizeof begin - 1) == 0 &&
           memcmp(json + sizeof begin - 1, hex, sizeof hex - 1) == 0 && json[len - 1] == '}';
}

/* It counts as seen, should a crash have come before the note of that. */
static enum status load_waiting(void *context, const char *name, struct error *err)
{
    struct notifier *n = context;
    struct waiting *w = calloc(1, sizeof *w);
    struct builder text;
    struct bytes rest, line;
    bool is_new;
    builder_init(&text, NOTIFICATION_JSON_MAX + 4096);
    enum status s = w == NULL ? error_set(err, STATUS_NO_MEMORY, "no memory for the queue") : STATUS_OK;
    if (s == STATUS_OK && !text_parse_hex(bytes_of_text(name + strlen(QUEUE_PREFIX)), w->id, sizeof w->id))
        s = error_set(err, STATUS_IO, "%s is no name of a notification", name);
    if (s == STATUS_OK)
        s = n->config.state.get(n->config.state.context, name, &text, err);
    rest = builder_view(&text);
    if (s == STATUS_OK && text_next_line(&rest, &line)) {
        w->json = text_dup(line);
        w->done = text_next_line(&rest, &line) ? parse_done(n, line) : 0;
        w->is_dirty = w->done == (uint32_t)((1ULL << n->config.action_count) - 1); /* an action has gone from the configuration */
    }
    builder_clear(&text);
    bool is_good = s == STATUS_OK && w->json != NULL && n->waiting_count < NOTIFIER_WAITING_MAX && is_whole(w->json, w->id);
    if (is_good)
        s = seen_set_add(&n->seen, w->id, n->config.clock.now_ms(n->config.clock.context) / 1000 + SEEN_AGAIN_S, &is_new, err);
    if (is_good && s == STATUS_OK) {
        notifier_append(n, w);
        return STATUS_OK;
    }
    notifier_waiting_free(w);
    return s;
}

enum status notifier_store_load(struct notifier *n, struct error *err)
{
    const struct object_store *state = &n->config.state;
    enum status s = state->list(state->context, SEEN_PREFIX, load_seen, n, err);
    return s == STATUS_OK ? state->list(state->context, QUEUE_PREFIX, load_waiting, n, err) : s;
}

/* ---- expiry ---- */

struct expiring {
    const struct object_store *state;
    int64_t now_s;
    size_t count;
};

static enum status expire_one(void *context, const char *name, struct error *err)
{
    struct expiring *e = context;
    uint8_t id[NOTIFICATION_ID_SIZE];
    int64_t expires_s;
    if (!parse_seen(name, &expires_s, id) || expires_s > e->now_s)
        return STATUS_OK;
    e->count++;
    return e->state->remove(e->state->context, name, err);
}

enum status notifier_store_expire(const struct notifier_config *config, int64_t now_s, struct error *err)
{
    struct expiring e = {.state = &config->state, .now_s = now_s};
    enum status s = e.state->list(e.state->context, SEEN_PREFIX, expire_one, &e, err);
    return s == STATUS_OK && e.count > 0 ? e.state->sync(e.state->context, err) : s;
}
