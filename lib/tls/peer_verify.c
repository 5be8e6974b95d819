#include "tls/peer_verify.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "crypto/context.h"
#include "rules/tls_names.h"
#include "rules/verify_certificate.h"
#include "tls/classic_path.h"
#include "tls/classic_use.h"
#include "tls/ocsp_staple.h"
#include "tls/peer_path_parts.h"
#include "tls/peer_scts.h"

const char *peer_mode_name(enum peer_mode mode)
{
    static const char *const names[] = {"", "landmark", "standalone", "classic"};
    return names[mode];
}

const char *peer_sct_source_name(enum peer_sct_source source)
{
    static const char *const names[] = {"certificate", "tls", "ocsp", "property"};
    return names[source];
}

/* ---- what suits what ---- */

/* RFC 8998 strictly, both ways: an SM2 key with SM4, SM3 and SM2's curve, and those with nothing else. */
static enum status check_pairing(const struct peer_request *request, const struct peer_verdict *v, struct error *err)
{
    bool is_sm2 = v->world == PEER_WORLD_GM;
    if (request->is_unpaired)
        return STATUS_OK;
    const struct tls_suite_name *suite = tls_names_suite(request->suite);
    const struct tls_group_name *group = tls_names_group(request->group);
    bool is_gm_suite = suite != NULL && suite->world == TLS_WORLD_GM;
    bool is_gm_group = group != NULL && group->world == TLS_WORLD_GM;
    if (is_sm2 && !request->is_tls13)
        return error_set(err, STATUS_REFUSED, "an SM2 certificate in TLS 1.2: RFC 8998 is for TLS 1.3");
    if (is_sm2 != is_gm_suite)
        return error_set(err, STATUS_REFUSED, "%s certificate under the suite %s: RFC 8998 pairs SM2 with SM4 and nothing else",
                         is_sm2 ? "an SM2" : "not an SM2", suite != NULL ? suite->name : "that has no name");
    if (is_sm2 != is_gm_group)
        return error_set(err, STATUS_REFUSED, "%s certificate with the group %s: RFC 8998 pairs SM2 with curveSM2 and nothing else",
                         is_sm2 ? "an SM2" : "not an SM2", group != NULL ? group->name : "that has no name");
    return STATUS_OK;
}

/* ---- Merkle Tree Certificates ---- */

static uint16_t purpose_of(const struct peer_request *request)
{
    return request->purpose != 0 ? request->purpose : TRUST_BUNDLE_TLS;
}

static bool is_for_servers(uint16_t purpose)
{
    return purpose == TRUST_BUNDLE_TLS || purpose == TRUST_BUNDLE_TLS_INTRANET;
}

/* A CA that no bundle has said anything about was added by hand, for every purpose. */
static bool is_ca_for(const struct peer_trust *trust, const struct trust_ca *ca, uint16_t purpose)
{
    const struct peer_ca *listed = ca != NULL ? peer_trust_ca(trust, &ca->id) : NULL;
    if (listed == NULL)
        return true;
    return is_for_servers(purpose) ? trust_bundle_purposes_have(&listed->purposes, TRUST_BUNDLE_TLS) ||
                                         trust_bundle_purposes_have(&listed->purposes, TRUST_BUNDLE_TLS_INTRANET)
                                   : trust_bundle_purposes_have(&listed->purposes, purpose);
}

/* verify_certificate asks what servers need: for other purposes the leaf has to say more, as a directly signed one has to. */
static bool is_leaf_for(X509 *leaf, uint16_t purpose)
{
    return is_for_servers(purpose) || (X509_check_purpose(leaf, classic_use_purpose(purpose, leaf), 0) == 1 && classic_use_allows(leaf, purpose, false));
}

static bool is_mtc(const struct peer_trust *trust, const struct certificate *cert)
{
    /* SEQUENCE { OID 1.3.6.1.5.5.7.6.67 }, or the one of an older draft, which its CA says. */
    const struct trust_ca *ca = trust_store_find_ca(peer_trust_store(trust), cert->issuer);
    return ca != NULL || bytes_equal(cert->signature_algorithm, draft_07.proof_identifier);
}

static void describe_proof(const struct certificate *cert, struct peer_verdict *v)
{
    struct mtc_proof proof;
    struct error ignored;
    struct reader r;
    struct cosignature one;
    if (v->proof.ca == NULL || mtc_proof_parse(cert->signature_value, v->proof.ca->draft, &proof, &ignored) != STATUS_OK)
        return;
    reader_init(&r, proof.signatures);
    while (mtc_proof_next(&r, &one))
        v->cosignature_count++;
}

static enum status verify_mtc(const struct peer_trust *trust, struct hasher_set *hashers, const struct peer_request *request,
                              const struct certificate *cert, X509 *leaf, struct peer_verdict *v, struct error *err)
{
    struct verify_request asked = {.at_s = request->at_s, .dns_name = request->dns_name, .ip = request->ip,
                                   .is_without_subtrees = !request->scope.has_landmarks};
    if (!request->scope.has_mtc)
        return error_set(err, STATUS_REFUSED, "a Merkle Tree Certificate: this client knows none");
    if (request->is_anchor_confirmed && request->count > 1)
        return error_set(err, STATUS_REFUSED, "%zu certificates where one is the whole path", request->count);
    enum status s = verify_certificate(peer_trust_store(trust), hashers, cert->der, &asked, &v->proof, err);
    if (v->proof.ca != NULL)
        v->ca_world = v->proof.ca->draft->hash == &hash_sm3 ? PEER_WORLD_GM : PEER_WORLD_INTL;
    describe_proof(cert, v);
    v->mode = v->cosignature_count > 0 ? PEER_MODE_STANDALONE : PEER_MODE_LANDMARK;
    if (s == STATUS_OK && v->ca_world == PEER_WORLD_GM && !request->scope.has_gm)
        s = error_set(err, STATUS_REFUSED, "a certificate of a GM CA: this client knows none");
    if (s == STATUS_OK && !is_ca_for(trust, v->proof.ca, purpose_of(request)))
        s = error_set(err, STATUS_REFUSED, "a Merkle Tree CA that is not listed for this purpose");
    if (s == STATUS_OK && !is_leaf_for(leaf, purpose_of(request)))
        s = error_set(err, STATUS_REFUSED, "the uses in the certificate do not allow this one");
    return s;
}

/* ---- directly signed chains ---- */

static enum status check_staple(const struct peer_request *request, const struct certificate *cert, const struct peer_node *nodes,
                                struct peer_verdict *v, struct error *err)
{
    int64_t until_s;
    struct error reason = {.status = STATUS_OK};
    if (request->ocsp_response.len == 0)
        return STATUS_OK;
    X509 *leaf = nodes[0].cert, *issuer = nodes[v->path.count > 1 ? 1 : 0].cert;
    enum ocsp_answer answer = ocsp_staple_judge(request->ocsp_response, leaf, issuer, request->at_s, &until_s, &reason);
    if (answer == OCSP_ANSWER_REVOKED)
        return error_set(err, STATUS_REFUSED, "%s", reason.text);
    v->ocsp = answer == OCSP_ANSWER_GOOD ? PEER_OCSP_GOOD : PEER_OCSP_IGNORED;
    if (answer == OCSP_ANSWER_GOOD)
        peer_scts_of_ocsp(v, request->ocsp_response, cert);
    return STATUS_OK;
}

/* What the search for a path asks. */
struct logging {
    const struct peer_trust *trust;
    const struct peer_request *request;
    const struct certificate *leaf;
    const struct peer_verdict *verdict;
};

/* SCTs of an OCSP response are not looked at: without a path nobody knows whether it is one. */
static int64_t first_logged_s(void *context, struct bytes issuer_spki)
{
    const struct logging *l = context;
    return peer_scts_first_s(l->trust, l->leaf, issuer_spki, l->verdict, l->request->at_s);
}

static enum status verify_classic(const struct peer_trust *trust, const struct peer_request *request, STACK_OF(X509) *certs,
                                  const struct certificate *cert, struct peer_verdict *v, struct error *err)
{
    struct peer_node nodes[PEER_PATH_CERTIFICATES_MAX];
    struct logging logging = {trust, request, cert, v};
    v->mode = PEER_MODE_CLASSIC;
    v->ca_world = v->world;
    const struct peer_path_request asked = {.trust = trust, .chain = request->chain, .count = request->count, .purpose = purpose_of(request),
                                            .dns_name = request->dns_name, .ip = request->ip, .at_s = request->at_s,
                                            .first_logged_s = peer_trust_logs(trust) != NULL ? first_logged_s : NULL,
                                            .context = &logging};
    enum status s = peer_path_search(&asked, certs, &v->path, nodes, err);
    if (s != STATUS_OK)
        return s;
    v->subject_count = 0;
    for (size_t i = 0; i < v->path.count && v->subject_count < PEER_CHAIN_MAX; i++)
        classic_path_subject(nodes[i].cert, v->subjects[v->subject_count++], PEER_SUBJECT_SIZE);
    return check_staple(request, cert, nodes, v, err);
}

/* ---- both ---- */

static void name_subjects(STACK_OF(X509) *certs, struct peer_verdict *v)
{
    for (int i = 0; i < sk_X509_num(certs) && v->subject_count < PEER_CHAIN_MAX; i++)
        classic_path_subject(sk_X509_value(certs, i), v->subjects[v->subject_count++], PEER_SUBJECT_SIZE);
}

static void read_validity(const struct certificate *cert, struct peer_verdict *v)
{
    v->not_before_s = cert->not_before_s;
    v->not_after_s = cert->not_after_s;
}

static enum status judge(const struct peer_trust *trust, struct hasher_set *hashers, const struct peer_request *request,
                         STACK_OF(X509) *certs, struct peer_verdict *v, struct error *err)
{
    struct certificate cert;
    enum status s = certificate_parse(request->chain[0], &cert, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "the server's certificate");
    X509 *leaf = sk_X509_value(certs, 0);
    read_validity(&cert, v);
    name_subjects(certs, v);
    v->world = peer_trust_key_world(leaf);
    if (v->world == PEER_WORLD_NONE)
        return error_set(err, STATUS_REFUSED, "the certificate's key cannot be read: %s", context_openssl_reason());
    peer_scts_of_certificate(v, &cert);
    peer_scts_collect(v, PEER_SCT_TLS, request->sct_list);
    peer_scts_collect(v, PEER_SCT_PROPERTY, request->property_scts);
    s = is_mtc(trust, &cert) ? verify_mtc(trust, hashers, request, &cert, leaf, v, err)
                             : verify_classic(trust, request, certs, &cert, v, err);
    if (s == STATUS_OK && v->world == PEER_WORLD_GM && !request->scope.has_gm)
        s = error_set(err, STATUS_REFUSED, "an SM2 certificate: this client has no GM");
    return s == STATUS_OK ? check_pairing(request, v, err) : s;
}

enum status peer_verify(const struct peer_trust *trust, struct hasher_set *hashers, const struct peer_request *request,
                        struct peer_verdict *verdict, struct error *err)
{
    *verdict = (struct peer_verdict){.mode = PEER_MODE_NONE};
    if (request->count == 0)
        return error_set(err, STATUS_REFUSED, "the server has shown no certificate");
    if (request->count > PEER_CHAIN_MAX)
        return error_set(err, STATUS_LIMIT, "%zu certificates; a chain has at most %d", request->count, PEER_CHAIN_MAX);
    verdict->chain_count = request->count;
    for (size_t i = 0; i < request->count; i++)
        verdict->chain_size += request->chain[i].len;
    STACK_OF(X509) *certs = classic_path_parse(request->chain, request->count);
    if (certs == NULL)
        return error_set(err, STATUS_MALFORMED, "the server has sent what is no certificate: %s", context_openssl_reason());
    enum status s = judge(trust, hashers, request, certs, verdict, err);
    sk_X509_pop_free(certs, X509_free);
    (void)context_openssl_reason();
    return s;
}
