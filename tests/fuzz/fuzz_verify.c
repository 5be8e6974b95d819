/* Whole verification against a fixed world of CAs of both suites and of older versions: nothing is accepted
 * but what its CAs have certified. Cosignatures may differ: those of strangers are ignored. */
#include <stdlib.h>
#include <string.h>

#include <cathaya/verify.h>

#include "fuzz/verify_known.h"
#include "fuzz/verify_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cathaya_verifier *verifier;

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void make_verifier(void)
{
    struct cathaya_trust *trust;
    require(cathaya_trust_new(&trust, NULL) == CATHAYA_OK);
    require(cathaya_trust_add_ca(trust, world_gm, sizeof world_gm, NULL) == CATHAYA_OK);
    require(cathaya_trust_add_ca(trust, world_07, sizeof world_07, NULL) == CATHAYA_OK);
    require(cathaya_trust_add_ca(trust, world_06, sizeof world_06, NULL) == CATHAYA_OK);
    require(cathaya_trust_add_ca(trust, world_05, sizeof world_05, NULL) == CATHAYA_OK);
    require(cathaya_trust_add_policy(trust, (const char *)world_policy, sizeof world_policy, NULL) == CATHAYA_OK);
    require(cathaya_verifier_new(trust, &verifier, NULL) == CATHAYA_OK);
}

static bool is_known(struct bytes der)
{
    uint8_t hash[HASH_SIZE];
    if (!verify_known_hash(der, hash))
        return false;
    for (size_t i = 0; i < WORLD_KNOWN_COUNT; i++)
        if (memcmp(world_known + i * HASH_SIZE, hash, HASH_SIZE) == 0)
            return true;
    return false;
}

static enum cathaya_status judge(struct bytes der, const struct cathaya_request *request)
{
    struct cathaya_result result;
    struct cathaya_error err;
    memset(&err, 0xee, sizeof err);
    enum cathaya_status s = cathaya_verify(verifier, der.data, der.len, request, &result, &err);
    require(s != CATHAYA_USAGE && s != CATHAYA_CONFLICT && s != CATHAYA_NO_MEMORY);
    require(err.status == s && memchr(err.reason, '\0', sizeof err.reason) != NULL);
    require((s == CATHAYA_OK) == (err.reason[0] == '\0'));
    require((s == CATHAYA_OK) == (result.mode != CATHAYA_MODE_NONE));
    require(result.mode != CATHAYA_MODE_STANDALONE || (result.has_ca_signature && result.cosigners[0] != '\0'));
    require(s != CATHAYA_OK || is_known(der));
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t ip[] = {192, 0, 2, 1};
    static const struct cathaya_request proof_only = {.proof_only = 1}, late = {.at = INT64_MAX},
        named = {.at = WORLD_AT, .dns_name = "www.example.com"}, address = {.at = WORLD_AT, .ip = ip, .ip_len = 4},
        other = {.at = WORLD_AT, .dns_name = "www.example.org"};
    if (verifier == NULL)
        make_verifier();
    struct bytes der = bytes_of(data, size);
    bool is_proven = judge(der, &proof_only) == CATHAYA_OK;
    /* What is proven was certified, and is good for its names in its time: no more, no less. */
    require((judge(der, &named) == CATHAYA_OK) == is_proven);
    if (!is_proven)
        return 0;
    require(judge(der, &address) == CATHAYA_OK);
    require(judge(der, &late) == CATHAYA_REFUSED);
    require(judge(der, &other) == CATHAYA_REFUSED);
    return 0;
}
