#include <string.h>

#include "service/acme/acme_names.h"
#include "service/acme/acme_orders.h"

static enum status by_name(const struct acme *acme, const char *name, struct acme_choice *out,
                           struct error *err)
{
    const struct acme_profile *profile = acme_find_profile(acme, bytes_of_text(name));
    if (profile == NULL)
        return error_set(err, STATUS_REFUSED,
                         "there is no profile \"%.63s\" here; meta.profiles of the directory lists them", name);
    out->profiles[0] = profile;
    out->count = 1;
    return STATUS_OK;
}

/* Those of an order that names none. The second one is for SM2 keys. */
static enum status by_default(const struct acme *acme, struct acme_choice *out, struct error *err)
{
    const char *sm2 = acme->config->default_profile_sm2;
    const struct acme_profile *other = sm2 == NULL ? NULL : acme_find_profile(acme, bytes_of_text(sm2));
    enum status s = by_name(acme, acme->config->default_profile, out, err);
    if (s != STATUS_OK || other == NULL || other == out->profiles[0])
        return s;
    /* Public and intranet authorizations never mix, and an order has one kind. */
    if (other->profile->is_intranet == out->profiles[0]->profile->is_intranet)
        out->profiles[out->count++] = other;
    return STATUS_OK;
}

enum status acme_choice_of(const struct acme *acme, const struct acme_profile *directory,
                           const char *name, struct acme_choice *out, struct error *err)
{
    *out = (struct acme_choice){0};
    if (name[0] != '\0' && directory != NULL && strcmp(name, directory->profile->name) != 0)
        return error_set(err, STATUS_REFUSED, "this directory is for profile %s alone; the others are in the server's "
                         "own directory", directory->profile->name);
    if (name[0] != '\0')
        return by_name(acme, name, out, err);
    if (directory == NULL)
        return by_default(acme, out, err);
    out->profiles[0] = directory;
    out->count = 1;
    return STATUS_OK;
}

/* Dates that a client asks for may make a certificate shorter, never longer or much earlier. Both ends
 * count [RFC5280 4.1.2.5]. */
static enum status check_dates(const struct certificate_profile *profile, int64_t now_s,
                               int64_t not_before_s, int64_t not_after_s, struct error *err)
{
    int64_t start_s = not_before_s != 0 ? not_before_s : now_s - profile->backdate_s;
    if (not_before_s != 0 && (not_before_s < now_s - profile->backdate_s ||
                              not_before_s > now_s + profile->lifetime_s))
        return error_set(err, STATUS_CONFLICT,
                         "notBefore: profile %s allows it from %lld s before now on; leave it out to get the "
                         "profile's own", profile->name, (long long)profile->backdate_s);
    if (not_after_s != 0 && (not_after_s <= start_s || not_after_s <= now_s))
        return error_set(err, STATUS_CONFLICT, "notAfter is not after the beginning of the validity");
    if (not_after_s != 0 && not_after_s - start_s + 1 > profile->lifetime_s)
        return error_set(err, STATUS_CONFLICT,
                         "notAfter: profile %s gives at most %lld s from the beginning on; leave it out to get that",
                         profile->name, (long long)profile->lifetime_s);
    return STATUS_OK;
}

static enum status check_kinds(const struct certificate_profile *profile,
                               const struct acme_identifier *identifiers, size_t count,
                               struct error *err)
{
    if (count > profile->names_max)
        return error_set(err, STATUS_CONFLICT, "profile %s allows at most %u names, not %zu", profile->name,
                         profile->names_max, count);
    for (size_t i = 0; i < count; i++) {
        if (identifiers[i].type == ACME_IP && !profile->has_ips)
            return error_set(err, STATUS_CONFLICT, "profile %s has no addresses", profile->name);
        if (identifiers[i].type == ACME_DNS && identifiers[i].value[0] == '*' && !profile->has_wildcards)
            return error_set(err, STATUS_CONFLICT, "profile %s has no wildcards", profile->name);
    }
    return STATUS_OK;
}

static enum status check_one(const struct acme_profile *candidate,
                             const struct acme_identifier *identifiers, size_t count, bool is_part,
                             int64_t not_before_s, int64_t not_after_s, struct error *err)
{
    const struct acme_issuer *issuer = candidate->issuer;
    const struct acme_issue_request request = {
        .profile = candidate->profile->name, .identifiers = identifiers, .identifier_count = count, .is_part = is_part,
        .not_before_s = not_before_s, .not_after_s = not_after_s};
    enum status s = check_kinds(candidate->profile, identifiers, count, err);
    return s != STATUS_OK ? s : issuer->check(issuer->context, &request, err);
}

enum status acme_choice_check(struct acme_choice *choice, const struct acme_identifier *identifiers,
                              size_t count, bool is_part, int64_t not_before_s, int64_t not_after_s,
                              struct error *err)
{
    size_t kept = 0;
    enum status last = STATUS_OK;
    for (size_t i = 0; i < choice->count; i++) {
        enum status s = check_one(choice->profiles[i], identifiers, count, is_part, not_before_s, not_after_s, err);
        if (s == STATUS_OK)
            choice->profiles[kept++] = choice->profiles[i];
        else if (s != STATUS_REFUSED && s != STATUS_CONFLICT)
            return s;
        else
            last = s;
    }
    choice->count = kept;
    return kept > 0 ? STATUS_OK : last;
}

enum status acme_choice_check_dates(struct acme_choice *choice, int64_t now_s, int64_t not_before_s,
                                    int64_t not_after_s, struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < choice->count; i++)
        if (check_dates(choice->profiles[i]->profile, now_s, not_before_s, not_after_s, err) == STATUS_OK)
            choice->profiles[kept++] = choice->profiles[i];
    choice->count = kept;
    return kept > 0 ? STATUS_OK : STATUS_CONFLICT;
}

unsigned acme_choice_challenges(const struct acme_choice *choice)
{
    unsigned offered = ~0u;
    for (size_t i = 0; i < choice->count; i++)
        offered &= choice->profiles[i]->challenges;
    return offered;
}

bool acme_choice_is_internal(const struct acme_profile *profile, const struct acme_identifier *name)
{
    struct acme_identifier base;
    const struct acme_issuer *issuer = profile->issuer;
    (void)acme_names_base(name, &base);
    return profile->profile->is_intranet && issuer->is_internal != NULL && issuer->is_internal(issuer->context, &base);
}

static bool is_sm2(const char *key)
{
    return strcmp(key, "SM2") == 0;
}

const struct acme_profile *acme_choice_by_key(const struct acme_choice *choice, const char *key)
{
    return choice->profiles[choice->count == 2 && is_sm2(key) ? 1 : 0];
}

bool acme_choice_allows_key(const struct certificate_profile *profile, const char *key)
{
    static const struct {
        const char *prefix;
        unsigned bit;
    } kinds[] = {
        {"SM2", PROFILE_KEY_SM2},         {"P-256", PROFILE_KEY_P256},     {"P-384", PROFILE_KEY_P384},
        {"P-521", PROFILE_KEY_P521},      {"RSA-", PROFILE_KEY_RSA},       {"Ed25519", PROFILE_KEY_ED25519},
        {"ML-DSA-", PROFILE_KEY_MLDSA},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strncmp(key, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return (profile->keys & kinds[i].bit) != 0;
    return false;
}
