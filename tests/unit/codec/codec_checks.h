/* codec_checks.h - what the tests of the text codecs share. */
#ifndef CATHAYA_TESTS_UNIT_CODEC_CODEC_CHECKS_H
#define CATHAYA_TESTS_UNIT_CODEC_CODEC_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define HEX_MAX 512

/* The bytes of hex digits; blanks between them do not count. */
struct hex {
    uint8_t data[HEX_MAX];
    size_t len;
};

static inline struct hex unhex(const char *text)
{
    struct hex out = {.len = 0};
    char pair[2];
    size_t have = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        pair[have++] = *text;
        if (have == 2) {
            assert_true(out.len < HEX_MAX);
            assert_true(text_parse_hex(bytes_of(pair, 2), &out.data[out.len++], 1));
            have = 0;
        }
    }
    assert_int_equal(have, 0);
    return out;
}

static inline struct bytes hex_bytes(const struct hex *hex)
{
    return bytes_of(hex->data, hex->len);
}

static inline void assert_bytes(struct bytes got, struct bytes want)
{
    assert_int_equal(got.len, want.len);
    if (want.len > 0)
        assert_memory_equal(got.data, want.data, want.len);
}

static inline void assert_text(struct bytes got, const char *want)
{
    assert_bytes(got, bytes_of_text(want));
}

/* The status, and a reason that has the fragment in it. */
static inline void assert_says(const struct error *err, enum status status, const char *fragment)
{
    if (err->status != status || strstr(err->text, fragment) == NULL)
        fail_msg("%s: %s; expected %s: ...%s...", status_name(err->status), err->text,
                 status_name(status), fragment);
}

#endif
