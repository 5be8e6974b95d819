/* bundle_maker.h - a trust bundle with something in every section. */
#ifndef CATHAYA_TESTS_UNIT_RULES_BUNDLE_MAKER_H
#define CATHAYA_TESTS_UNIT_RULES_BUNDLE_MAKER_H

#include "unit/checks.h"
#include "unit/rules/mtc_maker.h"

#include "codec/trust_bundle/trust_envelope.h"
#include "codec/trust_bundle/trust_file.h"

struct bundle_world {
    struct maker_ca ca;
    struct maker_cosigner mirrors[3];
    struct trust_bundle bundle;
};

static inline void bundle_push(struct array *a, const void *item)
{
    struct error reason;
    assert_int_equal(array_insert(a, a->count, item, "items", &reason), STATUS_OK);
}

static inline struct tai bundle_id(const char *text)
{
    struct tai id;
    assert_int_equal(tai_parse_text(bytes_of_text(text), &id, NULL), STATUS_OK);
    return id;
}

/* Mirrors 32473.21 and .22 are of one operator, .23 is of the CA's own. */
static inline void bundle_add_cosigners(struct bundle_world *w)
{
    static const char *const ids[] = {"32473.21", "32473.22", "32473.23"}, *const operators[] = {"Mirror", "Mirror", "CA"};
    struct trust_bundle_rule rule = {.kind = TRUST_BUNDLE_OPERATORS, .needed = 1, .member_count = 3};
    for (size_t i = 0; i < 3; i++) {
        maker_cosigner_init(&w->mirrors[i], ids[i], "ed25519");
        struct trust_bundle_cosigner c = {.id = bundle_id(ids[i]),
                                          .role = TRUST_BUNDLE_MIRROR,
                                          .algorithm = algorithm_identifier(
                                              algorithms_by_name(maker_algorithms(), bytes_of_text("ed25519"))),
                                          .spki = maker_cosigner_spki(&w->mirrors[i]),
                                          .operator_name = bytes_of_text(operators[i])};
        bundle_push(&w->bundle.cosigners, &c);
        bundle_push(&w->bundle.members, &c.id);
    }
    bundle_push(&w->bundle.rules, &rule);
}

/* Landmarks 3 and 4 of log 1, at 7 and 8 entries after 4: two subtrees, and one. */
static inline void bundle_add_log(struct bundle_world *w)
{
    struct trust_bundle_log log = {.ca_id = bundle_id("32473.1"), .log_number = 1, .minimum_index = 2, .first_landmark = 3,
                                   .size_before = 4, .landmark_count = 2};
    struct trust_bundle_landmark l = {.tree_size = 7, .expiry_s = MAKER_NOW + 100};
    memset(l.hashes[0], 0x11, HASH_SIZE);
    memset(l.hashes[1], 0x22, HASH_SIZE);
    bundle_push(&w->bundle.landmarks, &l);
    l = (struct trust_bundle_landmark){.tree_size = 8, .expiry_s = MAKER_NOW + 200};
    memset(l.hashes[0], 0x33, HASH_SIZE);
    bundle_push(&w->bundle.landmarks, &l);
    bundle_push(&w->bundle.logs, &log);
}

/* One of each. */
static inline void bundle_add_limits(struct bundle_world *w, struct trust_bundle_limits *limits)
{
    static const char *const names[] = {"example.com", "example.org", "bad.example.org"};
    for (size_t i = 0; i < 3; i++) {
        struct bytes name = bytes_of_text(names[i]);
        bundle_push(&w->bundle.names, &name);
    }
    struct trust_bundle_serials serials = {.first = {[19] = 5}, .last = {[19] = 7}};
    bundle_push(&w->bundle.serials, &serials);
    serials = (struct trust_bundle_serials){.first = {[19] = 9}, .last = {[0] = 1}};
    bundle_push(&w->bundle.serials, &serials);
    *limits = (struct trust_bundle_limits){.has_listed_intermediates_only = true, .level_max = 3, .distrust_after_s = 10,
                                           .sct_distrust_after_s = 20, .permitted_count = 2, .excluded_first = 2,
                                           .excluded_count = 1, .serial_count = 2};
}

static inline void bundle_world_init(struct bundle_world *w)
{
    static const uint8_t spki[] = {0x30, 0x03, 0x01, 0x01, 0x00};
    maker_ca_init(&w->ca, &maker_gm, "32473.1", "sm2_sm3");
    trust_bundle_init(&w->bundle);
    w->bundle.version = 7;
    w->bundle.issued_s = MAKER_NOW;
    w->bundle.expires_s = MAKER_NOW + MAKER_WEEK;
    struct trust_bundle_anchor anchor = {.purposes = {.count = 2, .at = {TRUST_BUNDLE_TLS, TRUST_BUNDLE_TLS_INTRANET}},
                                         .certificate = w->ca.der}; /* any certificate */
    bundle_add_limits(w, &anchor.limits);
    bundle_push(&w->bundle.anchors, &anchor);
    struct trust_bundle_ct_log ct = {.suite = TRUST_BUNDLE_GM, .kind = TRUST_BUNDLE_CT_STATIC, .is_test = true,
                                     .spki = BYTES_OF(spki), .operator_name = bytes_of_text("CT"),
                                     .description = bytes_of_text("CT 2026"),
                                     .submission_url = bytes_of_text("https://ct.example/2026"),
                                     .monitoring_url = bytes_of_text("https://read.example/2026"), .mmd_s = 60,
                                     .state = TRUST_BUNDLE_CT_READONLY, .since_s = 5, .has_final_head = true,
                                     .final_size = 9, .final_root = {7}, .covers_from_s = 6, .covers_until_s = 7,
                                     .previous_count = 2};
    struct trust_bundle_previous before = {bytes_of_text("First"), 3};
    bundle_push(&w->bundle.previous, &before);
    before = (struct trust_bundle_previous){bytes_of_text("Second"), 4};
    bundle_push(&w->bundle.previous, &before);
    bundle_push(&w->bundle.ct_logs, &ct);
    bundle_add_cosigners(w);
    struct bytes url = bytes_of_text("https://ca.example/logs");
    bundle_push(&w->bundle.urls, &url);
    struct trust_bundle_ca ca = {.id = bundle_id("32473.1"), .certificate = w->ca.der, .operator_name = bytes_of_text("CA"),
                                 .purposes = {.count = 1, .at = {TRUST_BUNDLE_TLS}}, .level_max = 4, .url_count = 1,
                                 .rule_count = 1};
    bundle_push(&w->bundle.cas, &ca);
    struct trust_bundle_revoked r = {bundle_id("32473.1"), 10, 20};
    bundle_push(&w->bundle.revoked, &r);
    r = (struct trust_bundle_revoked){bundle_id("32473.1"), 22, 22};
    bundle_push(&w->bundle.revoked, &r);
    bundle_add_log(w);
    w->bundle.policy = (struct trust_bundle_policy){bytes_of_text("policy"), bytes_of_text("ct")};
    w->bundle.identities = bytes_of_text("names");
    struct trust_bundle_key key = {.role = TRUST_BUNDLE_KEY_BUNDLE, .algorithm = BYTES_OF(spki), .spki = BYTES_OF(spki)};
    bundle_push(&w->bundle.keys, &key);
    key.role = TRUST_BUNDLE_KEY_VERSIONS;
    key.note_type = 6;
    key.note_name = key.origin = bytes_of_text("trust.example/versions");
    bundle_push(&w->bundle.keys, &key);
    struct trust_bundle_signer signer = {BYTES_OF(spki), BYTES_OF(spki), bytes_of_text("Signer"), 3};
    bundle_push(&w->bundle.signers, &signer);
}

static inline void bundle_world_clear(struct bundle_world *w)
{
    trust_bundle_clear(&w->bundle);
    maker_ca_clear(&w->ca);
    for (size_t i = 0; i < 3; i++)
        maker_cosigner_clear(&w->mirrors[i]);
}

#endif
