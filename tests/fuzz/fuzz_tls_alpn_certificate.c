/* The certificate that a stranger's server shows for tls-alpn-01. A yes needs the hash in it, and is none
 * for another hash or another name. */
#include <stdlib.h>
#include <string.h>

#include "rules/tls_alpn_certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes der = bytes_of(data, size), name = bytes_of_text("a.example");
    /* Any 32 bytes in the input that are announced as an OCTET STRING may be the hash, or nothing would
     * ever fit. */
    for (size_t i = 0; i + 34 <= size; i++) {
        uint8_t digest[32];
        struct error err = {.status = STATUS_OK};
        if (data[i] != 0x04 || data[i + 1] != 32)
            continue;
        memcpy(digest, data + i + 2, sizeof digest);
        enum status s = tls_alpn_certificate_check(der, false, name, digest, &err);
        require(s == STATUS_OK || s == STATUS_MALFORMED || s == STATUS_REFUSED);
        require(s == STATUS_OK || err.status == s);
        if (s != STATUS_OK)
            continue;
        require(tls_alpn_certificate_check(der, false, bytes_of_text("b.example"), digest, NULL) != STATUS_OK);
        require(tls_alpn_certificate_check(der, true, bytes_of("\1\2\3\4", 4), digest, NULL) != STATUS_OK);
        digest[0] ^= 1;
        require(tls_alpn_certificate_check(der, false, name, digest, NULL) == STATUS_REFUSED);
    }
    return 0;
}
