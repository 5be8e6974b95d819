"""Ed25519 verification (RFC 8032, section 5.1.7, without the cofactor)."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _add(one, two):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, two
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _multiply(k, point):
    acc = (0, 1, 1, 0)
    for i in reversed(range(k.bit_length())):
        acc = _add(acc, acc)
        if k >> i & 1:
            acc = _add(acc, point)
    return acc


def _decode(octets):
    y = int.from_bytes(octets, 'little')
    sign, y = y >> 255, y & 2**255 - 1
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * SQRT_M1 % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _encode(point):
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, 'little')


BASE = _decode((4 * pow(5, -1, P) % P).to_bytes(32, 'little'))


def verify(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a = _decode(public_key)
    s = int.from_bytes(signature[32:], 'little')
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), 'little') % L
    minus_a = (P - a[0], a[1], 1, P - a[3])
    return _encode(_add(_multiply(s, BASE), _multiply(k, minus_a))) == signature[:32]
