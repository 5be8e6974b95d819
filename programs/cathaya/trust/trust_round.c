#include "trust/trust_round.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "adapters/posix/posix_record_store.h"
#include "input.h"
#include "output.h"
#include "service/landmark_update/log_round.h"
#include "trust/trust_directory.h"
#include "trust/trust_report.h"

struct trust_round {
    struct trust_round_settings settings;
    void (*done)(void *cookie, int exit_status);
    void *cookie;
    struct posix_record_store *lock;
    struct trust_directory *directory;
    int exit_status;
};

static int64_t now_s(const struct trust_round *r)
{
    const struct clock_port *clock = &r->settings.ports.clock;
    return clock->now_ms(clock->context) / 1000;
}

/* ---- what the round asks and says ---- */

static void held(void *context, const struct tai *ca_id, uint16_t log_number, struct log_round_held *out)
{
    const struct trust_round *r = context;
    const struct trust_directory_log *log = trust_directory_log_of(r->directory, ca_id, log_number);
    if (log != NULL)
        *out = (struct log_round_held){&log->bundle, log->note, log->revocations};
}

static void keep_evidence(void *context, const struct tai *ca_id, uint16_t log_number, struct bytes evidence)
{
    const struct trust_round *r = context;
    char folder[PATH_MAX], path[PATH_MAX], id[TAI_TEXT_SIZE];
    struct error err = {.status = STATUS_OK};
    tai_text(ca_id, id);
    int len = snprintf(folder, sizeof folder, "%s/evidence", r->settings.dir);
    int all = snprintf(path, sizeof path, "%s/evidence/%s-log-%u-%lld.evidence", r->settings.dir, id, log_number,
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

/* The worst decides. What is to be asked again later is no answer, like a log that cannot be reached. */
static void failed(void *context, const struct tai *ca_id, uint16_t log_number, enum status status, const char *text)
{
    struct trust_round *r = context;
    char id[TAI_TEXT_SIZE];
    tai_text(ca_id, id);
    output_error("trust update: %s log %u: %s", id, log_number, text);
    int exit_status = status == STATUS_AGAIN ? EXIT_SURROUNDINGS : (int)output_exit_status(ROLE_OBJECT, status);
    r->exit_status = output_worse(r->exit_status, exit_status);
}

static void report(const struct trust_round *r, const struct log_round_result *result, const char *reason)
{
    struct trust_report report = {.ca_id = result->ca_id, .log_number = result->log_number, .url = result->url, .reason = reason,
                                  .has_landmarks = result->has_landmarks, .bundle = result->bundle,
                                  .new_landmarks = result->new_landmarks, .tile_count = result->tile_count,
                                  .revocations = result->revocations, .now_s = now_s(r)};
    if (r->settings.is_json)
        trust_report_json(&report);
    else
        trust_report_lines(&report);
}

static void ended(void *context, const struct log_round_result *result)
{
    struct trust_round *r = context;
    struct error err = {.status = STATUS_OK};
    const char *reason = result->status != STATUS_OK ? result->reason : NULL;
    enum status s = STATUS_OK;
    if (result->is_changed)
        s = trust_directory_write_log(r->settings.dir, result->bundle, result->note, result->revocations, &err);
    if (s != STATUS_OK) {
        failed(r, result->ca_id, result->log_number, s, err.text);
        reason = reason != NULL ? reason : err.text;
    }
    if (!result->is_over || result->is_changed || reason != NULL)
        report(r, result, reason);
}

static void on_done(void *context)
{
    struct trust_round *r = context;
    r->done(r->cookie, r->exit_status);
}

/* ---- the whole ---- */

static enum status open_round(struct trust_round *r, struct error *err)
{
    struct trust_contents_settings settings = {.now_s = now_s(r)};
    enum status s = posix_record_store_open(r->settings.dir, false, &r->lock, err);
    if (s == STATUS_OK)
        s = trust_directory_load(r->settings.dir, r->settings.algorithms, &settings, &r->directory, err);
    if (s == STATUS_OK && !log_round_has_work(&r->directory->bundle))
        s = error_set(err, STATUS_USAGE, "%s: no MTC CA with a URL: import one with --ca FILE --log-url URL", r->settings.dir);
    return s;
}

static enum status begin(struct trust_round *r, struct error *err)
{
    const struct log_round_settings settings = {.ports = r->settings.ports, .bundle = &r->directory->bundle,
                                                .store = r->directory->contents->store, .ca_file = r->settings.ca_file, .context = r,
                                                .held = held, .failed = failed, .evidence = keep_evidence, .ended = ended,
                                                .done = on_done};
    return log_round_start(&settings, err);
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
    if (s == STATUS_OK) {
        *out = r; /* done may be called before we are back */
        s = begin(r, err);
    }
    if (s != STATUS_OK) {
        *out = NULL;
        trust_round_free(r);
    }
    return s;
}

void trust_round_free(struct trust_round *round)
{
    if (round == NULL)
        return;
    trust_directory_free(round->directory);
    posix_record_store_close(round->lock);
    free(round);
}
