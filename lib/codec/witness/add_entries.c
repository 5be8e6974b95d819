#include "codec/witness/add_entries.h"

#include "base/reader.h"

#define ROUND_DOWN(index) ((index) / TILE_WIDTH * TILE_WIDTH)

uint64_t add_entries_package_count(uint64_t upload_start, uint64_t upload_end)
{
    if (upload_start >= upload_end)
        return 0;
    return (upload_end - 1) / TILE_WIDTH - upload_start / TILE_WIDTH + 1;
}

struct subtree add_entries_package_range(uint64_t upload_start, uint64_t upload_end, uint64_t i)
{
    uint64_t first = ROUND_DOWN(upload_start) + i * TILE_WIDTH;
    struct subtree range = {.start = first, .end = first + TILE_WIDTH};
    if (range.start < upload_start)
        range.start = upload_start;
    if (range.end > upload_end)
        range.end = upload_end;
    return range;
}

/* ---- writing ---- */

enum status add_entries_write_header(const struct add_entries_header *header, struct builder *out,
                                     struct error *err)
{
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, header->origin);
    builder_close_vector(out, mark, 2);
    builder_u64(out, header->upload_start);
    builder_u64(out, header->upload_end);
    mark = builder_open_vector(out, 2);
    builder_bytes(out, header->ticket);
    builder_close_vector(out, mark, 2);
    return builder_status(out, "add-entries header", err);
}

enum status add_entries_write_package(struct bytes entries, struct bytes proof, struct builder *out,
                                      struct error *err)
{
    if (proof.len % HASH_SIZE != 0 || proof.len > PROOF_LINES_MAX * HASH_SIZE)
        return error_set(err, STATUS_LIMIT, "add-entries: a proof has at most %d hashes",
                         PROOF_LINES_MAX);
    builder_bytes(out, entries);
    builder_u8(out, (uint8_t)(proof.len / HASH_SIZE));
    builder_bytes(out, proof);
    return builder_status(out, "add-entries package", err);
}

/* ---- reading ---- */

enum stage { ORIGIN_LEN, ORIGIN, TICKET, NEXT_PACKAGE, ENTRY_LEN, ENTRY, HASH_COUNT, HASHES, ENDED };

#define HEADER_NUMBERS (8 + 8 + 2)

void add_entries_reader_init(struct add_entries_reader *r, size_t package_max)
{
    *r = (struct add_entries_reader){.stage = ORIGIN_LEN, .wanted = 2};
    builder_init(&r->memory, package_max + ADD_ENTRIES_ORIGIN_MAX + MIRROR_INFO_TICKET_MAX + 32);
}

void add_entries_reader_clear(struct add_entries_reader *r)
{
    builder_clear(&r->memory);
}

static uint64_t number_at(const struct add_entries_reader *r, size_t offset, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | r->memory.data[offset + i];
    return value;
}

static enum status finish_header(struct add_entries_reader *r, struct error *err)
{
    struct reader in, origin, ticket;
    struct add_entries_header *h = &r->header;
    reader_init(&in, builder_view(&r->memory));
    bool is_whole = reader_vector_u16(&in, &origin) && reader_u64(&in, &h->upload_start) &&
                    reader_u64(&in, &h->upload_end) && reader_vector_u16(&in, &ticket) &&
                    reader_is_at_end(&in);
    if (!is_whole || h->upload_start > h->upload_end)
        return error_set(err, STATUS_MALFORMED, "add-entries: upload_start is after upload_end");
    if (h->upload_end > PROOF_LINES_SIZE_MAX)
        return error_set(err, STATUS_MALFORMED, "add-entries: upload_end is 2^63 or more");
    r->header_len = r->memory.len;
    return STATUS_OK;
}

/* The builder may have moved: what borrows from it is looked up when it is reported. */
static void point_into_header(struct add_entries_reader *r)
{
    const uint8_t *data = r->memory.data;
    size_t origin_len = (size_t)data[0] << 8 | data[1];
    size_t ticket_at = 2 + origin_len + HEADER_NUMBERS;
    r->header.origin = bytes_of(data + 2, origin_len);
    r->header.ticket = bytes_of(data + ticket_at, r->header_len - ticket_at);
}

static void finish_package(struct add_entries_reader *r)
{
    const uint8_t *data = r->memory.data + r->header_len;
    r->package.entries = bytes_of(data, r->entries_len);
    r->package.proof = bytes_of(data + r->entries_len + 1,
                                r->memory.len - r->header_len - r->entries_len - 1);
}

/* Forgets the package before, and prepares for the next one. */
static void start_package(struct add_entries_reader *r)
{
    const struct add_entries_header *h = &r->header;
    r->memory.len = r->header_len;
    if (r->package_number == add_entries_package_count(h->upload_start, h->upload_end)) {
        r->stage = ENDED;
        return;
    }
    r->package.range =
        add_entries_package_range(h->upload_start, h->upload_end, r->package_number++);
    r->entries_left = subtree_size(r->package.range);
    r->stage = ENTRY_LEN;
    r->wanted = r->memory.len + 2;
}

static void want(struct add_entries_reader *r, enum stage stage, size_t more)
{
    r->stage = stage;
    r->wanted = r->memory.len + more;
}

static void finish_entry(struct add_entries_reader *r)
{
    if (--r->entries_left > 0) {
        want(r, ENTRY_LEN, 2);
        return;
    }
    r->entries_len = r->memory.len - r->header_len;
    want(r, HASH_COUNT, 1);
}

/* One stage is complete. */
static enum status advance(struct add_entries_reader *r, enum add_entries_event *event,
                           struct error *err)
{
    enum status status;
    size_t len = r->memory.len, count;
    switch ((enum stage)r->stage) {
    case ORIGIN_LEN:
        want(r, ORIGIN, (size_t)number_at(r, 0, 2) + HEADER_NUMBERS);
        return STATUS_OK;
    case ORIGIN:
        want(r, TICKET, (size_t)number_at(r, len - 2, 2));
        return STATUS_OK;
    case TICKET:
        status = finish_header(r, err);
        r->stage = NEXT_PACKAGE;
        *event = ADD_ENTRIES_HEADER;
        return status;
    case ENTRY_LEN:
        want(r, ENTRY, (size_t)number_at(r, len - 2, 2));
        return STATUS_OK;
    case ENTRY:
        finish_entry(r);
        return STATUS_OK;
    case HASH_COUNT:
        count = (size_t)number_at(r, len - 1, 1);
        if (count > PROOF_LINES_MAX)
            return error_set(err, STATUS_MALFORMED, "add-entries: a proof of %zu hashes", count);
        want(r, HASHES, count * HASH_SIZE);
        return STATUS_OK;
    case HASHES:
        finish_package(r);
        r->stage = NEXT_PACKAGE;
        *event = ADD_ENTRIES_PACKAGE;
        return STATUS_OK;
    case NEXT_PACKAGE:
    case ENDED:
        break;
    }
    return STATUS_OK;
}

enum status add_entries_reader_next(struct add_entries_reader *r, struct bytes *piece,
                                    enum add_entries_event *event, struct error *err)
{
    *event = ADD_ENTRIES_MORE;
    if (r->stage == NEXT_PACKAGE)
        start_package(r);
    while (*event == ADD_ENTRIES_MORE) {
        if (r->stage == ENDED) {
            *event = ADD_ENTRIES_END;
            return STATUS_OK;
        }
        size_t missing = r->wanted - r->memory.len;
        size_t taken = missing < piece->len ? missing : piece->len;
        if (taken > 0) {
            builder_bytes(&r->memory, bytes_of(piece->data, taken));
            *piece = bytes_of(piece->data + taken, piece->len - taken);
        }
        enum status status = builder_status(&r->memory, "add-entries package", err);
        if (status != STATUS_OK || taken < missing)
            return status;
        status = advance(r, event, err);
        if (status != STATUS_OK)
            return status;
    }
    point_into_header(r);
    return STATUS_OK;
}

bool add_entries_reader_is_between(const struct add_entries_reader *r)
{
    return r->stage == NEXT_PACKAGE || r->stage == ENDED ||
           (r->stage == ENTRY_LEN && r->memory.len == r->header_len);
}
