"""The registry of a root program, made of new keys: operators, roots, a log, identity signers, an application, an incident."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))

from world import PROGRAM, pem

SIGN_BUNDLE = os.environ.get('CATHAYA_SIGN_BUNDLE')
DAY = 86400
# Text that would be markup, and text that turns its direction.
EVIL = 'Evil <script>alert(1)</script> & \\"Co\\"'


def when(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(int(time.time()) + seconds))


def day(seconds=0):
    return when(seconds)[:10]


class ProgramTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.registry = self.path('registry')

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def put(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, *names):
        with open(self.path(*names), 'rb') as file:
            return file.read()

    # ---- the program ----

    def run_it(self, *words):
        done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def ok(self, *words):
        status, out, err = self.run_it(*words)
        self.assertEqual((status, err), (0, ''), (words, out))
        return out

    def no(self, status, reason, *words):
        got, out, err = self.run_it(*words)
        self.assertEqual(got, status, (words, out, err))
        self.assertIn(reason, out + err)
        return out + err

    def lines(self, *words):
        return [json.loads(line) for line in self.ok(*words).splitlines()]

    # ---- keys and certificates ----

    def key(self, name, algorithm):
        """(private key file, SubjectPublicKeyInfo)"""
        private, public = self.path(f'{name}.key'), self.path(f'{name}.der')
        subprocess.run([SIGN_BUNDLE, 'key', algorithm, private, public], check=True, timeout=60)
        os.chmod(private, 0o600)
        return private, self.read(f'{name}.der')

    def root(self, name, days=3650, age=400):
        """A root of its own, `age` days old: (key, certificate), both PEM files."""
        key, cert, csr = (self.path(f'{name}.root.{end}') for end in ('key', 'pem', 'csr'))
        stamp = lambda days: time.strftime('%Y%m%d%H%M%SZ', time.gmtime(time.time() + days * DAY))
        config = self.put(f'{name}.root.conf', f'[ca]\ndefault_ca = c\n[c]\ndatabase = {self.path(name)}.index\nnew_certs_dir = {self.folder}\n'
                          'default_md = sha256\npolicy = p\nx509_extensions = x\nrand_serial = yes\n[p]\ncountryName = optional\n'
                          'organizationName = optional\ncommonName = supplied\n[x]\nbasicConstraints = critical,CA:TRUE\n'
                          'keyUsage = critical,keyCertSign,cRLSign\nsubjectKeyIdentifier = hash\n')
        self.put(f'{name}.index', '')
        for words in (['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', csr,
                       '-subj', f'/C=CN/O=Example/CN={name}'],
                      ['ca', '-batch', '-notext', '-selfsign', '-config', config, '-keyfile', key, '-in', csr, '-out', cert,
                       '-startdate', stamp(-age), '-enddate', stamp(days)]):
            subprocess.run(['openssl', *words], check=True, capture_output=True, timeout=60)
        return key, cert

    # ---- the registry ----

    def put_registry(self, **files):
        """A program with two operators; `files`: more."""
        base = {
            'registry.conf': 'registry-format 1\nname en "Example Root Program"\nname zh "示例根证书计划"\n'
                             'website https://program.example/\ncontact roots@program.example "Roots"\n',
            'operators/one.conf': f'name en "One CA Ltd."\nname zh "一号认证公司"\ncountry CN\nwebsite https://one.example/\n'
                                  f'contact ca@one.example\nlicence miit "ECP-0001" from {day(-400 * DAY)} until {day(400 * DAY)}\n',
            'operators/two.conf': f'name en "{EVIL}"\ncountry DE\nwebsite https://two.example/\ncontact ca@two.example\n',
        }
        for name, content in {**base, **files}.items():
            self.put(os.path.join('registry', name), content)

    def put_signer(self, name, operator, algorithm, level=4, state='accepted'):
        key, spki = self.key(name, algorithm)
        self.put(f'registry/identity-signers/{name}.conf',
                 f'name "{name}"\noperator {operator}\nalgorithm {algorithm}\nlevel-max {level}\n'
                 f'state {state} {day(-30 * DAY)} "test"\n')
        self.put(f'registry/identity-signers/{name}.pem', pem(spki, 'PUBLIC KEY'))
        return key

    def put_root(self, name, operator, text, days=3650):
        key, cert = self.root(name, days)
        self.put(f'registry/roots/{name}.conf', f'name "{name}"\noperator {operator}\n{text}')
        with open(cert) as file:
            self.put(f'registry/roots/{name}.pem', file.read())
        return key, cert
