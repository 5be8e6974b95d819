/* What a server says, read with care: URLs, Link and Retry-After headers, problems. */
#include <string.h>
#include <strings.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "service/acme_client/client_internal.h"

/* Links of one answer: alternates are a few. */
#define LINKS_MAX 32

bool client_is_good(const struct client_answer *answer)
{
    return answer->response->failure == FETCH_NO_FAILURE && !answer->response->is_cut && answer->response->status >= 200 &&
           answer->response->status <= 299;
}

bool client_is_problem(const struct client_answer *answer, const char *type)
{
    const char *got = json_string_value(json_object_get(answer->json, "type"));
    static const char prefix[] = "urn:ietf:params:acme:error:";
    return answer->response->status >= 400 && got != NULL && strncmp(got, prefix, sizeof prefix - 1) == 0 &&
           strcmp(got + sizeof prefix - 1, type) == 0;
}

bool client_has_status(const struct client_answer *answer, const char *status)
{
    const char *got = json_string_value(json_object_get(answer->json, "status"));
    return client_is_good(answer) && got != NULL && strcmp(got, status) == 0;
}

const char *client_find_reason(const json_t *object, const char *otherwise)
{
    const char *detail = json_string_value(json_object_get(json_object_get(object, "error"), "detail"));
    const json_t *list = json_object_get(object, "challenges");
    for (size_t i = 0; detail == NULL && i < json_array_size(list); i++)
        detail = json_string_value(json_object_get(json_object_get(json_array_get(list, i), "error"), "detail"));
    return detail != NULL ? detail : otherwise;
}

/* ---- URLs ---- */

bool client_copy_url(const char *url, char out[ACME_CLIENT_URL_MAX])
{
    size_t len = url != NULL ? strlen(url) : 0;
    bool is_http = len > 8 && len < ACME_CLIENT_URL_MAX && (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0);
    for (size_t i = 0; is_http && i < len; i++)
        is_http = url[i] > ' ' && url[i] < 0x7f && url[i] != '"' && url[i] != '\\';
    if (is_http)
        memcpy(out, url, len + 1);
    return is_http;
}

/* "https://ca.example:14000/order/7": up to the third slash. */
static size_t origin_len(const char *url)
{
    const char *authority = strstr(url, "://");
    return authority != NULL ? (size_t)(authority - url) + 3 + strcspn(authority + 3, "/?#") : strlen(url);
}

bool client_is_same_origin(const char *a, const char *b)
{
    size_t len = origin_len(a);
    return len == origin_len(b) && strncasecmp(a, b, len) == 0;
}

static bool copy_bytes(struct bytes value, char out[ACME_CLIENT_URL_MAX])
{
    char url[ACME_CLIENT_URL_MAX];
    if (value.len == 0 || value.len >= sizeof url || memchr(value.data, 0, value.len) != NULL)
        return false;
    memcpy(url, value.data, value.len);
    url[value.len] = '\0';
    return client_copy_url(url, out);
}

bool client_copy_header(const struct fetch_response *r, const char *name, char out[ACME_CLIENT_URL_MAX])
{
    return r->header != NULL && copy_bytes(r->header(r->headers, name, 0), out);
}

/* ---- Link ---- */

static void skip_blanks(struct bytes *rest)
{
    while (rest->len > 0 && (*rest->data == ' ' || *rest->data == '\t'))
        *rest = bytes_of(rest->data + 1, rest->len - 1);
}

static bool take_byte(struct bytes *rest, char c)
{
    skip_blanks(rest);
    if (rest->len == 0 || *rest->data != (uint8_t)c)
        return false;
    *rest = bytes_of(rest->data + 1, rest->len - 1);
    return true;
}

/* Up to one of these bytes, or the end. */
static struct bytes take_until(struct bytes *rest, const char *ends)
{
    size_t len = 0;
    while (len < rest->len && (rest->data[len] == 0 || strchr(ends, rest->data[len]) == NULL))
        len++;
    struct bytes taken = bytes_of(rest->data, len);
    *rest = bytes_of(rest->data + len, rest->len - len);
    return taken;
}

/* The value of a parameter: a token, or a quoted string. No relation has an escape in it. */
static bool take_value(struct bytes *rest, struct bytes *value)
{
    if (!take_byte(rest, '"')) {
        *value = take_until(rest, " \t;,");
        return true;
    }
    *value = take_until(rest, "\"");
    return take_byte(rest, '"');
}

/* Names and relations are the same in any case of their letters. */
static bool is_word(struct bytes got, const char *want)
{
    size_t i = 0;
    for (; i < got.len && want[i] != '\0'; i++) {
        uint8_t c = got.data[i];
        if ((c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c) != (uint8_t)want[i])
            return false;
    }
    return i == got.len && want[i] == '\0';
}

/* rel is a list of relations with blanks between them. */
static bool has_relation(struct bytes list, const char *relation)
{
    while (list.len > 0) {
        struct bytes one = take_until(&list, " ");
        if (is_word(one, relation))
            return true;
        skip_blanks(&list);
    }
    return false;
}

/* "<URL>" and its parameters; false: not by the letter, and nothing more is read. */
static bool take_link(struct bytes *rest, const char *relation, struct bytes *url, bool *fits)
{
    bool has_rel = false;
    if (!take_byte(rest, '<'))
        return false;
    *url = take_until(rest, ">");
    *fits = false;
    if (!take_byte(rest, '>'))
        return false;
    while (take_byte(rest, ';')) {
        struct bytes value = {NULL, 0};
        skip_blanks(rest);
        struct bytes name = take_until(rest, " \t=;,");
        if (take_byte(rest, '=')) {
            skip_blanks(rest);
            if (!take_value(rest, &value))
                return false;
        }
        /* The first one counts [RFC8288 3.3]. */
        if (is_word(name, "rel") && !has_rel) {
            has_rel = true;
            *fits = has_relation(value, relation);
        }
    }
    skip_blanks(rest);
    return rest->len == 0 || take_byte(rest, ',');
}

bool client_find_link(const struct fetch_response *r, const char *relation, char out[ACME_CLIENT_URL_MAX])
{
    out[0] = '\0';
    for (unsigned n = 0; r->header != NULL && n < LINKS_MAX; n++) {
        struct bytes rest = r->header(r->headers, "Link", n), url;
        bool fits;
        if (rest.len == 0)
            return false;
        while (rest.len > 0 && take_link(&rest, relation, &url, &fits))
            if (fits && copy_bytes(url, out))
                return true;
    }
    return false;
}

/* ---- Retry-After ---- */

static bool take_number(struct bytes text, size_t at, size_t len, int *out)
{
    *out = 0;
    for (size_t i = at; i < at + len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *out = *out * 10 + (text.data[i] - '0');
    }
    return true;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT": the one form that is written today [RFC9110 5.6.7]. */
static bool read_date(struct bytes text, int64_t *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct civil_time t = {.month = 0};
    if (text.len != 29 || memcmp(text.data + 3, ", ", 2) != 0 || memcmp(text.data + 25, " GMT", 4) != 0 || text.data[19] != ':' ||
        text.data[22] != ':')
        return false;
    for (int i = 0; i < 12; i++)
        if (memcmp(text.data + 8, months + (size_t)3 * (size_t)i, 3) == 0)
            t.month = i + 1;
    return take_number(text, 5, 2, &t.day) && take_number(text, 12, 4, &t.year) && take_number(text, 17, 2, &t.hour) &&
           take_number(text, 20, 2, &t.minute) && take_number(text, 23, 2, &t.second) && civil_time_to_epoch(&t, out);
}

/* A date counts from the server's own clock, which the answer says too: ours may be wrong [RFC9110 10.2.3]. */
bool client_retry_after_s(const struct fetch_response *r, uint64_t *seconds)
{
    int64_t then_s, now_s;
    if (text_parse_u64(r->retry_after, UINT32_MAX, seconds))
        return true;
    if (r->header == NULL || !read_date(r->retry_after, &then_s) || !read_date(r->header(r->headers, "Date", 0), &now_s))
        return false;
    *seconds = then_s > now_s ? (uint64_t)(then_s - now_s) : 0;
    return true;
}

uint64_t client_retry_ms(const struct fetch_response *r, uint64_t otherwise)
{
    uint64_t seconds;
    if (!client_retry_after_s(r, &seconds) || seconds == 0)
        return otherwise;
    return seconds < CLIENT_WAIT_MAX_MS / 1000 ? seconds * 1000 : CLIENT_WAIT_MAX_MS;
}
