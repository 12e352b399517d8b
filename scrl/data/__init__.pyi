from .readers import load_ratings as load_ratings
from .readers import parse_ratings as parse_ratings
