/* The head of a request: [RFC9112 3, 5], [RFC9110 5.5, 7.2]. */
#include <string.h>

#include "adapters/http_server/request_parser.h"
#include "base/text.h"

/* As long as a name of DNS with brackets and port may get, and room. */
#define HOST_LEN_MAX 300
/* More than any body that a disk holds; keeps sums of lengths far from overflowing. */
#define CONTENT_LENGTH_MAX ((uint64_t)1 << 53)

static bool is_token_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_host_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=%:[]", c) != NULL);
}

static bool is_all(struct bytes text, bool (*is_allowed)(uint8_t c))
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_allowed(text.data[i]))
            return false;
    return text.len > 0;
}

static bool is_visible(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static struct bytes part(struct bytes b, size_t start, size_t end)
{
    return bytes_of(b.data + start, end - start);
}

static struct bytes trim(struct bytes b)
{
    size_t start = 0, end = b.len;
    while (start < end && (b.data[start] == ' ' || b.data[start] == '\t'))
        start++;
    while (end > start && (b.data[end - 1] == ' ' || b.data[end - 1] == '\t'))
        end--;
    return part(b, start, end);
}

static size_t find_byte(struct bytes b, uint8_t c)
{
    const uint8_t *at = b.len > 0 ? memchr(b.data, c, b.len) : NULL;
    return at != NULL ? (size_t)(at - b.data) : b.len;
}

/* The line at *start without its CR LF, which request_parser.c has seen to be there. */
static struct bytes next_line(struct bytes head, size_t *start)
{
    size_t len = find_byte(part(head, *start, head.len), '\n');
    struct bytes line = part(head, *start, *start + len - 1);
    *start += len + 1;
    return line;
}

static bool bad(struct request_parser *p, int failure, const char *reason)
{
    request_parser_fail(p, failure, reason);
    return false;
}

/* ---- request line ---- */

/* "http://authority/path": the authority is compared with Host later. */
static bool read_absolute_target(struct request_parser *p, struct bytes target, struct bytes *rest)
{
    size_t colon = find_byte(target, ':');
    struct bytes scheme = part(target, 0, colon);
    if ((!http_name_equal(scheme, "http") && !http_name_equal(scheme, "https")) ||
        target.len < colon + 3 || target.data[colon + 1] != '/' || target.data[colon + 2] != '/')
        return bad(p, 400, "bad request target");
    struct bytes after = part(target, colon + 3, target.len);
    size_t slash = find_byte(after, '/');
    size_t question = find_byte(after, '?');
    size_t end = slash < question ? slash : question;
    p->host = part(after, 0, end);
    if (p->host.len == 0 || !is_all(p->host, is_host_char))
        return bad(p, 400, "bad authority in the request target");
    *rest = part(after, end, after.len);
    return true;
}

static bool read_target(struct request_parser *p, struct bytes target)
{
    struct bytes rest = target;
    if (!is_all(target, is_visible))
        return bad(p, 400, "bad request target");
    if (bytes_is_text(target, "*") && bytes_is_text(p->method, "OPTIONS")) {
        p->path = target;
        return true;
    }
    if (target.data[0] != '/' && !read_absolute_target(p, target, &rest))
        return false;
    size_t question = find_byte(rest, '?');
    p->path = question > 0 ? part(rest, 0, question) : bytes_of_text("/");
    p->query = question < rest.len ? part(rest, question + 1, rest.len) : bytes_of(NULL, 0);
    return true;
}

static bool read_request_line(struct request_parser *p, struct bytes line)
{
    size_t first = find_byte(line, ' ');
    struct bytes rest = first < line.len ? part(line, first + 1, line.len) : bytes_of(NULL, 0);
    size_t second = find_byte(rest, ' ');
    p->method = part(line, 0, first);
    if (second == rest.len || !is_all(p->method, is_token_char))
        return bad(p, 400, "bad request line");
    struct bytes version = part(rest, second + 1, rest.len);
    if (version.len != 8 || memcmp(version.data, "HTTP/", 5) != 0 || !is_digit(version.data[5]) ||
        version.data[6] != '.' || !is_digit(version.data[7]))
        return bad(p, 400, "bad request line");
    p->is_http_1_0 = bytes_is_text(version, "HTTP/1.0");
    if (!p->is_http_1_0 && !bytes_is_text(version, "HTTP/1.1"))
        return bad(p, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (bytes_is_text(p->method, "CONNECT"))
        return bad(p, 501, "CONNECT is not served");
    return read_target(p, part(rest, 0, second));
}

/* ---- fields ---- */

static bool read_field(struct request_parser *p, struct bytes line)
{
    size_t colon = find_byte(line, ':');
    struct http_header header = {.name = part(line, 0, colon)};
    if (colon == line.len || !is_all(header.name, is_token_char))
        return bad(p, 400, "bad header field");
    header.value = trim(part(line, colon + 1, line.len));
    for (size_t i = 0; i < header.value.len; i++) {
        uint8_t c = header.value.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return bad(p, 400, "control character in a header field");
    }
    if (p->header_count == HTTP_HEADERS_MAX)
        return bad(p, 431, "too many header fields");
    p->headers[p->header_count++] = header;
    return true;
}

/* How often a field is there, and its (last) value. */
static size_t find_field(const struct request_parser *p, const char *name, struct bytes *value)
{
    size_t count = 0;
    for (size_t i = 0; i < p->header_count; i++) {
        if (http_name_equal(p->headers[i].name, name)) {
            *value = p->headers[i].value;
            count++;
        }
    }
    return count;
}

static bool check_host(struct request_parser *p)
{
    struct bytes host = {NULL, 0}, of_target = p->host;
    size_t count = find_field(p, "Host", &host);
    if (count > 1 || (count == 0 && !p->is_http_1_0))
        return bad(p, 400, count > 1 ? "more than one Host" : "no Host");
    if (count == 1 && (host.len > HOST_LEN_MAX || !is_all(host, is_host_char)))
        return bad(p, 400, "bad Host");
    if (of_target.len > 0 && count == 1 && !bytes_equal(of_target, host))
        return bad(p, 400, "Host is not that of the request target");
    if (count == 1)
        p->host = host;
    return true;
}

static bool check_length(struct request_parser *p)
{
    struct bytes coding = {NULL, 0}, length = {NULL, 0};
    size_t codings = find_field(p, "Transfer-Encoding", &coding);
    size_t lengths = find_field(p, "Content-Length", &length);
    if (codings > 1 || lengths > 1 || (codings == 1 && lengths == 1))
        return bad(p, 400, "more than one length");
    if (codings == 1 && p->is_http_1_0)
        return bad(p, 400, "Transfer-Encoding in HTTP/1.0");
    if (codings == 1 && !http_name_equal(coding, "chunked"))
        return bad(p, 501, "unknown Transfer-Encoding");
    p->is_chunked = codings == 1;
    if (lengths == 1 && !is_all(length, is_digit))
        return bad(p, 400, "bad Content-Length");
    if (lengths == 1 && !text_parse_u64(length, CONTENT_LENGTH_MAX, &p->content_length))
        return bad(p, 400, "Content-Length is too large or has leading zeros");
    return true;
}

static bool check_coding(struct request_parser *p)
{
    struct bytes value = {NULL, 0};
    size_t count = find_field(p, "Content-Encoding", &value);
    bool has_body = p->is_chunked || p->content_length > 0;
    p->is_gzip = count == 1 && (http_name_equal(value, "gzip") || http_name_equal(value, "x-gzip"));
    if (has_body && count > 0 && !p->is_gzip && !(count == 1 && http_name_equal(value, "identity")))
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
    struct bytes head = builder_view(&p->head);
    size_t start = 0;
    if (memchr(head.data, '\0', head.len) != NULL) {
        (void)bad(p, 400, "NUL in the head");
        return;
    }
    struct bytes line = next_line(head, &start);
    if (find_byte(line, '\r') < line.len) {
        (void)bad(p, 400, "CR in a line");
        return;
    }
    bool ok = read_request_line(p, line);
    while (ok) {
        line = next_line(head, &start);
        if (line.len == 0)
            break;
        /* A folded line begins with a blank, which is no token character. */
        ok = read_field(p, line);
    }
    (void)(ok && check_host(p) && check_length(p) && check_coding(p));
}
