#include "rules/certificate_choice.h"

#include "rules/client_match.h"

/* What is known of one candidate for this client. */
struct judged {
    enum choice_reason reason; /* CHOICE_TAKEN: it would do */
    bool is_servable;          /* all but its trust anchor fits */
    bool is_matched;           /* its trust anchor was asked for */
    bool is_chain_known;       /* the client knows the signatures of all its certificates */
    uint16_t scheme;
    size_t scheme_rank;
};

static enum tls_world world_of(enum credential_kind kind)
{
    return credential_kind_is_gm(kind) ? TLS_WORLD_GM : TLS_WORLD_INTL;
}

/* Where a scheme stands in the table, which is in the order of preference; unknown ones, of a provider,
 * after all others. */
static size_t scheme_rank(uint16_t code)
{
    const struct tls_scheme_name *row;
    size_t i = 0;
    while ((row = tls_names_scheme_at(i)) != NULL && row->code != code)
        i++;
    return i;
}

/* ---- rules about one candidate ---- */

static enum choice_reason check_time_and_stage(const struct choice_candidate *candidate,
                                               const struct choice_settings *settings)
{
    if (settings->now_s < candidate->not_before_s)
        return CHOICE_NOT_YET_VALID;
    /* Many clients call it expired in its last second already. */
    if (settings->now_s >= candidate->not_after_s)
        return CHOICE_EXPIRED;
    if (credential_kind_is_mtc(candidate->kind) && settings->stage == STAGE_CLASSIC)
        return CHOICE_STAGE;
    if (credential_kind_is_landmark(candidate->kind) && settings->stage != STAGE_LANDMARK)
        return CHOICE_STAGE;
    return CHOICE_TAKEN;
}

/* A GM credential has a key that signs sm2sig_sm3 and nothing else, an international one never does. */
static bool is_key_of_world(const struct choice_candidate *candidate)
{
    bool has_sm2 = tls_codes_contain(candidate->schemes13, TLS_SCHEME_SM2SIG_SM3) ||
                   tls_codes_contain(candidate->schemes12, TLS_SCHEME_SM2SIG_SM3);
    if (!credential_kind_is_gm(candidate->kind))
        return !has_sm2;
    return has_sm2 && candidate->schemes13.count == 1 && candidate->schemes12.count == 0;
}

static enum choice_reason check_version(const struct choice_client *client,
                                        const struct choice_candidate *candidate)
{
    if (client->has_tls13)
        return CHOICE_TAKEN;
    if (candidate->kind != CREDENTIAL_INTL_CLASSIC)
        return CHOICE_NO_TLS13;
    return client->has_tls12 ? CHOICE_TAKEN : CHOICE_NO_VERSION;
}

/* In TLS 1.2 the suite says what kind of key signs [RFC5246 7.4.2]; EdDSA counts as ECDSA [RFC8422 5.10]. */
static enum tls_key_family suite_family(const struct choice_client *client,
                                        const struct choice_candidate *candidate)
{
    if (client->has_tls13)
        return TLS_KEY_ANY;
    const struct tls_scheme_name *row =
        candidate->schemes12.count > 0 ? tls_names_scheme(candidate->schemes12.codes[0]) : NULL;
    if (row == NULL)
        return TLS_KEY_ML_DSA; /* no suite of TLS 1.2 has it */
    return row->family == TLS_KEY_EDDSA ? TLS_KEY_ECDSA : row->family;
}

/* In TLS 1.2 the curve of an ECDSA key is one of the client's groups [RFC8422 5.1]. */
static bool is_curve_known(const struct choice_client *client,
                           const struct choice_candidate *candidate)
{
    const struct tls_scheme_name *row =
        candidate->schemes13.count > 0 ? tls_names_scheme(candidate->schemes13.codes[0]) : NULL;
    return client->has_tls13 || row == NULL || row->group == 0 ||
           tls_codes_contain(client->groups, row->group);
}

static enum choice_reason check_handshake(const struct choice_client *client,
                                          const struct choice_candidate *candidate,
                                          struct judged *judged)
{
    enum tls_world world = world_of(candidate->kind);
    uint16_t suites[CHOICE_SUITES_MAX];
    if (client_match_suites(client, world, suite_family(client, candidate), suites) == 0)
        return CHOICE_NO_SUITE;
    if (client_match_group(client, world) == 0 || !is_curve_known(client, candidate))
        return CHOICE_NO_GROUP;
    judged->scheme = client_match_scheme(client, client->has_tls13 ? candidate->schemes13 : candidate->schemes12);
    judged->scheme_rank = scheme_rank(judged->scheme);
    return judged->scheme != 0 ? CHOICE_TAKEN : CHOICE_NO_SCHEME;
}

/* What OpenSSL 4.0 can serve with signature_algorithms_cert: it insists that the leaf's signature is in the
 * list, finds that of no certificate that SM2 signed, and takes that of an MTC for sm2sig_sm3. */
static enum choice_reason check_extension_50(const struct choice_client *client,
                                             const struct choice_candidate *candidate)
{
    if (!client->has_cert_schemes)
        return CHOICE_TAKEN;
    uint16_t leaf = TLS_SCHEME_SM2SIG_SM3;
    if (!credential_kind_is_mtc(candidate->kind)) {
        leaf = candidate->chain_schemes.count > 0 ? candidate->chain_schemes.codes[0] : 0;
        if (leaf == TLS_SCHEME_SM2SIG_SM3)
            return CHOICE_SM2_WITH_EXTENSION_50;
    }
    return leaf != 0 && tls_codes_contain(client->cert_schemes, leaf) ? CHOICE_TAKEN
                                                                      : CHOICE_CERTIFICATE_SCHEME;
}

/* Further up than the leaf it is a wish: a server without a better chain sends what it has
 * [RFC8446 4.4.2.2]. */
static bool is_chain_known(const struct choice_client *client,
                           const struct choice_candidate *candidate)
{
    struct tls_codes known = client->has_cert_schemes ? client->cert_schemes : client->schemes;
    for (size_t i = 0; i < candidate->chain_schemes.count; i++)
        if (!tls_codes_contain(known, candidate->chain_schemes.codes[i]))
            return false;
    return true;
}

/* It is never a fallback [TAI 4.2] [MTC 8.2]. */
static bool is_negotiated_only(const struct choice_candidate *candidate)
{
    return credential_kind_is_landmark(candidate->kind) ||
           (candidate->properties != NULL && candidate->properties->has_negotiation);
}

static enum choice_reason check_anchor(const struct choice_client *client,
                                       const struct choice_candidate *candidate,
                                       const struct choice_settings *settings, bool is_matched)
{
    if (is_matched)
        return CHOICE_TAKEN;
    if (!credential_kind_is_mtc(candidate->kind) && !is_negotiated_only(candidate))
        return CHOICE_TAKEN;
    if (client->has_trust_anchors)
        return CHOICE_ANCHOR_NOT_ASKED;
    if (settings->is_mtc_without_trust_anchors && !is_negotiated_only(candidate))
        return CHOICE_TAKEN;
    return CHOICE_NO_TRUST_ANCHORS;
}

static void judge(const struct choice_client *client, const struct choice_candidate *candidate,
                  const struct choice_settings *settings, struct judged *out)
{
    *out = (struct judged){.reason = check_time_and_stage(candidate, settings)};
    if (out->reason == CHOICE_TAKEN && !is_key_of_world(candidate))
        out->reason = CHOICE_KEY_OF_OTHER_WORLD;
    if (out->reason == CHOICE_TAKEN)
        out->reason = check_version(client, candidate);
    if (out->reason == CHOICE_TAKEN)
        out->reason = check_handshake(client, candidate, out);
    if (out->reason == CHOICE_TAKEN)
        out->reason = check_extension_50(client, candidate);
    if (out->reason != CHOICE_TAKEN)
        return;
    out->is_servable = true;
    out->is_chain_known = is_chain_known(client, candidate);
    out->is_matched = client_match_anchor(client, candidate->properties);
    out->reason = check_anchor(client, candidate, settings, out->is_matched);
}

/* ---- the best of them ---- */

/* A client that comes back asks for one ID out of those that it was told of, the one that it trusts
 * [TAI 4.3]. To send it the better kind again would fail it twice. */
static bool is_second_try(const struct choice_client *client)
{
    return client->has_trust_anchors && client->trust_anchor_count == 1;
}

/* Why a comes before b; CHOICE_TAKEN when it does not. */
static enum choice_reason why_first(const struct choice_candidate *a, const struct judged *ja,
                                    const struct choice_candidate *b, const struct judged *jb,
                                    bool is_match_first)
{
    if (is_match_first && ja->is_matched && !jb->is_matched)
        return a->kind < b->kind ? CHOICE_BETTER_KIND : CHOICE_BETTER_MATCH;
    if (is_match_first && !ja->is_matched && jb->is_matched)
        return CHOICE_TAKEN;
    if (a->kind != b->kind)
        return a->kind < b->kind ? CHOICE_BETTER_KIND : CHOICE_TAKEN;
    if (ja->is_matched != jb->is_matched)
        return ja->is_matched ? CHOICE_BETTER_MATCH : CHOICE_TAKEN;
    if (ja->is_chain_known != jb->is_chain_known)
        return ja->is_chain_known ? CHOICE_BETTER_CHAIN : CHOICE_TAKEN;
    if (ja->scheme_rank != jb->scheme_rank)
        return ja->scheme_rank < jb->scheme_rank ? CHOICE_BETTER_KEY : CHOICE_TAKEN;
    if (a->not_after_s != b->not_after_s)
        return a->not_after_s > b->not_after_s ? CHOICE_SHORTER_VALID : CHOICE_TAKEN;
    return a < b ? CHOICE_SHORTER_VALID : CHOICE_TAKEN;
}

static size_t find_best(const struct choice_candidate *candidates, const struct judged *judged,
                        size_t count, bool is_match_first)
{
    size_t best = CHOICE_NONE;
    for (size_t i = 0; i < count; i++) {
        if (judged[i].reason != CHOICE_TAKEN)
            continue;
        if (best == CHOICE_NONE || why_first(&candidates[i], &judged[i], &candidates[best],
                                             &judged[best], is_match_first) != CHOICE_TAKEN)
            best = i;
    }
    return best;
}

/* Nothing serves this client as it asks. One that speaks trust_anchors may be sent a standalone MTC all the
 * same [TAI 4.2]: it trusts it, or learns from EncryptedExtensions what to ask for, which an alert would not
 * tell it. */
static size_t find_unasked(const struct choice_candidate *candidates, const struct judged *judged,
                           size_t count)
{
    size_t best = CHOICE_NONE;
    for (size_t i = 0; i < count; i++) {
        if (!judged[i].is_servable || judged[i].reason != CHOICE_ANCHOR_NOT_ASKED ||
            is_negotiated_only(&candidates[i]))
            continue;
        if (best == CHOICE_NONE || why_first(&candidates[i], &judged[i], &candidates[best],
                                             &judged[best], false) != CHOICE_TAKEN)
            best = i;
    }
    return best;
}

static void list_available(const struct choice_client *client,
                           const struct choice_candidate *candidates, const struct judged *judged,
                           struct choice *out)
{
    if (!client->has_trust_anchors || !client->has_tls13)
        return;
    for (size_t i = 0; i < out->candidate_count; i++) {
        const struct properties *properties = candidates[i].properties;
        if (!judged[i].is_servable || properties == NULL || properties->trust_anchor_id.len == 0)
            continue;
        size_t at = out->available_count++;
        for (; at > 0; at--) {
            uint8_t before = out->available[at - 1];
            if (why_first(&candidates[i], &judged[i], &candidates[before], &judged[before],
                          false) == CHOICE_TAKEN)
                break;
            out->available[at] = before;
        }
        out->available[at] = (uint8_t)i;
    }
}

static void take(const struct choice_client *client, const struct choice_candidate *taken,
                 const struct judged *judged, struct choice *out)
{
    enum tls_world world = world_of(taken->kind);
    out->is_tls13 = client->has_tls13;
    out->is_anchor_matched = judged->is_matched;
    out->scheme = judged->scheme;
    out->group = client_match_group(client, world);
    out->is_retry_needed = client->has_tls13 && !tls_codes_contain(client->key_shares, out->group);
    out->suite_count = client_match_suites(client, world, suite_family(client, taken), out->suites);
}

static void decide(const struct choice_client *client, const struct choice_candidate *candidates, size_t count,
                   const struct choice_settings *settings, struct choice *out)
{
    struct judged judged[CHOICE_CANDIDATES_MAX];
    bool is_match_first = is_second_try(client);
    *out = (struct choice){.index = CHOICE_NONE};
    out->candidate_count = count < CHOICE_CANDIDATES_MAX ? count : CHOICE_CANDIDATES_MAX;
    for (size_t i = 0; i < out->candidate_count; i++)
        judge(client, &candidates[i], settings, &judged[i]);
    size_t best = find_best(candidates, judged, out->candidate_count, is_match_first);
    for (size_t i = 0; i < out->candidate_count; i++) {
        out->reasons[i] = judged[i].reason;
        if (judged[i].reason == CHOICE_TAKEN && i != best)
            out->reasons[i] = why_first(&candidates[best], &judged[best], &candidates[i], &judged[i],
                                        is_match_first);
    }
    if (best == CHOICE_NONE) {
        best = find_unasked(candidates, judged, out->candidate_count);
        if (best != CHOICE_NONE)
            out->reasons[best] = CHOICE_TAKEN_UNASKED;
    }
    list_available(client, candidates, judged, out);
    out->index = best;
    if (best != CHOICE_NONE)
        take(client, &candidates[best], &judged[best], out);
}

/* The beginning of the last candidate that is not valid yet. */
static int64_t last_beginning(const struct choice_candidate *candidates, const struct choice *choice, int64_t now_s)
{
    for (size_t i = 0; i < choice->candidate_count; i++)
        if (choice->reasons[i] == CHOICE_NOT_YET_VALID && candidates[i].not_before_s > now_s)
            now_s = candidates[i].not_before_s;
    return now_s;
}

/* Who has nothing but certificates of the future has a clock that is slow: they were issued. */
void certificate_choice_make(const struct choice_client *client,
                             const struct choice_candidate *candidates, size_t count,
                             const struct choice_settings *settings, struct choice *out)
{
    struct choice_settings later = *settings;
    struct choice early;
    decide(client, candidates, count, settings, out);
    if (out->index != CHOICE_NONE)
        return;
    later.now_s = last_beginning(candidates, out, settings->now_s);
    if (later.now_s == settings->now_s)
        return;
    decide(client, candidates, count, &later, &early);
    if (early.index == CHOICE_NONE)
        return;
    *out = early;
    if (out->reasons[out->index] == CHOICE_TAKEN && candidates[out->index].not_before_s > settings->now_s)
        out->reasons[out->index] = CHOICE_TAKEN_EARLY;
}
