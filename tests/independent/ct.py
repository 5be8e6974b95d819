#!/usr/bin/env python3
"""Certificate Transparency, read: RFC 6962, C2SP static-ct-api, and GM CT as docs/gm-mtc-profile.md has it.

`ct.py FILE...` checks files of vectors (docs/vectors/ct, or what another program writes in that form): every signature,
hash and encoding again from the certificates up. `ct.py --make gm|intl` writes one.
"""
import base64
import hashlib
import json
import sys

import algorithms
import der
import merkle
import note
import x509

POISON, SCT_LIST = '1.3.6.1.4.1.11129.2.4.3', '1.3.6.1.4.1.11129.2.4.2'
X509_ENTRY, PRECERT_ENTRY, TBS_CERT_ENTRY = 0, 1, 0xff01
LEAF_INDEX = 0


class BadCt(Exception):
    pass


class Suite:
    def __init__(self, name, hash_name, algorithm, signature_bytes, root_member):
        self.name, self.hash_name, self.algorithm = name, hash_name, algorithm
        self.hash, self.signature_bytes, self.root_member = merkle.HASHES[hash_name], signature_bytes, root_member

    def key(self, spki):
        return algorithms.parse_key(algorithms.BY_NAME[self.algorithm], spki)


SUITES = {'gm': Suite('gm', 'sm3', 'sm2_sm3', b'\x07\x08', 'sm3_root_hash'),
          'intl': Suite('intl', 'sha256', 'ecdsa_p256_sha256', b'\x04\x03', 'sha256_root_hash')}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise BadCt('cut short')
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), 'big')

    def vector(self, prefix, least=0, most=None):
        value = self.take(self.number(prefix))
        if not least <= len(value) <= (most or len(value)):
            raise BadCt('a vector of a length that it cannot have')
        return value

    def is_at_end(self):
        return self.at == len(self.data)

    def end(self):
        if not self.is_at_end():
            raise BadCt('bytes at the end')


def opaque(prefix, value):
    return len(value).to_bytes(prefix, 'big') + value


# ---- certificates ----

def tbs_without(certificate, *oids):
    """The TBSCertificate without these extensions, and which were there."""
    fields, out, removed = der.sequence(certificate.tbs), [], []
    for field in fields:
        if field.tag != 0xa3:
            out.append(field.raw)
            continue
        kept = []
        for node in der.sequence(der.read_all(field.body)):
            extension = x509.Extension(node)
            if extension.oid in oids:
                removed.append(extension)
            else:
                kept.append(node.raw)
        if kept:
            out.append(der.tlv(0xa3, der.tlv(der.SEQUENCE, *kept)))
    return der.tlv(der.SEQUENCE, *out), removed


def logged_tbs(certificate):
    """What is logged of a precertificate, or signed by the SCTs in a certificate."""
    tbs, removed = tbs_without(certificate, POISON, SCT_LIST)
    if len(removed) != 1:
        raise BadCt('neither a precertificate nor a certificate with SCTs')
    if removed[0].oid == POISON and (not removed[0].critical or removed[0].value != b'\5\0'):
        raise BadCt('a poison that is not critical, or not NULL')
    return tbs


def embedded_scts(certificate):
    extension = certificate.extension(SCT_LIST)
    if extension is None:
        raise BadCt('no SCT list')
    return read_sct_list(der.read_all(extension.value).expect(der.OCTET_STRING, 'SCT list').body)


# ---- SCTs ----

class Sct:
    def __init__(self, data):
        r = Reader(data)
        self.encoding, self.version = data, r.number(1)
        if self.version != 0:
            raise BadCt('an SCT of another version')
        self.log_id, self.timestamp, self.extensions = r.take(32), r.number(8), r.vector(2)
        self.algorithm, self.signature = r.take(2), r.vector(2, 1)
        r.end()

    def leaf_index(self):
        return leaf_index(self.extensions)


def leaf_index(extensions):
    r, seen, index = Reader(extensions), set(), None
    while not r.is_at_end():
        kind, value = r.number(1), r.vector(2)
        if kind in seen:
            raise BadCt('an extension twice')
        seen.add(kind)
        if kind == LEAF_INDEX:
            if len(value) != 5:
                raise BadCt('leaf_index is not five bytes')
            index = int.from_bytes(value, 'big')
    if index is None:
        raise BadCt('no leaf_index')
    return index


def read_sct_list(data):
    r = Reader(data)
    items = Reader(r.vector(2, 1))
    r.end()
    out = []
    while not items.is_at_end():
        out.append(Sct(items.vector(2, 1)))
    return out


def check_sct(suite, key, sct, signed_entry):
    """signed_entry: entry type and what follows it, up to the extensions."""
    if sct.log_id != suite.hash(key.spki):
        raise BadCt('the SCT is of another log')
    if sct.algorithm != suite.signature_bytes:
        raise BadCt('the SCT is signed with another algorithm')
    message = (b'\0\0' + sct.timestamp.to_bytes(8, 'big') + signed_entry + opaque(2, sct.extensions))
    if not key.verify(message, sct.signature):
        raise BadCt('the signature of the SCT does not verify')


# ---- entries ----

class Entry:
    """A TimestampedEntry off a reader."""

    def __init__(self, r):
        start = r.at
        self.timestamp, self.type = r.number(8), r.number(2)
        signed = r.at - 2
        if self.type == X509_ENTRY:
            self.certificate = r.vector(3, 1)
        elif self.type == PRECERT_ENTRY:
            self.issuer_key_hash, self.tbs = r.take(32), r.vector(3, 1)
        elif self.type == TBS_CERT_ENTRY:
            self.ca_key_hash, self.log_id = r.take(32), r.vector(1, 1, 32)
            self.index, self.entry = r.number(6), r.vector(2, 4)
        else:
            raise BadCt(f'entry type {self.type:04x}')
        self.signed_entry = r.data[signed:r.at]
        self.extensions = r.vector(2)
        self.encoding = r.data[start:r.at]

    def leaf_hash(self, suite):
        return suite.hash(b'\0' + b'\0\0' + self.encoding)


def read_merkle_leaf(data):
    r = Reader(data)
    if r.take(2) != b'\0\0':
        raise BadCt('MerkleTreeLeaf of another version or type')
    entry = Entry(r)
    r.end()
    return entry


def read_data_tile(data):
    """(entry, precertificate or None, fingerprints) of each TileLeaf."""
    r, out = Reader(data), []
    while not r.is_at_end():
        entry = Entry(r)
        precertificate = r.vector(3, 1) if entry.type == PRECERT_ENTRY else None
        chain = r.vector(2)
        if len(chain) % 32:
            raise BadCt('half a fingerprint')
        out.append((entry, precertificate, [chain[i:i + 32] for i in range(0, len(chain), 32)]))
    return out


def read_extra_data(kind, data):
    """(precertificate or None, chain)."""
    r = Reader(data)
    precertificate = r.vector(3, 1) if kind == PRECERT_ENTRY else None
    items, chain = Reader(r.vector(3)), []
    r.end()
    while not items.is_at_end():
        chain.append(items.vector(3, 1))
    return precertificate, chain


# ---- tree heads ----

def tree_head_input(timestamp, size, root):
    return b'\0\1' + timestamp.to_bytes(8, 'big') + size.to_bytes(8, 'big') + root


def check_tree_head(suite, key, timestamp, size, root, signature):
    """signature: a DigitallySigned."""
    r = Reader(signature)
    if r.take(2) != suite.signature_bytes:
        raise BadCt('the tree head is signed with another algorithm')
    value = r.vector(2, 1)
    r.end()
    if not key.verify(tree_head_input(timestamp, size, root), value):
        raise BadCt('the signature of the tree head does not verify')


def key_id(name, log_id):
    return hashlib.sha256(name.encode() + b'\n\5' + log_id).digest()[:4]


def check_checkpoint(suite, key, data):
    """The Checkpoint and the time of the log's line in it."""
    checkpoint, times = note.Checkpoint(data), set()
    if len(checkpoint.note.text[:-1].split('\n')) != 3:
        raise BadCt('the checkpoint has extension lines')
    wanted = key_id(checkpoint.origin, suite.hash(key.spki))
    for name, line_id, payload in checkpoint.note.signatures:
        if (name, line_id) != (checkpoint.origin, wanted):
            continue
        timestamp = int.from_bytes(payload[:8], 'big')
        check_tree_head(suite, key, timestamp, checkpoint.size, checkpoint.root, payload[8:])
        times.add(timestamp)
    if len(times) != 1:
        raise BadCt('not one tree head of the log in the checkpoint')
    return checkpoint, times.pop()


# ---- vectors ----

def check_entries(suite, key, vector, plain, issuer):
    tile, out = bytes.fromhex(vector['data_tile']), []
    fingerprints = [suite.hash(issuer)]
    for i, ((entry, precertificate, chain), row) in enumerate(zip(read_data_tile(tile), vector['entries'], strict=True)):
        sct = Sct(bytes.fromhex(row['sct']))
        check_sct(suite, key, sct, entry.signed_entry)
        leaf = read_merkle_leaf(bytes.fromhex(row['merkle_leaf']))
        extra, extra_chain = read_extra_data(entry.type, bytes.fromhex(row['extra_data']))
        facts = [leaf.encoding == entry.encoding, entry.extensions == sct.extensions, entry.timestamp == sct.timestamp,
                 leaf_index(entry.extensions) == i, entry.leaf_hash(suite).hex() == row['leaf_hash'],
                 precertificate == extra, [suite.hash(c) for c in extra_chain] == chain]
        if entry.type == X509_ENTRY:
            facts += [entry.certificate == plain, chain == fingerprints]
        elif entry.type == PRECERT_ENTRY:
            facts += [entry.tbs == logged_tbs(x509.Certificate(precertificate)), chain == fingerprints,
                      entry.issuer_key_hash == suite.hash(x509.Certificate(issuer).spki.raw)]
        else:
            ca = x509.Certificate(extra_chain[0])
            facts += [entry.ca_key_hash == suite.hash(ca.spki.raw), len(chain) == 1,
                      entry.entry.hex() == vector['mtc_entry'], entry.log_id.hex() == vector['mtc_log_id'],
                      entry.index == vector['mtc_index']]
        if not all(facts):
            raise BadCt(f'entry {i}: fact {facts.index(False)} does not hold')
        out.append(entry)
    return out


def check_vector(vector):
    """All that a file of vectors says, again."""
    suite = SUITES[vector['suite']]
    key = suite.key(bytes.fromhex(vector['log_key']))
    issuer, precertificate, certificate, plain = (bytes.fromhex(vector[name]) for name in
                                                  ('issuer', 'precertificate', 'certificate', 'plain'))
    if suite.hash(key.spki).hex() != vector['log_id']:
        raise BadCt('log_id')
    tbs = logged_tbs(x509.Certificate(precertificate))
    final = x509.Certificate(certificate)
    if not tbs == logged_tbs(final) == bytes.fromhex(vector['tbs']):
        raise BadCt('the certificate is not that of its precertificate')
    entries = check_entries(suite, key, vector, plain, issuer)
    for sct in embedded_scts(final):
        check_sct(suite, key, sct, entries[sct.leaf_index()].signed_entry)
    root = merkle.Tree(suite.hash_name, [e.leaf_hash(suite) for e in entries]).mth(0, len(entries))
    checkpoint, timestamp = check_checkpoint(suite, key, vector['checkpoint'].encode())
    sth = json.loads(vector['get_sth'])
    if not (checkpoint.root == root == base64.b64decode(sth[suite.root_member]) and timestamp == sth['timestamp']
            and checkpoint.size == sth['tree_size'] == len(entries)):
        raise BadCt('checkpoint, get-sth and entries do not say the same')
    check_tree_head(suite, key, timestamp, len(entries), root, base64.b64decode(sth['tree_head_signature']))
    for row, answer in zip(vector['entries'], vector['answers'], strict=True):
        sct, said = Sct(bytes.fromhex(row['sct'])), json.loads(answer)
        if said != {'sct_version': 0, 'id': base64.b64encode(sct.log_id).decode(), 'timestamp': sct.timestamp,
                    'extensions': base64.b64encode(sct.extensions).decode(),
                    'signature': base64.b64encode(sct.algorithm + opaque(2, sct.signature)).decode()}:
            raise BadCt('the answer is not the SCT')


def main():
    if sys.argv[1:2] == ['--make']:
        import ct_forge
        json.dump(ct_forge.vector(sys.argv[2]), sys.stdout, indent=1)
        print()
        return 0
    for path in sys.argv[1:]:
        with open(path, encoding='ascii') as file:
            check_vector(json.load(file))
        print(f'{path}: OK')
    return 0


if __name__ == '__main__':
    sys.exit(main())
