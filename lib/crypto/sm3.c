/* sm3.c - SM3 [GB/T 32905-2016], written out for speed: the rounds of the compression function are
 * unrolled so that the eight working variables stay in registers and never move, and the message
 * expansion runs beside them. It hashes public data only. */
#include <string.h>

#include "crypto/hash.h"
#include "crypto/hash_rows.h"

static inline uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static inline uint32_t permute0(uint32_t x)
{
    return x ^ rotate(x, 9) ^ rotate(x, 17);
}

static inline uint32_t permute1(uint32_t x)
{
    return x ^ rotate(x, 15) ^ rotate(x, 23);
}

static inline uint32_t load_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

/* T_j <<< j mod 32 of each round. */
static const uint32_t round_constants[64] = {
    0x79cc4519, 0xf3988a32, 0xe7311465, 0xce6228cb, 0x9cc45197, 0x3988a32f, 0x7311465e, 0xe6228cbc,
    0xcc451979, 0x988a32f3, 0x311465e7, 0x6228cbce, 0xc451979c, 0x88a32f39, 0x11465e73, 0x228cbce6,
    0x9d8a7a87, 0x3b14f50f, 0x7629ea1e, 0xec53d43c, 0xd8a7a879, 0xb14f50f3, 0x629ea1e7, 0xc53d43ce,
    0x8a7a879d, 0x14f50f3b, 0x29ea1e76, 0x53d43cec, 0xa7a879d8, 0x4f50f3b1, 0x9ea1e762, 0x3d43cec5,
    0x7a879d8a, 0xf50f3b14, 0xea1e7629, 0xd43cec53, 0xa879d8a7, 0x50f3b14f, 0xa1e7629e, 0x43cec53d,
    0x879d8a7a, 0x0f3b14f5, 0x1e7629ea, 0x3cec53d4, 0x79d8a7a8, 0xf3b14f50, 0xe7629ea1, 0xcec53d43,
    0x9d8a7a87, 0x3b14f50f, 0x7629ea1e, 0xec53d43c, 0xd8a7a879, 0xb14f50f3, 0x629ea1e7, 0xc53d43ce,
    0x8a7a879d, 0x14f50f3b, 0x29ea1e76, 0x53d43cec, 0xa7a879d8, 0x4f50f3b1, 0x9ea1e762, 0x3d43cec5,
};

#define FF_LOW(x, y, z) ((x) ^ (y) ^ (z))
#define FF_HIGH(x, y, z) (((x) & (y)) | (((x) | (y)) & (z)))
#define GG_HIGH(x, y, z) ((((y) ^ (z)) & (x)) ^ (z))

/* One round; the roles of the variables rotate from call to call instead of their values. E comes last
 * from the round before, and the way from E to the new H is what a round's time is made of: the sums
 * are written so that all else is added up before. */
#define ROUND(A, B, C, D, E, F, G, H, j, FF, GG)                                                   \
    do {                                                                                           \
        uint32_t a12 = rotate(A, 12);                                                              \
        uint32_t ss1 = rotate((a12 + round_constants[j]) + (E), 7);                                \
        uint32_t tt1 = (FF(A, B, C) + ((D) + (w[(j) & 15] ^ w[((j) + 4) & 15]))) + (ss1 ^ a12);    \
        uint32_t tt2 = (GG(E, F, G) + ((H) + w[(j) & 15])) + ss1;                                  \
        (B) = rotate(B, 9);                                                                        \
        (D) = tt1;                                                                                 \
        (F) = rotate(F, 19);                                                                       \
        (H) = permute0(tt2);                                                                       \
    } while (0)

/* W_{j+16} over W_j, sixteen words at a time in place: called before the word is needed. */
#define EXPAND(j)                                                                                  \
    (w[(j) & 15] = permute1(w[(j) & 15] ^ w[((j) + 7) & 15] ^ rotate(w[((j) + 13) & 15], 15)) ^    \
                   rotate(w[((j) + 3) & 15], 7) ^ w[((j) + 10) & 15])

/* Round j needs W_j and W_{j+4}; W_{j+4} replaces W_{j-12}, which no later round reads. */
#define ROUND_E(A, B, C, D, E, F, G, H, j, FF, GG)                                                 \
    do {                                                                                           \
        (void)EXPAND((j) + 4 - 16);                                                                \
        ROUND(A, B, C, D, E, F, G, H, j, FF, GG);                                                  \
    } while (0)

#define FOUR(R, j, FF, GG)                                                                         \
    R(a, b, c, d, e, f, g, h, (j), FF, GG);                                                        \
    R(d, a, b, c, h, e, f, g, (j) + 1, FF, GG);                                                    \
    R(c, d, a, b, g, h, e, f, (j) + 2, FF, GG);                                                    \
    R(b, c, d, a, f, g, h, e, (j) + 3, FF, GG)

/* w is a block as words; it is used up. */
static void compress_words(uint32_t v[8], uint32_t w[16])
{
    uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];

    FOUR(ROUND, 0, FF_LOW, FF_LOW);
    FOUR(ROUND, 4, FF_LOW, FF_LOW);
    FOUR(ROUND, 8, FF_LOW, FF_LOW);
    FOUR(ROUND_E, 12, FF_LOW, FF_LOW);
    FOUR(ROUND_E, 16, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 20, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 24, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 28, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 32, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 36, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 40, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 44, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 48, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 52, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 56, FF_HIGH, GG_HIGH);
    FOUR(ROUND_E, 60, FF_HIGH, GG_HIGH);

    v[0] ^= a;
    v[1] ^= b;
    v[2] ^= c;
    v[3] ^= d;
    v[4] ^= e;
    v[5] ^= f;
    v[6] ^= g;
    v[7] ^= h;
}

static void compress(uint32_t v[8], const uint8_t *block)
{
    uint32_t w[16];
    for (unsigned i = 0; i < 16; i++)
        w[i] = load_u32(block + 4 * i);
    compress_words(v, w);
}

static const uint32_t initial[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                    0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};

static void sm3_start(struct hasher *h)
{
    memcpy(h->state.sm3.v, initial, sizeof initial);
    h->state.sm3.total = 0;
}

static void sm3_update(struct hasher *h, struct bytes part)
{
    struct sm3_state *s = &h->state.sm3;
    const uint8_t *at = part.data;
    size_t left = part.len, used = s->total % 64;
    s->total += left;
    if (used > 0) {
        size_t taken = left < 64 - used ? left : 64 - used;
        if (taken > 0)
            memcpy(s->block + used, at, taken);
        if (used + taken < 64)
            return;
        compress(s->v, s->block);
        at += taken;
        left -= taken;
    }
    for (; left >= 64; at += 64, left -= 64)
        compress(s->v, at);
    if (left > 0)
        memcpy(s->block, at, left);
}

static void sm3_finish(struct hasher *h, uint8_t out[HASH_SIZE])
{
    struct sm3_state *s = &h->state.sm3;
    size_t used = s->total % 64;
    s->block[used++] = 0x80;
    if (used > 56) {
        memset(s->block + used, 0, 64 - used);
        compress(s->v, s->block);
        used = 0;
    }
    memset(s->block + used, 0, 56 - used);
    store_u32(s->block + 56, (uint32_t)(s->total >> 29));
    store_u32(s->block + 60, (uint32_t)(s->total << 3));
    compress(s->v, s->block);
    for (unsigned i = 0; i < 8; i++)
        store_u32(out + 4 * i, s->v[i]);
}

#define PAIR_SIZE (2 * HASH_SIZE)

/* The nodes of a tree are nearly all that is ever hashed, and always 65 bytes: two blocks made of words
 * from the start, without the buffer's copies and padding. */
static void hash_pair(uint8_t prefix, const uint8_t *pair, uint8_t out[HASH_SIZE])
{
    uint32_t v[8], first[16], second[16] = {0};
    memcpy(v, initial, sizeof initial);
    first[0] = (uint32_t)prefix << 24 | load_u32(pair) >> 8;
    for (unsigned i = 1; i < 16; i++)
        first[i] = load_u32(pair + 4 * i - 1);
    second[0] = (uint32_t)pair[PAIR_SIZE - 1] << 24 | 0x00800000;
    second[15] = 8 * (1 + PAIR_SIZE);
    compress_words(v, first);
    compress_words(v, second);
    for (unsigned i = 0; i < 8; i++)
        store_u32(out + 4 * i, v[i]);
}

static void sm3_many(struct hasher *h, uint8_t prefix, const struct bytes *messages, size_t count,
                     uint8_t (*out)[HASH_SIZE])
{
    for (size_t i = 0; i < count; i++)
        if (messages[i].len == PAIR_SIZE)
            hash_pair(prefix, messages[i].data, out[i]);
        else
            hash_rows_many_one_by_one(h, prefix, &messages[i], 1, &out[i]);
}

const struct hash_alg hash_sm3 = {
    .name = "sm3",
    .evp_name = "SM3",
    .start = sm3_start,
    .update = sm3_update,
    .finish = sm3_finish,
    .many = sm3_many,
};
