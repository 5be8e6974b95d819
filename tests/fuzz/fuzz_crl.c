/* Certificate revocation lists: what is read is walked. */
#include "codec/x509/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crl_parsed parsed;
    struct crl_entry entry;
    struct reader r;
    size_t count = 0;
    if (crl_parse(bytes_of(data, size), &parsed, NULL) != STATUS_OK)
        return 0;
    reader_init(&r, parsed.entries);
    while (crl_next(&r, &entry))
        count++;
    if (count != parsed.count || !crl_is_tbs(parsed.tbs))
        __builtin_trap();
    return 0;
}
