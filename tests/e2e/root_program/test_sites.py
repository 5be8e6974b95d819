"""Test sites of an application, real TLS servers on loopback: good, expired, revoked, and those that do not behave."""
import contextlib
import http.server
import socket
import ssl
import threading
import unittest

from program_world import *


class Sites(ProgramTest):
    def setUp(self):
        super().setUp()
        self.put_registry()
        self.key_file, self.cert_file = self.put_root('root', 'one', f'state tls applied {day(-DAY)} "mail"\n')
        self.other_key, self.other_cert = self.root('other')
        self.responder = None
        self.serial = 100

    # ---- certificates ----

    def openssl(self, *words, stdin=None):
        done = subprocess.run(['openssl', *words], input=stdin, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def leaf(self, name, start=-DAY, end=30 * DAY, ocsp=None, issuer=None, is_revoked=False):
        """A leaf for 127.0.0.1, in the database of `openssl ca`; (key, certificate)."""
        ca_key, ca_cert = issuer or (self.key_file, self.cert_file)
        base = self.path('db')
        os.makedirs(base, exist_ok=True)
        self.serial += 1
        for file, content in ('index.txt', ''), ('serial', f'{self.serial:04X}\n'), ('index.txt.attr', 'unique_subject = no\n'):
            if file == 'serial' or not os.path.exists(os.path.join(base, file)):
                self.put('db/' + file, content)
        aia = f'authorityInfoAccess = OCSP;URI:{ocsp}\n' if ocsp else ''
        config = self.put('db/ca.conf', f'[ca]\ndefault_ca = c\n[c]\ndatabase = {base}/index.txt\nserial = {base}/serial\nnew_certs_dir = {base}\n'
                          f'default_md = sha256\npolicy = p\nx509_extensions = x\n[p]\ncommonName = supplied\n[x]\n'
                          f'subjectAltName = IP:127.0.0.1\nextendedKeyUsage = serverAuth\nbasicConstraints = CA:FALSE\n{aia}')
        key, csr, cert = self.path(name + '.key'), self.path(name + '.csr'), self.path(name + '.pem')
        self.openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', csr,
                     '-subj', f'/CN={name}')
        stamp = lambda seconds: time.strftime('%Y%m%d%H%M%SZ', time.gmtime(time.time() + seconds))
        self.openssl('ca', '-batch', '-notext', '-config', config, '-keyfile', ca_key, '-cert', ca_cert, '-in', csr, '-out', cert,
                     '-startdate', stamp(start), '-enddate', stamp(end))
        if is_revoked:
            self.openssl('ca', '-config', config, '-keyfile', ca_key, '-cert', ca_cert, '-revoke', cert, '-crl_reason', 'keyCompromise')
        return key, cert

    # ---- servers ----

    def serve(self, handler, context=None):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # who refuses a certificate goes away
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def site(self, key, cert):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header('Content-Length', '2')
                self.end_headers()
                self.wfile.write(b'ok')

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return f'https://127.0.0.1:{self.serve(Handler, context)}/'

    def ocsp_responder(self):
        """Answers from the database, by `openssl ocsp`."""
        test = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                test.put('request.der', self.rfile.read(int(self.headers['Content-Length'])))
                test.openssl('ocsp', '-index', test.path('db', 'index.txt'), '-CA', test.cert_file, '-rsigner', test.cert_file, '-rkey',
                             test.key_file, '-reqin', test.path('request.der'), '-respout', test.path('response.der'), '-ndays', '1')
                answer = test.read('response.der')
                self.send_response(200)
                self.send_header('Content-Type', 'application/ocsp-response')
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return f'http://127.0.0.1:{self.serve(Handler)}'

    # ---- the application ----

    def visit(self, *sites, status=0, more=()):
        self.put('registry/applications/a-1.conf',
                 f'title "One"\noperator one\nsubject roots/root tls\nstep received {day(-DAY)} "mail"\n' +
                 ''.join(f'test-site {kind} root {url}\n' for kind, url in sites))
        got, out, err = self.run_it('trust', 'test-sites', '--registry', self.registry, '--json', *more)
        self.assertEqual((got, err), (status, ''), out)
        return [json.loads(line) for line in out.splitlines()]

    def test_all_behave(self):
        ocsp = self.ocsp_responder()
        rows = self.visit(('good', self.site(*self.leaf('good'))), ('expired', self.site(*self.leaf('expired', -60 * DAY, -DAY))),
                          ('revoked', self.site(*self.leaf('revoked', ocsp=ocsp, is_revoked=True))))
        self.assertEqual([(row['kind'], row['passed'], row['application'], row['thing']) for row in rows],
                         [(kind, True, 'a-1', 'root') for kind in ('good', 'expired', 'revoked')])
        self.assertIn('HTTP 200', rows[0]['text'])
        self.assertIn('expired', rows[1]['text'])
        self.assertIn('revoked', rows[2]['text'])

    def test_those_that_do_not(self):
        ocsp = self.ocsp_responder()
        stranger = self.leaf('stranger', issuer=(self.other_key, self.other_cert))
        with contextlib.closing(socket.create_server(('127.0.0.1', 0))) as closed:
            nobody = f'https://127.0.0.1:{closed.getsockname()[1]}/'
        for kind, url, reason in [
                ('good', self.site(*stranger), ''),
                ('good', self.site(*self.leaf('late', -60 * DAY, -DAY)), 'expired'),
                ('good', nobody, ''),
                ('expired', self.site(*self.leaf('young')), 'has not expired'),
                ('expired', self.site(*self.leaf('old-stranger', -60 * DAY, -DAY, issuer=(self.other_key, self.other_cert))), 'was not good either'),
                ('revoked', self.site(*self.leaf('silent')), 'no OCSP responder'),
                ('revoked', self.site(*self.leaf('not-revoked', ocsp=ocsp)), 'good'),
                ('revoked', self.site(*self.leaf('expired-too', -60 * DAY, -DAY)), 'not because it is revoked')]:
            with self.subTest(kind, reason=reason):
                row, = self.visit((kind, url), status=1)
                self.assertFalse(row['passed'])
                self.assertEqual(row['reached'], url != nobody)
                self.assertIn(reason, row['text'])

    def test_an_address_that_is_none(self):
        """It has not passed, and the others are visited all the same."""
        for bad in ('http://127.0.0.1/', 'https://[::/', 'https:///'):
            with self.subTest(bad):
                rows = self.visit(('good', bad), ('good', self.site(*self.leaf('good'))), status=1, more=('--record',))
                self.assertEqual([row['passed'] for row in rows], [False, True])
                self.assertIn('https URL', rows[0]['text'])
                self.assertIn(f'visit {day()} failed {bad} ', self.read('registry', 'applications', 'a-1.conf').decode())

    def test_an_expiry_of_seconds(self):
        """Both neighbours: gone for seconds, and there for minutes."""
        row, = self.visit(('expired', self.site(*self.leaf('just', -DAY, -2))))
        self.assertTrue(row['passed'], row)
        row, = self.visit(('expired', self.site(*self.leaf('nearly', -DAY, 120))), status=1)
        self.assertFalse(row['passed'], row)

    def test_what_was_seen_is_recorded(self):
        url = self.site(*self.leaf('good'))
        self.visit(('good', url), more=('--record',))
        text = self.read('registry', 'applications', 'a-1.conf').decode()
        self.assertIn(f'visit {day()} passed {url} ', text)
        self.assertIn('HTTP 200', text)
        self.ok('trust', 'page', '--registry', self.registry, '--out', self.path('www'))
        self.assertIn('HTTP 200', self.read('www', 'cases.html').decode())

    # ---- Merkle Tree Certificates ----

    def mtc_site(self, revoked=''):
        """A GM Merkle Tree CA, and our own server with a certificate of its: (registry ID, address)."""
        ca, csr = self.path('mtc'), self.path('site')
        self.ok('ca', 'init', '--suite', 'gm', '--id', '32473.8', ca)
        subprocess.run([os.environ['CATHAYA_MAKE_CSR'], 'sm2', 'DNS:www.example.com', csr], check=True, timeout=60)
        index = json.loads(self.ok('ca', 'issue', '--dir', ca, '--csr', csr + '.csr', '--json'))['index']
        self.put('site.pem', self.ok('ca', 'certificate', '--dir', ca, '--index', str(index), '--properties'))
        self.put('registry/mtc-cas/mtc.pem', self.read('mtc', 'ca.pem'))
        self.put('registry/mtc-cas/mtc.conf', f'operator one\nstate tls applied {day(-DAY)} "mail"\n' + revoked.format(index=index, other=index + 1))
        server = subprocess.Popen([os.environ['CATHAYA_FETCH_SERVER'], self.folder, f'{csr}.pem:{csr}.key'], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.communicate)
        return '127.0.0.1:' + server.stdout.readline().split()[1]

    def visit_mtc(self, kind, address, status=0):
        self.put('registry/applications/a-1.conf', f'title "One"\noperator one\nsubject mtc-cas/mtc tls\nstep received {day(-DAY)} "mail"\n'
                                                   f'test-site {kind} mtc https://www.example.com/\n')
        got, out, err = self.run_it('trust', 'test-sites', '--registry', self.registry, '--json', '--connect', address)
        self.assertEqual((got, err), (status, ''), out)
        return json.loads(out)

    def test_a_merkle_tree_ca(self):
        address = self.mtc_site()
        self.assertTrue(self.visit_mtc('good', address)['passed'])
        self.assertIn('no range that is revoked', self.visit_mtc('revoked', address, 1)['text'])
        self.assertIn('has not expired', self.visit_mtc('expired', address, 1)['text'])

    def test_a_revoked_one_of_a_merkle_tree_ca(self):
        address = self.mtc_site(revoked='revoked 1:{index} 1:{index} "test site"\n')
        self.assertIn('revoked', self.visit_mtc('revoked', address)['text'])
        self.assertIn('revoked', self.visit_mtc('good', address, 1)['text'])

    def test_its_neighbour_is_revoked(self):
        address = self.mtc_site(revoked='revoked 1:{other} 1:{other} "another one"\n')
        self.assertTrue(self.visit_mtc('good', address)['passed'])

    def test_one_application(self):
        self.visit(('good', self.site(*self.leaf('good'))))
        self.assertIn('a-1: OK', self.ok('trust', 'test-sites', '--registry', self.registry, 'a-1'))
        self.no(2, 'applications that are asked for', 'trust', 'test-sites', '--registry', self.registry, 'a-2')


if __name__ == '__main__':
    unittest.main()
