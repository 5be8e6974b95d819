#include "tls/peer_anchors.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/text.h"
#include "codec/x509/certificate.h"
#include "crypto/context.h"
#include "tls/classic_certificate.h"
#include "tls/peer_trust_parts.h"

void peer_anchors_init(struct peer_anchors *anchors)
{
    anchors->entries = array_of(sizeof(struct peer_entry *), PEER_TRUST_CERTIFICATES_MAX);
}

const struct peer_entry *peer_anchors_at(const struct peer_anchors *anchors, size_t i)
{
    return *(struct peer_entry *const *)array_at(&anchors->entries, i);
}

/* ---- copies ---- */

/* Without memory its data are NULL. */
static struct bytes copy_bytes(struct bytes from)
{
    return bytes_of(text_dup(from), from.len);
}

static void free_bytes(struct bytes b)
{
    free((uint8_t *)(uintptr_t)b.data);
}

static bool copy_names(const struct bytes *from, size_t count, const struct bytes **out)
{
    struct bytes *names = count > 0 ? calloc(count, sizeof *names) : NULL;
    *out = names;
    for (size_t i = 0; names != NULL && i < count; i++)
        if ((names[i] = copy_bytes(from[i])).data == NULL)
            return false;
    return count == 0 || names != NULL;
}

static void free_names(const struct bytes *names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++)
        free_bytes(names[i]);
    free((struct bytes *)(uintptr_t)names);
}

static bool copy_serials(struct peer_anchor *a, const struct trust_bundle_serials *from)
{
    a->serials = NULL;
    if (a->serial_count == 0)
        return true;
    struct trust_bundle_serials *serials = calloc(a->serial_count, sizeof *serials);
    if (serials != NULL)
        memcpy(serials, from, a->serial_count * sizeof *serials);
    a->serials = serials;
    return serials != NULL;
}

static void free_anchor(struct peer_anchor *a)
{
    free_bytes(a->der);
    free_names(a->permitted, a->permitted_count);
    free_names(a->excluded, a->excluded_count);
    free((struct trust_bundle_serials *)(uintptr_t)a->serials);
}

/* All parts are set, so that free_anchor may follow a failure. */
static bool copy_anchor(const struct peer_anchor *from, struct peer_anchor *out)
{
    *out = *from;
    out->der = copy_bytes(from->der);
    bool ok = copy_names(from->permitted, from->permitted_count, &out->permitted);
    ok = copy_names(from->excluded, from->excluded_count, &out->excluded) && ok;
    ok = copy_serials(out, from->serials) && ok;
    return ok && out->der.data != NULL;
}

static void free_entry(struct peer_entry *entry)
{
    X509_free(entry->cert);
    free_anchor(&entry->anchor);
    free(entry);
}

void peer_anchors_clear(struct peer_anchors *anchors)
{
    for (size_t i = 0; i < anchors->entries.count; i++)
        free_entry(*(struct peer_entry **)array_at(&anchors->entries, i));
    array_clear(&anchors->entries);
}

/* ---- questions ---- */

static bool hash_of(const X509_NAME *name, unsigned long *hash)
{
    int ok = 0;
    *hash = X509_NAME_hash_ex(name, context_library(), context_properties(), &ok);
    return ok == 1;
}

/* The place of the first entry whose hash is not smaller, or, with is_after, of the first that is larger. */
static size_t bound(const struct peer_anchors *anchors, unsigned long hash, bool is_after)
{
    size_t low = 0, high = anchors->entries.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        unsigned long there = peer_anchors_at(anchors, middle)->subject;
        if (there < hash || (is_after && there == hash))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t peer_anchors_named(const struct peer_anchors *anchors, const X509_NAME *name, size_t *first)
{
    unsigned long hash;
    *first = 0;
    if (!hash_of(name, &hash))
        return 0;
    *first = bound(anchors, hash, false);
    return bound(anchors, hash, true) - *first;
}

const struct peer_entry *peer_anchors_find(const struct peer_anchors *anchors, const X509 *cert)
{
    size_t first, count = peer_anchors_named(anchors, X509_get_subject_name(cert), &first);
    for (size_t i = first; i < first + count; i++)
        if (X509_cmp(peer_anchors_at(anchors, i)->cert, cert) == 0)
            return peer_anchors_at(anchors, i);
    return NULL;
}

/* ---- adding ---- */

static enum status parse(struct bytes der, struct peer_entry *entry, struct error *err)
{
    if (der.len > CERTIFICATE_SIZE_MAX || (entry->cert = classic_certificate_parse(der)) == NULL)
        return error_set(err, STATUS_MALFORMED, "not a certificate in DER: %s", context_openssl_reason());
    entry->anchor.world = peer_trust_key_world(entry->cert);
    if (entry->anchor.world == PEER_WORLD_NONE)
        return error_set(err, STATUS_MALFORMED, "the certificate's key cannot be read: %s", context_openssl_reason());
    /* The library keeps what it finds in the extensions with the certificate: it is looked for now, not by many threads at once. */
    (void)X509_check_purpose(entry->cert, -1, 0);
    if (!hash_of(X509_get_subject_name(entry->cert), &entry->subject))
        return error_set(err, STATUS_NO_MEMORY, "trust: %s", context_openssl_reason());
    return STATUS_OK;
}

static enum status insert(struct peer_anchors *anchors, struct peer_entry *entry, struct error *err)
{
    size_t first, count = peer_anchors_named(anchors, X509_get_subject_name(entry->cert), &first);
    for (size_t i = first; i < first + count; i++) {
        struct peer_entry **old = array_at(&anchors->entries, i);
        if (X509_cmp((*old)->cert, entry->cert) != 0)
            continue;
        entry->number = (*old)->number;
        free_entry(*old);
        *old = entry;
        return STATUS_OK;
    }
    entry->number = anchors->entries.count;
    return array_insert(&anchors->entries, first + count, &entry, "trusted certificates", err);
}

enum status peer_anchors_add(struct peer_anchors *anchors, const struct peer_anchor *anchor, struct error *err)
{
    struct peer_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = copy_anchor(anchor, &entry->anchor) ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = parse(anchor->der, entry, err);
    if (s == STATUS_OK && anchor->world != PEER_WORLD_NONE && anchor->world != entry->anchor.world)
        s = error_set(err, STATUS_REFUSED, "the certificate's key is not of this world: a GM one has an SM2 key, and no other has one");
    if (s == STATUS_OK)
        s = insert(anchors, entry, err);
    if (s != STATUS_OK)
        free_entry(entry);
    return s;
}
