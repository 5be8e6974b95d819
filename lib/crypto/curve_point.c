#include "crypto/curve_point.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

#include "crypto/context.h"

#define POINT_SIZE 65 /* 04 || x || y */
#define HEAD_SIZE 26
#define CURVE_COUNT 2

/* SEQUENCE { SEQUENCE { id-ecPublicKey, the curve }, BIT STRING } up to the point. */
static struct curve {
    const char *name;
    int nid;
    uint8_t head[HEAD_SIZE];
    EC_GROUP *group; /* made once, then only read */
} curves[CURVE_COUNT] = {
    {"P-256", NID_X9_62_prime256v1,
     {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
      0x01, 0x07, 0x03, 0x42, 0x00}, NULL},
    {"SM2", NID_sm2,
     {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01,
      0x82, 0x2d, 0x03, 0x42, 0x00}, NULL},
};

static void make_groups(void)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        curves[i].group = EC_GROUP_new_by_curve_name_ex(context_library(), context_properties(), curves[i].nid);
}

/* The library computes the curve's equation, and refuses coordinates that are not below the prime. */
static bool is_on_curve(const EC_GROUP *group, const uint8_t *point)
{
    EC_POINT *p = group != NULL ? EC_POINT_new(group) : NULL;
    bool is_good = p != NULL && EC_POINT_oct2point(group, p, point, POINT_SIZE, NULL) == 1;
    EC_POINT_free(p);
    if (!is_good)
        (void)context_openssl_reason();
    return is_good;
}

const char *curve_point_name(struct bytes spki)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    if (spki.len != HEAD_SIZE + POINT_SIZE || spki.data[HEAD_SIZE] != 4 || CRYPTO_THREAD_run_once(&once, make_groups) != 1)
        return NULL;
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (memcmp(spki.data, curves[i].head, HEAD_SIZE) == 0)
            return is_on_curve(curves[i].group, spki.data + HEAD_SIZE) ? curves[i].name : NULL;
    return NULL;
}
