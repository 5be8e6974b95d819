#include "mtc_sample.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/mtc/tbs_entry.h"
#include "codec/x509/extensions.h"
#include "merkle/node.h"
#include "merkle/proof.h"

#define LOG_NUMBER 1
/* Somewhere in a log of some tens of millions of entries. */
#define SUBTREE_NUMBER 7
#define INDEX_IN_SUBTREE_BITS UINT64_C(0x2b5a96)
#define DAY_S 86400

static const uint8_t version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
static const uint8_t empty_name[] = {DER_SEQUENCE, 0};
static const uint8_t policy_dv[] = {0x67, 0x81, 0x0c, 0x01, 0x02, 0x01};
static const uint8_t no_extensions[] = {0, 0};

/* What is put together before it is a certificate. */
struct draft_certificate {
    struct tai ids[MTC_SAMPLE_COSIGNERS_MAX]; /* the CA's, the other cosigner's */
    struct tai log_id;
    struct builder issuer, validity, extensions;
    uint8_t spki_hash[HASH_SIZE];
    struct tbs_entry entry;
    struct subtree subtree;
    uint64_t index;
    uint8_t path[PROOF_HASHES_MAX][HASH_SIZE];
    uint8_t entry_hash[HASH_SIZE], subtree_hash[HASH_SIZE];
};

static void write_extensions(const struct tai *ca_id, struct builder *out)
{
    static const char name[] = MTC_SAMPLE_NAME;
    uint8_t memory[64];
    struct builder names;
    builder_init_fixed(&names, memory, sizeof memory);
    der_write(&names, SAN_DNS_NAME, bytes_of_text(name));
    size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(out, DER_SEQUENCE);
    extensions_write_key_usage(out, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(out, true);
    extensions_write_subject_alt_name(out, builder_view(&names), true);
    extensions_write_authority_key_id(out, tai_bytes(ca_id));
    extensions_write_policy(out, BYTES_OF(policy_dv));
    der_close(out, list);
    der_close(out, wrapper);
}

static int64_t at_s(const struct mtc_sample *s)
{
    return s->kind->at_s != 0 ? s->kind->at_s : MTC_SAMPLE_AT_S;
}

static void write_validity(const struct mtc_sample *s, struct builder *out)
{
    size_t validity = der_open(out, DER_SEQUENCE);
    der_write_time(out, at_s(s) - DAY_S);
    der_write_time(out, at_s(s) + 46 * DAY_S);
    der_close(out, validity);
}

static bool find_spki_algorithm(struct bytes spki, struct bytes *whole)
{
    struct reader r, child;
    struct der_element algorithm;
    reader_init(&r, spki);
    if (!der_enter(&r, DER_SEQUENCE, &child) || !der_tagged(&child, DER_SEQUENCE, &algorithm))
        return false;
    *whole = algorithm.whole;
    return true;
}

static enum status fill_entry(struct mtc_sample *s, struct draft_certificate *c, struct error *err)
{
    struct bytes spki = public_key_spki(private_key_public(s->subject)), algorithm;
    if (!find_spki_algorithm(spki, &algorithm))
        return error_set(err, STATUS_MALFORMED, "subject key");
    draft_write_ca_name(s->kind->draft, &c->ids[0], &c->issuer);
    write_validity(s, &c->validity);
    write_extensions(&c->ids[0], &c->extensions);
    hasher_one(hasher_set_get(&s->hashers, s->kind->draft->hash), spki, c->spki_hash);
    c->entry = (struct tbs_entry){
        .version = BYTES_OF(version_3),
        .issuer = builder_view(&c->issuer),
        .validity = builder_view(&c->validity),
        .subject = BYTES_OF(empty_name),
        .spki_algorithm = algorithm,
        .spki_hash = BYTES_OF(c->spki_hash),
        .after_spki = builder_view(&c->extensions),
    };
    return builder_status(&c->extensions, "extensions", err);
}

/* The log entry's hash, then the subtree's over a path of made-up siblings. */
static enum status grow_tree(struct mtc_sample *s, struct draft_certificate *c, struct error *err)
{
    struct hasher *h = hasher_set_get(&s->hashers, s->kind->draft->hash);
    uint8_t memory[1024];
    struct builder entry;
    builder_init_fixed(&entry, memory, sizeof memory);
    log_entry_write_start(&entry, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&c->entry, &entry);
    enum status status = builder_status(&entry, "log entry", err);
    if (status != STATUS_OK)
        return status;
    node_leaf_hash(h, builder_view(&entry), c->entry_hash);
    uint64_t size = UINT64_C(1) << s->kind->height;
    c->subtree = (struct subtree){SUBTREE_NUMBER * size, (SUBTREE_NUMBER + 1) * size};
    c->index = c->subtree.start + (INDEX_IN_SUBTREE_BITS & (size - 1));
    for (unsigned i = 0; i < s->kind->height; i++)
        hasher_one(h, bytes_of(&i, sizeof i), c->path[i]);
    return proof_evaluate_inclusion(h, c->subtree, c->index, c->entry_hash,
                                    bytes_of(c->path, s->kind->height * HASH_SIZE), c->subtree_hash, err);
}

static size_t cosigner_count(const struct mtc_sample *s)
{
    size_t count = 0;
    while (count < MTC_SAMPLE_COSIGNERS_MAX && s->kind->cosigner_algorithms[count] != NULL)
        count++;
    return count;
}

static enum status cosign(struct mtc_sample *s, const struct draft_certificate *c, size_t number,
                          struct builder *signature, struct error *err)
{
    char name[TAI_NAME_SIZE], origin[TAI_NAME_SIZE];
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    tai_name(&c->ids[number], name);
    tai_name(&c->log_id, origin);
    struct cosigned_message m = {.cosigner_name = bytes_of_text(name),
                                 .log_origin = bytes_of_text(origin),
                                 .subtree = c->subtree};
    memcpy(m.hash, c->subtree_hash, HASH_SIZE);
    builder_init_fixed(&message, memory, sizeof memory);
    enum status status = cosigned_message_write(&m, &message, err);
    if (status == STATUS_OK)
        status = private_key_sign(s->cosigners[number], builder_view(&message), signature, err);
    return status;
}

static enum status write_certificate(struct mtc_sample *s, struct draft_certificate *c, struct error *err)
{
    struct builder signatures[MTC_SAMPLE_COSIGNERS_MAX], proof;
    struct cosignature cosignatures[MTC_SAMPLE_COSIGNERS_MAX];
    size_t count = s->kind->is_landmark ? 0 : cosigner_count(s);
    struct mtc_proof p = {.extensions = BYTES_OF(no_extensions), .subtree = c->subtree,
                          .inclusion_proof = bytes_of(c->path, s->kind->height * HASH_SIZE)};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < MTC_SAMPLE_COSIGNERS_MAX; i++)
        builder_init(&signatures[i], SIGNATURE_SIZE_MAX);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        status = cosign(s, c, i, &signatures[i], err);
        cosignatures[i] = (struct cosignature){tai_bytes(&c->ids[i]), builder_view(&signatures[i])};
    }
    builder_init(&proof, CERTIFICATE_SIZE_MAX);
    if (status == STATUS_OK)
        status = mtc_proof_write(&p, s->kind->draft, cosignatures, count, &proof, err);
    if (status == STATUS_OK)
        status = tbs_entry_write_certificate(&c->entry, s->kind->draft, ((uint64_t)LOG_NUMBER << 48) | c->index,
                                             public_key_spki(private_key_public(s->subject)),
                                             builder_view(&proof), &s->der, err);
    builder_clear(&proof);
    for (size_t i = 0; i < MTC_SAMPLE_COSIGNERS_MAX; i++)
        builder_clear(&signatures[i]);
    return status;
}

/* The CA, the further cosigner, who is required, and the landmark. */
static enum status fill_store(struct mtc_sample *s, struct draft_certificate *c, struct error *err)
{
    const struct public_key *ca_key = private_key_public(s->cosigners[0]);
    struct ca_certificate ca = {
        .draft = s->kind->draft,
        .id = c->ids[0],
        .spki = public_key_spki(ca_key),
        .sig_alg = algorithm_identifier(public_key_alg(ca_key)),
        .min_serial = CA_CERTIFICATE_SERIAL_MIN,
        .max_serial = CA_CERTIFICATE_SERIAL_MAX,
        .not_before_s = at_s(s) - 100 * DAY_S,
        .not_after_s = at_s(s) + 1000 * (int64_t)DAY_S,
    };
    struct builder der;
    builder_init(&der, CERTIFICATE_SIZE_MAX);
    enum status status = ca_certificate_write(&ca, &der, err);
    if (status == STATUS_OK)
        status = trust_store_add_ca(s->store, builder_view(&der), err);
    builder_clear(&der);
    if (status == STATUS_OK && s->cosigners[1] != NULL) {
        const struct public_key *other = private_key_public(s->cosigners[1]);
        status = trust_store_add_cosigner(s->store, &c->ids[1], bytes_of_text(public_key_alg(other)->name),
                                          public_key_spki(other), err);
        if (status == STATUS_OK)
            status = trust_store_require(s->store, 1, &c->ids[1], 1, err);
    }
    if (status == STATUS_OK && s->kind->is_landmark)
        status = trust_store_add_subtree(s->store, &c->ids[0], LOG_NUMBER, c->subtree, c->subtree_hash, err);
    return status;
}

static enum status make_keys(struct mtc_sample *s, struct error *err)
{
    const struct signature_alg *subject =
        algorithms_by_name(s->algorithms, bytes_of_text(s->kind->subject_algorithm));
    enum status status = private_key_generate(subject, &s->subject, err);
    for (size_t i = 0; status == STATUS_OK && i < cosigner_count(s); i++)
        status = private_key_generate(
            algorithms_by_name(s->algorithms, bytes_of_text(s->kind->cosigner_algorithms[i])),
            &s->cosigners[i], err);
    return status == STATUS_OK ? private_key_write_pem(s->subject, &s->key_pem, err) : status;
}

static enum status make(struct mtc_sample *s, struct draft_certificate *c, struct error *err)
{
    static const char *const ids[MTC_SAMPLE_COSIGNERS_MAX] = {"32473.1", "32473.2"};
    enum status status = algorithms_new(&s->algorithms, err);
    if (status == STATUS_OK)
        status = trust_store_new(s->algorithms, &s->store, err);
    if (status == STATUS_OK)
        status = hasher_set_init(&s->hashers, err);
    for (size_t i = 0; status == STATUS_OK && i < MTC_SAMPLE_COSIGNERS_MAX; i++)
        status = tai_parse_text(bytes_of_text(ids[i]), &c->ids[i], err);
    if (status == STATUS_OK)
        status = tai_log_id(&c->ids[0], LOG_NUMBER, &c->log_id, err);
    if (status == STATUS_OK)
        status = make_keys(s, err);
    if (status == STATUS_OK)
        status = fill_entry(s, c, err);
    if (status == STATUS_OK)
        status = grow_tree(s, c, err);
    if (status == STATUS_OK)
        status = write_certificate(s, c, err);
    return status == STATUS_OK ? fill_store(s, c, err) : status;
}

enum status mtc_sample_init(struct mtc_sample *sample, const struct mtc_sample_kind *kind, struct error *err)
{
    struct draft_certificate c = {.index = 0};
    *sample = (struct mtc_sample){.kind = kind};
    builder_init(&sample->der, CERTIFICATE_SIZE_MAX);
    builder_init(&sample->key_pem, KEY_PEM_MAX);
    builder_init(&c.issuer, 256);
    builder_init(&c.validity, 256);
    builder_init(&c.extensions, 1024);
    enum status status = make(sample, &c, err);
    builder_clear(&c.issuer);
    builder_clear(&c.validity);
    builder_clear(&c.extensions);
    struct certificate cert;
    if (status == STATUS_OK)
        status = certificate_parse(builder_view(&sample->der), &cert, err);
    if (status == STATUS_OK)
        sample->tbs_size = cert.tbs.len;
    return status == STATUS_OK ? mtc_sample_verify(sample, builder_view(&sample->der), err) : status;
}

void mtc_sample_clear(struct mtc_sample *s)
{
    for (size_t i = 0; i < MTC_SAMPLE_COSIGNERS_MAX; i++)
        private_key_free(s->cosigners[i]);
    private_key_free(s->subject);
    builder_clear(&s->der);
    builder_clear(&s->key_pem);
    hasher_set_clear(&s->hashers);
    trust_store_free(s->store);
    algorithms_free(s->algorithms);
    *s = (struct mtc_sample){.kind = NULL};
}

enum status mtc_sample_verify(struct mtc_sample *s, struct bytes der, struct error *err)
{
    struct proof_verdict verdict;
    const struct verify_request request = {.at_s = at_s(s),
                                           .dns_name = bytes_of_text(MTC_SAMPLE_NAME)};
    return verify_certificate(s->store, &s->hashers, der, &request, &verdict, err);
}
