/* log_admission.h - may a CT log be admitted by what a monitor has reported of it? `cathaya monitor report --json` says what was seen, the
 * registry's settings say how good that has to be. Pure. */
#ifndef CATHAYA_PROGRAM_ADMISSION_LOG_ADMISSION_H
#define CATHAYA_PROGRAM_ADMISSION_LOG_ADMISSION_H

#include <jansson.h>

#include "registry/registry.h"

/* Criteria that a report has, and what is asked beside them. */
#define LOG_ADMISSION_ANSWERS_MAX 64
#define LOG_ADMISSION_TEXT_SIZE 320

struct log_admission_answer {
    char name[64];  /* "report", "uptime get-entries", "append-only" */
    bool is_yes;
    char reason[LOG_ADMISSION_TEXT_SIZE];
};

struct log_admission {
    struct log_admission_answer answers[LOG_ADMISSION_ANSWERS_MAX];
    size_t count;
    bool is_yes; /* to all of them */
};

/* log_admission_judge judges a report (the object) about the log. STATUS_MALFORMED when it is no such report, STATUS_REFUSED when it is about
 * another log; STATUS_NO_MEMORY. Numbers that the report gives are counted again by the settings; what only the monitor can
 * say (append-only, the maximum merge delay, entries and answers by the rules, everything verified) is taken from it. */
MUST_USE enum status log_admission_judge(const struct registry_program *settings, const struct registry_thing *log, const json_t *report,
                                         int64_t at_s, struct log_admission *out, struct error *err);

#endif
