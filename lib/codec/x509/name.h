/* name.h - distinguished names [RFC5280 4.1.2.4], as far as every reader has to agree on them:
 *
 *   Name ::= SEQUENCE OF SET SIZE (1..MAX) OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
 */
#ifndef CATHAYA_CODEC_X509_NAME_H
#define CATHAYA_CODEC_X509_NAME_H

#include "base/reader.h"

/* name_read reads a whole Name in DER: the attributes of a SET in ascending order, each with a type and
 * one value of a form that DER has. What the characters of a value say is not looked at. False, and r
 * stays, for anything else. */
MUST_USE bool name_read(struct reader *r, struct bytes *whole);

#endif
