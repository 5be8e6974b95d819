"""How the service looks at names: DNSSEC with a signed zone of the test's own, CAA, every challenge, addresses."""
import subprocess

import acme_raw
import acme_world

ALL = ('http-01', 'dns-01', 'tls-alpn-01', 'dns-account-01', 'dns-persist-01')


class Dnssec(acme_raw.Case):
    @classmethod
    def options(cls):
        return {'profiles': ('intl-classic', 'intl-intranet'), 'zone': True}

    def attempt(self, name, challenge):
        client = acme_raw.Client(self.world)
        order = client.order(name)
        self.assertEqual(order.status, 201, order)
        return client.authorize(order, challenge)[0]

    def test_a_secure_name(self):
        for challenge in ('dns-01', 'http-01', 'dns-persist-01'):
            authorization = self.attempt('good.signed.test', challenge)
            self.assertEqual(authorization['status'], 'valid', authorization)
        self.world.zone.set('www.good', 'A', '127.0.0.1')
        acme_raw.Client(self.world).issue('www.good.signed.test', challenge='dns-01')

    def test_forged_names(self):
        """Bad signatures of addresses, of CAA and of the record itself."""
        for name in ('bogus', 'expired', 'stripped'):
            error = self.refused(self.attempt(name + '.signed.test', 'http-01'), 'DNSSEC')
            self.assertTrue(error['type'].endswith((':dns', ':caa')), error)
        for label in ('_acme-challenge.lie', 'lie'):
            self.world.zone.tampered[label] = self.world.zone.tamper
        self.world.zone.set('lie', 'A', '127.0.0.1')
        self.world.zone.publish()
        error = self.refused(self.attempt('lie.signed.test', 'dns-01'), 'DNSSEC')
        self.assertTrue(error['type'].endswith((':dns', ':caa')), error)

    def test_names_below_an_unsigned_delegation(self):
        self.assertEqual(self.attempt('www.insecure.signed.test', 'http-01')['status'], 'valid')

    def test_a_name_without_addresses(self):
        self.refused(self.attempt('nothing.signed.test', 'http-01'), ':dns')

    # ---- every challenge ----

    def test_every_challenge(self):
        for challenge in ALL:
            name = self.name()
            client = acme_raw.Client(self.world)
            authorization = client.post(client.order(name).json['authorizations'][0], None).json
            self.assertEqual({c['type'] for c in authorization['challenges']}, set(ALL))
            client.issue(name, challenge=challenge)

    def test_wildcards_are_for_dns_methods(self):
        for challenge in ('dns-01', 'dns-account-01', 'dns-persist-01'):
            client, name = acme_raw.Client(self.world), self.name()
            order = client.order('*.' + name)
            authorization = client.post(order.json['authorizations'][0], None).json
            self.assertTrue(authorization['wildcard'])
            self.assertEqual({c['type'] for c in authorization['challenges']}, {'dns-01', 'dns-account-01', 'dns-persist-01'})
            client.issue('*.' + name, challenge=challenge)

    def test_nothing_was_provided(self):
        for challenge in ALL:
            client, name = acme_raw.Client(self.world), self.name()
            client.provision = lambda *_: None
            error = self.refused(client.authorize(client.order(name), challenge)[0])
            self.assertRegex(error['type'], ':(unauthorized|dns|tls|connection|incorrectResponse)$')

    def test_another_accounts_proof(self):
        """The records of one account are worth nothing to another."""
        name = self.name()
        acme_raw.Client(self.world).issue(name, challenge='dns-persist-01')
        client = acme_raw.Client(self.world)
        client.provision = lambda *_: None
        self.refused(client.authorize(client.order(name), 'dns-persist-01')[0], 'unauthorized')
        stranger = acme_raw.Client(self.world)
        stranger.key.thumbprint = acme_raw.Es256().thumbprint
        self.refused(stranger.authorize(stranger.order(self.name()), 'http-01')[0])

    # ---- CAA ----

    def test_caa_forbids(self):
        for policies, ok in (((('issue', 'other.example'),), False), ((('issue', ';'),), False), ((('issue', 'ca.example'),), True),
                             ((('issue', 'other.example'), ('issue', 'CA.example')), True), ((('iodef', 'mailto:a@b.test'),), True),
                             ((('unknown', 'x'),), True)):
            name = self.name('caa.test')
            self.world.mock.set_caa(name, *policies)
            authorization = self.attempt(name, 'http-01')
            if ok:
                self.assertEqual(authorization['status'], 'valid', (policies, authorization))
            else:
                self.assertTrue(self.refused(authorization, 'CAA')['type'].endswith(':caa'), policies)

    def test_caa_of_a_parent(self):
        self.world.mock.set_caa('parent.test', ('issue', 'other.example'))
        self.refused(self.attempt('a.b.c.parent.test', 'http-01'), ':caa')
        self.world.mock.set_caa('b.c.parent.test', ('issue', 'ca.example'))
        self.assertEqual(self.attempt('a2.b.c.parent.test', 'http-01')['status'], 'valid')

    def test_caa_for_wildcards(self):
        name = self.name('caa.test')
        self.world.mock.set_caa(name, ('issue', 'ca.example'), ('issuewild', ';'))
        self.assertEqual(self.attempt(name, 'dns-01')['status'], 'valid')
        self.refused(self.attempt('*.' + name, 'dns-01'), ':caa')

    def test_caa_names_account_and_method(self):
        client, other = acme_raw.Client(self.world), acme_raw.Client(self.world)
        name = self.name('caa.test')
        self.world.mock.set_caa(name, ('issue', f'ca.example; accounturi={client.kid}; validationmethods=dns-01'))
        self.refused(client.authorize(client.order(name), 'http-01')[0], ':caa')
        self.refused(other.authorize(other.order(name), 'dns-01')[0], ':caa')
        self.assertEqual(client.authorize(client.order(name), 'dns-01')[0]['status'], 'valid')

    # ---- addresses ----

    def test_addresses_on_an_intranet(self):
        client, name = acme_raw.Client(self.world), self.name()
        certificate = client.issue(('ip', '127.0.0.1'), name, profile='intl-intranet')
        done = subprocess.run(['openssl', 'verify', '-x509_strict', '-verify_ip', '127.0.0.1', '-CAfile',
                               self.world.path('intl-intranet', 'root.pem'), '-untrusted', certificate.path, certificate.path],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        public = client.order(('ip', '127.0.0.1'), profile='intl-classic')
        self.assertEqual((public.status, public.problem.split(':')[0]), (400, 'rejectedIdentifier'), public)

    def test_names_of_an_intranet(self):
        client, name = acme_raw.Client(self.world), self.name()
        certificate = client.issue('printer.corp', name, profile='intl-intranet')
        subject = subprocess.run(['openssl', 'x509', '-in', certificate.path, '-noout', '-subject'], capture_output=True, text=True)
        self.assertEqual(subject.stdout.strip(), f'subject=CN = {name}')
        public = client.order('printer.corp', profile='intl-classic')
        self.assertEqual((public.status, public.problem.split(':')[0]), (400, 'rejectedIdentifier'), public)

    def test_private_addresses_are_not_asked(self):
        name = self.name()
        self.world.mock.set_a(name, '10.0.0.1')
        self.refused(self.attempt(name, 'http-01'), '10.0.0.1')


if __name__ == '__main__':
    acme_world.main()
