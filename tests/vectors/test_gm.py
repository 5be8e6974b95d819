#!/usr/bin/env python3
"""The vectors of the GM profile in docs/vectors/gm: both readings accept them, and nothing one bit away from them."""
import base64
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import cli

sys.path.append(os.path.join(cli.HERE, '..', 'independent'))

import bundle
import x509

GM = os.path.join(cli.HERE, '..', '..', 'docs', 'vectors', 'gm')
READING = os.path.join(cli.HERE, '..', 'independent')
CERTIFICATES = ('standalone.pem', 'landmark.pem')
DAY = datetime.timedelta(days=1)


def gm(*parts):
    return os.path.join(GM, *parts)


def read(*parts):
    with open(gm(*parts), 'rb') as file:
        return file.read()


AT = read('at.txt').decode().strip()


def later(delta):
    return (datetime.datetime.fromisoformat(AT.rstrip('Z')) + delta).isoformat() + 'Z'


def certificate(name):
    """DER of the certificate in one of the files."""
    text = re.search(rb'-----BEGIN CERTIFICATE-----\n(.*?)-----END', read(name), re.S).group(1)
    return base64.b64decode(text)


def ours(files, *options, at=AT, policy='policy.txt'):
    """{file: verdict} of cathaya."""
    return cli.verify(gm('ca.pem'), files, '--policy', gm(policy), '--at', at, *options)


def theirs(files, *options, at=AT, policy='policy.txt'):
    """{file: OK or FAIL} of the second reading."""
    command = [sys.executable, '-B', os.path.join(READING, 'verify.py'), '--ca', gm('ca.pem'), '--policy', gm(policy), '--at', at]
    done = subprocess.run([*command, *options, *files], capture_output=True, text=True, timeout=600)
    lines = done.stdout.splitlines()
    return {file: line[len(file) + 2:].split(' ')[0] for file, line in zip(files, lines, strict=True)}


class Good(unittest.TestCase):
    def test_certificates(self):
        files = [gm(name) for name in CERTIFICATES]
        standalone, landmark = ours(files, '--dns', 'www.example.com').values()
        self.assertEqual((standalone['ok'], standalone['mode'], standalone['cosigners']), (True, 'standalone', ['32473.8', '32473.9']))
        self.assertEqual((landmark['ok'], landmark['mode'], landmark['cosigners']), (True, 'landmark', []))
        self.assertEqual(list(theirs(files, '--dns', 'www.example.com').values()), ['OK', 'OK'])

    def test_sizes(self):
        """Those of section 8.7: 22 hashes instead of 3, and four bytes for two longer lengths."""
        self.assertEqual(len(certificate('landmark.pem')) + 19 * 32 + 2, 1041)

    def test_log(self):
        command = [sys.executable, '-B', os.path.join(READING, 'log.py'), gm('log'), '--ca', gm('ca.pem'), '--at', AT]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout), (0, 'OK log 1, 11 entries, 4 files, landmark 1\n'))
        self.assertEqual(cli.run('landmarks', 'check', '--at', AT, gm('log', 'landmarks'))[0], 0)

    def test_inspect(self):
        count = 0
        for folder, _, names in os.walk(GM):
            for name in sorted(set(names) - {'README.md', 'at.txt', '.gitattributes'}):
                for options in ((), ('--json',)):
                    status, text, errors = cli.run('inspect', *options, os.path.join(folder, name))
                    self.assertEqual((status, errors), (0, ''), name)
                    self.assertNotEqual(text, '')
                count += 1
        self.assertEqual(count, 13)


class Bad(unittest.TestCase):
    def refused(self, *options, files=CERTIFICATES, **changes):
        files = [gm(name) for name in files]
        with self.subTest(options=options, changes=changes):
            self.assertEqual([v['ok'] for v in ours(files, *options, **changes).values()], [False] * len(files))
            self.assertEqual(list(theirs(files, *options, **changes).values()), ['FAIL'] * len(files))

    def test_wrong_time(self):
        self.refused(at=later(-DAY - datetime.timedelta(seconds=1)))
        self.refused(at=later(399 * DAY))

    def test_ends_of_validity(self):
        files = [gm(name) for name in CERTIFICATES]
        for at in (later(-DAY), later(399 * DAY - datetime.timedelta(seconds=1))):
            self.assertEqual([v['ok'] for v in ours(files, at=at).values()], [True, True], at)
            self.assertEqual(list(theirs(files, at=at).values()), ['OK', 'OK'], at)

    def test_wrong_name(self):
        self.refused('--dns', 'a.example.com')

    def test_without_policy(self):
        """No trusted subtree: the landmark-relative certificate has nothing else. The CA's own signature is enough then."""
        files = [gm(name) for name in CERTIFICATES]
        found = [v['ok'] for v in cli.verify(gm('ca.pem'), files, '--at', AT).values()]
        self.assertEqual(found, [True, False])

    def test_policy_changed(self):
        policy = read('policy.txt').decode()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'policy.txt')
            digest = re.search('trusted-subtree 32473.8 1 0 8 (.*)', policy).group(1)
            other = base64.b64encode(bytes(32)).decode()
            for files, text in ((['landmark.pem'], policy.replace(digest, other)),
                                (['standalone.pem'], f'{policy}trusted-subtree 32473.8 1 4 8 {other}\n'),
                                (CERTIFICATES, f'{policy}revoked 32473.8 {2**48 + 6} {2**48 + 6}\n')):
                with open(path, 'w', encoding='ascii') as file:
                    file.write(text)
                self.refused(files=files, policy=path)


def section(kind, data):
    return kind.to_bytes(2, 'big') + len(data).to_bytes(3, 'big') + data


class TrustBundle(unittest.TestCase):
    """docs/vectors/gm/trust, the trust directory of a client."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ('trust.bundle', 'trust.keys'):
            shutil.copyfile(gm('trust', name), os.path.join(self.folder, name))

    def write(self, name, content):
        with open(os.path.join(self.folder, name), 'wb') as file:
            file.write(content)

    def ours(self, at=AT):
        return cli.run('trust', 'show', '--dir', self.folder, '--at', at)

    def theirs(self, at=AT):
        names = [os.path.join(self.folder, name) for name in ('trust.bundle', 'trust.keys')]
        command = [sys.executable, '-B', os.path.join(READING, 'bundle.py'), names[0], '--keys', names[1], '--at', at]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout

    def refused(self, what, *says):
        status, out, err = self.ours()
        self.assertEqual((status, out), (2, ''), what)
        self.assertNotEqual(self.theirs()[0], 0, what)
        for word in says:
            self.assertIn(word, err)
            self.assertIn(word, self.theirs()[1])

    def test_good(self):
        self.assertEqual(self.theirs(), (0, 'OK version 7, 1 CAs, 1 cosigners, 1 landmarks, 2 revoked ranges\n'))
        status, out, err = self.ours()
        self.assertEqual((status, err, '2026-11-21T22:50:56Z, 0 days old, signed, ' in out), (0, '', True), out)
        files = [gm(name) for name in CERTIFICATES]
        status, out, _ = cli.run('verify', '--trust', gm('trust'), '--at', AT, '--dns', 'www.example.com', *files)
        self.assertEqual((status, out.count(': OK ')), (0, 2), out)

    def test_contents(self):
        self.assertEqual(bundle.Envelope(read('trust', 'trust.bundle')).bundle.data, read('trust', 'contents'))

    def test_times(self):
        expires = bundle.Bundle(read('trust', 'contents')).expires
        issued = bundle.Bundle(read('trust', 'contents')).issued
        for at, is_good in ((issued - 86400, True), (issued - 86401, False), (expires, True), (expires + 1, False)):
            self.assertEqual(self.theirs(str(at))[0] == 0, is_good, at)
            # What is held is used without landmarks for 70 days more.
            self.assertEqual(self.ours(str(at))[0] == 0, is_good or at > expires, at)
        for at, is_good in ((expires + 70 * 86400, True), (expires + 70 * 86400 + 1, False)):
            self.assertEqual(self.ours(str(at))[0] == 0, is_good, at)

    def test_both_signatures(self):
        envelope = bundle.Envelope(read('trust', 'trust.bundle'))
        head, tail = read('trust', 'trust.bundle')[:16 + 3 + len(envelope.bundle.data)], b'\0\0'
        for kept, says in ((0, 'no good'), (1, 'no good'), (None, 'no good sm2_sm3 signature')):
            body = b''.join(key_id + len(s).to_bytes(2, 'big') + s for i, (key_id, s) in enumerate(envelope.signatures) if i == kept)
            self.write('trust.bundle', head + len(body).to_bytes(3, 'big') + body + tail)
            self.refused(kept, says)

    def test_one_bit_away(self):
        for name, ours, theirs in (('trust.bundle', 5, 211), ('trust.keys', 5, 173)):
            whole = read('trust', name)
            for at in range(0, len(whole), ours):
                self.write(name, whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
                self.assertEqual(self.ours()[:2], (2, ''), (name, at))
            for at in range(0, len(whole), theirs):
                self.write(name, whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
                self.assertNotEqual(self.theirs()[0], 0, (name, at))
            for length in range(0, len(whole), 97):
                self.write(name, whole[:length])
                self.refused((name, length))
            self.write(name, whole + b'\0')
            self.refused(name)
            self.write(name, whole)

    def test_spellings(self):
        """Both readings take and refuse the same contents."""
        contents = read('trust', 'contents')
        header, rest, sections = contents[:40], contents[40:], []
        while rest:
            size = 5 + int.from_bytes(rest[2:5], 'big')
            sections.append(rest[:size])
            rest = rest[size:]
        cosigners, cas, revoked, logs = sections
        pair, policy, names = revoked[-32:], b'\0\0\1p' + bytes(3), b'\5a.a-b\3b.c'

        def serial(first, last):
            return first.to_bytes(20, 'big') + last.to_bytes(20, 'big')

        def anchor(flags_and_level, permitted, excluded, serials):
            lists = b''.join(len(part).to_bytes(2, 'big') + part for part in (permitted, excluded))
            return b'\0\2\0\1' + flags_and_level + bytes(16) + lists + len(serials).to_bytes(3, 'big') + serials + b'\0\0\1c'

        def previous(end):
            return b'\1p' + end.to_bytes(8, 'big')

        def ct_log(kind=b'\2', test=b'\0', second=b'\1u', final=b'\0', previous=b''):
            return (b'\1' + kind + test + b'\0\1k\1o\0\1u' + second + bytes(4) + b'\3' + bytes(8) + final + bytes(16) +
                    len(previous).to_bytes(2, 'big') + previous)

        rows = {
            'as it is': (sections, True), 'nothing': ([], True), 'without cosigners': ([cas], False), 'swapped': ([cas, cosigners], False),
            'twice': ([cosigners, cosigners, cas], False), 'empty section': ([section(1, b''), *sections], False),
            'unknown': ([*sections, section(11, b'x')], False), 'optional': ([*sections, section(0x8000, b'x')], True),
            'policy 0': ([*sections, section(7, b'\0\0' + policy)], False), 'policy 1': ([*sections, section(7, b'\0\1' + policy)], True),
            'policy 2': ([*sections, section(7, b'\0\2' + policy)], False), 'policy and more': ([*sections, section(7, b'\0\1' + policy + b'x')], False),
            'no policy': ([*sections, section(7, b'\0\1' + bytes(6))], False), 'identities': ([*sections, section(8, b'\0\1x')], True),
            'no identities': ([*sections, section(8, b'\0\1')], False),
            'anchor': ([section(1, anchor(b'\0\4', names, names, serial(5, 7) + serial(9, 9)))], True),
            'level 5': ([section(1, anchor(b'\0\5', names, names, b''))], False), 'level 0': ([section(1, anchor(b'\0\0', names, names, b''))], False),
            'flags': ([section(1, anchor(b'\2\4', names, names, b''))], False), 'one flag': ([section(1, anchor(b'\1\1', names, b'', b''))], True),
            'names swapped': ([section(1, anchor(b'\0\4', names[6:] + names[:6], b'', b''))], False),
            'upper case': ([section(1, anchor(b'\0\4', b'\1A', b'', b''))], False), 'dot at the end': ([section(1, anchor(b'\0\4', b'\2a.', b'', b''))], False),
            'serials touch': ([section(1, anchor(b'\0\4', b'', b'', serial(5, 7) + serial(8, 9)))], False),
            'serials back': ([section(1, anchor(b'\0\4', b'', b'', serial(7, 5)))], False),
            'CT log': ([section(2, ct_log())], True), 'CT log, test': ([section(2, ct_log(test=b'\1'))], True),
            'CT log, test 2': ([section(2, ct_log(test=b'\2'))], False), 'CT log, kind 3': ([section(2, ct_log(kind=b'\3'))], False),
            'CT log, two URLs': ([section(2, ct_log(kind=b'\1', second=b'\1v'))], False),
            'CT log, static, two URLs': ([section(2, ct_log(second=b'\1v'))], True), 'CT log, final': ([section(2, ct_log(final=b'\x28' + bytes(40)))], True),
            'CT log, half a final': ([section(2, ct_log(final=b'\x27' + bytes(39)))], False),
            'CT log, before': ([section(2, ct_log(previous=previous(1) + previous(2)))], True),
            'CT log, before and again': ([section(2, ct_log(previous=previous(2) + previous(2)))], False),
            'CT log, five before': ([section(2, ct_log(previous=b''.join(map(previous, range(1, 6)))))], False),
            'signer': ([section(10, b'\1a\0\1k\1o\3')], True), 'signer, level 5': ([section(10, b'\1a\0\1k\1o\5')], False),
            'ranges swapped': ([cosigners, cas, revoked[:-32] + pair[16:] + pair[:16], logs], False),
            'ranges touch': ([cosigners, cas, revoked[:-16] + (2**48 + 4).to_bytes(8, 'big') * 2, logs], False),
            'element twice': ([cosigners, cas, section(5, revoked[5:] * 2), logs], False),
            'log 0': ([cosigners, cas, revoked, logs[:10] + b'\0\0' + logs[12:]], False),
            'landmark 0': ([cosigners, cas, revoked, logs[:18] + bytes(6) + logs[24:]], False),
            'landmark 2 of one entry before': ([cosigners, cas, revoked, logs[:18] + (2).to_bytes(6, 'big') + logs[24:]], False),
            'a hash more': ([cosigners, cas, revoked, section(6, logs[5:30] + (118).to_bytes(3, 'big') + logs[33:] + bytes(32))], False),
        }
        path = os.path.join(self.folder, 'contents')
        for name, (parts, is_good) in rows.items():
            data = header + b''.join(parts)
            self.write('contents', data)
            try:
                bundle.Bundle(data)
                theirs = True
            except (bundle.BadBundle, x509.Refused):
                theirs = False
            self.assertEqual((cli.run('inspect', path)[0] == 0, theirs), (is_good, is_good), name)


class OneBitAway(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def changed(self, der, positions):
        """Files with one bit of the certificate changed, for each (byte, bit)."""
        files = []
        for at, bit in positions:
            data = bytearray(der)
            data[at] ^= 1 << bit
            files.append(os.path.join(self.folder, f'{at}.{bit}.der'))
            with open(files[-1], 'wb') as file:
                file.write(data)
        return files

    def test_unchanged(self):
        """What the other tests change is good before."""
        for name in CERTIFICATES:
            path = os.path.join(self.folder, name + '.der')
            with open(path, 'wb') as file:
                file.write(certificate(name))
            self.assertTrue(ours([path])[path]['ok'], name)

    def test_every_byte(self):
        for name in CERTIFICATES:
            der = certificate(name)
            files = self.changed(der, [(i, i % 8) for i in range(len(der))])
            accepted = [os.path.basename(file) for file, verdict in ours(files).items() if verdict['ok']]
            self.assertEqual(accepted, [], name)

    def test_every_bit_of_the_small_one(self):
        der = certificate('landmark.pem')
        files = self.changed(der, [(i, bit) for i in range(len(der)) for bit in range(8)])
        self.assertEqual([os.path.basename(file) for file, verdict in ours(files).items() if verdict['ok']], [])

    def test_both_readings(self):
        for name, step in zip(CERTIFICATES, (29, 7)):
            der = certificate(name)
            files = self.changed(der, [(i, i % 8) for i in range(0, len(der), step)])
            self.assertEqual(set(theirs(files).values()), {'FAIL'}, name)

    def test_log(self):
        """A changed bit anywhere in a tile, a bundle or the checkpoint is found by the second reading."""
        log = os.path.join(self.folder, 'log')
        shutil.copytree(gm('log'), log)
        command = [sys.executable, '-B', os.path.join(READING, 'log.py'), log, '--ca', gm('ca.pem'), '--at', AT]
        for name, step in (('checkpoint', 11), ('tile/0/000.p/5', 37), ('tile/0/000.p/11', 53), ('tile/entries/000.p/5', 151),
                           ('tile/entries/000.p/11', 307)):
            good, path = read('log', name), os.path.join(log, name)
            for at in range(0, len(good), step):
                data = bytearray(good)
                data[at] ^= 1 << at % 8
                with open(path, 'wb') as file:
                    file.write(data)
                done = subprocess.run(command, capture_output=True, text=True, timeout=120)
                self.assertEqual((done.returncode, done.stdout[:4]), (1, 'FAIL'), f'{name} byte {at}: {done.stderr}')
            with open(path, 'wb') as file:
                file.write(good)
        self.assertEqual(subprocess.run(command, capture_output=True, timeout=120).returncode, 0)


if __name__ == '__main__':
    unittest.main()
