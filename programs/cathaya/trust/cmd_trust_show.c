/* cathaya trust show - what a trust directory trusts. */
#include <time.h>

#include "algorithms_file.h"
#include "base/civil_time.h"
#include "codec/mtc/ca_certificate.h"
#include "command.h"
#include "output.h"
#include "trust/trust_directory.h"
#include "trust/trust_report.h"
#include "trust/trust_show_parts.h"

#define DAY_S 86400

struct session {
    struct algorithms *algorithms;
    struct trust_directory *directory;
    const char *dir;
    int64_t now_s;
};

static void copy_text(struct bytes text, char out[TRUST_BUNDLE_TEXT_MAX + 1])
{
    struct builder b;
    builder_init_fixed(&b, out, TRUST_BUNDLE_TEXT_MAX);
    builder_bytes(&b, text);
    out[b.len] = '\0';
}

static const char *time_or_never(int64_t at_s, char out[CIVIL_TIME_TEXT_SIZE])
{
    if (at_s == 0)
        return "never";
    civil_time_format(at_s, out);
    return out;
}

static size_t count_active(const struct session *s, const struct trust_bundle *b, const struct trust_bundle_log *log)
{
    size_t active = 0;
    for (size_t i = 0; i < log->landmark_count; i++)
        active += trust_bundle_landmark_at(b, log, i)->expiry_s >= s->now_s;
    return active;
}

/* ---- JSON ---- */

static json_t *text_json(struct bytes text)
{
    char copy[TRUST_BUNDLE_TEXT_MAX + 1];
    copy_text(text, copy);
    return json_string(copy);
}

/* k: of the directory's files of logs, from 1; 0: the bundle, which has no such file. */
static struct bytes revocations_of(const struct session *s, size_t k)
{
    return k == 0 ? bytes_of(NULL, 0) : s->directory->logs[k - 1].revocations;
}

static json_t *log_json(const struct session *s, size_t k, const struct trust_bundle *b, const struct trust_bundle_log *log)
{
    char until[CIVIL_TIME_TEXT_SIZE];
    json_t *o = json_object();
    bool has_any = log->landmark_count > 0;
    uint64_t latest = has_any ? log->first_landmark + log->landmark_count - 1 : 0;
    json_object_set_new(o, "log", json_integer(log->log_number));
    json_object_set_new(o, "minimum_index", json_integer((json_int_t)log->minimum_index));
    json_object_set_new(o, "landmark", json_integer((json_int_t)latest));
    json_object_set_new(o, "active", json_integer((json_int_t)count_active(s, b, log)));
    if (has_any)
        civil_time_format(trust_bundle_landmark_at(b, log, log->landmark_count - 1)->expiry_s, until);
    json_object_set_new(o, "expires", has_any ? json_string(until) : json_null());
    json_object_set_new(o, "tree_size",
                        json_integer(has_any ? (json_int_t)trust_bundle_landmark_at(b, log, log->landmark_count - 1)->tree_size : 0));
    json_object_set_new(o, "revocations", trust_report_revocations(revocations_of(s, k), b, s->now_s));
    return o;
}

static json_t *logs_json(const struct session *s, const struct tai *ca_id)
{
    json_t *list = json_array();
    const struct trust_directory *d = s->directory;
    for (size_t k = 0; k <= d->log_count; k++) {
        const struct trust_bundle *b = k == 0 ? &d->bundle : &d->logs[k - 1].bundle;
        for (size_t i = 0; i < b->logs.count; i++)
            if (tai_equal(&trust_bundle_log_at(b, i)->ca_id, ca_id))
                json_array_append_new(list, log_json(s, k, b, trust_bundle_log_at(b, i)));
    }
    return list;
}

static json_t *ca_json(const struct session *s, const struct trust_bundle_ca *ca)
{
    const struct trust_bundle *b = &s->directory->bundle;
    char id[TAI_TEXT_SIZE];
    struct ca_certificate parsed;
    json_t *o = json_object(), *urls = json_array();
    tai_text(&ca->id, id);
    json_object_set_new(o, "id", json_string(id));
    json_object_set_new(o, "operator", text_json(ca->operator_name));
    bool is_gm = ca_certificate_parse(ca->certificate, &parsed, NULL) == STATUS_OK && parsed.draft == &draft_gm;
    json_object_set_new(o, "suite", json_string(is_gm ? "gm" : "intl"));
    for (size_t i = 0; i < ca->url_count; i++)
        json_array_append_new(urls, text_json(trust_bundle_url(b, ca, i)));
    json_object_set_new(o, "urls", urls);
    json_object_set_new(o, "rules", json_integer((json_int_t)ca->rule_count));
    json_object_set_new(o, "logs", logs_json(s, &ca->id));
    return o;
}

static json_t *ids_json(const struct array *ids)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ids->count; i++) {
        char id[TAI_TEXT_SIZE];
        tai_text(array_at(ids, i), id);
        json_array_append_new(list, json_string(id));
    }
    return list;
}

static void show_json(const struct session *s)
{
    const struct trust_bundle *b = &s->directory->bundle;
    const struct trust_contents *c = s->directory->contents;
    char at[CIVIL_TIME_TEXT_SIZE];
    json_t *o = json_object(), *cas = json_array();
    json_object_set_new(o, "version", json_integer((json_int_t)b->version));
    json_object_set_new(o, "signed", json_boolean(s->directory->is_signed));
    civil_time_format(b->issued_s, at);
    json_object_set_new(o, "issued", json_string(at));
    json_object_set_new(o, "age_s", json_integer((json_int_t)(s->now_s - b->issued_s)));
    json_object_set_new(o, "expires", b->expires_s == 0 ? json_null() : json_string(time_or_never(b->expires_s, at)));
    json_object_set_new(o, "bytes", json_integer((json_int_t)s->directory->memory.len));
    json_object_set_new(o, "roots", json_integer((json_int_t)b->anchors.count));
    json_object_set_new(o, "ct_logs", json_integer((json_int_t)b->ct_logs.count));
    json_object_set_new(o, "cosigners", json_integer((json_int_t)b->cosigners.count));
    json_object_set_new(o, "trusted_subtrees", json_integer((json_int_t)trust_store_subtree_count(c->store)));
    json_object_set_new(o, "gm_trust_anchors", ids_json(&c->gm_ids));
    json_object_set_new(o, "intl_trust_anchors", ids_json(&c->intl_ids));
    for (size_t i = 0; i < b->cas.count; i++)
        json_array_append_new(cas, ca_json(s, trust_bundle_ca_at(b, i)));
    json_object_set_new(o, "cas", cas);
    trust_show_parts_json(o, s->dir, s->directory);
    output_json(o);
}

/* ---- lines ---- */

static void show_log(const struct session *s, const struct trust_bundle *b, const struct trust_bundle_log *log)
{
    char until[CIVIL_TIME_TEXT_SIZE];
    if (log->landmark_count == 0) {
        output_line("  log %u: no landmarks; minimum index %llu", log->log_number, (unsigned long long)log->minimum_index);
        return;
    }
    const struct trust_bundle_landmark *last = trust_bundle_landmark_at(b, log, log->landmark_count - 1);
    civil_time_format(last->expiry_s, until);
    output_line("  log %u: landmarks %llu to %llu, %zu active, newest at %llu entries until %s; minimum index %llu", log->log_number,
                (unsigned long long)log->first_landmark, (unsigned long long)(log->first_landmark + log->landmark_count - 1),
                count_active(s, b, log), (unsigned long long)last->tree_size, until, (unsigned long long)log->minimum_index);
}

static void show_ca(const struct session *s, const struct trust_bundle_ca *ca)
{
    const struct trust_directory *d = s->directory;
    char id[TAI_TEXT_SIZE], text[TRUST_BUNDLE_TEXT_MAX + 1];
    tai_text(&ca->id, id);
    copy_text(ca->operator_name, text);
    output_line("MTC CA %s (%s), %zu cosigner rules", id, text, ca->rule_count);
    for (size_t i = 0; i < ca->url_count; i++) {
        copy_text(trust_bundle_url(&d->bundle, ca, i), text);
        output_line("  %s", text);
    }
    for (size_t k = 0; k <= d->log_count; k++) {
        const struct trust_bundle *b = k == 0 ? &d->bundle : &d->logs[k - 1].bundle;
        for (size_t i = 0; i < b->logs.count; i++)
            if (tai_equal(&trust_bundle_log_at(b, i)->ca_id, &ca->id)) {
                show_log(s, b, trust_bundle_log_at(b, i));
                trust_report_revocations_line("    ", revocations_of(s, k), b, s->now_s);
            }
    }
}

static void show_lines(const struct session *s)
{
    const struct trust_directory *d = s->directory;
    const struct trust_bundle *b = &d->bundle;
    char issued[CIVIL_TIME_TEXT_SIZE], expires[CIVIL_TIME_TEXT_SIZE];
    size_t roots = 0, gm = 0;
    civil_time_format(b->issued_s, issued);
    output_line("version %llu of %s, %lld days old, %s, expires %s, %zu bytes", (unsigned long long)b->version, issued,
                (long long)((s->now_s - b->issued_s) / DAY_S), d->is_signed ? "signed" : "local",
                time_or_never(b->expires_s, expires), d->memory.len);
    for (size_t i = 0; i < d->contents->anchors.count; i++) {
        roots += trust_contents_anchor_at(d->contents, i)->is_root;
        gm += trust_contents_anchor_at(d->contents, i)->is_gm;
    }
    output_line("%zu classic roots, %zu intermediates (%zu of them GM), %zu CT logs, %zu cosigners", roots,
                d->contents->anchors.count - roots, gm, b->ct_logs.count, b->cosigners.count);
    for (size_t i = 0; i < b->cas.count; i++)
        show_ca(s, trust_bundle_ca_at(b, i));
    trust_show_parts_lines(s->dir, d);
    output_line("%zu trusted subtrees", trust_store_subtree_count(d->contents->store));
}

static int run(const struct options *options)
{
    struct session s = {.dir = options_value(options, "dir"), .now_s = (int64_t)time(NULL)};
    struct error err = {.status = STATUS_OK};
    int exit_status = EXIT_YES;
    enum status status = options_time(options, "at", &s.now_s, &err);
    if (status == STATUS_OK)
        status = algorithms_file_open(options_value(options, "algorithms"), &s.algorithms, &err);
    struct trust_contents_settings settings = {.now_s = s.now_s};
    if (status == STATUS_OK)
        status = trust_directory_load(s.dir, s.algorithms, &settings, &s.directory, &err);
    if (status != STATUS_OK)
        exit_status = output_failure(ROLE_NEEDED, &err);
    else if (options_has(options, "json"))
        show_json(&s);
    else
        show_lines(&s);
    if (s.directory != NULL)
        trust_directory_print_warning(s.directory, s.now_s);
    trust_directory_free(s.directory);
    algorithms_free(s.algorithms);
    return exit_status;
}

static const struct option_row rows[] = {
    {.name = "dir", .metavar = "DIR", .is_required = true, .help = "trust directory"},
    {.name = "at", .metavar = "TIME", .help = "which landmarks are active at this time, RFC 3339 or seconds; now"},
    {.name = "json", .help = "a JSON object"},
    {.name = NULL},
};

const struct command command_trust_show = {
    .name = "trust show",
    .arguments = "",
    .summary = "list what a trust directory trusts",
    .details = "A directory that is damaged, or whose bundle has expired more than 70 days ago, is refused: exit status 2. One that has\n"
               "expired is used without landmarks.\n",
    .options = rows,
    .run = run,
};
