/* http_url.h - the URLs that http-01 goes to: http or https, a host, perhaps a port, a path [RFC3986]. A
 * redirect's target is a stranger's text. */
#ifndef CATHAYA_SERVICE_VALIDATION_HTTP_URL_H
#define CATHAYA_SERVICE_VALIDATION_HTTP_URL_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "rules/dns_name.h"

/* As long as browsers and servers handle without doubt. */
#define HTTP_URL_MAX 2000

struct http_url {
    bool is_https;
    char host[DNS_NAME_MAX + 1]; /* a name in lower case, or an address without brackets */
    uint8_t ip[16];
    size_t ip_len; /* 0: host is a name */
    uint16_t port; /* 0: none is given */
    char path[HTTP_URL_MAX + 1]; /* from its '/', with the query; no fragment */
};

/* http_url_resolve reads a Location relative to base (NULL: it must be whole). STATUS_MALFORMED for what is
 * no URL: other schemes, user names, blanks, control or non-ASCII characters, hosts that are none. */
MUST_USE enum status http_url_resolve(const struct http_url *base, struct bytes location,
                                      struct http_url *out, struct error *err);

/* http_url_write appends "scheme://host[:port]/path"; port is left out when it is the scheme's own. */
void http_url_write(const struct http_url *url, uint16_t port, struct builder *out);

#endif
