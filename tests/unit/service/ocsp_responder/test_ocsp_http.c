#include "unit/checks.h"

#include "service/ocsp_responder/ocsp_http.h"

#define NOW_S ((int64_t)784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */

static struct error err;

static enum status read_path(const char *path, struct builder *out)
{
    builder_reset(out);
    return ocsp_http_read_path("/classic/r1/ocsp", bytes_of_text(path), out, &err);
}

/* With and without padding, escaped and not; a '/' is a digit of base64. */
static void paths(void **state)
{
    struct builder b;
    (void)state;
    builder_init(&b, 64);
    OK(read_path("/classic/r1/ocsp/AP//+g==", &b));
    assert_hex(builder_view(&b), "00fffffa");
    OK(read_path("/classic/r1/ocsp/AP%2F%2f%2Bg%3D%3D", &b));
    assert_hex(builder_view(&b), "00fffffa");
    OK(read_path("/classic/r1/ocsp/AP//+g", &b));
    assert_hex(builder_view(&b), "00fffffa");
    static const char *const bad[] = {
        "/classic/r1/ocsp", "/classic/r1/ocsp/", "/classic/r1/ocsp/A%", "/classic/r1/ocsp/A%2", "/classic/r1/ocsp/A%zz=",
        "/classic/r1/ocsp/AP__-g==", "/classic/r1/ocsp/AP//+g=====", "/classic/r2/ocsp/AP//+g==",
    };
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(read_path(bad[i], &b), STATUS_MALFORMED);
    builder_clear(&b);
    builder_init(&b, 2); /* longer than a request may be */
    assert_int_equal(read_path("/classic/r1/ocsp/AP//+g==", &b), STATUS_MALFORMED);
    builder_clear(&b);
}

static void headers(void **state)
{
    struct http_exchange x = {.response = {.status = 0}};
    struct ocsp_answer_times times = {.this_update_s = NOW_S, .next_update_s = NOW_S + 86400, .fresh_until_s = NOW_S + 43200};
    (void)state;
    builder_init(&x.response.headers, 4096);
    builder_init(&x.response.body, 4096);
    ocsp_http_answer(&x, &times, bytes_of_text("answer"), NOW_S);
    builder_u8(&x.response.headers, 0);
    const char *text = (const char *)x.response.headers.data;
    assert_non_null(strstr(text, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_non_null(strstr(text, "Expires: Sun, 06 Nov 1994 09:49:37 GMT\r\n"));
    assert_non_null(strstr(text, "Cache-Control: max-age=3600, public, no-transform, must-revalidate\r\n"));
    assert_non_null(strstr(text, "ETag: \""));
    /* Near the end of its time nobody may keep it for longer. */
    builder_reset(&x.response.headers);
    ocsp_http_answer(&x, &times, bytes_of_text("answer"), NOW_S + 43190);
    builder_u8(&x.response.headers, 0);
    assert_non_null(strstr((const char *)x.response.headers.data, "max-age=10,"));
    builder_clear(&x.response.headers);
    builder_clear(&x.response.body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
