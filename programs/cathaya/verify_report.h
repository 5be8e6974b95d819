/* verify_report.h - one verdict, as a line for people or as a JSON object. */
#ifndef CATHAYA_PROGRAM_VERIFY_REPORT_H
#define CATHAYA_PROGRAM_VERIFY_REPORT_H

#include <cathaya/verify.h>

#include "judging/judging_report.h"

/* All borrowed. */
struct verify_report {
    const char *file;
    const struct cathaya_result *result; /* of a Merkle Tree Certificate */
    const struct cathaya_error *err;     /* CATHAYA_OK is the only yes */
    const struct peer_verdict *chain;    /* of a directly signed certificate; NULL: it is none */
    const struct judging_report *judging; /* what the policy says; NULL: it was not asked */
};

/* verify_report_line prints `FILE: OK reason` or `FILE: FAIL reason`, and below it what the policy says; verify_report_json an
 * object with always the same names, null where verification did not come that far. */
void verify_report_line(const struct verify_report *report);
void verify_report_json(const struct verify_report *report);

#endif
