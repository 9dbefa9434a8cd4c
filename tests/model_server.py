"""A web server on 127.0.0.1 with the fixtures' small model and a catalogue of it.

    with ModelServer(fixtures) as server:
        c2l('download', '--catalogue', server.address, 'tiny')

It knows ranges. server.slow (seconds a block of 4 KiB) and server.broken (names that are answered with 404) may be changed while it
serves; server.asked counts requests by name, server.resumed those that asked for a later part."""

import collections
import hashlib
import http.server
import json
import pathlib
import threading
import time

BLOCK = 4096
FILES = {'clip': 'e2e/clip.pt', 'prior': 'e2e/w/prior.ckpt', 'config': 'e2e/w/prior.yaml', 'generator': 'e2e/w/generator.pkl'}
PLAIN = {'id': 'tiny', 'name': 'Tiny Spots', 'draws': 'Spots of colour.', 'network': 'StyleGAN2, 32×32', 'examples': ['a spot'],
         'attributions': ['Spots by Ada'],
         'licences': [{'covers': 'All', 'name': 'Spotty Licence 3', 'url': 'https://example.org/licence', 'note': 'Not for stripes.'}]}


class ModelServer:
    def __init__(self, fixtures):
        self.files = {pathlib.Path(path).name: (pathlib.Path(fixtures) / path).read_bytes() for path in FILES.values()}
        self.slow = 0         # seconds between two blocks
        self.hold = None      # so many blocks of each answer are sent; the rest once this is None again
        self.broken = set()
        self.asked = collections.Counter()
        self.resumed = collections.Counter()
        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), self._make_handler())
        self.http.daemon_threads = True
        self.root = f'http://127.0.0.1:{self.http.server_port}/'
        self.address = self.root + 'catalogue.json'
        self.set_model()

    def set_model(self, **changes):
        """What the catalogue says of the model: sizes and sums are right where nothing else is said."""
        entries = []
        for kind, path in FILES.items():
            name = pathlib.Path(path).name
            data = self.files[name]
            entries.append({'kind': kind, 'names': ['tiny'], 'url': self.root + name, 'size': len(data),
                            'sha256': hashlib.sha256(data).hexdigest(), **changes.pop(kind, {})})
        model = {**PLAIN, **{kind: 'tiny' for kind in FILES}, **changes}
        self.files['catalogue.json'] = json.dumps({'format': 1, 'files': entries, 'models': [model]}).encode()

    def _make_handler(server):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.0'

            def log_message(self, *arguments):
                pass

            def do_HEAD(self):
                self.answer(False)

            def do_GET(self):
                self.answer(True)

            def answer(self, with_body):
                name = self.path.strip('/')
                data = server.files.get(name)
                server.asked[name] += with_body
                if data is None or name in server.broken:
                    self.send_error(404)
                    return
                start = self.find_start(name, len(data))
                self.send_response(206 if start else 200)
                if start:
                    self.send_header('Content-Range', f'bytes {start}-{len(data) - 1}/{len(data)}')
                self.send_header('Content-Length', str(len(data) - start))
                self.send_header('ETag', f'"{name}"')
                self.end_headers()
                if with_body:
                    self.send(data[start:])

            def find_start(self, name, size):
                wish = self.headers.get('Range', '')
                if not wish.startswith('bytes=') or self.headers.get('If-Range') not in (None, f'"{name}"'):
                    return 0
                start = int(wish[6:].split('-')[0])
                server.resumed[name] += 1
                return start if start < size else 0

            def send(self, data):
                try:
                    for at in range(0, len(data), BLOCK):
                        while server.hold is not None and at >= server.hold * BLOCK:
                            time.sleep(.02)
                        self.wfile.write(data[at:at + BLOCK])
                        if server.slow:
                            time.sleep(server.slow)
                except OSError:
                    pass

        return Handler

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *reason):
        self.hold = None
        self.http.shutdown()
        self.http.server_close()
