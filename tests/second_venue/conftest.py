"""The deployed function, as the tests of the whole product start it."""

from tests.e2e.conftest import evidence, make_function

__all__ = ["evidence", "make_function"]
