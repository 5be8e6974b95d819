/* Chains to accepted roots: opaque certificate<1..2^24-1> one after the other, the last of which is the accepted root. What is
 * taken is made of the certificates that were given, and is taken again with what is remembered of the first time. */
#include "fuzz/fuzz_checks.h"

#include <string.h>

#include "codec/ct/leaf.h"
#include "rules/ct_chain.h"

#define KNOWN_MAX 16

static struct known {
    size_t count;
    uint8_t fingerprints[KNOWN_MAX][HASH_SIZE];
    struct ct_chain_issuer issuers[KNOWN_MAX];
} known;

static const struct ct_chain_issuer *find(void *context, const uint8_t fingerprint[HASH_SIZE])
{
    struct known *k = context;
    for (size_t i = 0; i < k->count; i++)
        if (memcmp(k->fingerprints[i], fingerprint, HASH_SIZE) == 0)
            return &k->issuers[i];
    return NULL;
}

static void add(void *context, const uint8_t fingerprint[HASH_SIZE], const struct ct_chain_issuer *issuer)
{
    struct known *k = context;
    require(k->count < KNOWN_MAX && find(k, fingerprint) == NULL);
    memcpy(k->fingerprints[k->count], fingerprint, HASH_SIZE);
    k->issuers[k->count++] = *issuer;
}

static void build(struct ct_chain_roots *roots, const struct bytes *chain, size_t count)
{
    const struct ct_chain_cache cache = {&known, find, add};
    static struct ct_chain first, again;
    struct error err;
    enum status s = ct_chain_build(roots, chain, count, &cache, &first, &err);
    if (s != STATUS_OK) {
        require(s == STATUS_MALFORMED || s == STATUS_REFUSED || s == STATUS_LIMIT);
        require(err.text[0] != '\0' && known.count == 0);
        return;
    }
    require(first.issuer_count >= 1 && first.issuer_count < CT_CHAIN_DEPTH_MAX);
    require(bytes_equal(first.leaf.der, chain[0]));
    require(memcmp(first.fingerprints[first.issuer_count - 1], ct_chain_roots_fingerprint(roots, 0), HASH_SIZE) == 0);
    require(ct_chain_build(roots, chain, count, &cache, &again, &err) == STATUS_OK);
    require(again.issuer_count == first.issuer_count && bytes_equal(again.issuer_spki, first.issuer_spki));
    require(ct_chain_build(roots, chain, count, NULL, &again, &err) == STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes certificates[CT_CHAIN_DEPTH_MAX + 2];
    struct ct_chain_roots *roots;
    struct error err;
    struct reader r;
    size_t count = 0;
    reader_init(&r, bytes_of(data, size));
    while (count < CT_CHAIN_DEPTH_MAX + 2 && leaf_chain_next(&r, &certificates[count]))
        count++;
    if (count < 2)
        return 0;
    known.count = 0;
    require(ct_chain_roots_new(&hash_sm3, &roots, &err) == STATUS_OK);
    if (ct_chain_roots_add(roots, certificates[count - 1], &err) == STATUS_OK)
        build(roots, certificates, count - 1);
    for (size_t i = 0; i < known.count; i++)
        certificate_key_free(known.issuers[i].key);
    ct_chain_roots_free(roots);
    return 0;
}
