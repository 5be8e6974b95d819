"""ML-DSA verification (FIPS 204): pure ML-DSA, empty context unless given."""
import functools
import hashlib

Q, N, D = 8380417, 256, 13


class Parameters:
    def __init__(self, name, oid, k, l, tau, gamma1, gamma2, beta, omega, c_size):
        self.name, self.oid, self.k, self.l, self.tau = name, oid, k, l, tau
        self.gamma1, self.gamma2, self.beta, self.omega = gamma1, gamma2, beta, omega
        self.c_size = c_size                                # lambda / 4
        self.z_bits = 1 + (gamma1 - 1).bit_length()
        self.w1_bits = ((Q - 1) // (2 * gamma2) - 1).bit_length()
        self.public_size = 32 + 320 * k
        self.signature_size = c_size + l * 32 * self.z_bits + omega + k


MLDSA44 = Parameters('ML-DSA-44', '2.16.840.1.101.3.4.3.17', 4, 4, 39, 2**17, (Q - 1) // 88, 78, 80, 32)
MLDSA65 = Parameters('ML-DSA-65', '2.16.840.1.101.3.4.3.18', 6, 5, 49, 2**19, (Q - 1) // 32, 196, 55, 48)
MLDSA87 = Parameters('ML-DSA-87', '2.16.840.1.101.3.4.3.19', 8, 7, 60, 2**19, (Q - 1) // 32, 120, 75, 64)


def _bit_reverse(i):
    return int(f'{i:08b}'[::-1], 2)


ZETAS = [pow(1753, _bit_reverse(i), Q) for i in range(256)]


def ntt(polynomial):
    w, m, length = list(polynomial), 0, 128
    while length:
        for start in range(0, N, 2 * length):
            m += 1
            z = ZETAS[m]
            for j in range(start, start + length):
                t = z * w[j + length] % Q
                w[j + length] = w[j] - t
                w[j] += t
        length >>= 1
    return [x % Q for x in w]


def inverse_ntt(polynomial):
    w, m, length = list(polynomial), 256, 1
    while length < N:
        for start in range(0, N, 2 * length):
            m -= 1
            z = -ZETAS[m]
            for j in range(start, start + length):
                t = w[j]
                w[j] = t + w[j + length]
                w[j + length] = z * (t - w[j + length]) % Q
        length <<= 1
    f = pow(256, -1, Q)
    return [x * f % Q for x in w]


def _unpack(octets, bits):
    """SimpleBitUnpack of 256 numbers."""
    number = int.from_bytes(octets, 'little')
    mask = (1 << bits) - 1
    return [number >> bits * i & mask for i in range(N)]


def _pack(numbers, bits):
    return sum(x << bits * i for i, x in enumerate(numbers)).to_bytes(32 * bits, 'little')


def _rejection_ntt_poly(seed):
    size = 1024
    while True:
        stream = hashlib.shake_128(seed).digest(size)
        out = []
        for i in range(0, size - 2, 3):
            x = stream[i] | stream[i + 1] << 8 | (stream[i + 2] & 0x7f) << 16
            if x < Q:
                out.append(x)
                if len(out) == N:
                    return out
        size *= 2


def _sample_in_ball(seed, tau):
    stream = hashlib.shake_256(seed).digest(8 + 2048)
    signs, position = int.from_bytes(stream[:8], 'little'), 8
    c = [0] * N
    for i in range(N - tau, N):
        while stream[position] > i:
            position += 1
        j = stream[position]
        position += 1
        c[i] = c[j]
        c[j] = 1 - 2 * (signs >> i + tau - N & 1)
    return c


def _hint_unpack(octets, parameters):
    omega, k = parameters.omega, parameters.k
    hint, index = [[0] * N for _ in range(k)], 0
    for i in range(k):
        limit = octets[omega + i]
        if limit < index or limit > omega:
            return None
        first = index
        while index < limit:
            if index > first and octets[index - 1] >= octets[index]:
                return None
            hint[i][octets[index]] = 1
            index += 1
    if any(octets[index:omega]):
        return None
    return hint


@functools.lru_cache(maxsize=32)
def _expand_key(parameters, public_key):
    """(A in NTT form, NTT(t1 * 2^d), H(pk, 64))."""
    rho = public_key[:32]
    a = [[_rejection_ntt_poly(rho + bytes([s, r])) for s in range(parameters.l)]
         for r in range(parameters.k)]
    t1 = [ntt([x << D for x in _unpack(public_key[32 + 320 * i:352 + 320 * i], 10)])
          for i in range(parameters.k)]
    return a, t1, hashlib.shake_256(public_key).digest(64)


def mu(parameters, public_key, message, context=b''):
    tr = hashlib.shake_256(public_key).digest(64)
    return hashlib.shake_256(tr + bytes([0, len(context)]) + context + message).digest(64)


def _use_hint(h, r, gamma2):
    # Decompose of algorithm 36, then UseHint of algorithm 40.
    m = (Q - 1) // (2 * gamma2)
    r0 = r % (2 * gamma2)
    if r0 > gamma2:
        r0 -= 2 * gamma2
    if r - r0 == Q - 1:
        r1, r0 = 0, r0 - 1
    else:
        r1 = (r - r0) // (2 * gamma2)
    if h:
        return (r1 + 1) % m if r0 > 0 else (r1 - 1) % m
    return r1


def verify(parameters, public_key, message, signature, context=b''):
    p = parameters
    if len(public_key) != p.public_size or len(signature) != p.signature_size:
        return False
    c_tilde, rest = signature[:p.c_size], signature[p.c_size:]
    width = 32 * p.z_bits
    z = [[p.gamma1 - x for x in _unpack(rest[width * i:width * (i + 1)], p.z_bits)]
         for i in range(p.l)]
    hint = _hint_unpack(rest[width * p.l:], p)
    if hint is None:
        return False
    if any(abs(x) >= p.gamma1 - p.beta for row in z for x in row):
        return False
    a, t1, _ = _expand_key(p, public_key)
    message_representative = mu(p, public_key, message, context)
    c = ntt(_sample_in_ball(c_tilde, p.tau))
    z = [ntt(row) for row in z]
    packed = b''
    for i in range(p.k):
        total = [-x * y for x, y in zip(c, t1[i])]
        for j in range(p.l):
            total = [t + x * y for t, x, y in zip(total, a[i][j], z[j])]
        w = inverse_ntt([x % Q for x in total])
        packed += _pack([_use_hint(h, x, p.gamma2) for h, x in zip(hint[i], w)], p.w1_bits)
    return hashlib.shake_256(message_representative + packed).digest(p.c_size) == c_tilde
