/* Roots, intermediates and what else has states: lists by purpose, and an article for each. */
#include "registry_page/page_parts.h"

#include "codec/x509/certificate.h"

const char *page_things_page(enum registry_kind kind)
{
    static const char *const pages[REGISTRY_KINDS] = {
        [REGISTRY_PROGRAM] = "index.html",          [REGISTRY_OPERATOR] = "operators.html",
        [REGISTRY_ROOT] = "roots.html",             [REGISTRY_INTERMEDIATE] = "intermediates.html",
        [REGISTRY_MTC_CA] = "mtc.html",             [REGISTRY_COSIGNER] = "mtc.html",
        [REGISTRY_CT_LOG] = "ct-logs.html",         [REGISTRY_IDENTITY_SIGNER] = "identities.html",
        [REGISTRY_BUNDLE_KEY] = "index.html",       [REGISTRY_APPLICATION] = "cases.html",
        [REGISTRY_INCIDENT] = "cases.html",
    };
    return pages[kind];
}

void page_things_operator(const struct registry *r, const char *operator_id, struct builder *b)
{
    const struct registry_operator *o = registry_find_operator(r, operator_id);
    if (o == NULL) {
        page_html_raw(b, "–");
        return;
    }
    page_html_inner_link(b, "operators.html", "operators", o->head.id, o->name_zh[0] != '\0' ? o->name_zh : o->name_en);
    if (o->name_zh[0] == '\0' || o->name_en[0] == '\0')
        return;
    page_html_raw(b, " <span lang=\"en\">");
    page_html_text(b, o->name_en);
    page_html_raw(b, "</span>");
}

/* ---- states ---- */

static void write_one_state(const struct registry_thing *thing, const struct registry_state *state, struct builder *b)
{
    if (thing->head.kind == REGISTRY_CT_LOG)
        page_words_log_state(b, state->log_state);
    else
        page_words_state(b, state->state);
}

void page_things_now(const struct registry_page_input *in, const struct registry_thing *thing, struct builder *b)
{
    bool has_any = false;
    for (uint16_t purpose = REGISTRY_ITSELF; purpose <= REGISTRY_PURPOSE_MAX; purpose++) {
        const struct registry_state *state = registry_state_at(in->registry, thing, purpose, in->at_s);
        if (state == NULL)
            continue;
        page_html_raw(b, has_any ? "<br>" : "");
        has_any = true;
        page_words_purpose(b, purpose);
        page_html_raw(b, " ");
        write_one_state(thing, state, b);
    }
    if (!has_any)
        page_html_raw(b, "–");
}

static void write_history(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    page_html_term(b, "状态历史", "History");
    page_html_raw(b, "<dd><ol class=\"history\">");
    for (size_t i = 0; i < thing->states.count; i++) {
        const struct registry_state *state = REGISTRY_PART(r, state, states, thing->states, i);
        page_html_raw(b, "<li>");
        page_html_day(b, state->since_s);
        page_html_raw(b, " ");
        page_words_purpose(b, state->purpose);
        page_html_raw(b, " ");
        write_one_state(thing, state, b);
        page_html_raw(b, " ");
        page_html_text(b, state->reason);
        page_html_raw(b, "</li>");
    }
    page_html_raw(b, "</ol></dd>\n");
}

/* ---- what else is said ---- */

static void write_purposes(registry_purposes purposes, struct builder *b)
{
    for (uint16_t purpose = 1; purpose <= REGISTRY_PURPOSE_MAX; purpose++) {
        if ((purposes & (registry_purposes)1 << purpose) == 0)
            continue;
        page_words_purpose(b, purpose);
        page_html_raw(b, " ");
    }
}

static void write_audits(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    if (thing->audits.count == 0)
        return;
    page_html_term(b, "审计", "Audits");
    page_html_raw(b, "<dd><ul>");
    for (size_t i = 0; i < thing->audits.count; i++) {
        const struct registry_audit *a = REGISTRY_PART(r, audit, audits, thing->audits, i);
        page_html_raw(b, "<li>");
        page_html_link(b, a->url, registry_scheme_name(a->scheme));
        page_html_raw(b, " ");
        page_html_span(b, a->from_s, a->until_s);
        page_html_raw(b, " ");
        page_html_text(b, a->auditor);
        page_html_raw(b, " ");
        write_purposes(a->purposes, b);
        page_html_raw(b, "</li>");
    }
    page_html_raw(b, "</ul></dd>\n");
}

static void write_names(const struct registry *r, const char *zh, const char *en, struct registry_run names, struct builder *b)
{
    if (names.count == 0)
        return;
    page_html_term(b, zh, en);
    page_html_raw(b, "<dd>");
    for (size_t i = 0; i < names.count; i++) {
        page_html_raw(b, i > 0 ? ", <code>" : "<code>");
        page_html_text(b, registry_word(r, names, i));
        page_html_raw(b, "</code>");
    }
    page_html_raw(b, "</dd>\n");
}

static void write_date(const char *zh, const char *en, int64_t at_s, struct builder *b)
{
    if (at_s == 0)
        return;
    page_html_term(b, zh, en);
    page_html_raw(b, "<dd>");
    page_html_time(b, at_s);
    page_html_raw(b, "</dd>\n");
}

static void write_limits(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    if (thing->is_only_listed) {
        page_html_term(b, "中级根", "Intermediates");
        page_html_raw(b, "<dd>");
        page_html_both(b, "仅信任已列出的中级根证书", "only those that are listed are trusted");
        page_html_raw(b, "</dd>\n");
    }
    if (thing->level_max > 0 && thing->level_max < TRUST_BUNDLE_LEVEL_MAX) {
        page_html_term(b, "最高级别", "Highest level");
        builder_printf(b, "<dd>T%u</dd>\n", thing->level_max);
    }
    write_date("此后签发的不受信任", "Not trusted when issued after", thing->distrust_after_s, b);
    write_date("此后的 SCT 不受信任", "Not trusted when logged after", thing->sct_distrust_after_s, b);
    write_names(r, "允许的域名", "Permitted names", thing->permitted, b);
    write_names(r, "排除的域名", "Excluded names", thing->excluded, b);
}

static void write_validity(const struct registry_thing *thing, struct builder *b)
{
    struct certificate cert;
    if (certificate_parse(thing->der, &cert, NULL) != STATUS_OK)
        return;
    page_html_term(b, "证书有效期", "Validity");
    page_html_raw(b, "<dd>");
    page_html_span(b, cert.not_before_s, cert.not_after_s + 1);
    page_html_raw(b, "</dd>\n");
}

static void write_key(const struct registry_thing *thing, struct builder *b)
{
    bool is_certificate = thing->head.kind <= REGISTRY_MTC_CA;
    page_html_term(b, "算法", "Algorithm");
    page_html_raw(b, "<dd>");
    page_html_text(b, thing->algorithm != NULL && thing->algorithm[0] != '\0' ? thing->algorithm
                      : registry_is_sm2(thing)                               ? "SM2"
                                                                             : "RSA/ECC");
    page_html_raw(b, "</dd>\n");
    if (is_certificate)
        write_validity(thing, b);
    page_html_term(b, is_certificate ? "证书指纹" : "密钥指纹", is_certificate ? "SHA-256 of the certificate" : "SHA-256 of the key");
    page_html_raw(b, "<dd>");
    page_html_fingerprint(b, thing->der);
    page_html_raw(b, "</dd>\n");
}

static void write_inclusions(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    static const char *const programs[] = {"Microsoft", "Mozilla", "Google", "Apple", "Adobe AATL"};
    for (size_t i = 0; i < thing->inclusions.count; i++) {
        const struct registry_inclusion *n = REGISTRY_PART(r, inclusion, inclusions, thing->inclusions, i);
        page_html_term(b, "其他计划", "Other programs");
        page_html_raw(b, "<dd>");
        page_html_link(b, n->url, programs[n->program]);
        page_html_raw(b, " ");
        page_html_span(b, n->from_s, n->until_s);
        page_html_raw(b, "</dd>\n");
    }
}

void page_things_article(const struct registry_page_input *in, const struct registry_thing *thing, struct builder *b)
{
    const struct registry *r = in->registry;
    page_html_raw(b, "<article");
    page_html_id(b, registry_kind_folder(thing->head.kind), thing->head.id);
    page_html_raw(b, "><h3>");
    page_html_text(b, thing->name);
    page_html_raw(b, "</h3><dl>\n");
    if (thing->operator_id[0] != '\0') {
        page_html_term(b, "运营者", "Operator");
        page_html_raw(b, "<dd>");
        page_things_operator(r, thing->operator_id, b);
        page_html_raw(b, "</dd>\n");
    }
    const struct registry_thing *issuer =
        thing->head.kind == REGISTRY_INTERMEDIATE ? registry_find_certificate(r, thing->issuer_id) : NULL;
    if (issuer != NULL) {
        page_html_term(b, "签发者", "Issued by");
        page_html_raw(b, "<dd>");
        page_html_inner_link(b, page_things_page(issuer->head.kind), registry_kind_folder(issuer->head.kind), issuer->head.id,
                             issuer->name);
        page_html_raw(b, "</dd>\n");
    }
    page_html_term(b, "现状", "State");
    page_html_raw(b, "<dd>");
    page_things_now(in, thing, b);
    page_html_raw(b, "</dd>\n");
    write_key(thing, b);
    write_limits(r, thing, b);
    page_record_write(r, thing, b);
    write_audits(r, thing, b);
    write_inclusions(r, thing, b);
    write_history(r, thing, b);
    page_html_raw(b, "</dl></article>\n");
}

/* ---- the pages ---- */

static void write_row(const struct registry_page_input *in, const struct registry_thing *thing, uint16_t purpose, struct builder *b)
{
    const struct registry_state *state = registry_state_at(in->registry, thing, purpose, in->at_s);
    page_html_raw(b, "<tr><th scope=\"row\">");
    page_html_inner_link(b, page_things_page(thing->head.kind), registry_kind_folder(thing->head.kind), thing->head.id,
                         thing->name);
    page_html_raw(b, "</th><td>");
    page_things_operator(in->registry, thing->operator_id, b);
    page_html_raw(b, "</td><td>");
    write_one_state(thing, state, b);
    page_html_raw(b, "</td><td>");
    page_html_day(b, state->since_s);
    page_html_raw(b, registry_is_sm2(thing) ? "</td><td>SM2</td></tr>\n" : "</td><td>RSA/ECC</td></tr>\n");
}

static void write_purpose(const struct registry_page_input *in, enum registry_kind kind, uint16_t purpose, struct builder *b)
{
    static const char *const heads[] = {"名称", "Name", "运营者", "Operator", "状态", "State",
                                        "自", "Since", "算法", "Algorithm", NULL};
    bool has_any = false;
    for (size_t i = 0; i < in->registry->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(in->registry, i);
        if (thing->head.kind != kind || registry_state_at(in->registry, thing, purpose, in->at_s) == NULL)
            continue;
        if (!has_any) {
            page_html_raw(b, "<h2>");
            page_words_purpose(b, purpose);
            page_html_raw(b, "</h2>\n");
            page_html_table(b, "状态", "States", heads);
        }
        has_any = true;
        write_row(in, thing, purpose, b);
    }
    if (has_any)
        page_html_table_end(b);
}

static void write_kind(const struct registry_page_input *in, enum registry_kind kind, struct builder *b)
{
    size_t count = 0;
    for (uint16_t purpose = 1; purpose <= REGISTRY_PURPOSE_MAX; purpose++)
        write_purpose(in, kind, purpose, b);
    page_html_raw(b, "<h2>");
    page_html_both(b, "详情", "Details");
    page_html_raw(b, "</h2>\n");
    for (size_t i = 0; i < in->registry->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(in->registry, i);
        if (thing->head.kind != kind)
            continue;
        count++;
        page_things_article(in, thing, b);
    }
    if (count == 0)
        page_html_nothing(b);
}

void page_roots_write(const struct registry_page_input *in, struct builder *b)
{
    write_kind(in, REGISTRY_ROOT, b);
}

void page_intermediates_write(const struct registry_page_input *in, struct builder *b)
{
    write_kind(in, REGISTRY_INTERMEDIATE, b);
}
