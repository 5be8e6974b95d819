#include "codec/tai/trust_anchor_list.h"

/* A RELATIVE-OID of any length: components of base 128, none with a leading zero digit, none cut short. */
static bool is_well_formed(struct bytes id)
{
    struct reader r;
    reader_init(&r, id);
    bool is_component_start = true;
    uint8_t byte;
    while (reader_u8(&r, &byte)) {
        if (is_component_start && byte == 0x80)
            return false;
        is_component_start = (byte & 0x80) == 0;
    }
    return id.len > 0 && is_component_start;
}

static void keep(struct trust_anchor_list *list, const struct tai *id)
{
    if (list->count == TRUST_ANCHOR_LIST_MAX)
        list->left_out_count++;
    else
        list->ids[list->count++] = *id;
}

static enum status read_ids(struct reader *r, struct trust_anchor_list *out, struct error *err)
{
    while (!reader_is_at_end(r)) {
        size_t offset = reader_offset(r);
        struct reader item;
        struct tai id;
        if (!reader_vector_u8(r, &item))
            return error_at(err, STATUS_MALFORMED, offset, "trust_anchors: an ID is cut short");
        if (!is_well_formed(reader_rest(&item)))
            return error_at(err, STATUS_MALFORMED, offset,
                            "trust_anchors: an ID is empty, has a component that is cut short or one "
                            "not in its shortest form");
        if (tai_parse_binary(reader_rest(&item), &id, NULL) == STATUS_OK)
            keep(out, &id);
        else
            out->unusable_count++;
    }
    return STATUS_OK;
}

enum status trust_anchor_list_parse(struct bytes extension, enum trust_anchor_place place,
                                    struct trust_anchor_list *out, struct error *err)
{
    struct reader r, ids;
    trust_anchor_list_clear(out);
    reader_init(&r, extension);
    if (!reader_vector_u16(&r, &ids) || !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "trust_anchors: the list's length is not that of the extension");
    if (place == TRUST_ANCHOR_AVAILABLE && reader_is_at_end(&ids))
        return error_set(err, STATUS_MALFORMED,
                         "trust_anchors: an empty list in EncryptedExtensions");
    return read_ids(&ids, out, err);
}

enum status trust_anchor_list_write(const struct tai *ids, size_t count,
                                    enum trust_anchor_place place, struct builder *out,
                                    struct error *err)
{
    if (place == TRUST_ANCHOR_AVAILABLE && count == 0)
        return error_set(err, STATUS_USAGE, "trust_anchors: nothing to offer in EncryptedExtensions");
    size_t list = builder_open_vector(out, 2);
    for (size_t i = 0; i < count; i++) {
        if (ids[i].len == 0)
            return error_set(err, STATUS_USAGE, "trust_anchors: ID %zu is empty", i);
        builder_u8(out, ids[i].len);
        builder_bytes(out, tai_bytes(&ids[i]));
    }
    builder_close_vector(out, list, 2);
    return builder_status(out, "trust_anchors", err);
}

enum status trust_anchor_list_check_certificate(struct bytes extension, struct error *err)
{
    if (extension.len != 0)
        return error_set(err, STATUS_MALFORMED, "trust_anchors in Certificate is not empty");
    return STATUS_OK;
}

void trust_anchor_list_clear(struct trust_anchor_list *list)
{
    list->count = 0;
    list->unusable_count = 0;
    list->left_out_count = 0;
}

enum status trust_anchor_list_add(struct trust_anchor_list *list, const struct tai *id,
                                  struct error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (tai_equal(&list->ids[i], id))
            return STATUS_OK;
    if (list->count == TRUST_ANCHOR_LIST_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d trust anchor IDs", TRUST_ANCHOR_LIST_MAX);
    list->ids[list->count++] = *id;
    return STATUS_OK;
}
