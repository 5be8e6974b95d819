/* What is wanted: checked, copied, and brought together with what is there. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/csr_make.h"
#include "crypto/hash.h"
#include "rules/dns_name.h"
#include "service/site_certificates/site_internal.h"

/* "sites/" NAME "/intl-classic" stays below SITE_DIRECTORY_SIZE. */
#define NAME_PART_MAX 64
#define NAME_PART_KEPT 46 /* and "_" and 16 digits of a hash */

/* ---- names of directories ---- */

/* Letters, digits, '-' and '.' as they are, in lower case, and the rest as _xx: two names never share a directory. A very
 * long one is cut, with a hash of the whole. */
static void write_directory(const char *site, enum site_kind kind, char out[SITE_DIRECTORY_SIZE])
{
    char part[3 * SITE_NAME_SIZE + 1], digits[65];
    uint8_t hash[32] = {0};
    size_t len = 0;
    for (const char *at = site; *at != '\0'; at++) {
        char ch = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
        bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || (ch == '.' && len > 0);
        len += (size_t)snprintf(part + len, sizeof part - len, is_plain ? "%c" : "_%02x", (unsigned char)ch);
    }
    const struct bytes whole = bytes_of(part, len);
    if (len > NAME_PART_MAX && hash_label_sha256(&whole, 1, hash)) {
        text_hex(BYTES_OF(hash), digits);
        (void)snprintf(part + NAME_PART_KEPT, sizeof part - NAME_PART_KEPT, "_%.16s", digits);
    }
    (void)snprintf(out, SITE_DIRECTORY_SIZE, "sites/%.*s/%s", NAME_PART_MAX, part, site_kind_name(kind));
}

/* ---- checks ---- */

static bool fits(const char *text, size_t size)
{
    return text == NULL || strlen(text) < size;
}

static bool has_issuer(const struct site_issuer *issuers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(issuers[i].name, name) == 0)
            return true;
    return false;
}

static enum status check_name(const char *name, struct error *err)
{
    uint8_t address[16];
    size_t len;
    if (ip_address_parse(bytes_of_text(name), address, &len))
        return STATUS_OK;
    enum status s = dns_name_check_host(bytes_of_text(name), true, err);
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "%.100s", name);
}

static enum status check_wanted(const struct site_wanted *w, const struct site_issuer *issuers, size_t issuer_count, struct error *err)
{
    bool is_files = w->issuer_count == 0;
    if (w->issuer_count > SITE_ISSUERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d issuers", SITE_ISSUERS_MAX);
    if (is_files != (w->chain_file != NULL) || (is_files && (w->key_file != NULL) == (w->key_uri != NULL)))
        return error_set(err, STATUS_USAGE, "wanted are issuers, or a file of a chain with a file or URI of its key");
    if (!fits(w->chain_file, SITE_PATH_SIZE) || !fits(w->key_file, SITE_PATH_SIZE) || !fits(w->key_uri, SITE_PATH_SIZE) ||
        !fits(w->key_provider, SITE_PATH_SIZE))
        return error_set(err, STATUS_USAGE, "a path is too long");
    for (size_t i = 0; i < w->issuer_count; i++) {
        if (!has_issuer(issuers, issuer_count, w->issuers[i]))
            return error_set(err, STATUS_USAGE, "there is no issuer \"%.100s\"", w->issuers[i]);
        for (size_t k = 0; k < i; k++)
            if (strcmp(w->issuers[i], w->issuers[k]) == 0)
                return error_set(err, STATUS_USAGE, "issuer \"%.100s\" twice", w->issuers[i]);
    }
    if (is_files || w->key_type == NULL)
        return STATUS_OK;
    if (!csr_make_key_is_known(w->key_type) || (strcmp(w->key_type, "sm2") == 0) != site_kind_is_gm(w->kind))
        return error_set(err, STATUS_USAGE, "a key of \"%.40s\" is not for %s", w->key_type, site_kind_name(w->kind));
    return STATUS_OK;
}

static enum status check_site(const struct site_config *site, const struct site_issuer *issuers, size_t issuer_count, struct error *err)
{
    unsigned kinds = 0;
    enum status s = STATUS_OK;
    if (site->name[0] == '\0' || strlen(site->name) >= SITE_NAME_SIZE || site->name_count == 0 || site->name_count > SITE_NAMES_MAX)
        return error_set(err, STATUS_USAGE, "a site has a name of at most %d characters, and 1 to %d names", SITE_NAME_SIZE - 1, SITE_NAMES_MAX);
    for (size_t i = 0; s == STATUS_OK && i < site->name_count; i++)
        s = check_name(site->names[i], err);
    for (size_t i = 0; s == STATUS_OK && i < site->wanted_count; i++) {
        s = check_wanted(&site->wanted[i], issuers, issuer_count, err);
        if (s == STATUS_OK && (kinds & 1u << site->wanted[i].kind) != 0)
            s = error_set(err, STATUS_USAGE, "%s twice", site_kind_name(site->wanted[i].kind));
        kinds |= 1u << site->wanted[i].kind;
    }
    return s == STATUS_OK ? s : error_prefix(err, STATUS_USAGE, "site \"%.100s\"", site->name);
}

static int compare_sites(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Two sites of one name would share a directory. */
static enum status check_unique(const struct site_config *sites, size_t count, struct error *err)
{
    char (*names)[SITE_DIRECTORY_SIZE] = calloc(count + 1, sizeof names[0]);
    enum status s = names != NULL ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        write_directory(sites[i].name, SITE_GM_MTC, names[i]);
    if (s == STATUS_OK && count > 1)
        qsort(names, count, sizeof names[0], compare_sites);
    for (size_t i = 1; s == STATUS_OK && i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            s = error_set(err, STATUS_USAGE, "two sites have one name: %s", names[i]);
    free(names);
    return s;
}

static enum status check_all(const struct site_config *sites, size_t site_count, const struct site_issuer *issuers, size_t issuer_count,
                             struct error *err)
{
    enum status s = STATUS_OK;
    if (site_count > SITE_SITES_MAX)
        return error_set(err, STATUS_USAGE, "more than %d sites", SITE_SITES_MAX);
    for (size_t i = 0; s == STATUS_OK && i < issuer_count; i++)
        if (issuers[i].name[0] == '\0' || strlen(issuers[i].name) >= SITE_ISSUER_SIZE || has_issuer(issuers, i, issuers[i].name))
            s = error_set(err, STATUS_USAGE, "issuer \"%.100s\": too long, or twice", issuers[i].name);
    for (size_t i = 0; s == STATUS_OK && i < site_count; i++)
        s = check_site(&sites[i], issuers, issuer_count, err);
    return s == STATUS_OK ? check_unique(sites, site_count, err) : s;
}

/* ---- copies ---- */

static struct site_entry *copy_entry(const struct site_config *site)
{
    struct site_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->names = calloc(site->name_count, sizeof entry->names[0]);
    if (entry->names == NULL) {
        free(entry);
        return NULL;
    }
    (void)snprintf(entry->name, sizeof entry->name, "%s", site->name);
    for (size_t i = 0; i < site->name_count; i++)
        (void)snprintf(entry->names[i], SITE_NAME_SIZE, "%s", site->names[i]);
    entry->name_count = site->name_count;
    return entry;
}

static void copy_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

static void copy_wanted(struct site_certificate *c, const struct site_wanted *w)
{
    copy_text(c->key_type, sizeof c->key_type, w->key_type != NULL ? w->key_type : site_kind_is_gm(w->kind) ? "sm2" : "p256");
    copy_text(c->chain_file, sizeof c->chain_file, w->chain_file);
    copy_text(c->key_file, sizeof c->key_file, w->key_file);
    copy_text(c->key_uri, sizeof c->key_uri, w->key_uri);
    copy_text(c->key_provider, sizeof c->key_provider, w->key_provider);
    c->issuer_count = w->issuer_count;
    for (size_t i = 0; i < w->issuer_count; i++)
        copy_text(c->issuers[i], SITE_ISSUER_SIZE, w->issuers[i]);
}

/* ---- bringing together ---- */

struct plan {
    struct site_entry **entries;
    size_t entry_count;
    struct site_issuer_entry *issuers;
    size_t issuer_count;
    struct site_certificate **leaving; /* room for all there can be */
};

static void plan_clear(struct plan *plan)
{
    for (size_t i = 0; plan->entries != NULL && i < plan->entry_count; i++) {
        for (unsigned k = 0; plan->entries[i] != NULL && k < SITE_KINDS; k++)
            site_certificate_free(plan->entries[i]->certificates[k]);
        site_certificates_free_entry(plan->entries[i]);
    }
    free(plan->entries);
    free(plan->issuers);
    free(plan->leaving);
}

/* All that needs memory, before anything changes: an empty certificate for each that is wanted. */
static enum status plan_make(struct site_certificates *sc, const struct site_config *sites, size_t site_count,
                             const struct site_issuer *issuers, size_t issuer_count, struct plan *plan, struct error *err)
{
    *plan = (struct plan){.entry_count = site_count, .issuer_count = issuer_count};
    plan->entries = calloc(site_count + 1, sizeof plan->entries[0]);
    plan->issuers = calloc(issuer_count + 1, sizeof plan->issuers[0]);
    plan->leaving = calloc(sc->entry_count * SITE_KINDS + sc->leaving_count + 1, sizeof plan->leaving[0]);
    bool is_made = plan->entries != NULL && plan->issuers != NULL && plan->leaving != NULL;
    for (size_t i = 0; is_made && i < site_count; i++) {
        plan->entries[i] = copy_entry(&sites[i]);
        is_made = plan->entries[i] != NULL;
        for (size_t k = 0; is_made && k < sites[i].wanted_count; k++) {
            const struct site_wanted *w = &sites[i].wanted[k];
            struct site_certificate *c = plan->entries[i]->certificates[w->kind] = site_certificate_new(sc, w->kind);
            is_made = c != NULL;
            if (is_made)
                copy_wanted(c, w);
            if (is_made)
                write_directory(sites[i].name, w->kind, c->directory);
        }
    }
    for (size_t i = 0; is_made && i < issuer_count; i++) {
        const struct site_issuer_entry *old = site_certificates_issuer(sc, issuers[i].name);
        if (old != NULL)
            plan->issuers[i] = *old;
        copy_text(plan->issuers[i].name, SITE_ISSUER_SIZE, issuers[i].name);
        plan->issuers[i].acme = issuers[i].acme;
    }
    return is_made ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "out of memory");
}

static bool is_for(const struct site_certificate *old, const struct site_certificate *wanted)
{
    return old != NULL && strcmp(old->directory, wanted->directory) == 0 && (old->issuer_count == 0) == (wanted->issuer_count == 0);
}

/* The one that is there already, with all that it holds; *from is empty afterwards. */
static bool take_old(struct site_certificates *sc, const struct site_certificate *wanted, struct site_certificate **out)
{
    for (size_t i = 0; i < sc->entry_count; i++) {
        struct site_certificate **old = &sc->entries[i]->certificates[wanted->kind];
        if (!is_for(*old, wanted))
            continue;
        *out = *old;
        *old = NULL;
        return true;
    }
    for (size_t i = 0; i < sc->leaving_count; i++) {
        if (!is_for(sc->leaving[i], wanted))
            continue;
        *out = sc->leaving[i];
        sc->leaving[i] = sc->leaving[--sc->leaving_count];
        return true;
    }
    return false;
}

static void adopt_wanted(struct site_certificate *c, const struct site_certificate *wanted)
{
    bool is_same_file = strcmp(c->chain_file, wanted->chain_file) == 0 && strcmp(c->key_file, wanted->key_file) == 0;
    c->has_stamps = c->has_stamps && is_same_file;
    memcpy(c->key_type, wanted->key_type, sizeof c->key_type);
    memcpy(c->issuers, wanted->issuers, sizeof c->issuers);
    c->issuer_count = wanted->issuer_count;
    memcpy(c->chain_file, wanted->chain_file, sizeof c->chain_file);
    memcpy(c->key_file, wanted->key_file, sizeof c->key_file);
    memcpy(c->key_uri, wanted->key_uri, sizeof c->key_uri);
    memcpy(c->key_provider, wanted->key_provider, sizeof c->key_provider);
}

static void bring_together(struct site_certificates *sc, struct site_entry *entry)
{
    for (unsigned k = 0; k < SITE_KINDS; k++) {
        struct site_certificate *wanted = entry->certificates[k], *old;
        if (wanted == NULL)
            continue;
        if (take_old(sc, wanted, &old)) {
            adopt_wanted(old, wanted);
            site_certificate_free(wanted);
            entry->certificates[k] = old;
        }
        entry->certificates[k]->site = entry;
    }
    for (size_t i = 0; i < sc->entry_count; i++) {
        const struct site_entry *old = sc->entries[i];
        if (strcmp(old->name, entry->name) != 0)
            continue;
        memcpy(entry->deployed, old->deployed, sizeof entry->deployed);
        entry->is_deployed = old->is_deployed;
    }
}

static bool is_wanted(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->entry_count; i++)
        if (strcmp(plan->entries[i]->name, name) == 0)
            return true;
    return false;
}

/* What is left in the old entries is not wanted any more. */
static void leave_rest(struct site_certificates *sc, struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < sc->leaving_count; i++)
        plan->leaving[count++] = sc->leaving[i];
    for (size_t i = 0; i < sc->entry_count; i++) {
        for (unsigned k = 0; k < SITE_KINDS; k++) {
            struct site_certificate *c = sc->entries[i]->certificates[k];
            if (c == NULL)
                continue;
            c->site = NULL;
            if (c->is_ordering || c->is_landmark_asked || c->is_advice_asked || c->is_more_asked)
                plan->leaving[count++] = c;
            else
                site_certificate_free(c);
        }
    }
    free(sc->leaving);
    sc->leaving = plan->leaving;
    sc->leaving_count = count;
}

static void take_down(struct site_certificates *sc, struct site_entry **old, size_t old_count, const struct plan *plan)
{
    for (size_t i = 0; i < old_count; i++) {
        if (!is_wanted(plan, old[i]->name))
            sc->config.on_change(sc->config.context, old[i]->name, NULL, 0);
        site_certificates_free_entry(old[i]);
    }
    free(old);
}

static void plan_apply(struct site_certificates *sc, struct plan *plan)
{
    struct site_entry **old = sc->entries;
    size_t old_count = sc->entry_count;
    for (size_t i = 0; i < plan->entry_count; i++)
        bring_together(sc, plan->entries[i]);
    leave_rest(sc, plan);
    sc->entries = plan->entries;
    sc->entry_count = plan->entry_count;
    free(sc->issuers);
    sc->issuers = plan->issuers;
    sc->issuer_count = plan->issuer_count;
    take_down(sc, old, old_count, plan);
}

enum status site_certificates_configure(struct site_certificates *sc, const struct site_config *sites, size_t site_count,
                                        const struct site_issuer *issuers, size_t issuer_count, struct error *err)
{
    struct plan plan;
    enum status s = check_all(sites, site_count, issuers, issuer_count, err);
    if (s != STATUS_OK)
        return s;
    s = plan_make(sc, sites, site_count, issuers, issuer_count, &plan, err);
    if (s != STATUS_OK) {
        plan_clear(&plan);
        return s;
    }
    plan_apply(sc, &plan);
    int64_t now_s = site_now_s(sc);
    for (size_t i = 0; i < sc->entry_count; i++) {
        for (unsigned k = 0; k < SITE_KINDS; k++) {
            struct site_certificate *c = sc->entries[i]->certificates[k];
            if (c != NULL && c->issuer_count > 0 && !c->is_loaded)
                site_store_load(c);
            else if (c != NULL && c->issuer_count == 0)
                site_files_look(c, now_s);
        }
        site_deploy_look(sc, sc->entries[i], now_s);
    }
    site_certificates_schedule(sc, 0);
    return STATUS_OK;
}
