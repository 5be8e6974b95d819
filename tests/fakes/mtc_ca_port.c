#include "fakes/mtc_ca_port.h"

#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/pem/pem.h"
#include "codec/properties/properties.h"
#include "merkle/node.h"

_Static_assert(LOG_COSIGNERS_MAX <= SEQUENCER_COSIGNERS_MAX, "cosigners");
_Static_assert(LOG_EXTERNALS_MAX <= SEQUENCER_PEERS_MAX, "mirrors and witnesses");
_Static_assert(LOG_BATCH_ENTRIES_MAX <= SEQUENCER_BATCH_MAX, "entries of a batch");

void mtc_ca_port_init(struct mtc_ca_port *port, struct log_engine **log, const struct log_config *log_config,
                      const struct issuer *issuer, struct bytes ca_pem, int64_t landmark_lifetime_s,
                      size_t batch_max)
{
    *port = (struct mtc_ca_port){.log = log,
                                 .log_config = log_config,
                                 .issuer = issuer,
                                 .ca_pem = ca_pem,
                                 .landmark_lifetime_s = landmark_lifetime_s};
    issuer_batch_init(&port->batch, batch_max, LOG_BATCH_BYTES_MAX);
}

void mtc_ca_port_clear(struct mtc_ca_port *port)
{
    issuer_batch_clear(&port->batch);
}

static enum status check_open(const struct mtc_ca_port *port, struct error *err)
{
    return *port->log != NULL ? STATUS_OK : error_set(err, STATUS_IO, "the log is not open");
}

/* ---- the log ---- */

static enum status get_state(void *context, struct sequencer_log_state *out, struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status s = check_open(port, err);
    if (s != STATUS_OK)
        return s;
    struct log_state state = log_state(*port->log);
    *out = (struct sequencer_log_state){port->issuer->log_number, state.size, state.min_index, state.is_closed};
    return STATUS_OK;
}

static enum status reopen(void *context, struct error *err)
{
    struct mtc_ca_port *port = context;
    (void)log_close(*port->log, NULL); /* it has stopped: there is nothing that it could still do */
    *port->log = NULL;
    if (port->open_stores != NULL)
        port->open_stores(port->open_stores_context);
    return log_open(port->log_config, port->log, err);
}

static enum status find_leaf(void *context, uint16_t log_number, uint64_t index, struct sequencer_prepared *out,
                             struct error *err)
{
    struct mtc_ca_port *port = context;
    struct log_entry entry;
    struct tbs_entry tbs;
    struct builder bytes;
    if (log_number != port->issuer->log_number)
        return error_set(err, STATUS_REFUSED, "log %u is not the one that is open", log_number);
    enum status s = check_open(port, err);
    if (s != STATUS_OK)
        return s;
    builder_init(&bytes, LOG_ENTRY_SIZE_MAX);
    s = log_read_entry(*port->log, index, &bytes, err);
    if (s == STATUS_OK) {
        node_leaf_hash(port->issuer->hasher, builder_view(&bytes), out->leaf_hash);
        s = hasher_status(port->issuer->hasher, err);
    }
    if (s == STATUS_OK)
        s = log_entry_parse(builder_view(&bytes), &entry, err);
    out->not_before_s = out->not_after_s = 0;
    /* Somebody else's entry, a null entry for example, is another leaf anyway. */
    if (s == STATUS_OK && entry.type == LOG_ENTRY_TBS_CERT && tbs_entry_parse(entry.data, &tbs, NULL) == STATUS_OK) {
        out->not_before_s = tbs.not_before_s;
        out->not_after_s = tbs.not_after_s;
    }
    builder_clear(&bytes);
    return s;
}

static enum status find_batch(void *context, uint64_t index, struct sequencer_batch *out, struct error *err)
{
    struct mtc_ca_port *port = context;
    struct log_batch batch;
    enum status s = check_open(port, err);
    if (s == STATUS_OK)
        s = log_batch_of(*port->log, index, &batch, err);
    if (s != STATUS_OK)
        return s;
    *out = (struct sequencer_batch){.start = batch.start, .end = batch.end, .subtree_count = batch.subtree_count};
    for (size_t i = 0; i < batch.subtree_count; i++) {
        const struct log_batch_subtree *from = &batch.subtrees[i];
        struct sequencer_subtree *to = &out->subtrees[i];
        to->subtree = from->subtree;
        memcpy(to->hash, from->hash, HASH_SIZE);
        to->cosigner_count = from->cosigner_count;
        memcpy(to->cosigners, from->cosigners, from->cosigner_count * sizeof *to->cosigners);
    }
    return STATUS_OK;
}

static enum status read_published(void *context, struct builder *note, uint64_t *size, uint8_t root[HASH_SIZE],
                                  struct error *err)
{
    struct mtc_ca_port *port = context;
    struct note parsed;
    struct checkpoint checkpoint;
    enum status s = check_open(port, err);
    if (s == STATUS_OK)
        s = log_read_published(*port->log, note, err);
    if (s == STATUS_OK)
        s = note_parse(builder_view(note), &parsed, err);
    if (s == STATUS_OK)
        s = checkpoint_parse(parsed.text, &checkpoint, err);
    if (s != STATUS_OK)
        return s;
    *size = checkpoint.size;
    memcpy(root, checkpoint.root, HASH_SIZE);
    return STATUS_OK;
}

static enum status add_cosignatures(void *context, uint64_t index, const struct sequencer_addition *additions,
                                    size_t count, struct error *err)
{
    struct mtc_ca_port *port = context;
    struct log_addition list[2 * LOG_EXTERNALS_MAX];
    size_t added;
    enum status s = check_open(port, err);
    if (s == STATUS_OK && count > sizeof list / sizeof *list)
        s = error_set(err, STATUS_LIMIT, "too many cosignatures at once");
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < count; i++)
        list[i] = (struct log_addition){additions[i].subtree, additions[i].id, additions[i].signature};
    return log_add_cosignatures(*port->log, index, list, count, &added, err);
}

static enum status add_line(void *context, uint64_t size, const char *name, uint64_t timestamp_s,
                            struct bytes signature, struct error *err)
{
    struct mtc_ca_port *port = context;
    struct log_checkpoint_addition line = {name, timestamp_s, signature};
    size_t added;
    enum status s = check_open(port, err);
    return s == STATUS_OK ? log_add_checkpoint_cosignatures(*port->log, size, &line, 1, &added, err) : s;
}

static enum status allocate_landmark(void *context, bool *is_new, struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status s = check_open(port, err);
    return s == STATUS_OK ? log_allocate_landmark(*port->log, port->landmark_lifetime_s, is_new, err) : s;
}

static enum status next_min_index(void *context, int64_t retain_s, uint64_t *min_index, struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status s = check_open(port, err);
    return s == STATUS_OK ? log_next_min_index(*port->log, retain_s, min_index, err) : s;
}

static enum status prune(void *context, int64_t retain_s, struct error *err)
{
    struct mtc_ca_port *port = context;
    uint64_t removed;
    enum status s = check_open(port, err);
    return s == STATUS_OK ? log_prune(*port->log, retain_s, &removed, err) : s;
}

/* ---- the issuer ---- */

static void clear(void *context)
{
    struct mtc_ca_port *port = context;
    builder_reset(&port->batch.memory);
    port->batch.entries.count = 0;
}

static enum status prepare(void *context, const struct sequencer_entry *entry, struct sequencer_prepared *out,
                           struct error *err)
{
    struct mtc_ca_port *port = context;
    struct issuer_request request = {entry->profile, entry->general_names, entry->spki, entry->not_before_s,
                                     entry->not_after_s};
    enum status s = issuer_prepare(port->issuer, &request, &port->batch, err);
    if (s != STATUS_OK)
        return s;
    const struct issuer_entry *prepared = issuer_batch_at(&port->batch, port->batch.entries.count - 1);
    out->not_before_s = prepared->not_before_s;
    out->not_after_s = prepared->not_after_s;
    memcpy(out->leaf_hash, prepared->leaf_hash, HASH_SIZE);
    return STATUS_OK;
}

static enum status append(void *context, uint64_t *first, struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status s = check_open(port, err);
    return s == STATUS_OK ? issuer_append(port->issuer, &port->batch, first, err) : s;
}

/* ---- certificates ---- */

static enum status write_properties(const struct mtc_ca_port *port, enum sequencer_form form, uint64_t landmark,
                                    struct builder *pem, struct error *err)
{
    struct properties properties;
    struct builder list;
    const struct tai *ca = &port->issuer->ca_id;
    enum status s = form == SEQUENCER_LANDMARK
                        ? properties_landmark(ca, port->issuer->log_number, landmark, &properties, err)
                        : properties_standalone(ca, &properties, err);
    builder_init(&list, PROPERTIES_SIZE_MAX);
    if (s == STATUS_OK)
        s = properties_write(&properties, PROPERTIES_WITH_PATTERNS, &list, err);
    if (s == STATUS_OK)
        s = pem_write(PROPERTIES_PEM_LABEL, builder_view(&list), pem, err);
    builder_clear(&list);
    return s;
}

/* Properties and the leaf alone; or the leaf and the CA certificate, which no client misses the anchor in. */
static enum status write_pem(const struct mtc_ca_port *port, enum sequencer_form form, bool with_properties,
                             struct bytes der, uint64_t landmark, struct builder *pem, struct error *err)
{
    enum status s = with_properties ? write_properties(port, form, landmark, pem, err) : STATUS_OK;
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, der, pem, err);
    if (!with_properties)
        builder_bytes(pem, port->ca_pem);
    return s == STATUS_OK ? builder_status(pem, "chain", err) : s;
}

static enum status write_chain(void *context, uint16_t log_number, uint64_t index, enum sequencer_form form,
                               bool with_properties, struct builder *pem, bool *is_partial, struct error *err)
{
    struct mtc_ca_port *port = context;
    struct builder der;
    (void)is_partial;
    uint64_t landmark = 0;
    if (log_number != port->issuer->log_number)
        return error_set(err, STATUS_NOT_FOUND, "log %u is not the one that is open", log_number);
    enum status s = check_open(port, err);
    if (s != STATUS_OK)
        return s;
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    s = form == SEQUENCER_LANDMARK ? issuer_write_landmark(port->issuer, index, &der, &landmark, err)
                                   : issuer_write_standalone(port->issuer, index, &der, err);
    if (s == STATUS_OK)
        s = write_pem(port, form, with_properties, builder_view(&der), landmark, pem, err);
    builder_clear(&der);
    return s;
}

struct sequencer_ca mtc_ca_port_sequencer(struct mtc_ca_port *port)
{
    return (struct sequencer_ca){
        .context = port, .get_state = get_state, .reopen = reopen, .clear = clear, .prepare = prepare, .append = append,
        .find_leaf = find_leaf, .find_batch = find_batch, .read_published = read_published,
        .add_cosignatures = add_cosignatures, .add_line = add_line, .allocate_landmark = allocate_landmark,
        .next_min_index = next_min_index, .prune = prune, .write_chain = write_chain,
    };
}

/* ---- for mirrors ---- */

static enum status make_consistency(void *context, struct subtree s, uint64_t tree_size, struct builder *out,
                                    struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status status = check_open(port, err);
    if (status != STATUS_OK)
        return status;
    struct node_source source = log_node_source(*port->log);
    return proof_make_consistency(port->issuer->hasher, &source, s, tree_size, out, err);
}

static enum status subtree_hash(void *context, struct subtree s, uint8_t out[HASH_SIZE], struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status status = check_open(port, err);
    if (status != STATUS_OK)
        return status;
    struct node_source source = log_node_source(*port->log);
    return proof_subtree_hash(port->issuer->hasher, &source, s, out, err);
}

static enum status read_entries(void *context, uint64_t start, uint64_t end, struct builder *out, struct error *err)
{
    struct mtc_ca_port *port = context;
    enum status status = check_open(port, err);
    for (uint64_t i = start; i < end && status == STATUS_OK; i++) {
        size_t mark = builder_open_vector(out, 2);
        status = log_read_entry(*port->log, i, out, err);
        builder_close_vector(out, mark, 2);
    }
    return status;
}

struct cosigning_log mtc_ca_port_cosigning(struct mtc_ca_port *port)
{
    return (struct cosigning_log){port, make_consistency, subtree_hash, read_entries};
}
