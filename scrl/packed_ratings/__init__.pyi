from .packed import PackedRatings as PackedRatings
from .packed import Shape as Shape
from .packing import pack as pack
