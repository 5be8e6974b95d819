/* The face of the mirror: requests to logs, and jobs to their workers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "service/mirror/mirror_jobs.h"

/* Between two tries to open a log that was stopped by a failure. */
#define REVIVE_MS 2000

enum status mirror_new(const struct mirror_config *config, struct mirror **out, struct error *err)
{
    *out = NULL;
    if (config->cosigner_count > MIRROR_COSIGNERS_MAX)
        return error_set(err, STATUS_LIMIT, "a mirror has at most %d cosigners",
                         MIRROR_COSIGNERS_MAX);
    for (size_t i = 0; i < config->cosigner_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct mirror_cosigner *a = &config->cosigners[i], *b = &config->cosigners[k];
            if (strcmp(a->name, b->name) == 0 && a->role != b->role)
                return error_set(err, STATUS_USAGE,
                                 "%s is mirror and witness: they need different names", a->name);
            if (bytes_equal(public_key_spki(a->key), public_key_spki(b->key)))
                return error_set(err, STATUS_USAGE, "%s and %s have one key: each needs its own",
                                 a->name, b->name);
        }
    struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a mirror");
    mirror->config = *config;
    *out = mirror;
    return STATUS_OK;
}

void mirror_free(struct mirror *mirror)
{
    if (mirror == NULL)
        return;
    for (size_t i = 0; i < mirror->log_count; i++)
        mirror_log_free(mirror->logs[i]);
    free(mirror);
}

static struct mirror_log *known_log(struct mirror *mirror, struct bytes origin)
{
    for (size_t i = 0; i < mirror->log_count; i++)
        if (bytes_is_text(origin, mirror->logs[i]->config.origin))
            return mirror->logs[i];
    return NULL;
}

/* A disk that was full has room again: who asks for a log that has stopped has it opened anew, now and then. */
static struct mirror_log *revive(struct mirror *mirror, struct mirror_log *log)
{
    int64_t now_ms = mirror->config.clock.now_ms(mirror->config.clock.context);
    struct error err = {.status = STATUS_OK};
    size_t i = 0;
    if (mirror->config.reopen == NULL || !log->has_told_death || log->job_count > 0 || log->upload_count > 0 ||
        (now_ms >= log->revived_ms && now_ms - log->revived_ms < REVIVE_MS))
        return log;
    log->revived_ms = now_ms;
    while (mirror->logs[i] != log)
        i++;
    if (mirror_log_revive(&mirror->logs[i], &err) != STATUS_OK)
        events_report(&mirror->config.events, EVENT_ERROR, "mirror-log-not-opened", {"reason", err.text});
    return mirror->logs[i];
}

struct mirror_log *mirror_find_log(struct mirror *mirror, struct bytes origin)
{
    struct mirror_log *log = known_log(mirror, origin);
    struct error err;
    if (log != NULL)
        return revive(mirror, log);
    if (mirror->config.open_unknown == NULL)
        return NULL;
    enum status status =
        mirror->config.open_unknown(mirror->config.context, mirror, origin, &err);
    if (status == STATUS_OK)
        return known_log(mirror, origin);
    if (status != STATUS_NOT_FOUND)
        events_report(&mirror->config.events, EVENT_ERROR, "mirror-log-not-opened",
                      {"reason", err.text});
    return NULL;
}

enum status mirror_add_log(struct mirror *mirror, const struct mirror_log_config *config,
                           struct error *err)
{
    if (mirror->log_count == MIRROR_LOGS_MAX)
        return error_set(err, STATUS_LIMIT, "a mirror has at most %d logs", MIRROR_LOGS_MAX);
    if (known_log(mirror, bytes_of_text(config->origin)) != NULL)
        return error_set(err, STATUS_CONFLICT, "log %s is there twice", config->origin);
    struct mirror_log *log;
    enum status status = mirror_log_open(&mirror->config, config, &log, err);
    if (status == STATUS_OK)
        mirror->logs[mirror->log_count++] = log;
    return status;
}

bool mirror_has_checkpoint(const struct mirror *mirror, struct bytes origin)
{
    for (size_t i = 0; i < mirror->log_count; i++)
        if (bytes_is_text(origin, mirror->logs[i]->config.origin))
            return __atomic_load_n(&mirror->logs[i]->has_checkpoint, __ATOMIC_ACQUIRE);
    return false;
}

bool mirror_is_ready(const struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->log_count; i++)
        if (mirror->logs[i]->has_told_death)
            return false;
    return true;
}

bool mirror_has_work(const struct mirror *mirror)
{
    return mirror->job_count > 0 || mirror->upload_count > 0;
}

/* ---- jobs and answers ---- */

void mirror_submit(struct mirror *mirror, struct mirror_log *log, void (*run)(void *cookie),
                   void (*done)(void *cookie), void *cookie)
{
    mirror->job_count++;
    log->job_count++;
    log->config.work.submit(log->config.work.context, run, done, cookie);
}

void mirror_job_ended(struct mirror *mirror, struct mirror_log *log)
{
    mirror->job_count--;
    log->job_count--;
    /* The worker is between two jobs, or in the next one: it sets this once and never resets it. */
    log->has_told_death = __atomic_load_n(&log->is_dead, __ATOMIC_ACQUIRE);
}

void mirror_respond(struct http_exchange *x, struct mirror_answer *answer)
{
    struct http_response *r = &x->response;
    r->status = answer->status;
    http_response_header(r, "Content-Type", answer->content_type);
    if (answer->status == 503)
        http_response_header(r, "Retry-After", "1");
    builder_reset(&r->body);
    builder_bytes(&r->body, builder_view(&answer->body));
    mirror_answer_clear(answer);
    x->send(x);
}

void mirror_respond_text(struct http_exchange *x, int status, const char *text)
{
    struct mirror_answer answer;
    mirror_answer_init(&answer);
    mirror_answer_text(&answer, status, "%s", text);
    mirror_respond(x, &answer);
}

/* ---- add-checkpoint and sign-subtree ---- */

struct mirror_request {
    struct mirror *mirror;
    struct mirror_log *log;
    struct http_exchange *x; /* its body stays until it is sent */
    void (*answer_it)(struct mirror_log *log, struct bytes body, struct mirror_answer *answer);
    struct mirror_answer answer;
};

static void run_request(void *cookie)
{
    struct mirror_request *request = cookie;
    request->answer_it(request->log, request->x->request.body, &request->answer);
}

static void end_request(void *cookie)
{
    struct mirror_request *request = cookie;
    mirror_job_ended(request->mirror, request->log);
    mirror_respond(request->x, &request->answer);
    free(request);
}

/* The first line after the first empty one: the origin of the checkpoint. */
static bool find_origin(struct bytes body, struct bytes *origin)
{
    struct reader r, line;
    reader_init(&r, body);
    do {
        if (!reader_line(&r, &line))
            return false;
    } while (!reader_is_at_end(&line));
    if (!reader_line(&r, &line))
        return false;
    *origin = reader_rest(&line);
    return true;
}

static void start_request(struct mirror *mirror, struct http_exchange *x,
                          void (*answer_it)(struct mirror_log *, struct bytes,
                                            struct mirror_answer *))
{
    struct bytes origin;
    if (!find_origin(x->request.body, &origin)) {
        mirror_respond_text(x, 400, "no empty line, and no checkpoint after it");
        return;
    }
    struct mirror_log *log = mirror_find_log(mirror, origin);
    if (log == NULL) {
        mirror_respond_text(x, 404, "a log that is not known here");
        return;
    }
    struct mirror_request *request =
        log->job_count < MIRROR_JOBS_MAX ? calloc(1, sizeof *request) : NULL;
    if (request == NULL) {
        mirror_respond_text(x, 503, "too many requests wait for this log");
        return;
    }
    *request = (struct mirror_request){
        .mirror = mirror, .log = log, .x = x, .answer_it = answer_it};
    mirror_answer_init(&request->answer);
    mirror_submit(mirror, log, run_request, end_request, request);
}

/* ---- pruning ---- */

struct pruning {
    struct mirror *mirror;
    struct mirror_log *log;
    int64_t before_s;
    uint64_t from, to;
    enum status status;
    struct error err;
};

static void run_pruning(void *cookie)
{
    struct pruning *p = cookie;
    p->from = p->log->record.min_index;
    p->status = p->log->is_dead ? STATUS_AGAIN : mirror_prune_log(p->log, p->before_s, &p->err);
    p->to = p->log->record.min_index;
}

static void end_pruning(void *cookie)
{
    struct pruning *p = cookie;
    char to[24];
    mirror_job_ended(p->mirror, p->log);
    (void)snprintf(to, sizeof to, "%" PRIu64, p->to);
    if (p->status != STATUS_OK && p->status != STATUS_AGAIN)
        events_report(&p->mirror->config.events, EVENT_WARNING, "prune-failed",
                      {"origin", p->log->config.origin}, {"reason", p->err.text});
    else if (p->to != p->from)
        events_report(&p->mirror->config.events, EVENT_INFO, "pruned",
                      {"origin", p->log->config.origin}, {"minimum_index", to});
    free(p);
}

void mirror_prune(struct mirror *mirror, int64_t retention_s)
{
    int64_t now_s = mirror->config.clock.now_ms(mirror->config.clock.context) / 1000;
    for (size_t i = 0; i < mirror->log_count; i++) {
        struct pruning *p = calloc(1, sizeof *p);
        if (p == NULL)
            return;
        *p = (struct pruning){
            .mirror = mirror, .log = mirror->logs[i], .before_s = now_s - retention_s};
        mirror_submit(mirror, mirror->logs[i], run_pruning, end_pruning, p);
    }
}

/* ---- the handler ---- */

/* What follows the submission prefix, with its slash; NULL-like when the path is another. */
static bool is_path(const struct mirror *mirror, struct bytes path, const char *name)
{
    size_t prefix = strlen(mirror->config.submission_prefix);
    return path.len > prefix &&
           bytes_equal(bytes_of(path.data, prefix),
                       bytes_of_text(mirror->config.submission_prefix)) &&
           bytes_is_text(bytes_of(path.data + prefix, path.len - prefix), name);
}

static void begin(void *context, struct http_exchange *x)
{
    struct mirror *mirror = context;
    if (is_path(mirror, x->request.path, "/add-entries") && bytes_is_text(x->request.method, "POST"))
        mirror_upload_begin(mirror, x);
}

static void handle(void *context, struct http_exchange *x)
{
    struct mirror *mirror = context;
    bool is_checkpoint = is_path(mirror, x->request.path, "/add-checkpoint");
    bool is_subtree = is_path(mirror, x->request.path, "/sign-subtree");
    bool is_entries = is_path(mirror, x->request.path, "/add-entries");
    if (!is_checkpoint && !is_subtree && !is_entries) {
        mirror_respond_text(x, 404, "no such resource");
    } else if (!bytes_is_text(x->request.method, "POST")) {
        http_response_header(&x->response, "Allow", "POST");
        mirror_respond_text(x, 405, "only POST");
    } else if (is_entries) {
        mirror_upload_end_of_body(x);
    } else {
        start_request(mirror, x, is_checkpoint ? mirror_checkpoint_add : mirror_subtree_sign);
    }
}

struct http_handler mirror_handler(struct mirror *mirror)
{
    return (struct http_handler){.context = mirror,
                                 .body_max = ADD_CHECKPOINT_SIZE_MAX,
                                 .begin = begin,
                                 .handle = handle};
}
