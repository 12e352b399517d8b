from .training import fit as fit
