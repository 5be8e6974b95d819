#include "adapters/proxy/backend.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "adapters/sockets/socket_address.h"

#define UNIX_MARK "unix:"

struct backend {
    atomic_uint_fast32_t reference_count;
    char text[BACKEND_ADDRESS_SIZE];
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un path;
    } address;
    socklen_t address_len;
    /* Relaxed all of them: each is a figure by itself, and one that is a moment old does no harm. */
    atomic_bool is_up;
    atomic_uint_fast64_t active_count;
    atomic_uint_fast32_t failure_count; /* in a row */
    atomic_uint_fast64_t rest_until_ms;
};

struct backend_group {
    atomic_uint_fast32_t reference_count;
    atomic_uint_fast32_t turn; /* of equals, whose turn it is */
    size_t count;
    struct backend *backends[BACKENDS_MAX];
};

/* ---- addresses ---- */

static bool parse_unix(struct backend *b, const char *path)
{
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof b->address.path.sun_path)
        return false;
    b->address.path.sun_family = AF_UNIX;
    memcpy(b->address.path.sun_path, path, len + 1);
    b->address_len = sizeof b->address.path;
    return true;
}

/* Addresses with a zone are for listeners. */
static bool parse_numeric(struct backend *b, const char *text)
{
    union socket_address address;
    if (strchr(text, '%') != NULL || !socket_address_parse(text, &address, &b->address_len) ||
        socket_address_port(&address) == 0)
        return false;
    memcpy(&b->address, &address, b->address_len);
    return true;
}

static enum status backend_new(const char *text, struct backend **out, struct error *err)
{
    *out = NULL;
    size_t len = strlen(text), mark_len = strlen(UNIX_MARK);
    struct backend *b = calloc(1, sizeof *b);
    if (b == NULL)
        return error_set(err, STATUS_NO_MEMORY, "backend: out of memory");
    atomic_init(&b->reference_count, 1);
    atomic_init(&b->is_up, true);
    bool is_good = len < sizeof b->text;
    if (is_good && strncmp(text, UNIX_MARK, mark_len) == 0)
        is_good = parse_unix(b, text + mark_len);
    else if (is_good)
        is_good = parse_numeric(b, text);
    if (!is_good) {
        free(b);
        return error_set(err, STATUS_USAGE,
                         "%s is no address of a backend: use 127.0.0.1:8080, [::1]:8080 or unix:/path", text);
    }
    memcpy(b->text, text, len + 1);
    *out = b;
    return STATUS_OK;
}

struct backend *backend_keep(struct backend *b)
{
    if (b != NULL)
        (void)atomic_fetch_add_explicit(&b->reference_count, 1, memory_order_relaxed);
    return b;
}

void backend_free(struct backend *b)
{
    if (b != NULL && atomic_fetch_sub_explicit(&b->reference_count, 1, memory_order_acq_rel) == 1)
        free(b);
}

const char *backend_address(const struct backend *b)
{
    return b->text;
}

const struct sockaddr *backend_socket_address(const struct backend *b, socklen_t *len)
{
    *len = b->address_len;
    return &b->address.any;
}

/* ---- groups ---- */

static struct backend *find(const struct backend_group *group, const char *text)
{
    for (size_t i = 0; group != NULL && i < group->count; i++)
        if (strcmp(group->backends[i]->text, text) == 0)
            return group->backends[i];
    return NULL;
}

static enum status add(struct backend_group *group, const char *text, const struct backend_group *previous,
                       struct error *err)
{
    struct backend *b = backend_keep(find(previous, text));
    if (find(group, text) != NULL) {
        backend_free(b);
        return error_set(err, STATUS_CONFLICT, "backend %s stands there twice", text);
    }
    if (b == NULL) {
        enum status s = backend_new(text, &b, err);
        if (s != STATUS_OK)
            return s;
    }
    group->backends[group->count++] = b;
    return STATUS_OK;
}

enum status backend_group_new(const char *const *addresses, size_t address_count,
                              struct backend_group *previous, struct backend_group **out, struct error *err)
{
    *out = NULL;
    if (address_count == 0)
        return error_set(err, STATUS_USAGE, "no backends");
    if (address_count > BACKENDS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d backends", BACKENDS_MAX);
    struct backend_group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return error_set(err, STATUS_NO_MEMORY, "backends: out of memory");
    atomic_init(&group->reference_count, 1);
    for (size_t i = 0; i < address_count; i++) {
        enum status s = add(group, addresses[i], previous, err);
        if (s != STATUS_OK) {
            backend_group_free(group);
            return s;
        }
    }
    *out = group;
    return STATUS_OK;
}

struct backend_group *backend_group_keep(struct backend_group *group)
{
    if (group != NULL)
        (void)atomic_fetch_add_explicit(&group->reference_count, 1, memory_order_relaxed);
    return group;
}

void backend_group_free(struct backend_group *group)
{
    if (group == NULL || atomic_fetch_sub_explicit(&group->reference_count, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < group->count; i++)
        backend_free(group->backends[i]);
    free(group);
}

size_t backend_group_count(const struct backend_group *group)
{
    return group->count;
}

struct backend *backend_group_at(const struct backend_group *group, size_t index)
{
    return group->backends[index];
}

/* ---- state ---- */

void backend_begin(struct backend *b)
{
    (void)atomic_fetch_add_explicit(&b->active_count, 1, memory_order_relaxed);
}

void backend_end(struct backend *b)
{
    (void)atomic_fetch_sub_explicit(&b->active_count, 1, memory_order_relaxed);
}

uint64_t backend_active_count(const struct backend *b)
{
    return atomic_load_explicit(&b->active_count, memory_order_relaxed);
}

bool backend_fail(struct backend *b, uint64_t now_ms)
{
    uint64_t count = atomic_fetch_add_explicit(&b->failure_count, 1, memory_order_relaxed) + 1;
    if (count < BACKEND_FAILURES_MAX)
        return false;
    bool is_news = !backend_is_resting(b, now_ms);
    atomic_store_explicit(&b->rest_until_ms, now_ms + BACKEND_REST_MS, memory_order_relaxed);
    return is_news;
}

void backend_work(struct backend *b)
{
    /* Reading first: all threads may keep the line, as long as nothing fails. */
    if (atomic_load_explicit(&b->failure_count, memory_order_relaxed) == 0)
        return;
    atomic_store_explicit(&b->failure_count, 0, memory_order_relaxed);
    atomic_store_explicit(&b->rest_until_ms, 0, memory_order_relaxed);
}

bool backend_is_resting(const struct backend *b, uint64_t now_ms)
{
    return now_ms < atomic_load_explicit(&b->rest_until_ms, memory_order_relaxed);
}

bool backend_set_up(struct backend *b, bool is_up)
{
    return atomic_exchange_explicit(&b->is_up, is_up, memory_order_relaxed) != is_up;
}

bool backend_is_up(const struct backend *b)
{
    return atomic_load_explicit(&b->is_up, memory_order_relaxed);
}

bool backend_group_is_up(const struct backend_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (backend_is_up(group->backends[i]))
            return true;
    return false;
}

/* ---- choice ---- */

/* Lower is better: up before resting before down, then the fewest requests. */
static uint64_t burden(const struct backend *b, uint64_t now_ms)
{
    uint64_t active = backend_active_count(b);
    if (!backend_is_up(b))
        return active | (uint64_t)1 << 63;
    return backend_is_resting(b, now_ms) ? active | (uint64_t)1 << 62 : active;
}

struct backend *backend_pick(struct backend_group *group, uint64_t *tried, uint64_t now_ms)
{
    size_t start = group->count > 1 ? atomic_fetch_add_explicit(&group->turn, 1, memory_order_relaxed) % group->count : 0;
    size_t best = group->count;
    uint64_t best_burden = UINT64_MAX;
    for (size_t i = 0; i < group->count; i++) {
        size_t at = (start + i) % group->count;
        if ((*tried >> at & 1) != 0)
            continue;
        uint64_t its = burden(group->backends[at], now_ms);
        if (its < best_burden) {
            best = at;
            best_burden = its;
        }
    }
    if (best == group->count)
        return NULL;
    *tried |= (uint64_t)1 << best;
    return group->backends[best];
}
