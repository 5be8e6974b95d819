"""The real log, read by the slow independent checker: both interfaces agree for every entry of every type, and every signature,
tile and proof verifies, in both worlds."""
import base64
import json
import os
import random
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import ct_wire
import forge
import lying_mtc
import merkle
import pki

LARGE = int(os.environ.get('CATHAYA_CT_LARGE', '600'))


def b64(data):
    return base64.b64encode(data).decode()


class Agreement(unittest.TestCase):
    suite = 'gm'

    def setUp(self):
        self.mtc = lying_mtc.LyingMtcLog()
        for i in range(7):
            self.mtc.add(f'mtc{i}.example')
        world = ct_world.World({'log': (self.suite, {'mtc-entries': True, 'mtc-ca': ['mtc-ca.pem']})})
        world.put('mtc-ca.pem', pki.pem(self.mtc.certificate))
        world.__enter__()
        self.addCleanup(world.__exit__)
        self.world, self.log = world, world.logs['log']
        self.reader = self.log.reader

    def mtc_body(self, indices):
        tree, size = self.mtc.log.tree(), len(self.mtc.log.entries)
        return {'checkpoint': self.mtc.checkpoint(self.mtc.log).decode(),
                'entries': [{'index': i, 'entry': b64(self.mtc.log.entries[i]), 'proof': [b64(h) for h in tree.path(i, 0, size)]}
                            for i in indices]}

    def add_mtc(self, *indices):
        """In bulk; (leaf hash, index) of each, SCTs verified."""
        answer = json.loads(self.reader.post('ct/v1/add-mtc-entries', self.mtc_body(indices)))
        self.assertEqual(len(answer['scts']), len(indices))
        log_id = forge.der.relative_oid_bytes(self.mtc.log.log_id)
        entries = [ct_wire.Entry.of_mtc_entry(self.log.suite, self.mtc.certificate, log_id, i, self.mtc.log.entries[i]) for i in indices]
        return [self.reader.check_sct(sct, entry) for sct, entry in zip(answer['scts'], entries)]

    def fill(self):
        """All entry types; [(leaf hash, index)]."""
        promised = []
        for i in range(6):
            promised.append(self.log.add(f'n{i}.example', f'*.w{i}.example', poison=i % 2 == 1)[1])
        promised += self.add_mtc(1, 2, 3)
        direct = self.log.pki.root.leaf('direct.example', serial=5)
        promised.append(self.log.submit([direct, self.log.pki.root.der])[1])
        promised.append(self.log.submit([self.log.pki.root.leaf('short.example', serial=6)])[1])      # the root is not sent
        promised += self.add_mtc(6)
        promised.append(self.log.add('last.example', poison=True)[1])
        return promised

    def test_all_types(self):
        promised = self.fill()
        self.assertEqual(sorted(index for _, index in promised), list(range(len(promised))))
        head, entries = self.reader.audit()
        self.assertEqual(head.size, len(promised))
        for leaf, index in promised:
            self.assertEqual(entries[index].leaf_hash, leaf)
            self.assertEqual(entries[index].leaf_index(), index)
        kinds = [e.kind for e in entries]
        self.assertEqual({k: kinds.count(k) for k in set(kinds)}, {ct_wire.X509_ENTRY: 5, ct_wire.PRECERT_ENTRY: 4, ct_wire.TBS_CERT_ENTRY: 4})
        for entry in entries:
            if entry.kind == ct_wire.TBS_CERT_ENTRY:
                self.assertEqual(entry.chain, [self.mtc.certificate])
            else:
                self.assertEqual(entry.chain[-1], self.log.pki.root.der)
        sth, checkpoint = self.reader.get_sth(), self.reader.checkpoint()
        self.assertEqual((sth.size, sth.root), (checkpoint.size, checkpoint.root))
        self.every_pair(entries)
        self.list_entry()

    def every_pair(self, entries):
        """Inclusion in, and consistency between, all sizes of the tree."""
        tree = merkle.Tree(self.log.suite.hash_name, [e.leaf_hash for e in entries])
        for size in range(1, len(entries) + 1):
            self.reader.roots[size] = tree.mth(0, size)
        for size in range(1, len(entries) + 1):
            for index in range(size):
                self.reader.check_inclusion(entries[index].leaf_hash, index, size)
            for first in range(1, size):
                self.reader.check_consistency(first, size)

    def list_entry(self):
        row = json.loads(self.reader.get('log.v3.json'))
        self.assertEqual(row['log_id'], b64(self.reader.log_id))
        self.assertEqual(row['key'], b64(self.log.signer.spki))
        self.assertEqual(row['suite'], self.suite)
        self.assertEqual(row['submission_url'].rstrip('/'), self.log.url)
        self.assertEqual(row['mmd'], 60)
        self.assertIn('usable', row['state'])
        roots = json.loads(self.reader.get('ct/v1/get-roots'))['certificates']
        self.assertEqual([base64.b64decode(r) for r in roots], [self.log.pki.root.der])

    def test_duplicates(self):
        """What is signed again is the same: a signature may be a new one."""
        chain, pre = self.log.chain('twice.example'), self.log.chain('twice.example', poison=True)

        def submit_all():
            answers = [self.log.submit(chain)[0], self.log.submit(pre, True)[0]]
            return [{name: a[name] for name in ('sct_version', 'id', 'timestamp', 'extensions')} for a in answers] + self.add_mtc(4, 5)
        first = submit_all()
        self.assertEqual(submit_all(), first)
        # A chain without its root, or by another way to it, is the same submission.
        self.assertEqual(self.log.submit(chain[:2])[0]['timestamp'], first[0]['timestamp'])
        self.world.stop()
        self.world.start()
        self.assertEqual(submit_all(), first)
        self.world.kill()
        self.world.start()
        self.assertEqual(submit_all(), first)
        self.assertEqual(len({index for _, index in first[2:]}), 2)
        self.assertEqual(self.reader.checkpoint().size, 4)

    def test_a_larger_tree(self):
        """Several tiles; proofs between sizes by chance."""
        chains = [(self.log.chain(f'l{i}.example', poison=i % 3 == 0), i % 3 == 0) for i in range(LARGE)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda c: self.post(*c), chains))
        for number in random.sample(range(LARGE), 20):
            self.reader.check_sct(answers[number], self.log.entry(*chains[number]))
        head, entries = self.reader.audit()
        self.assertEqual(head.size, LARGE)
        tree = merkle.Tree(self.log.suite.hash_name, [e.leaf_hash for e in entries])
        sizes = sorted({1, 255, 256, 257, 511, 512, 513, LARGE - 1, LARGE} | set(random.sample(range(1, LARGE), 12)))
        self.reader.roots.update({size: tree.mth(0, size) for size in sizes})
        for first, second in zip(sizes, sizes[1:] + sizes[:1]):
            self.reader.check_consistency(min(first, second), max(first, second))
        for size in sizes:
            index = random.randrange(size)
            self.reader.check_inclusion(entries[index].leaf_hash, index, size)
        # Ranges over the edges of tiles; more than there is gets what there is.
        for start, end in ((250, 260), (0, 0), (255, 256), (LARGE - 1, LARGE + 1000)):
            answer = self.reader.json('get-entries', start=start, end=end)['entries']
            wanted = entries[start:end + 1][:len(answer)]
            self.assertTrue(answer)
            self.assertEqual([self.reader.read_entry(a).leaf_hash for a in answer], [e.leaf_hash for e in wanted])

    def post(self, chain, poison):
        reader = self.log.new_reader()
        return json.loads(reader.post('ct/v1/add-pre-chain' if poison else 'ct/v1/add-chain', {'chain': [b64(c) for c in chain]}))


class International(Agreement):
    suite = 'intl'


if __name__ == '__main__':
    acme_world.main()
