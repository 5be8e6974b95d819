/* The log of versions, and the contents of the last ones. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/trust_bundle/trust_version_proof.h"
#include "log_engine/log_record.h"
#include "merkle/proof.h"
#include "service/trust_publisher/publisher_parts.h"

void publisher_name(const char *folder, uint64_t version, char out[VERSION_NAME_SIZE])
{
    (void)snprintf(out, VERSION_NAME_SIZE, "%s%llu", folder, (unsigned long long)version);
}

bool publisher_version(const char *folder, const char *name, uint64_t *version)
{
    size_t len = strlen(folder);
    return strncmp(name, folder, len) == 0 && text_parse_u64(bytes_of_text(name + len), UINT64_MAX, version) && *version > 0;
}

/* ---- the log ---- */

/* As they are kept: what the log has is not looked at. */
static enum status read_contents(const struct trust_publisher *p, uint64_t version, struct version_contents *out, struct error *err)
{
    const struct object_store *store = &p->config.state;
    char name[VERSION_NAME_SIZE];
    publisher_name(FOLDER_CONTENTS, version, name);
    builder_init(&out->bytes, TRUST_BUNDLE_SIZE_MAX);
    trust_bundle_init(&out->bundle);
    enum status s = store->get(store->context, name, &out->bytes, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(builder_view(&out->bytes), &out->bundle, err);
    if (s == STATUS_MALFORMED)
        s = STATUS_REFUSED;
    return error_prefix(err, s, "%s", name);
}

/* The newest version's keys, before the log is opened: opening signs a checkpoint that is not complete, and one without the keys
 * that clients have would take the log away from them. */
static enum status check_keys_in_force(struct trust_publisher *p, struct error *err)
{
    const struct record_store *store = &p->config.record;
    struct version_contents newest;
    struct log_record record;
    struct builder text;
    builder_init(&text, RECORD_MAX);
    enum status s = store->load(store->context, &text, err);
    bool is_new = s == STATUS_NOT_FOUND;
    if (s == STATUS_OK)
        s = log_record_parse(builder_view(&text), &record, err);
    builder_clear(&text);
    if (is_new || (s == STATUS_OK && record.size == 0))
        return STATUS_OK;
    if (s != STATUS_OK)
        return error_prefix(err, s, "restore the record from a backup");
    s = read_contents(p, record.size, &newest, err);
    if (s == STATUS_OK)
        s = publisher_check_keys(p, &newest.bundle, err);
    publisher_clear_contents(&newest);
    return s;
}

enum status publisher_open_log(struct trust_publisher *p, struct error *err)
{
    const struct log_config config = {.is_plain = true,
                                      .origin = p->config.origin,
                                      .leaf_format = &leaf_format_trust,
                                      .hash = &hash_sm3,
                                      .public_store = p->config.log,
                                      .private_store = p->config.state,
                                      .record = p->config.record,
                                      .clock = p->config.clock,
                                      .cosigners = p->config.log_signers,
                                      .cosigner_count = p->config.log_signer_count};
    enum status s = check_keys_in_force(p, err);
    if (s != STATUS_OK)
        return s;
    s = log_open(&config, &p->log, err);
    if (s == STATUS_NOT_FOUND) {
        s = log_create(&config, err);
        if (s == STATUS_OK)
            s = log_open(&config, &p->log, err);
    }
    return error_prefix(err, s, "log of versions");
}

/* ---- contents ---- */

static enum status check_against_log(struct trust_publisher *p, const struct version_contents *contents, uint64_t version,
                                     struct error *err)
{
    uint8_t ought[TRUST_ENVELOPE_VERSION_SIZE];
    struct builder is;
    builder_init(&is, TRUST_ENVELOPE_VERSION_SIZE);
    enum status s = trust_envelope_version(&contents->bundle, builder_view(&contents->bytes), ought, err);
    if (s == STATUS_OK)
        s = log_read_entry(p->log, version - 1, &is, err);
    if (s == STATUS_OK && !bytes_equal(builder_view(&is), BYTES_OF(ought)))
        s = error_set(err, STATUS_REFUSED, "they are not what the log of versions has: put them back from a backup");
    builder_clear(&is);
    return s;
}

enum status publisher_read_contents(struct trust_publisher *p, uint64_t version, struct version_contents *out, struct error *err)
{
    enum status s = read_contents(p, version, out, err);
    return s == STATUS_OK ? error_prefix(err, check_against_log(p, out, version, err), "contents of version %llu", (unsigned long long)version)
                          : s;
}

void publisher_clear_contents(struct version_contents *contents)
{
    trust_bundle_clear(&contents->bundle);
    builder_clear(&contents->bytes);
}

/* Contents and what is held are durable before the log names them. */
enum status publisher_append(struct trust_publisher *p, struct bytes contents, struct error *err)
{
    const struct object_store *store = &p->config.state;
    uint8_t entry[TRUST_ENVELOPE_VERSION_SIZE];
    struct trust_bundle bundle;
    char name[VERSION_NAME_SIZE];
    uint64_t index;
    publisher_name(FOLDER_CONTENTS, log_state(p->log).size + 1, name);
    trust_bundle_init(&bundle);
    /* Nothing is signed that clients could not read. */
    enum status s = trust_bundle_parse(contents, &bundle, err);
    if (s == STATUS_OK)
        s = trust_envelope_version(&bundle, contents, entry, err);
    if (s == STATUS_OK)
        s = store->put(store->context, name, contents, err);
    if (s == STATUS_OK)
        s = trust_state_write(&p->state, err);
    if (s == STATUS_OK)
        s = store->sync(store->context, err);
    if (s == STATUS_OK) {
        const struct log_entry_input input = {.entry = BYTES_OF(entry)};
        s = log_append(p->log, &input, 1, &index, err);
    }
    if (s == STATUS_OK)
        p->last_issued_s = bundle.issued_s;
    trust_bundle_clear(&bundle);
    return s;
}

/* ---- proof ---- */

enum status publisher_prove(struct trust_publisher *p, uint64_t version, struct builder *out, struct error *err)
{
    uint8_t memory[PROOF_HASHES_MAX * HASH_SIZE];
    struct builder note, path;
    struct node_source source = log_node_source(p->log);
    builder_init(&note, TRUST_VERSION_PROOF_CHECKPOINT_MAX);
    builder_init_fixed(&path, memory, sizeof memory);
    enum status s = log_read_published(p->log, &note, err);
    if (s == STATUS_OK)
        s = proof_make_inclusion(&p->hasher, &source, (struct subtree){0, log_state(p->log).size}, version - 1, &path, err);
    if (s == STATUS_OK) {
        const struct trust_version_proof proof = {builder_view(&note), builder_view(&path)};
        s = trust_version_proof_write(&proof, out, err);
    }
    builder_clear(&note);
    return s;
}
