/* add-entries in pieces of different sizes: the events do not depend on them, and what was read is written
 * again. The first byte says how the rest is cut. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "codec/witness/add_entries.h"

static enum status read_all(struct bytes input, size_t piece, struct builder *again)
{
    struct add_entries_reader r;
    struct error err = {.status = STATUS_OK};
    enum status status = STATUS_OK;
    enum add_entries_event event = ADD_ENTRIES_MORE;
    add_entries_reader_init(&r, 1 << 16);
    while (status == STATUS_OK && event != ADD_ENTRIES_END) {
        size_t len = input.len < piece ? input.len : piece;
        struct bytes part = bytes_of(input.data, len);
        bool is_last = input.len == 0;
        do {
            status = add_entries_reader_next(&r, &part, &event, &err);
            if (status == STATUS_OK && event == ADD_ENTRIES_HEADER)
                require(add_entries_write_header(&r.header, again, NULL) == STATUS_OK);
            if (status == STATUS_OK && event == ADD_ENTRIES_PACKAGE)
                require(add_entries_write_package(r.package.entries, r.package.proof, again, NULL) ==
                        STATUS_OK);
        } while (status == STATUS_OK && event != ADD_ENTRIES_MORE && event != ADD_ENTRIES_END);
        if (status == STATUS_OK && event == ADD_ENTRIES_MORE)
            require(part.len == 0);
        input = bytes_of(len > 0 ? input.data + len : input.data, input.len - len);
        if (is_last)
            break;
    }
    if (status != STATUS_OK)
        require_refusal(status, &err);
    add_entries_reader_clear(&r);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes input = bytes_of(data + 1, size - 1);
    struct builder whole, pieces;
    builder_init(&whole, (size_t)1 << 20);
    builder_init(&pieces, (size_t)1 << 20);
    enum status a = read_all(input, SIZE_MAX, &whole);
    enum status b = read_all(input, 1 + data[0] % 37, &pieces);
    require(a == b);
    require(bytes_equal(builder_view(&whole), builder_view(&pieces)));
    require(whole.len <= input.len && (whole.len == 0 || memcmp(whole.data, input.data, whole.len) == 0));
    builder_clear(&whole);
    builder_clear(&pieces);
    return 0;
}
