"""cathaya trust update: logs that fork, shrink, change landmarks, serve wrong tiles, are slow or endless. What is held stays."""
import shutil
import time

from trust_world import *


class Liars(TrustTest):
    def held(self, name, entries=5):
        """A CA, its web, and a client that has landmark 1."""
        ca = self.made_ca(name, entries=entries)
        web = self.web(ca.path('public'))
        folder = self.imported(f'{name}-trust', ca, web.url)
        self.update(folder)
        return ca, web, folder

    def copied(self, ca, name):
        """The CA as it is now, with its key: what it signs from here on is another history."""
        shutil.copytree(ca.dir, self.path(name))
        return Ca(self, self.path(name))

    def proven(self, folder, kind):
        evidence = [name for name in os.listdir(os.path.join(folder, 'evidence'))]
        self.assertEqual(len(evidence), 1, evidence)
        done = run('evidence', 'verify', '--json', os.path.join(folder, 'evidence', evidence[0]))
        self.assertEqual(done.status, 0, done)
        self.assertEqual((json.loads(done.out)['proven'], json.loads(done.out)['kind']), (True, kind))

    def test_two_histories(self):
        ca, web, folder = self.held('fork')
        fork = self.copied(ca, 'fork-copy')
        self.grow(ca, 2)
        self.update(folder)
        fork.issue(*[self.csr('sm2', f'{name}.example.com') for name in 'abc'])
        fork.landmark()
        self.grow(fork, 3)
        web.folder = fork.path('public')
        self.refused(folder, 1, 'not the first ones')
        self.proven(folder, 'not-a-prefix')
        web.folder = ca.path('public')
        self.assertEqual(self.update(folder)[0]['landmark'], 2)

    def test_two_roots(self):
        ca, web, folder = self.held('roots')
        fork = self.copied(ca, 'roots-copy')
        self.grow(ca, 2)
        self.update(folder)
        fork.issue(self.csr('sm2', 'a.example.com'), self.csr('sm2', 'b.example.com'))
        fork.landmark()
        web.folder = fork.path('public')
        self.refused(folder, 1, 'two roots')
        self.proven(folder, 'two-roots')

    def test_shrunken(self):
        ca, web, folder = self.held('shrunk')
        old = self.copied(ca, 'shrunk-copy')
        self.grow(ca, 2)
        self.update(folder)
        web.folder = old.path('public')
        self.refused(folder, 1, 'never shrinks')

    def test_another_logs_checkpoint(self):
        ca, web, folder = self.held('other')
        other = self.made_ca('other-ca', ca_id='32473.12', entries=9)
        web.folder = other.path('public')
        self.refused(folder, 1, 'another log')

    def spoiled(self, name, what, change, *says, status=1):
        ca, web, folder = self.held(name)
        self.grow(ca, 4)
        web.spoil = lambda path, code, content: change(code, content) if what in path and path.startswith('/1/') else (code, content)
        self.refused(folder, status, *says)
        self.assertEqual(self.verify_trust(folder, ca.certificate(2, '--landmark')).status, 0)
        web.spoil = None
        self.assertEqual(self.update(folder)[0]['landmark'], 2)

    def test_wrong_tile(self):
        self.spoiled('tile', '/tile/', lambda code, c: (200, bytes([c[0] ^ 1]) + c[1:]), 'do not lead to the signed root')

    def test_short_tile(self):
        self.spoiled('short', '/tile/', lambda code, c: (200, c[:-1]), 'tile')

    def test_no_tile(self):
        self.spoiled('no-tile', '/tile/', lambda code, c: (404, b''), 'tile: not there')

    def test_forged_checkpoint(self):
        self.spoiled('forged', '/checkpoint', lambda code, c: (200, c.replace(b'\n9\n', b'\n8\n')), 'signature of the CA')

    def test_huge_answers(self):
        self.spoiled('huge', '/landmarks', lambda code, c: (200, b'9' * 3_000_000), 'longer than it can be')
        self.spoiled('huge-note', '/checkpoint', lambda code, c: (200, c * 100_000), 'longer than it can be')

    def test_changed_landmarks(self):
        def expiry(code, content):
            latest, newest, *rest = content.decode().split('\n')
            size, at = rest[0].split(' ')
            return 200, '\n'.join([latest, newest, f'{size} {int(at) - 1}', *rest[1:]]).encode()

        def size(code, content):
            latest, newest, *rest = content.decode().split('\n')
            _, at = rest[0].split(' ')
            return 200, '\n'.join([latest, newest, f'4 {at}', *rest[1:]]).encode()

        def fewer(code, content):
            return 200, ('1\n' + '\n'.join(content.decode().split('\n')[1:])).encode()

        def ahead(code, content):
            latest, newest, *rest = content.decode().split('\n')
            return 200, '\n'.join([latest, '1' + newest, *rest]).encode()

        self.spoiled('expiry', '/landmarks', expiry, 'another size or expiry')
        self.spoiled('size', '/landmarks', size, 'another size or expiry')
        self.spoiled('fewer', '/landmarks', fewer, 'line')
        self.spoiled('ahead', '/landmarks', ahead, 'the checkpoint has')
        self.spoiled('back', '/landmarks', lambda code, c: (200, b'0\n0 0\n'), '1 was there before')
        self.spoiled('junk', '/landmarks', lambda code, c: (200, b'<html>'), 'landmarks')

    def test_silence(self):
        self.spoiled('silent', '/checkpoint', lambda code, c: (time.sleep(12), (200, c))[1], 'checkpoint', status=3)

    def test_redirects_are_not_followed(self):
        self.spoiled('redirect', '/landmarks', lambda code, c: (302, b''), 'status 302', status=3)


if __name__ == '__main__':
    unittest.main()
