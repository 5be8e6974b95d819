"""Merkle trees and subtrees: RFC 9162 section 2.1 and MTC draft section 4.

Generation follows the recursive definitions; verification the steps of the
text. Nothing here tries to be fast.
"""
import hashlib

from sm3 import sm3

HASH_SIZE = 32
HASHES = {'sha256': lambda data: hashlib.sha256(data).digest(), 'sm3': sm3}


class ProofError(Exception):
    pass


def bit_ceil(n):
    power = 1
    while power < n:
        power *= 2
    return power


def is_valid_subtree(start, end):
    return 0 <= start <= end and start % bit_ceil(end - start) == 0


def split_point(n):
    """Largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


class Tree:
    """A tree over leaf hashes, with one of the two hash functions."""

    def __init__(self, hash_name, leaf_hashes):
        self.hash, self.leaves, self._known = HASHES[hash_name], leaf_hashes, {}

    def mth(self, start, end):
        """MTH(D[start:end])."""
        if start == end:
            return self.hash(b'')
        if end - start == 1:
            return self.leaves[start]
        if (start, end) not in self._known:
            k = start + split_point(end - start)
            self._known[start, end] = self.hash(b'\x01' + self.mth(start, k) + self.mth(k, end))
        return self._known[start, end]

    def path(self, index, start, end):
        """PATH(index - start, D[start:end]) of RFC 9162 section 2.1.3.1."""
        if end - start == 1:
            return []
        k = start + split_point(end - start)
        if index < k:
            return self.path(index, start, k) + [self.mth(k, end)]
        return self.path(index, k, end) + [self.mth(start, k)]

    def subtree_proof(self, start, end, n):
        """SUBTREE_PROOF(start, end, D_n) of section 4.4.1."""
        return [] if start == end else self._subproof(start, end, 0, n, True)

    def _subproof(self, start, end, low, high, known):
        # Over D[low:high]; start and end count from low, as in the draft.
        n = high - low
        if (start, end) == (0, n):
            return [] if known else [self.mth(low, high)]
        k = split_point(n)
        if end <= k:
            return self._subproof(start, end, low, low + k, known) + [self.mth(low + k, high)]
        left = [self.mth(low, low + k)]
        if k <= start:
            return self._subproof(start - k, end - k, low + k, high, known) + left
        assert start == 0
        return self._subproof(0, end - k, low + k, high, False) + left


def leaf_hash(hash_name, entry):
    return HASHES[hash_name](b'\x00' + entry)


def inclusion_steps(hash_name, index, entry_hash, start, end, proof):
    """Section 4.3.2, yielding (sibling, side of the sibling, result) per step."""
    hash_ = HASHES[hash_name]
    if not is_valid_subtree(start, end):
        raise ProofError('not a valid subtree')
    if not start <= index < end:
        raise ProofError('index is outside the subtree')
    fn, sn, r = index - start, end - start - 1, entry_hash
    for p in proof:
        if sn == 0:
            raise ProofError('inclusion proof is too long')
        if fn & 1 or fn == sn:
            r, side = hash_(b'\x01' + p + r), 'left'
            while not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r, side = hash_(b'\x01' + r + p), 'right'
        fn, sn = fn >> 1, sn >> 1
        yield p, side, r
    if sn != 0:
        raise ProofError('inclusion proof is too short')


def evaluate_inclusion(hash_name, index, entry_hash, start, end, proof):
    r = entry_hash
    for _, _, r in inclusion_steps(hash_name, index, entry_hash, start, end, proof):
        pass
    return r


def verify_inclusion(hash_name, index, entry_hash, start, end, proof, subtree_hash):
    if any(len(value) != HASH_SIZE for value in [entry_hash, subtree_hash, *proof]):
        return False
    try:
        return evaluate_inclusion(hash_name, index, entry_hash, start, end, proof) == subtree_hash
    except ProofError:
        return False


def verify_consistency(hash_name, n, start, end, proof, node_hash, root_hash):
    """The ten steps of section 4.4.3: True or False."""
    hash_, proof = HASHES[hash_name], list(proof)
    if not is_valid_subtree(start, end) or end > n:
        return False
    if start == end:
        return not proof and node_hash == hash_(b'')
    fn, sn, tn = start, end - 1, n - 1
    if sn == tn:
        while fn != sn:
            fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    else:
        while fn != sn and sn & 1:
            fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if fn == sn:
        fr = sr = node_hash
    else:
        if not proof:
            return False
        fr = sr = proof.pop(0)
    for c in proof:
        if tn == 0:
            return False
        if sn & 1 or sn == tn:
            if fn < sn:
                fr = hash_(b'\x01' + c + fr)
            sr = hash_(b'\x01' + c + sr)
            while not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            sr = hash_(b'\x01' + sr + c)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    return tn == 0 and fr == node_hash and sr == root_hash


def _lowest_common_ancestor(low, high, start, end):
    """The node [low, high) of the tree that contains [start, end) most closely."""
    while high - low > 1:
        k = low + split_point(high - low)
        if end <= k:
            high = k
        elif k <= start:
            low = k
        else:
            break
    return low, high


def covering_subtrees(start, end):
    """Section 4.5.1, read off the tree over D[0:end]: split the interval at its
    lowest common ancestor, then take that of each half."""
    if end - start <= 1:
        return (start, end), (end, end)
    low, high = _lowest_common_ancestor(0, end, start, end)
    middle = low + split_point(high - low)
    return _lowest_common_ancestor(low, middle, start, middle), (middle, end)
