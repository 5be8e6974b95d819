/* What happened in the services, as a table. */
#include <stdio.h>
#include <string.h>

#include "demo/demo_world.h"
#include "output.h"

static void json_certificate(const struct demo_certificate *c)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:f, s:b}", "certificate", c->path, "client", c->client, "profile", c->profile->name,
                          "mode", c->mode, "bytes", (json_int_t)c->bytes, "seconds", c->seconds, "right", (int)c->is_right);
    if (c->profile->is_mtc)
        (void)json_object_set_new(o, "index", json_integer((json_int_t)c->index));
    if (strcmp(c->mode, "standalone") == 0)
        (void)json_object_set_new(o, "cosigners", json_string(c->cosigners));
    if (strcmp(c->mode, "classic") == 0)
        (void)json_object_set_new(o, "scts", json_string(c->cosigners));
    output_json(o);
}

static void line_certificate(const struct demo_certificate *c)
{
    char index[24] = "-";
    if (c->profile->is_mtc)
        (void)snprintf(index, sizeof index, "%llu", (unsigned long long)c->index);
    output_line("  %-9s  %-12s  %-10s  %5s  %-26s %6zu  %7.1f  %s", c->client, c->profile->name, c->mode, index, c->cosigners,
                c->bytes, c->seconds, c->is_right ? "accepted" : "WRONG");
}

static void report_log(const struct demo_world *w, size_t i)
{
    const struct demo_log_view *v = &w->logs[i];
    char mirrors[256] = "";
    size_t at = 0;
    json_t *list = json_array();
    for (size_t k = 0; k < DEMO_MIRRORS; k++) {
        const struct demo_mirror *m = &w->mirrors[k];
        if (strcmp(m->suite, w->issuers[i].suite) != 0)
            continue;
        at += (size_t)snprintf(mirrors + at, sizeof mirrors - at, "%s%s has %llu", at > 0 ? ", " : "", m->id,
                               (unsigned long long)v->mirror_sizes[k]);
        (void)json_array_append_new(list, json_pack("{s:s, s:I}", "id", m->id, "size", (json_int_t)v->mirror_sizes[k]));
    }
    if (w->is_json) {
        output_json(json_pack("{s:s, s:s, s:I, s:s, s:o}", "log", w->issuers[i].log_url, "suite", w->issuers[i].suite, "size",
                              (json_int_t)v->size, "checkpoint_mirrors", v->signers, "mirrors", list));
        return;
    }
    json_decref(list);
    output_line("  %-4s log of CA %s: %llu entries, checkpoint signed by the CA and mirrors %s; mirror %s",
                w->issuers[i].suite, w->issuers[i].id, (unsigned long long)v->size, v->signers[0] != '\0' ? v->signers : "-", mirrors);
}

static void report_visit(const struct demo_world *w, const struct demo_visit *v)
{
    if (w->is_json)
        output_json(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:b}", "visit", v->profile, "certificate_kind", v->kind, "group",
                              v->group, "suite", v->suite, "certificate_bytes", (json_int_t)v->certificate_bytes, "flight_bytes",
                              (json_int_t)v->flight_bytes, "handshake_ms", (json_int_t)v->handshake_ms, "verdict", v->verdict,
                              "level", v->level, "owner", v->owner, "right", (int)v->is_right));
    else
        output_line("  %-15s  %-15s  %-16s  %-38s %6zu %7zu  %5llu  %s, %s", v->profile, v->kind, v->group, v->suite,
                    v->certificate_bytes, v->flight_bytes, v->handshake_ms, v->is_right ? v->verdict : "WRONG", v->level);
}

static void report_visits(const struct demo_world *w)
{
    if (!w->is_json) {
        output_line("%s", "");
        output_line("  one port, https://%s; its four certificates came by themselves", DEMO_SITE);
        output_line("  %-15s  %-15s  %-16s  %-38s %6s %7s  %5s  %s", "client", "certificate", "group", "suite", "certs", "flight",
                    "ms", "verdict");
    }
    for (size_t i = 0; i < DEMO_VISITS; i++)
        report_visit(w, &w->visits[i]);
    if (!w->is_json)
        output_line("  and whose website it is, as a CA of the root program has verified it: %s", w->visits[0].owner);
}

static void report_judged(const struct demo_world *w, const struct demo_judged *j)
{
    if (w->is_json) {
        output_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "judged", j->what, "level", j->level, "verdict", j->verdict, "rule",
                              j->rule, "en", j->said_en, "zh", j->said_zh, "right", (int)j->is_right));
        return;
    }
    output_line("  %-42s  %-2s  %s%s%s", j->what, j->level, j->is_right ? j->verdict : "WRONG", j->rule[0] != '\0' ? ", rule " : "", j->rule);
    output_line("      %s", j->said_en);
    output_line("      %s", j->said_zh);
}

static void report_trust(const struct demo_world *w)
{
    const struct demo_delta *d = &w->delta;
    if (!w->is_json) {
        output_line("%s", "");
        output_line("  what a client with the root program's trust bundle says, in both languages");
    }
    for (size_t i = 0; i < DEMO_JUDGED; i++)
        report_judged(w, &w->judged[i]);
    if (w->is_json)
        output_json(json_pack("{s:s, s:I, s:I, s:I, s:I}", "trust", w->trust_url, "from", (json_int_t)d->from, "to", (json_int_t)d->to,
                              "delta_bytes", (json_int_t)d->bytes, "bundle_bytes", (json_int_t)d->bundle_bytes));
    else
        output_line("  trust bundle: version %llu came as a delta of %zu bytes from version %llu; whole it has %zu", (unsigned long long)d->to,
                    d->bytes, (unsigned long long)d->from, d->bundle_bytes);
}

static void report_monitor(const struct demo_world *w)
{
    const struct demo_monitor *m = &w->monitor;
    if (w->is_json) {
        output_json(json_pack("{s:s, s:s, s:f, s:f}", "monitor", DEMO_BANK, "reported_in", m->report_log, "report_seconds", m->report_s,
                              "caught_seconds", m->caught_s));
        return;
    }
    output_line("%s", "");
    output_line("  the monitor reported a certificate for %s that its owner had not ordered %.1f s after it was issued (log %s)",
                DEMO_BANK, m->report_s, m->report_log);
    output_line("  a log that showed two histories was caught after %.1f s; the evidence convinces `cathaya evidence verify`", m->caught_s);
}

void demo_report(const struct demo_world *w)
{
    if (!w->is_json) {
        output_line("%s", "");
        output_line("  %-9s  %-12s  %-10s  %5s  %-26s %6s  %7s  %s", "client", "profile", "kind", "entry", "cosigned by", "bytes",
                    "seconds", "relying party");
    }
    for (size_t i = 0; i < w->certificate_count; i++) {
        if (w->is_json)
            json_certificate(&w->certificates[i]);
        else
            line_certificate(&w->certificates[i]);
    }
    if (!w->is_json)
        output_line("%s", "");
    for (size_t i = 0; i < DEMO_SUITES; i++)
        report_log(w, i);
    report_visits(w);
    report_trust(w);
    report_monitor(w);
    (void)fflush(stdout);
}
