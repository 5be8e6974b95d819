/* libcathaya as an embedder meets it: the shared library, its headers, its promises. */
#include "unit/api/api_world.h"

static struct api_world world;
static struct cathaya_trust *trust;
static struct cathaya_verifier *verifier;
static struct cathaya_error error;

static int make_world(void **state)
{
    (void)state;
    api_world_make(&world);
    trust = api_world_trust(&world);
    API_OK(cathaya_verifier_new(trust, &verifier, &error));
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    cathaya_verifier_free(verifier);
    cathaya_trust_free(trust);
    api_world_clear(&world);
    return 0;
}

static enum cathaya_status judge(int which, const struct cathaya_request *request, struct cathaya_result *result)
{
    memset(&error, 0xee, sizeof error);
    if (result != NULL)
        memset(result, 0xee, sizeof *result);
    return cathaya_verify(verifier, world.ders[which].data, world.ders[which].len, request, result, &error);
}

static void sizes(void **state)
{
    (void)state;
    assert_int_equal(CATHAYA_HASH_SIZE, 32);
    assert_int_equal(sizeof ((struct cathaya_error *)NULL)->reason, CATHAYA_REASON_SIZE);
    assert_int_equal(sizeof(struct cathaya_request), 40);
    assert_int_equal(sizeof(struct cathaya_result), 4 + 128 + 16 + 16 + 4 + 8 + 8 + 8 + 8 + 8 + 32 + 32 + 4 + 1024 + 4);
    assert_int_equal(sizeof(struct cathaya_error), 4 + 320);
    assert_string_equal(cathaya_version(), CATHAYA_VERSION_EXPECTED);
}

static void landmark_result(void **state)
{
    (void)state;
    static const char *const ids[] = {"32473.1", "32473.2"}, *const drafts[] = {"gm-0", "draft-07"},
                             *const hashes[] = {"sm3", "sha256"};
    for (int i = 0; i < 2; i++) {
        struct cathaya_result r;
        const struct cathaya_request request = {.at = MAKER_NOW, .dns_name = "www.example.com"};
        API_OK(judge(WORLD_GM_LANDMARK + i, &request, &r));
        assert_int_equal(error.status, CATHAYA_OK);
        assert_string_equal(error.reason, "");
        assert_int_equal(r.mode, CATHAYA_MODE_LANDMARK);
        assert_string_equal(r.ca_id, ids[i]);
        assert_string_equal(r.draft, drafts[i]);
        assert_string_equal(r.hash, hashes[i]);
        assert_true(r.serial == MAKER_SERIAL(1, 2121));
        assert_int_equal(r.log_number, 1);
        assert_true(r.index == 2121 && r.start == 2048 && r.end == 2122);
        assert_false(r.has_ca_signature);
        assert_string_equal(r.cosigners, "");
        uint8_t hash[HASH_SIZE];
        maker_subtree_hash(&world.certs[i], hash);
        assert_memory_equal(r.subtree_hash, hash, sizeof hash);
    }
}

static void standalone_result(void **state)
{
    (void)state;
    for (int i = WORLD_GM_STANDALONE; i <= WORLD_INTL_STANDALONE; i++) {
        struct cathaya_result r;
        const struct cathaya_request request = {.at = MAKER_NOW};
        API_OK(judge(i, &request, &r));
        assert_int_equal(r.mode, CATHAYA_MODE_STANDALONE);
        assert_true(r.has_ca_signature);
        assert_string_equal(r.cosigners, "32473.3.1");
    }
}

/* What was found is told with a refusal too; the mode is not. */
static void refused_result(void **state)
{
    (void)state;
    struct cathaya_result r;
    struct cathaya_request request = {.at = MAKER_NOW};
    assert_public_says(judge(WORLD_REFUSED, &request, &r), &error, CATHAYA_REFUSED, "0 of 1 cosigners have signed");
    assert_int_equal(r.mode, CATHAYA_MODE_NONE);
    assert_string_equal(r.ca_id, "32473.1");
    assert_true(r.has_ca_signature);
    assert_int_equal(r.index, 9);
    /* The proof is good, the time is not. */
    request.at = 0;
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, &r), &error, CATHAYA_REFUSED, "not valid before");
    assert_int_equal(r.mode, CATHAYA_MODE_NONE);
    request.proof_only = 1;
    API_OK(judge(WORLD_GM_LANDMARK, &request, &r));
}

/* result and err may be NULL, for every verdict. */
static void without_answers(void **state)
{
    (void)state;
    const struct cathaya_request request = {.at = MAKER_NOW}, late = {.at = INT64_MAX}, empty = {.dns_name = ""};
    for (int i = 0; i < WORLD_COUNT; i++) {
        const uint8_t *der = world.ders[i].data;
        size_t len = world.ders[i].len;
        bool is_good = i != WORLD_REFUSED;
        assert_int_equal(cathaya_verify(verifier, der, len, &request, NULL, NULL), is_good ? CATHAYA_OK : CATHAYA_REFUSED);
        assert_int_equal(cathaya_verify(verifier, der, len, &late, NULL, NULL), CATHAYA_REFUSED);
        assert_int_equal(cathaya_verify(verifier, der, len, &empty, NULL, NULL), CATHAYA_USAGE);
        assert_int_equal(cathaya_verify(verifier, der, len - 1, &request, NULL, NULL), CATHAYA_MALFORMED);
    }
    assert_int_equal(cathaya_verify(verifier, NULL, 0, &request, NULL, NULL), CATHAYA_MALFORMED);
    struct cathaya_trust *other;
    struct cathaya_verifier *none;
    assert_int_equal(cathaya_trust_new(&other, NULL), CATHAYA_OK);
    assert_int_equal(cathaya_trust_add_ca(other, NULL, 0, NULL), CATHAYA_MALFORMED);
    assert_int_equal(cathaya_trust_add_policy(other, NULL, 0, NULL), CATHAYA_OK);
    assert_int_equal(cathaya_verifier_new(other, &none, NULL), CATHAYA_OK);
    assert_int_equal(cathaya_verify(none, world.ders[0].data, world.ders[0].len, &request, NULL, NULL), CATHAYA_NOT_FOUND);
    cathaya_verifier_free(none);
    assert_int_equal(cathaya_trust_add_policy(other, "x", 1, NULL), CATHAYA_USAGE);
    cathaya_trust_free(other);
    cathaya_trust_free(NULL);
    cathaya_verifier_free(NULL);
}

/* Every request that would leave out a check by accident is an error of the caller. */
static void requests(void **state)
{
    (void)state;
    static const uint8_t ip[16] = {192, 0, 2, 1}, zeros[16];
    struct cathaya_result r;
    struct cathaya_request request = {.at = MAKER_NOW, .dns_name = ""};
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, &r), &error, CATHAYA_USAGE, "dns_name is empty");
    assert_int_equal(r.mode, CATHAYA_MODE_NONE);
    assert_string_equal(r.ca_id, "");
    request = (struct cathaya_request){.at = MAKER_NOW, .ip = ip, .ip_len = 4};
    API_OK(judge(WORLD_GM_LANDMARK, &request, &r));
    request.ip = zeros;
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, &r), &error, CATHAYA_REFUSED, "not for this IP address");
    request.ip_len = 16;
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, &r), &error, CATHAYA_REFUSED, "not for this IP address");
    static const size_t lens[] = {0, 1, 3, 5, 15, 17, SIZE_MAX};
    for (size_t i = 0; i < LENGTH(lens); i++) {
        request.ip_len = lens[i];
        assert_public_says(judge(WORLD_GM_LANDMARK, &request, &r), &error, CATHAYA_USAGE, "ip_len");
        assert_int_equal(r.mode, CATHAYA_MODE_NONE);
    }
    request = (struct cathaya_request){.at = MAKER_NOW, .ip = NULL, .ip_len = 4};
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, &r), &error, CATHAYA_USAGE, "ip_len");
    /* Either name will do, as one connection has one. */
    request = (struct cathaya_request){.at = MAKER_NOW, .dns_name = "other.example", .ip = ip, .ip_len = 4};
    API_OK(judge(WORLD_GM_LANDMARK, &request, &r));
}

/* Reasons are strings whatever goes into them, and say all that fits. */
static void long_reasons(void **state)
{
    (void)state;
    static char name[100000];
    memset(name, 'x', sizeof name - 1);
    const struct cathaya_request request = {.at = MAKER_NOW, .dns_name = name};
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, NULL), &error, CATHAYA_REFUSED, "not for the name xxx");
    static char text[100000];
    struct cathaya_trust *other;
    for (size_t len = 250; len < 400; len++) {
        API_OK(cathaya_trust_new(&other, &error));
        (void)snprintf(text, sizeof text, "cosigner 32473.3.1 %0*d AAAA", (int)len, 0);
        memset(&error, 0xee, sizeof error);
        assert_public_says(cathaya_trust_add_policy(other, text, strlen(text), &error), &error, CATHAYA_USAGE, "line 1: unknown algorithm");
        memset(&error, 0xee, sizeof error);
        text[19 + len] = '\0';
        assert_public_says(cathaya_trust_add_algorithm(other, text + 19, "1.2.3", "x", "", &error), &error, CATHAYA_USAGE, "algorithm name");
        cathaya_trust_free(other);
    }
}

/* What a file or a caller says is quoted, but plays no tricks on a terminal. */
static void printable_reasons(void **state)
{
    (void)state;
    struct cathaya_trust *other;
    static const char *const texts[] = {"\x1b[2J\x82\xff", "cosigner 32473.3.1 \x1b[2J\x82\xff AAAA"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        API_OK(cathaya_trust_new(&other, &error));
        memset(&error, 0xee, sizeof error);
        enum cathaya_status s = cathaya_trust_add_policy(other, texts[i], strlen(texts[i]), &error);
        assert_public_says(s, &error, CATHAYA_USAGE, "\"?[2J??\"");
        cathaya_trust_free(other);
    }
    const struct cathaya_request request = {.at = MAKER_NOW, .dns_name = "\x1b[2J"};
    assert_public_says(judge(WORLD_GM_LANDMARK, &request, NULL), &error, CATHAYA_REFUSED, "not for the name ?[2J");
}

static void trust_refusals(void **state)
{
    (void)state;
    static const uint8_t hash[CATHAYA_HASH_SIZE], other_hash[CATHAYA_HASH_SIZE] = {1};
    struct cathaya_trust *other;
    API_OK(cathaya_trust_new(&other, &error));
    API_OK(cathaya_trust_add_ca(other, world.gm.der.data, world.gm.der.len, &error));
    assert_public_says(cathaya_trust_add_ca(other, world.gm.der.data, world.gm.der.len, &error), &error, CATHAYA_CONFLICT, "already");
    assert_public_says(cathaya_trust_add_ca(other, world.ders[0].data, world.ders[0].len, &error), &error, CATHAYA_REFUSED, "no Merkle Tree CA extension");
    API_OK(cathaya_trust_add_subtree(other, "32473.1", 1, 4, 8, hash, &error));
    assert_public_says(cathaya_trust_add_subtree(other, "32473.1", 1, 4, 8, other_hash, &error), &error, CATHAYA_CONFLICT, "two hashes");
    assert_public_says(cathaya_trust_add_subtree(other, "32473.1", 0, 4, 8, hash, &error), &error, CATHAYA_USAGE, "log 0");
    assert_public_says(cathaya_trust_add_subtree(other, "32473.1", 1, 5, 8, hash, &error), &error, CATHAYA_USAGE, "not valid");
    static const char *const bad_ids[] = {"", "x", "32473.", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30.31.32.33"};
    for (size_t i = 0; i < LENGTH(bad_ids); i++) {
        assert_public_says(cathaya_trust_add_subtree(other, bad_ids[i], 1, 0, 8, hash, &error), &error, CATHAYA_USAGE, "CA ID");
        assert_public_says(cathaya_trust_add_revoked(other, bad_ids[i], 1, 2, &error), &error, CATHAYA_USAGE, "CA ID");
    }
    assert_public_says(cathaya_trust_add_revoked(other, "32473.1", 2, 1, &error), &error, CATHAYA_USAGE, "is after");
    assert_public_says(cathaya_trust_add_algorithm(other, "sm2_sm3", "1.2.3", "ED25519", "", &error), &error, CATHAYA_CONFLICT, "taken");
    assert_public_says(cathaya_trust_add_algorithm(other, "new", "1.2.3", "NO-SUCH-KEY", "", &error), &error, CATHAYA_USAGE, "NO-SUCH-KEY");
    cathaya_trust_free(other);
}

/* The functions do what the policy file does. */
static void trust_by_functions(void **state)
{
    (void)state;
    struct cathaya_trust *other;
    struct cathaya_verifier *v;
    const struct cathaya_request request = {.at = MAKER_NOW};
    const struct maker_cert *cert = &world.certs[WORLD_GM_LANDMARK];
    struct bytes der = world.ders[WORLD_GM_LANDMARK];
    uint8_t hash[HASH_SIZE];
    maker_subtree_hash(cert, hash);
    for (int is_revoked = 0; is_revoked < 2; is_revoked++) {
        API_OK(cathaya_trust_new(&other, &error));
        API_OK(cathaya_trust_add_ca(other, world.gm.der.data, world.gm.der.len, &error));
        API_OK(cathaya_trust_add_subtree(other, "32473.1", cert->log_number, cert->start, cert->end, hash, &error));
        API_OK(cathaya_trust_add_revoked(other, "32473.1", MAKER_SERIAL(1, 2121 + !is_revoked), MAKER_SERIAL(1, 3000), &error));
        API_OK(cathaya_verifier_new(other, &v, &error));
        enum cathaya_status s = cathaya_verify(v, der.data, der.len, &request, NULL, &error);
        if (is_revoked)
            assert_public_says(s, &error, CATHAYA_REFUSED, "revoked");
        else
            API_OK(s);
        cathaya_verifier_free(v);
        cathaya_trust_free(other);
    }
}

/* Ten cosigners, nine with IDs of 102 characters; the first component of the other one makes it longer.
 * Gives the length of the list. */
static size_t list_of_ten(unsigned first_component, int want_count)
{
    enum { COUNT = 10 };
    static struct maker_cert cert;
    static char ids[COUNT][128];
    struct maker_cosigner cosigners[COUNT];
    struct cathaya_trust *other;
    struct cathaya_verifier *v;
    struct cathaya_result r;
    struct builder policy;
    builder_init(&policy, MAKER_SIZE_MAX);
    maker_cert_init(&cert, &world.gm, 1, 5, 4, 8);
    maker_ca_sign(&cert);
    for (int i = 0; i < COUNT; i++) {
        /* In the order of the list: shorter ones first. */
        int len = snprintf(ids[i], sizeof ids[i], "%u", i == 0 ? first_component : 10U + (unsigned)i);
        for (int k = 0; k < (i == 0 ? 23 : 25); k++)
            len += snprintf(ids[i] + len, sizeof ids[i] - (size_t)len, ".127");
        maker_cosigner_init(&cosigners[i], ids[i], "ed25519");
        maker_cosigner_line(&cosigners[i], &policy);
        maker_cosign(&cert, &cosigners[i]);
    }
    API_OK(cathaya_trust_new(&other, &error));
    API_OK(cathaya_trust_add_ca(other, world.gm.der.data, world.gm.der.len, &error));
    API_OK(cathaya_trust_add_policy(other, (const char *)policy.data, policy.len, &error));
    API_OK(cathaya_verifier_new(other, &v, &error));
    struct bytes der = maker_write(&cert);
    const struct cathaya_request request = {.at = MAKER_NOW};
    memset(&r, 0xee, sizeof r);
    API_OK(cathaya_verify(v, der.data, der.len, &request, &r, &error));
    assert_non_null(memchr(r.cosigners, '\0', sizeof r.cosigners));
    struct builder want;
    builder_init(&want, MAKER_SIZE_MAX);
    for (int i = 0; i < want_count; i++)
        builder_printf(&want, "%s%s", i > 0 ? " " : "", ids[i]);
    assert_bytes(bytes_of_text(r.cosigners), builder_view(&want));
    builder_clear(&want);
    free((uint8_t *)(uintptr_t)der.data);
    cathaya_verifier_free(v);
    cathaya_trust_free(other);
    builder_clear(&policy);
    for (int i = 0; i < COUNT; i++)
        maker_cosigner_clear(&cosigners[i]);
    return strlen(r.cosigners);
}

/* A list that fills its place to the last byte, and one that is a byte longer: whole IDs are named. */
static void many_cosigners(void **state)
{
    (void)state;
    assert_int_equal(list_of_ten(1000, 10), CATHAYA_COSIGNERS_SIZE - 1);
    assert_int_equal(list_of_ten(10000, 9), CATHAYA_COSIGNERS_SIZE - 1 + 1 - 103);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),           cmocka_unit_test(landmark_result),
        cmocka_unit_test(standalone_result), cmocka_unit_test(refused_result),
        cmocka_unit_test(without_answers), cmocka_unit_test(requests),
        cmocka_unit_test(long_reasons),    cmocka_unit_test(printable_reasons),
        cmocka_unit_test(trust_refusals),
        cmocka_unit_test(trust_by_functions), cmocka_unit_test(many_cosigners),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
