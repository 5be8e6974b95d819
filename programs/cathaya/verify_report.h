/* verify_report.h - one verdict, as a line for people or as a JSON object. */
#ifndef CATHAYA_PROGRAM_VERIFY_REPORT_H
#define CATHAYA_PROGRAM_VERIFY_REPORT_H

#include <cathaya/verify.h>

/* verify_report_line prints `FILE: OK reason` or `FILE: FAIL reason`; verify_report_json an object
 * with always the same names, null where verification did not come that far. */
void verify_report_line(const char *file, const struct cathaya_result *result,
                        const struct cathaya_error *err);
void verify_report_json(const char *file, const struct cathaya_result *result,
                        const struct cathaya_error *err);

#endif
