/* The reads on their worker: proofs from the published tiles. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "merkle/proof.h"
#include "service/ct_log/ct_log_read.h"

enum status ct_log_reader_new(const struct ct_log *log, struct ct_log_reader **out, struct error *err)
{
    const size_t bundle_max = leaf_format_bundle_max(&leaf_format_ct);
    struct ct_log_reader *reader = calloc(1, sizeof *reader);
    *out = NULL;
    if (reader == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a CT log");
    reader->log = log;
    reader->store = log->config.read_store.get != NULL ? log->config.read_store : log->config.engine.public_store;
    reader->bundle_index = UINT64_MAX;
    builder_init(&reader->scratch, bundle_max);
    builder_init(&reader->bundle, bundle_max);
    builder_init(&reader->leaf_input, LEAF_TILE_ENTRY_MAX);
    builder_init(&reader->extra_data, 2 * LEAF_TILE_ENTRY_MAX);
    tree_edge_init(&reader->edge, &leaf_format_ct);
    reader->issuers = calloc(CT_LOG_READ_ISSUERS_MAX, sizeof *reader->issuers);
    enum status status = reader->issuers != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "no memory for a CT log");
    if (status == STATUS_OK)
        status = hasher_init(&reader->hasher, log->config.suite->hash, err);
    if (status == STATUS_OK)
        status = tile_cache_init(&reader->cache, err);
    if (status != STATUS_OK) {
        ct_log_reader_free(reader);
        return status;
    }
    *out = reader;
    return STATUS_OK;
}

void ct_log_reader_free(struct ct_log_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; reader->issuers != NULL && i < CT_LOG_READ_ISSUERS_MAX; i++)
        builder_clear(&reader->issuers[i].der);
    free(reader->issuers);
    builder_clear(&reader->scratch);
    builder_clear(&reader->bundle);
    builder_clear(&reader->leaf_input);
    builder_clear(&reader->extra_data);
    tree_edge_clear(&reader->edge);
    tile_cache_clear(&reader->cache);
    hasher_clear(&reader->hasher);
    free(reader);
}

/* ---- the tree ---- */

struct tree_read ct_log_reader_reading(struct ct_log_reader *reader, uint64_t min_index)
{
    return (struct tree_read){.store = &reader->store,
                              .format = &leaf_format_ct,
                              .hasher = &reader->hasher,
                              .scratch = &reader->scratch,
                              .min_index = min_index,
                              .cache = &reader->cache,
                              .edge = &reader->edge};
}

enum status ct_log_reader_tree(struct ct_log_reader *reader, const struct ct_log_query *q, struct error *err)
{
    struct tree_read t = ct_log_reader_reading(reader, q->min_index);
    if (reader->has_edge && tree_edge_size(&reader->edge) == q->head.size)
        return STATUS_OK;
    reader->has_edge = false;
    reader->bundle_index = UINT64_MAX; /* it may have been a partial one */
    enum status status = tree_read_edge(&t, q->head.size, q->head.root, &reader->edge, err);
    reader->has_edge = status == STATUS_OK;
    return status;
}

struct proving {
    struct ct_log_reader *reader;
    uint64_t min_index;
};

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *err)
{
    const struct proving *p = context;
    struct tree_read t = ct_log_reader_reading(p->reader, p->min_index);
    return tree_read_node(&t, level, index, out, err);
}

/* ---- proofs ---- */

static enum status check_size(const struct ct_log_query *q, uint64_t size, struct error *err)
{
    if (size > q->head.size)
        return error_set(err, STATUS_NOT_FOUND, "tree size %" PRIu64 " is beyond the log's %" PRIu64, size, q->head.size);
    return STATUS_OK;
}

static enum status make_inclusion(struct ct_log_reader *reader, const struct ct_log_query *q, uint64_t index,
                                  uint64_t size, struct builder *proof, struct error *err)
{
    struct proving p = {reader, q->min_index};
    const struct node_source source = {.context = &p, .read = read_node};
    return proof_make_inclusion(&reader->hasher, &source, (struct subtree){0, size}, index, proof, err);
}

static enum status consistency(struct ct_log_reader *reader, struct ct_log_query *q, struct error *err)
{
    struct proving p = {reader, q->min_index};
    const struct node_source source = {.context = &p, .read = read_node};
    uint8_t memory[PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    builder_init_fixed(&proof, memory, sizeof memory);
    enum status status = check_size(q, q->second, err);
    /* From the empty tree, and to itself, there is nothing to prove [RFC6962 2.1.2]. */
    if (status == STATUS_OK && q->first > 0 && q->first < q->second)
        status = proof_make_consistency(&reader->hasher, &source, (struct subtree){0, q->first}, q->second, &proof, err);
    return status == STATUS_OK ? ct_json_write_consistency(builder_view(&proof), &q->body, err) : status;
}

static enum status proof_by_hash(struct ct_log_reader *reader, struct ct_log_query *q, struct error *err)
{
    const struct ct_index *port = &reader->log->config.read_index;
    uint8_t memory[PROOF_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    uint64_t index = 0;
    builder_init_fixed(&proof, memory, sizeof memory);
    enum status status = check_size(q, q->second, err);
    if (status != STATUS_OK)
        return status;
    status = port->find_leaf(port->context, q->hash, &index, err);
    if (status == STATUS_NOT_FOUND && q->index_size < q->second && q->min_index == 0)
        return error_set(err, STATUS_AGAIN, "the index of leaf hashes is being brought up to the tree");
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && index >= q->second))
        return error_set(err, STATUS_NOT_FOUND, "no entry of a tree of %" PRIu64 " has this leaf hash", q->second);
    if (status == STATUS_OK)
        status = make_inclusion(reader, q, index, q->second, &proof, err);
    return status == STATUS_OK ? ct_json_write_inclusion(index, builder_view(&proof), &q->body, err) : status;
}

static enum status entry_and_proof(struct ct_log_reader *reader, struct ct_log_query *q, struct error *err)
{
    uint8_t memory[PROOF_HASHES_MAX * HASH_SIZE];
    struct builder proof;
    builder_init_fixed(&proof, memory, sizeof memory);
    enum status status = check_size(q, q->second, err);
    if (status == STATUS_OK)
        status = ct_log_reader_entry(reader, q, q->first, err);
    if (status == STATUS_OK)
        status = make_inclusion(reader, q, q->first, q->second, &proof, err);
    if (status != STATUS_OK)
        return status;
    return ct_json_write_entry_and_proof(builder_view(&reader->leaf_input), builder_view(&reader->extra_data),
                                         builder_view(&proof), &q->body, err);
}

void ct_log_reader_answer(struct ct_log_reader *reader, struct ct_log_query *q)
{
    q->status = ct_log_reader_tree(reader, q, &q->err);
    if (q->status != STATUS_OK)
        return;
    if (q->kind == CT_LOG_GET_CONSISTENCY)
        q->status = consistency(reader, q, &q->err);
    else if (q->kind == CT_LOG_GET_PROOF)
        q->status = proof_by_hash(reader, q, &q->err);
    else if (q->kind == CT_LOG_GET_ENTRIES)
        q->status = ct_log_reader_entries(reader, q, &q->err);
    else
        q->status = entry_and_proof(reader, q, &q->err);
    if (q->status == STATUS_OK)
        q->status = hasher_status(&reader->hasher, &q->err);
    if (q->status == STATUS_OK)
        q->status = builder_status(&q->body, "the answer", &q->err);
}
