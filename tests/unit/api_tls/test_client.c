/* The public TLS client: what it takes and refuses, and what it sends. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cathaya/tls.h>

#include "unit/checks.h"
#include "unit/rules/mtc_maker.h"

static struct maker_ca gm, intl;
static struct cathaya_error outer;

#define GOOD(expression) \
    do { \
        if ((expression) != CATHAYA_OK) \
            fail_msg("%s: %s", #expression, outer.reason); \
    } while (0)

static void says(enum cathaya_status got, enum cathaya_status want, const char *words)
{
    if (got != want || outer.status != want || strstr(outer.reason, words) == NULL)
        fail_msg("got %d (%d: %s), want %d (...%s...)", (int)got, (int)outer.status, outer.reason, (int)want, words);
}

static int make_world(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    maker_ca_init(&gm, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&intl, &maker_07, "32473.2", "mldsa44");
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    maker_ca_clear(&gm);
    maker_ca_clear(&intl);
    return 0;
}

static struct cathaya_tls_trust *trust_of_both(void)
{
    struct cathaya_tls_trust *trust;
    static const uint8_t hash[CATHAYA_HASH_SIZE];
    GOOD(cathaya_tls_trust_new(&trust, &outer));
    GOOD(cathaya_tls_trust_add_ca(trust, gm.der.data, gm.der.len, &outer));
    GOOD(cathaya_tls_trust_add_ca(trust, intl.der.data, intl.der.len, &outer));
    GOOD(cathaya_trust_add_subtree(cathaya_tls_trust_mtc(trust), "32473.1", 1, 0, 8, hash, &outer));
    GOOD(cathaya_tls_trust_add_landmarks(trust, CATHAYA_WORLD_GM, "32473.1", 1, 3, 7, &outer));
    GOOD(cathaya_tls_trust_add_anchor(trust, CATHAYA_WORLD_INTL, "32473.77", &outer));
    return trust;
}

static void trust(void **state)
{
    (void)state;
    struct cathaya_tls_trust *t = trust_of_both();
    static const uint8_t rubbish[] = "no certificate";
    struct cathaya_bundle bundle = {rubbish, sizeof rubbish};
    says(cathaya_tls_trust_add_ca(t, gm.der.data, gm.der.len, &outer), CATHAYA_CONFLICT, "");
    says(cathaya_tls_trust_add_ca(t, rubbish, sizeof rubbish, &outer), CATHAYA_MALFORMED, "");
    says(cathaya_tls_trust_add_root(t, CATHAYA_WORLD_INTL, rubbish, sizeof rubbish, &outer), CATHAYA_MALFORMED, "not a certificate");
    says(cathaya_tls_trust_add_root(t, CATHAYA_WORLD_NONE, rubbish, sizeof rubbish, &outer), CATHAYA_USAGE, "world");
    says(cathaya_tls_trust_add_intermediate(t, rubbish, 0, &outer), CATHAYA_MALFORMED, "not a certificate");
    says(cathaya_tls_trust_add_landmarks(t, CATHAYA_WORLD_GM, "32473.1", 1, 8, 7, &outer), CATHAYA_USAGE, "8 to 7");
    says(cathaya_tls_trust_add_landmarks(t, CATHAYA_WORLD_GM, "x", 1, 7, 7, &outer), CATHAYA_USAGE, "trust anchor ID");
    says(cathaya_tls_trust_add_anchor(t, CATHAYA_WORLD_GM, "", &outer), CATHAYA_USAGE, "trust anchor ID");
    says(cathaya_tls_trust_add_bundles(t, &bundle, 1, MAKER_NOW, &outer), CATHAYA_USAGE, "first");
    cathaya_tls_trust_free(t);
    GOOD(cathaya_tls_trust_new(&t, &outer));
    says(cathaya_tls_trust_add_bundles(t, &bundle, 0, MAKER_NOW, &outer), CATHAYA_USAGE, "0 bundles");
    says(cathaya_tls_trust_add_bundles(t, &bundle, 1, MAKER_NOW, &outer), CATHAYA_MALFORMED, "");
    /* It is as it was. */
    GOOD(cathaya_tls_trust_add_ca(t, gm.der.data, gm.der.len, &outer));
    cathaya_tls_trust_free(t);
    cathaya_tls_trust_free(NULL);
}

static void clients(void **state)
{
    (void)state;
    struct cathaya_tls_trust *t = trust_of_both();
    struct cathaya_tls_client *client;
    struct cathaya_tls *connection;
    struct cathaya_tls_settings settings = {.profile = "netscape"};
    struct cathaya_tls_target target = {.server_name = NULL, .at = MAKER_NOW};
    says(cathaya_tls_client_new(t, &settings, &client, &outer), CATHAYA_USAGE, "netscape");
    assert_null(client);
    settings = (struct cathaya_tls_settings){.trust_anchors_type = 10};
    says(cathaya_tls_client_new(t, &settings, &client, &outer), CATHAYA_USAGE, "0x000a");
    settings = (struct cathaya_tls_settings){.profile = NULL};
    GOOD(cathaya_tls_client_new(t, &settings, &client, &outer));
    says(cathaya_tls_connect(client, 0, &target, &connection, &outer), CATHAYA_USAGE, "server_name");
    target.server_name = "two words";
    says(cathaya_tls_connect(client, 0, &target, &connection, &outer), CATHAYA_USAGE, "server name");
    target = (struct cathaya_tls_target){.server_name = "www.example.com", .only_anchor = "1..2"};
    says(cathaya_tls_connect(client, 0, &target, &connection, &outer), CATHAYA_USAGE, "only_anchor");
    assert_null(connection);
    cathaya_tls_client_free(client);
    cathaya_tls_client_free(NULL);
    cathaya_tls_free(NULL);
    cathaya_tls_session_free(NULL);
    cathaya_tls_trust_free(t);
}

/* What is sent to a server that says nothing and then goes away. */
static void hello(const char *profile, const char *only_anchor, const char *sent)
{
    struct cathaya_tls_trust *t = trust_of_both();
    struct cathaya_tls_client *client;
    struct cathaya_tls *connection;
    struct cathaya_tls_settings settings = {.profile = profile, .alpn = "http/1.1"};
    struct cathaya_tls_target target = {.server_name = "www.example.com", .at = MAKER_NOW, .only_anchor = only_anchor};
    static struct cathaya_tls_report report;
    char anchor[CATHAYA_ID_SIZE], bytes[8192];
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    GOOD(cathaya_tls_client_new(t, &settings, &client, &outer));
    GOOD(cathaya_tls_connect(client, fds[0], &target, &connection, &outer));
    assert_int_equal(cathaya_tls_handshake(connection), CATHAYA_TLS_WANT_READ);
    ssize_t len = read(fds[1], bytes, sizeof bytes);
    assert_true(len > 100);
    assert_int_equal(bytes[0], 0x16);
    cathaya_tls_report(connection, &report);
    assert_int_equal(report.client_hello_size, len);
    assert_string_equal(report.sent, sent);
    assert_int_equal(report.is_retry, only_anchor != NULL);
    assert_false(report.is_done || report.is_trusted);
    (void)close(fds[1]);
    assert_int_equal(cathaya_tls_handshake(connection), CATHAYA_TLS_FAILED);
    assert_true(cathaya_tls_reason(connection)[0] != '\0');
    cathaya_tls_report(connection, &report);
    assert_string_equal(report.reason, cathaya_tls_reason(connection));
    assert_int_equal(cathaya_tls_retry_anchor(connection, anchor), 0);
    assert_string_equal(anchor, "");
    assert_null(cathaya_tls_session(connection));
    assert_int_equal(cathaya_tls_has_pending(connection), 0);
    cathaya_tls_client_free(client); /* a connection keeps what it needs */
    cathaya_tls_free(connection);
    (void)close(fds[0]);
    cathaya_tls_trust_free(t);
}

static void hellos(void **state)
{
    (void)state;
    hello("gm", NULL, "32473.1.2.1.7 32473.1 32473.2 32473.77");
    hello("gm-no-landmarks", NULL, "32473.1 32473.2 32473.77");
    hello("intl", NULL, "32473.2 32473.77");
    hello("legacy", NULL, "");
    hello("gm", "32473.2", "32473.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust),
        cmocka_unit_test(clients),
        cmocka_unit_test(hellos),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
