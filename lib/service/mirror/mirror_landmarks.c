/* The landmarks of a mirrored log, served beside its tiles, so that clients and distributors need nobody else: a document
 * that a CA serves is passed on when all of it lies in what is mirrored, and nothing that was passed on has changed
 * [MTC 6.4.3]. It is not signed; the subtrees that it names are hashed from our tiles by who takes it. */
#include <inttypes.h>
#include <stdlib.h>

#include "codec/landmarks/landmarks.h"
#include "service/mirror/mirror_jobs.h"

#define MIRROR_OBJECT_LANDMARKS "landmarks"

struct taking {
    struct mirror *mirror;
    struct mirror_log *log;
    struct builder document;
    struct landmarks now, held;
    bool is_new;
    enum status status;
    struct error err;
};

static enum status read_held(struct taking *t, int64_t now_s, struct error *err)
{
    const struct object_store *store = &t->log->config.tiles;
    struct builder text;
    builder_init(&text, LANDMARKS_SIZE_MAX);
    landmarks_init(&t->held);
    enum status status = store->get(store->context, MIRROR_OBJECT_LANDMARKS, &text, err);
    /* What was torn by a power cut is put again. */
    if (status == STATUS_OK && landmarks_parse(builder_view(&text), now_s, &t->held, NULL) != STATUS_OK)
        landmarks_init(&t->held);
    t->is_new = status != STATUS_OK || !bytes_equal(builder_view(&text), builder_view(&t->document));
    builder_clear(&text);
    return status == STATUS_NOT_FOUND || status == STATUS_LIMIT ? STATUS_OK : status;
}

/* Landmark numbers that both lists show are the same ones. */
static enum status check_held(const struct taking *t, struct error *err)
{
    if (t->now.latest < t->held.latest)
        return error_set(err, STATUS_REFUSED, "the newest landmark is %" PRIu64 ", and %" PRIu64 " was there before",
                         t->now.latest, t->held.latest);
    for (size_t i = 0; i < t->held.count && i <= t->held.latest; i++) {
        uint64_t behind = t->now.latest - (t->held.latest - i);
        if (behind >= t->now.count)
            return STATUS_OK;
        const struct landmark *is = &t->now.at[behind], *was = &t->held.at[i];
        if (is->tree_size != was->tree_size || is->expiry_s != was->expiry_s)
            return error_set(err, STATUS_REFUSED, "landmark %" PRIu64 " has another size or expiry than before",
                             t->held.latest - i);
    }
    return STATUS_OK;
}

static enum status take(struct taking *t, struct error *err)
{
    const struct object_store *store = &t->log->config.tiles;
    int64_t now_s = t->mirror->config.clock.now_ms(t->mirror->config.clock.context) / 1000;
    enum status status = landmarks_parse(builder_view(&t->document), now_s, &t->now, err);
    if (status != STATUS_OK)
        return status;
    if (t->now.format != LANDMARKS_WITH_EXPIRY)
        return error_set(err, STATUS_REFUSED, "landmarks without expiries, of a draft before -06");
    if (t->now.at[0].tree_size > t->log->record.mirrored.size)
        return error_set(err, STATUS_AGAIN, "the newest landmark is at %" PRIu64 ", and %" PRIu64 " entries are mirrored",
                         t->now.at[0].tree_size, t->log->record.mirrored.size);
    status = read_held(t, now_s, err);
    if (status == STATUS_OK)
        status = check_held(t, err);
    if (status != STATUS_OK || !t->is_new)
        return status;
    status = store->put(store->context, MIRROR_OBJECT_LANDMARKS, builder_view(&t->document), err);
    return status == STATUS_OK ? store->sync(store->context, err) : status;
}

static void run_taking(void *cookie)
{
    struct taking *t = cookie;
    t->status = t->log->is_dead ? STATUS_AGAIN : take(t, &t->err);
}

static void end_taking(void *cookie)
{
    struct taking *t = cookie;
    mirror_job_ended(t->mirror, t->log);
    if (t->status != STATUS_OK && t->status != STATUS_AGAIN)
        events_report(&t->mirror->config.events, EVENT_WARNING, "landmarks-refused", {"origin", t->log->config.origin},
                      {"reason", t->err.text});
    builder_clear(&t->document);
    free(t);
}

enum status mirror_take_landmarks(struct mirror *mirror, struct bytes origin, struct bytes document, struct error *err)
{
    struct mirror_log *log = mirror_find_log(mirror, origin);
    if (log == NULL)
        return error_set(err, STATUS_NOT_FOUND, "a log that is not known here");
    struct taking *t = log->job_count < MIRROR_JOBS_MAX ? calloc(1, sizeof *t) : NULL;
    if (t == NULL)
        return error_set(err, STATUS_LIMIT, "too many requests wait for this log");
    t->mirror = mirror;
    t->log = log;
    builder_init(&t->document, LANDMARKS_SIZE_MAX);
    builder_bytes(&t->document, document);
    enum status status = builder_status(&t->document, "landmarks", err);
    if (status != STATUS_OK) {
        builder_clear(&t->document);
        free(t);
        return status;
    }
    mirror_submit(mirror, log, run_taking, end_taking, t);
    return STATUS_OK;
}
