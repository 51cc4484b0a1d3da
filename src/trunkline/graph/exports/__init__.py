"""A graph written down: JSON to keep, text, Mermaid, DOT and an HTML page to look at."""

from trunkline.graph.exports.dot import to_dot
from trunkline.graph.exports.interchange import GraphFormatError, from_json, to_json
from trunkline.graph.exports.mermaid import to_mermaid
from trunkline.graph.exports.page import to_html
from trunkline.graph.exports.text import to_text

__all__ = [
    "GraphFormatError",
    "from_json",
    "to_dot",
    "to_html",
    "to_json",
    "to_mermaid",
    "to_text",
]
