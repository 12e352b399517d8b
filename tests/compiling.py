"""How tests compile programs of their own."""

#: Options of ``jax.jit`` for a program that runs a few times on small arrays: without LLVM's
#: optimisations it compiles in little more than half the time.
QUICKLY = {"xla_backend_optimization_level": 0}
