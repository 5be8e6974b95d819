/* site_ocsp.h - asking the responder of a certificate whether it is revoked. */
#ifndef CATHAYA_PROGRAM_TEST_SITES_SITE_OCSP_H
#define CATHAYA_PROGRAM_TEST_SITES_SITE_OCSP_H

#include "base/bytes.h"
#include "base/status.h"

struct site_ocsp {
    const struct bytes *parts; /* the chain as it was sent, leaf first */
    size_t count;
    struct bytes issuer;       /* the root, which need not be sent */
    int64_t now_s, timeout_ms;
};

/* site_ocsp_is_revoked: true when a response that holds says so; text is what it says, or why nothing is known. It waits. */
bool site_ocsp_is_revoked(const struct site_ocsp *ocsp, char *text, size_t size);

#endif
