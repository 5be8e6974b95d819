#!/usr/bin/env python3
"""OCSP responses: asked for where the leaf says, stapled, replaced and taken away. The CA is openssl(1) and so is what
answers, behind an HTTP server of this test that may be broken."""
import http.server
import os
import re
import signal
import subprocess
import threading
import unittest

import gateway_world
from gateway_world import PROGRAM, Backend, Base, Gateway, acme_world, block, need, shift_clock, wait_until

NAME = 'www.test'


class Responder(http.server.BaseHTTPRequestHandler):
    """world.mode: None for openssl's answer of world.minutes, bytes for those, 'down' for 503."""

    def do_POST(self):
        world = self.server.world
        question = self.rfile.read(int(self.headers['Content-Length']))
        world.questions.append((self.path, self.headers['Content-Type'], question))
        if world.mode == 'down':
            self.send_error(503)
            return
        body = world.mode if world.mode is not None else world.answer(question)
        self.send_response(200)
        self.send_header('Content-Type', 'application/ocsp-response')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class OcspWorld(Base):
    def build(self):
        need('openssl', 'curl', 'cc')
        self.mode, self.minutes, self.questions, self.lock = None, 600, [], threading.Lock()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Responder)
        self.server.world = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.stack.callback(self.server.server_close)
        self.stack.callback(self.server.shutdown)
        self.make_ca()
        self.environment, self.shift = shift_clock.make(self.folder)
        self.a = self.stack.enter_context(Backend('a'))
        self.gateway = Gateway(self)
        self.gateway.env = self.environment
        certificate = block('certificate', 'intl-classic', chain_file=self.path('chain.pem'), key=self.path('key.pem'))
        self.gateway.site(NAME, [self.a.address], [certificate], default=True)
        self.gateway.site('second.test', [self.a.address], [certificate])

    def run(self, *command):
        return subprocess.run(['openssl', *command], check=True, capture_output=True, cwd=self.folder)

    def make_ca(self):
        ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
        self.run('req', '-x509', *ec, '-keyout', 'root.key', '-out', 'root.pem', '-days', '30', '-subj', '/CN=OCSP Root')
        self.write('ext', 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n'
                          f'subjectAltName=DNS:{NAME},DNS:second.test\n'
                          f'authorityInfoAccess=OCSP;URI:http://127.0.0.1:{self.server.server_port}/ocsp\n')
        self.run('req', '-new', *ec, '-keyout', 'key.pem', '-out', 'csr.pem', '-subj', '/CN=' + NAME)
        self.run('x509', '-req', '-in', 'csr.pem', '-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', '0x1001', '-out', 'leaf.pem',
                 '-days', '20', '-extfile', 'ext')
        os.chmod(self.path('key.pem'), 0o600)
        with open(self.path('chain.pem'), 'w', encoding='ascii') as chain:
            for part in ('leaf.pem', 'root.pem'):
                with open(self.path(part), encoding='ascii') as file:
                    chain.write(file.read())
        self.say_good()

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as file:
            file.write(text)

    def say_good(self):
        self.write('index.txt', f'V\t351231235959Z\t\t1001\tunknown\t/CN={NAME}\n')

    def say_revoked(self):
        self.write('index.txt', f'R\t351231235959Z\t260101000000Z,keyCompromise\t1001\tunknown\t/CN={NAME}\n')

    def answer(self, question):
        with self.lock:
            with open(self.path('question'), 'wb') as file:
                file.write(question)
            self.run('ocsp', '-index', 'index.txt', '-rsigner', 'root.pem', '-rkey', 'root.key', '-CA', 'root.pem', '-reqin', 'question',
                     '-respout', 'answer', '-nmin', str(self.minutes))
            with open(self.path('answer'), 'rb') as file:
                return file.read()

    # ---- what clients see ----

    def stapled(self, name=NAME):
        """'good' and until when, or None."""
        done = subprocess.run(['openssl', 's_client', '-connect', self.gateway.address, '-servername', name, '-CAfile', self.path('root.pem'),
                               '-verify_return_error', '-status'], input=b'', capture_output=True, timeout=20)
        said = done.stdout.decode()
        assert 'Verify return code: 0' in said, (said, done.stderr)
        if 'OCSP response: no response sent' in said:
            return None
        return re.search('Cert Status: (.*)', said).group(1), re.search('Next Update: (.*)', said).group(1)

    def look(self, seconds=None):
        """The clock is so far off now, and the gateway looks again."""
        if seconds is not None:
            self.shift(seconds)
        since = self.gateway.process.size()
        self.gateway.process.popen.send_signal(signal.SIGHUP)
        self.gateway.process.wait_for('"reloaded"', since=since)


class Ocsp(unittest.TestCase):
    def setUp(self):
        self.world = OcspWorld()
        self.world.__enter__()
        self.addCleanup(self.world.__exit__, None, None, None)
        self.gateway = self.world.gateway

    def says(self, what):
        return [line for line in self.gateway.process.text().splitlines() if what in line]

    def test_life_of_a_response(self):
        world = self.world
        self.gateway.start()
        wait_until('stapled', world.stapled, 10)
        first = world.stapled()
        self.assertEqual(first[0], 'good')
        # One question for one certificate, though two sites have it.
        self.assertEqual(world.stapled('second.test'), first)
        self.assertEqual([(path, kind) for path, kind, _ in world.questions], [('/ocsp', 'application/ocsp-request')])
        told = subprocess.run([PROGRAM, 'trust', 'import', '--dir', world.path('trust'), '--root', world.path('root.pem')], capture_output=True)
        self.assertEqual(told.returncode, 0, told)
        told = subprocess.run([PROGRAM, 'fetch', '--policy-check', 'off', f'https://{NAME}/page', '--connect', self.gateway.address, '--trust', world.path('trust'),
                               '--as', 'legacy', '--json'], capture_output=True, timeout=30)
        self.assertEqual(told.returncode, 0, told)
        self.assertIn(b'"ocsp":"good"', told.stdout.replace(b' ', b''), told)
        # Before half of its time it is not asked again; after that it is, and both sites have the new one.
        world.look(200 * 60)
        self.assertEqual(len(world.questions), 1)
        world.minutes = 900
        world.look(400 * 60)
        wait_until('the new one', lambda: world.stapled()[1] != first[1], 10)
        self.assertEqual(world.stapled('second.test'), world.stapled())
        # The responder goes away: what there is is used until its end, and nothing after that.
        world.mode = 'down'
        world.look(800 * 60)
        wait_until('ocsp-not-answered', lambda: self.says('ocsp-not-answered'), 10)
        self.assertEqual(world.stapled()[0], 'good')
        world.look(901 * 60)
        wait_until('nothing', lambda: world.stapled() is None and world.stapled('second.test') is None, 10)
        self.assertEqual(self.gateway.curl(NAME, '/page', world.path('root.pem'))[0], 0)
        # And comes back.
        world.mode, world.minutes = None, 2000
        world.look(910 * 60)
        wait_until('stapled again', world.stapled, 10)

    def test_revoked(self):
        world = self.world
        self.gateway.start()
        wait_until('stapled', world.stapled, 10)
        world.say_revoked()
        world.look(400 * 60)
        wait_until('ocsp-not-stapled', lambda: self.says('ocsp-not-stapled'), 10)
        self.assertIn('the certificate is revoked', self.says('ocsp-not-stapled')[0])
        wait_until('nothing', lambda: world.stapled() is None and world.stapled('second.test') is None, 10)
        # A mistake of the CA's that it takes back.
        world.say_good()
        world.look(410 * 60)
        wait_until('stapled again', world.stapled, 10)

    def test_answers_that_are_none(self):
        world = self.world
        world.mode = b'<html>hello</html>'
        self.gateway.start()
        wait_until('ocsp-not-stapled', lambda: self.says('ocsp-not-stapled'), 10)
        self.assertIsNone(world.stapled())
        world.mode = bytes.fromhex('30030a0103')  # try later
        world.look(310)
        wait_until('refused', lambda: 'the responder has refused' in self.gateway.process.text(), 10)
        world.mode = b'x' * 100000
        world.look(620)
        wait_until('not answered', lambda: self.says('ocsp-not-answered'), 10)
        self.assertIsNone(world.stapled())
        self.assertEqual(self.gateway.stop(), 0)

    def test_nobody_is_there(self):
        self.world.server.shutdown()
        self.world.server.server_close()
        self.gateway.start()
        wait_until('ocsp-not-answered', lambda: self.says('ocsp-not-answered'), 10)
        self.assertIsNone(self.world.stapled())


if __name__ == '__main__':
    acme_world.main()
