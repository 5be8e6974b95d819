/* The judgement of a browser about whatever a server sends:
 *   uint8 flags; opaque certificates<0..2^24-1> each in opaque<0..2^24-1>; opaque sct_list<0..2^16-1>; opaque ocsp[rest].
 * With flag 32 the last certificate is trusted as a root; without it nothing is, and nothing may be good. */
#include "fuzz/fuzz_checks.h"

#include "base/reader.h"
#include "tls/peer_verify.h"

static struct peer_trust *nobody;
static struct trust_store *store;
static struct hasher_set hashers;

static void prepare(void)
{
    struct error err;
    struct algorithms *algorithms;
    require(algorithms_new(&algorithms, &err) == STATUS_OK);
    require(trust_store_new(algorithms, &store, &err) == STATUS_OK);
    require(peer_trust_new(store, &nobody, &err) == STATUS_OK);
    require(hasher_set_init(&hashers, &err) == STATUS_OK);
}

/* A client that trusts this root, in the world that it belongs to; NULL when it is no certificate. */
static struct peer_trust *trust_root(struct bytes der)
{
    struct error err;
    struct peer_trust *trust;
    require(peer_trust_new(store, &trust, &err) == STATUS_OK);
    if (peer_trust_add_root(trust, PEER_WORLD_INTL, der, 0, &err) == STATUS_OK ||
        peer_trust_add_root(trust, PEER_WORLD_GM, der, 0, &err) == STATUS_OK)
        return trust;
    peer_trust_free(trust);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r, list, one, scts;
    struct bytes chain[PEER_CHAIN_MAX + 1];
    struct peer_request request = {.chain = chain, .at_s = 1796000000, .dns_name = bytes_of_text("www.example.com")};
    struct peer_verdict verdict;
    struct error err = {.status = STATUS_OK};
    uint8_t flags;
    if (nobody == NULL)
        prepare();
    reader_init(&r, bytes_of(data, size));
    if (!reader_u8(&r, &flags) || !reader_vector_u24(&r, &list))
        return 0;
    while (request.count < PEER_CHAIN_MAX + 1 && reader_vector_u24(&list, &one))
        chain[request.count++] = reader_rest(&one);
    if (reader_vector_u16(&r, &scts))
        request.sct_list = reader_rest(&scts);
    request.ocsp_response = reader_rest(&r);
    request.scope = (struct peer_scope){(flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
    request.is_unpaired = (flags & 8) != 0;
    request.is_tls13 = (flags & 16) != 0;
    struct peer_trust *trust = (flags & 32) != 0 && request.count > 0 ? trust_root(chain[request.count - 1]) : NULL;
    enum status s = peer_verify(trust != NULL ? trust : nobody, &hashers, &request, &verdict, &err);
    peer_trust_free(trust);
    require(trust != NULL || s != STATUS_OK);
    require(s == STATUS_OK || err.text[0] != '\0');
    require(verdict.sct_count <= PEER_SCTS_MAX && verdict.subject_count <= PEER_CHAIN_MAX);
    return 0;
}
