#include "rules/verify_proof.h"

#include <string.h>

#include "codec/mtc/cosigned_message.h"
#include "codec/mtc/tbs_entry.h"
#include "merkle/proof.h"

/* Contents of a non-negative INTEGER below 2^64. */
static bool read_serial(struct bytes contents, uint64_t *serial)
{
    struct bytes c = contents;
    if (c.len == 0 || c.data[0] >= 0x80 || c.len > 9 || (c.len == 9 && c.data[0] != 0))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < c.len; i++)
        v = v << 8 | c.data[i];
    *serial = v;
    return true;
}

/* Steps 3 to 5. */
static enum status check_serial(const struct trust_store *store, const struct certificate *cert,
                                struct proof_verdict *v, struct error *err)
{
    if (!read_serial(cert->serial, &v->serial))
        return error_set(err, STATUS_REFUSED, "serial number is negative or above 2^64-1");
    v->index = v->serial & (((uint64_t)1 << 48) - 1);
    v->log_number = (uint16_t)(v->serial >> 48);
    if (v->serial < v->ca->min_serial || v->serial > v->ca->max_serial)
        return error_set(err, STATUS_REFUSED, "serial %u:%llu is outside the CA's window", v->log_number,
                         (unsigned long long)v->index);
    if (trust_store_is_revoked(store, &v->ca->id, v->serial))
        return error_set(err, STATUS_REFUSED, "serial %u:%llu is in a revoked range", v->log_number,
                         (unsigned long long)v->index);
    if (v->log_number == 0)
        return error_set(err, STATUS_REFUSED, "serial number names log 0, which cannot exist");
    return STATUS_OK;
}

/* Steps 7 to 10. */
static enum status evaluate(struct hasher *h, const struct certificate *cert,
                            const struct mtc_proof *proof, struct proof_verdict *v,
                            struct error *err)
{
    v->subtree = proof->subtree;
    tbs_entry_leaf_hash(h, cert, proof->extensions, v->entry_hash);
    enum status s = proof_evaluate_inclusion(h, proof->subtree, v->index, v->entry_hash,
                                             proof->inclusion_proof, v->subtree_hash, err);
    if (s == STATUS_OK)
        s = hasher_status(h, err);
    return error_prefix(err, s, "inclusion proof");
}

static enum status check_signature(const struct public_key *key, const struct tai *cosigner_id,
                                   struct bytes log_origin, const struct proof_verdict *v,
                                   struct bytes signature, struct error *err)
{
    char name[TAI_NAME_SIZE];
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    tai_name(cosigner_id, name);
    struct cosigned_message m = {
        .cosigner_name = bytes_of_text(name), .log_origin = log_origin, .subtree = v->subtree};
    memcpy(m.hash, v->subtree_hash, HASH_SIZE);
    builder_init_fixed(&message, memory, sizeof memory);
    enum status s = cosigned_message_write(&m, &message, err);
    return s == STATUS_OK ? public_key_verify(key, builder_view(&message), signature, err) : s;
}

/* A signature that does not verify does not count; only a library that fails stops everything. */
static enum status count_signatures(const struct trust_store *store, const struct mtc_proof *proof,
                                    struct bytes log_origin, struct proof_verdict *v,
                                    struct error *err)
{
    struct reader r;
    struct cosignature c;
    reader_init(&r, proof->signatures);
    while (mtc_proof_next(&r, &c)) {
        size_t number = 0;
        const struct trust_cosigner *cosigner = trust_store_find_cosigner(store, c.cosigner_id, &number);
        bool is_ca = bytes_equal(c.cosigner_id, tai_bytes(&v->ca->id));
        if (!is_ca && cosigner == NULL)
            continue; /* unknown ones are ignored, GREASE among them [MTC 6.2] */
        const struct public_key *key = is_ca ? v->ca->key : cosigner->key;
        const struct tai *id = is_ca ? &v->ca->id : &cosigner->id;
        enum status s = check_signature(key, id, log_origin, v, c.signature, err);
        if (s == STATUS_NO_MEMORY)
            return s;
        if (s == STATUS_OK && is_ca)
            v->has_ca_signature = true;
        if (s == STATUS_OK && !is_ca)
            v->good_cosigners[number / 8] |= (uint8_t)(1U << (number % 8));
    }
    return STATUS_OK;
}

struct signed_set {
    const struct trust_store *store;
    const struct proof_verdict *verdict;
};

static bool has_signed(const void *context, const struct tai *id)
{
    const struct signed_set *set = context;
    size_t number;
    return trust_store_find_cosigner(set->store, tai_bytes(id), &number) != NULL && proof_verdict_has(set->verdict, number);
}

/* Step 12: the CA cosigner, and every requirement. */
static enum status check_cosigners(const struct trust_store *store, const struct mtc_proof *proof,
                                   struct proof_verdict *v, struct error *err)
{
    struct tai log_id;
    char origin[TAI_NAME_SIZE];
    enum status s = tai_log_id(&v->ca->id, v->log_number, &log_id, err);
    if (s != STATUS_OK)
        return s;
    tai_name(&log_id, origin);
    s = count_signatures(store, proof, bytes_of_text(origin), v, err);
    if (s != STATUS_OK)
        return s;
    if (!v->has_ca_signature) {
        char id[TAI_TEXT_SIZE];
        tai_text(&v->ca->id, id);
        return error_set(err, STATUS_REFUSED,
                         "cosigner policy not satisfied: no good signature of the CA cosigner %s, and "
                         "[%llu, %llu) of log %u is not a trusted subtree", id,
                         (unsigned long long)v->subtree.start, (unsigned long long)v->subtree.end,
                         v->log_number);
    }
    size_t count;
    const struct trust_requirement *required = trust_store_requirements(store, &count);
    for (size_t i = 0; i < count; i++) {
        struct signed_set set = {store, v};
        if (!trust_requirement_is_for(&required[i], &v->ca->id))
            continue;
        size_t good = trust_store_count_signed(&required[i], has_signed, &set);
        if (good < required[i].needed)
            return error_set(err, STATUS_REFUSED,
                             "cosigner policy not satisfied: %zu of %zu cosigners have signed, %zu are required",
                             good, required[i].count, required[i].needed);
    }
    v->basis = PROOF_BY_COSIGNERS;
    return STATUS_OK;
}

/* Steps 11 and 12: the hash of a trusted subtree is final, for and against. */
static enum status decide(const struct trust_store *store, const struct mtc_proof *proof,
                          bool is_without_subtrees, struct proof_verdict *v, struct error *err)
{
    const uint8_t *trusted = is_without_subtrees ? NULL : trust_store_find_subtree(store, &v->ca->id, v->log_number, v->subtree);
    if (trusted == NULL)
        return check_cosigners(store, proof, v, err);
    if (memcmp(trusted, v->subtree_hash, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED, "trusted subtree hash mismatch: [%llu, %llu) of log %u",
                         (unsigned long long)v->subtree.start, (unsigned long long)v->subtree.end,
                         v->log_number);
    v->basis = PROOF_BY_TRUSTED_SUBTREE;
    return STATUS_OK;
}

enum status verify_proof(const struct trust_store *store, struct hasher_set *hashers,
                         const struct certificate *cert, bool is_without_subtrees, struct proof_verdict *v,
                         struct error *err)
{
    *v = (struct proof_verdict){.ca = trust_store_find_ca(store, cert->issuer)};
    if (v->ca == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no trusted CA has the name of the issuer");
    const struct draft *draft = v->ca->draft;
    if (!bytes_equal(cert->signature, draft->proof_identifier))
        return error_set(err, STATUS_REFUSED, "signature in the TBSCertificate is not id-alg-mtcProof of %s",
                         draft->name);
    if (!bytes_equal(cert->signature_algorithm, draft->proof_identifier))
        return error_set(err, STATUS_REFUSED, "signatureAlgorithm is not id-alg-mtcProof of %s", draft->name);
    struct mtc_proof proof;
    enum status s = mtc_proof_parse(cert->signature_value, draft, &proof, err);
    if (s == STATUS_OK)
        s = check_serial(store, cert, v, err);
    if (s == STATUS_OK)
        s = evaluate(hasher_set_get(hashers, draft->hash), cert, &proof, v, err);
    return s == STATUS_OK ? decide(store, &proof, is_without_subtrees, v, err) : s;
}
