#include "crypto/random.h"

#include <openssl/rand.h>

#include "crypto/context.h"

enum status random_bytes(void *out, size_t len, struct error *err)
{
    if (RAND_bytes_ex(context_library(), out, len, 0) != 1)
        return error_set(err, STATUS_IO, "no random bytes: the library has no entropy");
    return STATUS_OK;
}
