#include "test_sites/site_visit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/reader.h"
#include "codec/mtc/ca_certificate.h"
#include "codec/x509/certificate.h"
#include "fetch/fetch_exchange.h"
#include "judging/judging_basis.h"
#include "test_sites/site_ocsp.h"

/* A path from an intermediate up to its root, in the registry. */
#define ISSUERS_MAX 8
#define HTTPS_PORT 443

struct session {
    struct site_visit *visit;
    const struct registry_thing *thing, *top; /* what is shown; and the root, or the MTC CA */
    struct judging_basis *basis;
    struct tls_browser *browser;
    struct fetch_request request;
    struct fetch_result *result;
    struct bytes parts[PEER_CHAIN_MAX]; /* the certificates that came */
    size_t part_count;
};

static void say(struct session *s, bool is_passed, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(struct session *s, bool is_passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    s->visit->is_passed = is_passed;
    (void)vsnprintf(s->visit->text, sizeof s->visit->text, format, args);
    va_end(args);
    /* It goes into the registry, as one line, and may have words of the site in it, cut anywhere. */
    for (char *c = s->visit->text; *c != '\0'; c++)
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
}

/* ---- who is trusted ---- */

static enum status find_top(struct session *s, struct error *err)
{
    const struct registry *r = s->visit->registry;
    s->thing = registry_find_certificate(r, s->visit->site->thing_id);
    s->top = s->thing;
    for (size_t i = 0; i < ISSUERS_MAX && s->top != NULL && s->top->head.kind == REGISTRY_INTERMEDIATE; i++)
        s->top = registry_find_certificate(r, s->top->issuer_id);
    if (s->top == NULL || s->top->head.kind == REGISTRY_INTERMEDIATE)
        return error_set(err, STATUS_USAGE, "%s: no root or Merkle Tree CA in the registry", s->visit->site->thing_id);
    return STATUS_OK;
}

/* Revoked serial numbers of the registry, as a Merkle Tree CA has them: of 8 bytes. */
static bool read_serial(struct bytes serial, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < serial.len; i++)
        *out = *out << 8 | serial.data[i];
    return serial.len <= sizeof *out;
}

static enum status trust_mtc_ca(struct session *s, struct error *err)
{
    enum status status = trust_store_add_ca(s->basis->store, s->top->der, err);
    for (size_t i = 0; status == STATUS_OK && i < s->top->serials.count; i++) {
        const struct registry_serials *range = REGISTRY_PART(s->visit->registry, serials, serials, s->top->serials, i);
        uint64_t first, last;
        if (read_serial(range->first, &first) && read_serial(range->last, &last))
            status = trust_store_add_revoked(s->basis->store, &s->top->tai, first, last, err);
    }
    return status == STATUS_OK ? peer_trust_add_ca(s->basis->peer, s->top->der, err) : status;
}

static enum status trust_root(struct session *s, struct error *err)
{
    enum peer_world world = registry_is_sm2(s->top) ? PEER_WORLD_GM : PEER_WORLD_INTL;
    enum status status = peer_trust_add_root(s->basis->peer, world, s->top->der, 0, err);
    /* The site has to send its intermediates: only the one that it is to show is known beside them. */
    if (status == STATUS_OK && s->thing != s->top)
        status = peer_trust_add_intermediate(s->basis->peer, s->thing->der, err);
    return status;
}

static enum status make_browser(struct session *s, struct error *err)
{
    enum status status = judging_basis_new(s->visit->algorithms_file, &s->basis, err);
    if (status == STATUS_OK)
        status = s->top->head.kind == REGISTRY_MTC_CA ? trust_mtc_ca(s, err) : trust_root(s, err);
    if (status != STATUS_OK)
        return status;
    s->basis->has_trust = true;
    const struct tls_browser_settings settings = {.profile = "gm", .trust = s->basis->peer, .alpn = "http/1.1"};
    return tls_browser_new(&settings, &s->browser, err);
}

/* ---- the site ---- */

static enum status find_site(struct session *s, struct error *err)
{
    struct fetch_request *r = &s->request;
    enum status status = http_url_resolve(NULL, bytes_of_text(s->visit->site->url), &r->url, err);
    /* It is the CA's fault, and no reason to leave the others alone. */
    if (status != STATUS_OK || !r->url.is_https)
        return error_set(err, STATUS_IO, "it has no https URL");
    r->port = r->url.port != 0 ? r->url.port : HTTPS_PORT;
    r->timeout_ms = s->visit->timeout_ms;
    r->trust = s->basis->peer;
    return s->visit->connect != NULL ? fetch_addresses_parse(s->visit->connect, &r->addresses, err)
                                     : fetch_addresses_resolve(r->url.host, r->port, &r->addresses, err);
}

/* Also of a chain that was refused. */
static void read_chain(struct session *s)
{
    struct reader r, part;
    reader_init(&r, builder_view(&s->result->chain));
    for (s->part_count = 0; s->part_count < PEER_CHAIN_MAX && reader_vector_u24(&r, &part);)
        s->parts[s->part_count++] = reader_rest(&part);
}

static void visit_at(struct session *s, int64_t at_s)
{
    struct tls_browser_session *ticket = NULL;
    s->request.at_s = at_s;
    fetch_exchange_run(&s->request, s->browser, &ticket, s->result);
    tls_browser_session_free(ticket);
    read_chain(s);
}

static bool leaf_of(const struct session *s, struct certificate *leaf)
{
    return s->part_count > 0 && certificate_parse(s->parts[0], leaf, NULL) == STATUS_OK;
}

/* Did the path go through the intermediate that the site is to show? */
static bool shows_thing(const struct session *s)
{
    const struct peer_path *path = &s->result->report.peer.path;
    if (s->thing->head.kind == REGISTRY_MTC_CA || s->thing == s->top)
        return true;
    for (size_t i = 0; i < path->count; i++)
        if (bytes_equal(path->certificates[i].der, s->thing->der))
            return true;
    return false;
}

/* ---- the three kinds ---- */

static void judge_good(struct session *s)
{
    if (s->result->outcome != FETCH_OK)
        say(s, false, "%s", s->result->err.text);
    else if (!shows_thing(s))
        say(s, false, "its certificate does not lead to %s", s->thing->head.id);
    else
        say(s, true, "%s, %s, HTTP %d", s->result->report.version, s->result->report.suite, s->result->http_status);
}

static void judge_expired(struct session *s, const struct certificate *leaf)
{
    char when[CIVIL_TIME_TEXT_SIZE];
    int64_t end_s = leaf->not_after_s;
    civil_time_format(end_s, when);
    if (end_s >= s->visit->now_s) {
        say(s, false, "its certificate has not expired: it is valid until %s", when);
        return;
    }
    if (s->result->outcome == FETCH_OK) {
        say(s, false, "its certificate has expired, and the connection was made all the same");
        return;
    }
    visit_at(s, end_s);
    if (s->result->outcome == FETCH_UNTRUSTED)
        say(s, false, "before it expired (%s) it was not good either: %.250s", when, s->result->err.text);
    else if (s->result->outcome == FETCH_NO_PEER)
        say(s, false, "%.300s", s->result->err.text);
    else
        say(s, true, "refused: expired %s", when);
}

/* What was refused may have been refused for another reason; whoever revokes a certificate has had a good one. */
static void judge_revoked(struct session *s)
{
    char text[ERROR_TEXT_MAX];
    bool is_said = s->result->outcome == FETCH_UNTRUSTED && strstr(s->result->err.text, "revoked") != NULL;
    if (is_said) {
        say(s, true, "refused: %.300s", s->result->err.text);
        return;
    }
    if (s->result->outcome == FETCH_UNTRUSTED) {
        say(s, false, "refused, but not because it is revoked: %.300s", s->result->err.text);
        return;
    }
    struct site_ocsp ocsp = {.parts = s->parts, .count = s->part_count, .issuer = s->top->der,
                             .now_s = s->visit->now_s, .timeout_ms = s->visit->timeout_ms};
    if (s->top->head.kind == REGISTRY_MTC_CA)
        say(s, false, "accepted: the registry has its serial number in no range that is revoked");
    else if (site_ocsp_is_revoked(&ocsp, text, sizeof text))
        say(s, true, "its responder says: %.300s", text);
    else
        say(s, false, "not revoked: %.300s", text);
}

static void judge(struct session *s)
{
    struct certificate leaf;
    visit_at(s, s->visit->now_s);
    s->visit->is_reached = s->result->outcome != FETCH_NO_PEER;
    if (!s->visit->is_reached)
        say(s, false, "%s", s->result->err.text);
    else if (s->visit->site->kind == REGISTRY_SITE_GOOD)
        judge_good(s);
    else if (!leaf_of(s, &leaf))
        say(s, false, "it sent no certificate that can be read: %.300s", s->result->err.text);
    else if (s->visit->site->kind == REGISTRY_SITE_EXPIRED)
        judge_expired(s, &leaf);
    else
        judge_revoked(s);
}

enum status site_visit_run(struct site_visit *visit, struct error *err)
{
    struct session s = {.visit = visit};
    visit->is_passed = visit->is_reached = false;
    visit->text[0] = '\0';
    s.result = (struct fetch_result *)calloc(1, sizeof *s.result);
    if (s.result == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status status = find_top(&s, err);
    if (status == STATUS_OK)
        status = make_browser(&s, err);
    if (status == STATUS_OK) {
        status = find_site(&s, err);
        if (status == STATUS_OK)
            judge(&s);
        else if (status == STATUS_IO)
            say(&s, false, "%s", err->text);
    }
    fetch_exchange_clear(s.result);
    free(s.result);
    tls_browser_free(s.browser);
    judging_basis_free(s.basis);
    return status == STATUS_IO ? STATUS_OK : status;
}
