/* Tree heads of strangers: what is taken is written and read again the same. */
#include <stdlib.h>
#include <string.h>

#include "service/monitor/gossip_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static bool read_message(struct bytes text, struct array *heads, struct builder *memory)
{
    struct error err = {.status = STATUS_OK};
    *heads = array_of(sizeof(struct gossip_head), GOSSIP_HEADS_MAX);
    builder_init(memory, GOSSIP_MESSAGE_MAX);
    enum status s = gossip_message_parse(text, heads, memory, &err);
    require(s == STATUS_OK || s == STATUS_MALFORMED || s == STATUS_LIMIT);
    return s == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct array heads, again;
    struct builder memory, memory2, text;
    builder_init(&text, 2 * GOSSIP_MESSAGE_MAX);
    if (read_message(bytes_of(data, size), &heads, &memory)) {
        require(gossip_message_write(heads.items, heads.count, &text, NULL) == STATUS_OK);
        if (text.len <= GOSSIP_MESSAGE_MAX) {
            require(read_message(builder_view(&text), &again, &memory2));
            require(again.count == heads.count);
            for (size_t i = 0; i < heads.count; i++) {
                const struct gossip_head *a = array_at(&heads, i), *b = array_at(&again, i);
                require(strcmp(a->log, b->log) == 0 && a->is_checkpoint == b->is_checkpoint && a->head.size == b->head.size &&
                        a->head.timestamp_ms == b->head.timestamp_ms && memcmp(a->head.root, b->head.root, HASH_SIZE) == 0 &&
                        bytes_equal(a->head.signature, b->head.signature));
            }
            array_clear(&again);
            builder_clear(&memory2);
        }
    }
    array_clear(&heads);
    builder_clear(&memory);
    builder_clear(&text);
    return 0;
}
