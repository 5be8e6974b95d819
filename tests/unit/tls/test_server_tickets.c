/* Session tickets: resumed, rotated, and all the cases in which a session must not go on. */
#include <signal.h>

#include "tls/tls_server_parts.h"
#include "unit/tls/server_world.h"

static struct tls_ticket_keys keys;
static struct tls_server *server;

static int set_up(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    make_six();
    struct tls_site site = six_site();
    OK(tls_ticket_keys_rotate(&keys, &err));
    server = server_of(sites_of(&site, 1), &keys);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_server_free(server);
    tls_ticket_keys_wipe(&keys);
    free_six();
    return 0;
}

/* The session that a full handshake with offer gives. */
static SSL_SESSION *session_of(struct tls_server *from, const struct offer *offer)
{
    struct connection c;
    struct tls_server_report report;
    open_connection(&c, from, offer);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_false(report.is_resumed);
    SSL_SESSION *session = c.session;
    assert_non_null(session);
    c.session = NULL;
    close_connection(&c);
    return session;
}

/* Is the session resumed? OpenSSL's client uses a ticket of TLS 1.3 once: so it gets a copy. */
static bool is_resumed(struct tls_server *by, struct offer offer, SSL_SESSION *session, struct tls_server_report *report)
{
    struct connection c;
    offer.session = SSL_SESSION_dup(session);
    open_connection(&c, by, &offer);
    SSL_SESSION_free(offer.session);
    if (shake(&c, report) != TLS_DONE)
        fail_msg("%s", tls_stream_reason(c.server));
    assert_int_equal(SSL_session_reused(c.client), report->is_resumed);
    close_connection(&c);
    return report->is_resumed;
}

static const struct offer gm = {.groups = MIXED_GROUPS, .suites = MIXED_SUITES, .schemes = MIXED_SCHEMES, .sni = NAME,
                                .has_anchors = true, .anchors = {"32473.1.1.1.8"}};
static const struct offer intl = {.groups = INTL_GROUPS, .suites = INTL_SUITES, .schemes = INTL_SCHEMES, .sni = NAME};
static const struct offer old = {.max_version = TLS1_2_VERSION, .sni = NAME};

static void sessions_are_resumed(void **state)
{
    (void)state;
    static const struct offer *const offers[] = {&gm, &intl, &old};
    static const enum credential_kind kinds[] = {CREDENTIAL_GM_LANDMARK, CREDENTIAL_INTL_CLASSIC, CREDENTIAL_INTL_CLASSIC};
    for (size_t i = 0; i < LENGTH(offers); i++) {
        struct tls_server_report report;
        SSL_SESSION *session = session_of(server, offers[i]);
        assert_true(is_resumed(server, *offers[i], session, &report));
        assert_int_equal(report.kind, kinds[i]);
        assert_string_equal(report.choice, "resumed");
        assert_null(report.signature);
        assert_int_equal(report.certificate_until_s, six[kinds[i]]->facts.not_after_s);
        assert_true(report.server_flight_len > 100 && report.server_flight_len < 1800);
        SSL_SESSION_free(session);
    }
}

static void keys_rotate(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct tls_site site = six_site();
    struct tls_ticket_keys turning = {.count = 0};
    OK(tls_ticket_keys_rotate(&turning, &err));
    assert_int_equal(turning.count, 1);
    struct tls_server *rotating = server_of(sites_of(&site, 1), &turning);
    SSL_SESSION *session = session_of(rotating, &gm);
    for (size_t i = 0; i < TLS_TICKET_KEYS_MAX - 1; i++) {
        OK(tls_ticket_keys_rotate(&turning, &err));
        tls_server_set_ticket_keys(rotating, &turning);
        assert_true(is_resumed(rotating, gm, session, &report)); /* by an older key */
    }
    /* Another server with the same keys: another worker, or the same after a restart. */
    struct tls_server *other = server_of(sites_of(&site, 1), &turning);
    assert_true(is_resumed(other, gm, session, &report));
    OK(tls_ticket_keys_rotate(&turning, &err));
    assert_int_equal(turning.count, TLS_TICKET_KEYS_MAX);
    tls_server_set_ticket_keys(rotating, &turning);
    assert_false(is_resumed(rotating, gm, session, &report)); /* it is gone */
    assert_int_equal(report.kind, CREDENTIAL_GM_LANDMARK);
    SSL_SESSION_free(session);
    tls_server_free(rotating);
    tls_server_free(other);
    tls_ticket_keys_wipe(&turning);
}

static void no_keys_no_tickets(void **state)
{
    (void)state;
    struct connection c;
    struct tls_server_report report;
    struct tls_site site = six_site();
    SSL_SESSION *session = session_of(server, &gm);
    struct tls_server *none = server_of(sites_of(&site, 1), NULL);
    site.is_ticketless = true;
    struct tls_server *off = server_of(sites_of(&site, 1), &keys), *both[] = {none, off};
    static const struct offer *const offers[] = {&gm, &old};
    for (size_t i = 0; i < 4; i++) {
        open_connection(&c, both[i / 2], offers[i % 2]);
        assert_int_equal(shake(&c, &report), TLS_DONE);
        assert_true(c.session == NULL || SSL_SESSION_has_ticket(c.session) == 0);
        close_connection(&c);
    }
    assert_false(is_resumed(none, gm, session, &report));
    assert_false(is_resumed(off, gm, session, &report));
    SSL_SESSION_free(session);
    tls_server_free(none);
    tls_server_free(off);
}

static void not_at_another_site(void **state)
{
    (void)state;
    static const char *const a[] = {"a.example"}, *const b[] = {"b.example"};
    struct tls_server_report report;
    struct tls_site two[] = {six_site(), six_site()};
    two[0].names = a;
    two[1].names = b;
    two[0].name_count = two[1].name_count = 1;
    struct tls_server *both = server_of(sites_of(two, 2), &keys);
    static const struct offer *const offers[] = {&intl, &old};
    for (size_t i = 0; i < LENGTH(offers); i++) {
        struct offer offer = *offers[i];
        offer.sni = "a.example";
        SSL_SESSION *session = session_of(both, &offer);
        assert_true(is_resumed(both, offer, session, &report));
        offer.sni = "b.example";
        assert_false(is_resumed(both, offer, session, &report));
        SSL_SESSION_free(session);
    }
    tls_server_free(both);
}

/* A ticket that opens and is not taken leaves nothing behind: the new session ends with this site's certificate. */
static void a_refused_ticket_lends_no_time(void **state)
{
    (void)state;
    static const char *const a[] = {"a.example"}, *const b[] = {"b.example"};
    struct tls_server_report report;
    struct tls_site two[] = {six_site(), six_site()};
    struct tls_credential *short_lived = mtc_credential(true, "32473.1", 8, WORLD_AT_S + 60);
    two[0].names = a;
    two[1].names = b;
    two[0].name_count = two[1].name_count = 1;
    two[0].credentials = &short_lived;
    two[0].credential_count = 1;
    struct tls_server *both = server_of(sites_of(two, 2), &keys);
    struct offer offer = gm;
    offer.sni = "b.example";
    SSL_SESSION *session = session_of(both, &offer);
    offer.sni = "a.example";
    assert_false(is_resumed(both, offer, session, &report));
    assert_int_equal(report.certificate_until_s, WORLD_AT_S + 60);
    struct connection c;
    offer.session = session;
    open_connection(&c, both, &offer);
    assert_int_equal(shake(&c, &report), TLS_DONE);
    assert_true(SSL_SESSION_get_ticket_lifetime_hint(c.session) <= 60);
    close_connection(&c);
    SSL_SESSION_free(session);
    tls_server_free(both);
    tls_credential_free(short_lived);
}

/* The client has forgotten the trust anchor, or the certificate has expired, or a better one is there. */
static void not_with_another_certificate(void **state)
{
    (void)state;
    struct tls_server_report report;
    SSL_SESSION *session = session_of(server, &gm);
    struct offer offer = gm;
    offer.anchors[0] = "32473.1";
    assert_false(is_resumed(server, offer, session, &report));
    assert_int_equal(report.kind, CREDENTIAL_GM_STANDALONE);
    offer.has_anchors = false;
    assert_false(is_resumed(server, offer, session, &report));
    assert_int_equal(report.kind, CREDENTIAL_GM_CLASSIC);
    SSL_SESSION_free(session);
}

static void not_after_the_certificate_has_expired(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct tls_credential *short_lived = mtc_credential(true, "32473.1", 8, WORLD_AT_S + 60);
    struct tls_site site = six_site();
    site.credentials = &short_lived;
    site.credential_count = 1;
    struct tls_server *renewing = server_of(sites_of(&site, 1), &keys);
    SSL_SESSION *session = session_of(renewing, &gm);
    /* The session does not last longer than its certificate. */
    assert_true(SSL_SESSION_get_ticket_lifetime_hint(session) <= 60);
    /* A renewed certificate of the same kind: the session goes on, until its own has expired. */
    site.credentials = &six[CREDENTIAL_GM_LANDMARK];
    struct tls_sites *renewed = sites_of(&site, 1);
    tls_server_set_sites(renewing, renewed);
    tls_sites_free(renewed);
    assert_true(is_resumed(renewing, gm, session, &report));
    assert_int_equal(report.certificate_until_s, WORLD_AT_S + 60);
    world_now_s = WORLD_AT_S + 61;
    assert_false(is_resumed(renewing, gm, session, &report));
    world_now_s = WORLD_AT_S;
    SSL_SESSION_free(session);
    tls_server_free(renewing);
    tls_credential_free(short_lived);
}

/* A handshake with this session, which it takes: the newest session after it, NULL when none came. */
static SSL_SESSION *go_on(struct offer offer, SSL_SESSION *session, struct tls_server_report *report)
{
    struct connection c;
    offer.session = session;
    open_connection(&c, server, &offer);
    SSL_SESSION_free(session);
    if (shake(&c, report) != TLS_DONE)
        fail_msg("%s", tls_stream_reason(c.server));
    SSL_SESSION *next = c.session;
    c.session = NULL;
    close_connection(&c);
    return next;
}

/* Browsers use a ticket of TLS 1.3 once: each resumption brings the next, and none of them makes the beginning younger. */
static void a_chain_of_resumptions(void **state)
{
    (void)state;
    static const struct offer *const offers[] = {&gm, &intl};
    for (size_t i = 0; i < LENGTH(offers); i++) {
        struct tls_server_report report;
        SSL_SESSION *session = session_of(server, offers[i]);
        assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(session), TLS_TICKET_LIFETIME_S);
        for (int link = 1; link <= 3; link++) {
            world_now_s = WORLD_AT_S + link * 2000;
            session = go_on(*offers[i], session, &report);
            assert_true(report.is_resumed);
            assert_non_null(session);
            assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(session), TLS_TICKET_LIFETIME_S - link * 2000);
        }
        /* The last ticket is 1200 seconds old, its beginning 7200. */
        world_now_s = WORLD_AT_S + TLS_TICKET_LIFETIME_S;
        assert_true(is_resumed(server, *offers[i], session, &report));
        world_now_s++;
        session = go_on(*offers[i], session, &report);
        assert_false(report.is_resumed);
        /* That was a full handshake: time begins anew. */
        assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(session), TLS_TICKET_LIFETIME_S);
        assert_true(is_resumed(server, *offers[i], session, &report));
        /* Made in the future: a clock was put back. A little of that is another server's clock. */
        world_now_s -= 60;
        assert_true(is_resumed(server, *offers[i], session, &report));
        world_now_s--;
        assert_false(is_resumed(server, *offers[i], session, &report));
        world_now_s = WORLD_AT_S;
        SSL_SESSION_free(session);
    }
}

/* In TLS 1.2 the client keeps its ticket. */
static void an_old_ticket_stays(void **state)
{
    (void)state;
    struct tls_server_report report;
    SSL_SESSION *session = session_of(server, &old);
    world_now_s = WORLD_AT_S + TLS_TICKET_LIFETIME_S;
    assert_true(is_resumed(server, old, session, &report));
    world_now_s++;
    assert_false(is_resumed(server, old, session, &report));
    world_now_s = WORLD_AT_S;
    SSL_SESSION_free(session);
}

/* The next ticket ends with the certificate that the session began with, not with the one that is there now. */
static void a_chain_ends_with_its_certificate(void **state)
{
    (void)state;
    struct tls_server_report report;
    struct tls_credential *short_lived = mtc_credential(true, "32473.1", 8, WORLD_AT_S + 60);
    struct tls_site site = six_site();
    site.credentials = &short_lived;
    site.credential_count = 1;
    struct tls_sites *before = sites_of(&site, 1), *usual = tls_sites_keep(server->sites);
    tls_server_set_sites(server, before);
    tls_sites_free(before);
    SSL_SESSION *session = session_of(server, &gm);
    tls_server_set_sites(server, usual);
    tls_sites_free(usual);
    world_now_s = WORLD_AT_S + 50;
    session = go_on(gm, session, &report);
    assert_true(report.is_resumed);
    assert_int_equal(report.certificate_until_s, WORLD_AT_S + 60);
    assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(session), 10);
    world_now_s = WORLD_AT_S + 61;
    assert_false(is_resumed(server, gm, session, &report));
    assert_int_equal(report.certificate_until_s, WORLD_AT_S + 7 * DAY);
    world_now_s = WORLD_AT_S;
    SSL_SESSION_free(session);
    tls_credential_free(short_lived);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_resumed),
        cmocka_unit_test(keys_rotate),
        cmocka_unit_test(no_keys_no_tickets),
        cmocka_unit_test(not_at_another_site),
        cmocka_unit_test(a_refused_ticket_lends_no_time),
        cmocka_unit_test(not_with_another_certificate),
        cmocka_unit_test(not_after_the_certificate_has_expired),
        cmocka_unit_test(a_chain_of_resumptions),
        cmocka_unit_test(an_old_ticket_stays),
        cmocka_unit_test(a_chain_ends_with_its_certificate),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
