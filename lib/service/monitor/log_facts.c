#include "service/monitor/log_facts.h"

#include <string.h>

#include "base/text.h"

#define HEADER "cathaya-log-facts v1"

void log_facts_note(struct log_facts *facts, enum finding_id id, int64_t now_ms)
{
    struct log_facts_finding *f = &facts->findings[id];
    if (f->count++ == 0)
        f->first_ms = now_ms;
    f->last_ms = now_ms;
    facts->is_dirty = true;
}

/*   cathaya-log-facts v1
 *   seen FIRST-MS CONTACT-MS ENTRIES
 *   tree SIZE VERIFIED HEAD-MS
 *   finding NAME COUNT FIRST-MS LAST-MS
 */
void log_facts_write(const struct log_facts *facts, struct builder *out)
{
    builder_printf(out, HEADER "\nseen %lld %lld %llu\ntree %llu %llu %lld\n", (long long)facts->first_ms,
                   (long long)facts->contact_ms, (unsigned long long)facts->entry_count, (unsigned long long)facts->tree_size,
                   (unsigned long long)facts->verified_size, (long long)facts->tree_head_ms);
    for (int i = 0; i < FINDING_IDS; i++)
        if (facts->findings[i].count > 0)
            builder_printf(out, "finding %s %llu %lld %lld\n", log_finding_name((enum finding_id)i),
                           (unsigned long long)facts->findings[i].count, (long long)facts->findings[i].first_ms,
                           (long long)facts->findings[i].last_ms);
}

static bool read_numbers(struct bytes line, uint64_t out[3])
{
    struct bytes word;
    for (size_t i = 0; i < 3; i++)
        if (!text_next_word(&line, &word) || !text_parse_u64(word, INT64_MAX, &out[i]))
            return false;
    return !text_next_word(&line, &word);
}

static bool read_line(struct bytes line, struct log_facts *out)
{
    struct bytes word, name;
    uint64_t n[3];
    if (!text_next_word(&line, &word))
        return false;
    if (bytes_is_text(word, "finding")) {
        if (!text_next_word(&line, &name) || !read_numbers(line, n))
            return false;
        for (int i = 0; i < FINDING_IDS; i++)
            if (bytes_is_text(name, log_finding_name((enum finding_id)i)))
                out->findings[i] = (struct log_facts_finding){n[0], (int64_t)n[1], (int64_t)n[2]};
        return true;
    }
    if (!read_numbers(line, n))
        return false;
    if (bytes_is_text(word, "seen")) {
        out->first_ms = (int64_t)n[0];
        out->contact_ms = (int64_t)n[1];
        out->entry_count = n[2];
        return true;
    }
    out->tree_size = n[0];
    out->verified_size = n[1];
    out->tree_head_ms = (int64_t)n[2];
    return bytes_is_text(word, "tree");
}

enum status log_facts_read(struct bytes text, struct log_facts *out, struct error *err)
{
    struct bytes line;
    unsigned number = 1;
    bool is_good = text_next_line(&text, &line) && bytes_is_text(line, HEADER);
    for (; is_good && text_next_line(&text, &line); number++)
        is_good = read_line(line, out);
    return is_good ? STATUS_OK : error_set(err, STATUS_MALFORMED, "facts of a log: line %u", number);
}
