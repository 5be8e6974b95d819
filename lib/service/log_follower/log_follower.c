#include "service/log_follower/log_follower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/note/note.h"
#include "service/log_follower/follower_internal.h"

static const char *const kind_names[LOG_KINDS] = {
    [LOG_KIND_RFC6962] = "rfc6962", [LOG_KIND_STATIC_CT] = "static-ct", [LOG_KIND_MTC] = "mtc"};

const char *log_kind_name(enum log_kind kind)
{
    return kind_names[kind];
}

bool log_kind_parse(const char *name, enum log_kind *out)
{
    for (unsigned k = 0; k < LOG_KINDS; k++) {
        *out = (enum log_kind)k;
        if (strcmp(name, kind_names[k]) == 0)
            return true;
    }
    return false;
}

/* ---- making one ---- */

static bool copy_text(const char *from, char *to, size_t size)
{
    size_t len = strlen(from);
    if (len >= size)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    return len > 0 && len <= LOG_FOLLOWER_NAME_MAX && name[len] == '\0' && object_name_is_valid(name);
}

static const char *without_scheme(const char *url)
{
    const char *at = strstr(url, "://");
    return at != NULL ? at + 3 : url;
}

static enum status set_ct(struct log_follower *f, const struct followed_log *log, struct error *err)
{
    const char *url = log->submission_url != NULL ? log->submission_url : log->url;
    const char *origin = log->origin != NULL ? log->origin : url != NULL ? without_scheme(url) : "";
    f->suite = log->hash == ct_suite_gm.hash ? &ct_suite_gm : &ct_suite_intl;
    f->key = log->key;
    if (log->key == NULL)
        return error_set(err, STATUS_USAGE, "log %s: no key", log->name);
    if (!copy_text(origin, f->origin, sizeof f->origin) || !note_is_name(bytes_of_text(f->origin)))
        return error_set(err, STATUS_USAGE, "log %s: no origin: %.80s", log->name, origin);
    (void)copy_text(f->origin, f->key_name, sizeof f->key_name);
    return STATUS_OK;
}

static enum status set_mtc(struct log_follower *f, const struct followed_log *log, struct error *err)
{
    struct tai id;
    _Static_assert(TAI_NAME_SIZE <= LOG_FOLLOWER_URL_MAX, "a name of a log fits");
    if (log->ca == NULL || log->store == NULL)
        return error_set(err, STATUS_USAGE, "log %s: no CA", log->name);
    f->key = log->ca->key;
    f->log.hash = log->ca->draft->hash;
    enum status s = tai_log_id(&log->ca->id, log->log_number, &id, err);
    if (s == STATUS_OK)
        tai_name(&id, f->origin);
    tai_name(&log->ca->id, f->key_name);
    return s;
}

static enum status set_sources(struct log_follower *f, const struct followed_log *log, struct error *err)
{
    f->source_count = 1;
    f->sources[0].store = log->source;
    if (log->source == NULL && (log->url == NULL || !copy_text(log->url, f->sources[0].url, LOG_FOLLOWER_URL_MAX)))
        return error_set(err, STATUS_USAGE, "log %s: no URL, or one that is too long", log->name);
    if (log->mirror_count > LOG_FOLLOWER_MIRRORS_MAX)
        return error_set(err, STATUS_USAGE, "log %s: more than %d mirrors", log->name, LOG_FOLLOWER_MIRRORS_MAX);
    f->sources[0].window = f->options.parallel * FOLLOWER_WINDOW_ONE;
    for (size_t i = 0; i < log->mirror_count; i++) {
        struct source *s = &f->sources[f->source_count++];
        s->is_mirror = true;
        s->window = f->options.parallel * FOLLOWER_WINDOW_ONE;
        if (!copy_text(log->mirrors[i], s->url, sizeof s->url))
            return error_set(err, STATUS_USAGE, "log %s: a mirror's URL is too long", log->name);
    }
    if (log->source != NULL && log->kind == LOG_KIND_RFC6962)
        return error_set(err, STATUS_USAGE, "log %s: objects are those of tiled logs", log->name);
    return STATUS_OK;
}

static enum status set_log(struct log_follower *f, const struct followed_log *log, struct error *err)
{
    if (!is_name(log->name))
        return error_set(err, STATUS_USAGE, "a log's name is 1 to %d of a-z, 0-9, '.', '_' and '-': %.80s", LOG_FOLLOWER_NAME_MAX,
                         log->name);
    (void)copy_text(log->name, f->name, sizeof f->name);
    f->log = *log;
    if (log->ca_file != NULL && !copy_text(log->ca_file, f->ca_file, sizeof f->ca_file))
        return error_set(err, STATUS_USAGE, "log %s: the path of the CA file is too long", log->name);
    enum status s = log->kind == LOG_KIND_MTC ? set_mtc(f, log, err) : set_ct(f, log, err);
    return s == STATUS_OK ? set_sources(f, log, err) : s;
}

enum status log_follower_new(const struct followed_log *log, const struct follower_options *options,
                             const struct follower_ports *ports, const struct follower_callbacks *callbacks, void *cookie,
                             struct log_follower **out, struct error *err)
{
    struct log_follower *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    f->ports = *ports;
    f->options = *options;
    f->callbacks = *callbacks;
    f->cookie = cookie;
    if (f->options.parallel == 0)
        f->options.parallel = 6;
    if (f->options.requests_per_s == 0 || f->options.requests_per_s > 1000)
        f->options.requests_per_s = f->options.requests_per_s == 0 ? 50 : 1000;
    f->random = (uint64_t)follower_now_ms(f) | 1;
    builder_init(&f->landmarks, LANDMARKS_SIZE_MAX);
    builder_init(&f->new_landmarks, LANDMARKS_SIZE_MAX);
    follower_issuers_init(f);
    frontier_init(&f->frontier);
    frontier_init(&f->saved);
    enum status s = set_log(f, log, err);
    if (s == STATUS_OK)
        s = hasher_init(&f->hasher, f->log.hash, err);
    if (s == STATUS_OK)
        s = follower_slots_init(f, err);
    if (s == STATUS_OK)
        s = follower_state_load(f, err);
    if (s != STATUS_OK) {
        log_follower_free(f);
        return s;
    }
    *out = f;
    return STATUS_OK;
}

void log_follower_free(struct log_follower *f)
{
    if (f == NULL)
        return;
    follower_checks_end(f, FOLLOWER_UNKNOWN, "stopped");
    follower_get_drop_all(f);
    follower_questions_drop(f);
    follower_proofs_drop(f);
    follower_slots_clear(f);
    view_clear(&f->trusted);
    view_clear(&f->next_head);
    for (size_t i = 0; i < f->history_count; i++)
        view_clear(&f->history[i]);
    for (size_t i = 0; i < f->other_count; i++)
        view_clear(&f->others[i].view);
    for (size_t i = 0; i < f->source_count; i++)
        view_clear(&f->sources[i].view);
    array_clear(&f->issuers);
    builder_clear(&f->landmarks);
    builder_clear(&f->new_landmarks);
    if (f->hasher.alg != NULL)
        hasher_clear(&f->hasher);
    free(f);
}

/* ---- beginning and end ---- */

void log_follower_start(struct log_follower *f)
{
    if (f->round_timer == 0 && f->step == STEP_IDLE)
        f->round_timer = f->ports.timer.start(f->ports.timer.context, 0, follower_round_begin, f);
}

static void on_stopped(void *cookie)
{
    (void)follower_ended(cookie);
}

void log_follower_stop(struct log_follower *f, void (*stopped)(void *cookie), void *cookie)
{
    if (f->is_stopping)
        return;
    f->stopped = stopped;
    f->stopped_cookie = cookie;
    /* What the listener has kept is worth keeping; what cannot be kept now comes again. */
    struct error err;
    enum status ignored = follower_state_save(f, &err);
    (void)ignored;
    f->is_stopping = true;
    f->ports.timer.cancel(f->ports.timer.context, f->round_timer);
    f->ports.timer.cancel(f->ports.timer.context, f->pump_timer);
    f->round_timer = f->pump_timer = 0;
    follower_get_drop_all(f);
    f->under_way++;
    (void)f->ports.timer.start(f->ports.timer.context, 0, on_stopped, f);
}

/* ---- questions ---- */

void log_follower_kept(struct log_follower *f, uint64_t end)
{
    if (end > f->kept_size)
        f->kept_size = end;
    if (f->step == STEP_ENTRIES && !f->is_stopping)
        follower_entries_pump(f);
}

void log_follower_status(const struct log_follower *f, struct follower_status *out)
{
    *out = (struct follower_status){.head_size = f->next_head.is_there ? f->next_head.size : f->trusted.size,
                                    .seen_size = f->frontier.size,
                                    .verified_size = f->verified_size,
                                    .head_timestamp_ms = f->trusted.timestamp_ms,
                                    .contact_ms = f->sources[0].good_ms,
                                    .entry_count = f->entry_count,
                                    .request_count = f->request_count,
                                    .finding_count = f->finding_count,
                                    .failure = f->round_status != STATUS_OK ? f->round_error.text : ""};
    if (f->sources[0].backoff_until_ms > follower_now_ms(f))
        out->backoff_until_ms = f->sources[0].backoff_until_ms;
}

bool log_follower_head(const struct log_follower *f, struct followed_head *out)
{
    *out = (struct followed_head){.size = f->trusted.size, .timestamp_ms = f->trusted.timestamp_ms,
                                  .signature = bytes_of(f->trusted.signature, f->trusted.signature_len)};
    memcpy(out->root, f->trusted.root, HASH_SIZE);
    return f->trusted.is_there;
}

enum status log_follower_view(struct log_follower *f, const struct followed_head *head, const char *from, struct error *err)
{
    struct view v = {.is_there = false};
    enum status s = follower_head_verify(f, head, &v, err);
    if (s == STATUS_OK && f->other_count == FOLLOWER_VIEWS_MAX)
        s = error_set(err, STATUS_LIMIT, "more than %d views wait", FOLLOWER_VIEWS_MAX);
    if (s == STATUS_OK) {
        v.seen_ms = follower_now_ms(f);
        follower_other_add(f, &v, from, NULL);
    }
    view_clear(&v);
    return s;
}
