from .cultures import CULTURES as CULTURES
from .cultures import Culture as Culture
from .cultures import draw_profile as draw_profile
