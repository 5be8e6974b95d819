"""Another program's CRL of a classic root: `openssl ca` with the root's key."""
import os
import subprocess
import tempfile

NUMBER = 0x41
CONFIG = '''[ca]
default_ca = root
[root]
database = index.txt
crlnumber = crlnumber
default_md = sha256
crl_extensions = extensions
[extensions]
authorityKeyIdentifier = keyid
'''


def make(directory, times, revoked=None):
    """Writes public/root.crl; times are options of `openssl ca -gencrl`."""
    directory = os.path.abspath(directory)
    with tempfile.TemporaryDirectory() as folder:
        files = {'ca.conf': CONFIG, 'crlnumber': f'{NUMBER:02X}\n', 'index.txt': ''}
        if revoked:
            files['index.txt'] = f'R\t301231235959Z\t260101000000Z,CACompromise\t{revoked.upper()}\tunknown\t/CN=Revoked\n'
        for name, content in files.items():
            with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
                file.write(content)
        for words in (['ca', '-config', 'ca.conf', '-gencrl', '-cert', os.path.join(directory, 'root.pem'), '-keyfile',
                       os.path.join(directory, 'keys', 'root.pem'), '-out', 'crl.pem', *times],
                      ['crl', '-in', 'crl.pem', '-outform', 'DER', '-out', os.path.join(directory, 'public', 'root.crl')]):
            done = subprocess.run(['openssl', *words], cwd=folder, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done
