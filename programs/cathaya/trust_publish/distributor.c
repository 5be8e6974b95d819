#include "trust_publish/distributor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"

struct distributor {
    const struct publish_config *config;
    struct curl_fetch *fetch;
    struct events_port events;
    struct serial_worker *worker;
    struct document_signer signers[TRUST_PUBLISHER_SIGNERS_MAX];
    struct cosigner log_signers[TRUST_PUBLISHER_SIGNERS_MAX];
    size_t log_signer_count;
    /* While it is open. */
    struct posix_record_store *record;
    struct posix_object_store *state, *published, *log;
    struct trust_publisher *publisher;
    /* While it builds. */
    struct publish_input *input;
    trust_publisher_done *done;
    void *cookie;
};

/* ---- keys ---- */

static void fill_signers(struct distributor *d)
{
    static const struct tai none;
    const struct publish_config *config = d->config;
    bool has_own = config->log_key_count > 0;
    const struct publish_config_key *keys = has_own ? config->log_keys : config->keys;
    for (size_t i = 0; i < config->key_count; i++)
        d->signers[i] = key_file_document_signer(&config->keys[i].key);
    d->log_signer_count = has_own ? config->log_key_count : config->key_count;
    for (size_t i = 0; i < d->log_signer_count; i++) {
        d->log_signers[i] = key_file_cosigner(&keys[i].key, &none);
        d->log_signers[i].name = config->origin;
    }
}

/* ---- opening ---- */

static enum status make_folder(const char *path, mode_t mode, struct error *err)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "%s: %s", path, strerror(errno));
}

static enum status open_stores(struct distributor *d, struct error *err)
{
    char path[PUBLISH_CONFIG_PATH_MAX + 8];
    enum status s = make_folder(d->config->directory, 0700, err);
    if (s == STATUS_OK)
        s = posix_record_store_open(d->config->directory, true, &d->record, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(d->config->directory, POSIX_PRIVATE, true, &d->state, err);
    if (s == STATUS_OK)
        s = make_folder(d->config->publish, 0755, err);
    if (s == STATUS_OK)
        s = posix_object_store_open(d->config->publish, POSIX_PUBLIC, true, &d->published, err);
    (void)snprintf(path, sizeof path, "%s/log", d->config->publish);
    return s == STATUS_OK ? posix_object_store_open(path, POSIX_PUBLIC, true, &d->log, err) : s;
}

static void close_all(struct distributor *d)
{
    trust_publisher_close(d->publisher);
    posix_object_store_close(d->log);
    posix_object_store_close(d->published);
    posix_object_store_close(d->state);
    posix_record_store_close(d->record);
    d->publisher = NULL;
    d->log = d->published = d->state = NULL;
    d->record = NULL;
}

static enum status open_publisher(struct distributor *d, struct error *err)
{
    const struct publish_config *from = d->config;
    const struct trust_publisher_config config = {.origin = from->origin,
                                                  .state = posix_object_store_port(d->state),
                                                  .record = posix_record_store_port(d->record),
                                                  .log = posix_object_store_port(d->log),
                                                  .published = posix_object_store_port(d->published),
                                                  .signers = d->signers,
                                                  .signer_count = from->key_count,
                                                  .log_signers = d->log_signers,
                                                  .log_signer_count = d->log_signer_count,
                                                  .algorithms = from->algorithms,
                                                  .fetch = curl_fetch_port(d->fetch),
                                                  .clock = posix_clock(),
                                                  .work = serial_worker_port(d->worker),
                                                  .events = d->events,
                                                  .ca_file = from->ca_file[0] != '\0' ? from->ca_file : NULL,
                                                  .valid_for_s = from->valid_for_s,
                                                  .delta_count = from->delta_count,
                                                  .bundle_count = from->bundle_count};
    return trust_publisher_open(&config, &d->publisher, err);
}

enum status distributor_open(struct distributor *d, struct error *err)
{
    if (d->publisher != NULL)
        return STATUS_OK;
    enum status s = open_stores(d, err);
    if (s == STATUS_OK)
        s = open_publisher(d, err);
    if (s != STATUS_OK)
        close_all(d);
    return s;
}

/* ---- a build ---- */

static void on_built(void *cookie, const struct trust_publisher_report *report)
{
    struct distributor *d = cookie;
    d->done(d->cookie, report);
    publish_input_free(d->input);
    d->input = NULL;
    if (trust_publisher_has_failed(d->publisher))
        close_all(d);
}

enum status distributor_build(struct distributor *d, trust_publisher_done *done, void *cookie, struct error *err)
{
    struct clock_port clock = posix_clock();
    if (d->input != NULL)
        return error_set(err, STATUS_CONFLICT, "a build is under way");
    enum status s = distributor_open(d, err);
    if (s == STATUS_OK)
        s = publish_input_read(d->config, clock.now_ms(clock.context) / 1000, &d->input, err);
    if (s != STATUS_OK)
        return s;
    d->done = done;
    d->cookie = cookie;
    s = trust_publisher_build(d->publisher, publish_input_get(d->input), on_built, d, err);
    if (s != STATUS_OK) {
        publish_input_free(d->input);
        d->input = NULL;
    }
    return s;
}

/* ---- questions, life ---- */

bool distributor_is_busy(const struct distributor *d)
{
    return d->input != NULL;
}

const struct publish_input *distributor_input(const struct distributor *d)
{
    return d->input;
}

uint64_t distributor_version(const struct distributor *d, int64_t *issued_s, int64_t *expires_s)
{
    *issued_s = *expires_s = 0;
    return d->publisher != NULL ? trust_publisher_version(d->publisher, issued_s, expires_s) : 0;
}

enum status distributor_new(const struct publish_config *config, struct event_loop *loop, struct curl_fetch *fetch,
                            const struct events_port *events, struct distributor **out, struct error *err)
{
    struct distributor *d = calloc(1, sizeof *d);
    *out = NULL;
    if (d == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    d->config = config;
    d->fetch = fetch;
    d->events = *events;
    fill_signers(d);
    enum status s = serial_worker_new(loop, &d->worker, err);
    if (s != STATUS_OK) {
        free(d);
        return s;
    }
    *out = d;
    return STATUS_OK;
}

void distributor_free(struct distributor *d)
{
    if (d == NULL)
        return;
    serial_worker_free(d->worker); /* the last job ends before what it touches goes */
    close_all(d);
    publish_input_free(d->input);
    free(d);
}
