#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/dns_name.h"
#include "rules/watch_list.h"
#include "rules/watch_table.h"

struct reading {
    struct watch_list *list;
    const struct watch_idn *idn;
    uint32_t line;
};

/* ---- items ---- */

/* While the list grows its texts move: items get theirs at the end. */
static enum status add_item(struct reading *r, enum watch_kind kind, enum watch_tag tag, struct bytes key,
                            struct bytes text, bool *is_new, struct error *err)
{
    static const char *const words[WATCH_KINDS] = {"domain ", "domain .", "ip ", "org ", "spki ", "authorized "};
    struct watch_list *list = r->list;
    struct watch_item item = {.kind = kind, .line = r->line};
    *is_new = false;
    if (watch_table_find(&list->table, tag, watch_table_hash(key), key) != NULL)
        return STATUS_OK;
    if (list->items.count == WATCH_LIST_ITEMS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d items", WATCH_LIST_ITEMS_MAX);
    builder_text(&list->texts, words[kind]);
    builder_bytes(&list->texts, text);
    builder_u8(&list->texts, '\0');
    enum status s = builder_status(&list->texts, "watch list", err);
    if (s == STATUS_OK)
        s = watch_table_add(&list->table, tag, key, (uint32_t)list->items.count, err);
    if (s == STATUS_OK)
        s = array_insert(&list->items, list->items.count, &item, "items of a watch list", err);
    if (s != STATUS_OK)
        return s;
    list->counts[kind]++;
    *is_new = true;
    return STATUS_OK;
}

static void give_texts(struct watch_list *list)
{
    const char *text = (const char *)list->texts.data;
    for (size_t i = 0; i < list->items.count; i++) {
        struct watch_item *item = array_at(&list->items, i);
        item->text = text;
        text += strlen(text) + 1;
    }
}

/* ---- domains ---- */

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

/* Underscores are no letters of a host name, and stand in names of certificates all the same. */
static enum status check_name(struct bytes name, struct error *err)
{
    size_t label = 0;
    if (name.len == 0 || name.len > DNS_NAME_MAX)
        return error_set(err, STATUS_USAGE, "no name, or one of more than %d bytes", DNS_NAME_MAX);
    for (size_t i = 0; i <= name.len; i++) {
        uint8_t c = i < name.len ? name.data[i] : '.';
        if (c == '*')
            return error_set(err, STATUS_USAGE,
                             "a wildcard is not watched for: \".example.com\" is a name and all below it");
        if (c == '.') {
            if (label == 0 || label > DNS_NAME_LABEL_MAX)
                return error_set(err, STATUS_USAGE, "an empty label, or one of more than %d bytes", DNS_NAME_LABEL_MAX);
            label = 0;
            continue;
        }
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return error_set(err, STATUS_USAGE, "\\x%02x is no character of a name", c);
        label++;
    }
    return STATUS_OK;
}

/* What a wildcard that covers the name has behind its "*.". */
static enum status add_covered(struct reading *r, struct bytes name, uint32_t item, struct error *err)
{
    const uint8_t *dot = memchr(name.data, '.', name.len);
    if (dot == NULL)
        return STATUS_OK;
    struct bytes rest = bytes_of(dot + 1, name.len - (size_t)(dot + 1 - name.data));
    return watch_table_add(&r->list->table, WATCH_TAG_COVERED, rest, item, err);
}

static enum status add_domain(struct reading *r, struct bytes name, struct bytes unicode, bool is_subtree,
                              struct error *err)
{
    enum watch_tag tag = is_subtree ? WATCH_TAG_SUBTREE : WATCH_TAG_DOMAIN;
    uint32_t item = (uint32_t)r->list->items.count;
    bool is_new;
    enum status s = add_item(r, is_subtree ? WATCH_SUBTREE : WATCH_DOMAIN, tag, name, name, &is_new, err);
    if (s == STATUS_OK && is_new)
        s = add_covered(r, name, item, err);
    /* A CA may have written the name in UTF-8, against the rules. */
    if (s == STATUS_OK && is_new && unicode.len > 0)
        s = watch_table_add(&r->list->table, tag, unicode, item, err);
    if (s == STATUS_OK && is_new && unicode.len > 0)
        s = add_covered(r, unicode, item, err);
    return s;
}

static enum status read_domain(struct reading *r, struct bytes word, struct error *err)
{
    bool is_subtree = word.len > 0 && word.data[0] == '.';
    uint8_t folded[WATCH_NAME_KEPT], folded_ascii[WATCH_NAME_KEPT];
    struct builder ascii;
    enum status s = STATUS_OK;
    if (is_subtree)
        word = bytes_of(word.data + 1, word.len - 1);
    if (word.len > DNS_NAME_MAX || memmem(word.data, word.len, "..", 2) != NULL || (word.len > 0 && word.data[0] == '.'))
        return error_set(err, STATUS_USAGE, "an empty label, or a name of more than %d bytes", DNS_NAME_MAX);
    struct bytes name = watch_table_fold_name(word, folded), unicode = {NULL, 0};
    builder_init(&ascii, WATCH_NAME_KEPT);
    if (!is_ascii(name)) {
        unicode = name;
        s = r->idn == NULL ? error_set(err, STATUS_USAGE, "write the name in A-labels (xn--...)")
                           : r->idn->to_ascii(r->idn->context, name, &ascii, err);
        name = watch_table_fold_name(builder_view(&ascii), folded_ascii);
    }
    if (s == STATUS_OK)
        s = check_name(name, err);
    if (s == STATUS_OK)
        s = add_domain(r, name, unicode, is_subtree, err);
    builder_clear(&ascii);
    return s;
}

/* ---- addresses ---- */

static void note_bits(uint8_t *list, size_t *count, unsigned bits)
{
    if (memchr(list, (int)bits, *count) == NULL)
        list[(*count)++] = (uint8_t)bits;
}

static enum status read_address(struct reading *r, struct bytes word, struct error *err)
{
    const uint8_t *slash = memchr(word.data, '/', word.len);
    struct bytes text = slash == NULL ? word : bytes_of(word.data, (size_t)(slash - word.data));
    uint8_t address[16], key[WATCH_ADDRESS_KEY_SIZE];
    uint64_t bits = 0;
    size_t len = 0;
    bool is_new, is_good = ip_address_parse(text, address, &len);
    if (is_good && slash == NULL)
        bits = len * 8;
    else if (is_good)
        is_good = text_parse_u64(bytes_of(slash + 1, word.len - text.len - 1), len * 8, &bits);
    if (!is_good)
        return error_set(err, STATUS_USAGE, "no address or range: 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32");
    struct bytes folded = watch_table_fold_address(address, len, (unsigned)bits, key);
    if (memcmp(folded.data + 1, address, len) != 0)
        return error_set(err, STATUS_USAGE, "the address has bits behind its first %u: is it a range?", (unsigned)bits);
    enum status s = add_item(r, WATCH_ADDRESS, WATCH_TAG_ADDRESS, folded, word, &is_new, err);
    if (s == STATUS_OK && len == 4)
        note_bits(r->list->bits4, &r->list->bits4_count, (unsigned)bits);
    if (s == STATUS_OK && len == 16)
        note_bits(r->list->bits6, &r->list->bits6_count, (unsigned)bits);
    return s;
}

/* ---- organisations and hashes ---- */

/* "Example \"Ltd\"": in quotes, with \" and \\ inside. rest is what follows the closing one. */
static bool read_quoted(struct bytes text, struct builder *out, struct bytes *rest)
{
    if (text.len == 0 || text.data[0] != '"')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '"') {
            *rest = bytes_of(text.data + i + 1, text.len - i - 1);
            return true;
        }
        if (text.data[i] == '\\' && ++i == text.len)
            return false;
        builder_u8(out, text.data[i]);
    }
    return false;
}

static enum status read_organisation(struct reading *r, struct bytes text, struct bytes *rest, struct error *err)
{
    struct builder name, shown;
    uint8_t folded[WATCH_LIST_LINE_MAX];
    bool is_new;
    enum status s = STATUS_OK;
    builder_init(&name, WATCH_LIST_LINE_MAX);
    builder_init(&shown, WATCH_LIST_LINE_MAX + 2);
    bool is_quoted = read_quoted(text, &name, rest);
    struct bytes key = watch_table_fold_text(builder_view(&name), folded);
    if (!is_quoted || key.len == 0 || !text_is_printable_utf8(builder_view(&name)))
        s = error_set(err, STATUS_USAGE, "an organisation stands in quotes: org \"Example Ltd\"");
    builder_u8(&shown, '"');
    builder_bytes(&shown, builder_view(&name));
    builder_u8(&shown, '"');
    if (s == STATUS_OK)
        s = add_item(r, WATCH_ORGANISATION, WATCH_TAG_ORGANISATION, key, builder_view(&shown), &is_new, err);
    builder_clear(&name);
    builder_clear(&shown);
    return s;
}

static enum status read_hash(struct reading *r, enum watch_kind kind, struct bytes word, struct error *err)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    bool is_new;
    if (word.len != (size_t)2 * HASH_SIZE || !text_parse_hex(word, hash, HASH_SIZE))
        return error_set(err, STATUS_USAGE, "%d hex digits make a hash, without colons", 2 * HASH_SIZE);
    text_hex(BYTES_OF(hash), hex);
    return add_item(r, kind, kind == WATCH_SPKI ? WATCH_TAG_SPKI : WATCH_TAG_AUTHORIZED, BYTES_OF(hash),
                    bytes_of_text(hex), &is_new, err);
}

/* ---- lines ---- */

static enum status read_statement(struct reading *r, struct bytes word, struct bytes *rest, struct error *err)
{
    struct bytes value;
    if (bytes_is_text(word, "org")) {
        while (rest->len > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t'))
            *rest = bytes_of(rest->data + 1, rest->len - 1);
        return read_organisation(r, *rest, rest, err);
    }
    bool has_value = text_next_word(rest, &value) && value.data[0] != '#';
    if (!has_value)
        return error_set(err, STATUS_USAGE, "a word to watch for is missing");
    if (bytes_is_text(word, "domain"))
        return read_domain(r, value, err);
    if (bytes_is_text(word, "ip"))
        return read_address(r, value, err);
    if (bytes_is_text(word, "spki"))
        return read_hash(r, WATCH_SPKI, value, err);
    if (bytes_is_text(word, "authorized"))
        return read_hash(r, WATCH_AUTHORIZED, value, err);
    return error_set(err, STATUS_USAGE, "\"%.*s\": a statement is domain, ip, org, spki or authorized",
                     (int)(word.len < 40 ? word.len : 40), (const char *)word.data);
}

static enum status read_line(struct reading *r, struct bytes line, struct error *err)
{
    struct bytes word;
    if (line.len > WATCH_LIST_LINE_MAX)
        return error_set(err, STATUS_USAGE, "more than %d bytes", WATCH_LIST_LINE_MAX);
    if (memchr(line.data, '\0', line.len) != NULL)
        return error_set(err, STATUS_USAGE, "a NUL byte: this is no text");
    if (!text_next_word(&line, &word) || word.data[0] == '#')
        return STATUS_OK;
    enum status s = read_statement(r, word, &line, err);
    if (s == STATUS_OK && text_next_word(&line, &word) && word.data[0] != '#')
        s = error_set(err, STATUS_USAGE, "something follows the statement");
    return s;
}

enum status watch_list_read(struct bytes text, const struct watch_idn *idn, struct watch_list **out,
                            struct error *err)
{
    struct reading r = {.list = calloc(1, sizeof *r.list), .idn = idn};
    struct bytes line;
    enum status s = STATUS_OK;
    *out = NULL;
    if (r.list == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a watch list");
    r.list->items = array_of(sizeof(struct watch_item), WATCH_LIST_ITEMS_MAX);
    builder_init(&r.list->texts, WATCH_LIST_SIZE_MAX * 2);
    watch_table_init(&r.list->table);
    if (text.len > WATCH_LIST_SIZE_MAX)
        s = error_set(err, STATUS_LIMIT, "more than %zu bytes", WATCH_LIST_SIZE_MAX);
    while (s == STATUS_OK && text_next_line(&text, &line)) {
        r.line++;
        s = read_line(&r, line, err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "line %u", (unsigned)r.line);
    }
    if (s != STATUS_OK) {
        watch_list_free(r.list);
        return s;
    }
    give_texts(r.list);
    *out = r.list;
    return STATUS_OK;
}
