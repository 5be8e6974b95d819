#include "service/landmark_update/revocation_update.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/landmark_update/log_prefix.h"

#define NAME "/revocations"

struct revocation_update {
    struct landmark_update_ports ports;
    const struct landmark_update_log *log;
    revocation_update_done *done;
    void *cookie;
    size_t prefix_at;
    int64_t started_ms;
    char prefix[LANDMARK_UPDATE_URL_MAX];
    struct builder file;  /* the best one so far; empty: none */
    uint64_t sequence;    /* of it */
    int64_t issued_s, next_s;
    struct error failure; /* the first one that says more than "not there" */
};

static int64_t now_s(const struct revocation_update *u)
{
    return u->ports.clock.now_ms(u->ports.clock.context) / 1000;
}

static bool is_changed(const struct revocation_update *u)
{
    struct revocations held;
    revocations_init(&held);
    bool is_held = u->log->held_revocations.len > 0 && revocation_check_read(u->log->held_revocations, &held, NULL) == STATUS_OK &&
                   held.sequence == u->sequence;
    revocations_clear(&held);
    return !is_held;
}

static void finish(struct revocation_update *u)
{
    struct error none;
    struct revocation_update_result result = {.status = u->failure.status, .error = &u->failure};
    if (u->file.len > 0) {
        result = (struct revocation_update_result){.status = STATUS_OK, .error = &u->failure, .file = builder_view(&u->file),
                                                   .sequence = u->sequence, .issued_s = u->issued_s, .next_s = u->next_s,
                                                   .is_changed = is_changed(u), .is_overdue = u->next_s < now_s(u)};
    } else if (u->failure.status == STATUS_OK) {
        result.status = error_set(&none, STATUS_NOT_FOUND, "no file of what is revoked");
        result.error = &none;
    }
    u->done(u->cookie, &result);
    builder_clear(&u->file);
    free(u);
}

static void next_prefix(struct revocation_update *u);

static void fail(struct revocation_update *u, const struct error *err)
{
    if (u->failure.status == STATUS_OK && err->status != STATUS_NOT_FOUND)
        (void)error_set(&u->failure, err->status, "%s: %s", u->prefix, err->text);
}

static enum status read_answer(const struct fetch_response *r, struct error *err)
{
    if (r->failure != FETCH_NO_FAILURE)
        return error_set(err, STATUS_IO, "revocations: %s", r->failure_text);
    if (r->status == 404 || r->status == 410)
        return error_set(err, STATUS_NOT_FOUND, "revocations: not there (%d)", r->status);
    if (r->status != 200)
        return error_set(err, STATUS_IO, "revocations: status %d", r->status);
    if (r->is_cut)
        return error_set(err, STATUS_LIMIT, "revocations: longer than it can be");
    return STATUS_OK;
}

/* The newest good file is kept, whichever prefix it came from. */
static enum status take(struct revocation_update *u, struct bytes file, struct error *err)
{
    struct revocations now;
    revocations_init(&now);
    enum status s = revocation_check_file(u->log, file, now_s(u), &now, err);
    if (s == STATUS_OK && (u->file.len == 0 || now.sequence > u->sequence)) {
        builder_reset(&u->file);
        builder_bytes(&u->file, file);
        s = builder_status(&u->file, "revocations", err);
        u->sequence = now.sequence;
        u->issued_s = now.issued_s;
        u->next_s = now.next_s;
    }
    revocations_clear(&now);
    return s;
}

static void on_answer(void *cookie, const struct fetch_response *r)
{
    struct revocation_update *u = cookie;
    struct error err = {.status = STATUS_OK};
    enum status s = read_answer(r, &err);
    if (s == STATUS_OK)
        s = take(u, r->body, &err);
    err.status = s;
    if (s != STATUS_OK)
        fail(u, &err);
    u->prefix_at++;
    if (s == STATUS_NO_MEMORY || (u->file.len > 0 && u->next_s >= now_s(u)))
        finish(u);
    else
        next_prefix(u);
}

static enum status start(struct revocation_update *u, struct error *err)
{
    char url[LANDMARK_UPDATE_URL_MAX + sizeof NAME];
    (void)snprintf(url, sizeof url, "%s" NAME, u->prefix);
    struct fetch_request request = {.method = "GET", .url = url, .ca_file = u->log->ca_file,
                                    .timeout_ms = REVOCATION_UPDATE_FETCH_MS, .response_max = REVOCATIONS_SIZE_MAX};
    return u->ports.fetch.start(u->ports.fetch.context, &request, on_answer, u, err);
}

static void next_prefix(struct revocation_update *u)
{
    struct error err = {.status = STATUS_OK};
    int64_t since_ms = u->ports.clock.now_ms(u->ports.clock.context) - u->started_ms;
    for (; since_ms <= REVOCATION_UPDATE_ALL_MS && log_prefix_set(u->log, u->prefix_at, u->prefix); u->prefix_at++) {
        err.status = start(u, &err);
        if (err.status == STATUS_OK)
            return;
        fail(u, &err);
    }
    finish(u);
}

enum status revocation_update_start(const struct landmark_update_ports *ports, const struct landmark_update_log *log,
                                    revocation_update_done *done, void *cookie, struct error *err)
{
    struct revocation_update *u = calloc(1, sizeof *u);
    if (u == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *u = (struct revocation_update){.ports = *ports, .log = log, .done = done, .cookie = cookie};
    u->started_ms = ports->clock.now_ms(ports->clock.context);
    builder_init(&u->file, REVOCATIONS_SIZE_MAX);
    enum status s = STATUS_OK;
    if (!log_prefix_set(log, 0, u->prefix))
        s = error_set(err, STATUS_USAGE, "no URL is known that serves the log, or it is too long");
    if (s == STATUS_OK)
        s = start(u, err);
    if (s == STATUS_OK)
        return s;
    builder_clear(&u->file);
    free(u);
    return s;
}
