#!/usr/bin/env python3
"""What PyTorch needs on the same GPU for what `c2l bench` measures: a case a process, a JSON line a setting.

    torch-gpu.py --case CASE [--device cuda] [--runs N] [--peers DIR] [--setting TEXT] [--tiny]

The networks have the published sizes and random weights. Two kinds stand beside each other: `nvidia` and `openai` are their authors' own
code, out of the checkouts in DIR (networks_stylegan2.py in half precision as it was trained, with its compiled operations or, where those
do not compile, without; clip/model.py in half precision); `plain` is the same network as one would write it in PyTorch today, channels-last,
fused attention, also through torch.compile. The prior is `plain` throughout: dalle2-pytorch needs more packages than can be carried; its own
times are those of bench/peer.py where it is installed. A setting that fails is said and the next one goes on.
--tiny: small sizes, to see that this program works, on a processor too.
"""

import argparse
import contextlib
import functools
import importlib
import json
import math
import os
import statistics
import sys
import time
import types
import warnings

import torch
import torch.nn.functional as F
from torch import nn

N_PICTURES = 16
STEPS = 4
GUIDANCE = 2.0


class Sizes:
    def __init__(self, tiny):
        self.resolution = 32 if tiny else 1024
        self.channel_base, self.channel_max = (512, 32) if tiny else (32768, 512)
        self.width = 64 if tiny else 512
        self.depth = 2 if tiny else 12
        self.heads, self.head_dim = (2, 32) if tiny else (12, 64)
        self.clip_side, self.clip_width, self.clip_layers = (64, 64, 2) if tiny else (224, 768, 12)
        self.batch = 8 if tiny else 512


# --- StyleGAN2, plain

class Modulated(nn.Module):
    """A modulated convolution, as one grouped convolution of the whole batch."""

    def __init__(self, w_dim, c_in, c_out, kernel, resolution, up, demodulate, noise):
        super().__init__()
        self.affine = nn.Linear(w_dim, c_in)
        nn.init.ones_(self.affine.bias)
        self.weight = nn.Parameter(torch.randn(c_out, c_in, kernel, kernel) / math.sqrt(c_in * kernel * kernel))
        self.bias = nn.Parameter(torch.zeros(c_out))
        self.up, self.demodulate = up, demodulate
        self.register_buffer('noise', torch.randn(resolution, resolution) * 0.1 if noise else None)
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer('fir', (taps[:, None] * taps / 64 * 4)[None, None])

    def forward(self, x, w):
        b, c_in = x.shape[:2]
        weight = self.weight[None].float() * self.affine(w.float())[:, None, :, None, None]
        if self.demodulate:
            weight = weight * (weight.square().sum([2, 3, 4], keepdim=True) + 1e-8).rsqrt()
        weight = weight.to(x.dtype)
        c_out, kernel = weight.shape[1], weight.shape[-1]
        x = x.reshape(1, b * c_in, *x.shape[2:])
        if self.up:
            weight = weight.transpose(1, 2).reshape(b * c_in, c_out, kernel, kernel)
            x = F.conv_transpose2d(x, weight, stride=2, groups=b)
            x = F.conv2d(x, self.fir.to(x.dtype).expand(x.shape[1], 1, 4, 4), padding=1, groups=x.shape[1])
        else:
            x = F.conv2d(x, weight.reshape(b * c_out, c_in, kernel, kernel), padding=kernel // 2, groups=b)
        x = x.reshape(b, c_out, *x.shape[2:])
        if self.noise is not None:
            x = x + self.noise.to(x.dtype)
        x = x + self.bias.to(x.dtype)[None, :, None, None]
        return F.leaky_relu(x, 0.2).mul(math.sqrt(2)).clamp(-256, 256) if kernel == 3 else x


class Synthesis(nn.Module):
    def __init__(self, sizes, half):
        super().__init__()
        self.half_from = sizes.resolution // 8 if half else 1 << 30  # the four highest resolutions
        self.blocks = nn.ModuleList()
        channels = [min(sizes.channel_base >> i, sizes.channel_max) for i in range(2, int(math.log2(sizes.resolution)) + 1)]
        self.constant = nn.Parameter(torch.randn(1, channels[0], 4, 4))
        for i, c in enumerate(channels):
            r = 4 << i
            layers = [] if i == 0 else [Modulated(sizes.width, channels[i - 1], c, 3, r, True, True, True)]
            layers.append(Modulated(sizes.width, c, c, 3, r, False, True, True))
            self.blocks.append(nn.ModuleList([*layers, Modulated(sizes.width, c, 3, 1, r, False, False, False)]))
        self.num_ws = 2 * len(channels)

    def forward(self, ws):
        x, image, at = self.constant.expand(len(ws), -1, -1, -1), None, 0
        for i, block in enumerate(self.blocks):
            x = x.to(torch.float16 if 4 << i >= self.half_from else torch.float32)
            for layer in block[:-1]:
                x = layer(x, ws[:, at])
                at += 1
            y = block[-1](x, ws[:, at]).float()
            image = y if image is None else F.interpolate(image, scale_factor=2, mode='bilinear') + y
        return image


# --- CLIP, plain

class Layer(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.heads, self.causal = heads, causal

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.ln_1(x)).reshape(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=self.causal).transpose(1, 2).reshape(b, t, d))
        hidden = self.up(self.ln_2(x))
        return x + self.down(hidden * torch.sigmoid(1.702 * hidden))


class Clip(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        wide, narrow = sizes.clip_width, sizes.width
        n = (sizes.clip_side // 32) ** 2 + 1
        self.patches = nn.Conv2d(3, wide, 32, 32, bias=False)
        self.first, self.positions = nn.Parameter(torch.randn(1, 1, wide)), nn.Parameter(torch.randn(1, n, wide))
        self.ln_pre, self.ln_post = nn.LayerNorm(wide), nn.LayerNorm(wide)
        self.vision = nn.Sequential(*(Layer(wide, max(wide // 64, 1), False) for _ in range(sizes.clip_layers)))
        self.proj = nn.Linear(wide, narrow, bias=False)
        self.tokens, self.text_positions = nn.Embedding(49408, narrow), nn.Parameter(torch.randn(1, 77, narrow))
        self.text = nn.Sequential(*(Layer(narrow, max(narrow // 64, 1), True) for _ in range(sizes.clip_layers)))
        self.ln_final, self.text_proj = nn.LayerNorm(narrow), nn.Linear(narrow, narrow, bias=False)

    def encode_image(self, images):
        x = self.patches(images.to(self.proj.weight.dtype)).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(len(x), -1, -1), x], 1) + self.positions
        return self.proj(self.ln_post(self.vision(self.ln_pre(x))[:, 0]))

    def encode_text(self, ids):
        x = self.text(self.tokens(ids) + self.text_positions)
        return self.text_proj(self.ln_final(x)[torch.arange(len(ids)), ids.argmax(-1)])


# --- the prior, plain: one key and value for all heads, rotary positions, relative bias, a null key in front

def rotate(x, angles):
    first, rest = x[..., :angles.shape[-1]], x[..., angles.shape[-1]:]
    even, odd = first[..., ::2], first[..., 1::2]
    turned = torch.stack([-odd, even], -1).flatten(-2)
    return torch.cat([first * angles.cos() + turned * angles.sin(), rest], -1)


class PriorLayer(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width, inner = sizes.width, sizes.heads * sizes.head_dim
        self.heads, self.head_dim = sizes.heads, sizes.head_dim
        self.norm, self.out_norm, self.ff_norm = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.kv = nn.Linear(width, inner, bias=False), nn.Linear(width, 2 * sizes.head_dim, bias=False)
        self.null = nn.Parameter(torch.randn(2, sizes.head_dim))
        self.out = nn.Linear(inner, width, bias=False)
        self.up, self.down = nn.Linear(width, 8 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x, bias, angles):
        b, t, _ = x.shape
        h = self.norm(x)
        q = rotate(self.q(h).reshape(b, t, self.heads, self.head_dim).transpose(1, 2), angles)
        k, v = self.kv(h).chunk(2, -1)
        null = self.null.to(k.dtype)
        k = torch.cat([null[0].expand(b, 1, -1), rotate(k, angles)], 1)[:, None].expand(-1, self.heads, -1, -1)
        v = torch.cat([null[1].expand(b, 1, -1), v], 1)[:, None].expand(-1, self.heads, -1, -1)
        y = F.scaled_dot_product_attention(q, k.to(q.dtype), v.to(q.dtype), attn_mask=bias.to(q.dtype))
        x = x + self.out_norm(self.out(y.transpose(1, 2).reshape(b, t, -1)))
        a, gate = self.up(self.ff_norm(x)).chunk(2, -1)
        return x + self.down(a * F.silu(gate))


class Prior(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.times, self.query = nn.Embedding(1000, sizes.width), nn.Parameter(torch.randn(sizes.width))
        self.layers = nn.ModuleList(PriorLayer(sizes) for _ in range(sizes.depth))
        self.norm, self.project = nn.LayerNorm(sizes.width), nn.Linear(sizes.width, sizes.width, bias=False)
        self.buckets = nn.Embedding(32, sizes.heads)
        index = (torch.arange(5)[None] - torch.arange(4)[:, None]).clamp(0, 4)
        self.register_buffer('index', index)
        self.register_buffer('mask', torch.ones(4, 5).tril(1).log())
        angles = torch.arange(4)[:, None] / 10000 ** (torch.arange(0, 32, 2) / 32)[None]
        self.register_buffer('angles', angles.repeat_interleave(2, -1))

    def forward(self, x, t, text):
        x = torch.stack([text, self.times(t), x, self.query.expand(len(x), -1)], 1)
        bias = self.buckets(self.index).permute(2, 0, 1) + self.mask
        for layer in self.layers:
            x = layer(x, bias, self.angles)
        return self.project(self.norm(x))[:, -1]


def sample(net, text, n):
    """Four steps with guidance, both halves in one batch."""
    x = torch.randn(n, text.shape[-1], device=text.device)
    both = torch.cat([text.expand(n, -1), torch.zeros_like(text).expand(n, -1)])
    for step in reversed(range(STEPS)):
        t = torch.full((2 * n,), 250 * step, device=text.device, dtype=torch.long)
        given, without = net(torch.cat([x, x]), t, both).float().chunk(2)
        x0 = without + (given - without) * GUIDANCE
        noise = torch.randn_like(x) if step > 0 else 0
        x = 0.7 * x0 + 0.3 * x + 0.1 * noise
    return x


# --- the authors' own

def stand_in(name, **members):
    """A module that is imported, not needed here, and perhaps not installed."""
    try:
        importlib.import_module(name)
    except ImportError:
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
        if '.' in name:
            stand_in(name.split('.')[0], **{name.split('.')[1]: module})


def load_nvidia(arguments, sizes, words):
    if not os.path.exists(os.path.join(arguments.peers, 'training', 'networks_stylegan2.py')):
        raise FileNotFoundError('NVIDIA’s networks were not carried')
    sys.path.insert(0, arguments.peers)
    stand_in('requests')
    stand_in('distutils.util', strtobool=lambda text: text in ('1', 'true', 'yes'))
    stand_in('pkg_resources', parse_version=lambda text: tuple(int(part) for part in text.split('+')[0].split('.')[:2]))
    from torch_utils.ops import bias_act, upfirdn2d
    from training import networks_stylegan2
    if 'reference-ops' in words:
        bias_act._init = upfirdn2d._init = lambda: False
    generator = networks_stylegan2.Generator(
        z_dim=sizes.width, c_dim=0, w_dim=sizes.width, img_resolution=sizes.resolution, img_channels=3,
        channel_base=sizes.channel_base, channel_max=sizes.channel_max, num_fp16_res=4 if 'fp16' in words else 0, conv_clamp=256)
    network = generator.synthesis
    force = arguments.device == 'cpu'
    return (lambda ws: network(ws, noise_mode='const', force_fp32=force)), network, generator.num_ws


def load_openai(arguments, sizes):
    path = os.path.join(arguments.peers, 'clip', 'model.py')
    if not os.path.exists(path):
        raise FileNotFoundError('OpenAI’s network was not carried')
    spec = importlib.util.spec_from_file_location('clip_model', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.CLIP(sizes.width, sizes.clip_side, sizes.clip_layers, sizes.clip_width, 32, 77, 49408, sizes.width,
                        max(sizes.width // 64, 1), sizes.clip_layers)
    if arguments.device != 'cpu':
        module.convert_weights(model)
    return model


# --- cases: a function that makes one run of a setting

def compiled(function, words):
    return torch.compile(function, mode='max-autotune' if 'autotune' in words else None) if 'compile' in words else function


def make_synthesis(arguments, sizes, kind, words):
    if kind == 'nvidia':
        run, module, n = load_nvidia(arguments, sizes, words)
    else:
        module = Synthesis(sizes, 'fp16' in words and arguments.device != 'cpu').to(memory_format=torch.channels_last)
        run, n = module, module.num_ws
    module.to(arguments.device).eval().requires_grad_(False)
    return compiled(run, words), n


def make_sg2(arguments, sizes, kind, words, batch=1):
    run, n = make_synthesis(arguments, sizes, kind, words)
    ws = torch.randn(batch, n, sizes.width, device=arguments.device)
    size = next((int(word[5:]) for word in words if word.startswith('batch')), batch)
    return lambda: [((part + 1) * 127.5).clamp(0, 255).to(torch.uint8) for part in map(run, ws.split(size))]


def make_eyes(arguments, sizes, kind, words):
    if kind == 'openai':
        model = load_openai(arguments, sizes)
    else:
        model = Clip(sizes)
        if 'fp16' in words and arguments.device != 'cpu':
            model.half()
    model.to(arguments.device).eval().requires_grad_(False)
    ids = torch.zeros(1, 77, dtype=torch.long, device=arguments.device)
    ids[0, :8] = torch.tensor([49406, 320, 1125, 539, 320, 2533, 593, 49407], device=arguments.device)
    return compiled(model.encode_image, words), functools.partial(compiled(model.encode_text, words), ids)


def make_clip(arguments, sizes, kind, words):
    see, read = make_eyes(arguments, sizes, kind, words)
    images = torch.rand(N_PICTURES, 3, sizes.clip_side, sizes.clip_side, device=arguments.device)
    return lambda: (read(), see(images))


def make_sampler(arguments, sizes, words):
    net = Prior(sizes).to(arguments.device).eval().requires_grad_(False)
    if 'half' in words and arguments.device != 'cpu':
        net.half()
        inner = compiled(net, words)
        return lambda text: sample(lambda x, t, both: inner(x.half(), t, both.half()), text, N_PICTURES)
    inner = compiled(net, words)
    return lambda text: sample(inner, text, N_PICTURES)


def make_prior(arguments, sizes, _kind, words):
    sampler = make_sampler(arguments, sizes, words)
    text = torch.randn(1, sizes.width, device=arguments.device)
    return lambda: sampler(text)


def make_headline(arguments, sizes, kind, words):
    draw, n = make_synthesis(arguments, sizes, 'nvidia' if kind == 'authors' else 'plain', words)
    see, read = make_eyes(arguments, sizes, 'openai' if kind == 'authors' else 'plain', words)
    sampler = make_sampler(arguments, sizes, words)
    size = next((int(word[5:]) for word in words if word.startswith('batch')), N_PICTURES)

    def run():
        text = read().float()
        ws = sampler(text)[:, None].expand(-1, n, -1)
        pictures = torch.cat([draw(part) for part in ws.split(size)])
        scores = F.cosine_similarity(see(F.interpolate(pictures, (sizes.clip_side,) * 2, mode='area')).float(), text)
        return ((pictures[scores.argsort(descending=True)] + 1) * 127.5).clamp(0, 255).to(torch.uint8).cpu()
    return run


def make_train(arguments, sizes, _kind, words):
    net = Prior(sizes).to(arguments.device).train()
    average = [parameter.detach().clone() for parameter in net.parameters()]
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, fused=arguments.device != 'cpu')
    forward = compiled(net, words)
    x0, text = (torch.randn(sizes.batch, sizes.width, device=arguments.device) for _ in range(2))

    def run():
        with torch.enable_grad():
            t = torch.randint(0, 1000, (len(x0),), device=x0.device)
            noise = torch.randn_like(x0)
            keep = (torch.rand(len(x0), 1, device=x0.device) > 0.2).float()
            loss = F.mse_loss(forward(0.7 * x0 + 0.7 * noise, t, text * keep).float(), x0)
            loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        torch._foreach_lerp_(average, [parameter.detach() for parameter in net.parameters()], 1e-4)
        return loss.item()
    return run


SG2 = ['nvidia+fp16', 'nvidia+fp16+reference-ops', 'nvidia+fp16+reference-ops+compile', 'nvidia+tf32', 'plain+fp16', 'plain+fp16+compile']
CASES = {
    'sg2-1024': (make_sg2, SG2),
    'sg2-1024-batch': (functools.partial(make_sg2, batch=N_PICTURES), [*SG2, 'plain+fp16+compile+batch4']),
    'clip': (make_clip, ['openai+fp16', 'plain+fp16', 'plain+fp16+compile', 'plain+tf32']),
    'prior': (make_prior, ['plain', 'plain+tf32', 'plain+half', 'plain+half+compile', 'plain+half+compile+autotune']),
    'headline': (make_headline, ['authors+fp16', 'authors+fp16+tf32+batch4', 'authors+fp16+reference-ops', 'plain+fp16+half',
                                 'plain+fp16+half+compile+batch4']),
    'train': (make_train, ['plain', 'plain+tf32', 'plain+bf16', 'plain+bf16+compile']),
}


def measure(arguments, sizes, case, setting):
    make, _ = CASES[case]
    kind, *words = setting.split('+')
    on_gpu = arguments.device != 'cpu'
    precise = 'high' if 'tf32' in words else 'highest'
    torch.set_float32_matmul_precision(precise)
    if on_gpu:
        torch.backends.cudnn.allow_tf32 = 'tf32' in words
        torch.backends.cudnn.benchmark = True
        torch.cuda.reset_peak_memory_stats()
    context = torch.autocast(arguments.device.split(':')[0], torch.bfloat16) if 'bf16' in words else contextlib.nullcontext()
    seconds = []
    with torch.no_grad(), context:
        run = make(arguments, sizes, kind, words)
        for i in range(-3, arguments.runs):
            start = time.perf_counter()
            run()
            if on_gpu:
                torch.cuda.synchronize()
            if i >= 0:
                seconds.append(time.perf_counter() - start)
    return {'case': case, 'by': f'PyTorch {torch.__version__}', 'setting': setting, 'seconds': seconds,
            'gpu_memory': torch.cuda.max_memory_allocated() if on_gpu else 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--case', choices=CASES, required=True)
    parser.add_argument('--setting', help='this one alone')
    parser.add_argument('--device', default='cuda')
    parser.add_argument('--runs', type=int, default=20)
    parser.add_argument('--peers', default='')
    parser.add_argument('--tiny', action='store_true')
    arguments = parser.parse_args()
    sizes = Sizes(arguments.tiny)
    n_done = 0
    for setting in [arguments.setting] if arguments.setting else CASES[arguments.case][1]:
        if arguments.tiny and 'compile' in setting:
            continue
        torch.manual_seed(1)
        try:
            result = measure(arguments, sizes, arguments.case, setting)
        except Exception as error:  # whatever it is, the other settings are worth knowing
            print(f'{arguments.case} {setting}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ""}', flush=True)
            continue
        print(json.dumps(result), flush=True)
        print(f'# {setting}: {statistics.median(result["seconds"]) * 1e3:.2f} ms', flush=True)
        n_done += 1
    sys.exit(0 if n_done > 0 else f'{arguments.case}: no setting worked')


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main()
