/* Cases of what leaf and issuers have in common: policy_rules_chain.c. */
#include "unit/policy/policy_cases.h"

#define SERVER "1.3.6.1.5.5.7.3.1"
#define CLIENT "1.3.6.1.5.5.7.3.2"

/* ---- what points to the issuer ---- */

static void no_key_id(struct made *m)
{
    m->leaf.aki = NULL;
}

static void issuer_without_key_id(struct made *m)
{
    m->issuers[0].aki = NULL;
}

static void three_issuers(struct made *m)
{
    m->issuers[2] = m->issuers[1];
    m->issuers[1] = m->issuers[0];
    m->issuer_count = 3;
}

static void second_issuer_without_key_id(struct made *m)
{
    three_issuers(m);
    m->issuers[1].aki = NULL;
}

/* A path that ends nowhere: its last certificate is an issuer, too. */
static void without_root(struct made *m)
{
    m->issuer_count = 1;
}

static void without_root_and_key_id(struct made *m)
{
    without_root(m);
    m->issuers[0].aki = NULL;
}

static void issuers_url_alone(struct made *m)
{
    m->leaf.aia = MADE_AIA_ISSUERS;
}

static void ocsp_alone(struct made *m)
{
    m->leaf.aia = MADE_AIA_OCSP;
}

static void no_http(struct made *m)
{
    m->leaf.aia = MADE_AIA_LDAP;
}

static void no_information(struct made *m)
{
    m->leaf.aia = 0;
}

static void issuer_without_information(struct made *m)
{
    m->issuers[0].aia = 0;
}

static void unreadable_issuer(struct made *m)
{
    m->issuers[0].is_unreadable = true;
}

static void server_alone(struct made *m)
{
    m->leaf.eku[1] = NULL;
}

static void client_alone(struct made *m)
{
    m->leaf.eku[0] = CLIENT;
    m->leaf.eku[1] = NULL;
}

/* ---- one world ---- */

static void with_null(struct made *m)
{
    m->leaf.signature = m->issuers[0].signature = MADE_BY_SM2_NULL;
}

static void signed_by_ecdsa(struct made *m)
{
    m->leaf.signature = MADE_BY_ECDSA;
}

static void issuer_signed_by_ecdsa(struct made *m)
{
    m->issuers[0].signature = MADE_BY_ECDSA;
}

/* What signs itself is not looked at. */
static void root_signed_by_ecdsa(struct made *m)
{
    m->issuers[1].signature = MADE_BY_ECDSA;
}

static void p256_issuer(struct made *m)
{
    m->issuers[0].key = MADE_P256;
}

static void p256_root(struct made *m)
{
    m->issuers[1].key = MADE_P256;
}

/* ---- signatures ---- */

static void by_rsa(struct made *m)
{
    m->leaf.signature = MADE_BY_RSA;
}

static void by_sha1(struct made *m)
{
    m->leaf.signature = MADE_BY_RSA_SHA1;
}

static void by_sm2(struct made *m)
{
    m->leaf.signature = MADE_BY_SM2;
}

static void issuer_by_sha1(struct made *m)
{
    m->issuers[0].signature = MADE_BY_RSA_SHA1;
}

static void root_by_sha1(struct made *m)
{
    m->issuers[1].signature = MADE_BY_RSA_SHA1;
}

static void unsigned_with_path(struct made *m)
{
    m->has_no_signature = true;
}

/* ---- keys of issuers ---- */

static void rsa_issuer(struct made *m, unsigned bits, unsigned exponent)
{
    m->issuers[0].key = MADE_RSA;
    m->issuers[0].rsa_bits = bits;
    m->issuers[0].rsa_exponent = exponent;
}

static void rsa_2048(struct made *m)
{
    rsa_issuer(m, 2048, 65537);
}

static void rsa_2047(struct made *m)
{
    rsa_issuer(m, 2047, 65537);
}

static void rsa_8192(struct made *m)
{
    rsa_issuer(m, 8192, 65537);
}

static void rsa_8200(struct made *m)
{
    rsa_issuer(m, 8200, 65537);
}

static void rsa_2056(struct made *m)
{
    rsa_issuer(m, 2056, 65537);
}

static void rsa_2052(struct made *m)
{
    rsa_issuer(m, 2052, 65537);
}

static void old_exponent(struct made *m)
{
    rsa_issuer(m, 2048, 3);
}

/* What it signs is the message itself. */
static void exponent_one(struct made *m)
{
    rsa_issuer(m, 2048, 1);
}

static void even_exponent(struct made *m)
{
    rsa_issuer(m, 2048, 65536);
}

static void p224_issuer(struct made *m)
{
    m->issuers[0].key = MADE_P224;
}

static void p521_root(struct made *m)
{
    m->issuers[1].key = MADE_P521;
}

static void p224_root(struct made *m)
{
    m->issuers[1].key = MADE_P224;
}

static void ed25519_issuer(struct made *m)
{
    m->issuers[0].key = MADE_ED25519;
}

static void mldsa_ca(struct made *m)
{
    m->issuers[0].key = MADE_MLDSA44;
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("RP-05", MADE_GM, NULL, no_key_id)},
    {POLICY_CASE("RP-05", MADE_GM, three_issuers, issuer_without_key_id)},
    {POLICY_CASE("RP-05", MADE_GM, NULL, second_issuer_without_key_id)},
    {POLICY_CASE("RP-05", MADE_GM, without_root, without_root_and_key_id)},
    {POLICY_CASE("RP-05", MADE_GM, NULL, unreadable_issuer)},
    {POLICY_CASE("RP-05", MADE_MTC, NULL, no_key_id)},
    {POLICY_CASE("RP-05", MADE_INTRANET, NULL, no_key_id)},
    {POLICY_CASE("RP-06", MADE_GM, issuers_url_alone, ocsp_alone)},
    {POLICY_CASE("RP-06", MADE_GM, NULL, no_http)},
    {POLICY_CASE("RP-06", MADE_GM, NULL, no_information)},
    {POLICY_CASE("RP-06", MADE_GM, NULL, issuer_without_information)},
    {POLICY_CASE("RP-06", MADE_INTRANET, NULL, no_information)},
    {POLICY_CASE("RP-07", MADE_GM, NULL, server_alone)},
    {POLICY_CASE("RP-07", MADE_GM, NULL, client_alone)},
    {POLICY_CASE("RP-07", MADE_MTC, NULL, server_alone)},
    {POLICY_CASE("RP-08", MADE_GM, with_null, signed_by_ecdsa)},
    {POLICY_CASE("RP-08", MADE_GM, root_signed_by_ecdsa, issuer_signed_by_ecdsa)},
    {POLICY_CASE("RP-08", MADE_GM, unsigned_with_path, p256_issuer)},
    {POLICY_CASE("RP-08", MADE_GM, NULL, p256_root)},
    {POLICY_CASE("RP-08", MADE_GM, NULL, unreadable_issuer)},
    {POLICY_CASE("RP-08", MADE_MTC, NULL, p256_issuer)},
    {POLICY_CASE("RP-08", MADE_DOCUMENT, NULL, p256_issuer)},
    {POLICY_CASE("br-signature", MADE_INTL, by_rsa, by_sha1)},
    {POLICY_CASE("br-signature", MADE_INTL, root_by_sha1, issuer_by_sha1)},
    {POLICY_CASE("br-signature", MADE_INTL, unsigned_with_path, by_sm2)},
    {POLICY_CASE("br-signature", MADE_GM, NULL, issuer_by_sha1)},
    {POLICY_CASE("br-signature", MADE_E_INVOICE, NULL, by_sha1)},
    {POLICY_CASE("br-ca-key", MADE_INTL, rsa_2048, rsa_2047)},
    {POLICY_CASE("br-ca-key", MADE_INTL, rsa_8192, rsa_8200)},
    {POLICY_CASE("br-ca-key", MADE_INTL, rsa_2056, rsa_2052)},
    {POLICY_CASE("br-ca-key", MADE_INTL, old_exponent, even_exponent)},
    {POLICY_CASE("br-ca-key", MADE_INTL, NULL, exponent_one)},
    {POLICY_CASE("br-ca-key", MADE_INTL, NULL, p224_issuer)},
    {POLICY_CASE("br-ca-key", MADE_INTL, p521_root, p224_root)},
    {POLICY_CASE("br-ca-key", MADE_INTL, NULL, ed25519_issuer)},
    {POLICY_CASE("br-ca-key", MADE_INTL_MTC, mldsa_ca, p224_issuer)},
    {POLICY_CASE("br-ca-key", MADE_INTL_MTC, ed25519_issuer, unreadable_issuer)},
};

static const struct policy_setting_case settings[] = {
    {POLICY_SETTING_CLIENT_AUTH, POLICY_VALUE_GM_REQUIRED, POLICY_VALUE_ANY, "RP-07", MADE_GM, server_alone, POLICY_FAIL, POLICY_PASS},
    {POLICY_SETTING_AIA, POLICY_VALUE_CAISSUERS, POLICY_VALUE_ANY, "RP-06", MADE_GM, ocsp_alone, POLICY_FAIL, POLICY_PASS},
};

const struct policy_case_file policy_cases_chain = {rules, POLICY_COUNT(rules), NULL, 0, settings, POLICY_COUNT(settings)};
