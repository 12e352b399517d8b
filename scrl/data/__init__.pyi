from .csv_format import save_ratings as save_ratings
from .csv_format import to_csv as to_csv
from .held_out_splits import FOLDS as FOLDS
from .held_out_splits import cross_validation_folds as cross_validation_folds
from .held_out_splits import hidden_entries as hidden_entries
from .held_out_splits import strict_pairs as strict_pairs
from .readers import load_ratings as load_ratings
from .readers import parse_ratings as parse_ratings
