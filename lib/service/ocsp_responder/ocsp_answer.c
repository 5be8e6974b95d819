#include "service/ocsp_responder/ocsp_answer.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"

/* ---- how the CA is named ---- */

static bool hash_all(struct bytes message, uint8_t out[CERT_ID_HASH_COUNT][HASH_SIZE], struct hasher *sm3)
{
    hasher_one(sm3, message, out[CERT_ID_SM3]);
    return hash_label_sha1(message, out[CERT_ID_SHA1]) && hash_label_sha256(&message, 1, out[CERT_ID_SHA256]);
}

/* The BIT STRING's contents without tag, length and unused bits [RFC6960 4.1.1]. */
static bool key_bits(struct bytes spki, struct bytes *out)
{
    struct reader r, sequence, bits;
    struct bytes algorithm;
    uint8_t unused;
    reader_init(&r, spki);
    if (!der_enter(&r, DER_SEQUENCE, &sequence) || !der_whole(&sequence, DER_SEQUENCE, &algorithm) ||
        !der_enter(&sequence, DER_BIT_STRING, &bits) || !reader_u8(&bits, &unused))
        return false;
    *out = reader_rest(&bits);
    return true;
}

enum status ocsp_answer_read_issuer(struct bytes name, struct bytes spki, struct ocsp_issuer *out, struct error *err)
{
    struct hasher sm3;
    struct bytes bits;
    if (!key_bits(spki, &bits))
        return error_set(err, STATUS_MALFORMED, "the CA's key is no SubjectPublicKeyInfo");
    enum status s = hasher_init(&sm3, &hash_sm3, err);
    if (s != STATUS_OK)
        return s;
    if (!hash_all(name, out->name_hash, &sm3) || !hash_all(bits, out->key_hash, &sm3))
        s = error_set(err, STATUS_NO_MEMORY, "a hash function of the crypto library failed");
    if (s == STATUS_OK)
        s = hasher_status(&sm3, err);
    hasher_clear(&sm3);
    return s;
}

bool ocsp_answer_is_ours(const struct ocsp_issuer *issuer, const struct cert_id *id)
{
    size_t size = cert_id_hash_size(id->hash);
    return size > 0 && bytes_equal(id->issuer_name_hash, bytes_of(issuer->name_hash[id->hash], size)) &&
           bytes_equal(id->issuer_key_hash, bytes_of(issuer->key_hash[id->hash], size));
}

/* ---- who signs ---- */

enum status ocsp_answer_set_signer(struct ocsp_signing *signing, const struct document_signer *signer,
                                   struct bytes certificate, struct error *err)
{
    struct certificate parsed;
    signing->is_ready = false;
    builder_reset(&signing->certificate);
    builder_bytes(&signing->certificate, certificate);
    enum status s = builder_status(&signing->certificate, "certificate of the OCSP responder", err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&signing->certificate), &parsed, err);
    if (s != STATUS_OK)
        return s;
    if (!bytes_equal(parsed.spki, public_key_spki(signer->key)))
        return error_set(err, STATUS_USAGE, "the certificate of the OCSP responder is not of its key");
    signing->signer = *signer;
    signing->name = parsed.subject;
    signing->not_after_s = parsed.not_after_s;
    signing->is_ready = true;
    return STATUS_OK;
}

/* ---- what is said ---- */

static void set_times(const struct ocsp_responder_config *config, const struct ocsp_signing *signing, int64_t now_s,
                      struct ocsp_answer_times *times)
{
    int64_t fresh_s;
    times->this_update_s = now_s;
    times->next_update_s = now_s + config->validity_s;
    if (times->next_update_s > signing->not_after_s)
        times->next_update_s = signing->not_after_s;
    fresh_s = (times->next_update_s - now_s) / 2;
    times->fresh_until_s = now_s + (fresh_s < OCSP_ANSWER_FRESH_MAX_S ? fresh_s : OCSP_ANSWER_FRESH_MAX_S);
}

struct found {
    bool is_any; /* is one of them known? */
    struct builder scts[OCSP_REQUEST_IDS_MAX];
};

static enum status find_one(const struct ocsp_responder_config *config, const struct cert_id *id, struct found *found,
                            struct builder *scts, struct ocsp_single *out, struct error *err)
{
    struct ocsp_record record = {.is_revoked = false};
    out->id = *id;
    enum status s = config->source.find(config->source.context, id->serial, &record, config->has_scts ? scts : NULL, err);
    if (s == STATUS_NOT_FOUND) {
        out->status = OCSP_UNKNOWN;
        return STATUS_OK;
    }
    if (s != STATUS_OK)
        return s;
    found->is_any = true;
    out->status = record.is_revoked ? OCSP_REVOKED : OCSP_GOOD;
    out->revoked_s = record.revoked_s;
    out->reason = record.reason;
    out->scts = builder_view(scts);
    return config->has_scts ? builder_status(scts, "SCTs", err) : STATUS_OK;
}

static enum status sign(const struct ocsp_signing *signing, const struct ocsp_response_data *data, struct builder *out,
                        struct error *err)
{
    struct bytes algorithm = algorithm_identifier(public_key_alg(signing->signer.key));
    struct builder tbs, signature;
    builder_init(&tbs, OCSP_RESPONSE_SIZE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    ocsp_response_write_data(data, &tbs);
    enum status s = builder_status(&tbs, "OCSP response", err);
    if (s == STATUS_OK)
        s = signing->signer.sign(signing->signer.context, builder_view(&tbs), &signature, err);
    if (s == STATUS_OK) {
        ocsp_response_write(builder_view(&tbs), algorithm, builder_view(&signature), builder_view(&signing->certificate), out);
        s = builder_status(out, "OCSP response", err);
    }
    builder_clear(&signature);
    builder_clear(&tbs);
    return s;
}

enum status ocsp_answer_make(const struct ocsp_responder_config *config, const struct ocsp_signing *signing,
                             const struct ocsp_request *request, struct builder *out, struct ocsp_answer_times *times,
                             struct error *err)
{
    int64_t now_s = config->clock.now_ms(config->clock.context) / 1000;
    struct found found = {.is_any = false};
    struct ocsp_response_data data = {.responder_name = signing->name, .produced_s = now_s};
    if (!signing->is_ready || now_s >= signing->not_after_s)
        return error_set(err, STATUS_AGAIN, "the OCSP responder has no certificate that is good now");
    set_times(config, signing, now_s, times);
    if (config->has_nonce)
        data.nonce = request->nonce;
    enum status s = STATUS_OK;
    for (size_t i = 0; i < request->id_count; i++)
        builder_init(&found.scts[i], OCSP_RESPONDER_SCTS_MAX);
    for (size_t i = 0; s == STATUS_OK && i < request->id_count; i++) {
        struct ocsp_single *single = &data.singles[data.single_count++];
        single->this_update_s = times->this_update_s;
        single->next_update_s = times->next_update_s;
        s = find_one(config, &request->ids[i], &found, &found.scts[i], single, err);
    }
    if (s == STATUS_OK && !found.is_any)
        s = error_set(err, STATUS_NOT_FOUND, "never issued");
    if (s == STATUS_OK)
        s = sign(signing, &data, out, err);
    for (size_t i = 0; i < request->id_count; i++)
        builder_clear(&found.scts[i]);
    return s;
}
