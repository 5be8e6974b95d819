#!/usr/bin/env python3
"""Reads a signed trust bundle of docs/trust-bundle.md and verifies both its signatures.

    bundle.py ENVELOPE --keys KEYS [--at TIME] [--base ENVELOPE]
    bundle.py FOLDER --keys KEYS [--at TIME]

KEYS is a trust file with the keys in force. With --base the first file is a TrustDelta to that envelope's contents. FOLDER is what a distributor
publishes, all of it: `latest`, versions with new keys, deltas, the log of versions. One line, OK with what is in it or FAIL with the reason; exit status 0, 1, or 2
for wrong usage.
"""
import argparse
import hashlib
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import algorithms
import der
import merkle
import mtc
import note
import verify
import x509
from sm3 import sm3

DAY = 86400
KNOWN = range(1, 11)
OPTIONAL = 0x8000


class BadBundle(Exception):
    pass


def need(condition, what):
    if not condition:
        raise BadBundle(what)


class Reader(mtc.Reader):
    def take(self, size):
        need(len(self.data) >= size, 'cut short')
        return super().take(size)

    def filled(self, length_size):
        """A vector that is not empty."""
        out = self.vector(length_size)
        need(out, 'an empty vector that must not be one')
        return out

    def text(self, may_be_empty=False):
        try:
            out = self.vector(1).decode()
        except UnicodeDecodeError as error:
            raise BadBundle('a text is not UTF-8') from error
        need((out or may_be_empty) and all(c.isprintable() for c in out), 'a text is empty or not printable')
        return out

    def url(self, may_be_empty=False):
        out = self.text(may_be_empty)
        need(out.isascii() and ' ' not in out, 'a URL has more than ASCII')
        return out

    def id(self):
        return id_text(self.filled(1))

    def when(self):
        out = self.number(8)
        need(out < 2**63, 'a time is too late')
        return out

    def label(self, text):
        need(self.data[:16] == text, f'it does not begin with {text!r}')
        self.take(16)

    def purposes(self):
        body = self.filled(1)
        need(len(body) % 2 == 0, 'purposes are cut')
        out = [int.from_bytes(body[i:i + 2], 'big') for i in range(0, len(body), 2)]
        need(out[0] > 0, 'a purpose is 0')
        ascending(out, 'purposes')
        return out

    def end(self, what):
        need(not self.data, f'something stands behind {what}')


def id_text(body):
    try:
        return '.'.join(map(str, der.arcs(body)))
    except der.DerError as error:
        raise BadBundle(f'a trust anchor ID: {error}') from error


def id_order(text):
    """Shorter first, then as bytes."""
    body = der.relative_oid_bytes(text)
    return len(body), body


def ascending(keys, what):
    need(all(a < b for a, b in zip(keys, keys[1:])), f'{what} are not in order')


def key_of(algorithm, spki):
    """A verifier for a DER AlgorithmIdentifier and a SubjectPublicKeyInfo."""
    try:
        oid, parameters = der.algorithm(der.read_all(algorithm))
        need(oid in algorithms.BY_OID and parameters is None, f'unknown algorithm {oid}')
        return algorithms.parse_key(algorithms.BY_OID[oid], spki)
    except (der.DerError, algorithms.BadKey) as error:
        raise BadBundle(f'a key: {error}') from error


# Elements of the sections

def read_level(r):
    level = r.number(1)
    need(1 <= level <= 4, 'a level that there is not')
    return level


DNS_NAME = re.compile(rb'[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*')


def read_names(r):
    names, rest = [], Reader(r.vector(2))
    while rest.data:
        names.append(rest.vector(1))
    need(all(len(name) <= 253 and DNS_NAME.fullmatch(name) for name in names), 'a name is none')
    ascending(names, 'names of an anchor')
    return names


def read_limits(r):
    flags, level, distrust, sct_distrust = r.number(1), read_level(r), r.when(), r.when()
    need(flags in (0, 1), 'limits have flags that there are not')
    permitted, excluded, serials, rest = read_names(r), read_names(r), [], Reader(r.vector(3))
    while rest.data:
        first, last = rest.number(20), rest.number(20)
        need(first <= last and (not serials or serials[-1][1] + 1 < first), 'serial numbers of an anchor are not in order, or touch')
        serials.append((first, last))
    return {'listed_only': flags == 1, 'level': level, 'distrust_after': distrust, 'sct_distrust_after': sct_distrust,
            'permitted': permitted, 'excluded': excluded, 'serials': serials}


def read_anchor(r):
    kind, purposes, limits, certificate = r.number(1), r.purposes(), read_limits(r), r.filled(3)
    need(kind in (0, 1), 'an anchor is neither root nor intermediate')
    return {'kind': kind, 'purposes': purposes, 'limits': limits, 'certificate': certificate, 'order': certificate}


def read_ct_log(r):
    suite, kind, test, spki, operator, description = r.number(1), r.number(1), r.number(1), r.filled(2), r.text(), r.text(True)
    urls, mmd, state, since, final = (r.url(True), r.url(True)), r.number(4), r.number(1), r.when(), r.vector(1)
    covers, previous, rest = (r.when(), r.when()), [], Reader(r.vector(2))
    while rest.data:
        previous.append((rest.text(), rest.when()))
    ascending([end for _, end in previous], 'previous operators')
    need(suite in (1, 2) and kind in (1, 2) and test in (0, 1) and 1 <= state <= 6 and len(final) in (0, 40), 'a CT log has what there is not')
    need(kind == 2 or urls[0] == urls[1], 'an RFC 6962 log has two URLs')
    need(len(previous) <= 4, 'a CT log has too many previous operators')
    need(covers == (0, 0) or covers[0] < covers[1], 'a CT log covers nothing')
    return {'suite': suite, 'kind': kind, 'key': spki, 'operator': operator, 'description': description, 'urls': urls, 'mmd': mmd, 'state': state,
            'since': since, 'covers': covers, 'previous': previous, 'order': (suite, spki)}


def read_cosigner(r):
    identifier, role, algorithm, spki, operator = r.id(), r.number(1), r.filled(1), r.filled(2), r.text()
    need(role in (1, 2, 3), 'a cosigner has a role that there is not')
    return {'id': identifier, 'role': role, 'key': key_of(algorithm, spki), 'operator': operator, 'order': id_order(identifier)}


def read_rule(r):
    kind, needed, members, rest = r.number(1), r.number(2), [], Reader(r.vector(2))
    while rest.data:
        members.append(rest.id())
    ascending([id_order(member) for member in members], 'members of a rule')
    need(kind in (1, 2) and 1 <= needed <= len(members), 'a rule that nobody or anybody meets')
    return {'kind': kind, 'needed': needed, 'members': members}


def read_ca(r):
    certificate, operator, purposes, level = r.filled(3), r.text(), r.purposes(), read_level(r)
    urls, rules = [], []
    rest = Reader(r.vector(2))
    while rest.data:
        urls.append(rest.url())
    rest = Reader(r.vector(2))
    while rest.data:
        rules.append(read_rule(rest))
    try:
        ca = mtc.Ca(certificate)
    except mtc.BadCa as error:
        raise BadBundle(f'certificate of a CA: {error}') from error
    return {'ca': ca, 'certificate': certificate, 'operator': operator, 'purposes': purposes, 'level': level, 'urls': urls, 'rules': rules,
            'order': id_order(ca.id)}


def read_revoked(r):
    identifier, ranges, rest = r.id(), [], Reader(r.filled(3))
    while rest.data:
        first, last = rest.number(8), rest.number(8)
        need(first <= last and (not ranges or ranges[-1][1] + 1 < first), 'revoked ranges are not in order, or touch')
        ranges.append((first, last))
    return {'ca_id': identifier, 'ranges': ranges, 'order': id_order(identifier)}


def read_log(r):
    identifier, number, minimum, first, before = r.id(), r.number(2), r.number(6), r.number(6), r.number(6)
    landmarks, rest, size, last_expiry = [], Reader(r.vector(3)), before, 0
    while rest.data:
        tree_size, expiry = rest.number(6), rest.when()
        need(tree_size > size and expiry >= last_expiry, 'a landmark goes back')
        subtrees = [(low, high) for low, high in merkle.covering_subtrees(size, tree_size) if low < high]
        landmarks.append({'tree_size': tree_size, 'expiry': expiry, 'subtrees': [(*pair, rest.take(32)) for pair in subtrees]})
        size, last_expiry = tree_size, expiry
    need(number > 0, 'a log has number 0')
    need(before >= first - 1 >= 0 if landmarks else first == before == 0, 'numbers of landmarks')
    return {'ca_id': identifier, 'number': number, 'minimum_index': minimum, 'first_landmark': first, 'size_before': before,
            'landmarks': landmarks, 'order': (id_order(identifier), number)}


def read_key(r):
    role, algorithm, spki = r.number(1), r.filled(1), r.filled(2)
    need(role in (1, 2), 'a signing key has a role that there is not')
    log = (r.number(1), r.text(), r.text()) if role == 2 else None
    need(log is None or log[0] in (5, 6, 255), 'a key of the log of versions has a type that there is not')
    return {'role': role, 'key': key_of(algorithm, spki), 'log': log, 'order': (role, spki)}


def read_signer(r):
    algorithm, spki, operator, level = r.filled(1), r.filled(2), r.text(), read_level(r)
    return {'algorithm': algorithm, 'spki': spki, 'operator': operator, 'level': level, 'order': spki}


ELEMENTS = {1: ('anchors', read_anchor), 2: ('ct_logs', read_ct_log), 3: ('cosigners', read_cosigner), 4: ('cas', read_ca),
            5: ('revoked', read_revoked), 6: ('logs', read_log), 9: ('keys', read_key), 10: ('signers', read_signer)}


class Bundle:
    """The contents."""

    def __init__(self, data):
        self.data = data
        r = Reader(data)
        r.label(b'trust-bundle/v2\n')
        self.version, self.issued, self.expires = r.number(8), r.when(), r.when()
        need(self.version > 0, 'version 0')
        need(self.expires == 0 or self.expires >= self.issued, 'it expires before it is issued')
        for name, _ in ELEMENTS.values():
            setattr(self, name, [])
        last = 0
        while r.data:
            kind, body = r.number(2), r.filled(3)
            need(kind > last, 'sections are not in order')
            self.read_section(kind, Reader(body))
            last = kind
        need(len({key['log'][2] for key in self.keys if key['log']}) <= 1, 'the log of versions has two origins')
        known = {cosigner['id'] for cosigner in self.cosigners}
        for rule in (rule for ca in self.cas for rule in ca['rules']):
            need(known.issuperset(rule['members']), 'a rule names somebody who is no cosigner')

    def read_section(self, kind, r):
        need(kind in KNOWN or kind >= OPTIONAL, f'section {kind} is not known, and may not be skipped')
        if kind in (7, 8):
            need(r.number(2) == 1, 'a version of policy or identities that is not known')
            if kind == 8:
                need(r.data, 'no identities')
            else:
                self.policy = r.filled(3), r.vector(3)
                r.end('the policy')
        if kind not in ELEMENTS:
            return
        name, read = ELEMENTS[kind]
        elements = getattr(self, name)
        while r.data:
            elements.append(read(r))
        ascending([element['order'] for element in elements], name)

    def version_bytes(self):
        """TrustVersion: what is signed."""
        times = b''.join(value.to_bytes(8, 'big') for value in (self.version, self.issued, self.expires))
        return b'trust-version/1\n' + times + sm3(self.data) + hashlib.sha256(self.data).digest()


class Envelope:
    """A bundle, with signatures as (key ID, bytes)."""

    def __init__(self, data):
        r = Reader(data)
        r.label(b'trust-envelope1\n')
        self.bundle = Bundle(r.filled(3))
        self.signatures, rest = [], Reader(r.vector(3))
        while rest.data:
            self.signatures.append((rest.take(32), rest.filled(2)))
        ascending([key_id for key_id, _ in self.signatures], 'signatures')
        self.log_proof = r.vector(2)
        r.end('the envelope')

    def signed_by(self, key):
        key_id, message = hashlib.sha256(key.spki).digest(), self.bundle.version_bytes()
        return any(key_id == named and key.verify(message, signature) for named, signature in self.signatures)


def number(r):
    """LEB128, in the shortest form."""
    out = 0
    for i in range(4):
        byte = r.number(1)
        out |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            need(i == 0 or byte > 0, 'a number is not in its shortest form')
            return out
    raise BadBundle('a number is too long')


def apply_delta(data, base):
    """The bytes of the envelope that a delta gives with the contents of base."""
    r = Reader(data)
    r.label(b'trust-delta/v1.\n')
    need(r.number(8) > 0, 'a delta from version 0')
    need(r.take(32) == sm3(base), 'it is from other contents')
    steps, signatures, proof, out, at = Reader(r.filled(3)), r.vector(3), r.vector(2), b'', 0
    r.end('the delta')
    while steps.data:
        n = number(steps)
        need(n > 1, 'a step of nothing')
        if n % 2:
            out += steps.take(n // 2)
            continue
        m = number(steps)
        at += m // 2 if m % 2 == 0 else -(m + 1) // 2
        need(0 <= at and at + n // 2 <= len(base), 'a copy from outside of the base')
        out += base[at:at + n // 2]
        at += n // 2
    need(0 < len(out) < 2**24, 'the contents are empty, or too long')
    return b'trust-envelope1\n' + b''.join(len(part).to_bytes(size, 'big') + part for size, part in ((3, out), (3, signatures), (2, proof)))


def check_checkpoint(data, keys):
    """A signed checkpoint of the log of versions: a good line of each algorithm."""
    checkpoint = note.Checkpoint(data)
    for algorithm in ('sm2_sm3', 'mldsa44'):
        found = 0
        for key, (kind, name, origin) in ((entry['key'], entry['log']) for entry in keys if entry['key'].name == algorithm):
            need(origin == checkpoint.origin, 'the checkpoint is of another log')
            need(kind in (6, 255), 'signatures of this type are not read here')
            for line_name, line_id, payload in checkpoint.note.signatures:
                if (line_name, line_id) != (name, note.key_id(name, key)):
                    continue
                message = (b'subtree/v1\n\0' + bytes([len(name)]) + name.encode() + payload[:8] + bytes([len(origin)]) + origin.encode() +
                           bytes(8) + checkpoint.size.to_bytes(8, 'big') + checkpoint.root)
                need(len(payload) > 8 and key.verify(message, payload[8:]), f'the {algorithm} line of the checkpoint does not verify')
                found += 1
        need(found, f'no {algorithm} line of the log of versions')
    return checkpoint


def check_proof(envelope, keys):
    """Is it in the log of versions?"""
    need(envelope.log_proof, 'there is no proof in the log of versions')
    r = Reader(envelope.log_proof)
    data, path = r.filled(2), r.vector(2)
    r.end('the proof')
    need(len(path) % 32 == 0, 'half a hash in the path')
    checkpoint, index = check_checkpoint(data, keys), envelope.bundle.version - 1
    need(index < checkpoint.size, 'the checkpoint ends before the version')
    leaf = merkle.leaf_hash('sm3', envelope.bundle.version_bytes())
    need(merkle.verify_inclusion('sm3', index, leaf, 0, checkpoint.size, [path[i:i + 32] for i in range(0, len(path), 32)], checkpoint.root),
         'the path does not lead to the root')


class TrustFile:
    """A file of a trust directory."""

    def __init__(self, data):
        r = Reader(data)
        has_revocations = data[:16] == b'trust-file/v002\n'
        r.label(b'trust-file/v002\n' if has_revocations else b'trust-file/v001\n')
        self.bundle, self.note = Bundle(r.filled(3)), r.vector(3)
        self.revocations = r.filled(3) if has_revocations else b''
        digest = r.take(32)
        r.end('the file')
        need(digest == hashlib.sha256(data[:-32]).digest(), 'the digest is another')


def judge(envelope, pinned, at):
    """May a client with these keys take it?"""
    for name in ('sm2_sm3', 'mldsa44'):
        keys = [key for key in pinned if key.name == name]
        need(keys, f'no {name} key is pinned')
        need(any(envelope.signed_by(key) for key in keys), f'no good {name} signature')
    need(envelope.bundle.issued <= at + DAY, 'issued in the future')
    need(0 < envelope.bundle.expires and at <= envelope.bundle.expires, 'it has expired')


class Latest:
    """`latest`, line by line."""

    def __init__(self, data):
        need(data.endswith(b'\n'), 'latest: its last line does not end')
        lines = data.decode('ascii').split('\n')[:-1]
        need(lines.pop(0) == 'trust-latest/v1', 'latest: this is none')
        self.version, = self.numbers(lines, 'version')
        self.issued, = self.numbers(lines, 'issued')
        self.expires, = self.numbers(lines, 'expires')
        match = re.fullmatch(r'bundle (0|[1-9][0-9]*) ([0-9a-f]{64})', lines.pop(0) if lines else '')
        need(match, 'latest: bundle')
        self.size, self.sha256, self.rotations, self.deltas = int(match[1]), match[2], [], []
        while lines and lines[0].startswith('rotation '):
            self.rotations += self.numbers(lines, 'rotation')
        while lines:
            self.deltas.append(self.numbers(lines, 'delta', 2))
        need(len(self.rotations) <= 64 and len(self.deltas) <= 1024, 'latest: too many lines')
        ascending(self.rotations, 'rotations')
        ascending([base for base, _ in self.deltas], 'deltas')
        need(self.version > 0 and all(number <= self.version for number in self.rotations), 'latest: versions')
        need(all(0 < base < self.version for base, _ in self.deltas), 'latest: deltas')

    @staticmethod
    def numbers(lines, word, count=1):
        match = re.fullmatch(word + ' (0|[1-9][0-9]*)' * count, lines.pop(0) if lines else '')
        need(match, f'latest: {word}')
        return [int(number) for number in match.groups()]


def tree_root(leaves):
    """RFC 6962 2.1, by SM3."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sm3(b'\1' + tree_root(leaves[:half]) + tree_root(leaves[half:]))


def read_leaves(folder, size):
    out = []
    for number in range((size + 255) // 256):
        width, name = min(256, size - 256 * number), f'{number:03d}'
        need(number < 1000, 'so many versions are not read here')
        full = os.path.join(folder, 'log', 'tile', '0', name)
        data = read_file(full if width == 256 else os.path.join(full + '.p', str(width)))
        need(len(data) == 32 * width, 'a tile has another size')
        out += [data[i:i + 32] for i in range(0, len(data), 32)]
    return out


def check_published(folder, keys, at):
    """All that a distributor serves, from the pinned keys on; the newest envelope."""
    latest, whole = Latest(read_file(os.path.join(folder, 'latest'))), read_file(os.path.join(folder, 'bundle'))
    need((len(whole), hashlib.sha256(whole).hexdigest()) == (latest.size, latest.sha256), '`bundle` is not what latest says')
    checkpoints = []
    for version in sorted({*latest.rotations, latest.version}):
        data, is_newest = read_file(os.path.join(folder, 'bundles', str(version))), version == latest.version
        need(not is_newest or data == whole, '`bundle` is not the newest version')
        envelope = Envelope(data)
        need(envelope.bundle.version == version, 'a version stands under another name')
        need(is_newest or envelope.bundle.keys, 'a rotation names no keys')
        log_keys = [entry for entry in keys if entry['role'] == 2]
        check_proof(envelope, log_keys)
        judge(envelope, [entry['key'] for entry in keys if entry['role'] == 1], at if is_newest else envelope.bundle.issued)
        checkpoints.append((check_checkpoint(Reader(envelope.log_proof).filled(2), log_keys), envelope))
        keys = envelope.bundle.keys or keys
    need((envelope.bundle.issued, envelope.bundle.expires) == (latest.issued, latest.expires), 'latest has other times')
    for base, size in latest.deltas:
        data, path = read_file(os.path.join(folder, 'delta', str(base))), os.path.join(folder, 'bundles', str(base))
        need(len(data) == size, 'a delta has another size')
        if os.path.exists(path):
            need(apply_delta(data, Envelope(read_file(path)).bundle.data) == whole, f'the delta from {base} leads elsewhere')
    checkpoint = check_checkpoint(read_file(os.path.join(folder, 'log', 'checkpoint')), log_keys)
    leaves = read_leaves(folder, checkpoint.size)
    need(tree_root(leaves) == checkpoint.root, 'the tiles do not give the root')
    for older, one in checkpoints:
        need(older.size <= checkpoint.size and tree_root(leaves[:older.size]) == older.root, 'the log of versions has two histories')
        need(leaves[one.bundle.version - 1] == merkle.leaf_hash('sm3', one.bundle.version_bytes()), 'the log has another entry')
    return envelope


def read_file(path):
    with open(path, 'rb') as file:
        return file.read()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('envelope', metavar='ENVELOPE')
    parser.add_argument('--keys', required=True, metavar='KEYS')
    parser.add_argument('--at', type=verify.parse_time, metavar='TIME')
    parser.add_argument('--base', metavar='ENVELOPE')
    arguments = parser.parse_args(argv)
    try:
        data = b'' if os.path.isdir(arguments.envelope) else read_file(arguments.envelope)
        base = Envelope(read_file(arguments.base)).bundle.data if arguments.base else None
        keys = TrustFile(read_file(arguments.keys)).bundle.keys
        pinned = [entry['key'] for entry in keys if entry['role'] == 1]
    except (OSError, BadBundle, x509.Refused) as error:
        print(f'bundle.py: {error}', file=sys.stderr)
        return 2
    try:
        at = time.time() if arguments.at is None else arguments.at
        if os.path.isdir(arguments.envelope):
            envelope = check_published(arguments.envelope, keys, at)
        else:
            envelope = Envelope(data if base is None else apply_delta(data, base))
            log_keys = [entry for entry in keys if entry['role'] == 2]
            if log_keys:
                check_proof(envelope, log_keys)
            judge(envelope, pinned, at)
    except (BadBundle, note.BadNote, x509.Refused, OSError, UnicodeDecodeError) as error:
        print('FAIL', error)
        return 1
    bundle = envelope.bundle
    landmarks = sum(len(log['landmarks']) for log in bundle.logs)
    print(f'OK version {bundle.version}, {len(bundle.cas)} CAs, {len(bundle.cosigners)} cosigners, {landmarks} landmarks, '
          f'{sum(len(r["ranges"]) for r in bundle.revoked)} revoked ranges')
    return 0


if __name__ == '__main__':
    sys.exit(main())
