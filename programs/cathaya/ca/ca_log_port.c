#include "ca/ca_log_port.h"

#include <stdlib.h>

_Static_assert(LOG_COSIGNERS_MAX <= ISSUER_COSIGNATURES_MAX, "cosigners");

static enum status append(void *context, const struct bytes *entries, const int64_t *not_after_s,
                          size_t count, uint64_t *first, struct error *err)
{
    struct ca_directory *dir = context;
    struct log_entry_input *inputs = calloc(count, sizeof *inputs);
    if (inputs == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        inputs[i] = (struct log_entry_input){entries[i], not_after_s[i]};
    enum status s = log_append(dir->log, inputs, count, first, err);
    free(inputs);
    return s;
}

static enum status read_entry(void *context, uint64_t index, struct builder *out, struct error *err)
{
    struct ca_directory *dir = context;
    return log_read_entry(dir->log, index, out, err);
}

static enum status read_cosignatures(void *context, uint64_t index, struct subtree *subtree,
                                     struct builder *memory,
                                     struct cosignature out[ISSUER_COSIGNATURES_MAX], size_t *count,
                                     struct error *err)
{
    struct ca_directory *dir = context;
    struct log_cosignature found[LOG_COSIGNERS_MAX];
    enum status s = log_read_cosignatures(dir->log, index, subtree, memory, found, count, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < *count; i++) {
        /* An ID is a value there and borrowed here. */
        dir->cosigner_ids[i] = found[i].cosigner_id;
        out[i] = (struct cosignature){tai_bytes(&dir->cosigner_ids[i]), found[i].signature};
    }
    return STATUS_OK;
}

static const struct landmarks *landmarks(void *context)
{
    struct ca_directory *dir = context;
    return log_landmarks(dir->log);
}

static struct node_source node_source(void *context)
{
    struct ca_directory *dir = context;
    return log_node_source(dir->log);
}

struct issuer_log ca_log_port(struct ca_directory *dir)
{
    return (struct issuer_log){dir, append, read_entry, read_cosignatures, landmarks, node_source};
}
