/* Which client gets which certificate: the table, every reason, groups and suites. */
#include "unit/rules/choosing.h"

/* One of each kind, in the order of enum credential_kind. */
static struct choice_candidate all[CREDENTIAL_KIND_COUNT];

static int set_up(void **state)
{
    (void)state;
    made_count = 0;
    for (int kind = 0; kind < CREDENTIAL_KIND_COUNT; kind++)
        all[kind] = a_candidate((enum credential_kind)kind);
    all[CREDENTIAL_GM_LANDMARK].properties = landmark_of(GM_CA, LANDMARK);
    all[CREDENTIAL_GM_STANDALONE].properties = standalone_of(GM_CA);
    all[CREDENTIAL_INTL_LANDMARK].properties = landmark_of(INTL_CA, LANDMARK);
    all[CREDENTIAL_INTL_STANDALONE].properties = standalone_of(INTL_CA);
    return 0;
}

/* A client with its own storage, to be changed by a test. */
struct offer {
    struct choice_client client;
    struct tai anchors[4];
};

/* A profile that asks for up to three IDs ("" ends). */
static void offer_of(struct offer *o, const char *profile, const char *const anchors[3])
{
    size_t count = 0;
    for (; anchors != NULL && count < 3 && anchors[count] != NULL; count++)
        o->anchors[count] = an_id(anchors[count]);
    const struct client_profile *found = client_profiles_find(bytes_of_text(profile));
    assert_non_null(found);
    o->client = client_profiles_offer(found, o->anchors, count);
}

static struct choice choose(const struct choice_client *client, enum transition_stage stage)
{
    struct choice choice;
    struct choice_settings settings = settings_of(stage);
    certificate_choice_make(client, all, LENGTH(all), &settings, &choice);
    return choice;
}

/* ---- client x stage, at a site that has everything ---- */

#define NOTHING (-1)

struct matrix_row {
    const char *profile;
    const char *anchors[3];
    int classic, standalone, landmark; /* kind by stage */
};

static const struct matrix_row everything[] = {
    /* A group of the CA's landmarks up to 8, as a browser sends it [MTC 8.2]; a fresher one; one too old. */
    {"gm", {"32473.1.2.1.8"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_STANDALONE, CREDENTIAL_GM_LANDMARK},
    {"gm", {"32473.1.2.1.9", "32473.2.2.1.9"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_STANDALONE, CREDENTIAL_GM_LANDMARK},
    {"gm", {"32473.1.2.1.7"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_STANDALONE, CREDENTIAL_GM_STANDALONE},
    {"gm", {"32473.1.2.2.8"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_STANDALONE, CREDENTIAL_GM_STANDALONE},
    /* The retry with a single ID of EncryptedExtensions. */
    {"gm", {"32473.1.1.1.8"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_LANDMARK},
    {"gm", {"32473.1"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_STANDALONE, CREDENTIAL_GM_STANDALONE},
    /* Of another CA, or of none: classic; GM stays before the international MTC that was asked for. */
    {"gm", {"32473.9"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC},
    {"gm", {NULL}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC},
    {"gm", {"32473.2", "32473.2.2.1.8"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC},
    /* But a single ID is that of a second try: the client trusts nothing else that it was told of. */
    {"gm", {"32473.2"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_INTL_STANDALONE, CREDENTIAL_INTL_STANDALONE},
    {"gm", {"32473.2.1.1.8"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_CLASSIC, CREDENTIAL_INTL_LANDMARK},
    {"gm-no-landmarks", {"32473.1"}, CREDENTIAL_GM_CLASSIC, CREDENTIAL_GM_STANDALONE, CREDENTIAL_GM_STANDALONE},
    {"intl", {"32473.2.2.1.8"}, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_STANDALONE, CREDENTIAL_INTL_LANDMARK},
    {"intl", {"32473.2"}, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_STANDALONE, CREDENTIAL_INTL_STANDALONE},
    /* It asks for the GM CA, but cannot do GM. */
    {"intl", {"32473.1"}, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC},
    {"intl", {NULL}, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC},
    {"legacy", {NULL}, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC},
};

static void check_stage(const struct matrix_row *row, size_t i, enum transition_stage stage, int want)
{
    struct offer o;
    offer_of(&o, row->profile, row->anchors);
    struct choice choice = choose(&o.client, stage);
    int got = choice.index == CHOICE_NONE ? NOTHING : (int)all[choice.index].kind;
    if (got != want)
        fail_msg("row %zu (%s), stage %s: kind %d, want %d", i, row->profile,
                 certificate_choice_stage_name(stage), got, want);
    assert_int_equal(choice.reasons[choice.index], CHOICE_TAKEN);
    assert_int_equal(choice.is_anchor_matched, credential_kind_is_mtc(all[choice.index].kind));
}

static void matrix(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(everything); i++) {
        check_stage(&everything[i], i, STAGE_CLASSIC, everything[i].classic);
        check_stage(&everything[i], i, STAGE_STANDALONE, everything[i].standalone);
        check_stage(&everything[i], i, STAGE_LANDMARK, everything[i].landmark);
    }
}

static void second_try(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "gm", (const char *const[3]){"32473.2.1.1.8"});
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_int_equal(choice.reasons[CREDENTIAL_INTL_LANDMARK], CHOICE_TAKEN);
    assert_int_equal(choice.reasons[CREDENTIAL_GM_CLASSIC], CHOICE_BETTER_MATCH);
    assert_int_equal(choice.reasons[CREDENTIAL_INTL_CLASSIC], CHOICE_BETTER_KIND);
    assert_int_equal(choice.reasons[CREDENTIAL_GM_LANDMARK], CHOICE_ANCHOR_NOT_ASKED);
    /* International in all: suite and group as well. */
    assert_int_equal(choice.suites[0], 0x1301);
    assert_int_equal(choice.group, 0x11ec);
}

/* Sites that lack kinds: what each profile gets when the best ones go, one after the other. */
static void poorer_sites(void **state)
{
    (void)state;
    static const char *const both[3] = {"32473.1.2.1.8", "32473.2.2.1.8"};
    static const char *const profiles[] = {"gm", "intl", "legacy"};
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    for (size_t p = 0; p < LENGTH(profiles); p++) {
        struct offer o;
        offer_of(&o, profiles[p], both);
        size_t first = p == 0 ? 0 : p == 1 ? CREDENTIAL_INTL_LANDMARK : CREDENTIAL_INTL_CLASSIC;
        for (size_t from = 0; from < LENGTH(all); from++) {
            struct choice choice;
            certificate_choice_make(&o.client, all + from, LENGTH(all) - from, &settings, &choice);
            assert_int_equal(choice.index, from > first ? 0 : first - from);
        }
        struct choice choice;
        certificate_choice_make(&o.client, all, 0, &settings, &choice);
        assert_int_equal(choice.index, CHOICE_NONE);
        assert_int_equal(choice.candidate_count, 0);
    }
}

/* ---- what the connection is restricted to ---- */

static void assert_connection(const struct choice *choice, uint16_t suite, uint16_t group,
                              uint16_t scheme, bool is_retry_needed)
{
    assert_true(choice->suite_count > 0);
    assert_int_equal(choice->suites[0], suite);
    assert_int_equal(choice->group, group);
    assert_int_equal(choice->scheme, scheme);
    assert_int_equal(choice->is_retry_needed, is_retry_needed);
}

static void connections(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "gm", NULL);
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_connection(&choice, 0x00c6, 0x11ee, 0x0708, false);
    assert_int_equal(choice.suite_count, 1);
    assert_true(choice.is_tls13);
    offer_of(&o, "intl", NULL);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_connection(&choice, 0x1301, 0x11ec, 0x0403, false);
    assert_int_equal(choice.suite_count, 3);
    offer_of(&o, "legacy", NULL);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_connection(&choice, 0xc02b, 0x001d, 0x0403, false);
    assert_int_equal(choice.suite_count, 3);
    assert_false(choice.is_tls13);
}

struct group_row {
    uint16_t groups[4], shares[4]; /* 0 ends */
    uint16_t group;
    bool is_retry_needed;
};

static struct tls_codes codes_until_0(const uint16_t codes[4])
{
    size_t count = 0;
    while (count < 4 && codes[count] != 0)
        count++;
    return (struct tls_codes){codes, count};
}

/* A hybrid group goes first, even for a round trip; among equals, the one with a key share. */
static const struct group_row gm_rows[] = {
    {{0x0029, 0x11ee}, {0x0029, 0x11ee}, 0x11ee, false},
    {{0x0029, 0x11ee}, {0x0029}, 0x11ee, true},
    {{0x0029}, {0x0029}, 0x0029, false},
    {{0x0029, 0x001d}, {0x001d}, 0x0029, true},
    {{0x0029}, {0}, 0x0029, true},
};
static const struct group_row intl_rows[] = {
    {{0x001d, 0x11ec}, {0x001d}, 0x11ec, true},
    {{0x11ec, 0x11eb}, {0x11eb}, 0x11eb, false},
    {{0x11ed, 0x11eb, 0x11ec}, {0x001d}, 0x11ec, true},
    {{0x001d, 0x0017}, {0x0017}, 0x0017, false},
    {{0x0018, 0x0017}, {0}, 0x0017, true},
    {{0x2a2a, 0x0019}, {0x2a2a}, 0x0019, true},
    /* curveSM2 is never under an international certificate. */
    {{0x0029, 0x0018}, {0x0029}, 0x0018, true},
};

static void check_groups(const struct group_row *rows, size_t count, const char *profile)
{
    for (size_t i = 0; i < count; i++) {
        struct offer o;
        offer_of(&o, profile, NULL);
        o.client.groups = codes_until_0(rows[i].groups);
        o.client.key_shares = codes_until_0(rows[i].shares);
        struct choice choice = choose(&o.client, STAGE_LANDMARK);
        if (choice.index == CHOICE_NONE || choice.group != rows[i].group ||
            choice.is_retry_needed != rows[i].is_retry_needed)
            fail_msg("%s %zu: index %zu, group %04x, retry %d", profile, i, choice.index,
                     choice.group, choice.is_retry_needed);
        /* The second ClientHello has a key share of that group alone, and gets the same. */
        uint16_t share[1] = {choice.group};
        o.client.key_shares = TLS_CODES_OF(share);
        struct choice again = choose(&o.client, STAGE_LANDMARK);
        assert_int_equal(again.index, choice.index);
        assert_int_equal(again.group, choice.group);
        assert_false(again.is_retry_needed);
    }
}

static void groups(void **state)
{
    (void)state;
    check_groups(gm_rows, LENGTH(gm_rows), "gm");
    check_groups(intl_rows, LENGTH(intl_rows), "intl");
}

static void suites(void **state)
{
    (void)state;
    struct offer o;
    /* GM in our order, whatever theirs; international in theirs. Doubles, GREASE and unknown ones go. */
    static const uint16_t mixed[] = {0x1a1a, 0x1303, 0x00c7, 0x1301, 0x00c6, 0x00c7, 0x1303, 0x1304, 0x4321};
    offer_of(&o, "gm", NULL);
    o.client.suites = TLS_CODES_OF(mixed);
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_int_equal(all[choice.index].kind, CREDENTIAL_GM_CLASSIC);
    assert_int_equal(choice.suite_count, 2);
    assert_int_equal(choice.suites[0], 0x00c6);
    assert_int_equal(choice.suites[1], 0x00c7);
    offer_of(&o, "intl", NULL);
    o.client.suites = TLS_CODES_OF(mixed);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_int_equal(choice.suite_count, 2);
    assert_int_equal(choice.suites[0], 0x1303);
    assert_int_equal(choice.suites[1], 0x1301);
}

/* ---- every reason ---- */

static void assert_reason(const struct choice *choice, enum credential_kind kind,
                          enum choice_reason want)
{
    if (choice->reasons[kind] != want)
        fail_msg("%s: %s; want: %s", certificate_choice_kind_name(kind),
                 certificate_choice_reason_text(choice->reasons[kind]),
                 certificate_choice_reason_text(want));
}

static void reasons_of_time_and_stage(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "gm", (const char *const[3]){"32473.1.2.1.8"});
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_TAKEN);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_BETTER_KIND);
    assert_reason(&choice, CREDENTIAL_INTL_LANDMARK, CHOICE_ANCHOR_NOT_ASKED);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_BETTER_KIND);
    choice = choose(&o.client, STAGE_CLASSIC);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_STAGE);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_STAGE);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_TAKEN);
    choice = choose(&o.client, STAGE_STANDALONE);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_STAGE);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_TAKEN);

    /* The first second belongs to the validity; the last one does, but not for every client. */
    all[CREDENTIAL_GM_LANDMARK].not_before_s = NOW_S;
    all[CREDENTIAL_GM_LANDMARK].not_after_s = NOW_S + 1;
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_TAKEN);
    all[CREDENTIAL_GM_LANDMARK].not_after_s = NOW_S;
    all[CREDENTIAL_GM_STANDALONE].not_before_s = NOW_S + 1;
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_EXPIRED);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_NOT_YET_VALID);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_TAKEN);
}

/* A clock that went back: better early than nothing, but what is over stays over. */
static void slow_clock(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "gm", (const char *const[3]){"32473.1.2.1.8"});
    for (size_t i = 0; i < CREDENTIAL_KIND_COUNT; i++)
        all[i].not_before_s = NOW_S + 10;
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_TAKEN_EARLY);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_BETTER_KIND);
    all[CREDENTIAL_GM_LANDMARK].not_before_s = NOW_S - 2000;
    all[CREDENTIAL_GM_LANDMARK].not_after_s = NOW_S - 1;
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_EXPIRED);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_TAKEN_EARLY);
    /* One that is valid now goes first, however good the others will be. */
    all[CREDENTIAL_INTL_CLASSIC].not_before_s = NOW_S - 1;
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_TAKEN);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_NOT_YET_VALID);
}

static void reasons_of_the_handshake(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "legacy", NULL);
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_NO_TLS13);
    assert_reason(&choice, CREDENTIAL_INTL_STANDALONE, CHOICE_NO_TLS13);
    o.client.has_tls12 = false;
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_NO_VERSION);
    assert_int_equal(choice.index, CHOICE_NONE);

    offer_of(&o, "intl", NULL);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_NO_SUITE);
    /* SM4, but no group of SM2; then the group, but no sm2sig_sm3; each for itself is not enough. */
    offer_of(&o, "gm", NULL);
    static const uint16_t intl_groups[] = {0x11ec, 0x001d};
    o.client.groups = TLS_CODES_OF(intl_groups);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_NO_GROUP);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_TAKEN);
    offer_of(&o, "gm", NULL);
    o.client.schemes = TLS_CODES_OF(p256_key);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_NO_SCHEME);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_TAKEN);
    offer_of(&o, "gm", NULL);
    o.client.schemes = TLS_CODES_OF(sm2_key);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_TAKEN);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_NO_SCHEME);

    /* Groups that are known by name alone. */
    static const uint16_t ffdhe[] = {0x0100, 0x6399};
    offer_of(&o, "intl", NULL);
    o.client.groups = o.client.key_shares = TLS_CODES_OF(ffdhe);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_NO_GROUP);

    offer_of(&o, "gm", NULL);
    static const uint16_t two_worlds[] = {0x0708, 0x0403};
    all[CREDENTIAL_GM_LANDMARK].schemes13 = TLS_CODES_OF(two_worlds);
    all[CREDENTIAL_GM_STANDALONE].schemes12 = TLS_CODES_OF(p256_key12);
    all[CREDENTIAL_GM_CLASSIC].schemes13 = TLS_CODES_OF(p256_key);
    all[CREDENTIAL_INTL_CLASSIC].schemes13 = TLS_CODES_OF(sm2_key);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_KEY_OF_OTHER_WORLD);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_KEY_OF_OTHER_WORLD);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_KEY_OF_OTHER_WORLD);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_KEY_OF_OTHER_WORLD);
}

/* An RSA-only and an ECDSA-only client, of both versions; a curve that a TLS 1.2 client does not know. */
static void kinds_of_keys(void **state)
{
    (void)state;
    struct choice_candidate keys[2] = {a_candidate(CREDENTIAL_INTL_CLASSIC), an_rsa_candidate()};
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    static const uint16_t rsa_suites[] = {0x1301, 0xc02f}, ecdsa_suites[] = {0x1301, 0xc02b};
    static const uint16_t x25519[] = {0x001d};
    static const char *const profiles[] = {"intl", "legacy"};
    struct choice choice;
    struct offer o;
    for (size_t i = 0; i < LENGTH(profiles); i++) {
        offer_of(&o, profiles[i], NULL);
        certificate_choice_make(&o.client, keys, 2, &settings, &choice);
        assert_int_equal(choice.index, 0);
        assert_int_equal(choice.reasons[1], CHOICE_BETTER_KEY);
        o.client.schemes = TLS_CODES_OF(rsa_key12);
        certificate_choice_make(&o.client, keys, 2, &settings, &choice);
        assert_int_equal(choice.index, 1);
        assert_int_equal(choice.scheme, 0x0804);
        offer_of(&o, profiles[i], NULL);
        o.client.schemes = TLS_CODES_OF(p256_key);
        certificate_choice_make(&o.client, keys, 2, &settings, &choice);
        assert_int_equal(choice.index, 0);
        assert_int_equal(choice.reasons[1], CHOICE_NO_SCHEME);
    }
    offer_of(&o, "legacy", NULL);
    o.client.suites = TLS_CODES_OF(rsa_suites);
    certificate_choice_make(&o.client, keys, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.reasons[0], CHOICE_NO_SUITE);
    assert_int_equal(choice.suites[0], 0xc02f);
    o.client.suites = TLS_CODES_OF(ecdsa_suites);
    certificate_choice_make(&o.client, keys, 2, &settings, &choice);
    assert_int_equal(choice.index, 0);
    offer_of(&o, "legacy", NULL);
    o.client.groups = TLS_CODES_OF(x25519);
    certificate_choice_make(&o.client, keys, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.reasons[0], CHOICE_NO_GROUP);
    /* Ed25519 goes with the suites of ECDSA, and has no curve of a group. */
    keys[0].schemes13 = keys[0].schemes12 = tls_names_key_schemes("ED25519", NULL, false);
    static const uint16_t ed25519[] = {0x0807};
    o.client.schemes = TLS_CODES_OF(ed25519);
    certificate_choice_make(&o.client, keys, 2, &settings, &choice);
    assert_int_equal(choice.index, 0);
    assert_int_equal(choice.suites[0], 0xc02b);
    /* A key for TLS 1.3 alone. */
    offer_of(&o, "legacy", NULL);
    keys[0] = a_candidate(CREDENTIAL_INTL_CLASSIC);
    o.client.groups = TLS_CODES_OF(x25519);
    keys[1].schemes12 = (struct tls_codes){NULL, 0};
    certificate_choice_make(&o.client, keys, 2, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
}

/* What OpenSSL 4.0.3 was seen to do (decision 17). */
static void extension_50(void **state)
{
    (void)state;
    static const uint16_t without_sm2[] = {0x0403, 0x0401}, rsa_only[] = {0x0401, 0x0804};
    static const uint16_t with_sm2[] = {0x0708, 0x0403};
    static const char *const both[3] = {"32473.1.2.1.8", "32473.2.2.1.8"};
    struct offer o;
    offer_of(&o, "gm", both);
    o.client.has_cert_schemes = true;
    o.client.cert_schemes = TLS_CODES_OF(with_sm2);
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_TAKEN);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_SM2_WITH_EXTENSION_50);
    assert_reason(&choice, CREDENTIAL_INTL_LANDMARK, CHOICE_BETTER_KIND);
    o.client.cert_schemes = TLS_CODES_OF(without_sm2);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_CERTIFICATE_SCHEME);
    assert_reason(&choice, CREDENTIAL_INTL_LANDMARK, CHOICE_CERTIFICATE_SCHEME);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_TAKEN);
    o.client.cert_schemes = TLS_CODES_OF(rsa_only);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_CERTIFICATE_SCHEME);
    assert_int_equal(choice.index, CHOICE_NONE);
    offer_of(&o, "legacy", NULL);
    o.client.has_cert_schemes = true;
    o.client.cert_schemes = TLS_CODES_OF(rsa_only);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_CERTIFICATE_SCHEME);
    o.client.cert_schemes = TLS_CODES_OF(without_sm2);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_TAKEN);
    /* A certificate whose signature has no code point. */
    static const uint16_t unknown[] = {0};
    all[CREDENTIAL_INTL_CLASSIC].chain_schemes = TLS_CODES_OF(unknown);
    offer_of(&o, "intl", NULL);
    o.client.has_cert_schemes = true;
    o.client.cert_schemes = TLS_CODES_OF(unknown);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_INTL_CLASSIC, CHOICE_CERTIFICATE_SCHEME);
}

/* A key of one kind, chains signed by two: the one that the client can check, else any. */
static void chains(void **state)
{
    (void)state;
    struct choice_candidate two[2] = {a_candidate(CREDENTIAL_INTL_CLASSIC), a_candidate(CREDENTIAL_INTL_CLASSIC)};
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    static const uint16_t schemes[] = {0x0403, 0x0401};
    struct choice choice;
    struct offer o;
    two[1].chain_schemes = TLS_CODES_OF(rsa_chain);
    two[0].not_after_s++; /* valid for longer, but its issuer's signature is 0503 */
    offer_of(&o, "intl", NULL);
    o.client.schemes = TLS_CODES_OF(schemes);
    certificate_choice_make(&o.client, two, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.reasons[0], CHOICE_BETTER_CHAIN);
    /* With extension 50, that list counts: the leaf is in it of both, the issuer of the second alone. */
    static const uint16_t known[] = {0x0403, 0x0401};
    static const uint16_t all_schemes[] = {0x0403, 0x0503, 0x0401};
    o.client.schemes = TLS_CODES_OF(all_schemes);
    certificate_choice_make(&o.client, two, 2, &settings, &choice);
    assert_int_equal(choice.index, 0);
    o.client.has_cert_schemes = true;
    o.client.cert_schemes = TLS_CODES_OF(known);
    certificate_choice_make(&o.client, two, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.reasons[0], CHOICE_BETTER_CHAIN);
    o.client.has_cert_schemes = false;
    certificate_choice_make(&o.client, two, 1, &settings, &choice);
    assert_int_equal(choice.index, 0);
}

/* ---- trust anchors ---- */

static void without_trust_anchors(void **state)
{
    (void)state;
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    struct choice choice;
    struct offer o;
    offer_of(&o, "gm", NULL);
    o.client.has_trust_anchors = false;
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_NO_TRUST_ANCHORS);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_NO_TRUST_ANCHORS);
    assert_reason(&choice, CREDENTIAL_GM_CLASSIC, CHOICE_TAKEN);
    assert_int_equal(choice.available_count, 0);
    /* Only MTCs: nothing, unless the site says so; and never one relative to a landmark. */
    certificate_choice_make(&o.client, all, 2, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
    settings.is_mtc_without_trust_anchors = true;
    certificate_choice_make(&o.client, all, LENGTH(all), &settings, &choice);
    assert_int_equal(choice.index, CREDENTIAL_GM_STANDALONE);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_NO_TRUST_ANCHORS);
    assert_false(choice.is_anchor_matched);
    certificate_choice_make(&o.client, all, 1, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
    /* Even if its properties forgot to say so. */
    made_properties[0].has_negotiation = false;
    certificate_choice_make(&o.client, all, 1, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
    o.client.has_trust_anchors = true;
    certificate_choice_make(&o.client, all, 1, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
    o.client.has_trust_anchors = false;
    /* A standalone one that asks for negotiation is as a landmark-relative one. */
    made_properties[1].has_negotiation = true;
    certificate_choice_make(&o.client, all, 2, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_NO_TRUST_ANCHORS);
}

/* The list is empty or of others, and there is nothing but MTCs: the client learns what to ask for. */
static void unasked(void **state)
{
    (void)state;
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    struct choice choice;
    struct offer o;
    offer_of(&o, "gm", NULL);
    certificate_choice_make(&o.client, all, 2, &settings, &choice);
    assert_int_equal(choice.index, CREDENTIAL_GM_STANDALONE);
    assert_reason(&choice, CREDENTIAL_GM_LANDMARK, CHOICE_ANCHOR_NOT_ASKED);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_TAKEN_UNASKED);
    assert_false(choice.is_anchor_matched);
    assert_int_equal(choice.available_count, 2);
    assert_int_equal(choice.available[0], CREDENTIAL_GM_LANDMARK);
    assert_int_equal(choice.available[1], CREDENTIAL_GM_STANDALONE);
    /* With the ID that it is told of first, alone, it gets it. */
    o.anchors[0] = all[choice.available[0]].properties->trust_anchor_id;
    o.client.trust_anchor_count = 1;
    certificate_choice_make(&o.client, all, 2, &settings, &choice);
    assert_int_equal(choice.index, CREDENTIAL_GM_LANDMARK);
    assert_true(choice.is_anchor_matched);
    /* One that negotiates only is no fallback. */
    made_properties[1].has_negotiation = true;
    o.client.trust_anchor_count = 0;
    certificate_choice_make(&o.client, all, 2, &settings, &choice);
    assert_int_equal(choice.index, CHOICE_NONE);
    assert_reason(&choice, CREDENTIAL_GM_STANDALONE, CHOICE_ANCHOR_NOT_ASKED);
}

/* What EncryptedExtensions says: all that could be served, not what this client cannot have. */
static void available(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "gm", NULL);
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_int_equal(choice.available_count, 4);
    static const uint8_t want[] = {CREDENTIAL_GM_LANDMARK, CREDENTIAL_GM_STANDALONE,
                                   CREDENTIAL_INTL_LANDMARK, CREDENTIAL_INTL_STANDALONE};
    assert_memory_equal(choice.available, want, sizeof want);
    choice = choose(&o.client, STAGE_CLASSIC);
    assert_int_equal(choice.available_count, 0);
    all[CREDENTIAL_GM_LANDMARK].not_after_s = NOW_S - 1;
    offer_of(&o, "intl", NULL);
    choice = choose(&o.client, STAGE_LANDMARK);
    assert_int_equal(choice.available_count, 2);
    assert_int_equal(choice.available[0], CREDENTIAL_INTL_LANDMARK);
    /* Best first, whatever the order of the candidates. */
    struct choice_candidate turned[LENGTH(all)];
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    for (size_t i = 0; i < LENGTH(all); i++)
        turned[i] = all[LENGTH(all) - 1 - i];
    certificate_choice_make(&o.client, turned, LENGTH(turned), &settings, &choice);
    assert_int_equal(choice.available_count, 2);
    assert_int_equal(turned[choice.available[0]].kind, CREDENTIAL_INTL_LANDMARK);
    assert_int_equal(turned[choice.available[1]].kind, CREDENTIAL_INTL_STANDALONE);
}

/* Two CAs, two landmarks, an old and a renewed one. */
static void several_of_a_kind(void **state)
{
    (void)state;
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    struct choice choice;
    struct offer o;
    struct choice_candidate two[2] = {all[CREDENTIAL_GM_STANDALONE], all[CREDENTIAL_GM_STANDALONE]};
    two[0].properties = standalone_of(OTHER_GM_CA);
    offer_of(&o, "gm", (const char *const[3]){"32473.1"});
    certificate_choice_make(&o.client, two, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.reasons[0], CHOICE_ANCHOR_NOT_ASKED);
    /* Both asked for: the one that is valid for longer; equal: the first. */
    offer_of(&o, "gm", (const char *const[3]){"32473.1", "32473.3"});
    two[1].not_after_s++;
    certificate_choice_make(&o.client, two, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_int_equal(choice.reasons[0], CHOICE_SHORTER_VALID);
    two[1].not_after_s--;
    certificate_choice_make(&o.client, two, 2, &settings, &choice);
    assert_int_equal(choice.index, 0);
    assert_int_equal(choice.reasons[1], CHOICE_SHORTER_VALID);

    /* Classic chains that take part: one that was asked for goes first; without negotiation the other is a
     * fallback all the same. */
    struct choice_candidate classic[2] = {all[CREDENTIAL_GM_CLASSIC], all[CREDENTIAL_GM_CLASSIC]};
    classic[0].not_after_s++;
    classic[1].properties = standalone_of("32473.7");
    offer_of(&o, "gm", (const char *const[3]){"32473.7"});
    certificate_choice_make(&o.client, classic, 2, &settings, &choice);
    assert_int_equal(choice.index, 1);
    assert_true(choice.is_anchor_matched);
    assert_int_equal(choice.reasons[0], CHOICE_BETTER_MATCH);
    certificate_choice_make(&o.client, classic, 1, &settings, &choice);
    assert_int_equal(choice.index, 0);
    assert_false(choice.is_anchor_matched);
    made_properties[made_count - 1].has_negotiation = true;
    offer_of(&o, "gm", NULL);
    certificate_choice_make(&o.client, classic, 2, &settings, &choice);
    assert_int_equal(choice.index, 0);
    assert_int_equal(choice.reasons[1], CHOICE_ANCHOR_NOT_ASKED);
}

/* trust_anchors in a ClientHello of TLS 1.2 means nothing. */
static void trust_anchors_in_tls12(void **state)
{
    (void)state;
    struct offer o;
    offer_of(&o, "legacy", NULL);
    all[CREDENTIAL_INTL_CLASSIC].properties = standalone_of("32473.7");
    o.anchors[0] = an_id("32473.7");
    o.client.has_trust_anchors = true;
    o.client.trust_anchors = o.anchors;
    o.client.trust_anchor_count = 1;
    struct choice choice = choose(&o.client, STAGE_LANDMARK);
    assert_int_equal(choice.index, CREDENTIAL_INTL_CLASSIC);
    assert_false(choice.is_anchor_matched);
    assert_int_equal(choice.available_count, 0);
}

static void too_many(void **state)
{
    (void)state;
    static struct choice_candidate many[CHOICE_CANDIDATES_MAX + 1];
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    struct choice choice;
    struct offer o;
    offer_of(&o, "gm", NULL);
    for (size_t i = 0; i < LENGTH(many); i++)
        many[i] = all[CREDENTIAL_INTL_CLASSIC];
    many[CHOICE_CANDIDATES_MAX] = all[CREDENTIAL_GM_CLASSIC];
    certificate_choice_make(&o.client, many, LENGTH(many), &settings, &choice);
    assert_int_equal(choice.index, 0);
    assert_int_equal(choice.candidate_count, CHOICE_CANDIDATES_MAX);
}

static void words(void **state)
{
    (void)state;
    for (int r = 0; r < CHOICE_REASON_COUNT; r++) {
        assert_non_null(certificate_choice_reason_text((enum choice_reason)r));
        for (int q = 0; q < r; q++)
            assert_string_not_equal(certificate_choice_reason_text((enum choice_reason)r),
                                    certificate_choice_reason_text((enum choice_reason)q));
    }
    for (int k = 0; k < CREDENTIAL_KIND_COUNT; k++) {
        const char *name = certificate_choice_kind_name((enum credential_kind)k);
        assert_int_equal(strncmp(name, "gm-", 3) == 0, credential_kind_is_gm((enum credential_kind)k));
        assert_int_equal(strstr(name, "-classic") == NULL, credential_kind_is_mtc((enum credential_kind)k));
        assert_int_equal(strstr(name, "-landmark") != NULL, credential_kind_is_landmark((enum credential_kind)k));
    }
    for (int s = STAGE_CLASSIC; s <= STAGE_LANDMARK; s++) {
        enum transition_stage stage;
        const char *name = certificate_choice_stage_name((enum transition_stage)s);
        assert_true(certificate_choice_stage_by_name(bytes_of_text(name), &stage));
        assert_int_equal(stage, s);
        assert_false(certificate_choice_stage_by_name(bytes_of_text("Landmark"), &stage));
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matrix), TEST(second_try), TEST(poorer_sites), TEST(connections), TEST(groups), TEST(suites),
        TEST(reasons_of_time_and_stage), TEST(slow_clock), TEST(reasons_of_the_handshake), TEST(kinds_of_keys),
        TEST(extension_50), TEST(chains), TEST(without_trust_anchors), TEST(unasked), TEST(available),
        TEST(several_of_a_kind), TEST(trust_anchors_in_tls12), TEST(too_many), TEST(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
