#include "adapters/proxy/forward.h"

#include <string.h>

#include "adapters/http1/head_lines.h"

/* What a gateway does with a field. */
enum field_kind {
    FIELD_PASS,
    FIELD_HOP,       /* never passed on */
    FIELD_FRAMING,   /* Content-Length: written anew */
    FIELD_HOST,      /* written anew */
    FIELD_EXPECT,
    FIELD_FORWARD,   /* says who the client is: see trusts_forwarded */
    FIELD_FOR,       /* X-Forwarded-For */
    FIELD_FORWARDED, /* Forwarded */
    FIELD_HSTS
};

static const struct field_row {
    const char *name;
    size_t len;
    enum field_kind kind;
} rows[] = {
#define ROW(name, kind) {name, sizeof name - 1, kind}
    ROW("TE", FIELD_HOP),
    ROW("Host", FIELD_HOST),
    ROW("Proxy", FIELD_HOP), /* becomes HTTP_PROXY in CGI programs */
    ROW("Expect", FIELD_EXPECT),
    ROW("Trailer", FIELD_HOP),
    ROW("Upgrade", FIELD_HOP),
    ROW("Forwarded", FIELD_FORWARDED),
    ROW("X-Real-IP", FIELD_FORWARD),
    ROW("Connection", FIELD_HOP),
    ROW("Keep-Alive", FIELD_HOP),
    ROW("Content-Length", FIELD_FRAMING),
    ROW("HTTP2-Settings", FIELD_HOP),
    ROW("X-Forwarded-For", FIELD_FOR),
    ROW("Proxy-Connection", FIELD_HOP),
    ROW("Transfer-Encoding", FIELD_HOP),
    ROW("Proxy-Authenticate", FIELD_HOP),
    ROW("Proxy-Authorization", FIELD_HOP),
    ROW("Strict-Transport-Security", FIELD_HSTS),
#undef ROW
};

/* CGI and its heirs take '_' for '-'. */
static uint8_t folded(uint8_t c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c == '_' ? '-' : c);
}

static bool begins_with(struct bytes name, const char *text, size_t len)
{
    if (name.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (folded(name.data[i]) != folded((uint8_t)text[i]))
            return false;
    return true;
}

static enum field_kind kind_of(struct bytes name)
{
    static const char prefix[] = "X-Forwarded-";
    /* None of them begins with another letter: most fields need no more than this. */
    if (name.len < 2 || strchr("tTcChHpPeEuUfFxXkKsS", name.data[0]) == NULL)
        return FIELD_PASS;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (name.len == rows[i].len && begins_with(name, rows[i].name, rows[i].len))
            return rows[i].kind;
    return begins_with(name, prefix, sizeof prefix - 1) ? FIELD_FORWARD : FIELD_PASS;
}

/* Does Connection list anything beside close, keep-alive and upgrade? It rarely does. */
static bool has_listing(const struct http_header *fields, size_t field_count)
{
    for (size_t i = 0; i < field_count; i++) {
        struct bytes rest = fields[i].value, item;
        if (fields[i].name.len != sizeof "Connection" - 1 || !http_name_equal(fields[i].name, "Connection"))
            continue;
        while (head_next_item(&rest, &item))
            if (!http_name_equal(item, "close") && !http_name_equal(item, "keep-alive") &&
                !http_name_equal(item, "upgrade"))
                return true;
    }
    return false;
}

static bool same_name(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (folded(a.data[i]) != folded(b.data[i]))
            return false;
    return true;
}

static bool is_listed(struct bytes name, const struct http_header *fields, size_t field_count)
{
    for (size_t i = 0; i < field_count; i++) {
        struct bytes rest = fields[i].value, item;
        if (!http_name_equal(fields[i].name, "Connection"))
            continue;
        while (head_next_item(&rest, &item))
            if (same_name(item, name))
                return true;
    }
    return false;
}

/* ---- writing ---- */

static uint8_t *put(uint8_t *at, struct bytes text)
{
    if (text.len > 0)
        memcpy(at, text.data, text.len);
    return at + text.len;
}

static void put_field(struct builder *out, struct bytes name, struct bytes value)
{
    uint8_t *at = builder_space(out, name.len + value.len + 4);
    if (at == NULL)
        return;
    at = put(at, name);
    *at++ = ':';
    *at++ = ' ';
    at = put(at, value);
    *at++ = '\r';
    *at = '\n';
}

static void put_named(struct builder *out, const char *name, struct bytes value)
{
    put_field(out, bytes_of_text(name), value);
}

static void put_request_line(const struct exchange_request *r, struct bytes host, struct builder *out)
{
    builder_bytes(out, r->method);
    builder_u8(out, ' ');
    /* "http://host" and "http://host?query" have no path. */
    if (r->target.len == 0 || (r->target.data[0] != '/' && !bytes_is_text(r->target, "*")))
        builder_u8(out, '/');
    builder_bytes(out, r->target);
    builder_text(out, " HTTP/1.1\r\n");
    put_named(out, "Host", host);
}

/* Which of the client's fields goes on as it is. */
static bool is_passed(const struct exchange *x, enum field_kind kind)
{
    switch (kind) {
    case FIELD_PASS:
    case FIELD_HSTS:
        return true;
    case FIELD_EXPECT:
        return x->request.expects_continue;
    case FIELD_FORWARD:
        return x->site->trusts_forwarded;
    default:
        return false;
    }
}

static bool is_quotable(struct bytes text)
{
    return text.len > 0 && memchr(text.data, '"', text.len) == NULL && memchr(text.data, '\\', text.len) == NULL;
}

/* What the trusted proxies before us have said, and a comma. */
static void put_before(struct builder *out, const struct exchange_request *r, enum field_kind kind)
{
    for (size_t i = 0; i < r->field_count; i++) {
        if (kind_of(r->fields[i].name) != kind || r->fields[i].value.len == 0)
            continue;
        builder_bytes(out, r->fields[i].value);
        builder_text(out, ", ");
    }
}

static bool has_field(const struct exchange_request *r, const char *name)
{
    struct bytes value;
    return head_find(r->fields, r->field_count, name, &value) > 0;
}

/* [RFC7239 4] */
static void put_forwarded(const struct exchange *x, struct builder *out)
{
    const struct exchange_request *r = &x->request;
    bool is_trusting = x->site->trusts_forwarded;
    const char *peer = r->peer != NULL && r->peer[0] != '\0' ? r->peer : "unknown";
    const char *proto = r->is_tls ? "https" : "http";
    builder_text(out, "X-Forwarded-For: ");
    if (is_trusting)
        put_before(out, r, FIELD_FOR);
    builder_text(out, peer);
    builder_text(out, "\r\n");
    if (!is_trusting || !has_field(r, "X-Real-IP"))
        put_named(out, "X-Real-IP", bytes_of_text(peer));
    if (!is_trusting || !has_field(r, "X-Forwarded-Proto"))
        put_named(out, "X-Forwarded-Proto", bytes_of_text(proto));
    if (r->authority.len > 0 && (!is_trusting || !has_field(r, "X-Forwarded-Host")))
        put_named(out, "X-Forwarded-Host", r->authority);
    builder_text(out, "Forwarded: ");
    if (is_trusting)
        put_before(out, r, FIELD_FORWARDED);
    bool is_v6 = strchr(peer, ':') != NULL;
    builder_text(out, is_v6 ? "for=\"[" : "for=");
    builder_text(out, peer);
    builder_text(out, is_v6 ? "]\"" : "");
    if (is_quotable(r->authority)) {
        builder_text(out, ";host=\"");
        builder_bytes(out, r->authority);
        builder_u8(out, '"');
    }
    builder_text(out, ";proto=");
    builder_text(out, proto);
    builder_text(out, "\r\n");
}

static void put_framing(const struct exchange_request *r, struct builder *out)
{
    if (r->has_length)
        builder_printf(out, "Content-Length: %llu\r\n", (unsigned long long)r->length);
    else if (r->has_body)
        builder_text(out, "Transfer-Encoding: chunked\r\n");
    if (r->upgrade.len > 0) {
        builder_text(out, "Connection: Upgrade\r\n");
        put_named(out, "Upgrade", r->upgrade);
    }
}

void forward_write_request(const struct exchange *x, struct builder *out)
{
    const struct exchange_request *r = &x->request;
    bool is_listing = has_listing(r->fields, r->field_count);
    /* HTTP/1.0 may come without. */
    struct bytes host = r->authority;
    if (host.len == 0)
        host = bytes_of_text(x->site->name_count > 0 ? x->site->names[0] : x->site->title);
    put_request_line(r, host, out);
    for (size_t i = 0; i < r->field_count; i++) {
        const struct http_header *field = &r->fields[i];
        if (is_passed(x, kind_of(field->name)) &&
            !(is_listing && is_listed(field->name, r->fields, r->field_count)))
            put_field(out, field->name, field->value);
    }
    put_forwarded(x, out);
    if (x->site->adds_via)
        builder_text(out, r->is_http_2     ? "Via: 2.0 cathaya\r\n"
                          : r->is_http_1_0 ? "Via: 1.0 cathaya\r\n"
                                           : "Via: 1.1 cathaya\r\n");
    put_framing(r, out);
    builder_text(out, "\r\n");
}

static bool has_hsts(const struct exchange *x)
{
    return x->request.is_tls && x->site != NULL && x->site->hsts_max_age_s > 0;
}

void forward_write_hsts(const struct exchange *x, struct builder *out)
{
    if (has_hsts(x))
        builder_printf(out, "Strict-Transport-Security: max-age=%llu\r\n",
                       (unsigned long long)x->site->hsts_max_age_s);
}

void forward_write_answer_fields(const struct exchange *x, const struct exchange_response *response,
                                 struct builder *out)
{
    bool is_listing = has_listing(response->fields, response->field_count);
    bool is_hsts_ours = has_hsts(x);
    for (size_t i = 0; i < response->field_count; i++) {
        const struct http_header *field = &response->fields[i];
        enum field_kind kind = kind_of(field->name);
        if (kind == FIELD_HOP || kind == FIELD_FRAMING || (kind == FIELD_HSTS && is_hsts_ours) ||
            (is_listing && is_listed(field->name, response->fields, response->field_count)))
            continue;
        put_field(out, field->name, field->value);
    }
    if (response->status >= 200)
        forward_write_hsts(x, out);
    if (x->site->adds_via)
        builder_text(out, "Via: 1.1 cathaya\r\n");
}
