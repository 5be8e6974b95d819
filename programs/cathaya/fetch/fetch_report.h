/* fetch_report.h - what `cathaya fetch` found, for people and as JSON. */
#ifndef CATHAYA_PROGRAM_FETCH_REPORT_H
#define CATHAYA_PROGRAM_FETCH_REPORT_H

#include <jansson.h>

#include "fetch/fetch_exchange.h"
#include "rules/trust_store.h"

#define FETCH_REASON_SIZE 1024

/* fetch_report_verdict is "secure" or "untrusted", NULL when no server was reached. A CT policy, which tells
 * "not_secure" and "not_transparent" apart, is not asked yet. */
const char *fetch_report_verdict(const struct fetch_result *result);

/* fetch_report_reason says what the verdict rests on. store: whose cosigners they are. */
void fetch_report_reason(const struct fetch_result *result, const struct trust_store *store, char out[FETCH_REASON_SIZE]);

/* fetch_report_print prints lines on stdout; fetch_report_json an object. url is as it was given. */
void fetch_report_print(const char *url, const struct fetch_result *result, const struct trust_store *store);
void fetch_report_json(const char *url, const char *profile, const struct fetch_result *result,
                       const struct trust_store *store);

#endif
