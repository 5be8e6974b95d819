#!/usr/bin/env python3
"""Checks a tlog-tiles directory of an MTC issuance log from its entries up.

    log.py DIR --ca CA.pem [--min-index N] [--at TIME]

Every hash is recomputed from the entry bundles; every file below DIR/tile, the
checkpoint's root, the CA's note signature and the landmarks are compared with
that. One line, OK or FAIL with the reason; exit status 0, 1, or 2 for wrong usage.
"""
import argparse
import os
import re
import sys
import time

import der
import merkle
import mtc
import note
import verify
import x509

WIDTH = 256


class BadLog(Exception):
    pass


# Entries

def check_log_entry(entry, ca):
    """A well-formed MTCLogEntry of a known type; its notAfter, None if it has none."""
    reader = mtc.Reader(entry)
    if mtc.check_entry_extensions(reader.vector(2)):
        raise BadLog('unknown entry extension')
    kind, body = reader.number(2), reader.data
    if kind == 0 and not body:
        return None
    if kind != 1:
        raise BadLog('unknown entry type, or data in a null entry')
    fields, rest = [], body
    while rest:
        field, rest = der.read(rest)
        fields.append(field)
    if fields and fields[0].tag == 0xa0:
        fields.pop(0)
    if len(fields) < 5:
        raise BadLog('TBSCertificateLogEntry is too short')
    issuer, validity, subject, algorithm, digest, *others = fields
    if issuer.raw != ca.certificate.subject.raw:
        raise BadLog('issuer is not the CA')
    x509.check_name(subject)
    der.algorithm(algorithm)
    if len(digest.expect(der.OCTET_STRING, 'subjectPublicKeyInfoHash').body) != merkle.HASH_SIZE:
        raise BadLog('subjectPublicKeyInfoHash of a wrong length')
    tags = [other.tag for other in others]
    if not set(tags) <= {0x81, 0x82, 0xa3} or sorted(set(tags), key=lambda t: t & 0x1f) != tags:
        raise BadLog('unexpected field at the end of TBSCertificateLogEntry')
    not_before, not_after = map(der.time, der.sequence(validity, 'Validity'))
    return not_after


def read_bundle(path, width):
    with open(path, 'rb') as file:
        data = file.read()
    entries = []
    while data:
        size = int.from_bytes(data[:2], 'big')
        if len(data) < 2 + size:
            raise BadLog(f'{path}: truncated entry')
        entries.append(data[2:2 + size])
        data = data[2 + size:]
    if len(entries) != width:
        raise BadLog(f'{path}: {len(entries)} entries instead of {width}')
    return entries


# Files

def tile_name(number):
    groups = [f'{number % 1000:03d}']
    while number := number // 1000:
        groups.insert(0, f'x{number % 1000:03d}')
    return '/'.join(groups)


def find_files(root):
    """{(level or 'entries', number, width): path} of everything below DIR/tile."""
    pattern = re.compile(r'(entries|0|[1-5]\d?|6[0-3]?|[7-9])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?',
                         re.ASCII)
    found = {}
    for folder, _, names in os.walk(os.path.join(root, 'tile')):
        for name in names:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, os.path.join(root, 'tile')).replace(os.sep, '/')
            match = pattern.fullmatch(relative)
            number = int(re.sub('[x/]', '', match[2])) if match else 0
            width = int(match[3] or WIDTH) if match else 0
            if not match or tile_name(number) != match[2] or (match[3] and width >= WIDTH):
                raise BadLog(f'unexpected file tile/{relative}')
            level = match[1] if match[1] == 'entries' else int(match[1])
            found[level, number, width] = path
    return found


class Log:
    def __init__(self, root, ca, min_index=0):
        self.root, self.ca, self.min_index = root, ca, min_index
        self.hash = merkle.HASHES[ca.hash_name]
        self.files = find_files(root)
        self.leaves, self.not_after, self._known, self.tiles = {}, {}, {}, {}
        self.read_entries()
        self.read_tiles()

    def read_entries(self):
        for (level, number, width), path in sorted(self.files.items(), key=lambda item: item[1]):
            if level != 'entries':
                continue
            for i, entry in enumerate(read_bundle(path, width)):
                index = number * WIDTH + i
                leaf = merkle.leaf_hash(self.ca.hash_name, entry)
                if self.leaves.setdefault(index, leaf) != leaf:
                    raise BadLog(f'two bundles have different entries {index}')
                if index not in self.not_after:
                    try:
                        self.not_after[index] = check_log_entry(entry, self.ca)
                    except (BadLog, der.DerError, x509.Refused, ValueError) as error:
                        raise BadLog(f'entry {index}: {error}') from error

    def read_tiles(self):
        for (level, number, width), path in self.files.items():
            if level == 'entries':
                continue
            with open(path, 'rb') as file:
                data = file.read()
            if len(data) != width * merkle.HASH_SIZE:
                raise BadLog(f'{path}: {len(data)} bytes instead of {width * merkle.HASH_SIZE}')
            hashes = [data[i:i + 32] for i in range(0, len(data), 32)]
            for i, value in enumerate(hashes):
                if self.tiles.setdefault((level, number * WIDTH + i), value) != value:
                    raise BadLog(f'two tiles at level {level} disagree on hash {number * WIDTH + i}')

    def mth(self, start, end):
        """MTH(D[start:end]); where entries are pruned, hashes of tiles stand in."""
        if start == end:
            return self.hash(b'')
        if (start, end) not in self._known:
            self._known[start, end] = self._mth(start, end)
        return self._known[start, end]

    def _mth(self, start, end):
        size = end - start
        if size == 1 and start in self.leaves:
            return self.leaves[start]
        if start < self.min_index:
            level, span = 0, 1
            while span < size:
                level, span = level + 1, span * WIDTH
            if span == size and start % span == 0 and not self._covered(start, end):
                value = self.tiles.get((level, start // span))
                if value:
                    return value
        if size == 1:
            raise BadLog(f'entry {start} is missing')
        middle = start + merkle.split_point(size)
        return self.hash(b'\x01' + self.mth(start, middle) + self.mth(middle, end))

    def _covered(self, start, end):
        return all(index in self.leaves for index in range(start, end))

    def check(self, at=None, ignore_expiry=False):
        landmarks = self._read('landmarks', missing=None)      # before the checkpoint, which grows
        try:
            checkpoint = note.Checkpoint(self._read('checkpoint'))
            size = checkpoint.size
            log_number = self._check_origin(checkpoint)
            if not note.check_signature(checkpoint, self.ca.id, self.ca.log_id(log_number), self.ca.key):
                raise BadLog('checkpoint has no signature of the CA')
        except note.BadNote as error:
            raise BadLog(f'checkpoint: {error}') from error
        if not self.min_index <= size < 2**48:
            raise BadLog('tree size out of range')
        self._check_presence(size)
        if self.mth(0, size) != checkpoint.root:
            raise BadLog('root hash of the checkpoint is not that of the entries')
        self._check_tiles()
        text = f'log {log_number}, {size} entries, {len(self.files)} files'
        if landmarks is None:
            return text + ', no landmarks'
        sequence = self._check_landmarks(landmarks, size, at, ignore_expiry)
        return text + f', landmark {sequence[0][0]}'

    def _read(self, name, **default):
        try:
            with open(os.path.join(self.root, name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            if default:
                return default['missing']
            raise BadLog(f'{name} is missing') from None

    def _check_origin(self, checkpoint):
        prefix = mtc.cosigner_name(self.ca.id).decode() + '.0.'
        number = mtc.decimal(checkpoint.origin.removeprefix(prefix))
        if not checkpoint.origin.startswith(prefix) or not number or number >= 2**16:
            raise BadLog('origin is not a log of the CA')
        return number

    def _check_presence(self, size):
        """Everything that the tree size calls for and pruning does not excuse."""
        for kind, level in [('entries', 0)] + [(level, level) for level in range(64)]:
            span = WIDTH ** level
            full, partial = size // span // WIDTH, size // span % WIDTH
            for number in range(full):
                if (kind, number, WIDTH) not in self.files and (number + 1) * span * WIDTH > self.min_index:
                    raise BadLog(f'tile/{kind}/{tile_name(number)} is missing')
            if partial and not {(kind, full, partial), (kind, full, WIDTH)} & self.files.keys():
                raise BadLog(f'tile/{kind}/{tile_name(full)}.p/{partial} is missing')
            if size < span:
                break

    def _check_tiles(self):
        for (level, position), value in sorted(self.tiles.items()):
            span = WIDTH ** level
            start, end = position * span, (position + 1) * span
            # Above pruned entries there is nothing to compute a hash from except the
            # tiles themselves: then at least they must agree with each other.
            try:
                if level and start < self.min_index and not self._covered(start, end):
                    children = [self.tiles[level - 1, position * WIDTH + i] for i in range(WIDTH)]
                    wanted = merkle.Tree(self.ca.hash_name, children).mth(0, WIDTH)
                else:
                    wanted = self.mth(start, end)
            except (KeyError, BadLog) as error:
                if end <= self.min_index:
                    continue
                raise BadLog(f'tile level {level} hash {position} has no entries below it') from error
            if wanted != value:
                raise BadLog(f'tile level {level} hash {position} is not that of the entries')

    def _check_landmarks(self, data, size, at, ignore_expiry):
        sequence = parse_landmarks(data, self.ca.profile.landmarks_with_expiry,
                                   time.time() if at is None else at)
        if sequence[0][1] > size:
            raise BadLog('landmarks: a tree size is larger than the checkpoint')
        for number, tree_size, expiry in sequence:
            if expiry is None or number == 0 or ignore_expiry:
                continue
            late = [i for i, when in self.not_after.items() if i < tree_size and when and when > expiry]
            if late:
                raise BadLog(f'landmarks: landmark {number} expires before entry {min(late)}')
        return sequence


def parse_landmarks(data, with_expiry, at):
    """Newest first, (number, tree size, expiry or None): section 6.4.3 of -06 and
    -07, or the format of -05 and before."""
    bad = BadLog('landmarks: malformed')
    if not data.isascii() or not data.endswith(b'\n'):
        raise bad
    lines = [line.split(' ') for line in data.decode()[:-1].split('\n')]
    numbers = [[mtc.decimal(word) for word in line] for line in lines]
    if any(number is None or number >= 2**48 and i == 0 for line in numbers for i, number in enumerate(line)):
        raise bad
    header, body = numbers[0], numbers[1:]
    if len(header) != (1 if with_expiry else 2) or any(len(l) != (2 if with_expiry else 1) for l in body):
        raise bad
    latest = header[0]
    if not with_expiry and (header[1] > latest or len(body) != header[1] + 1):
        raise BadLog('landmarks: wrong number of landmarks')
    if not body or len(body) > latest + 1:
        raise BadLog('landmarks: wrong number of landmarks')
    sequence = [(latest - i, line[0], line[1] if with_expiry else None) for i, line in enumerate(body)]
    for (_, size, expiry), (_, older_size, older_expiry) in zip(sequence, sequence[1:]):
        if size <= older_size:
            raise BadLog('landmarks: tree sizes are not strictly decreasing')
        if with_expiry and expiry < older_expiry:
            raise BadLog('landmarks: expiration times are not decreasing')
    if any(size < number for number, size, _ in sequence):      # sizes grow from zero
        raise BadLog('landmarks: a tree size is smaller than its number')
    if sequence[-1][0] == 0 and (sequence[-1][1] or sequence[-1][2]):
        raise BadLog('landmarks: landmark zero is not zero')
    if with_expiry and not any(expiry < at for _, _, expiry in sequence):
        raise BadLog('landmarks: none has expired')
    return sequence


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('directory', metavar='DIR')
    parser.add_argument('--ca', required=True, metavar='CA.pem')
    parser.add_argument('--min-index', type=int, default=0, metavar='N')
    parser.add_argument('--at', type=verify.parse_time, metavar='TIME')
    parser.add_argument('--ignore-landmark-expiry', action='store_true',
                        help='do not compare landmark expiry with notAfter of the entries')
    arguments = parser.parse_args(argv)
    try:
        with open(arguments.ca, 'rb') as file:
            ca = mtc.Ca(x509.from_file(file.read()))
    except (OSError, der.DerError, mtc.BadCa) as error:
        print(f'log.py: {error}', file=sys.stderr)
        return 2
    try:
        log = Log(arguments.directory, ca, arguments.min_index)
        print('OK', log.check(arguments.at, arguments.ignore_landmark_expiry))
        return 0
    except BadLog as error:
        print('FAIL', error)
        return 1


if __name__ == '__main__':
    sys.exit(main())
