"""Logs as tlog-tiles directories: those of the corpora, and a GM log."""
import contextlib
import os
import shutil
import tempfile
import unittest

import der
import forge
import log
import merkle
import mtc
import note
from vectors import T2025, VECTORS, VectorTest, load_ca, read, run


class CorpusLogs(VectorTest):
    def open(self, folder):
        ca = load_ca(folder, 'ca_cert.pem')
        return ca, log.Log(os.path.join(VECTORS, folder), ca)

    def test_06_07(self):
        for version in ('06', '07'):
            folder = f'plants-demo/plants-{version}'
            ca, issuance = self.open(folder)
            # The README says that the expiries in these landmarks are invented.
            self.assertIn('2036 entries', issuance.check(at=1790000000, ignore_expiry=True))
            with self.assertRaisesRegex(log.BadLog, 'expires before entry'):
                issuance.check(at=1790000000)
            landmarks = log.parse_landmarks(read(folder, 'landmarks'), True, 1790000000)
            trusted = mtc.Policy(read(folder, 'policy.txt').decode(), ca).trusted
            computed = {(ca.id, 1, start, end): issuance.mth(start, end)
                        for (_, size, _), (_, previous, _) in zip(landmarks, landmarks[1:])
                        for start, end in merkle.covering_subtrees(previous, size)}
            # Landmark 1 covers [0, 34) as [0, 32) + [32, 34); landmark 2 [34, 2036).
            self.assertEqual(computed, trusted)

    def test_04_05(self):
        """The draft's own generator wrote note signatures without the timestamp that
        tlog-cosignature puts in front: strictly they fail, and everything else holds."""
        for version in ('04', '05'):
            ca, issuance = self.open(f'plants-demo/plants-{version}')
            with self.assertRaisesRegex(log.BadLog, 'checkpoint: signature'):
                issuance.check()
            checkpoint = note.Checkpoint(read(f'plants-demo/plants-{version}/checkpoint'))
            self.assertEqual(issuance.mth(0, checkpoint.size), checkpoint.root)
            issuance._check_presence(checkpoint.size)
            issuance._check_tiles()
            name, key_id, signature = checkpoint.note.signatures[0]
            self.assertEqual((name, key_id), ('oid/1.3.6.1.4.1.32473.1', note.key_id(name, ca.key)))
            message = mtc.cosigned_message(ca.id, ca.log_id(1), 0, 0, checkpoint.size, checkpoint.root)
            self.assertTrue(ca.key.verify(message, signature))

    def test_cactus(self):
        _, issuance = self.open('cactus-live')
        self.assertIn('18 entries', issuance.check())

    def test_command_line(self):
        folder = os.path.join(VECTORS, 'cactus-live')
        status, out = run(log.main, folder, '--ca', os.path.join(folder, 'ca_cert.pem'))
        self.assertEqual((status, out.split()[0]), (0, 'OK'))
        other = os.path.join(VECTORS, 'plants-demo', 'plants-07', 'ca_cert.pem')
        status, out = run(log.main, folder, '--ca', other)
        self.assertEqual((status, out.split()[0]), (1, 'FAIL'))
        self.assertEqual(run(log.main, folder, '--ca', os.path.join(folder, 'landmarks'))[0], 2)


class GmLog(unittest.TestCase):
    SIZE = 530

    @classmethod
    def setUpClass(cls):
        signer = forge.Sm2Signer(0x1234567)
        cls.ca = mtc.Ca(forge.ca_certificate(signer, '32473.7'))
        issuance = forge.Log(signer)
        issuance.add_null()
        for _ in range(cls.SIZE - 1):
            issuance.add(forge.Sm2Signer(77).spki if len(issuance.entries) == 1 else issuance.inputs[1][1])
        cls.expiry = der.time(der.read_all(b'\x17\x0d301231235959Z'))
        cls.good = tempfile.mkdtemp()
        landmarks = f'2\n530 {cls.expiry + 5}\n300 {cls.expiry}\n0 0\n'.encode()
        issuance.write(cls.good, log.tile_name, landmarks)
        cls.issuance = issuance

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.good)

    @contextlib.contextmanager
    def copy(self):
        with tempfile.TemporaryDirectory() as root:
            shutil.copytree(self.good, root, dirs_exist_ok=True)
            yield root

    def verdict(self, root, min_index=0):
        try:
            log.Log(root, self.ca, min_index).check(at=T2025)
            return 'OK'
        except log.BadLog as error:
            return str(error)

    def test_good(self):
        self.assertEqual(self.verdict(self.good), 'OK')

    def test_names(self):
        self.assertEqual(log.tile_name(1234067), 'x001/x234/067')
        self.assertEqual(log.tile_name(0), '000')

    def test_every_file_matters(self):
        files = [os.path.relpath(os.path.join(folder, name), self.good)
                 for folder, _, names in os.walk(self.good) for name in names]
        self.assertEqual(len(files), 9)
        for name in files:
            with self.copy() as root:
                path = os.path.join(root, name)
                with open(path, 'rb') as file:
                    data = bytearray(file.read())
                data[0 if name == 'landmarks' else len(data) // 2] ^= 1
                with open(path, 'wb') as file:
                    file.write(data)
                self.assertNotEqual(self.verdict(root), 'OK', name)
                os.remove(path)
                if name == 'landmarks':
                    self.assertEqual(self.verdict(root), 'OK')
                else:
                    self.assertIn('missing', self.verdict(root), name)

    def test_pruning(self):
        with self.copy() as root:
            os.remove(os.path.join(root, 'tile/entries/000'))
            self.assertIn('missing', self.verdict(root))
            self.assertIn('missing', self.verdict(root, 255))
            self.assertEqual(self.verdict(root, 256), 'OK')
            os.remove(os.path.join(root, 'tile/0/000'))
            self.assertEqual(self.verdict(root, 300), 'OK')
            os.remove(os.path.join(root, 'tile/entries/001'))
            self.assertIn('missing', self.verdict(root, 300))
            self.assertEqual(self.verdict(root, 512), 'OK')
            with open(os.path.join(root, 'tile/1/000.p/2'), 'r+b') as file:
                file.write(bytes(32))
            self.assertNotEqual(self.verdict(root, 512), 'OK')

    def test_unexpected_files(self):
        for name in ('tile/0/1', 'tile/00/000', 'tile/0/000.p/256', 'tile/entries/x000/000', 'tile/64/000'):
            with self.copy() as root:
                path = os.path.join(root, name)
                if os.path.isdir(path):
                    continue
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, 'wb') as file:
                    file.write(bytes(32))
                self.assertIn('unexpected file', self.verdict(root), name)

    def test_landmarks(self):
        good = '3\n30 300\n20 300\n10 100\n'
        self.assertEqual(log.parse_landmarks(good.encode(), True, 200),
                         [(3, 30, 300), (2, 20, 300), (1, 10, 100)])
        self.assertEqual(log.parse_landmarks(b'0\n0 0\n', True, 200), [(0, 0, 0)])
        bad = ['', '3', '3\n', good[:-1], good + '\n', good.replace(' ', '  ', 1), good.replace('30 ', '030 ', 1),
               good.replace('100', '200'), good.replace('20', '30'), good.replace('3\n', '1\n', 1), ' ' + good,
               good.replace('100', '301'), good.replace('\n', '\r\n'), good + '5 50 5\n', '3 3' + good[1:],
               '1\n5 300\n0 1\n', '1\n5 300\n1 0\n', '9\n9 300\n7 100\n', '1\n0 100\n',
               '281474976710656\n0 0\n', '3\n281474976710656 300\n10 100\n']
        for text in bad:
            with self.subTest(text=text), self.assertRaises(log.BadLog):
                log.parse_landmarks(text.encode(), True, 200)
        self.assertEqual(len(log.parse_landmarks(b'3 2\n9\n5\n1\n', False, 0)), 3)
        for text in ('3 2\n9\n5\n', '3 4\n9\n5\n4\n2\n0\n', '3 2\n9\n9\n1\n', '3\n9\n5\n', '3 2\n9\n5\n1'):
            with self.subTest(text=text), self.assertRaises(log.BadLog):
                log.parse_landmarks(text.encode(), False, 0)

    def test_notes(self):
        good = self.issuance.checkpoint()
        note.Checkpoint(good)
        dash = '\u2014'.encode()
        for bad in (good[:-1], good.replace(dash, b'-'), good.replace(b'\n\n', b'\n'),
                    good.replace(b'\n530\n', b'\n0530\n'),
                    good + b'\n', good.replace(b'=', b'', 1), b'\xff' + good, good.replace(b'oid', b'o\td', 1),
                    good[:good.index(dash)]):
            with self.subTest(bad=bad[:20]), self.assertRaises(note.BadNote):
                note.Checkpoint(bad)
        grease = dash + b' oid/other AAAAAAAA\n'
        checkpoint = note.Checkpoint(good + grease)
        self.assertEqual(note.check_signature(checkpoint, '32473.7', '32473.7.0.1', self.ca.key), 1)
        with self.assertRaises(note.BadNote):
            note.check_signature(checkpoint, '32473.7', '32473.7.0.2', self.ca.key)
