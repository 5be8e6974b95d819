/* What must hold of every choice: random clients, sites and settings against rules said a second time. */
#include "unit/rules/choosing.h"

#define ROUNDS 60000
#define SITE_MAX 8
#define LIST_MAX 8

static uint64_t seed = 1;

static unsigned pick(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 11) % below;
}

static bool often(void)
{
    return pick(4) > 0;
}

/* Code points of both worlds, unknown ones and GREASE. */
static const uint16_t any_suite[] = {0x00c6, 0x00c7, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xcca8, 0xc013, 0x1a1a, 0x4321};
static const uint16_t any_group[] = {0x11ee, 0x0029, 0x11ec, 0x11eb, 0x001d, 0x0017, 0x0018, 0x0100, 0x2a2a};
static const uint16_t any_scheme[] = {0x0708, 0x0403, 0x0503, 0x0804, 0x0401, 0x0807, 0x0203, 0x3a3a};
static const char *const any_anchor[] = {"32473.1", "32473.1.2.1.8", "32473.1.2.1.7", "32473.1.1.1.8",
                                         "32473.2", "32473.2.2.1.8", "32473.3", "32473.9"};

struct world {
    struct choice_client client;
    uint16_t suites[LIST_MAX], groups[LIST_MAX], shares[LIST_MAX], schemes[LIST_MAX], cert_schemes[LIST_MAX];
    struct tai anchors[LIST_MAX];
    struct choice_candidate site[SITE_MAX];
    size_t count;
    struct choice_settings settings;
};

/* The properties that candidates share: made once. 0, 1: GM landmark and standalone; 2, 3: international;
 * 4: another GM CA; 5: a CA whose chain asks for negotiation. */
static const struct properties *shared[6];

static int set_up(void **state)
{
    (void)state;
    made_count = 0;
    shared[0] = landmark_of(GM_CA, LANDMARK);
    shared[1] = standalone_of(GM_CA);
    shared[2] = landmark_of(INTL_CA, LANDMARK);
    shared[3] = standalone_of(INTL_CA);
    shared[4] = standalone_of(OTHER_GM_CA);
    shared[5] = standalone_of("32473.9");
    made_properties[5].has_negotiation = true;
    return 0;
}

static struct tls_codes pick_codes(const uint16_t *from, size_t from_count, uint16_t out[LIST_MAX])
{
    size_t count = pick(LIST_MAX + 1);
    for (size_t i = 0; i < count; i++)
        out[i] = from[pick((unsigned)from_count)];
    return (struct tls_codes){out, count};
}

static void pick_client(struct world *w)
{
    w->client = (struct choice_client){
        .has_tls13 = often(),
        .has_tls12 = often(),
        .suites = pick_codes(any_suite, LENGTH(any_suite), w->suites),
        .groups = pick_codes(any_group, LENGTH(any_group), w->groups),
        .key_shares = pick_codes(any_group, LENGTH(any_group), w->shares),
        .schemes = pick_codes(any_scheme, LENGTH(any_scheme), w->schemes),
        .has_cert_schemes = !often(),
        .cert_schemes = pick_codes(any_scheme, LENGTH(any_scheme), w->cert_schemes),
        .has_trust_anchors = often(),
        .trust_anchors = w->anchors,
        .trust_anchor_count = pick(4),
    };
    for (size_t i = 0; i < w->client.trust_anchor_count; i++)
        w->anchors[i] = an_id(any_anchor[pick(LENGTH(any_anchor))]);
    if (!w->client.has_trust_anchors)
        w->client.trust_anchor_count = 0;
}

static const struct properties *pick_properties(enum credential_kind kind)
{
    switch (kind) {
    case CREDENTIAL_GM_LANDMARK: return shared[0];
    case CREDENTIAL_GM_STANDALONE: return often() ? shared[1] : shared[4];
    case CREDENTIAL_INTL_LANDMARK: return shared[2];
    case CREDENTIAL_INTL_STANDALONE: return shared[3];
    default: return often() ? NULL : shared[5];
    }
}

static void pick_site(struct world *w)
{
    w->count = pick(SITE_MAX + 1);
    for (size_t i = 0; i < w->count; i++) {
        enum credential_kind kind = (enum credential_kind)pick(CREDENTIAL_KIND_COUNT);
        struct choice_candidate *c = &w->site[i];
        *c = a_candidate(kind);
        if (!credential_kind_is_gm(kind) && pick(3) == 0)
            *c = an_rsa_candidate();
        c->kind = kind;
        if (credential_kind_is_mtc(kind))
            c->schemes12 = c->chain_schemes = (struct tls_codes){NULL, 0};
        if (pick(12) == 0)
            c->schemes13 = credential_kind_is_gm(kind) ? TLS_CODES_OF(p256_key) : TLS_CODES_OF(sm2_key);
        c->properties = pick_properties(kind);
        c->not_before_s = NOW_S - 2 + (int64_t)pick(4);
        c->not_after_s = NOW_S - 1 + (int64_t)pick(4);
    }
    w->settings = settings_of((enum transition_stage)pick(3));
    w->settings.is_mtc_without_trust_anchors = !often();
}

/* ---- the rules, said again ---- */

static bool has(struct tls_codes list, uint16_t code)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.codes[i] == code)
            return true;
    return false;
}

static bool has_any(struct tls_codes list, const uint16_t *of, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has(list, of[i]))
            return true;
    return false;
}

static const uint16_t gm_suites[] = {0x00c6, 0x00c7}, gm_groups[] = {0x11ee, 0x0029};
static const uint16_t intl13[] = {0x1301, 0x1302, 0x1303};
static const uint16_t intl_groups[] = {0x11ec, 0x11eb, 0x001d, 0x0017, 0x0018};
static const uint16_t classical_groups[] = {0x001d, 0x0017, 0x0018};
static const uint16_t ecdsa12[] = {0xc02b}, rsa12[] = {0xc02f, 0xcca8};

#define HAS_ANY(list, of) has_any((list), (of), LENGTH(of))

/* Can this client use this classic candidate? */
static bool is_usable_classic(const struct world *w, const struct choice_candidate *c)
{
    const struct choice_client *k = &w->client;
    bool is_sm2 = has(c->schemes13, 0x0708), is_rsa = has(c->schemes13, 0x0804);
    if (w->settings.now_s < c->not_before_s || w->settings.now_s >= c->not_after_s || c->properties != NULL)
        return false;
    if (c->kind == CREDENTIAL_GM_CLASSIC)
        return is_sm2 && k->has_tls13 && HAS_ANY(k->suites, gm_suites) && HAS_ANY(k->groups, gm_groups) &&
               has(k->schemes, 0x0708) && !k->has_cert_schemes;
    if (c->kind != CREDENTIAL_INTL_CLASSIC || is_sm2)
        return false;
    if (k->has_cert_schemes && !has(k->cert_schemes, c->chain_schemes.codes[0]))
        return false;
    if (k->has_tls13)
        return HAS_ANY(k->suites, intl13) && HAS_ANY(k->groups, intl_groups) &&
               has(k->schemes, is_rsa ? 0x0804 : 0x0403);
    if (!k->has_tls12 || !HAS_ANY(k->groups, classical_groups))
        return false;
    if (is_rsa)
        return HAS_ANY(k->suites, rsa12) && (has(k->schemes, 0x0804) || has(k->schemes, 0x0401));
    return HAS_ANY(k->suites, ecdsa12) && has(k->groups, 0x0017) &&
           (has(k->schemes, 0x0403) || has(k->schemes, 0x0503));
}

static bool is_asked_for(const struct world *w, const struct properties *properties)
{
    for (size_t i = 0; i < w->client.trust_anchor_count; i++) {
        if (tai_equal(&w->client.trust_anchors[i], &properties->trust_anchor_id))
            return true;
        for (size_t g = 0; g < properties->group_count; g++)
            if (tai_pattern_contains(&properties->groups[g], &w->client.trust_anchors[i]))
                return true;
    }
    return false;
}

static void check_pairing(const struct world *w, const struct choice *choice)
{
    const struct choice_candidate *c = &w->site[choice->index];
    bool is_gm = credential_kind_is_gm(c->kind);
    struct tls_codes suites = {choice->suites, choice->suite_count};
    assert_int_equal(choice->is_tls13, w->client.has_tls13);
    assert_true(choice->suite_count > 0 && choice->suite_count <= CHOICE_SUITES_MAX);
    for (size_t i = 0; i < suites.count; i++) {
        assert_true(has(w->client.suites, suites.codes[i]));
        assert_int_equal(suites.codes[i] == 0x00c6 || suites.codes[i] == 0x00c7, is_gm);
    }
    assert_int_equal(choice->group == 0x11ee || choice->group == 0x0029, is_gm);
    assert_int_equal(choice->scheme == 0x0708, is_gm);
    assert_true(has(w->client.groups, choice->group));
    assert_true(has(w->client.schemes, choice->scheme));
    assert_true(has(choice->is_tls13 ? c->schemes13 : c->schemes12, choice->scheme));
    assert_true(choice->is_tls13 || c->kind == CREDENTIAL_INTL_CLASSIC);
    assert_int_equal(choice->is_retry_needed, choice->is_tls13 && !has(w->client.key_shares, choice->group));
    /* A hybrid group wherever the client has one. */
    if (choice->is_tls13 && is_gm && has(w->client.groups, 0x11ee))
        assert_int_equal(choice->group, 0x11ee);
    if (choice->is_tls13 && !is_gm && (has(w->client.groups, 0x11ec) || has(w->client.groups, 0x11eb)))
        assert_true(choice->group == 0x11ec || choice->group == 0x11eb);
}

static void check_anchor(const struct world *w, const struct choice *choice, bool has_classic)
{
    const struct choice_candidate *c = &w->site[choice->index];
    bool is_asked = c->properties != NULL && choice->is_tls13 && is_asked_for(w, c->properties);
    assert_int_equal(choice->is_anchor_matched, is_asked);
    if (credential_kind_is_mtc(c->kind)) {
        assert_true(w->settings.stage != STAGE_CLASSIC);
        /* Unasked only where the site says so, or to a client that speaks trust_anchors and has no other. */
        assert_true(is_asked || (!w->client.has_trust_anchors && w->settings.is_mtc_without_trust_anchors) ||
                    (w->client.has_trust_anchors && !has_classic &&
                     choice->reasons[choice->index] == CHOICE_TAKEN_UNASKED));
    }
    if (credential_kind_is_landmark(c->kind))
        assert_true(is_asked && w->settings.stage == STAGE_LANDMARK);
    if (c->properties != NULL && c->properties->has_negotiation)
        assert_true(is_asked);
}

static void check(const struct world *w, unsigned counts[CREDENTIAL_KIND_COUNT + 1])
{
    struct choice choice;
    bool has_classic = false;
    certificate_choice_make(&w->client, w->site, w->count, &w->settings, &choice);
    for (size_t i = 0; i < w->count; i++)
        has_classic = has_classic || is_usable_classic(w, &w->site[i]);
    for (size_t i = 0; i < w->count; i++)
        assert_int_equal(choice.reasons[i] <= CHOICE_TAKEN_EARLY, i == choice.index);
    for (size_t i = 0; i < choice.available_count; i++)
        assert_true(w->client.has_trust_anchors && w->site[choice.available[i]].properties != NULL &&
                    w->site[choice.available[i]].not_after_s > w->settings.now_s);
    if (choice.index == CHOICE_NONE) {
        assert_false(has_classic);
        counts[CREDENTIAL_KIND_COUNT]++;
        return;
    }
    assert_true(choice.index < w->count);
    const struct choice_candidate *c = &w->site[choice.index];
    assert_true(w->settings.now_s < c->not_after_s);
    /* An early one says so, unless there is more to say. */
    if (choice.reasons[choice.index] != CHOICE_TAKEN_UNASKED)
        assert_int_equal(c->not_before_s > w->settings.now_s, choice.reasons[choice.index] == CHOICE_TAKEN_EARLY);
    check_pairing(w, &choice);
    check_anchor(w, &choice, has_classic);
    /* Never worse than a classic one that the client can use, but for the one ID that it asks for. */
    bool is_second_try = choice.is_anchor_matched && w->client.trust_anchor_count == 1;
    for (size_t i = 0; i < w->count && choice.reasons[choice.index] == CHOICE_TAKEN && !is_second_try; i++)
        assert_true(!is_usable_classic(w, &w->site[i]) || c->kind <= w->site[i].kind);
    counts[c->kind]++;
}

static void properties_hold(void **state)
{
    (void)state;
    static struct world w;
    unsigned counts[CREDENTIAL_KIND_COUNT + 1] = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        pick_client(&w);
        pick_site(&w);
        check(&w, counts);
    }
    /* The dice reach every kind, and nothing at all. */
    for (size_t kind = 0; kind < LENGTH(counts); kind++)
        assert_true(counts[kind] > 20);
}

/* The order of candidates changes who is taken only among equals. */
static void order_is_no_matter(void **state)
{
    (void)state;
    static struct world w;
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        struct choice choice, turned_choice;
        struct choice_candidate turned[SITE_MAX];
        pick_client(&w);
        pick_site(&w);
        for (size_t i = 0; i < w.count; i++)
            turned[i] = w.site[w.count - 1 - i];
        certificate_choice_make(&w.client, w.site, w.count, &w.settings, &choice);
        certificate_choice_make(&w.client, turned, w.count, &w.settings, &turned_choice);
        assert_int_equal(choice.index == CHOICE_NONE, turned_choice.index == CHOICE_NONE);
        if (choice.index == CHOICE_NONE)
            continue;
        assert_int_equal(w.site[choice.index].kind, turned[turned_choice.index].kind);
        assert_int_equal(w.site[choice.index].not_after_s, turned[turned_choice.index].not_after_s);
        assert_int_equal(choice.scheme, turned_choice.scheme);
        assert_int_equal(choice.is_anchor_matched, turned_choice.is_anchor_matched);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(properties_hold, set_up),
        cmocka_unit_test_setup(order_is_no_matter, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
