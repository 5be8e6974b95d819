/* add-entries: a mirror gets the entries up to a checkpoint that it has taken, and signs that. */
#include <inttypes.h>
#include <string.h>

#include "codec/witness/add_entries.h"
#include "service/cosigning/cosigning_internal.h"

/* ---- on the worker ---- */

static enum status write_package(struct step *step, struct subtree range, struct builder *body)
{
    const struct cosigning_log *log = &step->c->config.log;
    uint8_t memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof, entries;
    struct subtree whole = {.start = range.start - range.start % TILE_WIDTH, .end = range.end};
    builder_init_fixed(&proof, memory, sizeof memory);
    builder_init(&entries, ENTRY_BUNDLE_SIZE_MAX);
    enum status s = log->read_entries(log->context, range.start, range.end, &entries, &step->err);
    if (s == STATUS_OK)
        s = log->make_consistency(log->context, whole, step->size, &proof, &step->err);
    if (s == STATUS_OK)
        s = add_entries_write_package(builder_view(&entries), builder_view(&proof), body, &step->err);
    builder_clear(&entries);
    return s;
}

/* As many packages as one request may have, in number and in bytes; at least one. */
static enum status write_packages(struct step *step, struct builder *body)
{
    uint64_t count = add_entries_package_count(step->start, step->size);
    if (count > ADD_ENTRIES_CLIENT_PACKAGES)
        count = ADD_ENTRIES_CLIENT_PACKAGES;
    for (uint64_t i = 0; i < count && (i == 0 || body->len < COSIGNING_UPLOAD_BYTES_MAX); i++) {
        enum status s = write_package(step, add_entries_package_range(step->start, step->size, i), body);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

static void run(struct step *step)
{
    const struct cosigning_log *log = &step->c->config.log;
    struct add_entries_header header = {bytes_of_text(step->c->config.origin), step->start, step->size,
                                        builder_view(&step->ticket)};
    struct builder body;
    builder_init(&body, COSIGNING_UPLOAD_BYTES_MAX + ADD_ENTRIES_PACKAGE_MAX);
    struct subtree whole = {.start = 0, .end = step->size};
    step->status = log->subtree_hash(log->context, whole, step->root, &step->err);
    if (step->status == STATUS_OK)
        step->status = add_entries_write_header(&header, &body, &step->err);
    if (step->status == STATUS_OK)
        step->status = write_packages(step, &body);
    if (step->status == STATUS_OK)
        step->status = gzip_compress(builder_view(&body), &step->body, &step->err);
    builder_clear(&body);
}

/* ---- on the loop ---- */

static enum status keep_signed(struct cosigning *c, const struct step *step, uint64_t timestamp_s,
                               struct bytes signature, struct error *err)
{
    builder_reset(&c->signed_note);
    enum status s = cosignature_write_note(c, step->size, step->root, timestamp_s, signature, &c->signed_note, err);
    if (s == STATUS_OK)
        c->signed_size = step->size;
    return s;
}

static void take_signature(struct step *step, struct bytes lines)
{
    struct cosigning *c = step->c;
    struct builder memory;
    struct bytes signature;
    uint64_t timestamp_s;
    struct error err = {.status = STATUS_OK};
    builder_init(&memory, COSIGNING_ANSWER_MAX);
    enum status s = cosignature_find_checkpoint(c, lines, step->size, step->root, &memory, &timestamp_s,
                                                &signature, &err);
    if (s == STATUS_OK)
        s = keep_signed(c, step, timestamp_s, signature, &err);
    if (s == STATUS_OK) {
        c->knows_next = true;
        c->next_entry = step->size;
        c->upload_end = 0;
        c->is_upload_due = c->pending_size > step->size;
        metric_add(c->signed_metric, 1);
        cosigning_progress(c);
        compare_step_watch(c);
        c->config.results.on_checkpoint(c->config.results.context, &c->config.peer, step->size, timestamp_s,
                                        signature);
    } else {
        cosigning_refuse(c, s, &err);
    }
    builder_clear(&memory);
}

/* Where it says that we are to go on. */
static void take_info(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    struct builder ticket;
    struct mirror_info info;
    bool is_accepted = response->status == 202;
    builder_init(&ticket, MIRROR_INFO_SIZE_MAX);
    enum status s = answer_has_type(response, MIRROR_INFO_CONTENT_TYPE)
                        ? mirror_info_parse(response->body, &ticket, &info, NULL)
                        : STATUS_MALFORMED;
    if (s != STATUS_OK)
        cosigning_fail(c, "cosigner-failed", "add-entries: an answer without mirror-info");
    else if (info.tree_size > c->seen_size)
        compare_step_start(c, "it has a checkpoint of a larger tree than ours");
    else if (is_accepted && (info.next_entry <= step->start || info.tree_size != step->size))
        cosigning_fail(c, "cosigner-failed", "add-entries: it accepts entries, but does not go on");
    else if (is_accepted || cosigning_conflict(c, "add-entries-conflict")) {
        c->knows_next = true;
        c->upload_end = info.tree_size;
        c->next_entry = info.next_entry;
        builder_reset(&c->ticket);
        builder_bytes(&c->ticket, info.ticket);
        /* One that goes back and forth gets nowhere, however friendly it says so. */
        if (is_accepted && info.next_entry > c->furthest_entry) {
            c->furthest_entry = info.next_entry;
            cosigning_progress(c);
        }
    }
    builder_clear(&ticket);
}

static void answer(struct step *step, const struct fetch_response *response)
{
    struct cosigning *c = step->c;
    if (response->failure != FETCH_NO_FAILURE || response->is_cut) {
        /* Some of it may have arrived: ask before entries are sent again. */
        c->knows_next = c->is_upload_due = false;
        cosigning_fail_answer(c, "cosigner-failed", response);
    } else if (response->status == 200) {
        take_signature(step, response->body);
    } else if (response->status == 202 || response->status == 409) {
        take_info(step, response);
    } else if (response->status == 422 && step->start == step->size) {
        /* It has no pending checkpoint: it has forgotten everything. */
        c->pending_size = 0;
        c->is_upload_due = false;
        if (cosigning_conflict(c, "add-entries-conflict"))
            c->knows_next = false;
    } else {
        c->knows_next = c->is_upload_due = false;
        c->upload_end = 0;
        cosigning_fail_answer(c, "add-entries-refused", response);
    }
}

/* When nobody knows what the mirror has, an upload of nothing says it: 409, or 200 and its signature. */
void upload_step_start(struct cosigning *c)
{
    struct step *step = step_new(c, run);
    if (step == NULL)
        return;
    step->path = "add-entries";
    step->content_type = ADD_ENTRIES_CONTENT_TYPE;
    step->is_gzip = true;
    step->answer = answer;
    step->size = c->upload_end != 0 ? c->upload_end : c->pending_size;
    step->start = c->knows_next && c->next_entry < step->size ? c->next_entry : step->size;
    builder_bytes(&step->ticket, builder_view(&c->ticket));
    step_start(step);
}
