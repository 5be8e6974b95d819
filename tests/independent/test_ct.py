"""CT of both suites, made and read by this directory alone; what is bent anywhere is refused."""
import copy
import json
import os
import unittest

import ct
import ct_forge

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'vectors', 'ct')
WRONG = (ct.BadCt, ct.der.DerError, ct.note.BadNote, ct.algorithms.BadKey, ValueError)


class Ct(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vectors = {suite: ct_forge.vector(suite) for suite in ct.SUITES}

    def test_made(self):
        for suite, vector in self.vectors.items():
            with self.subTest(suite=suite):
                ct.check_vector(vector)

    def test_committed(self):
        """The files are what this directory makes."""
        for suite, vector in self.vectors.items():
            with open(os.path.join(VECTORS, f'{suite}.json'), encoding='ascii') as file:
                self.assertEqual(json.load(file), json.loads(json.dumps(vector)))

    def test_bent(self):
        bends = [('log_key', None, -1), ('data_tile', None, 5), ('certificate', None, 60), ('tbs', None, 40),
                 ('issuer', None, -40), ('entries', 'sct', -1), ('entries', 'sct', 45), ('entries', 'merkle_leaf', -1),
                 ('entries', 'extra_data', 9), ('entries', 'leaf_hash', 0), ('mtc_entry', None, 4)]
        for suite, vector in self.vectors.items():
            for member, field, at in bends:
                bent = copy.deepcopy(vector)
                holder, key = (bent, member) if field is None else (bent[member][1], field)
                data = bytearray.fromhex(holder[key])
                data[at] ^= 1
                holder[key] = data.hex()
                with self.subTest(suite=suite, member=member, field=field), self.assertRaises(WRONG):
                    ct.check_vector(bent)

    def test_other_suite(self):
        """Keys, hashes and signatures of one suite are nothing in the other."""
        for suite, other in (('gm', 'intl'), ('intl', 'gm')):
            bent = dict(self.vectors[suite], suite=other)
            with self.assertRaises(WRONG):
                ct.check_vector(bent)

    def test_checkpoints(self):
        vector = self.vectors['gm']
        suite = ct.SUITES['gm']
        key = suite.key(bytes.fromhex(vector['log_key']))
        text = vector['checkpoint']
        lines = text.split('\n')
        ct.check_checkpoint(suite, key, text.encode())
        for bad in ('\n'.join(lines[:3] + ['an extension'] + lines[3:]), text.replace('\n3\n', '\n4\n'),
                    text.replace('2027h1', '2027h2')):
            with self.assertRaises(WRONG):
                ct.check_checkpoint(suite, key, bad.encode())
