"""A CA service whose classic CAs answer OCSP, and the web server in front of it that certificates lead to."""
import http.client
import os
import re
import ssl
import subprocess
import sys
from http.server import SimpleHTTPRequestHandler

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
for folder in ('acme', 'dns', 'services', 'gateway'):
    sys.path.insert(0, os.path.join(ROOT, 'tests', 'e2e', folder))

import acme_world


class Front(SimpleHTTPRequestHandler):
    """As an operator's web server: /SUITE/ocsp goes to the service, the rest is files."""

    world = None
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def forward(self, body):
        parts = self.path.split('/', 3)
        path = '/'.join(['', 'classic', parts[1] + '-r1', 'ocsp', *parts[3:]])
        context = ssl.create_default_context(cafile=self.world.path('tls.pem'))
        connection = http.client.HTTPSConnection('localhost', self.world.port, context=context, timeout=20)
        kind = {'Content-Type': self.headers['Content-Type']} if self.headers['Content-Type'] else {}
        connection.request(self.command, path, body, kind)
        answer = connection.getresponse()
        data = answer.read()
        self.world.asked.append((self.command, self.path, answer.status, dict(answer.headers), body, data))
        self.send_response(answer.status)
        for name in ('Content-Type', 'Cache-Control', 'ETag', 'Expires', 'Last-Modified'):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        connection.close()

    def is_ocsp(self):
        return self.path.split('/')[2:3] == ['ocsp']

    def do_GET(self):
        if self.is_ocsp():
            self.forward(None)
        else:
            super().do_GET()

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length'] or 0))
        if self.is_ocsp():
            self.forward(body)
        else:
            self.send_error(405)


class World(acme_world.World):
    """settings: more text for each classic block."""

    def __init__(self, settings='', **more):
        super().__init__(profiles=('gm-classic', 'intl-classic'), **more)
        self.settings, self.asked, self.environment = settings, [], None

    def spawn(self, name, *arguments, env=None):
        return super().spawn(name, *arguments, env=env or self.environment)

    def config(self):
        text = super().config()
        for suite in self.classics():
            text = text.replace(f'classic "{suite}-r1" {{ directory = "{suite}-r1" }}\n',
                                f'classic "{suite}-r1" {{\n    directory = "{suite}-r1"\n    ocsp = true\n{self.settings}}}\n')
        return text

    def start_web(self):
        super().start_web()
        world = self

        class Handler(Front):
            pass

        Handler.world = world
        webroot = self.webroot
        self.web.RequestHandlerClass = lambda *arguments: Handler(*arguments, directory=webroot)

    # ---- clients ----

    def urls_of(self, certificate):
        """uniformResourceIdentifier [6] IMPLICIT: OCSP, issuer, CRL."""
        found = []
        for oid in ('1.3.6.1.5.5.7.1.1', '2.5.29.31'):
            value = certificate.x509.extension(oid).value
            found += [value[m.end():m.end() + value[m.end() - 1]].decode() for m in re.finditer(rb'\x86.(?=http:)', value, re.S)]
        return found

    def split(self, certificate):
        """(leaf, issuing CA) as files."""
        blocks = certificate.answer.body.split(b'-----BEGIN')
        return certificate.path, certificate.save(b'-----BEGIN' + blocks[2])

    def ocsp(self, program, suite, certificate, *options, url=None):
        """What `openssl ocsp` says; it verifies the answer against the root."""
        leaf, issuing = self.split(certificate)
        url = url or f'http://localhost:{self.http_port}/{suite}/ocsp'
        done = subprocess.run([program, 'ocsp', '-url', url, '-issuer', issuing, '-CAfile', self.path(suite + '-r1', 'root.pem'),
                               '-verify_other', issuing, *options, '-cert', leaf], capture_output=True, timeout=30)
        return done.stdout.decode() + done.stderr.decode()


class PlainWorld(World):
    """No web server in front: the service itself is where its certificates lead to."""

    def make(self):
        super().make()
        self.plain_port = acme_world.free_port()
        for suite in self.classics():
            path = f'{suite}-r1/classic.conf'
            text = self.read(path).decode().replace(f'http://localhost:{self.http_port}/{suite}',
                                                    f'http://127.0.0.1:{self.plain_port}/classic/{suite}-r1')
            self.write(path, text)

    def config(self):
        return f'http-listen = {{"127.0.0.1:{self.plain_port}"}}\n' + super().config()


class SignerWorld(World):
    """The responders' keys are in a signer, and no other process has them."""

    def make(self):
        super().make()
        os.makedirs(self.path('signer-state'), mode=0o700)
        text = 'state = "signer-state"\nsocket = "signer.sock"\n'
        for suite, algorithm in (('gm', 'sm2_sm3'), ('intl', 'ecdsa_p256_sha256')):
            self.make_key(suite)
            text += f'key "{suite}" {{\n    algorithm = "{algorithm}"\n    key = "{suite}-ocsp.key"\n    kinds = {{"ocsp"}}\n}}\n'
        self.write('signer.conf', text)
        self.signer = self.spawn('signer', acme_world.PROGRAM, 'signer', 'run', '--config', self.path('signer.conf'))
        self.signer.wait_for('signer: 2 keys at')

    def make_key(self, suite):
        """By the program itself, as the service makes one."""
        folder = self.path('key-of-' + suite)
        acme_world.run('ca', 'classic', 'init', '--suite', suite, '--organisation', 'Key', '--url', 'http://localhost/x', folder)
        os.rename(os.path.join(folder, 'keys', 'issuing.pem'), self.path(suite + '-ocsp.key'))

    def config(self):
        text = super().config()
        for suite in self.classics():
            text = text.replace(f'    directory = "{suite}-r1"\n', f'    directory = "{suite}-r1"\n    ocsp-key = "signer:signer.sock#{suite}"\n')
        return text
