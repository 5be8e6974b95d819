/* dns_txt.h - TXT RDATA: one or more character-strings, each a length (1) and its bytes [RFC1035 3.3.14]. */
#ifndef CATHAYA_RULES_DNS_TXT_H
#define CATHAYA_RULES_DNS_TXT_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

/* dns_txt_join appends the strings one after the other. STATUS_MALFORMED when there is none or the last
 * is cut short. */
MUST_USE enum status dns_txt_join(struct bytes rdata, struct builder *out, struct error *err);

#endif
