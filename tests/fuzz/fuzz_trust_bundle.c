/* Trust bundles, their envelopes and files: what is read is written again byte for byte, sections that were skipped aside. */
#include <string.h>

#include "fuzz/fuzz_checks.h"

#include "codec/trust_bundle/trust_envelope.h"
#include "codec/trust_bundle/trust_file.h"
#include "rules/trust_contents.h"

static struct algorithms *algorithms;

static void use(const struct trust_bundle *b)
{
    const struct trust_bundle *const bundles[] = {b};
    struct trust_contents_settings settings = {.now_s = b->issued_s};
    struct trust_contents *contents;
    struct error err;
    if (trust_contents_new(bundles, 1, algorithms, &settings, &contents, &err) == STATUS_OK)
        trust_contents_free(contents);
    else
        require(err.text[0] != '\0');
}

static void check_bundle(struct bytes input)
{
    struct trust_bundle b;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    trust_bundle_init(&b);
    enum status s = trust_bundle_parse(input, &b, &err);
    if (s == STATUS_OK) {
        builder_init(&again, TRUST_BUNDLE_SIZE_MAX);
        require(trust_bundle_write(&b, &again, NULL) == STATUS_OK);
        /* An optional section is the last there is: it is not written. */
        require(again.len <= input.len && memcmp(again.data, input.data, again.len) == 0);
        builder_clear(&again);
        use(&b);
    } else if (s != STATUS_REFUSED) {
        require_refusal(s, &err);
    }
    trust_bundle_clear(&b);
}

static void check_envelope(struct bytes input)
{
    struct trust_envelope e;
    struct builder again;
    struct error err = {.status = STATUS_OK};
    enum status s = trust_envelope_parse(input, &e, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return;
    }
    builder_init(&again, TRUST_ENVELOPE_SIZE_MAX);
    require(trust_envelope_write(&e, &again, NULL) == STATUS_OK);
    require_same(&again, input);
    check_bundle(e.contents);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes input = bytes_of(data, size);
    struct trust_file file;
    struct error err = {.status = STATUS_OK};
    if (algorithms == NULL)
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
    check_bundle(input);
    check_envelope(input);
    enum status s = trust_file_parse(input, &file, &err);
    if (s == STATUS_OK)
        check_bundle(file.contents);
    else
        require_refusal(s, &err);
    return 0;
}
