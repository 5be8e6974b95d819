#include "service/ocsp_responder/ocsp_http.h"

#include <stdio.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "crypto/hash.h"

#define MEDIA_TYPE "application/ocsp-response"
#define DATE_SIZE 64
#define ETAG_BYTES 16
#define DAY_S 86400

/* ---- GET ---- */

static bool append_character(struct bytes path, size_t *at, struct builder *out)
{
    uint8_t c = path.data[*at];
    size_t len = 1;
    if (c == '%') {
        if (path.len - *at < 3 || !text_parse_hex(bytes_of(path.data + *at + 1, 2), &c, 1))
            return false;
        len = 3;
    }
    builder_u8(out, c);
    *at += len;
    return true;
}

enum status ocsp_http_read_path(const char *prefix, struct bytes path, struct builder *der, struct error *err)
{
    size_t at = strlen(prefix);
    bool ok = path.len > at + 1 && memcmp(path.data, prefix, at) == 0 && path.data[at] == '/';
    struct builder text;
    builder_init(&text, OCSP_REQUEST_SIZE_MAX * 2);
    at++;
    while (ok && at < path.len)
        ok = append_character(path, &at, &text);
    /* Some clients leave the padding away. */
    while (ok && builder_is_good(&text) && text.len % 4 != 0)
        builder_u8(&text, '=');
    ok = ok && builder_is_good(&text) && text_parse_base64(builder_view(&text), der);
    builder_clear(&text);
    return ok ? STATUS_OK : error_set(err, STATUS_MALFORMED, "no base64 of an OCSP request behind %s/", prefix);
}

/* ---- answers ---- */

/* "Sun, 06 Nov 1994 08:49:37 GMT" [RFC9110 5.6.7]. */
static void format_date(int64_t epoch_s, char out[DATE_SIZE])
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil_time t;
    out[0] = '\0';
    if (epoch_s >= 0 && civil_time_from_epoch(epoch_s, &t))
        (void)snprintf(out, DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[epoch_s / DAY_S % 7], t.day, months[t.month - 1],
                       t.year, t.hour, t.minute, t.second);
}

static void write_etag(struct http_response *r, struct bytes response)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * ETAG_BYTES + 1];
    if (!hash_label_sha256(&response, 1, hash))
        return;
    text_hex(bytes_of(hash, ETAG_BYTES), hex);
    builder_printf(&r->headers, "ETag: \"%s\"\r\n", hex);
}

void ocsp_http_answer(struct http_exchange *x, const struct ocsp_answer_times *times, struct bytes response, int64_t now_s)
{
    struct http_response *r = &x->response;
    char date[DATE_SIZE];
    int64_t until_s = times->fresh_until_s > now_s ? times->fresh_until_s : times->next_update_s;
    int64_t age_s = until_s - now_s < OCSP_HTTP_MAX_AGE_S ? until_s - now_s : OCSP_HTTP_MAX_AGE_S;
    if (age_s < 0)
        age_s = 0;
    r->status = 200;
    http_response_header(r, "Content-Type", MEDIA_TYPE);
    format_date(times->this_update_s, date);
    http_response_header(r, "Last-Modified", date);
    format_date(now_s + age_s, date);
    http_response_header(r, "Expires", date);
    builder_printf(&r->headers, "Cache-Control: max-age=%lld, public, no-transform, must-revalidate\r\n", (long long)age_s);
    write_etag(r, response);
    builder_bytes(&r->body, response);
}

void ocsp_http_failure(struct http_exchange *x, enum ocsp_response_status status)
{
    x->response.status = 200;
    http_response_header(&x->response, "Content-Type", MEDIA_TYPE);
    http_response_header(&x->response, "Cache-Control", "no-store");
    ocsp_response_write_failure(status, &x->response.body);
}
