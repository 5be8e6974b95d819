#include "admission/log_admission.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"

#define DAY_S 86400
#define HOUR_S 3600
#define UPTIME_WHOLE 10000 /* of `setting log-uptime` */
/* Counts that can be multiplied without a thought: minutes of 90 days are 130,000. */
#define COUNT_MAX ((json_int_t)1 << 40)

/* What only the monitor can say. "observed", "uptime" and "outage" are counted here. */
static const char *const taken[] = {"verified", "append-only", "mmd", "policy"};
#define TAKEN (sizeof taken / sizeof taken[0])

static void answer(struct log_admission *out, const char *name, bool is_yes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void answer(struct log_admission *out, const char *name, bool is_yes, const char *format, ...)
{
    va_list args;
    out->is_yes = out->is_yes && is_yes;
    if (out->count == LOG_ADMISSION_ANSWERS_MAX)
        return;
    struct log_admission_answer *a = &out->answers[out->count++];
    a->is_yes = is_yes;
    (void)snprintf(a->name, sizeof a->name, "%s", name);
    va_start(args, format);
    (void)vsnprintf(a->reason, sizeof a->reason, format, args);
    va_end(args);
}

static enum status malformed(struct error *err, const char *what)
{
    return error_set(err, STATUS_MALFORMED, "admission report: %s: this is no answer of `cathaya monitor report --json`", what);
}

/* ---- which log, and when ---- */

static enum status check_log(const struct registry_thing *log, const json_t *report, struct error *err)
{
    struct log_list_log row = {.suite = log->suite};
    char id[2 * HASH_SIZE + 1];
    const char *said = json_string_value(json_object_get(report, "id"));
    enum status s = log_list_set_key(&row, log->der, err);
    if (s != STATUS_OK)
        return s;
    text_hex(BYTES_OF(row.log_id), id);
    if (said == NULL)
        return malformed(err, "id");
    return strcmp(said, id) == 0 ? STATUS_OK
                                 : error_set(err, STATUS_REFUSED, "the report is about the log %.64s, and %s is %s", said, log->head.id, id);
}

static enum status judge_time(const struct registry_program *settings, const json_t *report, int64_t at_s, struct log_admission *out,
                              struct error *err)
{
    const char *text = json_string_value(json_object_get(report, "time"));
    int64_t time_s;
    if (text == NULL || !civil_time_parse(bytes_of_text(text), &time_s))
        return malformed(err, "time");
    if (time_s > at_s + DAY_S)
        answer(out, "report", false, "it is of %.32s, which lies ahead", text);
    else
        answer(out, "report", at_s - time_s <= (int64_t)settings->log_report_days * DAY_S, "it is of %.32s; at most %u days old", text,
               settings->log_report_days);
    return STATUS_OK;
}

/* ---- endpoints ---- */

static bool read_count(const json_t *endpoint, const char *name, json_int_t *out)
{
    const json_t *value = json_object_get(endpoint, name);
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0 && *out <= COUNT_MAX;
}

static enum status judge_endpoint(const struct registry_program *settings, const json_t *endpoint, struct log_admission *out,
                                  struct error *err)
{
    const char *name = json_string_value(json_object_get(endpoint, "endpoint"));
    json_int_t good, bad, days, outage_s;
    char label[64];
    if (name == NULL || !read_count(endpoint, "good", &good) || !read_count(endpoint, "bad", &bad) ||
        !read_count(endpoint, "days", &days) || !read_count(endpoint, "longest_outage_s", &outage_s))
        return malformed(err, "endpoints");
    (void)snprintf(label, sizeof label, "observed %.40s", name);
    answer(out, label, days >= (json_int_t)settings->log_observed_days, "asked on %lld days; at least %u", (long long)days,
           settings->log_observed_days);
    (void)snprintf(label, sizeof label, "uptime %.40s", name);
    answer(out, label, good + bad > 0 && good * UPTIME_WHOLE >= (good + bad) * (json_int_t)settings->log_uptime,
           "%lld of %lld intervals; at least %u.%02u %%", (long long)good, (long long)(good + bad), settings->log_uptime / 100,
           settings->log_uptime % 100);
    (void)snprintf(label, sizeof label, "outage %.40s", name);
    answer(out, label, outage_s < (json_int_t)settings->log_outage_hours * HOUR_S, "the longest was %lld minutes; less than %u hours",
           (long long)(outage_s / 60), settings->log_outage_hours);
    return STATUS_OK;
}

static enum status judge_endpoints(const struct registry_program *settings, const json_t *report, struct log_admission *out,
                                   struct error *err)
{
    const json_t *endpoints = json_object_get(report, "endpoints");
    enum status s = STATUS_OK;
    if (!json_is_array(endpoints))
        return malformed(err, "endpoints");
    if (json_array_size(endpoints) == 0)
        answer(out, "observed", false, "no endpoint was ever asked");
    for (size_t i = 0; s == STATUS_OK && i < json_array_size(endpoints); i++)
        s = judge_endpoint(settings, json_array_get(endpoints, i), out, err);
    return s;
}

/* ---- what the monitor says ---- */

static const json_t *find_criterion(const json_t *criteria, const char *name)
{
    for (size_t i = 0; i < json_array_size(criteria); i++) {
        const char *said = json_string_value(json_object_get(json_array_get(criteria, i), "criterion"));
        if (said != NULL && strcmp(said, name) == 0)
            return json_array_get(criteria, i);
    }
    return NULL;
}

static enum status judge_criteria(const json_t *report, struct log_admission *out, struct error *err)
{
    const json_t *criteria = json_object_get(report, "criteria");
    for (size_t i = 0; i < TAKEN; i++) {
        const json_t *one = find_criterion(criteria, taken[i]);
        const char *reason = json_string_value(json_object_get(one, "reason"));
        if (!json_is_boolean(json_object_get(one, "yes")) || reason == NULL)
            return malformed(err, "criteria");
        answer(out, taken[i], json_is_true(json_object_get(one, "yes")), "%.300s", reason);
    }
    return STATUS_OK;
}

enum status log_admission_judge(const struct registry_program *settings, const struct registry_thing *log, const json_t *report,
                                int64_t at_s, struct log_admission *out, struct error *err)
{
    *out = (struct log_admission){.is_yes = true};
    enum status s = check_log(log, report, err);
    if (s == STATUS_OK)
        s = judge_time(settings, report, at_s, out, err);
    if (s == STATUS_OK)
        s = judge_endpoints(settings, report, out, err);
    return s == STATUS_OK ? judge_criteria(report, out, err) : s;
}
