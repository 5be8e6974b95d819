/* The head of a request: [RFC9112 3, 5], [RFC9110 5.5, 7.2]. */
#include <string.h>

#include "adapters/http1/request_parser.h"

static bool bad(struct request_parser *p, int failure, const char *reason)
{
    request_parser_fail(p, failure, reason);
    return false;
}

/* ---- request line ---- */

/* "http://authority/path": the authority is compared with Host later. */
static bool read_absolute_target(struct request_parser *p, struct bytes target, struct bytes *rest)
{
    size_t colon = head_find_byte(target, ':');
    struct bytes scheme = head_part(target, 0, colon);
    if ((!http_name_equal(scheme, "http") && !http_name_equal(scheme, "https")) ||
        target.len < colon + 3 || target.data[colon + 1] != '/' || target.data[colon + 2] != '/')
        return bad(p, 400, "bad request target");
    struct bytes after = head_part(target, colon + 3, target.len);
    size_t slash = head_find_byte(after, '/');
    size_t question = head_find_byte(after, '?');
    size_t end = slash < question ? slash : question;
    p->host = head_part(after, 0, end);
    if (!head_is_host(p->host))
        return bad(p, 400, "bad authority in the request target");
    *rest = head_part(after, end, after.len);
    return true;
}

static bool read_target(struct request_parser *p, struct bytes target)
{
    struct bytes rest = target;
    if (!head_is_all(target, HEAD_VISIBLE))
        return bad(p, 400, "bad request target");
    if (bytes_is_text(target, "*") && bytes_is_text(p->method, "OPTIONS")) {
        p->path = p->target = target;
        return true;
    }
    if (target.data[0] != '/' && !read_absolute_target(p, target, &rest))
        return false;
    size_t question = head_find_byte(rest, '?');
    p->target = rest;
    p->path = question > 0 ? head_part(rest, 0, question) : bytes_of_text("/");
    p->query = question < rest.len ? head_part(rest, question + 1, rest.len) : bytes_of(NULL, 0);
    return true;
}

/* What the servers of this program could have a use for; 501 for the others [RFC9110 9.1]. */
static bool is_known_method(struct bytes method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_is_text(method, known[i]))
            return true;
    return false;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool read_request_line(struct request_parser *p, struct bytes line)
{
    size_t first = head_find_byte(line, ' ');
    struct bytes rest = first < line.len ? head_part(line, first + 1, line.len) : bytes_of(NULL, 0);
    size_t second = head_find_byte(rest, ' ');
    p->method = head_part(line, 0, first);
    if (second == rest.len || !head_is_all(p->method, HEAD_TOKEN))
        return bad(p, 400, "bad request line");
    struct bytes version = head_part(rest, second + 1, rest.len);
    if (version.len != 8 || memcmp(version.data, "HTTP/", 5) != 0 || !is_digit(version.data[5]) ||
        version.data[6] != '.' || !is_digit(version.data[7]))
        return bad(p, 400, "bad request line");
    p->is_http_1_0 = bytes_is_text(version, "HTTP/1.0");
    if (!p->is_http_1_0 && !bytes_is_text(version, "HTTP/1.1"))
        return bad(p, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (bytes_is_text(p->method, "CONNECT"))
        return bad(p, 501, "CONNECT is not served");
    return read_target(p, head_part(rest, 0, second));
}

/* ---- fields ---- */

static size_t find_field(const struct request_parser *p, const char *name, struct bytes *value)
{
    return head_find(p->headers, p->header_count, name, value);
}

static bool check_host(struct request_parser *p)
{
    struct bytes host = {NULL, 0}, of_target = p->host;
    size_t count = find_field(p, "Host", &host);
    if (count > 1 || (count == 0 && !p->is_http_1_0))
        return bad(p, 400, count > 1 ? "more than one Host" : "no Host");
    if (count == 1 && !head_is_host(host))
        return bad(p, 400, "bad Host");
    if (of_target.len > 0 && count == 1 && !bytes_equal(of_target, host))
        return bad(p, 400, "Host is not that of the request target");
    if (count == 1)
        p->host = host;
    return true;
}

static bool check_length(struct request_parser *p)
{
    struct head_framing framing;
    const char *reason = "";
    switch (head_read_framing(p->headers, p->header_count, p->is_http_1_0, &framing, &reason)) {
    case HEAD_FRAMING_OK:
        break;
    case HEAD_FRAMING_UNKNOWN_CODING:
        return bad(p, 501, "unknown Transfer-Encoding");
    default:
        return bad(p, 400, reason);
    }
    p->is_chunked = framing.is_chunked;
    p->has_length = framing.has_length;
    p->content_length = framing.length;
    return true;
}

static bool check_connection(struct request_parser *p)
{
    bool closes = head_connection_has(p->headers, p->header_count, "close");
    p->is_keep_alive = !closes && (!p->is_http_1_0 ||
                                   head_connection_has(p->headers, p->header_count, "keep-alive"));
    return true;
}

static bool check_coding(struct request_parser *p)
{
    struct bytes value = {NULL, 0};
    size_t count = find_field(p, "Content-Encoding", &value);
    bool has_body = p->is_chunked || p->content_length > 0;
    p->is_gzip = count == 1 && (http_name_equal(value, "gzip") || http_name_equal(value, "x-gzip"));
    if (has_body && count > 0 && !p->is_gzip && !p->is_gateway &&
        !(count == 1 && http_name_equal(value, "identity")))
        return bad(p, 415, "unknown Content-Encoding");
    count = find_field(p, "Expect", &value);
    if (count > 0 && !p->is_http_1_0) {
        if (count > 1 || !http_name_equal(value, "100-continue"))
            return bad(p, 417, "unknown Expect");
        p->expects_continue = has_body;
    }
    return true;
}

void request_head_read(struct request_parser *p)
{
    struct bytes line;
    if (!head_lines_read(&p->head, &line, p->headers, &p->header_count)) {
        request_parser_fail(p, 400, p->head.reason);
        return;
    }
    if (!read_request_line(p, line) || !check_host(p) || !check_length(p) || !check_connection(p) ||
        !check_coding(p))
        return;
    if (!p->is_gateway && !is_known_method(p->method))
        request_parser_fail(p, 501, "unknown method");
}
