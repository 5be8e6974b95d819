/* trust_assembly.h - the contents of a version: the registry's bundle, and what is held of the logs. Inside service/trust_publisher;
 * pure. */
#ifndef CATHAYA_SERVICE_TRUST_PUBLISHER_TRUST_ASSEMBLY_H
#define CATHAYA_SERVICE_TRUST_PUBLISHER_TRUST_ASSEMBLY_H

#include "service/trust_publisher/trust_state.h"

/* Landmarks of all CAs together: 8 MB of a bundle, and twice what 250 CAs have that allocate one an hour for a week. A CA has its share,
 * and at least as many as that. */
#define TRUST_ASSEMBLY_LANDMARKS ((size_t)100000)
#define TRUST_ASSEMBLY_LANDMARKS_OF_CA_MIN ((size_t)169)

struct trust_assembly {
    uint64_t version;
    int64_t issued_s, expires_s;
    const struct trust_bundle *registry;
    const struct trust_state *state;
    /* What came of it. */
    size_t landmark_count, revoked_count;
    size_t left_out_count; /* landmarks of CAs that have more than their share */
    size_t joined_count; /* ranges that were joined with their neighbour, for there were more than a bundle holds */
};

/* trust_assembly_share is how many landmarks a CA has in a bundle of so many CAs, at most. */
size_t trust_assembly_share(size_t ca_count);

/* trust_assembly_write appends the contents. Of a log: its landmarks that have not expired (of a CA with more than its share the newest
 * ones of its newest logs), the higher minimum index of registry and
 * log, and all ranges that one of both revokes. Logs of CAs that the registry does not have are left out. STATUS_LIMIT.
 *
 * When there are more ranges than a bundle holds, those of the CA with the most are joined with their neighbours, and what lies between
 * is revoked too: a CA that revokes without end costs its own certificates, and nobody's update. */
MUST_USE enum status trust_assembly_write(struct trust_assembly *assembly, struct builder *out, struct error *err);

#endif
