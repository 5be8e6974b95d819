/* PEM: a strict block is written again to the same bytes; what strict reads, lax reads alike. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "codec/pem/pem.h"

/* Reads everything; all contents one after the other are appended to ders. */
static enum status read_all(struct bytes input, enum pem_mode mode, struct builder *ders,
                            size_t *count)
{
    struct pem_reader r;
    struct pem_block block;
    struct error err;
    enum status status;
    size_t start = 0;
    pem_reader_init(&r, input, mode);
    while ((status = pem_next(&r, &block, ders, &err)) == STATUS_OK) {
        struct bytes der = bytes_of(ders->data + start, ders->len - start);
        char label[PEM_LABEL_MAX + 1] = "";
        memcpy(label, block.label.data, block.label.len);
        struct builder again;
        builder_init(&again, 2 * PEM_DER_MAX);
        require(pem_write(label, der, &again, NULL) == STATUS_OK);
        if (mode == PEM_STRICT)
            require_same(&again, block.source);
        builder_clear(&again);
        start = ders->len;
    }
    if (status != STATUS_NOT_FOUND)
        require_refusal(status, &err);
    *count = r.block_count;
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct builder strict, lax;
    size_t strict_count, lax_count;
    builder_init(&strict, PEM_DER_MAX);
    builder_init(&lax, PEM_DER_MAX);
    enum status strict_status = read_all(input, PEM_STRICT, &strict, &strict_count);
    enum status lax_status = read_all(input, PEM_LAX, &lax, &lax_count);
    if (strict_status == STATUS_NOT_FOUND) {
        require(lax_status == STATUS_NOT_FOUND && lax_count == strict_count);
        require(bytes_equal(builder_view(&strict), builder_view(&lax)));
    }
    builder_clear(&strict);
    builder_clear(&lax);
    return 0;
}
