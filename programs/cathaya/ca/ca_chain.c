#include "ca/ca_chain.h"

#include "codec/pem/pem.h"
#include "codec/properties/properties.h"

static enum status write_properties(const struct ca_directory *dir, bool is_landmark, uint64_t landmark, struct builder *pem,
                                    struct error *err)
{
    struct properties properties;
    struct builder bytes;
    builder_init(&bytes, PROPERTIES_SIZE_MAX);
    enum status s = is_landmark ? properties_landmark(&dir->config.id, dir->log_number, landmark, &properties, err)
                                : properties_standalone(&dir->config.id, &properties, err);
    if (s == STATUS_OK)
        s = properties_write(&properties, PROPERTIES_WITH_PATTERNS, &bytes, err);
    if (s == STATUS_OK)
        s = pem_write(PROPERTIES_PEM_LABEL, builder_view(&bytes), pem, err);
    builder_clear(&bytes);
    return s;
}

enum status ca_chain_write(const struct ca_directory *dir, uint64_t index, bool is_landmark, bool with_properties,
                           struct builder *pem, struct error *err)
{
    uint64_t landmark = 0;
    struct builder der;
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    enum status s = is_landmark ? issuer_write_landmark(&dir->issuer, index, &der, &landmark, err)
                                : issuer_write_standalone(&dir->issuer, index, &der, err);
    if (s == STATUS_OK && with_properties)
        s = write_properties(dir, is_landmark, landmark, pem, err);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(&der), pem, err);
    builder_clear(&der);
    return s;
}
