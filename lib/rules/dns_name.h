/* dns_name.h - host names and addresses: what may stand in a certificate, and what matches what. */
#ifndef CATHAYA_RULES_DNS_NAME_H
#define CATHAYA_RULES_DNS_NAME_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

#define DNS_NAME_MAX 253      /* [RFC1035 2.3.4] without the root's dot */
#define DNS_NAME_LABEL_MAX 63

/* dns_name_check: may a certificate be issued for this name? At least two labels of letters, digits
 * and hyphens, no hyphen at either end of a label nor as its third and fourth character (but for
 * "xn--") [RFC5890 2.3.1], a last label that is not all digits. With allow_wildcard the left-most
 * label may be "*" when two more follow. Either case is fine. STATUS_REFUSED with the reason. */
MUST_USE enum status dns_name_check(struct bytes name, bool allow_wildcard, struct error *err);

/* dns_name_check_host is the same, but a host of an intranet may be a single label. */
MUST_USE enum status dns_name_check_host(struct bytes name, bool allow_wildcard, struct error *err);

/* dns_name_write_lower appends the name in lower case, the spelling that is issued. */
void dns_name_write_lower(struct bytes name, struct builder *out);

/* dns_name_matches: does the name presented in a certificate cover the reference, the name that the
 * client wants [RFC9525 6.3]? Case does not matter; one dot at the end of the reference is ignored;
 * a presented "*" stands for exactly one whole left-most label and needs two labels behind it. An IP
 * address as reference matches nothing, and neither does a reference with a "*". */
bool dns_name_matches(struct bytes presented, struct bytes reference);

/* ip_address_parse reads an IPv4 address of four decimal numbers without leading zeros or an IPv6
 * address [RFC4291 2.2], without zone or brackets. *len is 4 or 16. */
MUST_USE bool ip_address_parse(struct bytes text, uint8_t out[16], size_t *len);

/* dns_name_write_san appends a GeneralName: of a DNS name as it is, or of an IP address in text. STATUS_MALFORMED for
 * a text that is no address. */
MUST_USE enum status dns_name_write_san(bool is_ip, const char *value, struct builder *out, struct error *err);

#endif
