/* ca_directory.h - a CA on disk (docs/operations.md), opened with everything that it needs.
 *
 *   ca.conf        settings, for people
 *   run.conf       a first configuration of the service that runs this CA (ca_service_config.h)
 *   ca.pem         the CA certificate, to give away
 *   policy.txt     the cosigners, for `cathaya verify --policy`
 *   keys/          private keys: ca.pem, and ID.pem of every further cosigner
 *   log/N/         log number N: record, lock, staged batches, cosignatures
 *   public/N/      log number N as tlog-tiles, to be served by any web server
 *   ca.db          public keys that certificates were issued for, plans of batches, revoked ranges
 */
#ifndef CATHAYA_PROGRAMS_CA_CA_DIRECTORY_H
#define CATHAYA_PROGRAMS_CA_CA_DIRECTORY_H

#include "adapters/posix/posix_object_store.h"
#include "adapters/posix/posix_record_store.h"
#include "adapters/sqlite/sqlite_ca_store.h"
#include "ca/ca_config.h"
#include "codec/mtc/ca_certificate.h"
#include "log_engine/log_engine.h"
#include "service/issuer/issuer.h"

#define CA_DIRECTORY_PATH_MAX 4096

/* Who cosigns elsewhere: for a service that adds their cosignatures. Borrowed until close. */
struct ca_directory_peers {
    const struct log_external *externals;
    size_t external_count;
    struct log_quorum quorum;
};

struct ca_directory {
    const struct ca_directory_peers *peers; /* NULL: nobody */
    char path[CA_DIRECTORY_PATH_MAX];
    struct ca_config config;
    struct algorithms *algorithms; /* borrowed */
    struct builder ca_der;
    struct ca_certificate ca;
    struct service_key keys[LOG_COSIGNERS_MAX];  /* the CA cosigner's first; none in a reader */
    struct public_key *public_key;               /* the CA cosigner's, in a reader */
    struct cosigner cosigners[LOG_COSIGNERS_MAX];
    size_t cosigner_count;
    struct posix_object_store *root, *public_store, *private_store;
    struct sqlite_ca_store *database;
    struct posix_record_store *record;
    uint16_t log_number;
    struct log_engine *log;
    struct hasher hasher;
    struct tai cosigner_ids[LOG_COSIGNERS_MAX]; /* of the certificate being written */
    struct issuer issuer;
};

enum ca_directory_access {
    CA_DIRECTORY_WRITE, /* takes the lock of the log, and recovers it */
    CA_DIRECTORY_READ,  /* needs no private key */
    CA_DIRECTORY_NO_LOG /* configuration, certificate and keys only */
};

/* ca_directory_open opens a CA. log_number 0 is the current log. algorithms is kept until close. dir is
 * to be zeroed memory or fresh; ca_directory_close must follow also after a failure. */
MUST_USE enum status ca_directory_open(struct ca_directory *dir, const char *path,
                                       enum ca_directory_access mode, uint16_t log_number,
                                       struct algorithms *algorithms, struct error *err);

/* ca_directory_open_for_service opens the current log for writing, with peers. */
MUST_USE enum status ca_directory_open_for_service(struct ca_directory *dir, const char *path,
                                                   const struct ca_directory_peers *peers,
                                                   struct algorithms *algorithms, struct error *err);

/* ca_directory_reopen_log closes a log that has stopped, and opens and recovers it. */
MUST_USE enum status ca_directory_reopen_log(struct ca_directory *dir, struct error *err);

/* ca_directory_close settles the log and frees everything. A status other than STATUS_OK is a warning:
 * nothing that was acknowledged is lost, the next open recovers. */
enum status ca_directory_close(struct ca_directory *dir, struct error *err);

/* ca_directory_create makes a new CA in path, which must not exist or be empty: keys, certificate,
 * configuration, log 1. extra_config goes at the end of ca.conf. */
MUST_USE enum status ca_directory_create(const char *path, const struct ca_config *config,
                                         struct bytes extra_config, struct algorithms *algorithms,
                                         struct error *err);

/* ca_directory_add_cosigner makes a key for a further cosigner, which signs every batch from now on. */
MUST_USE enum status ca_directory_add_cosigner(const char *path,
                                               const struct ca_config_cosigner *cosigner,
                                               struct algorithms *algorithms, struct error *err);

#endif
