"""Why a graph cannot be differentiated: always a sentence for a reader, never a traceback."""


class UnsupportedGraph(ValueError):
    """The graph as a whole cannot be differentiated; the message says why and what to do."""


class UnsupportedOperator(UnsupportedGraph):
    """One operator on the path from the image to the score stands in the way.

    Attributes:
        op_type: the operator, with its domain when it is not ONNX's own.
        node_name: the node in the graph (its name, or its first output when it has none).
        hint: the nearest thing that the user can do.

    Args:
        doing: what was wanted of it, "differentiated" or "explained by LRP".
    """

    def __init__(
        self, op_type: str, node_name: str, hint: str, doing: str = "differentiated"
    ) -> None:
        super().__init__(f"{op_type} (node {node_name!r}) cannot be {doing}: {hint}")
        self.op_type = op_type
        self.node_name = node_name
        self.hint = hint
