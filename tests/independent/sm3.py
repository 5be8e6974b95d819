"""SM3 (GB/T 32905-2016), written from the standard's definition."""
import functools
import hashlib
import struct

MASK = 0xffffffff
IV = (0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
      0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e)


def _rol(x, n):
    n %= 32
    return (x << n | x >> 32 - n) & MASK


_T = [_rol(0x79cc4519 if j < 16 else 0x7a879d8a, j) for j in range(64)]


def _p1(x):
    return x ^ _rol(x, 15) ^ _rol(x, 23)


def _compress(state, block):
    w = list(struct.unpack('>16I', block))
    for j in range(16, 68):
        w.append(_p1(w[j - 16] ^ w[j - 9] ^ _rol(w[j - 3], 15)) ^ _rol(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(64):
        a12 = _rol(a, 12)
        ss1 = _rol(a12 + e + _T[j] & MASK, 7)
        ss2 = ss1 ^ a12
        if j < 16:
            ff, gg = a ^ b ^ c, e ^ f ^ g
        else:
            ff, gg = a & b | a & c | b & c, e & f | ~e & g
        tt1 = ff + d + ss2 + (w[j] ^ w[j + 4]) & MASK
        tt2 = gg + h + ss1 + w[j] & MASK
        a, b, c, d = tt1, a, _rol(b, 9), c
        e, f, g, h = tt2 ^ _rol(tt2, 9) ^ _rol(tt2, 17), e, _rol(f, 19), g
    return tuple(x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h)))


def pure(message):
    padded = message + b'\x80' + bytes(-(len(message) + 9) % 64) + struct.pack('>Q', 8 * len(message))
    state = IV
    for offset in range(0, len(padded), 64):
        state = _compress(state, padded[offset:offset + 64])
    return struct.pack('>8I', *state)


def _fast():
    """hashlib's SM3, only where it exists and agrees with the one above."""
    try:
        new = lambda message: hashlib.new('sm3', message).digest()
        for size in (0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 300):
            message = bytes(i * 7 + size & 0xff for i in range(size))
            if new(message) != pure(message):
                return None
        return new
    except ValueError:
        return None


sm3 = _fast() or functools.lru_cache(1 << 16)(pure)
