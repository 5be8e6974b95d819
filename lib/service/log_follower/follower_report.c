/* Findings: told once. */
#include <inttypes.h>
#include <stdio.h>
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
    if (!r->is_repeated && was_told(f, mark_of(r, r->is_of_anybody ? "" : source)))
        return;
    f->finding_count += !r->is_over;
    if (f->callbacks.finding == NULL || f->is_stopping)
        return;
    struct log_finding finding = {.id = r->id, .severity = log_finding_severity_of(r->id), .log = f->name, .source = source,
                                  .text = r->text, .is_over = r->is_over, .has_index = r->has_index, .index = r->index,
                                  .seen_ms = follower_now_ms(f), .evidence = r->evidence};
    f->callbacks.finding(f->cookie, &finding);
}

void follower_withheld(struct log_follower *f, const struct error *err)
{
    char text[FOLLOWER_TEXT_MAX];
    int64_t now = follower_now_ms(f), mmd = (int64_t)f->log.mmd_ms;
    int64_t most = mmd > FOLLOWER_UNREACHABLE_MS ? mmd : FOLLOWER_UNREACHABLE_MS;
    /* Who shows no head either is not there, which is told as that. */
    if (f->withheld_since_ms == 0 || f->sources[0].failing_since_ms != 0)
        f->withheld_since_ms = now;
    if (f->is_told_withheld || now - f->withheld_since_ms <= most)
        return;
    f->is_told_withheld = true;
    (void)snprintf(text, sizeof text, "a tree head of %" PRIu64 " entries is shown, and for %" PRId64 " s nothing beyond entry %" PRIu64
                   " could be verified: %.120s", f->next_head.is_there ? f->next_head.size : f->trusted.size,
                   (now - f->withheld_since_ms) / 1000, f->frontier.size, err->text);
    follower_report(f, &(struct report){.id = FINDING_UNREACHABLE, .text = text, .is_repeated = true});
}

void follower_given(struct log_follower *f)
{
    f->withheld_since_ms = 0;
    if (!f->is_told_withheld)
        return;
    f->is_told_withheld = false;
    follower_report(f, &(struct report){.id = FINDING_UNREACHABLE, .text = "the log gives what its tree head needs", .is_over = true,
                                        .is_repeated = true});
}
