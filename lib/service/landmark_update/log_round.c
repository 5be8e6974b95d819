#include "service/landmark_update/log_round.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/landmark_update/revocation_update.h"

struct log_round;

/* One CA at a time, and of it one log at a time. */
struct lane {
    struct log_round *round;
    size_t ca_at;
    uint16_t log_number; /* 0: the next CA begins */
    int64_t ca_began_ms;
    struct bytes urls[TRUST_BUNDLE_URLS_PER_CA_MAX];
    struct landmark_update_log log;
    /* What will be held of the log. */
    bool has_step;
    struct trust_bundle bundle;
    struct builder note;
    bool is_changed, has_landmarks;
    size_t new_landmarks, tile_count;
    char url[LANDMARK_UPDATE_URL_MAX];
    bool is_over, is_last; /* the log's landmarks are; it is the CA's last one */
    struct error reason;   /* the first failure of the log */
};

struct log_round {
    struct log_round_settings settings;
    size_t next_ca;
    int64_t began_ms;
    size_t lanes_asking;
    bool is_starting;
    unsigned lane_count;
    struct lane lanes[LOG_ROUND_PARALLEL_MAX];
};

static void next_log(struct lane *l);

static int64_t now_ms(const struct log_round *r)
{
    return r->settings.ports.clock.now_ms(r->settings.ports.clock.context);
}

static int64_t now_s(const struct lane *l)
{
    return now_ms(l->round) / 1000;
}

static const struct trust_bundle_ca *current(const struct lane *l)
{
    return trust_bundle_ca_at(l->round->settings.bundle, l->ca_at);
}

static struct log_round_held held_of(const struct lane *l, uint32_t number)
{
    struct log_round_held held = {.bundle = NULL};
    if (number <= UINT16_MAX)
        l->round->settings.held(l->round->settings.context, &current(l)->id, (uint16_t)number, &held);
    return held;
}

/* ---- what is to be held of one log ---- */

static void clear_step(struct lane *l)
{
    if (l->has_step) {
        trust_bundle_clear(&l->bundle);
        builder_clear(&l->note);
    }
    l->has_step = l->is_changed = l->has_landmarks = false;
    l->new_landmarks = l->tile_count = 0;
}

static enum status copy_items(const struct array *from, struct array *to, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < from->count; i++)
        s = array_insert(to, i, array_at(from, i), "what is held of a log", err);
    return s;
}

/* The bundle of a log alone borrows nothing. */
static enum status fill_step(struct lane *l, const struct trust_bundle *from, struct bytes note, struct error *err)
{
    clear_step(l);
    trust_bundle_init(&l->bundle);
    l->has_step = true;
    l->bundle.version = from->version;
    l->bundle.issued_s = from->issued_s;
    builder_init(&l->note, NOTE_SIZE_MAX);
    builder_bytes(&l->note, note);
    enum status s = builder_status(&l->note, "checkpoint", err);
    if (s == STATUS_OK)
        s = copy_items(&from->logs, &l->bundle.logs, err);
    if (s == STATUS_OK)
        s = copy_items(&from->landmarks, &l->bundle.landmarks, err);
    if (s == STATUS_OK)
        s = copy_items(&from->revoked, &l->bundle.revoked, err);
    if (s != STATUS_OK)
        clear_step(l);
    return s;
}

/* ---- one log after the other ---- */

static void fail(struct lane *l, enum status status, const char *text)
{
    const struct log_round_settings *settings = &l->round->settings;
    if (l->reason.status == STATUS_OK)
        (void)error_set(&l->reason, status, "%s", text);
    settings->failed(settings->context, &current(l)->id, l->log_number, status, text);
}

static uint16_t first_number(const struct trust_ca *ca)
{
    uint16_t number = (uint16_t)(ca->min_serial >> 48);
    return number == 0 ? 1 : number;
}

static void end_log(struct lane *l, struct bytes revocations)
{
    const struct log_round_settings *settings = &l->round->settings;
    const struct log_round_result result = {.ca_id = &current(l)->id,
                                            .log_number = l->log_number,
                                            .bundle = l->has_step ? &l->bundle : NULL,
                                            .note = l->has_step ? builder_view(&l->note) : bytes_of(NULL, 0),
                                            .revocations = l->has_step ? revocations : bytes_of(NULL, 0),
                                            .is_changed = l->has_step && l->is_changed,
                                            .is_over = l->is_over,
                                            .has_landmarks = l->has_landmarks,
                                            .new_landmarks = l->new_landmarks,
                                            .tile_count = l->tile_count,
                                            .url = l->has_landmarks ? l->url : NULL,
                                            .status = l->reason.status,
                                            .reason = l->reason.text};
    settings->ended(settings->context, &result);
    clear_step(l);
    next_log(l);
}

/* ---- what is revoked ---- */

/* The file that is held says until when it counts as new. */
static bool is_held_fresh(const struct lane *l)
{
    struct revocations held;
    revocations_init(&held);
    bool is_fresh = l->log.held_revocations.len > 0 && revocation_check_read(l->log.held_revocations, &held, NULL) == STATUS_OK &&
                    held.next_s >= now_s(l);
    revocations_clear(&held);
    return is_fresh;
}

static void judge_revocations(struct lane *l, const struct revocation_update_result *result)
{
    bool is_held = l->log.held_revocations.len > 0;
    if (result->status == STATUS_OK && result->is_overdue)
        fail(l, STATUS_REFUSED, "revocations: the file is overdue: what was revoked since it was signed is not known");
    else if (result->status == STATUS_NOT_FOUND && is_held && !l->is_over) /* a log whose time is over may lose its file */
        fail(l, STATUS_IO, "revocations: a file was there before, and there is none now");
    /* A CA that is away for a while is no reason to complain. */
    else if (result->status != STATUS_OK && result->status != STATUS_NOT_FOUND &&
             (result->status != STATUS_IO || !is_held_fresh(l)))
        fail(l, result->status, result->error->text);
}

static void on_revoked(void *cookie, const struct revocation_update_result *result)
{
    struct lane *l = cookie;
    struct error err = {.status = STATUS_OK};
    struct bytes file = result->status == STATUS_OK ? result->file : l->log.held_revocations;
    bool is_new = result->status == STATUS_OK && result->is_changed;
    judge_revocations(l, result);
    enum status s = revocation_check_apply(l->log.held, is_new ? file : bytes_of(NULL, 0), &l->bundle, &err);
    if (s != STATUS_OK) {
        fail(l, s, err.text);
        l->is_changed = false;
    } else if (is_new && !l->is_changed && l->log.held != NULL) {
        l->bundle.version = l->log.held->version + 1;
        l->bundle.issued_s = now_s(l);
    }
    l->is_changed = s == STATUS_OK && (l->is_changed || is_new);
    end_log(l, file);
}

static void ask_revocations(struct lane *l)
{
    struct error err = {.status = STATUS_OK};
    if (revocation_update_start(&l->round->settings.ports, &l->log, on_revoked, l, &err) == STATUS_OK)
        return;
    fail(l, err.status, err.text);
    l->is_changed = false;
    end_log(l, l->log.held_revocations);
}

/* ---- landmarks ---- */

/* Keeps what the log has said, or what was held when it said nothing good: what is revoked counts in both cases. */
static void keep(struct lane *l, const struct landmark_update_result *result)
{
    struct error err = {.status = STATUS_OK};
    bool is_good = result->status == STATUS_OK;
    const struct trust_bundle *from = is_good ? result->bundle : l->log.held;
    enum status s = from == NULL ? STATUS_OK : fill_step(l, from, is_good ? result->note : l->log.held_note, &err);
    if (s != STATUS_OK)
        fail(l, s, err.text);
    if (!l->has_step || !is_good)
        return;
    l->has_landmarks = true;
    l->is_changed = result->is_changed;
    l->new_landmarks = result->new_landmarks;
    l->tile_count = result->tile_count;
    (void)snprintf(l->url, sizeof l->url, "%s", result->url);
}

static void on_updated(void *cookie, const struct landmark_update_result *result)
{
    struct lane *l = cookie;
    const struct log_round_settings *settings = &l->round->settings;
    enum status s = result->status;
    bool is_first = l->log_number == first_number(l->log.ca);
    /* Whether there is a log behind the last one is a guess: nobody has to answer. */
    bool is_absent = l->log.held == NULL && (s == STATUS_NOT_FOUND || (s == STATUS_IO && !is_first));
    /* Behind a log that is not there, and not known, there is none. */
    l->is_last = is_absent || (s != STATUS_OK && held_of(l, l->log_number + 1U).bundle == NULL);
    if (result->evidence.len > 0)
        settings->evidence(settings->context, &current(l)->id, l->log_number, result->evidence);
    if (is_absent) {
        if (is_first)
            fail(l, STATUS_IO, result->error->text);
        next_log(l);
        return;
    }
    if (s != STATUS_OK)
        fail(l, s, result->error->text);
    keep(l, result);
    if (l->has_step)
        ask_revocations(l);
    else
        end_log(l, bytes_of(NULL, 0));
}

/* A log that has a successor, and whose landmarks are all over, has nothing more to say about them. */
static bool is_over(const struct lane *l, const struct trust_bundle *held)
{
    if (held == NULL || held_of(l, l->log_number + 1U).bundle == NULL)
        return false;
    const struct trust_bundle_log *log = trust_bundle_log_at(held, 0);
    return log->landmark_count == 0 || trust_bundle_landmark_at(held, log, log->landmark_count - 1)->expiry_s < now_s(l);
}

static enum status start_log(struct lane *l, const struct trust_ca *ca, struct error *err)
{
    const struct log_round_settings *settings = &l->round->settings;
    const struct trust_bundle_ca *from = current(l);
    struct log_round_held held = held_of(l, l->log_number);
    for (size_t i = 0; i < from->url_count; i++)
        l->urls[i] = trust_bundle_url(settings->bundle, from, i);
    l->log = (struct landmark_update_log){.ca = ca,
                                          .store = settings->store,
                                          .log_number = l->log_number,
                                          .urls = l->urls,
                                          .url_count = from->url_count,
                                          .ca_file = settings->ca_file,
                                          .held = held.bundle,
                                          .held_note = held.note,
                                          .held_revocations = held.revocations};
    l->is_over = is_over(l, held.bundle);
    l->is_last = false;
    if (!l->is_over)
        return landmark_update_start(&settings->ports, &l->log, on_updated, l, err);
    enum status s = fill_step(l, held.bundle, held.note, err);
    return s == STATUS_OK ? revocation_update_start(&settings->ports, &l->log, on_revoked, l, err) : s;
}

/* ---- one CA after the other ---- */

/* The number of the next log of the current CA to be asked; false: there is none. */
static bool set_number(struct lane *l, const struct trust_ca *ca)
{
    uint16_t last = (uint16_t)(ca->max_serial >> 48);
    uint32_t number = l->log_number == 0 ? first_number(ca) : l->log_number + 1U;
    l->log_number = (uint16_t)number;
    return number <= last;
}

static bool take_ca(struct lane *l)
{
    struct log_round *r = l->round;
    l->log_number = 0;
    if (r->next_ca >= r->settings.bundle->cas.count)
        return false;
    l->ca_at = r->next_ca++;
    l->ca_began_ms = now_ms(r);
    return true;
}

static void end_round(struct log_round *r)
{
    if (r->lanes_asking > 0 || r->is_starting)
        return;
    r->settings.done(r->settings.context);
    free(r);
}

static enum status check_time(const struct lane *l, struct error *err)
{
    int64_t now = now_ms(l->round);
    if (now - l->round->began_ms > LOG_ROUND_ALL_MS)
        return error_set(err, STATUS_IO, "not asked in this round, which has taken more than %d s", LOG_ROUND_ALL_MS / 1000);
    if (now - l->ca_began_ms > LOG_ROUND_CA_MS)
        return error_set(err, STATUS_IO, "not asked in this round: the CA's logs before it have taken more than %d s", LOG_ROUND_CA_MS / 1000);
    return STATUS_OK;
}

static void next_log(struct lane *l)
{
    struct error err = {.status = STATUS_OK};
    bool has_ca = !l->is_last || take_ca(l);
    l->is_last = false;
    while (has_ca) {
        const struct trust_ca *ca = trust_store_find_ca_by_id(l->round->settings.store, &current(l)->id);
        if (ca != NULL && current(l)->url_count > 0 && set_number(l, ca)) {
            l->reason = (struct error){.status = STATUS_OK};
            err.status = check_time(l, &err);
            if (err.status == STATUS_OK)
                err.status = start_log(l, ca, &err);
            if (err.status == STATUS_OK)
                return;
            fail(l, err.status, err.text);
            clear_step(l);
        }
        has_ca = take_ca(l);
    }
    l->round->lanes_asking--;
    end_round(l->round);
}

bool log_round_has_work(const struct trust_bundle *b)
{
    for (size_t i = 0; i < b->cas.count; i++)
        if (trust_bundle_ca_at(b, i)->url_count > 0)
            return true;
    return false;
}

enum status log_round_start(const struct log_round_settings *settings, struct error *err)
{
    struct log_round *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    r->settings = *settings;
    r->lane_count = settings->parallel == 0 ? 1 : settings->parallel;
    if (r->lane_count > LOG_ROUND_PARALLEL_MAX)
        r->lane_count = LOG_ROUND_PARALLEL_MAX;
    r->lanes_asking = r->lane_count;
    r->began_ms = now_ms(r);
    r->is_starting = true;
    for (unsigned i = 0; i < r->lane_count; i++) {
        r->lanes[i] = (struct lane){.round = r, .is_last = true}; /* it begins with a CA */
        next_log(&r->lanes[i]);
    }
    r->is_starting = false;
    end_round(r);
    return STATUS_OK;
}
