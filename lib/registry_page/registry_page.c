#include "registry_page/registry_page.h"

#include "registry_page/page_parts.h"

static const char style[] =
    ":root{color-scheme:light dark;--line:#8888;--soft:#8881;--good:#0a6b2d;--warn:#8a5a00;--bad:#a01212}\n"
    "@media(prefers-color-scheme:dark){:root{--good:#6fdc94;--warn:#f0c060;--bad:#ff9a9a}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:76rem;padding:0 1rem 3rem;font:16px/1.6 system-ui,\"Noto Sans CJK SC\",\"Microsoft YaHei\",sans-serif}\n"
    "header{padding:1.2rem 0 .4rem}header p{margin:0}h1{margin:0;font-size:1.6rem}\n"
    "h2{margin:2rem 0 .6rem;border-bottom:2px solid var(--line)}h3{margin:1.2rem 0 .3rem}\n"
    "nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:0;padding:.5rem 0;border-bottom:1px solid var(--line)}\n"
    "nav a[aria-current]{font-weight:700;text-decoration:none}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600;padding:.3rem 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}thead th{background:var(--soft)}\n"
    "article,.more{border:1px solid var(--line);border-radius:.4rem;padding:.2rem 1rem .6rem;margin:.8rem 0}article:target{outline:3px solid}\n"
    "dl{display:grid;grid-template-columns:minmax(9rem,16rem) 1fr;gap:.25rem 1rem;margin:0}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}\n"
    "dd ul,dd ol{margin:0;padding-left:1.2rem}code,pre{font-size:.85em;overflow-wrap:anywhere}pre{white-space:pre-wrap}\n"
    ".state{border:1px solid;border-radius:.3rem;padding:0 .35rem;white-space:nowrap}\n"
    ".accepted,.usable,.qualified{color:var(--good)}.restricted,.applied,.pending,.readonly,.retired{color:var(--warn)}\n"
    ".refused,.removed,.rejected{color:var(--bad)}\n"
    "@media(max-width:40rem){dl{grid-template-columns:1fr}}\n"
    "@media print{nav,.skip{display:none}body{max-width:none;font-size:10pt}article,tr{break-inside:avoid}a{color:inherit}}\n";

struct page {
    const char *name, *zh, *en;
    page_parts_write *write;
};

static const struct page pages[REGISTRY_PAGES] = {
    {"index.html", "计划", "Program", page_index_write},
    {"roots.html", "根证书", "Roots", page_roots_write},
    {"intermediates.html", "中级根证书", "Intermediates", page_intermediates_write},
    {"ct-logs.html", "证书透明日志", "CT logs", page_ct_logs_write},
    {"mtc.html", "默克尔树 CA", "Merkle Tree CAs", page_mtc_write},
    {"identities.html", "网站身份", "Website identities", page_identities_write},
    {"policy.html", "规则", "Policy", page_policy_write},
    {"operators.html", "运营者", "Operators", page_operators_write},
    {"cases.html", "申请与事故", "Applications and incidents", page_cases_write},
    {"style.css", NULL, NULL, NULL},
};

const char *registry_page_name(size_t i)
{
    return pages[i].name;
}

/* ---- the first page ---- */

static size_t count_kind(const struct registry_page_input *in, enum registry_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < in->registry->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(in->registry, i);
        bool is_trusted = false;
        for (uint16_t purpose = REGISTRY_ITSELF; purpose <= REGISTRY_PURPOSE_MAX; purpose++)
            is_trusted = is_trusted || registry_is_trusted(in->registry, thing, purpose, in->at_s);
        count += thing->head.kind == kind && is_trusted;
    }
    return count;
}

static void write_counts(const struct registry_page_input *in, struct builder *b)
{
    static const struct {
        enum registry_kind kind;
        const char *zh, *en;
    } rows[] = {
        {REGISTRY_ROOT, "受信任的根证书", "Trusted roots"},         {REGISTRY_INTERMEDIATE, "中级根证书", "Intermediates"},
        {REGISTRY_MTC_CA, "默克尔树 CA", "Merkle Tree CAs"},       {REGISTRY_COSIGNER, "联署者", "Cosigners"},
        {REGISTRY_CT_LOG, "证书透明日志", "CT logs"},               {REGISTRY_IDENTITY_SIGNER, "网站身份签署者", "Identity signers"},
    };
    page_html_raw(b, "<dl>\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        page_html_term(b, rows[i].zh, rows[i].en);
        builder_printf(b, "<dd><a href=\"%s\">%zu</a></dd>\n", page_things_page(rows[i].kind), count_kind(in, rows[i].kind));
    }
    page_html_raw(b, "</dl>\n");
}

static void write_contacts(const struct registry_program *program, const struct registry *r, struct builder *b)
{
    page_html_raw(b, "<h2>");
    page_html_both(b, "联系方式", "Contact");
    page_html_raw(b, "</h2><ul>\n");
    if (program->website[0] != '\0') {
        page_html_raw(b, "<li>");
        page_html_link(b, program->website, NULL);
        page_html_raw(b, "</li>\n");
    }
    for (size_t i = 0; i < program->contacts.count; i++) {
        const struct registry_contact *c = REGISTRY_PART(r, contact, contacts, program->contacts, i);
        page_html_raw(b, "<li>");
        page_html_text(b, c->name);
        page_html_raw(b, c->name[0] != '\0' ? ": " : "");
        page_html_text(b, c->email);
        page_html_raw(b, "</li>\n");
    }
    page_html_raw(b, "</ul>\n");
}

static void write_versions(const struct registry_page_input *in, struct builder *b)
{
    static const char *const heads[] = {"版本", "Version", "发布", "Issued", "有效至", "Expires", "大小(字节)", "Bytes",
                                        "增量(字节)", "Delta to the newest, bytes", NULL};
    page_html_raw(b, "<h2>");
    page_html_both(b, "信任包版本", "Versions of the trust bundle");
    page_html_raw(b, "</h2>\n");
    if (in->version_count == 0) {
        page_html_nothing(b);
        return;
    }
    page_html_table(b, "版本", "Versions", heads);
    for (size_t i = 0; i < in->version_count; i++) {
        const struct registry_page_version *v = &in->versions[i];
        builder_printf(b, "<tr><th scope=\"row\">%llu</th><td>", (unsigned long long)v->version);
        page_html_time(b, v->issued_s);
        page_html_raw(b, "</td><td>");
        page_html_time(b, v->expires_s);
        builder_printf(b, "</td><td>%zu</td><td>", v->bundle_size);
        if (v->delta_size > 0)
            builder_printf(b, "%zu", v->delta_size);
        page_html_raw(b, "</td></tr>\n");
    }
    page_html_table_end(b);
}

static void write_bundle_keys(const struct registry_page_input *in, struct builder *b)
{
    page_html_raw(b, "<h2>");
    page_html_both(b, "信任包签名密钥", "Keys of the trust bundle");
    page_html_raw(b, "</h2>\n");
    for (size_t i = 0; i < in->registry->things.count; i++)
        if (registry_thing_at(in->registry, i)->head.kind == REGISTRY_BUNDLE_KEY)
            page_things_article(in, registry_thing_at(in->registry, i), b);
}

void page_index_write(const struct registry_page_input *in, struct builder *b)
{
    write_counts(in, b);
    page_html_raw(b, "<h2>");
    page_html_both(b, "申请与事故", "Applications and incidents");
    page_html_raw(b, "</h2><dl>\n");
    page_html_term(b, "申请", "Applications");
    builder_printf(b, "<dd><a href=\"cases.html\">%zu</a></dd>\n", in->registry->applications.count);
    page_html_term(b, "事故", "Incidents");
    builder_printf(b, "<dd><a href=\"cases.html\">%zu</a></dd></dl>\n", in->registry->incidents.count);
    write_versions(in, b);
    write_bundle_keys(in, b);
    write_contacts(&in->registry->program, in->registry, b);
}

/* ---- all pages ---- */

static void write_head(const struct registry_page_input *in, const struct page *page, struct builder *b)
{
    const struct registry_program *program = &in->registry->program;
    page_html_raw(b, "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
                     "form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n"
                     "<link rel=\"stylesheet\" href=\"style.css\">\n<title>");
    builder_printf(b, "%s %s – ", page->zh, page->en);
    page_html_text(b, program->name_zh[0] != '\0' ? program->name_zh : program->name_en);
    page_html_raw(b, "</title>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">跳到正文 Skip to content</a>\n<header><p>");
    page_html_text(b, program->name_zh);
    page_html_raw(b, " <span lang=\"en\">");
    page_html_text(b, program->name_en);
    page_html_raw(b, "</span></p><h1>");
    page_html_both(b, page->zh, page->en);
    page_html_raw(b, "</h1></header>\n");
}

static void write_navigation(const struct page *current, struct builder *b)
{
    page_html_raw(b, "<nav aria-label=\"页面 Pages\"><ul>\n");
    for (size_t i = 0; i < REGISTRY_PAGES; i++) {
        if (pages[i].write == NULL)
            continue;
        builder_printf(b, "<li><a href=\"%s\"%s>", pages[i].name, &pages[i] == current ? " aria-current=\"page\"" : "");
        page_html_both(b, pages[i].zh, pages[i].en);
        page_html_raw(b, "</a></li>\n");
    }
    page_html_raw(b, "</ul></nav>\n");
}

enum status registry_page_write(const struct registry_page_input *input, size_t i, struct builder *out, struct error *err)
{
    const struct page *page = &pages[i];
    if (page->write == NULL) {
        builder_text(out, style);
        return builder_status(out, "style sheet", err);
    }
    write_head(input, page, out);
    write_navigation(page, out);
    page_html_raw(out, "<main id=\"main\">\n");
    page->write(input, out);
    page_html_raw(out, "</main>\n<footer><p><small>");
    page_html_both(out, "状态截至", "As of");
    page_html_raw(out, " ");
    page_html_time(out, input->at_s);
    page_html_raw(out, "</small></p></footer>\n</body>\n</html>\n");
    return builder_status(out, page->name, err);
}
