#include "trust/trust_report.h"

#include "base/civil_time.h"
#include "output.h"
#include "service/landmark_update/revocation_check.h"

/* What is known of the signed file. Ranges are those that are held, which may be more than the file's. */
struct state {
    uint64_t sequence;
    char issued[CIVIL_TIME_TEXT_SIZE], next[CIVIL_TIME_TEXT_SIZE];
    bool is_overdue;
};

static bool read_state(struct bytes file, int64_t now_s, struct state *out)
{
    struct revocations r;
    revocations_init(&r);
    bool is_there = file.len > 0 && revocation_check_read(file, &r, NULL) == STATUS_OK;
    if (is_there) {
        out->sequence = r.sequence;
        civil_time_format(r.issued_s, out->issued);
        civil_time_format(r.next_s, out->next);
        out->is_overdue = r.next_s < now_s;
    }
    revocations_clear(&r);
    return is_there;
}

json_t *trust_report_revocations(struct bytes file, const struct trust_bundle *bundle, int64_t now_s)
{
    struct state state;
    if (!read_state(file, now_s, &state))
        return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "sequence", json_integer((json_int_t)state.sequence));
    json_object_set_new(o, "issued", json_string(state.issued));
    json_object_set_new(o, "next", json_string(state.next));
    json_object_set_new(o, "overdue", json_boolean(state.is_overdue));
    json_object_set_new(o, "ranges", json_integer((json_int_t)bundle->revoked.count));
    return o;
}

void trust_report_revocations_line(const char *indent, struct bytes file, const struct trust_bundle *bundle, int64_t now_s)
{
    struct state state;
    if (read_state(file, now_s, &state))
        output_line("%srevocations: file %llu of %s, the next one %s %s; %zu ranges", indent, (unsigned long long)state.sequence,
                    state.issued, state.is_overdue ? "IS OVERDUE since" : "by", state.next, bundle->revoked.count);
}

void trust_report_json(const struct trust_report *report)
{
    char id[TAI_TEXT_SIZE];
    json_t *o = json_object();
    tai_text(report->ca_id, id);
    json_object_set_new(o, "ca", json_string(id));
    json_object_set_new(o, "log", json_integer(report->log_number));
    json_object_set_new(o, "url", json_null());
    if (report->url != NULL)
        output_json_text(o, "url", report->url);
    json_object_set_new(o, "ok", json_boolean(report->reason == NULL));
    json_object_set_new(o, "reason", json_null());
    if (report->reason != NULL)
        output_json_text(o, "reason", report->reason);
    if (report->has_landmarks) {
        const struct trust_bundle_log *log = trust_bundle_log_at(report->bundle, 0);
        uint64_t latest = log->landmark_count == 0 ? 0 : log->first_landmark + log->landmark_count - 1;
        json_object_set_new(o, "landmark", json_integer((json_int_t)latest));
        json_object_set_new(o, "active", json_integer((json_int_t)log->landmark_count));
        json_object_set_new(o, "new", json_integer((json_int_t)report->new_landmarks));
        json_object_set_new(o, "tiles", json_integer((json_int_t)report->tile_count));
    }
    json_object_set_new(o, "revocations", trust_report_revocations(report->revocations, report->bundle, report->now_s));
    output_json(o);
}

static void landmarks_line(const struct trust_report *report, const char *id)
{
    char until[CIVIL_TIME_TEXT_SIZE];
    const struct trust_bundle_log *log = trust_bundle_log_at(report->bundle, 0);
    if (log->landmark_count == 0) {
        output_line("%s log %u: no active landmarks", id, report->log_number);
        return;
    }
    const struct trust_bundle_landmark *last = trust_bundle_landmark_at(report->bundle, log, log->landmark_count - 1);
    civil_time_format(last->expiry_s, until);
    output_line("%s log %u: landmark %llu at %llu entries until %s, %zu active, %zu new, %zu tiles fetched", id, report->log_number,
                (unsigned long long)(log->first_landmark + log->landmark_count - 1), (unsigned long long)last->tree_size, until,
                log->landmark_count, report->new_landmarks, report->tile_count);
}

void trust_report_lines(const struct trust_report *report)
{
    char id[TAI_TEXT_SIZE];
    tai_text(report->ca_id, id);
    if (!report->has_landmarks)
        return;
    landmarks_line(report, id);
    trust_report_revocations_line("  ", report->revocations, report->bundle, report->now_s);
}
