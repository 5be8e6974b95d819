#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void
write_text(struct error *err, enum status status, const char *format, va_list args)
{
    err->status = status;
    if (vsnprintf(err->text, sizeof err->text, format, args) < 0)
        err->text[0] = '\0';
}

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        write_text(err, status, format, args);
        va_end(args);
    }
    return status;
}

enum status error_at(struct error *err, enum status status, size_t offset, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        write_text(err, status, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        (void)snprintf(err->text + used, sizeof err->text - used, " (at byte %zu)", offset);
    }
    return status;
}

enum status error_prefix(struct error *err, enum status status, const char *format, ...)
{
    if (err == NULL || status == STATUS_OK)
        return status;
    char rest[ERROR_TEXT_MAX];
    memcpy(rest, err->text, sizeof rest);
    va_list args;
    va_start(args, format);
    write_text(err, status, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    /* A long prefix cuts the reason, never the other way round. */
    (void)snprintf(err->text + used, sizeof err->text - used, ": %.*s",
                   (int)(sizeof rest - 1), rest);
    return status;
}

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [STATUS_OK] = "ok",           [STATUS_MALFORMED] = "malformed",
        [STATUS_REFUSED] = "refused", [STATUS_NOT_FOUND] = "not found",
        [STATUS_CONFLICT] = "conflict", [STATUS_LIMIT] = "limit",
        [STATUS_AGAIN] = "try again", [STATUS_IO] = "I/O",
        [STATUS_NO_MEMORY] = "no memory", [STATUS_USAGE] = "usage",
    };
    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}
