#!/usr/bin/env python3
"""Training data between c2l and Python's webdataset, both ways. Prints TAP; skips where webdataset is not installed for this Python
nor for the one that C2L_PYTHON names.

    tests/cli/test-webdataset.py C2L"""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import warnings

import tap

warnings.simplefilter('ignore')
numpy, webdataset = tap.need('numpy', 'webdataset')

C2L = os.path.abspath(sys.argv[1])
STARTER = pathlib.Path(os.environ['C2L_DATA']) / 'starter'
FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
N, IN_A_TAR = 50, 20
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def c2l(*arguments, folder):
    return subprocess.run([C2L, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True, timeout=250).stdout


def make(folder, *arguments):
    c2l('dataset', 'data', '--generator-name', STARTER, '-n', N, '--samples-per-folder', IN_A_TAR, '--out-image-size', 64,
        *arguments, folder=folder)
    return str(folder / 'data' / '{00000..2}.tar')


def read(pattern, *parts):
    """As the original's load_data."""
    return list(webdataset.WebDataset(pattern, shardshuffle=False).decode().to_tuple(*parts))


@test
def python_reads_what_c2l_makes(folder):
    samples = read(make(folder), '__key__', 'img_feat.npy', 'latent.npy')
    assert [key for key, _, _ in samples] == [f'{i // IN_A_TAR:05d}{i % IN_A_TAR:04d}' for i in range(N)]
    assert all(feature.shape == latent.shape == (128,) and feature.dtype == latent.dtype == numpy.float32
               for _, feature, latent in samples)
    # Latents of a mapping network: of about the same length, and all different.
    latents = numpy.stack([latent for _, _, latent in samples])
    assert len(numpy.unique(latents, axis=0)) == N and numpy.isfinite(latents).all()


@test
def python_reads_pictures_and_three_styles(folder):
    samples = read(make(folder, '--space', 'w3', '--save-im'), 'gen.jpg', 'latent.npy')
    assert len(samples) == N and all(latent.shape == (3, 128) for _, latent in samples)
    assert all(picture[:3] == b'\xff\xd8\xff' for picture, _ in samples if isinstance(picture, bytes))


@test
def python_shuffles_and_batches(folder):
    pattern = make(folder)
    one_by_one = {latent.tobytes() for latent, in read(pattern, 'latent.npy')}
    batches = list(webdataset.WebDataset(pattern, shardshuffle=False).shuffle(30).decode().to_tuple('img_feat.npy', 'latent.npy').batched(16))
    assert [len(latents) for _, latents in batches] == [16, 16, 16, 2]
    assert {latent.tobytes() for _, latents in batches for latent in numpy.asarray(latents)} == one_by_one


@test
def c2l_reads_what_python_writes(folder):
    generator = numpy.random.default_rng(5)
    with webdataset.TarWriter(str(folder / 'python.tar')) as writer:
        for i in range(30):
            writer.write({'__key__': f'some/folder/{i:09d}', 'img_feat.npy': generator.normal(size=64).astype('float32'),
                          'latent.npy': generator.normal(size=(18, 32)).astype('float64'), 'txt': 'a face', 'json': {'i': i}})
    told = json.loads(c2l('info', '--json', 'python.tar', folder=folder))
    assert (told['n_samples'], told['n_latents'], told['latent_dim'], told['feature_dim']) == (30, 18, 32, 64), told


@test
def c2l_reads_what_the_originals_script_packs(folder):
    """make_webdataset() of generate_dataset.py: folders of files, added sorted, with the folders in front of their names."""
    raw = folder / 'raw' / '00000'
    raw.mkdir(parents=True)
    for i in range(12):
        numpy.save(raw / f'00000{i:04}.latent.npy', numpy.full(8, i, 'float32'))
        numpy.save(raw / f'00000{i:04}.img_feat.npy', numpy.full(4, -i, 'float32'))
        (raw / f'00000{i:04}.gen.jpg').write_bytes(b'\xff\xd8\xff')
    with tarfile.open(folder / '00000.tar', 'w') as tar:
        for path in sorted(raw.rglob('*')):
            tar.add(path)
    told = json.loads(c2l('info', '--json', '00000.tar', folder=folder))
    assert (told['n_samples'], told['n_latents'], told['latent_dim'], told['feature_dim']) == (12, 1, 8, 4), told


@test
def both_read_the_recorded_tars(folder):
    for name, rows in ('w', 1), ('w3', 3):
        path = FIXTURES / 'dataset' / name / '00001.tar'
        samples = read(str(path), 'img_feat.npy', 'latent.npy')
        told = json.loads(c2l('info', '--json', path, folder=folder))
        assert told['n_samples'] == len(samples) == 12 and told['n_latents'] == rows == samples[0][1].reshape(-1, 32).shape[0]


if __name__ == '__main__':
    print(f'# webdataset {importlib.metadata.version("webdataset")}', flush=True)
    sys.exit(tap.run(TESTS, '/webdataset/'))
