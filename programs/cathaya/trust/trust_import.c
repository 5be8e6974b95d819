#include "trust/trust_import.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/mtc/ca_certificate.h"
#include "crypto/key.h"
#include "input.h"

/* What all public logs promise. */
#define CT_MMD_S 86400

void trust_import_init(struct trust_import *import, struct trust_bundle *bundle, const struct algorithms *algorithms)
{
    *import = (struct trust_import){.bundle = bundle, .algorithms = algorithms};
}

void trust_import_clear(struct trust_import *import)
{
    for (size_t i = 0; i < import->memory_count; i++)
        builder_clear(&import->memory[i]);
    free(import->memory);
    for (size_t i = 0; i < import->store_count; i++)
        trust_store_free(import->stores[i]);
}

struct bytes trust_import_keep(struct trust_import *import, struct bytes value)
{
    struct builder *grown = reallocarray(import->memory, import->memory_count + 1, sizeof *grown);
    if (grown == NULL)
        return bytes_of(NULL, 0);
    import->memory = grown;
    struct builder *b = &grown[import->memory_count++];
    builder_init(b, value.len);
    builder_bytes(b, value);
    return builder_is_good(b) ? builder_view(b) : bytes_of(NULL, 0);
}

static enum status keep(struct trust_import *import, struct bytes value, struct bytes *out, struct error *err)
{
    *out = trust_import_keep(import, value);
    return value.len > 0 && out->data == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static enum status keep_text(struct trust_import *import, const char *text, const char *what, struct bytes *out, struct error *err)
{
    struct bytes value = bytes_of_text(text);
    if (value.len > TRUST_BUNDLE_TEXT_MAX || !text_is_printable_utf8(value))
        return error_set(err, STATUS_USAGE, "%s: longer than %d bytes, or not printable", what, TRUST_BUNDLE_TEXT_MAX);
    return keep(import, value, out, err);
}

/* ---- roots and intermediates ---- */

/* As the bundle sorts them. */
static int compare_anchor(const void *key, const void *item)
{
    return bytes_compare(*(const struct bytes *)key, ((const struct trust_bundle_anchor *)item)->certificate);
}

static enum status add_purpose(struct trust_bundle_purposes *purposes, uint16_t purpose, bool *is_changed, struct error *err)
{
    size_t at = 0;
    if (trust_bundle_purposes_have(purposes, purpose))
        return STATUS_OK;
    if (purposes->count == TRUST_BUNDLE_PURPOSES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d purposes", TRUST_BUNDLE_PURPOSES_MAX);
    while (at < purposes->count && purposes->at[at] < purpose)
        at++;
    memmove(&purposes->at[at + 1], &purposes->at[at], (purposes->count - at) * sizeof purposes->at[0]);
    purposes->at[at] = purpose;
    purposes->count++;
    *is_changed = true;
    return STATUS_OK;
}

static enum status add_anchor(struct trust_import *import, struct bytes der, enum trust_bundle_anchor_kind kind, uint16_t purpose,
                              struct error *err)
{
    struct array *anchors = &import->bundle->anchors;
    struct certificate parsed;
    size_t at;
    enum status s = certificate_parse(der, &parsed, err);
    if (s != STATUS_OK)
        return s;
    if (array_find(anchors, &der, compare_anchor, &at)) {
        struct trust_bundle_anchor *there = array_at(anchors, at);
        if (there->kind != kind)
            return error_set(err, STATUS_CONFLICT, "the certificate is there already, as %s",
                             there->kind == TRUST_BUNDLE_ROOT ? "a root" : "an intermediate");
        return add_purpose(&there->purposes, purpose, &import->is_changed, err);
    }
    struct trust_bundle_anchor anchor = {.kind = kind, .purposes = {.count = 1, .at = {purpose}},
                                         .limits = {.level_max = TRUST_BUNDLE_LEVEL_MAX}};
    s = keep(import, der, &anchor.certificate, err);
    if (s == STATUS_OK)
        s = array_insert(anchors, at, &anchor, "roots and intermediates", err);
    import->is_changed = true;
    return s;
}

enum status trust_import_anchors(struct trust_import *import, const char *file, enum trust_bundle_anchor_kind kind,
                                 uint16_t purpose, struct error *err)
{
    struct input_blocks blocks;
    enum status s = input_read_certificates(file, &blocks, err);
    for (size_t i = 0; s == STATUS_OK && i < blocks.count; i++)
        if (input_block_is(&blocks, i, PEM_CERTIFICATE))
            s = error_prefix(err, add_anchor(import, input_block_der(&blocks, i), kind, purpose, err), "%s", file);
    input_blocks_clear(&blocks);
    return s;
}

/* ---- MTC CAs ---- */

static int compare_ca(const void *key, const void *item)
{
    return tai_compare(key, &((const struct trust_bundle_ca *)item)->id);
}

static bool has_url(const struct trust_bundle *b, const struct trust_bundle_ca *ca, struct bytes url)
{
    for (size_t i = 0; i < ca->url_count; i++)
        if (bytes_equal(trust_bundle_url(b, ca, i), url))
            return true;
    return false;
}

/* URLs of a CA stand together: those it has are written again, with the new ones behind them. */
static enum status add_urls(struct trust_import *import, struct trust_bundle_ca *ca, const struct trust_import_ca *from,
                            struct error *err)
{
    struct trust_bundle *b = import->bundle;
    struct trust_bundle_ca grown = *ca;
    enum status s = STATUS_OK;
    grown.url_first = b->urls.count;
    for (size_t i = 0; s == STATUS_OK && i < ca->url_count; i++) {
        struct bytes url = trust_bundle_url(b, ca, i);
        s = array_insert(&b->urls, b->urls.count, &url, "URLs", err);
    }
    for (size_t i = 0; s == STATUS_OK && i < from->url_count; i++) {
        struct bytes url;
        if (has_url(b, &grown, bytes_of_text(from->urls[i])))
            continue;
        s = keep_text(import, from->urls[i], "--log-url", &url, err);
        while (url.len > 0 && url.data[url.len - 1] == '/')
            url.len--;
        if (s == STATUS_OK && !has_url(b, &grown, url)) {
            s = array_insert(&b->urls, b->urls.count, &url, "URLs", err);
            grown.url_count++;
            import->is_changed = true;
        }
    }
    if (s == STATUS_OK && grown.url_count > TRUST_BUNDLE_URLS_PER_CA_MAX)
        s = error_set(err, STATUS_LIMIT, "a CA has more than %d URLs", TRUST_BUNDLE_URLS_PER_CA_MAX);
    *ca = grown;
    return s;
}

static enum status new_ca(struct trust_import *import, const struct tai *id, struct bytes der, const struct trust_import_ca *from,
                          size_t at, struct error *err)
{
    struct trust_bundle_ca ca = {.id = *id, .level_max = TRUST_BUNDLE_LEVEL_MAX};
    char text[TAI_TEXT_SIZE];
    tai_text(id, text);
    enum status s = keep(import, der, &ca.certificate, err);
    if (s == STATUS_OK)
        s = keep_text(import, from->operator_name != NULL ? from->operator_name : text, "--operator", &ca.operator_name, err);
    if (s == STATUS_OK)
        s = array_insert(&import->bundle->cas, at, &ca, "MTC CAs", err);
    import->is_changed = true;
    return s;
}

static enum status same_ca(const struct trust_bundle_ca *there, struct bytes der, const struct trust_import_ca *from,
                           struct error *err)
{
    char text[TAI_TEXT_SIZE];
    tai_text(&there->id, text);
    if (!bytes_equal(there->certificate, der))
        return error_set(err, STATUS_CONFLICT, "CA %s is there already, with another certificate", text);
    if (from->operator_name != NULL && !bytes_equal(there->operator_name, bytes_of_text(from->operator_name)))
        return error_set(err, STATUS_CONFLICT, "CA %s is there already, with another operator", text);
    return STATUS_OK;
}

static enum status add_ca(struct trust_import *import, struct bytes der, const struct trust_import_ca *from, struct error *err)
{
    struct ca_certificate parsed;
    size_t at;
    enum status s = ca_certificate_parse(der, &parsed, err);
    if (s != STATUS_OK)
        return s;
    if (array_find(&import->bundle->cas, &parsed.id, compare_ca, &at))
        s = same_ca(array_at(&import->bundle->cas, at), der, from, err);
    else
        s = new_ca(import, &parsed.id, der, from, at, err);
    if (s != STATUS_OK)
        return s;
    struct trust_bundle_ca *ca = array_at(&import->bundle->cas, at);
    s = add_purpose(&ca->purposes, from->purpose, &import->is_changed, err);
    if (s == STATUS_OK)
        s = add_urls(import, ca, from, err);
    return s == STATUS_OK && from->policy != NULL ? trust_import_policy(import, at, from, err) : s;
}

enum status trust_import_ca(struct trust_import *import, const struct trust_import_ca *ca, struct error *err)
{
    struct input_blocks blocks;
    enum status s = input_read_certificates(ca->file, &blocks, err);
    if (s == STATUS_OK && blocks.count != 1)
        s = error_set(err, STATUS_USAGE, "%s: one certificate of a Merkle Tree CA is expected, and there are %zu blocks", ca->file,
                      blocks.count);
    if (s == STATUS_OK)
        s = error_prefix(err, add_ca(import, input_block_der(&blocks, 0), ca, err), "%s", ca->file);
    input_blocks_clear(&blocks);
    return s;
}

/* ---- CT logs ---- */

static int compare_ct_log(const void *key, const void *item)
{
    const struct trust_bundle_ct_log *a = key, *b = item;
    return a->suite != b->suite ? (int)a->suite - (int)b->suite : bytes_compare(a->spki, b->spki);
}

static enum status check_ct_key(const struct trust_import *import, const struct trust_bundle_ct_log *log, struct error *err)
{
    const char *name = log->suite == TRUST_BUNDLE_GM ? "sm2_sm3" : "ecdsa_p256_sha256";
    struct public_key *key = NULL;
    enum status s = public_key_new(algorithms_by_name(import->algorithms, bytes_of_text(name)), log->spki, &key, err);
    public_key_free(key);
    return s;
}

static enum status add_ct_log(struct trust_import *import, struct bytes spki, const struct trust_import_ct_log *from,
                              struct error *err)
{
    struct trust_bundle_ct_log log = {.suite = from->suite, .kind = TRUST_BUNDLE_CT_RFC6962, .mmd_s = CT_MMD_S, .state = TRUST_BUNDLE_CT_USABLE, .since_s = from->now_s};
    struct array *logs = &import->bundle->ct_logs;
    size_t at;
    if (from->operator_name == NULL)
        return error_set(err, STATUS_USAGE, "--operator is missing behind --ct-log");
    enum status s = keep(import, spki, &log.spki, err);
    if (s == STATUS_OK)
        s = check_ct_key(import, &log, err);
    if (s == STATUS_OK)
        s = keep_text(import, from->operator_name, "--operator", &log.operator_name, err);
    if (s == STATUS_OK)
        s = keep_text(import, from->url != NULL ? from->url : "", "--log-url", &log.submission_url, err);
    log.monitoring_url = log.submission_url;
    if (s != STATUS_OK)
        return s;
    if (array_find(logs, &log, compare_ct_log, &at)) {
        const struct trust_bundle_ct_log *there = array_at(logs, at);
        bool is_same = bytes_equal(there->operator_name, log.operator_name) && bytes_equal(there->submission_url, log.submission_url);
        return is_same ? STATUS_OK : error_set(err, STATUS_CONFLICT, "the CT log is there already, with another operator or URL");
    }
    import->is_changed = true;
    return array_insert(logs, at, &log, "CT logs", err);
}

enum status trust_import_ct_log(struct trust_import *import, const struct trust_import_ct_log *log, struct error *err)
{
    struct input_blocks blocks = {.count = 0};
    struct builder content;
    builder_init(&content, INPUT_SIZE_MAX);
    enum status s = input_read(log->key_file, INPUT_SIZE_MAX, &content, err);
    if (s == STATUS_OK)
        s = input_split(builder_view(&content), &blocks, err);
    if (s == STATUS_OK && blocks.count != 1)
        s = error_set(err, STATUS_USAGE, "one public key is expected");
    if (s == STATUS_OK)
        s = add_ct_log(import, input_block_der(&blocks, 0), log, err);
    input_blocks_clear(&blocks);
    builder_clear(&content);
    return error_prefix(err, s, "--ct-log %s", log->key_file);
}
