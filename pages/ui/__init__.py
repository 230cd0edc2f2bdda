"""What every page shares: frame, services, sidebar, charts, formats. It knows no step and no lab."""
