#include "tls/proof_name.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>

#define MTC_PROOF_OID "1.3.6.1.5.5.7.6.67"

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static bool is_named;

static void name_it(void)
{
    int nid = OBJ_txt2nid(MTC_PROOF_OID);
    if (nid == NID_undef)
        nid = OBJ_create(MTC_PROOF_OID, "id-alg-mtcProof", "Merkle Tree Certificate proof");
    is_named = nid != NID_undef && OBJ_add_sigid(nid, NID_undef, NID_sm2) == 1;
}

bool proof_name_register(void)
{
    return CRYPTO_THREAD_run_once(&once, name_it) == 1 && is_named;
}
