"""The steps of bench/cases.ts in PyTorch, for npm run bench:train. Reads one JSON object a line:
{"make": {...}} builds a case, {"run": true} takes a step; answers with one JSON object a line."""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """timm's ConvNeXtBlock."""

    def __init__(self, dim):
        super().__init__()
        self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        h = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        h = self.gamma * self.fc2(F.gelu(self.fc1(h)))
        return x + h.permute(0, 3, 1, 2)


class ChannelNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self, dims, depths):
        super().__init__()
        layers = [nn.Conv2d(3, dims[0], 4, stride=4), ChannelNorm(dims[0], eps=1e-6)]
        for stage, (dim, depth) in enumerate(zip(dims, depths)):
            if stage > 0:
                before = dims[stage - 1]
                layers += [ChannelNorm(before, eps=1e-6), nn.Conv2d(before, dim, 2, stride=2)]
            layers += [Block(dim) for _ in range(depth)]
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(dims[-1], eps=1e-6)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, x):
        h = self.layers((x - self.mean) / self.deviation)
        return F.normalize(self.norm(h.mean((2, 3))), dim=1)


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels), nn.ReLU(True),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels),
        )

    def forward(self, x):
        return x + self.body(x)


class Generator(nn.Module):
    def __init__(self, n, blocks):
        super().__init__()
        self.encode = nn.Sequential(
            nn.ReflectionPad2d(3), nn.Conv2d(3, n, 7), nn.InstanceNorm2d(n), nn.ReLU(True),
            nn.Conv2d(n, 2 * n, 3, 2, 1), nn.InstanceNorm2d(2 * n), nn.ReLU(True),
            nn.Conv2d(2 * n, 4 * n, 3, 2, 1), nn.InstanceNorm2d(4 * n), nn.ReLU(True),
        )
        self.rest = nn.Sequential(
            *[Residual(4 * n) for _ in range(blocks)],
            nn.ConvTranspose2d(4 * n, 2 * n, 3, 2, 1, 1), nn.InstanceNorm2d(2 * n), nn.ReLU(True),
            nn.ConvTranspose2d(2 * n, n, 3, 2, 1, 1), nn.InstanceNorm2d(n), nn.ReLU(True),
            nn.ReflectionPad2d(3), nn.Conv2d(n, 3, 7), nn.Tanh(),
        )

    def forward(self, x):
        return self.rest(self.encode(x))


def discriminator(n):
    layers = [nn.Conv2d(3, n, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for before, out, stride in ((n, 2 * n, 2), (2 * n, 4 * n, 2), (4 * n, 8 * n, 1)):
        layers += [nn.Conv2d(before, out, 4, stride, 1), nn.InstanceNorm2d(out), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * n, 1, 4, 1, 1))


class Heads(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.scales = nn.ModuleList(
            [nn.Conv2d(4 * n, 2 * n, 1), nn.Conv2d(2 * n, 4 * n, 3, 2, 1), nn.Conv2d(4 * n, 8 * n, 3, 2, 1)]
        )
        self.project = nn.ModuleList([nn.Conv2d(factor * n, 64, 1) for factor in (2, 4, 8)])

    def forward(self, x):
        maps = []
        for scale, project in zip(self.scales, self.project):
            x = F.relu(scale(x))
            maps.append(F.normalize(project(x), dim=1))
        return maps


def info_nce(q, t):
    logits = 14.3 * q @ t.T
    target = torch.arange(len(q))
    loss = lambda rows: F.cross_entropy(rows, target, label_smoothing=0.1)
    return (loss(logits) + loss(logits.T)) / 2


def patch_contrast(anchors, positives):
    total = 0
    for anchor, positive in zip(anchors, positives):
        v, w = (m.flatten(2).transpose(1, 2) for m in (anchor, positive))  # [B, positions, P]
        at = torch.randperm(v.shape[1])[:256]
        v, w = v[:, at], w[:, at]
        logits = v @ w.transpose(1, 2) / 0.07
        total = total + (logits.logsumexp(2) - (v * w).sum(2) / 0.07).mean()
    return total


class Watch:
    def __init__(self):
        self.times = dict(data=0.0, forward=0.0, backward=0.0, optimiser=0.0)
        self.last = time.perf_counter()

    def mark(self, phase):
        now = time.perf_counter()
        self.times[phase] += 1000 * (now - self.last)
        self.last = now


def encoder_step(dims, depths, sizePx, pairs, **_):
    net = ConvNeXt(dims, depths)
    adam = torch.optim.AdamW(net.parameters(), 1e-4, weight_decay=0.05, fused=True)
    images = torch.rand(2 * pairs, 3, sizePx, sizePx)

    def step():
        watch = Watch()
        batch = images.clone()
        watch.mark("data")
        q, t = net(batch).chunk(2)
        loss = info_nce(q, t)
        watch.mark("forward")
        adam.zero_grad()
        loss.backward()
        watch.mark("backward")
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        watch.mark("optimiser")
        return watch.times

    return step


def gan_step(filters, blocks, sizePx, **_):
    g, f = Generator(filters, blocks), Generator(filters, blocks)
    d_sat, d_bev, heads = discriminator(filters), discriminator(filters), Heads(filters)
    adam = lambda net: torch.optim.Adam(net.parameters(), 1e-4, betas=(0.5, 0.999), fused=True)
    of_generators = [adam(net) for net in (g, f, heads)]
    of_discriminators = [adam(d_sat), adam(d_bev)]
    x, y = (torch.rand(1, 3, sizePx, sizePx) * 2 - 1 for _ in range(2))

    def step():
        watch = Watch()
        for d in (d_sat, d_bev):
            d.requires_grad_(False)
        fake_sat, fake_bev = g(x), f(y)
        gan = (d_sat(fake_sat) - 1).square().mean() + (d_bev(fake_bev) - 1).square().mean()
        cycle = F.l1_loss(f(fake_sat), x) + F.l1_loss(g(fake_bev), y)
        contrast = patch_contrast(heads(g.encode(fake_sat)), heads(g.encode(y)))
        loss = gan + 10 * cycle + 2 * contrast
        watch.mark("forward")
        for optimiser in of_generators:
            optimiser.zero_grad()
        loss.backward()
        watch.mark("backward")
        for optimiser in of_generators:
            optimiser.step()
        watch.mark("optimiser")
        for d, optimiser, real, fake in zip((d_sat, d_bev), of_discriminators, (y, x), (fake_sat, fake_bev)):
            d.requires_grad_(True)
            loss = ((d(real) - 1).square().mean() + d(fake.detach()).square().mean()) / 2
            watch.mark("forward")
            optimiser.zero_grad()
            loss.backward()
            watch.mark("backward")
            optimiser.step()
            watch.mark("optimiser")
        return watch.times

    return step


def main():
    threads = int(sys.argv[1])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    say = lambda value: print(json.dumps(value), flush=True)
    policy = os.environ.get("OMP_WAIT_POLICY", "as built")
    say({"version": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, float32, OpenMP waits {policy}"})
    step = None
    for line in sys.stdin:
        message = json.loads(line)
        if "make" in message:
            case = message["make"]
            step = (encoder_step if case["kind"] == "encoder" else gan_step)(**case)
            say({"made": True})
        else:
            before = time.process_time()
            times = step()
            say({"times": times, "cpuMs": 1000 * (time.process_time() - before)})


main()
