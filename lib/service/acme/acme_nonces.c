#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "service/acme/acme_frame.h"

/* A nonce is good until this many more have been issued: 23 minutes at 3,000 requests a second, which is
 * longer than clients wait for DNS. A bit for each: 512 KiB. A client whose nonce is older gets badNonce
 * with a new one and tries again [RFC8555 6.5]. */
#define WINDOW ((uint64_t)1 << 22)
#define PROOF_LEN 16
#define NONCE_LEN (8 + PROOF_LEN)

struct acme_nonces {
    uint64_t next; /* number of the next one; they start at 1 */
    uint8_t *used; /* a bit for each of the last WINDOW numbers */
    struct hasher hasher;
    /* The secret and then the number, always of one length: so its hash is a proof that we made the
     * number (nothing can be appended, and half of the hash is kept back). */
    uint8_t message[32 + 8];
};

enum status acme_nonces_new(struct acme_nonces **out, struct error *err)
{
    *out = NULL;
    struct acme_nonces *n = calloc(1, sizeof *n);
    if (n == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    n->next = 1;
    n->used = calloc(WINDOW / 8, 1);
    enum status s = n->used != NULL ? hasher_init(&n->hasher, &hash_sha256, err)
                                    : error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        s = random_bytes(n->message, 32, err);
    if (s != STATUS_OK) {
        acme_nonces_free(n);
        return s;
    }
    *out = n;
    return STATUS_OK;
}

void acme_nonces_free(struct acme_nonces *nonces)
{
    if (nonces == NULL)
        return;
    if (nonces->hasher.alg != NULL)
        hasher_clear(&nonces->hasher);
    bytes_wipe(nonces->message, sizeof nonces->message);
    free(nonces->used);
    free(nonces);
}

static void write_number(uint64_t number, uint8_t out[8])
{
    struct builder b;
    builder_init_fixed(&b, out, 8);
    builder_u64(&b, number);
}

static void make(struct acme_nonces *n, uint64_t number, uint8_t out[NONCE_LEN])
{
    uint8_t hash[HASH_SIZE];
    write_number(number, n->message + 32);
    hasher_one(&n->hasher, BYTES_OF(n->message), hash);
    write_number(number, out);
    memcpy(out + 8, hash, PROOF_LEN);
}

void acme_nonces_issue(struct acme_nonces *nonces, char out[ACME_NONCE_SIZE])
{
    uint64_t number = nonces->next++;
    uint64_t place = number % WINDOW;
    nonces->used[place / 8] &= (uint8_t)~(1U << (place % 8));
    uint8_t nonce[NONCE_LEN];
    make(nonces, number, nonce);
    struct builder b;
    builder_init_fixed(&b, out, ACME_NONCE_SIZE);
    text_write_base64url(&b, BYTES_OF(nonce));
    builder_u8(&b, 0);
}

bool acme_nonces_use(struct acme_nonces *nonces, const char *nonce)
{
    uint8_t given[NONCE_LEN], made[NONCE_LEN];
    struct builder b;
    builder_init_fixed(&b, given, sizeof given);
    if (!text_parse_base64url(bytes_of_text(nonce), &b) || b.len != NONCE_LEN)
        return false;
    struct reader r;
    reader_init(&r, BYTES_OF(given));
    uint64_t number = 0;
    (void)!reader_u64(&r, &number);
    if (number == 0 || number >= nonces->next || nonces->next - number > WINDOW)
        return false;
    make(nonces, number, made);
    if (!hasher_is_good(&nonces->hasher) || !bytes_equal_secret(BYTES_OF(given), BYTES_OF(made)))
        return false;
    uint64_t place = number % WINDOW;
    uint8_t bit = (uint8_t)(1U << (place % 8));
    if ((nonces->used[place / 8] & bit) != 0)
        return false;
    nonces->used[place / 8] |= bit;
    return true;
}
