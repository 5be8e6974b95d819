"""Configurations of a gateway: the example is good; each mistake is refused with file, line and reason, before anything
is opened."""
import os
import subprocess
import tempfile
import unittest

PROGRAM = os.environ['CATHAYA_PROGRAM']
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..')

GOOD = '''directory = "state"
listen "127.0.0.1:0" { kind = "https" }
listen "127.0.0.2:0" { kind = "http" }
issuer "ca" {
    directory = "https://ca.test/directory"
}
site "www.test" {
    certificate "gm-mtc" { issuers = {"ca"} }
    backends = {"127.0.0.1:1"}
}
'''

# What is replaced by what, and what the reason has to say.
BAD = [
    ('kind = "https"', 'kind = "quic"', 'listen "127.0.0.1:0": kind'),
    ('listen "127.0.0.1:0" { kind = "https" }\nlisten "127.0.0.2:0" { kind = "http" }', '', 'listen'),
    ('listen "127.0.0.2:0" { kind = "http" }', '', 'no listener of kind "http"'),
    ('https://ca.test', 'http://ca.test', 'issuer "ca": directory: the https URL'),
    ('issuers = {"ca"}', 'issuers = {"other"}', 'there is no block: issuer "other"'),
    ('issuers = {"ca"}', 'issuers = {"ca"} chain-file = "x" key = "y"', 'either issuers, or chain-file and key'),
    ('issuers = {"ca"}', 'chain-file = "x"', 'either issuers, or chain-file and key'),
    ('issuers = {"ca"}', '', 'either issuers, or chain-file and key'),
    ('"gm-mtc"', '"gm"', 'one of gm-mtc, gm-classic, intl-mtc, intl-classic'),
    ('certificate "gm-mtc" { issuers = {"ca"} }', '', '1 to 4 blocks'),
    ('backends = {"127.0.0.1:1"}', '', 'backends: 1 to'),
    ('127.0.0.1:1', 'nonsense', 'backends: nonsense: "ADDRESS:PORT"'),
    ('127.0.0.1:1', '127.0.0.1:65536', 'backends: 127.0.0.1:65536'),
    ('127.0.0.1:1', 'unix:', 'backends: unix:'),
    ('issuers = {"ca"}', 'chain-file = "x" key = "signer:a.sock"', 'named signer:SOCKET#KEYID'),
    ('directory = "state"', 'directory = "' + 'd' * 100 + '"', 'control.sock: the path of a socket has at most'),
    ('site "www.test" {', 'site "WWW.test" {', 'in lower case'),
    ('site "www.test" {', 'site "-www.test" {', 'names: -www.test'),
    ('site "www.test" {', 'site "www.test" {\n    names = {"*.test.example", "a b"}', 'names: a b'),
    ('site "www.test" {', 'site "www.test" {\n    stage = "soon"', 'stage: "classic"'),
    ('site "www.test" {', 'site "www.test" {\n    mode = "udp"', 'mode: "http" or "tcp"'),
    ('site "www.test" {', 'site "www.test" {\n    health { interval-ms = 1 }', 'interval-ms: 50 to'),
    ('site "www.test" {', 'site "www.test" {\n    health { path = "x" }', "path: begins with '/'"),
    ('site "www.test" {', 'site "www.test" {\n    hsts-max-age-s = -1', 'hsts-max-age-s: 0 to'),
    ('directory = "https', 'challenge = "dns-01" directory = "https', 'dns-hook'),
    ('directory = "https', 'challenge = "none" directory = "https', 'challenge: "http-01"'),
    ('directory = "https', 'eab-kid = "k" directory = "https', 'eab-kid and eab-key-file come together'),
    ('directory = "state"', 'directory = "state" workers = 65', 'workers: 0 to 64'),
    ('directory = "state"', 'directory = "state" log-format = "xml"', 'log-format'),
    ('directory = "state"', 'directory = "state" trust-anchors-code-point = 65536', 'trust-anchors-code-point: 1 to 65535'),
    ('directory = "state"', 'directory = "state" limits { head-bytes = 10 }', 'head-bytes: 1024 to'),
    ('directory = "state"', 'directory = "state" nonsense = 1', 'nonsense'),
]


def check(text):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'gateway.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        done = subprocess.run([PROGRAM, 'gateway', 'check', '--config', path], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr, path


class Configuration(unittest.TestCase):
    def test_example(self):
        example = os.path.join(ROOT, 'examples', 'gateway.conf')
        done = subprocess.run([PROGRAM, 'gateway', 'check', '--config', example], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertIn('1 sites, 2 issuers, 4 listeners', done.stdout)

    def test_good(self):
        self.assertEqual(check(GOOD)[0], 0)

    def test_mistakes(self):
        for old, new, reason in BAD:
            with self.subTest(new):
                self.assertIn(old, GOOD)
                status, said, path = check(GOOD.replace(old, new, 1))
                self.assertEqual(status, 2, said)
                self.assertIn(reason, said)
                self.assertRegex(said, f'{path}(:[0-9]+)?: ')

    def test_names_of_two_sites(self):
        other = 'site "other" {\n names = {"www.test"}\n certificate "gm-mtc" { issuers = {"ca"} }\n backends = {"127.0.0.1:1"}\n}\n'
        status, said, _ = check(GOOD + other)
        self.assertEqual(status, 2)
        self.assertIn('www.test is a name of site "www.test" too', said)

    def test_two_defaults(self):
        text = GOOD.replace('site "www.test" {', 'site "www.test" {\n default = true') + \
            'site "b.test" {\n default = true\n certificate "gm-mtc" { issuers = {"ca"} }\n backends = {"127.0.0.1:1"}\n}\n'
        status, said, _ = check(text)
        self.assertEqual(status, 2)
        self.assertIn('there is another default site', said)

    def test_nobody_runs(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, 'gateway.conf')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(GOOD)
            for command in (['status'], ['explain', '--sni', 'www.test'], ['renew']):
                done = subprocess.run([PROGRAM, 'gateway', *command, '--config', path], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 3)
                self.assertIn('is `cathaya gateway run` with this configuration running?', done.stderr)


if __name__ == '__main__':
    unittest.main()
