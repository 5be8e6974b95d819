"""Structures of Certificate Transparency, written: RFC 6962, static-ct-api and docs/gm-mtc-profile.md. What is read is read by
tests/independent, so that one side's mistake does not hide in the other."""
import base64
import hashlib

import der
import pki

X509_ENTRY, PRECERT_ENTRY, TBS_CERT_ENTRY = 0, 1, 0xff01
DASH = '\u2014'


def opaque(size, data):
    return len(data).to_bytes(size, 'big') + data


def u(size, number):
    return number.to_bytes(size, 'big')


def leaf_index_extension(index):
    return b'\0' + opaque(2, u(5, index))


def without_extension(certificate, oid):
    """The TBSCertificate of a certificate less one extension, which must be there."""
    tbs = der.sequence(der.read_all(certificate))[0]
    fields, out = der.sequence(tbs), []
    for field in fields:
        if field.tag != 0xa3:
            out.append(field.raw)
            continue
        extensions = der.sequence(der.read_all(field.body))
        kept = [e.raw for e in extensions if der.oid(der.sequence(e)[0]) != oid]
        if len(kept) + 1 != len(extensions):
            raise ValueError(f'not one extension {oid}')
        out.append(der.tlv(0xa3, der.tlv(der.SEQUENCE, *kept)))
    return der.tlv(der.SEQUENCE, *out)


def spki_of(certificate):
    fields = der.sequence(der.sequence(der.read_all(certificate))[0])
    return fields[6 if fields[0].tag == 0xa0 else 5].raw


class Entry:
    """One entry. `signed` is what stands in TimestampedEntry behind the type; `precertificate` only of a precert_entry."""

    def __init__(self, suite, kind, signed, chain, precertificate=None, timestamp=0, extensions=b''):
        self.suite, self.kind, self.signed, self.chain, self.precertificate = suite, kind, signed, chain, precertificate
        self.timestamp, self.extensions = timestamp, extensions

    @classmethod
    def of_certificate(cls, suite, chain):
        return cls(suite, X509_ENTRY, opaque(3, chain[0]), chain[1:])

    @classmethod
    def of_precertificate(cls, suite, chain):
        tbs = without_extension(chain[0], pki.POISON)
        return cls(suite, PRECERT_ENTRY, suite.hash(spki_of(chain[1])) + opaque(3, tbs), chain[1:], chain[0])

    @classmethod
    def of_mtc_entry(cls, suite, ca_certificate, log_id, index, entry):
        signed = suite.hash(spki_of(ca_certificate)) + opaque(1, log_id) + u(6, index) + opaque(2, entry)
        return cls(suite, TBS_CERT_ENTRY, signed, [ca_certificate])

    def at(self, timestamp, index):
        """The same, sequenced."""
        return Entry(self.suite, self.kind, self.signed, self.chain, self.precertificate, timestamp, leaf_index_extension(index))

    def timestamped(self):
        return u(8, self.timestamp) + u(2, self.kind) + self.signed + opaque(2, self.extensions)

    def merkle_leaf(self):
        return b'\0\0' + self.timestamped()

    def leaf_hash(self):
        return self.suite.hash(b'\0' + self.merkle_leaf())

    def extra_data(self):
        chain = opaque(3, b''.join(opaque(3, c) for c in self.chain))
        return opaque(3, self.precertificate) + chain if self.kind == PRECERT_ENTRY else chain

    def tile_leaf(self):
        middle = opaque(3, self.precertificate) if self.kind == PRECERT_ENTRY else b''
        return self.timestamped() + middle + opaque(2, b''.join(self.suite.hash(c) for c in self.chain))

    def sct_input(self):
        return b'\0\0' + u(8, self.timestamp) + u(2, self.kind) + self.signed + opaque(2, self.extensions)


def signature(suite, signer, message):
    return suite.algorithm_bytes + opaque(2, signer.sign(message))


def tree_head_input(timestamp, size, root):
    return b'\0\x01' + u(8, timestamp) + u(8, size) + root


def sct(log_id, timestamp, extensions, signed):
    """SignedCertificateTimestamp; signed: algorithm bytes and signature."""
    return b'\0' + log_id + u(8, timestamp) + opaque(2, extensions) + signed


def sct_list(scts):
    return opaque(2, b''.join(opaque(2, s) for s in scts))


def key_id(origin, log_id):
    return hashlib.sha256(origin.encode() + b'\n\x05' + log_id).digest()[:4]


def checkpoint(origin, log_id, timestamp, size, root, signed):
    payload = base64.b64encode(key_id(origin, log_id) + u(8, timestamp) + signed).decode()
    return f'{origin}\n{size}\n{base64.b64encode(root).decode()}\n\n{DASH} {origin} {payload}\n'.encode()


def tile_name(number):
    parts = [f'{number % 1000:03}']
    while number := number // 1000:
        parts.append(f'x{number % 1000:03}')
    return '/'.join(reversed(parts))
