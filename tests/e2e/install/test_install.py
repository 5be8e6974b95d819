"""Installs into temporary places, and builds examples/verify.c, connect.c, policy.c and serve.c against what it
finds there with pkg-config alone."""
import base64
import calendar
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, '..', '..', '..'))
BUILD = os.environ.get('CATHAYA_BUILD') or os.path.join(ROOT, 'build')
CMAKE = os.environ.get('CMAKE', 'cmake')
CC = os.environ.get('CATHAYA_CC', 'cc')
MAKE_CSR = os.environ.get('CATHAYA_MAKE_CSR') or os.path.join(BUILD, 'tests', 'e2e', 'ca', 'make_csr')
VERSION = os.environ.get('CATHAYA_VERSION')
IS_SANITIZED = os.environ.get('CATHAYA_SANITIZE') == '1'
VECTORS = os.path.join(ROOT, 'docs', 'vectors', 'gm')
# What each of them exports: the second one has all of the first.
LIBRARIES = {'libcathaya': ['status.h', 'verify.h'], 'libcathaya-tls': ['status.h', 'verify.h', 'tls.h', 'tls_server.h', 'policy.h']}
WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror']
COMPILERS = {'c17': [CC, '-x', 'c', '-std=c17'], 'c++17': ['g++', '-x', 'c++', '-std=c++17']}


def der_of(name):
    """The certificate of a PEM file, which may stand behind its properties."""
    with open(os.path.join(VECTORS, name)) as file:
        found = re.search('-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----', file.read(), re.S)
    return base64.b64decode(found.group(1))


class Place:
    """One installation: prefix is where it will be used, root is what stands before that now."""

    def __init__(self, folder, prefix, destdir=''):
        self.prefix, self.destdir, self.root = prefix, destdir, destdir + prefix
        environment = dict(os.environ, DESTDIR=destdir) if destdir else dict(os.environ)
        subprocess.run([CMAKE, '--install', BUILD, '--prefix', prefix], check=True, env=environment, stdout=subprocess.DEVNULL)
        found = glob.glob(self.root + '/lib*/**/cathaya.pc', recursive=True)
        assert len(found) == 1, f'{found} below {self.root}'
        self.pkg_config_file = found[0]
        self.libdir = os.path.dirname(os.path.dirname(found[0]))
        self.folder = folder

    def pkg_config(self, *options, package='cathaya'):
        environment = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(self.pkg_config_file))
        environment.pop('PKG_CONFIG_LIBDIR', None)
        if self.destdir:
            environment['PKG_CONFIG_SYSROOT_DIR'] = self.destdir
        done = subprocess.run(['pkg-config', *options, package], check=True, env=environment, capture_output=True)
        return done.stdout.decode().split()

    def build(self, language, example='verify', package='cathaya'):
        program = os.path.join(self.folder, example + '-' + language)
        # A source file that is not beside the headers of the repository.
        subprocess.run([*COMPILERS[language], *WARNINGS, *self.pkg_config('--cflags', package=package),
                        os.path.join(ROOT, 'examples', example + '.c'), *self.pkg_config('--libs', package=package), '-o', program],
                       check=True, cwd=self.folder)
        return program

    def run(self, program, *arguments):
        done = subprocess.run([program, *arguments], env=dict(os.environ, LD_LIBRARY_PATH=self.libdir), cwd=self.folder,
                              capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        for name, file in (('ca.der', 'ca.pem'), ('standalone.der', 'standalone.pem'), ('landmark.der', 'landmark.pem')):
            with open(os.path.join(cls.folder, name), 'wb') as out:
                out.write(der_of(file))
        with open(os.path.join(VECTORS, 'at.txt')) as file:
            cls.at = str(calendar.timegm(time.strptime(file.read().strip(), '%Y-%m-%dT%H:%M:%SZ')))
        cls.policy = os.path.join(VECTORS, 'policy.txt')
        cls.staged = Place(cls.folder, '/opt/cathaya', os.path.join(cls.folder, 'stage'))
        cls.direct = Place(cls.folder, os.path.join(cls.folder, 'direct'))

    def test_pkg_config_says_where_it_was_installed(self):
        for place in (self.staged, self.direct):
            with open(place.pkg_config_file) as file:
                text = file.read()
            with open(os.path.join(os.path.dirname(place.pkg_config_file), 'cathaya-tls.pc')) as file:
                self.assertEqual(text.replace('Name: cathaya\n', 'Name: cathaya-tls\n').split('\nDescription')[0], file.read().split('\nDescription')[0])
            self.assertIn(f'prefix={place.prefix}\n', text)
            self.assertNotIn('@', text)
            for path in (BUILD, ROOT) + ((place.destdir,) if place.destdir else ()):
                self.assertNotIn(path, text)
        self.assertEqual(self.direct.pkg_config('--cflags'), ['-I' + self.direct.prefix + '/include'])
        self.assertEqual(self.direct.pkg_config('--libs'), ['-L' + self.direct.libdir, '-lcathaya'])
        self.assertEqual(self.direct.pkg_config('--libs', package='cathaya-tls'), ['-L' + self.direct.libdir, '-lcathaya-tls'])
        self.assertEqual(self.staged.pkg_config('--cflags'), ['-I' + self.staged.root + '/include'])
        self.assertEqual(self.staged.pkg_config('--libs'), ['-L' + self.staged.libdir, '-lcathaya'])
        if VERSION:
            self.assertEqual(self.direct.pkg_config('--modversion'), [VERSION])

    def judge(self, place, program):
        ok = lambda kind: f'OK: {kind} certificate of CA 32473.8, log 1, index 6\n'
        ask = lambda *arguments: place.run(program, 'ca.der', *arguments)
        self.assertEqual(ask('standalone.der', 'www.example.com', self.at, self.policy), (0, ok('standalone'), ''))
        self.assertEqual(ask('landmark.der', 'www.example.com', self.at, self.policy), (0, ok('landmark-relative'), ''))
        # Without a policy no subtree is trusted and nobody but the CA has to sign.
        self.assertEqual(ask('standalone.der', 'www.example.com', self.at), (0, ok('standalone'), ''))
        for arguments, reason in (
                (('landmark.der', 'www.example.com', self.at), 'no good signature of the CA cosigner'),
                (('standalone.der', 'www.example.org', self.at, self.policy), 'not for the name www.example.org'),
                (('standalone.der', 'www.example.com', '0', self.policy), 'not valid before'),
                (('ca.der', 'www.example.com', self.at, self.policy), 'no trusted CA')):
            status, out, complaint = ask(*arguments)
            self.assertEqual((status, out), (1, ''))
            self.assertIn(reason, complaint)
        status, _, complaint = ask('standalone.der', 'www.example.com', self.at, 'ca.der')
        self.assertEqual(status, 2)
        self.assertIn('line 1', complaint)
        self.assertEqual(ask('nothing.der', 'www.example.com', self.at)[0], 2)

    @unittest.skipIf(IS_SANITIZED, 'a sanitized library needs a sanitized program')
    def test_example_in_both_languages(self):
        for place in (self.staged, self.direct):
            for language in COMPILERS:
                with self.subTest(place=place.prefix, language=language):
                    self.judge(place, place.build(language))

    def talk(self, place, program):
        """With OpenSSL's own server of the system, which knows nothing of GM."""
        certificate, key, der = (os.path.join(self.folder, 'server.' + kind) for kind in ('pem', 'key', 'der'))
        run = lambda *arguments: subprocess.run(['openssl', *arguments], check=True, capture_output=True)
        run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, '-days', '2',
            '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:www.example.com')
        run('x509', '-in', certificate, '-outform', 'DER', '-out', der)
        server = subprocess.Popen(['openssl', 's_server', '-accept', '127.0.0.1:0', '-cert', certificate, '-key', key, '-www'],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            for line in server.stdout:
                if line.startswith('ACCEPT'):
                    port = line.split(':')[-1].strip()
                    break
            else:
                self.fail('s_server does not start')
            ask = lambda *arguments: place.run(program, '127.0.0.1', port, *arguments)
            status, out, complaint = ask('www.example.com', 'gm', der)
            self.assertEqual((status, complaint), (0, ''), out)
            self.assertIn('TLSv1.3 x25519 TLS_AES_', out)
            self.assertIn('certificate: intl classic', out)
            self.assertIn('trusted\nHTTP/1.0 200 ok', out)
            self.assertIn('TLSv1.2', ask('www.example.com', 'legacy', der)[1])
            status, out, _ = ask('www.example.org', 'gm', der)
            self.assertEqual(status, 1)
            self.assertIn('not for the name www.example.org', out)
            self.assertIn('self-signed', ask('www.example.com', 'gm', 'ca.der')[1])
            self.assertEqual(ask('www.example.com', 'netscape', der)[0], 2)
        finally:
            server.kill()
            server.communicate()

    @unittest.skipIf(IS_SANITIZED, 'a sanitized library needs a sanitized program')
    def test_tls_example_in_both_languages(self):
        for place in (self.staged, self.direct):
            for language in COMPILERS:
                with self.subTest(place=place.prefix, language=language):
                    self.talk(place, place.build(language, 'connect', 'cathaya-tls'))

    def ask_policy(self, place, program):
        """About a certificate that signs itself, which is that of a CA."""
        key, pem, der = (os.path.join(self.folder, 'policy.' + kind) for kind in ('key', 'pem', 'der'))
        run = lambda *arguments: subprocess.run(['openssl', *arguments], check=True, capture_output=True)
        run('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', pem, '-days', '2',
            '-subj', '/CN=www.example.com', '-addext', 'subjectAltName=DNS:www.example.com')
        run('x509', '-in', pem, '-outform', 'DER', '-out', der)
        now = str(int(time.time()))
        status, out, complaint = place.run(program, now, 'www.example.com', der, der)
        self.assertEqual((status, complaint), (1, ''), out)
        for words in ('untrusted, T1', 'Not trusted', '不受信任', 'br-no-ca fail: ', ', version '):
            self.assertIn(words, out)
        self.assertIn('www.example.org', place.run(program, now, 'www.example.org', der, der)[1])
        self.assertIn('untrusted', place.run(program, now, 'www.example.com', der, 'ca.der')[1])
        self.assertEqual(place.run(program, now, 'www.example.com', der, pem)[0], 2)
        self.assertEqual(place.run(program, now, 'www.example.com')[0], 2)

    @unittest.skipIf(IS_SANITIZED, 'a sanitized library needs a sanitized program')
    def test_policy_example_in_both_languages(self):
        for place in (self.staged, self.direct):
            for language in COMPILERS:
                with self.subTest(place=place.prefix, language=language):
                    self.ask_policy(place, place.build(language, 'policy', 'cathaya-tls'))

    def certificates(self, place):
        """A standalone GM certificate of a Merkle Tree CA, and a P-256 one that signs itself: chain and key of each."""
        cathaya = os.path.join(place.root, 'bin', 'cathaya')
        path = lambda name: os.path.join(self.folder, name)
        run = lambda *words: subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout
        shutil.rmtree(path('ca'), ignore_errors=True)
        run(cathaya, 'ca', 'init', '--suite', 'gm', '--id', '32473.8', path('ca'))
        run(MAKE_CSR, 'sm2', 'DNS:www.example.com', path('gm'))
        issued = json.loads(run(cathaya, 'ca', 'issue', '--dir', path('ca'), '--csr', path('gm.csr'), '--json'))
        with open(path('gm.pem'), 'w') as file:
            file.write(run(cathaya, 'ca', 'certificate', '--dir', path('ca'), '--index', str(issued['index']), '--properties'))
        run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path('intl.key'), '-out',
            path('intl.pem'), '-days', '2', '-subj', '/CN=test', '-addext', 'subjectAltName=DNS:www.example.com')
        return [path('gm.pem'), path('gm.key'), path('intl.pem'), path('intl.key')]

    def offer(self, place, program):
        """To the GM client of this project, three times with one session, and to a client that knows nothing of GM."""
        files = self.certificates(place)
        server = subprocess.Popen([program, '127.0.0.1', '0', 'www.example.com', *files], env=dict(os.environ, LD_LIBRARY_PATH=place.libdir),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            self.assertEqual(server.stdout.readline(), f'{files[0]}: gm-standalone, SM2\n')
            self.assertEqual(server.stdout.readline(), f'{files[2]}: intl-classic, P-256\n')
            port = server.stdout.readline().split()[1]
            done = subprocess.run([os.path.join(place.root, 'bin', 'cathaya'), 'fetch', '--policy-check', 'off', 'https://www.example.com/', '--connect', '127.0.0.1:' + port,
                                   '--ca', os.path.join(self.folder, 'ca', 'ca.pem'), '--as', 'gm', '--json', '--resume', '--repeat', '3'],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            told = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([(t['suite'], t['status'], t['verdict'], t['resumed']) for t in told],
                             [('TLS_SM4_GCM_SM3', 200, 'secure', i > 0) for i in range(3)])
            lines = [server.stdout.readline() for _ in told]
            self.assertIn('www.example.com: gm-standalone curveSM2MLKEM768 TLS_SM4_GCM_SM3: ', lines[0])
            for line in lines[1:]:
                self.assertIn(', resumed: resumed', line)
            plain = subprocess.run(['openssl', 's_client', '-connect', '127.0.0.1:' + port, '-servername', 'www.example.com', '-CAfile', files[2],
                                    '-quiet', '-verify_return_error', '-verify_quiet'],
                                   input='GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n', capture_output=True, text=True, timeout=60)
            self.assertIn('intl-classic', plain.stdout, plain.stderr)
            self.assertIn('intl-classic', server.stdout.readline())
        finally:
            server.kill()
            server.communicate()
        self.assertEqual(place.run(program, '127.0.0.1', '0', 'www.example.com', files[0], files[3])[0], 2)
        self.assertIn("not the leaf's", place.run(program, '127.0.0.1', '0', 'www.example.com', files[0], files[3])[2])

    @unittest.skipIf(IS_SANITIZED, 'a sanitized library needs a sanitized program')
    def test_server_example_in_both_languages(self):
        for place in (self.staged, self.direct):
            for language in COMPILERS:
                with self.subTest(place=place.prefix, language=language):
                    self.offer(place, place.build(language, 'serve', 'cathaya-tls'))

    @unittest.skipIf(IS_SANITIZED, 'sanitizers are libraries of their own')
    def test_library_needs_no_openssl(self):
        for library in LIBRARIES:
            out = subprocess.run(['readelf', '-dW', os.path.join(self.direct.libdir, library + '.so')], check=True, capture_output=True).stdout.decode()
            needed = re.findall(r'\(NEEDED\).*\[(.*)\]', out)
            self.assertTrue(needed)
            self.assertEqual([name for name in needed if not re.match(r'(libc|libz|libzstd|libm|ld-linux.*|libdl|libpthread)\.so', name)], [])
            self.assertRegex(out, r'\(SONAME\).*\[' + library + r'\.so\.\d+\]')
            self.assertNotRegex(out, r'\((RPATH|RUNPATH|TEXTREL)\)')
            self.assertRegex(out, r'BIND_NOW|\bNOW\b')

    def test_library_exports_what_the_headers_say(self):
        for library, headers in LIBRARIES.items():
            out = subprocess.run(['nm', '-D', '--defined-only', os.path.join(self.direct.libdir, library + '.so')], check=True, capture_output=True).stdout.decode()
            exported = {line.split()[-1].split('@')[0] for line in out.splitlines()}
            declared = set()
            for header in headers:
                with open(os.path.join(self.direct.root + '/include/cathaya', header)) as file:
                    text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
                declared |= set(re.findall(r'CATHAYA_API[^;]*?\b(cathaya_\w+)\s*\(', text))
            self.assertIn('cathaya_verify', declared)
            self.assertEqual(exported, declared)

    def test_files(self):
        for place in (self.staged, self.direct):
            for link, target in (('libcathaya.so', 'libcathaya.so.0'), ('libcathaya.so.0', None),
                                 ('libcathaya-tls.so', 'libcathaya-tls.so.0'), ('libcathaya-tls.so.0', None)):
                path = os.path.join(place.libdir, link)
                self.assertTrue(os.path.islink(path), path)
                self.assertTrue(os.path.exists(path), path)
                if target:
                    self.assertEqual(os.readlink(path), target)
            headers = {os.path.basename(name) for name in glob.glob(ROOT + '/include/cathaya/*')}
            self.assertEqual({os.path.basename(name) for name in glob.glob(place.root + '/include/cathaya/*')}, headers)
            pages = {os.path.basename(name) for name in glob.glob(ROOT + '/programs/cathaya/**/*.1', recursive=True)}
            self.assertIn('cathaya.1', pages)
            self.assertEqual(set(os.listdir(place.root + '/share/man/man1')), pages)

    @unittest.skipIf(IS_SANITIZED, 'the program is tried in another build')
    def test_program(self):
        program = os.path.join(self.direct.root, 'bin', 'cathaya')
        done = subprocess.run([program, 'verify', '--ca', VECTORS + '/ca.pem', '--policy', self.policy, '--at', self.at,
                               '--dns', 'www.example.com', VECTORS + '/standalone.pem', VECTORS + '/landmark.pem'],
                              capture_output=True, cwd='/', env={'PATH': '/usr/bin:/bin'}, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        self.assertEqual(done.stdout.count(b': OK'), 2)


if __name__ == '__main__':
    unittest.main()
