#include "rules/identity_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct identity_signers {
    struct array items; /* struct identity_signer */
};

bool identity_check_key_id(struct bytes spki, uint8_t out[WEBSITE_IDENTITY_SIGNER_SIZE])
{
    return hash_label_sha256(&spki, 1, out);
}

static enum status add_signer(struct identity_signers *signers, const struct trust_bundle_signer *row,
                              const struct algorithms *algorithms, struct error *err)
{
    struct identity_signer signer = {.operator_name = row->operator_name, .level_max = row->level_max};
    const struct signature_alg *alg = algorithms_by_identifier(algorithms, row->algorithm);
    /* One of later days: nobody here can check what he says. */
    if (alg == NULL)
        return STATUS_OK;
    if (!identity_check_key_id(row->spki, signer.id))
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = public_key_new(alg, row->spki, &signer.key, err);
    if (s != STATUS_OK)
        return error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_REFUSED, "identity signer of %.*s",
                            (int)row->operator_name.len, (const char *)row->operator_name.data);
    s = array_insert(&signers->items, signers->items.count, &signer, "identity signers", err);
    if (s != STATUS_OK)
        public_key_free(signer.key);
    return s;
}

enum status identity_signers_new(const struct trust_bundle *bundle, const struct algorithms *algorithms,
                                 struct identity_signers **out, struct error *err)
{
    enum status s = STATUS_OK;
    struct identity_signers *signers = (struct identity_signers *)calloc(1, sizeof *signers);
    if (signers == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    signers->items = array_of(sizeof(struct identity_signer), TRUST_BUNDLE_SIGNERS_MAX);
    for (size_t i = 0; s == STATUS_OK && i < bundle->signers.count; i++)
        s = add_signer(signers, trust_bundle_signer_at(bundle, i), algorithms, err);
    if (s == STATUS_OK)
        *out = signers;
    else
        identity_signers_free(signers);
    return s;
}

void identity_signers_free(struct identity_signers *signers)
{
    if (signers == NULL)
        return;
    for (size_t i = 0; i < signers->items.count; i++)
        public_key_free(((struct identity_signer *)array_at(&signers->items, i))->key);
    array_clear(&signers->items);
    free(signers);
}

const struct identity_signer *identity_signers_find(const struct identity_signers *signers,
                                                    const uint8_t id[WEBSITE_IDENTITY_SIGNER_SIZE])
{
    for (size_t i = 0; i < signers->items.count; i++) {
        const struct identity_signer *signer = (const struct identity_signer *)array_at(&signers->items, i);
        if (memcmp(signer->id, id, WEBSITE_IDENTITY_SIGNER_SIZE) == 0)
            return signer;
    }
    return NULL;
}

enum status identity_check_entry(const struct identity_signers *signers, const struct website_identity_entry *entry,
                                 struct error *err)
{
    const uint8_t *id = entry->is_revocation ? entry->revocation.signer : entry->record.signer;
    const struct identity_signer *signer = identity_signers_find(signers, id);
    if (signer == NULL)
        return error_set(err, STATUS_REFUSED, "its signer is no identity signer of the program");
    if (!entry->is_revocation && entry->record.level > signer->level_max)
        return error_set(err, STATUS_REFUSED, "it says level T%u, and its signer may say T%u at most", entry->record.level,
                         signer->level_max);
    return public_key_verify(signer->key, entry->statement, entry->signature, err);
}
