#include "inspect/inspect.h"

#include <stdio.h>
#include <string.h>

#include "codec/tiles/entry_bundle.h"
#include "merkle/tile.h"
#include "inspect/view.h"

bool inspect_find_tile(const char *path, struct tile *tile)
{
    for (const char *at = path; (at = strstr(at, "tile/")) != NULL; at++)
        if ((at == path || at[-1] == '/') && tile_parse_path(bytes_of_text(at), tile, NULL) == STATUS_OK)
            return true;
    return false;
}

static void show_place(json_t *out, const struct tile *tile, bool is_named)
{
    if (!is_named) {
        view_text(out, "place", "%s", "unknown: the path does not end like tile/0/000 or tile/entries/000");
        return;
    }
    if (!tile->is_entries)
        view_number(out, "level", tile->level);
    view_number(out, "index", tile->index);
}

enum status inspect_tile(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct tile tile = {.level = 0};
    struct reader r;
    struct bytes hash;
    bool is_named = inspect_find_tile(in->path, &tile) && !tile.is_entries;
    size_t width = in->content.len / HASH_SIZE;
    if (width == 0 || width > TILE_WIDTH || in->content.len % HASH_SIZE != 0)
        return error_set(err, STATUS_MALFORMED, "%zu bytes: a tile has 1 to 256 hashes of 32 bytes", in->content.len);
    show_place(out, &tile, is_named);
    view_number(out, "width", width);
    if (is_named && tile.width != width)
        return error_set(err, STATUS_MALFORMED, "the path says %u hashes, the file has %zu", tile.width, width);
    /* By number of the node on its level of the tree; from 0 when the place is not known. */
    json_t *hashes = view_object(out, is_named ? "nodes" : "hashes");
    reader_init(&r, in->content);
    for (uint64_t i = is_named ? tile.index * TILE_WIDTH : 0; reader_bytes(&r, HASH_SIZE, &hash); i++) {
        char number[24];
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)i);
        view_bytes(hashes, number, hash);
    }
    return STATUS_OK;
}

enum status inspect_bundle(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct tile tile = {.level = 0};
    struct reader r;
    struct bytes entry;
    bool is_named = inspect_find_tile(in->path, &tile) && tile.is_entries;
    enum status s = STATUS_OK;
    show_place(out, &tile, is_named);
    view_number(out, "bytes", in->content.len);
    json_t *list = view_list(out, "entries");
    uint64_t first = is_named ? tile.index * TILE_WIDTH : 0;
    reader_init(&r, in->content);
    for (uint64_t i = 0; s == STATUS_OK && i < TILE_WIDTH && entry_bundle_next(&r, &entry); i++) {
        json_t *item = view_item(list);
        view_number(item, is_named ? "index" : "position", first + i);
        s = inspect_log_entry(item, entry, err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "entry %llu", (unsigned long long)(first + i));
    }
    if (s != STATUS_OK)
        return s;
    if (!reader_is_at_end(&r) || json_array_size(list) == 0)
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "entry bundle: not 1 to 256 whole entries");
    if (is_named && json_array_size(list) != tile.width)
        return error_set(err, STATUS_MALFORMED, "the path says %u entries, the file has %zu", tile.width,
                         json_array_size(list));
    return STATUS_OK;
}
