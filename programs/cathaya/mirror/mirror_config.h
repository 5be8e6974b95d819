/* mirror_config.h - the configuration of `cathaya mirror run`; examples/mirror.conf is its description. */
#ifndef CATHAYA_PROGRAM_MIRROR_MIRROR_CONFIG_H
#define CATHAYA_PROGRAM_MIRROR_MIRROR_CONFIG_H

#include "codec/note/vkey.h"
#include "codec/tai/tai.h"
#include "key_file.h"
#include "service/mirror/mirror.h"
#include "service/service_listen.h"

#define MIRROR_CONFIG_PATH_MAX 512
#define MIRROR_CONFIG_CAS_MAX 32
#define MIRROR_CONFIG_LOGS_MAX 64
/* Unused log numbers of a CA that are accepted: it moves on by one when it lost one [C2SP mtc-tlog]. */
#define MIRROR_CONFIG_NEXT_LOGS 3

struct mirror_config_ca {
    struct tai id;
    const struct hash_alg *hash;
    struct public_key *key;
    unsigned next_logs;
    char prefix_url[MIRROR_CONFIG_PATH_MAX]; /* where it serves its logs and their landmarks; or "" */
    char ca_file[MIRROR_CONFIG_PATH_MAX];    /* for https there; or "": the system's */
};

struct mirror_config_log {
    char origin[MIRROR_ORIGIN_MAX + 1];
    const struct hash_alg *hash;
    struct vkey keys[MIRROR_LOG_KEYS_MAX];
    size_t key_count;
};

struct mirror_config_file {
    struct algorithms *algorithms;
    char directory[MIRROR_CONFIG_PATH_MAX]; /* of the state */
    char base[MIRROR_CONFIG_PATH_MAX];      /* where relative paths begin */
    struct service_listen listen; /* no address: served by another service */
    char submission[128], monitoring[128], witness[128]; /* paths, without a '/' at the end */
    int64_t retention_s; /* 0: nothing is pruned */
    uint64_t prune_interval_ms, landmark_interval_ms;
    struct mirror_cosigner cosigners[MIRROR_COSIGNERS_MAX];
    struct service_key keys[MIRROR_COSIGNERS_MAX];
    size_t cosigner_count;
    struct mirror_config_ca cas[MIRROR_CONFIG_CAS_MAX];
    size_t ca_count;
    struct mirror_config_log logs[MIRROR_CONFIG_LOGS_MAX];
    size_t log_count;
};

/* mirror_config_read reads the file and what it names: keys and CA certificates. STATUS_USAGE with file and
 * line. algorithms_file may be NULL. */
MUST_USE enum status mirror_config_read(const char *path, const char *algorithms_file,
                                        struct mirror_config_file **out, struct error *err);
void mirror_config_free(struct mirror_config_file *config);

#endif
