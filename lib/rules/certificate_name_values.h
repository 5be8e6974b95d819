/* certificate_name_values.h - the characters of names, as they are compared. Private to certificate_names.c. */
#ifndef CATHAYA_RULES_CERTIFICATE_NAME_VALUES_H
#define CATHAYA_RULES_CERTIFICATE_NAME_VALUES_H

#include "rules/certificate_names.h"

/* certificate_name_values_text adds a string of that type of ASN.1: a NUL byte ends a name and begins another. What is odd is
 * remembered in names->malformed. STATUS_NO_MEMORY, STATUS_LIMIT. */
MUST_USE enum status certificate_name_values_text(struct certificate_names *names, enum certificate_name_kind kind, uint8_t tag,
                                                  struct bytes value, struct error *err);

/* certificate_name_values_ip adds an address of 4 or 16 bytes. */
MUST_USE enum status certificate_name_values_ip(struct certificate_names *names, struct bytes value, struct error *err);

#endif
