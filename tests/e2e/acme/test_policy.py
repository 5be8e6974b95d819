"""What the policy would call not secure is not issued, and who asks for it hears the rule; the policy is a file that a reload reads."""
import json
import os
import signal
import subprocess
import unittest

import acme_raw
import acme_world

POLICIES = os.path.join(acme_world.ROOT, 'policies')


def openssl(*words):
    done = subprocess.run(['openssl', *words], capture_output=True, text=True)
    assert done.returncode == 0, done
    return done.stdout


class World(acme_world.World):
    def config(self):
        return 'policy-file = "policy.conf"\n' + super().config()

    def set_policy(self, *lines):
        """The shipped policy with these lines in place of the ones that begin like them."""
        with open(os.path.join(POLICIES, 'root-program.conf'), encoding='utf-8') as file:
            text = file.read().splitlines()
        for line in lines:
            begin = ' '.join(line.split()[:-1])
            self.assertions.assertIn(begin, '\n'.join(text))
            text = [line if old.startswith(begin + ' ') else old for old in text]
        self.write('policy.conf', '\n'.join(text) + '\n')

    def start_ca(self):
        self.set_policy()
        return super().start_ca()

    assertions = unittest.TestCase()


class Policy(acme_raw.Case):
    @classmethod
    def setUpClass(cls):
        cls.world = World(profiles=('gm-classic', 'intl-classic', 'intl-intranet', 'gm-intranet', 'intl-mtc'), limits=False)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.count = 0

    def tearDown(self):
        self.world.set_policy()
        self.reload('reloaded')

    def reload(self, says):
        since = self.world.ca.size()
        self.world.ca.popen.send_signal(signal.SIGHUP)
        return self.world.ca.wait_for(says, since=since)

    def refused_at_finalize(self, client, name, kind, profile):
        order = client.order(name, profile=profile)
        self.assertEqual(order.status, 201, order)
        for authorization in client.authorize(order, 'http-01'):
            self.assertEqual(authorization['status'], 'valid', authorization)
        csr, _ = client.csr(kind, name)
        answer = client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
        if answer.status == 200:
            done = client.poll(order.headers['Location'], answer)
            self.assertEqual(done['status'], 'invalid', done)
            return done['error']['detail']
        return answer.json['detail']

    # ---- names, before the order ----

    def test_an_intranet_needs_a_public_name(self):
        client = acme_raw.Client(self.world)
        for names in (('printer.corp',), (('ip', '10.0.0.1'), 'nas'), ('nas.home.arpa',)):
            order = client.order(*names, profile='intl-intranet')
            self.assertEqual((order.status, order.problem.split(':')[0]), (400, 'rejectedIdentifier'), order)
            self.assertIn('IN-02', order.json['detail'])
            self.assertIn('public domain name that you own', order.json['detail'])    # what is to be done

    def test_an_intranet_needs_an_internal_name(self):
        order = acme_raw.Client(self.world).order(self.name(), profile='intl-intranet')
        self.assertEqual((order.status, order.problem.split(':')[0]), (400, 'rejectedIdentifier'), order)
        self.assertIn('IN-03', order.json['detail'])

    def test_only_the_bad_name_is_named(self):
        """What all names of an order have to be together is no fault of one."""
        name = self.name()
        order = acme_raw.Client(self.world).order(name, 'printer.corp', '*.com.cn', profile='intl-intranet')
        self.assertEqual(order.status, 400, order)
        self.assertEqual([p['identifier']['value'] for p in order.json['subproblems']], ['*.com.cn'])
        self.assertIn('br-wildcard', order.json['subproblems'][0]['detail'])

    def test_names_of_the_public(self):
        client = acme_raw.Client(self.world)
        for identifier, rule in (('printer.corp', 'br-internal-name'), ('nas.home.arpa', 'br-internal-name'), (('ip', '10.0.0.1'), 'br-reserved-address'),
                                 (('ip', '224.0.0.1'), 'br-reserved-address'), ('com.cn', 'br-public-suffix')):
            for profile in ('intl-classic', 'gm-classic', 'intl-mtc'):
                order = client.order(identifier, profile=profile)
                self.assertEqual((order.status, order.problem.split(':')[0]), (400, 'rejectedIdentifier'), (identifier, order))
                self.assertIn(rule, order.json['detail'])

    # ---- certificates, before they are signed ----

    def test_the_policy_is_read_again(self):
        client = acme_raw.Client(self.world)
        client.issue(self.name(), kind='rsa2048', profile='intl-classic')
        client.issue(self.name(), kind='rsa2048', profile='intl-mtc')
        self.world.set_policy('limit rsa-bits-min from always 3072')
        self.reload('reloaded')
        for profile in ('intl-classic', 'intl-mtc'):
            detail = self.refused_at_finalize(client, self.name(), 'rsa2048', profile)
            self.assertIn('br-key-size', detail)
            self.assertIn('3072', detail)
        client.issue(self.name(), profile='intl-classic')

    def test_a_whole_certificate_is_judged(self):
        """What is only known when the TBSCertificate is there."""
        client = acme_raw.Client(self.world)
        client.issue(self.name(), kind='sm2', profile='gm-classic')
        self.world.set_policy('limit serial-bits-min from always 200')
        self.reload('reloaded')
        self.assertIn('br-serial', self.refused_at_finalize(client, self.name(), 'sm2', 'gm-classic'))

    def test_a_bad_file_changes_nothing(self):
        client = acme_raw.Client(self.world)
        self.world.write('policy.conf', 'policy-format 1\nnonsense\n')
        line = self.reload('reload-failed')
        self.assertIn('policy.conf', line)
        self.assertIn('line 2', line)
        client.issue(self.name(), profile='intl-classic')

    def test_a_lifetime_that_no_certificate_may_have(self):
        self.world.set_policy('limit tls-lifetime from 2026-03-15T00:00:00Z 46d')
        line = self.reload('reload-failed')
        for word in ('intl-classic', 'gm-classic'):
            if word in line:
                break
        else:
            self.fail(line)
        self.assertIn('br-validity', line)

    def test_profiles_without_scts_are_told(self):
        text = self.world.ca.text()
        for profile in ('gm-classic', 'intl-classic', 'intl-intranet'):
            self.assertRegex(text, rf'profile-without-scts[^\n]*{profile}')
        self.assertNotRegex(text, r'profile-without-scts[^\n]*intl-mtc')

    # ---- our own certificates ----

    def test_certificates_of_an_intranet(self):
        for suite, kind in (('intl', 'p256'), ('gm', 'sm2')):
            name = self.name()
            certificate = acme_raw.Client(self.world).issue(('ip', '127.0.0.1'), name, kind=kind,
                                                            profile=suite + '-intranet')
            text = openssl('x509', '-in', certificate.path, '-noout', '-text')
            self.assertRegex(text, rf'Subject: CN ?= ?{name}\n')
            self.assertIn('Policy: 1.2.156.157933.81', text)
            self.assertIn('CA Issuers - URI:http://', text)
            self.assertEqual('TLS Web Client Authentication' in text, suite == 'gm')

    def test_clients_have_nothing_against_them(self):
        """Every kind of certificate, with its path to a root that is trusted for it, by the rules of clients; SCTs alone are missing,
        which sites bring by TLS."""
        trust = self.world.path('trust')
        for suite in ('gm', 'intl'):
            for folder, purpose in (('-r1', 'tls'), ('-intranet', 'tls-intranet')):
                acme_world.run('trust', 'import', '--dir', trust, '--root', self.world.path(suite + folder, 'root.pem'), '--purpose', purpose,
                               '--intermediate', self.world.path(suite + folder, 'issuing.pem'), '--purpose', purpose)
        for profile, kind in (('gm-classic', 'sm2'), ('intl-classic', 'p256'), ('intl-classic', 'rsa2048'), ('gm-intranet', 'sm2'),
                              ('intl-intranet', 'p256')):
            name = self.name()
            names = (name, ('ip', '127.0.0.1')) if 'intranet' in profile else (name,)
            certificate = acme_raw.Client(self.world).issue(*names, kind=kind, profile=profile)
            done = acme_world.run('trust', 'explain', '--trust', trust, '--dns', name, '--public-label', 'test', '--json', certificate.path,
                                  check=False)
            answer = json.loads(done.stdout)
            bad = {rule['id'] for rule in answer['rules'] if rule['result'] in ('fail', 'warn')}
            self.assertLessEqual(bad, {'CT-02', 'CT-04', 'IN-08', 'RP-10'}, (profile, kind, answer))
            self.assertEqual(answer['level'], 'T1')
            kept = {rule['id'] for rule in answer['rules'] if rule['result'] == 'pass'}
            self.assertLessEqual({'rfc5280-path', 'RP-01', 'RP-04'} | ({'RP-05', 'RP-06', 'RP-07', 'RP-08'} if kind == 'sm2' else {'br-aia'}) |
                                 ({'IN-01', 'IN-02', 'IN-03', 'IN-05', 'IN-06', 'IN-07'} if 'intranet' in profile else {'PU-01'}), kept)

    def test_issuing_cas(self):
        for suite in ('gm', 'intl'):
            text = openssl('x509', '-in', self.world.path(suite + '-r1', 'issuing.pem'), '-noout', '-text')
            self.assertIn('CA Issuers - URI:http://', text)
            self.assertIn('Authority Key Identifier', text)
            self.assertEqual('TLS Web Client Authentication' in text, suite == 'gm')


if __name__ == '__main__':
    acme_world.main()
