/* text.h - numbers and bytes as text, in exactly one spelling each. */
#ifndef CATHAYA_BASE_TEXT_H
#define CATHAYA_BASE_TEXT_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

/* text_dup copies a text, with a NUL behind it, for the caller to free; NULL without memory. */
MUST_USE char *text_dup(struct bytes text);

/* text_parse_u64 reads a decimal number without sign, leading zeros or blanks, at most max. */
MUST_USE bool text_parse_u64(struct bytes text, uint64_t max, uint64_t *value);

/* text_parse_hex reads lower- or upper-case hex; text.len must be 2 * out_len. */
MUST_USE bool text_parse_hex(struct bytes text, uint8_t *out, size_t out_len);

/* text_write_hex appends lower-case hex. */
void text_write_hex(struct builder *b, struct bytes value);

/* text_hex writes 2 * value.len hex digits and a NUL into out, which must be that large. */
void text_hex(struct bytes value, char *out);

/* Base64 with padding (RFC 4648 section 4). Parsing is canonical: no blanks or line ends, right
 * padding, zero pad bits. The decoded bytes are appended. */
MUST_USE bool text_parse_base64(struct bytes text, struct builder *out);
void text_write_base64(struct builder *b, struct bytes value);

/* Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), as canonical: no '=', zero pad
 * bits. */
MUST_USE bool text_parse_base64url(struct bytes text, struct builder *out);
void text_write_base64url(struct builder *b, struct bytes value);

/* text_lower is the small letter of an ASCII letter; any other byte stays. */
static inline uint8_t text_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* text_is_hidden: a control character (U+0000..1F, 7F..9F), or one that is not seen or changes the direction of what is around it: a text
 * with it does not say what it seems to say. */
bool text_is_hidden(uint32_t code);
/* text_is_printable_utf8: valid UTF-8 without hidden characters. */
bool text_is_printable_utf8(struct bytes text);

/* text_next_word splits at runs of blanks and tabs: the next word, or false when there is none.
 * *rest advances. For the project's own line formats (policy, configuration), never for wire. */
MUST_USE bool text_next_word(struct bytes *rest, struct bytes *word);

/* text_next_line gives the next line without its LF (or CR LF); the last line may lack one. False
 * at the end. For the project's own line formats. */
MUST_USE bool text_next_line(struct bytes *rest, struct bytes *line);

#endif
