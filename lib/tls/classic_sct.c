#include "tls/classic_sct.h"

#include <string.h>

#include "base/reader.h"

#define SCT_V1 0
#define SIGNATURE_TYPE_TIMESTAMP 0
#define ENTRY_TYPE_PRECERT 1
/* [C2SP static-ct-api]: type leaf_index(0), 5 bytes of index. */
#define EXTENSION_LEAF_INDEX 0

/* Far above a TBSCertificate with an ML-DSA-44 key. */
#define SIGNED_MESSAGE_MAX 16384
/* A P-256 or SM2 signature in DER has at most 72 bytes. */
#define SCT_SIGNATURE_MAX 80

static enum status hash_of(const struct hash_alg *alg, struct bytes message, uint8_t out[HASH_SIZE],
                           struct error *err)
{
    struct hasher h;
    enum status s = hasher_init(&h, alg, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(&h, message, out);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    return s;
}

enum status classic_log_init(struct classic_log *log, const struct algorithms *algorithms, bool is_gm,
                             struct error *err)
{
    const char *name = is_gm ? "sm2_sm3" : "ecdsa_p256_sha256";
    *log = (struct classic_log){
        .hash = is_gm ? &hash_sm3 : &hash_sha256,
        .signature_algorithm = {is_gm ? 0x07 : 0x04, is_gm ? 0x08 : 0x03},
    };
    enum status s = private_key_generate(algorithms_by_name(algorithms, bytes_of_text(name)),
                                         &log->key, err);
    if (s != STATUS_OK)
        return s;
    return hash_of(log->hash, public_key_spki(private_key_public(log->key)), log->id, err);
}

void classic_log_clear(struct classic_log *log)
{
    private_key_free(log->key);
    *log = (struct classic_log){.key = NULL};
}

/* The digitally-signed struct of a precertificate; extensions are those of the SCT. */
static enum status write_message(const struct classic_log *log, const struct classic_precert *precert,
                                 uint64_t timestamp_ms, struct bytes extensions, struct builder *out,
                                 struct error *err)
{
    uint8_t issuer_key_hash[HASH_SIZE];
    enum status s = hash_of(log->hash, precert->issuer_spki, issuer_key_hash, err);
    if (s != STATUS_OK)
        return s;
    builder_u8(out, SCT_V1);
    builder_u8(out, SIGNATURE_TYPE_TIMESTAMP);
    builder_u64(out, timestamp_ms);
    builder_u16(out, ENTRY_TYPE_PRECERT);
    builder_bytes(out, BYTES_OF(issuer_key_hash));
    size_t tbs = builder_open_vector(out, 3);
    builder_bytes(out, precert->tbs);
    builder_close_vector(out, tbs, 3);
    size_t list = builder_open_vector(out, 2);
    builder_bytes(out, extensions);
    builder_close_vector(out, list, 2);
    return builder_status(out, "signed message of an SCT", err);
}

static enum status sign(const struct classic_log *log, const struct classic_precert *precert,
                        uint64_t timestamp_ms, struct bytes extensions, struct builder *signature,
                        struct error *err)
{
    struct builder message;
    builder_init(&message, SIGNED_MESSAGE_MAX);
    enum status s = write_message(log, precert, timestamp_ms, extensions, &message, err);
    if (s == STATUS_OK)
        s = private_key_sign(log->key, builder_view(&message), signature, err);
    builder_clear(&message);
    return s;
}

static enum status write_sct(const struct classic_log *log, const struct classic_precert *precert,
                             uint64_t timestamp_ms, struct builder *out, struct error *err)
{
    /* The low five bytes of the LogID stand in for an index: as good as any for size and time. */
    uint8_t extensions[8] = {EXTENSION_LEAF_INDEX, 0, 5};
    uint8_t memory[SCT_SIGNATURE_MAX];
    memcpy(extensions + 3, log->id + HASH_SIZE - 5, 5);
    struct builder signature;
    builder_init_fixed(&signature, memory, sizeof memory);
    enum status s = sign(log, precert, timestamp_ms, BYTES_OF(extensions), &signature, err);
    if (s != STATUS_OK)
        return s;
    size_t sct = builder_open_vector(out, 2);
    builder_u8(out, SCT_V1);
    builder_bytes(out, BYTES_OF(log->id));
    builder_u64(out, timestamp_ms);
    size_t list = builder_open_vector(out, 2);
    builder_bytes(out, BYTES_OF(extensions));
    builder_close_vector(out, list, 2);
    builder_bytes(out, BYTES_OF(log->signature_algorithm));
    size_t value = builder_open_vector(out, 2);
    builder_bytes(out, builder_view(&signature));
    builder_close_vector(out, value, 2);
    builder_close_vector(out, sct, 2);
    return STATUS_OK;
}

enum status classic_sct_write_list(const struct classic_log *logs, size_t log_count,
                                   const struct classic_precert *precert, uint64_t timestamp_ms,
                                   struct builder *out, struct error *err)
{
    size_t list = builder_open_vector(out, 2);
    for (size_t i = 0; i < log_count; i++) {
        enum status s = write_sct(&logs[i], precert, timestamp_ms, out, err);
        if (s != STATUS_OK)
            return s;
    }
    builder_close_vector(out, list, 2);
    return builder_status(out, "SCT list", err);
}

struct sct {
    struct bytes log_id;
    uint64_t timestamp_ms;
    struct bytes extensions;
    struct bytes signature_algorithm;
    struct bytes signature;
};

static bool read_sct(struct reader *r, struct sct *out)
{
    struct reader sct, extensions, signature;
    uint8_t version;
    if (!reader_vector_u16(r, &sct) || !reader_u8(&sct, &version) || version != SCT_V1 ||
        !reader_bytes(&sct, HASH_SIZE, &out->log_id) || !reader_u64(&sct, &out->timestamp_ms) ||
        !reader_vector_u16(&sct, &extensions) ||
        !reader_bytes(&sct, 2, &out->signature_algorithm) ||
        !reader_vector_u16(&sct, &signature) || !reader_is_at_end(&sct))
        return false;
    out->extensions = reader_rest(&extensions);
    out->signature = reader_rest(&signature);
    return true;
}

static enum status verify_sct(const struct classic_log *log, const struct classic_precert *precert,
                              const struct sct *sct, uint64_t at_ms, struct error *err)
{
    if (!bytes_equal(sct->signature_algorithm, BYTES_OF(log->signature_algorithm)))
        return error_set(err, STATUS_REFUSED, "SCT: not the log's signature algorithm");
    if (sct->timestamp_ms > at_ms)
        return error_set(err, STATUS_REFUSED, "SCT: its time is in the future");
    struct builder message;
    builder_init(&message, SIGNED_MESSAGE_MAX);
    enum status s = write_message(log, precert, sct->timestamp_ms, sct->extensions, &message, err);
    if (s == STATUS_OK)
        s = public_key_verify(private_key_public(log->key), builder_view(&message), sct->signature,
                              err);
    builder_clear(&message);
    return error_prefix(err, s, "SCT");
}

enum status classic_sct_verify_list(const struct classic_log *logs, size_t log_count,
                                    const struct classic_precert *precert, struct bytes list,
                                    uint64_t at_ms, struct error *err)
{
    struct reader outer, scts;
    reader_init(&outer, list);
    if (!reader_vector_u16(&outer, &scts) || !reader_is_at_end(&outer))
        return error_set(err, STATUS_MALFORMED, "SCT list: bad length");
    for (size_t i = 0; i < log_count; i++) {
        struct sct sct;
        if (!read_sct(&scts, &sct))
            return error_at(err, STATUS_MALFORMED, reader_offset(&scts), "SCT list: bad or missing SCT");
        /* In the order of the logs, since they are ours: each counts once. */
        if (!bytes_equal(sct.log_id, BYTES_OF(logs[i].id)))
            return error_set(err, STATUS_REFUSED, "SCT %zu is not of log %zu", i, i);
        enum status s = verify_sct(&logs[i], precert, &sct, at_ms, err);
        if (s != STATUS_OK)
            return s;
    }
    if (!reader_is_at_end(&scts))
        return error_set(err, STATUS_REFUSED, "SCT list: more SCTs than logs");
    return STATUS_OK;
}
