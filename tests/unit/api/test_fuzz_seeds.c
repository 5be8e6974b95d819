/* The good seeds of fuzz_verify are good in its world, and the others are not: or it would fuzz nothing. */
#include "fuzz/verify_world.h"
#include "unit/api/api_world.h"

static struct bytes read_seed(const char *name)
{
    static uint8_t memory[65536];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", CATHAYA_FUZZ_SEEDS, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(memory, 1, sizeof memory, file);
    assert_int_equal(fclose(file), 0);
    return heap_copy(bytes_of(memory, len));
}

static void seeds(void **state)
{
    (void)state;
    static const struct {
        const char *name, *complaint;
    } cases[] = {
        {"gm-landmark", NULL}, {"gm-landmark-grease", NULL}, {"gm-landmark-alone", NULL}, {"gm-standalone", NULL},
        {"gm-mixed", NULL}, {"07-landmark-entry-extensions", NULL}, {"07-standalone", NULL}, {"06-standalone", NULL},
        {"05-standalone", NULL}, {"07-landmark-mismatch", "hash mismatch"}, {"07-revoked", "revoked range"},
        {"gm-bad-ca-signature", "signature of the CA cosigner"}, {"gm-nobody-else", "0 of 4 cosigners"},
        {"gm-sha256", "signature of the CA cosigner"}, {"gm-empty-subtree", "inclusion proof"},
    };
    struct cathaya_trust *trust;
    struct cathaya_verifier *verifier;
    struct cathaya_error error;
    API_OK(cathaya_trust_new(&trust, &error));
    API_OK(cathaya_trust_add_ca(trust, world_gm, sizeof world_gm, &error));
    API_OK(cathaya_trust_add_ca(trust, world_07, sizeof world_07, &error));
    API_OK(cathaya_trust_add_ca(trust, world_06, sizeof world_06, &error));
    API_OK(cathaya_trust_add_ca(trust, world_05, sizeof world_05, &error));
    API_OK(cathaya_trust_add_policy(trust, (const char *)world_policy, sizeof world_policy, &error));
    API_OK(cathaya_verifier_new(trust, &verifier, &error));
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes der = read_seed(cases[i].name);
        const struct cathaya_request request = {.at = WORLD_AT, .dns_name = "www.example.com"};
        enum cathaya_status s = cathaya_verify(verifier, der.data, der.len, &request, NULL, &error);
        if (cases[i].complaint == NULL)
            assert_public(s, &error, cases[i].name);
        else
            assert_public_says(s, &error, CATHAYA_REFUSED, cases[i].complaint);
        heap_free(der);
    }
    assert_int_equal(sizeof world_known, WORLD_KNOWN_COUNT * HASH_SIZE);
    cathaya_verifier_free(verifier);
    cathaya_trust_free(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
