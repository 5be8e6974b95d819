#include "audit/audit_logs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_object_store.h"
#include "base/text.h"
#include "input.h"
#include "log_list_file.h"
#include "rules/policy_text.h"

/* A log's word of a public list that has no MMD of its own in --log: what GM logs promise. */
#define MMD_DEFAULT_S 60

/* ---- names ---- */

static bool is_taken(const struct audit_logs *logs, const char *name)
{
    for (size_t i = 0; i < logs->count; i++)
        if (strcmp(logs->items[i]->name, name) == 0)
            return true;
    return false;
}

/* Out of the URL: what differs between logs stands at its end. */
static void make_name(const struct audit_logs *logs, const char *url, char out[LOG_FOLLOWER_NAME_MAX + 1])
{
    const char *at = strstr(url, "://");
    char plain[LOG_FOLLOWER_URL_MAX];
    size_t len = 0;
    for (at = at != NULL ? at + 3 : url; *at != '\0' && len + 1 < sizeof plain; at++) {
        unsigned char c = (unsigned char)tolower((unsigned char)*at);
        bool is_good = isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
        if (is_good || (len > 0 && plain[len - 1] != '-'))
            plain[len++] = is_good ? (char)c : '-';
    }
    while (len > 0 && plain[len - 1] == '-')
        len--;
    plain[len] = '\0';
    const char *tail = len > LOG_FOLLOWER_NAME_MAX - 4 ? plain + len - (LOG_FOLLOWER_NAME_MAX - 4) : plain;
    (void)snprintf(out, LOG_FOLLOWER_NAME_MAX + 1, "%.*s", LOG_FOLLOWER_NAME_MAX, *tail != '\0' ? tail : "log");
    for (unsigned n = 2; is_taken(logs, out); n++)
        (void)snprintf(out, LOG_FOLLOWER_NAME_MAX + 1, "%.*s-%u", LOG_FOLLOWER_NAME_MAX - 4, tail, n % 1000);
}

static struct audit_log *add(struct audit_logs *logs, const char *url, struct error *err, enum status *status)
{
    *status = STATUS_OK;
    struct audit_log *log = calloc(1, sizeof *log);
    struct audit_log **items = realloc(logs->items, (logs->count + 1) * sizeof(struct audit_log *));
    if (items != NULL)
        logs->items = items;
    if (items == NULL || log == NULL) {
        free(log);
        *status = error_set(err, STATUS_NO_MEMORY, "out of memory");
        return NULL;
    }
    if (logs->count == AUDIT_LOGS_MAX || strlen(url) >= sizeof log->url) {
        free(log);
        *status = error_set(err, STATUS_USAGE, "more than %d logs, or a URL that is too long", AUDIT_LOGS_MAX);
        return NULL;
    }
    (void)snprintf(log->url, sizeof log->url, "%s", url);
    for (size_t len = strlen(log->url); len > 0 && log->url[len - 1] == '/'; len--)
        log->url[len - 1] = '\0';
    make_name(logs, log->url, log->name);
    log->followed = (struct followed_log){.name = log->name, .url = log->url};
    logs->items[logs->count++] = log;
    return log;
}

/* file:DIRECTORY: the objects of a tiled log, without a server. */
static enum status open_source(struct audit_log *log, struct error *err)
{
    if (strncmp(log->url, "file:", 5) != 0)
        return STATUS_OK;
    enum status s = posix_object_store_open(log->url + 5, POSIX_PUBLIC, false, &log->directory, err);
    if (s != STATUS_OK)
        return error_set(err, STATUS_USAGE, "%s: no directory of objects that can be read", log->url);
    log->source = posix_object_store_port(log->directory);
    log->followed.source = &log->source;
    return STATUS_OK;
}

/* ---- CT ---- */

static enum status set_key(struct audit_log *log, const struct ct_suite *suite, struct bytes spki, const struct algorithms *algorithms,
                           struct error *err)
{
    log->suite = suite;
    log->followed.hash = suite->hash;
    log->row.suite = suite;
    enum status s = public_key_new(algorithms_by_name(algorithms, bytes_of_text(suite->algorithm)), spki, &log->key, err);
    log->followed.key = log->key;
    if (s == STATUS_OK)
        s = log_list_set_key(&log->row, spki, err);
    memcpy(log->log_id, log->row.log_id, HASH_SIZE);
    return s;
}

static void set_state(struct audit_log *log, const struct log_list_log *row)
{
    struct followed_log *f = &log->followed;
    bool is_over = row->state == LOG_LIST_RETIRED || row->state == LOG_LIST_REJECTED;
    f->state = row->state == LOG_LIST_READONLY ? FOLLOWED_READONLY : is_over ? FOLLOWED_RETIRED : FOLLOWED_USABLE;
    f->has_final = row->has_final_tree_head;
    f->final_size = row->final_size;
    memcpy(f->final_root, row->final_root, HASH_SIZE);
    f->has_interval = row->has_interval;
    f->not_after_start_s = row->interval_start_s;
    f->not_after_end_s = row->interval_end_s;
    f->mmd_ms = (uint64_t)row->mmd_s * 1000;
}

static enum status add_row(struct audit_logs *logs, const struct log_list_log *row, const struct algorithms *algorithms,
                           struct error *err)
{
    enum status s;
    struct audit_log *log = add(logs, row->monitoring_url, err, &s);
    if (log == NULL)
        return s;
    log->row = *row;
    (void)snprintf(log->submission_url, sizeof log->submission_url, "%s", row->submission_url);
    log->followed.submission_url = log->submission_url;
    log->followed.kind = row->is_tiled ? LOG_KIND_STATIC_CT : LOG_KIND_RFC6962;
    set_state(log, row);
    s = set_key(log, row->suite, log_list_key(row), algorithms, err);
    return s == STATUS_OK ? open_source(log, err) : s;
}

static enum status load_list(struct audit_logs *logs, const char *path, const struct algorithms *algorithms, struct error *err)
{
    struct log_list list;
    enum status s = log_list_file_read(path, &list, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; s == STATUS_OK && i < log_list_count(&list); i++)
        if (log_list_at(&list, i)->state != LOG_LIST_REJECTED)
            s = add_row(logs, log_list_at(&list, i), algorithms, err);
    log_list_clear(&list);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "%s", path);
}

/* A key in base64, or a file with it: PEM or DER. */
static enum status read_key(const char *text, struct builder *spki, struct error *err)
{
    struct builder content;
    struct input_blocks blocks = {.count = 0};
    if (text_parse_base64(bytes_of_text(text), spki) && builder_is_good(spki) && spki->len > 0)
        return STATUS_OK;
    builder_reset(spki);
    builder_init(&content, KEY_PEM_MAX);
    enum status s = input_read(text, KEY_PEM_MAX, &content, err);
    if (s == STATUS_OK)
        s = input_split(builder_view(&content), &blocks, err);
    if (s == STATUS_OK)
        builder_bytes(spki, input_block_der(&blocks, 0));
    input_blocks_clear(&blocks);
    builder_clear(&content);
    return s == STATUS_OK ? s : error_set(err, STATUS_USAGE, "%s: no key: neither base64 nor a file with one", text);
}

/* Whose key it is says which suite the log is of. */
static enum status set_ct(struct audit_log *log, enum log_kind kind, const char *key, uint64_t mmd_s,
                          const struct algorithms *algorithms, struct error *err)
{
    struct builder spki;
    builder_init(&spki, KEY_SPKI_MAX);
    log->followed.kind = kind;
    log->followed.mmd_ms = mmd_s * 1000;
    enum status s = read_key(key, &spki, err);
    if (s == STATUS_OK) {
        s = set_key(log, &ct_suite_gm, builder_view(&spki), algorithms, err);
        if (s != STATUS_OK)
            s = set_key(log, &ct_suite_intl, builder_view(&spki), algorithms, err);
        if (s != STATUS_OK)
            s = error_set(err, STATUS_USAGE, "%s: neither an SM2 nor a P-256 key", key);
    }
    builder_clear(&spki);
    return s;
}

/* ---- logs of Merkle Tree CAs ---- */

static enum status set_number(struct audit_log *log, struct error *err)
{
    const char *slash = strrchr(log->url, '/');
    uint64_t number;
    if (slash == NULL || !text_parse_u64(bytes_of_text(slash + 1), UINT16_MAX, &number) || number == 0)
        return error_set(err, STATUS_USAGE, "%s: the URL of an issuance log ends with its number", log->url);
    log->followed.log_number = (uint16_t)number;
    return STATUS_OK;
}

static enum status read_policy(struct trust_store *store, const char *path, struct error *err)
{
    struct builder text;
    if (path == NULL)
        return STATUS_OK;
    builder_init(&text, INPUT_SIZE_MAX);
    enum status s = input_read(path, INPUT_SIZE_MAX, &text, err);
    if (s == STATUS_OK)
        s = error_prefix(err, policy_text_read(builder_view(&text), store, err), "%s", path);
    builder_clear(&text);
    return s;
}

static enum status set_mtc(struct audit_log *log, const char *ca_file, const char *policy, const struct algorithms *algorithms,
                           struct error *err)
{
    struct input_blocks blocks = {.count = 0};
    struct ca_certificate ca;
    log->followed.kind = LOG_KIND_MTC;
    enum status s = set_number(log, err);
    if (s == STATUS_OK)
        s = trust_store_new(algorithms, &log->store, err);
    if (s == STATUS_OK)
        s = input_read_certificates(ca_file, &blocks, err);
    if (s == STATUS_OK)
        s = ca_certificate_parse(input_block_der(&blocks, 0), &ca, err);
    if (s == STATUS_OK)
        s = trust_store_add_ca(log->store, input_block_der(&blocks, 0), err);
    if (s == STATUS_OK)
        s = read_policy(log->store, policy, err);
    if (s == STATUS_OK) {
        log->followed.ca = trust_store_find_ca(log->store, ca.name);
        log->followed.store = log->store;
    }
    input_blocks_clear(&blocks);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "%s", ca_file);
}

/* ---- all of them ---- */

/* "KIND URL KEY", with blanks. */
static enum status add_named(struct audit_logs *logs, const char *text, const struct options *options, uint64_t mmd_s,
                             const struct algorithms *algorithms, struct error *err)
{
    char kind_name[16], url[LOG_FOLLOWER_URL_MAX], key[2048];
    enum log_kind kind;
    enum status s;
    if (sscanf(text, "%15s %511s %2047s", kind_name, url, key) != 3 || !log_kind_parse(kind_name, &kind))
        return error_set(err, STATUS_USAGE, "--log \"%.80s\": it is \"rfc6962|static-ct URL KEY\" or \"mtc URL CA-FILE\"", text);
    struct audit_log *log = add(logs, url, err, &s);
    if (log == NULL)
        return s;
    s = kind == LOG_KIND_MTC ? set_mtc(log, key, options_value(options, "policy"), algorithms, err)
                             : set_ct(log, kind, key, mmd_s, algorithms, err);
    return s == STATUS_OK ? open_source(log, err) : s;
}

static enum status set_mirrors(const struct options *options, struct audit_logs *logs, struct error *err)
{
    size_t at = 0;
    const char *url;
    while ((url = options_next(options, "mirror", &at)) != NULL) {
        if (logs->count != 1 || logs->mirror_count == LOG_FOLLOWER_MIRRORS_MAX)
            return error_set(err, STATUS_USAGE, "--mirror: at most %d, of one single log", LOG_FOLLOWER_MIRRORS_MAX);
        logs->mirrors[logs->mirror_count++] = url;
        logs->items[0]->followed.mirrors = logs->mirrors;
        logs->items[0]->followed.mirror_count = logs->mirror_count;
    }
    return STATUS_OK;
}

enum status audit_logs_load(const struct options *options, const struct algorithms *algorithms, struct audit_logs *out,
                            struct error *err)
{
    size_t at = 0;
    const char *value;
    uint64_t mmd_s = MMD_DEFAULT_S;
    *out = (struct audit_logs){.count = 0};
    enum status s = options_number(options, "mmd", UINT32_MAX, &mmd_s, err);
    while (s == STATUS_OK && (value = options_next(options, "log-list", &at)) != NULL)
        s = load_list(out, value, algorithms, err);
    at = 0;
    while (s == STATUS_OK && (value = options_next(options, "log", &at)) != NULL)
        s = add_named(out, value, options, mmd_s, algorithms, err);
    if (s == STATUS_OK)
        s = set_mirrors(options, out, err);
    if (s == STATUS_OK && out->count == 0)
        s = error_set(err, STATUS_USAGE, "no log: give --log-list or --log");
    uint64_t minimum_index = 0;
    if (s == STATUS_OK)
        s = options_number(options, "minimum-index", UINT64_MAX, &minimum_index, err);
    for (size_t i = 0; i < out->count; i++) {
        out->items[i]->followed.ca_file = options_value(options, "ca-file");
        out->items[i]->followed.minimum_index = minimum_index;
    }
    return s;
}

void audit_logs_clear(struct audit_logs *logs)
{
    for (size_t i = 0; i < logs->count; i++) {
        public_key_free(logs->items[i]->key);
        trust_store_free(logs->items[i]->store);
        posix_object_store_close(logs->items[i]->directory);
        free(logs->items[i]);
    }
    free(logs->items);
    *logs = (struct audit_logs){.count = 0};
}

size_t audit_logs_find(const struct audit_logs *logs, struct bytes log_id)
{
    size_t i = 0;
    while (i < logs->count && (logs->items[i]->suite == NULL || !bytes_equal(BYTES_OF(logs->items[i]->log_id), log_id)))
        i++;
    return i;
}
