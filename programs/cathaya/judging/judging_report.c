#include "judging/judging_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "judging/text_columns.h"
#include "output.h"

#define LINE_SIZE 2048
#define RESULT_COLUMNS 15
#define ID_COLUMNS 24
/* So much of a log's ID tells it from the others. */
#define LOG_ID_SHOWN 8

/* ---- one line ---- */

void judging_report_name(const char *name, const char *format, ...)
{
    char value[LINE_SIZE];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(value, sizeof value, format, list);
    va_end(list);
    output_line("  %s%*s%s", name, (int)text_columns_pad(name, JUDGING_NAME_COLUMNS + 1, 1), "", value);
}

static const char *word(const struct judging_report *r, enum judging_word w)
{
    return judging_word(w, r->language);
}

static const char *title(const struct judging_report *r, const char *id)
{
    return policy_set_title(r->set, id, r->language);
}

/* ---- the verdict ---- */

void judging_report_reason(const struct judging_report *r, char *out, size_t size)
{
    const struct policy_rule_result *worst = r->answer->worst != NULL ? policy_answer_find(r->answer, r->answer->worst) : NULL;
    const char *saying = policy_saying(r->set, r->answer, r->language);
    if (r->answer->verdict == POLICY_VERDICT_SECURE)
        (void)snprintf(out, size, "%s", saying);
    else if (r->reason[0] != '\0')
        (void)snprintf(out, size, "%s", r->reason);
    else if (worst != NULL)
        (void)snprintf(out, size, "%s: %s%s%s%s", worst->id, title(r, worst->id), worst->evidence[0] != '\0' ? " (" : "",
                       worst->evidence, worst->evidence[0] != '\0' ? ")" : "");
    else
        (void)snprintf(out, size, "%s", saying);
}

void judging_report_verdict(const struct judging_report *r)
{
    char reason[LINE_SIZE / 2];
    judging_report_reason(r, reason, sizeof reason);
    judging_report_name(word(r, WORD_VERDICT), "%s: %s", judging_verdict(r->answer->verdict, r->language), reason);
}

static void print_level(const struct judging_report *r)
{
    const struct policy_answer *a = r->answer;
    if (a->verdict == POLICY_VERDICT_UNTRUSTED)
        return;
    judging_report_name(word(r, WORD_LEVEL), "T%u%s%s%s%s%s", a->level, a->kind[0] != '\0' ? " (" : "", a->kind,
                        a->kind[0] != '\0' ? ")" : "", a->is_intranet ? ", " : "", a->is_intranet ? word(r, WORD_INTRANET) : "");
    if (a->organisation[0] != '\0')
        judging_report_name(word(r, WORD_ORGANISATION), "%s", a->organisation);
}

/* ---- why the level is what it is ---- */

/* The list's own limit, when that is what counts. */
static unsigned limit_of_path(const struct judging_report *r)
{
    const struct policy_path *path = r->subject->path;
    unsigned limit = 4;
    for (size_t i = 1; path != NULL && i < path->count; i++)
        if (path->certificates[i].is_listed && path->certificates[i].level_max > 0 && path->certificates[i].level_max < limit)
            limit = path->certificates[i].level_max;
    return limit;
}

void judging_report_why_not_higher(const struct judging_report *r, char *out, size_t size)
{
    const struct policy_answer *a = r->answer;
    bool is_zh = r->language == POLICY_ZH;
    out[0] = '\0';
    if (a->level >= 4)
        return;
    for (size_t i = 0; i < a->count; i++)
        if (a->rules[i].result == POLICY_FAIL && a->rules[i].effect == POLICY_LEVEL_T1) {
            (void)snprintf(out, size, "%s: %s", a->rules[i].id, title(r, a->rules[i].id));
            return;
        }
    if (limit_of_path(r) == a->level)
        (void)snprintf(out, size, is_zh ? "其根证书或中级根证书在信任列表中最高为 T%u" : "the list trusts its root or intermediate up to T%u",
                       a->level);
    else if (a->kind[0] == '\0')
        (void)snprintf(out, size, is_zh ? "证书策略扩展中没有策略列出的 OID" : "no policy OID of the list is in it");
    else
        (void)snprintf(out, size, is_zh ? "证书策略 OID 声明为 %s；更高级别须由 CA 按更高身份验证签发" : "its policy OID says %s; a higher level is another "
                                                                                "certificate, for which the CA validates more", a->kind);
}

static void print_why_not_higher(const struct judging_report *r)
{
    char why[LINE_SIZE / 2];
    judging_report_why_not_higher(r, why, sizeof why);
    if (r->detail == JUDGING_EXPLAIN && why[0] != '\0' && r->answer->verdict != POLICY_VERDICT_UNTRUSTED)
        judging_report_name(word(r, WORD_WHY_NOT_HIGHER), "%s", why);
}

static void print_policy(const struct judging_report *r)
{
    judging_report_name(word(r, WORD_POLICY), "%s, %s %llu%s%s", policy_set_name(r->set), word(r, WORD_VERSION),
                        (unsigned long long)policy_set_version(r->set), r->is_built_in ? ", " : "",
                        r->is_built_in ? word(r, WORD_BUILT_IN) : "");
}

/* ---- SCTs and cosigners ---- */

/* A row below a name: whether it is good, and the rest. */
static void print_row(const struct judging_report *r, bool is_good, const char *text, const char *why)
{
    const char *first = word(r, is_good ? WORD_GOOD : WORD_BAD);
    output_line("  %*s%s%*s%s%s%s", JUDGING_NAME_COLUMNS + 1, "", first, (int)text_columns_pad(first, 10, 1), "", text,
                is_good || why == NULL || why[0] == '\0' ? "" : ": ", is_good || why == NULL ? "" : why);
}

static void print_sct(const struct judging_report *r, const struct policy_transparency *t, const struct policy_sct *sct)
{
    char text[LINE_SIZE / 2], when[CIVIL_TIME_TEXT_SIZE], id[2 * LOG_ID_SHOWN + 1];
    civil_time_format((int64_t)(sct->timestamp_ms / 1000), when);
    text_hex(bytes_of(sct->log_id, LOG_ID_SHOWN), id);
    if (sct->log != NULL && t->logs != NULL)
        (void)snprintf(text, sizeof text, "%s (%s), %s, %s", sct->log->description, log_list_operator(t->logs, sct->log), when,
                       judging_delivery(sct->delivery, r->language));
    else
        (void)snprintf(text, sizeof text, "%s %s..., %s, %s", word(r, WORD_UNKNOWN_LOG), id, when,
                       judging_delivery(sct->delivery, r->language));
    print_row(r, sct->is_good, text, sct->why);
}

static void print_cosigner(const struct judging_report *r, const struct policy_cosigner *c)
{
    char text[LINE_SIZE / 2], id[TAI_TEXT_SIZE];
    tai_text(&c->id, id);
    (void)snprintf(text, sizeof text, "%s, %s%s%.*s", id, judging_role(c->role, r->language), c->operator_name.len > 0 ? ", " : "",
                   (int)c->operator_name.len, (const char *)c->operator_name.data);
    print_row(r, c->is_good, text, c->why);
}

static void print_count(const struct judging_report *r, enum judging_word name, size_t good, size_t all)
{
    if (all == 0)
        judging_report_name(word(r, name), "%s", word(r, WORD_NONE));
    else
        judging_report_name(word(r, name), "%zu %s %zu %s", good, word(r, WORD_OF), all, word(r, WORD_GOOD));
}

static void print_transparency(const struct judging_report *r, const struct policy_transparency *t)
{
    size_t good = 0;
    for (size_t i = 0; i < t->sct_count; i++)
        good += t->scts[i].is_good;
    if (t->sct_count > 0 || r->subject->form == POLICY_CLASSIC)
        print_count(r, WORD_SCTS, good, t->sct_count);
    for (size_t i = 0; i < t->sct_count; i++)
        print_sct(r, t, &t->scts[i]);
    if (r->subject->form != POLICY_MTC)
        return;
    good = 0;
    for (size_t i = 0; i < t->cosigner_count; i++)
        good += t->cosigners[i].is_good;
    if (t->cosigner_count == 0 && t->is_landmark)
        judging_report_name(word(r, WORD_COSIGNERS), "%s", word(r, WORD_BY_LANDMARK));
    else
        print_count(r, WORD_COSIGNERS, good, t->cosigner_count);
    for (size_t i = 0; i < t->cosigner_count; i++)
        print_cosigner(r, &t->cosigners[i]);
}

/* ---- rules ---- */

static bool is_kept(enum policy_result result)
{
    return result == POLICY_PASS || result == POLICY_NOT_LOOKED_AT || result == POLICY_NOT_APPLICABLE;
}

static void count_rules(const struct judging_report *r)
{
    static const enum policy_result order[] = {POLICY_FAIL, POLICY_WARNING, POLICY_NOTE, POLICY_PASS, POLICY_NOT_LOOKED_AT,
                                               POLICY_NOT_APPLICABLE};
    char text[LINE_SIZE / 2];
    size_t len = 0;
    text[0] = '\0';
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        size_t count = 0;
        for (size_t i = 0; i < r->answer->count; i++)
            count += r->answer->rules[i].result == order[k];
        if (count > 0)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%zu %s", len > 0 ? ", " : "", count,
                                    judging_result(order[k], r->language));
    }
    judging_report_name(word(r, WORD_RULES), "%s", text);
}

static void print_rule(const struct judging_report *r, const struct policy_rule_result *rule)
{
    const char *result = judging_result(rule->result, r->language), *says = is_kept(rule->result) ? "" : title(r, rule->id);
    bool has_both = says[0] != '\0' && rule->evidence[0] != '\0';
    bool has_any = says[0] != '\0' || rule->evidence[0] != '\0';
    output_line("    %s%*s%s%*s%s%s%s%s", result, (int)text_columns_pad(result, RESULT_COLUMNS, 1), "", rule->id,
                has_any ? (int)text_columns_pad(rule->id, ID_COLUMNS, 1) : 0, "", says, has_both ? " (" : "", rule->evidence,
                has_both ? ")" : "");
}

static void print_fix(const struct judging_report *r, const struct policy_rule_result *rule)
{
    const char *fix = policy_set_fix(r->set, rule->id, r->language);
    if (!is_kept(rule->result) && fix[0] != '\0')
        output_line("    %*s%s; %s: %s", RESULT_COLUMNS, "", judging_effect(rule->effect, r->language), word(r, WORD_FIX), fix);
}

/* The broken ones first; of those that are not for it, the names. */
static void explain_rules(const struct judging_report *r)
{
    static const enum policy_result order[] = {POLICY_FAIL, POLICY_WARNING, POLICY_NOTE, POLICY_NOT_LOOKED_AT, POLICY_PASS};
    char others[LINE_SIZE];
    size_t len = 0;
    others[0] = '\0';
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < r->answer->count; i++)
            if (r->answer->rules[i].result == order[k]) {
                print_rule(r, &r->answer->rules[i]);
                print_fix(r, &r->answer->rules[i]);
            }
    for (size_t i = 0; i < r->answer->count && len < sizeof others; i++)
        if (r->answer->rules[i].result == POLICY_NOT_APPLICABLE)
            len += (size_t)snprintf(others + len, sizeof others - len, "%s%s", len > 0 ? ", " : "", r->answer->rules[i].id);
    if (others[0] != '\0')
        output_line("    %s: %s", judging_result(POLICY_NOT_APPLICABLE, r->language), others);
}

static void print_rules(const struct judging_report *r)
{
    count_rules(r);
    if (r->detail == JUDGING_EXPLAIN) {
        explain_rules(r);
        return;
    }
    for (size_t i = 0; i < r->answer->count; i++)
        if (r->detail == JUDGING_VERBOSE || !is_kept(r->answer->rules[i].result) || r->answer->rules[i].is_open)
            print_rule(r, &r->answer->rules[i]);
}

void judging_report_lines(const struct judging_report *r)
{
    print_level(r);
    print_why_not_higher(r);
    print_policy(r);
    if (r->subject->transparency != NULL)
        print_transparency(r, r->subject->transparency);
    print_rules(r);
}

/* ---- JSON ---- */

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        (void)json_object_set_new(object, name, json_null());
    else
        output_json_text(object, name, text);
}

static json_t *rule_of(const struct judging_report *r, const struct policy_rule_result *rule)
{
    json_t *object = json_object();
    bool has_title = !is_kept(rule->result);
    set_text(object, "id", rule->id);
    set_text(object, "result", policy_result_name(rule->result));
    set_text(object, "effect", policy_effect_name(rule->effect));
    set_text(object, "text", has_title ? title(r, rule->id) : rule->evidence);
    set_text(object, "evidence", rule->evidence);
    set_text(object, "fix", has_title ? policy_set_fix(r->set, rule->id, r->language) : "");
    return object;
}

static json_t *sct_of(const struct policy_transparency *t, const struct policy_sct *sct)
{
    char id[2 * HASH_SIZE + 1];
    json_t *object = json_object();
    bool is_known = sct->log != NULL && t->logs != NULL;
    text_hex(bytes_of(sct->log_id, HASH_SIZE), id);
    set_text(object, "source", judging_delivery_name(sct->delivery));
    set_text(object, "log_id", id);
    (void)json_object_set_new(object, "timestamp_ms", json_integer((json_int_t)sct->timestamp_ms));
    (void)json_object_set_new(object, "good", json_boolean(sct->is_good));
    set_text(object, "log", is_known ? sct->log->description : "");
    set_text(object, "operator", is_known ? log_list_operator(t->logs, sct->log) : "");
    set_text(object, "state", is_known ? log_list_state_name(sct->log->state) : "");
    set_text(object, "reason", sct->why);
    return object;
}

static json_t *cosigner_of(const struct policy_cosigner *c)
{
    char id[TAI_TEXT_SIZE], name[TRUST_BUNDLE_TEXT_MAX + 1];
    json_t *object = json_object();
    tai_text(&c->id, id);
    (void)snprintf(name, sizeof name, "%.*s", (int)c->operator_name.len, (const char *)c->operator_name.data);
    set_text(object, "id", id);
    set_text(object, "role", judging_role_name(c->role));
    set_text(object, "operator", name);
    (void)json_object_set_new(object, "good", json_boolean(c->is_good));
    set_text(object, "reason", c->why);
    return object;
}

static json_t *policy_of(const struct judging_report *r)
{
    json_t *object = json_object();
    set_text(object, "name", policy_set_name(r->set));
    (void)json_object_set_new(object, "version", json_integer((json_int_t)policy_set_version(r->set)));
    (void)json_object_set_new(object, "built_in", json_boolean(r->is_built_in));
    return object;
}

static void set_level(const struct policy_answer *a, json_t *object)
{
    char level[] = "T0";
    level[1] = (char)('0' + a->level);
    set_text(object, "level", a->verdict == POLICY_VERDICT_UNTRUSTED ? "" : level);
    set_text(object, "kind", a->kind);
    set_text(object, "organisation", a->organisation);
    (void)json_object_set_new(object, "intranet", json_boolean(a->is_intranet));
    set_text(object, "purpose", trust_bundle_purpose_name(a->purpose));
}

static void set_lists(const struct judging_report *r, json_t *object)
{
    const struct policy_transparency *t = r->subject->transparency;
    json_t *rules = json_array(), *scts = json_array(), *cosigners = json_array();
    for (size_t i = 0; i < r->answer->count; i++)
        (void)json_array_append_new(rules, rule_of(r, &r->answer->rules[i]));
    for (size_t i = 0; t != NULL && i < t->sct_count; i++)
        (void)json_array_append_new(scts, sct_of(t, &t->scts[i]));
    for (size_t i = 0; t != NULL && i < t->cosigner_count; i++)
        (void)json_array_append_new(cosigners, cosigner_of(&t->cosigners[i]));
    (void)json_object_set_new(object, "rules", rules);
    (void)json_object_set_new(object, "scts", scts);
    (void)json_object_set_new(object, "cosigners", cosigners);
}

void judging_report_fill(const struct judging_report *r, json_t *object)
{
    json_t *saying = json_object();
    set_text(object, "verdict", policy_verdict_name(r->answer->verdict));
    set_level(r->answer, object);
    set_text(object, "icon", policy_icon(r->set, r->answer));
    set_text(saying, "en", policy_saying(r->set, r->answer, POLICY_EN));
    set_text(saying, "zh", policy_saying(r->set, r->answer, POLICY_ZH));
    (void)json_object_set_new(object, "saying", saying);
    set_text(object, "worst", r->answer->worst);
    (void)json_object_set_new(object, "policy", policy_of(r));
    set_lists(r, object);
}
