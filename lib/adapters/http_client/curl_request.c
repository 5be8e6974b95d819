#include "adapters/http_client/curl_request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/http_client/curl_fetch.h"

/* "::[" IPv6 "]:" */
#define CONNECT_TO_SIZE (INET6_ADDRSTRLEN + 8)
#define HEADER_VALUE_MAX 8192 /* what servers take as one header line */

/* An address as libcurl wants it: IPv6 in brackets. An empty host and port stand for the URL's. */
static bool write_connect_to(const char *address, char out[CONNECT_TO_SIZE])
{
    unsigned char binary[sizeof(struct in6_addr)];
    int len;
    if (inet_pton(AF_INET, address, binary) == 1)
        len = snprintf(out, CONNECT_TO_SIZE, "::%s:", address);
    else if (inet_pton(AF_INET6, address, binary) == 1)
        len = snprintf(out, CONNECT_TO_SIZE, "::[%s]:", address);
    else
        return false;
    return len > 0 && len < CONNECT_TO_SIZE;
}

static enum status check_url(const char *url, struct error *err)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *user = NULL, *host = NULL;
    if (parsed == NULL)
        return error_set(err, STATUS_NO_MEMORY, "URL");
    bool is_url = curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK
                  && curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
                  && curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    bool is_http = is_url && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    bool has_user = is_url && curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK;
    curl_free(scheme);
    curl_free(user);
    curl_free(host);
    curl_url_cleanup(parsed);
    if (!is_http)
        return error_set(err, STATUS_USAGE, "no URL of http or https: %s", url);
    if (has_user)
        return error_set(err, STATUS_USAGE, "a URL with a user name is not fetched");
    return STATUS_OK;
}

static enum status check_header(const char *name, const char *value, struct error *err)
{
    if (value == NULL)
        return STATUS_OK;
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
            return error_set(err, STATUS_USAGE, "a control character in the header %s", name);
    if (len == 0 || len > HEADER_VALUE_MAX)
        return error_set(err, STATUS_USAGE, "the header %s is empty or longer than %d bytes", name,
                         HEADER_VALUE_MAX);
    return STATUS_OK;
}

enum status curl_request_check(const struct fetch_request *request, struct error *err)
{
    bool is_post = strcmp(request->method, "POST") == 0;
    char connect_to[CONNECT_TO_SIZE];
    if (!is_post && strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        return error_set(err, STATUS_USAGE, "no method to fetch with: %s", request->method);
    if (!is_post && request->body.len > 0)
        return error_set(err, STATUS_USAGE, "a body goes with POST only");
    if (request->body.len > CURL_FETCH_BODY_MAX)
        return error_set(err, STATUS_LIMIT, "a request of more than %zu bytes", CURL_FETCH_BODY_MAX);
    if (request->timeout_ms == 0 || request->timeout_ms > INT32_MAX)
        return error_set(err, STATUS_USAGE, "a fetch needs a time limit");
    if (request->address != NULL && !write_connect_to(request->address, connect_to))
        return error_set(err, STATUS_USAGE, "no numeric address: %s", request->address);
    enum status status = check_url(request->url, err);
    if (status == STATUS_OK)
        status = check_header("Content-Type", request->content_type, err);
    if (status == STATUS_OK)
        status = check_header("Accept", request->accept, err);
    if (status == STATUS_OK)
        status = check_header("Authorization", request->authorization, err);
    return status;
}

/* add_header appends "name: value", or with value NULL the "name:" that takes libcurl's own away. */
static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[HEADER_VALUE_MAX + 64];
    int len = value != NULL ? snprintf(line, sizeof line, "%s: %s", name, value)
                            : snprintf(line, sizeof line, "%s:", name);
    struct curl_slist *longer = NULL;
    if (len > 0 && (size_t)len < sizeof line)
        longer = curl_slist_append(*list, line);
    bytes_wipe(line, len > 0 && (size_t)len < sizeof line ? (size_t)len : sizeof line);
    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

static bool add_headers(struct curl_slist **list, const struct fetch_request *request)
{
    bool is_post = strcmp(request->method, "POST") == 0;
    return add_header(list, "Accept", request->accept)
           && (!is_post || add_header(list, "Content-Type", request->content_type))
           /* Waiting for 100 Continue costs a round trip, and old servers never send it. */
           && (!is_post || add_header(list, "Expect", NULL))
           && (request->authorization == NULL
               || add_header(list, "Authorization", request->authorization))
           && (!request->is_gzip || add_header(list, "Content-Encoding", "gzip"));
}

/* curl_easy_setopt fails for want of memory only, or for an option that this libcurl lacks. */
#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool set_method(struct curl_request *r, const struct fetch_request *request, CURL *easy)
{
    if (strcmp(request->method, "HEAD") == 0)
        return SET(CURLOPT_NOBODY, 1L);
    if (strcmp(request->method, "GET") == 0)
        return SET(CURLOPT_HTTPGET, 1L);
    r->body = malloc(request->body.len + 1);
    if (r->body == NULL)
        return false;
    if (request->body.len > 0)
        memcpy(r->body, request->body.data, request->body.len);
    return SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len)
           && SET(CURLOPT_POSTFIELDS, (char *)r->body);
}

/* No proxy, no environment, no file of the user's home, no redirect, nothing but HTTP. */
static bool set_isolation(CURL *easy)
{
    return SET(CURLOPT_PROXY, "") && SET(CURLOPT_NOPROXY, "*")
           && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(CURLOPT_FOLLOWLOCATION, 0L)
           && SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_HTTP09_ALLOWED, 0L)
           && SET(CURLOPT_NOSIGNAL, 1L)
           /* A name server that does not answer must not hold up the loop at the time limit. */
           && SET(CURLOPT_QUICK_EXIT, 1L);
}

static bool set_target(struct curl_request *r, const struct fetch_request *request, CURL *easy)
{
    char connect_to[CONNECT_TO_SIZE];
    if (request->address != NULL) {
        if (!write_connect_to(request->address, connect_to))
            return false;
        r->connect_to = curl_slist_append(NULL, connect_to);
        if (r->connect_to == NULL || !SET(CURLOPT_CONNECT_TO, r->connect_to)
            || !SET(CURLOPT_FRESH_CONNECT, 1L) || !SET(CURLOPT_FORBID_REUSE, 1L))
            return false;
    }
    return SET(CURLOPT_URL, request->url) && SET(CURLOPT_PATH_AS_IS, 1L)
           && SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
           && SET(CURLOPT_USERAGENT, CURL_FETCH_USER_AGENT)
           && SET(CURLOPT_MAXAGE_CONN, (long)CURL_FETCH_IDLE_MAX_S)
           && SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms)
           && SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms);
}

static bool set_tls(const struct fetch_request *request, CURL *easy)
{
    if (strncasecmp(request->url, "https:", 6) != 0)
        return true;
    bool is_good = SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
                   && SET(CURLOPT_SSL_SESSIONID_CACHE, request->address == NULL ? 1L : 0L);
    /* The system's store takes 20 ms to read; who checks nothing need not read it. */
    if (request->is_any_certificate)
        return is_good && SET(CURLOPT_SSL_VERIFYPEER, 0L) && SET(CURLOPT_SSL_VERIFYHOST, 0L)
               && SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, NULL);
    is_good = is_good && SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (request->ca_file != NULL)
        is_good = is_good && SET(CURLOPT_CAINFO, request->ca_file) && SET(CURLOPT_CAPATH, NULL);
    return is_good;
}

enum status curl_request_apply(struct curl_request *r, const struct fetch_request *request,
                               CURL *easy, struct error *err)
{
    *r = (struct curl_request){0};
    /* Without that what is packed stays so: who compares bytes gets the bytes. */
    if ((request->accepts_gzip && !SET(CURLOPT_ACCEPT_ENCODING, "gzip"))
        || !add_headers(&r->headers, request) || !SET(CURLOPT_HTTPHEADER, r->headers)
        || !set_isolation(easy) || !set_target(r, request, easy) || !set_tls(request, easy)
        || !set_method(r, request, easy))
        return error_set(err, STATUS_NO_MEMORY, "libcurl does not take the request");
    return STATUS_OK;
}

void curl_request_clear(struct curl_request *r)
{
    for (struct curl_slist *header = r->headers; header != NULL; header = header->next)
        bytes_wipe(header->data, strlen(header->data));
    curl_slist_free_all(r->headers);
    curl_slist_free_all(r->connect_to);
    free(r->body);
    *r = (struct curl_request){0};
}
