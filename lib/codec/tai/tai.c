#include "codec/tai/tai.h"

#include <string.h>

#include "base/text.h"

/* Children of a CA ID: "MTC CA Identifier Child Components" [MTC 5.2]. */
enum { CHILD_LOGS = 0, CHILD_LANDMARKS = 1, CHILD_LANDMARK_GROUPS = 2 };

bool tai_read_component(struct reader *r, uint64_t *component)
{
    struct reader at = *r;
    uint64_t v = 0;
    uint8_t byte;
    bool is_first = true;
    do {
        /* A leading 80 is a zero digit: not the shortest form. */
        if (!reader_u8(&at, &byte) || (is_first && byte == 0x80) || v > UINT64_MAX >> 7)
            return false;
        v = v << 7 | (byte & 0x7f);
        is_first = false;
    } while ((byte & 0x80) != 0);
    *r = at;
    *component = v;
    return true;
}

static enum status too_long(struct error *err)
{
    return error_set(err, STATUS_LIMIT, "trust anchor ID of more than %d bytes [TAI 4]", TAI_MAX);
}

enum status tai_parse_binary(struct bytes binary, struct tai *out, struct error *err)
{
    if (binary.len > TAI_MAX)
        return too_long(err);
    if (binary.len == 0)
        return error_set(err, STATUS_MALFORMED, "empty trust anchor ID");
    struct reader r;
    reader_init(&r, binary);
    while (!reader_is_at_end(&r)) {
        uint64_t component;
        if (!tai_read_component(&r, &component))
            return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                            "trust anchor ID: component cut short, not in its shortest form or "
                            "above 2^64-1");
    }
    *out = (struct tai){.len = (uint8_t)binary.len};
    memcpy(out->data, binary.data, binary.len);
    return STATUS_OK;
}

/* The decimal component before the next dot or the end; *is_last says which. */
static bool read_decimal(struct reader *r, uint64_t *component, bool *is_last)
{
    struct bytes digits;
    *is_last = !reader_until(r, '.', &digits);
    if (*is_last) {
        digits = reader_rest(r);
        if (!reader_skip(r, digits.len))
            return false;
    }
    return text_parse_u64(digits, UINT64_MAX, component);
}

enum status tai_parse_text(struct bytes text, struct tai *out, struct error *err)
{
    struct reader r;
    reader_init(&r, text);
    struct tai id = {.len = 0};
    bool is_last = false;
    while (!is_last) {
        uint64_t component;
        size_t offset = reader_offset(&r);
        if (!read_decimal(&r, &component, &is_last))
            return error_at(
                err, STATUS_MALFORMED, offset,
                "trust anchor ID: not decimal numbers below 2^64 with dots between them");
        enum status status = tai_append(&id, component, err);
        if (status != STATUS_OK)
            return status;
    }
    *out = id;
    return STATUS_OK;
}

enum status tai_parse_name(struct bytes name, struct tai *out, struct error *err)
{
    struct reader r;
    reader_init(&r, name);
    struct bytes prefix;
    if (!reader_bytes(&r, sizeof TAI_NAME_PREFIX - 1, &prefix) ||
        !bytes_is_text(prefix, TAI_NAME_PREFIX))
        return error_set(err, STATUS_MALFORMED, "name does not start with " TAI_NAME_PREFIX);
    return tai_parse_text(reader_rest(&r), out, err);
}

void tai_write_text(const struct tai *id, struct builder *out)
{
    struct reader r;
    reader_init(&r, tai_bytes(id));
    uint64_t component;
    for (bool is_first = true; tai_read_component(&r, &component); is_first = false)
        builder_printf(out, is_first ? "%llu" : ".%llu", (unsigned long long)component);
}

void tai_write_name(const struct tai *id, struct builder *out)
{
    builder_text(out, TAI_NAME_PREFIX);
    tai_write_text(id, out);
}

static void terminate(struct builder *b)
{
    builder_u8(b, 0);
}

void tai_text(const struct tai *id, char out[TAI_TEXT_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, TAI_TEXT_SIZE);
    tai_write_text(id, &b);
    terminate(&b);
}

void tai_name(const struct tai *id, char out[TAI_NAME_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, TAI_NAME_SIZE);
    tai_write_name(id, &b);
    terminate(&b);
}

enum status tai_append(struct tai *id, uint64_t component, struct error *err)
{
    struct tai longer = *id;
    struct builder b;
    builder_init_fixed(&b, longer.data + longer.len, (size_t)(TAI_MAX - longer.len));
    builder_base128(&b, component);
    if (!builder_is_good(&b))
        return too_long(err);
    longer.len = (uint8_t)(longer.len + b.len);
    *id = longer;
    return STATUS_OK;
}

bool tai_equal(const struct tai *a, const struct tai *b)
{
    return bytes_equal(tai_bytes(a), tai_bytes(b));
}

int tai_compare_binary(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

int tai_compare(const struct tai *a, const struct tai *b)
{
    return tai_compare_binary(tai_bytes(a), tai_bytes(b));
}

bool tai_is_within(const struct tai *id, const struct tai *arc)
{
    /* Complete components end where their bytes do, so a common prefix is a common arc. */
    return id->len >= arc->len && bytes_equal(bytes_of(id->data, arc->len), tai_bytes(arc));
}

static enum status child_of(const struct tai *ca, uint64_t child, uint16_t log_number,
                            struct tai *out, struct error *err)
{
    if (log_number == 0)
        return error_set(err, STATUS_USAGE, "log number 0: logs are numbered from 1 [MTC 5.2]");
    struct tai id = *ca;
    enum status status = tai_append(&id, child, err);
    if (status == STATUS_OK)
        status = tai_append(&id, log_number, err);
    if (status == STATUS_OK)
        *out = id;
    return status;
}

static enum status grandchild_of(const struct tai *ca, uint64_t child, uint16_t log_number,
                                 uint64_t landmark, struct tai *out, struct error *err)
{
    if (landmark == 0 || landmark > TAI_LANDMARK_NUMBER_MAX)
        return error_set(err, STATUS_USAGE,
                         "landmark number 0, which has no ID, or above 2^48-1 [MTC 5.2, 6.4.3]");
    struct tai id;
    enum status status = child_of(ca, child, log_number, &id, err);
    if (status == STATUS_OK)
        status = tai_append(&id, landmark, err);
    if (status == STATUS_OK)
        *out = id;
    return status;
}

enum status tai_log_id(const struct tai *ca, uint16_t log_number, struct tai *out,
                       struct error *err)
{
    return child_of(ca, CHILD_LOGS, log_number, out, err);
}

enum status tai_landmark_id(const struct tai *ca, uint16_t log_number, uint64_t landmark,
                            struct tai *out, struct error *err)
{
    return grandchild_of(ca, CHILD_LANDMARKS, log_number, landmark, out, err);
}

enum status tai_group(const struct tai *ca, uint16_t log_number, uint64_t landmark, struct tai *out,
                      struct error *err)
{
    return grandchild_of(ca, CHILD_LANDMARK_GROUPS, log_number, landmark, out, err);
}

bool tai_split_log_id(const struct tai *log_id, struct tai *ca, uint16_t *log_number)
{
    struct reader r;
    reader_init(&r, tai_bytes(log_id));
    /* The last two components, and the length of what stands before them. */
    uint64_t before = UINT64_MAX, last = UINT64_MAX, component;
    size_t ca_len = 0, before_start = 0, start = 0;
    while (tai_read_component(&r, &component)) {
        ca_len = before_start;
        before_start = start;
        start = reader_offset(&r);
        before = last;
        last = component;
    }
    if (ca_len == 0 || before != CHILD_LOGS || last == 0 || last > UINT16_MAX)
        return false;
    *log_number = (uint16_t)last;
    struct tai parent = {.len = (uint8_t)ca_len};
    memcpy(parent.data, log_id->data, ca_len);
    *ca = parent;
    return true;
}
