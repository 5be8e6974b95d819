/* Headers of a server that may be anybody. */
#include "service/acme_client/client_internal.h"
#include "unit/checks.h"

struct headers {
    const char *links[40];
    size_t count;
};

static struct bytes header(void *context, const char *name, unsigned n)
{
    const struct headers *h = context;
    if (strcmp(name, "Link") != 0 || n >= h->count)
        return bytes_of(NULL, 0);
    return bytes_of_text(h->links[n]);
}

static const char *find(const char *first, const char *second)
{
    static char out[ACME_CLIENT_URL_MAX];
    struct headers h = {.links = {first, second}, .count = second != NULL ? 2 : 1};
    struct fetch_response r = {.header = header, .headers = &h};
    bool found = client_find_link(&r, "alternate", out);
    assert_int_equal(found, out[0] != '\0');
    return out;
}

static void test_link(void **state)
{
    (void)state;
    assert_string_equal(find("<https://a.example/1>;rel=\"alternate\"", NULL), "https://a.example/1");
    assert_string_equal(find("<https://a.example/1>; rel=alternate", NULL), "https://a.example/1");
    assert_string_equal(find("<https://a.example/1> ; title=\"a, >b; rel=up\" ; REL = \"up Alternate\"", NULL), "https://a.example/1");
    assert_string_equal(find("<https://a.example/0>;rel=\"up\" , <https://a.example/1>;rel=\"alternate\"", NULL), "https://a.example/1");
    assert_string_equal(find("<https://a.example/0>;rel=\"up\"", "<https://a.example/1>;rel=\"alternate\""), "https://a.example/1");
    assert_string_equal(find("nonsense", "<https://a.example/1>;rel=\"alternate\""), "https://a.example/1");
    assert_string_equal(find("<ftp://a.example/1>;rel=\"alternate\",<https://a.example/2>;crossorigin;rel=alternate", NULL), "https://a.example/2");
    /* The first rel counts. */
    assert_string_equal(find("<https://a.example/1>;rel=up;rel=alternate", NULL), "");
    assert_string_equal(find("<https://a.example/1>;rel=\"acme-alternate\"", NULL), "");
    assert_string_equal(find("<https://a.example/1>;title=\"rel=alternate\"", NULL), "");
    assert_string_equal(find("<https://a.example/1>;title=\"rel=alternate", NULL), "");
    assert_string_equal(find("<https://a.example/1", NULL), "");
    assert_string_equal(find("<https://a.example/\" 1>;rel=alternate", NULL), "");
    assert_string_equal(find("<>;rel=alternate", NULL), "");
    assert_string_equal(find("https://a.example/1;rel=alternate", NULL), "");
    assert_string_equal(find("<https://a.example/1>;rel=alternate x", NULL), "");
    assert_string_equal(find("", NULL), "");
}

static void test_links_end(void **state)
{
    struct headers h = {.count = 40};
    char out[ACME_CLIENT_URL_MAX];
    struct fetch_response r = {.header = header, .headers = &h}, none = {.status = 200};
    (void)state;
    for (size_t i = 0; i < 40; i++)
        h.links[i] = i < 32 ? "<https://a.example/>;rel=up" : "<https://a.example/>;rel=alternate";
    assert_false(client_find_link(&r, "alternate", out));
    assert_false(client_find_link(&none, "alternate", out));
}

static void test_url(void **state)
{
    char out[ACME_CLIENT_URL_MAX], url[ACME_CLIENT_URL_MAX + 2];
    static const char *const bad[] = {NULL, "", "https://", "ftp://a.example/", "https://a.example/\n", "https://a.example/ b",
                                      "https://a.example/\"", "https://a.example/\\", "https://a.example/\x7f", "//a.example/", "/a",
                                      "https://\xc3\xa4.example/"};
    (void)state;
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_false(client_copy_url(bad[i], out));
    memset(url, 'a', sizeof url);
    memcpy(url, "https://", 8);
    url[ACME_CLIENT_URL_MAX - 1] = '\0';
    assert_true(client_copy_url(url, out));
    assert_string_equal(out, url);
    url[ACME_CLIENT_URL_MAX - 1] = 'a';
    url[ACME_CLIENT_URL_MAX] = '\0';
    assert_false(client_copy_url(url, out));
}

static void test_retry_after(void **state)
{
    struct fetch_response r = {.status = 503};
    uint64_t seconds;
    (void)state;
    assert_int_equal(client_retry_ms(&r, 250), 250);
    r.retry_after = bytes_of_text("0");
    assert_int_equal(client_retry_ms(&r, 250), 250);
    r.retry_after = bytes_of_text("3");
    assert_int_equal(client_retry_ms(&r, 250), 3000);
    r.retry_after = bytes_of_text("86400");
    assert_int_equal(client_retry_ms(&r, 250), CLIENT_WAIT_MAX_MS);
    assert_true(client_retry_after_s(&r, &seconds));
    assert_int_equal(seconds, 86400);
    r.retry_after = bytes_of_text("99999999999999999999999");
    assert_int_equal(client_retry_ms(&r, 250), 250);
    r.retry_after = bytes_of_text("Fri, 31 Dec 2027 23:59:59 GMT");
    assert_int_equal(client_retry_ms(&r, 250), 250);
    r.retry_after = bytes_of_text("-1");
    assert_int_equal(client_retry_ms(&r, 250), 250);
}

static struct bytes date_header(void *headers, const char *name, unsigned n)
{
    return strcmp(name, "Date") == 0 && n == 0 ? bytes_of_text(headers) : bytes_of(NULL, 0);
}

/* By the server's clock, whatever ours says [RFC9110 10.2.3]. */
static void test_retry_date(void **state)
{
    char date[] = "Fri, 31 Dec 2027 23:59:30 GMT";
    static const char *const bad[] = {"", "Sat, 01 Jan 2028 00:00:30", "Sat, 01 Jam 2028 00:00:30 GMT", "Sat, 32 Jan 2028 00:00:30 GMT",
                                      "Sat, 01 Jan 2028 00-00:30 GMT", "Sat, 01 Jan 2028 0x:00:30 GMT", "Saturday, 01-Jan-28 00:00:30 GMT"};
    struct fetch_response r = {.status = 503, .header = date_header, .headers = date};
    uint64_t seconds = 0;
    (void)state;
    r.retry_after = bytes_of_text("Sat, 01 Jan 2028 00:00:30 GMT");
    assert_true(client_retry_after_s(&r, &seconds));
    assert_int_equal(seconds, 60);
    r.retry_after = bytes_of_text("Tue, 01 Jan 2008 00:00:30 GMT"); /* over already */
    assert_int_equal(client_retry_ms(&r, 250), 250);
    r.retry_after = bytes_of_text("Fri, 31 Dec 9999 23:59:59 GMT");
    assert_int_equal(client_retry_ms(&r, 250), CLIENT_WAIT_MAX_MS);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        r.retry_after = bytes_of_text(bad[i]);
        assert_false(client_retry_after_s(&r, &seconds));
    }
    r.retry_after = bytes_of_text("Sat, 01 Jan 2028 00:00:30 GMT");
    date[0] = '\0';
    assert_false(client_retry_after_s(&r, &seconds));
}

static void test_origin(void **state)
{
    (void)state;
    assert_true(client_is_same_origin("https://ca.example/order/7", "HTTPS://CA.example/new"));
    assert_true(client_is_same_origin("https://ca.example", "https://ca.example?x"));
    assert_false(client_is_same_origin("https://ca.example/order/7", "http://ca.example/new"));
    assert_false(client_is_same_origin("https://ca.example/order/7", "https://ca.example:443/new"));
    assert_false(client_is_same_origin("https://ca.example.evil/order/7", "https://ca.example/new"));
    assert_false(client_is_same_origin("https://ca.example@evil/order/7", "https://ca.example/new"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_links_end),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_date),
        cmocka_unit_test(test_origin),
    };
    return cmocka_run_group_tests_name("client_answer", tests, NULL, NULL);
}
