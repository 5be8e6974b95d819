"""`cathaya ca classic`: root, issuing CA and the root's CRL, judged by openssl."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import openssl_crl

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(HERE, '..', '..', '..', 'build', 'cathaya')
SIGNER = '''socket = "signer.sock"
state = "state"
key "root" {{
    algorithm = "{algorithm}"
    key = "root.pem"
    kinds = {{"crl"}}
}}
'''


def cathaya(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60)


def openssl(*words):
    return subprocess.run(['openssl', *words], capture_output=True, text=True, timeout=60)


class Classic(unittest.TestCase):
    suite, algorithm, digest = 'intl', 'ecdsa_p256_sha256', []

    @classmethod
    def setUpClass(cls):
        if not shutil.which('openssl'):
            raise unittest.SkipTest('openssl is not installed')

    def setUp(self):
        # A short name: the path of a socket has 107 bytes.
        self.box = tempfile.mkdtemp(prefix='cc-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.box)
        self.dir = self.at('r1')

    def at(self, *parts):
        return os.path.join(self.box, *parts)

    def init(self, *more, folder=None):
        return cathaya('ca', 'classic', 'init', '--suite', self.suite, '--organisation', 'Example', '--url',
                       'http://ca.example/r1', *more, folder or self.dir)

    def made(self, *more):
        done = self.init(*more)
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        return done.stdout

    def crl(self, *more, folder=None):
        return cathaya('ca', 'classic', 'crl', *more, folder or self.dir)

    def no(self, done, status, *says):
        self.assertEqual((done.returncode, done.stdout), (status, ''), done)
        for word in says:
            self.assertIn(word, done.stderr)

    def number(self):
        """The number of root.crl, which openssl has verified with root.pem."""
        done = openssl('crl', '-in', self.at(self.dir, 'public', 'root.crl'), '-inform', 'DER', '-CAfile',
                       self.at(self.dir, 'root.pem'), '-noout', '-crlnumber')
        self.assertEqual(done.returncode, 0, done)
        self.assertIn('verify OK', done.stderr)
        return int(re.search(r'crlNumber=(?:0x)?([0-9A-F]+)', done.stdout).group(1), 16)

    def read(self, *parts):
        with open(self.at(self.dir, *parts), 'rb') as file:
            return file.read()

    def test_chain(self):
        self.made()
        crl = self.at('root.crl.pem')
        done = openssl('crl', '-in', self.at(self.dir, 'public', 'root.crl'), '-inform', 'DER', '-out', crl)
        self.assertEqual(done.returncode, 0, done)
        done = openssl('verify', '-CAfile', self.at(self.dir, 'root.pem'), '-CRLfile', crl, '-crl_check', '-x509_strict',
                       self.at(self.dir, 'issuing.pem'))
        self.assertEqual(done.returncode, 0, done)

    def test_crl_is_signed_anew(self):
        self.made()
        self.assertEqual(self.number(), 1)
        for number in (2, 3):
            done = self.crl()
            self.assertEqual((done.returncode, done.stderr), (0, ''), done)
            self.assertRegex(done.stdout, rf'root.crl: number {number}, 0 revoked, good until 20')
            self.assertEqual(self.number(), number)
        # One that is lost: its numbers do not come again.
        os.unlink(self.at(self.dir, 'public', 'root.crl'))
        self.assertEqual(self.crl().returncode, 0)
        number = self.number()
        self.assertGreater(number, 1000000000)
        self.assertEqual(self.crl().returncode, 0)
        self.assertEqual(self.number(), number + 1)

    def test_root_key_elsewhere(self):
        self.made()
        shutil.move(self.at(self.dir, 'keys', 'root.pem'), self.at('root.pem'))
        self.no(self.crl(), 2, 'keys/root.pem')
        for name in (self.at('root.pem'), 'file:' + self.at('root.pem')):
            number = self.number()
            done = self.crl('--key', name)
            self.assertEqual((done.returncode, done.stderr), (0, ''), done)
            self.assertEqual(self.number(), number + 1)
        before = self.read('public', 'root.crl')
        self.no(self.crl('--key', self.at(self.dir, 'keys', 'issuing.pem')), 2, 'root.pem')
        self.no(self.crl('--key-provider', 'x'), 2, 'goes with --key')
        os.chmod(self.at('root.pem'), 0o640)
        self.no(self.crl('--key', self.at('root.pem')), 2, 'others may read', 'chmod 600')
        self.assertEqual(self.read('public', 'root.crl'), before)

    def test_root_key_in_a_signer(self):
        self.made()
        shutil.move(self.at(self.dir, 'keys', 'root.pem'), self.at('root.pem'))
        with open(self.at('signer.conf'), 'w', encoding='ascii') as file:
            file.write(SIGNER.format(algorithm=self.algorithm))
        with subprocess.Popen([PROGRAM, 'signer', 'run', '--config', self.at('signer.conf')], stderr=subprocess.PIPE) as signer:
            try:
                self.assertIn(b'signer: 1 key at', signer.stderr.readline())
                done = self.crl('--key', f'signer:{self.at("signer.sock")}#root')
            finally:
                signer.terminate()
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        self.assertEqual(self.number(), 2)

    def test_wrong_lists(self):
        self.made()
        done = self.init(folder=self.at('other'))
        self.assertEqual(done.returncode, 0, done)
        path = self.at(self.dir, 'public', 'root.crl')
        good = self.read('public', 'root.crl')
        # The same names and another key; a bit; no list.
        for content, says in ((self.read(self.at('other', 'public', 'root.crl')), 'not signed by this root'),
                              (good[:-1] + bytes([good[-1] ^ 1]), 'not signed by this root'), (b'x', 'root.crl')):
            with open(path, 'wb') as file:
                file.write(content)
            self.no(self.crl(), 2, says)
            self.assertEqual(self.read('public', 'root.crl'), content)
        self.no(self.crl(folder=self.at('nothing')), 2, 'nothing')


    def test_issuing_key_elsewhere(self):
        key = self.at('issuing.pem')
        kind = ['-algorithm', 'SM2'] if self.suite == 'gm' else ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
        done = openssl('genpkey', *kind, '-out', key)
        self.assertEqual(done.returncode, 0, done)
        self.no(self.init('--key', f'signer:{self.at("signer.sock")}#ca', folder=self.at('failed0')), 3, 'cannot connect')
        os.chmod(key, 0o644)
        self.no(self.init('--key', key, folder=self.at('failed')), 2, 'others may read')
        os.chmod(key, 0o600)
        self.made('--key', key)
        self.assertEqual(os.listdir(self.at(self.dir, 'keys')), ['root.pem'])
        self.assertIn(f'key = "{key}"', self.read('classic.conf').decode())
        spki = openssl('pkey', '-in', key, '-pubout').stdout
        self.assertEqual(openssl('x509', '-in', self.at(self.dir, 'issuing.pem'), '-noout', '-pubkey').stdout, spki)
        # The service finds it there.
        other = cathaya('ca', 'init', '--suite', 'gm', '--id', '32473.1', self.at('gm'))
        self.assertEqual(other.returncode, 0, other)
        with open(self.at('gm', 'run.conf'), 'a', encoding='ascii') as file:
            file.write(f'classic "r1" {{ directory = "{self.dir}" }}\nprofile "{self.suite}-classic" {{ ca = "r1" }}\n')
        done = cathaya('ca', 'run', '--check-config', '--config', self.at('gm', 'run.conf'))
        self.assertEqual(done.returncode, 0, done)
        os.unlink(key)
        done = cathaya('ca', 'run', '--check-config', '--config', self.at('gm', 'run.conf'))
        self.assertEqual(done.returncode, 2, done)
        self.assertIn(key, done.stderr)

    def test_issuing_key_in_a_signer(self):
        self.assertEqual(self.init(folder=self.at('other')).returncode, 0)
        shutil.move(self.at('other', 'keys', 'issuing.pem'), self.at('root.pem'))
        with open(self.at('signer.conf'), 'w', encoding='ascii') as file:
            file.write(SIGNER.format(algorithm=self.algorithm).replace('"crl"', '"crl", "certificate"'))
        with subprocess.Popen([PROGRAM, 'signer', 'run', '--config', self.at('signer.conf')], stderr=subprocess.PIPE) as signer:
            try:
                self.assertIn(b'signer: 1 key at', signer.stderr.readline())
                self.made('--key', f'signer:{self.at("signer.sock")}#root')
            finally:
                signer.terminate()
        self.assertEqual(os.listdir(self.at(self.dir, 'keys')), ['root.pem'])
        spki = openssl('pkey', '-in', self.at('root.pem'), '-pubout').stdout
        self.assertEqual(openssl('x509', '-in', self.at(self.dir, 'issuing.pem'), '-noout', '-pubkey').stdout, spki)

    def test_entries_stay(self):
        """A list that another program has made with the root's key, because an issuing CA is revoked."""
        if self.suite == 'gm':
            self.skipTest('one suite is enough')
        self.made()
        openssl_crl.make(self.dir, ['-crldays', '30'], revoked='01ff')
        self.assertEqual(self.number(), openssl_crl.NUMBER)
        self.assertRegex(self.crl().stdout, f'number {openssl_crl.NUMBER + 1}, 1 revoked')
        self.assertEqual(self.number(), openssl_crl.NUMBER + 1)
        text = openssl('crl', '-in', self.at(self.dir, 'public', 'root.crl'), '-inform', 'DER', '-noout', '-text').stdout
        self.assertIn('Serial Number: 01FF', text)
        self.assertIn('CA Compromise', text)
        # One that begins after now is not followed by an earlier one.
        openssl_crl.make(self.dir, ['-crl_lastupdate', '20900101000000Z', '-crl_nextupdate', '20910101000000Z'])
        self.no(self.crl(), 2, 'newer than the clock')


class GmClassic(Classic):
    suite, algorithm = 'gm', 'sm2_sm3'

    def number(self):
        """As openssl reads it; crl -CAfile has no way to say which SM2 identifier."""
        done = openssl('crl', '-in', self.at(self.dir, 'public', 'root.crl'), '-inform', 'DER', '-noout', '-crlnumber')
        self.assertEqual(done.returncode, 0, done)
        return int(re.search(r'crlNumber=(?:0x)?([0-9A-F]+)', done.stdout).group(1), 16)

    def test_chain(self):
        self.made()
        done = openssl('verify', '-CAfile', self.at(self.dir, 'root.pem'), '-vfyopt', 'distid:1234567812345678',
                       self.at(self.dir, 'issuing.pem'))
        self.assertEqual(done.returncode, 0, done)


if __name__ == '__main__':
    result = unittest.main(verbosity=2, exit=False).result
    sys.exit(0 if result.wasSuccessful() and len(result.skipped) < max(result.testsRun, 1) else 77 if result.wasSuccessful() else 1)
