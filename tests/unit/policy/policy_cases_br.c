/* Cases of validity, serial number, subject, key and extensions of leaves: policy_rules_br.c, policy_rules_extensions.c. */
#include "unit/policy/policy_cases.h"

#include <string.h>

#define DV "2.23.140.1.2.1"
#define IV "2.23.140.1.2.3"
#define ANY_POLICY "2.5.29.32.0"
#define OWN_POLICY "1.3.6.1.4.1.32473.1000.7"

/* Both ends belong to it. */
static void valid_for(struct made *m, int64_t n)
{
    m->leaf.not_after_s = m->leaf.not_before_s + n - 1;
}

static void one_second(struct made *m)
{
    valid_for(m, 1);
}

static void ends_before(struct made *m)
{
    valid_for(m, 0);
}

static void three_years(struct made *m)
{
    valid_for(m, 1095 * MADE_DAY_S);
}

static void two_weeks(struct made *m)
{
    valid_for(m, 14 * MADE_DAY_S);
}

static void plain_200_days(struct made *m)
{
    valid_for(m, 200 * MADE_DAY_S + 1);
}

static void three_hundred_days(struct made *m)
{
    valid_for(m, 300 * MADE_DAY_S);
}

/* ---- issuance ---- */

static void signed_after(struct made *m, int64_t n)
{
    m->is_issuing = true;
    m->at_s = m->leaf.not_before_s + n;
}

static void signed_two_days_before(struct made *m)
{
    signed_after(m, -2 * MADE_DAY_S);
}

static void signed_longer_before(struct made *m)
{
    signed_after(m, -2 * MADE_DAY_S - 1);
}

static void signed_now(struct made *m)
{
    signed_after(m, 0);
}

static void signed_a_month_later(struct made *m)
{
    signed_after(m, 30 * MADE_DAY_S);
}

/* ---- serial numbers ---- */

static uint8_t serial[32];

/* So many bits, of an issuer. */
static void has_serial_bits(struct made *m, int64_t bits)
{
    size_t len = (size_t)bits / 8 + 1;
    m->is_issuing = true;
    memset(serial, 0x55, sizeof serial);
    serial[0] = (uint8_t)(bits % 8 == 0 ? 0 : 1u << (bits - 1) % 8);
    if (bits % 8 == 0)
        serial[1] = 0x80;
    m->leaf.serial = bytes_of(serial, len);
}

static void serial_of(struct made *m, const char *bytes, size_t len)
{
    m->leaf.serial = bytes_of(bytes, len);
}

static void serial_of_20(struct made *m)
{
    serial_of(m, "\x7f" "1234567890123456789", 20);
}

static void serial_of_21(struct made *m)
{
    serial_of(m, "\x7f" "12345678901234567890", 21);
}

static void negative_serial(struct made *m)
{
    serial_of(m, "\x80" "123456789012345", 16);
}

static void zero_serial(struct made *m)
{
    serial_of(m, "\0", 1);
}

static void short_serial(struct made *m)
{
    serial_of(m, "\x12\x34\x56\x78", 4);
}

static void first_of_log_1(struct made *m)
{
    serial_of(m, "\1\0\0\0\0\0\0", 7);
}

static void of_log_0(struct made *m)
{
    serial_of(m, "\1\0\0\0\0\0", 6);
}

static void last_of_all(struct made *m)
{
    serial_of(m, "\0\xff\xff\xff\xff\xff\xff\xff\xff", 9);
}

static void longer_than_all(struct made *m)
{
    serial_of(m, "\1\0\0\0\0\0\0\0\0", 9);
}

static void entry_with_serial(struct made *m)
{
    m->is_issuing = true;
}

/* ---- subject ---- */

static void with_subject(struct made *m)
{
    m->leaf.cn = "www.example.com";
}

static void with_unit(struct made *m)
{
    m->leaf.ou = "IT";
}

static void with_organisation(struct made *m)
{
    m->leaf.o = "Example";
}

/* ---- keys ---- */

static void key_of(struct made *m, enum made_key key)
{
    m->leaf.key = key;
}

static void mldsa(struct made *m)
{
    key_of(m, MADE_MLDSA44);
}

static void issuing_mldsa(struct made *m)
{
    mldsa(m);
    m->is_issuing = true;
}

/* A point that is not on the curve. */
static void issuing_no_point(struct made *m)
{
    m->is_issuing = true;
}

static void p521(struct made *m)
{
    key_of(m, MADE_P521);
}

static void p224(struct made *m)
{
    key_of(m, MADE_P224);
}

static void ed25519(struct made *m)
{
    key_of(m, MADE_ED25519);
}

static void rsa(struct made *m, int64_t bits, int64_t exponent)
{
    m->leaf.key = MADE_RSA;
    m->leaf.rsa_bits = (unsigned)bits;
    m->leaf.rsa_exponent = (unsigned)exponent;
}

static void rsa_of_bits(struct made *m, int64_t n)
{
    rsa(m, n, 65537);
}

static void rsa_of_exponent(struct made *m, int64_t n)
{
    rsa(m, 2048, n);
}

static void rsa_3072(struct made *m)
{
    rsa_of_bits(m, 3072);
}

static void rsa_3076(struct made *m)
{
    rsa_of_bits(m, 3076);
}

static void rsa_odd_exponent(struct made *m)
{
    rsa_of_exponent(m, 65539);
}

static void rsa_even_exponent(struct made *m)
{
    rsa_of_exponent(m, 65538);
}

/* ---- extensions ---- */

static void unknown_critical(struct made *m)
{
    m->leaf.has_unknown_critical = true;
}

static void precert(struct made *m)
{
    m->leaf.has_poison = true;
}

static void precert_with_unknown(struct made *m)
{
    precert(m);
    unknown_critical(m);
}

static void precert_in_issuance(struct made *m)
{
    precert(m);
    m->is_issuing = true;
}

static void is_ca(struct made *m)
{
    m->leaf.is_ca = true;
}

static void signs_certificates(struct made *m)
{
    m->leaf.key_usage = 0x84;
}

static void with_key_agreement(struct made *m)
{
    m->leaf.key_usage = 0x88;
}

static void with_key_encipherment(struct made *m)
{
    m->leaf.key_usage = 0xa0;
}

static void rsa_with_key_encipherment(struct made *m)
{
    rsa_3072(m);
    with_key_encipherment(m);
}

static void rsa_with_key_agreement(struct made *m)
{
    rsa_3072(m);
    with_key_agreement(m);
}

static void agreement_alone(struct made *m)
{
    m->leaf.key_usage = 0x08;
}

static void no_usage(struct made *m)
{
    m->leaf.key_usage = 0;
}

static void usage_not_critical(struct made *m)
{
    m->leaf.is_key_usage_critical = false;
}

static void purpose(struct made *m, const char *oid)
{
    m->leaf.eku[2] = m->leaf.eku[1];
    m->leaf.eku[1] = oid;
}

static void with_own_purpose(struct made *m)
{
    purpose(m, "1.3.6.1.4.1.32473.1000.8");
}

static void with_code_signing(struct made *m)
{
    purpose(m, "1.3.6.1.5.5.7.3.3");
}

static void with_time_stamping(struct made *m)
{
    purpose(m, "1.3.6.1.5.5.7.3.8");
}

static void with_any_purpose(struct made *m)
{
    purpose(m, "2.5.29.37.0");
}

static void with_precert_signing(struct made *m)
{
    purpose(m, "1.3.6.1.4.1.11129.2.4.4");
}

static void no_purposes(struct made *m)
{
    m->leaf.eku[0] = m->leaf.eku[1] = NULL;
}

static void in_2027(struct made *m)
{
    made_move(m, INT64_C(1807747200)); /* 2027-04-15 */
}

static void client_in_2027(struct made *m)
{
    in_2027(m);
    m->leaf.eku[1] = "1.3.6.1.5.5.7.3.2";
}

static void san_not_critical(struct made *m)
{
    m->leaf.san_critical = 0;
}

static void san_critical_beside_subject(struct made *m)
{
    with_subject(m);
    m->leaf.san_critical = 1;
}

static void no_key_id(struct made *m)
{
    m->leaf.aki = NULL;
}

static void issuer_in_key_id(struct made *m)
{
    m->leaf.has_aki_serial = true;
}

static void other_key_id(struct made *m)
{
    m->leaf.aki = "another key";
}

static void issuer_without_key_id(struct made *m)
{
    other_key_id(m);
    m->issuers[0].ski = NULL;
}

static void policies(struct made *m, const char *first, const char *second)
{
    m->leaf.policies[0] = first;
    m->leaf.policies[1] = second;
}

static void with_own_policy(struct made *m)
{
    policies(m, OWN_POLICY, IV);
}

static void own_policy_alone(struct made *m)
{
    policies(m, OWN_POLICY, NULL);
}

static void no_policies(struct made *m)
{
    policies(m, NULL, NULL);
}

static void two_policies(struct made *m)
{
    policies(m, DV, IV);
}

static void any_policy(struct made *m)
{
    policies(m, DV, ANY_POLICY);
}

static void ocsp_alone(struct made *m)
{
    m->leaf.aia = MADE_AIA_OCSP;
}

static void no_information(struct made *m)
{
    m->leaf.aia = 0;
}

static void other_method(struct made *m)
{
    m->leaf.aia |= MADE_AIA_OTHER;
}

static void ldap(struct made *m)
{
    m->leaf.aia = MADE_AIA_LDAP;
}

static void with_crl(struct made *m)
{
    m->leaf.aia = MADE_AIA_ISSUERS;
    m->leaf.has_crl = true;
}

static void neither_crl_nor_ocsp(struct made *m)
{
    m->leaf.aia = MADE_AIA_ISSUERS;
}

static void unrevocable_for(struct made *m, int64_t n)
{
    neither_crl_nor_ocsp(m);
    valid_for(m, n);
}

static void constraints(struct made *m)
{
    m->leaf.has_name_constraints = true;
}

static void with_scts(struct made *m)
{
    m->leaf.has_sct_list = true;
}

static void with_bad_scts(struct made *m)
{
    m->leaf.has_bad_sct_list = true;
}

static void precert_with_scts(struct made *m)
{
    precert(m);
    with_scts(m);
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("rfc5280-validity", MADE_INTL, one_second, ends_before)},
    {POLICY_CASE("br-validity", MADE_INTL, NULL, three_years)},
    {POLICY_CASE("br-validity", MADE_GM, NULL, three_years)},
    {POLICY_CASE("br-validity-advised", MADE_INTL, NULL, three_years)},
    {POLICY_CASE("br-backdate", MADE_GM, signed_two_days_before, signed_longer_before)},
    {POLICY_CASE("br-backdate", MADE_INTL, signed_now, signed_a_month_later)},
    {POLICY_CASE("br-short-lived", MADE_MTC, NULL, two_weeks)},
    {POLICY_CASE("br-serial", MADE_INTL, serial_of_20, serial_of_21)},
    {POLICY_CASE("br-serial", MADE_INTL, NULL, negative_serial)},
    {POLICY_CASE("br-serial", MADE_INTL, NULL, zero_serial)},
    {POLICY_CASE("br-serial", MADE_DOCUMENT, NULL, short_serial)},
    {POLICY_CASE("draft-serial", MADE_MTC, first_of_log_1, of_log_0)},
    {POLICY_CASE("draft-serial", MADE_MTC, last_of_all, longer_than_all)},
    {POLICY_CASE("draft-serial", MADE_INTL_MTC, NULL, entry_with_serial)},
    {POLICY_CASE("cqrp-subject", MADE_INTL_MTC, NULL, with_subject)},
    {POLICY_CASE("br-ou", MADE_INTL, with_organisation, with_unit)},
    {POLICY_CASE("br-key", MADE_INTL_MTC, issuing_mldsa, issuing_no_point)},
    {POLICY_CASE("br-key-size", MADE_INTL, p521, p224)},
    {POLICY_CASE("br-key-size", MADE_INTL, rsa_3072, rsa_3076)},
    {POLICY_CASE("br-key-size", MADE_INTL, rsa_odd_exponent, rsa_even_exponent)},
    {POLICY_CASE("br-key-size", MADE_INTL, NULL, ed25519)},
    {POLICY_CASE("br-key-size", MADE_INTL, NULL, mldsa)},
    {POLICY_CASE("br-key-size", MADE_INTL_MTC, ed25519, p224)},
    {POLICY_CASE("br-key-size", MADE_INTL_MTC, mldsa, p224)},
    {POLICY_CASE("rfc5280-critical", MADE_INTL, NULL, unknown_critical)},
    {POLICY_CASE("rfc5280-critical", MADE_INTL, precert, precert_with_unknown)},
    {POLICY_CASE("br-no-ca", MADE_INTL, NULL, is_ca)},
    {POLICY_CASE("br-no-ca", MADE_INTL, with_key_encipherment, signs_certificates)},
    {POLICY_CASE("br-key-usage", MADE_INTL, with_key_agreement, with_key_encipherment)},
    {POLICY_CASE("br-key-usage", MADE_INTL, rsa_with_key_encipherment, rsa_with_key_agreement)},
    {POLICY_CASE("br-key-usage", MADE_GM, NULL, agreement_alone)},
    {POLICY_CASE("br-key-usage", MADE_GM, NULL, usage_not_critical)},
    {POLICY_CASE("br-key-usage", MADE_MTC, NULL, no_usage), .is_mild = true},
    {POLICY_CASE("br-server-auth", MADE_INTL, with_own_purpose, with_code_signing)},
    {POLICY_CASE("br-server-auth", MADE_GM, NULL, with_time_stamping)},
    {POLICY_CASE("br-server-auth", MADE_GM, NULL, with_any_purpose)},
    {POLICY_CASE("br-server-auth", MADE_INTL, NULL, with_precert_signing)},
    {POLICY_CASE("br-server-auth", MADE_MTC, NULL, no_purposes)},
    {POLICY_CASE("chrome-client-auth", MADE_INTL, in_2027, client_in_2027)},
    {POLICY_CASE("rfc5280-san-critical", MADE_INTL, NULL, san_not_critical)},
    {POLICY_CASE("rfc5280-san-critical", MADE_INTL, with_subject, san_critical_beside_subject)},
    {POLICY_CASE("br-aki", MADE_INTL, NULL, no_key_id)},
    {POLICY_CASE("br-aki", MADE_INTL, issuer_without_key_id, other_key_id)},
    {POLICY_CASE("br-aki", MADE_INTL, NULL, issuer_in_key_id)},
    {POLICY_CASE("br-aki", MADE_INTL_MTC, other_key_id, no_key_id)},
    {POLICY_CASE("br-policy", MADE_INTL, with_own_policy, own_policy_alone)},
    {POLICY_CASE("br-policy", MADE_INTL, NULL, no_policies)},
    {POLICY_CASE("br-policy", MADE_INTL, NULL, two_policies)},
    {POLICY_CASE("br-policy", MADE_INTL, NULL, any_policy)},
    {POLICY_CASE("br-aia", MADE_INTL, ocsp_alone, no_information)},
    {POLICY_CASE("br-aia", MADE_INTL, with_crl, other_method)},
    {POLICY_CASE("br-aia", MADE_INTL, NULL, ldap)},
    {POLICY_CASE("br-crl", MADE_INTL, with_crl, neither_crl_nor_ocsp)},
    {POLICY_CASE("br-crl", MADE_INTL, ocsp_alone, no_information)},
    {POLICY_CASE("br-name-constraints", MADE_INTL, NULL, constraints)},
    {POLICY_CASE("rfc6962-poison", MADE_INTL, precert_in_issuance, precert)},
    {POLICY_CASE("rfc6962-scts", MADE_INTL, with_scts, with_bad_scts)},
    {POLICY_CASE("rfc6962-scts", MADE_INTL, NULL, precert_with_scts)},
    {POLICY_CASE("cqrp-scts", MADE_INTL_MTC, NULL, with_scts)},
};

static const struct policy_limit_case limits[] = {
    {POLICY_NUMBER(POLICY_LIMIT_TLS_LIFETIME, "br-validity", MADE_INTL, valid_for)},
    {POLICY_NUMBER(POLICY_LIMIT_TLS_LIFETIME, "br-validity", MADE_GM, valid_for)},
    {POLICY_NUMBER(POLICY_LIMIT_TLS_LIFETIME_ADVISED, "br-validity-advised", MADE_INTL, valid_for)},
    {POLICY_NUMBER(POLICY_LIMIT_GM_LIFETIME, "br-validity", MADE_GM, valid_for), .text = "setting gm-lifetime own"},
    {POLICY_NUMBER(POLICY_LIMIT_DCV_REUSE, NULL, MADE_INTL, NULL)},
    {POLICY_NUMBER(POLICY_LIMIT_SHORT_LIVED, "br-short-lived", MADE_MTC, valid_for)},
    {POLICY_NUMBER(POLICY_LIMIT_SHORT_LIVED, "br-crl", MADE_INTL, unrevocable_for)},
    {POLICY_NUMBER(POLICY_LIMIT_BACKDATE, "br-backdate", MADE_GM, signed_after)},
    {POLICY_NUMBER(POLICY_LIMIT_SERIAL_BITS_MIN, "br-serial", MADE_INTL, has_serial_bits), .is_min = true},
    {POLICY_NUMBER(POLICY_LIMIT_RSA_BITS_MIN, "br-key-size", MADE_INTL, rsa_of_bits), .is_min = true},
    {POLICY_NUMBER(POLICY_LIMIT_RSA_BITS_MAX, "br-key-size", MADE_INTL, rsa_of_bits)},
    {POLICY_NUMBER(POLICY_LIMIT_RSA_EXPONENT_MIN, "br-key-size", MADE_INTL, rsa_of_exponent), .is_min = true, .step = 2},
};

static const struct policy_setting_case settings[] = {
    {POLICY_SETTING_LENGTH, POLICY_VALUE_INCLUSIVE, POLICY_VALUE_EXACT, "br-validity", MADE_INTL, plain_200_days, POLICY_FAIL, POLICY_PASS},
    {POLICY_SETTING_GM_LIFETIME, POLICY_VALUE_BR, POLICY_VALUE_OWN, "br-validity", MADE_GM, three_hundred_days, POLICY_FAIL, POLICY_PASS},
};

const struct policy_case_file policy_cases_br = {rules,    POLICY_COUNT(rules),   limits,
                                                 POLICY_COUNT(limits), settings, POLICY_COUNT(settings)};
