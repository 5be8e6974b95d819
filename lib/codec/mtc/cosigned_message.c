#include "codec/mtc/cosigned_message.h"

static const uint8_t label[12] = "subtree/v1\n"; /* with its NUL */

static enum status write_name(struct bytes name, struct builder *out, struct error *err)
{
    if (name.len == 0 || name.len > 255)
        return error_set(err, STATUS_MALFORMED, "CosignedMessage: a name of %zu bytes, not 1..255",
                         name.len);
    builder_u8(out, (uint8_t)name.len);
    builder_bytes(out, name);
    return STATUS_OK;
}

enum status cosigned_message_write(const struct cosigned_message *m, struct builder *out,
                                   struct error *err)
{
    if (m->timestamp != 0 && m->subtree.start != 0)
        return error_set(err, STATUS_MALFORMED,
                         "CosignedMessage: a timestamp goes only with a subtree that starts at 0");
    if (m->timestamp > COSIGNED_MESSAGE_TIMESTAMP_MAX)
        return error_set(err, STATUS_MALFORMED, "CosignedMessage: a timestamp above 2^63-1");
    if (!subtree_is_valid(m->subtree))
        return error_set(err, STATUS_MALFORMED, "CosignedMessage: [%llu, %llu) is not a valid subtree",
                         (unsigned long long)m->subtree.start, (unsigned long long)m->subtree.end);
    builder_bytes(out, BYTES_OF(label));
    enum status s = write_name(m->cosigner_name, out, err);
    if (s != STATUS_OK)
        return s;
    builder_u64(out, m->timestamp);
    s = write_name(m->log_origin, out, err);
    if (s != STATUS_OK)
        return s;
    builder_u64(out, m->subtree.start);
    builder_u64(out, m->subtree.end);
    builder_bytes(out, BYTES_OF(m->hash));
    return builder_status(out, "CosignedMessage", err);
}
