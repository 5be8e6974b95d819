"""cathaya trust init, add, set, accept, restrict, remove, state, lint, diff: a program from its first day to a removal."""
import fcntl
import os
import re
import resource
import shutil
import signal

from registry_world import *


class FromApplicationToRemoval(RegistryTest):
    def test_sm2_root(self):
        self.start()
        self.assertEqual(self.lint(), (0, []))
        out = self.ok('add', 'roots/sm2', '--file', self.certificate('Example SM2', 'sm2'), '--operator', 'ca', '--purpose', 'tls',
                      '--name', 'Example SM2', '--reason', 'application of January', at='2026-01-02')
        # What acceptance takes is said at once, and nothing of it is an error yet.
        self.assertIn('before it can be accepted:', out)
        for word in ('sm2-licence', 'disclosure-missing', 'application-missing'):
            self.assertIn(word, out)
        self.assertEqual(self.lint(), (0, []))
        self.assertEqual({f[0] for f in self.lint(AT, '--if-accepted')[1]}, {'sm2-licence', 'disclosure-missing', 'application-missing'})
        self.not_ok(1, 'sm2-licence', 'accept', 'roots/sm2', '--reason', 'soon', at='2026-03-01')
        self.licences()
        self.set('roots/sm2', 'disclosure', '2026-01-05', '0', 'https://ca.test/intermediates')
        self.not_ok(1, 'application-missing', 'accept', 'roots/sm2', '--reason', 'soon', at='2026-03-01')
        self.application('a1', 'roots/sm2 tls')
        self.assertEqual(self.lint()[1], [('application-not-done', 'applications/a1.conf', 'warning')])
        self.assertEqual(self.ok('accept', 'roots/sm2', '--reason', 'all is "there"', at='2026-03-01'), 'roots/sm2: accepted from 2026-03-01\n')
        self.assertIn('state tls accepted 2026-03-01 "all is \\"there\\""\n', self.text('roots/sm2.conf'))
        self.assertEqual(self.lint(), (0, []))
        self.restrict_and_remove()

    def restrict_and_remove(self):
        before = self.path('before')
        shutil.copytree(self.dir, before)
        self.not_ok(2, 'say how', 'restrict', 'roots/sm2', '--reason', 'incident 1')
        self.ok('restrict', 'roots/sm2', '--not-after', '2026-07-01', '--permit-name', 'cn', '--permit-name', 'example.com',
                '--serials', '0a-0f', '--level-max', '2', '--reason', 'incident 1')
        self.ok('add', 'incidents/n1', '--name', 'Wrong names', '--operator', 'ca', '--reason', 'seen in a log', '--set', 'subject roots/sm2 tls')
        self.ok('remove', 'roots/sm2', '--reason', 'incident 1, no report', at='2026-06-20')
        self.assertEqual(self.lint('2026-06-10')[1], [('incident-open', 'incidents/n1.conf', 'note')])
        self.assertEqual(self.lint('2026-06-15')[1], [('incident-open', 'incidents/n1.conf', 'note')])
        self.assertEqual({f[0] for f in self.lint('2026-06-16')[1]}, {'incident-no-report', 'incident-open'})
        status, out, err = run('trust', 'diff', before, self.dir)
        self.assertEqual((status, err), (0, ''))
        for line in ('root Example SM2 (sm2): tls is restricted from 2026-06-01: incident 1',
                     'root Example SM2 (sm2): nothing issued after 2026-07-01', 'root Example SM2 (sm2): only names below cn',
                     'root Example SM2 (sm2): revoked serial numbers 0a 0f incident 1', 'root Example SM2 (sm2): trust level at most 2',
                     'root Example SM2 (sm2): tls is removed from 2026-06-20: incident 1, no report',
                     'incident Wrong names (n1): it is new in the registry', 'incident Wrong names (n1): opened 2026-06-01 seen in a log'):
            self.assertIn(line + '\n', out)
        changes = json.loads(run('trust', 'diff', before, self.dir, '--json')[1])['changes']
        self.assertIn({'kind': 'state', 'file': 'roots/sm2.conf', 'text': 'root Example SM2 (sm2): tls is restricted from 2026-06-01: incident 1'}, changes)
        self.assertEqual(run('trust', 'diff', before, before)[1], 'nothing has changed\n')


class Things(RegistryTest):
    def test_mtc_ca_with_policy(self):
        self.start()
        self.licences()
        run('ca', 'init', '--suite', 'gm', '--id', '32473.8', self.path('ca'))
        self.ok('add', 'operators/mirror', '--name', 'Mirrors', '--set', 'contact m@mirror.test')
        key = self.public_key('mirror')
        spki = ''.join(read(key).decode().splitlines()[1:-1])
        with open(self.path('policy'), 'w') as file:
            file.write(f'cosigner 32473.9.1 sm2_sm3 {spki}\nrequire-cosigners any 32473.9.1\nrevoked 32473.8 0 1:999\n')
        words = ['mtc-cas/ca', '--file', self.path('ca', 'ca.pem'), '--operator', 'ca', '--purpose', 'tls', '--policy', self.path('policy'),
                 '--set', 'url https://mtc.ca.test', '--reason', 'application a2']
        self.not_ok(2, '--cosigner-operator 32473.9.1=OPERATOR', 'add', *words)
        self.not_ok(2, 'there is no operator nobody', 'add', *words, '--cosigner-operator', '32473.9.1=nobody')
        self.ok('add', *words, '--cosigner-operator', '32473.9.1=mirror')
        self.assertIn('require signatures 1 32473.9.1\n', self.text('mtc-cas/ca.conf'))
        self.assertIn('operator mirror\nid 32473.9.1\nrole mirror\nalgorithm sm2_sm3\n', self.text('cosigners/32473.9.1.conf'))
        self.application('a2', 'mtc-cas/ca tls')
        self.ok('accept', 'mtc-cas/ca', '--reason', 'all is there')
        self.assertEqual(self.lint(), (0, []))
        # The mirror's end is the CA's, and that is said.
        self.assertIn('mtc-rule-unmet', self.ok('remove', 'cosigners/32473.9.1', '--reason', 'gone'))
        self.assertEqual(self.lint()[0], 1)

    def test_intermediate_of_the_national_root(self):
        self.start()
        self.licences()
        self.ok('add', 'operators/state', '--name', 'National CA', '--set', 'contact n@state.test')
        self.ok('add', 'roots/national', '--file', self.certificate('National', 'sm2'), '--operator', 'state', '--purpose', 'tls',
                '--set', 'only-listed-intermediates', '--reason', 'by law')
        self.ok('accept', 'roots/national', '--reason', 'by law')
        self.openssl('req', '-new', '-sm3', '-key', self.path('National.key'), '-subj', '/CN=Sub', '-out', 'sub.csr')
        with open(self.path('ext'), 'w') as file:
            file.write('basicConstraints=critical,CA:TRUE\n')
        self.openssl('x509', '-req', '-in', 'sub.csr', '-sm3', '-CA', 'National.pem', '-CAkey', 'National.key', '-CAcreateserial', '-days', '3000',
                     '-extfile', 'ext', '-out', 'sub.pem')
        self.ok('add', 'intermediates/sub', '--file', self.path('sub.pem'), '--operator', 'ca', '--issuer', 'national', '--purpose', 'tls',
                '--set', 'disclosed 2026-01-02', '--reason', 'application a3')
        self.not_ok(1, 'application-missing', 'accept', 'intermediates/sub', '--reason', 'x')
        self.application('a3', 'intermediates/sub tls')
        self.ok('accept', 'intermediates/sub', '--reason', 'x')
        self.assertEqual(self.lint(), (0, []))

    def test_case_by_case(self):
        """No Chinese licence: WebTrust, a root in a big program, and a decision that is written down."""
        self.start()
        self.ok('add', 'roots/sm2', '--file', self.certificate('Example SM2', 'sm2'), '--operator', 'ca', '--purpose', 'tls', '--set', 'level-max 3',
                '--set', 'disclosure 2026-01-05 0 https://ca.test/i', '--reason', 'x')
        self.application('a1', 'roots/sm2 tls')
        for scheme in ('webtrust-ca', 'webtrust-baseline'):
            self.set('roots/sm2', 'audit', scheme, 'tls', 'from', '2025-01-01', 'until', '2025-12-31', 'published', '2026-02-01', 'https://a.test/1', 'An Auditor')
        self.not_ok(1, 'sm2-licence', 'accept', 'roots/sm2', '--reason', 'x')
        self.set('operators/ca', 'included', 'mozilla', 'from', '2020-01-01', 'https://m.test/')
        out = self.ok('accept', 'roots/sm2', '--reason', 'x')
        self.assertIn('sm2-case', out)
        self.set('roots/sm2', 'exception', 'sm2-case', 'from', '2026-06-01', 'until', '2026-12-31', 'decided by the board')
        self.assertEqual(self.lint()[1], [('sm2-case', 'roots/sm2.conf', 'note')])
        self.assertEqual(self.lint('2026-12-31')[1][0], ('sm2-case', 'roots/sm2.conf', 'note'))
        self.assertIn(('sm2-case', 'roots/sm2.conf', 'warning'), self.lint('2027-01-01')[1])

    def test_keys(self):
        self.start()
        self.ok('add', 'bundle-keys/k1', '--file', self.public_key('k1'), '--set', 'role bundle', '--reason', 'first')
        self.not_ok(1, 'none is of ML-DSA-44', 'accept', 'bundle-keys/k1', '--reason', 'x')
        self.ok('add', 'bundle-keys/k2', '--file', self.public_key('k2'), '--set', 'role bundle', '--reason', 'first')
        self.not_ok(1, 'none is of ML-DSA-44', 'accept', 'bundle-keys/k1', 'bundle-keys/k2', '--reason', 'x')
        self.ok('add', 'bundle-keys/k3', '--file', self.mldsa44_key('k3'), '--set', 'role bundle', '--reason', 'first')
        self.assertIn('algorithm mldsa44\n', self.text('bundle-keys/k3.conf'))
        self.assertIn('and others', self.ok('accept', 'bundle-keys/k1', 'bundle-keys/k3', '--reason', 'x'))
        self.assertEqual(self.lint(), (0, []))
        self.ok('add', 'identity-signers/s1', '--file', self.public_key('s1', 'prime256v1'), '--operator', 'ca', '--set', 'level-max 3', '--reason', 'x')
        self.assertIn('algorithm ecdsa_p256_sha256\n', self.text('identity-signers/s1.conf'))
        self.not_ok(1, 'identity-signer', 'accept', 'identity-signers/s1', '--reason', 'x')


class Example(unittest.TestCase):
    def test_docs_example(self):
        """The registry that people copy: nothing against it, and a year later what is due."""
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'docs', 'examples', 'registry')
        lint = lambda at: json.loads(run('trust', 'lint', '--registry', folder, '--at', at, '--json')[1])
        self.assertEqual(lint('2026-06-01')['findings'], [])
        self.assertLessEqual({'sm2-licence', 'audit-overdue', 'disclosure-old'}, {f['id'] for f in lint('2027-06-01')['findings']})


    def test_each_statement_is_in_the_manual(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..')
        manual = read(os.path.join(root, 'docs', 'registry.md')).decode()
        words = set()
        for part in ('read_case', 'read_operator', 'read_thing', 'thing_ct_log', 'thing_mtc'):
            source = read(os.path.join(root, 'lib', 'registry', f'registry_{part}.c')).decode()
            words.update(re.findall(r'^    \{"([a-z0-9-]+)", ', source, re.M))
        self.assertGreater(len(words), 50)
        self.assertEqual([word for word in sorted(words) if f'`{word}' not in manual], [])


class Files(RegistryTest):
    def test_comments_and_order_stay(self):
        self.start()
        file = os.path.join(self.dir, 'operators/ca.conf')
        with open(file, 'a') as out:
            out.write('\n# licences\nlicence miit "M" from 2022-01-01 until 2030-01-31 # the first\n\nwebsite https://ca.test/\n')
        self.set('operators/ca', 'licence', 'sca', 'S 1', 'from', '2022-01-01', 'until', '2030-01-31')
        self.ok('set', 'operators/ca', '--replace', 'website', 'https://new.ca.test/')
        self.ok('set', 'operators/ca', '--replace', 'name', 'zh', '新名')
        self.assertEqual(self.text('operators/ca.conf'),
                         'name en "Example CA"\nname zh 新名\ncountry CN\ncontact ca@ca.test "Zhang San"\n\n# licences\n'
                         'licence miit "M" from 2022-01-01 until 2030-01-31 # the first\nlicence sca "S 1" from 2022-01-01 until 2030-01-31\n\n'
                         'website https://new.ca.test/\n')
        self.ok('set', 'operators/ca', '--remove', 'licence', 'miit')
        self.assertNotIn('miit', self.text('operators/ca.conf'))
        self.not_ok(2, 'no such statement', 'set', 'operators/ca', '--remove', 'licence', 'miit')

    def test_refused(self):
        self.start()
        root = self.certificate('Root')
        for status, says, words in (
                (1, 'there is a registry already', ('init', '--name', 'A', '--contact', 'a@b.test')),
                (1, 'it is there already', ('add', 'operators/ca', '--name', 'A')),
                (2, 'FOLDER/ID', ('add', 'root/x', '--file', root)),
                (2, 'small letters', ('add', 'roots/X', '--file', root)),
                (2, 'small letters', ('add', 'roots/../x', '--file', root)),
                (2, '--file', ('add', 'roots/x', '--operator', 'ca')),
                (2, 'no statement: operator', ('add', 'roots/x', '--file', root)),
                (2, 'there is no operator nobody', ('add', 'roots/x', '--file', root, '--operator', 'nobody')),
                (2, '"tlz" is no purpose', ('add', 'roots/x', '--file', root, '--operator', 'ca', '--purpose', 'tlz', '--reason', 'x')),
                (2, '--reason', ('add', 'roots/x', '--file', root, '--operator', 'ca', '--purpose', 'tls')),
                (2, 'one line of printable', ('add', 'roots/x', '--file', root, '--operator', 'ca', '--set', 'name a\nname b')),
                (2, 'mtc-cas/x.pem', ('add', 'mtc-cas/x', '--file', root, '--operator', 'ca')),
                (2, 'no such file', ('accept', 'roots/x', '--reason', 'x')),
                (2, 'it has no state', ('accept', 'operators/ca', '--reason', 'x')),
                (2, 'expected: licence', ('set', 'operators/ca', 'licence', 'miit')),
                (2, '--at', ('set', 'operators/ca', 'country', 'CN', '--at', 'yesterday'))):
            if '--at' in words:
                self.assertEqual(run('trust', *words, '--registry', self.dir)[0], status)
            else:
                self.not_ok(status, says, *words)
        self.assertEqual(run('trust', 'lint', '--registry', self.path('nothing'))[0], 2)

    def test_a_file_that_is_wrong(self):
        self.start()
        with open(os.path.join(self.dir, 'operators/ca.conf'), 'a') as out:
            out.write('licence miit M from 2022-01-01 until 2021-01-01\n')
        status, _, err = self.trust('lint')
        self.assertEqual(status, 2)
        self.assertIn('operators/ca.conf:5: licence: it ends before it begins', err)
        os.makedirs(os.path.join(self.dir, 'roots'))
        with open(os.path.join(self.dir, 'roots', 'x.crt'), 'w') as out:
            out.write('x')
        self.assertIn('roots/x.crt: no file of a registry has this name', self.trust('lint')[2])

    def test_others_files_are_left_alone(self):
        self.start()
        for name in ('README.md', 'documents/form.pdf', '.git/config', 'operators/README.md', 'operators/.ca.conf.swp'):
            path = os.path.join(self.dir, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w') as out:
                out.write('x')
        self.assertEqual(self.lint(), (0, []))
        self.ok('add', 'operators/b', '--name', 'B')
        self.assertEqual(self.text('documents/form.pdf'), 'x')

    def test_a_change_that_was_cut_short(self):
        """What is whole is finished by the next command, what is not is forgotten."""
        self.start()
        part = os.path.join(self.dir, '.change')
        os.makedirs(part)
        with open(os.path.join(part, 'operators:half.conf'), 'w') as out:
            out.write('name en "Ha')
        self.assertEqual(self.lint(), (0, []))
        self.ok('add', 'operators/b', '--name', 'B')
        self.assertFalse(os.path.exists(part))
        self.assertFalse(os.path.exists(os.path.join(self.dir, 'operators/half.conf')))
        whole = os.path.join(self.dir, '.change-whole')
        os.makedirs(whole)
        for name in ('c', 'd'):
            with open(os.path.join(whole, f'operators:{name}.conf'), 'w') as out:
                out.write(f'name en {name}\n')
        self.assertEqual(self.lint(), (0, []))
        self.assertFalse(os.path.exists(whole))
        self.assertEqual(self.text('operators/d.conf'), 'name en d\n')

    def test_changes_of_strangers(self):
        """A registry may come from somebody else: what looks like a change of ours takes nothing out of it, and nothing away outside."""
        self.start()
        outside, whole = self.path('outside'), os.path.join(self.dir, '.change-whole')
        os.makedirs(outside)
        for name in ('keys', 'operators:c.conf'):
            with open(os.path.join(outside, name), 'w') as out:
                out.write('name en mine\n')
        before = files_below(outside)
        os.makedirs(whole)
        with open(os.path.join(whole, 'operators:..:..:outside:keys'), 'w') as out:
            out.write('theirs')
        self.not_ok(2, 'no change of a command', 'lint')
        self.not_ok(2, 'no change of a command', 'add', 'operators/b', '--name', 'B')
        shutil.rmtree(whole)
        os.symlink(outside, whole)
        self.assertNotEqual(self.trust('lint')[0], 0)
        os.unlink(whole)
        os.symlink(outside, os.path.join(self.dir, '.change'))
        self.assertNotEqual(self.trust('add', 'operators/b', '--name', 'B')[0], 0)
        os.unlink(os.path.join(self.dir, '.change'))
        self.assertEqual(files_below(outside), before)
        self.ok('add', 'operators/b', '--name', 'B')

    def test_nothing_is_trusted_past_its_conditions(self):
        """restrict and state are no way around accept, and what lint had found before it does not count as decided."""
        self.start()
        self.ok('add', 'roots/rsa', '--file', self.certificate('Example RSA'), '--operator', 'ca', '--purpose', 'tls', '--reason', 'x')
        self.not_ok(1, 'application-missing', 'restrict', 'roots/rsa', '--purpose', 'tls', '--not-after', '2027-01-01', '--reason', 'x')
        self.not_ok(1, 'application-missing', 'state', 'roots/rsa', 'restricted', '--purpose', 'tls', '--reason', 'x')
        self.ok('add', 'operators/b', '--name', 'Example CA')
        self.assertEqual([f[0] for f in self.lint()[1]], ['operator-same-name'])
        self.ok('add', 'cosigners/m1', '--file', self.public_key('m'), '--operator', 'ca', '--set', 'id 32473.5', '--set', 'role mirror', '--reason', 'x')
        self.ok('add', 'cosigners/m2', '--file', self.path('m.pub'), '--operator', 'ca', '--set', 'id 32473.6', '--set', 'role mirror', '--reason', 'x')
        self.not_ok(1, 'same-key', 'accept', 'cosigners/m2', '--reason', 'x')
        # What is wrong elsewhere is not this decision's.
        self.ok('accept', 'cosigners/m1', '--reason', 'x')

    def test_diff_tells_of_identities(self):
        """The log of website identities only grows: more of it is told, and anything else too."""
        self.start()
        before = self.path('before')
        shutil.copytree(self.dir, before)

        def put(folder, text):
            os.makedirs(os.path.join(folder, 'identities'), exist_ok=True)
            with open(os.path.join(folder, 'identities', 'log'), 'w') as out:
                out.write(text)

        def diff():
            status, out, err = run('trust', 'diff', before, self.dir)
            self.assertEqual((status, err), (0, ''))
            return out

        put(self.dir, 'YQ==\nYg==\n')
        self.assertEqual(diff(), 'website identities: 2 more entries of the log\n')
        put(before, 'YQ==\n')
        self.assertEqual(diff(), 'website identities: 1 more entries of the log\n')
        put(before, 'YQ==\nYg==\n')
        self.assertEqual(diff(), 'nothing has changed\n')
        for other in 'Yg==\nYQ==\n', 'YQ==\nYg==\nYQ==\n':
            put(before, other)
            self.assertEqual(diff(), 'website identities: the log is not what it was before: what was in it must stay\n')
        change, = json.loads(run('trust', 'diff', before, self.dir, '--json')[1])['changes']
        self.assertEqual((change['kind'], change['file']), ('record', 'identities/log'))

    def test_what_is_no_file(self):
        """A pipe would be waited for, for ever."""
        self.start()
        os.mkfifo(os.path.join(self.dir, 'operators/pipe.conf'))
        status, out, err = self.trust('lint')
        self.assertEqual(status, 2)
        self.assertIn('operators/pipe.conf: no file', err)

    def test_a_disk_that_fails(self):
        """Nothing is changed, and what was begun is forgotten. A limit of files' sizes fails as a full disk does."""
        self.start()
        before = files_below(self.dir)
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        done = subprocess.run([os.environ['CATHAYA_PROGRAM'], 'trust', 'add', 'operators/b', '--name', 'B' * 200, '--registry', self.dir],
                              capture_output=True, text=True, preexec_fn=limit)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn('cannot write', done.stderr)
        self.assertEqual(files_below(self.dir), before)
        self.ok('add', 'operators/b', '--name', 'B')

    def test_one_at_a_time(self):
        self.start()
        lock = os.open(self.dir, os.O_RDONLY)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.not_ok(1, 'another command is changing it', 'add', 'operators/b', '--name', 'B')
        self.assertEqual(self.lint(), (0, []))
        fcntl.flock(lock, fcntl.LOCK_UN)
        self.ok('add', 'operators/b', '--name', 'B')


if __name__ == '__main__':
    unittest.main()
