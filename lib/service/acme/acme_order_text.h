/* acme_order_text.h - the small texts of others that lead to an order or its certificate. Pure. */
#ifndef CATHAYA_SERVICE_ACME_ACME_ORDER_TEXT_H
#define CATHAYA_SERVICE_ACME_ACME_ORDER_TEXT_H

#include "base/builder.h"

#define ACME_TYPE_CHAIN "application/pem-certificate-chain"

/* acme_order_text_time reads notBefore and notAfter: RFC 3339 in UTC, after the Epoch; a fraction of a
 * second is cut. */
MUST_USE bool acme_order_text_time(const char *text, int64_t *epoch_s);

/* acme_order_text_cursor finds "cursor=N" in a query; 0 when it is not there. */
MUST_USE bool acme_order_text_cursor(struct bytes query, uint64_t *after);

/* acme_order_text_certificate_id splits base64url(keyIdentifier) "." base64url(serial number)
 * [RFC9773 4.1]; neither may be empty. The builders bound them. */
MUST_USE bool acme_order_text_certificate_id(struct bytes text, struct builder *key_id,
                                             struct builder *serial);

/* acme_order_text_wants_properties: does an Accept field [RFC9110 12.5.1] name the type with properties,
 * and not like the plain one better? */
bool acme_order_text_wants_properties(struct bytes accept);

/* acme_order_text_common_name gives the first common name of a whole Name (DER, checked before) that
 * looks like a DNS name or an address; empty when there is none. */
struct bytes acme_order_text_common_name(struct bytes name);

#endif
