"""Runs of c2l train as its tests see them: small data, settings of a small prior, and what a run's folder holds."""

import collections
import io
import json
import os
import pathlib
import pickle
import random
import struct
import tarfile
import time
import zipfile

FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
WIDTH = 32
TINY = [f'data.latent_dim={WIDTH}', 'data.latent_repeats=[8]', 'model.network.depth=1', 'model.network.heads=2', 'model.network.dim_head=8',
        'data.bs=16', 'data.shuffle=50', 'train.ema_update_after=0', 'train.ema_update_every=2', 'train.log_it=1', 'data.path=data/{00..02}.tar']
BLIND = ['data.val_im_samples=0', 'data.val_text_samples=null']
SEEING = [f'data.sg_pkl={FIXTURES}/e2e/w/generator.pkl', f'data.clip_variant={FIXTURES}/e2e/clip.pt', 'data.val_im_samples=4', 'data.val_samples_per_text=2',
          'train.val_steps=2', 'data.val_text_samples=prompts.txt']


def npy(values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)},), }}"
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + struct.pack(f'<{len(values)}f', *values)


def make_data(folder):
    """Three tars of 40 samples whose features say what the latents are."""
    draw = random.Random(1)
    (folder / 'data').mkdir()
    for shard in range(3):
        with tarfile.open(folder / 'data' / f'{shard:02d}.tar', 'w') as tar:
            for count in range(40):
                latent = [draw.gauss(0.5, 2) for _ in range(WIDTH)]
                for name, values in (('latent.npy', latent), ('img_feat.npy', [x * 3 - 1 for x in latent])):
                    data = npy(values)
                    info = tarfile.TarInfo(f'{shard:05d}{count:04d}.{name}')
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    (folder / 'prompts.txt').write_text('a face\n\na lake at night\n')


def wait_for(condition, process=None, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it never came'
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.005)


def metrics(run):
    """The lines of metrics, without what depends on the clock."""
    lines = [json.loads(line) for line in (run / 'metrics.jsonl').read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in ('time', 'rate', 'rss')} for line in lines]


def n_lines(run):
    try:
        return (run / 'metrics.jsonl').read_bytes().count(b'\n')
    except FileNotFoundError:
        return 0


def status(run):
    return json.loads((run / 'status.json').read_text())


def checkpoints(run):
    return sorted(path.name for path in (run / 'checkpoints').iterdir())


class Reader(pickle.Unpickler):
    """A torch file as Python sees it: names and the keys of storages."""

    def find_class(self, module, name):
        if name == 'OrderedDict':
            return collections.OrderedDict
        if name == '_rebuild_tensor_v2':
            return lambda storage, offset, size, *rest: (storage, size)
        return name

    def persistent_load(self, saved):
        return saved[2]


def load(path):
    """What torch.load would give, each tensor as bytes."""
    with zipfile.ZipFile(path) as archive:
        tree = Reader(io.BytesIO(archive.read('archive/data.pkl'))).load()
        return {part: {name: archive.read(f'archive/data/{key}') for name, (key, _) in tensors.items()} for part, tensors in tree.items()}


def assert_same_end(one, other):
    """The last checkpoints are the same, to the last bit; but there are several ways to write down one place in the data."""
    names = [[name for name in checkpoints(run) if name != 'best.ckpt'][-1] for run in (one, other)]
    first, second = (load(run / 'checkpoints' / name) for run, name in zip((one, other), names))
    differ = [key for part in first for key in first[part] if key != 'trainer.position' and first[part][key] != second[part].get(key)]
    assert names[0] == names[1] and first.keys() == second.keys() and not differ, (names, differ)


if __name__ == '__main__':
    raise SystemExit('training.py: to be imported')
