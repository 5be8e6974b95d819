/* run_backup.h - a copy of a whole service: the ACME database, and every CA that its configuration names.
 *
 *   OUT/acme.db   first, so that every certificate it knows of is in the copies of the CAs
 *   OUT/NAME/     each Merkle Tree CA (ca_backup.h) and each CA of directly signed certificates
 */
#ifndef CATHAYA_PROGRAMS_CA_RUN_RUN_BACKUP_H
#define CATHAYA_PROGRAMS_CA_RUN_RUN_BACKUP_H

#include "crypto/algorithm.h"

/* run_backup reads the configuration and copies to out, which must not exist or be empty, and is made with mode 0700. The
 * service may be running. */
MUST_USE enum status run_backup(const char *config_path, const char *out, bool with_keys, struct algorithms *algorithms,
                                struct error *err);

#endif
