"""An ONNX graph under construction: every tensor is float64 unless its name says otherwise."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from app.engines.onnx import INPUT

OPSETS = {"": 21, "ai.onnx.ml": 5}
IR_VERSION = 10


class Unsupported(Exception):
    """An estimator that has no graph: which, and why."""


@dataclass(frozen=True)
class Tensor:
    """A float64 tensor of shape (n, width)."""

    name: str
    width: int


@dataclass
class Graph:
    """Collects nodes and constants.

    Args:
        fields: columns of its input.
    """

    fields: int
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, value: Any, kind: type = np.float64) -> str:
        """Return the name of a constant."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype=kind), name))
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its result."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name

    def cast(self, name: str, kind: int) -> str:
        """Return a tensor as another type."""
        return self.node("Cast", name, to=kind)

    def gather(self, tensor: Tensor, columns: list[int]) -> Tensor:
        """Return some columns of a tensor, in that order."""
        if columns == list(range(tensor.width)):
            return tensor
        return Tensor(self.node("Gather", tensor.name, self.constant(columns, np.int64), axis=1), len(columns))

    def concat(self, tensors: list[Tensor]) -> Tensor:
        """Return the columns of all tensors."""
        if len(tensors) == 1:
            return tensors[0]
        name = self.node("Concat", *(tensor.name for tensor in tensors), axis=1)
        return Tensor(name, sum(tensor.width for tensor in tensors))

    def column(self, tensor: Tensor) -> str:
        """Return the only column of a tensor, of shape (n,)."""
        return self.node("Squeeze", tensor.name, self.constant([1], np.int64))

    def serialized(self, outputs: dict[str, tuple[str, int, list[Any]]]) -> bytes:
        """Return the model's bytes.

        Args:
            outputs: name → tensor, ONNX's type, shape.
        """
        for name, (tensor, _, _) in outputs.items():
            self.nodes.append(helper.make_node("Identity", [tensor], [name]))
        graph_inputs = [helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, [None, self.fields])]
        graph_outputs = [helper.make_tensor_value_info(name, kind, shape) for name, (_, kind, shape) in outputs.items()]
        graph = helper.make_graph(self.nodes, "puerto", graph_inputs, graph_outputs, self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="puerto")
        return bytes(model.SerializeToString())
