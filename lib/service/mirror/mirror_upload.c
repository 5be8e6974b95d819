/* add-entries as it arrives: pieces are collected on the event loop and verified on the log's worker, one job at
 * a time per upload. A client that pauses holds memory and nothing else. */
#include <stdlib.h>

#include "service/mirror/mirror_jobs.h"

/* Above this the client waits until the worker has caught up. */
#define INBOX_PAUSE ((size_t)1 << 20)
/* An upload that has brought nothing new for so long gives its place to a newcomer when there is no other: anybody
 * may open uploads, and hold them. A CA that is well connected brings a package in much less. */
#define STALL_MS 2000

struct upload {
    struct upload *next, **link; /* of all that are under way */
    struct mirror *mirror;
    struct mirror_log *log; /* NULL until the header is there */
    struct http_exchange *x;
    struct builder inbox;   /* came while a job was running */
    bool is_running, is_ended, is_paused;
    int64_t progress_ms; /* when it began, or brought new entries last */
    uint64_t stored_count; /* by then */

    struct add_entries_reader reader; /* the job's while it is running; everything below, too */
    struct builder work;
    struct mirror_entries entries;
    struct mirror_answer answer;
    bool is_begun, is_last;
};

static int64_t now_ms(const struct mirror *mirror)
{
    return mirror->config.clock.now_ms(mirror->config.clock.context);
}

static void free_upload(struct upload *u)
{
    *u->link = u->next;
    if (u->next != NULL)
        u->next->link = u->link;
    add_entries_reader_clear(&u->reader);
    builder_clear(&u->inbox);
    builder_clear(&u->work);
    mirror_entries_clear(&u->entries);
    mirror_answer_clear(&u->answer);
    u->mirror->upload_count--;
    if (u->log != NULL)
        u->log->upload_count--;
    free(u);
}

/* Sends the answer: the upload is gone. */
static void respond(struct upload *u)
{
    struct http_exchange *x = u->x;
    struct mirror_answer answer = u->answer;
    mirror_answer_init(&u->answer);
    x->cookie = NULL;
    free_upload(u);
    http_response_header(&x->response, "Accept-Encoding", "gzip");
    mirror_respond(x, &answer);
}

static void refuse(struct upload *u, int status, const char *text)
{
    mirror_answer_text(&u->answer, status, "%s", text);
    respond(u);
}

/* Ends the upload of the log, or of any (NULL), that has stalled for longest; false when none has. What it brought is
 * kept: the next upload that ends makes it durable. */
static bool end_stalled(struct mirror *mirror, const struct mirror_log *log)
{
    struct upload *worst = NULL;
    int64_t now = now_ms(mirror);
    for (struct upload *u = mirror->uploads; u != NULL; u = u->next) {
        bool is_stalled = now - u->progress_ms >= STALL_MS || now < u->progress_ms; /* the clock was set back */
        if (is_stalled && !u->is_running && !u->is_ended && (log == NULL || u->log == log) &&
            (worst == NULL || u->progress_ms < worst->progress_ms))
            worst = u;
    }
    if (worst != NULL)
        refuse(worst, 503, "others wait, and nothing new has come");
    return worst != NULL;
}

/* ---- on the worker ---- */

/* Takes what has come. False: no more can be used, the body is not what it should be. */
static bool take_pieces(struct upload *u)
{
    struct bytes piece = builder_view(&u->work);
    enum add_entries_event event = ADD_ENTRIES_PACKAGE;
    struct error err;
    while (u->answer.status == 0) {
        if (add_entries_reader_next(&u->reader, &piece, &event, &err) != STATUS_OK)
            return false;
        if (event == ADD_ENTRIES_MORE)
            return true;
        if (event == ADD_ENTRIES_END) {
            u->entries.is_complete = true;
            return false;
        }
        mirror_entries_take(u->log, &u->reader.package, &u->entries, &u->answer);
    }
    return false;
}

static void run(void *cookie)
{
    struct upload *u = cookie;
    if (!u->is_begun)
        mirror_entries_begin(u->log, &u->reader.header, &u->entries, &u->answer);
    u->is_begun = true;
    if (u->answer.status != 0)
        return;
    bool can_use_more = take_pieces(u);
    if (u->answer.status == 0 && (u->is_last || !can_use_more))
        mirror_entries_finish(u->log, &u->entries, &u->answer);
}

/* ---- on the event loop ---- */

static void end(void *cookie);

static void submit(struct upload *u)
{
    struct builder empty = u->work;
    u->work = u->inbox;
    u->inbox = empty;
    builder_reset(&u->inbox);
    u->is_last = u->is_ended;
    u->is_running = true;
    mirror_submit(u->mirror, u->log, run, end, u);
}

static void end(void *cookie)
{
    struct upload *u = cookie;
    u->is_running = false;
    mirror_job_ended(u->mirror, u->log);
    if (u->entries.stored_count > u->stored_count) {
        u->stored_count = u->entries.stored_count;
        u->progress_ms = now_ms(u->mirror);
    }
    if (u->answer.status != 0) {
        respond(u);
        return;
    }
    if (u->inbox.len > 0 || (u->is_ended && !u->is_last))
        submit(u);
    if (u->is_paused && u->inbox.len < INBOX_PAUSE) {
        u->is_paused = false;
        u->x->set_paused(u->x, false); /* may deliver at once */
    }
}

/* The header is there: whose is it? False: answered. */
static bool choose_log(struct upload *u)
{
    struct mirror_log *log = mirror_find_log(u->mirror, u->reader.header.origin);
    if (log == NULL) {
        refuse(u, 404, "a log that is not known here");
        return false;
    }
    if (log->upload_count >= MIRROR_UPLOADS_PER_LOG_MAX && !end_stalled(u->mirror, log)) {
        refuse(u, 503, "too many uploads for this log");
        return false;
    }
    log->upload_count++;
    u->log = log;
    return true;
}

/* False: answered. */
static bool read_header(struct upload *u, struct bytes *piece)
{
    enum add_entries_event event;
    struct error err;
    if (add_entries_reader_next(&u->reader, piece, &event, &err) != STATUS_OK) {
        refuse(u, 400, err.text);
        return false;
    }
    return event == ADD_ENTRIES_MORE || choose_log(u);
}

static bool on_body(struct http_exchange *x, struct bytes piece)
{
    struct upload *u = x->cookie;
    if (u == NULL || (u->log == NULL && !read_header(u, &piece)))
        return false;
    if (u->log == NULL)
        return true;
    builder_bytes(&u->inbox, piece);
    if (!builder_is_good(&u->inbox)) {
        /* It is not paused, or does not care: what was verified is its answer. */
        builder_reset(&u->inbox);
        u->is_ended = true;
        if (!u->is_running)
            submit(u);
        return false;
    }
    if (!u->is_running)
        submit(u);
    if (u->inbox.len >= INBOX_PAUSE && !u->is_paused) {
        u->is_paused = true;
        x->set_paused(x, true);
    }
    return true;
}

/* The client has gone: what it sent is verified and kept, and the answer is dropped. */
static void on_abort(struct http_exchange *x)
{
    struct upload *u = x->cookie;
    if (u == NULL)
        return;
    u->is_ended = true;
    u->is_paused = false;
    if (u->log == NULL)
        refuse(u, 400, "cut short");
    else if (!u->is_running)
        submit(u);
}

void mirror_upload_begin(struct mirror *mirror, struct http_exchange *x)
{
    bool has_room = mirror->upload_count < MIRROR_UPLOADS_MAX || end_stalled(mirror, NULL);
    struct upload *u = has_room ? calloc(1, sizeof *u) : NULL;
    x->on_body = on_body;
    if (u == NULL) {
        mirror_respond_text(x, 503, "too many uploads");
        return;
    }
    mirror->upload_count++;
    *u = (struct upload){.mirror = mirror, .x = x, .next = mirror->uploads, .link = &mirror->uploads,
                         .progress_ms = now_ms(mirror)};
    if (u->next != NULL)
        u->next->link = &u->next;
    mirror->uploads = u;
    builder_init(&u->inbox, MIRROR_INBOX_MAX);
    builder_init(&u->work, MIRROR_INBOX_MAX);
    add_entries_reader_init(&u->reader, ADD_ENTRIES_PACKAGE_MAX);
    mirror_entries_init(&u->entries);
    mirror_answer_init(&u->answer);
    x->cookie = u;
    x->on_abort = on_abort;
}

void mirror_upload_end_of_body(struct http_exchange *x)
{
    struct upload *u = x->cookie;
    if (u == NULL)
        return;
    u->is_ended = true;
    if (u->log == NULL)
        refuse(u, 400, "no whole header came");
    else if (!u->is_running)
        submit(u);
}
