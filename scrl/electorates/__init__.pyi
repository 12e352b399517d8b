from .counts import ElectorateCounts as ElectorateCounts
from .counts import read_counts as read_counts
from .streamed_counting import count_electorate as count_electorate
from .streamed_counting import memory_of_contest as memory_of_contest
