/* curve_point.h - public keys on P-256 and SM2's curve, the ones that come by the thousand, looked at without the
 * library's decoders, which take forty times as long. Inside crypto/. */
#ifndef CATHAYA_CRYPTO_CURVE_POINT_H
#define CATHAYA_CRYPTO_CURVE_POINT_H

#include "base/bytes.h"

/* curve_point_name is "P-256" or "SM2" when spki is a canonical SubjectPublicKeyInfo (named curve, uncompressed
 * point [RFC5480 2]) of a point on that curve. Such a key is good: both curves have cofactor 1, so that every point on
 * them but infinity, which has no such encoding, has the curve's order. NULL: ask the decoders. Any thread. */
const char *curve_point_name(struct bytes spki);

#endif
