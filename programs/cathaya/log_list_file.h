/* log_list_file.h - a list of CT logs from a file. */
#ifndef CATHAYA_PROGRAM_LOG_LIST_FILE_H
#define CATHAYA_PROGRAM_LOG_LIST_FILE_H

#include "codec/ct/log_list.h"

/* log_list_file_read reads a whole list (ct_json/log_list_json.h); log_list_clear is needed after success only. Reasons begin
 * with the path. STATUS_USAGE, STATUS_IO: input_read's; STATUS_MALFORMED, STATUS_LIMIT: log_list_json_parse's. */
MUST_USE enum status log_list_file_read(const char *path, struct log_list *out, struct error *err);

#endif
