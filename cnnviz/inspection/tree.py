"""The tree of a network's modules in the order in which they run."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Node:
    """One module.

    Attributes:
        path: its first name in the network; a module with several names is one node.
        depth: 0 for the network.
        module: itself.
        leaf: whether it has no children.
        parameters: of it and everything in it, each once.
        own_parameters: those that are directly its own.
        members: identities of it and of the nodes below it.
    """

    path: str
    depth: int
    module: nn.Module
    leaf: bool
    parameters: int
    own_parameters: tuple[Tensor, ...]
    members: tuple[int, ...]


def tree_of(model: nn.Module, order: Sequence[int]) -> tuple[Node, ...]:
    """The nodes, each followed by those below it.

    torchinfo lists a shared module at every call and under its last name, and leaves out what did not run; here each
    stands once, under its first name, and what did not run stands last among its siblings.

    Args:
        model: the network.
        order: identities of its modules in the order of execution.
    """
    rank = {identity: position for position, identity in enumerate(order)}
    children: dict[str, list[str]] = {}
    modules: dict[str, nn.Module] = {}
    for path, module in model.named_modules():
        modules[path] = module
        if path:
            children.setdefault(path.rpartition(".")[0], []).append(path)

    def first(path: str) -> int:
        own = rank.get(id(modules[path]), len(rank))
        return min((own, *(first(child) for child in children.get(path, ()))))

    def visit(path: str, depth: int) -> tuple[list[Node], dict[int, int]]:
        """The nodes at and below a path, and the sizes of the parameters that they hold by identity."""
        module, below = modules[path], []
        own = tuple(module.parameters(recurse=False))
        held = {id(parameter): parameter.numel() for parameter in own}
        for child in sorted(children.get(path, ()), key=first):
            nodes, sizes = visit(child, depth + 1)
            below += nodes
            held |= sizes
        node = Node(
            path=path,
            depth=depth,
            module=module,
            leaf=not any(True for _ in module.children()),
            parameters=sum(held.values()),
            own_parameters=own,
            members=(id(module), *(id(node.module) for node in below)),
        )
        return [node, *below], held

    return tuple(visit("", 0)[0])
