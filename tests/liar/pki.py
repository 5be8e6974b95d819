"""Certificates to be logged: roots, issuers, leaves, precertificates and final certificates of both worlds, by the independent
reading's DER. Keys are known numbers and signing is not constant-time: for tests only."""
import hashlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'independent'))

import der
import ec
import forge
import merkle

POISON, SCT_LIST = '1.3.6.1.4.1.11129.2.4.3', '1.3.6.1.4.1.11129.2.4.2'
YEAR = 31536000


class P256Signer:
    """ECDSA P-256 with SHA-256."""
    oid, name = '1.2.840.10045.4.3.2', 'ecdsa_p256_sha256'

    def __init__(self, d):
        self.d, self.point = d, ec.P256.combine(d, ec.P256.g, 0, ec.P256.g)
        octets = b'\x04' + b''.join(c.to_bytes(32, 'big') for c in self.point)
        self.spki = der.tlv(der.SEQUENCE,
                            der.tlv(der.SEQUENCE, der.tlv_oid('1.2.840.10045.2.1'), der.tlv_oid(ec.P256.oid)),
                            der.tlv(der.BIT_STRING, b'\0' + octets))

    def sign(self, message):
        n, digest, counter = ec.P256.n, hashlib.sha256(message).digest(), 0
        e = int.from_bytes(digest, 'big')
        while True:
            counter += 1
            k = int.from_bytes(hashlib.sha256(self.d.to_bytes(32, 'big') + digest + bytes([counter])).digest(), 'big') % n
            if k == 0:
                continue
            r = ec.P256.combine(k, ec.P256.g, 0, ec.P256.g)[0] % n
            s = pow(k, -1, n) * (e + r * self.d) % n
            if r and s:
                return der.tlv(der.SEQUENCE, der.tlv_integer(r), der.tlv_integer(s))


class Suite:
    """What gm and intl differ in."""

    def __init__(self, name, hash_name, signer_class, algorithm_bytes, key_class):
        self.name, self.hash_name, self.signer_class = name, hash_name, signer_class
        self.algorithm_bytes, self.key_class, self.hash = algorithm_bytes, key_class, merkle.HASHES[hash_name]

    def signer(self, seed):
        """The same key for the same words."""
        return self.signer_class(int.from_bytes(hashlib.sha256(repr(seed).encode()).digest(), 'big') >> 1 | 1)


GM = Suite('gm', 'sm3', forge.Sm2Signer, b'\x07\x08', 'sm2_sm3')
INTL = Suite('intl', 'sha256', P256Signer, b'\x04\x03', 'ecdsa_p256_sha256')
SUITES = {'gm': GM, 'intl': INTL}


def name(common_name, organization=None):
    def rdn(oid, text):
        return der.tlv(der.SET, der.tlv(der.SEQUENCE, der.tlv_oid(oid), der.tlv(der.UTF8_STRING, text.encode())))
    parts = [rdn('2.5.4.10', organization)] if organization else []
    return der.tlv(der.SEQUENCE, *parts, rdn('2.5.4.3', common_name) if common_name else b'')


def when(seconds):
    at = time.gmtime(seconds)
    if at.tm_year < 2050:
        return der.tlv(der.UTC_TIME, time.strftime('%y%m%d%H%M%SZ', at).encode())
    return der.tlv(der.GENERALIZED_TIME, time.strftime('%Y%m%d%H%M%SZ', at).encode())


def validity(start, end):
    return der.tlv(der.SEQUENCE, when(start), when(end))


def alternative_names(dns=(), addresses=(), raw=()):
    return forge.extension('2.5.29.17', der.tlv(der.SEQUENCE, *[der.tlv(0x82, n.encode()) for n in dns],
                                                *[der.tlv(0x87, a) for a in addresses], *raw))


def issuer_extensions(spki, is_root):
    digest = hashlib.sha256(spki).digest()[:20]
    constraints = b'\x30\x03\x01\x01\xff' if is_root else b'\x30\x06\x01\x01\xff\x02\x01\x00'
    return [forge.extension('2.5.29.19', constraints, True), forge.extension('2.5.29.15', b'\x03\x02\x01\x06', True),
            forge.extension('2.5.29.14', der.tlv(der.OCTET_STRING, digest))]


class Issuer:
    """A CA certificate and its key."""

    def __init__(self, suite, common_name, parent=None, start=None, end=None, organization='Liar Tests'):
        now = int(time.time()) // 86400 * 86400
        self.suite, self.parent, self.signer = suite, parent, suite.signer((common_name, suite.name))
        self.name, self.serial = name(common_name, organization), 1000
        above = parent or self
        self.der = above.sign(self.tbs(7, above.name, self.name, start or now - YEAR, end or now + 10 * YEAR, self.signer.spki,
                                       issuer_extensions(self.signer.spki, parent is None)))

    def algorithm(self):
        return der.tlv(der.SEQUENCE, der.tlv_oid(self.signer.oid))

    def tbs(self, serial, issuer, subject, start, end, spki, extensions):
        return der.tlv(der.SEQUENCE, b'\xa0\x03\x02\x01\x02', der.tlv_integer(serial), self.algorithm(), issuer,
                       validity(start, end), subject, spki, der.tlv(0xa3, der.tlv(der.SEQUENCE, *extensions)))

    def sign(self, tbs):
        return der.tlv(der.SEQUENCE, tbs, self.algorithm(), der.tlv(der.BIT_STRING, b'\0' + self.signer.sign(tbs)))

    def chain(self):
        """DER of this certificate and those above it."""
        return [self.der] + (self.parent.chain() if self.parent else [])

    def leaf(self, *dns, poison=False, scts=None, serial=None, start=None, end=None, subject='', addresses=(), extra=(), raw_names=(),
             organization=None, spki=None):
        """A leaf for the names. poison: its precertificate; scts: a SignedCertificateTimestampList that goes into it."""
        if serial is None:
            self.serial += 1
            serial = self.serial
        now = int(time.time())
        extensions = [alternative_names(dns, addresses, raw_names), forge.KEY_USAGE, forge.SERVER_AUTH,
                      forge.extension('2.5.29.35', der.tlv(der.SEQUENCE, der.tlv(0x80, hashlib.sha256(self.signer.spki).digest()[:20]))), *extra]
        if poison:
            extensions.append(forge.extension(POISON, b'\x05\x00', True))
        if scts is not None:
            extensions.append(forge.extension(SCT_LIST, der.tlv(der.OCTET_STRING, scts)))
        subject_key = spki or leaf_key(self.suite).spki
        tbs = self.tbs(serial, self.name, name(subject, organization) if subject or organization else der.tlv(der.SEQUENCE),
                       start or now - 3600, end or now + 90 * 86400, subject_key, extensions)
        return self.sign(tbs)


_leaf_keys = {}


def leaf_key(suite):
    """One key for all leaves: making one costs more than a leaf."""
    if suite.name not in _leaf_keys:
        _leaf_keys[suite.name] = suite.signer('leaf')
    return _leaf_keys[suite.name]


def pem(encoding, label='CERTIFICATE'):
    import base64
    body = base64.b64encode(encoding).decode()
    return '\n'.join([f'-----BEGIN {label}-----', *[body[i:i + 64] for i in range(0, len(body), 64)], f'-----END {label}-----', ''])


def private_pem(signer):
    """The key as an EC PRIVATE KEY in PKCS#8 that OpenSSL reads."""
    parts = der.sequence(der.read_all(signer.spki))
    point = der.whole_bit_string(parts[1])
    ec_key = der.tlv(der.SEQUENCE, der.tlv_integer(1), der.tlv(der.OCTET_STRING, signer.d.to_bytes(32, 'big')),
                     der.tlv(0xa1, der.tlv(der.BIT_STRING, b'\0' + point)))
    return pem(der.tlv(der.SEQUENCE, der.tlv_integer(0), parts[0].raw, der.tlv(der.OCTET_STRING, ec_key)), 'PRIVATE KEY')


class Pki:
    """A root and an issuer below it."""

    def __init__(self, suite):
        self.suite, self.root = suite, Issuer(suite, f'Liar Root {suite.name}')
        self.issuer = Issuer(suite, f'Liar CA {suite.name}', self.root)

    def chain(self, leaf):
        return [leaf, *self.issuer.chain()]
