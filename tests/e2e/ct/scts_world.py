"""A CA service with CT logs of three operators, each a process with a GM and an international log."""
import base64
import json
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import ct_world
import acme_raw
import acme_world
import ct_wire
import der
import log_reader
import pki

OPERATORS = ('A', 'B', 'C')
POLICY = '''
policy gm-two
suite gm
delivery embedded
counted qualified usable readonly retired
ask usable
operators 2
scts upto 180 2
scts longer 3
'''


class Operator(ct_world.World):
    """A log process that accepts the roots of a CA service, over TLS with that service's own certificate."""

    def __init__(self, name, roots, certificate, key):
        super().__init__({'gm': 'gm', 'intl': 'intl'}, extra=f'tls-certificate = "{certificate}"\ntls-key = "{key}"\n')
        self.name, self.roots, self.base = name, roots, self.base.replace('http:', 'https:')
        for title, log in self.logs.items():
            log.url = f'{self.base}/{title}'
            log.reader = log_reader.LogReader(log.url, log.suite, log.signer.spki, certificate)

    def make(self):
        super().make()
        for suite in ('gm', 'intl'):
            self.put(f'{suite}-roots.pem', self.roots[suite])

    def rows(self, suite):
        log = self.logs[suite]
        return [log.list_row(description=f'{self.name} {suite}', submission_url=log.url + '/', monitoring_url=log.url + '/')]

    @property
    def is_running(self):
        return self.process is not None and self.process.popen.poll() is None


class World(acme_world.World):
    """policies: {profile: its ct-policy}. more: further settings of the ct block."""

    deadline_ms, timeout_ms = 3000, 1000

    def __init__(self, policies=None, **more):
        self.policies = policies or {'gm-classic': 'gm-two', 'intl-classic': 'chrome'}
        super().__init__(profiles=tuple(self.policies), limits=False, **more)

    def make(self):
        super().make()
        roots = {suite: b''.join(self.read(name, 'root.pem') for name in (f'{suite}-r1', f'{suite}-intranet')
                                 if os.path.exists(self.path(name))) for suite in ('gm', 'intl')}
        self.operators = {name: Operator(name, roots, self.path('tls.pem'), self.path('tls.key')) for name in OPERATORS}
        for operator in self.operators.values():
            operator.__enter__()
        self.write_lists()
        with open(os.path.join(acme_world.ROOT, 'policies', 'ct-policy.conf'), encoding='utf-8') as file:
            self.write('ct-policy.conf', file.read() + POLICY)

    def __exit__(self, *arguments):
        for operator in getattr(self, 'operators', {}).values():
            operator.__exit__()
        super().__exit__(*arguments)

    def write_lists(self, names=OPERATORS):
        for suite in ('gm', 'intl'):
            operators = [{'name': f'Operator {name}', 'email': ['ct@example.com'], 'logs': [],
                          'tiled_logs': self.operators[name].rows(suite)} for name in names]
            self.write(f'{suite}-logs.json', json.dumps(
                {'version': '1', 'log_list_timestamp': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'operators': operators}))

    def config(self):
        text = super().config()
        for profile, policy in self.policies.items():
            text = text.replace(f'profile "{profile}" {{\n', f'profile "{profile}" {{\n    ct-policy = "{policy}"\n')
        return text + f'''ct {{
    log-list = {{"gm-logs.json", "intl-logs.json"}}
    policy-file = "ct-policy.conf"
    ca-file = "tls.pem"
    deadline-ms = {self.deadline_ms}
    log-timeout-ms = {self.timeout_ms}
}}
'''

    def restart_ca(self, how=signal.SIGKILL):
        status = self.ca.stop(how)
        self.ca = self.spawn(f'ca-{time.monotonic_ns()}', acme_world.PROGRAM, 'ca', 'run', '--config', self.path('service.conf'))
        self.admin = self.ca.wait_ready()['admin']
        return status

    def reload(self, what):
        since = self.ca.size()
        self.ca.popen.send_signal(signal.SIGHUP)
        self.ca.wait_for(what, since=since)
        return self.ca.text()[since:]

    def metric(self, name, labels=''):
        text = acme_raw.request('GET', f'http://{self.admin}/metrics').body.decode()
        return sum(float(l.rsplit(' ', 1)[1]) for l in text.splitlines() if l.startswith(name) and labels in l)

    # ---- what logs have ----

    def logs(self, suite):
        """{operator: log} of those that run."""
        return {name: o.logs[suite] for name, o in self.operators.items() if o.is_running}

    def entries(self, suite):
        """[(operator, entry)] of all logs that run."""
        found = []
        for name, log in self.logs(suite).items():
            size = log.reader.get_sth().size
            found += [(name, e) for e in (log.reader.entries(size) if size else [])]
        return found

    def check_scts(self, suite, certificate):
        """The operators whose SCTs are in the certificate; each verifies by the independent reader, and the log has the entry."""
        chain = [der_of(block) for block in certificate.answer.body.split(b'-----BEGIN CERTIFICATE-----')[1:]]
        tbs, kind = ct_wire.without_extension(chain[0], pki.SCT_LIST), pki.SUITES[suite]
        entry = ct_wire.Entry(kind, ct_wire.PRECERT_ENTRY, kind.hash(ct_wire.spki_of(chain[1])) + ct_wire.opaque(3, tbs), chain[1:])
        found = []
        for sct in read_scts(certificate):
            [name] = [n for n, o in self.operators.items() if kind.hash(o.logs[suite].signer.spki) == sct['id']]
            reader = self.operators[name].logs[suite].reader
            answer = {'sct_version': 0, 'id': b64(sct['id']), 'timestamp': sct['timestamp'], 'extensions': b64(sct['extensions']),
                      'signature': b64(sct['signature'])}
            leaf_hash, index = reader.check_sct(answer, entry)
            if self.operators[name].is_running:
                reader.check_inclusion(leaf_hash, index, reader.get_sth().size)
            found.append(name)
        return found


def b64(data):
    return base64.b64encode(data).decode()


def der_of(block):
    return base64.b64decode(b''.join(block.split(b'-----END')[0].split()))


def read_scts(certificate):
    """The embedded SCTs, by their fields; of a certificate without, none."""
    extensions = [e for e in certificate.x509.extensions if e.oid == pki.SCT_LIST]
    if not extensions:
        return []
    fields = log_reader.Fields(log_reader.Fields(der.read_all(extensions[0].value).body).opaque(2))
    scts = []
    while not fields.is_at_end():
        one = log_reader.Fields(fields.opaque(2))
        assert one.take(1) == b'\0'
        scts.append({'id': one.take(32), 'timestamp': one.number(8), 'extensions': one.opaque(2), 'signature': one.data[one.at:]})
    return scts
