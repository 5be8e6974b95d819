#!/usr/bin/env python3
"""A disk that is full, or a limit that is met, at every write of a command: nothing is said to be done that is
not, and the next run goes on."""
import os
import resource
import shutil
import subprocess

from ca_world import PROGRAM, Ca, CaTest, files_below, read, unittest

# The largest file that each run may write. SIGXFSZ is ignored, so that write() fails as on a full disk.
LIMITS = (0, 1, 50, 100, 200, 250, 300, 310, 320, 340, 400, 600, 1000, 2000, 3000, 5000, 8000, 12000, 20000, 33000, 40000, 60000,
          90000, 100000, 110000, 120000, 130000, 140000, 160000, 1000000)


def limited(size, *words):
    """(status, stdout, stderr) of the program with a limit on the size of files."""
    def limit():
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=60, preexec_fn=limit, restore_signals=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Surroundings(CaTest):
    def test_issue(self):
        made = self.init('made', 'gm')
        # Large entries: a batch of them is more than the database, whose shared memory has 32 KiB at least.
        small, other = self.csr('mldsa87', 'www.example.com'), self.csr('sm2', 'next.example.com')
        csr = self.csr('sm2', ','.join(f'DNS:{i}.{"a" * 40}.example.com' for i in range(100)))
        made.issue(*[small] * 40)
        made.landmark()
        outcomes = set()    # exit status, and the index of the next entry
        for size in LIMITS:
            with self.subTest(size=size):
                folder = self.path('full')
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(made.dir, folder)
                ca = Ca(self, folder)
                status, out, errors = limited(size, 'ca', 'issue', '--dir', folder, *['--csr', csr] * 20)
                self.check(ca, status, out, errors)
                # In the log or not, as a whole; then the next run goes on from there.
                before = ca.status()['size'] if ca.run('status').status == 0 else None
                [index] = ca.issue(other)
                outcomes.add((status, index))
                if before is not None:
                    self.assertGreaterEqual(index, before)
                ca.fsck()
                ca.audit()
                ca.good(ca.certificate(index), 'standalone', 'next.example.com')
                ca.good(ca.certificate(39), 'standalone', 'www.example.com')
        # Failed and not done, failed but done, done.
        self.assertEqual(outcomes, {(3, 40), (3, 60), (0, 60)})

    def check(self, ca, status, out, errors):
        if status == 0:
            self.assertEqual(out.count('index'), 20)
            return
        self.assertEqual((status, out), (3, ''), errors)
        self.assertRegex(errors, r'\Acathaya: [^\n]*(?:File too large|No space left)[^\n]*\n')

    def test_landmark_and_rotate(self):
        made = self.init('made-2', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        made.issue(csr)
        for words in (('landmark',), ('log', 'rotate'), ('cosigner', 'add', '--id', '32473.9', '--alg', 'mldsa44')):
            for size in (0, 1, 10, 40, 100, 200, 250, 310, 320, 400, 900, 1200):
                with self.subTest(words=words, size=size):
                    folder = self.path('full-2')
                    shutil.rmtree(folder, ignore_errors=True)
                    shutil.copytree(made.dir, folder)
                    ca = Ca(self, folder)
                    status, out, errors = limited(size, 'ca', *words, '--dir', folder)
                    self.assertIn(status, (0, 3), (out, errors))
                    self.assertEqual(out != '', status == 0, (out, errors))
                    again = ca.run(*words)
                    if words[0] != 'cosigner' and not (words[0] == 'log' and status == 0):
                        self.assertEqual(again.status, 0, again)
                    ca.issue(csr)
                    ca.fsck()
                    ca.audit(ca.status()['log'])

    def test_init(self):
        """An init that failed half-way leaves no CA, and says so when it is asked for one."""
        for size in (0, 100, 250, 400, 800):
            folder = self.path(f'init-{size}')
            status, out, errors = limited(size, 'ca', 'init', '--suite', 'gm', '--id', '32473.8', folder)
            self.assertEqual((status, out), (3, ''), errors)
            self.assertEqual(Ca(self, folder).run('status').status, 2)

    def test_output_lost(self):
        """What could not be printed is not success."""
        ca = self.init('output', 'gm')
        ca.issue(self.csr('sm2', 'www.example.com'))
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([PROGRAM, 'ca', 'certificate', '--dir', ca.dir, '--index', '0'], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b'stdout', done.stderr)

    @unittest.skipIf(os.geteuid() == 0, 'root may write everywhere')
    def test_read_only(self):
        ca = self.init('read-only', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        before = files_below(ca.dir)
        folders = [where for where, _, _ in os.walk(ca.dir)]
        for folder in folders:
            os.chmod(folder, 0o500)
        try:
            done = ca.run('issue', '--csr', csr)
            self.assertEqual((done.status, done.out), (3, ''), done)
            self.assertEqual(len(read(ca.certificate(0))) > 0, True)
            self.assertEqual(files_below(ca.dir), before)
        finally:
            for folder in folders:
                os.chmod(folder, 0o700)
        self.assertEqual(ca.issue(csr), [1])


if __name__ == '__main__':
    unittest.main()
