#include "rules/client_profiles.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* A GM browser talks to the whole web: GM first, and what every browser has after it. */
static const uint16_t gm_suites[] = {0x00c6, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                     0xc02c, 0xc030, 0xcca9, 0xcca8};
static const uint16_t gm_groups[] = {0x11ee, 0x11ec, 0x0029, 0x001d, 0x0017, 0x0018};
/* Both hybrids, so that neither world costs a round trip, and X25519 for servers without one. */
static const uint16_t gm_shares[] = {0x11ee, 0x11ec, 0x001d};
static const uint16_t gm_schemes[] = {0x0708, 0x0403, 0x0804, 0x0401, 0x0503,
                                      0x0805, 0x0501, 0x0806, 0x0601};

static const uint16_t intl_suites[] = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                       0xc02c, 0xc030, 0xcca9, 0xcca8};
static const uint16_t intl_groups[] = {0x11ec, 0x001d, 0x0017, 0x0018};
static const uint16_t intl_shares[] = {0x11ec, 0x001d};
static const uint16_t intl_schemes[] = {0x0403, 0x0804, 0x0401, 0x0503,
                                        0x0805, 0x0501, 0x0806, 0x0601};

static const uint16_t legacy_suites[] = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8};
static const uint16_t legacy_groups[] = {0x001d, 0x0017, 0x0018};

#define CODES(array) {(array), LENGTH(array)}

static const struct client_profile profiles[] = {
    {
        .name = "gm",
        .summary = "a GM browser with fresh landmarks",
        .has_tls13 = true, .has_tls12 = true,
        .is_gm = true, .has_trust_anchors = true, .has_landmarks = true,
        .suites = CODES(gm_suites), .groups = CODES(gm_groups),
        .key_shares = CODES(gm_shares), .schemes = CODES(gm_schemes),
    },
    {
        .name = "gm-no-landmarks",
        .summary = "a GM browser without landmarks, just installed or long offline",
        .has_tls13 = true, .has_tls12 = true,
        .is_gm = true, .has_trust_anchors = true,
        .suites = CODES(gm_suites), .groups = CODES(gm_groups),
        .key_shares = CODES(gm_shares), .schemes = CODES(gm_schemes),
    },
    {
        .name = "intl",
        .summary = "an international browser with Merkle Tree Certificates",
        .has_tls13 = true, .has_tls12 = true,
        .has_trust_anchors = true, .has_landmarks = true,
        .suites = CODES(intl_suites), .groups = CODES(intl_groups),
        .key_shares = CODES(intl_shares), .schemes = CODES(intl_schemes),
    },
    {
        .name = "legacy",
        .summary = "a client of TLS 1.2 alone",
        .has_tls12 = true,
        .suites = CODES(legacy_suites), .groups = CODES(legacy_groups),
        .schemes = CODES(intl_schemes),
    },
};

const struct client_profile *client_profiles_at(size_t i)
{
    return i < LENGTH(profiles) ? &profiles[i] : NULL;
}

const struct client_profile *client_profiles_find(struct bytes name)
{
    for (size_t i = 0; i < LENGTH(profiles); i++)
        if (bytes_is_text(name, profiles[i].name))
            return &profiles[i];
    return NULL;
}

void client_profiles_openssl_groups(const struct client_profile *profile, struct builder *out)
{
    for (size_t i = 0; i < profile->groups.count; i++) {
        uint16_t code = profile->groups.codes[i];
        if (i > 0)
            builder_u8(out, ':');
        if (tls_codes_contain(profile->key_shares, code))
            builder_u8(out, '*');
        builder_text(out, tls_names_group(code)->openssl_name);
    }
}

struct choice_client client_profiles_offer(const struct client_profile *profile,
                                           const struct tai *trust_anchors, size_t count)
{
    return (struct choice_client){
        .has_tls13 = profile->has_tls13,
        .has_tls12 = profile->has_tls12,
        .suites = profile->suites,
        .groups = profile->groups,
        .key_shares = profile->key_shares,
        .schemes = profile->schemes,
        .has_trust_anchors = profile->has_trust_anchors,
        .trust_anchors = profile->has_trust_anchors ? trust_anchors : NULL,
        .trust_anchor_count = profile->has_trust_anchors ? count : 0,
    };
}

/* The first ID that a pattern contains: of CA.2.N.{L-} the group CA.2.N.L, which a client sends whose newest
 * landmark is L [MTC 8.2]. */
static bool first_of(const struct tai_pattern *pattern, struct tai *out)
{
    struct reader r;
    struct tai_range range;
    *out = (struct tai){.len = 0};
    reader_init(&r, tai_pattern_bytes(pattern));
    while (tai_pattern_read_range(&r, &range))
        if (tai_append(out, range.min, NULL) != STATUS_OK)
            return false;
    return out->len > 0;
}

void client_profiles_anchors(const struct client_profile *profile,
                             const struct choice_candidate *candidates, size_t count,
                             struct trust_anchor_list *out)
{
    trust_anchor_list_clear(out);
    for (size_t i = 0; i < count && profile->has_trust_anchors; i++) {
        enum credential_kind kind = candidates[i].kind;
        const struct properties *properties = candidates[i].properties;
        if (properties == NULL || properties->trust_anchor_id.len == 0 ||
            (credential_kind_is_gm(kind) && !profile->is_gm) ||
            (credential_kind_is_landmark(kind) && !profile->has_landmarks))
            continue;
        struct tai id = properties->trust_anchor_id;
        if (credential_kind_is_landmark(kind) && properties->group_count > 0 &&
            !first_of(&properties->groups[0], &id))
            id = properties->trust_anchor_id;
        /* Full at 512: a site has fewer candidates. */
        if (trust_anchor_list_add(out, &id, NULL) != STATUS_OK)
            return;
    }
}
