#include "trust_publish/publish_report.h"

#include "base/civil_time.h"
#include "output.h"

/* Lines of deltas that people want to see. */
#define DELTA_LINES_MAX 3

static bool is_away(const struct trust_publisher_log *log)
{
    return log->status == STATUS_IO || log->status == STATUS_AGAIN;
}

size_t publish_report_away(const struct trust_publisher_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->logs.count; i++)
        count += is_away(trust_publisher_log_at(report, i));
    return count;
}

size_t publish_report_refused(const struct trust_publisher_report *report)
{
    size_t count = 0;
    for (size_t i = 0; i < report->logs.count; i++) {
        const struct trust_publisher_log *log = trust_publisher_log_at(report, i);
        count += log->status != STATUS_OK && !is_away(log);
    }
    return count;
}

/* ---- JSON ---- */

static json_t *log_json(const struct trust_publisher_log *log)
{
    char id[TAI_TEXT_SIZE];
    json_t *o = json_object();
    tai_text(&log->ca_id, id);
    json_object_set_new(o, "ca", json_string(id));
    json_object_set_new(o, "log", json_integer(log->log_number));
    json_object_set_new(o, "status", json_string(log->status == STATUS_OK ? "ok" : is_away(log) ? "away" : "refused"));
    if (log->status != STATUS_OK)
        output_json_text(o, "reason", log->reason != NULL ? log->reason : status_name(log->status));
    if (log->evidence != NULL)
        output_json_text(o, "evidence", log->evidence);
    if (log->url != NULL)
        output_json_text(o, "url", log->url);
    json_object_set_new(o, "landmarks", json_integer((json_int_t)log->landmark_count));
    json_object_set_new(o, "new_landmarks", json_integer((json_int_t)log->new_landmarks));
    json_object_set_new(o, "newest_landmark", json_integer((json_int_t)log->newest_landmark));
    json_object_set_new(o, "tree_size", json_integer((json_int_t)log->tree_size));
    return o;
}

static void print_json(const struct trust_publisher_report *report, const struct publish_input *input)
{
    json_t *o = json_object(), *deltas = json_array(), *logs = json_array();
    const struct registry_report *findings = publish_input_report(input);
    json_object_set_new(o, "version", json_integer((json_int_t)report->version));
    json_object_set_new(o, "issued", json_integer(report->issued_s));
    json_object_set_new(o, "expires", json_integer(report->expires_s));
    json_object_set_new(o, "bundle_bytes", json_integer((json_int_t)report->envelope_size));
    json_object_set_new(o, "contents_bytes", json_integer((json_int_t)report->contents_size));
    json_object_set_new(o, "rotation", json_boolean(report->is_rotation));
    json_object_set_new(o, "landmarks", json_integer((json_int_t)report->landmark_count));
    json_object_set_new(o, "revoked_ranges", json_integer((json_int_t)report->revoked_count));
    json_object_set_new(o, "duration_ms", json_integer(report->duration_ms));
    json_object_set_new(o, "registry_errors", json_integer((json_int_t)findings->error_count));
    json_object_set_new(o, "registry_warnings", json_integer((json_int_t)findings->warning_count));
    json_object_set_new(o, "cas_left_out", json_integer((json_int_t)publish_input_left_out(input)));
    for (size_t i = 0; i < report->deltas.count; i++) {
        const struct trust_publisher_delta *delta = trust_publisher_delta_at(report, i);
        json_array_append_new(deltas, json_pack("{s:I, s:I}", "from", (json_int_t)delta->from, "bytes", (json_int_t)delta->size));
    }
    for (size_t i = 0; i < report->logs.count; i++)
        json_array_append_new(logs, log_json(trust_publisher_log_at(report, i)));
    json_object_set_new(o, "deltas", deltas);
    json_object_set_new(o, "logs", logs);
    output_json(o);
}

/* ---- words ---- */

static void print_log(const struct trust_publisher_log *log)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&log->ca_id, id);
    output_line("  %s log %u: %zu landmarks, %zu new, tree of %llu%s%s", id, log->log_number, log->landmark_count, log->new_landmarks,
                (unsigned long long)log->tree_size, log->url != NULL ? ", from " : ", nothing new was taken",
                log->url != NULL ? log->url : "");
}

static void print_deltas(const struct trust_publisher_report *report)
{
    size_t count = report->deltas.count;
    for (size_t i = 0; i < count; i++) {
        const struct trust_publisher_delta *delta = trust_publisher_delta_at(report, i);
        if (i < DELTA_LINES_MAX || i + 1 == count)
            output_line("  delta from %llu: %zu bytes", (unsigned long long)delta->from, delta->size);
        else if (i == DELTA_LINES_MAX)
            output_line("  ...");
    }
}

static void print_lines(const struct trust_publisher_report *report, const struct publish_input *input)
{
    char until[CIVIL_TIME_TEXT_SIZE];
    const struct registry_report *findings = publish_input_report(input);
    civil_time_format(report->expires_s, until);
    output_line("version %llu: good until %s, %zu landmarks of %zu logs, %zu revoked ranges%s", (unsigned long long)report->version,
                until, report->landmark_count, report->logs.count, report->revoked_count,
                report->is_rotation ? ", names new keys" : "");
    output_line("  bundle: %zu bytes", report->envelope_size);
    print_deltas(report);
    for (size_t i = 0; i < report->logs.count; i++)
        print_log(trust_publisher_log_at(report, i));
    if (findings->error_count + findings->warning_count > 0)
        output_error("the registry has %zu errors and %zu warnings: see `cathaya trust lint`", findings->error_count,
                     findings->warning_count);
    if (publish_input_left_out(input) > 0)
        output_error("%zu MTC CAs are left out: their rules cannot be met by the cosigners that are trusted", publish_input_left_out(input));
}

int publish_report_print(const struct trust_publisher_report *report, const struct publish_input *input, bool is_json)
{
    char id[TAI_TEXT_SIZE];
    int status = EXIT_YES;
    if (report->status != STATUS_OK)
        return output_failure(ROLE_STATE, report->error);
    if (is_json)
        print_json(report, input);
    else
        print_lines(report, input);
    for (size_t i = 0; i < report->logs.count; i++) {
        const struct trust_publisher_log *log = trust_publisher_log_at(report, i);
        if (log->status == STATUS_OK)
            continue;
        tai_text(&log->ca_id, id);
        output_error("%s log %u: %s%s", id, log->log_number, log->reason != NULL ? log->reason : status_name(log->status),
                     is_away(log) ? "; what is held stays" : "; NOTHING NEW OF IT IS TAKEN, what is held stays");
        if (log->evidence != NULL)
            output_error("the state's %s proves it: show it with `cathaya evidence verify`", log->evidence);
        status = output_worse(status, is_away(log) ? EXIT_SURROUNDINGS : EXIT_NO);
    }
    return status;
}
