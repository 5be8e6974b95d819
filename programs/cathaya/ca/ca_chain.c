#include "ca/ca_chain.h"

#include "codec/pem/pem.h"
#include "codec/ct/sct_list.h"
#include "codec/properties/properties.h"
#include "service/mtc_scts/mtc_scts.h"

/* An entry without SCTs has a certificate all the same. */
static enum status add_scts(const struct ca_directory *dir, uint64_t index, const struct object_store *objects, struct builder *list,
                            struct properties *out, size_t *sct_count, struct error *err)
{
    struct sct_list parsed = {.count = 0};
    enum status s = mtc_scts_read(objects, dir->log_number, index, list, err);
    out->has_sct_list = s == STATUS_OK;
    out->sct_list = builder_view(list);
    if (s == STATUS_OK)
        s = sct_list_parse(out->sct_list, &parsed, err);
    *sct_count = parsed.count;
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status write_properties(const struct ca_directory *dir, uint64_t index, bool is_landmark, uint64_t landmark,
                                    const struct object_store *objects, struct builder *pem, size_t *sct_count, struct error *err)
{
    struct properties properties;
    struct builder bytes, scts;
    builder_init(&bytes, PROPERTIES_SIZE_MAX);
    builder_init(&scts, SCT_LIST_SIZE_MAX);
    enum status s = is_landmark ? properties_landmark(&dir->config.id, dir->log_number, landmark, &properties, err)
                                : properties_standalone(&dir->config.id, &properties, err);
    if (s == STATUS_OK)
        s = add_scts(dir, index, objects, &scts, &properties, sct_count, err);
    if (s == STATUS_OK)
        s = properties_write(&properties, PROPERTIES_WITH_PATTERNS, &bytes, err);
    if (s == STATUS_OK)
        s = pem_write(PROPERTIES_PEM_LABEL, builder_view(&bytes), pem, err);
    builder_clear(&scts);
    builder_clear(&bytes);
    return s;
}

enum status ca_chain_write(const struct ca_directory *dir, uint64_t index, bool is_landmark, bool with_properties,
                           const struct object_store *objects, struct builder *pem, size_t *sct_count, struct error *err)
{
    uint64_t landmark = 0;
    size_t scts = 0;
    struct builder der;
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    enum status s = is_landmark ? issuer_write_landmark(&dir->issuer, index, &der, &landmark, err)
                                : issuer_write_standalone(&dir->issuer, index, &der, err);
    if (s == STATUS_OK && with_properties)
        s = write_properties(dir, index, is_landmark, landmark, objects, pem, &scts, err);
    if (s == STATUS_OK)
        s = pem_write(PEM_CERTIFICATE, builder_view(&der), pem, err);
    builder_clear(&der);
    if (sct_count != NULL)
        *sct_count = scts;
    return s;
}
