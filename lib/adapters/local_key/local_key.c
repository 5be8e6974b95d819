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

struct cosigner local_key_cosigner(const struct tai *id, const struct private_key *key)
{
    union {
        const void *in;
        void *out;
    } context = {.in = key}; /* sign only reads it; the port's context is not const */
    return (struct cosigner){
        .context = context.out, .id = *id, .key = private_key_public(key), .sign = sign};
}
