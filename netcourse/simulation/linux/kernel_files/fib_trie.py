"""/proc/net/fib_trie and fib_triestat: a namespace's routes in the compressed trie where the kernel looks them up
(net/ipv4/fib_trie.c).

A node tests ``bits`` bits at a ``position``; what lies above is the same for all below it. It is made wider while most
of its children would be in use, and narrower when few are: by the kernel's rule, with the kernel's thresholds. Tables
"main" and "local" are one trie until there are rules of one's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import TypeAlias

from netcourse.simulation.linux.local_routes import local_routes
from netcourse.simulation.linux.namespace import Namespace
from netcourse.simulation.linux.routes import Route

KEY_LENGTH = 32
MOST_WORK = 10
# percent of children in use, of the topmost node and of others
_INFLATE, _HALVE = {True: 30, False: 50}, {True: 15, False: 25}
_SCOPES = {"global": "universe"}
_LEAF_SIZE, _NODE_SIZE, _PREFIX_SIZE, _POINTER_SIZE = 48, 40, 56, 8


@dataclass(eq=False)
class _Leaf:
    key: int
    parent: _Node | None = None
    routes: list[Route] = field(default_factory=list)


@dataclass(eq=False)
class _Node:
    """The trie itself is a node of no bits above all."""

    key: int
    position: int
    bits: int
    parent: _Node | None = None
    children: list[_Entry | None] = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.key >> (self.position + self.bits) << (self.position + self.bits)
        self.children = [None] * (1 << self.bits)

    def index(self, key: int) -> int:
        return (key ^ self.key) >> self.position if self.bits else 0

    def put(self, index: int, child: _Entry | None) -> None:
        self.children[index] = child
        if child is not None:
            child.parent = self

    def is_full(self, child: _Entry | None) -> bool:
        """Whether no bits are skipped between this node and the child."""
        return isinstance(child, _Node) and child.position + child.bits == self.position

    @property
    def empty(self) -> int:
        return self.children.count(None)

    @property
    def full(self) -> int:
        return sum(self.is_full(child) for child in self.children)


_Entry: TypeAlias = "_Leaf | _Node"


class _Trie:
    def __init__(self) -> None:
        self.top = _Node(0, KEY_LENGTH, 0)

    def insert(self, route: Route) -> None:
        key = int(route.destination.network_address)
        parent, found = self._find(key)
        if found is None:
            found = _Leaf(key)
            self._add(parent, found)
        found.routes.append(route)
        found.routes.sort(key=lambda other: (-other.destination.prefixlen, other.metric))

    def _find(self, key: int) -> tuple[_Node, _Leaf | None]:
        """The leaf, or else the last node on the way to it."""
        parent, entry = self.top, self.top.children[0]
        while entry is not None:
            if isinstance(entry, _Leaf):
                return parent, entry if entry.key == key else None
            if (key ^ entry.key) >> entry.position >= 1 << entry.bits:
                return parent, None
            parent, entry = entry, entry.children[entry.index(key)]
        return parent, None

    def _add(self, parent: _Node, leaf: _Leaf) -> None:
        rival = parent.children[parent.index(leaf.key)]
        if rival is not None:
            fork = _Node(leaf.key, (leaf.key ^ rival.key).bit_length() - 1, 1)
            parent.put(parent.index(leaf.key), fork)
            fork.put(fork.index(leaf.key) ^ 1, rival)
            parent = fork
        parent.put(parent.index(leaf.key), leaf)
        node = parent
        while node is not self.top:
            node = self._resize(node)

    def _resize(self, node: _Node) -> _Node:
        """Make a node as wide as it should be; returns the one above it."""
        parent, work = _above(node), MOST_WORK
        place = parent.index(node.key)
        while work and self._should_inflate(parent, node):
            self._inflate(node)
            node, work = _node_at(parent, place), work - 1
        if work < MOST_WORK:
            return parent
        while work and self._should_halve(parent, node):
            self._halve(node)
            node, work = _node_at(parent, place), work - 1
        if len(node.children) - node.empty < 2:
            parent.put(place, next((child for child in node.children if child is not None), None))
        return parent

    def _should_inflate(self, parent: _Node, node: _Node) -> bool:
        used = len(node.children) - node.empty + node.full
        return used > 1 and node.position > 0 and 50 * used >= len(node.children) * _INFLATE[parent is self.top]

    def _should_halve(self, parent: _Node, node: _Node) -> bool:
        used = len(node.children) - node.empty
        return used > 1 and node.bits > 1 and 100 * used < len(node.children) * _HALVE[parent is self.top]

    def _inflate(self, old: _Node) -> None:
        """Twice as many children: those of full nodes come up one level."""
        new = _Node(old.key, old.position - 1, old.bits + 1)
        for place, child in enumerate(old.children):
            if child is None:
                continue
            if not (isinstance(child, _Node) and old.is_full(child)):
                new.put(new.index(child.key), child)
            elif child.bits == 1:
                new.put(2 * place, child.children[0])
                new.put(2 * place + 1, child.children[1])
            else:
                self._split(new, place, child)
        self._replace(old, new)

    def _split(self, new: _Node, place: int, child: _Node) -> None:
        half = len(child.children) // 2
        for side in (0, 1):
            part = _Node(child.key | side << new.position, child.position, child.bits - 1)
            for index in range(half):
                part.put(index, child.children[side * half + index])
            new.put(2 * place + side, part)

    def _halve(self, old: _Node) -> None:
        """Half as many children: where both of a pair are there, a node takes their place."""
        new = _Node(old.key, old.position + 1, old.bits - 1)
        for place in range(len(new.children)):
            one, other = old.children[2 * place:2 * place + 2]
            if one is None or other is None:
                new.put(place, one or other)
                continue
            pair = _Node(one.key, old.position, 1)
            pair.put(0, one)
            pair.put(1, other)
            new.put(place, pair)
        self._replace(old, new)

    def _replace(self, old: _Node, new: _Node) -> None:
        parent = _above(old)
        parent.put(parent.index(old.key), new)
        for child in reversed(new.children):
            if isinstance(child, _Node) and new.is_full(child):
                self._resize(child)


def _above(node: _Node) -> _Node:
    assert node.parent is not None
    return node.parent


def _node_at(parent: _Node, place: int) -> _Node:
    node = parent.children[place]
    assert isinstance(node, _Node)
    return node


def both_tables(namespace: Namespace) -> bytes:
    """fib_trie_seq_show. The trie is built anew, so that it doesn't show in which order everything came and went."""
    entry = _built(namespace).top.children[0]
    text = "" if entry is None else "".join(f"{line}\n" for line in _lines(entry, 0))
    return "".join(f"{name}:\n{text}" for name in ("Main", "Local") if text).encode()


def statistics(namespace: Namespace) -> bytes:
    """trie_show_stats, with the sizes that its parts have on a 64-bit machine."""
    entry = _built(namespace).top.children[0]
    text = "" if entry is None else _census(entry)
    head = f"Basic info: size of leaf: {_LEAF_SIZE} bytes, size of tnode: {_NODE_SIZE} bytes.\n"
    return (head + "".join(f"{name}:\n{text}" for name in ("Main", "Local") if text)).encode()


def _census(top: _Entry) -> str:
    depths, nodes = [], []
    prefixes = 0
    for entry, depth in _below(top, 0):
        if isinstance(entry, _Leaf):
            depths.append(depth)
            prefixes += len(entry.routes)
        else:
            nodes.append(entry)
    widths = Counter(node.bits for node in nodes)
    pointers = sum(len(node.children) for node in nodes)
    size = (_LEAF_SIZE * len(depths) + _PREFIX_SIZE * prefixes + _NODE_SIZE * len(nodes) + _POINTER_SIZE * pointers)
    mean = 100 * sum(depths) // len(depths)
    return (f"\tAver depth:     {mean // 100}.{mean % 100:02}\n\tMax depth:      {max(depths)}\n"
            f"\tLeaves:         {len(depths)}\n\tPrefixes:       {prefixes}\n\tInternal nodes: {len(nodes)}\n"
            f"\t{''.join(f'  {bits}: {count}' for bits, count in sorted(widths.items()))}\n"
            f"\tPointers: {pointers}\nNull ptrs: {sum(node.empty for node in nodes)}\n"
            f"Total size: {-(-size // 1024)}  kB\n")


def _below(entry: _Entry, depth: int) -> Iterator[tuple[_Entry, int]]:
    yield entry, depth
    for child in entry.children if isinstance(entry, _Node) else ():
        if child is not None:
            yield from _below(child, depth + 1)


def _built(namespace: Namespace) -> _Trie:
    trie = _Trie()
    for route in _in_order(namespace):
        trie.insert(route)
    return trie


def _in_order(namespace: Namespace) -> list[Route]:
    """Of lo, then of one device after the other, then those that were typed."""
    indexes = {name: device.index for name, device in namespace.devices.items()}
    routes = [*local_routes(namespace), *namespace.routes.listing()]
    return sorted(routes, key=lambda route: (route.protocol != "kernel", indexes.get(route.interface, 0)))


def _lines(entry: _Entry, depth: int) -> Iterator[str]:
    indent = "   " * depth
    if isinstance(entry, _Leaf):
        yield f"{indent}  |-- {IPv4Address(entry.key)}"
        yield from (f"{indent}     /{route.destination.prefixlen} {_SCOPES.get(route.scope, route.scope)} "
                    f"{route.kind.upper()}" for route in entry.routes)
        return
    length = KEY_LENGTH - entry.position - entry.bits
    yield f"{indent}  +-- {IPv4Address(entry.key)}/{length} {entry.bits} {entry.full} {entry.empty}"
    for child in entry.children:
        if child is not None:
            yield from _lines(child, depth + 1)
