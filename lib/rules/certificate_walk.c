#include "rules/certificate_walk.h"

#define TAG_LOW_MASK 0x1f
#define TAG_CONSTRUCTED 0x20
#define LENGTH_INDEFINITE 0x80
/* Lengths of more bytes are longer than anything here. */
#define LENGTH_BYTES_MAX 4

void certificate_walk_init(struct certificate_walk *walk, struct bytes contents)
{
    *walk = (struct certificate_walk){.count = 0};
    reader_init(&walk->r, contents);
}

bool certificate_walk_next_is(const struct certificate_walk *walk, uint8_t tag)
{
    uint8_t next;
    return reader_peek_u8(&walk->r, &next) && next == tag;
}

/* The identifier; the bytes of a long one are stepped over. */
static bool read_tag(struct certificate_walk *walk, uint8_t *tag)
{
    uint8_t more = 0x80;
    if (!reader_u8(&walk->r, tag))
        return false;
    if ((*tag & TAG_LOW_MASK) != TAG_LOW_MASK)
        return true;
    *tag = 0;
    walk->is_odd = true;
    while ((more & 0x80) != 0)
        if (!reader_u8(&walk->r, &more))
            return false;
    return true;
}

/* False when there is none, or one that says nothing; an indefinite one sets *is_indefinite. */
static bool read_length(struct certificate_walk *walk, size_t *len, bool *is_indefinite)
{
    uint8_t first, byte;
    *is_indefinite = false;
    *len = 0;
    if (!reader_u8(&walk->r, &first))
        return false;
    if (first < 0x80) {
        *len = first;
        return true;
    }
    if (first == LENGTH_INDEFINITE) {
        *is_indefinite = true;
        return true;
    }
    unsigned count = first & 0x7f;
    for (unsigned i = 0; i < count; i++) {
        if (!reader_u8(&walk->r, &byte))
            return false;
        /* Zeros in front are BER; what does not fit is longer than what there is. */
        *len = i < LENGTH_BYTES_MAX || (*len >> 24) == 0 ? *len << 8 | byte : SIZE_MAX >> 8;
    }
    /* [X.690 10.1]: the shortest form. */
    if (*len < 0x80 || (count > 1 && *len >> (8 * (count - 1 < sizeof *len ? count - 1 : sizeof *len - 1)) == 0))
        walk->is_odd = true;
    return true;
}

/* Steps over elements up to the end-of-contents of an indefinite length. Depth is counted, not recursed. */
static bool skip_indefinite(struct certificate_walk *walk, struct bytes *contents)
{
    const uint8_t *start = walk->r.at;
    size_t depth = 1;
    while (depth > 0) {
        const uint8_t *before = walk->r.at;
        uint8_t tag;
        size_t len;
        bool is_indefinite;
        if (!read_tag(walk, &tag) || !read_length(walk, &len, &is_indefinite))
            return false;
        if (before[0] == 0 && len == 0 && !is_indefinite)
            depth--;
        else if (is_indefinite)
            depth++;
        else if (!reader_skip(&walk->r, len))
            return false;
        if (depth == 0)
            *contents = bytes_of(start, (size_t)(before - start));
    }
    return true;
}

static bool read_element(struct certificate_walk *walk, struct der_element *out)
{
    const uint8_t *start = walk->r.at;
    size_t len;
    bool is_indefinite;
    if (!read_tag(walk, &out->tag) || !read_length(walk, &len, &is_indefinite))
        return false;
    if (is_indefinite) {
        const uint8_t *after = walk->r.at;
        walk->is_odd = true;
        if (!skip_indefinite(walk, &out->contents)) {
            /* It has no end: what there is, is in it. */
            out->contents = bytes_of(after, (size_t)(walk->r.end - after));
            walk->r.at = walk->r.end;
        }
    } else {
        if (len > reader_left(&walk->r)) {
            walk->is_odd = true;
            len = reader_left(&walk->r);
        }
        if (!reader_bytes(&walk->r, len, &out->contents))
            return false;
    }
    out->whole = bytes_of(start, (size_t)(walk->r.at - start));
    return true;
}

bool certificate_walk_next(struct certificate_walk *walk, struct der_element *out)
{
    if (reader_is_at_end(&walk->r))
        return false;
    struct reader before = walk->r;
    *out = (struct der_element){.tag = 0};
    if (!read_element(walk, out)) {
        walk->r = before;
        walk->is_odd = true;
        return false;
    }
    walk->count++;
    return true;
}
