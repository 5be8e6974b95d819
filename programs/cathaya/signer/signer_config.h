/* signer_config.h - what `cathaya signer run` reads: examples/signer.conf is the commented form. */
#ifndef CATHAYA_PROGRAMS_SIGNER_SIGNER_CONFIG_H
#define CATHAYA_PROGRAMS_SIGNER_SIGNER_CONFIG_H

#include <limits.h>
#include <sys/types.h>

#include "adapters/posix/posix_record_store.h"
#include "config_file.h"
#include "key_file.h"
#include "service/signer/signer_core.h"

#define SIGNER_CONFIG_NAMES_MAX 64 /* logs of one key */
#define SIGNER_CONFIG_UIDS_MAX  16

struct signer_config {
    cfg_t *cfg; /* texts borrow from it */
    char directory[PATH_MAX];
    char socket[PATH_MAX], state[PATH_MAX];
    size_t uid_count; /* 0: its own user alone */
    uid_t uids[SIGNER_CONFIG_UIDS_MAX];
    size_t key_count;
    struct signer_key keys[SIGNER_KEYS_MAX];
    struct service_key opened[SIGNER_KEYS_MAX];
    const char *origins[SIGNER_KEYS_MAX][SIGNER_CONFIG_NAMES_MAX];
    const char *adopted[SIGNER_KEYS_MAX][SIGNER_CONFIG_NAMES_MAX];
    struct posix_record_store *memories[SIGNER_KEYS_MAX];
};

/* signer_config_read reads the file and opens the keys; algorithms (where `algorithm` blocks go) must outlive it.
 * STATUS_USAGE with file and line. signer_config_free follows also after a failure; NULL is fine. */
MUST_USE enum status signer_config_read(const char *path, struct algorithms *algorithms,
                                        struct signer_config **out, struct error *err);
void signer_config_free(struct signer_config *config);

/* signer_config_open_memories takes the lock of every key's memory, which it makes where there is none. */
MUST_USE enum status signer_config_open_memories(struct signer_config *config, struct error *err);

#endif
