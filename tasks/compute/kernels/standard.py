"""numpy's functions as dense kernels call them, by any library that follows the array API standard."""

from __future__ import annotations

from typing import Any


class StandardFunctions:
    """A namespace of the [array API standard](https://data-apis.org/array-api/) for `Device.xp`.

    The standard knows no `out`. Here it is ignored, and the result is a new array: GPU libraries keep freed memory, so
    that it costs little. Scalars are Python's floats, which take the other operand's dtype.
    """

    #: makes the scalar that stands beside an array of float32
    float32 = float

    def __init__(self, namespace: Any) -> None:
        self._namespace = namespace

    def empty_like(self, array: Any) -> Any:
        """An array of the same shape and dtype."""
        return self._namespace.empty_like(array)

    def matmul(self, left: Any, right: Any, out: Any = None) -> Any:  # noqa: ARG002 - as in all of them, see the class
        """The product `(n, k)·(k, m)`."""
        return left @ right

    def add(self, left: Any, right: Any, out: Any = None) -> Any:  # noqa: ARG002
        """`left + right`."""
        return left + right

    def subtract(self, left: Any, right: Any, out: Any = None) -> Any:  # noqa: ARG002
        """`left − right`."""
        return left - right

    def multiply(self, left: Any, right: Any, out: Any = None) -> Any:  # noqa: ARG002
        """`left · right`, element by element."""
        return left * right

    def tanh(self, array: Any, out: Any = None) -> Any:  # noqa: ARG002
        """The hyperbolic tangent of each element."""
        return self._namespace.tanh(array)

    def ldexp(self, array: Any, exponent: int, out: Any = None) -> Any:  # noqa: ARG002
        """`array · 2^exponent`, by two factors: a single one may lie outside of float32."""
        half = exponent // 2
        return array * 2.0**half * 2.0 ** (exponent - half)

    def largest(self, array: Any) -> float:
        """The largest absolute value in an array that is not empty: a maximum, which depends on no order."""
        return max(float(self._namespace.max(array)), -float(self._namespace.min(array)))
