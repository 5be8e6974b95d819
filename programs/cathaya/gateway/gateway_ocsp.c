#include "gateway/gateway_ocsp.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_MS 15000
/* A request has a certificate ID and little else. */
#define REQUEST_MAX 1024
/* After a failure, and while a responder says "try later". */
#define RETRY_S 300
/* A response without a nextUpdate says that there is always a newer one [RFC6960 2.4]. */
#define NO_UPDATE_S 3600
/* Sites times classic kinds times generations. */
#define ENTRIES_MAX 10000

/* What is known about one leaf. */
struct entry {
    struct gateway_ocsp *ocsp;
    uint8_t leaf[32];         /* its fingerprint */
    struct builder response;  /* empty: none */
    int64_t ask_s;            /* when to ask next */
    int64_t until_s;          /* of the response that was stapled last */
    bool is_asking, is_used;
    bool is_revoked;          /* as the last response says */
    bool is_new;              /* the response came since it was looked at last */
};

struct gateway_ocsp {
    struct gateway_ocsp_ports ports;
    struct entry **entries;
    size_t count;
    uint64_t timer;
};

static int64_t now_s(const struct gateway_ocsp *o)
{
    return o->ports.clock.now_ms(o->ports.clock.context) / 1000;
}

static void on_time(void *cookie)
{
    struct gateway_ocsp *o = cookie;
    gateway_ocsp_look(o);
    o->timer = o->ports.timer.start(o->ports.timer.context, GATEWAY_OCSP_LOOK_MS, on_time, o);
}

enum status gateway_ocsp_new(const struct gateway_ocsp_ports *ports, struct gateway_ocsp **out, struct error *err)
{
    struct gateway_ocsp *o = calloc(1, sizeof *o);
    *out = o;
    if (o == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    o->ports = *ports;
    o->timer = ports->timer.start(ports->timer.context, 0, on_time, o);
    return STATUS_OK;
}

void gateway_ocsp_free(struct gateway_ocsp *o)
{
    if (o == NULL)
        return;
    for (size_t i = 0; i < o->count; i++) {
        builder_clear(&o->entries[i]->response);
        free(o->entries[i]);
    }
    free(o->entries);
    free(o);
}

/* ---- entries ---- */

static struct entry *find(struct gateway_ocsp *o, const uint8_t leaf[32])
{
    for (size_t i = 0; i < o->count; i++)
        if (memcmp(o->entries[i]->leaf, leaf, 32) == 0)
            return o->entries[i];
    struct entry **more = o->count < ENTRIES_MAX ? realloc(o->entries, (o->count + 1) * sizeof(struct entry *)) : NULL;
    if (more == NULL)
        return NULL;
    o->entries = more;
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->ocsp = o;
    memcpy(e->leaf, leaf, 32);
    builder_init(&e->response, TLS_CREDENTIAL_OCSP_MAX);
    o->entries[o->count++] = e;
    return e;
}

/* Of certificates that nobody serves any more. */
static void drop_unused(struct gateway_ocsp *o)
{
    size_t kept = 0;
    for (size_t i = 0; i < o->count; i++) {
        struct entry *e = o->entries[i];
        if (e->is_used || e->is_asking) {
            o->entries[kept++] = e;
        } else {
            builder_clear(&e->response);
            free(e);
        }
    }
    o->count = kept;
}

/* ---- asking ---- */

static void keep_response(struct entry *e, const struct fetch_response *r)
{
    builder_reset(&e->response);
    builder_bytes(&e->response, r->body);
    if (!builder_is_good(&e->response))
        builder_reset(&e->response);
    e->is_new = true;
}

static void answered(void *cookie, const struct fetch_response *r)
{
    struct entry *e = cookie;
    bool is_good = r->failure == FETCH_NO_FAILURE && r->status == 200 && !r->is_cut;
    e->is_asking = false;
    e->ask_s = now_s(e->ocsp) + RETRY_S;
    if (r->failure == FETCH_STOPPED)
        return;
    if (is_good)
        keep_response(e, r);
    else
        events_report(e->ocsp->ports.events, EVENT_WARNING, "ocsp-not-answered", {"reason", r->failure_text});
    gateway_ocsp_look(e->ocsp);
}

static void ask(struct entry *e, const struct tls_credential *credential)
{
    struct gateway_ocsp *o = e->ocsp;
    struct error err;
    struct builder body;
    builder_init(&body, REQUEST_MAX);
    enum status s = tls_credential_ocsp_request(credential, &body, &err);
    struct fetch_request request = {
        .method = "POST",
        .url = tls_credential_facts(credential)->ocsp_url,
        .body = builder_view(&body),
        .content_type = "application/ocsp-request",
        .accept = "application/ocsp-response",
        .timeout_ms = REQUEST_MS,
        .response_max = TLS_CREDENTIAL_OCSP_MAX,
    };
    if (s == STATUS_OK)
        s = o->ports.fetch.start(o->ports.fetch.context, &request, answered, e, &err);
    e->is_asking = s == STATUS_OK;
    e->ask_s = now_s(o) + RETRY_S;
    if (s != STATUS_OK)
        events_report(o->ports.events, EVENT_WARNING, "ocsp-not-asked", {"reason", err.text});
    builder_clear(&body);
}

/* ---- stapling ---- */

/* A response is renewed when half of its time is over. */
static bool staple(struct entry *e, size_t site, size_t i)
{
    struct gateway_ocsp *o = e->ocsp;
    struct error err;
    size_t count;
    int64_t now = now_s(o);
    enum status s = gateway_deploy_staple(o->ports.deploy, site, i, builder_view(&e->response), now, &err);
    e->is_revoked = s == STATUS_REFUSED;
    if (s != STATUS_OK) {
        events_report(o->ports.events, e->is_revoked ? EVENT_ERROR : EVENT_WARNING, "ocsp-not-stapled",
                      {"site", gateway_deploy_site_title(o->ports.deploy, site)}, {"reason", err.text});
        builder_reset(&e->response);
        return false;
    }
    const struct tls_credential *credential = gateway_deploy_credentials(o->ports.deploy, site, &count)[i];
    int64_t until_s = tls_credential_facts(credential)->ocsp_until_s;
    e->until_s = until_s;
    e->ask_s = until_s == INT64_MAX ? now + NO_UPDATE_S : now + (until_s - now) / 2;
    return true;
}

/* One that runs out before it is looked at again is worse than none, and so is one that is not true any more. */
static void unstaple(struct entry *e, size_t site, size_t i)
{
    struct error err;
    builder_reset(&e->response);
    if (gateway_deploy_staple(e->ocsp->ports.deploy, site, i, bytes_of(NULL, 0), now_s(e->ocsp), &err) != STATUS_OK)
        events_report(e->ocsp->ports.events, EVENT_ERROR, "ocsp-not-removed", {"reason", err.text});
}

/* Several sites may have one certificate, and it may be deployed anew without its response. */
static void look_at(struct gateway_ocsp *o, size_t site, size_t i, const struct tls_credential *credential)
{
    const struct tls_credential_facts *facts = tls_credential_facts(credential);
    struct entry *e = facts->ocsp_url != NULL ? find(o, facts->fingerprint) : NULL;
    int64_t now = now_s(o);
    if (e == NULL)
        return;
    e->is_used = true;
    if (!e->is_asking && now >= e->ask_s && facts->not_after_s > now)
        ask(e, credential);
    bool has_ocsp = facts->has_ocsp;
    bool is_stale = has_ocsp && facts->ocsp_until_s - GATEWAY_OCSP_LOOK_MS / 1000 <= now;
    bool is_other = e->is_new || !has_ocsp || facts->ocsp_until_s != e->until_s;
    if (e->response.len > 0 && is_other && staple(e, site, i))
        return; /* the credential is another one now */
    if (has_ocsp && (is_stale || e->is_revoked))
        unstaple(e, site, i);
}

static void look_at_site(struct gateway_ocsp *o, size_t site)
{
    size_t count;
    struct tls_credential *const *credentials = gateway_deploy_credentials(o->ports.deploy, site, &count);
    for (size_t i = 0; i < count; i++)
        look_at(o, site, i, credentials[i]);
}

void gateway_ocsp_look_site(struct gateway_ocsp *o, const char *title)
{
    for (size_t site = 0; site < gateway_deploy_site_count(o->ports.deploy); site++)
        if (strcmp(gateway_deploy_site_title(o->ports.deploy, site), title) == 0)
            look_at_site(o, site);
}

void gateway_ocsp_look(struct gateway_ocsp *o)
{
    for (size_t i = 0; i < o->count; i++)
        o->entries[i]->is_used = false;
    for (size_t site = 0; site < gateway_deploy_site_count(o->ports.deploy); site++)
        look_at_site(o, site);
    for (size_t i = 0; i < o->count; i++)
        o->entries[i]->is_new = false;
    drop_unused(o);
}
