"""`cathaya fetch`: as each kind of client, at servers that have what they should, and at others."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'ca'))

import ca_world
from ca_world import MAKE_CSR, Ca, read, run, write

SERVER = os.environ.get('CATHAYA_FETCH_SERVER') or os.path.join(ca_world.ROOT, 'build', 'tests', 'fetch_server')
NAME = 'www.example.com'
GM, INTL = '32473.8', '32473.9'
KINDS = {'gm': ('gm', 'landmark'), 'gm-no-landmarks': ('gm', 'standalone'), 'intl': ('intl', 'landmark'), 'legacy': ('intl', 'classic')}


class Server:
    def __init__(self, test, folder, *credentials):
        self.process = subprocess.Popen([SERVER, folder, *credentials], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(self.stop)
        line = self.process.stdout.readline().split()
        if line[:1] != ['ready']:
            raise AssertionError(self.process.communicate())
        self.address = '127.0.0.1:' + line[1]

    def stop(self):
        """What it was asked for; it has to end well."""
        if self.process.stdin.closed:
            return None
        _, err = self.process.communicate()
        assert self.process.returncode == 0, (self.process.returncode, err)
        return err.splitlines()


class Fetch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        cls.gm, cls.gm_landmark = cls.make_ca('gm', GM, 'sm2')
        cls.intl, cls.intl_landmark = cls.make_ca('intl', INTL, 'p256')
        cls.subtrees = cls.path('subtrees.txt')
        write(cls.subtrees, run('ca', 'subtrees', '--dir', cls.gm).out + run('ca', 'subtrees', '--dir', cls.intl).out)
        with subprocess.Popen([SERVER, cls.folder, 'gm-classic', 'intl-classic'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as made:
            assert made.wait() == 0     # both roots are there; a later server makes its own in their place
        cls.everything = [cls.pair('gm', '-landmark'), cls.pair('gm', ''), 'gm-classic', cls.pair('intl', '-landmark'), cls.pair('intl', ''), 'intl-classic']

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def must(cls, *words):
        done = run(*words)
        assert done.status == 0, (words, done)
        return done.out

    @classmethod
    def make_ca(cls, suite, identifier, key):
        """A CA whose entry 1 is for NAME; entry 2 comes after the landmark, so that it is not the whole tree."""
        folder = cls.path(suite)
        cls.must('ca', 'init', '--suite', suite, '--id', identifier, folder)
        subprocess.run([MAKE_CSR, key, 'DNS:' + NAME, cls.path(suite + '-site')], check=True)
        csr = cls.path(suite + '-site.csr')
        cls.must('ca', 'issue', '--dir', folder, '--csr', csr)
        issued = json.loads(cls.must('ca', 'issue', '--dir', folder, '--csr', csr, '--json'))
        landmark = json.loads(cls.must('ca', 'landmark', '--dir', folder, '--json'))['landmark']
        for suffix, options in (('', ()), ('-landmark', ('--landmark',))):
            write(cls.path(f'{suite}{suffix}.pem'), cls.must('ca', 'certificate', '--dir', folder, '--index', str(issued['index']), '--properties', *options))
        return folder, landmark

    @classmethod
    def pair(cls, suite, suffix):
        return f'{cls.path(suite + suffix)}.pem:{cls.path(suite)}-site.key'

    def serve(self, *credentials):
        return Server(self, self.folder, *(credentials or self.everything))

    def roots(self):
        return ['--ca', self.path('gm-root.der'), '--ca', self.path('intl-root.der')]

    def cas(self):
        return ['--ca', os.path.join(self.gm, 'ca.pem'), '--ca', os.path.join(self.intl, 'ca.pem')]

    def trust(self):
        """Everything, with fresh landmarks."""
        return [*self.cas(), *self.roots(), '--policy', self.subtrees, '--anchor', f'{GM}.2.1.{self.gm_landmark}', '--anchor', f'{INTL}.2.1.{self.intl_landmark}']

    def fetch(self, server, *options, url=f'https://{NAME}/', status=0):
        address = server.address if isinstance(server, Server) else server
        done = run('fetch', '--policy-check', 'off', url, '--connect', address, '--json', *options)
        self.assertEqual(done.status, status, done)
        told = [json.loads(line) for line in done.out.splitlines()]
        return told[0] if len(told) == 1 else told

    # ---- who gets what ----

    def test_each_profile_gets_its_kind(self):
        server = self.serve()
        told = {profile: self.fetch(server, *self.trust(), '--as', profile) for profile in KINDS}
        for profile, kind in KINDS.items():
            with self.subTest(profile):
                t = told[profile]
                self.assertEqual((t['certificate']['suite'], t['certificate']['mode']), kind, t)
                self.assertEqual((t['verdict'], t['status'], t['body_bytes'], t['level'], t['rules']), ('secure', 200, 11, None, []))
                self.assertEqual((t['as'], t['address'], t['retry'], t['resumed']), (profile, server.address, None, False))
                self.assertEqual(t['protocol'], 'TLSv1.2' if profile == 'legacy' else 'TLSv1.3')
                is_gm = kind[0] == 'gm'
                self.assertEqual(t['suite'] == 'TLS_SM4_GCM_SM3', is_gm)
                self.assertEqual(t['group'] == 'curveSM2MLKEM768', is_gm)
                self.assertEqual(t['signature'], 'sm2sig_sm3' if is_gm else 'ecdsa_secp256r1_sha256')
                self.assertEqual(t['trust_anchors']['confirmed'], profile != 'legacy')
        self.assertEqual(told['gm']['trust_anchors']['sent'], [f'{GM}.2.1.1', GM, f'{INTL}.2.1.1', INTL])
        self.assertEqual(told['gm-no-landmarks']['trust_anchors']['sent'], [GM, INTL])
        self.assertEqual(told['intl']['trust_anchors']['sent'], [f'{INTL}.2.1.1', INTL])
        self.assertIsNone(told['legacy']['trust_anchors']['sent'])
        self.assertIn(f'{GM}.1.1.1', told['gm']['trust_anchors']['available'])
        gm, standalone = told['gm'], told['gm-no-landmarks']
        self.assertEqual((gm['certificate']['ca'], gm['certificate']['log'], gm['certificate']['cosigners'], gm['certificate']['count']), (GM, 1, [], 1))
        self.assertEqual(standalone['certificate']['cosigners'], [GM])
        self.assertLess(gm['bytes']['server_flight'], standalone['bytes']['server_flight'])
        # What goes over the wire, but for ServerHello with a share of 1,153 bytes, CertificateVerify, Finished and headers.
        self.assertIn(gm['bytes']['server_flight'] - gm['certificate']['bytes'], range(1400, 1700))
        self.assertEqual(len(told['legacy']['scts']), 2)
        self.assertEqual(told['legacy']['scts'][0]['source'], 'certificate')
        self.assertEqual(len(told['legacy']['certificate']['subjects']), 3)
        self.assertEqual(server.stop(), ['GET / HTTP/1.1'] * 4)

    def test_words_for_people(self):
        server = self.serve()
        done = run('fetch', '--policy-check', 'off', f'https://{NAME}/', '--connect', server.address, *self.trust())
        self.assertEqual((done.status, done.err), (0, ''))
        for words in ('group          curveSM2MLKEM768', 'TLS_SM4_GCM_SM3', 'gm landmark', f'anchors sent   {GM}.2.1.1 {GM}', 'secure: landmark: trusted subtree', '200 OK, 11 bytes'):
            self.assertIn(words, done.out)

    def test_site_with_chains_alone(self):
        server = self.serve('gm-classic', 'intl-classic')
        for profile, suite in (('gm', 'gm'), ('intl', 'intl'), ('legacy', 'intl')):
            told = self.fetch(server, *self.trust(), '--as', profile)
            self.assertEqual((told['certificate']['suite'], told['certificate']['mode']), (suite, 'classic'))
            self.assertEqual(len(told['scts']), 2)
            self.assertIsNone(told['certificate']['ca'])

    def test_international_site_has_gm_clients(self):
        server = self.serve(self.pair('intl', ''), 'intl-classic')
        told = self.fetch(server, *self.trust())
        self.assertEqual((told['certificate']['suite'], told['certificate']['mode']), ('intl', 'standalone'))
        self.assertEqual(told['group'], 'X25519MLKEM768')

    # ---- who is trusted ----

    def test_without_landmarks_in_the_policy(self):
        server = self.serve()
        told = self.fetch(server, *self.cas(), *self.roots())
        self.assertEqual((told['certificate']['suite'], told['certificate']['mode']), ('gm', 'standalone'))

    def test_retry_with_an_id_of_the_server(self):
        """The client asks for a landmark whose subtrees it has not: the second connection asks for the CA's own ID."""
        server = self.serve()
        told = self.fetch(server, *self.cas(), *self.roots(), '--anchor', f'{GM}.2.1.{self.gm_landmark}')
        self.assertEqual(told['retry']['anchor'], GM)
        self.assertIn('not a trusted subtree', told['retry']['reason'])
        self.assertEqual(told['trust_anchors']['sent'], [GM])
        self.assertEqual((told['certificate']['suite'], told['certificate']['mode'], told['verdict']), ('gm', 'standalone', 'secure'))
        # With nothing else to try the first refusal is the answer.
        server = self.serve(self.pair('gm', '-landmark'))
        told = self.fetch(server, *self.cas(), *['--ca', self.path('intl-root.der')], '--anchor', f'{GM}.2.1.{self.gm_landmark}', status=1)
        self.assertEqual(told['verdict'], 'untrusted')
        self.assertIn('not a trusted subtree', told['reason'])

    def refused(self, server, words, *options, **more):
        told = self.fetch(server, *options, status=1, **more)
        self.assertEqual((told['verdict'], told['status'], told['body_bytes']), ('untrusted', None, None), told)
        self.assertIn(words, told['reason'])
        return told

    def test_nothing_is_sent_to_who_is_not_trusted(self):
        server = self.serve()
        self.refused(server, 'not for the name', *self.trust(), url='https://other.example.com/')
        self.refused(server, 'not for this IP address', *self.trust(), url='https://192.0.2.1/')
        self.refused(server, 'expired', *self.trust(), '--at', '2040-01-01T00:00:00Z')
        self.refused(server, 'not valid before', *self.trust(), '--at', '2020-01-01T00:00:00Z')
        self.refused(server, 'issuer', '--ca', self.path('intl-root.der'), '--as', 'gm')    # gets the SM2 chain
        self.refused(server, 'issuer', '--ca', self.path('gm-root.der'), '--as', 'legacy')
        everyone = write(self.path('revoked.txt'), f'revoked {GM} 0 {2**63}\n')
        told = self.refused(self.serve(self.pair('gm', '')), 'revoked', *self.cas(), '--policy', everyone)
        self.assertEqual((told['certificate']['suite'], told['certificate']['mode']), ('gm', 'standalone'))
        self.assertEqual(server.stop(), [])

    def test_forgotten_intermediate(self):
        server = self.serve('short:gm-classic', 'short:intl-classic')
        for profile, suite in (('gm', 'gm'), ('legacy', 'intl')):
            self.refused(server, 'issuer', *self.roots(), '--as', profile)
            told = self.fetch(server, *self.roots(), '--intermediate', self.path(f'{suite}-between.der'), '--as', profile)
            self.assertEqual(told['certificate']['suite'], suite)
            self.assertEqual(told['certificate']['count'], 1)

    def test_no_common_suite(self):
        server = self.serve('gm-classic')
        told = self.fetch(server, *self.roots(), '--as', 'intl', status=1)
        self.assertEqual((told['verdict'], told['certificate']['mode']), ('untrusted', None))
        self.assertIn('no TLS connection', told['reason'])

    # ---- what the policy says of Merkle Tree Certificates ----

    def judged(self, server, *options, status):
        done = run('fetch', f'https://{NAME}/', '--connect', server.address, *self.trust(), '--json', *options)
        self.assertEqual(done.status, status, done)
        return json.loads(done.out)

    def test_policy_asks_for_more_than_the_ca(self):
        """One that nobody but its CA has signed is not secure; by a landmark that the client holds it is."""
        server = self.serve()
        told = self.judged(server, status=0)
        self.assertEqual((told['verdict'], told['cosigners'], told['certificate']['mode']), ('secure', [], 'landmark'))
        done = run('fetch', f'https://{NAME}/', '--connect', server.address, *self.trust())
        self.assertIn('cosigners      none needed: good by a landmark that is held', done.out)
        told = self.judged(server, '--as', 'gm-no-landmarks', status=1)
        self.assertEqual((told['verdict'], told['worst'], told['policy']['built_in'], told['status']), ('not_secure', 'MT-01', True, 200))
        self.assertEqual(told['cosigners'], [{'id': GM, 'role': 'ca', 'operator': None, 'good': True, 'reason': None}])
        self.assertEqual(next(rule for rule in told['rules'] if rule['id'] == 'MT-01')['result'], 'fail')
        told = self.judged(server, '--as', 'gm-no-landmarks', '--policy-check', 'warn', status=0)
        self.assertEqual(told['verdict'], 'not_secure')

    # ---- sessions ----

    def test_resumed_handshake(self):
        server = self.serve()
        for profile in KINDS:
            first, second = self.fetch(server, *self.trust(), '--as', profile, '--resume')
            self.assertEqual((first['resumed'], second['resumed']), (False, True), profile)
            self.assertEqual((second['certificate']['suite'], second['certificate']['mode']), KINDS[profile])
            self.assertLess(second['bytes']['server_flight'], first['bytes']['server_flight'])
            self.assertEqual(second['bytes']['certificate_message'], 0)
            self.assertEqual((second['verdict'], second['status'], second['signature']), ('secure', 200, first['signature']))
        self.assertEqual([told['resumed'] for told in self.fetch(server, *self.trust(), '--repeat', '3')], [False] * 3)
        # Each ticket is used once; whether a resumed connection brings another is the server's affair: ours does so
        # (tests/e2e/gateway/test_clients.py).
        told = [told['resumed'] for told in self.fetch(server, *self.trust(), '--repeat', '3', '--resume')]
        self.assertEqual(told[:2], [False, True])

    # ---- HTTP ----

    def test_answers(self):
        server = self.serve('intl-classic')
        for path, status, size in (('chunked', 200, 11), ('until-close', 200, 11), ('hints', 200, 11), ('missing', 404, 4), ('empty', 204, 0)):
            told = self.fetch(server, *self.roots(), url=f'https://{NAME}/{path}')
            self.assertEqual((told['status'], told['body_bytes'], told['verdict']), (status, size, 'secure'), path)
        for path, words in (('short', 'the connection ended in the middle'), ('garbage', ''), ('two-lengths', ''), ('endless-hints', ''), ('nothing', '')):
            told = self.fetch(server, *self.roots(), url=f'https://{NAME}/{path}', status=1)
            self.assertEqual(told['verdict'], 'secure', path)
            self.assertIn('HTTP: ' + words, told['reason'], path)
        told = self.fetch(server, *self.roots(), '--head', url=f'https://{NAME}/missing?q=1#part')
        self.assertEqual((told['status'], told['body_bytes']), (404, 0))
        start = time.monotonic()
        told = self.fetch(server, *self.roots(), '--timeout', '1', url=f'https://{NAME}/silence', status=3)
        self.assertIn('in time', told['reason'])
        self.assertLess(time.monotonic() - start, 10)
        self.assertIn('HEAD /missing?q=1 HTTP/1.1', server.stop())

    def test_output(self):
        server = self.serve('intl-classic')
        path = self.path('page')
        self.fetch(server, *self.roots(), '--output', path)
        self.assertEqual(read(path), b'hello world')
        done = run('fetch', f'https://{NAME}/chunked', '--connect', server.address, *self.roots(), '--output', '-')
        self.assertEqual((done.status, done.out, done.err), (0, 'hello world', ''))
        done = run('fetch', 'https://other.example.com/', '--connect', server.address, *self.roots(), '--output', '-')
        self.assertEqual((done.status, done.out), (1, ''))
        self.assertIn('not for the name', done.err)
        done = run('fetch', f'https://{NAME}/', '--connect', server.address, *self.roots(), '--output', self.path('no/such/folder'))
        self.assertEqual((done.status, done.out), (3, ''))

    # ---- the surroundings ----

    def test_nobody_there(self):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            address = '127.0.0.1:%d' % s.getsockname()[1]
            told = self.fetch(address, *self.roots(), status=3)   # bound, nobody listens
            self.assertIsNone(told['verdict'])
            self.assertIn('refused', told['reason'])
            s.listen()
            told = self.fetch(address, *self.roots(), '--timeout', '1', status=3)
            self.assertEqual((told['verdict'], told['certificate']['mode']), (None, None))
            self.assertIn('in time', told['reason'])

    def answer_plainly(self, listener, text):
        peer, _ = listener.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(text)

    def test_no_tls(self):
        for text, status in ((b'HTTP/1.1 400 Bad Request\r\n\r\n', (1, 3)), (b'', (3,)), (b'\x15\x03\x03\x00\x02\x02\x28', (1,))):
            with self.subTest(text), socket.socket() as s:
                s.bind(('127.0.0.1', 0))
                s.listen()
                thread = threading.Thread(target=self.answer_plainly, args=(s, text))
                thread.start()
                done = run('fetch', f'https://{NAME}/', '--connect', '127.0.0.1:%d' % s.getsockname()[1], *self.roots(), '--json')
                thread.join()
                self.assertIn(done.status, status, done)
                self.assertIn('no TLS connection', json.loads(done.out)['reason'])

    # ---- usage ----

    def test_wrong_usage(self):
        good = ['--connect', '127.0.0.1:1', *self.roots()]
        for options, words in (
                ((), 'URL'), ((f'https://{NAME}/',), 'who is trusted'), ((f'http://{NAME}/', *good), 'only https'), (('https://', *good), 'https://'),
                ((f'https://a@{NAME}/', *good), NAME), ((f'https://{NAME}/', *good, '--as', 'netscape'), 'netscape'),
                ((f'https://{NAME}/', *self.roots(), '--connect', '127.0.0.1'), 'ADDR:PORT'),
                ((f'https://{NAME}/', *self.roots(), '--connect', 'localhost:1'), '--connect'),
                ((f'https://{NAME}/', *self.roots(), '--connect', '::1:1'), 'ADDR:PORT'),
                ((f'https://{NAME}/', *good, '--trust', self.folder), '--trust and --ca'), ((f'https://{NAME}/', '--trust', self.path('none')), '--trust'),
                ((f'https://{NAME}/', *good, '--anchor', 'x'), '--anchor'), ((f'https://{NAME}/', *good, '--ca', self.path('none')), 'none'),
                ((f'https://{NAME}/', *good, '--policy', self.path('gm-root.der')), 'line 1'), ((f'https://{NAME}/', *good, '--timeout', '0'), '--timeout'),
                ((f'https://{NAME}/', *good, '--json', '--output', '-'), '--output'), ((f'https://{NAME}/', *good, '--at', 'noon'), '--at')):
            done = run('fetch', *options)
            self.assertEqual((done.status, done.out), (2, ''), (options, done))
            self.assertIn(words, done.err)

    def test_trust_directory(self):
        server = self.serve('gm-classic', 'intl-classic')
        folder = self.path('trust')
        self.must('trust', 'import', '--dir', folder, '--root', self.path('gm-root.der'), '--root', self.path('intl-root.der'))
        for profile, suite in (('gm', 'gm'), ('intl', 'intl')):
            self.assertEqual(self.fetch(server, '--trust', folder, '--as', profile)['certificate']['suite'], suite)


if __name__ == '__main__':
    unittest.main()
