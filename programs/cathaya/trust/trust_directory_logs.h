/* trust_directory_logs.h - the files of logs in a trust directory. Inside trust/. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_DIRECTORY_LOGS_H
#define CATHAYA_PROGRAM_TRUST_TRUST_DIRECTORY_LOGS_H

#include "trust/trust_directory.h"

/* trust_directory_logs_read reads all of DIR/logs into the directory, sorted by CA ID and number; no such folder: none. STATUS_REFUSED
 * (MALFORMED, LIMIT) for one that is damaged or about another log than its name says. Reasons begin with the path. */
MUST_USE enum status trust_directory_logs_read(const char *path, struct trust_directory *directory, struct error *err);

#endif
