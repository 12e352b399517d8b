from .protocol import FittedRival as FittedRival
from .protocol import Rival as Rival
from .registry import RIVALS as RIVALS
