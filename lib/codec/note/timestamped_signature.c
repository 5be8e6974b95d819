#include "codec/note/timestamped_signature.h"

#include "base/reader.h"

enum status timestamped_signature_parse(struct bytes payload, struct timestamped_signature *out,
                                        struct error *err)
{
    struct reader r;
    reader_init(&r, payload);
    if (!reader_u64(&r, &out->timestamp_s))
        return error_at(err, STATUS_MALFORMED, 0, "cosignature: no timestamp of 8 bytes");
    if (out->timestamp_s > TIMESTAMPED_SIGNATURE_TIME_MAX)
        return error_at(err, STATUS_MALFORMED, 0, "cosignature: timestamp above 2^63-1");
    if (reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "cosignature: no signature");
    out->signature = reader_rest(&r);
    return STATUS_OK;
}

static enum status check_timestamp(uint64_t timestamp_s, struct error *err)
{
    if (timestamp_s > TIMESTAMPED_SIGNATURE_TIME_MAX)
        return error_set(err, STATUS_USAGE, "cosignature: timestamp above 2^63-1");
    return STATUS_OK;
}

enum status timestamped_signature_write(const struct timestamped_signature *cosignature,
                                        struct builder *out, struct error *err)
{
    enum status status = check_timestamp(cosignature->timestamp_s, err);
    if (status != STATUS_OK)
        return status;
    if (cosignature->signature.len == 0)
        return error_set(err, STATUS_USAGE, "cosignature: no signature");
    builder_u64(out, cosignature->timestamp_s);
    builder_bytes(out, cosignature->signature);
    return builder_status(out, "cosignature", err);
}

enum status timestamped_signature_write_ed25519_message(uint64_t timestamp_s,
                                                        struct bytes note_text, struct builder *out,
                                                        struct error *err)
{
    enum status status = check_timestamp(timestamp_s, err);
    if (status != STATUS_OK)
        return status;
    builder_printf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)timestamp_s);
    builder_bytes(out, note_text);
    return builder_status(out, "cosignature message", err);
}
