#include "rules/issue_value.h"

#include <string.h>

#include "base/text.h"

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (text_lower(c) >= 'a' && text_lower(c) <= 'z');
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct bytes trim(struct bytes a)
{
    while (a.len > 0 && is_blank(a.data[0]))
        a = bytes_of(a.data + 1, a.len - 1);
    while (a.len > 0 && is_blank(a.data[a.len - 1]))
        a.len--;
    return a;
}

/* The part before the next `stop`, or all; *rest is what follows, data NULL when nothing was cut. */
static struct bytes cut(struct bytes text, uint8_t stop, struct bytes *rest)
{
    const uint8_t *at = text.len > 0 ? memchr(text.data, stop, text.len) : NULL;
    if (at == NULL) {
        *rest = bytes_of(NULL, 0);
        return text;
    }
    size_t len = (size_t)(at - text.data);
    *rest = bytes_of(at + 1, text.len - len - 1);
    return bytes_of(text.data, len);
}

/* Letters, digits, and hyphens that are not at an end: a label, and a tag. */
static bool is_label(struct bytes a)
{
    if (a.len == 0 || a.data[0] == '-' || a.data[a.len - 1] == '-')
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (!is_letter_or_digit(a.data[i]) && a.data[i] != '-')
            return false;
    return true;
}

static bool is_domain(struct bytes a)
{
    struct bytes rest = a;
    while (rest.data != NULL)
        if (!is_label(cut(rest, '.', &rest)))
            return false;
    return true;
}

static bool is_value(struct bytes a)
{
    for (size_t i = 0; i < a.len; i++)
        if (a.data[i] < 0x21 || a.data[i] > 0x7e)
            return false;
    return true;
}

static enum status add_parameter(struct bytes text, struct issue_value *out, struct error *err)
{
    struct bytes value, tag = trim(cut(text, '=', &value));
    char shown[ISSUE_VALUE_SHOWN_SIZE];
    issue_value_show(tag, shown);
    if (trim(text).len == 0)
        return error_set(err, STATUS_MALFORMED, "an empty parameter, or a ';' at the end");
    if (value.data == NULL)
        return error_set(err, STATUS_MALFORMED, "parameter \"%s\" has no '='", shown);
    value = trim(value);
    if (!is_label(tag))
        return error_set(err, STATUS_MALFORMED, "parameter \"%s\": not letters, digits and hyphens", shown);
    if (!is_value(value))
        return error_set(err, STATUS_MALFORMED, "parameter \"%s\": a character that a value must not have",
                         shown);
    if (out->parameter_count == ISSUE_VALUE_PARAMETERS_MAX)
        return error_set(err, STATUS_MALFORMED, "more than %d parameters", ISSUE_VALUE_PARAMETERS_MAX);
    out->parameters[out->parameter_count++] = (struct issue_parameter){tag, value};
    return STATUS_OK;
}

enum status issue_value_parse(struct bytes text, struct issue_value *out, struct error *err)
{
    struct bytes rest;
    out->parameter_count = 0;
    out->domain = trim(cut(text, ';', &rest));
    if (out->domain.len > 0 && !is_domain(out->domain)) {
        char shown[ISSUE_VALUE_SHOWN_SIZE];
        issue_value_show(out->domain, shown);
        return error_set(err, STATUS_MALFORMED, "\"%s\" is no domain name", shown);
    }
    if (trim(rest).len == 0)
        return STATUS_OK; /* one ';' without parameters is in the grammar */
    enum status s = STATUS_OK;
    while (s == STATUS_OK && rest.data != NULL) {
        struct bytes parameter = cut(rest, ';', &rest);
        s = add_parameter(parameter, out, err);
    }
    return s;
}

struct bytes issue_value_domain(struct bytes text)
{
    struct bytes rest, domain = trim(cut(text, ';', &rest));
    if (domain.len > 0 && domain.data[domain.len - 1] == '.')
        domain.len--;
    return domain;
}

size_t issue_value_find(const struct issue_value *v, const char *tag, struct bytes *value)
{
    size_t count = 0;
    for (size_t i = 0; i < v->parameter_count; i++)
        if (issue_value_is(v->parameters[i].tag, tag) && count++ == 0)
            *value = v->parameters[i].value;
    return count;
}

bool issue_value_is(struct bytes a, const char *text)
{
    if (a.len != strlen(text))
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (text_lower(a.data[i]) != text_lower((uint8_t)text[i]))
            return false;
    return true;
}

bool issue_value_is_one_of(struct bytes a, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (issue_value_is(a, texts[i]))
            return true;
    return false;
}

void issue_value_show(struct bytes a, char out[ISSUE_VALUE_SHOWN_SIZE])
{
    size_t len = a.len < ISSUE_VALUE_SHOWN_SIZE - 1 ? a.len : ISSUE_VALUE_SHOWN_SIZE - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = a.data[i] >= 0x20 && a.data[i] < 0x7f && a.data[i] != '"' ? (char)a.data[i] : '?';
    out[len] = '\0';
}
