#!/usr/bin/env python3
"""`cathaya ca backup`: what it leaves out, what the copy may do, and a copy of a CA that is being written to."""
import os
import shutil
import stat
import threading

from ca_world import Ca, CaTest, files_below, read, run, unittest, write


class Backup(CaTest):
    def make(self, name):
        ca = self.init(name, 'gm')
        ca.issue(*[self.csr('sm2', 'www.example.com')] * 300)
        ca.landmark()
        return ca

    def backup(self, ca, name, *options):
        out = self.path(name)
        done = ca.run('backup', out, *options)
        self.assertEqual((done.status, done.err), (0, ''), done)
        return Ca(self, out)

    def test_copy(self):
        ca = self.make('one')
        before = files_below(ca.dir)
        copy = self.backup(ca, 'one-copy')
        self.assertEqual({name: content for name, content in files_below(ca.dir).items() if not name.startswith('ca.db-')},
                         {name: content for name, content in before.items() if not name.startswith('ca.db-')})
        self.assertEqual(stat.S_IMODE(os.stat(copy.dir).st_mode), 0o700)
        self.assertFalse(os.path.exists(copy.path('keys')))
        names = {name for name in before if not name.startswith(('keys/', 'ca.db-', 'ca.db.lock'))} | {'BACKUP'}
        self.assertEqual(set(files_below(copy.dir)), names)
        # It answers like the CA.
        self.assertEqual(copy.status(), ca.status())
        for index in (0, 299):
            copy.good(copy.certificate(index), 'standalone', 'www.example.com')
            self.assertEqual(read(copy.certificate(index, '--landmark')), read(ca.certificate(index, '--landmark')))
        self.assertEqual(read(copy.subtrees()), read(ca.subtrees()))

    def test_a_copy_does_not_sign(self):
        ca = self.make('two')
        copy = self.backup(ca, 'two-copy', '--with-keys')
        self.assertEqual(stat.S_IMODE(os.stat(copy.path('keys', 'ca.pem')).st_mode), 0o600)
        csr = self.csr('sm2', 'next.example.com')
        before = files_below(copy.dir)
        for words in (('issue', '--csr', csr), ('landmark',), ('prune',), ('fsck',), ('log', 'rotate'),
                      ('cosigner', 'add', '--id', '32473.9', '--alg', 'ed25519')):
            copy.no(2, words, 'a backup', 'BACKUP')
        self.assertEqual(files_below(copy.dir), before)
        # Something was signed since: with the published checkpoint in its place the old record is refused.
        ca.issue(csr)
        os.remove(copy.path('BACKUP'))
        mine = read(copy.path('public', '1', 'checkpoint'))
        write(copy.path('public', '1', 'checkpoint'), read(ca.path('public', '1', 'checkpoint')))
        copy.no(2, ('issue', '--csr', csr), 'the record is an old copy')
        # The way out: the log is given up, and its certificates stay readable where its entries are.
        os.remove(copy.path('log', '1', 'record'))
        copy.ok('log', 'rotate', '--record-lost')
        self.assertEqual(copy.issue(csr), [0])
        self.assertEqual(copy.status()['log'], 2)
        copy.good(copy.certificate(0), 'standalone', 'next.example.com')
        self.assertNotEqual(mine, read(ca.path('public', '1', 'checkpoint')))

    def test_the_newest_copy_goes_on(self):
        ca = self.make('three')
        copy = self.backup(ca, 'three-copy', '--with-keys')
        write(copy.path('public', '1', 'checkpoint'), read(ca.path('public', '1', 'checkpoint')))
        os.remove(copy.path('BACKUP'))
        self.assertEqual(copy.issue(self.csr('sm2', 'next.example.com')), [300])
        copy.fsck()
        copy.audit()
        copy.good(copy.certificate(300), 'standalone', 'next.example.com')

    def test_what_stands_beside_it(self):
        """A service's databases and secrets may stand in the directory: they are not part of the CA."""
        ca = self.make('beside')
        for name in ('acme.db', 'acme.db-wal', 'tls.key', 'mirrors.policy'):
            write(ca.path(name), 'x')
        os.mkdir(ca.path('secrets'))
        write(ca.path('secrets', 'fra'), 'x')
        copy = self.backup(ca, 'beside-copy')
        self.assertEqual(set(os.listdir(copy.dir)), {'BACKUP', 'ca.conf', 'ca.db', 'ca.pem', 'log', 'mirrors.policy', 'policy.txt',
                                                     'public', 'run.conf'})

    def test_while_it_is_written_to(self):
        """Every copy opens, and has every entry that was acknowledged before it was begun."""
        ca = self.make('four')
        csrs = [self.csr('sm2', f'{name}.example.com') for name in 'abc']
        stop, indexes = threading.Event(), [0]

        def write_on():
            while not stop.is_set():
                indexes.append(ca.issue(*csrs)[-1])

        thread = threading.Thread(target=write_on)
        thread.start()
        try:
            for i in range(12):
                acknowledged = indexes[-1]
                copy = self.backup(ca, f'four-copy-{i}', '--with-keys')
                self.assertGreater(copy.status()['size'], acknowledged)
                if acknowledged:
                    self.assertIn('BEGIN CERTIFICATE', copy.ok('certificate', '--index', str(acknowledged)))
                # As a writer sees it, who would recover it: nothing is missing.
                os.remove(copy.path('BACKUP'))
                copy.fsck()
                copy.audit()
                shutil.rmtree(copy.dir)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(len(indexes), 2)

    def test_several_logs(self):
        ca = self.make('five')
        ca.ok('log', 'rotate')
        ca.issue(self.csr('sm2', 'second.example.com'))
        copy = self.backup(ca, 'five-copy')
        self.assertEqual(copy.status()['log'], 2)
        copy.good(copy.certificate(0), 'standalone', 'second.example.com')
        copy.good(copy.certificate(5, '--log', '1'), 'standalone', 'www.example.com')

    def test_places(self):
        ca = self.make('six')
        taken, empty = self.path('taken'), self.path('empty')
        os.mkdir(taken)
        write(os.path.join(taken, 'file'), 'x')
        ca.no(2, ('backup', taken), taken, 'of its own')
        ca.no(2, ('backup', ca.path('within')), 'within')
        ca.no(2, ('backup', self.path('nowhere', 'copy')), 'no directory')
        self.assertEqual(os.listdir(taken), ['file'])
        os.mkdir(empty)
        os.mkdir(empty + '.new~')  # of one that was interrupted
        self.backup(ca, 'empty')
        self.assertEqual(run('ca', 'backup', '--dir', taken, self.path('x')).status, 2)
        os.remove(ca.path('ca.db'))
        ca.no(2, ('backup', self.path('y')), 'ca.db is missing')
        self.assertFalse(os.path.exists(self.path('y')) or os.path.exists(self.path('y.new~')))

    @unittest.skipIf(os.geteuid() != 0, 'takes root to be nobody')
    def test_read_only_copy(self):
        """Somebody who may read and nothing else reads, also when the last writer was killed."""
        ca = self.make('seven')
        copy = self.backup(ca, 'seven-copy')
        os.remove(copy.path('BACKUP'))
        for where, folders, names in os.walk(copy.dir):
            os.chmod(where, 0o555)
            for name in names:
                os.chmod(os.path.join(where, name), 0o444)
        os.chmod(self.folder, 0o755)
        child = os.fork()
        if child == 0:
            os.setresuid(65534, 65534, 65534)
            done = copy.run('certificate', '--index', '299')
            os._exit(0 if done.status == 0 and 'BEGIN CERTIFICATE' in done.out else 1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)


if __name__ == '__main__':
    unittest.main()
