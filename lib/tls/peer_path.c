#include "tls/peer_path.h"

#include <stdlib.h>

#include "crypto/context.h"
#include "tls/classic_path.h"
#include "tls/peer_path_parts.h"

/* ---- validation ---- */

static bool has_bad_link(const struct peer_search *s, const struct peer_candidate *c)
{
    for (size_t i = 0; i + 1 < c->count; i++)
        for (size_t k = 0; k < s->bad_count; k++)
            if (s->bad[k].cert == c->nodes[i].cert && s->bad[k].issuer == c->nodes[i + 1].cert)
                return true;
    return false;
}

static void remember_failure(struct peer_search *s, struct peer_candidate *c, const struct classic_path_failure *failure,
                             const struct error *why)
{
    c->reason = peer_path_why_code(failure->code);
    c->at = failure->at >= 0 && (size_t)failure->at < c->count ? (size_t)failure->at : 0;
    if (c->reason == PEER_PATH_BAD_SIGNATURE && c->at + 1 < c->count && s->bad_count < PEER_PATH_CANDIDATES_MAX)
        s->bad[s->bad_count++] = (struct peer_bad_link){c->nodes[c->at].cert, c->nodes[c->at + 1].cert};
    peer_candidates_note(s, c, why);
}

/* OpenSSL may find a shorter way among the same certificates; that is a candidate of its own. */
static bool is_same(STACK_OF(X509) *chain, const struct peer_candidate *c)
{
    bool ok = chain != NULL && (size_t)sk_X509_num(chain) == c->count;
    for (size_t i = 0; ok && i < c->count; i++)
        ok = X509_cmp(sk_X509_value(chain, (int)i), c->nodes[i].cert) == 0;
    return ok;
}

/* STATUS_OK with *is_valid; STATUS_NO_MEMORY. */
static enum status validate(struct peer_search *s, struct peer_candidate *c, bool *is_valid, struct error *err)
{
    STACK_OF(X509) *roots = sk_X509_new_null(), *sent = sk_X509_new_null(), *chain = NULL;
    struct classic_path_failure failure = {X509_V_ERR_UNSPECIFIED, 0};
    struct error why = {.status = STATUS_OK};
    bool ok = roots != NULL && sent != NULL && sk_X509_push(roots, peer_candidate_root(c)->cert) > 0 &&
              sk_X509_push(sent, c->nodes[0].cert) > 0;
    for (size_t i = 1; ok && i + 1 < c->count; i++)
        ok = sk_X509_push(sent, c->nodes[i].cert) > 0;
    enum status status = STATUS_NO_MEMORY;
    if (ok)
        status = classic_path_verify(&(struct classic_path){.roots = roots, .sent = sent, .purpose = s->request->purpose,
                                                            .dns_name = s->request->dns_name, .ip = s->request->ip,
                                                            .at_s = s->request->at_s},
                                     &chain, &failure, &why);
    *is_valid = status == STATUS_OK && is_same(chain, c);
    if (status == STATUS_REFUSED)
        remember_failure(s, c, &failure, &why);
    sk_X509_free(roots);
    sk_X509_free(sent);
    sk_X509_pop_free(chain, X509_free);
    return status == STATUS_NO_MEMORY ? error_set(err, status, "out of memory") : STATUS_OK;
}

static struct bytes der_of(const struct peer_search *s, const struct peer_node *node)
{
    return node->sent >= 0 ? s->request->chain[node->sent] : node->entry->anchor.der;
}

/* Trust that has ended for what was logged later. */
static bool was_logged_in_time(const struct peer_search *s, struct peer_candidate *c)
{
    struct certificate issuer;
    struct error ignored;
    size_t at;
    int64_t limit_s = peer_path_limits_sct_s(c, &at);
    if (limit_s == INT64_MAX || s->request->first_logged_s == NULL)
        return true;
    const struct peer_node *node = &c->nodes[c->count > 1 ? 1 : 0];
    bool is_read = certificate_parse(der_of(s, node), &issuer, &ignored) == STATUS_OK;
    if (is_read && s->request->first_logged_s(s->request->context, issuer.spki) <= limit_s)
        return true;
    c->reason = PEER_PATH_SCT_DISTRUSTED;
    c->at = at;
    return false;
}

static void give(const struct peer_search *s, const struct peer_candidate *c, struct peer_path *path, struct peer_node *nodes)
{
    path->reason = c->reason;
    path->purpose = c->purpose;
    path->count = c->count;
    path->at = c->at;
    for (size_t i = 0; i < c->count; i++) {
        const struct peer_node *node = &c->nodes[i];
        nodes[i] = *node;
        path->certificates[i] = (struct peer_path_certificate){
            der_of(s, node), node->entry != NULL ? &node->entry->anchor : NULL, node->sent >= 0};
    }
    if (c->reason == PEER_PATH_OTHER_PURPOSE)
        path->elsewhere = &peer_candidate_root(c)->entry->anchor;
}

/* STATUS_OK when one is good, which is then in *best. */
static enum status choose(struct peer_search *s, const struct peer_candidate **best, struct error *err)
{
    *best = NULL;
    for (size_t i = 0; i < s->candidate_count; i++) {
        struct peer_candidate *c = &s->candidates[i];
        enum peer_path_reason before = c->reason;
        bool is_valid;
        if (has_bad_link(s, c))
            continue;
        if (s->signature_count + c->count - 1 > PEER_PATH_SIGNATURES_MAX) {
            s->is_cut = true;
            return STATUS_REFUSED;
        }
        s->signature_count += c->count - 1;
        enum status status = validate(s, c, &is_valid, err);
        if (status != STATUS_OK)
            return status;
        if (!is_valid)
            continue;
        if (before == PEER_PATH_GOOD && was_logged_in_time(s, c)) {
            *best = c;
            return STATUS_OK;
        }
        peer_candidates_note(s, c, NULL);
    }
    return STATUS_REFUSED;
}

/* ---- the whole ---- */

static enum status begin(struct peer_search *s, STACK_OF(X509) *certs, struct error *err)
{
    enum status status = certificate_parse(s->request->chain[0], &s->leaf, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "the leaf");
    for (int i = 0; i < sk_X509_num(certs) && s->sent_count < PEER_PATH_SENT_MAX; i++) {
        X509 *cert = sk_X509_value(certs, i);
        if (!peer_candidates_is_sent(s, cert))
            s->sent[s->sent_count++] = (struct peer_node){cert, peer_anchors_find(s->listed, cert), i};
    }
    s->world = peer_trust_key_world(s->sent[0].cert);
    s->path.nodes[0] = s->sent[0];
    s->path.count = 1;
    return STATUS_OK;
}

static enum status run(struct peer_search *s, struct peer_path *path, struct peer_node *nodes, struct error *err)
{
    const struct peer_candidate *best;
    peer_candidates_find(s);
    enum status status = choose(s, &best, err);
    if (status != STATUS_OK && s->is_cut)
        peer_candidates_note_path(s, PEER_PATH_LIMIT, 0);
    if (s->farthest.count == 0)
        peer_candidates_note_path(s, PEER_PATH_NO_ISSUER, 0);
    if (status == STATUS_REFUSED)
        best = &s->farthest;
    if (best != NULL)
        give(s, best, path, nodes);
    path->candidate_count = s->candidate_count;
    path->signature_count = s->signature_count;
    path->step_count = s->step_count;
    return status == STATUS_REFUSED ? error_set(err, status, "%s", s->why.text) : status;
}

enum status peer_path_search(const struct peer_path_request *request, STACK_OF(X509) *certs, struct peer_path *path,
                             struct peer_node nodes[PEER_PATH_CERTIFICATES_MAX], struct error *err)
{
    *path = (struct peer_path){.reason = PEER_PATH_NO_ISSUER};
    if (sk_X509_num(certs) == 0)
        return error_set(err, STATUS_USAGE, "no certificate");
    struct peer_search *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    s->request = request;
    s->listed = peer_trust_listed(request->trust);
    enum status status = begin(s, certs, err);
    if (status == STATUS_OK)
        status = run(s, path, nodes, err);
    free(s);
    return status;
}

enum status peer_path_find(const struct peer_path_request *request, struct peer_path *path, struct error *err)
{
    struct peer_node nodes[PEER_PATH_CERTIFICATES_MAX];
    *path = (struct peer_path){.reason = PEER_PATH_NO_ISSUER};
    if (request->count == 0)
        return error_set(err, STATUS_USAGE, "no certificate");
    STACK_OF(X509) *certs = classic_path_parse(request->chain, request->count);
    if (certs == NULL)
        return error_set(err, STATUS_MALFORMED, "not a certificate: %s", context_openssl_reason());
    enum status status = peer_path_search(request, certs, path, nodes, err);
    sk_X509_pop_free(certs, X509_free);
    (void)context_openssl_reason();
    return status;
}
