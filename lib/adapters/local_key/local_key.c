#include "adapters/local_key/local_key.h"

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
