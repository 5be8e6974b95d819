/* ca_logs.h - the logs of a CA directory, which of them is current, and going on to the next.
 *
 *   log/N/record   log N exists
 *   log/N/lost     its record is lost for good, so that nothing is ever added to it
 */
#ifndef CATHAYA_PROGRAMS_CA_CA_LOGS_H
#define CATHAYA_PROGRAMS_CA_CA_LOGS_H

#include "ca/ca_directory.h"

/* ca_logs_current is the highest log number that has a record. STATUS_REFUSED when a log has published
 * without having one: then nobody knows what it has signed. */
MUST_USE enum status ca_logs_current(const struct ca_directory *dir, uint16_t *log_number,
                                     struct error *err);

/* ca_logs_rotate closes the current log for good, whether it can still be opened or not, and founds the
 * next; *log_number is its number. With is_record_lost the log whose record is missing is given up
 * instead. Repeatable: after a crash in between, it goes on [MTC 5.2]. */
MUST_USE enum status ca_logs_rotate(const char *path, bool is_record_lost,
                                    struct algorithms *algorithms, uint16_t *log_number,
                                    struct error *err);

#endif
