/* Names of certificates that may be broken: nothing fails, every value is in the arena, and a good certificate is called good. */
#include "fuzz/fuzz_checks.h"

#include "codec/note/utf8.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "rules/certificate_names.h"

static struct certificate_names names;

static void check_values(void)
{
    struct builder words;
    for (size_t i = 0; i < certificate_names_count(&names); i++) {
        const struct certificate_name *name = certificate_names_at(&names, i);
        struct reader r;
        uint32_t code;
        require(name->value.len > 0 && name->value.data >= names.arena.data &&
                name->value.data + name->value.len <= names.arena.data + names.arena.len);
        reader_init(&r, name->value);
        while (utf8_next(&r, &code))
            require(code != 0);
        require(reader_is_at_end(&r));
    }
    builder_init(&words, 4096);
    certificate_names_malformed(&names, &words);
    require(builder_is_good(&words) && (names.malformed != 0) == (words.len > 0));
    builder_clear(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct bytes input = bytes_of(data, size);
    struct certificate certificate;
    struct extensions extensions;
    certificate_names_init(&names);
    require(certificate_names_read_tbs(&names, input, &err) == STATUS_OK);
    check_values();
    require(certificate_names_read_mtc_entry(&names, input, &err) == STATUS_OK);
    check_values();
    require(certificate_names_read(&names, input, &err) == STATUS_OK);
    check_values();
    if (certificate_parse(input, &certificate, &err) == STATUS_OK &&
        extensions_parse(certificate.extensions, &extensions, &err) == STATUS_OK) {
        const unsigned structure = CERTIFICATE_NAMES_STRUCTURE | CERTIFICATE_NAMES_EXTENSIONS | CERTIFICATE_NAMES_VALIDITY |
                                   CERTIFICATE_NAMES_KEY | CERTIFICATE_NAMES_SERIAL | CERTIFICATE_NAMES_CONSTRAINTS;
        require((names.malformed & structure) == 0);
        require(names.is_ca == extensions.is_ca);
        require(bytes_equal(names.spki, certificate.spki));
    }
    certificate_names_clear(&names);
    return 0;
}
