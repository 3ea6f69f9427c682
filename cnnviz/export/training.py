"""The parts of an exported run that depend on its settings: constants, the network's input, measuring and training.

What a setting does not ask for is not written, so a plain run's script is as plain as the chapter's.
"""

from typing import Any, Final

from cnnviz.events import Started
from cnnviz.export.augmentation import chain_definitions
from cnnviz.export.code import Value, call, lay_out
from cnnviz.export.schedule import schedule_definitions
from cnnviz.specs.architectures import TorchvisionSpec
from cnnviz.specs.training import TrainingConfig

_SIZE: Final = 28  # px of a garment
_TEST_PIXELS: Final = 1_000_000  # of one test batch, as in training

READ: Final = '''\
def read(folder: Path, split: str) -> tuple[Tensor, Tensor]:
    """Images (N, 28, 28) and labels (N,) of Fashion-MNIST; torchvision downloads the files where they are missing."""
    prefix = {"train": "train", "test": "t10k"}[split]
    files = [folder / f"{prefix}-{name}-ubyte.gz" for name in ("images-idx3", "labels-idx1")]
    if not all(file.exists() for file in files):
        from torchvision.datasets import FashionMNIST

        data = FashionMNIST(folder, train=split == "train", download=True)
        return data.data, data.targets
    images, labels = (torch.frombuffer(bytearray(gzip.decompress(f.read_bytes())), dtype=torch.uint8) for f in files)
    return images[16:].view(-1, 28, 28), labels[8:].long()  # behind the headers of the IDX format
'''
SEEDS: Final = '''\
def seed_for(*purpose: object) -> int:
    """A seed of its own for each purpose, such as ("order", epoch), derived from the run's."""
    text = "/".join(map(str, (SEED, *purpose)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def shuffled(count: int, *purpose: object) -> Tensor:
    """The numbers below `count` in the order that belongs to a purpose."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed_for(*purpose)))
'''


class TrainingWriter:
    """The parts of the text that depend on the settings."""

    def __init__(self, config: TrainingConfig, started: Started | None) -> None:
        self._config, self._started = config, started
        self._precision = config.precision if started is None else started.precision
        self._channels_last = started is not None and started.channels_last
        self._half = self._precision == "bfloat16"
        chain = config.augmentation
        self.augmented = chain is not None and bool(chain.active)
        self.mixed = chain is not None and bool(chain.mixing)

    def settings(self) -> str:
        """Constants."""
        config = self._config
        lines = [
            f"SEED = {config.seed}",
            f"EPOCHS = {config.epochs}",
            f"BATCH_SIZE = {config.batch_size}",
            f"STEPS_PER_EPOCH = {config.steps_per_epoch}{self._left_over()}",
            f"LEARNING_RATE = {config.learning_rate!r}",
            f"TRAIN_IMAGES = {config.train_images:_}",
            f"TEST_IMAGES = {config.test_images:_}",
            f"EVALUATE_AFTER = {self._evaluate_after()}  # steps",
            f"DEVICE = {self._device()}",
        ]
        if config.threads or (self._started is not None and self._started.device == "cpu"):
            threads = config.threads if self._started is None else self._started.threads
            lines += ["", f"torch.set_num_threads({threads})  # as in the run: sums round otherwise with others"]
        return "\n".join(lines) + "\n"

    def _left_over(self) -> str:
        left = self._config.train_images % self._config.batch_size
        return "  # a single image left over is no batch" if left == 1 and self._config.batch_size > 1 else ""

    def _evaluate_after(self) -> str:
        steps = self._config.evaluation_steps
        if len(steps) <= 12:
            return f"{{{', '.join(map(str, steps))}}}"
        total, evaluations = self._config.total_steps, self._config.evaluations
        return f"{{max(1, round({total} * i / {evaluations})) for i in range(1, {evaluations + 1})}}"

    def _device(self) -> str:
        name = self._config.device if self._started is None else self._started.device
        return '"cuda" if torch.cuda.is_available() else "cpu"' if name == "auto" else f'"{name}"'

    def preparation(self) -> list[str]:
        """The chain of augmentations, if there is one, and what makes a network's input of bytes."""
        spec, chain = self._config.architecture, self._config.augmentation
        size, sizes = spec.image_size, {(_SIZE, _SIZE)}
        lines = ["    batch = images.to(DEVICE).unsqueeze(1).float() / 255"]
        if self.augmented and chain is not None:
            sizes.add(chain.output_size((_SIZE, _SIZE)))
            lines = [
                "    batch = images.unsqueeze(1)",
                "    if training:  # each image with a draw of its own",
                "        batch = torch.stack([transform(image) for image in batch])",
                "    batch = batch.to(DEVICE).float() / 255",
            ]
        if sizes != {(size, size)}:
            options: dict[str, Any] = {"mode": '"bilinear"', "align_corners": False}
            if any(min(given) > size for given in sizes):
                options["antialias"] = True
            lines.append(lay_out(call("interpolate", "batch", (size, size), **options), before="batch = ", indent=4))
        if spec.in_channels != 1:
            lines.append(f"    batch = batch.expand(-1, {spec.in_channels}, -1, -1)")
        if self._channels_last:
            lines.append("    batch = batch.contiguous(memory_format=torch.channels_last)")
        *lines, last = lines
        if "batch = " in last and not last.startswith("        "):
            last = last.replace("batch = ", "return ", 1)
        else:
            last += "\n    return batch"
        signature = "images: Tensor, *, training: bool" if self.augmented else "images: Tensor"
        head = [
            f"def prepare({signature}) -> Tensor:",
            f'    """Bytes (N, 28, 28) → the network\'s input (N, {spec.in_channels}, {size}, {size}), from 0 to 1."""',
        ]
        used = {"transform": self.augmented, "mix": self.mixed}
        definitions = [] if chain is None else [text for name, text in chain_definitions(chain) if used.get(name, True)]
        return [*definitions, "\n".join([*head, *lines, last, ""])]

    def evaluation(self) -> str:
        """The function that measures the test set."""
        size = self._config.architecture.image_size
        batch = max(32, min(1000, _TEST_PIXELS // size**2))
        lines = [
            "@torch.no_grad()",
            "def evaluate(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:",
            '    """Mean loss and accuracy, in evaluation mode."""',
            "    network.eval()",
            "    loss = right = 0.0",
            f"    for batch in torch.arange(len(images)).split({batch}):",
            *self._forward("images[batch]", 8, training=False),
            '        loss += cross_entropy(logits, labels[batch].to(DEVICE), reduction="sum").item()',
            "        right += (logits.argmax(1).cpu() == labels[batch]).sum().item()",
            "    network.train()",
            "    return loss / len(images), right / len(images)",
            "",
        ]
        return "\n".join(lines)

    def _forward(self, images: str, indent: int, *, training: bool) -> list[str]:
        space = " " * indent
        inputs = f"prepare({images}, training={training})" if self.augmented else f"prepare({images})"
        mix = []
        if training and self.mixed:
            mix = [f"{space}inputs, targets = mix({inputs}, labels[batch].to(DEVICE))"]
            inputs = "inputs"
        if not self._half:
            return [*mix, f"{space}logits = network({inputs})"]
        return [
            *mix,
            f"{space}with torch.autocast(DEVICE, torch.bfloat16):",
            f"{space}    logits = network({inputs})",
            f"{space}logits = logits.float()",
        ]

    def training(self) -> str:
        """The function `train`."""
        config = self._config
        moves = bool(schedule_definitions(config))
        layout = ".to(memory_format=torch.channels_last)" if self._channels_last else ""
        rate = [
            "            for group in optimizer.param_groups:",
            '                group["lr"] = learning_rate(len(losses))',
        ]
        targets = "targets" if self.mixed else "labels[batch].to(DEVICE)"
        if config.label_smoothing:
            targets += f", label_smoothing={config.label_smoothing!r}"
        patience = [
            "    best, worse = -1.0, 0",
            "                best, worse = max(best, accuracy), 0 if accuracy > best else worse + 1",
            f"                if worse >= {config.early_stopping}:",
            "                    return losses",
        ]
        clip = f"            nn.utils.clip_grad_norm_(network.parameters(), {config.gradient_clip!r})"
        lines = [
            "def train(folder: Path) -> list[float]:",
            '    """The whole run; returns the loss of every step."""',
            '    images, labels = read(folder, "train")',
            '    test_images, test_labels = (part[:TEST_IMAGES] for part in read(folder, "test"))',
            '    chosen = shuffled(len(images), "subset")[:TRAIN_IMAGES]',
            f'    network = build(seed_for("weights")).to(DEVICE){layout}',
            *self._kernels(),
            lay_out(self._optimizer(), before="optimizer = ", indent=4),
            *self._masks(),
            "    losses = []",
            *(patience[:1] if config.early_stopping else []),
            "    for epoch in range(EPOCHS):",
            '        order = chosen[shuffled(len(chosen), "order", epoch)]',
            "        for batch in order.split(BATCH_SIZE)[:STEPS_PER_EPOCH]:",
            *self._forward("images[batch]", 12, training=True),
            f"            loss = cross_entropy(logits, {targets})",
            "            optimizer.zero_grad()",
            "            loss.backward()",
            *([clip] if config.gradient_clip else []),
            *(rate if moves else []),
            "            optimizer.step()",
            "            losses.append(loss.item())",
            "            if len(losses) in EVALUATE_AFTER:",
            "                test_loss, accuracy = evaluate(network, test_images, test_labels)",
            '                test = f"test loss {test_loss:.4f}, test accuracy {accuracy:.4f}"',
            '                print(f"step {len(losses)}: loss {losses[-1]:.4f}, {test}")',
            *(patience[1:] if config.early_stopping else []),
            "    return losses",
            "",
        ]
        return "\n".join(lines)

    def _kernels(self) -> list[str]:
        if self._started is None or "bfloat16_convolutions" not in self._started.kernels:
            return []
        return [
            "    for module in network.modules():  # as in the run: what computes in bfloat16",
            "        if isinstance(module, nn.Conv2d) and module.in_channels > 3:",
            "            faster = torch.autocast(DEVICE, torch.bfloat16)(module.forward)",
            "            module.forward = lambda images, forward=faster: forward(images).float()",
        ]

    def _masks(self) -> list[str]:
        spec = self._config.architecture
        if isinstance(spec, TorchvisionSpec) or dict(spec).get("dropout"):
            return ['    torch.manual_seed(seed_for("dropout"))']
        return []

    def _optimizer(self) -> Value:
        config = self._config
        options: dict[str, Any] = {"lr": "LEARNING_RATE"}
        if config.optimizer == "sgd" and config.momentum:
            options["momentum"] = config.momentum
        if config.weight_decay or config.optimizer == "adamw":  # whose own default is not 0
            options["weight_decay"] = config.weight_decay
        if self._started is not None and self._started.fused_optimizer:  # which rounds differently
            options["fused"] = True
        name = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}[config.optimizer]
        return call(f"torch.optim.{name}", "network.parameters()", **options)
