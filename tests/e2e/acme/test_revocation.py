"""Revocation: by account, by the certificate's key, by `cathaya ca revoke`; what relying parties then read."""
import json
import re
import subprocess
import time

import acme_raw
import acme_world
import mtc
import note
import x509

REASONS = {0: 'Unspecified', 1: 'Key Compromise', 4: 'Superseded'}
CRL_POINTS = '2.5.29.31'
KINDS = {'gm-mtc': 'sm2', 'intl-mtc': 'p256', 'gm-classic': 'sm2', 'intl-classic': 'p256'}


class Revocation(acme_raw.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = acme_raw.Client(cls.world)

    def issue(self, profile, kind=None, client=None):
        return (client or self.client).issue(self.name(), kind=kind or KINDS[profile], profile=profile)

    def until(self, look, seconds=20):
        """The first true answer: revocations are published at once, by a worker."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        self.fail('not published in time')

    # ---- where it is published ----

    def ranges(self, suite):
        """{index: reason} of the log's file, whose signature verifies by another reading."""
        data = self.client.get(f'{self.world.base}/log/{suite}/1/revocations').body
        parsed, ca = note.Note(data), mtc.Ca(x509.from_file(self.world.read(suite, 'ca.pem')))
        [(name, _, signature)] = parsed.signatures
        self.assertEqual(name, 'oid/1.3.6.1.4.1.' + ca.id)
        self.assertTrue(ca.key.verify(b'mtc-revocations/v1\n' + parsed.text.encode(), signature))
        lines = parsed.text.splitlines()
        self.assertEqual(lines[0], f'oid/1.3.6.1.4.1.{ca.id}.0.1')
        found = {}
        for line in lines[3:]:
            first, last, reason, _ = map(int, line.split())
            found.update(dict.fromkeys(range(first, last + 1), reason))
        return found

    def crl_url(self, certificate):
        """Where the certificate says; those that live for a week say nothing, and the lists are below the log's prefix."""
        points = certificate.x509.extension(CRL_POINTS)
        if points is not None:
            return re.search(rb'https?://[^\x00-\x1f]+?\.crl', points.value).group().decode()
        suite = certificate.order['profile'].split('-')[0]
        return f'{self.world.base}/log/{suite}/crl/{certificate.serial[-1] % 16}.crl'

    def crl(self, certificate):
        """The text of the certificate's CRL, and where it is kept."""
        url = self.crl_url(certificate)
        answer = acme_raw.request('GET', url, context=self.client.context)
        self.assertEqual(answer.status, 200, (url, answer))
        if url.startswith(self.world.base):
            self.assertEqual(answer.headers['Content-Type'], 'application/pkix-crl')
        path = self.world.path('list.crl')
        with open(path, 'wb') as file:
            file.write(answer.body)
        done = subprocess.run(['openssl', 'crl', '-inform', 'DER', '-in', path, '-noout', '-text'], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, path

    def is_listed(self, certificate, reason):
        serial = certificate.serial.hex().upper().removeprefix('00') or '00'
        found = re.search(f'Serial Number: 0*{serial.lstrip("0")}\n(.*\n){{0,4}}', self.crl(certificate)[0])
        if found is None:
            return False
        self.assertTrue(reason == 0 or REASONS[reason] in found.group(), found.group())
        return True

    def check_published(self, certificate, profile, reason):
        suite, kind = profile.split('-')
        if kind == 'mtc':
            index = int.from_bytes(certificate.serial, 'big') & (1 << 48) - 1
            found = self.until(lambda: index in (r := self.ranges(suite)) and r)
            self.assertEqual(found[index], reason)
            policy = self.world.write('revoked', f'revoked {mtc.Ca(x509.from_file(self.world.read(suite, "ca.pem"))).id} 1:{index} 1:{index}\n')
            done = acme_world.run('verify', '--ca', self.world.path(suite, 'ca.pem'), '--policy', policy, certificate.path, check=False)
            self.assertEqual((done.returncode, b'revoked' in done.stdout), (1, True), done)
        self.until(lambda: self.is_listed(certificate, reason))

    def verify_classic(self, certificate):
        """openssl's verdict with revocation checked."""
        _, path = self.crl(certificate)
        pem = self.world.path('list.pem')
        subprocess.run(['openssl', 'crl', '-inform', 'DER', '-in', path, '-out', pem], check=True, capture_output=True)
        issuing = certificate.save(b'-----BEGIN' + certificate.answer.body.split(b'-----BEGIN', 2)[2])
        done = subprocess.run(['openssl', 'crl', '-in', pem, '-CAfile', issuing, '-noout'], capture_output=True, text=True)
        self.assertIn('verify OK', done.stderr)
        return subprocess.run(['openssl', 'verify', '-crl_check', '-CRLfile', pem, '-CAfile', self.world.path('intl-r1', 'root.pem'),
                               '-untrusted', issuing, certificate.path], capture_output=True, text=True)

    # ---- who may ----

    def test_by_account(self):
        for profile in KINDS:
            done = self.issue(profile)
            answer = done.revoke(reason=1)
            self.assertEqual((answer.status, answer.body), (200, b''), answer)
            self.check_published(done, profile, 1)
            again = done.revoke()
            self.assertEqual((again.status, again.problem.split(':')[0]), (400, 'alreadyRevoked'))
            window = self.client.get(f'{self.client.urls["renewalInfo"]}/{done.ari_id}').json['suggestedWindow']
            self.assertLess(window['end'], time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 2)))

    def test_by_the_certificates_key(self):
        for profile in ('intl-mtc', 'intl-classic'):
            done = self.issue(profile)
            answer = done.revoke(key=acme_raw.key_from_pem(done.key))
            self.assertEqual(answer.status, 200, answer)
            self.check_published(done, profile, 1)    # the key speaks for itself

    def test_by_nobody_else(self):
        done = self.issue('intl-mtc')
        stranger = acme_raw.Client(self.world)
        payload = {'certificate': acme_raw.b64(done.der)}
        for key in (None, acme_raw.Es256()):
            answer = stranger.post(stranger.urls['revokeCert'], payload, key=key)
            self.assertEqual((answer.status, answer.problem.split(':')[0]), (403, 'unauthorized'), answer)
        answer = done.revoke(reason=2)
        self.assertEqual((answer.status, answer.problem.split(':')[0]), (400, 'badRevocationReason'), answer)
        answer = self.client.post(self.client.urls['revokeCert'], {'certificate': acme_raw.b64(done.der[:-1])})
        self.assertEqual(answer.status, 400, answer)
        # Who shows that the names are his may, too [RFC8555 7.6].
        [name] = [i['value'] for i in done.order['identifiers']]
        self.assertEqual(stranger.authorize(stranger.order(name), 'http-01')[0]['status'], 'valid')
        self.assertEqual(stranger.post(stranger.urls['revokeCert'], payload).status, 200)

    def test_openssl_refuses_a_revoked_certificate(self):
        good, bad = self.issue('intl-classic'), self.issue('intl-classic')
        self.assertEqual(bad.revoke(reason=4).status, 200)
        self.until(lambda: self.is_listed(bad, 4))
        self.assertEqual(self.verify_classic(good).returncode, 0, self.verify_classic(good))
        done = self.verify_classic(bad)
        self.assertIn('certificate revoked', done.stdout + done.stderr)

    # ---- by the operator ----

    def revoke(self, *conditions, status=0):
        done = acme_world.run('ca', 'revoke', '--config', self.world.path('service.conf'), '--reason', 'keyCompromise', *conditions,
                              check=False)
        self.assertEqual(done.returncode, status, done)
        return done

    def test_mass_revocation(self):
        client = acme_raw.Client(self.world)
        mine = {profile: self.issue(profile, client=client) for profile in KINDS}
        other = self.issue('intl-mtc')
        account = client.kid.rsplit('/', 1)[1]
        lines = [json.loads(line) for line in self.revoke('--account', account, '--dry-run', '--json').stdout.splitlines()]
        serials = {line['serial'] for line in lines if 'serial' in line}
        self.assertEqual(serials, {c.serial.hex().removeprefix('00') for c in mine.values()})
        self.assertEqual((lines[-1]['count'], lines[-1]['failed']), (4, 0), lines[-1])
        self.assertNotIn('revoked', {line.get('status') for line in lines})
        answer = client.get(f'{client.urls["renewalInfo"]}/{mine["intl-mtc"].ari_id}').json
        self.assertGreater(answer['suggestedWindow']['start'], time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        done = self.revoke('--account', account, '--profile', 'gm-mtc')
        self.assertIn(b'1 certificates, 0 failed', done.stdout)
        done = self.revoke('--account', account)
        self.assertIn(b'3 certificates, 0 failed', done.stdout)
        for profile, certificate in mine.items():
            self.check_published(certificate, profile, 1)
        self.assertNotIn(int.from_bytes(other.serial, 'big') & (1 << 48) - 1, self.ranges('intl'))
        self.assertIn(b'0 certificates', self.revoke('--account', account).stdout)

    def test_conditions(self):
        done = self.issue('intl-classic')
        serial = done.serial.hex()
        self.assertIn(b'1 certificates', self.revoke('--serial', serial.removeprefix('00'), '--dry-run').stdout)
        [name] = [i['value'] for i in done.order['identifiers']]
        self.assertIn(b'1 certificates', self.revoke('--name', name, '--dry-run').stdout)
        self.assertIn(b'0 certificates', self.revoke('--name', 'nobody.demo.test', '--dry-run').stdout)
        self.assertIn(b'0 certificates', self.revoke('--ca', 'nothing', '--serial', serial, '--dry-run').stdout)
        refused = self.revoke(status=1)
        self.assertIn(b'condition', refused.stderr)
        self.assertIn(b'--reason', acme_world.run('ca', 'revoke', '--config', self.world.path('service.conf'), '--reason', 'boredom',
                                                  '--name', 'x.test', check=False).stderr)


if __name__ == '__main__':
    acme_world.main()
