/* CT logs, Merkle Tree CAs with their cosigners and landmarks, and identity signers. */
#include "registry_page/page_parts.h"

#include "base/text.h"

static void write_articles(const struct registry_page_input *in, enum registry_kind kind, const char *zh, const char *en,
                           struct builder *b)
{
    size_t count = 0;
    page_html_raw(b, "<h2>");
    page_html_both(b, zh, en);
    page_html_raw(b, "</h2>\n");
    for (size_t i = 0; i < in->registry->things.count; i++) {
        if (registry_thing_at(in->registry, i)->head.kind != kind)
            continue;
        count++;
        page_things_article(in, registry_thing_at(in->registry, i), b);
    }
    if (count == 0)
        page_html_nothing(b);
}

/* ---- CT logs ---- */

static void write_ct_log(const struct registry_page_input *in, const struct registry_thing *log, struct builder *b)
{
    page_html_raw(b, "<tr><th scope=\"row\">");
    page_html_inner_link(b, "ct-logs.html", "ct-logs", log->head.id, log->name);
    page_html_raw(b, "</th><td>");
    page_things_operator(in->registry, log->operator_id, b);
    page_html_raw(b, "</td><td>");
    page_things_now(in, log, b);
    page_html_raw(b, "</td><td>");
    page_html_text(b, log->suite == &ct_suite_gm ? "SM2/SM3" : "ECDSA/SHA-256");
    page_html_raw(b, log->is_tiled ? " static-ct" : " RFC 6962");
    if (log->is_test)
        page_html_both(b, "(测试)", "(test)");
    page_html_raw(b, "</td><td>");
    if (log->has_interval)
        page_html_span(b, log->interval_start_s, log->interval_end_s);
    page_html_raw(b, "</td><td>");
    page_html_link(b, log->submission_url, NULL);
    page_html_raw(b, "</td></tr>\n");
}

void page_ct_logs_write(const struct registry_page_input *in, struct builder *b)
{
    static const char *const heads[] = {"名称", "Name", "运营者", "Operator", "状态", "State", "算法与接口", "Suite and interface",
                                        "证书到期区间", "Takes certificates ending", "地址", "Address", NULL};
    page_html_table(b, "证书透明日志", "Certificate Transparency logs", heads);
    for (size_t i = 0; i < in->registry->things.count; i++)
        if (registry_thing_at(in->registry, i)->head.kind == REGISTRY_CT_LOG)
            write_ct_log(in, registry_thing_at(in->registry, i), b);
    page_html_table_end(b);
    write_articles(in, REGISTRY_CT_LOG, "详情", "Details", b);
}

/* ---- Merkle Tree CAs ---- */

static void write_rule(const struct registry_page_input *in, const struct registry_rule *rule, struct builder *b)
{
    page_html_raw(b, "<li>");
    if (rule->kind == TRUST_BUNDLE_SIGNATURES)
        page_html_both(b, "至少签名数", "signatures of at least");
    else
        page_html_both(b, "至少不同运营者数", "different operators, at least");
    builder_printf(b, " %zu: ", rule->needed);
    for (size_t i = 0; i < rule->members.count; i++) {
        const char *id = registry_word(in->registry, rule->members, i);
        const struct registry_thing *cosigner = registry_find_thing(in->registry, REGISTRY_COSIGNER, id);
        page_html_raw(b, i > 0 ? ", " : "");
        if (cosigner != NULL)
            page_html_inner_link(b, "mtc.html", "cosigners", id, cosigner->name);
        else
            page_html_text(b, id);
    }
    page_html_raw(b, "</li>");
}

static void write_log(const struct trust_bundle *bundle, const struct trust_bundle_log *log, struct builder *b)
{
    builder_printf(b, "<tr><th scope=\"row\">%u</th><td>%llu</td><td>", log->log_number, (unsigned long long)log->minimum_index);
    if (log->landmark_count > 0) {
        const struct trust_bundle_landmark *last = trust_bundle_landmark_at(bundle, log, log->landmark_count - 1);
        builder_printf(b, "%llu – %llu</td><td>%llu</td><td>", (unsigned long long)log->first_landmark,
                       (unsigned long long)(log->first_landmark + log->landmark_count - 1), (unsigned long long)last->tree_size);
        page_html_time(b, last->expiry_s);
    } else {
        page_html_raw(b, "–</td><td>–</td><td>–");
    }
    page_html_raw(b, "</td></tr>\n");
}

static void write_landmarks(const struct registry_page_input *in, const struct tai *id, struct builder *b)
{
    static const char *const heads[] = {"日志", "Log", "最小索引", "Minimum index", "地标", "Landmarks",
                                        "最新树大小", "Newest tree size", "有效至", "Until", NULL};
    bool has_any = false;
    for (size_t i = 0; in->bundle != NULL && i < in->bundle->logs.count; i++) {
        const struct trust_bundle_log *log = trust_bundle_log_at(in->bundle, i);
        if (!tai_equal(&log->ca_id, id))
            continue;
        if (!has_any)
            page_html_table(b, "签发日志与地标", "Issuance logs and landmarks", heads);
        has_any = true;
        write_log(in->bundle, log, b);
    }
    if (has_any)
        page_html_table_end(b);
}

static void write_mtc_ca(const struct registry_page_input *in, const struct registry_thing *ca, struct builder *b)
{
    char id[TAI_TEXT_SIZE];
    tai_text(&ca->tai, id);
    page_things_article(in, ca, b);
    page_html_raw(b, "<div class=\"more\"><p>");
    page_html_both(b, "CA 标识", "CA ID");
    page_html_raw(b, " <code>");
    page_html_text(b, id);
    page_html_raw(b, "</code></p><ul>");
    for (size_t i = 0; i < ca->urls.count; i++) {
        page_html_raw(b, "<li>");
        page_html_link(b, registry_word(in->registry, ca->urls, i), NULL);
        page_html_raw(b, "</li>");
    }
    for (size_t i = 0; i < ca->rules.count; i++)
        write_rule(in, REGISTRY_PART(in->registry, rule, rules, ca->rules, i), b);
    page_html_raw(b, "</ul>\n");
    write_landmarks(in, &ca->tai, b);
    page_html_raw(b, "</div>\n");
}

void page_mtc_write(const struct registry_page_input *in, struct builder *b)
{
    size_t count = 0;
    for (size_t i = 0; i < in->registry->things.count; i++) {
        const struct registry_thing *thing = registry_thing_at(in->registry, i);
        if (thing->head.kind != REGISTRY_MTC_CA)
            continue;
        count++;
        write_mtc_ca(in, thing, b);
    }
    if (count == 0)
        page_html_nothing(b);
    write_articles(in, REGISTRY_COSIGNER, "联署者", "Cosigners", b);
}

/* ---- identity signers ---- */

void page_identities_write(const struct registry_page_input *in, struct builder *b)
{
    page_html_raw(b, "<p>");
    page_html_both(b, "以下运营者可以签署网站可信身份记录,其级别不超过所示。网站身份与证书级别分开展示。",
                   "These operators may sign records of who a website is, up to the level shown. It is shown beside the level of the "
                   "certificate, which it does not change.");
    page_html_raw(b, "</p>\n");
    write_articles(in, REGISTRY_IDENTITY_SIGNER, "网站身份签署者", "Signers of website identities", b);
}
