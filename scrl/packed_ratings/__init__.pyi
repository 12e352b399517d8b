from .large_populations import LargePopulation as LargePopulation
from .large_populations import large_population as large_population
from .packed import PackedRatings as PackedRatings
from .packed import Shape as Shape
from .packing import pack as pack
