/* ctlog_config.h - the configuration of `cathaya ctlog run`; examples/ctlog.conf is its description. */
#ifndef CATHAYA_PROGRAM_CTLOG_CTLOG_CONFIG_H
#define CATHAYA_PROGRAM_CTLOG_CTLOG_CONFIG_H

#include <confuse.h>

#include "codec/ct/ct_suite.h"
#include "codec/note/vkey.h"
#include "key_file.h"
#include "mirror/mirror_config.h"
#include "service/ct_log/ct_log.h"
#include "service/service_listen.h"

#define CTLOG_PATH_MAX 512
/* Temporal shards of some years, in both suites. */
#define CTLOG_LOGS_MAX 32
/* A title is a folder's name and a part of a URL. */
#define CTLOG_TITLE_MAX 64
#define CTLOG_URL_MAX 255
#define CTLOG_TEXT_MAX 255
#define CTLOG_EMAILS_MAX 8
#define CTLOG_WITNESSES_MAX 16
#define CTLOG_COSIGNERS_MAX 8

/* A witness that is asked to cosign the log's checkpoints. */
struct ctlog_witness {
    char url[CTLOG_URL_MAX + 1]; /* submission prefix */
    char ca_file[CTLOG_PATH_MAX]; /* or "" */
    struct vkey vkey;
};

/* A cosigner ID of the operator that signs the checkpoints beside the log key. */
struct ctlog_cosigner {
    struct tai id;
    struct service_key key;
};

struct ctlog_config_log {
    char title[CTLOG_TITLE_MAX + 1];
    const struct ct_suite *suite;
    char submission_url[CTLOG_URL_MAX + 1], monitoring_url[CTLOG_URL_MAX + 1];
    char description[CTLOG_TEXT_MAX + 1]; /* or "" */
    struct service_key key;
    char roots[CTLOG_PATH_MAX];
    char *removed_roots[CT_LOG_REMOVED_ROOTS_MAX]; /* hex; owned */
    size_t removed_root_count;
    int64_t not_after_start_s, not_after_end_s; /* both 0: no interval */
    enum ct_log_state state;
    int64_t state_since_s; /* 0: not said */
    uint32_t mmd_s, refresh_s;
    int64_t retain_s;      /* after the interval's end; 0: for ever */
    bool refuses_expired, takes_mtc_entries;
    char mtc_cas[CT_LOG_MTC_CAS_MAX][CTLOG_PATH_MAX];
    size_t mtc_ca_count;
    struct ctlog_witness witnesses[CTLOG_WITNESSES_MAX];
    size_t witness_count;
    struct ctlog_cosigner cosigners[CTLOG_COSIGNERS_MAX];
    size_t cosigner_count;
};

struct ctlog_config {
    struct algorithms *algorithms;
    char base[CTLOG_PATH_MAX];      /* where relative paths begin */
    char directory[CTLOG_PATH_MAX]; /* of the state */
    char socket[CTLOG_PATH_MAX];    /* for `cathaya ctlog status` and `freeze` */
    struct service_listen listen;
    char operator_name[CTLOG_TEXT_MAX + 1];
    char emails[CTLOG_EMAILS_MAX][CTLOG_TEXT_MAX + 1];
    size_t email_count;
    uint32_t flush_ms;
    struct ct_log_limits limits;
    struct ctlog_config_log logs[CTLOG_LOGS_MAX];
    size_t log_count;
    struct mirror_config_file *mirror; /* of the file that mirror-config names; NULL: none */
};

/* ctlog_config_read reads the file and the keys that it names. STATUS_USAGE with file and line. algorithms_file may be
 * NULL. ctlog_config_read_socket reads no more than where a running service is asked. */
MUST_USE enum status ctlog_config_read(const char *path, const char *algorithms_file, struct ctlog_config **out,
                                       struct error *err);
MUST_USE enum status ctlog_config_read_socket(const char *path, char out[CTLOG_PATH_MAX], struct error *err);
void ctlog_config_free(struct ctlog_config *config);

/* ---- ctlog_config_log.c ---- */

extern cfg_opt_t ctlog_config_log_options[];

/* ctlog_config_read_log reads one `log` block into the next place of config, which counts it also after a failure. */
MUST_USE enum status ctlog_config_read_log(struct ctlog_config *config, cfg_t *section, struct error *err);
void ctlog_config_clear_log(struct ctlog_config_log *log);

#endif
