#include "tls/tls_sites_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/hash.h"
#include "rules/dns_name.h"

/* A name in the form that is compared: lower case, addresses as inet_ntop writes them. */
struct plain_name {
    char text[DNS_NAME_MAX + 1];
    size_t len;
};

static bool plain(struct bytes name, struct plain_name *out)
{
    uint8_t address[16];
    size_t len;
    if (name.len > 1 && name.data[name.len - 1] == '.')
        name.len--;
    if (name.len == 0 || name.len > DNS_NAME_MAX)
        return false;
    if (ip_address_parse(name, address, &len)) {
        if (inet_ntop(len == 4 ? AF_INET : AF_INET6, address, out->text, sizeof out->text) == NULL)
            return false;
        out->len = strlen(out->text);
        return true;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        out->text[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out->len = name.len;
    return true;
}

/* ---- the table ---- */

static size_t hash_of(struct bytes name, bool is_wildcard, bool is_challenge)
{
    /* FNV-1a: the names are the administrator's, and nobody else puts any in. */
    uint64_t h = UINT64_C(14695981039346656037) + (is_wildcard ? 1 : 0) + (is_challenge ? 2 : 0);
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.data[i]) * UINT64_C(1099511628211);
    return (size_t)(h ^ (h >> 32));
}

/* The place of a name: where it stands, or the free one where it belongs. */
static struct site_name *place_of(const struct tls_sites *s, struct bytes name, bool is_wildcard, bool is_challenge)
{
    size_t i = hash_of(name, is_wildcard, is_challenge) & (s->table_size - 1);
    for (;;) {
        struct site_name *at = &s->table[i];
        if (at->name.len == 0 || (at->is_wildcard == is_wildcard && at->is_challenge == is_challenge &&
                                  bytes_equal(at->name, name)))
            return at;
        i = (i + 1) & (s->table_size - 1);
    }
}

static const struct site_name *find(const struct tls_sites *s, struct bytes name, bool is_wildcard, bool is_challenge)
{
    if (name.len == 0)
        return NULL;
    const struct site_name *at = place_of(s, name, is_wildcard, is_challenge);
    return at->name.len > 0 ? at : NULL;
}

static enum status add_name(struct tls_sites *s, const char *text, bool is_challenge, size_t at, struct error *err)
{
    struct plain_name name;
    uint8_t address[16];
    size_t len;
    if (!plain(bytes_of_text(text), &name))
        return error_set(err, STATUS_USAGE, "site: \"%.64s\" is no name", text);
    struct bytes view = bytes_of(name.text, name.len);
    if (!ip_address_parse(view, address, &len) && dns_name_check_host(view, !is_challenge, err) != STATUS_OK)
        return error_set(err, STATUS_USAGE, "site: \"%.64s\" is no name for a site", text);
    bool is_wildcard = name.len > 2 && name.text[0] == '*' && name.text[1] == '.';
    if (is_wildcard)
        view = bytes_of(name.text + 2, name.len - 2);
    struct site_name *place = place_of(s, view, is_wildcard, is_challenge);
    if (place->name.len > 0 && place->at == at && !is_challenge)
        return STATUS_OK; /* the same site has it twice */
    if (place->name.len > 0)
        return error_set(err, STATUS_CONFLICT, "site: two have the name \"%.64s\"", text);
    *place = (struct site_name){bytes_of(s->text.data + s->text.len, view.len), is_wildcard, is_challenge, at};
    builder_bytes(&s->text, view);
    return STATUS_OK;
}

/* ---- making ---- */

static size_t text_size(const struct tls_sites_settings *settings, size_t *names)
{
    size_t size = 0;
    *names = 0;
    for (size_t i = 0; i < settings->site_count; i++)
        for (size_t j = 0; j < settings->sites[i].name_count; j++) {
            /* An address may become longer: "::ffff:102:304" is written with dots. */
            size += strlen(settings->sites[i].names[j]) + INET6_ADDRSTRLEN;
            (*names)++;
        }
    for (size_t i = 0; i < settings->challenge_count; i++) {
        size += strlen(settings->challenges[i].name) + INET6_ADDRSTRLEN;
        (*names)++;
    }
    return size;
}

/* Everything is allocated here, so that nothing moves later. */
static bool allocate(struct tls_sites *s, const struct tls_sites_settings *settings)
{
    size_t names, size = text_size(settings, &names);
    s->table_size = 16;
    while (s->table_size < 2 * names)
        s->table_size *= 2;
    s->table = calloc(s->table_size, sizeof *s->table);
    s->sites = calloc(settings->site_count + 1, sizeof *s->sites);
    s->challenges = calloc(settings->challenge_count + 1, sizeof(struct tls_credential *));
    builder_init(&s->text, size + 1);
    uint8_t *room = builder_space(&s->text, size + 1);
    s->text.len = 0;
    return s->table != NULL && s->sites != NULL && s->challenges != NULL && room != NULL;
}

static enum status take_alpn(struct site *site, const struct tls_site *from, struct error *err)
{
    if (from->alpn_count > TLS_SITE_ALPN_MAX)
        return error_set(err, STATUS_LIMIT, "site: more than %d protocols", TLS_SITE_ALPN_MAX);
    for (size_t i = 0; i < from->alpn_count; i++) {
        size_t len = strlen(from->alpn[i]);
        if (len == 0 || len > SITE_ALPN_NAME_MAX)
            return error_set(err, STATUS_USAGE, "site: a protocol name of %zu bytes", len);
        memcpy(site->alpn[i], from->alpn[i], len);
        site->alpn_count++;
    }
    return STATUS_OK;
}

static enum status take_credentials(struct site *site, const struct tls_site *from, struct error *err)
{
    if (from->credential_count > TLS_SITE_CREDENTIALS_MAX)
        return error_set(err, STATUS_LIMIT, "site: more than %d credentials", TLS_SITE_CREDENTIALS_MAX);
    site->credentials = calloc(from->credential_count + 1, sizeof(struct tls_credential *));
    site->candidates = calloc(from->credential_count + 1, sizeof *site->candidates);
    if (site->credentials == NULL || site->candidates == NULL)
        return error_set(err, STATUS_NO_MEMORY, "site: out of memory");
    for (size_t i = 0; i < from->credential_count; i++) {
        if (from->credentials[i]->key == NULL)
            return error_set(err, STATUS_USAGE, "site: a certificate without a key");
        site->credentials[i] = tls_credential_keep(from->credentials[i]);
        site->candidates[i] = from->credentials[i]->candidate;
        site->credential_count++;
    }
    return STATUS_OK;
}

/* The same for the same names in whatever order: a sum of their hashes would do, were it not for a name that
 * is moved from one site to another; so the first name it is, which is what the site is called by. */
static bool name_sessions(struct site *site, const struct tls_site *from)
{
    struct plain_name name = {.len = 0};
    if (from->name_count > 0)
        (void)plain(bytes_of_text(from->names[0]), &name);
    struct bytes parts[] = {bytes_of_text("cathaya site "), bytes_of(name.text, name.len)};
    return hash_label_sha256(parts, 2, site->session_context);
}

static enum status add_site(struct tls_sites *s, const struct tls_site *from, struct error *err)
{
    struct site *site = &s->sites[s->site_count];
    site->index = from->index;
    site->stage = from->stage;
    site->is_mtc_without_trust_anchors = from->is_mtc_without_trust_anchors;
    site->is_ticketless = from->is_ticketless;
    s->site_count++;
    if (from->name_count > TLS_SITE_NAMES_MAX)
        return error_set(err, STATUS_LIMIT, "site: more than %d names", TLS_SITE_NAMES_MAX);
    if (from->is_default && s->otherwise != NULL)
        return error_set(err, STATUS_CONFLICT, "site: two are the default one");
    if (from->is_default)
        s->otherwise = site;
    enum status status = take_credentials(site, from, err);
    if (status == STATUS_OK)
        status = take_alpn(site, from, err);
    for (size_t i = 0; status == STATUS_OK && i < from->name_count; i++)
        status = add_name(s, from->names[i], false, s->site_count - 1, err);
    if (status == STATUS_OK && !name_sessions(site, from))
        status = error_set(err, STATUS_NO_MEMORY, "site: no SHA-256");
    return status;
}

static enum status add_challenge(struct tls_sites *s, const struct tls_challenge *from, struct error *err)
{
    s->challenges[s->challenge_count] = tls_credential_keep(from->credential);
    s->challenge_count++;
    return add_name(s, from->name, true, s->challenge_count - 1, err);
}

enum status tls_sites_new(const struct tls_sites_settings *settings, struct tls_sites **out, struct error *err)
{
    *out = NULL;
    if (settings->site_count > TLS_SITES_MAX || settings->challenge_count > TLS_CHALLENGES_MAX)
        return error_set(err, STATUS_LIMIT, "too many sites or challenges");
    struct tls_sites *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "sites: out of memory");
    atomic_init(&s->count, 1);
    enum status status =
        allocate(s, settings) ? STATUS_OK : error_set(err, STATUS_NO_MEMORY, "sites: out of memory");
    for (size_t i = 0; status == STATUS_OK && i < settings->site_count; i++)
        status = add_site(s, &settings->sites[i], err);
    for (size_t i = 0; status == STATUS_OK && i < settings->challenge_count; i++)
        status = add_challenge(s, &settings->challenges[i], err);
    if (status != STATUS_OK) {
        tls_sites_free(s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

struct tls_sites *tls_sites_keep(struct tls_sites *sites)
{
    if (sites != NULL)
        (void)atomic_fetch_add_explicit(&sites->count, 1, memory_order_relaxed);
    return sites;
}

void tls_sites_free(struct tls_sites *s)
{
    if (s == NULL || atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < s->site_count; i++) {
        for (size_t j = 0; j < s->sites[i].credential_count; j++)
            tls_credential_free(s->sites[i].credentials[j]);
        free(s->sites[i].credentials);
        free(s->sites[i].candidates);
    }
    for (size_t i = 0; i < s->challenge_count; i++)
        tls_credential_free(s->challenges[i]);
    free(s->sites);
    free(s->challenges);
    free(s->table);
    builder_clear(&s->text);
    free(s);
}

/* ---- looking ---- */

const struct site *tls_sites_lookup(const struct tls_sites *sites, struct bytes name, bool *is_by_name)
{
    struct plain_name p;
    const struct site_name *found = NULL;
    if (plain(name, &p)) {
        const char *dot = memchr(p.text, '.', p.len);
        found = find(sites, bytes_of(p.text, p.len), false, false);
        if (found == NULL && dot != NULL)
            found = find(sites, bytes_of(dot + 1, p.len - (size_t)(dot + 1 - p.text)), true, false);
    }
    *is_by_name = found != NULL;
    return found != NULL ? &sites->sites[found->at] : sites->otherwise;
}

bool tls_sites_find(const struct tls_sites *sites, struct bytes name, size_t *index, bool *is_by_name)
{
    const struct site *site = tls_sites_lookup(sites, name, is_by_name);
    if (site != NULL)
        *index = site->index;
    return site != NULL;
}

bool tls_sites_candidates(const struct tls_sites *sites, struct bytes name, const struct choice_candidate **out,
                          size_t *count, struct choice_settings *settings)
{
    bool is_by_name;
    const struct site *site = tls_sites_lookup(sites, name, &is_by_name);
    if (site == NULL)
        return false;
    *out = site->candidates;
    *count = site->credential_count;
    settings->stage = site->stage;
    settings->is_mtc_without_trust_anchors = site->is_mtc_without_trust_anchors;
    return true;
}

/* ---- tls-alpn-01 ---- */

/* "4.3.2.1.in-addr.arpa" gives 1.2.3.4: nothing else is asked for by that name [RFC8738 6]. */
static bool address_of_arpa(struct bytes name, char out[INET6_ADDRSTRLEN])
{
    static const char v4[] = ".in-addr.arpa", v6[] = ".ip6.arpa";
    uint8_t address[16] = {0};
    char text[DNS_NAME_MAX + 1];
    if (name.len > sizeof v4 && name.len < sizeof v4 + INET_ADDRSTRLEN &&
        bytes_equal(bytes_of(name.data + name.len - (sizeof v4 - 1), sizeof v4 - 1), bytes_of_text(v4))) {
        memcpy(text, name.data, name.len);
        text[name.len - (sizeof v4 - 1)] = '\0';
        uint8_t reversed[4];
        if (inet_pton(AF_INET, text, reversed) != 1)
            return false;
        for (size_t i = 0; i < 4; i++)
            address[i] = reversed[3 - i];
        return inet_ntop(AF_INET, address, out, INET6_ADDRSTRLEN) != NULL;
    }
    if (name.len != 63 + sizeof v6 - 1 ||
        !bytes_equal(bytes_of(name.data + 63, sizeof v6 - 1), bytes_of_text(v6)))
        return false;
    for (size_t i = 0; i < 32; i++) {
        char c = (char)name.data[2 * i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || (i < 31 && name.data[2 * i + 1] != '.'))
            return false;
        size_t nibble = 31 - i;
        address[nibble / 2] |= (uint8_t)(nibble % 2 == 0 ? digit << 4 : digit);
    }
    return inet_ntop(AF_INET6, address, out, INET6_ADDRSTRLEN) != NULL;
}

struct tls_credential *tls_sites_challenge(const struct tls_sites *sites, struct bytes name)
{
    struct plain_name p;
    char address[INET6_ADDRSTRLEN];
    if (!plain(name, &p))
        return NULL;
    const struct site_name *found = find(sites, bytes_of(p.text, p.len), false, true);
    if (found == NULL && address_of_arpa(bytes_of(p.text, p.len), address))
        found = find(sites, bytes_of_text(address), false, true);
    return found != NULL ? sites->challenges[found->at] : NULL;
}
