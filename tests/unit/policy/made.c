#include "unit/policy/made.h"

#include "unit/checks.h"

#include <string.h>

#include "codec/asn1/der.h"
#include "codec/ct/ct_suite.h"
#include "codec/mtc/draft.h"
#include "codec/x509/extensions.h"
#include "crypto/algorithm.h"
#include "rules/dns_name.h"

/* ---- one certificate ---- */

static void write_oid(struct builder *b, const char *dotted)
{
    assert_true(algorithm_oid_to_der(dotted, b));
}

static struct bytes oid_contents(const char *dotted, uint8_t memory[64])
{
    struct builder b;
    builder_init_fixed(&b, memory, 64);
    write_oid(&b, dotted);
    return bytes_of(memory + 2, b.len - 2);
}

static void write_rsa(struct builder *b, unsigned bits, unsigned exponent)
{
    static uint8_t modulus[2048];
    size_t len = (bits + 7) / 8;
    memset(modulus, 0x5a, sizeof modulus);
    modulus[0] = 0;
    modulus[1] = (uint8_t)(1u << ((bits - 1) % 8));
    size_t sequence = der_open(b, DER_SEQUENCE);
    bool has_zero = bits % 8 == 0;
    der_write(b, DER_INTEGER, bytes_of(modulus + (has_zero ? 0 : 1), len + (has_zero ? 1 : 0)));
    der_write_u64(b, exponent);
    der_close(b, sequence);
}

static void write_spki(struct builder *b, const struct made_certificate *c)
{
    static const struct {
        const char *algorithm, *curve;
        size_t len; /* of the bits */
    } rows[] = {
        [MADE_SM2] = {"1.2.840.10045.2.1", "1.2.156.10197.1.301", 65}, [MADE_P256] = {"1.2.840.10045.2.1", "1.2.840.10045.3.1.7", 65},
        [MADE_P384] = {"1.2.840.10045.2.1", "1.3.132.0.34", 97},       [MADE_P521] = {"1.2.840.10045.2.1", "1.3.132.0.35", 133},
        [MADE_P224] = {"1.2.840.10045.2.1", "1.3.132.0.33", 57},       [MADE_RSA] = {"1.2.840.113549.1.1.1", NULL, 0},
        [MADE_ED25519] = {"1.3.101.112", NULL, 32},                    [MADE_MLDSA44] = {"2.16.840.1.101.3.4.3.17", NULL, 1312},
    };
    static const uint8_t bits[1312] = {4};
    size_t spki = der_open(b, DER_SEQUENCE), algorithm = der_open(b, DER_SEQUENCE);
    write_oid(b, rows[c->key].algorithm);
    if (rows[c->key].curve != NULL)
        write_oid(b, rows[c->key].curve);
    if (c->key == MADE_RSA)
        der_write(b, DER_NULL, bytes_of(NULL, 0));
    der_close(b, algorithm);
    if (c->key == MADE_RSA) {
        uint8_t memory[2300];
        struct builder key;
        builder_init_fixed(&key, memory, sizeof memory);
        write_rsa(&key, c->rsa_bits, c->rsa_exponent);
        der_write_bits(b, builder_view(&key));
    } else {
        der_write_bits(b, bytes_of(bits, rows[c->key].len));
    }
    der_close(b, spki);
}

static void write_signature(struct builder *b, enum made_signature signature)
{
    static const char *const oids[] = {
        [MADE_BY_SM2] = "1.2.156.10197.1.501", [MADE_BY_SM2_NULL] = "1.2.156.10197.1.501", [MADE_BY_ECDSA] = "1.2.840.10045.4.3.2",
        [MADE_BY_RSA] = "1.2.840.113549.1.1.11", [MADE_BY_RSA_SHA1] = "1.2.840.113549.1.1.5"};
    if (signature == MADE_BY_MTC) {
        builder_bytes(b, draft_gm.proof_identifier);
        return;
    }
    size_t algorithm = der_open(b, DER_SEQUENCE);
    write_oid(b, oids[signature]);
    if (signature == MADE_BY_RSA || signature == MADE_BY_RSA_SHA1 || signature == MADE_BY_SM2_NULL)
        der_write(b, DER_NULL, bytes_of(NULL, 0));
    der_close(b, algorithm);
}

static void write_attribute(struct builder *b, const char *oid, const char *value)
{
    if (value == NULL)
        return;
    size_t set = der_open(b, DER_SET), one = der_open(b, DER_SEQUENCE);
    write_oid(b, oid);
    der_write(b, DER_UTF8_STRING, bytes_of_text(value));
    der_close(b, one);
    der_close(b, set);
}

static void write_subject(struct builder *b, const struct made_certificate *c)
{
    size_t name = der_open(b, DER_SEQUENCE);
    write_attribute(b, "2.5.4.10", c->o);
    write_attribute(b, "2.5.4.11", c->ou);
    write_attribute(b, "2.5.4.42", c->given);
    write_attribute(b, "2.5.4.4", c->surname);
    write_attribute(b, "2.5.4.3", c->cn);
    write_attribute(b, "2.5.4.3", c->second_cn);
    der_close(b, name);
}

/* ---- extensions ---- */

static void write_extension(struct builder *b, const char *oid, bool is_critical, struct bytes value)
{
    uint8_t memory[64];
    extensions_write(b, oid_contents(oid, memory), is_critical, value);
}

static void write_names(struct builder *b, const struct made_certificate *c)
{
    uint8_t memory[2048];
    struct builder names;
    bool is_subject_empty = c->o == NULL && c->ou == NULL && c->given == NULL && c->cn == NULL;
    builder_init_fixed(&names, memory, sizeof memory);
    for (size_t i = 0; i < MADE_NAMES && c->dns[i] != NULL; i++)
        der_write(&names, SAN_DNS_NAME, bytes_of_text(c->dns[i]));
    for (size_t i = 0; i < MADE_NAMES && c->ips[i] != NULL; i++) {
        uint8_t address[16];
        size_t len;
        assert_true(ip_address_parse(bytes_of_text(c->ips[i]), address, &len));
        der_write(&names, SAN_IP_ADDRESS, bytes_of(address, len));
    }
    if (c->email != NULL)
        der_write(&names, 0x81, bytes_of_text(c->email));
    if (c->uri != NULL)
        der_write(&names, 0x86, bytes_of_text(c->uri));
    if (names.len > 0)
        extensions_write_subject_alt_name(b, builder_view(&names), c->san_critical < 0 ? is_subject_empty : c->san_critical != 0);
}

static void write_policies(struct builder *b, const struct made_certificate *c)
{
    uint8_t memory[512];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    if (c->policies[0] == NULL)
        return;
    size_t list = der_open(&value, DER_SEQUENCE);
    for (size_t i = 0; i < 4 && c->policies[i] != NULL; i++) {
        size_t one = der_open(&value, DER_SEQUENCE);
        write_oid(&value, c->policies[i]);
        der_close(&value, one);
    }
    der_close(&value, list);
    write_extension(b, "2.5.29.32", false, builder_view(&value));
}

static void write_purposes(struct builder *b, const struct made_certificate *c)
{
    uint8_t memory[512];
    struct builder value;
    if (c->eku[0] == NULL)
        return;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t list = der_open(&value, DER_SEQUENCE);
    for (size_t i = 0; i < 6 && c->eku[i] != NULL; i++)
        write_oid(&value, c->eku[i]);
    der_close(&value, list);
    write_extension(b, "2.5.29.37", c->is_eku_critical, builder_view(&value));
}

static void write_location(struct builder *b, const char *method, const char *url)
{
    size_t one = der_open(b, DER_SEQUENCE);
    write_oid(b, method);
    der_write(b, DER_CONTEXT(6), bytes_of_text(url));
    der_close(b, one);
}

static void write_information(struct builder *b, unsigned aia)
{
    uint8_t memory[512];
    struct builder value;
    if (aia == 0)
        return;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t list = der_open(&value, DER_SEQUENCE);
    if ((aia & MADE_AIA_OCSP) != 0)
        write_location(&value, "1.3.6.1.5.5.7.48.1", "http://ocsp.example/");
    if ((aia & MADE_AIA_ISSUERS) != 0)
        write_location(&value, "1.3.6.1.5.5.7.48.2", "http://ca.example/issuer.der");
    if ((aia & MADE_AIA_LDAP) != 0)
        write_location(&value, "1.3.6.1.5.5.7.48.2", "ldap://ca.example/issuer");
    if ((aia & MADE_AIA_OTHER) != 0)
        write_location(&value, "1.3.6.1.5.5.7.48.3", "http://ca.example/other");
    der_close(&value, list);
    write_extension(b, "1.3.6.1.5.5.7.1.1", false, builder_view(&value));
}

static void write_key_id(struct builder *b, const struct made_certificate *c)
{
    uint8_t memory[128];
    struct builder value;
    if (c->aki == NULL && !c->has_aki_serial)
        return;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t list = der_open(&value, DER_SEQUENCE);
    if (c->aki != NULL)
        der_write(&value, DER_CONTEXT(0), bytes_of_text(c->aki));
    if (c->has_aki_serial) {
        size_t names = der_open(&value, DER_CONTEXT_CONSTRUCTED(1));
        der_write(&value, SAN_DNS_NAME, bytes_of_text("ca.example"));
        der_close(&value, names);
        der_write(&value, DER_CONTEXT(2), bytes_of("\x01", 1));
    }
    der_close(&value, list);
    write_extension(b, "2.5.29.35", false, builder_view(&value));
}

/* keyUsage of one byte, without zero bits at its end. */
static void write_key_usage(struct builder *b, const struct made_certificate *c)
{
    uint8_t bits[4] = {DER_BIT_STRING, 2, 0, c->key_usage};
    if (c->key_usage == 0)
        return;
    while ((c->key_usage >> bits[2] & 1) == 0)
        bits[2]++;
    write_extension(b, "2.5.29.15", c->is_key_usage_critical, BYTES_OF(bits));
}

static void write_extensions(struct builder *b, const struct made_certificate *c)
{
    static const uint8_t null[] = {DER_NULL, 0}, empty[] = {DER_SEQUENCE, 0}, bad_scts[] = {DER_OCTET_STRING, 2, 0, 0};
    /* One SCT of 47 bytes: version, log ID, time, no extensions, a signature of no bytes. */
    static const uint8_t scts[2 + 4 + 47] = {DER_OCTET_STRING, 51, 0, 49, 0, 47, [6 + 43] = 7, 8, 0, 0};
    write_key_usage(b, c);
    write_purposes(b, c);
    if (c->is_ca)
        extensions_write_basic_constraints_ca(b);
    if (c->ski != NULL)
        extensions_write_subject_key_id(b, bytes_of_text(c->ski));
    write_key_id(b, c);
    write_names(b, c);
    write_policies(b, c);
    write_information(b, c->aia);
    if (c->has_crl)
        write_extension(b, "2.5.29.31", false, BYTES_OF(empty));
    if (c->has_name_constraints)
        write_extension(b, "2.5.29.30", true, BYTES_OF(empty));
    if (c->has_poison)
        write_extension(b, "1.3.6.1.4.1.11129.2.4.3", true, BYTES_OF(null));
    if (c->has_sct_list || c->has_bad_sct_list)
        write_extension(b, "1.3.6.1.4.1.11129.2.4.2", false, c->has_sct_list ? BYTES_OF(scts) : BYTES_OF(bad_scts));
    if (c->has_unknown_critical)
        write_extension(b, "1.3.6.1.4.1.32473.1000.999", true, BYTES_OF(null));
}

static struct bytes write_certificate(const struct made_certificate *c, struct bytes issuer, uint8_t *memory, size_t size)
{
    static const uint8_t signature[64];
    struct builder b;
    builder_init_fixed(&b, memory, size);
    if (c->is_unreadable) {
        builder_text(&b, "no certificate");
        return builder_view(&b);
    }
    size_t whole = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE), part = der_open(&b, DER_CONTEXT_CONSTRUCTED(0));
    der_write_u64(&b, 2);
    der_close(&b, part);
    der_write(&b, DER_INTEGER, c->serial);
    write_signature(&b, c->signature);
    builder_bytes(&b, issuer);
    part = der_open(&b, DER_SEQUENCE);
    der_write_time(&b, c->not_before_s);
    der_write_time(&b, c->not_after_s);
    der_close(&b, part);
    write_subject(&b, c);
    write_spki(&b, c);
    part = der_open(&b, DER_CONTEXT_CONSTRUCTED(3));
    size_t list = der_open(&b, DER_SEQUENCE);
    write_extensions(&b, c);
    der_close(&b, list);
    der_close(&b, part);
    der_close(&b, tbs);
    write_signature(&b, c->signature);
    der_write_bits(&b, BYTES_OF(signature));
    der_close(&b, whole);
    assert_true(builder_is_good(&b));
    return builder_view(&b);
}

/* ---- what is known about names ---- */

static const char *last_label(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? dot + 1 : name;
}

static bool is_internal_name(void *context, const char *name)
{
    static const char *const registered[] = {"com", "cn", "org", "arpa", "onion"};
    (void)context;
    for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++)
        if (strcmp(last_label(name), registered[i]) == 0)
            return false;
    return true;
}

static bool is_public_suffix(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "com") == 0 || strcmp(name, "cn") == 0 || strcmp(name, "com.cn") == 0 || strcmp(name, "org") == 0;
}

/* ---- the whole ---- */

static void build_list(struct made *m)
{
    static const char *const operators[] = {"ZoTrus", "Second", "Third", "North", "South", "West"};
    static const size_t of[MADE_LOGS] = {0, 0, 1, 2, 3, 3, 4, 5};
    struct error err;
    log_list_init(&m->list);
    m->list.timestamp_s = m->at_s - m->list_age_s;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        struct log_list_operator o = {.email_count = 0};
        memcpy(o.name, operators[i], strlen(operators[i]) + 1);
        assert_int_equal(array_insert(&m->list.operators, i, &o, "operators", &err), STATUS_OK);
    }
    for (size_t i = 0; i < MADE_LOGS; i++) {
        struct log_list_log log = {.suite = ct_suite_by_name(bytes_of_text(i < MADE_NORTH_1 ? "gm" : "intl")),
                                   .operator_index = of[i], .description = "log", .state = m->states[i], .state_since_s = m->at_s};
        log.log_id[0] = (uint8_t)i;
        assert_int_equal(array_insert(&m->list.logs, i, &log, "logs", &err), STATUS_OK);
    }
}

static void build_transparency(struct made *m)
{
    build_list(m);
    for (size_t i = 0; i < m->sct_count; i++) {
        const struct made_sct *s = &m->scts[i];
        m->built_scts[i] = (struct policy_sct){.log = s->log < MADE_LOGS ? log_list_at(&m->list, s->log) : NULL,
                                               .delivery = s->delivery, .timestamp_ms = (uint64_t)m->leaf.not_before_s * 1000,
                                               .is_good = !s->is_bad, .why = s->is_bad ? "its signature does not verify" : NULL};
    }
    for (size_t i = 0; i < m->cosigner_count; i++) {
        const struct made_cosigner *c = &m->cosigners[i];
        m->built_cosigners[i] = (struct policy_cosigner){.role = c->role, .is_good = !c->is_bad,
                                                         .operator_name = bytes_of_text(c->operator_name)};
    }
    m->transparency = (struct policy_transparency){.logs = m->has_no_list ? NULL : &m->list, .scts = m->built_scts,
        .sct_count = m->sct_count, .cosigners = m->built_cosigners, .cosigner_count = m->cosigner_count,
        .ca_operator = bytes_of_text("The CA"), .is_landmark = m->is_landmark, .are_rules_met = !m->are_rules_broken};
}

static void build_path_row(struct made *m, size_t i, struct bytes der)
{
    struct policy_path_certificate *row = &m->path.certificates[i];
    *row = (struct policy_path_certificate){.der = der};
    if (i == 0)
        return;
    const struct made_certificate *c = &m->issuers[i - 1];
    row->is_listed = c->is_listed;
    row->is_root = c->is_root;
    row->has_listed_intermediates_only = c->has_listed_intermediates_only;
    row->level_max = c->level_max;
    while (c->is_listed && row->purposes.count < 4 && c->purposes[row->purposes.count] != 0) {
        row->purposes.at[row->purposes.count] = c->purposes[row->purposes.count];
        row->purposes.count++;
    }
}

void made_build(struct made *m)
{
    static const uint8_t name[] = {DER_SEQUENCE, 0};
    struct certificate cert;
    struct error err;
    m->path = (struct policy_path){.count = 1 + m->issuer_count, .is_valid = m->path_fault == NULL, .why = m->path_fault};
    for (size_t i = 0; i <= m->issuer_count; i++)
        build_path_row(m, i, write_certificate(i == 0 ? &m->leaf : &m->issuers[i - 1], BYTES_OF(name), m->memory[i], sizeof m->memory[i]));
    assert_ok(certificate_parse(m->path.certificates[0].der, &cert, &err), &err, "the leaf");
    m->subject = policy_subject_of_certificate(&cert, m->purpose, m->at_s);
    build_transparency(m);
    m->names = (struct policy_names){is_public_suffix, is_internal_name, NULL};
    m->subject.is_issuing = m->is_issuing;
    m->subject.are_names_validated = m->are_names_validated;
    m->subject.dns_name = m->asked != NULL ? bytes_of_text(m->asked) : bytes_of(NULL, 0);
    size_t len = 0;
    if (m->asked_ip != NULL)
        assert_true(ip_address_parse(bytes_of_text(m->asked_ip), m->ip, &len));
    m->subject.ip = bytes_of(m->ip, len);
    m->subject.path = m->has_no_path ? NULL : &m->path;
    m->subject.transparency = m->has_no_transparency ? NULL : &m->transparency;
    m->subject.names = m->has_no_names ? NULL : &m->names;
    if (m->has_no_signature)
        m->subject.signature = bytes_of(NULL, 0);
}

void made_clear(struct made *m)
{
    log_list_clear(&m->list);
}

void made_judge(struct made *m, const struct policy_set *set, struct policy_answer *answer)
{
    struct error err = {.status = STATUS_OK};
    made_build(m);
    assert_ok(policy_judge(set, &m->subject, answer, &err), &err, "policy_judge");
    made_clear(m);
}

void made_move(struct made *m, int64_t not_before_s)
{
    int64_t length_s = m->leaf.not_after_s - m->leaf.not_before_s;
    m->leaf.not_before_s = not_before_s;
    m->leaf.not_after_s = not_before_s + length_s;
    m->at_s = not_before_s;
}

/* ---- kinds ---- */

#define DOT_SERVER "1.3.6.1.5.5.7.3.1"
#define DOT_CLIENT "1.3.6.1.5.5.7.3.2"

static const uint8_t serial[] = {0x41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint8_t mtc_serial[] = {1, 0, 0, 0, 1, 2, 3};

static struct made_certificate issuer(bool is_gm, bool is_root, uint16_t purpose)
{
    return (struct made_certificate){.key = is_gm ? MADE_SM2 : MADE_P256, .signature = is_gm ? MADE_BY_SM2 : MADE_BY_ECDSA,
        .cn = is_root ? "Root" : "Intermediate", .san_critical = -1, .key_usage = 0x06, .is_key_usage_critical = true,
        .aki = is_root ? NULL : "root key", .ski = is_root ? "root key" : "issuer key", .aia = is_root ? 0 : MADE_AIA_ISSUERS,
        .is_ca = true, .serial = BYTES_OF(serial), .not_before_s = MADE_BEFORE_S - 1000 * MADE_DAY_S,
        .not_after_s = MADE_BEFORE_S + 4000 * MADE_DAY_S, .is_listed = true, .is_root = is_root, .purposes = {purpose}, .level_max = 4};
}

static void begin(struct made *m, bool is_gm, uint16_t purpose)
{
    memset(m, 0, sizeof *m);
    m->purpose = purpose;
    m->at_s = MADE_AT_S;
    m->leaf = (struct made_certificate){.key = is_gm ? MADE_SM2 : MADE_P256, .signature = is_gm ? MADE_BY_SM2 : MADE_BY_ECDSA,
        .san_critical = -1, .key_usage = 0x80, .is_key_usage_critical = true, .aki = "issuer key",
        .aia = MADE_AIA_ISSUERS | MADE_AIA_OCSP, .serial = BYTES_OF(serial), .not_before_s = MADE_BEFORE_S,
        .not_after_s = MADE_BEFORE_S + 90 * MADE_DAY_S - 1};
    m->issuers[0] = issuer(is_gm, false, purpose);
    m->issuers[1] = issuer(is_gm, true, purpose);
    m->issuer_count = 2;
    for (size_t i = 0; i < MADE_LOGS; i++)
        m->states[i] = LOG_LIST_USABLE;
}

static void begin_server(struct made *m, bool is_gm, bool is_intranet)
{
    begin(m, is_gm, TRUST_BUNDLE_TLS);
    m->leaf.dns[0] = is_intranet ? "portal.corp" : "www.example.com";
    m->leaf.eku[0] = DOT_SERVER;
    m->leaf.eku[1] = is_gm ? DOT_CLIENT : NULL;
    m->leaf.policies[0] = "2.23.140.1.2.1";
    m->asked = m->leaf.dns[0];
    m->scts[0] = (struct made_sct){.log = is_gm ? MADE_GM_1 : MADE_NORTH_1, .delivery = CT_POLICY_EMBEDDED};
    m->scts[1] = (struct made_sct){.log = is_gm ? MADE_GM_SECOND : MADE_SOUTH, .delivery = CT_POLICY_EMBEDDED};
    m->sct_count = is_gm && !is_intranet ? 1 : 2;
    if (!is_intranet)
        return;
    m->leaf.policies[0] = is_gm ? "1.2.156.157933.81" : "1.3.6.1.4.1.57933.81";
    m->leaf.dns[1] = m->leaf.cn = "intranet.example.com";
    m->leaf.not_after_s = MADE_BEFORE_S + 730 * MADE_DAY_S - 1;
    m->issuers[0].purposes[0] = m->issuers[1].purposes[0] = TRUST_BUNDLE_TLS_INTRANET;
}

static void begin_mtc(struct made *m, bool is_gm)
{
    begin_server(m, is_gm, false);
    m->leaf.signature = MADE_BY_MTC;
    m->leaf.serial = BYTES_OF(mtc_serial);
    m->leaf.aia = 0;
    m->leaf.not_after_s = MADE_BEFORE_S + 7 * MADE_DAY_S - 1;
    m->at_s = MADE_BEFORE_S + MADE_DAY_S;
    m->issuers[0] = m->issuers[1];
    m->issuer_count = 1;
    m->sct_count = 0;
    m->cosigners[0] = (struct made_cosigner){.role = POLICY_COSIGNER_CA, .operator_name = "The CA"};
    m->cosigners[1] = (struct made_cosigner){.role = POLICY_COSIGNER_MIRROR, .operator_name = "A mirror"};
    m->cosigner_count = 2;
}

static void begin_person(struct made *m, bool is_gm, uint16_t purpose, const char *policy, const char *usage)
{
    begin(m, is_gm, purpose);
    m->leaf.cn = "somebody";
    m->leaf.policies[0] = policy;
    m->leaf.eku[0] = usage;
}

static void begin_rsa(struct made *m, uint16_t purpose, const char *policy, const char *usage)
{
    begin_person(m, false, purpose, policy, usage);
    struct made_certificate *all[] = {&m->leaf, &m->issuers[0], &m->issuers[1]};
    for (size_t i = 0; i < 3; i++) {
        all[i]->key = MADE_RSA;
        all[i]->rsa_bits = 2048;
        all[i]->rsa_exponent = 65537;
        all[i]->signature = MADE_BY_RSA;
    }
}

#define DOT_EMAIL "1.3.6.1.5.5.7.3.4"
#define DOT_CODE "1.3.6.1.5.5.7.3.3"
#define DOT_TIMESTAMP "1.3.6.1.5.5.7.3.8"
#define DOT_DOCUMENT "1.3.6.1.5.5.7.3.36"
#define E_INVOICE_POLICY "1.3.6.1.4.1.32473.1000.3"

void made_init(struct made *m, enum made_base base)
{
    switch (base) {
    case MADE_GM:
    case MADE_INTL:
        begin_server(m, base == MADE_GM, false);
        return;
    case MADE_MTC:
    case MADE_INTL_MTC:
        begin_mtc(m, base == MADE_MTC);
        return;
    case MADE_INTRANET:
    case MADE_INTL_INTRANET:
        begin_server(m, base == MADE_INTRANET, true);
        return;
    case MADE_EMAIL:
        begin_person(m, true, TRUST_BUNDLE_EMAIL, "1.2.156.157933.31", DOT_EMAIL);
        m->leaf.email = "somebody@example.com";
        return;
    case MADE_DOCUMENT:
        begin_person(m, true, TRUST_BUNDLE_DOCUMENT, "1.2.156.157933.41", DOT_DOCUMENT);
        return;
    case MADE_INTL_DOCUMENT:
        begin_rsa(m, TRUST_BUNDLE_DOCUMENT, "1.3.6.1.4.1.57933.41", DOT_DOCUMENT);
        return;
    case MADE_TIMESTAMP:
        begin_person(m, true, TRUST_BUNDLE_TIMESTAMP, NULL, DOT_TIMESTAMP);
        m->leaf.is_eku_critical = true;
        return;
    case MADE_E_INVOICE:
        begin_rsa(m, TRUST_BUNDLE_E_INVOICE, E_INVOICE_POLICY, NULL);
        return;
    case MADE_GM_E_INVOICE:
        begin_person(m, true, TRUST_BUNDLE_E_INVOICE, E_INVOICE_POLICY, NULL);
        return;
    case MADE_CLIENT:
        begin_person(m, true, TRUST_BUNDLE_TLS_CLIENT, NULL, DOT_CLIENT);
        return;
    case MADE_CODE:
    case MADE_BASES:
        begin_person(m, true, TRUST_BUNDLE_CODE, NULL, DOT_CODE);
        return;
    }
}

const char *made_base_name(enum made_base base)
{
    static const char *const names[] = {"gm", "intl", "gm mtc", "intl mtc", "gm intranet", "intl intranet", "email", "document",
                                        "intl document", "timestamp", "e-invoice", "gm e-invoice", "client", "code"};
    return names[base];
}
