"""Trusted subtrees of the cactus log, from its level-0 tile: what a landmark distributor would say."""
import base64
import hashlib

import cli


def leaves():
    with open(cli.path('cactus-live/tile/0/000.p/18'), 'rb') as file:
        data = file.read()
    return [data[i:i + 32] for i in range(0, len(data), 32)]


def root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    half = 1
    while 2 * half < len(hashes):
        half *= 2
    return hashlib.sha256(b'\x01' + root(hashes[:half]) + root(hashes[half:])).digest()


def covering(start, end):
    """The one or two subtrees that cover an interval, as section 4.5 of the draft has them."""
    if end - start == 1:
        return [(start, end)]
    last = end - 1
    split = (start ^ last).bit_length() - 1
    middle = last & ~((1 << split) - 1)
    left = start & ~((1 << ((middle - start - 1).bit_length())) - 1)
    return [(left, middle), (middle, end)]


def policy():
    """The text of a policy with both subtrees of every landmark."""
    with open(cli.path('cactus-live/landmarks'), encoding='ascii') as file:
        (_, count), *sizes = [[int(word) for word in line.split()] for line in file]
    sizes = [size for size, in sizes]
    assert len(sizes) == count + 1
    hashes = leaves()
    lines = []
    for end, start in zip(sizes, sizes[1:]):
        for first, last in covering(start, end):
            value = base64.b64encode(root(hashes[first:last])).decode()
            lines.append(f'trusted-subtree 44363.47.1.99 1 {first} {last} {value}\n')
    return ''.join(lines)
