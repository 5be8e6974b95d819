/* publish_report.h - what a build has done, for people and programs. */
#ifndef CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_REPORT_H
#define CATHAYA_PROGRAM_TRUST_PUBLISH_PUBLISH_REPORT_H

#include "trust_publish/publish_input.h"

/* publish_report_print says it on stdout, and what was refused or away on stderr. The exit status: EXIT_YES; EXIT_NO when something
 * that a log says was refused; EXIT_SURROUNDINGS when a log could not be followed. Of a build that made no version: its reason. */
int publish_report_print(const struct trust_publisher_report *report, const struct publish_input *input, bool is_json);

/* publish_report_away and publish_report_refused count logs. */
size_t publish_report_away(const struct trust_publisher_report *report);
size_t publish_report_refused(const struct trust_publisher_report *report);

#endif
