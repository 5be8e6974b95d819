#!/usr/bin/env python3
"""OCSP of the classic CAs: asked by unmodified OpenSSL, revoked, stapled by a gateway."""
import base64
import json
import os
import re
import subprocess
import time
import unittest

import ocsp_world
import acme_raw
import acme_world
import gateway_world
import shift_clock
from gateway_world import Backend, Gateway, block, need_openssl4, wait_until

KINDS = {'gm-classic': 'sm2', 'intl-classic': 'p256'}


class Case(acme_raw.Case):
    settings, kind = '', ocsp_world.World

    @classmethod
    def setUpClass(cls):
        cls.world = cls.kind(settings=cls.settings, limits=False)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.count = 0
        cls.client = acme_raw.Client(cls.world)

    def issue(self, profile):
        return self.client.issue(self.name(), kind=KINDS[profile], profile=profile)

    def program(self, suite):
        return need_openssl4() if suite == 'gm' else 'openssl'

    def ocsp(self, suite, certificate, *options, **more):
        return self.world.ocsp(self.program(suite), suite, certificate, *options, **more)


class Ocsp(Case):
    def test_certificates_say_where(self):
        for profile in KINDS:
            suite = profile.split('-')[0]
            value = self.issue(profile).x509.extension('1.3.6.1.5.5.7.1.1').value
            self.assertIn(f'http://localhost:{self.world.http_port}/{suite}/ocsp'.encode(), value)

    def check_life(self, suite, *options):
        good, bad = self.issue(suite + '-classic'), self.issue(suite + '-classic')
        for certificate in (good, bad):
            said = self.ocsp(suite, certificate, *options)
            self.assertIn('Response verify OK', said)
            self.assertIn(': good', said)
        self.assertEqual(bad.revoke(reason=4).status, 200)
        said = self.ocsp(suite, bad, *options)
        self.assertIn('Response verify OK', said)
        self.assertIn(': revoked', said)
        self.assertIn('superseded', said)
        self.assertIn(': good', self.ocsp(suite, good, *options))
        return good

    def test_openssl_verifies_international_answers(self):
        good = self.check_life('intl')
        self.check_life('intl', '-sha256')
        # The times are those that the BR ask for.
        said = self.ocsp('intl', good, '-resp_text', '-no_nonce')
        begin, end = (time.mktime(time.strptime(re.search(name + ': (.*) GMT', said).group(1), '%b %d %H:%M:%S %Y'))
                      for name in ('This Update', 'Next Update'))
        self.assertEqual(end - begin, 4 * 86400)
        self.assertIn('OCSP Signing', said)
        self.assertIn('OCSP No Check', said)

    def test_openssl_verifies_gm_answers(self):
        self.check_life('gm')
        good = self.check_life('gm', '-sm3')
        self.assertIn('sm3', self.ocsp('gm', good, '-sm3', '-resp_text').lower())
        self.assertIn('SM2-with-SM3', self.ocsp('gm', good, '-resp_text'))

    def test_the_key_is_no_other(self):
        for suite in ('gm', 'intl'):
            folder = self.world.path(suite + '-r1')
            keys = {name: subprocess.run([self.program(suite), 'pkey', '-in', os.path.join(folder, 'keys', name), '-pubout'],
                                         capture_output=True, check=True).stdout for name in ('root.pem', 'issuing.pem', 'ocsp.pem')}
            self.assertEqual(len(set(keys.values())), 3)
            self.assertEqual(os.stat(os.path.join(folder, 'keys', 'ocsp.pem')).st_mode & 0o777, 0o600)
            done = subprocess.run([self.program(suite), 'verify', '-CAfile', os.path.join(folder, 'root.pem'), '-untrusted',
                                   os.path.join(folder, 'issuing.pem'), '-purpose', 'ocsphelper', os.path.join(folder, 'ocsp.pem')],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done)

    def test_nothing_is_said_of_others(self):
        good = self.issue('intl-classic')
        leaf, issuing = self.world.split(good)
        base = ['openssl', 'ocsp', '-url', f'http://localhost:{self.world.http_port}/intl/ocsp', '-CAfile',
                self.world.path('intl-r1', 'root.pem')]
        done = subprocess.run([*base, '-issuer', issuing, '-serial', '0x4711'], capture_output=True, text=True)
        self.assertIn('unauthorized', done.stdout + done.stderr)
        # Another CA's: the root itself.
        done = subprocess.run([*base, '-issuer', self.world.path('intl-r1', 'root.pem'), '-cert', leaf], capture_output=True, text=True)
        self.assertIn('unauthorized', done.stdout + done.stderr)
        answer = acme_raw.request('POST', f'{self.world.base}/classic/intl-r1/ocsp', b'nonsense', context=self.client.context)
        self.assertEqual((answer.status, answer.body.hex()), (200, '30030a0101'))
        answer = acme_raw.request('GET', f'{self.world.base}/classic/intl-r1/ocsp/bm9uc2Vuc2U=', context=self.client.context)
        self.assertEqual((answer.status, answer.body.hex()), (200, '30030a0101'))

    def test_get_is_cached_and_the_same_for_all(self):
        good = self.issue('intl-classic')
        leaf, issuing = self.world.split(good)
        question = self.world.path('question')
        subprocess.run(['openssl', 'ocsp', '-issuer', issuing, '-cert', leaf, '-no_nonce', '-reqout', question], check=True,
                       capture_output=True)
        with open(question, 'rb') as file:
            text = base64.b64encode(file.read()).decode()
        url = f'{self.world.base}/classic/intl-r1/ocsp/'
        first = acme_raw.request('GET', url + text.replace('/', '%2F').replace('+', '%2B'), context=self.client.context)
        again = acme_raw.request('GET', url + text, context=self.client.context)
        self.assertEqual((first.status, first.headers['Content-Type']), (200, 'application/ocsp-response'))
        self.assertEqual(first.body, again.body)
        self.assertEqual(first.headers['ETag'], again.headers['ETag'])
        self.assertRegex(first.headers['Cache-Control'], '^max-age=[0-9]+, public, no-transform, must-revalidate$')
        # Revoked: what was signed before is given to nobody.
        self.assertEqual(good.revoke(reason=1).status, 200)
        self.assertNotEqual(acme_raw.request('GET', url + text, context=self.client.context).body, first.body)

    def test_a_restart_forgets_nothing(self):
        good, bad = self.issue('intl-classic'), self.issue('intl-classic')
        self.assertEqual(bad.revoke(reason=1).status, 200)
        before = self.world.read('intl-r1', 'ocsp.pem')
        self.world.ca.stop()
        self.world.start_ca()
        type(self).client = acme_raw.Client(self.world)
        self.assertIn(': good', self.ocsp('intl', good))
        self.assertIn(': revoked', self.ocsp('intl', bad))
        self.assertEqual(self.world.read('intl-r1', 'ocsp.pem'), before)
        # Whoever takes key and certificate away gets new ones.
        self.world.ca.stop()
        os.remove(self.world.path('intl-r1', 'keys', 'ocsp.pem'))
        self.world.start_ca()
        type(self).client = acme_raw.Client(self.world)
        self.assertIn('Response verify OK', self.ocsp('intl', good))
        self.assertNotEqual(self.world.read('intl-r1', 'ocsp.pem'), before)


class Years(Case):
    """The responder's certificate is renewed without anybody: at a start, when less than a third of its time is left."""

    def test_renewed_in_time(self):
        world = self.world
        world.environment, shift = shift_clock.make(world.folder)
        first, key = world.read('gm-r1', 'ocsp.pem'), world.read('gm-r1', 'keys', 'ocsp.pem')
        for days, is_new in ((50, False), (61, True)):
            world.ca.stop()
            shift(days * 86400)
            world.start_ca()
            self.assertEqual(world.read('gm-r1', 'ocsp.pem') != first, is_new, days)
        self.assertEqual(world.read('gm-r1', 'keys', 'ocsp.pem'), key)
        type(self).client = acme_raw.Client(world)
        certificate = self.issue('gm-classic')
        at = ['-attime', str(int(time.time()) + 61 * 86400 + 60)]
        said = self.ocsp('gm', certificate, *at)
        self.assertIn('Response verify OK', said)


class Nonce(Case):
    settings = '    ocsp-nonce = true\n    ocsp-validity = 28800\n'

    def test_nonce_is_echoed(self):
        said = self.ocsp('intl', self.issue('intl-classic'), '-nonce')
        self.assertIn('Response verify OK', said)
        self.assertNotIn('no nonce in response', said)


class Signed(Case):
    kind = ocsp_world.SignerWorld

    def test_a_key_in_a_signer(self):
        for profile in KINDS:
            suite = profile.split('-')[0]
            certificate = self.issue(profile)
            self.assertIn('Response verify OK', self.ocsp(suite, certificate))
            self.assertFalse(os.path.exists(self.world.path(suite + '-r1', 'keys', 'ocsp.pem')))
        self.world.signer.stop()
        self.assertEqual(certificate.revoke(reason=1).status, 200)
        # Nothing is signed, and nothing old is said.
        self.assertIn('internalerror', self.ocsp(suite, certificate).lower().replace(' ', ''))
        wait_until('told', lambda: 'ocsp-failed' in self.world.ca.text(), 20)


class Plain(Case):
    kind = ocsp_world.PlainWorld

    def test_what_certificates_lead_to(self):
        for profile in KINDS:
            suite = profile.split('-')[0]
            certificate = self.issue(profile)
            ocsp, issuer, crl = self.world.urls_of(certificate)
            self.assertIn(': good', self.ocsp(suite, certificate, url=ocsp))
            answer = acme_raw.request('GET', issuer)
            self.assertEqual((answer.status, answer.body), (200, self.world.read(f'{suite}-r1', 'public', 'issuing.cer')))
            answer = acme_raw.request('GET', crl)
            self.assertEqual((answer.status, answer.headers['Content-Type']), (200, 'application/pkix-crl'))
            self.assertEqual(certificate.revoke(reason=1).status, 200)
            self.assertIn(': revoked', self.ocsp(suite, certificate, url=ocsp))
            wait_until('listed', lambda: self.serial_of(certificate) in acme_raw.request('GET', crl).body, 20)
        # And nothing else is said in the clear.
        for path in ('/directory', '/log/gm/1/checkpoint', '/metrics', '/'):
            self.assertEqual(acme_raw.request('GET', f'http://127.0.0.1:{self.world.plain_port}{path}').status, 404, path)

    def serial_of(self, certificate):
        return b'\x02' + bytes([len(certificate.serial)]) + certificate.serial


class Stapled(Case):
    """A gateway staples what the CA gives: for both worlds, and no more once it is revoked."""

    def gateway_with(self, profile, certificate):
        suite = profile.split('-')[0]
        world, key = self.world, certificate.key
        os.chmod(key, 0o600)
        backend = Backend('a')
        backend.__enter__()
        self.addCleanup(backend.__exit__, None, None, None)
        [name] = [i['value'] for i in certificate.order['identifiers']]
        gateway = Gateway(world, f'{suite}-{self._testMethodName}')
        gateway.site(name, [backend.address], [block('certificate', profile, chain_file=certificate.path, key=key)], default=True)
        gateway.start()
        self.addCleanup(gateway.stop)
        return gateway, name

    def fetch(self, gateway, name, suite, who):
        trust = self.world.path(f'trust-{suite}')
        if not os.path.exists(trust):
            acme_world.run('trust', 'import', '--dir', trust, '--root', self.world.path(suite + '-r1', 'root.pem'))
        done = acme_world.run('fetch', '--policy-check', 'off', f'https://{name}/page', '--connect', gateway.address, '--trust', trust, '--as', who, '--json',
                              check=False)
        return json.loads(done.stdout)

    def check(self, profile, who):
        suite = profile.split('-')[0]
        certificate = self.issue(profile)
        gateway, name = self.gateway_with(profile, certificate)
        said = wait_until('stapled', lambda: (f := self.fetch(gateway, name, suite, who)) and f.get('ocsp') == 'good' and f, 20)
        self.assertEqual(said['certificate']['suite'], suite)
        self.assertEqual([a[0] for a in self.world.asked if f'/{suite}/' in a[1]][-1], 'POST')
        self.assertEqual(certificate.revoke(reason=1).status, 200)
        # It asks again when it begins anew: nothing is stapled then, and the operator is told.
        gateway.stop()
        gateway.start()
        wait_until('told', lambda: 'ocsp-not-stapled' in gateway.process.text(), 20)
        self.assertIn('the certificate is revoked', gateway.process.text())

    def test_gm(self):
        self.check('gm-classic', 'gm')

    def test_international(self):
        self.check('intl-classic', 'legacy')


if __name__ == '__main__':
    acme_world.main()
