/* ca_directory_files.h - the steps that opening, making and changing a CA directory share; private to
 * programs/cathaya/ca. */
#ifndef CATHAYA_PROGRAMS_CA_CA_DIRECTORY_FILES_H
#define CATHAYA_PROGRAMS_CA_CA_DIRECTORY_FILES_H

#include "ca/ca_directory.h"

/* "ID.pem" and its NUL. */
#define CA_DIRECTORY_KEY_NAME_SIZE (TAI_TEXT_SIZE + 4)

/* ca_directory_path writes DIR/name; false when it is too long. */
MUST_USE bool ca_directory_path(const struct ca_directory *dir, const char *name,
                                char out[CA_DIRECTORY_PATH_MAX]);

/* ca_directory_key_name writes "ID.pem", the private key of a further cosigner below keys/. */
void ca_directory_key_name(const struct tai *id, char out[CA_DIRECTORY_KEY_NAME_SIZE]);

MUST_USE enum status ca_directory_open_root(struct ca_directory *dir, const char *path,
                                            bool may_create, struct error *err);

/* ca_directory_get appends a file of the directory. */
MUST_USE enum status ca_directory_get(const struct ca_directory *dir, const char *name,
                                      struct builder *out, struct error *err);

/* ca_directory_open_base opens all but the log; a reader gets no private keys. */
MUST_USE enum status ca_directory_open_base(struct ca_directory *dir, const char *path,
                                            bool is_reader, struct algorithms *algorithms, struct error *err);

/* ca_directory_open_log_stores opens the stores of a log and fills its configuration. */
MUST_USE enum status ca_directory_open_log_stores(struct ca_directory *dir, uint16_t log_number,
                                                  bool is_read_only, bool may_create,
                                                  struct log_config *config, struct error *err);

/* ca_directory_leave_log closes the log and its stores; the rest stays open. */
enum status ca_directory_leave_log(struct ca_directory *dir, struct error *err);

/* ca_directory_put writes a file of the directory, durably: a crash leaves the old one or the new. */
MUST_USE enum status ca_directory_put(const struct ca_directory *dir, const char *name,
                                      struct bytes value, struct error *err);

/* ca_directory_make_key generates a key, keeps it durably as keys/NAME, and gives it to the caller.
 * STATUS_CONFLICT when the file is there. With `where`, a key that is somewhere else is opened instead. */
MUST_USE enum status ca_directory_make_key(const struct ca_directory *dir, const char *algorithm,
                                           const char *name, const struct ca_config_key *where,
                                           struct service_key *out, struct error *err);

/* ca_directory_put_policy writes policy.txt from the cosigners of dir. */
MUST_USE enum status ca_directory_put_policy(const struct ca_directory *dir, struct error *err);

/* ca_directory_found_log makes the stores of a log and an empty log in them, and opens it. */
MUST_USE enum status ca_directory_found_log(struct ca_directory *dir, uint16_t log_number,
                                            struct error *err);

#endif
