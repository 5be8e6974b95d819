/* MTCProof of both layouts: what parses is written again byte for byte. */
#include "fuzz/fuzz_checks.h"

#include "codec/mtc/mtc_proof.h"

/* More than a fuzzer's input holds; what is beyond is not compared. */
#define COSIGNATURES_MAX 256

static const struct draft *draft_05(void)
{
    static const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xda, 0x4b, 0x2f, 0x02};
    const struct draft *draft = draft_find(BYTES_OF(oid), 4);
    require(draft != NULL && draft->signatures_prefix == 2);
    return draft;
}

static void check(struct bytes input, const struct draft *draft)
{
    struct mtc_proof p;
    struct error err;
    enum status s = mtc_proof_parse(input, draft, &p, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    struct cosignature list[COSIGNATURES_MAX];
    size_t count = 0;
    struct reader r;
    reader_init(&r, p.signatures);
    while (count < COSIGNATURES_MAX && mtc_proof_next(&r, &list[count]))
        count++;
    if (count == COSIGNATURES_MAX)
        return;
    require(reader_is_at_end(&r));
    struct builder b;
    builder_init(&b, input.len);
    require(mtc_proof_write(&p, draft, list, count, &b, &err) == STATUS_OK);
    require_same(&b, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(bytes_of(data, size), &draft_07);
    check(bytes_of(data, size), draft_05());
    return 0;
}
