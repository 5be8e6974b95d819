/* log_facts.h - what a monitor remembers of a log for a report: when it began to look, what it has verified, what it found. */
#ifndef CATHAYA_SERVICE_MONITOR_LOG_FACTS_H
#define CATHAYA_SERVICE_MONITOR_LOG_FACTS_H

#include "base/builder.h"
#include "rules/log_finding.h"

#define LOG_FACTS_TEXT_MAX ((size_t)64 * 1024)

struct log_facts_finding {
    uint64_t count; /* of those that were told; 0: never */
    int64_t first_ms, last_ms;
};

struct log_facts {
    int64_t first_ms;                  /* of the first good answer; 0: none */
    uint64_t tree_size, verified_size;
    int64_t tree_head_ms, contact_ms;
    uint64_t entry_count;              /* that were looked at */
    struct log_facts_finding findings[FINDING_IDS];
    bool is_dirty;
};

/* log_facts_note counts a finding that begins. */
void log_facts_note(struct log_facts *facts, enum finding_id id, int64_t now_ms);

/* Lines of text. STATUS_MALFORMED for anything else; findings that are not known any more are left out. */
void log_facts_write(const struct log_facts *facts, struct builder *out);
MUST_USE enum status log_facts_read(struct bytes text, struct log_facts *out, struct error *err);

#endif
