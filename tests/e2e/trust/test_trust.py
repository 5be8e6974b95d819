"""cathaya trust: import, update from logs that are honest, show, and certificates judged by it."""
import subprocess

from trust_world import *


class Import(TrustTest):
    def test_again_is_no_change(self):
        ca = self.made_ca('again')
        folder = self.imported('again-trust', ca, 'http://127.0.0.1:1/')
        before = files_below(folder)
        self.assertIn('nothing new', self.ok('trust', 'import', '--dir', folder, '--ca', ca.pem, '--log-url', 'http://127.0.0.1:1'))
        self.assertEqual(files_below(folder), before)
        self.ok('trust', 'import', '--dir', folder, '--ca', ca.pem, '--log-url', 'http://127.0.0.1:2')
        shown = self.shown(folder)
        self.assertEqual((shown['version'], shown['cas'][0]['urls']), (2, ['http://127.0.0.1:1', 'http://127.0.0.1:2']))

    def test_conflicts_change_nothing(self):
        ca, other = self.made_ca('one'), self.made_ca('two')
        folder = self.imported('conflict', ca, more=('--operator', 'One'))
        before = files_below(folder)
        for words in (('--ca', other.pem), ('--ca', ca.pem, '--operator', 'Two')):
            done = run('trust', 'import', '--dir', folder, *words)
            self.assertEqual((done.status, done.out), (1, ''), done)
            self.assertIn('32473.8', done.err)
        self.assertEqual(files_below(folder), before)

    def test_what_stands_where(self):
        ca = self.made_ca('order')
        for words in (('--log-url', 'http://x'), ('--ca', ca.pem, '--suite', 'gm'), ('--root', ca.pem, '--policy', 'x'),
                      ('--ca', ca.pem, '--purpose', 'everything'), ('--ca', ca.pem, '--log-url', 'ftp://x'),
                      ('--ca', ca.path('ca.conf')), ('--ca', self.path('absent'))):
            done = run('trust', 'import', '--dir', self.path('order-trust'), *words)
            self.assertEqual((done.status, done.out), (2, ''), done)

    def test_roots(self):
        root = self.path('root.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=Root',
                        '-keyout', self.path('root.key'), '-out', root], check=True, capture_output=True)
        folder = self.path('roots')
        self.ok('trust', 'import', '--dir', folder, '--root', root, '--purpose', 'tls-intranet')
        self.ok('trust', 'import', '--dir', folder, '--root', root)
        self.assertEqual((self.shown(folder)['roots'], self.shown(folder)['version']), (1, 2))
        self.assertEqual(run('trust', 'import', '--dir', folder, '--intermediate', root).status, 1)

    def test_policy(self):
        ca = self.made_ca('policy')
        key = self.path('mirror.pem')
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', key], check=True, capture_output=True)
        spki = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout
        import base64
        line = f'cosigner 32473.9.1 ed25519 {base64.b64encode(spki).decode()}\n'
        policy = write(self.path('policy.txt'), line + 'require-cosigners all 32473.9.1\nrevoked 32473.8 1:3 1:3\n')
        web = self.web(ca.path('public'))
        folder = self.imported('policy-trust', ca, web.url, more=('--policy', policy))
        self.assertEqual((self.shown(folder)['cosigners'], self.shown(folder)['cas'][0]['rules']), (1, 1))
        # Nobody has signed but the CA: neither its landmarks nor its certificates count.
        self.refused(folder, 3, 'cosigner policy is not satisfied yet')
        self.assertIn('cosigner policy not satisfied', self.verify_trust(folder, ca.certificate(2)).out)
        self.assertIn('revoked', self.verify_trust(folder, ca.certificate(3)).out)
        write(self.path('subtree.txt'), read(ca.subtrees()))
        self.assertEqual(run('trust', 'import', '--dir', folder, '--ca', ca.pem, '--policy', self.path('subtree.txt')).status, 2)
        # Another policy of the same CA contradicts it.
        other = write(self.path('other.txt'), line)
        self.assertEqual(run('trust', 'import', '--dir', folder, '--ca', ca.pem, '--policy', other).status, 1)


class Update(TrustTest):
    def test_landmarks_of_both_suites(self):
        for suite, ca_id in (('gm', '32473.8'), ('intl', '32473.11')):
            ca = self.made_ca(f'both-{suite}', suite, ca_id)
            web = self.web(ca.path('public'))
            folder = self.imported(f'both-{suite}-trust', ca, web.url)
            landmark = ca.certificate(3, '--landmark')
            self.assertEqual(self.verify_trust(folder, landmark).status, 1)
            report = self.update(folder)
            self.assertEqual([(r['ca'], r['log'], r['landmark'], r['new']) for r in report], [(ca_id, 1, 1, 1)])
            done = self.verify_trust(folder, landmark, '--dns', 'www3.example.com')
            self.assertEqual((done.status, done.err), (0, ''), done)
            self.assertIn('OK', done.out)
            self.assertEqual(self.verify_trust(folder, landmark, '--dns', 'wrong.example').status, 1)
            self.assertEqual(self.verify_trust(folder, ca.certificate(3)).status, 0)
            shown = self.shown(folder)
            self.assertEqual(shown['trusted_subtrees'], len(self.ok('ca', 'subtrees', '--dir', ca.dir).splitlines()))
            self.assertEqual(shown[f'{suite}_trust_anchors'], [ca_id, f'{ca_id}.2.1.1'])

    def test_only_what_is_new_is_fetched(self):
        ca = self.made_ca('new', entries=5)
        web = self.web(ca.path('public'))
        folder = self.imported('new-trust', ca, web.url)
        self.update(folder)
        files = files_below(folder)
        web.asked.clear()
        self.assertEqual(self.update(folder)[0]['tiles'], 0)
        self.assertEqual(web.asked, ['/1/landmarks', '/1/checkpoint', '/1/revocations', '/2/landmarks'])
        self.assertEqual(files_below(folder), files)
        self.grow(ca, 4)
        report = self.update(folder)[0]
        self.assertEqual((report['landmark'], report['new'], report['active'], report['tiles']), (2, 1, 2, 1))
        self.assertEqual(self.verify_trust(folder, ca.certificate(7, '--landmark')).status, 0)
        self.assertEqual(self.verify_trust(folder, ca.certificate(2, '--landmark')).status, 0)

    def test_many_landmarks_and_tiles(self):
        ca = self.made_ca('many', entries=300)
        web = self.web(ca.path('public'))
        folder = self.imported('many-trust', ca, web.url)
        for _ in range(4):
            self.grow(ca, 40)
        self.update(folder)
        self.assertEqual(self.log_shown(folder)['landmark'], 5)
        lines = self.ok('ca', 'subtrees', '--dir', ca.dir).splitlines()
        self.assertEqual(self.shown(folder)['trusted_subtrees'], len(lines))
        for index in (0, 255, 256, 299, 300, 339, 340, 459):
            self.assertEqual(self.verify_trust(folder, ca.certificate(index, '--landmark')).status, 0, index)

    def test_a_second_log(self):
        ca = self.made_ca('second')
        web = self.web(ca.path('public'))
        folder = self.imported('second-trust', ca, web.url)
        self.update(folder)
        ca.ok('log', 'rotate')
        self.grow(ca)
        self.assertEqual([(r['log'], r['landmark']) for r in self.update(folder)], [(1, 1), (2, 1)])
        self.assertEqual(self.shown(folder)['gm_trust_anchors'], ['32473.8', '32473.8.2.1.1', '32473.8.2.2.1'])

    def test_a_mirror_when_the_log_is_away(self):
        ca = self.made_ca('away')
        web, mirror = self.web(ca.path('public')), self.web(ca.path('public'))
        web.spoil = lambda path, status, content: (503, b'')
        folder = self.imported('away-trust', ca, web.url, mirror.url)
        # The mirror has the landmarks. Whether there is a revocations file only the CA could say.
        done = run('trust', 'update', '--dir', folder, '--json')
        self.assertEqual((done.status, json.loads(done.out)['landmark']), (3, 1), done)
        self.assertIn('revocations: status 503', done.err)
        mirror.spoil = web.spoil
        self.refused(folder, 3, 'status 503')
        self.assertEqual(self.verify_trust(folder, ca.certificate(2, '--landmark')).status, 0)

    def test_a_log_without_landmarks(self):
        ca = self.init('empty', 'gm')
        ca.issue(self.csr('sm2', 'www.example.com'))
        web = self.web(ca.path('public'))
        folder = self.imported('empty-trust', ca, web.url)
        self.assertEqual(self.update(folder)[0]['landmark'], 0)
        self.assertEqual(self.shown(folder)['gm_trust_anchors'], ['32473.8'])


if __name__ == '__main__':
    unittest.main()
