/* admission.h - the report that a root program asks for before it admits a log: 90 days of uptime, MMD, append-only, policy; yes or
 * no to each, with the reason. Pure.
 */
#ifndef CATHAYA_SERVICE_MONITOR_ADMISSION_H
#define CATHAYA_SERVICE_MONITOR_ADMISSION_H

#include "service/monitor/log_facts.h"
#include "service/monitor/uptime.h"

/* 99 % for each endpoint over 90 days [Chrome CT Log Policy]; after two weeks without an answer a log is removed. */
#define ADMISSION_RATIO 0.99
#define ADMISSION_OUTAGE_MAX_MS ((int64_t)14 * 86400 * 1000)
/* Of the 90 days, those on which we did look: who was away for longer cannot say that the log was there. */
#define ADMISSION_DAYS_MIN 81

enum admission_criterion {
    ADMISSION_OBSERVED,    /* it was looked at for the whole window */
    ADMISSION_UPTIME,
    ADMISSION_OUTAGE,
    ADMISSION_VERIFIED,    /* every entry up to the newest tree head was verified */
    ADMISSION_APPEND_ONLY,
    ADMISSION_MMD,
    ADMISSION_POLICY       /* entries and answers as the log's own statement and the rules have them */
};
#define ADMISSION_CRITERIA 7

struct admission_answer {
    bool is_yes;
    char reason[512];
};

struct admission_report {
    struct admission_answer answers[ADMISSION_CRITERIA];
    bool is_yes; /* to all of them */
};

/* Short names: "uptime", "append-only". */
const char *admission_criterion_name(enum admission_criterion criterion);

void admission_judge(const struct uptime *uptime, const struct log_facts *facts, int64_t now_ms, struct admission_report *out);

#endif
