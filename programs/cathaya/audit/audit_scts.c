#include "audit/audit_scts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "ct_json/ct_json.h"
#include "input.h"
#include "rules/precert.h"
#include "rules/sct_check.h"

/* No list of certificates for one audit is longer. */
#define SCTS_MAX LOG_FOLLOWER_CHECKS_MAX
#define SKEW_S (LOG_FOLLOWER_SKEW_MS / 1000)

struct loading {
    const struct audit_logs *logs;
    const struct algorithms *algorithms;
    int64_t now_s;
    struct array *out;
    const char *name;
};

/* The leaf that the SCT promises, with its log's hash of the issuer's key. */
static enum status fill_leaf(const struct sct_check_subject *subject, const struct audit_log *log, const struct sct *sct,
                             struct audit_sct *item, struct error *err)
{
    uint8_t key_hash[HASH_SIZE];
    struct leaf entry;
    enum status s = sct_check_leaf(subject, log->suite, key_hash, &entry, err);
    if (s == STATUS_OK) {
        struct leaf leaf = sct_input_leaf(sct, &entry);
        s = leaf_write_merkle(&leaf, &item->leaf, err);
    }
    return s == STATUS_OK ? sct_check_leaf_hash(subject, log->suite, sct, item->leaf_hash, err) : s;
}

static void judge(const struct loading *l, const struct sct_check_subject *subject, const struct sct *sct, struct audit_sct *item)
{
    struct error err = {.text = ""};
    if (item->log == l->logs->count) {
        (void)snprintf(item->reason, sizeof item->reason, "of a log that is not followed");
        item->verified = STATUS_NOT_FOUND;
        return;
    }
    const struct audit_log *log = l->logs->items[item->log];
    struct sct_check check = {.subject = subject, .log = &log->row, .algorithms = l->algorithms, .key = log->key, .at_s = l->now_s,
                              .skew_s = SKEW_S};
    item->verified = sct_check(&check, sct, &err);
    if (item->verified == STATUS_OK)
        item->verified = fill_leaf(subject, log, sct, item, &err);
    (void)snprintf(item->reason, sizeof item->reason, "%s", err.text);
    item->has_index = sct_leaf_index(sct, &item->index, &err) == STATUS_OK;
}

static enum status add_sct(const struct loading *l, const struct sct_check_subject *subject, const struct sct *sct, struct error *err)
{
    struct audit_sct *item = calloc(1, sizeof *item);
    if (item == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    builder_init(&item->sct, SCT_LIST_SIZE_MAX);
    builder_init(&item->leaf, LEAF_TILE_ENTRY_MAX);
    enum status s = array_insert(l->out, l->out->count, &item, "SCTs", err);
    if (s != STATUS_OK) {
        free(item);
        return s;
    }
    (void)snprintf(item->name, sizeof item->name, "%s", l->name);
    builder_bytes(&item->sct, sct->serialized);
    if (sct->version != SCT_V1) {
        (void)snprintf(item->reason, sizeof item->reason, "of version %u", sct->version + 1U);
        item->verified = STATUS_REFUSED;
        item->log = l->logs->count;
        return STATUS_OK;
    }
    memcpy(item->log_id, sct->log_id.data, HASH_SIZE);
    item->log = audit_logs_find(l->logs, sct->log_id);
    item->timestamp_ms = sct->timestamp_ms;
    judge(l, subject, sct, item);
    return STATUS_OK;
}

static enum status add_list(const struct loading *l, const struct sct_check_subject *subject, struct bytes list, size_t *count,
                            struct error *err)
{
    struct sct_list parsed; /* 4 KiB */
    enum status s = sct_list_parse(list, &parsed, err);
    for (size_t i = 0; s == STATUS_OK && i < parsed.count; i++)
        s = add_sct(l, subject, &parsed.scts[i], err);
    *count += s == STATUS_OK ? parsed.count : 0;
    return s;
}

/* ---- files of SCTs ---- */

/* A SignedCertificateTimestampList as TLS carries it, in bytes or base64, or what add-chain has answered. */
static enum status add_file(const struct loading *l, const struct sct_check_subject *subject, const char *path, size_t *count,
                            struct error *err)
{
    struct builder text, bytes;
    struct sct sct;
    builder_init(&text, CT_JSON_ANSWER_MAX);
    builder_init(&bytes, CT_JSON_ANSWER_MAX);
    enum status s = input_read(path, CT_JSON_ANSWER_MAX, &text, err);
    struct bytes view = builder_view(&text);
    while (view.len > 0 && (view.data[view.len - 1] == '\n' || view.data[view.len - 1] == '\r'))
        view.len--;
    if (s == STATUS_OK && view.len > 0 && view.data[0] == '{') {
        s = ct_json_parse_sct(view, &bytes, &sct, err);
        if (s == STATUS_OK) {
            sct.serialized = builder_view(&bytes);
            s = add_sct(l, subject, &sct, err);
            *count += s == STATUS_OK;
        }
    } else if (s == STATUS_OK && text_parse_base64(view, &bytes) && builder_is_good(&bytes)) {
        s = add_list(l, subject, builder_view(&bytes), count, err);
    } else if (s == STATUS_OK) {
        s = add_list(l, subject, builder_view(&text), count, err);
    }
    builder_clear(&text);
    builder_clear(&bytes);
    return error_prefix(err, s, "%s", path);
}

/* ---- certificates ---- */

static enum status add_embedded(const struct loading *l, const struct certificate *certificate, struct bytes issuer_der, size_t *count,
                                struct error *err)
{
    struct bytes list;
    struct certificate issuer;
    struct builder tbs;
    enum status s = precert_sct_list(certificate, &list, err);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (s != STATUS_OK)
        return s;
    if (issuer_der.len == 0)
        return error_set(err, STATUS_USAGE, "embedded SCTs are checked with the issuer's certificate: put it behind the certificate, "
                                            "or give --issuer");
    s = certificate_parse(issuer_der, &issuer, err);
    builder_init(&tbs, CERTIFICATE_SIZE_MAX);
    if (s == STATUS_OK)
        s = precert_write_final_tbs(certificate, &tbs, err);
    if (s == STATUS_OK) {
        struct sct_check_subject subject = sct_check_precert(builder_view(&tbs), issuer.spki);
        s = add_list(l, &subject, list, count, err);
    }
    builder_clear(&tbs);
    return s;
}

static enum status add_certificate(struct loading *l, const struct options *options, const struct input_blocks *blocks,
                                   struct bytes issuer, struct error *err)
{
    struct certificate certificate;
    struct bytes der = input_block_der(blocks, 0);
    size_t count = 0, at = 0;
    const char *path;
    if (blocks->count > 1)
        issuer = input_block_der(blocks, 1);
    enum status s = certificate_parse(der, &certificate, err);
    if (s == STATUS_OK)
        s = add_embedded(l, &certificate, issuer, &count, err);
    struct sct_check_subject subject = sct_check_certificate(der);
    while (s == STATUS_OK && (path = options_next(options, "sct", &at)) != NULL)
        s = add_file(l, &subject, path, &count, err);
    if (s == STATUS_OK && count == 0)
        s = error_set(err, STATUS_REFUSED, "it has no SCTs, and none are given beside it");
    return error_prefix(err, s, "%s", l->name);
}

/* ---- what `cathaya fetch --json` has said ---- */

static bool add_block(struct input_blocks *blocks, const json_t *base64)
{
    const char *text = json_string_value(base64);
    struct input_block *block = &blocks->blocks[blocks->count];
    size_t before = blocks->der.len;
    if (text == NULL || !text_parse_base64(bytes_of(text, json_string_length(base64)), &blocks->der) ||
        !builder_is_good(&blocks->der))
        return false;
    *block = (struct input_block){.label = "CERTIFICATE", .offset = before, .len = blocks->der.len - before};
    blocks->count++;
    return true;
}

static enum status add_peer(struct loading *l, const json_t *peer, struct error *err)
{
    const json_t *chain = json_object_get(json_object_get(peer, "certificate"), "chain"), *list = json_object_get(peer, "tls_sct_list");
    struct input_block blocks[2];
    struct input_blocks certificates = {.blocks = blocks};
    struct certificate certificate;
    struct builder scts;
    size_t count = 0;
    builder_init(&certificates.der, INPUT_SIZE_MAX);
    builder_init(&scts, SCT_LIST_SIZE_MAX);
    for (size_t i = 0; i < 2 && i < json_array_size(chain) && add_block(&certificates, json_array_get(chain, i)); i++)
        continue;
    enum status s = certificates.count > 0 ? STATUS_OK : error_set(err, STATUS_MALFORMED, "no certificates: not what `cathaya fetch --json` says");
    struct bytes der = s == STATUS_OK ? input_block_der(&certificates, 0) : bytes_of(NULL, 0);
    struct bytes issuer = certificates.count > 1 ? input_block_der(&certificates, 1) : bytes_of(NULL, 0);
    struct sct_check_subject subject = sct_check_certificate(der);
    if (s == STATUS_OK)
        s = certificate_parse(der, &certificate, err);
    if (s == STATUS_OK)
        s = add_embedded(l, &certificate, issuer, &count, err);
    if (s == STATUS_OK && json_string_length(list) > 0)
        s = text_parse_base64(bytes_of(json_string_value(list), json_string_length(list)), &scts) && builder_is_good(&scts)
                ? add_list(l, &subject, builder_view(&scts), &count, err)
                : error_set(err, STATUS_MALFORMED, "tls_sct_list is no base64");
    if (s == STATUS_OK && count == 0)
        s = error_set(err, STATUS_REFUSED, "the server showed no SCTs");
    builder_clear(&certificates.der);
    builder_clear(&scts);
    return s;
}

/* One object, or one per line. */
static enum status add_fetched(struct loading *l, struct error *err)
{
    struct builder text;
    struct bytes rest, line;
    builder_init(&text, INPUT_SIZE_MAX);
    enum status s = input_read(l->name, INPUT_SIZE_MAX, &text, err);
    rest = builder_view(&text);
    while (s == STATUS_OK && text_next_line(&rest, &line)) {
        json_t *peer = json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, NULL);
        s = error_prefix(err, add_peer(l, peer, err), "%s", l->name);
        json_decref(peer);
    }
    builder_clear(&text);
    return s;
}

static enum status read_issuer(const struct options *options, struct input_blocks *blocks, struct bytes *der, struct error *err)
{
    const char *path = options_value(options, "issuer");
    *der = bytes_of(NULL, 0);
    if (path == NULL)
        return STATUS_OK;
    enum status s = input_read_certificates(path, blocks, err);
    if (s == STATUS_OK)
        *der = input_block_der(blocks, 0);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "--issuer");
}

enum status audit_scts_load(const struct options *options, const struct audit_logs *logs, const struct algorithms *algorithms,
                            int64_t now_s, struct array *out, struct error *err)
{
    struct loading l = {.logs = logs, .algorithms = algorithms, .now_s = now_s, .out = out};
    struct input_blocks issuers = {.count = 0};
    struct bytes issuer;
    size_t at = 0, certificates = 0;
    *out = array_of(sizeof(struct audit_sct *), SCTS_MAX);
    enum status s = read_issuer(options, &issuers, &issuer, err);
    while (s == STATUS_OK && (l.name = options_next(options, "cert", &at)) != NULL) {
        struct input_blocks blocks = {.count = 0};
        s = input_read_certificates(l.name, &blocks, err);
        if (s == STATUS_OK)
            s = add_certificate(&l, options, &blocks, issuer, err);
        input_blocks_clear(&blocks);
        certificates++;
    }
    at = 0;
    while (s == STATUS_OK && (l.name = options_next(options, "fetched", &at)) != NULL)
        s = add_fetched(&l, err);
    if (s == STATUS_OK && certificates != 1 && options_has(options, "sct"))
        s = error_set(err, STATUS_USAGE, "--sct: an SCT beside a certificate is checked with it: give one --cert");
    input_blocks_clear(&issuers);
    return s;
}

void audit_scts_clear(struct array *scts)
{
    for (size_t i = 0; i < scts->count; i++) {
        struct audit_sct *item = *(struct audit_sct **)array_at(scts, i);
        builder_clear(&item->sct);
        builder_clear(&item->leaf);
        free(item);
    }
    array_clear(scts);
}
