#include "registry_page/page_html.h"

#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "codec/note/utf8.h"
#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/hash.h"

#define REPLACEMENT "\xef\xbf\xbd"

void page_html_raw(struct builder *b, const char *html)
{
    builder_text(b, html);
}

static const char *escape(uint32_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return text_is_hidden(c) ? REPLACEMENT : NULL;
    }
}

void page_html_bytes(struct builder *b, struct bytes text)
{
    struct reader r;
    uint32_t c;
    reader_init(&r, text);
    while (!reader_is_at_end(&r)) {
        const uint8_t *before = r.at;
        if (!utf8_next(&r, &c)) {
            builder_text(b, REPLACEMENT);
            r.at++;
            continue;
        }
        const char *other = escape(c);
        if (other != NULL)
            builder_text(b, other);
        else
            builder_bytes(b, bytes_of(before, (size_t)(r.at - before)));
    }
}

void page_html_text(struct builder *b, const char *text)
{
    page_html_bytes(b, bytes_of_text(text));
}

void page_html_both(struct builder *b, const char *zh, const char *en)
{
    builder_printf(b, "<span lang=\"zh-CN\">%s</span> <span lang=\"en\">%s</span>", zh, en);
}

static bool begins_with(const char *text, const char *prefix)
{
    size_t len = bytes_of_text(prefix).len;
    struct bytes all = bytes_of_text(text);
    return all.len > len && bytes_equal(bytes_of(all.data, len), bytes_of_text(prefix));
}

void page_html_link(struct builder *b, const char *address, const char *text)
{
    bool is_link = begins_with(address, "https://") || begins_with(address, "http://");
    if (is_link) {
        page_html_raw(b, "<a rel=\"noreferrer noopener\" href=\"");
        page_html_text(b, address);
        page_html_raw(b, "\">");
    }
    page_html_text(b, text != NULL ? text : address);
    if (is_link)
        page_html_raw(b, "</a>");
}

void page_html_linked_text(struct builder *b, const char *text)
{
    char address[TRUST_BUNDLE_TEXT_MAX + 1];
    size_t len = strcspn(text, " ");
    /* What ends a part of a sentence is none of the address. */
    while (len > 0 && strchr(":,.;", text[len - 1]) != NULL)
        len--;
    if (len >= sizeof address) {
        page_html_text(b, text);
        return;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    page_html_link(b, address, NULL);
    page_html_text(b, text + len);
}

void page_html_inner_link(struct builder *b, const char *page, const char *kind, const char *id, const char *text)
{
    builder_printf(b, "<a href=\"%s#%s-", page, kind);
    page_html_text(b, id);
    page_html_raw(b, "\">");
    page_html_text(b, text);
    page_html_raw(b, "</a>");
}

void page_html_id(struct builder *b, const char *kind, const char *id)
{
    builder_printf(b, " id=\"%s-", kind);
    page_html_text(b, id);
    page_html_raw(b, "\"");
}

static void write_time(struct builder *b, int64_t at_s, int len)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    if (at_s == 0 || at_s == PAGE_HTML_NO_TIME) {
        page_html_raw(b, "–");
        return;
    }
    civil_time_format(at_s, text);
    builder_printf(b, "<time>%.*s</time>", len, text);
}

void page_html_day(struct builder *b, int64_t at_s)
{
    write_time(b, at_s, 10);
}

void page_html_time(struct builder *b, int64_t at_s)
{
    write_time(b, at_s, CIVIL_TIME_TEXT_SIZE - 1);
}

void page_html_span(struct builder *b, int64_t from_s, int64_t until_s)
{
    page_html_day(b, from_s);
    page_html_raw(b, " – ");
    if (until_s != PAGE_HTML_NO_TIME)
        page_html_day(b, until_s - 1);
}

void page_html_number(struct builder *b, uint64_t value)
{
    builder_printf(b, "%llu", (unsigned long long)value);
}

void page_html_fingerprint(struct builder *b, struct bytes der)
{
    uint8_t hash[HASH_SIZE];
    if (!hash_label_sha256(&der, 1, hash)) {
        b->failure = STATUS_NO_MEMORY;
        return;
    }
    page_html_raw(b, "<code>");
    text_write_hex(b, BYTES_OF(hash));
    page_html_raw(b, "</code>");
}

void page_html_table(struct builder *b, const char *caption_zh, const char *caption_en, const char *const *heads)
{
    page_html_raw(b, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    page_html_raw(b, caption_en);
    page_html_raw(b, "\"><table><caption>");
    page_html_both(b, caption_zh, caption_en);
    page_html_raw(b, "</caption><thead><tr>");
    for (; heads[0] != NULL; heads += 2) {
        page_html_raw(b, "<th scope=\"col\">");
        page_html_both(b, heads[0], heads[1]);
        page_html_raw(b, "</th>");
    }
    page_html_raw(b, "</tr></thead><tbody>\n");
}

void page_html_table_end(struct builder *b)
{
    page_html_raw(b, "</tbody></table></div>\n");
}

void page_html_term(struct builder *b, const char *zh, const char *en)
{
    page_html_raw(b, "<dt>");
    page_html_both(b, zh, en);
    page_html_raw(b, "</dt>");
}

void page_html_nothing(struct builder *b)
{
    page_html_raw(b, "<p>");
    page_html_both(b, "无。", "None.");
    page_html_raw(b, "</p>\n");
}
