/* Paths over hostile chains, and what a policy says of them:
 *   uint8 purpose; uint8 flags; struct { uint8 role; opaque certificate<0..2^24-1>; } certificates[rest];
 * role: 1 it is sent, 2 it is a listed root, 4 a listed intermediate, 8 for another purpose, 16 only listed intermediates below it,
 * 32 ended, 64 for what was logged until some time, 128 for some names alone. The first one that is sent is the leaf.
 * Whatever comes: the search ends within its limits, and a path that is good begins with the leaf, ends in a listed root of the
 * purpose or its neighbour, is of one world, and keeps the list's limits. */
#include "fuzz/fuzz_checks.h"

#include "base/reader.h"
#include "policy/policy.h"
#include "tls/peer_subject.h"

#define AT_S INT64_C(1796000000)
#define CERTIFICATES_MAX 24

static struct trust_store *store;
static struct hasher_set hashers;
static struct policy_set *policies;

static void prepare(void)
{
    struct error err;
    struct algorithms *algorithms;
    require(algorithms_new(&algorithms, &err) == STATUS_OK);
    require(trust_store_new(algorithms, &store, &err) == STATUS_OK);
    require(hasher_set_init(&hashers, &err) == STATUS_OK);
    require(policy_set_default(&policies, &err) == STATUS_OK);
}

static void list(struct peer_trust *trust, uint8_t role, uint16_t purpose, struct bytes der)
{
    static const struct bytes names = {(const uint8_t *)"example.com", 11};
    struct error ignored;
    struct peer_anchor a = {.der = der, .is_root = (role & 2) != 0, .level_max = 4, .has_listed_intermediates_only = (role & 16) != 0,
                            .distrust_after_s = (role & 32) != 0 ? AT_S - 86400 : 0, .sct_distrust_after_s = (role & 64) != 0 ? AT_S : 0,
                            .permitted = &names, .permitted_count = (role & 128) != 0 ? 1 : 0};
    a.purposes.count = 1;
    a.purposes.at[0] = (role & 8) != 0 ? (uint16_t)(purpose == TRUST_BUNDLE_TLS ? TRUST_BUNDLE_TLS_INTRANET : TRUST_BUNDLE_TLS) : purpose;
    if ((role & 6) != 0 && peer_trust_add_listed(trust, &a, &ignored) != STATUS_OK)
        return;
}

static bool are_neighbours(uint16_t a, uint16_t b)
{
    return (a == TRUST_BUNDLE_TLS || a == TRUST_BUNDLE_TLS_INTRANET) && (b == TRUST_BUNDLE_TLS || b == TRUST_BUNDLE_TLS_INTRANET);
}

static void check_good(const struct peer_path *path, const struct peer_path_request *request)
{
    require(path->reason == PEER_PATH_GOOD && path->count > 0 && path->count <= PEER_PATH_CERTIFICATES_MAX);
    require(bytes_equal(path->certificates[0].der, request->chain[0]));
    require(path->purpose == request->purpose || are_neighbours(path->purpose, request->purpose));
    const struct peer_anchor *root = path->certificates[path->count - 1].anchor;
    require(root != NULL && root->is_root && peer_anchor_is_for(root, path->purpose));
    for (size_t i = 1; i + 1 < path->count; i++) {
        const struct peer_anchor *a = path->certificates[i].anchor;
        require(a != NULL || !root->has_listed_intermediates_only);
        require(a == NULL || (a->world == root->world && peer_anchor_is_for(a, path->purpose)));
    }
}

static void search(const struct peer_trust *trust, const struct bytes *chain, size_t count, uint16_t purpose)
{
    struct peer_path path;
    struct error err = {.status = STATUS_OK};
    const struct peer_path_request request = {.trust = trust, .chain = chain, .count = count, .purpose = purpose, .at_s = AT_S};
    enum status s = peer_path_find(&request, &path, &err);
    require(path.step_count <= PEER_PATH_STEPS_MAX + 1 && path.candidate_count <= PEER_PATH_CANDIDATES_MAX);
    require(path.signature_count <= PEER_PATH_SIGNATURES_MAX);
    require(path.count <= PEER_PATH_CERTIFICATES_MAX && (path.count == 0 || path.at < path.count));
    if (s == STATUS_OK)
        check_good(&path, &request);
    else
        require(err.text[0] != '\0' && path.reason != PEER_PATH_GOOD);
}

/* Untrusted stays untrusted, whatever the certificate says of itself. */
static void judge(const struct peer_trust *trust, const struct peer_request *request)
{
    struct peer_verdict verdict;
    struct peer_subject *subject;
    struct policy_answer answer;
    struct error err = {.status = STATUS_OK}, ignored;
    enum status s = peer_verify(trust, &hashers, request, &verdict, &err);
    const struct peer_subject_question question = {.trust = trust, .request = request, .verdict = &verdict, .outcome = s, .why = err.text};
    if (peer_subject_new(&question, &subject, &ignored) != STATUS_OK)
        return;
    if (policy_judge(policies, peer_subject_policy(subject), &answer, &ignored) == STATUS_OK)
        require(s == STATUS_OK || answer.verdict == POLICY_VERDICT_UNTRUSTED);
    peer_subject_free(subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r, one;
    struct bytes chain[CERTIFICATES_MAX];
    struct peer_trust *trust;
    struct error err;
    uint8_t purpose, flags, role;
    size_t count = 0;
    if (policies == NULL)
        prepare();
    reader_init(&r, bytes_of(data, size));
    if (!reader_u8(&r, &purpose) || !reader_u8(&r, &flags))
        return 0;
    purpose = (uint8_t)(purpose % TRUST_BUNDLE_E_INVOICE + 1);
    require(peer_trust_new(store, &trust, &err) == STATUS_OK);
    for (size_t i = 0; i < CERTIFICATES_MAX && reader_u8(&r, &role) && reader_vector_u24(&r, &one); i++) {
        struct bytes der = reader_rest(&one);
        list(trust, role, purpose, der);
        if ((role & 1) != 0)
            chain[count++] = der;
    }
    if (count > 0)
        search(trust, chain, count, purpose);
    struct peer_request request = {.chain = chain, .count = count, .purpose = purpose, .at_s = AT_S, .is_unpaired = true,
                                   .scope = {(flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0}};
    judge(trust, &request);
    peer_trust_free(trust);
    return 0;
}
