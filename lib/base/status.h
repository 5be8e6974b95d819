/* status.h - how every function that can fail says so.
 *
 * A function returns an enum status; only STATUS_OK means yes. The reason is written into the
 * caller's struct error: no globals, no allocation, no printing.
 */
#ifndef CATHAYA_BASE_STATUS_H
#define CATHAYA_BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))

enum status {
    STATUS_OK = 0,
    STATUS_MALFORMED, /* the bytes are not what the specification allows */
    STATUS_REFUSED,   /* well-formed, but a rule says no */
    STATUS_NOT_FOUND, /* the thing asked for does not exist */
    STATUS_CONFLICT,  /* somebody else got there first, or two views disagree */
    STATUS_LIMIT,     /* a named limit of ours would be exceeded */
    STATUS_AGAIN,     /* not yet: try later */
    STATUS_IO,        /* the surroundings failed: disk, network, permission */
    STATUS_NO_MEMORY,
    STATUS_USAGE      /* the caller, or a file that the judgement needs, is wrong */
};

/* Long enough for what, where and what to do; longer texts are cut. */
#define ERROR_TEXT_MAX 320

struct error {
    enum status status;
    char text[ERROR_TEXT_MAX];
};

/* error_set writes status and the formatted reason into *err (which may be NULL) and returns
 * status, so that `return error_set(...)` is how a function fails. */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* error_at is error_set with the byte offset in the object that is being read. */
enum status error_at(struct error *err, enum status status, size_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* error_prefix puts "formatted: " (a file name, a field) in front of the reason of a failure, and
 * returns status: so `return error_prefix(err, s, ...)` fits success too, where it does nothing. */
enum status error_prefix(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* status_name is the short English name of a status: "malformed", "refused", ... */
const char *status_name(enum status status);

#endif
