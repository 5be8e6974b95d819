/* Objects of Certificate Transparency. */
#include "inspect/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "ct_json/ct_json.h"
#include "ct_json/log_list_json.h"
#include "inspect/view.h"
#include "merkle/tile.h"
#include "rules/certificate_names.h"

/* Names that are listed of one certificate. */
#define NAMES_SHOWN 100

static void show_algorithm(json_t *out, uint16_t algorithm)
{
    const char *name = algorithm == DIGITALLY_SIGNED_SM2_SM3        ? "SM2 with SM3"
                       : algorithm == DIGITALLY_SIGNED_ECDSA_SHA256 ? "ECDSA with SHA-256"
                                                                    : "unknown";
    view_text(out, "algorithm", "%02x %02x (%s)", algorithm >> 8, algorithm & 0xff, name);
}

static void show_time(json_t *out, uint64_t timestamp_ms)
{
    view_number(out, "timestamp_ms", timestamp_ms);
    view_time(out, "time", (int64_t)(timestamp_ms / 1000));
}

static void show_extensions(json_t *out, struct bytes extensions)
{
    uint64_t index;
    const struct sct sct = {.extensions = extensions};
    if (sct_leaf_index(&sct, &index, NULL) == STATUS_OK)
        view_number(out, "leaf_index", index);
    else if (extensions.len > 0)
        view_bytes(out, "extensions", extensions);
}

static void show_sct(json_t *out, const struct sct *sct)
{
    view_number(out, "version", sct->version + 1u);
    if (sct->version != SCT_V1) {
        view_bytes(out, "bytes", sct->serialized);
        return;
    }
    char id[64];
    struct builder base64;
    builder_init_fixed(&base64, id, sizeof id);
    text_write_base64(&base64, sct->log_id);
    view_bytes(out, "log_id", sct->log_id);
    view_text(out, "log_id_base64", "%.*s", (int)base64.len, id);
    show_time(out, sct->timestamp_ms);
    show_extensions(out, sct->extensions);
    show_algorithm(out, sct->algorithm);
    view_bytes(out, "signature", sct->signature);
}

enum status inspect_scts(json_t *out, const char *name, struct bytes list, struct error *err)
{
    struct sct_list *scts = malloc(sizeof *scts);
    if (scts == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = sct_list_parse(list, scts, err);
    json_t *items = s == STATUS_OK ? view_list(out, name) : NULL;
    for (size_t i = 0; s == STATUS_OK && i < scts->count; i++)
        show_sct(view_item(items), &scts->scts[i]);
    free(scts);
    return s;
}

enum status inspect_sct_list(const struct inspect_input *in, json_t *out, struct error *err)
{
    view_number(out, "bytes", in->content.len);
    return inspect_scts(out, "scts", in->content, err);
}

/* ---- data tiles ---- */

static void show_names(json_t *out, const struct certificate_names *names)
{
    json_t *list = view_list(out, "names");
    struct builder words;
    for (size_t i = 0; i < certificate_names_count(names) && i < NAMES_SHOWN; i++) {
        struct bytes value = certificate_names_at(names, i)->value;
        view_add(list, "%.*s", (int)value.len, (const char *)value.data);
    }
    if (names->has_validity) {
        view_time(out, "not_before", names->not_before_s);
        view_time(out, "not_after", names->not_after_s);
    }
    if (names->is_ca)
        view_flag(out, "ca", true);
    builder_init(&words, 4096);
    certificate_names_malformed(names, &words);
    if (words.len > 0)
        view_text(out, "note", "%.*s", (int)words.len, (const char *)words.data);
    builder_clear(&words);
}

static enum status show_entry(json_t *out, const struct leaf_tile *entry, struct certificate_names *names, struct error *err)
{
    const struct leaf *leaf = &entry->leaf;
    view_text(out, "type", "%s", leaf_type_name(leaf->type));
    show_time(out, leaf->timestamp_ms);
    show_extensions(out, leaf->extensions);
    view_number(out, "chain_certificates", entry->chain.len / HASH_SIZE);
    if (leaf->type == LEAF_TBS_CERT) {
        view_bytes(out, "issuance_log", leaf->mtc.log_id);
        view_number(out, "index", leaf->mtc.index);
        /* As with certificates: what is in it may be broken, and the tile is not. */
        struct error inner;
        if (inspect_log_entry(view_object(out, "entry"), leaf->mtc.entry, &inner) != STATUS_OK)
            view_text(out, "note", "malformed: %s", inner.text);
        return STATUS_OK;
    }
    enum status s = leaf->type == LEAF_X509 ? certificate_names_read(names, leaf->certificate, err)
                                            : certificate_names_read_tbs(names, leaf->tbs, err);
    if (s == STATUS_OK)
        show_names(out, names);
    return s;
}

bool inspect_find_data_tile(const char *path, struct tile *tile)
{
    for (const char *at = path; (at = strstr(at, "tile/data/")) != NULL; at++)
        if ((at == path || at[-1] == '/') && tile_parse_path_in(bytes_of_text(at), "data", tile, NULL) == STATUS_OK)
            return true;
    return false;
}

enum status inspect_data_tile(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct tile tile = {.level = 0};
    struct reader r;
    struct leaf_tile entry;
    struct certificate_names names;
    bool is_named = inspect_find_data_tile(in->path, &tile);
    enum status s = STATUS_OK;
    uint64_t first = is_named ? tile.index * TILE_WIDTH : 0;
    if (is_named)
        view_number(out, "index", tile.index);
    view_number(out, "bytes", in->content.len);
    json_t *list = view_list(out, "entries");
    certificate_names_init(&names);
    reader_init(&r, in->content);
    for (uint64_t i = 0; s == STATUS_OK && i < TILE_WIDTH && !reader_is_at_end(&r); i++) {
        s = leaf_tile_next(&r, &entry, err);
        if (s == STATUS_OK) {
            json_t *item = view_item(list);
            view_number(item, is_named ? "number" : "position", first + i);
            s = show_entry(item, &entry, &names, err);
        }
        (void)error_prefix(err, s, "entry %llu", (unsigned long long)(first + i));
    }
    certificate_names_clear(&names);
    if (s != STATUS_OK)
        return s == STATUS_REFUSED ? error_prefix(err, STATUS_MALFORMED, "nothing behind it can be read") : s;
    if (!reader_is_at_end(&r) || json_array_size(list) == 0)
        return error_at(err, STATUS_MALFORMED, reader_offset(&r), "data tile: not 1 to 256 whole entries");
    if (is_named && json_array_size(list) != tile.width)
        return error_set(err, STATUS_MALFORMED, "the path says %u entries, the file has %zu", tile.width,
                         json_array_size(list));
    return STATUS_OK;
}

/* ---- JSON ---- */

/* Whichever suite's root it has. */
static enum status parse_sth(struct bytes content, const struct ct_suite **suite, struct tree_head *head,
                             struct builder *signature, struct error *err)
{
    *suite = &ct_suite_gm;
    if (ct_json_parse_sth(*suite, content, head, signature, NULL) == STATUS_OK)
        return STATUS_OK;
    builder_reset(signature);
    *suite = &ct_suite_intl;
    return ct_json_parse_sth(*suite, content, head, signature, err);
}

enum status inspect_sth(const struct inspect_input *in, json_t *out, struct error *err)
{
    const struct ct_suite *suite;
    struct tree_head head;
    struct builder signature;
    struct digitally_signed value;
    builder_init(&signature, CT_JSON_ANSWER_MAX);
    enum status s = parse_sth(in->content, &suite, &head, &signature, err);
    if (s == STATUS_OK)
        s = digitally_signed_parse(builder_view(&signature), &value, err);
    if (s == STATUS_OK) {
        view_text(out, "suite", "%s", suite->name);
        view_number(out, "size", head.size);
        view_bytes(out, "root", BYTES_OF(head.root));
        show_time(out, head.timestamp_ms);
        show_algorithm(out, value.algorithm);
        view_bytes(out, "signature", value.signature);
    }
    builder_clear(&signature);
    return s;
}

/* The answer of add-chain. */
enum status inspect_sct(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct builder serialized;
    struct sct sct;
    builder_init(&serialized, SCT_LIST_SIZE_MAX);
    enum status s = ct_json_parse_sct(in->content, &serialized, &sct, err);
    if (s == STATUS_OK)
        show_sct(out, &sct);
    builder_clear(&serialized);
    return s;
}

static void show_log(json_t *out, const struct log_list *list, const struct log_list_log *log)
{
    view_text(out, "description", "%s", log->description);
    view_text(out, "operator", "%s", log_list_operator(list, log));
    view_text(out, "suite", "%s", log->suite->name);
    view_text(out, "interface", "%s", log->is_tiled ? "static-ct" : "RFC 6962");
    view_bytes(out, "log_id", BYTES_OF(log->log_id));
    view_text(out, "submission_url", "%s", log->submission_url);
    if (log->is_tiled)
        view_text(out, "monitoring_url", "%s", log->monitoring_url);
    view_number(out, "mmd", (uint64_t)log->mmd_s);
    view_text(out, "state", "%s", log_list_state_name(log->state));
    if (log->state != LOG_LIST_UNKNOWN)
        view_time(out, "since", log->state_since_s);
    if (log->has_interval) {
        view_time(out, "not_after_from", log->interval_start_s);
        view_time(out, "not_after_before", log->interval_end_s);
    }
    if (log->has_final_tree_head) {
        view_number(out, "final_size", log->final_size);
        view_bytes(out, "final_root", BYTES_OF(log->final_root));
    }
    if (log->is_test)
        view_flag(out, "test", true);
    inspect_key(out, "key", log_list_key(log));
}

enum status inspect_log_list(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct log_list list;
    enum status s = log_list_json_parse(in->content, &list, err);
    if (s != STATUS_OK)
        return s;
    if (list.version[0] != '\0')
        view_text(out, "version", "%s", list.version);
    if (list.timestamp_s != 0)
        view_time(out, "made", list.timestamp_s);
    json_t *logs = view_list(out, "logs");
    for (size_t i = 0; i < log_list_count(&list); i++)
        show_log(view_item(logs), &list, log_list_at(&list, i));
    log_list_clear(&list);
    return STATUS_OK;
}
