#include "adapters/http1/head_lines.h"

#include <string.h>

#include "base/text.h"

/* As long as a name of DNS with brackets and port may get, and room. */
#define HOST_LEN_MAX 300
/* A larger head's memory is not kept for the next one. */
#define HEAD_KEPT_MAX 4096

/* ---- gathering ---- */

void head_lines_init(struct head_lines *h, size_t line_max, size_t max)
{
    memset(h, 0, sizeof *h);
    h->line_max = line_max;
    h->max = max;
    h->reason = "";
    builder_init(&h->text, max + line_max);
}

void head_lines_clear(struct head_lines *h)
{
    builder_clear(&h->text);
}

void head_lines_reset(struct head_lines *h)
{
    if (h->text.cap > HEAD_KEPT_MAX) {
        builder_clear(&h->text);
        builder_init(&h->text, h->max + h->line_max);
    }
    builder_reset(&h->text);
    h->line_start = h->line_count = 0;
    h->has_skipped_blank = false;
    h->reason = "";
}

static enum head_result bad(struct head_lines *h, const char *reason)
{
    h->reason = reason;
    return HEAD_BAD;
}

/* One line, or a part of one, was added to the head. */
static enum head_result take_line(struct head_lines *h, bool is_whole)
{
    size_t len = h->text.len - h->line_start;
    bool is_first = h->line_count == 0;
    if (is_first && len > h->line_max)
        return HEAD_LINE_TOO_LONG;
    if (h->text.len > h->max || !builder_is_good(&h->text))
        return HEAD_TOO_LONG;
    if (!is_whole)
        return HEAD_MORE;
    if (len < 2 || h->text.data[h->text.len - 2] != '\r')
        return bad(h, "LF without CR");
    if (len == 2 && is_first) {
        if (h->has_skipped_blank)
            return bad(h, "empty lines");
        h->has_skipped_blank = true;
        builder_reset(&h->text);
        return HEAD_MORE;
    }
    h->line_start = h->text.len;
    h->line_count++;
    if (len == 2)
        return HEAD_WHOLE;
    return h->line_count > HTTP_HEADERS_MAX + 1 ? HEAD_TOO_MANY : HEAD_MORE;
}

enum head_result head_lines_feed(struct head_lines *h, struct bytes in, size_t *taken)
{
    enum head_result result = HEAD_MORE;
    size_t at = 0;
    while (result == HEAD_MORE && at < in.len) {
        const uint8_t *start = in.data + at;
        const uint8_t *end = memchr(start, '\n', in.len - at);
        size_t len = end != NULL ? (size_t)(end - start) + 1 : in.len - at;
        size_t room = h->max + h->line_max - h->text.len;
        builder_bytes(&h->text, bytes_of(start, len < room ? len : room));
        at += len;
        result = take_line(h, end != NULL && len <= room);
    }
    *taken = at;
    return result;
}

/* ---- splitting ---- */

static struct bytes trim(struct bytes b)
{
    size_t start = 0, end = b.len;
    while (start < end && (b.data[start] == ' ' || b.data[start] == '\t'))
        start++;
    while (end > start && (b.data[end - 1] == ' ' || b.data[end - 1] == '\t'))
        end--;
    return head_part(b, start, end);
}

size_t head_find_byte(struct bytes b, uint8_t c)
{
    const uint8_t *at = b.len > 0 ? memchr(b.data, c, b.len) : NULL;
    return at != NULL ? (size_t)(at - b.data) : b.len;
}

/* The line at *start without its CR LF, which take_line has seen to be there. */
static struct bytes next_line(struct bytes head, size_t *start)
{
    size_t len = head_find_byte(head_part(head, *start, head.len), '\n');
    struct bytes line = head_part(head, *start, *start + len - 1);
    *start += len + 1;
    return line;
}

static bool no(struct head_lines *h, const char *reason)
{
    h->reason = reason;
    return false;
}

static bool read_field(struct head_lines *h, struct bytes line, struct http_header *out)
{
    size_t colon = head_find_byte(line, ':');
    out->name = head_part(line, 0, colon);
    /* A folded line begins with a blank, which is no token character. */
    if (colon == line.len || !head_is_all(out->name, HEAD_TOKEN))
        return no(h, "bad header field");
    out->value = trim(head_part(line, colon + 1, line.len));
    for (size_t i = 0; i < out->value.len; i++) {
        uint8_t c = out->value.data[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return no(h, "control character in a header field");
    }
    return true;
}

bool head_lines_read(struct head_lines *h, struct bytes *first_line,
                     struct http_header fields[HTTP_HEADERS_MAX], size_t *field_count)
{
    struct bytes head = builder_view(&h->text);
    size_t start = 0;
    *field_count = 0;
    if (memchr(head.data, '\0', head.len) != NULL)
        return no(h, "NUL in the head");
    *first_line = next_line(head, &start);
    if (head_find_byte(*first_line, '\r') < first_line->len)
        return no(h, "CR in a line");
    /* take_line has counted the lines. */
    for (;;) {
        struct bytes line = next_line(head, &start);
        if (line.len == 0)
            return true;
        if (!read_field(h, line, &fields[*field_count]))
            return false;
        (*field_count)++;
    }
}

/* ---- words ---- */

#define T HEAD_TOKEN
#define H HEAD_HOST
#define V HEAD_VISIBLE
#define A (T | H | V)     /* letters */
#define D (A | HEAD_DIGIT)
static const uint8_t kinds[256] = {
    ['!'] = A, ['"'] = V, ['$'] = A, ['%'] = A, ['&'] = A, ['\''] = A, ['('] = H | V, [')'] = H | V,
    ['*'] = A, ['+'] = A, [','] = H | V, ['-'] = A, ['.'] = A, ['/'] = V, [':'] = H | V, [';'] = H | V,
    ['<'] = V, ['='] = H | V, ['>'] = V, ['?'] = V, ['@'] = V, ['['] = H | V, ['\\'] = V, [']'] = H | V,
    ['^'] = T | V, ['_'] = A, ['`'] = T | V, ['{'] = V, ['|'] = T | V, ['}'] = V, ['~'] = A, ['#'] = T,
    ['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D, ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D,
    ['9'] = D, ['A'] = A, ['B'] = A, ['C'] = A, ['D'] = A, ['E'] = A, ['F'] = A, ['G'] = A, ['H'] = A,
    ['I'] = A, ['J'] = A, ['K'] = A, ['L'] = A, ['M'] = A, ['N'] = A, ['O'] = A, ['P'] = A, ['Q'] = A,
    ['R'] = A, ['S'] = A, ['T'] = A, ['U'] = A, ['V'] = A, ['W'] = A, ['X'] = A, ['Y'] = A, ['Z'] = A,
    ['a'] = A, ['b'] = A, ['c'] = A, ['d'] = A, ['e'] = A, ['f'] = A, ['g'] = A, ['h'] = A, ['i'] = A,
    ['j'] = A, ['k'] = A, ['l'] = A, ['m'] = A, ['n'] = A, ['o'] = A, ['p'] = A, ['q'] = A, ['r'] = A,
    ['s'] = A, ['t'] = A, ['u'] = A, ['v'] = A, ['w'] = A, ['x'] = A, ['y'] = A, ['z'] = A,
};
#undef T
#undef H
#undef V
#undef A
#undef D

bool head_is_all(struct bytes text, enum head_char kind)
{
    for (size_t i = 0; i < text.len; i++)
        if ((kinds[text.data[i]] & kind) == 0)
            return false;
    return text.len > 0;
}

/* What stands behind the brackets or the colon is a port, or some who read it see another host. */
bool head_is_host(struct bytes text)
{
    bool has_brackets = text.len > 0 && text.data[0] == '[';
    size_t end = head_find_byte(text, has_brackets ? ']' : ':') + (has_brackets ? 1 : 0);
    if (text.len > HOST_LEN_MAX || end > text.len || !head_is_all(text, HEAD_HOST))
        return false;
    struct bytes port = head_part(text, end, text.len);
    return port.len <= 1 ? port.len == 0 || port.data[0] == ':'
                         : port.data[0] == ':' && head_is_all(head_part(port, 1, port.len), HEAD_DIGIT);
}

size_t head_find(const struct http_header *fields, size_t count, const char *name, struct bytes *value)
{
    size_t found = 0;
    size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name.len == len && http_name_equal(fields[i].name, name)) {
            *value = fields[i].value;
            found++;
        }
    }
    return found;
}

bool head_next_item(struct bytes *rest, struct bytes *item)
{
    while (rest->len > 0) {
        size_t comma = head_find_byte(*rest, ',');
        *item = trim(head_part(*rest, 0, comma));
        *rest = head_part(*rest, comma < rest->len ? comma + 1 : comma, rest->len);
        if (item->len > 0)
            return true;
    }
    return false;
}

bool head_connection_has(const struct http_header *fields, size_t count, const char *option)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes rest = fields[i].value, item;
        if (fields[i].name.len != sizeof "Connection" - 1 || !http_name_equal(fields[i].name, "Connection"))
            continue;
        while (head_next_item(&rest, &item))
            if (http_name_equal(item, option))
                return true;
    }
    return false;
}

static enum head_framing_result bad_framing(const char **reason, const char *text)
{
    *reason = text;
    return HEAD_FRAMING_BAD;
}

enum head_framing_result head_read_framing(const struct http_header *fields, size_t count, bool is_http_1_0,
                                           struct head_framing *out, const char **reason)
{
    struct bytes coding = {NULL, 0}, length = {NULL, 0};
    size_t codings = head_find(fields, count, "Transfer-Encoding", &coding);
    size_t lengths = head_find(fields, count, "Content-Length", &length);
    *out = (struct head_framing){.is_chunked = codings == 1, .has_length = lengths == 1};
    if (codings > 1 || lengths > 1 || (codings == 1 && lengths == 1))
        return bad_framing(reason, "more than one length");
    if (codings == 1 && is_http_1_0)
        return bad_framing(reason, "Transfer-Encoding in HTTP/1.0");
    if (codings == 1 && !http_name_equal(coding, "chunked"))
        return HEAD_FRAMING_UNKNOWN_CODING;
    if (lengths == 1 && !head_is_all(length, HEAD_DIGIT))
        return bad_framing(reason, "bad Content-Length");
    if (lengths == 1 && !text_parse_u64(length, HEAD_CONTENT_LENGTH_MAX, &out->length))
        return bad_framing(reason, "Content-Length is too large or has leading zeros");
    return HEAD_FRAMING_OK;
}
