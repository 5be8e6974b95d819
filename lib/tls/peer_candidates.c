/* peer_candidates.c - which paths there may be, and in which order they are tried. */
#include <openssl/x509v3.h>

#include "tls/peer_path_parts.h"

/* ---- what came farthest ---- */

static bool is_farther(const struct peer_search *s, const struct peer_candidate *c)
{
    if (s->farthest.count == 0 || c->reason != s->farthest.reason)
        return s->farthest.count == 0 || c->reason > s->farthest.reason;
    return c->count > s->farthest.count;
}

void peer_candidates_note(struct peer_search *s, const struct peer_candidate *c, const struct error *why)
{
    if (!is_farther(s, c))
        return;
    s->farthest = *c;
    if (why != NULL)
        s->why = *why;
    else
        (void)peer_path_why(s->request, c, &s->why);
}

void peer_candidates_note_path(struct peer_search *s, enum peer_path_reason reason, size_t at)
{
    struct peer_candidate c = s->path;
    c.reason = reason;
    c.at = at;
    peer_candidates_note(s, &c, NULL);
}

/* ---- candidates ---- */

static void keep(struct peer_search *s)
{
    if (s->candidate_count == PEER_PATH_CANDIDATES_MAX) {
        s->is_cut = true;
        return;
    }
    struct peer_candidate *c = &s->candidates[s->candidate_count];
    *c = s->path;
    c->number = s->candidate_count++;
    peer_path_limits_judge(s->request, &s->leaf, c);
}

/* No certificate twice, and no key under one name twice [RFC4158 2.4.2]: what issues itself by others makes no path longer. */
static bool is_in_path(const struct peer_search *s, const X509 *cert)
{
    for (size_t i = 0; i < s->path.count; i++) {
        const X509 *there = s->path.nodes[i].cert;
        if (X509_cmp(there, cert) == 0 || (X509_NAME_cmp(X509_get_subject_name(there), X509_get_subject_name(cert)) == 0 &&
                                          EVP_PKEY_eq(X509_get0_pubkey(there), X509_get0_pubkey(cert)) == 1))
            return true;
    }
    return false;
}

static void extend(struct peer_search *s);

/* True when the node may have issued the last certificate. */
static bool try_issuer(struct peer_search *s, const struct peer_node *node)
{
    X509 *last = s->path.nodes[s->path.count - 1].cert;
    if (s->is_cut)
        return false;
    if (++s->step_count > PEER_PATH_STEPS_MAX) {
        s->is_cut = true;
        return false;
    }
    int code = X509_check_issued(node->cert, last);
    if ((code != X509_V_OK && code != X509_V_ERR_KEYUSAGE_NO_CERTSIGN) || is_in_path(s, node->cert))
        return false;
    s->path.nodes[s->path.count++] = *node;
    size_t at = s->path.count - 1;
    if (code != X509_V_OK)
        peer_candidates_note_path(s, PEER_PATH_USE, at);
    else if (peer_trust_key_world(node->cert) != s->world)
        peer_candidates_note_path(s, PEER_PATH_OTHER_WORLD, at);
    else
        extend(s);
    s->path.count--;
    return true;
}

bool peer_candidates_is_sent(const struct peer_search *s, const X509 *cert)
{
    for (size_t i = 0; i < s->sent_count; i++)
        if (X509_cmp(s->sent[i].cert, cert) == 0)
            return true;
    return false;
}

static bool try_issuers(struct peer_search *s)
{
    bool has_issuer = false;
    size_t first;
    const X509_NAME *name = X509_get_issuer_name(s->path.nodes[s->path.count - 1].cert);
    for (size_t i = 1; i < s->sent_count; i++)
        has_issuer = try_issuer(s, &s->sent[i]) || has_issuer;
    size_t count = peer_anchors_named(s->listed, name, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct peer_entry *entry = peer_anchors_at(s->listed, i);
        if (!peer_candidates_is_sent(s, entry->cert))
            has_issuer = try_issuer(s, &(struct peer_node){.cert = entry->cert, .entry = entry, .sent = -1}) || has_issuer;
    }
    return has_issuer;
}

/* At most PEER_PATH_CERTIFICATES_MAX deep. */
static void extend(struct peer_search *s)
{
    const struct peer_node last = s->path.nodes[s->path.count - 1];
    bool is_root = last.entry != NULL && last.entry->anchor.is_root;
    size_t at = s->path.count - 1;
    if (is_root)
        keep(s);
    if (X509_self_signed(last.cert, 0) == 1) {
        if (!is_root)
            peer_candidates_note_path(s, PEER_PATH_UNLISTED_ROOT, at);
        return;
    }
    if (s->path.count == PEER_PATH_CERTIFICATES_MAX) {
        if (!is_root)
            peer_candidates_note_path(s, PEER_PATH_LIMIT, at);
        return;
    }
    if (!try_issuers(s) && !is_root && !s->is_cut)
        peer_candidates_note_path(s, PEER_PATH_NO_ISSUER, at);
}

/* ---- their order ---- */

static int less(size_t a, size_t b)
{
    return a < b ? -1 : a > b ? 1 : 0;
}

static size_t level_of(const struct peer_candidate *c)
{
    size_t level = TRUST_BUNDLE_LEVEL_MAX;
    for (size_t i = 0; i < c->count; i++) {
        const struct peer_entry *entry = c->nodes[i].entry;
        if (entry != NULL && entry->anchor.level_max != 0 && entry->anchor.level_max < level)
            level = entry->anchor.level_max;
    }
    return level;
}

/* Points of order 1 to 6, as the header has them; asked is the purpose. */
static int compare(const struct peer_candidate *a, const struct peer_candidate *b, uint16_t asked)
{
    int order = less(a->reason != PEER_PATH_GOOD, b->reason != PEER_PATH_GOOD);
    if (order == 0)
        order = less(a->purpose != asked, b->purpose != asked);
    if (order == 0)
        order = less(level_of(b), level_of(a));
    if (order == 0)
        order = less(a->unlisted_count > 0, b->unlisted_count > 0);
    if (order == 0)
        order = less(a->count, b->count);
    if (order == 0)
        order = ASN1_TIME_compare(X509_get0_notAfter(peer_candidate_root(b)->cert), X509_get0_notAfter(peer_candidate_root(a)->cert));
    return order != 0 ? order : less(a->number, b->number);
}

/* Few enough for the simplest way. */
static void sort(struct peer_search *s)
{
    for (size_t i = 1; i < s->candidate_count; i++) {
        struct peer_candidate moved = s->candidates[i];
        size_t at = i;
        for (; at > 0 && compare(&moved, &s->candidates[at - 1], s->request->purpose) < 0; at--)
            s->candidates[at] = s->candidates[at - 1];
        s->candidates[at] = moved;
    }
}

void peer_candidates_find(struct peer_search *s)
{
    extend(s);
    sort(s);
}
