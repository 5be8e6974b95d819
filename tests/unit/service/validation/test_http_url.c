#include "unit/checks.h"

#include "service/validation/http_url.h"

static struct error err;

struct row {
    const char *base, *location, *want; /* want NULL: refused */
};

static const struct row rows[] = {
    {NULL, "http://example.com", "http://example.com/"},
    {NULL, "HTTP://Example.COM./a?b#c", "http://example.com/a?b"},
    {NULL, "https://example.com:8443/a", "https://example.com:8443/a"},
    {NULL, "https://example.com:443/a", "https://example.com/a"},
    {NULL, "http://example.com?x=1", "http://example.com/?x=1"},
    {NULL, "http://192.0.2.1/", "http://192.0.2.1/"},
    {NULL, "http://[2001:db8::1]:80/x", "http://[2001:db8::1]/x"},
    {NULL, "http://[::ffff:10.0.0.1]/", "http://[::ffff:10.0.0.1]/"},
    {"http://a.example/x/y?z", "/q", "http://a.example/q"},
    {"http://a.example/x/y?z", "q", "http://a.example/x/q"},
    {"http://a.example/x/y?z", "?q", "http://a.example/x/y?q"},
    {"https://a.example/x/y", "//b.example/q", "https://b.example/q"},
    {"http://a.example/x", "http://b.example", "http://b.example/"},
    {"http://a.example/x", "//b.example:80", "http://b.example/"},
    {"http://a.example:8080/x", "/y", "http://a.example:8080/y"},
    {NULL, "", NULL},
    {NULL, "/q", NULL},
    {NULL, "//a.example/", NULL},
    {"http://a.example/", "", NULL},
    {"http://a.example/", "ftp://b.example/", NULL},
    {"http://a.example/", "file:///etc/passwd", NULL},
    {"http://a.example/", "javascript:x", NULL},
    {"http://a.example/", "gopher:x", NULL},
    {NULL, "http:///x", NULL},
    {NULL, "http://", NULL},
    {NULL, "http://user@a.example/", NULL},
    {NULL, "http://user:pw@a.example/", NULL},
    {NULL, "http://a.example:0/", NULL},
    {NULL, "http://a.example:65536/", NULL},
    {NULL, "http://a.example:/", NULL},
    {NULL, "http://a.example:80x/", NULL},
    {NULL, "http://a..example/", NULL},
    {NULL, "http://.example/", NULL},
    {NULL, "http://a.example\\@b/", NULL},
    {NULL, "http://a.example/\r\nX: y", NULL},
    {NULL, "http://a.example/ x", NULL},
    {NULL, "http://\xc3\xa4.example/", NULL},
    {NULL, "http://127.1/", NULL},
    {NULL, "http://2130706433/", NULL},
    {NULL, "http://0177.0.0.1/", NULL},
    {NULL, "http://[127.0.0.1]/", NULL},
    {NULL, "http://::1/", NULL},
    {NULL, "http://[::1/", NULL},
    {NULL, "http://[::1]x/", NULL},
    {NULL, "http://[fe80::1%25eth0]/", NULL},
    {NULL, "http://a%2eexample/", NULL},
};

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct http_url base, url;
        struct bytes location = heap_copy(bytes_of_text(rows[i].location));
        if (rows[i].base != NULL)
            OK(http_url_resolve(NULL, bytes_of_text(rows[i].base), &base, &err));
        enum status s = http_url_resolve(rows[i].base != NULL ? &base : NULL, location, &url, &err);
        heap_free(location);
        if ((s == STATUS_OK) != (rows[i].want != NULL))
            fail_msg("%s: %s", rows[i].location, status_name(s));
        if (s != STATUS_OK)
            continue;
        struct builder text;
        builder_init(&text, 4096);
        http_url_write(&url, url.port != 0 ? url.port : url.is_https ? 443 : 80, &text);
        if (!bytes_is_text(builder_view(&text), rows[i].want))
            fail_msg("%s: %.*s", rows[i].location, (int)text.len, (const char *)text.data);
        builder_clear(&text);
    }
}

static void too_long(void **state)
{
    (void)state;
    struct http_url url;
    char text[HTTP_URL_MAX + 2];
    memset(text, 'a', sizeof text);
    memcpy(text, "http://b.example/", 17);
    OK(http_url_resolve(NULL, bytes_of(text, HTTP_URL_MAX), &url, &err));
    assert_says(http_url_resolve(NULL, bytes_of(text, HTTP_URL_MAX + 1), &url, &err), &err, STATUS_MALFORMED,
                "more than");
    memset(text + 7, 'a', 64);
    text[7 + 64] = '/';
    assert_int_equal(http_url_resolve(NULL, bytes_of(text, 100), &url, &err), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(too_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
