/* registry_diff.h - what changed between two registries, in words that can be announced. */
#ifndef CATHAYA_REGISTRY_REGISTRY_DIFF_H
#define CATHAYA_REGISTRY_REGISTRY_DIFF_H

#include "registry/registry.h"

#define REGISTRY_CHANGES_MAX 65536
/* A name, a reason of REGISTRY_TEXT_MAX, and room; what is longer is cut. */
#define REGISTRY_CHANGE_TEXT_MAX 2048

enum registry_change_kind {
    REGISTRY_ADDED = 0, /* the file is new */
    REGISTRY_GONE,      /* the file is not there any more */
    REGISTRY_STATE,     /* a state was added to, or taken out of, a history */
    REGISTRY_KEY,       /* another certificate or key */
    REGISTRY_LIMITS,    /* distrust dates, names, serial ranges, level, only-listed-intermediates, minimum indexes */
    REGISTRY_RECORD     /* anything else: audits, licences, steps, names, URLs, policies */
};
const char *registry_change_name(enum registry_change_kind kind);

struct registry_change {
    enum registry_change_kind kind;
    const struct registry_head *head; /* of the new registry, or of the old one when it is gone */
    char text[REGISTRY_CHANGE_TEXT_MAX]; /* "root Example Root R1 (roots/example-r1): tls is accepted from 2026-02-01: ..." */
};

struct registry_changes {
    struct array changes; /* struct registry_change, in the order of kinds and IDs */
};

/* registry_diff fills empty changes; both registries must outlive them. Comments and the order of statements are no change.
 * STATUS_LIMIT, STATUS_NO_MEMORY. registry_changes_clear follows in any case. */
MUST_USE enum status registry_diff(const struct registry *before, const struct registry *after, struct registry_changes *out,
                                   struct error *err);
void registry_changes_clear(struct registry_changes *changes);

static inline const struct registry_change *registry_change_at(const struct registry_changes *changes, size_t i)
{
    return (const struct registry_change *)array_at(&changes->changes, i);
}

#endif
