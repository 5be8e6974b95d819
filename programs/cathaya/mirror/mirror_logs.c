#include "mirror/mirror_logs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/event_loop/serial_worker.h"
#include "adapters/http_server/static_files.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "base/text.h"

#define ORIGIN_HASH_SIZE (2 * HASH_SIZE + 1)
#define PREFIX_SIZE (128 + ORIGIN_HASH_SIZE + 1)
#define LOG_NUMBER_MAX 65535

/* What belongs to one log. */
struct open_log {
    struct posix_record_store *record;
    struct posix_object_store *private, *tiles, *witness;
    struct serial_worker *worker;
    struct static_files *served_tiles, *served_witness;
    char hash[ORIGIN_HASH_SIZE];
    char tiles_prefix[PREFIX_SIZE], witness_prefix[PREFIX_SIZE];
};

struct mirror_logs {
    const struct mirror_config_file *config;
    struct event_loop *loop;
    struct http_server *server;
    struct open_log *logs[MIRROR_LOGS_MAX];
    size_t count;
};

static enum status make_directory(const char *path, mode_t mode, struct error *err)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status join(const char *directory, const char *name, char out[MIRROR_CONFIG_PATH_MAX],
                        struct error *err)
{
    if (snprintf(out, MIRROR_CONFIG_PATH_MAX, "%s/%s", directory, name) < MIRROR_CONFIG_PATH_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "%.80s...: path too long", directory);
}

enum status mirror_logs_new(const struct mirror_config_file *config, struct event_loop *loop,
                            struct http_server *server, struct mirror_logs **out, struct error *err)
{
    static const struct {
        const char *name;
        mode_t mode;
    } parts[] = {{"logs", 0700}, {"mirror", 0755}, {"witness", 0755}};
    char path[MIRROR_CONFIG_PATH_MAX];
    *out = NULL;
    enum status s = make_directory(config->directory, 0755, err);
    for (size_t i = 0; i < 3 && s == STATUS_OK; i++) {
        s = join(config->directory, parts[i].name, path, err);
        if (s == STATUS_OK)
            s = make_directory(path, parts[i].mode, err);
    }
    if (s != STATUS_OK)
        return s;
    struct mirror_logs *logs = calloc(1, sizeof *logs);
    if (logs == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *logs = (struct mirror_logs){.config = config, .loop = loop, .server = server};
    *out = logs;
    return STATUS_OK;
}

static void close_stores(struct open_log *log)
{
    posix_object_store_close(log->private);
    posix_object_store_close(log->tiles);
    posix_object_store_close(log->witness);
    posix_record_store_close(log->record);
    log->private = log->tiles = log->witness = NULL;
    log->record = NULL;
}

static void close_log(struct open_log *log)
{
    serial_worker_free(log->worker);
    static_files_free(log->served_tiles);
    static_files_free(log->served_witness);
    close_stores(log);
    free(log);
}

static enum status hash_origin(const char *origin, char out[ORIGIN_HASH_SIZE], struct error *err)
{
    uint8_t digest[HASH_SIZE];
    struct bytes part = bytes_of_text(origin);
    if (!hash_label_sha256(&part, 1, digest))
        return error_set(err, STATUS_NO_MEMORY, "hashing failed");
    text_hex(BYTES_OF(digest), out);
    return STATUS_OK;
}

/* DIR/part/HASH */
static enum status log_path(const struct mirror_logs *logs, const char *part, const char *hash,
                            char out[MIRROR_CONFIG_PATH_MAX], struct error *err)
{
    char name[16 + ORIGIN_HASH_SIZE];
    (void)snprintf(name, sizeof name, "%s/%s", part, hash);
    return join(logs->config->directory, name, out, err);
}

static enum status open_stores(struct mirror_logs *logs, struct open_log *log, const char *hash,
                               struct error *err)
{
    char path[MIRROR_CONFIG_PATH_MAX];
    enum status s = log_path(logs, "logs", hash, path, err);
    if (s == STATUS_OK)
        s = posix_record_store_open(path, true, &log->record, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(path, POSIX_PRIVATE, true, &log->private, err);
    if (s == STATUS_OK)
        s = log_path(logs, "mirror", hash, path, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(path, POSIX_PUBLIC, true, &log->tiles, err);
    if (s == STATUS_OK)
        s = log_path(logs, "witness", hash, path, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(path, POSIX_PUBLIC, true, &log->witness, err);
    return s;
}

static enum status serve(struct mirror_logs *logs, const char *part, const char *hash,
                         const char *prefix, struct static_files **out, struct error *err)
{
    char path[MIRROR_CONFIG_PATH_MAX];
    enum status s = log_path(logs, part, hash, path, err);
    struct static_files_settings settings = {.directory = path, .prefix = prefix};
    if (s == STATUS_OK)
        s = static_files_new(&settings, out, err);
    if (s != STATUS_OK)
        return s;
    struct http_handler handler = static_files_handler(*out);
    return http_server_add_route(logs->server, prefix, &handler, err);
}

static bool has_witness(const struct mirror_config_file *config)
{
    for (size_t i = 0; i < config->cosigner_count; i++)
        if (config->cosigners[i].role == MIRROR_ROLE_WITNESS)
            return true;
    return false;
}

static void set_stores(const struct mirror_logs *logs, const struct open_log *log, struct mirror_log_config *settings)
{
    settings->record = posix_record_store_port(log->record);
    settings->evidence = posix_object_store_port(log->private);
    settings->tiles = posix_object_store_port(log->tiles);
    if (has_witness(logs->config))
        settings->witness = posix_object_store_port(log->witness);
}

enum status mirror_logs_reopen(void *context, struct mirror_log_config *config, struct error *err)
{
    struct mirror_logs *logs = context;
    char hash[ORIGIN_HASH_SIZE];
    enum status s = hash_origin(config->origin, hash, err);
    for (size_t i = 0; s == STATUS_OK && i < logs->count; i++) {
        struct open_log *log = logs->logs[i];
        if (memcmp(log->hash, hash, sizeof hash) != 0)
            continue;
        close_stores(log); /* the lock is one of them */
        s = open_stores(logs, log, hash, err);
        if (s == STATUS_OK)
            set_stores(logs, log, config);
        else
            close_stores(log);
        return s;
    }
    return s == STATUS_OK ? error_set(err, STATUS_NOT_FOUND, "log %s is not open", config->origin) : s;
}

/* Everything of a log, and then the log; settings has origin, hash and keys. */
static enum status open_log(struct mirror_logs *logs, struct mirror *mirror,
                            struct mirror_log_config *settings, struct error *err)
{
    char hash[ORIGIN_HASH_SIZE];
    const struct mirror_config_file *config = logs->config;
    struct open_log *log = logs->count < MIRROR_LOGS_MAX ? calloc(1, sizeof *log) : NULL;
    if (log == NULL)
        return error_set(err, STATUS_LIMIT, "no memory, or too many logs");
    enum status s = hash_origin(settings->origin, hash, err);
    memcpy(log->hash, hash, sizeof log->hash);
    if (s == STATUS_OK)
        s = open_stores(logs, log, hash, err);
    if (s == STATUS_OK)
        s = serial_worker_new(logs->loop, &log->worker, err);
    if (s != STATUS_OK) {
        close_log(log);
        return s;
    }
    set_stores(logs, log, settings);
    settings->work = serial_worker_port(log->worker);
    s = mirror_add_log(mirror, settings, err);
    if (s != STATUS_OK) {
        close_log(log); /* and its lock: somebody may ask again, after what was wrong has been mended */
        return s;
    }
    logs->logs[logs->count++] = log; /* the mirror has its stores from here on */
    (void)snprintf(log->tiles_prefix, sizeof log->tiles_prefix, "%s/%s", config->monitoring, hash);
    (void)snprintf(log->witness_prefix, sizeof log->witness_prefix, "%s/%s", config->witness, hash);
    if (s == STATUS_OK)
        s = serve(logs, "mirror", hash, log->tiles_prefix, &log->served_tiles, err);
    if (s == STATUS_OK && has_witness(config))
        s = serve(logs, "witness", hash, log->witness_prefix, &log->served_witness, err);
    return s;
}

/* ---- logs of CAs ---- */

void mirror_logs_ca_origin(const struct mirror_config_ca *ca, uint64_t number, char out[MIRROR_ORIGIN_MAX + 1])
{
    char name[TAI_NAME_SIZE];
    tai_name(&ca->id, name);
    (void)snprintf(out, MIRROR_ORIGIN_MAX + 1, "%s.0.%" PRIu64, name, number);
}

static enum status open_ca_log(struct mirror_logs *logs, struct mirror *mirror,
                               const struct mirror_config_ca *ca, uint64_t number,
                               struct error *err)
{
    struct mirror_log_config settings = {.hash = ca->hash, .key_count = 1};
    mirror_logs_ca_origin(ca, number, settings.origin);
    tai_name(&ca->id, settings.keys[0].name);
    settings.keys[0].key = ca->key;
    settings.keys[0].type = (enum note_key_type)public_key_alg(ca->key)->note_type;
    return open_log(logs, mirror, &settings, err);
}

static bool is_on_disk(const struct mirror_logs *logs, const char *origin)
{
    char hash[ORIGIN_HASH_SIZE], path[MIRROR_CONFIG_PATH_MAX];
    return hash_origin(origin, hash, NULL) == STATUS_OK &&
           log_path(logs, "logs", hash, path, NULL) == STATUS_OK && access(path, F_OK) == 0;
}

uint64_t mirror_logs_newest_used(const struct mirror *mirror, const struct mirror_config_ca *ca)
{
    uint64_t newest = 0;
    for (uint64_t number = 1; number <= newest + ca->next_logs && number <= LOG_NUMBER_MAX; number++) {
        char origin[MIRROR_ORIGIN_MAX + 1];
        mirror_logs_ca_origin(ca, number, origin);
        if (mirror_has_checkpoint(mirror, bytes_of_text(origin)))
            newest = number;
    }
    return newest;
}

/* Those that are on disk: numbers rise, with gaps smaller than what is accepted. */
static enum status open_ca(struct mirror_logs *logs, struct mirror *mirror,
                           const struct mirror_config_ca *ca, struct error *err)
{
    char origin[MIRROR_ORIGIN_MAX + 1];
    uint64_t last = 0;
    for (uint64_t number = 1; number <= last + ca->next_logs && number <= LOG_NUMBER_MAX; number++) {
        mirror_logs_ca_origin(ca, number, origin);
        if (!is_on_disk(logs, origin))
            continue;
        enum status s = open_ca_log(logs, mirror, ca, number, err);
        if (s != STATUS_OK)
            return s;
        last = number;
    }
    return STATUS_OK;
}

enum status mirror_logs_open(struct mirror_logs *logs, struct mirror *mirror, struct error *err)
{
    const struct mirror_config_file *config = logs->config;
    enum status s = STATUS_OK;
    for (size_t i = 0; i < config->log_count && s == STATUS_OK; i++) {
        const struct mirror_config_log *from = &config->logs[i];
        struct mirror_log_config settings = {.hash = from->hash, .key_count = from->key_count};
        (void)snprintf(settings.origin, sizeof settings.origin, "%s", from->origin);
        for (size_t k = 0; k < from->key_count; k++) {
            (void)snprintf(settings.keys[k].name, sizeof settings.keys[k].name, "%s",
                           from->keys[k].name);
            settings.keys[k].type = from->keys[k].type;
            settings.keys[k].key = from->keys[k].key;
        }
        s = open_log(logs, mirror, &settings, err);
    }
    for (size_t i = 0; i < config->ca_count && s == STATUS_OK; i++)
        s = open_ca(logs, mirror, &config->cas[i], err);
    return s;
}

enum status mirror_logs_open_unknown(void *context, struct mirror *mirror, struct bytes origin,
                                     struct error *err)
{
    struct mirror_logs *logs = context;
    for (size_t i = 0; i < logs->config->ca_count; i++) {
        const struct mirror_config_ca *ca = &logs->config->cas[i];
        char name[TAI_NAME_SIZE + 4];
        uint64_t number;
        tai_name(&ca->id, name);
        (void)snprintf(name + strlen(name), 4, ".0.");
        size_t len = strlen(name);
        if (origin.len <= len || !bytes_equal(bytes_of(origin.data, len), bytes_of_text(name)) ||
            !text_parse_u64(bytes_of(origin.data + len, origin.len - len), LOG_NUMBER_MAX, &number) ||
            number == 0)
            continue;
        /* Only what is within reach of a log that the CA has signed for: nobody else makes us open more. */
        uint64_t reach = number < ca->next_logs ? number : ca->next_logs;
        if (number <= ca->next_logs || mirror_logs_newest_used(mirror, ca) + reach >= number)
            return open_ca_log(logs, mirror, ca, number, err);
    }
    return error_set(err, STATUS_NOT_FOUND, "a log that is not known");
}

void mirror_logs_finish_work(struct mirror_logs *logs)
{
    for (size_t i = 0; i < logs->count; i++) {
        serial_worker_free(logs->logs[i]->worker);
        logs->logs[i]->worker = NULL;
    }
}

void mirror_logs_free(struct mirror_logs *logs)
{
    if (logs == NULL)
        return;
    for (size_t i = 0; i < logs->count; i++)
        close_log(logs->logs[i]);
    free(logs);
}
