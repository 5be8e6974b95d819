#include "tls/peer_subject.h"

#include <stdlib.h>
#include <string.h>

#include "codec/mtc/mtc_proof.h"
#include "tls/peer_scts.h"

_Static_assert(PEER_SCTS_MAX <= CT_POLICY_SCTS_MAX, "SCTs");
_Static_assert(PEER_PATH_CERTIFICATES_MAX <= POLICY_PATH_MAX, "certificates of a path");

/* Reasons are for people. */
struct why {
    char text[ERROR_TEXT_MAX];
};

struct peer_subject {
    struct certificate leaf;
    struct policy_subject policy;
    struct policy_path path;
    struct why path_why;
    struct policy_transparency transparency;
    struct policy_sct scts[PEER_SCTS_MAX];
    struct why sct_whys[PEER_SCTS_MAX];
    struct policy_cosigner cosigners[POLICY_COSIGNERS_MAX];
};

static bool is_mtc(const struct peer_verdict *v)
{
    return v->mode == PEER_MODE_LANDMARK || v->mode == PEER_MODE_STANDALONE;
}

/* ---- the path ---- */

/* Who was added by hand is trusted for all that there is. */
static struct trust_bundle_purposes every_purpose(void)
{
    return (struct trust_bundle_purposes){
        .count = 8,
        .at = {TRUST_BUNDLE_TLS, TRUST_BUNDLE_TLS_INTRANET, TRUST_BUNDLE_TLS_CLIENT, TRUST_BUNDLE_EMAIL, TRUST_BUNDLE_CODE,
               TRUST_BUNDLE_TIMESTAMP, TRUST_BUNDLE_DOCUMENT, TRUST_BUNDLE_E_INVOICE}};
}

static struct policy_path_certificate certificate_of(const struct peer_path_certificate *from)
{
    const struct peer_anchor *a = from->anchor;
    if (a == NULL)
        return (struct policy_path_certificate){.der = from->der};
    return (struct policy_path_certificate){.der = from->der,
                                            .is_listed = true,
                                            .is_root = a->is_root,
                                            .purposes = a->purposes.count > 0 ? a->purposes : every_purpose(),
                                            .has_listed_intermediates_only = a->has_listed_intermediates_only,
                                            .level_max = a->level_max};
}

/* A leaf alone is no path. */
static void take_chain(const struct peer_path *from, struct policy_path *path)
{
    bool is_more = from->count > 1 || from->reason == PEER_PATH_GOOD;
    for (size_t i = 0; is_more && i < from->count; i++)
        path->certificates[path->count++] = certificate_of(&from->certificates[i]);
}

static void take_ca(struct peer_subject *s, const struct peer_subject_question *q)
{
    const struct trust_ca *ca = q->verdict->proof.ca;
    const struct peer_ca *listed = peer_trust_ca(q->trust, &ca->id);
    s->path.certificates[0] = (struct policy_path_certificate){.der = s->leaf.der};
    s->path.certificates[1] = (struct policy_path_certificate){.der = bytes_of(ca->der, ca->der_len),
                                                               .is_listed = true,
                                                               .is_root = true,
                                                               .purposes = listed != NULL ? listed->purposes : every_purpose(),
                                                               .level_max = listed != NULL ? listed->level_max : 0};
    s->path.count = 2;
}

static void fill_path(struct peer_subject *s, const struct peer_subject_question *q)
{
    const char *why = q->why != NULL && q->why[0] != '\0' ? q->why : "it was refused";
    s->policy.path = &s->path;
    s->path.is_valid = q->outcome == STATUS_OK;
    if (!s->path.is_valid) {
        (void)memccpy(s->path_why.text, why, '\0', sizeof s->path_why.text - 1);
        s->path.why = s->path_why.text;
    }
    if (!is_mtc(q->verdict))
        take_chain(&q->verdict->path, &s->path);
    else if (q->verdict->proof.ca != NULL)
        take_ca(s, q);
}

/* ---- SCTs ---- */

static unsigned delivery_of(enum peer_sct_source source)
{
    static const unsigned deliveries[] = {CT_POLICY_EMBEDDED, CT_POLICY_TLS, CT_POLICY_OCSP, CT_POLICY_PROPERTY};
    return deliveries[source];
}

static enum status take_sct(struct peer_subject *s, const struct peer_subject_question *q, const struct peer_scts_subject *subject,
                            const struct peer_sct *from, struct error *err)
{
    struct error reason = {.status = STATUS_OK};
    size_t i = s->transparency.sct_count++;
    struct policy_sct *to = &s->scts[i];
    *to = (struct policy_sct){.delivery = delivery_of(from->source)};
    if (from->sct.version == SCT_V1) {
        to->timestamp_ms = from->sct.timestamp_ms;
        memcpy(to->log_id, from->sct.log_id.data, sizeof to->log_id);
    }
    enum status status = peer_scts_check(q->trust, subject, from, q->request->at_s, &to->log, &reason);
    to->is_good = status == STATUS_OK;
    if (status != STATUS_OK) {
        memcpy(s->sct_whys[i].text, reason.text, sizeof reason.text);
        to->why = s->sct_whys[i].text;
    }
    return status == STATUS_NO_MEMORY ? error_set(err, status, "out of memory") : STATUS_OK;
}

/* The key of who has issued the leaf, also when its path is not good for another reason; empty: not known. */
static struct bytes issuer_spki(const struct peer_path *path)
{
    struct certificate issuer;
    struct error ignored;
    if (path->count < 2 || certificate_parse(path->certificates[1].der, &issuer, &ignored) != STATUS_OK)
        return bytes_of(NULL, 0);
    return issuer.spki;
}

static enum status fill_scts(struct peer_subject *s, const struct peer_subject_question *q, struct error *err)
{
    struct peer_scts_subject subject;
    const struct peer_verdict *v = q->verdict;
    s->transparency.logs = peer_trust_logs(q->trust);
    s->transparency.scts = s->scts;
    enum status status = is_mtc(v) ? peer_scts_prepare_mtc(&s->leaf, &v->proof, &subject, err)
                                   : peer_scts_prepare(&s->leaf, issuer_spki(&v->path), &subject, err);
    for (size_t i = 0; status == STATUS_OK && i < v->sct_count; i++)
        status = take_sct(s, q, &subject, &v->scts[i], err);
    peer_scts_clear(&subject);
    return status;
}

/* ---- cosigners ---- */

static enum policy_cosigner_role role_of(const struct peer_cosigner *listed)
{
    if (listed == NULL)
        return POLICY_COSIGNER_UNKNOWN;
    return listed->role == TRUST_BUNDLE_CERTIFYING ? POLICY_COSIGNER_CERTIFYING
           : listed->role == TRUST_BUNDLE_WITNESS  ? POLICY_COSIGNER_WITNESS
                                                   : POLICY_COSIGNER_MIRROR;
}

static struct policy_cosigner cosigner_of(const struct peer_subject_question *q, const struct tai *id)
{
    const struct proof_verdict *proof = &q->verdict->proof;
    struct policy_cosigner out = {.id = *id, .role = POLICY_COSIGNER_UNKNOWN};
    size_t number;
    if (tai_equal(id, &proof->ca->id)) {
        const struct peer_ca *ca = peer_trust_ca(q->trust, id);
        out.role = POLICY_COSIGNER_CA;
        out.operator_name = bytes_of_text(ca != NULL ? ca->operator_name : "");
        out.is_good = proof->has_ca_signature;
    } else if (trust_store_find_cosigner(peer_trust_store(q->trust), tai_bytes(id), &number) != NULL) {
        const struct peer_cosigner *listed = peer_trust_cosigner(q->trust, id);
        out.role = role_of(listed);
        out.operator_name = bytes_of_text(listed != NULL ? listed->operator_name : "");
        out.is_good = proof_verdict_has(proof, number);
    } else {
        out.why = "not a cosigner that is trusted";
        return out;
    }
    if (!out.is_good)
        out.why = q->outcome == STATUS_OK && proof->basis == PROOF_BY_TRUSTED_SUBTREE
                      ? "not verified: the certificate is good by a landmark that is trusted"
                      : "its signature was not found good";
    return out;
}

static void fill_cosigners(struct peer_subject *s, const struct peer_subject_question *q)
{
    const struct proof_verdict *proof = &q->verdict->proof;
    struct policy_transparency *t = &s->transparency;
    struct mtc_proof parsed;
    struct cosignature one;
    struct error ignored;
    struct reader r;
    t->cosigners = s->cosigners;
    if (proof->ca == NULL || mtc_proof_parse(s->leaf.signature_value, proof->ca->draft, &parsed, &ignored) != STATUS_OK)
        return;
    const struct peer_ca *ca = peer_trust_ca(q->trust, &proof->ca->id);
    t->ca_operator = bytes_of_text(ca != NULL ? ca->operator_name : "");
    t->is_landmark = q->outcome == STATUS_OK && proof->basis == PROOF_BY_TRUSTED_SUBTREE;
    t->are_rules_met = q->outcome == STATUS_OK && proof->basis == PROOF_BY_COSIGNERS;
    reader_init(&r, parsed.signatures);
    while (t->cosigner_count < POLICY_COSIGNERS_MAX && mtc_proof_next(&r, &one)) {
        struct tai id;
        if (tai_parse_binary(one.cosigner_id, &id, &ignored) != STATUS_OK)
            continue; /* no ID that anybody could be trusted by */
        s->cosigners[t->cosigner_count++] = cosigner_of(q, &id);
    }
}

/* ---- the whole ---- */

static enum status fill(struct peer_subject *s, const struct peer_subject_question *q, struct error *err)
{
    const struct peer_request *r = q->request;
    if (r->count == 0)
        return error_set(err, STATUS_MALFORMED, "no certificate");
    enum status status = certificate_parse(r->chain[0], &s->leaf, err);
    if (status != STATUS_OK)
        return status;
    uint16_t purpose = r->purpose != 0 ? r->purpose : TRUST_BUNDLE_TLS;
    s->policy = policy_subject_of_certificate(&s->leaf, purpose, r->at_s);
    if (is_mtc(q->verdict))
        s->policy.form = POLICY_MTC; /* an older draft's, which its CA says */
    s->policy.dns_name = r->dns_name;
    s->policy.ip = r->ip;
    s->policy.names = q->names;
    s->policy.transparency = &s->transparency;
    fill_path(s, q);
    if (is_mtc(q->verdict))
        fill_cosigners(s, q);
    return fill_scts(s, q, err);
}

enum status peer_subject_new(const struct peer_subject_question *question, struct peer_subject **out, struct error *err)
{
    *out = NULL;
    struct peer_subject *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status status = fill(s, question, err);
    if (status == STATUS_OK)
        *out = s;
    else
        peer_subject_free(s);
    return status;
}

void peer_subject_free(struct peer_subject *subject)
{
    free(subject);
}

const struct policy_subject *peer_subject_policy(const struct peer_subject *subject)
{
    return &subject->policy;
}
