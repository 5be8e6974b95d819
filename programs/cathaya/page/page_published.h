/* page_published.h - what the page of a root program tells about the published bundles: read from the distributor's folder. */
#ifndef CATHAYA_PROGRAM_PAGE_PAGE_PUBLISHED_H
#define CATHAYA_PROGRAM_PAGE_PAGE_PUBLISHED_H

#include "codec/trust_bundle/trust_bundle.h"
#include "registry_page/registry_page.h"

/* As many as a distributor keeps below bundles/. */
#define PAGE_PUBLISHED_VERSIONS_MAX 2048

struct page_published {
    struct array versions;      /* struct registry_page_version, newest first */
    struct builder memory;      /* of the newest */
    struct trust_bundle newest; /* version 0: there is none */
};

/* page_published_read reads DIR/bundles/N, DIR/bundle and the sizes of DIR/delta/N. Signatures are not looked at: it is the distributor's own
 * folder. Without these files there are no versions. STATUS_IO, STATUS_MALFORMED with the file's name. page_published_clear
 * follows in any case. */
MUST_USE enum status page_published_read(const char *dir, struct page_published *out, struct error *err);
void page_published_clear(struct page_published *published);

#endif
