#include "adapters/local_key/local_key.h"

#include <string.h>

#include "codec/ct/tree_head.h"

static enum status sign(void *context, const struct cosigned_message *m,
                        const struct subtree_prover *prover, struct builder *out, struct error *err)
{
    const struct private_key *key = context;
    (void)prover; /* whoever calls has the key: nobody to protect it from */
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    builder_init_fixed(&message, memory, sizeof memory);
    enum status status = cosigned_message_write(m, &message, err);
    if (status != STATUS_OK)
        return status;
    return private_key_sign(key, builder_view(&message), out, err);
}

static enum status sign_document(void *context, struct bytes document, struct builder *out,
                                 struct error *err)
{
    return private_key_sign(context, document, out, err);
}

/* sct_version 0, signature_type certificate_timestamp(0): a tree head has 1 there [RFC6962 2.1.4]. */
static enum status sign_sct(void *context, struct bytes input, struct builder *out, struct error *err)
{
    if (input.len < 2 || input.data[0] != 0 || input.data[1] != 0)
        return error_set(err, STATUS_REFUSED, "what an SCT signs begins with 00 00");
    return private_key_sign(context, input, out, err);
}

static enum status sign_tree_head(void *context, uint64_t timestamp_ms, uint64_t tree_size, const uint8_t root[HASH_SIZE],
                                  struct builder *out, struct error *err)
{
    struct tree_head head = {.timestamp_ms = timestamp_ms, .size = tree_size};
    uint8_t input[TREE_HEAD_INPUT_SIZE];
    memcpy(head.root, root, HASH_SIZE);
    tree_head_write_input(&head, input);
    return private_key_sign(context, BYTES_OF(input), out, err);
}

/* The ports' contexts are not const; here they are only read. */
static void *context_of(const struct private_key *key)
{
    union {
        const void *in;
        void *out;
    } context = {.in = key};
    return context.out;
}

struct cosigner local_key_cosigner(const struct tai *id, const struct private_key *key)
{
    return (struct cosigner){
        .context = context_of(key), .id = *id, .key = private_key_public(key), .sign = sign};
}

struct document_signer local_key_document_signer(const struct private_key *key)
{
    return (struct document_signer){
        .context = context_of(key), .key = private_key_public(key), .sign = sign_document};
}

struct ct_signer local_key_ct_signer(const struct private_key *key)
{
    return (struct ct_signer){.context = context_of(key),
                              .key = private_key_public(key),
                              .sign_sct = sign_sct,
                              .sign_tree_head = sign_tree_head};
}
