"""The voting rules, one module a family. Importing a module adds its rules to ``scrl.RULES``.

- ``positional``: points for places, such as plurality, k-approval, Borda and Bucklin.
- ``pairwise``: Condorcet rules in JAX, such as Copeland, minimax, Schulze and split cycle.
- ``orders``: Condorcet rules that search for an order in NumPy: Kemeny and ranked pairs.
- ``split_cycle_refinements``: river, stable voting and simple stable voting, in NumPy.
- ``tournaments``: Slater, the Smith, Schwartz and uncovered sets, Smith with minimax, in NumPy.
- ``voter_changes``: Dodgson and Young, by integer programming.
  ``margin_levels`` and ``order_search`` hold what these share and no rule.
- ``elimination``: instant runoff, Coombs, Baldwin, Nanson and plurality veto.
- ``likelihood``: Bradley–Terry and Plackett–Luce by maximum likelihood.
- ``welfare``: utilitarian, egalitarian (leximin) and Nash welfare, from utilities.
- ``lotteries``: random ballot, proportional Borda, harmonic, maximal, stable and
  distortion-optimal lotteries. ``games`` holds their solvers and no rule.
"""
