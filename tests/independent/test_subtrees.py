"""Subtrees: properties, accumulated vectors, inclusion and consistency proofs."""
import base64
import glob
import json
import os
import sys
import unittest

import merkle
import tree
from vectors import VECTORS, VectorTest, read, rows, run


class Subtrees(unittest.TestCase):
    def test_valid(self):
        for end in (2**47 + 1, 2**48 - 1, 2**62 + 1, 2**63 - 1, 2**63 + 1, 2**64 - 1):
            self.assertTrue(merkle.is_valid_subtree(0, end))
        for start, end in ((2**46, 2**47 + 1), (2**46, 2**48 - 1), (2**61, 2**62 + 1), (2**61, 2**63 - 1),
                           (2**62, 2**63 + 1), (2**62, 2**64 - 1), (1, 3), (2, 1)):
            self.assertFalse(merkle.is_valid_subtree(start, end))

    def test_covering(self):
        cases = {(0x500000000000, 0xd00000000000): ((0x400000000000, 0x800000000000), (0x800000000000, 0xd00000000000)),
                 (0x7fffffffffff, 0x800000000001): ((0x7fffffffffff, 0x800000000000), (0x800000000000, 0x800000000001)),
                 (0xfffffffffffe, 0xffffffffffff): ((0xfffffffffffe, 0xffffffffffff), (0xffffffffffff, 0xffffffffffff)),
                 (5, 13): ((4, 8), (8, 13)), (7, 9): ((7, 8), (8, 9)), (3, 3): ((3, 3), (3, 3))}
        for interval, covering in cases.items():
            self.assertEqual(merkle.covering_subtrees(*interval), covering)

    def test_covering_properties(self):
        for end in range(80):
            for start in range(end + 1):
                (a, b), (c, d) = merkle.covering_subtrees(start, end)
                self.assertTrue(merkle.is_valid_subtree(a, b) and merkle.is_valid_subtree(c, d))
                self.assertTrue(b == c and d == end and a <= start)
                self.assertTrue(start == end or start - a < b - start)

    def test_proofs_verify(self):
        for hash_name in ('sha256', 'sm3'):
            whole = merkle.Tree(hash_name, [merkle.leaf_hash(hash_name, bytes([i])) for i in range(20)])
            for n in range(21):
                for end in range(n + 1):
                    for start, _ in tree.valid_intervals(end):
                        node, root = whole.mth(start, end), whole.mth(0, n)
                        proof = whole.subtree_proof(start, end, n)
                        self.assertTrue(merkle.verify_consistency(hash_name, n, start, end, proof, node, root))
                        extended = proof + [bytes(32)]
                        self.assertFalse(merkle.verify_consistency(hash_name, n, start, end, extended, node, root))
                        for index in range(start, end) if n == end else ():
                            path = whole.path(index, start, end)
                            self.assertTrue(merkle.verify_inclusion(
                                hash_name, index, whole.leaves[index], start, end, path, node))


class AccumulatedVectors(VectorTest):
    def test_draft(self):
        names = {'subtree-hash': 'subtree', 'subtree-inclusion-proof': 'inclusion',
                 'subtree-consistency-proof': 'consistency', 'efficient-covering-subtree': 'covering'}
        values = tree.accumulated('sha256', 'sha256')
        found = list(rows('plants-demo/vectors/accumulated.tsv'))
        self.assertEqual(len(found), 4)
        for name, value in found:
            self.assertEqual(values[names[name]], value, name)

    def test_sm3(self):
        count = 0
        for line in read('sm3-subtrees/values.txt').decode().splitlines():
            words = line.split()
            if words[0] == 'tree':
                values = tree.accumulated(words[1], words[3])
            else:
                self.assertEqual(values[words[0]], words[1], line)
                count += 1
        self.assertEqual(count, 24)

    def test_command_line(self):
        status, out = run_tree('accumulated', '--tree', 'sm3', '--rolling', 'sm3')
        self.assertEqual(status, 0)
        self.assertIn(out, read('sm3-subtrees/values.txt').decode() + '\n')


def run_tree(*arguments):
    old, sys.argv = sys.argv, ['tree.py', *arguments]
    try:
        return run(lambda _: tree.main())
    finally:
        sys.argv = old


class MerkleProofs(VectorTest):
    def cases(self, folder):
        for path in glob.glob(os.path.join(VECTORS, 'merkle-proofs', 'testdata', folder, '**', '*.json'),
                              recursive=True):
            with open(path, encoding='utf-8') as file:
                case = json.load(file)
            case['proof'] = [base64.b64decode(p) for p in case['proof'] or []]
            yield path, case

    def test_all(self):
        count = 0
        for path, case in self.cases('subtreeinclusion'):
            root, leaf = base64.b64decode(case['root']), base64.b64decode(case['leafHash'])
            verdict = merkle.verify_inclusion('sha256', case['leafIdx'], leaf, case['start'], case['end'],
                                              case['proof'], root)
            with self.subTest(path=path):
                self.assertEqual(verdict, not case['wantErr'], case['desc'])
            count += 1
        for path, case in self.cases('subtreeconsistency'):
            node, root = base64.b64decode(case['root1'] or ''), base64.b64decode(case['root2'] or '')
            verdict = merkle.verify_consistency('sha256', case['size'], case['start'], case['end'], case['proof'],
                                                node, root)
            with self.subTest(path=path):
                self.assertEqual(verdict, not case['wantErr'], case['desc'])
            count += 1
        self.assertEqual(count, 322)
