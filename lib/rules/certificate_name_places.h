/* certificate_name_places.h - where names stand in a certificate that may be broken: subject and extensions. Private to
 * certificate_names.c. */
#ifndef CATHAYA_RULES_CERTIFICATE_NAME_PLACES_H
#define CATHAYA_RULES_CERTIFICATE_NAME_PLACES_H

#include "rules/certificate_names.h"

/* Contents of the subject's Name, and of the SEQUENCE of Extensions. What is wrong is remembered in names->malformed;
 * statuses of certificate_name_values_text. */
MUST_USE enum status certificate_name_places_subject(struct certificate_names *names, struct bytes contents, struct error *err);
MUST_USE enum status certificate_name_places_extensions(struct certificate_names *names, struct bytes contents,
                                                        struct error *err);

#endif
