#include "adapters/proxy/proxy_state.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/proxy/backend.h"
#include "adapters/proxy/name_table.h"
#include "base/array.h"
#include "tls/tls_sites.h"

#define NAME_MAX_LEN 253

struct proxy_state {
    atomic_size_t count;
    struct proxy_limits limits;
    struct array sites; /* of struct proxy_site */
    struct name_table names, titles, challenges;
    int64_t default_index; /* while building: sites may move */
    struct tls_sites *tls;
};

struct proxy_limits proxy_default_limits(void)
{
    return (struct proxy_limits){
        .connections = 20000,
        .connections_per_address = 512,
        .handshakes_per_s = 2000,
        .head_bytes = 32768,
        .handshake_ms = 10000,
        .head_ms = 15000,
        .body_ms = 60000,
        .write_ms = 60000,
        .idle_ms = 60000,
        .tunnel_idle_ms = 3600000,
        .slowest_bytes_per_s = 1024,
        .backend_connect_ms = 3000,
        .backend_answer_ms = 60000,
    };
}

enum status proxy_state_new(struct proxy_state **out, struct error *err)
{
    *out = NULL;
    struct proxy_state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "proxy state: out of memory");
    atomic_init(&s->count, 1);
    s->limits = proxy_default_limits();
    s->sites = array_of(sizeof(struct proxy_site), PROXY_SITES_MAX);
    s->default_index = -1;
    *out = s;
    return STATUS_OK;
}

struct proxy_state *proxy_state_keep(struct proxy_state *state)
{
    if (state != NULL)
        (void)atomic_fetch_add_explicit(&state->count, 1, memory_order_relaxed);
    return state;
}

static void clear_site(struct proxy_site *site)
{
    for (size_t i = 0; site->names != NULL && i < site->name_count; i++)
        free((void *)(uintptr_t)site->names[i]);
    free((void *)(uintptr_t)site->names);
    free((void *)(uintptr_t)site->title);
    backend_group_free(site->backends);
}

void proxy_state_free(struct proxy_state *state)
{
    if (state == NULL || atomic_fetch_sub_explicit(&state->count, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < state->sites.count; i++)
        clear_site(array_at(&state->sites, i));
    array_clear(&state->sites);
    name_table_clear(&state->names);
    name_table_clear(&state->titles);
    name_table_clear(&state->challenges);
    tls_sites_free(state->tls);
    free(state);
}

/* ---- building ---- */

enum status proxy_state_set_limits(struct proxy_state *state, const struct proxy_limits *l, struct error *err)
{
    const struct {
        const char *name;
        uint64_t value, min, max;
    } rows[] = {
        {"connections", l->connections, 1, 1U << 24},
        {"head-bytes", l->head_bytes, 1024, 1U << 20},
        {"handshake-ms", l->handshake_ms, 1, UINT32_MAX},
        {"head-ms", l->head_ms, 1, UINT32_MAX},
        {"body-ms", l->body_ms, 1, UINT32_MAX},
        {"write-ms", l->write_ms, 1, UINT32_MAX},
        {"idle-ms", l->idle_ms, 1, UINT32_MAX},
        {"tunnel-idle-ms", l->tunnel_idle_ms, 1, UINT32_MAX},
        {"slowest-bytes-per-s", l->slowest_bytes_per_s, 1, UINT32_MAX},
        {"backend-connect-ms", l->backend_connect_ms, 1, UINT32_MAX},
        {"backend-answer-ms", l->backend_answer_ms, 1, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value < rows[i].min || rows[i].value > rows[i].max)
            return error_set(err, STATUS_USAGE, "%s is %llu: it has to be between %llu and %llu", rows[i].name,
                             (unsigned long long)rows[i].value, (unsigned long long)rows[i].min,
                             (unsigned long long)rows[i].max);
    state->limits = *l;
    return STATUS_OK;
}

static bool is_good_name(const char *name)
{
    const char *at = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    size_t len = strlen(at);
    if (len == 0 || len > NAME_MAX_LEN || at[len - 1] == '.')
        return false;
    for (; *at != '\0'; at++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-._:[]", *at) == NULL)
            return false;
    return true;
}

static enum status copy_names(struct proxy_site *to, const struct proxy_site *from, struct error *err)
{
    char **names = calloc(from->name_count + 1, sizeof *names);
    to->names = (const char *const *)names;
    to->title = strdup(from->title);
    if (names == NULL || to->title == NULL)
        return error_set(err, STATUS_NO_MEMORY, "proxy state: out of memory");
    for (size_t i = 0; i < from->name_count; i++) {
        if (!is_good_name(from->names[i]))
            return error_set(err, STATUS_USAGE, "site %s: %s is no name", from->title, from->names[i]);
        names[i] = strdup(from->names[i]);
        if (names[i] == NULL)
            return error_set(err, STATUS_NO_MEMORY, "proxy state: out of memory");
    }
    return STATUS_OK;
}

static enum status check_new(const struct proxy_state *state, const struct proxy_site *site, struct error *err)
{
    if (site->name_count > PROXY_NAMES_PER_SITE_MAX)
        return error_set(err, STATUS_LIMIT, "site %s has more than %d names", site->title,
                         PROXY_NAMES_PER_SITE_MAX);
    if (site->is_default && state->default_index >= 0)
        return error_set(err, STATUS_CONFLICT, "site %s is the second default one", site->title);
    if (name_table_find(&state->titles, bytes_of_text(site->title)) != NULL)
        return error_set(err, STATUS_CONFLICT, "there are two sites %s", site->title);
    for (size_t i = 0; i < site->name_count; i++)
        if (name_table_find(&state->names, bytes_of_text(site->names[i])) != NULL)
            return error_set(err, STATUS_CONFLICT, "%s is the name of two sites", site->names[i]);
    return STATUS_OK;
}

static enum status index_site(struct proxy_state *state, const struct proxy_site *site, struct error *err)
{
    enum status s = name_table_add(&state->titles, bytes_of_text(site->title), site->index, NULL, err);
    for (size_t i = 0; s == STATUS_OK && i < site->name_count; i++)
        s = name_table_add(&state->names, bytes_of_text(site->names[i]), site->index, NULL, err);
    return s;
}

enum status proxy_state_add_site(struct proxy_state *state, const struct proxy_site *site, uint32_t *index,
                                 struct error *err)
{
    struct proxy_site copy = *site;
    copy.index = (uint32_t)state->sites.count;
    copy.names = NULL;
    copy.title = NULL;
    enum status s = check_new(state, site, err);
    if (s != STATUS_OK)
        return s;
    copy.backends = backend_group_keep(site->backends);
    s = copy_names(&copy, site, err);
    if (s == STATUS_OK)
        s = array_insert(&state->sites, state->sites.count, &copy, "sites", err);
    if (s != STATUS_OK) {
        clear_site(&copy);
        return s;
    }
    if (site->is_default)
        state->default_index = copy.index;
    *index = copy.index;
    return index_site(state, &copy, err);
}

void proxy_state_set_tls(struct proxy_state *state, struct tls_sites *sites)
{
    struct tls_sites *before = state->tls;
    state->tls = tls_sites_keep(sites);
    tls_sites_free(before);
}

static bool is_token(struct bytes token)
{
    for (size_t i = 0; i < token.len; i++) {
        uint8_t c = token.data[i];
        bool is_good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                       c == '_';
        if (!is_good)
            return false;
    }
    return token.len > 0 && token.len <= PROXY_TOKEN_MAX;
}

enum status proxy_state_add_challenge(struct proxy_state *state, struct bytes token, struct bytes key_authorization,
                                      struct error *err)
{
    if (!is_token(token))
        return error_set(err, STATUS_USAGE, "a challenge's token is not base64url");
    if (key_authorization.len == 0 || key_authorization.len > PROXY_KEY_AUTHORIZATION_MAX)
        return error_set(err, STATUS_USAGE, "a challenge's key authorization is too long");
    if (state->challenges.count >= PROXY_CHALLENGES_MAX)
        return error_set(err, STATUS_LIMIT, "too many challenges");
    return name_table_add(&state->challenges, token, 0, &key_authorization, err);
}

/* ---- reading ---- */

const struct proxy_limits *proxy_state_limits(const struct proxy_state *state)
{
    return &state->limits;
}

struct tls_sites *proxy_state_tls(const struct proxy_state *state)
{
    return state->tls;
}

size_t proxy_state_site_count(const struct proxy_state *state)
{
    return state->sites.count;
}

const struct proxy_site *proxy_state_site(const struct proxy_state *state, uint32_t index)
{
    return index < state->sites.count ? array_at(&state->sites, index) : NULL;
}

/* The name in a Host, in lower case, without port and the dot at the end. 0: it cannot be one. */
static size_t read_name(struct bytes host, char out[NAME_MAX_LEN + 1])
{
    size_t len = host.len;
    const uint8_t *bracket = len > 0 && host.data[0] == '[' ? memchr(host.data, ']', len) : NULL;
    if (bracket != NULL) {
        len = (size_t)(bracket - host.data) + 1;
    } else {
        const uint8_t *colon = len > 0 ? memchr(host.data, ':', len) : NULL;
        len = colon != NULL ? (size_t)(colon - host.data) : len;
    }
    if (len > 0 && host.data[len - 1] == '.')
        len--;
    if (len > NAME_MAX_LEN)
        return 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = host.data[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return len;
}

const struct proxy_site *proxy_state_find_site(const struct proxy_state *state, struct bytes host)
{
    char name[NAME_MAX_LEN + 1];
    size_t len = read_name(host, name);
    if (len == 0 || name[0] == '*')
        return NULL;
    const struct name_entry *entry = name_table_find(&state->names, bytes_of(name, len));
    if (entry == NULL) {
        const char *dot = memchr(name, '.', len);
        size_t label = dot != NULL ? (size_t)(dot - name) : 0;
        if (label == 0)
            return NULL;
        /* "www.example.com" is asked for as "*.example.com". */
        name[label - 1] = '*';
        entry = name_table_find(&state->names, bytes_of(name + label - 1, len - label + 1));
    }
    return entry != NULL ? proxy_state_site(state, entry->index) : NULL;
}

const struct proxy_site *proxy_state_default_site(const struct proxy_state *state)
{
    return state->default_index >= 0 ? proxy_state_site(state, (uint32_t)state->default_index) : NULL;
}

const struct proxy_site *proxy_state_site_titled(const struct proxy_state *state, const char *title)
{
    const struct name_entry *entry = name_table_find(&state->titles, bytes_of_text(title));
    return entry != NULL ? proxy_state_site(state, entry->index) : NULL;
}

struct bytes proxy_state_challenge(const struct proxy_state *state, struct bytes token)
{
    const struct name_entry *entry = is_token(token) ? name_table_find(&state->challenges, token) : NULL;
    return entry != NULL ? entry->value : bytes_of(NULL, 0);
}
