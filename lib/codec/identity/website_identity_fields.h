/* website_identity_fields.h - the short fields of an identity record, each by a list of what it may hold. Inside
 * codec/identity; the names and the domain are declared in website_identity.h. Pure. */
#ifndef CATHAYA_CODEC_IDENTITY_WEBSITE_IDENTITY_FIELDS_H
#define CATHAYA_CODEC_IDENTITY_WEBSITE_IDENTITY_FIELDS_H

#include "base/bytes.h"
#include "base/reader.h"

bool website_identity_fields_is_country(const uint8_t country[2]);
bool website_identity_fields_is_registration(struct bytes value);

#endif
