#!/usr/bin/env python3
"""c2l models and c2l download, with a server on 127.0.0.1. Prints TAP.

    tests/cli/test-models.py C2L [PART OF A NAME]"""

import json
import os
import pathlib
import re
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tap
from model_server import FILES, ModelServer

C2L = os.path.abspath(sys.argv[1])
FIXTURES = pathlib.Path(os.environ['C2L_FIXTURES'])
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def environment(folder):
    env = {**os.environ, 'XDG_DATA_HOME': str(folder / 'data'), 'XDG_CACHE_HOME': str(folder / 'cache'), 'LC_ALL': 'C.UTF-8'}
    for name in ('http_proxy', 'all_proxy', 'ALL_PROXY', 'LANGUAGE'):
        env.pop(name, None)
    return env


def c2l(*arguments, folder, expect=0, **options):
    result = subprocess.run([C2L, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=250,
                            env=environment(folder), **{'stdin': subprocess.DEVNULL, **options})
    assert result.returncode == expect, f'c2l {arguments}: exit status {result.returncode}, not {expect}\n{result.stderr}'
    return result


def list_models(folder, *arguments):
    return {line['id']: line for line in map(json.loads, c2l('models', '--json', *arguments, folder=folder).stdout.splitlines())}


@test
def lists_what_is_here_and_what_can_be_had(folder):
    models = list_models(folder)
    assert models['starter']['installed'] and not models['faces']['installed'] and 'landscapes' in models, models
    assert 'size' not in models['faces'], 'nobody has published how large it is'
    text = c2l('models', folder=folder).stdout
    assert 'starter' in text and 'Photographs of people' in text, text
    with ModelServer(FIXTURES) as server:
        tiny = list_models(folder, '--catalogue', server.address)['tiny']
        assert tiny['draws'] == 'Spots of colour.' and tiny['size'] == sum(len(data) for name, data in server.files.items()
                                                                          if name != 'catalogue.json'), tiny


@test
def downloads_imports_and_draws(folder):
    with ModelServer(FIXTURES) as server:
        result = c2l('download', '--catalogue', server.address, '--accept', 'tiny', folder=folder)
        assert 'Spotty Licence 3' in result.stderr and 'Not for stripes.' in result.stderr, result.stderr
        made = pathlib.Path(result.stdout.strip())
        assert made == folder / 'data' / 'clip2latent' / 'models' / 'tiny' and (made / 'model.json').is_file()
        assert list_models(folder, '--catalogue', server.address)['tiny']['installed']
        again = c2l('download', '--catalogue', server.address, '--accept', 'tiny', folder=folder, expect=1)
        assert 'installed already' in again.stderr, again.stderr
    assert not list((folder / 'cache' / 'clip2latent').glob('*.part*'))
    model = json.loads((made / 'model.json').read_text())
    assert model['origin'] == 'tiny' and 'Spotty Licence 3' in model['licences'][0], model
    c2l('generate', '--model', 'tiny', '--random', '--out', 'pictures', folder=folder)
    assert len(list((folder / 'pictures').glob('*.png'))) == 1


@test
def a_configuration_is_fetched_from_beside_the_prior(folder):
    with ModelServer(FIXTURES) as server:
        prior = server.root + 'prior.ckpt'
        c2l('export', 'here.ckpt', '--prior', FIXTURES / 'e2e/w/prior.ckpt', folder=folder)
        c2l('export', 'there.ckpt', '--prior', prior, folder=folder)
        assert (folder / 'here.yaml').read_bytes() == (folder / 'there.yaml').read_bytes()
        c2l('export', 'again.ckpt', '--prior', prior, folder=folder)
        assert server.asked['prior.yaml'] == server.asked['prior.ckpt'] == 1, server.asked
        c2l('export', 'named.ckpt', '--prior', prior, '--config', FIXTURES / 'e2e/w/prior.yaml', folder=folder)
    c2l('export', 'offline.ckpt', '--prior', prior, folder=folder)
    assert (folder / 'offline.yaml').exists()


@test
def a_bad_file_that_was_fetched_can_be_fetched_again(folder):
    good = (FIXTURES / 'e2e/clip.pt').read_bytes()
    files = ['--generator', FIXTURES / 'e2e/w/generator.pkl', '--prior', FIXTURES / 'e2e/w/prior.ckpt']
    with ModelServer(FIXTURES) as server:
        for bad in (b'<!doctype html><title>Sign in</title>', good[:len(good) // 2]):
            server.files['bad.pt'] = bad
            said = c2l('generate', 'a spot', *files, '--clip', server.root + 'bad.pt', folder=folder, expect=1).stderr
            kept = re.match('c2l: ([^:]+-bad.pt): ', said)
            assert kept and 'delete it to have it fetched again' in said, said
            pathlib.Path(kept[1]).unlink()
        server.files['bad.pt'] = good
        c2l('generate', 'a spot', *files, '--clip', server.root + 'bad.pt', folder=folder)


@test
def a_prior_without_its_configuration_is_told_so(folder):
    files = ['--generator', FIXTURES / 'e2e/w/generator.pkl', '--clip', FIXTURES / 'e2e/clip.pt']
    w3 = FIXTURES / 'prior/w3'
    shutil.copyfile(w3 / 'prior.ckpt', folder / 'alone.ckpt')
    with ModelServer(FIXTURES) as server:
        server.files['w3.ckpt'] = server.files['page.ckpt'] = (w3 / 'prior.ckpt').read_bytes()
        server.files['page.yaml'] = b'<html>Sign in: <b>here</b></html>'
        for prior in ('alone.ckpt', server.root + 'w3.ckpt', server.root + 'page.ckpt'):
            said = c2l('generate', 'a spot', *files, '--prior', prior, folder=folder, expect=1).stderr
            assert '--config' in said and pathlib.Path(prior).name in said and said.count('\n') == 1, said
        server.files['w3.yaml'] = (w3 / 'prior.yaml').read_bytes()
        said = c2l('generate', 'a spot', *files, '--prior', server.root + 'w3.ckpt', folder=folder, expect=1).stderr
        assert '--config' not in said and 'trained for it' in said, said
    said = c2l('generate', 'a spot', *files, '--prior', server.root + 'w3.ckpt', folder=folder, expect=1).stderr
    assert 'trained for it' in said, said
    said = c2l('generate', 'a spot', *files, '--prior', server.root + 'other.ckpt', folder=folder, expect=1).stderr
    assert 'other' in said and 'connection' in said, said


@test
def nothing_comes_without_accepted_licences(folder):
    with ModelServer(FIXTURES) as server:
        result = c2l('download', '--catalogue', server.address, 'tiny', folder=folder, expect=2)
        assert 'Spotty Licence 3' in result.stderr and '--accept' in result.stderr, result.stderr
        assert set(server.asked) == {'catalogue.json'}, server.asked


@test
def goes_on_where_it_was_killed(folder):
    with ModelServer(FIXTURES) as server:
        server.slow = 0.05
        child = subprocess.Popen([C2L, 'download', '--catalogue', server.address, '--accept', 'tiny'], cwd=folder, env=environment(folder),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cache = folder / 'cache' / 'clip2latent'
        while not any(part.stat().st_size > 20000 for part in cache.glob('*.part')):
            assert child.poll() is None, 'it ended before it was killed'
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not list(cache.glob('*.pt')), 'a file has its name before it is whole'
        server.slow = 0
        c2l('download', '--catalogue', server.address, '--accept', 'tiny', folder=folder)
        assert server.resumed['clip.pt'] == 1, server.resumed


@test
def killed_again_and_again_it_leaves_no_half_model(folder):
    models, cache = folder / 'data' / 'clip2latent' / 'models', folder / 'cache' / 'clip2latent'
    with ModelServer(FIXTURES) as server:
        server.slow = 0.001
        whole = {path.name: path.read_bytes() for path in map(FIXTURES.joinpath, FILES.values())}
        call = [C2L, 'download', '--catalogue', server.address, '--accept', 'tiny']
        n_killed = 0
        for _ in range(int(os.environ.get('C2L_KILLS', 6))):
            child = subprocess.Popen(call, cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 1.2))
            child.kill()
            n_killed += child.wait() == -signal.SIGKILL
            for model in models.glob('*') if models.exists() else ():
                if '.part-' not in model.name:
                    c2l('info', '--verify', model, folder=folder)
                shutil.rmtree(model)
            for path in cache.glob('*-*'):
                if not path.name.startswith('catalogue-') and not path.name.endswith(('.part', '.part.json')):
                    assert path.read_bytes() == whole[path.name.split('-', 1)[1]], path
        print(f'# {n_killed} killed')
        made = pathlib.Path(c2l(*call[1:], folder=folder).stdout.strip())
        c2l('info', '--verify', made, folder=folder)


@test
def says_what_is_wrong(folder):
    with ModelServer(FIXTURES) as server:
        address = ['--catalogue', server.address, '--accept']
        assert 'c2l download faces' in c2l('generate', '--model', 'faces', 'a', folder=folder, expect=1).stderr
        assert 'c2l models' in c2l('download', 'nobody', folder=folder, expect=2).stderr
        c2l('download', folder=folder, expect=2)
        c2l('models', 'tiny', folder=folder, expect=2)
        assert 'installed already' in c2l('download', '--accept', 'starter', folder=folder, expect=1).stderr
        server.broken.add('prior.ckpt')
        assert '404' in c2l('download', *address, 'tiny', folder=folder, expect=1).stderr
        server.broken.clear()
        server.set_model(generator={'sha256': '0' * 64})
        assert 'SHA-256' in c2l('download', *address, 'tiny', folder=folder, expect=1).stderr
        server.files['catalogue.json'] = b'{"format": 99}'
        assert 'format' in c2l('models', *address[:2], folder=folder, expect=1).stderr
    result = c2l('models', *address[:2], folder=folder, expect=1)
    assert 'connection' in result.stderr, result.stderr
    assert not (folder / 'data' / 'clip2latent' / 'models').exists()


if __name__ == '__main__':
    sys.exit(tap.run(TESTS, '/c2l/', sys.argv[2] if len(sys.argv) > 2 else None))
