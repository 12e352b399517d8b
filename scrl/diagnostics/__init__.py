"""What a latent space holds, as numbers: ``units`` and ``clusters`` take plain arrays; the other
modules put questions to a ``Learnt``."""

from scrl.diagnostics.units import active_units, principal_plane

__all__ = ["active_units", "principal_plane"]
