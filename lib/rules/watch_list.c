#include "rules/watch_list.h"

#include <stdlib.h>
#include <string.h>

#include "rules/dns_name.h"
#include "rules/watch_table.h"

void watch_list_free(struct watch_list *list)
{
    if (list == NULL)
        return;
    watch_table_clear(&list->table);
    array_clear(&list->items);
    builder_clear(&list->texts);
    free(list);
}

size_t watch_list_count(const struct watch_list *list, enum watch_kind kind)
{
    return list->counts[kind];
}

/* ---- hits ---- */

static void add_hit(const struct watch_list *list, const struct watch_link *link, struct watch_hits *hits)
{
    const struct watch_item *item = array_at(&list->items, link->item);
    for (size_t i = 0; i < hits->count; i++)
        if (hits->items[i] == item)
            return;
    if (hits->count == WATCH_HITS_MAX)
        hits->is_cut = true;
    else
        hits->items[hits->count++] = item;
}

/* Once nothing more can be noted nothing more is looked at: a wildcard may cover thousands. */
static void add_all(const struct watch_list *list, const struct watch_link *link, struct watch_hits *hits)
{
    for (; link != NULL && !hits->is_cut; link = watch_table_next(&list->table, link))
        add_hit(list, link, hits);
}

static void look_up(const struct watch_list *list, enum watch_tag tag, struct bytes key, struct watch_hits *hits)
{
    add_all(list, watch_table_find(&list->table, tag, watch_table_hash(key), key), hits);
}

/* ---- names ---- */

/* Each domain that the name is, or is below: one pass from its end. */
static void match_folded(const struct watch_list *list, struct bytes name, struct watch_hits *hits)
{
    uint64_t hash = watch_table_hash_start();
    size_t at = name.len;
    const uint8_t *dot = memchr(name.data, '.', name.len);
    size_t first_len = dot == NULL ? name.len : (size_t)(dot - name.data);
    bool is_wildcard = memchr(name.data, '*', first_len) != NULL;
    while (at > 0) {
        while (at > 0 && name.data[at - 1] != '.')
            hash = watch_table_hash_step(hash, name.data[--at]);
        struct bytes domain = bytes_of(name.data + at, name.len - at);
        add_all(list, watch_table_find(&list->table, WATCH_TAG_SUBTREE, hash, domain), hits);
        if (at == 0)
            add_all(list, watch_table_find(&list->table, WATCH_TAG_DOMAIN, hash, domain), hits);
        else if (is_wildcard && at == first_len + 1)
            add_all(list, watch_table_find(&list->table, WATCH_TAG_COVERED, hash, domain), hits);
        if (at > 0)
            hash = watch_table_hash_step(hash, name.data[--at]);
    }
}

static void match_piece(const struct watch_list *list, struct bytes piece, struct watch_hits *hits)
{
    uint8_t folded[WATCH_NAME_KEPT], address[16];
    size_t len;
    struct bytes name = watch_table_fold_name(piece, folded);
    if (name.len == 0)
        return;
    if (name.data[name.len - 1] >= '0' && name.data[name.len - 1] <= '9' && ip_address_parse(name, address, &len))
        watch_list_match_address(list, bytes_of(address, len), hits);
    match_folded(list, name, hits);
}

static bool is_of_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '*' || c >= 0x80;
}

/* "www.example.com\0.attacker.example", "https://www.example.com/": each piece, and all of it without what separates. */
static void match_pieces(const struct watch_list *list, struct bytes name, struct watch_hits *hits)
{
    uint8_t joined[WATCH_NAME_KEPT], address[16];
    size_t at = WATCH_NAME_KEPT, from = 0, len;
    for (size_t i = 0; i <= name.len; i++) {
        if (i < name.len && is_of_name(name.data[i]))
            continue;
        match_piece(list, bytes_of(name.data + from, i - from), hits);
        from = i + 1;
    }
    for (size_t i = name.len; i > 0 && at > 0; i--)
        if (is_of_name(name.data[i - 1]))
            joined[--at] = name.data[i - 1];
    match_piece(list, bytes_of(joined + at, WATCH_NAME_KEPT - at), hits);
    if (ip_address_parse(name, address, &len))
        watch_list_match_address(list, bytes_of(address, len), hits);
}

void watch_list_match_name(const struct watch_list *list, struct bytes name, struct watch_hits *hits)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_of_name(name.data[i])) {
            match_pieces(list, name, hits);
            return;
        }
    }
    match_piece(list, name, hits);
}

/* ---- the rest ---- */

static void match_bits(const struct watch_list *list, const uint8_t *address, size_t len, const uint8_t *bits,
                       size_t bits_count, struct watch_hits *hits)
{
    uint8_t key[WATCH_ADDRESS_KEY_SIZE];
    for (size_t i = 0; i < bits_count; i++)
        look_up(list, WATCH_TAG_ADDRESS, watch_table_fold_address(address, len, bits[i], key), hits);
}

void watch_list_match_address(const struct watch_list *list, struct bytes address, struct watch_hits *hits)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address.len == 4)
        match_bits(list, address.data, 4, list->bits4, list->bits4_count, hits);
    if (address.len != 16)
        return;
    match_bits(list, address.data, 16, list->bits6, list->bits6_count, hits);
    if (memcmp(address.data, mapped, sizeof mapped) == 0)
        match_bits(list, address.data + 12, 4, list->bits4, list->bits4_count, hits);
}

void watch_list_match_organisation(const struct watch_list *list, struct bytes name, struct watch_hits *hits)
{
    uint8_t folded[WATCH_LIST_LINE_MAX];
    struct bytes key = watch_table_fold_text(name, folded);
    if (key.len > 0)
        look_up(list, WATCH_TAG_ORGANISATION, key, hits);
}

void watch_list_match_spki(const struct watch_list *list, const uint8_t hash[HASH_SIZE], struct watch_hits *hits)
{
    look_up(list, WATCH_TAG_SPKI, bytes_of(hash, HASH_SIZE), hits);
}

bool watch_list_is_authorized(const struct watch_list *list, const uint8_t hash[HASH_SIZE])
{
    struct bytes key = bytes_of(hash, HASH_SIZE);
    return watch_table_find(&list->table, WATCH_TAG_AUTHORIZED, watch_table_hash(key), key) != NULL;
}
