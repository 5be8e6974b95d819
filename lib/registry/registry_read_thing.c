/* The statements of roots, intermediates, MTC CAs, cosigners, CT logs, identity signers and bundle keys. */
#include <string.h>

#include "base/text.h"
#include "codec/mtc/ca_certificate.h"
#include "codec/x509/signed.h"
#include "crypto/key.h"
#include "registry/registry_parts.h"

#define DAY_S 86400

static struct registry_thing *thing_of(struct registry_reading *reading)
{
    return reading->object;
}

/* ---- all ---- */

static bool read_name(struct registry_reading *reading)
{
    return registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &thing_of(reading)->name);
}

static bool read_operator(struct registry_reading *reading)
{
    return registry_fields_id(reading, &thing_of(reading)->operator_id);
}

static bool read_exception(struct registry_reading *reading)
{
    return registry_read_exception(reading, &thing_of(reading)->exceptions);
}

static bool read_which_state(struct registry_reading *reading, struct registry_state *out)
{
    if (reading->head->kind == REGISTRY_CT_LOG) {
        const char *word;
        if (!registry_fields_word(reading, &word))
            return false;
        out->log_state = log_list_state_by_name(bytes_of_text(word));
        return out->log_state != LOG_LIST_UNKNOWN;
    }
    for (unsigned i = REGISTRY_APPLIED; i <= REGISTRY_REMOVED; i++) {
        out->state = (enum registry_state_kind)i;
        if (registry_fields_is(reading, registry_state_name(out->state)))
            return true;
    }
    return false;
}

static bool read_state(struct registry_reading *reading)
{
    struct registry_state state = {.line = reading->statement.line};
    registry_purposes purposes = UINT32_C(1) << REGISTRY_ITSELF;
    if (registry_has_purposes(reading->head->kind) && !registry_fields_purposes(reading, &purposes))
        return false;
    if (!read_which_state(reading, &state) || !registry_fields_day(reading, &state.since_s) ||
        !registry_fields_text(reading, REGISTRY_TEXT_MAX, &state.reason))
        return false;
    for (state.purpose = 0; state.purpose <= REGISTRY_PURPOSE_MAX; state.purpose++)
        if ((purposes & (UINT32_C(1) << state.purpose)) != 0 &&
            !registry_fields_keep(reading, &reading->r->states, &thing_of(reading)->states, &state))
            return false;
    return true;
}

/* ---- roots, intermediates, MTC CAs ---- */

static bool read_audit(struct registry_reading *reading)
{
    struct registry_audit audit = {.auditor = "", .line = reading->statement.line};
    unsigned scheme = 0;
    while (scheme < REGISTRY_SCHEMES && !registry_fields_is(reading, registry_scheme_name((enum registry_scheme)scheme)))
        scheme++;
    audit.scheme = (enum registry_scheme)scheme;
    if (scheme == REGISTRY_SCHEMES || !registry_fields_purposes(reading, &audit.purposes) ||
        !registry_fields_period(reading, &audit.from_s, &audit.until_s) || !registry_fields_is(reading, "published") ||
        !registry_fields_day(reading, &audit.published_s) || !registry_fields_url(reading, &audit.url))
        return false;
    if (audit.published_s < audit.until_s - DAY_S)
        return registry_fields_wrong(reading, "published before the time that it is about was over");
    if (!registry_fields_is_over(reading) && !registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &audit.auditor))
        return false;
    return registry_fields_keep(reading, &reading->r->audits, &thing_of(reading)->audits, &audit);
}

static bool read_control(struct registry_reading *reading)
{
    return registry_read_control(reading, &thing_of(reading)->controls);
}

static bool read_inclusion(struct registry_reading *reading)
{
    return registry_read_inclusion(reading, &thing_of(reading)->inclusions);
}

static bool read_level_max(struct registry_reading *reading)
{
    uint64_t level;
    if (!registry_fields_number(reading, TRUST_BUNDLE_LEVEL_MAX, &level) || level == 0)
        return false;
    thing_of(reading)->level_max = (unsigned)level;
    return true;
}

/* A serial number of an MTC CA is 64 bits: a number, or LOG:INDEX [MTC 6.1]. */
static bool read_mtc_serial(struct registry_reading *reading, struct bytes *out)
{
    const char *word;
    uint64_t serial, log_number;
    if (!registry_fields_word(reading, &word))
        return false;
    const char *colon = strchr(word, ':');
    if (colon == NULL) {
        if (!text_parse_u64(bytes_of_text(word), UINT64_MAX, &serial))
            return false;
    } else {
        if (!text_parse_u64(bytes_of(word, (size_t)(colon - word)), UINT16_MAX, &log_number) || log_number == 0 ||
            !text_parse_u64(bytes_of_text(colon + 1), TRUST_BUNDLE_U48_MAX, &serial))
            return false;
        serial |= log_number << 48;
    }
    uint8_t *memory = registry_keep(reading->r, sizeof serial);
    struct builder b;
    if (memory == NULL)
        return false;
    builder_init_fixed(&b, memory, sizeof serial);
    builder_u64(&b, serial);
    *out = bytes_of(memory, sizeof serial);
    return true;
}

static bool is_ascending(struct bytes first, struct bytes last)
{
    return first.len != last.len ? first.len < last.len : bytes_compare(first, last) <= 0;
}

static bool read_revoked(struct registry_reading *reading)
{
    struct registry_serials serials = {.line = reading->statement.line};
    bool is_mtc = reading->head->kind == REGISTRY_MTC_CA;
    bool (*const read)(struct registry_reading *, struct bytes *) = is_mtc ? read_mtc_serial : registry_fields_serial;
    if (!read(reading, &serials.first) || !read(reading, &serials.last) ||
        !registry_fields_text(reading, REGISTRY_TEXT_MAX, &serials.reason))
        return false;
    if (!is_ascending(serials.first, serials.last))
        return registry_fields_wrong(reading, "the first serial number is above the last");
    if (!is_mtc && thing_of(reading)->serials.count == TRUST_BUNDLE_SERIALS_PER_ANCHOR_MAX)
        return registry_fields_wrong(reading, "more than %d of them", TRUST_BUNDLE_SERIALS_PER_ANCHOR_MAX);
    return registry_fields_keep(reading, &reading->r->serials, &thing_of(reading)->serials, &serials);
}

/* ---- roots and intermediates ---- */

static bool read_only_listed(struct registry_reading *reading)
{
    thing_of(reading)->is_only_listed = true;
    return true;
}

static bool read_default_trusted(struct registry_reading *reading)
{
    thing_of(reading)->is_default = true;
    return true;
}

static bool read_distrust_after(struct registry_reading *reading)
{
    return registry_fields_day(reading, &thing_of(reading)->distrust_after_s);
}

static bool read_sct_distrust_after(struct registry_reading *reading)
{
    return registry_fields_day(reading, &thing_of(reading)->sct_distrust_after_s);
}

/* A DNS name, of letters of ASCII, without a dot at either end: all below it is meant too. */
static bool take_dns_name(struct registry_reading *reading, const char **out)
{
    if (!registry_fields_text(reading, REGISTRY_LINE_MAX, out))
        return false;
    return trust_bundle_is_dns_name(bytes_of_text(*out)) ||
           registry_fields_wrong(reading, "\"%.60s\": a DNS name in small letters, without a dot at its ends", *out);
}

static bool take_name_of(struct registry_reading *reading, struct registry_run *names)
{
    const char *name;
    if (names->count == TRUST_BUNDLE_NAMES_PER_ANCHOR_MAX)
        return registry_fields_wrong(reading, "more than %d of them", TRUST_BUNDLE_NAMES_PER_ANCHOR_MAX);
    return take_dns_name(reading, &name) && registry_fields_keep(reading, &reading->r->words, names, &name);
}

static bool read_permit_name(struct registry_reading *reading)
{
    return take_name_of(reading, &thing_of(reading)->permitted);
}

static bool read_exclude_name(struct registry_reading *reading)
{
    return take_name_of(reading, &thing_of(reading)->excluded);
}

static bool read_disclosure(struct registry_reading *reading)
{
    struct registry_disclosure disclosure = {.line = reading->statement.line};
    uint64_t count;
    if (!registry_fields_day(reading, &disclosure.at_s) || !registry_fields_number(reading, REGISTRY_FILES_MAX, &count) ||
        !registry_fields_url(reading, &disclosure.url))
        return false;
    disclosure.count = (size_t)count;
    return registry_fields_keep(reading, &reading->r->disclosures, &thing_of(reading)->disclosures, &disclosure);
}

static bool read_issuer(struct registry_reading *reading)
{
    return registry_fields_id(reading, &thing_of(reading)->issuer_id);
}

static bool read_disclosed(struct registry_reading *reading)
{
    return registry_fields_day(reading, &thing_of(reading)->disclosed_s);
}

static bool read_e_invoice_oid(struct registry_reading *reading)
{
    struct builder b;
    const char **out = &thing_of(reading)->e_invoice_oid;
    builder_init(&b, TRUST_BUNDLE_TEXT_MAX);
    bool is_good = registry_fields_text(reading, ALGORITHM_OID_TEXT_MAX, out) && algorithm_oid_to_der(*out, &b);
    builder_clear(&b);
    return is_good;
}

/* ---- cosigners, identity signers, bundle keys ---- */

static bool read_id(struct registry_reading *reading)
{
    const char *word;
    return registry_fields_word(reading, &word) &&
           tai_parse_text(bytes_of_text(word), &thing_of(reading)->tai, NULL) == STATUS_OK;
}

static bool read_role(struct registry_reading *reading)
{
    static const char *const names[] = {"certifying", "witness", "mirror", NULL};
    static const enum trust_bundle_cosigner_role roles[] = {TRUST_BUNDLE_CERTIFYING, TRUST_BUNDLE_WITNESS, TRUST_BUNDLE_MIRROR};
    size_t role;
    if (!registry_fields_choice(reading, names, &role))
        return false;
    thing_of(reading)->role = roles[role];
    return true;
}

static bool read_key_role(struct registry_reading *reading)
{
    struct registry_thing *thing = thing_of(reading);
    if (registry_fields_is(reading, "bundle"))
        return true;
    thing->key_role = TRUST_BUNDLE_KEY_VERSIONS;
    return registry_fields_is(reading, "versions") && registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &thing->note_name) &&
           registry_fields_text(reading, TRUST_BUNDLE_TEXT_MAX, &thing->origin);
}

static bool read_algorithm(struct registry_reading *reading)
{
    return registry_fields_text(reading, ALGORITHM_NAME_MAX, &thing_of(reading)->algorithm);
}

/* ---- the table ---- */

#define THINGS                                                                                                                     \
    (REGISTRY_WITH_PURPOSES | REGISTRY_BIT(REGISTRY_COSIGNER) | REGISTRY_BIT(REGISTRY_CT_LOG) |                                    \
     REGISTRY_BIT(REGISTRY_IDENTITY_SIGNER) | REGISTRY_BIT(REGISTRY_BUNDLE_KEY))
#define ROOT REGISTRY_BIT(REGISTRY_ROOT)
#define INTERMEDIATE REGISTRY_BIT(REGISTRY_INTERMEDIATE)
#define MTC_CA REGISTRY_BIT(REGISTRY_MTC_CA)
#define COSIGNER REGISTRY_BIT(REGISTRY_COSIGNER)
#define CT_LOG REGISTRY_BIT(REGISTRY_CT_LOG)
#define SIGNER REGISTRY_BIT(REGISTRY_IDENTITY_SIGNER)
#define KEY REGISTRY_BIT(REGISTRY_BUNDLE_KEY)

static const struct registry_row rows[] = {
    {"name", THINGS, true, false, read_name, "\"NAME\""},
    {"operator", THINGS & ~KEY, true, true, read_operator, "OPERATOR"},
    {"state", REGISTRY_WITH_PURPOSES, false, false, read_state,
     "PURPOSE[,PURPOSE] applied|accepted|restricted|refused|removed DAY \"REASON\""},
    {"state", COSIGNER | SIGNER | KEY, false, false, read_state, "applied|accepted|restricted|refused|removed DAY \"REASON\""},
    {"state", CT_LOG, false, false, read_state, "pending|qualified|usable|readonly|retired|rejected DAY \"REASON\""},
    {"exception", THINGS, false, false, read_exception, "FINDING from DAY until DAY \"REASON\""},
    {"audit", REGISTRY_WITH_PURPOSES, false, false, read_audit,
     "SCHEME PURPOSE[,PURPOSE] from DAY until DAY published DAY URL [\"AUDITOR\"]"},
    {"control", REGISTRY_WITH_PURPOSES, false, false, read_control, "noticed DAY|never effective DAY \"WHAT\""},
    {"level-max", REGISTRY_WITH_PURPOSES | SIGNER, true, false, read_level_max, "1|2|3|4"},
    {"revoked", REGISTRY_CLASSIC, false, false, read_revoked, "FIRST LAST \"REASON\" (hex)"},
    {"revoked", MTC_CA, false, false, read_revoked, "FIRST LAST \"REASON\" (numbers, or LOG:INDEX)"},
    {"included", REGISTRY_CLASSIC, false, false, read_inclusion, "microsoft|mozilla|google|apple|aatl from DAY [until DAY] URL"},
    {"distrust-after", REGISTRY_CLASSIC, true, false, read_distrust_after, "TIME"},
    {"sct-distrust-after", REGISTRY_CLASSIC, true, false, read_sct_distrust_after, "TIME"},
    {"permit-name", REGISTRY_CLASSIC, false, false, read_permit_name, "DNS-NAME"},
    {"exclude-name", REGISTRY_CLASSIC, false, false, read_exclude_name, "DNS-NAME"},
    {"disclosure", REGISTRY_CLASSIC, false, false, read_disclosure, "DAY COUNT URL"},
    {"only-listed-intermediates", ROOT, true, false, read_only_listed, ""},
    {"default-trusted", ROOT, true, false, read_default_trusted, ""},
    {"issuer", INTERMEDIATE, true, true, read_issuer, "ID of a root or intermediate"},
    {"disclosed", INTERMEDIATE, true, false, read_disclosed, "DAY"},
    {"e-invoice-oid", INTERMEDIATE, true, false, read_e_invoice_oid, "OID"},
    {"id", COSIGNER, true, true, read_id, "TRUST-ANCHOR-ID (32473.2)"},
    {"role", COSIGNER, true, true, read_role, "certifying|witness|mirror"},
    {"role", KEY, true, true, read_key_role, "bundle, or: versions NOTE-NAME ORIGIN"},
    {"algorithm", COSIGNER | SIGNER | KEY, true, true, read_algorithm, "NAME (sm2_sm3)"},
    {NULL, 0, false, false, NULL, NULL},
};

/* ---- the certificate or key ---- */

static enum status check_key(const struct registry_thing *thing, const struct algorithms *algorithms, struct error *err)
{
    const struct signature_alg *alg = algorithms_by_name(algorithms, bytes_of_text(thing->algorithm));
    struct public_key *key;
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "algorithm %s is not known", thing->algorithm);
    enum status s = public_key_new(alg, thing->der, &key, err);
    if (s == STATUS_OK)
        public_key_free(key);
    return s;
}

static enum status check_spki(const struct registry_thing *thing, struct error *err)
{
    struct reader r;
    struct bytes whole, algorithm;
    reader_init(&r, thing->der);
    return thing->der.len <= LOG_LIST_KEY_MAX && signed_read_spki(&r, &whole, &algorithm) && reader_is_at_end(&r)
               ? STATUS_OK
               : error_set(err, STATUS_USAGE, "no key of a CT log");
}

static enum status check_der(struct registry_thing *thing, const struct algorithms *algorithms, struct error *err)
{
    struct certificate certificate;
    struct ca_certificate ca;
    if (thing->head.kind == REGISTRY_MTC_CA) {
        enum status s = ca_certificate_parse(thing->der, &ca, err);
        if (s == STATUS_OK)
            thing->tai = ca.id;
        return s;
    }
    if (registry_has_purposes(thing->head.kind))
        return certificate_parse(thing->der, &certificate, err);
    return thing->head.kind == REGISTRY_CT_LOG ? check_spki(thing, err) : check_key(thing, algorithms, err);
}

enum status registry_read_thing(struct registry *r, const struct registry_head *head, struct bytes der,
                                const struct algorithms *algorithms, struct error *err)
{
    struct registry_thing thing = {.head = *head, .name = head->id, .der = der, .operator_id = "", .issuer_id = "",
                                   .level_max = TRUST_BUNDLE_LEVEL_MAX, .key_role = TRUST_BUNDLE_KEY_BUNDLE, .note_name = "", .origin = "",
                                   .e_invoice_oid = "", .algorithm = "", .submission_url = "", .monitoring_url = ""};
    struct registry_reading reading = {.r = r, .head = head, .object = &thing};
    enum status s = registry_fields_read(&reading, (const struct registry_row *const[]){rows, registry_thing_ct_log_rows, registry_thing_mtc_rows, NULL}, err);
    if (s != STATUS_OK)
        return s;
    s = check_der(&thing, algorithms, err);
    if (s != STATUS_OK)
        return error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_USAGE, "%s/%s.pem", registry_kind_folder(head->kind), head->id);
    return array_insert(&r->things, r->things.count, &thing, "things", err);
}
