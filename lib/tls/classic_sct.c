#include "tls/classic_sct.h"

#include "base/reader.h"
#include "codec/ct/sct_list.h"

#define SIGNATURE_TYPE_TIMESTAMP 0
#define ENTRY_TYPE_PRECERT 1

/* Far above a TBSCertificate with an ML-DSA-44 key. */
#define SIGNED_MESSAGE_MAX 16384
/* A P-256 or SM2 signature in DER has at most 72 bytes. */
#define SCT_SIGNATURE_MAX 80
/* leaf_index alone. */
#define SCT_EXTENSIONS_SIZE 8

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

static uint16_t algorithm_of(const struct classic_log *log)
{
    return (uint16_t)(log->signature_algorithm[0] << 8 | log->signature_algorithm[1]);
}

/* The low five bytes of the LogID stand in for an index: as good as any for size and time. */
static enum status write_extensions(const struct classic_log *log, struct builder *out,
                                    struct error *err)
{
    struct reader r;
    uint64_t last = 0;
    reader_init(&r, BYTES_OF(log->id));
    if (!reader_skip(&r, HASH_SIZE - sizeof last) || !reader_u64(&r, &last))
        return STATUS_USAGE;
    return sct_write_leaf_index(last & SCT_LEAF_INDEX_MAX, out, err);
}

static enum status write_sct(const struct classic_log *log, const struct classic_precert *precert,
                             uint64_t timestamp_ms, struct builder *out, struct error *err)
{
    uint8_t extensions_memory[SCT_EXTENSIONS_SIZE], signature_memory[SCT_SIGNATURE_MAX];
    struct builder extensions, signature;
    builder_init_fixed(&extensions, extensions_memory, sizeof extensions_memory);
    builder_init_fixed(&signature, signature_memory, sizeof signature_memory);
    enum status s = write_extensions(log, &extensions, err);
    if (s == STATUS_OK)
        s = sign(log, precert, timestamp_ms, builder_view(&extensions), &signature, err);
    if (s != STATUS_OK)
        return s;
    return sct_write(&(struct sct){.version = SCT_V1,
                                   .log_id = BYTES_OF(log->id),
                                   .timestamp_ms = timestamp_ms,
                                   .extensions = builder_view(&extensions),
                                   .algorithm = algorithm_of(log),
                                   .signature = builder_view(&signature)},
                     out, err);
}

enum status classic_sct_write_list(const struct classic_log *logs, size_t log_count,
                                   const struct classic_precert *precert, uint64_t timestamp_ms,
                                   struct builder *out, struct error *err)
{
    size_t list = builder_open_vector(out, 2);
    for (size_t i = 0; i < log_count; i++) {
        size_t item = builder_open_vector(out, 2);
        enum status s = write_sct(&logs[i], precert, timestamp_ms, out, err);
        if (s != STATUS_OK)
            return s;
        builder_close_vector(out, item, 2);
    }
    builder_close_vector(out, list, 2);
    return builder_status(out, "SCT list", err);
}

static enum status verify_sct(const struct classic_log *log, const struct classic_precert *precert,
                              const struct sct *sct, uint64_t at_ms, struct error *err)
{
    if (sct->version != SCT_V1 || sct->algorithm != algorithm_of(log))
        return error_set(err, STATUS_REFUSED, "SCT: not of version 1, or not the log's signature algorithm");
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
    struct sct_list scts;
    enum status s = sct_list_parse(list, &scts, err);
    if (s != STATUS_OK)
        return s;
    if (scts.count != log_count)
        return error_set(err, STATUS_REFUSED, "SCT list: %zu SCTs of %zu logs", scts.count, log_count);
    for (size_t i = 0; i < log_count; i++) {
        /* In the order of the logs, since they are ours: each counts once. */
        if (!bytes_equal(scts.scts[i].log_id, BYTES_OF(logs[i].id)))
            return error_set(err, STATUS_REFUSED, "SCT %zu is not of log %zu", i, i);
        s = verify_sct(&logs[i], precert, &scts.scts[i], at_ms, err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}
