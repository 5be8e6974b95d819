#include "trust/trust_round.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "adapters/posix/posix_record_store.h"
#include "input.h"
#include "output.h"
#include "service/landmark_update/revocation_update.h"
#include "trust/trust_directory.h"
#include "trust/trust_report.h"

/* What will be held of the log that is asked. */
struct log_step {
    bool is_open; /* there is something */
    struct trust_bundle bundle;
    struct builder note;
    bool is_changed;    /* against the directory */
    bool has_landmarks; /* they were taken in this round */
    size_t new_landmarks, tile_count;
    char url[LANDMARK_UPDATE_URL_MAX];
};

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
    struct log_step step;
    bool is_over, is_last; /* the log's landmarks are; it is the CA's last one */
    struct error reason;   /* the first failure of the log */
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

/* ---- what is to be held of one log ---- */

static void clear_step(struct log_step *step)
{
    trust_bundle_clear(&step->bundle);
    builder_clear(&step->note);
    *step = (struct log_step){.is_open = false};
}

static enum status copy_items(const struct array *from, struct array *to, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < from->count; i++)
        s = array_insert(to, i, array_at(from, i), "what is held of a log", err);
    return s;
}

/* The bundle of a log alone borrows nothing. */
static enum status fill_step(struct log_step *step, const struct trust_bundle *from, struct bytes note, struct error *err)
{
    clear_step(step);
    trust_bundle_init(&step->bundle);
    step->is_open = true;
    step->bundle.version = from->version;
    step->bundle.issued_s = from->issued_s;
    builder_init(&step->note, NOTE_SIZE_MAX);
    builder_bytes(&step->note, note);
    enum status s = builder_status(&step->note, "checkpoint", err);
    if (s == STATUS_OK)
        s = copy_items(&from->logs, &step->bundle.logs, err);
    if (s == STATUS_OK)
        s = copy_items(&from->landmarks, &step->bundle.landmarks, err);
    if (s == STATUS_OK)
        s = copy_items(&from->revoked, &step->bundle.revoked, err);
    if (s != STATUS_OK)
        clear_step(step);
    return s;
}

/* ---- one log after the other ---- */

static void fail(struct trust_round *r, enum status status, const char *text)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&current(r)->id, id);
    output_error("trust update: %s log %u: %s", id, r->log_number, text);
    /* The first failure has said what is wrong; the worst decides. */
    if (r->reason.status == STATUS_OK)
        (void)error_set(&r->reason, status, "%s", text);
    /* What is to be asked again later is no answer, like a log that cannot be reached. */
    int exit_status = status == STATUS_AGAIN ? EXIT_SURROUNDINGS : (int)output_exit_status(ROLE_OBJECT, status);
    r->exit_status = output_worse(r->exit_status, exit_status);
}

static uint16_t first_number(const struct trust_ca *ca)
{
    uint16_t number = (uint16_t)(ca->min_serial >> 48);
    return number == 0 ? 1 : number;
}

static void report(const struct trust_round *r, struct bytes revocations)
{
    const struct log_step *step = &r->step;
    struct trust_report report = {
        .ca_id = &current(r)->id, .log_number = r->log_number, .url = step->has_landmarks ? step->url : NULL,
        .reason = r->reason.status != STATUS_OK ? r->reason.text : NULL, .has_landmarks = step->has_landmarks,
        .bundle = step->is_open ? &step->bundle : NULL, .new_landmarks = step->new_landmarks, .tile_count = step->tile_count,
        .revocations = step->is_open ? revocations : bytes_of(NULL, 0), .now_s = now_s(r)};
    if (r->settings.is_json)
        trust_report_json(&report);
    else
        trust_report_lines(&report);
}

/* Writes what is new, and goes on. */
static void end_log(struct trust_round *r, struct bytes revocations)
{
    struct error err = {.status = STATUS_OK};
    struct log_step *step = &r->step;
    enum status s = STATUS_OK;
    if (step->is_open && step->is_changed)
        s = trust_directory_write_log(r->settings.dir, &step->bundle, builder_view(&step->note), revocations, &err);
    if (s != STATUS_OK)
        fail(r, s, err.text);
    if (!r->is_over || step->is_changed || r->reason.status != STATUS_OK)
        report(r, revocations);
    clear_step(step);
    next_log(r);
}

/* ---- what is revoked ---- */

/* The file that is held says until when it counts as new. */
static bool is_held_fresh(const struct trust_round *r)
{
    struct revocations held;
    revocations_init(&held);
    bool is_fresh = r->log.held_revocations.len > 0 && revocation_check_read(r->log.held_revocations, &held, NULL) == STATUS_OK &&
                    held.next_s >= now_s(r);
    revocations_clear(&held);
    return is_fresh;
}

static void judge_revocations(struct trust_round *r, const struct revocation_update_result *result)
{
    bool is_held = r->log.held_revocations.len > 0;
    if (result->status == STATUS_OK && result->is_overdue)
        fail(r, STATUS_REFUSED, "revocations: the file is overdue: what was revoked since it was signed is not known");
    else if (result->status == STATUS_NOT_FOUND && is_held && !r->is_over) /* a log whose time is over may lose its file */
        fail(r, STATUS_IO, "revocations: a file was there before, and there is none now");
    /* A CA that is away for a while is no reason to complain. */
    else if (result->status != STATUS_OK && result->status != STATUS_NOT_FOUND &&
             (result->status != STATUS_IO || !is_held_fresh(r)))
        fail(r, result->status, result->error->text);
}

static void on_revoked(void *cookie, const struct revocation_update_result *result)
{
    struct trust_round *r = cookie;
    struct error err = {.status = STATUS_OK};
    struct bytes file = result->status == STATUS_OK ? result->file : r->log.held_revocations;
    bool is_new = result->status == STATUS_OK && result->is_changed;
    judge_revocations(r, result);
    enum status s = revocation_check_apply(r->log.held, is_new ? file : bytes_of(NULL, 0), &r->step.bundle, &err);
    if (s != STATUS_OK) {
        fail(r, s, err.text);
        r->step.is_changed = false;
    } else if (is_new && !r->step.is_changed && r->log.held != NULL) {
        r->step.bundle.version = r->log.held->version + 1;
        r->step.bundle.issued_s = now_s(r);
    }
    r->step.is_changed = s == STATUS_OK && (r->step.is_changed || is_new);
    end_log(r, file);
}

static void ask_revocations(struct trust_round *r)
{
    struct error err = {.status = STATUS_OK};
    if (revocation_update_start(&r->settings.ports, &r->log, on_revoked, r, &err) == STATUS_OK)
        return;
    fail(r, err.status, err.text);
    r->step.is_changed = false;
    end_log(r, r->log.held_revocations);
}

/* ---- landmarks ---- */

/* Keeps what the log has said, or what was held when it said nothing good: what is revoked counts in both cases. */
static void keep(struct trust_round *r, const struct landmark_update_result *result)
{
    struct error err = {.status = STATUS_OK};
    bool is_good = result->status == STATUS_OK;
    const struct trust_bundle *from = is_good ? result->bundle : r->log.held;
    enum status s = from == NULL ? STATUS_OK : fill_step(&r->step, from, is_good ? result->note : r->log.held_note, &err);
    if (s != STATUS_OK)
        fail(r, s, err.text);
    if (!r->step.is_open || !is_good)
        return;
    r->step.has_landmarks = true;
    r->step.is_changed = result->is_changed;
    r->step.new_landmarks = result->new_landmarks;
    r->step.tile_count = result->tile_count;
    (void)snprintf(r->step.url, sizeof r->step.url, "%s", result->url);
}

static void on_updated(void *cookie, const struct landmark_update_result *result)
{
    struct trust_round *r = cookie;
    enum status s = result->status;
    bool is_first = r->log_number == first_number(r->log.ca);
    /* Whether there is a log behind the last one is a guess: nobody has to answer. */
    bool is_absent = r->log.held == NULL && (s == STATUS_NOT_FOUND || (s == STATUS_IO && !is_first));
    const struct trust_directory_log *next =
        r->log_number < UINT16_MAX ? trust_directory_log_of(r->directory, &current(r)->id, (uint16_t)(r->log_number + 1)) : NULL;
    /* Behind a log that is not there, and not known, there is none. */
    r->is_last = is_absent || (s != STATUS_OK && next == NULL);
    if (result->evidence.len > 0)
        keep_evidence(r, result->evidence);
    if (is_absent) {
        if (is_first)
            fail(r, STATUS_IO, result->error->text);
        next_log(r);
        return;
    }
    if (s != STATUS_OK)
        fail(r, s, result->error->text);
    keep(r, result);
    if (r->step.is_open)
        ask_revocations(r);
    else
        end_log(r, bytes_of(NULL, 0));
}

/* A log that has a successor, and whose landmarks are all over, has nothing more to say about them. */
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
    r->reason = (struct error){.status = STATUS_OK};
    r->is_over = is_over(r, r->log_number);
    r->is_last = false;
    if (held != NULL) {
        r->log.held = &held->bundle;
        r->log.held_note = held->note;
        r->log.held_revocations = held->revocations;
    }
    if (!r->is_over)
        return landmark_update_start(&r->settings.ports, &r->log, on_updated, r, err);
    enum status s = fill_step(&r->step, &held->bundle, held->note, err);
    return s == STATUS_OK ? revocation_update_start(&r->settings.ports, &r->log, on_revoked, r, err) : s;
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
    r->log_number = (uint16_t)number;
    return number <= last;
}

static void next_log(struct trust_round *r)
{
    struct error err = {.status = STATUS_OK};
    if (r->is_last) {
        r->is_last = false;
        r->ca_at++;
        r->log_number = 0;
    }
    while (r->ca_at < r->directory->bundle.cas.count) {
        const struct trust_ca *ca = find_ca(r);
        if (ca != NULL && current(r)->url_count > 0 && set_number(r, ca)) {
            if (start_log(r, ca, &err) == STATUS_OK)
                return;
            fail(r, err.status, err.text);
            clear_step(&r->step);
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
    clear_step(&round->step);
    trust_directory_free(round->directory);
    posix_record_store_close(round->lock);
    free(round);
}
