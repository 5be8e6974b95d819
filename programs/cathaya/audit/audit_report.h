/* audit_report.h - what an audit says: a line for people, or a JSON object with stable names, for each thing. */
#ifndef CATHAYA_PROGRAM_AUDIT_REPORT_H
#define CATHAYA_PROGRAM_AUDIT_REPORT_H

#include "audit/audit_scts.h"

/* evidence: the path of its file; "": none. */
void audit_report_finding(const struct log_finding *finding, const char *evidence, bool is_json);

/* audit_report_log is the end of a round of one log. */
void audit_report_log(const struct audit_log *log, const struct follower_status *now, enum status status, const struct error *err,
                      bool has_findings, bool is_heads_only, bool is_json);

void audit_report_sct(const struct audit_sct *sct, const char *log_name, const struct follower_answered *answered, bool is_json);
/* audit_report_bad_sct is one that does not verify, or of a log that is not followed. */
void audit_report_bad_sct(const struct audit_sct *sct, bool is_json);

#endif
