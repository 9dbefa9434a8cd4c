#!/usr/bin/env python3
"""c2l train as a person, a script or a crash meets it: runs that are stopped, killed and resumed, that go astray, that find the disk full.
Prints TAP.

    tests/cli/test-train.py C2L [PART OF A NAME]

C2L_KILLS says how often the kill test kills (5)."""

import io
import json
import math
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time
import zipfile

import tap
from training import BLIND, FIXTURES, SEEING, TINY, Reader, assert_same_end, checkpoints, load, make_data, metrics, n_lines, status, wait_for

C2L = os.path.abspath(sys.argv[1])
KILLS = int(os.environ.get('C2L_KILLS', '5'))
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def call(*arguments, folder, expect=0, **options):
    result = subprocess.run([C2L, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=250, **options)
    assert result.returncode == expect, f'c2l {arguments}: exit status {result.returncode}, not {expect}\n{result.stderr}'
    return result


def train(folder, run, *overrides, expect=0, models=BLIND, **options):
    tiny = [setting for setting in TINY if not any(override.startswith('data.path=') for override in overrides) or not setting.startswith('data.path=')]
    return call('train', '--run', run, *tiny, *models, *overrides, folder=folder, expect=expect, **options)


def resume(folder, run, *overrides, expect=0, **options):
    return call('train', '--run', run, '--resume', *overrides, folder=folder, expect=expect, **options)


def start(folder, *arguments):
    return subprocess.Popen([C2L, 'train', *map(str, arguments)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


@test
def a_run_is_complete(folder):
    make_data(folder)
    train(folder, 'run', 'train.max_it=40', 'train.val_it=20', 'train.keep=1', models=SEEING)
    run = folder / 'run'
    lines = metrics(run)
    assert [line['step'] for line in lines] == [*range(1, 21), 20, *range(21, 41), 40]
    assert all(math.isfinite(line['loss']) and line['lr'] == 1e-4 and line['grad_norm'] > 0 for line in lines if 'loss' in line)
    for name in ('image-similarity', 'image-vars', 'text2im', 'text2im-super2'):
        assert all(-1 <= line[f'val/{name}'] <= 1 for line in lines if 'loss' not in line)
        assert (run / 'samples/00000020' / f'{name}.png').read_bytes()[:4] == b'\x89PNG'
    state = status(run)
    assert state['state'] == 'finished' and state['step'] == state['steps'] == 40 and state['best_step'] in (20, 40), state
    assert checkpoints(run) == ['00000040.ckpt', 'best.ckpt']
    assert abs(lines[0]['epoch'] - 16 / 120) < 0.05 and abs(lines[-1]['epoch'] - 640 / 120) < 1e-9, (lines[0], lines[-1])
    assert list(run.glob('events.out.tfevents.*')) and 'max_it: 40' in (run / 'config.yaml').read_text()
    assert 'prior' in call('info', run / 'checkpoints/best.ckpt', folder=folder).stdout
    again = json.loads(call('evaluate', 'run', '--json', '--quick', '--pictures', 4, '--samples', 2, '--steps', 2, folder=folder).stdout)
    best = next(line for line in lines if line['step'] == state['best_step'] and 'loss' not in line)
    for name in ('image-similarity', 'text2im', 'text2im-super2'):
        assert abs(again[name] - best[f'val/{name}']) < 1e-5, (name, again, best)


@test
def the_loss_falls(folder):
    make_data(folder)
    train(folder, 'run', 'train.max_it=400', 'train.lr=3.0e-3', 'data.embed_noise_scale=0.1', 'train.log_it=50')
    losses = [line['loss'] for line in metrics(folder / 'run')]
    assert losses[-1] < 0.8 * losses[0], losses


@test
def a_checkpoint_is_the_originals(folder):
    make_data(folder)
    train(folder, 'run', 'train.max_it=3')
    tree = load(folder / 'run/checkpoints/00000003.ckpt')
    state, own = tree['state_dict'], tree['c2l']
    names = {name[len('diffusion_prior.'):] for name in state if name.startswith('diffusion_prior.')}
    for prefix in ('ema_diffusion_prior.online_model.', 'ema_diffusion_prior.ema_model.'):
        assert {name[len(prefix):] for name in state if name.startswith(prefix)} == names
    assert {'net.learned_query', 'net.causal_transformer.project_out.weight', 'latent_mean', 'betas'} <= names
    assert not [name for name in state if name.startswith('c2l')]
    assert [struct.unpack('<f', state[name])[0] for name in ('step', 'ema_diffusion_prior.initted')] == [3, 1]
    assert {'trainer.position', 'trainer.memory', 'train.step'} <= set(own)


@test
def resumed_it_is_as_if_never_stopped(folder):
    make_data(folder)
    settings = ['train.max_it=60', 'train.val_it=25', 'train.checkpoint_it=7', 'train.log_it=4', 'train.grad_accum=2', 'train.max_grad_norm=1',
                'train.lr_schedule=cosine', 'train.warmup=10']
    train(folder, 'whole', *settings)
    train(folder, 'parts', *settings, 'train.max_it=30')
    resume(folder, 'parts', 'train.max_it=60')
    # The schedule ends elsewhere in the first part, so begin again with the same one and stop it on the way.
    process = start(folder, '--run', 'parts-2', *TINY, *BLIND, *settings)
    wait_for(lambda: n_lines(folder / 'parts-2') >= 2 or process.poll() is not None)
    (folder / 'parts-2/stop').touch()
    assert process.wait(60) == 0
    resume(folder, 'parts-2')
    assert metrics(folder / 'parts-2') == metrics(folder / 'whole')
    assert_same_end(folder / 'parts-2', folder / 'whole')
    assert [line['step'] for line in metrics(folder / 'parts')] == list(range(4, 61, 4))


@test
def it_is_resumed_from_any_folder(folder):
    make_data(folder)
    train(folder, 'run', 'train.max_it=10', 'train.val_it=10', models=SEEING)
    (folder / 'elsewhere').mkdir()
    resume(folder / 'elsewhere', '../run', 'train.max_it=20')
    assert [line['step'] for line in metrics(folder / 'run')] == [*range(1, 11), 10, *range(11, 21), 20]
    call('evaluate', '../run', '--quick', '--pictures', 0, '--variations', 0, '--samples', 1, '--steps', 2, folder=folder / 'elsewhere')


@test
def validations_resume_too(folder):
    make_data(folder)
    settings = ['train.max_it=30', 'train.val_it=10']
    train(folder, 'whole', *settings, models=SEEING)
    train(folder, 'parts', *settings, 'train.max_it=10', models=SEEING)
    resume(folder, 'parts', 'train.max_it=30')
    assert metrics(folder / 'parts') == metrics(folder / 'whole')
    assert status(folder / 'parts')['best_value'] == status(folder / 'whole')['best_value']


@test
def sigterm_leaves_a_checkpoint(folder):
    make_data(folder)
    run = folder / 'run'
    for number in (signal.SIGTERM, signal.SIGINT):
        before = n_lines(run)
        process = start(folder, '--run', 'run', *(['--resume'] if run.exists() else [*TINY, *BLIND, 'train.max_it=1_000_000']))
        wait_for(lambda: n_lines(run) > before + 20, process)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 128 + number and 'stopped at step' in errors, (process.returncode, errors)
        state = status(run)
        assert state['state'] == 'stopped' and f'{state["step"]:08d}.ckpt' in checkpoints(run), (state, checkpoints(run))
        assert metrics(run)[-1]['step'] == state['step']


@test
def killed_it_loses_nothing_that_was_saved(folder):
    make_data(folder)
    settings = ['train.max_it=1500', 'train.val_it=200', 'train.checkpoint_it=60', 'train.log_it=3']
    train(folder, 'whole', *settings)
    run, draw = folder / 'run', random.Random(KILLS)
    arguments = ['--run', 'run', *TINY, *BLIND, *settings]
    for number in range(KILLS):
        process = start(folder, *arguments)
        time.sleep(draw.uniform(0, 0.6))
        process.kill()
        process.communicate()
        saved = checkpoints(run) if (run / 'checkpoints').exists() else []
        for name in saved:
            if not name.startswith('.'):
                load(run / 'checkpoints' / name)
        if (run / 'config.yaml').exists():
            arguments = ['--run', 'run', '--resume']
    process = start(folder, *arguments)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert metrics(run) == metrics(folder / 'whole')
    assert_same_end(run, folder / 'whole')


@test
def killed_in_a_validation_it_repeats_it(folder):
    make_data(folder)
    settings = ['train.max_it=20', 'train.val_it=10', 'train.val_steps=50', 'data.val_im_samples=16']
    train(folder, 'whole', *SEEING, *settings, models=[])
    process = start(folder, '--run', 'run', *TINY, *SEEING, *settings)
    wait_for(lambda: (folder / 'run/checkpoints/00000010.ckpt').exists(), process)
    process.kill()
    process.communicate()
    resume(folder, 'run')
    assert metrics(folder / 'run') == metrics(folder / 'whole')


@test
def a_run_that_goes_astray_says_so(folder):
    make_data(folder)
    run = folder / 'run'
    train(folder, 'run', 'train.max_it=30', 'train.val_it=10')
    result = resume(folder, 'run', 'train.max_it=500', 'train.lr=1.0e+5', expect=1)
    state = status(run)
    assert state['state'] == 'failed' and 'went astray' in state['message'] and 'lower train.lr' in state['message'], state
    assert 'step 30' in state['message'] and 'went astray' in result.stderr and 'went astray' in (run / 'log.txt').read_text(), state
    assert checkpoints(run)[-1] == '00000030.ckpt'
    resume(folder, 'run', 'train.lr=1.0e-4', 'train.max_it=40')
    assert status(run)['state'] == 'finished' and all(math.isfinite(line['loss']) for line in metrics(run))
    train(folder, 'fresh', 'train.lr=1.0e+6', expect=1)
    assert 'there was no checkpoint yet' in status(folder / 'fresh')['message']


@test
def a_loss_that_explodes_ends_the_run(folder):
    make_data(folder)
    train(folder, 'run', 'train.max_it=30', 'train.val_it=10')
    # A lowest loss of its own scale is exceeded by any.
    result = resume(folder, 'run', 'train.max_it=100', 'train.max_loss=0.5', expect=1)
    assert 'many times its lowest' in result.stderr, result.stderr


@test
def a_folder_has_one_trainer(folder):
    make_data(folder)
    run = folder / 'run'
    process = start(folder, '--run', 'run', *TINY, *BLIND, 'train.max_it=1_000_000')
    wait_for(lambda: n_lines(run) > 5, process)
    before = n_lines(run)
    for result in (resume(folder, 'run', expect=1), train(folder, 'run', expect=1)):
        assert 'a trainer works in this folder already' in result.stderr, result.stderr
    wait_for(lambda: n_lines(run) > before, process)
    process.terminate()
    process.communicate(timeout=60)
    assert status(run)['state'] == 'stopped'
    assert 'there is a run already' in train(folder, 'run', expect=1).stderr


@test
def requests_are_files(folder):
    make_data(folder)
    run = folder / 'run'
    process = start(folder, '--run', 'run', *TINY, *BLIND, 'train.max_it=1_000_000')
    wait_for(lambda: n_lines(run) > 5, process)
    assert checkpoints(run) == []
    (run / 'checkpoint').touch()
    wait_for(lambda: [name for name in checkpoints(run) if name[0] != '.'], process)
    assert not (run / 'checkpoint').exists()
    before = n_lines(run)
    wait_for(lambda: n_lines(run) > before, process)
    (run / 'stop').touch()
    process.communicate(timeout=60)
    assert process.returncode == 0 and not (run / 'stop').exists() and status(run)['state'] == 'stopped'


@test
def early_stopping_ends_what_does_not_get_better(folder):
    make_data(folder)
    train(folder, 'run', 'train.max_it=1000', 'train.val_it=5', 'train.lr=0', 'train.early_stop=3', 'train.keep=1', models=SEEING)
    state = status(folder / 'run')
    assert state['state'] == 'finished' and state['step'] == 20 and state['best_step'] == 5 and 'early' in state['message'], state
    assert checkpoints(folder / 'run') == ['00000020.ckpt', 'best.ckpt']
    best = load(folder / 'run/checkpoints/best.ckpt')
    assert struct.unpack('<f', best['state_dict']['step'])[0] == 5


@test
def a_full_disk_is_said(folder):
    make_data(folder)
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    result = train(folder, 'run', 'train.max_it=1000', expect=1, preexec_fn=limit)
    assert 'cannot be written' in result.stderr and status(folder / 'run')['state'] == 'failed', result.stderr
    assert n_lines(folder / 'run') > 10 and metrics(folder / 'run')

    train(folder, 'other', 'train.max_it=10')
    size = (folder / 'other/checkpoints/00000010.ckpt').stat().st_size
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))
    result = resume(folder, 'other', 'train.max_it=20', expect=1, preexec_fn=limit)
    assert 'the checkpoint of step 20' in result.stderr and status(folder / 'other')['state'] == 'failed', result.stderr
    assert checkpoints(folder / 'other') == ['00000010.ckpt']
    resume(folder, 'other', 'train.max_it=20')
    assert [line['step'] for line in metrics(folder / 'other')] == list(range(1, 21))


@test
def wrong_use_is_answered(folder):
    make_data(folder)
    for arguments, words in [
        (['train.learning_rate=1'], '“train.lr”'),
        (['train.max_it=many'], 'train.max_it'),
        (['faster'], 'not an override'),
        (['data=cats'], 'sg2-ffhq'),
        (['data.path=data/00.tar', 'data.path=data/01.tar'], 'in quotes'),
        (['--resume'], '--run'),
        (['--run', ''], '--run'),
        (['--run', 'nowhere', '--resume'], 'no run to resume'),
        (['--threads', '-1'], '--threads'),
    ]:
        result = call('train', *arguments, folder=folder, expect=2)
        assert words in result.stderr and result.stdout == '', (arguments, result.stderr)
    assert not (folder / 'nowhere').exists()
    for arguments, words in [(['data.path=data/{05..07}.tar'], '05.tar'), (['device=abacus'], 'abacus'), (['data.latent_dim=8', 'data.latent_repeats=[8]'], 'data.latent_dim'),
                             (['resume=nowhere.ckpt'], 'nowhere.ckpt')]:
        result = train(folder, 'run', *arguments, expect=1)
        assert words in result.stderr and status(folder / 'run')['state'] == 'failed', (arguments, result.stderr)
    train(folder, 'run', 'train.max_it=2')  # nothing was lost by the attempts


@test
def what_has_no_meaning_here_is_answered_once(folder):
    make_data(folder)
    result = train(folder, 'run', 'train.max_it=2', 'logging=wandb', 'wandb_project=faces', 'wandb_entity=me')
    assert result.stderr.count('metrics go to the run\'s folder') == 1, result.stderr
    text = call('train', '--show', 'data=starter', folder=folder).stdout
    assert 'bundle: starter' in text and 'depth: 6' in text


@test
def a_checkpoint_of_the_original_is_a_beginning(folder):
    make_data(folder)
    source = FIXTURES / 'prior/w/prior.ckpt'
    call('train', '--run', 'run', '--config', FIXTURES / 'prior/w/prior.yaml', *BLIND, 'data.bs=16', 'data.path=data/{00..02}.tar', f'resume={source}', 'train.lr=0',
         'train.weight_decay=0', 'train.max_it=2', folder=folder)
    tree = load(folder / 'run/checkpoints/00000002.ckpt')['state_dict']
    with zipfile.ZipFile(source) as archive:
        top = next(name for name in archive.namelist() if name.endswith('data.pkl'))[:-len('data.pkl')]
        original = Reader(io.BytesIO(archive.read(top + 'data.pkl'))).load()['state_dict']
        for name in ('net.learned_query', 'net.causal_transformer.norm.gamma'):
            average = archive.read(f'{top}data/{original["ema_diffusion_prior.ema_model." + name][0]}')
            assert tree['ema_diffusion_prior.ema_model.' + name] == tree['diffusion_prior.' + name] == average, name
    assert struct.unpack('<f', tree['step'])[0] == 2


@test
def held_back_samples_give_a_loss(folder):
    make_data(folder)
    train(folder, 'run', 'data.path=data/{00..01}.tar', 'data.val_path=data/02.tar', 'train.max_it=200', 'train.val_it=50', 'train.lr=3.0e-3', 'train.ema_beta=0.9',
          'train.best_by=loss', 'train.log_it=50', 'data.embed_noise_scale=0.1')
    losses = {line['step']: line['val/loss'] for line in metrics(folder / 'run') if 'val/loss' in line}
    assert list(losses) == [50, 100, 150, 200] and len(set(losses.values())) == 4 and all(0 < loss < 1.5 for loss in losses.values()), losses
    state = status(folder / 'run')
    assert state['best_value'] == min(losses.values()) and losses[state['best_step']] == state['best_value'], (state, losses)
    resume(folder, 'run', 'train.lr=0', 'train.max_it=250', 'train.ema_beta=1')
    again = [line['val/loss'] for line in metrics(folder / 'run') if 'val/loss' in line]
    assert again[-1] == losses[200]
    assert 'data.val_path' in train(folder, 'other', 'train.best_by=loss', expect=1).stderr


@test
def a_model_is_judged(folder):
    arguments = ['evaluate', '--pictures', 4, '--variations', 2, '--samples', 2, '--steps', 2, '--json']
    first = json.loads(call(*arguments, '--grids', 'grids', folder=folder).stdout)
    assert sorted(path.name for path in (folder / 'grids').iterdir()) == ['image-similarity.png', 'image-vars.png', 'text2im-super2.png', 'text2im.png']
    for guidance in (1, 2, 4):
        for truncation in ('1', '0.7'):
            where = f'g{guidance}/psi{truncation}'
            assert -1 <= first[f'clip-score/{where}'] <= 1 and 0 <= first[f'diversity/{where}'] <= 2
    assert first['clip-score/g1/psi1'] == first['text2im'] and first['clip-score/g2/psi1'] == first['text2im-super2']
    assert first['diversity/g1/psi0.7'] < first['diversity/g1/psi1']  # nearer to the mean, nearer to each other
    assert json.loads(call(*arguments, folder=folder).stdout) == first
    assert json.loads(call(*arguments, '--seed', 1, folder=folder).stdout) != first
    (folder / 'prompts.txt').write_text('a person with red hair\n')
    quick = call(*arguments[:-1], '--quick', '-p', 'prompts.txt', folder=folder).stdout
    assert 'text2im' in quick and 'clip-score' not in quick


@test
def wrong_use_of_evaluate_is_answered(folder):
    (folder / 'empty.txt').write_text('\n')
    for arguments, words, expect in [(['a', 'b'], 'one run or one model', 2), (['--samples', '0'], '--samples', 2), (['--pictures', '-1'], '--pictures', 2),
                                     (['--steps', '7'], '7', 2), (['nowhere'], 'nowhere', 1), (['--prompts', 'none.txt'], 'none.txt', 1),
                                     (['--prompts', 'empty.txt'], 'no prompts', 1)]:
        result = call('evaluate', *arguments, folder=folder, expect=expect)
        assert words in result.stderr and result.stdout == '', (arguments, result.stderr)


if __name__ == '__main__':
    sys.exit(tap.run(TESTS, '/train/', sys.argv[2] if len(sys.argv) > 2 else None))
