#include "tls/classic_sct.h"

#include "base/reader.h"
#include "codec/ct/sct_input.h"

/* A P-256 or SM2 signature in DER has at most 72 bytes. */
#define SCT_SIGNATURE_MAX 80
/* leaf_index alone. */
#define SCT_EXTENSIONS_SIZE 8

enum status classic_log_init(struct classic_log *log, const struct algorithms *algorithms, bool is_gm,
                             struct error *err)
{
    *log = (struct classic_log){.row = {.suite = is_gm ? &ct_suite_gm : &ct_suite_intl}};
    enum status s = private_key_generate(algorithms_by_name(algorithms, bytes_of_text(log->row.suite->algorithm)),
                                         &log->key, err);
    if (s != STATUS_OK)
        return s;
    return log_list_set_key(&log->row, public_key_spki(private_key_public(log->key)), err);
}

void classic_log_clear(struct classic_log *log)
{
    private_key_free(log->key);
    *log = (struct classic_log){.key = NULL};
}

/* Signs sct, whose time and extensions are set, over what subject is. */
static enum status sign(const struct classic_log *log, const struct sct_check_subject *subject, const struct sct *sct,
                        struct builder *signature, struct error *err)
{
    struct builder message;
    struct leaf leaf;
    uint8_t key_hash[HASH_SIZE];
    enum status s = sct_check_leaf(subject, log->row.suite, key_hash, &leaf, err);
    if (s != STATUS_OK)
        return s;
    leaf = sct_input_leaf(sct, &leaf);
    builder_init(&message, LEAF_TILE_ENTRY_MAX);
    s = sct_input_write(&leaf, &message, err);
    if (s == STATUS_OK)
        s = private_key_sign(log->key, builder_view(&message), signature, err);
    builder_clear(&message);
    return s;
}

/* The low five bytes of the LogID stand in for an index: as good as any for size and time. */
static enum status write_extensions(const struct classic_log *log, struct builder *out,
                                    struct error *err)
{
    struct reader r;
    uint64_t last = 0;
    reader_init(&r, BYTES_OF(log->row.log_id));
    if (!reader_skip(&r, HASH_SIZE - sizeof last) || !reader_u64(&r, &last))
        return STATUS_USAGE;
    return sct_write_leaf_index(last & SCT_LEAF_INDEX_MAX, out, err);
}

static enum status write_sct(const struct classic_log *log, const struct sct_check_subject *subject,
                             uint64_t timestamp_ms, struct builder *out, struct error *err)
{
    uint8_t extensions_memory[SCT_EXTENSIONS_SIZE], signature_memory[SCT_SIGNATURE_MAX];
    struct builder extensions, signature;
    struct sct sct = {.version = SCT_V1, .log_id = BYTES_OF(log->row.log_id), .timestamp_ms = timestamp_ms,
                      .algorithm = log->row.suite->signature};
    builder_init_fixed(&extensions, extensions_memory, sizeof extensions_memory);
    builder_init_fixed(&signature, signature_memory, sizeof signature_memory);
    enum status s = write_extensions(log, &extensions, err);
    sct.extensions = builder_view(&extensions);
    if (s == STATUS_OK)
        s = sign(log, subject, &sct, &signature, err);
    if (s != STATUS_OK)
        return s;
    sct.signature = builder_view(&signature);
    return sct_write(&sct, out, err);
}

enum status classic_sct_write_list(const struct classic_log *logs, size_t log_count,
                                   const struct sct_check_subject *subject, uint64_t timestamp_ms,
                                   struct builder *out, struct error *err)
{
    size_t list = builder_open_vector(out, 2);
    for (size_t i = 0; i < log_count; i++) {
        size_t item = builder_open_vector(out, 2);
        enum status s = write_sct(&logs[i], subject, timestamp_ms, out, err);
        if (s != STATUS_OK)
            return s;
        builder_close_vector(out, item, 2);
    }
    builder_close_vector(out, list, 2);
    return builder_status(out, "SCT list", err);
}

enum status classic_sct_verify_list(const struct classic_log *logs, size_t log_count,
                                    const struct sct_check_subject *subject, struct bytes list,
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
        if (!bytes_equal(scts.scts[i].log_id, BYTES_OF(logs[i].row.log_id)))
            return error_set(err, STATUS_REFUSED, "SCT %zu is not of log %zu", i, i);
        s = sct_check(&(struct sct_check){.subject = subject, .log = &logs[i].row, .key = private_key_public(logs[i].key),
                                          .at_s = (int64_t)(at_ms / 1000)},
                      &scts.scts[i], err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}
