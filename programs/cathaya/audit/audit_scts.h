/* audit_scts.h - the SCTs that a command is to check: out of certificates, and from files beside them. */
#ifndef CATHAYA_PROGRAM_AUDIT_SCTS_H
#define CATHAYA_PROGRAM_AUDIT_SCTS_H

#include "audit/audit_logs.h"
#include "base/array.h"

/* One SCT, and what became of it. Owned. */
struct audit_sct {
    char name[256];   /* of the certificate's file */
    uint8_t log_id[HASH_SIZE];
    size_t log;       /* the number of its log; the count of logs: it is not among them */
    uint64_t timestamp_ms;
    bool has_index;
    uint64_t index;
    uint8_t leaf_hash[HASH_SIZE];
    struct builder sct, leaf;
    enum status verified; /* its signature */
    char reason[ERROR_TEXT_MAX];
};

/* audit_scts_load reads --cert, --issuer, --sct and --fetched: each SCT is verified with its log's key at now_s. STATUS_USAGE for files that
 * cannot be read, STATUS_MALFORMED, STATUS_REFUSED (what is no certificate with SCTs). Items are struct audit_sct *.
 * audit_scts_clear follows in any case. */
MUST_USE enum status audit_scts_load(const struct options *options, const struct audit_logs *logs, const struct algorithms *algorithms,
                                     int64_t now_s, struct array *out, struct error *err);
void audit_scts_clear(struct array *scts);

#endif
