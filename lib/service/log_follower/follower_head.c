/* Tree heads: as they are served, and as they are told. */
#include <stdlib.h>
#include <string.h>

#include "codec/note/checkpoint.h"
#include "ct_json/ct_json.h"
#include "rules/checkpoint_trust.h"
#include "service/log_follower/follower_internal.h"

void view_clear(struct view *v)
{
    free(v->signature);
    *v = (struct view){0};
}

enum status view_copy(struct view *to, const struct view *from, struct error *err)
{
    uint8_t *signature = malloc(from->signature_len + 1);
    if (signature == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memcpy(signature, from->signature, from->signature_len);
    view_clear(to);
    *to = *from;
    to->signature = signature;
    return STATUS_OK;
}

const char *follower_head_path(const struct log_follower *f)
{
    return f->log.kind == LOG_KIND_RFC6962 ? "ct/v1/get-sth" : "checkpoint";
}

static enum status keep_signature(struct view *v, struct bytes signature, struct error *err)
{
    v->signature = malloc(signature.len + 1);
    if (v->signature == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    memcpy(v->signature, signature.data, signature.len);
    v->signature_len = signature.len;
    return STATUS_OK;
}

static enum status take_tree_head(const struct tree_head *head, struct bytes signature, struct view *out, struct error *err)
{
    *out = (struct view){.is_there = true, .size = head->size, .timestamp_ms = head->timestamp_ms};
    memcpy(out->root, head->root, HASH_SIZE);
    return keep_signature(out, signature, err);
}

static enum status read_sth(struct log_follower *f, struct bytes body, struct tree_head *head, struct builder *signature,
                            struct error *err)
{
    struct digitally_signed parsed;
    enum status s = ct_json_parse_sth(f->suite, body, head, signature, err);
    if (s == STATUS_OK)
        s = digitally_signed_parse(builder_view(signature), &parsed, err);
    return s == STATUS_OK ? tree_head_verify(f->key, head, &parsed, err) : s;
}

/* The note's signature, and nobody else's, is the log's word. */
static enum status read_ct_checkpoint(struct log_follower *f, struct bytes body, struct tree_head *head,
                                      struct builder *signature, struct error *err)
{
    struct note note;
    struct checkpoint checkpoint;
    enum status s = note_parse(body, &note, err);
    if (s == STATUS_OK)
        s = checkpoint_parse(note.text, &checkpoint, err);
    if (s != STATUS_OK)
        return s == STATUS_NO_MEMORY ? s : STATUS_MALFORMED;
    if (!bytes_is_text(checkpoint.origin, f->origin))
        return error_set(err, STATUS_MALFORMED, "checkpoint: of another log than %s", f->origin);
    s = tree_head_from_note(&note, &checkpoint, bytes_of_text(f->origin), f->key, head, signature, err);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : STATUS_REFUSED;
}

static enum status read_mtc_checkpoint(struct log_follower *f, struct bytes body, struct view *out, bool *is_short,
                                       struct error *err)
{
    struct checkpoint checkpoint = {.size = 0};
    uint64_t timestamp_s = 0;
    enum status s = checkpoint_trust_check(f->log.store, f->log.ca, f->log.log_number, body, &checkpoint, &timestamp_s, err);
    *is_short = s == STATUS_AGAIN;
    if (s != STATUS_OK && s != STATUS_AGAIN)
        return s;
    *out = (struct view){.is_there = true, .size = checkpoint.size, .timestamp_ms = timestamp_s * 1000};
    memcpy(out->root, checkpoint.root, HASH_SIZE);
    return keep_signature(out, body, err);
}

enum status follower_head_read(struct log_follower *f, struct bytes body, struct view *out, bool *is_short, struct error *err)
{
    *is_short = false;
    *out = (struct view){0};
    if (f->log.kind == LOG_KIND_MTC)
        return read_mtc_checkpoint(f, body, out, is_short, err);
    struct tree_head head;
    struct builder signature;
    builder_init(&signature, CT_JSON_ANSWER_MAX);
    enum status s = f->log.kind == LOG_KIND_RFC6962 ? read_sth(f, body, &head, &signature, err)
                                                    : read_ct_checkpoint(f, body, &head, &signature, err);
    if (s == STATUS_OK)
        s = take_tree_head(&head, builder_view(&signature), out, err);
    builder_clear(&signature);
    return s;
}

enum status follower_head_verify(struct log_follower *f, const struct followed_head *head, struct view *out, struct error *err)
{
    bool is_short;
    if (f->log.kind == LOG_KIND_MTC)
        return follower_head_read(f, head->signature, out, &is_short, err);
    struct tree_head plain = {.timestamp_ms = head->timestamp_ms, .size = head->size};
    struct digitally_signed signature;
    memcpy(plain.root, head->root, HASH_SIZE);
    enum status s = digitally_signed_parse(head->signature, &signature, err);
    if (s == STATUS_OK)
        s = tree_head_verify(f->key, &plain, &signature, err);
    if (s != STATUS_OK)
        return s == STATUS_NO_MEMORY ? s : STATUS_REFUSED;
    return take_tree_head(&plain, head->signature, out, err);
}
