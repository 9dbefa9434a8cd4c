#!/usr/bin/env python3
"""Checkpoints of c2l train and c2l export in Python: torch.load, and the original's own code with a strict load_state_dict. Prints TAP; skips
where torch is not installed for this Python nor for the one that C2L_PYTHON names. C2L_ORIGINAL names a folder with the original
(justinpinkney/clip2latent), whose dalle2-pytorch must be installed; without it its part is skipped.

    tests/cli/test-torch.py C2L [PART OF A NAME]"""

import os
import pathlib
import subprocess
import sys
import types

import tap

torch, = tap.need('torch')

from training import BLIND, TINY, WIDTH, make_data

C2L = os.path.abspath(sys.argv[1])
ORIGINAL = os.environ.get('C2L_ORIGINAL')
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def c2l(*arguments, folder):
    subprocess.run([C2L, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True, timeout=250)


def make(folder, *overrides):
    """A checkpoint of a training, and its configuration."""
    make_data(folder)
    c2l('train', '--run', 'run', *TINY, *BLIND, 'train.max_it=3', *overrides, folder=folder)
    return folder / 'run/checkpoints/00000003.ckpt', folder / 'run/config.yaml'


def export(folder):
    c2l('export', 'prior.ckpt', folder=folder)
    return folder / 'prior.ckpt', folder / 'prior.yaml'


@test
def torch_reads_a_checkpoint(folder):
    tree = torch.load(make(folder)[0], map_location='cpu', weights_only=True)
    state, own = tree['state_dict'], tree['c2l']
    query = state['diffusion_prior.net.learned_query']
    assert query.shape == (WIDTH,) and query.dtype == torch.float32 and torch.isfinite(query).all()
    assert float(state['step']) == 3 and torch.equal(state['ema_diffusion_prior.online_model.net.learned_query'], query)
    assert own['train.first_moment.net.learned_query'].abs().max() > 0


@test
def torch_reads_an_exported_prior(folder):
    state = torch.load(export(folder)[0], map_location='cpu', weights_only=True)['state_dict']
    prefix = 'ema_diffusion_prior.ema_model.'
    names = [name for name in state if name.startswith(prefix)]
    assert len(names) > 50 and all(torch.isfinite(state[name].float()).all() for name in names)


def open_original(config):
    """The original's trainer for a configuration, without the generator and CLIP, which checkpoints do not hold."""
    sys.path.insert(0, ORIGINAL)
    for unused in ('clip', 'youtokentome'):
        sys.modules.setdefault(unused, types.ModuleType(unused))
    import clip2latent.models
    import omegaconf
    clip2latent.models.load_sg = clip2latent.models.Clipper = lambda *unused: torch.nn.Identity()
    return clip2latent.models.load_models(omegaconf.OmegaConf.create(config), 'cpu')[2]


def load_strictly(checkpoint, config):
    import omegaconf
    config = omegaconf.OmegaConf.load(config)
    defaults = {'data': {'n_latents': 1, 'latent_repeats': [8], 'sg_pkl': '', 'clip_variant': ''},
                'train': {'znorm_embed': False, 'znorm_latent': True, 'lr': 1e-4, 'weight_decay': 0.01, 'ema_beta': 0.9999, 'ema_update_every': 10}}
    trainer = open_original(omegaconf.OmegaConf.merge(defaults, config))
    state = torch.load(checkpoint, map_location='cpu', weights_only=True)['state_dict']
    trainer.load_state_dict(state, strict=True)
    prior = trainer.ema_diffusion_prior.ema_model
    assert torch.equal(prior.net.learned_query, state['ema_diffusion_prior.ema_model.net.learned_query'])
    width = state['ema_diffusion_prior.ema_model.latent_mean'].shape[-1]
    prior.set_timestep_skip(250 if prior.num_timesteps == 1000 else 1)
    latents = prior.eval().sample(torch.randn(2, width), show_progress=False)
    assert latents.shape[0] == 2 and torch.isfinite(latents).all()


if ORIGINAL:
    @test
    def the_original_goes_on_with_a_run(folder):
        load_strictly(*make(folder))

    @test
    def the_original_draws_with_an_exported_prior(folder):
        load_strictly(*export(folder))


if __name__ == '__main__':
    sys.exit(tap.run(TESTS, '/torch/', sys.argv[2] if len(sys.argv) > 2 else None))
