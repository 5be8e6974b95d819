#include "rules/sct_check.h"

#include "base/civil_time.h"

struct sct_check_subject sct_check_certificate(struct bytes certificate_der)
{
    return (struct sct_check_subject){.type = LEAF_X509, .certificate = certificate_der};
}

struct sct_check_subject sct_check_precert(struct bytes tbs, struct bytes issuer_spki)
{
    return (struct sct_check_subject){.type = LEAF_PRECERT, .tbs = tbs, .issuer_spki = issuer_spki};
}

struct sct_check_subject sct_check_mtc(struct bytes log_id, uint64_t index, struct bytes entry, struct bytes ca_spki)
{
    return (struct sct_check_subject){.type = LEAF_TBS_CERT,
                                      .issuer_spki = ca_spki,
                                      .mtc = {.log_id = log_id, .index = index, .entry = entry}};
}

enum status sct_check_leaf(const struct sct_check_subject *subject, const struct ct_suite *suite,
                           uint8_t key_hash[HASH_SIZE], struct leaf *out, struct error *err)
{
    *out = (struct leaf){.type = subject->type,
                         .certificate = subject->certificate,
                         .tbs = subject->tbs,
                         .issuer_key_hash = bytes_of(key_hash, HASH_SIZE),
                         .mtc = subject->mtc};
    out->mtc.ca_key_hash = bytes_of(key_hash, HASH_SIZE);
    return subject->type == LEAF_X509 ? STATUS_OK : ct_suite_hash(suite, subject->issuer_spki, key_hash, err);
}

static enum status check_time(const struct sct_check *check, const struct sct *sct, struct error *err)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    int64_t time_s = (int64_t)(sct->timestamp_ms / 1000);
    if (time_s - check->skew_s <= check->at_s)
        return STATUS_OK;
    civil_time_format(time_s, text);
    return error_set(err, STATUS_REFUSED, "SCT: it is from the future: %s", text);
}

static enum status verify(const struct sct_check *check, const struct public_key *key, const struct sct *sct,
                          struct error *err)
{
    struct leaf leaf;
    uint8_t key_hash[HASH_SIZE];
    enum status s = sct_check_leaf(check->subject, check->log->suite, key_hash, &leaf, err);
    if (s != STATUS_OK)
        return s;
    s = sct_input_verify(key, sct, &leaf, err);
    return s == STATUS_USAGE ? error_set(err, STATUS_REFUSED, "SCT: there is nothing that it could be of") : s;
}

static enum status verify_with_listed_key(const struct sct_check *check, const struct sct *sct, struct error *err)
{
    struct public_key *key;
    const struct signature_alg *alg =
        algorithms_by_name(check->algorithms, bytes_of_text(check->log->suite->algorithm));
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "no algorithm %s here", check->log->suite->algorithm);
    enum status s = public_key_new(alg, log_list_key(check->log), &key, err);
    if (s != STATUS_OK)
        return s == STATUS_NO_MEMORY ? s : error_set(err, STATUS_REFUSED, "SCT: the log's key is none of %s", alg->name);
    s = verify(check, key, sct, err);
    public_key_free(key);
    return s;
}

enum status sct_check(const struct sct_check *check, const struct sct *sct, struct error *err)
{
    if (sct->version != SCT_V1)
        return error_set(err, STATUS_REFUSED, "SCT: version %u is not known", sct->version);
    if (!bytes_equal(sct->log_id, BYTES_OF(check->log->log_id)))
        return error_set(err, STATUS_REFUSED, "SCT: it is of another log");
    enum status s = check_time(check, sct, err);
    if (s != STATUS_OK)
        return s;
    return check->key != NULL ? verify(check, check->key, sct, err) : verify_with_listed_key(check, sct, err);
}

enum status sct_check_leaf_hash(const struct sct_check_subject *subject, const struct ct_suite *suite,
                                const struct sct *sct, uint8_t out[HASH_SIZE], struct error *err)
{
    struct leaf entry;
    uint8_t key_hash[HASH_SIZE];
    struct builder timestamped;
    struct hasher h;
    enum status s = sct_check_leaf(subject, suite, key_hash, &entry, err);
    if (s != STATUS_OK)
        return s;
    s = hasher_init(&h, suite->hash, err);
    if (s != STATUS_OK)
        return s;
    entry = sct_input_leaf(sct, &entry);
    builder_init(&timestamped, LEAF_TILE_ENTRY_MAX);
    s = leaf_write(&entry, &timestamped, err);
    if (s == STATUS_OK) {
        leaf_hash(&h, builder_view(&timestamped), out);
        s = hasher_status(&h, err);
    }
    hasher_clear(&h);
    builder_clear(&timestamped);
    return s;
}
