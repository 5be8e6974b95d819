/* registry_page.h - the public pages of a root program, made from its registry: static HTML in Chinese and English, without scripts,
 * for any web server or none. Pure.
 *
 * All text is somebody else's: it is escaped, characters that turn or hide text are shown as U+FFFD, and only http and https
 * addresses become links. Each page says itself that nothing but its style sheet may be loaded.
 */
#ifndef CATHAYA_REGISTRY_PAGE_REGISTRY_PAGE_H
#define CATHAYA_REGISTRY_PAGE_REGISTRY_PAGE_H

#include "policy/policy_set.h"
#include "registry/registry.h"

/* 10,000 things with histories of some 3 KB each. */
#define REGISTRY_PAGE_SIZE_MAX ((size_t)64 * 1024 * 1024)
#define REGISTRY_PAGES 10

/* A version of the bundle that is published. */
struct registry_page_version {
    uint64_t version;
    int64_t issued_s, expires_s;
    size_t bundle_size;
    size_t delta_size; /* from it to the newest; 0: there is none */
};

struct registry_page_input {
    const struct registry *registry;
    const struct policy_set *policy;         /* of the registry's texts; NULL: rules are not shown */
    const struct trust_bundle *bundle;       /* the newest one, for landmarks; NULL: none */
    const struct registry_page_version *versions; /* newest first */
    size_t version_count;
    int64_t at_s;                            /* what is in force then */
};

/* registry_page_name is the file name of page i of REGISTRY_PAGES: "index.html", ..., "style.css". */
const char *registry_page_name(size_t i);

/* registry_page_write appends page i. STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE enum status registry_page_write(const struct registry_page_input *input, size_t i, struct builder *out,
                                         struct error *err);

#endif
