/* peer_anchors.h - the listed roots and intermediates of a trust, found by their subject. Private to tls/. */
#ifndef CATHAYA_TLS_PEER_ANCHORS_H
#define CATHAYA_TLS_PEER_ANCHORS_H

#include <openssl/x509.h>

#include "base/array.h"
#include "tls/peer_trust.h"

struct peer_entry {
    struct peer_anchor anchor;
    X509 *cert;
    unsigned long subject; /* hash of the name */
    size_t number;         /* in the order of adding */
};

/* Filled once, then shared by threads. */
struct peer_anchors {
    struct array entries; /* struct peer_entry *, by hash of the subject, then by number */
};

void peer_anchors_init(struct peer_anchors *anchors);
void peer_anchors_clear(struct peer_anchors *anchors);

/* peer_anchors_add copies the anchor with all its parts; its world is set here. A certificate that is there already becomes what
 * the new one says. Statuses of peer_trust_add_listed. */
MUST_USE enum status peer_anchors_add(struct peer_anchors *anchors, const struct peer_anchor *anchor, struct error *err);

/* peer_anchors_named: those whose subject may be this name (the caller compares); *first is the place of the first one. */
size_t peer_anchors_named(const struct peer_anchors *anchors, const X509_NAME *name, size_t *first);
const struct peer_entry *peer_anchors_at(const struct peer_anchors *anchors, size_t i);

/* peer_anchors_find is the row of this certificate, NULL when it is not listed. */
const struct peer_entry *peer_anchors_find(const struct peer_anchors *anchors, const X509 *cert);

#endif
