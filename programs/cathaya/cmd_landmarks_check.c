/* cathaya landmarks check - is this landmarks document well-formed and current? */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/civil_time.h"
#include "codec/landmarks/landmarks.h"
#include "command.h"
#include "input.h"
#include "output.h"

/* The newest landmark has to be active, or clients get nothing for new certificates. A log without
 * landmarks is current; the old format has no expiries to tell by. */
static enum status check_current(const struct landmarks *l, size_t active, int64_t at_s,
                                 struct error *err)
{
    char expiry[CIVIL_TIME_TEXT_SIZE], at[CIVIL_TIME_TEXT_SIZE];
    if (l->format == LANDMARKS_WITH_COUNT || l->latest == 0 || active > 0)
        return STATUS_OK;
    civil_time_format(l->at[0].expiry_s, expiry);
    civil_time_format(at_s, at);
    return error_set(err, STATUS_REFUSED,
                     "not current: the newest landmark, %llu, expired at %s (judged at %s); get a newer document",
                     (unsigned long long)l->latest, expiry, at);
}

static void report_line(const char *path, const struct landmarks *l, size_t active)
{
    char until[CIVIL_TIME_TEXT_SIZE];
    if (l->latest == 0) {
        output_line("%s: OK no landmarks yet", path);
    } else if (l->format == LANDMARKS_WITH_COUNT) {
        output_line("%s: OK %zu active landmarks, latest %llu at tree size %llu (format up to -05, without expiries)",
                    path, active, (unsigned long long)l->latest, (unsigned long long)l->at[0].tree_size);
    } else {
        civil_time_format(l->at[0].expiry_s, until);
        output_line("%s: OK %zu active landmark%s, latest %llu at tree size %llu until %s", path, active,
                    active == 1 ? "" : "s", (unsigned long long)l->latest,
                    (unsigned long long)l->at[0].tree_size, until);
    }
}

static void report_json(const char *path, const struct landmarks *l, size_t active,
                        const struct error *err)
{
    char until[CIVIL_TIME_TEXT_SIZE];
    bool is_ok = err->status == STATUS_OK, is_read = l->count > 0;
    bool has_expiry = is_read && l->format == LANDMARKS_WITH_EXPIRY && l->latest > 0;
    json_t *o = json_object();
    output_json_text(o, "file", path);
    json_object_set_new(o, "ok", json_boolean(is_ok));
    json_object_set_new(o, "status", json_string(status_name(err->status)));
    output_json_text(o, "reason", is_ok ? "well-formed and current" : err->text);
    json_object_set_new(o, "format", !is_read ? json_null()
                                     : json_string(l->format == LANDMARKS_WITH_EXPIRY ? "expiry" : "count"));
    json_object_set_new(o, "latest", is_read ? json_integer((json_int_t)l->latest) : json_null());
    json_object_set_new(o, "active", is_read ? json_integer((json_int_t)active) : json_null());
    json_object_set_new(o, "listed", is_read ? json_integer((json_int_t)l->count) : json_null());
    json_object_set_new(o, "tree_size", is_read ? json_integer((json_int_t)l->at[0].tree_size) : json_null());
    if (has_expiry)
        civil_time_format(l->at[0].expiry_s, until);
    json_object_set_new(o, "expires", has_expiry ? json_string(until) : json_null());
    output_json(o);
}

static int judge(const char *path, struct bytes content, int64_t at_s, bool is_json,
                 struct landmarks *l)
{
    struct error err = {.status = STATUS_OK};
    size_t active = 0;
    enum status s = landmarks_parse(content, at_s, l, &err);
    if (s == STATUS_OK) {
        active = landmarks_active_count(l, at_s);
        s = check_current(l, active, at_s, &err);
    } else {
        l->count = 0;
    }
    err.status = s;
    if (is_json)
        report_json(path, l, active, &err);
    else if (s == STATUS_OK)
        report_line(path, l, active);
    else
        output_line("%s: FAIL %s", path, err.text);
    return (int)output_exit_status(ROLE_OBJECT, s);
}

static int run(const struct options *options)
{
    static struct landmarks landmarks;
    struct error err = {.status = STATUS_OK};
    struct builder content;
    int64_t at_s = (int64_t)time(NULL);
    const char *path = options->arguments[0];
    builder_init(&content, INPUT_SIZE_MAX);
    enum status s = options_time(options, "at", &at_s, &err);
    if (s == STATUS_OK)
        s = input_read(path, INPUT_SIZE_MAX, &content, &err);
    int status = s == STATUS_OK ? judge(path, builder_view(&content), at_s, options_has(options, "json"), &landmarks)
                                : output_failure(ROLE_OBJECT, &err);
    builder_clear(&content);
    return status;
}

static const struct option_row rows[] = {
    {.name = "at", .metavar = "TIME", .help = "judge at this time, RFC 3339 or seconds; now"},
    {.name = "json", .help = "a JSON object"},
    {.name = NULL},
};

const struct command command_landmarks_check = {
    .name = "landmarks check",
    .arguments = "FILE",
    .summary = "is this landmarks document well-formed and current",
    .details = "Prints `FILE: OK reason` or `FILE: FAIL reason`. Exit status 0: yes; 1: no.\n",
    .options = rows,
    .argument_min = 1,
    .argument_max = 1,
    .run = run,
};
