#include "service/ct_log/ct_log_issuers.h"

#include <stdlib.h>
#include <string.h>

enum status ct_log_issuers_init(struct ct_log_issuers *t, struct error *err)
{
    *t = (struct ct_log_issuers){.slots = calloc(CT_LOG_ISSUERS_SLOTS, sizeof(struct ct_log_issuer *))};
    return t->slots != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "no memory for known issuers");
}

void ct_log_issuers_clear(struct ct_log_issuers *t)
{
    for (size_t i = 0; t->slots != NULL && i < CT_LOG_ISSUERS_SLOTS; i++) {
        if (t->slots[i] != NULL)
            certificate_key_free(t->slots[i]->issuer.key);
        free(t->slots[i]);
    }
    free(t->slots);
    *t = (struct ct_log_issuers){0};
}

/* A fingerprint is a hash already; whoever chooses it cannot add it without a signature of a CA. */
static size_t first_slot(const uint8_t fingerprint[HASH_SIZE])
{
    uint64_t value;
    memcpy(&value, fingerprint, sizeof value);
    return value % CT_LOG_ISSUERS_SLOTS;
}

/* The slot of a fingerprint, or the free one where it belongs: at most half of them are taken. *found is what stood there when it
 * was looked at: looked at again, a free one may have become another's. */
static size_t find_slot(const struct ct_log_issuers *t, const uint8_t fingerprint[HASH_SIZE],
                        const struct ct_log_issuer **found)
{
    for (size_t i = first_slot(fingerprint);; i = (i + 1) % CT_LOG_ISSUERS_SLOTS) {
        *found = __atomic_load_n(&t->slots[i], __ATOMIC_ACQUIRE);
        if (*found == NULL || memcmp((*found)->fingerprint, fingerprint, HASH_SIZE) == 0)
            return i;
    }
}

const struct ct_chain_issuer *ct_log_issuers_find(const struct ct_log_issuers *t, const uint8_t fingerprint[HASH_SIZE])
{
    const struct ct_log_issuer *found;
    (void)find_slot(t, fingerprint, &found);
    return found != NULL ? &found->issuer : NULL;
}

void ct_log_issuers_add(struct ct_log_issuers *t, const struct ct_log_found *found)
{
    const struct ct_log_issuer *known;
    struct ct_log_issuer *issuer = NULL;
    size_t slot = find_slot(t, found->fingerprint, &known);
    if (known == NULL && t->count < CT_LOG_ISSUERS_MAX)
        issuer = malloc(sizeof *issuer);
    if (issuer == NULL) {
        certificate_key_free(found->issuer.key); /* somebody was faster, or it is verified again next time */
        return;
    }
    memcpy(issuer->fingerprint, found->fingerprint, HASH_SIZE);
    issuer->issuer = found->issuer;
    t->count++;
    __atomic_store_n(&t->slots[slot], issuer, __ATOMIC_RELEASE);
}
