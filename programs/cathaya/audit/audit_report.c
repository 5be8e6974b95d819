#include "audit/audit_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "output.h"

static json_t *time_of(uint64_t ms)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    if (ms == 0)
        return json_null();
    civil_time_format((int64_t)(ms / 1000), text);
    return json_string(text);
}

static json_t *object_of(const char *type)
{
    json_t *o = json_object();
    json_object_set_new(o, "type", json_string(type));
    return o;
}

void audit_report_finding(const struct log_finding *f, const char *evidence, bool is_json)
{
    if (!is_json) {
        output_line("%s: %s %s: %s%s%s%s", f->log, f->is_over ? "over:" : log_finding_severity_name(f->severity),
                    log_finding_name(f->id), f->text, evidence[0] != '\0' ? " (evidence: " : "", evidence,
                    evidence[0] != '\0' ? ")" : "");
        return;
    }
    json_t *o = object_of("finding");
    output_json_text(o, "log", f->log);
    json_object_set_new(o, "id", json_string(log_finding_name(f->id)));
    json_object_set_new(o, "severity", json_string(log_finding_severity_name(f->severity)));
    output_json_text(o, "text", f->text);
    output_json_text(o, "source", f->source);
    json_object_set_new(o, "over", json_boolean(f->is_over));
    json_object_set_new(o, "index", f->has_index ? json_integer((json_int_t)f->index) : json_null());
    json_object_set_new(o, "seen", time_of((uint64_t)f->seen_ms));
    json_object_set_new(o, "proven", json_boolean(f->evidence.len > 0));
    if (evidence[0] != '\0')
        output_json_text(o, "evidence", evidence);
    else
        json_object_set_new(o, "evidence", json_null());
    output_json(o);
}

void audit_report_log(const struct audit_log *log, const struct follower_status *now, enum status status, const struct error *err,
                      bool has_findings, bool is_heads_only, bool is_json)
{
    char head[CIVIL_TIME_TEXT_SIZE];
    bool is_good = status == STATUS_OK && !has_findings;
    civil_time_format((int64_t)(now->head_timestamp_ms / 1000), head);
    if (!is_json) {
        output_line("%s: %s: %s of %" PRIu64 " entries%s%s, %" PRIu64 " entries verified, %" PRIu64 " requests%s%s", log->name,
                    is_good ? "OK" : "FAIL", log_kind_name(log->followed.kind), now->head_size,
                    now->head_timestamp_ms != 0 ? " at " : "", now->head_timestamp_ms != 0 ? head : "",
                    is_heads_only ? UINT64_C(0) : now->verified_size, now->request_count, status != STATUS_OK ? ": " : "",
                    status != STATUS_OK ? err->text : "");
        return;
    }
    json_t *o = object_of("log");
    output_json_text(o, "log", log->name);
    json_object_set_new(o, "kind", json_string(log_kind_name(log->followed.kind)));
    output_json_text(o, "url", log->url);
    json_object_set_new(o, "ok", json_boolean(is_good));
    json_object_set_new(o, "status", json_string(status == STATUS_OK ? "ok" : status_name(status)));
    output_json_text(o, "reason", status == STATUS_OK ? "" : err->text);
    json_object_set_new(o, "size", json_integer((json_int_t)now->head_size));
    json_object_set_new(o, "verified", json_integer((json_int_t)now->verified_size));
    json_object_set_new(o, "entries", json_integer((json_int_t)now->entry_count));
    json_object_set_new(o, "requests", json_integer((json_int_t)now->request_count));
    json_object_set_new(o, "findings", json_integer((json_int_t)now->finding_count));
    json_object_set_new(o, "head_timestamp_ms", json_integer((json_int_t)now->head_timestamp_ms));
    output_json(o);
}

static const char *answer_name(enum follower_answer answer)
{
    static const char *const names[] = {[FOLLOWER_INCLUDED] = "included",
                                        [FOLLOWER_NOT_YET] = "not-yet",
                                        [FOLLOWER_NOT_INCLUDED] = "not-included",
                                        [FOLLOWER_UNKNOWN] = "unknown"};
    return names[answer];
}

static json_t *sct_object(const struct audit_sct *sct)
{
    char hex[2 * HASH_SIZE + 1];
    json_t *o = object_of("sct");
    text_hex(BYTES_OF(sct->log_id), hex);
    output_json_text(o, "certificate", sct->name);
    json_object_set_new(o, "log_id", json_string(hex));
    json_object_set_new(o, "timestamp_ms", json_integer((json_int_t)sct->timestamp_ms));
    return o;
}

void audit_report_sct(const struct audit_sct *sct, const char *log_name, const struct follower_answered *a, bool is_json)
{
    bool is_in = a->answer == FOLLOWER_INCLUDED;
    if (!is_json && is_in) {
        int64_t delay = a->delay_ms < 0 ? -a->delay_ms : a->delay_ms;
        output_line("%s: SCT of %s: included at index %" PRIu64 ", in a tree head %" PRId64 ".%03" PRId64 " s %s the SCT", sct->name,
                    log_name, a->index, delay / 1000, delay % 1000, a->delay_ms < 0 ? "before" : "after");
        return;
    }
    if (!is_json) {
        output_line("%s: SCT of %s: %s: %s", sct->name, log_name, answer_name(a->answer), a->text);
        return;
    }
    json_t *o = sct_object(sct);
    output_json_text(o, "log", log_name);
    json_object_set_new(o, "answer", json_string(answer_name(a->answer)));
    json_object_set_new(o, "index", is_in ? json_integer((json_int_t)a->index) : json_null());
    json_object_set_new(o, "delay_ms", is_in ? json_integer((json_int_t)a->delay_ms) : json_null());
    json_object_set_new(o, "head_size", json_integer((json_int_t)a->head_size));
    json_object_set_new(o, "head_timestamp_ms", json_integer((json_int_t)a->head_timestamp_ms));
    output_json_text(o, "reason", a->text);
    output_json(o);
}

void audit_report_bad_sct(const struct audit_sct *sct, bool is_json)
{
    if (!is_json) {
        output_line("%s: SCT: %s: %s", sct->name, sct->verified == STATUS_NOT_FOUND ? "not checked" : "does not verify", sct->reason);
        return;
    }
    json_t *o = sct_object(sct);
    json_object_set_new(o, "log", json_null());
    json_object_set_new(o, "answer", json_string(sct->verified == STATUS_NOT_FOUND ? "not-checked" : "invalid"));
    output_json_text(o, "reason", sct->reason);
    output_json(o);
}
