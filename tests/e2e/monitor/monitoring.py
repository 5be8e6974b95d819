"""A running monitor, and logs that it follows."""
import base64
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', '..', 'liar'))
sys.path.insert(0, os.path.join(HERE, '..'))

import liar_server
import lying_log
import lying_mtc
import pki
from world import PROGRAM

INTERVAL_MS = 300


def wait_until(what, seconds=20):
    """The first true value of what(), or the last one."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.02)


class Log:
    """A log of tests/liar with a hierarchy of its own."""

    def __init__(self, server, suite, title, kind):
        self.suite, self.kind = pki.SUITES[suite], kind
        self.world = pki.Pki(self.suite)
        self.log = server.mount(lying_log.LyingLog(self.suite, title, [self.world.root.der]))

    def precertificate(self, *names, **more):
        return self.add(True, *names, **more)

    def certificate(self, *names, **more):
        return self.add(False, *names, **more)

    def add(self, is_precertificate, *names, **more):
        leaf = self.world.issuer.leaf(*names, poison=is_precertificate, **more)
        add = self.log.add_precertificate if is_precertificate else self.log.add_certificate
        add(self.world.chain(leaf))
        return leaf

    def block(self, name):
        key = base64.b64encode(self.log.signer.spki).decode()
        return (f'log "{name}" {{\n  kind = "{self.kind}"\n  suite = "{self.suite.name}"\n  url = "{self.log.url}"\n'
                f'  key = "{key}"\n  mmd = 60\n}}\n')


class MtcLog:
    """The issuance log of a Merkle Tree CA, and a mirror."""

    def __init__(self, server, folder):
        self.log = server.mount_mtc(lying_mtc.LyingMtcLog())
        self.ca = os.path.join(folder, 'mtc-ca.pem')
        with open(self.ca, 'w', encoding='ascii') as file:
            file.write(pki.pem(self.log.certificate))

    def block(self, name):
        return f'log "{name}" {{\n  kind = "mtc"\n  ca = "{self.ca}"\n  url = "{self.log.url}"\n}}\n'


class Monitor:
    def __init__(self, folder, logs, watch, more='', action=None):
        self.folder, self.process, self.addresses = folder, None, {}
        os.makedirs(folder, exist_ok=True)
        self.lines = os.path.join(folder, 'alerts.jsonl')
        self.watch(watch)
        self.config = os.path.join(folder, 'monitor.conf')
        blocks = ''.join(log.block(name) for name, log in logs.items())
        with open(self.config, 'w', encoding='ascii') as file:
            file.write(f'directory = "state"\nlisten = {{"127.0.0.1:0"}}\nadmin-listen = "127.0.0.1:0"\n'
                       f'interval-ms = {INTERVAL_MS}\nprobe-interval-ms = 200\nwatch-list = "watch.txt"\n{blocks}{more}'
                       f'action {{ {action or ""} jsonl = "alerts.jsonl" }}\n')

    def watch(self, text):
        path = os.path.join(self.folder, 'watch.txt')
        with open(path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.replace(path + '.new', path)

    def start(self):
        self.errors = open(os.path.join(self.folder, 'errors.txt'), 'a', encoding='utf-8')
        self.process = subprocess.Popen([PROGRAM, 'monitor', 'run', '--config', self.config], stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        for line in self.process.stdout:
            words = line.split()
            if words == ['ready']:
                return self
            self.addresses[words[1]] = words[2]
        raise AssertionError(self.said())

    def said(self):
        with open(os.path.join(self.folder, 'errors.txt'), encoding='utf-8') as file:
            return file.read()

    def kill(self):
        self.process.kill()
        self.end()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.end()
        assert status == 0, (status, self.said())

    def end(self):
        status = self.process.wait(60)
        self.process.stdout.close()
        self.errors.close()
        self.process = None
        return status

    def close(self):
        if self.process is not None:
            self.kill()

    def told(self, event=None):
        """What was told so far, in order."""
        if not os.path.exists(self.lines):
            return []
        with open(self.lines, encoding='utf-8') as file:
            values = [json.loads(line) for line in file]
        return [v for v in values if event in (None, v['event'])]

    def command(self, verb, *arguments):
        done = subprocess.run([PROGRAM, 'monitor', verb, '--config', self.config, *arguments], capture_output=True, timeout=60,
                              text=True)
        return done.returncode, done.stdout, done.stderr

    def status(self):
        return json.loads(self.command('status', '--json')[1])

    def has_caught_up(self):
        return all(log['tree_size'] > 0 and log['verified'] == log['tree_size'] == log['kept'] for log in self.status()['logs'])


class Receiver:
    """A webhook: answers 503 so often, then takes."""

    def __init__(self, failures=0):
        receiver = self
        self.failures, self.taken = failures, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if receiver.failures > 0:
                    receiver.failures -= 1
                    self.send_response(503)
                else:
                    receiver.taken.append(json.loads(body))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}/hook'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
