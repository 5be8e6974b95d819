#!/usr/bin/env python3
"""One port, real clients: each gets the certificate kind that it should, and the page. One world: GM and international CAs,
Merkle Tree and classic, with mirrors, and a gateway that gets all four certificates of its site by itself."""
import contextlib
import json
import os
import re
import socket
import subprocess
import unittest

import gateway_world
from gateway_world import EXPECTED, World, acme_world, browser_profile, need, need_openssl4

NAME = 'www.demo.test'
PAGE = b'this is '
CHROMIUM = ('--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--no-proxy-server')
FIREFOX = '''user_pref("network.dns.localDomains", "{name}");
user_pref("network.proxy.type", 0);
user_pref("app.update.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("services.settings.server", "http://127.0.0.1:9/");
'''


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.__exit__, None, None, None)
        cls.world.make_trust()
        cls.world.wait_for_all(90)

    def setUp(self):
        self.gateway = self.world.gateway
        for backend in (self.world.a, self.world.b):
            backend.clear()

    def requests(self):
        return self.world.a.requests + self.world.b.requests

    # ---- cathaya fetch ----

    def test_fetch_as_each_kind_of_client(self):
        groups = {'gm': 'curveSM2MLKEM768', 'gm-no-landmarks': 'curveSM2MLKEM768', 'intl': 'X25519MLKEM768', 'legacy': None}
        flights = {}
        for profile, (suite, mode) in EXPECTED.items():
            with self.subTest(profile):
                told = self.world.fetch(profile)
                self.assertEqual((told['certificate']['suite'], told['certificate']['mode']), (suite, mode), told)
                if groups[profile]:
                    self.assertEqual(told['group'], groups[profile], told)
                self.assertEqual(told['suite'].startswith('TLS_SM4'), suite == 'gm', told)
                self.assertEqual(told['signature'] == 'sm2sig_sm3', suite == 'gm', told)
                self.assertGreater(told['certificate']['bytes'], 300)
                self.assertGreater(told['bytes']['client_hello'], 100)
                flights[profile] = told['bytes']['server_flight']
                self.assertIn('reason', told)
                self.assertIn('verdict', told)
        # A landmark certificate has no signature; in this small tree its proof is shorter than two of them.
        self.assertLess(flights['gm'], flights['gm-no-landmarks'])

    def test_fetch_resumes_again_and_again(self):
        """A ticket of TLS 1.3 is used once: each resumption brings the next."""
        for profile in ('gm', 'gm-no-landmarks', 'intl', 'legacy'):
            with self.subTest(profile):
                done = self.world.cathaya('fetch', '--policy-check', 'off', f'https://{NAME}/page', '--connect', self.gateway.address, '--trust', self.world.trust,
                                          '--as', profile, '--json', '--resume', '--repeat', '3')
                told = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual([t['resumed'] for t in told], [False, True, True], told)
                self.assertEqual({(t['certificate']['suite'], t['certificate']['mode']) for t in told}, {EXPECTED[profile]})

    def test_fetch_gives_the_page_and_says_it_in_words(self):
        done = self.world.cathaya('fetch', '--policy-check', 'off', f'https://{NAME}/page', '--connect', self.gateway.address, '--trust', self.world.trust)
        text = done.stdout + done.stderr
        for word in (b'curveSM2MLKEM768', b'TLS_SM4_GCM_SM3', b'landmark'):
            self.assertIn(word, text)
        self.assertEqual(['GET /page'], [f'{r.method} {r.target}' for r in self.requests()])

    def test_fetch_does_not_believe_what_it_does_not_trust(self):
        folder = self.world.path('trust-nobody')
        root, _, _ = gateway_world.make_chain(self.world.folder, ['x.test'], 'nobody')
        self.world.cathaya('trust', 'import', '--dir', folder, '--root', root)
        done = self.world.cathaya('fetch', '--policy-check', 'off', f'https://{NAME}/page', '--connect', self.gateway.address, '--trust', folder, '--json', check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(self.requests(), [])       # nothing was sent to it

    def test_a_name_that_the_certificate_has_not(self):
        told = self.world.fetch('gm', name='other.demo.test', check=False)   # the default site answers
        self.assertEqual(told['exit'], 1, told)
        self.assertEqual(self.requests(), [])

    # ---- curl ----

    def test_curl_with_http1_and_http2(self):
        for option, version in (('--http1.1', b'1.1'), ('--http2', b'2')):
            status, out, errors = self.gateway.curl(NAME, '/page', self.world.intl_root(), option, '-w', '\n%{http_version} %{ssl_verify_result}')
            self.assertEqual(status, 0, errors)
            self.assertIn(PAGE, out)
            self.assertTrue(out.endswith(version + b' 0'), out)

    def test_curl_with_tls_1_2(self):
        status, out, errors = self.gateway.curl(NAME, '/page', self.world.intl_root(), '--tls-max', '1.2', '-v')
        self.assertEqual(status, 0, errors)
        self.assertIn('TLSv1.2', errors)
        self.assertIn(PAGE, out)

    def test_curl_verifies(self):
        other, _, _ = gateway_world.make_chain(self.world.folder, ['y.test'], 'curl-nobody')
        status, _, errors = self.gateway.curl(NAME, '/page', other)
        self.assertEqual(status, 60, errors)

    # ---- OpenSSL 4's own client ----

    def s_client(self, *options, ok=True, root=None, alpn='http/1.1'):
        """The text of a handshake with a request and its answer."""
        need_openssl4()
        command = [gateway_world.OPENSSL4, 's_client', '-connect', self.gateway.address, '-servername', NAME, '-CAfile', root or os.devnull,
                   '-verify_return_error', '-ign_eof', '-alpn', alpn, *options]
        done = subprocess.run(command, input=f'GET /page HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n'.encode(), capture_output=True,
                              timeout=30)
        text = (done.stdout + done.stderr).decode(errors='replace')
        self.assertEqual(done.returncode == 0, ok, text[-3000:])
        return text

    def gm_root(self):
        return self.world.path('gm-r1', 'root.pem')

    def assert_gm(self, text, group):
        self.assertIn('New, TLSv1.3, Cipher is TLS_SM4_GCM_SM3', text)
        self.assertRegex(text, rf'(Negotiated TLS1.3 group|Peer Temp Key|Server Temp Key): .*{group}')
        self.assertRegex(text, r'Peer signature type: (sm2sig_sm3|sm2)')
        self.assertIn('Verify return code: 0 (ok)', text)
        self.assertIn('this is ', text)

    def test_s_client_with_gm_gets_the_classic_gm_chain(self):
        for group in ('curveSM2MLKEM768', 'curveSM2'):
            with self.subTest(group):
                text = self.s_client('-tls1_3', '-groups', group, '-ciphersuites', 'TLS_SM4_GCM_SM3', '-sigalgs', 'sm2sig_sm3',
                                     root=self.gm_root())
                self.assert_gm(text, group)

    def test_s_client_that_can_do_both_gets_gm(self):
        text = self.s_client('-tls1_3', '-groups', 'X25519MLKEM768:X25519:curveSM2MLKEM768:curveSM2', '-ciphersuites',
                             'TLS_AES_128_GCM_SHA256:TLS_SM4_GCM_SM3', '-sigalgs', 'ecdsa_secp256r1_sha256:sm2sig_sm3', root=self.gm_root())
        self.assert_gm(text, 'curveSM2MLKEM768')

    def test_s_client_that_lacks_one_thing_gets_the_international_chain(self):
        """GM is whole or not at all [RFC8998]."""
        whole = {'-groups': 'X25519:curveSM2', '-ciphersuites': 'TLS_AES_128_GCM_SHA256:TLS_SM4_GCM_SM3',
                 '-sigalgs': 'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:sm2sig_sm3'}
        for option, value in (('-groups', 'X25519'), ('-ciphersuites', 'TLS_AES_128_GCM_SHA256'),
                              ('-sigalgs', 'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256')):
            with self.subTest(option):
                options = [word for pair in {**whole, option: value}.items() for word in pair]
                text = self.s_client('-tls1_3', *options, root=self.world.intl_root())
                self.assertIn('Cipher is TLS_AES_128_GCM_SHA256', text)
                self.assertIn('Verify return code: 0 (ok)', text)
                self.assertNotIn('sm2sig', text.split('Peer signature type')[-1].splitlines()[0])

    def test_s_client_with_gm_by_halves_is_refused(self):
        """Only a GM group, only SM4, but no signature of GM: nothing fits."""
        text = self.s_client('-tls1_3', '-groups', 'curveSM2', '-ciphersuites', 'TLS_SM4_GCM_SM3', '-sigalgs', 'ecdsa_secp256r1_sha256',
                             root=self.gm_root(), ok=False)
        self.assertRegex(text, 'alert|handshake failure|no suitable')

    def test_s_client_with_tls_1_2(self):
        text = self.s_client('-tls1_2', root=self.world.intl_root())
        self.assertIn('TLSv1.2', text)
        self.assertIn('Verify return code: 0 (ok)', text)

    def test_s_client_resumes(self):
        need_openssl4()
        for options, root in ((('-groups', 'curveSM2', '-ciphersuites', 'TLS_SM4_GCM_SM3', '-sigalgs', 'sm2sig_sm3'), self.gm_root()),
                              (('-groups', 'X25519', '-ciphersuites', 'TLS_AES_128_GCM_SHA256'), self.world.intl_root())):
            session = self.world.path('session.pem')
            self.s_client('-tls1_3', *options, '-sess_out', session, root=root)
            text = self.s_client('-tls1_3', *options, '-sess_in', session, root=root)
            self.assertIn('Reused, TLSv1.3', text)
            self.assertIn('this is ', text)

    def test_s_client_with_alpn(self):
        text = self.s_client('-tls1_3', '-groups', 'X25519', root=self.world.intl_root())
        self.assertIn('ALPN protocol: http/1.1', text)
        self.s_client('-tls1_3', '-groups', 'X25519', root=self.world.intl_root(), alpn='nonsense', ok=False)

    def test_s_client_asks_by_hello_retry(self):
        """The key share is for a group that is not chosen."""
        text = self.s_client('-tls1_3', '-groups', 'X448:curveSM2', '-ciphersuites', 'TLS_SM4_GCM_SM3', '-sigalgs', 'sm2sig_sm3',
                             root=self.gm_root())
        self.assert_gm(text, 'curveSM2')

    # ---- browsers ----

    def test_chromium(self):
        need('chromium', 'certutil')
        home = self.world.path('chromium-home')
        browser_profile(os.path.join(home, '.pki', 'nssdb'), self.world.intl_root())
        out = self.chromium(home)
        self.assertIn(PAGE, out)
        self.assertIn('Chrome', self.requests()[0].get('user-agent'))

    def test_chromium_without_the_root(self):
        need('chromium')
        self.assertNotIn(PAGE, self.chromium(self.world.path('empty-home')))
        self.assertEqual(self.requests(), [])

    def chromium(self, home):
        os.makedirs(home, exist_ok=True)
        done = subprocess.run(['chromium', *CHROMIUM, f'--user-data-dir={home}/data', f'--host-resolver-rules=MAP {NAME} {self.gateway.address}',
                               '--dump-dom', f'https://{NAME}/page'], env=dict(os.environ, HOME=home), capture_output=True, timeout=120)
        return done.stdout

    def test_firefox(self):
        need('firefox-esr', 'certutil')
        folder = browser_profile(self.world.path('firefox'), self.world.intl_root())
        self.firefox(folder)
        self.assertTrue([r for r in self.requests() if r.path == '/page' and 'Firefox' in r.get('user-agent', '')], self.requests())

    def test_firefox_without_the_root(self):
        need('firefox-esr')
        folder = self.world.path('firefox-empty')
        os.makedirs(folder)
        failed = self.gateway.metric('cathaya_gateway_handshakes_failed')
        # Without a page it makes no screenshot, and waits.
        with contextlib.suppress(subprocess.TimeoutExpired, AssertionError):
            self.firefox(folder, 15)
        self.assertGreater(self.gateway.metric('cathaya_gateway_handshakes_failed'), failed)
        self.assertEqual([r for r in self.requests() if r.path == '/page'], [])

    def firefox(self, folder, seconds=120):
        """Its evidence is what the backend sees: a screenshot is made when the page is there, or an error."""
        with open(os.path.join(folder, 'user.js'), 'w', encoding='ascii') as file:
            file.write(FIREFOX.format(name=NAME))
        shot = os.path.join(folder, 'shot.png')
        subprocess.run(['firefox-esr', '--headless', '--no-remote', '--profile', folder, '--screenshot', shot,
                        f'https://{NAME}:{self.gateway.https_port}/page'], env=dict(os.environ, HOME=folder), capture_output=True, timeout=seconds)
        self.assertTrue(os.path.exists(shot))

    # ---- what the operator sees ----

    def test_status_and_metrics_tell_it(self):
        before = {kind: self.gateway.metric('cathaya_gateway_handshakes', kind) for kind in ('gm-landmark', 'gm-standalone', 'intl-landmark')}
        for profile in ('gm', 'gm-no-landmarks', 'intl'):
            self.world.fetch(profile)
        for kind, count in before.items():
            self.assertGreaterEqual(self.gateway.metric('cathaya_gateway_handshakes', kind), count + 1, kind)
        self.assertEqual(self.gateway.get('/healthz')[0], 200)
        self.assertEqual(self.gateway.get('/readyz')[0], 200)
        told = acme_world.run('gateway', 'status', '--config', self.gateway.config).stdout.decode()
        self.assertIn(NAME, told)
        for kind in gateway_world.KINDS:
            self.assertIn(kind, told)

    def test_status_shows_no_secret(self):
        told = self.gateway.get('/status')[1] + self.gateway.get('/metrics')[1] + self.gateway.process.text()
        self.assertNotIn('PRIVATE KEY', told)

    def test_explain_says_what_clients_get(self):
        for profile, (suite, mode) in EXPECTED.items():
            told = acme_world.run('gateway', 'explain', '--config', self.gateway.config, '--sni', NAME, '--client', profile).stdout.decode()
            self.assertIn(f'{suite}-{mode}', told.replace(' ', '-').lower(), told)

    def test_access_log(self):
        self.world.fetch('gm')
        line = gateway_world.wait_until('a line', lambda: [l for l in self.gateway.access() if '/page' in str(l)])[-1]
        self.assertIn(NAME, str(line))

    # ---- ACME passes, everything else is sent to https ----

    def test_plain_http_is_redirected(self):
        with socket.create_connection(('127.0.0.1', self.gateway.http_port), 10) as sock:
            sock.sendall(f'GET /page?q=1 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n'.encode())
            answer = b''.join(iter(lambda: sock.recv(65536), b'')).decode()
        self.assertRegex(answer.split('\r\n')[0], ' 30[178] ')
        self.assertRegex(answer.lower(), f'\r\nlocation: https://{re.escape(NAME)}/page\\?q=1\r\n')

    def test_private_keys_are_the_owners_alone(self):
        modes = {}
        for where, _, names in os.walk(self.gateway.state):
            for name in names:
                path = os.path.join(where, name)
                if not os.path.isfile(path):
                    continue        # a socket
                with open(path, 'rb') as file:
                    if b'PRIVATE KEY' in file.read():
                        modes[path] = os.stat(path).st_mode & 0o777
        self.assertTrue(modes, 'no keys below the state directory')
        self.assertEqual(set(modes.values()), {0o600}, modes)


if __name__ == '__main__':
    acme_world.main()
