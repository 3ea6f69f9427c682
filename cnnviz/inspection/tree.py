"""The tree of a network's layers in the order in which they run."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torchinfo
from torch import Tensor, nn

from cnnviz.inspection.watching import Key


@dataclass(frozen=True, slots=True)
class Node:
    """One module, or one functional operation inside one.

    Attributes:
        path: its first name in the network; a module with several names is one node.
        depth: 0 for the network.
        key: its identity, as the passes know it.
        module: itself; None for a functional operation.
        leaf: whether it has no modules inside.
        parameters: of it and everything in it, each once.
        own_parameters: those that are directly its own.
        members: keys of it and of the nodes below it.
    """

    path: str
    depth: int
    key: Key
    module: nn.Module | None
    leaf: bool
    parameters: int
    own_parameters: tuple[Tensor, ...]
    members: tuple[Key, ...]


def tree_of(model: nn.Module, order: Sequence[Key], functions: Collection[Key] = ()) -> tuple[Node, ...]:
    """The nodes, each followed by those below it.

    The tree is torchinfo's, which lists a shared module again under every name; here each module stands once, under its
    first name, and what did not run stands last among its siblings.

    Args:
        model: the network, its weights in place.
        order: keys in the order of execution.
        functions: keys of the functional operations, which torchinfo cannot see.
    """
    rank = {key: position for position, key in enumerate(order)}
    modules: dict[str, nn.Module] = {}
    children: dict[str, list[str]] = {}
    for path, module in _modules(model):
        modules[path] = module
        if path:
            children.setdefault(path.rpartition(".")[0], []).append(path)
    inside: dict[int, list[tuple[int, str]]] = {}
    for key in functions:
        if isinstance(key, tuple):
            inside.setdefault(key[0], []).append(key)
    first: dict[str, int] = {}

    def visit(path: str, depth: int) -> tuple[list[Node], dict[int, int]]:
        """The nodes at and below a path, and the sizes of the parameters that they hold by identity."""
        module = modules[path]
        own = tuple(parameter for parameter in module._parameters.values() if parameter is not None)
        held = {id(parameter): parameter.numel() for parameter in own}
        parts: list[tuple[int, list[Node]]] = []
        earliest = rank.get(id(module), len(rank))
        for child in children.get(path, ()):
            nodes, sizes = visit(child, depth + 1)
            parts.append((first[child], nodes))
            earliest = min(earliest, first[child])
            held |= sizes
        for key in inside.get(id(module), ()):
            name = _free_name(f"{path}.{key[1]}" if path else key[1], modules)
            parts.append((rank[key], [Node(name, depth + 1, key, None, True, 0, (), (key,))]))
        first[path] = earliest
        parts.sort(key=lambda part: part[0])
        below = [node for _, nodes in parts for node in nodes]
        node = Node(
            path=path,
            depth=depth,
            key=id(module),
            module=module,
            leaf=path not in children,
            parameters=sum(held.values()),
            own_parameters=own,
            members=(id(module), *(node.key for node in below)),
        )
        return [node, *below], held

    return tuple(visit("", 0)[0])


def _modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module once with its first path, from torchinfo's tree."""
    paths: dict[int, str] = {}
    known: set[int] = set()
    for layer in torchinfo.summary(model, verbose=0).summary_list:  # without an input torchinfo runs nothing
        parent = layer.parent_info
        if parent is not None and id(parent) not in paths:
            continue  # inside a module that was listed before
        path = "" if parent is None else f"{paths[id(parent)]}.{layer.var_name}".lstrip(".")
        if id(layer.module) in known:
            continue
        known.add(id(layer.module))
        paths[id(layer)] = path
        yield path, layer.module


def _free_name(path: str, taken: Collection[str]) -> str:
    """A path that no module has."""
    while path in taken:
        path += "_"
    return path
