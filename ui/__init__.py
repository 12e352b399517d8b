"""What pages share: layout, controls, tables. No numerics; results come from ``scrl``."""
