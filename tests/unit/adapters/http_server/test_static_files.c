/* The files of a log over the server. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

#include "unit/adapters/http_server/http_world.h"

#include "adapters/http_server/static_files.h"

struct site {
    struct http_world *w;
    struct static_files *files;
    char folder[32];
};

static struct site site;

static void put(const char *name, const char *content)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", site.folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", site.folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static uint64_t landmarks_age(void *context)
{
    return context == &site ? 1800 : 0;
}

static void fill_site(void)
{
    char path[128];
    static const char *const folders[] = {"public",         "public/tile",          "public/tile/0",
                                          "public/tile/entries", "public/tile/data",    "public/tile/0/001.p",
                                          "public/issuer",  "private"};
    for (size_t i = 0; i < LENGTH(folders); i++)
        make_folder(folders[i]);
    put("public/checkpoint", "a.example/log\n3\nroot\n");
    put("public/landmarks", "1 2\n");
    put("public/tile/0/000", "0123456789");
    put("public/tile/0/001.p/8", "partial");
    put("public/tile/entries/000", "entries entries entries entries entries entries entries entries");
    put("public/tile/data/000", "leaves leaves leaves leaves leaves leaves leaves leaves leaves leaves");
    put("public/issuer/00ff", "a certificate");
    put("public/log.v3.json", "{}");
    put("public/.hidden", "hidden");
    put("private/secret", "secret");
    (void)snprintf(path, sizeof path, "%s/public/tile/link", site.folder);
    assert_int_equal(symlink("../../private/secret", path), 0);
    (void)snprintf(path, sizeof path, "%s/public/out", site.folder);
    assert_int_equal(symlink("../private", path), 0);
    (void)snprintf(path, sizeof path, "%s/public/fifo", site.folder);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static int set_up(void **state)
{
    struct error err;
    char path[64];
    assert_int_equal(world_set_up(state), 0);
    site = (struct site){.w = *state, .folder = "/tmp/site-test-XXXXXX"};
    assert_non_null(mkdtemp(site.folder));
    fill_site();
    (void)snprintf(path, sizeof path, "%s/public", site.folder);
    struct static_files_settings settings = {.directory = path,
                                             .prefix = "/log/1",
                                             .landmarks_max_age_s = landmarks_age,
                                             .context = &site};
    OK(static_files_new(&settings, &site.files, &err));
    world_open(site.w);
    struct http_handler handler = static_files_handler(site.files);
    OK(http_server_add_route(site.w->server, "/log/1", &handler, &err));
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {
        "public/checkpoint",     "public/landmarks",     "public/tile/0/000", "public/tile/0/001.p/8",
        "public/tile/entries/000", "public/.hidden",     "private/secret",    "public/tile/link",
        "public/out",            "public/fifo",          "public/tile/0/001.p", "public/tile/0",
        "public/tile/data/000",  "public/tile/data",     "public/issuer/00ff", "public/issuer",
        "public/log.v3.json",    "public/tile/entries",  "public/tile",       "public",            "private",
        ""};
    char path[128];
    (void)world_tear_down(state);
    static_files_free(site.files);
    for (size_t i = 0; i < LENGTH(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", site.folder, names[i]);
        assert_int_equal(remove(path), 0);
    }
    return 0;
}

static const char *ask(const char *method, const char *name, const char *headers)
{
    char raw[1024];
    (void)snprintf(raw, sizeof raw, "%s /log/1%s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, name, headers);
    return world_talk_text(site.w, raw);
}

static void has(const char *answer, const char *fragment)
{
    if (strstr(answer, fragment) == NULL)
        fail_msg("no %s in %s", fragment, answer);
}

static void ends(const char *answer, const char *body)
{
    const char *start = strstr(answer, "\r\n\r\n");
    assert_non_null(start);
    assert_string_equal(start + 4, body);
}

static void each_kind_has_its_headers(void **state)
{
    (void)state;
    const char *answer = ask("GET", "/checkpoint", "");
    has(answer, "HTTP/1.1 200 OK\r\n");
    has(answer, "Content-Type: text/plain; charset=utf-8\r\n");
    has(answer, "Cache-Control: no-cache\r\n");
    has(answer, "Access-Control-Allow-Origin: *\r\n");
    ends(answer, "a.example/log\n3\nroot\n");
    answer = ask("GET", "/landmarks", "");
    has(answer, "Cache-Control: public, max-age=1800\r\n");
    answer = ask("GET", "/issuer/00ff", "");
    has(answer, "Content-Type: application/pkix-cert\r\n");
    has(answer, "max-age=31536000, immutable\r\n");
    answer = ask("GET", "/log.v3.json", "");
    has(answer, "Content-Type: application/json\r\n");
    has(answer, "Cache-Control: no-cache\r\n");
    answer = ask("GET", "/tile/0/000", "");
    has(answer, "Content-Type: application/octet-stream\r\n");
    has(answer, "max-age=31536000, immutable\r\n");
    ends(answer, "0123456789");
    ends(ask("GET", "/tile/0/001.p/8", ""), "partial");
    answer = ask("HEAD", "/tile/0/000", "");
    has(answer, "Content-Length: 10\r\n");
    ends(answer, "");
    has(ask("OPTIONS", "/checkpoint", ""), "Access-Control-Allow-Methods: GET, HEAD\r\n");
    answer = ask("PUT", "/checkpoint", "");
    has(answer, " 405 ");
    has(answer, "Allow: GET, HEAD, OPTIONS\r\n");
    has(ask("POST", "/checkpoint", "Content-Length: 1\r\n"), " 413 ");
}

static void what_is_not_published_is_not_there(void **state)
{
    static const char *const names[] = {
        "",          "/",           "/nothing",         "/tile",           "/tile/",
        "/tile/0",   "//checkpoint", "/./checkpoint",   "/../private/secret", "/tile/../checkpoint",
        "/tile/link", "/out/secret", "/fifo",           "/.hidden",        "/%63heckpoint",
        "/checkpoint/", "/checkpoint/x", "/CHECKPOINT", "/checkpoint%00",  "/tile%2f0%2f000",
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(names); i++) {
        const char *answer = ask("GET", names[i], "");
        if (strstr(answer, " 404 ") == NULL)
            fail_msg("%s: %s", names[i], answer);
        assert_null(strstr(answer, site.folder));
        ends(answer, "not found\n");
    }
}

static void ranges(void **state)
{
    static const struct {
        const char *range, *status, *content_range, *body;
    } rows[] = {
        {"bytes=0-3", " 206 ", "bytes 0-3/10", "0123"},
        {"bytes=4-", " 206 ", "bytes 4-9/10", "456789"},
        {"bytes=-3", " 206 ", "bytes 7-9/10", "789"},
        {"bytes=-30", " 206 ", "bytes 0-9/10", "0123456789"},
        {"bytes=9-100", " 206 ", "bytes 9-9/10", "9"},
        {"bytes=10-", " 416 ", "bytes */10", ""},
        {"bytes=-0", " 416 ", "bytes */10", ""},
        {"bytes=3-2", " 200 ", "", "0123456789"},
        {"bytes=0-1,3-4", " 200 ", "", "0123456789"},
        {"bytes=x-4", " 200 ", "", "0123456789"},
        {"bytes=-", " 200 ", "", "0123456789"},
        {"items=0-1", " 200 ", "", "0123456789"},
        {"bytes=99999999999999999999-", " 200 ", "", "0123456789"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char header[128];
        (void)snprintf(header, sizeof header, "Range: %s\r\n", rows[i].range);
        const char *answer = ask("GET", "/tile/0/000", header);
        has(answer, rows[i].status);
        if (rows[i].content_range[0] != '\0')
            has(answer, rows[i].content_range);
        ends(answer, rows[i].body);
    }
}

static void unchanged_files_are_not_sent_again(void **state)
{
    char etag[128] = {0}, header[256];
    (void)state;
    const char *at = strstr(ask("GET", "/checkpoint", ""), "ETag: ");
    assert_non_null(at);
    size_t len = strcspn(at + 6, "\r");
    assert_true(len < sizeof etag);
    memcpy(etag, at + 6, len);
    (void)snprintf(header, sizeof header, "If-None-Match: \"x\", W/%s\r\n", etag);
    const char *answer = ask("GET", "/checkpoint", header);
    has(answer, "HTTP/1.1 304 Not Modified\r\n");
    has(answer, etag);
    ends(answer, "");
    has(ask("GET", "/checkpoint", "If-None-Match: *\r\n"), " 304 ");
    has(ask("GET", "/checkpoint", "If-None-Match: \"x\"\r\n"), " 200 ");
    (void)snprintf(header, sizeof header, "Range: bytes=0-0\r\nIf-Range: %s\r\n", etag);
    has(ask("GET", "/checkpoint", header), " 206 ");
    has(ask("GET", "/checkpoint", "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n"), " 200 ");
    put("public/checkpoint", "a.example/log\n300\nroot\n");
    (void)snprintf(header, sizeof header, "If-None-Match: %s\r\n", etag);
    has(ask("GET", "/checkpoint", header), " 200 ");
}

static void entries_are_compressed_for_those_who_like_it(void **state)
{
    uint8_t plain[200];
    (void)state;
    has(ask("GET", "/tile/entries/000", "Accept-Encoding: br, gzip;q=0.5\r\n"),
        "Content-Encoding: gzip\r\n");
    has(world_text(site.w), "Vary: Accept-Encoding\r\n");
    const uint8_t *end = site.w->got.data + site.w->got.len;
    const char *body = strstr((char *)site.w->got.data, "\r\n\r\n") + 4;
    z_stream z = {.zalloc = NULL};
    assert_int_equal(inflateInit2(&z, 31), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)body;
    z.avail_in = (uInt)(end - (const uint8_t *)body);
    z.next_out = plain;
    z.avail_out = sizeof plain;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_memory_equal(plain, "entries entries", 15);
    (void)inflateEnd(&z);
    has(ask("GET", "/tile/data/000", "Accept-Encoding: gzip\r\n"), "Content-Encoding: gzip\r\n");
    assert_null(strstr(ask("GET", "/tile/entries/000", "Accept-Encoding: gzip;q=0\r\n"), "gzip"));
    assert_null(strstr(ask("GET", "/tile/entries/000", ""), "gzip"));
    assert_null(strstr(ask("GET", "/tile/0/000", "Accept-Encoding: gzip\r\n"), "gzip"));
    has(ask("GET", "/tile/entries/000", "Accept-Encoding: gzip\r\nRange: bytes=0-6\r\n"), " 206 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_has_its_headers),
        TEST(what_is_not_published_is_not_there),
        TEST(ranges),
        TEST(unchanged_files_are_not_sent_again),
        TEST(entries_are_compressed_for_those_who_like_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
