#include "trust/trust_take_report.h"

#include "base/civil_time.h"
#include "output.h"

#define WARNING_MAX 512

static const char *way_name(enum trust_take_way way)
{
    static const char *const names[] = {[TRUST_TAKE_NOTHING] = "nothing", [TRUST_TAKE_FILE] = "file", [TRUST_TAKE_BUNDLE] = "bundle",
                                        [TRUST_TAKE_DELTA] = "delta"};
    return names[way];
}

static void print_json(const struct trust_take_report *r, const struct trust_bundle *b, const char *warning)
{
    static const char *const logs[] = {[TRUST_TAKE_NO_LOG] = "none", [TRUST_TAKE_NOT_COMPARED] = "not-compared",
                                       [TRUST_TAKE_COMPARED] = "compared"};
    char issued[CIVIL_TIME_TEXT_SIZE], expires[CIVIL_TIME_TEXT_SIZE];
    json_t *o = json_object();
    civil_time_format(b->issued_s, issued);
    civil_time_format(b->expires_s, expires);
    json_object_set_new(o, "version", json_integer((json_int_t)b->version));
    json_object_set_new(o, "before", r->before == 0 ? json_null() : json_integer((json_int_t)r->before));
    json_object_set_new(o, "changed", json_boolean(r->is_changed));
    json_object_set_new(o, "issued", json_string(issued));
    json_object_set_new(o, "expires", json_string(expires));
    json_object_set_new(o, "age_s", json_integer((json_int_t)(r->now_s - b->issued_s)));
    json_object_set_new(o, "way", json_string(way_name(r->way)));
    json_object_set_new(o, "rotations", json_integer((json_int_t)r->rotation_count));
    json_object_set_new(o, "fetched_bytes", json_integer((json_int_t)r->bytes));
    json_object_set_new(o, "bundle_bytes", json_integer((json_int_t)r->bundle_bytes));
    json_object_set_new(o, "log_of_versions", json_string(logs[r->log]));
    json_object_set_new(o, "warning", warning[0] == '\0' ? json_null() : json_string(warning));
    output_json(o);
}

static void print_line(const struct trust_take_report *r, const struct trust_bundle *b)
{
    char issued[CIVIL_TIME_TEXT_SIZE], expires[CIVIL_TIME_TEXT_SIZE];
    unsigned long long version = b->version;
    civil_time_format(b->issued_s, issued);
    civil_time_format(b->expires_s, expires);
    if (!r->is_changed)
        output_line("%s: version %llu of %s: nothing new; it expires %s", r->dir, version, issued, expires);
    else if (r->before == 0)
        output_line("%s: version %llu of %s, the first one; it expires %s", r->dir, version, issued, expires);
    else
        output_line("%s: version %llu of %s in place of version %llu; it expires %s", r->dir, version, issued,
                    (unsigned long long)r->before, expires);
    if (r->is_changed)
        output_line("  by %s: %zu bytes came, the bundle has %zu; %zu versions with new keys on the way; log of versions: %s", way_name(r->way),
                    r->bytes, r->bundle_bytes, r->rotation_count,
                    r->log == TRUST_TAKE_NO_LOG ? "none" : r->log == TRUST_TAKE_COMPARED ? "compared with what was held"
                                                                                         : "not compared with what was held");
}

void trust_take_report_print(const struct trust_take_report *report, const struct trust_directory *held, bool is_json)
{
    char memory[WARNING_MAX] = "";
    struct builder warning;
    builder_init_fixed(&warning, (uint8_t *)memory, sizeof memory - 1);
    trust_directory_warn(held, report->now_s, &warning);
    memory[warning.len] = '\0';
    if (is_json)
        print_json(report, &held->bundle, memory);
    else
        print_line(report, &held->bundle);
    trust_directory_print_warning(held, report->now_s);
}
