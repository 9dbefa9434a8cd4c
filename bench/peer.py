"""The peer of the benchmark: the original program's own classes on PyTorch, one case a process.

Nothing of the original is written anew here: networks_stylegan2.Generator with its reference operations, CLIP's
build_model, dalle2-pytorch's network and clip2latent's LatentPrior, Clipper and Clip2StyleGAN are imported from the
checkouts named on the command line, given random weights of the published sizes and saved to files that the
original then loads itself. What may differ is how PyTorch is told to run them: a setting is "original" followed by any of

    +unfused        StyleGAN's own other path: activations scaled, weights shared (fused_modconv=False)
    +channels-last  weights channels-last
    +bf16           torch.autocast to bfloat16
    +bf16-weights   weights converted to bfloat16 (prior and CLIP)
    +compile        torch.compile on the network
    +freeze         torch.compile with frozen, prepacked weights
    +memory         freed memory is kept and huge pages are used, so that it is not faulted in again each time
    +no-asserts     Python without assertions: the original's own forbid autocast between its blocks
    +batchN         N pictures at a time through the synthesis (headline), or --batch-size N (dataset; else 16 of the default 32)

and "tuned" (tuned.py, which is ours and not the original) takes the same words where they have a meaning.

PyTorch is imported inside the functions, after main has set the environment that it reads.
Protocol: one run for each line that comes in, one line {"seconds": …} out for each; the first run is the warm-up.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
import warnings

CASES = {
    'sg2-1024': 'StyleGAN2 1024², one picture',
    'headline': 'one prompt → 16 pictures at 1024², scored and sorted',
    'prior': 'prior “mid”, four steps, 16 latents, guidance 2',
    'clip': 'CLIP ViT-B/32, one prompt and 16 images of 224²',
    'dataset': '16 samples of training data from StyleGAN2 1024², with pictures',
    'train': 'one step of training the prior “mid”, batch 512',
}
PROMPT = 'a photograph of a person with red hair and glasses'
N_PICTURES = 16
CHECKOUT = None  # of clip2latent; set by main
SKIP = 250  # of 1000 steps: four remain
GUIDANCE = 2.0
BATCH = 512

# glibc gives big blocks back to the kernel at once; PyTorch then pays for zeroed pages at every layer.
MEMORY_ENVIRONMENT = {
    'MALLOC_MMAP_MAX_': '0',
    'MALLOC_TRIM_THRESHOLD_': '-1',
    'MALLOC_TOP_PAD_': str(64 << 20),
    'THP_MEM_ALLOC_ENABLE': '1',
}

CONFIG = """
train: {znorm_embed: false, znorm_latent: true, lr: 1.0e-4, weight_decay: 1.0e-2, ema_beta: 0.9999, ema_update_every: 10}
model:
  network: {dim: 512, num_timesteps: 1000, depth: 12, dim_head: 64, heads: 12}
  diffusion: {image_embed_dim: 512, timesteps: 1000, cond_drop_prob: 0.2, image_embed_scale: 1.0,
              text_embed_scale: 1.0, beta_schedule: cosine, predict_x_start: true}
data: {n_latents: 1, latent_dim: 512, latent_repeats: [18]}
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--clip2latent', required=True)
    parser.add_argument('--stylegan3', required=True)
    parser.add_argument('--clip', required=True)
    parser.add_argument('--case', choices=CASES)
    parser.add_argument('--setting', default='original')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--describe', action='store_true', help='print versions and how PyTorch was built')
    parser.add_argument('--check', action='store_true', help='compare tuned.py with the original and leave')
    return parser.parse_args()


def restart_where_needed(words):
    """The C library reads its settings when a process starts, and so does Python: start again with them."""
    options = ['-O'] if 'no-asserts' in words and __debug__ else []
    if 'memory' in words and os.environ.get('MALLOC_MMAP_MAX_') != '0':
        os.environ.update(MEMORY_ENVIRONMENT)
    elif not options:
        return
    os.execv(sys.executable, [sys.executable] + options + sys.argv)


def random_generator():
    """Config F at 1024², as published: 32768 / resolution channels, at most 512; noise strengths are not zero."""
    import torch
    from training import networks_stylegan2
    generator = networks_stylegan2.Generator(
        z_dim=512, c_dim=0, w_dim=512, img_resolution=1024, img_channels=3,
        channel_base=32768, channel_max=512, mapping_kwargs={'num_layers': 8})
    for name, parameter in generator.named_parameters():
        if name.endswith('noise_strength'):
            torch.nn.init.constant_(parameter, 0.1)
    return generator.eval().requires_grad_(False)


def save_random_clip(path):
    """A ViT-B/32 with CLIP's own initialisation, as the TorchScript archive that OpenAI publishes."""
    import torch
    from clip.model import CLIP
    model = CLIP(embed_dim=512, image_resolution=224, vision_layers=12, vision_width=768, vision_patch_size=32,
                 context_length=77, vocab_size=49408, transformer_width=512, transformer_heads=8, transformer_layers=12)
    inputs = torch.zeros(1, 3, 224, 224), torch.zeros(1, 77, dtype=torch.long)
    torch.jit.save(torch.jit.trace(model, inputs, check_trace=False), path)


def load_clipper(folder):
    from clip2latent.models import Clipper
    path = os.path.join(folder, 'clip.pt')
    save_random_clip(path)
    return Clipper(path).eval().requires_grad_(False)


def config_of(**data):
    from omegaconf import OmegaConf
    config = OmegaConf.create(CONFIG)
    config.data.update(data)
    return config


def load_prior():
    """As load_models does it; statistics are those of a unit normal."""
    import torch
    from clip2latent.latent_prior import LatentPrior
    from dalle2_pytorch import DiffusionPriorNetwork
    config = config_of()
    return LatentPrior(
        DiffusionPriorNetwork(**config.model.network), num_latents=1, latent_repeats=config.data.latent_repeats,
        latent_stats=(torch.zeros(512), torch.ones(512)), **config.model.diffusion).eval().requires_grad_(False)


def load_pipeline(folder):
    """Clip2StyleGAN from files, through the original's own loaders."""
    import pickle
    from clip2latent.models import Clip2StyleGAN
    generator_path, clip_path = os.path.join(folder, 'generator.pkl'), os.path.join(folder, 'clip.pt')
    save_random_clip(clip_path)
    generator = random_generator()
    with open(generator_path, 'wb') as file:
        pickle.dump({'G': generator, 'D': generator, 'G_ema': generator}, file)
    del generator
    config = config_of(sg_pkl=generator_path, clip_variant=clip_path)
    model = Clip2StyleGAN(config, 'cpu').eval().requires_grad_(False)
    model.diffusion_prior.latent_std.fill_(1)  # without a checkpoint the original leaves zeros
    return model


def in_batches(synthesis, size):
    """The same network, fed with a few pictures at a time: its best batch size is not always all of them."""
    import torch

    def forward(ws, **arguments):
        return torch.cat([synthesis(part, **arguments) for part in ws.split(size)])
    return forward


class Replaced:
    """Stands for G where only G.synthesis is wanted."""

    def __init__(self, synthesis):
        self.synthesis = synthesis


def compiled(function, words):
    import torch
    if 'freeze' in words:
        import torch._inductor.config
        torch._inductor.config.freezing = True
    elif 'compile' not in words:
        return function
    return torch.compile(function)


def synthesis_of(generator, kind, words):
    import torch
    if kind == 'tuned':
        from tuned import TunedSynthesis
        network = TunedSynthesis(generator.synthesis, torch.bfloat16 if 'bf16' in words else torch.float32)
        network.one = compiled(network.one, words)
        return network
    network = generator.synthesis
    if 'channels-last' in words:
        network.to(memory_format=torch.channels_last)
    network = compiled(network, words)
    if 'unfused' in words:
        return lambda ws, **arguments: network(ws, fused_modconv=False, **arguments)
    return network


def make_sg2(kind, words, _folder):
    import torch
    generator = random_generator()
    w = generator.mapping(torch.randn(1, 512), None)
    synthesis = synthesis_of(generator, kind, words)
    return lambda: synthesis(w, noise_mode='const')


def make_headline(kind, words, folder):
    model = load_pipeline(folder)
    size = next((int(word[5:]) for word in words if word.startswith('batch')), N_PICTURES)
    synthesis = in_batches(synthesis_of(model.G, kind, words), size)
    del model.G
    model.G = Replaced(synthesis)
    return lambda: model([PROMPT], n_samples_per_txt=N_PICTURES, cond_scale=GUIDANCE, skips=SKIP, clip_sort=True,
                         show_progress=False)


class InBfloat16:
    """A network with bfloat16 weights in the place of a float32 one: converts at its border."""

    def __new__(cls, network):
        import torch

        class Border(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.network = network.to(torch.bfloat16)

            def forward(self, x, **arguments):
                return self.network(x.to(torch.bfloat16), **arguments).float()
        return Border()


def make_prior(_kind, words, _folder):
    import torch
    prior = load_prior()
    prior.set_timestep_skip(SKIP)
    network = prior.net.causal_transformer
    if 'bf16-weights' in words:
        network = InBfloat16(network)
    prior.net.causal_transformer = compiled(network, words)
    text = torch.randn(1, 512).repeat_interleave(N_PICTURES, dim=0)
    return lambda: prior.sample(text.clone(), cond_scale=GUIDANCE, show_progress=False)


def clip_to_bfloat16(model):
    """What CLIP's own convert_weights does for float16: all but the LayerNorms and embeddings."""
    import torch
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear, torch.nn.MultiheadAttention)):
            module.to(torch.bfloat16)
    model.text_projection.data = model.text_projection.data.bfloat16()
    model.visual.proj.data = model.visual.proj.data.bfloat16()


def make_clip(_kind, words, folder):
    import torch
    clipper = load_clipper(folder)
    if 'bf16-weights' in words:
        clip_to_bfloat16(clipper.clip)
    clipper.clip.visual.transformer = compiled(clipper.clip.visual.transformer, words)
    clipper.clip.transformer = compiled(clipper.clip.transformer, words)
    images = torch.rand(N_PICTURES, 3, 224, 224) * 2 - 1
    return lambda: (clipper.embed_text([PROMPT]), clipper.embed_image(images))


def load_dataset_script():
    """generate_dataset.py as it is, but for its device: it names a GPU, and here there is a processor."""
    import types
    path = os.path.join(CHECKOUT, 'scripts', 'generate_dataset.py')
    with open(path) as file:
        source = file.read()
    ours = source.replace('f"cuda:{device_index}"', '"cpu"')
    assert ours != source, f'{path}: the device is not where it was'
    module = types.ModuleType('generate_dataset')
    exec(compile(ours, path, 'exec'), module.__dict__)
    return module


def make_dataset(_kind, words, folder):
    """Its run_folder_list and make_webdataset; models are loaded once and not in each run, which would be the peer's loss."""
    import pathlib
    script = load_dataset_script()
    generator, clipper = random_generator(), load_clipper(folder)
    script.generators['made-up'] = lambda: generator
    script.Clipper = lambda variant: clipper
    size = next((int(word[5:]) for word in words if word.startswith('batch')), 32)

    def run():
        with tempfile.TemporaryDirectory(prefix='c2l-peer-') as place:
            raw = pathlib.Path(place) / 'raw'
            raw.mkdir()
            script.run_folder_list(0, raw, 'made-up', 'made-up', 256, size, 16, N_PICTURES, [0], save_im=True)
            script.make_webdataset(raw, pathlib.Path(place) / 'packed')
    return run


def make_train(_kind, _words, _folder):
    """What train.py does with a batch: loss, backward, AdamW, average. Its data loader's work is not in it."""
    import torch
    from dalle2_pytorch.train import DiffusionPriorTrainer
    torch.set_grad_enabled(True)
    config = config_of()
    trainer = DiffusionPriorTrainer(
        load_prior().requires_grad_(True), lr=config.train.lr, wd=config.train.weight_decay,
        ema_beta=config.train.ema_beta, ema_update_every=config.train.ema_update_every)
    trainer.train()
    latents, features = torch.randn(BATCH, 512), torch.randn(BATCH, 512)

    def step():
        trainer(image_embed=latents.clone(), text_embed=features.clone())
        trainer.update()
    return step


MAKERS = {'dataset': make_dataset, 'sg2-1024': make_sg2, 'headline': make_headline, 'prior': make_prior, 'clip': make_clip,
          'train': make_train}


def describe():
    import torch
    lines = torch.__config__.show().splitlines()
    wanted = ('Math Kernel', 'MKL-DNN', 'CPU capability')
    return {'torch': torch.__version__, 'python': sys.version.split()[0],
            'built with': [line.strip(' -') for line in lines if any(word in line for word in wanted)]}


def check():
    """The largest difference between tuned.py and the original, relative to the largest value."""
    import torch
    generator = random_generator()
    w = generator.mapping(torch.randn(1, 512), None)
    expected = generator.synthesis(w, noise_mode='const')
    result = {}
    for words in (['f32'], ['bf16']):
        difference = synthesis_of(generator, 'tuned', words)(w) - expected
        result[words[0]] = (difference.abs().max() / expected.abs().max()).item()
    return result


def serve(run, bf16, answers):
    import torch
    context = torch.autocast('cpu', torch.bfloat16) if bf16 else contextlib.nullcontext()
    for _ in sys.stdin:
        with context:
            start = time.perf_counter()
            run()
            seconds = time.perf_counter() - start
        print(json.dumps({'seconds': seconds}), file=answers, flush=True)


def main():
    arguments = parse_arguments()
    kind, *words = arguments.setting.split('+')
    restart_where_needed(words)
    # The original's packages print; what they print must not come between the answers.
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    os.environ.setdefault('OMP_NUM_THREADS', str(arguments.threads))
    global CHECKOUT
    CHECKOUT = os.path.abspath(arguments.clip2latent)
    for folder in (arguments.clip, arguments.clip2latent, arguments.stylegan3):
        sys.path.insert(0, os.path.abspath(folder))
    import torch
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    if arguments.describe:
        print(json.dumps(describe()), file=answers)
    elif arguments.check:
        print(json.dumps(check()), file=answers)
    else:
        with tempfile.TemporaryDirectory(prefix='c2l-peer-') as folder:
            run = MAKERS[arguments.case](kind, words, folder)
        serve(run, kind == 'original' and 'bf16' in words, answers)


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main()
