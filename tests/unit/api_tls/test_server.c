/* The public TLS server, with the public TLS client. */
#include <cathaya/policy.h>

#include "unit/api_tls/serving.h"

static struct cathaya_tls_trust *trust;
static struct cathaya_tls_credential *credentials[KINDS];
static struct cathaya_tls_sites *sites;

static const char *const site_names[] = {NAME, "*.example.com"};
static const char *const site_alpn[] = {"h2", "http/1.1"};

static struct cathaya_tls_credential *credential_of(size_t i)
{
    struct cathaya_tls_credential *credential;
    struct cathaya_tls_credential_settings settings = {.chain_pem = text_of(&files[i].chain), .chain_pem_len = files[i].chain.len,
                                                       .key_pem = text_of(&files[i].key), .key_pem_len = files[i].key.len,
                                                       .at = AT_S};
    GOOD(cathaya_tls_credential_new(&settings, &credential, &outer));
    return credential;
}

static struct cathaya_tls_site whole_site(void)
{
    return (struct cathaya_tls_site){.names = site_names, .name_count = 2, .credentials = credentials, .credential_count = KINDS,
                                     .stage = CATHAYA_TLS_STAGE_LANDMARK, .alpn = site_alpn, .alpn_count = 2, .index = 7};
}

static struct cathaya_tls_sites *sites_of(const struct cathaya_tls_site *site, size_t count)
{
    struct cathaya_tls_sites *made;
    GOOD(cathaya_tls_sites_new(site, count, NULL, 0, &made, &outer));
    return made;
}

static struct cathaya_tls_server *server_of(struct cathaya_tls_sites *of, const struct cathaya_tls_ticket_keys *keys)
{
    struct cathaya_tls_server_settings settings = {.now = test_clock, .ticket_keys = keys};
    struct cathaya_tls_server *server;
    GOOD(cathaya_tls_server_new(&settings, of, &server, &outer));
    return server;
}

static int set_up(void **state)
{
    (void)make_world(state);
    trust = trust_all();
    for (size_t i = 0; i < KINDS; i++)
        credentials[i] = credential_of(i);
    struct cathaya_tls_site site = whole_site();
    sites = sites_of(&site, 1);
    return 0;
}

static int tear_down(void **state)
{
    cathaya_tls_sites_free(sites);
    for (size_t i = 0; i < KINDS; i++)
        cathaya_tls_credential_free(credentials[i]);
    cathaya_tls_trust_free(trust);
    return clear_world(state);
}

/* ---- both ends ---- */

struct pair {
    int fds[2];
    struct cathaya_tls_client *browser;
    struct cathaya_tls *client, *server;
};

static void pair_open(struct pair *p, struct cathaya_tls_server *server, const char *profile, const char *name,
                      const struct cathaya_tls_session *session)
{
    struct cathaya_tls_target target = {.server_name = name, .at = AT_S, .session = session};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
    p->browser = client_of(trust, profile);
    GOOD(cathaya_tls_connect(p->browser, p->fds[0], &target, &p->client, &outer));
    GOOD(cathaya_tls_accept(server, p->fds[1], &p->server, &outer));
}

static bool is_over(enum cathaya_tls_result r)
{
    return r != CATHAYA_TLS_WANT_READ && r != CATHAYA_TLS_WANT_WRITE;
}

/* The server's result. */
static enum cathaya_tls_result pair_shake(struct pair *p)
{
    enum cathaya_tls_result client = CATHAYA_TLS_WANT_READ, server = CATHAYA_TLS_WANT_READ;
    for (int i = 0; i < 8 && !(is_over(client) && is_over(server)); i++) {
        if (!is_over(client))
            client = cathaya_tls_handshake(p->client);
        if (!is_over(server))
            server = cathaya_tls_handshake(p->server);
    }
    return server;
}

static void pair_close(struct pair *p)
{
    cathaya_tls_free(p->client);
    cathaya_tls_free(p->server);
    cathaya_tls_client_free(p->browser);
    (void)close(p->fds[0]);
    (void)close(p->fds[1]);
}

static void send_one(struct cathaya_tls *from, struct cathaya_tls *to, const char *text)
{
    char got[64];
    size_t len = 0;
    assert_int_equal(cathaya_tls_write(from, text, strlen(text), &len), CATHAYA_TLS_DONE);
    assert_int_equal(len, strlen(text));
    assert_int_equal(cathaya_tls_read(to, got, sizeof got, &len), CATHAYA_TLS_DONE);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(got, text, len);
    assert_int_equal(cathaya_tls_has_pending(to), 0);
}

/* ---- what the policy says of a connection ---- */

static struct cathaya_answer *answer_of(const struct cathaya_policy *policy, struct cathaya_tls *connection, struct cathaya_answer_summary *out)
{
    struct cathaya_answer *answer;
    GOOD(cathaya_policy_judge_connection(policy, connection, NULL, &answer, &outer));
    cathaya_answer_summary(answer, out);
    return answer;
}

static void policy_of_connections(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        size_t cosigners, scts;
        bool is_gm;
    } rows[] = {{"gm", 0, 0, true}, {"gm-no-landmarks", 1, 0, true}, {"legacy", 0, 2, false}};
    struct cathaya_tls_server *server = server_of(sites, NULL);
    struct cathaya_policy *policy;
    GOOD(cathaya_policy_new(trust, &policy, &outer));
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct cathaya_answer_summary s;
        struct cathaya_answer_cosigner cosigner;
        struct cathaya_answer_sct sct;
        struct pair p;
        pair_open(&p, server, rows[i].profile, NAME, NULL);
        (void)pair_shake(&p);
        struct cathaya_answer *answer = answer_of(policy, p.client, &s);
        pair_close(&p); /* the answer needs it no more */
        assert_true(s.verdict != CATHAYA_VERDICT_UNTRUSTED && s.level >= 1 && s.level <= 4 && s.reason[0] == '\0');
        assert_int_equal(s.cosigner_count, rows[i].cosigners);
        assert_int_equal(s.sct_count, rows[i].scts);
        assert_int_equal(s.is_gm, rows[i].is_gm);
        assert_true(s.rule_count > 50 && s.rule_count <= CATHAYA_RULES_MAX);
        if (rows[i].cosigners > 0) {
            assert_true(cathaya_answer_cosigner(answer, 0, &cosigner));
            assert_true(cosigner.is_good && cosigner.role == CATHAYA_COSIGNER_CA && cosigner.reason[0] == '\0');
            assert_string_equal(cosigner.id, ca_ids[0]);
        }
        assert_false(cathaya_answer_cosigner(answer, rows[i].cosigners, &cosigner));
        for (size_t k = 0; k < rows[i].scts; k++) /* of logs that nobody lists */
            assert_true(cathaya_answer_sct(answer, k, &sct) && !sct.is_good && sct.delivery == CATHAYA_DELIVERY_CERTIFICATE);
        cathaya_answer_free(answer);
    }
    cathaya_policy_free(policy);
    cathaya_tls_server_free(server);
}

static void policy_of_failures(void **state)
{
    (void)state;
    struct cathaya_tls_server *server = server_of(sites, NULL);
    struct cathaya_tls_trust *stranger = trust_all();
    struct cathaya_answer_summary s;
    struct cathaya_answer *answer;
    struct cathaya_policy *policy, *other;
    struct pair p;
    GOOD(cathaya_policy_new(trust, &policy, &outer));
    GOOD(cathaya_policy_new(stranger, &other, &outer));
    pair_open(&p, server, "gm", "www.example.com", NULL);
    assert_int_equal(cathaya_policy_judge_connection(policy, p.client, NULL, &answer, &outer), CATHAYA_NOT_FOUND);
    assert_null(answer);
    assert_int_equal(cathaya_policy_judge_connection(other, p.client, NULL, &answer, &outer), CATHAYA_USAGE);
    (void)pair_shake(&p);
    assert_int_equal(cathaya_policy_judge_connection(other, p.client, NULL, &answer, &outer), CATHAYA_USAGE);
    pair_close(&p);
    /* A handshake that the client has ended: the answer says why. */
    pair_open(&p, server, "gm", "other.example.com", NULL);
    (void)pair_shake(&p);
    struct cathaya_tls_report *report = calloc(1, sizeof *report);
    cathaya_tls_report(p.client, report);
    assert_false(report->is_done);
    answer = answer_of(policy, p.client, &s);
    assert_int_equal(s.verdict, CATHAYA_VERDICT_UNTRUSTED);
    assert_int_equal(s.icon, CATHAYA_ICON_UNTRUSTED);
    assert_string_equal(s.reason, report->reason);
    free(report);
    cathaya_answer_free(answer);
    pair_close(&p);
    cathaya_policy_free(policy);
    cathaya_policy_free(other);
    cathaya_tls_trust_free(stranger);
    cathaya_tls_server_free(server);
}

/* ---- clients of every kind ---- */

static void each_client(void **state)
{
    (void)state;
    static const struct {
        const char *profile, *version;
        enum cathaya_tls_kind kind;
        enum cathaya_tls_mode mode;
        enum cathaya_world world;
    } rows[] = {
        {"gm", "TLSv1.3", CATHAYA_TLS_KIND_GM_LANDMARK, CATHAYA_TLS_MODE_LANDMARK, CATHAYA_WORLD_GM},
        {"gm-no-landmarks", "TLSv1.3", CATHAYA_TLS_KIND_GM_STANDALONE, CATHAYA_TLS_MODE_STANDALONE, CATHAYA_WORLD_GM},
        {"intl", "TLSv1.3", CATHAYA_TLS_KIND_INTL_LANDMARK, CATHAYA_TLS_MODE_LANDMARK, CATHAYA_WORLD_INTL},
        {"legacy", "TLSv1.2", CATHAYA_TLS_KIND_INTL_CLASSIC, CATHAYA_TLS_MODE_CLASSIC, CATHAYA_WORLD_INTL},
    };
    struct cathaya_tls_server *server = server_of(sites, NULL);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        static struct cathaya_tls_report seen;
        struct cathaya_tls_server_report done;
        struct pair p;
        char byte;
        size_t len;
        pair_open(&p, server, rows[i].profile, NAME, NULL);
        cathaya_tls_server_report(p.server, &done);
        assert_false(done.is_done || done.has_site);
        if (pair_shake(&p) != CATHAYA_TLS_DONE)
            fail_msg("%s: %s / %s", rows[i].profile, cathaya_tls_reason(p.server), cathaya_tls_reason(p.client));
        send_one(p.client, p.server, "a question");
        send_one(p.server, p.client, "an answer");
        cathaya_tls_report(p.client, &seen);
        cathaya_tls_server_report(p.server, &done);
        assert_true(done.is_done && seen.is_done && seen.is_trusted && done.has_site);
        assert_int_equal(done.site, 7);
        assert_int_equal(done.kind, rows[i].kind);
        assert_int_equal(seen.mode, rows[i].mode);
        assert_int_equal(seen.world, rows[i].world);
        assert_string_equal(done.version, rows[i].version);
        assert_string_equal(seen.version, rows[i].version);
        assert_string_equal(done.suite, seen.suite);
        assert_string_equal(done.signature, seen.signature);
        assert_string_equal(done.server_name, NAME);
        assert_string_equal(done.alpn, "http/1.1");
        assert_string_equal(done.failure, "");
        assert_true(strlen(done.why) > 3);
        assert_int_equal(done.is_anchor_confirmed, seen.is_anchor_confirmed);
        assert_int_equal(done.has_trust_anchors, i < 3);
        assert_int_equal(done.client_hello_size, seen.client_hello_size);
        /* In TLS 1.2 the server's Finished is a flight of its own. */
        assert_int_equal(done.server_flight_size, seen.server_flight_size - (i < 3 ? 0 : 6 + 45));
        assert_true(done.certificate_until > AT_S);
        assert_false(done.is_resumed || done.is_hello_retried || done.is_stapled || done.is_acme_challenge);
        assert_int_equal(cathaya_tls_close(p.server), CATHAYA_TLS_DONE);
        assert_int_equal(cathaya_tls_read(p.client, &byte, 1, &len), CATHAYA_TLS_END);
        /* Each report is for one side. */
        cathaya_tls_report(p.server, &seen);
        assert_false(seen.is_done || seen.is_trusted);
        cathaya_tls_server_report(p.client, &done);
        assert_false(done.is_done || done.has_site);
        assert_null(cathaya_tls_session(p.server));
        pair_close(&p);
    }
    cathaya_tls_server_free(server);
    cathaya_tls_server_free(NULL);
}

static void expect_failure(struct cathaya_tls_server *server, const char *name, const char *failure, const char *words)
{
    struct cathaya_tls_server_report done;
    struct pair p;
    pair_open(&p, server, "gm", name, NULL);
    assert_int_equal(pair_shake(&p), CATHAYA_TLS_FAILED);
    cathaya_tls_server_report(p.server, &done);
    assert_false(done.is_done);
    assert_string_equal(done.failure, failure);
    assert_string_equal(done.server_name, name);
    assert_int_equal(done.kind, CATHAYA_TLS_KIND_NONE);
    if (strstr(cathaya_tls_reason(p.server), words) == NULL)
        fail_msg("%s", cathaya_tls_reason(p.server));
    pair_close(&p);
}

static void failures(void **state)
{
    (void)state;
    struct cathaya_tls_site empty = whole_site();
    empty.credential_count = 0;
    struct cathaya_tls_sites *bare = sites_of(&empty, 1);
    struct cathaya_tls_server *server = server_of(NULL, NULL);
    expect_failure(server, NAME, "unknown_name", "there are no sites");
    cathaya_tls_server_set_sites(server, sites);
    expect_failure(server, "www.example.org", "unknown_name", "no site of this name");
    cathaya_tls_server_set_sites(server, bare);
    cathaya_tls_sites_free(bare);
    expect_failure(server, NAME, "no_credential", "no certificate yet");
    cathaya_tls_server_set_sites(server, NULL);
    expect_failure(server, NAME, "unknown_name", "there are no sites");
    cathaya_tls_server_free(server);
}

/* ---- while it serves ---- */

static enum cathaya_tls_kind kind_served_as(const char *profile, struct cathaya_tls_server *server,
                                            const struct cathaya_tls_session *session, int *is_resumed,
                                            struct cathaya_tls_session **next)
{
    struct cathaya_tls_server_report done;
    struct pair p;
    pair_open(&p, server, profile, NAME, session);
    assert_int_equal(pair_shake(&p), CATHAYA_TLS_DONE);
    send_one(p.server, p.client, "tickets come before");
    cathaya_tls_server_report(p.server, &done);
    if (is_resumed != NULL)
        *is_resumed = done.is_resumed;
    if (next != NULL)
        *next = cathaya_tls_session(p.client);
    pair_close(&p);
    return done.kind;
}

static enum cathaya_tls_kind kind_served(struct cathaya_tls_server *server, const struct cathaya_tls_session *session, int *is_resumed,
                                         struct cathaya_tls_session **next)
{
    return kind_served_as("gm", server, session, is_resumed, next);
}

static void a_swap(void **state)
{
    (void)state;
    struct cathaya_tls_server_report done;
    struct pair p;
    struct cathaya_tls_site site = whole_site();
    struct cathaya_tls_credential *renewed = credential_of(CATHAYA_TLS_KIND_GM_CLASSIC - 1);
    site.credentials = &renewed;
    site.credential_count = 1;
    struct cathaya_tls_sites *before = sites_of(&site, 1);
    cathaya_tls_credential_free(renewed); /* the sites keep it */
    struct cathaya_tls_server *server = server_of(before, NULL);
    cathaya_tls_sites_free(before); /* the server keeps them */
    assert_int_equal(kind_served(server, NULL, NULL, NULL), CATHAYA_TLS_KIND_GM_CLASSIC);
    /* This one has had its ClientHello read; it goes on as it began. */
    pair_open(&p, server, "gm", NAME, NULL);
    assert_int_equal(cathaya_tls_handshake(p.client), CATHAYA_TLS_WANT_READ);
    assert_int_equal(cathaya_tls_handshake(p.server), CATHAYA_TLS_WANT_READ);
    cathaya_tls_server_set_sites(server, sites);
    assert_int_equal(kind_served(server, NULL, NULL, NULL), CATHAYA_TLS_KIND_GM_LANDMARK);
    assert_int_equal(pair_shake(&p), CATHAYA_TLS_DONE);
    cathaya_tls_server_report(p.server, &done);
    assert_int_equal(done.kind, CATHAYA_TLS_KIND_GM_CLASSIC);
    cathaya_tls_server_free(server); /* a connection keeps what it needs */
    send_one(p.client, p.server, "still there");
    pair_close(&p);
}

static void tickets(void **state)
{
    (void)state;
    static const uint8_t shared[CATHAYA_TLS_TICKET_KEY_SIZE] = {1, 2, 3};
    struct cathaya_tls_ticket_keys *keys, *others;
    struct cathaya_tls_session *session = NULL, *next = NULL;
    int is_resumed;
    GOOD(cathaya_tls_ticket_keys_new(&keys, &outer));
    GOOD(cathaya_tls_ticket_keys_new(&others, &outer));
    struct cathaya_tls_server *server = server_of(sites, keys), *neighbour = server_of(sites, others);
    (void)kind_served(server, NULL, &is_resumed, &session);
    assert_non_null(session);
    assert_false(is_resumed);
    /* In TLS 1.2 the ticket stays good. */
    struct cathaya_tls_session *old = NULL;
    (void)kind_served_as("legacy", server, NULL, &is_resumed, &old);
    for (int i = 0; i < 2; i++) {
        assert_non_null(old);
        assert_int_equal(kind_served_as("legacy", server, old, &is_resumed, &next), CATHAYA_TLS_KIND_INTL_CLASSIC);
        assert_true(is_resumed);
        cathaya_tls_session_free(old);
        old = next;
    }
    cathaya_tls_session_free(old);
    for (int i = 0; i < 3; i++) { /* each brings the next */
        assert_int_equal(kind_served(server, session, &is_resumed, &next), CATHAYA_TLS_KIND_GM_LANDMARK);
        assert_true(is_resumed);
        assert_non_null(next);
        cathaya_tls_session_free(session);
        session = next;
        GOOD(cathaya_tls_ticket_keys_rotate(keys, &outer));
        cathaya_tls_server_set_ticket_keys(server, keys);
    }
    (void)kind_served(neighbour, session, &is_resumed, NULL);
    assert_false(is_resumed);
    cathaya_tls_session_free(session);
    /* With a key that both have. */
    cathaya_tls_ticket_keys_add(keys, shared);
    cathaya_tls_ticket_keys_add(others, shared);
    cathaya_tls_server_set_ticket_keys(server, keys);
    cathaya_tls_server_set_ticket_keys(neighbour, others);
    (void)kind_served(server, NULL, &is_resumed, &session);
    (void)kind_served(neighbour, session, &is_resumed, NULL);
    assert_true(is_resumed);
    cathaya_tls_session_free(session);
    cathaya_tls_server_set_ticket_keys(server, NULL);
    (void)kind_served(server, NULL, NULL, &session);
    assert_null(session);
    cathaya_tls_server_free(server);
    cathaya_tls_server_free(neighbour);
    cathaya_tls_ticket_keys_free(keys);
    cathaya_tls_ticket_keys_free(others);
    cathaya_tls_ticket_keys_free(NULL);
}

/* ---- what is taken and refused ---- */

static void facts(void **state)
{
    (void)state;
    static const char *const keys[] = {"SM2", "SM2", "SM2", "P-256", "P-256", "P-256"};
    static const char *const anchors[] = {"32473.1.1.1.5", "32473.1", "", "32473.2.1.1.5", "32473.2", ""};
    for (size_t i = 0; i < KINDS; i++) {
        struct cathaya_tls_credential_facts f;
        cathaya_tls_credential_describe(credentials[i], &f);
        assert_int_equal(f.kind, i + 1);
        assert_string_equal(f.key_type, keys[i]);
        assert_string_equal(f.trust_anchor, anchors[i]);
        assert_int_equal(f.chain_count, i % 3 == 2 ? 2 : 1);
        assert_true(f.chain_size > 200 && f.not_before <= AT_S && f.not_after > AT_S && f.name_count >= 1);
        assert_false(f.has_ocsp);
    }
}

static void bad_credentials(void **state)
{
    (void)state;
    static const uint8_t rubbish[] = "no response";
    struct cathaya_tls_credential *none;
    struct cathaya_tls_credential_settings s = {.chain_pem = text_of(&files[2].chain), .chain_pem_len = files[2].chain.len, .at = AT_S};
    says(cathaya_tls_credential_new(&s, &none, &outer), CATHAYA_USAGE, "there is none");
    s.key_pem = text_of(&files[0].key);
    s.key_pem_len = files[0].key.len;
    says(cathaya_tls_credential_new(&s, &none, &outer), CATHAYA_USAGE, "not the leaf's");
    assert_null(none);
    s.key_uri = "file:x";
    says(cathaya_tls_credential_new(&s, &none, &outer), CATHAYA_USAGE, "more than one");
    s = (struct cathaya_tls_credential_settings){.chain_pem = "x", .chain_pem_len = 1};
    says(cathaya_tls_credential_new(&s, &none, &outer), CATHAYA_USAGE, "no certificate");
    says(cathaya_tls_credential_with_ocsp(credentials[2], rubbish, sizeof rubbish, AT_S, &none, &outer), CATHAYA_USAGE, "OCSP");
    GOOD(cathaya_tls_credential_with_ocsp(credentials[2], NULL, 0, AT_S, &none, &outer));
    cathaya_tls_credential_free(none);
    cathaya_tls_credential_free(NULL);
}

static void bad_sites(void **state)
{
    (void)state;
    struct cathaya_tls_sites *none;
    struct cathaya_tls_site two[] = {whole_site(), whole_site()};
    static const char *const no_name[] = {"a b"};
    says(cathaya_tls_sites_new(two, 2, NULL, 0, &none, &outer), CATHAYA_CONFLICT, NAME);
    assert_null(none);
    two[0].names = no_name;
    two[0].name_count = 1;
    says(cathaya_tls_sites_new(two, 1, NULL, 0, &none, &outer), CATHAYA_USAGE, "");
    two[1].stage = (enum cathaya_tls_stage)9;
    says(cathaya_tls_sites_new(&two[1], 1, NULL, 0, &none, &outer), CATHAYA_USAGE, "stage");
    two[1].credential_count = 17;
    says(cathaya_tls_sites_new(&two[1], 1, NULL, 0, &none, &outer), CATHAYA_LIMIT, "16");
    says(cathaya_tls_sites_new(two, SIZE_MAX, NULL, 0, &none, &outer), CATHAYA_LIMIT, "too many");
    struct cathaya_tls_server_settings s = {.now = NULL};
    struct cathaya_tls_server *server;
    says(cathaya_tls_server_new(&s, sites, &server, &outer), CATHAYA_USAGE, "now is NULL");
    s = (struct cathaya_tls_server_settings){.now = test_clock, .trust_anchors_type = 10};
    says(cathaya_tls_server_new(&s, sites, &server, &outer), CATHAYA_USAGE, "0x000a");
    cathaya_tls_sites_free(NULL);
}

static void finding(void **state)
{
    (void)state;
    size_t index = 0;
    assert_true(cathaya_tls_sites_find(sites, "WWW.example.com.", &index));
    assert_int_equal(index, 7);
    assert_true(cathaya_tls_sites_find(sites, "other.example.com", &index));
    assert_false(cathaya_tls_sites_find(sites, "example.org", &index));
    assert_false(cathaya_tls_sites_find(sites, "", &index));
}

static void explained(void **state)
{
    (void)state;
    char text[16384];
    struct bytes hello = hello_of("gm-no-landmarks");
    static const char *const elsewhere[] = {"example.org"};
    GOOD(cathaya_tls_sites_explain(sites, hello.data, hello.len, AT_S, 0, text, sizeof text, &outer));
    assert_non_null(strstr(text, "gm-standalone in TLS 1.3 with TLS_SM4_GCM_SM3"));
    struct cathaya_tls_site site = whole_site();
    site.names = elsewhere;
    site.name_count = 1;
    struct cathaya_tls_sites *others = sites_of(&site, 1);
    says(cathaya_tls_sites_explain(others, hello.data, hello.len, AT_S, 0, text, sizeof text, &outer), CATHAYA_NOT_FOUND, "no site");
    says(cathaya_tls_sites_explain(others, hello.data, 9, AT_S, 0, text, sizeof text, &outer), CATHAYA_MALFORMED, "");
    cathaya_tls_sites_free(others);
    heap_free(hello);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_of_connections), cmocka_unit_test(policy_of_failures), cmocka_unit_test(each_client),
        cmocka_unit_test(failures),
        cmocka_unit_test(a_swap),
        cmocka_unit_test(tickets),
        cmocka_unit_test(facts),
        cmocka_unit_test(bad_credentials),
        cmocka_unit_test(bad_sites),
        cmocka_unit_test(finding),
        cmocka_unit_test(explained),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
