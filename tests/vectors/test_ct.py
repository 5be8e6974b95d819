#!/usr/bin/env python3
"""The library and the second reading (tests/independent/ct.py) agree on Certificate Transparency: each reads what the other has
made and signed, and each refuses what was bent. OpenSSL's own CT code reads the international SCT as well.
test_ct.py CT_VECTORS SCT_OPENSSL"""
import base64
import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'independent'))
VECTORS = os.path.join(HERE, '..', '..', 'docs', 'vectors', 'ct')

import ct

PROGRAM, OPENSSL = sys.argv.pop(1), sys.argv.pop(1)
SUITES = ('gm', 'intl')
# Member, member of the second entry, byte of it.
BENDS = [('log_key', None, -1), ('log_id', None, 3), ('data_tile', None, 5), ('data_tile', None, -1), ('certificate', None, 60),
         ('tbs', None, 40), ('entries', 'sct', -1), ('entries', 'sct', 45), ('entries', 'merkle_leaf', -1),
         ('entries', 'extra_data', 9), ('entries', 'leaf_hash', 0), ('mtc_entry', None, 4), ('mtc_log_id', None, 1)]


def path(suite):
    return os.path.join(VECTORS, f'{suite}.json')


def load(suite):
    with open(path(suite), encoding='ascii') as file:
        return json.load(file)


def checks(vector):
    """Does the library say yes?"""
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        json.dump(vector, file)
        file.flush()
        return subprocess.run([PROGRAM, 'check', file.name], capture_output=True, timeout=60).returncode == 0


def reads(vector):
    """Does the second reading say yes?"""
    try:
        ct.check_vector(vector)
    except (ct.BadCt, ct.der.DerError, ct.note.BadNote, ct.algorithms.BadKey, ValueError):
        return False
    return True


def openssl(vector):
    """(exit status, status of each SCT) by tests/e2e/ct/sct_openssl.c, of the SCTs in the certificate."""
    with tempfile.TemporaryDirectory() as folder:
        files = {'log.cnf': 'enabled_logs = one\n[one]\ndescription = one\nkey = '
                            + base64.b64encode(bytes.fromhex(vector['log_key'])).decode() + '\n'}
        for name in ('certificate', 'issuer'):
            text = base64.encodebytes(bytes.fromhex(vector[name])).decode()
            files[name] = f'-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n'
        for name, text in files.items():
            with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
                file.write(text)
        done = subprocess.run([OPENSSL, *(os.path.join(folder, name) for name in files)], capture_output=True, text=True,
                              timeout=60)
        return done.returncode, [line.split()[0] for line in done.stdout.splitlines()]


class Ct(unittest.TestCase):
    def test_openssl(self):
        self.assertEqual(openssl(load('intl')), (0, ['valid']))
        made = subprocess.run([PROGRAM, 'resign', path('intl')], check=True, capture_output=True, timeout=60).stdout
        vector = json.loads(made)
        self.assertEqual(openssl(vector), (0, ['valid']))
        self.assertEqual(openssl(dict(vector, log_key=load('intl')['log_key']))[0], 1)

    def test_library_reads_vectors(self):
        for suite in SUITES:
            subprocess.run([PROGRAM, 'check', path(suite)], check=True, timeout=60)

    def test_second_reading_reads_library(self):
        for suite in SUITES:
            for _ in range(3):
                made = subprocess.run([PROGRAM, 'resign', path(suite)], check=True, capture_output=True, timeout=60).stdout
                vector = json.loads(made)
                self.assertNotEqual(vector['log_id'], load(suite)['log_id'])
                ct.check_vector(vector)

    def test_bent(self):
        for suite in SUITES:
            self.assertTrue(checks(load(suite)) and reads(load(suite)))
            for member, field, at in BENDS:
                bent = copy.deepcopy(load(suite))
                holder, key = (bent, member) if field is None else (bent[member][1], field)
                data = bytearray.fromhex(holder[key])
                data[at] ^= 1
                holder[key] = data.hex()
                with self.subTest(suite=suite, member=member, field=field):
                    self.assertFalse(checks(bent), 'the library took it')
                    self.assertFalse(reads(bent), 'the second reading took it')

    def test_bent_texts(self):
        for suite, other in (SUITES, SUITES[::-1]):
            vector = load(suite)
            bent = [dict(vector, suite=other), dict(vector, origin='ct.example/2027h2'),
                    dict(vector, checkpoint=vector['checkpoint'].replace('\n3\n', '\n4\n')),
                    dict(vector, get_sth=vector['get_sth'].replace('"tree_size": 3', '"tree_size": 2')),
                    dict(vector, answers=[vector['answers'][0]] * 3)]
            for i, one in enumerate(bent):
                with self.subTest(suite=suite, i=i):
                    self.assertFalse(checks(one))
                    if i != 1:  # the second reading takes the origin from the checkpoint
                        self.assertFalse(reads(one))


if __name__ == '__main__':
    unittest.main()
