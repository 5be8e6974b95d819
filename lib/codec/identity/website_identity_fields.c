#include "codec/identity/website_identity_fields.h"

#include "codec/identity/website_identity.h"
#include "codec/note/utf8.h"

#define LABEL_MAX 63 /* [RFC1035 2.3.4] */

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_small(uint32_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_capital(uint32_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_ascii_letter_or_digit(uint32_t c)
{
    return is_digit(c) || is_small(c) || is_capital(c);
}

static bool is_one_of(uint32_t c, const uint32_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == c)
            return true;
    return false;
}

/* ---- country, registration, domain ---- */

bool website_identity_fields_is_country(const uint8_t country[2])
{
    return is_capital(country[0]) && is_capital(country[1]);
}

bool website_identity_fields_is_registration(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!is_ascii_letter_or_digit(value.data[i]) && value.data[i] != '-' && value.data[i] != '.' && value.data[i] != '/')
            return false;
    return value.len > 0 && value.len <= WEBSITE_IDENTITY_REGISTRATION_MAX;
}

static bool is_label(struct bytes label, bool *is_number)
{
    *is_number = true;
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.data[i];
        if (!is_digit(c) && !is_small(c) && c != '-')
            return false;
        *is_number = *is_number && is_digit(c);
    }
    return label.len > 0 && label.len <= LABEL_MAX && label.data[0] != '-' && label.data[label.len - 1] != '-';
}

bool website_identity_is_domain(struct bytes domain)
{
    struct reader r;
    struct bytes label;
    bool is_number = false;
    size_t count = 0;
    if (domain.len == 0 || domain.len > WEBSITE_IDENTITY_DOMAIN_MAX)
        return false;
    reader_init(&r, domain);
    for (; reader_until(&r, '.', &label); count++)
        if (!is_label(label, &is_number))
            return false;
    /* An address has a number at its end, a name of the DNS does not. */
    return count > 0 && is_label(reader_rest(&r), &is_number) && !is_number;
}

/* ---- names ---- */

/* Han characters of the unified blocks and the zero of numbers; not the radicals and compatibility forms, which have the
 * same shapes under other numbers. */
static bool is_han(uint32_t c)
{
    return c == 0x3007 || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x20000 && c <= 0x2a6df) ||
           (c >= 0x2a700 && c <= 0x2ebe0) || (c >= 0x30000 && c <= 0x323af);
}

static bool is_zh(uint32_t c)
{
    /* - & . ( ) · “ ” 、 《 》 （ ） : what names of companies are written with. */
    static const uint32_t marks[] = {'-',    '&',    '.',    '(',    ')',    0xb7,  0x201c,
                                     0x201d, 0x3001, 0x300a, 0x300b, 0xff08, 0xff09};
    return is_han(c) || is_ascii_letter_or_digit(c) || is_one_of(c, marks, sizeof marks / sizeof marks[0]);
}

/* Latin letters with their marks, to U+024F; not the click letters U+01C0 to U+01C3, which look like bars and an
 * exclamation mark, and not the digraphs U+01C4 to U+01CC and U+01F1 to U+01F3, which look like two letters. */
static bool is_latin_letter(uint32_t c)
{
    return (c >= 0xc0 && c <= 0x24f && c != 0xd7 && c != 0xf7 && !(c >= 0x1c0 && c <= 0x1cc) && !(c >= 0x1f1 && c <= 0x1f3));
}

static bool is_en(uint32_t c)
{
    static const uint32_t marks[] = {'-', '&', '.', ',', '\'', '(', ')', '/', '+', '!'};
    return is_ascii_letter_or_digit(c) || is_latin_letter(c) || is_one_of(c, marks, sizeof marks / sizeof marks[0]);
}

static bool is_name(struct bytes name, bool (*is_allowed)(uint32_t c))
{
    struct reader r;
    uint32_t c, before = ' ';
    if (name.len == 0 || name.len > WEBSITE_IDENTITY_NAME_MAX)
        return false;
    for (reader_init(&r, name); utf8_next(&r, &c); before = c)
        if (c == ' ' ? before == ' ' : !is_allowed(c))
            return false;
    return reader_is_at_end(&r) && before != ' ';
}

bool website_identity_is_name_zh(struct bytes name)
{
    return is_name(name, is_zh);
}

bool website_identity_is_name_en(struct bytes name)
{
    return is_name(name, is_en);
}
