/* classic_sct.h - signed certificate timestamps by CT logs that are made on the spot [RFC6962 3.2],
 * [GM 4]. Private to tls/. */
#ifndef CATHAYA_TLS_CLASSIC_SCT_H
#define CATHAYA_TLS_CLASSIC_SCT_H

#include "base/builder.h"
#include "crypto/key.h"
#include "rules/sct_check.h"

/* A CT log as its own private key knows it. */
struct classic_log {
    struct log_list_log row; /* as a list would have it: suite, key and ID */
    struct private_key *key;
};

/* classic_log_init makes a log with a new SM2 key (is_gm) or P-256 key. classic_log_clear must follow,
 * after a failure too; the zero log is fine there. */
MUST_USE enum status classic_log_init(struct classic_log *log, const struct algorithms *algorithms,
                                      bool is_gm, struct error *err);
void classic_log_clear(struct classic_log *log);

/* classic_sct_write_list appends a SignedCertificateTimestampList with one SCT of each log over subject. Each has
 * the leaf_index extension of a tiled log. */
MUST_USE enum status classic_sct_write_list(const struct classic_log *logs, size_t log_count,
                                            const struct sct_check_subject *subject,
                                            uint64_t timestamp_ms, struct builder *out,
                                            struct error *err);

/* classic_sct_verify_list is STATUS_OK when list has exactly one good SCT of each log, none of them
 * later than at_ms. STATUS_MALFORMED, STATUS_REFUSED with the reason. */
MUST_USE enum status classic_sct_verify_list(const struct classic_log *logs, size_t log_count,
                                             const struct sct_check_subject *subject,
                                             struct bytes list, uint64_t at_ms, struct error *err);

#endif
