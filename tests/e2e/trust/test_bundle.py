"""cathaya trust update --bundle: signed bundles that a client takes, and those that it does not; pinned keys."""
import base64
import shutil
import signal
import subprocess
import threading
import time

from trust_world import *

import ca_world

FETCH_SERVER = os.environ.get('CATHAYA_FETCH_SERVER')
DAY = Publisher.DAY
VECTORS = os.path.join(ca_world.ROOT, 'docs', 'vectors', 'gm', 'trust')


class Bundle(TrustTest):
    """Bundles are made of what an operator's own trust directory holds, and signed with keys of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publisher, cls.other = Publisher(cls.path('good')), Publisher(cls.path('other'))
        cls.keys, cls.others = cls.publisher.keys, cls.other.keys

    def signed(self, source, version, name=None, **more):
        return self.publisher.sign(self.path(f'{name or os.path.basename(source)}-{version}.bundle'), source, version, **more)

    def pinned(self, name):
        folder = self.path(name)
        self.ok('trust', 'import', '--dir', folder, *self.publisher.pins())
        return folder

    def take(self, folder, source, *words):
        return json.loads(self.ok('trust', 'update', '--dir', folder, '--bundle', source, '--json', *words))

    def not_taken(self, folder, source, status, *says, words=()):
        before = self.kept(folder)
        done = run('trust', 'update', '--dir', folder, '--bundle', source, *words)
        self.assertEqual((done.status, done.out), (status, ''), done)
        for word in says:
            self.assertIn(word, done.err)
        self.assertEqual(self.kept(folder), before)

    def kept(self, folder):
        """All but the evidence, which only grows."""
        return {name: content for name, content in files_below(folder).items() if not name.startswith('evidence/')}

    def world(self, name):
        """A CA with landmark 1, what the publisher has imported, and a client that has version 5."""
        ca = self.made_ca(name)
        web = self.web(ca.path('public'))
        source = self.imported(f'{name}-source', ca, web.url)
        folder = self.pinned(f'{name}-client')
        self.take(folder, self.signed(source, 5))
        return ca, source, folder


class Take(Bundle):
    def test_first_and_next(self):
        ca = self.made_ca('next')
        web = self.web(ca.path('public'))
        source, folder = self.imported('next-source', ca, web.url), self.pinned('next-client')
        first = self.signed(source, 5)
        report = self.take(folder, first)
        self.assertEqual((report['version'], report['before'], report['changed']), (5, None, True))
        self.assertEqual(read(os.path.join(folder, 'trust.bundle')), read(first))
        shown = self.shown(folder)
        self.assertEqual((shown['version'], shown['signed'], [ca['id'] for ca in shown['cas']]), (5, True, ['32473.8']))
        self.assertEqual(self.verify_trust(folder, ca.certificate(2)).status, 0)
        # The same contents again, with other signatures: no change, to the byte.
        files = files_below(folder)
        report = self.take(folder, self.signed(source, 5, name='again'))
        self.assertEqual((report['version'], report['before'], report['changed']), (5, 5, False))
        self.assertEqual(files_below(folder), files)
        self.assertIn('nothing new', self.ok('trust', 'update', '--dir', folder, '--bundle', first))
        # Landmarks come with the bundle; nothing asks the log.
        landmark = ca.certificate(3, '--landmark')
        self.assertEqual(self.verify_trust(folder, landmark).status, 1)
        self.update(source)
        web.asked.clear()
        report = self.take(folder, self.signed(source, 9, logs=[os.path.join(source, 'logs', '32473.8.0.1')]))
        self.assertEqual((report['version'], report['before'], web.asked), (9, 5, []))
        self.assertEqual(self.verify_trust(folder, landmark).status, 0)
        self.assertEqual((self.log_shown(folder)['landmark'], self.shown(folder)['gm_trust_anchors']), (1, ['32473.8', '32473.8.2.1.1']))

    def test_logs_files_stay(self):
        ca, source, folder = self.world('stay')
        self.update(folder)     # with the CA's URL from the signed bundle
        held = read(os.path.join(folder, 'logs', '32473.8.0.1'))
        landmark = ca.certificate(3, '--landmark')
        self.take(folder, self.signed(source, 6))
        self.assertEqual(read(os.path.join(folder, 'logs', '32473.8.0.1')), held)
        self.assertEqual(self.verify_trust(folder, landmark).status, 0)
        # A bundle without the CA: nothing of it is trusted. Behind it landmarks are taken anew, for its key may be another one.
        other = self.made_ca('stay-other', ca_id='32473.12')
        without = self.imported('stay-without', other)
        self.take(folder, self.signed(without, 7))
        self.assertEqual(self.verify_trust(folder, landmark).status, 1)
        self.assertEqual(self.verify_trust(folder, other.certificate(1)).status, 0)
        self.assertEqual(self.shown(folder)['trusted_subtrees'], 0)
        self.assertEqual(read(os.path.join(folder, 'logs', '32473.8.0.1')), held)
        self.take(folder, self.signed(source, 8))
        self.assertEqual(self.verify_trust(folder, landmark).status, 1)
        self.assertEqual(self.update(folder)[0]['new'], 1)
        self.assertEqual(self.verify_trust(folder, landmark).status, 0)

    def test_a_contradiction_to_what_a_log_has_said(self):
        ca, source, folder = self.world('against')
        self.update(folder)
        # The same CA's other history, from its own directory copied before.
        shutil.copytree(ca.dir, self.path('against-fork'))
        fork = Ca(self, self.path('against-fork'))
        self.grow(ca, 2)
        self.update(folder)
        fork.issue(self.csr('sm2', 'a.example.com'), self.csr('sm2', 'b.example.com'))
        fork.landmark()
        web = self.web(fork.path('public'))
        lied_to = self.imported('against-lied-to', fork, web.url)
        self.update(lied_to)
        bundle = self.signed(lied_to, 6, logs=[os.path.join(lied_to, 'logs', '32473.8.0.1')])
        self.not_taken(folder, bundle, 1, 'two hashes')
        self.assertEqual(self.take(folder, self.signed(source, 6))['version'], 6)

    def test_a_ca_with_a_new_key(self):
        """Landmarks that the old key has signed do not count for the new one, in a log of the same name."""
        ca, source, folder = self.world('old-key')
        self.update(folder)
        other = self.made_ca('new-key', entries=7)
        web = self.web(other.path('public'))
        # Their entries are alike, and so is the subtree of the first four.
        old, new = ca.certificate(4, '--landmark'), other.certificate(6, '--landmark')
        self.assertEqual([self.verify_trust(folder, path).status for path in (old, new)], [0, 1])
        self.take(folder, self.signed(self.imported('new-key-source', other, web.url), 6))
        self.assertEqual([self.verify_trust(folder, path).status for path in (old, new)], [1, 1])
        self.assertEqual(self.shown(folder)['trusted_subtrees'], 0)
        self.assertEqual(self.update(folder)[0]['landmark'], 1)
        self.assertEqual([self.verify_trust(folder, path).status for path in (old, new)], [1, 0])

    def test_a_new_key_with_another_tree(self):
        """Whoever stole the old key has signed another tree, and a client has believed it: the bundle with the new key is what helps that client."""
        ca, source, folder = self.world('stolen')
        self.update(folder)
        other = self.init('stolen-new', 'gm', ca_id='32473.8')
        other.issue(*[self.csr('sm2', f'other{i}.example.com') for i in range(5)])
        other.landmark()
        told = self.imported('stolen-told', other, self.web(other.path('public')).url)
        self.update(told)
        old, new = ca.certificate(4, '--landmark'), other.certificate(4, '--landmark')
        self.assertEqual([self.verify_trust(folder, path).status for path in (old, new)], [0, 1])
        self.take(folder, self.signed(told, 6, logs=[os.path.join(told, 'logs', '32473.8.0.1')]))
        self.assertEqual([self.verify_trust(folder, path).status for path in (old, new)], [1, 0])

    def test_a_rule_that_became_stricter(self):
        """Landmarks that were taken with fewer signatures than the new bundle asks for do not count for it."""
        ca, source, folder = self.world('stricter')
        self.update(folder)
        landmark = ca.certificate(3, '--landmark')
        self.assertEqual(self.verify_trust(folder, landmark).status, 0)
        key = self.path('stricter-mirror.pem')
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', key], check=True, capture_output=True)
        spki = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout
        line = f'cosigner 32473.9.1 ed25519 {base64.b64encode(spki).decode()}\n'
        policy = write(self.path('stricter.policy'), line + 'require-cosigners all 32473.9.1\n')
        strict = self.imported('stricter-source', ca, more=('--policy', policy))
        self.take(folder, self.signed(strict, 6))
        self.assertEqual(self.verify_trust(folder, landmark).status, 1)
        self.assertEqual(self.shown(folder)['trusted_subtrees'], 0)

    def test_over_http(self):
        _, source, folder = self.world('http')
        os.mkdir(self.path('published'))
        web = self.web(self.path('published'))
        url = web.url + '/trust.bundle'
        self.not_taken(folder, url, 3, url, 'status 404')
        good = read(self.signed(source, 6))
        write(self.path('published', 'trust.bundle'), good)
        web.spoil = lambda path, status, content: (302, content)
        self.not_taken(folder, url, 3, 'status 302')
        web.spoil = lambda path, status, content: (200, content + bytes(19 << 20))
        self.not_taken(folder, url, 1, 'longer than it can be')
        web.spoil = lambda path, status, content: (200, content[:-1])
        self.not_taken(folder, url, 1, url)
        web.spoil = None
        self.assertEqual(self.take(folder, url)['version'], 6)
        web.stop()
        self.not_taken(folder, url, 3, url)

    def test_watch(self):
        _, source, folder = self.world('watch')
        os.mkdir(self.path('watched'))
        write(self.path('watched', 'trust.bundle'), read(self.signed(source, 6)))
        web = self.web(self.path('watched'))
        watch = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder, '--bundle', web.url + '/trust.bundle', '--watch', '1', '--json'],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertEqual(self.shown_until(folder, 6), 6)
            os.replace(self.signed(source, 7), self.path('watched', 'trust.bundle'))
            self.assertEqual(self.shown_until(folder, 7), 7)
        finally:
            watch.send_signal(signal.SIGTERM)
            _, errors = watch.communicate(timeout=60)
        self.assertEqual((watch.returncode, errors), (0, b''))

    def shown_until(self, folder, version):
        """The directory can be read at any moment."""
        end = time.monotonic() + 30
        seen = self.shown(folder)['version']
        while seen < version and time.monotonic() < end:
            seen = self.shown(folder)['version']
        return seen

    def test_one_updater_at_a_time(self):
        _, source, folder = self.world('one')
        os.mkdir(self.path('slow'))
        bundle = self.signed(source, 6)
        write(self.path('slow', 'trust.bundle'), read(bundle))
        web, entered, go = self.web(self.path('slow')), threading.Event(), threading.Event()

        def hold(path, status, content):
            entered.set()
            go.wait(30)
            return status, content

        web.spoil = hold
        first = subprocess.Popen([PROGRAM, 'trust', 'update', '--dir', folder, '--bundle', web.url + '/trust.bundle'], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        try:
            self.assertTrue(entered.wait(30))
            self.not_taken(folder, bundle, 2)
            self.assertEqual(run('trust', 'update', '--dir', folder).status, 2)
        finally:
            go.set()
            _, errors = first.communicate(timeout=60)
        self.assertEqual((first.returncode, errors), (0, b''))
        self.assertEqual(self.shown(folder)['version'], 6)

    def test_fetch(self):
        """A browser trusts a site's CA from the moment on when the bundle has it."""
        ca, source, folder = self.world('fetch')
        site = self.made_ca('fetch-site', ca_id='32473.12')
        csr = self.csr('sm2', 'site.example.com')
        chain = write(self.path('site.pem'), site.ok('certificate', '--index', str(site.issue(csr)[0]), '--properties'))
        server = subprocess.Popen([FETCH_SERVER, self.folder, f'{chain}:{csr[:-4]}.key'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            words = ('fetch', '--policy-check', 'off', 'https://site.example.com/', '--connect', '127.0.0.1:' + server.stdout.readline().split()[1], '--trust', folder, '--as', 'gm', '--json')
            self.assertEqual(run(*words).status, 1)
            self.take(folder, self.signed(self.imported('fetch-more', site), 6))
            done = run(*words)
            self.assertEqual((done.status, json.loads(done.out.splitlines()[0])['verdict']), (0, 'secure'), done)
        finally:
            server.stdin.close()
            server.wait(30)
            server.stdout.close()


class Refuse(Bundle):
    def test_older_ones(self):
        _, source, folder = self.world('older')
        self.not_taken(folder, self.signed(source, 4), 1, 'version 4 is older than version 5')
        # What is held counts when it has expired, too.
        write(os.path.join(folder, 'trust.bundle'), read(self.signed(source, 6, issued=-2 * DAY, expires=-60)))
        shown = run('trust', 'show', '--dir', folder)
        self.assertEqual(shown.status, 0, shown)
        for word in ('has expired at', '2 days old', 'landmarks are not used'):
            self.assertIn(word, shown.err)
        self.not_taken(folder, self.signed(source, 5), 1, 'older')
        self.assertEqual(self.take(folder, self.signed(source, 7))['version'], 7)

    def test_times(self):
        _, source, folder = self.world('times')
        self.not_taken(folder, self.signed(source, 6, issued=-9 * DAY, expires=-60), 1, 'expired at')
        self.not_taken(folder, self.signed(source, 6, issued=2 * DAY, expires=3 * DAY), 1, 'in the future')
        self.not_taken(folder, self.signed(source, 6, expires=None), 1, 'has to expire')
        self.assertEqual(self.take(folder, self.signed(source, 6, issued=-3 * DAY))['version'], 6)
        self.assertEqual(self.shown(folder)['age_s'] // DAY, 3)
        self.assertIn('3 days old', self.ok('trust', 'show', '--dir', folder))

    def test_the_same_version_with_other_contents(self):
        ca, source, folder = self.world('conflict')
        other = self.imported('conflict-other', ca, 'https://other.example/')
        self.not_taken(folder, self.signed(other, 5), 1, 'other contents', 'two bundles of one version')
        self.assertEqual(len(os.listdir(os.path.join(folder, 'evidence'))), 3)
        self.assertEqual(self.take(folder, self.signed(other, 6))['version'], 6)

    def test_signatures(self):
        _, source, folder = self.world('signatures')
        (sm2, mldsa), (other_sm2, other_mldsa) = self.keys, self.others
        for keys, missing in (((), 'sm2_sm3'), ((sm2,), 'mldsa44'), ((mldsa,), 'sm2_sm3'), ((other_sm2, mldsa), 'sm2_sm3'),
                              ((sm2, other_mldsa), 'mldsa44'), (self.others, 'sm2_sm3')):
            self.not_taken(folder, self.signed(source, 6, keys=keys), 1, f'no good {missing} signature of a key in force')
        # More than those that are pinned does no harm.
        self.assertEqual(self.take(folder, self.signed(source, 6, keys=[*self.keys, *self.others]))['version'], 6)

    def test_changed_bytes(self):
        _, source, folder = self.world('changed')
        good = read(self.signed(source, 6))
        path = self.path('changed.bundle')
        for at in (0, 17, 19 + 16 + 7, 19 + 16 + 15, 19 + 16 + 23, len(good) // 2, len(good) - 40):
            write(path, good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.not_taken(folder, path, 1, path)
        for content in (b'', good[:-1], good + b'\0', read(os.path.join(source, 'trust.bundle')), bytes(19 << 20)):
            write(path, content)
            self.not_taken(folder, path, 1, path)
        self.not_taken(folder, self.path('absent.bundle'), 2, 'absent.bundle')

    def test_damaged_directories(self):
        _, source, folder = self.world('broken')
        bundle = self.signed(source, 6)
        for name in ('trust.bundle', 'trust.keys'):
            path = os.path.join(folder, name)
            whole = read(path)
            write(path, whole[:-1])
            self.not_taken(folder, bundle, 2, name)
            write(path, whole)
        self.assertEqual(self.take(folder, bundle)['version'], 6)

    def test_the_profiles_vector(self):
        """It was made by another program, and has expired or will."""
        folder = self.path('vector')
        os.mkdir(folder)
        write(os.path.join(folder, 'trust.keys'), read(os.path.join(VECTORS, 'trust.keys')))
        done = run('trust', 'update', '--dir', folder, '--bundle', os.path.join(VECTORS, 'trust.bundle'))
        if done.status != 0:
            self.assertRegex(done.err, 'expired at|in the future')
        else:
            self.assertEqual(self.shown(folder)['version'], 7)


class Pins(Bundle):
    def test_new_directory(self):
        folder = self.path('pins')
        pem = write(self.path('pin.pem'), b'-----BEGIN PUBLIC KEY-----\n' + base64.encodebytes(read(self.keys[0][2])) + b'-----END PUBLIC KEY-----\n')
        words = ('trust', 'import', '--dir', folder, '--bundle-key', pem, '--bundle-key', self.keys[1][2])
        self.assertIn('2 keys are pinned', self.ok(*words))
        files = files_below(folder)
        self.assertEqual(list(files), ['trust.keys'])
        self.assertIn('nothing new', self.ok(*words))
        self.assertEqual(files_below(folder), files)
        # Nothing is trusted yet, and it is said how it will be.
        done = run('trust', 'show', '--dir', folder)
        self.assertEqual((done.status, 'update --bundle' in done.err), (2, True), done)

    def test_pins_are_not_replaced(self):
        _, source, folder = self.world('replace')
        before = files_below(folder)
        for keys in (self.others, (self.keys[0], self.others[1]), (*self.keys, self.others[0])):
            done = run('trust', 'import', '--dir', folder, *(w for key in keys for w in ('--bundle-key', key[2])))
            self.assertEqual((done.status, done.out), (1, ''), done)
            self.assertIn('other keys are pinned', done.err)
        self.assertEqual(files_below(folder), before)

    def test_signed_and_local_ones_do_not_mix(self):
        ca, source, folder = self.world('mix')
        empty = self.pinned('mix-empty')
        for where in (folder, empty):
            before = files_below(where)
            done = run('trust', 'import', '--dir', where, '--ca', ca.pem)
            self.assertEqual((done.status, done.out), (2, ''), done)
            self.assertEqual(files_below(where), before)
        before = files_below(source)
        done = run('trust', 'import', '--dir', source, *(w for key in self.keys for w in ('--bundle-key', key[2])))
        self.assertEqual((done.status, 'local trust.bundle' in done.err), (1, True), done)
        self.not_taken(source, self.signed(source, 6), 2, 'no keys are pinned')
        self.not_taken(self.path('nowhere'), self.signed(source, 6), 2)
        self.assertEqual(files_below(source), before)

    def test_keys(self):
        ca = self.made_ca('keys')
        p256 = self.path('p256.pem')
        subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', p256 + '.key'], check=True, capture_output=True)
        subprocess.run(['openssl', 'pkey', '-in', p256 + '.key', '-pubout', '-out', p256], check=True, capture_output=True)
        sm2, mldsa = (key[2] for key in self.keys)
        for words in ((sm2,), (mldsa,), (sm2, p256), (sm2, mldsa, p256), (sm2, mldsa, ca.pem), (sm2, self.path('absent.pem')), (sm2, self.keys[1][1])):
            done = run('trust', 'import', '--dir', self.path('no-pins'), *(w for word in words for w in ('--bundle-key', word)))
            self.assertEqual((done.status, done.out), (2, ''), done)
        done = run('trust', 'import', '--dir', self.path('no-pins'), '--bundle-key', sm2, '--bundle-key', mldsa, '--ca', ca.pem)
        self.assertEqual((done.status, done.out), (2, ''), done)
        self.assertFalse(os.path.exists(self.path('no-pins', 'trust.keys')))


if __name__ == '__main__':
    unittest.main()
