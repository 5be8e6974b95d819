/* Every kind: DV, IV, OV, EV of SM2, RSA and P-256 keys, public and intranet, valid for about 180 days, with 0 to 4 SCTs, in both stages
 * of the CT policy, strict and lenient, before and after 2025-01-01. What is expected is written here a second time, from the words of
 * the program: so both would have to be wrong in the same way. */
#include "unit/checks.h"

#include "unit/policy/made.h"

/* 2025-01-01T00:00:00Z */
#define SWITCH_S INT64_C(1735689600)

static struct error err;
static struct policy_answer answer;

enum key { SM2, RSA, P256, KEYS };

struct kind {
    enum key key;
    bool is_intranet;
    size_t level;      /* 1 to 4 */
    int64_t length_s;  /* both ends belong to it */
    size_t scts;
    bool is_formal, is_lenient, is_before;
};

/* ---- what the program says ---- */

static size_t scts_needed(const struct kind *k)
{
    /* Chrome's programme counts the difference, ours each second. */
    int64_t length_s = k->key == SM2 || k->is_intranet ? k->length_s : k->length_s - 1;
    bool is_short = length_s <= 180 * MADE_DAY_S;
    if (k->key != SM2 && !k->is_intranet)
        return is_short ? 2 : 3;
    return k->is_formal ? (is_short ? 2 : 3) : (is_short ? 1 : 2);
}

static enum policy_verdict verdict_of(const struct kind *k)
{
    bool is_met = k->scts >= scts_needed(k);
    if (is_met)
        return POLICY_VERDICT_SECURE;
    bool is_gm_public = k->key == SM2 && !k->is_intranet;
    if (k->is_before && is_gm_public)
        return k->scts == 0 ? POLICY_VERDICT_NOT_TRANSPARENT : POLICY_VERDICT_SECURE;
    if (k->is_before && k->is_intranet)
        return POLICY_VERDICT_SECURE;
    return k->is_lenient && k->scts > 0 ? POLICY_VERDICT_SECURE : POLICY_VERDICT_NOT_SECURE;
}

/* ---- the certificate ---- */

static void make_rsa(struct made_certificate *c)
{
    c->key = MADE_RSA;
    c->rsa_bits = 2048;
    c->rsa_exponent = 65537;
    c->signature = MADE_BY_RSA;
}

static void make(const struct kind *k, struct made *m)
{
    static const char *const public_oids[] = {"2.23.140.1.2.1", "2.23.140.1.2.3", "2.23.140.1.2.2", "2.23.140.1.1"};
    static const char *const gm_oids[] = {"1.2.156.157933.11", "1.2.156.157933.12", "1.2.156.157933.13", "1.2.156.157933.14"};
    static const char *const intranet_oids[] = {"1.3.6.1.4.1.57933.81", "1.3.6.1.4.1.57933.82", "1.3.6.1.4.1.57933.83", "1.3.6.1.4.1.57933.84"};
    static const enum made_log gm[] = {MADE_GM_1, MADE_GM_SECOND, MADE_GM_THIRD, MADE_GM_2}, intl[] = {MADE_NORTH_1, MADE_SOUTH, MADE_WEST, MADE_NORTH_2};
    made_init(m, k->is_intranet ? (k->key == SM2 ? MADE_INTRANET : MADE_INTL_INTRANET) : k->key == SM2 ? MADE_GM : MADE_INTL);
    m->leaf.policies[0] = (k->is_intranet ? intranet_oids : k->key == SM2 ? gm_oids : public_oids)[k->level - 1];
    m->leaf.o = k->level >= 3 ? "Example Ltd" : NULL;
    m->leaf.given = k->level == 2 ? "San" : NULL;
    m->leaf.surname = k->level == 2 ? "Zhang" : NULL;
    if (k->key == RSA)
        for (size_t i = 0; i < 3; i++)
            make_rsa(i == 0 ? &m->leaf : &m->issuers[i - 1]);
    if (k->key == RSA)
        m->leaf.key_usage = 0xa0;
    made_move(m, k->is_before ? SWITCH_S - MADE_DAY_S : MADE_BEFORE_S);
    m->leaf.not_after_s = m->leaf.not_before_s + k->length_s - 1;
    for (m->sct_count = 0; m->sct_count < k->scts; m->sct_count++)
        m->scts[m->sct_count] = (struct made_sct){.log = (k->key == SM2 ? gm : intl)[m->sct_count], .delivery = CT_POLICY_EMBEDDED};
    /* "ZoTrus" is asked for in the formal stage, of intranets too, whatever their keys are. */
    if (k->is_intranet && k->key != SM2 && k->scts > 0)
        m->scts[0].log = MADE_GM_1;
}

static void look(const struct policy_set *set, const struct kind *k)
{
    static const char *const keys[] = {"SM2", "RSA", "P-256"};
    struct made m;
    make(k, &m);
    made_judge(&m, set, &answer);
    enum policy_verdict want = verdict_of(k);
    if (answer.verdict != want || answer.level != k->level || answer.is_intranet != k->is_intranet || answer.is_gm != (k->key == SM2))
        fail_msg("%s %s, T%zu, %lld s, %zu SCTs,%s%s%s: %s, T%u by %s; wanted %s", keys[k->key], k->is_intranet ? "intranet" : "public",
                 k->level, (long long)k->length_s, k->scts, k->is_formal ? " formal" : "", k->is_lenient ? " lenient" : "",
                 k->is_before ? " before 2025" : "", policy_verdict_name(answer.verdict), answer.level, answer.worst,
                 policy_verdict_name(want));
}

/* ---- the policies ---- */

/* The file with each line `old` replaced by `new_line`. */
static void replace(struct bytes text, const char *old, const char *new_line, struct builder *out)
{
    struct bytes line;
    size_t count = 0;
    while (text_next_line(&text, &line)) {
        bool is_met = bytes_is_text(line, old);
        count += is_met;
        builder_bytes(out, is_met ? bytes_of_text(new_line) : line);
        builder_u8(out, '\n');
    }
    assert_true(count > 0);
}

static struct policy_set *read_set(bool is_formal, bool is_lenient)
{
    struct builder policy, ct;
    struct policy_set *set;
    builder_init(&policy, POLICY_TEXT_MAX);
    builder_init(&ct, CT_POLICY_TEXT_MAX);
    replace(policy_set_default_text(), "setting ct-shortfall strict", is_lenient ? "setting ct-shortfall lenient" : "setting ct-shortfall strict", &policy);
    replace(policy_set_default_ct_text(), "require-operator 1 \"ZoTrus\"",
            is_formal ? "require-operator 1 \"ZoTrus\"\nuse formal" : "require-operator 1 \"ZoTrus\"", &ct);
    OK(policy_set_read(builder_view(&policy), builder_view(&ct), POLICY_FROM_AUTHOR, &set, &err));
    builder_clear(&policy);
    builder_clear(&ct);
    return set;
}

static void look_at_all(const struct policy_set *set, struct kind k)
{
    static const int64_t lengths_s[] = {179 * MADE_DAY_S, 180 * MADE_DAY_S - 1, 180 * MADE_DAY_S, 180 * MADE_DAY_S + 1,
                                        180 * MADE_DAY_S + 2, 181 * MADE_DAY_S};
    for (k.key = SM2; k.key < KEYS; k.key++)
        for (int intranet = 0; intranet < 2; intranet++)
            for (k.level = 1; k.level <= 4; k.level++)
                for (size_t i = 0; i < LENGTH(lengths_s); i++)
                    for (k.scts = 0; k.scts <= 4; k.scts++) {
                        k.is_intranet = intranet != 0;
                        k.length_s = lengths_s[i];
                        look(set, &k);
                    }
}

static void test_kinds(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        struct kind k = {.is_formal = (bits & 1) != 0, .is_lenient = (bits & 2) != 0, .is_before = (bits & 4) != 0};
        struct policy_set *set = read_set(k.is_formal, k.is_lenient);
        look_at_all(set, k);
        policy_set_free(set);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
