#!/usr/bin/env python3
"""`cathaya ca init`: both suites, every algorithm, one that no code names, and what is refused."""
import os
import stat

from ca_world import CaTest, files_below, read, read_ca, run, unittest, write

import mtc
import note

BUILT_IN = {'sm2_sm3': 'sm2_sm3', 'ecdsa_p256_sha256': 'ecdsa_p256_sha256', 'ecdsa_p384_sha384': 'ecdsa_p384_sha384',
            'ed25519': 'ed25519', 'mldsa44': 'mldsa44', 'mldsa65': 'mldsa65', 'mldsa87': 'mldsa87'}
SLH_DSA = ('--algorithms',)


class Init(CaTest):
    def refused(self, *arguments, says):
        done = run('ca', 'init', *arguments)
        self.assertEqual((done.status, done.out), (2, ''), done)
        self.assertRegex(done.err, r'\Acathaya: [^\n]+\n\Z')
        for word in says:
            self.assertIn(word, done.err)

    def test_new_ca(self):
        for suite, key, hash_name, profile in (('gm', 'sm2_sm3', 'sm3', 'gm'), ('intl', 'mldsa44', 'sha256', 'draft-07')):
            ca = self.init(f'new-{suite}', suite, ca_id='32473.4.5')
            found = read_ca(ca.pem)
            self.assertEqual((found.id, found.key.name, found.hash_name, found.profile.name),
                             ('32473.4.5', key, hash_name, profile))
            self.assertEqual((found.min_serial, found.max_serial), (1 << 48, (6 << 48) - 1))
            self.assertEqual(ca.audit(), 'log 1, 0 entries, 0 files, landmark 0')
            self.assertEqual(ca.fsck()['entries'], 0)
            status = ca.status()
            self.assertEqual((status['ca'], status['log'], status['size'], status['closed']), ('32473.4.5', 1, 0, False))

    def test_service_configuration(self):
        """run.conf serves the new CA as it is, and says what it leaves out."""
        for suite in ('gm', 'intl'):
            ca = self.init(f'service-{suite}', suite, '--lifetime', '86400')
            conf = ca.path('run.conf')
            text = read(conf).decode()
            self.assertEqual(run('ca', 'run', '--config', conf, '--check-config').out, f'{conf}: OK\n')
            self.assertIn(f'profile "{suite}-mtc"', text)
            self.assertIn('lifetime = 86400', text)
            for setting, without, word in (('quorum = "relaxed"', 'quorum = "br"', 'perspectives'),
                                           ('    mirrors = 0\n', '', 'mirrors'),
                                           ('    lifetime = 86400', '    lifetime = 604801', 'br-short-lived'),
                                           ('listen = {"127.', 'listen = {"192.', 'tls-certificate'),
                                           ('\nacme {', '\nperspective "x" { url = "https://x.test" region = "RIPE NCC" secret-file = "s" }\n'
                                            'acme {', 'region: ARIN'),
                                           ('\nacme {', '\nacme {\n    default-profile-sm2 = "gm-clasic"', 'gm-clasic'),
                                           ('directory = "."', 'directory = "elsewhere"', 'elsewhere')):
                self.assertEqual(text.count(setting), 1, setting)
                write(conf, text.replace(setting, without))
                done = run('ca', 'run', '--config', conf, '--check-config')
                self.assertEqual((done.status, done.out), (2, ''), done)
                self.assertIn(word, done.err)
            self.assertEqual(text.count('#try '), 3)
            write(conf, text.replace('#try ', ''))
            self.assertEqual(run('ca', 'run', '--config', conf, '--check-config').status, 0)

    def test_classic(self):
        """What `ca classic init` says to add to run.conf is what the service takes."""
        ca = self.init('with-classic', 'gm')
        done = run('ca', 'classic', 'init', '--suite', 'gm', '--organisation', 'Example', '--url', 'http://ca.example/gm',
                   self.path('gm-r1'))
        self.assertEqual(done.status, 0, done)
        blocks = [line for line in done.out.splitlines() if line.startswith('    ')]
        self.assertEqual(len(blocks), 2)
        with open(ca.path('run.conf'), 'a', encoding='ascii') as file:
            file.write('\n'.join(blocks) + '\n')
        self.assertEqual(run('ca', 'run', '--config', ca.path('run.conf'), '--check-config').status, 0)
        # A public root never issues for an intranet, and no suite for the other.
        text = read(ca.path('run.conf')).decode()
        for name, word in (('gm-intranet', 'IN-01'), ('intl-classic', 'other suite')):
            write(ca.path('run.conf'), text.replace('profile "gm-classic"', f'profile "{name}"'))
            done = run('ca', 'run', '--config', ca.path('run.conf'))
            self.assertEqual((done.status, done.out), (2, ''), done)
            self.assertIn(word, done.err)

    def test_modes(self):
        old = os.umask(0)
        try:
            ca = self.init('modes', 'gm')
        finally:
            os.umask(old)
        ca.issue(self.csr('p256', 'www.example.com'))
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'ed25519')
        ca.landmark()
        private, public = (0o700, 0o600), (0o755, 0o644)
        for where, folders, names in os.walk(ca.dir):
            top = os.path.relpath(where, ca.dir).split(os.sep)[0]
            wanted = private if top in ('keys', 'log') else public
            self.assertEqual(stat.S_IMODE(os.stat(where).st_mode), wanted[0], where)
            for name in names:
                mode = 0o600 if name.startswith('ca.db') else wanted[1]
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode), mode, os.path.join(where, name))
        self.assertEqual(sorted(os.listdir(ca.path('keys'))), ['32473.9.pem', 'ca.pem'])

    def test_existing(self):
        """Nothing is ever made where something is, and an empty directory is fine."""
        ca = self.init('existing', 'gm')
        ca.issue(self.csr('p256', 'www.example.com'))
        before = files_below(ca.dir)
        self.refused('--suite', 'gm', '--id', '32473.8', ca.dir, says=('not empty', ca.dir))
        self.assertEqual(files_below(ca.dir), before)
        other = self.path('somebody')
        os.mkdir(other)
        write(os.path.join(other, '.hidden'), 'x')
        self.refused('--suite', 'intl', '--id', '32473.8', other, says=('not empty',))
        self.assertEqual(os.listdir(other), ['.hidden'])
        self.refused('--suite', 'intl', '--id', '32473.8', os.path.join(other, '.hidden'), says=())
        empty = self.path('empty')
        os.mkdir(empty)
        self.init('empty', 'gm')

    def test_refusals(self):
        where = self.path('never')
        for ca_id in ('', 'x', '1.', '.1', '01.2', '1..2', '-1', '1.2 ', '18446744073709551616', '.'.join(['9999'] * 200)):
            self.refused('--suite', 'gm', f'--id={ca_id}', where, says=('--id',))
        self.refused('--suite', 'gm', '--id', '32473.1', '--alg', 'rsa', where, says=('--alg', 'rsa', '--algorithms'))
        self.refused('--suite', 'sm', '--id', '32473.1', where, says=('--suite', 'gm', 'intl'))
        self.refused('--id', '32473.1', where, says=('--suite',))
        self.refused('--suite', 'gm', where, says=('--id',))
        self.refused('--suite', 'gm', '--id', '32473.1', says=('DIR',))
        self.refused('--suite', 'gm', '--id', '32473.1', where, where, says=('too many',))
        for lifetime in ('0', '3600', '-1', 'week', str(401 * 86400)):
            self.refused('--suite', 'gm', '--id', '32473.1', f'--lifetime={lifetime}', where, says=('--lifetime',))
        self.assertFalse(os.path.exists(where))
        self.refused('--suite', 'gm', '--id', '32473.1', self.path('no', 'such', 'parent'), says=('no/such/parent',))

    def test_gm_is_sm2(self):
        """GM-2: an SM3 CA signs with SM2 or with an algorithm that was added, and no client takes another."""
        for alg in BUILT_IN:
            if alg != 'sm2_sm3':
                self.refused('--suite', 'gm', '--id', '32473.1', '--alg', alg, self.path('gm-' + alg), says=('--alg', alg, 'sm2_sm3'))
                self.assertFalse(os.path.exists(self.path('gm-' + alg)))

    def test_every_algorithm(self):
        csr = self.csr('p256', 'www.example.com')
        for suite, algorithms in (('gm', ('sm2_sm3',)), ('intl', BUILT_IN)):
            for alg in algorithms:
                with self.subTest(suite=suite, alg=alg):
                    ca = self.init(f'{suite}-{alg}', suite, '--alg', alg)
                    self.assertEqual(read_ca(ca.pem).key.name, BUILT_IN[alg])
                    ca.issue(csr)
                    ca.good(ca.certificate(0), 'standalone: cosigned by 32473.8 ', 'www.example.com')
                    self.assertEqual(ca.fsck()['entries'], 1)
                    ca.audit()

    def cosigned_by_all(self, ca, size):
        """The published checkpoint meets a policy that asks for every cosigner (GM-54, GM-56)."""
        own = read_ca(ca.pem)
        cosigners = mtc.Policy(read(ca.path('policy.txt')).decode(), own).cosigners
        checkpoint = note.Checkpoint(read(ca.path('public', '1', 'checkpoint')))
        self.assertEqual(checkpoint.size, size)
        for cosigner, key in cosigners.items():
            self.assertTrue(note.check_signature(checkpoint, cosigner, own.log_id(1), key), cosigner)

    def test_landmark_after_cosigner(self):
        """A landmark is at the size of a checkpoint that the new cosigner has signed as well."""
        ca = self.init('landmark-after', 'gm')
        ca.issue(self.csr('p256', 'www.example.com'))
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'mldsa44')
        self.assertTrue(ca.landmark()['new'])
        self.cosigned_by_all(ca, 1)

    def test_cosigners_of_every_algorithm(self):
        """Any algorithm may sign beside SM2, and a policy may ask for all of them."""
        ca = self.init('cosigners', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        for i, alg in enumerate(BUILT_IN):
            ca.ok('cosigner', 'add', '--id', f'32473.9.{i}', '--alg', alg)
        self.assertEqual(ca.issue(csr), [1])
        self.cosigned_by_all(ca, 2)
        certificate = ca.certificate(1)
        ids = ', '.join(['32473.8', *(f'32473.9.{i}' for i in range(len(BUILT_IN)))])
        ca.good(certificate, f'standalone: cosigned by {ids} ', 'www.example.com', ca.path('policy.txt'))
        old = ca.certificate(0)
        ca.good(old, 'standalone: cosigned by 32473.8 ', 'www.example.com')
        self.assertEqual(ca.verify(old, '--policy', ca.path('policy.txt')).status, 1)
        self.assertFalse(ca.judge(old, policy=ca.path('policy.txt'))[0])
        ca.no(2, ('cosigner', 'add', '--id', '32473.99', '--alg', 'ed25519'), 'more than 7')
        ca.fsck()

    def test_bad_cosigners(self):
        ca = self.init('bad-cosigners', 'gm')
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'ed25519')
        before = files_below(ca.dir)
        ca.no(2, ('cosigner', 'add', '--id', '32473.9', '--alg', 'mldsa44'), '32473.9', 'already')
        ca.no(2, ('cosigner', 'add', '--id', '32473.8', '--alg', 'mldsa44'), "the CA's")
        ca.no(2, ('cosigner', 'add', '--id', '32473.8.0.1', '--alg', 'mldsa44'), 'below it')
        ca.no(2, ('cosigner', 'add', '--id', 'nine', '--alg', 'mldsa44'), '--id')
        ca.no(2, ('cosigner', 'add', '--id', '32473.10', '--alg', 'mldsa'), 'mldsa', '--algorithms')
        self.assertEqual(files_below(ca.dir), before)

    def test_bad_cosigners_by_hand(self):
        """What `cosigner add` refuses is no better when it is written into ca.conf."""
        ca = self.init('hand', 'gm')
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'sm2_sm3')
        text, key = read(ca.path('ca.conf')).decode(), read(ca.path('keys', '32473.9.pem'))
        csr = self.csr('p256', 'www.example.com')
        for other in ('32473.8', '32473.8.0.1'):
            write(ca.path('ca.conf'), text.replace('"32473.9"', f'"{other}"'))
            write(ca.path('keys', f'{other}.pem'), key)
            ca.no(2, ('issue', '--csr', csr), f'cosigner "{other}"', 'below it')
        write(ca.path('ca.conf'), text)
        ca.issue(csr)
        write(ca.path('keys', '32473.9.pem'), read(ca.path('keys', 'ca.pem')))
        ca.no(2, ('issue', '--csr', csr), '32473.8 and 32473.9', 'one key')

    def test_future_algorithm_of_the_ca(self):
        """SLH-DSA, which no code names: in ca.conf once, and with --algorithms for whoever verifies."""
        self.refused('--suite', 'intl', '--id', '32473.8', '--alg', 'slhdsa128f', self.path('none'),
                     says=('slhdsa128f', '--algorithms'))
        extra = ('--algorithms', self.algorithms())
        csr = self.csr('p256', 'www.example.com')
        for suite in ('intl', 'gm'):
            ca = self.init(f'slh-{suite}', suite, '--alg', 'slhdsa128f', *extra)
            ca.issue(csr)
            ca.landmark()
            subtrees = ca.subtrees()
            ca.good(ca.certificate(0), 'standalone: cosigned by 32473.8 ', 'www.example.com', None, *extra)
            ca.good(ca.certificate(0, '--landmark'), 'landmark: ', 'www.example.com', subtrees, *extra)
            without = ca.verify(ca.certificate(0))
            self.assertEqual(without.status, 2, without)
            self.assertIn('name it with --algorithms', without.err)
            ca.fsck()
            # The same file again is no contradiction.
            ca.ok('status', *extra)

    def test_future_algorithm_of_a_cosigner(self):
        ca = self.init('slh-cosigner', 'gm')
        csr, extra = self.csr('sm2', 'www.example.com'), ('--algorithms', self.algorithms())
        ca.no(2, ('cosigner', 'add', '--id', '32473.9', '--alg', 'slhdsa128f'), 'slhdsa128f', '--algorithms')
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'slhdsa128f', *extra)
        self.assertEqual(read(ca.path('ca.conf')).count(b'algorithm "slhdsa128f" {'), 1)
        ca.ok('cosigner', 'add', '--id', '32473.10', '--alg', 'slhdsa128f')
        self.assertEqual(read(ca.path('ca.conf')).count(b'algorithm "slhdsa128f" {'), 1)
        ca.issue(csr)
        certificate, policy = ca.certificate(0), ca.path('policy.txt')
        ca.good(certificate, 'standalone: cosigned by 32473.8, 32473.9, 32473.10 ', 'www.example.com', policy, *extra)
        ca.good(certificate, 'standalone: cosigned by 32473.8 ', 'www.example.com')
        without = ca.verify(certificate, '--policy', policy)
        self.assertEqual(without.status, 2, without)
        self.assertIn('slhdsa128f', without.err)
        self.assertIn('--algorithms', without.err)
        ca.fsck()

    def test_algorithm_block_by_hand(self):
        """What the manual describes: the block and the cosigner in ca.conf."""
        ca = self.init('slh-hand', 'gm')
        with open(ca.path('ca.conf'), 'a', encoding='ascii') as file:
            file.write(read(self.algorithms()).decode())
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'slhdsa128f')
        ca.issue(self.csr('sm2', 'www.example.com'))
        ca.good(ca.certificate(0), 'standalone: cosigned by 32473.8, 32473.9 ', 'www.example.com', ca.path('policy.txt'),
                '--algorithms', self.algorithms())

    def test_bad_configuration(self):
        ca = self.init('bad-conf', 'gm')
        ca.issue(self.csr('p256', 'www.example.com'))
        good = read(ca.path('ca.conf'))
        cases = (({'suite': '"intl"'}, 'suite'), ({'suite': '"x"'}, 'suite'), ({'id': '"32473.7"'}, 'ID'),
                 ({'id': '""'}, 'id'), ({'algorithm_of_ca': '"nothing"'}, 'nothing'), ({'algorithm_of_ca': '"ed25519"'}, 'ca.pem'),
                 ({'lifetime': '0'}, 'lifetime'), ({'lifetime': 'long'}, 'ca.conf:'), ({'backdate': '604800'}, 'backdate'),
                 ({'retain_days': '-1'}, 'retain-days'), ({'policy': '"2..5"'}, 'policy'), ({'client_auth': 'maybe'}, 'ca.conf:'))
        for values, word in cases:
            with self.subTest(values=values):
                ca.settings(**values)
                ca.no(2, ('status',), word)
                write(ca.path('ca.conf'), good)
        write(ca.path('ca.conf'), good + b'colour = "blue"\n')
        ca.no(2, ('status',), 'ca.conf:', 'colour')
        os.remove(ca.path('ca.conf'))
        ca.no(2, ('status',), 'no ca.conf', 'ca init')
        write(ca.path('ca.conf'), good)
        key = read(ca.path('keys', 'ca.pem'))
        ca.put_key('ca.pem', read(self.init('bad-conf-2', 'gm').path('keys', 'ca.pem')))
        ca.no(2, ('fsck',), 'is not the key of ca.pem')
        ca.put_key('ca.pem', key)
        ca.fsck()
        self.assertEqual(run('ca', 'status', '--dir', self.path('nowhere')).status, 2)


if __name__ == '__main__':
    unittest.main()
