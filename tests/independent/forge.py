"""Signers and builders for the tests: a small GM hierarchy made from nothing.

Signing with known keys and no side-channel care: for tests only.
"""
import base64
import hashlib
import os

import der
import ec
import ed25519
import merkle
import mtc
import note
from sm3 import sm3

DN_COMMON_NAME = '2.5.4.3'
GM_PROFILE = mtc.PROFILES[mtc.GM_ARC + '.1'][0]


class Sm2Signer:
    oid, name = '1.2.156.10197.1.501', 'sm2_sm3'

    def __init__(self, d):
        self.d = d
        self.point = ec.SM2.combine(d, ec.SM2.g, 0, ec.SM2.g)
        octets = b'\x04' + b''.join(c.to_bytes(32, 'big') for c in self.point)
        self.spki = der.tlv(der.SEQUENCE,
                            der.tlv(der.SEQUENCE, der.tlv_oid('1.2.840.10045.2.1'), der.tlv_oid(ec.SM2.oid)),
                            der.tlv(der.BIT_STRING, b'\0' + octets))

    def sign(self, message):
        n, counter = ec.SM2.n, 0
        e = int.from_bytes(ec.sm2_digest(self.point, message), 'big')
        while True:
            counter += 1
            seed = self.d.to_bytes(32, 'big') + e.to_bytes(32, 'big') + bytes([counter])
            k = int.from_bytes(sm3(seed), 'big') % n
            if k == 0:
                continue
            r = (e + ec.SM2.combine(k, ec.SM2.g, 0, ec.SM2.g)[0]) % n
            s = pow(1 + self.d, -1, n) * (k - r * self.d) % n
            if r and s and r + k != n:
                return der.tlv(der.SEQUENCE, der.tlv_integer(r), der.tlv_integer(s))


class Ed25519Signer:
    oid, name = '1.3.101.112', 'ed25519'

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.a = int.from_bytes(digest[:32], 'little') & (1 << 254) - 8 | 1 << 254
        self.prefix = digest[32:]
        self.public = ed25519._encode(ed25519._multiply(self.a, ed25519.BASE))
        self.spki = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.tlv_oid(self.oid)),
                            der.tlv(der.BIT_STRING, b'\0' + self.public))

    def sign(self, message):
        def number(data):
            return int.from_bytes(hashlib.sha512(data).digest(), 'little') % ed25519.L
        r = number(self.prefix + message)
        big_r = ed25519._encode(ed25519._multiply(r, ed25519.BASE))
        s = (r + number(big_r + self.public + message) * self.a) % ed25519.L
        return big_r + s.to_bytes(32, 'little')


def extension(oid, value, critical=False):
    return der.tlv(der.SEQUENCE, der.tlv_oid(oid), b'\x01\x01\xff' if critical else b'',
                   der.tlv(der.OCTET_STRING, value))


def validity(first='200101000000Z', last='301231235959Z'):
    return der.tlv(der.SEQUENCE, der.tlv(der.UTC_TIME, first.encode()), der.tlv(der.UTC_TIME, last.encode()))


def ca_certificate(signer, ca_id, min_serial=2**48, max_serial=2**64 - 1, profile=GM_PROFILE,
                   mark=mtc.GM_ARC + '.1', mark_critical=True, extra=b'', sig_parameters=b'',
                   critical=True, key_id=None):
    unsigned = der.tlv(der.SEQUENCE, der.tlv_oid(mtc.UNSIGNED))
    parameters = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.tlv_oid(signer.oid), sig_parameters),
                         der.tlv_integer(min_serial), der.tlv_integer(max_serial))
    extensions = der.tlv(der.SEQUENCE,
                         extension('2.5.29.15', b'\x03\x02\x02\x04', critical),
                         extension('2.5.29.19', b'\x30\x03\x01\x01\xff', critical),
                         extension('2.5.29.14', der.tlv(der.OCTET_STRING, key_id
                                                        or der.relative_oid_bytes(ca_id))),
                         extension(mark, parameters, mark_critical), extra)
    name = profile.distinguished_name(ca_id)
    tbs = der.tlv(der.SEQUENCE, b'\xa0\x03\x02\x01\x02', der.tlv_integer(1), unsigned, name, validity(),
                  name, signer.spki, der.tlv(0xa3, extensions))
    return der.tlv(der.SEQUENCE, tbs, unsigned, der.tlv(der.BIT_STRING, b'\0'))


SAN = extension('2.5.29.17', der.tlv(der.SEQUENCE, der.tlv(0x82, b'www.example.com'),
                                     der.tlv(0x82, b'*.wild.example.com'), der.tlv(0x87, b'\x7f\0\0\1')), True)
KEY_USAGE = extension('2.5.29.15', b'\x03\x02\x07\x80', True)
SERVER_AUTH = extension('2.5.29.37', der.tlv(der.SEQUENCE, der.tlv_oid('1.3.6.1.5.5.7.3.1')))


class Log:
    """An issuance log; entries are (fields before SPKI, SPKI, fields after)."""

    def __init__(self, signer, ca_id='32473.7', log_number=1, profile=GM_PROFILE):
        self.signer, self.ca_id, self.number, self.profile = signer, ca_id, log_number, profile
        self.inputs, self.entries, self.leaves = [], [], []
        self.log_id = f'{ca_id}.0.{log_number}'

    def add_null(self):
        self._add(None, b'\0\0\0\0')

    def add(self, spki, extensions=SAN + KEY_USAGE + SERVER_AUTH, times=None, entry_extensions=b''):
        before = (b'\xa0\x03\x02\x01\x02', self.profile.distinguished_name(self.ca_id)
                  + (times or validity()) + der.tlv(der.SEQUENCE))
        after = der.tlv(0xa3, der.tlv(der.SEQUENCE, extensions)) if extensions else b''
        algorithm = der.sequence(der.read_all(spki))[0].raw
        digest = merkle.HASHES[self.profile.hash_name](spki)
        entry = (len(entry_extensions).to_bytes(2, 'big') + entry_extensions + b'\0\1' + b''.join(before)
                 + algorithm + der.tlv(der.OCTET_STRING, digest) + after)
        self._add((before, spki, after, entry_extensions), entry)

    def _add(self, inputs, entry):
        self.inputs.append(inputs)
        self.entries.append(entry)
        self.leaves.append(merkle.leaf_hash(self.profile.hash_name, entry))

    def tree(self):
        return merkle.Tree(self.profile.hash_name, self.leaves)

    def cosign(self, cosigner_id, signer, start, end, timestamp=0):
        return signer.sign(mtc.cosigned_message(cosigner_id, self.log_id, timestamp, start, end,
                                                self.tree().mth(start, end)))

    def proof(self, index, start, end, signatures):
        """signatures: (cosigner ID as dotted text, signature), sorted here."""
        encoded = [(der.relative_oid_bytes(i), s) for i, s in signatures]
        body = b''.join(bytes([len(i)]) + i + len(s).to_bytes(2, 'big') + s
                        for i, s in sorted(encoded, key=lambda item: (len(item[0]), item[0])))
        hashes = b''.join(self.tree().path(index, start, end))
        extensions = self.inputs[index][3]
        return (len(extensions).to_bytes(2, 'big') + extensions + start.to_bytes(6, 'big')
                + end.to_bytes(6, 'big') + len(hashes).to_bytes(2, 'big') + hashes
                + len(body).to_bytes(self.profile.signatures_length_size, 'big') + body)

    def certificate(self, index, proof, serial=None):
        (version, names), spki, after, _ = self.inputs[index]
        serial = self.number << 48 | index if serial is None else serial
        algorithm = self.profile.proof_algorithm
        tbs = der.tlv(der.SEQUENCE, version, der.tlv_integer(serial), algorithm, names, spki, after)
        return der.tlv(der.SEQUENCE, tbs, algorithm, der.tlv(der.BIT_STRING, b'\0', proof))

    def write(self, root, tile_name, landmarks):
        """The log as a tlog-tiles directory."""
        size, tree = len(self.entries), self.tree()

        def put(path, data):
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as file:
                file.write(data)

        def suffix(width):
            return '' if width == 256 else f'.p/{width}'

        for first in range(0, size, 256):
            bundle = self.entries[first:first + 256]
            put(f'tile/entries/{tile_name(first // 256)}{suffix(len(bundle))}',
                b''.join(len(e).to_bytes(2, 'big') + e for e in bundle))
        level, span = 0, 1
        while span <= size:
            hashes = [tree.mth(i * span, (i + 1) * span) for i in range(size // span)]
            for first in range(0, len(hashes), 256):
                tile = hashes[first:first + 256]
                put(f'tile/{level}/{tile_name(first // 256)}{suffix(len(tile))}', b''.join(tile))
            level, span = level + 1, span * 256
        put('landmarks', landmarks)
        put('checkpoint', self.checkpoint())

    def checkpoint(self, timestamp=1790000000):
        size = len(self.entries)
        root = base64.b64encode(self.tree().mth(0, size)).decode()
        name = mtc.cosigner_name(self.ca_id).decode()
        key = mtc.algorithms.parse_key(mtc.algorithms.BY_NAME[self.signer.name], self.signer.spki)
        payload = (note.key_id(name, key) + timestamp.to_bytes(8, 'big')
                   + self.cosign(self.ca_id, self.signer, 0, size, timestamp))
        return (f'{mtc.cosigner_name(self.log_id).decode()}\n{size}\n{root}\n\n'
                f'\u2014 {name} {base64.b64encode(payload).decode()}\n').encode()
