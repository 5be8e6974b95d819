/* What a site is served with now, and telling when that changes. */
#include <string.h>

#include "crypto/hash.h"
#include "service/site_certificates/site_internal.h"

#define CREDENTIALS_MAX (SITE_KINDS * SITE_GENERATIONS_MAX * 2)

struct deployment {
    struct site_credential list[CREDENTIALS_MAX];
    size_t count;
    struct builder text; /* what the hash is made of */
};

static bool has_uri(const struct site_certificate *c)
{
    return c->issuer_count == 0 && c->key_uri[0] != '\0';
}

static struct site_credential credential_of(const struct site_certificate *c, const struct site_leaf *leaf, const struct builder *key)
{
    return (struct site_credential){
        .kind = c->kind, .is_landmark = leaf->has_negotiation, .chain = builder_view(&leaf->chain),
        .properties = builder_view(&leaf->properties), .key_pem = builder_view(key), .key_uri = has_uri(c) ? c->key_uri : NULL,
        .key_provider = has_uri(c) ? c->key_provider : NULL, .not_before_s = leaf->not_before_s, .not_after_s = leaf->not_after_s,
        .ocsp_url = leaf->ocsp_url};
}

static enum status refuse(enum status s, const char *why, struct error *err)
{
    return s == STATUS_OK ? s : error_prefix(err, s == STATUS_NO_MEMORY ? STATUS_AGAIN : STATUS_REFUSED, "%s", why);
}

/* A key behind a URI may be out of reach for a moment: that is no reason against a certificate. And a restart is none to take down
 * what was served before it. */
enum status site_deploy_check(const struct site_certificate *c, const struct site_leaf *leaf, const struct builder *key, struct error *err)
{
    const struct site_certificates_config *config = &c->owner->config;
    const struct site_credential credential = credential_of(c, leaf, key);
    enum status s = STATUS_OK;
    if (config->check != NULL && !has_uri(c))
        s = refuse(config->check(config->context, &credential, err), "cannot be served", err);
    if (s == STATUS_OK && config->judge != NULL && c->site != NULL && !site_files_was_served(c, leaf))
        s = refuse(config->judge(config->context, c->site->name, &credential, err), "not deployed", err);
    return s;
}

static void add(struct deployment *d, const struct site_certificate *c, const struct site_generation *g, const struct site_leaf *leaf,
                bool is_old)
{
    uint8_t hash[32] = {0};
    struct site_credential *out = &d->list[d->count++];
    *out = credential_of(c, leaf, &g->key);
    out->is_old = is_old;
    out->generation = g->number;
    if (!site_state_hash(leaf, hash)) /* then it is deployed once too often */
        builder_u64(&d->text, (uint64_t)c->owner->config.clock.now_ms(c->owner->config.clock.context));
    builder_u8(&d->text, (uint8_t)c->kind);
    builder_u8(&d->text, is_old);
    builder_u64(&d->text, g->number);
    builder_bytes(&d->text, BYTES_OF(hash));
    builder_text(&d->text, has_uri(c) ? c->key_uri : "");
    builder_u8(&d->text, 0);
}

/* Old ones beside the new one only where clients choose between them: those that do not know the new one's landmark yet
 * know the old one's [MTC 11]. A classic one is simply replaced. */
static void add_certificate(struct deployment *d, const struct site_certificate *c, int64_t now_s)
{
    size_t added = 0;
    for (size_t i = 0; i < c->generation_count; i++) {
        const struct site_generation *g = &c->generations[i];
        if (!site_certificate_is_usable(c, g, now_s) || (added > 0 && !site_kind_is_mtc(c->kind)))
            continue;
        if (g->landmark == SITE_LANDMARK_HERE)
            add(d, c, g, &g->relative, added > 0);
        add(d, c, g, &g->leaf, added > 0);
        added++;
    }
}

void site_deploy_look(struct site_certificates *sc, struct site_entry *site, int64_t now_s)
{
    struct deployment d = {.count = 0};
    uint8_t hash[32] = {0};
    builder_init(&d.text, (size_t)1 << 20);
    for (unsigned kind = 0; kind < SITE_KINDS; kind++)
        if (site->certificates[kind] != NULL)
            add_certificate(&d, site->certificates[kind], now_s);
    const struct bytes text = builder_view(&d.text);
    bool has_hash = hash_label_sha256(&text, 1, hash);
    builder_clear(&d.text);
    if (has_hash && site->is_deployed && memcmp(hash, site->deployed, sizeof hash) == 0)
        return;
    memcpy(site->deployed, hash, sizeof hash);
    site->is_deployed = true;
    sc->config.on_change(sc->config.context, site->name, d.list, d.count);
}
