/* utf8.h - one code point of UTF-8 at a time [RFC3629 3]. */
#ifndef CATHAYA_CODEC_NOTE_UTF8_H
#define CATHAYA_CODEC_NOTE_UTF8_H

#include "base/reader.h"

/* utf8_next takes one code point; false, and r stays, at the end and for anything but its shortest
 * form: overlong forms, surrogates, above U+10FFFF, cut short. */
MUST_USE bool utf8_next(struct reader *r, uint32_t *code);

/* utf8_is_space says whether a code point has the Unicode property White_Space. */
bool utf8_is_space(uint32_t code);

#endif
