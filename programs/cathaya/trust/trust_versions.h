/* trust_versions.h - is a checkpoint of the log of versions consistent with another one? By the distributor's tiles, below
 * URL/log/tile [C2SP tlog-tiles]; and the evidence when it is not. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_VERSIONS_H
#define CATHAYA_PROGRAM_TRUST_TRUST_VERSIONS_H

#include "ports/clock.h"
#include "ports/fetch.h"
#include "rules/version_proof.h"

/* A tile is 8 KiB. */
#define TRUST_VERSIONS_FETCH_MS 30000

struct trust_versions_settings {
    const char *dir;     /* where evidence/ is */
    const char *url;     /* of the distributor, without a slash at its end */
    const char *ca_file;
    struct fetch_port fetch;
    struct clock_port clock;
    const struct bundle_keys *keys; /* that both are signed with; for the evidence */
};

struct trust_versions;

/* trust_versions_start compares two checkpoints whose signatures are good, and calls done once; it may be called before this returns,
 * when *out is set. STATUS_CONFLICT: one of them is a lie, and evidence was kept; STATUS_IO: tiles are not there;
 * STATUS_REFUSED: tiles lead to nothing. Notes are borrowed until then. trust_versions_free later. */
MUST_USE enum status trust_versions_start(const struct trust_versions_settings *settings, const struct version_checkpoint *held,
                                          const struct version_checkpoint *offered,
                                          void (*done)(void *cookie, enum status status, struct error *err), void *cookie,
                                          struct trust_versions **out, struct error *err);
void trust_versions_free(struct trust_versions *versions);

/* How many bytes of tiles have come. */
size_t trust_versions_fetched(const struct trust_versions *versions);

/* trust_versions_keep_roots keeps the evidence of two checkpoints of one size with different roots. */
void trust_versions_keep_roots(const struct trust_versions_settings *settings, const struct version_checkpoint *held,
                               const struct version_checkpoint *offered);

/* trust_versions_keep_bundles keeps two signed bundles of one version with other contents: as version-N-HASH.bundle, and the evidence that a key
 * has signed both. */
void trust_versions_keep_bundles(const struct trust_versions_settings *settings, uint64_t version, struct bytes held, struct bytes offered);

#endif
