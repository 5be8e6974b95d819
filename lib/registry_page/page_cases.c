/* Operators, applications under way, incidents. */
#include "registry_page/page_parts.h"

/* ---- operators ---- */

static void write_licences(const struct registry *r, const struct registry_operator *o, struct builder *b)
{
    for (size_t i = 0; i < o->licences.count; i++) {
        const struct registry_licence *l = REGISTRY_PART(r, licence, licences, o->licences, i);
        if (l->kind == REGISTRY_MIIT)
            page_html_term(b, "工信部电子认证服务许可", "Licence of the MIIT");
        else
            page_html_term(b, "国密局电子认证服务使用密码许可", "Licence of the SCA");
        page_html_raw(b, "<dd>");
        page_html_text(b, l->number);
        page_html_raw(b, " ");
        page_html_span(b, l->from_s, l->until_s);
        page_html_raw(b, "</dd>\n");
    }
}

static void write_operator(const struct registry *r, const struct registry_operator *o, struct builder *b)
{
    page_html_raw(b, "<article");
    page_html_id(b, "operators", o->head.id);
    page_html_raw(b, "><h2>");
    page_html_text(b, o->name_zh);
    page_html_raw(b, o->name_zh[0] != '\0' && o->name_en[0] != '\0' ? " <span lang=\"en\">" : "<span lang=\"en\">");
    page_html_text(b, o->name_en);
    page_html_raw(b, "</span></h2><dl>\n");
    page_html_term(b, "国家或地区", "Country");
    page_html_raw(b, "<dd>");
    page_html_text(b, o->country);
    page_html_raw(b, "</dd>\n");
    page_html_term(b, "网站", "Website");
    page_html_raw(b, "<dd>");
    page_html_link(b, o->website, NULL);
    page_html_raw(b, "</dd>\n");
    write_licences(r, o, b);
    page_record_control(r, o->controls, b);
    page_html_term(b, "所运营", "Runs");
    page_html_raw(b, "<dd><ul>");
    for (size_t i = 0; i < r->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(r, i);
        if (registry_find_operator(r, thing->operator_id) != o)
            continue;
        page_html_raw(b, "<li>");
        page_html_inner_link(b, page_things_page(thing->head.kind), registry_kind_folder(thing->head.kind), thing->head.id,
                             thing->name);
        page_html_raw(b, "</li>");
    }
    page_html_raw(b, "</ul></dd></dl></article>\n");
}

void page_operators_write(const struct registry_page_input *in, struct builder *b)
{
    for (size_t i = 0; i < in->registry->operators.count; i++)
        write_operator(in->registry, registry_operator_at(in->registry, i), b);
    if (in->registry->operators.count == 0)
        page_html_nothing(b);
}

/* ---- applications and incidents ---- */

struct step_words {
    const char *zh, *en;
};

static void write_step(const struct registry_step *step, struct builder *b)
{
    static const struct step_words words[] = {
        [REGISTRY_STEP_RECEIVED] = {"已收到", "received"},   [REGISTRY_STEP_REVIEWING] = {"审核中", "reviewing"},
        [REGISTRY_STEP_DISCUSSION] = {"公开讨论", "discussion"}, [REGISTRY_STEP_ACCEPTED] = {"已接受", "accepted"},
        [REGISTRY_STEP_REFUSED] = {"已拒绝", "refused"},     [REGISTRY_STEP_WITHDRAWN] = {"已撤回", "withdrawn"},
        [REGISTRY_STEP_OPENED] = {"已立案", "opened"},       [REGISTRY_STEP_REPORT] = {"报告", "report"},
        [REGISTRY_STEP_UPDATE] = {"更新", "update"},         [REGISTRY_STEP_CLOSED] = {"已结案", "closed"},
    };
    page_html_raw(b, "<li>");
    page_html_day(b, step->at_s);
    page_html_raw(b, " ");
    page_html_both(b, words[step->step].zh, words[step->step].en);
    page_html_raw(b, " ");
    page_html_linked_text(b, step->text);
    page_html_raw(b, "</li>");
}

static const char *name_of(const struct registry *r, enum registry_kind kind, const char *id)
{
    const struct registry_thing *thing = registry_kind_is_thing(kind) ? registry_find_thing(r, kind, id) : NULL;
    return thing != NULL ? thing->name : id;
}

static void write_visits(const struct registry *r, const struct registry_case *c, struct builder *b)
{
    if (c->visits.count == 0)
        return;
    page_html_term(b, "测试网站", "Test sites");
    page_html_raw(b, "<dd><ul>");
    for (size_t i = 0; i < c->visits.count; i++) {
        const struct registry_visit *v = REGISTRY_PART(r, visit, visits, c->visits, i);
        page_html_raw(b, "<li>");
        page_html_day(b, v->at_s);
        page_html_raw(b, " ");
        page_html_link(b, v->url, NULL);
        page_html_raw(b, " ");
        page_html_both(b, v->is_passed ? "通过" : "未通过", v->is_passed ? "passed" : "failed");
        page_html_raw(b, " ");
        page_html_text(b, v->text);
        page_html_raw(b, "</li>");
    }
    page_html_raw(b, "</ul></dd>\n");
}

static void write_case(const struct registry *r, const struct registry_case *c, struct builder *b)
{
    page_html_raw(b, "<article");
    page_html_id(b, registry_kind_folder(c->head.kind), c->head.id);
    page_html_raw(b, "><h3>");
    page_html_text(b, c->title[0] != '\0' ? c->title : c->head.id);
    page_html_raw(b, "</h3><dl>\n");
    page_html_term(b, "运营者", "Operator");
    page_html_raw(b, "<dd>");
    page_things_operator(r, c->operator_id, b);
    page_html_raw(b, "</dd>\n");
    page_html_term(b, "涉及", "About");
    page_html_raw(b, "<dd><ul>");
    for (size_t i = 0; i < c->subjects.count; i++) {
        const struct registry_subject *s = REGISTRY_PART(r, subject, subjects, c->subjects, i);
        page_html_raw(b, "<li>");
        page_html_inner_link(b, page_things_page(s->kind), registry_kind_folder(s->kind), s->id, name_of(r, s->kind, s->id));
        page_html_raw(b, "</li>");
    }
    page_html_raw(b, "</ul></dd>\n");
    page_html_term(b, "进程", "Steps");
    page_html_raw(b, "<dd><ol class=\"history\">");
    for (size_t i = 0; i < c->steps.count; i++)
        write_step(REGISTRY_PART(r, step, steps, c->steps, i), b);
    page_html_raw(b, "</ol></dd>\n");
    write_visits(r, c, b);
    page_html_raw(b, "</dl></article>\n");
}

static void write_list(const struct registry *r, const struct array *cases, const char *zh, const char *en, struct builder *b)
{
    page_html_raw(b, "<h2>");
    page_html_both(b, zh, en);
    page_html_raw(b, "</h2>\n");
    for (size_t i = 0; i < cases->count; i++)
        write_case(r, (const struct registry_case *)array_at(cases, i), b);
    if (cases->count == 0)
        page_html_nothing(b);
}

void page_cases_write(const struct registry_page_input *in, struct builder *b)
{
    write_list(in->registry, &in->registry->applications, "申请", "Applications", b);
    write_list(in->registry, &in->registry->incidents, "事故", "Incidents", b);
}
