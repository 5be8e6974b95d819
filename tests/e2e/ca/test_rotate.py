#!/usr/bin/env python3
"""`cathaya ca log rotate`: the next log opens, the old one closes for good and still serves."""
import os

from ca_world import CaTest, files_below, flip, read, unittest, write


class Rotate(CaTest):
    def test_rotate(self):
        ca = self.init('rotate', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr, csr, csr)
        ca.landmark()
        old = [read(ca.certificate(1)), read(ca.certificate(1, '--landmark'))]
        policy_1 = read(ca.subtrees())
        closed = files_below(ca.path('public', '1'))
        self.assertEqual(ca.ok('log', 'rotate', '--json'), '{"closed":1,"log":2}\n')
        self.assertTrue(ca.status('--log', '1')['closed'])
        status = ca.status()
        self.assertEqual((status['log'], status['size'], status['closed']), (2, 0, False))
        self.assertEqual([read(ca.certificate(1, '--log', '1')), read(ca.certificate(1, '--landmark', '--log', '1'))], old)

        self.assertEqual(ca.issue(csr), [0])
        self.assertEqual(ca.landmark()['log'], 2)
        new = ca.certificate(0)
        ca.good(new, 'standalone: cosigned by 32473.8 over subtree [0, 1) of log 2 ', 'www.example.com')
        both = write(self.path('both.txt'), policy_1 + read(ca.subtrees()))
        self.assertIn(b' 32473.8 2 0 1 ', read(both))
        ca.good(ca.certificate(0, '--landmark'), 'landmark: trusted subtree [0, 1) of log 2 ', 'www.example.com', both)
        ca.good(ca.certificate(1, '--landmark', '--log', '1'), 'landmark: trusted subtree [0, 2) of log 1 ', 'www.example.com', both)
        self.assertEqual(files_below(ca.path('public', '1')), closed)
        for number in ('1', '2'):
            ca.fsck('--log', number)
            ca.audit(int(number))

    def test_closed_for_good(self):
        """Whatever becomes of the new log, the old one takes no entry."""
        ca = self.init('closed', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        ca.ok('log', 'rotate')
        ca.issue(csr)
        # Its last entries still get a landmark.
        ca.no(1, ('certificate', '--index', '0', '--landmark', '--log', '1'), 'ca landmark')
        ca.ok('landmark', '--log', '1')
        ca.good(ca.certificate(0, '--landmark', '--log', '1'), 'landmark: ', 'www.example.com', ca.subtrees('--log', '1'))
        old = files_below(ca.path('public', '1'))
        record = ca.path('log', '2', 'record')
        content = read(record)
        os.remove(record)
        # The highest record is that of log 1 now, but log 2 was there.
        ca.no(2, ('issue', '--csr', csr), 'log/2/record is missing', 'log rotate --record-lost')
        done = ca.run('log', 'rotate')
        self.assertNotEqual(done.status, 0, 'a log that was published is never founded again')
        self.assertFalse(os.path.exists(record))
        write(record, content)
        self.assertEqual(ca.issue(csr), [1])
        self.assertEqual(files_below(ca.path('public', '1')), old)
        ca.no(2, ('issue', '--csr', csr, '--log', '1'), '--log')
        ca.fsck()

    def test_rotate_a_damaged_log(self):
        """That is what it is for: a log that cannot be opened any more."""
        for name in ('public/1/tile/0/000.p/3', 'public/1/tile/entries/000.p/3', 'log/1/landmarks/001', 'log/1/batch/001', 'public/1/checkpoint'):
            with self.subTest(name=name):
                ca = self.init('damaged-' + name.replace('/', '-'), 'gm')
                csr = self.csr('sm2', 'www.example.com')
                ca.issue(csr, csr, csr)
                ca.landmark()
                if name.endswith('checkpoint'):
                    path = ca.path(name)
                    write(path, read(path).replace(b'\n3\n', b'\n4\n'))
                else:
                    flip(ca.path(name), 5)
                self.assertNotEqual(ca.run('fsck').status, 0)
                ca.ok('log', 'rotate')
                self.assertEqual(ca.issue(csr), [0])
                ca.good(ca.certificate(0), 'standalone: cosigned by 32473.8 over subtree [0, 1) of log 2 ', 'www.example.com')
                ca.fsck()
                ca.audit(2)

    def test_lost_record(self):
        """A record that cannot be restored: its log is given up, and its number never used again."""
        ca = self.init('lost', 'gm')
        csr = self.csr('sm2', 'www.example.com')
        ca.issue(csr)
        ca.no(2, ('log', 'rotate', '--record-lost'), 'no log here has lost its record')
        for lost in (1, 2):
            os.remove(ca.path('log', str(lost), 'record'))
            ca.no(2, ('log', 'rotate'), f'log/{lost}/record is missing', '--record-lost')
            self.assertIn(f'log {lost + 1} is open', ca.ok('log', 'rotate', '--record-lost'))
            self.assertEqual(ca.status()['log'], lost + 1)
            ca.issue(csr)
        ca.good(ca.certificate(0), 'standalone: cosigned by 32473.8 over subtree [0, 1) of log 3 ', 'www.example.com')
        ca.fsck()

    def test_last_log(self):
        """The CA certificate has room for five logs."""
        ca = self.init('last', 'intl')
        csr = self.csr('p256', 'www.example.com')
        for number in range(2, 6):
            self.assertEqual(ca.ok('log', 'rotate'), f'log {number - 1} is closed for good; log {number} is open\n')
        before = files_below(ca.dir)
        ca.no(2, ('log', 'rotate'), 'log 5 is the last one', 'a new CA is needed')
        self.assertEqual(files_below(ca.dir), before)
        ca.issue(csr)
        certificate = ca.certificate(0)
        ca.good(certificate, 'standalone: cosigned by 32473.8 over subtree [0, 1) of log 5 ', 'www.example.com')
        for number in ('0', '6', '65535', '65536', '-1', 'x'):
            self.assertEqual(ca.run('status', f'--log={number}').status, 2, number)


if __name__ == '__main__':
    unittest.main()
