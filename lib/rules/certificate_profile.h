/* certificate_profile.h - what a profile promises about its certificates: data, read from the
 * configuration and checked by the linter. */
#ifndef CATHAYA_RULES_CERTIFICATE_PROFILE_H
#define CATHAYA_RULES_CERTIFICATE_PROFILE_H

#include <string.h>

#include "base/bytes.h"
#include "base/status.h"

#define PROFILE_NAME_SIZE 64
#define PROFILE_TEXT_SIZE 160
#define PROFILE_OID_SIZE 64

enum profile_kind {
    PROFILE_MTC,    /* an entry of an issuance log */
    PROFILE_CLASSIC /* a chain of directly signed certificates */
};

/* Bits of key types that a certificate may have. */
enum profile_key {
    PROFILE_KEY_SM2 = 1, PROFILE_KEY_P256 = 2, PROFILE_KEY_P384 = 4, PROFILE_KEY_RSA = 8,
    PROFILE_KEY_ED25519 = 16, PROFILE_KEY_MLDSA = 32, PROFILE_KEY_P521 = 64
};

struct certificate_profile {
    char name[PROFILE_NAME_SIZE];        /* "gm-mtc" */
    char description[PROFILE_TEXT_SIZE]; /* for meta.profiles */
    enum profile_kind kind;
    bool is_gm;
    bool is_intranet;              /* for internal names and reserved addresses, which none of the public rules
                                    * hold for; public names beside them are validated as such */
    char ca[PROFILE_NAME_SIZE];    /* the CA that issues, by its name in the configuration */
    int64_t lifetime_s, backdate_s;
    unsigned keys;                 /* bits of enum profile_key */
    bool has_client_auth;
    char policy_oid[PROFILE_OID_SIZE]; /* dotted, "" for none */
    bool has_wildcards, has_ips;   /* identifiers allowed beside plain DNS names */
    unsigned names_max;
    unsigned mirrors_min;          /* MTC: cosignatures of others that a certificate must carry */
    unsigned mtc_scts;             /* MTC: SCTs that CT logs are asked for over its entry, to travel beside the certificate [GM 4] */
    char ct_policy[PROFILE_NAME_SIZE]; /* whose SCTs a certificate must carry, by the policy's name (rules/ct_policy.h): inside a
                                    * classic one, beside an MTC; "": none */
};

/* certificate_profile_find is the profile of that name among `count`, NULL when there is none. */
static inline const struct certificate_profile *certificate_profile_find(const struct certificate_profile *const *profiles,
                                                                         size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(profiles[i]->name, name) == 0)
            return profiles[i];
    return NULL;
}

#endif
