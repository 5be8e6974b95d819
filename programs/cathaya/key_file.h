/* key_file.h - the one place where commands and services open private keys. A configuration names a key as
 *
 *   PATH                  a PKCS#8 PEM file that nobody but its owner may read
 *   signer:SOCKET#KEYID   a key that `cathaya signer run` holds
 *   SCHEME:...            a URI of OpenSSL's store: file:, or what the provider beside it offers
 *
 * PATH and SOCKET are below the configuration's directory unless they begin with '/'.
 */
#ifndef CATHAYA_PROGRAM_KEY_FILE_H
#define CATHAYA_PROGRAM_KEY_FILE_H

#include "crypto/key.h"
#include "ports/cosigner.h"
#include "ports/ct_signer.h"
#include "ports/document_signer.h"

#define KEY_FILE_NAME_MAX 1023

struct key_name {
    const char *key;       /* as above */
    const char *provider;  /* module to load for a URI: a path, or a name that OpenSSL knows; NULL or "": none */
    const char *directory; /* NULL: the process's */
};

/* A key that is open: here, or in a signer. */
struct signer_client;
struct service_key {
    struct private_key *local; /* NULL: in a signer */
    struct signer_client *remote;
};

/* key_file_open opens the key, which must be one of alg. STATUS_USAGE when it is not there, is no such key, or others may
 * read the file; STATUS_IO when a signer does not answer. key_file_close follows also after a failure. */
MUST_USE enum status key_file_open(const struct key_name *name, const struct signature_alg *alg,
                                   struct service_key *out, struct error *err);
void key_file_close(struct service_key *key);

/* What an open key is good for; all of it borrows the key. */
const struct public_key *key_file_public(const struct service_key *key);
struct cosigner key_file_cosigner(const struct service_key *key, const struct tai *id);
struct document_signer key_file_document_signer(const struct service_key *key);
/* Of a local key alone. */
struct ct_signer key_file_ct_signer(const struct service_key *key);

/* key_file_is_path: is it the first kind of name? */
bool key_file_is_path(const char *key);

/* key_file_read reads a PKCS#8 PEM file with a key of alg. STATUS_USAGE when it is not there, is no such
 * key, or when others may read it. */
MUST_USE enum status key_file_read(const char *path, const struct signature_alg *alg,
                                   struct private_key **out, struct error *err);

/* key_file_make generates a key and keeps it durably with mode 0600. STATUS_CONFLICT when there is a
 * file already. */
MUST_USE enum status key_file_make(const char *path, const struct signature_alg *alg,
                                   struct private_key **out, struct error *err);

/* key_file_read_secret appends a file of at most max bytes that only its owner may read, without the ends of its last line.
 * STATUS_USAGE as key_file_check_mode and input_read. */
MUST_USE enum status key_file_read_secret(const char *path, size_t max, struct builder *out, struct error *err);

/* key_file_check_mode: STATUS_USAGE when others may read the file; what is not there passes. */
MUST_USE enum status key_file_check_mode(const char *path, struct error *err);

#endif
