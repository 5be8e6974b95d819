"""Unmodified ACME clients get certificates, and what they stored verifies: certbot, acme-tiny, dehydrated, uacme and npm's
acme-client, with http-01 and dns-01, with SM2 requests and with keys of their own."""
import os
import subprocess
import unittest

import acme_world
import algorithms
import der
import x509

MAKE_CSR = os.environ.get('CATHAYA_MAKE_CSR')
PROFILES = ('gm-mtc', 'intl-mtc', 'gm-classic', 'intl-classic')


class Case(unittest.TestCase):
    """A world, and what is common to all clients."""

    @classmethod
    def setUpClass(cls):
        cls.world = acme_world.World(profiles=PROFILES, limits=False)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.number = 0
        cls.well_known = cls.world.well_known

    def name(self):
        type(self).number += 1
        return f'n{self.number}.demo.test'

    def folder(self, name):
        path = self.world.path(name)
        os.makedirs(path, exist_ok=True)
        return path

    def csr(self, kind, *names):
        """A request in PEM with a new key: sm2, p256, rsa2048."""
        path = self.world.path(names[0])
        done = subprocess.run([MAKE_CSR, kind, ','.join('DNS:' + name for name in names), path], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path + '.csr'

    def client(self, *arguments, env=None, check=True, **more):
        environment = dict(os.environ, SSL_CERT_FILE=self.world.path('tls.pem'), NODE_EXTRA_CA_CERTS=self.world.path('tls.pem'),
                           PATH=acme_world.SEARCH, **(env or {}))
        done = subprocess.run([str(a) for a in arguments], capture_output=True, timeout=120, env=environment, text=True, **more)
        if check:
            self.assertEqual(done.returncode, 0, (arguments[0], done.stdout[-500:], done.stderr[-700:], self.world.ca.text()[-700:]))
        return done

    def verify(self, path, profile, name):
        """What the client stored, as a relying party would look at it."""
        with open(path) as file:
            self.assertEqual(file.read().count('BEGIN CERTIFICATE'), 2, path)
        suite, kind = profile.split('-')
        if kind == 'mtc':
            done = acme_world.run('verify', '--ca', self.world.path(suite, 'ca.pem'), '--dns', name, path, check=False)
            self.assertIn(f'{path}: OK', done.stdout.decode(), (done.stdout, done.stderr))
        elif suite == 'intl':
            done = subprocess.run(['openssl', 'verify', '-x509_strict', '-verify_hostname', name, '-CAfile',
                                   self.world.path('intl-r1', 'root.pem'), '-untrusted', path, path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        else:
            self.verify_sm2_chain(path, name)

    def verify_sm2_chain(self, path, name):
        """Debian's openssl does not check SM2 chains: the independent reading does."""
        with open(path) as file:
            leaf, issuing = ('-----BEGIN' + part for part in file.read().split('-----BEGIN')[1:])
        chain = [x509.Certificate(x509.from_file(text.encode())) for text in (leaf, issuing)]
        chain.append(x509.Certificate(x509.from_file(self.world.read('gm-r1', 'root.pem'))))
        self.assertEqual(x509.check_name_match(chain[0], name), None)
        for certificate, issuer in zip(chain, chain[1:]):
            self.assertEqual(certificate.issuer.raw, issuer.subject.raw)
            key = algorithms.parse_key(algorithms.Sm2Key, issuer.spki.raw)
            self.assertTrue(key.verify(certificate.tbs.raw, der.whole_bit_string(certificate.signature)))

    def hook(self, name, body):
        return self.world.write(name, '#!/bin/sh\n' + body, 0o755)


class Clients(Case):
    # ---- acme-tiny: http-01, a request of the user's ----

    def acme_tiny(self, profile, kind):
        acme_world.need('acme-tiny')
        name = self.name()
        account = self.world.path('tiny.key')
        if not os.path.exists(account):
            subprocess.run(['openssl', 'genrsa', '-out', account, '2048'], check=True, capture_output=True)
        done = self.client('acme-tiny', '--account-key', account, '--csr', self.csr(kind, name), '--acme-dir', self.well_known,
                           '--directory-url', self.world.directory(profile), '--disable-check')
        path = self.world.write(name + '.pem', done.stdout)
        self.verify(path, profile, name)

    def test_acme_tiny_sm2(self):
        self.acme_tiny('gm-mtc', 'sm2')
        self.acme_tiny('gm-classic', 'sm2')

    def test_acme_tiny_international(self):
        self.acme_tiny('intl-mtc', 'p256')
        self.acme_tiny('intl-classic', 'rsa2048')

    # ---- dehydrated: http-01 and dns-01 ----

    def dehydrated(self, profile, challenge, kind):
        acme_world.need('dehydrated')
        name = self.name()
        folder = self.folder('dehydrated-' + profile)
        url = self.world.management
        hook = self.hook('dehydrated-hook', 'case "$1" in\ndeploy_challenge) curl -sf -d "{\\"host\\": \\"_acme-challenge.$2.\\", '
                         f'\\"value\\": \\"$4\\"}}" {url}/set-txt;;\nesac\nexit 0\n')
        config = self.world.write('dehydrated-' + profile + '.conf', f'CA="{self.world.directory(profile)}"\nBASEDIR="{folder}"\n'
                                  f'WELLKNOWN="{self.well_known}"\nCHALLENGETYPE="{challenge}"\nHOOK="{hook}"\n'
                                  f'CURL_OPTS="--cacert {self.world.path("tls.pem")}"\n')
        self.client('dehydrated', '--config', config, '--register', '--accept-terms')
        done = self.client('dehydrated', '--config', config, '--signcsr', self.csr(kind, name))
        path = self.world.write(name + '.pem', done.stdout[done.stdout.index('-----BEGIN'):])
        self.verify(path, profile, name)

    def test_dehydrated_http(self):
        self.dehydrated('gm-mtc', 'http-01', 'sm2')

    def test_dehydrated_dns(self):
        self.dehydrated('intl-mtc', 'dns-01', 'p256')

    # ---- uacme: trusts the system's certificates alone ----

    def test_uacme(self):
        acme_world.need('uacme', 'unshare')
        bundle = '/etc/ssl/certs/ca-certificates.crt'
        may_mount = ['unshare', '-m', 'mount', '--bind', self.world.path('tls.pem'), bundle]
        if os.geteuid() != 0 or subprocess.run(may_mount, capture_output=True).returncode != 0:
            self.skipTest('uacme trusts the system bundle alone, and only root can mount another one over it')
        name = self.name()
        folder = self.folder('uacme')
        hook = self.hook('uacme-hook', f'[ "$2" = http-01 ] || exit 1\ncase "$1" in begin) printf %s "$5" > {self.well_known}/"$4";; esac\n')
        script = self.hook('uacme-run', f'set -e\nmount --bind {self.world.path("tls.pem")} {bundle}\n'
                           f'uacme -v -y -a {self.world.directory("gm-mtc")} -c {folder} new\n'
                           f'uacme -v -y -a {self.world.directory("gm-mtc")} -c {folder} -h {hook} issue {self.csr("sm2", name)}\n')
        self.client('unshare', '-m', script, cwd=folder)
        stored = [os.path.join(where, f) for where, _, files in os.walk(self.world.folder) for f in files
                  if f.endswith('-cert.pem') or f == 'cert.pem']
        self.assertTrue(stored, 'uacme stored nothing')
        self.verify(stored[0], 'gm-mtc', name)

    # ---- npm's acme-client: every challenge through its own callbacks ----

    def test_acme_client(self):
        acme_world.need('node')
        modules = os.environ.get('CATHAYA_NODE_MODULES', '')
        if not os.path.isdir(os.path.join(modules, 'acme-client')):
            self.skipTest('npm acme-client is not installed (scripts/get-npm installs it)')
        for profile, kind in (('gm-mtc', 'sm2'), ('intl-classic', 'p256')):
            name = self.name()
            out = self.world.path(name + '.pem')
            self.client('node', os.path.join(acme_world.HERE, 'acme_client.js'), self.world.directory(profile),
                        self.csr(kind, name), self.well_known, out, env={'NODE_PATH': modules})
            self.verify(out, profile, name)


class Certbot(Case):
    """http-01 by webroot, dns-01 by hooks, renewal, revocation."""

    def certbot(self, profile, *arguments, check=True):
        folder = self.folder(f'{self._testMethodName}-{profile}')
        return self.client('certbot', *arguments, '--server', self.world.directory(profile), '--no-verify-ssl', '--agree-tos',
                           '--register-unsafely-without-email', '--non-interactive', '--config-dir', folder, '--work-dir', folder,
                           '--logs-dir', folder, check=check, cwd=folder)

    def test_certbot_webroot(self):
        acme_world.need('certbot')
        name = self.name()
        self.certbot('intl-classic', 'certonly', '--webroot', '-w', self.world.webroot, '-d', name)
        self.verify(self.world.path(f'{self._testMethodName}-intl-classic', 'live', name, 'fullchain.pem'), 'intl-classic', name)
        self.certbot('intl-classic', 'renew', '--force-renewal', '--no-random-sleep-on-renew')
        self.certbot('intl-classic', 'revoke', '--cert-name', name, '--no-delete-after-revoke')

    def test_certbot_merkle_tree(self):
        """A Merkle Tree Certificate with certbot's own key, kept, listed, renewed and revoked by certbot as any other."""
        acme_world.need('certbot')
        name = self.name()
        live = self.world.path(f'{self._testMethodName}-intl-mtc', 'live', name, 'fullchain.pem')
        self.certbot('intl-mtc', 'certonly', '--webroot', '-w', self.world.webroot, '-d', name, '-d', 'www.' + name)
        self.verify(live, 'intl-mtc', name)
        first = self.world.read(live)
        self.certbot('intl-mtc', 'renew', '--force-renewal', '--no-random-sleep-on-renew')
        self.assertNotEqual(self.world.read(live), first)
        self.verify(live, 'intl-mtc', 'www.' + name)
        self.assertIn(name, self.certbot('intl-mtc', 'certificates').stdout)
        self.certbot('intl-mtc', 'revoke', '--cert-name', name, '--delete-after-revoke')

    def test_certbot_sm2_request(self):
        name = self.name()
        for profile in ('gm-classic', 'gm-mtc'):
            path = self.world.path(profile + '.chain')
            self.certbot(profile, 'certonly', '--webroot', '-w', self.world.webroot, '--csr', self.csr('sm2', name), '--fullchain-path',
                         path, '--cert-path', path + '.cert', '--chain-path', path + '.ca')
            self.verify(path, profile, name)

    def test_certbot_dns(self):
        """A wildcard, which only DNS methods validate."""
        name = self.name()
        url = self.world.management
        auth = self.hook('auth', f'curl -sf -d "{{\\"host\\": \\"_acme-challenge.$CERTBOT_DOMAIN.\\", \\"value\\": '
                                 f'\\"$CERTBOT_VALIDATION\\"}}" {url}/set-txt\n')
        self.certbot('intl-classic', 'certonly', '--manual', '--preferred-challenges', 'dns', '--manual-auth-hook', auth, '-d',
                     name, '-d', '*.' + name)
        live = self.world.path(f'{self._testMethodName}-intl-classic', 'live', name, 'fullchain.pem')
        self.verify(live, 'intl-classic', name)
        self.verify(live, 'intl-classic', 'any.' + name)


if __name__ == '__main__':
    acme_world.main()
