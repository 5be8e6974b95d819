"""A CA gets SCTs from real logs of several operators: precertificate, SCTs, certificate. Logs die, come back, the CA is killed in
the middle; there is one certificate of each order, with SCTs that OpenSSL's CT code and the independent reader accept."""
import base64
import http.client
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import scts_world
import acme_raw
import acme_world
import ct_wire
import der
import pki
from ct_world import wait_until

PEER = os.environ.get('CATHAYA_SCT_OPENSSL', '')
ROUNDS = int(os.environ.get('CATHAYA_CRASH_ROUNDS', '3'))
KINDS = {'gm': ('gm-classic', 'sm2'), 'intl': ('intl-classic', 'p256')}


class Case(unittest.TestCase):
    policies, world_class = None, scts_world.World

    @classmethod
    def setUpClass(cls):
        cls.world = cls.world_class(cls.policies)
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.client = acme_raw.Client(cls.world)
        cls.count = 0

    def tearDown(self):
        for operator in self.world.operators.values():
            if not operator.is_running:
                operator.start()

    def name(self):
        type(self).count += 1
        return f'n{self.count}.demo.test'

    def issue(self, suite, name=None):
        profile, kind = KINDS[suite]
        return self.client.issue(name or self.name(), kind=kind, profile=profile)

    def openssl(self, certificate):
        """OpenSSL's verdicts of the SCTs in an international certificate."""
        names = ', '.join(self.world.operators)
        text = f'enabled_logs = {names}\n' + ''.join(
            f'[{name}]\ndescription = {name}\nkey = {base64.b64encode(o.logs["intl"].signer.spki).decode()}\n'
            for name, o in self.world.operators.items())
        chain = certificate.answer.body.split(b'-----BEGIN')
        arguments = [PEER, self.world.write('ctlog.cnf', text), certificate.path, certificate.save(b'-----BEGIN' + chain[2])]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done)
        return [line.split()[0] for line in done.stdout.splitlines()]

    def serials(self, suite, name):
        """Serial numbers and TBSCertificates of the precertificates with this name that logs have."""
        found = [e for _, e in self.world.entries(suite) if e.kind == ct_wire.PRECERT_ENTRY and name.encode() in e.tbs]
        return {e.tbs for e in found}

    # What goes on while logs are away.

    def processing(self, suite, name):
        """An order that waits for SCTs."""
        profile, kind = KINDS[suite]
        order = self.client.order(name, profile=profile)
        self.client.authorize(order, 'http-01')
        csr, key = self.client.csr(kind, name)
        answer = self.client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
        self.assertEqual(answer.json['status'], 'processing', answer)
        return order, key

    def finished(self, order, key):
        done = self.client.poll(order.headers['Location'], seconds=90)
        self.assertEqual(done['status'], 'valid', done)
        return acme_raw.Certificate(self.client, done, key)


class Issuing(Case):
    def test_both_worlds(self):
        for suite in KINDS:
            certificate = self.issue(suite)
            operators = self.world.check_scts(suite, certificate)
            self.assertEqual(len(set(operators)), 2, operators)
            if suite == 'intl':
                self.assertEqual(self.openssl(certificate), ['valid', 'valid'])
            # The certificate itself is submitted too, after a while.
            wait_until('the final certificate in two logs',
                       lambda c=certificate, s=suite: len({name for name, e in self.world.entries(s)
                                                           if e.kind == ct_wire.X509_ENTRY and e.certificate == c.der}) >= 2)
        self.assertGreaterEqual(self.world.metric('cathaya_ct_scts_total', 'A'), 1)

    def test_one_dies(self):
        """Whichever it is, certificates are still issued, without its SCTs, and it is used again when it is back."""
        for operator in self.world.operators.values():
            operator.kill()
            for suite in KINDS:
                for _ in range(2):
                    certificate = self.issue(suite)
                    self.assertEqual(set(self.world.check_scts(suite, certificate)), set(self.world.operators) - {operator.name})
            operator.start()
        self.assertIn('ct-log-failing', self.world.ca.text())
        wait_until('all are used again', lambda: {n for _ in range(3) for n in self.world.check_scts('gm', self.issue('gm'))} ==
                   set(self.world.operators), 90)
        self.assertIn('ct-log-well', self.world.ca.text())

    def test_one_hangs(self):
        """A log that takes connections and says nothing: another one is asked after log-timeout."""
        for operator in self.world.operators.values():
            operator.process.popen.send_signal(signal.SIGSTOP)
            try:
                for suite in KINDS:
                    certificate = self.issue(suite)
                    self.assertEqual(set(self.world.operators) - {operator.name}, {n for n in self.check_alive(suite, certificate, operator)})
            finally:
                operator.process.popen.send_signal(signal.SIGCONT)

    def check_alive(self, suite, certificate, hanging):
        operators = [n for n, o in self.world.operators.items() for s in scts_world.read_scts(certificate)
                     if pki.SUITES[suite].hash(o.logs[suite].signer.spki) == s['id']]
        self.assertNotIn(hanging.name, operators)
        return operators

    def test_all_die(self):
        for operator in self.world.operators.values():
            operator.kill()
        names = {suite: self.name() for suite in KINDS}
        orders = {suite: self.processing(suite, names[suite]) for suite in KINDS}
        # Longer than the deadline, and a try more.
        end = time.monotonic() + 2 * self.world.deadline_ms / 1000
        while time.monotonic() < end:
            for suite in KINDS:
                self.assertEqual(self.client.post(orders[suite][0].headers['Location'], None).json['status'], 'processing')
            time.sleep(0.5)
        self.world.ca.wait_for('issuance-delayed')
        self.world.operators['A'].start()
        self.world.operators['B'].start()
        for suite in KINDS:
            certificate = self.finished(*orders[suite])
            self.assertEqual(set(self.world.check_scts(suite, certificate)), {'A', 'B'})
            self.assertEqual(self.serials(suite, names[suite]), {ct_wire.without_extension(certificate.der, pki.SCT_LIST)})

    def test_the_ca_is_killed(self):
        """While one log has the precertificate and the others are away."""
        self.check_restart(signal.SIGKILL)

    def test_the_ca_is_stopped(self):
        """It does not wait for logs, and ends well."""
        self.check_restart(signal.SIGTERM)

    def check_restart(self, how):
        name = self.name()
        self.world.operators['B'].kill()
        self.world.operators['C'].kill()
        order, key = self.processing('gm', name)
        wait_until('a log has the precertificate', lambda: self.serials('gm', name))
        before = self.serials('gm', name)
        status = self.world.restart_ca(how)
        self.assertEqual(status, 0 if how == signal.SIGTERM else -how)
        self.world.operators['C'].start()
        certificate = self.finished(order, key)
        self.assertEqual(set(self.world.check_scts('gm', certificate)), {'A', 'C'})
        self.assertEqual(self.serials('gm', name), before)
        self.assertEqual(before, {ct_wire.without_extension(certificate.der, pki.SCT_LIST)})

    def test_the_ca_is_killed_at_any_moment(self):
        """Several orders under way, again and again; each gets one certificate, and logs have seen one precertificate of it."""
        for _ in range(ROUNDS):
            began = []
            for suite in KINDS:
                for _ in range(2):
                    name = self.name()
                    profile, kind = KINDS[suite]
                    order = self.client.order(name, profile=profile)
                    self.client.authorize(order, 'http-01')
                    began.append((suite, name, order, *self.client.csr(kind, name)))
            threads = [threading.Thread(target=self.finalize_quietly, args=(order, csr)) for _, _, order, csr, _ in began]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0, 0.4))
            self.world.restart_ca()
            for thread in threads:
                thread.join()
            for suite, name, order, csr, key in began:
                if self.client.post(order.headers['Location'], None).json['status'] == 'ready':    # it was killed before it heard
                    self.client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
                certificate = self.finished(order, key)
                self.assertEqual(len(set(self.world.check_scts(suite, certificate))), 2)
                self.assertEqual(self.serials(suite, name), {ct_wire.without_extension(certificate.der, pki.SCT_LIST)})

    def finalize_quietly(self, order, csr):
        """As a client whose connection breaks. A nonce of its own: the others ask at the same time."""
        client = acme_raw.Client(self.world, register=False)
        client.key, client.kid = self.client.key, self.client.kid
        try:
            client.post(order.json['finalize'], {'csr': acme_raw.b64(csr)})
        except (OSError, http.client.HTTPException):
            pass

    def test_a_precertificate_is_revoked(self):
        """Its order is refused then, though the logs are back; it is in the CRL."""
        name = self.name()
        self.world.operators['B'].kill()
        self.world.operators['C'].kill()
        order, _ = self.processing('gm', name)
        wait_until('a log has the precertificate', lambda: self.serials('gm', name))
        [entry] = [e for _, e in self.world.entries('gm') if e.kind == ct_wire.PRECERT_ENTRY and name.encode() in e.tbs]
        serial = [node for node in der.read_all(entry.tbs).children() if node.tag == der.INTEGER][0].body.hex()
        words = ['ca', 'revoke', '--config', self.world.path('service.conf'), '--serial', serial]
        dry = acme_world.run(*words, '--reason', 'superseded', '--dry-run')
        self.assertIn(f'gm-r1 {serial}: would be revoked (precertificate)', dry.stdout.decode())
        done = acme_world.run(*words, '--reason', 'superseded')
        self.assertIn(f'gm-r1 {serial}: revoked (precertificate)', done.stdout.decode())
        self.assertIn('1 certificates, 0 failed', done.stdout.decode())
        self.assertIn('0 certificates', acme_world.run(*words, '--reason', 'superseded').stdout.decode())
        self.world.operators['B'].start()
        done = self.client.poll(order.headers['Location'], seconds=90)
        self.assertEqual(done['status'], 'invalid', done)
        self.assertIn('revoked', done['error']['detail'])
        folder = self.world.path('gm-r1', 'public', 'crl')
        wait_until('in a CRL', lambda: any(bytes.fromhex(serial) in self.world.read('gm-r1', 'public', 'crl', n)
                                           for n in os.listdir(folder)))

    def test_lists_and_policies_are_read_again(self):
        self.world.write_lists(('A', 'B'))
        self.assertIn('reloaded', self.world.reload('reloaded'))
        for suite in KINDS:
            self.assertEqual(set(self.world.check_scts(suite, self.issue(suite))), {'A', 'B'})
        self.world.write('gm-logs.json', '{"operators": 7}')
        said = self.world.reload('reload-failed')
        self.assertIn('gm-logs.json', said)
        self.assertEqual(set(self.world.check_scts('gm', self.issue('gm'))), {'A', 'B'})
        # All of it is read anew, or nothing.
        settings = self.world.read('service.conf').decode()
        self.world.write_lists(('A', 'C'))
        self.world.write('service.conf', settings.replace('base-url = "https://localhost', 'base-url = "https://127.0.0.1'))
        self.assertIn('base URL', self.world.reload('reload-failed'))
        self.assertEqual(set(self.world.check_scts('gm', self.issue('gm'))), {'A', 'B'})
        # A profile changes with a restart: until then its policy has to be there.
        policies = self.world.read('ct-policy.conf').decode()
        self.world.write('service.conf', settings.replace('"gm-two"', '"gm-three"'))
        self.world.write('ct-policy.conf', policies.replace('policy gm-two', 'policy gm-three'))
        self.assertIn('has no policy', self.world.reload('reload-failed'))
        self.issue('gm')
        self.world.write('service.conf', settings)
        self.world.write('ct-policy.conf', policies)
        self.world.write_lists(('A',))
        self.assertIn('profile="gm-classic"', self.world.reload('ct-logs-too-few'))
        self.world.write_lists()
        self.world.reload('reloaded')
        self.issue('gm')


class Intranet(Case):
    """More than 180 days: three SCTs."""

    policies = {'intl-intranet': 'chrome', 'gm-intranet': 'gm-two'}

    def test_three(self):
        for suite, kind in (('intl', 'p256'), ('gm', 'sm2')):
            certificate = self.client.issue(('ip', '127.0.0.1'), self.name(), kind=kind, profile=f'{suite}-intranet')
            self.assertEqual(sorted(self.world.check_scts(suite, certificate)), ['A', 'B', 'C'])


class SignerWorld(scts_world.World):
    """The issuing CA's key is in a signer, which signs certificates and lists and nothing else."""

    def make(self):
        super().make()
        os.rename(self.path('gm-r1', 'keys', 'issuing.pem'), self.path('issuing.pem'))
        self.write('signer.conf', 'socket = "s"\nstate = "signer-state"\nkey "ca" {\n    algorithm = "sm2_sm3"\n    key = "issuing.pem"\n'
                   '    kinds = {"certificate", "crl"}\n}\n')
        with open(self.path('gm-r1', 'classic.conf'), 'a', encoding='ascii') as file:
            file.write(f'key = "signer:{self.path("s")}#ca"\n')
        self.signer = self.spawn('signer', acme_world.PROGRAM, 'signer', 'run', '--config', self.path('signer.conf'))
        self.signer.wait_for('signer: 1 key at')


class Signer(Case):
    """Both signatures are another process's, which may be away."""

    policies, world_class = {'gm-classic': 'gm-two'}, SignerWorld

    def test_signer(self):
        certificate = self.issue('gm')
        self.assertEqual(len(set(self.world.check_scts('gm', certificate))), 2)
        self.world.signer.stop()
        name = self.name()
        order, key = self.processing('gm', name)
        self.world.ca.wait_for('issuance-delayed')
        self.world.signer = self.world.spawn('signer2', acme_world.PROGRAM, 'signer', 'run', '--config', self.world.path('signer.conf'))
        certificate = self.finished(order, key)
        self.assertEqual(len(set(self.world.check_scts('gm', certificate))), 2)
        self.assertEqual(self.serials('gm', name), {ct_wire.without_extension(certificate.der, pki.SCT_LIST)})

    def test_a_backup_has_no_key_that_is_elsewhere(self):
        copy = self.world.path('copy')
        acme_world.run('ca', 'backup', '--config', self.world.path('service.conf'), '--with-keys', copy)
        self.assertEqual(sorted(os.listdir(os.path.join(copy, 'gm-r1'))), ['ca.db', 'classic.conf', 'issuing.pem', 'public', 'root.pem'])


class Configuration(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        acme_world.run('ca', 'classic', 'init', '--suite', 'gm', '--organisation', 'Example', '--url', 'http://localhost/gm', self.path('gm-r1'))
        with open(os.path.join(acme_world.ROOT, 'policies', 'ct-policy.conf'), encoding='utf-8') as file:
            self.put('ct-policy.conf', file.read())
        self.put('logs.json', '{"version": "1", "log_list_timestamp": "2026-11-01T00:00:00Z", "operators": []}')

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def refused(self, profile, ct, *says):
        self.put('ca.conf', f'base-url = "http://localhost:1"\nlisten = {{"127.0.0.1:0"}}\nclassic "gm-r1" {{ directory = "gm-r1" }}\n'
                 f'profile "gm-classic" {{\n    ca = "gm-r1"\n{profile}}}\nvalidation {{\n    quorum = "relaxed"\n    caa-identities = {{"ca.example"}}\n}}\n'
                 f'acme {{ default-profile = "gm-classic" }}\n{ct}')
        done = acme_world.run('ca', 'run', '--check-config', '--config', self.path('ca.conf'), check=False)
        if not says:
            self.assertEqual(done.returncode, 0, done)
            return
        self.assertEqual(done.returncode, 2, done)
        for word in says:
            self.assertIn(word, done.stderr.decode())

    def test_what_is_wrong(self):
        good = 'ct {\n    log-list = {"logs.json"}\n    policy-file = "ct-policy.conf"\n}\n'
        self.refused('', '')
        self.refused('    ct-policy = "none"\n', '')
        self.refused('', good)
        self.refused('    ct-policy = "gm-browser"\n', '', 'gm-classic', 'no ct block')
        self.refused('    ct-policy = "gm-other"\n', good, 'gm-classic', 'ct-policy.conf', 'no policy "gm-other"')
        self.refused('    ct-policy = ""\n', good, 'ct-policy', 'none')
        self.refused('    ct-policy = "gm-browser"\n', good, 'gm-classic')    # and no log in the list
        self.refused('', good.replace('{"logs.json"}', '{}'), 'log-list')
        self.refused('', good.replace('logs.json', 'gone.json'), 'gone.json')
        self.refused('', good.replace('"ct-policy.conf"', '"gone.conf"'), 'gone.conf')
        self.refused('', good[:-2] + '    deadline-ms = 1000\n}\n', 'log-timeout-ms')
        self.refused('', good[:-2] + '    deadline-ms = 99\n}\n', 'deadline-ms')
        self.refused('', good[:-2] + '    deadlin-ms = 99\n}\n', 'deadlin-ms')
        # Less than clients want, by the policy of the root program; then enough, and there are no logs.
        self.put('weak.conf', 'policy weak\ndelivery embedded\ncounted usable\nask usable\nscts upto 30 1\nscts longer 0\n')
        weak = good.replace('ct-policy.conf', 'weak.conf')
        self.refused('    ct-policy = "weak"\n', weak, 'gm-classic', 'weak gets 0 SCTs', 'gm-browser')
        self.refused('    ct-policy = "weak"\n    lifetime = 2592000\n', weak, 'logs that may be asked')
        self.put('bad.conf', 'policy x\nscts longer two\n')
        self.refused('', good.replace('ct-policy.conf', 'bad.conf'), 'bad.conf', '2')


if __name__ == '__main__':
    acme_world.main()
