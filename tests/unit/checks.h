/* checks.h - cmocka, and the assertions that unit tests share. */
#ifndef CATHAYA_TESTS_UNIT_CHECKS_H
#define CATHAYA_TESTS_UNIT_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define OK(expression) assert_ok((expression), &err, #expression)

/* An exact copy on the heap, so that a sanitizer sees a read behind its end. */
static inline struct bytes heap_copy(struct bytes b)
{
    uint8_t *copy = malloc(b.len > 0 ? b.len : 1);
    assert_non_null(copy);
    if (b.len > 0)
        memcpy(copy, b.data, b.len);
    return bytes_of(copy, b.len);
}

static inline void heap_free(struct bytes b)
{
    free((uint8_t *)(uintptr_t)b.data);
}

/* The bytes of hex digits, on the heap; blanks between them do not count. */
static inline struct bytes heap_hex(const char *text)
{
    size_t digits = 0;
    char *packed = malloc(strlen(text) + 1);
    assert_non_null(packed);
    for (; *text != '\0'; text++)
        if (*text != ' ')
            packed[digits++] = *text;
    uint8_t *out = malloc(digits / 2 + 1);
    assert_non_null(out);
    assert_true(text_parse_hex(bytes_of(packed, digits), out, digits / 2));
    free(packed);
    return bytes_of(out, digits / 2);
}

static inline void assert_bytes(struct bytes got, struct bytes want)
{
    if (bytes_equal(got, want))
        return;
    struct builder b;
    builder_init(&b, (size_t)1 << 24);
    builder_text(&b, "got ");
    text_write_hex(&b, got);
    builder_text(&b, ", want ");
    text_write_hex(&b, want);
    builder_u8(&b, 0);
    fail_msg("%s", (const char *)b.data);
}

static inline void assert_hex(struct bytes got, const char *want)
{
    struct bytes bytes = heap_hex(want);
    assert_bytes(got, bytes);
    heap_free(bytes);
}

static inline void assert_ok(enum status s, const struct error *err, const char *what)
{
    if (s != STATUS_OK)
        fail_msg("%s: %s", what, err->text);
}

/* The status, and a reason that has the fragment in it. */
static inline void assert_says(enum status got, const struct error *err, enum status want,
                               const char *fragment)
{
    if (got != want || err->status != want || strstr(err->text, fragment) == NULL)
        fail_msg("got %s (%s: %s), want %s (...%s...)", status_name(got), status_name(err->status),
                 err->text, status_name(want), fragment);
}

#endif
