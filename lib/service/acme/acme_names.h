/* acme_names.h - the identifiers of orders [RFC8555 9.7.7] [RFC8738 3]: read, brought to one spelling,
 * compared with those of a certification request. No store, no clock. */
#ifndef CATHAYA_SERVICE_ACME_ACME_NAMES_H
#define CATHAYA_SERVICE_ACME_ACME_NAMES_H

#include <jansson.h>

#include "ports/acme_store.h"

/* acme_names_parse reads one identifier object of a request: a DNS name in lower case, its A-labels
 * checked by IDNA 2008; an address in the spelling of RFC 5952. When it is no good, *problem is the
 * ACME error type and err says why and what to send instead. */
MUST_USE enum status acme_names_parse(const json_t *identifier, struct acme_identifier *out,
                                      const char **problem, struct error *err);

/* acme_names_add appends to list (of *count, at most ACME_IDENTIFIERS_MAX) what is not yet in it. */
void acme_names_add(struct acme_identifier *list, size_t *count, const struct acme_identifier *name);

/* acme_names_from_san reads the contents of GeneralNames that csr_rules_check has made; duplicates are
 * dropped. STATUS_LIMIT beyond ACME_IDENTIFIERS_MAX. */
MUST_USE enum status acme_names_from_san(struct bytes general_names, struct acme_identifier *list,
                                         size_t *count, struct error *err);

/* acme_names_compare is STATUS_OK when both lists, without duplicates, are the same set;
 * STATUS_REFUSED names one that is missing in, or too much for, `got`. */
MUST_USE enum status acme_names_compare(const struct acme_identifier *want, size_t want_count,
                                        const struct acme_identifier *got, size_t got_count,
                                        struct error *err);

/* acme_names_base is the identifier of the authorization: "*." taken away; true when it was there. */
bool acme_names_base(const struct acme_identifier *name, struct acme_identifier *out);

/* acme_names_challenges is what of `offered` can prove an identifier: only the DNS ones a wildcard
 * [RFC8555 7.1.3] [RFC8737 3], none of these an address [RFC8738 4]. */
unsigned acme_names_challenges(const struct acme_identifier *name, unsigned offered);

/* One identifier a line, as certificates keep them; and back, line by line. */
void acme_names_write_lines(const struct acme_identifier *names, size_t count, struct builder *out);
MUST_USE bool acme_names_next_line(struct bytes *rest, struct acme_identifier *out);

bool acme_names_equal(const struct acme_identifier *a, const struct acme_identifier *b);

#endif
