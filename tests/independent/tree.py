#!/usr/bin/env python3
"""Recomputes the accumulated subtree vectors of the MTC draft's appendix.

    tree.py accumulated --tree sha256|sm3 --rolling sha256|sm3
"""
import argparse
import sys

import merkle
from sm3 import sm3

SIZE = 130


def valid_intervals(end):
    return [(start, end) for start in range(end + 1) if merkle.is_valid_subtree(start, end)]


def accumulated(tree_hash, rolling_hash):
    """{name: digest} of the four vectors, and of four small trees."""
    tree = merkle.Tree(tree_hash, [merkle.leaf_hash(tree_hash, bytes([i])) for i in range(SIZE)])
    lines = {'subtree': [], 'inclusion': [], 'consistency': [], 'covering': []}

    def hexes(proof):
        return ''.join(f' {p.hex()}' for p in proof)

    for end in range(SIZE + 1):
        for start in range(end + 1):
            (a, b), (c, d) = merkle.covering_subtrees(start, end)
            lines['covering'].append(f'[{a}, {b}) [{c}, {d})\n')
        for start, _ in valid_intervals(end):
            lines['subtree'].append(f'[{start}, {end}) {tree.mth(start, end).hex()}\n')
            for index in range(start, end):
                proof = tree.path(index, start, end)
                lines['inclusion'].append(f'{index} [{start}, {end}){hexes(proof)}\n')
    for n in range(SIZE + 1):
        for end in range(n + 1):
            for start, _ in valid_intervals(end):
                proof = tree.subtree_proof(start, end, n)
                lines['consistency'].append(f'[{start}, {end}) {n}{hexes(proof)}\n')
    import hashlib
    digest = sm3 if rolling_hash == 'sm3' else lambda data: hashlib.sha256(data).digest()
    result = {name: digest(''.join(text).encode()).hex() for name, text in lines.items()}
    result['MTH(empty)'] = tree.mth(0, 0).hex()
    result['MTH(d0)'] = tree.mth(0, 1).hex()
    result['MTH(D2)'] = tree.mth(0, 2).hex()
    result['MTH(D130)'] = tree.mth(0, 130).hex()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('command', choices=['accumulated'])
    parser.add_argument('--tree', choices=['sha256', 'sm3'], required=True)
    parser.add_argument('--rolling', choices=['sha256', 'sm3'], required=True)
    arguments = parser.parse_args()
    print(f'tree {arguments.tree} rolling {arguments.rolling}')
    for name, value in accumulated(arguments.tree, arguments.rolling).items():
        print(f'   {name} {value}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
