"""The lying log is honest until it is told to lie, and then the reader of tests catches each lie: both can be relied on."""
import base64
import json
import os
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pki
import ct_wire
import liar_server
import log_reader
import lying_log
import lying_mtc
import merkle
import mtc
import note

COUNT = 9


class Liar(unittest.TestCase):
    suite = pki.INTL

    def setUp(self):
        self.pki = pki.Pki(self.suite)
        self.log = lying_log.LyingLog(self.suite, 'liar', [self.pki.root.der], refresh_s=0)
        self.server = liar_server.Server(self.log)
        self.addCleanup(self.server.close)
        for i in range(COUNT):
            leaf = self.pki.issuer.leaf(f'n{i}.example', poison=i % 2 == 1)
            (self.log.add_precertificate if i % 2 else self.log.add_certificate)(self.pki.chain(leaf))
        self.reader = log_reader.LogReader(self.log.url, self.suite, self.log.signer.spki)

    def submit(self, name, poison=False):
        chain = self.pki.chain(self.pki.issuer.leaf(name, poison=poison))
        answer = self.reader.post('ct/v1/add-pre-chain' if poison else 'ct/v1/add-chain',
                                  {'chain': [base64.b64encode(c).decode() for c in chain]})
        kind = ct_wire.Entry.of_precertificate if poison else ct_wire.Entry.of_certificate
        return self.reader.check_sct(json.loads(answer), kind(self.suite, chain))

    def other(self):
        return ct_wire.Entry.of_certificate(self.suite, self.pki.chain(self.pki.issuer.leaf('fork.example')))

    def test_honest(self):
        for i, poison in enumerate((False, True)):
            leaf, index = self.submit(f'new{i}.example', poison)
            head = self.reader.get_sth()
            self.assertEqual((index, head.size), (COUNT + i, COUNT + i + 1))
            self.reader.check_inclusion(leaf, index, head.size)
        head, entries = self.reader.audit()
        self.assertEqual(len(entries), COUNT + 2)
        self.log.add_certificate(self.pki.chain(self.pki.issuer.leaf('more.example')))
        larger = self.reader.checkpoint()
        self.reader.check_consistency(head.size, larger.size)

    def test_a_duplicate_gets_its_sct_again(self):
        leaf = self.pki.issuer.leaf('twice.example', serial=77)
        body = {'chain': [base64.b64encode(c).decode() for c in self.pki.chain(leaf)[:2]]}
        self.assertEqual(self.reader.post('ct/v1/add-chain', body), self.reader.post('ct/v1/add-chain', body))

    def caught(self, words, call):
        with self.assertRaisesRegex(log_reader.Wrong, words):
            call()

    def test_each_lie_is_caught(self):
        self.log.make_fork(3, self.other())
        self.log.lies.split = 'second'
        self.caught('another root', lambda: [self.reader.get_sth() for _ in range(2)])

    def test_forged(self):
        self.log.lies.forge_signature = True
        self.caught('bad signature', self.reader.get_sth)
        self.caught('bad signature', self.reader.checkpoint)

    def test_replaced(self):
        self.log.lies.replaced = 4
        self.caught('not that of the entries', self.reader.audit)
        self.log.lies.replace_hash_too = True
        self.caught('not that of the entries', self.reader.audit)

    def test_wrong_root(self):
        self.log.lies.wrong_root = True
        self.caught('not that of the entries', self.reader.audit)

    def test_split_by_header_and_address(self):
        self.log.make_fork(0, self.other())
        self.log.lies.split, self.log.lies.split_value = 'address', '127.0.0.9'
        one = self.reader.get_sth()
        self.log.lies.split_value = '127.0.0.1'
        self.caught('another root', self.reader.get_sth)
        self.assertEqual(one.size, COUNT)

    def test_never_merged(self):
        self.log.lies.never_merge = True
        _, index = self.submit('never.example')
        self.assertEqual((index, self.reader.get_sth().size), (COUNT, COUNT))

    def test_shrink_and_time(self):
        self.log.lies.shrink_to = 4
        self.assertEqual(self.reader.get_sth().size, 4)
        before = self.reader.get_sth().timestamp
        self.log.lies.time_offset_ms = 10**7
        self.assertGreater(self.reader.get_sth().timestamp, before + 9 * 10**6)

    def test_trouble(self):
        self.server.trouble.busy = 1
        with self.assertRaises(log_reader.Refused) as caught:
            self.reader.get_sth()
        self.assertEqual((caught.exception.status, caught.exception.headers['Retry-After']), (429, '1'))
        self.server.trouble = liar_server.Trouble()
        self.server.restart()
        self.assertEqual(self.reader.get_sth().size, COUNT)

    def test_a_larger_log(self):
        entry = self.other()
        for _ in range(300 - COUNT):
            self.log.add(entry)
        head, entries = self.reader.audit()
        self.assertEqual((head.size, len(entries)), (300, 300))


class MtcLiar(unittest.TestCase):
    """The issuance log and its mirrors, read by the independent reading."""

    def setUp(self):
        self.log = lying_mtc.LyingMtcLog()
        for i in range(5):
            self.log.add(f'm{i}.example')
        self.mirror = self.log.mirror('32473.9.1')
        self.server = liar_server.Server()
        self.addCleanup(self.server.close)
        self.server.mount_mtc(self.log)
        self.ca = mtc.Ca(self.log.certificate)

    def checkpoint(self, url):
        with urllib.request.urlopen(f'{url}/checkpoint') as answer:
            found = note.Checkpoint(answer.read())
        self.assertEqual(note.check_signature(found, self.log.ca_id, self.log.log.log_id, self.ca.key), 1)
        return found

    def mirror_url(self):
        return self.mirror.url.removesuffix('mirror') + self.mirror.path

    def test_honest(self):
        one, two = self.checkpoint(self.log.url), self.checkpoint(self.mirror_url())
        self.assertEqual((one.size, one.root), (two.size, two.root))
        with urllib.request.urlopen(f'{self.log.url}/tile/0/000.p/6') as answer:
            leaves = answer.read()
        tree = merkle.Tree('sm3', [leaves[i:i + 32] for i in range(0, len(leaves), 32)])
        self.assertEqual(tree.mth(0, 6), one.root)

    def test_lies(self):
        self.mirror.go_stale()
        self.log.add('more.example')
        self.assertEqual((self.checkpoint(self.log.url).size, self.checkpoint(self.mirror_url()).size), (7, 6))
        self.log.make_fork(4)
        self.log.split = True
        self.assertNotEqual(self.checkpoint(self.log.url).root, self.checkpoint(self.log.url).root)
        self.log.split, self.mirror.is_forked, self.mirror.stale_at = False, True, None
        self.assertNotEqual(self.checkpoint(self.log.url).root, self.checkpoint(self.mirror_url()).root)


class GmLiar(Liar):
    suite = pki.GM


if __name__ == '__main__':
    unittest.main(verbosity=2)
