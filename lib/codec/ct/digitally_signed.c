#include "codec/ct/digitally_signed.h"

#include "codec/ct/ct_suite.h"

enum status digitally_signed_parse(struct bytes input, struct digitally_signed *out, struct error *err)
{
    struct reader r, signature;
    reader_init(&r, input);
    if (!reader_u16(&r, &out->algorithm) || !reader_vector_u16(&r, &signature) || reader_is_at_end(&signature) ||
        !reader_is_at_end(&r))
        return error_at(err, STATUS_MALFORMED, reader_offset(&r),
                        "DigitallySigned: cut short, empty, or bytes behind it");
    out->signature = reader_rest(&signature);
    return STATUS_OK;
}

void digitally_signed_write(const struct digitally_signed *value, struct builder *out)
{
    builder_u16(out, value->algorithm);
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, value->signature);
    builder_close_vector(out, mark, 2);
}

uint16_t digitally_signed_algorithm(const struct signature_alg *alg)
{
    const struct ct_suite *suite = ct_suite_by_algorithm(alg);
    return suite != NULL ? suite->signature : 0;
}

enum status digitally_signed_verify(const struct public_key *key, struct bytes message,
                                    const struct digitally_signed *value, struct error *err)
{
    uint16_t wanted = digitally_signed_algorithm(public_key_alg(key));
    if (wanted == 0)
        return error_set(err, STATUS_REFUSED, "no CT log has a key of %s", public_key_alg(key)->name);
    if (value->algorithm != wanted)
        return error_set(err, STATUS_REFUSED, "its signature algorithm is %02x %02x, the log's is %02x %02x",
                         value->algorithm >> 8, value->algorithm & 0xff, wanted >> 8, wanted & 0xff);
    return public_key_verify(key, message, value->signature, err);
}
