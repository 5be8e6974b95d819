/* identity_file.h - files with entries of the identity log: a line of base64 each, as the log itself has them. One such file is what
 * `trust identity sign` and `revoke` write, and what a curator appends. */
#ifndef CATHAYA_PROGRAM_IDENTITY_IDENTITY_FILE_H
#define CATHAYA_PROGRAM_IDENTITY_IDENTITY_FILE_H

#include "key_file.h"
#include "options.h"
#include "output.h"
#include "rules/identity_check.h"
#include "rules/identity_log.h"

/* Where a registry has its log. */
#define IDENTITY_FILE_LOG "identities/log"
/* Where a distributor publishes it. */
#define IDENTITY_FILE_PUBLISHED_LOG IDENTITY_LOG_PUBLISHED

/* identity_file_each gives every entry of a file to take, until it fails. Reasons begin with path and line. */
typedef enum status identity_file_take(void *context, struct bytes entry, struct error *err);
MUST_USE enum status identity_file_each(const char *path, identity_file_take *take, void *context, struct error *err);

/* identity_file_sign signs a statement with the key of --key and --alg, and writes the entry to the file of --out, or stdout. */
MUST_USE enum status identity_file_sign(const struct options *options, const struct service_key *key, struct bytes statement,
                                        struct error *err);

/* identity_file_open_key opens the key of --key and --alg, and gives its ID. key_file_close and algorithms_free follow in any case. */
MUST_USE enum status identity_file_open_key(const struct options *options, struct algorithms **algorithms, struct service_key *key,
                                            uint8_t id[WEBSITE_IDENTITY_SIGNER_SIZE], struct error *err);

/* identity_file_check_suffix: STATUS_REFUSED for a record with subdomains of a public suffix, registered (com.cn) or private (github.io):
 * it would say who everybody below it is. */
MUST_USE enum status identity_file_check_suffix(const struct website_identity *record, struct error *err);

/* identity_file_json is an entry for people and programs; identity_file_words the same in one line. */
json_t *identity_file_json(const struct website_identity_entry *entry);
void identity_file_words(const struct website_identity_entry *entry, struct builder *out);

#endif
