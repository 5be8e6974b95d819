/* Handshakes with a plain OpenSSL client: which credential it gets, and why it gets none. */
#include <signal.h>

#include "unit/tls/server_world.h"

static struct tls_server *server;

static int set_up(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    make_six();
    struct tls_site site = six_site();
    server = server_of(sites_of(&site, 1), NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_server_free(server);
    free_six();
    return 0;
}

static struct offer gm_offer(void)
{
    return (struct offer){.groups = MIXED_GROUPS, .suites = MIXED_SUITES, .schemes = MIXED_SCHEMES, .sni = NAME};
}

static struct offer intl_offer(void)
{
    return (struct offer){.groups = INTL_GROUPS, .suites = INTL_SUITES, .schemes = INTL_SCHEMES, .sni = NAME};
}

/* ---- each kind ---- */

static void each_kind_is_chosen(void **state)
{
    (void)state;
    static const struct {
        bool is_gm;
        const char *anchor;
        enum credential_kind kind;
        const char *suite, *group, *signature;
    } rows[] = {
        {true, "32473.1.1.1.8", CREDENTIAL_GM_LANDMARK, GM_SUITE, "curveSM2MLKEM768", "sm2sig_sm3"},
        {true, "32473.1", CREDENTIAL_GM_STANDALONE, GM_SUITE, "curveSM2MLKEM768", "sm2sig_sm3"},
        {true, NULL, CREDENTIAL_GM_CLASSIC, GM_SUITE, "curveSM2MLKEM768", "sm2sig_sm3"},
        {false, "32473.2.1.1.5", CREDENTIAL_INTL_LANDMARK, "TLS_AES_128_GCM_SHA256", "X25519MLKEM768", "ecdsa_secp256r1_sha256"},
        {false, "32473.2", CREDENTIAL_INTL_STANDALONE, "TLS_AES_128_GCM_SHA256", "X25519MLKEM768", "ecdsa_secp256r1_sha256"},
        {false, NULL, CREDENTIAL_INTL_CLASSIC, "TLS_AES_128_GCM_SHA256", "X25519MLKEM768", "ecdsa_secp256r1_sha256"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct offer offer = rows[i].is_gm ? gm_offer() : intl_offer();
        struct tls_server_report report;
        offer.has_anchors = rows[i].anchor != NULL;
        offer.anchors[0] = rows[i].anchor;
        expect(server, &offer, &report);
        assert_true(report.has_kind && report.has_site);
        assert_int_equal(report.site, 42);
        assert_int_equal(report.kind, rows[i].kind);
        assert_string_equal(report.version, "TLSv1.3");
        assert_string_equal(report.suite, rows[i].suite);
        assert_string_equal(report.group, rows[i].group);
        assert_string_equal(report.signature, rows[i].signature);
        assert_int_equal(report.is_anchor_confirmed, rows[i].anchor != NULL);
        assert_int_equal(report.has_trust_anchors, rows[i].anchor != NULL);
        assert_int_equal(report.certificate_until_s, six[rows[i].kind]->facts.not_after_s);
        assert_false(report.is_resumed || report.is_retried || report.is_acme_challenge || report.is_stapled);
        assert_int_equal(report.failure, TLS_FAILURE_NONE);
    }
}

/* The client's words and the server's numbers about the same handshake agree. */
/* A P-256 leaf of an SM3 CA is an international certificate: for who asks for that CA, and never under SM4. */
static void the_key_says_which_world(void **state)
{
    (void)state;
    struct tls_credential *mixed[] = {mtc_credential(false, "32473.1", 8, WORLD_AT_S + DAY), six[CREDENTIAL_GM_CLASSIC]};
    struct tls_server_report report;
    struct tls_site site = six_site();
    site.credentials = mixed;
    site.credential_count = 1;
    struct tls_server *alone = server_of(sites_of(&site, 1), NULL);
    site.credential_count = 2;
    struct tls_server *beside = server_of(sites_of(&site, 1), NULL);
    struct offer offer = gm_offer();
    offer.has_anchors = true;
    offer.anchors[0] = "32473.1.1.1.8";
    offer.anchors[1] = "32473.7"; /* one ID alone would be a second try */
    expect(alone, &offer, &report);
    assert_int_equal(report.kind, CREDENTIAL_INTL_LANDMARK);
    assert_string_equal(report.suite, "TLS_AES_128_GCM_SHA256");
    assert_string_equal(report.group, "X25519MLKEM768");
    assert_string_equal(report.signature, "ecdsa_secp256r1_sha256");
    /* All of GM goes before it, a classic chain too. */
    expect(beside, &offer, &report);
    assert_int_equal(report.kind, CREDENTIAL_GM_CLASSIC);
    assert_string_equal(report.suite, GM_SUITE);
    /* GM alone: there is nothing to pair it with. */
    offer.suites = GM_SUITE;
    offer.groups = GM_GROUPS;
    expect_failure(alone, &offer, TLS_FAILURE_NO_CREDENTIAL, "suite");
    /* GM by halves: SM4 with X25519 is nothing either. */
    offer.groups = INTL_GROUPS;
    expect_failure(alone, &offer, TLS_FAILURE_NO_CREDENTIAL, "suite");
    tls_server_free(alone);
    tls_server_free(beside);
    tls_credential_free(mixed[0]);
}

static void sizes_and_names_are_reported(void **state)
{
    (void)state;
    struct offer offer = gm_offer();
    struct connection c;
    struct tls_server_report report;
    offer.alpn = "\x08http/1.1\x02h2";
    open_connection(&c, server, &offer);
    (void)SSL_do_handshake(c.client);
    size_t hello = BIO_number_written(SSL_get_wbio(c.client));
    assert_int_equal(tls_stream_handshake(c.server), TLS_WANT_READ);
    size_t flight = tls_stream_bytes_written(c.server);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(report.client_hello_len, hello);
    assert_int_equal(report.server_flight_len, flight);
    assert_int_equal(tls_stream_bytes_read(c.server), BIO_number_written(SSL_get_wbio(c.client)));
    assert_string_equal(report.sni, NAME);
    assert_string_equal(report.alpn, "h2"); /* the site's preference */
    assert_true(bytes_is_text(tls_stream_alpn(c.server), "h2"));
    assert_string_equal(report.choice, certificate_choice_reason_text(CHOICE_TAKEN));
    X509 *leaf = SSL_get1_peer_certificate(c.client);
    assert_int_equal(X509_cmp(leaf, six[CREDENTIAL_GM_CLASSIC]->leaf), 0);
    X509_free(leaf);
    close_connection(&c);
}

/* The server says what else there is, best first, to a client that asked. */
static void other_anchors_are_listed(void **state)
{
    (void)state;
    struct offer offer = gm_offer();
    struct connection c;
    struct tls_server_report report;
    struct tai want;
    offer.has_anchors = true;
    offer.anchors[0] = "32473.99";
    open_connection(&c, server, &offer);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(report.kind, CREDENTIAL_GM_CLASSIC);
    assert_false(c.anchors.is_confirmed);
    assert_true(c.anchors.has_heard && c.heard.count >= 2);
    OK(tai_parse_text(bytes_of_text("32473.1.1.1.8"), &want, &err));
    assert_true(tai_equal(&c.heard.ids[0], &want));
    close_connection(&c);
}

/* A Merkle Tree Certificate is sent alone, a classic one with its intermediate. */
static void what_is_sent(void **state)
{
    (void)state;
    struct connection c;
    struct tls_server_report report;
    struct offer offer = gm_offer();
    offer.has_anchors = true;
    offer.anchors[0] = "32473.1";
    open_connection(&c, server, &offer);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(c.client)), 1);
    close_connection(&c);
    offer = intl_offer();
    open_connection(&c, server, &offer);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(c.client)), 2);
    close_connection(&c);
}

/* ---- HelloRetryRequest, versions, extension 50 ---- */

static void a_retry_asks_for_the_right_group(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct offer offer = gm_offer();
    offer.groups = "X25519:curveSM2"; /* the key share is for X25519 */
    offer.has_anchors = true;
    offer.anchors[0] = "32473.1.1.1.8";
    expect(server, &offer, &report);
    assert_true(report.is_retried && report.is_anchor_confirmed);
    assert_int_equal(report.kind, CREDENTIAL_GM_LANDMARK);
    assert_string_equal(report.group, "curveSM2");
    assert_true(report.client_hello_len > 500 && report.server_flight_len > 1000);
}

static void tls_12_is_international(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct offer offer = {.max_version = TLS1_2_VERSION, .sni = NAME, .alpn = "\x08http/1.1"};
    expect(server, &offer, &report);
    assert_string_equal(report.version, "TLSv1.2");
    assert_int_equal(report.kind, CREDENTIAL_INTL_CLASSIC);
    assert_non_null(strstr(report.suite, "ECDHE_ECDSA_WITH"));
    assert_true(report.server_flight_len > 300);
    /* OpenSSL's own client, unconfigured. */
    struct offer plain = {.sni = NAME};
    expect(server, &plain, &report);
    assert_string_equal(report.version, "TLSv1.3");
    assert_int_equal(report.kind, CREDENTIAL_INTL_CLASSIC);
}

/* Who strips TLS 1.3 from a ClientHello is found out by the server's random [RFC8446 4.1.3], or by the client's
 * word that it has come down [RFC7507]. */
static void a_downgrade_shows(void **state)
{
    (void)state;
    static const uint8_t sign[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 1};
    struct offer offer = {.max_version = TLS1_2_VERSION, .sni = NAME};
    struct connection c;
    struct tls_server_report report;
    uint8_t random[32];
    open_connection(&c, server, &offer);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(SSL_get_server_random(c.client, random, sizeof random), sizeof random);
    assert_memory_equal(random + sizeof random - sizeof sign, sign, sizeof sign);
    close_connection(&c);
    open_connection(&c, server, &offer);
    (void)SSL_set_mode(c.client, SSL_MODE_SEND_FALLBACK_SCSV);
    assert_int_equal(shake(&c, &report), TLS_FAILED);
    assert_int_equal(report.failure, TLS_FAILURE_NOT_NEGOTIATED);
    assert_int_equal(alert_seen(&c), SSL_AD_INAPPROPRIATE_FALLBACK);
    close_connection(&c);
}

static void extension_50_gets_what_openssl_can_serve(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct offer offer = gm_offer();
    offer.has_cert_schemes = true;
    expect(server, &offer, &report); /* no directly signed SM2 certificate */
    assert_int_equal(report.kind, CREDENTIAL_INTL_CLASSIC);
    offer.has_anchors = true;
    offer.anchors[0] = "32473.1";
    expect(server, &offer, &report); /* a Merkle Tree Certificate it may be */
    assert_int_equal(report.kind, CREDENTIAL_GM_STANDALONE);
}

/* ---- names ---- */

static void names_find_their_site(void **state)
{
    (void)state;
    static const char *const a_names[] = {"a.example"}, *const b_names[] = {"b.example", "*.b.example", "192.0.2.1"};
    struct tls_site all[] = {
        {.names = a_names, .name_count = 1, .credentials = &six[CREDENTIAL_INTL_CLASSIC], .credential_count = 1, .index = 1},
        {.names = b_names, .name_count = 3, .credentials = &six[CREDENTIAL_INTL_CLASSIC], .credential_count = 1, .index = 2},
    };
    static const struct {
        const char *name;
        size_t site; /* 0: none */
    } rows[] = {
        {"a.example", 1},   {"A.Example", 1}, {"a.example.", 1}, {"b.example", 2},  {"x.b.example", 2}, {"X.B.EXAMPLE", 2},
        {"y.x.b.example", 0}, {"c.example", 0}, {"192.0.2.1", 2},  {"192.0.2.2", 0}, {"example", 0},     {"", 0}, {".", 0},
        {"*.b.example", 2},
    };
    struct tls_sites *sites = sites_of(all, 2);
    size_t index;
    bool is_by_name;
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool is_found = tls_sites_find(sites, bytes_of_text(rows[i].name), &index, &is_by_name);
        if (is_found != (rows[i].site != 0) || (is_found && (index != rows[i].site || !is_by_name)))
            fail_msg("%s", rows[i].name);
    }
    struct tls_server *two = server_of(sites, NULL);
    struct offer offer = intl_offer();
    struct tls_server_report report;
    offer.sni = "Www.B.example";
    expect(two, &offer, &report);
    assert_int_equal(report.site, 2);
    offer.sni = "c.example";
    expect_failure(two, &offer, TLS_FAILURE_UNKNOWN_NAME, "no site of this name");
    offer.sni = NULL;
    expect_failure(two, &offer, TLS_FAILURE_UNKNOWN_NAME, "no server name");
    all[0].is_default = true;
    struct tls_sites *with_default = sites_of(all, 2);
    tls_server_set_sites(two, with_default);
    tls_sites_free(with_default);
    expect(two, &offer, &report);
    assert_int_equal(report.site, 1);
    offer.sni = "c.example";
    expect(two, &offer, &report);
    assert_int_equal(report.site, 1);
    tls_server_free(two);
}

static void sites_that_cannot_be(void **state)
{
    (void)state;
    static const char *const same[] = {"A.example."}, *const a[] = {"a.example"}, *const bad[] = {"a b"}, *const none[] = {""};
    struct tls_sites *sites;
    struct tls_site two[] = {{.names = a, .name_count = 1}, {.names = same, .name_count = 1}};
    struct tls_sites_settings settings = {.sites = two, .site_count = 2};
    assert_says(tls_sites_new(&settings, &sites, &err), &err, STATUS_CONFLICT, "A.example");
    two[1].names = bad;
    assert_says(tls_sites_new(&settings, &sites, &err), &err, STATUS_USAGE, "no name");
    two[1].names = none;
    assert_says(tls_sites_new(&settings, &sites, &err), &err, STATUS_USAGE, "no name");
    two[1] = (struct tls_site){.is_default = true};
    two[0].is_default = true;
    assert_says(tls_sites_new(&settings, &sites, &err), &err, STATUS_CONFLICT, "default");
    assert_null(sites);
}

/* ---- no ---- */

static void reasons_in_words(void **state)
{
    (void)state;
    struct offer offer = intl_offer();
    offer.alpn = "\x04spdy";
    expect_failure(server, &offer, TLS_FAILURE_NO_PROTOCOL, "ALPN");
    offer = gm_offer();
    offer.groups = "curveSM2";
    offer.suites = INTL_SUITES; /* GM groups without a GM suite */
    expect_failure(server, &offer, TLS_FAILURE_NO_CREDENTIAL, "gm-classic");
    struct tls_site empty = {.names = world_names, .name_count = 2, .index = 1};
    struct tls_server *poor = server_of(sites_of(&empty, 1), NULL);
    offer = intl_offer();
    expect_failure(poor, &offer, TLS_FAILURE_NO_CREDENTIAL, "no certificate yet");
    tls_server_set_sites(poor, NULL);
    expect_failure(poor, &offer, TLS_FAILURE_UNKNOWN_NAME, "no sites");
    tls_server_free(poor);
}

static void what_is_not_tls_or_goes_away(void **state)
{
    (void)state;
    struct connection c;
    struct tls_server_report report;
    struct offer offer = intl_offer();
    open_connection(&c, server, &offer);
    assert_int_equal(send(c.fds[1], "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    assert_int_equal(tls_stream_handshake(c.server), TLS_FAILED);
    tls_server_report(c.server, &report);
    assert_int_equal(report.failure, TLS_FAILURE_MALFORMED);
    close_connection(&c);
    open_connection(&c, server, &offer);
    (void)shutdown(c.fds[1], SHUT_WR);
    assert_int_equal(tls_stream_handshake(c.server), TLS_FAILED);
    tls_server_report(c.server, &report);
    assert_int_equal(report.failure, TLS_FAILURE_CLOSED);
    assert_true(tls_stream_reason(c.server)[0] != '\0');
    assert_null(report.version);
    close_connection(&c);
}

static void a_client_that_refuses(void **state)
{
    (void)state;
    struct connection c;
    struct tls_server_report report;
    struct offer offer = intl_offer();
    open_connection(&c, server, &offer);
    SSL_set_verify(c.client, SSL_VERIFY_PEER, NULL);
    assert_int_equal(shake(&c, &report), TLS_FAILED);
    assert_int_equal(report.failure, TLS_FAILURE_CLIENT_ALERT);
    assert_non_null(strstr(tls_stream_reason(c.server), "the client refused: unknown CA"));
    assert_int_equal(report.kind, CREDENTIAL_INTL_CLASSIC);
    close_connection(&c);
}

static void expired_ones_are_never_shown(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct offer offer = gm_offer();
    offer.has_anchors = true;
    offer.anchors[0] = "32473.1.1.1.8";
    world_now_s = WORLD_AT_S + 8 * DAY; /* the MTCs have 7 days, the classic ones 90 */
    expect(server, &offer, &report);
    assert_int_equal(report.kind, CREDENTIAL_GM_CLASSIC);
    world_now_s = WORLD_AT_S + 91 * DAY;
    expect_failure(server, &offer, TLS_FAILURE_NO_CREDENTIAL, certificate_choice_reason_text(CHOICE_EXPIRED));
    world_now_s = WORLD_AT_S;
}

/* ---- new sites ---- */

static void a_handshake_keeps_what_it_chose(void **state)
{
    (void)state;
    struct connection c;
    struct tls_server_report report;
    struct offer offer = intl_offer();
    struct tls_site site = six_site();
    site.index = 7;
    struct tls_server *changing = server_of(sites_of(&site, 1), NULL);
    open_connection(&c, changing, &offer);
    assert_int_equal(turn(&c), TLS_WANT_READ); /* the ClientHello has been answered */
    tls_server_set_sites(changing, NULL);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(report.site, 7);
    close_connection(&c);
    expect_failure(changing, &offer, TLS_FAILURE_UNKNOWN_NAME, "no sites");
    /* And a stream outlives its server. */
    site.index = 8;
    struct tls_sites *again = sites_of(&site, 1);
    tls_server_set_sites(changing, again);
    tls_sites_free(again);
    open_connection(&c, changing, &offer);
    tls_server_free(changing);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_int_equal(report.site, 8);
    close_connection(&c);
}

/* ---- tls-alpn-01 ---- */

static void challenges_are_answered(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct connection c;
    struct tls_credential *challenge = self_signed(false, "DNS:new.example", 0, 1);
    struct tls_challenge all[] = {{"New.example", challenge}, {"192.0.2.7", challenge}, {"2001:db8::1", challenge}};
    struct tls_site site = six_site();
    struct tls_sites *sites;
    struct tls_sites_settings settings = {.sites = &site, .site_count = 1, .challenges = all, .challenge_count = 3};
    OK(tls_sites_new(&settings, &sites, &err));
    struct tls_server *acme = server_of(sites, NULL);
    static const char *const names[] = {"new.example", "NEW.example", "7.2.0.192.in-addr.arpa",
                                        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct offer offer = intl_offer();
        offer.sni = names[i];
        offer.alpn = "\x0a" "acme-tls/1";
        open_connection(&c, acme, &offer);
        assert_int_equal(shake(&c, &report), TLS_DONE);
        assert_true(report.is_acme_challenge && !report.has_kind);
        assert_string_equal(report.alpn, "acme-tls/1");
        assert_null(c.session);
        X509 *leaf = SSL_get1_peer_certificate(c.client);
        assert_int_equal(X509_cmp(leaf, challenge->leaf), 0);
        X509_free(leaf);
        close_connection(&c);
    }
    struct offer offer = intl_offer();
    offer.alpn = "\x0a" "acme-tls/1"; /* a name of a site, without a challenge */
    expect_failure(acme, &offer, TLS_FAILURE_NO_CHALLENGE, "no tls-alpn-01 challenge");
    offer.sni = "new.example"; /* a challenge's name, and somebody who does not ask for it */
    offer.alpn = "\x0a" "acme-tls/1" "\x08http/1.1";
    expect_failure(acme, &offer, TLS_FAILURE_UNKNOWN_NAME, "no site");
    offer.alpn = NULL;
    expect_failure(acme, &offer, TLS_FAILURE_UNKNOWN_NAME, "no site");
    tls_server_free(acme);
    tls_credential_free(challenge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_chosen),
        cmocka_unit_test(the_key_says_which_world),
        cmocka_unit_test(sizes_and_names_are_reported),
        cmocka_unit_test(other_anchors_are_listed),
        cmocka_unit_test(what_is_sent),
        cmocka_unit_test(a_retry_asks_for_the_right_group),
        cmocka_unit_test(tls_12_is_international),
        cmocka_unit_test(a_downgrade_shows),
        cmocka_unit_test(extension_50_gets_what_openssl_can_serve),
        cmocka_unit_test(names_find_their_site),
        cmocka_unit_test(sites_that_cannot_be),
        cmocka_unit_test(reasons_in_words),
        cmocka_unit_test(what_is_not_tls_or_goes_away),
        cmocka_unit_test(a_client_that_refuses),
        cmocka_unit_test(expired_ones_are_never_shown),
        cmocka_unit_test(a_handshake_keeps_what_it_chose),
        cmocka_unit_test(challenges_are_answered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
