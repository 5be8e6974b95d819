#!/usr/bin/env python3
"""`cathaya ca fsck`, and opening a CA, with every kind of damage to what a log keeps."""
import os
import re
import shutil
import sqlite3
from contextlib import closing

from ca_world import Ca, CaTest, files_below, flip, read, run, unittest, write, x509


class Damage(CaTest):
    """A log of 600 entries in 4 batches with 2 landmarks; each test changes something and puts it back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = None

    def setUp(self):
        if self.made is None:
            ca = self.init('made', 'gm')
            # Different entries, so that no two objects are alike.
            csrs = [self.csr('sm2', f'DNS:www.example.com,DNS:{name}.example.com') for name in 'abcd']
            ca.issue(*[csrs[0]] * 300)
            ca.landmark()
            ca.issue(*[csrs[1]] * 200)
            ca.landmark()
            ca.issue(*[csrs[2]] * 99)
            ca.issue(csrs[3])
            ca.fsck()
            type(self).made = ca.dir
        folder = self.path('ca')
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.made, folder)
        self.ca = Ca(self, folder)
        self.size = 600

    def refused(self, done, *says):
        """Either fsck names the object, or opening says what to do; never a success, never a crash."""
        text = done.out + done.err
        self.assertIn(done.status, (1, 2), done)
        for word in says:
            self.assertIn(word, text)
        if done.status == 1:
            self.assertRegex(done.out, r'(?m)\Aproblem: .+\n(problem: .+\n)*log 1: FAIL; ')
        else:
            self.assertRegex(done.err, r'\Acathaya: [^\n]+\n\Z')
            self.assertRegex(done.err, 'restore|open the next log number|run fsck|find out', done.err)

    def objects(self, *parts):
        folder = self.ca.path(*parts)
        return sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names)

    def each_flip(self, path, *says, positions=None):
        """One bit at the front, in the middle and at the end of a file; then it is good again."""
        size = os.path.getsize(path)
        for at in positions or sorted({0, 1, size // 3, size // 2, size - 2, size - 1}):
            with self.subTest(file=os.path.relpath(path, self.ca.dir), at=at):
                before = flip(path, at, at % 7)
                self.refused(self.ca.run('fsck'), *says)
                write(path, before)

    def test_names_of_objects(self):
        """What the other tests damage is what there is."""
        self.assertEqual(self.objects('log', '1'), ['batch/001', 'batch/002', 'batch/003', 'batch/004', 'landmarks/001',
                                                    'landmarks/002', 'lock', 'record'])
        public = self.objects('public', '1')
        for name in ('checkpoint', 'landmarks', 'tile/0/000', 'tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2', 'tile/entries/000',
                     'tile/entries/001', 'tile/entries/002.p/88'):
            self.assertIn(name, public)

    def test_bit_in_a_tile(self):
        for name in ('tile/0/000', 'tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2'):
            self.each_flip(self.ca.path('public', '1', name), name if '.p/' not in name else '')
        self.assertEqual(self.ca.fsck()['entries'], self.size)

    def test_bit_in_an_entry(self):
        for name in ('000', '001', '002.p/88'):
            self.each_flip(self.ca.path('public', '1', 'tile', 'entries', name))
        self.ca.fsck()

    def test_bit_in_a_batch(self):
        for number in range(1, 5):
            self.each_flip(self.ca.path('log', '1', 'batch', f'{number:03d}'), f'batch {number}')
        self.ca.fsck()

    def test_bit_in_a_landmark_list(self):
        # The newest one is read when the log is opened.
        self.each_flip(self.ca.path('log', '1', 'landmarks', '001'), 'landmark 1')
        self.each_flip(self.ca.path('log', '1', 'landmarks', '002'), 'landmark')
        self.ca.fsck()

    def test_bit_in_the_published_landmarks(self):
        """Torn: published again. Well-formed with other landmarks: refused, for somebody may hold them."""
        path = self.ca.path('public', '1', 'landmarks')
        good = read(path)
        for at in range(len(good)):
            flip(path, at)
            done = self.ca.run('fsck')
            if done.status != 0:
                self.refused(done, 'landmark', 'restore')
                self.assertNotEqual(read(path), good)
                write(path, good)
            self.assertEqual(self.ca.run('fsck').status, 0, done)
            self.assertEqual(read(path), good)

    def test_lost_file_of_the_ca(self):
        """Which file, and what to do."""
        for name in ('ca.pem', 'keys/ca.pem'):
            good = read(self.ca.path(name))
            os.remove(self.ca.path(name))
            self.ca.no(2, ('fsck',), f'{self.ca.path(name)} is missing: restore')
            write(self.ca.path(name), good)
            os.chmod(self.ca.path(name), 0o600)
        os.chmod(self.ca.path('keys', 'ca.pem'), 0o640)
        self.ca.no(2, ('fsck',), 'others may read this private key', 'chmod 600')
        os.chmod(self.ca.path('keys', 'ca.pem'), 0o600)
        self.ca.fsck()

    def test_reading_needs_no_private_key(self):
        """status, certificate and subtrees work for somebody who has no keys."""
        os.remove(self.ca.path('keys', 'ca.pem'))
        self.assertEqual(self.ca.status()['size'], 600)
        self.assertIn('BEGIN CERTIFICATE', self.ca.ok('certificate', '--index', '0'))
        self.assertIn('trusted-subtree', self.ca.ok('subtrees'))

    def test_lost_directory(self):
        """What serves and what remembers keys: missing, and what to do."""
        for name in ('public/1', 'ca.db'):
            os.rename(self.ca.path(name), self.ca.path(name) + '.away')
            for words in (('status',), ('fsck',)):
                self.ca.no(2, words, f'{self.ca.path(name)} is missing: restore it from a backup')
            os.rename(self.ca.path(name) + '.away', self.ca.path(name))
        self.ca.fsck()

    def test_lost_newest_record(self):
        """The log before a log that has lost its record is not the current one."""
        self.ca.ok('log', 'rotate')
        record = self.ca.path('log', '2', 'record')
        content = read(record)
        os.remove(record)
        self.ca.no(2, ('status',), 'log/2/record is missing', 'restore the newest')
        write(record, content)
        self.assertEqual(self.ca.status()['log'], 2)

    def test_bit_in_the_checkpoint(self):
        """Torn: published again. A good signature over another tree than the record's: refused."""
        path = self.ca.path('public', '1', 'checkpoint')
        good = read(path)
        lines = good.split(b'\n')
        size_at, root_at = len(lines[0]) + 1, len(lines[0]) + len(lines[1]) + 2
        def other_letter(at):
            """Another letter of base64 there: one bit of some letters is none, and the note only torn."""
            return good[:at] + (b'B' if good[at:at + 1] == b'A' else b'A') + good[at + 1:]

        for at in (root_at, root_at + 20):
            write(path, other_letter(at))
            self.refused(self.ca.run('fsck'), 'checkpoint', 'different roots')
        for content in (good.replace(b'\n600\n', b'\n601\n'), good.replace(b'\n600\n', b'\n900\n')):
            write(path, content)
            self.refused(self.ca.run('fsck'), 'the record has 600 entries', 'old copy')
        for content in (good[:-3], good[:40], b'', good.replace(lines[0], b'example.com/log'),
                        other_letter(len(good) - 20)):
            write(path, content)
            self.assertEqual(self.ca.run('status').status, 2, 'a reader cannot stand on it')
            self.ca.fsck()
            self.assertEqual(self.ca.audit().split(',')[1], ' 600 entries')
        self.assertEqual(read(path).split(b'\n')[:3], lines[:3])

    def test_bit_in_the_record(self):
        path = self.ca.path('log', '1', 'record')
        record = read(path)
        said = []
        for at in range(len(record)):
            flip(path, at, at % 7)
            done = self.ca.run('fsck')
            self.assertIn(done.status, (0, 1, 2), done)
            if done.status == 0:
                said.append(at)
            write(path, record)
        # What a flipped bit can do to the record unseen: these two say only how long entries are kept.
        keys = [record[:at].split(b'\n')[-1].split(b' ')[0].decode() for at in said]
        self.assertLessEqual(set(keys), {'max-not-after', 'min-index'}, list(zip(said, keys)))
        self.ca.fsck()

    def test_object_gone(self):
        for name in self.objects('public', '1'):
            path = self.ca.path('public', '1', name)
            content = read(path)
            os.remove(path)
            with self.subTest(name=name):
                done = self.ca.run('fsck')
                current = not re.search(r'\.p/(?!88$|2$)', name)
                if name in ('checkpoint', 'landmarks'):
                    self.assertEqual(done.status, 0, done)
                elif current:
                    self.refused(done, 'tile/')
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, content)
        for name in self.objects('log', '1'):
            if name == 'lock':
                continue
            path = self.ca.path('log', '1', name)
            content = read(path)
            os.remove(path)
            with self.subTest(name=name):
                self.refused(self.ca.run('fsck'), 'missing')
            write(path, content)
        self.ca.fsck()

    def test_something_more(self):
        """What does not belong there is named."""
        for where, name, content in (('public', 'tile/0/005', b'x' * 8192), ('public', 'tile/0/002.p/200', b'x' * 6400),
                                     ('public', 'tile/entries/009', b''), ('public', 'tile/7/000', b''), ('public', 'tile/junk', b''),
                                     ('log', 'batch/017', b''), ('log', 'landmarks/009', b'')):
            path = self.ca.path(where, '1', name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, content)
            with self.subTest(name=name):
                self.refused(self.ca.run('fsck'), name)
            os.remove(path)
            if not os.listdir(os.path.dirname(path)):
                os.rmdir(os.path.dirname(path))
        self.ca.fsck()

    def test_swapped(self):
        """Good objects in each other's place."""
        for folder, one, two in ((('public', '1', 'tile', '0'), '000', '001'), (('public', '1', 'tile', 'entries'), '000', '001'),
                                 (('log', '1', 'batch'), '001', '002'), (('log', '1', 'landmarks'), '001', '002')):
            paths = [self.ca.path(*folder, name) for name in (one, two)]
            contents = [read(path) for path in paths]
            for path, content in zip(paths, reversed(contents)):
                write(path, content)
            with self.subTest(folder=folder):
                self.refused(self.ca.run('fsck'))
            for path, content in zip(paths, contents):
                write(path, content)
        self.ca.fsck()

    def test_rollback(self):
        """An old record, alone or with its staged batches, is never gone on from."""
        csr = self.csr('sm2', 'www.example.com')
        old_log = files_below(self.ca.path('log'))
        self.assertEqual(self.ca.issue(csr), [600])
        after = files_below(self.ca.dir)
        write(self.ca.path('log', '1', 'record'), old_log[os.path.join('1', 'record')])
        says = ('the record has 600 entries, the published checkpoint 601', 'old copy', 'open the next log')
        self.ca.damaged(*says)
        for words in (('issue', '--csr', csr), ('landmark',), ('prune',), ('status',), ('certificate', '--index', '0'),
                      ('cosigner', 'add', '--id', '32473.9', '--alg', 'ed25519')):
            with self.subTest(words=words):
                self.ca.no(2, words, *says)
        write(self.ca.path('log', '1', 'record'), after[os.path.join('log', '1', 'record')])
        self.assertEqual(files_below(self.ca.dir), after)
        self.assertEqual(self.ca.issue(csr), [601])
        self.ca.fsck()

    def test_rollback_of_landmarks(self):
        """A record from before a landmark: the landmark that was published stays what it is."""
        record = self.ca.path('log', '1', 'record')
        old = read(record)
        self.ca.landmark()
        after = files_below(self.ca.dir)
        write(record, old)
        self.ca.damaged('landmark 3 is published, the record knows 2')
        for words in (('landmark',), ('issue', '--csr', self.csr('sm2', 'www.example.com'))):
            self.ca.no(2, words, 'landmark 3 is published, the record knows 2', 'old copy', 'open the next log')
        write(record, after[os.path.join('log', '1', 'record')])
        self.assertEqual(files_below(self.ca.dir), after)
        self.ca.fsck()

    def test_no_record(self):
        """Without the record nobody knows what was signed: nothing is made anew."""
        csr = self.csr('sm2', 'www.example.com')
        record = self.ca.path('log', '1', 'record')
        content = read(record)
        os.remove(record)
        before = files_below(self.ca.dir)
        for words in (('issue', '--csr', csr), ('fsck',), ('landmark',), ('prune',), ('status',), ('log', 'rotate'),
                      ('certificate', '--index', '0')):
            self.ca.no(2, words, 'log/1/record is missing', 'restore the newest', 'log rotate --record-lost')
        self.assertEqual(files_below(self.ca.dir), before)
        write(record, content)
        self.ca.fsck()

    def test_other_record(self):
        """The record of another CA, and of the same CA with another history."""
        csr = self.csr('sm2', 'www.example.com')
        other = self.init('other', 'gm', ca_id='32473.7')
        other.issue(csr)
        write(self.ca.path('log', '1', 'record'), read(other.path('log', '1', 'record')))
        self.ca.damaged('32473.7', '32473.8')
        fork = self.path('fork')
        shutil.rmtree(fork, ignore_errors=True)
        shutil.copytree(self.made, fork)
        shutil.copy(os.path.join(self.made, 'log', '1', 'record'), self.ca.path('log', '1', 'record'))
        for folder, names in ((self.ca.dir, ['a.example.com']), (fork, ['b.example.com'])):
            for name in names:
                done = run('ca', 'issue', '--dir', folder, '--csr', self.csr('sm2', name))
                self.assertEqual(done.status, 0, done)
        write(self.ca.path('log', '1', 'record'), read(os.path.join(fork, 'log', '1', 'record')))
        self.refused(self.ca.run('fsck'), 'root')
        self.refused(self.ca.run('issue', '--csr', csr), 'root')

    def test_subject_key(self):
        """A key that is not the one of its entry never gets into a certificate."""
        first = read(self.ca.certificate(0))
        spki = x509.Certificate(x509.from_file(first)).spki.raw
        with closing(sqlite3.connect(self.ca.path('ca.db'))) as db:
            [(key,)] = db.execute('SELECT id FROM subject_key WHERE value = ?', (spki,))
            flipped = spki[:30] + bytes([spki[30] ^ 1]) + spki[31:]
            db.execute('UPDATE subject_key SET value = ? WHERE id = ?', (flipped, key))
            db.commit()
            self.ca.no(1, ('certificate', '--index', '0'), 'subject key', 'hash')
            db.execute('UPDATE subject_key SET name = zeroblob(32) WHERE id = ?', (key,))
            db.commit()
            self.ca.no(1, ('certificate', '--index', '0'), 'subject key')
            db.execute('DELETE FROM subject_key WHERE id = ?', (key,))
            db.commit()
            self.ca.no(1, ('certificate', '--index', '0'), 'subject key')

    def test_database(self):
        """A damaged ca.db is said to be so, with what to do, and fsck reads all of it."""
        path = self.ca.path('ca.db')
        good = read(path)
        write(path, good[:16384] + bytes(len(good) - 16384))
        done = self.ca.run('fsck')
        self.assertEqual(done.status, 1, done)
        self.assertRegex(done.out, r'problem: .*/ca\.db: damaged .*restore it from a backup')
        write(path, b'not a database at all' * 500)
        self.ca.no(3, ('certificate', '--index', '0'), 'ca.db', 'damaged')
        write(path, b'')
        self.ca.no(3, ('fsck',), 'ca.db', 'empty', 'restore it from a backup')
        write(path, good)
        self.ca.fsck()

    def test_older_layout(self):
        """Keys as one file each, as they once were: a writer moves them into ca.db; until then readers say so."""
        certificates = [read(self.ca.certificate(i)) for i in (0, 599)]
        with closing(sqlite3.connect(self.ca.path('ca.db'))) as db:
            keys = db.execute('SELECT name, value FROM subject_key').fetchall()
        for name in ('ca.db', 'ca.db-wal', 'ca.db-shm', 'ca.db.lock'):
            if os.path.exists(self.ca.path(name)):
                os.remove(self.ca.path(name))
        for name, value in keys:
            path = self.ca.path('subject-keys', name.hex()[:2], name.hex()[2:])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, value)
        self.ca.no(2, ('certificate', '--index', '0'), 'older layout', 'ca fsck')
        self.ca.fsck()
        self.assertFalse(os.path.exists(self.ca.path('subject-keys')))
        self.assertEqual([read(self.ca.certificate(i)) for i in (0, 599)], certificates)

    def test_certificates_of_a_damaged_log(self):
        """What comes out of a damaged log verifies, or does not come out."""
        names = ['public/1/' + name for name in self.objects('public', '1')]
        names += ['log/1/' + name for name in self.objects('log', '1') if name.startswith(('batch', 'landmarks'))]
        subtrees = self.ca.subtrees()
        for name in names:
            path = self.ca.path(*name.split('/'))
            content = flip(path, os.path.getsize(path) // 2)
            for index in (0, 299, 300, 599):
                for options in ((), ('--landmark',)) if index < 500 else ((),):
                    done = self.ca.run('certificate', '--index', str(index), *options)
                    self.assertIn(done.status, (0, 1, 2), done)
                    if done.status == 0:
                        certificate = write(self.path('out.pem'), done.out)
                        verdict = self.ca.verify(certificate, '--policy', subtrees, '--dns', 'www.example.com')
                        self.assertEqual(verdict.status, 0, (name, index, options, verdict))
            write(path, content)


if __name__ == '__main__':
    unittest.main()
