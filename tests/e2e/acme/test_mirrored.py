"""Merkle Tree Certificates with two mirrors: cosignatures, landmarks, properties, renewal information, dual certificates, and
what the log's prefix serves."""
import calendar
import gzip
import hashlib
import json
import time

import acme_raw
import acme_world
import mtc
import note
import x509

OIDS = {'gm': '32473.1', 'intl': '32473.2'}


class Mirrored(acme_raw.Case):
    @classmethod
    def options(cls):
        return {'mirrors': 2, 'landmark_s': 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = acme_raw.Client(cls.world)

    def verify(self, suite, path, *more, ok=True):
        done = acme_world.run('verify', '--ca', self.world.path(suite, 'ca.pem'), *more, path, check=False)
        self.assertEqual(done.returncode, 0 if ok else 1, done.stdout + done.stderr)
        return done.stdout.decode()

    def ca(self, suite):
        return mtc.Ca(x509.from_file(self.world.read(suite, 'ca.pem')))

    def proof(self, suite, certificate):
        ca = self.ca(suite)
        return mtc.Proof(certificate.x509.signature.body[1:], ca.profile)

    # ---- standalone ----

    def test_standalone_certificates_are_cosigned_by_ca_and_mirror(self):
        for suite, kind in (('gm', 'sm2'), ('intl', 'p256')):
            name = self.name()
            done = self.client.issue(name, kind=kind, profile=suite + '-mtc')
            policy = self.world.verify_policy(suite)
            self.assertIn(': OK', self.verify(suite, done.path, '--policy', policy, '--dns', name))
            self.verify(suite, done.path, '--dns', 'other.demo.test', ok=False)
            told = json.loads(self.verify(suite, done.path, '--policy', policy, '--json'))
            self.assertEqual(told['mode'], 'standalone')
            self.assertGreaterEqual(len(told['cosigners']), 2, told)
            self.assertEqual(told['ca_id'], OIDS[suite])
            self.assertEqual(int.from_bytes(done.serial, 'big') >> 48, 1)
            # Keys of the same mirrors that this CA does not ask are not enough.
            other = self.world.verify_policy('intl' if suite == 'gm' else 'gm')
            self.verify(suite, done.path, '--policy', other, ok=False)

    def test_published_checkpoints_carry_the_mirrors_lines(self):
        for suite, kind in (('gm', 'sm2'), ('intl', 'p256')):
            self.client.issue(self.name(), kind=kind, profile=suite + '-mtc')
            origin = f'oid/1.3.6.1.4.1.{OIDS[suite]}.0.1'
            names = {vkey.split('+')[0] for vkey in self.world.vkeys(suite)} | {f'oid/1.3.6.1.4.1.{OIDS[suite]}'}
            end = time.monotonic() + 20
            while time.monotonic() < end:
                checkpoint = note.Checkpoint(self.client.get(f'{self.world.base}/log/{suite}/1/checkpoint').body)
                if {line[0] for line in checkpoint.note.signatures} >= names:
                    break
                time.sleep(0.05)
            self.assertGreaterEqual({line[0] for line in checkpoint.note.signatures}, names)
            self.assertEqual(checkpoint.origin, origin)
            self.assertEqual(note.check_signature(checkpoint, OIDS[suite], OIDS[suite] + '.0.1', self.ca(suite).key), 1)
            # The mirrors serve what they have signed.
            for address in self.world.mirrors:
                prefix = hashlib.sha256(origin.encode()).hexdigest()
                answer = acme_raw.request('GET', f'http://{address}/mirror/{prefix}/checkpoint')
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(note.Checkpoint(answer.body).origin, origin)

    # ---- landmark-relative ----

    def test_landmark_relative_certificates(self):
        for suite, kind in (('gm', 'sm2'), ('intl', 'p256')):
            name = self.name()
            done = self.client.issue(name, kind=kind, profile=suite + '-mtc')
            [url] = done.answer.links('acme-optional-alternate')
            end, waited = time.monotonic() + 30, None
            answer = self.client.post(url, None)
            while answer.status == 202 and time.monotonic() < end:
                waited = int(answer.headers['Retry-After'])
                self.assertTrue(1 <= waited <= 3, waited)
                self.assertEqual(answer.body, b'')
                time.sleep(0.1)
                answer = self.client.post(url, None)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.headers['Content-Type'], acme_raw.STANDALONE)
            self.assertEqual(answer.links('acme-optional-alternate'), [])
            path = done.save(answer.body)
            self.verify(suite, path, ok=False)
            trusted = self.world.path(f'subtrees-{suite}')
            with open(trusted, 'wb') as file:
                file.write(acme_world.run('ca', 'subtrees', '--dir', self.world.path(suite)).stdout)
            told = json.loads(self.verify(suite, path, '--policy', trusted, '--dns', name, '--json'))
            self.assertEqual((told['mode'], told['cosigners']), ('landmark', []))
            self.assertLess(len(x509.from_file(answer.body)), len(done.der) if suite == 'gm' else 2000)
            landmarks = self.client.get(f'{self.world.base}/log/{suite}/1/landmarks')
            self.assertEqual(landmarks.status, 200)
            self.assertRegex(landmarks.headers['Cache-Control'], 'max-age=[01]')
            status = acme_world.run('landmarks', 'check', self.world.write('landmarks', landmarks.body.decode()), check=False)
            self.assertEqual(status.returncode, 0, status)

    def test_chains_with_properties(self):
        done = self.client.issue(self.name(), kind='p256', profile='intl-mtc')
        answer = self.client.post(done.url, None, accept=acme_raw.ALTERNATE)
        self.assertEqual((answer.status, answer.headers['Content-Type']), (200, acme_raw.ALTERNATE))
        self.assertEqual(answer.body.count(b'BEGIN CERTIFICATE-----'), 1)
        first = answer.body.split(b'\n', 1)[0]
        self.assertNotEqual(first, b'-----BEGIN CERTIFICATE-----', answer)
        told = acme_world.run('inspect', done.save(answer.body), check=False)
        self.assertEqual(told.returncode, 0, told)
        self.assertIn(b'32473.2', told.stdout)
        # What the client does not ask for it does not get.
        self.assertEqual(self.client.post(done.url, None, accept=acme_raw.STANDALONE).body.count(b'BEGIN'), 2)
        self.assertEqual(done.answer.links('c2sp.org/mtc-tlog/prefix-url'), [self.world.base + '/log/intl'])

    # ---- renewal information, replaces ----

    def seconds(self, text):
        return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))

    def test_renewal_information(self):
        for profile in ('gm-mtc', 'intl-mtc', 'intl-classic'):
            name = self.name()
            done = self.client.issue(name, kind='sm2' if profile == 'gm-mtc' else 'p256', profile=profile)
            answer = self.client.get(f'{self.client.urls["renewalInfo"]}/{done.ari_id}')
            self.assertEqual(answer.status, 200, answer)
            self.assertGreater(int(answer.headers['Retry-After']), 0)
            window = {key: self.seconds(value) for key, value in answer.json['suggestedWindow'].items()}
            begin, end = done.x509.not_before, done.x509.not_after
            self.assertTrue(0.74 <= (window['start'] - begin) / (end - begin) <= 0.78, window)
            self.assertTrue(window['start'] < window['end'] <= begin + 0.85 * (end - begin), window)
            renewed = self.client.issue(name, kind='sm2' if profile == 'gm-mtc' else 'p256', profile=profile, replaces=done.ari_id)
            self.assertEqual(renewed.order.get('replaces'), done.ari_id)
            again = self.client.order(name, profile=profile, replaces=done.ari_id)
            self.assertEqual((again.status, again.problem.split(':')[0]), (409, 'alreadyReplaced'))
            stranger = self.client.order(self.name(), profile=profile, replaces=renewed.ari_id)
            self.assertNotEqual(stranger.status, 201, stranger)

    # ---- profiles, dual certificates ----

    def test_a_dual_certificate_needs_one_validation(self):
        client, name = acme_raw.Client(self.world), self.name()
        first = client.order(name, profile='gm-mtc')
        client.authorize(first, 'http-01')
        csr, _ = client.csr('sm2', name)
        self.assertEqual(client.finalize(first, csr)['status'], 'valid')
        for profile, kind in (('intl-mtc', 'p256'), ('gm-classic', 'sm2'), ('intl-classic', 'p256')):
            order = client.order(name, profile=profile)
            self.assertEqual(order.json['status'], 'ready', order)
            self.assertEqual(order.json['authorizations'], first.json['authorizations'])
            csr, _ = client.csr(kind, name)
            self.assertEqual(client.finalize(order, csr)['status'], 'valid')

    def test_each_profile_has_a_directory(self):
        directory = self.client.get(self.world.directory()).json
        self.assertEqual(set(directory['meta']['profiles']), set(self.world.profiles))
        for profile in self.world.profiles:
            client = acme_raw.Client(self.world, profile)
            self.assertEqual(list(client.urls['meta']['profiles']), [profile])
            order = client.order(self.name())
            self.assertEqual((order.status, order.json.get('profile')), (201, profile), order)
        self.assertEqual(self.client.get(self.world.directory('nothing')).status, 404)
        self.assertEqual(self.client.order(self.name(), profile='nothing').problem.split(':')[0], 'invalidProfile')

    def test_keys_that_a_profile_does_not_take(self):
        for profile, kind in (('intl-classic', 'sm2'), ('gm-classic', 'p256')):
            name = self.name()
            order = self.client.order(name, profile=profile)
            self.client.authorize(order, 'http-01')
            csr, _ = self.client.csr(kind, name)
            answer = self.client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
            self.assertEqual((answer.status, answer.problem.split(':')[0]), (400, 'badCSR'), answer)

    # ---- what the prefix serves ----

    def test_the_log_is_served_as_caches_like_it(self):
        self.client.issue(self.name(), kind='p256', profile='intl-mtc')
        prefix = f'{self.world.base}/log/intl/1'
        checkpoint = self.client.get(prefix + '/checkpoint')
        self.assertEqual(checkpoint.headers['Content-Type'], 'text/plain; charset=utf-8')
        self.assertRegex(checkpoint.headers['Cache-Control'], 'no-cache|max-age=[0-9]$')
        self.assertEqual(checkpoint.headers['Access-Control-Allow-Origin'], '*')
        same = self.client.get(prefix + '/checkpoint', headers={'If-None-Match': checkpoint.headers['ETag']})
        self.assertIn(same.status, (200, 304))
        size = note.Checkpoint(checkpoint.body).size
        tile, bundle = f'{prefix}/tile/0/000.p/{size}', f'{prefix}/tile/entries/000.p/{size}'
        whole = self.client.get(tile)
        self.assertEqual((whole.status, len(whole.body)), (200, 32 * size), whole)
        self.assertIn('immutable', whole.headers['Cache-Control'])
        part = self.client.get(tile, headers={'Range': 'bytes=32-63'})
        self.assertEqual((part.status, part.body, part.headers['Content-Range']), (206, whole.body[32:64], f'bytes 32-63/{32 * size}'))
        self.assertEqual(self.client.get(tile, headers={'Range': f'bytes={32 * size}-'}).status, 416)
        self.assertEqual(self.client.get(tile, headers={'If-None-Match': whole.headers['ETag']}).status, 304)
        head = self.client.get(tile, method='HEAD')
        self.assertEqual((head.status, head.body, head.headers['Content-Length']), (200, b'', str(32 * size)))
        plain = self.client.get(bundle)
        packed = self.client.get(bundle, headers={'Accept-Encoding': 'gzip'})
        self.assertEqual(packed.headers['Content-Encoding'], 'gzip')
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertIn('Accept-Encoding', packed.headers['Vary'])
        for path in ('/tile/0/999', '/../ca.pem', '/.hidden', '/nothing'):
            self.assertEqual(self.client.get(prefix + path).status, 404, path)
        self.assertEqual(acme_raw.request('POST', prefix + '/checkpoint', b'', context=self.client.context).status, 405)

    def test_operators_look(self):
        self.client.issue(self.name(), kind='sm2', profile='gm-mtc')
        admin = f'http://{self.world.admin}'
        for path in ('/healthz', '/readyz'):
            self.assertEqual(acme_raw.request('GET', admin + path).status, 200)
        metrics = acme_raw.request('GET', admin + '/metrics').body.decode()
        for line in ('cathaya_sequencer_entries_total{ca="gm"}', 'cathaya_cosignatures_total{', 'cathaya_acme_orders_total{',
                     'cathaya_validations_total{', 'cathaya_sequencer_total_seconds_bucket{'):
            self.assertIn(line, metrics)
        for mirror in self.world.processes:
            self.assertIsNone(mirror.popen.poll(), mirror.name)


if __name__ == '__main__':
    acme_world.main()
