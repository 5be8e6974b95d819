#include "codec/trust_bundle/trust_fields.h"

#include "base/text.h"
#include "codec/mtc/ca_certificate.h"

/* Seconds since the Epoch that fit a signed number. */
#define TIME_MAX ((uint64_t)INT64_MAX)

enum status trust_fields_malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "trust bundle: %s", what);
}

enum status trust_fields_append(struct array *a, const void *item, const char *what, struct error *err)
{
    return array_insert(a, a->count, item, what, err);
}

bool trust_fields_time(struct reader *r, int64_t *value)
{
    uint64_t v;
    if (!reader_u64(r, &v) || v > TIME_MAX)
        return false;
    *value = (int64_t)v;
    return true;
}

bool trust_fields_text(struct reader *r, bool may_be_empty, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u8(r, &child))
        return false;
    *value = reader_rest(&child);
    return (may_be_empty || value->len > 0) && text_is_printable_utf8(*value);
}

/* URLs: ASCII without blanks. */
bool trust_fields_url(struct reader *r, bool may_be_empty, struct bytes *value)
{
    if (!trust_fields_text(r, may_be_empty, value))
        return false;
    for (size_t i = 0; i < value->len; i++)
        if (value->data[i] <= ' ' || value->data[i] > '~')
            return false;
    return true;
}

bool trust_fields_id(struct reader *r, struct tai *id)
{
    struct reader child;
    return reader_vector_u8(r, &child) && tai_parse_binary(reader_rest(&child), id, NULL) == STATUS_OK;
}

/* An AlgorithmIdentifier: whether it is one is seen when its key is used. */
bool trust_fields_algorithm(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u8(r, &child))
        return false;
    *value = reader_rest(&child);
    return value->len > 0;
}

bool trust_fields_spki(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u16(r, &child))
        return false;
    *value = reader_rest(&child);
    return value->len > 0 && value->len <= TRUST_BUNDLE_SPKI_MAX;
}

bool trust_fields_certificate(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u24(r, &child))
        return false;
    *value = reader_rest(&child);
    return value->len > 0 && value->len <= CERTIFICATE_SIZE_MAX;
}

bool trust_fields_purposes(struct reader *r, struct trust_bundle_purposes *out)
{
    struct reader child;
    out->count = 0;
    if (!reader_vector_u8(r, &child) || reader_is_at_end(&child))
        return false;
    while (!reader_is_at_end(&child)) {
        uint16_t purpose;
        if (out->count == TRUST_BUNDLE_PURPOSES_MAX || !reader_u16(&child, &purpose) || purpose == 0 ||
            (out->count > 0 && purpose <= out->at[out->count - 1]))
            return false;
        out->at[out->count++] = purpose;
    }
    return true;
}

bool trust_fields_level(struct reader *r, uint8_t *level)
{
    return reader_u8(r, level) && *level >= TRUST_BUNDLE_LEVEL_MIN && *level <= TRUST_BUNDLE_LEVEL_MAX;
}
