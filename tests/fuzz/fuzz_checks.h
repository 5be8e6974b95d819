/* fuzz_checks.h - what fuzz targets share: what does not hold ends the program. */
#ifndef CATHAYA_TESTS_FUZZ_FUZZ_CHECKS_H
#define CATHAYA_TESTS_FUZZ_FUZZ_CHECKS_H

#include <stdint.h>
#include <stdlib.h>

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* A refusal is of one of the kinds that input can cause, and says why. */
static inline void require_refusal(enum status status, const struct error *err)
{
    require(status == STATUS_MALFORMED || status == STATUS_LIMIT);
    require(err->status == status && err->text[0] != '\0');
}

/* What was written is what was read; the builder is cleared. */
static inline void require_same(struct builder *written, struct bytes read)
{
    require(builder_is_good(written));
    require(bytes_equal(builder_view(written), read));
    builder_clear(written);
}

#endif
