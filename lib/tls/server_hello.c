/* From a ClientHello to a credential, and to the suites and groups that go with it. */
#include "tls/tls_server_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/context.h"

#define EXT_SERVER_NAME 0
#define EXT_GROUPS 10
#define EXT_SCHEMES 13
#define EXT_ALPN 16
#define EXT_VERSIONS 43
#define EXT_CERT_SCHEMES 50
#define EXT_KEY_SHARE 51
#define VERSION_TLS12 0x0303
/* Reasons of all candidates; what does not fit is left out. */
#define DETAIL_SIZE 400
static_assert(CHOICE_REASON_COUNT <= 32, "a bit for each reason");

/* ---- reading ---- */

static bool get(SSL *ssl, unsigned type, struct bytes *data)
{
    const unsigned char *at = NULL;
    size_t len = 0;
    if (SSL_client_hello_get0_ext(ssl, type, &at, &len) != 1)
        return false;
    *data = bytes_of(at, len);
    return true;
}

static enum status read_versions(SSL *ssl, struct client_hello *hello)
{
    struct bytes data;
    hello->has_tls13 = hello->has_tls12 = false;
    if (get(ssl, EXT_VERSIONS, &data))
        return client_hello_read_versions(data, &hello->has_tls13, &hello->has_tls12, NULL);
    hello->has_tls12 = SSL_client_hello_get0_legacy_version(ssl) >= VERSION_TLS12;
    return STATUS_OK;
}

static enum status read_codes(SSL *ssl, unsigned type, struct client_hello_codes *out)
{
    struct bytes data;
    out->count = out->left_out_count = 0;
    return get(ssl, type, &data) ? client_hello_read_codes(data, out, NULL) : STATUS_OK;
}

static enum status read_names(SSL *ssl, struct client_hello *hello)
{
    struct bytes data;
    hello->server_name = bytes_of(NULL, 0);
    hello->alpn.count = 0;
    enum status s = STATUS_OK;
    if (get(ssl, EXT_SERVER_NAME, &data))
        s = client_hello_read_server_name(data, &hello->server_name, NULL);
    if (s == STATUS_OK && get(ssl, EXT_ALPN, &data))
        s = client_hello_read_alpn(data, &hello->alpn, NULL);
    return s;
}

static enum status read_anchors(SSL *ssl, uint16_t code_point, struct client_hello *hello)
{
    struct bytes data;
    trust_anchor_list_clear(&hello->trust_anchors);
    hello->has_trust_anchors = hello->has_tls13 && get(ssl, code_point, &data);
    return hello->has_trust_anchors
               ? trust_anchor_list_parse(data, TRUST_ANCHOR_REQUESTED, &hello->trust_anchors, NULL)
               : STATUS_OK;
}

static enum status read_hello(SSL *ssl, uint16_t code_point, struct client_hello *hello)
{
    struct bytes data;
    const unsigned char *suites = NULL;
    size_t len = SSL_client_hello_get0_ciphers(ssl, &suites);
    enum status s = read_versions(ssl, hello);
    if (s == STATUS_OK)
        s = client_hello_read_suites(bytes_of(suites, len), &hello->suites, NULL);
    if (s == STATUS_OK)
        s = read_codes(ssl, EXT_GROUPS, &hello->groups);
    if (s == STATUS_OK)
        s = read_codes(ssl, EXT_SCHEMES, &hello->schemes);
    if (s == STATUS_OK)
        s = read_codes(ssl, EXT_CERT_SCHEMES, &hello->cert_schemes);
    hello->has_cert_schemes = get(ssl, EXT_CERT_SCHEMES, &data);
    hello->key_shares.count = 0;
    if (s == STATUS_OK && get(ssl, EXT_KEY_SHARE, &data))
        s = client_hello_read_key_shares(data, &hello->key_shares, NULL);
    if (s == STATUS_OK)
        s = read_names(ssl, hello);
    return s == STATUS_OK ? read_anchors(ssl, code_point, hello) : s;
}

/* ---- failing ---- */

static int fail(struct server_connection *c, int *alert, int which, enum tls_failure failure, const char *detail)
{
    *alert = which;
    c->failure = failure;
    c->detail = strdup(detail);
    return SSL_CLIENT_HELLO_ERROR;
}

/* What stands against the candidates: each reason once, with the kinds that it is about. */
static void write_reasons(const struct server_connection *c, struct builder *out)
{
    const struct choice *choice = &c->server->choice;
    uint32_t told = 0; /* a bit for each reason */
    for (size_t i = 0; i < choice->candidate_count; i++) {
        uint32_t bit = UINT32_C(1) << choice->reasons[i], kinds = 0;
        if ((told & bit) != 0)
            continue;
        builder_printf(out, "%s %s (", told == 0 ? ":" : ";", certificate_choice_reason_text(choice->reasons[i]));
        for (size_t j = i; j < choice->candidate_count; j++) {
            enum credential_kind kind = c->site->candidates[j].kind;
            if (choice->reasons[j] != choice->reasons[i] || (kinds & (UINT32_C(1) << kind)) != 0)
                continue;
            builder_printf(out, "%s%s", kinds == 0 ? "" : ", ", certificate_choice_kind_name(kind));
            kinds |= UINT32_C(1) << kind;
        }
        builder_text(out, ")");
        told |= bit;
    }
}

static int fail_choice(struct server_connection *c, int *alert)
{
    char text[DETAIL_SIZE];
    struct builder b;
    builder_init_fixed(&b, text, sizeof text - 1);
    builder_text(&b, c->site->credential_count == 0 ? "the site has no certificate yet" : "no certificate for this client");
    write_reasons(c, &b);
    text[b.len] = '\0';
    return fail(c, alert, SSL_AD_HANDSHAKE_FAILURE, TLS_FAILURE_NO_CREDENTIAL, text);
}

/* ---- restricting ---- */

static bool restrict_group(SSL *ssl, const struct choice *choice)
{
    const struct tls_group_name *group = tls_names_group(choice->group);
    return group != NULL && group->openssl_name != NULL &&
           SSL_set1_groups_list(ssl, (void *)(uintptr_t)group->openssl_name) == 1;
}

/* The context has the international suites, of which libssl takes the one that the client likes best, as the
 * choice does; a GM connection has its one suite. */
static bool restrict_suites(SSL *ssl, const struct choice *choice)
{
    const struct tls_suite_name *suite = choice->suite_count > 0 ? tls_names_suite(choice->suites[0]) : NULL;
    if (suite == NULL || suite->world != TLS_WORLD_GM)
        return suite != NULL;
    return suite->openssl_name != NULL && SSL_set_ciphersuites(ssl, suite->openssl_name) == 1;
}

static bool restrict_tickets(SSL *ssl, struct server_connection *c)
{
    c->is_ticketless = c->is_acme || c->server->ticket_keys.count == 0 || (c->site != NULL && c->site->is_ticketless);
    if (!c->is_ticketless)
        return SSL_set_session_id_context(ssl, c->site->session_context, SITE_SESSION_CONTEXT_SIZE) == 1;
    (void)SSL_set_options(ssl, SSL_OP_NO_TICKET);
    return SSL_set_num_tickets(ssl, 0) == 1;
}

static bool say_anchors(struct server_connection *c)
{
    const struct choice *choice = &c->server->choice;
    struct tai ids[CHOICE_CANDIDATES_MAX];
    struct builder b;
    size_t count = 0, len;
    c->anchors = (struct trust_anchors){.is_confirmed = choice->is_anchor_matched};
    c->is_anchor_confirmed = choice->is_anchor_matched;
    for (size_t i = 0; i < choice->available_count; i++)
        if (c->site->candidates[choice->available[i]].properties != NULL)
            ids[count++] = c->site->candidates[choice->available[i]].properties->trust_anchor_id;
    if (count == 0)
        return true;
    builder_init(&b, TRUST_ANCHOR_LIST_SIZE_MAX);
    if (trust_anchor_list_write(ids, count, TRUST_ANCHOR_AVAILABLE, &b, NULL) == STATUS_OK) {
        c->available = builder_take(&b, &len);
        c->anchors.available = bytes_of(c->available, c->available != NULL ? len : 0);
    }
    builder_clear(&b);
    return c->available != NULL;
}

static int apply(SSL *ssl, struct server_connection *c, struct tls_credential *credential, int *alert)
{
    const struct choice *choice = &c->server->choice;
    c->credential = tls_credential_keep(credential);
    c->has_kind = !c->is_acme;
    c->kind = credential->facts.kind;
    c->until_s = credential->facts.not_after_s;
    /* The version is libssl's: were it restricted, a client would not be told that it could have had TLS 1.3. */
    bool ok = restrict_group(ssl, choice) && restrict_suites(ssl, choice) && restrict_tickets(ssl, c);
    if (ok && c->has_trust_anchors && !c->is_acme)
        ok = say_anchors(c) && trust_anchors_attach(ssl, &c->anchors);
    if (ok)
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_INTERNAL_ERROR;
    return fail(c, alert, SSL_AD_INTERNAL_ERROR, TLS_FAILURE_INTERNAL, context_openssl_reason());
}

/* ---- choosing ---- */

static int choose_challenge(SSL *ssl, struct server_connection *c, int *alert)
{
    struct tls_server *server = c->server;
    struct tls_credential *credential = tls_sites_challenge(c->sites, server->hello.server_name);
    if (credential == NULL)
        return fail(c, alert, SSL_AD_NO_APPLICATION_PROTOCOL, TLS_FAILURE_NO_CHALLENGE,
                    "no tls-alpn-01 challenge for this name");
    struct choice_client client = client_hello_offer(&server->hello);
    struct choice_candidate candidate = credential->candidate;
    struct choice_settings settings = {.stage = STAGE_CLASSIC, .now_s = server->now_s(server->context)};
    /* Nobody asks how long it is valid [RFC8737 3]. */
    candidate.not_before_s = INT64_MIN;
    candidate.not_after_s = INT64_MAX;
    certificate_choice_make(&client, &candidate, 1, &settings, &server->choice);
    if (server->choice.index == CHOICE_NONE)
        return fail(c, alert, SSL_AD_HANDSHAKE_FAILURE, TLS_FAILURE_NO_CREDENTIAL,
                    certificate_choice_reason_text(server->choice.reasons[0]));
    c->is_acme = true;
    c->choice = "it answers tls-alpn-01";
    memcpy(c->alpn, SERVER_ACME_PROTOCOL, sizeof SERVER_ACME_PROTOCOL);
    return apply(ssl, c, credential, alert);
}

/* False: the client offers protocols, and none of the site's. */
static bool choose_protocol(struct server_connection *c)
{
    const struct client_hello_alpn *offered = &c->server->hello.alpn;
    if (offered->count == 0 || c->site->alpn_count == 0)
        return true;
    for (size_t i = 0; i < c->site->alpn_count; i++)
        for (size_t j = 0; j < offered->count; j++)
            if (bytes_is_text(offered->protocols[j], c->site->alpn[i])) {
                memcpy(c->alpn, c->site->alpn[i], sizeof c->alpn);
                return true;
            }
    return false;
}

static int choose_credential(SSL *ssl, struct server_connection *c, int *alert)
{
    struct tls_server *server = c->server;
    struct choice_client client = client_hello_offer(&server->hello);
    struct choice_settings settings = {
        .stage = c->site->stage,
        .now_s = server->now_s(server->context),
        .is_mtc_without_trust_anchors = c->site->is_mtc_without_trust_anchors,
    };
    if (!choose_protocol(c))
        return fail(c, alert, SSL_AD_NO_APPLICATION_PROTOCOL, TLS_FAILURE_NO_PROTOCOL,
                    "no protocol in common (ALPN)");
    certificate_choice_make(&client, c->site->candidates, c->site->credential_count, &settings, &server->choice);
    if (server->choice.index == CHOICE_NONE)
        return fail_choice(c, alert);
    c->choice = certificate_choice_reason_text(server->choice.reasons[server->choice.index]);
    return apply(ssl, c, c->site->credentials[server->choice.index], alert);
}

static int choose_site(SSL *ssl, struct server_connection *c, int *alert)
{
    const struct client_hello *hello = &c->server->hello;
    bool is_by_name = false;
    if (c->server->sites == NULL)
        return fail(c, alert, SSL_AD_UNRECOGNIZED_NAME, TLS_FAILURE_UNKNOWN_NAME, "there are no sites");
    c->sites = tls_sites_keep(c->server->sites);
    if (hello->alpn.count == 1 && bytes_is_text(hello->alpn.protocols[0], SERVER_ACME_PROTOCOL))
        return choose_challenge(ssl, c, alert);
    c->site = tls_sites_lookup(c->sites, hello->server_name, &is_by_name);
    if (c->site == NULL && hello->server_name.len == 0)
        return fail(c, alert, SSL_AD_UNRECOGNIZED_NAME, TLS_FAILURE_UNKNOWN_NAME,
                    "no server name, and no default site");
    if (c->site == NULL)
        return fail(c, alert, SSL_AD_UNRECOGNIZED_NAME, TLS_FAILURE_UNKNOWN_NAME, "no site of this name");
    c->has_site = true;
    c->site_index = c->site->index;
    return choose_credential(ssl, c, alert);
}

static char *copy_name(struct bytes name)
{
    char *copy = name.len > 0 ? malloc(name.len + 1) : NULL;
    if (copy == NULL)
        return NULL;
    memcpy(copy, name.data, name.len);
    copy[name.len] = '\0';
    return copy;
}

int server_hello_choose(SSL *ssl, int *alert, void *argument)
{
    struct server_connection *c = server_connection_of(ssl);
    struct client_hello *hello = &c->server->hello;
    (void)argument;
    c->hello_len = BIO_number_read(SSL_get_rbio(ssl));
    if (c->is_chosen) {
        /* After a HelloRetryRequest the choice stands, whatever has changed in the meantime. */
        c->is_retried = true;
        c->retry_len = BIO_number_written(SSL_get_wbio(ssl));
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    c->is_chosen = true;
    if (read_hello(ssl, c->server->code_point, hello) != STATUS_OK)
        return fail(c, alert, SSL_AD_DECODE_ERROR, TLS_FAILURE_MALFORMED, "the ClientHello is malformed");
    c->sni = copy_name(hello->server_name);
    c->has_trust_anchors = hello->has_trust_anchors;
    if (!hello->has_tls13 && !hello->has_tls12)
        return SSL_CLIENT_HELLO_SUCCESS; /* libssl knows the alert for that */
    return choose_site(ssl, c, alert);
}
