#!/usr/bin/env python3
"""kill -9 of the real `cathaya ca`, at random moments, on one CA directory.

Each round starts issue (a batch of requests), landmark, prune or fsck, and kills it somewhere between its start and
the end that such a command usually has; recovery is left to the next round, which may be killed in it. After every
round, without any recovery: what was printed is in the published log; the checkpoint only grows, and no size has two
roots; landmarks stay what they are. At the end the roots of all checkpoints ever seen are computed again from the
entries by the independent reading. CATHAYA_CRASH_ROUNDS (200) and CATHAYA_CRASH_SEED may be set.
"""
import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..')
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(ROOT, 'build', 'cathaya')
MAKE_CSR = os.environ.get('CATHAYA_MAKE_CSR') or os.path.join(ROOT, 'build', 'tests', 'e2e', 'ca', 'make_csr')
ROUNDS = int(os.environ.get('CATHAYA_CRASH_ROUNDS') or 200)
SEED = os.environ.get('CATHAYA_CRASH_SEED') or str(time.time_ns())
LIFETIME_S = 4      # so that there is something to prune
KINDS = {'issue': 13, 'landmark': 3, 'prune': 2, 'fsck': 2}
BATCH_MAX = 150
sys.path.insert(0, os.path.join(ROOT, 'tests', 'independent'))

import der
import log as independent_log
import merkle
import mtc
import note
import x509


class Failed(Exception):
    pass


def need(condition, *what):
    if not condition:
        raise Failed(' '.join(map(str, what)))


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def run(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, timeout=60)


class Rig:
    def __init__(self, folder):
        self.folder, self.dir = folder, os.path.join(folder, 'ca')
        self.public = os.path.join(self.dir, 'public', '1')
        done = run('ca', 'init', '--suite', 'gm', '--id', '32473.8', self.dir)
        need(done.returncode == 0, done)
        conf = os.path.join(self.dir, 'ca.conf')
        text = read(conf).decode().replace('lifetime = 604800', f'lifetime = {LIFETIME_S}').replace('backdate = 3600', 'backdate = 0')
        with open(conf, 'w', encoding='ascii') as file:
            file.write(text)
        self.aged_size = 0
        self.ca = mtc.Ca(x509.from_file(read(os.path.join(self.dir, 'ca.pem'))))
        self.csrs = {}          # file: SM3 of its key
        for i, kind in enumerate(('sm2', 'p256', 'ed25519', 'sm2', 'p256', 'p384')):
            self.make_csr(kind, f'site{i}.example.com')
        self.usual = {}         # seconds that a command takes when it is let live
        self.printed = {}       # index: SM3 of the key
        self.entries = []       # of every index that was ever published
        self.checkpoints = {}   # size: (root, note)
        self.landmarks = {}     # number: (size, expiry)
        self.latest = 0
        self.count = collections.Counter()

    def make_csr(self, kind, name):
        base = os.path.join(self.folder, name)
        subprocess.run([MAKE_CSR, kind, f'DNS:{name}', base], check=True)
        request = der.sequence(der.sequence(der.read_all(x509_pem(read(base + '.csr'))))[0])
        self.csrs[base + '.csr'] = merkle.HASHES['sm3'](request[2].raw)

    def begin(self):
        """Enough entries for a prune to remove something when they have expired."""
        words = [word for csr in list(self.csrs) * 50 for word in ('--csr', csr)]
        done = run('ca', 'issue', '--dir', self.dir, '--policy-check', 'off', '--json', *words)
        need(done.returncode == 0, done)
        self.note_printed(done.stdout)
        self.look()

    # One round

    def round(self):
        kind = random.choices(list(KINDS), KINDS.values())[0]
        words = ['ca', kind, '--dir', self.dir, '--json']
        if kind == 'issue':
            words += ['--policy-check', 'off']  # it has dates, and here are keys of many kinds
            for csr in random.choices(list(self.csrs), k=random.choice((1, 5, random.randint(1, BATCH_MAX)))):
                words += ['--csr', csr]
        if kind == 'prune':
            words += ['--retain-days', '0']
        # Now and then it is let live: that is how long it takes.
        lives = kind not in self.usual or random.random() < 0.1
        before = time.monotonic()
        process = subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if not lives:
            time.sleep(random.uniform(0, 1.1 * self.usual[kind]))
            process.kill()
        out, errors = process.communicate(timeout=60)
        if lives:
            self.usual[kind] = 0.7 * self.usual.get(kind, time.monotonic() - before) + 0.3 * (time.monotonic() - before)
        need(process.returncode in (0, -9), kind, process.returncode, out, errors)
        self.count[kind, 'killed' if process.returncode else 'done'] += 1
        if kind == 'issue':
            self.note_printed(out)
        self.look()
        if self.printed and random.random() < 0.2:
            self.read_one()

    def note_printed(self, out):
        for line in out.split(b'\n')[:-1]:      # what follows the last newline was cut off
            line = json.loads(line)
            need(line['index'] not in self.printed, 'index', line['index'], 'was given twice')
            self.printed[line['index']] = self.csrs[line['file']]

    def look(self):
        """The published log as it stands, before anybody recovers."""
        # Landmarks first: the tree that they are in is published before them.
        sequence = independent_log.parse_landmarks(read(os.path.join(self.public, 'landmarks')), True, time.time())
        content = read(os.path.join(self.public, 'checkpoint'))
        checkpoint = note.Checkpoint(content)
        size = checkpoint.size
        need(size >= len(self.entries), 'the checkpoint went back from', len(self.entries), 'to', size)
        root, _ = self.checkpoints.setdefault(size, (checkpoint.root, content))
        need(root == checkpoint.root, 'two roots of', size)
        for number, tree_size, expiry in sequence:
            need(self.landmarks.setdefault(number, (tree_size, expiry)) == (tree_size, expiry), 'landmark', number, 'changed')
            need(tree_size <= size, 'landmark', number, 'is beyond the tree')
        need(sequence[0][0] >= self.latest, 'landmark', self.latest, 'has gone')
        self.latest = sequence[0][0]
        self.read_entries(size)
        for index, key in self.printed.items():
            need(index < size and b'\x04\x20' + key in self.entries[index], 'printed index', index, 'is not in the log')

    def read_entries(self, size):
        """Those that are new; a full bundle may have taken the place of a partial one already."""
        while len(self.entries) < size:
            number = len(self.entries) // 256
            width = min(256, size - number * 256)
            name = os.path.join(self.public, 'tile', 'entries', independent_log.tile_name(number))
            if width < 256 and os.path.exists(f'{name}.p/{width}'):
                name = f'{name}.p/{width}'
            elif width < 256:
                width = 256
            bundle = independent_log.read_bundle(name, width)
            self.entries += bundle[len(self.entries) - number * 256:size - number * 256]

    def read_one(self):
        """A reader gets a certificate, or is told to wait for recovery."""
        index = random.choice(list(self.printed))
        done = run('ca', 'certificate', '--dir', self.dir, '--index', str(index))
        if done.returncode == 0:
            self.count['read'] += 1
            certificate = x509.Certificate(x509.from_file(done.stdout))
            need(certificate.serial == 1 << 48 | index, 'certificate of another entry than', index)
            need(merkle.HASHES['sm3'](certificate.spki.raw) == self.printed[index], 'certificate of another key')
        elif done.returncode == 1:
            need(b'pruned' in done.stderr and index < self.min_index(), done, index)
        else:
            need(done.returncode == 2 and b'recovered' in done.stderr, done)
            self.count['told to wait'] += 1

    def min_index(self):
        record = read(os.path.join(self.dir, 'log', '1', 'record')).decode()
        return int(dict(line.split(' ', 1) for line in record.splitlines())['min-index'])

    # The end

    def age(self):
        """On a fast machine all rounds are over before anything expires: a landmark, and time to outlive it."""
        for words in (('fsck',), ('landmark',)):
            done = run('ca', *words, '--dir', self.dir)
            need(done.returncode == 0, done)
        self.look()
        self.aged_size = len(self.entries)
        time.sleep(LIFETIME_S + 1.5)

    def finish(self):
        for words in (('fsck',), ('landmark',), ('prune', '--retain-days', '0'), ('fsck',)):
            done = run('ca', *words, '--dir', self.dir)
            need(done.returncode == 0, done)
            self.look()
        leaves = [merkle.leaf_hash('sm3', entry) for entry in self.entries]
        tree = merkle.Tree('sm3', leaves)
        for size, (root, _) in self.checkpoints.items():
            need(tree.mth(0, size) == root, 'the checkpoint of', size, 'is not one of these entries')
        for size in random.sample(sorted(self.checkpoints), min(15, len(self.checkpoints))):
            checkpoint = note.Checkpoint(self.checkpoints[size][1])
            need(note.check_signature(checkpoint, self.ca.id, self.ca.log_id(1), self.ca.key), 'bad signature at', size)
        found = independent_log.Log(self.public, self.ca, self.min_index())
        found.check(time.time())
        for index, leaf in found.leaves.items():
            need(leaf == leaves[index], 'entry', index, 'is another one now')
        need(set(range(self.min_index(), len(leaves))) <= found.leaves.keys(), 'entries are gone')
        self.check_certificates()
        self.check_work()

    def check_certificates(self):
        indexes = [index for index in self.printed if index >= self.min_index()]
        policy = os.path.join(self.folder, 'subtrees.txt')
        with open(policy, 'wb') as file:
            file.write(run('ca', 'subtrees', '--dir', self.dir).stdout)
        parsed = mtc.Policy(read(policy).decode(), self.ca)
        landmarks = 0
        for i, index in enumerate(random.sample(indexes, min(30, len(indexes)))):
            for options in ((), ('--landmark',)):
                done = run('ca', 'certificate', '--dir', self.dir, '--index', str(index), *options)
                # Expired ones may have left the list of landmarks; nobody can ask for them any more.
                if options and b'older than the landmarks' in done.stderr:
                    continue
                need(done.returncode == 0, done)
                landmarks += bool(options)
                encoding = x509.from_file(done.stdout)
                at = x509.Certificate(encoding).not_before
                path = os.path.join(self.folder, 'certificate.pem')
                with open(path, 'wb') as file:
                    file.write(done.stdout)
                live = not options or self.is_active(index)
                verdict = run('verify', '--ca', os.path.join(self.dir, 'ca.pem'), '--policy', policy, '--at', str(max(at, self.ca_begin())), path)
                need(verdict.returncode == 0 or not live, verdict)
                if i < 5 and live:
                    accepted, reason = mtc.judge(encoding, self.ca, parsed, max(at, self.ca_begin()))
                    need(accepted, reason)
        need(landmarks > 0 or not indexes, 'no landmark certificate at all')

    def is_active(self, index):
        """Is the landmark of an entry among those that `ca subtrees` still gives away? At its edge either is right."""
        containing = [number for number, (size, _) in self.landmarks.items() if size > index]
        return bool(containing) and self.landmarks[min(containing)][1] > time.time() + 2

    def ca_begin(self):
        return self.ca.certificate.not_before

    def check_work(self):
        """Was there anything to survive?"""
        killed = sum(n for key, n in self.count.items() if key[1] == 'killed')
        print(f'{ROUNDS} rounds, {killed} killed, {len(self.entries)} entries, {len(self.printed)} printed, '
              f'{len(self.checkpoints)} checkpoints, {self.latest} landmarks, minimum index {self.min_index()}; '
              + ', '.join(f'{" ".join(key) if isinstance(key, tuple) else key} {n}' for key, n in sorted(self.count.items(), key=str)))
        if ROUNDS < 150:
            return
        need(killed > ROUNDS / 4, 'too few were killed to say anything')
        need(len(self.printed) < len(self.entries), 'no batch was committed and not acknowledged')
        need(self.printed and self.latest > 3, 'too little happened')
        need(self.min_index() > 0 or self.aged_size < 256, 'nothing was pruned')


def x509_pem(data):
    import base64
    return base64.b64decode(b''.join(data.split(b'-----')[2].split()))


def main():
    random.seed(SEED)
    with tempfile.TemporaryDirectory(prefix='cathaya-crash-') as folder:
        try:
            rig = Rig(folder)
            rig.begin()
            for number in range(ROUNDS):
                if number == ROUNDS * 3 // 4:
                    rig.age()
                rig.round()
            rig.finish()
        except (Failed, independent_log.BadLog, note.BadNote, der.DerError, OSError) as error:
            print(f'FAILED: {error}\nCATHAYA_CRASH_SEED={SEED}')
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
