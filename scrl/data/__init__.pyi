from .csv_format import save_ratings as save_ratings
from .csv_format import to_csv as to_csv
from .readers import load_ratings as load_ratings
from .readers import parse_ratings as parse_ratings
