/* Cases of names: policy_rules_names.c. */
#include "unit/policy/policy_cases.h"

#define LABEL_63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

/* One more name or address. */
#define DNS(function, name)                \
    static void function(struct made *m)   \
    {                                      \
        m->leaf.dns[2] = m->leaf.dns[1];   \
        m->leaf.dns[1] = (name);           \
    }
#define IP(function, address)              \
    static void function(struct made *m)   \
    {                                      \
        m->leaf.ips[0] = (address);        \
    }

static void no_names(struct made *m)
{
    m->leaf.dns[0] = NULL;
}

static void address_alone(struct made *m)
{
    m->leaf.dns[0] = NULL;
    m->leaf.ips[0] = "8.8.8.8";
}

/* ---- form ---- */

DNS(punycode, "xn--fiq228c.example.com")
DNS(label_of_63, LABEL_63 ".example.com")
DNS(label_of_64, LABEL_63 "g.example.com")
DNS(underscore, "a_b.example.com")
DNS(hyphen_inside, "a-b.example.com")
DNS(hyphen_before, "-ab.example.com")
DNS(reserved_label, "ab--c.example.com")
DNS(star_inside, "*a.example.com")
DNS(single_label, "nas")
DNS(with_slash, "n/s")
DNS(all_digits, "192.0.2.1")

static void with_uri(struct made *m)
{
    m->leaf.uri = "https://www.example.com/";
}

/* ---- public suffixes, reverse zones ---- */

DNS(wildcard_of_own, "*.example.com.cn")
DNS(wildcard_of_suffix, "*.com.cn")
DNS(name_of_suffix, "a.com.cn")
DNS(suffix, "com.cn")
DNS(suffix_in_capitals, "COM.cn")
DNS(arpa_elsewhere, "in-addr.arpa.example.com")
DNS(arpa, "1.2.0.192.in-addr.arpa")
DNS(arpa_6, "8.b.d.0.1.0.0.2.ip6.arpa")
DNS(all_of_arpa, "in-addr.arpa")
DNS(any_of_arpa_6, "*.ip6.arpa")

/* ---- internal names ---- */

DNS(public_name, "nas.example.com")
DNS(internal_name, "nas.corp")
DNS(internal_in_capitals, "NAS.Local")
DNS(internal_wildcard, "*.nas.corp")
DNS(at_home, "nas.home.arpa")
DNS(near_home, "nashome.arpa")
DNS(onion, "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion")

static void internal_in_order(struct made *m)
{
    internal_name(m);
    m->is_issuing = true;
}

static void internal_subject(struct made *m)
{
    m->leaf.cn = "nas.corp";
}

static void address_as_subject(struct made *m)
{
    m->leaf.cn = "10.0.0.1";
}

static void public_subject(struct made *m)
{
    m->leaf.cn = "www.example.com";
}

/* The same names below a root for intranets are what it is for: it is an intranet's certificate without its policy. */
static void internal_under_intranet(struct made *m)
{
    internal_name(m);
    m->issuers[0].purposes[0] = m->issuers[1].purposes[0] = TRUST_BUNDLE_TLS_INTRANET;
}

/* ---- addresses: both sides of blocks ---- */

IP(before_10, "9.255.255.255")
IP(first_of_10, "10.0.0.0")
IP(last_of_10, "10.255.255.255")
IP(after_10, "11.0.0.0")
IP(last_of_172_16, "172.31.255.255")
IP(after_172_16, "172.32.0.0")
IP(pcp_anycast, "192.0.0.9")
IP(before_192_0_0, "191.255.255.255")
IP(documentation, "2001:db8::1")
IP(after_documentation, "2001:db9::")
IP(unique_local, "fc00::1")
IP(global, "2600::1")
IP(dummy_prefix, "100:0:0:1::")
IP(multicast, "224.0.0.1")
IP(multicast_6, "ff02::1")
IP(before_multicast, "223.255.255.255")
IP(site_local, "fec0::1")

/* ---- the common name ---- */

static void address_in_both(struct made *m)
{
    m->leaf.ips[0] = m->leaf.cn = "8.8.8.8";
}

static void next_address(struct made *m)
{
    m->leaf.ips[0] = "8.8.8.8";
    m->leaf.cn = "8.8.8.9";
}

static void capitals(struct made *m)
{
    m->leaf.cn = "WWW.example.com";
}

static void other_name(struct made *m)
{
    m->leaf.cn = "www.example.org";
}

static void twice(struct made *m)
{
    m->leaf.cn = m->leaf.second_cn = "www.example.com";
}

static const struct policy_rule_case rules[] = {
    {POLICY_CASE("br-san", MADE_INTL, address_alone, no_names)},
    {POLICY_CASE("br-san", MADE_MTC, NULL, no_names)},
    {POLICY_CASE("br-names", MADE_INTL, punycode, underscore)},
    {POLICY_CASE("br-names", MADE_INTL, label_of_63, label_of_64)},
    {POLICY_CASE("br-names", MADE_INTL, hyphen_inside, hyphen_before)},
    {POLICY_CASE("br-names", MADE_INTL, wildcard_of_own, star_inside)},
    {POLICY_CASE("br-names", MADE_INTL, NULL, reserved_label)},
    {POLICY_CASE("br-names", MADE_INTL, NULL, single_label)},
    {POLICY_CASE("br-names", MADE_INTL, NULL, all_digits)},
    {POLICY_CASE("br-names", MADE_INTL, address_alone, with_uri)},
    {POLICY_CASE("br-names", MADE_INTRANET, single_label, with_slash)},
    {POLICY_CASE("br-wildcard", MADE_INTL, wildcard_of_own, wildcard_of_suffix)},
    {POLICY_CASE("br-wildcard", MADE_INTRANET, suffix, wildcard_of_suffix)},
    {POLICY_CASE("br-public-suffix", MADE_INTL, name_of_suffix, suffix)},
    {POLICY_CASE("br-public-suffix", MADE_MTC, wildcard_of_suffix, suffix_in_capitals)},
    {POLICY_CASE("br-internal-name", MADE_INTL, public_name, internal_name)},
    {POLICY_CASE("br-internal-name", MADE_GM, NULL, internal_in_capitals)},
    {POLICY_CASE("br-internal-name", MADE_GM, NULL, internal_wildcard)},
    {POLICY_CASE("br-internal-name", MADE_MTC, near_home, at_home)},
    {POLICY_CASE("br-internal-name", MADE_INTL, NULL, internal_in_order)},
    {POLICY_CASE("br-internal-name", MADE_INTL, internal_under_intranet, internal_name), .is_good_without_case = true},
    {POLICY_CASE("br-arpa", MADE_INTL, arpa_elsewhere, arpa)},
    {POLICY_CASE("br-arpa", MADE_GM, NULL, arpa_6)},
    {POLICY_CASE("br-arpa", MADE_INTL, NULL, all_of_arpa)},
    {POLICY_CASE("br-arpa", MADE_INTL, NULL, any_of_arpa_6)},
    {POLICY_CASE("br-reserved-address", MADE_INTL, before_10, first_of_10)},
    {POLICY_CASE("br-reserved-address", MADE_INTL, after_10, last_of_10)},
    {POLICY_CASE("br-reserved-address", MADE_INTL, after_172_16, last_of_172_16)},
    {POLICY_CASE("br-reserved-address", MADE_INTL, before_192_0_0, pcp_anycast)},
    {POLICY_CASE("br-reserved-address", MADE_GM, after_documentation, documentation)},
    {POLICY_CASE("br-reserved-address", MADE_GM, global, unique_local)},
    {POLICY_CASE("br-reserved-address", MADE_GM, NULL, dummy_prefix)},
    {POLICY_CASE("br-reserved-address", MADE_MTC, before_multicast, multicast)},
    {POLICY_CASE("br-reserved-address", MADE_MTC, NULL, multicast_6)},
    {POLICY_CASE("PU-01", MADE_INTL, public_name, internal_name)},
    {POLICY_CASE("PU-01", MADE_GM, after_10, first_of_10)},
    {POLICY_CASE("PU-01", MADE_GM, public_subject, internal_subject)},
    {POLICY_CASE("PU-01", MADE_GM, NULL, address_as_subject)},
    {POLICY_CASE("PU-01", MADE_INTL, internal_under_intranet, internal_in_order), .is_good_without_case = true},
    {POLICY_CASE("br-common-name", MADE_INTL, public_subject, capitals)},
    {POLICY_CASE("br-common-name", MADE_INTL, public_subject, other_name)},
    {POLICY_CASE("br-common-name", MADE_INTL, public_subject, twice)},
    {POLICY_CASE("br-common-name", MADE_GM, address_in_both, next_address)},
};

static const struct policy_setting_case settings[] = {
    {POLICY_SETTING_RESERVED_ADDRESSES, POLICY_VALUE_REGISTRY, POLICY_VALUE_REGISTRY_MULTICAST, "br-reserved-address", MADE_INTL, multicast,
     POLICY_PASS, POLICY_FAIL},
    {POLICY_SETTING_RESERVED_ADDRESSES, POLICY_VALUE_REGISTRY_MULTICAST, POLICY_VALUE_NOT_GLOBAL, "br-reserved-address", MADE_INTL,
     site_local, POLICY_PASS, POLICY_FAIL},
    {POLICY_SETTING_HOME_ARPA, POLICY_VALUE_INTERNAL, POLICY_VALUE_PUBLIC, "br-internal-name", MADE_INTL, at_home, POLICY_FAIL, POLICY_PASS},
    {POLICY_SETTING_ONION, POLICY_VALUE_PUBLIC, POLICY_VALUE_INTERNAL, "br-internal-name", MADE_INTL, onion, POLICY_PASS, POLICY_FAIL},
};

const struct policy_case_file policy_cases_names = {rules, POLICY_COUNT(rules), NULL, 0, settings, POLICY_COUNT(settings)};
