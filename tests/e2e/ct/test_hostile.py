"""What comes from hostile hands: each submission that is no good gets a clear error and changes nothing; so do reads that ask for
what is not there, and connections that only sit there."""
import base64
import json
import os
import resource
import socket
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
import der
import log_reader
import lying_mtc
import pki

LIMITS = {'chain-bytes': 65536, 'get-entries': 50}


def b64(data):
    return base64.b64encode(data).decode()


def nested(depth):
    """DER that is nothing but depth."""
    value = b'\x05\x00'
    for _ in range(depth):
        value = der.tlv(der.SEQUENCE, value)
    return value


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mtc = lying_mtc.LyingMtcLog()
        for i in range(4):
            cls.mtc.add(f'mtc{i}.example')
        options = {'mtc-entries': True, 'mtc-ca': ['mtc-ca.pem'], 'not-after-start': '2030-01-01T00:00:00Z', 'not-after-end': '2031-01-01T00:00:00Z'}
        cls.world = ct_world.World({'gm': ('gm', options), 'intl': ('intl', {**options, 'mtc-entries': False, 'mtc-ca': []})}, limits=LIMITS)
        cls.world.put('mtc-ca.pem', pki.pem(cls.mtc.certificate))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__)
        cls.inside = {'end': 1900000000}
        for log in cls.world.logs.values():
            log.add('good.example', **cls.inside)

    def setUp(self):
        self.before = {log.title: (log.reader.get_sth().size, log.reader.checkpoint().root) for log in self.world.logs.values()}

    def tearDown(self):
        """Nothing has changed, and the log goes on."""
        for log in self.world.logs.values():
            self.assertEqual((log.reader.get_sth().size, log.reader.checkpoint().root), self.before[log.title])

    def refused(self, log, method, body, statuses, *words):
        with self.assertRaises(log_reader.Refused, msg=f'{method} {str(body)[:200]}') as caught:
            log.reader.post(f'ct/v1/{method}', body)
        self.assertIn(caught.exception.status, statuses, caught.exception.text)
        self.assertTrue(caught.exception.text.strip(), 'an error without words')
        for word in words:
            self.assertIn(word.lower(), caught.exception.text.lower())
        return caught.exception

    def chains(self, chain):
        return {'chain': [b64(c) for c in chain]}

    def each(self):
        return list(self.world.logs.values())

    # ---- bodies ----

    def test_bodies(self):
        for log in self.each():
            good = b64(log.chain('b.example', **self.inside)[0])
            for body in (b'', b'{', b'[]', b'null', b'{"chain": 3}', b'{"chain": []}', b'{"chain": [3]}', b'{"chain": [""]}', b'{}',
                         b'{"chain": ["***"]}', b'{"chain": ["' + good[:-3].encode() + b'"]}', b'{"chain": ["' + good.encode() + b'\\u0000"]}',
                         b'\xff\xfe', b'[' * 100000, b'{"chain":' * 20000, b'{"chain": ["' + good.encode() + b'"]} trailing',
                         b64(b'\0' * 100).encode()):
                for method in ('add-chain', 'add-pre-chain'):
                    self.refused(log, method, body, (400, 413))

    def test_too_large(self):
        for log in self.each():
            leaf = log.chain('large.example', extra=[der_extension(40000)], **self.inside)
            big = log.chain('larger.example', extra=[der_extension(70000)], **self.inside)
            self.refused(log, 'add-chain', self.chains(big), (400, 413))
            self.refused(log, 'add-chain', self.chains(leaf + leaf[:1] * 4), (400, 413))
            self.refused(log, 'add-chain', self.chains(leaf[:1] + leaf[1:2] * 500), (400, 413))
            self.refused(log, 'add-chain', {'chain': ['MAA='] * 10000}, (400, 413))
            self.refused(log, 'add-chain', b'{"chain": ["' + b'A' * 4000000 + b'"]}', (400, 413))

    # ---- chains ----

    def test_chains(self):
        for log in self.each():
            stranger = pki.Issuer(log.suite, 'Stranger')
            imitation = pki.Issuer(log.suite, f'Liar Root {log.suite.name}')
            imitation.signer = log.suite.signer('imitation')
            leaf, issuer, root = log.chain('c.example', **self.inside)
            for chain in ([stranger.leaf('s.example', **self.inside), stranger.der], [stranger.leaf('s.example', **self.inside)],
                          [imitation.leaf('i.example', **self.inside), root], [leaf, root], [leaf, root, issuer], [leaf], [leaf, leaf, issuer, root],
                          [leaf[:-1], issuer, root], [leaf + b'\0', issuer, root],
                          [nested(5000), issuer, root], [b'\x30\x84\xff\xff\xff\xff', issuer, root], [b'\x30\x80\x00\x00', issuer, root],
                          [root[:40], issuer, root], [broken_signature(leaf), issuer, root]):
                self.refused(log, 'add-chain', self.chains(chain), (400, 403, 413))
            not_a_ca = pki.Issuer(log.suite, 'Not a CA', log.pki.issuer)
            not_a_ca.der = log.pki.issuer.leaf('notaca.example', spki=not_a_ca.signer.spki, subject='Not a CA', organization='Liar Tests', **self.inside)
            self.refused(log, 'add-chain', self.chains([not_a_ca.leaf('n.example', **self.inside), not_a_ca.der, issuer, root]), (400, 403))

    def test_behind_the_root(self):
        """What comes behind an accepted root is left out, and not stored."""
        for log in self.each():
            leaf, issuer, root = log.chain('behind.example', **self.inside)
            _, (_, index) = log.submit([leaf, issuer, root, root, leaf])
            self.assertEqual(log.submit([leaf, issuer])[1][1], index)
            entry = log.reader.read_entry(log.reader.json('get-entries', start=index, end=index)['entries'][0])
            self.assertEqual(entry.chain, [issuer, root])
            self.before[log.title] = log.reader.get_sth().size, log.reader.checkpoint().root

    def test_the_other_world(self):
        gm, intl = self.world.logs['gm'], self.world.logs['intl']
        self.refused(gm, 'add-chain', self.chains(intl.chain('w.example', **self.inside)), (400, 403))
        self.refused(intl, 'add-chain', self.chains(gm.chain('w.example', **self.inside)), (400, 403))

    def test_precertificates(self):
        for log in self.each():
            final, poisoned = log.chain('p.example', **self.inside), log.chain('p.example', poison=True, **self.inside)
            self.refused(log, 'add-pre-chain', self.chains(final), (400,), 'poison')
            self.refused(log, 'add-chain', self.chains(poisoned), (400,))
            for value, critical in ((b'\x05\x00', False), (b'\x04\x00', True), (b'', True)):
                bad = log.chain('q.example', extra=[pki.forge.extension(pki.POISON, value, critical)], **self.inside)
                self.refused(log, 'add-pre-chain', self.chains(bad), (400,))

    def test_shards(self):
        """notAfter lies in [start, end): 2030."""
        start, end = 1893456000, 1924992000
        for log in self.each():
            for when in (start - 1, end, end + 10**8, 1800000000):
                self.refused(log, 'add-chain', self.chains(log.chain('t.example', end=when)), (400, 403))
                self.refused(log, 'add-pre-chain', self.chains(log.chain('t.example', end=when, poison=True)), (400, 403))
        for log in self.world.logs.values():
            log.add('first.example', end=start)
            log.add('last.example', end=end - 1)
            self.before[log.title] = log.reader.get_sth().size, log.reader.checkpoint().root

    def test_merkle_tree_entries(self):
        log = self.world.logs['gm']
        tree, size = self.mtc.log.tree(), len(self.mtc.log.entries)
        note = self.mtc.checkpoint(self.mtc.log).decode()

        def body(index=2, entry=None, proof=None, checkpoint=note, count=1):
            proof = tree.path(2, 0, size) if proof is None else proof
            return {'checkpoint': checkpoint, 'entries': [{'index': index, 'entry': b64(self.mtc.log.entries[2] if entry is None else entry),
                                                           'proof': [b64(h) for h in proof]}] * count}
        other = lying_mtc.LyingMtcLog(seed=77)
        for i in range(4):
            other.add(f'o{i}.example')
        null_proof = tree.path(0, 0, size)
        for bad in (body(index=1), body(index=size), body(index=-1), body(index=2**50), body(proof=[]), body(proof=tree.path(2, 0, size)[:-1]),
                    body(entry=b''), body(entry=b'\0\0\0\1\x30\0'), body(count=257), body(count=0), body(checkpoint=''), body(checkpoint='x'),
                    body(checkpoint=note.replace(f'\n{size}\n', f'\n{size + 1}\n')), body(checkpoint=other.checkpoint(other.log).decode()),
                    body(checkpoint=note.split('\n\n')[0] + '\n\n'), body(proof=[b'short']), body(proof=tree.path(2, 0, size) * 40),
                    {'checkpoint': note}, {'entries': []}, [], body(entry=b'\xff' * 70000), body(index='2'), body(index=1.5)):
            self.refused(log, 'add-mtc-entries', bad, (400, 403, 413))
        # The null entry is nobody's certificate.
        self.refused(log, 'add-mtc-entries', body(index=0, entry=self.mtc.log.entries[0], proof=null_proof), (400, 403))
        # One bad among good ones: none is taken.
        mixed = body()
        mixed['entries'] = [mixed['entries'][0], {**mixed['entries'][0], 'index': 3}]
        self.refused(log, 'add-mtc-entries', mixed, (400, 403))
        self.refused(self.world.logs['intl'], 'add-mtc-entries', body(), (400, 403, 404, 405))

    # ---- reads ----

    def test_reads(self):
        for log in self.each():
            size = log.reader.get_sth().size
            for path in ('get-entries', 'get-entries?start=0', f'get-entries?start={size}&end={size + 5}', 'get-entries?start=1&end=0',
                         'get-entries?start=-1&end=0', 'get-entries?start=x&end=0', 'get-entries?start=99999999999999999999&end=99999999999999999999',
                         'get-entries?start=0x0&end=0', 'get-sth-consistency?first=1', f'get-sth-consistency?first=1&second={size + 1}',
                         'get-sth-consistency?first=2&second=1', 'get-sth-consistency?first=-1&second=1', 'get-proof-by-hash?hash=%&tree_size=1',
                         f'get-proof-by-hash?hash={"A" * 43}%3D&tree_size=1', f'get-proof-by-hash?hash=AAAA&tree_size=1',
                         f'get-entry-and-proof?leaf_index={size}&tree_size={size}', f'get-entry-and-proof?leaf_index=0&tree_size={size + 1}',
                         'get-entry-and-proof?leaf_index=0&tree_size=0', 'get-entry-and-proof'):
                with self.assertRaises(log_reader.Refused, msg=path) as caught:
                    log.reader.get(f'ct/v1/{path}')
                self.assertIn(caught.exception.status, (400, 404), path)
            for path in ('tile/0/001', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/255', 'tile/6/000', 'tile/data/000', 'tile/0/00', 'issuer/../index.db',
                         'issuer/' + '0' * 64, '../private/key.pem', '%2e%2e/ctlog.conf', 'tile/0/..%2f..', 'private/', 'index.db', 'ct/v1/', 'ct/v1/get-sths'):
                with self.assertRaises(log_reader.Refused, msg=path) as caught:
                    log.reader.get(path)
                self.assertIn(caught.exception.status, (400, 404), path)
            with self.assertRaises(log_reader.Refused) as caught:
                log.reader.get('ct/v1/add-chain')
            self.assertEqual(caught.exception.status, 405)
            with self.assertRaises(log_reader.Refused) as caught:
                log.reader.post('ct/v1/get-sth', {})
            self.assertEqual(caught.exception.status, 405)

    def test_a_range_without_end(self):
        log = self.world.logs['intl']
        size = log.reader.get_sth().size
        answer = log.reader.json('get-entries', start=0, end=2**47)['entries']
        self.assertTrue(0 < len(answer) <= min(size, LIMITS['get-entries']))

    def test_idle_connections(self):
        """Those that say nothing, and those that say half of it, do not keep others away."""
        held = []
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        self.addCleanup(lambda: [s.close() for s in held])
        for i in range(3000):
            s = socket.socket()
            s.settimeout(5)
            s.bind((f'127.0.1.{1 + i % 200}', 0))
            try:
                s.connect(('127.0.0.1', self.world.port))
                if i % 2:
                    s.send(b'POST /gm/ct/v1/add-chain HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"cha')
            except OSError:
                s.close()
                continue
            held.append(s)
        self.assertGreater(len(held), 1000)
        for log in self.world.logs.values():
            begin = time.monotonic()
            log.add('idle.example', **self.inside)
            self.assertLess(time.monotonic() - begin, 5)
            self.before[log.title] = log.reader.get_sth().size, log.reader.checkpoint().root


def der_extension(size):
    return pki.forge.extension('1.2.3.4.5', b'\x04\x00' * (size // 2))


def broken_signature(certificate):
    return certificate[:-1] + bytes([certificate[-1] ^ 1])


class Limits(unittest.TestCase):
    def test_too_many(self):
        """Each address may so much and no more; who is told 429 may come again."""
        with ct_world.World({'intl': 'intl'}, limits={'submissions-per-address-per-s': 5}) as world:
            log, refusals = world.logs['intl'], []
            chain = log.chain('many.example')
            for _ in range(60):
                try:
                    log.submit(chain)
                except log_reader.Refused as refused:
                    refusals.append(refused)
            self.assertTrue(refusals)
            self.assertEqual({r.status for r in refusals}, {429})
            self.assertGreaterEqual(int(refusals[0].headers['Retry-After']), 1)
            self.assertEqual(log.reader.get_sth().size, 1)
            ct_world.wait_until('it is let in again', lambda: self.is_let_in(log, chain), 10, 0.2)

    @staticmethod
    def is_let_in(log, chain):
        try:
            return json.dumps(log.submit(chain)[0])
        except log_reader.Refused:
            return None


if __name__ == '__main__':
    acme_world.main()
