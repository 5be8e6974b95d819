/* fetch_report.h - what `cathaya fetch` found, for people and as JSON. */
#ifndef CATHAYA_PROGRAM_FETCH_REPORT_H
#define CATHAYA_PROGRAM_FETCH_REPORT_H

#include <jansson.h>

#include "fetch/fetch_exchange.h"
#include "fetch/fetch_identity.h"
#include "judging/judging_basis.h"
#include "judging/judging_report.h"

#define FETCH_REASON_SIZE 1024

/* What a report is made of. Borrowed. */
struct fetch_report {
    const char *url; /* as it was given */
    const char *profile;
    const struct fetch_result *result;
    const struct judging_basis *basis;
    enum policy_language language;
    bool is_verbose;
    const struct fetch_identity *identity; /* NULL: nothing is known of whose website it is */
};

/* fetch_report_verdict is the word of the policy's verdict; when the policy was not asked, "secure" or "untrusted"; NULL when no
 * server was reached. */
const char *fetch_report_verdict(const struct fetch_result *result);

/* fetch_report_reason says what the verdict rests on. */
void fetch_report_reason(const struct fetch_report *report, char out[FETCH_REASON_SIZE]);

/* fetch_report_judging fills what judging_report.h prints; false when the policy was not asked. */
MUST_USE bool fetch_report_judging(const struct fetch_report *report, struct judging_report *out);

/* fetch_report_print prints lines on stdout; fetch_report_json an object. */
void fetch_report_print(const struct fetch_report *report);
void fetch_report_json(const struct fetch_report *report);

#endif
