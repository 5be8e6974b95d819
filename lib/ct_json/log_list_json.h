/* log_list_json.h - the JSON of lists of CT logs: schema 3 of the public log lists, and ours beside it [GM 4].
 *
 *   { "version", "log_list_timestamp": RFC 3339, "operators": [
 *       { "name", "email": [..],
 *         "logs":       [ { "description", "log_id", "key", "url", "mmd", ... } ],
 *         "tiled_logs": [ { "description", "log_id", "key", "submission_url", "monitoring_url", "mmd", ... } ] } ] }
 *   "state": { one of "pending" "qualified" "usable" "readonly" "retired" "rejected":
 *              { "timestamp", "final_tree_head": { "sha256_root_hash" | "sm3_root_hash", "tree_size" } } }   final_: readonly
 *   "temporal_interval": { "start_inclusive", "end_exclusive" }   "log_type": "prod" | "test"
 *   "previous_operators": [ { "name", "end_time" } ]
 *   "suite": "gm" | "intl"    ours; intl when it is not there, as in every public list
 *
 * Bytes are base64. A log.v3.json is the object of one log alone, which is read as a list too: of one log of an operator without a name.
 */
#ifndef CATHAYA_CT_JSON_LOG_LIST_JSON_H
#define CATHAYA_CT_JSON_LOG_LIST_JSON_H

#include "base/builder.h"
#include "codec/ct/log_list.h"

/* The public list of all logs is below 200 KiB. */
#define LOG_LIST_JSON_SIZE_MAX ((size_t)4 * 1024 * 1024)

/* log_list_json_parse reads a whole list; log_list_clear is needed after success only. STATUS_MALFORMED with the log's
 * description and the member: also for a log_id that is not the hash of the key, a log twice, a state that is not
 * known, an interval that ends before it starts. STATUS_LIMIT. Members that are not known are left out. */
MUST_USE enum status log_list_json_parse(struct bytes text, struct log_list *out, struct error *err);

/* log_list_json_write appends the list, indented, with a line end. */
MUST_USE enum status log_list_json_write(const struct log_list *list, struct builder *out, struct error *err);

/* log_list_json_write_log appends the object of one log alone: log.v3.json. */
MUST_USE enum status log_list_json_write_log(const struct log_list_log *log, struct builder *out, struct error *err);

#endif
