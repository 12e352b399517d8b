"""How tests compile programs."""

import os
import sys

#: Options of ``jax.jit`` for a program that runs a few times on small arrays: without LLVM's
#: optimisations it compiles in little more than half the time.
QUICKLY = {"xla_backend_optimization_level": 0}


def compile_quickly(quickly: bool) -> None:
    """From now on compile as ``QUICKLY`` does, or as users do; processes started later too.

    It halves the time of tests that mostly compile, and suits those that ask what the code means,
    not how fast or to which last bit optimised code computes. ``SCRL_TEST_DEEP=1`` optimises all.
    """
    name, value = "jax_disable_most_optimizations", str(int(quickly))
    if os.environ.get(name.upper(), "0") == value:
        return
    os.environ[name.upper()] = value
    if "jax" in sys.modules:
        jax = sys.modules["jax"]
        jax.config.update(name, quickly)
        jax.clear_caches()
