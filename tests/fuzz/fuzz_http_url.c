/* A redirect's Location: refused, or a URL that is written, read again the same, and cannot hold what would
 * change a request. */
#include <stdlib.h>
#include <string.h>

#include "service/validation/http_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check(const struct http_url *base, struct bytes location)
{
    struct http_url url, again;
    struct builder text;
    if (http_url_resolve(base, location, &url, NULL) != STATUS_OK)
        return;
    require(url.path[0] == '/' && url.host[0] != '\0' && strchr(url.path, '#') == NULL);
    builder_init(&text, 2 * HTTP_URL_MAX + 512);
    http_url_write(&url, url.port != 0 ? url.port : url.is_https ? 443 : 80, &text);
    require(builder_is_good(&text));
    for (size_t i = 0; i < text.len; i++)
        require(text.data[i] > 0x20 && text.data[i] < 0x7f);
    if (text.len <= HTTP_URL_MAX) {
        require(http_url_resolve(NULL, builder_view(&text), &again, NULL) == STATUS_OK);
        require(again.is_https == url.is_https && strcmp(again.host, url.host) == 0 &&
                strcmp(again.path, url.path) == 0 && again.ip_len == url.ip_len);
    }
    builder_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_url base;
    require(http_url_resolve(NULL, bytes_of_text("http://a.example:8080/x/y?q"), &base, NULL) == STATUS_OK);
    check(NULL, bytes_of(data, size));
    check(&base, bytes_of(data, size));
    return 0;
}
