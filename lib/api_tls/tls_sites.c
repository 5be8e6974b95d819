/* tls_sites.c - certificates with their keys, and the sites that they are for: a thin face of tls/tls_sites. */
#include <stdlib.h>
#include <string.h>

#include "api/verify_parts.h"
#include "api_tls/tls_parts.h"

_Static_assert((int)CATHAYA_TLS_KIND_GM_LANDMARK == CREDENTIAL_GM_LANDMARK + 1, "kind");
_Static_assert((int)CATHAYA_TLS_KIND_GM_CLASSIC == CREDENTIAL_GM_CLASSIC + 1, "kind");
_Static_assert((int)CATHAYA_TLS_KIND_INTL_CLASSIC == CREDENTIAL_INTL_CLASSIC + 1, "kind");
_Static_assert((int)CATHAYA_TLS_STAGE_CLASSIC == (int)STAGE_CLASSIC, "stage");
_Static_assert((int)CATHAYA_TLS_STAGE_STANDALONE == (int)STAGE_STANDALONE, "stage");
_Static_assert((int)CATHAYA_TLS_STAGE_LANDMARK == (int)STAGE_LANDMARK, "stage");

const char *cathaya_tls_kind_name(enum cathaya_tls_kind kind)
{
    bool is_known = kind >= CATHAYA_TLS_KIND_GM_LANDMARK && kind <= CATHAYA_TLS_KIND_INTL_CLASSIC;
    return is_known ? certificate_choice_kind_name((enum credential_kind)(kind - 1)) : "";
}

/* ---- credentials ---- */

/* Wraps what was made: *out takes it. */
static enum cathaya_status wrap(enum status s, struct tls_credential *made, const struct error *inner,
                                struct cathaya_tls_credential **out, struct cathaya_error *err)
{
    if (s != STATUS_OK)
        return verify_parts_give(s, inner, err);
    struct cathaya_tls_credential *credential = calloc(1, sizeof *credential);
    if (credential == NULL) {
        tls_credential_free(made);
        return tls_parts_no_memory(err);
    }
    credential->credential = made;
    *out = credential;
    return verify_parts_give(STATUS_OK, inner, err);
}

enum cathaya_status cathaya_tls_credential_new(const struct cathaya_tls_credential_settings *settings,
                                               struct cathaya_tls_credential **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct tls_credential *made = NULL;
    const struct tls_credential_settings asked = {
        .chain_pem = bytes_of(settings->chain_pem, settings->chain_pem_len),
        .key_pem = bytes_of(settings->key_pem, settings->key_pem_len),
        .key_uri = settings->key_uri,
        .key_provider = settings->key_provider,
        .properties = bytes_of(settings->properties, settings->properties_len),
        .ocsp = bytes_of(settings->ocsp, settings->ocsp_len),
        .now_s = settings->at,
        .sct_list = bytes_of(settings->sct_list, settings->sct_list_len),
    };
    *out = NULL;
    enum status s = tls_credential_new(&asked, &made, &inner);
    return wrap(s, made, &inner, out, err);
}

enum cathaya_status cathaya_tls_credential_with_ocsp(const struct cathaya_tls_credential *credential, const uint8_t *ocsp,
                                                     size_t ocsp_len, int64_t at, struct cathaya_tls_credential **out,
                                                     struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct tls_credential *made = NULL;
    *out = NULL;
    enum status s = tls_credential_with_ocsp(credential->credential, bytes_of(ocsp, ocsp_len), at, &made, &inner);
    return wrap(s, made, &inner, out, err);
}

void cathaya_tls_credential_free(struct cathaya_tls_credential *credential)
{
    if (credential == NULL)
        return;
    tls_credential_free(credential->credential);
    free(credential);
}

_Static_assert(CATHAYA_ID_SIZE >= TAI_TEXT_SIZE, "ID");

void cathaya_tls_credential_describe(const struct cathaya_tls_credential *credential,
                                     struct cathaya_tls_credential_facts *out)
{
    const struct tls_credential_facts *facts = tls_credential_facts(credential->credential);
    *out = (struct cathaya_tls_credential_facts){
        .kind = tls_parts_kind(facts->kind),
        .not_before = facts->not_before_s,
        .not_after = facts->not_after_s,
        .chain_count = facts->chain_count,
        .chain_size = facts->chain_len,
        .name_count = facts->name_count,
        .has_scts = facts->has_scts ? 1 : 0,
        .has_ocsp = facts->has_ocsp ? 1 : 0,
    };
    (void)memccpy(out->key_type, facts->key_type, '\0', sizeof out->key_type - 1);
    if (facts->properties != NULL && facts->properties->trust_anchor_id.len > 0)
        tai_text(&facts->properties->trust_anchor_id, out->trust_anchor);
    memcpy(out->fingerprint, facts->fingerprint, sizeof out->fingerprint);
}

/* ---- sites ---- */

/* What the inside wants to be given, while it looks. */
struct site_draft {
    struct tls_site *sites;
    struct tls_credential **credentials; /* of all sites, one after the other */
    struct tls_challenge *challenges;
};

static void site_draft_clear(struct site_draft *d)
{
    free(d->sites);
    free((void *)d->credentials);
    free(d->challenges);
}

static enum status site_draft_allocate(struct site_draft *d, const struct cathaya_tls_site *sites, size_t site_count,
                                  size_t challenge_count, struct error *err)
{
    size_t count = 0;
    if (site_count > TLS_SITES_MAX || challenge_count > TLS_CHALLENGES_MAX)
        return error_set(err, STATUS_LIMIT, "%zu sites and %zu challenges: too many", site_count, challenge_count);
    for (size_t i = 0; i < site_count; i++) {
        if (sites[i].credential_count > TLS_SITE_CREDENTIALS_MAX)
            return error_set(err, STATUS_LIMIT, "site: more than %d credentials", TLS_SITE_CREDENTIALS_MAX);
        count += sites[i].credential_count;
    }
    d->sites = calloc(site_count + 1, sizeof *d->sites);
    d->credentials = calloc(count + 1, sizeof(struct tls_credential *));
    d->challenges = calloc(challenge_count + 1, sizeof *d->challenges);
    if (d->sites == NULL || d->credentials == NULL || d->challenges == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    return STATUS_OK;
}

static enum status site_draft_fill(struct tls_site *out, const struct cathaya_tls_site *site, struct tls_credential **credentials,
                              struct error *err)
{
    if ((int)site->stage < CATHAYA_TLS_STAGE_CLASSIC || (int)site->stage > CATHAYA_TLS_STAGE_LANDMARK)
        return error_set(err, STATUS_USAGE, "site: no such stage");
    for (size_t i = 0; i < site->credential_count; i++)
        credentials[i] = site->credentials[i]->credential;
    *out = (struct tls_site){
        .names = site->names,
        .name_count = site->name_count,
        .credentials = credentials,
        .credential_count = site->credential_count,
        .stage = (enum transition_stage)site->stage,
        .is_default = site->is_default != 0,
        .is_mtc_without_trust_anchors = site->is_mtc_without_trust_anchors != 0,
        .is_ticketless = site->is_ticketless != 0,
        .alpn = site->alpn,
        .alpn_count = site->alpn_count,
        .index = site->index,
    };
    return STATUS_OK;
}

static enum status make(struct site_draft *d, const struct cathaya_tls_site *sites, size_t site_count,
                        const struct cathaya_tls_challenge *challenges, size_t challenge_count, struct tls_sites **out,
                        struct error *err)
{
    size_t used = 0;
    enum status s = site_draft_allocate(d, sites, site_count, challenge_count, err);
    for (size_t i = 0; s == STATUS_OK && i < site_count; i++) {
        s = site_draft_fill(&d->sites[i], &sites[i], d->credentials + used, err);
        used += sites[i].credential_count;
    }
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < challenge_count; i++)
        d->challenges[i] = (struct tls_challenge){challenges[i].name, challenges[i].credential->credential};
    const struct tls_sites_settings settings = {d->sites, site_count, d->challenges, challenge_count};
    return tls_sites_new(&settings, out, err);
}

enum cathaya_status cathaya_tls_sites_new(const struct cathaya_tls_site *sites, size_t site_count,
                                          const struct cathaya_tls_challenge *challenges, size_t challenge_count,
                                          struct cathaya_tls_sites **out, struct cathaya_error *err)
{
    struct error inner = {.status = STATUS_OK};
    struct site_draft draft = {NULL, NULL, NULL};
    *out = NULL;
    struct cathaya_tls_sites *made = calloc(1, sizeof *made);
    if (made == NULL)
        return tls_parts_no_memory(err);
    enum status s = make(&draft, sites, site_count, challenges, challenge_count, &made->sites, &inner);
    site_draft_clear(&draft);
    if (s == STATUS_OK)
        *out = made;
    else
        free(made);
    return verify_parts_give(s, &inner, err);
}

void cathaya_tls_sites_free(struct cathaya_tls_sites *sites)
{
    if (sites == NULL)
        return;
    tls_sites_free(sites->sites);
    free(sites);
}

int cathaya_tls_sites_find(const struct cathaya_tls_sites *sites, const char *name, size_t *index)
{
    bool is_by_name;
    return tls_sites_find(sites->sites, bytes_of_text(name), index, &is_by_name) ? 1 : 0;
}
