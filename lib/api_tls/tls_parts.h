/* tls_parts.h - the inside of the public TLS client. */
#ifndef CATHAYA_API_TLS_TLS_PARTS_H
#define CATHAYA_API_TLS_TLS_PARTS_H

#include <cathaya/tls.h>

#include "tls/tls_browser.h"

struct cathaya_tls_trust {
    struct cathaya_trust *mtc;
    struct peer_trust *peer;
};

struct cathaya_tls_client {
    const struct cathaya_tls_trust *trust;
    struct tls_browser *browser;
};

struct cathaya_tls {
    const struct cathaya_tls_trust *trust;
    struct tls_stream *stream;
};

struct cathaya_tls_session {
    struct tls_browser_session *session;
};

#endif
