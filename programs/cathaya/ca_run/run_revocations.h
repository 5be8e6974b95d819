/* run_revocations.h - what a Merkle Tree CA says about revoked entries: the file of each of its logs, and its CRLs. On the
 * CA's worker. */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_REVOCATIONS_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_REVOCATIONS_H

#include "codec/mtc/draft.h"
#include "service/revocation/crl_shards.h"
#include "service/revocation/revocations_file.h"

/* More entries than this are in no CRL: the logs' own files have the ranges. */
#define RUN_CRL_ENTRIES_MAX ((uint64_t)100000)

struct run_revocations {
    struct document_signer signer;
    const struct draft *draft;
    struct tai ca_id;
    uint16_t log_number; /* of the current log; those before it are closed, and their certificates still good */
    const struct issuance_store *issuance;
    struct object_store store; /* the CA's public files */
    struct clock_port clock;
    const char *crl_url;
};

/* run_revocations_publish publishes the files of all logs, the current one's with this minimum index, and all CRLs. */
MUST_USE enum status run_revocations_publish(const struct run_revocations *r, uint64_t minimum_index, struct error *err);

#endif
