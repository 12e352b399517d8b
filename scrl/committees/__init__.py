"""Committees: rules that elect several candidates, such as a slate of completions, and whom they
represent.

    >>> from scrl.committees import ApprovalProfile, elect_committee
    >>> votes = ApprovalProfile.from_sets(["a", "b", "c"], [["a", "b"], ["c"]], [6, 3])
    >>> elect_committee(votes, "av", 2).named(), elect_committee(votes, "cc", 2).named()
    ([['a', 'b']], [['a', 'c'], ['b', 'c']])
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
