"""Run folders as the trainer writes them, for tests of the window: whole ones, and ones that grow while somebody looks.

    folder = RunFolder(desk.user / 'runs' / 'portraits', steps=1000)
    folder.write(range(0, 400, 10))
    with folder.alive():            # holds the lock, as a trainer does
        folder.write(range(400, 500, 10))
        folder.status('running')
"""

import contextlib
import fcntl
import json
import math
import os
import pathlib
import random
import struct
import time
import zlib

F_OFD_SETLK = 37


def write_png(path, width, height, pixel):
    """@pixel: (x, y) → (r, g, b)."""
    rows = b''.join(b'\0' + bytes(value for x in range(width) for value in pixel(x, y)) for y in range(height))

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


class RunFolder:
    def __init__(self, path, steps=1000, floor=.17, seed=1, start=1_780_000_000):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True, exist_ok=True)
        self.steps, self.floor, self.start = steps, floor, start
        self.random = random.Random(seed)
        self.step = -1
        (self.path / 'config.yaml').write_text('name: test\n')
        (self.path / 'lock').touch()

    def line(self, step, **values):
        self.step = max(self.step, step)
        return json.dumps({'step': step, 'time': self.start + step * .3, 'epoch': step / 400, **values}) + '\n'

    def loss(self, step):
        return self.floor + .35 * math.exp(-4 * step / self.steps) + self.random.gauss(0, .012)

    def write(self, steps, validate=0):
        """Training lines, and validation lines wherever @validate divides the step."""
        lines = []
        for step in steps:
            lines.append(self.line(step, loss=self.loss(step), lr=1e-4 * min(1, (step + 1) / (.05 * self.steps)),
                                   rate=1840 + self.random.gauss(0, 30), grad_norm=.4 + abs(self.random.gauss(0, .1))))
            if validate and step % validate == 0:
                done = 1 - math.exp(-4 * step / self.steps)
                values = {'val/image-similarity': .25 + .38 * done, 'val/image-vars': .3 + .4 * done, 'val/loss': self.floor + .3 * (1 - done)}
                for name, scale in (('val/text2im/g1', .2), ('val/text2im/g2', .22), ('val/text2im-super2/g1', .18)):
                    values[name] = .13 + scale * done
                lines.append(self.line(step, **{name: value + self.random.gauss(0, .006) for name, value in values.items()}))
        with (self.path / 'metrics.jsonl').open('a') as file:
            file.write(''.join(lines))

    def status(self, state, **more):
        text = json.dumps({'state': state, 'step': self.step, 'steps': self.steps, 'rate': 1840.2, 'left_s': 18720, 'started': self.start,
                           'updated': time.time(), **more})
        aside = self.path / '.status.json'
        aside.write_text(text)
        aside.rename(self.path / 'status.json')

    def samples(self, step, kinds=('image-similarity', 'text2im-g2'), n=6, size=64):
        for number, kind in enumerate(kinds):
            def pixel(x, y, number=number):
                shade = 40 + 150 * step // max(1, self.steps)
                inside = (x % size - size // 2) ** 2 + (y - size // 2) ** 2 < (size // 3) ** 2
                return (shade, 90 + 40 * (x // size % 4), 200 - 60 * number) if inside else (235, 225, 210)
            write_png(self.path / 'samples' / f'{step:08d}' / f'{kind}.png', n * size, size, pixel)

    def checkpoint(self, step, data=b'not really a checkpoint'):
        folder = self.path / 'checkpoints'
        folder.mkdir(exist_ok=True)
        (folder / f'{step:08d}.ckpt').write_bytes(data)

    def log(self, text):
        (self.path / 'log.txt').write_text(text)

    def asks(self, what):
        """Whether somebody asked to “stop”, or for a “checkpoint”."""
        return (self.path / what).exists()

    @contextlib.contextmanager
    def alive(self):
        with (self.path / 'lock').open('r+') as file:
            fcntl.fcntl(file, F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
            yield self
