/* site_visit.h - one visit of a test site of an application: does it behave as a site must whose certificate is good, expired or
 * revoked? The client trusts the one root or Merkle Tree CA that the site is to show, and nobody else.
 *
 *   good      TLS with a certificate that leads to it, and an answer to one HTTP request
 *   expired   the certificate is refused now, has expired, and was good the second before that
 *   revoked   the certificate is refused because it is revoked: by the OCSP response that is stapled or that its responder gives;
 *             of a Merkle Tree CA by the ranges that the registry has. Otherwise it would be good
 */
#ifndef CATHAYA_PROGRAM_TEST_SITES_SITE_VISIT_H
#define CATHAYA_PROGRAM_TEST_SITES_SITE_VISIT_H

#include "registry/registry.h"

#define SITE_VISIT_TIMEOUT_S 30
#define SITE_VISIT_TEXT_SIZE 400

struct site_visit {
    const struct registry *registry;
    const char *algorithms_file;      /* --algorithms, or NULL */
    const struct registry_test_site *site;
    const char *connect;              /* ADDR:PORT to connect to, whatever the URL says; NULL */
    int64_t now_s;
    int64_t timeout_ms;
    /* What came of it. */
    bool is_passed;
    bool is_reached;                  /* somebody answered */
    char text[SITE_VISIT_TEXT_SIZE];  /* what was seen, or what is wrong */
};

/* site_visit_run visits; it waits for the network. STATUS_USAGE, STATUS_NO_MEMORY when nothing can be said of the site: its thing is
 * not in the registry, or cannot be trusted. */
MUST_USE enum status site_visit_run(struct site_visit *visit, struct error *err);

#endif
