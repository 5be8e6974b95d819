"""A CA whose key is in a signer process: issues, survives the signer's death, and gets no second history."""
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'ca'))

import ca_world
from ca_world import Ca, CaTest, run, write

ORIGIN = 'oid/1.3.6.1.4.1.32473.1.0.1'
CONFIG = '''socket = "signer.sock"
state = "state"
key "ca" {{
    algorithm = "{algorithm}"
    key = "key.pem"
    kinds = {{"log", "crl", "revocations"}}
    hash = "{hash}"
    cosigner = "32473.1"
    {more}
}}
'''


class Signer(CaTest):
    suite, algorithm, hash, kind = 'gm', 'sm2_sm3', 'sm3', 'sm2'

    def setUp(self):
        # A short name: the path of a socket has 107 bytes.
        self.box = tempfile.mkdtemp(prefix='cs-', dir='/tmp')
        self.addCleanup(shutil.rmtree, self.box)
        self.process, self.words = None, ''
        self.addCleanup(self.stop)
        # A CA that was nothing else gives the key.
        done = run('ca', 'init', '--suite', self.suite, '--id', '32473.1', self.at('other'))
        self.assertEqual(done.status, 0, done)
        shutil.move(self.at('other', 'keys', 'ca.pem'), self.at('key.pem'))
        self.ca = Ca(self, self.at('ca'))
        self.key = f'signer:{self.at("signer.sock")}#ca'
        self.configure()

    def at(self, *parts):
        return os.path.join(self.box, *parts)

    def configure(self, more=''):
        write(self.at('signer.conf'), CONFIG.format(algorithm=self.algorithm, hash=self.hash, more=more))

    def start(self):
        self.process = subprocess.Popen([ca_world.PROGRAM, 'signer', 'run', '--config', self.at('signer.conf')],
                                        stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        self.assertIn('signer: 1 key at', line)

    def stop(self, number=signal.SIGTERM):
        """The exit status; what it said is in self.words."""
        if self.process is None:
            return None
        self.process.send_signal(number)
        self.words += self.process.communicate(timeout=30)[1].decode()
        status, self.process = self.process.returncode, None
        return status

    def init(self):
        done = run('ca', 'init', '--suite', self.suite, '--id', '32473.1', '--key', self.key, self.ca.dir)
        self.assertEqual((done.status, done.err), (0, ''), done)

    def refused(self, ca, name, says):
        """No certificate: the signer says why; the log is left to be recovered."""
        done = ca.run('issue', '--csr', self.csr(self.kind, name))
        self.assertEqual((done.status, done.out), (1, ''), done)
        self.assertRegex(done.err.splitlines()[0], r'\Acathaya: signer .*: ' + '.*(' + says + ')')

    def issue(self, *names):
        return self.ca.issue(*[self.csr(self.kind, name) for name in names])


class SignerTest(Signer):
    def test_issues_without_its_key(self):
        self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.at('signer.sock')).st_mode), 0o600)
        self.init()
        self.assertFalse(os.path.exists(self.ca.path('keys', 'ca.pem')))
        self.issue('a.example.com')
        index = self.issue('b.example.com', 'c.example.com')[1]
        self.ca.good(self.ca.certificate(index), 'standalone', 'c.example.com')
        self.ca.audit()
        self.ca.fsck()
        self.ca.ok('log', 'rotate')
        self.issue('d.example.com')
        self.ca.audit(2)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.words, '')
        self.assertFalse(os.path.exists(self.at('signer.sock')))

    def test_signer_is_killed(self):
        self.start()
        self.init()
        self.issue('a.example.com')
        self.stop(signal.SIGKILL)
        self.assertTrue(os.path.exists(self.at('signer.sock')))
        # Nobody there: the batch is committed before it is signed, and the next start goes on.
        self.ca.no(3, ('issue', '--csr', self.csr(self.kind, 'b.example.com')), 'signer', 'connect')
        self.start()
        self.issue('c.example.com')
        self.stop(signal.SIGKILL)
        self.start()
        self.issue('d.example.com')
        self.ca.fsck()
        self.ca.audit()

    def test_signer_dies_under_a_running_command(self):
        """Killed and started again at some moment of a batch: the command goes on or the next one does."""
        self.start()
        self.init()
        csr = self.csr(self.kind, 'a.example.com')
        for delay_ms in (0, 5, 10, 20, 40, 80):
            command = subprocess.Popen([ca_world.PROGRAM, 'ca', 'issue', '--dir', self.ca.dir, '--csr', csr],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(delay_ms / 1000)  # not to wait for something: to hit another moment
            self.stop(signal.SIGKILL)
            self.start()
            error = command.communicate(timeout=60)[1]
            self.assertIn(command.returncode, (0, 3), error)
            self.ca.fsck()
        self.ca.audit()

    def test_an_old_copy_signs_nothing(self):
        self.start()
        self.init()
        self.issue('a.example.com')
        shutil.copytree(self.ca.dir, self.at('old'))
        shutil.copytree(self.ca.dir, self.at('grown'))
        self.issue('b.example.com')
        size = self.ca.status()['size']
        old = Ca(self, self.at('old'))
        # The old record with the old checkpoint: nothing in the directory says that it is old.
        self.refused(old, 'z.example.com', 'another root')
        # It does not get better by trying again, nor when the other history is longer than what was signed.
        done = old.run('issue', '--csr', self.csr(self.kind, 'y.example.com'))
        self.assertIn('another root', done.err)
        grown = Ca(self, self.at('grown'))
        batch = [word for i in range(3) for word in ('--csr', self.csr(self.kind, f'z{i}.example.com'))]
        done = grown.run('issue', *batch)
        self.assertEqual((done.status, done.out), (1, ''), done)
        self.assertIn('second history', done.err)
        self.issue('c.example.com')
        self.assertGreater(self.ca.status()['size'], size)
        self.ca.audit()
        self.stop()
        self.assertIn('not signed', self.words)

    def test_memory_is_lost_and_adopted(self):
        self.start()
        self.init()
        self.issue('a.example.com')
        self.stop()
        shutil.rmtree(self.at('state'))
        self.start()
        self.refused(self.ca, 'b.example.com', 'adopt')
        self.stop()
        self.configure(f'adopt = {{"{ORIGIN}"}}')
        self.start()
        self.issue('c.example.com')
        self.stop()
        self.configure()
        self.start()
        self.issue('d.example.com')
        self.ca.audit()

    def test_two_signers(self):
        self.start()
        done = run('signer', 'run', '--config', self.at('signer.conf'))
        self.assertNotEqual(done.status, 0)
        self.assertIn('has it open for writing', done.err)
        write(self.at('other.conf'), CONFIG.format(algorithm=self.algorithm, hash=self.hash, more='').replace('"state"', '"state2"'))
        done = run('signer', 'run', '--config', self.at('other.conf'))
        self.assertNotEqual(done.status, 0)
        self.assertIn('another process listens here', done.err)

    def test_garbage_does_not_hurt(self):
        self.start()
        self.init()
        for data in (b'\0\0\0\0', b'\xff\xff\xff\xff', b'\0\0\0\2\1\6', b'\0\0\0\1', b'x'):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.at('signer.sock'))
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                answer = b''
                while chunk := client.recv(4096):
                    answer += chunk
                if data == b'\0\0\0\2\1\6':
                    self.assertEqual(answer[4:6], b'\1\4')
                    self.assertEqual(struct.unpack('>I', answer[:4])[0], len(answer) - 4)
                else:
                    self.assertEqual(answer, b'')
        self.issue('a.example.com')

    def test_wrong_names(self):
        self.start()
        for key, says in ((f'signer:{self.at("signer.sock")}#cb', 'no such key'), (f'signer:{self.at("signer.sock")}', 'SOCKET#KEYID'),
                          (f'signer:{self.at("nobody.sock")}#ca', 'cannot connect'), (self.at('nothing.pem'), 'nothing.pem'),
                          ('no-such-scheme:x', 'no private key')):
            done = run('ca', 'init', '--suite', self.suite, '--id', '32473.1', '--key', key, self.at('failed'))
            self.assertIn(done.status, (2, 3), done)
            self.assertIn(says, done.err)
            shutil.rmtree(self.at('failed'), ignore_errors=True)
        # The CA of another ID, or a key of another algorithm.
        done = run('ca', 'init', '--suite', self.suite, '--id', '32473.2', '--key', self.key, self.at('failed'))
        self.assertIn(done.status, (1, 2), done)
        self.assertIn("none of this key's logs", done.err)

    def test_key_in_a_file_elsewhere(self):
        for key in (self.at('key.pem'), f'file:{self.at("key.pem")}'):
            ca = Ca(self, self.at('ca-of-' + key.split(':')[0].replace('/', '-')))
            done = run('ca', 'init', '--suite', self.suite, '--id', '32473.1', '--key', key, ca.dir)
            self.assertEqual((done.status, done.err), (0, ''), done)
            ca.issue(self.csr(self.kind, 'a.example.com'))
            ca.audit()

    def test_cosigner_with_its_key_elsewhere(self):
        """Of a file, of a URI; and what is no such key changes nothing."""
        done = run('ca', 'init', '--suite', self.suite, '--id', '32473.1', self.ca.dir)
        self.assertEqual(done.status, 0, done)
        before = ca_world.read(self.ca.path('ca.conf'))
        for key, says in ((self.at('nothing.pem'), 'nothing.pem'), (f'signer:{self.at("nobody.sock")}#ca', 'cannot connect')):
            done = self.ca.run('cosigner', 'add', '--id', '32473.9', '--alg', self.algorithm, '--key', key)
            self.assertIn(done.status, (2, 3), done)
            self.assertIn(says, done.err)
        done = self.ca.run('cosigner', 'add', '--id', '32473.9', '--alg', 'ed25519', '--key', self.at('key.pem'))
        self.assertEqual(done.status, 2, done)
        self.assertEqual(ca_world.read(self.ca.path('ca.conf')), before)
        self.ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', self.algorithm, '--key', self.at('key.pem'))
        self.assertEqual(os.listdir(self.ca.path('keys')), ['ca.pem'])
        self.issue('a.example.com')
        index = self.issue('b.example.com')[0]
        self.ca.good(self.ca.certificate(index), 'standalone', 'b.example.com', self.ca.path('policy.txt'))
        self.ca.audit()

    def test_cosigner_in_a_signer(self):
        self.configure(f'logs = {{"{ORIGIN}"}}')
        text = ca_world.read(self.at('signer.conf')).decode().replace('"32473.1"', '"32473.9"')
        write(self.at('signer.conf'), text)
        self.start()
        done = run('ca', 'init', '--suite', self.suite, '--id', '32473.1', self.ca.dir)
        self.assertEqual(done.status, 0, done)
        self.ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', self.algorithm, '--key', self.key)
        self.issue('a.example.com')
        index = self.issue('b.example.com')[0]
        self.ca.good(self.ca.certificate(index), 'standalone', 'b.example.com', self.ca.path('policy.txt'))
        self.ca.audit()
        self.stop()
        self.ca.no(3, ('issue', '--csr', self.csr(self.kind, 'c.example.com')), 'signer', 'connect')

    def test_check_config(self):
        done = run('signer', 'run', '--config', self.at('signer.conf'), '--check-config')
        self.assertEqual((done.status, done.err), (0, ''), done)
        for old, new, says in (('"crl", ', '"certificate", ', 'no certificates'), ('"crl", ', '"x", ', 'none of log'),
                               ('"32473.1"', '"x"', 'cosigner'), (f'"{self.hash}"\n', '"md5"\n', 'sm3'), ('key.pem', 'no.pem', 'no.pem'),
                               ('key "ca"', 'key "C/a"', 'a-z'), ('state =', 'estate =', 'estate')):
            text = CONFIG.format(algorithm=self.algorithm, hash=self.hash, more='')
            write(self.at('bad.conf'), text.replace(old, new, 1))
            done = run('signer', 'run', '--config', self.at('bad.conf'), '--check-config')
            self.assertEqual(done.status, 2, (new, done))
            self.assertIn(says, done.err)
        os.chmod(self.at('key.pem'), 0o644)
        done = run('signer', 'run', '--config', self.at('signer.conf'), '--check-config')
        self.assertEqual(done.status, 2)
        self.assertIn('others may read', done.err)


class IntlSignerTest(Signer):
    suite, algorithm, hash, kind = 'intl', 'mldsa44', 'sha256', 'p256'

    def test_issues(self):
        self.start()
        self.init()
        self.issue('a.example.com')
        index = self.issue('b.example.com')[0]
        self.ca.good(self.ca.certificate(index), 'standalone', 'b.example.com')
        self.ca.audit()


class ProviderTest(Signer):
    """A key that a provider keeps to itself: in the CA's process, and in the signer's."""
    suite, algorithm, hash, kind = 'intl', 'ed25519', 'sha256', 'p256'

    def configure(self, more=''):
        text = CONFIG.format(algorithm=self.algorithm, hash=self.hash, more=f'provider = "{self.provider()}"')
        write(self.at('signer.conf'), text.replace('key.pem', 'cathayatest:alice'))

    @staticmethod
    def provider():
        return os.environ.get('CATHAYA_TEST_PROVIDER') or os.path.join(ca_world.ROOT, 'build', 'tests', 'cathayatest.so')

    def init(self, *options):
        done = run('ca', 'init', '--suite', 'intl', '--alg', 'ed25519', '--id', '32473.1', *options, self.ca.dir)
        self.assertEqual((done.status, done.err), (0, ''), done)

    def check_issues(self):
        self.issue('a.example.com')
        index = self.issue('b.example.com')[0]
        self.ca.good(self.ca.certificate(index), 'standalone', 'b.example.com')
        self.ca.audit()

    def test_in_the_ca(self):
        self.init('--key', 'cathayatest:alice', '--key-provider', self.provider())
        self.check_issues()
        self.ca.settings(key='"cathayatest:bob"')
        self.ca.no(2, ('issue', '--csr', self.csr(self.kind, 'c.example.com')), 'is not the key of ca.pem')

    def test_in_the_signer(self):
        self.start()
        self.init('--key', self.key)
        self.check_issues()


if __name__ == '__main__':
    unittest.main()
