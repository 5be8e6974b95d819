/* trust_show_parts.h - the parts of `trust show` that are not about MTC CAs: roots with their limits, CT logs, policies, who signs. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_SHOW_PARTS_H
#define CATHAYA_PROGRAM_TRUST_TRUST_SHOW_PARTS_H

#include <jansson.h>

#include "trust/trust_directory.h"

/* trust_show_parts_json sets them in the object; trust_show_parts_lines prints what is limited, and who signs. dir: for trust.url. */
void trust_show_parts_json(json_t *out, const char *dir, const struct trust_directory *directory);
void trust_show_parts_lines(const char *dir, const struct trust_directory *directory);

#endif
