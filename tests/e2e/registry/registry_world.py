"""A registry in a folder, and certificates of OpenSSL's command for it."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from world import pem, run

AT = '2026-06-01'


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def files_below(folder):
    """{name: content} of all files, hidden ones too."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            found[os.path.relpath(path, folder)] = read(path)
    return found


class RegistryTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder, self.dir = scratch.name, os.path.join(scratch.name, 'registry')

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def openssl(self, *words):
        subprocess.run(['openssl', *words], check=True, capture_output=True, cwd=self.folder)

    def certificate(self, name, kind='rsa:2048', days=3650):
        """A CA that has issued itself: NAME.pem."""
        key = self.path(name + '.key')
        if kind == 'sm2':
            self.openssl('ecparam', '-name', 'SM2', '-genkey', '-noout', '-out', key)
            self.openssl('req', '-x509', '-new', '-sm3', '-key', key, '-subj', f'/CN={name}', '-days', str(days), '-out', name + '.pem')
        else:
            self.openssl('req', '-x509', '-newkey', kind, '-nodes', '-keyout', key, '-subj', f'/CN={name}', '-days', str(days), '-out', name + '.pem')
        return self.path(name + '.pem')

    def public_key(self, name, curve='SM2'):
        self.openssl('ecparam', '-name', curve, '-genkey', '-noout', '-out', name + '.key')
        self.openssl('ec', '-in', name + '.key', '-pubout', '-out', name + '.pub')
        return self.path(name + '.pub')

    def mldsa44_key(self, name):
        """A public key that nobody has the private one of: any 1,312 bytes are one [FIPS204 5.1]."""
        spki = bytes.fromhex('30820532300b0609608648016503040311038205210' + '0') + os.urandom(1312)
        with open(self.path(name + '.pub'), 'w') as file:
            file.write(pem(spki, 'PUBLIC KEY'))
        return self.path(name + '.pub')

    def trust(self, verb, *words, at=AT):
        return run('trust', verb, *words, '--registry', self.dir, '--at', at)

    def ok(self, verb, *words, at=AT):
        status, out, err = self.trust(verb, *words, at=at)
        self.assertEqual((status, err), (0, ''), (verb, words, out, err))
        return out

    def not_ok(self, status, says, verb, *words, at=AT):
        """Refused, with these words, and to the byte as it was."""
        before = files_below(self.dir)
        done = self.trust(verb, *words, at=at)
        self.assertEqual(done[0], status, done)
        self.assertIn(says, done[1] + done[2])
        self.assertEqual(files_below(self.dir), before)
        return done

    def set(self, what, *words, at=AT):
        return self.ok('set', what, *words, at=at)

    def text(self, name):
        return read(os.path.join(self.dir, name)).decode()

    def lint(self, at=AT, *words):
        """(exit status, [(id, file, severity)])"""
        status, out, err = self.trust('lint', '--json', *words, at=at)
        self.assertEqual(err, '')
        report = json.loads(out)
        self.assertEqual(report['errors'] > 0, status == 1)
        return status, [(f['id'], f['file'], f['severity']) for f in report['findings']]

    def start(self):
        self.ok('init', '--name', 'Test Program', '--name-zh', '测试计划', '--contact', 'root@program.test', at='2026-01-01')
        self.ok('add', 'operators/ca', '--name', 'Example CA', '--name-zh', '示例认证', '--set', 'country CN',
                '--set', 'contact ca@ca.test "Zhang San"', at='2026-01-01')

    def licences(self):
        for kind in ('miit', 'sca'):
            self.set('operators/ca', 'licence', kind, f'{kind} 1', 'from', '2022-01-01', 'until', '2030-01-31')

    def application(self, name, *subjects):
        """Accepted, with documents and test sites that were visited."""
        lines = ['document form 2026-01-02 documents/form.pdf', 'document cps 2026-01-02 https://ca.test/cps',
                 'step accepted 2026-03-01 "all is there"']
        for subject in subjects:
            lines.append(f'subject {subject}')
            for kind in ('good', 'expired', 'revoked'):
                url = f'https://{kind}.{subject.split("/")[1].split()[0]}.test/'
                lines += [f'test-site {kind} {subject.split("/")[1].split()[0]} {url}', f'visit 2026-02-20 passed {url} "as it should be"']
        words = [word for line in lines for word in ('--set', line)]
        self.ok('add', f'applications/{name}', '--name', 'Example CA', '--operator', 'ca', '--reason', 'form received', *words, at='2026-01-02')
