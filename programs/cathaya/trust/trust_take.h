/* trust_take.h - a client takes signed trust bundles: from its distributor's URL, by the newest delta, rotations of keys in order, or
 * the whole bundle; or one from a file or a URL of its own [GM 14, GM-82].
 *
 * Nothing changes before all of it was judged, with the logs' files beside it; those stay as they are. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_TAKE_H
#define CATHAYA_PROGRAM_TRUST_TRUST_TAKE_H

#include "crypto/algorithm.h"
#include "ports/clock.h"
#include "ports/fetch.h"

/* For the largest bundle (18 MB) over a slow line. */
#define TRUST_TAKE_FETCH_MS 180000
/* `latest` is a few kilobytes. */
#define TRUST_TAKE_LATEST_MS 30000
/* All of it: a client that has missed years of rotations goes on in the next round with what it has got. */
#define TRUST_TAKE_ALL_MS 900000

struct trust_take_settings {
    const char *dir;
    const char *source;  /* an envelope or a delta: a file, "-", or an http: or https: URL; NULL: url says */
    const char *url;     /* base URL of the distributor */
    const char *ca_file; /* for https; NULL: the system's */
    const struct algorithms *algorithms;
    struct fetch_port fetch;
    struct clock_port clock;
    bool is_json;
};

struct trust_take;

/* trust_take_start takes the directory's lock and begins. The result stands on stdout, a failure on stderr. done gets the
 * exit status: EXIT_NO for a bundle that is not to be taken; it may be called before this returns, when *out is set, and
 * trust_take_free has to follow later. STATUS_REFUSED when somebody else has the lock, and for a damaged directory;
 * STATUS_USAGE for one without pinned keys. */
MUST_USE enum status trust_take_start(const struct trust_take_settings *settings, void (*done)(void *cookie, int exit_status),
                                      void *cookie, struct trust_take **out, struct error *err);

/* trust_take_free lets go of the lock; no fetch may be under way. NULL is fine. */
void trust_take_free(struct trust_take *take);

#endif
