/* The rules of the policy file with their sentences, and the file itself. */
#include "registry_page/page_parts.h"

#include <string.h>

#include "base/text.h"

static void copy_word(struct bytes word, char *out, size_t size)
{
    size_t len = word.len < size - 1 ? word.len : size - 1;
    memcpy(out, word.data, len);
    out[len] = '\0';
}

static void write_sentence(const struct policy_set *policy, const char *id, enum policy_language language, struct builder *b)
{
    page_html_raw(b, "</td><td>");
    page_html_text(b, policy_set_title(policy, id, language));
    const char *fix = policy_set_fix(policy, id, language);
    if (fix[0] == '\0')
        return;
    page_html_raw(b, "<br><small>");
    page_html_text(b, fix);
    page_html_raw(b, "</small>");
}

/* A line `rule ID EFFECT ...` of the file. */
static void write_rule(const struct policy_set *policy, struct bytes line, struct builder *b)
{
    struct bytes word, id;
    char name[POLICY_NAME_SIZE];
    if (!text_next_word(&line, &word) || !bytes_is_text(word, "rule") || !text_next_word(&line, &id))
        return;
    copy_word(id, name, sizeof name);
    page_html_raw(b, "<tr><th scope=\"row\">");
    page_html_text(b, name);
    page_html_raw(b, "</th><td><code>");
    page_html_bytes(b, line);
    page_html_raw(b, "</code>");
    write_sentence(policy, name, POLICY_ZH, b);
    write_sentence(policy, name, POLICY_EN, b);
    page_html_raw(b, "</td></tr>\n");
}

static void write_file(const char *name, struct bytes text, struct builder *b)
{
    struct bytes line;
    page_html_raw(b, "<details><summary>");
    page_html_text(b, name);
    page_html_raw(b, "</summary><pre>");
    while (text_next_line(&text, &line)) {
        page_html_bytes(b, line);
        page_html_raw(b, "\n");
    }
    page_html_raw(b, "</pre></details>\n");
}

void page_policy_write(const struct registry_page_input *in, struct builder *b)
{
    static const char *const heads[] = {"规则", "Rule", "后果与范围", "Effect and scope", "说明与处理", "In Chinese",
                                        "英文说明", "In English", NULL};
    struct bytes rest = in->registry->policy_text, line;
    if (in->policy == NULL || rest.len == 0) {
        page_html_nothing(b);
        return;
    }
    page_html_raw(b, "<p>");
    page_html_text(b, policy_set_name(in->policy));
    builder_printf(b, " %llu</p>\n", (unsigned long long)policy_set_version(in->policy));
    page_html_table(b, "规则", "Rules", heads);
    while (text_next_line(&rest, &line))
        write_rule(in->policy, line, b);
    page_html_table_end(b);
    write_file("root-program.conf", in->registry->policy_text, b);
    write_file("ct-policy.conf", in->registry->ct_policy_text, b);
}
