/* Cases of leaves that are none of servers: policy_rules_purpose.c. */
#include "unit/policy/policy_cases.h"

#define SERVER "1.3.6.1.5.5.7.3.1"
#define CLIENT "1.3.6.1.5.5.7.3.2"
#define CODE "1.3.6.1.5.5.7.3.3"
#define EMAIL "1.3.6.1.5.5.7.3.4"
#define ANY "2.5.29.37.0"
#define ADOBE "1.2.840.113583.1.1.5"
#define MICROSOFT "1.3.6.1.4.1.311.10.3.12"
/* A program that says which OID e-invoices have. */
#define E_INVOICE_OID "oid 1.3.6.1.4.1.32473.1000.3 e-invoice 3 OV any"

static void purposes(struct made *m, const char *first, const char *second)
{
    m->leaf.eku[0] = first;
    m->leaf.eku[1] = second;
}

static void beside_client(struct made *m)
{
    purposes(m, m->leaf.eku[0], CLIENT);
}

static void beside_server(struct made *m)
{
    purposes(m, m->leaf.eku[0], SERVER);
}

static void beside_any(struct made *m)
{
    purposes(m, m->leaf.eku[0], ANY);
}

static void for_code(struct made *m)
{
    purposes(m, CODE, NULL);
}

static void for_clients(struct made *m)
{
    purposes(m, CLIENT, NULL);
}

static void no_purpose(struct made *m)
{
    purposes(m, NULL, NULL);
}

static void for_adobe(struct made *m)
{
    purposes(m, ADOBE, NULL);
}

static void for_microsoft(struct made *m)
{
    purposes(m, MICROSOFT, NULL);
}

static void for_email(struct made *m)
{
    purposes(m, EMAIL, NULL);
}

static void length(struct made *m, int64_t n)
{
    m->leaf.not_after_s = m->leaf.not_before_s + n - 1;
}

static void twenty_years(struct made *m)
{
    length(m, 7300 * MADE_DAY_S);
}

static void non_repudiation(struct made *m)
{
    m->leaf.key_usage = 0x40;
}

static void encipherment(struct made *m)
{
    m->leaf.key_usage = 0x20;
}

static void no_usage(struct made *m)
{
    m->leaf.key_usage = 0;
}

static void signs_and_enciphers(struct made *m)
{
    m->leaf.key_usage = 0xa0;
}

/* ---- e-mail ---- */

static void no_address(struct made *m)
{
    m->leaf.email = NULL;
}

static void no_mail_address(struct made *m)
{
    m->leaf.email = "somebody.example.com";
}

static void server_beside_address(struct made *m)
{
    m->leaf.dns[0] = "www.example.com";
}

/* ---- time stamps ---- */

static void not_critical(struct made *m)
{
    m->leaf.is_eku_critical = false;
}

/* ---- e-invoices ---- */

static void leaf_bits(struct made *m, int64_t n)
{
    m->leaf.rsa_bits = (unsigned)n;
}

static void root_bits(struct made *m, int64_t n)
{
    m->issuers[1].rsa_bits = (unsigned)n;
}

static void p256_leaf(struct made *m)
{
    m->leaf.key = MADE_P256;
}

static void by_sha1(struct made *m)
{
    m->leaf.signature = MADE_BY_RSA_SHA1;
}

static void by_ecdsa(struct made *m)
{
    m->leaf.signature = MADE_BY_ECDSA;
}

static void unreadable_root(struct made *m)
{
    m->issuers[1].is_unreadable = true;
}

static void other_policy(struct made *m)
{
    m->leaf.policies[0] = "1.2.156.157933.41";
}

static void unlisted_issuer(struct made *m)
{
    m->issuers[0].is_listed = false;
}

static void issuer_for_documents(struct made *m)
{
    m->issuers[0].purposes[0] = TRUST_BUNDLE_DOCUMENT;
}

static void issuer_for_both(struct made *m)
{
    m->issuers[0].purposes[0] = TRUST_BUNDLE_DOCUMENT;
    m->issuers[0].purposes[1] = TRUST_BUNDLE_E_INVOICE;
}

static void from_the_root(struct made *m)
{
    m->issuers[0] = m->issuers[1];
    m->issuer_count = 1;
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("EM-01", MADE_EMAIL, beside_client, beside_server)},
    {POLICY_CASE("EM-01", MADE_EMAIL, NULL, beside_any)},
    {POLICY_CASE("EM-01", MADE_EMAIL, NULL, for_clients)},
    {POLICY_CASE("EM-01", MADE_EMAIL, NULL, no_purpose)},
    {POLICY_CASE("EM-02", MADE_EMAIL, NULL, no_address)},
    {POLICY_CASE("EM-02", MADE_EMAIL, NULL, no_mail_address)},
    {POLICY_CASE("EM-02", MADE_EMAIL, NULL, server_beside_address)},
    {POLICY_CASE("EM-03", MADE_EMAIL, NULL, twenty_years)},
    {POLICY_CASE("DS-01", MADE_DOCUMENT, for_adobe, for_code)},
    {POLICY_CASE("DS-01", MADE_INTL_DOCUMENT, for_microsoft, for_clients)},
    {POLICY_CASE("DS-01", MADE_DOCUMENT, for_email, beside_server)},
    {POLICY_CASE("DS-01", MADE_DOCUMENT, no_purpose, beside_any)},
    {POLICY_CASE("DS-02", MADE_DOCUMENT, non_repudiation, encipherment)},
    {POLICY_CASE("DS-02", MADE_DOCUMENT, no_usage, encipherment)},
    {POLICY_CASE("DS-03", MADE_DOCUMENT, NULL, twenty_years)},
    {POLICY_CASE("TS-01", MADE_TIMESTAMP, NULL, not_critical)},
    {POLICY_CASE("TS-01", MADE_TIMESTAMP, NULL, beside_client)},
    {POLICY_CASE("TS-01", MADE_TIMESTAMP, NULL, for_code)},
    {POLICY_CASE("TS-01", MADE_TIMESTAMP, NULL, no_purpose)},
    {POLICY_CASE("TS-02", MADE_TIMESTAMP, non_repudiation, signs_and_enciphers)},
    {POLICY_CASE("TS-02", MADE_TIMESTAMP, no_usage, encipherment)},
    {POLICY_CASE("TS-03", MADE_TIMESTAMP, NULL, twenty_years)},
    {POLICY_CASE("RP-09", MADE_E_INVOICE, NULL, p256_leaf)},
    {POLICY_CASE("RP-09", MADE_E_INVOICE, NULL, by_sha1)},
    {POLICY_CASE("RP-09", MADE_E_INVOICE, NULL, by_ecdsa)},
    {POLICY_CASE("RP-09", MADE_E_INVOICE, NULL, unreadable_root)},
    {POLICY_CASE("EI-01", MADE_E_INVOICE, NULL, other_policy), .text = E_INVOICE_OID},
    {POLICY_CASE("EI-01", MADE_GM_E_INVOICE, NULL, other_policy), .text = E_INVOICE_OID},
    {POLICY_CASE("EI-02", MADE_E_INVOICE, NULL, unlisted_issuer)},
    {POLICY_CASE("EI-02", MADE_E_INVOICE, NULL, issuer_for_documents)},
    {POLICY_CASE("EI-02", MADE_GM_E_INVOICE, NULL, issuer_for_both)},
    {POLICY_CASE("EI-02", MADE_GM_E_INVOICE, NULL, from_the_root)},
    {POLICY_CASE("EI-03", MADE_E_INVOICE, NULL, twenty_years)},
    {POLICY_CASE("EI-04", MADE_E_INVOICE, non_repudiation, encipherment)},
    {POLICY_CASE("CL-01", MADE_CLIENT, beside_server, beside_any)},
    {POLICY_CASE("CL-01", MADE_CLIENT, NULL, for_code)},
    {POLICY_CASE("CS-01", MADE_CODE, beside_client, beside_server)},
    {POLICY_CASE("CS-01", MADE_CODE, NULL, for_clients)},
    {POLICY_CASE("CS-02", MADE_CODE, non_repudiation, encipherment)},
};

static const struct policy_limit_case limits[] = {
    {POLICY_NUMBER(POLICY_LIMIT_EMAIL_LIFETIME, "EM-03", MADE_EMAIL, length)},
    {POLICY_NUMBER(POLICY_LIMIT_DOCUMENT_LIFETIME, "DS-03", MADE_DOCUMENT, length)},
    {POLICY_NUMBER(POLICY_LIMIT_TIMESTAMP_LIFETIME, "TS-03", MADE_TIMESTAMP, length)},
    {POLICY_NUMBER(POLICY_LIMIT_E_INVOICE_RSA_BITS, "RP-09", MADE_E_INVOICE, leaf_bits), .is_exact = true},
    {POLICY_NUMBER(POLICY_LIMIT_E_INVOICE_RSA_BITS, "RP-09", MADE_E_INVOICE, root_bits), .is_exact = true},
    {POLICY_NUMBER(POLICY_LIMIT_E_INVOICE_LIFETIME, "EI-03", MADE_E_INVOICE, length)},
};

const struct policy_case_file policy_cases_purpose = {rules, POLICY_COUNT(rules), limits, POLICY_COUNT(limits), NULL, 0};
