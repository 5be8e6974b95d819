"""Short Weierstrass curves: verification of ECDSA and of SM2 (GB/T 32918.2)."""
import hashlib

import der
from sm3 import sm3


class Curve:
    def __init__(self, name, oid, p, a, b, gx, gy, n):
        self.name, self.oid, self.p, self.a, self.b, self.n = name, oid, p, a, b, n
        self.g = (gx, gy)
        self.size = (p.bit_length() + 7) // 8

    def contains(self, point):
        x, y = point
        return (0 <= x < self.p and 0 <= y < self.p
                and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0)

    # Jacobian coordinates: (X, Y, Z) is (X/Z^2, Y/Z^3), Z = 0 the point at infinity.
    def _double(self, point):
        x, y, z = point
        p = self.p
        if z == 0 or y == 0:
            return (1, 1, 0)
        yy = y * y % p
        s = 4 * x * yy % p
        m = (3 * x * x + self.a * pow(z, 4, p)) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def _add(self, one, two):
        if one[2] == 0:
            return two
        if two[2] == 0:
            return one
        p = self.p
        (x1, y1, z1), (x2, y2, z2) = one, two
        zz1, zz2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * zz2 % p, x2 * zz1 % p
        s1, s2 = y1 * z2 * zz2 % p, y2 * z1 * zz1 % p
        if u1 == u2:
            return self._double(one) if s1 == s2 else (1, 1, 0)
        h, r = (u2 - u1) % p, (s2 - s1) % p
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p

    def combine(self, k1, point1, k2, point2):
        """k1*point1 + k2*point2 in affine coordinates, None for infinity."""
        one, two = (*point1, 1), (*point2, 1)
        both = self._add(one, two)
        acc = (1, 1, 0)
        for i in reversed(range(max(k1.bit_length(), k2.bit_length()))):
            acc = self._double(acc)
            bits = (k1 >> i & 1, k2 >> i & 1)
            if bits != (0, 0):
                acc = self._add(acc, {(1, 0): one, (0, 1): two, (1, 1): both}[bits])
        if acc[2] == 0:
            return None
        inverse = pow(acc[2], -1, self.p)
        return acc[0] * inverse ** 2 % self.p, acc[1] * inverse ** 3 % self.p

    def decode_point(self, octets):
        """An uncompressed point (SEC 1), on the curve."""
        if len(octets) != 1 + 2 * self.size or octets[0] != 4:
            raise ValueError('not an uncompressed point')
        point = (int.from_bytes(octets[1:1 + self.size], 'big'),
                 int.from_bytes(octets[1 + self.size:], 'big'))
        if not self.contains(point):
            raise ValueError('point is not on the curve')
        return point


P256 = Curve('P-256', '1.2.840.10045.3.1.7',
             2**256 - 2**224 + 2**192 + 2**96 - 1, -3,
             0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
             0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
             0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5,
             0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551)
P384 = Curve('P-384', '1.3.132.0.34',
             2**384 - 2**128 - 2**96 + 2**32 - 1, -3,
             0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef,
             0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7,
             0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f,
             0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973)
SM2 = Curve('sm2p256v1', '1.2.156.10197.1.301',
            2**256 - 2**224 - 2**96 + 2**64 - 1,
            2**256 - 2**224 - 2**96 + 2**64 - 4,
            0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93,
            0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7,
            0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0,
            0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123)
CURVES = {curve.oid: curve for curve in (P256, P384, SM2)}


def decode_signature(octets):
    """DER SEQUENCE { r INTEGER, s INTEGER }, strictly."""
    parts = der.sequence(der.read_all(octets))
    if len(parts) != 2:
        raise der.DerError('signature is not two integers')
    return der.integer(parts[0]), der.integer(parts[1])


def ecdsa_verify(curve, hash_name, point, message, signature):
    r, s = decode_signature(signature)
    n = curve.n
    if not (1 <= r < n and 1 <= s < n):
        return False
    digest = hashlib.new(hash_name, message).digest()
    e = int.from_bytes(digest, 'big') >> max(0, 8 * len(digest) - n.bit_length())
    w = pow(s, -1, n)
    result = curve.combine(e * w % n, curve.g, r * w % n, point)
    return result is not None and result[0] % n == r


SM2_DEFAULT_ID = b'1234567812345678'


def sm2_za(point, identity=SM2_DEFAULT_ID):
    numbers = (SM2.a, SM2.b, *SM2.g, *point)
    return sm3((8 * len(identity)).to_bytes(2, 'big') + identity
               + b''.join(number.to_bytes(32, 'big') for number in numbers))


def sm2_digest(point, message, identity=SM2_DEFAULT_ID):
    """e = SM3(ZA || M)."""
    return sm3(sm2_za(point, identity) + message)


def sm2_verify(point, message, signature, identity=SM2_DEFAULT_ID):
    r, s = decode_signature(signature)
    n = SM2.n
    if not (1 <= r < n and 1 <= s < n):
        return False
    t = (r + s) % n
    if t == 0:
        return False
    result = SM2.combine(s, SM2.g, t, point)
    e = int.from_bytes(sm2_digest(point, message, identity), 'big')
    return result is not None and (e + result[0]) % n == r
