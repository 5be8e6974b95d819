#include "codec/properties/properties.h"

#include "base/reader.h"

/* A vector needs its length and its end: what is in between belongs to `what`. */
static enum status cut_short(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "properties: %s cut short", what);
}

/* ---- reading ---- */

/* A failure of `what`, whose own offsets count from its start. */
static enum status at_offset(enum status status, const char *what, size_t offset, struct error *err)
{
    if (status != STATUS_OK)
        (void)error_prefix(err, status, "properties, %s at byte %zu", what, offset);
    return status;
}

static enum status parse_id(struct reader *data, struct properties *out, struct error *err)
{
    size_t offset = reader_offset(data);
    enum status status = tai_parse_binary(reader_rest(data), &out->trust_anchor_id, err);
    return at_offset(status, "value", offset, err);
}

static enum status read_pattern(struct reader *list, struct tai_pattern *group, struct error *err)
{
    struct reader pattern;
    size_t offset = reader_offset(list);
    if (!reader_vector_u8(list, &pattern))
        return cut_short(list, "trust anchor ID pattern", err);
    enum status status = tai_pattern_parse_binary(reader_rest(&pattern), group, err);
    return at_offset(status, "pattern", offset, err);
}

/* A range of TAI -04: the IDs of one component more than base, between min and max. */
static enum status read_range(struct reader *list, struct tai_pattern *group, struct error *err)
{
    struct reader base;
    struct tai id;
    struct tai_range last;
    size_t offset = reader_offset(list);
    if (!reader_vector_u8(list, &base) || !reader_u64(list, &last.min) ||
        !reader_u64(list, &last.max))
        return cut_short(list, "trust anchor range", err);
    last.has_max = last.max != UINT64_MAX;
    if (last.min > last.max)
        return error_at(err, STATUS_MALFORMED, offset, "properties: range with min above max");
    enum status status = tai_parse_binary(reader_rest(&base), &id, err);
    *group = (struct tai_pattern){.len = 0};
    if (status == STATUS_OK)
        status = tai_pattern_append_id(group, &id, err);
    if (status == STATUS_OK)
        status = tai_pattern_append(group, last, err);
    return at_offset(status, "range", offset, err);
}

static enum status parse_groups(struct reader *data, enum properties_encoding encoding,
                                struct properties *out, struct error *err)
{
    struct reader list;
    if (!reader_vector_u16(data, &list) || !reader_is_at_end(data))
        return error_at(err, STATUS_MALFORMED, reader_offset(data),
                        "properties: list of trust anchor groups does not fill its value");
    if (reader_is_at_end(&list))
        return error_at(err, STATUS_MALFORMED, reader_offset(&list),
                        "properties: empty list of trust anchor groups");
    while (!reader_is_at_end(&list)) {
        if (out->group_count == PROPERTIES_GROUPS_MAX)
            return error_at(err, STATUS_LIMIT, reader_offset(&list),
                            "properties: more than %d trust anchor groups", PROPERTIES_GROUPS_MAX);
        struct tai_pattern *group = &out->groups[out->group_count];
        enum status status = encoding == PROPERTIES_WITH_PATTERNS ? read_pattern(&list, group, err)
                                                                  : read_range(&list, group, err);
        if (status != STATUS_OK)
            return status;
        out->group_count++;
    }
    return STATUS_OK;
}

static enum status parse_negotiation(const struct reader *data, struct properties *out,
                                     struct error *err)
{
    if (!reader_is_at_end(data))
        return error_at(err, STATUS_MALFORMED, reader_offset(data),
                        "properties: trust_anchor_negotiation is not empty");
    out->has_negotiation = true;
    return STATUS_OK;
}

static enum status keep_other(uint16_t type, const struct reader *data, struct properties *out,
                              struct error *err)
{
    if (out->other_count == PROPERTIES_OTHERS_MAX)
        return error_at(err, STATUS_LIMIT, reader_offset(data),
                        "properties: more than %d of unknown types", PROPERTIES_OTHERS_MAX);
    out->others[out->other_count++] =
        (struct properties_other){.type = type, .data = reader_rest(data)};
    return STATUS_OK;
}

static enum status parse_value(uint16_t type, struct reader *data,
                               enum properties_encoding encoding, struct properties *out,
                               struct error *err)
{
    switch (type) {
    case PROPERTIES_TRUST_ANCHOR_ID:
        return parse_id(data, out, err);
    case PROPERTIES_TRUST_ANCHOR_GROUPS:
        return parse_groups(data, encoding, out, err);
    case PROPERTIES_TRUST_ANCHOR_NEGOTIATION:
        return parse_negotiation(data, out, err);
    case PROPERTIES_SCT_LIST:
        out->has_sct_list = true;
        out->sct_list = reader_rest(data);
        return STATUS_OK;
    default:
        return keep_other(type, data, out, err);
    }
}

static enum status parse_list(struct reader *list, enum properties_encoding encoding,
                              struct properties *out, struct error *err)
{
    uint32_t lowest = 0; /* the lowest type that may follow */
    while (!reader_is_at_end(list)) {
        uint16_t type;
        struct reader data;
        size_t offset = reader_offset(list);
        if (!reader_u16(list, &type) || !reader_vector_u16(list, &data))
            return cut_short(list, "property", err);
        if (type < lowest)
            return error_at(err, STATUS_MALFORMED, offset,
                            "properties: types are not strictly ascending");
        lowest = (uint32_t)type + 1;
        enum status status = parse_value(type, &data, encoding, out, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status properties_parse(struct bytes input, enum properties_encoding encoding,
                             struct properties *out, struct error *err)
{
    *out = (struct properties){.group_count = 0};
    struct reader r, list;
    reader_init(&r, input);
    if (!reader_vector_u16(&r, &list))
        return cut_short(&r, "list", err);
    if (!reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "properties: bytes after the list");
    return parse_list(&list, encoding, out, err);
}

/* ---- writing ---- */

static void write_property(uint16_t type, struct bytes data, struct builder *out)
{
    builder_u16(out, type);
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, data);
    builder_close_vector(out, mark, 2);
}

static void write_pattern(const struct tai_pattern *group, struct builder *out)
{
    size_t mark = builder_open_vector(out, 1);
    builder_bytes(out, tai_pattern_bytes(group));
    builder_close_vector(out, mark, 1);
}

/* All ranges but the last must be single values: they are the base. */
static enum status write_range(const struct tai_pattern *group, struct builder *out,
                               struct error *err)
{
    struct reader r;
    reader_init(&r, tai_pattern_bytes(group));
    struct tai_range range = {.min = 0};
    bool is_range = group->len > 0;
    size_t mark = builder_open_vector(out, 1);
    while (tai_pattern_read_range(&r, &range) && !reader_is_at_end(&r)) {
        is_range = is_range && range.min == range.max;
        builder_base128(out, range.min);
    }
    is_range = is_range && out->len > mark + 1;
    builder_close_vector(out, mark, 1);
    builder_u64(out, range.min);
    builder_u64(out, range.max);
    if (!is_range)
        return error_set(err, STATUS_USAGE,
                         "properties: a trust anchor group that TAI -04 cannot express");
    return STATUS_OK;
}

static enum status write_groups(const struct properties *p, enum properties_encoding encoding,
                                struct builder *out, struct error *err)
{
    enum status status = STATUS_OK;
    builder_u16(out, PROPERTIES_TRUST_ANCHOR_GROUPS);
    size_t value = builder_open_vector(out, 2);
    size_t list = builder_open_vector(out, 2);
    for (size_t i = 0; status == STATUS_OK && i < p->group_count; i++) {
        if (encoding == PROPERTIES_WITH_PATTERNS)
            write_pattern(&p->groups[i], out);
        else
            status = write_range(&p->groups[i], out, err);
    }
    builder_close_vector(out, list, 2);
    builder_close_vector(out, value, 2);
    return status;
}

/* Whether the other types ascend strictly and none is one of ours. */
static bool are_others_in_order(const struct properties *p)
{
    uint32_t lowest = PROPERTIES_TRUST_ANCHOR_NEGOTIATION + 1;
    for (size_t i = 0; i < p->other_count; i++) {
        if (p->others[i].type < lowest || p->others[i].type == PROPERTIES_SCT_LIST)
            return false;
        lowest = (uint32_t)p->others[i].type + 1;
    }
    return true;
}

/* The SCT list has its place among the other types. */
static void write_others(const struct properties *p, struct builder *out)
{
    bool is_due = p->has_sct_list;
    for (size_t i = 0; i < p->other_count; i++) {
        if (is_due && p->others[i].type > PROPERTIES_SCT_LIST) {
            write_property(PROPERTIES_SCT_LIST, p->sct_list, out);
            is_due = false;
        }
        write_property(p->others[i].type, p->others[i].data, out);
    }
    if (is_due)
        write_property(PROPERTIES_SCT_LIST, p->sct_list, out);
}

enum status properties_write(const struct properties *p, enum properties_encoding encoding,
                             struct builder *out, struct error *err)
{
    if (p->group_count > PROPERTIES_GROUPS_MAX || p->other_count > PROPERTIES_OTHERS_MAX ||
        !are_others_in_order(p))
        return error_set(err, STATUS_USAGE,
                         "properties: unknown types are out of order, known or too many");
    enum status status = STATUS_OK;
    size_t list = builder_open_vector(out, 2);
    if (p->trust_anchor_id.len > 0)
        write_property(PROPERTIES_TRUST_ANCHOR_ID, tai_bytes(&p->trust_anchor_id), out);
    if (p->group_count > 0)
        status = write_groups(p, encoding, out, err);
    if (p->has_negotiation)
        write_property(PROPERTIES_TRUST_ANCHOR_NEGOTIATION, bytes_of(NULL, 0), out);
    write_others(p, out);
    builder_close_vector(out, list, 2);
    return status == STATUS_OK ? builder_status(out, "properties", err) : status;
}

/* ---- the properties of our own certificates ---- */

/* The only group of p: CA.2.{log}.{landmark-}. */
static enum status set_group(struct properties *p, const struct tai *ca, struct tai_range log,
                             uint64_t first_landmark, struct error *err)
{
    static const struct tai_range groups_arc = {.min = 2, .max = 2, .has_max = true};
    struct tai_range landmarks = {.min = first_landmark, .max = UINT64_MAX, .has_max = false};
    struct tai_pattern *group = &p->groups[0];
    *group = (struct tai_pattern){.len = 0};
    p->group_count = 1;
    enum status status = tai_pattern_append_id(group, ca, err);
    if (status == STATUS_OK)
        status = tai_pattern_append(group, groups_arc, err);
    if (status == STATUS_OK)
        status = tai_pattern_append(group, log, err);
    return status == STATUS_OK ? tai_pattern_append(group, landmarks, err) : status;
}

enum status properties_standalone(const struct tai *ca, struct properties *out, struct error *err)
{
    static const struct tai_range any_log = {.min = 0, .max = UINT64_MAX, .has_max = false};
    *out = (struct properties){.trust_anchor_id = *ca};
    return set_group(out, ca, any_log, 0, err);
}

enum status properties_landmark(const struct tai *ca, uint16_t log_number, uint64_t landmark,
                                struct properties *out, struct error *err)
{
    struct tai_range log = {.min = log_number, .max = log_number, .has_max = true};
    *out = (struct properties){.has_negotiation = true};
    enum status status = tai_landmark_id(ca, log_number, landmark, &out->trust_anchor_id, err);
    return status == STATUS_OK ? set_group(out, ca, log, landmark, err) : status;
}
