/* Findings: told once. */
#include <string.h>

#include "service/log_follower/follower_internal.h"

/* 64 bits of a hash: what is told twice by chance is one in 2^44. */
static uint64_t mark_of(const struct report *r, const char *source)
{
    uint8_t digest[HASH_SIZE];
    uint64_t mark = 0;
    const char *about = r->about != NULL ? r->about : r->text;
    const struct bytes parts[] = {bytes_of_text(log_finding_name(r->id)), bytes_of("", 1), bytes_of_text(source), bytes_of("", 1),
                                  bytes_of_text(about), bytes_of(&r->index, sizeof r->index)};
    if (hash_label_sha256(parts, sizeof parts / sizeof parts[0], digest))
        memcpy(&mark, digest, sizeof mark);
    return mark;
}

static bool was_told(struct log_follower *f, uint64_t mark)
{
    for (size_t i = 0; i < f->told_count && i < FOLLOWER_TOLD_MAX; i++)
        if (f->told[i] == mark)
            return true;
    f->told[f->told_count % FOLLOWER_TOLD_MAX] = mark;
    f->told_count++;
    f->is_dirty = true;
    return false;
}

void follower_report(struct log_follower *f, const struct report *r)
{
    const char *source = r->source != NULL ? r->source : follower_source_name(&f->sources[0]);
    if (!r->is_repeated && was_told(f, mark_of(r, source)))
        return;
    f->finding_count += !r->is_over;
    if (f->callbacks.finding == NULL || f->is_stopping)
        return;
    struct log_finding finding = {.id = r->id, .severity = log_finding_severity_of(r->id), .log = f->name, .source = source,
                                  .text = r->text, .is_over = r->is_over, .has_index = r->has_index, .index = r->index,
                                  .seen_ms = follower_now_ms(f), .evidence = r->evidence};
    f->callbacks.finding(f->cookie, &finding);
}
