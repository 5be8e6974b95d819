/* What a log can be like, and what it is called. */
#include <string.h>

#include "codec/ct/digitally_signed.h"
#include "log_engine/log_internal.h"

enum status log_config_origin(const struct log_config *config, char out[LOG_ORIGIN_SIZE], struct error *err)
{
    char name[TAI_NAME_SIZE];
    if (config->origin == NULL)
        tai_name(&config->log_id, name);
    struct bytes origin = bytes_of_text(config->origin != NULL ? config->origin : name);
    if (origin.len >= LOG_ORIGIN_SIZE || !note_is_name(origin))
        return error_set(err, STATUS_USAGE, "the origin of a log has 1 to %d bytes, no spaces and no \"+\"",
                         LOG_ORIGIN_SIZE - 1);
    memcpy(out, origin.data, origin.len);
    out[origin.len] = '\0';
    return STATUS_OK;
}

/* ---- mirrors and witnesses ---- */

static bool is_same_key(const struct public_key *a, const struct public_key *b)
{
    return bytes_equal(public_key_spki(a), public_key_spki(b));
}

/* One key under two names would count twice, and the log's own as somebody else's [GM-8]. */
static enum status check_external_key(const struct log_config *config, size_t number, struct error *err)
{
    const struct log_external *e = &config->externals[number];
    for (size_t i = 0; i < config->cosigner_count; i++)
        if (is_same_key(config->cosigners[i].key, e->key))
            return error_set(err, STATUS_USAGE, "%s has the key of a cosigner of the log itself", e->name);
    for (size_t i = 0; i < number; i++)
        if (is_same_key(config->externals[i].key, e->key))
            return error_set(err, STATUS_USAGE, "%s and %s have one key", e->name, config->externals[i].name);
    return STATUS_OK;
}

static enum status check_external(const struct log_config *config, const struct log_external *e,
                                  struct error *err)
{
    char name[TAI_NAME_SIZE];
    if (e->name == NULL || e->key == NULL || !note_is_name(bytes_of_text(e->name)))
        return error_set(err, STATUS_USAGE, "a mirror or witness needs a name and a key");
    if (e->id.len == 0)
        return STATUS_OK;
    tai_name(&e->id, name);
    if (strcmp(name, e->name) != 0)
        return error_set(err, STATUS_USAGE, "cosigner %s must have the note name %s [C2SP mtc-tlog]",
                         e->name, name);
    if (e->key_type == NOTE_KEY_ED25519 || e->key_type == NOTE_KEY_ED25519_COSIGNATURE)
        return error_set(err, STATUS_USAGE, "%s: Ed25519 notes of C2SP cannot cosign subtrees", e->name);
    for (size_t i = 0; i < config->cosigner_count; i++)
        if (tai_equal(&config->cosigners[i].id, &e->id))
            return error_set(err, STATUS_USAGE, "%s is a cosigner of the log itself", e->name);
    return STATUS_OK;
}

static enum status check_externals(const struct log_config *config, struct error *err)
{
    if (config->external_count > LOG_EXTERNALS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d mirrors and witnesses", LOG_EXTERNALS_MAX);
    for (size_t i = 0; i < config->external_count; i++) {
        enum status status = check_external(config, &config->externals[i], err);
        if (status != STATUS_OK)
            return status;
        for (size_t j = 0; j < i; j++)
            if (strcmp(config->externals[i].name, config->externals[j].name) == 0)
                return error_set(err, STATUS_USAGE, "%s is configured twice", config->externals[i].name);
        status = check_external_key(config, i, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- both kinds ---- */

static enum status check_issuance_log(const struct log_config *config, struct error *err)
{
    struct tai ca;
    uint16_t number;
    if (!tai_split_log_id(&config->log_id, &ca, &number))
        return error_set(err, STATUS_USAGE, "the log ID is not of the form CA.0.N [MTC 5.2]");
    if (config->cosigner_count == 0)
        return error_set(err, STATUS_USAGE, "a log needs a hash and 1 to %d cosigners", LOG_COSIGNERS_MAX);
    if (!tai_equal(&config->cosigners[0].id, &ca))
        return error_set(err, STATUS_USAGE, "the first cosigner is not the CA of the log [MTC 5.4]");
    return STATUS_OK;
}

/* Their statements differ in key or name, so that none counts twice. */
static enum status check_plain_log(const struct log_config *config, struct error *err)
{
    if (config->origin == NULL || config->log_id.len != 0 || config->tree_head_signer != NULL || config->leaf_format == NULL)
        return error_set(err, STATUS_USAGE, "a plain log has an origin and a leaf format, and nothing of other kinds of log");
    if (config->cosigner_count == 0)
        return error_set(err, STATUS_USAGE, "a log needs a hash and 1 to %d cosigners", LOG_COSIGNERS_MAX);
    for (size_t i = 0; i < config->cosigner_count; i++) {
        const struct cosigner *c = &config->cosigners[i];
        if (c->name == NULL || !note_is_name(bytes_of_text(c->name)))
            return error_set(err, STATUS_USAGE, "a cosigner of a plain log needs a name");
        for (size_t j = 0; j < i; j++)
            if (is_same_key(config->cosigners[j].key, c->key))
                return error_set(err, STATUS_USAGE, "two cosigners have one key");
    }
    return STATUS_OK;
}

static enum status check_ct_log(const struct log_config *config, struct error *err)
{
    const struct public_key *key = config->tree_head_signer->key;
    uint16_t wanted = config->hash == &hash_sm3 ? DIGITALLY_SIGNED_SM2_SM3 : DIGITALLY_SIGNED_ECDSA_SHA256;
    if (config->origin == NULL || config->log_id.len != 0)
        return error_set(err, STATUS_USAGE, "a CT log has an origin, and no log ID");
    if (key == NULL || digitally_signed_algorithm(public_key_alg(key)) != wanted)
        return error_set(err, STATUS_USAGE, "the key of a CT log with the hash %s is not of its suite [GM 4]",
                         config->hash->name);
    if (config->cosigns_subtrees && config->cosigner_count == 0)
        return error_set(err, STATUS_USAGE, "nobody is there to cosign subtrees");
    for (size_t i = 0; i < config->cosigner_count; i++)
        if (is_same_key(config->cosigners[i].key, key))
            return error_set(err, STATUS_USAGE, "a cosigner has the key of the CT log");
    for (size_t i = 0; i < config->external_count; i++)
        if (is_same_key(config->externals[i].key, key))
            return error_set(err, STATUS_USAGE, "%s has the key of the CT log", config->externals[i].name);
    return STATUS_OK;
}

enum status log_config_check(const struct log_config *config, struct error *err)
{
    if (config->hash == NULL || config->cosigner_count > LOG_COSIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "a log needs a hash and 1 to %d cosigners", LOG_COSIGNERS_MAX);
    enum status status = check_externals(config, err);
    if (status != STATUS_OK)
        return status;
    if (config->is_plain)
        return check_plain_log(config, err);
    return config->tree_head_signer != NULL ? check_ct_log(config, err) : check_issuance_log(config, err);
}
