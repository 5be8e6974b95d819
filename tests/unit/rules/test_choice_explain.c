/* Profiles of clients, and choices in words. */
#include "unit/rules/choosing.h"

#include "rules/choice_explain.h"

static struct choice_candidate site[3];
static struct trust_anchor_list anchors;

static int set_up(void **state)
{
    (void)state;
    made_count = 0;
    site[0] = a_candidate(CREDENTIAL_GM_LANDMARK);
    site[0].properties = landmark_of(GM_CA, LANDMARK);
    site[1] = a_candidate(CREDENTIAL_GM_STANDALONE);
    site[1].properties = standalone_of(GM_CA);
    site[2] = a_candidate(CREDENTIAL_INTL_CLASSIC);
    return 0;
}

static void assert_anchor(size_t i, const char *text)
{
    struct tai id = an_id(text);
    assert_true(i < anchors.count);
    assert_true(tai_equal(&anchors.ids[i], &id));
}

static void profiles(void **state)
{
    (void)state;
    static const char *const names[] = {"gm", "gm-no-landmarks", "intl", "legacy"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        const struct client_profile *p = client_profiles_at(i);
        assert_string_equal(p->name, names[i]);
        assert_ptr_equal(client_profiles_find(bytes_of_text(names[i])), p);
        /* Everything is in the table and served; key shares are of groups that are offered, in order. */
        for (size_t k = 0; k < p->suites.count; k++)
            assert_non_null(tls_names_suite(p->suites.codes[k])->openssl_name);
        for (size_t k = 0; k < p->schemes.count; k++)
            assert_non_null(tls_names_scheme(p->schemes.codes[k])->openssl_name);
        for (size_t k = 0; k < p->groups.count; k++)
            assert_non_null(tls_names_group(p->groups.codes[k])->openssl_name);
        size_t share = 0;
        for (size_t k = 0; k < p->groups.count && share < p->key_shares.count; k++)
            share += p->groups.codes[k] == p->key_shares.codes[share];
        assert_int_equal(share, p->key_shares.count);
    }
    assert_null(client_profiles_at(LENGTH(names)));
    assert_null(client_profiles_find(bytes_of_text("")));
    struct builder b;
    builder_init(&b, 1024);
    client_profiles_openssl_groups(client_profiles_at(0), &b);
    assert_true(bytes_is_text(builder_view(&b), "*curveSM2MLKEM768:*X25519MLKEM768:curveSM2:*X25519:secp256r1:secp384r1"));
    builder_clear(&b);
}

/* What each profile asks for if it trusts the site's CAs, and what it gets for that. */
static void asked_for(void **state)
{
    (void)state;
    static const size_t want[] = {0, 1, 2, 2};
    for (size_t i = 0; i < LENGTH(want); i++) {
        const struct client_profile *p = client_profiles_at(i);
        client_profiles_anchors(p, site, LENGTH(site), &anchors);
        struct choice_client client = client_profiles_offer(p, anchors.ids, anchors.count);
        struct choice_settings settings = settings_of(STAGE_LANDMARK);
        struct choice choice;
        certificate_choice_make(&client, site, LENGTH(site), &settings, &choice);
        assert_int_equal(choice.index, want[i]);
    }
    client_profiles_anchors(client_profiles_at(0), site, LENGTH(site), &anchors);
    assert_int_equal(anchors.count, 2);
    assert_anchor(0, "32473.1.2.1.8"); /* the group of landmarks up to 8 [MTC 8.2] */
    assert_anchor(1, "32473.1");
    client_profiles_anchors(client_profiles_at(1), site, LENGTH(site), &anchors);
    assert_int_equal(anchors.count, 1);
    assert_anchor(0, "32473.1");
    client_profiles_anchors(client_profiles_at(2), site, LENGTH(site), &anchors);
    assert_int_equal(anchors.count, 0);
}

static void assert_contains(const struct builder *b, const char *line)
{
    struct bytes rest = builder_view(b), got;
    while (text_next_line(&rest, &got))
        if (bytes_is_text(got, line))
            return;
    fail_msg("no line \"%s\" in\n%.*s", line, (int)b->len, (const char *)b->data);
}

static void explained(void **state)
{
    (void)state;
    const struct client_profile *gm = client_profiles_at(0);
    client_profiles_anchors(gm, site, LENGTH(site), &anchors);
    struct choice_client client = client_profiles_offer(gm, anchors.ids, anchors.count);
    client.server_name = bytes_of_text("www.example.com\x01");
    struct choice_settings settings = settings_of(STAGE_LANDMARK);
    struct choice choice;
    certificate_choice_make(&client, site, LENGTH(site), &settings, &choice);
    struct builder b;
    builder_init(&b, CHOICE_EXPLAIN_SIZE_MAX);
    choice_explain_write(&client, site, &settings, &choice, &b);
    assert_contains(&b, "  server name     www.example.com?");
    assert_contains(&b, "  versions        TLS 1.3, TLS 1.2");
    assert_contains(&b, "  key shares      curveSM2MLKEM768, X25519MLKEM768, x25519");
    assert_contains(&b, "  trust anchors   32473.1.2.1.8, 32473.1");
    assert_contains(&b, "candidates, stage \"landmark\"");
    assert_contains(&b, "*  1  gm-landmark     32473.1.1.1.8        taken: its trust anchor was asked for");
    assert_contains(&b, "   2  gm-standalone   32473.1              a better kind serves this client");
    assert_contains(&b, "  gm-landmark in TLS 1.3 with TLS_SM4_GCM_SM3, curveSM2MLKEM768, sm2sig_sm3");
    assert_contains(&b, "  the client is told of 32473.1.1.1.8, 32473.1");
    struct choice_explain_row row;
    choice_explain_row(site, &choice, 2, &row);
    assert_string_equal(row.kind, "intl-classic");
    assert_string_equal(row.trust_anchor, "");
    assert_false(row.is_taken);

    /* One that cannot do GM, offers much, and sends a share of another group. */
    uint16_t many[30], share[] = {0x0017}, certificates[] = {0x0403};
    for (unsigned i = 0; i < LENGTH(many); i++)
        many[i] = (uint16_t)(i == 0 ? 0x1301 : 0x4000 + i);
    client = client_profiles_offer(client_profiles_at(2), NULL, 0);
    client.suites = TLS_CODES_OF(many);
    client.key_shares = TLS_CODES_OF(share);
    client.has_cert_schemes = true;
    client.cert_schemes = TLS_CODES_OF(certificates);
    certificate_choice_make(&client, site, LENGTH(site), &settings, &choice);
    builder_reset(&b);
    choice_explain_write(&client, site, &settings, &choice, &b);
    assert_contains(&b, "  in certificates ecdsa_secp256r1_sha256");
    assert_contains(&b, "  trust anchors   an empty list");
    assert_contains(&b, "   1  gm-landmark     32473.1.1.1.8        the client offers no SM4 suite");
    assert_contains(&b, "*  3  intl-classic                         taken");
    assert_contains(&b, "  intl-classic in TLS 1.3 with TLS_AES_128_GCM_SHA256, X25519MLKEM768, "
                        "ecdsa_secp256r1_sha256; one round trip more, for the client sent no key share of the group");
    assert_true(memmem(b.data, b.len, " and 6 more\n", 12) != NULL);
    builder_clear(&b);
}

static void nothing(void **state)
{
    (void)state;
    struct choice_client client = client_profiles_offer(client_profiles_find(bytes_of_text("legacy")), NULL, 0);
    struct choice_settings settings = settings_of(STAGE_CLASSIC);
    settings.is_mtc_without_trust_anchors = true;
    struct choice choice;
    struct builder b;
    builder_init(&b, CHOICE_EXPLAIN_SIZE_MAX);
    certificate_choice_make(&client, site, 0, &settings, &choice);
    choice_explain_write(&client, site, &settings, &choice, &b);
    assert_contains(&b, "  server name     not sent");
    assert_contains(&b, "  versions        TLS 1.2");
    assert_contains(&b, "  trust anchors   not sent");
    assert_contains(&b, "  none");
    assert_contains(&b, "  no certificate for this client");
    /* An MTC that the site serves to everybody. */
    client = client_profiles_offer(client_profiles_at(0), NULL, 0);
    client.has_trust_anchors = false;
    settings.stage = STAGE_LANDMARK;
    certificate_choice_make(&client, site, 2, &settings, &choice);
    builder_reset(&b);
    choice_explain_write(&client, site, &settings, &choice, &b);
    assert_contains(&b, "*  2  gm-standalone   32473.1              taken: the site serves it to clients without trust_anchors");
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles),
        cmocka_unit_test_setup(asked_for, set_up),
        cmocka_unit_test_setup(explained, set_up),
        cmocka_unit_test_setup(nothing, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
