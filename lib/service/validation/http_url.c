#include "service/validation/http_url.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool take_prefix(struct bytes *rest, const char *prefix)
{
    size_t len = strlen(prefix);
    if (rest->len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text_lower(rest->data[i]) != (uint8_t)prefix[i])
            return false;
    *rest = bytes_of(rest->data + len, rest->len - len);
    return true;
}

/* The bytes before the first of `stops`, taken off rest. */
static struct bytes take_until(struct bytes *rest, const char *stops)
{
    size_t len = 0;
    while (len < rest->len && strchr(stops, rest->data[len]) == NULL)
        len++;
    struct bytes part = bytes_of(rest->data, len);
    *rest = bytes_of(rest->data + len, rest->len - len);
    return part;
}

/* What stands in no URL unescaped, and what parsers disagree about. */
static bool has_bad_character(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f || strchr("\"<>\\^`{|}", text.data[i]) != NULL)
            return true;
    return false;
}

static bool read_name(struct bytes name, struct http_url *out)
{
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    if (name.len == 0 || name.len > DNS_NAME_MAX)
        return false;
    size_t label = 0;
    bool is_all_digits = true;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = text_lower(name.data[i]);
        bool is_digit = c >= '0' && c <= '9';
        if (c == '.' && (label == 0 || label > DNS_NAME_LABEL_MAX))
            return false;
        if (c != '.' && c != '-' && c != '_' && !is_digit && !(c >= 'a' && c <= 'z'))
            return false;
        is_all_digits = c == '.' ? true : is_all_digits && is_digit;
        label = c == '.' ? 0 : label + 1;
        out->host[i] = (char)c;
    }
    out->host[name.len] = '\0';
    /* A last label of digits would be an address in some spelling of old [WHATWG URL, host parser]. */
    return label > 0 && label <= DNS_NAME_LABEL_MAX && !is_all_digits;
}

static bool read_host(struct bytes host, bool is_bracketed, struct http_url *out)
{
    if (ip_address_parse(host, out->ip, &out->ip_len) && (out->ip_len == 16) == is_bracketed) {
        memcpy(out->host, host.data, host.len);
        out->host[host.len] = '\0';
        return true;
    }
    out->ip_len = 0;
    return !is_bracketed && read_name(host, out);
}

static bool read_authority(struct bytes authority, struct http_url *out)
{
    uint64_t port = 0;
    struct bytes host;
    bool is_bracketed = authority.len > 0 && authority.data[0] == '[';
    if (authority.len == 0 || memchr(authority.data, '@', authority.len) != NULL)
        return false;
    if (is_bracketed) {
        authority = bytes_of(authority.data + 1, authority.len - 1);
        host = take_until(&authority, "]");
        if (!take_prefix(&authority, "]"))
            return false;
    } else {
        host = take_until(&authority, ":");
    }
    if (authority.len > 0) {
        if (!take_prefix(&authority, ":") || !text_parse_u64(authority, 65535, &port) || port == 0)
            return false;
    }
    out->port = (uint16_t)port;
    return read_host(host, is_bracketed, out);
}

static bool set_path(struct http_url *out, struct bytes folder, struct bytes rest)
{
    struct bytes path = take_until(&rest, "#");
    int len = snprintf(out->path, sizeof out->path, "%s%.*s%.*s",
                       folder.len == 0 && (path.len == 0 || path.data[0] != '/') ? "/" : "",
                       (int)folder.len, folder.len > 0 ? (const char *)folder.data : "", (int)path.len,
                       path.len > 0 ? (const char *)path.data : "");
    return len > 0 && len < (int)sizeof out->path;
}

/* The base's path, up to the query, or to its last '/' for a relative path. */
static struct bytes base_folder(const struct http_url *base, bool is_query)
{
    struct bytes path = bytes_of_text(base->path);
    path = take_until(&path, "?");
    while (!is_query && path.len > 0 && path.data[path.len - 1] != '/')
        path.len--;
    return path;
}

static bool resolve_relative(const struct http_url *base, struct bytes location, struct http_url *out)
{
    struct bytes probe = location, scheme = take_until(&probe, ":/?#");
    if (base == NULL || location.len == 0 || (probe.len > 0 && probe.data[0] == ':' && scheme.len > 0))
        return false; /* another scheme */
    struct bytes folder = {NULL, 0};
    if (location.data[0] != '/')
        folder = base_folder(base, location.data[0] == '?');
    *out = *base;
    return set_path(out, folder, location);
}

enum status http_url_resolve(const struct http_url *base, struct bytes location, struct http_url *out,
                             struct error *err)
{
    struct http_url url = {.port = 0};
    struct bytes rest = location;
    if (location.len > HTTP_URL_MAX)
        return error_set(err, STATUS_MALFORMED, "a URL of more than %d characters", HTTP_URL_MAX);
    if (has_bad_character(location))
        return error_set(err, STATUS_MALFORMED, "a URL with a character that must not be in one");
    bool has_authority = true;
    if (take_prefix(&rest, "https://"))
        url.is_https = true;
    else if (base != NULL && take_prefix(&rest, "//"))
        url.is_https = base->is_https;
    else
        has_authority = take_prefix(&rest, "http://");
    bool is_good;
    if (has_authority)
        is_good = read_authority(take_until(&rest, "/?#"), &url) && set_path(&url, bytes_of(NULL, 0), rest);
    else
        is_good = resolve_relative(base, location, &url);
    if (!is_good)
        return error_set(err, STATUS_MALFORMED, "not an http or https URL with a plain host name");
    *out = url;
    return STATUS_OK;
}

void http_url_write(const struct http_url *url, uint16_t port, struct builder *out)
{
    bool is_ipv6 = url->ip_len == 16;
    builder_printf(out, "%s://%s%s%s", url->is_https ? "https" : "http", is_ipv6 ? "[" : "", url->host,
                   is_ipv6 ? "]" : "");
    if (port != (url->is_https ? 443 : 80))
        builder_printf(out, ":%u", port);
    builder_text(out, url->path);
}
