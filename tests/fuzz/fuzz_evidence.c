/* Files of evidence: what is read is written again byte for byte, and judging it ends. */
#include "fuzz/fuzz_checks.h"

#include "rules/evidence_check.h"

static struct algorithms *algorithms;

static void check(const struct evidence *e)
{
    struct builder text;
    struct error err;
    builder_init(&text, EVIDENCE_CHECK_TEXT_MAX);
    enum status status = evidence_check(e, algorithms, &text, &err);
    require(status == STATUS_OK ? text.len > 0 : status == STATUS_REFUSED && err.text[0] != '\0');
    builder_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct evidence e;
    struct bytes input = bytes_of(data, size);
    struct builder memory, again;
    struct error err;
    if (algorithms == NULL)
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    enum status status = evidence_parse(input, &memory, &e, &err);
    if (status == STATUS_OK) {
        builder_init(&again, EVIDENCE_SIZE_MAX);
        require(evidence_write(&e, &again, NULL) == STATUS_OK);
        require_same(&again, input);
        check(&e);
    } else {
        require_refusal(status, &err);
    }
    builder_clear(&memory);
    return 0;
}
