"""CAs of `cathaya ca` in a scratch folder, driven as a user does, and read by the independent reading."""
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
PROGRAM = os.environ.get('CATHAYA_PROGRAM') or os.path.join(ROOT, 'build', 'cathaya')
MAKE_CSR = os.environ.get('CATHAYA_MAKE_CSR') or os.path.join(ROOT, 'build', 'tests', 'e2e', 'ca', 'make_csr')
FIXTURES = os.path.join(HERE, 'fixtures')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'independent'))

import der
import log as independent_log
import mtc
import x509

ALGORITHMS = '''algorithm "slhdsa128f" {
  oid = "2.16.840.1.101.3.4.3.21"
  evp = "SLH-DSA-SHA2-128f"
}
'''
# Policies have dates, and tests have names and keys that no client takes: --policy-check has tests of its own (test_policy.py).
UNJUDGED = ('--policy-check', 'off')
Done = collections.namedtuple('Done', 'status out err')


def run(*arguments, **more):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=120, **more)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, content):
    with open(path, 'wb') as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


def files_below(folder):
    """{relative path: content}; the lock, which names the last process, is left out."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if name != 'lock':
                found[os.path.relpath(path, folder)] = read(path)
    return found


def read_ca(path):
    return mtc.Ca(x509.from_file(read(path)))


class Ca:
    """One CA directory."""

    def __init__(self, test, folder):
        self.test, self.dir, self.pem = test, folder, os.path.join(folder, 'ca.pem')

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def run(self, *words, **more):
        """`cathaya ca WORDS --dir DIR OPTIONS`: words are the command's, up to the first option."""
        return run('ca', *words, '--dir', self.dir, **more)

    def ok(self, *words):
        done = self.run(*words)
        self.test.assertEqual((done.status, done.err), (0, ''), (words, done))
        return done.out

    def no(self, status, words, *says):
        """A refusal: exit status, nothing on stdout, and a reason that says these things."""
        done = self.run(*words)
        self.test.assertEqual((done.status, done.out), (status, ''), (words, done))
        self.test.assertRegex(done.err, r'\Acathaya: [^\n]+\n\Z')
        for word in says:
            self.test.assertIn(word, done.err)
        return done.err

    def damaged(self, *says):
        """fsck's answer to a log that cannot be opened: a problem on stdout, and no."""
        done = self.run('fsck')
        self.test.assertEqual((done.status, done.err), (1, ''), done)
        self.test.assertRegex(done.out, r'\Aproblem: [^\n]+\nlog [0-9]+: FAIL; [^\n]+\n\Z')
        for word in says:
            self.test.assertIn(word, done.out)

    def put_key(self, name, content):
        write(self.path('keys', name), content)
        os.chmod(self.path('keys', name), 0o600)

    def settings(self, **values):
        text = read(self.path('ca.conf')).decode()
        for name, value in values.items():
            text, count = re.subn(rf'(?m)^{name.replace("_", "-")} = .*$', f'{name.replace("_", "-")} = {value}', text)
            self.test.assertEqual(count, 1, name)
        write(self.path('ca.conf'), text)

    def status(self, *options):
        return json.loads(self.ok('status', '--json', *options))

    def issue(self, *csrs, more=UNJUDGED):
        """Indexes of the new entries, one batch; what the policy says on the day of the test is no matter here."""
        options = [word for csr in csrs for word in ('--csr', csr)]
        lines = [json.loads(line) for line in self.ok('issue', '--json', *options, *more).splitlines()]
        self.test.assertEqual([line['file'] for line in lines], list(csrs))
        first = lines[0]['index']
        self.test.assertEqual([line['index'] for line in lines], list(range(first, first + len(csrs))))
        for line in lines:
            self.test.assertEqual(line['serial'], str(line['log'] << 48 | line['index']))
        return [line['index'] for line in lines]

    def landmark(self):
        return json.loads(self.ok('landmark', '--json'))

    def certificate(self, index, *options):
        """The PEM of an entry, in a file."""
        words = ''.join(options).replace('--', '-')
        path = f'{self.dir}-{index}{words}.pem'
        return write(path, self.ok('certificate', '--index', str(index), *options))

    def subtrees(self, *options):
        """A policy with the active landmarks, in a file."""
        return write(f'{self.dir}-subtrees.txt', self.ok('subtrees', *options))

    def fsck(self, *options):
        out = self.ok('fsck', '--json', *options)
        report = json.loads(out)
        self.test.assertEqual((report['ok'], report['problems']), (True, 0))
        return report

    def audit(self, log_number=1, min_index=0, at=None):
        """The published log from its entries up, by the independent reading."""
        found = independent_log.Log(self.path('public', str(log_number)), read_ca(self.pem), min_index)
        return found.check(time.time() if at is None else at)

    def judge(self, certificate, dns=None, policy=None, at=None):
        """(accepted, reason) of the independent reading."""
        ca = read_ca(self.pem)
        text = read(policy).decode() if policy else ''
        return mtc.judge(x509.from_file(read(certificate)), ca, mtc.Policy(text, ca), time.time() if at is None else at, dns)

    def verify(self, certificate, *options):
        return run('verify', '--ca', self.pem, *options, certificate)

    def good(self, certificate, word, dns, policy=None, *options):
        """Both readings accept it, for this name and no other; word is of our reason."""
        policy_options = ('--policy', policy) if policy else ()
        done = self.verify(certificate, '--dns', dns, *policy_options, *options)
        self.test.assertEqual((done.status, done.err), (0, ''), done)
        self.test.assertIn(f'OK {word}', done.out)
        wrong = self.verify(certificate, '--dns', 'other.invalid.example', *policy_options, *options)
        self.test.assertEqual(wrong.status, 1, wrong)
        if not options:
            accepted, reason = self.judge(certificate, dns, policy)
            self.test.assertTrue(accepted, reason)
            self.test.assertFalse(self.judge(certificate, 'other.invalid.example', policy)[0])

    def refuses(self, csrs, *says, status=1, more=()):
        """No entry for these CSRs: the reason says why, and nothing of the log has changed."""
        before, files = self.status(), files_below(self.path('log')) | files_below(self.path('public'))
        options = [word for csr in csrs for word in ('--csr', csr)]
        error = self.no(status, ('issue', *options, *more), *says)
        self.test.assertEqual(self.status(), before)
        self.test.assertEqual(files_below(self.path('log')) | files_below(self.path('public')), files)
        return error


class CaTest(unittest.TestCase):
    longMessage = True
    _csrs = {}

    @classmethod
    def setUpClass(cls):
        # In memory, where there is such a place: nothing here cuts the power.
        memory = '/dev/shm' if 'TMPDIR' not in os.environ and os.access('/dev/shm', os.W_OK | os.X_OK) else None
        scratch = tempfile.TemporaryDirectory(prefix='cathaya-e2e-', dir=memory)
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name

    @classmethod
    def path(cls, *parts):
        return os.path.join(cls.folder, *parts)

    def csr(self, kind, names, digest='-', sm2_id='-', common_name='-', key_file='-'):
        """A request, made once per process; names is a DNS name, OpenSSL's list of names, or empty."""
        arguments = (kind, names if not names or ':' in names else f'DNS:{names}', digest, sm2_id, common_name, key_file)
        if arguments not in self._csrs or not os.path.exists(self._csrs[arguments]):
            base = self.path('csr-' + hashlib.sha256(repr(arguments).encode()).hexdigest()[:16])
            kind, names, *more = arguments
            subprocess.run([MAKE_CSR, kind, names, base, *more], check=True, timeout=60)
            self._csrs[arguments] = base + '.csr'
        return self._csrs[arguments]

    def init(self, name, suite, *options, ca_id='32473.8'):
        folder = self.path(name)
        done = run('ca', 'init', '--suite', suite, '--id', ca_id, *options, folder)
        self.assertEqual((done.status, done.err), (0, ''), done)
        return Ca(self, folder)

    def algorithms(self):
        return write(self.path('algorithms.conf'), ALGORITHMS)


def flip(path, at, bit=0):
    """One bit of a file changed; returns what was there."""
    content = read(path)
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    write(path, bytes(changed))
    return content


__all__ = ['UNJUDGED', 'Ca', 'CaTest', 'der', 'files_below', 'flip', 'read', 'read_ca', 'run', 'unittest', 'write', 'x509', 'FIXTURES', 'PROGRAM']
