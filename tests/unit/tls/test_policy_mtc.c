/* Merkle Tree Certificates of every mode through proof, cosigners, SCTs and policy. */
#include "unit/tls/policy_world.h"

#include "codec/mtc/tbs_entry.h"
#include "codec/x509/extensions.h"

#define AT_S (MAKER_NOW + 3600)

static struct maker_ca gm_ca, intl_ca;
static struct maker_cosigner mirror, own_mirror, witness, unlisted;
static struct trust_contents contents;

/* What each mode brings. */
struct mode {
    bool is_gm_ca, is_gm_key;
    bool has_landmark; /* the client knows the subtree */
    bool has_ca_signature, has_mirror, has_own_mirror, has_witness, has_unlisted;
    size_t sct_count;  /* as property FF01 */
};

static int make(void **state)
{
    (void)state;
    maker_ca_init(&gm_ca, &maker_gm, "32473.1", "sm2_sm3");
    maker_ca_init(&intl_ca, &maker_07, "32473.2", "mldsa44");
    maker_cosigner_init(&mirror, "32473.9", "mldsa44");
    maker_cosigner_init(&own_mirror, "32473.10", "mldsa44");
    maker_cosigner_init(&witness, "32473.11", "ed25519");
    maker_cosigner_init(&unlisted, "32473.12", "mldsa44");
    return policy_world_make(state);
}

static int clear(void **state)
{
    maker_ca_clear(&gm_ca);
    maker_ca_clear(&intl_ca);
    maker_cosigner_clear(&mirror);
    maker_cosigner_clear(&own_mirror);
    maker_cosigner_clear(&witness);
    maker_cosigner_clear(&unlisted);
    return policy_world_clear(state);
}

static struct tai id_of(const char *text)
{
    struct tai id;
    OK(tai_parse_text(bytes_of_text(text), &id, &err));
    return id;
}

static void push(struct array *array, const void *item)
{
    OK(array_insert(array, array->count, item, "items", &err));
}

/* What a bundle would say: two CAs of one operator, its own mirror, and a mirror and a witness of others. */
static void begin(const struct maker_cert *cert, bool has_landmark, uint16_t purpose, uint8_t level_max)
{
    struct builder policy;
    const struct {
        const char *id, *name;
        enum trust_bundle_cosigner_role role;
    } rows[] = {{"32473.9", "Mirror Ltd", TRUST_BUNDLE_MIRROR}, {"32473.10", "CA Ltd", TRUST_BUNDLE_MIRROR}, {"32473.11", "Witness Ltd", TRUST_BUNDLE_WITNESS}};
    builder_init(&policy, MAKER_SIZE_MAX);
    maker_cosigner_line(&mirror, &policy);
    maker_cosigner_line(&own_mirror, &policy);
    maker_cosigner_line(&witness, &policy);
    if (has_landmark)
        maker_subtree_line(cert, &policy);
    builder_u8(&policy, 0);
    trust_store_free(program.store);
    program.store = store_of(&gm_ca, &intl_ca, (const char *)policy.data);
    builder_clear(&policy);
    peer_trust_free(program.trust);
    OK(peer_trust_new(program.store, &program.trust, &err));
    contents = (struct trust_contents){.algorithms = program.algorithms, .ct_logs = program.list};
    contents.cas = array_of(sizeof(struct trust_contents_ca), 8);
    contents.cosigners = array_of(sizeof(struct trust_contents_cosigner), 8);
    for (int i = 0; i < 2; i++)
        push(&contents.cas, &(struct trust_contents_ca){.id = id_of(i == 0 ? "32473.1" : "32473.2"), .operator_name = bytes_of_text("CA Ltd"),
                                                        .purposes = {1, {purpose}}, .level_max = level_max});
    for (size_t i = 0; i < LENGTH(rows); i++)
        push(&contents.cosigners, &(struct trust_contents_cosigner){.id = id_of(rows[i].id), .role = rows[i].role,
                                                                    .operator_name = bytes_of_text(rows[i].name)});
    OK(peer_trust_add_contents(program.trust, &contents, &err));
    array_clear(&contents.cas);
    array_clear(&contents.cosigners);
}

static struct bytes spki_of(bool is_gm)
{
    EVP_PKEY *key = chain_key(is_gm ? CHAIN_SM2 : CHAIN_P256);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    assert_true(len > 0);
    struct bytes copy = heap_copy(bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return copy;
}

/* [GM 8]: critical SAN, key usage, both extended key usages, AKI = CA ID, one policy. */
static void write_extensions(const struct maker_ca *ca, struct builder *out)
{
    static const uint8_t san[] = "\x82\x0fwww.example.com", dv[] = {0x67, 0x81, 0x0c, 0x01, 0x02, 0x01};
    uint8_t id[64];
    size_t id_len = maker_id(ca->id, id);
    extensions_write_key_usage(out, KEY_USAGE_DIGITAL_SIGNATURE);
    extensions_write_ext_key_usage(out, true);
    extensions_write_subject_alt_name(out, bytes_of(san, sizeof san - 1), true);
    extensions_write_authority_key_id(out, bytes_of(id, id_len));
    extensions_write_policy(out, BYTES_OF(dv));
}

/* The entry of the log, as [GM 4] has it logged in CT: no extensions, type 1, the contents. */
static void write_scts(const struct maker_cert *cert, struct bytes der, size_t count, struct builder *out)
{
    struct certificate parsed;
    struct builder entry;
    struct tai log_id;
    struct hasher h;
    uint8_t spki_hash[HASH_SIZE];
    const struct tai ca_id = id_of(cert->ca->id);
    OK(certificate_parse(der, &parsed, &err));
    OK(tai_log_id(&ca_id, cert->log_number, &log_id, &err));
    OK(hasher_init(&h, cert->hash, &err));
    hasher_one(&h, parsed.spki, spki_hash);
    hasher_clear(&h);
    builder_init(&entry, 65535);
    log_entry_write_start(&entry, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&(struct tbs_entry){.version = parsed.version, .issuer = parsed.issuer, .validity = parsed.validity, .subject = parsed.subject,
                                        .spki_algorithm = parsed.spki_algorithm, .spki_hash = BYTES_OF(spki_hash), .after_spki = parsed.after_spki},
                    &entry);
    struct sct_check_subject subject = sct_check_mtc(tai_bytes(&log_id), cert->index, builder_view(&entry),
                                                     public_key_spki(private_key_public(cert->ca->key)));
    OK(classic_sct_write_list(program.gm_logs, count, &subject, (uint64_t)MAKER_NOW * 1000, out, &err));
    builder_clear(&entry);
}

struct made {
    struct maker_cert cert;
    struct bytes der, spki;
    struct builder extensions, scts;
};

static void make_one(struct made *m, const struct mode *mode)
{
    const struct maker_ca *ca = mode->is_gm_ca ? &gm_ca : &intl_ca;
    m->spki = spki_of(mode->is_gm_key);
    builder_init(&m->extensions, 1024);
    builder_init(&m->scts, 65537);
    write_extensions(ca, &m->extensions);
    maker_cert_init(&m->cert, ca, 1, 5, 4, 8);
    m->cert.spki = m->spki;
    m->cert.extensions = builder_view(&m->extensions);
    if (mode->has_ca_signature)
        maker_ca_sign(&m->cert);
    if (mode->has_mirror)
        maker_cosign(&m->cert, &mirror);
    if (mode->has_own_mirror)
        maker_cosign(&m->cert, &own_mirror);
    if (mode->has_witness)
        maker_cosign(&m->cert, &witness);
    if (mode->has_unlisted)
        maker_cosign(&m->cert, &unlisted);
    m->der = maker_write(&m->cert);
    if (mode->sct_count > 0)
        write_scts(&m->cert, m->der, mode->sct_count, &m->scts);
}

static void clear_one(struct made *m)
{
    policy_world_forget();
    heap_free(m->spki);
    free((uint8_t *)(uintptr_t)m->der.data);
    builder_clear(&m->extensions);
    builder_clear(&m->scts);
}

static enum policy_verdict judge_made(const struct made *m)
{
    return policy_world_judge(&(struct peer_request){.chain = &m->der, .count = 1, .at_s = AT_S, .dns_name = bytes_of_text("www.example.com"),
                                                     .property_scts = builder_view(&m->scts)});
}

/* The shipped policy with another value for one setting. */
static void set_policy(const char *line, const char *in_place_of)
{
    struct bytes text = policy_set_default_text();
    struct builder changed;
    const uint8_t *at = memmem(text.data, text.len, in_place_of, strlen(in_place_of));
    assert_non_null(at);
    size_t before = (size_t)(at - text.data), after = before + strlen(in_place_of);
    builder_init(&changed, POLICY_TEXT_MAX);
    builder_bytes(&changed, bytes_of(text.data, before));
    builder_bytes(&changed, bytes_of_text(line));
    builder_bytes(&changed, bytes_of(text.data + after, text.len - after));
    policy_set_free(program.set);
    OK(policy_set_read(builder_view(&changed), policy_set_default_ct_text(), POLICY_FROM_AUTHOR, &program.set, &err));
    builder_clear(&changed);
}

#define SETTING "setting mtc-transparency cosigners\n"

static void modes(void **state)
{
    (void)state;
    /* By cosigners, by SCTs, by either. BAD: its proof is not good by the trust. */
    enum { YES = POLICY_VERDICT_SECURE, NO = POLICY_VERDICT_NOT_SECURE, BAD = POLICY_VERDICT_UNTRUSTED };
    static const struct {
        struct mode mode;
        int cosigners, scts, either;
    } rows[] = {
        {{.is_gm_ca = true, .is_gm_key = true, .has_landmark = true}, YES, NO, YES},
        {{.is_gm_ca = true, .is_gm_key = true, .has_landmark = true, .sct_count = 1}, YES, YES, YES},
        {{.is_gm_ca = true, .is_gm_key = true}, BAD, BAD, BAD}, /* neither landmark nor signatures */
        {{.is_gm_ca = true, .is_gm_key = true, .has_mirror = true}, BAD, BAD, BAD},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true}, NO, NO, NO},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .sct_count = 1}, NO, YES, YES},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_mirror = true}, YES, NO, YES},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_own_mirror = true}, NO, NO, NO},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_own_mirror = true, .has_mirror = true}, YES, NO, YES},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_witness = true}, NO, NO, NO},
        {{.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_unlisted = true}, NO, NO, NO},
        {{.is_gm_ca = true, .is_gm_key = false, .has_ca_signature = true, .has_mirror = true}, YES, NO, YES},
        /* An SM2 key below another CA is none of the GM world (RP-08), however transparent. */
        {{.is_gm_ca = false, .is_gm_key = true, .has_ca_signature = true, .has_mirror = true}, NO, NO, NO},
        {{.is_gm_ca = false, .is_gm_key = true, .has_ca_signature = true, .sct_count = 1}, NO, NO, NO},
        {{.is_gm_ca = false, .is_gm_key = false, .has_ca_signature = true, .has_mirror = true}, YES, NO, YES},
        {{.is_gm_ca = false, .is_gm_key = false, .has_landmark = true}, YES, NO, YES},
    };
    static const char *const settings[] = {SETTING, "setting mtc-transparency scts\n", "setting mtc-transparency either\n"};
    policy_world_logs(AT_S);
    for (size_t k = 0; k < LENGTH(settings); k++) {
        set_policy(settings[k], SETTING);
        for (size_t i = 0; i < LENGTH(rows); i++) {
            struct made m;
            make_one(&m, &rows[i].mode);
            begin(&m.cert, rows[i].mode.has_landmark, TRUST_BUNDLE_TLS, 4);
            int want = k == 0 ? rows[i].cosigners : k == 1 ? rows[i].scts : rows[i].either;
            enum policy_verdict got = judge_made(&m);
            if ((int)got != want) {
                policy_world_print();
                fail_msg("row %zu, %s: %s, not %s", i, settings[k], policy_verdict_name(got), policy_verdict_name((enum policy_verdict)want));
            }
            if (want == YES)
                assert_int_equal(answer.level, 1);
            clear_one(&m);
        }
    }
    set_policy(SETTING, SETTING);
}

static const struct policy_cosigner *cosigner(const char *id)
{
    const struct policy_transparency *t = peer_subject_policy(policy_world_subject)->transparency;
    const struct tai wanted = id_of(id);
    for (size_t i = 0; i < t->cosigner_count; i++)
        if (tai_equal(&t->cosigners[i].id, &wanted))
            return &t->cosigners[i];
    return NULL;
}

static void cosigners_one_by_one(void **state)
{
    (void)state;
    struct made m;
    make_one(&m, &(struct mode){.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_mirror = true, .has_own_mirror = true,
                                .has_witness = true, .has_unlisted = true});
    begin(&m.cert, false, TRUST_BUNDLE_TLS, 4);
    assert_int_equal(judge_made(&m), POLICY_VERDICT_SECURE);
    const struct policy_transparency *t = peer_subject_policy(policy_world_subject)->transparency;
    assert_int_equal(t->cosigner_count, 5);
    assert_true(t->are_rules_met && !t->is_landmark);
    assert_true(bytes_equal(t->ca_operator, bytes_of_text("CA Ltd")));
    const struct {
        const char *id, *operator_name;
        enum policy_cosigner_role role;
        bool is_good;
    } rows[] = {{"32473.1", "CA Ltd", POLICY_COSIGNER_CA, true},
                {"32473.9", "Mirror Ltd", POLICY_COSIGNER_MIRROR, true},
                {"32473.10", "CA Ltd", POLICY_COSIGNER_MIRROR, true},
                {"32473.11", "Witness Ltd", POLICY_COSIGNER_WITNESS, true},
                {"32473.12", "", POLICY_COSIGNER_UNKNOWN, false}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct policy_cosigner *c = cosigner(rows[i].id);
        assert_non_null(c);
        assert_int_equal(c->role, rows[i].role);
        assert_int_equal(c->is_good, rows[i].is_good);
        assert_int_equal(c->why == NULL, rows[i].is_good);
        assert_true(bytes_equal(c->operator_name, bytes_of_text(rows[i].operator_name)));
    }
    /* The path of such a certificate: itself and its CA. */
    const struct policy_path *p = peer_subject_policy(policy_world_subject)->path;
    assert_true(p->is_valid && p->count == 2 && p->certificates[1].is_root && p->certificates[1].is_listed);
    assert_true(bytes_equal(p->certificates[1].der, gm_ca.der));
    /* The same to who knows its landmark: nothing was verified, and that is said. */
    begin(&m.cert, true, TRUST_BUNDLE_TLS, 4);
    assert_int_equal(judge_made(&m), POLICY_VERDICT_SECURE);
    t = peer_subject_policy(policy_world_subject)->transparency;
    assert_true(t->is_landmark && !t->are_rules_met);
    assert_false(cosigner("32473.9")->is_good);
    assert_non_null(strstr(cosigner("32473.9")->why, "landmark"));
    clear_one(&m);
}

static void a_signature_that_is_none(void **state)
{
    (void)state;
    struct made m;
    make_one(&m, &(struct mode){.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_mirror = true});
    m.cert.signatures[1].signature[20] ^= 1;
    free((uint8_t *)(uintptr_t)m.der.data);
    m.der = maker_write(&m.cert);
    begin(&m.cert, false, TRUST_BUNDLE_TLS, 4);
    assert_int_equal(judge_made(&m), POLICY_VERDICT_NOT_SECURE);
    assert_false(cosigner("32473.9")->is_good);
    assert_non_null(cosigner("32473.9")->why);
    assert_true(cosigner("32473.1")->is_good);
    assert_int_equal(policy_world_rule("MT-01"), POLICY_FAIL);
    clear_one(&m);
}

/* An SCT over another entry than this one. */
static void an_sct_of_another_entry(void **state)
{
    (void)state;
    struct made m, other;
    make_one(&m, &(struct mode){.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_mirror = true, .sct_count = 2});
    make_one(&other, &(struct mode){.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .sct_count = 2});
    policy_world_logs(AT_S);
    begin(&m.cert, false, TRUST_BUNDLE_TLS, 4);
    for (int is_other = 0; is_other < 2; is_other++) {
        (void)policy_world_judge(&(struct peer_request){.chain = &m.der, .count = 1, .at_s = AT_S,
                                                        .sct_list = builder_view(is_other ? &other.scts : &m.scts)});
        const struct policy_transparency *t = peer_subject_policy(policy_world_subject)->transparency;
        assert_int_equal(t->sct_count, 2);
        assert_int_equal(t->scts[0].is_good, !is_other);
        assert_int_equal(t->scts[1].delivery, CT_POLICY_TLS);
        assert_non_null(t->scts[0].log);
    }
    clear_one(&m);
    clear_one(&other);
}

static void purposes_and_levels_of_cas(void **state)
{
    (void)state;
    struct made m;
    make_one(&m, &(struct mode){.is_gm_ca = true, .is_gm_key = true, .has_ca_signature = true, .has_mirror = true});
    begin(&m.cert, false, TRUST_BUNDLE_EMAIL, 4);
    assert_int_equal(judge_made(&m), POLICY_VERDICT_UNTRUSTED);
    /* A CA of intranets with a name of the public: found, and not right. */
    begin(&m.cert, false, TRUST_BUNDLE_TLS_INTRANET, 4);
    assert_true(judge_made(&m) >= POLICY_VERDICT_NOT_SECURE);
    /* A CA for mail, too, and a leaf of servers and clients; at the proof, before any policy. */
    static const struct {
        uint16_t listed, asked;
        enum status outcome;
    } rows[] = {{TRUST_BUNDLE_TLS, TRUST_BUNDLE_TLS, STATUS_OK},
                {TRUST_BUNDLE_TLS_CLIENT, TRUST_BUNDLE_TLS_CLIENT, STATUS_OK},
                {TRUST_BUNDLE_EMAIL, TRUST_BUNDLE_EMAIL, STATUS_REFUSED},
                {TRUST_BUNDLE_CODE, TRUST_BUNDLE_CODE, STATUS_REFUSED},
                {TRUST_BUNDLE_DOCUMENT, TRUST_BUNDLE_DOCUMENT, STATUS_REFUSED}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct error why = {.status = STATUS_OK};
        begin(&m.cert, false, rows[i].listed, 4);
        const struct peer_request asked = {.chain = &m.der, .count = 1, .at_s = AT_S, .purpose = rows[i].asked, .is_unpaired = true,
                                           .scope = {.has_gm = true, .has_mtc = true, .has_landmarks = true}};
        if (peer_verify(program.trust, judging_hashers(), &asked, &peer_found, &why) != rows[i].outcome)
            fail_msg("row %zu: %s", i, why.text);
    }
    /* By hand: for all of it. */
    peer_trust_free(program.trust);
    OK(peer_trust_new(program.store, &program.trust, &err));
    OK(peer_trust_add_ca(program.trust, gm_ca.der, &err));
    (void)judge_made(&m);
    assert_int_equal(policy_world_rule("RP-01"), POLICY_PASS);
    clear_one(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),
        cmocka_unit_test(cosigners_one_by_one),
        cmocka_unit_test(a_signature_that_is_none),
        cmocka_unit_test(an_sct_of_another_entry),
        cmocka_unit_test(purposes_and_levels_of_cas),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
