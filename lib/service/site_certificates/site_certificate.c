/* One wanted certificate in memory: its generations, its order. */
#include <stdlib.h>
#include <string.h>

#include "service/site_certificates/site_internal.h"

static void generation_clear(struct site_generation *g)
{
    builder_clear(&g->key);
    site_leaf_clear(&g->leaf);
    site_leaf_clear(&g->relative);
    memset(g, 0, sizeof *g);
}

struct site_certificate *site_certificate_new(struct site_certificates *owner, enum site_kind kind)
{
    struct site_certificate *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->owner = owner;
    c->kind = kind;
    builder_init(&c->order.key, KEY_PEM_MAX);
    return c;
}

void site_certificate_clear_order(struct site_certificate *c)
{
    builder_clear(&c->order.key);
    free(c->order.names);
    memset(&c->order, 0, sizeof c->order);
    builder_init(&c->order.key, KEY_PEM_MAX);
}

void site_certificate_free(struct site_certificate *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->generation_count; i++)
        generation_clear(&c->generations[i]);
    site_certificate_clear_order(c);
    free(c);
}

void site_certificate_remove(struct site_certificate *c, size_t index)
{
    generation_clear(&c->generations[index]);
    memmove(&c->generations[index], &c->generations[index + 1], (c->generation_count - index - 1) * sizeof c->generations[0]);
    memset(&c->generations[--c->generation_count], 0, sizeof c->generations[0]);
}

struct site_generation *site_certificate_push(struct site_certificate *c, uint64_t *dropped)
{
    *dropped = 0;
    if (c->generation_count == SITE_GENERATIONS_MAX) {
        *dropped = c->generations[SITE_GENERATIONS_MAX - 1].number;
        site_certificate_remove(c, SITE_GENERATIONS_MAX - 1);
    }
    memmove(&c->generations[1], &c->generations[0], c->generation_count * sizeof c->generations[0]);
    struct site_generation *g = &c->generations[0];
    memset(g, 0, sizeof *g);
    builder_init(&g->key, KEY_PEM_MAX);
    c->generation_count++;
    return g;
}

bool site_certificate_is_usable(const struct site_certificate *c, const struct site_generation *g, int64_t now_s)
{
    if (g->is_revoked || g->leaf.not_after_s < now_s || c->site == NULL)
        return false;
    for (size_t i = 0; i < c->site->name_count; i++)
        if (site_leaf_covers(&g->leaf, c->site->names[i]))
            return true;
    return false;
}

static bool covers_all(const struct site_certificate *c, const struct site_generation *g)
{
    for (size_t i = 0; i < c->site->name_count; i++)
        if (!site_leaf_covers(&g->leaf, c->site->names[i]))
            return false;
    return true;
}

static bool is_issuer_wanted(const struct site_certificate *c, const char *issuer)
{
    for (size_t i = 0; i < c->issuer_count; i++)
        if (strcmp(c->issuers[i], issuer) == 0)
            return true;
    return false;
}

bool site_certificate_is_wanting(struct site_certificate *c, int64_t now_s, const char **why)
{
    const struct site_generation *g = site_current(c);
    if (g == NULL)
        *why = "there is none";
    else if (g->is_revoked)
        *why = "it is revoked";
    else if (g->leaf.not_after_s < now_s)
        *why = "it has expired";
    else if (!covers_all(c, g))
        *why = "the names have changed";
    else if (!is_issuer_wanted(c, g->issuer))
        *why = "the issuer has changed";
    else if (strcmp(g->key_type, c->key_type) != 0)
        *why = "the kind of key has changed";
    else if (c->is_due)
        *why = "it was asked for";
    else if (c->renew_s <= now_s)
        *why = "it is time";
    else
        return false;
    return true;
}
