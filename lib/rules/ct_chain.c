#include "rules/ct_chain.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "rules/ct_chain_roots.h"

/* A chain while it is built. */
struct building {
    const struct ct_chain_roots *roots;
    const struct ct_chain_cache *cache;
    struct hasher hasher;
    size_t count; /* certificates of the submission, up to the first root */
    struct certificate certificates[CT_CHAIN_DEPTH_MAX];
    uint8_t fingerprints[CT_CHAIN_DEPTH_MAX][HASH_SIZE];
    const struct ct_chain_issuer *known[CT_CHAIN_DEPTH_MAX];
    const struct ct_chain_root *accepted; /* the last certificate, where it is a root itself */
    struct certificate_key *made[CT_CHAIN_DEPTH_MAX]; /* keys that were not known; ours, or the cache's once it has taken them */
};

static enum status is_ca(const struct certificate *certificate, bool *is_yes, struct error *err)
{
    struct reader list, r;
    struct extension e;
    static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
    *is_yes = false;
    reader_init(&list, certificate->extensions);
    while (!reader_is_at_end(&list)) {
        struct reader fields;
        if (!extensions_next(&list, &e))
            return error_set(err, STATUS_MALFORMED, "its extensions cannot be read");
        if (!bytes_equal(e.oid, BYTES_OF(oid_basic_constraints)))
            continue;
        reader_init(&r, e.value);
        if (!der_enter(&r, DER_SEQUENCE, &fields) || !reader_is_at_end(&r) ||
            (der_next_is(&fields, DER_BOOLEAN) && !der_read_boolean(&fields, is_yes)))
            return error_set(err, STATUS_MALFORMED, "its basicConstraints cannot be read");
    }
    return STATUS_OK;
}

/* The accepted root that a certificate is, NULL when it is none. */
static const struct ct_chain_root *find_accepted(const struct ct_chain_roots *roots, const struct certificate *certificate,
                                        const uint8_t fingerprint[HASH_SIZE])
{
    const struct ct_chain_root *root;
    for (size_t i = 0; (root = ct_chain_roots_named(roots, certificate->subject, i)) != NULL; i++)
        if (memcmp(root->fingerprint, fingerprint, HASH_SIZE) == 0)
            return root;
    return NULL;
}

static enum status parse_one(struct building *b, struct bytes der, size_t i, struct error *err)
{
    bool is_issuer = true;
    enum status s = certificate_parse(der, &b->certificates[i], err);
    if (s != STATUS_OK || i == 0)
        return s;
    hasher_one(&b->hasher, der, b->fingerprints[i]);
    if (b->cache != NULL)
        b->known[i] = b->cache->find(b->cache->context, b->fingerprints[i]);
    b->accepted = find_accepted(b->roots, &b->certificates[i], b->fingerprints[i]);
    /* An accepted root may be older than the extension that says so. */
    if (b->known[i] != NULL || b->accepted != NULL)
        return STATUS_OK;
    s = is_ca(&b->certificates[i], &is_issuer, err);
    if (s == STATUS_OK && !is_issuer)
        s = error_set(err, STATUS_REFUSED, "it is no CA's");
    return s;
}

static enum status parse_all(struct building *b, const struct bytes *chain, struct error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < b->count; i++)
        total += chain[i].len;
    if (total > CT_CHAIN_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "chain: of %zu bytes, at most %zu are taken", total, CT_CHAIN_SIZE_MAX);
    for (size_t i = 0; i < b->count; i++) {
        enum status s = parse_one(b, chain[i], i, err);
        if (s != STATUS_OK)
            return error_prefix(err, s, "chain: certificate %zu", i);
        if (b->accepted != NULL)
            b->count = i + 1;
    }
    return STATUS_OK;
}

static const struct certificate_key *key_of(struct building *b, size_t i, struct error *err)
{
    if (b->known[i] != NULL)
        return b->known[i]->key;
    if (b->accepted != NULL && i == b->count - 1)
        return b->accepted->key;
    if (b->made[i] == NULL && certificate_key_new(b->certificates[i].spki, &b->made[i], err) != STATUS_OK)
        return NULL;
    return b->made[i];
}

static enum status verify_with(const struct certificate *certificate, const struct certificate_key *key, struct error *err)
{
    /* [RFC5280 4.1.1.2]: what is signed says the same algorithm as what is not. */
    if (!bytes_equal(certificate->signature, certificate->signature_algorithm))
        return error_set(err, STATUS_REFUSED, "certificate: its two signature algorithms differ");
    return certificate_key_verify(key, certificate->signature_algorithm, certificate->tbs, certificate->signature_value,
                                  err);
}

/* Is the issuer's name of each certificate that of the next? */
static enum status check_names(const struct building *b, struct error *err)
{
    for (size_t i = 0; i + 1 < b->count; i++)
        if (!bytes_equal(b->certificates[i].issuer, b->certificates[i + 1].subject))
            return error_set(err, STATUS_REFUSED, "chain: certificate %zu is not issued by certificate %zu: other names", i,
                             i + 1);
    return STATUS_OK;
}

/* Is certificate i signed by certificate i + 1? */
static enum status verify_link(struct building *b, size_t i, struct error *err)
{
    if (b->known[i] != NULL && memcmp(b->known[i]->signer, b->fingerprints[i + 1], HASH_SIZE) == 0)
        return STATUS_OK;
    const struct certificate_key *key = key_of(b, i + 1, err);
    if (key == NULL)
        return error_prefix(err, err->status == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_REFUSED,
                            "chain: certificate %zu", i + 1);
    return error_prefix(err, verify_with(&b->certificates[i], key, err), "chain: certificate %zu", i);
}

/* The accepted root that has signed the last certificate, where that is none itself. */
static enum status find_root(struct building *b, const struct ct_chain_root **out, struct error *err)
{
    size_t last = b->count - 1;
    const struct certificate *certificate = &b->certificates[last];
    enum status s = STATUS_REFUSED;
    for (size_t i = 0; (*out = ct_chain_roots_named(b->roots, certificate->issuer, i)) != NULL; i++) {
        const struct ct_chain_issuer *known = b->known[last];
        if (known != NULL && memcmp(known->signer, (*out)->fingerprint, HASH_SIZE) == 0)
            return STATUS_OK;
        s = verify_with(certificate, (*out)->key, err);
        if (s == STATUS_OK || s == STATUS_NO_MEMORY)
            return error_prefix(err, s, "chain: certificate %zu", last);
    }
    if (ct_chain_roots_named(b->roots, certificate->issuer, 0) == NULL)
        return error_set(err, STATUS_REFUSED, "chain: no accepted root has issued certificate %zu", last);
    return error_prefix(err, s, "chain: no accepted root has issued certificate %zu", last);
}

/* What was verified now need not be again. */
static void remember(struct building *b, const struct ct_chain_root *root)
{
    for (size_t i = 1; b->cache != NULL && i < b->count; i++) {
        const uint8_t *signer = i + 1 < b->count ? b->fingerprints[i + 1] : root != NULL ? root->fingerprint : NULL;
        if (b->known[i] != NULL || signer == NULL)
            continue; /* an accepted root that was sent is in roots */
        struct error err;
        if (b->made[i] == NULL && certificate_key_new(b->certificates[i].spki, &b->made[i], &err) != STATUS_OK)
            continue; /* of no use to anybody: the leaf's signature was verified with another */
        struct ct_chain_issuer issuer = {.key = b->made[i]};
        memcpy(issuer.signer, signer, HASH_SIZE);
        b->cache->add(b->cache->context, b->fingerprints[i], &issuer);
        b->made[i] = NULL;
    }
}

static void give(const struct building *b, const struct ct_chain_root *root, struct ct_chain *out)
{
    *out = (struct ct_chain){.leaf = b->certificates[0]};
    for (size_t i = 1; i < b->count; i++) {
        out->issuers[out->issuer_count] = b->certificates[i].der;
        memcpy(out->fingerprints[out->issuer_count++], b->fingerprints[i], HASH_SIZE);
    }
    if (root != NULL) {
        out->issuers[out->issuer_count] = root->certificate.der;
        memcpy(out->fingerprints[out->issuer_count++], root->fingerprint, HASH_SIZE);
    }
    out->issuer_spki = b->count > 1 ? b->certificates[1].spki : root->certificate.spki;
}

static enum status build(struct building *b, const struct bytes *chain, struct ct_chain *out, struct error *err)
{
    const struct ct_chain_root *root = NULL;
    enum status s = parse_all(b, chain, err);
    if (s == STATUS_OK)
        s = check_names(b, err);
    if (s == STATUS_OK && b->accepted == NULL) {
        if (b->count == CT_CHAIN_DEPTH_MAX)
            return error_set(err, STATUS_LIMIT, "chain: no accepted root among %d certificates", CT_CHAIN_DEPTH_MAX);
        s = find_root(b, &root, err);
    }
    /* From the root down: a key is used only when it is vouched for, so that nobody has us work with keys of his own making. */
    for (size_t i = b->count - 1; s == STATUS_OK && i > 0; i--)
        s = verify_link(b, i - 1, err);
    if (s == STATUS_OK)
        s = hasher_status(&b->hasher, err);
    if (s != STATUS_OK)
        return s;
    give(b, root, out);
    remember(b, root);
    return STATUS_OK;
}

enum status ct_chain_build(const struct ct_chain_roots *roots, const struct bytes *chain, size_t count,
                           const struct ct_chain_cache *cache, struct ct_chain *out, struct error *err)
{
    if (count == 0 || count > CT_CHAIN_DEPTH_MAX)
        return error_set(err, STATUS_LIMIT, "chain: of %zu certificates, 1 to %d are taken", count, CT_CHAIN_DEPTH_MAX);
    struct building b = {.roots = roots, .cache = cache, .count = count};
    enum status s = hasher_init(&b.hasher, ct_chain_roots_hash(roots), err);
    if (s != STATUS_OK)
        return s;
    s = build(&b, chain, out, err);
    hasher_clear(&b.hasher);
    for (size_t i = 0; i < count; i++)
        certificate_key_free(b.made[i]);
    return s;
}
