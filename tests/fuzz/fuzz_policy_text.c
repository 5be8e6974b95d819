/* Policy files: taken whole or refused with a line, and every beginning of whole lines of a good one is good. */
#include <stdlib.h>
#include <string.h>

#include "rules/policy_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static enum status read_policy(struct bytes text, struct error *err)
{
    static struct algorithms *algorithms;
    struct trust_store *store;
    if (algorithms == NULL)
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
    require(trust_store_new(algorithms, &store, NULL) == STATUS_OK);
    enum status s = policy_text_read(text, store, err);
    trust_store_free(store);
    return s;
}

static size_t line_count(struct bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i + 1 < text.len; i++)
        count += text.data[i] == '\n';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    struct error err = {.status = STATUS_OK};
    enum status s = read_policy(text, &err);
    if (s == STATUS_OK) {
        const uint8_t *last = size > 1 ? memrchr(data, '\n', size - 1) : NULL;
        if (last != NULL)
            require(read_policy(bytes_of(data, (size_t)(last - data) + 1), NULL) == STATUS_OK);
        return 0;
    }
    require(s == STATUS_USAGE && err.status == STATUS_USAGE);
    require(strncmp(err.text, "line ", 5) == 0);
    unsigned long line = strtoul(err.text + 5, NULL, 10);
    require(line >= 1 && line <= line_count(text));
    return 0;
}
