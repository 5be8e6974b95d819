/* der.h - DER and nothing but DER: definite lengths, shortest form, one-byte tags [X.690 10, 11]. */
#ifndef CATHAYA_CODEC_ASN1_DER_H
#define CATHAYA_CODEC_ASN1_DER_H

#include "base/builder.h"
#include "base/reader.h"

#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OID 0x06
#define DER_UTF8_STRING 0x0c
#define DER_RELATIVE_OID 0x0d
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0x80 | (n))             /* [n] IMPLICIT of a primitive type */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* [n] EXPLICIT, or IMPLICIT of a constructed one */

/* Deeper nesting than any certificate has. */
#define DER_DEPTH_MAX 24

struct der_element {
    uint8_t tag;
    struct bytes whole;    /* identifier, length and contents */
    struct bytes contents;
};

/* der_any reads the next element, whatever its tag. */
MUST_USE bool der_any(struct reader *r, struct der_element *element);

/* der_tagged reads the next element if it has the tag. */
MUST_USE bool der_tagged(struct reader *r, uint8_t tag, struct der_element *element);

/* der_whole reads the next element if it has the tag, identifier and length included. */
MUST_USE bool der_whole(struct reader *r, uint8_t tag, struct bytes *whole);

/* der_enter reads an element with the tag and gives a child reader on its contents. */
MUST_USE bool der_enter(struct reader *r, uint8_t tag, struct reader *child);

/* der_next_is says whether the next element has the tag. */
bool der_next_is(const struct reader *r, uint8_t tag);

/* der_check_nested walks every constructed element of the run and fails at the first byte that is
 * not DER, or below DER_DEPTH_MAX levels. OCTET STRINGs and BIT STRINGs are not entered. */
MUST_USE enum status der_check_nested(struct bytes input, const char *what, struct error *err);

/* Contents of primitive types, in their only encoding. */
MUST_USE bool der_read_boolean(struct reader *r, bool *value);
MUST_USE bool der_read_u64(struct reader *r, uint64_t *value); /* INTEGER 0..2^64-1 */
MUST_USE bool der_read_time(struct reader *r, int64_t *epoch_s); /* Time [RFC5280 4.1.2.5] */

/* der_has_form: is an element of a universal type one that DER has, as far as that can be told without a
 * schema? BOOLEAN, INTEGER, BIT STRING, NULL and OBJECT IDENTIFIER have one encoding of a value, and only
 * SEQUENCE and SET are constructed (EXTERNAL and its like are in no certificate). Characters of strings,
 * times and what is inside are not looked at; other classes pass. */
bool der_has_form(const struct der_element *element);

/* der_is_integer: are these the contents of an INTEGER in shortest form? */
bool der_is_integer(struct bytes contents);

/* der_open writes a tag and leaves room; der_close puts the length in, moving the contents when it
 * needs more than one byte. */
size_t der_open(struct builder *b, uint8_t tag);
void der_close(struct builder *b, size_t mark);

void der_write(struct builder *b, uint8_t tag, struct bytes contents);
void der_write_u64(struct builder *b, uint64_t value);
void der_write_boolean_true(struct builder *b);
/* der_write_bits writes a BIT STRING of whole bytes. */
void der_write_bits(struct builder *b, struct bytes value);
/* der_write_time writes UTCTime until 2049, GeneralizedTime from then on. Years 1950..9999. */
void der_write_time(struct builder *b, int64_t epoch_s);

#endif
