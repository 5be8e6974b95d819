/* Tile paths: what parses is written again byte for byte, what is written parses to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* A CT log's data tiles have another folder, and nothing else is different. */
static void parse_and_write_data(struct bytes path)
{
    struct tile t;
    struct error err;
    char again[TILE_PATH_SIZE];
    if (tile_parse_path_in(path, "data", &t, &err) != STATUS_OK) {
        require(err.text[0] != '\0');
        return;
    }
    tile_path_in(&t, "data", again);
    require(bytes_equal(bytes_of_text(again), path));
    require(t.is_entries == (tile_parse_path(path, &t, NULL) != STATUS_OK));
}

static void parse_and_write(struct bytes path)
{
    struct tile t;
    struct error err;
    if (tile_parse_path(path, &t, &err) != STATUS_OK) {
        require(err.text[0] != '\0');
        return;
    }
    char again[TILE_PATH_SIZE];
    tile_path(&t, again);
    require(bytes_equal(bytes_of_text(again), path));
    require(t.level <= TILE_LEVEL_MAX && t.width >= 1 && t.width <= TILE_WIDTH);
    require(tile_end_index(&t) > t.index);
}

/* The bytes as a tile: 8 of index, then level and width. */
static void write_and_parse(const uint8_t *data, size_t size)
{
    if (size < 11)
        return;
    struct tile t = {.is_entries = (data[8] & 8) != 0, .width = 1U + data[9]}, same;
    memcpy(&t.index, data, 8);
    t.level = t.is_entries ? 0 : data[8] & 7;
    unsigned covered = 8 * (t.level + 1);
    t.index = covered == 64 ? 0 : (t.index >> covered) >> (data[10] % (64 - covered));
    char path[TILE_PATH_SIZE];
    tile_path(&t, path);
    require(tile_parse_path(bytes_of_text(path), &same, NULL) == STATUS_OK);
    require(same.is_entries == t.is_entries && same.level == t.level && same.index == t.index &&
            same.width == t.width);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse_and_write(bytes_of(data, size));
    parse_and_write_data(bytes_of(data, size));
    write_and_parse(data, size);
    return 0;
}
