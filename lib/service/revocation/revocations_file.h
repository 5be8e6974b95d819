/* revocations_file.h - the file of a log's revoked entries, made from what the CA remembers, signed and
 * put where the log is read (codec/revocations). Blocking: for the CA's worker. */
#ifndef CATHAYA_SERVICE_REVOCATION_REVOCATIONS_FILE_H
#define CATHAYA_SERVICE_REVOCATION_REVOCATIONS_FILE_H

#include "codec/revocations/revocations.h"
#include "codec/tai/tai.h"
#include "ports/clock.h"
#include "ports/document_signer.h"
#include "ports/issuance_store.h"
#include "ports/object_store.h"

#define REVOCATIONS_FILE_NAME "revocations"
/* "65535/revocations" and its NUL. */
#define REVOCATIONS_FILE_PATH_SIZE 32
/* Readers look every hour; a day without the CA must not make the file stale. */
#define REVOCATIONS_FILE_LIFETIME_S ((int64_t)2 * 86400)

struct revocations_file {
    struct document_signer signer;
    struct tai ca_id, log_id;
    uint16_t log_number;
    const struct issuance_store *issuance;
    struct object_store store; /* of the CA's public files: the object is "<log number>/revocations" */
    struct clock_port clock;
};

/* revocations_file_collect gives all revoked ranges of the log, in order, merged where they touch, without
 * overlaps: what begins first stays. ranges is an empty array of struct revocation. */
MUST_USE enum status revocations_file_collect(const struct revocations_file *file,
                                              struct array *ranges, struct error *err);

/* revocations_file_publish signs the present list, and puts it durably. The minimum index is the one given, or
 * that of the file before it when that is higher: it never goes back. */
MUST_USE enum status revocations_file_publish(const struct revocations_file *file,
                                              uint64_t minimum_index, struct error *err);

#endif
