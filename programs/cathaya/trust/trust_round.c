#include "trust/trust_round.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "adapters/posix/posix_record_store.h"
#include "base/civil_time.h"
#include "input.h"
#include "output.h"
#include "trust/trust_directory.h"

struct trust_round {
    struct trust_round_settings settings;
    void (*done)(void *cookie, int exit_status);
    void *cookie;
    struct posix_record_store *lock;
    struct trust_directory *directory;
    size_t ca_at;
    uint16_t log_number; /* 0: the next CA begins */
    struct bytes urls[TRUST_BUNDLE_URLS_PER_CA_MAX];
    struct landmark_update_log log;
    int exit_status;
};

static void next_log(struct trust_round *r);

static int64_t now_s(const struct trust_round *r)
{
    const struct clock_port *clock = &r->settings.ports.clock;
    return clock->now_ms(clock->context) / 1000;
}

static const struct trust_bundle_ca *current(const struct trust_round *r)
{
    return trust_bundle_ca_at(&r->directory->bundle, r->ca_at);
}

/* ---- reporting ---- */

static void report_json(const struct trust_round *r, const struct landmark_update_result *result)
{
    char id[TAI_TEXT_SIZE];
    json_t *o = json_object();
    tai_text(&current(r)->id, id);
    json_object_set_new(o, "ca", json_string(id));
    json_object_set_new(o, "log", json_integer(r->log_number));
    output_json_text(o, "url", result->url);
    json_object_set_new(o, "ok", json_boolean(result->status == STATUS_OK));
    json_object_set_new(o, "reason", json_null());
    if (result->status != STATUS_OK)
        output_json_text(o, "reason", result->error->text);
    if (result->status == STATUS_OK) {
        const struct trust_bundle_log *log = trust_bundle_log_at(result->bundle, 0);
        uint64_t latest = log->landmark_count == 0 ? 0 : log->first_landmark + log->landmark_count - 1;
        json_object_set_new(o, "landmark", json_integer((json_int_t)latest));
        json_object_set_new(o, "active", json_integer((json_int_t)log->landmark_count));
        json_object_set_new(o, "new", json_integer((json_int_t)result->new_landmarks));
        json_object_set_new(o, "tiles", json_integer((json_int_t)result->tile_count));
    }
    output_json(o);
}

static void report_line(const struct trust_round *r, const struct landmark_update_result *result)
{
    char id[TAI_TEXT_SIZE], until[CIVIL_TIME_TEXT_SIZE];
    const struct trust_bundle_log *log = trust_bundle_log_at(result->bundle, 0);
    tai_text(&current(r)->id, id);
    if (log->landmark_count == 0) {
        output_line("%s log %u: no active landmarks", id, r->log_number);
        return;
    }
    const struct trust_bundle_landmark *last = trust_bundle_landmark_at(result->bundle, log, log->landmark_count - 1);
    civil_time_format(last->expiry_s, until);
    output_line("%s log %u: landmark %llu at %llu entries until %s, %zu active, %zu new, %zu tiles fetched", id, r->log_number,
                (unsigned long long)(log->first_landmark + log->landmark_count - 1), (unsigned long long)last->tree_size, until,
                log->landmark_count, result->new_landmarks, result->tile_count);
}

/* ---- evidence ---- */

static void keep_evidence(const struct trust_round *r, struct bytes evidence)
{
    char folder[PATH_MAX], path[PATH_MAX], id[TAI_TEXT_SIZE];
    struct error err = {.status = STATUS_OK};
    tai_text(&current(r)->id, id);
    int len = snprintf(folder, sizeof folder, "%s/evidence", r->settings.dir);
    int all = snprintf(path, sizeof path, "%s/evidence/%s-log-%u-%lld.evidence", r->settings.dir, id, r->log_number,
                       (long long)now_s(r));
    if (len < 0 || (size_t)len >= sizeof folder || all < 0 || (size_t)all >= sizeof path)
        return;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        output_error("%s: cannot make it", folder);
    else if (input_write_file(path, evidence, 0644, &err) != STATUS_OK)
        output_error("%s", err.text);
    else
        output_error("%s proves it: show it with `cathaya evidence verify`", path);
}

/* ---- one log after the other ---- */

static void fail(struct trust_round *r, enum status status, const char *text)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&current(r)->id, id);
    output_error("trust update: %s log %u: %s", id, r->log_number, text);
    /* The first failure has said what is wrong; the worst decides. */
    r->exit_status = output_worse(r->exit_status, (int)output_exit_status(ROLE_OBJECT, status));
}

static uint16_t first_number(const struct trust_ca *ca)
{
    uint16_t number = (uint16_t)(ca->min_serial >> 48);
    return number == 0 ? 1 : number;
}

static void on_updated(void *cookie, const struct landmark_update_result *result)
{
    struct trust_round *r = cookie;
    struct error err = {.status = STATUS_OK};
    enum status s = result->status;
    bool is_first = r->log_number == first_number(r->log.ca);
    /* Whether there is a log behind the last one is a guess: nobody has to answer. */
    bool is_absent = r->log.held == NULL && (s == STATUS_NOT_FOUND || (s == STATUS_IO && !is_first));
    if (s == STATUS_OK && result->is_changed)
        s = trust_directory_write_log(r->settings.dir, result->bundle, result->note, &err);
    if (s != STATUS_OK && !is_absent)
        fail(r, s, result->status != STATUS_OK ? result->error->text : err.text);
    if (result->evidence.len > 0)
        keep_evidence(r, result->evidence);
    if (r->settings.is_json && !is_absent)
        report_json(r, result);
    else if (s == STATUS_OK)
        report_line(r, result);
    /* Behind a log that is not there, and not known, there is none. */
    if (is_absent && is_first)
        fail(r, STATUS_IO, result->error->text);
    const struct trust_directory_log *next =
        r->log_number < UINT16_MAX ? trust_directory_log_of(r->directory, &current(r)->id, (uint16_t)(r->log_number + 1)) : NULL;
    if (is_absent || (s != STATUS_OK && next == NULL)) {
        r->ca_at++;
        r->log_number = 0;
    }
    next_log(r);
}

/* A log that has a successor, and whose landmarks are all over, has nothing more to say. */
static bool is_over(const struct trust_round *r, uint16_t number)
{
    const struct trust_directory_log *held = trust_directory_log_of(r->directory, &current(r)->id, number);
    if (held == NULL || number == UINT16_MAX ||
        trust_directory_log_of(r->directory, &current(r)->id, (uint16_t)(number + 1)) == NULL)
        return false;
    const struct trust_bundle_log *log = trust_bundle_log_at(&held->bundle, 0);
    return log->landmark_count == 0 ||
           trust_bundle_landmark_at(&held->bundle, log, log->landmark_count - 1)->expiry_s < now_s(r);
}

static enum status start_log(struct trust_round *r, const struct trust_ca *ca, struct error *err)
{
    const struct trust_bundle_ca *from = current(r);
    const struct trust_directory_log *held = trust_directory_log_of(r->directory, &from->id, r->log_number);
    for (size_t i = 0; i < from->url_count; i++)
        r->urls[i] = trust_bundle_url(&r->directory->bundle, from, i);
    r->log = (struct landmark_update_log){.ca = ca, .store = r->directory->contents->store, .log_number = r->log_number,
                                          .urls = r->urls, .url_count = from->url_count, .ca_file = r->settings.ca_file};
    if (held != NULL) {
        r->log.held = &held->bundle;
        r->log.held_note = held->note;
    }
    return landmark_update_start(&r->settings.ports, &r->log, on_updated, r, err);
}

/* The CA of the store that belongs to the bundle's. */
static const struct trust_ca *find_ca(const struct trust_round *r)
{
    struct ca_certificate parsed;
    if (ca_certificate_parse(current(r)->certificate, &parsed, NULL) != STATUS_OK)
        return NULL;
    return trust_store_find_ca(r->directory->contents->store, parsed.name);
}

/* The number of the next log of the current CA to be asked; false: there is none. */
static bool set_number(struct trust_round *r, const struct trust_ca *ca)
{
    uint16_t last = (uint16_t)(ca->max_serial >> 48);
    uint32_t number = r->log_number == 0 ? first_number(ca) : r->log_number + 1U;
    while (number <= last && is_over(r, (uint16_t)number))
        number++;
    r->log_number = (uint16_t)number;
    return number <= last;
}

static void next_log(struct trust_round *r)
{
    struct error err = {.status = STATUS_OK};
    while (r->ca_at < r->directory->bundle.cas.count) {
        const struct trust_ca *ca = find_ca(r);
        if (ca != NULL && current(r)->url_count > 0 && set_number(r, ca)) {
            if (start_log(r, ca, &err) == STATUS_OK)
                return;
            fail(r, err.status, err.text);
        }
        r->ca_at++;
        r->log_number = 0;
    }
    r->done(r->cookie, r->exit_status);
}

/* ---- the whole ---- */

static bool has_work(const struct trust_bundle *b)
{
    for (size_t i = 0; i < b->cas.count; i++)
        if (trust_bundle_ca_at(b, i)->url_count > 0)
            return true;
    return false;
}

static enum status open_round(struct trust_round *r, struct error *err)
{
    struct trust_contents_settings settings = {.now_s = now_s(r)};
    enum status s = posix_record_store_open(r->settings.dir, false, &r->lock, err);
    if (s == STATUS_OK)
        s = trust_directory_load(r->settings.dir, r->settings.algorithms, &settings, &r->directory, err);
    if (s == STATUS_OK && !has_work(&r->directory->bundle))
        s = error_set(err, STATUS_USAGE, "%s: no MTC CA with a URL: import one with --ca FILE --log-url URL", r->settings.dir);
    return s;
}

enum status trust_round_start(const struct trust_round_settings *settings, void (*done)(void *cookie, int exit_status),
                              void *cookie, struct trust_round **out, struct error *err)
{
    struct trust_round *r = calloc(1, sizeof *r);
    *out = NULL;
    if (r == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *r = (struct trust_round){.settings = *settings, .done = done, .cookie = cookie, .exit_status = EXIT_YES};
    enum status s = open_round(r, err);
    if (s != STATUS_OK) {
        trust_round_free(r);
        return s;
    }
    *out = r;
    next_log(r);
    return STATUS_OK;
}

void trust_round_free(struct trust_round *round)
{
    if (round == NULL)
        return;
    trust_directory_free(round->directory);
    posix_record_store_close(round->lock);
    free(round);
}
