#include "rules/certificate_name_values.h"

#include <string.h>

#include "codec/note/utf8.h"

#define UTF8_REPLACEMENT 0xfffd
#define TAG_T61_STRING 0x14
#define TAG_UNIVERSAL_STRING 0x1c
#define TAG_BMP_STRING 0x1e

static void write_utf8(struct builder *b, uint32_t code)
{
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = UTF8_REPLACEMENT;
    if (code < 0x80) {
        builder_u8(b, (uint8_t)code);
    } else if (code < 0x800) {
        builder_u8(b, (uint8_t)(0xc0 | code >> 6));
        builder_u8(b, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        builder_u8(b, (uint8_t)(0xe0 | code >> 12));
        builder_u8(b, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        builder_u8(b, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        builder_u8(b, (uint8_t)(0xf0 | code >> 18));
        builder_u8(b, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        builder_u8(b, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        builder_u8(b, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

/* The next character of a string of that type. */
static bool next_character(struct reader *r, uint8_t tag, uint32_t *code)
{
    uint16_t wide;
    uint8_t byte;
    if (tag == TAG_UNIVERSAL_STRING)
        return reader_u32(r, code);
    if (tag == TAG_BMP_STRING) {
        if (!reader_u16(r, &wide))
            return false;
        *code = wide;
        return true;
    }
    if (tag != TAG_T61_STRING && utf8_next(r, code))
        return true;
    if (!reader_u8(r, &byte))
        return false;
    *code = tag == TAG_T61_STRING || byte < 0x80 ? byte : UTF8_REPLACEMENT;
    return true;
}

/* A name while its characters come. */
struct pending {
    enum certificate_name_kind kind;
    size_t start;
    bool is_ascii;
    bool is_odd;
};

static bool is_host_character(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '-' || code == '.' || code == '_' ||
           code == '*' || code >= 0x80;
}

/* Ends the name that stands in the arena from pending.start on; an empty one is none. */
static enum status end_name(struct certificate_names *names, const struct pending *p, struct error *err)
{
    struct builder *b = &names->arena;
    bool is_host = p->kind == CERTIFICATE_NAME_DNS;
    if (is_host && b->len > p->start && b->data[b->len - 1] == '.')
        b->len--;
    if (b->len == p->start || !builder_is_good(b))
        return builder_status(b, "names of a certificate", err);
    if (names->names.count == CERTIFICATE_NAMES_MAX) {
        names->malformed |= CERTIFICATE_NAMES_TOO_MANY;
        return STATUS_OK;
    }
    if (is_host && p->is_odd)
        names->malformed |= CERTIFICATE_NAMES_CHARACTERS;
    const uint8_t *text = b->data + p->start;
    struct certificate_name name = {
        .kind = p->kind,
        .is_ascii = p->is_ascii,
        .is_wildcard = (is_host || p->kind == CERTIFICATE_NAME_COMMON_NAME) && b->len - p->start > 2 && text[0] == '*' &&
                       text[1] == '.',
        .value = bytes_of(NULL, b->len - p->start),
    };
    return array_insert(&names->names, names->names.count, &name, "names of a certificate", err);
}

static bool lowers(enum certificate_name_kind kind)
{
    return kind == CERTIFICATE_NAME_DNS || kind == CERTIFICATE_NAME_COMMON_NAME || kind == CERTIFICATE_NAME_EMAIL;
}

enum status certificate_name_values_text(struct certificate_names *names, enum certificate_name_kind kind, uint8_t tag,
                                         struct bytes value, struct error *err)
{
    struct reader r;
    struct pending p = {.kind = kind, .start = names->arena.len, .is_ascii = true};
    uint32_t code;
    reader_init(&r, value);
    while (next_character(&r, tag, &code)) {
        if (code == 0) {
            names->malformed |= CERTIFICATE_NAMES_NUL;
            enum status s = end_name(names, &p, err);
            if (s != STATUS_OK)
                return s;
            p = (struct pending){.kind = kind, .start = names->arena.len, .is_ascii = true};
            continue;
        }
        if (lowers(kind) && code >= 'A' && code <= 'Z')
            code += 'a' - 'A';
        p.is_ascii = p.is_ascii && code < 0x80;
        p.is_odd = p.is_odd || !is_host_character(code) || code == UTF8_REPLACEMENT;
        write_utf8(&names->arena, code);
    }
    /* Half a character of two or four bytes. */
    if (!reader_is_at_end(&r))
        names->malformed |= CERTIFICATE_NAMES_CHARACTERS;
    return end_name(names, &p, err);
}

/* [RFC5952 4]: the longest run of zeros, of two at least, is left out. */
static void write_ipv6(struct builder *b, const uint8_t ip[16])
{
    unsigned best = 0, best_len = 1;
    uint16_t groups[8];
    for (unsigned i = 0; i < 8; i++)
        groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    for (unsigned i = 0; i < 8; i++) {
        unsigned len = 0;
        while (i + len < 8 && groups[i + len] == 0)
            len++;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (best_len > 1 && i == best) {
            builder_text(b, "::");
            i += best_len - 1;
            continue;
        }
        bool follows_gap = best_len > 1 && i == best + best_len;
        builder_printf(b, "%s%x", i > 0 && !follows_gap ? ":" : "", groups[i]);
    }
}

enum status certificate_name_values_ip(struct certificate_names *names, struct bytes value, struct error *err)
{
    size_t start = names->arena.len;
    struct certificate_name name = {.kind = CERTIFICATE_NAME_IP, .is_ascii = true, .ip_len = (uint8_t)value.len};
    if (value.len != 4 && value.len != 16) {
        names->malformed |= CERTIFICATE_NAMES_IP;
        return STATUS_OK;
    }
    if (names->names.count == CERTIFICATE_NAMES_MAX) {
        names->malformed |= CERTIFICATE_NAMES_TOO_MANY;
        return STATUS_OK;
    }
    memcpy(name.ip, value.data, value.len);
    if (value.len == 4)
        builder_printf(&names->arena, "%u.%u.%u.%u", name.ip[0], name.ip[1], name.ip[2], name.ip[3]);
    else
        write_ipv6(&names->arena, name.ip);
    name.value = bytes_of(NULL, names->arena.len - start);
    enum status s = builder_status(&names->arena, "names of a certificate", err);
    return s == STATUS_OK ? array_insert(&names->names, names->names.count, &name, "names of a certificate", err) : s;
}
