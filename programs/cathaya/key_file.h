/* key_file.h - private keys in files that nobody but their owner may read. */
#ifndef CATHAYA_PROGRAM_KEY_FILE_H
#define CATHAYA_PROGRAM_KEY_FILE_H

#include "crypto/key.h"

/* key_file_read reads a PKCS#8 PEM file with a key of alg. STATUS_USAGE when it is not there, is no such
 * key, or when others may read it. */
MUST_USE enum status key_file_read(const char *path, const struct signature_alg *alg,
                                   struct private_key **out, struct error *err);

/* key_file_make generates a key and keeps it durably with mode 0600. STATUS_CONFLICT when there is a
 * file already. */
MUST_USE enum status key_file_make(const char *path, const struct signature_alg *alg,
                                   struct private_key **out, struct error *err);

/* key_file_check_mode: STATUS_USAGE when others may read the file; what is not there passes. */
MUST_USE enum status key_file_check_mode(const char *path, struct error *err);

#endif
