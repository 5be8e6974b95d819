#!/usr/bin/env python3
"""`cathaya ca certificate`, `landmark`, `subtrees`, `prune`, and who may use a CA at the same time."""
import fcntl
import os
import re
import subprocess
import sys
import time

from ca_world import CaTest, files_below, read, run, unittest, write

HOLD = '''
import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(lock, fcntl.LOCK_EX)
os.ftruncate(lock, 0)
os.pwrite(lock, b'%d\\n' % os.getpid(), 0)
print(flush=True)
sys.stdin.read()
'''


class Certificate(CaTest):
    def test_forms(self):
        ca = self.init('forms', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr, csr, csr)
        ca.landmark()
        label = '-----BEGIN CERTIFICATE PROPERTIES-----'
        for options in ((), ('--landmark',)):
            bare, full = (read(ca.certificate(1, *options, *more)).decode() for more in ((), ('--properties',)))
            self.assertTrue(full.startswith(label) and full.endswith(bare), full)
            self.assertTrue(bare.startswith('-----BEGIN CERTIFICATE-----\n') and bare.count('BEGIN') == 1)
            self.assertEqual(full.count('BEGIN'), 2)
            shown = run('inspect', ca.certificate(1, *options, '--properties'))
            self.assertEqual(shown.status, 0, shown)
            self.assertIn('32473.8.1.1.1' if options else '32473.8', shown.out)
        self.assertLess(len(read(ca.certificate(1, '--landmark'))), len(read(ca.certificate(1))))

    def test_index(self):
        ca = self.init('index', 'gm')
        ca.no(1, ('certificate', '--index', '0'), 'no entry 0', 'has 0')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr, csr)
        for index in (2, 1000, (1 << 48) - 1):
            ca.no(1, ('certificate', '--index', str(index)), f'no entry {index}', 'has 2')
            ca.no(1, ('certificate', '--landmark', '--index', str(index)), f'no entry {index}')
        for index in ('', '-1', 'x', '1 ', '0x1', '18446744073709551616', str(1 << 48)):
            ca.no(2, ('certificate', f'--index={index}'), '--index')
        ca.no(2, ('certificate',), '--index')
        ca.no(2, ('certificate', '--index', '0', '--log', '2'), 'log')

    def test_landmarks(self):
        """One landmark per growth; an entry's certificate stays relative to the first that contains it."""
        ca = self.init('landmarks', 'gm')
        self.assertEqual(ca.landmark()['new'], False)
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        error = ca.no(1, ('certificate', '--index', '0', '--landmark'), 'landmark', '0')
        self.assertIn('ca landmark', error)
        first = ca.landmark()
        self.assertEqual((first['new'], first['landmark'], first['tree_size']), (True, 1, 1))
        again = ca.landmark()
        self.assertEqual((again['new'], again['landmark'], again['tree_size']), (False, 1, 1))
        before = read(ca.certificate(0, '--landmark'))
        ca.issue(csr, csr, csr)
        ca.no(1, ('certificate', '--index', '1', '--landmark'), 'ca landmark')
        self.assertEqual(ca.landmark()['tree_size'], 4)
        self.assertEqual(read(ca.certificate(0, '--landmark')), before)
        policy = ca.subtrees()
        # Landmark 1 has one subtree, landmark 2 the two that cover [1, 4).
        self.assertEqual(re.findall(r'(?m)^trusted-subtree 32473.8 1 (\d+) (\d+) \S{44}$', read(policy).decode()),
                         [('1', '2'), ('2', '4'), ('0', '1')])
        for index in range(4):
            ca.good(ca.certificate(index, '--landmark'), 'landmark: ', 'www.example.com', policy)
        document = run('landmarks', 'check', ca.path('public', '1', 'landmarks'))
        self.assertEqual((document.status, document.err), (0, ''), document)
        ca.fsck()
        ca.audit()

    def test_two_cosigners(self):
        """policy.txt and `ca subtrees` make one policy: the landmark needs no signature, the other form all."""
        ca = self.init('two', 'gm')
        ca.ok('cosigner', 'add', '--id', '32473.9', '--alg', 'mldsa44')
        csr = self.csr('mldsa44', 'www.example.com')
        ca.issue(csr, csr)
        ca.landmark()
        both = write(self.path('both.txt'), read(ca.path('policy.txt')) + read(ca.subtrees()))
        ca.good(ca.certificate(1, '--landmark'), 'landmark: ', 'www.example.com', both)
        ca.good(ca.certificate(1), 'standalone: cosigned by 32473.8, 32473.9 ', 'www.example.com', ca.path('policy.txt'))

    def test_second_writer(self):
        """While one process holds the lock, readers go on and writers are told who it is."""
        ca = self.init('locked', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        ca.landmark()
        holder = subprocess.Popen([sys.executable, '-c', HOLD, ca.path('log', '1', 'lock')], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        try:
            holder.stdout.readline()
            before = files_below(ca.dir)
            for words in (('issue', '--csr', csr), ('landmark',), ('prune',), ('fsck',), ('log', 'rotate'),
                          ('cosigner', 'add', '--id', '32473.9', '--alg', 'ed25519')):
                with self.subTest(words=words):
                    ca.no(2, words, f'process {holder.pid} ', 'wait')
            self.assertEqual(files_below(ca.dir), before)
            ca.good(ca.certificate(0), 'standalone', 'www.example.com')
            ca.good(ca.certificate(0, '--landmark'), 'landmark', 'www.example.com', ca.subtrees())
            self.assertEqual(ca.status()['size'], 1)
        finally:
            holder.communicate()
        self.assertEqual(ca.issue(csr), [1])

    def test_writers_at_once(self):
        """Of many that start together each either issues or is refused, and every printed index is its own."""
        ca = self.init('at-once', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        running = [subprocess.Popen([os.environ['CATHAYA_PROGRAM'], 'ca', 'issue', '--dir', ca.dir, '--csr', csr],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(12)]
        indexes = []
        for process in running:
            out, errors = process.communicate()
            if process.returncode == 0:
                indexes.append(int(out.split()[-1]))
            else:
                self.assertEqual((process.returncode, out), (2, b''))
                self.assertIn(b'open for writing', errors)
        self.assertGreater(len(indexes), 0)
        self.assertEqual(sorted(indexes), list(range(len(indexes))))
        self.assertEqual(ca.status()['size'], len(indexes))
        ca.fsck()

    def test_lock_of_the_dead(self):
        """A lock file without a process is no lock."""
        ca = self.init('dead', 'gm')
        write(ca.path('log', '1', 'lock'), '1\n')
        self.assertEqual(ca.issue(self.csr('sm2', 'www.example.com')), [0])
        with open(ca.path('log', '1', 'lock'), 'rb') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def prune_now(self, ca):
        done = ca.run('prune', '--retain-days', '0')
        self.assertEqual(done.status, 0, done)
        self.assertEqual(done.err.count('\n'), 1, done)
        self.assertIn('warning', done.err)
        self.assertIn('35 days', done.err)

    def test_expired(self):
        """Short lives: certificates expire, the log forgets them, and those that live come out all the same."""
        ca = self.init('expired', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.settings(lifetime=5, backdate=0)
        ca.issue(*[csr] * 700)
        ca.landmark()
        self.assertEqual(ca.status()['min_index'], 0)
        self.prune_now(ca)
        self.assertEqual(ca.status()['min_index'], 0, 'nothing has expired yet')
        short = ca.certificate(699)
        ca.good(short, 'standalone', 'www.example.com')
        ca.settings(lifetime=604800)
        ca.issue(*[csr] * 5)
        time.sleep(6)
        self.assertEqual(ca.verify(short).status, 1)
        self.assertIn('expired', ca.verify(short).out)
        self.assertFalse(ca.judge(short)[0])
        ca.ok('prune')
        self.assertEqual(ca.status()['min_index'], 0, 'retain-days holds them back')
        self.prune_now(ca)
        self.assertEqual(ca.status()['min_index'], 512)
        self.after_prune(ca, 512)
        ca.issue(csr)
        ca.landmark()
        self.prune_now(ca)
        self.after_prune(ca, 512)
        policy = ca.subtrees()
        for index in (700, 704, 705):
            ca.good(ca.certificate(index, '--landmark'), 'landmark', 'www.example.com', policy)
        # Landmark 1 is no longer given to anybody.
        self.assertEqual(len(read(policy).splitlines()), 2)

    def after_prune(self, ca, min_index):
        self.assertEqual(sorted(os.listdir(ca.path('public', '1', 'tile', 'entries')))[0][:3], f'{min_index // 256:03d}')
        self.assertFalse(os.path.exists(ca.path('public', '1', 'tile', '0', '000')))
        for index in (0, 255, min_index - 1):
            for options in ((), ('--landmark',)):
                ca.no(1, ('certificate', '--index', str(index), *options), str(index), 'pruned')
        # Expired entries that are not gone yet, then those that live.
        for index in (min_index, 699):
            self.assertEqual(ca.verify(ca.certificate(index), '--proof-only').status, 0)
        for index in (700, 704):
            ca.good(ca.certificate(index), 'standalone', 'www.example.com')
        ca.fsck()
        ca.audit(1, min_index)


if __name__ == '__main__':
    unittest.main()
