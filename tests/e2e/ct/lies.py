"""The lies that logs of tests tell: each is a function of a LyingLog that has been followed, with what has to be said of it."""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'liar'))

import pki
import ct_wire

ENTRIES = 5


def now_ms():
    return int(time.time() * 1000)


def entry(log, name='fork.example'):
    other = pki.Issuer(log.suite, 'Somebody Else')
    return ct_wire.Entry.of_certificate(log.suite, [other.leaf(name), other.der])


def add(log, name='new.example', **more):
    log.add(entry(log, name), **more)


def split_view(log):
    log.make_fork(ENTRIES - 1, entry(log))
    log.lies.split = 'second'


def rewritten(log):
    log.make_fork(2, entry(log))
    log.lies.split, log.lies.split_value = 'address', '127.0.0.1'
    add(log)


def shrunk(log):
    log.lies.shrink_to = 3


def late_merge(log):
    add(log, timestamp=now_ms() - 3600000)


def replaced_entry(log):
    add(log)
    log.lies.replaced = ENTRIES


def missing_entry(log):
    log.lies.drop_from = ENTRIES
    add(log)


def wrong_root(log):
    add(log)
    log.lies.wrong_root = True


def from_future(log):
    log.lies.time_offset_ms = 3600000


def from_the_past(log):
    log.lies.time_offset_ms = -7200000


def entry_from_future(log):
    add(log, timestamp=now_ms() + 3600000)


def forged(log):
    log.lies.forge_signature = True


def unknown_type(log):
    log.add(ct_wire.Entry(log.suite, 0x7777, ct_wire.opaque(3, b'what is this? ' + log.title.encode()), []))


def unreadable(log):
    log.add(ct_wire.Entry(log.suite, ct_wire.X509_ENTRY, ct_wire.opaque(3, b'\x30\x03no! ' + log.title.encode()), []))


# Lie, ids of findings of which one has to be there, whether evidence has to prove it.
LIES = [(split_view, {'split-view'}, True), (rewritten, {'not-a-prefix', 'bad-consistency'}, False), (shrunk, {'shrank'}, True),
        (late_merge, {'late-merge', 'entry-after-head'}, False), (replaced_entry, {'root-mismatch', 'bad-consistency'}, False),
        (missing_entry, {'missing-entry'}, False), (wrong_root, {'root-mismatch', 'bad-consistency'}, False),
        (from_future, {'head-from-future'}, False), (from_the_past, {'head-stale', 'went-back'}, False),
        (entry_from_future, {'entry-from-future', 'entry-after-head'}, False), (forged, {'bad-signature'}, False)]
TOLD = [(unknown_type, 'unknown-entry-type'), (unreadable, 'unreadable')]
