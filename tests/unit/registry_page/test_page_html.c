/* Whatever somebody writes is text in the page. */
#include "unit/checks.h"

#include "registry_page/page_html.h"

static void expect(struct builder *b, const char *want)
{
    if (!builder_is_good(b) || b->len != strlen(want) || (b->len > 0 && memcmp(b->data, want, b->len) != 0))
        fail_msg("%.*s; want %s", (int)b->len, (const char *)b->data, want);
    builder_reset(b);
}

static void text_is_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *html;
    } rows[] = {
        {"", ""},
        {"a & b", "a &amp; b"},
        {"<script>\"'", "&lt;script&gt;&quot;&#39;"},
        {"\xe7\xa4\xba\xe4\xbe\x8b", "\xe7\xa4\xba\xe4\xbe\x8b"},
        {"a\nb\x01\x7f", "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc2\x9f\xc2\xa0", "\xef\xbf\xbd\xc2\xa0"},                      /* the last control character, and a blank */
        {"\xe2\x80\x8a\xe2\x80\x8b", "\xe2\x80\x8a\xef\xbf\xbd"},          /* U+200A, U+200B */
        {"\xe2\x80\x8f\xe2\x80\x90", "\xef\xbf\xbd\xe2\x80\x90"},          /* U+200F, U+2010 */
        {"\xe2\x80\xae\xe2\x80\xaf", "\xef\xbf\xbd\xe2\x80\xaf"},          /* U+202E, U+202F */
        {"\xe2\x81\xa6\xef\xbb\xbf", "\xef\xbf\xbd\xef\xbf\xbd"},          /* an isolate, the byte order mark */
        {"\xf3\xa0\x81\x81", "\xef\xbf\xbd"},                              /* a tag character */
        {"\xff<\xc3", "\xef\xbf\xbd&lt;\xef\xbf\xbd"},                     /* no UTF-8 */
    };
    struct builder b;
    builder_init(&b, 4096);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct bytes text = heap_copy(bytes_of_text(rows[i].text));
        page_html_bytes(&b, text);
        heap_free(text);
        expect(&b, rows[i].html);
    }
    builder_clear(&b);
}

static void links_are_http(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 4096);
    page_html_link(&b, "https://a.example/?a&\"b", NULL);
    expect(&b, "<a rel=\"noreferrer noopener\" href=\"https://a.example/?a&amp;&quot;b\">https://a.example/?a&amp;&quot;b</a>");
    page_html_link(&b, "http://a.example/", "<name>");
    expect(&b, "<a rel=\"noreferrer noopener\" href=\"http://a.example/\">&lt;name&gt;</a>");
    static const char *const others[] = {"javascript:alert(1)", "data:text/html,x", "", "//a.example", "https://", "HTTPS://a.example", "file:///x"};
    for (size_t i = 0; i < LENGTH(others); i++) {
        page_html_link(&b, others[i], NULL);
        expect(&b, others[i]);
    }
    builder_clear(&b);
}

/* What a manager writes: an address, and what it says. */
static void texts_begin_with_links(void **state)
{
    (void)state;
    static const struct {
        const char *text, *html;
    } rows[] = {
        {"https://a.example/1: 14 <b>", "<a rel=\"noreferrer noopener\" href=\"https://a.example/1\">https://a.example/1</a>: 14 &lt;b&gt;"},
        {"https://a.example/1", "<a rel=\"noreferrer noopener\" href=\"https://a.example/1\">https://a.example/1</a>"},
        {"https://a.example/1, more", "<a rel=\"noreferrer noopener\" href=\"https://a.example/1\">https://a.example/1</a>, more"},
        {"https://: x", "https://: x"},
        {"see https://a.example/", "see https://a.example/"},
        {"javascript:alert(1)", "javascript:alert(1)"},
        {"", ""},
    };
    struct builder b;
    builder_init(&b, 4096);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        page_html_linked_text(&b, rows[i].text);
        expect(&b, rows[i].html);
    }
    builder_clear(&b);
}

static void days(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 4096);
    page_html_span(&b, 86400, 2 * 86400);
    expect(&b, "<time>1970-01-02</time> \xe2\x80\x93 <time>1970-01-02</time>");
    page_html_span(&b, 86400, PAGE_HTML_NO_TIME);
    expect(&b, "<time>1970-01-02</time> \xe2\x80\x93 ");
    page_html_day(&b, 0);
    expect(&b, "\xe2\x80\x93");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_text),
        cmocka_unit_test(links_are_http),
        cmocka_unit_test(texts_begin_with_links),
        cmocka_unit_test(days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
