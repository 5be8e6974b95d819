"""From the signer of a record to the client: with the bundle, and asked for by the beginning of a hash."""
import hashlib
import http.server
import ssl
import threading
import unittest

from program_world import *
import test_identity

ORIGIN = 'program.example/versions'
ALGORITHMS = ('sm2_sm3', 'mldsa44')


class Client(test_identity.Identity):
    def setUp(self):
        super().setUp()
        self.ok('trust', 'keygen', '--origin', ORIGIN, self.path('keys'))
        os.makedirs(self.path('www'))
        self.config = self.put('trust.conf', f'registry = "{self.registry}"\ndirectory = "state"\npublish = "www"\norigin = "{ORIGIN}"\n' +
                               ''.join(f'{block} "{alg}" {{ key = "keys/{alg}.pem" }}\n' for block in ('key', 'log-key') for alg in ALGORITHMS))
        self.asked, self.away = [], False
        test = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=test.path('www'))

            def do_GET(self):
                test.asked.append(self.path)
                if test.away and self.path.startswith('/identity/'):
                    self.send_error(503)
                else:
                    super().do_GET()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f'http://127.0.0.1:{server.server_port}'
        self.client = self.path('client')
        self.ok('trust', 'import', '--dir', self.client, '--bundle-url', self.url,
                *[word for alg in ALGORITHMS for word in ('--bundle-key', self.path('keys', alg + '.pub.pem'), '--log-key', self.path('keys', alg + '.vkey'))])

    def publish(self):
        status, out, err = self.run_it('trust', 'build', '--config', self.config)  # lint's errors are not the matter here
        self.assertEqual(status, 0, err)
        self.ok('trust', 'update', '--dir', self.client)
        self.asked.clear()

    def show(self, host, status=0, *more):
        got, out, err = self.run_it('trust', 'identity', 'show', '--dir', self.client, '--json', host, *more)
        self.assertEqual((got, err), (status, ''), out)
        return json.loads(out)

    def many(self, count):
        """More records than the bundle takes along: those of ML-DSA have 2.7 KB each."""
        return [self.sign('pq', 1000 + i, domain=f'site{i}.example') for i in range(count)]

    def test_with_the_bundle(self):
        self.add(self.sign('sm2', 1, '--subdomains', level=4, names=('--name-zh', '示例公司', '--name-en', 'Example Co.')))
        self.publish()
        answer = self.show('www.example.com')
        self.assertEqual((answer['verdict'], answer['level'], answer['host']), ('known', 'T4', 'www.example.com'))
        record, = answer['records']
        self.assertEqual((record['name_zh'], record['operator'], record['index']), ('示例公司', 'One CA Ltd.', 0))
        self.assertEqual(self.show('example.org', 1)['verdict'], 'none')
        self.assertEqual(self.asked, [])
        self.assertIn('Example Co. (CN 91110000000000000X), T4, as said by One CA Ltd.',
                      self.ok('trust', 'identity', 'show', '--dir', self.client, 'example.com'))
        # Another signer says something else; then nobody is shown.
        self.add(self.sign('pq', 1, names=('--name-en', 'Somebody Else')))
        self.publish()
        self.assertEqual(self.show('example.com')['verdict'], 'known')  # the same registration number: one organisation
        self.add(self.revoke('sm2', 1))
        self.publish()
        self.assertEqual([r['name_en'] for r in self.show('example.com')['records']], ['Somebody Else'])
        self.assertEqual(self.show('www.example.com', 1)['verdict'], 'none')

    def test_asked_by_prefix(self):
        self.add(self.sign('sm2', 1, '--subdomains', level=4), *self.many(70))
        self.publish()
        answer = self.show('www.example.com')
        self.assertEqual((answer['verdict'], answer['level']), ('known', 'T4'))
        # Nothing but prefixes of hashes, one digit of each of the two names.
        self.assertEqual({path.rsplit('/', 1)[1] for path in self.asked},
                         {hashlib.sha256(name).hexdigest()[0] for name in (b'www.example.com', b'example.com')})
        self.asked.clear()
        self.assertEqual(self.show('nobody.example', 1)['verdict'], 'none')
        self.assertEqual(len(self.asked), 1)
        # A list with a byte changed, one of another place, and a distributor that is away: never an answer.
        path, = self.asked
        good = self.read('www' + path)
        for wrong in good[:-1] + bytes([good[-1] ^ 1]), good[:40], self.read('www' + path[:-1] + ('0' if path[-1] != '0' else '1')), b'':
            self.put('www' + path, wrong)
            self.assertEqual(self.show('nobody.example', 3)['verdict'], 'not_asked')
        self.put('www' + path, good)
        self.away = True
        self.assertIn('503', self.show('nobody.example', 3)['reason'])
        self.assertEqual(self.show('nobody.example', 3, '--url', 'http://127.0.0.1:9')['records'], [])

    def test_an_old_list_for_a_new_bundle(self):
        """What was revoked stays revoked for those who have the bundle that says so."""
        self.add(self.sign('sm2', 1), *self.many(70))
        self.publish()
        self.assertEqual(self.show('example.com')['verdict'], 'known')
        old, = [path for path in self.asked if not path.endswith('bundle')]
        held = self.read('www' + old)
        self.add(self.revoke('sm2', 1))
        self.publish()
        self.assertEqual(self.show('example.com', 1)['verdict'], 'none')
        new, = self.asked
        self.assertNotEqual(old, new)
        self.put('www' + new, held)
        self.assertEqual(self.show('example.com', 3)['verdict'], 'not_asked')
        self.assertTrue(os.path.exists(self.path('www' + old)), 'a client with the old bundle still asks for it')

    def test_one_log_for_all(self):
        self.add(self.sign('sm2', 1))
        self.publish()
        self.add(self.sign('sm2', 2, domain='other.example'))
        self.publish()
        bundles = [self.path('www', 'bundles', name) for name in ('1', '2')]
        log = self.path('www', 'identity-log')
        rows = self.lines('trust', 'identity', 'audit', '--json', '--log', log, *bundles)
        self.assertEqual([(row['good'], row['version'], row['log_size']) for row in rows], [(True, 1, 1), (True, 2, 2)])
        # The pages beside it tell of the version before.
        self.assertIn('<th scope="row">1</th>', self.read('www', 'index.html').decode())
        # A log that lacks what was published, and one that says something else.
        lines = self.read('www', 'identity-log').splitlines(True)
        for other in lines[:1], lines[1:], lines[::-1]:
            status, out, _ = self.run_it('trust', 'identity', 'audit', '--json', '--log', self.put('other', b''.join(other)), *bundles)
            self.assertEqual(status, 1, out)

    def test_what_was_signed_is_not_taken_back(self):
        """A registry of last week, or without its log: no version is made, for it would be evidence against the program."""
        self.add(self.sign('sm2', 1), self.sign('sm2', 2, domain='other.example'))
        self.publish()
        log, bundle = self.read('registry', 'identities', 'log'), self.read('www', 'bundle')
        lines = log.splitlines(True)
        for other in lines[0], lines[1] + lines[0], b'':
            self.put('registry/identities/log', other)
            self.no(2, 'identities/log', 'trust', 'build', '--config', self.config)
            self.assertEqual(self.read('www', 'bundle'), bundle)
        os.unlink(self.path('registry', 'identities', 'log'))
        self.no(2, 'identities/log', 'trust', 'build', '--config', self.config)
        self.put('registry/identities/log', log)
        self.add(self.sign('sm2', 3, domain='third.example'))
        self.publish()
        self.assertEqual(self.show('third.example')['verdict'], 'known')

    def site(self, name):
        """A TLS server with a certificate for this name, of a root that the registry accepts; its address."""
        root_key, root_cert = self.put_root('site-root', 'one', f'state tls accepted {day(-DAY)} "test"\n')
        key, csr, cert, ext = (self.path('site.' + end) for end in ('key', 'csr', 'pem', 'ext'))
        self.put('site.ext', f'subjectAltName = DNS:{name}\nextendedKeyUsage = serverAuth\n')
        for words in (['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', csr, '-subj', '/CN=site'],
                      ['x509', '-req', '-in', csr, '-CA', root_cert, '-CAkey', root_key, '-CAcreateserial', '-days', '30', '-extfile', ext, '-out', cert]):
            subprocess.run(['openssl', *words], check=True, capture_output=True, timeout=60)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f'127.0.0.1:{server.server_port}'

    def test_beside_the_certificate(self):
        """`fetch` shows it, and the level of the certificate stays what it is."""
        address = self.site('www.example.com')
        words = ('fetch', 'https://www.example.com/', '--connect', address, '--trust', self.client)
        self.publish()
        before = json.loads(self.run_it(*words, '--json')[1])
        self.assertIsNone(before['identity'])
        self.add(self.sign('sm2', 1, '--subdomains', level=4, names=('--name-zh', '示例公司', '--name-en', 'Example Co.')))
        self.publish()
        after = json.loads(self.run_it(*words, '--json')[1])
        self.assertEqual((after['identity']['verdict'], after['identity']['level']), ('known', 'T4'))
        self.assertEqual([(after[name], after['level']) for name in ('verdict', 'rules')], [(before[name], before['level']) for name in ('verdict', 'rules')])
        self.assertIn('Example Co. (CN 91110000000000000X), T4, as said by One CA Ltd.', self.run_it(*words)[1])
        self.assertIn('示例公司', self.run_it(*words, '--lang', 'zh')[1])
        # Of a server that could be anybody nothing is said.
        _, out, _ = self.run_it('fetch', 'https://other.example.com/', '--connect', address, '--trust', self.client, '--json')
        answer = json.loads(out)
        self.assertEqual((answer['verdict'], answer['identity']), ('untrusted', None))

    def test_a_signer_that_is_gone(self):
        self.add(self.sign('sm2', 1))
        self.publish()
        self.assertEqual(self.show('example.com')['verdict'], 'known')
        conf = 'registry/identity-signers/sm2.conf'
        self.put(conf, self.read(conf).decode() + f'state removed {day()} "gone"\n')
        self.publish()
        self.assertEqual(self.show('example.com', 1)['verdict'], 'none')


# What is inherited has run already.
for name in [name for name in dir(test_identity.Identity) if name.startswith('test_')]:
    setattr(Client, name, None)
del test_identity.Identity

if __name__ == '__main__':
    unittest.main()
