from .bradley_terry import PairCounts as PairCounts
from .bradley_terry import pair_counts as pair_counts
from .rank_metrics import pair_accuracy as pair_accuracy
