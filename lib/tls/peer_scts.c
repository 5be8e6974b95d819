#include "tls/peer_scts.h"

#include "codec/mtc/log_entry.h"
#include "codec/mtc/mtc_proof.h"
#include "codec/mtc/tbs_entry.h"
#include "codec/ocsp/ocsp_response.h"
#include "rules/precert.h"

/* ---- collecting ---- */

void peer_scts_collect(struct peer_verdict *v, enum peer_sct_source source, struct bytes list)
{
    struct sct_list all;
    struct error ignored;
    if (list.len == 0)
        return;
    if (sct_list_parse(list, &all, &ignored) != STATUS_OK) {
        v->unread_list_count++;
        return;
    }
    for (size_t i = 0; i < all.count; i++) {
        if (v->sct_count < PEER_SCTS_MAX)
            v->scts[v->sct_count++] = (struct peer_sct){source, all.scts[i]};
        else
            v->left_out_sct_count++;
    }
}

void peer_scts_of_certificate(struct peer_verdict *v, const struct certificate *leaf)
{
    struct bytes list;
    struct error ignored;
    enum status s = precert_sct_list(leaf, &list, &ignored);
    if (s == STATUS_OK)
        peer_scts_collect(v, PEER_SCT_CERTIFICATE, list);
    else if (s != STATUS_NOT_FOUND)
        v->unread_list_count++;
}

/* An issuer gives a number once, and the response is one of this leaf's issuer. */
void peer_scts_of_ocsp(struct peer_verdict *v, struct bytes response, const struct certificate *leaf)
{
    struct ocsp_response parsed;
    struct error ignored;
    if (ocsp_response_parse(response, &parsed, &ignored) != STATUS_OK || parsed.status != OCSP_SUCCESSFUL)
        return;
    for (size_t i = 0; i < parsed.data.single_count; i++)
        if (bytes_equal(parsed.data.singles[i].id.serial, leaf->serial)) {
            peer_scts_collect(v, PEER_SCT_OCSP, parsed.data.singles[i].scts);
            return;
        }
}

/* ---- what they are over ---- */

void peer_scts_clear(struct peer_scts_subject *subject)
{
    builder_clear(&subject->tbs);
    builder_clear(&subject->entry);
}

static void begin(struct peer_scts_subject *out, const struct certificate *leaf)
{
    *out = (struct peer_scts_subject){.whole = sct_check_certificate(leaf->der)};
    builder_init(&out->tbs, CERTIFICATE_SIZE_MAX);
    builder_init(&out->entry, LOG_ENTRY_SIZE_MAX);
}

enum status peer_scts_prepare(const struct certificate *leaf, struct bytes issuer_spki, struct peer_scts_subject *out,
                              struct error *err)
{
    begin(out, leaf);
    if (issuer_spki.len == 0) {
        (void)error_set(&out->why, STATUS_REFUSED, "SCT: it is over the issuer's key, and the issuer is not known");
        return STATUS_OK;
    }
    enum status s = precert_write_final_tbs(leaf, &out->tbs, &out->why);
    if (s == STATUS_NO_MEMORY)
        return error_set(err, s, "out of memory");
    out->has_embedded = s == STATUS_OK;
    out->embedded = sct_check_precert(builder_view(&out->tbs), issuer_spki);
    return STATUS_OK;
}

static enum status hash_key(const struct trust_ca *ca, struct bytes spki, uint8_t out[HASH_SIZE], struct error *err)
{
    struct hasher h;
    enum status s = hasher_init(&h, ca->draft->hash, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(&h, spki, out);
    s = hasher_status(&h, err);
    hasher_clear(&h);
    return s;
}

/* The entry as the issuance log has it: what tbs_entry_leaf_hash hashes [MTC 7.2]. */
static enum status write_entry(const struct certificate *leaf, const struct trust_ca *ca, struct bytes extensions, struct builder *out,
                               struct error *err)
{
    uint8_t spki_hash[HASH_SIZE];
    enum status s = hash_key(ca, leaf->spki, spki_hash, err);
    if (s != STATUS_OK)
        return s;
    const struct tbs_entry entry = {.version = leaf->version, .issuer = leaf->issuer, .validity = leaf->validity,
                                    .subject = leaf->subject, .spki_algorithm = leaf->spki_algorithm,
                                    .spki_hash = BYTES_OF(spki_hash), .after_spki = leaf->after_spki};
    builder_bytes(out, extensions);
    builder_u16(out, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&entry, out);
    return builder_status(out, "log entry", err);
}

enum status peer_scts_prepare_mtc(const struct certificate *leaf, const struct proof_verdict *proof, struct peer_scts_subject *out,
                                  struct error *err)
{
    struct mtc_proof parsed;
    begin(out, leaf);
    out->is_mtc = true;
    if (proof->ca == NULL || mtc_proof_parse(leaf->signature_value, proof->ca->draft, &parsed, &out->why) != STATUS_OK) {
        (void)error_set(&out->why, STATUS_REFUSED, "SCT: it is over the entry of a log, and the certificate's CA is not known");
        return STATUS_OK;
    }
    enum status s = tai_log_id(&proof->ca->id, proof->log_number, &out->log_id, &out->why);
    if (s == STATUS_OK)
        s = write_entry(leaf, proof->ca, parsed.extensions, &out->entry, &out->why);
    if (s == STATUS_NO_MEMORY)
        return error_set(err, s, "out of memory");
    out->has_embedded = s == STATUS_OK;
    out->logged = sct_check_mtc(tai_bytes(&out->log_id), proof->index, builder_view(&out->entry), public_key_spki(proof->ca->key));
    return STATUS_OK;
}

/* ---- checking ---- */

/* STATUS_OK and *subject, what this SCT is over. */
static enum status subject_of(const struct peer_scts_subject *s, const struct peer_sct *sct, const struct sct_check_subject **subject,
                              struct error *err)
{
    bool is_over_issuer = s->is_mtc || sct->source == PEER_SCT_CERTIFICATE;
    if (is_over_issuer && !s->has_embedded)
        return error_set(err, STATUS_REFUSED, "%s", s->why.text);
    *subject = s->is_mtc ? &s->logged : is_over_issuer ? &s->embedded : &s->whole;
    return STATUS_OK;
}

enum status peer_scts_check(const struct peer_trust *trust, const struct peer_scts_subject *subject, const struct peer_sct *sct,
                            int64_t at_s, const struct log_list_log **log, struct error *err)
{
    const struct log_list *logs = peer_trust_logs(trust);
    const struct sct_check_subject *over = NULL;
    *log = logs != NULL && sct->sct.version == SCT_V1 ? log_list_find(logs, sct->sct.log_id) : NULL;
    if (sct->sct.version != SCT_V1)
        return error_set(err, STATUS_REFUSED, "SCT: version %u is not known", sct->sct.version);
    if (*log == NULL)
        return error_set(err, STATUS_REFUSED, "SCT: no log of the list has this ID");
    const struct public_key *key = peer_trust_log_key(trust, *log);
    if (key == NULL)
        return error_set(err, STATUS_REFUSED, "SCT: the log's key cannot be read");
    enum status s = subject_of(subject, sct, &over, err);
    if (s != STATUS_OK)
        return s;
    return sct_check(&(struct sct_check){.subject = over, .log = *log, .key = key, .at_s = at_s, .skew_s = PEER_SCTS_SKEW_S},
                     &sct->sct, err);
}

int64_t peer_scts_first_s(const struct peer_trust *trust, const struct certificate *leaf, struct bytes issuer_spki,
                          const struct peer_verdict *v, int64_t at_s)
{
    struct peer_scts_subject subject;
    const struct log_list_log *log;
    struct error ignored;
    int64_t first_s = INT64_MAX;
    enum status s = peer_scts_prepare(leaf, issuer_spki, &subject, &ignored);
    for (size_t i = 0; s == STATUS_OK && i < v->sct_count; i++) {
        int64_t time_s = v->scts[i].sct.version == SCT_V1 ? (int64_t)(v->scts[i].sct.timestamp_ms / 1000) : INT64_MAX;
        if (time_s < first_s && peer_scts_check(trust, &subject, &v->scts[i], at_s, &log, &ignored) == STATUS_OK)
            first_s = time_s;
    }
    peer_scts_clear(&subject);
    return first_s;
}
