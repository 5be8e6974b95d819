"""`cathaya monitor run` as an operator starts it: a folder with its configuration and watch list, the logs that it follows (liars or
real ones), and what it has told, line by line."""
import base64
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_world
from acme_world import PROGRAM, Process
from ct_world import need, quoted, wait_until


class Monitor:
    """add_log before start. Alerts are dicts, in the order of telling."""

    def __init__(self, interval_ms=500, watch='', options='', **more):
        self.folder = tempfile.mkdtemp(prefix='cathaya-monitor-')
        self.interval_ms, self.options, self.more, self.blocks, self.process, self.admin = interval_ms, options, more, [], None, None
        self.put('watch.txt', watch)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.stop(signal.SIGKILL)
        if os.environ.get('CATHAYA_KEEP'):
            print('kept:', self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def put(self, name, content):
        with open(self.path(name), 'wb') as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def add_block(self, section, title, **options):
        body = ''.join(f'    {name.replace("_", "-")} = {quoted(value)}\n' for name, value in options.items())
        self.blocks.append(f'{section} "{title}" {{\n{body}}}\n')

    def add_log(self, log, kind='static-ct', name=None, mmd=60, **more):
        """A LyingLog or a ct_world.Log."""
        self.add_block('log', name or log.title, kind=kind, suite=log.suite.name, url=log.url, key=base64.b64encode(log.signer.spki).decode(),
                       mmd=mmd, **more)

    def config(self):
        options = {'directory': 'state', 'listen': ['127.0.0.1:0'], 'admin-listen': '127.0.0.1:0', 'interval-ms': self.interval_ms,
                   'watch-list': 'watch.txt', 'index': True, **self.more}
        return (''.join(f'{name} = {quoted(value)}\n' for name, value in options.items()) + ''.join(self.blocks)
                + 'action {\n    jsonl = "alerts.jsonl"\n}\n' + self.options)

    def start(self):
        self.put('monitor.conf', self.config())
        self.process = Process(self, 'monitor', [PROGRAM, 'monitor', 'run', '--config', self.path('monitor.conf')])
        self.ready = self.process.wait_ready()
        self.admin = self.ready.get('admin')
        return self

    def stop(self):
        need(self.process.stop(signal.SIGTERM, 60) == 0, 'the monitor ended badly:', self.process.text()[-3000:])

    def kill(self):
        self.process.stop(signal.SIGKILL)

    def alerts(self, event=None, log=None):
        try:
            lines = self.read('alerts.jsonl').splitlines(keepends=True)
        except FileNotFoundError:
            return []
        found = [json.loads(line) for line in lines if line.endswith('\n')]
        return [a for a in found if event in (None, a['event']) and log in (None, a.get('log'))]

    def findings(self, log=None):
        return self.alerts('finding', log)

    def said(self):
        return self.process.text()[-6000:]

    def status(self):
        with urllib.request.urlopen(f'http://{self.admin}/status', timeout=10) as answer:
            return json.load(answer)

    def metrics(self):
        with urllib.request.urlopen(f'http://{self.admin}/metrics', timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name, labels=''):
        return sum(float(l.rsplit(' ', 1)[1]) for l in self.metrics().splitlines() if l.startswith(name) and labels in l)

    def wait(self, what, condition, seconds=30):
        return wait_until(lambda: f'{what}\n{self.alerts()}\n{self.said()}', condition, seconds)


def verify_evidence(path):
    """(is proven, output) of `cathaya evidence verify`."""
    done = acme_world.run('evidence', 'verify', path, check=False)
    return done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def now_ms():
    return int(time.time() * 1000)
