/* The rules, each a function of a few lines and a row of the table at the end. */
#include "rules/lint_rules.h"

#include <stdio.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/ct/sct_list.h"
#include "crypto/algorithm.h"
#include "crypto/subject_key.h"
#include "rules/dns_name.h"

#define DAY_S ((int64_t)86400)
/* Clocks differ; a certificate from further back claims a validity that nobody was authorized for. */
#define BACKDATE_MAX_S (48 * 3600)
#define POISON "1.3.6.1.4.1.11129.2.4.3"
#define SCT_LIST "1.3.6.1.4.1.11129.2.4.2"

static bool wrong(struct lint_view *view, const char *what, const char *name)
{
    (void)snprintf(view->text, LINT_TEXT_SIZE, "%.70s%s%.120s", what, *name != '\0' ? ": " : "", name);
    return false;
}

static int64_t validity_s(const struct lint_view *view)
{
    return view->subject->not_after_s - view->subject->not_before_s + 1;
}

/* ---- validity ---- */

/* By the day of issuance: [BR 6.3.2], and [BR 4.2.1] for names and addresses. */
static const struct dated_row {
    int64_t from_s, validity_s, reuse_s;
} dated_rows[] = {
    {1868227200, 47 * DAY_S, 10 * DAY_S},   /* 2029-03-15 */
    {1805068800, 100 * DAY_S, 100 * DAY_S}, /* 2027-03-15 */
    {1773532800, 200 * DAY_S, 200 * DAY_S}, /* 2026-03-15 */
    {INT64_MIN, 398 * DAY_S, 398 * DAY_S},
};

static const struct dated_row *row_at(int64_t now_s)
{
    size_t i = 0;
    while (now_s < dated_rows[i].from_s)
        i++;
    return &dated_rows[i];
}

int64_t lint_validity_max_s(int64_t now_s)
{
    return row_at(now_s)->validity_s;
}

int64_t lint_reuse_max_s(int64_t now_s)
{
    return row_at(now_s)->reuse_s;
}

static bool is_validity_ordered(struct lint_view *view)
{
    return validity_s(view) > 0 || wrong(view, "notAfter is before notBefore", "");
}

static bool is_validity_of_profile(struct lint_view *view)
{
    return validity_s(view) <= view->subject->profile->lifetime_s ||
           wrong(view, "valid for longer than the profile says", view->subject->profile->name);
}

static bool is_validity_short_enough(struct lint_view *view)
{
    return validity_s(view) <= lint_validity_max_s(view->subject->now_s) ||
           wrong(view, "valid for longer than the BR allow on this day", "");
}

static bool is_not_backdated(struct lint_view *view)
{
    return view->subject->not_before_s >= view->subject->now_s - BACKDATE_MAX_S ||
           wrong(view, "notBefore is more than 48 hours before its signing", "");
}

static bool is_short_lived(struct lint_view *view)
{
    return validity_s(view) <= LINT_SHORT_LIVED_S ||
           wrong(view, "valid for more than 7 days, and has no way to be revoked that clients follow", "");
}

static bool is_intranet_validity(struct lint_view *view)
{
    return (validity_s(view) >= LINT_INTRANET_MIN_S && validity_s(view) <= LINT_INTRANET_MAX_S) ||
           wrong(view, "an intranet certificate is valid for 1 to 5 years", "");
}

/* ---- names ---- */

/* A name as a string; false when it is longer than any name. */
static bool copy_name(struct bytes value, char out[DNS_NAME_MAX + 1])
{
    if (value.len > DNS_NAME_MAX || memchr(value.data, 0, value.len) != NULL)
        return false;
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
    return true;
}

/* The next DNS name, without "*." before it; *is_wildcard says whether it was there. */
static bool next_dns(struct reader *r, char name[DNS_NAME_MAX + 1], bool *is_wildcard)
{
    struct san_name san;
    while (san_next(r, &san)) {
        if (san.tag != SAN_DNS_NAME || !copy_name(san.value, name))
            continue;
        *is_wildcard = strncmp(name, "*.", 2) == 0;
        if (*is_wildcard)
            memmove(name, name + 2, strlen(name) - 1);
        return true;
    }
    return false;
}

static struct reader names_of(const struct lint_view *view)
{
    struct reader r;
    reader_init(&r, view->extensions.subject_alt_name);
    return r;
}

static bool has_names(struct lint_view *view)
{
    return view->extensions.subject_alt_name.len > 0 || wrong(view, "no subjectAltName", "");
}

/* Inside, a host may be a single label. */
static bool is_name(const struct lint_view *view, struct bytes name)
{
    if (view->subject->profile->is_intranet)
        return dns_name_check_host(name, true, NULL) == STATUS_OK;
    return dns_name_check(name, true, NULL) == STATUS_OK;
}

static bool are_names_well_formed(struct lint_view *view)
{
    struct reader r = names_of(view);
    struct san_name san;
    unsigned count = 0;
    for (; san_next(&r, &san); count++) {
        char text[DNS_NAME_MAX + 1] = "";
        bool is_ip = san.tag == SAN_IP_ADDRESS;
        if (!is_ip && san.tag != SAN_DNS_NAME)
            return wrong(view, "a name that is neither a DNS name nor an IP address", "");
        if (is_ip && san.value.len != 4 && san.value.len != 16)
            return wrong(view, "an IP address of neither 4 nor 16 bytes", "");
        bool is_text = is_ip || copy_name(san.value, text);
        if (!is_text || (!is_ip && !is_name(view, san.value)))
            return wrong(view, "not a DNS name that may stand in a certificate", text);
        for (const char *c = text; *c != '\0'; c++)
            if ((*c >= 'A' && *c <= 'Z') || *c == '_')
                return wrong(view, "capital letters and underscores do not stand in names", text);
    }
    return count <= view->subject->profile->names_max || wrong(view, "more names than the profile allows", "");
}

static bool are_kinds_of_profile(struct lint_view *view)
{
    struct reader r = names_of(view);
    struct san_name san;
    const struct certificate_profile *profile = view->subject->profile;
    while (san_next(&r, &san)) {
        if (san.tag == SAN_IP_ADDRESS && !profile->has_ips)
            return wrong(view, "this profile has no IP addresses", profile->name);
        bool is_wildcard = san.tag == SAN_DNS_NAME && san.value.len > 2 && memcmp(san.value.data, "*.", 2) == 0;
        if (is_wildcard && !profile->has_wildcards)
            return wrong(view, "this profile has no wildcards", profile->name);
    }
    return true;
}

static bool is_wildcard_below_suffix(struct lint_view *view)
{
    struct reader r = names_of(view);
    const struct lint_subject *subject = view->subject;
    char name[DNS_NAME_MAX + 1];
    bool is_wildcard;
    while (subject->is_public_suffix != NULL && next_dns(&r, name, &is_wildcard))
        if (is_wildcard && subject->is_public_suffix(subject->context, name))
            return wrong(view, "a wildcard for all of a public suffix", name);
    return true;
}

static bool has_no_internal_name(struct lint_view *view)
{
    struct reader r = names_of(view);
    const struct lint_subject *subject = view->subject;
    char name[DNS_NAME_MAX + 1];
    bool is_wildcard;
    while (subject->is_internal_name != NULL && next_dns(&r, name, &is_wildcard))
        if (subject->is_internal_name(subject->context, name))
            return wrong(view, "an internal name: no registry has its last label", name);
    return true;
}

static bool ends_with(const char *name, const char *end)
{
    size_t a = strlen(name), b = strlen(end);
    return a >= b && strcmp(name + a - b, end) == 0;
}

static bool has_no_reverse_zone(struct lint_view *view)
{
    struct reader r = names_of(view);
    char name[DNS_NAME_MAX + 1];
    bool is_wildcard;
    while (next_dns(&r, name, &is_wildcard))
        if (ends_with(name, ".in-addr.arpa") || ends_with(name, ".ip6.arpa"))
            return wrong(view, "a name of a reverse zone", name);
    return true;
}

static bool is_reserved(const struct lint_view *view, const struct san_name *san)
{
    return san->tag == SAN_IP_ADDRESS && view->subject->is_reserved_address != NULL &&
           view->subject->is_reserved_address(san->value);
}

static bool has_no_reserved_address(struct lint_view *view)
{
    struct reader r = names_of(view);
    struct san_name san;
    while (san_next(&r, &san))
        if (is_reserved(view, &san))
            return wrong(view, "an IP address that IANA has reserved", "");
    return true;
}

static bool has_intranet_name(struct lint_view *view)
{
    struct reader r = names_of(view);
    const struct lint_subject *subject = view->subject;
    struct san_name san;
    if (subject->is_internal_name == NULL || subject->is_reserved_address == NULL)
        return true;
    while (san_next(&r, &san)) {
        char name[DNS_NAME_MAX + 1];
        bool is_internal = san.tag == SAN_DNS_NAME && copy_name(san.value, name) &&
                           subject->is_internal_name(subject->context, name);
        if (is_internal || is_reserved(view, &san))
            return true;
    }
    return wrong(view, "an intranet certificate has an internal name or a reserved address", "");
}

/* ---- the key ---- */

static unsigned key_bit(struct bytes spki)
{
    static const struct {
        const char *name;
        unsigned bit;
    } rows[] = {{"SM2", PROFILE_KEY_SM2}, {"P-256", PROFILE_KEY_P256}, {"P-384", PROFILE_KEY_P384},
                {"P-521", PROFILE_KEY_P521}, {"Ed25519", PROFILE_KEY_ED25519}};
    char name[SUBJECT_KEY_TEXT_SIZE];
    subject_key_describe(spki, name, sizeof name);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].bit;
    if (strncmp(name, "RSA-", 4) == 0)
        return PROFILE_KEY_RSA;
    return strncmp(name, "ML-DSA-", 7) == 0 ? PROFILE_KEY_MLDSA : 0;
}

static bool is_key_good(struct lint_view *view)
{
    struct error err = {.status = STATUS_OK};
    return subject_key_check(view->subject->spki, &err) == STATUS_OK || wrong(view, err.text, "");
}

static bool is_key_of_profile(struct lint_view *view)
{
    char name[SUBJECT_KEY_TEXT_SIZE];
    subject_key_describe(view->subject->spki, name, sizeof name);
    return (key_bit(view->subject->spki) & view->subject->profile->keys) != 0 ||
           wrong(view, "this profile is not for keys of this kind", name);
}

/* ---- extensions ---- */

static bool find(const struct lint_view *view, const char *dotted, struct extension *out)
{
    uint8_t memory[32];
    struct builder oid;
    struct reader r;
    builder_init_fixed(&oid, memory, sizeof memory);
    if (!algorithm_oid_to_der(dotted, &oid))
        return false;
    struct bytes contents = bytes_of(memory + 2, oid.len - 2); /* behind tag and length */
    reader_init(&r, view->subject->extensions);
    while (extensions_next(&r, out))
        if (bytes_equal(out->oid, contents))
            return true;
    return false;
}

static bool is_absent(struct lint_view *view, const char *dotted, const char *what)
{
    struct extension e;
    return !find(view, dotted, &e) || wrong(view, what, "");
}

/* The poison of a precertificate is meant to be unknown; another rule is about it. */
static bool has_nothing_critical_unknown(struct lint_view *view)
{
    struct extension poison, e;
    struct extensions one;
    bool is_met = false;
    struct reader r;
    if (!view->subject->is_precert || !find(view, POISON, &poison))
        return view->extensions.unknown_critical.len == 0 || wrong(view, "a critical extension that nobody knows", "");
    reader_init(&r, view->subject->extensions);
    for (struct bytes at = reader_rest(&r); !is_met && extensions_next(&r, &e); at = reader_rest(&r)) {
        struct bytes whole = bytes_of(at.data, at.len - reader_rest(&r).len);
        is_met = !bytes_equal(e.oid, poison.oid) &&
                 (extensions_parse(whole, &one, NULL) != STATUS_OK || one.unknown_critical.len > 0);
    }
    return !is_met || wrong(view, "a critical extension that nobody knows", "");
}

static bool is_no_ca(struct lint_view *view)
{
    bool is_ca = view->extensions.is_ca || view->extensions.mtc_ca.oid.len > 0 ||
                 (view->extensions.key_usage & (KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN)) != 0;
    return !is_ca || wrong(view, "the certificate of a subscriber is none of a CA", "");
}

static bool has_key_usage(struct lint_view *view)
{
    struct extension e;
    bool ok = find(view, "2.5.29.15", &e) && e.is_critical &&
              (view->extensions.key_usage & KEY_USAGE_DIGITAL_SIGNATURE) != 0;
    return ok || wrong(view, "keyUsage is critical and has digitalSignature", "");
}

static bool has_server_auth(struct lint_view *view)
{
    return (view->extensions.has_server_auth && !view->extensions.has_any_purpose) ||
           wrong(view, "extKeyUsage has serverAuth, and not any purpose", "");
}

static bool is_client_auth_of_profile(struct lint_view *view)
{
    bool wanted = view->subject->profile->has_client_auth;
    return view->extensions.has_client_auth == wanted ||
           wrong(view, wanted ? "clientAuth is missing" : "clientAuth is there", "");
}

static bool is_san_critical_as_needed(struct lint_view *view)
{
    struct extension e;
    bool is_empty = view->subject->subject.len <= 2; /* 30 00 */
    return (find(view, "2.5.29.17", &e) && e.is_critical == is_empty) ||
           wrong(view, "subjectAltName is critical exactly when the subject is empty", "");
}

static bool has_authority_key_id(struct lint_view *view)
{
    return view->extensions.authority_key_id.len > 0 || wrong(view, "no authorityKeyIdentifier", "");
}

/* certificatePolicies with exactly the one policy of the profile, without qualifiers. */
static bool is_policy_of_profile(struct lint_view *view)
{
    const char *dotted = view->subject->profile->policy_oid;
    uint8_t memory[128];
    struct builder expected;
    struct extension e;
    bool is_there = find(view, "2.5.29.32", &e);
    if (*dotted == '\0')
        return !is_there || wrong(view, "the profile has no policy", "");
    builder_init_fixed(&expected, memory, sizeof memory);
    size_t list = der_open(&expected, DER_SEQUENCE), one = der_open(&expected, DER_SEQUENCE);
    bool ok = algorithm_oid_to_der(dotted, &expected);
    der_close(&expected, one);
    der_close(&expected, list);
    ok = ok && builder_is_good(&expected) && is_there && !e.is_critical &&
         bytes_equal(e.value, builder_view(&expected));
    return ok || wrong(view, "certificatePolicies is not exactly the profile's", dotted);
}

static bool has_authority_information(struct lint_view *view)
{
    struct extension e;
    return find(view, "1.3.6.1.5.5.7.1.1", &e) || wrong(view, "no authorityInfoAccess", "");
}

static bool has_revocation_pointer(struct lint_view *view)
{
    struct extension e;
    return validity_s(view) <= LINT_SHORT_LIVED_S || find(view, "2.5.29.31", &e) ||
           wrong(view, "valid for more than 7 days and without CRL distribution point", "");
}

static bool has_no_scts(struct lint_view *view)
{
    return is_absent(view, SCT_LIST, "a Merkle Tree Certificate has no SCT list");
}

/* A list that somebody reads, in what clients get; before that nobody has the SCTs. */
static bool has_scts_as_due(struct lint_view *view)
{
    struct extension e;
    struct sct_list list;
    struct reader r, contents;
    bool is_due = !view->subject->is_precert && view->subject->profile->ct_policy[0] != '\0';
    if (!find(view, SCT_LIST, &e))
        return !is_due || wrong(view, "no SCT list, and the profile has a CT policy", view->subject->profile->ct_policy);
    if (view->subject->is_precert)
        return wrong(view, "a precertificate has no SCT list", "");
    reader_init(&r, e.value);
    bool ok = !e.is_critical && der_enter(&r, DER_OCTET_STRING, &contents) && reader_is_at_end(&r) &&
              sct_list_parse(reader_rest(&contents), &list, NULL) == STATUS_OK;
    return ok || wrong(view, "an SCT list that is critical or cannot be read", "");
}

static bool has_no_name_constraints(struct lint_view *view)
{
    return is_absent(view, "2.5.29.30", "nameConstraints are for CAs");
}

static bool is_poisoned_as_due(struct lint_view *view)
{
    static const uint8_t null[] = {DER_NULL, 0};
    struct extension e;
    if (!view->subject->is_precert)
        return is_absent(view, POISON, "the poison of a precertificate");
    bool ok = find(view, POISON, &e) && e.is_critical && bytes_equal(e.value, BYTES_OF(null));
    return ok || wrong(view, "a precertificate has the poison: critical, with NULL inside", "");
}

/* ---- serial number and subject ---- */

/* 64 random bits cannot be seen; that there is room for them can. */
static bool is_serial_long_enough(struct lint_view *view)
{
    struct bytes serial = view->subject->serial;
    bool ok = serial.len >= 9 && serial.len <= 20 && (serial.data[0] & 0x80) == 0;
    return ok || wrong(view, "the serial number is positive, below 2^159 and has 64 random bits", "");
}

static bool has_no_serial(struct lint_view *view)
{
    return view->subject->serial.len == 0 || wrong(view, "the serial number of an entry is its index", "");
}

static bool is_subject_empty(struct lint_view *view)
{
    return view->subject->subject.len == 2 || wrong(view, "the subject is empty", "");
}

const struct lint_rule lint_rules[] = {
    {"rfc5280-validity", "RFC 5280 4.1.2.5", "notBefore is not after notAfter", LINT_ALL, false, is_validity_ordered},
    {"profile-validity", "profile", "not valid for longer than the profile says", LINT_ALL, false, is_validity_of_profile},
    {"br-validity", "BR 6.3.2", "not valid for longer than the day of issuance allows", LINT_PUBLIC, false, is_validity_short_enough},
    {"br-backdate", "BR 7.1.2.7", "notBefore is at most 48 hours before the signing", LINT_PUBLIC, false, is_not_backdated},
    {"br-short-lived", "BR 7.1.2.11.2", "an MTC has no CRL pointer, so it is short-lived", LINT_PUBLIC | LINT_MTC, false, is_short_lived},
    {"intranet-validity", "root program IN-05", "1 to 5 years", LINT_INTRANET | LINT_CLASSIC, false, is_intranet_validity},
    {"br-san", "BR 7.1.2.7.12", "there is a subjectAltName", LINT_ALL, true, has_names},
    {"br-names", "BR 7.1.4.2", "names are DNS names in lower case or addresses", LINT_ALL, true, are_names_well_formed},
    {"profile-names", "profile", "only kinds of names that the profile has", LINT_ALL, true, are_kinds_of_profile},
    {"br-wildcard", "BR 3.2.2.6", "no wildcard for a whole public suffix", LINT_PUBLIC, true, is_wildcard_below_suffix},
    {"br-internal-name", "BR 4.2.2", "no internal names", LINT_PUBLIC, true, has_no_internal_name},
    {"br-arpa", "BR 4.2.2", "no names of reverse zones", LINT_PUBLIC, true, has_no_reverse_zone},
    {"br-reserved-address", "BR 4.2.2", "no reserved addresses", LINT_PUBLIC, true, has_no_reserved_address},
    {"intranet-name", "root program IN-03", "an internal name or a reserved address", LINT_INTRANET, true, has_intranet_name},
    {"br-key", "BR 6.1.5", "a key that may be certified", LINT_ALL, false, is_key_good},
    {"profile-key", "profile", "a kind of key that the profile has", LINT_ALL, false, is_key_of_profile},
    {"rfc5280-critical", "RFC 5280 4.2", "nothing critical that is unknown", LINT_ALL, false, has_nothing_critical_unknown},
    {"br-no-ca", "BR 7.1.2.7.8", "no CA", LINT_ALL, false, is_no_ca},
    {"br-key-usage", "BR 7.1.2.7.11", "digitalSignature, critical", LINT_ALL, false, has_key_usage},
    {"br-server-auth", "BR 7.1.2.7.10", "serverAuth", LINT_ALL, false, has_server_auth},
    {"profile-client-auth", "root program RP-07", "clientAuth as the profile has it", LINT_ALL, false, is_client_auth_of_profile},
    {"rfc5280-san-critical", "RFC 5280 4.2.1.6", "subjectAltName critical with an empty subject", LINT_ALL, false, is_san_critical_as_needed},
    {"br-aki", "BR 7.1.2.11.1, root program RP-05", "authorityKeyIdentifier", LINT_ALL, false, has_authority_key_id},
    {"br-policy", "BR 7.1.2.7.9, root program RP-04", "exactly the profile's policy", LINT_ALL, false, is_policy_of_profile},
    {"br-aia", "BR 7.1.2.7.7, root program RP-06", "authorityInfoAccess", LINT_CLASSIC, false, has_authority_information},
    {"br-crl", "BR 7.1.2.11.2", "a CRL distribution point unless short-lived", LINT_CLASSIC | LINT_PUBLIC, false, has_revocation_pointer},
    {"br-name-constraints", "BR 7.1.2.7.6", "no nameConstraints", LINT_ALL, false, has_no_name_constraints},
    {"rfc6962-poison", "RFC 6962 3.1", "poison in precertificates and nowhere else", LINT_ALL, false, is_poisoned_as_due},
    {"rfc6962-scts", "RFC 6962 3.3, root program CT-02", "an SCT list where the profile has a CT policy, not in precertificates",
     LINT_CLASSIC, false, has_scts_as_due},
    {"br-serial", "BR 7.1.2.7", "a serial number with 64 random bits", LINT_CLASSIC, false, is_serial_long_enough},
    {"draft-serial", "draft-ietf-plants-merkle-tree-certs-07 6.2", "an entry has no serial number", LINT_MTC, false, has_no_serial},
    {"cqrp-subject", "CQRP 5.1, GM profile 8", "an MTC has an empty subject", LINT_MTC, false, is_subject_empty},
    {"cqrp-scts", "CQRP 5.1", "an MTC has no SCT list", LINT_MTC, false, has_no_scts},
};
const size_t lint_rules_count = sizeof lint_rules / sizeof lint_rules[0];
