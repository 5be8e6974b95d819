/* static_files.h - a handler that serves the published files of a log: checkpoint, landmarks, tiles
 * [C2SP tlog-tiles, static-ct-api], issuers, revocations, CRLs; and those of a distributor of trust bundles, with its log below
 * log/. GET and HEAD, ETag, If-None-Match, one Range; CORS for everybody.
 *
 * Names are those of ports/object_store.h, without a component that begins with '.'; no symbolic link is
 * followed, and only regular files are served. Everything else is 404, whatever the reason.
 */
#ifndef CATHAYA_ADAPTERS_HTTP_SERVER_STATIC_FILES_H
#define CATHAYA_ADAPTERS_HTTP_SERVER_STATIC_FILES_H

#include "base/status.h"
#include "ports/http.h"

/* Bundles up to here are compressed while they are sent; that takes some milliseconds. */
#define STATIC_FILES_GZIP_MAX ((size_t)1 << 20)

struct static_files_settings {
    const char *directory;
    const char *prefix; /* of the route: "/log/1"; what follows it and a '/' is the file's name; kept */
    /* How long landmarks may be cached; NULL: not without asking. */
    uint64_t (*landmarks_max_age_s)(void *context);
    void *context;
    const char *index; /* the file that the prefix alone gives; NULL: none */
};

struct static_files;

MUST_USE enum status static_files_new(const struct static_files_settings *settings,
                                      struct static_files **out, struct error *err);
void static_files_free(struct static_files *files);

/* static_files_handler is to be a route of settings.prefix; it borrows files. */
struct http_handler static_files_handler(struct static_files *files);

#endif
